"""Records as plain JSON values in one canonical spelling, for hashing and for storing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any


def plain(value: object) -> object:
    """A record as JSON values: dataclasses by field name, instants and enums as text.

    A dataclass that tells its ``kind`` in a class variable (a mechanic) has it among its fields.
    """
    kind = type(value)
    spelling = _SPELLINGS.get(kind)
    if spelling is None:
        spelling = _SPELLINGS[kind] = _spelling(kind)
    return spelling(value)


def _spelling(kind: type[Any]) -> Callable[[Any], object]:
    """How values of a type are spelled."""
    if issubclass(kind, Enum):
        return lambda value: value.value
    if kind is type(None) or issubclass(kind, str | int):
        return _same
    if issubclass(kind, date):  # An instant is one, too.
        return kind.isoformat
    if is_dataclass(kind):
        return _by_name(kind)
    if issubclass(kind, Mapping):
        return lambda value: {key: plain(item) for key, item in value.items()}
    if issubclass(kind, tuple | list | frozenset):
        return lambda value: [plain(item) for item in value]
    raise TypeError(f"{kind.__name__} is not part of a record")


def _by_name(kind: type[Any]) -> Callable[[Any], object]:
    names = tuple(field.name for field in fields(kind))
    label = getattr(kind, "kind", None)
    labelled = {"kind": label} if isinstance(label, str) else {}

    def spelled(value: Any) -> object:
        told: dict[str, object] = dict(labelled)
        for name in names:
            item = getattr(value, name)
            told[name] = item if type(item) in _PLAIN else plain(item)
        return told

    return spelled


def _same(value: object) -> object:
    return value


_SPELLINGS: dict[type[Any], Callable[[Any], object]] = {}
"""By type, found once: all that is ever stored or hashed is spelled."""

_PLAIN = frozenset({type(None), str, int, bool})
"""Most fields are of these, and need no call."""


def canonical(content: object) -> bytes:
    """One spelling of JSON values: sorted keys, no spaces, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def stamp(instant: datetime) -> str:
    """An instant as text in the order of time, for keys."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%S%f}"
