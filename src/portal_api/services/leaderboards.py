"""Leaderboards by opt-in: joined and left by the staff itself, and read by who is on them.

Nobody is shown who has not joined, nor anybody who has left the partner, the program or the
portal: that is looked at whenever a board is read.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal_api.domain.access import Viewer
from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.eligibility import known_to
from portal_api.domain.errors import DisplayNameTaken, LeaderboardFull, NotEnrolled, NotFound
from portal_api.domain.goals import Level, Progress, party_of, tells_of_nobody
from portal_api.domain.leaderboards import (
    BOARD_MAX,
    BoardMeasure,
    BoardScope,
    LeaderboardEntry,
    NoPlaces,
    Place,
    ranked,
    score,
)
from portal_api.domain.partners import (
    STAFF_ROLES,
    VENDOR_ROLES,
    Individual,
    Partner,
    PersonStatus,
)
from portal_api.domain.programs import Program
from portal_api.domain.writes import Delist, Enlist, Release, Reserve, Save, Write
from portal_api.services.finance import Reading
from portal_api.services.partners import required
from portal_api.services.store import Holder, Listed, Many, One, Want, of_person
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

_LONGEST_NAME: Final = 60
_READ_MOST: Final = BOARD_MAX + 50
"""Who joins at the same moment as the last one is on the board too."""


@dataclass(frozen=True, slots=True)
class LeaderboardJoined:
    """The person is on the board, for whoever else is on it."""

    entry: LeaderboardEntry


@dataclass(frozen=True, slots=True)
class LeaderboardLeft:
    """The person is on the board no more."""

    entry: LeaderboardEntry


def join_leaderboard(
    portal: Portal, ask: Ask, *, partner_id: str, program_id: str, display_name: str
) -> LeaderboardJoined:
    """Puts oneself on a program's board, or changes one's name there.

    The name is nobody else's on that board, at any partner. Whoever was on it at another partner is
    there no more. Raises ``NotEnrolled``, ``LeaderboardFull`` and ``DisplayNameTaken``.
    """
    own_id = f"{partner_id}.{ask.subject}.{program_id}"
    want, enrollment_want = One(LeaderboardEntry, own_id), One(Enrollment, own_id)
    listed = Listed(_list_of(program_id, None), BOARD_MAX, newest_first=False)
    holder_want = Holder(_reserved_name(program_id, display_name))

    def decide(s: Situation) -> Decision[LeaderboardJoined]:
        name = required("displayName", display_name, _LONGEST_NAME)
        holder = s.found[holder_want]
        enrollment, known = s.found[enrollment_want], s.found[want]
        if enrollment is None or not _takes_part(enrollment, s.viewer.partner_id):
            raise NotEnrolled("A leaderboard is for who is enrolled in the program.", program_id)
        on_it = known is not None and known.left_at is None
        if holder not in (None, s.viewer.id):
            raise DisplayNameTaken("Somebody on this leaderboard has this name already.")
        if known is not None and on_it and known.display_name == name and holder is not None:
            return Decision(LeaderboardJoined(known), (), known.id, partner_id)
        if not on_it and len(s.found[listed].ids) >= BOARD_MAX:
            raise LeaderboardFull(f"{BOARD_MAX} people are on this leaderboard already.")
        entry = LeaderboardEntry(
            id=own_id,
            partner_id=partner_id,
            individual_id=s.viewer.id,
            program_id=program_id,
            display_name=name,
            joined_at=known.joined_at if known is not None and on_it else s.now,
            version=known.version if known is not None else 0,
        )
        writes: list[Write] = [Save(entry), *(() if on_it else _enlisted(entry))]
        writes += [] if holder is not None else [Reserve(holder_want.name, s.viewer.id)]
        elsewhere = _elsewhere(s, entry)
        writes += (write for one in elsewhere for write in _left(one.left(s.now)))
        before = [*elsewhere, *(() if known is None else (known,))]
        writes += _released(s, before, holder_want.name)
        return Decision(LeaderboardJoined(entry), tuple(writes), entry.id, partner_id)

    arguments = {"program": program_id, "name": display_name}
    wants: tuple[Want[object], ...] = (want, enrollment_want, listed, holder_want)
    return perform(
        portal, ask, "joinLeaderboard", arguments, STAFF_ROLES, wants, decide, LeaderboardJoined
    )


def leave_leaderboard(
    portal: Portal, ask: Ask, *, partner_id: str, program_id: str
) -> LeaderboardLeft:
    """Takes oneself off a program's board; raises ``NotFound`` for who is not on it."""
    want = One(LeaderboardEntry, f"{partner_id}.{ask.subject}.{program_id}")

    def decide(s: Situation) -> Decision[LeaderboardLeft]:
        entry = s.found[want]
        if entry is None or entry.left_at is not None:
            raise NotFound.of("programId")
        left = entry.left(s.now)
        writes = (*_left(left), *_released(s, [entry]))
        return Decision(LeaderboardLeft(left), writes, left.id, partner_id)

    arguments = {"program": program_id}
    return perform(
        portal, ask, "leaveLeaderboard", arguments, STAFF_ROLES, (want,), decide, LeaderboardLeft
    )


def _left(entry: LeaderboardEntry) -> tuple[Write, ...]:
    """What makes true that somebody has left a board, but for its name."""
    gone = (Delist(one.name, one.sort) for one in _enlisted(entry))
    return Save(entry), *gone


def forgotten(s: Situation, person: Individual) -> list[Write]:
    """What makes true that somebody who is erased is on no board, nor its name there."""
    partners = {one.partner_id for one in person.employments if one.partner_id is not None}
    wants = [Many(LeaderboardEntry, of_person(one, person.id)) for one in sorted(partners)]
    found = s.portal.store.read(wants)
    entries = [one for want in wants for one in found[want].records if one.left_at is None]
    left = [write for entry in entries for write in _left(entry.left(s.now))]
    return [*left, *_released(s, entries)]


def _elsewhere(s: Situation, entry: LeaderboardEntry) -> list[LeaderboardEntry]:
    """The entries by which somebody who moved is on the board of its former partners still."""
    partners = {one.partner_id for one in s.viewer.person.employments} - {entry.partner_id}
    wants = [
        One(LeaderboardEntry, f"{partner_id}.{entry.individual_id}.{entry.program_id}")
        for partner_id in sorted(one for one in partners if one is not None)
    ]
    found = s.portal.store.read(wants)
    return [one for one in map(found.__getitem__, wants) if one is not None and one.left_at is None]


def _released(
    s: Situation, entries: Iterable[LeaderboardEntry], but: str | None = None
) -> list[Write]:
    """What gives free the names that somebody has on boards, as far as they are its own."""
    held = {
        _reserved_name(one.program_id, one.display_name): one.individual_id
        for one in entries
        if one.left_at is None
    }
    found = s.portal.store.read([Holder(name) for name in held])
    return [
        Release(name) for name, own in held.items() if name != but and found[Holder(name)] == own
    ]


def _reserved_name(program_id: str, display_name: str) -> str:
    """A name on a program's board, whatever its case and spaces; it tells nothing of itself."""
    words = unicodedata.normalize("NFKC", display_name).casefold().split()
    told = hashlib.sha256(" ".join(words).encode(errors="replace")).hexdigest()
    return f"{program_id}.board.{told[:32]}"


def _enlisted(entry: LeaderboardEntry) -> tuple[Enlist, Enlist]:
    """The places in the lists of the program's people, and of the company's among them."""
    company, program = entry.partner_id, entry.program_id
    return (
        Enlist(_list_of(program, None), f"{company}.{entry.individual_id}", entry.id),
        Enlist(_list_of(program, company), entry.individual_id, entry.id),
    )


def _list_of(program_id: str, partner_id: str | None) -> str:
    return ".".join(filter(None, (partner_id, program_id, "leaderboard")))


@dataclass(frozen=True, slots=True)
class BoardOf:
    """Which board: of a program, or of one company in it, by one measure."""

    program_id: str
    scope: BoardScope
    partner_id: str | None
    """The company; it says nothing of a program's board."""
    measure: BoardMeasure
    goal_code: str | None = None

    def is_for(self, viewer: Viewer) -> bool:
        """Whether somebody may ask for it.

        A company's: its executives and its staff. A program's: all staff. The vendor: any.
        """
        if viewer.role in VENDOR_ROLES:
            return self.scope is BoardScope.PROGRAM or self.partner_id is not None
        if self.scope is BoardScope.COMPANY and self.partner_id != viewer.partner_id:
            return False
        return self.scope is BoardScope.COMPANY or viewer.role in STAFF_ROLES


@dataclass(frozen=True, slots=True)
class Board:
    """Everybody on a board in order, and the viewer's own place; or why nobody is shown."""

    places: tuple[Place, ...]
    mine: Place | None = None
    reason: NoPlaces | None = None


def board(of: BoardOf, viewer: Viewer, now: datetime) -> Reading[Board | None]:
    """A board as somebody may see it: staff that is on it, executives and the vendor.

    Two waves: who has joined, then who they are and what they have done. With fewer than three
    people it shows nothing, so that nobody's number can be told from the others. None of a program
    that does not exist for the viewer.
    """
    company = of.partner_id if of.scope is BoardScope.COMPANY else None
    listed = Listed(_list_of(of.program_id, company), _READ_MOST, newest_first=False)
    home = viewer.partner_id or "none"
    joined, *known = yield [
        listed,
        One(Program, of.program_id),
        One(Partner, home),
        One(ConsentFile, f"{home}.{of.program_id}"),
        One(Enrollment, f"{home}.{viewer.id}.{of.program_id}"),
    ]
    program, partner, *parts = known
    if known_to(viewer, program, partner, now, *parts) is None:
        return None
    members = [_Member.of(entry_id) for entry_id in joined.ids]
    answers: Sequence[Any] = yield [want for member in members for want in member.wants]
    found = [
        member.standing(answers[4 * index : 4 * index + 4], of, now)
        for index, member in enumerate(members)
    ]
    places = ranked(one for one in found if one is not None)
    mine = next((place for place in places if place.entry.individual_id == viewer.id), None)
    if viewer.role in STAFF_ROLES and mine is None:
        return Board((), reason=NoPlaces.NOT_JOINED)
    if not places or not tells_of_nobody(len(places)):
        return Board((), reason=NoPlaces.TOO_FEW_PEOPLE)
    return Board(places, mine)


@dataclass(frozen=True, slots=True)
class _Member:
    """Somebody in the list of a board, and what must be read of it."""

    entry: One[LeaderboardEntry]
    person: One[Individual]
    enrollment: One[Enrollment]
    progress: One[Progress]

    @classmethod
    def of(cls, entry_id: str) -> "_Member":
        """The member that an entry's id names."""
        partner_id, individual_id, program_id = entry_id.split(".")
        party = party_of(Level.INDIVIDUAL, individual_id)
        return cls(
            One(LeaderboardEntry, entry_id),
            One(Individual, individual_id),
            One(Enrollment, entry_id),
            One(Progress, f"{partner_id}.{program_id}.{party}"),
        )

    @property
    def wants(self) -> tuple[Want[Any], ...]:
        """The reads, in the order of ``standing``."""
        return self.entry, self.person, self.enrollment, self.progress

    def standing(
        self, answers: Sequence[Any], of: BoardOf, now: datetime
    ) -> tuple[LeaderboardEntry, int] | None:
        """The entry with its score, where the person is on the board now."""
        entry, person, enrollment, progress = answers
        if entry is None or entry.left_at is not None or not _works(person, entry.partner_id, now):
            return None
        if enrollment is None or not _takes_part(enrollment, entry.partner_id):
            return None
        counters = progress or Progress(self.progress.id)
        return entry, score(counters, of.measure, of.goal_code)


def _works(person: Individual | None, partner_id: str, now: datetime) -> bool:
    """Whether somebody is an active member of a partner's staff."""
    employment = person.employment_at(now) if person is not None else None
    return (
        person is not None
        and person.status is PersonStatus.ACTIVE
        and employment is not None
        and employment.partner_id == partner_id
        and employment.role in STAFF_ROLES
    )


def _takes_part(enrollment: Enrollment, partner_id: str | None) -> bool:
    return enrollment.partner_id == partner_id and enrollment.withdrawn_at is None
