"""Monthly statements of a wallet: what it held at first, what moved, what it held at last.

A month is a calendar month in UTC, of the instants at which journals were recorded. Those never go
back, so nothing can reach a month that has ended: a later correction is recorded in the open one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal_api.domain.holdings import Balance, Column


def month_of(recorded_at: datetime) -> str:
    """The month of a journal, YYYY-MM."""
    return f"{recorded_at:%Y-%m}"


Sums = Mapping[str, Mapping[Column, int]]
"""By asset and column, in minor units."""


@dataclass(frozen=True, slots=True)
class Month:
    """A wallet's month so far: what it began with, and the sums of its columns by asset."""

    month: str
    opening: Mapping[str, Balance] = field(default_factory=dict)
    sums: Sums = field(default_factory=dict)
    first_sequence: int = 1

    def plus(self, asset: str, columns: Mapping[Column, int]) -> "Month":
        """The month with more in its columns."""
        before = self.sums.get(asset, {})
        added = {column: before.get(column, 0) + amount for column, amount in columns.items()}
        sums = {**self.sums, asset: {**before, **added}}
        return Month(self.month, self.opening, sums, self.first_sequence)


@dataclass(frozen=True, slots=True)
class Statement:
    """A month that is over. ``id`` names wallet and month; ``head_hash`` is its last journal's.

    Per asset: closing total = opening total + EARNED + ADJUSTED - REVERSED - PAID - EXPIRED.
    """

    id: str
    wallet_id: str
    month: str
    opening: Mapping[str, Balance]
    closing: Mapping[str, Balance]
    sums: Sums
    first_sequence: int
    last_sequence: int
    head_hash: str


def closing_total(opening: Balance, sums: Mapping[Column, int]) -> int:
    """What a month must end with, by its columns."""
    gained = sums.get(Column.EARNED, 0) + sums.get(Column.ADJUSTED, 0)
    lost = sum(sums.get(column, 0) for column in (Column.REVERSED, Column.PAID, Column.EXPIRED))
    return opening.total + gained - lost
