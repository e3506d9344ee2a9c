"""Payouts: what somebody asked to be sent, and the mutations that hold, settle and release."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import payouts
from portal_api.domain.errors import InsufficientBalance, PayoutNotOpen
from portal_api.domain.partners import STAFF_ROLES, Role
from portal_api.schema.access import Audience, declared, may_see
from portal_api.schema.context import Info
from portal_api.schema.enums import PayoutStatus
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.ledger import Balance, balances_of
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.paging import PAGE, checked, connection
from portal_api.schema.scalars import Amount, AmountInput, amount_of
from portal_api.services import payouts as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Many, One, of_wallet

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual, Partner

_OWN = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)


@declared(*_OWN)
@strawberry.type(description="What somebody asked to be sent, of its own wallet.")
class Payout(relay.Node):
    """A payout."""

    id: relay.NodeID[str]
    status: PayoutStatus = strawberry.field(
        description="REQUESTED holds the amount; then SETTLED or FAILED, once."
    )
    amount: Amount = strawberry.field(description="How much.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    resolved_at: datetime | None = strawberry.field(description="When it was settled or failed.")
    reference: str | None = strawberry.field(
        description="The payment's reference, or why it failed."
    )
    record: strawberry.Private[payouts.Payout]

    @strawberry.field(
        description="Whom it is for; null where it is the company's, or the person has left."
    )
    async def individual(
        self, info: Info
    ) -> Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None:
        """The person."""
        found: Individual | None = await find(
            info, "Individual", f"{self.record.partner_id}.{self.record.wallet_id}"
        )
        return found

    @strawberry.field(description="The partner whose it is, or whose person asked for it.")
    async def partner(
        self, info: Info
    ) -> Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None:
        """The partner."""
        found: Partner | None = await find(info, "Partner", self.record.partner_id or "none")
        return found

    @classmethod
    def of(cls, record: payouts.Payout) -> "Payout":
        """The payout as shown."""
        return cls(
            id=record.id,
            status=record.status,
            amount=amount_of(record.asset, record.amount_minor),
            requested_at=record.requested_at,
            resolved_at=record.resolved_at,
            reference=record.reference,
            record=record,
        )


async def visible(info: Info, record: payouts.Payout | None) -> Payout | None:
    """A payout, where the viewer may see it.

    Its person may, the vendor, and executives for the company's.
    """
    if record is None:
        return None
    viewer = await info.context.viewer()
    audiences = viewer.audiences(_company(record), record.wallet_id)
    return Payout.of(record) if may_see(Payout, audiences) else None


def _company(record: payouts.Payout) -> str | None:
    """The company whose wallet it is of; a person's wallet goes with the person."""
    return record.partner_id if record.wallet_id == record.partner_id else None


async def payouts_of(
    info: Info, party_id: str, first: int = PAGE, after: str | None = None
) -> object:
    """A party's payouts, newest first."""
    size, mark = checked(first, after)
    want = Many(payouts.Payout, of_wallet(party_id), first=size, after=mark, newest_first=True)
    page = await info.context.load(want)
    return connection([Payout.of(record) for record in page.records], page.cursors, page.more)


@strawberry.input(description="An amount of a wallet, to be sent.")
class RequestPayoutInput(MutationInput):
    """A request."""

    amount: AmountInput = strawberry.field(description="How much.")
    company: bool = strawberry.field(
        default=False, description="From the company's wallet, as its executive; else your own."
    )


@strawberry.input(description="A payout that was paid, or could not be.")
class ResolvePayoutInput(MutationInput):
    """A resolution."""

    payout_id: strawberry.ID = strawberry.field(description="The payout.")
    paid: bool = strawberry.field(description="True settles it, false makes it available again.")
    reference: str = strawberry.field(description="The payment's reference, or why it failed.")


@declared(*_OWN)
@strawberry.type(description="The amount is set aside.")
class PayoutRequested:
    """Success."""

    payout: Payout = strawberry.field(description="The payout.")
    balances: list[Balance] = strawberry.field(description="The wallet's balances after it.")


@declared(Audience.VENDOR)
@strawberry.type(description="The payout is settled, or has failed and is available again.")
class PayoutResolved:
    """Success."""

    payout: Payout = strawberry.field(description="The payout.")
    balances: list[Balance] = strawberry.field(description="The wallet's balances after it.")


@strawberry.type
class PayoutMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("RequestPayout", PayoutRequested, InsufficientBalance),
        STAFF_ROLES | {Role.PARTNER_EXECUTIVE},
        "Asks for an amount of one's own wallet, or as an executive of the company's.",
    )
    async def request_payout(self, info: Info, input: RequestPayoutInput) -> object:
        """A request."""
        viewer = await info.context.viewer()
        asset, amount_minor = input.amount.minor("amount")
        outcome = perform(
            info,
            services.request_payout,
            input.request_id,
            wallet_id=(viewer.partner_id or viewer.id) if input.company else viewer.id,
            asset=asset,
            amount_minor=amount_minor,
        )
        record = outcome.payout
        await authorized(info, PayoutRequested, _company(record), record.wallet_id)
        return PayoutRequested(
            payout=Payout.of(outcome.payout), balances=balances_of(outcome.wallet)
        )

    @mutation(
        result("ResolvePayout", PayoutResolved, PayoutNotOpen),
        MANAGERS | {Role.SERVICE},
        "Settles a payout under the payment's reference, or releases it for a reason.",
    )
    async def resolve_payout(self, info: Info, input: ResolvePayoutInput) -> object:
        """A resolution."""
        outcome = perform(
            info,
            services.resolve_payout,
            input.request_id,
            payout_id=decoded(input.payout_id, "Payout", "payoutId"),
            paid=input.paid,
            reference=input.reference,
        )
        return PayoutResolved(
            payout=Payout.of(outcome.payout), balances=balances_of(outcome.wallet)
        )


@finder("Payout")
async def _payout(info: Info, record_id: str) -> Payout | None:
    return await visible(info, await info.context.load(One(payouts.Payout, record_id)))
