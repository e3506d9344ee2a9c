"""Goals pay their bonuses once, to the person or the company, and progress is counted for both."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import WithheldReason
from portal_api.domain.deals import Deal
from portal_api.domain.errors import NotFound
from portal_api.domain.goals import Level, Progress
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.domain.plans import Rule
from portal_api.domain.writes import Save
from portal_api.services import deal_changes, partners, plans
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
        f"individual.{company.reps[1]}": {
            **won,
            "deals": 1,
            "earned:USD": 72_000,
            f"among:{team}:USD": 72_000,
        },
        f"team.{team}": shared,
        "partner": {**shared, "revenue:M2026-01": 4_800_000},
    } == {party: dict(progress.counters) if progress else None for party, progress in found.items()}


def goal(world: World, company: Company, program: str, party: str) -> int:
    """What a party has of the quarter's goal."""
    progress = world.load(Progress, f"{company.id}.{program}.{party}")
    return progress.count("goal:Q") if progress else 0


def took_back(world: World, deal: Deal) -> deal_changes.DealReturned:
    return deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)


def test_a_return_is_counted_off_from_the_team_that_made_the_sale(world: World) -> None:
    """Whoever moved in between takes the revenue of the old team nowhere."""
    company, elsewhere = world.company(), world.company()
    program = world.program(goals=(QUARTER,))
    sold = world.win(world.register(company, program)).deal
    world.wait()
    team, other = company.partner.teams[0].id, elsewhere.partner.teams[0].id
    person = world.load(Individual, company.rep)
    assert person is not None
    before = replace(person.employments[0], valid_to=world.now)
    now = replace(before, valid_from=world.now, valid_to=None, team_id=other)
    world.store.commit([Save(replace(person, employments=(before, now)))])
    later = world.win(world.register(company, program, 1), 1).deal
    world.wait()

    took_back(world, sold)

    parties = [f"individual.{company.rep}", "partner", f"team.{team}", f"team.{other}"]
    assert [1, 1, 0, 1] == [goal(world, company, program, party) for party in parties]
    took_back(world, later)
    assert [0] * 4 == [goal(world, company, program, party) for party in parties]


@pytest.mark.parametrize("first", [False, True], ids=["introduced", "dropped"])
def test_a_goal_that_another_version_has_counts_a_sale_and_its_return_alike(
    world: World, first: bool
) -> None:
    """By the version of the sale: a goal that comes later does not go below zero."""
    company = world.company()
    program = world.program(goals=(QUARTER,) if first else ())
    sold = world.win(world.register(company, program)).deal
    world.wait()
    content = plans.PlanContent((MILESTONES,), () if first else (QUARTER,))
    plans.publish_plan(world.portal, world.manage(), program_id=program, content=content)
    world.wait()
    world.win(world.register(company, program, 7), 7)
    took_back(world, sold)

    parties = [f"individual.{company.rep}", f"team.{company.partner.teams[0].id}", "partner"]
    assert [0 if first else 7] * 3 == [goal(world, company, program, party) for party in parties]


@pytest.mark.parametrize(
    ("retrospective", "on_second"),
    # Of 80,000.00: 1,600.00. Then 400.00 + 2,000.00; or 5 % of 140,000.00 less 1,600.00.
    [(False, 240_000), (True, 540_000)],
)
def test_a_tiered_rule_counts_what_it_pays_for_and_a_return_gives_back_just_that(
    quick_world: World, retrospective: bool, on_second: int
) -> None:
    """A sale that was withheld does not raise the band; 60,000.00 again is paid as before it."""
    bands = Tiered("Q", (Band(0, 200), Band(10_000_000, 500)), retrospective)
    rule = Rule("tiered", "Tiered", Level.INDIVIDUAL, "USD", bands)
    world = quick_world
    company, program = world.company(), world.program(rule, goals=(QUARTER,), budget={})
    world.consent(company, program)
    world.enroll(company, program)
    unpaid = world.win(world.register(company, program), 9_000_000).activity
    assert [withheld(180_000, WithheldReason.BUDGET_EXHAUSTED)] == outcomes_of(unpaid)
    world.fund(program, 10_000_000)

    first = world.win(world.register(company, program), 8_000_000)
    second = world.win(world.register(company, program), 6_000_000)

    assert [[awarded(160_000)], [awarded(on_second)]] == [
        outcomes_of(one.activity) for one in (first, second)
    ]
    assert [taken_back(on_second)] == outcomes_of(took_back(world, second.deal).activity)
    assert 160_000 == world.balance(company.rep).available
    again = world.win(world.register(company, program), 6_000_000)
    assert [awarded(on_second)] == outcomes_of(again.activity)
    assert [taken_back(160_000)] == outcomes_of(took_back(world, first.deal).activity)
    # 60,000.00 are left. Marginal, the next are 2 % again; retrospective, it was paid too much.
    last = world.win(world.register(company, program), 2_000_000)
    assert [awarded(0 if retrospective else 40_000)] == outcomes_of(last.activity)
    assert [] == world.audit(program, company.parties)
