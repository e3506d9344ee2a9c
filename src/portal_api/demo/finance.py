"""What the demo's finance people state: tax thresholds and exchange rates, all with their dates."""

from datetime import date
from functools import partial
from typing import Final

from portal_api.demo.teller import Teller
from portal_api.demo.world import day
from portal_api.domain.tax import YearAmount
from portal_api.services import currencies, tax
from portal_api.services.currencies import GivenRate

TAX_CODE: Final = "US-1099-NEC"
_TAX_AMOUNTS: Final = (
    YearAmount(2020, 600_00, "26 U.S.C. 6041A"),
    YearAmount(2026, 2_000_00, "Public Law 119-21, section 70433"),
)
_RATES: Final = (
    (date(2026, 1, 5), "1.0920", "0.9157"),
    (date(2026, 4, 1), "1.1045", "0.9054"),
    (date(2026, 6, 1), "1.2110", "0.8258"),
)
"""Invented: what a euro is in dollars from a day on, and a dollar in euros."""
_CORRECTED: Final = (date(2026, 6, 1), "1.1210", "0.8921")
"""Two digits of the last ones were exchanged."""


def plan(teller: Teller) -> None:
    """Plans the thresholds in the first week, each rate on its day, and a correction."""
    teller.at(day(1, 5, hour=10), partial(_set_thresholds, teller))
    for on, euro, dollar in _RATES:
        teller.at(day(on.month, on.day, hour=7), partial(_set_rates, teller, on, euro, dollar))
    teller.at(day(6, 2, hour=7), partial(_set_rates, teller, *_CORRECTED))


def _set_thresholds(teller: Teller) -> None:
    tax.set_tax_threshold(
        teller.portal,
        teller.ask(teller.managers[1]),
        code=TAX_CODE,
        name="Nonemployee compensation (Form 1099-NEC)",
        asset="USD",
        amounts=_TAX_AMOUNTS,
    )


def _set_rates(teller: Teller, on: date, euro: str, dollar: str) -> None:
    rates = (GivenRate("EUR", "USD", on, euro), GivenRate("USD", "EUR", on, dollar))
    currencies.set_exchange_rates(teller.portal, teller.ask(teller.managers[1]), rates=rates)
