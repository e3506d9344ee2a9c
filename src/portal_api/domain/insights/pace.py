"""Whether a partner keeps pace with the top performers' profile since the plan began.

The plan began with the first incentive of the program. The top are the TOP cohort by sales of the
weeks before that, and their profile's behaviors (where none are known: those that are paid) are
counted together; deals won are left out, for by sales the top is chosen. A partner's rate since is
its occurrences for each of its people and week; its ratio is to the rate of the top in the same
weeks, itself left out where it belongs to it. The interval is of the logarithm of the ratio, by the
delta method with the errors that the weekly counts and how uneven months are tell (``windows``), at
once for all partners and the change of the top (Bonferroni). With a margin of 15 %:

BETTER: all of the interval is above 1.15. BEHIND: all of it is below 0.85. NECK_AND_NECK: neither,
and the interval excludes half and double. INSUFFICIENT_DATA: it is wider, or there were too few
weeks, partners with sales before, or occurrences (done, or to be expected at that pace).

What the top does is compared, too, before and since, in the longest equal windows on both sides:
the last weeks before the plan and the latest since, as far as other programs pay alike for these
behaviors. ROSE and FELL are by Welch's interval (B. L. Welch, Biometrika 34, 1947) and that of
months, the wider; UNCHANGED is neither, where the interval excludes a change by half. The top was
chosen by its sales before and not by these behaviors, so what is known as regression to the mean
(F. Galton, 1886) lowers its sales since, and its behaviors only as far as they made the sales by
which it was chosen: a small part of a FELL may be that.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cache

from portal_api.domain.activities import DEAL_WON
from portal_api.domain.insights import ranking, statistics, windows
from portal_api.domain.insights.basis import Basis, Estimate
from portal_api.domain.insights.market import Company, Incentive, Market
from portal_api.domain.insights.windows import UNKNOWN, Months, Rate, Window

METHOD = (
    "Rates of the profile's behaviors (deals won left out) for each of a partner's people and week"
    " since the first incentive began, in parts of the top's by sales before it (itself left out);"
    " interval of the logarithm by the weekly counts and by busy and idle months of four weeks,"
    " the wider, at once for all partners (Bonferroni). Neck and neck: half and double are"
    " excluded. The top was chosen by sales: as far as these behaviors made them, it may fall by"
    " chance alone (regression to the mean). Assumed: partners are busy independently of each"
    " other, so that a season of all is a change of the top."
)


class PaceVerdict(StrEnum):
    """How a partner's pace compares with that of the top."""

    NECK_AND_NECK = "NECK_AND_NECK"
    BETTER = "BETTER"
    BEHIND = "BEHIND"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class TopChange(StrEnum):
    """What the top performers themselves did since."""

    ROSE = "ROSE"
    FELL = "FELL"
    UNCHANGED = "UNCHANGED"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides.

    So many weeks are needed on both sides, ``sellers`` before, and ``occurrences`` of the top and,
    done or to be expected, of a partner. A pace within ``margin_bps`` of the top's is the same,
    which is told where the interval is within a factor of ``widest_bps``, up or down. That the top
    is unchanged is told where the interval excludes a change by ``hidden_bps`` of its rate before.
    """

    least_weeks: int = 4
    sellers: int = 4
    occurrences: int = 10
    margin_bps: int = 1_500
    widest_bps: int = 20_000
    hidden_bps: int = 5_000
    level_bps: int = 9_500


@dataclass(frozen=True, slots=True)
class CompanyPace:
    """One partner's rate of the profile's behaviors, for each of its people and week, since then.

    ``ratio_bps`` is that rate in parts of the top's: 10,000 is the same. ``before_milli`` is of as
    many weeks before, where there are as many. ``people`` did any of them since, and
    ``people_before`` then.
    """

    partner_id: str
    before_milli: int
    since_milli: int
    ratio_bps: Estimate | None
    verdict: PaceVerdict
    people: int = 0
    people_before: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """All partners against the top of the weeks before the plan began.

    The top's rates are of the equal windows of its change.
    """

    basis: Basis
    behaviors: tuple[str, ...]
    top_before_milli: int
    top_since_milli: int
    top_change_milli: Estimate | None
    top_change: TopChange
    companies: tuple[CompanyPace, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The weeks before the plan began and those since, equal as ``first`` and ``latest``.

    From ``alike`` on, other programs pay for the same behaviors.
    """

    before: int
    starts: int
    ends: int
    alike: int

    @property
    def weeks(self) -> int:
        return min(self.before - self.alike, self.ends - self.starts)

    @property
    def first(self) -> Window:
        return self.before - self.weeks, self.before

    @property
    def latest(self) -> Window:
        return self.ends - self.weeks, self.ends

    @property
    def since(self) -> Window:
        return self.starts, self.ends


@dataclass(frozen=True, slots=True)
class _Pair:
    """A partner and the top without it, both since."""

    company: Company
    own: Rate
    top: Rate
    enough: bool


def pace(market: Market, behaviors: Sequence[str], thresholds: Thresholds = Thresholds()) -> Pace:
    """How each partner keeps pace with the top in some behaviors, and whether the top rose too.

    ``behaviors`` are codes of the profile; none: those that the program pays for. Rates are in
    thousandths for each person and week, ratios in basis points. INSUFFICIENT_DATA without an
    incentive, or where weeks, sellers or occurrences are few.
    """
    paid = {one.behavior for one in market.incentives}
    # A sale is no behavior that leads to one, and the top was chosen by its sales.
    codes = tuple(sorted((set(behaviors) or paid) - {DEAL_WON}))
    plan = _plan(market, codes)
    top = _top(market, plan, thresholds) if market.incentives else []
    months = windows.months(
        _seen(one, codes, _within(one, window))
        for one in market.companies
        for window in ((plan.alike, plan.before), plan.since)
    )
    pairs = _pairs(market, top, codes, plan, months, thresholds)
    first = _rate(top, codes, plan.first, months)
    latest = _rate(top, codes, plan.latest, months)
    comparable = plan.weeks >= thresholds.least_weeks and (
        first.count + latest.count >= thresholds.occurrences
    )
    confidence = statistics.simultaneous_level(
        statistics.share(thresholds.level_bps), comparable + sum(one.enough for one in pairs)
    )
    change = windows.change(latest, first, confidence) if comparable else None
    return Pace(
        basis=Basis(
            method=METHOD,
            n=len(market.companies),
            n_of="partners",
            thresholds=asdict(thresholds),
            starts_on=market.day(plan.first[0]),
            ends_on=market.day(plan.ends),
        ),
        behaviors=codes,
        top_before_milli=_milli(first),
        top_since_milli=_milli(latest),
        top_change_milli=change.estimate(1000) if change else None,
        top_change=_change(change, first, thresholds),
        companies=tuple(_judged(one, codes, plan, confidence, thresholds) for one in pairs),
    )


def _plan(market: Market, codes: Sequence[str]) -> _Plan:
    """From the first incentive on; without one, all weeks are before it."""
    starts = min((one.starts for one in market.incentives), default=market.weeks)
    before = min((one.before for one in market.incentives), default=market.weeks)
    begins, starts = min(before, market.weeks), min(starts, market.weeks)
    since = (
        windows.alike(replace(market, incentives=()), Incentive(code, begins, starts, None, ()))
        for code in codes
    )
    alike = max((first for first, _ in since), default=0)
    return _Plan(begins, starts, market.weeks, min(alike, begins))


def _top(market: Market, plan: _Plan, thresholds: Thresholds) -> list[Company]:
    """The companies of the TOP cohort before the plan; none where too few sold or too short."""
    earlier = replace(market, weeks=plan.before)
    standings = ranking.rank(earlier, market.companies, "partners").standings
    sellers = sum(one.sales_minor > 0 for one in standings)
    if plan.before < thresholds.least_weeks or sellers < thresholds.sellers:
        return []
    top = {one.party_id for one in standings if one.cohort is ranking.Cohort.TOP}
    return [one for one in market.companies if one.id in top]


def _rate(
    companies: Sequence[Company], codes: Sequence[str], window: Window, months: Months = UNKNOWN
) -> Rate:
    """What companies did together in the weeks in which they had people."""
    seen = [_seen(one, codes, window) for one in companies]
    weeks = window[1] - window[0]
    counts, people = (
        [sum(week) for week in zip(*side, strict=True)] or [0] * weeks
        for side in ([one[0] for one in seen], [one[1] for one in seen])
    )
    own = [windows.rate(*one, months) for one in seen]
    return windows.together(own, windows.rate(counts, people, months))


def _seen(
    company: Company, codes: Sequence[str], window: Window
) -> tuple[Sequence[int], Sequence[int]]:
    """A company's weekly counts and staff."""
    return windows.counted(company.series, codes, window), windows.staff(company.people, window)


def _within(company: Company, window: Window) -> Window:
    """The weeks of a window in which a company had people."""
    start, end = windows.employed(company.people, window[1])
    start = min(max(window[0], start), window[1])
    return start, max(start, min(window[1], end))


def _pairs(
    market: Market,
    top: Sequence[Company],
    codes: Sequence[str],
    plan: _Plan,
    months: Months,
    thresholds: Thresholds,
) -> list[_Pair]:
    """Each company with the top without it, which is the same for most, whoever asks."""
    members = {one.id for one in top}

    @cache
    def without(name: str | None, window: Window) -> Rate:
        return _rate([one for one in top if one.id != name], codes, window, months)

    def others(name: str, window: Window) -> Rate:
        return without(name if name in members else None, window)

    found = []
    for one in market.companies:
        window = _within(one, plan.since)
        own = _rate((one,), codes, window, months)
        found.append(_pair(one, own, others(one.id, window), thresholds))
    return found


def _pair(company: Company, own: Rate, others: Rate, thresholds: Thresholds) -> _Pair:
    enough = (
        own.df + 1 >= thresholds.least_weeks
        and others.count >= max(1, thresholds.occurrences)
        and max(own.count, others.value * own.exposure) >= thresholds.occurrences
    )
    return _Pair(company, own, others, enough)


def _judged(
    pair: _Pair, codes: Sequence[str], plan: _Plan, confidence: float, thresholds: Thresholds
) -> CompanyPace:
    ratio = windows.quotient(pair.own, pair.top, confidence) if pair.enough else None
    verdict = PaceVerdict.INSUFFICIENT_DATA
    if ratio:
        margin = statistics.share(thresholds.margin_bps)
        widest = statistics.share(thresholds.widest_bps)
        if ratio.low > 1 + margin:
            verdict = PaceVerdict.BETTER
        elif ratio.high < 1 - margin:
            verdict = PaceVerdict.BEHIND
        elif widest * ratio.low >= 1 and ratio.high <= widest:
            verdict = PaceVerdict.NECK_AND_NECK
    return CompanyPace(
        partner_id=pair.company.id,
        before_milli=_milli(_rate((pair.company,), codes, _within(pair.company, plan.first))),
        since_milli=_milli(pair.own),
        ratio_bps=ratio.estimate(10_000) if ratio else None,
        verdict=verdict,
        people=_people(pair.company, codes, _within(pair.company, plan.since)),
        people_before=_people(pair.company, codes, _within(pair.company, plan.first)),
    )


def _people(company: Company, codes: Sequence[str], window: Window) -> int:
    """How many of a company's people did any of them."""
    return sum(any(windows.counted(one.series, codes, window)) for one in company.people)


def _change(change: statistics.Interval | None, before: Rate, thresholds: Thresholds) -> TopChange:
    if change is None:
        return TopChange.INSUFFICIENT_DATA
    if change.above_zero:
        return TopChange.ROSE
    if change.below_zero:
        return TopChange.FELL
    most = statistics.share(thresholds.hidden_bps) * before.value
    known = -most <= change.low and change.high <= most
    return TopChange.UNCHANGED if known else TopChange.INSUFFICIENT_DATA


def _milli(rate: Rate) -> int:
    return round(1000 * rate.value)
