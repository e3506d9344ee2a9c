"""Adjustments are proposed by one person and posted by another, within budget and consent."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from portal_api.domain.adjustments import Adjustment, AdjustmentStatus
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import (
    AdjustmentDecided,
    BudgetExhausted,
    ExceedsEarning,
    InvalidInput,
    NotEligible,
    NotFound,
    NotPermitted,
    Refusal,
    SecondPersonRequired,
)
from portal_api.domain.events import Event
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance, Column, Payee
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.domain.plans import Rule
from portal_api.domain.writes import Save
from portal_api.services import adjustments, consent
from portal_api.services.adjustments import OPEN_ADJUSTMENTS
from portal_api.services.store import Many, of_events
from portal_api.services.use_case import Portal
from tests.services.correcting import Office, counted, earnings_of, listed
from tests.services.racing import Together
from tests.services.steps import define
from tests.services.stores import FaultyStore, first, in_parallel
from tests.services.world import MILESTONES, World


def test_nothing_is_posted_before_a_second_person_has_approved(world: World) -> None:
    """100.00 more by consent. It is no earning: what was earned stays as it is."""
    office = Office.of(world)
    company, program = world.ready()
    adjustment = office.propose(company, program, 10_000)
    waiting, before = listed(world, OPEN_ADJUSTMENTS), world.balance(company.rep)
    with pytest.raises(SecondPersonRequired):
        office.approve(adjustment, by=world.admin)
    approved = office.approve(adjustment)

    assert adjustment.id in waiting
    assert adjustment.id not in listed(world, OPEN_ADJUSTMENTS)
    assert (Balance(), Balance(available=10_000)) == (before, world.balance(company.rep))
    consent_id = f"{company.id}.{program}.1"
    assert (AdjustmentStatus.APPROVED, office.second, world.now, consent_id) == (
        approved.status,
        approved.decided_by,
        approved.decided_at,
        approved.consent_id,
    )
    assert 10_000_000 - 10_000 == sum(world.budget(program))
    assert {} == counted(world, company, program)
    (journal,) = world.journals(company.rep)
    expected = (JournalKind.ADJUSTMENT, office.second, adjustment.id, adjustment.reason)
    cause = journal.cause
    assert expected == (journal.kind, cause["actor"], cause["adjustment"], cause["reason"])
    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    assert wallet.month is not None
    assert {Column.ADJUSTED: 10_000} == wallet.month.sums["USD"]
    assert [] == world.audit(program, company.parties)


def test_less_is_taken_from_what_is_there_and_the_rest_is_owed(world: World) -> None:
    """Invariant L23; the budget gets it back, and more repays what is owed first."""
    office = Office.of(world)
    company, program = world.ready()
    world.approved(company, program)
    world.pay_out(company.rep, 5_000)
    office.approve(office.propose(company, program, -15_000))
    owed = world.balance(company.rep)
    office.approve(office.propose(company, program, 6_000))

    assert Balance(held=5_000, receivable=-5_000) == owed
    assert Balance(held=5_000, available=1_000) == world.balance(company.rep)
    assert 10_000_000 - 6_000 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def test_an_earning_keeps_its_adjustments_and_gives_them_its_payee_and_expiry(
    quick_world: World,
) -> None:
    """Also when its consent is revoked by now; without an earning, one in force is needed."""
    world = quick_world
    define(world)
    office = Office.of(world)
    company = world.company()
    rule = Rule("training", "Training", Level.INDIVIDUAL, "POINTS", Flat("TRAINING", 50))
    program = world.program(rule, budget={"POINTS": 1_000}, expire_months=12)
    consent_id = world.consent(company, program, payee=Payee.PARTNER)
    world.enroll(company, program)
    world.record(company, program, "TRAINING", "1")
    (earning,) = earnings_of(world, company.rep)
    consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=consent_id)
    with pytest.raises(NotEligible) as refused:
        office.approve(office.propose(company, program, 7, asset="POINTS"))
    wish = office.propose(company, program, 7, asset="POINTS", earning=earning)
    named = office.approve(wish)
    (corrected,) = earnings_of(world, company.rep)

    assert "NO_CONSENT" == refused.value.reason
    assert consent_id == named.consent_id
    assert [(7, named.id)] == [
        (one.amount_minor, one.adjustment_id) for one in corrected.corrections
    ]
    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    (lot,) = wallet.holding("POINTS").lots
    assert (earning.lot, 57) == (lot.name, lot.left)


def test_a_consent_that_has_ended_allows_as_much_as_the_earning_was_in_all(
    quick_world: World,
) -> None:
    """Else one earning of a cent would allow any amount."""
    world = quick_world
    office = Office.of(world)
    company, program = world.company(), world.program(MILESTONES)
    consent_id = world.consent(company, program)
    world.enroll(company, program)
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)
    consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=consent_id)
    world.wait()
    office.approve(office.propose(company, program, 14_999, earning=earning))
    more, last = (office.propose(company, program, amount, earning=earning) for amount in (2, 1))
    with pytest.raises(NotEligible):
        office.approve(more)
    office.approve(last)
    world.consent(company, program)
    world.wait()
    office.approve(more)

    assert Balance(available=30_002) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_who_has_left_is_covered_by_no_consent_of_now(world: World) -> None:
    """A company's consent covers whoever works there, also where they leave meanwhile."""
    office = Office.of(world)
    company, program = world.company(), world.program()
    world.consent(company, program)
    adjustment = office.propose(company, program, 100)
    world.wait()

    def leave() -> None:
        person = world.load(Individual, company.rep)
        assert person is not None
        ended = replace(person.employments[-1], valid_to=world.now)
        world.store.commit([Save(replace(person, employments=(ended,)))])

    with pytest.raises(NotEligible):
        office.approve(adjustment, portal=world.on(FaultyStore(world.store, first(leave))))
    world.consent(company, program)
    with pytest.raises(NotEligible):
        office.approve(adjustment)
    assert [] == world.journals(company.rep)


def test_no_more_is_taken_than_the_program_has_paid_the_wallet(world: World) -> None:
    """Earned, less what was reversed, and adjusted: also once it was paid out."""
    office = Office.of(world)
    company, program = world.ready(reps=2)
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)
    office.reverse(earning, 4_000)
    office.approve(office.propose(company, program, 500))
    world.pay_out(company.rep, 11_000)
    first_one, second_one = (office.propose(company, program, -11_500) for _ in range(2))
    with pytest.raises(ExceedsEarning) as refused:
        office.propose(company, program, -11_501)
    office.approve(first_one)
    with pytest.raises(ExceedsEarning) as nothing_left:
        office.approve(second_one)
    for party in (company.reps[1], company.id):
        with pytest.raises(ExceedsEarning):
            office.propose(company, program, -1, wallet=party)

    assert [11_500, 0] == [one.value.left_minor for one in (refused, nothing_left)]
    assert Balance(held=11_000, receivable=-11_000) == world.balance(company.rep)
    assert 10_000_000 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def test_two_that_take_at_once_take_no_more_together_than_was_paid(world: World) -> None:
    office = Office.of(world)
    company, program = world.ready()
    world.approved(company, program)
    found = [office.propose(company, program, -10_000) for _ in range(2)]
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(*[lambda one=one: office.approve(one, portal=portal) for one in found])

    assert {Adjustment, ExceedsEarning} == {type(answer) for answer in answers}
    assert Balance(available=5_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_a_company_needs_no_consent_and_is_paid_itself(quick_world: World) -> None:
    world = quick_world
    office = Office.of(world)
    company, program = world.company(), world.program()
    approved = office.approve(office.propose(company, program, 5, wallet=company.id))

    wallet = world.load(Wallet, company.id)
    assert wallet is not None
    assert (None, 5) == (approved.consent_id, wallet.holding("USD").left_for(Payee.PARTNER))
    world.pay_out(company.executive, 5, wallet=company.id)


def test_a_budget_that_is_short_can_be_funded_and_asked_again(world: World) -> None:
    """The same request then, too: such a refusal is not stored."""
    office = Office.of(world)
    company, program = world.company(), world.program(budget={"USD": 99})
    adjustment = office.propose(company, program, 100, wallet=company.id)
    ask = world.ask(office.second)

    def approve() -> Adjustment:
        return adjustments.approve_adjustment(
            world.portal, ask, adjustment_id=adjustment.id
        ).adjustment

    with pytest.raises(BudgetExhausted) as refused:
        approve()
    world.fund(program, 1)
    approved, again = approve(), approve()

    assert 99 == refused.value.available_minor
    assert (approved.id, approved.status) == (again.id, again.status)
    assert Balance(available=100) == world.balance(company.id)
    assert 0 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def test_a_budget_that_gets_low_is_told(quick_world: World) -> None:
    world = quick_world
    office = Office.of(world)
    company, program = world.company(), world.program(budget={"USD": 1_600})
    office.approve(office.propose(company, program, 1_590, wallet=company.id))

    want = Many(Event, of_events(None))
    events = world.store.read([want])[want].records
    assert [program] == [event.subject_id for event in events if event.kind == "BudgetLow"]


@pytest.mark.parametrize("amount", [0, 10**12 + 1, -(10**12) - 1])
def test_an_adjustment_has_an_amount_that_a_transfer_can_move(
    quick_world: World, amount: int
) -> None:
    office = Office.of(quick_world)
    company, program = quick_world.ready()

    with pytest.raises(InvalidInput):
        office.propose(company, program, amount)


def test_what_is_proposed_names_what_is_there(quick_world: World) -> None:
    """A wallet of the partner, a program, an earning of just these."""
    world = quick_world
    office = Office.of(world)
    company, program = world.ready(reps=2)
    other, another = world.company(), world.program()
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)

    def field_of(propose: Callable[[], Adjustment], kind: type[Refusal]) -> str:
        with pytest.raises(kind) as refused:
            propose()
        found: str = refused.value.field  # type: ignore[attr-defined]
        return found

    def missing(propose: Callable[[], Adjustment]) -> str:
        return field_of(propose, NotFound)

    def wrong(propose: Callable[[], Adjustment]) -> str:
        return field_of(propose, InvalidInput)

    nobody = replace(earning, id=f"{company.rep}.0")
    theirs = company.reps[1]
    assert "partyId" == missing(lambda: office.propose(company, program, 1, wallet=other.rep))
    assert "partyId" == missing(lambda: office.propose(company, program, 1, wallet=program))
    assert "programId" == missing(lambda: office.propose(company, "prg-0", 1))
    assert "earningId" == missing(lambda: office.propose(company, program, 1, earning=nobody))
    assert "earningId" == wrong(lambda: office.propose(company, another, 1, earning=earning))
    assert "earningId" == wrong(
        lambda: office.propose(company, program, 1, wallet=theirs, earning=earning)
    )
    assert "earningId" == wrong(lambda: office.propose(company, program, -1, earning=earning))
    assert "amount" == wrong(lambda: office.propose(company, program, 1, asset="usd"))
    assert "amount" == wrong(lambda: office.propose(company, program, 1, asset="EUR"))
    assert "amount" == wrong(lambda: office.propose(company, program, -1, asset="EUR"))
    assert "amount" == wrong(
        lambda: office.propose(company, program, 1, asset="EUR", earning=earning)
    )


def test_nobody_adjusts_what_is_their_own(quick_world: World) -> None:
    """A rep who is the vendor's channel manager by now has its old wallet still."""
    world = quick_world
    office = Office.of(world)
    company, program = world.ready()
    adjustment = office.propose(company, program, 100)
    record = world.load(Individual, company.rep)
    assert record is not None
    world.wait()
    moved = Employment(None, Role.CHANNEL_MANAGER, world.now)
    world.store.commit([Save(replace(record, employments=(*record.employments, moved)))])

    with pytest.raises(SecondPersonRequired):
        office.propose(company, program, 100, by=company.rep)
    with pytest.raises(SecondPersonRequired):
        office.approve(adjustment, by=company.rep)
    with pytest.raises(SecondPersonRequired):
        office.reject(adjustment, by=company.rep)


def test_only_managers_propose_and_decide(quick_world: World) -> None:
    world = quick_world
    office = Office.of(world)
    company, program = world.ready()
    adjustment = office.propose(company, program, 100)

    for who in (company.rep, company.executive, world.colleague(Role.SERVICE)):
        with pytest.raises(NotPermitted):
            office.propose(company, program, 100, by=who)
        for decide in (office.approve, office.reject):
            with pytest.raises(NotPermitted):
                decide(adjustment, by=who)
    with pytest.raises(NotFound):
        office.approve(replace(adjustment, id=f"{company.rep}.0"))


def test_a_rejected_one_moves_nothing_and_stays_rejected(quick_world: World) -> None:
    """Its proposer may take it back, too."""
    world = quick_world
    office = Office.of(world)
    company, program = world.ready()
    adjustment = office.propose(company, program, 100)
    rejected = office.reject(adjustment, by=world.admin)

    assert (AdjustmentStatus.REJECTED, "It was not forgotten.") == (rejected.status, rejected.note)
    assert adjustment.id not in listed(world, OPEN_ADJUSTMENTS)
    for decide in (office.approve, office.reject):
        with pytest.raises(AdjustmentDecided) as refused:
            decide(adjustment)
        assert "REJECTED" == refused.value.status
    assert [] == world.journals(company.rep)


def deciding(office: Office, adjustment: Adjustment, portal: Portal) -> list[object]:
    """What approving and rejecting at once answer."""
    return in_parallel(
        lambda: office.approve(adjustment, portal=portal),
        lambda: office.reject(adjustment, portal=portal),
    )


def test_two_who_approve_at_once_post_it_once(world: World) -> None:
    """Fault F15 for corrections."""
    office = Office.of(world)
    company, program = world.ready()
    adjustment, third = office.propose(company, program, 100), world.colleague()
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        lambda: office.approve(adjustment, portal=portal),
        lambda: office.approve(adjustment, by=third, portal=portal),
    )

    assert {Adjustment, AdjustmentDecided} == {type(answer) for answer in answers}
    assert Balance(available=100) == world.balance(company.rep)
    assert 1 == len(world.journals(company.rep))
    assert [] == world.audit(program, company.parties)


def test_approving_against_rejecting_has_one_outcome(world: World) -> None:
    office = Office.of(world)
    company, program = world.ready()
    adjustment = office.propose(company, program, 100)

    answers = deciding(office, adjustment, world.on(Together(world.store, 2)))

    (decided,) = [answer for answer in answers if isinstance(answer, Adjustment)]
    assert 1 == len([answer for answer in answers if isinstance(answer, AdjustmentDecided)])
    posted = 100 if decided.status is AdjustmentStatus.APPROVED else 0
    assert Balance(available=posted) == world.balance(company.rep)
    assert decided.status is getattr(world.load(Adjustment, adjustment.id), "status", None)
    assert [] == world.audit(program, company.parties)


def test_a_consent_that_is_revoked_meanwhile_allows_nothing(world: World) -> None:
    """Domain rule 2.4: it is checked in the transaction that pays."""
    office = Office.of(world)
    company, program = world.company(), world.program()
    consent_id = world.consent(company, program)
    adjustment = office.propose(company, program, 100)

    def revoke() -> None:
        consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=consent_id)

    with pytest.raises(NotEligible):
        office.approve(adjustment, portal=world.on(FaultyStore(world.store, first(revoke))))
    assert [] == world.journals(company.rep)


def test_an_adjustment_against_a_payout_leaves_no_balance_below_its_floor(world: World) -> None:
    office = Office.of(world)
    company, program = world.ready()
    world.approved(company, program)
    adjustment = office.propose(company, program, -15_000)
    payout = first(lambda: world.pay_out(company.rep, 9_000))

    office.approve(adjustment, portal=world.on(FaultyStore(world.store, payout)))

    assert Balance(held=9_000, receivable=-9_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_two_adjustments_of_one_earning_at_once_are_both_kept(world: World) -> None:
    """The earning keeps both, whoever was first."""
    office = Office.of(world)
    company, program = world.ready()
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)
    found = [office.propose(company, program, amount, earning=earning) for amount in (1, 2)]
    portal = world.on(Together(world.store, 2))

    in_parallel(*[lambda one=one: office.approve(one, portal=portal) for one in found])

    kept = world.load(Earning, earning.id)
    assert kept is not None
    assert [1, 2] == sorted(one.amount_minor for one in kept.corrections)
    assert Balance(available=15_003) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)
