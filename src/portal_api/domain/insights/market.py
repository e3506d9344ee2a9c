"""What the questions are asked of: the weekly series of a program's partners, teams and people.

All weeks are over. What was done and sold is counted over all programs, for it leads to sales
wherever it was recorded; what was paid is the program's own. Sales are in its currency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from portal_api.domain.activities import BehaviorType
from portal_api.domain.partners import PartnerType, Role, Tier
from portal_api.domain.programs import IncentiveClass
from portal_api.domain.weeks import DID


@dataclass(frozen=True, slots=True)
class Series:
    """A party's counters, week by week; the first is of the market's first week.

    A counter that is not there was never counted.
    """

    weeks: int
    counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, counter: str) -> tuple[int, ...]:
        """One number for each week."""
        return self.counts.get(counter) or (0,) * self.weeks

    def did(self, behavior: str) -> tuple[int, ...]:
        """How often a behavior was done in each week."""
        return self.of(DID + behavior)

    def total(self, counter: str, start: int = 0, end: int | None = None) -> int:
        """The sum over the weeks from ``start`` to before ``end``."""
        return sum(self.of(counter)[start:end])

    def named(self, prefix: str) -> tuple[str, ...]:
        """What the counters that begin so are of, such as behaviors of ``DID``, in order."""
        return tuple(sorted(one[len(prefix) :] for one in self.counts if one.startswith(prefix)))


def summed(weeks: int, parts: Iterable[Series]) -> Series:
    """The series of a group: what its parts have counted together."""
    counts: dict[str, tuple[int, ...]] = {}
    for part in parts:
        for counter, own in part.counts.items():
            before = counts.get(counter)
            counts[counter] = (
                own if before is None else tuple(map(sum, zip(before, own, strict=True)))
            )
    return Series(weeks, counts)


class Party(Protocol):
    """Whoever can be compared with others of its kind: a company, a team, a person."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def series(self) -> Series:
        """What it did and sold."""
        ...


@dataclass(frozen=True, slots=True)
class Team:
    """A team of a company, with what its people have done for it."""

    id: str
    series: Series


@dataclass(frozen=True, slots=True)
class Person:
    """A person at a company. Weeks are numbers of the market's weeks, ends exclusive.

    ``employed``: from which week to which it worked there. ``took_part``: whether it could earn in
    the program in each week, by enrollment and its company's consent. ``role`` and ``team_id`` are
    its last there.
    """

    id: str
    role: Role
    team_id: str | None
    employed: tuple[int, int]
    took_part: tuple[bool, ...]
    series: Series


@dataclass(frozen=True, slots=True)
class Company:
    """A partner that the program is for, and its staff, who has left included.

    ``took_part``: whether a consent to the program was in force in each week. ``paid_itself``:
    whether a rule was for the company itself, rebates and goal bonuses included, which needs none.
    """

    id: str
    type: PartnerType
    tier: Tier | None
    region: str
    took_part: tuple[bool, ...]
    people: tuple[Person, ...]
    teams: tuple[Team, ...]
    series: Series
    paid_itself: tuple[bool, ...] = ()

    @property
    def earning(self) -> tuple[bool, ...]:
        """Whether it or anybody there could earn in the program by any rule, in each week."""
        if not self.paid_itself:
            return self.took_part
        return tuple(a or b for a, b in zip(self.took_part, self.paid_itself, strict=True))

    def staff(self, week: int) -> tuple[Person, ...]:
        """Who was employed there in a week."""
        return tuple(one for one in self.people if one.employed[0] <= week < one.employed[1])

    def staff_weeks(self, start: int, end: int) -> int:
        """How many weeks its people have worked there from ``start`` to before ``end``."""
        spans = (min(end, one.employed[1]) - max(start, one.employed[0]) for one in self.people)
        return sum(max(0, span) for span in spans)


@dataclass(frozen=True, slots=True)
class Incentive:
    """A behavior that the program pays for, and the whole weeks in which it did.

    ``before`` is the end of the weeks before it (the week in which it began, where that was no
    Monday, is in neither), ``starts`` its first week, ``ends`` the first one after it; none: it
    runs. ``rules`` are the codes of those that pay for it: to people or their teams, who need
    enrollment and consent, or to the company, which needs neither. ``admitted`` are the ids of the
    companies that some of them are for; none: all.
    """

    behavior: str
    before: int
    starts: int
    ends: int | None
    rules: tuple[str, ...]
    pays_people: bool = True
    pays_company: bool = False
    admitted: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """All that the questions about one program are asked of.

    ``behaviors`` is the catalogue by code. ``prices`` are what one more of a behavior costs by the
    flat rules in force of any program, in minor units of ``currency``. ``unconverted`` are the
    currencies of sales that no rate is known for, which are left out. ``paid_elsewhere`` are the
    weeks, from and to before, in which other programs pay for a behavior, also in part of a week.
    ``left_out`` are so many more incentives, which are judged no more: their weeks are with those.
    """

    program_id: str
    currency: str
    incentive_class: IncentiveClass
    first_week: date
    weeks: int
    as_of: datetime
    companies: tuple[Company, ...]
    behaviors: Mapping[str, BehaviorType]
    incentives: tuple[Incentive, ...] = ()
    prices: Mapping[str, int] = field(default_factory=dict)
    unconverted: tuple[str, ...] = ()
    paid_elsewhere: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    left_out: int = 0

    def took_part(self, incentive: Incentive, company: Company) -> tuple[bool, ...]:
        """Whether somebody could earn by an incentive at a company, in each week."""
        if incentive.admitted is not None and company.id not in incentive.admitted:
            return (False,) * self.weeks
        if incentive.pays_company:
            return (True,) * self.weeks
        return company.took_part

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody at any of the companies."""
        return tuple(person for company in self.companies for person in company.people)

    def day(self, week: int) -> date:
        """The Monday of a week."""
        return self.first_week + timedelta(weeks=week)

    def last(self, weeks: int) -> tuple[int, int]:
        """The bounds of the last so many weeks, fewer where there are not as many."""
        return max(0, self.weeks - weeks), self.weeks


def rate(counts: Sequence[int], weeks: int) -> int:
    """How often a week, in thousandths; 0 for no weeks."""
    return round(1000 * sum(counts) / weeks) if weeks else 0
