"""The mutations of a deal on its way: another amount, other credit, a longer protection."""

from datetime import datetime

import strawberry

from portal_api.domain.access import Audience
from portal_api.domain.errors import (
    DealConflict,
    DealNotOpen,
    ExtensionNotRequested,
)
from portal_api.domain.partners import Role
from portal_api.schema.access import declared
from portal_api.schema.context import Info
from portal_api.schema.deal_mutations import (
    CreditInput,
    DealChange,
    OneDealInput,
    changed,
    credits_of,
    shown_deal,
)
from portal_api.schema.deals import Deal
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import mutation, perform
from portal_api.schema.scalars import MoneyInput
from portal_api.services import deal_changes as services
from portal_api.services.partners import MANAGERS


@strawberry.input(description="Another estimate of an open deal.")
class ChangeDealAmountInput(OneDealInput):
    """Another amount."""

    amount: MoneyInput = strawberry.field(description="The estimate from now on.")


@strawberry.input(description="Another division of an open deal.")
class CreditDealInput(OneDealInput):
    """Other shares."""

    credits: list[CreditInput] = strawberry.field(
        description="Whom it is divided between from now on, instead of before; empty: all of it is"
        " the owner's."
    )


@strawberry.input(description="A wish that an approved deal stays protected until later.")
class RequestExtensionInput(OneDealInput):
    """A request for an extension."""

    until: datetime = strawberry.field(
        description="Until when: later than now agreed, by a year at most."
    )
    reason: str = strawberry.field(description="Why, for the channel manager to read.")


@strawberry.input(description="An extension to grant.")
class ApproveExtensionInput(OneDealInput):
    """A granted extension."""


@strawberry.input(description="An extension to decline.")
class DeclineExtensionInput(OneDealInput):
    """A declined extension."""


@declared(Audience.ANYONE)
@strawberry.type(description="The deal's estimate is another.")
class DealAmountChanged(DealChange):
    """Success."""


@declared(Audience.ANYONE)
@strawberry.type(description="The deal is divided anew.")
class DealCredited(DealChange):
    """Success."""


@declared(Audience.ANYONE)
@strawberry.type(description="The deal is protected for longer.")
class DealExtended(DealChange):
    """Success."""


@declared(Audience.ANYONE)
@strawberry.type(description="The wish for a longer protection waits for the vendor.")
class ExtensionRequested:
    """Success."""

    deal: Deal = strawberry.field(description="The deal with the wish.")


@declared(Audience.ANYONE)
@strawberry.type(description="The deal's protection ends when it did before.")
class ExtensionDeclined:
    """Success."""

    deal: Deal = strawberry.field(description="The deal.")


@strawberry.type
class DealChangeMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("ChangeDealAmount", DealAmountChanged, DealNotOpen),
        services.OWNERS,
        "Changes an open deal's estimate; what was paid is settled with the deal's next step. A rep"
        " changes its own.",
    )
    async def change_deal_amount(self, info: Info, input: ChangeDealAmountInput) -> object:
        """Another amount."""
        return await changed(
            info,
            DealAmountChanged,
            services.change_deal_amount,
            input,
            amount_minor=input.amount.minor("amount"),
            currency=input.amount.currency_code,
        )

    @mutation(
        result("CreditDeal", DealCredited, DealNotOpen),
        services.OWNERS,
        "Divides an open deal between people anew; what was paid is settled with the deal's next"
        " step. A rep divides its own.",
    )
    async def credit_deal(self, info: Info, input: CreditDealInput) -> object:
        """Other shares."""
        partner_id = decoded(input.deal_id, "Deal", "dealId").partition(".")[0]
        credits_ = credits_of(input.credits, partner_id)
        return await changed(info, DealCredited, services.credit_deal, input, credits=credits_)

    @mutation(
        result("RequestExtension", ExtensionRequested, DealNotOpen),
        services.OWNERS | {Role.PARTNER_EXECUTIVE},
        "Asks that an approved deal stay protected until later; a channel manager decides. A rep"
        " asks for its own.",
    )
    async def request_extension(self, info: Info, input: RequestExtensionInput) -> object:
        """A request for an extension."""
        outcome = perform(
            info,
            services.request_extension,
            input.request_id,
            deal_id=decoded(input.deal_id, "Deal", "dealId"),
            until=input.until,
            reason=input.reason,
        )
        return ExtensionRequested(deal=await shown_deal(info, outcome.deal))

    @mutation(
        result("ApproveExtension", DealExtended, ExtensionNotRequested, DealConflict),
        MANAGERS,
        "Protects a deal for as long as its owner asked.",
    )
    async def approve_extension(self, info: Info, input: ApproveExtensionInput) -> object:
        """A granted extension."""
        return await changed(info, DealExtended, services.approve_extension, input)

    @mutation(
        result("DeclineExtension", ExtensionDeclined, ExtensionNotRequested),
        MANAGERS,
        "Leaves a deal's protection as it is, and the wish for a longer one answered.",
    )
    async def decline_extension(self, info: Info, input: DeclineExtensionInput) -> object:
        """A declined extension."""
        deal_id = decoded(input.deal_id, "Deal", "dealId")
        outcome = perform(info, services.decline_extension, input.request_id, deal_id=deal_id)
        return ExtensionDeclined(deal=await shown_deal(info, outcome.deal))
