"""The statistics of the insight: intervals and tests of SciPy, in one place.

SciPy is imported where it is called: importing it takes over a second of processor time, and those
who only show answers do not have it. Of it, the quantiles and tails come from ``scipy.special``,
which ``scipy.stats`` computes with, too: a hundred times as fast for one number, and the same.
A ``level`` is a share: 0.95 is 95 %. Everything is two-sided.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations, product
from typing import TYPE_CHECKING

from portal_api.domain.insights.basis import Estimate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 10**18
"""No amount or count is as large: an end of an interval beyond it excludes nothing, and is open."""
_EXACT = 10_000
"""So many ways to divide parties into two groups are all tried; of more, as many by chance."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A number and its interval. An end may be infinite."""

    value: float
    low: float
    high: float
    level: float

    @property
    def above_zero(self) -> bool:
        """Whether all of the interval is."""
        return self.low > 0

    @property
    def below_zero(self) -> bool:
        """Whether all of the interval is."""
        return self.high < 0

    @property
    def unlimited(self) -> bool:
        """Whether it excludes nothing."""
        return self.low == -math.inf and self.high == math.inf

    def hull(self, other: "Interval") -> "Interval":
        """This number, with an interval that holds both: only what both exclude is excluded."""
        return Interval(
            self.value,
            min(self.low, other.low),
            max(self.high, other.high),
            min(self.level, other.level),
        )

    def estimate(self, scale: int) -> Estimate:
        """In whole parts of ``1 / scale``, such as 1000 for thousandths or 10,000 for basis points.

        Rounding moves neither end of the interval to, or over, zero: an end beyond zero stays at
        least one part beyond it. An end without limit, or beyond ``MOST``, is none.
        """
        low, high = _whole(self.low, scale), _whole(self.high, scale)
        value = round(min(max(self.value * scale, -MOST), MOST))
        value = value if low is None else max(value, low)
        value = value if high is None else min(value, high)
        return Estimate(value, low, high, round(self.level * 10_000))


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Whether effects are alike: Cochran's Q, how likely so large a one is if they are, and I².

    ``i_squared`` is the share of the spread that chance does not explain, from 0 to 1; ``mean`` is
    weighted by precision.
    """

    mean: float
    q: float
    p: float
    i_squared: float


def share(bps: int) -> float:
    """A level or share in basis points, as thresholds have it: 9,500 is 0.95."""
    return bps / 10_000


def simultaneous_level(level: float, verdicts: int) -> float:
    """The level of each of several intervals, for all of them to hold at once at ``level``.

    1 - (1 - level) / verdicts, by Bonferroni's inequality; ``level`` itself for none.
    """
    return 1 - (1 - level) / max(1, verdicts)


def proportion(successes: int, n: int, level: float) -> Interval:
    """A share, with Wilson's score interval (Wilson 1927; Newcombe 1998, method 3).

    0 to 1, and 0 as the value, where ``n`` is 0.
    """
    if n == 0:
        return Interval(0.0, 0.0, 1.0, level)
    z = _z(level)
    p = successes / n
    middle = (successes + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(n * p * (1 - p) + z * z / 4)
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == n else middle + half
    return Interval(p, low, high, level)


def proportion_difference(x1: int, n1: int, x2: int, n2: int, level: float) -> Interval:
    """The difference x1/n1 - x2/n2 of two groups' shares.

    Of two Wilson intervals by squares (Newcombe 1998, method 10); -1 to 1 where a group is empty.
    """
    if not (n1 and n2):
        return Interval(0.0, -1.0, 1.0, level)
    one, two = proportion(x1, n1, level), proportion(x2, n2, level)
    value = one.value - two.value
    low = value - math.hypot(one.value - one.low, two.high - two.value)
    high = value + math.hypot(one.high - one.value, two.value - two.low)
    return Interval(value, low, high, level)


def mean_difference(a: Sequence[float], b: Sequence[float], level: float) -> Interval:
    """The difference of the means of two groups, a's less b's, which may vary unlike (Welch 1947).

    Student's t with Satterthwaite's degrees of freedom. Where neither group varies, the difference
    is exact if it is 0, or so clean a division is unlikelier by chance than the level allows (2 of
    C(n, len(a)) ways); else from 0 to twice it. Without limits where a group has fewer than two.
    """
    value = _mean(a) - _mean(b)
    if len(a) < 2 or len(b) < 2:
        return Interval(value, -math.inf, math.inf, level)
    in_a, in_b = _variance(a) / len(a), _variance(b) / len(b)
    if in_a + in_b == 0:
        return _constant(value, 2 / math.comb(len(a) + len(b), len(a)), level)
    df = (in_a + in_b) ** 2 / (in_a**2 / (len(a) - 1) + in_b**2 / (len(b) - 1))
    return by_t(value, in_a + in_b, df, level)


def permuted_difference(a: Sequence[float], b: Sequence[float], level: float) -> Interval:
    """The difference of the means of two groups, by permutation: exact for any distribution.

    If what parties do has nothing to do with their group, each division of all into groups of these
    sizes is as likely; 0 is excluded where too few of them differ as much (Fisher 1935; Pitman
    1937). Another division tells a shift, the mean of those who leave a group less that of those
    who enter it, and the ends of the interval are quantiles of these. All divisions are tried; of
    more than 10,000, as many by chance, always the same. Without limits where they are too few.
    """
    return permuted_within([(a, b)], level)


def permuted_within(
    strata: Sequence[tuple[Sequence[float], Sequence[float]]], level: float
) -> Interval:
    """The same within strata, such as colleagues of one company: what they share falls out.

    The mean difference within strata, weighted by m·n / (m + n) of m and n members, with divisions
    of each stratum only. Strata without members of both groups tell nothing.
    """
    both = [(a, b) for a, b in strata if a and b]
    weights = [len(a) * len(b) / (len(a) + len(b)) for a, b in both]
    gaps = [_mean(a) - _mean(b) for a, b in both]
    value = sum(w * one for w, one in zip(weights, gaps, strict=True)) / (sum(weights) or 1.0)
    shifts = _shifts(both) if both else []
    allowed = math.floor((1 - level) / 2 * (len(shifts) + 1) + 1e-9)
    if allowed == 0:
        return Interval(value, -math.inf, math.inf, level)
    return Interval(value, shifts[allowed - 1], shifts[-allowed], level)


def cautious_difference(a: Sequence[float], b: Sequence[float], level: float) -> Interval:
    """The difference of means of a few uneven parties: only what both methods exclude is excluded.

    Holds Welch's interval (right where groups vary unlike) and that by permutation (right for
    skewed counts of few, for which Welch's misses twice as often as it should).
    """
    return mean_difference(a, b, level).hull(permuted_difference(a, b, level))


def mean_change(changes: Sequence[float], level: float) -> Interval:
    """The mean of paired changes, one of each party, by Student's t.

    Where all are the same: exactly that, if so many of one sign are unlikelier by chance than the
    level allows (2 of 2^n), else from 0 to twice the change. Without limits for fewer than two.
    """
    value = _mean(changes)
    if len(changes) < 2:
        return Interval(value, -math.inf, math.inf, level)
    squared = _variance(changes) / len(changes)
    if squared == 0:
        return _constant(value, 2.0 ** (1 - len(changes)), level)
    return by_t(value, squared, len(changes) - 1, level)


def by_t(value: float, squared_error: float, df: float, level: float) -> Interval:
    """A number with its squared standard error, by Student's t."""
    half = _t(level, df) * math.sqrt(squared_error)
    return Interval(value, value - half, value + half, level)


def difference_in_differences(
    treated: Sequence[float], control: Sequence[float], level: float
) -> Interval:
    """How much more the treated changed than the others: one change, after less before, of each.

    The difference of the mean changes, with Welch's interval: right as far as both would have
    changed alike untreated (Card & Krueger 1994; Angrist & Pischke 2009, chapter 5).
    """
    return mean_difference(treated, control, level)


def difference_in_differences_of_summary(
    treated: tuple[float, float], control: tuple[float, float], level: float
) -> Interval:
    """The same of published mean changes, each with its standard error, by the normal."""
    value = treated[0] - control[0]
    half = _z(level) * math.hypot(treated[1], control[1])
    return Interval(value, value - half, value + half, level)


def rate(count: int, exposure: float, level: float) -> Interval:
    """How often something happens per unit of exposure, if occurrences are independent of others.

    Exact for Poisson counts (Garwood 1936). From 0 without limit where the exposure is 0.
    """
    if exposure <= 0:
        return Interval(0.0, 0.0, math.inf, level)
    low, high = _poisson(count, level)
    return Interval(count / exposure, low / exposure, high / exposure, level)


def rate_ratio(c1: int, t1: float, c2: int, t2: float, level: float) -> Interval:
    """The ratio of two rates, c1/t1 to c2/t2, if occurrences are independent of others.

    Given both counts' sum, c1 is binomial: the exact interval of its share (Clopper & Pearson 1934)
    is turned into that of the ratio (Przyborowski & Wilenski 1940). Infinite where c2 is 0; the
    value is 1 where both are. From 0 without limit where an exposure is 0.
    """
    if t1 <= 0 or t2 <= 0:
        return Interval(1.0, 0.0, math.inf, level)
    low, high = _binomial(c1, c1 + c2, level)
    times = t2 / t1
    value = times * c1 / c2 if c2 else (math.inf if c1 else 1.0)
    limit = times * high / (1 - high) if c2 else math.inf
    return Interval(value, times * low / (1 - low), limit, level)


def homogeneity(
    effects: Sequence[float],
    errors: Sequence[float],
    degrees: Sequence[float] | None = None,
) -> Homogeneity:
    """Whether effects, each with its standard error, differ by more than chance.

    Cochran's Q (1954) with inverse-variance weights, p by chi-squared with one less than there are
    effects as degrees of freedom (DerSimonian & Laird 1986), I² = max(0, (Q - df) / Q) (Higgins &
    Thompson 2002). With ``degrees``, of freedom of each standard error, p is by Welch's F (1951),
    which is right for errors that were estimated from few observations. ``ValueError`` for fewer
    than two effects, or an error that is not above 0.
    """
    from scipy.special import chdtrc  # noqa: PLC0415

    if len(effects) < 2 or any(error <= 0 for error in errors):
        raise ValueError("homogeneity needs two effects, and errors above 0")
    weights = [1 / (error * error) for error in errors]
    total = sum(weights)
    mean = sum(w * one for w, one in zip(weights, effects, strict=True)) / total
    q = sum(w * (one - mean) ** 2 for w, one in zip(weights, effects, strict=True))
    df = len(effects) - 1
    p = float(chdtrc(df, q)) if degrees is None else _welch_tail(q, weights, degrees)
    return Homogeneity(mean, q, p, max(0.0, (q - df) / q) if q else 0.0)


def binomial_tail(k: int, n: int, p: float) -> float:
    """How likely ``k`` or more of ``n`` are, each with probability ``p``."""
    from scipy.special import betainc  # noqa: PLC0415

    if k <= 0:
        return 1.0
    return 0.0 if k > n else float(betainc(k, n - k + 1, p))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _variance(values: Sequence[float]) -> float:
    """Of a sample; exactly 0 where all are the same."""
    if min(values) == max(values):
        return 0.0
    mean = _mean(values)
    return math.fsum((one - mean) ** 2 for one in values) / (len(values) - 1)


def _constant(value: float, p: float, level: float) -> Interval:
    """Of observations without spread: exact where chance (``p``) is excluded, else to zero."""
    if value == 0 or p <= 1 - level:
        return Interval(value, value, value, level)
    return Interval(value, min(0.0, 2 * value), max(0.0, 2 * value), level)


def _shifts(strata: Sequence[tuple[Sequence[float], Sequence[float]]]) -> list[float]:
    """The mean of those who leave the first groups less that of those who enter, for each division.

    With weights m·n / (m + n), each member counts the same in both means, whatever its stratum.
    """
    import numpy as np  # noqa: PLC0415

    values = np.concatenate([(*a, *b) for a, b in strata], dtype=float)
    first = np.concatenate([[True] * len(a) + [False] * len(b) for a, b in strata])
    found = []
    for member in _divisions(tuple((len(a), len(b)) for a, b in strata)):
        moved = member[:, ~first].sum(axis=1)
        found.append((values[first].sum() - member @ values)[moved > 0] / moved[moved > 0])
    shifts = np.sort(np.concatenate(found))
    # Sums in another order differ in the last digit: a tie must stay one.
    shifts[abs(shifts) < 1e-9 * abs(values).max()] = 0.0
    return [float(one) for one in shifts]


@lru_cache(maxsize=4)
def _divisions(sizes: tuple[tuple[int, int], ...]) -> "list[NDArray[np.int8]]":
    """Who is in the first groups, a row for each division, in slices: each becomes floats later."""
    import numpy as np  # noqa: PLC0415

    if math.prod(math.comb(m + n, m) for m, n in sizes) <= _EXACT:
        each = (
            [[int(k in one) for k in range(m + n)] for one in combinations(range(m + n), m)]
            for m, n in sizes
        )
        rows = [list(chain.from_iterable(parts)) for parts in product(*each)]
        return [np.array(rows, dtype=np.int8)]
    chance = np.random.default_rng(0)
    tiles = [np.tile(np.arange(m + n) < m, (1000, 1)).astype(np.int8) for m, n in sizes]
    return [
        np.hstack([chance.permuted(one, axis=1) for one in tiles]) for _ in range(_EXACT // 1000)
    ]


@lru_cache(maxsize=256)
def _z(level: float) -> float:
    """The normal's two-sided quantile."""
    from scipy.special import ndtri  # noqa: PLC0415

    return float(ndtri((1 + level) / 2))


@lru_cache(maxsize=4096)
def _t(level: float, df: float) -> float:
    """Student's two-sided quantile."""
    from scipy.special import stdtrit  # noqa: PLC0415

    return float(stdtrit(df, (1 + level) / 2))


def _poisson(count: int, level: float) -> tuple[float, float]:
    """Garwood's limits of the mean of a Poisson count, half of quantiles of chi-squared."""
    from scipy.special import chdtri  # noqa: PLC0415

    tail = (1 - level) / 2
    low = float(chdtri(2 * count, 1 - tail)) / 2 if count else 0.0
    return low, float(chdtri(2 * count + 2, tail)) / 2


def _binomial(successes: int, n: int, level: float) -> tuple[float, float]:
    """Clopper and Pearson's limits of a share."""
    from scipy.special import betaincinv  # noqa: PLC0415

    tail = (1 - level) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high


def _welch_tail(q: float, weights: Sequence[float], degrees: Sequence[float]) -> float:
    """Welch's test of equal means: Q over its expectation, by F with estimated degrees."""
    from scipy.special import fdtrc  # noqa: PLC0415

    groups, total = len(weights), sum(weights)
    doubt = sum((1 - w / total) ** 2 / df for w, df in zip(weights, degrees, strict=True))
    f = q / (groups - 1) / (1 + 2 * (groups - 2) / (groups * groups - 1) * doubt)
    return float(fdtrc(groups - 1, (groups * groups - 1) / (3 * doubt), f))


def _whole(value: float, scale: int) -> int | None:
    """Rounded, but never to zero; none where it is beyond any number that is told."""
    scaled = value * scale
    if abs(scaled) > MOST:
        return None
    return round(scaled) or (scaled > 0) - (scaled < 0)
