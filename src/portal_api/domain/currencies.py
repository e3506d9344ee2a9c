"""Dated exchange rates, for reports only: nothing is ever paid in another currency than earned.

A rate is in force from its day on, in UTC, until that of a later day. It is used in its own
direction only: the inverse of a rate is another rate, which somebody has to set.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal_api.domain.finance import Accounts
from portal_api.domain.holdings import Column
from portal_api.domain.money import exponent, of_ratio
from portal_api.domain.plans import PointValue

_RATE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one unit of ``source`` is worth in ``target`` from the start of a day (UTC) on.

    ``rate`` is an exact decimal. It never changes: a correction is one more record of the same day,
    with the next number, and the last one counts. ``id`` names target, source, day and number.
    """

    id: str
    source: str
    target: str
    valid_from: datetime
    rate: str
    set_at: datetime
    set_by: str

    @property
    def fraction(self) -> tuple[int, int]:
        """The rate as numerator and power of ten."""
        whole, _, digits = self.rate.partition(".")
        return int(whole + digits), int(10 ** len(digits))

    @property
    def number(self) -> int:
        """How many records of the day there were with it."""
        return int(self.id.rpartition(".")[2])


def rate_text(text: str) -> str:
    """A rate in its one spelling, without superfluous zeros.

    Raises ``ValueError`` for what is no plain decimal larger than zero, of at most 9 digits before
    and 12 behind the point.
    """
    if not _RATE.fullmatch(text) or not text.strip("0."):
        raise ValueError(f"{text[:40]!r} is no rate such as 1.0845")
    whole, _, digits = text.partition(".")
    digits = digits.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{digits and '.'}{digits}"


def rate_id(source: str, target: str, day: date, number: int) -> str:
    """The id of a rate; those of a pair are in the order of their days, corrections after."""
    return f"{target}.{source}.{day_text(day)}.{number:04}"


def day_text(day: date) -> str:
    """A day as text in the order of time, for keys."""
    return day.isoformat().replace("-", "")


@dataclass(frozen=True, slots=True)
class Conversion:
    """How amounts of one asset become amounts of another: by a rate, and points by their value.

    Points have a value in a currency, and that one a rate unless it is the one wished for.
    """

    asset: str
    target: str
    rate: ExchangeRate | None = None
    point_value: PointValue | None = None

    def of(self, amount_minor: int) -> int:
        """An amount in minor units of the target, rounded once, half to even."""
        numerator, denominator = self.rate.fraction if self.rate else (1, 1)
        if self.rate is not None:
            numerator *= 10 ** exponent(self.target)
            denominator *= 10 ** exponent(self.rate.source)
        if self.point_value is not None:
            numerator *= self.point_value.amount_minor
            denominator *= self.point_value.points
        return of_ratio(amount_minor, numerator, denominator)


@dataclass(frozen=True, slots=True)
class Purse:
    """The accounts of one asset that are converted as one: of all programs, or one's points.

    ``currency`` is what the asset is worth something in: itself, or for points of ``program_id``
    the program's; none where points have no value.
    """

    asset: str
    accounts: Accounts
    program_id: str | None = None
    currency: str | None = None
    point_value: PointValue | None = None

    def conversion(self, target: str, rates: Mapping[str, ExchangeRate]) -> Conversion | None:
        """How it is converted, with the rates by what they are from; none where it cannot be."""
        if self.currency is None:
            return None
        rate = rates.get(self.currency)
        if rate is None and self.currency != target:
            return None
        used = None if self.currency == target else rate
        return Conversion(self.asset, target, used, self.point_value)


@dataclass(frozen=True, slots=True)
class Converted:
    """What all that can be converted comes to, in minor units of ``currency``.

    Each purse's total is rounded once. ``left`` are those that no rate or point value is there for.
    """

    currency: str
    budget_minor: int
    liability_minor: int
    paid_minor: int
    used: tuple[tuple[Purse, Conversion], ...]
    left: tuple[Purse, ...]


def converted(purses: Sequence[Purse], target: str, rates: Mapping[str, ExchangeRate]) -> Converted:
    """The totals of purses in one currency."""
    ways = [(purse, purse.conversion(target, rates)) for purse in purses]
    used = tuple((purse, way) for purse, way in ways if way is not None)
    return Converted(
        currency=target,
        budget_minor=sum(way.of(purse.accounts.budget_minor) for purse, way in used),
        liability_minor=sum(way.of(purse.accounts.liability_minor) for purse, way in used),
        paid_minor=sum(way.of(purse.accounts.sum(Column.PAID)) for purse, way in used),
        used=used,
        left=tuple(purse for purse, way in ways if way is None),
    )
