"""What the markets need of each partner: who works there, what was agreed on, and all its weeks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.insights.companies import Staff
from portal_api.domain.insights.folding import PartnerWeeks
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.weeks import WeekCounts
from portal_api.domain.writes import Record
from portal_api.services.partners import former_of, members_of
from portal_api.services.store import (
    Found,
    Listed,
    Many,
    One,
    Store,
    Unreadable,
    Want,
    of_partner,
    of_weeks,
)

R = TypeVar("R", bound=Record)
T = TypeVar("T")

_PARTNERS_AT_ONCE = 10
_FIRSTS_AT_ONCE = 100
_WEEKS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Affairs:
    """One partner: who works or worked there, what was agreed on, and what all of them did."""

    partner: Partner
    people: tuple[Individual, ...]
    consents: Mapping[str, ConsentFile]
    enrollments: Mapping[str, Enrollment]
    weeks: PartnerWeeks

    def staff(self, program_id: str) -> Staff:
        """As a program looks at them."""
        ids = {one.id: f"{self.partner.id}.{one.id}.{program_id}" for one in self.people}
        found = {person: self.enrollments.get(own) for person, own in ids.items()}
        return Staff(
            self.partner,
            self.people,
            self.consents.get(program_id),
            {person: one for person, one in found.items() if one is not None},
        )


@dataclass(frozen=True, slots=True)
class Partners:
    """Partners that are read some at a time.

    One of which anything cannot be read is left out, and ``unreadable`` tells where that is.
    """

    store: Store
    ids: Sequence[str]
    unreadable: dict[str, None] = field(default_factory=dict)

    def earliest(self) -> date:
        """The Monday of the first week of anything that was recorded; the last day: never."""
        firsts = self._read(self.ids, _FIRSTS_AT_ONCE, self._firsts)
        return min(firsts, default=date.max)

    def affairs(
        self, program_ids: Sequence[str], new: Callable[[], PartnerWeeks], end: date
    ) -> Iterator[Affairs]:
        """All that is needed of each, in weeks that begin before the end."""

        def read(some: Sequence[str]) -> Iterator[Affairs]:
            return _Reading.of(self.store, some, program_ids, new, end)

        return self._read(self.ids, _PARTNERS_AT_ONCE, read)

    def _read(
        self, ids: Sequence[str], size: int, read: Callable[[Sequence[str]], Iterator[T]]
    ) -> Iterator[T]:
        for some in portions(ids, size):
            try:
                found = list(read(some))
            except Unreadable as problem:
                if len(some) > 1:
                    found = list(self._read(some, 1, read))
                else:
                    self.unreadable[problem.place] = None
                    found = []
            yield from found

    def _firsts(self, partner_ids: Sequence[str]) -> Iterator[date]:
        wants = [Many(WeekCounts, of_weeks(partner_id), first=1) for partner_id in partner_ids]
        answers = self.store.read(wants)
        return (_week(one) for want in wants for one in answers[want].records)


@dataclass(frozen=True, slots=True)
class _Head:
    """The first reads of a partner."""

    partner: One[Partner]
    members: Listed
    former: Listed
    consents: Many[ConsentFile]

    @classmethod
    def of(cls, partner_id: str) -> "_Head":
        return cls(
            One(Partner, partner_id),
            Listed(members_of(partner_id), newest_first=False),
            Listed(former_of(partner_id), newest_first=False),
            Many(ConsentFile, of_partner(partner_id)),
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Some partners that are read together: two waves, and one for each further page of weeks."""

    store: Store
    heads: Mapping[str, _Head]
    program_ids: Sequence[str]
    weeks: Mapping[str, PartnerWeeks]
    marks: dict[str, str | None]
    end: date

    @classmethod
    def of(
        cls,
        store: Store,
        partner_ids: Sequence[str],
        program_ids: Sequence[str],
        new: Callable[[], PartnerWeeks],
        end: date,
    ) -> Iterator[Affairs]:
        """All that is needed of each."""
        heads = {one: _Head.of(one) for one in partner_ids}
        weeks = {one: new() for one in partner_ids}
        return cls(store, heads, program_ids, weeks, dict.fromkeys(partner_ids), end).affairs()

    def affairs(self) -> Iterator[Affairs]:
        """Partner by partner."""
        heads = self.heads.items()
        wants = [
            want
            for _, head in heads
            for want in (head.partner, head.members, head.former, head.consents)
        ]
        found = self._wave(wants)
        files = {one: self._files(found[head.consents].records) for one, head in heads}
        ids = {one: found[head.members].ids + found[head.former].ids for one, head in heads}
        people = {one: [One(Individual, own) for own in dict.fromkeys(ids[one])] for one in ids}
        enrolled = {
            one: [
                One(Enrollment, f"{one}.{person.id}.{program_id}")
                for program_id, file in files[one].items()
                if file.consents
                for person in people[one]
            ]
            for one in people
        }
        individuals = [want for wants in people.values() for want in wants]
        enrollments = [want for wants in enrolled.values() for want in wants]
        more = self._wave([*individuals, *enrollments])
        while self.marks:
            self._wave(())
        for one, head in heads:
            partner = found[head.partner]
            if partner is not None:
                yield Affairs(
                    partner,
                    _there(more, people[one]),
                    files[one],
                    {item.id: item for item in _there(more, enrolled[one])},
                    self.weeks[one],
                )

    def _files(self, files: Iterable[ConsentFile]) -> dict[str, ConsentFile]:
        return {one.program_id: one for one in files if one.program_id in self.program_ids}

    def _wave(self, wants: Iterable[Want[object]]) -> Found:
        """What is wanted and, of each partner, the next page of weeks, which is added at once."""
        high = self.end.isoformat()
        pages = {
            one: Many(WeekCounts, of_weeks(one), _WEEKS_AT_ONCE, mark, high=high)
            for one, mark in self.marks.items()
        }
        found = self.store.read([*wants, *pages.values()])
        for one, want in pages.items():
            page = found[want]
            for counted in page.records:
                _added(self.weeks[one], counted)
            del self.marks[one]
            if page.more:
                self.marks[one] = page.cursors[-1]
        return found


def _there(found: Found, wants: Iterable[One[R]]) -> tuple[R, ...]:
    """What was found of what was looked for."""
    return tuple(one for want in wants if (one := found[want]) is not None)


def _week(counted: WeekCounts) -> date:
    """The Monday of a person's week; raises ``Unreadable`` where its key has none."""
    try:
        return counted.week
    except (IndexError, ValueError) as problem:
        raise Unreadable(counted.id, "") from problem


def _added(weeks: PartnerWeeks, counted: WeekCounts) -> None:
    try:
        weeks.add(counted)
    except (IndexError, ValueError) as problem:
        raise Unreadable(counted.id, "") from problem


def portions(entries: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """So many at a time."""
    return (entries[start : start + size] for start in range(0, len(entries), size))
