"""Programs: the funded container of a segment, a window, a time zone, terms and a budget."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal_api.domain.partners import Segment

BUDGET_SHARDS = 16
"""A program's head and budget are kept in this many items, so that none takes every award."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program. ``currency`` is that of its deals' amounts; assets are what its rules pay in.

    ``plan_number`` is that of the plan published last, so that who reads both sees that none is
    missing.
    """

    id: str
    name: str
    description: str
    segment: Segment
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    currency: str
    terms: str
    terms_version: int = 1
    plan_number: int = 0
    version: int = 0

    def open_at(self, instant: datetime) -> bool:
        """Whether ``instant`` is in the program's window; the end is outside."""
        return self.starts_at <= instant < self.ends_at


@dataclass(frozen=True, slots=True)
class ProgramShard:
    """One of the items over which a program's budget is spread; its version is the program's own.

    An award draws from the shard of its recipient and checks that version in the same operation.
    ``counters`` maps assets to minor units. ``id`` names program and shard.
    """

    id: str
    counters: Mapping[str, int] = field(default_factory=dict)
    version: int = 0


def shard_of(program_id: str, party_id: str) -> str:
    """The id of the shard from which a party's awards are drawn."""
    number = zlib.crc32(party_id.encode()) % BUDGET_SHARDS
    return f"{program_id}.{number}"


def shards_of(program_id: str) -> tuple[str, ...]:
    """The ids of all shards of a program."""
    return tuple(f"{program_id}.{number}" for number in range(BUDGET_SHARDS))
