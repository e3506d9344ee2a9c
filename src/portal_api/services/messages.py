"""Events as others are told of them: thin messages, on the bus and in webhooks.

A message names what happened and to what, and has neither names nor amounts: who reads it asks the
API for more, with the ids that are in it.
"""

from collections.abc import Mapping
from typing import Final

from portal_api.domain.events import Event
from portal_api.domain.ids import from_global_id, global_id
from portal_api.domain.records import canonical
from portal_api.services.audit import subject_of, whose_is
from portal_api.services.use_case import VENDOR

_RECORD: Final = "AuditRecord"
"""What the API calls an event."""
FOUND_BY_ID: Final = frozenset(
    {
        "Activity",
        "Adjustment",
        "Claim",
        "Deal",
        "Dispute",
        "Earning",
        "ExchangeRate",
        "Individual",
        "Intervention",
        "Objection",
        "ObstacleReport",
        "Partner",
        "Payout",
        "PayoutBatch",
        "Program",
        "Team",
        "WebhookEndpoint",
    }
)
"""The types of subjects that ``node`` of the API finds; the id of another would lead nowhere."""


def message_of(event: Event) -> dict[str, str | None]:
    """An event as JSON values; the same for the same event, always.

    ``id`` is the API's of the audit record, and the message's own. ``at`` is in UTC.
    """
    subject, whose = subject_of(event), whose_is(event)
    return {
        "id": message_id(event.id),
        "kind": event.kind,
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "subjectType": subject.type or None,
        "subjectId": global_id(subject.type, subject.id) if subject.type in FOUND_BY_ID else None,
        "partnerId": None if whose == VENDOR else global_id("Partner", whose),
        "requestId": event.request_id,
    }


def message_id(event_id: str) -> str:
    """The id under which an event is told: it is the same however often that is."""
    return global_id(_RECORD, event_id)


def event_id_of(message: Mapping[str, object]) -> str:
    """The event that a message is about; raises ``ValueError`` for what is no message of ours."""
    found = from_global_id(f"{message.get('id', '')}", _RECORD)
    if found is None:
        raise ValueError("This is no message of the portal.")
    return found


def body_of(event: Event) -> bytes:
    """The body of a webhook: the message as ``data``, with its ``type`` and ``timestamp``."""
    data = message_of(event)
    return canonical({"type": data["kind"], "timestamp": data["at"], "data": data})
