"""Refusals as members of result unions, made from the tree in ``domain.errors``.

One handler for each.
"""

import inspect
import logging
from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Any, Union

import strawberry
from graphql import GraphQLError

from portal_api.domain import errors
from portal_api.domain.errors import (
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
)
from portal_api.schema.access import Audience, declared
from portal_api.schema.scalars import Amount, amount_of
from portal_api.services.store import StoreUnavailable
from portal_api.services.use_case import Unauthenticated

_EVERYWHERE = (InvalidInput, NotFound, NotPermitted, IdempotencyConflict)


@declared(Audience.ANYONE)
@strawberry.interface(
    name="Refusal", description="Why a mutation was refused; nothing but this answer was written."
)
class RefusalInterface:
    """What every refusal tells."""

    code: str = strawberry.field(description="The refusal's type in capitals, for programs.")
    message: str = strawberry.field(description="A sentence for people.")


def _screaming(name: str) -> str:
    return "".join("_" + letter if letter.isupper() else letter.upper() for letter in name).lstrip(
        "_"
    )


def _refusal_type(cls: type[Refusal]) -> type:
    """The GraphQL type of a refusal: its fields, a minor amount as an amount."""
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {}
    for field in fields(cls):
        if field.name in ("message", "asset"):
            continue
        name = field.name.removesuffix("_minor")
        kind = (
            Amount
            if field.name.endswith("_minor")
            else list[str]
            if "tuple" in str(field.type)
            else str
        )
        annotations[name] = kind
        namespace[name] = strawberry.field(description=f"The {name.replace('_', ' ')} in question.")
    namespace |= {"__annotations__": annotations, "__doc__": cls.__doc__, "__module__": __name__}
    made = type(cls.__name__, (RefusalInterface,), namespace)
    return declared(Audience.ANYONE)(
        strawberry.type(made, description=inspect.cleandoc(cls.__doc__ or "").replace("``", "`"))
    )


def _all_refusals() -> Iterator[type[Refusal]]:
    for member in vars(errors).values():
        if isinstance(member, type) and issubclass(member, Refusal) and member is not Refusal:
            yield member


REFUSALS: dict[type[Refusal], type] = {cls: _refusal_type(cls) for cls in _all_refusals()}
"""The GraphQL type of every refusal."""


def shown(refusal: Refusal) -> Any:
    """A raised refusal as its GraphQL object."""
    values: dict[str, Any] = {
        "code": _screaming(type(refusal).__name__),
        "message": refusal.message,
    }
    for field in fields(refusal):
        value = getattr(refusal, field.name)
        if field.name.endswith("_minor"):
            values[field.name.removesuffix("_minor")] = amount_of(getattr(refusal, "asset"), value)  # noqa: B009
        elif field.name not in ("message", "asset"):
            values[field.name] = list(value) if isinstance(value, tuple) else value
    return REFUSALS[type(refusal)](**values)


class _Handler:
    """Turns one kind of refusal into its union member."""

    def __init__(self, cls: type[Refusal]) -> None:
        self.exception_type = cls
        self.error_type = REFUSALS[cls]

    def handle(self, exception: Refusal, *, field: object, info: object) -> Any:
        """The union member."""
        return shown(exception)


HANDLERS = tuple(_Handler(cls) for cls in REFUSALS)
"""The one table from a raised refusal to what the client sees."""


_log = logging.getLogger(__name__)


def typed(error: GraphQLError, request_id: str) -> GraphQLError:
    """An error of an answer with its code and the request id.

    What nobody expected is logged and tells nothing.
    """
    original, message, code = error.original_error, error.message, "BAD_REQUEST"
    if isinstance(original, Unauthenticated):
        message, code = "Sign in again: this person may not act.", "UNAUTHENTICATED"
    elif isinstance(original, StoreUnavailable):
        message, code = "Too busy to do it in time; nothing was written. Try again.", "TRY_AGAIN"
    elif isinstance(original, Refusal):
        message, code = original.message, _screaming(type(original).__name__)
    elif isinstance(original, GraphQLError) or original is None:
        code = (error.extensions or {}).get("code", code)
    else:
        _log.error("unexpected error", exc_info=original)
        message, code = "Something went wrong on our side.", "INTERNAL"
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code, "requestId": request_id},
    )


def result(name: str, success: type, *refusals: type[Refusal]) -> Any:
    """The result union of a mutation.

    Its success, what every mutation can be refused for, and its own refusals.
    """
    members = (success, *(REFUSALS[cls] for cls in (*_EVERYWHERE, *refusals)))
    description = (
        f"What {name[0].lower()}{name[1:]} answers: {success.__name__}, or a typed refusal."
    )
    return Annotated[Union[members], strawberry.union(f"{name}Result", description=description)]  # noqa: UP007
