"""Documents that ask for too much, or wrongly: one error each, at once, and nothing is read."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_introspection_query

from portal_api.schema.costs import MAX_COST
from portal_api.schema.limits import (
    MAX_ALIASES,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_DIRECTIVES,
    MAX_FRAGMENTS,
    MAX_NAME,
    MAX_OPERATIONS,
    MAX_SELECTIONS,
    MAX_TOKENS,
    MAX_VARIABLES,
)
from tests.api import REQUEST_ID, body_of, entry_of, event_of
from tests.portals import ADMIN
from tests.untouched import QUICK, quickest, untouchable

BAD = "BAD_REQUEST"
PARTNERS = "{ viewer { partners(%s) { edges { cursor } } } }"
SIZED = "query($n: Int!) { viewer { partners(first: $n) { edges { cursor } } } }"
REGIONS = (
    "query($x: [String!]!) { viewer { partners(filter: {regions: $x}) { edges { cursor } } } }"
)
TYPES = (
    "query($x: [PartnerType!]!) { viewer { partners(filter: {types: $x}) { edges { cursor } } } }"
)
PAYOUT = "mutation($i: RequestPayoutInput!) { requestPayout(input: $i) { __typename } }"
Asked = str | tuple[str, dict[str, Any]]


def doubling(fragments: int, leaf: str) -> str:
    """Each fragment spreads the next one twice."""
    spreads = (f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} " for n in range(fragments))
    return "{ ...F0 } " + "".join(spreads) + f"fragment F{fragments} on Query {{ {leaf} }}"


def chained(fragments: int, around: str) -> str:
    """Each fragment spreads the next one inside of something."""
    parts = (f"fragment F{n} on Query {{ {around % f'...F{n + 1}'} }} " for n in range(fragments))
    return "{ ...F0 } " + "".join(parts) + f"fragment F{fragments} on Query {{ __typename }}"


def listed(size: int) -> str:
    """People of partners, and what they earned, in pages of a size."""
    return (
        f"{{ viewer {{ partners(first: {size}) {{ edges {{ node {{ individuals(first: {size})"
        f" {{ edges {{ node {{ earnings(first: {size}) {{ edges {{ node {{ id }} }} }} }} }} }} }}"
        " } } } }"
    )


BAD_DOCUMENTS: dict[str, tuple[Callable[[], Asked], str, str]] = {
    "cut off": (lambda: "{ viewer { role", BAD, "Syntax Error"),
    "no document": (lambda: "#", BAD, "Syntax Error"),
    "a definition of types": (lambda: "type Query { a: Int }", BAD, "not executable"),
    "only a fragment": (lambda: "fragment F on Query { __typename }", BAD, "never used"),
    "500 unknown fields": (
        lambda: "{ " + " ".join(f"unknown{n}" for n in range(500)) + " }",
        BAD,
        "Cannot query field 'unknown0' on type 'Query'.",
    ),
    "500 unknown arguments": (
        lambda: PARTNERS % " ".join(f"unknown{n}: 1" for n in range(500)),
        BAD,
        "Unknown argument 'unknown0'",
    ),
    "500 wrong values": (
        lambda: PARTNERS % f"filter: {{types: [{'WRONG ' * 500}]}}",
        BAD,
        "does not exist",
    ),
    "3,000 wrong values in a variable": (
        lambda: (TYPES, {"x": ["WRONG"] * 3_000}),
        BAD,
        "invalid value at [0]",
    ),
    "a misspelt field": (lambda: "{ viewer { rolle } }", BAD, "'rolle' on type 'Viewer'."),
    "a misspelt argument": (lambda: PARTNERS % "fist: 1", BAD, "'Viewer.partners'."),
    "a misspelt type": (
        lambda: "query($x: Strin) { viewer { partners(after: $x) { edges { cursor } } } }",
        BAD,
        "'Strin'.",
    ),
    "a misspelt value": (lambda: PARTNERS % "filter: {types: [VARR]}", BAD, "enum."),
    "a misspelt value in a variable": (lambda: (TYPES, {"x": ["VARR"]}), BAD, "enum."),
    "a misspelt field in a variable": (
        lambda: (PAYOUT, {"i": {"requestId": "12345678", "amuont": {}}}),
        BAD,
        "invalid value",
    ),
    "tokens": (lambda: "{ " + "viewer " * 9_000 + "}", BAD, f"{MAX_TOKENS} tokens"),
    "comments": (lambda: "#\n" * 30_000 + "{ __typename }", BAD, f"{MAX_TOKENS} tokens"),
    "fields": (
        lambda: "{ viewer { " + "role " * 1_900 + "} }",
        BAD,
        f"at most {MAX_SELECTIONS} fields",
    ),
    "depth": (
        lambda: "{ a " * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1),
        BAD,
        f"{MAX_DEPTH} levels",
    ),
    "nesting that the parser refuses": (lambda: "{ a " * 900, BAD, "nested too deeply"),
    "depth by fragments": (lambda: chained(90, "a { a { a { a { %s } } } }"), BAD, "levels deep"),
    "inline fragments inside each other": (
        lambda: "{ " + "... { " * 190 + "__typename" + " }" * 190 + " }",
        BAD,
        "levels deep",
    ),
    "inline fragments by fragments": (
        lambda: chained(90, "... { ... { ... { %s } } }"),
        BAD,
        "deep",
    ),
    "inline fragments beside each other": (
        lambda: "{ " + "... on Query { viewer { role individual { name } } } " * 150 + "}",
        BAD,
        "one name",
    ),
    "the product of inline fragments": (
        lambda: (
            "{ ...A } fragment A on Query { "
            + "... { ...B } " * 40
            + "} fragment B on Query { "
            + "... { viewer { role } } " * 40
            + "}"
        ),
        BAD,
        f"at most {MAX_SELECTIONS} fields",
    ),
    "repeated fields with arguments": (
        lambda: "{ viewer { " + "partners(first: 1) { edges { cursor } } " * 120 + "} }",
        BAD,
        "one name",
    ),
    "aliases": (
        lambda: "{ " + "".join(f"a{n}: __typename " for n in range(MAX_ALIASES + 1)) + "}",
        BAD,
        f"at most {MAX_ALIASES} aliases",
    ),
    "aliases multiplied by fragments": (
        lambda: doubling(5, "a: __typename"),
        BAD,
        f"at most {MAX_ALIASES} aliases",
    ),
    "22 doubling fragments": (lambda: doubling(22, "__typename"), BAD, "fields"),
    "90 doubling fragments": (lambda: doubling(90, "__typename"), BAD, "levels deep"),
    "fragments of one name": (
        lambda: "{ ...F } " + "fragment F on Query { __typename } " * 101,
        BAD,
        "only one fragment named",
    ),
    "fragments of many names": (
        lambda: (
            "{ __typename } "
            + " ".join(f"fragment F{n} on Query {{ a }}" for n in range(MAX_FRAGMENTS + 1))
        ),
        BAD,
        f"at most {MAX_FRAGMENTS} fragments",
    ),
    "a fragment that spreads itself": (
        lambda: "{ ...F } fragment F on Query { ...F }",
        BAD,
        "'F' spreads itself",
    ),
    "a circle of fragments": (
        lambda: "{ ...A } fragment A on Query { ... { ...B } } fragment B on Query { ...A }",
        BAD,
        "spreads itself",
    ),
    "a circle that is not used": (
        lambda: "{ __typename } fragment A on Query { ...A }",
        BAD,
        "spreads itself",
    ),
    "a fragment that is not there": (lambda: "{ ...F }", BAD, "Unknown fragment 'F'."),
    "10,000 directives": (lambda: "{ viewer " + "@a" * 10_000 + " { role } }", BAD, "tokens"),
    "directives": (
        lambda: "{ viewer " + "@a " * (MAX_DIRECTIVES + 1) + "{ role } }",
        BAD,
        f"at most {MAX_DIRECTIVES} directives",
    ),
    "a directive twice": (
        lambda: "{ __typename @skip(if: true) @skip(if: false) }",
        BAD,
        "'@skip' can only be used once",
    ),
    "operations": (
        lambda: " ".join(f"query A{n} {{ __typename }}" for n in range(MAX_OPERATIONS + 1)),
        BAD,
        f"at most {MAX_OPERATIONS} operations",
    ),
    "two operations, and none is named": (
        lambda: "query A { __typename } query B { __typename }",
        BAD,
        "operationName",
    ),
    "variables": (
        lambda: f"query({' '.join(f'$a{n}: Int' for n in range(MAX_VARIABLES + 1))}) {{ a }}",
        BAD,
        f"at most {MAX_VARIABLES} variables",
    ),
    "a variable that is not there": (lambda: SIZED, BAD, "'$n'"),
    "a long name": (lambda: f"{{ {'a' * (MAX_NAME + 1)} }}", BAD, f"at most {MAX_NAME} characters"),
    "a long alias": (lambda: f"{{ {'a' * 60_000}: __typename }}", BAD, "at most"),
    "a long number": (lambda: PARTNERS % f"first: {'9' * 5_000}", BAD, f"{MAX_DIGITS} digits"),
    "a long fraction": (lambda: PARTNERS % f"first: 1.{'9' * 60_000}", BAD, "digits"),
    "a number beyond 32 bits": (lambda: PARTNERS % "first: 2147483648", BAD, "32-bit"),
    "deep lists": (lambda: f"{{ node(id: {'[' * 190}{']' * 190}) {{ id }} }}", BAD, "ID cannot"),
    "deep objects": (
        lambda: f"{{ node(id: {'{a: ' * 60}1{'}' * 60}) {{ id }} }}",
        BAD,
        "ID cannot",
    ),
    "names that are none": (lambda: "{ " + "é" * 30_000 + " }", BAD, "Syntax Error"),
    "the schema about itself": (get_introspection_query, BAD, "introspection"),
    "a type about itself": (lambda: '{ __type(name: "Query") { name } }', BAD, "introspection"),
    "no items": (lambda: PARTNERS % "first: 0", "BAD_PAGE", "first is from 1 to 100."),
    "less than no items": (lambda: PARTNERS % "first: -1", "BAD_PAGE", "first is from 1 to 100."),
    "too many items": (lambda: PARTNERS % "first: 101", "BAD_PAGE", "first is from 1 to 100."),
    "no items, by a variable": (lambda: (SIZED, {"n": 0}), "BAD_PAGE", "first is from 1"),
    "too many items, by a variable": (lambda: (SIZED, {"n": 10**6}), "BAD_PAGE", "first is"),
    "no size": (lambda: (SIZED, {"n": None}), BAD, "'$n'"),
    "a size that is no number": (lambda: (SIZED, {"n": "5"}), BAD, "'$n'"),
    "a page from the end": (lambda: PARTNERS % "first: 1, last: 1", "BAD_PAGE", "forward only"),
    "a page before a cursor": (lambda: PARTNERS % 'before: "x"', "BAD_PAGE", "forward only"),
    "pages that multiply": (lambda: listed(100), "TOO_COSTLY", f"{MAX_COST:,} at most"),
    "pages that multiply, by a variable": (
        lambda: (
            listed(100).replace("100", "$n").replace("{ viewer", "query($n: Int!) { viewer"),
            {"n": 100},
        ),
        "TOO_COSTLY",
        f"{MAX_COST:,} at most",
    ),
}


@pytest.mark.parametrize("what", BAD_DOCUMENTS)
def test_a_bad_document_has_one_error_at_once_and_nothing_is_read(what: str) -> None:
    """With code and request id, in under 50 ms of the processor, before any resolver is called."""
    make, code, told = BAD_DOCUMENTS[what]
    asked = make()
    document, variables = asked if isinstance(asked, tuple) else (asked, {})
    portal, store = untouchable()
    entry = entry_of(portal)
    event = event_of(ADMIN, document, variables)
    response, seconds = quickest(lambda: entry(event))
    answer = body_of(response)
    assert answer.get("data") is None
    (error,) = answer["errors"]
    assert told in error["message"]
    assert (code, REQUEST_ID) == (error["extensions"]["code"], error["extensions"]["requestId"])
    assert "Did you mean" not in response["body"]
    assert len(response["body"]) < 1_000, "it repeats what was sent"
    assert [] == store.touched
    assert seconds < QUICK


FINE: dict[str, Asked] = {
    "as many aliases as may be": (
        "{ " + "".join(f"a{n}: __typename " for n in range(MAX_ALIASES)) + "}"
    ),
    "64 KB of comments": ("#" + "x" * 62 + "\n") * 1_000 + "{ __typename }",
    "64 KB of commas": "," * 60_000 + "{ __typename }",
    "as many operations as may be": (
        " ".join(f"query A{n} {{ __typename }}" for n in range(MAX_OPERATIONS))
    ),
    "a fragment ten times": "{ " + "...F " * 10 + "} fragment F on Query { __typename }",
}


@pytest.mark.parametrize("what", FINE)
def test_what_is_only_large_is_answered_quickly(what: str) -> None:
    """The limits are above what a tool writes, and reading up to them is cheap."""
    portal, _ = untouchable()
    entry = entry_of(portal)
    event = event_of(ADMIN, str(FINE[what]))
    if "operations" in what:
        event["body"] = event["body"].replace('"variables"', '"operationName": "A3", "variables"')
    response, seconds = quickest(lambda: entry(event))
    assert "errors" not in body_of(response)
    assert seconds < QUICK
