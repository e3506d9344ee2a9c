"""A program's accounts as of any instant: what was funded, earned, paid, and is still owed.

Every journal leaves one immutable move for each program that it concerns. Moves are kept in parts,
as the budget is, and summed up to an instant now and then, so that an answer reads the last sum
before its instant and the few moves behind it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal_api.domain.holdings import Column
from portal_api.domain.ledger import Journal
from portal_api.domain.programs import shard_of
from portal_api.domain.records import stamp


@dataclass(frozen=True, slots=True)
class Move:
    """What one journal moved in a program, by ``COLUMN:ASSET``, in minor units.

    ``id`` names program, part, and then when it was recorded and its journal.
    """

    id: str
    at: datetime
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MoveSum:
    """The sums of all moves of one part before an instant. ``id`` names program, part, instant."""

    id: str
    before: datetime
    amounts: Mapping[str, int]


def move_of(program_id: str, journal: Journal, amounts: Mapping[str, int]) -> Move:
    """The move of a journal in a program, in the part of the journal's wallet."""
    place = shard_of(program_id, journal.wallet_id)
    own = f"{stamp(journal.recorded_at)}-{journal.wallet_id}-{journal.sequence}"
    return Move(f"{place}.{own}", journal.recorded_at, amounts)


@dataclass(frozen=True, slots=True)
class Accounts:
    """A program's accounts of one asset, in minor units, by column."""

    columns: Mapping[Column, int] = field(default_factory=dict)

    def sum(self, *columns: Column) -> int:
        """The sum of some columns."""
        return sum(self.columns.get(column, 0) for column in columns)

    @property
    def budget_minor(self) -> int:
        """What is left of the budget."""
        taken = self.sum(Column.EARNED, Column.ADJUSTED) - self.sum(Column.REVERSED)
        return self.sum(Column.FUNDED) - taken

    @property
    def liability_minor(self) -> int:
        """What is earned and not yet paid, less what is owed by those who were paid too much."""
        gained = self.sum(Column.EARNED, Column.ADJUSTED)
        return gained - self.sum(Column.REVERSED, Column.PAID, Column.EXPIRED, Column.OFFSET)


def summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of moves and sums of moves, by ``COLUMN:ASSET``."""
    found: Counter[str] = Counter()
    for amounts in parts:
        found.update(amounts)
    return dict(found)


def accounts_of(parts: Iterable[Mapping[str, int]]) -> dict[str, Accounts]:
    """The accounts by asset, from moves and sums of moves."""
    by_asset: dict[str, dict[Column, int]] = {}
    for name, amount in summed(parts).items():
        column, _, asset = name.partition(":")
        by_asset.setdefault(asset, {})[Column(column)] = amount
    return {asset: Accounts(columns) for asset, columns in sorted(by_asset.items())}


def added(parts: Iterable[Mapping[str, Accounts]]) -> dict[str, Accounts]:
    """The accounts of several programs as one, by asset."""
    sums: dict[str, Counter[Column]] = {}
    for by_asset in parts:
        for asset, accounts in by_asset.items():
            sums.setdefault(asset, Counter()).update(accounts.columns)
    return {asset: Accounts(dict(columns)) for asset, columns in sorted(sums.items())}
