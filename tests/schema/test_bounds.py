"""How long what is sent may be: every text and list says it, and one more is refused by name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from portal_api.schema import build_schema
from portal_api.schema.bounds import ID, LIST, TEXT
from tests.api import body_of, entry_of, event_of
from tests.portals import ADMIN
from tests.schema.client import Client
from tests.untouched import untouchable

SCHEMA = build_schema()._schema
FILLED = {
    "BigInt": 1,
    "Boolean": True,
    "Date": "2026-03-31",
    "DateTime": "2026-03-31T17:00:00Z",
    "Decimal": "1.00",
    "ID": "x",
    "Int": 1,
    "String": "x",
}
_ITEMS = re.compile(
    r"(?:[Aa]t most|up to|1 to) (\d[\d,]*)\b(?! \w* ?characters)|(\d[\d,]*) at most"
)
_CHARACTERS = re.compile(r"(\d[\d,]*) (?:ASCII )?characters")
Input = GraphQLArgument | GraphQLInputField


@dataclass(frozen=True)
class Place:
    """An input somewhere below an argument of a field, which is reached by ``path``."""

    owner: str
    field: str
    path: tuple[str, ...]
    told: Input

    def __str__(self) -> str:
        return f"{self.owner}.{self.field}({'.'.join(self.path)})"

    @property
    def is_list(self) -> bool:
        """Whether several can be sent."""
        return is_list_type(get_nullable_type(self.told.type))

    @property
    def kind(self) -> str:
        """The name of the type of it, or of each of it."""
        return str(get_named_type(self.told.type).name)


def _below(
    inputs: dict[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Input]]:
    for name, one in inputs.items():
        yield (*path, name), one
        inner = get_named_type(one.type)
        if isinstance(inner, GraphQLInputObjectType) and len(path) < 5:
            yield from _below(inner.fields, (*path, name))


def _places() -> Iterator[Place]:
    """Every text, id and list that can be sent, at every field that takes it."""
    for owner, kind in SCHEMA.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not owner.startswith("__"):
            for name, field in kind.fields.items():
                for path, told in _below(field.args, ()):
                    place = Place(owner, name, path, told)
                    if place.is_list or place.kind in ("String", "ID"):
                        yield place


PLACES = tuple(_places())
ROOTS = tuple(place for place in PLACES if place.owner in ("Query", "Mutation"))


def _told_by(place: Place, pattern: re.Pattern[str]) -> int | None:
    """The largest number that a description names so."""
    found = pattern.finditer(place.told.description or "")
    texts = (text for one in found for text in one.groups() if text)
    return max((int(text.replace(",", "")) for text in texts), default=None)


def characters(place: Place) -> int | None:
    """How long a text may be, as its description says."""
    return ID if place.kind == "ID" else _told_by(place, _CHARACTERS)


def items(place: Place) -> int | None:
    """How many there may be, as the description says."""
    return _told_by(place, _ITEMS)


def test_every_text_and_list_says_how_long_it_may_be() -> None:
    """A form can keep to it before anything is sent; ids say it once, with the query."""
    texts = [place for place in PLACES if place.kind == "String"]
    lists = [place for place in PLACES if place.is_list]
    assert [] == sorted({str(place) for place in texts if characters(place) is None})
    assert [] == sorted({str(place) for place in lists if items(place) is None})
    assert len(texts) > 200
    assert len(lists) > 40
    assert f"an ID has at most {ID} characters" in (SCHEMA.type_map["Query"].description or "")


def _value(declared: Input, path: tuple[str, ...], last: Any) -> Any:
    """A value of an input: what is needed, and ``last`` at the end of the path."""
    if not path:
        return last
    inner = get_named_type(declared.type)
    assert isinstance(inner, GraphQLInputObjectType)
    fields = inner.fields
    value = {
        name: _filled(one.type)
        for name, one in fields.items()
        if isinstance(one.type, GraphQLNonNull) and one.default is None and name != path[0]
    }
    if inner.is_one_of:
        value = {}
    value[path[0]] = _value(fields[path[0]], path[1:], last)
    return [value] if is_list_type(get_nullable_type(declared.type)) else value


def _filled(kind: Any) -> Any:
    """Any value of a type."""
    if is_list_type(get_nullable_type(kind)):
        return []
    named = get_named_type(kind)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if isinstance(named, GraphQLInputObjectType):
        needed = {n: f for n, f in named.fields.items() if isinstance(f.type, GraphQLNonNull)}
        chosen = needed or dict(list(named.fields.items())[-1:])
        return {name: _filled(one.type) for name, one in chosen.items() if one.default is None}
    return FILLED[named.name]


def answered(place: Place, last: Any) -> tuple[dict[str, Any], list[str]]:
    """What a field of the root answers with a value at a place, and what of the store was used."""
    field = SCHEMA.type_map[place.owner].fields[place.field]  # type: ignore[attr-defined]
    given = {
        name: _filled(one.type)
        for name, one in field.args.items()
        if isinstance(one.type, GraphQLNonNull) and one.default is None
    }
    given[place.path[0]] = _value(field.args[place.path[0]], place.path[1:], last)
    declared = ", ".join(f"${name}: {field.args[name].type}" for name in given)
    passed = ", ".join(f"{name}: ${name}" for name in given)
    result = get_named_type(field.type)
    refused = "... on Refusal { code message }" if isinstance(result, GraphQLUnionType) else ""
    inside = "" if is_leaf_type(result) else f" {{ __typename {refused} }}"
    head = "mutation" if place.owner == "Mutation" else "query"
    document = f"{head}({declared}) {{ asked: {place.field}({passed}){inside} }}"
    portal, store = untouchable()
    answer = body_of(entry_of(portal)(event_of(ADMIN, document, given)))
    return answer, store.touched


def _told(answer: dict[str, Any]) -> tuple[str, str]:
    """Code and message of what an answer was refused for."""
    if "errors" in answer:
        (error,) = answer["errors"]
        return error["extensions"]["code"], error["message"]
    refused = answer["data"]["asked"]
    return refused.get("code", ""), refused.get("message", "")


def _inside(place: Place) -> str:
    """The place as a refusal names it."""
    return ".".join(place.path[1:] if place.path[0] == "input" else place.path)


@pytest.mark.parametrize("place", ROOTS, ids=str)
def test_one_more_than_is_said_is_refused_by_its_name_before_anything_is_read(place: Place) -> None:
    """As invalid input, with the field's name, in a variable as by a form."""
    if place.is_list:
        most = items(place)
        assert most is not None
        one = _filled(GraphQLNonNull(get_named_type(place.told.type)))
        answer, touched = answered(place, [one] * (most + 1))
        assert ("INVALID_INPUT", f"{_inside(place)} has at most {most:,} items.") == _told(answer)
        assert [] == touched
    most = characters(place)
    if most is not None and place.kind in ("String", "ID"):
        long = "x" * (most + 1)
        answer, touched = answered(place, [long] if place.is_list else long)
        if place.path == ("after",):
            assert ("BAD_CURSOR", "This is not a cursor of this list.") == _told(answer)
        else:
            expected = f"{_inside(place)} has at most {most:,} characters."
            assert ("INVALID_INPUT", expected) == _told(answer)
        assert [] == touched


def test_what_is_said_is_still_taken(quick_client: Client) -> None:
    """The bound itself is fine, and spaces around it are not counted, as use cases do not."""
    partner = quick_client.partner(name="n" * TEXT)
    assert partner
    assert quick_client.partner(
        name=f" {'n' * TEXT}\n", teamNames=[f"Team {n}" for n in range(LIST)]
    )


def test_a_refusal_of_a_mutation_is_a_member_of_its_union(quick_client: Client) -> None:
    """As for any other reason: a form shows it at its field."""
    refused = quick_client.do(
        quick_client.admin,
        "addPartner",
        "... on InvalidInput { field }",
        name="n" * (TEXT + 1),
        type="VAR",
        tier="GOLD",
        region="EMEA",
        teamNames=[],
    )
    assert ("InvalidInput", "name") == (refused["__typename"], refused["field"])
