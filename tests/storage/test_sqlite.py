"""What SQLite promises beyond the contract: processes, crashes, groups, snapshots, bad rows."""

import multiprocessing
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.table import (
    Add,
    Check,
    ConditionFailed,
    Corrupt,
    Engine,
    Item,
    Key,
    PutIfAbsent,
    PutIfVersion,
    Query,
    Unavailable,
    Write,
)
from tests.storage import children

K = Key("P", "K")
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.db"


@pytest.fixture
def engine(path: Path) -> Iterator[SqliteEngine]:
    engine = SqliteEngine(path, deadline_seconds=1)
    engine.create()
    yield engine
    engine.close()


def get(engine: Engine, key: Key = K) -> Item | None:
    ((item,), _) = engine.read([key])
    return item


def sort_keys(engine: Engine) -> list[str]:
    _, (page,) = engine.read([], [Query("P")])
    return [key.sk for key, _ in page.rows]


def test_a_counter_raced_by_processes_loses_nothing(path: Path) -> None:
    """They also make the file at the same time."""
    processes = [SPAWN.Process(target=children.increment, args=(str(path), 100)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [0] * 4 == [process.exitcode for process in processes]
    with closing(SqliteEngine(path)) as engine:
        assert {"version": 400} == get(engine, children.COUNTER)
        assert {"n": 400} == get(engine, Key("P", "SUM"))


def test_a_killed_process_leaves_what_it_committed_and_nothing_else(
    engine: SqliteEngine, path: Path
) -> None:
    """The open group is larger than SQLite's cache, so that part of it had reached the file."""
    process = SPAWN.Process(target=children.die_in_a_group, args=(str(path),))
    process.start()
    process.join()
    assert -signal.SIGKILL == process.exitcode
    assert ["alone", *(f"committed-{n:02}" for n in range(50))] == sort_keys(engine)
    engine.write([PutIfAbsent(Key("P", "lost-00"), {})])


def test_a_group_is_not_seen_by_others_before_its_end(engine: SqliteEngine, path: Path) -> None:
    with closing(SqliteEngine(path)) as other:
        with engine.group():
            engine.write([PutIfAbsent(K, {"a": 1})])
            assert get(other) is None
        assert {"a": 1} == get(other)


def test_a_group_that_ends_by_an_exception_leaves_nothing(engine: SqliteEngine) -> None:
    def fail() -> None:
        engine.write([PutIfAbsent(K, {"a": 1})])
        raise LookupError

    with pytest.raises(LookupError), engine.group():
        fail()
    assert get(engine) is None
    engine.write([PutIfAbsent(K, {"a": 2})])
    assert {"a": 2} == get(engine)


def test_a_group_inside_a_group_joins_it(engine: SqliteEngine) -> None:
    with engine.group():
        with engine.group():
            engine.write([PutIfAbsent(K, {})])
        with pytest.raises(ConditionFailed):
            engine.write([PutIfAbsent(K, {})])
        engine.write([PutIfAbsent(Key("P", "L"), {})])
    assert ["K", "L"] == sort_keys(engine)


def test_groups_of_several_threads_take_turns(engine: SqliteEngine) -> None:
    def fill(name: str) -> None:
        for start in range(0, 20, 5):
            with engine.group():
                for number in range(start, start + 5):
                    engine.write(
                        [PutIfAbsent(Key("P", f"{name}{number:02}"), {}), Add(K, {"n": 1})]
                    )

    threads = [threading.Thread(target=fill, args=(name,)) for name in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {"n": 80} == get(engine)
    assert 81 == len(sort_keys(engine))


def test_a_read_wave_is_one_snapshot(engine: SqliteEngine) -> None:
    """A unit moves between two items all the time; every wave finds it exactly once."""
    left, right = Key("P", "left"), Key("P", "right")
    engine.write([Add(left, {"n": 1}), Add(right, {"n": 0})])
    stop = threading.Event()

    def move() -> None:
        step = 1
        while not stop.is_set():
            engine.write([Add(left, {"n": -step}), Add(right, {"n": step})])
            step = -step

    thread = threading.Thread(target=move)
    thread.start()
    try:
        for _ in range(300):
            items, (page,) = engine.read([left, right], [Query("P")])
            found = [item["n"] for item in items if item]
            assert found in ([0, 1], [1, 0])
            assert found == [item["n"] for _, item in page.rows]
    finally:
        stop.set()
        thread.join()


def test_a_database_that_stays_busy_is_unavailable(engine: SqliteEngine, path: Path) -> None:
    """Reading goes on meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(Unavailable):
            engine.write([PutIfAbsent(K, {})])
        assert time.monotonic() - started < 3
        assert get(engine) is None


def test_a_thread_that_waits_too_long_for_its_turn_is_told_so(engine: SqliteEngine) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with engine.group():
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        with pytest.raises(Unavailable):
            engine.write([PutIfAbsent(K, {})])
    finally:
        done.set()
        thread.join()
    engine.write([PutIfAbsent(K, {})])


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"a": "\xff"}', b"[1]", b"1", b'{"a": 1.5}', b'{"a": NaN}', b"[" * 100_000],
)
def test_a_row_that_cannot_be_read_is_named(engine: SqliteEngine, path: Path, text: bytes) -> None:
    engine.write([PutIfAbsent(Key("P", "A"), {}), PutIfAbsent(Key("P", "Z"), {})])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO items VALUES (?, ?, CAST(? AS TEXT))", (*K, text))
    failing: list[Write] = [
        Check(K, seen={"a": 1}),
        Add(K, {"n": 1}),
        PutIfVersion(K, {"version": 2}, 1),
    ]
    for op in failing:
        with pytest.raises(Corrupt) as caught:
            engine.write([op])
        assert K == caught.value.key
    with pytest.raises(Corrupt) as caught:
        engine.read([K])
    assert K == caught.value.key
    with pytest.raises(Corrupt) as caught:
        engine.read([], [Query("P")])
    assert K == caught.value.key
    assert {} == get(engine, Key("P", "A"))


def test_a_file_that_is_no_database_is_unavailable(path: Path) -> None:
    path.write_bytes(b"something else entirely" * 100)
    with closing(SqliteEngine(path)) as engine:
        with pytest.raises(Unavailable):
            engine.create()
        with pytest.raises(Unavailable):
            engine.read([K])


def test_reading_a_missing_file_does_not_make_it(path: Path) -> None:
    with closing(SqliteEngine(path)) as engine, pytest.raises(Unavailable):
        engine.read([K])
    assert not path.exists()


def test_a_full_disk_ends_a_group_without_a_trace(engine: SqliteEngine) -> None:
    """What SQLite undoes by itself then is not known, so the group cannot go on."""
    engine.write([PutIfAbsent(Key("P", "before"), {})])

    def fill() -> None:
        engine._session().execute("PRAGMA max_page_count = 5")
        engine.write([PutIfAbsent(K, {"a": 1})])
        with pytest.raises(Unavailable):
            engine.write([PutIfAbsent(Key("P", "L"), {"a": "x" * 100_000})])

    with pytest.raises(Unavailable), engine.group():
        fill()
    assert ["before"] == sort_keys(engine)
    engine.write([PutIfAbsent(K, {"a": 1})])


def test_connections_end_with_their_threads(engine: SqliteEngine) -> None:
    for _ in range(3):
        thread = threading.Thread(target=get, args=(engine,))
        thread.start()
        thread.join()
    assert 0 == len(engine._sessions)
    get(engine)
    assert 1 == len(engine._sessions)


def test_a_closed_engine_is_unavailable(engine: SqliteEngine) -> None:
    get(engine)
    engine.close()
    with pytest.raises(Unavailable):
        engine.read([K])


def test_a_commit_reaches_the_disk_unless_told_otherwise(path: Path) -> None:
    for durable, expected in ((True, 2), (False, 0)):
        with closing(SqliteEngine(path, durable=durable)) as engine:
            engine.create()
            assert (expected,) == engine._session().execute("PRAGMA synchronous").fetchone()
            assert ("wal",) == engine._session().execute("PRAGMA journal_mode").fetchone()
