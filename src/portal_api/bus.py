"""Puts events on the event bus, where webhooks and other systems find them.

Whoever reads the bus meets an event once or more often: an event that was put again has the same
id in its detail.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_events.type_defs import PutEventsRequestEntryTypeDef

Message = Mapping[str, str | None]
"""An event as ``services.messages`` tells it."""

SOURCE: Final = "portal"
"""By this a rule of the bus knows our events."""
_AT_ONCE: Final = 10  # EventBridge's limits for one request.
_BYTES_AT_ONCE: Final = 256 * 1024
_TIME_BYTES: Final = 14  # What EventBridge counts for the time of an entry.
_ASKING: Final = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3}
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bus:
    """The bus of that name, in the region of the process or the one that is named."""

    name: str
    region: str | None = None
    endpoint_url: str | None = None

    @cached_property
    def _client(self) -> "EventBridgeClient":
        """Made at the first event: credentials are not to be part of a snapshot."""
        return boto3.client(
            "events", region_name=self.region, endpoint_url=self.endpoint_url, config=_ASKING
        )

    def put(self, messages: Sequence[Message]) -> int:
        """Puts events on the bus in their order; how many it took before the first it did not.

        What is behind that one may have been taken as well. Why it was not is in the log.
        """
        taken = 0
        for group in _groups([_entry(self.name, message) for message in messages]):
            taken_here = self._put_group(group)
            taken += taken_here
            if taken_here < len(group):
                break
        return taken

    def _put_group(self, group: "list[PutEventsRequestEntryTypeDef]") -> int:
        try:
            answer = self._client.put_events(Entries=group)
        except ClientError as refused:
            return _refused(0, refused.response.get("Error", {}).get("Code"))
        except BotoCoreError as failed:
            return _refused(0, type(failed).__name__)
        # An answer of 200 may still have entries that were not taken.
        for taken, entry in enumerate(answer["Entries"]):
            if entry.get("ErrorCode"):
                return _refused(taken, entry["ErrorCode"])
        return len(group)


def _refused(taken: int, code: str | None) -> int:
    """How many were taken, and a word in the log of why it was not more."""
    _log.error("the bus refused: %s", code)
    return taken


def _entry(bus: str, message: Message) -> "PutEventsRequestEntryTypeDef":
    return {
        "EventBusName": bus,
        "Source": SOURCE,
        "DetailType": f"{message['kind']}",
        "Detail": json.dumps(message, separators=(",", ":")),
        "Time": datetime.fromisoformat(f"{message['at']}"),
    }


def _groups(
    entries: "Sequence[PutEventsRequestEntryTypeDef]",
) -> "Iterator[list[PutEventsRequestEntryTypeDef]]":
    """The entries in their order, so many together as one request takes."""
    group: list[PutEventsRequestEntryTypeDef] = []
    total_bytes = 0
    for entry in entries:
        size_bytes = _TIME_BYTES + sum(
            len(entry[name].encode()) for name in ("Source", "DetailType", "Detail")
        )
        if group and (len(group) == _AT_ONCE or total_bytes + size_bytes > _BYTES_AT_ONCE):
            yield group
            group, total_bytes = [], 0
        group.append(entry)
        total_bytes += size_bytes
    if group:
        yield group
