"""Rows of the table in SQLite: the statements, the JSON, and what each write does to its item.

All of it runs on a connection that already is in a transaction. A write judges all its conditions
before it changes the first row, so a failed condition has nothing to undo.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, Final, Never, TypeGuard

import msgspec

from portal_api.storage.table import (
    FIRST,
    Add,
    Check,
    ConditionFailed,
    Corrupt,
    Delete,
    Item,
    Key,
    Page,
    PutIfAbsent,
    PutIfVersion,
    Query,
    Value,
    Write,
    bounds,
    check_item,
)

# The attributes are text, so that people can read them with any SQLite tool, and bytes for us, so
# that a row that is not UTF-8 reaches our decoder instead of failing inside the driver.
CREATE = """CREATE TABLE IF NOT EXISTS items (
    pk TEXT NOT NULL, sk TEXT NOT NULL, attributes TEXT NOT NULL, PRIMARY KEY (pk, sk)
) WITHOUT ROWID"""
_EXISTS = "SELECT 1 FROM items WHERE pk = ? AND sk = ?"
_GET = "SELECT CAST(attributes AS BLOB) FROM items WHERE pk = ? AND sk = ?"
_PUT = "INSERT OR REPLACE INTO items VALUES (?, ?, CAST(? AS TEXT))"
_DELETE = "DELETE FROM items WHERE pk = ? AND sk = ?"
_RANGE = "SELECT sk, CAST(attributes AS BLOB) FROM items WHERE pk = ? AND sk >= ? AND sk < ?"
_UP = f"{_RANGE} ORDER BY sk LIMIT ?"
_DOWN = f"{_RANGE} ORDER BY sk DESC LIMIT ?"


_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


class _Failed:
    """The mark of a condition that did not hold."""


_FAILED: Final = _Failed()


def _refuse_fraction(text: str) -> Never:
    raise ValueError(f"{text} is not an integer")


_decode = msgspec.json.Decoder(dict[str, Any], float_hook=_refuse_fraction).decode


def read(
    connection: sqlite3.Connection, gets: Sequence[Key], queries: Sequence[Query]
) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
    """Answer one wave; see ``Engine.read``."""
    items = tuple(_get(connection, key) for key in gets)
    return items, tuple(_query(connection, query) for query in queries)


def _get(connection: sqlite3.Connection, key: Key) -> dict[str, Value] | None:
    row = connection.execute(_GET, key).fetchone()
    return None if row is None else _item(key, row[0])


def _query(connection: sqlite3.Connection, query: Query) -> Page:
    low, high = bounds(query)
    end = high + FIRST  # The next string after high, for SQLite excludes the end.
    if query.after is not None:
        if query.descending:
            end = min(end, query.after)
        else:
            low = max(low, query.after + FIRST)
    count = -1 if query.limit is None else query.limit + 1
    statement = _DOWN if query.descending else _UP
    found = connection.execute(statement, (query.pk, low, end, count)).fetchall()
    rows = tuple(_row(Key(query.pk, sk), text) for sk, text in found[: query.limit])
    return Page(rows, more=len(found) > len(rows))


def _row(key: Key, text: bytes) -> tuple[Key, Item]:
    return key, _item(key, text)


def _item(key: Key, text: bytes) -> dict[str, Value]:
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:
        raise Corrupt(key) from error


def write(connection: sqlite3.Connection, ops: Sequence[Write]) -> None:
    """Judge and then execute one transaction; see ``Engine.write``."""
    puts: list[tuple[str, str, bytes]] = []
    deletes: list[Key] = []
    failed: list[int] = []
    for index, op in enumerate(ops):
        if isinstance(op, Delete):
            deletes.append(op.key)
            continue
        result = _judge(connection, op)
        if result is _FAILED:
            failed.append(index)
        elif result is not None:
            puts.append((*op.key, _encode(result)))
    if failed:
        raise ConditionFailed(frozenset(failed))
    if puts:
        connection.executemany(_PUT, puts)
    if deletes:
        connection.executemany(_DELETE, deletes)


def _judge(
    connection: sqlite3.Connection, op: PutIfAbsent | PutIfVersion | Add | Check
) -> dict[str, Value] | _Failed | None:
    """Give the item to store, None for nothing to store, or the mark of a failed condition."""
    match op:
        case PutIfAbsent():
            return _FAILED if _exists(connection, op.key) else _stored(op.item)
        case PutIfVersion():
            stored = _get(connection, op.key)
            if stored is None or not _same(stored.get("version"), op.version):
                return _FAILED
            merged = _stored({**stored, **op.item})
            check_item(op.key, merged)  # What is kept counts too.
            return merged
        case Add():
            return _sum(_get(connection, op.key) or {}, op)
        case Check(seen=None):
            return None if _exists(connection, op.key) is not op.absent else _FAILED
        case Check():
            stored = _get(connection, op.key)
            return None if stored is not None and _meets(stored, op.seen or {}) else _FAILED


def _exists(connection: sqlite3.Connection, key: Key) -> bool:
    return connection.execute(_EXISTS, key).fetchone() is not None


def _stored(item: Item) -> dict[str, Value]:
    return {name: value for name, value in item.items() if value is not None}


def _sum(stored: dict[str, Value], op: Add) -> dict[str, Value] | _Failed:
    if not _meets(stored, op.seen):
        return _FAILED
    for name, least in op.floors.items():
        value = stored.get(name, 0)
        if not _integer(value) or value + op.deltas.get(name, 0) < least:
            return _FAILED
    for name, delta in op.deltas.items():
        value = stored.get(name, 0)
        if not _integer(value):
            raise ValueError(f"{name} is not a number that can be added to")
        stored[name] = value + delta
    return stored


def _meets(stored: Item, expected: Item) -> bool:
    for name, value in expected.items():
        found = stored.get(name)
        if found is None:
            if value is not None and not _same(value, 0):
                return False
        elif not _same(found, value):
            return False
    return True


def _same(left: Value, right: Value) -> bool:
    if type(left) is type(right) and isinstance(left, (str, int)):
        return left == right
    # As JSON, where True is not 1 and an enumeration is its value.
    return _encode_sorted(left) == _encode_sorted(right)


def _integer(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
