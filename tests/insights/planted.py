"""Markets with known effects: counts drawn from given rates, the same for a seed.

A rate is a function of company, person and week, all counted from 0, in occurrences a week. Counts
are Poisson; with ``clustered`` they are more uneven, as people's are: negative binomial with the
variance ``mean + clustered * mean²``. With ``busy`` people have months of unlike rates, each for
itself: blocks of four weeks, with factors of mean 1 and that variance.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.insights.market import (
    Company,
    Incentive,
    Market,
    Person,
    Series,
    Team,
    summed,
)
from portal_api.domain.partners import PartnerType, Role, Tier
from portal_api.domain.programs import IncentiveClass
from portal_api.domain.weeks import DAYS_TO_CLOSE, DID, LOST, WON, WON_MINOR

Rate = Callable[[int, int, int], float]
"""Company, person, week -> occurrences a week."""

FIRST_WEEK = date(2025, 1, 6)


def steady(per_week: float) -> Rate:
    """The same rate for everybody, always."""
    return lambda _company, _person, _week: per_week


_SALES, _A_MONTH = steady(0.2), steady(30)


@dataclass(frozen=True)
class Deals:
    """More of deals. ``lost`` is how many are lost; those won take ``days`` days on the mean.

    ``spread`` is the standard deviation of the logarithm of an amount, whose mean stays the same;
    ``clustered`` is as for behaviors, of what is won and lost.
    """

    lost: Rate = _SALES
    days: Rate = _A_MONTH
    spread: float = 0.0
    clustered: float = 0.0


@dataclass(frozen=True)
class Sketch:
    """A market to draw.

    ``rates`` are by behavior; ``sales`` is the rate of won deals, each of ``deal_minor``. ``paid``
    maps a counter such as ``paid:rule:DEMO:USD`` to a behavior and what each occurrence is paid
    while the person takes part and ``pays`` says so of the week. ``took_part`` says of company and
    week.
    """

    rates: Mapping[str, Rate]
    sales: Rate = _SALES
    companies: int = 12
    people: int = 6
    weeks: int = 52
    deal_minor: int = 10_000_00
    clustered: float = 0.0
    busy: float = 0.0
    incentives: tuple[Incentive, ...] = ()
    took_part: Callable[[int, int], bool] = lambda _company, _week: True
    tiers: tuple[Tier, ...] = tuple(Tier)
    paid: Mapping[str, tuple[str, int]] = None  # type: ignore[assignment]
    pays: Callable[[int], bool] = lambda _week: True
    behaviors: tuple[BehaviorType, ...] = ()
    prices: Mapping[str, int] = None  # type: ignore[assignment]
    deals: Deals | None = None


def drawn(sketch: Sketch, seed: int) -> Market:
    """The market of a sketch, by a seed."""
    chance = np.random.default_rng(seed)
    companies = tuple(_company(sketch, number, chance) for number in range(sketch.companies))
    known = {one.code: one for one in sketch.behaviors}
    named = {
        code: BehaviorType(code, code.title(), ProcessStage.OPPORTUNITY_MANAGEMENT, FiveC.CAPACITY)
        for code in sketch.rates
    }
    return Market(
        program_id="prg",
        currency="USD",
        incentive_class=IncentiveClass.HABIT_FORMING,
        first_week=FIRST_WEEK,
        weeks=sketch.weeks,
        as_of=datetime(2026, 1, 5, tzinfo=UTC),
        companies=companies,
        behaviors=named | known,
        incentives=sketch.incentives,
        prices=sketch.prices or {},
    )


def _company(sketch: Sketch, number: int, chance: np.random.Generator) -> Company:
    took_part = tuple(sketch.took_part(number, week) for week in range(sketch.weeks))
    people = tuple(
        _person(sketch, number, place, took_part, chance) for place in range(sketch.people)
    )
    teams = tuple(
        Team(team, summed(sketch.weeks, (one.series for one in people if one.team_id == team)))
        for team in sorted({one.team_id or "" for one in people})
    )
    return Company(
        id=f"ptn-{number:03}",
        type=PartnerType.VAR,
        tier=sketch.tiers[number % len(sketch.tiers)],
        region="EMEA",
        took_part=took_part,
        people=people,
        teams=teams,
        series=summed(sketch.weeks, (one.series for one in people)),
    )


def _person(
    sketch: Sketch,
    company: int,
    place: int,
    took_part: tuple[bool, ...],
    chance: np.random.Generator,
) -> Person:
    weeks = range(sketch.weeks)
    counts: dict[str, tuple[int, ...]] = {}
    for behavior, rate in sketch.rates.items():
        means = [rate(company, place, week) for week in weeks]
        if sketch.busy:
            months = chance.gamma(1 / sketch.busy, sketch.busy, size=len(weeks) // 4 + 1)
            means = [mean * months[week // 4] for week, mean in enumerate(means)]
        counts[DID + behavior] = _counts(means, sketch.clustered, chance)
    won = _counts([sketch.sales(company, place, week) for week in weeks], 0.0, chance)
    counts[WON] = won
    counts[WON_MINOR] = tuple(one * sketch.deal_minor for one in won)
    if sketch.deals:
        counts |= _deals(sketch, sketch.deals, company, place, chance)
    for counter, (behavior, price) in (sketch.paid or {}).items():
        counts[counter] = tuple(
            done * price if part and sketch.pays(week) else 0
            for week, done, part in zip(weeks, counts[DID + behavior], took_part, strict=True)
        )
    return Person(
        id=f"ind-{company:03}-{place}",
        role=Role.SALES_REP,
        team_id=f"t{place % 2}",
        employed=(0, sketch.weeks),
        took_part=took_part,
        series=Series(sketch.weeks, counts),
    )


def _deals(
    sketch: Sketch, deals: Deals, company: int, place: int, chance: np.random.Generator
) -> dict[str, tuple[int, ...]]:
    weeks = range(sketch.weeks)
    won, lost = (
        _counts([rate(company, place, week) for week in weeks], deals.clustered, chance)
        for rate in (sketch.sales, deals.lost)
    )
    of_week = np.repeat(np.arange(sketch.weeks), won)
    sizes = chance.lognormal(-(deals.spread**2) / 2, deals.spread, size=len(of_week))
    days = chance.poisson([deals.days(company, place, int(week)) for week in of_week])
    return {
        WON: won,
        LOST: lost,
        WON_MINOR: _by_week(of_week, sizes * sketch.deal_minor, sketch.weeks),
        DAYS_TO_CLOSE: _by_week(of_week, days, sketch.weeks),
    }


def _by_week(of_week: Any, numbers: Any, weeks: int) -> tuple[int, ...]:
    """The sums of the numbers of each week's deals."""
    return tuple(round(float(one)) for one in np.bincount(of_week, numbers, weeks))


def _counts(means: list[float], clustered: float, chance: np.random.Generator) -> tuple[int, ...]:
    expected = np.asarray(means)
    if clustered:
        expected = expected * chance.gamma(1 / clustered, clustered, size=len(means))
    return tuple(int(one) for one in chance.poisson(expected))


@dataclass(frozen=True)
class Plant:
    """One row of the table of known answers.

    ``verdict`` says in a word what the question made of a market; ``expected`` is what was planted.
    ``noise``: nothing was, and every other word is a false verdict, which at most 5 % of 200 seeds
    may have. Else at least ``least_share`` of the ``seeds`` give the planted verdict.
    """

    question: str
    name: str
    sketch: Sketch
    verdict: Callable[[Market], str]
    expected: str
    noise: bool = False
    least_share: float = 1.0
    seeds: int = 10

    def shares(self) -> dict[str, int]:
        """How often each verdict came out."""
        seeds = 200 if self.noise else self.seeds
        found: dict[str, int] = {}
        for seed in range(seeds):
            word = self.verdict(drawn(self.sketch, seed))
            found[word] = found.get(word, 0) + 1
        return found
