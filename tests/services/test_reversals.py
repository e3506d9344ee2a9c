"""An earning is taken back by hand once in full, and is not paid again, whatever comes after."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import OutcomeStatus
from portal_api.domain.consent import Cap
from portal_api.domain.earnings import MAX_CORRECTIONS, CorrectionKind, EarningStatus
from portal_api.domain.errors import (
    ExceedsEarning,
    InsufficientBalance,
    InvalidInput,
    NotFound,
    NothingWithheld,
    NotPermitted,
)
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance
from portal_api.domain.ledger import JournalKind
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.partners import Role
from portal_api.domain.plans import Limit, Mechanic, Period, Rule
from portal_api.services import retries, reversals
from portal_api.services.postings import DUE
from tests.services.correcting import Office, counted, earnings_of, give_back, listed, reopen
from tests.services.racing import Together
from tests.services.steps import define
from tests.services.stores import FaultyStore, first, in_parallel
from tests.services.world import (
    MILESTONES,
    QUARTER,
    World,
    awarded,
    outcomes_of,
    taken_back,
)


def a_rule(mechanic: Mechanic, **changes: object) -> Rule:
    return replace(Rule("rule", "Rule", Level.INDIVIDUAL, "USD", mechanic), **changes)  # type: ignore[arg-type]


def test_an_earning_is_taken_back_in_parts_and_never_more_than_it_was(world: World) -> None:
    """Invariant L4, and L23: what was paid out is owed. The budget and the counters get it back."""
    office = Office.of(world)
    company, program = world.ready()
    deal = world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)
    world.pay_out(company.rep, 12_000)
    with pytest.raises(ExceedsEarning) as too_much:
        office.reverse(earning, 15_001)
    part = office.reverse(earning, 5_000)
    with pytest.raises(ExceedsEarning) as too_much_now:
        office.reverse(earning, 10_001)
    whole = office.reverse(earning)
    with pytest.raises(ExceedsEarning) as nothing_left:
        office.reverse(earning)

    refused = (too_much, too_much_now, nothing_left)
    assert [15_000, 10_000, 0] == [refusal.value.left_minor for refusal in refused]
    assert (5_000, 15_000) == (part.reversed_minor, whole.reversed_minor)
    assert EarningStatus.REVERSED is world.status(whole)
    assert Balance(held=12_000, receivable=-12_000) == world.balance(company.rep)
    assert 2 == world.kinds(company.rep)[JournalKind.REVERSAL]
    assert {"deals": 1} == counted(world, company, program)
    assert 10_000_000 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)
    assert [] == outcomes_of(world.win(deal, 0).activity)


def test_who_did_it_why_and_when_is_kept(quick_world: World) -> None:
    """The role for the earning's owner; the person and the reason in the journal's cause."""
    world = quick_world
    office = Office.of(world)
    company, program = world.ready()
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)
    world.wait()
    office.reverse(earning, 100)
    (correction,) = office.reverse(earning, 200).corrections[1:]

    assert (CorrectionKind.REVERSAL, -200, "Paid by mistake.", Role.CHANNEL_MANAGER, world.now) == (
        correction.kind,
        correction.amount_minor,
        correction.reason,
        correction.role,
        correction.corrected_at,
    )
    cause = world.journals(company.rep)[-1].cause
    expected = (office.second, earning.id, "Paid by mistake.", program)
    assert expected == tuple(cause[name] for name in ("actor", "earning", "reason", "program"))


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_are_no_amounts(quick_world: World, amount: int) -> None:
    office = Office.of(quick_world)
    company, program = quick_world.ready()
    quick_world.approved(company, program)
    (earning,) = earnings_of(quick_world, company.rep)

    with pytest.raises(InvalidInput):
        office.reverse(earning, amount)


def test_only_managers_reverse_and_only_what_is_there(quick_world: World) -> None:
    """In its own asset, and not endlessly: the earning keeps every correction."""
    world = quick_world
    office = Office.of(world)
    company, program = world.ready()
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)

    for who in (company.rep, company.executive, world.colleague(Role.SERVICE)):
        with pytest.raises(NotPermitted):
            office.reverse(earning, by=who)
    with pytest.raises(NotFound):
        office.reverse(replace(earning, id=f"{company.rep}.1"))
    with pytest.raises(InvalidInput) as refused:
        reversals.reverse_earning(
            world.portal,
            world.manage(),
            earning_id=earning.id,
            amount_minor=1,
            asset="EUR",
            reason="A mistake.",
        )
    assert "amount" == refused.value.field
    for _ in range(MAX_CORRECTIONS):
        office.reverse(earning, 1)
    with pytest.raises(InvalidInput):
        office.reverse(earning, 1)


def test_what_waits_for_its_deal_is_cancelled_and_not_released(world: World) -> None:
    """Overlay: 100.00 pending, of which 40.00 are left; the sale releases those and no more."""
    define(world, "DEMO")
    office = Office.of(world)
    company, program = world.ready(a_rule(Overlay("DEMO", 10_000)))
    deals = [world.register(company, program) for _ in range(2)]
    for deal in deals:
        world.record(company, program, "DEMO", deal.id, deal_id=deal.id)
    whole, part = earnings_of(world, company.rep)
    cancelled, less = office.reverse(whole), office.reverse(part, 6_000)
    pending = world.balance(company.rep)
    world.wait()
    wins = [world.win(deal).activity for deal in deals]

    assert (EarningStatus.CANCELLED, EarningStatus.PENDING) == (
        world.status(cancelled),
        EarningStatus.PENDING if less.pending else None,
    )
    assert Balance(pending=4_000) == pending
    released = (OutcomeStatus.RELEASED, 4_000, None)
    assert [[], [released]] == [outcomes_of(win) for win in wins]
    assert Balance(available=4_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_what_is_held_for_days_leaves_the_list_of_what_matures(world: World) -> None:
    office = Office.of(world)
    rule = replace(MILESTONES, hold_days=10)
    company, program = world.ready(rule)
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)
    before = [ref for ref in listed(world, DUE) if ref == earning.id]
    office.reverse(earning, 1)
    between = [ref for ref in listed(world, DUE) if ref == earning.id]
    whole = office.reverse(earning)

    assert [earning.id] == before == between
    assert earning.id not in listed(world, DUE)
    assert EarningStatus.CANCELLED is world.status(whole)
    assert Balance() == world.balance(company.rep)


SALE = [
    MilestoneSplit(300),
    PercentOfDeal(300),
    Uplift(("DEAL_REGISTERED",), 100, 300),
    Flat("DEAL_WON", 90_000),
    Tiered("Q", (Band(0, 300),)),
    Tiered("Q", (Band(0, 300),), retrospective=True),
]


@pytest.mark.parametrize("mechanic", SALE, ids=repr)
def test_a_return_takes_back_what_was_left_and_another_sale_pays_anew(
    quick_world: World, mechanic: Mechanic
) -> None:
    """900.00 in all, of which a manager took 300.00 of the sale; then it is returned and resold."""
    world = quick_world
    office = Office.of(world)
    company, program = world.company(), world.program(a_rule(mechanic), goals=(QUARTER,))
    world.consent(company, program)
    world.enroll(company, program)
    deal = world.approved(company, program)
    kept = world.balance(company.rep).available
    world.wait()
    won = world.win(deal).activity
    sale = earnings_of(world, company.rep)[-1]
    office.reverse(sale, 30_000)
    after_reversal = world.balance(company.rep)
    with pytest.raises(NothingWithheld):
        retries.retry_withheld(world.portal, world.manage(), activity_id=won.id)
    returned = give_back(world, deal.id)
    after_return = world.balance(company.rep)
    reopen(world, deal.id)
    again = world.win(deal)

    part = sale.trace.amount_minor
    assert Balance(available=60_000) == after_reversal
    assert [taken_back(part - 30_000)] == outcomes_of(returned.activity)
    assert Balance(available=kept) == after_return
    assert [awarded(part)] == outcomes_of(again.activity)
    assert Balance(available=90_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_a_sale_that_was_reversed_in_full_gives_nothing_back(quick_world: World) -> None:
    """Its attainment goes all the same, so that the next sale is rated as the first one."""
    world = quick_world
    office = Office.of(world)
    rule = a_rule(Tiered("Q", (Band(0, 100), Band(3_000_000, 500)), retrospective=True))
    company, program = world.company(), world.program(rule, goals=(QUARTER,))
    world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    world.win(deal)
    (sale,) = earnings_of(world, company.rep)
    office.reverse(sale)
    give_back(world, deal.id)
    other = world.register(company, program, 1_000_000)

    assert [awarded(10_000)] == outcomes_of(world.win(other, 1_000_000).activity)
    assert Balance(available=10_000) == world.balance(company.rep)


@pytest.mark.parametrize("keep", [True, False])
def test_a_registration_that_was_reversed_is_not_paid_with_the_sale(
    quick_world: World, keep: bool
) -> None:
    """Won, or lost first and won after it was reopened, or returned and won again: 750.00."""
    world = quick_world
    office = Office.of(world)
    company, program = world.ready(a_rule(MilestoneSplit(300, keep_on_loss=keep)))
    deals = [world.approved(company, program) for _ in range(3)]
    for earning in earnings_of(world, company.rep):
        office.reverse(earning)
    won, lost, returned = deals
    world.lose(lost)
    reopen(world, lost.id)
    world.win(returned)
    give_back(world, returned.id)
    reopen(world, returned.id)

    sales = [outcomes_of(world.win(deal).activity) for deal in (won, lost, returned)]
    assert [[awarded(75_000)]] * 3 == sales
    assert Balance(available=3 * 75_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_a_behavior_that_was_reversed_is_not_earned_by_another_sale(quick_world: World) -> None:
    """Overlay: lost, reopened and won it would be earned after all; here 60.00 of 100.00 are."""
    world = quick_world
    define(world, "DEMO")
    office = Office.of(world)
    company, program = world.ready(a_rule(Overlay("DEMO", 10_000)))
    deals = [world.register(company, program) for _ in range(3)]
    for deal in deals:
        world.record(company, program, "DEMO", deal.id, deal_id=deal.id)
    pending, partly, sold = earnings_of(world, company.rep)
    world.wait()
    office.reverse(pending)
    office.reverse(partly, 4_000)
    world.win(deals[2])
    office.reverse(sold)
    give_back(world, deals[2].id)
    for deal in deals[:2]:
        world.lose(deal)
    for deal in deals:
        reopen(world, deal.id)

    wins = [outcomes_of(world.win(deal).activity) for deal in deals]
    assert [[], [awarded(6_000)], []] == wins
    assert Balance(available=6_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_limits_and_caps_have_room_again(quick_world: World) -> None:
    """One training a month and 100.00 under the consent: a reversal in full frees both."""
    world = quick_world
    define(world)
    office = Office.of(world)
    limit = Limit(Period.MONTH, count=1)
    company = world.company()
    program = world.program(a_rule(Flat("TRAINING", 10_000), limits=(limit,)))
    world.consent(company, program, caps=(Cap("USD", 10_000),))
    world.enroll(company, program)
    person = f"individual.{company.rep}"
    world.record(company, program, "TRAINING", "1")
    used = counted(world, company, program, person)
    (earning,) = earnings_of(world, company.rep)
    office.reverse(earning, 4_000)
    in_part = counted(world, company, program, person)
    office.reverse(earning)
    freed = counted(world, company, program, person)
    again = world.record(company, program, "TRAINING", "2")

    count = next(name for name in used if name.startswith("count:"))
    assert (10_000, 6_000) == (used["under:1:USD"], in_part["under:1:USD"])
    assert (1, 1) == (used[count], in_part[count])
    assert {} == freed
    assert [awarded(10_000)] == outcomes_of(again.activity)


def test_a_company_s_and_a_team_s_earnings_are_reversed_too(quick_world: World) -> None:
    """A member's share is its own, though a colleague did what earned it."""
    world = quick_world
    define(world)
    office = Office.of(world)
    rules = (
        a_rule(Flat("TRAINING", 500), code="team", level=Level.TEAM),
        a_rule(Flat("TRAINING", 700), code="company", level=Level.PARTNER),
    )
    company, program = world.ready(*rules, reps=2)
    world.record(company, program, "TRAINING", "1")
    before = counted(world, company, program)
    for party in (company.reps[1], company.id):
        (earning,) = earnings_of(world, party)
        office.reverse(earning)

    assert {"earned:USD": 500, "earners:USD": 2, "company:USD": 700} == before
    assert {"earned:USD": 250, "earners:USD": 1} == counted(world, company, program)
    assert [250, 0, 0] == [world.balance(party).available for party in (*company.reps, company.id)]
    assert 10_000_000 - 250 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize("reversal_is_first", [True, False])
def test_a_reversal_against_a_return_has_a_serial_outcome(
    world: World, reversal_is_first: bool
) -> None:
    """Invariant L4: what one has taken back, the other does not."""
    office = Office.of(world)
    company, program = world.ready()
    deal = world.approved(company, program)
    world.win(deal)
    sale = earnings_of(world, company.rep)[-1]

    if reversal_is_first:
        meanwhile = FaultyStore(world.store, first(lambda: office.reverse(sale, 25_000)))
        returned = give_back(world, deal.id, portal=world.on(meanwhile))
        assert [taken_back(50_000)] == outcomes_of(returned.activity)
    else:
        meanwhile = FaultyStore(world.store, first(lambda: give_back(world, deal.id)))
        with pytest.raises(ExceedsEarning):
            office.reverse(sale, 25_000, portal=world.on(meanwhile))

    assert Balance(available=15_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize("payout_is_first", [True, False])
def test_a_reversal_against_a_payout_has_a_serial_outcome(
    world: World, payout_is_first: bool
) -> None:
    """Fault F15: what was set aside is owed, or there is nothing to set aside."""
    office = Office.of(world)
    company, program = world.ready()
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)

    if payout_is_first:
        meanwhile = FaultyStore(world.store, first(lambda: world.pay_out(company.rep, 15_000)))
        office.reverse(earning, portal=world.on(meanwhile))
        expected = Balance(held=15_000, receivable=-15_000)
    else:
        meanwhile = FaultyStore(world.store, first(lambda: office.reverse(earning)))
        with pytest.raises(InsufficientBalance):
            world.pay_out(company.rep, 15_000, portal=world.on(meanwhile))
        expected = Balance()

    assert expected == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_an_earning_that_two_reverse_at_once_is_reversed_once(world: World) -> None:
    office = Office.of(world)
    company, program = world.ready()
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(*[lambda: office.reverse(earning, portal=portal)] * 2)

    assert 1 == len([answer for answer in answers if isinstance(answer, ExceedsEarning)])
    assert Balance() == world.balance(company.rep)
    assert 1 == world.kinds(company.rep)[JournalKind.REVERSAL]
    assert [] == world.audit(program, company.parties)
