"""Records as plain JSON values in one canonical spelling, for hashing and for storing."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any


def plain(value: object) -> object:
    """A record as JSON values: dataclasses by field name, instants and enums as text.

    A dataclass that tells its ``kind`` in a class variable (a mechanic) has it among its fields.
    """
    if value is None or type(value) is str or type(value) is int:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        named = {name: plain(getattr(value, name)) for name in _names(type(value))}
        kind = getattr(type(value), "kind", None)
        return {"kind": kind, **named} if isinstance(kind, str) else named
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is not part of a record")


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """A dataclass's fields; all that is ever stored or hashed asks for them."""
    return tuple(field.name for field in fields(kind))


def canonical(content: object) -> bytes:
    """One spelling of JSON values: sorted keys, no spaces, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
