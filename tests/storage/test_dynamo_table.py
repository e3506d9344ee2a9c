"""The table that the engine of DynamoDB makes, and what it knows before it is asked."""

import threading
from typing import TYPE_CHECKING

import botocore.exceptions
import pytest
from botocore.exceptions import BotoCoreError
from botocore.loaders import JSONFileLoader

from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.dynamo_errors import VERDICTS
from portal_api.storage.table import Add
from tests.conftest import REGION
from tests.storage.conftest import TABLE
from tests.storage.items import K, get

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def test_the_table_is_what_the_model_says(
    ministack_engine: DynamoEngine, dynamodb: "DynamoDBClient"
) -> None:
    table = dynamodb.describe_table(TableName=TABLE)["Table"]
    keys = {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]}
    assert {"pk": "HASH", "sk": "RANGE"} == keys
    assert "PAY_PER_REQUEST" == table["BillingModeSummary"]["BillingMode"]
    assert "NEW_AND_OLD_IMAGES" == table["StreamSpecification"]["StreamViewType"]
    assert not table.get("GlobalSecondaryIndexes")
    assert not table.get("LocalSecondaryIndexes")
    expiry = dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert ("ENABLED", "expires_at") == (expiry["TimeToLiveStatus"], expiry["AttributeName"])


def test_several_may_make_the_table_at_once(ministack: str) -> None:
    engines = [DynamoEngine("raced", REGION, ministack) for _ in range(3)]
    threads = [threading.Thread(target=engine.create) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.write([Add(K, {"n": 1})])
    assert {"n": 3} == get(engines[0])
    for engine in engines:
        engine.close()


def test_an_engine_asks_for_nothing_before_its_first_use() -> None:
    """Fault F21: a snapshot of the process holds no credentials."""
    engine = DynamoEngine(TABLE, REGION)
    assert engine._connection is None
    assert () == tuple(engine._pool._threads)
    engine.close()


def test_a_prepared_engine_has_no_client_and_reads_nothing_more_to_make_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also in another thread than the one that prepared it."""
    engine = DynamoEngine(TABLE, REGION)
    engine.prepare()
    assert engine._connection is not None
    assert engine._connection._client is None
    assert vars(engine._connection.session)["_credentials"] is None

    def refuse(*given: object) -> None:
        raise AssertionError(f"read: {given}")

    monkeypatch.setattr(JSONFileLoader, "load_file", refuse)
    made = engine._pool.submit(engine._connected)
    assert "dynamodb" == made.result().client.meta.service_model.service_name
    engine.close()


def test_the_errors_of_botocore_that_are_judged_exist() -> None:
    """A class that is renamed must not fall back to the default unseen."""
    judged = {
        error.__name__
        for error in vars(botocore.exceptions).values()
        if isinstance(error, type) and issubclass(error, BotoCoreError)
    } & VERDICTS.keys()
    expected = {
        "ConnectTimeoutError",
        "CredentialRetrievalError",
        "EndpointConnectionError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "ProxyConnectionError",
        "TokenRetrievalError",
        "ValidationError",  # Also DynamoDB's reason; both are mistakes.
    }
    assert expected == judged
