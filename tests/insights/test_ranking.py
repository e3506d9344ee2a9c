"""The ranking of parties by sales, and who is at its top all the time."""

from dataclasses import replace

import pytest
from scipy import stats

from portal_api.domain.insights.market import Company, Market
from portal_api.domain.insights.ranking import (
    Cohort,
    CohortTotal,
    Consistency,
    Ranking,
    Thresholds,
    rank,
)
from portal_api.domain.weeks import WON, WON_MINOR
from tests.insights.hand_made import company, market, person

YEAR = 52
FEW = Thresholds(parties=2, periods=2, period_weeks=1)


def sellers(*sales: list[int]) -> Market:
    """Companies of one rep each with these sales, one number a week."""
    return market(*(_seller(place, weekly) for place, weekly in enumerate(sales)))


def _seller(place: int, weekly: list[int]) -> Company:
    deals = [(one > 0) - (one < 0) for one in weekly]
    return company(
        f"p{place}", person({WON_MINOR: weekly, WON: deals}, took_part=[True] * len(weekly))
    )


def ranked(asked: Market, thresholds: Thresholds = FEW) -> Ranking:
    """The ranking of its companies."""
    return rank(asked, asked.companies, "partners", thresholds)


def test_most_sales_are_first_and_equal_sales_have_equal_ranks() -> None:
    """1, 2, 2, 4, then those without sales; a return may leave less than nothing."""
    found = ranked(sellers([5, 2], [0, 9], [3, 4], [1, 0], [0, 0], [2, -3]))
    told = [(one.party_id, one.rank, one.sales_minor, one.won) for one in found.standings]
    assert [
        ("p1", 1, 9, 1),
        ("p0", 2, 7, 2),
        ("p2", 2, 7, 2),
        ("p3", 4, 1, 1),
        ("p4", 5, 0, 0),
        ("p5", 6, -1, 0),
    ] == told


def test_the_first_share_of_sellers_is_top_and_those_without_sales_are_non() -> None:
    """Half of four sellers are two."""
    found = ranked(sellers([9], [7], [6], [1], [0]), replace(FEW, top_share_bps=5_000))
    cohorts = {one.party_id: one.cohort for one in found.standings}
    top, low, non = Cohort.TOP, Cohort.LOW, Cohort.NON
    assert {"p0": top, "p1": top, "p2": low, "p3": low, "p4": non} == cohorts
    totals = (CohortTotal(top, 2, 16), CohortTotal(low, 2, 7), CohortTotal(non, 1, 0))
    assert totals == found.cohorts


@pytest.mark.parametrize(
    ("sales", "top"),
    [((9, 8, 8, 8, 1, 1, 1, 1), 4), ((9, 8, 3, 3, 3, 3, 3, 3), 2), ((2, 2, 2), 3), ((7,), 1)],
    ids=["more", "fewer", "all alike", "one"],
)
def test_who_sold_the_same_is_in_the_same_cohort(sales: tuple[int, ...], top: int) -> None:
    """Of half of eight, four are wanted: all who are equal are in, or out, whatever is closer."""
    found = ranked(sellers(*([one] for one in sales)), replace(FEW, top_share_bps=5_000))
    assert [Cohort.TOP] * top == [one.cohort for one in found.standings[:top]]
    assert Cohort.TOP not in {one.cohort for one in found.standings[top:]}


def test_only_the_window_counts_in_whole_sub_periods_from_its_end() -> None:
    """Of five weeks, the last four are two sub-periods of two; what was before is not looked at."""
    asked = sellers([9, 1, 1, 0, 0], [0, 0, 0, 1, 2])
    found = ranked(asked, replace(FEW, window_weeks=4, period_weeks=2, consistent_periods=1))
    told = [(one.party_id, one.sales_minor, one.periods_at_top) for one in found.standings]
    assert [("p1", 3, 1), ("p0", 2, 1)] == told
    assert (2, asked.day(1), asked.day(5)) == (
        found.periods,
        found.basis.starts_on,
        found.basis.ends_on,
    )


def test_sub_periods_without_any_sales_are_not_counted() -> None:
    """A week in which nobody sold tells nothing of who sells most."""
    found = ranked(sellers([4, 0, 4], [1, 0, 1]), replace(FEW, consistent_periods=2))
    assert 2 == found.periods
    assert [Consistency.CONSISTENT, Consistency.NOT_CONSISTENT] == [
        one.consistency for one in found.standings
    ]


def test_so_many_times_at_the_top_are_needed_as_chance_does_not_explain() -> None:
    """Of eight alike sellers and 13 sub-periods: the first binomial tail of 5 % / 8 or less."""
    always = [[100 - 10 * place] * YEAR for place in range(8)]
    found = ranked(sellers(*always), Thresholds())
    needed = next(k for k in range(14) if stats.binom.sf(k - 1, 13, 0.25) <= 0.05 / 8)
    assert (13, needed) == (found.periods, found.periods_needed)
    assert [True] * 2 + [False] * 6 == [
        one.consistency is Consistency.CONSISTENT for one in found.standings
    ]


@pytest.mark.parametrize(
    ("sales", "thresholds", "sufficient"),
    [
        ([[5, 5], [1, 1]], replace(FEW, parties=3), False),
        ([[5, 5], [1, 1]], replace(FEW, periods=3), False),
        ([[0, 0], [0, 0]], FEW, False),
        ([[5, 5], [1, 1]], FEW, True),
    ],
    ids=["sellers", "sub-periods", "sales", "chance"],
)
def test_nobody_is_called_consistent_on_too_little(
    sales: list[list[int]], thresholds: Thresholds, sufficient: bool
) -> None:
    """Too few sellers or sub-periods, or so few that one at the top of all may be there by chance.

    One of two at the top in two of two sub-periods is a chance of one in four.
    """
    found = ranked(sellers(*sales), thresholds)
    assert sufficient == found.sufficient
    assert {Consistency.INSUFFICIENT_DATA} == {one.consistency for one in found.standings}


def test_people_are_ranked_as_companies_are() -> None:
    """The parties are handed in; the answer says what they are."""
    first = replace(person({WON_MINOR: [1, 1]}, took_part=[True] * 2), id="ind-1")
    second = replace(person({WON_MINOR: [3, 1]}, took_part=[True] * 2), id="ind-2")
    asked = market(company("p", first, second))
    found = rank(asked, asked.people, "people", FEW)
    assert ["ind-2", "ind-1"] == [one.party_id for one in found.standings]
    assert ("people", 2) == (found.basis.n_of, found.basis.n)
