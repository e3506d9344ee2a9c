"""Tax: what somebody was paid in a calendar year, beside the thresholds of that year."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from portal_api.domain import tax
from portal_api.domain.errors import InvalidInput
from portal_api.domain.ledger import Wallet
from portal_api.domain.statements import Statement
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.errors import result
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.scalars import Amount, Money, MoneyInput, amount_of, money_of
from portal_api.services import tax as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Many, One, of_vendor, of_wallet

_FIRST_YEAR, _LAST_YEAR = 1970, 9900
_OWN = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)

Year = Annotated[int, strawberry.argument(description="The calendar year, such as 2026; in UTC.")]


@declared(Audience.ANYONE)
@strawberry.type(description="What a threshold is from a year on.")
class TaxThresholdAmount:
    """A dated amount."""

    from_year: int = strawberry.field(description="The first year in which it is in force.")
    amount: Money = strawberry.field(description="The amount.")
    source: str | None = strawberry.field(description="Where it stands, such as a law.")


@declared(Audience.ANYONE)
@strawberry.type(
    description="From how much a year it must be reported what somebody was paid: data that the"
    " vendor states."
)
class TaxThreshold:
    """A threshold."""

    code: str = strawberry.field(description="Its unique code, such as US-1099-NEC.")
    name: str = strawberry.field(description="For people.")
    amounts: list[TaxThresholdAmount] = strawberry.field(
        description="Its amounts in the order of their years."
    )

    @classmethod
    def of(cls, record: tax.TaxThreshold) -> "TaxThreshold":
        """The threshold as shown."""
        amounts = [
            TaxThresholdAmount(
                from_year=one.from_year,
                amount=money_of(record.asset, one.amount_minor),
                source=one.source or None,
            )
            for one in record.amounts
        ]
        return cls(code=record.id, name=record.name, amounts=amounts)


@declared(*_OWN)
@strawberry.type(description="What is reportable in a year, beside one threshold of that year.")
class TaxStanding:
    """A standing."""

    code: str = strawberry.field(description="The threshold's code.")
    name: str = strawberry.field(description="Its name.")
    threshold: Amount = strawberry.field(description="The amount that is in force in the year.")
    source: str | None = strawberry.field(description="Where that stands.")
    reportable: Amount = strawberry.field(description="What was paid and counts.")
    reached: bool = strawberry.field(
        description="Whether it must be reported: so much or more was paid."
    )
    missing: Amount = strawberry.field(description="How much less it is than that; zero if not.")


@declared(*_OWN)
@strawberry.type(
    description="What was paid out of a wallet in a calendar year, from its monthly statements; and"
    " what a company was sent besides."
)
class TaxYear:
    """A year."""

    year: int = strawberry.field(description="The year.")
    paid: list[Amount] = strawberry.field(description="All that was paid out, per asset.")
    to_company: list[Amount] = strawberry.field(
        description="The part of it that was sent to a company, as the consents say."
    )
    for_staff: list[Amount] = strawberry.field(
        description="What was sent to the company besides, out of its people's wallets, as the"
        " consents say; empty for a person."
    )
    reportable: list[Amount] = strawberry.field(
        description="What was sent to the party itself: a person's `paid` without `toCompany`, a"
        " company's `paid` and `forStaff`."
    )
    standings: list[TaxStanding] = strawberry.field(
        description="Each threshold that is in force in the year; points count for none."
    )


async def _tax_year(info: Info, wallet_id: str, year: int, *, company: bool) -> TaxYear:
    """A wallet's year: at most twelve statements, and the month that is running."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        text = f"A year is from {_FIRST_YEAR} to {_LAST_YEAR}."
        raise GraphQLError(text, extensions={"code": "BAD_YEAR"})
    first, last = tax.months_of(year)
    statements, wallet, staff, thresholds = await asyncio.gather(
        info.context.load(Many(Statement, of_wallet(wallet_id), low=first, high=last)),
        info.context.load(One(Wallet, wallet_id)),
        info.context.load(One(tax.StaffPaid, tax.staff_paid_id(wallet_id, year))),
        info.context.load(Many(tax.TaxThreshold, of_vendor())),
    )
    paid = tax.paid_in(year, statements.records, wallet.month if wallet else None)
    for_staff = staff.counters if staff else {}
    if company:
        reportable: Mapping[str, int] = Counter(paid.paid) + Counter(for_staff)
    else:
        reportable = {asset: paid.to_person(asset) for asset in paid.paid}
    return TaxYear(
        year=year,
        paid=_amounts(paid.paid),
        to_company=[] if company else _amounts(paid.to_partner),
        for_staff=_amounts(for_staff),
        reportable=_amounts(reportable),
        standings=[_standing(one) for one in tax.standings(year, thresholds.records, reportable)],
    )


def _amounts(sums: Mapping[str, int]) -> list[Amount]:
    return [amount_of(asset, amount) for asset, amount in sorted(sums.items()) if amount]


def _standing(one: tax.Standing) -> TaxStanding:
    asset = one.threshold.asset
    return TaxStanding(
        code=one.threshold.id,
        name=one.threshold.name,
        threshold=amount_of(asset, one.amount.amount_minor),
        source=one.amount.source or None,
        reportable=amount_of(asset, one.reportable_minor),
        reached=one.reached,
        missing=amount_of(asset, one.missing_minor),
    )


@strawberry.type
class CompanyTax:
    """Mixed into a partner: what the company was paid."""

    @narrow(
        Audience.EXECUTIVE,
        Audience.VENDOR,
        description="What was paid out of the company's own wallet in a calendar year, and sent to"
        " it for its people.",
        metadata=counted(10),
    )
    async def tax_year(self, info: Info, year: Year) -> TaxYear | None:
        """A year."""
        return await _tax_year(info, _wallet_of(self), year, company=True)


@strawberry.type
class OwnTax:
    """Mixed into a person: what it was paid."""

    @narrow(
        Audience.OWNER,
        Audience.VENDOR,
        description="What was paid out of its wallet in a calendar year, and what of it counts.",
        metadata=counted(10),
    )
    async def tax_year(self, info: Info, year: Year) -> TaxYear | None:
        """A year."""
        return await _tax_year(info, _wallet_of(self), year, company=False)


def _wallet_of(party: Any) -> str:
    """The wallet of whatever the field is mixed into: it has the party's own id."""
    wallet_id: str = party.record.id
    return wallet_id


@strawberry.type
class TaxQueries:
    """Mixed into the root query."""

    @strawberry.field(description="The tax thresholds that the vendor has stated.")
    async def tax_thresholds(self, info: Info) -> list[TaxThreshold]:
        """The thresholds."""
        _, found = await asyncio.gather(
            info.context.viewer(), info.context.load(Many(tax.TaxThreshold, of_vendor()))
        )
        return [TaxThreshold.of(record) for record in found.records]


@strawberry.input(description="What a threshold is from a year on.")
class TaxThresholdAmountInput:
    """A dated amount."""

    from_year: int = strawberry.field(description="The first year in which it is in force.")
    amount: MoneyInput = strawberry.field(description="The amount, all of one currency.")
    source: str | None = strawberry.field(
        default=None, description="Where it stands, such as a law."
    )


@strawberry.input(
    description="A tax threshold with all its dated amounts, in place of what was stated before."
)
class SetTaxThresholdInput(MutationInput):
    """A threshold."""

    code: str = strawberry.field(
        description="Its unique code, such as US-1099-NEC: letters, digits and hyphens."
    )
    name: str = strawberry.field(description="For people.")
    amounts: list[TaxThresholdAmountInput] = strawberry.field(
        description="What it is from which year on."
    )


@declared(Audience.VENDOR)
@strawberry.type(description="The threshold is as it was stated.")
class TaxThresholdSet:
    """Success."""

    threshold: TaxThreshold = strawberry.field(description="The threshold.")


@strawberry.type
class TaxMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("SetTaxThreshold", TaxThresholdSet),
        MANAGERS,
        "States from how much a year it must be reported what somebody was paid.",
    )
    async def set_tax_threshold(self, info: Info, input: SetTaxThresholdInput) -> object:
        """A threshold."""
        amounts = tuple(
            tax.YearAmount(one.from_year, one.amount.minor("amounts"), one.source or "")
            for one in input.amounts
        )
        currencies = {one.amount.currency_code for one in input.amounts}
        if len(currencies) != 1:
            raise InvalidInput("A threshold's amounts are of one currency.", "amounts")
        outcome = perform(
            info,
            services.set_tax_threshold,
            input.request_id,
            code=input.code,
            name=input.name,
            asset=currencies.pop(),
            amounts=amounts,
        )
        return TaxThresholdSet(threshold=TaxThreshold.of(outcome.threshold))
