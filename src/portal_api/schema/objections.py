"""Objections: what keeps partners from consenting, for their executives and the vendor."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import relay

from portal_api.domain import objections, partners
from portal_api.domain.errors import ObjectionNotOpen
from portal_api.schema.access import Audience, declared, may_see, narrow
from portal_api.schema.context import Info
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.objection_enums import ObjectionCategory, ObjectionStatus
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.profiles import Named
from portal_api.schema.programs import Program, program_of
from portal_api.services import objections as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Listed, Many, One, of_partner

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual, Partner

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None
_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None


@declared(*_COMPANY)
@strawberry.type(description="What a partner has against a program, and the vendor's answer to it.")
class Objection(relay.Node):
    """An objection."""

    id: relay.NodeID[str]
    category: ObjectionCategory = strawberry.field(description="What it is about.")
    text: str = strawberry.field(description="In the partner's words, or as the vendor noted them.")
    status: ObjectionStatus = strawberry.field(description="OPEN, then ANSWERED, then RESOLVED.")
    raised_at: datetime = strawberry.field(description="When it was recorded.")
    noted_by_vendor: bool = strawberry.field(
        description="Whether somebody at the vendor noted what the partner said."
    )
    answer: str | None = strawberry.field(description="The vendor's answer.")
    answered_at: datetime | None = strawberry.field(description="When it was answered.")
    resolved_at: datetime | None = strawberry.field(description="When it was put aside.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[objections.Objection]

    @strawberry.field(description="The program that it is about.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.program_id)

    @strawberry.field(description="The partner whose objection it is.")
    async def partner(self, info: Info) -> _Partner:
        """The partner."""
        found: Partner | None = await find(info, "Partner", self.record.partner_id)
        return found

    @strawberry.field(
        description="The executive who raised it; null once it has left, and to the company where"
        " the vendor noted it."
    )
    async def raised_by(self, info: Info) -> _Person:
        """Who raised it."""
        at = "vendor" if self.record.noted else self.record.partner_id
        found: Individual | None = await find(info, "Individual", f"{at}.{self.record.raised_by}")
        return found

    @narrow(Audience.VENDOR, description="Who answered it.")
    async def answered_by(self, info: Info) -> _Person:
        """One of the vendor's people."""
        by = self.record.answered_by
        found: Individual | None = await find(info, "Individual", f"vendor.{by}") if by else None
        return found

    @classmethod
    def of(cls, record: objections.Objection, audiences: frozenset[Audience]) -> "Objection":
        """The objection as shown."""
        return cls(
            id=record.id,
            category=record.category,
            text=record.text,
            status=record.status,
            raised_at=record.raised_at,
            noted_by_vendor=record.noted,
            answer=record.answer,
            answered_at=record.answered_at,
            resolved_at=record.resolved_at,
            audiences=audiences,
            record=record,
        )


async def visible(info: Info, record: objections.Objection | None) -> Objection | None:
    """An objection, where the viewer may see it: an executive its own company's."""
    if record is None:
        return None
    viewer = await info.context.viewer()
    audiences = viewer.audiences(record.partner_id, None)
    return Objection.of(record, audiences) if may_see(Objection, audiences) else None


@strawberry.type
class CompanyObjections:
    """Mixed into a partner."""

    record: strawberry.Private[partners.Partner | Named]

    @narrow(*_COMPANY, description="What it has against programs, newest first.")
    async def objections(
        self,
        info: Info,
        status: Annotated[
            ObjectionStatus | None,
            strawberry.argument(
                description="Only those that stand so: then a page can hold fewer than asked for."
            ),
        ] = None,
        first: First = PAGE,
        after: After = None,
    ) -> relay.Connection[Objection] | None:
        """The objections."""
        size, mark = checked(first, after)
        scope = of_partner(self.record.id)
        want = Many(objections.Objection, scope, size, mark, newest_first=True)
        page = await info.context.with_catalogue(want)
        nodes = [
            await visible(info, record) if status in (None, record.status) else None
            for record in page.records
        ]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@strawberry.type
class ObjectionLists:
    """Mixed into the viewer."""

    @narrow(Audience.VENDOR, description="Objections that wait for an answer, oldest first.")
    async def open_objections(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[Objection] | None:
        """The queue."""
        size, mark = checked(first, after)
        listed = Listed(services.OPEN_OBJECTIONS, size, mark, newest_first=False)
        page = await info.context.load(listed)
        records = await info.context.load_all(
            [One(objections.Objection, objection_id) for objection_id in page.ids]
        )
        nodes = [await visible(info, record) for record in records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@strawberry.input(description="Something that a partner has against a program.")
class RaiseObjectionInput(MutationInput):
    """An objection."""

    partner_id: strawberry.ID = strawberry.field(
        description="The partner: an executive's own, or that which told the vendor."
    )
    program_id: strawberry.ID = strawberry.field(description="The program.")
    category: ObjectionCategory = strawberry.field(description="What it is about.")
    text: str = strawberry.field(
        description="What is in the way, up to 2,000 characters. The company's executives and the"
        " vendor read it."
    )


@strawberry.input(description="An answer to an objection.")
class AnswerObjectionInput(MutationInput):
    """An answer."""

    objection_id: strawberry.ID = strawberry.field(description="The objection.")
    answer: str = strawberry.field(description="For the company's executives, who read it.")


@strawberry.input(description="An objection to put aside.")
class ResolveObjectionInput(MutationInput):
    """A resolution."""

    objection_id: strawberry.ID = strawberry.field(description="The objection.")


@declared(*_COMPANY)
@strawberry.type(description="The objection is recorded, and waits for the vendor's answer.")
class ObjectionRaised:
    """Success."""

    objection: Objection = strawberry.field(description="The objection.")


@declared(Audience.VENDOR)
@strawberry.type(description="The company's executives have the answer.")
class ObjectionAnswered:
    """Success."""

    objection: Objection = strawberry.field(description="The objection.")


@declared(*_COMPANY)
@strawberry.type(description="The objection is no obstacle any more.")
class ObjectionResolved:
    """Success."""

    objection: Objection = strawberry.field(description="The objection.")


@strawberry.type
class ObjectionMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("RaiseObjection", ObjectionRaised),
        services.OBJECTORS,
        "Records what a partner has against a program: an executive for its own company, or the"
        " vendor what it was told.",
    )
    async def raise_objection(self, info: Info, input: RaiseObjectionInput) -> object:
        """A new objection."""
        outcome = perform(
            info,
            services.raise_objection,
            input.request_id,
            partner_id=decoded(input.partner_id, "Partner", "partnerId"),
            program_id=decoded(input.program_id, "Program", "programId"),
            category=input.category,
            text=input.text,
        )
        return ObjectionRaised(objection=await _shown(info, outcome))

    @mutation(
        result("AnswerObjection", ObjectionAnswered, ObjectionNotOpen),
        MANAGERS,
        "Answers an objection, once.",
    )
    async def answer_objection(self, info: Info, input: AnswerObjectionInput) -> object:
        """An answer."""
        outcome = perform(
            info,
            services.answer_objection,
            input.request_id,
            objection_id=decoded(input.objection_id, "Objection", "objectionId"),
            answer=input.answer,
        )
        return ObjectionAnswered(objection=await _shown(info, outcome))

    @mutation(
        result("ResolveObjection", ObjectionResolved, ObjectionNotOpen),
        services.OBJECTORS,
        "Puts an objection aside: an executive at any time, the vendor once it has answered.",
    )
    async def resolve_objection(self, info: Info, input: ResolveObjectionInput) -> object:
        """A resolution."""
        outcome = perform(
            info,
            services.resolve_objection,
            input.request_id,
            objection_id=decoded(input.objection_id, "Objection", "objectionId"),
        )
        return ObjectionResolved(objection=await _shown(info, outcome))


async def _shown(info: Info, outcome: Any) -> Objection:
    """An objection as it was just written; that need not be read again."""
    record: objections.Objection = outcome.objection
    info.context.prime(record)
    audiences = await authorized(info, Objection, record.partner_id)
    return Objection.of(record, audiences)


@finder("Objection")
async def _objection(info: Info, record_id: str) -> Objection | None:
    return await visible(info, await info.context.load(One(objections.Objection, record_id)))
