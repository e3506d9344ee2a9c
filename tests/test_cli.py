"""The command line: what it prints, where it stores, and how it ends."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from portal_api.cli import main
from portal_api.demo.exports import Dirt, write_export
from portal_api.domain.crm import PIPELINE_FILE
from portal_api.domain.goals import Level
from portal_api.domain.ledger import Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.money import to_text
from portal_api.domain.plans import Rule
from portal_api.services import deals
from portal_api.services.store import One
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.conftest import REGION
from tests.services.stores import FaultyStore, Killed, killed_after
from tests.services.world import MILESTONES, World


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    return folder


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "new" / "portal.sqlite")


def called(*arguments: str | Path, code: int = 0) -> list[str]:
    """What a command prints, when it ends with this code."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert code == result.exit_code, result.output
    return result.output.splitlines()


def test_an_import_tells_lines_counts_and_the_portals_totals(export: Path, file: str) -> None:
    """Plain lines without control characters where nobody looks at a terminal."""
    facts = write_export(
        export, rows=60, seed=1, dirt={Dirt.NEGATIVE_VALUE: 2, Dirt.PRODUCT_SPELLING: 3}
    )
    lines = called("import", "crm", export, "--store", file)
    (first, _), _ = facts.bad_rows
    assert any(
        line.startswith(f"{PIPELINE_FILE}:{first}: bad row NEGATIVE_VALUE: ") for line in lines
    )
    assert 3 == sum(": warning PRODUCT_SPELLING: " in line for line in lines)
    assert "lines 61 of 61, 100 %" in lines
    assert "  imported 58, updated 0, unchanged 0" in lines
    assert "  warnings PRODUCT_SPELLING 3" in lines
    assert (
        f"  58 opportunities, {facts.won} won, sales of {to_text(facts.won_minor, 'USD')} USD"
        in lines
    )
    assert f"  {to_text(facts.earned_minor, 'USD')} USD earned:" in lines
    assert f"    {to_text(facts.won_earned_minor, 'USD')} USD on won deals" in lines
    assert all(line.isprintable() for line in lines)


def test_a_second_import_says_that_nothing_changed_and_verify_that_nothing_is_wrong(
    export: Path, file: str
) -> None:
    write_export(export, rows=30, seed=2)
    called("import", "crm", export, "--store", file)
    assert "  imported 0, updated 0, unchanged 30" in called(
        "import", "crm", export, "--store", file
    )
    assert any(line.startswith("nothing wrong, in ") for line in called("verify", "--store", file))


def test_verify_names_what_is_wrong_and_fails(export: Path, file: str) -> None:
    write_export(export, rows=30, seed=3)
    called("import", "crm", export, "--store", file)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        statement = "SELECT pk, sk FROM items WHERE sk LIKE 'JOURNAL#%' ORDER BY sk DESC LIMIT 1"
        ((pk, sk),) = connection.execute(statement).fetchall()
        change = "SET attributes = replace(attributes, 'REWARD', 'REWARE')"
        connection.execute(f"UPDATE items {change} WHERE pk = ? AND sk = ?", (pk, sk))
    lines = called("verify", "--store", file, code=1)
    wallet = pk.removeprefix("WALLET#")
    assert any(line.startswith(f"L16 wallet {wallet} journal ") and sk in line for line in lines)
    assert any("findings, in " in line for line in lines)


def test_what_is_said_of_lines_goes_to_a_file_where_one_is_named(
    export: Path, file: str, tmp_path: Path
) -> None:
    write_export(export, rows=30, seed=4, dirt={Dirt.UNKNOWN_AGENT: 2})
    report = tmp_path / "report.txt"
    lines = called("import", "crm", export, "--store", file, "--report", report)
    assert not any("UNKNOWN_AGENT" in line for line in lines)
    assert 2 == sum("UNKNOWN_AGENT" in line for line in report.read_text().splitlines())


def test_a_terminal_gets_a_bar(export: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    write_export(export, rows=20, seed=5, dirt={Dirt.UNKNOWN_AGENT: 1})
    output = "\n".join(called("import", "crm", export, "--store", file))
    assert "\x1b[" in output
    assert "UNKNOWN_AGENT" in output


def test_the_options_of_an_import_reach_the_portal(export: Path, file: str) -> None:
    """Half the rate pays half: of a budget that is large enough, from before the first deal."""
    facts = write_export(export, rows=20, seed=6)
    options = ("--rate-bps", "1", "--partner-type", "DMR", "--tier", "BRONZE", "--budget", "0.05")
    dates = ("--consent-from", "2020-01-01", "--time-zone", "Europe/Berlin")
    lines = called("import", "crm", export, "--store", file, *options, *dates)
    assert facts.earned_minor > 5
    assert any(line.startswith("  rewards withheld BUDGET_EXHAUSTED ") for line in lines)


def test_a_table_of_dynamodb_serves_as_well(export: Path, ministack: str) -> None:
    facts = write_export(export, rows=20, seed=7)
    place = ("--table", "cli", "--endpoint-url", ministack, "--region", REGION)
    lines = called("import", "crm", export, *place)
    assert f"  {to_text(facts.earned_minor, 'USD')} USD earned:" in lines
    assert any(line.startswith("nothing wrong") for line in called("verify", *place))


def test_series_finishes_the_team_awards_that_were_interrupted_and_pays_nothing_twice(
    file: str,
) -> None:
    """Killed after the approval, before any share: the list of what waits is worked off."""
    Path(file).parent.mkdir()
    engine = SqliteEngine(Path(file))
    engine.create()
    world = World(TableStore(engine))
    rule = Rule("team", "Team", Level.TEAM, "USD", Flat("DEAL_REGISTERED", 100))
    company, program = world.ready(rule, reps=3)
    deal = world.register(company, program)
    with pytest.raises(Killed):
        deals.approve_deal(
            world.on(FaultyStore(world.store, killed_after)), world.manage(), deal_id=deal.id
        )
    engine.close()
    assert "1 team awards finished" in called("series", "--store", file)
    assert "0 team awards finished" in called("series", "--store", file)
    lines = called("verify", "--store", file)
    assert "  3 earnings recomputed from their inputs" in lines
    engine = SqliteEngine(Path(file))
    wants = [One(Wallet, rep) for rep in company.reps]
    wallets = TableStore(engine).read(wants)
    found = [wallet.balance("USD").available for want in wants if (wallet := wallets[want])]
    engine.close()
    assert [33, 33, 34] == sorted(found)


def test_series_ends_holds_and_tells_what_each_series_did(file: str) -> None:
    """What a rule has held until now is available; the next run finds nothing to do."""
    Path(file).parent.mkdir()
    engine = SqliteEngine(Path(file))
    engine.create()
    world = World(TableStore(engine))
    company, program = world.ready(replace(MILESTONES, hold_days=1))
    world.approved(company, program)
    engine.close()
    told = ["0 team awards finished", "1 earnings released", "0 lots expired"]
    assert told == [line for line in called("series", "--store", file) if line in told]
    assert "0 earnings released" in called("series", "--store", file)


def test_settlements_of_the_bank_are_imported_once(file: str, tmp_path: Path) -> None:
    """Bad rows are named with their lines; the second time nothing changes."""
    Path(file).parent.mkdir()
    engine = SqliteEngine(Path(file))
    engine.create()
    world = World(TableStore(engine))
    company, program = world.ready()
    world.approved(company, program)
    one, two = (world.pay_out(company.rep, amount).payout.id for amount in (100, 200))
    engine.close()
    bank = tmp_path / "bank.csv"
    rows = ("payout_id,status,reference", f"{one},PAID,TX-1", f"{two},FAILED,Closed", "x,PAID,1")
    bank.write_text("\n".join(rows))
    problem = "bank.csv:4: UNKNOWN_PAYOUT: There is no such payout."
    for told in ("settled 1, failed 1, unchanged 0", "settled 0, failed 0, unchanged 2"):
        lines = called("import", "settlements", bank, "--store", file)
        assert [problem, f"{told}, problems 1"] == lines
    (line,) = called("import", "settlements", tmp_path / "no.csv", "--store", file, code=1)
    assert "No such file" in line
    (line,) = called("import", "settlements", bank, "--as", "x", "--store", file, code=1)
    assert line.endswith("may not act.")


def test_earnings_are_recomputed_unless_that_is_left_out(export: Path, file: str) -> None:
    write_export(export, rows=20, seed=12)
    called("import", "crm", export, "--store", file)
    recomputed = called("verify", "--store", file)
    left_out = called("verify", "--no-replay", "--store", file)
    assert any(line.endswith(" earnings recomputed from their inputs") for line in recomputed)
    assert "  not checked: L18: no earning was recomputed" in left_out
    assert not any("recomputed from" in line for line in left_out)


def test_an_exported_ledger_is_verified_without_its_store(
    export: Path, file: str, tmp_path: Path
) -> None:
    """All of it, and then with a byte changed: the line is named, and the journal."""
    write_export(export, rows=30, seed=13)
    called("import", "crm", export, "--store", file)
    ledger = tmp_path / "ledger.jsonl"
    (told,) = called("export", ledger, "--all", "--store", file)
    Path(file).unlink()
    count = len(ledger.read_bytes().splitlines())
    assert f"{count} lines" == told
    assert not list(tmp_path.glob("*.part"))
    assert any(line.startswith("nothing wrong") for line in called("verify", "--export", ledger))

    text = ledger.read_text("utf-8")
    ledger.write_text(text.replace('"kind":"REWARD"', '"kind":"REWARE"', 1), "utf-8")
    lines = called("verify", "--export", ledger, code=1)
    assert any(line.startswith("EXPORT: Line ") for line in lines)
    assert any(line.startswith("L16 wallet ") for line in lines)
    assert not any("nothing wrong" in line for line in lines)


def test_an_export_of_wallets_is_of_those_alone(export: Path, file: str, tmp_path: Path) -> None:
    """One that is not there is named, and a file that was there is left as it was."""
    write_export(export, rows=30, seed=14)
    called("import", "crm", export, "--store", file)
    with closing(sqlite3.connect(file)) as connection:
        statement = "SELECT sk FROM items WHERE pk = 'LIST#wallets' AND sk LIKE 'ind-%' LIMIT 2"
        wallets = [wallet for (wallet,) in connection.execute(statement)]
    ledger = tmp_path / "ledger.jsonl"
    called("export", ledger, "--wallet", wallets[0], "--wallet", wallets[1], "--store", file)
    lines = called("verify", "--export", ledger)
    assert lines[0].startswith("2 wallets, ")
    assert any(line.startswith("  not checked: L1, L13, L17") for line in lines)

    before = ledger.read_bytes()
    told = called("export", ledger, "--wallet", "ind-none", "--store", file, code=1)
    assert ["There is no wallet ind-none."] == told
    assert before == ledger.read_bytes()


@pytest.mark.parametrize("options", [("--all", "--wallet", "ind-1"), ()])
def test_an_export_is_of_wallets_or_of_everything(
    file: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    called("export", tmp_path / "x", *options, "--store", file, code=2)


def test_a_file_that_is_no_export_fails_with_a_sentence(file: str, tmp_path: Path) -> None:
    """So does one of a later version, and one that is not there; a store beside it is refused."""
    path = tmp_path / "x"
    missing = called("verify", "--export", path, code=1)
    path.write_text("{}\n")
    other = called("verify", "--export", path, code=1)
    path.write_text('{"format":"portal-api/ledger","mark":"","version":2}\n')
    later = called("verify", "--export", path, code=1)
    assert [f"{path}: No such file or directory"] == missing
    assert ["The file is no exported ledger."] == other
    assert ["The file is of version 2; this release reads 1."] == later
    called("verify", "--export", path, "--store", file, code=2)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 2),
        (("--store", "x", "--table", "t", "--region", "r"), 2),
        (("--endpoint-url", "http://127.0.0.1:1"), 2),
    ],
)
def test_where_the_store_is_must_be_said_once(options: tuple[str, ...], code: int) -> None:
    called("verify", *options, code=code)


def test_a_store_that_is_not_there_is_not_made_by_verifying(file: str) -> None:
    (line,) = called("verify", "--store", file, code=1)
    assert line.startswith("The store cannot be read: ")
    assert not Path(file).exists()


@pytest.mark.parametrize("missing", ["folder", "file", "columns"])
def test_an_export_that_cannot_be_read_fails_with_a_sentence(
    export: Path, file: str, missing: str
) -> None:
    write_export(export, rows=5, seed=8)
    folder = export
    if missing == "folder":
        folder = export / "elsewhere"
    elif missing == "file":
        (export / PIPELINE_FILE).unlink()
    else:
        (export / PIPELINE_FILE).write_text("a,b\n")
    (line,) = called("import", "crm", folder, "--store", file, code=1)
    assert "Traceback" not in line


@pytest.mark.parametrize(
    "option",
    [("--budget", "1.234"), ("--budget", "x"), ("--rate-bps", "0"), ("--consent-from", "x")],
)
def test_an_option_that_makes_no_sense_is_refused(
    export: Path, file: str, option: tuple[str, str]
) -> None:
    write_export(export, rows=5, seed=9)
    called("import", "crm", export, "--store", file, *option, code=2)


def test_terms_that_the_portal_does_not_take_fail_with_a_sentence(export: Path, file: str) -> None:
    write_export(export, rows=5, seed=10)
    (line,) = called("import", "crm", export, "--store", file, "--time-zone", "Mars", code=1)
    assert line == "'Mars' is no IANA time zone."
