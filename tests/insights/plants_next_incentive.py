"""Known answers of what to pay for next: the planted gaps, the cheapest first."""

from portal_api.domain.insights.market import Incentive, Market
from portal_api.domain.insights.next_incentive import NextIncentives, suggest
from portal_api.domain.insights.ranking import rank
from tests.insights.planted import Plant, Sketch, steady
from tests.insights.plants_profile import DEMO, QUOTE, TOP, VISIT, market_of, of_companies
from tests.insights.plants_ranking import times


def suggested(market: Market) -> NextIncentives:
    """The suggestions for companies."""
    ranking = rank(market, market.companies, "partners")
    return suggest(market, of_companies(market), ranking, market.companies)


def named(market: Market) -> str:
    """The behaviors in order, those paid already with a mark."""
    found = suggested(market)
    told = [f"{one.behavior}{'*' if one.paid_already else ''}" for one in found.suggestions]
    return ", ".join(told) or ("none" if found.sufficient else "INSUFFICIENT_DATA")


PLANTS = (
    Plant(
        "next incentive",
        "top partners visit three times as often",
        market_of(times(3, TOP), times(3, TOP, 0.1), prices={VISIT: 20_00}),
        named,
        VISIT,
        least_share=0.9,
    ),
    Plant(
        "next incentive",
        "of two gaps, the dearer and paid one comes last, before those without a price",
        Sketch(
            rates={
                VISIT: times(3, TOP, 0.2),
                QUOTE: times(3, TOP, 0.2),
                DEMO: times(3, TOP, 0.2),
            },
            sales=times(3, TOP),
            companies=16,
            people=3,
            prices={VISIT: 50_00, QUOTE: 5_00},
            incentives=(Incentive(VISIT, 20, 20, None, ("visits",)),),
        ),
        named,
        f"{QUOTE}, {VISIT}*, {DEMO}",
        least_share=0.9,
    ),
    Plant(
        "next incentive",
        "partners are alike",
        market_of(steady(0.2), steady(0.1), companies=20, people=2, prices={VISIT: 20_00}),
        named,
        "none",
        noise=True,
    ),
)
