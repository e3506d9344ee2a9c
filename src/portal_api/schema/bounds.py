"""How long texts and lists may be: said in the schema of every one, checked before resolvers.

Every text and every list that a client can send has a bound, by default ``TEXT`` and ``LIST``. The
descriptions say it, so that a form can; more is an ``InvalidInput`` like any other, which names the
field. Use cases check again, and more: here is what they would not need to look at.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
)

from portal_api.domain import bands, cascades, claims, deals, plan_checks, settlements
from portal_api.domain.errors import InvalidInput
from portal_api.domain.webhooks import LONGEST_URL
from portal_api.schema.errors import REFUSALS, shown
from portal_api.services import (
    consent,
    csv_files,
    currencies,
    obstacles,
    partners,
    sales_process,
    webhooks,
)

TEXT: Final = 200
LIST: Final = 100
ID: Final = 500
_CODE: Final = 60
_SHORT: Final = 10
"""Of a currency, a month or a period: some characters more than it has."""
_TEXTS: Final = {
    "after": 500,
    "answer": 500,
    "assetCode": _SHORT,
    "before": _CODE,
    "behavior": _CODE,
    "behaviors": _CODE,
    "code": _CODE,
    "content": csv_files.CONTENT_MAX,
    "currencyCode": _SHORT,
    "displayName": 60,
    "fileReference": 100,
    "friction": sales_process.LONGEST_FRICTION,
    "fromCurrency": _SHORT,
    "goal": _CODE,
    "goalCode": _CODE,
    "incentivePoints": _CODE,
    "invoice": 100,
    "kinds": _CODE,
    "month": _SHORT,
    "period": _SHORT,
    "rate": 30,
    "reason": 500,
    "requestId": 100,
    "serials": 100,
    "terms": 20_000,
    "text": 2_000,
    "toCurrency": _SHORT,
    "url": LONGEST_URL,
    "AnswerObjectionInput.answer": 2_000,
    "CreateProgramInput.description": 2_000,
    "DeclineConsentRequestInput.reason": 1_000,
    "ImportSettlementsInput.content": settlements.CHARACTERS_MAX,
    "OpenDisputeInput.reason": 2_000,
    "RecordActivityInput.source": 60,
    "RegisterDealInput.reference": 100,
    "TaxThresholdAmountInput.source": 500,
}
"""Bounds of texts other than ``TEXT``, by the field's name or, where that is not enough, its type's
too: what the use cases take."""
_LISTS: Final = {
    "amounts": 50,
    "bands": bands.MAX_BANDS,
    "behaviors": sales_process.MAX_BEHAVIORS,
    "caps": consent.MAX_CAPS,
    "credits": deals.MAX_PEOPLE,
    "eventIds": webhooks.MOST_REPLAYED,
    "goals": plan_checks.MAX_GOALS,
    "incentivePoints": sales_process.MAX_BEHAVIORS,
    "individualIds": consent.MAX_NAMED,
    "kinds": webhooks.MOST_KINDS,
    "obstacleReportIds": obstacles.MOST_ANSWERED,
    "overAssigned": cascades.MAX_AT_ONCE,
    "rates": currencies.RATES_MAX,
    "rules": plan_checks.MAX_RULES,
    "serials": claims.MAX_SERIALS,
    "steps": sales_process.MAX_STEPS,
    "targets": cascades.MAX_AT_ONCE,
    "teamIds": consent.MAX_NAMED,
    "teamNames": partners.MAX_TEAMS,
    "AuditFilter.kinds": 50,
}
"""Bounds of lists other than ``LIST``, likewise."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What one input may hold at most; ``inner`` are the bounds of an input object's fields."""

    characters: int | None = None
    items: int | None = None
    inner: dict[str, "Bound"] = field(default_factory=dict)


_Given = Mapping[str, Any]
_Inputs = Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]


def bind(schema: GraphQLSchema) -> None:
    """Has every field of the schema refuse what is too long, and every input say what that is."""
    known: dict[str, dict[str, Bound]] = {}
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for asked in kind.fields.values():
                bounds = _bounds(kind.name, asked.args, known)
                if bounds and asked.resolve is not None:
                    asked.resolve = _bounded(asked, asked.resolve, bounds)


def _bounds(owner: str, inputs: _Inputs, known: dict[str, dict[str, Bound]]) -> dict[str, Bound]:
    """The bounds of some inputs by name, which are told in their descriptions on the way."""
    found: dict[str, Bound] = {}
    for name, one in inputs.items():
        bound = _bound(f"{owner}.{name}", name, one.type, known)
        if bound.characters or bound.items or bound.inner:
            found[name] = bound
            one.description = _told(one.description or "", bound, one.type)
    return found


def _bound(
    place: str, name: str, kind: GraphQLInputType, known: dict[str, dict[str, Bound]]
) -> Bound:
    """The bound of an input at a place such as ``RegisterDealInput.reference``."""
    named = get_named_type(kind)
    is_list = isinstance(get_nullable_type(kind), GraphQLList)
    items = _LISTS.get(place, _LISTS.get(name, LIST)) if is_list else None
    if named.name == GraphQLString.name:
        return Bound(_TEXTS.get(place, _TEXTS.get(name, TEXT)), items)
    if named.name == GraphQLID.name:
        return Bound(ID, items)
    if not isinstance(named, GraphQLInputObjectType):
        return Bound(None, items)
    if named.name not in known:
        known[named.name] = {}  # An input that holds its like finds itself here.
        known[named.name].update(_bounds(named.name, named.fields, known))
    return Bound(None, items, known[named.name])


def _told(description: str, bound: Bound, kind: GraphQLInputType) -> str:
    """A description that says the bounds; what it says already is not said again."""
    # An id is no text for a form: what it may hold is told once, for all of them.
    is_text = get_named_type(kind).name == GraphQLString.name
    characters = bound.characters if is_text else None
    if characters is not None and _says(
        description, characters, r" (ASCII |printable )?characters"
    ):
        characters = None
    items = None if _says(description, bound.items, r"(?! characters)") else bound.items
    match items, characters:
        case int(), int():
            more = f" At most {items:,} items of {characters:,} characters."
        case int(), None:
            more = f" At most {items:,} items."
        case None, int() if bound.items is not None:
            more = f" Each has at most {characters:,} characters."
        case None, int():
            more = f" At most {characters:,} characters."
        case _:
            more = ""
    return description + more


def _says(description: str, number: int | None, unit: str) -> bool:
    """Whether a description names a number, of what the pattern ``unit`` says."""
    return number is not None and bool(
        re.search(rf"(?<!\d)({number}|{number:,})(?!\d){unit}", description)
    )


def _bounded(
    asked: GraphQLField, resolve: Callable[..., Any], bounds: dict[str, Bound]
) -> Callable[..., Any]:
    """The resolver, which is not called with what is too long: that is a refusal."""
    result = get_named_type(asked.type)
    refused_as = REFUSALS[InvalidInput].__name__
    typed = isinstance(result, GraphQLUnionType) and refused_as in {
        member.name for member in result.types
    }

    def resolve_bounded(source: Any, info: Any, **given: Any) -> Any:
        problem = next(_problems(given, bounds, ()), None)
        if problem is None:
            return resolve(source, info, **given)
        if typed:
            return shown(problem)
        raise problem

    return resolve_bounded


def _problems(
    given: _Given, bounds: Mapping[str, Bound], path: tuple[str, ...]
) -> Iterator[InvalidInput]:
    """What is too long in some values, by the names of a client."""
    for name, bound in bounds.items():
        if (value := given.get(name)) is not None:
            yield from _problems_of(value, bound, (*path, name))


def _problems_of(value: Any, bound: Bound, path: tuple[str, ...]) -> Iterator[InvalidInput]:
    if isinstance(value, list):
        if bound.items is not None and len(value) > bound.items:
            yield _too_long(path, f"{bound.items:,} items")
        elif bound.characters or bound.inner:
            for one in value:
                yield from _problems_of(one, bound, path)
    elif isinstance(value, dict):
        yield from _problems(value, bound.inner, path)
    # As use cases do, spaces around a text are not counted.
    elif bound.characters is not None and len(value) > bound.characters < len(value.strip()):
        yield _too_long(path, f"{bound.characters:,} characters")


def _too_long(path: tuple[str, ...], most: str) -> InvalidInput:
    """The refusal; a mutation's ``input`` is around all of its fields, and not named."""
    inside = path[1:] if path[0] == "input" and len(path) > 1 else path
    return InvalidInput(f"{'.'.join(inside)} has at most {most}.", inside[0])
