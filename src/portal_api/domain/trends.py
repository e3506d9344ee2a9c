"""How often behaviors are done at a company, week by week, from its weekly series."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal_api.domain.weeks import WeekCounts, did_counter, week_of


@dataclass(frozen=True, slots=True)
class Week:
    """How often it was done in the week of a Monday, by how many people.

    ``seen`` is how many of the company did anything at all in any of the weeks that are told.
    """

    monday: date
    count: int
    people: int
    seen: int


def first_week(now: datetime, weeks: int) -> date:
    """The Monday of the first of the last so many weeks, the present one included."""
    return week_of(now, "UTC") - timedelta(weeks=weeks - 1)


def trend(
    series: Iterable[WeekCounts], behaviors: Collection[str], now: datetime, weeks: int
) -> tuple[Week, ...]:
    """How often any of the behaviors was done in each of the last weeks, the present one last.

    ``series`` is a company's. A week is told by its Monday, by the calendar of the program in which
    it was recorded; which one is the present is told in UTC.
    """
    first = first_week(now, weeks)
    done = {first + timedelta(weeks=number): dict[str, int]() for number in range(weeks)}
    seen = set[str]()
    names = [did_counter(behavior) for behavior in behaviors]
    for one in series:
        if one.week in done:
            seen.add(one.individual_id)
            each, count = done[one.week], sum(map(one.count, names))
            each[one.individual_id] = each.get(one.individual_id, 0) + count
    return tuple(
        Week(week, sum(each.values()), sum(map(bool, each.values())), len(seen))
        for week, each in done.items()
    )
