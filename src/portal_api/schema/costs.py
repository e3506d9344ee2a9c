"""What a document costs: how many fields its answer may have, page sizes multiplied.

Every selected field counts 1, as often as its place in the answer may occur: what is selected in a
list with ``first`` occurs so many times, and what is selected in any other list of objects
``LIST`` times. A field that reads or computes much counts more, and what is in a list that may be
long more often: both are declared beside the field (``counted``), and its description says them.
A document's formula is made once; a request only puts its variables into it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)

from portal_api.schema.limits import Fragments, fragments_of
from portal_api.schema.paging import LARGEST, PAGE, bad_page
from portal_api.schema.waves import TOO_COSTLY

MAX_COST: Final = 20_000
MAX_WRITING: Final = 5_000
"""Of a mutation: what it has written must be told, so that nothing else may stop its reads."""
LIST: Final = 5
"""How often what is in a list without pages counts: few of them are longer."""
_WEIGHT: Final = "portal_weight"
_ITEMS: Final = "portal_items"
FORMULA: Final = (
    f"What a document may cost: {MAX_COST:,}, a mutation {MAX_WRITING:,}. Every field that it"
    ' selects counts 1, or what its description says ("Counts 40."), and as often as its place in'
    " the answer may occur: what is selected in a list with `first` so many times, what is selected"
    f" in any other list of objects {LIST} times, or as often as the list's description says;"
    " `edges` are not counted again. Fields of a fragment count wherever it is spread."
    ' `extensions.cost` of every answer tells the sum: {"requested": 42,'
    f' "limit": {MAX_COST}}}.'
)
"""As portal developers read it."""

_Values = Mapping[str, Any]


def counted(weight: int = 1, *, items: int = LIST) -> dict[str, Any]:
    """The metadata of a field that counts ``weight``; what is in its list, ``items`` times.

    A unit is about 50 microseconds of the processor, and at most one key or query.
    """
    return {_WEIGHT: weight, _ITEMS: items}


def bind(schema: GraphQLSchema) -> None:
    """Has the description of every field that counts otherwise than usual say so."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                weight, items = _declared(field, _WEIGHT, 1), _declared(field, _ITEMS, LIST)
                told = [f"Counts {weight}."] if weight != 1 else []
                told += [f"What is selected in it counts {items} times."] if items != LIST else []
                field.description = " ".join((field.description or "", *told))


def _declared(field: GraphQLField, name: str, usual: int) -> int:
    """What a field declares, or what is usual."""
    made: Any = field.extensions.get("strawberry-definition")
    declared: int = usual if made is None else made.metadata.get(name, usual)
    return declared


@dataclass(frozen=True, slots=True)
class _Size:
    """A list's size: what is written in the document, or a variable of it."""

    number: int
    variable: str | None
    largest: int

    def of(self, values: _Values) -> int:
        """The size for these variables; raises BAD_PAGE for one that no page has."""
        given = values.get(self.variable) if self.variable is not None else None
        size = self.number if given is None else given
        if not isinstance(size, int) or isinstance(size, bool):
            return self.largest  # What is no number is refused when variables are read.
        if not 1 <= size <= self.largest:
            raise bad_page(self.largest)
        return size


@dataclass(frozen=True, slots=True)
class Cost:
    """A formula: what is there once, and what is there for each item of a list."""

    once: int
    each: tuple[tuple[_Size | int, "Cost"], ...]
    most: int = MAX_COST

    def of(self, values: _Values) -> int:
        """What is asked for with these variables; raises BAD_PAGE for a size that no page has."""
        return self.once + sum(
            (size if isinstance(size, int) else size.of(values)) * inner.of(values)
            for size, inner in self.each
        )


def check(cost: Cost, variables: _Values | None) -> int:
    """What a request costs; raises ``GraphQLError`` where that is too much."""
    requested = cost.of(variables or {})
    if requested > cost.most:
        raise GraphQLError(
            f"The document costs {requested:,}, and {cost.most:,} at most are answered: ask for"
            " smaller pages, or in several requests.",
            extensions={"code": TOO_COSTLY, "cost": requested, "limit": cost.most},
        )
    return requested


def costs(schema: GraphQLSchema, document: DocumentNode) -> dict[str | None, Cost]:
    """The formula of each operation of a valid document, by its name."""
    fragments = fragments_of(document)
    found: dict[str | None, Cost] = {}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            defaults = {
                one.variable.name.value: one.default_value
                for one in operation.variable_definitions or ()
            }
            root = cast("GraphQLNamedType", schema.get_root_type(operation.operation))
            reader = _Reader(schema, fragments, defaults)
            name = operation.name.value if operation.name else None
            writes = operation.operation is OperationType.MUTATION
            formula = reader.cost(operation.selection_set, root)
            found[name] = replace(formula, most=MAX_WRITING if writes else MAX_COST)
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the formula of an operation, of which ``limits`` bounds what fragments multiply."""

    schema: GraphQLSchema
    fragments: Fragments
    defaults: Mapping[str, Any]

    def cost(self, selected: SelectionSetNode, parent: GraphQLNamedType) -> Cost:
        """The formula of what is selected in a type."""
        once = 0
        each: list[tuple[_Size | int, Cost]] = []
        for size, inner in self._parts(selected, parent):
            if size == 1:
                once += inner.once
                each += inner.each
            else:
                each.append((size, inner))
        return Cost(once, tuple(each))

    def _parts(
        self, selected: SelectionSetNode, parent: GraphQLNamedType
    ) -> Iterator[tuple[_Size | int, Cost]]:
        """The formula of each selection, and how often it counts."""
        for one in selected.selections:
            if isinstance(one, FieldNode):
                field = cast(
                    "GraphQLField", self.schema.get_field(cast("Any", parent), one.name.value)
                )
                yield 1, Cost(_declared(field, _WEIGHT, 1), ())
                if one.selection_set:
                    inner = self.cost(one.selection_set, get_named_type(field.type))
                    yield self._size(parent, field, one), inner
            elif isinstance(one, FragmentSpreadNode):
                fragment = self.fragments[one.name.value]
                yield 1, self.cost(fragment.selection_set, self._type(fragment.type_condition))
            elif isinstance(one, InlineFragmentNode):
                kind = self._type(one.type_condition) if one.type_condition else parent
                yield 1, self.cost(one.selection_set, kind)

    def _type(self, condition: Any) -> GraphQLNamedType:
        return self.schema.type_map[condition.name.value]

    def _size(self, parent: GraphQLNamedType, field: GraphQLField, node: FieldNode) -> _Size | int:
        """How often what is selected in a field may be in the answer."""
        if "first" in field.args:
            return self._page(field.args["first"], node)
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        of_objects = is_composite_type(get_named_type(field.type))
        if not is_list or not of_objects or parent.name.startswith("__"):
            return 1
        # A page's edges are as many as its field has asked for, and there they are counted.
        if parent.name.endswith("Connection") and node.name.value == "edges":
            return 1
        return _declared(field, _ITEMS, LIST)

    def _page(self, first: GraphQLArgument, node: FieldNode) -> _Size:
        """The size of a page."""
        declared: Any = first.extensions.get("strawberry-definition")
        largest = declared.metadata[LARGEST]
        usual = first.default_value if isinstance(first.default_value, int) else PAGE
        given = next((one.value for one in node.arguments or () if one.name.value == "first"), None)
        if isinstance(given, IntValueNode):
            return _Size(int(given.value), None, largest)
        if isinstance(given, VariableNode):
            default = self.defaults.get(given.name.value)
            number = int(default.value) if isinstance(default, IntValueNode) else usual
            return _Size(number, given.name.value, largest)
        return _Size(usual, None, largest)
