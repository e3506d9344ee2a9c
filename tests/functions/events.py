"""Events as the table's stream tells of them, and buses to put them on."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from boto3.dynamodb.types import TypeSerializer

from portal_api.bus import Bus
from portal_api.domain.events import Event
from portal_api.storage.items import item_of
from portal_api.storage.keys import key_of

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)

StreamRecord = dict[str, Any]


def an_event(number: int = 1, **changed: Any) -> Event:
    """One of many events, a second after the one before it."""
    told: dict[str, Any] = {
        "id": f"ptn-06dqr0840hntt77n9yq9.{number:020}",
        "kind": "ConsentGranted",
        "subject_id": "ptn-06dqr0840hntt77n9yq9.prg-06dqr084ajpvnyv011gc",
        "actor_id": "ind-06dqr0840sre6b2ceq61",
        "request_id": f"request-{number:08}",
        "at": NOW + timedelta(seconds=number),
    }
    return Event(**{**told, **changed})


def stream_record(event: Event, number: int, name: str = "INSERT") -> StreamRecord:
    """What Lambda hands over for an item; the image is made by the AWS SDK's own serializer."""
    key = key_of(Event, event.id)
    item = {name: value for name, value in item_of(event).items() if value is not None}
    image = {"pk": key.pk, "sk": key.sk, **item}
    wire = {name: TypeSerializer().serialize(value) for name, value in image.items()}
    return {
        "eventID": f"{number:032x}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1780000000.0,
            "Keys": {"pk": wire["pk"], "sk": wire["sk"]},
            "NewImage": wire,
            "SequenceNumber": f"{number:021}",
            "SizeBytes": 300,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def number_of(record: Mapping[str, Any]) -> str:
    """Its place in the stream."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def poisoned(record: StreamRecord) -> StreamRecord:
    """The same of an item that no release can read."""
    image = {**record["dynamodb"]["NewImage"], "at": {"S": "some day"}}
    return {**record, "dynamodb": {**record["dynamodb"], "NewImage": image}}


class Client:
    """EventBridge's client; ``refuses`` says of an entry's detail why it is not taken, if so."""

    def __init__(self, refuses: Callable[[dict[str, Any]], str | None] = lambda _: None) -> None:
        self.refuses = refuses
        self.groups: list[list[dict[str, Any]]] = []
        self.taken: list[dict[str, Any]] = []

    def put_events(self, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's.
        self.groups.append(list(Entries))
        answers: list[dict[str, str]] = []
        for entry in Entries:
            code = self.refuses(json.loads(entry["Detail"]))
            if code is None:
                self.taken.append(entry)
            answers.append({"EventId": "1"} if code is None else {"ErrorCode": code})
        return {"FailedEntryCount": 0, "Entries": answers}

    @property
    def ids(self) -> list[str]:
        """The ids of the events that were taken, in their order."""
        return [json.loads(entry["Detail"])["id"] for entry in self.taken]


def bus_of(client: Client) -> Bus:
    """A bus with a client of a test."""
    bus = Bus("portal-events")
    cast("dict[str, object]", bus.__dict__)["_client"] = client
    return bus


def lambda_polls(
    records: Sequence[StreamRecord],
    forward: Callable[[Sequence[StreamRecord]], Mapping[str, Any]],
    attempts: int = 3,
) -> list[StreamRecord]:
    """What Lambda does with a batch of a stream; gives what goes to the failure queue.

    It goes on behind what was done, halves a batch that failed as a whole, and gives a batch up
    that got nowhere so many times.
    """
    given_up: list[StreamRecord] = []
    batches, tried = [list(records)], 0
    while batches:
        batch = batches.pop(0)
        try:
            failures = forward(batch)["batchItemFailures"]
        except Exception:  # noqa: BLE001 - As Lambda does it.
            failures = None
        if failures == []:
            tried = 0
            continue
        if failures is not None:
            numbers = [number_of(record) for record in batch]
            at = min(numbers.index(failure["itemIdentifier"]) for failure in failures)
            if at > 0:
                batches.insert(0, batch[at:])
                tried = 0
                continue
        elif len(batch) > 1:
            half = len(batch) // 2
            batches[:0] = [batch[:half], batch[half:]]
            tried = 0
            continue
        tried += 1
        if tried == attempts:
            given_up += batch
            tried = 0
        else:
            batches.insert(0, batch)
    return given_up
