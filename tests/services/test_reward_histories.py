"""Random histories of plans, deals and activities, through the services: what must always hold.

Plans and versions, activities in any order, duplicates, late arrivals, changes, losses and returns.
After every step the books of everybody are right; at the end every earning is recomputed too.
"""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal_api.domain.consent import Cap, ConsentFile
from portal_api.domain.deals import MAX_PEOPLE, Credit, Deal, DealStage
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import Refusal
from portal_api.domain.goals import Level, Progress
from portal_api.domain.granting import Terms
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.money import of_rate
from portal_api.domain.periods import period_of
from portal_api.domain.plans import Limit, Rule
from portal_api.services import (
    activities,
    consent,
    deal_changes,
    deals,
    plans,
    retries,
)
from portal_api.services.cascades import PartyTarget, cascade_goals
from portal_api.services.dry_runs import dry_run
from portal_api.services.store import Many, of_wallet
from portal_api.services.use_case import Ask
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.recounting import check_weeks
from tests.services.rule_sets import DAY, QUARTER, amounts, pick, rule_sets
from tests.services.steps import define
from tests.services.world import World

_STEPS = ["win", "win", "win", "approve", "approve", "amount", "credit", "credit"]
_STEPS += ["return", "reopen", "lose", "reject"]


class RewardHistory(RuleBasedStateMachine):
    """Two sellers of one partner with two who help them, their deals, and the vendor."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = SqliteEngine(Path(self.folder.name) / "portal.sqlite", durable=False)
        self.engine.create()
        self.world = World(TableStore(self.engine))
        self.deals: list[str] = []
        self.activities: list[str] = []
        self.asks: list[Callable[[], Any]] = []
        self.plans: list[tuple[Rule, ...]] = []

    @initialize(
        rules=rule_sets(),
        budget=st.sampled_from([10**9, 10**9, 60_000, 16]),
        cap=st.none() | st.integers(50_000, 400_000),
        quota=st.integers(1, 4_000_000),
    )
    def open(self, rules: tuple[Rule, ...], budget: int, cap: int | None, quota: int) -> None:
        world = self.world
        define(world, "DEMO")
        self.company = world.company(reps=4)
        self.program = world.program(*rules, goals=(QUARTER,), budget={"USD": budget})
        self.plans.append(rules)
        self.cap = cap
        self.grant()
        for rep in self.company.reps:
            world.enroll(self.company, self.program, rep)
        self.aim(quota)
        world.wait(6)
        for rep in self.company.reps[:2]:
            deal = world.approved(self.company, self.program, 1_000_000, rep)
            self.deals.append(deal.id)

    def aim(self, quota: int) -> None:
        """Everybody, the team and the company at the same goal: more is assigned below each."""
        partner, reps = self.company.partner, self.company.reps
        team = partner.teams[0].id

        def of(level: Level, party: str, goal: int, stretch: int) -> PartyTarget:
            return PartyTarget(level, party, goal * quota, stretch * quota, "USD")

        cascade_goals(
            self.world.portal,
            self.world.manage(),
            partner_id=partner.id,
            program_id=self.program,
            goal_code=QUARTER.code,
            targets=(
                of(Level.PARTNER, partner.id, 1, 3),
                of(Level.TEAM, team, 1, 4),
                *(of(Level.INDIVIDUAL, rep, 1, 2) for rep in reps),
            ),
            over_assigned=(
                of(Level.PARTNER, partner.id, 0, 1),
                of(Level.TEAM, team, len(reps) - 1, 2 * len(reps) - 4),
            ),
        )

    def grant(self) -> None:
        caps = (Cap("USD", self.cap),) if self.cap else ()
        consent.grant_consent(
            self.world.portal,
            self.world.ask(self.company.executive),
            partner_id=self.company.id,
            program_id=self.program,
            terms=Terms(caps=caps),
        )

    def tried(self, attempt: Callable[[Ask], Any], ask: Ask) -> Any:
        """The outcome, or none where it was refused; the request can be repeated later."""
        try:
            done = attempt(ask)
        except Refusal as refusal:
            if refusal.final:
                self.asks.append(lambda: attempt(ask))
            return None
        self.asks.append(lambda: attempt(ask))
        if hasattr(done, "activity"):
            self.activities.append(done.activity.id)
        return done

    def deal(self, number: int) -> str:
        return self.deals[number % len(self.deals)]

    @rule(amount=amounts, owner=pick, share=st.none() | st.integers(1, 9))
    def register(self, amount: int, owner: int, share: int | None) -> None:
        reps = self.company.reps
        rep = reps[owner % 2]
        shares = (Credit(reps[0], share), Credit(reps[1], 3)) if share else ()
        done = self.tried(
            lambda ask: deals.register_deal(
                self.world.portal,
                ask,
                partner_id=self.company.id,
                owner_id=rep,
                program_id=self.program,
                terms=deals.DealTerms(
                    f"Customer {len(self.asks) % 20}", "Product", amount, "USD", None, shares
                ),
            ),
            self.world.ask(rep),
        )
        if done is not None:
            self.deals.append(done.deal.id)

    @rule(amount=amounts, final=amounts, owner=pick, share=st.none() | st.integers(1, 9))
    def sell(self, amount: int, final: int, owner: int, share: int | None) -> None:
        """A deal from its registration to the end, so that many get there."""
        before = len(self.deals)
        self.register(amount, owner, share)
        if len(self.deals) > before:
            self.on_deal(deals.approve_deal, before)
            self.demo(before, before + 100, owner, 0)
            self.world.wait()
            won = {"amount_minor": final, "currency": "USD", "occurred_at": None}
            self.on_deal(deals.win_deal, before, **won)

    def on_deal(self, service: Callable[..., Any], number: int, **arguments: Any) -> None:
        deal_id = self.deal(number)
        self.tried(
            lambda ask: service(self.world.portal, ask, deal_id=deal_id, **arguments),
            self.world.manage(),
        )

    @precondition(lambda self: self.deals)
    @rule(
        number=pick,
        late=st.integers(0, 2),
        amount=amounts,
        weights=st.tuples(st.integers(0, 5), st.integers(0, 5)),
        what=st.sampled_from(_STEPS),
    )
    def move_on(
        self, number: int, late: int, amount: int, weights: tuple[int, int], what: str
    ) -> None:
        """A deal's next step, of which many are refused."""
        at = self.world.now - late * DAY
        weighed = zip(self.company.reps, weights, strict=False)
        shares = tuple(Credit(rep, weight) for rep, weight in weighed if weight)
        services: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
            "approve": (deals.approve_deal, {"occurred_at": at}),
            "reject": (deals.reject_deal, {"reason": "No."}),
            "win": (
                deals.win_deal,
                {"amount_minor": amount, "currency": "USD", "occurred_at": at},
            ),
            "amount": (
                deal_changes.change_deal_amount,
                {"amount_minor": amount, "currency": "USD"},
            ),
            "credit": (deal_changes.credit_deal, {"credits": shares}),
            "lose": (deals.lose_deal, {"occurred_at": None}),
            "return": (deal_changes.return_deal, {"occurred_at": None}),
            "reopen": (deal_changes.reopen_deal, {"occurred_at": None}),
        }
        service, arguments = services[what]
        self.on_deal(service, number, **arguments)

    @rule(number=pick, late=st.integers(0, 2), amount=st.none() | amounts)
    def come_back(self, number: int, late: int, amount: int | None) -> None:
        """A sale is returned, and perhaps made again at another amount."""
        sold = [place for place, deal in enumerate(self.loaded()) if deal.stage is DealStage.WON]
        if not sold:
            return
        place, at = sold[number % len(sold)], self.world.now - late * DAY
        self.on_deal(deal_changes.return_deal, place, occurred_at=at)
        if amount is not None:
            self.on_deal(deal_changes.reopen_deal, place, occurred_at=at)
            won = {"amount_minor": amount, "currency": "USD", "occurred_at": at}
            self.on_deal(deals.win_deal, place, **won)

    @rule(number=pick | st.none(), event=pick, who=pick, late=st.integers(0, 4))
    def demo(self, number: int | None, event: int, who: int, late: int) -> None:
        deal_id = self.deal(number) if self.deals and number is not None else None
        at = self.world.now - late * DAY
        self.tried(
            lambda ask: activities.record_activity(
                self.world.portal,
                ask,
                partner_id=self.company.id,
                individual_id=self.company.reps[who % 4],
                program_id=self.program,
                behavior="DEMO",
                source="crm",
                source_event_id=f"demo-{event}",
                occurred_at=at,
                deal_id=deal_id,
            ),
            self.world.manage(),
        )

    @rule(rules=rule_sets(), keep=st.booleans())
    def publish(self, rules: tuple[Rule, ...], keep: bool) -> None:
        """Another version, which may go on with some of what was; later than all that was done."""
        codes = {one.code for one in rules}
        if keep:
            rules += tuple(one for one in self.plans[-1] if one.code not in codes)
        self.world.now += timedelta(microseconds=1)
        content = plans.PlanContent(rules, (QUARTER,))
        done = self.tried(
            lambda ask: plans.publish_plan(
                self.world.portal, ask, program_id=self.program, content=content
            ),
            self.world.manage(),
        )
        if done is not None:
            self.plans.append(rules)

    @rule(revoke=st.booleans())
    def consent(self, revoke: bool) -> None:
        file = self.world.load(ConsentFile, f"{self.company.id}.{self.program}")
        if not revoke or file is None:
            self.grant()
            return
        consent_id = f"{file.id}.{len(file.consents)}"
        self.tried(
            lambda ask: consent.revoke_consent(self.world.portal, ask, consent_id=consent_id),
            self.world.ask(self.company.executive),
        )

    @rule(number=pick)
    def retry(self, number: int) -> None:
        if self.activities:
            activity_id = self.activities[number % len(self.activities)]
            self.tried(
                lambda ask: retries.retry_withheld(self.world.portal, ask, activity_id=activity_id),
                self.world.manage(),
            )

    @rule(amount=st.integers(1, 100_000))
    def fund(self, amount: int) -> None:
        self.world.fund(self.program, amount)

    @rule(most=st.integers(1, 9))
    def refill(self, most: int) -> None:
        """A budget for everything, and what was withheld last is judged again."""
        self.world.fund(self.program, 10**8)
        for number in range(max(0, len(self.activities) - most), len(self.activities)):
            self.retry(number)

    @rule(number=pick)
    def repeat(self, number: int) -> None:
        """The same request again changes nothing."""
        if not self.asks:
            return
        before = [self.world.balance(party) for party in self.company.parties]
        with contextlib.suppress(Refusal):
            self.asks[number % len(self.asks)]()
        assert before == [self.world.balance(party) for party in self.company.parties]

    @rule(days=st.integers(1, 9))
    def wait(self, days: int) -> None:
        self.world.wait(days)

    def loaded(self) -> list[Deal]:
        found = [self.world.load(Deal, deal_id) for deal_id in self.deals]
        return [deal for deal in found if deal is not None]

    def earnings(self) -> list[Earning]:
        found: list[Earning] = []
        for party in self.company.parties:
            want = Many(Earning, of_wallet(party))
            found += self.world.store.read([want])[want].records
        return found

    @invariant()
    def the_books_are_right(self) -> None:
        if hasattr(self, "program"):
            assert [] == self.world.audit(self.program, self.company.parties)

    @invariant()
    def one_award_for_each_rule_event_and_recipient(self) -> None:
        """Invariant L14."""
        if hasattr(self, "program"):
            keys = Counter(
                (one.trace.rule_code, one.trace.activity_id, one.wallet_id, one.trace.step)
                for one in self.earnings()
            )
            assert [] == [key for key, count in keys.items() if count > 1]

    @invariant()
    def a_deal_knows_what_it_was_paid(self) -> None:
        if not hasattr(self, "program"):
            return
        paid = {one.id: one.trace.amount_minor - one.reversed_minor for one in self.earnings()}
        for deal in self.loaded():
            for award in deal.awards:
                if award.earning_id is not None:
                    assert paid[award.earning_id] == award.amount_minor

    @invariant()
    def the_parts_of_a_won_deal_sum_to_its_pot(self) -> None:
        """Invariant L17, for every deal of which nothing was withheld under the last rules."""
        if not hasattr(self, "program"):
            return
        for deal in self.loaded():
            parts = [award for award in deal.awards if award.rule_code == "pot"]
            steps = {(award.step, award.recipient_id) for award in parts}
            people = {credit.individual_id for credit in deal.credited}
            complete = {
                (step, person) for step in ("DEAL_REGISTERED", "DEAL_WON") for person in people
            }
            if deal.stage is DealStage.WON and complete <= steps and not deal.reopened:
                (number,) = {award.plan_number for award in parts}
                pot = self.plans[number - 1][0].mechanic
                assert isinstance(pot, MilestoneSplit)
                whole = of_rate(deal.amount_minor, pot.rate_bps)
                assert whole == sum(award.amount_minor for award in parts)

    @invariant()
    def what_counts_is_what_is_sold(self) -> None:
        """The company's and the team's goal: a return takes off what its sale has added."""
        if not hasattr(self, "program"):
            return
        sold = [deal for deal in self.loaded() if deal.stage is DealStage.WON]
        revenue = sum(deal.amount_minor for deal in sold)
        inside = sum(
            deal.amount_minor
            for deal in sold
            if deal.closed_at is not None and deal.closed_at < QUARTER.ends_at
        )
        for party in ("partner", f"team.{self.company.partner.teams[0].id}"):
            progress = self.world.load(Progress, f"{self.company.id}.{self.program}.{party}")
            assert progress is not None
            assert (revenue, inside) == (progress.count("won_minor"), progress.count("goal:Q"))

    @invariant()
    def the_weeks_are_what_was_done(self) -> None:
        if hasattr(self, "program"):
            check_weeks(self.world.store, self.company.id, self.company.reps, self.program)

    @invariant()
    def of_what_came_back_nothing_is_kept_that_was_for_the_sale(self) -> None:
        if not hasattr(self, "program"):
            return
        for deal in self.loaded():
            kept = {
                award.rule_code.partition("-")[0]
                for award in deal.awards
                if deal.stage is DealStage.RETURNED and award.amount_minor
            }
            assert set() == kept & {"percentOfDeal", "tiered", "uplift", "overlay"}
            assert len(deal.people) <= MAX_PEOPLE

    @invariant()
    def limits_and_caps_are_kept(self) -> None:
        if not hasattr(self, "program"):
            return
        sums: Counter[tuple[str, str, str, int]] = Counter()
        counts: Counter[tuple[str, str, str, int]] = Counter()
        capped: Counter[tuple[str, str | None]] = Counter()
        for one in self.earnings():
            net = one.trace.amount_minor - one.reversed_minor
            capped[one.wallet_id, one.trace.consent_id] += net
            for limit in self.limits_of(one):
                period = period_of(limit.period, one.trace.occurred_at, "UTC")
                key = (one.wallet_id, one.trace.rule_code, period, one.trace.plan_number)
                sums[key] += net
                counts[key] += net > 0
                if limit.amount_minor is not None:
                    assert sums[key] <= limit.amount_minor
                if limit.count is not None:
                    assert counts[key] <= limit.count
        if self.cap:
            assert all(net <= self.cap for (_, named), net in capped.items() if named)

    def limits_of(self, earning: Earning) -> tuple[Limit, ...]:
        for one in self.plans[earning.trace.plan_number - 1]:
            if one.code == earning.trace.rule_code and one.level is not Level.TEAM:
                return one.limits
        return ()

    def teardown(self) -> None:
        """Everything once more from what is stored, and every earning from its inputs; L18."""
        try:
            if hasattr(self, "program"):
                found = [
                    str(step)
                    for step in verify(self.world.store, replay=True)
                    if isinstance(step, Finding)
                ]
                assert [] == found
                for number in range(len(self.plans)):
                    dry_run(
                        self.world.portal,
                        program_id=self.program,
                        partner_id=self.company.id,
                        number=number + 1,
                    )
        finally:
            self.engine.close()
            self.folder.cleanup()


_USUAL = settings(
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_fifty_histories_keep_every_rule() -> None:
    run_state_machine_as_test(RewardHistory, settings=settings(_USUAL, max_examples=50))


@pytest.mark.slow
def test_five_hundred_histories_keep_every_rule() -> None:
    run_state_machine_as_test(RewardHistory, settings=settings(_USUAL, max_examples=500))
