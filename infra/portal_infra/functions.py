"""The Lambda functions: one program, one handler and one role each, called through an alias."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aws_cdk import Annotations, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.portal_infra.operations import Operations
from infra.portal_infra.options import Options

ALIAS: Final = "live"
"""What everything calls. It names a published version; naming an earlier one is a rollback."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One function. ``memory`` is in MB, and its share of a processor follows it: one at 1,769.

    Where it ``computes``, its bundle is the one with SciPy.
    """

    handler: str
    memory: int
    seconds: int
    does: str
    snapshot: bool = False
    computes: bool = False


SHAPES: Final = MappingProxyType(
    {
        "api": Shape(
            "portal_api.handler.handler",
            # The least of 512, 768 and 1,024 with which no screen computes for over 150 ms. Of a
            # whole processor (tests/footprint.py) the rep's takes 68 ms, the executive's 56, the
            # channel manager's 79, an approval 33; with 1,024 MB that is 117, 97, 136 and 57. An
            # import of 500 activities takes 7.6 s, and 13 of its 25 s. Of memory it needs 100 MB.
            memory=1024,
            seconds=25,  # API Gateway waits for 29.
            does="Answers GraphQL requests.",
            snapshot=True,
        ),
        "scheduled": Shape(
            "portal_api.functions.scheduled.handler",
            memory=512,  # It mostly waits for the table; the records of one step are small.
            seconds=900,  # As long as there is: the series go on where they were killed.
            does="Does what becomes due by itself.",
        ),
        "insights": Shape(
            "portal_api.functions.scheduled.handler",
            memory=1769,  # It computes by one thread, and so with the whole of one processor.
            seconds=900,
            does="Answers anew which behaviors to pay for, and whether that works.",
            computes=True,
        ),
        "stream": Shape(
            "portal_api.functions.stream.handler",
            memory=256,  # A batch is at most 100 small events.
            seconds=60,
            does="Puts the table's new events on the bus.",
        ),
        "webhooks": Shape(
            "portal_api.functions.webhooks.handler",
            memory=512,  # It mostly waits for receivers; signing and TLS are little work.
            seconds=120,
            does="Sends events to the endpoints that asked for them.",
        ),
        "tokens": Shape(
            "portal_api.functions.tokens.handler",
            memory=1024,  # Its start is part of a sign-in.
            seconds=5,  # Cognito waits for 5.
            does="Says what a token allows, before Cognito signs it.",
            snapshot=True,
        ),
    }
)
"""All functions. A snapshot is paid for by the hour, so where a person waits there is one."""


class Function(Construct):
    """One function with its log, its role and the alias that it is called by."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        options: Options,
        environment: Mapping[str, str],
        operations: Operations,
    ) -> None:
        super().__init__(scope, name.title())
        self.name = options.named(name)
        self.shape = SHAPES[name]
        self.reserved = options.sizes.concurrency[name]
        self.log_group = operations.log_group(self, f"/aws/lambda/{self.name}", options)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"{self.shape.does} Nothing else is allowed to it.",
        )
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.name,
            description=self.shape.does,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=self.shape.handler,
            code=lambda_.Code.from_asset(
                str(options.insights_bundle if self.shape.computes else options.bundle)
            ),
            memory_size=self.shape.memory,
            timeout=Duration.seconds(self.shape.seconds),
            reserved_concurrent_executions=0 if options.paused and name == "api" else self.reserved,
            environment={"PORTAL_STAGE": options.stage, **environment},
            role=self.role,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if self.shape.snapshot else None,
            current_version_options=lambda_.VersionOptions(
                # Earlier versions stay, for else there would be nothing to go back to. One of an
                # update that failed goes, for Lambda would not publish the same once more.
                removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            ),
        )
        if self.shape.snapshot:
            Annotations.of(self.function).acknowledge_warning(
                "@aws-cdk/aws-lambda:snapStartRequirePublish", "The alias names published versions."
            )
        # A version's name is made of the code and the configuration: a change of either is a new
        # version, and no change is none.
        self.live = lambda_.Alias(
            self, "Live", alias_name=ALIAS, version=self.function.current_version
        )
