"""Exchange rates: exact, in their own direction, rounded once per total."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain.currencies import (
    Conversion,
    ExchangeRate,
    Purse,
    converted,
    rate_id,
    rate_text,
)
from portal_api.domain.finance import Accounts
from portal_api.domain.holdings import Column
from portal_api.domain.money import exponent
from portal_api.domain.plans import PointValue

DAY = date(2026, 3, 31)


def rate(source: str, target: str, text: str) -> ExchangeRate:
    start = datetime(2026, 3, 31, tzinfo=UTC)
    name = rate_id(source, target, DAY, 1)
    return ExchangeRate(name, source, target, start, rate_text(text), start, "ind-1")


def owed(amount_minor: int) -> Accounts:
    return Accounts({Column.FUNDED: 2 * amount_minor, Column.EARNED: amount_minor})


@pytest.mark.parametrize(
    ("source", "target", "text", "amount", "expected"),
    [
        ("EUR", "USD", "1.0845", 10_000, 10_845),  # 100.00 EUR are 108.45 USD
        ("USD", "JPY", "151.37", 12_345, 18_687),  # 123.45 USD are 18,686.6265 JPY
        ("JPY", "USD", "0.0066", 1_000, 660),  # 1,000 JPY are 6.60 USD
        ("USD", "KWD", "0.3075", 10_001, 30_753),  # 100.01 USD are 30.753075 KWD
        ("KWD", "USD", "3.252", 1_000, 325),  # 1.000 KWD are 3.252 USD
        ("JPY", "KWD", "0.002", 1, 2),  # 1 JPY is 0.002 KWD
        ("EUR", "USD", "0.5", 1, 0),  # half a cent is nothing, to even
        ("EUR", "USD", "0.5", 3, 2),  # a cent and a half are two, to even
        ("EUR", "USD", "0.5", -3, -2),
    ],
)
def test_an_amount_is_converted_between_minor_units_and_rounded_half_to_even(
    source: str, target: str, text: str, amount: int, expected: int
) -> None:
    """Of no digits behind the point, two or three: whatever the currencies have."""
    assert expected == Conversion(source, target, rate(source, target, text)).of(amount)


@given(
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.sampled_from(["EUR", "KRW", "BHD"]),
    st.decimals("0.000001", "99999", places=6),
    st.integers(-(10**12), 10**12),
)
def test_a_conversion_is_what_exact_decimals_say(
    source: str, target: str, factor: Decimal, amount: int
) -> None:
    """Control by another arithmetic."""
    with localcontext(prec=60):
        major = Decimal(amount).scaleb(-exponent(source)) * factor
        expected = major.scaleb(exponent(target)).quantize(Decimal(1), ROUND_HALF_EVEN)
    way = Conversion(source, target, rate(source, target, f"{factor:f}"))
    assert int(expected) == way.of(amount)


def test_each_total_is_rounded_once_and_the_inverse_of_a_rate_is_none() -> None:
    """Euros by their rate, dollars as they are, yen without a rate from them left out."""
    purses = [
        Purse("EUR", owed(101), currency="EUR"),
        Purse("USD", owed(1_000), currency="USD"),
        Purse("JPY", owed(5_000), currency="JPY"),
    ]
    rates = {"EUR": rate("EUR", "USD", "1.5")}
    found = converted(purses, "USD", rates)

    assert (1_152, 1_152, 0) == (found.liability_minor, found.budget_minor, found.paid_minor)
    assert ["EUR", "USD"] == [purse.asset for purse, _ in found.used]
    assert ["JPY"] == [purse.asset for purse in found.left]


def test_points_are_worth_what_their_plan_says_and_are_rounded_once() -> None:
    """100 points are 1.00 EUR: 333 points at 1.0845 are 3.611385 USD; without a value, nothing."""
    value = PointValue(100, 100)
    purses = [
        Purse("POINTS", owed(333), "prg-1", "EUR", value),
        Purse("POINTS", owed(50), "prg-2"),
    ]
    found = converted(purses, "USD", {"EUR": rate("EUR", "USD", "1.0845")})
    assert 361 == found.liability_minor
    assert ["prg-2"] == [purse.program_id for purse in found.left]
    assert 333 == converted(purses, "EUR", {}).liability_minor


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.0845", "1.0845"), ("01.50", "1.5"), ("2", "2"), ("2.000", "2"), ("0.10", "0.1")],
)
def test_a_rate_has_one_spelling(text: str, expected: str) -> None:
    """So that the same rate again is seen to be the same."""
    assert expected == rate_text(text)


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.000", "-1", "1e3", "1,5", ".5", "1.", "٣", "NaN", "1" * 10, "0." + "1" * 13],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    """Larger than zero, digits with at most one point, and no more of them than are exact."""
    with pytest.raises(ValueError, match="is no rate"):
        rate_text(text)


def test_rates_of_a_pair_are_in_the_order_of_their_days_and_corrections() -> None:
    """Text and time have one order, also before the year 1000."""
    days: list[Any] = [(date(999, 1, 2), 1), (date(2026, 1, 31), 2), (date(2026, 2, 1), 1)]
    ids = [rate_id("EUR", "USD", day, number) for day, number in days]
    assert sorted(ids) == ids
    assert 2 == rate("EUR", "USD", "1").number + 1
