"""Finance: exchange rates, and the report of all programs in one currency."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry import relay

from portal_api.domain import currencies
from portal_api.domain.access import Audience as AudienceOf
from portal_api.domain.currencies import Conversion, Converted, Purse
from portal_api.domain.errors import InvalidInput
from portal_api.domain.holdings import Column
from portal_api.domain.money import is_currency
from portal_api.schema.access import Audience, declared
from portal_api.schema.accounts import ProgramAccounts, accounts_shown, instant_of, shared
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.errors import result
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.nodes import finder
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.plans import PointValue
from portal_api.schema.programs import Program
from portal_api.schema.scalars import Amount, BigInt, Money, amount_of, money_of
from portal_api.services import currencies as services
from portal_api.services.finance_report import FinanceReport as Report
from portal_api.services.finance_report import report
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Many, One, of_pair

AsOf = Annotated[
    datetime | None,
    strawberry.argument(
        description="The instant; what was recorded at it counts. Left out, or to come: now."
    ),
]


@declared(Audience.VENDOR)
@strawberry.type(
    description="What one unit of a currency is worth in another, for reports: nothing is paid in"
    " another currency than it was earned in. A rate never changes; one that is set for the same"
    " day again is a correction, which counts, and the former stays in the list."
)
class ExchangeRate(relay.Node):
    """A rate."""

    id: relay.NodeID[str]
    from_currency: str = strawberry.field(description="What one unit is of, ISO 4217.")
    to_currency: str = strawberry.field(description="What the rate is in, ISO 4217.")
    valid_from: date = strawberry.field(
        description="From the start of this day on, UTC, until the next day that has a rate."
    )
    rate: str = strawberry.field(description='An exact decimal, such as "1.0845".')
    set_at: datetime = strawberry.field(description="When it was set.")

    @classmethod
    def of(cls, record: currencies.ExchangeRate) -> "ExchangeRate":
        """The rate as shown."""
        return cls(
            id=record.id,
            from_currency=record.source,
            to_currency=record.target,
            valid_from=record.valid_from.date(),
            rate=record.rate,
            set_at=record.set_at,
        )


@declared(Audience.VENDOR)
@strawberry.type(description="One program's accounts at the instant of a report.")
class ProgramFinance:
    """A program in a report."""

    program: Program = strawberry.field(description="The program.")
    accounts: list[ProgramAccounts] = strawberry.field(description="Its accounts, per asset.")


@declared(Audience.VENDOR)
@strawberry.type(
    description="An asset's totals in the report's currency, each rounded once, half to even."
)
class ConvertedAsset:
    """What could be converted."""

    asset_code: str = strawberry.field(description="The asset that was converted.")
    program: Program | None = strawberry.field(
        description="Whose points they are: each program's have their own value; null for money."
    )
    budget: Money = strawberry.field(description="What is left to be awarded.")
    liability: Money = strawberry.field(description="What is owed.")
    paid: Money = strawberry.field(description="What was paid.")
    rate: ExchangeRate | None = strawberry.field(
        description="The rate used; null where it is in the report's currency already."
    )
    point_value: PointValue | None = strawberry.field(
        description="What points are worth by the program's plan in force; null for money."
    )


@declared(Audience.VENDOR)
@strawberry.type(
    description="An asset's totals that no rate, or no point value, was there for: they are in no"
    " converted total. The inverse of a rate is never used instead of one."
)
class NotConverted:
    """What could not be converted."""

    asset_code: str = strawberry.field(description="The asset.")
    program: Program | None = strawberry.field(description="Whose points they are; null for money.")
    budget: Amount = strawberry.field(description="What is left to be awarded.")
    liability: Amount = strawberry.field(description="What is owed.")
    paid: Amount = strawberry.field(description="What was paid.")


@declared(Audience.VENDOR)
@strawberry.type(description="A report's totals in one currency, with how they came about.")
class ConvertedTotals:
    """Totals in one currency."""

    budget: Money = strawberry.field(description="What is left to be awarded.")
    liability: Money = strawberry.field(description="What is owed.")
    paid: Money = strawberry.field(description="What was paid.")
    assets: list[ConvertedAsset] = strawberry.field(description="What they are the sum of.")
    not_converted: list[NotConverted] = strawberry.field(description="What is not in them.")


@declared(Audience.VENDOR)
@strawberry.type(description="All programs' accounts at an instant, from the journals alone.")
class FinanceReport:
    """The report."""

    as_of: datetime = strawberry.field(description="The instant.")
    programs: list[ProgramFinance] = strawberry.field(description="Program by program.")
    totals: list[ProgramAccounts] = strawberry.field(description="Over all programs, per asset.")
    converted: ConvertedTotals | None = strawberry.field(
        description="In the currency that was named; null where none was."
    )


@strawberry.input(description="A rate from a day on.")
class ExchangeRateInput:
    """A rate."""

    from_currency: str = strawberry.field(description="What one unit is of, ISO 4217.")
    to_currency: str = strawberry.field(description="What the rate is in, ISO 4217.")
    valid_from: date = strawberry.field(description="From the start of this day on, UTC.")
    rate: str = strawberry.field(
        description="A decimal larger than zero, at most 9 digits before and 12 behind the point,"
        ' such as "1.0845".'
    )


@strawberry.input(description="Rates to set, all or none.")
class SetExchangeRatesInput(MutationInput):
    """Rates."""

    rates: list[ExchangeRateInput] = strawberry.field(
        description=f"1 to {services.RATES_MAX}, one of each pair and day."
    )


@declared(Audience.VENDOR)
@strawberry.type(description="The rates count for their days from now on.")
class ExchangeRatesSet:
    """Success."""

    rates: list[ExchangeRate] = strawberry.field(description="In the order of the input.")


@strawberry.type
class FinanceMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("SetExchangeRates", ExchangeRatesSet),
        MANAGERS,
        "Sets exchange rates for reports. One that is the day's rate already changes nothing;"
        " another one for the same day corrects it, and both stay on record.",
    )
    async def set_exchange_rates(self, info: Info, input: SetExchangeRatesInput) -> object:
        """Rates."""
        rates = tuple(
            services.GivenRate(one.from_currency, one.to_currency, one.valid_from, one.rate)
            for one in input.rates
        )
        outcome = perform(info, services.set_exchange_rates, input.request_id, rates=rates)
        return ExchangeRatesSet(rates=[ExchangeRate.of(record) for record in outcome.rates])


@strawberry.type
class FinanceQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="All programs' accounts at an instant: read from daily sums and what was"
        " recorded behind them, so that it costs the same however much has happened. Null unless"
        " you are: vendor.",
        metadata=counted(100),
    )
    async def finance_report(
        self,
        info: Info,
        as_of: AsOf = None,
        currency_code: Annotated[
            str | None,
            strawberry.argument(description="Also convert the totals to this, ISO 4217."),
        ] = None,
    ) -> FinanceReport | None:
        """The report."""
        if not await _vendor(info):
            return None
        catalogue = await info.context.catalogue()
        programs = list(catalogue.programs.values())
        at = instant_of(info, as_of)
        made = await shared(info, report(programs, catalogue.plans, at, currency_code))
        viewer = await info.context.viewer()
        audiences = viewer.audiences(None, None)
        shown = {program.id: Program.of(program, audiences) for program in programs}
        return _report(made, shown)

    @strawberry.field(
        description="The rates of a pair of currencies, latest day first, and of a day the one that"
        " counts first. Null unless you are: vendor."
    )
    async def exchange_rates(
        self,
        info: Info,
        from_currency: Annotated[str, strawberry.argument(description="From this, ISO 4217.")],
        to_currency: Annotated[str, strawberry.argument(description="To this, ISO 4217.")],
        first: First = PAGE,
        after: After = None,
    ) -> relay.Connection[ExchangeRate] | None:
        """The rates."""
        if not await _vendor(info):
            return None
        if not is_currency(from_currency) or not is_currency(to_currency):
            raise InvalidInput("A currency is an ISO 4217 code such as USD.", "fromCurrency")
        size, mark = checked(first, after)
        pair = of_pair(from_currency, to_currency)
        want = Many(currencies.ExchangeRate, pair, first=size, after=mark, newest_first=True)
        page = await info.context.load(want)
        nodes = [ExchangeRate.of(record) for record in page.records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


async def _vendor(info: Info) -> bool:
    viewer = await info.context.viewer()
    return AudienceOf.VENDOR in viewer.audiences(None, None)


def _report(made: Report, programs: dict[str, Program]) -> FinanceReport:
    """The report as shown."""
    return FinanceReport(
        as_of=made.as_of,
        programs=[
            ProgramFinance(program=programs[program_id], accounts=accounts_shown(by_asset))
            for program_id, by_asset in made.programs.items()
        ],
        totals=accounts_shown(made.totals),
        converted=None if made.converted is None else _converted(made.converted, programs),
    )


def _converted(made: Converted, programs: dict[str, Program]) -> ConvertedTotals:
    target = made.currency
    return ConvertedTotals(
        budget=money_of(target, made.budget_minor),
        liability=money_of(target, made.liability_minor),
        paid=money_of(target, made.paid_minor),
        assets=[_asset(purse, way, programs) for purse, way in made.used],
        not_converted=[_left(purse, programs) for purse in made.left],
    )


def _asset(purse: Purse, way: Conversion, programs: dict[str, Program]) -> ConvertedAsset:
    accounts = purse.accounts
    return ConvertedAsset(
        asset_code=purse.asset,
        program=programs.get(purse.program_id or ""),
        budget=money_of(way.target, way.of(accounts.budget_minor)),
        liability=money_of(way.target, way.of(accounts.liability_minor)),
        paid=money_of(way.target, way.of(accounts.sum(Column.PAID))),
        rate=None if way.rate is None else ExchangeRate.of(way.rate),
        point_value=_value(purse),
    )


def _value(purse: Purse) -> PointValue | None:
    if purse.point_value is None or purse.currency is None:
        return None
    value = purse.point_value
    return PointValue(
        points=BigInt(value.points), amount=money_of(purse.currency, value.amount_minor)
    )


def _left(purse: Purse, programs: dict[str, Program]) -> NotConverted:
    accounts = purse.accounts
    return NotConverted(
        asset_code=purse.asset,
        program=programs.get(purse.program_id or ""),
        budget=amount_of(purse.asset, accounts.budget_minor),
        liability=amount_of(purse.asset, accounts.liability_minor),
        paid=amount_of(purse.asset, accounts.sum(Column.PAID)),
    )


@finder("ExchangeRate")
async def _rate(info: Info, record_id: str) -> ExchangeRate | None:
    found = await info.context.load(One(currencies.ExchangeRate, record_id))
    return ExchangeRate.of(found) if found is not None and await _vendor(info) else None
