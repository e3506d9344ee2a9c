"""Deliveries: each event to each endpoint that wants it, at once and then again until it is taken.

An attempt is begun by a write that makes the delivery due again a little later, and ended by one
that says what came of it. So nothing is lost wherever a run is killed, two runs at once seldom send
the same, and a receiver that is sent something twice knows it by its ``webhook-id``. What is sent
is made from the stored event: the same bytes every time.

What is due is in a list for each endpoint, and each endpoint has a thread of its own, so that one
that fails or is slow keeps no other waiting: with a new event for the time of one answer at most,
after that it is left to the schedule. Writing a delivery is no event of its own: events about
deliveries would never end.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Final

from portal_api.domain.events import Event
from portal_api.domain.records import stamp
from portal_api.domain.webhooks import (
    DISABLED_AFTER,
    PATIENCE,
    Delivery,
    Endpoint,
    EndpointHealth,
    SigningSecrets,
    WebhookDeliveryStatus,
    WebhookDisabledBecause,
    headers,
)
from portal_api.domain.writes import Delist, Enlist, Save, Write
from portal_api.services.audit import whose_is
from portal_api.services.event_kinds import TELLING_OF_DELIVERIES
from portal_api.services.messages import body_of, event_id_of, message_id
from portal_api.services.retrying import retried
from portal_api.services.series import UNFINISHED, Step, step
from portal_api.services.store import (
    Listed,
    Many,
    One,
    OutcomeUnknown,
    StoreUnavailable,
    WriteConflict,
    of_vendor,
)
from portal_api.services.use_case import VENDOR, Portal, Situation

THREADS: Final = 32
"""More than there are endpoints that are told of something."""
AT_ONCE: Final = 20
"""So many of an endpoint's due deliveries are read at once."""
FAILURES_A_RUN: Final = 3
"""After so many failures on end an endpoint is left alone until the next run; after one, if it has
failed for some minutes."""
SECONDS: Final = 45.0
"""Later than this a run begins no attempt: the next run begins a minute after it."""
_DISABLED: Final = "The endpoint was disabled or deleted before it could be tried again."


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one request: its HTTP status, or the ``problem`` in words why there is none."""

    status: int | None
    problem: str | None = None


Send = Callable[[str, Mapping[str, str], bytes], Sent]
"""Sends a body with headers to a URL. It never raises, and takes less than ``LEASE``."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of deliveries: taken, failed and due again, and given up."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0

    @property
    def total(self) -> int:
        """How many there were."""
        return self.delivered + self.failed + self.given_up

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.delivered + other.delivered,
            self.failed + other.failed,
            self.given_up + other.given_up,
        )


def deliver(portal: Portal, message: Mapping[str, object], send: Send) -> Counts:
    """Tells each endpoint that wants it of an event, once, and tries that at once.

    ``message`` is as ``messages.message_of`` makes it; it may come twice, or out of order. An
    endpoint that is slow, or has failed for minutes, is left to ``retry_due``. Raises
    ``ValueError`` for what is no message, and ``StoreUnavailable`` where it has to be told again.
    Several endpoints are several threads, so it has no place in a group of the store.
    """
    event_want, endpoints_want = One(Event, event_id_of(message)), Many(Endpoint, of_vendor())
    found = portal.store.read([event_want, endpoints_want])
    event = found[event_want]
    if event is None or event.kind in TELLING_OF_DELIVERIES:
        return Counts()
    partner_id = partner_of(event)
    told = [one for one in found[endpoints_want].records if one.wants(event.kind, partner_id)]
    attempts = retried(lambda: _begun(portal, event, told)) if told else []
    return _at_once([partial(one.made, portal, send) for one in attempts])


def retry_due(portal: Portal, send: Send, seconds: float = SECONDS) -> Counts:
    """Tries what is due now, of each endpoint in the order in which it became due.

    It ends when nothing is due, and begins no attempt when ``seconds`` have passed. Raises
    ``StoreUnavailable`` at the end where an endpoint could not be looked after.
    """
    ends = portal.clock() + timedelta(seconds=seconds)
    return _at_once([partial(one.worked_off, portal, send, ends) for one in _queues(portal)])


def partner_of(event: Event) -> str | None:
    """The partner that an event concerns; none for the vendor's own."""
    whose = whose_is(event)
    return None if whose == VENDOR else whose


def due_list(endpoint_id: str) -> str:
    """The list of an endpoint's deliveries that are to be tried, in the order of when."""
    return f"{endpoint_id}.due"


def placed(delivery: Delivery, before: Delivery | None = None) -> tuple[Write, ...]:
    """What makes a delivery true, and its place in the list, instead of what it was before."""
    name, sort = due_list(delivery.endpoint_id), delivery.due_sort
    former = before.due_sort if before is not None else None
    writes: list[Write] = [Save(delivery)]
    if former is not None and former != sort:
        writes.append(Delist(name, former))
    if sort is not None and former != sort:
        writes.append(Enlist(name, sort, delivery.id))
    return tuple(writes)


def _at_once(tasks: Sequence[Callable[[], Counts]]) -> Counts:
    """What came of all tasks, each of which has a thread of its own: the first one the caller's.

    Raises ``StoreUnavailable`` at the end where one is left for later.
    """
    with ThreadPoolExecutor(THREADS, "webhooks") as threads:
        others = [threads.submit(_done, task) for task in tasks[1:]]
        done = [_done(task) for task in tasks[:1]]
    done += [other.result() for other in others]
    counts = sum((one for one in done if one is not None), Counts())
    if None in done:
        raise StoreUnavailable(f"Not all could be looked after: {done.count(None)} are left.")
    return counts


def _done(task: Callable[[], Counts]) -> Counts | None:
    """What came of a task; none where it is left for later."""
    try:
        return task()
    except UNFINISHED:
        return None


def _begun(portal: Portal, event: Event, endpoints: list[Endpoint]) -> list["_Attempt"]:
    """The first attempts of an event, which nobody else makes; what was begun before is let be.

    All deliveries are there before the first attempt is made.
    """
    wants = [
        (One(Delivery, f"{one.id}.{event.id}"), One(SigningSecrets, one.id), _health_want(one.id))
        for one in endpoints
    ]
    found = portal.store.read([want for wave in wants for want in wave])
    now = portal.clock()
    writes: list[Write] = []
    attempts: list[_Attempt] = []
    for endpoint, (delivery_want, secrets_want, health_want) in zip(endpoints, wants, strict=True):
        kept, health = found[delivery_want], found[health_want]
        fresh = kept or Delivery.opened(endpoint.id, event.id, event.kind, now)
        if not fresh.is_due(now):
            continue
        if health is not None and health.must_wait(now):
            writes += placed(fresh) if kept is None else ()
            continue
        begun = fresh.begun(now)
        writes += placed(begun, kept)
        attempts.append(_Attempt.of(endpoint, begun, event, found[secrets_want], now))
    if writes:
        portal.store.commit(writes)
    return attempts


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt that is begun: ``delivery`` is as it is stored meanwhile."""

    endpoint: Endpoint
    delivery: Delivery
    event: Event
    secrets: tuple[str, ...]

    @classmethod
    def of(
        cls,
        endpoint: Endpoint,
        begun: Delivery,
        event: Event,
        secrets: SigningSecrets | None,
        now: datetime,
    ) -> "_Attempt":
        """An attempt whose beginning is about to be written."""
        stored = replace(begun, version=begun.version + 1)
        return cls(endpoint, stored, event, secrets.at(now) if secrets is not None else ())

    def made(self, portal: Portal, send: Send) -> Counts:
        """Sends, and writes down what came of it; raises ``StoreUnavailable``."""
        body, began = body_of(self.event), portal.clock()
        told = headers(self.secrets, message_id(self.event.id), began, body)
        sent = send(self.endpoint.url, told, body)
        ended = portal.clock()
        status = retried(lambda: self._noted(portal, sent, began, ended))
        if sent.status == HTTPStatus.GONE:
            _disable(portal, self.endpoint.id, WebhookDisabledBecause.GONE)
        return _counted(status)

    def _noted(
        self, portal: Portal, sent: Sent, began: datetime, now: datetime
    ) -> WebhookDeliveryStatus:
        """Writes down the answer, unless something later is known: then a success alone."""
        want, health_want = One(Delivery, self.delivery.id), _health_want(self.endpoint.id)
        found = portal.store.read([want, health_want])
        kept = found[want]
        answered = self.delivery.answered(sent.status, sent.problem, now)
        delivered = answered.status is WebhookDeliveryStatus.DELIVERED
        own = kept is not None and kept.version == self.delivery.version
        if (
            kept is None
            or kept.status is not WebhookDeliveryStatus.PENDING
            or not (own or delivered)
        ):
            return answered.status
        writes = list(placed(kept.answered(sent.status, sent.problem, now), kept))
        health = found[health_want] or EndpointHealth(self.endpoint.id)
        noted = health.noted(delivered, began, now)
        portal.store.commit([*writes, Save(noted)] if noted != health else writes)
        if not delivered and health.fails(now, DISABLED_AFTER):
            _disable(portal, self.endpoint.id, WebhookDisabledBecause.FAILING)
        return answered.status


def _health_want(endpoint_id: str) -> One[EndpointHealth]:
    return One(EndpointHealth, endpoint_id)


def _counted(status: WebhookDeliveryStatus) -> Counts:
    match status:
        case WebhookDeliveryStatus.DELIVERED:
            return Counts(delivered=1)
        case WebhookDeliveryStatus.PENDING:
            return Counts(failed=1)
        case WebhookDeliveryStatus.FAILED:
            return Counts(given_up=1)


def _disable(portal: Portal, endpoint_id: str, because: WebhookDisabledBecause) -> None:
    """Sends the endpoint nothing more, and tells of it, unless it is disabled already."""
    want = One(Endpoint, endpoint_id)

    def decide(s: Situation) -> Step | None:
        endpoint = s.found[want]
        if endpoint is None or not endpoint.enabled:
            return None
        save = Save(replace(endpoint, disabled_because=because))
        return Step("WebhookEndpointDisabled", endpoint.id, None, (save,))

    step(portal, f"series:webhooks:{endpoint_id}", [want], decide)


def _queues(portal: Portal) -> list["_Queue"]:
    """What is due of each endpoint; first of those that are told of something."""
    endpoints_want = Many(Endpoint, of_vendor())
    endpoints = portal.store.read([endpoints_want])[endpoints_want].records
    wants = {one.id: _health_want(one.id) for one in endpoints}
    found, now = portal.store.read(list(wants.values())), portal.clock()

    def queue(endpoint: Endpoint) -> _Queue:
        health = found[wants[endpoint.id]]
        fails = health is not None and health.fails(now, PATIENCE)
        return _Queue(endpoint, 1 if fails else FAILURES_A_RUN)

    return sorted(map(queue, endpoints), key=lambda one: not one.endpoint.enabled)


@dataclass(frozen=True, slots=True)
class _Due:
    """An entry of a list of what is due, and what was found of it; none of a place it has left."""

    sort: str
    delivery: Delivery | None
    event: Event | None
    secrets: SigningSecrets | None


@dataclass
class _Queue:
    """What is due of one endpoint: how far it was looked at in this run, and whether to go on."""

    endpoint: Endpoint
    failures_max: int
    mark: str | None = None
    failures: int = 0
    more: bool = True

    def worked_off(self, portal: Portal, send: Send, ends: datetime) -> Counts:
        """Tries one after another until there is none, or a reason to leave the rest for later.

        Raises as ``_Attempt.made`` does.
        """
        counts = Counts()
        while self.more:
            for due in self._read(portal):
                if portal.clock() >= ends or self.failures >= self.failures_max:
                    return counts
                done = self._tried(portal, send, due)
                self.failures = 0 if done.delivered else self.failures + done.failed
                counts += done
        return counts

    def _read(self, portal: Portal) -> list[_Due]:
        """The next that are due, in two waves."""
        listed = Listed(due_list(self.endpoint.id), AT_ONCE, self.mark, newest_first=False)
        page, now = portal.store.read([listed])[listed], stamp(portal.clock())
        places = zip(page.cursors, page.ids, strict=True)
        due = [(sort, one) for sort, one in places if sort.partition("#")[0] <= now]
        self.more = page.more and len(due) == len(page.ids)
        if not due:
            return []
        self.mark = due[-1][0]
        secrets_want = One(SigningSecrets, self.endpoint.id)
        wants = [(sort, One(Delivery, one), One(Event, one.partition(".")[2])) for sort, one in due]
        deliveries, events = [one for _, one, _ in wants], [one for *_, one in wants]
        found = portal.store.read([secrets_want, *deliveries, *events])
        return [
            _Due(sort, found[delivery_want], found[event_want], found[secrets_want])
            for sort, delivery_want, event_want in wants
        ]

    def _tried(self, portal: Portal, send: Send, due: _Due) -> Counts:
        """One of them, unless somebody else has it, or it cannot be tried any more."""
        delivery, event, now = due.delivery, due.event, portal.clock()
        try:
            if delivery is None or delivery.due_sort != due.sort:
                # Its place is another one by now, or none: this one is never its own again.
                portal.store.commit([Delist(due_list(self.endpoint.id), due.sort)])
                return Counts()
            if event is None or delivery.exhausted or not self.endpoint.enabled:
                problem = "It was not tried to the end." if self.endpoint.enabled else _DISABLED
                portal.store.commit(placed(delivery.given_up(problem), delivery))
                return Counts(given_up=1)
            begun = delivery.begun(now)
            portal.store.commit(placed(begun, delivery))
        except (WriteConflict, OutcomeUnknown):
            # It is somebody else's now; or ours, and due again when the lease is over.
            return Counts()
        return _Attempt.of(self.endpoint, begun, event, due.secrets, now).made(portal, send)
