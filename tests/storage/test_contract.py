"""The contract of the seam, the same for every engine."""

from enum import StrEnum

import pytest

from portal_api.storage.table import (
    Add,
    Check,
    Delete,
    Engine,
    Item,
    Key,
    PutIfAbsent,
    PutIfVersion,
    Query,
    Unavailable,
    Value,
    Write,
)
from tests.storage.items import OTHER, K, failures, get, page, put


class Colour(StrEnum):
    RED = "red"


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
