"""Exports of a whole life: proved as the store is, and every change in them is found."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal_api.domain.records import canonical
from portal_api.services import batches, disputes
from portal_api.services.export import NoWallet, export
from portal_api.services.export_lines import NotAnExport, mark_of
from portal_api.services.verify import LedgerSummary, verify
from portal_api.services.verify_reading import Finding
from portal_api.storage import export_files
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.lives import Life
from tests.services.world import World

Lines = list[dict[str, Any]]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Life, Path, Path]]:
    """Give a life with the exports of all of it, and of its rep."""
    folder = tmp_path_factory.mktemp("exports")
    engine = SqliteEngine(folder / "portal.sqlite", durable=False)
    engine.create()
    life = Life.of(World(TableStore(engine)))
    life.all()
    everything, own = folder / "all.jsonl", folder / "own.jsonl"
    written(life, everything)
    written(life, own, life.company.rep)
    yield life, everything, own
    engine.close()


@pytest.fixture(params=["all", "own"])
def file(request: pytest.FixtureRequest, told: tuple[Life, Path, Path], tmp_path: Path) -> Path:
    """Give a copy of each export in turn."""
    _, everything, own = told
    return Path(shutil.copy(everything if request.param == "all" else own, tmp_path / "copy.jsonl"))


def written(life: Life, path: Path, *wallets: str) -> None:
    path.write_text("".join(export(life.world.store, life.world.now, wallets or None)), "utf-8")


def found(path: Path) -> tuple[list[Finding], LedgerSummary]:
    """What verifying a file finds, in its lines and in the ledger."""
    findings: list[Finding] = []
    with export_files.opened(path) as (file, store):
        findings += [step for step in file.load() if step is not None]
        *steps, summary = verify(store, now=file.manifest.at, scope=file.manifest.scope)
    findings += [step for step in steps if isinstance(step, Finding)]
    assert isinstance(summary, LedgerSummary)
    return findings, summary


def read(path: Path) -> Lines:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def forge(path: Path, lines: Lines) -> None:
    """Writes lines with all marks made anew, as a forger would."""
    mark, texts = "", []
    for line in lines:
        content = {name: value for name, value in line.items() if name != "mark"}
        if "lines" in content:
            content["lines"] = len(lines)
        mark = mark_of(mark, content)
        texts.append(canonical({**content, "mark": mark}).decode() + "\n")
    path.write_text("".join(texts), "utf-8")


def test_an_export_of_everything_is_proved_as_the_store_is(told: tuple[Life, Path, Path]) -> None:
    life, everything, _ = told
    findings, summary = found(everything)
    *_, stored = verify(life.world.store)
    assert isinstance(stored, LedgerSummary)
    assert [] == findings
    assert (stored.wallets, stored.journals, stored.transfers, stored.replayed, stored.totals) == (
        summary.wallets,
        summary.journals,
        summary.transfers,
        summary.replayed,
        summary.totals,
    )
    assert ["L10, L24"] == [text.partition(":")[0] for text in summary.unchecked]


def test_an_export_of_one_wallet_says_what_was_not_checked(told: tuple[Life, Path, Path]) -> None:
    findings, summary = found(told[2])
    assert [] == findings
    assert (1, 29) == (summary.wallets, summary.journals)
    assert ["L10, L24", "L1, L13, L17", "L24", "L4", "L8, L9, L11"] == [
        text.partition(":")[0] for text in summary.unchecked
    ]


def test_an_export_of_several_wallets_is_of_all_of_them(
    told: tuple[Life, Path, Path], tmp_path: Path
) -> None:
    """A company's, a program's and a person's in one file."""
    life, path = told[0], tmp_path / "some.jsonl"
    written(life, path, life.company.id, life.program, life.company.reps[1], life.company.id)
    findings, summary = found(path)
    assert ([], 3) == (findings, summary.wallets)


def test_a_closed_wallets_export_knows_who_may_still_reverse(
    quick_world: World, tmp_path: Path
) -> None:
    """An administrator, who has no name in it (L19)."""
    life, path = Life.of(quick_world), tmp_path / "closed.jsonl"
    life.sell()
    life.pay_out_all()
    life.pay_out_all("POINTS")
    life.office.close(life.company.rep)
    life.office.reverse(life.earnings()[0], by=quick_world.admin)
    for wallets in ((life.company.rep,), ()):
        written(life, path, *wallets)
        assert ([], False) == (found(path)[0], "Ada" in path.read_text("utf-8"))
        lines = read(path)
        (person,) = (line for line in lines if line.get("sk") == "PERSON")
        person["item"]["employments"][0]["role"] = "CHANNEL_MANAGER"
        forge(path, lines)
        assert {"L19"} == {finding.invariant for finding in found(path)[0]}


def test_what_the_vendor_notes_for_itself_is_in_no_export_of_single_wallets(
    quick_world: World, tmp_path: Path
) -> None:
    """Who has decided, and why a wallet was closed, is in the export of everything alone."""
    life, path = Life.of(quick_world), tmp_path / "closed.jsonl"
    world, office = life.world, life.office
    life.sell()
    life.adjust(700)
    payout = life.pay(100, paid=None)
    batches.create_payout_batch(world.portal, world.manage(), asset="USD")
    life.resolve(payout, paid=True)
    earning = life.earnings()[0]
    dispute = disputes.open_dispute(
        world.portal, world.ask(life.company.rep), earning_id=earning.id, reason="Too little."
    ).dispute
    disputes.reject_dispute(
        world.portal, world.ask(office.second), dispute_id=dispute.id, answer="No."
    )
    office.reject(office.propose(life.company, life.program, 5))
    life.pay_out_all()
    life.pay_out_all("POINTS")
    office.close(life.company.rep)
    secret = {"note", "proposed_by", "decided_by", "answered_by"}
    secret |= {"closed_by", "closed_reason", "batch_id"}
    for wallets in ((life.company.rep,), ()):
        written(life, path, *wallets)
        told = {
            name
            for line in read(path)
            for name, value in line.get("item", {}).items()
            if name in secret and value
        }
        assert (set() if wallets else secret) == told
        assert [] == found(path)[0]


def test_an_adjustment_that_was_not_approved_is_found_in_an_owners_export(
    told: tuple[Life, Path, Path], tmp_path: Path
) -> None:
    """Who approved it is not in there; that it was, is."""
    path = Path(shutil.copy(told[2], tmp_path / "own.jsonl"))
    lines = read(path)
    adjustments = [line for line in lines if str(line.get("sk")).startswith("ADJUSTMENT#")]
    assert {("", None)} == {
        (one["item"]["proposed_by"], one["item"].get("decided_by")) for one in adjustments
    }
    adjustments[0]["item"]["status"] = "REJECTED"
    forge(path, lines)
    assert "L4" in {finding.invariant for finding in found(path)[0]}


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_is_found_and_its_line_named(file: Path, seed: int) -> None:
    whole, dice = file.read_bytes(), random.Random(seed)
    place = dice.randrange(whole.index(b"\n") + 1, len(whole) - 1)
    flipped = whole[place] ^ 1 << dice.randrange(8)
    file.write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
    line = whole[:place].count(b"\n") + 1
    texts = [finding.text for finding in found(file)[0]]
    near = (f"Line {line}: ", f"Line {line + 1}: ", f"Line {line - 1}: ")
    assert any(text.startswith(near) for text in texts)


def _amounts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all whole numbers that are amounts or counters of money."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _amounts(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _amounts(inner, (*path, number))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path


_LEDGER = ("JOURNAL#", "EARNING#", "PAYOUT#", "STATEMENT#", "ADJUSTMENT#", "HEAD")
_NOT_MONEY = frozenset(
    ("version", "number", "consent_version", "closed_sequence", "turn", "reopened", "plan_number")
)


@pytest.mark.parametrize("seed", range(60))
def test_a_changed_amount_is_found_though_all_marks_were_made_anew(file: Path, seed: int) -> None:
    """In journals, earnings, payouts, adjustments, statements and the wallet itself."""
    dice, lines = random.Random(seed), read(file)
    places = [
        (number, path)
        for number, line in enumerate(lines)
        if str(line.get("sk")).startswith(_LEDGER)
        for path in _amounts(line["item"])
        if not any(name in _NOT_MONEY for name in path) and "corrections" not in path
    ]
    number, path = dice.choice(places)
    value = lines[number]["item"]
    for name in path[:-1]:
        value = value[name]
    value[path[-1]] += 1
    forge(file, lines)
    findings, _ = found(file)
    assert findings, (lines[number]["sk"], path)
    assert not any(finding.invariant == "EXPORT" for finding in findings)


def test_a_line_left_out_is_noticed_at_the_next(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:5], *lines[6:]]))
    texts = {str(finding) for finding in found(file)[0]}
    assert "EXPORT: Line 6: it was changed, or lines before it were left out or put in." in texts
    assert f"EXPORT: Line {len(lines) - 1}: it tells another number of lines." in texts


def test_a_file_that_was_cut_off_is_incomplete(file: Path) -> None:
    """Behind a line, and in the middle of one."""
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]))
    text = f"EXPORT: The file has {len(lines) - 1} lines and no end: the rest of it is missing."
    assert text in {str(finding) for finding in found(file)[0]}
    file.write_bytes(whole[: len(whole) // 2])
    assert any(str(one).endswith("the rest of it is missing.") for one in found(file)[0])


def test_lines_behind_the_end_and_of_another_kind_are_named(file: Path) -> None:
    lines = read(file)
    forge(file, [*lines[:3], {"pk": 7, "sk": "x", "item": {}}, *lines[3:], {"more": 1}])
    texts = [finding.text for finding in found(file)[0]]
    assert "Line 4: it is no item." in texts
    assert f"Line {len(lines) + 2}: it is behind the end." in texts


def test_the_same_item_said_otherwise_a_second_time_is_named(file: Path) -> None:
    """Where it says the same, that is no harm."""
    lines = read(file)
    other = {**lines[2], "item": {**lines[2]["item"], "sequence": 99}}
    forge(file, [*lines[:-1], lines[2], other, lines[-1]])
    texts = [finding.text for finding in found(file)[0]]
    text = f"Line {len(lines) + 1}: another line says something else of the same item."
    assert [text] == texts


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\n",
        b"[]\n",
        b'{"a": 1}\n',
        b"[" * 100_000 + b"\n",
        b'{"item":{"a":1.5},"mark":"","pk":"a","sk":"b"}\n',
        b'{"item":{"a":NaN},"mark":"","pk":"a","sk":"b"}\n',
        b'{"item":{"long":' + b"9" * 5_000 + b'},"mark":"","pk":"a","sk":"b"}\n',
        b'{"item":{"large":' + b"9" * 50 + b'},"mark":"","pk":"a","sk":"b"}\n',
        b'{"item":{},"mark":"","pk":"","sk":""}\n',
        b'{"item":{},"mark":"","pk":"' + b"a" * 3_000 + b'","sk":"b"}\n',
        b"x" * 3_000_000 + b"\n",
    ],
    ids=lambda line: repr(line[:30]),
)
def test_a_line_of_anything_is_a_finding_and_never_a_crash(file: Path, line: bytes) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], line, *lines[3:]]))
    assert any(finding.text.startswith("Line 4: ") for finding in found(file)[0])


Change = Callable[[dict[str, Any]], object]
MANIFESTS: dict[str, Change] = {
    "another format": lambda line: line.update(format="other"),
    "a later version": lambda line: line.update(version=2),
    "no version": lambda line: line.pop("version"),
    "no time": lambda line: line.pop("at"),
    "a time without zone": lambda line: line.update(at="2026-01-01T00:00:00"),
    "no scope": lambda line: line.pop("scope"),
    "wallets that are none": lambda line: line.update(scope="WALLETS", wallets=[7]),
    "no wallets": lambda line: line.update(scope="WALLETS", wallets=None),
}


@pytest.mark.parametrize("change", MANIFESTS.values(), ids=MANIFESTS)
def test_what_is_no_export_is_not_read(file: Path, change: Change) -> None:
    lines = read(file)
    change(lines[0])
    forge(file, lines)
    with pytest.raises(NotAnExport):
        found(file)


@pytest.mark.parametrize("content", [b"", b"\n", b"GIF89a", b"{}", b"null\n"])
def test_a_file_of_something_else_is_not_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(NotAnExport):
        found(path)


def test_a_wallet_that_is_not_there_is_not_exported(quick_world: World) -> None:
    with pytest.raises(NoWallet):
        list(export(quick_world.store, quick_world.now, ["ind-none"]))


def test_damage_in_a_store_is_found_in_its_export_too(quick_world: World, tmp_path: Path) -> None:
    """What cannot be read is not in the file, and is missed there."""
    life, path = Life.of(quick_world), tmp_path / "own.jsonl"
    life.sell()
    engine = quick_world.store._engine  # type: ignore[attr-defined]
    statement = "UPDATE items SET attributes = '{' WHERE pk = ? AND sk LIKE 'JOURNAL#%000002'"
    engine._session().execute(statement, (f"WALLET#{life.company.rep}",))
    written(life, path, life.company.rep)
    assert {"L15", "L3"} <= {finding.invariant for finding in found(path)[0]}


def test_an_export_on_dynamodb_is_proved_on_sqlite(world: World, tmp_path: Path) -> None:
    """And that of each engine is the same for the same wallet's life."""
    # From today on: what has expired by the real clock may be forgotten by DynamoDB.
    world.now = datetime.now(UTC)
    life, path = Life.of(world), tmp_path / "own.jsonl"
    life.all()
    written(life, path, life.company.rep, life.company.id)
    findings, summary = found(path)
    assert ([], 2) == (findings, summary.wallets)
