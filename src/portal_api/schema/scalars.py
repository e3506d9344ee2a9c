"""Scalars and amounts: decimals as strings, days, instants with their offset, large integers.

What cannot be read is a ``GraphQLError`` with the reason, in a literal as in a variable.
"""

import re
from datetime import UTC, date, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError

from portal_api.domain import money
from portal_api.domain.errors import InvalidInput
from portal_api.schema.access import Audience, declared

Decimal = NewType("Decimal", str)
BigInt = NewType("BigInt", int)

LARGEST_EXACT = 2**53 - 1
_DECIMAL = re.compile(r"-?\d{1,16}(\.\d{1,3})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _decimal(value: object) -> Decimal:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise GraphQLError('A Decimal is a string such as "150.00".')
    return Decimal(value)


def _big_int(value: object) -> BigInt:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST_EXACT:
        raise GraphQLError("A BigInt is a whole number of at most 53 bits.")
    return BigInt(value)


_FIRST_YEAR, _LAST_YEAR = 1970, 9900


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise GraphQLError('A Date is a day such as "2026-03-31".')
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise GraphQLError("There is no such Date.") from None
    _check_year("Date", day)
    return day


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        text = 'A DateTime is ISO 8601 with its offset, such as "2026-03-31T17:00:00Z".'
        raise GraphQLError(text)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError("There is no such DateTime.") from None
    _check_year("DateTime", instant)
    return instant.astimezone(UTC)


def _check_year(kind: str, day: date) -> None:
    """Every time zone and every deadline of such a day is a day too."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise GraphQLError(f"A {kind} is of the years {_FIRST_YEAR} to {_LAST_YEAR}.")


def _instant_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, strawberry.types.scalar.ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='A decimal number as a string, such as "150.00": exact, never a float.',
        serialize=str,
        parse_value=_decimal,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of at most 53 bits, exact in every JSON reader.",
        serialize=int,
        parse_value=_big_int,
    ),
    date: strawberry.scalar(
        name="Date",
        description='A day of the calendar, such as "2026-03-31".',
        serialize=date.isoformat,
        parse_value=_day,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant, ISO 8601 with its offset; answers are in UTC.",
        serialize=_instant_text,
        parse_value=_instant,
    ),
}


@declared(Audience.ANYONE)
@strawberry.type(description="An amount of money, exact to the minor unit.")
class Money:
    """Money in major units."""

    amount: Decimal = strawberry.field(description='In major units, such as "150.00".')
    currency_code: str = strawberry.field(description="ISO 4217, such as USD.")


@declared(Audience.ANYONE)
@strawberry.type(description="What is paid in: exactly one of money and points is there.")
class Amount:
    """An amount of any asset."""

    money: Money | None = strawberry.field(description="Where it is money.")
    points: BigInt | None = strawberry.field(description="Where it is points.")


@strawberry.input(description="An amount of money, exact to the minor unit.")
class MoneyInput:
    """Money that a client names."""

    amount: Decimal = strawberry.field(description='In major units, such as "30000.00".')
    currency_code: str = strawberry.field(description="ISO 4217, such as USD.")

    def minor(self, field: str) -> int:
        """In minor units; raises ``InvalidInput`` for the argument ``field``."""
        if not money.is_currency(self.currency_code):
            raise InvalidInput(f"{self.currency_code[:10]!r} is no currency code.", field)
        try:
            return money.to_minor(self.amount, self.currency_code)
        except ValueError as problem:
            raise InvalidInput(str(problem), field) from None


@strawberry.input(one_of=True, description="An amount of one asset: money or points.")
class AmountInput:
    """An amount of any asset that a client names."""

    money: MoneyInput | None = strawberry.field(default=strawberry.UNSET, description="Money.")
    points: BigInt | None = strawberry.field(default=strawberry.UNSET, description="Points.")

    def minor(self, field: str) -> tuple[str, int]:
        """Asset and minor units; raises ``InvalidInput`` for the argument ``field``."""
        if isinstance(self.money, MoneyInput):
            return self.money.currency_code, self.money.minor(field)
        if isinstance(self.points, int):
            return money.POINTS, self.points
        raise InvalidInput("An amount is money or points.", field)


def amount_of(asset: str, amount_minor: int) -> Amount:
    """Minor units of an asset as the schema shows them."""
    if asset == money.POINTS:
        return Amount(money=None, points=BigInt(amount_minor))
    return Amount(money=money_of(asset, amount_minor), points=None)


def money_of(currency: str, amount_minor: int) -> Money:
    """Minor units of a currency as the schema shows them."""
    return Money(amount=Decimal(money.to_text(amount_minor, currency)), currency_code=currency)
