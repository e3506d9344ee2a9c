"""Interventions: what the vendor did about a behavior of a program, for the vendor."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import obstacles
from portal_api.schema.access import Audience, declared, may_see
from portal_api.schema.context import Info
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.obstacles import ObstacleReport
from portal_api.schema.programs import Program, program_of
from portal_api.services import obstacles as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import One

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual, Partner

_Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None
_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None


@declared(Audience.VENDOR)
@strawberry.type(
    description="What the vendor did about a behavior of a program, such as removing a form. It is"
    " dated, so that the trend after it can be told, and never changes: another one corrects it."
)
class Intervention(relay.Node):
    """An intervention."""

    id: relay.NodeID[str]
    behavior: str = strawberry.field(description="The behavior's code.")
    text: str = strawberry.field(description="What was done.")
    started_on: date = strawberry.field(description="Since which day, by the program's time zone.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    record: strawberry.Private[obstacles.Intervention]

    @strawberry.field(description="The program.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.program_id)

    @strawberry.field(description="The partner at which it was done; null: everywhere.")
    async def partner(self, info: Info) -> _Partner:
        """The partner."""
        at = self.record.partner_id
        found: Partner | None = await find(info, "Partner", at) if at else None
        return found

    @strawberry.field(description="The reports that it is about.")
    async def reports(self, info: Info) -> list[ObstacleReport]:
        """The reports."""
        wants = [One(obstacles.ObstacleReport, one) for one in self.record.answers]
        await info.context.load_all(wants)
        found = [await find(info, "ObstacleReport", one) for one in self.record.answers]
        return [one for one in found if one is not None]

    @strawberry.field(description="The intervention that it is told in place of, if it is.")
    async def corrects(self, info: Info) -> "Intervention | None":
        """The former one."""
        named = self.record.corrects
        found: Intervention | None = await find(info, "Intervention", named) if named else None
        return found

    @strawberry.field(description="Who recorded it.")
    async def recorded_by(self, info: Info) -> _Person:
        """One of the vendor's people."""
        found: Individual | None = await find(
            info, "Individual", f"vendor.{self.record.recorded_by}"
        )
        return found

    audiences: strawberry.Private[frozenset[Audience]]

    @classmethod
    def of(cls, record: obstacles.Intervention, audiences: frozenset[Audience]) -> "Intervention":
        """The intervention as shown."""
        return cls(
            id=record.id,
            behavior=record.behavior,
            text=record.text,
            started_on=record.started_on,
            recorded_at=record.recorded_at,
            record=record,
            audiences=audiences,
        )


@strawberry.input(description="Something that was done about a behavior.")
class RecordInterventionInput(MutationInput):
    """An intervention."""

    program_id: strawberry.ID = strawberry.field(description="The program that wants it done.")
    behavior: str = strawberry.field(description="The code of the behavior, as in `behaviors`.")
    text: str = strawberry.field(description="What was done, up to 2,000 characters.")
    started_on: date = strawberry.field(
        description="Since which day, by the program's time zone; not to come. The weeks before it"
        " are compared with those after it."
    )
    partner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where it was done; left out: everywhere."
    )
    obstacle_report_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description=f"The reports that it is about, {services.MOST_ANSWERED} at most: of this"
        " behavior, and from there.",
    )
    corrects_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="An intervention of the program that was recorded wrongly: this one is told in"
        " its place.",
    )


@declared(Audience.VENDOR)
@strawberry.type(description="What was done is recorded; the next insight tells the trend since.")
class InterventionRecorded:
    """Success."""

    intervention: Intervention = strawberry.field(description="The intervention.")


@strawberry.type
class InterventionMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("RecordIntervention", InterventionRecorded),
        MANAGERS,
        "Records what was done about a behavior, so that the trend after it can be told.",
    )
    async def record_intervention(self, info: Info, input: RecordInterventionInput) -> object:
        """A new intervention."""
        at, former = input.partner_id, input.corrects_id
        outcome = perform(
            info,
            services.record_intervention,
            input.request_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            behavior=input.behavior,
            text=input.text,
            started_on=input.started_on,
            partner_id=None if at is None else decoded(at, "Partner", "partnerId"),
            answers=tuple(
                decoded(one, "ObstacleReport", "obstacleReportIds")
                for one in input.obstacle_report_ids
            ),
            corrects=None if former is None else decoded(former, "Intervention", "correctsId"),
        )
        record = outcome.intervention
        info.context.prime(record)
        audiences = await authorized(info, Intervention, record.partner_id)
        return InterventionRecorded(intervention=Intervention.of(record, audiences))


@finder("Intervention")
async def _intervention(info: Info, record_id: str) -> Intervention | None:
    record = await info.context.load(One(obstacles.Intervention, record_id))
    audiences = (await info.context.viewer()).audiences(None, None)
    if record is None or not may_see(Intervention, audiences):
        return None
    return Intervention.of(record, audiences)
