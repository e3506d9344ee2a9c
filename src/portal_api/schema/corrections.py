"""The mutations that correct by hand: reverse an earning, adjust a wallet, close it."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import relay

from portal_api.domain.adjustments import Adjustment as AdjustmentRecord
from portal_api.domain.errors import (
    AccountClosed,
    AdjustmentDecided,
    BudgetExhausted,
    ExceedsEarning,
    NotEligible,
    SecondPersonRequired,
    WalletNotEmpty,
)
from portal_api.domain.ledger import Wallet
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.adjustments import VENDOR, Adjustment, adjustments_of, audiences_of
from portal_api.schema.context import Info
from portal_api.schema.disputes import Dispute, disputes_of
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, party
from portal_api.schema.ledger import Balance, Earning, balances_of
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.paging import PAGE, After, First
from portal_api.schema.scalars import AmountInput
from portal_api.services import adjustments as services
from portal_api.services.partners import ADMINS, MANAGERS
from portal_api.services.reversals import reverse_earning
from portal_api.services.store import One
from portal_api.services.wallets import close_wallet

_COMPANY = (Audience.EXECUTIVE, VENDOR)
_OWN = (Audience.OWNER, VENDOR)
_ADJUSTMENTS = "Adjustments by hand of its wallet, newest first: those that wait, too."
_DISPUTES = "Disputes of its earnings, those of the newest earnings first."
_READ_BY_ITS_OWNER = (
    "Why. The wallet's owner reads it, of a company's its executives: here, and in its export."
)
_CLOSED_AT = "When its wallet was closed for good; null while it is open."


@strawberry.type
class CompanyCorrections:
    """Mixed into a partner: what was corrected of the company's wallet."""

    @narrow(*_COMPANY, description=_ADJUSTMENTS)
    async def adjustments(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[Adjustment] | None:
        """The company's own."""
        return await adjustments_of(info, _wallet_of(self), first, after)

    @narrow(*_COMPANY, description=_DISPUTES)
    async def disputes(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[Dispute] | None:
        """The company's own."""
        return await disputes_of(info, _wallet_of(self), first, after)

    @narrow(*_COMPANY, description=_CLOSED_AT)
    async def wallet_closed_at(self, info: Info) -> datetime | None:
        """When."""
        return await _closed_at(info, self)


@strawberry.type
class OwnCorrections:
    """Mixed into a person: what was corrected of its wallet."""

    @narrow(*_OWN, description=_ADJUSTMENTS)
    async def adjustments(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[Adjustment] | None:
        """The person's own."""
        return await adjustments_of(info, _wallet_of(self), first, after)

    @narrow(*_OWN, description=_DISPUTES)
    async def disputes(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[Dispute] | None:
        """The person's own."""
        return await disputes_of(info, _wallet_of(self), first, after)

    @narrow(*_OWN, description=_CLOSED_AT)
    async def wallet_closed_at(self, info: Info) -> datetime | None:
        """When."""
        return await _closed_at(info, self)


@strawberry.input(description="An earning to take back.")
class ReverseEarningInput(MutationInput):
    """A reversal."""

    earning_id: strawberry.ID = strawberry.field(description="The earning.")
    reason: str = strawberry.field(description=_READ_BY_ITS_OWNER)
    amount: AmountInput | None = strawberry.field(
        default=None, description="How much of it; all that is left of it if left out."
    )


@strawberry.input(description="An amount for a wallet, or out of it.")
class ProposeAdjustmentInput(MutationInput):
    """A proposal."""

    party_id: strawberry.ID = strawberry.field(
        description="A partner, or an individual of a partner."
    )
    program_id: strawberry.ID = strawberry.field(
        description="The program whose budget pays it, or gets it back."
    )
    amount: AmountInput = strawberry.field(
        description="What the wallet gets; less than zero is taken from it: no more than the"
        " program has paid it of the asset in all (earned, less what was reversed, and adjusted)."
    )
    reason: str = strawberry.field(description=_READ_BY_ITS_OWNER)
    earning_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The earning that it adds to, if it is one. What is to be less of an earning is"
        " taken back with reverseEarning.",
    )


@strawberry.input(description="An adjustment to approve.")
class ApproveAdjustmentInput(MutationInput):
    """An approval."""

    adjustment_id: strawberry.ID = strawberry.field(description="The adjustment.")


@strawberry.input(description="An adjustment to reject.")
class RejectAdjustmentInput(MutationInput):
    """A rejection."""

    adjustment_id: strawberry.ID = strawberry.field(description="The adjustment.")
    reason: str = strawberry.field(description="Why, for the vendor's people to read.")


@strawberry.input(description="A wallet to close for good.")
class CloseWalletInput(MutationInput):
    """A closing."""

    party_id: strawberry.ID = strawberry.field(description="Whose: a partner or an individual.")
    reason: str = strawberry.field(description="Why, for the vendor's records alone.")


@declared(VENDOR)
@strawberry.type(description="The amount is back in the budget; what had been paid is owed.")
class EarningReversed:
    """Success."""

    earning: Earning = strawberry.field(description="The earning.")


@declared(VENDOR)
@strawberry.type(description="The adjustment waits for a second person.")
class AdjustmentProposed:
    """Success."""

    adjustment: Adjustment = strawberry.field(description="The adjustment.")


@declared(VENDOR)
@strawberry.type(description="The adjustment is posted.")
class AdjustmentApproved:
    """Success."""

    adjustment: Adjustment = strawberry.field(description="The adjustment.")
    balances: list[Balance] = strawberry.field(description="The wallet's balances after it.")


@declared(VENDOR)
@strawberry.type(
    description="The adjustment moves nothing; a dispute that proposed it is open again."
)
class AdjustmentRejected:
    """Success."""

    adjustment: Adjustment = strawberry.field(description="The adjustment.")


@declared(VENDOR)
@strawberry.type(
    description="The wallet is closed: what is earned is withheld, and only an administrator takes"
    " back what was earned before."
)
class WalletClosed:
    """Success."""

    closed_at: datetime = strawberry.field(description="When it was closed.")
    balances: list[Balance] = strawberry.field(description="Nothing, but perhaps what is owed.")


@strawberry.type
class CorrectionMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("ReverseEarning", EarningReversed, ExceedsEarning, AccountClosed),
        MANAGERS,
        "Takes back an earning, or a part of it, for a reason that its owner sees. It is not paid"
        " again, whatever becomes of its deal.",
    )
    async def reverse_earning(self, info: Info, input: ReverseEarningInput) -> object:
        """A reversal."""
        asset, amount_minor = input.amount.minor("amount") if input.amount else (None, None)
        outcome = perform(
            info,
            reverse_earning,
            input.request_id,
            earning_id=decoded(input.earning_id, "Earning", "earningId"),
            amount_minor=amount_minor,
            asset=asset,
            reason=input.reason,
        )
        info.context.prime(outcome.earning)
        return EarningReversed(earning=Earning.of(outcome.earning))

    @mutation(
        result(
            "ProposeAdjustment",
            AdjustmentProposed,
            SecondPersonRequired,
            AccountClosed,
            ExceedsEarning,
        ),
        MANAGERS,
        "Proposes an amount for a wallet, or out of it, in an asset that the program was funded in;"
        " a second person approves it.",
    )
    async def propose_adjustment(self, info: Info, input: ProposeAdjustmentInput) -> object:
        """A proposal."""
        partner_id, wallet_id = party(input.party_id, "partyId")
        asset, amount_minor = input.amount.minor("amount")
        named = input.earning_id
        outcome = perform(
            info,
            services.propose_adjustment,
            input.request_id,
            partner_id=partner_id,
            wallet_id=wallet_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            asset=asset,
            amount_minor=amount_minor,
            reason=input.reason,
            earning_id=None if named is None else decoded(named, "Earning", "earningId"),
        )
        return AdjustmentProposed(adjustment=await _shown(info, outcome.adjustment))

    @mutation(
        result(
            "ApproveAdjustment",
            AdjustmentApproved,
            AdjustmentDecided,
            SecondPersonRequired,
            AccountClosed,
            NotEligible,
            BudgetExhausted,
            ExceedsEarning,
        ),
        MANAGERS,
        "Posts an adjustment that somebody else has proposed. Paying a person needs a consent that"
        " covers them now, while they work at the partner. The consent of an earning that is named"
        " is enough, though it has ended, while all adjustments of that earning are no more than it"
        " was. Paying at all needs a budget: ask again once it was funded.",
    )
    async def approve_adjustment(self, info: Info, input: ApproveAdjustmentInput) -> object:
        """An approval."""
        outcome = perform(
            info,
            services.approve_adjustment,
            input.request_id,
            adjustment_id=decoded(input.adjustment_id, "Adjustment", "adjustmentId"),
        )
        shown = await _shown(info, outcome.adjustment)
        return AdjustmentApproved(adjustment=shown, balances=balances_of(outcome.wallet))

    @mutation(
        result("RejectAdjustment", AdjustmentRejected, AdjustmentDecided, SecondPersonRequired),
        MANAGERS,
        "Rejects an adjustment for a reason; its proposer may do that, too.",
    )
    async def reject_adjustment(self, info: Info, input: RejectAdjustmentInput) -> object:
        """A rejection."""
        outcome = perform(
            info,
            services.reject_adjustment,
            input.request_id,
            adjustment_id=decoded(input.adjustment_id, "Adjustment", "adjustmentId"),
            reason=input.reason,
        )
        return AdjustmentRejected(adjustment=await _shown(info, outcome.adjustment))

    @mutation(
        result("CloseWallet", WalletClosed, WalletNotEmpty, AccountClosed),
        ADMINS,
        "Closes the wallet of a person or a company for good, once nothing is in it.",
    )
    async def close_wallet(self, info: Info, input: CloseWalletInput) -> object:
        """A closing."""
        partner_id, party_id = party(input.party_id, "partyId")
        outcome = perform(
            info,
            close_wallet,
            input.request_id,
            partner_id=partner_id,
            party_id=party_id,
            reason=input.reason,
        )
        wallet = outcome.wallet
        closed_at = wallet.closed_at or info.context.portal.clock()
        return WalletClosed(closed_at=closed_at, balances=balances_of(wallet))


def _wallet_of(party: Any) -> str:
    wallet_id: str = party.record.id
    return wallet_id


async def _closed_at(info: Info, party: Any) -> datetime | None:
    wallet = await info.context.load(One(Wallet, _wallet_of(party)))
    return wallet.closed_at if wallet is not None else None


async def _shown(info: Info, record: AdjustmentRecord) -> Adjustment:
    """An adjustment as it was just written; that need not be read again."""
    info.context.prime(record)
    audiences = await audiences_of(info, record.partner_id, record.wallet_id)
    return Adjustment.of(record, audiences)
