"""The registered pipeline and the bottom line: before the program and since, and against others.

``since`` are the first weeks of the program's first incentive, ``before`` as many straight before
it. Each change is the number since less the number before:

- WIN_RATIO: won / (won + lost) of all deals that ended. The hull of Newcombe's interval (1998,
  method 10), right where deals end independently of each other, and of the one of the partners'
  residuals won - ratio * ended (Taylor linearization: Cochran 1977, section 6.4) by Student's t,
  right where a partner's deals end alike and partners are the same before and since.
- DAYS_TO_CLOSE: the mean days from submission to sale, partner by partner, of those with sales both
  before and since: Student's paired t.
- SALES_PER_PARTNER: the sales of a week, partner by partner: Student's paired t. Few large deals
  make its interval wide, and not wrong.

Against others: how many times as much those who take part sell since as before, in parts of how
many times as much the others do. So a season or growth, which multiplies what everybody sells,
moves it neither for large partners nor for small ones. It is told in money of a partner and week:
what those who take part sell since, less what it would be had it changed in the same proportion as
that of the others. The interval is of the logarithm of the ratio of ratios of sums, its error from
leaving out one partner at a time (jackknife: Efron & Stein 1981), by Student's t with Welch's
degrees of freedom of as many partners as are effective: (sum of sales)² / sum of squares (Kish
1965). It assumes that both would have changed in the same proportion; those that do not take part
chose that. All intervals hold at once.

ROSE and FELL where the interval excludes zero. NO_CHANGE where it excludes a change by
``hidden_bps`` of the level before (against others: of what it would be), up or down. Where one
could have hidden, it is INSUFFICIENT_DATA.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from statistics import fmean

from portal_api.domain import weeks as counters
from portal_api.domain.insights import statistics
from portal_api.domain.insights.basis import Basis, Estimate
from portal_api.domain.insights.market import Company, Market, Series, summed
from portal_api.domain.insights.statistics import Interval
from portal_api.domain.money import of_ratio


class ChangeVerdict(StrEnum):
    """What became of a number; NO_CHANGE: no change that is worth telling could have hidden."""

    ROSE = "ROSE"
    FELL = "FELL"
    NO_CHANGE = "NO_CHANGE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides.

    Windows are of at least ``least_weeks`` and at most ``most_weeks``. ``partners`` is how many
    partners, or pairs of numbers of partners, a change needs, on each side where two are compared;
    ``ended`` how many deals must have been won or lost in each window. That nothing changed is told
    where the interval excludes a change by ``hidden_bps`` of the level before, up and down.
    """

    least_weeks: int = 4
    most_weeks: int = 26
    partners: int = 4
    ended: int = 10
    hidden_bps: int = 5_000
    level_bps: int = 9_500


@dataclass(frozen=True, slots=True)
class Window:
    """What was so in some weeks. The pipeline is that at their end.

    ``win_ratio_bps`` is won / (won + lost), ``days_to_close_milli`` the mean days from submission
    to sale in thousandths; none without a sale. ``sales_per_partner_minor`` is for a week.
    """

    weeks: int
    pipeline: int
    pipeline_minor: int
    won: int
    lost: int
    win_ratio_bps: int | None
    days_to_close_milli: int | None
    sales_minor: int
    sales_per_partner_minor: int


@dataclass(frozen=True, slots=True)
class Change:
    """A number before and since. ``what`` is WIN_RATIO, DAYS_TO_CLOSE or SALES_PER_PARTNER."""

    what: str
    change: Estimate | None
    verdict: ChangeVerdict


@dataclass(frozen=True, slots=True)
class BottomLine:
    """Of partners that take part: before and since in equal windows, and what changed.

    ``against_others_minor`` is what they sell since for a partner and week, less what it would be
    had it changed in the same proportion as that of eligible partners that do not take part, which
    chose that themselves.
    """

    basis: Basis
    n_participants: int
    n_others: int
    before: Window
    since: Window
    changes: tuple[Change, ...]
    against_others_minor: Estimate | None
    against_others: ChangeVerdict
    self_selected: bool


@dataclass(frozen=True, slots=True)
class CompanyPipeline:
    """One partner before and since."""

    partner_id: str
    before: Window
    since: Window


WIN_RATIO, DAYS_TO_CLOSE = "WIN_RATIO", "DAYS_TO_CLOSE"
SALES_PER_PARTNER = "SALES_PER_PARTNER"
"""What changes are of: in basis points, thousandths of a day, and minor units a week."""

_VERDICTS = 4
_ROUNDING = 1e-18
"""A squared error below it is that of sums in another order."""
_METHOD = (
    "Since: the first weeks, at most {most}, of the program's first incentive; before: as many "
    "before it. Change = since less before, of partners that took part since. Win ratio = won / "
    "(won + lost): Newcombe's interval (1998), joined with Student's t over partners by "
    "linearization (Cochran 1977). Days to close: the means of partners that sold in both, paired "
    "t. Sales for each partner and week: paired t. Against others: what participants sell since, "
    "less what it would be had it changed in the same proportion as the sales of eligible partners "
    "that took part in neither, which chose that themselves; log ratio of ratios of sums, "
    "jackknife over partners (Efron and Stein 1981), Student's t. A season or growth of all moves "
    "before and since, and not that. NO_CHANGE only where the interval excludes a change by "
    "{hidden} % of the level before (against others: of what it would be); what could hide one is "
    "INSUFFICIENT_DATA. All four intervals hold at once (Bonferroni)."
)


@dataclass(frozen=True, slots=True)
class _Weeks:
    """The bounds of the two windows, ends exclusive."""

    before: tuple[int, int]
    since: tuple[int, int]

    @property
    def each(self) -> int:
        """How many weeks each of them has."""
        return self.since[1] - self.since[0]


def _weeks(market: Market, limits: Thresholds) -> _Weeks:
    """Without weeks where the program has no incentive yet."""
    first = min(market.incentives, key=lambda one: (one.starts, one.before), default=None)
    if first is None:
        return _Weeks((market.weeks, market.weeks), (market.weeks, market.weeks))
    start = min(first.starts, market.weeks)
    each = max(0, min(limits.most_weeks, first.before, market.weeks - start))
    return _Weeks((first.before - each, first.before), (start, start + each))


def bottom_line(market: Market, thresholds: Thresholds | None = None) -> BottomLine:
    """What changed at the partners that take part (see the module's head).

    They are those with staff in both windows that could earn by an incentive in a week since.
    Others could in no week of either, nor consented to the program.
    """
    limits = thresholds or Thresholds()
    weeks = _weeks(market, limits)
    there = [one for one in market.companies if _staffed(one, weeks)]
    taking_part = [one for one in there if _took_part(market, one, weeks.since)]
    both = weeks.before[0], weeks.since[1]
    others = [
        one
        for one in there
        if not any(one.earning[slice(*both)]) and not _took_part(market, one, both)
    ]
    level = statistics.simultaneous_level(statistics.share(limits.level_bps), _VERDICTS)
    against = _against(taking_part, others, weeks, limits, level)
    whole = summed(market.weeks, (one.series for one in taking_part))
    before, since = (_window(whole, one, len(taking_part)) for one in (weeks.before, weeks.since))
    told = (
        _told(WIN_RATIO, _win_ratio(taking_part, weeks, limits, level), 10_000, limits),
        _told(DAYS_TO_CLOSE, _days_to_close(taking_part, weeks, limits, level), 1000, limits),
        _told(SALES_PER_PARTNER, _sales(taking_part, weeks, limits, level), 1, limits),
    )
    return BottomLine(
        basis=Basis(
            method=_METHOD.format(most=limits.most_weeks, hidden=limits.hidden_bps // 100),
            n=len(taking_part),
            n_of="partners",
            thresholds=asdict(limits),
            starts_on=market.day(weeks.before[0]),
            ends_on=market.day(weeks.since[1]),
        ),
        n_participants=len(taking_part),
        n_others=len(others),
        before=before,
        since=since,
        changes=told,
        against_others_minor=None if against is None else against.change.estimate(1),
        against_others=_verdict(against, limits),
        self_selected=bool(others),
    )


def companies(market: Market, thresholds: Thresholds | None = None) -> tuple[CompanyPipeline, ...]:
    """Each partner in the windows of the bottom line, without a verdict: one is too few."""
    weeks = _weeks(market, thresholds or Thresholds())
    return tuple(
        CompanyPipeline(
            one.id, _window(one.series, weeks.before, 1), _window(one.series, weeks.since, 1)
        )
        for one in market.companies
    )


def _staffed(company: Company, weeks: _Weeks) -> bool:
    return all(company.staff_weeks(*bounds) > 0 for bounds in (weeks.before, weeks.since))


def _took_part(market: Market, company: Company, bounds: tuple[int, int]) -> bool:
    """Whether a partner could earn by any incentive while that ran, in some weeks."""
    for one in market.incentives:
        ends = bounds[1] if one.ends is None else min(one.ends, bounds[1])
        if any(market.took_part(one, company)[max(one.starts, bounds[0]) : ends]):
            return True
    return False


def _window(series: Series, bounds: tuple[int, int], partners: int) -> Window:
    won, lost = series.total(counters.WON, *bounds), series.total(counters.LOST, *bounds)
    days = series.total(counters.DAYS_TO_CLOSE, *bounds)
    sales = series.total(counters.WON_MINOR, *bounds)
    weeks = bounds[1] - bounds[0]
    return Window(
        weeks=weeks,
        pipeline=series.total(counters.PIPELINE, 0, bounds[1]),
        pipeline_minor=series.total(counters.PIPELINE_MINOR, 0, bounds[1]),
        won=won,
        lost=lost,
        win_ratio_bps=of_ratio(10_000, won, won + lost) if won + lost > 0 else None,
        days_to_close_milli=of_ratio(1000, days, won) if won > 0 else None,
        sales_minor=sales,
        sales_per_partner_minor=of_ratio(sales, 1, partners * weeks) if partners * weeks else 0,
    )


def _enough(weeks: _Weeks, limits: Thresholds, *counts: int) -> bool:
    return weeks.each >= limits.least_weeks and min(counts) >= limits.partners


def _ended(company: Company, bounds: tuple[int, int]) -> tuple[int, int]:
    """How many deals a partner has won, and how many it has won or lost."""
    won = max(0, company.series.total(counters.WON, *bounds))
    return won, won + max(0, company.series.total(counters.LOST, *bounds))


@dataclass(frozen=True, slots=True)
class _Found:
    """A change, and the level that it is held against."""

    change: Interval
    of: float


def _told(what: str, found: _Found | None, scale: int, limits: Thresholds) -> Change:
    change = None if found is None else found.change.estimate(scale)
    return Change(what, change, _verdict(found, limits))


def _win_ratio(
    taking_part: Sequence[Company], weeks: _Weeks, limits: Thresholds, level: float
) -> _Found | None:
    before = [_ended(one, weeks.before) for one in taking_part]
    since = [_ended(one, weeks.since) for one in taking_part]
    won_before, ended_before = map(sum, zip(*before, strict=True)) if before else (0, 0)
    won_since, ended_since = map(sum, zip(*since, strict=True)) if since else (0, 0)
    if not _enough(weeks, limits, len(taking_part)):
        return None
    if min(ended_before, ended_since) < limits.ended:
        return None
    by_deal = statistics.proportion_difference(
        won_since, ended_since, won_before, ended_before, level
    )
    ratio_before, ratio_since = won_before / ended_before, won_since / ended_since
    # Each partner's part in the change's error, so scaled that their mean's error is that of it.
    parts = [
        len(taking_part)
        * (
            (won_1 - ratio_since * ended_1) / ended_since
            - (won_0 - ratio_before * ended_0) / ended_before
        )
        for (won_0, ended_0), (won_1, ended_1) in zip(before, since, strict=True)
    ]
    by_partner = statistics.mean_change([by_deal.value + one for one in parts], level)
    return _Found(by_deal.hull(by_partner), ratio_before)


def _days_to_close(
    taking_part: Sequence[Company], weeks: _Weeks, limits: Thresholds, level: float
) -> _Found | None:
    """In days."""

    def mean(company: Company, bounds: tuple[int, int]) -> float | None:
        won = company.series.total(counters.WON, *bounds)
        return company.series.total(counters.DAYS_TO_CLOSE, *bounds) / won if won > 0 else None

    means = [(mean(one, weeks.before), mean(one, weeks.since)) for one in taking_part]
    both = [(ago, after) for ago, after in means if ago is not None and after is not None]
    if not _enough(weeks, limits, len(both)):
        return None
    changes = [after - ago for ago, after in both]
    return _Found(statistics.mean_change(changes, level), fmean(ago for ago, _ in both))


def _weekly(partners: Sequence[Company], bounds: tuple[int, int]) -> list[float]:
    """The sales of each partner, in minor units a week."""
    weeks = bounds[1] - bounds[0]
    return [one.series.total(counters.WON_MINOR, *bounds) / weeks for one in partners]


def _sales(
    taking_part: Sequence[Company], weeks: _Weeks, limits: Thresholds, level: float
) -> _Found | None:
    if not _enough(weeks, limits, len(taking_part)):
        return None
    before, since = (_weekly(taking_part, one) for one in (weeks.before, weeks.since))
    changes = [after - ago for ago, after in zip(before, since, strict=True)]
    return _Found(statistics.mean_change(changes, level), fmean(before))


def _against(
    taking_part: Sequence[Company],
    others: Sequence[Company],
    weeks: _Weeks,
    limits: Thresholds,
    level: float,
) -> _Found | None:
    """Of a partner and week, held against what it would be.

    None where either side sold nothing in one of the windows.
    """
    if not _enough(weeks, limits, len(taking_part), len(others)):
        return None
    own, theirs = (_growth(side, weeks) for side in (taking_part, others))
    if own is None or theirs is None:
        return None
    squared = own.squared_error + theirs.squared_error
    parts = own.squared_error**2 / own.df + theirs.squared_error**2 / theirs.df
    if squared < _ROUNDING:  # No partner differs from the others of its side.
        logs = [own.log] * len(taking_part), [theirs.log] * len(others)
        log = statistics.difference_in_differences(*logs, level)
    else:
        df = squared * squared / parts if math.isfinite(squared) else 1.0
        log = statistics.by_t(own.log - theirs.log, squared, df, level)
    sold = own.since / len(taking_part)
    value, low, high = (-sold * _expm1(-one) for one in (log.value, log.low, log.high))
    change = Interval(value, low, high, level)
    return _Found(change, sold - change.value)


def _expm1(power: float) -> float:
    return math.expm1(power) if power < 700 else math.inf


@dataclass(frozen=True, slots=True)
class _Growth:
    """The logarithm of how many times as much a side sells since, with its squared error."""

    log: float
    squared_error: float
    df: float
    since: float


def _growth(partners: Sequence[Company], weeks: _Weeks) -> _Growth | None:
    """Of the sums of a side; none where it sold nothing, or returned all, in a window."""
    before, since = (_weekly(partners, bounds) for bounds in (weeks.before, weeks.since))
    whole, now = math.fsum(before), math.fsum(since)
    if min(whole, now) <= 0:
        return None
    left = [(whole - one, now - other) for one, other in zip(before, since, strict=True)]
    squared = math.inf
    if all(one > 0 and other > 0 for one, other in left):
        logs = [math.log(other / one) for one, other in left]
        n, mean = len(logs), math.fsum(logs) / len(logs)
        squared = (n - 1) / n * math.fsum((one - mean) ** 2 for one in logs)
    sizes = [abs(one) + abs(other) for one, other in zip(before, since, strict=True)]
    effective = sum(sizes) ** 2 / sum(one * one for one in sizes)
    return _Growth(math.log(now / whole), squared, max(1.0, effective - 1), now)


def _verdict(found: _Found | None, limits: Thresholds) -> ChangeVerdict:
    if found is None:
        return ChangeVerdict.INSUFFICIENT_DATA
    change, hidden = found.change, found.of * statistics.share(limits.hidden_bps)
    if change.above_zero:
        return ChangeVerdict.ROSE
    if change.below_zero:
        return ChangeVerdict.FELL
    excluded = -hidden < change.low and change.high < hidden
    return ChangeVerdict.NO_CHANGE if excluded else ChangeVerdict.INSUFFICIENT_DATA
