"""The stream's function: every event that is committed to the table goes onto the event bus.

The event is part of the transaction that it tells of, so nothing is told that was not done, and
what was done is told, at least once. A batch is put on the bus in groups, not record by record as
Powertools' batch processor would do it, with a tenth of its requests. What the bus did not take,
and all behind it, comes again; a batch of which nothing could be done fails as a whole, so that
Lambda halves it until a record that can never be read is alone, and goes to the failure queue.
"""

import functools
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from portal_api import logs, metrics, settings
from portal_api.bus import Bus, Message
from portal_api.domain.events import Event
from portal_api.services.messages import message_of
from portal_api.storage.dynamo_requests import row_from_wire
from portal_api.storage.items import record_of
from portal_api.storage.keys import EVENTS

Record = Mapping[str, Any]

_log = logging.getLogger(__name__)


class NothingForwarded(Exception):
    """Not even the batch's first record could be done."""


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Puts the events of a batch of the table's stream on the bus; says where it got stuck.

    Raises ``NothingForwarded``, after which Lambda halves the batch.
    """
    return forward(_bus(), event["Records"])


def forward(bus: Bus, records: Sequence[Record]) -> dict[str, Any]:
    """The same on any bus: ``{"batchItemFailures": [...]}`` with the first that is to come again.

    Lambda takes the sequence number as the mark from which on the stream is read again.
    """
    numbers, messages, stuck = _read(records)
    taken = bus.put(messages)
    metrics.count(metrics.EVENTS_FORWARDED, taken)
    if taken < len(messages):
        stuck = numbers[taken]
    if stuck is None:
        return {"batchItemFailures": []}
    metrics.count(metrics.EVENTS_FAILED)
    if stuck == _number(records[0]) and len(records) > 1:
        raise NothingForwarded
    return {"batchItemFailures": [{"itemIdentifier": stuck}]}


def _read(records: Sequence[Record]) -> tuple[list[str], list[Message], str | None]:
    """Sequence numbers and messages of the events, and the number of the first that is unreadable.

    What is behind that one is not looked at: it comes again anyway.
    """
    numbers: list[str] = []
    messages: list[Message] = []
    for record in filter(_is_event, records):
        try:
            _, item = row_from_wire(record["dynamodb"]["NewImage"])
            messages.append(message_of(record_of(Event, item)))
        except Exception as error:  # noqa: BLE001 - Whatever it is, it comes of this record alone.
            _log.error("unreadable event", exc_info=error)
            return numbers, messages, _number(record)
        numbers.append(_number(record))
    return numbers, messages, None


def _is_event(record: Record) -> bool:
    """Whether a record tells of a new event; what was changed or removed in the table is none."""
    partition: str = record["dynamodb"]["Keys"]["pk"].get("S", "")
    return record["eventName"] == "INSERT" and partition.startswith(EVENTS)


def _number(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


@functools.cache
def _bus() -> Bus:
    known = settings.for_stream()
    logs.logger(known.stage)
    return Bus(known.event_bus)
