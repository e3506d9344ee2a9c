"""Who may read what: every type declares its audience, a field only where it is narrower.

``build_schema`` walks the schema and fails on a type or field without a declaration. Whether a
viewer may see a record is decided once per object, when it is made; a narrower field
answers null to whoever is not its audience.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from portal_api.domain.access import Audience

Type = TypeVar("Type", bound=type)

AUDIENCE = "portal_audience"
_ON_TYPE = "__portal_audience__"

__all__ = ["Audience", "audience_of", "declared", "may_see", "narrow"]


def declared(*audiences: Audience) -> Callable[[Type], Type]:
    """Declares who may read a type's fields, unless a field declares a narrower audience."""

    def declare(cls: Type) -> Type:
        setattr(cls, _ON_TYPE, frozenset(audiences))
        return cls

    return declare


def may_see(cls: type, audiences: frozenset[Audience]) -> bool:
    """Whether somebody who is ``audiences`` to a record may see it as ``cls``."""
    allowed: frozenset[Audience] = getattr(cls, _ON_TYPE)
    return bool(allowed & audiences)


class _Narrower(FieldExtension):
    """Answers null to a viewer who is none of the audiences to the object."""

    def __init__(self, audiences: frozenset[Audience]) -> None:
        self.audiences = audiences

    def resolve(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """The field's value, or null."""
        return next_(source, info, **kwargs) if self.audiences & source.audiences else None

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """The field's value, or null, for a field that loads."""
        return await next_(source, info, **kwargs) if self.audiences & source.audiences else None


def narrow(
    *audiences: Audience,
    description: str,
    unless: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """A nullable field for these audiences only; used like ``strawberry.field``.

    ``unless``: who alone of them, where the resolver looks at the role, too.
    """
    allowed = frozenset(audiences)
    who = unless or ", ".join(sorted(audience.lower() for audience in allowed))
    return strawberry.field(
        description=f"{description} Null unless you are: {who}.",
        metadata={AUDIENCE: allowed, **(metadata or {})},
        extensions=[_Narrower(allowed)],
        **options,
    )


def audience_of(cls: type, field: StrawberryField) -> frozenset[Audience] | None:
    """Who may read a field, by its own or its type's declaration; none where neither was made."""
    own: frozenset[Audience] | None = field.metadata.get(AUDIENCE)
    return own if own is not None else getattr(cls, _ON_TYPE, None)
