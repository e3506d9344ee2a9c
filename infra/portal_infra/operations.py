"""What operators see: the logs' key, and the topic that alarms are told on."""

from types import MappingProxyType
from typing import Final

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.portal_infra.options import Options

_RETENTION: Final = MappingProxyType(
    {30: logs.RetentionDays.ONE_MONTH, 365: logs.RetentionDays.ONE_YEAR}
)


class Operations(Construct):
    """A key of its own, so that who reads logs or alarms needs no part in the data's key."""

    def __init__(self, scope: Construct, options: Options) -> None:
        super().__init__(scope, "Operations")
        self.key = kms.Key(
            self,
            "Key",
            alias=f"alias/{options.named('operations')}",
            description="Encrypts the portal's logs and alarms.",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        # Without a condition: CloudWatch asks in its own name and says not for whose alarm.
        self._allow("cloudwatch.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey"])
        group = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:"
        self._allow(
            f"logs.{Aws.REGION}.amazonaws.com",
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": [
                        f"{group}{prefix}{options.named('*')}"
                        for prefix in ("/aws/lambda/", "/aws/vendedlogs/")
                    ]
                }
            },
        )
        self.topic = sns.Topic(
            self,
            "Alarms",
            topic_name=options.named("alarms"),
            display_name=f"Portal {options.stage}",
            master_key=self.key,
            enforce_ssl=True,
        )
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        if options.email:
            self.topic.add_subscription(subscriptions.EmailSubscription(options.email))

    def log_group(self, scope: Construct, name: str, options: Options) -> logs.LogGroup:
        """An encrypted log; its name begins like the function's or the vended logs' names."""
        return logs.LogGroup(
            scope,
            "Log",
            log_group_name=name,
            encryption_key=self.key,
            retention=_RETENTION[options.sizes.log_days],
            removal_policy=(
                RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
                if options.production
                else RemovalPolicy.DESTROY
            ),
        )

    def _allow(
        self,
        service: str,
        actions: list[str],
        conditions: dict[str, dict[str, object]] | None = None,
    ) -> None:
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=actions,
                resources=["*"],  # In a key's policy it means this key.
                conditions=conditions,
            )
        )
