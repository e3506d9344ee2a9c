"""What top performers do and others do not: behavior by behavior, with the gap and its interval.

TOP of a ranking against all others; it is by all that was sold, so that who was there for longer is
rather TOP. Adoption is the share of parties that did a behavior at all in the window; frequency how
often a party did it a week, for a company for each of its staff, or a large company would do more
of everything. Frequencies are for the same weeks, or who was hired after a behavior was launched
would do more of it: what a party did beyond what all did in the weeks in which it was there, a
week, is added to the rate of all (observed less expected counts, as in indirect standardization:
K. J. Rothman, S. Greenland & T. L. Lash, Modern Epidemiology, 3rd ed. 2008, chapter 15). Sales
themselves are no behavior: of a deal's changes only its registration is looked at. Whoever ever
completed a training of a level, or of a higher one, has reached it; of a company, the share of its
staff that has. All parties of a side count the same in its mean.

A verdict is the side of zero on which the whole interval of a gap lies, at a level at which all
intervals of an answer, two of each behavior, hold together (Bonferroni). It is by permutation,
which is exact for the uneven counts of few parties, where Welch's t finds twice as many differences
in noise as it should. People are permuted among colleagues only: these have their company's habits
in common. Where the top's rates vary more by nature (the mean of expected / exposure², which is the
variance of a Poisson rate, is larger), permutation is not exact: then the interval holds Welch's,
too. NO_DIFFERENCE is a finding as well: the interval excludes a difference as large as the rate of
the others (``matters_bps`` of it), such as a doubling. What says neither is INSUFFICIENT_DATA.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from portal_api.domain.activities import DEAL_CHANGES, DEAL_REGISTERED
from portal_api.domain.insights import statistics
from portal_api.domain.insights.basis import Basis, Estimate
from portal_api.domain.insights.market import Company, Market, Party
from portal_api.domain.insights.ranking import Places, Ranking
from portal_api.domain.insights.sides import Sides, exposure, sides_of
from portal_api.domain.weeks import DID


class GapVerdict(StrEnum):
    """Whether the top does more of a behavior than the others."""

    TOP_DOES_MORE = "TOP_DOES_MORE"
    TOP_DOES_LESS = "TOP_DOES_LESS"
    NO_DIFFERENCE = "NO_DIFFERENCE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides. ``parties`` is how many each side needs, ``occurrences`` of a behavior.

    A difference matters from ``matters_bps`` of what the others do on: 10,000 is a doubling.
    """

    window_weeks: int = 52
    parties: int = 4
    occurrences: int = 10
    level_bps: int = 9_500
    matters_bps: int = 10_000


@dataclass(frozen=True, slots=True)
class BehaviorGap:
    """One behavior: how many of each side do it at all, and how often a party does it a week.

    Frequencies are standardized to the same weeks. The gap is that among colleagues, where parties
    are people.
    """

    behavior: str
    occurrences: int
    top_adoption_bps: int
    others_adoption_bps: int
    adoption_gap_bps: Estimate | None
    top_per_week_milli: int
    others_per_week_milli: int
    frequency_gap_milli: Estimate | None
    verdict: GapVerdict


@dataclass(frozen=True, slots=True)
class LevelGap:
    """The share of each side that has reached a level of training, or a higher one."""

    level: int
    top_reached_bps: int
    others_reached_bps: int
    gap_bps: Estimate | None
    verdict: GapVerdict


@dataclass(frozen=True, slots=True)
class Profile:
    """The behavior profile: the largest gaps in frequency first."""

    basis: Basis
    n_top: int
    n_others: int
    behaviors: tuple[BehaviorGap, ...]
    training: tuple[LevelGap, ...]

    @property
    def sufficient(self) -> bool:
        """Whether there is a verdict on any behavior."""
        return any(one.verdict is not GapVerdict.INSUFFICIENT_DATA for one in self.behaviors)

    @property
    def top_does_more(self) -> tuple[BehaviorGap, ...]:
        """The behaviors that the top does more of."""
        return tuple(one for one in self.behaviors if one.verdict is GapVerdict.TOP_DOES_MORE)


@dataclass(frozen=True, slots=True)
class MissingBehavior:
    """A behavior that the top does more, and how a company compares.

    ``people`` of the ``staff`` whose rate is told have done it.
    """

    behavior: str
    own_per_week_milli: int
    top_per_week_milli: int
    never: bool
    people: int = 0
    staff: int = 0


def profile(
    market: Market,
    parties: Sequence[Party],
    ranking: Ranking,
    n_of: str,
    thresholds: Thresholds = Thresholds(),
) -> Profile:
    """What the top of a ranking of these parties does more, or less, than the others.

    Parties without anybody employed in the window are left out. INSUFFICIENT_DATA where a side has
    fewer parties, or a behavior fewer occurrences, than the thresholds say, and where the parties
    can be divided in too few ways for any difference to be more than chance.
    """
    window = market.last(thresholds.window_weeks)
    sides = sides_of(market, parties, ranking, window)
    codes = _codes(market, parties)
    levels = sorted({one.level for one in market.behaviors.values() if one.level is not None})
    done = {code: _occurrences(sides.everybody, (code,), window) for code in codes}
    trained = {
        level: _occurrences(sides.everybody, _from_level(market, level), (0, window[1]))
        for level in levels
    }
    enough = thresholds.parties <= min(len(sides.top), len(sides.others))
    told = (*done.values(), *done.values(), *trained.values())  # Adoption and frequency, levels.
    tested = sum(count >= thresholds.occurrences for count in told) if enough else 0
    level = statistics.simultaneous_level(statistics.share(thresholds.level_bps), tested)

    def carried(count: int) -> float | None:
        return level if enough and count >= thresholds.occurrences else None

    matters = thresholds.matters_bps / 10_000
    gaps = (_gap(sides, code, count, carried(count), matters) for code, count in done.items())
    return Profile(
        basis=_basis(market, len(sides.everybody), n_of, thresholds, window),
        n_top=len(sides.top),
        n_others=len(sides.others),
        behaviors=tuple(sorted(gaps, key=_largest_first)),
        training=tuple(
            _level_gap(sides, market, training, carried(count), matters)
            for training, count in trained.items()
        ),
    )


def missing(
    profile: Profile, company: Company, market: Market, at_top: Places | None = None
) -> tuple[MissingBehavior, ...]:
    """What the top does more of and a company lacks, the largest gap first.

    Of a profile of companies: what it does less often than the top. Of one of people (``at_top``
    are the TOP of them): what its people who are not TOP do less often than people who are not TOP
    do everywhere, for nearly every company is below the top people; told is the rate of these.
    """
    window = weeks_of(profile.basis, market)
    whom: Sequence[Party] = (company,)
    if at_top is not None:
        whom = [one for one in company.people if (company.id, one.id) not in at_top]
    weeks = sum(exposure(one, *window) for one in whom)
    persons = company.people if at_top is None else whom
    people = [one for one in persons if exposure(one, *window)]
    if not weeks:
        return ()
    found = []
    for gap in profile.top_does_more:
        total = _occurrences(whom, (gap.behavior,), window)
        own, top = round(1000 * total / weeks), gap.top_per_week_milli
        if own < (top if at_top is None else gap.others_per_week_milli):
            never = company.series.total(DID + gap.behavior, *window) <= 0
            doing = sum(any(one.series.did(gap.behavior)[slice(*window)]) for one in people)
            found.append(MissingBehavior(gap.behavior, own, top, never, doing, len(people)))
    return tuple(
        sorted(
            found, key=lambda one: (one.own_per_week_milli - one.top_per_week_milli, one.behavior)
        )
    )


def weeks_of(basis: Basis, market: Market) -> tuple[int, int]:
    """The bounds of an answer's weeks, as numbers of the market's."""
    start, end = (day - market.first_week for day in (basis.starts_on, basis.ends_on))
    return start.days // 7, end.days // 7


def _codes(market: Market, parties: Sequence[Party]) -> list[str]:
    """The catalogue and whatever else was done, less the changes of a deal but registration."""
    done = {code for one in parties for code in one.series.named(DID)}
    return sorted((done | set(market.behaviors)) - (DEAL_CHANGES - {DEAL_REGISTERED}))


def _occurrences(parties: Sequence[Party], codes: Collection[str], window: tuple[int, int]) -> int:
    return sum(one.series.total(DID + code, *window) for one in parties for code in codes)


def _from_level(market: Market, level: int) -> tuple[str, ...]:
    """The trainings of a level or a higher one."""
    return tuple(one.code for one in market.behaviors.values() if (one.level or 0) >= level)


def _gap(sides: Sides, code: str, count: int, level: float | None, matters: float) -> BehaviorGap:
    """One behavior; without a level there is no interval and no verdict."""

    def total(one: Party) -> int:
        return one.series.total(DID + code, *sides.window)

    adopted = [sum(total(one) > 0 for one in side) for side in (sides.top, sides.others)]
    n_top, n_others = len(sides.top), len(sides.others)
    rates = sides.standardized(code)
    uneven = rates.vary_more(sides.top, sides.others)
    top, others, gap = _compared(sides, rates.of, level, 1000, uneven=uneven)
    adoption = None
    if level is not None:
        newcombe = statistics.proportion_difference(adopted[0], n_top, adopted[1], n_others, level)
        adoption = newcombe.estimate(10_000)
    return BehaviorGap(
        behavior=code,
        occurrences=count,
        top_adoption_bps=round(10_000 * adopted[0] / max(1, n_top)),
        others_adoption_bps=round(10_000 * adopted[1] / max(1, n_others)),
        adoption_gap_bps=adoption,
        top_per_week_milli=top,
        others_per_week_milli=others,
        frequency_gap_milli=gap,
        verdict=_verdict(gap, others, matters),
    )


def _level_gap(
    sides: Sides,
    market: Market,
    training: int,
    level: float | None,
    matters: float,
) -> LevelGap:
    """One level of training."""
    window = sides.window
    codes = _from_level(market, training)

    def reached(one: Party) -> bool:
        return any(one.series.total(DID + code, 0, window[1]) > 0 for code in codes)

    def share(one: Party) -> float:
        known = one.people if isinstance(one, Company) else (one,)
        people = [each for each in known if exposure(each, *window)]
        return sum(map(reached, people)) / len(people)

    sizes = [sum(1 / exposure(one, *window) for one in side) for side in (sides.top, sides.others)]
    uneven = sizes[0] * len(sides.others) > sizes[1] * len(sides.top) * (1 + 1e-9)
    top, others, gap = _compared(sides, share, level, 10_000, uneven=uneven)
    return LevelGap(training, top, others, gap, _verdict(gap, others, matters))


def _compared(
    sides: Sides,
    number: Callable[[Party], float],
    level: float | None,
    scale: int,
    *,
    uneven: bool,
) -> tuple[int, int, Estimate | None]:
    """The means of both sides, and their gap; none without level or with too few permutations.

    ``uneven``: the top's numbers vary more by nature than those of the others.
    """
    top, others = ([number(one) for one in side] for side in (sides.top, sides.others))
    means = [max(0, round(scale * sum(side) / max(1, len(side)))) for side in (top, others)]
    if level is None:
        return means[0], means[1], None
    strata = [([number(one) for one in a], [number(one) for one in b]) for a, b in sides.strata]
    gap = statistics.permuted_within(strata, level)
    if gap.unlimited:
        return means[0], means[1], None
    if uneven:
        gap = gap.hull(statistics.mean_difference(top, others, level))
    return means[0], means[1], gap.estimate(scale)


def _verdict(gap: Estimate | None, others: int, matters: float) -> GapVerdict:
    """On which side of zero the gap is, or that it is too small to matter."""
    if gap is None:
        return GapVerdict.INSUFFICIENT_DATA
    if gap.above_zero:
        return GapVerdict.TOP_DOES_MORE
    if gap.below_zero:
        return GapVerdict.TOP_DOES_LESS
    ends = [abs(one) for one in (gap.low, gap.high) if one is not None]
    small = len(ends) == 2 and max(ends) < matters * others
    return GapVerdict.NO_DIFFERENCE if small else GapVerdict.INSUFFICIENT_DATA


def _largest_first(gap: BehaviorGap) -> tuple[bool, int, str]:
    difference = gap.top_per_week_milli - gap.others_per_week_milli
    return gap.frequency_gap_milli is None, -difference, gap.behavior


def _basis(
    market: Market, n: int, n_of: str, thresholds: Thresholds, window: tuple[int, int]
) -> Basis:
    return Basis(
        method="Top sellers of the window, by all that they sold, against all others. Frequency is"
        " for a person and week (of a company: for each of its staff), standardized to the same"
        " weeks: what somebody did beyond what all did in the weeks in which it was there. Compared"
        " are the means of the parties; intervals are by permutation, of people among colleagues"
        " only, at a level at which all verdicts hold together (Bonferroni); where the top varies"
        " more by nature, they hold Welch's, too. No difference: none as large as what the others"
        " do is possible. Top sellers differ in more than their behavior: a gap is no proof that"
        " one leads to sales.",
        n=n,
        n_of=n_of,
        thresholds=asdict(thresholds),
        starts_on=market.day(window[0]),
        ends_on=market.day(window[1]),
    )
