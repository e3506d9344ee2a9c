"""What one document may ask for, and what is told of literals that are no values."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError, get_introspection_query, parse

from portal_api import handler
from portal_api.app import create_app
from portal_api.dev.examples import examples
from portal_api.schema import build_schema
from portal_api.schema.documents import reader
from portal_api.schema.limits import MAX_TOKENS, check
from tests.api import CLIENT_ID, body_of, event_of, send
from tests.portals import ADMIN, opened
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
        expected = ("A D", "A BigInt is", "There is no such D", "A number has at most")
        assert told.startswith(expected), told


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


TOO_MUCH = {
    "verified twice": (
        "{ a: verifyLedger { checked } verifyLedger { checked } }",
        "verifyLedger at most once",
    ),
    "reported twice, by a fragment": (
        "{ financeReport { asOf } ...F } fragment F on Query { ... { a: financeReport { asOf } } }",
        "financeReport at most once",
    ),
    "exported twice": (
        "{ a: ledgerExport { lines } b: ledgerExport { lines } }",
        "ledgerExport at most once",
    ),
    "people exported twice": (
        '{ a: exportPeople(partnerId: "x") { csv } exportPeople(partnerId: "y") { csv } }',
        "exportPeople at most once",
    ),
    "two imports": (
        """mutation($a: ImportPeopleInput!, $b: ImportActivitiesInput!) {
            importPeople(input: $a) { __typename } importActivities(input: $b) { __typename } }""",
        "one import at most once",
    ),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_a_document_that_asks_for_too_much_is_refused(
    quick_client: Client, manager: Person, what: str
) -> None:
    """Each of these fields is as much work as a request should be."""
    document, told = TOO_MUCH[what]
    assert told in refused(quick_client, manager, document)


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


def test_a_known_document_is_not_read_again_and_a_refused_one_is_not_kept() -> None:
    """A portal's screens cost their reading once; nobody fills the memory with refusals."""
    read: Any = reader(introspection=False)
    schema = build_schema()._schema
    first = read(schema, "{ viewer { role } }")
    assert first is read(schema, "{ viewer { role } }")
    for wrong in ("{", "{ nothing }", "{ viewer { partners(last: 1) { edges { cursor } } } }"):
        for _ in range(2):
            with pytest.raises(GraphQLError):
                read(schema, wrong)
    assert (1, 1) == (read.cache_info().currsize, read.cache_info().hits)


def test_the_schema_answers_about_itself_only_where_that_is_said() -> None:
    """Off unless it is asked for; ``__typename`` is no such question."""
    schema = build_schema()._schema
    closed, opened = reader(introspection=False), reader(introspection=True)
    closed(schema, "{ __typename viewer { __typename } }")
    for document in (get_introspection_query(), '{ __type(name: "Role") { name } }'):
        opened(schema, document)
        with pytest.raises(GraphQLError, match="introspection has been disabled"):
            closed(schema, document)


def test_only_the_local_portal_opens_the_schema(tmp_path: Path) -> None:
    """The function in AWS makes its app without saying so; the tests' entry is made the same."""
    asked = event_of(ADMIN, "{ __schema { queryType { name } } }")
    with opened(tmp_path) as portal:
        answer = body_of(send(portal, asked))
        assert "introspection" in answer["errors"][0]["message"]
        local = create_app(portal.store, portal.clock, portal.new_id, introspection=True)
        entry = handler.entry_of("dev", local, {CLIENT_ID}, ())
        told = {"__schema": {"queryType": {"name": "Query"}}}
        assert told == body_of(entry(asked))["data"]
