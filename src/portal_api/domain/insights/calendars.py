"""The whole weeks of a program's calendar that are over, and where instants lie in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal_api.domain.weeks import week_of

OVER_AFTER = timedelta(hours=1)
"""A week is looked at so long after its end: what was recorded in it has been committed by then."""
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weeks from Monday to Sunday in a time zone, numbered from 0; ``first`` is a Monday."""

    first: date
    weeks: int
    time_zone: str

    @classmethod
    def until(cls, now: datetime, time_zone: str, weeks: int) -> "Calendar":
        """The last so many weeks that ended an hour ago or earlier."""
        running = week_of(now - OVER_AFTER, time_zone)
        return cls(running - weeks * _WEEK, weeks, time_zone)

    def from_week(self, week: int) -> "Calendar":
        """The same without the weeks before one."""
        return replace(self, first=self.day(week), weeks=self.weeks - week)

    def day(self, week: int) -> date:
        """The Monday of a week."""
        return self.first + week * _WEEK

    def last_day(self, week: int) -> date:
        """The Sunday of a week."""
        return self.day(week) + timedelta(days=6)

    def number(self, instant: datetime) -> int:
        """The number of an instant's week: below 0 before the first, and any behind the last."""
        return self.number_of(week_of(instant, self.time_zone))

    def number_of(self, monday: date) -> int:
        """The number of a week by its Monday."""
        return (monday - self.first) // _WEEK

    def next_start(self, instant: datetime) -> int:
        """The first week that begins at the instant or later."""
        number = self.number(instant)
        return number if self.begins(number) == instant else number + 1

    def begins(self, week: int) -> datetime:
        """The first instant of a week."""
        return self._at(self.day(week), time())

    def middle(self, week: int) -> datetime:
        """Thursday noon: what is so then is so for most of the week, or about half of it."""
        return self._at(self.day(week) + timedelta(days=3), time(12))

    def clipped(self, week: int) -> int:
        """A week's number, or the nearest that there is; the end is one behind the last."""
        return min(max(week, 0), self.weeks)

    def _at(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, ZoneInfo(self.time_zone)).astimezone(UTC)


def cut(values: Sequence[int], start: int, *, level: bool = False) -> tuple[int, ...]:
    """Weekly numbers from a week on.

    Of changes of a ``level``, such as the pipeline, the first week has all that was before it, too,
    so that the sum up to a week stays the level at its end.
    """
    if not level or not start:
        return tuple(values[start:])
    return (sum(values[: start + 1]), *values[start + 1 :])
