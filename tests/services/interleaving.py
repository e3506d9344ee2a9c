"""Clients of one table, interleaved one request at a time in an order that a seed decides.

Each client is a thread, but only one of them ever runs: it stops before every request to the table,
and goes on when it is drawn. The same seed gives the same order, the same faults and so the same
history. What was committed is kept in its order, for a judge that knows nothing of the program.
"""

import random
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from portal_api.storage import table
from portal_api.storage.table import ConditionFailed, Engine, Item, Key, OutcomeUnknown, Page, Query

_SECONDS = 60
GOES_ON = 0.7
"""How likely it is that the client that was last goes on."""
FAULTS = (("conflict", 0.06), ("lost after", 0.04), ("lost before", 0.03), ("away", 0.02))


class Turns:
    """Whose turn it is."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._running: int | None = None
        self._last: int | None = None
        self._left: set[int] = set()

    def run(self, *clients: Callable[[], None]) -> None:
        """Runs all clients to their ends; raises what one of them raised."""
        failures: list[BaseException] = []
        self._left = set(range(len(clients)))

        def body(number: int, client: Callable[[], None]) -> None:
            _own.number = number
            try:
                self.take()
                client()
            except BaseException as failure:  # noqa: BLE001 - raised again by the one who waits.
                failures.append(failure)
            finally:
                self._end(number)

        threads = [threading.Thread(target=body, args=each) for each in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_SECONDS)
        if failures:
            raise failures[0]

    def take(self) -> None:
        """Waits until it is this client's turn; its last turn ends by this."""
        number: int | None = getattr(_own, "number", None)
        if number is None:
            return
        with self._changed:
            self._waiting.add(number)
            if self._running == number:
                self._running = None
            self._draw()
            while self._running != number:
                if not self._changed.wait(_SECONDS):
                    raise TimeoutError("a client never stopped for another")

    def _end(self, number: int) -> None:
        with self._changed:
            self._left.discard(number)
            self._waiting.discard(number)
            if self._running == number:
                self._running = None
            self._draw()

    def _draw(self) -> None:
        """The next one, once all that are left wait."""
        if self._running is not None or not self._left or self._waiting != self._left:
            return
        stays = self._last in self._waiting and self.random.random() < GOES_ON
        chosen = self._last if stays else self.random.choice(sorted(self._waiting))
        assert chosen is not None
        self._waiting.discard(chosen)
        self._running = self._last = chosen
        self._changed.notify_all()


class _Own(threading.local):
    number: int | None = None


_own = _Own()


class InterleavedEngine:
    """An engine on which every item and every page is a request of its own, with faults.

    ``committed`` has the transactions that were executed, in their order, and ``faults`` what
    happened to the others.
    """

    def __init__(self, engine: Engine, turns: Turns) -> None:
        self._engine, self._turns = engine, turns
        self.committed: list[Sequence[table.Write]] = []
        self.faults: list[str] = []

    def create(self) -> None:
        self._engine.create()

    def read(
        self, gets: Sequence[Key], queries: Sequence[Query] = ()
    ) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
        items: list[Item | None] = []
        pages: list[Page] = []
        for key in gets:
            self._turns.take()
            items += self._engine.read([key])[0]
        for query in queries:
            self._turns.take()
            pages += self._engine.read([], [query])[1]
        return tuple(items), tuple(pages)

    def write(self, ops: Sequence[table.Write]) -> None:
        self._turns.take()
        fault = self._fault()
        if fault is not None:
            self.faults.append(fault)
        if fault == "conflict":
            raise ConditionFailed(frozenset())
        if fault == "lost before":
            raise OutcomeUnknown(fault)
        if fault == "away":
            raise table.Unavailable(fault)
        self.execute(ops)
        if fault == "lost after":
            raise OutcomeUnknown(fault)

    def execute(self, ops: Sequence[table.Write]) -> None:
        """The transaction itself."""
        self._engine.write(ops)
        self.committed.append(ops)

    def _fault(self) -> str | None:
        drawn = self._turns.random.random()
        for fault, likely in FAULTS:
            if drawn < likely:
                return fault
            drawn -= likely
        return None

    def group(self) -> AbstractContextManager[None]:
        return self._engine.group()

    def prepare(self) -> None:
        self._engine.prepare()

    def close(self) -> None:
        self._engine.close()


class RacyEngine(InterleavedEngine):
    """The control: it looks at nothing again that a decision has only relied on."""

    def execute(self, ops: Sequence[table.Write]) -> None:
        super().execute([op for op in ops if not isinstance(op, table.Check)])
