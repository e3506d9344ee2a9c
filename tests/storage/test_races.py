"""The contract under many threads: nothing is lost, taken twice or overspent."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from portal_api.storage.table import (
    Add,
    ConditionFailed,
    Engine,
    Key,
    PutIfAbsent,
    PutIfVersion,
    Query,
)
from tests.storage.items import OTHER, K, get, page, put

THREADS = 16


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
