"""Pages: their sizes, their last item, and cursors from elsewhere."""

import base64
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLField, GraphQLObjectType
from strawberry.types.base import StrawberryObjectDefinition

from portal_api.schema import build_schema
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.schema.client import Client, Person
from tests.services.stores import CountingEngine
from tests.services.world import World

DEALS = """query($first: Int!, $after: String) { viewer { individual {
    deals(first: $first, after: $after) {
        edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } } }"""
OF_PERSON = """query($id: ID!, $first: Int!, $after: String) { node(id: $id) { ... on Individual {
    deals(first: $first, after: $after) {
        edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } } }"""
RATES = """query($to: String!, $after: String, $first: Int! = 2) {
    exchangeRates(first: $first, after: $after, fromCurrency: "EUR", toCurrency: $to) {
        pageInfo { hasNextPage endCursor } edges { node { id } } } }"""


def _rep_with_deals(client: Client, number: int) -> tuple[Person, list[str]]:
    """A rep, and its deals' ids, newest first."""
    rep = client.person("SALES_REP", client.partner())
    program = client.program(client.person("CHANNEL_MANAGER"))
    return rep, [client.register(rep, program) for _ in range(number)][::-1]


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _page(client: Client, who: Person, first: int, after: str | None = None) -> dict[str, Any]:
    """A page of somebody's own deals."""
    answer = client.query(who, DEALS, first=first, after=after)
    page: dict[str, Any] = answer["viewer"]["individual"]["deals"]
    return page


def _walked(
    client: Client, who: Person, first: int, between: Callable[[], object] = lambda: None
) -> list[str]:
    """The ids of all pages, with something done before each next one."""
    seen: list[str] = []
    after, more = None, True
    while more:
        page = _page(client, who, first, after)
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        between()
    return seen


def _code(answer: dict[str, Any]) -> str:
    """The code of an answer's one error."""
    (error,) = answer["errors"]
    code: str = error["extensions"]["code"]
    return code


def test_pages_go_on_to_the_last_item_and_no_further(quick_client: Client) -> None:
    """Every item once, in order; behind the last one there is nothing, and no next page."""
    rep, deals = _rep_with_deals(quick_client, 3)
    after = _page(quick_client, rep, 3)["pageInfo"]["endCursor"]
    behind = _page(quick_client, rep, 2, after)

    assert [deals] * 4 == [_walked(quick_client, rep, size) for size in (1, 2, 3, 4)]
    assert {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}} == behind


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_what_is_added_in_front_meanwhile_neither_repeats_nor_hides_anything(
    quick_client: Client, size: int
) -> None:
    """A cursor is a place behind an item, and no number of items."""
    rep = quick_client.person("SALES_REP", quick_client.partner())
    program = quick_client.program(quick_client.person("CHANNEL_MANAGER"))
    deals = [quick_client.register(rep, program) for _ in range(5)][::-1]

    assert deals == _walked(quick_client, rep, size, lambda: quick_client.register(rep, program))


def test_a_list_goes_on_from_wherever_it_is_reached(quick_client: Client) -> None:
    """One's own person, and the same one by its id: it is one list."""
    rep, (_, older) = _rep_with_deals(quick_client, 2)
    after = _page(quick_client, rep, 1)["pageInfo"]["endCursor"]
    rest = quick_client.query(rep, OF_PERSON, id=rep.id, first=1, after=after)["node"]["deals"]

    assert [older] == [edge["node"]["id"] for edge in rest["edges"]]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "naïve",
        *map(_cursor, ["x", "at:", "at:é", "at:\0", "at:" + "x" * 2_000]),
    ],
)
def test_what_is_no_cursor_is_refused(quick_client: Client, cursor: str) -> None:
    """With a code of its own, whatever a store would say to it."""
    rep, _ = _rep_with_deals(quick_client, 1)
    assert "BAD_CURSOR" == _code(quick_client.answer(rep, DEALS, first=1, after=cursor))


@pytest.mark.parametrize("first", [-1, 0, 101])
def test_a_page_that_is_too_small_or_too_large_is_refused(quick_client: Client, first: int) -> None:
    """1 to 100."""
    rep, _ = _rep_with_deals(quick_client, 1)
    assert "BAD_PAGE" == _code(quick_client.answer(rep, DEALS, first=first))


def test_a_changed_cursor_is_refused_whatever_is_changed(quick_client: Client) -> None:
    """Each of its characters counts, and each one that is added or missing."""
    rep, _ = _rep_with_deals(quick_client, 2)
    whole: str = _page(quick_client, rep, 1)["pageInfo"]["endCursor"]
    changed = [
        whole[:place] + ("A" if letter != "A" else "B") + whole[place + 1 :]
        for place, letter in enumerate(whole)
    ]
    changed += [whole[:-4], whole[4:], whole + "AAAA", whole + "\n", " " + whole, whole * 2]

    codes = {_code(quick_client.answer(rep, DEALS, first=1, after=each)) for each in changed}
    assert {"BAD_CURSOR"} == codes


def test_a_cursor_of_somebody_else_is_refused(quick_client: Client) -> None:
    """Also by the vendor, who may see that very list."""
    rep, _ = _rep_with_deals(quick_client, 2)
    other, _ = _rep_with_deals(quick_client, 2)
    after = _page(quick_client, other, 1)["pageInfo"]["endCursor"]
    wish = {"id": other.id, "first": 1, "after": after}

    assert "BAD_CURSOR" == _code(quick_client.answer(rep, DEALS, first=9, after=after))
    assert "BAD_CURSOR" == _code(quick_client.answer(quick_client.admin, OF_PERSON, **wish))


def test_a_cursor_of_another_list_is_refused(quick_client: Client) -> None:
    """Another field of the same person, and the same field of another person."""
    (rep, _), (other, _) = (_rep_with_deals(quick_client, 2) for _ in range(2))
    admin = quick_client.admin
    found = quick_client.query(admin, OF_PERSON, id=rep.id, first=1)["node"]["deals"]
    wish = {"first": 1, "after": found["pageInfo"]["endCursor"]}
    activities = OF_PERSON.replace("deals", "activities")

    assert "errors" not in quick_client.answer(admin, OF_PERSON, id=rep.id, **wish)
    assert "BAD_CURSOR" == _code(quick_client.answer(admin, OF_PERSON, id=other.id, **wish))
    assert "BAD_CURSOR" == _code(quick_client.answer(admin, activities, id=rep.id, **wish))


def test_a_cursor_of_other_filters_is_refused(quick_client: Client) -> None:
    """The size of a page is none."""
    manager = quick_client.person("CHANNEL_MANAGER")
    of = {"fromCurrency": "EUR", "toCurrency": "USD", "rate": "1.10"}
    rates = [of | {"validFrom": f"2026-01-0{day}"} for day in (2, 3, 4)]
    quick_client.do(manager, "setExchangeRates", "", rates=rates)
    found = quick_client.query(manager, RATES, to="USD")["exchangeRates"]["pageInfo"]
    assert True is found["hasNextPage"]
    after = found["endCursor"]

    same = quick_client.query(manager, RATES, to="USD", first=9, after=after)
    assert 1 == len(same["exchangeRates"]["edges"])
    assert "BAD_CURSOR" == _code(quick_client.answer(manager, RATES, to="GBP", after=after))


def test_a_cursor_is_refused_before_anything_of_the_list_is_read(
    sqlite_engine: SqliteEngine,
) -> None:
    """What it costs is to know who asks."""
    counting = CountingEngine(sqlite_engine)
    client = Client(World(TableStore(counting)))
    rep, _ = _rep_with_deals(client, 1)
    other, _ = _rep_with_deals(client, 2)
    after = _page(client, other, 1)["pageInfo"]["endCursor"]
    counting.forget()
    client.query(rep, "{ viewer { role } }")
    alone = counting.waves, counting.asked
    counting.forget()
    client.answer(rep, DEALS, first=1, after=after)

    assert alone == (counting.waves, counting.asked)


SCHEMA = build_schema()


def _lists() -> Iterator[tuple[type, GraphQLObjectType, str, GraphQLField]]:
    """Every field with cursors, and the class and type that has it."""
    for made in SCHEMA.schema_converter.type_map.values():
        shown, definition = made.implementation, made.definition
        if isinstance(shown, GraphQLObjectType):
            assert isinstance(definition, StrawberryObjectDefinition)
            for name, field in shown.fields.items():
                if "after" in field.args:
                    yield definition.origin, shown, name, field


def test_every_list_of_the_schema_refuses_a_cursor_that_is_not_its_own() -> None:
    """By being a list: no resolver does anything for it."""
    for _, shown, name, field in _lists():
        info = SimpleNamespace(
            context=SimpleNamespace(subject="ind-1"), parent_type=shown, field_name=name
        )
        assert field.resolve is not None
        with pytest.raises(GraphQLError, match="not a cursor of this list"):
            field.resolve(None, info, after=_cursor("nonsense"))


def test_every_list_is_the_askers_own_or_of_something_with_a_name() -> None:
    """A cursor says of what its list is: without an id it could be of another one's list."""
    nameless = [
        f"{shown.name}.{name}"
        for origin, shown, name, _ in _lists()
        if shown.name not in ("Query", "Viewer")
        and "id" not in shown.fields
        and "whose" not in {*dir(origin), *origin.__annotations__}
    ]
    assert [] == nameless


def test_every_list_answers_with_a_place_to_go_on_from() -> None:
    """A connection has cursors, and a page of a file has the next one."""
    without = [
        f"{shown.name}.{name}"
        for _, shown, name, field in _lists()
        if not str(field.type).rstrip("!").endswith("Connection")
        and "next: String" not in _fields(field)
    ]
    assert [] == without


def _fields(field: GraphQLField) -> list[str]:
    """The fields of what a field answers, with their types."""
    kind = SCHEMA._schema.type_map[str(field.type).rstrip("!")]
    assert isinstance(kind, GraphQLObjectType)
    return [f"{name}: {inner.type}" for name, inner in kind.fields.items()]
