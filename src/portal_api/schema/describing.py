"""How an enum of the domain is told to Strawberry, each of its values described."""

from enum import EnumMeta

import strawberry


def described(enum: EnumMeta, description: str, *, named: str | None = None, **values: str) -> None:
    """Tells an enum to Strawberry, with what each value means: a ``KeyError`` where one is left.

    ``named``: as what the schema knows it, where its own name says too little there.
    """
    strawberry.enum(enum, name=named, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
