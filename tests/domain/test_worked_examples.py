"""Numbers that others have published, and ours: each plan pays what its source says it pays.

A row has its source, a plan, what happens, and what everybody is then paid or gives back, in order.
It runs through the one function that decides pay.
"""

from dataclasses import replace

import pytest

from portal_api.domain.goals import Target
from portal_api.domain.plans import PointValue
from tests.domain.facts import PROGRAM, QUARTER, a_plan
from tests.domain.fold import Fold
from tests.domain.worked import OURS, Example
from tests.domain.worked_deals import DEALS
from tests.domain.worked_tiers import TIERS


@pytest.mark.parametrize("example", [pytest.param(row, id=row.id) for row in (*TIERS, *DEALS)])
def test_a_plan_pays_what_its_source_says(example: Example) -> None:
    rules = tuple(
        replace(rule, asset=example.currency) if rule.asset == "USD" else rule
        for rule in example.rules
    )
    plan = a_plan(*rules, goals=(QUARTER,), point_value=example.points)
    targets = {"Q": Target(*example.target)} if example.target else {}
    fold = Fold(
        plan,
        dict.fromkeys(("ann", "p"), targets),
        replace(PROGRAM, currency=example.currency),
    )

    for event in example.events:
        event(fold)

    assert example.paid == {who: fold.paid(who) for who in example.paid}
    assert sum(map(sum, example.paid.values())) == fold.net()
    assert example.title == OURS or example.url.startswith("http")


def test_points_are_turned_into_money_at_their_value() -> None:
    """The same source: 500 points are 5.00, so one is 0.01."""
    value = PointValue(500, 5_00)

    assert [5_00, 1] == [value.worth(500), value.worth(1)]
