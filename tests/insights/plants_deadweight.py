"""Known answers of deadweight: what would have been done anyway, by what was planted."""

import math
from collections.abc import Callable
from dataclasses import replace

from portal_api.domain.insights.deadweight import Baseline, DeadweightVerdict, deadweight
from portal_api.domain.insights.market import Incentive, Market
from tests.insights.planted import Plant, Rate, Sketch, steady

BEFORE, LAST_YEAR = Baseline.BEFORE, Baseline.LAST_YEAR
MATCHED, DIFFERENCE = Baseline.MATCHED, Baseline.DIFFERENCE_IN_DIFFERENCES

DEMO = "DEMO"
PAID_DEMO = f"paid:demos:{DEMO}:USD"
STARTS = 26
TAKING_PART = 8
"""So many partners, the first ones, take part."""


def takes_part(company: int, _week: int = 0) -> bool:
    """Whether a partner does."""
    return company < TAKING_PART


def lifted(before: float, during: float, starts: int = STARTS) -> Rate:
    """A rate that is another one while paid, of those who take part."""
    return lambda company, _person, week: (
        during if takes_part(company) and week >= starts else before
    )


def sketch(rate: Rate, starts: int = STARTS, **other: object) -> Sketch:
    """A market with one incentive from ``starts`` on, 50.00 for each demo."""
    fields = {"companies": 16, "weeks": starts + 26} | other
    return Sketch(
        rates={DEMO: rate},
        incentives=(Incentive(DEMO, starts, starts, None, ("demos",)),),
        took_part=takes_part,
        paid={PAID_DEMO: (DEMO, 50_00)},
        pays=lambda week: week >= starts,
        **fields,  # type: ignore[arg-type]
    )


def verdicts(market: Market) -> dict[Baseline, DeadweightVerdict]:
    """Of the one incentive, by each baseline."""
    return {one.baseline: one.verdict for one in deadweight(market).incentives}


def by(*baselines: Baseline) -> Callable[[Market], str]:
    """What these baselines say, one word where they agree."""

    def word(market: Market) -> str:
        found = verdicts(market)
        return " / ".join(dict.fromkeys(found[one].value for one in baselines))

    return word


def _effect_by_any(market: Market) -> str:
    effect = DeadweightVerdict.MOSTLY_EFFECT
    return effect.value if effect in verdicts(market).values() else "none"


def _decided_by_any(market: Market) -> str:
    open_ = {DeadweightVerdict.UNCLEAR, DeadweightVerdict.INSUFFICIENT_DATA}
    decided = [one.value for one in verdicts(market).values() if one not in open_]
    return decided[0] if decided else "none"


def seasonal(_company: int, _person: int, week: int) -> float:
    """Low in one half of each year, four times as much in the other."""
    return 0.2 if week % 52 < 26 else 0.8


def growing(_company: int, _person: int, week: int) -> float:
    """Everybody does more and more of it, sixteenfold in a year."""
    return 0.06 * math.exp(week * math.log(16) / 52)


def uneven(company: int, person: int, _week: int) -> float:
    """Partners and people differ, and nothing changes."""
    return 0.05 + 0.1 * (company % 4) + 0.05 * (person % 3)


def _chosen_for_being_low(market: Market) -> str:
    """What others say of it where the half that did least before the incentive takes part."""
    before = sorted(market.companies, key=lambda one: sum(one.series.did(DEMO)[13:STARTS]))
    low = {one.id for one in before[: len(before) // 2]}
    companies = []
    for one in market.companies:
        part = tuple(one.id in low and week >= STARTS for week in range(market.weeks))
        people = tuple(replace(person, took_part=part) for person in one.people)
        companies.append(replace(one, took_part=part, people=people))
    found = verdicts(replace(market, companies=tuple(companies)))
    effect = DeadweightVerdict.MOSTLY_EFFECT
    return effect.value if found[DIFFERENCE] is effect else "none"


_DEADWEIGHT, _EFFECT = DeadweightVerdict.MOSTLY_DEADWEIGHT, DeadweightVerdict.MOSTLY_EFFECT
_UNPAID = sketch(lifted(0.3, 0.3))

PLANTS = (
    Plant("deadweight", "all of it anyway", _UNPAID, by(BEFORE, MATCHED, DIFFERENCE), _DEADWEIGHT),
    Plant(
        "deadweight",
        "nobody did it before",
        sketch(lifted(0.0, 0.3)),
        by(BEFORE, MATCHED, DIFFERENCE),
        _EFFECT,
    ),
    Plant(
        "deadweight",
        "a fifth of it anyway",
        sketch(lifted(0.1, 0.5)),
        by(BEFORE, MATCHED, DIFFERENCE),
        _EFFECT,
        least_share=0.9,
    ),
    Plant(
        "deadweight",
        "half of it anyway: no verdict",
        sketch(lifted(0.2, 0.4), people=3),
        _decided_by_any,
        "none",
        noise=True,
    ),
    Plant(
        "deadweight",
        "found early: four weeks after the start",
        sketch(lifted(0.05, 1.0), weeks=STARTS + 4),
        by(BEFORE),
        _EFFECT,
    ),
    Plant(
        "deadweight",
        "the season alone, by the weeks before: fooled",
        sketch(seasonal, starts=78),
        by(BEFORE),
        _EFFECT,
    ),
    Plant(
        "deadweight",
        "the season alone, by last year and by others",
        sketch(seasonal, starts=78),
        by(LAST_YEAR, MATCHED, DIFFERENCE),
        _DEADWEIGHT,
    ),
    Plant(
        "deadweight",
        "a trend alone, by the weeks before: fooled",
        sketch(growing),
        by(BEFORE),
        _EFFECT,
    ),
    Plant(
        "deadweight",
        "a trend alone, by others",
        sketch(growing),
        by(MATCHED, DIFFERENCE),
        _DEADWEIGHT,
    ),
    Plant(
        "deadweight",
        "nothing changes, uneven and clustered",
        sketch(uneven, people=3, clustered=0.5),
        _effect_by_any,
        "none",
        noise=True,
    ),
    Plant(
        "deadweight",
        "nothing changes, few partners, rare and clustered",
        sketch(steady(0.04), companies=11, people=3, clustered=0.5),
        _effect_by_any,
        "none",
        noise=True,
    ),
    Plant(
        "deadweight",
        "those take part who did least just before: by the difference",
        sketch(steady(0.05), people=2, clustered=2.0, weeks=STARTS + 13),
        _chosen_for_being_low,
        "none",
        noise=True,
    ),
)
