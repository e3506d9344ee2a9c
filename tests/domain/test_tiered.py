"""Tiered: bands of won revenue, marginal or of all of it, and what a return gives back."""

from dataclasses import replace

import pytest

from portal_api.domain import rewards
from portal_api.domain.activities import DEAL_RETURNED, DEAL_WON
from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Level, Part, Progress, Target
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.plans import Ahead, Limit, Period, Rule
from portal_api.domain.rewards import Award
from tests.domain.facts import (
    DAY,
    QUARTER,
    SHARED,
    WON,
    a_plan,
    a_recipient,
    a_rule,
    an_activity,
    facts_of,
    verdict_on,
    with_award,
)
from tests.domain.tiers import sold, tiered, value

BANDS = (Band(0, 200), Band(10_000_000, 500))
MARGINAL = Tiered("Q", BANDS)
RETROSPECTIVE = Tiered("Q", BANDS, retrospective=True)


def test_tiered_pays_its_worked_example() -> None:
    """80,000.00 and 60,000.00 at 2 %, 5 % from 100,000.00."""
    assert (160_000, 240_000) == sold(MARGINAL, 8_000_000, 6_000_000).paid()
    assert (160_000, 540_000) == sold(RETROSPECTIVE, 8_000_000, 6_000_000).paid()


def test_the_arithmetic_is_told_band_by_band() -> None:
    told = [
        verdict.part.because
        for mechanic in (MARGINAL, RETROSPECTIVE)
        for verdict in sold(mechanic, 8_000_000, 6_000_000).verdicts
        if isinstance(verdict, Award)
    ]

    assert told == [
        "2 % of 80000.00 USD is 1600.00 USD.",
        "2 % of 20000.00 and 5 % of 40000.00 USD is 2400.00 USD.",
        "2 % of all 80000.00 USD is 1600.00 USD.",
        "5 % of all 140000.00 USD is 7000.00 USD, 5400.00 now.",
    ]


@pytest.mark.parametrize(
    ("amounts", "paid"),
    [
        ((9_999_999,), (200_000,)),
        ((10_000_000,), (500_000,)),  # A band is reached at its start.
        ((10_000_000, 1), (500_000,)),  # 0.05 of a cent is nothing to pay.
        ((9_999_999, 1), (200_000, 300_000)),
        ((1, 1, 1), ()),
        ((25, 25), (1,)),
    ],
)
def test_of_all_revenue_the_band_that_is_reached_is_paid_in_one_difference(
    amounts: tuple[int, ...], paid: tuple[int, ...]
) -> None:
    """What is due is rounded as a whole, so that no cent is made or lost between sales."""
    assert paid == sold(RETROSPECTIVE, *amounts).paid()


def test_bands_of_a_target_start_at_shares_of_the_recipient_s_own_goal() -> None:
    accelerator = Tiered("Q", (Band(0, 200), Band(10_000, 500)), of_target=True)

    assert (160_000, 240_000) == sold(accelerator, 8_000_000, 6_000_000, quota=10_000_000).paid()
    assert (160_000, 120_000) == sold(accelerator, 8_000_000, 6_000_000, quota=99_000_000).paid()


def test_bands_of_a_target_pay_nothing_where_no_target_is_set() -> None:
    accelerator = Tiered("Q", (Band(0, 200),), of_target=True)

    assert () == sold(accelerator, 8_000_000).paid()


@pytest.mark.parametrize(("revenue", "expected"), [(5_000, 500), (5_001, 1_000)])
def test_a_band_is_reached_when_all_of_its_share_of_the_goal_is(
    revenue: int, expected: int
) -> None:
    """50 % of 100.01 is 50.005: 50.00 is not that yet."""
    mechanic = Tiered("Q", (Band(0, 1_000), Band(5_000, 2_000)), True, of_target=True)

    assert (expected,) == sold(mechanic, revenue, quota=10_001).paid()


@pytest.mark.parametrize("retrospective", [False, True])
def test_a_band_that_a_small_target_leaves_empty_pays_nothing(retrospective: bool) -> None:
    """A goal of 0.01 puts 50 % and 100 % at the same revenue."""
    bands = (Band(0, 1_000), Band(5_000, 2_000), Band(10_000, 3_000))
    mechanic = Tiered("Q", bands, retrospective, of_target=True)

    assert (3_000_000,) == sold(mechanic, 10_000_000, quota=1).paid()


def test_each_seller_climbs_the_bands_with_its_own_share() -> None:
    """140,000.00 shared 60 : 40 are 84,000.00 and 56,000.00: nobody is at 5 %, but the company."""
    people, company = tiered(MARGINAL), tiered(MARGINAL, Level.PARTNER)
    for fold in (people, company):
        fold.sell(14_000_000, credits=SHARED)

    assert (168_000, 112_000) == (people.net("ann"), people.net("bob"))
    assert (400_000,) == company.paid("p")


@pytest.mark.parametrize(
    ("mechanic", "returned", "back", "next_sale"),
    [
        # 80,000.00 on top of the 60,000.00 that are left: 40,000.00 at 2 % and 40,000.00 at 5 %.
        (MARGINAL, "0", -160_000, 280_000),
        (MARGINAL, "1", -240_000, 40_000 + 300_000),
        # 5 % of 140,000.00 are 7,000.00, less the 5,400.00 that the other deal was paid.
        (RETROSPECTIVE, "0", -160_000, 700_000 - 540_000),
        (RETROSPECTIVE, "1", -540_000, 800_000 - 160_000),
    ],
)
def test_a_return_gives_back_what_its_deal_was_paid_and_takes_its_revenue_off_the_bands(
    mechanic: Tiered, returned: str, back: int, next_sale: int
) -> None:
    fold = sold(mechanic, 8_000_000, 6_000_000)
    before = fold.net()
    fold.give_back(returned)
    fold.sell(8_000_000, "2")

    assert (back, next_sale) == fold.paid()[2:]
    assert before + back + next_sale == fold.net()


def test_of_all_revenue_what_was_paid_too_much_is_worked_off_by_the_next_sales() -> None:
    """Without the first deal 1,200.00 are due of 5,400.00 that were paid.

    The next sale makes it 1,800.00, so nothing is paid; the one after it 5 % of 120,000.00.
    """
    fold = sold(RETROSPECTIVE, 8_000_000, 6_000_000)
    fold.give_back("0")
    fold.sell(3_000_000, "2")
    assert (160_000, 540_000, -160_000) == fold.paid()

    fold.sell(3_000_000, "3")
    assert 600_000 == fold.net()


def test_what_was_sold_again_after_a_return_is_paid_again() -> None:
    for mechanic in (MARGINAL, RETROSPECTIVE):
        fold = sold(mechanic, 8_000_000, 6_000_000)
        before = fold.net()
        fold.give_back("1")
        fold.reopen("1")
        fold.win(name="1")
        assert before == fold.net()


def test_falling_rates_never_make_a_sale_pay_less_than_nothing() -> None:
    """5 % of all up to 100,000.00, then 1 % of all: 4,500.00 were paid, 1,100.00 are due."""
    fold = sold(Tiered("Q", (Band(0, 500), Band(10_000_000, 100)), True), 9_000_000, 2_000_000)

    assert (450_000,) == fold.paid()
    fold.sell(40_000_000, "2")
    assert 510_000 == fold.net()


@pytest.mark.parametrize("mechanic", [MARGINAL, RETROSPECTIVE])
def test_a_sale_that_was_withheld_counts_from_when_it_is_paid(mechanic: Tiered) -> None:
    """60,000.00 unpaid and 60,000.00: 2 % of the latter; with both, 20,000.00 are above the band.

    What was returned before it was paid never counts.
    """
    fold = tiered(mechanic)
    fold.strangers = frozenset({"ann"})
    fold.sell(6_000_000, "0")
    fold.sell(9_000_000, "back")
    fold.give_back("back")
    fold.strangers = frozenset()
    fold.sell(6_000_000, "1")
    assert (120_000,) == fold.paid()

    fold.retry()
    fold.retry()
    assert (120_000, value(mechanic, 12_000_000) - 120_000) == fold.paid()
    fold.give_back("0")
    assert 120_000 == fold.net()


def test_a_limit_leaves_a_sale_undue() -> None:
    fold = tiered(MARGINAL, limits=(Limit(Period.PROGRAM, amount_minor=100_000),))
    fold.sell(6_000_000, "0")
    fold.sell(4_000_000, "1")

    assert (80_000,) == fold.paid()


def test_a_sale_outside_the_goal_s_window_is_none_of_its_business() -> None:
    fold = tiered(MARGINAL)
    fold.now = QUARTER.ends_at + DAY
    fold.sell(6_000_000)
    fold.give_back()

    assert [] == fold.verdicts


def test_a_return_of_what_was_never_paid_takes_nothing() -> None:
    returned = replace(WON, stage=DealStage.RETURNED)
    progress = Progress("-", {"goal:Q": 3_000_000, "base:rule": 3_000_000, "paid:rule": 60_000})
    changes = {"part": Part(3_000_000), "progress": progress}
    others = with_award(returned, 60_000, recipient_id="bob")

    for mechanic in (MARGINAL, RETROSPECTIVE):
        assert verdict_on(a_rule(mechanic), DEAL_RETURNED, others, **changes) is None


def test_a_return_leaves_alone_what_an_earlier_turn_of_the_deal_was_paid() -> None:
    """The deal was won and given back before; its sale since then was withheld."""
    fold = tiered(MARGINAL)
    fold.sell(6_000_000)
    fold.give_back()
    fold.reopen()
    fold.strangers = frozenset({"ann"})
    fold.win()
    fold.give_back()

    assert (120_000, -120_000) == fold.paid()
    assert 0 == fold.progress["ann"].count("base:rule")


def test_a_shadow_keeps_counters_of_its_own() -> None:
    """Else a rule that pays since it is no shadow would take for paid what was only noted."""
    names = MARGINAL.counters(a_rule(MARGINAL)), MARGINAL.counters(a_rule(MARGINAL, shadow=True))

    assert set() == set(names[0]) & set(names[1])


def test_what_it_decides_on_is_watched_at_commit() -> None:
    rule = a_rule(MARGINAL)
    plan = a_plan(rule, goals=(QUARTER,))

    def watched(behavior: str) -> tuple[str, ...]:
        facts = facts_of(plan, an_activity(behavior), WON)
        return rewards.watched(rule, facts, a_recipient())

    counters = ("goal:Q", "base:rule")
    assert [counters, counters, ()] == [watched(b) for b in (DEAL_WON, DEAL_RETURNED, "DEMO")]
    rule = a_rule(RETROSPECTIVE)
    plan = a_plan(rule, goals=(QUARTER,))
    assert (*counters, "paid:rule") == watched(DEAL_WON)


@pytest.mark.parametrize(
    ("mechanic", "progress", "reach", "expected"),
    [
        (MARGINAL, {}, 14_000_000, 400_000),
        # 80,000.00 were sold and withheld: the next 60,000.00 are all at 2 %.
        (MARGINAL, {"goal:Q": 8_000_000}, 14_000_000, 120_000),
        (MARGINAL, {"goal:Q": 8_000_000, "base:rule": 8_000_000}, 14_000_000, 240_000),
        (MARGINAL, {"goal:Q": 20_000_000}, 14_000_000, 0),
        (RETROSPECTIVE, {}, 14_000_000, 700_000),
        (RETROSPECTIVE, {"base:rule": 2_000_000, "paid:rule": 900_000}, 14_000_000, 0),
        (
            RETROSPECTIVE,
            {"goal:Q": 8_000_000, "base:rule": 8_000_000, "paid:rule": 160_000},
            14_000_000,
            540_000,
        ),
    ],
)
def test_what_is_still_to_be_earned_on_the_way(
    mechanic: Tiered, progress: dict[str, int], reach: int, expected: int
) -> None:
    ahead = Ahead(QUARTER, Target(1, 1), Progress("i", progress), reach)
    rule: Rule = a_rule(mechanic)

    assert expected == mechanic.still_pays(rule, a_plan(rule), ahead)
    other = replace(ahead, goal=replace(QUARTER, code="H"))
    assert 0 == mechanic.still_pays(rule, a_plan(rule), other)
