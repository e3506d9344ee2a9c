"""The table, as the program's own model defines it, and the key that it is encrypted with."""

from collections.abc import Mapping
from typing import Final

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct
from pynamodb.attributes import TTLAttribute

from infra.portal_infra.options import Options
from portal_api.storage.dynamo import ItemModel
from portal_api.storage.keys import EVENTS

_EACH: Final = ["BatchGetItem", "Query", "PutItem", "UpdateItem"]
"""A transaction is allowed by its members, each as if it stood alone."""
LISTS: Final = "LIST#*"
NAMES: Final = "NAME#*"
"""The partitions of what is ever taken away: places in lists, and reserved names."""
_ANSWERS: Final = "PROGRAM#*#INSIGHT"
"""The partitions of what is computed: not a program's budget, its terms or its interventions."""
_PEOPLE: Final = "PERSON#*"
_KEYS: Final = "dynamodb:LeadingKeys"
"""The partitions that a request names."""


class Data(Construct):
    """The one table. It and its key outlive the stack.

    Also one that could not be made: a table is protected from being deleted, so that to delete it
    would fail as well; and one that was restored and taken in may never go with what failed then.
    """

    def __init__(self, scope: Construct, options: Options) -> None:
        super().__init__(scope, "Data")
        self.key = kms.Key(
            self,
            "Key",
            alias=f"alias/{options.named('data')}",
            description="Encrypts the portal's table, its stream and its backups.",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.table = dynamodb.CfnTable(
            self,
            # Another table is another resource: it is taken in as it is, and the old one let go.
            f"Table-{options.table}" if options.table else "Table",
            table_name=options.table or f"portal-{options.stage}",
            attribute_definitions=_attributes(),
            key_schema=_key_schema(),
            billing_mode=ItemModel.Meta.billing_mode,
            on_demand_throughput=dynamodb.CfnTable.OnDemandThroughputProperty(
                max_read_request_units=options.sizes.read_units,
                max_write_request_units=options.sizes.write_units,
            ),
            stream_specification=dynamodb.CfnTable.StreamSpecificationProperty(
                stream_view_type=ItemModel.Meta.stream_view_type
            ),
            time_to_live_specification=dynamodb.CfnTable.TimeToLiveSpecificationProperty(
                attribute_name=_expiry(), enabled=True
            ),
            point_in_time_recovery_specification=(
                dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
                    point_in_time_recovery_enabled=True
                )
            ),
            sse_specification=dynamodb.CfnTable.SSESpecificationProperty(
                sse_enabled=True, sse_type="KMS", kms_master_key_id=self.key.key_arn
            ),
            deletion_protection_enabled=True,
        )
        self.table.apply_removal_policy(RemovalPolicy.RETAIN)

    def let_work(self, role: iam.Role, *deletable: str, relying: bool = True) -> None:
        """Lets a role read and write, but not scan, and delete in these partitions only.

        A journal, an event or a consent can be deleted by nobody, whatever the program does.
        ``relying`` is on what it does not change itself: that a person is still there, say.
        """
        self._decrypt(role)
        self._allow(role, [*_EACH, "ConditionCheckItem"] if relying else _EACH)
        # Of one item there is one key. Any of the keys, and not all of them: were those of a whole
        # transaction judged together, no place in a list could go with the journal that moves it.
        # Without a key nothing matches, so nothing is allowed.
        any_of = {"ForAnyValue:StringLike": {_KEYS: [*deletable]}}
        self._allow(role, ["DeleteItem"], any_of)

    def let_compute(self, role: iam.Role) -> None:
        """Lets a role read everything, and write where its answers belong: never into a wallet."""
        self._decrypt(role)
        self._allow(role, ["BatchGetItem", "Query"])
        for action, partitions in (
            ("PutItem", [_ANSWERS, f"{EVENTS}*"]),
            ("UpdateItem", [_ANSWERS]),
        ):
            self._allow(role, [action], {"ForAnyValue:StringLike": {_KEYS: partitions}})

    def let_look_up_people(self, role: iam.Role) -> None:
        """Lets a role read people by their ids, and nothing else."""
        self._decrypt(role)
        # A batch has many keys, of which each must be a person's; but "each" holds of none, too.
        each_of = {"ForAllValues:StringLike": {_KEYS: [_PEOPLE]}, "Null": {_KEYS: "false"}}
        self._allow(role, ["BatchGetItem"], each_of)

    def let_follow(self, role: iam.Role) -> None:
        """Lets a role read the table's stream."""
        # Lambda reads it, by no service that a condition could name.
        role.add_to_policy(
            iam.PolicyStatement(actions=["kms:Decrypt"], resources=[self.key.key_arn])
        )
        actions = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[f"dynamodb:{action}" for action in actions],
                resources=[self.table.attr_stream_arn],
            )
        )

    def _allow(
        self, role: iam.Role, actions: list[str], only: Mapping[str, object] | None = None
    ) -> None:
        """Lets a role do this with the table, ``only`` where these conditions hold."""
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[f"dynamodb:{action}" for action in actions],
                resources=[self.table.attr_arn],
                conditions=only,
            )
        )

    def _decrypt(self, role: iam.Role) -> None:
        # DynamoDB unwraps the table's own key in the caller's name, for reading and for writing.
        via = f"dynamodb.{Stack.of(self).region}.amazonaws.com"
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=[self.key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": via}},
            )
        )


def _keys() -> list[tuple[str, str, str]]:
    """Name, type and role of each of the key's attributes."""
    attributes = ItemModel.get_attributes().values()
    named = [(one.attr_name, one.attr_type) for one in attributes if one.is_hash_key]
    sorted_by = [(one.attr_name, one.attr_type) for one in attributes if one.is_range_key]
    return [(*one, "HASH") for one in named] + [(*one, "RANGE") for one in sorted_by]


def _attributes() -> list[dynamodb.CfnTable.AttributeDefinitionProperty]:
    return [
        dynamodb.CfnTable.AttributeDefinitionProperty(attribute_name=name, attribute_type=kind)
        for name, kind, _ in _keys()
    ]


def _key_schema() -> list[dynamodb.CfnTable.KeySchemaProperty]:
    return [
        dynamodb.CfnTable.KeySchemaProperty(attribute_name=name, key_type=role)
        for name, _, role in _keys()
    ]


def _expiry() -> str:
    """The attribute by which items expire."""
    attributes = ItemModel.get_attributes().values()
    (found,) = (one.attr_name for one in attributes if isinstance(one, TTLAttribute))
    return str(found)
