"""What a unit of a document's cost reads of the demo, at most, whichever field is asked."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from portal_api.schema import build_schema
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.api import body_of, event_of, send
from tests.demo.asking import ANSELM, INES, MARA
from tests.demo.telling import AFTERWARDS, Told
from tests.services.stores import CountingEngine

SCHEMA = build_schema()._schema
MOST = 2
"""Keys and queries for each unit, beyond what every document reads."""
ANYWAY = 30
GIVEN = {
    "asOf": '"2026-06-01T00:00:00Z"',
    "first": "1",
    "month": '"2026-05"',
    "weeks": "26",
    "withinDays": "300",
    "year": "2026",
}
PARTNERS = "{ viewer { partners(first: 12) { edges { node { %s } } } } }"
PEOPLE = PARTNERS % "individuals(first: 5) { edges { node { %s } } }"
PLACES = {
    "the vendor's programs": (INES, "Program", "{ viewer { programs { %s } } }"),
    "their insights": (INES, "ProgramInsights", "{ viewer { programs { insights { %s } } } }"),
    "the vendor's partners": (INES, "Partner", PARTNERS),
    "their people": (INES, "Individual", PEOPLE),
    "their teams": (INES, "Team", PARTNERS % "teams { %s }"),
    "their consents": (INES, "Consent", PARTNERS % "consents { %s }"),
    "their participation": (INES, "Participation", PARTNERS % "participation { %s }"),
    "their goals": (INES, "GoalTree", PARTNERS % "goalTrees { %s }"),
    "their deals": (INES, "Deal", PARTNERS % "deals(first: 10) { edges { node { %s } } }"),
    "their people's earnings": (
        INES,
        "Earning",
        PEOPLE % "earnings(first: 5) { edges { node { %s } } }",
    ),
    "the vendor's viewer": (INES, "Viewer", "{ viewer { %s } }"),
    "a rep's viewer": (MARA, "Viewer", "{ viewer { %s } }"),
    "a rep": (MARA, "Individual", "{ viewer { individual { %s } } }"),
    "what a rep is offered": (MARA, "ProgramOffer", "{ viewer { programOffers { %s } } }"),
    "an executive's company": (ANSELM, "Partner", "{ viewer { partner { %s } } }"),
}


class Asked:
    """The demo behind an engine that counts the keys and queries it is asked for."""

    def __init__(self, demo: Told, engine: SqliteEngine) -> None:
        self._demo, self._counting = demo, CountingEngine(engine)
        store = TableStore(self._counting)
        self._portal = Portal(store, lambda: AFTERWARDS, lambda: "asked000000000000000")

    def of(self, name: str, document: str) -> tuple[int, int]:
        """What a document costs, and how much it asks for."""
        self._counting.forget()
        event = event_of(self._demo.person(name).id, document)
        answer = body_of(send(self._portal, event))
        assert "errors" not in answer, (document, answer["errors"])
        cost: int = answer["extensions"]["cost"]["requested"]
        return cost, self._counting.asked


@pytest.fixture(scope="module")
def asked(demo: Told) -> Iterator[Asked]:
    """Give the demo, counted."""
    engine = SqliteEngine(demo.path, durable=False)
    yield Asked(demo, engine)
    engine.close()


def selected(name: str, field: GraphQLField) -> str | None:
    """A field with the least that can be selected in it; none where it needs an id."""
    needed = [arg for arg, told in field.args.items() if _is_needed(told) or arg in GIVEN]
    if any(arg not in GIVEN for arg in needed):
        return None
    passed = ", ".join(f"{arg}: {GIVEN[arg]}" for arg in needed)
    inside = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{name}{f'({passed})' if passed else ''}{inside}"


def _is_needed(told: GraphQLArgument) -> bool:
    return isinstance(told.type, GraphQLNonNull) and told.default is None


@pytest.mark.parametrize("place", PLACES)
def test_no_field_reads_more_than_its_cost_says(asked: Asked, place: str) -> None:
    """So the limit of a document's cost is one of what it reads, whoever writes it."""
    name, kind, document = PLACES[place]
    of_kind = SCHEMA.type_map[kind]
    assert isinstance(of_kind, GraphQLObjectType)
    documents = [
        document % one for field in of_kind.fields.items() if (one := selected(*field)) is not None
    ]
    assert len(documents) > 2
    found = {one: asked.of(name, one) for one in documents}
    assert {} == {
        one: (cost, keys) for one, (cost, keys) in found.items() if keys > ANYWAY + MOST * cost
    }


def test_the_demo_has_something_to_read(asked: Asked) -> None:
    """The control: without weights, a program's totals would read more than this allows."""
    read_much = "totals { __typename } accounts { __typename }"
    cost, keys = asked.of(INES, f"{{ viewer {{ programs {{ {read_much} }} }} }}")
    unweighted = 2 + 5 * (1 + 1 + 1 + 5)
    assert keys > ANYWAY + MOST * unweighted
    assert keys < cost
