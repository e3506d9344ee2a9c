"""A partner's weekly series, put together from what is counted of its people, teams and programs.

Money of sales is converted week by week, each person's sum of a currency at the rate of the week's
last day. Of the pipeline it is the level at a week's end that is converted, so that a deal that
ends at another rate than it began with leaves nothing behind.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import accumulate

from portal_api.domain.currencies import Conversion, ExchangeRate
from portal_api.domain.insights.calendars import Calendar, cut
from portal_api.domain.insights.market import Series, summed
from portal_api.domain.weeks import PAID, PIPELINE, PIPELINE_MINOR, WON_MINOR, WeekCounts

_LEVELS = frozenset({PIPELINE, PIPELINE_MINOR})
_MONEY = frozenset({WON_MINOR, PIPELINE_MINOR})


class Rates:
    """Exchange rates by pair, source and target: each in the order of days, corrections after."""

    def __init__(self, rates: Mapping[tuple[str, str], Sequence[ExchangeRate]]) -> None:
        """All rates of each pair that count on any day that is asked for."""
        self._rates = rates
        self._days = {pair: [rate.valid_from.date() for rate in of] for pair, of in rates.items()}

    def convert(self, amount_minor: int, source: str, target: str, day: date) -> int | None:
        """An amount at the rate in force on a day; none where there is no rate."""
        if source == target:
            return amount_minor
        place = bisect_right(self._days.get((source, target), ()), day)
        if not place:
            return None
        rate = self._rates[source, target][place - 1]
        return Conversion(source, target, rate).of(amount_minor)


@dataclass(frozen=True, slots=True)
class Whose:
    """A person, and the team for which it was counted; empty: none."""

    individual_id: str
    team_id: str


Counts = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class PartnerSeries:
    """The series of a partner in one calendar: of each person and team, person and team by team.

    ``unconverted`` are the currencies of sales that are left out for want of a rate.
    """

    weeks: int
    by_whose: Mapping[Whose, Counts]
    unconverted: frozenset[str] = frozenset()

    @cached_property
    def company(self) -> Series:
        """What all of its people have counted."""
        return self._of(self.by_whose)

    @cached_property
    def people(self) -> Mapping[str, Series]:
        """By person."""
        return self._grouped(lambda whose: whose.individual_id)

    @cached_property
    def teams(self) -> Mapping[str, Series]:
        """By team."""
        return self._grouped(lambda whose: whose.team_id)

    def _grouped(self, key: Callable[[Whose], str]) -> dict[str, Series]:
        groups: dict[str, list[Whose]] = {}
        for whose in self.by_whose:
            groups.setdefault(key(whose), []).append(whose)
        return {name: self._of(group) for name, group in groups.items() if name}

    def _of(self, group: Iterable[Whose]) -> Series:
        parts = [Series(self.weeks, self.by_whose[whose]) for whose in group]
        return parts[0] if len(parts) == 1 else summed(self.weeks, parts)


class PartnerWeeks:
    """What one partner's weeks come to, added one by one; only sums of weeks are kept.

    Of weeks before the first one there is only the pipeline, which goes on.
    """

    def __init__(self, first: date, weeks: int, currencies: Mapping[str, str]) -> None:
        """Nothing yet, of ``weeks`` from the Monday ``first`` on.

        ``currencies`` are those of all programs, by their ids. ``paid_in`` are the programs that
        have ever paid for something.
        """
        self.calendar = Calendar(first, weeks, "UTC")
        self.paid_in: set[str] = set()
        self._currencies = currencies
        self._sums: dict[Whose, dict[tuple[str, str], list[int]]] = {}
        self._paid: dict[str, dict[Whose, dict[str, list[int]]]] = {}
        self._shared: dict[tuple[str, Calendar], PartnerSeries] = {}

    def add(self, counted: WeekCounts) -> None:
        """One person's week in one program and team."""
        monday, program = counted.week, counted.program_id
        if any(one.startswith(PAID) and amount for one, amount in counted.counters.items()):
            self.paid_in.add(program)
        week = self.calendar.number_of(monday)
        if not self.calendar.weeks or week >= self.calendar.weeks:
            return
        whose = Whose(counted.individual_id, counted.team_id or "")
        sums = self._sums.setdefault(whose, {})
        currency = self._currencies.get(program, "")
        for counter, amount in counted.counters.items():
            if week < 0 and counter not in _LEVELS:
                continue
            if counter.startswith(PAID):
                paid = self._paid.setdefault(program, {}).setdefault(whose, {})
                numbers = paid.setdefault(counter, [])
            else:
                numbers = sums.setdefault((counter, currency if counter in _MONEY else ""), [])
            if not numbers:
                numbers.extend([0] * self.calendar.weeks)
            numbers[max(0, week)] += amount

    def series(
        self, program_id: str, currency: str, calendar: Calendar, rates: Rates
    ) -> PartnerSeries:
        """What was done and sold in all programs, and paid in one, in its currency."""
        if (currency, calendar) not in self._shared:
            self._shared[currency, calendar] = self._of_all(currency, calendar, rates)
        shared = self._shared[currency, calendar]
        start, end = self._bounds(calendar)
        paid = {
            whose: {counter: tuple(numbers[start:end]) for counter, numbers in counts.items()}
            for whose, counts in self._paid.get(program_id, {}).items()
        }
        by_whose = {
            whose: {**counts, **paid[whose]} if whose in paid else counts
            for whose, counts in shared.by_whose.items()
        }
        return PartnerSeries(calendar.weeks, by_whose, shared.unconverted)

    def _of_all(self, currency: str, calendar: Calendar, rates: Rates) -> PartnerSeries:
        """What was done and sold in all programs."""
        by_whose: dict[Whose, Counts] = {}
        unconverted: set[str] = set()
        start, end = self._bounds(calendar)
        for whose, sums in self._sums.items():
            counts = by_whose[whose] = {}
            for (counter, source), numbers in sums.items():
                level = counter in _LEVELS
                own = cut(numbers[:end], start, level=level)
                if counter in _MONEY and source != currency:
                    told = _converted(own, source, currency, calendar, rates, level=level)
                    unconverted |= {source} if None in told else set()
                    own = _changes(told) if level else tuple(one or 0 for one in told)
                before = counts.get(counter)
                counts[counter] = own if before is None else _added(before, own)
        return PartnerSeries(calendar.weeks, by_whose, frozenset(unconverted))

    def _bounds(self, calendar: Calendar) -> tuple[int, int]:
        start = self.calendar.number_of(calendar.first)
        return start, start + calendar.weeks


def _converted(
    numbers: Sequence[int],
    source: str,
    target: str,
    calendar: Calendar,
    rates: Rates,
    *,
    level: bool,
) -> list[int | None]:
    """Amounts of weeks, or of a level at their ends, in another currency; none without a rate."""
    return [
        rates.convert(one, source, target, calendar.last_day(week)) if one else 0
        for week, one in enumerate(accumulate(numbers) if level else numbers)
    ]


def _changes(levels: Sequence[int | None]) -> tuple[int, ...]:
    """By how much a level changes in each week, from 0 on; one that is not known is 0."""
    known = [one or 0 for one in levels]
    return tuple(after - before for before, after in zip([0, *known], known, strict=False))


def _added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(sum, zip(one, other, strict=True)))
