"""The stream's function: every committed event reaches the bus, whatever happens on the way.

F9 to F13 are records that come twice, in another order, that nobody can read, of which a part
fails, and that did not come for a day.
"""

import itertools
import json
import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from portal_api.bus import Bus
from portal_api.cli import main
from portal_api.domain import ids
from portal_api.domain.writes import Create, Enlist
from portal_api.functions import stream
from portal_api.services import audit
from portal_api.services.messages import message_id, message_of
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.functions.buses import queue_behind, received
from tests.functions.events import (
    NOW,
    Client,
    StreamRecord,
    an_event,
    bus_of,
    lambda_polls,
    number_of,
    poisoned,
    stream_record,
)

DONE: dict[str, Any] = {"batchItemFailures": []}


def records_of(count: int) -> list[StreamRecord]:
    return [stream_record(an_event(number), number) for number in range(count)]


def ids_of(numbers: Sequence[int]) -> list[str]:
    return [message_id(an_event(number).id) for number in numbers]


def from_(record: StreamRecord) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": number_of(record)}]}


def test_an_event_goes_onto_the_bus_as_the_thin_message_that_it_is() -> None:
    client = Client()
    event = an_event()
    assert DONE == stream.forward(bus_of(client), [stream_record(event, 1)])
    (entry,) = client.taken
    assert {
        "EventBusName": "portal-events",
        "Source": "portal",
        "DetailType": "ConsentGranted",
        "Time": event.at,
    } == {name: value for name, value in entry.items() if name != "Detail"}
    assert message_of(event) == json.loads(entry["Detail"])


def test_events_go_in_groups_of_ten_and_in_their_order() -> None:
    client = Client()
    assert DONE == stream.forward(bus_of(client), records_of(23))
    assert [10, 10, 3] == [len(group) for group in client.groups]
    assert ids_of(range(23)) == client.ids


def test_a_group_is_no_larger_than_a_request_may_be() -> None:
    client = Client()
    message = {**message_of(an_event()), "requestId": "x" * 60_000}
    assert 9 == bus_of(client).put([message] * 9)
    assert [4, 4, 1] == [len(group) for group in client.groups]


def test_records_that_are_no_new_events_are_passed_over() -> None:
    """Changes and removals, and what is not an event at all, though a filter keeps most of it."""
    client = Client()
    deal = stream_record(an_event(3), 3)
    deal["dynamodb"]["Keys"]["pk"] = {"S": "PARTNER#ptn-1#PERSON#ind-1"}
    removed = stream_record(an_event(4), 4, "REMOVE")
    del removed["dynamodb"]["NewImage"]
    records = [
        stream_record(an_event(1), 1),
        stream_record(an_event(2), 2, "MODIFY"),
        deal,
        removed,
        stream_record(an_event(5), 5),
    ]
    assert DONE == stream.forward(bus_of(client), records)
    assert ids_of([1, 5]) == client.ids


def test_an_empty_batch_asks_nothing() -> None:
    client = Client()
    assert DONE == stream.forward(bus_of(client), [])
    assert [] == client.groups


def test_F9_what_comes_twice_has_the_same_id_both_times() -> None:
    client = Client()
    records = records_of(3)
    for _ in range(2):
        assert DONE == stream.forward(bus_of(client), [*records, records[0]])
    assert set(ids_of(range(3))) == set(client.ids)
    assert 1 == len({json.dumps(e["Detail"]) for e in client.taken if e["Time"] == NOW})


def test_F10_no_order_is_needed() -> None:
    client = Client()
    for records in itertools.permutations(records_of(3)):
        assert DONE == stream.forward(bus_of(client), records)
    assert sorted(ids_of(range(3)) * 6) == sorted(client.ids)


@pytest.mark.parametrize("at", range(1, 12))
def test_F11_what_is_before_an_unreadable_record_is_done_and_the_rest_comes_again(at: int) -> None:
    client = Client()
    records = records_of(12)
    records[at] = poisoned(records[at])
    assert from_(records[at]) == stream.forward(bus_of(client), records)
    assert ids_of(range(at)) == client.ids


def test_F11_a_batch_that_begins_with_an_unreadable_record_fails_so_that_it_is_halved() -> None:
    client = Client()
    records = records_of(3)
    records[0] = poisoned(records[0])
    with pytest.raises(stream.NothingForwarded):
        stream.forward(bus_of(client), records)
    assert from_(records[0]) == stream.forward(bus_of(client), records[:1])
    assert [] == client.ids


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.sets(st.integers(0, 29), max_size=5))
def test_F11_unreadable_records_alone_go_to_the_failure_queue(size: int, bad: set[int]) -> None:
    """Wherever they are and however many, as Lambda goes on, halves and gives up."""
    client = Client()
    bad = {number for number in bad if number < size}
    records = [
        poisoned(record) if number in bad else record
        for number, record in enumerate(records_of(size))
    ]
    given_up = lambda_polls(records, lambda batch: stream.forward(bus_of(client), batch))
    assert [number_of(records[number]) for number in sorted(bad)] == list(map(number_of, given_up))
    assert ids_of([number for number in range(size) if number not in bad]) == client.ids


@pytest.mark.parametrize(
    "image", [{}, {"pk": {"S": "EVENTS#v"}}, {"pk": {"S": "E"}, "sk": {"S": "E"}, "x": {"SS": []}}]
)
def test_F11_whatever_is_wrong_with_a_record_it_is_that_one_which_comes_again(image: Any) -> None:
    record, other = records_of(2)
    broken = {**record, "dynamodb": {**record["dynamodb"], "NewImage": image}}
    assert from_(broken) == stream.forward(bus_of(Client()), [broken])
    assert ([broken], 1) == (
        lambda_polls([broken, other], lambda batch: stream.forward(bus_of(Client()), batch)),
        1,
    )


def test_F12_what_the_bus_did_not_take_and_all_behind_it_comes_again() -> None:
    """An answer of 200 whose entries say that they were not taken."""
    refused = set(ids_of([13, 15]))
    client = Client(lambda detail: "ThrottlingException" if detail["id"] in refused else None)
    records = records_of(25)
    assert from_(records[13]) == stream.forward(bus_of(client), records)
    assert [10, 10] == [len(group) for group in client.groups]
    client.refuses = lambda _: None
    assert DONE == stream.forward(bus_of(client), records[13:])
    assert set(ids_of(range(25))) == set(client.ids)


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "PutEvents"),
        EndpointConnectionError(endpoint_url="https://events"),
    ],
)
def test_F12_where_the_bus_is_not_to_be_had_nothing_is_lost(error: Exception) -> None:
    class Down(Client):
        def put_events(self, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
            if len(self.groups) == 1:
                raise error
            return super().put_events(Entries)

    client = Down()
    records = records_of(15)
    assert from_(records[10]) == stream.forward(bus_of(client), records)
    with pytest.raises(stream.NothingForwarded):
        stream.forward(bus_of(client), records[10:])
    assert from_(records[10]) == stream.forward(bus_of(client), records[10:11])
    assert ids_of(range(10)) == client.ids


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(0, 2**32))
def test_F12_a_bus_that_refuses_now_and_then_has_every_event_in_the_end(
    size: int, seed: int
) -> None:
    chance = random.Random(seed)
    client = Client(lambda _: "InternalFailure" if chance.random() < 0.2 else None)
    records = records_of(size)
    given_up = lambda_polls(records, lambda b: stream.forward(bus_of(client), b), attempts=100)
    assert [] == given_up
    assert set(ids_of(range(size))) == set(client.ids)


def test_the_log_says_what_is_wrong_without_what_was_in_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = poisoned(stream_record(an_event(request_id="mara@example.com"), 1))
    with caplog.at_level(logging.INFO):
        stream.forward(bus_of(Client()), [record])
        stream.forward(bus_of(Client(lambda _: "Throttled")), records_of(1))
    told = [one.getMessage() for one in caplog.records]
    assert ["unreadable event", "the bus refused: Throttled"] == told


# --- F13: the stream keeps a day, the table keeps all of it ------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A store with an event each hour of two days, of two partners and of the vendor."""
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    engine.create()
    store = TableStore(engine)
    for company in COMPANIES:
        store.commit([Enlist("partners", company, company)])
    for event in HOURLY:
        store.commit([Create(event)])
    engine.close()
    return tmp_path / "portal.sqlite"


COMPANIES = ("ptn-06dqr0840hntt77n9yq9", "ptn-06dqr0840hntt77n9yqa")
HOURLY = tuple(
    an_event(id=f"{whose}.{ids.timed(at, more)}", at=at)
    for hour in range(48)
    for at in [NOW + timedelta(hours=hour)]
    for more, whose in enumerate(("vendor", *COMPANIES))
)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Client:
    """The client of whichever bus the command makes."""
    client = Client()
    monkeypatch.setattr(boto3, "client", lambda *_, **__: client)
    return client


def resend(place: Path, *more: str) -> Result:
    span = ("--since", "2026-06-01T20:00:00Z", "--until", "2026-06-02T20:00:00Z")
    arguments = ["events", "resend", *span, "--bus", "portal-events", "--store", str(place)]
    return CliRunner().invoke(main, [*arguments, *more], catch_exceptions=False)


def of_the_day(partner: str = "") -> set[str]:
    begin = NOW.replace(hour=20)
    return {
        message_id(event.id)
        for event in HOURLY
        if begin <= event.at < begin + timedelta(days=1) and event.id.startswith(partner)
    }


def test_F13_a_day_that_the_bus_has_missed_is_put_on_it_from_the_table(
    place: Path, bus: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every event of that day once, of every partner and the vendor, a few at a time."""
    monkeypatch.setattr(audit, "SCANNED_AT_ONCE", 7)
    monkeypatch.setattr(audit, "RECORDS_OF_EACH", 4)
    monkeypatch.setattr(audit, "PARTNERS_AT_ONCE", 1)
    done = resend(place)
    assert (0, "72 events") == (done.exit_code, done.output.strip())
    assert 72 == len(bus.ids)
    assert of_the_day() == set(bus.ids)


def test_F13_or_what_concerns_one_partner_alone(place: Path, bus: Client) -> None:
    done = resend(place, "--partner", COMPANIES[1])
    assert (0, "24 events") == (done.exit_code, done.output.strip())
    assert of_the_day(COMPANIES[1]) == set(bus.ids)


def test_F13_what_is_sent_again_is_what_the_stream_would_have_sent(
    place: Path, bus: Client
) -> None:
    resend(place)
    streamed = Client()
    stream.forward(bus_of(streamed), [stream_record(one, at) for at, one in enumerate(HOURLY)])
    told = {json.loads(entry["Detail"])["id"]: entry for entry in streamed.taken}
    assert bus.taken == [told[event_id] for event_id in bus.ids]


def test_F13_where_the_bus_takes_no_more_the_command_says_so(place: Path, bus: Client) -> None:
    bus.refuses = lambda _: "InternalFailure" if len(bus.taken) >= 30 else None
    done = resend(place)
    assert (1, "The bus took 30 events and then no more. Run it again.") == (
        done.exit_code,
        done.output.strip().splitlines()[-1],
    )
    bus.refuses = lambda _: None
    assert 0 == resend(place).exit_code
    assert of_the_day() == set(bus.ids)


# --- A bus with a rule and a queue ------------------------------------------------------------


def test_a_rule_of_the_bus_knows_our_events(ministack: str) -> None:
    """What is forwarded comes out of the bus as what webhooks are told of."""
    sqs, url = queue_behind("portal-local", ministack)
    bus = Bus("portal-local", "us-east-1", ministack)
    assert DONE == stream.forward(bus, records_of(12))
    found = received(sqs, url)
    assert 12 == len(found)
    by_id = {one["detail"]["id"]: one for one in found}
    assert set(ids_of(range(12))) == set(by_id)
    one = by_id[message_id(an_event(3).id)]
    assert ("portal", "ConsentGranted") == (one["source"], one["detail-type"])
    assert message_of(an_event(3)) == one["detail"]


def test_the_function_finds_its_bus_in_its_environment(
    ministack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_STAGE", "test")
    monkeypatch.setenv("PORTAL_EVENT_BUS", "portal-found")
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    sqs, url = queue_behind("portal-found", ministack)
    stream._bus.cache_clear()
    try:
        assert DONE == stream.handler({"Records": records_of(2)}, None)
    finally:
        stream._bus.cache_clear()
    assert 2 == len(received(sqs, url))
