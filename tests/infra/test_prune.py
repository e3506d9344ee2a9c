"""Old versions of functions go, and what is live or may be gone back to stays."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.portal_infra.options import STAGES
from infra.prune import KEPT, prune
from tests.conftest import REGION

_client: Any = boto3.client  # Its type knows the services that have stubs here.
NAMES = [f"portal-dev-{name}" for name in STAGES["dev"].concurrency]


@pytest.fixture
def functions() -> Iterator[Any]:
    """Give Lambda with the functions of a stage, of twelve versions each."""
    with mock_aws():
        policy = '{"Version": "2012-10-17", "Statement": []}'
        role = _client("iam", REGION).create_role(RoleName="any", AssumeRolePolicyDocument=policy)
        client = _client("lambda", REGION)
        for name in NAMES:
            client.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Role=role["Role"]["Arn"],
                Handler="handler.handler",
                Code={"ZipFile": zipped("0")},
            )
            for number in range(12):
                client.update_function_code(FunctionName=name, ZipFile=zipped(str(number)))
                client.publish_version(FunctionName=name)
        yield client


def zipped(text: str) -> bytes:
    """A bundle."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as bundle:
        bundle.writestr("handler.py", text)
    return content.getvalue()


def left(functions: Any, name: str) -> list[str]:
    """The published versions that are there."""
    versions = functions.list_versions_by_function(FunctionName=name)["Versions"]
    return [one["Version"] for one in versions if one["Version"] != "$LATEST"]


def test_the_newest_versions_stay_and_older_ones_go(functions: Any) -> None:
    """The newest by number: as text, 9 would be newer than 12."""
    gone = list(prune(functions, "dev"))
    assert {name: ["10", "11", "12"] for name in NAMES} == {
        name: left(functions, name) for name in NAMES
    }
    assert 12 - KEPT == len([name for name, _ in gone if name == NAMES[0]])
    assert [] == list(prune(functions, "dev"))


def test_what_is_live_stays_however_old_it_is(functions: Any) -> None:
    """After a rollback."""
    functions.create_alias(FunctionName=NAMES[0], Name="live", FunctionVersion="4")
    assert (NAMES[0], "4") not in list(prune(functions, "dev"))
    assert ["4", "10", "11", "12"] == left(functions, NAMES[0])
