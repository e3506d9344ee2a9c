"""Leaderboards of those who want to be on one: names of their own choice, counts, and no money."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain.goals import GoalDefinition, Measure, Progress, goal_counter

BOARD_MAX = 500
"""People on one program's board."""


class BoardScope(StrEnum):
    """Whose people a board has."""

    COMPANY = "COMPANY"
    PROGRAM = "PROGRAM"


class BoardMeasure(StrEnum):
    """What a board counts."""

    DEALS_REGISTERED = "DEALS_REGISTERED"
    DEALS_WON = "DEALS_WON"
    GOAL = "GOAL"


class NoPlaces(StrEnum):
    """Why a board shows nothing."""

    NOT_JOINED = "NOT_JOINED"
    TOO_FEW_PEOPLE = "TOO_FEW_PEOPLE"


@dataclass(frozen=True, slots=True)
class LeaderboardEntry:
    """A person's wish to be on a program's board, under a name of its own choice.

    ``id`` names partner, individual and program. Whoever has left the board has no name there.
    """

    id: str
    partner_id: str
    individual_id: str
    program_id: str
    display_name: str
    joined_at: datetime
    left_at: datetime | None = None
    version: int = 0

    def left(self, at: datetime) -> "LeaderboardEntry":
        """The entry of somebody who is on the board no more; the name is forgotten."""
        return replace(self, display_name="", left_at=at)


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody's place on a board; who has the same score has the same rank."""

    rank: int
    score: int
    entry: LeaderboardEntry


def is_count(goal: GoalDefinition) -> bool:
    """Whether a goal can be on a board: one that counts, since amounts of money are nobody's."""
    return goal.measure is not Measure.WON_REVENUE


def score(progress: Progress, measure: BoardMeasure, goal_code: str | None) -> int:
    """What a board shows of a person's counters."""
    match measure:
        case BoardMeasure.DEALS_REGISTERED:
            return progress.count("deals")
        case BoardMeasure.DEALS_WON:
            return progress.count("won")
        case BoardMeasure.GOAL:
            return progress.count(goal_counter(goal_code or ""))


def ranked(scores: Iterable[tuple[LeaderboardEntry, int]]) -> tuple[Place, ...]:
    """Everybody in order, the highest score first: 1, 2, 2, 4."""
    ordered = sorted(scores, key=lambda one: (-one[1], one[0].display_name, one[0].id))
    places: list[Place] = []
    for number, (entry, count) in enumerate(ordered, start=1):
        before = places[-1] if places else None
        rank = before.rank if before is not None and before.score == count else number
        places.append(Place(rank, count, entry))
    return tuple(places)
