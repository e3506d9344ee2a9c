"""A partner proves its ledger: in the portal, and from an export without it."""

import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from portal_api.cli import main
from portal_api.domain.ledger import Journal, Wallet
from portal_api.schema.ids import encoded, split
from portal_api.services import export
from portal_api.services.store import One
from portal_api.storage import keys, table
from portal_api.storage.items import item_of
from tests.schema.client import Client, Person, usd
from tests.schema.planning import MILESTONES, paying
from tests.schema.selling import Selling
from tests.services.lives import Life
from tests.services.world import World

RULES = (
    paying("deals", MILESTONES),
    paying("company", {"flat": {"behavior": "DEAL_WON", "amount": "100.00"}}, level="PARTNER"),
    paying("secret", {"flat": {"behavior": "DEAL_WON", "amount": "7.77"}}, shadow=True),
)
VERIFY = """query($party: ID, $first: Int! = 100, $after: String) {
    verifyLedger(partyId: $party, first: $first, after: $after) {
        checked sequence headHash findings { invariant sequence text } next complete } }"""
EXPORT = """query($party: ID, $after: String) {
    ledgerExport(partyId: $party, after: $after) { lines next complete } }"""


def sold(client: Client) -> Selling:
    """A rep who has won a deal and been paid, and a colleague who has won another."""
    selling = Selling(client, *RULES)
    selling.win(selling.approved())
    shared = selling.register(credits=selling.shared(0, 1))
    selling.do("approveDeal", dealId=shared)
    selling.win(shared)
    amount = {"money": usd("100.00")}
    told = "... on PayoutRequested { payout { id } }"
    client.do(selling.rep, "requestPayout", told, amount=amount)
    return selling


def pages(client: Client, who: Person, document: str, **given: Any) -> list[dict[str, Any]]:
    """All pages of a query, until it says that it is complete."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        (page,) = client.query(who, document, after=after, **given).values()
        found.append(page)
        assert page["complete"] is (page["next"] is None)
        if page["complete"]:
            return found
        after = page["next"]


def exported(client: Client, who: Person, file: Path, **given: Any) -> list[str]:
    lines = [line for page in pages(client, who, EXPORT, **given) for line in page["lines"]]
    file.write_text("".join(lines), encoding="utf-8")
    return lines


def proved(file: Path) -> tuple[int, str]:
    """How the command ends on a file, and what it says."""
    result = CliRunner().invoke(main, ["verify", "--export", str(file)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_N11_a_partner_verifies_its_ledger_from_an_export_and_finds_a_changed_byte(
    client: Client, tmp_path: Path
) -> None:
    """The rep and the company each export their own; the files are proved without the portal."""
    selling, file = sold(client), tmp_path / "ledger.jsonl"
    for who, party, journals in ((selling.rep, None, 3), (selling.executive, selling.partner, 2)):
        exported(client, who, file, party=party)
        code, told = proved(file)
        assert (0, True) == (code, "nothing wrong" in told), told
        assert f"1 wallets, {journals} journals" in told

        whole = file.read_bytes()
        place = whole.index(b'"amount_minor":') + len(b'"amount_minor":')
        digit = whole[place : place + 1]
        file.write_bytes(whole[:place] + (b"2" if digit == b"1" else b"1") + whole[place + 1 :])
        line = whole[:place].count(b"\n") + 1
        code, told = proved(file)
        assert 1 == code
        assert f"EXPORT: Line {line}: it was changed" in told
        assert "L16 wallet" in told


def test_N11_any_flipped_byte_of_an_export_is_found(quick_client: Client, tmp_path: Path) -> None:
    """Wherever it is: and the command never crashes on it."""
    selling, file = sold(quick_client), tmp_path / "ledger.jsonl"
    exported(quick_client, selling.rep, file)
    whole = file.read_bytes()
    dice = random.Random(11)
    for _ in range(60):
        place = dice.randrange(len(whole) - 1)
        flipped = whole[place] ^ 1 << dice.randrange(8)
        file.write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
        code, told = proved(file)
        assert 1 == code, (place, whole[place - 20 : place + 20], told)
        assert "Traceback" not in told


def test_N11_a_ledger_is_verified_page_by_page(client: Client) -> None:
    """Every page goes on where the former has ended; the hashes are those of the journals."""
    selling = sold(client)
    found = pages(client, selling.rep, VERIFY, first=1)
    wallet = split(selling.rep.id)[1].rpartition(".")[2]
    journals = client.world.journals(wallet)

    assert [1, 1, 1] == [page["checked"] for page in found]
    assert [1, 2, 3] == [page["sequence"] for page in found]
    assert [journal.hash for journal in journals] == [page["headHash"] for page in found]
    assert [[]] * 3 == [page["findings"] for page in found]
    (whole,) = pages(client, selling.rep, VERIFY)
    assert (3, journals[-1].hash, []) == (whole["checked"], whole["headHash"], whole["findings"])


@pytest.mark.parametrize("first", [1, 2, 3, 100])
def test_a_forged_journal_is_named_on_whatever_page(quick_client: Client, first: int) -> None:
    selling = sold(quick_client)
    world = quick_client.world
    wallet = split(selling.rep.id)[1].rpartition(".")[2]
    second = world.journals(wallet)[1]
    _overwrite(world, second, transfers=[])

    checked = pages(quick_client, selling.rep, VERIFY, first=first)
    found = [one for page in checked for one in page["findings"]]

    assert ("L16", 2) in {(one["invariant"], one["sequence"]) for one in found}
    assert {2, 3} >= {one["sequence"] for one in found if one["sequence"]}


def _overwrite(world: World, journal: Journal, **changes: Any) -> None:
    """A journal as nobody but who has the database could change it."""
    engine = world.store._engine  # type: ignore[attr-defined]
    key = keys.key_of_journal(journal)
    engine.write([table.Delete(key)])
    engine.write([table.PutIfAbsent(key, {**item_of(journal), **changes})])


def test_only_who_owns_a_wallet_and_the_vendor_may_prove_it(quick_client: Client) -> None:
    """Nobody else of a person's, not even its executive; of the company's its executives."""
    client = quick_client
    selling = sold(client)
    rival = client.person("PARTNER_EXECUTIVE", client.partner(name="Rival"))
    everybody = {
        "rep": selling.rep,
        "colleague": selling.colleague,
        "executive": selling.executive,
        "rival": rival,
        "manager": selling.manager,
    }

    def allowed(party: str) -> set[str]:
        return {
            name
            for name, who in everybody.items()
            for answer in [client.query(who, VERIFY, party=party)["verifyLedger"]]
            for lines in [client.query(who, EXPORT, party=party)["ledgerExport"]]
            if answer is not None or lines is not None
        }

    assert {"rep", "manager"} == allowed(selling.rep.id)
    assert {"executive", "manager"} == allowed(selling.partner)
    assert {"manager"} == allowed(selling.program)
    for nothing in ("x", encoded("Deal", "a.b.c.d"), encoded("Individual", "ind-0")):
        assert set() == allowed(nothing)


def test_an_export_tells_nothing_of_others(quick_client: Client) -> None:
    """Neither colleagues nor executives nor mails, names and secrets of the vendor."""
    client = quick_client
    selling = sold(client)
    client.do(
        selling.executive,
        "grantConsent",
        "",
        partnerId=selling.partner,
        programId=selling.program,
        individualIds=[selling.colleague.id, selling.rep.id],
    )
    text = "".join(line for page in pages(client, selling.rep, EXPORT) for line in page["lines"])

    assert selling.rep.user_name in text
    for other in (selling.colleague, selling.executive):
        assert other.user_name not in text
    for secret in ("example", "Robin", "secret", '"amount_minor":777'):
        assert secret not in text


def test_a_wallet_that_moves_is_exported_anew(quick_world: World, monkeypatch: Any) -> None:
    """Its pages are of one state, or there is no file."""
    monkeypatch.setattr(export, "_PAGE_BYTES", 5_000)
    life = Life.of(quick_world)
    life.sell()
    client, rep = Client(quick_world), Person(life.company.rep, "")
    first = client.query(rep, EXPORT)["ledgerExport"]
    life.pay(100)
    answer = client.answer(rep, EXPORT, after=first["next"])

    assert not first["complete"]
    assert "LEDGER_MOVED" == answer["errors"][0]["extensions"]["code"]


def test_an_export_in_many_pages_is_the_same_file(
    quick_world: World, monkeypatch: Any, tmp_path: Path
) -> None:
    """However small they are: what many earnings share may be there more than once."""
    life = Life.of(quick_world)
    life.all()
    client, rep = Client(quick_world), Person(life.company.rep, "")
    (whole,) = pages(client, rep, EXPORT)
    monkeypatch.setattr(export, "_PAGE_BYTES", 100)
    file = tmp_path / "ledger.jsonl"
    lines = exported(client, rep, file)

    assert 29 <= len(whole["lines"]) <= len(lines)
    code, told = proved(file)
    assert (0, True) == (code, "29 journals" in told), told


def test_somebody_without_a_wallet_exports_a_file_of_nothing(
    quick_client: Client, tmp_path: Path
) -> None:
    who = quick_client.person("CHANNEL_MANAGER")
    lines = exported(quick_client, who, tmp_path / "ledger.jsonl")
    assert 2 == len(lines)
    assert 0 == proved(tmp_path / "ledger.jsonl")[0]
    (page,) = pages(quick_client, who, VERIFY)
    assert (0, None, []) == (page["checked"], page["headHash"], page["findings"])


@pytest.mark.parametrize("document", [VERIFY, EXPORT])
@pytest.mark.parametrize("after", ["x", "YXQ6Nw==", "YXQ6OSEwITAhISE=", "YXQ6MiExITIhISc="])
def test_a_cursor_of_something_else_is_refused(
    quick_client: Client, document: str, after: str
) -> None:
    selling = sold(quick_client)
    answer = quick_client.answer(selling.rep, document, after=after)
    code = answer["errors"][0]["extensions"]["code"]
    assert code in ("BAD_CURSOR", "LEDGER_MOVED")


@pytest.mark.parametrize("first", [0, -1, 501])
def test_a_page_is_of_1_to_500_journals(quick_client: Client, first: int) -> None:
    who = quick_client.person("CHANNEL_MANAGER")
    answer = quick_client.answer(who, VERIFY, first=first)
    assert "BAD_PAGE" == answer["errors"][0]["extensions"]["code"]


def test_what_is_posted_while_a_page_is_checked_is_no_finding(
    quick_world: World, monkeypatch: Any
) -> None:
    """The head was read before: it is held against the journal that was the last one then."""
    life = Life.of(quick_world)
    life.sell()
    before = quick_world.load(Wallet, life.company.rep)
    life.pay(100)
    read = type(quick_world.store).read

    def stale(store: Any, wants: Any) -> Any:
        found = read(store, wants)
        want = One(Wallet, life.company.rep)
        if want in wants:
            found._answers = {**found._answers, want: before}
        return found

    monkeypatch.setattr(type(quick_world.store), "read", stale)
    client, rep = Client(quick_world), Person(life.company.rep, "")
    (page,) = pages(client, rep, VERIFY)
    assert [] == page["findings"]
