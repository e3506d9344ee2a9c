"""The ledger: wallets and journals of transfers in a hash chain.

Double entry in exact integers. A transfer moves a positive amount from its debit to its credit
account, so the sum over all accounts is zero by construction. A balance is credits less debits.
Four accounts belong to the journal's own wallet (``pending``, ``available``, ``held``,
``receivable``); the others are the program's budget and the vendor's. ``receivable`` is what a
party owes, as a balance of at most zero; whatever becomes available repays it first, so that
nothing is available while something is owed. Only ``vendor:funding`` and ``receivable`` may be
below zero.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import cast

from portal_api.domain.earnings import Earning, Trace
from portal_api.domain.errors import AccountClosed, InsufficientBalance, WalletNotEmpty
from portal_api.domain.holdings import (
    AVAILABLE,
    PENDING,
    RECEIVABLE,
    VENDOR_EXPIRED,
    Balance,
    Holding,
    LotName,
    Moves,
    Payee,
    Transfer,
    budget_of,
    columns_of,
    due,
    program_moves,
)
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, to_text
from portal_api.domain.records import canonical, plain
from portal_api.domain.statements import Month, Statement, month_of

MAX_TRANSFERS = 50
GENESIS = "0" * 64
"""The previous hash of a wallet's first journal."""
_EMPTY = Holding()


@dataclass(frozen=True, slots=True)
class Wallet:
    """A party's holdings by asset, its month so far, and the head of its chain of journals.

    ``id`` is the party's id. A wallet that was closed takes nothing but what an administrator takes
    back; ``closed_sequence`` is that of its last journal before.
    """

    id: str
    sequence: int = 0
    head_hash: str = GENESIS
    recorded_at: datetime | None = None
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    month: Month | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_reason: str | None = None
    closed_sequence: int = 0
    version: int = 0

    def holding(self, asset: str) -> Holding:
        """What it holds of one asset."""
        return self.holdings.get(asset, _EMPTY)

    def balance(self, asset: str) -> Balance:
        """The balances in one asset, zero where nothing was posted."""
        return self.holding(asset).balance

    @property
    def balances(self) -> dict[str, Balance]:
        """The balances by asset."""
        return {asset: holding.balance for asset, holding in self.holdings.items()}

    def instant(self, now: datetime) -> datetime:
        """When a journal is recorded that is made now: never before the last one."""
        return max(now, self.recorded_at or now)


class JournalKind(StrEnum):
    """What caused a journal."""

    FUNDING = "FUNDING"
    REWARD = "REWARD"
    RELEASE = "RELEASE"
    EXPIRY = "EXPIRY"
    REVERSAL = "REVERSAL"
    ADJUSTMENT = "ADJUSTMENT"
    PAYOUT_HELD = "PAYOUT_HELD"
    PAYOUT_SETTLED = "PAYOUT_SETTLED"
    PAYOUT_RELEASED = "PAYOUT_RELEASED"


@dataclass(frozen=True, slots=True)
class Journal:
    """An immutable entry of one wallet's chain.

    ``id`` names wallet and sequence; ``cause`` names actor, request, event and what was changed.
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


@dataclass(frozen=True, slots=True)
class Posting:
    """A wallet after a journal, the month that it closes, and what it moves in each program.

    ``opened`` are the lots that it has begun, by asset.
    """

    wallet: Wallet
    journal: Journal
    statement: Statement | None
    moves: Moves
    opened: tuple[tuple[str, LotName], ...]


def post(
    wallet: Wallet,
    kind: JournalKind,
    transfers: tuple[Transfer, ...],
    cause: Mapping[str, str],
    now: datetime,
    traces: tuple[Trace, ...] = (),
    by_admin: bool = False,
) -> Posting:
    """The wallet after the transfers, and the journal that says so.

    Raises ``ValueError`` where a transfer is malformed, an account passes its limit, or the wallet
    is closed (invariant L19: an administrator may still take back): callers refuse what a person
    may ask for before they post.
    """
    if wallet.closed_at is not None and not (by_admin and kind is JournalKind.REVERSAL):
        raise ValueError("a closed wallet takes nothing but an administrator's reversal")
    if not 0 < len(transfers) <= MAX_TRANSFERS:
        raise ValueError(f"a journal has 1 to {MAX_TRANSFERS} transfers")
    recorded_at = wallet.instant(now)
    holdings, moves = after(wallet.holdings, kind, transfers, month_of(recorded_at))
    balances = {asset: holding.balance for asset, holding in holdings.items()}
    month, statement = _months(wallet, recorded_at)
    for transfer in transfers:
        month = month.plus(transfer.asset, columns_of(transfer, kind is JournalKind.ADJUSTMENT))
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
        holdings=holdings,
        month=month,
    )
    return Posting(head, journal, statement, moves, _opened(wallet, head))


def after(
    holdings: Mapping[str, Holding],
    kind: JournalKind,
    transfers: Iterable[Transfer],
    month: str,
) -> tuple[dict[str, Holding], Moves]:
    """A wallet's holdings after a journal of that month, and what it moves in each program.

    Raises ``ValueError`` as ``post`` does.
    """
    result, moves = dict(holdings), Moves()
    for transfer in transfers:
        if (
            not 0 < transfer.amount_minor <= LARGEST_AMOUNT_MINOR
            or transfer.debit == transfer.credit
        ):
            raise ValueError("a transfer moves from 1 to 10^12 minor units between two accounts")
        holding, others = result.get(transfer.asset, _EMPTY).after(transfer)
        kept = holding.closed_before(month)
        # Only what comes in makes a wallet grow; what is taken back may be of an old lot.
        result[transfer.asset] = kept.forgetting(month) if transfer.credit == AVAILABLE else kept
        for part in (others, program_moves(transfer, kind is JournalKind.ADJUSTMENT)):
            for (program_id, column), amount in part.items():
                moves[program_id, f"{column}:{transfer.asset}"] += amount
    return result, moves


def _opened(before: Wallet, now: Wallet) -> tuple[tuple[str, LotName], ...]:
    return tuple(
        (asset, lot.name)
        for asset, holding in now.holdings.items()
        for lot in holding.lots
        if lot.name not in {known.name for known in before.holding(asset).lots}
    )


def _months(wallet: Wallet, recorded_at: datetime) -> tuple[Month, Statement | None]:
    """The month that a journal belongs to, and the statement of the one that it ends."""
    name, before = month_of(recorded_at), wallet.month
    if before is not None and before.month == name:
        return before, None
    opened = Month(name, wallet.balances, first_sequence=wallet.sequence + 1)
    return opened, statement_of(wallet)


def statement_of(wallet: Wallet) -> Statement | None:
    """The statement of a wallet's last month with journals: final once the month has ended."""
    month = wallet.month
    if month is None:
        return None
    return Statement(
        id=f"{wallet.id}.{month.month}",
        wallet_id=wallet.id,
        month=month.month,
        opening=month.opening,
        closing=wallet.balances,
        sums=month.sums,
        first_sequence=month.first_sequence,
        last_sequence=wallet.sequence,
        head_hash=wallet.head_hash,
    )


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


def award_transfers(
    wallet: Wallet, trace: Trace, now: datetime, pending: bool = False
) -> tuple[Transfer, ...]:
    """From the program's budget to pending, or to available and from there to what is owed."""
    amount, asset, budget = trace.amount_minor, trace.asset, budget_of(trace.program_id)
    if pending:
        return (Transfer(budget, PENDING, asset, amount, trace.earning_id),)
    lot = lot_of(wallet, trace, now)
    paid = Transfer(budget, AVAILABLE, asset, amount, trace.earning_id, lot)
    return paid, *repaid(wallet, asset, amount, trace.earning_id)


def lot_of(wallet: Wallet, trace: Trace, now: datetime) -> LotName:
    """The lot of what becomes available of an earning now."""
    at = wallet.instant(now)
    expires_at = trace.maturity.expires_at(at)
    return LotName(month_of(at), trace.program_id, trace.payee, expires_at)


def release_transfers(wallet: Wallet, earning: Earning, now: datetime) -> tuple[Transfer, ...]:
    """From pending to available, and from there to what the party owes."""
    asset, amount = earning.trace.asset, earning.left_minor
    lot = lot_of(wallet, earning.trace, now)
    freed = Transfer(PENDING, AVAILABLE, asset, amount, earning.id, lot)
    return freed, *repaid(wallet, asset, amount, earning.id)


def repaid(
    wallet: Wallet, asset: str, amount_minor: int, earning_id: str | None = None
) -> tuple[Transfer, ...]:
    """What repays a debt out of an amount that becomes available."""
    owed = min(amount_minor, -wallet.balance(asset).receivable)
    return (Transfer(AVAILABLE, RECEIVABLE, asset, owed, earning_id),) if owed else ()


def take_back_transfers(
    wallet: Wallet, earning: Earning, amount_minor: int
) -> tuple[Transfer, ...]:
    """Back to the program's budget: what is pending from there.

    Else what is left of the earning's own lot, then what of that has expired, which nobody was
    paid; then what is available as far as it reaches, and the rest, which was paid, as receivable.
    """
    asset, program_id = earning.trace.asset, earning.trace.program_id
    budget, name = budget_of(program_id), earning.lot
    if earning.pending or name is None:
        return (Transfer(PENDING, budget, asset, amount_minor, earning.id),)
    lot = wallet.holding(asset).lot(name)
    expired = min(max(0, amount_minor - lot.left), lot.expired)
    transfers = given_back(wallet, program_id, asset, amount_minor - expired, earning.id, name)
    if expired:
        transfers += (Transfer(VENDOR_EXPIRED, budget, asset, expired, earning.id, name),)
    return transfers


def given_back(
    wallet: Wallet,
    program_id: str,
    asset: str,
    amount_minor: int,
    earning_id: str | None = None,
    lot: LotName | None = None,
) -> tuple[Transfer, ...]:
    """What was available back to the budget, as far as it reaches, the rest as receivable."""
    budget = budget_of(program_id)
    there = min(amount_minor, wallet.balance(asset).available)
    parts = ((AVAILABLE, there, lot), (RECEIVABLE, amount_minor - there, None))
    return tuple(
        Transfer(account, budget, asset, part, earning_id, name)
        for account, part, name in parts
        if part
    )


def expiry_transfers(wallet: Wallet, now: datetime) -> tuple[Transfer, ...]:
    """What has expired by now, lot by lot; at most one journal of it.

    A lot may have grown larger than a transfer: it leaves in several.
    """
    found = (
        Transfer(AVAILABLE, VENDOR_EXPIRED, asset, part, lot=lot.name)
        for asset, holding in sorted(wallet.holdings.items())
        for lot in due(holding.lots, now)
        for part in _cut(lot.left)
    )
    return tuple(islice(found, MAX_TRANSFERS))


def _cut(amount_minor: int) -> Iterator[int]:
    """An amount in parts that a transfer takes."""
    while amount_minor:
        part = min(amount_minor, LARGEST_AMOUNT_MINOR)
        yield part
        amount_minor -= part


def not_closed(wallet: Wallet) -> None:
    """Raises ``AccountClosed`` for a wallet that takes nothing more."""
    if wallet.closed_at is not None:
        raise AccountClosed("This wallet is closed.", wallet.closed_at.isoformat())


def close(wallet: Wallet, by: str, reason: str, at: datetime) -> Wallet:
    """The wallet closed for good; what it owes is owed still.

    Raises ``AccountClosed``, and ``WalletNotEmpty`` while there is something in it.
    """
    not_closed(wallet)
    for asset, balance in sorted(wallet.balances.items()):
        there = (balance.pending, balance.available, balance.held)
        if any(there):
            raise WalletNotEmpty(f"There is {asset} in the wallet.", asset, *there)
    return replace(
        wallet,
        closed_at=at,
        closed_by=by,
        closed_reason=reason,
        closed_sequence=wallet.sequence,
    )


def sufficient(wallet: Wallet, asset: str, amount_minor: int, payee: Payee) -> None:
    """Raises ``InsufficientBalance`` when less than the amount is available for the payee."""
    available = wallet.holding(asset).left_for(payee)
    if available < amount_minor:
        raise InsufficientBalance(
            f"Only {to_text(available, asset)} {asset} is available.", asset, available
        )
