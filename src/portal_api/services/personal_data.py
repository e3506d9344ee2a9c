"""All that is kept about a person, as lines of JSON, a page at a time.

The first line says of whom; each other one is one record: its kind, its place among those of its
kind, and what is kept of it. What a record tells of other people, and what is the vendor's to know,
is left out: amounts of others, their ids, the notes of a reviewer. Journals are as they are, since
their hashes prove them. The weekly series, which sums what activities say, is not told again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal_api.domain.activities import Activity, OutcomeStatus
from portal_api.domain.adjustments import Adjustment
from portal_api.domain.claims import Claim
from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.deals import Deal
from portal_api.domain.disputes import Dispute
from portal_api.domain.earnings import Earning
from portal_api.domain.goals import GoalSheet, Level, Progress, party_of
from portal_api.domain.inbox import InboxMark
from portal_api.domain.leaderboards import LeaderboardEntry
from portal_api.domain.ledger import Journal, Wallet
from portal_api.domain.objections import Objection
from portal_api.domain.obstacles import ObstacleReport
from portal_api.domain.partners import Individual
from portal_api.domain.payouts import Payout
from portal_api.domain.records import canonical
from portal_api.domain.statements import Statement
from portal_api.services.export_decency import record_for, without_others
from portal_api.services.store import (
    Many,
    One,
    Store,
    StoredItem,
    StoredSlice,
    Want,
    of_partner,
    of_person,
    of_wallet,
)

FORMAT: Final = "portal-api/person"
VERSION: Final = 1
_AT_ONCE: Final = 50
_PAGE_BYTES: Final = 500_000
_WAVES: Final = 25
"""A page ends after so many reads, or so many bytes: half a megabyte, and one slice at most."""

_OF_THE_WALLET: Final[tuple[type[Any], ...]] = (
    Journal,
    Earning,
    Payout,
    Adjustment,
    Dispute,
    Statement,
)
_OF_A_PARTNER: Final[tuple[type[Any], ...]] = (ConsentFile, Objection, GoalSheet)
"""What a partner has, of which a person is told its part."""
_AT_A_PARTNER: Final[tuple[type[Any], ...]] = (
    Enrollment,
    LeaderboardEntry,
    Progress,
    Deal,
    Activity,
    Claim,
    ObstacleReport,
)
_OF_THE_REVIEWER: Final = frozenset({"near", "near_id", "decided_by"})
_OF_OTHERS: Final[Mapping[str, str]] = {
    "credits": "individual_id",
    "history": "individual_id",
    "awards": "recipient_id",
    "outcomes": "recipient_id",
}
"""Lists of deals and activities of which a person is told its own entries, by whose they are."""


class BadPlace(Exception):
    """It is no mark of such an export."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, each with its line feed, and the mark behind which it goes on; none: the end."""

    lines: tuple[str, ...]
    next: str | None


def partners_of(person: Individual) -> tuple[str, ...]:
    """Every partner that somebody works or has worked for, the first one first."""
    named = (one.partner_id for one in person.employments)
    return tuple(dict.fromkeys(partner_id for partner_id in named if partner_id is not None))


def page(
    store: Store,
    at: datetime,
    person: Individual,
    partner_ids: Sequence[str],
    after: str | None = None,
) -> Page:
    """Some lines of what is kept about a person, of its wallet and of its doings at partners.

    Raises ``BadPlace``.
    """
    sections = _sections(person, partner_ids)
    section, mark = _place(after, len(sections))
    lines = [] if after is not None else [_line(_manifest(person, at))]
    size = 0
    for _ in range(_WAVES):
        if section == len(sections):
            return Page(tuple(lines), None)
        want = sections[section].from_mark(mark)
        found = store.stored([want])[want]
        told = [_line(one) for one in sections[section].told(found, person)]
        lines += told
        size += sum(map(len, told))
        section, mark = (section, found.cursors[-1]) if found.more else (section + 1, "")
        if size > _PAGE_BYTES:
            break
    return Page(tuple(lines), f"{section}!{mark}")


def document(store: Store, at: datetime, person: Individual) -> Iterator[str]:
    """All lines."""
    after: str | None = None
    while True:
        found = page(store, at, person, partners_of(person), after)
        yield from found.lines
        if found.next is None:
            return
        after = found.next


@dataclass(frozen=True, slots=True)
class _Section:
    """The records of one kind: one of an id, or all that belong to a scope."""

    kind: type[Any]
    of: tuple[str, ...] | str

    def from_mark(self, mark: str) -> Want[Any]:
        if isinstance(self.of, str):
            return One(self.kind, self.of)
        return Many(self.kind, self.of, first=_AT_ONCE, after=mark or None)

    def told(self, found: StoredSlice, person: Individual) -> Iterator[dict[str, object]]:
        """What is told of each."""
        for item in found.items:
            record = _told(self.kind, item, person.id)
            if record:
                yield {"kind": self.kind.__name__, "place": item.place, "record": record}


def _sections(person: Individual, partner_ids: Sequence[str]) -> list[_Section]:
    """In an order that stays as it is when the person begins to work elsewhere."""
    found = [_Section(kind, person.id) for kind in (Individual, InboxMark, Wallet)]
    found += [_Section(kind, of_wallet(person.id)) for kind in _OF_THE_WALLET]
    for partner_id in partner_ids:
        found += [_Section(kind, of_partner(partner_id)) for kind in _OF_A_PARTNER]
        of = of_person(partner_id, person.id)
        found += [_Section(kind, of) for kind in _AT_A_PARTNER]
    return found


def _place(after: str | None, sections: int) -> tuple[int, str]:
    if after is None:
        return 0, ""
    section, separator, mark = after.partition("!")
    if not separator or not section.isdecimal() or not section.isascii() or len(section) > 6:
        raise BadPlace
    if int(section) > sections:
        raise BadPlace
    return int(section), mark


def _manifest(person: Individual, at: datetime) -> dict[str, object]:
    head: dict[str, object] = {"format": FORMAT, "version": VERSION}
    return {**head, "person": person.id, "at": at.isoformat()}


def _line(content: Mapping[str, object]) -> str:
    return canonical(content).decode() + "\n"


def _told(kind: type[Any], item: StoredItem, person_id: str) -> dict[str, object]:
    """What is told of a record; nothing where it does not concern the person."""
    if kind in (Journal, Individual):
        return dict(item.attributes)
    if kind is ConsentFile:
        return _consents(item.attributes, person_id)
    if kind is GoalSheet:
        return _targets(item.attributes, person_id)
    if kind is Objection and item.attributes.get("raised_by") != person_id:
        return {}
    kept = dict(record_for(kind, item).attributes)
    if kind is Claim:
        kept = {name: value for name, value in kept.items() if name not in _OF_THE_REVIEWER}
    if kind in (Deal, Activity):
        kept.pop("missed", None)
        kept.pop("deal_shares", None)
        for name, whose in _OF_OTHERS.items():
            if name in kept:
                kept[name] = _own(kept[name], whose, person_id)
    told: dict[str, object] = without_others(kept, frozenset({person_id}))
    return told


def _own(entries: Any, whose: str, person_id: str) -> list[object]:
    """The person's own entries; what a shadow rule would pay is the vendor's to know."""
    return [
        entry
        for entry in entries
        if entry.get(whose) == person_id
        and entry.get("status") != OutcomeStatus.SHADOW
        and not entry.get("shadow")
    ]


def _consents(attributes: Mapping[str, Any], person_id: str) -> dict[str, object]:
    """The consents and requests that name the person, or that it gave, asked for or answered."""
    mine = frozenset({person_id})
    kept: dict[str, object] = {
        name: [
            without_others(entry, mine)
            for entry in attributes.get(name) or ()
            if person_id in (entry.get("individual_ids") or ())
            or person_id in (entry.get(one) for one in _ACTORS)
        ]
        for name in ("consents", "requests")
    }
    if not any(kept.values()):
        return {}
    return {"id": attributes.get("id"), **kept}


def _targets(attributes: Mapping[str, Any], person_id: str) -> dict[str, object]:
    """The person's own goals in a program."""
    party = party_of(Level.INDIVIDUAL, person_id)
    own = (attributes.get("targets") or {}).get(party)
    return {"id": attributes.get("id"), "targets": {party: own}} if own else {}


_ACTORS: Final = ("granted_by", "revoked_by", "requested_by", "answered_by")
