"""Exchange rates for reports: set by the vendor's managers, and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from portal_api.domain.currencies import ExchangeRate, day_text, rate_id, rate_text
from portal_api.domain.errors import InvalidInput
from portal_api.domain.money import is_currency
from portal_api.domain.writes import Create
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Many, of_pair
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

RATES_MAX = 50
_LAST = "~"


@dataclass(frozen=True, slots=True)
class GivenRate:
    """What one unit of ``source`` is worth in ``target`` from a day on."""

    source: str
    target: str
    valid_from: date
    rate: str


@dataclass(frozen=True, slots=True)
class ExchangeRatesSet:
    """The rates that count for their days from now on, in the order in which they were given."""

    rates: tuple[ExchangeRate, ...]


def rate_at(source: str, target: str, day: date) -> Many[ExchangeRate]:
    """The rate of a pair in force on a day: of the last day up to it, the last that was set."""
    high = f"{day_text(day)}#{_LAST}"
    return Many(ExchangeRate, of_pair(source, target), first=1, newest_first=True, high=high)


def set_exchange_rates(portal: Portal, ask: Ask, *, rates: Sequence[GivenRate]) -> ExchangeRatesSet:
    """Sets rates, all or none; a rate that is set for its day already stays as it is.

    Another one for the same day is a correction: it is kept beside the former, and counts.
    """
    wants = {
        given: rate_at(given.source, given.target, given.valid_from)
        for given in rates[:RATES_MAX]
        if is_currency(given.source) and is_currency(given.target)
    }

    def decide(s: Situation) -> Decision[ExchangeRatesSet]:
        _check(rates)
        made: list[ExchangeRate] = []
        writes: list[Create] = []
        for given, want in wants.items():
            latest = next(iter(s.found[want].records), None)
            rate = _after(latest, given, s)
            made.append(rate)
            if rate is not latest:
                writes.append(Create(rate))
        return Decision(ExchangeRatesSet(tuple(made)), tuple(writes), made[0].id)

    arguments = {
        "rates": [
            [given.source, given.target, given.valid_from.isoformat(), given.rate]
            for given in rates
        ]
    }
    return perform(
        portal,
        ask,
        "setExchangeRates",
        arguments,
        MANAGERS,
        tuple(wants.values()),
        decide,
        ExchangeRatesSet,
    )


def _check(rates: Sequence[GivenRate]) -> None:
    """Raises ``InvalidInput`` for rates that cannot be set together."""
    if not 1 <= len(rates) <= RATES_MAX:
        raise InvalidInput(f"1 to {RATES_MAX} rates are set at once.", "rates")
    for given in rates:
        if not is_currency(given.source) or not is_currency(given.target):
            raise InvalidInput("A currency is an ISO 4217 code such as USD.", "rates")
        if given.source == given.target:
            raise InvalidInput("A rate is from one currency to another.", "rates")
        try:
            rate_text(given.rate)
        except ValueError as problem:
            raise InvalidInput(str(problem), "rates") from None
    if len({(given.source, given.target, given.valid_from) for given in rates}) < len(rates):
        raise InvalidInput("A day has one rate of a pair.", "rates")


def _after(latest: ExchangeRate | None, given: GivenRate, s: Situation) -> ExchangeRate:
    """The rate that is to count for the day: the one that does, or a new one behind it."""
    starts = datetime.combine(given.valid_from, time(), UTC)
    rate, number = rate_text(given.rate), 1
    if latest is not None and latest.valid_from == starts:
        if latest.rate == rate:
            return latest
        number = latest.number + 1
    return ExchangeRate(
        id=rate_id(given.source, given.target, given.valid_from, number),
        source=given.source,
        target=given.target,
        valid_from=starts,
        rate=rate,
        set_at=s.now,
        set_by=s.viewer.id,
    )
