"""A document before it is executed: read, measured, validated, and refused with one error.

What was found out about a document is kept by its text, so that a portal's screens are read once.
A document that is refused is not kept: nobody fills the memory with what is never answered.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ASTValidationRule
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from portal_api.schema import costs, errors, limits

KEPT: Final = 128
"""Documents whose reading is kept: of half a megabyte each, at the very most."""
_MAX_COMPARISONS: Final = 5_000
"""How much the rule on fields of one name may compare: five parts of a page that each name the same
six fields take 500 of them, twelve take 2,000, and a hundred would take a third of a second."""

overlapping.MAX_COMPLEXITY_BUDGET = _MAX_COMPARISONS


@dataclass(frozen=True, slots=True)
class Known:
    """A document that may be asked, and the cost of each of its operations."""

    document: DocumentNode
    formulas: dict[str | None, costs.Cost]

    def cost_of(self, operation_name: str | None) -> costs.Cost:
        """The cost of the operation that is asked.

        Raises ``GraphQLError`` where there are several and none is named: the first is no default.
        """
        asked = (
            self.formulas.keys()
            if operation_name is None
            else self.formulas.keys() & {operation_name}
        )
        if len(asked) > 1:
            raise GraphQLError("operationName says which of the document's operations is asked.")
        if not asked:
            raise GraphQLError("The operation that is asked is not in the document.")
        return self.formulas[next(iter(asked))]


Reader = Callable[[GraphQLSchema, str], Known]
"""What is known of a document by its text; raises ``GraphQLError`` for one that is refused."""


def reader(*, introspection: bool) -> Reader:
    """Reads documents of one schema; asking it about itself is refused unless ``introspection``."""
    hidden = () if introspection else (NoSchemaIntrospectionCustomRule,)
    rules: tuple[type[ASTValidationRule], ...] = (
        *hidden,
        *specified_rules,
        MaybeNullValidationRule,
        OneOfInputValidationRule,
    )

    @functools.lru_cache(maxsize=KEPT)
    def known(schema: GraphQLSchema, text: str) -> Known:
        document = parse(text, max_tokens=limits.MAX_TOKENS)
        limits.check(document)
        for error in validate(schema, document, rules, max_errors=1, hide_suggestions=True):
            if isinstance(error, ValidationAbortedError):
                raise GraphQLError("Too many fields of one name are asked for in one place.")
            raise error
        # What is executed does not know where in the text it stands: each error of a field would
        # look for its line in all of the text, and it has a path.
        return Known(parse(text, no_location=True), costs.costs(schema, document))

    return known


class Documents(SchemaExtension):
    """Hands a document that may be asked on to be executed; nothing else is."""

    def __init__(self, read: Reader) -> None:
        """For one request; ``read`` keeps what is known for all of them."""
        self._read = read
        self._results: dict[str, Any] = {}

    def on_parse(self) -> Iterator[None]:
        """Reads, measures and validates at once; raises ``GraphQLError``."""
        context = self.execution_context
        known = self._read(context.schema._schema, context.query or "")  # noqa: SLF001 - No other way.
        cost = known.cost_of(context._provided_operation_name)  # noqa: SLF001 - No other way.
        requested = costs.check(cost, context.variables)
        self._results = {"cost": {"requested": requested, "limit": cost.most}}
        context.graphql_document = known.document
        context.validation_rules = ()  # All of them have been applied.
        yield

    def on_execute(self) -> Iterator[None]:
        """Executes; what a mutation has written is told, whatever else fails."""
        context = self.execution_context
        writes = context.operation_type.value == OperationType.MUTATION.value
        if writes:
            context.context.read_on()
        yield
        result = context.result
        if isinstance(result, ExecutionResult) and result.errors:
            errors.bound(result, writes=writes)

    def get_results(self) -> dict[str, Any]:
        """The cost, for whoever looks at an answer."""
        return self._results
