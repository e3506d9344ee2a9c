"""Random histories of money through the services, on a store that fails: what must always hold.

Awards of money and points, holds and releases, expiry, returns, reversals, payouts and batches that
are settled or fail, adjustments, disputes, closed wallets. Any commit may meet a conflict, may be
lost before or after it was done, or find no store at all. After every step the ledger proves clean.
"""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
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

from portal_api.domain.adjustments import Adjustment, AdjustmentStatus
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.disputes import Dispute, DisputeStatus
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import Refusal
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Payee
from portal_api.domain.ledger import Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.domain.plans import Rule
from portal_api.domain.statements import Statement, closing_total
from portal_api.domain.writes import Write
from portal_api.services import (
    adjustments,
    batches,
    deal_changes,
    deals,
    disputes,
    finance,
    payouts,
    reversals,
    wallets,
)
from portal_api.services.due_series import DUE, run_all
from portal_api.services.store import Many, OutcomeUnknown, StoreUnavailable, of_wallet
from portal_api.services.use_case import Ask
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.steps import define
from tests.services.stores import FaultyStore, conflicting, lost_after, lost_before
from tests.services.world import DAY, MILESTONES, World

_HELD = Rule("held", "Held", Level.INDIVIDUAL, "USD", Flat("COURSE", 7_000), hold_days=20)
_POINTS = Rule("points", "Points", Level.INDIVIDUAL, "POINTS", Flat("COURSE", 50))
_COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("COURSE", 1_000))
_WITH_SALE = Rule("overlay", "Demos", Level.INDIVIDUAL, "USD", Overlay("DEMO", 3_000), hold_days=5)

pick = st.integers(0, 30)
cents = st.integers(1, 40_000)


def unavailable(_: Callable[[], None]) -> None:
    """No store to be had; nothing was done."""
    raise StoreUnavailable("the store is away")


_FAULTS = {
    "conflict": conflicting,
    "lost before": lost_before,
    "lost after": lost_after,
    "away": unavailable,
}
faults = st.lists(st.sampled_from(sorted(_FAULTS)), max_size=3)


class StormyStore(FaultyStore):
    """A store whose next commits meet the faults that were ordered."""

    def __init__(self, store: TableStore) -> None:
        super().__init__(store)
        self.ordered: list[str] = []

    def commit(self, writes: Sequence[Write]) -> None:
        self.commits += 1
        if not self.ordered:
            self._store.commit(writes)
            return
        _FAULTS[self.ordered.pop(0)](lambda: self._store.commit(writes))


class LedgerHistory(RuleBasedStateMachine):
    """Two people of one partner, two programs, and the vendor's two controllers."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = SqliteEngine(Path(self.folder.name) / "portal.sqlite", durable=False)
        self.engine.create()
        self.store = StormyStore(TableStore(self.engine))
        self.world = World(self.store)
        self.deals: list[str] = []
        self.asks: list[Callable[[], Any]] = []

    @initialize(budget=st.sampled_from([10**8, 10**8, 60_000]), months=st.integers(1, 3))
    def open(self, budget: int, months: int) -> None:
        world = self.world
        define(world, "COURSE")
        define(world, "DEMO")
        self.company = world.company(reps=2)
        rules = ((MILESTONES, _WITH_SALE, _COMPANY), (_HELD, _POINTS))
        self.programs = tuple(
            world.program(
                *some, budget={"USD": budget, "POINTS": budget}, days=900, expire_months=months
            )
            for some in rules
        )
        for program in self.programs:
            world.consent(self.company, program)
            world.enroll(self.company, program)
        self.second = world.colleague()
        self.proved = 0
        for place in range(2):
            self.learn(place, 0, 0, which=bool(place))
            self.sell(place, 1_000_000, won=bool(place))

    def tried(self, attempt: Callable[[Ask], Any], ask: Ask) -> Any:
        """The outcome, or none where it was refused; who finds no store asks again."""
        try:
            while True:
                with contextlib.suppress(StoreUnavailable, OutcomeUnknown):
                    done = attempt(ask)
                    break
        except Refusal as refusal:
            if refusal.final:
                self.asks.append(lambda: attempt(ask))
            return None
        self.asks.append(lambda: attempt(ask))
        return done

    def rep(self, number: int) -> str:
        return self.company.reps[number % 2]

    def of(self, kind: type[Any]) -> list[Any]:
        """All records of a kind in everybody's wallets."""
        found: list[Any] = []
        for party in self.company.parties:
            want = Many(kind, of_wallet(party))
            found += self.world.store.read([want])[want].records
        return found

    @rule(ordered=faults)
    def storm(self, ordered: list[str]) -> None:
        self.store.ordered = list(ordered)

    @rule(who=pick, event=st.integers(0, 60), late=st.integers(0, 25), which=st.booleans())
    def learn(self, who: int, event: int, late: int, which: bool) -> None:
        """Money at once for the company, money that is held and points for the person."""
        for place in range(2):
            event_id = f"course-{event + 100 * place}"
            self.record(self.programs[which], "COURSE", event_id, who + place, late)

    def record(
        self,
        program: str,
        behavior: str,
        event: str,
        who: int,
        late: int = 0,
        deal_id: str | None = None,
    ) -> None:
        at = self.world.now - late * DAY
        self.tried(
            lambda ask: self.world.record(
                self.company,
                program,
                behavior,
                event,
                rep=self.rep(who),
                ask=ask,
                occurred_at=at,
                deal_id=deal_id,
            ),
            self.world.manage(),
        )

    @rule(who=pick, amount=st.integers(100_000, 3_000_000), won=st.booleans())
    def sell(self, who: int, amount: int, won: bool) -> None:
        """A registered deal with a demo, and perhaps its sale."""
        self.store.ordered = []
        deal = self.world.approved(self.company, self.programs[0], amount, self.rep(who))
        self.deals.append(deal.id)
        self.record(self.programs[0], "DEMO", deal.id, who, deal_id=deal.id)
        if won:
            self.on_deal(deals.win_deal, len(self.deals) - 1, amount_minor=amount, currency="USD")

    @precondition(lambda self: self.deals)
    @rule(number=pick, amount=st.integers(0, 3_000_000), back=st.booleans())
    def close(self, number: int, amount: int, back: bool) -> None:
        """A deal is won, at whatever amount, lost, or comes back."""
        deal = self.world.load(Deal, self.deals[number % len(self.deals)])
        if deal is not None and deal.stage is DealStage.OPEN and back:
            self.on_deal(deals.lose_deal, number)
        elif deal is not None and deal.stage is DealStage.OPEN:
            self.on_deal(deals.win_deal, number, amount_minor=amount, currency="USD")
        elif back:
            self.on_deal(deal_changes.return_deal, number)
        else:
            self.on_deal(deal_changes.reopen_deal, number)

    def on_deal(self, service: Callable[..., Any], number: int, **arguments: Any) -> None:
        deal_id = self.deals[number % len(self.deals)]
        self.tried(
            lambda ask: service(
                self.world.portal, ask, deal_id=deal_id, occurred_at=None, **arguments
            ),
            self.world.manage(),
        )

    @rule(days=st.integers(0, 45))
    def time_passes(self, days: int) -> None:
        """Everything that is due by itself, twice, since nobody knows whether it was done."""
        self.world.wait(days)
        run_all(self.world.portal, DUE)
        run_all(self.world.portal, DUE)

    @rule(who=pick, fifths=st.integers(1, 6), points=st.booleans())
    def pay_out(self, who: int, fifths: int, points: bool) -> None:
        """A person asks, or the executive for the company; for more than there is, too."""
        rep, asset = self.company.parties[who % 3], "POINTS" if points else "USD"
        amount = self.world.balance(rep, asset).available * fifths // 5
        asker = self.company.executive if rep == self.company.id else rep
        self.tried(
            lambda ask: self.world.pay_out(asker, amount, wallet=rep, asset=asset, ask=ask),
            self.world.ask(asker),
        )

    @rule(number=pick, how=st.sampled_from(["paid", "failed", "cancelled"]))
    def resolve(self, number: int, how: str) -> None:
        found = [one for one in self.of(Payout) if number % 5 == 0 or one.resolved_at is None]
        if not found:
            return
        payout: Payout = found[number % len(found)]
        portal = self.world.portal
        if how == "cancelled":
            owner = payout.wallet_id if payout.wallet_id != self.company.id else None
            self.tried(
                lambda ask: payouts.cancel_payout(portal, ask, payout_id=payout.id),
                self.world.ask(owner or self.company.executive),
            )
            return
        self.settle(payout, paid=how == "paid")

    @rule(points=st.booleans(), failed=st.integers(0, 3))
    def batch(self, points: bool, failed: int) -> None:
        """Everybody asks for what there is, and the bank pays all but some."""
        asset, portal = "POINTS" if points else "USD", self.world.portal
        for place in range(3):
            self.pay_out(place, 5, points)
        self.tried(
            lambda ask: batches.create_payout_batch(portal, ask, asset=asset), self.world.manage()
        )
        waiting = [one for one in self.of(Payout) if one.status is PayoutStatus.BATCHED]
        for place, payout in enumerate(waiting):
            self.settle(payout, paid=place >= failed)

    def settle(self, payout: Payout, *, paid: bool) -> None:
        self.tried(
            lambda ask: payouts.resolve_payout(
                self.world.portal, ask, payout_id=payout.id, paid=paid, reference="bank"
            ),
            self.world.manage(),
        )

    @rule(number=pick, amount=st.none() | cents)
    def reverse(self, number: int, amount: int | None) -> None:
        found = [one for one in self.of(Earning) if number % 5 == 0 or one.left_minor]
        if found:
            earning = found[number % len(found)]
            self.tried(
                lambda ask: reversals.reverse_earning(
                    self.world.portal,
                    ask,
                    earning_id=earning.id,
                    amount_minor=amount,
                    reason="A mistake.",
                ),
                self.world.manage(),
            )

    @rule(who=pick, amount=st.integers(-40_000, 40_000), of=st.none() | pick)
    def propose(self, who: int, amount: int, of: int | None) -> None:
        found = self.of(Earning)
        earning = found[of % len(found)] if found and of is not None else None
        party = earning.wallet_id if earning else self.company.parties[who % 3]
        program = earning.trace.program_id if earning else self.programs[0]
        asset = earning.trace.asset if earning else "USD"
        self.tried(
            lambda ask: adjustments.propose_adjustment(
                self.world.portal,
                ask,
                partner_id=self.company.id,
                wallet_id=party,
                program_id=program,
                asset=asset,
                amount_minor=amount,
                reason="It was miscounted.",
                earning_id=earning.id if earning else None,
            ),
            self.world.manage(),
        )

    @rule(number=pick, agreed=st.integers(0, 3))
    def decide(self, number: int, agreed: int) -> None:
        waiting = [one for one in self.of(Adjustment) if one.status is AdjustmentStatus.PROPOSED]
        if not waiting:
            return
        adjustment = waiting[number % len(waiting)]
        portal = self.world.portal
        self.tried(
            lambda ask: (
                adjustments.approve_adjustment(portal, ask, adjustment_id=adjustment.id)
                if agreed
                else adjustments.reject_adjustment(
                    portal, ask, adjustment_id=adjustment.id, reason="No."
                )
            ),
            self.world.ask(self.second),
        )

    @rule(number=pick)
    def dispute(self, number: int) -> None:
        found = self.of(Earning)
        if not found:
            return
        earning: Earning = found[number % len(found)]
        owner = earning.wallet_id
        self.tried(
            lambda ask: disputes.open_dispute(
                self.world.portal, ask, earning_id=earning.id, reason="It is too little."
            ),
            self.world.ask(self.company.executive if owner == self.company.id else owner),
        )

    @rule(number=pick, amount=st.none() | cents)
    def answer(self, number: int, amount: int | None) -> None:
        found = [self.world.load(Dispute, earning.id) for earning in self.of(Earning)]
        waiting = [one for one in found if one and one.status is DisputeStatus.OPEN]
        if not waiting:
            return
        dispute = waiting[number % len(waiting)]
        portal = self.world.portal
        self.tried(
            lambda ask: (
                disputes.reject_dispute(portal, ask, dispute_id=dispute.id, answer="It is right.")
                if amount is None
                else disputes.accept_dispute(
                    portal,
                    ask,
                    dispute_id=dispute.id,
                    amount_minor=amount,
                    answer="It was too little.",
                )
            ),
            self.world.manage(),
        )

    @rule(who=pick, sure=st.integers(0, 5))
    def shut(self, who: int, sure: int) -> None:
        """A wallet is closed, which is refused while anything is in it."""
        if sure == 0:
            self.tried(
                lambda ask: wallets.close_wallet(
                    self.world.portal,
                    ask,
                    partner_id=self.company.id,
                    party_id=self.company.parties[who % 3],
                    reason="They left.",
                ),
                self.world.manage(),
            )

    @rule(number=pick)
    def repeat(self, number: int) -> None:
        """The same request again changes nothing: invariant L8."""
        if not self.asks:
            return
        before = [self.world.load(Wallet, party) for party in self.company.parties]
        with contextlib.suppress(Refusal, StoreUnavailable, OutcomeUnknown):
            self.asks[number % len(self.asks)]()
        assert before == [self.world.load(Wallet, party) for party in self.company.parties]

    @property
    def changed(self) -> bool:
        """Whether the last step has tried to write anything: all else is as it was."""
        return hasattr(self, "second") and self.store.commits > self.proved

    @invariant()
    def the_ledger_proves_clean(self) -> None:
        if self.changed:
            found = [
                str(one)
                for one in verify(self.world.store, replay=False)
                if isinstance(one, Finding)
            ]
            assert [] == found

    @invariant()
    def the_books_are_right_by_another_reckoning(self) -> None:
        """Nothing of ``verify`` is used: from the stored journals alone."""
        if self.changed:
            assert [] == self.world.audit_all(self.programs, self.company.parties)

    @invariant()
    def nobody_has_something_and_owes_at_once(self) -> None:
        for wallet in self.wallets():
            for asset, held in wallet.holdings.items():
                balance = held.balance
                assert not (balance.available and balance.receivable), (wallet.id, asset)
                assert balance.available == sum(lot.left for lot in held.lots)
                assert balance.held == sum(lot.held for lot in held.lots)
                assert balance.receivable == -sum(debt.amount_minor for debt in held.debts)
                assert all(lot.name.payee is self.payee(wallet) for lot in held.lots)

    @invariant()
    def what_programs_owe_is_what_wallets_hold(self) -> None:
        """A program's liability is summed from moves, the wallets' balances from transfers."""
        if not self.changed:
            return
        owed: Counter[str] = Counter()
        for program in self.programs:
            for asset, accounts in finance.accounts(
                self.world.store, program, self.world.now
            ).items():
                owed[asset] += accounts.liability_minor
        held: Counter[str] = Counter()
        for wallet in self.wallets():
            for asset, balance in wallet.balances.items():
                held[asset] += balance.total
        assert +held - +owed == +owed - +held == Counter()

    @invariant()
    def statements_add_up_and_follow_each_other(self) -> None:
        for wallet in self.wallets():
            want = Many(Statement, of_wallet(wallet.id))
            before: dict[str, Any] = {}
            for statement in self.world.store.read([want])[want].records:
                assert before == {
                    asset: one for asset, one in statement.opening.items() if one.total or before
                }
                for asset, closing in statement.closing.items():
                    opening = statement.opening.get(asset)
                    sums = statement.sums.get(asset, {})
                    begun = opening.total if opening else 0
                    assert closing.total - begun == closing_total(type(closing)(), sums)
                before = dict(statement.closing)

    def wallets(self) -> list[Wallet]:
        if not self.changed:
            return []
        found = [self.world.load(Wallet, party) for party in self.company.parties]
        return [wallet for wallet in found if wallet is not None]

    def payee(self, wallet: Wallet) -> Payee:
        return Payee.PARTNER if wallet.id == self.company.id else Payee.INDIVIDUAL

    def check_invariants(self, *arguments: Any, **named: Any) -> None:
        """All of them, and then what they have proved need not be proved again."""
        super().check_invariants(*arguments, **named)
        if hasattr(self, "second"):
            self.proved = self.store.commits

    def teardown(self) -> None:
        self.engine.close()
        self.folder.cleanup()


_USUAL = settings(
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class OtherLedgerHistory(LedgerHistory):
    """The same, so that two processes can each go through histories of their own."""


MACHINES = pytest.mark.parametrize("machine", [LedgerHistory, OtherLedgerHistory])


@MACHINES
def test_fifty_histories_of_money_keep_every_invariant(machine: type[LedgerHistory]) -> None:
    run_state_machine_as_test(machine, settings=settings(_USUAL, max_examples=25))


@pytest.mark.slow
@MACHINES
def test_five_hundred_histories_of_money_keep_every_invariant(
    machine: type[LedgerHistory],
) -> None:
    run_state_machine_as_test(machine, settings=settings(_USUAL, max_examples=250))
