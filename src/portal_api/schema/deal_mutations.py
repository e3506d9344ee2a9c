"""The mutations that register, decide, close and reopen deals."""

from datetime import datetime
from typing import Any

import strawberry

from portal_api.domain import deals
from portal_api.domain.access import Audience
from portal_api.domain.errors import (
    DealConflict,
    DealNotClosed,
    DealNotOpen,
    ReferenceAlreadyUsed,
    RegistrationDecided,
)
from portal_api.domain.partners import STAFF_ROLES, Role
from portal_api.schema.access import declared
from portal_api.schema.activities import Activity
from portal_api.schema.context import Info
from portal_api.schema.deals import Deal
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, pair
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.scalars import MoneyInput
from portal_api.services import deal_changes as changes
from portal_api.services import deals as services


@strawberry.input(description="A person's share of a deal.")
class CreditInput:
    """A credit."""

    individual_id: strawberry.ID = strawberry.field(
        description="Somebody of the deal's own company."
    )
    weight: int = strawberry.field(
        description="The share is this by the sum of all weights: 60 and 40, or 3 and 2."
    )


@strawberry.input(description="A deal to be recognized.")
class RegisterDealInput(MutationInput):
    """A registration."""

    program_id: strawberry.ID = strawberry.field(description="The program to register it under.")
    owner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose deal it is; yourself if left out."
    )
    product: str = strawberry.field(description="What is sold.")
    amount: MoneyInput = strawberry.field(description="The estimate, in the program's currency.")
    end_customer: str | None = strawberry.field(
        default=None, description="Whom it is for. Only a deal that names it can be protected."
    )
    reference: str | None = strawberry.field(
        default=None, description="Its number in a CRM, unique in the program."
    )
    credits: list[CreditInput] = strawberry.field(
        default_factory=list,
        description="Whom it is divided between, three people at most with its owner; empty: all of"
        " it is the owner's.",
    )


@strawberry.input(description="A registration to reject.")
class RejectDealInput(MutationInput):
    """A rejection."""

    deal_id: strawberry.ID = strawberry.field(description="The deal.")
    reason: str = strawberry.field(description="Why, for the owner to read.")


@strawberry.input
class OneDealInput(MutationInput):
    """What a change of a deal needs at least."""

    deal_id: strawberry.ID = strawberry.field(description="The deal.")


@strawberry.input
class _DatedInput(OneDealInput):
    """What a change that may have happened before needs."""

    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it happened; now if left out."
    )


@strawberry.input(description="A registration to approve.")
class ApproveDealInput(_DatedInput):
    """An approval."""


@strawberry.input(description="A deal that was won.")
class WinDealInput(_DatedInput):
    """A won deal."""

    amount: MoneyInput = strawberry.field(description="The final amount.")


@strawberry.input(description="A deal that was lost.")
class LoseDealInput(_DatedInput):
    """A lost deal."""


@strawberry.input(description="A won deal that the customer gave back.")
class ReturnDealInput(_DatedInput):
    """A returned deal."""


@strawberry.input(description="A lost or returned deal that goes on.")
class ReopenDealInput(_DatedInput):
    """A reopened deal."""


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


@declared(Audience.ANYONE)
@strawberry.type(description="The deal is returned.")
class DealReturned(DealChange):
    """Success."""


@declared(Audience.ANYONE)
@strawberry.type(description="The deal is open again.")
class DealReopened(DealChange):
    """Success."""


@strawberry.type
class DealMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("RegisterDeal", DealRegistered, ReferenceAlreadyUsed, DealConflict),
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
            credits=credits_of(input.credits, partner_id),
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
        result("ApproveDeal", DealApproved, RegistrationDecided, DealNotOpen, DealConflict),
        services.DEAL_RECORDERS,
        "Approves a deal's registration, protects its customer and product for it, and pays what"
        " the plan pays for it. A deal that is won already is recognized late.",
    )
    async def approve_deal(self, info: Info, input: ApproveDealInput) -> object:
        """An approval."""
        return await changed(
            info, DealApproved, services.approve_deal, input, occurred_at=input.occurred_at
        )

    @mutation(
        result("RejectDeal", DealRejected, RegistrationDecided, DealNotOpen),
        services.DEAL_RECORDERS,
        "Rejects a deal's registration with a reason.",
    )
    async def reject_deal(self, info: Info, input: RejectDealInput) -> object:
        """A rejection."""
        return await changed(info, DealRejected, services.reject_deal, input, reason=input.reason)

    @mutation(
        result("WinDeal", DealWon, DealNotOpen),
        services.DEAL_RECORDERS,
        "Records a deal as won at its final amount, and settles what the plan pays for it.",
    )
    async def win_deal(self, info: Info, input: WinDealInput) -> object:
        """A won deal."""
        return await changed(
            info,
            DealWon,
            services.win_deal,
            input,
            amount_minor=input.amount.minor("amount"),
            currency=input.amount.currency_code,
            occurred_at=input.occurred_at,
        )

    @mutation(
        result("LoseDeal", DealLost, DealNotOpen),
        services.DEAL_RECORDERS,
        "Records a deal as lost; its registration's pay is kept or taken back as the plan says,"
        " what waited for the deal is cancelled.",
    )
    async def lose_deal(self, info: Info, input: LoseDealInput) -> object:
        """A lost deal."""
        return await changed(
            info, DealLost, services.lose_deal, input, occurred_at=input.occurred_at
        )

    @mutation(
        result("ReturnDeal", DealReturned, DealNotClosed),
        services.DEAL_RECORDERS,
        "Records a won deal as returned: what its sale paid is taken back, as the plan says.",
    )
    async def return_deal(self, info: Info, input: ReturnDealInput) -> object:
        """A returned deal."""
        return await changed(
            info, DealReturned, changes.return_deal, input, occurred_at=input.occurred_at
        )

    @mutation(
        result("ReopenDeal", DealReopened, DealNotClosed),
        services.DEAL_RECORDERS,
        "Opens a lost or returned deal again; won once more, it pays once more. It is not protected"
        " any more.",
    )
    async def reopen_deal(self, info: Info, input: ReopenDealInput) -> object:
        """A reopened deal."""
        return await changed(
            info, DealReopened, changes.reopen_deal, input, occurred_at=input.occurred_at
        )


def credits_of(given: list[CreditInput], partner_id: str) -> tuple[deals.Credit, ...]:
    """Shares by the ids of people; somebody of another partner stays a stranger to the service."""
    found = []
    for credit in given:
        ptn, person = pair(credit.individual_id, "Individual", "credits")
        known = person if ptn == partner_id else f"{ptn}.{person}"
        found.append(deals.Credit(known, credit.weight))
    return tuple(found)


async def changed(info: Info, success: Any, service: Any, given: Any, **arguments: Any) -> object:
    """One change of the deal that an input names."""
    deal_id = decoded(given.deal_id, "Deal", "dealId")
    outcome = perform(info, service, given.request_id, deal_id=deal_id, **arguments)
    return await _shown(info, success, outcome)


async def _shown(info: Info, success: Any, outcome: services.DealChanged) -> object:
    """A change as its success type; what was just written need not be read again."""
    info.context.prime(*outcome.earnings)
    deal = await shown_deal(info, outcome.deal)
    return success(deal=deal, activity=Activity.of(outcome.activity, deal.audiences))


async def shown_deal(info: Info, record: deals.Deal) -> Deal:
    """A deal as it was just written."""
    info.context.prime(record)
    audiences = await authorized(info, Deal, record.partner_id, record.owner_id)
    return Deal.of(record, audiences, info.context.portal.clock())
