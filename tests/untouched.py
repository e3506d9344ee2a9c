"""A portal whose store nobody may touch, and how much of the processor an answer takes."""

import time
from collections.abc import Callable
from typing import Any, cast

from portal_api.services.store import Store
from portal_api.services.use_case import Portal
from tests.portals import NOW

QUICK = 0.05
"""Seconds of the processor that a refusal may take."""


class Untouchable:
    """A store that fails whatever is done with it, and remembers that."""

    def __init__(self) -> None:
        self.touched: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def touch(*_: object, **__: object) -> Any:
            self.touched.append(name)
            raise AssertionError(f"{name} of the store was called")

        return touch


def untouchable() -> tuple[Portal, Untouchable]:
    """A portal in which no resolver can read and no mutation can write, and its store."""
    store = Untouchable()
    return Portal(cast("Store", store), lambda: NOW, lambda: "never0"), store


def quickest(answered: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
    """An answer, and the least that it took of the processor, after a warm-up.

    Of three times, or of up to twelve where none was quick: a busy machine fails no test, and a
    slow refusal does.
    """
    answer = answered()
    taken: list[float] = []
    while len(taken) < 3 or (min(taken) > QUICK and len(taken) < 12):
        started = time.process_time()
        answer = answered()
        taken.append(time.process_time() - started)
    return answer, min(taken)
