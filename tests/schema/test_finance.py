"""Finance through the API: accounts at any instant, and totals in the vendor's currency."""

from datetime import timedelta
from typing import Any

import pytest

from portal_api.services.finance import close_days
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.schema.client import Client, Person, usd
from tests.schema.planning import MILESTONES, create, paying, publish_plan
from tests.schema.selling import Selling
from tests.services.stores import CountingEngine
from tests.services.world import World

AMOUNT = "{ money { amount currencyCode } points }"
ACCOUNTS = f"""assetCode funded {AMOUNT} earned {AMOUNT} reversed {AMOUNT} paid {AMOUNT}
    expired {AMOUNT} offset {AMOUNT} adjusted {AMOUNT} budget {AMOUNT} liability {AMOUNT}"""
PROGRAM = f"""query($id: ID!, $asOf: DateTime) {{ node(id: $id) {{ ... on Program {{
    accounts(asOf: $asOf) {{ {ACCOUNTS} }} }} }} }}"""
RATE = "fromCurrency toCurrency validFrom rate"
REPORT = f"""query($asOf: DateTime, $currency: String) {{
    financeReport(asOf: $asOf, currencyCode: $currency) {{ asOf
      programs {{ program {{ id }} accounts {{ assetCode }} }} totals {{ {ACCOUNTS} }}
      converted {{ budget {{ amount }} liability {{ amount currencyCode }} paid {{ amount }}
        assets {{ assetCode program {{ id }} liability {{ amount }} rate {{ {RATE} }}
          pointValue {{ points amount {{ amount }} }} }}
        notConverted {{ assetCode program {{ id }} liability {AMOUNT} }} }} }} }}"""
RATES = f"""query($from: String!, $to: String!, $first: Int, $after: String) {{
    exchangeRates(fromCurrency: $from, toCurrency: $to, first: $first, after: $after) {{
      pageInfo {{ hasNextPage endCursor }} edges {{ node {{ id {RATE} setAt }} }} }} }}"""
DEALS = paying("deals", MILESTONES)


def _flat(asset: str, amount: str) -> dict[str, Any]:
    """So much of an asset for a training."""
    mechanic = {"flat": {"behavior": "TRAINING", "amount": amount}}
    return paying(f"in {asset}".lower().replace(" ", "-"), mechanic, assetCode=asset)


def _shown(accounts: dict[str, Any]) -> dict[str, str]:
    """The amounts of one asset that are not zero."""
    amounts = {name: one for name, one in accounts.items() if name != "assetCode"}
    told = {
        name: one["money"]["amount"] if one["money"] else str(one["points"])
        for name, one in amounts.items()
    }
    return {name: text for name, text in told.items() if text.strip("0.")}


def _accounts(client: Client, who: Person, program: str, as_of: str | None = None) -> Any:
    found = client.query(who, PROGRAM, id=program, asOf=as_of)["node"]["accounts"]
    return found and [_shown(one) for one in found]


def _report(client: Client, who: Person, currency: str | None = None, **given: Any) -> Any:
    return client.query(who, REPORT, currency=currency, **given)["financeReport"]


def _set(client: Client, who: Person, *rates: tuple[str, str, str, str], **given: Any) -> Any:
    names = ("fromCurrency", "toCurrency", "validFrom", "rate")
    wish = [dict(zip(names, one, strict=True)) for one in rates]
    told = f"... on ExchangeRatesSet {{ rates {{ {RATE} }} }} ... on InvalidInput {{ field }}"
    return client.do(who, "setExchangeRates", told, **{"rates": wish, **given})


def _liabilities(report: Any) -> dict[str, str]:
    assets = report["converted"]["assets"]
    return {one["assetCode"]: one["liability"]["amount"] for one in assets}


def test_S17_accounts_are_what_was_so_at_any_instant(client: Client) -> None:
    """150.00 at the approval, 900.00 once won, paid out later; the same after days are closed."""
    selling = Selling(client, DEALS)
    funded = client.world.now.isoformat()
    client.world.wait()
    deal = selling.approved()
    approved = client.world.now.isoformat()
    before = (client.world.now - timedelta(microseconds=1)).isoformat()
    selling.win(deal)
    won = client.world.now.isoformat()
    client.world.wait()
    told = "... on PayoutRequested { payout { id } }"
    asked = client.do(selling.rep, "requestPayout", told, amount={"money": usd("100.00")})
    given = {"payoutId": asked["payout"]["id"], "paid": True, "reference": "SEPA 1"}
    assert (
        "PayoutResolved" == client.do(selling.manager, "resolvePayout", "", **given)["__typename"]
    )

    start = {"funded": "100000.00", "budget": "100000.00"}
    early = start | {"earned": "150.00", "liability": "150.00", "budget": "99850.00"}
    late = start | {"earned": "900.00", "liability": "900.00", "budget": "99100.00"}
    now = late | {"paid": "100.00", "liability": "800.00"}

    def at(as_of: str | None) -> Any:
        return _accounts(client, selling.manager, selling.program, as_of)[-1]

    expected = [start, start, early, late, now, now]
    instants = [funded, before, approved, won, None, "2099-01-01T00:00:00Z"]
    assert expected == [at(instant) for instant in instants]
    assert close_days(client.world.portal) > 0
    assert expected == [at(instant) for instant in instants]
    assert [] == _accounts(client, selling.manager, selling.program, "2020-01-01T00:00:00Z")
    assert _accounts(client, selling.executive, selling.program) is None


class Currencies:
    """A rep who is owed 30.00 EUR, 4,000 JPY and 250 points, and 100 points that have no value."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.manager, self.partner = client.person("CHANNEL_MANAGER"), client.partner()
        self.rep = client.person("SALES_REP", self.partner)
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        client.behavior(self.manager)
        rules = (_flat("EUR", "30.00"), _flat("JPY", "4000"), _flat("POINTS", "250"))
        value = {"points": 100, "amount": usd("1.00")}
        self.program = self._program(*rules, pointValue=value)
        self.other = self._program(_flat("POINTS", "100"))
        client.world.wait()
        for program in (self.program, self.other):
            client.record(self.manager, self.rep, program, "course")

    def _program(self, *rules: dict[str, Any], **given: Any) -> str:
        client, manager = self.client, self.manager
        program = create(client, manager)
        for currency in ("EUR", "JPY"):
            money = {"amount": "100000", "currencyCode": currency}
            client.do(manager, "fundProgram", "", programId=program, amount={"money": money})
        published = publish_plan(client, manager, program, *rules, **given)
        assert "PlanPublished" == published["__typename"], published
        client.consent(self.executive, self.partner, program)
        client.enroll(self.rep, self.partner, program)
        return program


@pytest.fixture
def lonely_client(lonely_engine: Engine) -> Client:
    """Give the API on each engine in turn, with no program of another test in it."""
    return Client(World(TableStore(lonely_engine)))


def test_S17_totals_are_in_the_vendors_currency_by_the_rates_of_the_day(
    lonely_client: Client,
) -> None:
    """30.00 EUR at 1.0845, 4,000 JPY at 0.0066, 250 points of 0.01 USD: 32.54 + 26.40 + 2.50."""
    client = lonely_client
    of = Currencies(client)
    answer = _set(
        client,
        of.manager,
        ("EUR", "USD", "2026-01-01", "1.2"),
        ("EUR", "USD", "2026-01-06", "1.0845"),
        ("EUR", "USD", "2030-01-01", "9"),
        ("JPY", "USD", "2026-01-01", "0.0066"),
        ("USD", "KWD", "2026-01-01", "0.3"),
    )
    assert ("ExchangeRatesSet", 5) == (answer["__typename"], len(answer["rates"]))
    report = _report(client, of.manager, "USD")

    assert {"EUR": "32.54", "JPY": "26.40", "USD": "0.00", "POINTS": "2.50"} == _liabilities(report)
    converted = report["converted"]
    assert {"amount": "61.44", "currencyCode": "USD"} == converted["liability"]
    used = {one["assetCode"]: one["rate"] for one in converted["assets"]}
    assert ("2026-01-06", "1.0845") == (used["EUR"]["validFrom"], used["EUR"]["rate"])
    assert (None, None) == (used["USD"], used["POINTS"])
    points = next(one for one in converted["assets"] if one["assetCode"] == "POINTS")
    value = {"points": 100, "amount": {"amount": "1.00"}}
    assert (of.program, value) == (points["program"]["id"], points["pointValue"])
    left = {"assetCode": "POINTS", "program": {"id": of.other}}
    owed = {"liability": {"money": None, "points": 100}}
    assert [left | owed] == converted["notConverted"]
    totals = {one["assetCode"]: _shown(one)["budget"] for one in report["totals"]}
    assert {"EUR": "199970.00", "JPY": "196000", "POINTS": "199650", "USD": "200000.00"} == totals


def test_S17_a_report_of_then_has_the_rates_of_then_and_no_inverse_of_any(
    quick_client: Client,
) -> None:
    """Dinars have three digits; from euros and yen no rate to them is there: they are left out."""
    of = Currencies(quick_client)
    day = quick_client.world.now.date()
    rates = [
        ("EUR", "USD", f"{day}", "1.5"),
        ("KWD", "EUR", "2026-01-01", "3"),
        ("USD", "KWD", "2026-01-01", "0.3075"),
    ]
    _set(quick_client, of.manager, *rates)
    then = quick_client.world.now
    quick_client.world.wait()
    _set(quick_client, of.manager, ("EUR", "USD", f"{quick_client.world.now.date()}", "2"))

    told = [
        _liabilities(_report(quick_client, of.manager, "USD", **given))["EUR"]
        for given in ({}, {"asOf": then.isoformat()})
    ]
    assert ["60.00", "45.00"] == told
    dinars = _report(quick_client, of.manager, "KWD")
    assert {"USD": "0.000", "POINTS": "0.769"} == _liabilities(dinars)
    left = [one["assetCode"] for one in dinars["converted"]["notConverted"]]
    assert ["EUR", "JPY", "POINTS"] == left
    plain = _report(quick_client, of.manager)
    assert (None, 2) == (plain["converted"], len(plain["programs"]))


def test_S17_a_correction_of_a_rate_counts_and_the_former_stays_on_record(client: Client) -> None:
    """The same again changes nothing; another one of the day is one more line of its history."""
    manager = client.person("CHANNEL_MANAGER")
    of_day = ("EUR", "CHF", "2026-01-05")
    first = _set(client, manager, (*of_day, "0.94"))
    client.world.wait()
    assert first == _set(client, manager, (*of_day, "0.940"))
    corrected = _set(client, manager, (*of_day, "0.95"), ("EUR", "CHF", "2026-01-06", "0.96"))
    assert ["0.95", "0.96"] == [one["rate"] for one in corrected["rates"]]

    def page(first: int, after: str | None = None) -> Any:
        given = {"from": "EUR", "to": "CHF", "first": first, "after": after}
        return client.query(manager, RATES, **given)["exchangeRates"]

    start = page(2)
    rest = page(2, start["pageInfo"]["endCursor"])
    listed = [edge["node"] for one in (start, rest) for edge in one["edges"]]
    assert ["0.96", "0.95", "0.94"] == [one["rate"] for one in listed]
    assert (True, False) == (start["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"])
    again = client.request_id()
    answers = [_set(client, manager, (*of_day, "0.97"), again=again) for _ in range(2)]
    assert answers[0] == answers[1]
    assert 4 == len(page(10)["edges"])


def test_S17_rates_that_cannot_be_are_invalid_input(quick_client: Client) -> None:
    """All or none of them are set."""
    manager = quick_client.person("CHANNEL_MANAGER")
    good = ("EUR", "SEK", "2026-01-05", "11.1")
    for bad in (
        ("EUR", "SEK", "2026-01-05", "11.2"),
        ("EUR", "EUR", "2026-01-05", "1"),
        ("EUR", "POINTS", "2026-01-05", "1"),
        ("eur", "SEK", "2026-01-05", "1"),
        ("EUR", "SEK", "2026-01-06", "0"),
        ("EUR", "SEK", "2026-01-06", "1e2"),
    ):
        answer = _set(quick_client, manager, good, bad)
        assert ("InvalidInput", "rates") == (answer["__typename"], answer["field"])
    assert "InvalidInput" == _set(quick_client, manager)["__typename"]
    listed = quick_client.query(manager, RATES, **{"from": "EUR", "to": "SEK"})
    assert [] == listed["exchangeRates"]["edges"]


def test_S17_finance_is_the_vendors(quick_client: Client) -> None:
    """For everybody else there is none."""
    of = Currencies(quick_client)
    answer = _set(quick_client, of.manager, ("EUR", "USD", "2026-01-05", "1.1"))
    assert "ExchangeRatesSet" == answer["__typename"]
    found = quick_client.query(of.manager, RATES, **{"from": "EUR", "to": "USD"})["exchangeRates"]
    rate = found["edges"][0]["node"]["id"]
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert {"id": rate} == quick_client.query(of.manager, node, id=rate)["node"]
    for who in (of.rep, of.executive):
        assert _report(quick_client, who, "USD") is None
        hidden = quick_client.query(who, RATES, **{"from": "EUR", "to": "USD"})
        assert None is hidden["exchangeRates"] is quick_client.query(who, node, id=rate)["node"]
    for currency in ("POINTS", "euro"):
        asked = quick_client.answer(of.manager, REPORT, currency=currency)
        assert "INVALID_INPUT" == asked["errors"][0]["extensions"]["code"]


def test_S17_a_report_costs_the_same_for_any_number_of_programs(sqlite_engine: Engine) -> None:
    """Who asks, programs, sums, the moves behind them, rates; and a list of accounts likewise."""
    counting = CountingEngine(sqlite_engine)
    client = Client(World(TableStore(counting)))
    manager = client.person("CHANNEL_MANAGER")
    listed = "{ viewer { programs { accounts { assetCode budget { points } } } } }"
    costs = []
    for _ in range(2):
        client.program(manager)
        for document, given in ((REPORT, {"currency": "EUR"}), (listed, {})):
            counting.forget()
            client.query(manager, document, **given)
            costs.append(counting.waves)
    assert ["R" * 5, "R" * 4] * 2 == costs
