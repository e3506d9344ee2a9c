"""The mechanics as the schema shows them, made from their parameters.

A new module needs nothing here. An amount in minor units becomes a decimal in major units of the
rule's asset, a tuple a list, a dataclass a type and an input of its own; all else stays.
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import strawberry

from portal_api.domain import money
from portal_api.domain.errors import InvalidInput
from portal_api.domain.mechanics import MECHANICS
from portal_api.domain.plans import Mechanic, Rule
from portal_api.schema.access import Audience, declared
from portal_api.schema.scalars import BigInt, Decimal

_MINOR = "_minor"
_SMALL = ("_bps", "_days", "_weight")
"""Integers that a GraphQL Int holds; any other may be as large as an amount of money."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter of a mechanic: its domain name and type, and how GraphQL shows it.

    ``member`` is the dataclass of which it has some, if it has.
    """

    field: str
    kind: Any
    told: str
    default: Any
    many: bool
    member: type[Any] | None

    @property
    def shown_as(self) -> str:
        """Its name in the schema."""
        return self.field.removesuffix(_MINOR)

    @property
    def is_amount(self) -> bool:
        """Whether it is a decimal in the rule's asset."""
        return self.field.endswith(_MINOR)


@cache
def _parameters(cls: Any) -> tuple[_Parameter, ...]:
    """The parameters of a mechanic, or of a dataclass that one of them has some of.

    A parameter without a description (``Annotated[int, "…"]``) fails the schema's build.
    """
    hints = get_type_hints(cls, include_extras=True)
    found = []
    for field in fields(cls):
        kind, told = get_args(hints[field.name])
        many = get_origin(kind) is tuple
        if many:
            kind, _ = get_args(kind)
        if field.name.endswith(_MINOR):
            kind, told = Decimal, f"{told} In major units of the rule's asset."
        elif kind is int and not field.name.endswith(_SMALL):
            kind = BigInt
        member = kind if is_dataclass(kind) and isinstance(kind, type) else None
        found.append(_Parameter(field.name, kind, told, field.default, many, member))
    return tuple(found)


def _body(cls: Any, name: str, as_input: bool, nested: dict[str, Any]) -> dict[str, Any]:
    """The class body of a type or input; ``nested`` has those that it contains, by parameter."""
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__module__": __name__, "__doc__": cls.__doc__, "__qualname__": name}
    for parameter in _parameters(cls):
        kind: Any = nested.get(parameter.field, parameter.kind)
        annotations[parameter.shown_as] = list[kind] if parameter.many else kind
        optional = as_input and parameter.default is not MISSING
        default = "0" if parameter.is_amount and optional else parameter.default
        body[parameter.shown_as] = (
            strawberry.field(default=default, description=parameter.told)
            if optional
            else strawberry.field(description=parameter.told)
        )
    return body | {"__annotations__": annotations}


def _about(cls: type[Mechanic]) -> str:
    """The first paragraph of the mechanic's module: what it is."""
    return inspect.cleandoc(inspect.getmodule(cls).__doc__ or "").partition("\n\n")[0]


def _type(cls: type[Any], name: str, description: str, nested: dict[str, Any]) -> type:
    made = type(name, (), _body(cls, name, as_input=False, nested=nested))
    return declared(Audience.ANYONE)(strawberry.type(made, description=description))


def _input(cls: type[Any], name: str, description: str, nested: dict[str, Any]) -> type:
    made = type(name, (), _body(cls, name, as_input=True, nested=nested))
    return strawberry.input(made, description=description)


def _nested(
    cls: type[Mechanic], suffix: str, make: Callable[[type[Any], str, str, dict[str, Any]], type]
) -> dict[str, type]:
    """What a mechanic has some of, by parameter: such as the bands of Tiered."""
    return {
        parameter.field: make(
            parameter.member,
            f"{cls.__name__}{parameter.member.__name__}{suffix}",
            inspect.cleandoc(parameter.member.__doc__ or ""),
            {},
        )
        for parameter in _parameters(cls)
        if parameter.member is not None
    }


_NESTED: dict[str, dict[str, type]] = {
    kind: _nested(cls, "", _type) for kind, cls in MECHANICS.items()
}

TYPES: dict[str, type] = {
    kind: _type(cls, f"{cls.__name__}Mechanic", _about(cls), _NESTED[kind])
    for kind, cls in MECHANICS.items()
}

_INPUTS: dict[str, type] = {
    kind: _input(cls, f"{cls.__name__}Input", _about(cls), _nested(cls, "Input", _input))
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
        if given is not strawberry.UNSET and given is not None:
            made: Mechanic = _record(cls, given, asset)
            return made
    raise InvalidInput("A rule has one mechanic.", "mechanic")


def _record(cls: Any, given: Any, asset: str) -> Any:
    """The domain's dataclass of an input."""

    def one(parameter: _Parameter, value: Any) -> Any:
        if parameter.member is not None:
            return _record(parameter.member, value, asset)
        return _minor(value, asset) if parameter.is_amount else value

    values: dict[str, Any] = {}
    for parameter in _parameters(cls):
        value = getattr(given, parameter.shown_as)
        values[parameter.field] = (
            tuple(one(parameter, item) for item in value)
            if parameter.many
            else one(parameter, value)
        )
    return cls(**values)


def _minor(amount: str, asset: str) -> int:
    try:
        return money.to_minor(amount, asset)
    except ValueError as problem:
        raise InvalidInput(str(problem), "mechanic") from None


def shown(rule: Rule) -> Any:
    """A rule's mechanic as its GraphQL object."""
    kind = rule.mechanic.kind
    return _shown(TYPES[kind], rule.mechanic, rule.asset, _NESTED[kind])


def _shown(made: type, record: Any, asset: str, nested: dict[str, type]) -> Any:
    """A domain's dataclass as its GraphQL object."""

    def one(parameter: _Parameter, value: Any) -> Any:
        if parameter.field in nested:
            return _shown(nested[parameter.field], value, asset, {})
        return money.to_text(value, asset) if parameter.is_amount else value

    values: dict[str, Any] = {}
    kind: Any = type(record)
    for parameter in _parameters(kind):
        value = getattr(record, parameter.field)
        values[parameter.shown_as] = (
            [one(parameter, item) for item in value] if parameter.many else one(parameter, value)
        )
    return made(**values)
