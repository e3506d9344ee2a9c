"""Importing a CRM export: the portal shows what is in it, once, whatever happens on the way."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portal_api.demo.exports import Dirt, ExportFacts, write_export
from portal_api.domain import crm
from portal_api.domain.crm import CrmExportError, WarningKind
from portal_api.domain.errors import InvalidInput
from portal_api.services import imports, retrying
from portal_api.services.import_frame import ImportTerms
from portal_api.services.import_report import NoteLevel
from portal_api.services.store import Store
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.conftest import table_of_another_time
from tests.services.importing import Told, Ungrouped, findings, pass_on, run, stored, write_rows
from tests.services.stores import (
    Killed,
    conflicting,
    killed_after,
    killed_before,
    lost_after,
    lost_before,
)

WON = "R1,Ann,Large,Acme,Won,2026-01-05,2026-02-10,2400"


@pytest.fixture
def store(sqlite_engine: SqliteEngine) -> Store:
    return TableStore(sqlite_engine)


def agrees(facts: ExportFacts, told: Told) -> None:
    """The portal shows the facts of the export."""
    totals = told.report.totals
    shown = ExportFacts(
        rows=told.report.rows,
        usable=totals.registered,
        won=totals.won,
        lost=facts.lost,
        open=facts.open,
        won_minor=totals.won_minor,
        won_earned_minor=totals.earned_on_won_minor,
        lost_earned_minor=facts.lost_earned_minor,
        open_earned_minor=totals.kept_minor - facts.lost_earned_minor,
        warnings=tuple(sorted((WarningKind(k), n) for k, n in told.report.warnings.items())),
        bad_rows=tuple(
            (note.line or 0, crm.Reason(note.kind))
            for note in told.notes
            if note.level is NoteLevel.BAD
        ),
    )
    assert facts == shown
    assert facts.earned_minor == totals.earned_minor
    assert totals.agree
    assert {} == told.report.withheld


def test_the_portal_shows_what_a_clean_export_holds(store: Store, tmp_path: Path) -> None:
    facts = write_export(tmp_path, rows=300, seed=1)
    told = run(store, tmp_path)
    agrees(facts, told)
    assert 300 == told.report.imported
    assert () == told.notes
    assert [(301, 301)] == [(step.line, step.lines) for step in told.advances]
    assert [] == findings(store)


@pytest.mark.parametrize("seed", [2, 3])
def test_the_good_rows_of_a_dirty_export_go_in_and_the_others_are_named(
    store: Store, tmp_path: Path, seed: int
) -> None:
    """Each with its line and reason; each warning with its line."""
    dirt = dict.fromkeys(Dirt, 3)
    facts = write_export(tmp_path, rows=200, seed=seed, dirt=dirt)
    told = run(store, tmp_path)
    agrees(facts, told)
    assert 3 == told.report.repeated
    expected = sum(count for _, count in facts.warnings)
    assert expected == len(told.lines(NoteLevel.WARNING))
    assert all(note.line and note.text for note in told.notes)
    assert [] == findings(store)


def test_the_portal_on_dynamodb_shows_the_same(
    ministack: str, tmp_path: Path, store: Store
) -> None:
    """And a second run there changes nothing either."""
    facts = write_export(tmp_path, rows=90, seed=4, dirt={Dirt.UNKNOWN_AGENT: 3})
    engine = table_of_another_time("imports", ministack)
    first, again = (run(TableStore(engine), tmp_path) for _ in range(2))
    agrees(facts, first)
    agrees(facts, again)
    assert (facts.usable, facts.usable) == (first.report.imported, again.report.unchanged)
    assert [] == findings(TableStore(engine))
    assert run(store, tmp_path).report == first.report
    engine.close()


@pytest.mark.slow
def test_a_larger_export_on_dynamodb(ministack: str, tmp_path: Path) -> None:
    facts = write_export(tmp_path, rows=2_500, seed=5, dirt=dict.fromkeys(Dirt, 20))
    engine = table_of_another_time("larger", ministack)
    agrees(facts, run(TableStore(engine), tmp_path))
    assert [] == findings(TableStore(engine))
    engine.close()


def test_a_second_run_changes_no_stored_row(store: Store, tmp_path: Path) -> None:
    facts = write_export(tmp_path, rows=120, seed=6, dirt=dict.fromkeys(Dirt, 1))
    run(store, tmp_path)
    before = stored(tmp_path / "portal.sqlite")
    again = run(store, tmp_path)
    assert before == stored(tmp_path / "portal.sqlite")
    agrees(facts, again)
    assert (0, 0, facts.usable) == (
        again.report.imported,
        again.report.updated,
        again.report.unchanged,
    )


def test_a_run_that_was_killed_is_finished_by_running_it_again(tmp_path: Path) -> None:
    """Killed by the system in the middle of its third chunk; the group was not yet durable."""
    folder, file = tmp_path / "export", tmp_path / "portal.sqlite"
    folder.mkdir()
    facts = write_export(folder, rows=400, seed=7)
    engine = SqliteEngine(file)
    engine.create()
    command = [sys.executable, "-m", "tests.services.importing", str(file), str(folder), "110"]
    died = subprocess.run(command, check=False, cwd=Path(__file__).parents[2])
    assert -signal.SIGKILL == died.returncode
    there = sum(1 for _, sk, _ in stored(file) if sk.startswith("DEAL#"))
    assert 0 < there < facts.usable
    assert 0 == there % 60
    told = run(TableStore(engine), folder)
    agrees(facts, told)
    assert (there, facts.usable - there) == (told.report.unchanged, told.report.imported)
    assert [] == findings(TableStore(engine))
    engine.close()


@pytest.mark.parametrize("fault", [killed_before, killed_after])
@pytest.mark.parametrize("commits", [0, 1, 2, 5, 9, 20, 33])
def test_a_run_may_end_at_any_transaction(
    store: Store, tmp_path: Path, fault: Callable[..., None], commits: int
) -> None:
    """As on an engine that commits each transaction by itself."""
    facts = write_export(tmp_path, rows=30, seed=8)

    faulty = Ungrouped(store, *[pass_on] * commits, fault)
    with pytest.raises(Killed):
        run(faulty, tmp_path)
    agrees(facts, run(store, tmp_path))
    assert [] == findings(store)


def test_lost_answers_and_conflicts_on_the_way_change_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not known to be done is looked at again."""
    monkeypatch.setattr(retrying, "_LONGEST_MILLISECONDS", 1)
    facts = write_export(tmp_path, rows=60, seed=9)

    faults = [lost_after, pass_on, lost_before, conflicting] * 12
    agrees(facts, run(Ungrouped(store, *faults), tmp_path))
    assert [] == findings(store)


@pytest.mark.parametrize(
    "terms",
    [ImportTerms(time_zone="Nowhere/Atall"), ImportTerms(currency="usd"), ImportTerms(rate_bps=0)],
)
def test_terms_that_cannot_be_used_are_refused(
    store: Store, tmp_path: Path, terms: ImportTerms
) -> None:
    with pytest.raises(Exception, match=r"time zone|ISO 4217|cannot be published") as refused:
        run(store, write_rows(tmp_path, WON), terms)
    assert isinstance(refused.value, InvalidInput) or terms.rate_bps == 0
    assert [] == stored(tmp_path / "portal.sqlite")


def test_a_program_in_another_currency_is_not_used(store: Store, tmp_path: Path) -> None:
    run(store, write_rows(tmp_path, WON))
    with pytest.raises(InvalidInput, match="is in USD"):
        run(store, tmp_path, ImportTerms(currency="EUR"))


def test_files_that_are_no_export_are_refused_before_anything_is_written(
    store: Store, tmp_path: Path
) -> None:
    write_rows(tmp_path, WON)
    (tmp_path / crm.PIPELINE_FILE).write_text("what,ever\n")
    with pytest.raises(CrmExportError):
        run(store, tmp_path)
    assert [] == stored(tmp_path / "portal.sqlite")


def test_an_export_without_rows_sets_up_and_says_so(store: Store, tmp_path: Path) -> None:
    told = run(store, write_rows(tmp_path))
    assert (0, 0) == (told.report.rows, told.report.totals.registered)


def test_small_chunks_come_to_the_same_end(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a chunk ends is nobody's business."""
    monkeypatch.setattr(imports, "CHUNK_ROWS", 7)
    facts = write_export(tmp_path, rows=50, seed=11, dirt=dict.fromkeys(Dirt, 1))
    agrees(facts, run(store, tmp_path))


def test_rows_that_do_not_fit_together_are_divided(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimate of a batch may be wrong: a transaction of more than 100 items is never sent."""
    monkeypatch.setattr(imports, "_ITEMS", dict.fromkeys(crm.Stage, 1))
    facts = write_export(tmp_path, rows=500, seed=12)
    agrees(facts, run(store, tmp_path))
    assert [] == findings(store)
