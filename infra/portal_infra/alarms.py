"""What operators are told of, and what they look at then; each alarm says what to do first."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.portal_infra.functions import Function
from infra.portal_infra.metrics import FIVE_MINUTES, HOUR, Metrics
from infra.portal_infra.operations import Operations
from infra.portal_infra.options import Options
from portal_api import metrics as program
from portal_api.services import due_series

_OVER: Final = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_UNDER: Final = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_FINE: Final = cloudwatch.TreatMissingData.NOT_BREACHING
_BAD: Final = cloudwatch.TreatMissingData.BREACHING


@dataclass(frozen=True, slots=True)
class _Errors:
    """How many errors in a period, in so many on end, are more than a function's work is."""

    means: str
    limit: int = 0
    periods: int = 1
    period: Duration = FIVE_MINUTES


_ERRORS: Final = MappingProxyType(
    {
        # Who may not act is refused by an error; what is unexpected is counted by the program.
        "tokens": _Errors(
            "failed more than 10 times in each of three periods of 5 minutes. That somebody may not"
            " act is such an error, too",
            limit=10,
            periods=3,
        ),
        # By an error it has Lambda halve a batch, or call it again.
        "stream": _Errors("failed in each of three periods of 5 minutes", periods=3),
        "webhooks": _Errors("failed in each of three periods of 5 minutes", periods=3),
        # It fails where a series is left unfinished, of which the next hour makes an end.
        "scheduled": _Errors("failed in each of three hours", periods=3, period=HOUR),
        "insights": _Errors("failed in each of three hours", periods=3, period=HOUR),
    }
)
"""Functions that also fail on purpose; any error of another one is told at once."""
_NOBODY_WAITS: Final = frozenset({"scheduled", "insights", "webhooks"})
"""What Lambda calls again by itself when there is room."""


class Alarms(Construct):
    """All alarms. A quiet one is fine without data, but for what must happen each hour."""

    def __init__(
        self, scope: Construct, options: Options, seen: Metrics, operations: Operations
    ) -> None:
        super().__init__(scope, "Alarms")
        self._options = options
        self._seen = seen
        self._action = actions.SnsAction(operations.topic)
        self.all: list[cloudwatch.Alarm] = []

    def watch_api(self) -> None:
        """Whether the API answers, and how fast."""
        self._alarm(
            "http-errors",
            self._seen.api_error_rate(),
            1,
            "More than 1 % of requests fail with 5xx.",
            "look for UnexpectedErrors and StoreUnavailable beside it; after a deployment, roll"
            " the alias `live` of the API's function back.",
            periods=3,
        )
        self._alarm(
            "http-latency",
            self._seen.api("Latency", "p99"),
            3_000,
            "One request of a hundred takes longer than 3 s.",
            "compare with the function's duration and the table's throttles.",
            periods=3,
        )

    def watch_program(self) -> None:
        """What the program counts of itself."""
        self._counted(
            program.UNEXPECTED_ERRORS,
            "A request or a sign-in ended in an error that the program does not know.",
            "find `unexpected error` in the log of `api` or `tokens`; it names the place in the"
            " code.",
        )
        self._counted(
            program.STORE_UNAVAILABLE,
            "Requests or sign-ins were refused because the table did not answer in time.",
            "look at the table's throttles and at the AWS Health Dashboard; clients retry.",
            periods=3,
        )
        self._counted(
            program.EVENTS_FAILED,
            "Events could not be put on the bus at once.",
            "look at the stream's age and failure queue; Lambda tries again by itself.",
            periods=3,
        )
        self._counted(
            program.WEBHOOKS_GIVEN_UP,
            "A delivery was given up after its last attempt.",
            "list the endpoint's failed deliveries, mend the receiver, replay them.",
        )
        self._counted(
            program.SERIES_UNFINISHED,
            "A series of what becomes due was left unfinished in three hours on end.",
            "run `portal-api series`, which tells why; releases and payments wait for it.",
            periods=3,
            period=HOUR,
        )
        self._alarm(
            "series-missing",
            self._seen.counted(program.SERIES_RUN, HOUR),
            len(due_series.NAMES),
            "In each of three hours some series of what becomes due has not run, or none has:"
            " something does not mature or expire. A new stage is in alarm until it has run for"
            " three hours, and so is one that was paused.",
            "look for `series` in the logs of `scheduled` and `insights`, for their errors, and for"
            " the schedules in their group.",
            periods=3,
            operator=_UNDER,
            missing=_BAD,
        )

    def watch_function(self, function: Function) -> None:
        """Whether a function works, has room and has time."""
        log = f"read the log /aws/lambda/{function.name}"
        name = function.name.removeprefix(self._options.named(""))
        metric = function.function.metric
        errors = _ERRORS.get(name, _Errors("failed, was killed, or could not start"))
        self._alarm(
            f"{name}-errors",
            metric("Errors", statistic="Sum", period=errors.period),
            errors.limit,
            f"{function.name} {errors.means}.",
            f"{log}; after a deployment, roll its alias `live` back.",
            periods=errors.periods,
        )
        if name not in _NOBODY_WAITS:
            self._alarm(
                f"{name}-throttles",
                metric("Throttles", statistic="Sum", period=FIVE_MINUTES),
                0,
                f"{function.name} was asked for more often at once than is reserved for it.",
                "see whether a caller has gone wild; else raise its concurrency in options.py.",
            )
        if function.reserved > 1:  # Whenever it runs, one of one does.
            self._alarm(
                f"{name}-concurrency",
                metric("ConcurrentExecutions", statistic="Maximum", period=FIVE_MINUTES),
                function.reserved * 0.8,
                f"{function.name} uses more than 80 % of its reserved concurrency.",
                "raise its concurrency in options.py before it is throttled.",
                periods=3,
            )
        self._alarm(
            f"{name}-duration",
            metric("Duration", statistic="Maximum", period=FIVE_MINUTES),
            function.shape.seconds * 800,
            f"{function.name} takes more than 80 % of the time after which it is killed.",
            f"{log}; what is killed goes on the next time, but something has grown.",
        )

    def watch_waiting(self, function: Function) -> None:
        """Whether a function that nobody waits for keeps up; being throttled is no fault of it."""
        name = function.name.removeprefix(self._options.named(""))
        metric = function.function.metric
        self._alarm(
            f"{name}-waiting",
            metric("AsyncEventAge", statistic="Maximum", period=FIVE_MINUTES),
            30 * 60 * 1_000,
            f"Something waited for more than 30 minutes until {function.name} did it.",
            f"read the log /aws/lambda/{function.name}: it fails and is tried again, or what is"
            " reserved for it in options.py is too little.",
        )
        self._alarm(
            f"{name}-dropped",
            metric("AsyncEventsDropped", statistic="Sum", period=FIVE_MINUTES),
            0,
            f"{function.name} failed for good, or was not called in time.",
            "read the message in the queue of the undelivered, which says why.",
        )

    def watch_table(self) -> None:
        """Whether the table takes what it is asked."""
        for name, metric in (
            ("table-read-throttles", "ReadThrottleEvents"),
            ("table-write-throttles", "WriteThrottleEvents"),
        ):
            self._alarm(
                name,
                self._seen.table(metric),
                0,
                "The table refused requests for being too many.",
                "compare with its ceiling in options.py, which keeps a fault from costing money;"
                " below it, one partition is hot.",
                periods=2,
            )
        self._alarm(
            "table-errors",
            self._seen.table_system_errors(),
            5,
            "DynamoDB failed by itself.",
            "look at the AWS Health Dashboard; the program repeats what it may.",
        )

    def watch_stream(self, stream: Function) -> None:
        """Whether events leave the table in time."""
        self._alarm(
            "stream-age",
            stream.function.metric("IteratorAge", statistic="Maximum", period=FIVE_MINUTES),
            10 * 60 * 1_000,
            "Events wait for more than 10 minutes to get to the bus. After 6 hours they go to the"
            " failure queue, and after 24 the stream forgets them.",
            "read the stream function's log: a poisonous record, or the bus does not answer.",
        )

    def watch_queue(self, name: str, queue: sqs.Queue, means: str, first: str) -> None:
        """Whether anything waits for an operator."""
        self._alarm(
            f"{name}-waiting",
            queue.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=FIVE_MINUTES
            ),
            0,
            means,
            first,
        )

    def watch_bus(self) -> None:
        """Whether the bus and the schedules reach their functions."""
        self._alarm(
            "bus-failed",
            self._seen.rule("FailedInvocations"),
            0,
            "The bus could not call the webhooks' function, and no longer tries.",
            "the queue of the undelivered has the event; tell it again once the cause is gone.",
        )
        self._alarm(
            "bus-lost",
            self._seen.rule("InvocationsFailedToBeSentToDlq"),
            0,
            "An event could neither be delivered nor put into the queue.",
            "replay the bus's archive over that time; receivers know events by their ids.",
        )
        self._alarm(
            "schedules-failed",
            self._seen.schedules("TargetErrorCount"),
            0,
            "A schedule could not call its function.",
            "see whether the function and its alias `live` are there; the next hour tries again.",
            periods=2,
        )

    def _counted(
        self,
        counter: str,
        means: str,
        first: str,
        *,
        periods: int = 1,
        period: Duration = FIVE_MINUTES,
    ) -> None:
        """Told of where the program counted at all, in each of the periods."""
        self._alarm(counter, self._seen.counted(counter, period), 0, means, first, periods=periods)

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        limit: float,
        means: str,
        first: str,
        *,
        periods: int = 1,
        operator: cloudwatch.ComparisonOperator = _OVER,
        missing: cloudwatch.TreatMissingData = _FINE,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=self._options.named(name),
            alarm_description=f"{means} First: {first}",
            metric=metric,
            threshold=limit,
            comparison_operator=operator,
            evaluation_periods=periods,
            datapoints_to_alarm=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        self.all.append(alarm)
