"""Disputes hang on one earning, are opened in time by its owner, and answered by the vendor."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal_api.domain.adjustments import AdjustmentStatus
from portal_api.domain.disputes import ANSWER_DAYS, Dispute, DisputeStatus
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import (
    AlreadyDisputed,
    DisputeNotOpen,
    DisputeTooLate,
    InvalidInput,
    NotFound,
    NotPermitted,
    SecondPersonRequired,
)
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.domain.plans import Rule
from portal_api.domain.programs import DISPUTE_DAYS, Program
from portal_api.domain.writes import Save
from portal_api.services import disputes, programs
from portal_api.services.adjustments import OPEN_DISPUTES
from portal_api.services.use_case import Portal
from tests.services.correcting import Office, earnings_of, listed
from tests.services.racing import Together
from tests.services.stores import in_parallel
from tests.services.world import MILESTONES, Company, World


def an_earning(world: World) -> tuple[Company, str, Earning]:
    """An approved registration of 15,000."""
    company, program = world.ready()
    world.approved(company, program)
    (earning,) = earnings_of(world, company.rep)
    return company, program, earning


def open_one(world: World, who: str, earning: Earning, portal: Portal | None = None) -> Dispute:
    return disputes.open_dispute(
        portal or world.portal,
        world.ask(who),
        earning_id=earning.id,
        reason="It was\na larger deal.",
    ).dispute


def accept(
    world: World, dispute: Dispute, amount_minor: int = 3_000, portal: Portal | None = None
) -> disputes.DisputeAccepted:
    return disputes.accept_dispute(
        portal or world.portal,
        world.manage(),
        dispute_id=dispute.id,
        amount_minor=amount_minor,
        answer="It was.",
    )


def reject(
    world: World, dispute: Dispute, by: str | None = None, portal: Portal | None = None
) -> Dispute:
    return disputes.reject_dispute(
        portal or world.portal,
        world.ask(by or world.admin),
        dispute_id=dispute.id,
        answer="It was not.",
    ).dispute


def mine(world: World, *found: Dispute) -> list[int]:
    """The places of disputes among the open ones, in the order of their list."""
    ids = [dispute.id for dispute in found]
    return [ids.index(one) for one in listed(world, OPEN_DISPUTES) if one in ids]


def test_an_accepted_dispute_is_paid_once_a_second_person_agrees(world: World) -> None:
    """Domain rule 6.6: OPEN, then ACCEPTED with an adjustment of the earning."""
    office = Office.of(world)
    company, program, earning = an_earning(world)
    opened = open_one(world, company.rep, earning)
    waiting = mine(world, opened)
    done = accept(world, opened)
    with pytest.raises(SecondPersonRequired):
        office.approve(done.adjustment, by=world.admin)
    between = world.balance(company.rep)
    office.approve(done.adjustment)

    due_at = world.now + timedelta(days=ANSWER_DAYS)
    assert (DisputeStatus.OPEN, due_at) == (opened.status, opened.due_at)
    assert ([0], []) == (waiting, mine(world, opened))
    expected = (DisputeStatus.ACCEPTED, "It was.", done.adjustment.id)
    assert expected == (done.dispute.status, done.dispute.answer, done.dispute.adjustment_id)
    amounts = (done.adjustment.earning_id, done.adjustment.amount_minor, done.adjustment.asset)
    assert (earning.id, 3_000, "USD") == amounts
    assert [15_000, 18_000] == [between.available, world.balance(company.rep).available]
    assert [] == world.audit(program, company.parties)


def test_it_is_open_again_when_its_adjustment_is_rejected(world: World) -> None:
    """At its old place, and can be answered anew; another adjustment does not touch it."""
    office = Office.of(world)
    company, program, earning = an_earning(world)
    opened = open_one(world, company.rep, earning)
    other = office.propose(company, program, 1, earning=earning)
    done = accept(world, opened)
    office.reject(other)
    still = world.load(Dispute, opened.id)
    office.reject(done.adjustment)
    again = world.load(Dispute, opened.id)
    waiting = mine(world, opened)
    rejected = reject(world, opened)

    assert still == replace(done.dispute, version=still.version if still else 0)
    assert again == replace(opened, version=again.version if again else 0)
    assert ([0], []) == (waiting, mine(world, opened))
    assert (DisputeStatus.REJECTED, "It was not.") == (rejected.status, rejected.answer)
    assert Balance(available=15_000) == world.balance(company.rep)


def test_what_was_decided_is_decided(quick_world: World) -> None:
    world = quick_world
    company, _, earning = an_earning(world)
    rejected = reject(world, open_one(world, company.rep, earning))

    for answer in (reject, accept):
        with pytest.raises(DisputeNotOpen) as refused:
            answer(world, rejected)
        assert "REJECTED" == refused.value.status
    with pytest.raises(AlreadyDisputed) as again:
        open_one(world, company.rep, earning)
    assert "REJECTED" == again.value.status


@pytest.mark.parametrize("days", [None, 5])
def test_an_earning_is_disputed_in_time(quick_world: World, days: int | None) -> None:
    """90 days from when it was recorded, or as many as its program says."""
    world = quick_world
    company, program, earning = an_earning(world)
    if days is not None:
        record = world.load(Program, program)
        assert record is not None
        changed = replace(record, dispute_days=days)
        world.store.commit(programs.program_writes(changed))
    allowed = timedelta(days=days or DISPUTE_DAYS)
    world.now += allowed + timedelta(seconds=1)
    with pytest.raises(DisputeTooLate) as refused:
        open_one(world, company.rep, earning)
    world.now -= timedelta(seconds=1)

    assert (earning.recorded_at + allowed).isoformat() == refused.value.deadline
    assert DisputeStatus.OPEN is open_one(world, company.rep, earning).status


def test_only_its_owner_disputes_an_earning(quick_world: World) -> None:
    """A company's by its executive; nobody else finds it."""
    world = quick_world
    company_rule = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 500))
    company, program = world.ready(MILESTONES, company_rule, reps=2)
    world.win(world.approved(company, program))
    own, _ = earnings_of(world, company.rep)
    (company_s,) = earnings_of(world, company.id)
    rival = world.company()

    for who in (company.reps[1], company.executive, rival.rep, rival.executive):
        with pytest.raises(NotFound):
            open_one(world, who, own)
    for who in (company.rep, rival.executive):
        with pytest.raises(NotFound):
            open_one(world, who, company_s)
    with pytest.raises(NotPermitted):
        open_one(world, world.admin, own)
    assert company.id == open_one(world, company.executive, company_s).wallet_id
    assert company.rep == open_one(world, company.rep, own).wallet_id


def test_the_first_to_be_answered_is_the_first_on_the_list(quick_world: World) -> None:
    """And an answer that is late is overdue."""
    world = quick_world
    company, program = world.ready()
    for _ in range(2):
        world.approved(company, program)
    older, newer = earnings_of(world, company.rep)
    first_opened = open_one(world, company.rep, newer)
    world.wait()
    second_opened = open_one(world, company.rep, older)
    world.now = first_opened.due_at + timedelta(seconds=1)

    assert [0, 1] == mine(world, first_opened, second_opened)
    overdue = (first_opened.overdue(world.now), second_opened.overdue(world.now))
    assert (True, False) == overdue
    assert not reject(world, first_opened).overdue(world.now)


def test_nobody_answers_their_own_and_who_agrees_gives_something(quick_world: World) -> None:
    world = quick_world
    company, _, earning = an_earning(world)
    opened = open_one(world, company.rep, earning)
    for amount in (0, -1):
        with pytest.raises(InvalidInput):
            accept(world, opened, amount)
    with pytest.raises(NotFound):
        accept(world, replace(opened, id=f"{company.rep}.0"))
    record = world.load(Individual, company.rep)
    assert record is not None
    world.wait()
    moved = Employment(None, Role.CHANNEL_MANAGER, world.now)
    world.store.commit([Save(replace(record, employments=(*record.employments, moved)))])
    with pytest.raises(SecondPersonRequired):
        reject(world, opened, by=company.rep)


def test_an_earning_that_is_disputed_twice_at_once_is_disputed_once(world: World) -> None:
    company, _, earning = an_earning(world)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(*[lambda: open_one(world, company.rep, earning, portal)] * 2)

    assert {Dispute, AlreadyDisputed} == {type(answer) for answer in answers}


def test_accepting_against_rejecting_has_one_outcome(world: World) -> None:
    """One adjustment is proposed, or none."""
    company, _, earning = an_earning(world)
    opened = open_one(world, company.rep, earning)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        lambda: accept(world, opened, portal=portal),
        lambda: reject(world, opened, portal=portal),
    )

    decided = world.load(Dispute, opened.id)
    assert decided is not None
    assert 1 == len([answer for answer in answers if isinstance(answer, DisputeNotOpen)])
    accepted = decided.status is DisputeStatus.ACCEPTED
    assert accepted is (decided.adjustment_id is not None)
    proposed = [one for one in answers if isinstance(one, disputes.DisputeAccepted)]
    assert [AdjustmentStatus.PROPOSED] * accepted == [one.adjustment.status for one in proposed]
