"""Webhooks: who is told of events, how a message is signed, and when it is tried again.

What is sent follows the Standard Webhooks convention: the headers ``webhook-id``,
``webhook-timestamp`` and ``webhook-signature`` over id, timestamp and body, and secrets that begin
with ``whsec_``.
"""

import base64
import hmac
import ipaddress
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, urlsplit

from portal_api.domain.addresses import is_public
from portal_api.domain.records import stamp

LONGEST_URL: Final = 500
SECRET_BYTES: Final = 32
"""Of the system's randomness; the convention asks for 24 to 64."""
_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - What every secret begins with.

BACKOFF: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long to wait after each failed attempt but the last: ten attempts in about three days."""
LONGEST: Final = timedelta(days=4)
"""Nothing is tried again after this, though attempts came late and are fewer."""
LEASE: Final = timedelta(minutes=1)
"""Who begins an attempt has it for so long; an attempt that was killed is due again then."""
KEPT: Final = timedelta(days=30)
"""How long a delivery is kept."""
PATIENCE: Final = timedelta(minutes=5)
"""After so long without a success an endpoint is not tried with every new event any more."""
SLOW: Final = timedelta(seconds=5)
"""An endpoint that takes so long for an answer is not tried with every new event either."""
DISABLED_AFTER: Final = timedelta(days=5)
"""After so long without a success an endpoint is disabled."""

_PORTS: Final = (443, 8443)
_OPEN_PORTS: Final = 1024
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BRACKETED: Final = re.compile(r"\[[0-9a-fA-F:.]+\](:[0-9]+)?")
_LONGEST_NAME: Final = 253
_PRIVATE_ENDS: Final = (
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "arpa",
    "onion",
)
"""What names end with that lead to no place on the public internet."""


class WebhookDisabledBecause(StrEnum):
    """Why an endpoint is not sent anything."""

    BY_ADMINISTRATOR = "BY_ADMINISTRATOR"
    GONE = "GONE"
    FAILING = "FAILING"


class WebhookDeliveryStatus(StrEnum):
    """What became of the delivery of an event to an endpoint."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the vendor wants to be told of events. ``kinds``: of these only, of all where empty.

    ``partner_id``: only of what concerns that partner. A deleted one is kept until ``expires_at``
    (seconds since 1970), so that what was recorded of it leads somewhere.
    """

    id: str
    url: str
    description: str
    kinds: tuple[str, ...]
    partner_id: str | None
    created_at: datetime
    created_by: str
    disabled_because: WebhookDisabledBecause | None = None
    deleted_at: datetime | None = None
    expires_at: int | None = None
    version: int = 0

    @property
    def enabled(self) -> bool:
        """Whether it is sent anything."""
        return self.disabled_because is None and self.deleted_at is None

    def wants(self, kind: str, partner_id: str | None) -> bool:
        """Whether it is to be told of events of a kind that concern a partner (none: no one)."""
        return (
            self.enabled
            and (not self.kinds or kind in self.kinds)
            and self.partner_id in (None, partner_id)
        )


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """What an endpoint's messages are signed with; ``id`` is the endpoint's.

    A record of its own, so that whatever shows or copies an endpoint has no secret to leak.
    ``earlier`` signs beside ``current`` until ``earlier_until``. A deleted endpoint has none.
    ``made_by`` is the id of the answer to the request that made ``current``.
    """

    id: str
    made_at: datetime
    current: str | None = field(repr=False)
    earlier: str | None = field(default=None, repr=False)
    earlier_until: datetime | None = None
    made_by: str | None = None
    expires_at: int | None = None
    version: int = 0

    def rotated(
        self, secret: str, now: datetime, overlap: timedelta, made_by: str
    ) -> "SigningSecrets":
        """With a new secret; the one until now signs as well for a while. An earlier one ends."""
        stays = bool(overlap)
        return replace(
            self,
            made_at=now,
            made_by=made_by,
            current=secret,
            earlier=self.current if stays else None,
            earlier_until=now + overlap if stays else None,
        )

    def at(self, now: datetime) -> tuple[str, ...]:
        """Those that sign at an instant, the current one first."""
        earlier = self.earlier if self.earlier_until and now < self.earlier_until else None
        return tuple(one for one in (self.current, earlier) if one is not None)


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How an endpoint has answered: ``failing_since`` it has taken nothing, if the last one failed.

    ``slow``: the last answer, or its absence, took long.
    """

    id: str
    failing_since: datetime | None = None
    slow: bool = False
    version: int = 0

    def noted(self, delivered: bool, began: datetime, now: datetime) -> "EndpointHealth":
        """After one more attempt, which took from ``began`` until now."""
        since = None if delivered else self.failing_since or now
        return replace(self, failing_since=since, slow=now - began >= SLOW)

    def fails(self, now: datetime, since: timedelta) -> bool:
        """Whether nothing has succeeded for so long."""
        return self.failing_since is not None and now - self.failing_since >= since

    def must_wait(self, now: datetime) -> bool:
        """Whether new events are left to the schedule, where it keeps no other waiting."""
        return self.slow or self.fails(now, PATIENCE)

    def renewed(self) -> "EndpointHealth":
        """As if nothing were known of it."""
        return replace(self, failing_since=None, slow=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint. ``id`` is the endpoint's and, behind a full stop, the event's.

    PENDING is due at ``next_attempt_at``, which is later than now while an attempt is made.
    ``opened_at``: when it was made, or replayed last. ``expires_at`` is in seconds since 1970.
    """

    id: str
    kind: str
    opened_at: datetime
    expires_at: int
    next_attempt_at: datetime | None
    status: WebhookDeliveryStatus = WebhookDeliveryStatus.PENDING
    attempts: int = 0
    last_attempt_at: datetime | None = None
    delivered_at: datetime | None = None
    last_status: int | None = None
    problem: str | None = None
    version: int = 0

    @classmethod
    def opened(cls, endpoint_id: str, event_id: str, kind: str, now: datetime) -> "Delivery":
        """A new one, due at once."""
        return cls(f"{endpoint_id}.{event_id}", kind, now, _expiry(now), now)

    @property
    def endpoint_id(self) -> str:
        """The endpoint."""
        return self.id.partition(".")[0]

    @property
    def event_id(self) -> str:
        """The event."""
        return self.id.partition(".")[2]

    @property
    def due_sort(self) -> str | None:
        """Its place in its endpoint's list of what is due, while it is PENDING."""
        return f"{stamp(self.next_attempt_at)}#{self.id}" if self.next_attempt_at else None

    @property
    def exhausted(self) -> bool:
        """Whether as many attempts were begun as there can be, and not ended."""
        return self.attempts > len(BACKOFF)

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be tried, and nobody does."""
        return self.next_attempt_at is not None and self.next_attempt_at <= now

    def begun(self, now: datetime, lease: timedelta = LEASE) -> "Delivery":
        """With one more attempt, which nobody else begins before the lease is over."""
        return replace(
            self, attempts=self.attempts + 1, last_attempt_at=now, next_attempt_at=now + lease
        )

    def answered(self, status: int | None, problem: str | None, now: datetime) -> "Delivery":
        """After an attempt: delivered, due again, or given up. ``status``: of HTTP, if any."""
        told = replace(self, last_status=status, problem=problem, next_attempt_at=None)
        if status is not None and is_success(status):
            return replace(
                told, status=WebhookDeliveryStatus.DELIVERED, delivered_at=now, problem=None
            )
        told = replace(told, problem=problem or _said(status))
        late = now >= self.opened_at + LONGEST
        if status == HTTPStatus.GONE or late or self.exhausted:
            return replace(told, status=WebhookDeliveryStatus.FAILED)
        return replace(told, next_attempt_at=now + BACKOFF[max(0, self.attempts - 1)])

    def given_up(self, problem: str) -> "Delivery":
        """Not tried any more."""
        return replace(
            self, status=WebhookDeliveryStatus.FAILED, problem=problem, next_attempt_at=None
        )

    def again(self, now: datetime) -> "Delivery":
        """As if it were new, whatever became of it."""
        return replace(
            self,
            opened_at=now,
            expires_at=_expiry(now),
            next_attempt_at=now,
            status=WebhookDeliveryStatus.PENDING,
            attempts=0,
        )


def _expiry(now: datetime) -> int:
    return int((now + KEPT).timestamp())


def is_success(status: int) -> bool:
    """Whether an answer of that status says that the message was taken."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _said(status: int | None) -> str:
    """What an answer is called that is no success."""
    if status is None:
        return "There was no answer."
    more = ": redirects are not followed" if status < HTTPStatus.BAD_REQUEST else ""
    return f"The receiver answered {status}{more}."


def secret_of(randomness: bytes) -> str:
    """A secret in the spelling of the convention."""
    return _SECRET_PREFIX + base64.b64encode(randomness).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of one message: HMAC-SHA256 over its id, the seconds since 1970, and its body.

    A message id has no full stop, since that is what separates the three.
    """
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def headers(secrets: Sequence[str], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt, signed with each of the secrets."""
    timestamp = int(now.timestamp())
    signatures = (signature(secret, message_id, timestamp, body) for secret in secrets)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": f"{timestamp}",
        "webhook-signature": " ".join(signatures),
    }


def url_problem(url: str, private_origins: Container[str] = frozenset()) -> str | None:
    """Why a URL cannot be an endpoint's, as a sentence; none where it can.

    By its shape alone: where its name leads is for whoever sends. ``private_origins``
    (``scheme://host:port``, compared as written) may be private, and http.
    """
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        return "A URL has printable ASCII characters, and neither spaces nor backslashes."
    if len(url) > LONGEST_URL:
        return f"A URL has at most {LONGEST_URL} characters."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is no URL."
    if "@" in parts.netloc or "#" in url:
        return "A URL here has neither a user nor a fragment."
    if parts.scheme in ("http", "https") and _origin(parts) in private_origins:
        return None
    if parts.scheme != "https":
        return "Only https is called."
    if parts.netloc.endswith(":") or (
        port is not None and port not in _PORTS and port < _OPEN_PORTS
    ):
        return f"The port is {_PORTS[0]}, {_PORTS[1]}, or {_OPEN_PORTS} and above."
    if "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc):
        return "Brackets are around an IPv6 address, and around nothing else."
    return _host_problem(parts.hostname or "")


def _origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"


def _host_problem(host: str) -> str | None:
    """Why a host, in small letters and without brackets, is not called."""
    labels = host.split(".")
    if ":" in host or _NUMBER.fullmatch(labels[-1]):
        # A number in the end makes it an address, in whichever of its many spellings.
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return "This is neither a name nor an address in its usual form."
        return None if is_public(address) else "The address is not public."
    if len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        return "The host's name is none of the internet."
    if len(labels) == 1 or labels[-1] in _PRIVATE_ENDS:
        return "The host's name is not public."
    return None
