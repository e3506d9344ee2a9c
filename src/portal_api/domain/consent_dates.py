"""What becomes due of consents by itself: reminders, requests that expire, and ends of consents."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal_api.domain.consent import Consent, ConsentFile, ConsentRequest, ConsentRequestStatus

REMINDED_AFTER = tuple(timedelta(days=days) for days in (7, 14, 28))
EXPIRES_AFTER = timedelta(days=60)
WARNED_BEFORE = timedelta(days=30)


class DueKind(StrEnum):
    """What becomes due; each value is the event that tells of it."""

    REMINDER = "ConsentRequestReminded"
    REQUEST_EXPIRES = "ConsentRequestExpired"
    END_IS_NEAR = "ConsentExpiring"
    END = "ConsentExpired"


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """Something that is to be told from ``at`` on, of the request or consent of that number."""

    at: datetime
    number: int
    kind: DueKind


def expires_at(asked: ConsentRequest) -> datetime:
    """When a request expires that nobody answers."""
    return asked.requested_at + EXPIRES_AFTER


def next_due(file: ConsentFile) -> Due | None:
    """What of a file is to be told next."""
    return min(_all_due(file), default=None)


def told(file: ConsentFile, due: Due, by: str, now: datetime) -> tuple[ConsentFile, DueKind]:
    """The file in which that is noted, and as what: what is late is told as what it is by now.

    A reminder that was missed until the request expires is its end, and so is a late warning.
    """
    match due.kind:
        case DueKind.REMINDER | DueKind.REQUEST_EXPIRES:
            asked = file.request(due.number)
            if now >= expires_at(asked):
                expired = asked.answered(ConsentRequestStatus.EXPIRED, by, now)
                return file.with_request(expired), DueKind.REQUEST_EXPIRES
            reminded = replace(asked, reminded_at=(*asked.reminded_at, now))
            return file.with_request(reminded), DueKind.REMINDER
        case DueKind.END_IS_NEAR | DueKind.END:
            consent = file.consent(due.number)
            if consent.valid_to is not None and now >= consent.valid_to:
                return file.with_consent(replace(consent, expired_at=now)), DueKind.END
            return file.with_consent(replace(consent, warned_at=now)), DueKind.END_IS_NEAR


def _all_due(file: ConsentFile) -> Iterator[Due]:
    for asked in file.waiting():
        yield _request_due(asked)
    for consent in file.consents:
        if consent.valid_to is not None and consent.revoked_at is None:
            yield from _consent_due(file, consent, consent.valid_to)


def _request_due(asked: ConsentRequest) -> Due:
    """The next reminder after the last one, and after all of them the end."""
    last = asked.reminded_at[-1] if asked.reminded_at else asked.requested_at
    for after in REMINDED_AFTER:
        if asked.requested_at + after > last:
            return Due(asked.requested_at + after, asked.number, DueKind.REMINDER)
    return Due(expires_at(asked), asked.number, DueKind.REQUEST_EXPIRES)


def _consent_due(file: ConsentFile, consent: Consent, ends_at: datetime) -> Iterator[Due]:
    """Its end is announced, unless it goes on or was granted for no longer, and then recorded."""
    if consent.expired_at is not None:
        return
    near = ends_at - WARNED_BEFORE
    if consent.warned_at is None and consent.granted_at < near and not file.renewed(consent.number):
        yield Due(near, consent.number, DueKind.END_IS_NEAR)
    else:
        yield Due(ends_at, consent.number, DueKind.END)
