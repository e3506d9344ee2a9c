"""Payouts: what somebody asked to be sent, and the mutations that hold, settle and release."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import payouts
from portal_api.domain.errors import BelowMinimumPayout, InsufficientBalance, PayoutNotOpen
from portal_api.domain.partners import Role
from portal_api.schema.access import Audience, declared, may_see
from portal_api.schema.context import Info
from portal_api.schema.enums import Payee, PayoutStatus
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, party
from portal_api.schema.ledger import Balance, balances_of
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.paging import PAGE, checked, connection
from portal_api.schema.scalars import Amount, AmountInput, amount_of
from portal_api.services import payouts as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Many, One, of_vendor, of_wallet

if TYPE_CHECKING:
    from portal_api.schema.batches import PayoutBatch
    from portal_api.schema.partners import Individual, Partner

_OWN = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)


@declared(*_OWN)
@strawberry.type(description="What somebody asked to be sent, of its own wallet.")
class Payout(relay.Node):
    """A payout."""

    id: relay.NodeID[str]
    status: PayoutStatus = strawberry.field(
        description="REQUESTED and BATCHED hold the amount; then it is SETTLED, FAILED or"
        " CANCELLED, once. Only while it is REQUESTED can its owner cancel it."
    )
    amount: Amount = strawberry.field(description="How much.")
    payee: Payee = strawberry.field(description="Whom it is sent to: the person or the company.")
    file_id: str = strawberry.field(
        description="Its payout_id in files for the bank and in settlement files."
    )
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    by_vendor: bool = strawberry.field(
        description="Whether the vendor has asked for it in the party's place."
    )
    resolved_at: datetime | None = strawberry.field(
        description="When it was settled, failed or cancelled."
    )
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

    @strawberry.field(
        description="Who asked for it; null where you may not see that person, or who has left."
    )
    async def requested_by(
        self, info: Info
    ) -> Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None:
        """The person."""
        at = "vendor" if self.record.by_vendor else self.record.partner_id
        by = self.record.requested_by
        found: Individual | None = await find(info, "Individual", f"{at}.{by}") if by else None
        return found

    @strawberry.field(
        description="The partner whose it is, or whose person's: a leaver's last one. What is sent"
        " to a company is sent to this one."
    )
    async def partner(
        self, info: Info
    ) -> Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None:
        """The partner."""
        found: Partner | None = await find(info, "Partner", self.record.partner_id or "none")
        return found

    @strawberry.field(description="The batch that it is or was in, for the vendor.")
    async def batch(
        self, info: Info
    ) -> Annotated["PayoutBatch", strawberry.lazy("portal_api.schema.batches")] | None:
        """The batch."""
        batch_id = self.record.batch_id
        found: PayoutBatch | None = await find(info, "PayoutBatch", batch_id) if batch_id else None
        return found

    @classmethod
    def of(cls, record: payouts.Payout) -> "Payout":
        """The payout as shown."""
        return cls(
            id=record.id,
            status=record.status,
            amount=amount_of(record.asset, record.amount_minor),
            payee=record.payee,
            file_id=record.id,
            requested_at=record.requested_at,
            by_vendor=record.by_vendor,
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


@declared(Audience.ANYONE)
@strawberry.type(description="What the vendor says of payouts of one asset.")
class PayoutPolicy:
    """A policy."""

    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    minimum: Amount = strawberry.field(description="The least that is paid out at once.")

    @classmethod
    def of(cls, record: payouts.PayoutPolicy) -> "PayoutPolicy":
        """The policy as shown."""
        return cls(asset_code=record.id, minimum=amount_of(record.id, record.minimum_minor))


@strawberry.type
class PayoutQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="The least that is paid out at once, by asset; an asset without an entry has no"
        " minimum."
    )
    async def payout_policies(self, info: Info) -> list[PayoutPolicy]:
        """The policies."""
        _, found = await asyncio.gather(
            info.context.viewer(), info.context.load(Many(payouts.PayoutPolicy, of_vendor()))
        )
        return [PayoutPolicy.of(record) for record in found.records]


@strawberry.input(description="An amount of a wallet, to be sent.")
class RequestPayoutInput(MutationInput):
    """A request."""

    amount: AmountInput = strawberry.field(description="How much.")
    company: bool = strawberry.field(
        default=False, description="From the company's wallet, as its executive; else your own."
    )
    payee: Payee = strawberry.field(
        default=Payee.INDIVIDUAL,
        description="Of your own wallet: INDIVIDUAL for what is sent to you, PARTNER for what you"
        " earned under a consent that has it sent to your company. What is the one's is never sent"
        " to the other. If you have worked for several companies, the vendor asks for what is for"
        " one of them.",
    )
    party_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="For the vendor, which asks in the place of this partner or individual, also"
        " of one who has left, under any partner that the person works or has worked for. All"
        " others leave it out.",
    )
    payee_company_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="For the vendor, with payee PARTNER: the company for which the individual has"
        " earned it. Needed where the individual has worked for several partners, since a balance"
        " does not tell them apart: what each earning was for is in its consent.",
    )

    def named(self) -> tuple[str, str] | None:
        """Partner and wallet in whose place the vendor asks; raises ``InvalidInput``."""
        return None if self.party_id is None else party(self.party_id, "partyId")


@strawberry.input(description="A payout of yours that is not needed any more.")
class CancelPayoutInput(MutationInput):
    """A cancellation."""

    payout_id: strawberry.ID = strawberry.field(description="The payout.")


@strawberry.input(description="The least that is paid out of an asset at once.")
class SetPayoutMinimumInput(MutationInput):
    """A minimum."""

    minimum: AmountInput = strawberry.field(description="The amount; zero is no minimum.")


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


@declared(*_OWN)
@strawberry.type(description="The payout is taken back, and its amount is available again.")
class PayoutCancelled:
    """Success."""

    payout: Payout = strawberry.field(description="The payout.")
    balances: list[Balance] = strawberry.field(description="The wallet's balances after it.")


@declared(Audience.VENDOR)
@strawberry.type(description="The minimum is in force for the next request.")
class PayoutMinimumSet:
    """Success."""

    policy: PayoutPolicy = strawberry.field(description="The asset's policy.")


@strawberry.type
class PayoutMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("RequestPayout", PayoutRequested, InsufficientBalance, BelowMinimumPayout),
        services.OWNERS | MANAGERS,
        "Asks for an amount of one's own wallet, or as an executive of the company's; the vendor in"
        f" a party's place. What waits to be paid to a payee is of at most {payouts.PROGRAMS_MAX}"
        " programs: beyond that InsufficientBalance tells how much can be asked for now.",
    )
    async def request_payout(self, info: Info, input: RequestPayoutInput) -> object:
        """A request."""
        viewer = await info.context.viewer()
        asset, amount_minor = input.amount.minor("amount")
        own = (viewer.partner_id or viewer.id) if input.company else viewer.id
        partner_id, wallet_id = input.named() or (None, own)
        company_id = input.payee_company_id
        outcome = perform(
            info,
            services.request_payout,
            input.request_id,
            wallet_id=wallet_id,
            asset=asset,
            amount_minor=amount_minor,
            payee_of_own=input.payee,
            partner_id=partner_id,
            payee_company_id=None
            if company_id is None
            else decoded(company_id, "Partner", "payeeCompanyId"),
        )
        record = outcome.payout
        await authorized(info, PayoutRequested, _company(record), record.wallet_id)
        return PayoutRequested(
            payout=Payout.of(outcome.payout), balances=balances_of(outcome.wallet)
        )

    @mutation(
        result("CancelPayout", PayoutCancelled, PayoutNotOpen),
        services.OWNERS,
        "Takes back one's own payout, or as an executive the company's, while it is REQUESTED,"
        " whoever asked for it.",
    )
    async def cancel_payout(self, info: Info, input: CancelPayoutInput) -> object:
        """A cancellation."""
        outcome = perform(
            info,
            services.cancel_payout,
            input.request_id,
            payout_id=decoded(input.payout_id, "Payout", "payoutId"),
        )
        record = outcome.payout
        await authorized(info, PayoutCancelled, _company(record), record.wallet_id)
        return PayoutCancelled(payout=Payout.of(record), balances=balances_of(outcome.wallet))

    @mutation(
        result("SetPayoutMinimum", PayoutMinimumSet),
        MANAGERS,
        "Says how much of an asset is paid out at least at once.",
    )
    async def set_payout_minimum(self, info: Info, input: SetPayoutMinimumInput) -> object:
        """A minimum."""
        asset, minimum_minor = input.minimum.minor("minimum")
        outcome = perform(
            info,
            services.set_payout_minimum,
            input.request_id,
            asset=asset,
            minimum_minor=minimum_minor,
        )
        return PayoutMinimumSet(policy=PayoutPolicy.of(outcome.policy))

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
