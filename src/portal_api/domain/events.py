"""What a committed use case leaves behind.

The stored answer of its request, and the event that tells it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of one request: its outcome's type and values, never the text that was sent.

    ``id`` names caller and request id; ``request_hash`` is over the operation and its arguments.
    ``expires_at`` is in seconds since 1970, when the table may forget it. ``event_id`` is the event
    that tells of it, where something was changed.
    """

    id: str
    operation: str
    request_hash: str
    outcome: str
    values: Mapping[str, Any]
    answered_at: datetime
    expires_at: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One change: who, what, when, by which request.

    The audit record and the outbox's message in one. ``id`` names the partner it concerns (or
    ``vendor``) and itself.
    """

    id: str
    kind: str
    subject_id: str
    actor_id: str
    request_id: str
    at: datetime
