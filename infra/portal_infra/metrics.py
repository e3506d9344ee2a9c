"""The metrics that alarms and the dashboard read, by what they are of."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from portal_api import metrics as program

FIVE_MINUTES: Final = Duration.minutes(5)
HOUR: Final = Duration.hours(1)
OPERATIONS: Final = ("BatchGetItem", "Query", "TransactWriteItems")
"""What the program asks of DynamoDB, which counts its own failures by these."""


class Metrics:
    """Names and dimensions of one deployment's metrics, as the services write them."""

    def __init__(
        self, stage: str, *, api_id: str, table: str, bus: str, rule: str, group: str
    ) -> None:
        self._stage = stage
        self._api = {"ApiId": api_id, "Stage": "$default"}
        self._table = {"TableName": table}
        # Of a rule on a bus of one's own, CloudWatch knows the two together.
        self._rule = {"EventBusName": bus, "RuleName": rule}
        self._group = {"ScheduleGroup": group}

    def api(self, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
        """Of the HTTP API; latencies are in milliseconds."""
        return _metric("AWS/ApiGateway", name, self._api, statistic)

    def api_error_rate(self) -> cloudwatch.MathExpression:
        """Per cent of requests that ended in 5xx; of fewer than 20 in 5 minutes it is 0."""
        return cloudwatch.MathExpression(
            expression="IF(requests >= 20, 100 * failed / requests, 0)",
            using_metrics={"failed": self.api("5xx"), "requests": self.api("Count")},
            label="5xx in per cent",
            period=FIVE_MINUTES,
        )

    def counted(self, name: str, period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
        """What the program counts."""
        return _metric(program.NAMESPACE, name, {"stage": self._stage}, "Sum", period)

    def table(self, name: str) -> cloudwatch.Metric:
        """Of the whole table."""
        return _metric("AWS/DynamoDB", name, self._table, "Sum")

    def table_system_errors(self) -> cloudwatch.MathExpression:
        """DynamoDB's own failures, over what the program asks of it."""
        each = {
            f"m{index}": _metric(
                "AWS/DynamoDB", "SystemErrors", {**self._table, "Operation": operation}, "Sum"
            )
            for index, operation in enumerate(OPERATIONS)
        }
        return cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in each),
            using_metrics=dict(each),
            label="System errors",
            period=FIVE_MINUTES,
        )

    def table_latency(self, operation: str) -> cloudwatch.Metric:
        """How long DynamoDB takes, in milliseconds."""
        dimensions = {**self._table, "Operation": operation}
        return _metric("AWS/DynamoDB", "SuccessfulRequestLatency", dimensions, "p99")

    def rule(self, name: str) -> cloudwatch.Metric:
        """Of the rule that calls the webhooks' function."""
        return _metric("AWS/Events", name, self._rule, "Sum")

    def schedules(self, name: str) -> cloudwatch.Metric:
        """Of all schedules."""
        return _metric("AWS/Scheduler", name, self._group, "Sum")


def _metric(
    namespace: str,
    name: str,
    dimensions: dict[str, str],
    statistic: str,
    period: Duration = FIVE_MINUTES,
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=period,
    )
