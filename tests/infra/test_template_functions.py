"""What is deployed: the functions, what they may do, and how a version goes live and back."""

import importlib
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from infra import bundle
from infra.portal_infra.events import AT_ONCE_OF_A_SHARD
from infra.portal_infra.functions import SHAPES
from portal_api.domain.insights.kept import CompanyInsight
from portal_api.domain.obstacles import Intervention
from portal_api.domain.programs import ProgramShard, TermsVersion
from portal_api.storage.keys import key_of
from tests import footprint
from tests.infra.synth import Template

NAMES = ("api", "insights", "scheduled", "stream", "tokens", "webhooks")
SNAPSHOTS = {"api", "tokens"}
"""Where a person waits for the answer."""
ANY_RESOURCE = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
"""What AWS allows only as a whole."""
FUNCTION, VERSION = "AWS::Lambda::Function", "AWS::Lambda::Version"
LEADING = "dynamodb:LeadingKeys"
"""The partitions that a request names."""
OF_PROGRAMS = {ProgramShard: "prg.0", TermsVersion: "prg.1", Intervention: "prg.own"}
"""What is a program's own and is not computed."""


def versions(template: Template) -> dict[str, str]:
    """Each function's version, by the function's short name."""
    functions = {
        logical_id: one["Properties"]["FunctionName"].rpartition("-")[2]
        for logical_id, one in template.of_type(FUNCTION).items()
    }
    return {
        functions[one["Properties"]["FunctionName"]["Ref"]]: logical_id
        for logical_id, one in template.of_type(VERSION).items()
    }


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_these_are_all_functions(template: Template) -> None:
    named = sorted(one["FunctionName"] for one in template.properties(FUNCTION))
    assert [f"portal-{template.stage}-{name}" for name in NAMES] == named


@pytest.mark.parametrize("name", NAMES)
def test_a_function_runs_the_programs_handler_on_lambdas_own_python(
    name: str, template: Template
) -> None:
    function = template.function(name)
    assert (f"python{bundle.LAMBDA_PYTHON}", ["arm64"]) == (
        function["Runtime"],
        function["Architectures"],
    )
    assert bundle.LAMBDA.startswith("aarch64")
    module, _, handler = function["Handler"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), handler))
    assert "Active" == function["TracingConfig"]["Mode"]
    assert 0 < function["ReservedConcurrentExecutions"]


def test_one_bundle_is_the_code_of_all_but_of_what_computes(template: Template) -> None:
    codes = {name: str(template.function(name)["Code"]) for name in NAMES}
    computing = codes.pop("insights")
    assert 1 == len(set(codes.values()))
    assert computing not in codes.values()


def test_what_computes_has_a_processor_of_its_own_once(template: Template) -> None:
    """1,769 MB have a whole one. Two at once would compute the same."""
    function = template.function("insights")
    assert (1_769, 900, 1) == (
        function["MemorySize"],
        function["Timeout"],
        function["ReservedConcurrentExecutions"],
    )
    assert function["Handler"] == template.function("scheduled")["Handler"]


def test_what_a_person_waits_for_starts_from_a_snapshot(template: Template) -> None:
    """A snapshot is paid for by the hour, so nothing else has one."""
    found = {name for name in NAMES if "SnapStart" in template.function(name)}
    assert SNAPSHOTS == found
    applied = {template.function(name)["SnapStart"]["ApplyOn"] for name in found}
    assert {"PublishedVersions"} == applied


def test_cognito_does_not_wait_longer_than_the_function_takes(template: Template) -> None:
    """It waits for 5 s."""
    assert template.function("tokens")["Timeout"] <= 5


def test_what_is_reserved_leaves_an_accounts_other_functions_their_hundred(
    template: Template,
) -> None:
    """An account has 1,000 at first, and AWS refuses to reserve its last 100."""
    reserved = (one["ReservedConcurrentExecutions"] for one in template.properties(FUNCTION))
    assert sum(reserved) <= 900


@pytest.mark.parametrize("name", NAMES)
def test_a_log_is_kept_encrypted_and_ends_sometime(name: str, template: Template) -> None:
    function = template.function(name)
    assert "JSON" == function["LoggingConfig"]["LogFormat"]
    group = template.content["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]
    properties = group["Properties"]
    assert f"/aws/lambda/{function['FunctionName']}" == properties["LogGroupName"]
    assert {"dev": 30, "prod": 365}[template.stage] == properties["RetentionInDays"]
    assert "KmsKeyId" in properties
    kept = "RetainExceptOnCreate" if template.stage == "prod" else "Delete"
    assert kept == group["DeletionPolicy"]


def test_the_logs_key_lets_the_logs_of_this_deployment_use_it(template: Template) -> None:
    groups = template.properties("AWS::Logs::LogGroup")
    (name,) = {one["KmsKeyId"]["Fn::GetAtt"][0] for one in groups}
    statements = template.content["Resources"][name]["Properties"]["KeyPolicy"]["Statement"]
    (logs,) = (one for one in statements if "logs." in str(one["Principal"]))
    allowed = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    prefixes = tuple(one["Fn::Join"][1][-1].removeprefix(":log-group:")[:-1] for one in allowed)
    assert all(one["LogGroupName"].startswith(prefixes) for one in groups)
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= set(logs["Action"])


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_allowed_nothing_on_everything(name: str, template: Template) -> None:
    """Neither actions nor resources are patterns, but for what AWS offers no resource of."""
    statements = template.statements_of(name)
    assert {"Allow"} == {one["Effect"] for one in statements}
    for one in statements:
        actions = set(as_list(one["Action"]))
        assert not [action for action in actions if "*" in action]
        if one["Resource"] == "*":
            assert ANY_RESOURCE == actions
        else:
            assert "*" not in str(one["Resource"])


@pytest.mark.parametrize("name", NAMES)
def test_a_function_writes_to_its_own_log_only(name: str, template: Template) -> None:
    group = template.function(name)["LoggingConfig"]["LogGroup"]["Ref"]
    (statement,) = (
        one for one in template.statements_of(name) if "logs:PutLogEvents" in one["Action"]
    )
    assert {"Fn::GetAtt": [group, "Arn"]} == statement["Resource"]
    assert ["logs:CreateLogStream", "logs:PutLogEvents"] == statement["Action"]


def test_no_managed_policy_and_no_other_principal_comes_in(template: Template) -> None:
    roles = template.properties("AWS::IAM::Role")
    assert not [one for one in roles if "ManagedPolicyArns" in one]
    principals = {
        statement["Principal"]["Service"]
        for one in roles
        for statement in one["AssumeRolePolicyDocument"]["Statement"]
    }
    assert {"lambda.amazonaws.com", "scheduler.amazonaws.com"} == principals


def test_a_token_is_made_with_nothing_but_the_persons_record(template: Template) -> None:
    (statement,) = (
        one
        for one in template.statements_of("tokens")
        if any(action.startswith("dynamodb:") for action in as_list(one["Action"]))
    )
    assert "dynamodb:BatchGetItem" == statement["Action"]
    assert ["ForAllValues:StringLike", "Null"] == sorted(statement["Condition"])
    leading = statement["Condition"]["ForAllValues:StringLike"][LEADING]
    assert ["PERSON#*"] == as_list(leading)
    # "For all" holds of a request without keys as well.
    assert {LEADING: "false"} == statement["Condition"]["Null"]


@pytest.mark.parametrize(
    ("name", "relied_on"),
    [
        ("api", {"dynamodb:ConditionCheckItem"}),
        ("scheduled", {"dynamodb:ConditionCheckItem"}),  # Team awards rely on their members.
        ("webhooks", set()),
    ],
)
def test_a_function_at_work_reads_and_writes_items_and_never_scans(
    name: str, relied_on: set[str], template: Template
) -> None:
    (table,) = template.of_type("AWS::DynamoDB::Table")
    allowed = [
        one
        for one in template.statements_of(name)
        if any(action.startswith("dynamodb:") for action in as_list(one["Action"]))
    ]
    assert [{"Fn::GetAtt": [table, "Arn"]}] * 2 == [one["Resource"] for one in allowed]
    reads = {"dynamodb:BatchGetItem", "dynamodb:Query"}
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
    assert reads | writes | relied_on == set(allowed[0]["Action"])
    assert "dynamodb:DeleteItem" == allowed[1]["Action"]


def test_what_computes_reads_all_and_writes_its_answers_only(template: Template) -> None:
    """Whatever is in the libraries that it computes with, no wallet is changed by it."""
    reads, *writes = (
        one
        for one in template.statements_of("insights")
        if any(action.startswith("dynamodb:") for action in as_list(one["Action"]))
    )
    assert ["dynamodb:BatchGetItem", "dynamodb:Query"] == reads["Action"]
    own = "PROGRAM#*#INSIGHT"
    allowed = {one["Action"]: one["Condition"]["ForAnyValue:StringLike"][LEADING] for one in writes}
    assert {"dynamodb:PutItem": [own, "EVENTS#*"], "dynamodb:UpdateItem": [own]} == allowed


def test_what_computes_cannot_write_a_programs_budget_terms_or_interventions(
    template: Template,
) -> None:
    """They are in partitions that begin like the insight's."""
    patterns = {
        pattern
        for one in template.statements_of("insights")
        for pattern in one.get("Condition", {}).get("ForAnyValue:StringLike", {}).get(LEADING, ())
    }
    places = [key_of(kind, own) for kind, own in OF_PROGRAMS.items()]
    for place in places:
        assert place.pk.startswith("PROGRAM#prg")
        assert not [one for one in patterns if fnmatchcase(place.pk, one)], place
    assert [one for one in patterns if fnmatchcase(key_of(CompanyInsight, "prg.ptn").pk, one)]


@pytest.mark.parametrize("name", ["api", "scheduled", "webhooks"])
def test_no_function_can_delete_a_journal_or_an_event(name: str, template: Template) -> None:
    """What is ever deleted are places in lists and reserved names."""
    (statement,) = (
        one for one in template.statements_of(name) if "dynamodb:DeleteItem" in one["Action"]
    )
    assert ["ForAnyValue:StringLike"] == list(statement["Condition"])
    leading = statement["Condition"]["ForAnyValue:StringLike"][LEADING]
    names = {"NAME#*"} if name == "api" else set()
    assert {"LIST#*"} | names == set(as_list(leading))


def test_everything_calls_a_function_by_its_alias(template: Template) -> None:
    """So that where the alias leads, all of it goes: forward, and back."""
    aliases = {name: template.alias(name) for name in NAMES}
    assert {"live"} == {one["Name"] for one in template.properties("AWS::Lambda::Alias")}
    called: dict[str, list[Any]] = {
        "permission": [
            one["FunctionName"] for one in template.properties("AWS::Lambda::Permission")
        ],
        "integration": [
            one["IntegrationUri"] for one in template.properties("AWS::ApiGatewayV2::Integration")
        ],
        "stream": [
            one["FunctionName"] for one in template.properties("AWS::Lambda::EventSourceMapping")
        ],
        "rule": [
            target["Arn"]
            for one in template.properties("AWS::Events::Rule")
            for target in one["Targets"]
        ],
        "schedule": [
            one["Target"]["Arn"] for one in template.properties("AWS::Scheduler::Schedule")
        ],
    }
    everything = [*chain.from_iterable(called.values())]
    assert all(called.values())
    assert not [one for one in everything if one not in aliases.values()]
    retried = template.properties("AWS::Lambda::EventInvokeConfig")
    assert {"live"} == {one["Qualifier"] for one in retried}
    assert all(alias in everything for alias in aliases.values())


def test_earlier_versions_stay_so_that_there_is_a_way_back(template: Template) -> None:
    """But for one of an update that failed: Lambda would not publish the same once more."""
    versions = template.of_type(VERSION).values()
    assert {"RetainExceptOnCreate"} == {one["DeletionPolicy"] for one in versions}
    assert {"Retain"} == {one["UpdateReplacePolicy"] for one in versions}


def test_the_apis_memory_is_the_least_with_which_no_screen_computes_for_long() -> None:
    """By what ``python -m tests.footprint`` measures, of a whole processor; 1,769 MB have one."""
    assert footprint.MEMORY_MB == SHAPES["api"].memory
    screens = {"a rep's": 68, "an executive's": 56, "a channel manager's": 79}
    fit = [mb for mb in (512, 768, 1_024) if max(screens.values()) * 1_769 / mb <= 150]
    assert fit[0] == SHAPES["api"].memory
    seconds_of_an_import = 7.6 * 1_769 / SHAPES["api"].memory
    assert seconds_of_an_import < SHAPES["api"].seconds * 0.6


def test_the_stream_is_not_throttled_by_what_is_reserved(template: Template) -> None:
    """A new table has four shards."""
    mapping = template.only("AWS::Lambda::EventSourceMapping")
    assert AT_ONCE_OF_A_SHARD == mapping["ParallelizationFactor"]
    reserved = template.function("stream")["ReservedConcurrentExecutions"]
    assert 4 * mapping["ParallelizationFactor"] <= reserved


def test_new_code_is_a_new_version_of_every_function(dev: Template, templates: Path) -> None:
    changed = versions(Template(templates / "dev-new-code", "portal-dev"))
    assert sorted(NAMES) == sorted(versions(dev))
    assert not set(versions(dev).items()) & set(changed.items())


def test_a_new_setting_is_a_new_version_of_who_reads_it(dev: Template, templates: Path) -> None:
    """And no change is none: what is deployed again is not touched."""
    changed = versions(Template(templates / "dev-new-setting", "portal-dev"))
    different = {name for name, version in versions(dev).items() if version != changed[name]}
    assert {"api"} == different


def test_only_the_larger_stage_is_protected_from_being_taken_down(
    dev: Template, prod: Template
) -> None:
    assert (False, True) == (dev.is_protected, prod.is_protected)
