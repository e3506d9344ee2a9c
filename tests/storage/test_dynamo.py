"""What the engine of DynamoDB does about faults, injected where botocore would send them."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.table import (
    Add,
    Check,
    ConditionFailed,
    Corrupt,
    Item,
    Key,
    OutcomeUnknown,
    PutIfAbsent,
    Query,
    Unavailable,
)
from tests.conftest import REGION
from tests.storage.conftest import TABLE
from tests.storage.faults import Fault, Faults, Send, after, answered, before, cancelled

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

K = Key("P", "K")
L = Key("P", "L")
URL = "http://dynamodb.example"


@pytest.fixture
def engine(
    empty_ministack_engine: DynamoEngine, ministack: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DynamoEngine]:
    """Give an engine that may repeat requests for 0.6 seconds, being ready to wait 4 for each."""
    engine = DynamoEngine(TABLE, REGION, ministack)
    monkeypatch.setattr(engine, "_deadline_seconds", 4.6)
    engine._connection = empty_ministack_engine._connected()
    yield engine
    engine._pool.shutdown()


@pytest.fixture
def faults(engine: DynamoEngine, monkeypatch: pytest.MonkeyPatch) -> Faults:
    client = engine._connected().client
    faults = Faults(client._make_api_call)
    monkeypatch.setattr(client, "_make_api_call", faults)
    return faults


def get(engine: DynamoEngine, key: Key = K) -> Item | None:
    ((item,), _) = engine.read([key])
    return item


# --- faults that a repetition mends --------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        answered("ThrottlingException"),
        answered("ProvisionedThroughputExceededException"),
        answered("RequestLimitExceeded"),
        answered("TransactionInProgressException"),
        answered("InternalServerError", status=500),
        answered("SomethingNew", status=503),
        cancelled("None", "ThrottlingError"),
        cancelled("ProvisionedThroughputExceeded", "None"),
        cancelled("TransactionConflict", "None"),
        cancelled("TransactionConflict", "ThrottlingError"),
        cancelled(),
        EndpointConnectionError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
    ],
)
def test_a_request_that_was_not_executed_is_repeated(
    engine: DynamoEngine, faults: Faults, error: Exception
) -> None:
    """Faults F1, F2, F5, F6; every repetition is the same bytes, the client token included."""
    faults.script = [before(error)] * 3
    engine.write([Add(K, {"n": 1}), Add(L, {"n": 1})])
    assert 4 == len(faults.sent)
    assert 1 == len(set(faults.sent))
    assert {"n": 1} == get(engine)


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        answered("InternalServerError", status=500),
        answered("ServiceUnavailable", status=503),
    ],
)
def test_a_write_whose_answer_was_lost_has_one_effect(
    engine: DynamoEngine, faults: Faults, error: Exception
) -> None:
    """Fault F4: not even a failed condition, though its own first attempt has made it false."""
    faults.script = [after(error), after(error)]
    engine.write([Add(K, {"n": 1}), PutIfAbsent(L, {})])
    assert 3 == len(faults.sent)
    assert {"n": 1} == get(engine)


def test_every_write_has_a_token_of_its_own(engine: DynamoEngine, faults: Faults) -> None:
    for _ in range(3):
        engine.write([Add(K, {"n": 1})])
    assert {"n": 3} == get(engine)
    tokens = {json.loads(sent).get("ClientRequestToken") for sent in faults.sent[:3]}
    assert 3 == len(tokens)


def test_expired_credentials_are_renewed_once(engine: DynamoEngine, faults: Faults) -> None:
    """Fault F22: the new client is not the one that fails."""
    old = engine._connection
    faults.for_ever = before(answered("ExpiredTokenException"))
    engine.write([Add(K, {"n": 1})])
    assert 1 == len(faults.sent)
    assert old is not engine._connection


# --- faults that last ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "cause", "error"),
    [
        (before, answered("ThrottlingException"), Unavailable),
        (before, cancelled("TransactionConflict", "None"), Unavailable),
        (before, EndpointConnectionError(endpoint_url=URL), Unavailable),
        (before, ReadTimeoutError(endpoint_url=URL), OutcomeUnknown),
        (after, ReadTimeoutError(endpoint_url=URL), OutcomeUnknown),
        (before, answered("InternalServerError", status=500), OutcomeUnknown),
    ],
)
def test_a_write_ends_before_the_deadline(
    engine: DynamoEngine,
    faults: Faults,
    lost: Callable[[Exception], Fault],
    cause: Exception,
    error: type[Exception],
) -> None:
    """It says whether something may have been written (faults F1, F4)."""
    faults.for_ever = lost(cause)
    started = time.monotonic()
    with pytest.raises(error):
        engine.write([Add(K, {"n": 1}), Add(L, {"n": 1})])
    assert time.monotonic() - started < 1
    assert len(faults.sent) > 2


@pytest.mark.parametrize(
    "later", [answered("ThrottlingException"), answered("ResourceNotFoundException")]
)
def test_a_lost_answer_is_not_forgotten(
    engine: DynamoEngine, faults: Faults, later: ClientError
) -> None:
    """The first attempt may count, whatever becomes of those after it."""
    faults.script = [after(ReadTimeoutError(endpoint_url=URL))]
    faults.for_ever = before(later)
    with pytest.raises(OutcomeUnknown):
        engine.write([Add(K, {"n": 1})])


def test_a_read_has_no_unknown_outcome(engine: DynamoEngine, faults: Faults) -> None:
    faults.for_ever = before(ReadTimeoutError(endpoint_url=URL))
    with pytest.raises(Unavailable):
        engine.read([K], [Query("P")])


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "Other"])
def test_what_a_repetition_cannot_mend_is_not_repeated(
    engine: DynamoEngine, faults: Faults, code: str
) -> None:
    """The message is clean: no name of a table, a key or an account (fault F23)."""
    faults.for_ever = before(answered(code, message=f"{TABLE} of 123456789012"))
    with pytest.raises(Unavailable) as caught:
        engine.write([Add(K, {"n": 1})])
    assert 1 == len(faults.sent)
    assert f"DynamoDB: {code}" == str(caught.value)


def test_credentials_that_stay_expired_make_it_unavailable(
    engine: DynamoEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []

    def dispatch(operation: str, content: dict[str, Any]) -> dict[str, Any]:
        attempts.append(operation)
        raise answered("ExpiredTokenException")

    monkeypatch.setattr(engine, "_dispatch", dispatch)
    with pytest.raises(Unavailable):
        engine.write([Add(K, {"n": 1})])
    assert 2 == len(attempts)


def test_an_engine_without_credentials_is_unavailable(
    ministack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    engine = DynamoEngine(TABLE, REGION, ministack)
    with pytest.raises(Unavailable):
        engine.read([K])
    with pytest.raises(Unavailable):
        engine.create()
    engine.close()


def test_mixed_reasons_report_the_failed_condition_at_once(
    engine: DynamoEngine, faults: Faults
) -> None:
    """Fault F3: the caller re-reads before it refuses."""
    faults.script = [
        before(cancelled("TransactionConflict", "ConditionalCheckFailed", "ThrottlingError"))
    ]
    with pytest.raises(ConditionFailed) as caught:
        engine.write([Add(K, {"n": 1}), Check(L), Add(Key("P", "M"), {"n": 1})])
    assert frozenset({1}) == caught.value.indexes
    assert 1 == len(faults.sent)


def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    """Over a real socket, which accepts and stays silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        engine = DynamoEngine(TABLE, REGION, endpoint, deadline_seconds=2, read_seconds=1)
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            engine.write([Add(K, {"n": 1})])
        assert time.monotonic() - started < 3
        engine.close()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
    engine = DynamoEngine(TABLE, REGION, endpoint, deadline_seconds=2, read_seconds=1)
    with pytest.raises(Unavailable):
        engine.write([Add(K, {"n": 1})])
    engine.close()


# --- reads that come in parts --------------------------------------------------------------------


def test_unprocessed_keys_are_asked_for_again(engine: DynamoEngine, faults: Faults) -> None:
    """Fault F17: also when an answer holds nothing at all."""
    keys = [Key("P", f"{n:02}") for n in range(10)]
    engine.write([PutIfAbsent(key, {"n": key.sk}) for key in keys])

    def some(count: int) -> Fault:
        def answer(send: Send, operation: str, content: dict[str, Any]) -> dict[str, Any]:
            asked = content["RequestItems"][TABLE]
            now, later = asked["Keys"][:count], asked["Keys"][count:]
            items = (
                send(operation, {"RequestItems": {TABLE: {**asked, "Keys": now}}})["Responses"]
                if now
                else {}
            )
            return {"Responses": items, "UnprocessedKeys": {TABLE: {**asked, "Keys": later}}}

        return answer

    faults.script = [some(3), some(0), some(1)]
    items, _ = engine.read([*keys, Key("P", "missing")])
    assert [*({"n": key.sk} for key in keys), None] == list(items)


def test_keys_that_stay_unprocessed_make_it_unavailable(
    engine: DynamoEngine, faults: Faults
) -> None:
    def nothing(send: Send, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        return {"Responses": {}, "UnprocessedKeys": content["RequestItems"]}

    faults.for_ever = nothing
    with pytest.raises(Unavailable):
        engine.read([K])


@pytest.mark.parametrize("limit", [None, 1, 5, 9, 10, 11])
@pytest.mark.parametrize("descending", [False, True])
def test_short_and_empty_pages_are_filled(
    engine: DynamoEngine, faults: Faults, limit: int | None, descending: bool
) -> None:
    """Fault F17: a page ends only where the range ends or the limit is reached."""
    keys = [Key("P", f"{n:02}") for n in range(10)]
    engine.write([PutIfAbsent(key, {}) for key in keys])
    calls = iter(range(1_000))

    def short(send: Send, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        if next(calls) % 2 == 0:
            start = content.get("ExclusiveStartKey", {}).get(
                "sk", {"S": "z" if descending else "!"}
            )
            return {"Items": [], "LastEvaluatedKey": {"pk": {"S": "P"}, "sk": start}}
        return send(operation, {**content, "Limit": min(2, content.get("Limit", 2))})

    faults.for_ever = short
    _, (page,) = engine.read([], [Query("P", descending=descending, limit=limit)])
    expected = (keys[::-1] if descending else keys)[:limit]
    assert expected == [key for key, _ in page.rows]
    assert (len(expected) < len(keys)) == page.more


def test_the_requests_of_a_wave_are_sent_together(engine: DynamoEngine, faults: Faults) -> None:
    """250 keys are three requests, two queries two more; none waits for another."""
    meeting = threading.Barrier(5, timeout=5)

    def meet(send: Send, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        meeting.wait()
        return send(operation, content)

    faults.for_ever = meet
    engine.read([Key("P", f"{n}") for n in range(250)], [Query("P"), Query("Q")])
    assert 5 == len(faults.sent)


def test_every_read_is_strongly_consistent(engine: DynamoEngine, faults: Faults) -> None:
    engine.read([K], [Query("P")])
    assert 2 == len(faults.sent)
    assert all('"ConsistentRead": true' in sent for sent in faults.sent)


@pytest.mark.parametrize("value", [{"SS": ["a"]}, {"N": "1.5"}, {"L": [{"B": b"x"}]}])
def test_an_item_that_cannot_be_read_is_named(
    engine: DynamoEngine, dynamodb: "DynamoDBClient", value: Any
) -> None:
    dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "P"}, "sk": {"S": "K"}, "a": value})
    with pytest.raises(Corrupt) as caught:
        engine.read([K])
    assert K == caught.value.key
