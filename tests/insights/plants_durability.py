"""Known answers of durability: what lasts, what falls back, what never rose, at every level."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from portal_api.domain.goals import Level
from portal_api.domain.insights.durability import DurabilityAnswer, durability, overall
from portal_api.domain.insights.durability import DurabilityVerdict as Verdict
from portal_api.domain.insights.market import Incentive, Market
from tests.insights.planted import Plant, Rate, Sketch, steady

BEHAVIOR = "DEMO"
PAID = Incentive(BEHAVIOR, 13, 13, 26, ("demos",))
"""Weeks 0 to 12 are before it, 13 to 25 it ran, 26 to 38 are after it."""
_TOLD = (Verdict.SUSTAINED, Verdict.SPIKE, Verdict.PARTIAL)


def steps(before: float, during: float, after: float) -> Rate:
    """A rate with a step at the start of the incentive and one at its end, alike for everybody."""
    return lambda _company, _person, week: (
        before if week < PAID.starts else during if week < (PAID.ends or 0) else after
    )


def sketch(rate: Rate, companies: int = 12, people: int = 4, clustered: float = 0.0) -> Sketch:
    """A market with one incentive, before, during and after."""
    return Sketch(
        {BEHAVIOR: rate},
        companies=companies,
        people=people,
        weeks=39,
        clustered=clustered,
        incentives=(PAID,),
    )


def _most(asked: Callable[[Market], DurabilityAnswer]) -> Callable[[Market], str]:
    """What most parties come to."""
    return lambda market: Counter(one.verdict for one in asked(market).parties).most_common(1)[0][0]


def _false(asked: Callable[[Market], DurabilityAnswer]) -> Callable[[Market], str]:
    """The first party of which a lift is told, where there is none."""
    return lambda market: next(
        (one.verdict for one in asked(market).parties if one.verdict in _TOLD), Verdict.NO_EFFECT
    )


def _partners(market: Market) -> DurabilityAnswer:
    return durability(market, Level.PARTNER)


def _teams(market: Market) -> DurabilityAnswer:
    return durability(market, Level.TEAM)


def _people(market: Market) -> DurabilityAnswer:
    return durability(market, Level.INDIVIDUAL)


def _plant(name: str, drawn: Sketch, verdict: Callable[[Market], str], expected: str) -> Plant:
    return Plant("durability", name, drawn, verdict, expected)


def _noise(name: str, drawn: Sketch, verdict: Callable[[Market], str]) -> Plant:
    return Plant("durability", name, drawn, verdict, Verdict.NO_EFFECT, noise=True)


SUSTAINED, SPIKE = sketch(steps(0.5, 2.0, 2.0)), sketch(steps(0.5, 2.0, 0.5))
PARTIAL = sketch(steps(0.5, 4.0, 2.25))
BUSY = replace(sketch(steady(0.5)), busy=0.5)
OFTEN = replace(sketch(steady(15.0)), busy=0.5)

PLANTS = (
    _plant("partners: 4 times as often, and it stays", SUSTAINED, _most(_partners), "SUSTAINED"),
    _plant("partners: 4 times as often while paid for", SPIKE, _most(_partners), "SPIKE"),
    _plant("partners: half of the lift stays", PARTIAL, _most(_partners), "PARTIAL"),
    _plant("partners: always the same", sketch(steady(2.0)), _most(_partners), "NO_EFFECT"),
    _plant(
        "all together: twice as often while paid for, clustered",
        sketch(steps(0.5, 1.0, 0.5), clustered=0.5),
        _most(overall),
        "SPIKE",
    ),
    _plant(
        "teams: 6 times as often, and it stays",
        sketch(steps(0.5, 3.0, 3.0), companies=4),
        _most(_teams),
        "SUSTAINED",
    ),
    _plant(
        "people: 10 times as often while paid for",
        sketch(steps(0.5, 5.0, 0.5), companies=3),
        _most(_people),
        "SPIKE",
    ),
    _plant(
        "people: too rare to tell of one person",
        sketch(steps(0.1, 0.2, 0.2), companies=3),
        _most(_people),
        "INSUFFICIENT_DATA",
    ),
    _noise("12 partners, no effect", sketch(steady(0.5)), _false(_partners)),
    _noise(
        "12 partners, no effect, clustered",
        sketch(steady(0.5), clustered=0.5),
        _false(_partners),
    ),
    _noise("48 people, no effect, clustered", sketch(steady(0.4), clustered=0.5), _false(_people)),
    _noise("12 partners, no effect, busy months", BUSY, _false(_partners)),
    _noise("48 people, no effect, 15 a week, busy months", OFTEN, _false(_people)),
    _noise("all together, no effect, 15 a week, busy months", OFTEN, _false(overall)),
)
