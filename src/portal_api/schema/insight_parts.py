"""What all answers of the insight are told with: numbers, intervals, and what they stand on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import strawberry

from portal_api.domain import activities
from portal_api.domain.goals import SMALLEST_GROUP
from portal_api.domain.insights import basis as answers
from portal_api.schema.access import Audience, declared
from portal_api.schema.behaviors import Behavior
from portal_api.schema.context import Info
from portal_api.schema.paging import bad_cursor, checked, connection
from portal_api.schema.scalars import BigInt, Decimal, Money, money_of
from portal_api.services.store import Many, of_vendor

T = TypeVar("T")
READING = 200
"""What the record of an answer with many partners and people counts: so long it takes to read."""
AS_OF = (
    "Of what was recorded by then it is, in the weeks that were over. It is computed every hour;"
    " this moves on with what changes, and each day where nothing does: where it is older, it could"
    " not be computed since."
)
COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
"""Of a partner's own answers; what is of single people, or of others, is narrower."""
FEW = (
    "Null for an executive where one or two people stand behind it: a sum or rate those who did it,"
    " or all staff where nobody did; a number of people also the rest of the staff. There are at"
    f" least {SMALLEST_GROUP}, or none."
)
"""What is said of figures that could tell of one or two people; ``domain.goals`` decides."""
PER_WEEK = 'a week, such as "1.250"'
"""How a rate is told, for descriptions."""
PERCENT = 'in percent, such as "37.50"'


@dataclass(frozen=True, slots=True)
class Shown:
    """What answers are shown with: the behaviors by code, and the currency of sales."""

    behaviors: Mapping[str, Behavior]
    currency: str

    def money(self, amount_minor: int) -> Money:
        """An amount of sales."""
        return money_of(self.currency, amount_minor)


async def known_behaviors(info: Info) -> dict[str, Behavior]:
    """The catalogue as shown, deals' own behaviors included, by code."""
    defined = await info.context.load(Many(activities.BehaviorType, of_vendor()))
    known = (*activities.DEAL_BEHAVIORS, *defined.records)
    return {one.code: Behavior.of(one) for one in known}


def scaled(value: int, digits: int) -> Decimal:
    """A whole number of parts of ten to the power of ``digits`` as an exact decimal."""
    sign, whole = "-" if value < 0 else "", f"{abs(value):0{digits + 1}}"
    return Decimal(f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else f"{sign}{whole}")


def percent(bps: int) -> Decimal:
    """Basis points in percent: 3,750 are ``"37.50"``."""
    return scaled(bps, 2)


def share(bps: int | None) -> Decimal | None:
    """Basis points in percent, where there are any."""
    return None if bps is None else percent(bps)


def milli(thousandths: int) -> Decimal:
    """Thousandths as a decimal: 1,250 are ``"1.250"``."""
    return scaled(thousandths, 3)


@declared(*COMPANY)
@strawberry.type(
    description="A number with its interval: by chance alone it may as well be any other in it."
)
class Estimate:
    """An estimate, all of it in the unit that its field tells."""

    value: Decimal = strawberry.field(description="The number, in the unit that its field tells.")
    low: Decimal | None = strawberry.field(
        description="The lower end of the interval; null where it is open: it may be any lower."
    )
    high: Decimal | None = strawberry.field(
        description="The upper end; null where it is open: it may be any higher."
    )
    level: Decimal = strawberry.field(
        description='How sure the interval is, in percent: "95.00", and more where an answer has'
        " several, so that all of them hold at once."
    )

    @classmethod
    def of(cls, found: answers.Estimate | None, digits: int) -> "Estimate | None":
        """An estimate whose numbers have so many digits behind the point."""
        if found is None:
            return None
        return cls(
            value=scaled(found.value, digits),
            low=None if found.low is None else scaled(found.low, digits),
            high=None if found.high is None else scaled(found.high, digits),
            level=percent(found.level_bps),
        )


@declared(Audience.VENDOR)
@strawberry.type(description="An amount of money with its interval.")
class MoneyEstimate:
    """An estimate of money."""

    value: Money = strawberry.field(description="The amount.")
    low: Money | None = strawberry.field(
        description="The lower end of the interval; null where it is open: it may be any lower."
    )
    high: Money | None = strawberry.field(
        description="The upper end; null where it is open: it may be any higher."
    )
    level: Decimal = strawberry.field(description="How sure the interval is, in percent.")

    @classmethod
    def of(cls, found: answers.Estimate | None, shown: Shown) -> "MoneyEstimate | None":
        """An estimate in minor units of the currency of sales."""
        if found is None:
            return None
        return cls(
            value=shown.money(found.value),
            low=None if found.low is None else shown.money(found.low),
            high=None if found.high is None else shown.money(found.high),
            level=percent(found.level_bps),
        )


@declared(*COMPANY)
@strawberry.type(description="What decides an answer, by name.")
class Threshold:
    """A threshold."""

    name: str = strawberry.field(
        description="Its name, which ends with its unit: `…_bps` are hundredths of a percent,"
        " `…_milli` thousandths, `…_weeks` weeks, `…_minor` cents; anything else is counted."
    )
    value: BigInt = strawberry.field(description="Its value.")


@declared(*COMPANY)
@strawberry.type(description="What an answer stands on, so that it can be judged and checked.")
class Basis:
    """A basis."""

    method: str = strawberry.field(description="The method, and where it is from.")
    n: int = strawberry.field(description="How many were looked at.")
    n_of: str = strawberry.field(description='Of what, such as "partners".')
    thresholds: list[Threshold] = strawberry.field(description="What decides.")
    starts_on: date = strawberry.field(description="The first day that was looked at, a Monday.")
    ends_on: date = strawberry.field(description="The day after the last one.")

    @classmethod
    def of(cls, found: answers.Basis) -> "Basis":
        """The basis as shown."""
        return cls(
            method=found.method,
            n=found.n,
            n_of=found.n_of,
            thresholds=[
                Threshold(name=name, value=BigInt(value))
                for name, value in found.thresholds.items()
            ],
            starts_on=found.starts_on,
            ends_on=found.ends_on,
        )


def paged(items: Sequence[T], first: int, after: str | None, shown: Callable[[T], object]) -> Any:
    """A page of what is at hand, as a connection.

    A mark is the place in the list, which the next refresh may give to another.
    """
    size, mark = checked(first, after)
    if mark is not None and not (mark.isascii() and mark.isdigit()):
        raise bad_cursor()
    start = int(mark or 0)
    page = items[start : start + size]
    marks = tuple(str(start + place) for place in range(1, len(page) + 1))
    return connection([shown(one) for one in page], marks, start + size < len(items))
