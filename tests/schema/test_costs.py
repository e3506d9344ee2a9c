"""What a document costs: a portal developer can compute it, and it bounds what is answered."""

from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from portal_api import transport
from portal_api.dev.examples import Example, examples
from portal_api.schema import bounds, build_schema, limits
from portal_api.schema.costs import FORMULA, LIST, MAX_COST, MAX_WRITING, Cost, costs
from portal_api.schema.documents import reader
from portal_api.schema.errors import MOST_ERRORS
from portal_api.schema.waves import MOST
from tests.api import body_of, event_of, send
from tests.schema.client import Client

SCHEMA = build_schema()._schema
EXAMPLES = {example.key: example for example in examples()}
SCREENS = ("01-my-screen", "02-our-company", "10-what-waits")
NODES = "edges { node { id } }"
NESTED = f"""{{ viewer {{ partners(first: 2) {{ edges {{ node {{ deals(first: 3) {{ {NODES} }} }} }}
    }} }} }}"""


def cost(document: str, **variables: Any) -> int:
    """What a document of one operation costs."""
    (formula,) = costs(SCHEMA, parse(document)).values()
    return formula.of(variables)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{ __typename }", 1),
        ("{ viewer { role individual { name } } }", 4),
        ("{ viewer { role role } viewer { role } }", 5),
        (f"{{ viewer {{ partners(first: 7) {{ {NODES} }} }} }}", 2 + 7 * 3),
        (f"{{ viewer {{ partners {{ {NODES} }} }} }}", 2 + 20 * 3),
        ("{ viewer { partners(first: 7) { pageInfo { hasNextPage } } } }", 2 + 7 * 2),
        (f"{{ viewer {{ individual {{ earnings(first: 1) {{ {NODES} }} }} }} }}", 3 + 3),
        ("{ behaviors { code name } }", 1 + LIST * 2),
        (
            "{ viewer { programs { plans { rules { code } } } } }",
            1 + 50 + 50 * (1 + LIST * (1 + LIST)),
        ),
        ("{ viewer { a: programs { budget { points } } } }", 1 + 50 + 50 * (20 + LIST)),
        (
            "{ viewer { partner { participation { won } goalTrees { code } } } }",
            2 + 40 + 20 + 15 + LIST,
        ),
        ('{ node(id: "x") { id ... on Partner { name } ... on Deal { product } } }', 4),
        ("{ viewer { ...A ...A } } fragment A on Viewer { role }", 3),
        (
            NESTED,
            2 + 2 * (3 + 3 * 3),
        ),
        ("mutation { setPayoutMinimum(input: {}) { __typename } }", 2),
    ],
)
def test_a_documents_cost_is_what_its_answer_may_hold(document: str, expected: int) -> None:
    """Fields, page sizes multiplied: by the formula that the schema tells."""
    assert expected == cost(document)


def test_a_page_size_in_a_variable_counts_as_it_is_given() -> None:
    """Its own value, else its default, else the argument's."""
    document = f"query($n: Int! = 9) {{ viewer {{ partners(first: $n) {{ {NODES} }} }} }}"
    without = document.replace(" = 9", "").replace("Int!", "Int")
    assert [2 + size * 3 for size in (5, 9)] == [cost(document, n=5), cost(document)]
    assert [2 + size * 3 for size in (5, 20)] == [cost(without, n=5), cost(without)]


def test_what_is_no_page_size_counts_as_the_largest() -> None:
    """Until it is refused as what it is, when variables are read."""
    document = f"query($n: Int!) {{ viewer {{ partners(first: $n) {{ {NODES} }} }} }}"
    wrongs: tuple[object, ...] = ("5", 5.5, True, [1], {})
    for wrong in wrongs:
        assert 2 + 100 * 3 == cost(document, n=wrong)


def test_doubling_fragments_count_as_often_as_they_are_spread() -> None:
    """And the formula is no larger than what the limits let through."""
    spreads = " ".join(f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }}" for n in range(8))
    document = f"{{ viewer {{ ...F0 }} }} {spreads} fragment F8 on Viewer {{ role }}"
    assert 1 + 2**8 == cost(document)
    assert Cost(1 + 2**8, ()) == costs(SCHEMA, parse(document))[None]


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda example: example.key)
def test_every_example_has_room_to_spare(example: Example) -> None:
    """Our own screens cost a fourth of the limit at most, and nothing else more than half of it."""
    share = 4 if example.key in SCREENS else 2
    assert cost(example.document, **example.variables) * share < MAX_COST


def test_the_schema_says_what_a_document_may_cost() -> None:
    """Where a portal's developer reads it, with the numbers that are in force."""
    told = SCHEMA.type_map["Query"].description or ""
    assert FORMULA in told
    assert f"{MAX_COST:,}" in FORMULA
    assert f"{LIST} times" in FORMULA


def test_the_readme_says_the_numbers_that_are_in_force() -> None:
    """What a developer reads first is what is checked."""
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    told = text.partition("\n## Limits\n")[2].partition("\n## ")[0]
    one, two, three = (cost(EXAMPLES[key].document, **EXAMPLES[key].variables) for key in SCREENS)
    assert f"The three screens cost {one:,}, {two:,} and {three:,}." in told
    assert f"a cost of {MAX_COST:,}, of a mutation {MAX_WRITING:,}; {MOST:,} reads" in told
    assert f"| the errors of an answer | {MOST_ERRORS} |" in told
    assert f"in any other list of objects {LIST} times" in told
    document = (
        f"{limits.MAX_TOKENS:,} tokens, {limits.MAX_OPERATIONS} operations, {limits.MAX_VARIABLES}"
        f" variables, {limits.MAX_FRAGMENTS} fragments, {limits.MAX_DIRECTIVES} directives"
    )
    assert document in told
    assert f"{limits.MAX_SELECTIONS:,} fields" in told
    assert f"{limits.MAX_ALIASES} aliases, {limits.MAX_DEPTH} levels" in told
    assert f"{transport.MAX_BODY_BYTES // 1024} KB of JSON" in told
    assert f"{transport.MAX_MEMBERS} members in an object" in told
    assert f"{transport.MAX_ITEMS:,} items in a list, {transport.MAX_VALUES:,} values" in told
    assert f"{bounds.TEXT} characters, {bounds.LIST} items" in told


def test_what_counts_otherwise_than_usual_says_so() -> None:
    """In its own description, where somebody who writes a document looks at the field."""
    told = {
        place: (SCHEMA.type_map[place[0]].fields[place[1]].description or "")  # type: ignore[attr-defined]
        for place in (("Program", "totals"), ("Viewer", "programs"), ("Program", "name"))
    }
    assert told["Program", "totals"].endswith(" Counts 100.")
    assert told["Viewer", "programs"].endswith(
        " Counts 50. What is selected in it counts 50 times."
    )
    assert "ounts" not in told["Program", "name"]


def test_a_mutation_may_cost_less(quick_client: Client) -> None:
    """It is refused before anything is written: once it is, all of it is told."""
    deep = f"individuals(first: 100) {{ {NODES.replace('id', f'deals(first: 50) {{ {NODES} }}')} }}"
    document = f"""mutation($i: AddPartnerInput!) {{ addPartner(input: $i) {{ __typename
        ... on PartnerAdded {{ partner {{ {deep} }} }} }} }}"""
    wish = {"requestId": "too-costly", "name": "Fernhill", "type": "VAR", "tier": "GOLD"}
    answer = quick_client.answer(
        quick_client.admin, document, i={**wish, "region": "EMEA", "teamNames": []}
    )
    (error,) = answer["errors"]
    assert ("TOO_COSTLY", MAX_WRITING) == tuple(error["extensions"][n] for n in ("code", "limit"))
    partners = quick_client.query(quick_client.admin, f"{{ viewer {{ partners {{ {NODES} }} }} }}")
    assert {"edges": []} == partners["viewer"]["partners"]


def test_an_answer_tells_what_it_has_cost(quick_client: Client) -> None:
    """Also one with a refusal in it; of several operations the one that was asked."""
    admin = quick_client.admin
    event = event_of(admin.user_name, f"{{ viewer {{ partners(first: 7) {{ {NODES} }} }} }}")
    answer = body_of(send(quick_client.world.portal, event))
    assert {"cost": {"requested": 23, "limit": MAX_COST}} == answer["extensions"]
    known = reader(introspection=False)(
        SCHEMA, "query A { behaviors { code } } query B { __typename }"
    )
    assert [1 + LIST, 1] == [known.cost_of(name).of({}) for name in ("A", "B")]


def test_a_refusal_tells_cost_and_limit(quick_client: Client) -> None:
    """What a program needs to ask for less."""
    document = f"""query($n: Int!) {{ viewer {{ partners(first: $n) {{ edges {{ node {{
        deals(first: $n) {{ {NODES} }} }} }} }} }} }}"""
    answer = quick_client.answer(quick_client.admin, document, n=100)
    (error,) = answer["errors"]
    told = {name: error["extensions"][name] for name in ("code", "cost", "limit")}
    assert {"code": "TOO_COSTLY", "cost": 2 + 100 * (3 + 100 * 3), "limit": MAX_COST} == told
    assert "errors" not in quick_client.answer(quick_client.admin, document, n=50)
