"""The portal's stack, put together."""

from aws_cdk import App, CfnOutput, Stack, Tags

from infra.portal_infra import events
from infra.portal_infra.alarms import Alarms
from infra.portal_infra.api import PATH, Api
from infra.portal_infra.dashboard import dashboard_of
from infra.portal_infra.data import LISTS, NAMES, Data
from infra.portal_infra.functions import Function
from infra.portal_infra.identity import Identity
from infra.portal_infra.metrics import Metrics
from infra.portal_infra.operations import Operations
from infra.portal_infra.options import Options


class PortalStack(Stack):
    """All of the portal in one region. Account and region are those of who deploys it."""

    def __init__(self, app: App, options: Options) -> None:
        super().__init__(
            app,
            f"portal-{options.stage}",
            description=f"The channel partner portal, {options.stage}.",
            termination_protection=options.production,
        )
        Tags.of(self).add("application", "portal")
        Tags.of(self).add("stage", options.stage)
        self.options = options
        self.operations = Operations(self, options)
        self.data = Data(self, options)
        self.queues = events.Queues(self, options)
        self.bus = events.bus_of(self, options)
        table = {"PORTAL_TABLE": self.data.table.ref}
        private = {"PORTAL_WEBHOOK_PRIVATE_ORIGINS": ",".join(options.private_origins)}
        self.tokens = self._function("tokens", table)
        self.identity = Identity(self, options, self.tokens.live)
        self.api = self._function("api", {**table, **self._callers(), **private})
        self.scheduled = self._function("scheduled", table)
        self.insights = self._function("insights", table)
        self.stream = self._function("stream", {"PORTAL_EVENT_BUS": self.bus.event_bus_name})
        self.webhooks = self._function("webhooks", {**table, **private})
        self.functions = (
            self.api,
            self.scheduled,
            self.insights,
            self.stream,
            self.webhooks,
            self.tokens,
        )
        self.data.let_look_up_people(self.tokens.role)
        self.data.let_work(self.api.role, LISTS, NAMES)
        self.data.let_work(self.scheduled.role, LISTS)
        self.data.let_compute(self.insights.role)
        self.data.let_work(self.webhooks.role, LISTS, relying=False)
        self.http = Api(self, options, self.api, self.identity, self.operations)
        events.follow_table(options, self.data, self.stream, self.bus, self.queues.stream)
        self.rule_name = events.send_webhooks(
            options, self.webhooks, self.bus, self.queues.undelivered
        )
        running = {"scheduled": self.scheduled, "insights": self.insights}
        self.schedules = events.Schedules(
            self, options, running, self.webhooks, self.queues.undelivered
        )
        self._watch()
        self._tell()

    def _function(self, name: str, environment: dict[str, str]) -> Function:
        return Function(self, name, self.options, environment, self.operations)

    def _callers(self) -> dict[str, str]:
        """Whose tokens the API takes, and from which sites' pages."""
        return {
            "PORTAL_TOKEN_CLIENT_IDS": self.identity.client.user_pool_client_id,
            "PORTAL_ALLOWED_ORIGINS": ",".join(self.options.origins),
        }

    def _watch(self) -> None:
        """Alarms and a dashboard of all of it."""
        seen = Metrics(
            self.options.stage,
            api_id=self.http.api.api_id,
            table=self.data.table.ref,
            bus=self.bus.event_bus_name,
            rule=self.rule_name,
            group=self.schedules.group.schedule_group_name,
        )
        alarms = Alarms(self, self.options, seen, self.operations)
        alarms.watch_api()
        alarms.watch_program()
        alarms.watch_table()
        alarms.watch_bus()
        alarms.watch_stream(self.stream)
        for function in self.functions:
            alarms.watch_function(function)
        for function in (self.scheduled, self.insights, self.webhooks):
            alarms.watch_waiting(function)
        alarms.watch_queue(
            "stream-failures",
            self.queues.stream,
            "Events did not get from the table to the bus; the queue says where in the stream.",
            "mend the cause, then tell them again from the table, where every event still is.",
        )
        alarms.watch_queue(
            "undelivered",
            self.queues.undelivered,
            "A function that nobody waits for failed for good: a webhook's event or a schedule.",
            "read the message, mend the cause, and tell the events of that time again.",
        )
        queues = (self.queues.stream, self.queues.undelivered)
        dashboard_of(self, self.options, seen, self.functions, self.stream, queues, alarms.all)

    def _tell(self) -> None:
        """What one needs to know after a deployment."""
        told = {
            "ApiUrl": f"{self.http.api.api_endpoint}{PATH}",
            "ApiHost": f"{self.http.api.api_id}.execute-api.{self.region}.{self.url_suffix}",
            "TableName": self.data.table.ref,
            "EventBusName": self.bus.event_bus_name,
            "UserPoolId": self.identity.pool.user_pool_id,
            "ClientId": self.identity.client.user_pool_client_id,
            "SignInUrl": self.identity.domain.base_url(),
            "AlarmTopicArn": self.operations.topic.topic_arn,
        }
        for name, value in told.items():
            CfnOutput(self, name, value=value)


def portal_stack(app: App, options: Options) -> PortalStack:
    """The portal of one stage."""
    return PortalStack(app, options)
