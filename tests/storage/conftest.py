"""The engines under test: SQLite, Ministack (exact under threads), moto (loose, one client)."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import moto
import pytest

from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.table import Engine
from tests.conftest import REGION

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TABLE = "contract"
BOTH = ["sqlite", pytest.param("ministack", marks=pytest.mark.ministack)]


@pytest.fixture(scope="session")
def ministack_engine(ministack: str) -> Iterator[DynamoEngine]:
    """Give one engine for all tests, for to make a client takes longer than most of them."""
    engine = DynamoEngine(TABLE, REGION, ministack)
    engine.create()
    yield engine
    engine.close()


@pytest.fixture
def empty_ministack_engine(
    ministack_engine: DynamoEngine, dynamodb: "DynamoDBClient"
) -> Iterator[DynamoEngine]:
    """Give the engine of all tests, and empty its table afterwards."""
    yield ministack_engine
    for found in dynamodb.get_paginator("scan").paginate(TableName=TABLE):
        for item in found["Items"]:
            dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})


@pytest.fixture(scope="session")
def missing_ministack_engine(ministack: str) -> Iterator[DynamoEngine]:
    """Give an engine whose table does not exist."""
    engine = DynamoEngine("missing", REGION, ministack)
    yield engine
    engine.close()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """Give an empty table in a file."""
    engine = SqliteEngine(tmp_path / "table.db", durable=False)
    engine.create()
    yield engine
    engine.close()


@pytest.fixture
def moto_engine() -> Iterator[DynamoEngine]:
    """Give an empty table in this process."""
    with moto.mock_aws():
        engine = DynamoEngine(TABLE, REGION)
        engine.create()
        yield engine
        engine.close()


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Give an engine with an empty table, exact also when many threads use it."""
    name = "sqlite_engine" if request.param == "sqlite" else "empty_ministack_engine"
    found: Engine = request.getfixturevalue(name)
    return found


@pytest.fixture(params=BOTH)
def missing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give an engine whose table was never made."""
    if request.param != "sqlite":
        yield request.getfixturevalue("missing_ministack_engine")
        return
    engine = SqliteEngine(tmp_path / "missing.db", durable=False)
    yield engine
    engine.close()
