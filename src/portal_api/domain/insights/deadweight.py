"""What is paid for what would have been done anyway, in money, by several named baselines.

For each incentive: ``actual`` is how often those who took part did it, in the weeks in which they
did and it was paid for; ``predicted`` is how often they would have done it anyway. Then

    anyway share = predicted / actual, from 0 to 1;  anyway money = paid money * anyway share.

Paid money is what the incentive's rules paid for this behavior of those who are judged, in the
weeks in which they took part, less what of it was taken back, also later. The total has the rest:
what was paid of partners that a baseline cannot judge, and for weeks before somebody took part, by
a consent or enrollment that reaches back. The latter was all done without the incentive.

A person's expectation is its rate a week before the incentive times the weeks in which it took
part; who was not there before counts at its partner's rate. Four baselines predict from it:

- BEFORE: nothing would have changed.
- LAST_YEAR: as 52 weeks before each of these weeks, so that the season is the same.
- MATCHED: as the nearest partners that do not take part: up to three of the same type by the rate
  before, with replacement, within a caliper; what is left of the difference before is corrected by
  a regression among them (matching: Rubin 1973; the caliper: Cochran & Rubin 1973; the correction
  of bias: Abadie & Imbens 2011).
- DIFFERENCE_IN_DIFFERENCES: the rate before, and on top what all partners that do not take part
  have changed by for each of their staff and week (Angrist & Pischke 2009, chapter 5). It assumes
  parallel trends, of partners that selected themselves: where both did not change alike before the
  incentive, as where those take part whose last weeks were low, nothing is decided.

The share is a ratio of two sums over partners. Its error is that of the partners' residuals
predicted - share * actual (Taylor linearization: Cochran 1977, section 6.4), by Student's t, and
with the others' spread by Welch's where others are compared with. The interval is the hull of this
one and of the exact one of two Poisson counts (Przyborowski & Wilenski 1940), for the residuals of
few or rare occurrences can be alike by chance. It stands alone where no others are compared with
and no partner's residual varies: there is nothing to tell an error from. All intervals of an
answer hold at once.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from portal_api.domain.insights import baselines, statistics
from portal_api.domain.insights.baselines import Comparison, Participant, Window
from portal_api.domain.insights.basis import Basis, Estimate
from portal_api.domain.insights.market import Market
from portal_api.domain.insights.statistics import Interval
from portal_api.domain.money import of_rate


class Baseline(StrEnum):
    """What would have been done without the incentive is predicted by this."""

    BEFORE = "BEFORE"
    LAST_YEAR = "LAST_YEAR"
    MATCHED = "MATCHED"
    DIFFERENCE_IN_DIFFERENCES = "DIFFERENCE_IN_DIFFERENCES"


_AGAINST_OTHERS = frozenset({Baseline.MATCHED, Baseline.DIFFERENCE_IN_DIFFERENCES})


class DeadweightVerdict(StrEnum):
    """Whether an incentive pays for what it brings about."""

    MOSTLY_DEADWEIGHT = "MOSTLY_DEADWEIGHT"
    MOSTLY_EFFECT = "MOSTLY_EFFECT"
    UNCLEAR = "UNCLEAR"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides.

    An incentive is looked at from ``least_weeks`` after its start on, so that deadweight is found
    early, and in its first ``most_weeks``; before it as many weeks, or as there are, at least
    ``least_weeks``. ``partners`` is how many must take part and, to compare with, must not;
    ``occurrences`` how many there must be. ``caliper_bps`` is the most that a matched partner's
    rate before may differ, in basis points of the rates' standard deviation. An anyway share of
    ``deadweight_bps`` or more is mostly deadweight.
    """

    least_weeks: int = 4
    most_weeks: int = 26
    partners: int = 3
    occurrences: int = 10
    neighbours: int = 3
    caliper_bps: int = 5_000
    deadweight_bps: int = 5_000
    level_bps: int = 9_500


@dataclass(frozen=True, slots=True)
class Money:
    """Money of one asset: what was paid, and what of it the baseline predicts anyway.

    ``paid_minor`` is of those who are judged, while they took part. The sum that could be diverted
    is ``anyway_minor`` of that; its interval follows that of the baseline. ``total_minor`` is all
    that the incentive paid in these weeks.
    """

    asset: str
    paid_minor: int
    anyway_minor: int
    anyway_low_minor: int
    anyway_high_minor: int
    total_minor: int = 0


@dataclass(frozen=True, slots=True)
class Deadweight:
    """One incentive by one baseline.

    ``actual`` is how often it was done while it was paid for, by those who took part;
    ``predicted`` how often they would have done it anyway, of which the share is
    ``anyway_share_bps``. ``n_participants`` and ``n_others`` are the partners compared. ``money``
    is empty where nothing was paid, and where the data are insufficient. ``parallel``: whether
    participants and others changed alike before; none where the baseline does not rest on that.
    """

    behavior: str
    baseline: Baseline
    n_participants: int
    n_others: int
    actual: int
    predicted: Estimate | None
    anyway_share_bps: Estimate | None
    money: tuple[Money, ...]
    verdict: DeadweightVerdict
    parallel: bool | None = None


@dataclass(frozen=True, slots=True)
class DeadweightAnswer:
    """All incentives by all baselines."""

    basis: Basis
    incentives: tuple[Deadweight, ...]


_NOTHING = baselines.unchanged(())
_METHOD = (
    "Anyway share = predicted / actual occurrences of those who took part, from 0 to 1. Predicted "
    "by BEFORE: each one's rate before, times its weeks; LAST_YEAR: the rate 52 weeks before; "
    "MATCHED: the rate of up to {neighbours} partners of the same type that do not take part, "
    "nearest by the rate before, within a caliper, with replacement, bias-corrected (Abadie and "
    "Imbens 2011); DIFFERENCE_IN_DIFFERENCES: the rate before and the change, for each of the "
    "staff, of all partners that do not take part, if trends are parallel (they are self-selected: "
    "they chose not to). It is UNCLEAR where participants and others changed unlike before the "
    "incentive, from the first to the second half of the weeks before it, or to all of these from "
    "as many weeks before them. BEFORE has no such guard: who took part because the weeks before "
    "were low looks like an effect. Intervals over partners by linearization (Cochran 1977) with "
    "Student's t, joined with the exact Poisson one; all hold at once (Bonferroni). Paid: what the "
    "rules paid for this behavior of those who are judged, in weeks in which they took part, less "
    "what of it was taken back, also later; anyway = paid times the share. The total is all that "
    "was paid for the behavior in these weeks: the rest was paid of partners that the baseline "
    "cannot judge, or for weeks before somebody took part (a consent that reaches back), which was "
    "all done without the incentive. The first {most_weeks} weeks of an incentive count, up to "
    "when something else begins or ends to pay for the behavior."
)


def deadweight(market: Market, thresholds: Thresholds | None = None) -> DeadweightAnswer:
    """What of each incentive is deadweight, by each of four baselines (see the module's head)."""
    limits = thresholds or Thresholds()
    level = statistics.simultaneous_level(
        statistics.share(limits.level_bps), len(market.incentives) * len(Baseline)
    )
    windows = [baselines.window(market, x, limits.most_weeks) for x in market.incentives]
    basis = Basis(
        method=_METHOD.format(neighbours=limits.neighbours, most_weeks=limits.most_weeks),
        n=len(market.companies),
        n_of="partners",
        thresholds=asdict(limits),
        starts_on=market.day(0),
        ends_on=market.day(market.weeks),
    )
    told: list[Deadweight] = []
    for window in windows:
        compared = _compared(market, window, limits)
        total: dict[str, int] = {}
        for company in market.companies:
            weeks = range(window.start, window.end)
            baselines.add_paid(total, company.series, window.incentive, weeks)
        for one in Baseline:
            found = _told(compared.get(one, _NOTHING), window.behavior, one, limits, level, total)
            if one is Baseline.DIFFERENCE_IN_DIFFERENCES and found.anyway_share_bps:
                found = _guarded(found, market, window, limits)
            told.append(found)
    return DeadweightAnswer(basis, tuple(told))


def _compared(market: Market, window: Window, limits: Thresholds) -> Mapping[Baseline, Comparison]:
    """By each baseline that has weeks to stand on."""
    least = limits.least_weeks
    found: dict[Baseline, Comparison] = {}
    if window.end - window.start < least:
        return found
    if window.year_ago:
        then = baselines.participants(market, window, baselines.year_ago, least)
        found[Baseline.LAST_YEAR] = baselines.unchanged(then)
    if window.before[1] - window.before[0] >= least:
        before = baselines.participants(market, window, baselines.before(window), least)
        others = baselines.others(market, window, least)
        found[Baseline.BEFORE] = baselines.unchanged(before)
        found[Baseline.MATCHED] = baselines.matched(
            before, others, limits.neighbours, limits.caliper_bps
        )
        found[Baseline.DIFFERENCE_IN_DIFFERENCES] = baselines.differenced(before, others)
    return found


def _guarded(found: Deadweight, market: Market, window: Window, limits: Thresholds) -> Deadweight:
    """Without a decision where participants and others did not change alike before."""
    alike = baselines.parallel(
        market, window, limits.least_weeks, statistics.share(limits.level_bps)
    )
    verdict = found.verdict if alike else DeadweightVerdict.UNCLEAR
    return replace(found, parallel=alike, verdict=verdict)


def _told(
    compared: Comparison,
    behavior: str,
    baseline: Baseline,
    limits: Thresholds,
    level: float,
    total: Mapping[str, int],
) -> Deadweight:
    participants = compared.participants
    actual = sum(one.actual for one in participants)
    enough = (
        len(participants) >= limits.partners
        and actual >= limits.occurrences
        and (baseline not in _AGAINST_OTHERS or compared.others >= limits.partners)
    )
    ratio = _share(compared, actual, level) if enough else None
    share = _clipped(ratio, 1.0).estimate(10_000) if ratio else None
    predicted = (
        Interval(ratio.value * actual, ratio.low * actual, ratio.high * actual, level)
        if ratio
        else None
    )
    return Deadweight(
        behavior=behavior,
        baseline=baseline,
        n_participants=len(participants),
        n_others=compared.others,
        actual=actual,
        predicted=_clipped(predicted, math.inf).estimate(1) if predicted else None,
        anyway_share_bps=share,
        money=tuple(_money(participants, total, share)) if share else (),
        verdict=_verdict(share, limits),
    )


def _share(compared: Comparison, actual: int, level: float) -> Interval:
    """Predicted / actual, with the hull of the interval over partners and the Poisson one."""
    participants, n = compared.participants, len(compared.participants)
    ratio = math.fsum(compared.predicted) / actual
    # Each partner's part in the ratio's error, so scaled that their mean's error is that of it.
    residuals = [
        n * (predicted - ratio * one.actual) / actual
        for one, predicted in zip(participants, compared.predicted, strict=True)
    ]
    own = [ratio + one for one in residuals]
    if compared.others:
        spread = [one / actual for one in compared.spread]
        over = statistics.difference_in_differences(own, spread, level)
    else:
        over = statistics.mean_change(own, level)
    expected = math.fsum(one.expected for one in participants)
    earlier = sum(one.earlier for one in participants)
    weeks = sum(one.weeks for one in participants)
    times = expected / earlier if earlier else weeks / sum(x.earlier_weeks for x in participants)
    counted = statistics.rate_ratio(earlier, 1.0, actual, times, level)
    added = ratio - compared.kept * expected / actual
    low, high = (added + compared.kept * end for end in (counted.low, counted.high))
    exact = Interval(ratio, min(low, high), max(low, high), level)
    return over.hull(exact) if compared.others or _vary(own) else exact


def _vary(values: Sequence[float]) -> bool:
    """Whether they do, by more than rounding."""
    return bool(values) and max(values) - min(values) > 1e-9 * max(1.0, *map(abs, values))


def _clipped(interval: Interval, most: float) -> Interval:
    value, low, high = (
        min(max(0.0, one), most) for one in (interval.value, interval.low, interval.high)
    )
    return Interval(value, low, high, interval.level)


def _verdict(share: Estimate | None, limits: Thresholds) -> DeadweightVerdict:
    if share is None:
        return DeadweightVerdict.INSUFFICIENT_DATA
    if share.low is not None and share.low >= limits.deadweight_bps:
        return DeadweightVerdict.MOSTLY_DEADWEIGHT
    if share.high is not None and share.high < limits.deadweight_bps:
        return DeadweightVerdict.MOSTLY_EFFECT
    return DeadweightVerdict.UNCLEAR


def _money(
    judged: Sequence[Participant], total: Mapping[str, int], share: Estimate
) -> Iterator[Money]:
    """Of assets of which more was paid than taken back. The share's ends are from 0 to 1."""
    ends = share.value, share.low or 0, 10_000 if share.high is None else share.high
    for asset in sorted(total):
        minor = sum(one.paid.get(asset, 0) for one in judged)
        if minor > 0:
            value, low, high = (of_rate(minor, one) for one in ends)
            yield Money(asset, minor, value, low, high, total[asset])
