"""How the tests run imports: at a fixed time, from a folder, with all that is said kept."""

import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from portal_api.domain import crm
from portal_api.services import imports
from portal_api.services.import_frame import ImportTerms
from portal_api.services.import_report import ImportReport, Note, NoteLevel
from portal_api.services.imports import Advance, import_crm
from portal_api.services.store import Store
from portal_api.services.use_case import Portal
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.stores import FaultyStore

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)

_ids = itertools.count(1)


@dataclass(frozen=True)
class Told:
    """What one import said."""

    report: ImportReport
    notes: tuple[Note, ...]
    advances: tuple[Advance, ...]

    def lines(self, level: NoteLevel) -> list[tuple[int | None, str]]:
        return [(note.line, note.kind) for note in self.notes if note.level is level]


def opener(folder: Path) -> Callable[[str], Iterator[str]]:
    def lines(name: str) -> Iterator[str]:
        path = folder / name
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            yield from file

    return lines


def run(store: Store, folder: Path, terms: ImportTerms | None = None, now: datetime = NOW) -> Told:
    """One whole import."""
    process = os.getpid()
    portal = Portal(store, lambda: now, lambda: f"{process:08}{next(_ids):012}")
    steps = list(import_crm(portal, opener(folder), terms or ImportTerms()))
    report = steps.pop()
    assert isinstance(report, ImportReport)
    notes = tuple(step for step in steps if isinstance(step, Note))
    return Told(report, notes, tuple(step for step in steps if isinstance(step, Advance)))


def findings(store: Store) -> list[Finding]:
    return [step for step in verify(store) if isinstance(step, Finding)]


def stored(path: Path) -> list[tuple[str, str, str]]:
    """Every row of a SQLite store."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT pk, sk, attributes FROM items ORDER BY pk, sk").fetchall()
    finally:
        connection.close()


def pass_on(commit: Callable[[], None]) -> None:
    """No fault."""
    commit()


class Ungrouped(FaultyStore):
    """A faulty store that commits each transaction by itself, as DynamoDB does."""

    def group(self) -> AbstractContextManager[None]:
        return nullcontext()


def write_rows(
    folder: Path,
    *rows: str,
    teams: Sequence[str] = ("Ann,Max,East", "Bob,Max,East", "Cid,Eva,West"),
) -> Path:
    """An export of a few rows that are said in full, with two products of 300.00 and 3,000.00."""
    folder.mkdir(exist_ok=True)
    files = {
        crm.TEAMS_FILE: (crm.TEAMS_COLUMNS, teams),
        crm.PRODUCTS_FILE: (crm.PRODUCTS_COLUMNS, ("Small,S,300", "Large,L,3000")),
        crm.ACCOUNTS_FILE: (crm.ACCOUNTS_COLUMNS, ("Acme",)),
        crm.PIPELINE_FILE: (crm.PIPELINE_COLUMNS, rows),
    }
    for name, (columns, lines) in files.items():
        (folder / name).write_text("\n".join((",".join(columns), *lines)) + "\n")
    return folder


def die(store_file: str, folder: str, commits: str) -> None:
    """Imports in chunks of 60 rows, and is killed in the middle of a chunk."""

    def kill(commit: Callable[[], None]) -> None:
        commit()
        os.kill(os.getpid(), signal.SIGKILL)

    imports.CHUNK_ROWS = 60  # type: ignore[misc]
    store = TableStore(SqliteEngine(store_file))
    run(FaultyStore(store, *[pass_on] * int(commits), kill), Path(folder))


if __name__ == "__main__":
    die(*sys.argv[1:])
