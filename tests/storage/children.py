"""What the tests run in other processes; a spawned process imports this and little else."""

import os
import signal

from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.table import Add, ConditionFailed, Key, PutIfAbsent, PutIfVersion

COUNTER = Key("P", "COUNTER")


def increment(path: str, times: int) -> None:
    """Count `times` up by versions, and beside it by an addition, in the same transaction."""
    engine = SqliteEngine(path)
    engine.create()
    done = 0
    while done < times:
        ((item,), _) = engine.read([COUNTER])
        version = 0 if item is None else item["version"]
        assert isinstance(version, int)
        put = (
            PutIfAbsent(COUNTER, {"version": 1})
            if item is None
            else PutIfVersion(COUNTER, {"version": version + 1}, version)
        )
        try:
            engine.write([put, Add(Key("P", "SUM"), {"n": 1})])
        except ConditionFailed:
            continue
        done += 1
    engine.close()


def die_in_a_group(path: str) -> None:
    """Commit one write and one group, then be killed in the middle of another group."""
    engine = SqliteEngine(path)
    engine.write([PutIfAbsent(Key("P", "alone"), {})])
    with engine.group():
        for number in range(50):
            engine.write([PutIfAbsent(Key("P", f"committed-{number:02}"), {})])
    with engine.group():
        for number in range(50):
            engine.write([PutIfAbsent(Key("P", f"lost-{number:02}"), {"memo": "x" * 100_000})])
        os.kill(os.getpid(), signal.SIGKILL)
