"""Goals pay their bonuses once, to the person or the company, and progress is counted for both."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import WithheldReason
from portal_api.domain.errors import NotFound
from portal_api.domain.goals import Level, Progress
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.domain.rewards import Rule
from portal_api.services import partners
from tests.services.world import QUARTER, World, awarded, outcomes_of, withheld


def test_a_goal_bonus_is_paid_once_at_the_goal_and_once_at_the_stretch_goal(world: World) -> None:
    """Individual and partner level side by side; the company's is paid to the company's wallet."""
    own = Rule("own", "Own", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000, 30_000))
    company_s = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000))
    company = world.company(reps=2)
    ann, bob = company.reps
    program = world.program(own, company_s, goals=(QUARTER,))
    world.consent(company, program)
    world.enroll(company, program)
    world.target(company, program, ann, 5_000_000, 8_000_000)
    world.target(company, program, company.id, 6_000_000, 9_000_000, Level.PARTNER)

    wins = [
        world.win(world.approved(company, program, rep=rep), 3_000_000)
        for rep in (ann, bob, ann, ann, ann)
    ]

    assert [
        [],
        [awarded(200_000)],
        [awarded(50_000)],
        [awarded(30_000)],
        [],
    ] == [outcomes_of(win.activity) for win in wins]
    assert [80_000, 0, 200_000] == [
        world.balance(party).available for party in (ann, bob, company.id)
    ]
    assert [] == world.audit(program, company.parties)


def test_a_company_s_bonus_needs_no_individual_s_consent(quick_world: World) -> None:
    world = quick_world
    bonus = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000, 1))
    company, program = world.company(), world.program(bonus, goals=(QUARTER,))
    world.target(company, program, company.id, 1, 1, Level.PARTNER)

    win = world.win(world.register(company, program))

    assert [awarded(200_000), awarded(1)] == outcomes_of(win.activity)
    assert 200_001 == world.balance(company.id).available
    assert 1 == world.pay_out(company.executive, 1, wallet=company.id).payout.amount_minor


def test_a_withheld_bonus_is_decided_and_not_paid_by_the_next_deal(quick_world: World) -> None:
    world = quick_world
    bonus = Rule("own", "Own", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000, 30_000))
    company, program = world.company(), world.program(bonus, goals=(QUARTER,))
    world.enroll(company, program)
    world.target(company, program, company.rep, 3_000_000, 6_000_000)

    first = world.win(world.approved(company, program))
    world.consent(company, program)
    second = world.win(world.approved(company, program))

    assert [withheld(50_000, WithheldReason.NO_CONSENT)] == outcomes_of(first.activity)
    assert [awarded(30_000)] == outcomes_of(second.activity)


def test_a_mover_reaches_the_goals_of_its_new_partner_too(quick_world: World) -> None:
    """Its wallet goes with it; the bonus of the old partner must not block that of the new one."""
    world = quick_world
    bonus = Rule("own", "Own", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000))
    old, new = world.company(), world.company()
    program, mover = world.program(bonus, goals=(QUARTER,)), old.rep
    for company in (old, new):
        world.consent(company, program)
    world.enroll(old, program)
    world.target(old, program, mover, 3_000_000, 3_000_000)
    world.win(world.approved(old, program))
    world.wait()
    person = world.load(Individual, mover)
    assert person is not None
    left = replace(person.employments[0], valid_to=world.now)
    arrived = Employment(new.id, Role.SALES_REP, world.now)
    moved = replace(person, employments=(left, arrived))
    world.store.commit(partners.individual_writes(moved))
    world.enroll(new, program, mover)
    world.target(new, program, mover, 3_000_000, 3_000_000)

    win = world.win(world.approved(new, program, rep=mover))

    assert [awarded(50_000)] == outcomes_of(win.activity)
    assert 100_000 == world.balance(mover).available
    with pytest.raises(NotFound):
        world.register(old, program, rep=mover)


def test_activities_count_for_person_team_and_partner_and_pay_is_counted_beside_them(
    quick_world: World,
) -> None:
    world = quick_world
    company, program = world.ready(reps=2)
    for rep in company.reps:
        world.win(world.approved(company, program, rep=rep), 2_400_000)
    world.approved(company, program)
    team = company.partner.teams[0].id
    prefix = f"{company.id}.{program}"
    won = {"won": 1, "won_minor": 2_400_000}

    found = {
        party: world.load(Progress, f"{prefix}.{party}")
        for party in (f"individual.{company.reps[1]}", f"team.{team}", "partner")
    }

    shared = {"won": 2, "won_minor": 4_800_000, "deals": 3, "earned:USD": 159_000, "earners:USD": 2}
    assert {
        f"individual.{company.reps[1]}": {**won, "deals": 1, "earned:USD": 72_000},
        f"team.{team}": shared,
        "partner": shared,
    } == {party: dict(progress.counters) if progress else None for party, progress in found.items()}
