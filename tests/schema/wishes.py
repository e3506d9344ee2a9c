"""Inputs of mutations made from their types, and where in them there are ids."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from portal_api.demo import world

Path = tuple[str, ...]
"""Where an id is: the names of arguments and inputs that lead to it."""
PLAIN: Mapping[str, Any] = {
    "Decimal": "1.00",
    "BigInt": 1,
    "Int": 1,
    "Boolean": True,
    "Date": "2026-02-01",
    "DateTime": "2026-02-01T00:00:00Z",
}
NAMED: Mapping[str, Any] = {"currencyCode": "USD", "behavior": world.EVENT, "goalCode": "Q2"}
"""What an argument of a name needs, to be something of the demo."""

ONE_OF: Mapping[str, str] = {"PreviewSubjectInput": "activity"}


@dataclass(frozen=True)
class Wish:
    """Some arguments as a client would send them.

    ``ids`` has ids by their places, and brings in what leads to them; ``other`` makes all that are
    needed besides, by the names of their arguments.
    """

    arguments: Mapping[str, GraphQLArgument]
    ids: Mapping[Path, str]
    other: Callable[[str], str]

    def made(self) -> dict[str, Any]:
        """All that is needed, and what has an id that was given."""
        return {
            name: self._value((name,), declared.type)
            for name, declared in self.arguments.items()
            if is_required_argument(declared) or self._leads((name,))
        }

    def _leads(self, path: Path) -> bool:
        return any(given[: len(path)] == path for given in self.ids)

    def _value(self, path: Path, kind: Any) -> Any:
        match kind:
            case GraphQLNonNull():
                return self._value(path, kind.of_type)
            case GraphQLList():
                return [self._value(path, kind.of_type)]
            case GraphQLEnumType():
                return next(iter(kind.values))
            case GraphQLInputObjectType():
                return self._object(path, kind)
            case _:
                pass
        if kind.name == "ID":
            return self.ids[path] if path in self.ids else self.other(path[-1])
        return NAMED.get(path[-1], PLAIN.get(kind.name, "SOMETHING"))

    def _object(self, path: Path, kind: GraphQLInputObjectType) -> dict[str, Any]:
        chosen = [
            name
            for name, declared in kind.fields.items()
            if is_required_input_field(declared) or self._leads((*path, name))
        ]
        # Where nothing is needed, it is a oneOf: any one will do, or the one that needs no id.
        chosen = chosen or [ONE_OF.get(kind.name) or next(iter(kind.fields))]
        return {name: self._value((*path, name), kind.fields[name].type) for name in chosen}


def literal(name: str, kind: Any, given: Mapping[str, str]) -> str:
    """A value of an argument in a document: as ``given`` by its name, or any of its type."""
    if name in given:
        return given[name]
    match kind:
        case GraphQLNonNull():
            return literal(name, kind.of_type, given)
        case GraphQLList():
            return f"[{literal(name, kind.of_type, given)}]"
        case GraphQLEnumType():
            return str(next(iter(kind.values)))
        case GraphQLInputObjectType():
            needed = [one for one, inner in kind.fields.items() if is_required_input_field(inner)]
            # Where nothing is needed, it is a oneOf: any one will do.
            chosen = needed or list(kind.fields)[:1]
            told = (f"{one}: {literal(one, kind.fields[one].type, given)}" for one in chosen)
            return f"{{{', '.join(told)}}}"
        case _:
            pass
    return json.dumps(NAMED.get(name, PLAIN.get(kind.name, "SOMETHING")))


def id_paths(arguments: Mapping[str, GraphQLArgument]) -> Iterator[Path]:
    """Where there are ids in some arguments."""
    for name, declared in arguments.items():
        yield from _inside((name,), get_named_type(declared.type))


def _inside(path: Path, kind: Any) -> Iterator[Path]:
    if kind.name == "ID":
        yield path
    elif isinstance(kind, GraphQLInputObjectType):
        for name, inner in kind.fields.items():
            yield from _inside((*path, name), get_named_type(inner.type))
