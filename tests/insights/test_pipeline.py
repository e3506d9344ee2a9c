"""The pipeline and bottom line before and since: exact on markets made by hand, and its laws."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain.insights.market import Company, Incentive, Market, Series
from portal_api.domain.insights.pipeline import (
    BottomLine,
    Change,
    ChangeVerdict,
    Thresholds,
    Window,
    bottom_line,
    companies,
)
from tests.insights.hand_made import company, market, person
from tests.insights.planted import Deals, drawn, steady
from tests.insights.plants_pipeline import sketch

INSUFFICIENT, NO_CHANGE = ChangeVerdict.INSUFFICIENT_DATA, ChangeVerdict.NO_CHANGE


def incentive(starts: int = 4) -> Incentive:
    return Incentive("DEMO", starts, starts, None, ("demos",))


def selling(
    name: str,
    before: int,
    since: int,
    *,
    part: bool = True,
    lost: tuple[int, int] = (1, 1),
    days: tuple[int, int] = (60, 45),
) -> Company:
    """A partner with so many sales of 100.00 in each of four weeks before, and four since."""
    won = [before] * 4 + [since] * 4
    took = [days[0] * before] * 4 + [days[1] * since] * 4
    return company(
        name,
        person(
            {
                "won": won,
                "won_minor": [100_00 * one for one in won],
                "lost": [lost[0]] * 4 + [lost[1]] * 4,
                "days_to_close": took,
                "pipeline": [2, 1, 0, 0, 4, -3, 0, 1],
                "pipeline_minor": [200, 100, 0, 0, 400, -300, 0, 100],
            },
            took_part=[False] * 4 + [part] * 4,
        ),
    )


FIVE = tuple(selling(f"a{number}", 1, 3) for number in range(5))


def change(answer: BottomLine, what: str) -> Change:
    return next(one for one in answer.changes if one.what == what)


def value(one: Change) -> int:
    assert one.change is not None
    return one.change.value


def test_each_window_tells_its_sums_and_the_pipeline_at_its_end() -> None:
    found = bottom_line(market(*FIVE, incentives=[incentive()]))
    assert found.before == Window(
        weeks=4,
        pipeline=15,
        pipeline_minor=1500,
        won=20,
        lost=20,
        win_ratio_bps=5_000,
        days_to_close_milli=60_000,
        sales_minor=2000_00,
        sales_per_partner_minor=100_00,
    )
    assert found.since == Window(
        weeks=4,
        pipeline=25,
        pipeline_minor=2500,
        won=60,
        lost=20,
        win_ratio_bps=7_500,
        days_to_close_milli=45_000,
        sales_minor=6000_00,
        sales_per_partner_minor=300_00,
    )


def test_changes_are_since_less_before() -> None:
    found = bottom_line(market(*FIVE, incentives=[incentive()]))
    told = [(one.what, value(one)) for one in found.changes]
    sales = ("SALES_PER_PARTNER", 200_00)
    assert [("WIN_RATIO", 2_500), ("DAYS_TO_CLOSE", -15_000), sales] == told


def test_days_to_close_are_compared_of_partners_that_sold_in_both() -> None:
    """The fifth sold nothing before: its 200 days are in the window, and not in the change."""
    only_since = selling("b", 0, 1, days=(0, 200))
    found = bottom_line(market(*FIVE[:4], only_since, incentives=[incentive()]))
    assert -15_000 == value(change(found, "DAYS_TO_CLOSE"))


def test_against_others_is_the_difference_of_the_changes_and_they_chose_that() -> None:
    others = [selling(f"b{number}", 1, 2, part=False) for number in range(4)]
    found = bottom_line(market(*FIVE, *others, incentives=[incentive()]))
    assert (5, 4, True) == (found.n_participants, found.n_others, found.self_selected)
    assert found.against_others_minor is not None
    assert 100_00 == found.against_others_minor.value


def test_against_others_what_multiplies_all_sales_falls_out_whatever_their_size() -> None:
    """All sell three times as much; those who take part are ten times as large."""
    large = [selling(f"a{number}", 10 + number, 30 + 3 * number) for number in range(5)]
    small = [selling(f"b{number}", 1 + number, 3 + 3 * number, part=False) for number in range(5)]
    found = bottom_line(market(*large, *small, incentives=[incentive()]))
    assert found.against_others_minor is not None
    assert 0 == found.against_others_minor.value
    assert NO_CHANGE is found.against_others


def test_large_amounts_are_told_exactly() -> None:
    """In a currency of small units: more than 2^31 of them."""
    few = [selling(f"a{number}", 1, 3 + number) for number in range(5)]
    companies_ = [
        replace(
            one,
            series=Series(
                8,
                {
                    name: tuple(each * 10**9 for each in counts) if name == "won_minor" else counts
                    for name, counts in one.series.counts.items()
                },
            ),
        )
        for one in few
    ]
    sold = change(bottom_line(market(*companies_, incentives=[incentive()])), "SALES_PER_PARTNER")
    assert 400_00 * 10**9 == value(sold)
    assert sold.change is not None
    assert sold.change.ends[1] > value(sold)


def test_without_others_there_is_no_comparison() -> None:
    found = bottom_line(market(*FIVE, incentives=[incentive()]))
    assert (0, False, None) == (found.n_others, found.self_selected, found.against_others_minor)
    assert INSUFFICIENT is found.against_others


def test_the_first_incentive_starts_it_and_windows_are_equal_and_at_most_so_long() -> None:
    weeks = [1] * 8
    people = [person({"won": weeks}, took_part=[True] * 8) for _ in range(4)]
    four = [company(f"a{number}", one) for number, one in enumerate(people)]
    asked = market(*four, incentives=[incentive(7), incentive(3)])
    assert (3, 3) == (bottom_line(asked).before.weeks, bottom_line(asked).since.weeks)
    assert 2 == bottom_line(asked, Thresholds(most_weeks=2)).since.weeks


def test_who_was_there_in_one_window_only_is_not_compared() -> None:
    later = person({"won": [0] * 4 + [9] * 4}, took_part=[True] * 8, employed=(4, 8))
    found = bottom_line(market(*FIVE, company("new", later), incentives=[incentive()]))
    assert (5, 60) == (found.n_participants, found.since.won)


def test_each_partner_is_told_in_the_same_windows() -> None:
    found = companies(market(*FIVE[:1], selling("b", 2, 2), incentives=[incentive()]))
    told = [(one.partner_id, one.before.won, one.since.sales_minor) for one in found]
    assert [("a0", 4, 1200_00), ("b", 8, 800_00)] == told


@pytest.mark.parametrize(
    "asked",
    [
        market(*FIVE),
        market(*FIVE, incentives=[incentive(5)]),
        market(*FIVE[:3], incentives=[incentive()]),
        market(*FIVE, incentives=[incentive(20)]),
        market(incentives=[incentive()], weeks=8),
        market(incentives=[incentive(0)], weeks=0),
    ],
    ids=["no incentive", "3 weeks since", "3 partners", "not yet", "nobody", "no weeks"],
)
def test_too_little_is_no_answer(asked: Market) -> None:
    found = bottom_line(asked)
    verdicts = [one.verdict for one in found.changes]
    assert [INSUFFICIENT] * 4 == [*verdicts, found.against_others]
    assert [None] * 3 == [one.change for one in found.changes]


def test_too_few_deals_have_no_ratio_and_no_days() -> None:
    """Nine deals ended before, and two partners sold in both; the sales are still compared."""
    few = [selling(f"a{x}", int(x < 2), 1, lost=(0, 0)) for x in range(5)]
    found = bottom_line(market(*few, incentives=[incentive()]))
    assert INSUFFICIENT is change(found, "WIN_RATIO").verdict
    assert INSUFFICIENT is change(found, "DAYS_TO_CLOSE").verdict
    assert change(found, "SALES_PER_PARTNER").change is not None


def test_more_returned_than_sold_divides_by_nothing() -> None:
    returning = [selling(f"a{number}", 1, -2, lost=(0, 0)) for number in range(5)]
    found = bottom_line(market(*returning, incentives=[incentive()]))
    assert (None, None) == (found.since.win_ratio_bps, found.since.days_to_close_milli)
    assert INSUFFICIENT is change(found, "DAYS_TO_CLOSE").verdict


def test_deals_of_a_partner_that_end_alike_are_no_independent_evidence() -> None:
    """Two of ten partners lost 40 deals each since; by deals alone the ratio fell for certain."""
    sound = [selling(f"a{number}", 10, 10, lost=(10, 10)) for number in range(8)]
    lost = [selling(f"b{number}", 10, 1, lost=(10, 100)) for number in range(2)]
    found = change(bottom_line(market(*sound, *lost, incentives=[incentive()])), "WIN_RATIO")
    assert found.change is not None
    assert (True, INSUFFICIENT) == (found.change.value < -1_000, found.verdict)


markets = st.builds(
    lambda seed, rate, people, others: drawn(
        replace(
            sketch(steady(rate), Deals(spread=1.0), companies=12 + others, people=people),
            weeks=40,
        ),
        seed,
    ),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.05, 0.5]),
    st.integers(1, 2),
    st.integers(0, 4),
)


@settings(max_examples=15, deadline=None)
@given(markets, st.randoms(use_true_random=False))
def test_the_order_of_partners_does_not_matter(asked: Market, chance: Random) -> None:
    shuffled: list[Company] = list(asked.companies)
    chance.shuffle(shuffled)
    other = replace(asked, companies=tuple(shuffled))
    assert by_id(asked) == by_id(other)
    one, another = bottom_line(asked), bottom_line(other)
    assert replace(one, changes=(), against_others_minor=None) == replace(
        another, changes=(), against_others_minor=None
    )
    assert near(estimates(one), estimates(another), 1)


def by_id(asked: Market) -> dict[str, object]:
    return {one.partner_id: one for one in companies(asked)}


def estimates(answer: BottomLine) -> list[float]:
    """The numbers of all changes and their intervals."""
    found = [*(one.change for one in answer.changes), answer.against_others_minor]
    return [number for one in found if one for number in (one.value, *one.ends)]


def near(one: Sequence[float], other: Sequence[float], by: int) -> bool:
    return all(x == y or abs(x - y) <= by for x, y in zip(one, other, strict=True))


@settings(max_examples=15, deadline=None)
@given(markets, st.integers(2, 9))
def test_amounts_so_many_times_as_large_are_so_many_times_the_sales(
    asked: Market, times: int
) -> None:
    def of(series: Series) -> Series:
        counts = dict(series.counts)
        counts["won_minor"] = tuple(times * one for one in series.of("won_minor"))
        return Series(series.weeks, counts)

    large = replace(
        asked, companies=tuple(replace(one, series=of(one.series)) for one in asked.companies)
    )
    one, another = bottom_line(asked), bottom_line(large)
    assert times * one.since.sales_minor == another.since.sales_minor
    assert one.against_others is another.against_others
    assert [x.verdict for x in one.changes] == [x.verdict for x in another.changes]
    if one.against_others_minor and another.against_others_minor:
        small, big = one.against_others_minor, another.against_others_minor
        told = [times * one for one in (small.value, *small.ends)]
        assert near(told, [big.value, *big.ends], times)
