"""What one document may ask for, and what is told of literals that are no values."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_introspection_query, parse
from strawberry.extensions import validation_cache

from portal_api.dev.examples import examples
from portal_api.schema.limits import MAX_ALIASES, MAX_DEPTH, MAX_FRAGMENTS, MAX_TOKENS, check
from tests.schema.client import Client, Person

WRONG_LITERALS = {
    "DateTime": (
        "{ financeReport(asOf: %s) { asOf } }",
        ['"2026-01-06"', "5", "true", '"x"', "{}"],
    ),
    "a day that is none": (
        "{ financeReport(asOf: %s) { asOf } }",
        ['"2026-02-30T00:00:00Z"', '"1969-12-31T00:00:00Z"', '"9999-01-01T00:00:00Z"'],
    ),
    "Date": (
        (
            'mutation { setExchangeRates(input: {requestId: "literal-1", rates: [{fromCurrency:'
            ' "EUR", toCurrency: "USD", rate: "1", validFrom: %s}]}) { __typename } }'
        ),
        ['"20260301"', '"2026-W10-1"', '"2026-02-30"', '"0001-01-01"', "5", '"2026-03-01T00:00Z"'],
    ),
    "Decimal": (
        (
            'mutation { setPayoutMinimum(input: {requestId: "literal-2", minimum: {money:'
            ' {amount: %s, currencyCode: "USD"}}}) { __typename } }'
        ),
        ["10", "1.5", '"1e3"', "true", "[]"],
    ),
    "BigInt": (
        (
            'mutation { setPayoutMinimum(input: {requestId: "literal-3", minimum: {points: %s}})'
            " { __typename } }"
        ),
        ["1.5", '"1"', "true", str(2**53), "1" * 300],
    ),
}


@pytest.fixture
def manager(quick_client: Client) -> Person:
    """Somebody who may ask for everything."""
    return quick_client.person("CHANNEL_MANAGER")


def refused(client: Client, who: Person, document: str) -> str:
    """What a document is refused for, before any resolver has run."""
    answer = client.answer(who, document)
    assert answer.get("data") is None
    (error,) = answer["errors"]
    assert "BAD_REQUEST" == error["extensions"]["code"]
    message: str = error["message"]
    return message


@pytest.mark.parametrize("kind", WRONG_LITERALS)
def test_a_wrong_literal_of_a_scalar_is_a_bad_request_with_the_reason(
    quick_client: Client, manager: Person, kind: str
) -> None:
    """As the same value in a variable is: it is the client's mistake, and not one of ours."""
    document, values = WRONG_LITERALS[kind]
    for value in values:
        told = refused(quick_client, manager, document % value)
        assert told.startswith(("A D", "A BigInt is", "There is no such D")), told


@pytest.mark.parametrize("bad", ["20260301", "2026-W10-1", "2026-13-01", "1969-12-31", 5, None])
def test_a_date_is_a_day_of_the_calendar_in_one_form(
    quick_client: Client, manager: Person, bad: object
) -> None:
    """Not any form of ISO 8601, and of years in which every time zone has that day."""
    rate = {"fromCurrency": "EUR", "toCurrency": "USD", "validFrom": bad, "rate": "1.1"}
    answer = quick_client.answer(
        manager,
        "mutation($i: SetExchangeRatesInput!) { setExchangeRates(input: $i) { __typename } }",
        i={"requestId": "date-in-a-variable", "rates": [rate]},
    )
    assert ["BAD_REQUEST"] == [error["extensions"]["code"] for error in answer["errors"]]


def nested(levels: int) -> str:
    """Fields, so many levels deep."""
    inner = "id"
    for _ in range((levels - 3) // 2):
        inner = f"partner {{ individual {{ {inner} }} }}"
    return f"{{ viewer {{ individual {{ {inner} }} }} }}"


def doubling(fragments: int) -> str:
    """Each fragment spreads the next one twice."""
    spreads = "".join(
        f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments)
    )
    return f"{{ ...F0 }}{spreads} fragment F{fragments} on Query {{ a: viewer {{ role }} }}"


TOO_MUCH: dict[str, tuple[Callable[[], str], str]] = {
    "deep": (lambda: nested(MAX_DEPTH + 2), "levels deep"),
    "very deep, by fragments": (
        lambda: (
            "{ ...F0 }"
            + "".join(
                f" fragment F{n} on Query {{ {'a { ' * 4}...F{n + 1}{'} ' * 4} }}"
                for n in range(90)
            )
            + " fragment F90 on Query { a }"
        ),
        "levels deep",
    ),
    "aliases": (
        lambda: "{ " + "".join(f"a{n}: viewer {{ role }} " for n in range(MAX_ALIASES + 1)) + "}",
        "aliases",
    ),
    "aliases in fragments": (lambda: doubling(60), "aliases"),
    "fragments": (lambda: doubling(MAX_FRAGMENTS), "fragments"),
    "tokens": (lambda: "{ " + "viewer " * MAX_TOKENS + "}", "tokens"),
    "verified twice": (
        lambda: "{ a: verifyLedger { checked } verifyLedger { checked } }",
        "verifyLedger at most once",
    ),
    "reported twice, by a fragment": (
        lambda: (
            "{ financeReport { asOf } ...F }"
            " fragment F on Query { ... { later: financeReport { asOf } } }"
        ),
        "financeReport at most once",
    ),
    "exported twice": (
        lambda: "{ a: ledgerExport { lines } b: ledgerExport { lines } }",
        "ledgerExport at most once",
    ),
    "people exported twice": (
        lambda: '{ a: exportPeople(partnerId: "x") { csv } exportPeople(partnerId: "y") { csv } }',
        "exportPeople at most once",
    ),
    "two imports": (
        lambda: (
            "mutation($a: ImportPeopleInput!, $b: ImportActivitiesInput!) {"
            " importPeople(input: $a) { __typename } importActivities(input: $b) { __typename } }"
        ),
        "one import at most once",
    ),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_a_document_that_asks_for_too_much_is_refused(
    quick_client: Client, manager: Person, what: str
) -> None:
    """In no more time than reading it takes, and told what is too much."""
    made, told = TOO_MUCH[what]
    document = made()
    started = time.process_time()
    assert told in refused(quick_client, manager, document)
    assert time.process_time() - started < 1


def test_the_same_heavy_field_twice_with_one_answer_is_asked_once(
    quick_client: Client, manager: Person
) -> None:
    """GraphQL merges them: two parts of a page may each name what they show."""
    document = "{ verifyLedger { checked } ...F } fragment F on Query { verifyLedger { complete } }"
    answer = quick_client.query(manager, document)
    assert {"checked": 0, "complete": True} == answer["verifyLedger"]


def test_fragments_that_are_wrong_are_named_by_the_validation(
    quick_client: Client, manager: Person
) -> None:
    """One that is not there, and one that spreads itself."""
    assert "Unknown fragment 'F'." == refused(quick_client, manager, "{ ...F }")
    circle = "{ ...F } fragment F on Query { ...F }"
    assert "itself" in refused(quick_client, manager, circle)


def test_the_limits_leave_room_for_the_examples_and_for_introspection() -> None:
    """What tools ask for, and our own documents twice over."""
    check(parse(get_introspection_query(descriptions=True), max_tokens=MAX_TOKENS // 2))
    for example in examples():
        check(parse(example.document, max_tokens=MAX_TOKENS // 2))


def test_the_limits_do_not_keep_a_document_from_the_caches(
    quick_client: Client, manager: Person
) -> None:
    """A known document is neither parsed nor validated again."""
    cache: Any = validation_cache._get_validate_cache(256)
    document = "{ viewer { known: role } }"
    quick_client.answer(manager, document)
    before = cache.cache_info()
    quick_client.answer(manager, document)
    after = cache.cache_info()
    assert (1, 0) == (after.hits - before.hits, after.misses - before.misses)
