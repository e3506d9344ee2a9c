"""Statements of wallets by month, and balances of the past: few reads, however long the ledger is.

A month with journals is stored as a statement by the first journal behind it; until then the wallet
itself keeps it. A month without journals is as the last one before it has ended. What was decided
just before a month's end may be committed just behind it, so a month that is not stored is only
final an hour later.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from portal_api.domain.holdings import Balance, Column
from portal_api.domain.ledger import GENESIS, Journal, Wallet, statement_of
from portal_api.domain.statements import Statement, month_of
from portal_api.services.finance import CLOSED_AFTER
from portal_api.services.store import Many, Slice, of_wallet

_MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")


class NoMonth(ValueError):
    """What should name a month does not, or names one that is still to come."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A month's statement, and whether it is final: ``frozen``.

    That is once a later journal has stored it, or an hour after the month's end.

    ``moved``: whether it has journals; else its sequence numbers are those of the last one before.
    """

    statement: Statement
    frozen: bool
    moved: bool


def month_named(text: str, now: datetime) -> str:
    """A month, YYYY-MM, that is not to come; raises ``NoMonth``."""
    if not _MONTH.fullmatch(text):
        raise NoMonth('A month is named like "2026-11".')
    if text > month_of(now.astimezone(UTC)):
        raise NoMonth("This month is still to come.")
    return text


def running(wallet: Wallet | None, now: datetime) -> Shown | None:
    """The last month in which a wallet has journals; none where it has no journal."""
    statement = statement_of(wallet) if wallet is not None else None
    return _shown(statement, now) if statement is not None else None


def stored(statement: Statement) -> Shown:
    """A statement that a journal of a later month has frozen."""
    return Shown(statement, frozen=True, moved=True)


def is_stored(wallet: Wallet | None, month: str) -> bool:
    """Whether a month must be looked for among the statements: it is before the wallet's last."""
    return wallet is not None and wallet.month is not None and month < wallet.month.month


def last_until(wallet_id: str, month: str) -> Many[Statement]:
    """The statement of a month, or else of the last one before it that has journals: one query."""
    return Many(Statement, of_wallet(wallet_id), first=1, newest_first=True, high=month)


def statement_in(
    wallet: Wallet | None, wallet_id: str, month: str, found: Slice[Statement] | None, now: datetime
) -> Shown:
    """The statement of a month. ``found``: what ``last_until`` found, where ``is_stored``."""
    if found is None:
        last = statement_of(wallet) if wallet is not None else None
    else:
        last = found.records[0] if found.records else None
    moved = last is not None and last.month == month
    shown = _shown(last if last is not None and moved else _idle(wallet_id, month, last), now)
    # Nothing is ever recorded before a wallet's last journal, so what is stored is final.
    return replace(shown, moved=moved, frozen=shown.frozen or found is not None)


def journals_in(wallet_id: str, month: str, first: int, after: str | None) -> Many[Journal]:
    """The journals of a month, oldest first: their order begins with when they were recorded."""
    return Many(Journal, of_wallet(wallet_id), first, after, low=f"{month}-", high=f"{month}-99")


def last_at(wallet_id: str, instant: datetime) -> Many[Journal]:
    """The last journal that was recorded at an instant or before: one query of one item."""
    recorded = instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    # Several may have been recorded at that instant; the last of them counts.
    high = f"{recorded}#~"
    return Many(Journal, of_wallet(wallet_id), first=1, newest_first=True, high=high)


def balances_at(found: Slice[Journal]) -> Mapping[str, Balance]:
    """The balances by asset after the journal that ``last_at`` found; none before the first."""
    return found.records[0].balance_after if found.records else {}


def assets_of(statement: Statement) -> list[str]:
    """The assets that a statement has a line for, in order."""
    return sorted({*statement.opening, *statement.closing, *statement.sums})


def column(statement: Statement, asset: str, name: Column) -> int:
    """What a column of an asset adds up to, in minor units."""
    return statement.sums.get(asset, {}).get(name, 0)


def _idle(wallet_id: str, month: str, last: Statement | None) -> Statement:
    """A month in which nothing moved: it opens and closes as the last one before it has closed."""
    balances = last.closing if last is not None else {}
    sequence = last.last_sequence if last is not None else 0
    head = last.head_hash if last is not None else GENESIS
    own = f"{wallet_id}.{month}"
    return Statement(own, wallet_id, month, balances, balances, {}, sequence, sequence, head)


def _shown(statement: Statement, now: datetime) -> Shown:
    ended = statement.month < month_of((now - CLOSED_AFTER).astimezone(UTC))
    return Shown(statement, frozen=ended, moved=True)
