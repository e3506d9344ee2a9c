"""Payouts: what a party asked for, held first, then settled or released, once."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain.errors import PayoutNotOpen
from portal_api.domain.ledger import AVAILABLE, HELD, VENDOR_PAID, JournalKind, Transfer


class PayoutStatus(StrEnum):
    """Where a payout stands."""

    REQUESTED = "REQUESTED"
    SETTLED = "SETTLED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Payout:
    """What a party asked to be sent.

    ``id`` names wallet and itself; ``partner_id`` is that of the asker.
    """

    id: str
    wallet_id: str
    partner_id: str | None
    asset: str
    amount_minor: int
    requested_at: datetime
    status: PayoutStatus = PayoutStatus.REQUESTED
    resolved_at: datetime | None = None
    reference: str | None = None
    version: int = 0


def hold_transfers(payout: Payout) -> tuple[Transfer, ...]:
    """The amount set aside."""
    return (Transfer(AVAILABLE, HELD, payout.asset, payout.amount_minor),)


def resolve(
    payout: Payout, paid: bool, reference: str, at: datetime
) -> tuple[Payout, JournalKind, tuple[Transfer, ...]]:
    """The payout settled or failed, with the journal's kind and transfers.

    Raises ``PayoutNotOpen``.
    """
    if payout.status is not PayoutStatus.REQUESTED:
        raise PayoutNotOpen(f"The payout is {payout.status.lower()} already.", payout.status)
    status = PayoutStatus.SETTLED if paid else PayoutStatus.FAILED
    kind = JournalKind.PAYOUT_SETTLED if paid else JournalKind.PAYOUT_RELEASED
    to = VENDOR_PAID if paid else AVAILABLE
    transfer = Transfer(HELD, to, payout.asset, payout.amount_minor)
    return replace(payout, status=status, resolved_at=at, reference=reference), kind, (transfer,)
