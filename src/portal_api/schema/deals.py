"""Deals as portals show them."""

from datetime import datetime

import strawberry
from strawberry import relay

from portal_api.domain import deals, earnings
from portal_api.domain.access import Audience, Viewer
from portal_api.schema.access import declared, may_see, narrow
from portal_api.schema.activities import OWN
from portal_api.schema.context import Info
from portal_api.schema.deal_parts import (
    ALL,
    DealCredit,
    DealExtension,
    DealHistory,
    Person,
    person_of,
)
from portal_api.schema.enums import DealStage, RegistrationStatus
from portal_api.schema.ledger import Earning
from portal_api.schema.nodes import finder
from portal_api.schema.programs import Program, program_of
from portal_api.schema.scalars import Money, money_of
from portal_api.services.store import One


@declared(*ALL)
@strawberry.type(description="An opportunity. Registration status and stage are two things.")
class Deal(relay.Node):
    """A deal."""

    id: relay.NodeID[str]
    reference: str | None = strawberry.field(
        description="Its number in the partner's or vendor's CRM."
    )
    end_customer: str | None = strawberry.field(description="Whom it is for; null where unknown.")
    product: str = strawberry.field(description="What is sold.")
    amount: Money = strawberry.field(
        description="The estimate, until it is won: then the final amount."
    )
    registration: RegistrationStatus = strawberry.field(
        description="Where the registration stands now: EXPIRED as soon as its protection has ended"
        " and it is still open."
    )
    rejection_reason: str | None = strawberry.field(
        description="Why the registration was rejected."
    )
    stage: DealStage = strawberry.field(description="How the opportunity goes.")
    submitted_at: datetime = strawberry.field(description="When the registration was submitted.")
    approved_at: datetime | None = strawberry.field(
        description="When the registration was approved."
    )
    protected_until: datetime | None = strawberry.field(
        description="Until when nobody else can register the same customer and product; null where"
        " it is not approved, was won before that, or names no customer."
    )
    closed_at: datetime | None = strawberry.field(description="When it was won or lost.")
    returned_at: datetime | None = strawberry.field(
        description="When the customer gave back what was won."
    )
    reopened: int = strawberry.field(description="How often it was opened again after its end.")
    credits: list[DealCredit] = strawberry.field(
        description="Whom it is divided between; the owner alone where nobody was named."
    )
    extension: DealExtension | None = strawberry.field(
        description="The wish for a longer protection, while it waits for an answer."
    )
    history: list[DealHistory] = strawberry.field(
        description="What people did for it, as rules look at it: of each person's behaviors the"
        " first."
    )
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[deals.Deal]

    @classmethod
    def of(cls, record: deals.Deal, audiences: frozenset[Audience], now: datetime) -> "Deal":
        """The deal as shown."""
        partner_id, extension = record.partner_id, record.extension
        return cls(
            id=record.id,
            reference=record.reference,
            end_customer=record.end_customer,
            product=record.product,
            amount=money_of(record.currency, record.amount_minor),
            registration=record.registration_at(now),
            rejection_reason=record.rejection_reason,
            stage=record.stage,
            submitted_at=record.submitted_at,
            approved_at=record.approved_at,
            protected_until=record.protected_until,
            closed_at=record.closed_at,
            returned_at=record.returned_at,
            reopened=record.reopened,
            credits=[DealCredit.of(partner_id, credit) for credit in record.credited],
            extension=None if extension is None else DealExtension.of(extension),
            history=[DealHistory.of(partner_id, did) for did in record.history],
            audiences=audiences,
            record=record,
        )

    @strawberry.field(description="Who registered it.")
    async def owner(self, info: Info) -> Person:
        """The owner."""
        return await person_of(info, self.record.partner_id, self.record.owner_id)

    @strawberry.field(description="The program it is registered under.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.program_id)

    @narrow(
        *OWN,
        description="What it has earned you so far, and nobody else; for the vendor everybody,"
        " the company too.",
    )
    async def earnings(self, info: Info) -> list[Earning] | None:
        """The earnings."""
        viewer = await info.context.viewer()
        everybody = Audience.VENDOR in self.audiences
        wants = [
            One(earnings.Earning, award.earning_id)
            for award in self.record.awards
            if award.earning_id and (everybody or award.recipient_id == viewer.id)
        ]
        found = await info.context.load_all(wants)
        return [Earning.of(record) for record in found if record is not None]


def audiences_of(viewer: Viewer, record: deals.Deal) -> frozenset[Audience]:
    """What a viewer is to a deal: who is credited with it or was paid for it owns it too."""
    found = viewer.audiences(record.partner_id, record.owner_id)
    sharing = {credit.individual_id for credit in record.credits}
    sharing |= {award.recipient_id for award in record.awards if award.earning_id}
    if viewer.id in sharing and viewer.partner_id == record.partner_id:
        return found | {Audience.OWNER}
    return found


async def visible(info: Info, record: deals.Deal | None) -> Deal | None:
    """A deal, where the viewer may see it."""
    if record is None:
        return None
    audiences = audiences_of(await info.context.viewer(), record)
    now = info.context.portal.clock()
    return Deal.of(record, audiences, now) if may_see(Deal, audiences) else None


@finder("Deal")
async def _deal(info: Info, record_id: str) -> Deal | None:
    return await visible(info, await info.context.load(One(deals.Deal, record_id)))
