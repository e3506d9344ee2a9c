"""The contract of the seam, the same for every engine."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import pytest

from portal_api.storage.table import (
    ITEM_BYTES_MAX,
    Add,
    Check,
    ConditionFailed,
    Delete,
    Engine,
    Item,
    ItemTooLarge,
    Key,
    Page,
    PutIfAbsent,
    PutIfVersion,
    Query,
    TransactionTooLarge,
    Unavailable,
    Value,
    Write,
)

K = Key("P#1", "DEAL#1")
OTHER = Key("P#1", "DEAL#2")
THREADS = 16


class Colour(StrEnum):
    RED = "red"


def get(engine: Engine, key: Key = K) -> Item | None:
    ((item,), _) = engine.read([key])
    return item


def put(engine: Engine, item: Item, key: Key = K) -> None:
    engine.write([PutIfAbsent(key, item)])


def page(engine: Engine, query: Query) -> Page:
    _, (found,) = engine.read([], [query])
    return found


def failures(engine: Engine, *ops: Write) -> set[int]:
    """Execute a transaction that must fail, and give the positions of the failed conditions."""
    with pytest.raises(ConditionFailed) as caught:
        engine.write(ops)
    return set(caught.value.indexes)


# --- put if absent -------------------------------------------------------------------------------


def test_what_was_put_is_read_back_exactly(engine: Engine) -> None:
    item: dict[str, Value] = {
        "text": 'Zoë 😀 \x00 "quoted"',
        "empty": "",
        "largest": 2**63 - 1,
        "least": -(2**63 - 1),
        "yes": True,
        "no": False,
        "zero": 0,
        "list": [1, "1", True, None, [], {"deep": [{"a": None}]}],
        "map": {"size": 10**15, "name": "x"},
        "reserved": {"name": "words", "value": 1},
        "status": "DynamoDB reserves this word",
    }
    put(engine, item)
    assert item == get(engine)


def test_an_attribute_of_none_is_not_stored(engine: Engine) -> None:
    put(engine, {"a": 1, "b": None})
    assert {"a": 1} == get(engine)


def test_an_enumeration_is_stored_as_its_value(engine: Engine) -> None:
    put(engine, {"colour": Colour.RED, "version": 1})
    engine.write([Check(K, seen={"colour": Colour.RED})])
    stored = get(engine)
    assert stored is not None
    assert ("red", str) == (stored["colour"], type(stored["colour"]))


def test_a_taken_key_is_not_put_again(engine: Engine) -> None:
    put(engine, {"a": 1})
    assert {0} == failures(engine, PutIfAbsent(K, {"a": 2}))
    assert {"a": 1} == get(engine)


def test_an_item_without_attributes_exists(engine: Engine) -> None:
    put(engine, {})
    assert {} == get(engine)
    assert {0} == failures(engine, PutIfAbsent(K, {}))


# --- put if version ------------------------------------------------------------------------------


def test_a_versioned_put_keeps_attributes_it_does_not_name(engine: Engine) -> None:
    """They may belong to a newer release of the program (fault F19)."""
    put(engine, {"version": 1, "name": "old", "gone": "x", "newer": {"release": [1]}})
    engine.write([PutIfVersion(K, {"version": 2, "name": "new", "gone": None, "added": 7}, 1)])
    expected = {"version": 2, "name": "new", "newer": {"release": [1]}, "added": 7}
    assert expected == get(engine)


@pytest.mark.parametrize("stored", [{"version": 2}, {"version": "1"}, {"version": True}, {}, None])
def test_a_versioned_put_needs_exactly_the_version(engine: Engine, stored: Item | None) -> None:
    if stored is not None:
        put(engine, stored)
    assert {0} == failures(engine, PutIfVersion(K, {"version": 2, "a": 1}, 1))
    assert stored == get(engine)


# --- add -----------------------------------------------------------------------------------------


def test_an_addition_starts_from_nothing(engine: Engine) -> None:
    engine.write([Add(K, {"points": 5, "spent": -2, "count": 0})])
    assert {"points": 5, "spent": -2, "count": 0} == get(engine)


def test_an_addition_changes_only_what_it_names(engine: Engine) -> None:
    put(engine, {"points": 10**15, "name": "x"})
    engine.write([Add(K, {"points": 10**15 + 1, "other": 1})])
    assert {"points": 2 * 10**15 + 1, "name": "x", "other": 1} == get(engine)


@pytest.mark.parametrize(
    ("stored", "delta", "floor", "holds"),
    [
        (10, -10, 0, True),
        (10, -11, 0, False),
        (None, 0, 0, True),
        (None, -1, 0, False),
        (None, -1, -1, True),
        (None, 5, 6, False),
        (None, 5, 5, True),
        (2**62, -1, 2**62 - 1, True),
        (2**62, -1, 2**62, False),
        (-5, 1, -4, True),
        (-5, 1, -3, False),
    ],
)
def test_a_floor_is_the_least_value_after_the_addition(
    engine: Engine, stored: int | None, delta: int, floor: int, holds: bool
) -> None:
    if stored is not None:
        put(engine, {"points": stored})
    add = Add(K, {"points": delta}, floors={"points": floor})
    if holds:
        engine.write([add])
        assert {"points": (stored or 0) + delta} == get(engine)
    else:
        assert {0} == failures(engine, add)
        assert (None if stored is None else {"points": stored}) == get(engine)


def test_a_floor_may_be_on_an_attribute_that_is_not_added_to(engine: Engine) -> None:
    put(engine, {"held": 3})
    assert {0} == failures(engine, Add(K, {"points": 1}, floors={"held": 4}))
    assert {0} == failures(engine, Add(K, {"points": 1}, floors={"missing": 1}))
    engine.write([Add(K, {"points": 1}, floors={"held": 3, "missing": 0})])
    assert {"held": 3, "points": 1} == get(engine)


def test_a_floor_under_something_that_is_no_number_fails(engine: Engine) -> None:
    put(engine, {"held": "3"})
    assert {0} == failures(engine, Add(K, {"points": 1}, floors={"held": 0}))


SEEN_CASES: list[tuple[Item, Item, bool]] = [
    ({"a": 1}, {"a": 1}, True),
    ({"a": 1}, {"a": 2}, False),
    ({"a": 1}, {"a": "1"}, False),
    ({"a": 1}, {"a": True}, False),
    ({"a": True}, {"a": 1}, False),
    ({"a": False}, {"a": 0}, False),
    ({"a": 0}, {"a": 0}, True),
    ({"b": 1}, {"a": 0}, True),
    ({"b": 1}, {"a": None}, True),
    ({"b": 1}, {"a": False}, False),
    ({"b": 1}, {"a": ""}, False),
    ({"a": 1}, {"a": None}, False),
    ({"a": 1}, {"a": 0}, False),
    ({"a": [1, {"x": None}]}, {"a": [1, {"x": None}]}, True),
    ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, True),
    ({"a": {"x": 1}}, {"a": {"x": True}}, False),
    ({"a": [1, 2]}, {"a": [2, 1]}, False),
    ({"a": "x", "b": 2}, {"a": "x", "b": 3}, False),
    ({"a": "x", "b": 2}, {"a": "x", "b": 2, "c": 0, "d": None}, True),
]


@pytest.mark.parametrize(("stored", "seen", "holds"), SEEN_CASES)
@pytest.mark.parametrize("kind", [Add, Check])
def test_what_was_seen_must_still_be_so(
    engine: Engine, kind: type[Write], stored: Item, seen: Item, holds: bool
) -> None:
    """An expected 0 or None is also met by absence; nothing else is."""
    put(engine, stored)
    op = Check(K, seen=seen) if kind is Check else Add(K, {"n": 1}, seen=seen)
    if holds:
        engine.write([op])
    else:
        assert {0} == failures(engine, op)
    changed = holds and kind is Add
    assert ({**stored, "n": 1} if changed else stored) == get(engine)


def test_a_number_is_compared_exactly(engine: Engine) -> None:
    put(engine, {"a": 2**62 + 1})
    assert {0} == failures(engine, Check(K, seen={"a": 2**62}))
    engine.write([Check(K, seen={"a": 2**62 + 1})])


def test_an_addition_to_a_missing_item_sees_zeros_there(engine: Engine) -> None:
    assert {0} == failures(engine, Add(K, {"n": 1}, seen={"a": 1}))
    engine.write([Add(K, {"n": 1}, seen={"n": 0, "a": None})])
    assert {"n": 1} == get(engine)


def test_adding_to_text_is_a_mistake(engine: Engine) -> None:
    put(engine, {"a": "1"})
    with pytest.raises(ValueError, match=r"."):
        engine.write([Add(K, {"a": 1})])
    assert {"a": "1"} == get(engine)


# --- check and delete ----------------------------------------------------------------------------


def test_a_check_of_existence_and_absence(engine: Engine) -> None:
    assert {0} == failures(engine, Check(K))
    assert {0} == failures(engine, Check(K, seen={}))
    assert {0} == failures(engine, Check(K, seen={"a": None}))
    engine.write([Check(K, absent=True)])
    put(engine, {"a": 1})
    assert {0} == failures(engine, Check(K, absent=True))
    engine.write([Check(K)])
    engine.write([Check(K, seen={})])


def test_a_deletion_can_be_repeated(engine: Engine) -> None:
    put(engine, {"a": 1})
    engine.write([Delete(K)])
    engine.write([Delete(K)])
    assert get(engine) is None


# --- transactions --------------------------------------------------------------------------------


def test_a_failed_transaction_writes_nothing_and_names_all_its_failures(engine: Engine) -> None:
    """The positions are those of the caller's order, whatever the kinds of the operations."""
    keys = [Key("P", f"{n}") for n in range(8)]
    put(engine, {"version": 1, "a": 1}, keys[0])
    put(engine, {"version": 1}, keys[3])
    ops: list[Write] = [
        PutIfVersion(keys[0], {"version": 2}, 1),
        PutIfAbsent(keys[1], {"a": 1}),
        Check(keys[2]),
        Delete(keys[3]),
        Add(keys[4], {"n": -1}, floors={"n": 0}),
        Add(keys[5], {"n": 1}),
        Check(keys[6], absent=True),
        PutIfVersion(keys[7], {"version": 2}, 1),
    ]
    assert {2, 4, 7} == failures(engine, *ops)
    items, _ = engine.read(keys)
    before = ({"version": 1, "a": 1}, None, None, {"version": 1}, None, None, None, None)
    assert before == items


def test_a_transaction_of_every_kind_takes_effect_together(engine: Engine) -> None:
    keys = [Key("P", f"{n}") for n in range(6)]
    engine.write([PutIfAbsent(keys[0], {"version": 1}), PutIfAbsent(keys[3], {"x": 1})])
    engine.write(
        [
            Check(keys[2], absent=True),
            Add(keys[4], {"n": 1}),
            Delete(keys[3]),
            PutIfAbsent(keys[1], {"b": 1}),
            PutIfVersion(keys[0], {"version": 2}, 1),
        ]
    )
    items, _ = engine.read(keys)
    assert ({"version": 2}, {"b": 1}, None, None, {"n": 1}, None) == items


def test_a_transaction_of_nothing_is_nothing(engine: Engine) -> None:
    engine.write([])


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


# --- reads ---------------------------------------------------------------------------------------


def test_two_hundred_and_fifty_keys_are_one_wave(engine: Engine) -> None:
    keys = [Key(f"P#{n % 7}", f"{n}") for n in range(250)]
    for start in range(0, 250, 50):
        engine.write([PutIfAbsent(k, {"n": k.sk}) for k in keys[start : start + 50]])
    asked = [*keys, Key("P#0", "missing"), keys[3], keys[249]]
    items, pages = engine.read(asked)
    expected = [*[{"n": key.sk} for key in keys], None, {"n": "3"}, {"n": "249"}]
    assert expected == list(items)
    assert () == pages


def test_one_wave_answers_in_the_order_of_the_questions(engine: Engine) -> None:
    put(engine, {"n": 1}, Key("A", "1"))
    put(engine, {"n": 2}, Key("B", "1"))
    items, pages = engine.read(
        [Key("B", "1"), Key("C", "1"), Key("A", "1")], [Query("B"), Query("C"), Query("A")]
    )
    assert ({"n": 2}, None, {"n": 1}) == items
    rows = (((Key("B", "1"), {"n": 2}),), (), ((Key("A", "1"), {"n": 1}),))
    assert rows == tuple(found.rows for found in pages)


def test_a_wave_of_nothing_is_nothing(engine: Engine) -> None:
    assert ((), ()) == engine.read([], [])


ALPHABET = ["A", "A#1", "A#2", "A#2#x", "A#3", "B#1", "B#2", "a", "é", "\uffff", "😀"]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Give a partition of known sort keys between two others."""
    keys = [Key("P", sk) for sk in reversed(ALPHABET)]
    engine.write([PutIfAbsent(key, {"sk_": key.sk}) for key in keys])
    engine.write([PutIfAbsent(Key("O", "A#1"), {}), PutIfAbsent(Key("Q", "A#1"), {})])
    return engine


QUERY_CASES: list[tuple[dict[str, Any], list[str], bool]] = [
    ({}, ALPHABET, False),
    ({"descending": True}, ALPHABET[::-1], False),
    ({"prefix": "A#"}, ["A#1", "A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "descending": True}, ["A#3", "A#2#x", "A#2", "A#1"], False),
    ({"prefix": "A#2"}, ["A#2", "A#2#x"], False),
    ({"prefix": "C"}, [], False),
    ({"low": "A#2"}, ALPHABET[2:], False),
    ({"high": "A#2"}, ALPHABET[:3], False),
    ({"low": "A#2", "high": "B#1"}, ["A#2", "A#2#x", "A#3", "B#1"], False),
    ({"low": "B#1", "high": "A#2"}, [], False),
    ({"prefix": "A#", "low": "A#2", "high": "Z"}, ["A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "low": "0", "high": "A#2"}, ["A#1", "A#2"], False),
    ({"prefix": "A#", "low": "B"}, [], False),
    ({"prefix": "A#", "high": "A"}, [], False),
    ({"limit": 1}, ["A"], True),
    ({"limit": 10}, ALPHABET[:10], True),
    ({"limit": 11}, ALPHABET, False),
    ({"limit": 12}, ALPHABET, False),
    ({"limit": 2, "descending": True}, ["😀", "\uffff"], True),
    ({"prefix": "A#", "limit": 4}, ["A#1", "A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "limit": 3}, ["A#1", "A#2", "A#2#x"], True),
    ({"prefix": "A#", "after": "A#1"}, ["A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "after": "A#10"}, ["A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "after": "A#1", "limit": 2}, ["A#2", "A#2#x"], True),
    ({"prefix": "A#", "after": "A#2", "descending": True}, ["A#1"], False),
    ({"prefix": "A#", "after": "A#3"}, [], False),
    ({"prefix": "A#", "after": "A#1", "descending": True}, [], False),
    ({"prefix": "A#", "after": ""}, ["A#1", "A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "after": "", "descending": True}, [], False),
    ({"prefix": "A#", "after": "Z"}, [], False),
    ({"prefix": "A#", "after": "Z", "descending": True}, ["A#3", "A#2#x", "A#2", "A#1"], False),
    ({"low": "A#2", "high": "B#1", "after": "B#1"}, [], False),
    ({"low": "A#2", "high": "B#1", "after": "A"}, ["A#2", "A#2#x", "A#3", "B#1"], False),
    ({"low": "A#2", "high": "B#1", "after": "A#2", "descending": True}, [], False),
]


@pytest.mark.parametrize(("arguments", "expected", "more"), QUERY_CASES)
def test_a_query_gives_its_range_in_order(
    filled: Engine, arguments: dict[str, Any], expected: list[str], more: bool
) -> None:
    """Sort keys are in the order of their UTF-8 bytes, and a page knows whether it is the last."""
    found = page(filled, Query("P", **arguments))
    rows = tuple((Key("P", sk), {"sk_": sk}) for sk in expected)
    assert Page(rows, more) == found


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 4])
def test_a_range_can_be_read_page_by_page(filled: Engine, descending: bool, limit: int) -> None:
    seen: list[str] = []
    more, after = True, None
    while more:
        found = page(filled, Query("P", descending=descending, limit=limit, after=after))
        seen += [key.sk for key, _ in found.rows]
        after, more = seen[-1], found.more
    assert (ALPHABET[::-1] if descending else ALPHABET) == seen


@pytest.mark.parametrize("query", [Query(""), Query("P", limit=0), Query("P", prefix="x" * 1021)])
def test_a_senseless_query_is_refused(missing: Engine, query: Query) -> None:
    with pytest.raises(ValueError, match=r"."):
        missing.read([], [query])


# --- life cycle ----------------------------------------------------------------------------------


def test_a_missing_table_is_unavailable(missing: Engine) -> None:
    """Fault F23: a clean error, which names no table."""
    with pytest.raises(Unavailable):
        missing.read([K])
    with pytest.raises(Unavailable) as caught:
        missing.write([PutIfAbsent(K, {})])
    assert "table-" not in str(caught.value)


def test_a_table_is_made_once(engine: Engine) -> None:
    put(engine, {"a": 1})
    engine.create()
    assert {"a": 1} == get(engine)


def test_a_group_reads_its_writes_and_survives_a_failed_one(engine: Engine) -> None:
    with engine.group():
        put(engine, {"a": 1})
        assert {0, 1} == failures(
            engine, Check(OTHER), PutIfAbsent(K, {}), Add(Key("P", "x"), {"n": 1})
        )
        assert {"a": 1} == get(engine)
        engine.write([PutIfAbsent(OTHER, {"b": 1}), Delete(K)])
        assert ((OTHER, {"b": 1}),) == page(engine, Query("P#1")).rows
    assert ((OTHER, {"b": 1}),) == page(engine, Query("P#1")).rows
    assert get(engine, Key("P", "x")) is None


# --- races ---------------------------------------------------------------------------------------


def in_threads(task: Callable[[int], int]) -> list[int]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(task, range(THREADS)))


def test_additions_of_many_threads_lose_nothing(engine: Engine) -> None:
    def add(_: int) -> int:
        for _ in range(10):
            engine.write([Add(K, {"n": 3}), Add(OTHER, {"n": -1})])
        return 0

    in_threads(add)
    assert {"n": 3 * 10 * THREADS} == get(engine)
    assert {"n": -10 * THREADS} == get(engine, OTHER)


def test_a_versioned_counter_of_many_threads_loses_nothing(engine: Engine) -> None:
    put(engine, {"version": 0, "count": 0})

    def increment(_: int) -> int:
        done = 0
        while done < 5:
            item = get(engine)
            assert item is not None
            version, count = item["version"], item["count"]
            assert isinstance(version, int)
            assert isinstance(count, int)
            try:
                engine.write(
                    [PutIfVersion(K, {"version": version + 1, "count": count + 1}, version)]
                )
            except ConditionFailed:
                continue
            done += 1
        return done

    in_threads(increment)
    assert {"version": 5 * THREADS, "count": 5 * THREADS} == get(engine)


def test_a_key_is_put_by_one_of_many_threads(engine: Engine) -> None:
    def try_to_put(thread: int) -> int:
        try:
            engine.write([Add(OTHER, {"winners": 1}), PutIfAbsent(K, {"thread": thread})])
        except ConditionFailed:
            return 0
        return 1

    assert 1 == sum(in_threads(try_to_put))
    assert {"winners": 1} == get(engine, OTHER)


def test_a_budget_is_never_overspent_by_many_threads(engine: Engine) -> None:
    """16 times 30 from 250 is exactly 8 times, and 10 are left."""
    put(engine, {"available": 250})

    def draw(thread: int) -> int:
        award = PutIfAbsent(Key("AWARD", f"{thread}"), {})
        try:
            engine.write([award, Add(K, {"available": -30}, floors={"available": 0})])
        except ConditionFailed:
            return 0
        return 1

    assert 8 == sum(in_threads(draw))
    assert {"available": 10} == get(engine)
    assert 8 == len(page(engine, Query("AWARD")).rows)
