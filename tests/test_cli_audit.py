"""`portal-api export audit`, beside the export of the ledger."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from portal_api.cli import main
from portal_api.domain import ids
from portal_api.domain.events import Event
from portal_api.domain.writes import Create
from portal_api.services import audit
from portal_api.services.store import Many, of_events
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.world import DAY, World


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a file for the store."""
    return tmp_path / "portal.sqlite"


def _world(place: Path) -> World:
    engine = SqliteEngine(place)
    engine.create()
    return World(TableStore(engine))


def _run(place: Path, *asked: object, code: int = 0) -> list[str]:
    arguments = ["export", *map(str, asked), "--store", str(place)]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert code == done.exit_code, done.output
    return done.output.splitlines()


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _events(world: World, partner: str | None) -> list[str]:
    want = Many(Event, of_events(partner))
    return [event.id for event in world.store.read([want])[want].records]


def test_the_audit_log_is_written_whole_or_of_one_partner(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every record once, the vendor's own first, a few at a time."""
    monkeypatch.setattr(audit, "SCANNED_AT_ONCE", 4)
    monkeypatch.setattr(audit, "RECORDS_OF_EACH", 2)
    monkeypatch.setattr(audit, "PARTNERS_AT_ONCE", 2)
    world, file = _world(place), tmp_path / "audit.csv"
    companies = [world.company(reps=reps) for reps in (1, 3, 1)]
    program = world.program()
    world.consent(companies[1], program)
    world.enroll(companies[1], program)
    world.approved(companies[1], program)

    of_each = [_events(world, None), *(_events(world, company.id) for company in companies)]
    everything = [record for records in of_each for record in records]
    assert [f"{len(everything)} records"] == _run(place, "audit", file)
    rows = _rows(file)
    assert everything == [row["record"] for row in rows]
    assert list(audit.COLUMNS) == list(rows[0])
    assert ["Ada"] == sorted({row["actor_name"] for row in rows if row["kind"] == "PartnerAdded"})

    _run(place, "audit", file, "--partner", companies[1].id)
    assert of_each[2] == [row["record"] for row in _rows(file)]
    assert {companies[1].id} == {row["partner"] for row in _rows(file)}
    assert [] == list(tmp_path.glob("*.part"))


def test_the_audit_log_is_written_between_two_days(place: Path, tmp_path: Path) -> None:
    """By the instant that a record tells: the first day counts, the last one does not."""
    world, file = _world(place), tmp_path / "audit.csv"
    for number in range(4):
        at = world.now + number * DAY
        own = f"vendor.{ids.first_of(at)}"
        event = Event(own, "ProgramCreated", "prg-1", world.admin, f"request-{number}", at)
        world.store.commit([Create(event)])
    first = world.now
    low, high = f"{first + DAY:%Y-%m-%d}", f"{first + 3 * DAY:%Y-%m-%dT%H:%M:%SZ}"

    assert ["2 records"] == _run(place, "audit", file, "--from", low, "--to", high)
    assert ["request-1", "request-2"] == [row["request_id"] for row in _rows(file)]


def test_an_audit_log_that_cannot_be_written_says_why(place: Path, tmp_path: Path) -> None:
    """A partner that is not there, a folder that is none, and a day that is none."""
    _world(place)
    file = tmp_path / "audit.csv"
    told = _run(place, "audit", file, "--partner", "ptn-none", code=1)
    assert ["There is no partner ptn-none."] == told
    nowhere = tmp_path / "none" / "audit.csv"
    told = _run(place, "audit", nowhere, code=1)
    assert [f"{nowhere}.part: No such file or directory"] == told
    _run(place, "audit", file, "--from", "yesterday", code=2)
    assert not file.exists()


def test_the_ledger_is_exported_where_nothing_else_is_named(place: Path, tmp_path: Path) -> None:
    """As before there was anything else to export; also with options first."""
    _world(place)
    files = [tmp_path / name for name in ("a", "b", "c")]
    told = [
        _run(place, files[0], "--all"),
        _run(place, "--all", files[1]),
        _run(place, "ledger", files[2], "--all"),
    ]
    assert [["2 lines"]] * 3 == told
    assert [2] * 3 == [len(file.read_text().splitlines()) for file in files]
