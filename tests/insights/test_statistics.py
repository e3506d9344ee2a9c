"""The intervals and tests of the insight: they reproduce published numbers, and SciPy's own."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from portal_api.domain.insights import statistics
from portal_api.domain.insights.basis import Estimate
from portal_api.domain.insights.statistics import Interval

SLEEP = (
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)
"""Hours of sleep that ten patients gained by each of two drugs (Student 1908; R's ``sleep``)."""
FEW = st.lists(st.integers(0, 9), min_size=2, max_size=5)


def close(low: float, high: float, interval: Interval, places: float) -> bool:
    """Whether an interval is the published one, to its last place."""
    return (low, high) == pytest.approx((interval.low, interval.high), abs=places)


@pytest.mark.parametrize(
    ("treated", "control", "published"),
    [
        ((0.59, 0.54), (-2.16, 1.25), (2.76, 1.36)),
        ((20.44, 0.51), (23.33, 1.35), (-2.89, 1.44)),
        ((21.03, 0.52), (21.17, 0.94), (-0.14, 1.07)),
    ],
    ids=["change", "before", "after"],
)
def test_the_difference_in_differences_of_fast_food_employment_is_as_published(
    treated: tuple[float, float], control: tuple[float, float], published: tuple[float, float]
) -> None:
    """Card & Krueger 1994, American Economic Review 84(4), table 3, rows 1 to 3.

    New Jersey against Pennsylvania, means with standard errors. They are printed with two places,
    so that their difference is right to one more in the second.
    """
    found = statistics.difference_in_differences_of_summary(treated, control, 0.95)
    error = (found.high - found.low) / 2 / 1.959964
    assert published == pytest.approx((found.value, error), abs=0.0101)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_difference_of_two_shares_is_as_published(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10."""
    assert close(low, high, statistics.proportion_difference(*counts, 0.95), 0.00006)


def test_the_interval_of_a_share_is_as_published() -> None:
    """Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3: 81 of 263."""
    assert close(0.2553, 0.3662, statistics.proportion(81, 263, 0.95), 0.00006)


@pytest.mark.parametrize(
    ("count", "level", "low", "high"),
    [
        (10, 0.95, 4.80, 18.39),
        (25, 0.90, 17.38, 34.92),
        (25, 0.95, 16.18, 36.90),
        (25, 0.99, 14.00, 41.00),
    ],
)
def test_the_interval_of_a_count_is_as_published(
    count: int, level: float, low: float, high: float
) -> None:
    """Garwood 1936, Biometrika 28:437-442, as GraphPad's FAQ on counts tells of 25."""
    assert close(low, high, statistics.rate(count, 1.0, level), 0.006)


def test_the_difference_of_two_means_is_as_published() -> None:
    """R's manual, ``?t.test``: extra sleep by drug, Welch's t with 17.776 degrees of freedom."""
    found = statistics.mean_difference(*SLEEP, 0.95)
    assert close(-3.3654832, 0.2054832, found, 1e-7)


def test_the_homogeneity_of_vaccine_trials_is_as_published() -> None:
    """BCG against tuberculosis, 13 trials: Q = 152.233 of 12 degrees of freedom.

    Colditz et al. 1994, Journal of the American Medical Association 271:698-702; Q by metafor's
    manual. Log risk ratios of cases and others, vaccinated, then not.
    """
    trials = (
        *((4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619)),
        *((33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619)),
        *((505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600)),
        *((186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)),
    )
    effects = [math.log(a / (a + b) / (c / (c + d))) for a, b, c, d in trials]
    errors = [math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)) for a, b, c, d in trials]
    found = statistics.homogeneity(effects, errors)
    assert (152.2330, (152.2330 - 12) / 152.2330) == pytest.approx(
        (found.q, found.i_squared), abs=0.00006
    )
    assert 0.0001 > found.p


def test_welchs_test_of_many_means_is_that_of_two_for_two() -> None:
    """With two groups, F is the square of t, with the same degrees of freedom."""
    a, b = SLEEP
    errors = [float(np.std(one, ddof=1)) / math.sqrt(len(one)) for one in SLEEP]
    means = [float(np.mean(one)) for one in SLEEP]
    found = statistics.homogeneity(means, errors, [9, 9])
    assert stats.ttest_ind(a, b, equal_var=False).pvalue == pytest.approx(found.p)
    assert stats.ttest_ind(a, b, equal_var=False).statistic ** 2 == pytest.approx(found.q)


@pytest.mark.parametrize(("effects", "errors"), [([1.0], [1.0]), ([1.0, 2.0], [1.0, 0.0])])
def test_homogeneity_needs_two_effects_with_errors(
    effects: list[float], errors: list[float]
) -> None:
    """One effect cannot differ; an error of 0 would weigh more than all."""
    with pytest.raises(ValueError, match="two effects"):
        statistics.homogeneity(effects, errors)


@given(st.integers(0, 30), st.integers(0, 30), st.sampled_from([0.9, 0.95, 0.999]))
def test_shares_rates_and_tails_are_those_of_scipy(x: int, more: int, level: float) -> None:
    """What is computed by itself, for speed, is what SciPy's slower functions say."""
    n = x + more + 1
    wilson = stats.binomtest(x, n).proportion_ci(level, "wilson")
    assert close(wilson.low, wilson.high, statistics.proportion(x, n, level), 1e-9)
    exact = stats.binomtest(x, n).proportion_ci(level, "exact")
    ratio = statistics.rate_ratio(x, 2.0, n - x, 1.0, level)
    assert (exact.low, exact.high) == pytest.approx(
        tuple(2 * one / (1 + 2 * one) for one in (ratio.low, min(ratio.high, 1e15))), abs=1e-9
    )
    tail = (1 - level) / 2
    low = stats.chi2.ppf(tail, 2 * x) / 2 if x else 0.0
    high = stats.chi2.ppf(1 - tail, 2 * x + 2) / 2
    assert close(low / 3, high / 3, statistics.rate(x, 3.0, level), 1e-9)
    assert stats.binom.sf(x - 1, n, 0.3) == pytest.approx(statistics.binomial_tail(x, n, 0.3))


@given(FEW, FEW)
def test_differences_of_means_are_those_of_scipy(a: list[int], b: list[int]) -> None:
    """Welch's interval and the paired one, where there is any spread (SciPy warns of none)."""
    if len({*a}) > 1 and len({*b}) > 1:
        welch = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
        assert close(welch.low, welch.high, statistics.mean_difference(a, b, 0.9), 1e-9)
        assert statistics.difference_in_differences(a, b, 0.9) == statistics.mean_difference(
            a, b, 0.9
        )
    if len({*a}) > 1:
        paired = stats.ttest_1samp(a, 0).confidence_interval(0.9)
        assert close(paired.low, paired.high, statistics.mean_change(a, 0.9), 1e-9)


@given(FEW, FEW)
def test_permutation_excludes_a_shift_where_scipys_test_refuses_it(
    a: list[int], b: list[int]
) -> None:
    """The ends are exact: a hair inside, the permutation test keeps a shift; outside, it does not.

    A two-sided level of 0.8 is 0.1 on either side.
    """
    found = statistics.permuted_difference(a, b, 0.8)
    sides: tuple[tuple[float, float, Callable[[float, float], bool], str], ...] = (
        (found.low, -1e-6, lambda p, most: p <= most, "greater"),
        (found.low, 1e-6, lambda p, most: p > most, "greater"),
        (found.high, 1e-6, lambda p, most: p <= most, "less"),
        (found.high, -1e-6, lambda p, most: p > most, "less"),
    )
    for end, hair, told, alternative in sides:
        if math.isfinite(end):
            moved = np.array(a) - (end + hair)
            test = stats.permutation_test(
                (moved, np.array(b)),
                lambda x, y, axis: x.mean(axis) - y.mean(axis),
                vectorized=True,
                n_resamples=np.inf,
                alternative=alternative,
            )
            assert told(test.pvalue, 0.1 + 1e-9)


def test_too_few_divisions_exclude_nothing() -> None:
    """Two of two make six divisions: none is rarer than one in six."""
    assert statistics.permuted_difference([9, 9], [0, 0], 0.95).unlimited
    assert not statistics.permuted_difference([9, 9], [0, 0], 0.6).unlimited


def test_what_colleagues_have_in_common_falls_out_within_strata() -> None:
    """One house does ten more than the other; within each, nobody differs."""
    houses = [([10.0] * 3, [10.0]), ([0.0], [0.0] * 3)]
    mixed = statistics.permuted_difference([10.0] * 3 + [0.0], [10.0] + [0.0] * 3, 0.8)
    within = statistics.permuted_within(houses, 0.8)
    assert (0.0, 0.0, 0.0) == (within.value, within.low, within.high)
    assert 5.0 == mixed.value
    assert statistics.permuted_within([([1.0], [])], 0.5).unlimited


def test_many_parties_are_divided_by_chance_and_the_same_each_time() -> None:
    """12 of 36 can be divided in more than a billion ways: 10,000 of them tell nearly as much."""
    chance = np.random.default_rng(1)
    a, b = chance.normal(1, 1, 12).tolist(), chance.normal(0, 1, 24).tolist()
    once = statistics.permuted_difference(a, b, 0.95)
    assert once == statistics.permuted_difference(a, b, 0.95)
    student = stats.ttest_ind(a, b).confidence_interval(0.95)
    assert close(student.low, student.high, once, 0.15)


def test_a_cautious_interval_holds_both() -> None:
    """Neither Welch's nor the permutation's excludes more."""
    a, b = [3.0, 4.0, 9.0, 5.0], [1.0, 0.0, 2.0, 1.0, 0.0]
    welch, permuted = (
        one(a, b, 0.9) for one in (statistics.mean_difference, statistics.permuted_difference)
    )
    found = statistics.cautious_difference(a, b, 0.9)
    assert (min(welch.low, permuted.low), max(welch.high, permuted.high)) == (found.low, found.high)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([2, 2, 2], [2, 2], (0, 0, 0)),
        ([3] * 5, [1] * 5, (2, 2, 2)),
        ([3, 3], [1, 1], (2, 0, 4)),
        ([1, 1], [3, 3], (-2, -4, 0)),
        ([1], [3, 3], (-2, -math.inf, math.inf)),
    ],
    ids=["alike", "enough", "few", "few less", "one"],
)
def test_groups_without_any_spread_have_a_stated_interval(
    a: list[float], b: list[float], expected: tuple[float, float, float]
) -> None:
    """Exact where chance is excluded: 2 of 252 divisions, but not 2 of 6."""
    found = statistics.mean_difference(a, b, 0.95)
    assert expected == (found.value, found.low, found.high)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([2] * 6, (2, 2, 2)),
        ([2] * 5, (2, 0, 4)),
        ([0] * 3, (0, 0, 0)),
        ([5], (5, -math.inf, math.inf)),
    ],
    ids=["enough", "few", "none", "one"],
)
def test_changes_without_any_spread_have_a_stated_interval(
    changes: list[float], expected: tuple[float, float, float]
) -> None:
    """Six of one sign are 2 of 64, less than 5 %; five are not."""
    found = statistics.mean_change(changes, 0.95)
    assert expected == (found.value, found.low, found.high)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (statistics.proportion(0, 0, 0.95), (0, 0, 1)),
        (statistics.proportion_difference(1, 2, 0, 0, 0.95), (0, -1, 1)),
        (statistics.rate(3, 0, 0.95), (0, 0, math.inf)),
        (statistics.rate_ratio(1, 0, 1, 1, 0.95), (1, 0, math.inf)),
        (statistics.rate_ratio(0, 1, 0, 1, 0.95), (1, 0, math.inf)),
    ],
    ids=["share", "shares", "rate", "ratio", "ratio of nothing"],
)
def test_nothing_seen_excludes_nothing(
    interval: Interval, expected: tuple[float, float, float]
) -> None:
    """Without observations an interval is all that is possible."""
    assert expected == (interval.value, interval.low, interval.high)


def test_several_intervals_hold_together_by_bonferroni() -> None:
    """Five at 99 % make 95 %."""
    assert 0.99 == pytest.approx(statistics.simultaneous_level(0.95, 5))
    assert 0.95 == statistics.simultaneous_level(0.95, 0)


def test_an_estimate_is_rounded_without_changing_sides() -> None:
    """An end that is above zero stays above it, and one without limit is told as the most."""
    told = Interval(0.0003, 0.0001, 0.0009, 0.95).estimate(1000)
    assert Estimate(1, 1, 1, 9_500) == told
    assert Interval(-0.1, -math.inf, -0.0001, 0.99).estimate(1000) == Estimate(
        -100, None, -1, 9_900
    )
    assert Estimate(2**40, 2**39, None, 9_500) == Interval(2**40, 2**39, 1e300, 0.95).estimate(1)
    assert Estimate(-100, -200, 0, 9_500) == Interval(-0.1, -0.2, 0.0, 0.95).estimate(1000)
    assert told.above_zero
