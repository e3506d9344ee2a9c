"""Known answers of the pipeline and bottom line, by what was planted."""

import math
from collections.abc import Callable
from dataclasses import replace

from portal_api.domain.insights.market import Incentive, Market
from portal_api.domain.insights.pipeline import BottomLine, ChangeVerdict, bottom_line
from tests.insights.planted import Deals, Plant, Rate, Sketch, steady

STARTS = 26
TAKING_PART = 12
"""So many partners, the first ones, take part."""
AGAINST = "AGAINST_OTHERS"

_FALSE = frozenset({ChangeVerdict.ROSE, ChangeVerdict.FELL})


def takes_part(company: int, week: int) -> bool:
    """Whether a partner does."""
    return company < TAKING_PART and week >= STARTS


def lifted(before: float, since: float) -> Rate:
    """A rate that is another one since the start, of those who take part."""
    return lambda company, _person, week: since if takes_part(company, week) else before


def growing(_company: int, _person: int, week: int) -> float:
    """Everybody sells twice as much after the start as before it."""
    return 0.3 if week < STARTS else 0.6


SIZES = (30, 3, 25, 4, 20, 5, 40, 2, 15, 4, 20, 3)
"""Of partners, of which every second one, the large ones, takes part."""


def of_sizes(sales: Callable[[int], float]) -> Sketch:
    """A market of such partners, where everybody sells so much in a week."""
    return replace(
        sketch(lambda company, _, week: SIZES[company] * sales(week), Deals(spread=0.5), 12, 1),
        took_part=lambda company, week: company % 2 == 0 and week >= STARTS,
    )


def sketch(sales: Rate, deals: Deals, companies: int = 20, people: int = 6) -> Sketch:
    """A market in which the program starts halfway."""
    return Sketch(
        rates={},
        sales=sales,
        companies=companies,
        people=people,
        incentives=(Incentive("DEMO", STARTS, STARTS, None, ("demos",)),),
        took_part=takes_part,
        deals=deals,
    )


def verdicts(answer: BottomLine) -> dict[str, ChangeVerdict]:
    """All of them by what changed."""
    return {one.what: one.verdict for one in answer.changes} | {AGAINST: answer.against_others}


def of(*what: str) -> Callable[[Market], str]:
    """What became of these, one word where they agree."""

    def word(market: Market) -> str:
        found = verdicts(bottom_line(market))
        return " / ".join(dict.fromkeys(found[one].value for one in what))

    return word


def _any_change(market: Market) -> str:
    found = [one.value for one in verdicts(bottom_line(market)).values() if one in _FALSE]
    return found[0] if found else "none"


def _against(market: Market) -> str:
    found = bottom_line(market).against_others
    return found.value if found in _FALSE else "none"


def _unchanged(market: Market) -> str:
    found = of("SALES_PER_PARTNER")(market)
    return found if found == ChangeVerdict.NO_CHANGE else "none"


_ROSE, _FELL, _SAME = ChangeVerdict.ROSE, ChangeVerdict.FELL, ChangeVerdict.NO_CHANGE
_UNEVEN = Deals(spread=1.5, clustered=0.5)

PLANTS = (
    Plant(
        "pipeline",
        "the win ratio doubles",
        sketch(lifted(0.1, 0.2), Deals(lost=lifted(0.3, 0.2))),
        of("WIN_RATIO"),
        _ROSE,
    ),
    Plant(
        "pipeline",
        "sales double",
        sketch(lifted(0.3, 0.6), Deals(spread=1.0)),
        of("SALES_PER_PARTNER", AGAINST),
        _ROSE,
        least_share=0.9,
    ),
    Plant(
        "pipeline",
        "deals close in two thirds of the time",
        sketch(steady(0.2), Deals(days=lifted(45, 30))),
        of("DAYS_TO_CLOSE"),
        _FELL,
    ),
    Plant(
        "pipeline",
        "all partners sell twice as much: before and since",
        sketch(growing, Deals()),
        of("SALES_PER_PARTNER"),
        _ROSE,
    ),
    Plant(
        "pipeline",
        "all partners sell twice as much: against others",
        sketch(growing, Deals()),
        of(AGAINST),
        _SAME,
        least_share=0.9,
    ),
    Plant(
        "pipeline",
        "nothing changes, amounts spread widely",
        sketch(steady(0.15), _UNEVEN, people=3),
        _any_change,
        "none",
        noise=True,
    ),
    Plant(
        "pipeline",
        "nothing changes, few partners",
        sketch(steady(0.1), _UNEVEN, companies=TAKING_PART + 4, people=2),
        _any_change,
        "none",
        noise=True,
    ),
    Plant(
        "pipeline",
        "all sell half as much again in a year, the large take part: against others",
        of_sizes(lambda week: 0.5 * (1 + week / 104)),
        _against,
        "none",
        noise=True,
    ),
    Plant(
        "pipeline",
        "a season of 30 % for all, the large take part: against others",
        of_sizes(lambda week: 0.5 * math.exp(0.3 * math.sin(math.tau * week / 52))),
        _against,
        "none",
        noise=True,
    ),
    Plant(
        "pipeline",
        "sales double at six partners: not told to be unchanged",
        sketch(lifted(0.05, 0.1), Deals(spread=1.0), companies=6),
        _unchanged,
        "none",
        noise=True,
    ),
)
