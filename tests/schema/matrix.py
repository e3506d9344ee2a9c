"""Everything the schema can tell, asked by its types, and what the declarations say of the answer.

``Matrix`` makes the documents: of a type all fields, those of its plain parts too, and of whatever
has an id of its own nothing but that. ``Walk`` holds an answer against the declared audiences of
each type and field, and notes what was asked, what had a value and where it led. ``Against`` finds
what is missing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from strawberry import Schema
from strawberry.types.base import StrawberryObjectDefinition

from portal_api.domain.access import Audience
from portal_api.schema.access import audience_of
from tests.schema.wishes import literal

PLUMBING = frozenset({"PageInfo", "Mutation"})
ASKED = frozenset({"first", "partyId", "individualId", "partnerId", "currencyCode"})
"""Arguments that are given though a default would do: short pages, whose it is, and in what."""
LINK = {"__typename", "id"}
Place = tuple[str, str]
"""A type and a field of it."""
Composite = GraphQLObjectType | GraphQLInterfaceType


@dataclass(frozen=True)
class Matrix:
    """A schema's types as questions; ``given`` has values for arguments, by their names."""

    schema: Schema
    given: Mapping[str, str]

    @cached_property
    def answers(self) -> frozenset[str]:
        """The types that nothing but a mutation answers with, and the refusals."""
        made = {
            member.name
            for told in self.type("Mutation").fields.values()
            for member in get_named_type(told.type).types
        }
        refusals = self.schema._schema.get_implementations(self.type("NotFound").interfaces[0])
        return frozenset({*made, *(one.name for one in refusals.objects)})

    def type(self, name: str) -> GraphQLObjectType:
        """An object type."""
        found = self.schema._schema.type_map[name]
        assert isinstance(found, GraphQLObjectType)
        return found

    def types(self) -> Iterator[GraphQLObjectType]:
        """The object types whose fields declare an audience and are read by queries."""
        for name, found in self.schema._schema.type_map.items():
            if isinstance(found, GraphQLObjectType) and not name.startswith("__"):
                paged = name.endswith(("Connection", "Edge"))
                if not paged and name not in PLUMBING and name not in self.answers:
                    yield found

    def reached(self) -> set[str]:
        """The object types that queries lead to, by the types of fields alone."""
        found: set[str] = set()
        ahead: list[Any] = [self.type("Query")]
        while ahead:
            kind = ahead.pop()
            if kind.name in found or is_leaf_type(kind):
                continue
            found.add(kind.name)
            if isinstance(kind, GraphQLUnionType):
                ahead += kind.types
            else:
                ahead += (get_named_type(inner.type) for inner in kind.fields.values())
            if isinstance(kind, GraphQLInterfaceType):
                ahead += self.schema._schema.get_implementations(kind).objects
        return found

    @cached_property
    def _audiences(self) -> dict[Place, frozenset[Audience]]:
        """Who may read each field."""
        name_of = self.schema.config.name_converter.from_field
        found = {}
        for kind in self.types():
            definition = self._definition(kind.name)
            for one in definition.fields:
                declared = audience_of(definition.origin, one)
                assert declared is not None
                found[kind.name, name_of(one)] = declared
        return found

    def _definition(self, name: str) -> StrawberryObjectDefinition:
        definition = self.schema.schema_converter.type_map[name].definition
        assert isinstance(definition, StrawberryObjectDefinition)
        return definition

    def audience(self, name: str, of: str | None = None) -> frozenset[Audience]:
        """Who may read a type at all, or a field of it."""
        if of is not None:
            return self._audiences[name, of]
        whole: frozenset[Audience] = getattr(self._definition(name).origin, "__portal_audience__")  # noqa: B009
        return whole

    def document(self, kind: GraphQLObjectType, head: str) -> str:
        """``head``, which spreads ``All``, with everything that there is to ask of a type."""
        parts: dict[str, str] = {}
        self._fragment(kind, parts)
        return " ".join([head.replace("...All", f"...F{kind.name}"), *parts.values()])

    def root(self, name: str) -> str:
        """A document that asks a field of the root for everything."""
        parts: dict[str, str] = {}
        of = self.type("Query").fields[name]
        asked = f"{{ {self._asked(name, of)} {self._inside(of.type, parts)} }}"
        return " ".join([asked, *parts.values()])

    def _asked(self, name: str, of: GraphQLField) -> str:
        """A field with its arguments: what is needed, and what is said of ``ASKED``."""
        wanted = [
            f"{argument}: {literal(argument, declared.type, self.given)}"
            for argument, declared in of.args.items()
            if argument in ASKED or is_required_argument(declared)
        ]
        return f"{name}({', '.join(wanted)})" if wanted else name

    def _fragment(self, kind: Composite, parts: dict[str, str]) -> None:
        """A type's fragment, and those of its plain parts."""
        if kind.name in parts:
            return
        parts[kind.name] = ""
        told = " ".join(
            f"{self._asked(name, found)} {self._inside(found.type, parts)}".strip()
            for name, found in kind.fields.items()
        )
        parts[kind.name] = f"fragment F{kind.name} on {kind.name} {{ __typename {told} }}"

    def _inside(self, of: Any, parts: dict[str, str]) -> str:
        """What to ask of a field's type."""
        kind = get_named_type(of)
        if is_leaf_type(kind):
            return ""
        if isinstance(kind, GraphQLUnionType):
            told = " ".join(
                f"... on {one.name} {self._inside(one, parts)}"
                for one in kind.types
                if one.name not in self.answers
            )
            return f"{{ __typename {told} }}"
        assert isinstance(kind, Composite)
        if kind.name.endswith("Connection"):
            return f"{{ edges {{ node {self._inside(node_of(kind), parts)} }} }}"
        if is_node(kind):
            return "{ __typename id }"
        if parts.get(kind.name) == "":
            # A part of itself: a fragment cannot be spread in itself, so it ends here.
            leaves = (one for one, inner in kind.fields.items() if is_leaf_type(_named(inner)))
            return f"{{ __typename {' '.join(leaves)} }}"
        self._fragment(kind, parts)
        return f"{{ ...F{kind.name} }}"


def _named(of: GraphQLField) -> Any:
    return get_named_type(of.type)


def is_node(kind: Composite) -> bool:
    """Whether it has an id that ``node`` finds it by."""
    return kind.name == "Node" or any(one.name == "Node" for one in kind.interfaces)


def node_of(connection: Composite) -> Any:
    """What a connection is of."""
    edge = get_named_type(connection.fields["edges"].type)
    assert isinstance(edge, GraphQLObjectType)
    return get_named_type(edge.fields["node"].type)


@dataclass
class Walk:
    """What one viewer was answered, held against the declarations.

    ``asked`` are all places that were asked, ``valued`` those with a value, ``links`` the ids that
    it led to, ``shown`` what it should not have told.
    """

    matrix: Matrix
    asked: set[Place] = field(default_factory=set)
    valued: set[Place] = field(default_factory=set)
    links: set[tuple[str, str]] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)

    def of(self, value: dict[str, Any] | None, to: frozenset[Audience], path: str) -> None:
        """An object as answered to whoever is ``to`` to it."""
        if value is None:
            return
        kind = self.matrix.type(value["__typename"])
        if is_node(kind) and set(value) <= LINK:
            self.links.add((kind.name, value["id"]))
            return
        for name, inner in value.items():
            if name == "__typename":
                continue
            place = (kind.name, name)
            self.asked.add(place)
            if inner is None or inner in ([], {"edges": []}):
                continue
            self.valued.add(place)
            if not self.matrix.audience(*place) & to:
                self.shown.append(f"{path}.{name}")
            for one in objects(inner):
                self.of(one, to, f"{path}.{name}")


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects directly inside a value, through lists and pages."""
    if isinstance(value, list):
        for one in value:
            yield from objects(one)
    elif isinstance(value, dict):
        if "edges" in value:
            yield from (edge["node"] for edge in value["edges"])
        else:
            yield value


@dataclass(frozen=True)
class Against:
    """An answer held against that of who may see more: what is missing though it may be seen.

    ``sees`` tells of a link whether the viewer may see what it leads to.
    """

    matrix: Matrix
    to: frozenset[Audience]
    sees: Callable[[str, str], bool]

    def missing(self, mine: dict[str, Any], whole: dict[str, Any], path: str) -> Iterator[str]:
        """The paths at which a viewer was not told what the whole tells."""
        for name, inner in whole.items():
            where = f"{path}.{name}"
            if name in LINK or not self.matrix.audience(whole["__typename"], name) & self.to:
                continue
            inside = list(objects(inner))
            expected = [one for one in inside if set(one) != LINK or self._sees(one)]
            actual = list(objects(mine[name]))
            if len(actual) != len(expected) or (not inside and mine[name] != inner):
                yield where
            for one, other in zip(actual, expected, strict=False):
                yield from self.missing(one, other, where)

    def _sees(self, link: dict[str, Any]) -> bool:
        return self.sees(link["__typename"], link["id"])
