"""What happens by itself: the table's events on a bus, their webhooks, and what becomes due."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduled
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.portal_infra.data import Data
from infra.portal_infra.functions import ALIAS, Function
from infra.portal_infra.options import Options
from portal_api.bus import SOURCE
from portal_api.services import due_series
from portal_api.storage.keys import EVENTS


@dataclass(frozen=True, slots=True)
class Hourly:
    """A schedule: at this minute of each hour the function runs the series."""

    minute: int
    function: str
    series: tuple[str, ...]


SERIES: Final = MappingProxyType(
    {
        "wallets": Hourly(0, "scheduled", ("team-awards", "releases", "expiry")),
        "payouts": Hourly(5, "scheduled", ("payout-batches",)),
        "dates": Hourly(10, "scheduled", ("consent-dates",)),
        "looking-back": Hourly(15, "scheduled", ("looking-back",)),
        "finance": Hourly(20, "scheduled", ("finance",)),
        "insights": Hourly(45, "insights", (due_series.INSIGHTS,)),
    }
)
"""The schedules of each hour. One of a group may take all of its time, and keeps no other waiting;
within a group they run in the program's order."""


_NEW_EVENTS: Final = {
    "eventName": ["INSERT"],
    "dynamodb": {"Keys": {"pk": {"S": [{"prefix": EVENTS}]}}},
}
"""What the stream's function is called for: nothing of the rest costs an invocation."""
AT_ONCE_OF_A_SHARD: Final = 2
"""How many batches of one shard are under way; within a partition the order is kept."""


class Queues(Construct):
    """Where what could not be done waits for an operator: for two weeks."""

    def __init__(self, scope: Construct, options: Options) -> None:
        super().__init__(scope, "Queues")
        self.stream = self._queue("StreamFailures", options.named("stream-failures"))
        self.undelivered = self._queue("Undelivered", options.named("undelivered"))

    def _queue(self, construct_id: str, name: str) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )


def bus_of(scope: Construct, options: Options) -> events.EventBus:
    """The bus of the domain's events, and its archive, from which they can be replayed."""
    bus = events.EventBus(
        scope, "Bus", event_bus_name=options.named("events"), description="What has happened."
    )
    events.Archive(
        scope,
        "Archive",
        source_event_bus=bus,
        archive_name=options.named("events"),
        description="The domain's events, to be replayed.",
        event_pattern=events.EventPattern(source=[SOURCE]),
        retention=Duration.days(options.sizes.archive_days),
    )
    return bus


def follow_table(
    options: Options, data: Data, stream: Function, bus: events.EventBus, queue: sqs.Queue
) -> None:
    """The stream's function gets each new event of the table, and may put it on the bus.

    What it cannot put goes, as its place in the stream, to the queue; the event itself stays in
    the table.
    """
    data.let_follow(stream.role)
    stream.role.add_to_policy(
        iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus.event_bus_arn])
    )
    lambda_.CfnEventSourceMapping(
        stream,
        "Stream",
        function_name=stream.live.function_arn,
        event_source_arn=data.table.attr_stream_arn,
        starting_position="TRIM_HORIZON",
        filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
            filters=[lambda_.CfnEventSourceMapping.FilterProperty(pattern=json.dumps(_NEW_EVENTS))]
        ),
        batch_size=100,
        maximum_batching_window_in_seconds=1,
        parallelization_factor=AT_ONCE_OF_A_SHARD,
        enabled=not options.paused,
        function_response_types=["ReportBatchItemFailures"],
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=20,
        maximum_record_age_in_seconds=6 * 60 * 60,  # The stream forgets after 24 hours.
        destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
            on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=queue.queue_arn)
        ),
    )
    _let_send(stream.role, queue)


def send_webhooks(
    options: Options, webhooks: Function, bus: events.EventBus, queue: sqs.Queue
) -> str:
    """The webhooks' function gets every event of the bus that the portal says; the rule's name."""
    retry_asynchronously(webhooks, queue, Duration.hours(6))
    # Metrics know the rule by its name. What CloudFormation calls it has the bus's name before it.
    name = options.named("webhooks")
    events.Rule(
        webhooks,
        "Events",
        event_bus=bus,
        rule_name=name,
        enabled=not options.paused,
        description="Each of the portal's events, to the endpoints that asked for it.",
        event_pattern=events.EventPattern(source=[SOURCE]),
        targets=[
            targets.LambdaFunction(
                webhooks.live,
                dead_letter_queue=queue,
                max_event_age=Duration.hours(24),
                retry_attempts=185,
            )
        ],
    )
    return name


def retry_asynchronously(function: Function, queue: sqs.Queue, longest: Duration) -> None:
    """What fails is tried twice more, within ``longest``, and then waits in the queue."""
    _let_send(function.role, queue)
    lambda_.CfnEventInvokeConfig(
        function,
        "Retries",
        function_name=function.function.function_name,
        qualifier=ALIAS,
        maximum_event_age_in_seconds=longest.to_seconds(),
        maximum_retry_attempts=2,
        destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
            on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=queue.queue_arn)
        ),
    ).node.add_dependency(function.live)


def _let_send(role: iam.Role, queue: sqs.Queue) -> None:
    role.add_to_policy(
        iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])
    )


class Schedules(Construct):
    """What is done each hour, and each minute. Times do not matter, so no time zone does.

    ``functions`` are those that run series, by their short names.
    """

    def __init__(
        self,
        scope: Construct,
        options: Options,
        functions: Mapping[str, Function],
        webhooks: Function,
        queue: sqs.Queue,
    ) -> None:
        super().__init__(scope, "Schedules")
        _check_complete()
        self._enabled = not options.paused
        self._queue = queue
        self.group = scheduler.ScheduleGroup(
            self,
            "Group",
            schedule_group_name=f"portal-{options.stage}",
            removal_policy=RemovalPolicy.DESTROY,
        )
        for function in functions.values():
            # The next hour comes anyway, so that nothing is tried for longer than that.
            retry_asynchronously(function, queue, Duration.minutes(50))
        for name, hourly in SERIES.items():
            self._schedule(
                name,
                scheduler.ScheduleExpression.cron(minute=f"{hourly.minute}"),
                functions[hourly.function],
                {"series": list(hourly.series)},
                f"Each hour: {', '.join(hourly.series)}.",
            )
        self._schedule(
            "webhooks-due",
            scheduler.ScheduleExpression.rate(Duration.minutes(1)),
            webhooks,
            {"due": True},
            "Each minute: deliveries whose next attempt is due.",
        )

    def _schedule(
        self,
        name: str,
        when: scheduler.ScheduleExpression,
        function: Function,
        said: dict[str, object],
        description: str,
    ) -> None:
        scheduler.Schedule(
            self,
            name.title().replace("-", ""),
            schedule=when,
            schedule_group=self.group,
            schedule_name=name,
            description=description,
            enabled=self._enabled,
            target=scheduled.LambdaInvoke(
                function.live,
                input=scheduler.ScheduleTargetInput.from_object(said),
                dead_letter_queue=self._queue,
                max_event_age=Duration.minutes(5),
                retry_attempts=3,
            ),
        )


def _check_complete() -> None:
    """Raises where a series of the program has no schedule, or a schedule no such series."""
    planned = [name for hourly in SERIES.values() for name in hourly.series]
    if sorted(planned) != sorted(due_series.NAMES):
        raise ValueError(f"Schedules for {planned}, but the program has {due_series.NAMES}.")
