"""What a use case asks to be made true, all of it or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Record(Protocol):
    """Anything that is stored under its id."""

    @property
    def id(self) -> str:
        """The id, which leads to the record's place."""
        ...


class Versioned(Record, Protocol):
    """A record that changes.

    ``version`` is 0 before it is stored, then one more for each change.
    """

    @property
    def version(self) -> int:
        """The version that was loaded."""
        ...


class Counted(Versioned, Protocol):
    """A record with counters, which change by addition only and apart from its version."""

    @property
    def counters(self) -> Mapping[str, int]:
        """The counters that were loaded."""
        ...


@dataclass(frozen=True, slots=True)
class Create:
    """The immutable record is there, and was not before."""

    record: Record


@dataclass(frozen=True, slots=True)
class Save:
    """The record is there, in place of the version that was loaded (0: it was not there)."""

    record: Versioned


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The record still has the version that was loaded."""

    record: Versioned


@dataclass(frozen=True, slots=True)
class Absent:
    """There is still no record of the kind with the id, as when it was looked for."""

    kind: type[Record]
    id: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Nobody else holds the name; ``holder`` does from now on."""

    name: str
    holder: str


@dataclass(frozen=True, slots=True)
class Release:
    """Nobody holds the name any more."""

    name: str


@dataclass(frozen=True, slots=True)
class Count:
    """The counters of a record have grown by ``added`` (none: they are only looked at).

    At commit the counters in ``seen`` still have these values, those in ``floored`` are not below
    zero afterwards, and with ``same_version`` the record has the version that was loaded.
    """

    record: Counted
    added: Mapping[str, int]
    seen: Mapping[str, int] = field(default_factory=dict)
    floored: frozenset[str] = frozenset()
    same_version: bool = False


@dataclass(frozen=True, slots=True)
class Enlist:
    """The list ``name`` has an entry for ``ref``, in the order of ``sort``."""

    name: str
    sort: str
    ref: str


@dataclass(frozen=True, slots=True)
class Delist:
    """The list has no such entry any more."""

    name: str
    sort: str


def as_found(kind: type[Record], record_id: str, found: Versioned | None) -> Unchanged | Absent:
    """What was looked for is still as it was found, or still not there."""
    return Absent(kind, record_id) if found is None else Unchanged(found)


Write = Create | Save | Unchanged | Absent | Reserve | Release | Count | Enlist | Delist
