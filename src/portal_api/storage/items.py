"""Items to records and back.

Attributes are the record's fields as plain values, counters on their own.
"""

import functools
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

import msgspec

from portal_api.domain.mechanics import MECHANICS
from portal_api.domain.plans import Mechanic
from portal_api.domain.records import plain
from portal_api.domain.writes import Record
from portal_api.storage.table import Item, Value

R = TypeVar("R", bound=Record)

COUNTER = "n:"
"""Each counter is an attribute of its own, since only top-level attributes can be added to."""


def item_of(record: Record) -> dict[str, Value]:
    """A record's attributes, without its counters: those are only ever added to."""
    attributes = cast("dict[str, Value]", plain(record))
    attributes.pop("counters", None)
    return attributes


def record_of(kind: type[R], item: Item) -> R:
    """The record of a kind that an item holds.

    Attributes that this release does not know are let be. Raises ``msgspec.ValidationError`` where
    the item is not such a record.
    """
    counters = {
        name[len(COUNTER) :]: value for name, value in item.items() if name.startswith(COUNTER)
    }
    if counters or "counters" in kind.__dataclass_fields__:  # type: ignore[attr-defined]
        item = {**item, "counters": counters}
    return msgspec.convert({**_absent(kind), **item}, kind, dec_hook=_mechanic)


@functools.cache
def _absent(kind: type[Record]) -> dict[str, None]:
    """The fields without a default, as what is not stored: an attribute of None is not."""
    named = fields(kind)  # type: ignore[arg-type]
    needed = (field.name for field in named if field.default is field.default_factory is MISSING)
    return dict.fromkeys(needed)


def _mechanic(expected: type[Any], value: Any) -> Any:
    """A mechanic from its kind and parameters."""
    if expected is not Mechanic:
        raise NotImplementedError(expected)
    parameters = dict(value)
    return msgspec.convert(parameters, MECHANICS[parameters.pop("kind")])
