"""Files from the command line: partners, people and activities in, a person's data out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from portal_api.cli import main
from portal_api.domain.cells import csv_text
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.steps import TRAINING, define
from tests.services.world import World

PEOPLE = ("external_id", "name", "email", "partner", "role", "from")
EVENTS = ("source", "source_event_id", "individual", "program", "behavior", "occurred_at")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a file for the store."""
    return tmp_path / "portal.sqlite"


def _world(place: Path) -> World:
    engine = SqliteEngine(place)
    engine.create()
    return World(TableStore(engine))


def _run(kind: str, file: Path, who: str, place: Path) -> tuple[int, list[str]]:
    asked = ["import", kind, str(file), "--as", who, "--store", str(place)]
    done = CliRunner().invoke(main, asked, catch_exceptions=False)
    return done.exit_code, done.output.splitlines()


def test_people_and_their_activities_are_imported_once(place: Path, tmp_path: Path) -> None:
    """Ids as they are stored; more rows than a request takes; bad ones told with their line."""
    world = _world(place)
    define(world)
    program, company = world.program(TRAINING, budget={"POINTS": 1_000}), world.company()
    world.consent(company, program)
    people, events = tmp_path / "people.csv", tmp_path / "events.csv"
    rows = [
        (f"HR-{number}", f"Person {number}", f"p{number}@a.example", company.id, role, "2026-01-01")
        for number, role in enumerate(["SALES_REP"] * 510 + ["BOSS"])
    ]
    people.write_text(csv_text(PEOPLE, rows), "utf-8")
    told = "people.csv:512: WRONG_VALUE: "
    for counts in ("imported 510, unchanged 0", "imported 0, unchanged 510"):
        code, lines = _run("people", people, world.admin, place)
        assert (0, f"{counts}, problems 1") == (code, lines[-1])
        assert lines[0].startswith(told)

    event = ("lms", "1", "p7@a.example", program, "TRAINING", "2026-01-05T09:00:00Z")
    events.write_text(csv_text(EVENTS, [event]), "utf-8")
    for counts in ("imported 1, unchanged 0", "imported 0, unchanged 1"):
        found = _run("activities", events, world.admin, place)
        assert (0, [f"{counts}, problems 0"]) == found


def test_partners_are_imported_once(place: Path, tmp_path: Path) -> None:
    world, file = _world(place), tmp_path / "partners.csv"
    rows = [("ERP-1", "Contoso", "VAR", "GOLD", "EMEA"), ("ERP-2", "Fabrikam", "X", "GOLD", "EMEA")]
    file.write_text(csv_text(("external_id", "name", "type", "tier", "region"), rows), "utf-8")
    for counts in ("imported 1, unchanged 0", "imported 0, unchanged 1"):
        code, lines = _run("partners", file, world.admin, place)
        assert (0, f"{counts}, problems 1") == (code, lines[-1])
        assert lines[0].startswith("partners.csv:3: WRONG_VALUE: ")


def test_a_person_s_data_are_written_into_a_file(place: Path, tmp_path: Path) -> None:
    """Nothing is left behind where there is nobody of the name."""
    world, file = _world(place), tmp_path / "person.jsonl"
    company, program = world.ready()
    world.approved(company, program)

    def export(person: str) -> tuple[int, str]:
        asked = ["export", "person", person, str(file), "--store", str(place)]
        done = CliRunner().invoke(main, asked, catch_exceptions=False)
        return done.exit_code, done.output.strip()

    told = "There is nobody with the user name ind-nobody."
    assert (1, told) == export("ind-nobody")
    assert [] == list(tmp_path.glob("person*"))
    code, told = export(company.rep)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert (0, f"{len(lines)} lines") == (code, told)
    assert company.rep == lines[0]["person"]
    assert {"Individual", "Wallet", "Journal", "Earning", "Deal"} <= {
        one.get("kind") for one in lines
    }


def test_an_import_that_cannot_be_made_says_why(place: Path, tmp_path: Path) -> None:
    """Nobody's name, one who may not, and no file."""
    world = _world(place)
    company = world.company()
    file = tmp_path / "people.csv"
    file.write_text("external_id\n", "utf-8")
    assert (1, ["ind-nobody may not act."]) == _run("people", file, "ind-nobody", place)
    assert (1, ["Your role may not do this."]) == _run("people", file, company.rep, place)
    gone = tmp_path / "gone.csv"
    assert (1, [f"{gone}: No such file or directory"]) == _run("people", gone, world.admin, place)
    bad = ["people.csv:1: MISSING_COLUMN: The header lacks columns: name, email, partner, role."]
    bad.append("imported 0, unchanged 0, problems 1")
    assert (0, bad) == _run("people", file, world.admin, place)
