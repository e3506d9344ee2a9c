"""Whether a behavior lasts once it is no longer paid for: before, during and after an incentive.

Three equal windows of w weeks: the last before the incentive, its last, and the first after it; w
is the longest that all three allow. Only weeks of like pay are looked at: where another incentive
of this or another program begins or ends to pay for the behavior, they end (``windows.alike``). In
each the rate of a party is its occurrences for each of its people and week (``windows``), told at
the number of people that it had on average: hiring is no lift, and a person or team that came or
went between two windows has shorter ones.

    lift = during - before, left = after - before, kept = left / lift

All of these need a lift above zero. SUSTAINED: at least 75 % are kept, and the interval of what is
kept excludes 25 %. SPIKE: at most 25 % are kept, and it excludes 75 %. PARTIAL: what is kept is in
between, and it excludes both nothing and all. NO_EFFECT: no lift is seen, and none of 100 % of the
rate before can have hidden. INSUFFICIENT_DATA: the incentive runs, there are too few weeks or
occurrences, a lift could have hidden, what is left may be another of these, or people have moved
between teams (a team's counts are then not those of its people, of whom the last team is known).

Intervals are Welch's t of the weekly counts (B. L. Welch, Biometrika 34, 1947) and one by how
uneven months are, the wider (``windows``), for all parties of an answer at once (Bonferroni). That
what is kept excludes a share is told by that of left - share * lift (E. C. Fieller, J. R. Stat.
Soc. B 16, 1954). This is an interrupted comparison without a control: what else changed in the same
weeks is in it (Shadish, Cook & Campbell, Experimental and Quasi-Experimental Designs, 2002, chapter
6).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from portal_api.domain.goals import Level
from portal_api.domain.insights import statistics, windows
from portal_api.domain.insights.basis import Basis, Estimate
from portal_api.domain.insights.market import Company, Incentive, Market, Person, summed
from portal_api.domain.insights.statistics import Interval
from portal_api.domain.insights.windows import Months, Window, Windows

METHOD = (
    "Rates in three equal windows: the last weeks before the incentive, its last, and the first"
    " after it, at the staff of an average week, as far as nothing else begins or ends to pay for"
    " the behavior. Lift is during less before, left is after less before, kept is left / lift,"
    " told where its interval excludes the opposite (Fieller); Welch's t intervals of the weekly"
    " counts, wider by busy and idle months of four weeks, at once (Bonferroni). No control: what"
    " else changed in these weeks, such as a season, is in it. Assumed: parties are busy"
    " independently of each other. Not judged: teams between which people moved."
)
_N_OF = {Level.PARTNER: "partners", Level.TEAM: "teams", Level.INDIVIDUAL: "people"}


class DurabilityVerdict(StrEnum):
    """What became of a behavior after its incentive."""

    SUSTAINED = "SUSTAINED"
    SPIKE = "SPIKE"
    PARTIAL = "PARTIAL"
    NO_EFFECT = "NO_EFFECT"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides.

    Windows have from ``least_weeks`` to ``most_weeks``, and ``occurrences`` together. From
    ``sustained_bps`` of the lift on it is sustained, up to ``spike_bps`` it was a spike. That there
    was no effect is told where the interval excludes a lift of ``hidden_bps`` of the rate before.
    """

    least_weeks: int = 4
    most_weeks: int = 13
    occurrences: int = 10
    sustained_bps: int = 7_500
    spike_bps: int = 2_500
    hidden_bps: int = 10_000
    level_bps: int = 9_500


@dataclass(frozen=True, slots=True)
class Durability:
    """One party and behavior in three equal windows of ``weeks`` weeks.

    ``party_id`` is a partner's, team's or person's; empty: all who took part. ``kept_bps`` is what
    was kept of the lift: (after - before) / (during - before); none where no lift is seen.
    ``after_milli`` is of the weeks that there are; 0 and no ``left_milli`` where there are none.
    ``partner_id`` is the company's own, for a team's id is unique in it only. ``people`` is the
    least number of people who did what there is of a window; of three empty ones, all there are.
    """

    behavior: str
    level: Level
    party_id: str
    weeks: int
    before_milli: int
    during_milli: int
    after_milli: int
    lift_milli: Estimate | None
    left_milli: Estimate | None
    kept_bps: int | None
    verdict: DurabilityVerdict
    partner_id: str = ""
    people: int = 0


@dataclass(frozen=True, slots=True)
class DurabilityAnswer:
    """All parties of one kind, incentive by incentive, as these began."""

    basis: Basis
    parties: tuple[Durability, ...]


@dataclass(frozen=True, slots=True)
class _Party:
    """Whoever is looked at, with its weekly counts of one behavior.

    ``parts`` are the parties of a whole; ``same_people``: whether the counts are of these people.
    """

    id: str
    partner_id: str
    counts: tuple[int, ...]
    people: tuple[Person, ...]
    took_part: Sequence[bool]
    parts: tuple["_Party", ...] = ()
    same_people: bool = True

    def seen(self, window: Window) -> tuple[Sequence[int], Sequence[int]]:
        return self.counts[slice(*window)], windows.staff(self.people, window)

    def counts_of_people(self, behavior: str, window: Window) -> list[int]:
        """How often each of its people did it."""
        return [sum(one.series.did(behavior)[slice(*window)]) for one in self.people]

    def rate(self, window: Window, months: Months) -> windows.Rate:
        found = windows.rate(*self.seen(window), months)
        own = [one.rate(window, months) for one in self.parts]
        return windows.together(own, found) if own else found


@dataclass(frozen=True, slots=True)
class _Measured:
    """A party in its windows. ``enough``: weeks and occurrences for a lift; ``staff``: on average.

    ``over``: an after that is as long as the others.
    """

    party: _Party
    behavior: str
    around: Windows
    before: windows.Rate
    during: windows.Rate
    after: windows.Rate
    enough: bool
    over: bool
    staff: float


def durability(
    market: Market, level: Level, thresholds: Thresholds = Thresholds()
) -> DurabilityAnswer:
    """Of each party of a kind, and each incentive in which it took part, what became of it.

    A party took part if it did so in half of the weeks that are looked at. Returned are rates a
    week; INSUFFICIENT_DATA where these weeks cannot tell. The module tells the formula and sources.
    """
    return _answer(market, level, lambda one: _parties(market, level, one), thresholds)


def overall(market: Market, thresholds: Thresholds = Thresholds()) -> DurabilityAnswer:
    """The same of all companies together that took part in each incentive; ``party_id`` is empty.

    ``n`` is how many companies these are.
    """
    companies: set[str] = set()

    def together(incentive: Incentive) -> Iterator[_Party]:
        span = windows.around(incentive, (0, market.weeks), 0, thresholds.most_weeks)
        own = [
            one
            for one in _parties(market, Level.PARTNER, incentive)
            if windows.took_part(one.took_part, span.paid)
        ]
        companies.update(one.id for one in own)
        if own:
            yield _Party(
                id="",
                partner_id="",
                counts=tuple(map(sum, zip(*(one.counts for one in own), strict=True))),
                people=tuple(person for one in own for person in one.people),
                took_part=(True,) * market.weeks,
                parts=tuple(own),
            )

    found = _answer(market, Level.PARTNER, together, thresholds)
    return replace(found, basis=replace(found.basis, n=len(companies)))


def _answer(
    market: Market,
    level: Level,
    parties_of: Callable[[Incentive], Iterator[_Party]],
    thresholds: Thresholds,
) -> DurabilityAnswer:
    measured = [
        one
        for incentive in sorted(market.incentives, key=lambda one: one.starts)
        for one in _all_measured(market, incentive, tuple(parties_of(incentive)), thresholds)
    ]
    confidence = statistics.simultaneous_level(
        statistics.share(thresholds.level_bps), sum(one.enough for one in measured)
    )
    looked_at = [one.around for one in measured if one.around.weeks]
    starts = min((one.before[0] for one in looked_at), default=0)
    ends = max((one.after[1] for one in looked_at), default=market.weeks)
    n = len({(one.party.partner_id, one.party.id) for one in measured})
    return DurabilityAnswer(
        Basis(METHOD, n, _N_OF[level], asdict(thresholds), market.day(starts), market.day(ends)),
        tuple(_judged(one, level, confidence, thresholds) for one in measured),
    )


def _parties(market: Market, level: Level, incentive: Incentive) -> Iterator[_Party]:
    for company in market.companies:
        if level is Level.PARTNER:
            counts = company.series.did(incentive.behavior)
            took_part = market.took_part(incentive, company)
            yield _Party(company.id, company.id, counts, company.people, took_part)
        elif level is Level.TEAM:
            yield from _teams(market, company, incentive)
        else:
            for one in company.people:
                counts = one.series.did(incentive.behavior)
                took_part = windows.person_took_part(market, incentive, company, one)
                yield _Party(one.id, company.id, counts, (one,), took_part)


def _teams(market: Market, company: Company, incentive: Incentive) -> Iterator[_Party]:
    took_part = market.took_part(incentive, company)
    for team in company.teams:
        people = tuple(one for one in company.people if one.team_id == team.id)
        counts = team.series.did(incentive.behavior)
        theirs = summed(market.weeks, (one.series for one in people)).did(incentive.behavior)
        # Staff is known by the last team only: who moved has done something in another one.
        same = counts == theirs
        yield _Party(team.id, company.id, counts, people, took_part, same_people=same)


def _all_measured(
    market: Market, incentive: Incentive, parties: Sequence[_Party], thresholds: Thresholds
) -> Iterator[_Measured]:
    """Those who took part, by how uneven the months of all of these are."""
    alike = windows.alike(market, incentive)
    own = []
    for party in parties:
        span = windows.within(alike, windows.employed(party.people, market.weeks))
        found = windows.around(incentive, span, thresholds.least_weeks, thresholds.most_weeks)
        if windows.took_part(party.took_part, found.paid):
            own.append((party, span, found))
    months = windows.months(
        one.seen(stretch)
        for party, span, _ in own
        for one in party.parts or (party,)
        for stretch in windows.stretches(incentive, span)
    )
    for party, _, found in own:
        yield _measured(incentive, party, found, months, thresholds)


def _measured(
    incentive: Incentive, party: _Party, found: Windows, months: Months, thresholds: Thresholds
) -> _Measured:
    before, during = party.rate(found.before, months), party.rate(found.during, months)
    after = party.rate(found.after, months)
    three = (before, during, after)
    weeks = 2 * found.weeks + found.after[1] - found.after[0]
    return _Measured(
        party=party,
        behavior=incentive.behavior,
        around=found,
        before=before,
        during=during,
        after=after,
        enough=party.same_people
        and found.weeks >= thresholds.least_weeks
        and sum(one.count for one in three) >= thresholds.occurrences,
        over=found.over,
        staff=sum(one.exposure for one in three) / weeks if weeks else 1.0,
    )


def _judged(one: _Measured, level: Level, confidence: float, thresholds: Thresholds) -> Durability:
    lift = left = kept = None
    if one.around.weeks >= thresholds.least_weeks:
        lift = windows.change(one.during, one.before, confidence)
        left = windows.change(one.after, one.before, confidence) if one.over else None
        if left and lift.above_zero:
            kept = left.value / lift.value
    per_week = 1000 * one.staff
    return Durability(
        behavior=one.behavior,
        level=level,
        party_id=one.party.id,
        weeks=one.around.weeks,
        before_milli=round(per_week * one.before.value),
        during_milli=round(per_week * one.during.value),
        after_milli=round(per_week * one.after.value),
        lift_milli=_milli(lift, one.staff),
        left_milli=_milli(left, one.staff),
        kept_bps=None if kept is None else round(10_000 * kept),
        verdict=_verdict(one, lift, left, kept, thresholds),
        partner_id=one.party.partner_id,
        people=_people(one),
    )


def _people(one: _Measured) -> int:
    """How many people did it in the window with the fewest of those in which it was done."""
    found = one.around.before, one.around.during, one.around.after
    done = [window for window in found if any(one.party.counts[slice(*window)])]
    each = [one.party.counts_of_people(one.behavior, window) for window in done]
    return min((sum(map(bool, counts)) for counts in each), default=len(one.party.people))


def _milli(rate: Interval | None, staff: float) -> Estimate | None:
    """The interval of a rate for each person, told at so many people."""
    if rate is None:
        return None
    return Interval(rate.value * staff, rate.low * staff, rate.high * staff, rate.level).estimate(
        1000
    )


def _verdict(
    one: _Measured,
    lift: Interval | None,
    left: Interval | None,
    kept: float | None,
    thresholds: Thresholds,
) -> DurabilityVerdict:
    if not (one.enough and lift and left):
        return DurabilityVerdict.INSUFFICIENT_DATA
    if kept is None:
        could_hide = lift.high > statistics.share(thresholds.hidden_bps) * one.before.value
        return DurabilityVerdict.INSUFFICIENT_DATA if could_hide else DurabilityVerdict.NO_EFFECT
    sustained = statistics.share(thresholds.sustained_bps)
    spike = statistics.share(thresholds.spike_bps)

    def beyond(share: float) -> Interval:
        return _beyond(one, share, lift.level)

    # Which it is may not be guessed from a wide interval: what is told excludes the opposite.
    if kept >= sustained and beyond(spike).above_zero:
        return DurabilityVerdict.SUSTAINED
    if kept <= spike and beyond(sustained).below_zero:
        return DurabilityVerdict.SPIKE
    if spike < kept < sustained and left.above_zero and beyond(1.0).below_zero:
        return DurabilityVerdict.PARTIAL
    return DurabilityVerdict.INSUFFICIENT_DATA


def _beyond(one: _Measured, share: float, level: float) -> Interval:
    """By how much what is left is more than a share of the lift (Fieller 1954)."""
    parts = (1.0, one.after), (-share, one.during), (share - 1, one.before)
    return windows.contrast(parts, level)
