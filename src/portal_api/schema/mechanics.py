"""The mechanics as the schema shows them, made from their parameters.

A new module needs nothing here. An amount in minor units becomes a decimal in major units of the
rule's asset; all else stays.
"""

import inspect
from dataclasses import MISSING, fields
from typing import Annotated, Any, Union, get_args, get_type_hints

import strawberry

from portal_api.domain import money
from portal_api.domain.errors import InvalidInput
from portal_api.domain.mechanics import MECHANICS
from portal_api.domain.rewards import Mechanic, Rule
from portal_api.schema.access import Audience, declared
from portal_api.schema.scalars import Decimal

_MINOR = "_minor"


def _parameters(cls: type[Mechanic]) -> dict[str, tuple[Any, str, Any]]:
    """Name, type, description and default of each parameter as GraphQL shows it.

    A parameter without a description (``Annotated[int, "…"]``) fails the schema's build.
    """
    hints = get_type_hints(cls, include_extras=True)
    found: dict[str, tuple[Any, str, Any]] = {}
    for field in fields(cls):  # type: ignore[arg-type]
        kind, told = get_args(hints[field.name])
        if field.name.endswith(_MINOR):
            kind, told = Decimal, f"{told} In major units of the rule's asset."
        found[field.name.removesuffix(_MINOR)] = (kind, told, field.default)
    return found


def _made(cls: type[Mechanic], name: str, as_input: bool) -> dict[str, Any]:
    """The class body of a mechanic's type or input."""
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__module__": __name__, "__doc__": cls.__doc__, "__qualname__": name}
    for parameter, (kind, told, default) in _parameters(cls).items():
        annotations[parameter] = kind
        optional = as_input and default is not MISSING
        shown = "0" if kind is Decimal and optional else default
        body[parameter] = (
            strawberry.field(default=shown, description=told)
            if optional
            else strawberry.field(description=told)
        )
    return body | {"__annotations__": annotations}


def _about(cls: type[Mechanic]) -> str:
    """The first paragraph of the mechanic's module: what it is."""
    return inspect.cleandoc(inspect.getmodule(cls).__doc__ or "").partition("\n\n")[0]


TYPES: dict[str, type] = {
    kind: declared(Audience.ANYONE)(
        strawberry.type(
            type(
                f"{cls.__name__}Mechanic", (), _made(cls, f"{cls.__name__}Mechanic", as_input=False)
            ),
            description=_about(cls),
        )
    )
    for kind, cls in MECHANICS.items()
}

_INPUTS: dict[str, type] = {
    kind: strawberry.input(
        type(f"{cls.__name__}Input", (), _made(cls, f"{cls.__name__}Input", as_input=True)),
        description=_about(cls),
    )
    for kind, cls in MECHANICS.items()
}

MechanicUnion: Any = Annotated[
    Union[tuple(TYPES.values())],  # noqa: UP007
    strawberry.union("Mechanic", description="A way of paying, with its parameters."),
]


def _snake(kind: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in kind)


MechanicInput: Any = strawberry.input(
    type(
        "MechanicInput",
        (),
        {
            "__module__": __name__,
            "__annotations__": {_snake(kind): made | None for kind, made in _INPUTS.items()},
            **{
                _snake(kind): strawberry.field(
                    default=strawberry.UNSET, description=_about(MECHANICS[kind])
                )
                for kind in _INPUTS
            },
        },
    ),
    one_of=True,
    description="Exactly one way of paying.",
)


def mechanic_of(chosen: Any, asset: str) -> Mechanic:
    """The mechanic that an input names; raises ``InvalidInput``."""
    for kind, cls in MECHANICS.items():
        given = getattr(chosen, _snake(kind))
        if given is strawberry.UNSET or given is None:
            continue
        values = {}
        for field in fields(cls):  # type: ignore[arg-type]
            value = getattr(given, field.name.removesuffix(_MINOR))
            values[field.name] = _minor(value, asset) if field.name.endswith(_MINOR) else value
        return cls(**values)
    raise InvalidInput("A rule has one mechanic.", "mechanic")


def _minor(amount: str, asset: str) -> int:
    try:
        return money.to_minor(amount, asset)
    except ValueError as problem:
        raise InvalidInput(str(problem), "mechanic") from None


def shown(rule: Rule) -> Any:
    """A rule's mechanic as its GraphQL object."""
    values: dict[str, Any] = {}
    for field in fields(rule.mechanic):  # type: ignore[arg-type]
        value = getattr(rule.mechanic, field.name)
        is_amount = field.name.endswith(_MINOR)
        values[field.name.removesuffix(_MINOR)] = (
            money.to_text(value, rule.asset) if is_amount else value
        )
    return TYPES[rule.mechanic.kind](**values)
