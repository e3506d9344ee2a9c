"""Outlooks: what is earned now, at the goal and at the stretch goal, by each mechanic and level."""

from dataclasses import replace
from typing import Any

import pytest

from portal_api.domain.goals import GoalDefinition, Level, Measure, Progress, Target
from portal_api.domain.mechanics.fast_close import FastClose
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.rebate import Band as RebateBand
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.outlooks import Outlook
from portal_api.domain.partners import PartnerType, Role, Segment
from portal_api.domain.plans import Limit, Mechanic, Period, Rule
from portal_api.domain.rebates import Baseline, RebateBaselines
from tests.domain.facts import DAY, PARTNER, PROGRAM, QUARTER, T0, a_plan, a_rule

TRAININGS = replace(QUARTER, measure=Measure.BEHAVIOR_COUNT, behavior="TRAINING")
CERTIFIED = replace(QUARTER, measure=Measure.CERTIFIED_PEOPLE, behavior="TRAINING")
REGISTERED = replace(QUARTER, measure=Measure.DEALS_REGISTERED)
BANDS = (Band(0, 200), Band(10_000_000, 500))
TWO_WEEKS_BEFORE_THE_END = QUARTER.ends_at - 14 * DAY


def outlook(
    *rules: Rule, level: Level = Level.INDIVIDUAL, counters: dict[str, int], **changes: Any
) -> Outlook:
    """Of a rep, unless another level is said."""
    party = Outlook(
        program=PROGRAM,
        plan=a_plan(*rules, goals=(QUARTER,)),
        partner=PARTNER,
        level=level,
        role=Role.SALES_REP if level is Level.INDIVIDUAL else None,
        progress=Progress("-", counters),
        now=T0 + DAY,
    )
    return replace(party, **changes)


def earned(
    rule: Rule,
    target: Target,
    counters: dict[str, int],
    goal: GoalDefinition = QUARTER,
    **changes: Any,
) -> list[int]:
    """Now, at the goal, and at the stretch goal."""
    party = outlook(rule, level=rule.level, counters=counters, **changes)
    sums = (
        party.earned(),
        *(party.earned_at(goal, target, reach) for reach in (target.goal, target.stretch)),
    )
    return [one.get(rule.asset, 0) for one in sums]


@pytest.mark.parametrize(
    ("mechanic", "counters", "expected"),
    [
        # 80,000.00 of 100,000.00 and 120,000.00 are won, and 1,234.00 was paid.
        (PercentOfDeal(300), {}, [123_400, 183_400, 243_400]),
        (MilestoneSplit(300), {}, [123_400, 183_400, 243_400]),
        (Uplift(("DEAL_REGISTERED",), 200, 300), {}, [123_400, 183_400, 243_400]),
        (GoalBonus("Q", 50_000, 30_000), {}, [123_400, 173_400, 203_400]),
        (GoalBonus("Q", 50_000, 30_000), {"bonus:rule:GOAL": 1}, [123_400, 123_400, 153_400]),
        (GoalBonus("H", 50_000, 30_000), {}, [123_400, 123_400, 123_400]),
        # Marginal: 2 % of the 20,000.00 to the second band, then 5 % of 20,000.00.
        (Tiered("Q", BANDS), {"base:rule": 8_000_000}, [123_400, 163_400, 263_400]),
        # Retrospective: 5 % of 100,000.00 less the 1,600.00 that were paid; then of 120,000.00.
        (
            Tiered("Q", BANDS, retrospective=True),
            {"base:rule": 8_000_000, "paid:rule": 160_000},
            [123_400, 463_400, 563_400],
        ),
        # In how many deals the revenue comes, and which come fast, is not known.
        (FastClose(10_000, 30), {}, [123_400, 123_400, 123_400]),
        (Flat("DEAL_WON", 25_000), {}, [123_400, 123_400, 123_400]),
        (Flat("TRAINING", 50), {}, [123_400, 123_400, 123_400]),
    ],
)
@pytest.mark.parametrize("level", [Level.INDIVIDUAL, Level.PARTNER])
def test_each_mechanic_pays_on_the_way_to_a_goal_of_revenue(
    mechanic: Mechanic, counters: dict[str, int], expected: list[int], level: Level
) -> None:
    paid = "company:USD" if level is Level.PARTNER else "earned:USD"
    known = {"goal:Q": 8_000_000, paid: 123_400, **counters}

    assert expected == earned(a_rule(mechanic, level), Target(10_000_000, 12_000_000), known)


@pytest.mark.parametrize(
    ("goal", "mechanic", "expected"),
    [
        (TRAININGS, Flat("TRAINING", 50), [100, 300, 500]),
        (TRAININGS, Flat("DEMO", 50), [100, 100, 100]),
        (TRAININGS, Overlay("TRAINING", 70), [100, 380, 660]),
        (TRAININGS, PercentOfDeal(300), [100, 100, 100]),
        (CERTIFIED, Flat("TRAINING", 50), [100, 300, 500]),
        (CERTIFIED, GoalBonus("Q", 1_000, 2_000), [100, 1_100, 3_100]),
        (REGISTERED, Flat("DEAL_REGISTERED", 50), [100, 300, 500]),
        (REGISTERED, MilestoneSplit(300), [100, 100, 100]),
    ],
)
def test_each_mechanic_pays_on_the_way_to_a_goal_that_counts(
    goal: GoalDefinition, mechanic: Mechanic, expected: list[int]
) -> None:
    """Two of six, and of ten."""
    counters = {"goal:Q": 2, "earned:USD": 100}

    assert expected == earned(a_rule(mechanic), Target(6, 10), counters, goal)


def test_a_team_s_rule_pays_the_whole_team() -> None:
    rule = a_rule(GoalBonus("Q", 90_000), Level.TEAM)
    own = a_rule(PercentOfDeal(300), code="own")
    party = outlook(rule, own, level=Level.TEAM, counters={"earned:USD": 5})

    assert {"USD": 90_005} == party.earned_at(QUARTER, Target(1, 2), 2)


@pytest.mark.parametrize(
    ("limits", "counters", "expected"),
    [
        ((Limit(Period.PROGRAM, count=3),), {"count:rule:P": 1}, [0, 100, 100]),
        ((Limit(Period.PROGRAM, amount_minor=120),), {"amount:rule:P": 20}, [0, 100, 100]),
        # What is left of this month, and all of the next.
        ((Limit(Period.MONTH, count=1),), {"count:rule:M2026-03": 1}, [0, 0, 0]),
        ((Limit(Period.WEEK, count=1),), {"count:rule:W2026-03-16": 1}, [0, 100, 100]),
        ((Limit(Period.DAY, amount_minor=50), Limit(Period.PROGRAM, count=9)), {}, [0, 300, 450]),
    ],
)
def test_the_limits_of_a_rule_bound_what_it_still_pays(
    limits: tuple[Limit, ...], counters: dict[str, int], expected: list[int]
) -> None:
    """Two weeks before the end: of each period that is to come, what is left of it."""
    rule = a_rule(Flat("TRAINING", 50), limits=limits)

    found = earned(rule, Target(6, 10), counters, TRAININGS, now=TWO_WEEKS_BEFORE_THE_END)

    assert expected == found


@pytest.mark.parametrize(
    "segment",
    [
        Segment(types=(PartnerType.DMR,)),
        Segment(roles=(Role.MARKETER,)),
        Segment(products=("Pro",)),
    ],
)
def test_a_rule_for_others_or_for_named_products_adds_nothing(segment: Segment) -> None:
    rule = a_rule(PercentOfDeal(300), segment=segment)

    assert [0, 0, 0] == earned(rule, Target(1_000, 2_000), {})


def test_nothing_is_foreseen_once_the_goal_or_the_program_has_ended() -> None:
    rule, target = a_rule(PercentOfDeal(300)), Target(1_000, 2_000)
    ended = replace(PROGRAM, ends_at=T0 + DAY)

    assert [0, 30, 60] == earned(rule, target, {})
    assert [0, 0, 0] == earned(rule, target, {}, now=QUARTER.ends_at)
    assert [0, 0, 0] == earned(rule, target, {}, program=ended)
    assert [0, 0, 0] == earned(rule, target, {}, plan=None)


def test_a_shadow_and_another_level_add_nothing() -> None:
    shadow = a_rule(PercentOfDeal(300), shadow=True)
    company = a_rule(PercentOfDeal(300), Level.PARTNER)

    for rule in (shadow, company):
        party = outlook(rule, counters={"earned:USD": 7})
        assert {"USD": 7} == party.earned_at(QUARTER, Target(1_000, 2_000), 1_000)


def test_a_rebate_pays_for_what_is_missing_in_the_period_that_is_now() -> None:
    """1 % of the 20,000.00 to 100,000.00 won in the quarter, and 3 % from there on."""
    bands = (RebateBand(0, 100), RebateBand(10_000_000, 300))
    rule = a_rule(Rebate(Period.QUARTER, bands), Level.PARTNER)
    counted = {"goal:Q": 8_000_000, "base:rule:Q2026-1": 8_000_000, "company:USD": 80_000}

    assert [80_000, 100_000, 160_000] == earned(rule, Target(10_000_000, 12_000_000), counted)


def test_growth_is_measured_by_what_was_declared() -> None:
    bands = (RebateBand(0, 100), RebateBand(10_000, 300))
    rule = a_rule(Rebate(Period.QUARTER, bands, growth=True), Level.PARTNER)
    declared = RebateBaselines("p.g", "p", "g", (Baseline("Q2025-1", 5_000_000, "boss", T0),))
    target = Target(10_000_000, 12_000_000)

    assert [0, 100_000, 120_000] == earned(rule, target, {})
    assert [0, 200_000, 260_000] == earned(rule, target, {}, baselines=declared)
