"""What ``infra/README.md`` tells operators is what is deployed."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from graphql import build_schema, parse, validate

from infra.portal_infra.functions import SHAPES
from infra.portal_infra.options import STAGES, OptionError, options_of
from portal_api.cli import main
from portal_api.services import due_series
from tests import prices
from tests.infra.runbook import RUNBOOK, rendered
from tests.infra.synth import Template

TABLE = "AWS::DynamoDB::Table"
USED = {"ApiUrl", "ClientId", "EventBusName", "SignInUrl", "TableName", "UserPoolId"}
"""The outputs that commands and operators need."""


@pytest.fixture(scope="module")
def text() -> str:
    """Give what operators read."""
    return RUNBOOK.read_text("utf-8")


def test_every_alarm_has_a_row_and_every_row_an_alarm(dev: Template, text: str) -> None:
    """``python -m tests.infra.runbook TEMPLATE`` renews them."""
    assert text == rendered(text, dev.content)
    assert 20 < text.count("\n| `")


def test_both_stages_have_the_same_alarms(dev: Template, prod: Template, text: str) -> None:
    kind = "AWS::CloudWatch::Alarm"
    names = [
        {one["AlarmName"].removeprefix(f"portal-{template.stage}-") for one in found}
        for template in (dev, prod)
        if (found := template.properties(kind))
    ]
    assert names[0] == names[1]
    assert f", {len(names[0])} alarms " in text


def test_the_commands_find_the_outputs_that_they_ask_for(dev: Template) -> None:
    assert USED <= set(dev.content["Outputs"])


def test_what_the_costs_assume_of_memory_is_what_is_deployed() -> None:
    assumed = (prices.API_GB, prices.STREAM_GB, prices.WEBHOOKS_GB)
    assert assumed == tuple(SHAPES[name].memory / 1024 for name in ("api", "stream", "webhooks"))


def test_the_executions_that_a_stage_reserves_are_told(text: str) -> None:
    sums = {name: sum(sizes.concurrency.values()) for name, sizes in STAGES.items()}
    assert f"({sums['dev']} for `dev`, {sums['prod']} for `prod`)" in text


def test_everything_that_can_be_said_of_a_deployment_has_a_row(text: str) -> None:
    """But for what is said by the Makefile, and for what is there for tests."""
    asked = set[str]()

    def said(name: str) -> object:
        asked.add(name)
        return "true" if name == "edge" else None

    with pytest.raises(OptionError):
        options_of(said)
    rows = re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert asked - {"stage", "bundle", "insightsBundle", "webhookPrivateOrigins"} <= told


def test_a_table_is_restored_with_the_ceiling_that_the_stage_has(text: str) -> None:
    """To take it in changes none of its properties."""
    told = [
        (int(read), int(write))
        for read, write in re.findall(r"MaxReadRequestUnits=(\d+),MaxWriteRequestUnits=(\d+)", text)
    ]
    assert told == [(STAGES[name].read_units, STAGES[name].write_units) for name in STAGES]


def test_what_operators_send_to_try_a_write_is_a_mutation(text: str) -> None:
    (request,) = re.findall(r'^\{"query": .*\}$', text, re.MULTILINE)
    document = parse(json.loads(request)["query"])
    printed = (RUNBOOK.parent.parent / "schema.graphql").read_text("utf-8")
    assert [] == validate(build_schema(printed), document)


def test_what_operators_invoke_are_series_that_there_are(text: str) -> None:
    payloads = [json.loads(found) for found in re.findall(r"--payload '(.*)'", text)]
    assert [["series"]] * 2 == [list(one) for one in payloads]
    assert {name for one in payloads for name in one["series"]} <= set(due_series.NAMES)


def planned(*arguments: str) -> str:
    """What make would do."""
    command = ["make", "--dry-run", "--no-print-directory", *arguments]
    root = RUNBOOK.parent.parent
    return subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout


def test_what_cdk_keeps_in_an_account_is_put_there_without_the_app() -> None:
    """The app would ask for a stage, its sites and a bundle. CDK finds it by its file."""
    told = planned("bootstrap", "REGION=us-east-1")
    assert 'cd build/bootstrap && ../../infra/node_modules/.bin/cdk bootstrap "aws://' in (
        " ".join(told.replace("\\\n", " ").split())
    )
    assert "/us-east-1" in told
    assert "stage=" not in told


@pytest.mark.parametrize(("stage", "kept"), [("example", True), ("none", False)])
def test_a_stages_file_is_read_where_there_is_one(stage: str, *, kept: bool) -> None:
    for target in ("synth", "deploy"):
        (line,) = (
            one for one in planned(target, f"STAGE={stage}").splitlines() if "-c stage=" in one
        )
        assert kept == (f"-c file=stages/{stage}.json" in line)


@pytest.mark.parametrize("file", [RUNBOOK, RUNBOOK.parent.parent / "README.md"])
def test_every_command_that_is_told_is_there(file: Path) -> None:
    found = file.read_text("utf-8")
    makefile = (RUNBOOK.parent.parent / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)(?= STAGE|`|$)", found, re.MULTILINE)) <= targets
    group = typer.main.get_command(main)
    commands: dict[str, Any] = getattr(group, "commands", {})
    told = set(re.findall(r"portal-api ([a-z][a-z-]+)(?=[ `])", found))
    assert told
    assert told <= set(commands)


def test_a_restored_table_takes_the_place_of_the_stages_own(dev: Template, templates: Path) -> None:
    """It is another resource, so that CloudFormation neither renames nor replaces the old one."""
    restored = Template(templates / "dev-restored", "portal-dev")
    ((before, own),) = dev.of_type(TABLE).items()
    ((after, other),) = restored.of_type(TABLE).items()
    assert before != after
    assert ("portal-dev", "portal-dev-restored") == tuple(
        one["Properties"]["TableName"] for one in (own, other)
    )
    assert {"Retain"} == {one["DeletionPolicy"] for one in (own, other)}
    assert {"Ref": after} == restored.environment_of("api")["PORTAL_TABLE"]
    assert before not in restored.path.read_text("utf-8")
