"""Payout batches: open payouts of one asset in a group for the bank, and the group's file.

A batch is gathered part by part, since 500 payouts are more than one transaction takes; a payout
is in one batch at most. What becomes of its payouts is counted apart from it, by addition only, so
that two of them can be settled at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from portal_api.domain.cells import csv_text
from portal_api.domain.money import to_text
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.payouts import Payout, PayoutStatus

BATCH_MAX: Final = 500
"""So many payouts are in one batch at most."""

COLUMNS: Final = (
    "payout_id",
    "payee_type",
    "payee_id",
    "payee_name",
    "partner_id",
    "partner_name",
    "asset",
    "amount",
    "requested_at",
)
"""The columns of the file for the bank, in their order."""


class BatchStatus(StrEnum):
    """Where a batch stands."""

    GATHERING = "GATHERING"
    READY = "READY"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class PayoutBatch:
    """A group of payouts of one asset. ``before``: only what was requested before is in it.

    ``mark`` is how far the list of open payouts was gone through; ``reference`` is the bank's.
    """

    id: str
    asset: str
    created_by: str
    created_at: datetime
    before: datetime | None = None
    mark: str | None = None
    ready_at: datetime | None = None
    count: int = 0
    total_minor: int = 0
    reference: str | None = None
    version: int = 0

    @property
    def room(self) -> int:
        """How many more payouts it takes."""
        return BATCH_MAX - self.count

    def takes(self, payout: Payout) -> bool:
        """Whether an open payout belongs in it."""
        return (
            payout.status is PayoutStatus.REQUESTED
            and payout.asset == self.asset
            and (self.before is None or payout.requested_at < self.before)
        )

    def gathered(
        self, payouts: Sequence[Payout], mark: str | None, whole: bool, at: datetime
    ) -> tuple["PayoutBatch", tuple[Payout, ...]]:
        """The batch and some payouts in it; ``whole``: there are no others to be had."""
        batched = tuple(
            replace(one, status=PayoutStatus.BATCHED, batch_id=self.id) for one in payouts
        )
        count = self.count + len(batched)
        total = self.total_minor + sum(one.amount_minor for one in batched)
        ready_at = at if whole or count == BATCH_MAX else None
        more = replace(self, count=count, total_minor=total, mark=mark, ready_at=ready_at)
        return more, batched


@dataclass(frozen=True, slots=True)
class BatchTally:
    """What became of a batch's payouts. ``id`` is the batch's.

    ``counters`` maps statuses to how many, and ``minor:STATUS`` to how much.
    """

    id: str
    counters: Mapping[str, int] = field(default_factory=dict)
    version: int = 0

    def count(self, status: PayoutStatus) -> int:
        """How many ended so."""
        return self.counters.get(status, 0)

    def amount_minor(self, status: PayoutStatus) -> int:
        """How much ended so."""
        return self.counters.get(f"minor:{status}", 0)


ENDS: Final = (PayoutStatus.SETTLED, PayoutStatus.FAILED)
"""What can become of a payout in a batch."""


def tallied(payout: Payout) -> Mapping[str, int]:
    """What a resolved payout adds to its batch's tally."""
    return {payout.status: 1, f"minor:{payout.status}": payout.amount_minor}


def parts_of(batch: PayoutBatch, tally: BatchTally) -> dict[PayoutStatus, tuple[int, int]]:
    """How many payouts of a batch stand where, and how much they are together."""
    ended = {status: (tally.count(status), tally.amount_minor(status)) for status in ENDS}
    waiting = batch.count - sum(count for count, _ in ended.values())
    left_minor = batch.total_minor - sum(minor for _, minor in ended.values())
    return {PayoutStatus.BATCHED: (waiting, left_minor), **ended}


def status_of(batch: PayoutBatch, tally: BatchTally) -> BatchStatus:
    """Where a batch stands: it is closed once nothing in it waits."""
    if batch.ready_at is None:
        return BatchStatus.GATHERING
    waiting, _ = parts_of(batch, tally)[PayoutStatus.BATCHED]
    return BatchStatus.READY if waiting else BatchStatus.CLOSED


def bank_file(
    payouts: Iterable[Payout],
    people: Mapping[str, Individual],
    partners: Mapping[str, Partner],
) -> str:
    """The file for the bank, as text: a header, and one line for each payout that waits for it.

    One that was settled, or has failed, is not in it: it would be paid twice. A name that is not
    known is left empty.
    """
    names = {person.id: person.name for person in people.values()}
    names |= {partner.id: partner.name for partner in partners.values()}
    rows = (
        (
            payout.id,
            payout.payee,
            payout.payee_id,
            names.get(payout.payee_id, ""),
            payout.partner_id or "",
            names.get(payout.partner_id or "", ""),
            payout.asset,
            to_text(payout.amount_minor, payout.asset),
            payout.requested_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        )
        for payout in payouts
        if payout.status is PayoutStatus.BATCHED
    )
    return csv_text(COLUMNS, rows)
