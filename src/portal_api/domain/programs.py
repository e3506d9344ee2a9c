"""Programs: the funded container of a segment, a window, a time zone, terms and a budget."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from portal_api.domain.partners import Segment

BUDGET_SHARDS = 16
"""A program's head and budget are kept in this many items, so that none takes every award."""


FUNDED = "funded:"
LOW_AT_PERCENT = 80
"""A budget of which so much is used is low, and an event says so."""
PROTECTION_DAYS = 90
"""How long an approved deal is protected where the program does not say."""
DISPUTE_DAYS = 90
"""How long an earning can be disputed where the program does not say."""


class IncentiveClass(StrEnum):
    """What a program wants of people: something soon, or something that they go on doing."""

    TACTICAL = "TACTICAL"
    HABIT_FORMING = "HABIT_FORMING"


@dataclass(frozen=True, slots=True)
class Program:
    """A program. ``currency`` is that of its deals' amounts; assets are what its rules pay in.

    ``plan_number`` is that of the plan published last, so that who reads both sees that none is
    missing. An approved deal is protected for ``protection_days``; an earning can be disputed for
    ``dispute_days`` from when it was recorded. ``terms_since`` are the starts of the versions of
    the terms after the first. ``retroactive``: a first consent may pay what was withheld before.
    ``discloses_amounts``: its terms say that a company's executive sees what each person earns.
    ``disclosed_before``: former terms said so. ``participation_in`` names the program in which a
    company must take part as a whole, at the instant of a sale, for its rebate to accrue.
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
    protection_days: int = PROTECTION_DAYS
    incentive_class: IncentiveClass = IncentiveClass.HABIT_FORMING
    dispute_days: int = DISPUTE_DAYS
    version: int = 0
    terms_since: tuple[datetime, ...] = ()
    retroactive: bool = False
    discloses_amounts: bool = False
    participation_in: str | None = None
    disclosed_before: bool = False

    @property
    def ever_disclosed(self) -> bool:
        """Whether its terms ever disclosed amounts of persons.

        Who knows what each of some has earned computes from a total what the others have: totals
        are told to no executive any more.
        """
        return self.discloses_amounts or self.disclosed_before

    def terms_at(self, instant: datetime) -> int:
        """The version of the terms that was in force at ``instant``."""
        return self.terms_version - sum(instant < since for since in self.terms_since)

    def open_at(self, instant: datetime) -> bool:
        """Whether ``instant`` is in the program's window; the end is outside."""
        return self.starts_at <= instant < self.ends_at


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """A former version of a program's terms, up to but without ``until``; ``id`` names both."""

    id: str
    terms: str
    until: datetime
    discloses_amounts: bool


@dataclass(frozen=True, slots=True)
class ProgramShard:
    """One of the items over which a program's budget is spread; its version is the program's own.

    An award draws from the shard of its recipient and checks that version in the same operation.
    ``counters`` maps assets to the minor units that are left, and ``funded:ASSET`` to what was ever
    put in. ``id`` names program and shard.
    """

    id: str
    counters: Mapping[str, int] = field(default_factory=dict)
    version: int = 0

    def left(self, asset: str) -> int:
        """What is left of an asset, in minor units."""
        return self.counters.get(asset, 0)

    def funded(self, asset: str) -> int:
        """What was ever put in, in minor units."""
        return self.counters.get(f"{FUNDED}{asset}", 0)

    @property
    def assets(self) -> tuple[str, ...]:
        """The assets that it holds or held."""
        return tuple(name for name in self.counters if ":" not in name)


def shard_of(program_id: str, party_id: str) -> str:
    """The id of the shard from which a party's awards are drawn."""
    number = zlib.crc32(party_id.encode()) % BUDGET_SHARDS
    return f"{program_id}.{number}"


def shards_of(program_id: str) -> tuple[str, ...]:
    """The ids of all shards of a program."""
    return tuple(f"{program_id}.{number}" for number in range(BUDGET_SHARDS))


def is_low(left_minor: int, funded_minor: int) -> bool:
    """Whether 80 % or more of what was ever funded is used."""
    return left_minor * 100 <= funded_minor * (100 - LOW_AT_PERCENT)
