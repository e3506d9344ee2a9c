"""Known answers of the behavior profile: what the top does more, and only that."""

import random
from dataclasses import replace

from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.insights.market import Market, Person, Series, summed
from portal_api.domain.insights.profile import GapVerdict, Profile, profile
from portal_api.domain.insights.ranking import rank
from portal_api.domain.weeks import WON
from tests.insights.planted import Plant, Rate, Sketch, steady
from tests.insights.plants_ranking import times

VISIT, QUOTE, DEMO = "VISIT", "QUOTE", "DEMO"
COURSE, ADVANCED = "COURSE", "ADVANCED_COURSE"
TOP = range(4)
"""The companies that sell three times as much, of 16."""
_SAME = "no difference"


def of_companies(market: Market) -> Profile:
    """The profile of companies."""
    ranking = rank(market, market.companies, "partners")
    return profile(market, market.companies, ranking, "partners")


def of_people(market: Market) -> Profile:
    """The profile of people."""
    return profile(market, market.people, rank(market, market.people, "people"), "people")


def gaps(found: Profile) -> str:
    """The behaviors and levels with a gap, each with its side; none; or too little data."""
    sides = {GapVerdict.TOP_DOES_MORE: "more", GapVerdict.TOP_DOES_LESS: "less"}
    named = [(one.behavior, one.verdict) for one in found.behaviors]
    named += [(f"level {one.level}", one.verdict) for one in found.training]
    if all(verdict is GapVerdict.INSUFFICIENT_DATA for _, verdict in named):
        return GapVerdict.INSUFFICIENT_DATA.value
    told = [f"{sides[verdict]} {name}" for name, verdict in named if verdict in sides]
    return ", ".join(told) or _SAME


def by_company(market: Market) -> str:
    """What the top companies do more or less."""
    return gaps(of_companies(market))


def by_person(market: Market) -> str:
    """What the top people do more or less."""
    return gaps(of_people(market))


def habit(spread: float, place: int, per_week: float = 0.1) -> Rate:
    """A rate that each company has its own of, which has nothing to do with its sales."""
    return lambda company, _person, _week: per_week * (1 + spread * (company * place % 7))


def _sales_of_houses(company: int, _person: int, _week: int) -> float:
    """Each company sells its own, which has nothing to do with what it does."""
    return 0.12 * (3 + company * 5 % 4)


def _good_seller(factor: float, per_week: float) -> Rate:
    """The first person of each company does more of it."""
    return lambda _company, person, _week: per_week * (1 if person else factor)


def market_of(sales: Rate, visits: Rate, **other: object) -> Sketch:
    """Companies that visit at this rate; quotes and demos have nothing to do with it."""
    fields = {"companies": 16, "people": 3, "clustered": 0.5} | other
    return Sketch(
        rates={VISIT: visits, QUOTE: steady(0.2), DEMO: steady(0.1)},
        sales=sales,
        **fields,  # type: ignore[arg-type]
    )


def _launched(_company: int, _person: int, week: int) -> float:
    """Everybody does it once a week, since it was launched."""
    return 1.0 if week >= 39 else 0.0


def _rising(_company: int, _person: int, week: int) -> float:
    """Everybody does half as much more in the end."""
    return 1 + week / 104


def by_person_of_hired(market: Market) -> str:
    """What the top people do more or less, where every other one was hired in the second half."""
    chance = random.Random(market.companies[0].series.total(WON))
    companies = tuple(
        replace(one, people=people, series=summed(market.weeks, (each.series for each in people)))
        for one in market.companies
        for people in [tuple(_hired(each, place, chance) for place, each in enumerate(one.people))]
    )
    return by_person(replace(market, companies=companies))


def _hired(person: Person, place: int, chance: random.Random) -> Person:
    if place % 2 == 0:
        return person
    start, weeks = chance.randrange(26, 44), person.series.weeks
    counts = {
        counter: (0,) * start + numbers[start:] for counter, numbers in person.series.counts.items()
    }
    return replace(person, employed=(start, weeks), series=Series(weeks, counts))


_TRAININGS = tuple(
    BehaviorType(code, code.title(), ProcessStage.ENABLEMENT, FiveC.CAPACITY, level=level)
    for code, level in ((COURSE, 1), (ADVANCED, 2))
)

PLANTS = (
    Plant(
        "profile",
        "top partners visit three times as often",
        market_of(times(3, TOP), times(3, TOP, 0.1)),
        by_company,
        f"more {VISIT}",
        least_share=0.9,
    ),
    Plant(
        "profile",
        "top partners visit a third as often",
        market_of(times(3, TOP), times(1 / 3, TOP, 0.3)),
        by_company,
        f"less {VISIT}",
        least_share=0.9,
    ),
    Plant(
        "profile",
        "top people visit three times as often as their colleagues",
        market_of(_good_seller(4, 0.1), _good_seller(3, 0.1), companies=12, people=4),
        by_person,
        f"more {VISIT}",
        least_share=0.9,
    ),
    Plant(
        "profile",
        "staff of top partners reach the second level of training",
        Sketch(
            rates={COURSE: steady(0.1), ADVANCED: times(20, TOP, 0.002)},
            sales=times(3, TOP),
            companies=16,
            people=4,
            behaviors=_TRAININGS,
        ),
        by_company,
        f"more {ADVANCED}, more level 2",
        least_share=0.8,
    ),
    Plant(
        "profile",
        "three partners are too few for a top of four",
        market_of(times(3, TOP), times(3, TOP, 0.1), companies=12),
        by_company,
        GapVerdict.INSUFFICIENT_DATA.value,
        least_share=0.9,  # Two may be equal at the edge of the top.
    ),
    Plant(
        "profile",
        "partners are alike, counts are clustered",
        market_of(steady(0.2), steady(0.05), companies=20, clustered=3.0),
        by_company,
        _SAME,
        noise=True,
    ),
    Plant(
        "profile",
        "partners have habits that have nothing to do with sales",
        Sketch(
            rates={VISIT: habit(1, 1), QUOTE: habit(3, 3), DEMO: habit(9, 5)},
            companies=48,
            people=1,
            clustered=0.5,
        ),
        by_company,
        _SAME,
        noise=True,
    ),
    Plant(
        "profile",
        "people have habits and sales of their partner, which have nothing to do with each other",
        Sketch(
            rates={VISIT: habit(1, 1), QUOTE: habit(3, 3), DEMO: habit(9, 5)},
            sales=_sales_of_houses,
            companies=9,
            people=6,
            clustered=0.5,
        ),
        by_person,
        _SAME,
        noise=True,
    ),
    Plant(
        "profile",
        "half of the people were hired late, and what all do was launched late, or rises",
        Sketch(
            rates={VISIT: _launched, QUOTE: _rising},
            companies=6,
            people=8,
            clustered=0.5,
        ),
        by_person_of_hired,
        _SAME,
        noise=True,
    ),
    Plant(
        "profile",
        "half of the people were hired late, and top people do twice as much of what was launched",
        Sketch(
            rates={VISIT: lambda c, p, w: _launched(c, p, w) * (1 if p else 2)},
            sales=_good_seller(4, 0.1),
            companies=12,
            people=4,
        ),
        by_person_of_hired,
        f"more {VISIT}",
        least_share=0.9,
    ),
)
