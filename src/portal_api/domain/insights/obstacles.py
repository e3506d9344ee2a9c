"""Why a behavior is not done, what was done about it, and whether that helped: fix, watch, incent.

Of each intervention the trend after it: how often a week the behavior is done, in two windows of
equal length, the weeks before the one in which it started and the weeks after (or from it on, where
it started on a Monday). Counted are the people who worked where it was done in all of these weeks,
so that no trend is made by who came or left. The windows have as many weeks as there are on both
sides, at most ``window_weeks``; with fewer than ``least_weeks`` nothing is said.

The difference of the mean weekly counts has the interval that holds both Welch's, by t (B. L.
Welch, Biometrika 34, 1947), and that by permutation of the weeks (R. A. Fisher, The Design of
Experiments, 1935): the weeks themselves tell how uneven the counts are, and nothing is assumed but
that they would be alike and independent. Intervals are simultaneous over all interventions that are
told (Bonferroni); where there are too few weeks for that many, it is too early. It is a trend and
no proof: what else changed in the same weeks is in it, other interventions (they are counted), too.

The advice follows "fix first, watch, then incent": who is kept from something is not paid for it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal_api.domain.insights import statistics
from portal_api.domain.insights.basis import Basis, Estimate
from portal_api.domain.insights.market import Market, Person, rate
from portal_api.domain.obstacles import Intervention, ObstacleKind, ObstacleReport, ObstacleStatus

METHOD = (
    "Mean count a week of those who worked there throughout, after an intervention less before it,"
    " in equal windows; interval by Welch's t and by permutation of the weeks, simultaneous over"
    " all interventions (Bonferroni)."
)


class TrendVerdict(StrEnum):
    """What became of a behavior after an intervention."""

    IMPROVED = "IMPROVED"
    NO_CHANGE = "NO_CHANGE"
    WORSE = "WORSE"
    TOO_EARLY = "TOO_EARLY"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Advice(StrEnum):
    """What to do about a behavior next, the most urgent first."""

    FIX_FIRST = "FIX_FIRST"
    WATCH = "WATCH"
    INCENT = "INCENT"
    SOLVED = "SOLVED"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    NOTHING_REPORTED = "NOTHING_REPORTED"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides. ``occurrences`` is how many both windows need together.

    ``interventions``: the last so many of a program are told; with each more, all are less sure.
    """

    window_weeks: int = 8
    least_weeks: int = 4
    occurrences: int = 10
    level_bps: int = 9_500
    interventions: int = 40


@dataclass(frozen=True, slots=True)
class Trend:
    """An intervention and what came after it; rates are of all who are counted, together.

    ``weeks`` is the length of each window, 0 where nothing can be told. ``settled``: a whole window
    has passed. ``others`` is how many other interventions of the behavior started there meanwhile.
    """

    intervention_id: str
    partner_id: str | None
    started_on: date
    weeks: int
    people: int
    before_milli: int
    after_milli: int
    change_milli: Estimate | None
    settled: bool
    others: int
    verdict: TrendVerdict


@dataclass(frozen=True, slots=True)
class BehaviorObstacles:
    """One behavior: how many people report each kind, the interventions in order, and the advice.

    Somebody counts once at a partner, whatever it reports there. ``paid``: whether the program pays
    for it now. ``unanswered`` have an open report of friction since which nothing was done.
    """

    behavior: str
    paid: bool
    open_friction: int
    friction: int
    unanswered: int
    open_motivation: int
    motivation: int
    trends: tuple[Trend, ...]
    advice: Advice


@dataclass(frozen=True, slots=True)
class Obstacles:
    """The behaviors that are paid for or were reported or done about, the most urgent first."""

    basis: Basis
    behaviors: tuple[BehaviorObstacles, ...]


_DEFAULT = Thresholds()
_IN_VAIN = frozenset({TrendVerdict.NO_CHANGE, TrendVerdict.WORSE})
_JUDGED = _IN_VAIN | {TrendVerdict.IMPROVED}


def answer(
    market: Market,
    reports: Sequence[ObstacleReport],
    interventions: Sequence[Intervention],
    thresholds: Thresholds = _DEFAULT,
) -> Obstacles:
    """The obstacles of a program, from all reports about it and all interventions in it."""
    corrected = {one.corrects for one in interventions}
    standing = sorted(
        (one for one in interventions if one.id not in corrected),
        key=lambda one: (one.started_on, one.recorded_at, one.id),
    )
    told = standing[-thresholds.interventions :]
    spans = [_Span.of(one, told, market, thresholds) for one in told]
    level = statistics.simultaneous_level(
        statistics.share(thresholds.level_bps), sum(one.weeks > 0 for one in spans)
    )
    trends = {one.done.id: one.trend(market, thresholds, level) for one in spans}
    paid = {one.behavior for one in market.incentives if one.ends is None}
    codes = {one.behavior for one in market.incentives}
    codes |= {one.behavior for one in reports} | {one.behavior for one in standing}
    found = (
        _behavior(
            code,
            code in paid,
            [one for one in reports if one.behavior == code],
            [(one, trends.get(one.id)) for one in standing if one.behavior == code],
        )
        for code in sorted(codes)
    )
    urgency = list(Advice)
    return Obstacles(
        _basis(market, len(reports), thresholds),
        tuple(sorted(found, key=lambda one: urgency.index(one.advice))),
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """The weeks around an intervention: ``weeks`` of them up to ``before``, and from ``after``.

    ``grows``: there will be more, or longer ones.
    """

    done: Intervention
    before: int
    after: int
    weeks: int
    settled: bool
    grows: bool
    others: int

    @classmethod
    def of(
        cls,
        done: Intervention,
        standing: Sequence[Intervention],
        market: Market,
        thresholds: Thresholds,
    ) -> "_Span":
        """Its windows; none, of no weeks, where one would be too short."""
        week, day = divmod((done.started_on - market.first_week).days, 7)
        after = week + (day > 0)
        sides = max(0, min(week, market.weeks)), max(0, market.weeks - max(0, after))
        most = min(thresholds.window_weeks, sides[0])
        weeks = min(most, sides[1])
        if weeks < thresholds.least_weeks:
            weeks = 0
        first, end = market.day(week - weeks), market.day(after + weeks)
        return cls(
            done,
            before=week,
            after=after,
            weeks=weeks,
            settled=sides[1] >= thresholds.window_weeks,
            grows=most >= thresholds.least_weeks and sides[1] < most,
            others=sum(
                one.id != done.id
                and one.behavior == done.behavior
                and first <= one.started_on < end
                and (None in (one.partner_id, done.partner_id) or one.partner_id == done.partner_id)
                for one in standing
            ),
        )

    def trend(self, market: Market, thresholds: Thresholds, level: float) -> Trend:
        """What came after it."""
        people = self._people(market) if self.weeks else ()
        before = _weekly(people, self.done.behavior, self.before - self.weeks, self.before)
        after = _weekly(people, self.done.behavior, self.after, self.after + self.weeks)
        change = None
        if sum(before) + sum(after) >= thresholds.occurrences:
            change = _limited(statistics.cautious_difference(after, before, level))
        return Trend(
            intervention_id=self.done.id,
            partner_id=self.done.partner_id,
            started_on=self.done.started_on,
            weeks=self.weeks,
            people=len(people),
            before_milli=rate(before, self.weeks),
            after_milli=rate(after, self.weeks),
            change_milli=change.estimate(1000) if change else None,
            settled=self.settled,
            others=self.others,
            verdict=self._verdict(change),
        )

    def _verdict(self, change: statistics.Interval | None) -> TrendVerdict:
        if change is None:
            return TrendVerdict.TOO_EARLY if self.grows else TrendVerdict.INSUFFICIENT_DATA
        if change.above_zero:
            return TrendVerdict.IMPROVED
        return TrendVerdict.WORSE if change.below_zero else TrendVerdict.NO_CHANGE

    def _people(self, market: Market) -> tuple[Person, ...]:
        """Who worked where it was done in all weeks of both windows."""
        first, end = self.before - self.weeks, self.after + self.weeks
        return tuple(
            person
            for company in market.companies
            if self.done.partner_id in (None, company.id)
            for person in company.people
            if person.employed[0] <= first and person.employed[1] >= end
        )


def _limited(change: statistics.Interval) -> statistics.Interval | None:
    """An interval that has ends; none where there are too few weeks for its level."""
    return change if math.isfinite(change.low) and math.isfinite(change.high) else None


def _weekly(people: Iterable[Person], behavior: str, start: int, end: int) -> tuple[int, ...]:
    """How often they did it together in each week."""
    counts = [person.series.did(behavior)[start:end] for person in people]
    return tuple(map(sum, zip(*counts, strict=True)))


def _behavior(
    code: str,
    paid: bool,
    reports: Sequence[ObstacleReport],
    done: Sequence[tuple[Intervention, Trend | None]],
) -> BehaviorObstacles:
    """One behavior; without a trend are interventions before those that are told."""
    told = [trend for _, trend in done if trend is not None]
    friction = [one for one in reports if one.kind is ObstacleKind.FRICTION]
    open_friction = [one for one in friction if one.status is ObstacleStatus.OPEN]
    motivation = [one for one in reports if one.kind is ObstacleKind.MOTIVATION]
    open_motivation = [one for one in motivation if one.status is ObstacleStatus.OPEN]
    since = {
        report.id: [trend for one, trend in done if one.is_since(report)]
        for report in open_friction
    }
    latest_since = (one[-1] for one in since.values() if one)
    in_vain = any(one and one.settled and one.verdict in _IN_VAIN for one in latest_since)
    unanswered = _people(one for one in open_friction if not since[one.id])
    if unanswered or in_vain:
        advice = Advice.FIX_FIRST
    else:
        latest = told[-1] if told else None
        advice = _unless_broken(latest, bool(open_friction), bool(open_motivation))
    return BehaviorObstacles(
        behavior=code,
        paid=paid,
        open_friction=_people(open_friction),
        friction=_people(friction),
        unanswered=unanswered,
        open_motivation=_people(open_motivation),
        motivation=_people(motivation),
        trends=tuple(told),
        advice=advice,
    )


def _people(reports: Iterable[ObstacleReport]) -> int:
    """How many people made them; of the vendor's, for how many partners each."""
    return len({(one.partner_id, one.reported_by) for one in reports})


def _unless_broken(latest: Trend | None, friction: bool, motivation: bool) -> Advice:
    """The advice where nothing has to be fixed first, by the latest intervention.

    It is watched until a whole window has passed. Then those who could and do not are paid: where
    somebody says that it is not worth it, or what was fixed did not help.
    """
    if latest is None and friction:
        return Advice.INSUFFICIENT_DATA  # What was done about it is too long ago to be told.
    if latest is None:
        return Advice.INCENT if motivation else Advice.NOTHING_REPORTED
    if latest.verdict is TrendVerdict.TOO_EARLY:
        return Advice.WATCH
    if latest.verdict in _JUDGED and not latest.settled:
        return Advice.WATCH
    if motivation and not friction:
        return Advice.INCENT
    if latest.verdict is TrendVerdict.IMPROVED:
        return Advice.SOLVED
    if latest.verdict is TrendVerdict.INSUFFICIENT_DATA or friction:
        return Advice.INSUFFICIENT_DATA
    return Advice.INCENT


def _basis(market: Market, n: int, thresholds: Thresholds) -> Basis:
    return Basis(
        method=METHOD,
        n=n,
        n_of="reports",
        thresholds={
            "window_weeks": thresholds.window_weeks,
            "least_weeks": thresholds.least_weeks,
            "occurrences": thresholds.occurrences,
            "level_bps": thresholds.level_bps,
            "interventions": thresholds.interventions,
        },
        starts_on=market.day(0),
        ends_on=market.day(market.weeks),
    )
