"""Webhook endpoints: who keeps them, their secrets, and events that are sent again."""

import dataclasses
from datetime import timedelta

import pytest

from portal_api.domain.errors import IdempotencyConflict, InvalidInput, NotFound, NotPermitted
from portal_api.domain.events import Answer
from portal_api.domain.ids import global_id
from portal_api.domain.partners import Role
from portal_api.domain.webhooks import (
    BACKOFF,
    KEPT,
    Delivery,
    SigningSecrets,
    WebhookDeliveryStatus,
    WebhookDisabledBecause,
)
from portal_api.services import messages, webhooks
from portal_api.services.audit import subject_of
from portal_api.services.deliveries import Counts
from portal_api.services.event_kinds import TELLING_OF_DELIVERIES, event_kinds
from portal_api.services.store import One
from portal_api.services.use_case import ANSWERS_KEPT, Ask, answer_id
from portal_api.services.webhooks import MOST_ENDPOINTS, MOST_REPLAYED, SHOWN_FOR
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.hooks import URL, Receivers
from tests.services.hooked import (
    an_endpoint,
    an_event,
    delivery_of,
    minute,
    secret_of,
    sound,
    told,
)
from tests.services.stores import (
    FaultyStore,
    in_parallel,
    lost_after,
    lost_before,
)
from tests.services.world import World

PENDING, DELIVERED, FAILED = WebhookDeliveryStatus


@pytest.fixture
def alone(lonely_engine: Engine) -> World:
    """Give a world with a table of its own on each engine in turn: endpoints are everybody's."""
    return World(TableStore(lonely_engine))


def replay(world: World, endpoint_id: str, *event_ids: str) -> webhooks.WebhookEventsReplayed:
    return webhooks.replay_webhook_events(
        world.portal, world.manage(), endpoint_id=endpoint_id, event_ids=event_ids
    )


def secrets_of(world: World, endpoint_id: str) -> SigningSecrets:
    found = world.load(SigningSecrets, endpoint_id)
    assert found is not None
    return found


def test_each_endpoint_has_a_secret_of_its_own_from_the_systems_randomness(
    quick_world: World,
) -> None:
    """32 bytes, and never from the clock or an id."""
    one, other = an_endpoint(quick_world), an_endpoint(quick_world)
    assert secret_of(quick_world, one) != secret_of(quick_world, other)
    portal = dataclasses.replace(quick_world.portal, random_bytes=lambda size: bytes([7]) * size)
    made = webhooks.create_webhook_endpoint(
        portal, quick_world.manage(), url=URL, description="A receiver"
    ).endpoint
    assert "whsec_" + "BwcH" * 10 + "Bwc=" == secret_of(quick_world, made)


def test_a_lost_answer_is_asked_for_again_and_makes_one_endpoint(alone: World) -> None:
    """The stored answer names the endpoint; its secret is where it signs, and nowhere else."""
    ask = alone.manage()
    portal = alone.on(FaultyStore(alone.store, lost_before, lost_after))
    made = webhooks.create_webhook_endpoint(portal, ask, url=URL, description="A receiver")
    again = webhooks.create_webhook_endpoint(alone.portal, ask, url=URL, description="A receiver")
    assert made == again
    secret = secret_of(alone, again.endpoint)
    answer = alone.load(Answer, answer_id(ask.subject, ask.request_id))
    assert answer is not None
    assert {"endpoint": made.endpoint.id} == dict(answer.values)
    assert secret not in f"{made}{answer}"
    with pytest.raises(IdempotencyConflict):
        webhooks.create_webhook_endpoint(alone.portal, ask, url=f"{URL}/2", description="Other")


def test_a_secret_is_told_for_an_hour_only(quick_world: World) -> None:
    ask = quick_world.manage()
    made = webhooks.create_webhook_endpoint(
        quick_world.portal, ask, url=URL, description="A receiver"
    )
    kept = secrets_of(quick_world, made.endpoint.id)
    last = quick_world.now + SHOWN_FOR - timedelta(seconds=1)
    assert kept.current == webhooks.shown_secret(kept, ask, last)
    assert webhooks.shown_secret(kept, ask, quick_world.now + SHOWN_FOR) is None
    assert webhooks.shown_secret(None, ask, quick_world.now) is None


def test_a_secret_is_told_to_the_request_that_made_it_and_to_no_other(quick_world: World) -> None:
    """Another administrator's rotation is not told by the creation that is asked for again."""
    create, other = quick_world.manage(), quick_world.colleague(Role.ADMIN)
    made = webhooks.create_webhook_endpoint(
        quick_world.portal, create, url=URL, description="A receiver"
    ).endpoint
    rotate = quick_world.ask(other)
    webhooks.rotate_webhook_secret(
        quick_world.portal, rotate, endpoint_id=made.id, overlap_hours=24
    )
    kept = secrets_of(quick_world, made.id)
    same_id = dataclasses.replace(create, request_id=rotate.request_id)
    for ask in (create, same_id, quick_world.ask(other)):
        assert webhooks.shown_secret(kept, ask, quick_world.now) is None
    assert kept.current == webhooks.shown_secret(kept, rotate, quick_world.now)
    unknown = dataclasses.replace(kept, made_by=None)
    assert webhooks.shown_secret(unknown, rotate, quick_world.now) is None


def test_only_administrators_keep_endpoints(quick_world: World) -> None:
    """Neither managers nor integrations: what is sent leaves the portal."""
    for role in (Role.CHANNEL_MANAGER, Role.SERVICE):
        ask = quick_world.ask(quick_world.colleague(role))
        with pytest.raises(NotPermitted):
            webhooks.create_webhook_endpoint(quick_world.portal, ask, url=URL, description="A")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"description": " "}, "description"),
        ({"kinds": ("DealWon", "Nonsense")}, "kinds"),
        ({"kinds": ("WebhookTestRequested",)}, "kinds"),
        ({"kinds": ("DealWon",) * 201}, "kinds"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused(
    quick_world: World, wish: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        an_endpoint(quick_world, **{"url": URL, **wish})  # type: ignore[arg-type]
    assert field == refused.value.field
    endpoint = an_endpoint(quick_world)
    with pytest.raises(InvalidInput) as refused:
        webhooks.update_webhook_endpoint(
            quick_world.portal,
            quick_world.manage(),
            endpoint_id=endpoint.id,
            **wish,  # type: ignore[arg-type]
        )
    assert field == refused.value.field


def test_an_unknown_partner_is_not_found(quick_world: World) -> None:
    with pytest.raises(NotFound) as refused:
        an_endpoint(quick_world, partner_id="ptn-0")
    assert "partnerId" == refused.value.field


def test_a_private_origin_can_be_registered_where_the_portal_allows_it(quick_world: World) -> None:
    """On a developer's own machine; by default nowhere."""
    url = "http://127.0.0.1:9000/portal"
    with pytest.raises(InvalidInput):
        an_endpoint(quick_world, url)
    quick_world.portal = dataclasses.replace(
        quick_world.portal, private_origins={"http://127.0.0.1:9000"}
    )
    assert url == an_endpoint(quick_world, url).url


def test_there_are_so_many_endpoints_at_most_and_deleted_ones_do_not_count(
    quick_world: World,
) -> None:
    made = [an_endpoint(quick_world) for _ in range(MOST_ENDPOINTS)]
    with pytest.raises(InvalidInput):
        an_endpoint(quick_world)
    webhooks.delete_webhook_endpoint(
        quick_world.portal, quick_world.manage(), endpoint_id=made[0].id
    )
    an_endpoint(quick_world)


def test_an_update_changes_what_is_given(alone: World) -> None:
    made = an_endpoint(alone, kinds=("DealWon",))
    wishes: list[dict[str, object]] = [
        {"url": f"{URL}/2"},
        {"description": "Another"},
        {"kinds": ("GoalReached", "DealWon", "DealWon")},
        {"enabled": False},
    ]
    for wish in wishes:
        webhooks.update_webhook_endpoint(
            alone.portal,
            alone.manage(),
            endpoint_id=made.id,
            **wish,  # type: ignore[arg-type]
        )
    expected = dataclasses.replace(
        made,
        url=f"{URL}/2",
        description="Another",
        kinds=("DealWon", "GoalReached"),
        disabled_because=WebhookDisabledBecause.BY_ADMINISTRATOR,
        version=5,
    )
    assert expected == alone.load(type(made), made.id)


def test_a_disabled_endpoint_is_told_nothing_until_it_is_enabled(quick_world: World) -> None:
    endpoint, receivers = an_endpoint(quick_world), Receivers()

    def enabled(value: bool) -> None:
        webhooks.update_webhook_endpoint(
            quick_world.portal, quick_world.manage(), endpoint_id=endpoint.id, enabled=value
        )

    enabled(False)
    missed = an_event(quick_world)
    assert Counts() == told(quick_world, missed, receivers)
    with pytest.raises(InvalidInput, match="disabled"):
        replay(quick_world, endpoint.id, missed.id)
    enabled(True)
    replay(quick_world, endpoint.id, missed.id)
    assert Counts(delivered=1) == minute(quick_world, receivers)


def test_a_deleted_endpoint_has_no_secret_and_is_found_by_nobody(alone: World) -> None:
    """It is kept, without it, as long as stored answers may name it; what waits is given up."""
    endpoint, event = an_endpoint(alone), an_event(alone)
    secret = secret_of(alone, endpoint)
    told(alone, event, Receivers(status=500))
    ask = alone.manage()
    gone = webhooks.delete_webhook_endpoint(alone.portal, ask, endpoint_id=endpoint.id)
    assert gone.endpoint.id == endpoint.id
    kept = secrets_of(alone, endpoint.id)
    assert () == kept.at(alone.now)
    assert (gone.endpoint.expires_at or 0) > (alone.now + ANSWERS_KEPT).timestamp()
    again = webhooks.delete_webhook_endpoint(alone.portal, ask, endpoint_id=endpoint.id)
    assert secret not in f"{dataclasses.asdict(kept)}{again}"

    assert Counts() == told(alone, an_event(alone), Receivers())
    receivers = Receivers()
    assert Counts(given_up=1) == minute(alone, receivers)
    assert [] == receivers.got
    sound(alone, endpoint)
    calls = (
        lambda: replay(alone, endpoint.id, event.id),
        lambda: webhooks.delete_webhook_endpoint(
            alone.portal, alone.manage(), endpoint_id=endpoint.id
        ),
        lambda: webhooks.update_webhook_endpoint(
            alone.portal, alone.manage(), endpoint_id=endpoint.id, enabled=True
        ),
        lambda: webhooks.rotate_webhook_secret(
            alone.portal, alone.manage(), endpoint_id=endpoint.id, overlap_hours=1
        ),
        lambda: webhooks.request_webhook_test(
            alone.portal, alone.manage(), endpoint_id=endpoint.id
        ),
    )
    for call in calls:
        with pytest.raises(NotFound):
            call()


def test_while_a_secret_is_rotated_both_sign(quick_world: World) -> None:
    endpoint, receivers = an_endpoint(quick_world), Receivers()
    former = secret_of(quick_world, endpoint)
    webhooks.rotate_webhook_secret(
        quick_world.portal, quick_world.manage(), endpoint_id=endpoint.id, overlap_hours=24
    )
    present = secret_of(quick_world, endpoint)
    assert former != present
    told(quick_world, an_event(quick_world), receivers)
    (message,) = receivers.got
    assert message.verified(former, quick_world.now) == message.verified(present, quick_world.now)

    quick_world.wait()
    told(quick_world, an_event(quick_world), receivers)
    assert 1 == len(receivers.got[-1].headers["webhook-signature"].split(" "))
    receivers.got[-1].verified(present, quick_world.now)


@pytest.mark.parametrize("hours", [-1, 169])
def test_an_overlap_is_up_to_a_week(quick_world: World, hours: int) -> None:
    endpoint = an_endpoint(quick_world)
    with pytest.raises(InvalidInput):
        webhooks.rotate_webhook_secret(
            quick_world.portal, quick_world.manage(), endpoint_id=endpoint.id, overlap_hours=hours
        )


def test_two_rotations_at_once_are_one_after_the_other(alone: World) -> None:
    """Neither of the two secrets is lost: the one is current, and the other signs as well."""
    endpoint = an_endpoint(alone)
    asks = [alone.manage(), alone.manage()]

    def rotate(ask: Ask) -> object:
        return webhooks.rotate_webhook_secret(
            alone.portal, ask, endpoint_id=endpoint.id, overlap_hours=1
        )

    done = in_parallel(*(lambda ask=ask: rotate(ask) for ask in asks))
    assert {webhooks.WebhookSecretRotated} == set(map(type, done))
    kept = secrets_of(alone, endpoint.id)
    assert 3 == kept.version
    assert 2 == len({*kept.at(alone.now)})


def test_any_event_can_be_sent_again_under_its_own_id(alone: World) -> None:
    """Delivered, given up, waiting, of another kind, or from before the endpoint was there."""
    early = an_event(alone)
    endpoint = an_endpoint(alone, kinds=("PartnerAdded",))
    taken, refused, waiting = (an_event(alone) for _ in range(3))
    receivers = Receivers()
    told(alone, taken, receivers)
    receivers.status = 410
    told(alone, refused, receivers)
    webhooks.update_webhook_endpoint(
        alone.portal, alone.manage(), endpoint_id=endpoint.id, enabled=True
    )
    receivers.status = 500
    told(alone, waiting, receivers)
    receivers.status, receivers.got = 204, []

    events = (early, taken, refused, waiting)
    replayed = replay(alone, endpoint.id, *(event.id for event in (*events, early)))
    assert [event.id for event in events] == [one.event_id for one in replayed.deliveries]
    assert Counts(delivered=4) == minute(alone, receivers, 0)
    assert {messages.message_id(event.id) for event in events} == {
        message.id for message in receivers.got
    }
    assert {(DELIVERED, 1)} == {
        ((one := delivery_of(alone, endpoint, event)).status, one.attempts) for event in events
    }
    sound(alone, endpoint)


def test_a_replayed_delivery_is_kept_for_its_time_again(quick_world: World) -> None:
    endpoint, event = an_endpoint(quick_world), an_event(quick_world)
    told(quick_world, event, Receivers())
    quick_world.wait(29)
    replay(quick_world, endpoint.id, event.id)
    kept = delivery_of(quick_world, endpoint, event)
    assert int((quick_world.now + KEPT).timestamp()) == kept.expires_at


def test_a_partners_endpoint_is_never_sent_what_concerns_another(quick_world: World) -> None:
    own, other = an_event(quick_world), an_event(quick_world)
    endpoint = an_endpoint(quick_world, partner_id=own.subject_id)
    with pytest.raises(NotFound) as refused:
        replay(quick_world, endpoint.id, own.id, other.id)
    assert "eventIds" == refused.value.field
    assert (PENDING,) == tuple(
        one.status for one in replay(quick_world, endpoint.id, own.id).deliveries
    )


def test_too_many_or_unknown_events_are_refused(quick_world: World) -> None:
    endpoint, event = an_endpoint(quick_world), an_event(quick_world)
    many = (event.id, *(f"vendor.{number:020}" for number in range(MOST_REPLAYED)))
    for events in ((), many):
        with pytest.raises(InvalidInput):
            replay(quick_world, endpoint.id, *events)
    with pytest.raises(NotFound):
        replay(quick_world, endpoint.id, "vendor.06dqr084000000000000")


def test_as_many_pending_events_as_are_allowed_fit_into_one_transaction(quick_world: World) -> None:
    endpoint = an_endpoint(quick_world)
    events = [an_event(quick_world) for _ in range(MOST_REPLAYED)]
    for event in events:
        told(quick_world, event, Receivers(status=500))
    replay(quick_world, endpoint.id, *(event.id for event in events))
    assert Counts(delivered=MOST_REPLAYED) == minute(quick_world, Receivers(), 0)
    sound(quick_world, endpoint)


def test_a_replay_while_an_attempt_is_made_sends_again(quick_world: World) -> None:
    """The first one's success is noted: the receiver has it, and the second try is not needed."""
    endpoint, event = an_endpoint(quick_world), an_event(quick_world)

    def meanwhile() -> None:
        replay(quick_world, endpoint.id, event.id)

    assert Counts(delivered=1) == told(quick_world, event, Receivers(first=meanwhile))
    assert DELIVERED is delivery_of(quick_world, endpoint, event).status
    assert Counts() == minute(quick_world, Receivers())
    sound(quick_world, endpoint)


def test_a_test_is_sent_to_its_endpoint_and_tells_of_itself(alone: World) -> None:
    """Whatever its kinds are; its body is signed as any other."""
    endpoint = an_endpoint(alone, kinds=("DealWon",))
    an_endpoint(alone, "https://other.example.com/")
    ask = alone.manage()
    asked = webhooks.request_webhook_test(alone.portal, ask, endpoint_id=endpoint.id)
    receivers = Receivers()
    assert Counts(delivered=1) == minute(alone, receivers)
    (message,) = receivers.got
    content = message.verified(secret_of(alone, endpoint), alone.now)
    assert URL == message.url
    assert ("WebhookTestRequested", "WebhookEndpoint", ask.request_id) == (
        content["type"],
        content["data"]["subjectType"],
        content["data"]["requestId"],
    )
    assert asked.delivery.id == (alone.load(Delivery, asked.delivery.id) or asked.delivery).id


def test_a_message_names_what_it_is_about_and_nothing_of_what_is_in_it(quick_world: World) -> None:
    """Ids as the API takes them; neither names nor amounts."""
    event = an_event(quick_world)
    whose = global_id("Partner", event.subject_id)
    assert {
        "id": messages.message_id(event.id),
        "kind": "PartnerAdded",
        "at": "2026-01-05T09:00:00Z",
        "subjectType": "Partner",
        "subjectId": whose,
        "partnerId": whose,
        "requestId": event.request_id,
    } == messages.message_of(event)
    assert event.id == messages.event_id_of(messages.message_of(event))


def test_every_event_so_far_is_of_a_known_kind(quick_world: World) -> None:
    """Of the capability's own examples, too: consent granted, earning available, goal reached."""
    assert {"ConsentGranted", "EarningReleased", "GoalReached", "DealWon"} <= event_kinds()
    assert not event_kinds() & TELLING_OF_DELIVERIES
    event = an_event(quick_world)
    assert event.kind in event_kinds()
    assert "Partner" == subject_of(event).type


def test_what_waits_longest_is_told_of_in_the_order_of_when(quick_world: World) -> None:
    """Order is not promised to receivers; the list of what is due is in the order of time."""
    endpoint, receivers = an_endpoint(quick_world), Receivers(status=500)
    events = []
    for _ in range(3):
        quick_world.now += timedelta(seconds=1)
        events.append(an_event(quick_world))
        told(quick_world, events[-1], receivers)
    receivers.status, receivers.got = 204, []
    quick_world.now += BACKOFF[0]
    minute(quick_world, receivers)
    assert [messages.message_id(event.id) for event in events] == [
        message.id for message in receivers.got
    ]
    want = One(Delivery, f"{endpoint.id}.{events[0].id}")
    assert quick_world.store.read([want])[want] is not None
