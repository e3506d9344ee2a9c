"""Filtered pages of a list: there is no index, so its records are looked at, some at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from portal_api.domain.writes import Record
from portal_api.schema.context import Info
from portal_api.services.store import Listed, One

R = TypeVar("R", bound=Record)

AT_ONCE = 250
ROUNDS = 2
SCANNED = AT_ONCE * ROUNDS
BOUND = (
    f" With a filter a page looks at {SCANNED} of them at most, so it can have fewer than asked"
    " for, even none, while pageInfo says that there are more: go on from its endCursor."
)
"""For the description of a field that scans."""


@dataclass(frozen=True, slots=True)
class Scanned(Generic[R]):
    """What was looked at, with a cursor for each: the record where it is one of those wished.

    ``more``: at least one more was seen, or not all were looked at.
    """

    records: tuple[R | None, ...]
    cursors: tuple[str, ...]
    more: bool


async def scan(
    info: Info,
    name: str,
    kind: type[R],
    admits: Callable[[R], bool],
    size: int,
    mark: str | None,
) -> Scanned[R]:
    """The next ``size`` records of a list that are wished, oldest first.

    It ends just before the first that is too many, so that going on misses and repeats none.
    """
    found: list[R | None] = []
    cursors: list[str] = []
    hits = 0
    for _ in range(ROUNDS):
        page = await info.context.load(Listed(name, AT_ONCE, mark, newest_first=False))
        wants: list[Any] = [One(kind, record_id) for record_id in page.ids]
        records: list[R | None] = await info.context.load_all(wants)
        for cursor, record in zip(page.cursors, records, strict=True):
            wished = record is not None and admits(record)
            if wished and hits == size:
                return Scanned(tuple(found), tuple(cursors), more=True)
            found.append(record if wished else None)
            cursors.append(cursor)
            hits += wished
        if not page.more:
            return Scanned(tuple(found), tuple(cursors), more=False)
        mark = page.cursors[-1]
        if hits == size:
            break
    return Scanned(tuple(found), tuple(cursors), more=True)
