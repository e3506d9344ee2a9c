"""A world with webhook endpoints, and what happens in it to be told of."""

from datetime import timedelta

from portal_api.domain.events import Event
from portal_api.domain.partners import PartnerType, Tier
from portal_api.domain.webhooks import Delivery, Endpoint, EndpointHealth, SigningSecrets
from portal_api.services import deliveries, messages, partners, webhooks
from portal_api.services.deliveries import Counts
from portal_api.services.store import Listed, Many, of_endpoint, of_events
from portal_api.services.use_case import Portal
from tests.hooks import URL, Receivers
from tests.services.world import World


def an_endpoint(world: World, url: str = URL, **given: object) -> Endpoint:
    """A new endpoint."""
    return webhooks.create_webhook_endpoint(
        world.portal,
        world.manage(),
        url=url,
        **{"description": "A receiver", **given},  # type: ignore[arg-type]
    ).endpoint


def secret_of(world: World, endpoint: Endpoint) -> str:
    """What it is signed with now."""
    kept = world.load(SigningSecrets, endpoint.id)
    assert kept is not None
    assert kept.current is not None
    return kept.current


def an_event(world: World) -> Event:
    """Something happens: a partner is added; the event that tells of it."""
    ask = world.manage()
    partner = partners.add_partner(
        world.portal,
        ask,
        name="Partner",
        partner_type=PartnerType.VAR,
        tier=Tier.GOLD,
        region="EMEA",
        team_names=("Team",),
    ).partner
    want = Many(Event, of_events(partner.id))
    (event,) = world.store.read([want])[want].records
    return event


def told(world: World, event: Event, receivers: Receivers, portal: Portal | None = None) -> Counts:
    """The bus tells of an event."""
    message = messages.message_of(event)
    return deliveries.deliver(portal or world.portal, message, receivers)


def minute(world: World, receivers: Receivers, minutes: int = 1) -> Counts:
    """The schedule runs after so many minutes."""
    world.now += timedelta(minutes=minutes)
    return deliveries.retry_due(world.portal, receivers)


def delivery_of(world: World, endpoint: Endpoint, event: Event) -> Delivery:
    """What became of an event for an endpoint."""
    kept = world.load(Delivery, f"{endpoint.id}.{event.id}")
    assert kept is not None
    return kept


def deliveries_of(world: World, endpoint: Endpoint) -> tuple[Delivery, ...]:
    """All of an endpoint's."""
    want = Many(Delivery, of_endpoint(endpoint.id))
    return world.store.read([want])[want].records


def due_of(world: World, endpoint: Endpoint) -> tuple[str, ...]:
    """The entries of its list of what is due."""
    want = Listed(deliveries.due_list(endpoint.id), newest_first=False)
    return world.store.read([want])[want].cursors


def failing_since(world: World, endpoint: Endpoint) -> object:
    """Since when it has taken nothing."""
    health = world.load(EndpointHealth, endpoint.id)
    return health.failing_since if health is not None else None


def sound(world: World, endpoint: Endpoint) -> None:
    """Its list has exactly what is pending, each where it says that it is."""
    pending = sorted(one.due_sort for one in deliveries_of(world, endpoint) if one.due_sort)
    assert pending == list(due_of(world, endpoint))
