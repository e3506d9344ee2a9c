"""The reads of one request: whatever is asked for until nobody can go on is one round trip."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from graphql import GraphQLError

from portal_api.services.store import Want

_PATIENCE = 8
"""So many turns of the loop without another wish, and everybody waits: fields that lie deeper come
to their reads some turns later than those beside them."""
MOST: Final = 10_000
"""So many keys and queries are asked for one query document: what its cost did not foresee, because
a list is longer than others are, ends here."""
TOO_COSTLY: Final = "TOO_COSTLY"


class Waves:
    """Reads each thing once, and together with all else that is wished for meanwhile."""

    def __init__(self, read: Callable[[Sequence[Want[Any]]], Any]) -> None:
        """Waves over what reads many things in one round trip."""
        self._read = read
        self.most: int | None = MOST
        self._asked = 0
        self._known: dict[Want[Any], asyncio.Future[Any]] = {}
        self._wished: list[tuple[Want[Any], asyncio.Future[Any]]] = []
        self._wave: asyncio.Task[None] | None = None

    def load(self, want: Want[Any]) -> "asyncio.Future[Any]":
        """What was read, or will be with the wave that begins now."""
        known = self._known.get(want)
        if known is not None:
            return known
        loop = asyncio.get_running_loop()
        wished = self._known[want] = loop.create_future()
        self._wished.append((want, wished))
        if self._wave is None:
            self._wave = loop.create_task(self._collect())
        return wished

    def prime(self, want: Want[Any], found: Any, *, force: bool = False) -> None:
        """What is at hand need not be read; ``force``: not even where it was read before."""
        if want in self._known and not force:
            return
        at_hand = self._known[want] = asyncio.get_running_loop().create_future()
        at_hand.set_result(found)

    def clear_all(self) -> None:
        """Everything is read anew."""
        self._known.clear()

    async def _collect(self) -> None:
        """Waits until nobody wishes for anything more, and reads it."""
        seen = quiet = 0
        while quiet < _PATIENCE:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._wished) == seen else 0
            seen = len(self._wished)
        wished, self._wished, self._wave = self._wished, [], None
        try:
            found = self._found([want for want, _ in wished])
        except Exception as problem:  # noqa: BLE001 - Whoever wished for it is told.
            for _, answer in wished:
                answer.set_exception(problem)
        else:
            for want, answer in wished:
                answer.set_result(found[want])

    def _found(self, wants: Sequence[Want[Any]]) -> Any:
        """What is read; raises ``GraphQLError`` where that is more than is read for one request."""
        self._asked += len(wants)
        if self.most is not None and self._asked > self.most:
            raise GraphQLError(
                f"The document leads to more than {self.most:,} reads: ask for less, or in several"
                " requests.",
                extensions={"code": TOO_COSTLY},
            )
        return self._read(wants)
