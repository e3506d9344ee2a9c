"""Whoever earns was employed at the partner when it acted, whatever it is by now."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import Activity, WithheldReason
from portal_api.domain.deals import Credit
from portal_api.domain.errors import NothingWithheld
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Individual, PersonStatus, Role
from portal_api.domain.plans import Rule
from portal_api.domain.writes import Save
from portal_api.services import deal_changes, erasing
from portal_api.services.dry_runs import dry_run
from portal_api.services.retries import retry_withheld
from tests.services.consenting import available, findings, forgone, granted
from tests.services.moving import leave, place
from tests.services.past import BACK, TEAM
from tests.services.steps import TRAINING, define
from tests.services.world import (
    DAY,
    START,
    Company,
    World,
    awarded,
    outcomes_of,
    withheld,
)

GONE = WithheldReason.NOT_EMPLOYED
NOT_THEN = [withheld(50, GONE)]


def a_program(world: World, *rules: Rule, retroactive: bool = True) -> str:
    define(world)
    budget = {"USD": 10**6, "POINTS": 10**6}
    return world.program(*(rules or (TRAINING,)), budget=budget, retroactive=retroactive)


def now(world: World, activity: Activity) -> list[object]:
    found = world.load(Activity, activity.id)
    assert found is not None
    return [*outcomes_of(found)]


def newcomer(world: World, company: Company) -> Company:
    """The company with a rep who begins now."""
    rep = world.person(company.partner, Role.SALES_REP)
    return replace(company, reps=(*company.reps, rep))


@pytest.mark.parametrize("consented", [True, False])
def test_what_somebody_did_before_it_was_hired_is_never_paid(
    quick_world: World, consented: bool
) -> None:
    """Not when it is recorded, with a consent that covers the time, nor by one that looks back."""
    world = quick_world
    program, company = a_program(world), world.company(reps=0)
    world.wait(10)
    if consented:
        granted(world, company, program, BACK)
    world.wait(10)
    company = newcomer(world, company)
    world.enroll(company, program)
    late = world.record(company, program, "TRAINING", "1", occurred_at=START + DAY).activity
    world.wait()
    if not consented:
        granted(world, company, program, BACK)
    assert NOT_THEN == outcomes_of(late) == now(world, late)
    assert [0] == available(world, company.reps, "POINTS")
    assert [0, 0, 0] == forgone(world, company, program, "POINTS")


def test_what_somebody_did_while_it_worked_elsewhere_is_not_paid_when_it_is_back(
    quick_world: World,
) -> None:
    world = quick_world
    program, company, other = a_program(world), world.company(), world.company(reps=0)
    world.wait()
    place(world, company, to=other)
    world.wait()
    gap = world.now
    world.wait()
    place(world, other, company.rep, to=company)
    world.wait()
    world.enroll(company, program)
    late = world.record(company, program, "TRAINING", "1", occurred_at=gap).activity
    world.wait()
    granted(world, company, program, BACK)
    retried = now(world, late)
    assert (NOT_THEN, NOT_THEN) == (outcomes_of(late), retried)
    assert [0] == available(world, company.reps, "POINTS")


def test_who_left_is_paid_for_what_it_did_before(quick_world: World) -> None:
    world = quick_world
    program, company = a_program(world), world.company()
    world.enroll(company, program)
    granted(world, company, program)
    world.wait()
    done = world.now
    world.wait()
    leave(world, company)
    world.wait()
    late = world.record(
        company, program, "TRAINING", "1", occurred_at=done, ask=world.manage()
    ).activity
    assert [awarded(50)] == outcomes_of(late)


def test_a_share_of_a_sale_before_one_was_hired_is_withheld(quick_world: World) -> None:
    """A newcomer is credited with what was sold before: the other's part is paid."""
    world = quick_world
    sale = Rule("sale", "Sale", Level.INDIVIDUAL, "USD", Flat("DEAL_WON", 1_000))
    company, program = world.ready(sale)
    deal = world.approved(company, program)
    world.wait()
    sold = world.now
    world.wait()
    company = newcomer(world, company)
    world.enroll(company, program, company.reps[1])
    halves = tuple(Credit(rep, 1) for rep in company.reps)
    shared = deal_changes.credit_deal(
        world.portal, world.manage(), deal_id=deal.id, credits=halves
    ).deal
    won = world.win(shared, occurred_at=sold).activity
    assert [awarded(500), withheld(500, GONE)] == outcomes_of(won)


def test_a_team_does_not_share_with_who_came_after_it_earned(quick_world: World) -> None:
    world = quick_world
    program, company = a_program(world, TEAM, retroactive=False), world.company(reps=2)
    world.enroll(company, program)
    granted(world, company, program)
    world.wait()
    done = world.now
    world.wait()
    company = newcomer(world, company)
    world.enroll(company, program, company.reps[2])
    world.record(company, program, "TRAINING", "1", occurred_at=done)
    assert [50, 50, 0] == available(world, company.reps)


def test_what_is_recorded_of_somebody_who_is_erased_is_withheld(quick_world: World) -> None:
    """Its wallet is empty for good, and nobody could pay it out."""
    world = quick_world
    program, company = a_program(world), world.company()
    world.enroll(company, program)
    granted(world, company, program)
    world.wait()
    done = world.now
    world.wait()
    leave(world, company)
    erasing.erase_individual(world.portal, world.manage(), at=company.id, individual_id=company.rep)
    late = world.record(
        company, program, "TRAINING", "1", occurred_at=done, ask=world.manage()
    ).activity
    assert NOT_THEN == outcomes_of(late)
    with pytest.raises(NothingWithheld):
        retry_withheld(world.portal, world.manage(), activity_id=late.id)
    assert [0] == available(world, company.reps, "POINTS")
    assert [] == findings(world)


def test_a_dry_run_judges_who_is_erased_by_now_as_it_was(quick_world: World) -> None:
    world = quick_world
    program, company = a_program(world), world.company()
    world.enroll(company, program)
    granted(world, company, program)
    world.wait()
    world.record(company, program, "TRAINING", "1")
    world.wait()
    leave(world, company)

    def line() -> tuple[int, int]:
        (told,) = dry_run(world.portal, program_id=program, partner_id=company.id, number=1).lines
        return told.would_pay_minor, told.paid_minor

    before = line()
    person = world.load(Individual, company.rep)
    assert person is not None
    world.store.commit([Save(replace(person, status=PersonStatus.ERASED))])
    assert (50, 50) == before == line()
