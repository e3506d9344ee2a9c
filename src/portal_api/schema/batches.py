"""Payout batches: what is sent to the bank at once, with its file and how far it is."""

import asyncio
from datetime import datetime

import strawberry
from strawberry import relay

from portal_api.domain import batches, partners
from portal_api.domain.batches import BatchTally
from portal_api.domain.errors import NoOpenPayouts
from portal_api.domain.payouts import Payout as PayoutRecord
from portal_api.schema.access import Audience, declared, may_see, narrow
from portal_api.schema.context import Info
from portal_api.schema.enums import BatchStatus, PayoutStatus
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.nodes import finder
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.payouts import Payout
from portal_api.schema.scalars import Amount, amount_of
from portal_api.services import batches as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Listed, One

VENDOR = Audience.VENDOR


@declared(VENDOR)
@strawberry.type(description="How many payouts of a batch stand at one status.")
class PayoutBatchPart:
    """A part of a batch."""

    status: PayoutStatus = strawberry.field(description="BATCHED, SETTLED or FAILED.")
    count: int = strawberry.field(description="How many.")
    total: Amount = strawberry.field(description="How much together.")


@declared(VENDOR)
@strawberry.type(description="Open payouts of one asset, grouped for the bank.")
class PayoutBatch(relay.Node):
    """A batch."""

    id: relay.NodeID[str]
    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    status: BatchStatus = strawberry.field(
        description="GATHERING until it is complete, READY, then CLOSED."
    )
    count: int = strawberry.field(
        description=f"How many payouts it has, at most {batches.BATCH_MAX}."
    )
    total: Amount = strawberry.field(description="How much they are together.")
    parts: list[PayoutBatchPart] = strawberry.field(
        description="How many of them wait for the bank, are settled and have failed."
    )
    reference: str | None = strawberry.field(
        description="Under which the bank, or your own system, has it."
    )
    created_at: datetime = strawberry.field(description="When it was begun.")
    ready_at: datetime | None = strawberry.field(description="When it was complete.")
    requested_before: datetime | None = strawberry.field(
        description="Only payouts that were requested before are in it; null: all that were open."
    )
    record: strawberry.Private[batches.PayoutBatch]

    @strawberry.field(description="Its payouts, oldest first.")
    async def payouts(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[Payout]:
        """The payouts."""
        size, mark = checked(first, after)
        listed = Listed(services.payouts_in(self.record.id), size, mark, newest_first=False)
        page = await info.context.load(listed)
        records = await info.context.load_all([One(PayoutRecord, one) for one in page.ids])
        nodes = [None if record is None else Payout.of(record) for record in records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]

    @strawberry.field(
        description="The batch for the bank, as CSV text: all its payouts that are still BATCHED,"
        f" with {', '.join(batches.COLUMNS)}. One that was settled or has failed is left out, since"
        " it was dealt with. Cells that a spreadsheet would run begin with an apostrophe. Null"
        " while the batch is GATHERING."
    )
    async def csv(self, info: Info) -> str | None:
        """The file."""
        if self.record.ready_at is None:
            return None
        load_all = info.context.load_all
        listed = Listed(services.payouts_in(self.record.id), newest_first=False)
        ids = (await info.context.load(listed)).ids
        found = await load_all([One(PayoutRecord, one) for one in ids])
        payouts = [record for record in found if record is not None]
        person_ids = dict.fromkeys(one.wallet_id for one in payouts)
        partner_ids = dict.fromkeys(one.partner_id for one in payouts if one.partner_id)
        people, companies = await asyncio.gather(
            load_all([One(partners.Individual, person) for person in person_ids]),
            load_all([One(partners.Partner, partner) for partner in partner_ids]),
        )
        return batches.bank_file(
            payouts,
            {person.id: person for person in people if person is not None},
            {company.id: company for company in companies if company is not None},
        )

    @classmethod
    def of(cls, record: batches.PayoutBatch, tally: BatchTally | None) -> "PayoutBatch":
        """The batch as shown, with what became of its payouts."""
        counted = tally or BatchTally(record.id)
        return cls(
            id=record.id,
            asset_code=record.asset,
            status=batches.status_of(record, counted),
            count=record.count,
            total=amount_of(record.asset, record.total_minor),
            parts=[
                PayoutBatchPart(
                    status=status, count=count, total=amount_of(record.asset, amount_minor)
                )
                for status, (count, amount_minor) in batches.parts_of(record, counted).items()
            ],
            reference=record.reference,
            created_at=record.created_at,
            ready_at=record.ready_at,
            requested_before=record.before,
            record=record,
        )


async def shown(info: Info, record: batches.PayoutBatch) -> PayoutBatch:
    """A batch that is at hand, with its tally of now."""
    return PayoutBatch.of(record, await info.context.load(One(BatchTally, record.id)))


@finder("PayoutBatch")
async def _batch(info: Info, record_id: str) -> PayoutBatch | None:
    viewer = await info.context.viewer()
    if not may_see(PayoutBatch, viewer.audiences(None, None)):
        return None
    record, tally = await asyncio.gather(
        info.context.load(One(batches.PayoutBatch, record_id)),
        info.context.load(One(BatchTally, record_id)),
    )
    return None if record is None else PayoutBatch.of(record, tally)


@strawberry.type
class BatchList:
    """Mixed into the viewer."""

    @narrow(VENDOR, description="Batches of payouts, newest first.")
    async def payout_batches(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[PayoutBatch] | None:
        """The batches."""
        size, mark = checked(first, after)
        page = await info.context.load(Listed(services.BATCHES, size, mark))
        nodes = await asyncio.gather(*(_batch(info, batch_id) for batch_id in page.ids))
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@strawberry.input(description="Which open payouts to group.")
class CreatePayoutBatchInput(MutationInput):
    """A new batch."""

    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    before: datetime | None = strawberry.field(
        default=None, description="Only payouts that were requested before; all if left out."
    )


@strawberry.input(description="A batch and what others call it.")
class SetPayoutBatchReferenceInput(MutationInput):
    """A reference."""

    batch_id: strawberry.ID = strawberry.field(description="The batch.")
    reference: str = strawberry.field(description="Under which the bank has it, for example.")


@declared(VENDOR)
@strawberry.type(
    description="The batch is there. It may still be GATHERING where the store was busy: the same"
    " request again completes it, and so does the portal by itself."
)
class PayoutBatchCreated:
    """Success."""

    batch: PayoutBatch = strawberry.field(description="The batch.")


@declared(VENDOR)
@strawberry.type(description="The batch has the reference.")
class PayoutBatchReferenceSet:
    """Success."""

    batch: PayoutBatch = strawberry.field(description="The batch.")


@strawberry.type
class BatchMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("CreatePayoutBatch", PayoutBatchCreated, NoOpenPayouts),
        MANAGERS,
        f"Groups open payouts of one asset for the bank, the oldest first, up to"
        f" {batches.BATCH_MAX}. A payout is in one batch at most.",
    )
    async def create_payout_batch(self, info: Info, input: CreatePayoutBatchInput) -> object:
        """A new batch."""
        outcome = perform(
            info,
            services.create_payout_batch,
            input.request_id,
            asset=input.asset_code,
            before=input.before,
        )
        return PayoutBatchCreated(batch=await shown(info, outcome.batch))

    @mutation(
        result("SetPayoutBatchReference", PayoutBatchReferenceSet),
        MANAGERS,
        "Notes under which reference the bank, or your own system, has a batch.",
    )
    async def set_payout_batch_reference(
        self, info: Info, input: SetPayoutBatchReferenceInput
    ) -> object:
        """A reference."""
        outcome = perform(
            info,
            services.set_payout_batch_reference,
            input.request_id,
            batch_id=decoded(input.batch_id, "PayoutBatch", "batchId"),
            reference=input.reference,
        )
        return PayoutBatchReferenceSet(batch=await shown(info, outcome.batch))
