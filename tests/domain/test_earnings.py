"""Earnings: where one stands, by its place in its lot; when it becomes available and expires."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain.earnings import (
    Earning,
    EarningStatus,
    Maturity,
    held_until,
    take_back,
)
from portal_api.domain.holdings import Holding, Lot, Transfer, expiry_of
from tests.domain.units import expiry
from tests.domain.wallets import DAY, JANUARY, T0, a_trace, an_earning

PENDING, AVAILABLE, CANCELLED, REVERSED, PAID, EXPIRED, ENDED = EarningStatus


def of(**lot: int) -> Holding:
    """A holding whose lot of January has become this; without anything: it has no lot."""
    return Holding(lots=(Lot(JANUARY, **lot),) if lot else ())


SECOND = an_earning(100, lot_end=250)
"""The 100 that came into the lot after 150 of others."""


@pytest.mark.parametrize(
    ("earning", "holding", "status"),
    [
        (an_earning(100, pending=True), of(), PENDING),
        (an_earning(100, pending=True, due_at=T0), of(received=9, left=9), PENDING),
        (an_earning(100, pending=True, reversed_minor=40), of(), PENDING),
        (an_earning(100, pending=True, reversed_minor=100), of(), CANCELLED),
        (an_earning(100), of(received=100, left=100), AVAILABLE),
        (an_earning(100), of(received=100, held=100), AVAILABLE),
        (an_earning(100), of(received=100, left=1, out=99), AVAILABLE),
        (an_earning(100, reversed_minor=40), of(received=100, left=60), AVAILABLE),
        (an_earning(100, reversed_minor=100), of(received=100), REVERSED),
        (an_earning(100, reversed_minor=100), of(received=100, out=100), REVERSED),
        (an_earning(100), of(received=100, out=100), PAID),
        (an_earning(100), of(), PAID),  # The lot is closed, and told no more.
        (an_earning(100, reversed_minor=40), of(received=100, out=60), PAID),
        # What came first is paid first.
        (SECOND, of(received=250, left=1, out=249), AVAILABLE),
        (SECOND, of(received=300, left=50, out=250), PAID),
        (replace(SECOND, lot_end=150), of(received=250, left=100, out=150), PAID),
        (replace(SECOND, lot_end=150), of(received=250, left=101, out=149), AVAILABLE),
        # What is left of a lot expires as a whole; what was paid of it before was paid.
        (SECOND, of(received=250, expired=250), EXPIRED),
        (SECOND, of(received=250, out=200, expired=50), EXPIRED),
        (replace(SECOND, lot_end=150), of(received=250, out=150, expired=100), PAID),
        (SECOND, of(received=250, held=50, expired=200), AVAILABLE),
        (SECOND, of(received=250, out=50, expired=200), EXPIRED),
    ],
)
def test_an_earning_stands_where_its_place_in_its_lot_says(
    earning: Earning, holding: Holding, status: EarningStatus
) -> None:
    assert status is earning.status(holding)


def test_what_is_paid_stays_paid_when_more_comes_into_its_lot() -> None:
    """100 received, 40 taken back, the other 60 paid out: then 50 more come in the same month."""
    lot = Transfer("budget:g", "available", "USD", 100, lot=JANUARY)
    steps = (
        lot,
        Transfer("available", "budget:g", "USD", 40, lot=JANUARY),
        Transfer("available", "held", "USD", 60),
        Transfer("held", "vendor:paid", "USD", 60),
        replace(lot, amount_minor=50),
    )
    holding = Holding()
    for step in steps:
        holding, _ = holding.after(step)

    assert 50 == holding.balance.available
    assert PAID is take_back(an_earning(100), 40).status(holding)


def test_an_earning_is_reversed_in_parts_up_to_what_it_was_and_no_further() -> None:
    """Invariant L4: full reversal at most once, partial reversals at most the original."""
    holding = of(received=100, left=100)
    part = take_back(an_earning(100), 60)
    whole = take_back(part, 40)

    assert (60, 40, AVAILABLE) == (part.reversed_minor, part.left_minor, part.status(holding))
    assert (100, 0, REVERSED) == (whole.reversed_minor, whole.left_minor, whole.status(holding))
    for earning, amount in ((an_earning(100), 101), (part, 41), (whole, 1), (part, 0), (part, -1)):
        with pytest.raises(ValueError, match="exceeds"):
            take_back(earning, amount)


@pytest.mark.parametrize(
    ("days", "earned", "now", "until"),
    [
        (0, T0, T0, None),
        (0, T0, T0 + DAY, None),
        (30, T0, T0, T0 + 30 * DAY),
        (30, T0, T0 + 30 * DAY - timedelta(microseconds=1), T0 + 30 * DAY),
        (30, T0, T0 + 30 * DAY, None),  # Reported late, it is held no longer than others.
        (30, T0 - 29 * DAY, T0, T0 + DAY),
        (30, datetime(2028, 2, 1, tzinfo=UTC), T0, datetime(2028, 3, 2, tzinfo=UTC)),  # Leap year.
    ],
)
def test_an_earning_is_held_for_days_from_when_it_was_earned(
    days: int, earned: datetime, now: datetime, until: datetime | None
) -> None:
    trace = a_trace(100, maturity=Maturity(days))

    assert until == held_until(trace, earned, now)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("available", "months", "zone", "expires"),
    [
        # All of a month goes at once, at the end of the month so many later.
        ("2026-03-01T00:00Z", 12, "UTC", "2027-04-01T00:00Z"),
        ("2026-03-31T23:59:59Z", 12, "UTC", "2027-04-01T00:00Z"),
        ("2026-01-31T12:00Z", 1, "UTC", "2026-03-01T00:00Z"),
        ("2027-01-31T12:00Z", 13, "UTC", "2028-03-01T00:00Z"),  # After the 29th of February.
        # Over the end of the year.
        ("2026-11-15T12:00Z", 1, "UTC", "2027-01-01T00:00Z"),
        ("2026-12-15T12:00Z", 1, "UTC", "2027-02-01T00:00Z"),
        ("2026-12-31T23:59Z", 12, "UTC", "2028-01-01T00:00Z"),
        ("2026-01-01T00:00Z", 11, "UTC", "2027-01-01T00:00Z"),
        ("2026-06-30T12:00Z", 120, "UTC", "2036-07-01T00:00Z"),
        # The month is the program's own: it is February in Tokyo already, and January in New York.
        ("2026-01-31T15:00Z", 1, "Asia/Tokyo", "2026-03-31T15:00Z"),
        ("2026-01-31T14:59Z", 1, "Asia/Tokyo", "2026-02-28T15:00Z"),
        ("2026-02-01T04:59Z", 1, "America/New_York", "2026-03-01T05:00Z"),
        ("2026-02-01T05:00Z", 1, "America/New_York", "2026-04-01T04:00Z"),  # Summer time by then.
        ("2026-09-15T12:00Z", 1, "Europe/Berlin", "2026-10-31T23:00Z"),
        ("2026-08-15T12:00Z", 1, "Europe/Berlin", "2026-09-30T22:00Z"),
    ],
)
def test_what_becomes_available_expires_at_the_end_of_a_month_of_the_program_s_calendar(
    available: str, months: int, zone: str, expires: str
) -> None:
    maturity = Maturity(expire_months=months, time_zone=zone)

    assert at(expires) == maturity.expires_at(at(available)) == expiry(at(available), maturity)


def test_what_does_not_expire_has_no_date() -> None:
    assert None is Maturity().expires_at(T0) is expiry_of(T0, None, "Europe/Berlin")


instants = st.timedeltas(timedelta(0), 7_000 * DAY).map(lambda later: T0 + later)
zones = st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Pacific/Apia"])


@given(available=instants, months=st.integers(1, 24), zone=zones)
def test_an_expiry_is_found_by_going_through_the_days(
    available: datetime, months: int, zone: str
) -> None:
    """Nobody has less than the months that were promised, nor a month and some hours more."""
    maturity = Maturity(expire_months=months, time_zone=zone)

    expires = maturity.expires_at(available)

    assert expiry(available, maturity) == expires
    assert expires is not None
    assert months * 28 * DAY < expires - available <= (months + 1) * 31 * DAY + timedelta(hours=2)


@given(first=instants, later=st.timedeltas(timedelta(0), 800 * DAY), zone=zones)
def test_what_comes_later_does_not_expire_earlier(
    first: datetime, later: timedelta, zone: str
) -> None:
    maturity = Maturity(expire_months=3, time_zone=zone)

    one, other = maturity.expires_at(first), maturity.expires_at(first + later)

    assert one is not None
    assert other is not None
    assert one <= other
