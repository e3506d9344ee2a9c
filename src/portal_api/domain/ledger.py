"""The ledger: wallets, journals of transfers in a hash chain, earnings.

Double entry in exact integers. A transfer moves a positive amount from its debit to its credit
account, so the sum over all accounts is zero by construction. A balance is credits less debits.
Four accounts belong to the journal's own wallet (``pending``, ``available``, ``held``,
``receivable``); the others are the program's budget and the vendor's. ``receivable`` is what a
party owes, as a balance of at most zero; later earnings repay it first. Only ``vendor:funding`` and
``receivable`` may be below zero.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import cast

from portal_api.domain.cases import Inputs
from portal_api.domain.errors import InsufficientBalance
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, to_text
from portal_api.domain.records import canonical, plain

PENDING, AVAILABLE, HELD, RECEIVABLE = "pending", "available", "held", "receivable"
VENDOR_FUNDING, VENDOR_PAID = "vendor:funding", "vendor:paid"
MAX_TRANSFERS = 50
GENESIS = "0" * 64
"""The previous hash of a wallet's first journal."""


def budget_of(program_id: str) -> str:
    """The account of a program's budget."""
    return f"budget:{program_id}"


@dataclass(frozen=True, slots=True)
class Balance:
    """One asset's balances of a wallet, minor units; ``receivable`` is at most zero."""

    pending: int = 0
    available: int = 0
    held: int = 0
    receivable: int = 0

    def after(self, account: str, delta: int) -> "Balance":
        """The balance with ``delta`` added to one account; raises ``ValueError`` below a floor."""
        changed = replace(self, **{account: getattr(self, account) + delta})
        if min(changed.pending, changed.available, changed.held) < 0 or changed.receivable > 0:
            raise ValueError(f"{account} would pass its limit")
        return changed


@dataclass(frozen=True, slots=True)
class Wallet:
    """A party's balances and the head of its chain of journals. ``id`` is the party's id."""

    id: str
    sequence: int = 0
    head_hash: str = GENESIS
    recorded_at: datetime | None = None
    balances: Mapping[str, Balance] = field(default_factory=dict)
    version: int = 0

    def balance(self, asset: str) -> Balance:
        """The balances in one asset, zero where nothing was posted."""
        return self.balances.get(asset, Balance())


@dataclass(frozen=True, slots=True)
class Transfer:
    """One debit, one credit, one positive amount; ``earning_id`` where it concerns an earning."""

    debit: str
    credit: str
    asset: str
    amount_minor: int
    earning_id: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Why an earning is what it is, frozen when it was made.

    ``inputs`` replay to its amount (invariant L18). ``reserved`` is the name that the earning
    alone holds, so that it is paid once.
    """

    earning_id: str
    program_id: str
    plan_number: int
    plan_hash: str
    rule_code: str
    rule_name: str
    step: str
    behavior: str
    activity_id: str
    occurred_at: datetime
    asset: str
    amount_minor: int
    because: str
    of_minor: int | None = None
    deal_id: str | None = None
    consent_id: str | None = None
    consent_version: int | None = None
    reserved: str | None = None
    inputs: Inputs | None = None


class JournalKind(StrEnum):
    """What caused a journal."""

    FUNDING = "FUNDING"
    REWARD = "REWARD"
    PAYOUT_HELD = "PAYOUT_HELD"
    PAYOUT_SETTLED = "PAYOUT_SETTLED"
    PAYOUT_RELEASED = "PAYOUT_RELEASED"


@dataclass(frozen=True, slots=True)
class Journal:
    """An immutable entry of one wallet's chain.

    ``id`` names wallet and sequence; ``cause`` names actor, request and what was changed.
    ``balance_after`` holds the wallet's balances per asset.
    """

    id: str
    wallet_id: str
    sequence: int
    recorded_at: datetime
    kind: JournalKind
    transfers: tuple[Transfer, ...]
    balance_after: Mapping[str, Balance]
    cause: Mapping[str, str]
    traces: tuple[Trace, ...]
    previous_hash: str
    hash: str


class EarningStatus(StrEnum):
    """Where an earning stands."""

    PENDING = "PENDING"
    AVAILABLE = "AVAILABLE"
    CANCELLED = "CANCELLED"
    REVERSED = "REVERSED"


@dataclass(frozen=True, slots=True)
class Earning:
    """A right that a rule created. ``reversed_minor`` is what was taken back of it so far.

    ``pending``: it waits for its deal to be won, or did until it was cancelled.
    """

    id: str
    wallet_id: str
    trace: Trace
    recorded_at: datetime
    reversed_minor: int = 0
    pending: bool = False
    version: int = 0

    @property
    def status(self) -> EarningStatus:
        """REVERSED once all of it was taken back, CANCELLED if that was while it was pending."""
        if self.reversed_minor >= self.trace.amount_minor:
            return EarningStatus.CANCELLED if self.pending else EarningStatus.REVERSED
        return EarningStatus.PENDING if self.pending else EarningStatus.AVAILABLE


def post(
    wallet: Wallet,
    kind: JournalKind,
    transfers: tuple[Transfer, ...],
    cause: Mapping[str, str],
    now: datetime,
    traces: tuple[Trace, ...] = (),
) -> tuple[Wallet, Journal]:
    """The wallet after the transfers, and the journal that says so.

    Raises ``ValueError`` where a transfer is malformed or an account passes its limit: callers
    refuse what a person may ask for before they post.
    """
    if not 0 < len(transfers) <= MAX_TRANSFERS:
        raise ValueError(f"a journal has 1 to {MAX_TRANSFERS} transfers")
    balances = after(wallet.balances, transfers)
    recorded_at = max(now, wallet.recorded_at or now)
    unsigned = Journal(
        id=f"{wallet.id}.{wallet.sequence + 1}",
        wallet_id=wallet.id,
        sequence=wallet.sequence + 1,
        recorded_at=recorded_at,
        kind=kind,
        transfers=transfers,
        balance_after=balances,
        cause=cause,
        traces=traces,
        previous_hash=wallet.head_hash,
        hash="",
    )
    journal = replace(unsigned, hash=content_hash(content(unsigned)))
    head = replace(
        wallet,
        sequence=journal.sequence,
        head_hash=journal.hash,
        recorded_at=recorded_at,
        balances=balances,
    )
    return head, journal


def after(balances: Mapping[str, Balance], transfers: tuple[Transfer, ...]) -> dict[str, Balance]:
    """A wallet's balances after transfers; raises ``ValueError`` as ``post`` does."""
    result = dict(balances)
    for transfer in transfers:
        if (
            not 0 < transfer.amount_minor <= LARGEST_AMOUNT_MINOR
            or transfer.debit == transfer.credit
        ):
            raise ValueError("a transfer moves from 1 to 10^12 minor units between two accounts")
        for account, delta in (
            (transfer.debit, -transfer.amount_minor),
            (transfer.credit, transfer.amount_minor),
        ):
            if ":" not in account:
                result[transfer.asset] = result.get(transfer.asset, Balance()).after(account, delta)
    return result


def content(journal: Journal) -> dict[str, object]:
    """A journal's stored attributes but for its hash: exactly what the hash is over."""
    attributes = cast("dict[str, object]", plain(journal))
    del attributes["hash"]
    return attributes


def content_hash(attributes: Mapping[str, object]) -> str:
    """SHA-256 of the attributes in canonical JSON, in hexadecimal.

    They include the previous hash.
    """
    return hashlib.sha256(canonical(attributes)).hexdigest()


def award_transfers(wallet: Wallet, trace: Trace, pending: bool = False) -> tuple[Transfer, ...]:
    """From the program's budget to pending, or to available and from there to what is owed."""
    amount, asset, budget = trace.amount_minor, trace.asset, budget_of(trace.program_id)
    if pending:
        return (Transfer(budget, PENDING, asset, amount, trace.earning_id),)
    paid = Transfer(budget, AVAILABLE, asset, amount, trace.earning_id)
    return paid, *_repaid(wallet, asset, amount, trace.earning_id)


def release_transfers(wallet: Wallet, earning: Earning) -> tuple[Transfer, ...]:
    """From pending to available, and from there to what the party owes."""
    asset, amount = earning.trace.asset, earning.trace.amount_minor - earning.reversed_minor
    freed = Transfer(PENDING, AVAILABLE, asset, amount, earning.id)
    return freed, *_repaid(wallet, asset, amount, earning.id)


def _repaid(wallet: Wallet, asset: str, amount_minor: int, earning_id: str) -> tuple[Transfer, ...]:
    owed = min(amount_minor, -wallet.balance(asset).receivable)
    return (Transfer(AVAILABLE, RECEIVABLE, asset, owed, earning_id),) if owed else ()


def take_back_transfers(
    wallet: Wallet, earning: Earning, amount_minor: int
) -> tuple[Transfer, ...]:
    """Back to the program's budget: what is pending from there.

    What is available as far as it reaches, the rest as receivable.
    """
    asset, budget = earning.trace.asset, budget_of(earning.trace.program_id)
    if earning.pending:
        return (Transfer(PENDING, budget, asset, amount_minor, earning.id),)
    there = min(amount_minor, wallet.balance(asset).available)
    parts = ((AVAILABLE, there), (RECEIVABLE, amount_minor - there))
    return tuple(
        Transfer(account, budget, asset, part, earning.id) for account, part in parts if part
    )


def release(earning: Earning) -> Earning:
    """The pending earning as an available one."""
    if not earning.pending:
        raise ValueError("only what is pending is released")
    return replace(earning, pending=False)


def take_back(earning: Earning, amount_minor: int) -> Earning:
    """The earning with more of it reversed, never more than it was."""
    total = earning.reversed_minor + amount_minor
    if not amount_minor > 0 or total > earning.trace.amount_minor:
        raise ValueError("a reversal is positive and never exceeds the original")
    return replace(earning, reversed_minor=total)


def sufficient(wallet: Wallet, asset: str, amount_minor: int) -> None:
    """Raises ``InsufficientBalance`` when less than the amount is available and not owed.

    Both can be there: what was held while it was taken back is owed, and available again once its
    payout has failed.
    """
    balance = wallet.balance(asset)
    available = max(0, balance.available + balance.receivable)
    if available < amount_minor:
        raise InsufficientBalance(
            f"Only {to_text(available, asset)} {asset} is available.", asset, available
        )
