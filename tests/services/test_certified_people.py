"""Goals of certified people: each person counts once, for itself, its team and its company."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import Activity, OutcomeStatus, WithheldReason
from portal_api.domain.goals import GoalDefinition, Level, Measure
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.plans import Rule
from portal_api.services import goals, retries
from portal_api.services.use_case import Portal
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.aiming import TwoTeams
from tests.services.importing import findings
from tests.services.racing import Together
from tests.services.steps import TRAINING, define
from tests.services.stores import in_parallel
from tests.services.world import DAY, QUARTER, START, World, awarded, outcomes_of, withheld

CERTIFIED = replace(QUARTER, measure=Measure.CERTIFIED_PEOPLE, behavior="TRAINING")
COURSES = GoalDefinition(
    "C", "Courses", Measure.BEHAVIOR_COUNT, START, START + 90 * DAY, "TRAINING"
)
BONUS = Rule("bonus", "Bonus", Level.PARTNER, "USD", GoalBonus("Q", 50_000, 30_000))


def certifying(world: World, *rules: Rule, budget: dict[str, int] | None = None) -> TwoTeams:
    """Two teams in a program that counts certified people."""
    define(world)
    plan = (CERTIFIED, COURSES)
    program = world.program(*(rules or (TRAINING,)), goals=plan, budget=budget or {})
    return TwoTeams.of(world, program)


def train(
    teams: TwoTeams, person: str, days_ago: int = 0, portal: Portal | None = None
) -> Activity:
    world = teams.world
    return world.record(
        teams.company,
        teams.program,
        "TRAINING",
        f"course {world.new_id()}",
        rep=person,
        occurred_at=world.now - days_ago * DAY,
        portal=portal,
    ).activity


def test_a_person_counts_once_for_itself_its_team_and_its_company(world: World) -> None:
    """However often it is certified; its activities are counted by another goal."""
    teams = certifying(world)
    ann, bob, cat, dan = teams.company.reps

    certifies = [train(teams, person).certifies for person in (ann, ann, bob, ann, cat, dan)]

    assert [("Q",), (), ("Q",), (), ("Q",), ("Q",)] == certifies
    people = {f"individual.{person}": 1 for person in (ann, bob, cat, dan)}
    shared = {"partner": 4, f"team.{teams.team}": 2, f"team.{teams.other}": 1}
    assert shared | people == teams.counted(CERTIFIED)
    assert 6 == teams.counted(COURSES)["partner"]
    assert [] == findings(world.store)


def test_who_changes_team_stays_counted_where_it_was_certified(quick_world: World) -> None:
    teams = certifying(quick_world)
    ann = teams.company.rep
    train(teams, ann)

    teams.move(ann, teams.other)
    train(teams, ann)

    assert {"partner": 1, f"team.{teams.team}": 1, f"individual.{ann}": 1} == teams.counted(
        CERTIFIED
    )
    assert [] == findings(quick_world.store)


@pytest.mark.parametrize("days_ago", [9, 2])
def test_what_arrives_late_counts_nobody_twice(quick_world: World, days_ago: int) -> None:
    """Before the move or after it: the person counts for the team of what was recorded first."""
    teams = certifying(quick_world)
    ann = teams.company.rep
    quick_world.wait(7)
    teams.move(ann, teams.other)
    quick_world.wait(2)

    for late in (days_ago, 11 - days_ago):
        train(teams, ann, late)

    counted = teams.team if days_ago == 9 else teams.other
    assert {"partner": 1, f"team.{counted}": 1, f"individual.{ann}": 1} == teams.counted(CERTIFIED)
    assert [] == findings(quick_world.store)


def test_only_what_occurred_in_the_window_certifies(quick_world: World) -> None:
    teams = certifying(quick_world)
    quick_world.wait(90)

    first = train(teams, teams.company.rep)
    late = train(teams, teams.company.rep, 1)

    assert ((), ("Q",)) == (first.certifies, late.certifies)
    assert 1 == teams.counted(CERTIFIED)["partner"]


def test_certifications_of_one_person_at_once_count_once(lonely_engine: Engine) -> None:
    """All decide on a person that nobody has counted; one of them does."""
    world = World(TableStore(lonely_engine))
    teams = certifying(world)
    portal = world.on(Together(world.store, 4))

    found = in_parallel(*[lambda: train(teams, teams.company.rep, portal=portal)] * 4)

    assert [(), (), (), ("Q",)] == sorted(getattr(one, "certifies", ()) for one in found)
    assert 1 == teams.counted(CERTIFIED)["partner"]
    assert 4 == teams.counted(COURSES)["partner"]
    assert [] == findings(world.store)


def test_a_bonus_is_paid_for_people_and_not_for_courses(quick_world: World) -> None:
    teams = certifying(quick_world, BONUS, budget={"USD": 100_000})
    ann, bob, cat, _ = teams.company.reps
    aim(teams, 2, 3)

    made = [outcomes_of(train(teams, person)) for person in (ann, ann, bob, bob, cat)]

    assert [[], [], [awarded(50_000)], [], [awarded(30_000)]] == made
    assert [] == findings(quick_world.store)


def test_a_withheld_bonus_for_people_can_be_paid_later(quick_world: World) -> None:
    """The activity knows that it has counted its person."""
    teams = certifying(quick_world, BONUS)
    aim(teams, 1, 1)
    activity = train(teams, teams.company.rep)
    assert [
        withheld(50_000, WithheldReason.BUDGET_EXHAUSTED),
        withheld(30_000, WithheldReason.BUDGET_EXHAUSTED),
    ] == outcomes_of(activity)
    quick_world.fund(teams.program, 100_000)

    retried = retries.retry_withheld(
        quick_world.portal, quick_world.manage(), activity_id=activity.id
    ).activity

    assert [OutcomeStatus.AWARDED] * 2 == [outcome.status for outcome in retried.outcomes]
    assert 1 == teams.counted(CERTIFIED)["partner"]
    assert [] == findings(quick_world.store)


def aim(teams: TwoTeams, goal: int, stretch: int) -> None:
    goals.set_goal(
        teams.world.portal,
        teams.world.manage(),
        partner_id=teams.company.id,
        program_id=teams.program,
        level=Level.PARTNER,
        party_id=teams.company.id,
        goal_code="Q",
        goal=goal,
        stretch=stretch,
        currency=None,
    )
