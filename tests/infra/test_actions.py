"""What each function may do is what it does: granted actions against those of a recorded run."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.portal_infra.functions import SHAPES
from portal_api import settings
from tests.infra import recording
from tests.infra.synth import Template

REPOSITORY = Path(__file__).parent.parent.parent
SUITE = ("tests/schema", "tests/functions")
"""The whole API suite, and the functions beside it: all that runs on DynamoDB there."""
STORY = "tests/infra/deeds.py"
"""What the schedules and the webhooks do."""
RECORDED = "RECORDED_ACTIONS"
"""A variable with the folder of what an earlier run of the suite recorded, as `.ci/run` has it."""
STREAM = frozenset({"events:PutEvents"}) | {
    f"dynamodb:{name}"
    for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}
"""The stream's function asks the table nothing; Lambda reads the stream in its name."""
LIMITED = {"insights": ("PutItem", "UpdateItem")}
"""What a function may do in some partitions only; the others delete so."""
AROUND = frozenset(
    {
        "kms:Decrypt",  # The table's key, in whose name the table is read.
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:SendMessage",  # Lambda leaves there what a function could not do.
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)
"""What Lambda does in a function's name, whatever the function is."""


def granted(template: Template, function: str) -> dict[str, list[dict[str, Any]]]:
    """Each action that a function's role is allowed, with its statements."""
    found: dict[str, list[dict[str, Any]]] = {}
    for statement in template.statements_of(function):
        assert "Allow" == statement["Effect"]
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            found.setdefault(action, []).append(statement)
    return found


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, frozenset[str]]:
    """Run the suites once more, listened to; of the first part the record may be there."""
    earlier = os.environ.get(RECORDED)
    folder = tmp_path_factory.mktemp("actions")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "ministack and not slow"]
    command += ["-p", "tests.infra.recording", f"--actions-in={folder}", STORY]
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [*command, *(() if earlier else SUITE)],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert 0 == done.returncode, done.stdout[-3_000:]
    return recording.read(folder, *((REPOSITORY / earlier,) if earlier else ()))


@pytest.mark.slow
@pytest.mark.parametrize("function", ["api", "scheduled", "insights", "webhooks", "tokens"])
def test_a_function_may_do_what_a_recorded_run_did_and_nothing_else(
    function: str, recorded: Mapping[str, frozenset[str]], dev: Template
) -> None:
    """A transaction counts as the operations inside it. What is allowed in some partitions only
    counts with these."""
    allowed = granted(dev, function)
    assert recorded[function] == set(allowed) - AROUND
    for name in LIMITED.get(function, ("DeleteItem",)):
        leading = {
            pattern
            for statement in allowed.get(f"dynamodb:{name}", [])
            for pattern in statement["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]
        }
        assert recorded.get(f"{function}:{name}", frozenset()) == leading


def test_the_streams_function_reads_the_stream_and_writes_to_the_bus(dev: Template) -> None:
    assert set(granted(dev, "stream")) - AROUND == STREAM


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_no_action_is_a_pattern_and_none_looks_through_the_table(
    stage: str, request: pytest.FixtureRequest
) -> None:
    template: Template = request.getfixturevalue(stage)
    for function in SHAPES:
        actions = set(granted(template, function))
        assert not {one for one in actions if "*" in one}
        assert not actions & {"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:UpdateTable"}


class Heard(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


READERS = {
    "api": settings.from_environment,
    "scheduled": settings.for_store,
    "insights": settings.for_store,
    "stream": settings.for_stream,
    "webhooks": settings.for_webhooks,
    "tokens": settings.for_store,
}
NOT_ON_LAMBDA = {
    settings.ENDPOINT_URL: "Another DynamoDB than the region's is for development and tests.",
    settings.STORE: "A file is for development; on Lambda it is refused.",
}
LAMBDA_SETS = {"AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": "portal"}
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("function", READERS)
def test_every_variable_that_is_read_is_set_and_every_one_that_is_set_is_read(
    stage: str, function: str, request: pytest.FixtureRequest
) -> None:
    """And the program takes the deployment's values, whatever they will be."""
    template: Template = request.getfixturevalue(stage)
    variables = template.environment_of(function)
    values = {
        name: value if isinstance(value, str) else "resolved" for name, value in variables.items()
    }
    environment = Heard({**values, **LAMBDA_SETS})
    READERS[function](environment)
    settings.stage_on_lambda(environment)  # What the metrics ask.
    read = environment.asked - set(LAMBDA_SETS) - {"AWS_EXECUTION_ENV"}
    assert read - set(NOT_ON_LAMBDA) == set(variables), json.dumps(sorted(read))
