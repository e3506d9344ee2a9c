"""A table restored to a moment in the middle of a transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portal_api.services import deals
from portal_api.services.store import Store
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Check, Delete, Item, Key, PutIfAbsent
from tests.services.stores import CountingEngine
from tests.services.world import MILESTONES, World

NOT_LEDGER = {"LIST#deals.submitted", "PROTECTION", "DEAL"}
"""What an approval writes beside the ledger, which is not what is proved."""


def findings(store: Store, world: World) -> list[Finding]:
    return [one for one in verify(store, now=world.now) if isinstance(one, Finding)]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    engine = SqliteEngine(tmp_path / "whole.sqlite", durable=False)
    engine.create()
    yield engine
    engine.close()


def test_F26_whatever_of_an_award_a_restore_left_behind_is_named(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    """For each item of one approval's transaction, a table with all of it but that item's write."""
    counting = CountingEngine(engine)
    world = World(TableStore(counting))
    company, program = world.ready(MILESTONES)
    deal = world.register(company, program)
    copied(tmp_path / "whole.sqlite", tmp_path / "before.sqlite")
    counting.forget()
    deals.approve_deal(world.portal, world.manage(), deal_id=deal.id)
    (written,) = counting.written
    assert [] == findings(world.store, world)
    changed = [op.key for op in written if not isinstance(op, Check)]
    before = items_of(tmp_path / "before.sqlite", changed)
    unnamed = set[str]()
    for key, was in zip(changed, before, strict=True):
        torn = tmp_path / "torn.sqlite"
        copied(tmp_path / "whole.sqlite", torn)
        if not findings_without(torn, key, was, world):
            unnamed.add(kind_of(key))
    assert NOT_LEDGER == unnamed
    assert len(changed) > 2 * len(NOT_LEDGER)


def findings_without(file: Path, key: Key, was: Item | None, world: World) -> list[Finding]:
    """What is found in a store where an item is as it was before."""
    engine = SqliteEngine(file, durable=False)
    engine.create()
    engine.write([Delete(key)])
    if was is not None:
        engine.write([PutIfAbsent(key, was)])
    found = findings(TableStore(engine), world)
    engine.close()
    return found


def copied(file: Path, target: Path) -> None:
    """All that is committed in a file that is in use."""
    with closing(sqlite3.connect(file)) as whole, closing(sqlite3.connect(target)) as copy:
        whole.backup(copy)


def items_of(file: Path, keys: list[Key]) -> tuple[Item | None, ...]:
    engine = SqliteEngine(file, durable=False)
    engine.create()
    items, _ = engine.read(keys)
    engine.close()
    return items


def kind_of(key: Key) -> str:
    return key.pk if key.pk.startswith("LIST#") else key.sk.partition("#")[0]
