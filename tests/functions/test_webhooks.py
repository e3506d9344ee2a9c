"""The webhooks' function, and the whole way of an event, from a commit to its receiver."""

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from standardwebhooks import Webhook

from portal_api import metrics
from portal_api.domain.events import Event
from portal_api.domain.webhooks import SigningSecrets
from portal_api.functions import stream, webhooks
from portal_api.sending import TOTAL_SECONDS, sender
from portal_api.services.deliveries import Send, Sent
from portal_api.services.messages import message_of
from portal_api.services.store import Many, One, of_events
from portal_api.services.webhooks import create_webhook_endpoint
from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.functions.buses import queue_behind, received
from tests.functions.events import Client, an_event, bus_of, stream_record
from tests.receiving import Receiver, receiver
from tests.services.world import World

PLENTY = 60.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    engine.create()
    world = World(TableStore(engine))
    world.now = datetime.now(UTC)  # Who checks a signature checks its age by the real clock.
    yield world
    engine.close()


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as there:
        yield there


def subscribed(world: World, there: Receiver, *kinds: str) -> str:
    """The secret of an endpoint at the receiver, for these kinds of events."""
    world.portal = type(world.portal)(
        world.store, world.portal.clock, world.new_id, private_origins={there.origin}
    )
    endpoint = create_webhook_endpoint(
        world.portal,
        world.manage(),
        url=f"{there.origin}/hidden/path?token=hidden",
        description="Tests",
        kinds=kinds,
    ).endpoint
    want = One(SigningSecrets, endpoint.id)
    secrets = world.store.read([want])[want]
    assert secrets is not None
    assert secrets.current is not None
    return secrets.current


def told(world: World, kind: str, partner_id: str | None) -> Event:
    """The one event of a kind."""
    want = Many(Event, of_events(partner_id))
    (event,) = (one for one in world.store.read([want])[want].records if one.kind == kind)
    return event


def on_the_bus(event: Event) -> dict[str, Any]:
    """An event as a rule of the bus hands it to a function."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": event.kind,
        "source": "portal",
        "account": "123456789012",
        "time": "2026-06-01T09:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": message_of(event),
    }


def granted(world: World) -> Event:
    """A consent's event."""
    company, program = world.company(), world.program()
    world.consent(company, program)
    return told(world, "ConsentGranted", company.id)


def sending_to(there: Receiver) -> Send:
    return sender({there.origin})


def counts(**changed: int) -> dict[str, int]:
    return {"delivered": 0, "failed": 0, "given_up": 0, **changed}


def test_an_event_of_the_bus_is_delivered_once_however_often_it_comes(
    world: World, there: Receiver
) -> None:
    secret = subscribed(world, there, "ConsentGranted")
    event = granted(world)
    send, came = sending_to(there), on_the_bus(event)
    assert counts(delivered=1) == webhooks.run(world.portal, send, came, PLENTY)
    assert counts() == webhooks.run(world.portal, send, came, PLENTY)
    (one,) = there.received
    body = Webhook(secret).verify(one.body, dict(one.headers))
    assert message_of(event) == body["data"]
    assert message_of(event)["id"] == one.headers["webhook-id"]


def test_what_failed_is_sent_again_when_it_is_due(world: World, there: Receiver) -> None:
    subscribed(world, there, "ConsentGranted")
    there.status = 503
    send, came = sending_to(there), on_the_bus(granted(world))
    assert counts(failed=1) == webhooks.run(world.portal, send, came, PLENTY)
    there.status = 204
    assert counts() == webhooks.run(world.portal, send, {"due": True}, PLENTY)
    world.now += timedelta(minutes=2)
    assert counts(delivered=1) == webhooks.run(world.portal, send, {"due": True}, PLENTY)
    first, second = there.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


@pytest.mark.parametrize(("seconds_left", "most"), [(0.0, 0), (14.0, 0), (30.0, 2), (900.0, 5)])
def test_no_attempt_is_begun_that_might_not_end_in_time(
    world: World, there: Receiver, seconds_left: float, most: int
) -> None:
    """Each takes as long as an attempt can; the schedule comes again after a minute."""
    subscribed(world, there, "ConsentGranted")
    there.status = 503
    company = world.company()
    for _ in range(8):
        world.consent(company, world.program())
    want = Many(Event, of_events(company.id))
    for event in world.store.read([want])[want].records:
        if event.kind == "ConsentGranted":
            webhooks.run(world.portal, sending_to(there), on_the_bus(event), PLENTY)
    world.now += timedelta(minutes=2)
    begun, sent = world.now, 0

    def slow(url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        nonlocal sent
        sent += 1
        world.now += timedelta(seconds=TOTAL_SECONDS)
        return Sent(204, None)

    done = webhooks.run(world.portal, slow, {"due": True}, seconds_left)
    assert (counts(delivered=most), most) == (done, sent)
    assert world.now - begun <= timedelta(seconds=seconds_left)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"due": False},
        {"due": "true"},
        {"source": "aws.s3", "detail": message_of(an_event())},
        {"source": "portal", "detail": {"id": "x"}},
        {"source": "portal", "detail": {}},
    ],
)
def test_what_is_no_event_of_the_portal_is_an_error(
    world: World, there: Receiver, event: dict[str, Any]
) -> None:
    subscribed(world, there)
    with pytest.raises(ValueError, match="portal"):
        webhooks.run(world.portal, sending_to(there), event, PLENTY)
    assert [] == there.received


def test_an_event_that_was_never_committed_is_told_to_nobody(world: World, there: Receiver) -> None:
    """Whoever can put something on the bus cannot have it signed."""
    subscribed(world, there)
    made_up = Event("vendor.1", "ConsentGranted", "x", "y", "request-1", world.now)
    done = webhooks.run(world.portal, sending_to(there), on_the_bus(made_up), PLENTY)
    assert counts() == done
    assert [] == there.received


def test_it_counts_and_logs_without_url_body_and_secret(
    world: World,
    there: Receiver,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: dict[str, int] = {}
    monkeypatch.setattr(metrics, "count", lambda name, value=1: counted.update({name: value}))
    secret = subscribed(world, there, "ConsentGranted")
    there.status = 500
    event = granted(world)
    with caplog.at_level(logging.DEBUG):
        webhooks.run(world.portal, sending_to(there), on_the_bus(event), PLENTY)
    assert {"WebhooksDelivered": 0, "WebhooksFailed": 1, "WebhooksGivenUp": 0} == counted
    (record,) = (one for one in caplog.records if one.name == webhooks.__name__)
    assert (0, 1, 0) == tuple(record.__dict__[name] for name in counts())
    logged = json.dumps([one.__dict__ for one in caplog.records], default=str)
    for hidden in (secret, "hidden", there.origin, event.id, message_of(event)["id"]):
        assert str(hidden) not in logged


def test_from_a_commit_to_a_receiver(world: World, there: Receiver) -> None:
    """The table's items as the stream has them, through both functions, over a socket."""
    secret = subscribed(world, there, "ConsentGranted", "Enrolled")
    company, program = world.company(), world.program()
    world.consent(company, program)
    world.enroll(company, program)
    events = [
        event
        for whose in (None, company.id)
        for want in [Many(Event, of_events(whose))]
        for event in world.store.read([want])[want].records
    ]
    client = Client()
    stream.forward(bus_of(client), [stream_record(one, at) for at, one in enumerate(events)])
    assert len(events) == len(client.taken)
    for entry in client.taken:
        came = {"source": entry["Source"], "detail": json.loads(entry["Detail"])}
        webhooks.run(world.portal, sending_to(there), came, PLENTY)
    bodies = [Webhook(secret).verify(one.body, dict(one.headers)) for one in there.received]
    assert ["ConsentGranted", "Enrolled"] == [body["type"] for body in bodies]


class Lambda:
    """Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_from_a_commit_to_a_receiver_on_a_local_aws(
    ministack: str, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real table, its stream, a bus, a rule and a queue; both functions as AWS calls them."""
    engine = DynamoEngine("portal-webhooks", "us-east-1", ministack)
    engine.create()
    world = World(TableStore(engine))
    world.now = datetime.now(UTC)
    secret = subscribed(world, there, "ConsentGranted")
    event = granted(world)
    sqs, queue = queue_behind("portal-webhooks", ministack)
    for name, value in {
        "PORTAL_STAGE": "test",
        "PORTAL_TABLE": "portal-webhooks",
        "PORTAL_ENDPOINT_URL": ministack,
        "PORTAL_EVENT_BUS": "portal-webhooks",
        "PORTAL_WEBHOOK_PRIVATE_ORIGINS": there.origin,
        "AWS_ENDPOINT_URL": ministack,
    }.items():
        monkeypatch.setenv(name, value)
    for made_once in (stream._bus, webhooks._parts):
        made_once.cache_clear()
    try:
        assert {"batchItemFailures": []} == stream.handler({"Records": streamed(ministack)}, None)
        done = [webhooks.handler(came, Lambda()) for came in received(sqs, queue)]
        assert counts() == webhooks.handler({"due": True}, Lambda())
    finally:
        for made_once in (stream._bus, webhooks._parts):
            made_once.cache_clear()
        engine.close()
    assert 1 == sum(one["delivered"] for one in done)
    assert len(done) > 1
    (one,) = there.received
    assert message_of(event) == Webhook(secret).verify(one.body, dict(one.headers))["data"]


def streamed(endpoint: str) -> list[dict[str, Any]]:
    """All that the table's stream has: changes of every kind, and the events among them."""
    dynamodb = boto3.client("dynamodb", endpoint_url=endpoint)
    arn = dynamodb.describe_table(TableName="portal-webhooks")["Table"]["LatestStreamArn"]
    streams = boto3.client("dynamodbstreams", endpoint_url=endpoint)
    found: list[dict[str, Any]] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        mark = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        ).get("ShardIterator")
        while mark:
            page = streams.get_records(ShardIterator=mark)
            found += page["Records"]
            mark = page.get("NextShardIterator") if page["Records"] else None
    return found
