"""Programs of one tiered rule, and what revenue is worth by the book."""

from dataclasses import replace

from portal_api.domain import money
from portal_api.domain.goals import Level, Target
from portal_api.domain.mechanics.tiered import Tiered
from tests.domain.facts import QUARTER, a_plan, a_rule
from tests.domain.fold import Fold


def tiered(
    mechanic: Tiered, level: Level = Level.INDIVIDUAL, quota: int = 0, **changes: object
) -> Fold:
    """A program of one tiered rule."""
    rule = replace(a_rule(mechanic, level), **changes)  # type: ignore[arg-type]
    targets = {"Q": Target(quota, quota)} if quota else {}
    return Fold(a_plan(rule, goals=(QUARTER,)), {"ann": targets, "bob": targets, "p": targets})


def sold(mechanic: Tiered, *amounts: int, quota: int = 0) -> Fold:
    """Sales one after the other, named 0, 1, 2 ..."""
    fold = tiered(mechanic, quota=quota)
    for number, amount_minor in enumerate(amounts):
        fold.sell(amount_minor, str(number))
    return fold


def value(mechanic: Tiered, revenue: int) -> int:
    """What revenue from zero is worth, by the book."""
    starts = [band.start for band in mechanic.bands]
    if mechanic.retrospective:
        rate = [band.rate_bps for band in mechanic.bands if band.start <= revenue][-1]
        return money.of_rate(revenue, rate)
    ends = [*starts[1:], max(revenue, starts[-1])]
    exact = sum(
        max(0, min(revenue, end) - start) * band.rate_bps
        for start, end, band in zip(starts, ends, mechanic.bands, strict=True)
    )
    return money.of_ratio(exact, 1, 10_000)
