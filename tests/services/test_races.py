"""Races with real threads, and each dangerous order by itself: always some serial outcome."""

import threading
from collections import Counter
from collections.abc import Sequence
from functools import partial

import pytest

from portal_api.domain.activities import FiveC, OutcomeStatus, ProcessStage, WithheldReason
from portal_api.domain.errors import (
    InsufficientBalance,
    PayoutNotOpen,
    ReferenceAlreadyUsed,
    RegistrationDecided,
)
from portal_api.domain.goals import Level, Progress
from portal_api.domain.ledger import Balance, JournalKind
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.rewards import Rule
from portal_api.domain.writes import Write
from portal_api.services import consent, deals, payouts, programs
from portal_api.services.activities import ActivityRecorded
from portal_api.services.store import Store
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.stores import CarelessEngine, FaultyStore, first, in_parallel
from tests.services.world import (
    MILESTONES,
    QUARTER,
    Company,
    World,
    awarded,
    outcomes_of,
    taken_back,
    withheld,
)


class Together(FaultyStore):
    """A store on which nobody commits before all have decided, each on the same state."""

    def __init__(self, store: Store, count: int) -> None:
        super().__init__(store)
        self._all_have_decided = threading.Barrier(count, timeout=30)
        self._mine = threading.local()

    def commit(self, writes: Sequence[Write]) -> None:
        if not getattr(self._mine, "has_decided", False):
            self._mine.has_decided = True
            self._all_have_decided.wait()
        super().commit(writes)


def training(amount_minor: int) -> Rule:
    return Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", amount_minor))


def a_trained(
    world: World, amount_minor: int, budget: int, *, companies: int = 1
) -> tuple[str, list[Company]]:
    """A program that pays an amount for a training, and companies that may earn it."""
    programs.define_behavior(
        world.portal,
        world.manage(),
        code="TRAINING",
        name="Training",
        stage=ProcessStage.ENABLEMENT,
        five_c=FiveC.CAPACITY,
        review_needed=False,
    )
    program = world.program(training(amount_minor), budget={"USD": budget})
    found = []
    for _ in range(companies):
        company = world.company()
        world.consent(company, program)
        world.enroll(company, program)
        found.append(company)
    return program, found


def sixteen_payouts_of_1(world: World, company: Company, portal: Portal) -> Counter[type]:
    answers = in_parallel(*[lambda: world.pay_out(company.rep, 1, portal=portal)] * 16)
    return Counter(type(answer) for answer in answers)


def test_sixteen_payouts_of_1_from_a_balance_of_10_are_ten_payouts(world: World) -> None:
    """Fault F15, double redemption; and the books are clean afterwards."""
    program, (company,) = a_trained(world, 10, 1_000)
    world.record(company, program, "TRAINING", "1")

    answers = sixteen_payouts_of_1(world, company, world.on(Together(world.store, 16)))

    assert {payouts.PayoutRequested: 10, InsufficientBalance: 6} == answers
    assert Balance(available=0, held=10) == world.balance(company.rep)
    assert 10 == world.kinds(company.rep)[JournalKind.PAYOUT_HELD]
    assert [] == world.audit(program, company.parties)


def test_the_control_an_engine_without_version_checks_is_caught(
    sqlite_engine: SqliteEngine,
) -> None:
    """The same race and the same audit, and an engine as one might write it without thinking."""
    world = World(TableStore(sqlite_engine))
    program, (company,) = a_trained(world, 10, 1_000)
    world.record(company, program, "TRAINING", "1")
    careless = TableStore(CarelessEngine(sqlite_engine))

    answers = sixteen_payouts_of_1(world, company, world.on(Together(careless, 16)))

    assert {payouts.PayoutRequested: 16} == answers
    assert [] != world.audit(program, company.parties)


def test_a_budget_of_250_against_three_awards_of_100_pays_two(world: World) -> None:
    """Fault F16: three partners, no shard with enough alone."""
    program, companies = a_trained(world, 100, 250, companies=3)
    portal = world.on(Together(world.store, 3))

    def train(company: Company) -> ActivityRecorded:
        return world.record(company, program, "TRAINING", "1", portal=portal)

    answers = in_parallel(*[lambda company=company: train(company) for company in companies])

    outcomes = sorted(
        outcome
        for answer in answers
        if isinstance(answer, ActivityRecorded)
        for outcome in outcomes_of(answer.activity)
    )
    short = withheld(100, WithheldReason.BUDGET_EXHAUSTED)
    assert sorted([awarded(100), awarded(100), short]) == outcomes
    assert 50 == sum(world.budget(program))
    assert [0, 100, 100] == sorted(world.balance(company.rep).available for company in companies)
    assert [] == world.audit(program, [party for each in companies for party in each.parties])


def test_a_budget_that_others_drew_meanwhile_is_not_overspent(world: World) -> None:
    """Invariant L13: every draw has its floor, so the third decides again and finds too little."""
    program, (one, two, three) = a_trained(world, 100, 250, companies=3)
    meanwhile = first(
        lambda: [world.record(company, program, "TRAINING", "1") for company in (one, two)]
    )

    recorded = world.record(
        three, program, "TRAINING", "1", portal=world.on(FaultyStore(world.store, meanwhile))
    )

    assert [withheld(100, WithheldReason.BUDGET_EXHAUSTED)] == outcomes_of(recorded.activity)
    assert 50 == sum(world.budget(program))
    assert [] == world.audit(program, [*one.parties, *two.parties, *three.parties])


def test_a_budget_is_not_called_short_when_money_comes_in_meanwhile(world: World) -> None:
    """WITHHELD(BUDGET_EXHAUSTED) commits only while all 16 shards are what they were."""
    program, (company,) = a_trained(world, 100, 99)
    refill = first(lambda: world.fund(program, 1))
    portal = world.on(FaultyStore(world.store, refill))

    recorded = world.record(company, program, "TRAINING", "1", portal=portal)

    assert [awarded(100)] == outcomes_of(recorded.activity)
    assert [0] * 16 == world.budget(program)


def revoke(world: World, company: Company, given: str, portal: Portal | None = None) -> object:
    return consent.revoke_consent(
        portal or world.portal, world.ask(company.executive), consent_id=given
    )


def approve(world: World, deal_id: str, portal: Portal) -> deals.DealApproved:
    return deals.approve_deal(portal, world.manage(), deal_id=deal_id)


def test_a_consent_that_is_revoked_before_the_commit_pays_nothing(world: World) -> None:
    """Invariant L12: unrevoked at commit, not only when it was looked up."""
    company, program = world.company(), world.program()
    given = world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    meanwhile = first(lambda: revoke(world, company, given))

    approval = approve(world, deal.id, world.on(FaultyStore(world.store, meanwhile)))

    assert [withheld(15_000, WithheldReason.NO_CONSENT)] == outcomes_of(approval.activity)
    assert Balance() == world.balance(company.rep)


def test_what_is_earned_before_the_revocation_commits_stays(world: World) -> None:
    company, program = world.company(), world.program()
    given = world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    meanwhile = first(lambda: world.approve(deal))

    revoke(world, company, given, world.on(FaultyStore(world.store, meanwhile)))

    assert Balance(available=15_000) == world.balance(company.rep)
    assert [withheld(75_000, WithheldReason.NO_CONSENT)] == outcomes_of(world.win(deal).activity)


def test_revoking_against_an_award_in_parallel_has_a_serial_outcome(world: World) -> None:
    company, program = world.company(), world.program()
    world.enroll(company, program)
    for _ in range(4):
        given = world.consent(company, program)
        deal = world.register(company, program)
        before = world.balance(company.rep).available
        portal = world.on(Together(world.store, 2))

        revoked, approval = in_parallel(
            partial(revoke, world, company, given, portal),
            partial(approve, world, deal.id, portal),
        )

        assert isinstance(revoked, consent.ConsentRevoked)
        assert isinstance(approval, deals.DealApproved)
        ((status, _, _),) = outcomes_of(approval.activity)
        earned = 15_000 if status is OutcomeStatus.AWARDED else 0
        assert before + earned == world.balance(company.rep).available
    assert [] == world.audit(program, company.parties)


def test_who_leaves_the_program_before_the_commit_earns_nothing(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    deal = world.register(company, program)
    leave = first(
        lambda: consent.end_enrollment(
            world.portal, world.ask(company.rep), partner_id=company.id, program_id=program
        )
    )

    approval = approve(world, deal.id, world.on(FaultyStore(world.store, leave)))

    assert [withheld(15_000, WithheldReason.NOT_ENROLLED)] == outcomes_of(approval.activity)


@pytest.mark.parametrize("before", [MILESTONES, training(50)], ids=["pays", "does not pay"])
def test_a_plan_that_is_published_before_the_commit_is_the_one_that_judges(
    world: World, before: Rule
) -> None:
    """Domain rule 4.1: also what pays nothing checks the program, in the shard of the person."""
    company, program = world.ready(before)
    deal = world.register(company, program)
    rules = (Rule("flat", "Flat", Level.INDIVIDUAL, "USD", Flat("DEAL_REGISTERED", 7)),)
    publish = first(
        lambda: programs.publish_plan(
            world.portal,
            world.manage(),
            program_id=program,
            effective_from=None,
            rules=rules,
            goals=(),
        )
    )

    approval = approve(world, deal.id, world.on(FaultyStore(world.store, publish)))

    assert [awarded(7)] == outcomes_of(approval.activity)
    assert [2] == [earning.trace.plan_number for earning in approval.earnings]


def test_two_reps_who_reach_the_partner_s_goal_at_once_bring_one_bonus(world: World) -> None:
    """Domain rule 4.4: once, under any race; the goal's counter is watched at commit."""
    bonus = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000, 50_000))
    company = world.company(reps=2)
    program = world.program(bonus, goals=(QUARTER,))
    world.target(company, program, company.id, 3_000_000, 6_000_000, Level.PARTNER)
    registered = [world.register(company, program, rep=rep) for rep in company.reps]
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        *[lambda deal=deal: world.win(deal, portal=portal) for deal in registered]
    )

    won = [answer for answer in answers if isinstance(answer, deals.DealWon)]
    progress = world.load(Progress, f"{company.id}.{program}.partner")
    assert 2 == len(won)
    assert [awarded(50_000), awarded(200_000)] == sorted(
        outcome for win in won for outcome in outcomes_of(win.activity)
    )
    assert Balance(available=250_000) == world.balance(company.id)
    assert progress is not None
    assert (6_000_000, 1, 1) == tuple(
        progress.count(counter)
        for counter in ("goal:Q", "bonus:company:GOAL", "bonus:company:STRETCH")
    )
    assert [] == world.audit(program, company.parties)


def test_two_reps_who_reach_the_goal_only_together_do_not_miss_it(world: World) -> None:
    """Each alone decides that nothing is reached: the second to commit must decide again."""
    bonus = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000))
    company = world.company(reps=2)
    program = world.program(bonus, goals=(QUARTER,))
    world.target(company, program, company.id, 6_000_000, 9_000_000, Level.PARTNER)
    registered = [world.register(company, program, rep=rep) for rep in company.reps]
    portal = world.on(Together(world.store, 2))

    in_parallel(*[partial(world.win, deal, portal=portal) for deal in registered])

    assert Balance(available=200_000) == world.balance(company.id)


def test_a_registration_that_two_approve_at_once_is_approved_once(world: World) -> None:
    company, program = world.ready()
    deal = world.register(company, program)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(*[lambda: approve(world, deal.id, portal)] * 2)

    assert {deals.DealApproved, RegistrationDecided} == {type(answer) for answer in answers}
    assert Balance(available=15_000) == world.balance(company.rep)


def test_a_reference_that_two_register_at_once_belongs_to_one(world: World) -> None:
    """Domain rule 3.3: two partners, one opportunity; the claim of the name decides."""
    companies, program = [world.company(), world.company()], world.program()
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        *[
            lambda company=company: world.register(
                company, program, reference="OPP-1", portal=portal
            )
            for company in companies
        ]
    )

    assert 1 == len([answer for answer in answers if isinstance(answer, ReferenceAlreadyUsed)])
    assert 1 == len({getattr(answer, "id", None) for answer in answers} - {None})


def test_a_payout_that_is_settled_and_released_at_once_is_resolved_once(world: World) -> None:
    """Invariant L7."""
    program, (company,) = a_trained(world, 10, 1_000)
    world.record(company, program, "TRAINING", "1")
    payout = world.pay_out(company.rep, 10).payout
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        *[
            lambda paid=paid: payouts.resolve_payout(
                portal, world.manage(), payout_id=payout.id, paid=paid, reference="bank-1"
            )
            for paid in (True, False)
        ]
    )

    (resolved,) = [answer for answer in answers if isinstance(answer, payouts.PayoutResolved)]
    assert 1 == len([answer for answer in answers if isinstance(answer, PayoutNotOpen)])
    left = 0 if resolved.payout.status == "SETTLED" else 10
    assert Balance(available=left) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize("payout_is_first", [True, False])
def test_a_reversal_against_a_payout_has_a_serial_outcome(
    world: World, payout_is_first: bool
) -> None:
    """Fault F15: either the payout finds too little, or what it left is owed."""
    company, program = world.ready()
    deal = world.approved(company, program)
    store = world.store

    if payout_is_first:
        meanwhile = first(lambda: world.pay_out(company.rep, 15_000))
        win = world.win(deal, 300_000, world.on(FaultyStore(store, meanwhile)))
        expected = Balance(held=15_000, receivable=-6_000)
        assert [taken_back(6_000)] == outcomes_of(win.activity)
    else:
        meanwhile = first(lambda: world.win(deal, 300_000))
        with pytest.raises(InsufficientBalance):
            world.pay_out(company.rep, 15_000, portal=world.on(FaultyStore(store, meanwhile)))
        expected = Balance(available=9_000)

    assert expected == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_two_deals_of_one_rep_at_once_are_two_journals(world: World) -> None:
    """Invariant L15: one wallet, two writers, no gap and no repeat; and one earner."""
    company, program = world.ready()
    registered = [world.register(company, program) for _ in range(4)]
    portal = world.on(Together(world.store, 4))

    in_parallel(*[lambda deal=deal: approve(world, deal.id, portal) for deal in registered])

    progress = world.load(Progress, f"{company.id}.{program}.partner")
    assert [1, 2, 3, 4] == [journal.sequence for journal in world.journals(company.rep)]
    assert Balance(available=60_000) == world.balance(company.rep)
    assert progress is not None
    assert {"deals": 4, "earned:USD": 60_000, "earners:USD": 1} == progress.counters
    assert [] == world.audit(program, company.parties)


def test_the_audit_itself_finds_what_was_changed(
    quick_world: World, sqlite_engine: SqliteEngine
) -> None:
    """Else a clean audit would say nothing: one digit of one stored journal is another."""
    world = quick_world
    program, (company,) = a_trained(world, 10, 1_000)
    world.record(company, program, "TRAINING", "1")
    clean = world.audit(program, company.parties)
    session = sqlite_engine._session()
    session.execute(
        "UPDATE items"
        " SET attributes = replace(attributes, '\"amount_minor\":10', '\"amount_minor\":11')"
        " WHERE sk LIKE 'JOURNAL#%' AND pk = ?",
        (f"WALLET#{company.rep}",),
    )

    found = world.audit(program, company.parties)

    assert [] == clean
    assert f"{company.rep}.1 was changed" in found
    assert 3 == len(found)
