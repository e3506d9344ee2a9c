"""What every answer stands on, and how a number is told with its interval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer stands on.

    ``method`` tells the formula in words and its source. ``n`` is how many of ``n_of`` (such as
    "partners") were looked at. ``thresholds`` are those that decided, by name, in the unit that the
    name ends with. ``starts_on`` and ``ends_on`` (the day after the last) bound the weeks.
    """

    method: str
    n: int
    n_of: str
    thresholds: Mapping[str, int]
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its interval, all three in one unit, which the field's name ends with.

    An end that is none is open: nothing is excluded beyond the number on that side.
    ``level_bps`` is the confidence of the interval: 9,500 is 95 %; more where several are told at
    once.
    """

    value: int
    low: int | None
    high: int | None
    level_bps: int

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends; an open one is infinite."""
        return (
            -math.inf if self.low is None else self.low,
            math.inf if self.high is None else self.high,
        )

    @property
    def above_zero(self) -> bool:
        """Whether all of the interval is."""
        return self.low is not None and self.low > 0

    @property
    def below_zero(self) -> bool:
        """Whether all of the interval is."""
        return self.high is not None and self.high < 0
