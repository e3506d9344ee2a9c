"""The contract's limits and mistakes: what no engine takes, and the largest that each does."""

import pytest

from portal_api.storage.table import (
    ITEM_BYTES_MAX,
    Add,
    Check,
    Engine,
    ItemTooLarge,
    Key,
    PutIfAbsent,
    PutIfVersion,
    Query,
    TransactionTooLarge,
    Value,
    Write,
)
from tests.storage.items import OTHER, K, get, page, put


def test_a_transaction_takes_a_hundred_operations_and_no_more(engine: Engine) -> None:
    ops = [PutIfAbsent(Key("P", f"{n:03}"), {"n": n}) for n in range(101)]
    with pytest.raises(TransactionTooLarge):
        engine.write(ops)
    assert () == page(engine, Query("P")).rows
    engine.write(ops[:100])
    assert 100 == len(page(engine, Query("P")).rows)


@pytest.mark.parametrize(
    ("ops", "error"),
    [
        ([PutIfAbsent(K, {}), Check(K)], ValueError),
        ([PutIfAbsent(Key("", "a"), {})], ValueError),
        ([PutIfAbsent(Key("a", ""), {})], ValueError),
        ([PutIfAbsent(Key("a", "b\U0010ffff"), {})], ValueError),
        ([PutIfAbsent(Key("a", "b" * 1021), {})], ValueError),
        ([PutIfAbsent(Key("a" * 2049, "b"), {})], ValueError),
        ([PutIfAbsent(Key("\ud800", "b"), {})], ValueError),
        ([PutIfAbsent(K, {"pk": "x"})], ValueError),
        ([PutIfAbsent(K, {"": "x"})], ValueError),
        ([PutIfAbsent(K, {"a": "\ud800"})], ValueError),
        ([PutIfAbsent(K, {"a": 2**63})], ValueError),
        ([PutIfAbsent(K, {"a": [{"b": -(2**63)}]})], ValueError),
        ([PutIfVersion(K, {"a": 1}, 1)], ValueError),
        ([Add(K, {})], ValueError),
        ([Add(K, {"a": 2**63})], ValueError),
        ([Check(K, seen={"a": 1}, absent=True)], ValueError),
        ([PutIfAbsent(K, {"a": 1.5})], TypeError),  # type: ignore[dict-item]
        ([PutIfAbsent(K, {"a": (1, 2)})], TypeError),  # type: ignore[dict-item]
        ([PutIfAbsent(K, {"a": b"x"})], TypeError),  # type: ignore[dict-item]
    ],
)
def test_a_mistake_is_refused_before_anything_is_sent(
    missing: Engine, ops: list[Write], error: type[Exception]
) -> None:
    """The table was never made: what is sent would meet another error."""
    with pytest.raises(error):
        missing.write(ops)


def test_what_is_nested_too_deep_is_refused(missing: Engine) -> None:
    value: Value = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(ValueError, match="deep"):
        missing.write([PutIfAbsent(K, {"a": value})])


def test_thirty_levels_are_kept(engine: Engine) -> None:
    value: Value = 1
    for _ in range(30):
        value = [value]
    put(engine, {"a": value})
    assert {"a": value} == get(engine)


def test_an_item_near_the_limit_of_dynamodb_is_refused(engine: Engine) -> None:
    """Fault F20; the limit counts bytes, not characters."""
    with pytest.raises(ItemTooLarge) as caught:
        put(engine, {"memo": "ë" * (ITEM_BYTES_MAX // 2)})
    assert K == caught.value.key
    memo = "ë" * (ITEM_BYTES_MAX // 2 - 50)
    put(engine, {"memo": memo})
    assert {"memo": memo} == get(engine)


def test_an_item_that_would_grow_too_large_is_refused(engine: Engine) -> None:
    put(engine, {"version": 1, "a": "x" * 300_000})
    with pytest.raises(ItemTooLarge) as caught:
        engine.write(
            [Check(OTHER, absent=True), PutIfVersion(K, {"version": 2, "b": "y" * 300_000}, 1)]
        )
    assert K == caught.value.key


def test_a_transaction_near_four_megabytes_is_refused(engine: Engine) -> None:
    items = [PutIfAbsent(Key("P", f"{n:02}"), {"memo": "x" * 380_000}) for n in range(11)]
    with pytest.raises(TransactionTooLarge):
        engine.write(items)
    engine.write(items[:10])
    found = page(engine, Query("P"))
    assert [380_000] * 10 == [len(str(item["memo"])) for _, item in found.rows]
