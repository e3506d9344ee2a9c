"""Ranks on a leaderboard: by score, shared where it is the same."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain.goals import GoalDefinition, Measure, Progress
from portal_api.domain.leaderboards import (
    BoardMeasure,
    LeaderboardEntry,
    is_count,
    ranked,
    score,
)

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def _entry(number: int) -> LeaderboardEntry:
    own = f"ind-{number}"
    return LeaderboardEntry(f"ptn-1.{own}.prg-1", "ptn-1", own, "prg-1", f"Name {number}", NOW)


@given(st.lists(st.integers(0, 5), max_size=12))
def test_a_rank_is_one_more_than_how_many_have_more(scores: list[int]) -> None:
    """1, 2, 2, 4: everybody once, in order."""
    places = ranked([(_entry(number), count) for number, count in enumerate(scores)])
    assert sorted(scores, reverse=True) == [place.score for place in places]
    for place in places:
        assert 1 + sum(other > place.score for other in scores) == place.rank
    assert len(scores) == len({place.entry.id for place in places})


@pytest.mark.parametrize(
    ("measure", "code", "expected"),
    [
        (BoardMeasure.DEALS_REGISTERED, None, 3),
        (BoardMeasure.DEALS_WON, None, 2),
        (BoardMeasure.GOAL, "C", 7),
        (BoardMeasure.GOAL, "D", 0),
    ],
)
def test_a_score_is_a_counter_that_is_kept_anyway(
    measure: BoardMeasure, code: str | None, expected: int
) -> None:
    """Nothing is summed when a board is read."""
    counters = {"deals": 3, "won": 2, "won_minor": 900, "earned:USD": 50, "goal:C": 7}
    assert expected == score(Progress("p", counters), measure, code)


@pytest.mark.parametrize("measure", list(Measure))
def test_a_goal_of_money_is_on_no_board(measure: Measure) -> None:
    goal = GoalDefinition("G", "Goal", measure, NOW, NOW, "TRAINING")
    assert is_count(goal) is (measure is not Measure.WON_REVENUE)


def test_whoever_leaves_has_no_name_there() -> None:
    left = _entry(1).left(NOW)
    assert ("", NOW) == (left.display_name, left.left_at)
