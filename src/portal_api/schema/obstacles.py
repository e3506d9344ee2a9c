"""Obstacles: why behaviors are not done, for who reports it and for the vendor."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import relay

from portal_api.domain import obstacles, partners
from portal_api.domain.errors import ObstacleAlreadyReported, ObstacleNotOpen
from portal_api.domain.partners import VENDOR_ROLES
from portal_api.schema.access import Audience, declared, may_see, narrow
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.enums import Role
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.obstacle_enums import ObstacleKind, ObstacleStatus
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.profiles import Named
from portal_api.schema.programs import Program, program_of
from portal_api.services import obstacles as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Listed, Many, One, of_person

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual, Partner

_OWN = (Audience.OWNER, Audience.VENDOR)
_Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None
_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None


@declared(*_OWN)
@strawberry.type(
    description="Why a behavior is not done at a partner, as one of its people says or the vendor"
    " was told. Who reported it and the vendor read it, and nobody else: no executive learns what"
    " one of its people has reported."
)
class ObstacleReport(relay.Node):
    """A report of an obstacle."""

    id: relay.NodeID[str]
    behavior: str = strawberry.field(description="The behavior's code.")
    kind: ObstacleKind = strawberry.field(description="Whether it is in the way, or not worth it.")
    text: str = strawberry.field(description="In the words of who reported it.")
    role: Role = strawberry.field(
        description="What who reported it did then; one of the vendor's roles: somebody there noted"
        " what the partner said."
    )
    reported_at: datetime = strawberry.field(description="When it was reported.")
    status: ObstacleStatus = strawberry.field(description="OPEN, then CLOSED.")
    answer: str | None = strawberry.field(description="What the vendor answered in closing it.")
    closed_at: datetime | None = strawberry.field(description="When it was closed.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[obstacles.ObstacleReport]

    @strawberry.field(description="The program that it is about.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.program_id)

    @strawberry.field(description="The partner at which it is in the way.")
    async def partner(self, info: Info) -> _Partner:
        """The partner."""
        found: Partner | None = await find(info, "Partner", self.record.partner_id)
        return found

    @strawberry.field(description="Who reported or noted it; null once it has left.")
    async def reported_by(self, info: Info) -> _Person:
        """Who reported it."""
        at = "vendor" if self.record.role in VENDOR_ROLES else self.record.partner_id
        found: Individual | None = await find(info, "Individual", f"{at}.{self.record.reported_by}")
        return found

    @narrow(Audience.VENDOR, description="Who closed it.")
    async def closed_by(self, info: Info) -> _Person:
        """One of the vendor's people."""
        by = self.record.closed_by
        found: Individual | None = await find(info, "Individual", f"vendor.{by}") if by else None
        return found

    @classmethod
    def of(
        cls, record: obstacles.ObstacleReport, audiences: frozenset[Audience]
    ) -> "ObstacleReport":
        """The report as shown."""
        return cls(
            id=record.id,
            behavior=record.behavior,
            kind=record.kind,
            text=record.text,
            role=record.role,
            reported_at=record.reported_at,
            status=record.status,
            answer=record.answer,
            closed_at=record.closed_at,
            audiences=audiences,
            record=record,
        )


async def visible(info: Info, record: obstacles.ObstacleReport | None) -> ObstacleReport | None:
    """A report, where the viewer may see it."""
    if record is None:
        return None
    viewer = await info.context.viewer()
    audiences = viewer.audiences(record.partner_id, record.reported_by)
    return ObstacleReport.of(record, audiences) if may_see(ObstacleReport, audiences) else None


@declared(Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(
    description=f"What at least {obstacles.SEVERAL} of a company's people report. Not told are who,"
    " how many, when, and what they write."
)
class SharedObstacle:
    """What several report."""

    behavior: str = strawberry.field(description="The behavior's code.")
    kind: ObstacleKind = strawberry.field(description="Whether it is in the way, or not worth it.")
    program: Program | None = strawberry.field(description="The program that it is about.")


@strawberry.type
class CompanyObstacles:
    """Mixed into a partner."""

    record: strawberry.Private[partners.Partner | Named]

    @narrow(
        Audience.EXECUTIVE,
        Audience.VENDOR,
        description=f"What keeps its people from what programs want, as far as {obstacles.SEVERAL}"
        " different people say the same of a behavior and their reports are open. Executives' own"
        " reports are not counted.",
        metadata=counted(20, items=20),
    )
    async def shared_obstacles(self, info: Info) -> list[SharedObstacle] | None:
        """What several of its people report."""
        listed = Listed(services.obstacles_at(self.record.id), services.MOST_READ)
        page = await info.context.with_catalogue(listed)
        viewer = await info.context.viewer()
        return [
            SharedObstacle(
                behavior=one.behavior,
                kind=one.kind,
                program=await program_of(info, one.program_id),
            )
            for one in services.shared(page.ids, viewer.id)
        ]


@strawberry.type
class OwnObstacles:
    """Mixed into a person."""

    record: strawberry.Private[partners.Individual]
    employment: strawberry.Private[partners.Employment]

    @narrow(
        *_OWN,
        description="What it has reported to be in the way at its company, newest first; executives"
        " do not see it.",
    )
    async def obstacle_reports(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[ObstacleReport] | None:
        """The reports."""
        size, mark = checked(first, after)
        scope = of_person(self.employment.partner_id or "none", self.record.id)
        want = Many(obstacles.ObstacleReport, scope, size, mark, newest_first=True)
        page = await info.context.with_catalogue(want)
        nodes = [await visible(info, record) for record in page.records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@strawberry.input(description="Why a behavior is not done at a partner.")
class ReportObstacleInput(MutationInput):
    """A report."""

    partner_id: strawberry.ID = strawberry.field(
        description="Your company; to the vendor the partner that told of it."
    )
    program_id: strawberry.ID = strawberry.field(description="The program that wants it done.")
    behavior: str = strawberry.field(description="The code of the behavior, as in `behaviors`.")
    kind: ObstacleKind = strawberry.field(
        description="Whether something is in the way, or it is not worth it."
    )
    text: str = strawberry.field(
        description="What it is, up to 2,000 characters. The vendor reads it and who wrote it; your"
        " executives read neither, and hear of it only once several of you say the same."
    )


@strawberry.input(description="A report to close.")
class CloseObstacleInput(MutationInput):
    """A closing."""

    obstacle_report_id: strawberry.ID = strawberry.field(description="The report.")
    answer: str = strawberry.field(description="What was done, for who reported it to read.")


@declared(*_OWN)
@strawberry.type(description="The report is recorded; the vendor and who made it read it.")
class ObstacleReported:
    """Success."""

    report: ObstacleReport = strawberry.field(description="The report.")


@declared(Audience.VENDOR)
@strawberry.type(description="The report is closed; who made it has the answer.")
class ObstacleClosed:
    """Success."""

    report: ObstacleReport = strawberry.field(description="The report.")


@strawberry.type
class ObstacleMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("ReportObstacle", ObstacleReported, ObstacleAlreadyReported),
        services.REPORTERS,
        "Reports why a behavior is not done: anybody of a partner for its own company, or the"
        " vendor what it was told. One report of a behavior and kind is open at a time.",
    )
    async def report_obstacle(self, info: Info, input: ReportObstacleInput) -> object:
        """A new report."""
        outcome = perform(
            info,
            services.report_obstacle,
            input.request_id,
            partner_id=decoded(input.partner_id, "Partner", "partnerId"),
            program_id=decoded(input.program_id, "Program", "programId"),
            behavior=input.behavior,
            kind=input.kind,
            text=input.text,
        )
        return ObstacleReported(report=await _shown(info, outcome))

    @mutation(
        result("CloseObstacle", ObstacleClosed, ObstacleNotOpen),
        MANAGERS,
        "Closes the report of an obstacle with an answer, once.",
    )
    async def close_obstacle(self, info: Info, input: CloseObstacleInput) -> object:
        """A closing."""
        outcome = perform(
            info,
            services.close_obstacle,
            input.request_id,
            report_id=decoded(input.obstacle_report_id, "ObstacleReport", "obstacleReportId"),
            answer=input.answer,
        )
        return ObstacleClosed(report=await _shown(info, outcome))


async def _shown(info: Info, outcome: Any) -> ObstacleReport:
    """A report as it was just written; that need not be read again."""
    record: obstacles.ObstacleReport = outcome.report
    info.context.prime(record)
    audiences = await authorized(info, ObstacleReport, record.partner_id, record.reported_by)
    return ObstacleReport.of(record, audiences)


@finder("ObstacleReport")
async def _report(info: Info, record_id: str) -> ObstacleReport | None:
    return await visible(info, await info.context.load(One(obstacles.ObstacleReport, record_id)))
