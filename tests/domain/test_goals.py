"""Goals: what is counted in a window, targets, and progress that only ever adds up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import goals
from portal_api.domain.activities import DEAL_REGISTERED, DEAL_RETURNED, DEAL_WON, Activity
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.errors import InvalidInput
from portal_api.domain.goals import (
    GoalDefinition,
    GoalSheet,
    Level,
    Measure,
    Part,
    Progress,
    Target,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
DEAL = Deal("p.ann.g.1", "p", "ann", "g", None, "Pro", 3_000_000, "USD", T0)
WON = replace(DEAL, stage=DealStage.WON, closed_at=T0)
HALF = Part(1_500_000)
counters = st.dictionaries(st.sampled_from("abc"), st.integers(-100, 100))


def a_goal(measure: Measure, behavior: str | None = None) -> GoalDefinition:
    return GoalDefinition("Q", "Quarter", measure, T0, T0 + 90 * DAY, behavior)


def an_activity(behavior: str, at: datetime = T0) -> Activity:
    return Activity("p.ann.g.2", "p", "ann", "g", behavior, at, at, "deal", "1", DEAL.id)


@pytest.mark.parametrize(
    ("goal", "behavior", "deal", "added"),
    [
        (a_goal(Measure.WON_REVENUE), DEAL_WON, WON, 1_500_000),
        (a_goal(Measure.WON_REVENUE), DEAL_RETURNED, WON, -1_500_000),
        (a_goal(Measure.WON_REVENUE), DEAL_REGISTERED, WON, 0),
        (a_goal(Measure.WON_REVENUE), DEAL_WON, None, 0),
        (a_goal(Measure.WON_REVENUE), DEAL_WON, DEAL, 0),
        (a_goal(Measure.DEALS_REGISTERED), DEAL_REGISTERED, DEAL, 1),
        (a_goal(Measure.DEALS_REGISTERED), DEAL_WON, WON, 0),
        (a_goal(Measure.BEHAVIOR_COUNT, "TRAINING"), "TRAINING", None, 1),
        (a_goal(Measure.BEHAVIOR_COUNT, "TRAINING"), "DEMO", None, 0),
    ],
)
def test_a_goal_counts_what_its_measure_says(
    goal: GoalDefinition, behavior: str, deal: Deal | None, added: int
) -> None:
    """Revenue by the party's share of it; what others did is nobody else's count."""
    assert added == goal.counted(an_activity(behavior), deal, HALF)
    others = goal.counted(an_activity(behavior), deal, replace(HALF, own=False))
    assert (added if goal.measure is Measure.WON_REVENUE else 0) == others


@pytest.mark.parametrize(
    ("at", "added"),
    [(T0 - MOMENT, 0), (T0, 1), (T0 + 90 * DAY - MOMENT, 1), (T0 + 90 * DAY, 0)],
)
def test_a_goal_counts_from_its_start_up_to_but_without_its_end(at: datetime, added: int) -> None:
    """Revenue by when the deal was won, whenever that is recorded or undone."""
    goal = a_goal(Measure.BEHAVIOR_COUNT, "TRAINING")
    revenue = a_goal(Measure.WON_REVENUE)
    won = replace(WON, closed_at=at)

    assert added == goal.counted(an_activity("TRAINING", at), None, Part())
    assert [added, -added] == [
        revenue.counted(an_activity(behavior, T0 + 99 * DAY), won, Part(1))
        for behavior in (DEAL_WON, DEAL_RETURNED)
    ]


@pytest.mark.parametrize(
    ("behavior", "part", "expected"),
    [
        (DEAL_REGISTERED, HALF, {"deals": 1}),
        (DEAL_REGISTERED, replace(HALF, own=False), {}),
        (DEAL_WON, HALF, {"goal:Q": 1_500_000, "won": 1, "won_minor": 1_500_000}),
        (DEAL_RETURNED, HALF, {"goal:Q": -1_500_000, "won": -1, "won_minor": -1_500_000}),
        (DEAL_WON, Part(7, own=False), {"goal:Q": 7, "won_minor": 7}),
        (DEAL_WON, Part(0), {"won": 1}),
        ("TRAINING", HALF, {}),
    ],
)
def test_an_activity_adds_to_its_counters_and_names_no_others(
    behavior: str, part: Part, expected: dict[str, int]
) -> None:
    found = goals.counted((a_goal(Measure.WON_REVENUE),), an_activity(behavior), WON, part)

    assert expected == found


@given(first=counters, second=counters)
def test_progress_does_not_depend_on_the_order_of_what_is_added(
    first: dict[str, int], second: dict[str, int]
) -> None:
    start = Progress("x", {"a": 5})

    there, back = start.plus(first).plus(second), start.plus(second).plus(first)

    assert there == back
    assert 5 + first.get("a", 0) + second.get("a", 0) == there.count("a")
    assert {"a": 5} == start.counters


def test_a_target_is_set_without_touching_the_others() -> None:
    sheet = GoalSheet("p.g", "p", "g").with_target("partner", "Q", Target(10, 20))

    changed = sheet.with_target("individual.ann", "Q", Target(1, 2))
    changed = changed.with_target("partner", "H", Target(30, 40))
    changed = changed.with_target("partner", "Q", Target(11, 21))

    assert Target(11, 21) == changed.target("partner", "Q")
    assert Target(30, 40) == changed.target("partner", "H")
    assert Target(1, 2) == changed.target("individual.ann", "Q")
    assert changed.target("individual.bob", "Q") is None
    assert Target(10, 20) == sheet.target("partner", "Q")


@pytest.mark.parametrize(
    ("level", "party"),
    [(Level.PARTNER, "partner"), (Level.TEAM, "team.x"), (Level.INDIVIDUAL, "individual.x")],
)
def test_a_party_is_named_by_its_level_and_a_partner_by_that_alone(
    level: Level, party: str
) -> None:
    assert party == goals.party_of(level, "x")


@pytest.mark.parametrize(
    ("goal", "stretch", "wrong"),
    [
        (0, 0, "goal"),
        (-1, 5, "goal"),
        (10, 9, "stretch"),
        (10, 10**15 + 1, "stretch"),
        (10**15 + 1, 10**15 + 1, "stretch"),
    ],
)
def test_a_target_out_of_bounds_is_refused(goal: int, stretch: int, wrong: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        goals.checked_target(goal, stretch)

    assert wrong == refused.value.field


def test_a_stretch_goal_may_equal_the_goal() -> None:
    assert Target(10, 10) == goals.checked_target(10, 10)


@pytest.mark.parametrize(
    ("progress", "days", "expected"),
    [
        (30, 30, 90),
        (30, 45, 60),
        (30, 90, 30),
        (30, 120, 30),
        (30, 0, 0),
        (30, -5, 0),
        (0, 30, 0),
        (1, 60, 1),  # 1.5: what is not reached is not promised
    ],
)
def test_the_projection_is_the_present_pace_to_the_end_of_the_window(
    progress: int, days: int, expected: int
) -> None:
    goal = a_goal(Measure.DEALS_REGISTERED)

    assert expected == goals.projected(progress, goal, T0 + days * DAY)
