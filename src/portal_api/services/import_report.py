"""What an import tells: notes on lines, counts of rows, and totals read back from the store."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from portal_api.domain import crm
from portal_api.domain.crm import BadRow, Opportunity, RowWarning, WarningKind
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.goals import Progress
from portal_api.services.partners import former_of, members_of
from portal_api.services.store import Listed, Many, One, Store, of_person

_DEALS_AT_ONCE = 500
_MEMBERS_AT_ONCE = 100


class NoteLevel(StrEnum):
    """How serious a note is."""

    BAD = "bad row"
    CONFLICT = "conflict"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be said of a line: it cannot be used, contradicts the portal, or is odd."""

    level: NoteLevel
    file: str
    line: int | None
    kind: str
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.level} {self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units of the program's currency, and counts.

    The first four are the partners' own counters; the others are added up from the deals.
    ``kept_minor`` was paid for registrations of deals that are not won, and stays.
    """

    registered: int
    won: int
    won_minor: int
    earned_minor: int
    deals: int
    deals_won: int
    deals_won_minor: int
    earned_on_won_minor: int
    kept_minor: int

    @property
    def agree(self) -> bool:
        """Whether the counters show what the deals do."""
        counted = (self.registered, self.won, self.won_minor, self.earned_minor)
        earned = self.earned_on_won_minor + self.kept_minor
        return counted == (self.deals, self.deals_won, self.deals_won_minor, earned)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows, and what the portal shows afterwards.

    Every row of the pipeline is in one of the first six. ``bad_entries`` are of the other files;
    ``warnings`` and ``withheld`` count by kind and by reason.
    """

    imported: int
    updated: int
    unchanged: int
    conflicts: int
    bad_rows: int
    repeated: int
    bad_entries: int
    warnings: Mapping[str, int]
    withheld: Mapping[str, int]
    totals: Totals

    @property
    def rows(self) -> int:
        """How many rows the pipeline has."""
        used = self.imported + self.updated + self.unchanged
        return used + self.conflicts + self.bad_rows + self.repeated


@dataclass
class Tally:
    """What became of some rows, and what is to be said of them."""

    rows: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)

    def add(self, other: "Tally") -> Iterator[Note]:
        """Counts the other's too, and gives its notes."""
        self.rows += other.rows
        self.warnings += other.warnings
        self.withheld += other.withheld
        yield from other.notes

    def note(self, *said: BadRow | RowWarning) -> None:
        """Notes what the reader says."""
        for found in said:
            of_pipeline = found.file == crm.PIPELINE_FILE
            if isinstance(found, BadRow):
                self.rows["bad_rows" if of_pipeline else "bad_entries"] += 1
                level, kind = NoteLevel.BAD, found.reason.value
            else:
                self.warnings[found.kind.value] += 1
                level, kind = NoteLevel.WARNING, found.kind.value
                if of_pipeline and found.kind is WarningKind.DUPLICATE_ROW:
                    self.rows["repeated"] += 1
            self.notes.append(Note(level, found.file, found.line, kind, found.text))

    def leave(self, row: Opportunity, level: NoteLevel, kind: str, text: str) -> None:
        """Notes a row that is not used, or not as it stands."""
        self.rows["bad_rows" if level is NoteLevel.BAD else "conflicts"] += 1
        self.notes.append(Note(level, crm.PIPELINE_FILE, row.line, kind, text))

    def report(self, totals: Totals) -> ImportReport:
        """All of it at the end, with what the portal shows then."""
        return ImportReport(
            imported=self.rows["imported"],
            updated=self.rows["updated"],
            unchanged=self.rows["unchanged"],
            conflicts=self.rows["conflicts"],
            bad_rows=self.rows["bad_rows"],
            repeated=self.rows["repeated"],
            bad_entries=self.rows["bad_entries"],
            warnings=dict(self.warnings),
            withheld=dict(self.withheld),
            totals=totals,
        )


def totals_of(store: Store, program_id: str, asset: str, partner_ids: Sequence[str]) -> Totals:
    """The totals of these partners in one program, its pay in ``asset``."""
    wants = [One(Progress, f"{partner_id}.{program_id}.partner") for partner_id in partner_ids]
    found = store.read(wants)
    counters = [progress for want in wants if (progress := found[want])]

    def counted(counter: str) -> int:
        return sum(progress.count(counter) for progress in counters)

    deals = deals_won = deals_won_minor = earned_on_won = kept = 0
    for partner_id in partner_ids:
        for deal in _deals(store, partner_id):
            if deal.program_id != program_id or deal.approved_at is None:
                continue
            paid = sum(
                award.amount_minor
                for award in deal.awards
                if award.asset == asset and not award.shadow
            )
            deals += 1
            if deal.stage is DealStage.WON:
                deals_won += 1
                deals_won_minor += deal.amount_minor
                earned_on_won += paid
            else:
                kept += paid
    return Totals(
        registered=counted("deals"),
        won=counted("won"),
        won_minor=counted("won_minor"),
        earned_minor=counted(f"earned:{asset}"),
        deals=deals,
        deals_won=deals_won,
        deals_won_minor=deals_won_minor,
        earned_on_won_minor=earned_on_won,
        kept_minor=kept,
    )


def _deals(store: Store, partner_id: str) -> Iterator[Deal]:
    """All deals of a partner, person by person, a slice at a time; also of who has left it."""
    for name in (members_of(partner_id), former_of(partner_id)):
        after: str | None = None
        while True:
            people = Listed(name, _MEMBERS_AT_ONCE, after, newest_first=False)
            found = store.read([people])[people]
            for individual_id in found.ids:
                yield from _deals_of(store, partner_id, individual_id)
            if not found.more:
                break
            after = found.cursors[-1]


def _deals_of(store: Store, partner_id: str, individual_id: str) -> Iterator[Deal]:
    after: str | None = None
    while True:
        want = Many(Deal, of_person(partner_id, individual_id), _DEALS_AT_ONCE, after)
        found = store.read([want])[want]
        yield from found.records
        if not found.more:
            return
        after = found.cursors[-1]
