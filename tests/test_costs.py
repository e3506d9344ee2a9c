"""What the portal costs: DynamoDB's rules, and that the table that operators read is counted."""

import io
import re
import sys
from collections.abc import Iterator
from logging import StreamHandler
from pathlib import Path

import pytest

from portal_api import logs
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.table import (
    Add,
    Check,
    ConditionFailed,
    Delete,
    Item,
    Key,
    PutIfAbsent,
    PutIfVersion,
    Query,
    check_item,
)
from tests import costs
from tests.api import entry_of, event_of
from tests.metering import ITEM_OVERHEAD, MeteringEngine, Usage, item_bytes
from tests.portals import ADMIN, NAME, opened
from tests.prices import LOG_BYTES, PRICES, Price
from tests.readme import README

KEY = Key("p", "s")
EMPTY = len("pkpsks")


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[MeteringEngine]:
    """Give an engine that counts, on an empty table."""
    engine = SqliteEngine(tmp_path / "table.sqlite", durable=False)
    engine.create()
    yield MeteringEngine(engine)
    engine.close()


def of_size(size: int) -> Item:
    """An item at ``KEY`` of so many bytes."""
    item: Item = {"version": 1, "x": "a" * (size - EMPTY - len("version") - 2 - len("x"))}
    assert size == item_bytes(KEY, item)
    return item


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({}, 0),
        ({"name": "Zoë"}, 4 + 4),
        ({"n": 0}, 1 + 1),
        ({"n": 7}, 1 + 2),
        ({"n": 30_000_00}, 1 + 2),
        ({"n": 123_456_789}, 1 + 6),
        ({"n": -12}, 1 + 3),
        ({"b": True}, 1 + 1),
        ({"gone": None}, 0),
        ({"l": []}, 1 + 3),
        ({"l": ["ab", None]}, 1 + 3 + (1 + 2) + (1 + 1)),
        ({"m": {"k": "v"}}, 1 + 3 + (1 + 1 + 1)),
    ],
)
def test_an_item_has_the_size_that_dynamodb_counts(item: Item, size: int) -> None:
    assert EMPTY + size == item_bytes(KEY, item)


@pytest.mark.parametrize(("size", "units"), [(1024, 2), (1025, 4), (10 * 1024, 20)])
def test_a_write_in_a_transaction_costs_two_units_for_each_kb_begun(
    meter: MeteringEngine, size: int, units: int
) -> None:
    meter.write([PutIfAbsent(KEY, of_size(size))])
    assert units == meter.used.write_units
    assert size + ITEM_OVERHEAD == meter.used.stored_bytes


def test_a_change_costs_by_the_larger_of_before_and_after(meter: MeteringEngine) -> None:
    meter.write([PutIfAbsent(KEY, of_size(2048))])
    meter.forget()
    meter.write([PutIfVersion(KEY, {"version": 2, "x": "short"}, 1)])
    assert 4 == meter.used.write_units
    assert meter.used.stored_bytes < -2000
    meter.forget()
    meter.write([Add(KEY, {"n": 1})])
    assert (2, 3) == (meter.used.write_units, meter.used.stored_bytes)
    meter.forget()
    meter.write([Delete(KEY)])
    assert 2 == meter.used.write_units


def test_a_check_costs_as_a_write_and_a_failure_too(meter: MeteringEngine) -> None:
    meter.write([PutIfAbsent(KEY, of_size(1500))])
    meter.forget()
    meter.write([Check(KEY, {"version": 1}), Check(Key("p", "none"), absent=True)])
    assert (4 + 2, 2) == (meter.used.write_units, meter.used.checks)
    meter.forget()
    with pytest.raises(ConditionFailed):
        meter.write([Check(KEY, {"version": 9}), PutIfAbsent(Key("p", "new"), of_size(3000))])
    assert (4 + 6, 0) == (meter.used.write_units, meter.used.stored_bytes)


def test_a_read_costs_a_unit_for_each_4_kb_begun(meter: MeteringEngine) -> None:
    """A batch by items, also for one that is not there; a query by all that it looks at."""
    for number in range(4):
        meter.write([PutIfAbsent(Key("p", f"{number}"), of_size(3000))])
    meter.forget()
    meter.read([Key("p", "0"), Key("p", "1"), Key("p", "none")])
    assert Usage(read_units=3, read_waves=1) == meter.used
    meter.forget()
    meter.read([], [Query("p"), Query("empty")])
    assert 3 + 1 == meter.used.read_units
    meter.forget()
    _, (page,) = meter.read([], [Query("p", limit=1)])
    assert (2, 1, True) == (meter.used.read_units, len(page.rows), page.more)
    _, (page,) = meter.read([], [Query("p", limit=4)])
    assert (4, False) == (len(page.rows), page.more)


def test_what_expires_by_itself_is_not_kept_and_events_are_counted(meter: MeteringEngine) -> None:
    meter.write([PutIfAbsent(KEY, {"expires_at": 1}), PutIfAbsent(Key("EVENTS#vendor", "E"), {})])
    assert 1 == meter.used.events
    assert item_bytes(KEY, {"expires_at": 1}) + ITEM_OVERHEAD == meter.used.passing_bytes


def test_beyond_the_first_many_a_price_is_another() -> None:
    price = Price("x", 1.0, 10, "x", 100, 0.5)
    assert (5.0, 10.0, 15.0) == (price.of(50), price.of(100), price.of(200))
    free = next(one for one in PRICES if one.what.startswith("Cognito"))
    assert (0.0, 0.015) == (free.of(10_000), round(free.of(10_001), 3))


def test_the_table_that_operators_read_is_what_is_counted() -> None:
    """`make costs` renews it."""
    with costs.counted() as counter:
        table = costs.table_of(counter)
    text = costs.OPERATIONS.read_text("utf-8")
    assert table in text
    assert text == costs.rendered(text, table)
    (sums,) = re.findall(r"\*\*in all\*\*(.*)", table)
    told = README.read_text("utf-8")
    assert [] == [usd for usd in re.findall(r"\*\*([\d,.]+)\*\*", sums) if usd not in told]


def test_no_line_of_the_log_is_longer_than_the_bill_assumes(tmp_path: Path) -> None:
    """A third of it: the others are Lambda's own and the gateway's."""
    written = io.StringIO()
    with opened(tmp_path) as portal:
        entry = entry_of(portal)  # Makes the logger.
        handlers = [one for one in logs.logger("test").handlers if isinstance(one, StreamHandler)]
        streams = [(one, one.setStream(written) or sys.stdout) for one in handlers]
        assert 200 == entry(event_of(ADMIN, NAME))["statusCode"]
        for one, before in streams:
            one.setStream(before)
    (line,) = written.getvalue().splitlines()
    assert len(line) < LOG_BYTES / 3


def test_an_item_of_an_award_is_never_larger_than_the_seam_takes_it_for(tmp_path: Path) -> None:
    """The seam refuses by an upper bound, which never lets through what DynamoDB would refuse."""
    items: list[tuple[Key, Item]] = [
        (KEY, {"n": 2**63 - 1, "m": {"a": [1, -1, None, True, "ü"]}, "s": "x" * 100}),
        (KEY, {"deep": [[[[{}]]]]}),
    ]
    for key, item in items:
        assert item_bytes(key, item) <= check_item(key, item)
