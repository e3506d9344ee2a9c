"""What is deployed: the bus, the stream, webhooks, and what becomes due."""

import json
from itertools import chain
from typing import Any

import pytest

from infra.portal_infra import options
from portal_api.bus import SOURCE
from portal_api.services import due_series
from portal_api.storage import keys
from tests.infra.synth import Template

HOUR_SECONDS = 3_600


def queue(template: Template, name: str) -> dict[str, list[str]]:
    """Give the reference to a queue's ARN, by its short name."""
    (found,) = (
        logical_id
        for logical_id, one in template.of_type("AWS::SQS::Queue").items()
        if one["Properties"]["QueueName"] == f"portal-{template.stage}-{name}"
    )
    return {"Fn::GetAtt": [found, "Arn"]}


def test_the_stream_brings_new_events_and_nothing_else(template: Template) -> None:
    mapping = template.only("AWS::Lambda::EventSourceMapping")
    (table,) = template.of_type("AWS::DynamoDB::Table")
    assert {"Fn::GetAtt": [table, "StreamArn"]} == mapping["EventSourceArn"]
    (pattern,) = mapping["FilterCriteria"]["Filters"]
    expected = {
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": keys.EVENTS}]}}},
    }
    assert expected == json.loads(pattern["Pattern"])
    assert "TRIM_HORIZON" == mapping["StartingPosition"]


def test_a_poisonous_record_ends_in_the_queue_and_before_the_stream_forgets(
    template: Template,
) -> None:
    """The stream forgets after 24 hours. What is tried again is what was not done."""
    mapping = template.only("AWS::Lambda::EventSourceMapping")
    assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 0 < mapping["MaximumRetryAttempts"] < 100
    assert HOUR_SECONDS <= mapping["MaximumRecordAgeInSeconds"] <= 12 * HOUR_SECONDS
    failures = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert queue(template, "stream-failures") == failures
    (statement,) = (
        one for one in template.statements_of("stream") if one["Action"] == "sqs:SendMessage"
    )
    assert failures == statement["Resource"]


def test_what_waits_for_an_operator_waits_for_two_weeks_and_encrypted(template: Template) -> None:
    queues = template.properties("AWS::SQS::Queue")
    names = {f"portal-{template.stage}-{name}" for name in ("stream-failures", "undelivered")}
    assert names == {one["QueueName"] for one in queues}
    assert {14 * 24 * HOUR_SECONDS} == {one["MessageRetentionPeriod"] for one in queues}
    assert {True} == {one["SqsManagedSseEnabled"] for one in queues}
    resources = template.of_type("AWS::SQS::Queue").values()
    assert {"RetainExceptOnCreate"} == {one["DeletionPolicy"] for one in resources}


def test_a_queue_is_talked_to_by_tls_only(template: Template) -> None:
    policies = template.properties("AWS::SQS::QueuePolicy")
    denied = [
        statement["Resource"]
        for one in policies
        for statement in one["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    expected = [queue(template, "stream-failures"), queue(template, "undelivered")]
    assert expected == denied


def test_every_event_of_the_portal_gets_to_the_webhooks_and_none_is_dropped(
    template: Template,
) -> None:
    rule = template.only("AWS::Events::Rule")
    (bus,) = template.of_type("AWS::Events::EventBus")
    assert ({"Ref": bus}, {"source": [SOURCE]}) == (rule["EventBusName"], rule["EventPattern"])
    (target,) = rule["Targets"]
    assert template.alias("webhooks") == target["Arn"]
    assert queue(template, "undelivered") == target["DeadLetterConfig"]["Arn"]
    assert 24 * HOUR_SECONDS == target["RetryPolicy"]["MaximumEventAgeInSeconds"]
    assert {"Ref": bus} == template.environment_of("stream")["PORTAL_EVENT_BUS"]


def test_the_bus_can_be_replayed(template: Template) -> None:
    archive = template.only("AWS::Events::Archive")
    (bus,) = template.of_type("AWS::Events::EventBus")
    assert {"Fn::GetAtt": [bus, "Arn"]} == archive["SourceArn"]
    assert {"source": [SOURCE]} == archive["EventPattern"]
    assert options.STAGES[template.stage].archive_days == archive["RetentionDays"]


def test_what_is_called_without_anybody_waiting_is_not_lost(template: Template) -> None:
    configured = template.properties("AWS::Lambda::EventInvokeConfig")
    destinations = [one["DestinationConfig"]["OnFailure"]["Destination"] for one in configured]
    assert [queue(template, "undelivered")] * 3 == destinations
    assert {2} == {one["MaximumRetryAttempts"] for one in configured}
    functions = {
        template.content["Resources"][one["FunctionName"]["Ref"]]["Properties"]["FunctionName"]
        for one in configured
    }
    named = {f"portal-{template.stage}-{name}" for name in ("scheduled", "insights", "webhooks")}
    assert named == functions


def schedules_of(template: Template, function: str) -> list[dict[str, Any]]:
    """Give the schedules that call a function."""
    alias = template.alias(function)
    schedules = template.properties("AWS::Scheduler::Schedule")
    return [one for one in schedules if one["Target"]["Arn"] == alias]


def series_of(schedules: list[dict[str, Any]]) -> list[str]:
    """Give the series that schedules name, of which each names nothing else."""
    inputs = [json.loads(one["Target"]["Input"]) for one in schedules]
    assert [["series"]] * len(inputs) == [list(one) for one in inputs]
    return [*chain.from_iterable(one["series"] for one in inputs)]


def test_every_series_of_what_becomes_due_is_run_each_hour(template: Template) -> None:
    """What computes by the function that can; all else by the other one."""
    due, computed = (schedules_of(template, name) for name in ("scheduled", "insights"))
    assert ["insights"] == series_of(computed)
    assert sorted(due_series.NAMES) == sorted([*series_of(due), *series_of(computed)])
    times = [one["ScheduleExpression"] for one in (*due, *computed)]
    assert all(one.startswith("cron(") and one.endswith(" * * * ? *)") for one in times)
    assert len(times) == len(set(times))


def test_what_becomes_available_comes_before_what_expires(template: Template) -> None:
    together = [
        json.loads(one["Target"]["Input"]).get("series", [])
        for one in template.properties("AWS::Scheduler::Schedule")
    ]
    (found,) = (series for series in together if "expiry" in series)
    assert found.index("releases") < found.index("expiry")


@pytest.mark.parametrize("name", ["scheduled", "insights"])
def test_all_schedules_fit_in_what_is_reserved_for_their_function(
    name: str, template: Template
) -> None:
    """Each takes up to a quarter of an hour, and they begin within one."""
    function = template.function(name)
    assert len(schedules_of(template, name)) <= function["ReservedConcurrentExecutions"]
    assert function["Timeout"] < HOUR_SECONDS


def test_webhooks_that_are_due_are_looked_for_each_minute(template: Template) -> None:
    schedule = template.only("AWS::Scheduler::Schedule", Name="webhooks-due")
    assert "rate(1 minute)" == schedule["ScheduleExpression"]
    assert {"due": True} == json.loads(schedule["Target"]["Input"])
    assert template.alias("webhooks") == schedule["Target"]["Arn"]


def test_a_schedule_may_call_its_function_and_nothing_else(template: Template) -> None:
    for schedule in template.properties("AWS::Scheduler::Schedule"):
        role = schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
        (policy,) = (
            one
            for one in template.properties("AWS::IAM::Policy")
            if one["Roles"] == [{"Ref": role}]
        )
        allowed = {one["Action"]: one["Resource"] for one in policy["PolicyDocument"]["Statement"]}
        expected = {
            "lambda:InvokeFunction": schedule["Target"]["Arn"],
            "sqs:SendMessage": queue(template, "undelivered"),
        }
        assert expected == allowed


def test_while_it_is_paused_nothing_writes(dev: Template, paused: Template) -> None:
    """And nothing else is another one: no new version, no new table."""
    enabled: dict[str, set[object]] = {}
    for template in (dev, paused):
        enabled[template.folder.name] = {
            template.only("AWS::Lambda::EventSourceMapping")["Enabled"],
            template.only("AWS::Events::Rule")["State"] == "ENABLED",
            *(one["State"] == "ENABLED" for one in template.properties("AWS::Scheduler::Schedule")),
        }
    assert {"dev": {True}, "dev-paused": {False}} == enabled
    assert 0 == paused.function("api")["ReservedConcurrentExecutions"]
    assert 0 < paused.function("tokens")["ReservedConcurrentExecutions"]
    assert dev.content["Resources"].keys() == paused.content["Resources"].keys()


def test_no_webhook_goes_to_a_private_address_unless_it_was_named(template: Template) -> None:
    assert "" == template.environment_of("webhooks")["PORTAL_WEBHOOK_PRIVATE_ORIGINS"]
