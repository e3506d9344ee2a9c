"""Webhook endpoints: kept by the vendor's administrators, who also have events sent again.

A secret is in the record that signs with it and nowhere else: no stored answer, no event and no
export holds one. It is told with the answer that made it, and to whoever sends that very request
again soon, since an answer can be lost; later, or made by another, it is changed and not told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.events import Event
from portal_api.domain.partners import Partner
from portal_api.domain.webhooks import (
    SECRET_BYTES,
    Delivery,
    Endpoint,
    EndpointHealth,
    SigningSecrets,
    WebhookDisabledBecause,
    secret_of,
    url_problem,
)
from portal_api.domain.writes import Save, Write
from portal_api.services.deliveries import partner_of, placed
from portal_api.services.event_kinds import TELLING_OF_DELIVERIES, event_kinds
from portal_api.services.partners import ADMINS, required
from portal_api.services.store import Many, One, Want, of_vendor
from portal_api.services.use_case import (
    ANSWERS_KEPT,
    VENDOR,
    Ask,
    Decision,
    Portal,
    Situation,
    answer_id,
    perform,
)

MOST_ENDPOINTS: Final = 20
MOST_KINDS: Final = 200
MOST_REPLAYED: Final = 30
"""Each has up to three writes, of the hundred of a transaction."""
SHOWN_FOR: Final = timedelta(hours=1)
LONGEST_OVERLAP: Final = timedelta(days=7)
_DELETED_KEPT: Final = ANSWERS_KEPT + timedelta(days=1)
"""Longer than the answers that name it."""


@dataclass(frozen=True, slots=True)
class WebhookEndpointCreated:
    """It is told of events from now on."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class WebhookEndpointUpdated:
    """It is as it was wished."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class WebhookEndpointDeleted:
    """It is not told of anything any more, and its secrets are gone."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class WebhookSecretRotated:
    """It has a new secret; the one before signs as well for a while."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class WebhookEventsReplayed:
    """The events are sent to it again, within a minute or so."""

    endpoint: Endpoint
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class WebhookTestRequested:
    """An event that means nothing is sent to it, within a minute or so."""

    endpoint: Endpoint
    delivery: Delivery


def shown_secret(secrets: SigningSecrets | None, ask: Ask, now: datetime) -> str | None:
    """The secret, as long as it is told to the request that made it; none to any other."""
    if secrets is None or now >= secrets.made_at + SHOWN_FOR or secrets.made_by != _maker(ask):
        return None
    return secrets.current


def create_webhook_endpoint(
    portal: Portal,
    ask: Ask,
    *,
    url: str,
    description: str,
    kinds: tuple[str, ...] = (),
    partner_id: str | None = None,
) -> WebhookEndpointCreated:
    """Makes an endpoint with a secret of its own. ``kinds``: of these events only, all if empty.

    Raises ``InvalidInput`` for a URL or kinds that cannot be and where there are too many
    endpoints, ``NotFound`` for an unknown partner.
    """
    endpoints_want = Many(Endpoint, of_vendor())
    partner_wants = [One(Partner, partner_id)] if partner_id is not None else []

    def decide(s: Situation) -> Decision[WebhookEndpointCreated]:
        if any(s.found[want] is None for want in partner_wants):
            raise NotFound.of("partnerId")
        kept = [one for one in s.found[endpoints_want].records if one.deleted_at is None]
        if len(kept) >= MOST_ENDPOINTS:
            raise InvalidInput(f"There are at most {MOST_ENDPOINTS} endpoints.", "url")
        endpoint = Endpoint(
            id=f"whk-{portal.new_id()}",
            url=_checked_url(portal, url),
            description=required("description", description),
            kinds=_checked_kinds(kinds),
            partner_id=partner_id,
            created_at=s.now,
            created_by=s.viewer.id,
        )
        secrets = SigningSecrets(endpoint.id, s.now, _new_secret(portal), made_by=_maker(ask))
        writes = (Save(endpoint), Save(secrets))
        return Decision(WebhookEndpointCreated(endpoint), writes, endpoint.id)

    arguments = {"url": url, "description": description, "kinds": kinds, "partner": partner_id}
    return perform(
        portal,
        ask,
        "createWebhookEndpoint",
        arguments,
        ADMINS,
        (endpoints_want, *partner_wants),
        decide,
        WebhookEndpointCreated,
    )


def update_webhook_endpoint(
    portal: Portal,
    ask: Ask,
    *,
    endpoint_id: str,
    url: str | None = None,
    description: str | None = None,
    kinds: tuple[str, ...] | None = None,
    enabled: bool | None = None,
) -> WebhookEndpointUpdated:
    """Changes what is given. Enabled again, an endpoint has never failed.

    Raises ``NotFound``, and ``InvalidInput`` for a URL or kinds that cannot be.
    """
    want, health_want = One(Endpoint, endpoint_id), One(EndpointHealth, endpoint_id)

    def decide(s: Situation) -> Decision[WebhookEndpointUpdated]:
        before, health = _there(s, want), s.found[health_want]
        because = before.disabled_because
        if enabled is not None:
            because = None if enabled else because or WebhookDisabledBecause.BY_ADMINISTRATOR
        given = _given(portal, url, description, kinds)
        endpoint = replace(before, disabled_because=because, **given)
        writes: list[Write] = [Save(endpoint)]
        if endpoint.enabled and not before.enabled and health is not None:
            writes.append(Save(health.renewed()))
        return Decision(WebhookEndpointUpdated(endpoint), tuple(writes), endpoint.id)

    arguments = {
        "endpoint": endpoint_id,
        "url": url,
        "description": description,
        "kinds": kinds,
        "enabled": enabled,
    }
    return perform(
        portal,
        ask,
        "updateWebhookEndpoint",
        arguments,
        ADMINS,
        (want, health_want),
        decide,
        WebhookEndpointUpdated,
    )


def delete_webhook_endpoint(
    portal: Portal, ask: Ask, *, endpoint_id: str
) -> WebhookEndpointDeleted:
    """Ends an endpoint for good; what waits for it is given up. Raises ``NotFound``."""
    want, secrets_want = One(Endpoint, endpoint_id), One(SigningSecrets, endpoint_id)

    def decide(s: Situation) -> Decision[WebhookEndpointDeleted]:
        expires_at = int((s.now + _DELETED_KEPT).timestamp())
        endpoint = replace(_there(s, want), deleted_at=s.now, expires_at=expires_at)
        emptied = replace(
            _secrets_of(s, secrets_want),
            current=None,
            earlier=None,
            earlier_until=None,
            expires_at=expires_at,
        )
        writes = (Save(endpoint), Save(emptied))
        return Decision(WebhookEndpointDeleted(endpoint), writes, endpoint.id)

    return perform(
        portal,
        ask,
        "deleteWebhookEndpoint",
        {"endpoint": endpoint_id},
        ADMINS,
        (want, secrets_want),
        decide,
        WebhookEndpointDeleted,
    )


def rotate_webhook_secret(
    portal: Portal, ask: Ask, *, endpoint_id: str, overlap_hours: int
) -> WebhookSecretRotated:
    """Gives an endpoint a new secret; the one until now signs beside it for so many hours.

    Raises ``NotFound``, and ``InvalidInput`` for a time that cannot be.
    """
    want, secrets_want = One(Endpoint, endpoint_id), One(SigningSecrets, endpoint_id)
    longest = LONGEST_OVERLAP // timedelta(hours=1)

    def decide(s: Situation) -> Decision[WebhookSecretRotated]:
        if not 0 <= overlap_hours <= longest:
            raise InvalidInput(f"It is from 0 to {longest} hours.", "overlapHours")
        endpoint = _there(s, want)
        rotated = _secrets_of(s, secrets_want).rotated(
            _new_secret(portal), s.now, timedelta(hours=overlap_hours), _maker(ask)
        )
        return Decision(WebhookSecretRotated(endpoint), (Save(rotated),), endpoint.id)

    return perform(
        portal,
        ask,
        "rotateWebhookSecret",
        {"endpoint": endpoint_id, "overlap": overlap_hours},
        ADMINS,
        (want, secrets_want),
        decide,
        WebhookSecretRotated,
    )


def replay_webhook_events(
    portal: Portal, ask: Ask, *, endpoint_id: str, event_ids: tuple[str, ...]
) -> WebhookEventsReplayed:
    """Sends events to an endpoint again, or for the first time, whatever became of them.

    Of an endpoint's kinds or not, and older than it or not; but never of another partner than its
    own. Raises ``NotFound``, and ``InvalidInput`` for too many, and where it is disabled.
    """
    named = tuple(dict.fromkeys(event_ids))
    want = One(Endpoint, endpoint_id)
    wants = {one: (One(Event, one), One(Delivery, f"{endpoint_id}.{one}")) for one in named}

    def decide(s: Situation) -> Decision[WebhookEventsReplayed]:
        if not 0 < len(named) <= MOST_REPLAYED:
            raise InvalidInput(f"1 to {MOST_REPLAYED} events are sent again at once.", "eventIds")
        endpoint = _enabled(s, want)
        writes: list[Write] = []
        opened: list[Delivery] = []
        for event_want, delivery_want in wants.values():
            event = _sendable(s.found[event_want], endpoint)
            kept = s.found[delivery_want]
            again = (
                Delivery.opened(endpoint.id, event.id, event.kind, s.now)
                if kept is None
                else kept.again(s.now)
            )
            writes += placed(again, kept)
            opened.append(again)
        outcome = WebhookEventsReplayed(endpoint, tuple(opened))
        return Decision(outcome, tuple(writes), endpoint.id)

    each: list[Want[object]] = [one for pair in wants.values() for one in pair]
    return perform(
        portal,
        ask,
        "replayWebhookEvents",
        {"endpoint": endpoint_id, "events": named},
        ADMINS,
        (want, *each[: 2 * MOST_REPLAYED]),
        decide,
        WebhookEventsReplayed,
    )


def request_webhook_test(portal: Portal, ask: Ask, *, endpoint_id: str) -> WebhookTestRequested:
    """Sends an endpoint the event that tells of this request, and nobody else.

    Raises ``NotFound``, and ``InvalidInput`` where it is disabled.
    """
    want = One(Endpoint, endpoint_id)

    def decide(s: Situation) -> Decision[WebhookTestRequested]:
        endpoint = _enabled(s, want)
        event_id, kind = f"{VENDOR}.{s.event}", WebhookTestRequested.__name__
        delivery = Delivery.opened(endpoint.id, event_id, kind, s.now)
        outcome = WebhookTestRequested(endpoint, delivery)
        return Decision(outcome, placed(delivery), endpoint.id)

    return perform(
        portal,
        ask,
        "requestWebhookTest",
        {"endpoint": endpoint_id},
        ADMINS,
        (want,),
        decide,
        WebhookTestRequested,
    )


def _given(
    portal: Portal, url: str | None, description: str | None, kinds: tuple[str, ...] | None
) -> dict[str, Any]:
    """What changes of an endpoint, checked."""
    changed: dict[str, Any] = {}
    if url is not None:
        changed["url"] = _checked_url(portal, url)
    if description is not None:
        changed["description"] = required("description", description)
    if kinds is not None:
        changed["kinds"] = _checked_kinds(kinds)
    return changed


def _there(s: Situation, want: One[Endpoint]) -> Endpoint:
    """The endpoint, unless it was deleted."""
    endpoint = s.found[want]
    if endpoint is None or endpoint.deleted_at is not None:
        raise NotFound.of("endpointId")
    return endpoint


def _enabled(s: Situation, want: One[Endpoint]) -> Endpoint:
    endpoint = _there(s, want)
    if not endpoint.enabled:
        raise InvalidInput("The endpoint is disabled: enable it first.", "endpointId")
    return endpoint


def _secrets_of(s: Situation, want: One[SigningSecrets]) -> SigningSecrets:
    return s.found[want] or SigningSecrets(want.id, s.now, None)


def _sendable(event: Event | None, endpoint: Endpoint) -> Event:
    """An event that the endpoint may be told of."""
    if event is None or endpoint.partner_id not in (None, partner_of(event)):
        raise NotFound.of("eventIds")
    if event.kind in TELLING_OF_DELIVERIES:
        raise InvalidInput("What tells of deliveries is not delivered.", "eventIds")
    return event


def _checked_url(portal: Portal, url: str) -> str:
    problem = url_problem(url, portal.private_origins)
    if problem is not None:
        raise InvalidInput(problem, "url")
    return url


def _checked_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds in their order, each once."""
    if len(kinds) > MOST_KINDS:
        raise InvalidInput(f"At most {MOST_KINDS} kinds are named.", "kinds")
    unknown = sorted({*kinds} - event_kinds())
    if unknown:
        raise InvalidInput(f"{unknown[0][:60]!r} is no kind of event.", "kinds")
    return tuple(sorted({*kinds}))


def _maker(ask: Ask) -> str:
    return answer_id(ask.subject, ask.request_id)


def _new_secret(portal: Portal) -> str:
    return secret_of(portal.random_bytes(SECRET_BYTES))
