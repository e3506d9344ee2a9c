"""Disputes of earnings: opened by their owners, answered by the vendor."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import disputes
from portal_api.domain.errors import (
    AccountClosed,
    AlreadyDisputed,
    DisputeNotOpen,
    DisputeTooLate,
    SecondPersonRequired,
)
from portal_api.schema.access import Audience, declared, may_see, narrow
from portal_api.schema.adjustments import OWN, VENDOR, Adjustment, audiences_of
from portal_api.schema.adjustments import visible as visible_adjustment
from portal_api.schema.context import Info
from portal_api.schema.enums import DisputeStatus
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.scalars import AmountInput
from portal_api.services import disputes as services
from portal_api.services.adjustments import OPEN_DISPUTES
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Listed, Many, One, of_wallet

if TYPE_CHECKING:
    from portal_api.schema.ledger import Earning
    from portal_api.schema.partners import Individual, Partner


@declared(*OWN)
@strawberry.type(description="That an earning is wrong, as its owner says, and the answer to that.")
class Dispute(relay.Node):
    """A dispute."""

    id: relay.NodeID[str]
    status: DisputeStatus = strawberry.field(
        description="OPEN, then ACCEPTED or REJECTED. OPEN again when the adjustment was rejected."
    )
    reason: str = strawberry.field(description="What is wrong, in its owner's words.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    due_at: datetime = strawberry.field(
        description=f"Until when an answer is owed: {disputes.ANSWER_DAYS} days."
    )
    overdue: bool = strawberry.field(description="Whether it should have been answered by now.")
    answer: str | None = strawberry.field(description="Why it was accepted or rejected.")
    answered_at: datetime | None = strawberry.field(description="When it was answered.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[disputes.Dispute]

    @strawberry.field(description="The earning.")
    async def earning(
        self, info: Info
    ) -> Annotated["Earning", strawberry.lazy("portal_api.schema.ledger")] | None:
        """The earning."""
        found: Earning | None = await find(info, "Earning", self.record.id)
        return found

    @strawberry.field(description="What was proposed when it was accepted.")
    async def adjustment(self, info: Info) -> Adjustment | None:
        """The adjustment."""
        own = self.record.adjustment_id
        found: Adjustment | None = await find(info, "Adjustment", own) if own else None
        return found

    @strawberry.field(
        description="Whose earning it is; null where it is the company's, or the person has left."
    )
    async def individual(
        self, info: Info
    ) -> Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None:
        """The person."""
        own = f"{self.record.partner_id}.{self.record.wallet_id}"
        found: Individual | None = await find(info, "Individual", own)
        return found

    @strawberry.field(
        description="The partner where it was earned; null to somebody who has moved to another"
        " partner since."
    )
    async def partner(
        self, info: Info
    ) -> Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None:
        """The partner."""
        found: Partner | None = await find(info, "Partner", self.record.partner_id)
        return found

    @narrow(VENDOR, description="Who answered it.")
    async def answered_by(
        self, info: Info
    ) -> Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None:
        """One of the vendor's people."""
        by = self.record.answered_by
        found: Individual | None = await find(info, "Individual", f"vendor.{by}") if by else None
        return found

    @classmethod
    def of(
        cls, record: disputes.Dispute, audiences: frozenset[Audience], now: datetime
    ) -> "Dispute":
        """The dispute as shown."""
        return cls(
            id=record.id,
            status=record.status,
            reason=record.reason,
            opened_at=record.opened_at,
            due_at=record.due_at,
            overdue=record.overdue(now),
            answer=record.answer,
            answered_at=record.answered_at,
            audiences=audiences,
            record=record,
        )


async def visible(info: Info, record: disputes.Dispute | None) -> Dispute | None:
    """A dispute, where the viewer may see it: as the earning."""
    if record is None:
        return None
    audiences = await audiences_of(info, record.partner_id, record.wallet_id)
    now = info.context.portal.clock()
    return Dispute.of(record, audiences, now) if may_see(Dispute, audiences) else None


async def disputes_of(
    info: Info, wallet_id: str, first: int, after: str | None
) -> relay.Connection[Dispute]:
    """The disputes of a wallet's earnings, those of the newest earnings first."""
    size, mark = checked(first, after)
    want = Many(disputes.Dispute, of_wallet(wallet_id), size, mark, newest_first=True)
    page = await info.context.load(want)
    nodes = [await visible(info, record) for record in page.records]
    return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@strawberry.type
class DisputeLists:
    """Mixed into the viewer."""

    @narrow(VENDOR, description="Disputes that wait for an answer, by when it is due.")
    async def open_disputes(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[Dispute] | None:
        """The queue."""
        size, mark = checked(first, after)
        page = await info.context.load(Listed(OPEN_DISPUTES, size, mark, newest_first=False))
        records = await info.context.load_all(
            [One(disputes.Dispute, dispute_id) for dispute_id in page.ids]
        )
        nodes = [await visible(info, record) for record in records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@strawberry.input(description="An earning that is wrong.")
class OpenDisputeInput(MutationInput):
    """A dispute."""

    earning_id: strawberry.ID = strawberry.field(description="Your own, or your company's.")
    reason: str = strawberry.field(description="What is wrong with it.")


@strawberry.input(description="A dispute to accept.")
class AcceptDisputeInput(MutationInput):
    """An acceptance."""

    dispute_id: strawberry.ID = strawberry.field(description="The dispute.")
    amount: AmountInput = strawberry.field(
        description="How much more is to be paid, in the earning's asset."
    )
    answer: str = strawberry.field(description="Why, for the earning's owner to read.")


@strawberry.input(description="A dispute to reject.")
class RejectDisputeInput(MutationInput):
    """A rejection."""

    dispute_id: strawberry.ID = strawberry.field(description="The dispute.")
    answer: str = strawberry.field(description="Why, for the earning's owner to read.")


@declared(*OWN)
@strawberry.type(description="The dispute is open, and an answer is owed.")
class DisputeOpened:
    """Success."""

    dispute: Dispute = strawberry.field(description="The dispute.")


@declared(VENDOR)
@strawberry.type(description="The dispute is accepted; a second person is to approve the amount.")
class DisputeAccepted:
    """Success."""

    dispute: Dispute = strawberry.field(description="The dispute.")
    adjustment: Adjustment | None = strawberry.field(description="What was proposed.")


@declared(VENDOR)
@strawberry.type(description="The dispute is rejected; the earning stays as it is.")
class DisputeRejected:
    """Success."""

    dispute: Dispute = strawberry.field(description="The dispute.")


@strawberry.type
class DisputeMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("OpenDispute", DisputeOpened, AlreadyDisputed, DisputeTooLate),
        services.OWNERS,
        "Disputes an earning of one's own, or as an executive the company's; once, and in time.",
    )
    async def open_dispute(self, info: Info, input: OpenDisputeInput) -> object:
        """A new dispute."""
        outcome = perform(
            info,
            services.open_dispute,
            input.request_id,
            earning_id=decoded(input.earning_id, "Earning", "earningId"),
            reason=input.reason,
        )
        return DisputeOpened(dispute=await _shown(info, outcome.dispute))

    @mutation(
        result(
            "AcceptDispute", DisputeAccepted, DisputeNotOpen, SecondPersonRequired, AccountClosed
        ),
        MANAGERS,
        "Accepts a dispute with an amount, which is posted once a second person approves it. More"
        " than the earning was needs a consent that covers the person then: see approveAdjustment.",
    )
    async def accept_dispute(self, info: Info, input: AcceptDisputeInput) -> object:
        """An acceptance."""
        asset, amount_minor = input.amount.minor("amount")
        outcome = perform(
            info,
            services.accept_dispute,
            input.request_id,
            dispute_id=decoded(input.dispute_id, "Dispute", "disputeId"),
            asset=asset,
            amount_minor=amount_minor,
            answer=input.answer,
        )
        dispute = await _shown(info, outcome.dispute)
        info.context.prime(outcome.adjustment)
        adjustment = await visible_adjustment(info, outcome.adjustment)
        return DisputeAccepted(dispute=dispute, adjustment=adjustment)

    @mutation(
        result("RejectDispute", DisputeRejected, DisputeNotOpen, SecondPersonRequired),
        MANAGERS,
        "Rejects a dispute with a reason that the earning's owner sees.",
    )
    async def reject_dispute(self, info: Info, input: RejectDisputeInput) -> object:
        """A rejection."""
        outcome = perform(
            info,
            services.reject_dispute,
            input.request_id,
            dispute_id=decoded(input.dispute_id, "Dispute", "disputeId"),
            answer=input.answer,
        )
        return DisputeRejected(dispute=await _shown(info, outcome.dispute))


async def _shown(info: Info, record: disputes.Dispute) -> Dispute:
    """A dispute as it was just written; that need not be read again."""
    info.context.prime(record)
    company = record.wallet_id == record.partner_id
    of = (record.partner_id, None) if company else (None, record.wallet_id)
    audiences = await authorized(info, Dispute, *of)
    return Dispute.of(record, audiences, info.context.portal.clock())


@finder("Dispute")
async def _dispute(info: Info, record_id: str) -> Dispute | None:
    return await visible(info, await info.context.load(One(disputes.Dispute, record_id)))
