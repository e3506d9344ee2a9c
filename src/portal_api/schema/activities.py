"""Activities and their outcomes: AWARDED or WITHHELD with the reason, as data."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Union

import strawberry
from strawberry import relay

from portal_api.domain import activities
from portal_api.domain.activities import DEAL_CHANGES
from portal_api.domain.errors import ReviewRequired
from portal_api.domain.partners import STAFF_ROLES
from portal_api.schema.access import Audience, declared, may_see, narrow
from portal_api.schema.context import Info
from portal_api.schema.enums import OutcomeStatus, WithheldReason
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, pair
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.scalars import Amount, amount_of
from portal_api.services import activities as services
from portal_api.services.deals import DEAL_RECORDERS
from portal_api.services.store import One

if TYPE_CHECKING:
    from portal_api.schema.deals import Deal
    from portal_api.schema.ledger import Earning
    from portal_api.schema.partners import Individual, Partner, Team

Recipient = Annotated[
    Union[  # noqa: UP007 - Lazy types have no operators.
        Annotated["Individual", strawberry.lazy("portal_api.schema.partners")],
        Annotated["Team", strawberry.lazy("portal_api.schema.partners")],
        Annotated["Partner", strawberry.lazy("portal_api.schema.partners")],
    ],
    strawberry.union("Recipient", description="Whom a rule pays: a person, a team, a company."),
]
OWN = (Audience.OWNER, Audience.VENDOR)


async def recipient_of(info: Info, partner_id: str, recipient_id: str) -> Recipient | None:
    """The person, team or company that a rule pays, where the viewer may see it."""
    if recipient_id == partner_id:
        return await find(info, "Partner", recipient_id)  # type: ignore[no-any-return]
    of_partner = f"{partner_id}.{recipient_id}"
    team = await find(info, "Team", of_partner)
    return team or await find(info, "Individual", of_partner)  # type: ignore[no-any-return]


@declared(*OWN)
@strawberry.type(description="What one rule made of an activity.")
class Outcome:
    """An outcome."""

    rule_code: str = strawberry.field(description="The rule.")
    step: str = strawberry.field(
        description="The rule's step, such as DEAL_REGISTERED, GOAL or the behavior's code."
    )
    status: OutcomeStatus = strawberry.field(
        description="What became of it: paid, pending until its deal is won, withheld, …"
    )
    reason: WithheldReason | None = strawberry.field(description="Why it was withheld.")
    amount: Amount = strawberry.field(
        description="What was paid or is pending; what would have been paid; what became available,"
        " was cancelled or taken back."
    )
    because: str = strawberry.field(description="The arithmetic, in words.")
    partner_id: strawberry.Private[str]
    record: strawberry.Private[activities.Outcome]

    @strawberry.field(description="Whom it is for; null for a person who has left the company.")
    async def recipient(self, info: Info) -> Recipient | None:
        """The person, the team or the company."""
        return await recipient_of(info, self.partner_id, self.record.recipient_id)

    @strawberry.field(
        description="The earning that was made or changed; null where there is none: withheld, of"
        " nothing, of a shadow rule, or a team's that is shared among its members."
    )
    async def earning(
        self, info: Info
    ) -> Annotated["Earning", strawberry.lazy("portal_api.schema.ledger")] | None:
        """The earning."""
        earning_id = self.record.earning_id
        found: Earning | None = await find(info, "Earning", earning_id) if earning_id else None
        return found

    @classmethod
    def of(cls, partner_id: str, record: activities.Outcome) -> "Outcome":
        """The outcome as shown."""
        return cls(
            rule_code=record.rule_code,
            step=record.step,
            status=record.status,
            reason=record.reason,
            amount=amount_of(record.asset, record.amount_minor),
            because=record.because,
            partner_id=partner_id,
            record=record,
        )


def outcomes_of(record: activities.Activity, only: str | None) -> list[Outcome]:
    """What an activity made for ``only`` that person, or for the vendor: of everybody.

    What a shadow rule would pay is the vendor's to know: nobody is promised it.
    """
    return [
        Outcome.of(record.partner_id, one)
        for one in record.outcomes
        if only is None
        or (one.recipient_id == only and one.status is not activities.OutcomeStatus.SHADOW)
    ]


@declared(Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(
    description="One occurrence of a behavior. A person sees its own outcomes, the vendor all."
)
class Activity(relay.Node):
    """An activity."""

    id: relay.NodeID[str]
    behavior: str = strawberry.field(description="The behavior's code.")
    occurred_at: datetime = strawberry.field(description="When it happened: this judges it.")
    recorded_at: datetime = strawberry.field(description="When the portal learned of it.")
    source: str = strawberry.field(description="The system or form that told it.")
    source_event_id: str = strawberry.field(
        description="Its id there; the same one again changes nothing."
    )
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[activities.Activity]

    @strawberry.field(description="The deal that it changed, or was done for.")
    async def deal(
        self, info: Info
    ) -> Annotated["Deal", strawberry.lazy("portal_api.schema.deals")] | None:
        """The deal."""
        deal_id = self.record.deal_id
        found: Deal | None = await find(info, "Deal", deal_id) if deal_id else None
        return found

    @narrow(
        *OWN,
        description="What each rule of the plan made of it: for you, and for nobody else; for the"
        " vendor everybody's, those of shadow rules too.",
    )
    async def outcomes(self, info: Info) -> list[Outcome] | None:
        """The outcomes."""
        viewer = await info.context.viewer()
        only = None if Audience.VENDOR in self.audiences else viewer.id
        return outcomes_of(self.record, only)

    @classmethod
    def of(cls, record: activities.Activity, audiences: frozenset[Audience]) -> "Activity":
        """The activity as shown."""
        return cls(
            id=record.id,
            behavior=record.behavior,
            occurred_at=record.occurred_at,
            recorded_at=record.recorded_at,
            source=record.source,
            source_event_id=record.source_event_id,
            audiences=audiences,
            record=record,
        )


async def visible(info: Info, record: activities.Activity | None) -> Activity | None:
    """An activity, where the viewer may see it: a deal's change with the deal."""
    if record is None:
        return None
    viewer = await info.context.viewer()
    audiences = viewer.audiences(record.partner_id, record.individual_id)
    # Only a colleague can share in a deal: of another partner nothing more is read.
    colleague = Audience.COLLEAGUE in audiences and not may_see(Activity, audiences)
    if colleague and record.deal_id and record.behavior in DEAL_CHANGES:
        deal: Deal | None = await find(info, "Deal", record.deal_id)
        audiences = audiences if deal is None else deal.audiences
    return Activity.of(record, audiences) if may_see(Activity, audiences) else None


@strawberry.input(description="One occurrence of a behavior, under a program.")
class RecordActivityInput(MutationInput):
    """An activity."""

    individual_id: strawberry.ID = strawberry.field(description="Who did it; a rep names itself.")
    program_id: strawberry.ID = strawberry.field(description="The program it is recorded under.")
    behavior: str = strawberry.field(description="The behavior's code.")
    source_event_id: str = strawberry.field(
        description="Its id in the system or form it comes from: the same one again answers the"
        " first result."
    )
    source: str = strawberry.field(default="portal", description="That system's name, such as LMS.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it happened; now if left out."
    )
    deal_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The deal that it was done for, of the same company and program: rules can pay"
        " it once that deal is won, or pay more for the sale.",
    )


@declared(Audience.ANYONE)
@strawberry.type(
    description="The activity is recorded; its outcomes say what it earned or why not."
)
class ActivityRecorded:
    """Success."""

    activity: Activity = strawberry.field(description="The activity.")


@strawberry.type
class ActivityMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("RecordActivity", ActivityRecorded, ReviewRequired),
        DEAL_RECORDERS | STAFF_ROLES,
        "Records one occurrence of a behavior and rewards it in the same transaction.",
    )
    async def record_activity(self, info: Info, input: RecordActivityInput) -> object:
        """A new activity."""
        partner_id, individual_id = pair(input.individual_id, "Individual", "individualId")
        outcome = perform(
            info,
            services.record_activity,
            input.request_id,
            partner_id=partner_id,
            individual_id=individual_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            behavior=input.behavior,
            source=input.source,
            source_event_id=input.source_event_id,
            occurred_at=input.occurred_at,
            deal_id=None if input.deal_id is None else decoded(input.deal_id, "Deal", "dealId"),
        )
        info.context.prime(*outcome.earnings)
        audiences = await authorized(info, Activity, partner_id, individual_id)
        shown: Any = Activity.of(outcome.activity, audiences)
        return ActivityRecorded(activity=shown)


@finder("Activity")
async def _activity(info: Info, record_id: str) -> Activity | None:
    return await visible(info, await info.context.load(One(activities.Activity, record_id)))
