"""Exporting a ledger: all that proves it, line by line, so that it can be verified elsewhere.

An export of single wallets is for their owners: it has their journals, earnings, payouts,
adjustments, disputes and statements, what explains them, and of other people nothing. One of the
whole ledger has all that ``verify`` compares. ``export_lines`` has the form of the file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from portal_api.domain.adjustments import Adjustment
from portal_api.domain.consent import ConsentFile
from portal_api.domain.disputes import Dispute
from portal_api.domain.earnings import Earning
from portal_api.domain.events import Answer, Event
from portal_api.domain.finance import Move, MoveSum
from portal_api.domain.goals import Progress
from portal_api.domain.ledger import Journal, JournalKind, Wallet
from portal_api.domain.partners import Individual
from portal_api.domain.payouts import Payout
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program, ProgramShard, shards_of
from portal_api.domain.statements import Statement
from portal_api.domain.teams import TeamAward
from portal_api.services.export_decency import consents_for, person_for, plan_for, record_for
from portal_api.services.export_lines import Manifest, Marks
from portal_api.services.postings import DUE
from portal_api.services.store import (
    Holder,
    Listed,
    Many,
    One,
    Store,
    StoredItem,
    Unreadable,
    Want,
    of_partner,
    of_shard,
    of_vendor,
    of_wallet,
)
from portal_api.services.use_case import answer_id
from portal_api.services.verify_reading import listed

_AT_ONCE: Final = 10
_PAGE_BYTES: Final = 1_000_000
SECTIONS: Final[tuple[type[Any], ...]] = (
    Journal,
    Earning,
    Payout,
    Adjustment,
    Dispute,
    Statement,
)
"""What is exported of a wallet, in this order."""


class BadCursor(Exception):
    """It is no mark of an export."""


class NoWallet(Exception):
    """There is no wallet of this id."""


class LedgerMoved(Exception):
    """The wallet has changed since its export began: it is to be begun anew."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of a file, and the mark behind which it goes on; none: these are the last."""

    lines: tuple[str, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the export of a wallet is: the section, the mark in it, and the wallet's version."""

    section: int
    version: int
    count: int
    mark: str
    after: str | None

    def __str__(self) -> str:
        return f"{self.section}!{self.version}!{self.count}!{self.mark}!{self.after or ''}"

    @classmethod
    def of(cls, text: str) -> "_Place":
        parts = text.split("!", 4)
        numbers = parts[:3]
        if len(parts) < 5 or not all(one.isascii() and one.isdecimal() for one in numbers):
            raise BadCursor
        section, version, count = (int(one[:18]) for one in numbers)
        if section >= len(SECTIONS):
            raise BadCursor
        return cls(section, version, count, parts[3], parts[4] or None)


def page(store: Store, at: datetime, wallet_id: str, after: str | None = None) -> Page:
    """Some lines of the export of one wallet, about a megabyte; together they are the file.

    Raises ``BadCursor`` and ``LedgerMoved``.
    """
    head = _one(store, One(Wallet, wallet_id))
    version = _version(head)
    wallet = _Wallet(store, wallet_id, frozenset({wallet_id}))
    if after is None:
        marks, place, lines = Marks(), _Place(0, version, 0, "", None), []
        manifest = Manifest(at, (wallet_id,) if head else ())
        told = wallet.told(Wallet, head)
        lines = [marks.line(manifest.line()), *(marks.line(_content(item)) for item in told)]
    else:
        place, lines = _Place.of(after), list[str]()
        marks = Marks(place.mark, place.count)
        if place.version != version:
            raise LedgerMoved
    size = sum(map(len, lines))
    for section in range(place.section, len(SECTIONS)):
        inside = place.after if section == place.section else None
        for cursor, items in wallet.section(SECTIONS[section], inside):
            more = [marks.line(_content(item)) for item in items]
            lines += more
            size += sum(map(len, more))
            if size > _PAGE_BYTES:
                mark = _Place(section, version, marks.count, marks.mark, cursor)
                return Page(tuple(lines), str(mark))
    return Page((*lines, marks.end()), None)


def export(store: Store, at: datetime, wallet_ids: Sequence[str] | None = None) -> Iterator[str]:
    """All lines of an export of some wallets, or of the whole ledger.

    Raises ``NoWallet``. Nobody should write meanwhile.
    """
    ids = None if wallet_ids is None else tuple(dict.fromkeys(wallet_ids))
    for wallet_id in ids or ():
        if not _one(store, One(Wallet, wallet_id)):
            raise NoWallet(f"There is no wallet {wallet_id}.")
    marks = Marks()
    yield marks.line(Manifest(at, ids).line())
    parties = None if ids is None else frozenset(ids)
    known: set[tuple[str, str]] = set()
    for wallet_id in ids if ids is not None else _listed_ids(store, "wallets"):
        wallet = _Wallet(store, wallet_id, parties, known if ids is not None else set())
        for item in wallet.all():
            yield marks.line(_content(item))
    if ids is None:
        for item in _common(store):
            yield marks.line(_content(item))
    yield marks.end()


@dataclass
class _Wallet:
    """One wallet's items; ``parties``: whose export it is (none: the vendor's, of everything).

    ``known`` are the items that many earnings share and that are in the export already.
    """

    store: Store
    wallet_id: str
    parties: frozenset[str] | None
    known: set[tuple[str, str]] = field(default_factory=set)

    def all(self) -> Iterator[StoredItem]:
        """All of them."""
        yield from self.told(Wallet, _one(self.store, One(Wallet, self.wallet_id)))
        for kind in SECTIONS:
            for _, items in self.section(kind, None):
                yield from items

    def told(self, kind: type[Any], items: Sequence[StoredItem]) -> list[StoredItem]:
        """Records of the wallet, reduced."""
        if self.parties is None:
            return list(items)
        return [record_for(kind, item) for item in items]

    def section(
        self, kind: type[Any], after: str | None
    ) -> Iterator[tuple[str | None, list[StoredItem]]]:
        """The records of a kind with what explains them, some at a time, and how far that is."""
        for cursor, items in _slices(self.store, Many(kind, of_wallet(self.wallet_id)), after):
            explained = self.told(kind, items)
            if kind is Journal:
                explained += self._causes(items)
            elif kind is Earning:
                explained += self._grounds(items)
            yield cursor, explained

    def _causes(self, journals: Sequence[StoredItem]) -> Iterator[StoredItem]:
        """Their events, the answers that are its owner's, and who acted on a closed wallet."""
        wants: list[Want[object]] = []
        people: list[Want[object]] = []
        for item in journals:
            cause = _mapping(item, "cause")
            actor, request = str(cause.get("actor", "")), str(cause.get("request", ""))
            wants.append(One(Event, str(cause.get("event", ""))))
            if self.parties is None or actor in self.parties:
                wants.append(One(Answer, answer_id(actor, request)))
            kind = item.attributes.get("kind")
            if kind == JournalKind.ADJUSTMENT and self.parties is not None:
                wants += self._consents(cause, item)
            if kind == JournalKind.REVERSAL:
                people.append(One(Individual, actor))
        yield from self._once(wants)
        yield from (person_for(item) for item in self._once(people))

    def _consents(self, cause: dict[str, Any], item: StoredItem) -> list[Want[object]]:
        partner_id = str(cause.get("event", "")).partition(".")[0]
        return [One(ConsentFile, f"{partner_id}.{cause.get('program', '')}")]

    def _grounds(self, earnings: Sequence[StoredItem]) -> Iterator[StoredItem]:
        """Their names, and the plans, programs and consents by which they were paid."""
        wants: list[Want[object]] = []
        for item in earnings:
            trace = _mapping(item, "trace")
            if isinstance(trace.get("reserved"), str):
                wants.append(Holder(trace["reserved"]))
            program_id = str(trace.get("program_id", ""))
            partner_id = str(trace.get("activity_id", "")).partition(".")[0]
            if self.parties is not None:
                wants += [One(PlanVersion, f"{program_id}.{trace.get('plan_number')}")]
                wants += [One(Program, program_id), One(ConsentFile, f"{partner_id}.{program_id}")]
                wants += _of_participation(trace)
            elif self.wallet_id != partner_id:
                wants.append(
                    One(Progress, f"{partner_id}.{program_id}.individual.{self.wallet_id}")
                )
        yield from self._once(wants)

    def _once(self, wants: Sequence[Want[object]]) -> Iterator[StoredItem]:
        """What is stored of each, reduced, unless it is in the export already."""
        asked = list(dict.fromkeys(wants))
        for want, items in _stored(self.store, asked).items():
            for item in items:
                place = (item.partition, item.place)
                shared = isinstance(want, One) and want.kind in _SHARED
                if shared and place in self.known:
                    continue
                if shared:
                    self.known.add(place)
                yield self._reduced(want, item)

    def _reduced(self, want: object, item: StoredItem) -> StoredItem:
        if self.parties is None or not isinstance(want, One):
            return item
        if want.kind is ConsentFile:
            return consents_for(item, self.parties)
        return plan_for(item, self.parties) if want.kind is PlanVersion else item


def _of_participation(trace: dict[str, Any]) -> list[Want[object]]:
    """The consents by which a company took part, and their program, where a rebate needed it."""
    file_id = str(trace.get("participation_id") or "").rpartition(".")[0]
    if not file_id:
        return []
    return [One(ConsentFile, file_id), One(Program, file_id.rpartition(".")[2])]


_SHARED: Final = (PlanVersion, Program, ConsentFile, Progress, Individual)


def _common(store: Store) -> Iterator[StoredItem]:
    """What belongs to the whole ledger: programs, their accounts, partners' counters and lists."""
    catalogue: tuple[type[Any], ...] = (Program, PlanVersion)
    of_partners: tuple[type[Any], ...] = (ConsentFile, Progress, TeamAward)
    for kind in catalogue:
        yield from _every(store, Many(kind, of_vendor()))
    for program_id in _program_ids(store):
        for shard_id in shards_of(program_id):
            yield from _one(store, One(ProgramShard, shard_id))
            yield from _every(store, Many(Move, of_shard(shard_id)))
            yield from _every(store, Many(MoveSum, of_shard(shard_id)))
    for partner_id in _listed_ids(store, "partners"):
        for kind in of_partners:
            yield from _every(store, Many(kind, of_partner(partner_id)))
    for name in ("wallets", "partners", DUE):
        yield from _every(store, Listed(name, newest_first=False))


def _program_ids(store: Store) -> Iterator[str]:
    for item in _every(store, Many(Program, of_vendor())):
        yield str(item.attributes.get("id"))


def _listed_ids(store: Store, name: str) -> Iterator[str]:
    for entry in listed(store, name):
        if not isinstance(entry, Unreadable):
            yield entry[1]


def _every(store: Store, want: Many[Any] | Listed) -> Iterator[StoredItem]:
    for _, items in _slices(store, want, None):
        yield from items


def _slices(
    store: Store, want: Many[Any] | Listed, after: str | None
) -> Iterator[tuple[str | None, tuple[StoredItem, ...]]]:
    """What is stored of a collection, some at a time; what cannot be read is left out.

    It leaves a gap, or something that is missed, so verifying finds it all the same.
    """
    first = _AT_ONCE
    while True:
        asked = replace(want, first=first, after=after)
        try:
            found = store.stored([asked])[asked]
        except Unreadable as damage:
            if first == 1:
                first, after = _AT_ONCE, damage.cursor
            else:
                first = 1
            continue
        after = found.cursors[-1] if found.cursors else after
        if found.items:
            yield after, found.items
        if not found.more:
            return


def _stored(store: Store, wants: Sequence[Want[object]]) -> dict[object, tuple[StoredItem, ...]]:
    """What is stored of single records; what cannot be read is left out."""
    if not wants:
        return {}
    try:
        return {want: found.items for want, found in store.stored(wants).items()}
    except (Unreadable, ValueError):  # A damaged id leads to no possible key.
        if len(wants) == 1:
            return {}
    apart: dict[object, tuple[StoredItem, ...]] = {}
    for want in wants:
        apart |= _stored(store, [want])
    return apart


def _one(store: Store, want: Want[object]) -> tuple[StoredItem, ...]:
    return _stored(store, [want]).get(want, ())


def _content(item: StoredItem) -> dict[str, object]:
    return {"pk": item.partition, "sk": item.place, "item": dict(item.attributes)}


def _mapping(item: StoredItem, name: str) -> dict[str, Any]:
    value = item.attributes.get(name)
    return value if isinstance(value, dict) else {}


def _version(head: Sequence[StoredItem]) -> int:
    version = head[0].attributes.get("version") if head else 0
    return version if isinstance(version, int) else 0
