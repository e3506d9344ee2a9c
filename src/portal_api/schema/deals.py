"""Deals as portals show them, and the mutations that register, decide and close them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import relay

from portal_api.domain import deals, ledger
from portal_api.domain.access import Audience
from portal_api.domain.errors import DealNotOpen, ReferenceAlreadyUsed, RegistrationDecided
from portal_api.domain.partners import STAFF_ROLES, Role
from portal_api.schema.access import declared, may_see, narrow
from portal_api.schema.activities import OWN, Activity
from portal_api.schema.context import Info
from portal_api.schema.enums import DealStage, RegistrationStatus
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, pair
from portal_api.schema.ledger import Earning
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.programs import Program, program_of
from portal_api.schema.scalars import Money, MoneyInput, money_of
from portal_api.services import deals as services
from portal_api.services.store import One

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual


@declared(Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)
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
        description="Where the registration stands."
    )
    rejection_reason: str | None = strawberry.field(
        description="Why the registration was rejected."
    )
    stage: DealStage = strawberry.field(description="How the opportunity goes.")
    submitted_at: datetime = strawberry.field(description="When the registration was submitted.")
    approved_at: datetime | None = strawberry.field(
        description="When the registration was approved."
    )
    closed_at: datetime | None = strawberry.field(description="When it was won or lost.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[deals.Deal]

    @classmethod
    def of(cls, record: deals.Deal, audiences: frozenset[Audience]) -> "Deal":
        """The deal as shown."""
        return cls(
            id=record.id,
            reference=record.reference,
            end_customer=record.end_customer,
            product=record.product,
            amount=money_of(record.currency, record.amount_minor),
            registration=record.registration,
            rejection_reason=record.rejection_reason,
            stage=record.stage,
            submitted_at=record.submitted_at,
            approved_at=record.approved_at,
            closed_at=record.closed_at,
            audiences=audiences,
            record=record,
        )

    @strawberry.field(description="Who registered it, and earns.")
    async def owner(
        self, info: Info
    ) -> Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None:
        """The owner."""
        owner_id = f"{self.record.partner_id}.{self.record.owner_id}"
        found: Individual | None = await find(info, "Individual", owner_id)
        return found

    @strawberry.field(description="The program it is registered under.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.program_id)

    @narrow(*OWN, description="What it has earned its owner and the company so far.")
    async def earnings(self, info: Info) -> list[Earning] | None:
        """The earnings."""
        paid = (award.earning_id for award in self.record.awards)
        wants = [One(ledger.Earning, earning_id) for earning_id in paid if earning_id]
        found = await info.context.load_all(wants)
        company = Audience.VENDOR in self.audiences
        return [
            Earning.of(record)
            for record in found
            if record is not None and (company or record.wallet_id == self.record.owner_id)
        ]


async def visible(info: Info, record: deals.Deal | None) -> Deal | None:
    """A deal, where the viewer may see it."""
    if record is None:
        return None
    viewer = await info.context.viewer()
    audiences = viewer.audiences(record.partner_id, record.owner_id)
    return Deal.of(record, audiences) if may_see(Deal, audiences) else None


@strawberry.input(description="A deal to be recognized.")
class RegisterDealInput(MutationInput):
    """A registration."""

    program_id: strawberry.ID = strawberry.field(description="The program to register it under.")
    owner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose deal it is; yourself if left out."
    )
    product: str = strawberry.field(description="What is sold.")
    amount: MoneyInput = strawberry.field(description="The estimate, in the program's currency.")
    end_customer: str | None = strawberry.field(default=None, description="Whom it is for.")
    reference: str | None = strawberry.field(
        default=None, description="Its number in a CRM, unique in the program."
    )


@strawberry.input(description="A registration to approve.")
class ApproveDealInput(MutationInput):
    """An approval."""

    deal_id: strawberry.ID = strawberry.field(description="The deal.")


@strawberry.input(description="A registration to reject.")
class RejectDealInput(MutationInput):
    """A rejection."""

    deal_id: strawberry.ID = strawberry.field(description="The deal.")
    reason: str = strawberry.field(description="Why, for the owner to read.")


@strawberry.input(description="A deal that was won.")
class WinDealInput(MutationInput):
    """A won deal."""

    deal_id: strawberry.ID = strawberry.field(description="The deal.")
    amount: MoneyInput = strawberry.field(description="The final amount.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When; now if left out."
    )


@strawberry.input(description="A deal that was lost.")
class LoseDealInput(MutationInput):
    """A lost deal."""

    deal_id: strawberry.ID = strawberry.field(description="The deal.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When; now if left out."
    )


@declared(Audience.ANYONE)
@strawberry.interface(description="A change of a deal, and what the rules made of it.")
class DealChange:
    """What every change of a deal answers."""

    deal: Deal = strawberry.field(description="The deal after the change.")
    activity: Activity = strawberry.field(
        description="The change as an activity, with its outcomes."
    )


@declared(Audience.ANYONE)
@strawberry.type(description="The registration is submitted.")
class DealRegistered(DealChange):
    """Success."""


@declared(Audience.ANYONE)
@strawberry.type(description="The registration is approved.")
class DealApproved(DealChange):
    """Success."""


@declared(Audience.ANYONE)
@strawberry.type(description="The registration is rejected.")
class DealRejected(DealChange):
    """Success."""


@declared(Audience.ANYONE)
@strawberry.type(description="The deal is won.")
class DealWon(DealChange):
    """Success."""


@declared(Audience.ANYONE)
@strawberry.type(description="The deal is lost.")
class DealLost(DealChange):
    """Success."""


@strawberry.type
class DealMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("RegisterDeal", DealRegistered, ReferenceAlreadyUsed),
        services.DEAL_RECORDERS | STAFF_ROLES | {Role.PARTNER_EXECUTIVE},
        "Submits a deal's registration; a rep registers its own.",
    )
    async def register_deal(self, info: Info, input: RegisterDealInput) -> object:
        """A new deal."""
        if input.owner_id is None:
            viewer = await info.context.viewer()
            partner_id, owner_id = viewer.partner_id or "none", viewer.id
        else:
            partner_id, owner_id = pair(input.owner_id, "Individual", "ownerId")
        terms = services.DealTerms(
            end_customer=input.end_customer,
            product=input.product,
            amount_minor=input.amount.minor("amount"),
            currency=input.amount.currency_code,
            reference=input.reference,
        )
        outcome = perform(
            info,
            services.register_deal,
            input.request_id,
            partner_id=partner_id,
            owner_id=owner_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            terms=terms,
        )
        return await _shown(info, DealRegistered, outcome)

    @mutation(
        result("ApproveDeal", DealApproved, RegistrationDecided),
        services.DEAL_RECORDERS,
        "Approves a deal's registration, and pays what the plan pays for it.",
    )
    async def approve_deal(self, info: Info, input: ApproveDealInput) -> object:
        """An approval."""
        deal_id = decoded(input.deal_id, "Deal", "dealId")
        outcome = perform(info, services.approve_deal, input.request_id, deal_id=deal_id)
        return await _shown(info, DealApproved, outcome)

    @mutation(
        result("RejectDeal", DealRejected, RegistrationDecided),
        services.DEAL_RECORDERS,
        "Rejects a deal's registration with a reason.",
    )
    async def reject_deal(self, info: Info, input: RejectDealInput) -> object:
        """A rejection."""
        deal_id = decoded(input.deal_id, "Deal", "dealId")
        outcome = perform(
            info, services.reject_deal, input.request_id, deal_id=deal_id, reason=input.reason
        )
        return await _shown(info, DealRejected, outcome)

    @mutation(
        result("WinDeal", DealWon, DealNotOpen),
        services.DEAL_RECORDERS,
        "Records a deal as won at its final amount, and settles what the plan pays for it.",
    )
    async def win_deal(self, info: Info, input: WinDealInput) -> object:
        """A won deal."""
        outcome = perform(
            info,
            services.win_deal,
            input.request_id,
            deal_id=decoded(input.deal_id, "Deal", "dealId"),
            amount_minor=input.amount.minor("amount"),
            currency=input.amount.currency_code,
            occurred_at=input.occurred_at,
        )
        return await _shown(info, DealWon, outcome)

    @mutation(
        result("LoseDeal", DealLost, DealNotOpen),
        services.DEAL_RECORDERS,
        "Records a deal as lost; its registration's pay is kept or taken back as the plan says.",
    )
    async def lose_deal(self, info: Info, input: LoseDealInput) -> object:
        """A lost deal."""
        outcome = perform(
            info,
            services.lose_deal,
            input.request_id,
            deal_id=decoded(input.deal_id, "Deal", "dealId"),
            occurred_at=input.occurred_at,
        )
        return await _shown(info, DealLost, outcome)


async def _shown(info: Info, success: Any, outcome: services.DealChanged) -> object:
    """A change as its success type; what was just written need not be read again."""
    info.context.prime(outcome.deal, *outcome.earnings)
    audiences = await authorized(info, Deal, outcome.deal.partner_id, outcome.deal.owner_id)
    return success(
        deal=Deal.of(outcome.deal, audiences), activity=Activity.of(outcome.activity, audiences)
    )


@finder("Deal")
async def _deal(info: Info, record_id: str) -> Deal | None:
    return await visible(info, await info.context.load(One(deals.Deal, record_id)))
