"""What is deployed: what operators are told, and what they look at."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from portal_api import metrics
from portal_api.services import due_series
from tests.infra.synth import Template

COUNTERS = {value for name, value in vars(metrics).items() if name.isupper()} - {metrics.NAMESPACE}
KNOWN: dict[str, dict[frozenset[str], set[str]]] = {
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    "AWS/ApiGateway": {
        frozenset({"ApiId", "Stage"}): {"4xx", "5xx", "Count", "Latency", "IntegrationLatency"}
    },
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": {
        frozenset({"FunctionName"}): {
            *("ConcurrentExecutions", "Duration", "Errors", "IteratorAge", "Throttles"),
            *("AsyncEventAge", "AsyncEventsDropped"),
        }
    },
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    "AWS/DynamoDB": {
        frozenset({"TableName"}): {
            *("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"),
            *("ReadThrottleEvents", "WriteThrottleEvents", "TransactionConflict"),
        },
        frozenset({"TableName", "Operation"}): {"SystemErrors", "SuccessfulRequestLatency"},
    },
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html: of a bus of
    # one's own it is the two dimensions together.
    "AWS/Events": {
        frozenset({"EventBusName", "RuleName"}): {
            *("FailedInvocations", "Invocations", "InvocationsFailedToBeSentToDlq"),
            "ThrottledRules",
        }
    },
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
    "AWS/Scheduler": {
        frozenset({"ScheduleGroup"}): {
            *("InvocationAttemptCount", "InvocationDroppedCount", "TargetErrorCount")
        }
    },
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": {frozenset({"QueueName"}): {"ApproximateNumberOfMessagesVisible"}},
    metrics.NAMESPACE: {frozenset({"stage"}): COUNTERS},
}
"""The metrics that there are, by namespace and dimensions."""
ALARM = "AWS::CloudWatch::Alarm"


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    """Give all alarms by their short names."""
    prefix = f"portal-{template.stage}-"
    return {one["AlarmName"].removeprefix(prefix): one for one in template.properties(ALARM)}


def metrics_of(alarm: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what an alarm reads, also where it calculates."""
    if "MetricName" in alarm:
        yield alarm
    for one in alarm.get("Metrics", ()):
        if "MetricStat" in one:
            yield one["MetricStat"]["Metric"]


def test_every_alarm_reads_metrics_that_there_are(template: Template) -> None:
    for name, alarm in alarms(template).items():
        read = list(metrics_of(alarm))
        assert read, name
        for metric in read:
            dimensions = frozenset(one["Name"] for one in metric["Dimensions"])
            assert metric["MetricName"] in KNOWN[metric["Namespace"]][dimensions], name


def test_a_rule_is_known_to_metrics_by_its_name_alone(template: Template) -> None:
    """What CloudFormation calls a rule has the name of its bus before its own."""
    (rule,) = template.properties("AWS::Events::Rule")
    assert f"portal-{template.stage}-webhooks" == rule["Name"]
    named = {
        dimension["Value"]
        for alarm in alarms(template).values()
        for metric in metrics_of(alarm)
        for dimension in metric["Dimensions"]
        if dimension["Name"] == "RuleName"
    }
    assert {rule["Name"]} == named
    body = template.only("AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else "?" for part in body)
    assert {rule["Name"]} == set(re.findall(r'"RuleName","([^"]*)"', text))


def test_every_alarm_is_told_and_says_what_it_means_and_what_to_do_first(
    template: Template,
) -> None:
    (topic,) = template.of_type("AWS::SNS::Topic")
    for name, alarm in alarms(template).items():
        assert [{"Ref": topic}] == alarm["AlarmActions"] == alarm["OKActions"], name
        means, _, first = alarm["AlarmDescription"].partition(" First: ")
        assert 20 < len(means), name
        assert 20 < len(first), name
        assert alarm["AlarmDescription"].endswith("."), name
        assert len(alarm["AlarmDescription"]) <= 1_024, name


@pytest.mark.parametrize(
    "function", ["api", "insights", "scheduled", "stream", "tokens", "webhooks"]
)
def test_every_function_is_watched(function: str, template: Template) -> None:
    """Errors; time and concurrency before the limit is reached. One of one is no news."""
    found = alarms(template)
    told = template.function(function)
    assert f"{function}-errors" in found
    assert told["Timeout"] * 1_000 * 0.8 == found[f"{function}-duration"]["Threshold"]
    reserved = told["ReservedConcurrentExecutions"]
    warned = found.get(f"{function}-concurrency", {}).get("Threshold")
    assert (None if function == "insights" else reserved * 0.8) == warned


@pytest.mark.parametrize(
    ("function", "limit", "seconds", "periods"),
    [
        ("api", 0, 300, 1),
        ("tokens", 10, 300, 3),  # Who may not act is refused by an error.
        ("stream", 0, 300, 3),  # A batch is halved by an error.
        ("webhooks", 0, 300, 3),  # It is called again after an error.
        ("scheduled", 0, 3_600, 3),  # A series that was left unfinished is an error.
        ("insights", 0, 3_600, 3),
    ],
)
def test_an_error_that_is_raised_on_purpose_is_no_alarm(
    function: str, limit: int, seconds: int, periods: int, template: Template
) -> None:
    alarm = alarms(template)[f"{function}-errors"]
    assert ("Errors", limit, seconds) == (
        alarm["MetricName"],
        alarm["Threshold"],
        alarm["Period"],
    )
    assert periods == alarm["EvaluationPeriods"] == alarm["DatapointsToAlarm"]


def test_being_throttled_is_told_of_where_somebody_waits_and_lateness_elsewhere(
    template: Template,
) -> None:
    """What is called without anybody waiting is called again when there is room."""
    found = alarms(template)
    throttled = {name for name in found if name.endswith("-throttles") and "table" not in name}
    assert {"api-throttles", "stream-throttles", "tokens-throttles"} == throttled
    configured = template.properties("AWS::Lambda::EventInvokeConfig")
    for one in configured:
        function = template.content["Resources"][one["FunctionName"]["Ref"]]["Properties"]
        name = function["FunctionName"].rpartition("-")[2]
        late, dropped = found[f"{name}-waiting"], found[f"{name}-dropped"]
        assert ("AsyncEventAge", "Maximum") == (late["MetricName"], late["Statistic"])
        assert 30 * 60 * 1_000 == late["Threshold"] < one["MaximumEventAgeInSeconds"] * 1_000
        assert ("AsyncEventsDropped", 0) == (dropped["MetricName"], dropped["Threshold"])
    assert 3 == len(configured)


def test_silence_is_fine_but_where_something_must_happen_each_hour(template: Template) -> None:
    found = alarms(template)
    breaching = {name for name, one in found.items() if one["TreatMissingData"] != "notBreaching"}
    assert {"series-missing"} == breaching
    missing = found["series-missing"]
    assert "breaching" == missing["TreatMissingData"]
    # Each counts one in each hour, so that a single one that has not run is told of.
    each = len(due_series.NAMES)
    assert ("LessThanThreshold", each) == (missing["ComparisonOperator"], missing["Threshold"])
    assert (3_600, 3) == (missing["Period"], missing["EvaluationPeriods"])


def test_the_program_counts_nothing_bad_that_nobody_is_told_of(template: Template) -> None:
    """What is retried by itself, and what went well, is for the dashboard."""
    read = {
        metric["MetricName"]
        for alarm in alarms(template).values()
        for metric in metrics_of(alarm)
        if metric["Namespace"] == metrics.NAMESPACE
    }
    quiet = {metrics.EVENTS_FORWARDED, metrics.WEBHOOKS_DELIVERED, metrics.WEBHOOKS_FAILED}
    assert COUNTERS - quiet == read


def test_what_waits_in_a_queue_is_told_of(template: Template) -> None:
    watched = {
        one["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for one in alarms(template).values()
        if one.get("Namespace") == "AWS/SQS"
    }
    assert set(template.of_type("AWS::SQS::Queue")) == watched


def test_cloudwatch_can_tell_it_on_the_encrypted_topic(template: Template) -> None:
    """Without its part in the key an alarm goes off and nobody hears of it."""
    topic = template.only("AWS::SNS::Topic")
    key = template.content["Resources"][topic["KmsMasterKeyId"]["Fn::GetAtt"][0]]["Properties"]
    (allowed,) = (
        one
        for one in key["KeyPolicy"]["Statement"]
        if one["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    )
    assert ["kms:Decrypt", "kms:GenerateDataKey"] == allowed["Action"]
    assert "Condition" not in allowed
    statements = template.only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert [("Deny", "*"), ("Allow", {"Service": "cloudwatch.amazonaws.com"})] == [
        (one["Effect"], one["Principal"]) for one in statements
    ]


def test_mail_goes_only_to_who_was_named(dev: Template, prod: Template) -> None:
    assert [] == dev.properties("AWS::SNS::Subscription")
    subscription = prod.only("AWS::SNS::Subscription")
    assert ("email", "operators@example.com") == (
        subscription["Protocol"],
        subscription["Endpoint"],
    )


def shown(template: Template) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Give namespace, name and dimensions of all that the dashboard shows."""
    body = template.only("AWS::CloudWatch::Dashboard")["DashboardBody"]
    parts = body["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else "resolved" for part in parts)
    for widget in json.loads(text)["widgets"]:
        for row in widget["properties"].get("metrics", ()):
            if isinstance(row[0], dict):
                continue  # An expression over rows that stand beside it.
            names = [part for part in row if isinstance(part, str)]
            yield names[0], names[1], frozenset(names[2::2])


def test_the_dashboard_shows_metrics_that_there_are(template: Template) -> None:
    rows = list(shown(template))
    assert 40 < len(rows)
    for namespace, name, dimensions in rows:
        assert name in KNOWN[namespace][dimensions]


def test_the_dashboard_shows_all_that_the_program_counts(template: Template) -> None:
    counted = {name for namespace, name, _ in shown(template) if namespace == metrics.NAMESPACE}
    assert COUNTERS == counted


def test_the_error_rate_is_of_enough_requests_to_be_one(template: Template) -> None:
    alarm = alarms(template)["http-errors"]
    (expression,) = (one["Expression"] for one in alarm["Metrics"] if "Expression" in one)
    assert re.fullmatch(r"IF\(requests >= 20, 100 \* failed / requests, 0\)", expression)
    assert 1 == alarm["Threshold"]
