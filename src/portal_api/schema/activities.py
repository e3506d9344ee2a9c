"""Activities and their outcomes: AWARDED or WITHHELD with the reason, as data."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import relay

from portal_api.domain import activities
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

OWN = (Audience.OWNER, Audience.VENDOR)


@declared(*OWN)
@strawberry.type(description="What one rule made of an activity.")
class Outcome:
    """An outcome."""

    rule_code: str = strawberry.field(description="The rule.")
    status: OutcomeStatus = strawberry.field(
        description="AWARDED, WITHHELD, or TAKEN_BACK of an earlier earning."
    )
    reason: WithheldReason | None = strawberry.field(description="Why it was withheld.")
    amount: Amount = strawberry.field(
        description="What was paid; what would have been paid; what was taken back."
    )
    because: str = strawberry.field(description="The arithmetic, in words.")

    @classmethod
    def of(cls, record: activities.Outcome) -> "Outcome":
        """The outcome as shown."""
        return cls(
            rule_code=record.rule_code,
            status=record.status,
            reason=record.reason,
            amount=amount_of(record.asset, record.amount_minor),
            because=record.because,
        )


@declared(Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(
    description="One occurrence of a behavior. The outcomes are its person's and the vendor's only."
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

    @strawberry.field(description="The deal that changed, where it is a deal's change.")
    async def deal(
        self, info: Info
    ) -> Annotated["Deal", strawberry.lazy("portal_api.schema.deals")] | None:
        """The deal."""
        deal_id = self.record.deal_id
        found: Deal | None = await find(info, "Deal", deal_id) if deal_id else None
        return found

    @narrow(*OWN, description="What each rule of the plan made of it.")
    def outcomes(self) -> list[Outcome] | None:
        """The outcomes."""
        return [Outcome.of(outcome) for outcome in self.record.outcomes]

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
    """An activity, where the viewer may see it."""
    if record is None:
        return None
    viewer = await info.context.viewer()
    audiences = viewer.audiences(record.partner_id, record.individual_id)
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
        )
        audiences = await authorized(info, Activity, partner_id, individual_id)
        shown: Any = Activity.of(outcome.activity, audiences)
        return ActivityRecorded(activity=shown)


@finder("Activity")
async def _activity(info: Info, record_id: str) -> Activity | None:
    return await visible(info, await info.context.load(One(activities.Activity, record_id)))
