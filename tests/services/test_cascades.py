"""Cascades: all targets of a goal in one write, which sum up or are refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from portal_api.domain.errors import GoalsDoNotAddUp, InvalidInput, NotFound, NotPermitted
from portal_api.domain.goals import Level, Measure
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.tiered import Band as TierBand
from portal_api.domain.mechanics.tiered import Tiered
from portal_api.domain.plans import Mechanic, Rule
from portal_api.services import deal_changes, goals
from portal_api.services.cascades import PartyTarget
from tests.services.aiming import TwoTeams
from tests.services.importing import findings
from tests.services.racing import Together
from tests.services.steps import define
from tests.services.stores import in_parallel
from tests.services.world import QUARTER, World, awarded, outcomes_of

CERTIFIED = replace(QUARTER, code="P", measure=Measure.CERTIFIED_PEOPLE, behavior="TRAINING")
TOLD = ("GoalReached", "StretchGoalReached")


@pytest.fixture
def teams(quick_world: World) -> TwoTeams:
    return TwoTeams.of(quick_world, quick_world.program(goals=(QUARTER,)))


def test_a_whole_tree_is_set_in_one_write(world: World) -> None:
    teams = TwoTeams.of(world, world.program(goals=(QUARTER,)))

    teams.cascade(*teams.tree())

    ann, bob, cat, dan = (f"individual.{rep}" for rep in teams.company.reps)
    assert {
        "partner": (100, 200),
        f"team.{teams.team}": (50, 80),
        f"team.{teams.other}": (30, 70),
        ann: (20, 40),
        bob: (30, 40),
        cat: (30, 70),
        dan: (20, 50),
    } == teams.aimed()
    assert 1 == teams.sheet.version


def test_what_does_not_sum_up_writes_nothing(teams: TwoTeams) -> None:
    *others, dan = teams.tree()

    with pytest.raises(GoalsDoNotAddUp) as refused:
        teams.cascade(*others, replace(dan, goal=19))

    assert ("0.99", "1.00", "-0.01") == (
        refused.value.sum_below,
        refused.value.expected,
        refused.value.difference,
    )
    assert {} == teams.aimed()


def test_a_single_target_that_breaks_a_sum_is_refused(teams: TwoTeams) -> None:
    """Of a parent or of a child; one that keeps the sums is set."""
    teams.cascade(*teams.tree())

    for party in (teams.company.id, teams.team, teams.company.rep):
        with pytest.raises(GoalsDoNotAddUp):
            set_one(teams, teams.target(party, 99, 199))
    set_one(teams, teams.target(teams.team, 50, 80))

    assert (50, 80) == teams.aimed()[f"team.{teams.team}"]


def test_over_assignment_is_declared_kept_and_expected(teams: TwoTeams) -> None:
    company, *others = teams.tree()
    less, over = replace(company, goal=90), teams.target(teams.company.id, 10, 0)

    teams.cascade(less, *others, over=(over,))

    assert (10, 0) == (
        teams.sheet.over["partner"]["Q"].goal,
        teams.sheet.over["partner"]["Q"].stretch,
    )
    set_one(teams, less)
    with pytest.raises(GoalsDoNotAddUp):
        set_one(teams, company)
    with pytest.raises(GoalsDoNotAddUp):
        teams.cascade(less, *others)


def test_an_executive_cascades_below_the_company_s_own_target(teams: TwoTeams) -> None:
    company, *others = teams.tree()
    with pytest.raises(NotPermitted):
        teams.cascade(company, *others, by=teams.company.executive)
    set_one(teams, company)

    teams.cascade(*others, by=teams.company.executive)

    assert (100, 200) == teams.aimed()["partner"]
    assert 7 == len(teams.aimed())
    with pytest.raises(GoalsDoNotAddUp):
        teams.cascade(*others[:-1], by=teams.company.executive)


SHARES = (TierBand(0, 100), TierBand(10_000, 300))


@pytest.mark.parametrize(
    ("level", "mechanic", "free"),
    [
        (Level.INDIVIDUAL, GoalBonus("Q", 50_000), False),
        (Level.TEAM, GoalBonus("Q", 50_000), False),
        (Level.PARTNER, GoalBonus("Q", 50_000), True),
        (Level.INDIVIDUAL, GoalBonus("other", 50_000), True),
        (Level.INDIVIDUAL, Tiered("Q", SHARES, of_target=True), False),
        (Level.INDIVIDUAL, Tiered("Q", SHARES), True),
    ],
)
def test_an_executive_sets_no_target_by_which_people_are_paid(
    quick_world: World, level: Level, mechanic: Mechanic, free: bool
) -> None:
    """One at a time, or all at once: also none at all."""
    world, rule = quick_world, Rule("rule", "Rule", level, "USD", mechanic)
    other = replace(QUARTER, code="other")
    teams = TwoTeams.of(world, world.program(rule, goals=(QUARTER, other)))
    teams.cascade(*teams.tree())
    executive = teams.company.executive

    attempts: list[Callable[[], object]] = [
        lambda: teams.cascade(by=executive),
        lambda: teams.cascade(equally=True, by=executive),
        lambda: set_one(teams, teams.target(teams.company.reps[2], 30, 70), executive),
        lambda: set_one(teams, teams.target(teams.team, 50, 80), executive),
    ]
    for attempt in reversed(attempts):
        if free:
            attempt()
            continue
        with pytest.raises(NotPermitted, match="the vendor sets its targets"):
            attempt()
    assert free or 7 == len(teams.aimed())


def test_a_cascade_takes_away_what_it_does_not_name(teams: TwoTeams) -> None:
    teams.cascade(*teams.tree())

    teams.cascade(teams.target(teams.company.rep, 1, 1))

    assert {"partner": (100, 200), f"individual.{teams.company.rep}": (1, 1)} == teams.aimed()


def test_who_moves_keeps_its_place_until_the_next_cascade(teams: TwoTeams) -> None:
    """The sums of now are those of the teams at which the targets were set."""
    teams.cascade(*teams.tree())
    ann = teams.company.rep
    teams.move(ann, teams.other)

    set_one(teams, teams.target(teams.company.reps[2], 30, 70))
    with pytest.raises(GoalsDoNotAddUp):
        set_one(teams, teams.target(ann, 20, 40))
    company, team, other, *people = teams.tree()
    less, more = replace(team, goal=30, stretch=40), replace(other, goal=50, stretch=110)
    teams.cascade(company, less, more, *people)

    assert {ann, teams.company.reps[2]} == {*teams.sheet.members[f"team.{teams.other}"]["Q"]}


@pytest.mark.parametrize("by_executive", [False, True])
def test_an_equal_division_goes_to_all_who_earn_and_sums_up(
    teams: TwoTeams, by_executive: bool
) -> None:
    """1.00 and 2.02 between four, the executive not among them; 0.02 more are declared."""
    company = teams.target(teams.company.id, 100, 202)
    over = (teams.target(teams.company.id, 2, 0),)
    if by_executive:
        set_one(teams, company)
        teams.cascade(over=over, equally=True, by=teams.company.executive)
    else:
        teams.cascade(company, over=over, equally=True)

    found = teams.aimed()
    people = [found[f"individual.{rep}"] for rep in teams.company.reps]
    assert ([25, 25, 26, 26], [50, 50, 51, 51]) == (
        sorted(goal for goal, _ in people),
        sorted(stretch for _, stretch in people),
    )
    ann, bob, cat, _ = people
    assert (ann[0] + bob[0], ann[1] + bob[1]) == found[f"team.{teams.team}"]
    assert cat == found[f"team.{teams.other}"]
    assert teams.company.executive not in "".join(found)


WRONG: dict[str, Callable[[TwoTeams], object]] = {
    "twice": lambda t: t.cascade(t.target(t.team, 1, 1), t.target(t.team, 1, 1)),
    "the unit": lambda t: t.cascade(t.target(t.team, 1, 1, currency=None)),
    "the stretch": lambda t: t.cascade(t.target(t.team, 2, 1)),
    "nothing": lambda t: t.cascade(t.target(t.team, 0, 1)),
    "over twice": lambda t: t.cascade(
        *t.tree(), over=(t.target(t.team, 1, 1), t.target(t.team, 1, 1))
    ),
    "over a person": lambda t: t.cascade(*t.tree(), over=(t.target(t.company.rep, 1, 1),)),
    "over nobody": lambda t: t.cascade(t.target(t.team, 1, 1), over=(t.target(t.team, 1, 1),)),
    "divided and named": lambda t: t.cascade(*t.tree(), equally=True),
    "divided nothing": lambda t: t.cascade(equally=True),
    "divided into nothing": lambda t: t.cascade(t.target(t.company.id, 3, 9), equally=True),
    "too many": lambda t: t.cascade(*(t.target(f"ind-{n}", 1, 1) for n in range(3_001))),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_cannot_be_meant_is_refused(
    teams: TwoTeams, wrong: Callable[[TwoTeams], object]
) -> None:
    with pytest.raises(InvalidInput):
        wrong(teams)
    assert {} == teams.aimed()


def test_nobody_and_nothing_of_others_is_named(teams: TwoTeams) -> None:
    """What is another partner's does not exist; nor does what is nobody's."""
    world = teams.world
    others = world.company()
    strangers = (
        PartyTarget(Level.PARTNER, others.id, 1, 1, "USD"),
        PartyTarget(Level.TEAM, others.partner.teams[0].id, 1, 1, "USD"),
        PartyTarget(Level.INDIVIDUAL, others.rep, 1, 1, "USD"),
        PartyTarget(Level.INDIVIDUAL, world.admin, 1, 1, "USD"),
        PartyTarget(Level.TEAM, "team-none", 1, 1, "USD"),
    )
    for stranger in strangers:
        with pytest.raises(NotFound):
            teams.cascade(stranger)
    with pytest.raises(NotFound):
        teams.cascade(teams.target(teams.team, 1, 1), code="NONE")
    with pytest.raises(NotFound):
        teams.cascade(teams.target(teams.team, 1, 1), by=others.executive)


def test_a_person_s_goal_of_certified_people_is_one(quick_world: World) -> None:
    define(quick_world)
    teams = TwoTeams.of(quick_world, quick_world.program(goals=(CERTIFIED,)))
    ann, bob, *_ = teams.company.reps
    tree = [teams.target(party, 1, 1, None) for party in (ann, bob)]
    tree.append(teams.target(teams.team, 2, 2, None))

    teams.cascade(*tree, code="P")

    with pytest.raises(InvalidInput):
        teams.cascade(teams.target(ann, 1, 2, None), code="P")


def test_cascades_at_once_leave_one_of_them(world: World) -> None:
    """The version of the sheet decides: never half of one and half of the other."""
    teams = TwoTeams.of(world, world.program(goals=(QUARTER,)))
    portal = world.on(Together(world.store, 2))
    double = [replace(one, goal=2 * one.goal, stretch=2 * one.stretch) for one in teams.tree()]

    in_parallel(
        lambda: teams.cascade(*teams.tree(), portal=portal),
        lambda: teams.cascade(*double, portal=portal),
    )

    expected = [[(one.goal, one.stretch) for one in tree] for tree in (teams.tree(), double)]
    assert sorted(teams.aimed().values()) in [sorted(one) for one in expected]
    assert 2 == teams.sheet.version


def set_one(teams: TwoTeams, target: PartyTarget, by: str | None = None) -> None:
    goals.set_goal(
        teams.world.portal,
        teams.world.ask(by) if by else teams.world.manage(),
        partner_id=teams.company.id,
        program_id=teams.program,
        level=target.level,
        party_id=target.party_id,
        goal_code="Q",
        goal=target.goal,
        stretch=target.stretch,
        currency=target.currency,
    )


def test_whoever_reaches_a_goal_is_told_of_once(world: World) -> None:
    """Person, team and company by one sale: the highest target reached, and none again."""
    teams = TwoTeams.of(world, world.program(goals=(QUARTER,)))
    teams.cascade(*teams.tree())
    ann, team = f"individual.{teams.company.rep}", f"team.{teams.team}"
    assert [] == teams.events(*TOLD)

    sold = world.win(world.register(teams.company, teams.program), 50).deal

    assert sorted([("StretchGoalReached", f"{ann}:Q"), ("GoalReached", f"{team}:Q")]) == sorted(
        teams.events(*TOLD)
    )
    deal_changes.return_deal(world.portal, world.manage(), deal_id=sold.id, occurred_at=None)
    world.win(world.register(teams.company, teams.program), 50)
    assert 2 == len(teams.events(*TOLD))
    world.win(world.register(teams.company, teams.program), 50)
    assert sorted([("GoalReached", "partner:Q"), ("StretchGoalReached", f"{team}:Q")]) == sorted(
        teams.events(*TOLD)[2:]
    )


def test_a_raised_target_is_told_of_when_it_is_reached(teams: TwoTeams) -> None:
    world, rep = teams.world, teams.company.rep
    for goal in (10, 30, 20):
        teams.cascade(teams.target(rep, goal, 1_000))
        world.win(world.register(teams.company, teams.program), 20)

    assert [("GoalReached", f"individual.{rep}:Q")] * 2 == teams.events(*TOLD)


def test_what_two_sales_reach_together_is_told_by_the_next(world: World) -> None:
    """Neither sees the other; where a bonus hangs on it, one of them decides again and does."""
    teams = TwoTeams.of(world, world.program(goals=(QUARTER,)))
    teams.cascade(teams.target(teams.company.id, 100, 1_000))
    deals = [world.register(teams.company, teams.program, rep=rep) for rep in teams.company.reps]
    portal = world.on(Together(world.store, 2))

    in_parallel(*(lambda deal=deal: world.win(deal, 60, portal=portal) for deal in deals[:2]))
    world.win(deals[2], 1)

    assert [("GoalReached", "partner:Q")] == teams.events(*TOLD)


def test_two_sales_that_reach_a_bonus_together_are_told_at_once(world: World) -> None:
    bonus = Rule("bonus", "Bonus", Level.PARTNER, "USD", GoalBonus("Q", 500))
    teams = TwoTeams.of(world, world.program(bonus, goals=(QUARTER,)))
    teams.cascade(teams.target(teams.company.id, 100, 1_000))
    deals = [world.register(teams.company, teams.program, rep=rep) for rep in teams.company.reps]
    portal = world.on(Together(world.store, 2))

    won = in_parallel(*(lambda deal=deal: world.win(deal, 60, portal=portal) for deal in deals[:2]))

    assert [[], [awarded(500)]] == sorted(outcomes_of(one.activity) for one in won)  # type: ignore[attr-defined]
    assert [("GoalReached", "partner:Q")] == teams.events(*TOLD)


def test_what_a_cascade_sets_is_sound(teams: TwoTeams) -> None:
    teams.cascade(*teams.tree())
    for rep in teams.company.reps:
        teams.world.win(teams.world.approved(teams.company, teams.program, rep=rep), 70)

    assert [] == findings(teams.world.store)
