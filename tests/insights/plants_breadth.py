"""Known answers of breadth: stars, whole organizations, and who reverts, by tier."""

from collections.abc import Callable
from dataclasses import replace

from portal_api.domain.goals import Level
from portal_api.domain.insights.breadth import BreadthAnswer, BreadthVerdict, Flag, breadth
from portal_api.domain.insights.durability import durability
from portal_api.domain.insights.market import Incentive, Market
from portal_api.domain.partners import Tier
from tests.insights.planted import Plant, Rate, Sketch, steady

BEHAVIOR = "DEMO"
ENDED = Incentive(BEHAVIOR, 13, 13, 26, ("demos",))
RUNS = Incentive(BEHAVIOR, 13, 13, None, ("demos",))
TOP, LOWER = (Tier.GOLD, Tier.PLATINUM), (Tier.BRONZE, Tier.SILVER)


def stars(count: int, star: float, other: float) -> Rate:
    """The first people of each company do it at one rate, all others at another."""
    return lambda _company, person, _week: star if person < count else other


def _while_paid(rate: Rate, until: int) -> Rate:
    """A rate from the start of the incentive to a week, and a tenth of it else."""
    return lambda company, person, week: (
        rate(company, person, week) * (1 if ENDED.starts <= week < until else 0.1)
    )


def sketch(
    rate: Rate,
    paid: Incentive = RUNS,
    tiers: tuple[Tier, ...] = tuple(Tier),
    clustered: float = 0.0,
) -> Sketch:
    """Twelve companies of six, with one incentive."""
    return Sketch({BEHAVIOR: rate}, weeks=39, clustered=clustered, incentives=(paid,), tiers=tiers)


def asked(market: Market) -> BreadthAnswer:
    """The answer, with the durability that it needs."""
    return breadth(market, durability(market, Level.PARTNER))


def _all(market: Market) -> str:
    """What all partners come to; where they differ, each of it."""
    return " or ".join(sorted({one.verdict for one in asked(market).companies}))


def _flags(market: Market) -> str:
    """What all partners are flagged for, nothing by -."""
    return " or ".join(sorted({one.flag or "-" for one in asked(market).companies}))


def _false(market: Market) -> str:
    """Whether any partner hangs on stars, or is flagged for it, where there are none."""
    star = any(
        one.verdict is BreadthVerdict.STAR_DEPENDENT or one.flag is Flag.TALK_TO_LEADERSHIP
        for one in asked(market).companies
    )
    return BreadthVerdict.STAR_DEPENDENT if star else "NO_STARS"


def _plant(
    name: str, drawn: Sketch, expected: str, verdict: Callable[[Market], str] = _all
) -> Plant:
    return Plant("breadth", name, drawn, verdict, expected)


def _noise(name: str, drawn: Sketch) -> Plant:
    return Plant("breadth", name, drawn, _false, "NO_STARS", noise=True)


TWO_STARS = stars(2, 2.0, 0.1)
BUSY = replace(sketch(steady(0.5), ENDED), busy=1.0)

PLANTS = (
    _plant("two of six do 91 %", sketch(TWO_STARS), "STAR_DEPENDENT"),
    _plant("one of six does 91 %", sketch(stars(1, 4.0, 0.08), clustered=0.5), "STAR_DEPENDENT"),
    _plant("all six do it", sketch(steady(1.0)), "ORG_WIDE"),
    _plant("two of six do 50 %", sketch(stars(2, 2.0, 1.0), clustered=0.5), "ORG_WIDE"),
    _plant("bronze and silver, all do it", sketch(steady(1.0), tiers=LOWER), "INVEST", _flags),
    _plant("gold and platinum, all do it", sketch(steady(1.0), tiers=TOP), "-", _flags),
    _plant(
        "gold and platinum, two stars fall back after it",
        sketch(_while_paid(stars(2, 4.0, 0.1), 26), ENDED, TOP),
        "TALK_TO_LEADERSHIP",
        _flags,
    ),
    _plant(
        "gold and platinum, two stars fall back while it runs",
        sketch(_while_paid(stars(2, 4.0, 0.1), 26), RUNS, TOP),
        "TALK_TO_LEADERSHIP",
        _flags,
    ),
    _plant("gold and platinum, two steady stars", sketch(TWO_STARS, tiers=TOP), "-", _flags),
    _noise("12 partners of 6, everybody alike", sketch(steady(0.2))),
    _noise("12 partners of 6, everybody alike, clustered", sketch(steady(0.2), clustered=0.5)),
    _noise("12 partners of 6, everybody alike, busy months", BUSY),
)
