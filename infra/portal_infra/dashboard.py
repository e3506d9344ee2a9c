"""One page for operators: is it answering, is it keeping up, what waits."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.portal_infra.functions import Function
from infra.portal_infra.metrics import FIVE_MINUTES, HOUR, OPERATIONS, Metrics
from infra.portal_infra.options import Options
from portal_api import metrics as program

_OF_FUNCTIONS: Final = (
    ("Errors", "Errors", "Sum"),
    ("Throttles", "Throttles", "Sum"),
    ("Duration p99, ms", "Duration", "p99"),
    ("Running at once", "ConcurrentExecutions", "Maximum"),
)
_CONSUMED: Final = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
_REFUSED: Final = ("ReadThrottleEvents", "WriteThrottleEvents")
_EVENTS: Final = (
    program.EVENTS_FORWARDED,
    program.EVENTS_FAILED,
    program.WEBHOOKS_DELIVERED,
    program.WEBHOOKS_FAILED,
    program.WEBHOOKS_GIVEN_UP,
)
_SERIES: Final = (program.SERIES_RUN, program.SERIES_UNFINISHED)
_ERRORS: Final = (program.UNEXPECTED_ERRORS, program.STORE_UNAVAILABLE)
_RULE: Final = ("Invocations", "FailedInvocations", "ThrottledRules")
_SCHEDULES: Final = ("InvocationAttemptCount", "TargetErrorCount", "InvocationDroppedCount")


def dashboard_of(
    scope: Construct,
    options: Options,
    seen: Metrics,
    functions: Sequence[Function],
    stream: Function,
    queues: Sequence[sqs.Queue],
    alarms: Sequence[cloudwatch.IAlarm],
) -> cloudwatch.Dashboard:
    """The dashboard of one deployment."""
    made = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=options.named("overview"))
    made.add_widgets(
        cloudwatch.AlarmStatusWidget(title="Alarms", alarms=[*alarms], width=24, height=6)
    )
    made.add_widgets(
        _graph("Requests", [seen.api("Count"), seen.api("4xx"), seen.api("5xx")]),
        _graph("Latency, ms", [seen.api("Latency", at) for at in ("p50", "p90", "p99")]),
        _graph("Failed, per cent", [seen.api_error_rate()]),
    )
    made.add_widgets(
        *(
            _graph(title, [_of(one, metric, statistic) for one in functions], width=6)
            for title, metric, statistic in _OF_FUNCTIONS
        )
    )
    made.add_widgets(
        _graph("Table: consumed units", [seen.table(name) for name in _CONSUMED]),
        _graph(
            "Table: refused and failed", [*map(seen.table, _REFUSED), seen.table_system_errors()]
        ),
        _graph("Table: p99, ms", [seen.table_latency(name) for name in OPERATIONS]),
    )
    made.add_widgets(
        _graph("Events and webhooks", [seen.counted(name) for name in _EVENTS], width=6),
        _graph("Age of the stream, ms", [_of(stream, "IteratorAge", "Maximum")], width=6),
        _graph("Waiting in queues", [_waiting(queue) for queue in queues], width=6),
        _graph("What becomes due", [seen.counted(name, HOUR) for name in _SERIES], width=6),
    )
    made.add_widgets(
        _graph("Errors of the program", [seen.counted(name) for name in _ERRORS]),
        _graph("Bus and schedules", [*map(seen.rule, _RULE), *map(seen.schedules, _SCHEDULES)]),
        _graph("Transaction conflicts", [seen.table("TransactionConflict")]),
    )
    return made


def _of(function: Function, metric: str, statistic: str) -> cloudwatch.Metric:
    return function.function.metric(
        metric, statistic=statistic, period=FIVE_MINUTES, label=function.name
    )


def _waiting(queue: sqs.Queue) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(
        statistic="Maximum", period=FIVE_MINUTES, label=queue.node.id
    )


def _graph(
    title: str, metrics: Sequence[cloudwatch.IMetric], width: int = 8
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=[*metrics], width=width, height=6)
