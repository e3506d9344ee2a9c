"""How much one document may ask for: checked once it is parsed, before it is validated.

Fragments are measured once each, however often they are spread: measuring costs no more than
reading. (The limiters that Strawberry ships follow every spread, which doubles with each fragment.)
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    TokenKind,
)

MAX_TOKENS: Final = 2_000
"""Of names, numbers, strings, brackets and comments: more are not even read."""
MAX_NAME: Final = 100
MAX_DIGITS: Final = 40
MAX_DIRECTIVES: Final = 50
MAX_OPERATIONS: Final = 10
MAX_VARIABLES: Final = 100
MAX_FRAGMENTS: Final = 100
MAX_DEPTH: Final = 16
MAX_NESTING: Final = 40
"""Of fields and fragments inside each other: every one of them is a call inside a call."""
MAX_ALIASES: Final = 30
MAX_SELECTIONS: Final = 1_000
_IMPORT: Final = "one import"
_ONCE: Final = {
    "verifyLedger": "verifyLedger",
    "ledgerExport": "ledgerExport",
    "exportPeople": "exportPeople",
    "exportActivities": "exportActivities",
    "personalData": "personalData",
    "auditExport": "auditExport",
    "leaderboard": "leaderboard",
    "financeReport": "financeReport",
    "dryRun": "dryRun",
    "previewConsent": "previewConsent",
    "importPeople": _IMPORT,
    "importActivities": _IMPORT,
    "importPartners": _IMPORT,
    "importSettlements": _IMPORT,
}
"""Fields that are as much work as one request should be, and what is asked once of each."""
TOLD: Final = (
    f"A document has at most {MAX_TOKENS:,} tokens, {MAX_OPERATIONS} operations,"
    f" {MAX_VARIABLES} variables, {MAX_FRAGMENTS} fragments and {MAX_DIRECTIVES} directives; an"
    f" operation at most {MAX_SELECTIONS:,} fields, fragments' fields wherever they are spread,"
    f" {MAX_ALIASES} aliases and {MAX_DEPTH} levels. Every text and list that can be sent says how"
    " long it may be; an ID has at most 500 characters."
)
"""As portal developers read it."""
_BACKWARDS: Final = frozenset({"last", "before"})

Fragments = Mapping[str, FragmentDefinitionNode]
"""A document's fragments by name."""


@dataclass(frozen=True, slots=True)
class _Size:
    """How deep fields are nested, how deep anything is; how many aliases and selections.

    A selection is a field or a fragment, each as often as the fragments around it are spread.
    """

    depth: int = 0
    nesting: int = 0
    aliases: int = 0
    selections: int = 0


_NOTHING: Final = _Size()


def check(document: DocumentNode) -> None:
    """Raises ``GraphQLError`` where any part of a document asks for too much."""
    _check_words(document)
    fragments = fragments_of(document)
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(fragments) > MAX_FRAGMENTS:
        raise GraphQLError(f"A document has at most {MAX_FRAGMENTS} fragments.")
    if len(operations) > MAX_OPERATIONS:
        raise GraphQLError(f"A document has at most {MAX_OPERATIONS} operations.")
    if sum(len(one.variable_definitions or ()) for one in operations) > MAX_VARIABLES:
        raise GraphQLError(f"A document has at most {MAX_VARIABLES} variables.")
    sizes: dict[str, _Size] = {}
    for name in _inner_first(fragments):
        sizes[name] = _size(fragments[name].selection_set, sizes)
    _check_sizes([*sizes.values(), *(_size(one.selection_set, sizes) for one in operations)])
    for one in operations:
        _check_once(one.selection_set, fragments)


def fragments_of(document: DocumentNode) -> Fragments:
    """A document's fragments."""
    return {
        part.name.value: part
        for part in document.definitions
        if isinstance(part, FragmentDefinitionNode)
    }


def _check_words(document: DocumentNode) -> None:
    """Refuses what is too long to be a name or a number, and directives by the dozen."""
    token = document.loc.start_token if document.loc else None
    directives = 0
    while token is not None:
        length = token.end - token.start
        if token.kind is TokenKind.NAME and length > MAX_NAME:
            raise GraphQLError(f"A name has at most {MAX_NAME} characters.")
        if token.kind in (TokenKind.INT, TokenKind.FLOAT) and length > MAX_DIGITS:
            raise GraphQLError(f"A number has at most {MAX_DIGITS} digits.")
        directives += token.kind is TokenKind.AT
        token = token.next
    if directives > MAX_DIRECTIVES:
        raise GraphQLError(f"A document has at most {MAX_DIRECTIVES} directives.")


def _inner_first(fragments: Fragments) -> tuple[str, ...]:
    """The names of fragments, each behind those that it spreads; refuses a circle of them."""
    spread = {
        name: _spread_in(one.selection_set) & set(fragments) for name, one in fragments.items()
    }
    try:
        return tuple(TopologicalSorter(spread).static_order())
    except CycleError as circle:
        raise GraphQLError(f"Fragment '{circle.args[1][0]}' spreads itself.") from None


def _spread_in(selected: SelectionSetNode) -> set[str]:
    """The names of the fragments that are spread anywhere in a selection."""
    found: set[str] = set()
    waiting = [selected]
    while waiting:
        for one in waiting.pop().selections:
            if isinstance(one, FragmentSpreadNode):
                found.add(one.name.value)
            elif inner := _below(one):
                waiting.append(inner)
    return found


def _below(one: SelectionNode) -> SelectionSetNode | None:
    """What is selected in a field or an inline fragment."""
    return one.selection_set if isinstance(one, FieldNode | InlineFragmentNode) else None


def _size(selected: SelectionSetNode, sizes: Mapping[str, _Size]) -> _Size:
    """The size of what is selected; ``sizes`` are those of the fragments in it."""
    depth = nesting = aliases = selections = 0
    for one in selected.selections:
        if isinstance(one, FragmentSpreadNode):
            inner = sizes.get(one.name.value, _NOTHING)  # Validation names one that is unknown.
        else:
            below = _below(one)
            inner = _size(below, sizes) if below else _NOTHING
        own = alias = 0
        if isinstance(one, FieldNode):
            own, alias = 1, one.alias is not None
            _check_forward(one)
        depth = max(depth, inner.depth + own)
        nesting = max(nesting, inner.nesting + 1)
        aliases += inner.aliases + alias
        selections += inner.selections + 1
    return _Size(depth, nesting, aliases, selections)


def _check_forward(asked: FieldNode) -> None:
    """Refuses to read a list from its end."""
    if _BACKWARDS.intersection(given.name.value for given in asked.arguments or ()):
        text = "Lists are read forward only: with first and after, not with last or before."
        raise GraphQLError(text, extensions={"code": "BAD_PAGE"})


def _check_sizes(sizes: list[_Size]) -> None:
    """Refuses what is too deep or too wide, in any part: validation looks at all of them."""
    if max((size.depth for size in sizes), default=0) > MAX_DEPTH:
        raise GraphQLError(f"Fields are nested at most {MAX_DEPTH} levels deep.")
    if max((size.nesting for size in sizes), default=0) > MAX_NESTING:
        raise GraphQLError(f"Fields and fragments are nested at most {MAX_NESTING} levels deep.")
    if max((size.aliases for size in sizes), default=0) > MAX_ALIASES:
        raise GraphQLError(f"An operation has at most {MAX_ALIASES} aliases.")
    if max((size.selections for size in sizes), default=0) > MAX_SELECTIONS:
        raise GraphQLError(
            f"An operation selects at most {MAX_SELECTIONS} fields and fragments, each as often"
            " as the fragments around it are spread."
        )


def _check_once(selected: SelectionSetNode, fragments: Fragments) -> None:
    """Raises ``GraphQLError`` where a heavy field of the root has several answers."""
    answers = dict(_answers(selected, fragments, set()))
    counted = Counter(_ONCE[name] for name in answers.values() if name in _ONCE)
    for what, times in counted.items():
        if times > 1:
            raise GraphQLError(f"A document asks for {what} at most once: send several requests.")


def _answers(
    selected: SelectionSetNode, fragments: Fragments, seen: set[str]
) -> Iterator[tuple[str, str]]:
    """The fields of the root, each by the name that its answer has."""
    for one in selected.selections:
        if isinstance(one, FieldNode):
            yield (one.alias or one.name).value, one.name.value
        elif isinstance(one, InlineFragmentNode):
            yield from _answers(one.selection_set, fragments, seen)
        elif not isinstance(one, FragmentSpreadNode):
            continue
        elif one.name.value not in seen and one.name.value in fragments:
            seen.add(one.name.value)
            yield from _answers(fragments[one.name.value].selection_set, fragments, seen)
