"""The audit log: who changed what, when and by which request, for who answers for the portal."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import partners
from portal_api.domain.cells import csv_text
from portal_api.domain.errors import InvalidInput
from portal_api.domain.events import Event
from portal_api.schema import nodes
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.bulk import CsvPage
from portal_api.schema.context import Info
from portal_api.schema.enums import Role
from portal_api.schema.ids import decoded, encoded, pair, split
from portal_api.schema.nodes import find, finder
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.programs import Program, program_of
from portal_api.services import audit as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import One
from portal_api.services.use_case import VENDOR

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual, Partner

_KINDS_MAX = 50
_WHO = "channel manager, administrator"
_Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None
_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None


@declared(Audience.VENDOR)
@strawberry.type(description="Who changed something.")
class AuditActor:
    """An actor."""

    name: str | None = strawberry.field(
        description="What the person is called now, or Portal; null for who is not there any more."
    )
    automatic: bool = strawberry.field(
        description="Whether the portal did it by itself, when it was due."
    )
    role: Role | None = strawberry.field(description="The person's role then.")
    record: strawberry.Private[partners.Individual | None]

    @strawberry.field(description="The person; null for the portal, and for who has left.")
    async def individual(self, info: Info) -> _Person:
        """The person, where it works now."""
        if self.record is None:
            return None
        employer = services.employer_of(self.record, info.context.portal.clock())
        found: Individual | None = await find(info, "Individual", f"{employer}.{self.record.id}")
        return found


@declared(Audience.VENDOR)
@strawberry.type(description="What was changed.")
class AuditSubject:
    """A subject."""

    type: str | None = strawberry.field(
        description="Its type, such as Deal; null for a kind of change that this release knows no"
        " more."
    )
    id: strawberry.ID | None = strawberry.field(
        description="Its id, as node takes it; null where it is none, such as a company's consents"
        " in a program: partner and program of the record say which."
    )
    code: str | None = strawberry.field(
        description="The code of a behavior or a tax threshold, the asset of a payout minimum; of a"
        " program the number of its plan, where that was changed; of whoever has reached a goal the"
        " goal's code."
    )


@declared(Audience.VENDOR)
@strawberry.type(
    description="One change: who made it, when, and by which request. It never changes, and is"
    " written with the change or not at all."
)
class AuditRecord(relay.Node):
    """A record."""

    id: relay.NodeID[str]
    at: datetime = strawberry.field(description="When.")
    kind: str = strawberry.field(
        description="What was done: the type that the mutation answered, such as DealApproved; or"
        " what the portal did by itself or an import did, such as EarningReleased."
    )
    request_id: str = strawberry.field(
        description="The client's requestId; what the portal does by itself says what it did."
    )
    record: strawberry.Private[Event]

    @strawberry.field(description="Who.")
    async def actor(self, info: Info) -> AuditActor:
        """The actor."""
        told = self.record
        person = await info.context.load(One(partners.Individual, told.actor_id))
        employment = person.employment_at(told.at) if person is not None else None
        return AuditActor(
            name=services.name_of(told, person),
            automatic=told.actor_id == services.PORTAL,
            role=employment.role if employment is not None else None,
            record=person,
        )

    @strawberry.field(description="What was changed.")
    def subject(self) -> AuditSubject:
        """The subject."""
        found = services.subject_of(self.record)
        return AuditSubject(
            type=found.type or None,
            id=_global_id(found.type, found.id),
            code=found.code,
        )

    @strawberry.field(description="The partner that it concerns; null for the vendor's own.")
    async def partner(self, info: Info) -> _Partner:
        """The partner."""
        whose = services.whose_is(self.record)
        found: Partner | None = None if whose == VENDOR else await find(info, "Partner", whose)
        return found

    @strawberry.field(description="The program that it concerns, where it is about one.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        program_id = services.program_of(self.record)
        return await program_of(info, program_id) if program_id else None

    @classmethod
    def of(cls, record: Event) -> "AuditRecord":
        """The record as shown."""
        return cls(
            id=record.id,
            at=record.at,
            kind=record.kind,
            request_id=record.request_id,
            record=record,
        )


@strawberry.input(description="Which records; what is left out lets everything through.")
class AuditFilter:
    """A filter."""

    partner_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="What concerns this partner. Left out: in auditLog the vendor's own, in"
        " auditExport everything.",
    )
    actor_id: strawberry.ID | None = strawberry.field(
        default=None, description="What this person did."
    )
    subject_id: strawberry.ID | None = strawberry.field(
        default=None, description="What was done to this, such as a deal or a person."
    )
    kinds: list[str] = strawberry.field(
        default_factory=list, description=f"Changes of these kinds, at most {_KINDS_MAX}."
    )
    from_: datetime | None = strawberry.field(
        default=None, name="from", description="From this instant on."
    )
    to: datetime | None = strawberry.field(
        default=None, description="Up to but without this instant."
    )

    def wanted(self) -> services.Wanted:
        """The filter as the service has it; raises ``InvalidInput`` for what cannot be."""
        if len(self.kinds) > _KINDS_MAX:
            raise InvalidInput(f"At most {_KINDS_MAX} kinds are named.", "kinds")
        actor = None
        if self.actor_id is not None:
            _, actor = pair(self.actor_id, "Individual", "actorId")
        return services.Wanted(
            partner_id=decoded(self.partner_id, "Partner", "partnerId")
            if self.partner_id is not None
            else None,
            actor_id=actor,
            subject=split(self.subject_id) if self.subject_id is not None else None,
            kinds=frozenset(self.kinds),
            since=self.from_,
            until=self.to,
        )


Filter = Annotated[
    AuditFilter | None, strawberry.argument(description="Which records; all if left out.")
]


@strawberry.type
class AuditLog:
    """Mixed into the viewer."""

    @narrow(
        Audience.VENDOR,
        description="The audit log, newest first: the vendor's own changes, or those that concern"
        f" the partner in the filter. A page looks at {services.SCANNED_AT_ONCE} records at most:"
        " where few of them pass the filter it can be short or empty, and there are more as long"
        " as hasNextPage says so.",
        unless=_WHO,
    )
    async def audit_log(
        self, info: Info, filter: Filter = None, first: First = PAGE, after: After = None
    ) -> relay.Connection[AuditRecord] | None:
        """The log."""
        viewer = await info.context.viewer()
        if viewer.role not in MANAGERS:
            return None
        size, mark = checked(first, after)
        wanted = (filter or AuditFilter()).wanted()
        looked_at = services.SCANNED_AT_ONCE if wanted.scans else size
        whose = wanted.partner_id or VENDOR
        read = await info.context.load(wanted.want(whose, looked_at, mark, newest_first=True))
        found = services.chosen(read, wanted, size)
        shown = [record and AuditRecord.of(record) for record in found.records]
        return connection(shown, found.marks, found.more)  # type: ignore[no-any-return]


@strawberry.type
class AuditQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="The audit log as CSV, oldest first: one partner's, or the vendor's own and"
        " then each partner's. A page can have no rows and still not be the last."
        f" Null unless you are: {_WHO}."
    )
    async def audit_export(
        self,
        info: Info,
        filter: Filter = None,
        after: Annotated[
            str | None, strawberry.argument(description="What the page before told as next.")
        ] = None,
    ) -> CsvPage | None:
        """A page of the file."""
        viewer = await info.context.viewer()
        if viewer.role not in MANAGERS:
            return None
        _, mark = checked(1, after)
        store = info.context.portal.store
        page = services.page(store, (filter or AuditFilter()).wanted(), mark)
        rows = services.rows(store, page.records, lambda kind, own: _global_id(kind, own) or "")
        text = csv_text(services.COLUMNS, rows)
        return CsvPage(csv=text, rows=len(rows), next=page.next, complete=page.next is None)


def _global_id(kind: str, record_id: str) -> strawberry.ID | None:
    """The global id of what is a node; none of what is not."""
    return strawberry.ID(encoded(kind, record_id)) if nodes.known(kind) else None


@finder("AuditRecord")
async def _record(info: Info, record_id: str) -> AuditRecord | None:
    viewer, found = (
        await info.context.viewer(),
        await info.context.load(One(Event, record_id)),
    )
    return AuditRecord.of(found) if found is not None and viewer.role in MANAGERS else None
