"""Known answers of consistency: incentives that work alike everywhere, or at some only."""

from collections.abc import Callable
from dataclasses import replace

from portal_api.domain.insights.consistency import ConsistencyVerdict, consistency
from portal_api.domain.insights.market import Incentive, Market
from tests.insights.planted import Plant, Rate, Sketch, steady

BEHAVIOR = "DEMO"
PAID = Incentive(BEHAVIOR, 13, 13, 26, ("demos",))


def lifted(before: float, during: float, every: int = 1) -> Rate:
    """A rate with a step at the start of the incentive, at each so manieth company only."""
    return lambda company, _person, week: (
        during if week >= PAID.starts and company % every == 0 else before
    )


def _uneven_levels(company: int, _person: int, week: int) -> float:
    """Partners that have always done it unlike often, and all do 0.5 more."""
    return 0.2 * (1 + company % 4) + (0.5 if week >= PAID.starts else 0)


def sketch(rate: Rate, clustered: float = 0.0, companies: int = 12) -> Sketch:
    """Companies of six, with one incentive."""
    return Sketch(
        {BEHAVIOR: rate},
        weeks=26,
        companies=companies,
        clustered=clustered,
        incentives=(PAID,),
    )


def _verdict(market: Market) -> str:
    (found,) = consistency(market).behaviors
    return found.verdict


def _plant(name: str, drawn: Sketch, expected: str) -> Plant:
    return Plant("consistency", name, drawn, _verdict, expected)


def _false(market: Market) -> str:
    """Whether a difference is told where there is none; too few partners prove no likeness."""
    told = _verdict(market) == ConsistencyVerdict.INCONSISTENT
    return ConsistencyVerdict.INCONSISTENT if told else "NOT_INCONSISTENT"


def _noise(name: str, drawn: Sketch, verdict: Callable[[Market], str] = _verdict) -> Plant:
    expected = "CONSISTENT" if verdict is _verdict else "NOT_INCONSISTENT"
    return Plant("consistency", name, drawn, verdict, expected, noise=True)


BUSY, OFTEN = (replace(sketch(steady(rate)), busy=0.5) for rate in (0.5, 15.0))
PLANTS = (
    _plant("three times as often at half of them", sketch(lifted(0.5, 1.5, 2)), "INCONSISTENT"),
    _plant(
        "three times as often at a third of them, clustered",
        sketch(lifted(0.5, 1.5, 3), 0.5),
        "INCONSISTENT",
    ),
    _plant("three times as often at all of them", sketch(lifted(0.5, 1.5)), "CONSISTENT"),
    _plant("unlike levels, alike lifts", sketch(_uneven_levels), "CONSISTENT"),
    _plant("too rare to tell", sketch(steady(0.02)), "INSUFFICIENT_DATA"),
    _noise("12 partners, no effect", sketch(steady(0.5))),
    _noise("12 partners, no effect, clustered", sketch(steady(0.5), 0.5)),
    _noise("8 partners, an alike effect, clustered", sketch(lifted(0.4, 0.8), 0.5, 8)),
    _noise("4 partners, an alike effect, clustered", sketch(lifted(0.4, 0.8), 0.5, 4), _false),
    _noise("12 partners, no effect, busy months", BUSY, _false),
    _noise("12 partners, no effect, 15 a week, busy months", OFTEN, _false),
)
