"""Webhooks of the local portal: what is committed here is told to receivers on this machine.

In AWS the table's stream tells of commits. Here the store is asked to, by whoever commits, so only
what this process commits is told of. Nothing leaves this machine, whatever the endpoints' URLs are.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final
from urllib.parse import urlsplit

from portal_api.domain.events import Event
from portal_api.domain.writes import Create, Write
from portal_api.sending import sender
from portal_api.services.deliveries import Send, Sent, deliver, retry_due
from portal_api.services.messages import message_id
from portal_api.services.series import UNFINISHED
from portal_api.services.store import (
    Found,
    RawJournal,
    Store,
    StoredSlice,
    Want,
    WriteConflict,
)
from portal_api.services.use_case import Portal

RETRY_SECONDS: Final = 60.0
"""What is due again is looked for so often, and with every event."""
_BUSY_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 15.0

_log = logging.getLogger(__name__)


class ToldStore(Store):
    """A store that notes the ids of the events that are committed to it, in ``committed``.

    Also of those whose commit failed or has an unknown outcome: who takes them looks whether they
    are there.
    """

    def __init__(self, store: Store) -> None:
        """The same store, told of."""
        self._store = store
        self.committed: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def commit(self, writes: Sequence[Write]) -> None:
        """As the store does it; raises as it does."""
        try:
            self._store.commit(writes)
        finally:
            for write in writes:
                if isinstance(write, Create) and isinstance(write.record, Event):
                    self.committed.put(write.record.id)

    def group(self) -> AbstractContextManager[None]:
        """As the store does it; it is for imports, and no request that is served here uses it."""
        return self._store.group()

    def read(self, wants: Sequence[Want[object]]) -> Found:
        """As the store does it."""
        return self._store.read(wants)

    def journals(self, wallet_id: str, after: str | None = None) -> Iterator[RawJournal]:
        """As the store does it."""
        return self._store.journals(wallet_id, after)

    def stored(self, wants: Sequence[Want[object]]) -> Mapping[object, StoredSlice]:
        """As the store does it."""
        return self._store.stored(wants)


@contextlib.contextmanager
def telling(
    portal: Portal, told: ToldStore, origins: Container[str], every: float = RETRY_SECONDS
) -> Iterator[None]:
    """Webhooks of those origins are told of what is committed, as long as this lasts."""
    send, stop = _only(origins), threading.Event()

    def work() -> None:
        while True:
            try:
                event_id = told.committed.get(timeout=every)
            except queue.Empty:
                event_id = None
            if stop.is_set():
                return
            if not _told(portal, send, event_id):
                told.committed.put(event_id)
                stop.wait(_BUSY_SECONDS)

    thread = threading.Thread(target=work, name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        told.committed.put(None)
        thread.join(_STOP_SECONDS)


def _told(portal: Portal, send: Send, event_id: str | None) -> bool:
    """Tells of an event, if there is one, and of what is due; whether the store let it be done."""
    try:
        if event_id is not None:
            deliver(portal, {"id": message_id(event_id)}, send)
        retry_due(portal, send)
    except (*UNFINISHED, WriteConflict):
        return False
    except Exception as error:  # noqa: BLE001 - One that cannot be told keeps no other waiting.
        _log.warning("webhooks: %s", type(error).__name__)
    return True


def _only(origins: Container[str]) -> Send:
    """Sends to these origins and to no other."""
    send = sender(origins)

    def send_here(url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" not in origins:
            return Sent(None, "The local portal calls receivers on this machine alone.")
        return send(url, headers, body)

    return send_here
