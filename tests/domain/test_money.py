"""Exact money: one rounding of rates, one way to share a whole, one spelling of an amount."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import money
from portal_api.domain.money import LARGEST_AMOUNT_MINOR

amounts = st.integers(-LARGEST_AMOUNT_MINOR, LARGEST_AMOUNT_MINOR)
weights = st.lists(st.integers(0, 1_000), min_size=1, max_size=20).filter(any)


@pytest.mark.parametrize(
    ("whole", "by", "parts"),
    [
        (100, (1, 1, 1), (34, 33, 33)),
        (90_000, (1, 5), (15_000, 75_000)),
        (1, (1, 1), (1, 0)),
        (2, (1, 1, 1), (1, 1, 0)),
        (10, (1, 2), (3, 7)),
        (7, (0, 1), (0, 7)),
        (0, (1, 5), (0, 0)),
        (-100, (1, 1, 1), (-33, -33, -34)),
    ],
)
def test_a_split_gives_the_largest_remainders_one_more_and_ties_to_the_first(
    whole: int, by: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    assert parts == money.split(whole, by)


@given(whole=amounts, by=weights)
def test_the_parts_of_a_split_sum_to_the_whole_and_are_fair_to_the_minor_unit(
    whole: int, by: list[int]
) -> None:
    """Invariant L17: nothing is lost, and no part is a whole unit off its exact share."""
    parts = money.split(whole, by)

    assert whole == sum(parts)
    assert [] == [
        (part, weight)
        for part, weight in zip(parts, by, strict=True)
        if abs(part - Fraction(whole * weight, sum(by))) >= 1
    ]


@pytest.mark.parametrize("by", [(), (0, 0), (2, -1), (-1, -1)])
def test_weights_that_share_nothing_are_refused(by: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weights"):
        money.split(100, by)


@pytest.mark.parametrize(
    ("amount", "rate_bps", "result"),
    [
        (3_000_000, 300, 90_000),
        (1, 5_000, 0),  # 0.5, to the even 0
        (3, 5_000, 2),  # 1.5, to the even 2
        (5, 5_000, 2),  # 2.5, to the even 2
        (7, 5_000, 4),  # 3.5, to the even 4
        (1, 4_999, 0),
        (1, 5_001, 1),
        (-3, 5_000, -2),
        (0, 300, 0),
    ],
)
def test_a_rate_rounds_half_to_even(amount: int, rate_bps: int, result: int) -> None:
    assert result == money.of_rate(amount, rate_bps)


@given(amount=amounts, rate_bps=st.integers(0, 10_000))
def test_a_rate_is_the_exact_product_rounded_half_to_even(amount: int, rate_bps: int) -> None:
    assert round(Fraction(amount * rate_bps, 10_000)) == money.of_rate(amount, rate_bps)


@given(amount=amounts, numerator=st.integers(0, 10**12), denominator=st.integers(1, 10**12))
def test_a_ratio_is_the_exact_quotient_rounded_half_to_even(
    amount: int, numerator: int, denominator: int
) -> None:
    expected = round(Fraction(amount * numerator, denominator))

    assert expected == money.of_ratio(amount, numerator, denominator)


@given(amount=amounts, asset=st.sampled_from(["USD", "EUR", "JPY", "KWD", money.POINTS]))
def test_an_amount_survives_being_written_and_read(amount: int, asset: str) -> None:
    assert amount == money.to_minor(money.to_text(amount, asset), asset)


@pytest.mark.parametrize(
    ("minor", "asset", "text"),
    [
        (15_000, "USD", "150.00"),
        (5, "USD", "0.05"),
        (-5, "USD", "-0.05"),
        (0, "USD", "0.00"),
        (15_000, "JPY", "15000"),
        (15_000, "KWD", "15.000"),
        (50, money.POINTS, "50"),
    ],
)
def test_an_amount_is_written_with_all_digits_of_its_minor_unit(
    minor: int, asset: str, text: str
) -> None:
    assert text == money.to_text(minor, asset)


@pytest.mark.parametrize(
    ("text", "asset", "minor"),
    [("150", "USD", 15_000), ("150.5", "USD", 15_050), ("1.500", "USD", 150), ("-0", "USD", 0)],
)
def test_an_amount_is_read_with_fewer_digits_too(text: str, asset: str, minor: int) -> None:
    assert minor == money.to_minor(text, asset)


@pytest.mark.parametrize(
    ("text", "asset"),
    [
        ("", "USD"),
        (" 1", "USD"),
        ("1 ", "USD"),
        ("1\n", "USD"),
        ("+1", "USD"),
        ("--1", "USD"),
        ("-", "USD"),
        (".", "USD"),
        (".5", "USD"),
        ("5.", "USD"),
        ("1.2.3", "USD"),
        ("1,5", "USD"),
        ("1_000", "USD"),
        ("1e3", "USD"),
        ("0x10", "USD"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("\uff11", "USD"),  # A full-width 1
        ("\u0661", "USD"),  # An Arabic 1
        ("\u00bd", "USD"),  # One half
        ("1.005", "USD"),
        ("1.5", "JPY"),
        ("1.0005", "KWD"),
        ("0.5", money.POINTS),
        ("10000000000.01", "USD"),
        ("1" * 5_000, "USD"),
    ],
)
def test_a_text_that_is_not_an_amount_is_refused(text: str, asset: str) -> None:
    with pytest.raises(ValueError, match=r"decimal|larger"):
        money.to_minor(text, asset)


def test_the_largest_amount_is_taken_in_both_directions() -> None:
    assert LARGEST_AMOUNT_MINOR == money.to_minor("10000000000.00", "USD")
    assert -LARGEST_AMOUNT_MINOR == money.to_minor("-10000000000.00", "USD")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("USD", True),
        ("POINTS", True),
        ("usd", False),
        ("US", False),
        ("USDT", False),
        ("U1D", False),
        ("ÄÖÜ", False),
        ("", False),
    ],
)
def test_an_asset_is_points_or_three_capital_letters(code: str, expected: bool) -> None:
    assert expected is money.is_asset(code)
    assert (expected and code != money.POINTS) is money.is_currency(code)
