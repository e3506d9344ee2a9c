"""What people would have done without an incentive, predicted from others or from other weeks.

Who took part is a partner's people in the weeks in which they did, or all of its staff where only
the partner is paid; occurrences are compared for each of them and week. The formulas and their
sources are told in ``deadweight``, which asks.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import StatisticsError, fmean, linear_regression, pstdev

from portal_api.domain.insights import statistics
from portal_api.domain.insights.market import Company, Incentive, Market, Person, Series
from portal_api.domain.insights.windows import person_took_part
from portal_api.domain.partners import PartnerType
from portal_api.domain.weeks import PAID

YEAR = 52


@dataclass(frozen=True, slots=True)
class Window:
    """The weeks of an incentive that are looked at, and those before it; ends exclusive.

    In all of them the same else pays for the behavior. ``year_ago``: whether that was on record,
    and so, 52 weeks before.
    """

    incentive: Incentive
    start: int
    end: int
    before: tuple[int, int]
    year_ago: bool

    @property
    def behavior(self) -> str:
        """What the incentive pays for."""
        return self.incentive.behavior


def window(market: Market, incentive: Incentive, most_weeks: int) -> Window:
    """The first weeks of an incentive, and as many before it, or as many as there are.

    They end where something else, a program or another time of this one, begins or ends to pay for
    the behavior: what differs beyond that is not this incentive alone.
    """
    spans = _paid_otherwise(market, incentive)
    edges = [edge for span in spans for edge in span]
    start, until = incentive.starts, incentive.before
    begin = max((edge for edge in edges if edge <= start), default=0)
    last = min((edge for edge in edges if edge > start), default=market.weeks)
    end = min(_end(incentive, market), start + most_weeks, last)
    then = (start - YEAR, end - YEAR)
    alike = all(
        (since <= start < to) == (since < then[1] and then[0] < to)
        and not any(then[0] < edge < then[1] for edge in (since, to))
        for since, to in spans
    )
    before = (min(until, max(0, begin, until - (end - start))), until)
    return Window(incentive, start, end, before, alike and then[0] >= 0)


def _paid_otherwise(market: Market, incentive: Incentive) -> list[tuple[int, int]]:
    """When anything but an incentive paid for its behavior."""
    spans = [
        (one.before, _end(one, market))
        for one in market.incentives
        if one.behavior == incentive.behavior and one != incentive
    ]
    spans += market.paid_elsewhere.get(incentive.behavior, ())
    return [span for span in spans if span[0] < span[1]]


def _end(incentive: Incentive, market: Market) -> int:
    return market.weeks if incentive.ends is None else min(incentive.ends, market.weeks)


@dataclass(frozen=True, slots=True)
class Participant:
    """A partner that takes part: its people's occurrences and weeks, while paid and earlier.

    ``expected`` is what they would have done at their earlier rates; ``paid`` is what they were
    paid for ``actual``, by asset.
    """

    id: str
    type: PartnerType
    actual: int
    weeks: int
    earlier: int
    earlier_weeks: int
    expected: float
    paid: Mapping[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """How often each of those who took part did it in an earlier week."""
        return self.expected / self.weeks


@dataclass(frozen=True, slots=True)
class Other:
    """A partner that does not take part: its rates for each of its staff and week."""

    id: str
    type: PartnerType
    before: float
    during: float


Earlier = Callable[[Person, Sequence[int]], Sequence[int]]
"""A person and the weeks in which it took part -> the earlier weeks that they are compared with."""


def before(incentive_window: Window) -> Earlier:
    """The weeks before the incentive."""
    since, until = incentive_window.before
    return lambda one, _weeks: range(max(since, one.employed[0]), min(until, one.employed[1]))


def year_ago(person: Person, weeks: Sequence[int]) -> Sequence[int]:
    """The same weeks, 52 weeks before."""
    first, last = person.employed
    return [week - YEAR for week in weeks if first <= week - YEAR < last]


def participants(
    market: Market, paid: Window, earlier: Earlier, least_weeks: int
) -> list[Participant]:
    """The partners whose people took part while the behavior was paid for.

    A person who was not there for ``least_weeks`` earlier is expected to do what its colleagues
    did; a partner where nobody was is left out.
    """
    found = (
        _participant(company, _taking_part(market, company, paid), paid, earlier, least_weeks)
        for company in market.companies
    )
    return [one for one in found if one]


_TakingPart = list[tuple[Person, list[int]]]
"""A company's people who took part, and in which weeks of the window."""


def _participant(
    company: Company, taking_part: _TakingPart, paid: Window, earlier: Earlier, least_weeks: int
) -> Participant | None:
    actual = weeks = done = done_weeks = unknown = 0
    expected = 0.0
    money: dict[str, int] = {}
    for person, own in taking_part:
        add_paid(money, person.series, paid.incentive, own)
        did, past = person.series.did(paid.behavior), earlier(person, own)
        before_it = sum(did[week] for week in past)
        actual += sum(did[week] for week in own)
        weeks, done, done_weeks = weeks + len(own), done + before_it, done_weeks + len(past)
        if len(past) >= least_weeks:
            expected += len(own) * before_it / len(past)
        else:
            unknown += len(own)
    if not weeks or done_weeks < least_weeks:
        return None
    expected += unknown * done / done_weeks
    return Participant(company.id, company.type, actual, weeks, done, done_weeks, expected, money)


def add_paid(
    sums: dict[str, int], series: Series, incentive: Incentive, weeks: Iterable[int]
) -> None:
    """Adds what an incentive's rules paid for its behavior in some weeks, by asset."""
    chosen = list(weeks)
    for counter in series.named(PAID):
        rule, behavior, asset = counter.split(":")
        if rule in incentive.rules and behavior == incentive.behavior:
            numbers = series.of(PAID + counter)
            sums[asset] = sums.get(asset, 0) + sum(numbers[week] for week in chosen)


def _taking_part(market: Market, company: Company, paid: Window) -> _TakingPart:
    """Those of a company who took part, each with its weeks."""
    found = []
    for one in company.people:
        could = person_took_part(market, paid.incentive, company, one)
        first, last = max(paid.start, one.employed[0]), min(paid.end, one.employed[1])
        weeks = [week for week in range(first, last) if could[week]]
        found += [(one, weeks)] if weeks else []
    return found


def others(market: Market, paid: Window, least_weeks: int) -> list[Other]:
    """The partners of which nobody took part, neither before nor while the behavior was paid for.

    They are eligible, as the market's partners are, or none of the incentive's rules is for them.
    """
    found = []
    since, until = paid.before
    for company in market.companies:
        if _took_part(market, company, paid):
            continue
        weeks_before = company.staff_weeks(since, until)
        weeks_during = company.staff_weeks(paid.start, paid.end)
        if min(weeks_before, weeks_during) >= least_weeks:
            did = company.series.did(paid.behavior)
            rates = sum(did[since:until]) / weeks_before, sum(did[paid.start : paid.end])
            found.append(Other(company.id, company.type, rates[0], rates[1] / weeks_during))
    return found


def _took_part(market: Market, company: Company, paid: Window) -> bool:
    """Whether anybody of a company did, before or while the behavior was paid for."""
    took_part = [market.took_part(paid.incentive, company)]
    took_part += (person_took_part(market, paid.incentive, company, one) for one in company.people)
    return any(any(weeks[paid.before[0] : paid.end]) for weeks in took_part)


def parallel(market: Market, paid: Window, least_weeks: int, level: float) -> bool:
    """Whether those who took part and the others changed alike before the incentive.

    Of each partner the rate of the second half of the weeks before less that of the first, and of
    all of them less that of as many earlier weeks in which the same paid, if there are: not alike
    where the interval of a difference in differences of these (Welch's) excludes zero. What was
    parallel may still part later, and few partners show a difference only where it is large.
    """
    since, until = paid.before
    middle = (since + until) // 2
    edges = [edge for span in _paid_otherwise(market, paid.incentive) for edge in span]
    free = max((edge for edge in edges if edge <= since), default=0)
    earlier = (max(0, free, 2 * since - until), since)
    pairs = [((since, middle), (middle, until)), (earlier, paid.before)]
    asked = [pair for pair in pairs if pair[0][1] - pair[0][0] >= max(1, least_weeks // 2)]
    level = statistics.simultaneous_level(level, len(asked))
    for first, second in asked:
        treated: list[float] = []
        control: list[float] = []
        for company in market.companies:
            own = [person for person, _ in _taking_part(market, company, paid)]
            if not own and _took_part(market, company, paid):
                continue
            rates = [_rate(own or company.people, paid.behavior, one) for one in (first, second)]
            if rates[0] is not None and rates[1] is not None:
                (treated if own else control).append(rates[1] - rates[0])
        change = statistics.difference_in_differences(treated, control, level)
        if change.above_zero or change.below_zero:
            return False
    return True


def _rate(people: Sequence[Person], behavior: str, span: tuple[int, int]) -> float | None:
    """How often each of some people did it in a week of those in which it was employed."""
    done = weeks = 0
    for one in people:
        first, last = max(span[0], one.employed[0]), min(span[1], one.employed[1])
        if first < last:
            done += sum(one.series.did(behavior)[first:last])
            weeks += last - first
    return done / weeks if weeks else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Participants and what is predicted of each; ``others`` is how many they are compared with.

    A prediction is ``kept`` times what is expected at the earlier rate, and what the others add.
    ``spread`` are the others' residuals, so scaled that the error of their mean is that of all that
    they add, in occurrences.
    """

    participants: Sequence[Participant]
    predicted: Sequence[float]
    kept: float = 1.0
    others: int = 0
    spread: Sequence[float] = ()


def unchanged(taking_part: Sequence[Participant]) -> Comparison:
    """They would have gone on as earlier."""
    return Comparison(taking_part, [one.expected for one in taking_part])


def differenced(taking_part: Sequence[Participant], compared: Sequence[Other]) -> Comparison:
    """They would have changed by what the others have changed by, on the mean of partners."""
    weeks = sum(one.weeks for one in taking_part)
    changes = [one.during - one.before for one in compared]
    change = fmean(changes) if changes else 0.0
    return Comparison(
        taking_part,
        [one.expected + change * one.weeks for one in taking_part],
        others=len(compared),
        spread=[weeks * (one - change) for one in changes],
    )


def matched(
    taking_part: Sequence[Participant], candidates: Sequence[Other], most: int, caliper_bps: int
) -> Comparison:
    """They would have done what their matches did; who has no match is left out.

    A match is of the same type, and its rate before is off by at most ``caliper_bps`` of the
    standard deviation of all rates before. Of these the nearest ``most`` are taken, with
    replacement: who is matched often counts as often.
    """
    rates = [one.rate for one in taking_part] + [one.before for one in candidates]
    caliper = pstdev(rates) * caliper_bps / 10_000 if rates else 0.0
    matches = {one.id: _nearest(one, candidates, caliper, most) for one in taking_part}
    compared = [one for one in taking_part if matches[one.id]]
    used = list({match.id: match for one in compared for match in matches[one.id]}.values())
    slope = _slope(used)
    residual = {one.id: one.during - slope * one.before for one in used}
    weight = dict.fromkeys(residual, 0.0)
    predicted = []
    for one in compared:
        own = matches[one.id]
        predicted.append(slope * one.expected + one.weeks * fmean(residual[m.id] for m in own))
        for match in own:
            weight[match.id] += one.weeks / len(own)
    n, mean = len(used), fmean(residual.values()) if used else 0.0
    scale = math.sqrt(n * math.fsum(one * one for one in weight.values()))
    scale *= math.sqrt((n - 1) / (n - 2)) if n > 2 else 1.0  # The slope is estimated, too.
    spread = [scale * (one - mean) for one in residual.values()]
    return Comparison(compared, predicted, kept=slope, others=n, spread=spread)


def _nearest(
    one: Participant, candidates: Sequence[Other], caliper: float, most: int
) -> list[Other]:
    def distance(other: Other) -> float:
        return abs(other.before - one.rate)

    within = (x for x in candidates if x.type is one.type and distance(x) <= caliper)
    return sorted(within, key=lambda other: (distance(other), other.id))[:most]


def _slope(used: Sequence[Other]) -> float:
    """How much of a difference before is left while paid, among those who do not take part."""
    rates = [one.before for one in used], [one.during for one in used]
    try:
        return linear_regression(*rates).slope
    except StatisticsError:  # Fewer than two, or all were alike before.
        return 0.0
