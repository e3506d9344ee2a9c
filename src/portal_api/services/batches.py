"""Payout batches: open payouts grouped for the bank, in a series of transactions."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal_api.domain import money
from portal_api.domain.batches import PayoutBatch
from portal_api.domain.errors import InvalidInput, NoOpenPayouts, NotFound
from portal_api.domain.payouts import Payout
from portal_api.domain.writes import Delist, Enlist, Save, Write
from portal_api.services.partners import MANAGERS, required
from portal_api.services.payouts import off_open, open_payouts
from portal_api.services.series import UNFINISHED, Step, each, step
from portal_api.services.store import Listed, One, Store
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

BATCHES = "payouts.batches"
"""The vendor's list of all batches."""
GATHERING = "payouts.batches.gathering"
"""The list of batches that are not complete."""
AT_ONCE = 20
"""So many payouts enter a batch in one transaction, with four writes for each."""
_PAGE = 100
_SKEW = timedelta(minutes=5)
"""How far the clocks of two servers may be apart: a list is in the order of their ids' time."""


@dataclass(frozen=True, slots=True)
class PayoutBatchCreated:
    """The batch is there, complete but where the store was too busy."""

    batch: PayoutBatch


@dataclass(frozen=True, slots=True)
class PayoutBatchReferenceSet:
    """The batch has the bank's reference, or another one."""

    batch: PayoutBatch


def payouts_in(batch_id: str) -> str:
    """The name of the list of a batch's payouts."""
    return f"payouts.batch.{batch_id}"


def create_payout_batch(
    portal: Portal, ask: Ask, *, asset: str, before: datetime | None = None
) -> PayoutBatchCreated:
    """Groups the open payouts of an asset, oldest first; ``before``: requested before then.

    A batch that is killed on its way is finished by the same request again, and by the series.
    Raises ``NoOpenPayouts`` where there is none.
    """

    def decide(s: Situation) -> Decision[PayoutBatchCreated]:
        if not money.is_asset(asset):
            raise InvalidInput("An asset is POINTS or an ISO 4217 currency code.", "assetCode")
        empty = PayoutBatch(f"bat-{portal.new_id()}", asset, s.viewer.id, s.now, before)
        batch, writes = _part(s, empty)
        if not batch.count:
            raise NoOpenPayouts(f"No open payout of {asset} waits for a batch.")
        listed: list[Write] = [Enlist(BATCHES, batch.id, batch.id)]
        if batch.ready_at is None:
            listed.append(Enlist(GATHERING, batch.id, batch.id))
        return Decision(PayoutBatchCreated(batch), (*writes, *listed), batch.id)

    arguments = {"asset": asset, "before": before}
    created = perform(
        portal, ask, "createPayoutBatch", arguments, MANAGERS, (), decide, PayoutBatchCreated
    ).batch
    if created.ready_at is not None:
        return PayoutBatchCreated(created)
    # Where the store is too busy for the rest, the series completes it.
    with contextlib.suppress(*UNFINISHED):
        gather(portal, created.id)
    return PayoutBatchCreated(_stored(portal.store, created))


def _stored(store: Store, batch: PayoutBatch) -> PayoutBatch:
    """The batch as it is by now."""
    want = One(PayoutBatch, batch.id)
    return store.read([want])[want] or batch


def gather(portal: Portal, batch_id: str) -> None:
    """Adds to a batch what belongs in it, one part in a transaction, until it is complete.

    Raises as ``step`` does; what is in it stays in it.
    """
    want = One(PayoutBatch, batch_id)

    def decide(s: Situation) -> Step | None:
        batch = s.found[want]
        if batch is None or batch.ready_at is not None:
            return None
        more, writes = _part(s, batch)
        done = more.ready_at is not None
        delisted = (Delist(GATHERING, batch_id),) if done else ()
        kind = "PayoutBatchReady" if done else "PayoutsBatched"
        return Step(kind, batch_id, None, (*writes, *delisted))

    while step(portal, f"series:payout-batch:{batch_id}", [want], decide):
        pass


def gather_open(portal: Portal) -> int:
    """Completes every batch that is not; says how many there were.

    One that cannot be completed now keeps no other waiting. Raises ``StoreUnavailable`` at the end
    where there is one.
    """
    listed = Listed(GATHERING, newest_first=False)
    ids = portal.store.read([listed])[listed].ids

    def gathered(batch_id: str) -> int:
        gather(portal, batch_id)
        return 1

    return each(ids, gathered, f"{{left}} of {len(ids)} payout batches are not complete.")


def _part(s: Situation, batch: PayoutBatch) -> tuple[PayoutBatch, tuple[Write, ...]]:
    """The batch with the next part of the open payouts in it, and what must be made true."""
    chosen, mark, whole = _next(s.portal.store, batch)
    more, batched = batch.gathered(chosen, mark, whole, s.now)
    writes: list[Write] = [Save(more)]
    for payout in batched:
        entry = Enlist(payouts_in(batch.id), payout.own_id, payout.id)
        writes += [Save(payout), *off_open(payout), entry]
    return more, tuple(writes)


def _next(store: Store, batch: PayoutBatch) -> tuple[Sequence[Payout], str | None, bool]:
    """The oldest payouts behind the batch's mark that belong in it, as many as one part takes.

    Also how far that was, and whether there are no more: the list is of the batch's asset and in
    the order of time, so that nothing behind the first that is too late is looked at.
    """
    chosen: list[Payout] = []
    at_most = min(AT_ONCE, batch.room)
    mark = batch.mark
    while True:
        listed = Listed(open_payouts(batch.asset), _PAGE, mark, newest_first=False)
        page = store.read([listed])[listed]
        wants = [One(Payout, payout_id) for payout_id in page.ids]
        found = store.read(wants) if wants else None
        for want, cursor in zip(wants, page.cursors, strict=True):
            payout = found[want] if found is not None else None
            if payout is not None and batch.before and payout.requested_at >= batch.before + _SKEW:
                return chosen, mark, True
            # Taken meanwhile by another batch, cancelled or settled: it is not open any more.
            if payout is not None and batch.takes(payout):
                if len(chosen) == at_most:
                    return chosen, mark, False
                chosen.append(payout)
            mark = cursor
        if not page.more:
            return chosen, mark, True


def set_payout_batch_reference(
    portal: Portal, ask: Ask, *, batch_id: str, reference: str
) -> PayoutBatchReferenceSet:
    """Notes under which reference the bank, or the vendor's own system, has the batch."""
    want = One(PayoutBatch, batch_id)

    def decide(s: Situation) -> Decision[PayoutBatchReferenceSet]:
        batch = s.found[want]
        if batch is None:
            raise NotFound.of("batchId")
        named = replace(batch, reference=required("reference", reference))
        return Decision(PayoutBatchReferenceSet(named), (Save(named),), batch_id)

    arguments = {"batch": batch_id, "reference": reference}
    return perform(
        portal,
        ask,
        "setPayoutBatchReference",
        arguments,
        MANAGERS,
        (want,),
        decide,
        PayoutBatchReferenceSet,
    )
