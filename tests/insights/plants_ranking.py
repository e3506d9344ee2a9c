"""Known answers of the ranking: who is at the top again and again."""

from portal_api.domain.insights.market import Market
from portal_api.domain.insights.ranking import Cohort, Consistency, Ranking, rank
from tests.insights.planted import Plant, Rate, Sketch, steady

_NOBODY = "nobody"


def _stars(found: Ranking) -> str:
    """Who is called consistent."""
    named = (one.party_id for one in found.standings if one.consistency is Consistency.CONSISTENT)
    return ", ".join(sorted(named)) or _NOBODY


def of_companies(market: Market) -> str:
    """The consistent companies."""
    return _stars(rank(market, market.companies, "partners"))


def of_people(market: Market) -> str:
    """The consistent people."""
    return _stars(rank(market, market.people, "people"))


def top_of_companies(market: Market) -> str:
    """Who is TOP, whether by chance or not."""
    found = rank(market, market.companies, "partners")
    return ", ".join(sorted(one.party_id for one in found.standings if one.cohort is Cohort.TOP))


def times(factor: float, companies: range, per_week: float = 0.2) -> Rate:
    """A rate that is so many times as high at some companies."""
    return lambda company, _person, _week: per_week * (factor if company in companies else 1)


def _one_star(company: int, person: int, _week: int) -> float:
    return 1.0 if (company, person) == (3, 1) else 0.1


PLANTS = (
    Plant(
        "ranking",
        "one partner sells four times as much",
        Sketch(rates={}, sales=times(4, range(1))),
        of_companies,
        "ptn-000",
        least_share=0.9,
    ),
    Plant(
        "ranking",
        "three partners sell four times as much",
        Sketch(rates={}, sales=times(4, range(3))),
        top_of_companies,
        "ptn-000, ptn-001, ptn-002",
    ),
    Plant(
        "ranking",
        "one person sells ten times as much",
        Sketch(rates={}, sales=_one_star, people=4),
        of_people,
        "ind-003-1",
        least_share=0.9,
    ),
    Plant(
        "ranking",
        "all partners are alike",
        Sketch(rates={}, people=4),
        of_companies,
        _NOBODY,
        noise=True,
    ),
    Plant(
        "ranking",
        "all partners are alike and sell little",
        Sketch(rates={}, sales=steady(0.02), people=2),
        of_companies,
        _NOBODY,
        noise=True,
    ),
    Plant(
        "ranking",
        "all people are alike",
        Sketch(rates={}, people=4),
        of_people,
        _NOBODY,
        noise=True,
    ),
)
