"""Races for money, deals and names, with real threads or in one dangerous order: always serial."""

from collections import Counter

import pytest

from portal_api.domain.activities import WithheldReason
from portal_api.domain.errors import (
    InsufficientBalance,
    PayoutNotOpen,
    ReferenceAlreadyUsed,
    RegistrationDecided,
)
from portal_api.domain.goals import Progress
from portal_api.domain.holdings import Balance
from portal_api.domain.ledger import JournalKind
from portal_api.services import deals, payouts
from portal_api.services.activities import ActivityRecorded
from portal_api.services.use_case import Portal
from portal_api.services.verify import LedgerSummary, verify
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.racing import Together, a_trained, approve
from tests.services.stores import CarelessEngine, FaultyStore, first, in_parallel
from tests.services.world import Company, World, awarded, outcomes_of, taken_back, withheld


def sixteen_payouts_of_1(world: World, company: Company, portal: Portal) -> Counter[type]:
    answers = in_parallel(*[lambda: world.pay_out(company.rep, 1, portal=portal)] * 16)
    return Counter(type(answer) for answer in answers)


def test_sixteen_payouts_of_1_from_a_balance_of_10_are_ten_payouts(lonely_engine: Engine) -> None:
    """Fault F15, double redemption; and ``verify`` finds the books clean afterwards."""
    world = World(TableStore(lonely_engine))
    program, (company,) = a_trained(world, 10, 1_000)
    world.record(company, program, "TRAINING", "1")

    answers = sixteen_payouts_of_1(world, company, world.on(Together(world.store, 16)))

    assert {payouts.PayoutRequested: 10, InsufficientBalance: 6} == answers
    assert Balance(available=0, held=10) == world.balance(company.rep)
    assert 10 == world.kinds(company.rep)[JournalKind.PAYOUT_HELD]
    assert [] == world.audit(program, company.parties)
    *_, summary = verify(world.store)
    assert isinstance(summary, LedgerSummary)
    # The funding, the award, and a payout's journal for each of the ten.
    assert (12, 0) == (summary.journals, summary.findings)


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
