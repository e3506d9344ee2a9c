"""Whether a whole organization does it, or only its stars; crossed with the partner's tier.

Of each partner that took part and each behavior, over the weeks in which it was last paid for, at
most the last 26: its staff is who worked there in at least half of these weeks, the share of it
that does the behavior is of those who did so in at least two different weeks (one try is no habit),
told with Wilson's interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927): the staff is counted
whole, and the interval tells what to expect of other people there.

STAR_DEPENDENT: the top two did at least 75 % of what the staff did, and more than chance makes any
two do if all are alike. If they are, each week's counts could be anybody's of those who worked
there in it: how likely two of them have so much then is computed exactly (a permutation test in
blocks of weeks, which holds for any distribution of the counts: R. A. Fisher, The Design of
Experiments, 1935; E. J. G. Pitman, 1937), and multiplied by the pairs that there are, for any could
be the top (the union bound). The same is asked of people who are alike but have busy and idle
months (``windows``): by the beta-binomial distribution of the top two's share; the larger decides.
ORG_WIDE: at least 60 % of the staff do it, and the others do, besides the top two, more than half
of what would be theirs if all did alike. BETWEEN: neither. INSUFFICIENT_DATA: a staff below four,
or fewer than ten occurrences.

Flags: INVEST, a bronze or silver partner that is ORG_WIDE. TALK_TO_LEADERSHIP, a gold or platinum
partner that is STAR_DEPENDENT and reverts: its durability is a SPIKE, or, while the incentive runs,
the second half of its weeks is below the first by Welch's interval. All of one answer hold at once
(Bonferroni); a flag adds no doubt, for it is false only where the verdict is right.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import product
from math import comb

from portal_api.domain.goals import Level
from portal_api.domain.insights import statistics, windows
from portal_api.domain.insights.basis import Basis, Estimate
from portal_api.domain.insights.durability import DurabilityAnswer, DurabilityVerdict
from portal_api.domain.insights.market import Company, Incentive, Market, Person
from portal_api.domain.insights.windows import UNKNOWN, Months, Window
from portal_api.domain.partners import Tier

METHOD = (
    "Staff of at least half of the weeks in which it was last paid for. Doing: in two different"
    " weeks; Wilson's interval. Star-dependent: the top two's share against the exact chance of any"
    " two if each week's counts could be anybody's, and of any two who are alike but have busy and"
    " idle months of four weeks, as uneven as all people's are; at once for all (Bonferroni)."
)
_LOWER, _UPPER = frozenset({Tier.BRONZE, Tier.SILVER}), frozenset({Tier.GOLD, Tier.PLATINUM})


class BreadthVerdict(StrEnum):
    """How a behavior is spread over a partner's staff."""

    ORG_WIDE = "ORG_WIDE"
    STAR_DEPENDENT = "STAR_DEPENDENT"
    BETWEEN = "BETWEEN"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Flag(StrEnum):
    """What a channel manager should do about it."""

    INVEST = "INVEST"
    TALK_TO_LEADERSHIP = "TALK_TO_LEADERSHIP"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides.

    Looked at are at most ``most_weeks``; who did it in ``weeks_each`` weeks does it. Stars are two
    who do ``star_bps``; a whole organization has ``wide_bps`` who do it, and without the top two
    ``others_bps`` of what an even spread would leave. Half of an incentive's weeks so far is
    compared with the other from ``least_weeks`` each on.
    """

    most_weeks: int = 26
    least_weeks: int = 4
    weeks_each: int = 2
    staff: int = 4
    occurrences: int = 10
    wide_bps: int = 6_000
    others_bps: int = 5_000
    star_bps: int = 7_500
    level_bps: int = 9_500


@dataclass(frozen=True, slots=True)
class Breadth:
    """One partner: the share of its staff that does it, and of what the top one and two do.

    ``occurrences`` are those of the staff.
    """

    partner_id: str
    behavior: str
    staff: int
    doing: int
    doing_bps: Estimate | None
    occurrences: int
    top_one_bps: int
    top_two_bps: int
    verdict: BreadthVerdict
    flag: Flag | None


@dataclass(frozen=True, slots=True)
class BreadthAnswer:
    """All partners and paid behaviors."""

    basis: Basis
    companies: tuple[Breadth, ...]


@dataclass(frozen=True, slots=True)
class _Staff:
    """A company's staff in a window, who does most first: counts by week, none while not there."""

    company: Company
    incentive: Incentive
    counts: tuple[tuple[int | None, ...], ...]
    of_people: Months = UNKNOWN
    halves: "_Halves | None" = None

    @property
    def each(self) -> list[int]:
        """How often each did it."""
        return [_total(one) for one in self.counts]

    def doing(self, weeks: int) -> int:
        """How many did it in so many weeks."""
        return sum(sum(bool(count) for count in one) >= weeks for one in self.counts)

    def chance(self) -> float:
        """How likely any two of them do as much as the top two if all of them are alike."""
        together = sum(self.each[:2])
        likely = {0: 1.0}  # By how much the two have done up to a week.
        for week in zip(*self.counts, strict=True):
            dealt = Counter(one for one in week if one is not None)
            drawn = _drawn(dealt, sum(one is not None for one in week[:2]))
            added: dict[int, float] = {}
            for (had, p), (more, q) in product(likely.items(), drawn.items()):
                sum_ = min(together, had + more)
                added[sum_] = added.get(sum_, 0.0) + p * q
            likely = added
        return min(1.0, comb(len(self.counts), 2) * likely.get(together, 0.0))

    def busy(self) -> float:
        """The same if all are alike, but each has busy and idle months.

        What each does has a negative binomial distribution, so that of all that is done the share
        of two has a beta-binomial one.
        """
        people, done = len(self.counts), sum(self.each)
        weeks = [len(one) - one.count(None) for one in self.counts]
        mean, share = done / people, sum(weeks[:2]) / sum(weeks)
        more = self.of_people.of(done, people * len(self.counts[0]), 0.0) / people - mean
        size = people * mean * mean / more if more > 0 else math.inf
        ways = comb(people, 2)
        return min(1.0, ways * _tail(sum(self.each[:2]), done, share, size))


@dataclass(frozen=True, slots=True)
class _Halves:
    """The weeks of an incentive that runs, in two, and how uneven companies' months are."""

    first: Window
    second: Window
    months: Months


def _tail(least: int, of: int, share: float, size: float) -> float:
    """How likely so many or more are by the beta-binomial; by the binomial for an endless size."""
    if math.isinf(size):
        return statistics.binomial_tail(least, of, share)
    one, other = size * share, size * (1 - share)

    def log_beta(a: float, b: float) -> float:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    whole = log_beta(one, other)
    return math.fsum(
        math.exp(log_beta(k + one, of - k + other) - whole - log_beta(k + 1, of - k + 1)) / (of + 1)
        for k in range(least, of + 1)
    )


def _total(counts: Sequence[int | None]) -> int:
    return sum(one or 0 for one in counts)


def _drawn(dealt: Counter[int], hands: int) -> dict[int, float]:
    """How likely each sum is of none, one or two counts, drawn from a week's."""
    n = dealt.total()
    if hands < 2:
        return {one: times / n for one, times in dealt.items()} if hands else {0: 1.0}
    sums: dict[int, float] = {}
    for (one, times), (other, others) in product(dealt.items(), repeat=2):
        ways = times * (others - (one == other))
        sums[one + other] = sums.get(one + other, 0.0) + ways / (n * (n - 1))
    return sums


def breadth(
    market: Market,
    durability_of_companies: DurabilityAnswer,
    thresholds: Thresholds = Thresholds(),
) -> BreadthAnswer:
    """How each paid behavior is spread over the staff of each partner that took part, and flags.

    ``durability_of_companies`` is that of level PARTNER, which tells who reverts after an incentive
    that is over. Shares are in basis points. INSUFFICIENT_DATA where staff or occurrences are few.
    """
    lasted = {  # Of each behavior's last incentive, for the answer has them in order.
        (one.party_id, one.behavior): one.verdict
        for one in durability_of_companies.parties
        if one.level is Level.PARTNER
    }
    last = {one.behavior: one for one in sorted(market.incentives, key=lambda one: one.starts)}
    seen = {one.behavior: _window(market, one, thresholds) for one in last.values()}
    found = [
        one for code in sorted(last) for one in _staffs(market, last[code], seen[code], thresholds)
    ]
    tests = sum(_enough(one, thresholds) for one in found)
    confidence = statistics.simultaneous_level(statistics.share(thresholds.level_bps), tests)
    bounds = list(seen.values()) or [(0, market.weeks)]
    n = len({one.company.id for one in found})
    starts, ends = min(start for start, _ in bounds), max(end for _, end in bounds)
    return BreadthAnswer(
        Basis(METHOD, n, "partners", asdict(thresholds), market.day(starts), market.day(ends)),
        tuple(_judged(one, lasted, confidence, thresholds) for one in found),
    )


def _window(market: Market, incentive: Incentive, thresholds: Thresholds) -> Window:
    """The last of the weeks in which it was paid for."""
    ends = market.weeks if incentive.ends is None else min(incentive.ends, market.weeks)
    return max(min(incentive.starts, ends), ends - thresholds.most_weeks), ends


def _staffs(
    market: Market, incentive: Incentive, window: Window, thresholds: Thresholds
) -> list[_Staff]:
    found = []
    for company in market.companies:
        if windows.took_part(market.took_part(incentive, company), window):
            of = (_worked(one, incentive.behavior, window) for one in company.people)
            staff = [one for one in of if 2 * one.count(None) <= len(one) > 0]
            counts = tuple(sorted(staff, key=_total, reverse=True))
            found.append(_Staff(company, incentive, counts))
    alike = windows.alike(market, incentive)
    months = windows.months(
        (one.series.did(incentive.behavior)[slice(*stretch)], [1] * (stretch[1] - stretch[0]))
        for each in found
        for one in each.company.people
        for stretch in windows.stretches(incentive, windows.within(alike, one.employed))
    )
    halves = _halves(market, incentive, [one.company for one in found], thresholds)
    return [replace(one, of_people=months, halves=halves) for one in found]


def _halves(
    market: Market, incentive: Incentive, companies: Sequence[Company], thresholds: Thresholds
) -> _Halves | None:
    """The halves of the weeks so far of an incentive that runs, if each is long enough."""
    if incentive.ends is not None:
        return None
    start = max(incentive.starts, windows.alike(market, incentive)[0])
    half = (market.weeks - start) // 2
    if half < thresholds.least_weeks:
        return None
    first, second = (start, start + half), (market.weeks - half, market.weeks)
    both = (_seen(one, incentive, window) for one in companies for window in (first, second))
    return _Halves(first, second, windows.months(both))


def _seen(
    company: Company, incentive: Incentive, window: Window
) -> tuple[Sequence[int], Sequence[int]]:
    counts = windows.counted(company.series, (incentive.behavior,), window)
    return counts, windows.staff(company.people, window)


def _worked(person: Person, behavior: str, window: Window) -> tuple[int | None, ...]:
    """Somebody's counts in the weeks of a window, none for those before they came or after."""
    start, end = person.employed
    counts = person.series.did(behavior)
    return tuple(max(0, counts[at]) if start <= at < end else None for at in range(*window))


def _enough(one: _Staff, thresholds: Thresholds) -> bool:
    return len(one.counts) >= thresholds.staff and sum(one.each) >= thresholds.occurrences


def _judged(
    one: _Staff,
    lasted: Mapping[tuple[str, str], DurabilityVerdict],
    confidence: float,
    thresholds: Thresholds,
) -> Breadth:
    each, occurrences, doing = one.each, sum(one.each), one.doing(thresholds.weeks_each)
    verdict = _verdict(one, confidence, thresholds)
    flag = None
    if verdict is BreadthVerdict.ORG_WIDE and one.company.tier in _LOWER:
        flag = Flag.INVEST
    elif verdict is BreadthVerdict.STAR_DEPENDENT and one.company.tier in _UPPER:
        became = lasted.get((one.company.id, one.incentive.behavior))
        if became is DurabilityVerdict.SPIKE or _falls(one, confidence):
            flag = Flag.TALK_TO_LEADERSHIP
    return Breadth(
        partner_id=one.company.id,
        behavior=one.incentive.behavior,
        staff=len(each),
        doing=doing,
        doing_bps=statistics.proportion(doing, len(each), confidence).estimate(10_000)
        if each
        else None,
        occurrences=occurrences,
        top_one_bps=_bps(sum(each[:1]), occurrences),
        top_two_bps=_bps(sum(each[:2]), occurrences),
        verdict=verdict,
        flag=flag,
    )


def _verdict(one: _Staff, confidence: float, thresholds: Thresholds) -> BreadthVerdict:
    if not _enough(one, thresholds):
        return BreadthVerdict.INSUFFICIENT_DATA
    top, occurrences, people = sum(one.each[:2]), sum(one.each), len(one.counts)
    stars = 10_000 * top >= thresholds.star_bps * occurrences
    if stars and max(one.chance(), one.busy()) <= 1 - confidence:
        return BreadthVerdict.STAR_DEPENDENT
    doing = one.doing(thresholds.weeks_each)
    even = 1 - 2 / people
    others = (1 - top / occurrences) > statistics.share(thresholds.others_bps) * even
    if others and 10_000 * doing >= thresholds.wide_bps * people:
        return BreadthVerdict.ORG_WIDE
    return BreadthVerdict.BETWEEN


def _falls(one: _Staff, confidence: float) -> bool:
    """Whether, while the incentive runs, less is done in the second half of its weeks so far."""
    if one.halves is None:
        return False
    first, second = (
        windows.rate(*_seen(one.company, one.incentive, window), one.halves.months)
        for window in (one.halves.first, one.halves.second)
    )
    return windows.change(second, first, confidence).below_zero


def _bps(part: int, whole: int) -> int:
    return round(10_000 * part / whole) if whole else 0
