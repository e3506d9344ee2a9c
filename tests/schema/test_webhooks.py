"""S19: webhooks and events through the API: signed, retried, replayable, and for administrators."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal_api.domain.events import Event
from portal_api.domain.ids import global_id
from portal_api.domain.partners import Role
from portal_api.domain.webhooks import Endpoint
from portal_api.schema import build_schema, nodes
from portal_api.schema.ids import encoded
from portal_api.schema.webhook_kinds import BY_ITSELF
from portal_api.services import audit, deliveries, messages, partners
from portal_api.services.event_kinds import TELLING_OF_DELIVERIES, event_kinds
from portal_api.services.maturing import release_due
from portal_api.services.messages import FOUND_BY_ID
from portal_api.services.use_case import Portal
from tests.hooks import URL, Receivers
from tests.schema.client import Client, usd
from tests.schema.planning import paying
from tests.schema.selling import Selling

ENDPOINT = """endpoint { id url description kinds enabled disabledBecause failingSince
    earlierSecretUntil createdAt deletedAt partner { id } }"""
DELIVERIES = """query($id: ID!, $status: WebhookDeliveryStatus, $first: Int! = 20, $after: String) {
    node(id: $id) { ... on WebhookEndpoint { failingSince enabled disabledBecause
      deliveries(status: $status, first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        edges { node { id kind status attempts lastStatus problem nextAttemptAt lastAttemptAt
          deliveredAt event { id kind requestId } } } } } } }"""
DELETED = "... on WebhookEndpointDeleted { endpoint { deletedAt } }"
ENDPOINTS = "{ viewer { webhookEndpoints { id } } }"


@pytest.fixture
def client(client: Client) -> Iterator[Client]:
    """Give the API as everywhere, and no endpoints to the next test on the same table."""
    yield client
    for found in client.query(client.admin, ENDPOINTS)["viewer"]["webhookEndpoints"]:
        client.do(client.admin, "deleteWebhookEndpoint", DELETED, endpointId=found["id"])


def at(instant: datetime) -> str:
    """An instant as the API tells it."""
    return instant.isoformat().replace("+00:00", "Z")


def create(client: Client, again: str | None = None, **given: Any) -> dict[str, Any]:
    wish = {"url": URL, "description": "The vendor's data platform"}
    return client.do(
        client.admin,
        "createWebhookEndpoint",
        f"... on WebhookEndpointCreated {{ {ENDPOINT} secret }}",
        again=again,
        **wish | given,
    )


def replay(client: Client, endpoint: str, *events: str) -> dict[str, Any]:
    return client.do(
        client.admin,
        "replayWebhookEvents",
        "... on WebhookEventsReplayed { deliveries { id status event { id } } }",
        endpointId=endpoint,
        eventIds=list(events),
    )


def deliveries_of(client: Client, endpoint: str, **given: Any) -> list[dict[str, Any]]:
    found = client.query(client.admin, DELIVERIES, id=endpoint, **given)["node"]["deliveries"]
    return [edge["node"] for edge in found["edges"]]


def sending(client: Client) -> Portal:
    """The portal of the functions that send: what they write is no change that is recorded."""
    return client.world.on(client.world.store)


def events_of(client: Client) -> list[Event]:
    """Whatever has happened so far."""
    store: Any = client.world.portal.store
    events: list[Event] = store.events
    return events


def tell(client: Client, receivers: Receivers) -> None:
    """It is told of, as the bus does."""
    for event in events_of(client):
        deliveries.deliver(sending(client), messages.message_of(event), receivers)


def retry(client: Client, receivers: Receivers) -> None:
    """The schedule runs."""
    deliveries.retry_due(sending(client), receivers)


def told_of(client: Client, secret: str) -> dict[str, dict[str, Any]]:
    """What a receiver is told and has checked, the last of each kind."""
    receivers = Receivers()
    tell(client, receivers)
    told = [message.verified(secret, client.world.now) for message in receivers.got]
    assert [one.id for one in receivers.got] == [one["data"]["id"] for one in told]
    return {one["type"]: one["data"] for one in told}


def test_S19_consents_and_goals_are_told_of_signed_with_ids_that_the_api_takes(
    client: Client,
) -> None:
    """Consent granted, deal won, goal reached: who is told asks the API for more."""
    made = create(client, kinds=["ConsentGranted", "DealWon", "GoalReached"])
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    program, rep = client.program(manager), client.person("SALES_REP", partner)
    client.consent(client.person("PARTNER_EXECUTIVE", partner), partner, program)
    client.enroll(rep, partner, program)
    values: dict[str, Any] = {
        "goal": {"money": usd("20000.00")},
        "stretch": {"money": usd("90000.00")},
    }
    client.do(manager, "setGoal", "", programId=program, partyId=rep.id, goalCode="Y", **values)
    client.world.wait()
    deal = client.register(rep, program)
    client.approve(manager, deal)
    client.win(manager, deal)

    told = told_of(client, made["secret"])
    assert {"ConsentGranted", "DealWon", "GoalReached"} == set(told)
    assert {partner} == {data["partnerId"] for data in told.values()}
    assert ("Deal", deal) == (told["DealWon"]["subjectType"], told["DealWon"]["subjectId"])
    assert rep.id == told["GoalReached"]["subjectId"]
    document = "query($id: ID!) { node(id: $id) { __typename ... on AuditRecord { kind } } }"
    for kind, data in told.items():
        record = client.query(client.admin, document, id=data["id"])["node"]
        assert {"__typename": "AuditRecord", "kind": kind} == record
    endpoint = made["endpoint"]["id"]
    assert {"DELIVERED"} == {one["status"] for one in deliveries_of(client, endpoint)}


def test_S19_what_becomes_available_by_itself_is_told_of(client: Client) -> None:
    """Earning available: the end of a hold is nobody's request, and an event as any other."""
    made = create(client, kinds=["EarningReleased"])
    bonus = paying("deals", {"milestoneSplit": {"rateBps": 300}}, holdDays=3)
    selling = Selling(client, bonus)
    selling.win(selling.approved())
    client.world.wait(4)
    release_due(client.world.portal)
    data = told_of(client, made["secret"])["EarningReleased"]
    document = "query($id: ID!) { node(id: $id) { ... on Earning { status } } }"
    found = client.query(client.admin, document, id=data["subjectId"])
    assert {"node": {"status": "AVAILABLE"}} == found


def test_S19_what_fails_is_retried_listed_and_replayed(client: Client) -> None:
    """Down, given up for good, and sent again by a mutation once the receiver is back."""
    endpoint = create(client, kinds=["PartnerAdded"])["endpoint"]["id"]
    client.partner()
    receivers = Receivers(status=503)
    tell(client, receivers)
    (failed,) = deliveries_of(client, endpoint)
    assert ("PENDING", 1, 503, "The receiver answered 503.") == (
        failed["status"],
        failed["attempts"],
        failed["lastStatus"],
        failed["problem"],
    )
    now = client.world.now
    assert at(now + timedelta(minutes=1)) == failed["nextAttemptAt"]
    node = client.query(client.admin, DELIVERIES, id=endpoint)["node"]
    assert at(now) == node["failingSince"]

    for _ in range(80):
        client.world.now += timedelta(hours=1)
        retry(client, receivers)
    (given_up,) = deliveries_of(client, endpoint, status="FAILED")
    assert ("FAILED", 10, None) == (
        given_up["status"],
        given_up["attempts"],
        given_up["nextAttemptAt"],
    )
    assert [] == deliveries_of(client, endpoint, status="DELIVERED")

    receivers.status = 200
    again = replay(client, endpoint, given_up["event"]["id"])
    assert ["PENDING"] == [one["status"] for one in again["deliveries"]]
    retry(client, receivers)
    (taken,) = deliveries_of(client, endpoint)
    assert ("DELIVERED", 1, None) == (taken["status"], taken["attempts"], taken["problem"])
    assert 1 == len({message.id for message in receivers.got})


def test_S19_events_from_before_an_endpoint_can_be_replayed_to_it(client: Client) -> None:
    """By the ids of the audit log, which are those of the messages."""
    client.partner()
    endpoint = create(client, kinds=["DealWon"])
    event = next(one for one in events_of(client) if one.kind == "PartnerAdded")
    wished = encoded("AuditRecord", event.id)
    answer = replay(client, endpoint["endpoint"]["id"], wished)
    assert [wished] == [one["event"]["id"] for one in answer["deliveries"]]
    receivers = Receivers()
    retry(client, receivers)
    (message,) = receivers.got
    assert wished == message.id
    assert "PartnerAdded" == message.verified(endpoint["secret"], client.world.now)["type"]


def test_a_secret_is_told_with_its_answer_and_soon_again_to_who_asks_again(client: Client) -> None:
    """A lost answer costs nothing; after an hour nobody is told it any more."""
    request_id = client.request_id()
    first = create(client, request_id)
    assert first["secret"].startswith("whsec_")
    assert first == create(client, request_id)
    client.world.now += timedelta(hours=1)
    late = create(client, request_id)
    assert (None, first["endpoint"]) == (late["secret"], late["endpoint"])


def test_a_creation_asked_for_again_does_not_tell_what_another_has_made_since(
    quick_client: Client,
) -> None:
    """Nor does the one who has made it tell it by anything but the same request."""
    request_id, rotation = quick_client.request_id(), quick_client.request_id()
    made = create(quick_client, request_id)
    other = quick_client.person("ADMIN")

    def rotate(again: str) -> dict[str, Any]:
        return quick_client.do(
            other,
            "rotateWebhookSecret",
            "... on WebhookSecretRotated { secret }",
            again=again,
            endpointId=made["endpoint"]["id"],
        )

    rotated = rotate(rotation)
    assert made["secret"] != rotated["secret"]
    assert rotated["secret"] == rotate(rotation)["secret"]
    assert create(quick_client, request_id)["secret"] is None
    newer = rotate(quick_client.request_id())
    assert newer["secret"] not in (None, rotated["secret"])
    assert rotate(rotation)["secret"] is None


def test_nothing_but_that_answer_tells_a_secret(quick_client: Client) -> None:
    """Neither the log, nor its export, nor anybody's personal data, nor another answer."""
    made = create(quick_client)
    rotated = quick_client.do(
        quick_client.admin,
        "rotateWebhookSecret",
        f"... on WebhookSecretRotated {{ {ENDPOINT} secret }}",
        endpointId=made["endpoint"]["id"],
    )
    assert made["secret"] != rotated["secret"]
    until = quick_client.world.now + timedelta(hours=24)
    assert at(until) == rotated["endpoint"]["earlierSecretUntil"]
    quick_client.world.now += timedelta(hours=2)
    document = """{ auditExport { csv } viewer { individual { id }
        auditLog { edges { node { id kind requestId subject { id type } } } }
        webhookEndpoints { id url description kinds deliveries { edges { node { id } } } } } }"""
    told = quick_client.query(quick_client.admin, document)
    own = quick_client.query(
        quick_client.admin,
        "query($id: ID!) { personalData(individualId: $id) { lines } }",
        id=told["viewer"]["individual"]["id"],
    )
    everything = f"{told}{own}"
    assert "WebhookSecretRotated" in everything
    for secret in (made["secret"], rotated["secret"]):
        assert secret.removeprefix("whsec_") not in everything


def test_an_endpoint_is_changed_disabled_and_deleted(client: Client) -> None:
    """A deleted one is found by its id alone: what the log says of it leads somewhere."""
    made = create(client, partnerId=client.partner())["endpoint"]
    assert made["partner"] is not None
    changed = client.do(
        client.admin,
        "updateWebhookEndpoint",
        f"... on WebhookEndpointUpdated {{ {ENDPOINT} }}",
        endpointId=made["id"],
        kinds=["DealWon"],
        enabled=False,
    )["endpoint"]
    expected = {"kinds": ["DealWon"], "enabled": False, "disabledBecause": "BY_ADMINISTRATOR"}
    assert made | expected == changed
    client.do(client.admin, "deleteWebhookEndpoint", DELETED, endpointId=made["id"])
    assert {"webhookEndpoints": []} == client.query(client.admin, ENDPOINTS)["viewer"]
    document = "query($id: ID!) { node(id: $id) { ... on WebhookEndpoint { deletedAt } } }"
    found = client.query(client.admin, document, id=made["id"])["node"]
    assert at(client.world.now) == found["deletedAt"]


def test_a_test_reaches_its_endpoint(client: Client) -> None:
    made = create(client, kinds=["DealWon"])
    asked = client.do(
        client.admin,
        "requestWebhookTest",
        "... on WebhookTestRequested { endpoint { id } delivery { id status } }",
        endpointId=made["endpoint"]["id"],
    )
    assert "PENDING" == asked["delivery"]["status"]
    receivers = Receivers()
    retry(client, receivers)
    (message,) = receivers.got
    content = message.verified(made["secret"], client.world.now)
    assert made["endpoint"]["id"] == content["data"]["subjectId"]


def test_deliveries_are_paged_newest_first_and_by_what_became_of_them(
    quick_client: Client,
) -> None:
    """A page of a filter goes on where it has looked."""
    endpoint = create(quick_client, kinds=["PartnerAdded"])["endpoint"]["id"]
    receivers = Receivers(status=500)
    for status in (500, 204, 500, 204, 500):
        quick_client.partner()
        receivers.status = status
        event = [one for one in events_of(quick_client) if one.kind == "PartnerAdded"][-1]
        deliveries.deliver(sending(quick_client), messages.message_of(event), receivers)
    every = deliveries_of(quick_client, endpoint)
    assert ["PENDING", "DELIVERED"] * 2 + ["PENDING"] == [one["status"] for one in every]
    for wanted, count in (("PENDING", 3), ("DELIVERED", 2), (None, 5)):
        seen: list[str] = []
        after, more = None, True
        while more:
            page = quick_client.query(
                quick_client.admin, DELIVERIES, id=endpoint, status=wanted, first=1, after=after
            )["node"]["deliveries"]
            seen += [edge["node"]["id"] for edge in page["edges"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        wished = [one["id"] for one in every if wanted in (None, one["status"])]
        assert wished == seen
        assert count == len(seen)


def test_endpoints_are_for_administrators_alone(quick_client: Client) -> None:
    """Who else reads is told nothing, not even that there are some."""
    endpoint = create(quick_client)["endpoint"]["id"]
    partner = quick_client.partner()
    tell(quick_client, Receivers())
    delivery = deliveries_of(quick_client, endpoint)[0]["id"]
    document = """query($endpoint: ID!, $delivery: ID!) {
        viewer { webhookEndpoints { url } }
        endpoint: node(id: $endpoint) { id } delivery: node(id: $delivery) { id } }"""
    for role in set(Role) - partners.ADMINS:
        vendor = role in (Role.CHANNEL_MANAGER, Role.SERVICE)
        who = quick_client.person(role.value, None if vendor else partner)
        seen = quick_client.query(who, document, endpoint=endpoint, delivery=delivery)
        hidden = {"viewer": {"webhookEndpoints": None}, "endpoint": None, "delivery": None}
        assert hidden == seen, role


def test_every_kind_of_event_is_described_and_can_be_wished_for(quick_client: Client) -> None:
    """A receiver's author finds out from the API what can come, and about what."""
    told = quick_client.query(
        quick_client.admin,
        "{ viewer { webhookEventKinds { kind description subjectTypes } } }",
    )["viewer"]["webhookEventKinds"]
    kinds = [one["kind"] for one in told]
    assert sorted(event_kinds()) == kinds
    assert [] == [one["kind"] for one in told if not one["description"]]
    assert [] == [one["kind"] for one in told if not one["subjectTypes"]]
    made = create(quick_client, kinds=kinds)
    assert kinds == made["endpoint"]["kinds"]


def test_the_kinds_are_what_mutations_answer_and_what_happens_by_itself() -> None:
    """Each is described once; what imports answer is no event, since each row is one."""
    schema = build_schema()
    mutations = schema.get_type_by_name("Mutation").fields  # type: ignore[union-attr]
    answers = {one.type.types[0].__name__ for one in mutations}  # type: ignore[union-attr]
    reports = {"ActivitiesImported", "PartnersImported", "PeopleImported"}
    assert event_kinds() | TELLING_OF_DELIVERIES == answers - reports | audit.BY_ITSELF.keys()
    assert set(BY_ITSELF) == audit.BY_ITSELF.keys() - answers


def test_a_message_names_by_id_what_the_api_finds_by_it() -> None:
    types = {one for kind in event_kinds() for one in audit.subject_types(kind)}
    assert {one for one in types if nodes.known(one)} == set(FOUND_BY_ID)
    assert encoded("Deal", "ptn-1.ind-1.prg-1.7") == global_id("Deal", "ptn-1.ind-1.prg-1.7")
    assert audit.subject_types("WebhookEndpointCreated") == ("WebhookEndpoint",)
    assert audit.kind_of_subject("WebhookEndpointDisabled") is Endpoint
