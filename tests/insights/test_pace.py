"""Pace: whose top it is, in which weeks, itself left out, and whether the top rose, too."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain.insights.market import Company, Incentive, Market
from portal_api.domain.insights.pace import CompanyPace, PaceVerdict, Thresholds, TopChange, pace
from portal_api.domain.insights.statistics import MOST
from tests.insights.hand_made import company, market, person
from tests.insights.planted import drawn
from tests.insights.plants_pace import asked, rates, sketch

PAID = Incentive("DEMO", 8, 8, None, ("demos",))
UP_AND_DOWN = (-1, 1, 0, 0, -1, 1, 0, 0)


def did(before: int, since: int) -> list[int]:
    """Eight weeks before and eight since, of about twice so many a week each; none is none."""
    return [2 * times + one if times else 0 for times in (before, since) for one in UP_AND_DOWN]


def seller(name: str, minor: int, counts: list[int], people: int = 1) -> Company:
    """A company that sold so much in each week before the plan, and a thousandth of it since."""
    sold = [minor] * 8 + [minor // 1_000] * 8
    each = person({"did:DEMO": counts, "won_minor": sold}, took_part=[True] * 16)
    return company(name, *[each] * people)


TOPS = (seller("top", 900_000, did(5, 10)), seller("next", 900_000, did(5, 10)))
OTHERS = tuple(seller(f"other{at}", 1_000, did(5, 5)) for at in range(6))


DEFAULTS = Thresholds()


def found(made: Market, thresholds: Thresholds = DEFAULTS) -> dict[str, CompanyPace]:
    return {one.partner_id: one for one in pace(made, (), thresholds).companies}


def test_a_pace_is_the_rate_since_in_parts_of_the_tops() -> None:
    """The top does 20 a week and another 10: half of the pace, for each of its people."""
    half = seller("half", 1_000, did(5, 5), people=3)
    one = found(market(*TOPS, *OTHERS, half, incentives=[PAID]))["half"]
    assert (10_000, 10_000) == (one.before_milli, one.since_milli)
    assert one.ratio_bps
    assert (5_000, PaceVerdict.BEHIND) == (one.ratio_bps.value, one.verdict)


@pytest.mark.parametrize(
    ("times", "verdict"), [(5, "BEHIND"), (10, "NECK_AND_NECK"), (20, "BETTER"), (0, "BEHIND")]
)
def test_each_verdict_has_its_ratio(times: int, verdict: str) -> None:
    one = seller("one", 1_000, did(5, times), people=3)
    assert verdict == found(market(*TOPS, *OTHERS, one, incentives=[PAID]))["one"].verdict


def test_the_top_is_of_the_sales_before_the_plan() -> None:
    """Who sells most since is not in it, and does not raise the pace that it is measured by."""
    late = seller("late", 1, did(5, 50))
    sold = person(
        {"did:DEMO": did(5, 50), "won_minor": [1] * 8 + [10**9] * 8}, took_part=[True] * 16
    )
    made = market(*TOPS, *OTHERS, replace(late, people=(sold,), series=sold.series))
    answer = pace(replace(made, incentives=(PAID,)), ())
    assert (10_000, 20_000) == (answer.top_before_milli, answer.top_since_milli)
    assert PaceVerdict.BETTER is answer.companies[-1].verdict


def test_who_is_at_the_top_is_compared_with_the_others_there() -> None:
    """Else a single one would be level with itself, whatever it does."""
    lazy = seller("lazy", 900_000, did(5, 1))
    made = market(TOPS[0], lazy, *OTHERS, incentives=[PAID])
    assert PaceVerdict.BEHIND is found(made)["lazy"].verdict
    alone = market(TOPS[0], *OTHERS[:4], incentives=[PAID])
    assert (None, PaceVerdict.INSUFFICIENT_DATA) == (
        *(found(alone)["top"].ratio_bps, found(alone)["top"].verdict),
    )


@pytest.mark.parametrize(
    ("before", "since", "change"), [(5, 10, "ROSE"), (10, 5, "FELL"), (8, 8, "UNCHANGED")]
)
def test_the_top_itself_is_compared_before_and_since(before: int, since: int, change: str) -> None:
    tops = [seller(name, 900_000, did(before, since)) for name in ("a", "b")]
    answer = pace(market(*tops, *OTHERS, incentives=[PAID]), ())
    assert change == answer.top_change
    assert answer.top_change_milli
    assert 2_000 * (since - before) == answer.top_change_milli.value


def test_a_top_that_may_have_done_far_less_is_not_called_unchanged() -> None:
    """Half as often, in weeks so uneven that no fall is proven: nor is that there was none."""
    counts = [*did(5, 0)[:8], *[0, 10] * 4]
    answer = pace(
        market(*(seller(name, 900_000, counts) for name in "ab"), *OTHERS, incentives=[PAID]), ()
    )
    assert answer.top_change_milli
    assert (answer.top_change_milli.low or 0) < -5_000
    assert not answer.top_change_milli.below_zero
    assert TopChange.INSUFFICIENT_DATA is answer.top_change


def test_the_behaviors_of_the_profile_are_counted_together() -> None:
    counts = {"did:DEMO": did(5, 10), "did:TRAINING": did(5, 10), "won_minor": [900] * 16}
    both = company("both", person(counts, took_part=[True] * 16))
    made = market(both, *TOPS, *OTHERS, incentives=[PAID])
    assert ("DEMO",) == pace(made, ()).behaviors
    answer = pace(made, ("TRAINING", "DEMO", "DEMO"))
    assert ("DEMO", "TRAINING") == answer.behaviors
    assert 40_000 == answer.companies[0].since_milli


def test_deals_won_are_no_behavior_that_leads_to_sales() -> None:
    """The top is chosen by them: what is paid for them is compared by nothing."""
    paid = [PAID, replace(PAID, behavior="DEAL_WON")]
    assert ("DEMO",) == pace(market(*TOPS, *OTHERS, incentives=paid), ()).behaviors
    answer = pace(market(*TOPS, *OTHERS, incentives=paid[1:]), ())
    assert () == answer.behaviors
    assert TopChange.INSUFFICIENT_DATA is answer.top_change


def test_the_top_is_not_compared_with_weeks_in_which_another_program_paid() -> None:
    """It did half as much since that one ended, in the week in which the plan began."""
    tops = [seller(name, 900_000, did(10, 5)) for name in ("a", "b")]
    made = market(*tops, *OTHERS, incentives=[PAID])
    assert TopChange.FELL is pace(made, ()).top_change
    paid = replace(made, paid_elsewhere={"DEMO": ((0, 8),)})
    assert TopChange.INSUFFICIENT_DATA is pace(paid, ()).top_change


def test_the_week_in_which_the_plan_began_is_on_neither_side() -> None:
    """It began in the middle of week 7: what was done in it is neither before nor since."""
    counts = did(5, 10)
    counts[7] = 1_000
    tops = [seller(name, 900_000, counts) for name in ("a", "b")]
    answer = pace(market(*tops, *OTHERS, incentives=[Incentive("DEMO", 7, 8, None, ("r",))]), ())
    assert (10_000, 20_143) == (answer.top_before_milli, answer.top_since_milli)


def test_a_partner_that_came_later_is_measured_by_its_own_weeks() -> None:
    """Six weeks at the top's pace; three weeks are too few."""
    late = [
        company(name, person({"did:DEMO": did(0, 10)}, took_part=[True] * 16, employed=(start, 16)))
        for name, start in (("six", 10), ("three", 13))
    ]
    seen = found(market(*TOPS, *OTHERS, *late, incentives=[PAID]))
    assert (0, PaceVerdict.NECK_AND_NECK) == (seen["six"].before_milli, seen["six"].verdict)
    assert PaceVerdict.INSUFFICIENT_DATA is seen["three"].verdict


def test_a_wide_interval_is_not_called_level() -> None:
    """Eight weeks of few and uneven occurrences: half of the pace and double are both possible."""
    uneven = seller("uneven", 1_000, [*did(5, 0)[:8], 0, 0, 0, 90, 0, 0, 60, 0])
    one = found(market(*TOPS, *OTHERS, uneven, incentives=[PAID]))["uneven"]
    assert one.ratio_bps
    assert (one.ratio_bps.low or 0) < 5_000
    assert one.ratio_bps.high is None or one.ratio_bps.high > 20_000
    assert PaceVerdict.INSUFFICIENT_DATA is one.verdict


@pytest.mark.parametrize(
    "incentive",
    [
        Incentive("DEMO", 3, 3, None, ("r",)),
        Incentive("DEMO", 12, 13, None, ("r",)),
        Incentive("DEMO", 0, 0, None, ("r",)),
        Incentive("DEMO", 16, 16, None, ("r",)),
        Incentive("OTHER", 8, 8, None, ("r",)),
    ],
    ids=["short before", "short since", "no before", "no since", "never done"],
)
def test_too_little_is_not_judged(incentive: Incentive) -> None:
    answer = pace(market(*TOPS, *OTHERS, incentives=[incentive]), ())
    assert {PaceVerdict.INSUFFICIENT_DATA} == {one.verdict for one in answer.companies}
    assert (None, TopChange.INSUFFICIENT_DATA) == (answer.top_change_milli, answer.top_change)


def test_without_an_incentive_there_is_no_plan() -> None:
    answer = pace(market(*TOPS, *OTHERS), ("DEMO",))
    assert {PaceVerdict.INSUFFICIENT_DATA} == {one.verdict for one in answer.companies}
    assert TopChange.INSUFFICIENT_DATA is answer.top_change


def test_fewer_than_four_sellers_have_no_top() -> None:
    answer = pace(market(*TOPS, OTHERS[0], incentives=[PAID]), ())
    assert {PaceVerdict.INSUFFICIENT_DATA} == {one.verdict for one in answer.companies}


def test_an_empty_market_has_no_pace() -> None:
    for made in (market(), market(incentives=[PAID]), market(weeks=20, incentives=[PAID])):
        answer = pace(made, ())
        assert ((), TopChange.INSUFFICIENT_DATA) == (answer.companies, answer.top_change)


def test_the_margin_is_a_threshold_and_told() -> None:
    made = market(*TOPS, *OTHERS, incentives=[PAID])
    thresholds = Thresholds(margin_bps=6_000, widest_bps=40_000)
    assert PaceVerdict.BEHIND is found(made)["other0"].verdict
    unknown = found(made, Thresholds(margin_bps=6_000))["other0"]
    assert PaceVerdict.INSUFFICIENT_DATA is unknown.verdict
    assert PaceVerdict.NECK_AND_NECK is found(made, thresholds)["other0"].verdict
    basis = pace(made, (), thresholds).basis
    assert (8, "partners", 6_000) == (basis.n, basis.n_of, basis.thresholds["margin_bps"])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000))
def test_verdicts_do_not_depend_on_the_order_of_companies_and_people(seed: int) -> None:
    made = drawn(sketch(rates(1.0, 0.7), 0.5), seed)
    chance = Random(seed)
    companies = [
        replace(one, people=tuple(chance.sample(one.people, len(one.people))))
        for one in made.companies
    ]
    again = replace(made, companies=tuple(chance.sample(companies, len(companies))))
    assert set(asked(made).companies) == set(asked(again).companies)
    assert replace(asked(made), companies=()) == replace(asked(again), companies=())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000))
def test_an_idle_company_changes_others_only_by_one_more_interval(seed: int) -> None:
    """It is behind, which is one more verdict: all others are as they were, but less certain."""
    made = drawn(sketch(rates(1.0, 0.7), 0.5), seed)
    idle = company("idle", *[person({}, took_part=[True] * made.weeks)] * 6)
    more = asked(replace(made, companies=(*made.companies, idle)))
    for one, other in zip(asked(made).companies, more.companies, strict=False):
        assert one.ratio_bps
        assert other.ratio_bps
        assert (one.since_milli, one.ratio_bps.value) == (other.since_milli, other.ratio_bps.value)
        assert (other.ratio_bps.low or 0) <= (one.ratio_bps.low or 0)
        assert (one.ratio_bps.high or MOST) <= (other.ratio_bps.high or MOST)
    assert PaceVerdict.BEHIND is more.companies[-1].verdict
