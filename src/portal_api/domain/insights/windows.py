"""Equal windows before, during and after an incentive, and how often a week staff did something.

A rate is of occurrences for each person and week: counts of weeks over the staff of these weeks, so
that who was hired or left moves no rate. Its error comes from how uneven the weeks are (the ratio
estimator: W. G. Cochran, Sampling Techniques, 3rd ed. 1977, section 6.4), and is never below that
of independent (Poisson) occurrences with half a one added, so that a few weeks that happen to be
even, or all zero, promise no certainty. Changes have Welch's t interval (B. L. Welch, Biometrika
34, 1947); ratios one of their logarithm by the delta method, with half an occurrence for none
(J. J. Gart, J. R. Stat. Soc. B 28, 1966).

Weeks are not independent of each other: people and partners have busy and idle months. How uneven
these are is estimated from all weeks of like pay of all parties of a question (``months``), and an
interval holds both what weeks and what months make possible: the wider decides. Assumed is that
what somebody does in one week tells nothing of another that is four weeks or more from it, that
months are about as uneven for all parties, and that parties are busy independently of each other.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from portal_api.domain.insights import statistics
from portal_api.domain.insights.market import Company, Incentive, Market, Person, Series
from portal_api.domain.insights.statistics import Interval

Window = tuple[int, int]
"""The first week, and the first after it."""
MONTH = 4
"""Weeks up to which what somebody does in one may tell of another: a busy month."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Three windows of ``weeks`` weeks; ``after`` is empty or shorter where there are not as many.

    ``during`` is the end of the incentive: by then its start is no novelty, and it is the habit
    that was there when pay ended, under circumstances nearest to those after it. ``paid`` are the
    last weeks of the incentive, up to the most that are looked at: who took part in half of them
    took part.
    """

    weeks: int
    paid: Window
    before: Window
    during: Window
    after: Window

    @property
    def over(self) -> bool:
        """Whether the window after the incentive is as long as the others."""
        return self.after[1] - self.after[0] == self.weeks


@dataclass(frozen=True, slots=True)
class Rate:
    """How often, for each person and week: ``count`` over ``exposure`` in person-weeks.

    ``squared_error`` is of the rate, with ``df`` degrees of freedom, if weeks are independent;
    ``of_months`` and ``months_df`` are the same by how uneven months are.
    """

    count: int
    exposure: int
    squared_error: float
    df: float
    of_months: float = 0.0
    months_df: float = math.inf

    @property
    def value(self) -> float:
        """Occurrences for each person and week."""
        return self.count / self.exposure if self.exposure else 0.0


@dataclass(frozen=True, slots=True)
class Months:
    """How uneven months are, estimated from many parties; nothing known of it: zeros.

    The long-run variance of a week's count is at least ``dispersion`` times its mean, ``design``
    times the variance of single weeks, and the mean with ``relative`` times its square: the first
    where people have busy months each for itself, the last where a company has. ``df`` are the
    degrees of freedom.
    """

    dispersion: float = 0.0
    design: float = 0.0
    relative: float = 0.0
    df: float = math.inf

    def of(self, count: int, weeks: int, uneven: float) -> float:
        """The variance of a sum over weeks, by its size and by that of independent weeks."""
        grown = count + self.relative * count * count / weeks if self.relative else 0.0
        return max(self.dispersion * count, grown, self.design * uneven)


UNKNOWN = Months()
"""Nothing is known of months."""


def alike(market: Market, incentive: Incentive) -> Window:
    """The weeks around an incentive's last one in which nothing else begins or ends to pay.

    What else pays is every other incentive for the behavior, and what other programs pay for it:
    weeks before and after an edge of these differ by more than the incentive. Where one lies within
    the incentive, the weeks before it are left out, so that there is no window before it.
    """
    spans = [
        (one.before, market.weeks if one.ends is None else one.ends)
        for one in market.incentives
        if one.behavior == incentive.behavior and one != incentive
    ]
    spans += market.paid_elsewhere.get(incentive.behavior, ())
    ends = market.weeks if incentive.ends is None else min(incentive.ends, market.weeks)
    edges = [edge for span in spans if span[0] < span[1] for edge in span]
    first = max((edge for edge in edges if edge < ends), default=0)
    last = min((edge for edge in edges if edge >= ends), default=market.weeks)
    return max(0, first), min(market.weeks, last)


def within(one: Window, other: Window) -> Window:
    """The weeks that are in both."""
    start = max(one[0], other[0])
    return start, max(start, min(one[1], other[1]))


def around(incentive: Incentive, span: Window, least: int, most: int) -> Windows:
    """The longest equal windows around an incentive within the weeks ``span`` of a party.

    At most ``most`` weeks. Of an incentive that runs, or that fewer than ``least`` weeks of the
    party follow, the two windows before its end decide alone how long they are.
    """
    first, last = span
    ended = last if incentive.ends is None else min(incentive.ends, last)
    before, started = max(first, incentive.before), max(first, incentive.starts)
    weeks = max(0, min(before - first, ended - started, most))
    follow = 0 if incentive.ends is None else max(0, last - incentive.ends)
    if least <= follow < weeks:
        weeks = follow
    return Windows(
        weeks,
        (max(started, ended - most), ended),
        (before - weeks, before),
        (ended - weeks, ended),
        (ended, ended + min(weeks, follow)),
    )


def employed(people: Iterable[Person], weeks: int) -> Window:
    """From when to when a party had people; all weeks where none of them is known."""
    spans = [one.employed for one in people if one.employed[0] < one.employed[1]]
    if not spans:
        return 0, weeks
    return max(0, min(start for start, _ in spans)), min(weeks, max(end for _, end in spans))


def stretches(incentive: Incentive, span: Window) -> tuple[Window, Window, Window]:
    """All weeks of a span before, during and after an incentive."""
    first, last = span
    ends = last if incentive.ends is None else min(max(first, incentive.ends), last)
    starts = min(max(first, incentive.starts), ends)
    return (first, max(first, min(incentive.before, last))), (starts, ends), (ends, last)


def person_took_part(
    market: Market, incentive: Incentive, company: Company, person: Person
) -> tuple[bool, ...]:
    """Whether somebody could earn by an incentive, in each week: as their company, if it is paid.

    Where people are paid, by their own enrollment.
    """
    admitted = incentive.admitted is None or company.id in incentive.admitted
    if admitted and incentive.pays_people:
        return person.took_part
    return market.took_part(incentive, company)


def took_part(weeks: Sequence[bool], window: Window) -> bool:
    """Whether a party took part in at least half of the weeks of a window."""
    return 2 * sum(weeks[slice(*window)]) >= max(1, window[1] - window[0])


def staff(people: Sequence[Person], window: Window) -> tuple[int, ...]:
    """How many people worked there in each week."""
    return tuple(
        sum(one.employed[0] <= week < one.employed[1] for one in people) for week in range(*window)
    )


def counted(series: Series, behaviors: Iterable[str], window: Window) -> tuple[int, ...]:
    """How often any of the behaviors was done in each week of a window."""
    each = [series.did(one)[slice(*window)] for one in behaviors]
    return tuple(map(sum, zip(*each, strict=True))) if each else (0,) * (window[1] - window[0])


def months(stretches: Iterable[tuple[Sequence[int], Sequence[int]]]) -> Months:
    """How uneven months are, of weekly counts and staff in stretches that nothing should change.

    The sum of the autocovariances up to three weeks apart (the truncated estimator of the long-run
    variance: W. K. Newey & K. D. West, Econometrica 55, 1987, of which the weights are 1 here), all
    stretches pooled; n - 7 + 12 / n is what the estimated mean leaves of n weeks. Its freedom
    is of months of four weeks, less one of each stretch (Satterthwaite 1946, for unlike ones).
    """
    found = [one for one in map(_stretch, stretches) if one]
    long_run = sum(one.long_run for one in found)
    expected = sum(one.known * one.mean for one in found)
    squared = sum(one.known * one.mean**2 for one in found)
    freedom = sum(one.months * one.mean for one in found)
    single = sum(one.known * one.single for one in found)
    if not (found and expected > 0 and single > 0):
        return UNKNOWN
    return Months(
        dispersion=max(0.0, long_run / expected),
        design=max(0.0, long_run / single),
        relative=max(0.0, (long_run - expected) / squared),
        df=max(1.0, freedom * freedom / sum(one.months * one.mean**2 for one in found)),
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    known: float
    months: float
    mean: float
    single: float
    long_run: float


def _stretch(one: tuple[Sequence[int], Sequence[int]]) -> _Stretch | None:
    counts, people = one
    n, exposed = len(counts), [max(1, each) for each in people]
    if n <= MONTH or sum(counts) <= 0:
        return None
    value = sum(counts) / sum(exposed)
    off = [y - value * s for y, s in zip(counts, exposed, strict=True)]
    squares = sum(each * each for each in off)
    apart = sum(a * b for lag in range(1, MONTH) for a, b in zip(off, off[lag:], strict=False))
    return _Stretch(
        n - 7 + 12 / n, n / MONTH - 1, sum(counts) / n, squares / (n - 1), squares + 2 * apart
    )


def rate(counts: Sequence[int], people: Sequence[int], months: Months = UNKNOWN) -> Rate:
    """The rate of weekly counts by the staff of each week, of which nobody known counts as one."""
    exposed = [max(1, one) for one in people]
    count, exposure, n = sum(counts), sum(exposed), len(counts)
    if n < 2:
        return Rate(count, exposure, math.inf, 1)
    value = count / exposure
    uneven = sum((y - value * s) ** 2 for y, s in zip(counts, exposed, strict=True)) * n / (n - 1)
    squared = max(uneven, max(0, count) + 0.5) / exposure**2
    of_months = months.of(max(0, count), n, uneven) / exposure**2
    return Rate(count, exposure, squared, n - 1, of_months, months.df)


def together(rates: Sequence[Rate], whole: Rate) -> Rate:
    """The rate of all, whose months are as uneven as those of independent parties make them."""
    squared = sum(one.of_months * one.exposure**2 for one in rates)
    return replace(whole, of_months=squared / max(1, whole.exposure) ** 2)


def change(after: Rate, before: Rate, level: float) -> Interval:
    """How much higher the one rate is than the other."""
    return contrast(((1.0, after), (-1.0, before)), level)


def contrast(parts: Sequence[tuple[float, Rate]], level: float) -> Interval:
    """A sum of independent rates, each so many times: what weeks and months both exclude."""
    value = sum(times * one.value for times, one in parts)
    weekly = _pooled([(times**2 * one.squared_error, one.df) for times, one in parts])
    found = statistics.by_t(value, *weekly, level)
    monthly = sum(times**2 * one.of_months for times, one in parts)
    if monthly == 0:
        return found
    df = min(one.months_df for _, one in parts)
    return found.hull(statistics.by_t(value, monthly, df, level))


def error(one: Rate, other: Rate) -> tuple[float, float]:
    """The squared error of a difference of rates, the larger of both, with degrees of freedom."""
    weekly = _pooled([(each.squared_error, each.df) for each in (one, other)])
    monthly = one.of_months + other.of_months, min(one.months_df, other.months_df)
    return max(weekly, monthly)


def _pooled(parts: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The sum of squared errors, with Satterthwaite's degrees of freedom."""
    squared = sum(part for part, _ in parts)
    if math.isinf(squared):
        return math.inf, 1.0
    return squared, squared * squared / sum(part * part / df for part, df in parts)


def quotient(one: Rate, of: Rate, level: float) -> Interval:
    """The one rate in parts of the other, whose count must be above 0."""
    scales = [(each.exposure / max(each.count, 0.5)) ** 2 for each in (one, of)]
    relative = [
        replace(
            each,
            squared_error=each.squared_error * scale,
            of_months=each.of_months * scale,
        )
        for each, scale in zip((one, of), scales, strict=True)
    ]
    centre = math.log(max(one.count, 0.5) / one.exposure) - math.log(of.value)
    off = change(relative[0], relative[1], level)
    low, high = off.low - off.value, off.high - off.value
    value = max(0.0, one.value / of.value)
    return Interval(
        value,
        math.exp(centre + low) if one.count > 0 else 0.0,
        math.exp(centre + high),
        level,
    )
