"""Two keys, and short ways to read and write under them on any engine."""

import pytest

from portal_api.storage.table import (
    ConditionFailed,
    Engine,
    Item,
    Key,
    Page,
    PutIfAbsent,
    Query,
    Write,
)

K = Key("P#1", "DEAL#1")
OTHER = Key("P#1", "DEAL#2")


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
