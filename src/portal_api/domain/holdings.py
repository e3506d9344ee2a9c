"""What a wallet holds of one asset: four balances, the lots behind them, and what is owed to whom.

A lot is all that became available in one month, from one program, for one payee and with one
expiry. Money that leaves a wallet leaves the lot that expires first, then the oldest; so what is
paid, what expires and which program owes what all follow from the transfers alone. A lot's numbers
add up: ``received`` is what is ``left``, ``held`` and ``expired``, what went ``out`` for good, and
what was taken back of the lot itself.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

PENDING, AVAILABLE, HELD, RECEIVABLE = "pending", "available", "held", "receivable"
OWN_ACCOUNTS = (PENDING, AVAILABLE, HELD, RECEIVABLE)
VENDOR_FUNDING, VENDOR_PAID, VENDOR_EXPIRED = "vendor:funding", "vendor:paid", "vendor:expired"
_BUDGET = "budget:"
_NEVER = datetime.max.replace(tzinfo=UTC)
_YEARS_KEPT = 3
"""So long is it known of a lot what was paid of it and what expired."""


def budget_of(program_id: str) -> str:
    """The account of a program's budget."""
    return f"{_BUDGET}{program_id}"


def program_in(account: str) -> str | None:
    """The program whose budget an account is; none for another account."""
    return account.removeprefix(_BUDGET) if account.startswith(_BUDGET) else None


class Payee(StrEnum):
    """To whom the money of an earning is sent; chosen at consent, and never afterwards."""

    INDIVIDUAL = "INDIVIDUAL"
    PARTNER = "PARTNER"


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

    @property
    def total(self) -> int:
        """All that the party has, less what it owes."""
        return self.pending + self.available + self.held + self.receivable


@dataclass(frozen=True, slots=True)
class LotName:
    """What tells lots apart. ``month`` is YYYY-MM in UTC, of when it became available."""

    month: str
    program_id: str
    payee: Payee
    expires_at: datetime | None = None

    @property
    def order(self) -> tuple[datetime, str, str, str]:
        """The order in which lots are paid from: first what expires first, then the oldest."""
        return self.expires_at or _NEVER, self.month, self.program_id, self.payee


@dataclass(frozen=True, slots=True)
class Lot:
    """What became of the money of a lot so far, minor units.

    ``cleared`` is what it had received when it was last empty, with nothing of it expired.
    """

    name: LotName
    received: int = 0
    left: int = 0
    held: int = 0
    out: int = 0
    expired: int = 0
    cleared: int = 0

    @property
    def open(self) -> bool:
        """Whether any of it is still there."""
        return self.left > 0 or self.held > 0

    def expired_before(self, instant: datetime) -> bool:
        """Whether it expired before an instant, and something of it did."""
        ends = self.name.expires_at
        return self.expired > 0 and ends is not None and ends < instant


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed of a program's earnings that were taken back after they were paid."""

    program_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """One debit, one credit, one positive amount; ``earning_id`` where it concerns an earning.

    ``lot`` is where it goes that becomes available, and where it comes from that is taken back or
    expires. ``payee`` is that of a payout.
    """

    debit: str
    credit: str
    asset: str
    amount_minor: int
    earning_id: str | None = None
    lot: LotName | None = None
    payee: Payee | None = None


class Column(StrEnum):
    """What a transfer is to a statement, and to a program's accounts."""

    FUNDED = "FUNDED"
    EARNED = "EARNED"
    RELEASED = "RELEASED"
    REVERSED = "REVERSED"
    ADJUSTED = "ADJUSTED"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    OFFSET = "OFFSET"
    """What one program's money has repaid of another's debt; over all programs zero."""
    PAID_TO_PARTNER = "PAID_TO_PARTNER"
    """The part of PAID that was sent to a company; told in statements only."""


Moves = Counter[tuple[str, str]]
"""What transfers change in the accounts of programs: by program and column, in minor units."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A wallet's balances in one asset, its lots in the order of payment, its debts by age.

    ``forgotten``: of lots that expired before then nothing is kept but what is there.
    """

    balance: Balance = field(default_factory=Balance)
    lots: tuple[Lot, ...] = ()
    debts: tuple[Debt, ...] = ()
    forgotten: datetime | None = None

    def lot(self, name: LotName) -> Lot:
        """The lot of a name, empty where it is not there."""
        return next((lot for lot in self.lots if lot.name == name), Lot(name))

    def left_for(self, payee: Payee) -> int:
        """What can be paid out to a payee."""
        return sum(lot.left for lot in self.lots if lot.name.payee is payee)

    def after(self, transfer: Transfer) -> tuple["Holding", Moves]:
        """The holding after a transfer, and what of it concerns other programs than the transfer's.

        Raises ``ValueError`` where an account or a lot would pass its limit.
        """
        balance = self.balance
        for account, delta in (
            (transfer.debit, -transfer.amount_minor),
            (transfer.credit, transfer.amount_minor),
        ):
            if account in OWN_ACCOUNTS:
                balance = balance.after(account, delta)
        moved = _Moved({lot.name: lot for lot in self.lots}, list(self.debts))
        moved.move(transfer)
        lots = tuple(sorted(map(_cleared, moved.lots.values()), key=lambda lot: lot.name.order))
        return Holding(balance, lots, tuple(moved.debts), self.forgotten), moved.moves

    def closed_before(self, month: str) -> "Holding":
        """The holding without the lots of earlier months of which nothing is left or expired."""
        kept = tuple(lot for lot in self.lots if lot.open or lot.expired or lot.name.month >= month)
        return self if len(kept) == len(self.lots) else replace(self, lots=kept)

    def forgetting(self, month: str) -> "Holding":
        """The holding without the lots that expired three years before a month, and are empty.

        So a wallet does not grow for good; ``forgotten`` then says from when lots are known.
        """
        before = datetime(int(month[:4]) - _YEARS_KEPT, int(month[5:]), 1, tzinfo=UTC)
        kept = tuple(lot for lot in self.lots if lot.open or not lot.expired_before(before))
        return self if len(kept) == len(self.lots) else replace(self, lots=kept, forgotten=before)

    def forgot(self, name: LotName) -> bool:
        """Whether it may have had a lot of which something expired, and that it does not keep."""
        if self.forgotten is None or name.expires_at is None:
            return False
        return name.expires_at < self.forgotten and all(lot.name != name for lot in self.lots)


@dataclass
class _Moved:
    """Lots and debts while one transfer moves through them."""

    lots: dict[LotName, Lot]
    debts: list[Debt]
    moves: Moves = field(default_factory=Counter)

    def move(self, transfer: Transfer) -> None:
        amount, ends = transfer.amount_minor, (transfer.debit, transfer.credit)
        program = program_in(transfer.credit)
        if ends == (HELD, AVAILABLE):
            # What comes back is what would have been paid last.
            self._take(amount, transfer.payee, _held, _unheld, newest=True)
        elif transfer.credit == AVAILABLE:
            self._receive(_named(transfer), amount)
        elif ends == (AVAILABLE, HELD):
            self._take(amount, transfer.payee, _left, _hold)
        elif ends == (HELD, VENDOR_PAID):
            self._take(amount, transfer.payee, _held, _paid, column=Column.PAID)
        elif ends == (AVAILABLE, VENDOR_EXPIRED):
            self._expire(_named(transfer), amount)
        elif ends == (AVAILABLE, RECEIVABLE):
            self._repay(amount)
        elif transfer.debit == AVAILABLE and program is not None:
            self._take_back(transfer.lot, amount, program)
        elif transfer.debit == VENDOR_EXPIRED and program is not None:
            self._unexpire(_named(transfer), amount)
        elif transfer.debit == RECEIVABLE and program is not None:
            self._owe(program, amount)

    def _receive(self, name: LotName, amount: int) -> None:
        lot = self.lots.get(name, Lot(name))
        self.lots[name] = replace(lot, received=lot.received + amount, left=lot.left + amount)

    def _expire(self, name: LotName, amount: int) -> None:
        lot = self.lots.get(name, Lot(name))
        if lot.left < amount:
            raise ValueError("less is left of the lot than expires")
        self.lots[name] = replace(lot, left=lot.left - amount, expired=lot.expired + amount)
        self.moves[name.program_id, Column.EXPIRED] += amount

    def _unexpire(self, name: LotName, amount: int) -> None:
        lot = self.lots.get(name, Lot(name))
        if lot.expired < amount:
            raise ValueError("less of the lot has expired than is taken back")
        self.lots[name] = replace(lot, expired=lot.expired - amount)

    def _take_back(self, name: LotName | None, amount: int, program: str) -> None:
        """From its own lot what is left there; the rest was paid, and others make up for it."""
        lot = self.lots.get(name) if name is not None else None
        own = min(amount, lot.left) if lot is not None else 0
        if lot is not None:
            self.lots[lot.name] = replace(lot, left=lot.left - own)
        self.moves[program, Column.OFFSET] -= amount - own
        self._take(amount - own, None, _left, _gone, column=Column.OFFSET)

    def _owe(self, program: str, amount: int) -> None:
        """More of the last debt, where that is the program's too: a wallet grows by no number."""
        last = self.debts.pop() if self.debts and self.debts[-1].program_id == program else None
        self.debts.append(Debt(program, amount + (last.amount_minor if last else 0)))

    def _repay(self, amount: int) -> None:
        self._take(amount, None, _left, _gone, column=Column.OFFSET)
        while amount:
            if not self.debts:
                raise ValueError("more is repaid than is owed")
            debt = self.debts[0]
            part = min(amount, debt.amount_minor)
            self.moves[debt.program_id, Column.OFFSET] -= part
            amount -= part
            rest = replace(debt, amount_minor=debt.amount_minor - part)
            self.debts[:1] = [rest] if rest.amount_minor else []

    def _take(
        self,
        amount: int,
        payee: Payee | None,
        there: Callable[[Lot], int],
        change: Callable[[Lot, int], Lot],
        newest: bool = False,
        column: Column | None = None,
    ) -> None:
        """An amount out of lots in their order, as far as each reaches."""
        for name in sorted(self.lots, key=lambda one: one.order, reverse=newest):
            lot = self.lots[name]
            part = min(amount, there(lot)) if payee in (None, name.payee) else 0
            if part:
                self.lots[name] = change(lot, part)
                amount -= part
                if column is not None:
                    self.moves[name.program_id, column] += part
        if amount:
            raise ValueError("the lots do not have as much")


def _cleared(lot: Lot) -> Lot:
    """A lot that is empty is done with all that it has received so far."""
    done = not lot.open and not lot.expired and lot.cleared != lot.received
    return replace(lot, cleared=lot.received) if done else lot


def _left(lot: Lot) -> int:
    return lot.left


def _held(lot: Lot) -> int:
    return lot.held


def _hold(lot: Lot, part: int) -> Lot:
    return replace(lot, left=lot.left - part, held=lot.held + part)


def _unheld(lot: Lot, part: int) -> Lot:
    return replace(lot, left=lot.left + part, held=lot.held - part)


def _paid(lot: Lot, part: int) -> Lot:
    return replace(lot, held=lot.held - part, out=lot.out + part)


def _gone(lot: Lot, part: int) -> Lot:
    return replace(lot, left=lot.left - part, out=lot.out + part)


def _named(transfer: Transfer) -> LotName:
    if transfer.lot is None:
        raise ValueError("what becomes available, or expires, is of a lot")
    return transfer.lot


def columns_of(transfer: Transfer, adjusts: bool = False) -> dict[Column, int]:
    """What a transfer is to the statement of its wallet; ``adjusts``: it is part of an adjustment.

    An adjustment has its sign, all others are counted as they are.
    """
    amount, ends = transfer.amount_minor, (transfer.debit, transfer.credit)
    if transfer.debit == VENDOR_FUNDING:
        return {Column.FUNDED: amount}
    if program_in(transfer.debit) is not None:
        return {Column.ADJUSTED: amount} if adjusts else {Column.EARNED: amount}
    if transfer.debit == VENDOR_EXPIRED:
        return {Column.REVERSED: amount, Column.EXPIRED: -amount}
    if program_in(transfer.credit) is not None:
        return {Column.ADJUSTED: -amount} if adjusts else {Column.REVERSED: amount}
    if ends == (PENDING, AVAILABLE):
        return {Column.RELEASED: amount}
    if ends == (HELD, VENDOR_PAID):
        to_partner = {Column.PAID_TO_PARTNER: amount} if transfer.payee is Payee.PARTNER else {}
        return {Column.PAID: amount, **to_partner}
    if ends == (AVAILABLE, VENDOR_EXPIRED):
        return {Column.EXPIRED: amount}
    return {}


def program_moves(transfer: Transfer, adjusts: bool = False) -> Moves:
    """What a transfer is to the program that its budget account names."""
    named = program_in(transfer.debit) or program_in(transfer.credit)
    if named is None:
        return Counter()
    return Counter({(named, column): n for column, n in columns_of(transfer, adjusts).items()})


def expiry_of(available_at: datetime, months: int | None, time_zone: str) -> datetime | None:
    """When what becomes available now expires: at the end of the month ``months`` later.

    By the program's own calendar: with 12 months, all of March expires as April of the next year
    begins.
    """
    if months is None:
        return None
    zone = ZoneInfo(time_zone)
    local = available_at.astimezone(zone).date()
    year, month = divmod(local.year * 12 + local.month - 1 + months + 1, 12)
    return datetime.combine(date(year, month + 1, 1), time.min, zone).astimezone(UTC)


def due(lots: Iterable[Lot], now: datetime) -> tuple[Lot, ...]:
    """The lots of which something is left that has expired by ``now``."""
    return tuple(
        lot for lot in lots if lot.left and lot.name.expires_at and lot.name.expires_at <= now
    )
