"""Rebate: bands of what a company wins in a period, growth, participation, and returns."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portal_api.domain import rewards
from portal_api.domain.activities import DEAL_RETURNED, DEAL_WON, WithheldReason
from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Level, Progress, Target
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.money import POINTS
from portal_api.domain.plans import Ahead, Limit, Period, PointValue
from portal_api.domain.rebates import (
    Baseline,
    RebateBaselines,
    RebateFacts,
)
from portal_api.domain.rewards import Award, Reversed, Withheld
from tests.domain.facts import (
    DAY,
    PROGRAM,
    QUARTER,
    T0,
    WON,
    a_plan,
    a_recipient,
    a_rule,
    an_activity,
    facts_of,
)
from tests.domain.fold import Fold
from tests.domain.rebating import (
    APRIL,
    BANDS,
    GROWTH,
    MARGINAL,
    OF_ALL,
    grown,
    rebate,
    sold,
    taking_part,
)


def told(fold: Fold) -> list[str]:
    return [one.part.because for one in fold.verdicts if isinstance(one, Award)]


def test_rebate_pays_its_worked_example() -> None:
    """80,000.00, 60,000.00 and, a quarter later, 60,000.00 at 1 %, 3 % from 100,000.00."""
    folds = [
        sold(MARGINAL, 8_000_000, 6_000_000),
        sold(OF_ALL, 8_000_000, 6_000_000),
        grown(GROWTH, 10_000_000, 8_000_000, 6_000_000),
    ]
    for fold in folds[:2]:
        fold.now = APRIL
        fold.sell(6_000_000, "later")
    unknown = sold(GROWTH, 8_000_000, 6_000_000)

    assert [(80_000, 140_000, 60_000), (80_000, 340_000, 60_000), (80_000, 140_000)] == [
        fold.paid("p") for fold in folds
    ]
    assert (80_000, 60_000) == unknown.paid("p")


def test_the_arithmetic_is_told_with_its_period() -> None:
    assert told(sold(MARGINAL, 8_000_000, 6_000_000)) == [
        "1 % of 80000.00 USD is 800.00 USD. Period Q2026-1.",
        "1 % of 20000.00 and 3 % of 40000.00 USD is 1400.00 USD. Period Q2026-1.",
    ]
    assert told(sold(OF_ALL, 8_000_000, 6_000_000))[1:] == [
        "3 % of all 140000.00 USD is 4200.00 USD, 3400.00 now. Period Q2026-1."
    ]
    assert told(grown(GROWTH, 10_000_000, 8_000_000)) == [
        (
            "1 % of 80000.00 USD is 800.00 USD. Period Q2026-1: the bands are of the 100000.00 USD"
            " won for the year before."
        )
    ]
    assert told(sold(GROWTH, 8_000_000)) == [
        (
            "1 % of 80000.00 USD is 800.00 USD. Period Q2026-1: of the year before no revenue is"
            " known, so the first band's rate is for all of it."
        )
    ]


@pytest.mark.parametrize(
    ("period", "first", "second", "together"),
    [
        (Period.MONTH, datetime(2026, 1, 31, 21, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), 0),
        (Period.QUARTER, datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC), 1),
        (Period.QUARTER, datetime(2026, 3, 31, tzinfo=UTC), APRIL, 0),
        (Period.HALF_YEAR, APRIL, datetime(2026, 6, 30, tzinfo=UTC), 1),
        (Period.HALF_YEAR, datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC), 0),
        (Period.YEAR, APRIL, datetime(2026, 12, 30, tzinfo=UTC), 1),
        (Period.PROGRAM, T0, datetime(2026, 12, 30, tzinfo=UTC), 1),
    ],
)
def test_revenue_counts_together_within_its_period(
    period: Period, first: datetime, second: datetime, together: int
) -> None:
    fold = rebate(Rebate(period, BANDS))
    for name, at in (("1", first), ("2", second)):
        fold.now = at
        fold.sell(10_000_000, name)

    assert (100_000, 300_000 if together else 100_000) == fold.paid("p")


def test_the_period_is_that_of_the_program_s_own_calendar() -> None:
    """At eight in the evening of March in New York it is April in Berlin."""
    fold = rebate(MARGINAL)
    fold.program = replace(PROGRAM, time_zone="America/New_York")
    fold.now = datetime(2026, 4, 1, 0, tzinfo=UTC)
    fold.sell(100)

    assert ["1 % of 1.00 USD is 0.01 USD. Period Q2026-1."] == told(fold)


def test_what_the_program_did_not_count_is_what_the_vendor_has_declared() -> None:
    declared = RebateBaselines("p.g", "p", "g", (Baseline("Q2025-1", 5_000_000, "x", T0),))
    fold = rebate(GROWTH)
    fold.rebate = RebateFacts(baselines=declared)
    fold.sell(8_000_000)

    assert (50_000 + 90_000,) == fold.paid("p")
    assert told(fold)[0].endswith("the 50000.00 USD declared for the year before.")


def test_what_the_program_has_counted_is_not_declared_away() -> None:
    declared = RebateBaselines("p.g", "p", "g", (Baseline("Q2025-1", 1, "x", T0),))
    fold = grown(GROWTH, 10_000_000)
    fold.rebate = RebateFacts(baselines=declared)
    fold.sell(8_000_000)

    assert (80_000,) == fold.paid("p")


def test_a_year_later_the_revenue_of_every_won_deal_is_what_there_is_to_grow_from() -> None:
    """Whether it accrued a rebate or not, net of what was returned, by the month of the sale."""
    fold = rebate(GROWTH, segment=replace(a_rule(GROWTH).segment, regions=("APAC",)))
    fold.program = replace(PROGRAM, ends_at=T0 + 800 * DAY)
    for name, amount_minor in (("a", 6_000_000), ("b", 4_000_000), ("c", 900)):
        fold.sell(amount_minor, name)
    fold.now = APRIL
    fold.give_back("c")
    assert 0 == fold.net()

    fold.plan = a_plan(a_rule(GROWTH, Level.PARTNER))
    fold.now = datetime(2027, 1, 1, tzinfo=UTC)
    fold.sell(12_000_000, "d")
    assert (100_000 + 60_000,) == fold.paid("p")


def test_a_return_gives_back_what_it_was_paid_and_is_off_its_own_period() -> None:
    """Also in a later one: the bands of April know nothing of it."""
    fold = sold(MARGINAL, 8_000_000, 6_000_000)
    fold.now = APRIL
    fold.sell(10_000_000, "april")
    fold.give_back("0")
    fold.sell(1_000_000, "more")
    fold.sell(5_000_000, "and more")

    # 140,000.00 were worth 2,200.00, and 60,000.00 are worth 600.00: 800.00 stay too much.
    assert (80_000, 140_000, 100_000, -80_000, 150_000 + 30_000 - 80_000) == fold.paid("p")
    assert 6_000_000 == fold.progress["p"].count("base:rule:Q2026-1")
    assert 16_000_000 == fold.progress["p"].count("base:rule:Q2026-2")


def test_what_a_returned_sale_had_lifted_is_worked_off() -> None:
    """The worked example: 2,800.00 too much, of which the next sale works off all it is worth."""
    fold = sold(OF_ALL, 8_000_000, 6_000_000)
    fold.give_back("0")
    over = fold.progress["p"].count("over:rule")
    fold.sell(4_000_000, "next")
    fold.now = APRIL
    fold.sell(6_000_000, "april")

    assert (80_000, 340_000, -80_000, 20_000) == fold.paid("p")
    assert (280_000, 0) == (over, fold.progress["p"].count("over:rule"))


def test_who_gave_back_more_than_the_period_loses_is_paid_it_with_the_next_sale() -> None:
    """The next sale worked off 100.00 of what the third one then gave back after all."""
    fold = sold(MARGINAL, 8_000_000, 6_000_000, 4_000_000)
    for name in ("0", "1"):
        fold.give_back(name)
    over = fold.progress["p"].count("over:rule")
    fold.sell(1_000_000, "next")

    assert (80_000, 140_000, 120_000, -80_000, -140_000) == fold.paid("p")
    assert (80_000, 70_000) == (over, fold.progress["p"].count("over:rule"))
    fold.give_back("2")
    assert -10_000 == fold.progress["p"].count("over:rule")
    fold.sell(1_000_000, "last")
    assert 20_000 == fold.paid("p")[-1] == fold.net()
    assert told(fold)[-1] == (
        "1 % of 10000.00 USD is 100.00 USD, and 100.00 that was paid too little before, 200.00 now."
        " Period Q2026-1."
    )


def test_what_is_settled_is_told() -> None:
    fold = sold(OF_ALL, 8_000_000, 6_000_000)
    fold.give_back("0")
    fold.sell(4_000_000, "next")
    fold.sell(6_000_000, "more")
    back = [one.take_back.because for one in fold.verdicts if isinstance(one, Reversed)]

    assert back == [
        "The deal was returned. 2800.00 USD paid for others are taken off the next sales."
    ]
    assert told(fold)[2:] == [
        (
            "3 % of all 100000.00 USD is 3000.00 USD, less 600.00 that it was worth before, less"
            " 2800.00 that was paid too much before, 0.00 now. Period Q2026-1."
        ),
        (
            "3 % of all 160000.00 USD is 4800.00 USD, less 3000.00 that it was worth before, less"
            " 400.00 that was paid too much before, 1400.00 now. Period Q2026-1."
        ),
    ]
    step = sold(MARGINAL, 8_000_000, 6_000_000)
    step.give_back("0")
    step.sell(12_000_000, "next")
    assert told(step)[-1] == (
        "1 % of 40000.00 and 3 % of 80000.00 USD is 2800.00 USD, less 800.00 that was paid too much"
        " before, 2000.00 now. Period Q2026-1."
    )


def test_what_was_sold_without_participation_accrues_nothing_and_counts_for_no_band() -> None:
    """Mid-period: the revenue of the time that is covered alone climbs the bands."""
    fold = rebate(MARGINAL)
    fold.program = replace(PROGRAM, participation_in="people")
    fold.rebate = taking_part((T0 + 2 * DAY, T0 + 5 * DAY), (T0 + 8 * DAY, None))
    for day in (1, 3, 4, 6, 9):
        fold.now = T0 + day * DAY
        fold.sell(4_000_000, str(day))

    assert (40_000, 40_000, 20_000 + 60_000) == fold.paid("p")
    assert [WithheldReason.NO_PARTICIPATION] * 2 == [
        one.reason for one in fold.verdicts if isinstance(one, Withheld)
    ]
    assert 12_000_000 == fold.progress["p"].count("base:rule:Q2026-1")


def test_other_rules_for_the_company_need_no_participation() -> None:
    """As do rebates of a program that requires none."""
    for mechanic, required, expected in (
        (MARGINAL, None, 1),
        (MARGINAL, "people", 0),
        (MARGINAL, "not there", 0),
    ):
        fold = rebate(mechanic)
        fold.program = replace(PROGRAM, participation_in=required)
        fold.sell(100)
        assert expected == fold.net()


def test_a_rebate_names_its_reasons_in_their_order() -> None:
    rule = a_rule(MARGINAL, Level.PARTNER, limits=(Limit(Period.PROGRAM, count=1),))
    late = replace(PROGRAM, starts_at=T0 + 9 * DAY, participation_in="people")
    full = a_recipient(Level.PARTNER, progress=Progress("-", {"count:rule:P": 1}))
    told_reasons = []
    for program, facts in (
        (late, RebateFacts()),
        (replace(late, starts_at=T0), RebateFacts()),
        (replace(late, starts_at=T0), taking_part((T0, None))),
    ):
        found = facts_of(a_plan(rule), an_activity(DEAL_WON), WON, program=program, rebate=facts)
        (verdict,) = rewards.earned(rule, found, full)
        assert isinstance(verdict, Withheld)
        told_reasons.append(verdict.reason)

    assert told_reasons == [
        WithheldReason.OUT_OF_WINDOW,
        WithheldReason.NO_PARTICIPATION,
        WithheldReason.LIMIT_REACHED,
    ]


def test_a_sale_relies_on_its_period_and_on_the_months_of_the_year_before() -> None:
    """They are the same at commit; so does its return, which tells what is too much."""
    rule = a_rule(replace(GROWTH, retrospective=True), Level.PARTNER)
    recipient = a_recipient(Level.PARTNER)
    sale = facts_of(a_plan(rule), an_activity(DEAL_WON), WON)
    back = facts_of(
        a_plan(rule), an_activity(DEAL_RETURNED), replace(WON, stage=DealStage.RETURNED)
    )

    relied_on = (
        "base:rule:Q2026-1",
        "worth:rule:Q2026-1",
        "over:rule",
        "revenue:M2025-01",
        "revenue:M2025-02",
        "revenue:M2025-03",
    )
    assert relied_on == rewards.watched(rule, sale, recipient)
    assert relied_on == rewards.watched(rule, back, recipient)


def test_a_rebate_can_be_paid_in_points_and_limited() -> None:
    points = rebate(MARGINAL, asset=POINTS)
    points.plan = replace(points.plan, point_value=PointValue(1, 50))
    points.sell(8_000_000)
    limited = sold(MARGINAL, 8_000_000, 6_000_000, 1, limits=(Limit(Period.YEAR, None, 100_000),))

    assert (1_600,) == points.paid("p")
    # What was withheld is not climbed on: 0.01 more at 1 % is nothing to pay.
    assert (80_000,) == limited.paid("p")


@pytest.mark.parametrize(
    ("mechanic", "counted", "expected"),
    [
        (MARGINAL, {"base:rule:Q2026-1": 8_000_000}, 20_000 + 120_000),
        (OF_ALL, {"base:rule:Q2026-1": 8_000_000, "worth:rule:Q2026-1": 80_000}, 340_000),
        (MARGINAL, {"over:rule": 40_000}, 20_000),
        (MARGINAL, {"over:rule": 80_000}, 0),
        (MARGINAL, {"over:rule": -5_000}, 65_000),
        (MARGINAL, {"base:rule:Q2026-2": 8_000_000}, 60_000),
    ],
)
def test_what_it_still_pays_on_the_way_to_a_goal_of_revenue(
    mechanic: Rebate, counted: dict[str, int], expected: int
) -> None:
    rule, plan = a_rule(mechanic, Level.PARTNER), a_plan()
    progress = Progress("p", {"goal:Q": 4_000_000, **counted})
    facts = facts_of(plan, an_activity(DEAL_WON), WON)
    case = rewards.case_of(rule, facts, a_recipient(Level.PARTNER))
    ahead = Ahead(QUARTER, Target(1, 1), progress, 10_000_000, period=case.inputs.period)

    assert expected == mechanic.still_pays(rule, plan, ahead)
    assert 0 == mechanic.still_pays(rule, plan, replace(ahead, period=None))


def test_the_sum_of_parts_does_not_depend_on_the_order_of_sales() -> None:
    amounts = (3_333, 1, 9_999_999, 4_444_444)

    assert {sold(MARGINAL, *amounts).net()} == {
        sold(MARGINAL, *order).net() for order in itertools.permutations(amounts)
    }
