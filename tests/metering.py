"""What DynamoDB would charge for the same work: request units, by the sizes of what is stored.

``MeteringEngine`` stands before any engine and reads around each write, so that it knows every item
before and after it. The rules are DynamoDB's:

- A strongly consistent read costs a unit for each 4 KB begun: of each item of a batch, of all that
  a query looks at together, and one where there is nothing.
- A write in a transaction costs two units for each KB begun, of the larger of the item before and
  after it; a condition check costs as a write, and so does what fails.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html and
…/transaction-apis.html; sizes of attributes: …/CapacityUnitCalculations.html
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace

from portal_api.storage.dynamo_requests import query_request
from portal_api.storage.table import (
    Check,
    ConditionFailed,
    Engine,
    Item,
    Key,
    Page,
    PutIfAbsent,
    PutIfVersion,
    Query,
    Value,
    Write,
)

ITEM_OVERHEAD = 148
"""Bytes that are charged for the storage of every item beside its own: 48 of them where there are
transactions."""
_READ_UNIT, _WRITE_UNIT, _TRANSACTION = 4096, 1024, 2
_EVENTS, _EXPIRES = "EVENTS#", "expires_at"


@dataclass(frozen=True)
class Usage:
    """What some work has used of the table.

    ``stored_bytes`` are those that stay, ``passing_bytes`` those of items that expire;
    ``checks`` are among the ``items_written``, and ``events`` are what the stream's function sees.
    """

    read_units: int = 0
    write_units: int = 0
    read_waves: int = 0
    transactions: int = 0
    items_written: int = 0
    checks: int = 0
    stored_bytes: int = 0
    passing_bytes: int = 0
    events: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        names = [field.name for field in fields(self)]
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in names})


class MeteringEngine:
    """An engine that counts what is asked of another one; ``used`` is all of it until forgotten."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.used = Usage()

    def forget(self) -> None:
        self.used = Usage()

    def create(self) -> None:
        self._engine.create()

    def read(
        self, gets: Sequence[Key], queries: Sequence[Query] = ()
    ) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
        # DynamoDB is asked for one item more than wanted, which tells whether there are more.
        further = [
            query if query.limit is None else replace(query, limit=query.limit + 1)
            for query in queries
        ]
        items, pages = self._engine.read(gets, further)
        got = dict(zip(gets, items, strict=True))
        units = sum(_read_units(item_bytes(key, item)) for key, item in got.items())
        for query, page in zip(queries, pages, strict=True):
            if query_request("-", query) is not None:
                units += _read_units(sum(item_bytes(key, item) for key, item in page.rows))
        self.used += Usage(read_units=units, read_waves=1)
        return items, tuple(map(_cut, queries, pages))

    def write(self, ops: Sequence[Write]) -> None:
        keys = [op.key for op in ops]
        before, _ = self._engine.read(keys)
        try:
            self._engine.write(ops)
        except ConditionFailed:
            tried = [op.item if isinstance(op, PutIfAbsent | PutIfVersion) else None for op in ops]
            self._count(ops, before, tried, done=False)
            raise
        after, _ = self._engine.read(keys)
        self._count(ops, before, after, done=True)

    def group(self) -> AbstractContextManager[None]:
        return self._engine.group()

    def prepare(self) -> None:
        self._engine.prepare()

    def close(self) -> None:
        self._engine.close()

    def _count(
        self,
        ops: Sequence[Write],
        before: Sequence[Item | None],
        after: Sequence[Item | None],
        *,
        done: bool,
    ) -> None:
        units, stored, passing = 0, 0, 0
        for op, was, becomes in zip(ops, before, after, strict=True):
            old, new = item_bytes(op.key, was), item_bytes(op.key, becomes)
            units += _TRANSACTION * max(1, -(-max(old, new) // _WRITE_UNIT))
            grown = _charged(new) - _charged(old) if done else 0
            if _EXPIRES in (becomes or was or {}):
                passing += grown
            else:
                stored += grown
        told = [op for op in ops if isinstance(op, PutIfAbsent) and op.key.pk.startswith(_EVENTS)]
        self.used += Usage(
            write_units=units,
            transactions=1,
            items_written=len(ops),
            checks=sum(isinstance(op, Check) for op in ops),
            stored_bytes=stored,
            passing_bytes=passing,
            events=len(told) if done else 0,
        )


def item_bytes(key: Key, item: Item | None) -> int:
    """The size of a stored item, 0 for none; an attribute of None is not stored."""
    if item is None:
        return 0
    named = {"pk": key.pk, "sk": key.sk, **item}
    return sum(
        _text(name) + value_bytes(value) for name, value in named.items() if value is not None
    )


def value_bytes(value: Value) -> int:
    """The size of an attribute's value, without its name."""
    match value:
        case None | bool():
            return 1
        case str():
            return _text(value)
        case int():
            digits = len(str(abs(value)).strip("0"))
            return (digits + 1) // 2 + 1 + (value < 0)
        case list():
            return 3 + sum(1 + value_bytes(part) for part in value)
        case _:
            return 3 + sum(1 + _text(name) + value_bytes(part) for name, part in _parts(value))


def _parts(value: Mapping[str, Value]) -> list[tuple[str, Value]]:
    return list(value.items())


def _text(text: str) -> int:
    return len(text.encode())


def _charged(size: int) -> int:
    return size + ITEM_OVERHEAD if size else 0


def _read_units(size: int) -> int:
    return max(1, -(-size // _READ_UNIT))


def _cut(query: Query, page: Page) -> Page:
    """The page without the row that was read to know whether there are more."""
    rows = page.rows[: query.limit]
    return Page(rows, more=page.more or len(rows) < len(page.rows))
