"""Ids of the portal sort by the instants at which they were made, and bound them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import ids

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)
MORE = st.integers(0, (1 << ids.MORE_BITS) - 1)


@given(INSTANTS, MORE, INSTANTS, MORE)
def test_ids_sort_as_their_instants_and_lie_within_their_bounds(
    one: datetime, more: int, other: datetime, more_too: int
) -> None:
    """To the millisecond; what tells them apart within one comes second."""
    first, second = ids.timed(one, more), ids.timed(other, more_too)
    assert ids.first_of(one) <= first <= ids.last_of(one)
    if other - one >= timedelta(milliseconds=1):
        assert ids.last_of(one) < ids.first_of(other)
        assert first < second
    assert {20} == {len(first), len(second)}


def test_bounds_of_instants_that_no_id_has_are_ids_too() -> None:
    """Before 1970, and as late as an instant can be."""
    assert "0" * 20 == ids.first_of(datetime(1900, 1, 1, tzinfo=UTC))
    latest = datetime.max.replace(tzinfo=UTC)
    assert ids.first_of(datetime(2026, 1, 1, tzinfo=UTC)) < ids.last_of(latest)
