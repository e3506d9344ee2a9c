"""Windows around an incentive, and rates of weekly counts with their intervals."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from portal_api.domain.insights import windows
from portal_api.domain.insights.market import Incentive
from portal_api.domain.insights.windows import Windows, around
from tests.insights.hand_made import market, person

LEAST, MOST = 4, 13


def paid(before: int, starts: int, ends: int | None) -> Incentive:
    return Incentive("DEMO", before, starts, ends, ("demos",))


@pytest.mark.parametrize(
    ("incentive", "span", "weeks", "before", "during", "after"),
    [
        (paid(20, 20, 40), (0, 60), 13, (7, 20), (27, 40), (40, 53)),  # The most.
        (paid(20, 21, 29), (0, 60), 8, (12, 20), (21, 29), (29, 37)),  # It began mid-week.
        (paid(20, 20, 40), (0, 45), 5, (15, 20), (35, 40), (40, 45)),  # Few weeks after it.
        (paid(20, 20, 40), (0, 43), 13, (7, 20), (27, 40), (40, 43)),  # Too few after it.
        (paid(20, 20, None), (0, 40), 13, (7, 20), (27, 40), (40, 40)),  # It runs.
        (paid(20, 20, 40), (0, 40), 13, (7, 20), (27, 40), (40, 40)),  # It has just ended.
        (paid(0, 0, 10), (0, 40), 0, (0, 0), (10, 10), (10, 10)),  # Nothing before it.
        (paid(20, 20, 40), (14, 60), 6, (14, 20), (34, 40), (40, 46)),  # Who came in week 14.
        (paid(20, 20, 40), (0, 30), 10, (10, 20), (20, 30), (30, 30)),  # Who left in week 30.
        (paid(20, 20, 40), (45, 60), 0, (45, 45), (40, 40), (40, 40)),  # Who came after it.
    ],
)
def test_windows_are_equal_and_as_long_as_all_three_allow(
    incentive: Incentive,
    span: tuple[int, int],
    weeks: int,
    before: tuple[int, int],
    during: tuple[int, int],
    after: tuple[int, int],
) -> None:
    found = around(incentive, span, LEAST, MOST)
    assert (weeks, before, during, after) == (
        *(found.weeks, found.before, found.during, found.after),
    )


def test_the_week_in_which_an_incentive_began_is_in_no_window() -> None:
    found = around(paid(20, 21, 29), (0, 60), LEAST, MOST)
    seen = {week for one in (found.before, found.during, found.after) for week in range(*one)}
    assert 20 not in seen


weeks = st.integers(0, 60)


@given(weeks, weeks, weeks, weeks, weeks)
def test_windows_stay_within_the_weeks_of_a_party_and_apart(
    first: int, before: int, ran: int, follow: int, last: int
) -> None:
    """Whatever the edges are, no window reaches outside of them or into another."""
    incentive = paid(before, before + 1, before + 1 + ran)
    found: Windows = around(incentive, (first, max(first, last)), LEAST, MOST + follow % 2)
    if found.weeks:
        assert first <= found.before[0] < found.before[1] <= before
        assert found.before[1] < found.during[0] < found.during[1] <= found.after[0]
        assert found.after[1] <= max(found.after[0], last)
        assert found.weeks == found.before[1] - found.before[0]
        assert found.weeks == found.during[1] - found.during[0]


UNEVEN = ([0, 9, 1, 0, 12, 2, 0, 8], [3, 30, 0, 1, 22, 9, 0, 15])


def test_a_change_at_a_steady_staff_is_that_of_the_weekly_means_by_welch() -> None:
    """Counts that are more uneven than independent ones have Welch's own interval."""
    before, after = (windows.rate(one, [2] * 8) for one in UNEVEN)
    found = windows.change(after, before, 0.99)
    theirs = stats.ttest_ind(UNEVEN[1], UNEVEN[0], equal_var=False).confidence_interval(0.99)
    assert [theirs.low / 2, theirs.high / 2] == pytest.approx([found.low, found.high])


def test_even_weeks_promise_no_more_certainty_than_independent_occurrences_have() -> None:
    """Eight weeks of exactly three: the error is that of 24 occurrences, with half a one added."""
    assert pytest.approx(24.5 / 8**2) == windows.rate([3] * 8, [1] * 8).squared_error


def test_a_rate_is_for_each_person_so_that_hiring_is_no_lift() -> None:
    small, large = windows.rate([2, 2, 2, 2], [2] * 4), windows.rate([6, 6, 6, 6], [6] * 4)
    assert 0 == windows.change(large, small, 0.95).value


def test_the_interval_of_a_ratio_is_symmetric_in_proportion_and_holds_it() -> None:
    own, top = windows.rate(UNEVEN[1], [1] * 8), windows.rate(UNEVEN[0], [1] * 8)
    found = windows.quotient(own, top, 0.95)
    assert 80 / 32 == found.value
    assert pytest.approx(found.value) == math.sqrt(found.low * found.high)
    back = windows.quotient(top, own, 0.95)
    assert (found.low, found.high) == pytest.approx((1 / back.high, 1 / back.low))


def test_who_never_does_it_has_a_ratio_of_zero_with_an_upper_end() -> None:
    """Of nothing in eight weeks, where the top did 320: surely below a tenth, and not nothing."""
    top = windows.rate([40, 41, 38, 40, 42, 39, 40, 40], [1] * 8)
    found = windows.quotient(windows.rate([0] * 8, [1] * 8), top, 0.95)
    assert (0, 0) == (found.value, found.low)
    assert 0 < found.high < 0.1


def test_one_week_tells_no_error() -> None:
    one = windows.rate([5], [1])
    assert math.inf == windows.change(one, one, 0.95).high


def test_a_party_without_known_people_has_all_weeks_and_counts_as_one_person() -> None:
    assert (0, 9) == windows.employed((), 9)
    assert 8 == windows.rate([1] * 8, [0] * 8).exposure


def test_staff_is_who_worked_there_in_a_week() -> None:
    people = [person({}, took_part=[True] * 6, employed=one) for one in ((0, 3), (2, 6), (4, 4))]
    assert (1, 1, 2, 1, 1, 1) == windows.staff(people, (0, 6))
    assert (0, 6) == windows.employed(people, 6)


@pytest.mark.parametrize(
    ("others", "elsewhere", "weeks"),
    [
        ([], (), (0, 60)),
        ([paid(27, 27, 45)], (), (0, 27)),
        ([paid(0, 0, 10)], (), (10, 60)),
        ([paid(30, 30, None)], (), (0, 30)),
        ([], ((0, 60),), (0, 60)),
        ([], ((5, 40),), (5, 40)),
        ([], ((20, 70),), (20, 60)),
        ([replace(paid(27, 27, 45), behavior="OTHER")], (), (0, 60)),
    ],
    ids=[
        *("nothing else", "a later one", "an earlier one", "one that runs", "always elsewhere"),
        *("elsewhere around it", "elsewhere in the midst of it", "another behavior"),
    ],
)
def test_weeks_of_like_pay_are_those_around_in_which_nothing_else_begins_or_ends(
    others: list[Incentive], elsewhere: tuple[tuple[int, int], ...], weeks: tuple[int, int]
) -> None:
    own = paid(13, 13, 26)
    asked = replace(market(weeks=60, incentives=[own, *others]), paid_elsewhere={"DEMO": elsewhere})
    assert weeks == windows.alike(asked, own)


def test_busy_months_widen_what_even_weeks_do_not() -> None:
    """Four weeks of nine and four of one, again and again: hardly more than two numbers each."""
    busy = [9] * 4 + [1] * 4 + [9] * 4 + [1] * 4 + [9] * 4 + [1] * 4
    mixed = [9, 1] * 12
    people = [1] * 24
    of_busy, of_mixed = (windows.months([(one, people)] * 9) for one in (busy, mixed))
    assert of_busy.design > 1.5
    assert of_mixed.design < 1
    one, other = windows.rate(busy, people, of_busy), windows.rate(mixed, people, of_mixed)
    assert one.squared_error == other.squared_error
    assert one.of_months > 1.5 * one.squared_error
    wide, narrow = (windows.change(each, each, 0.95) for each in (one, other))
    assert wide.high > 1.2 * narrow.high
