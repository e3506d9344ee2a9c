"""Tax thresholds: dated data that the vendor states."""

from dataclasses import dataclass, replace

from portal_api.domain import money
from portal_api.domain.errors import InvalidInput
from portal_api.domain.tax import TaxThreshold, YearAmount
from portal_api.domain.writes import Save
from portal_api.services.partners import MANAGERS, required
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

_FIRST_YEAR, _LAST_YEAR = 1900, 9900
_MOST_AMOUNTS = 50


@dataclass(frozen=True, slots=True)
class TaxThresholdSet:
    """The threshold is as it was stated."""

    threshold: TaxThreshold


def set_tax_threshold(
    portal: Portal,
    ask: Ask,
    *,
    code: str,
    name: str,
    asset: str,
    amounts: tuple[YearAmount, ...],
) -> TaxThresholdSet:
    """States a threshold with all its dated amounts, in place of what was stated before."""
    want = One(TaxThreshold, code)

    def decide(s: Situation) -> Decision[TaxThresholdSet]:
        if not code.isascii() or not code.replace("-", "").isalnum() or len(code) > 60:
            raise InvalidInput("A code is letters, digits and hyphens, up to 60.", "code")
        if not money.is_currency(asset):
            raise InvalidInput("A threshold is an amount of money.", "amounts")
        known = s.found[want]
        threshold = TaxThreshold(
            id=code,
            name=required("name", name),
            asset=asset,
            amounts=_checked(amounts),
            version=known.version if known else 0,
        )
        return Decision(TaxThresholdSet(threshold), (Save(threshold),), code)

    arguments = {"code": code, "name": name, "asset": asset, "amounts": amounts}
    return perform(
        portal, ask, "setTaxThreshold", arguments, MANAGERS, (want,), decide, TaxThresholdSet
    )


def _checked(amounts: tuple[YearAmount, ...]) -> tuple[YearAmount, ...]:
    """The amounts in the order of their years; raises ``InvalidInput``."""
    by_year = {one.from_year: one for one in amounts}
    if not 0 < len(amounts) <= _MOST_AMOUNTS or len(by_year) < len(amounts):
        raise InvalidInput(f"1 to {_MOST_AMOUNTS} amounts, each from another year.", "amounts")
    for one in amounts:
        if not _FIRST_YEAR <= one.from_year <= _LAST_YEAR:
            raise InvalidInput(f"A year is {_FIRST_YEAR} to {_LAST_YEAR}.", "amounts")
        if not 0 < one.amount_minor <= money.LARGEST_AMOUNT_MINOR:
            raise InvalidInput("A threshold is more than zero.", "amounts")
    return tuple(
        replace(one, source=required("source", one.source, 500) if one.source else "")
        for _, one in sorted(by_year.items())
    )
