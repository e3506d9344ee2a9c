"""Fixtures of all tests: no way to a real AWS account, and a local one for who asks."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest

from portal_api.storage.dynamo import DynamoEngine
from tests import ministack as local_aws
from tests import sharing

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

REGION = "us-east-1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the local AWS server, so that nobody has to remember it."""
    for item in items:
        if "ministack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.ministack)


@pytest.fixture(scope="session", autouse=True)
def dummy_aws_credentials() -> Iterator[None]:
    """Hide the developer's AWS account, and give clients credentials that open nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_REGION", REGION)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("NO_PROXY", local_aws.HOST)
        yield


@pytest.fixture(scope="session", autouse=True)
def shared(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let all workers share what is dear to make."""
    folder = tmp_path_factory.getbasetemp()
    sharing.share_in(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a local AWS, one server per worker; tests name their own tables."""
    with local_aws.running(tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="session")
def dynamodb(ministack: str) -> "DynamoDBClient":
    """Give a client of the local DynamoDB."""
    return boto3.client("dynamodb", endpoint_url=ministack)


def table_of_another_time(name: str, endpoint: str) -> DynamoEngine:
    """Make a table on the local DynamoDB that keeps what expires.

    The clock of the tests that use it stands in the past, and the server, each minute, removes
    what has expired by its own.
    """
    engine = DynamoEngine(name, REGION, endpoint)
    engine.create()
    boto3.client("dynamodb", endpoint_url=endpoint).update_time_to_live(
        TableName=name,
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"},
    )
    return engine
