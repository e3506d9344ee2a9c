"""Payouts: what a party asked for, held first, then settled or released, once."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from portal_api.domain.errors import BelowMinimumPayout, InsufficientBalance, PayoutNotOpen
from portal_api.domain.holdings import AVAILABLE, HELD, VENDOR_PAID, Holding, Payee, Transfer
from portal_api.domain.ledger import JournalKind, Wallet, repaid
from portal_api.domain.money import to_text

PROGRAMS_MAX: Final = 80
"""Of so many programs at most is what is held for a payee: to settle it moves each of them, and one
transaction takes 100 items."""


class PayoutStatus(StrEnum):
    """Where a payout stands: the first two hold its amount, the others are final."""

    REQUESTED = "REQUESTED"
    BATCHED = "BATCHED"
    SETTLED = "SETTLED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Payout:
    """What a party asked to be sent.

    ``id`` names wallet and itself; ``partner_id`` is the company whose it is, or whose person's:
    that of a leaver's last employment, and for what is sent to a company always that company.
    ``payee`` is to whom it is sent, and ``batch_id`` the one batch that it was ever in.
    ``requested_by`` has asked for it, ``by_vendor``: in the party's place.
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
    payee: Payee = Payee.INDIVIDUAL
    batch_id: str | None = None
    requested_by: str | None = None
    by_vendor: bool = False
    version: int = 0

    @property
    def own_id(self) -> str:
        """Its own part of the id, in the order of time: its place in lists."""
        return self.id.rpartition(".")[2]

    @property
    def open(self) -> bool:
        """Whether its amount is held: it is neither paid nor released."""
        return self.status in (PayoutStatus.REQUESTED, PayoutStatus.BATCHED)

    @property
    def payee_id(self) -> str:
        """Whom it is sent to: a person or a company."""
        return (self.partner_id if self.payee is Payee.PARTNER else None) or self.wallet_id


@dataclass(frozen=True, slots=True)
class PayoutPolicy:
    """The least that is paid out of an asset at once. ``id`` is the asset."""

    id: str
    minimum_minor: int
    set_by: str
    set_at: datetime
    version: int = 0


def enough(policy: PayoutPolicy | None, asset: str, amount_minor: int) -> None:
    """Raises ``BelowMinimumPayout`` for less than the policy says; no policy, no minimum."""
    minimum = policy.minimum_minor if policy is not None else 0
    if amount_minor < minimum:
        text = f"{to_text(minimum, asset)} {asset} and more are paid out."
        raise BelowMinimumPayout(text, asset, minimum)


def at_once(holding: Holding, payee: Payee) -> int:
    """How much can be set aside now of what is left for a payee, in the order in which it is held.

    What waits counts, too: a payout is paid from what was held first, whoever's hold that was.
    """
    own = [lot for lot in holding.lots if lot.name.payee is payee]
    programs = {lot.name.program_id for lot in own if lot.held}
    amount = 0
    for lot in own:
        programs |= {lot.name.program_id} if lot.left else set()
        if len(programs) > PROGRAMS_MAX:
            break
        amount += lot.left
    return amount


def not_too_many_programs(holding: Holding, asset: str, amount_minor: int, payee: Payee) -> None:
    """Raises ``InsufficientBalance`` with what can go at once, where it is not the amount."""
    most = at_once(holding, payee)
    if amount_minor > most:
        raise InsufficientBalance(
            f"Only {to_text(most, asset)} {asset} can be asked for now: what waits to be paid is of"
            f" at most {PROGRAMS_MAX} programs. Ask for the rest when it is paid.",
            asset,
            most,
        )


def hold_transfers(payout: Payout) -> tuple[Transfer, ...]:
    """The amount set aside."""
    return (_moved(payout, AVAILABLE, HELD),)


def resolve(
    payout: Payout, wallet: Wallet, paid: bool, reference: str, at: datetime
) -> tuple[Payout, JournalKind, tuple[Transfer, ...]]:
    """The payout settled or failed, with the journal's kind and transfers.

    Raises ``PayoutNotOpen``.
    """
    if not payout.open:
        raise _not_open(payout)
    status = PayoutStatus.SETTLED if paid else PayoutStatus.FAILED
    resolved = replace(payout, status=status, resolved_at=at, reference=reference)
    if paid:
        return resolved, JournalKind.PAYOUT_SETTLED, (_moved(payout, HELD, VENDOR_PAID),)
    return resolved, JournalKind.PAYOUT_RELEASED, _released(payout, wallet)


def cancel(payout: Payout, wallet: Wallet, at: datetime) -> tuple[Payout, tuple[Transfer, ...]]:
    """The payout taken back by who asked for it, with the transfers that release its amount.

    Raises ``PayoutNotOpen`` once it is in a batch: it may be with the bank already.
    """
    if payout.status is not PayoutStatus.REQUESTED:
        raise _not_open(payout)
    cancelled = replace(payout, status=PayoutStatus.CANCELLED, resolved_at=at)
    return cancelled, _released(payout, wallet)


def _released(payout: Payout, wallet: Wallet) -> tuple[Transfer, ...]:
    """Held to available, and from there to what is owed."""
    released = _moved(payout, HELD, AVAILABLE)
    return released, *repaid(wallet, payout.asset, payout.amount_minor)


def _moved(payout: Payout, debit: str, credit: str) -> Transfer:
    return Transfer(debit, credit, payout.asset, payout.amount_minor, payee=payout.payee)


def _not_open(payout: Payout) -> PayoutNotOpen:
    return PayoutNotOpen(f"The payout is {payout.status.lower()} already.", payout.status)
