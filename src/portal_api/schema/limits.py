"""How much one document may ask for: checked once it is parsed, before it is validated.

Fragments are measured once each, however often they are spread: measuring costs no more than
reading. (The limiters that Strawberry ships follow every spread, which doubles with each fragment.)
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension

MAX_TOKENS: Final = 2_000
MAX_FRAGMENTS: Final = 100
MAX_DEPTH: Final = 16
MAX_ALIASES: Final = 30
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

_Size = tuple[int, int]
"""How deep fields are nested, and how many aliases there are."""
_Fragments = Mapping[str, FragmentDefinitionNode]


class Limits(SchemaExtension):
    """Refuses a document that is too deep, too wide, or asks for heavy work more than once."""

    def on_parse(self) -> Iterator[None]:
        """After parsing, before anything is validated; raises ``GraphQLError``."""
        yield
        if self.execution_context.graphql_document is not None:
            check(self.execution_context.graphql_document)


def check(document: DocumentNode) -> None:
    """Raises ``GraphQLError`` where one of the document's operations asks for too much."""
    fragments = {
        part.name.value: part
        for part in document.definitions
        if isinstance(part, FragmentDefinitionNode)
    }
    if len(fragments) > MAX_FRAGMENTS:
        raise GraphQLError(f"A document has at most {MAX_FRAGMENTS} fragments.")
    sizes: dict[str, _Size] = {}
    for part in document.definitions:
        if isinstance(part, OperationDefinitionNode):
            depth, aliases = _size(part.selection_set, fragments, sizes)
            if depth > MAX_DEPTH:
                raise GraphQLError(f"Fields are nested at most {MAX_DEPTH} levels deep.")
            if aliases > MAX_ALIASES:
                raise GraphQLError(f"A document has at most {MAX_ALIASES} aliases.")
            _check_once(part.selection_set, fragments)


def _size(
    selected: SelectionSetNode | None, fragments: _Fragments, sizes: dict[str, _Size]
) -> _Size:
    """The size of what is selected; ``sizes`` are those of the fragments that are known."""
    depth = aliases = 0
    for one in selected.selections if selected else ():
        match one:
            case FieldNode():
                inner, more = _size(one.selection_set, fragments, sizes)
                inner, more = inner + 1, more + (one.alias is not None)
            case FragmentSpreadNode():
                name = one.name.value
                if name not in sizes and name in fragments:
                    sizes[name] = 0, 0  # One that spreads itself is for the validation to name.
                    sizes[name] = _size(fragments[name].selection_set, fragments, sizes)
                inner, more = sizes.get(name, (0, 0))
            case InlineFragmentNode():
                inner, more = _size(one.selection_set, fragments, sizes)
            case _:
                continue
        depth, aliases = max(depth, inner), aliases + more
    return depth, aliases


def _check_once(selected: SelectionSetNode, fragments: _Fragments) -> None:
    """Raises ``GraphQLError`` where a heavy field of the root has several answers."""
    answers = dict(_answers(selected, fragments, set()))
    counted = Counter(_ONCE[name] for name in answers.values() if name in _ONCE)
    for what, times in counted.items():
        if times > 1:
            raise GraphQLError(f"A document asks for {what} at most once: send several requests.")


def _answers(
    selected: SelectionSetNode, fragments: _Fragments, seen: set[str]
) -> Iterator[tuple[str, str]]:
    """The fields of the root, each by the name that its answer has."""
    for one in selected.selections:
        match one:
            case FieldNode():
                yield (one.alias or one.name).value, one.name.value
            case InlineFragmentNode():
                yield from _answers(one.selection_set, fragments, seen)
            case FragmentSpreadNode() if one.name.value not in seen and one.name.value in fragments:
                seen.add(one.name.value)
                yield from _answers(fragments[one.name.value].selection_set, fragments, seen)
