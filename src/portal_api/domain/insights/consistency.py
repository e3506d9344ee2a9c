"""Whether an incentive works alike at all partners; where not, the incentive itself is flagged.

The effect at each partner that took part is its change in rate, during less before, for each of its
staff and week, in two equal windows (``windows``): a partner that changes more because it is larger
is no inconsistency. Only weeks of like pay are looked at. Each has a standard error by its weekly
counts and by how uneven months are, the larger (``windows``). Their spread is Cochran's
Q = sum of w (effect - mean)², w = 1 / error² (W. G. Cochran, Biometrics 10, 1954); how likely so
large a one is by chance is told by Welch's F, for the errors are estimated from few weeks (B. L.
Welch, Biometrika 38, 1951); I² = (Q - df) / Q is the share of the spread that chance does not
explain (J. P. T. Higgins & S. G. Thompson, Stat. Med. 21, 2002).

INCONSISTENT: Q is unlikely (the level, divided by the incentives that are judged, Bonferroni), and
I² is at least 50 %. CONSISTENT: it is not, and a spread that matters is excluded: the upper limit
of the standard deviation between partners' true effects (W. Viechtbauer, Stat. Med. 26, 2007) is
at most half of the rate that partners have (before or during, whichever is higher).
INSUFFICIENT_DATA: else, or of too few partners, weeks, occurrences.
An incentive that does nothing anywhere is consistent: durability tells whether it does something.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import sqrt

from portal_api.domain.insights import statistics, windows
from portal_api.domain.insights.basis import Basis
from portal_api.domain.insights.market import Company, Incentive, Market
from portal_api.domain.insights.windows import Rate, Window

METHOD = (
    "Each partner's rate in the last weeks of the incentive less that in as many before it, for"
    " each of its people, in weeks in which nothing else begins or ends to pay for the behavior;"
    " errors by weekly counts and by busy and idle months of four weeks, the larger; Cochran's Q of"
    " these with Welch's F, at once for all incentives (Bonferroni), I², and the upper limit of the"
    " spread (Viechtbauer). Assumed: months are about as uneven at all partners."
)


class ConsistencyVerdict(StrEnum):
    """Whether results differ across partners by more than chance."""

    CONSISTENT = "CONSISTENT"
    INCONSISTENT = "INCONSISTENT"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides.

    Both windows have from ``least_weeks`` to ``most_weeks``; there are so many ``companies`` and,
    of all of them, ``occurrences``. Results that differ do so from ``spread_bps`` of I² on; that
    they do not is told where no spread above ``hidden_bps`` of the rate can have hidden.
    """

    least_weeks: int = 4
    most_weeks: int = 13
    companies: int = 4
    occurrences: int = 10
    spread_bps: int = 5_000
    hidden_bps: int = 5_000
    level_bps: int = 9_500


@dataclass(frozen=True, slots=True)
class CompanyEffect:
    """One partner's change, in thousandths of a behavior a week, and its standard error.

    Both are for each of its people.
    """

    partner_id: str
    change_milli: int
    error_milli: int


@dataclass(frozen=True, slots=True)
class BehaviorConsistency:
    """One incentive. ``spread_bps`` is the share of the spread that chance does not explain (I²).

    ``q_milli`` is Cochran's Q, ``p_bps`` how likely it is without any difference. The mean is
    weighted by how well each effect is known.
    """

    behavior: str
    companies: tuple[CompanyEffect, ...]
    mean_milli: int
    q_milli: int | None
    p_bps: int | None
    spread_bps: int | None
    verdict: ConsistencyVerdict


@dataclass(frozen=True, slots=True)
class ConsistencyAnswer:
    """All incentives of the program."""

    basis: Basis
    behaviors: tuple[BehaviorConsistency, ...]


@dataclass(frozen=True, slots=True)
class _Effect:
    """One company's rates, and the weeks of both."""

    partner_id: str
    before: Rate
    during: Rate
    weeks: Window

    @property
    def change(self) -> float:
        return self.during.value - self.before.value

    @property
    def error(self) -> tuple[float, float]:
        """Its standard error, and that one's degrees of freedom."""
        squared, df = windows.error(self.during, self.before)
        return sqrt(squared), df


def consistency(market: Market, thresholds: Thresholds = Thresholds()) -> ConsistencyAnswer:
    """Whether each incentive's results differ across the partners that took part.

    Changes are in thousandths of a behavior for each of a partner's people and week. Partners with
    fewer than the least weeks before or during it are left out.
    """
    found = [
        (one, _effects(market, one, thresholds))
        for one in sorted(market.incentives, key=lambda one: one.starts)
    ]
    tests = sum(_enough(effects, thresholds) for _, effects in found)
    confidence = statistics.simultaneous_level(statistics.share(thresholds.level_bps), tests)
    weeks = [one.weeks for _, effects in found for one in effects] or [(0, market.weeks)]
    n = len({one.partner_id for _, effects in found for one in effects})
    starts, ends = min(start for start, _ in weeks), max(end for _, end in weeks)
    return ConsistencyAnswer(
        Basis(METHOD, n, "partners", asdict(thresholds), market.day(starts), market.day(ends)),
        tuple(_judged(one, effects, confidence, thresholds) for one, effects in found),
    )


def _effects(market: Market, incentive: Incentive, thresholds: Thresholds) -> list[_Effect]:
    alike = windows.alike(market, incentive)
    found = []
    for one in market.companies:
        span = windows.within(alike, windows.employed(one.people, market.weeks))
        around = windows.around(incentive, span, thresholds.least_weeks, thresholds.most_weeks)
        took_part = windows.took_part(market.took_part(incentive, one), around.paid)
        if took_part and around.weeks >= thresholds.least_weeks:
            found.append((one, span, around))
    months = windows.months(
        _seen(one, incentive, stretch)
        for one, span, _ in found
        for stretch in windows.stretches(incentive, span)
    )
    return [
        _Effect(
            one.id,
            windows.rate(*_seen(one, incentive, around.before), months),
            windows.rate(*_seen(one, incentive, around.during), months),
            (around.before[0], around.during[1]),
        )
        for one, _, around in found
    ]


def _seen(
    company: Company, incentive: Incentive, window: Window
) -> tuple[Sequence[int], Sequence[int]]:
    """Its weekly counts of the behavior, and its staff."""
    counts = windows.counted(company.series, (incentive.behavior,), window)
    return counts, windows.staff(company.people, window)


def _enough(effects: Sequence[_Effect], thresholds: Thresholds) -> bool:
    occurrences = sum(one.before.count + one.during.count for one in effects)
    return len(effects) >= thresholds.companies and occurrences >= thresholds.occurrences


def _judged(
    incentive: Incentive, effects: Sequence[_Effect], confidence: float, thresholds: Thresholds
) -> BehaviorConsistency:
    errors, degrees = zip(*(one.error for one in effects), strict=True) if effects else ((), ())
    told = tuple(
        CompanyEffect(one.partner_id, round(1000 * one.change), round(1000 * error))
        for one, error in zip(effects, errors, strict=True)
    )
    if not _enough(effects, thresholds):
        mean = sum(one.change for one in effects) / max(1, len(effects))
        verdict = ConsistencyVerdict.INSUFFICIENT_DATA
        return BehaviorConsistency(
            incentive.behavior, told, round(1000 * mean), None, None, None, verdict
        )
    spread = statistics.homogeneity([one.change for one in effects], errors, degrees)
    differ = 10_000 * spread.i_squared >= thresholds.spread_bps
    if spread.p <= 1 - confidence and differ:
        verdict = ConsistencyVerdict.INCONSISTENT
    elif _alike(effects, errors, thresholds):
        verdict = ConsistencyVerdict.CONSISTENT
    else:
        verdict = ConsistencyVerdict.INSUFFICIENT_DATA
    return BehaviorConsistency(
        behavior=incentive.behavior,
        companies=told,
        mean_milli=round(1000 * spread.mean),
        q_milli=min(round(1000 * spread.q), statistics.MOST),
        p_bps=round(10_000 * spread.p),
        spread_bps=round(10_000 * spread.i_squared),
        verdict=verdict,
    )


def _alike(effects: Sequence[_Effect], errors: Sequence[float], thresholds: Thresholds) -> bool:
    """Whether the spread between partners is small even at the upper end of its interval."""
    rates = (
        sum(one.count for one in side) / sum(one.exposure for one in side)
        for side in ([one.before for one in effects], [one.during for one in effects])
    )
    most = statistics.share(thresholds.hidden_bps) * max(rates)
    changes = [one.change for one in effects]
    return spread_excluded(changes, errors, most, statistics.share(thresholds.level_bps))


def spread_excluded(
    effects: Sequence[float], errors: Sequence[float], spread: float, level: float
) -> bool:
    """Whether the standard deviation between true effects is less than so much, at a level.

    It is where Cochran's Q, with the spread added to the errors, would be larger by chance at least
    as often (the Q-profile: W. Viechtbauer, Stat. Med. 26, 2007). Effects that are more alike than
    their errors tell that these are too large, not that there is no spread: they are made as small.
    """
    own = statistics.homogeneity(effects, errors)
    scale = min(1.0, own.q / (len(effects) - 1))
    wider = [sqrt(scale * error * error + spread * spread) for error in errors]
    return statistics.homogeneity(effects, wider).p >= level
