"""Known answers of pace: partners ahead of, behind and level with the top of before the plan."""

from collections.abc import Callable
from dataclasses import replace

from portal_api.domain.insights.market import Incentive, Market
from portal_api.domain.insights.pace import Pace, PaceVerdict, TopChange, pace
from tests.insights.planted import Plant, Rate, Sketch, steady

BEHAVIOR = "DEMO"
STARTS = 26
PAID = Incentive(BEHAVIOR, STARTS, STARTS, None, ("demos",))
TOPS = 3
"""The first so many companies sell most: a quarter of twelve."""


def sales(company: int, _person: int, _week: int) -> float:
    """The first companies sell most."""
    return 2.0 if company < TOPS else 0.2


def rates(top: float, others: float, top_before: float | None = None) -> Rate:
    """What the top and the others do since, and what the top did before."""
    before = top if top_before is None else top_before
    return lambda company, _person, week: (
        others if company >= TOPS else top if week >= STARTS else before
    )


def sketch(rate: Rate, clustered: float = 0.0) -> Sketch:
    """Twelve companies of six; half a year before the plan, and half a year since."""
    return Sketch({BEHAVIOR: rate}, sales, clustered=clustered, incentives=(PAID,))


def asked(market: Market) -> Pace:
    """The answer for what is paid for."""
    return pace(market, ())


def _others(market: Market) -> str:
    """What those who were not at the top come to."""
    return " or ".join(sorted({one.verdict for one in asked(market).companies[TOPS:]}))


def _top(market: Market) -> str:
    return asked(market).top_change


def _false(market: Market) -> str:
    """Any verdict that tells a difference."""
    found = asked(market)
    told = {PaceVerdict.BETTER, PaceVerdict.BEHIND, TopChange.ROSE, TopChange.FELL}
    verdicts = [found.top_change, *(one.verdict for one in found.companies)]
    return next((one for one in verdicts if one in told), "NO_DIFFERENCE")


def _plant(
    name: str, drawn: Sketch, expected: str, verdict: Callable[[Market], str] = _others
) -> Plant:
    return Plant("pace", name, drawn, verdict, expected)


def _noise(name: str, drawn: Sketch) -> Plant:
    return Plant("pace", name, drawn, _false, "NO_DIFFERENCE", noise=True)


PLANTS = (
    _plant("a third of the top's pace", sketch(rates(1.5, 0.5)), "BEHIND"),
    _plant("three times the top's pace", sketch(rates(0.5, 1.5)), "BETTER"),
    _plant("the top's pace", sketch(rates(1.0, 1.0)), "NECK_AND_NECK"),
    _plant("too rare to tell", sketch(rates(0.02, 0.02)), "INSUFFICIENT_DATA"),
    _plant("the top does it twice as often, too", sketch(rates(2.0, 1.0, 1.0)), "ROSE", _top),
    _plant("the top does it half as often", sketch(rates(0.5, 1.0, 1.0), 0.5), "FELL", _top),
    _plant("the top is as it was", sketch(rates(1.0, 0.3)), "UNCHANGED", _top),
    _noise("12 partners alike", sketch(steady(0.4))),
    _noise("12 partners alike, clustered", sketch(steady(0.4), 0.5)),
    _noise("12 partners alike, busy months", replace(sketch(steady(0.4)), busy=0.5)),
    _noise("12 partners alike, 15 a week, busy months", replace(sketch(steady(15.0)), busy=0.5)),
)
