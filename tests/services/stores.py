"""Stores and engines that add faults, pauses or counts to a real one."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from portal_api.domain.writes import Write
from portal_api.services.store import (
    Found,
    OutcomeUnknown,
    RawJournal,
    Store,
    StoredSlice,
    Want,
    WriteConflict,
)
from portal_api.storage import table
from portal_api.storage.table import Engine, Item, Key, Page, PutIfAbsent, PutIfVersion, Query


class Killed(BaseException):
    """The process died at this place."""


class FaultyStore:
    """A store whose commits meet faults, one for each commit until there are none left.

    A fault is called with the real commit, and raises before or after it.
    """

    def __init__(self, store: Store, *faults: Callable[[Callable[[], None]], None]) -> None:
        self._store = store
        self._faults = iter(faults)
        self.commits = 0

    def read(self, wants: Sequence[Want[object]]) -> Found:
        return self._store.read(wants)

    def commit(self, writes: Sequence[Write]) -> None:
        self.commits += 1
        fault = next(self._faults, None)
        if fault is None:
            self._store.commit(writes)
        else:
            fault(lambda: self._store.commit(writes))

    def group(self) -> AbstractContextManager[None]:
        return self._store.group()

    def journals(self, wallet_id: str, after: str | None = None) -> Iterator[RawJournal]:
        return self._store.journals(wallet_id, after)

    def stored(self, wants: Sequence[Want[object]]) -> Mapping[object, StoredSlice]:
        return self._store.stored(wants)


def lost_after(commit: Callable[[], None]) -> None:
    """Done, but nobody hears of it."""
    commit()
    raise OutcomeUnknown("the answer was lost")


def lost_before(_: Callable[[], None]) -> None:
    """Not done, and nobody hears of it."""
    raise OutcomeUnknown("the request was lost")


def conflicting(_: Callable[[], None]) -> None:
    """Something changed."""
    raise WriteConflict


def killed_after(commit: Callable[[], None]) -> None:
    """Done, and then the process died."""
    commit()
    raise Killed


def killed_before(_: Callable[[], None]) -> None:
    """The process died before it was done."""
    raise Killed


def first(happens: Callable[[], object]) -> Callable[[Callable[[], None]], None]:
    """Somebody else's change gets in just before the commit."""

    def fault(commit: Callable[[], None]) -> None:
        happens()
        commit()

    return fault


class CountingEngine:
    """An engine that notes its waves: ``R`` for a read, ``W`` for a write; and what was written.

    ``found`` are all items that were read, and ``asked`` how many keys and queries they were asked
    by.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.forget()

    def forget(self) -> None:
        self.waves, self.asked = "", 0
        self.written: list[Sequence[table.Write]] = []
        self.found: list[Item] = []

    def create(self) -> None:
        self._engine.create()

    def read(
        self, gets: Sequence[Key], queries: Sequence[Query] = ()
    ) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
        self.waves += "R"
        self.asked += len(gets) + len(queries)
        items, pages = self._engine.read(gets, queries)
        self.found += [item for item in items if item is not None]
        self.found += [item for page in pages for _, item in page.rows]
        return items, pages

    def write(self, ops: Sequence[table.Write]) -> None:
        self.waves += "W"
        self.written.append(ops)
        self._engine.write(ops)

    def group(self) -> AbstractContextManager[None]:
        return self._engine.group()

    def prepare(self) -> None:
        self._engine.prepare()

    def close(self) -> None:
        self._engine.close()


class CarelessEngine(CountingEngine):
    """The control: an engine that forgets to compare versions, as a naive program would."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._number = itertools.count(1)
        self._turn = threading.Lock()

    def write(self, ops: Sequence[table.Write]) -> None:
        with self._turn:
            super().write([self._careless(op) for op in ops])

    def _careless(self, op: table.Write) -> table.Write:
        match op:
            case PutIfVersion():
                ((stored,), _) = self._engine.read([op.key])
                version = stored.get("version") if stored else None
                assert isinstance(version, int)
                return replace(op, version=version)
            case PutIfAbsent(key, _) if key.sk.startswith("JOURNAL#"):
                aside = Key(key.pk, f"{key.sk}#{next(self._number)}")
                return replace(op, key=aside)
            case _:
                return op


def in_parallel(*tasks: Callable[[], object]) -> list[object]:
    """What each task answers or raises, all of them started at the same moment."""
    ready = threading.Barrier(len(tasks))
    results: list[object] = [None] * len(tasks)

    def run(index: int, task: Callable[[], object]) -> None:
        ready.wait()
        try:
            results[index] = task()
        except Exception as error:  # noqa: BLE001 - the test looks at what was raised.
            results[index] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
