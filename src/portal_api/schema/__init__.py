"""The GraphQL schema: it speaks, and decides nothing."""

import strawberry
from graphql import GraphQLError, GraphQLObjectType
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.base import StrawberryObjectDefinition

from portal_api.schema import bounds, costs
from portal_api.schema.access import audience_of
from portal_api.schema.activities import ActivityMutations
from portal_api.schema.batches import BatchMutations
from portal_api.schema.bulk import BulkMutations
from portal_api.schema.claims import ClaimMutations
from portal_api.schema.consent_mutations import ConsentMutations
from portal_api.schema.corrections import CorrectionMutations
from portal_api.schema.deal_changes import DealChangeMutations
from portal_api.schema.deal_mutations import DealMutations
from portal_api.schema.disputes import DisputeMutations
from portal_api.schema.documents import Documents, reader
from portal_api.schema.enrollment import EnrollmentMutations
from portal_api.schema.errors import HANDLERS, REFUSALS
from portal_api.schema.finance import FinanceMutations
from portal_api.schema.goal_mutations import GoalMutations
from portal_api.schema.inbox import InboxMutations
from portal_api.schema.inbox_items import ITEMS
from portal_api.schema.interventions import InterventionMutations
from portal_api.schema.leaderboards import LeaderboardMutations
from portal_api.schema.mutations import ROLES
from portal_api.schema.objections import ObjectionMutations
from portal_api.schema.obstacles import ObstacleMutations
from portal_api.schema.paging import bind
from portal_api.schema.participation_policies import ParticipationPolicyMutations
from portal_api.schema.partner_changes import PartnerChangeMutations
from portal_api.schema.partner_mutations import PartnerMutations
from portal_api.schema.payouts import PayoutMutations
from portal_api.schema.people_mutations import PeopleMutations
from portal_api.schema.plan_mutations import PlanMutations
from portal_api.schema.previews import RetryMutations
from portal_api.schema.program_mutations import ProgramMutations
from portal_api.schema.query import Query
from portal_api.schema.rebates import RebateMutations
from portal_api.schema.sales_process import ProcessMutations
from portal_api.schema.scalars import SCALARS
from portal_api.schema.settlements import SettlementMutations
from portal_api.schema.tax import TaxMutations
from portal_api.schema.webhook_mutations import WebhookMutations

_PLUMBING = frozenset({"Node", "PageInfo"})


@strawberry.type(
    description="Everything that can be changed. Every mutation is safe to retry by its requestId."
)
class Mutation(
    ProgramMutations,
    PlanMutations,
    ProcessMutations,
    PartnerMutations,
    PartnerChangeMutations,
    PeopleMutations,
    GoalMutations,
    ConsentMutations,
    ParticipationPolicyMutations,
    EnrollmentMutations,
    DealMutations,
    DealChangeMutations,
    ActivityMutations,
    ClaimMutations,
    RetryMutations,
    PayoutMutations,
    BatchMutations,
    SettlementMutations,
    TaxMutations,
    CorrectionMutations,
    DisputeMutations,
    ObjectionMutations,
    ObstacleMutations,
    InterventionMutations,
    InboxMutations,
    BulkMutations,
    FinanceMutations,
    RebateMutations,
    LeaderboardMutations,
    WebhookMutations,
):
    """The root mutation."""


class _Schema(strawberry.Schema):
    """Strawberry's schema, which leaves the logging of errors to ``errors.typed``."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Says nothing: a person's wrong argument is no event of ours."""


class UndeclaredPermission(Exception):
    """A field or mutation without a declared permission: the schema is not built."""


def build_schema(*, introspection: bool = False) -> strawberry.Schema:
    """The schema, once every field is known to declare who may read it.

    It answers no questions about itself unless ``introspection``, which is for development.
    Raises ``UndeclaredPermission`` naming the fields that do not.
    """
    read = reader(introspection=introspection)
    schema = _Schema(
        query=Query,
        mutation=Mutation,
        types=(*REFUSALS.values(), *ITEMS),
        exception_handlers=HANDLERS,
        extensions=[lambda: Documents(read)],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    undeclared = sorted(_undeclared(schema))
    if undeclared:
        raise UndeclaredPermission(f"no permission is declared for {', '.join(undeclared)}")
    bounds.bind(schema._schema)  # noqa: SLF001 - No other way.
    costs.bind(schema._schema)  # noqa: SLF001 - No other way.
    for made in schema.schema_converter.type_map.values():
        if isinstance(made.implementation, GraphQLObjectType):
            bind(made.implementation)
    return schema


def _undeclared(schema: strawberry.Schema) -> list[str]:
    """The fields without a declaration: mutations need roles, all others an audience."""
    found = []
    for name, concrete in schema.schema_converter.type_map.items():
        definition = concrete.definition
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_input:
            continue
        # Connections and edges hold nothing but nodes, which declare their own.
        if name in _PLUMBING or name.endswith(("Connection", "Edge")):
            continue
        for field in definition.fields:
            declared = (
                field.metadata.get(ROLES)
                if definition.origin is Mutation
                else audience_of(definition.origin, field)
            )
            if not declared:
                found.append(f"{name}.{field.python_name}")
    return found
