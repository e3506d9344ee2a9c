"""The vendor's finance report: all programs' accounts at an instant, and in one currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from portal_api.domain.currencies import Converted, ExchangeRate, Purse, converted
from portal_api.domain.errors import InvalidInput
from portal_api.domain.finance import Accounts, added
from portal_api.domain.money import POINTS, is_currency
from portal_api.domain.plans import PlanVersion, PointValue, plan_at
from portal_api.domain.programs import Program
from portal_api.services.currencies import rate_at
from portal_api.services.finance import Reading, reading
from portal_api.services.store import Slice


@dataclass(frozen=True, slots=True)
class FinanceReport:
    """The accounts by program and asset, their totals, and these in one currency if one was named.

    What has no rate or point value at the instant is in ``converted.left``, and nowhere else.
    """

    as_of: datetime
    programs: Mapping[str, Mapping[str, Accounts]]
    totals: Mapping[str, Accounts]
    converted: Converted | None


def report(
    programs: Sequence[Program],
    plans: Mapping[str, Sequence[PlanVersion]],
    as_of: datetime,
    currency: str | None,
) -> Reading[FinanceReport]:
    """The report of these programs, whose published plans are at hand.

    Three waves however much has happened: sums, the moves behind them, and rates. Raises
    ``InvalidInput`` for what is no currency.
    """
    if currency is not None and not is_currency(currency):
        raise InvalidInput("A currency is an ISO 4217 code such as USD.", "currencyCode")
    of_program = yield from reading([program.id for program in programs], as_of)
    totals = added(of_program.values())
    if currency is None:
        return FinanceReport(as_of, of_program, totals, None)
    purses = [
        Purse(asset, accounts, currency=asset)
        for asset, accounts in totals.items()
        if asset != POINTS
    ]
    for program in programs:
        points = of_program[program.id].get(POINTS)
        if points is not None:
            value = _point_value(plans.get(program.id, ()), as_of)
            worth_in = None if value is None else program.currency
            purses.append(Purse(POINTS, points, program.id, worth_in, value))
    named = {purse.currency for purse in purses if purse.currency}
    rates = yield from _rates(sorted(named - {currency}), currency, as_of)
    return FinanceReport(as_of, of_program, totals, converted(purses, currency, rates))


def _point_value(plans: Sequence[PlanVersion], as_of: datetime) -> PointValue | None:
    """What points are worth by the version in force at an instant."""
    plan = plan_at(tuple(plans), as_of)
    return plan.point_value if plan is not None and plan.effective_from <= as_of else None


def _rates(
    sources: Sequence[str], target: str, as_of: datetime
) -> Reading[dict[str, ExchangeRate]]:
    """The rates in force at an instant, by what they are from."""
    if not sources:
        return {}
    day = as_of.astimezone(UTC).date()
    pages: Sequence[Slice[ExchangeRate]] = yield [rate_at(one, target, day) for one in sources]
    found = zip(sources, pages, strict=True)
    return {source: page.records[0] for source, page in found if page.records}
