"""Verification finds what is wrong with a ledger, names the journal, and is never stopped by it."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portal_api.domain.goals import Level
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.plans import Rule
from portal_api.services import consent
from portal_api.services.verify import LedgerSummary, verify
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Query
from tests.conftest import table_of_another_time
from tests.services.books import (
    Attributes,
    Books,
    Damage,
    attribute,
    consent_of,
    counted,
    forged,
    told,
    wallet,
)
from tests.services.importing import findings
from tests.services.steps import define
from tests.services.world import World


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Give the books that every test damages a copy of."""
    path = tmp_path_factory.mktemp("books") / "portal.sqlite"
    engine = SqliteEngine(path, durable=False)
    engine.create()
    store = TableStore(engine)
    company, program = told(World(store))
    assert [] == findings(store)
    engine.close()
    return Books(store, path, company, program, company.rep)


@pytest.fixture
def books(written: Books, tmp_path: Path) -> Iterator[Books]:
    path = tmp_path / "copy.sqlite"
    shutil.copy(written.path, path)
    engine = SqliteEngine(path, durable=False)
    yield replace(written, store=TableStore(engine), path=path)
    engine.close()


def test_a_sound_ledger_has_no_findings_and_its_accounts_sum_to_zero(books: Books) -> None:
    *_, summary = verify(books.store)
    assert isinstance(summary, LedgerSummary)
    assert (3, 12, 12, 0) == (
        summary.wallets,
        summary.journals,
        summary.transfers,
        summary.findings,
    )
    usd = summary.totals["USD"]
    assert 0 == sum(usd.values())
    assert (-10_000_000, 1_000, 3_000) == (usd["vendor:funding"], usd["vendor:paid"], usd["held"])


@pytest.mark.parametrize("seed", range(120))
def test_a_flipped_byte_in_any_journal_is_found_and_named(books: Books, seed: int) -> None:
    """Any bits of any byte of what is stored of a journal (L16)."""
    dice = random.Random(seed)
    wallet = dice.choice((books.rep, books.company.reps[1], books.program))
    sk, text = dice.choice(books.journals(wallet))
    place = dice.randrange(len(text))
    flipped = bytearray(text)
    flipped[place] ^= dice.randrange(1, 256)
    books.put(f"WALLET#{wallet}", sk, bytes(flipped))
    named = [(found.wallet_id, found.place) for found in findings(books.store)]
    assert (wallet, sk) in named, flipped


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_in_the_key_of_a_journal_is_found(books: Books, seed: int) -> None:
    """Where it still counts as a journal it is named; else it is missed in the chain (L15)."""
    dice = random.Random(seed)
    sk, text = dice.choice(books.journals())
    flipped = bytearray(sk.encode())
    flipped[dice.randrange(len(sk))] ^= dice.randrange(1, 256)
    books.rename(f"WALLET#{books.rep}", sk, bytes(flipped))
    found = findings(books.store)
    sequence = json.loads(text)["sequence"]
    assert "L15" in {finding.invariant for finding in found}
    if flipped.startswith(b"JOURNAL#"):
        assert sequence in {finding.sequence for finding in found}
    assert {books.rep} <= {finding.wallet_id for finding in found}


@pytest.mark.parametrize("seed", range(12))
def test_many_flipped_bytes_are_all_named(books: Books, seed: int) -> None:
    """One damaged journal hides no other, also at the ends and side by side."""
    dice = random.Random(seed)
    damaged = dice.sample(books.journals(), 4)
    for sk, text in damaged:
        flipped = bytearray(text)
        flipped[dice.randrange(len(text))] ^= 0x80  # No longer UTF-8, or another letter.
        books.put(f"WALLET#{books.rep}", sk, bytes(flipped))
    named = {found.place for found in findings(books.store)}
    assert {sk for sk, _ in damaged} <= named


def test_one_damaged_journal_is_not_reported_again_for_all_that_follow(books: Books) -> None:
    sk, text = books.journals()[1]
    books.put(f"WALLET#{books.rep}", sk, text[:-1])
    in_wallet = [found for found in findings(books.store) if found.place]
    assert [("L16", sk, 2)] == [
        (found.invariant, found.place, found.sequence) for found in in_wallet
    ]


def transfer(**changes: object) -> Callable[[Attributes], object]:
    return lambda journal: journal["transfers"][0].update(changes)


def trace(**changes: object) -> Callable[[Attributes], object]:
    return lambda journal: journal["traces"][0].update(changes)


def shard(books: Books) -> str:
    return f"PROGRAM#{books.program}#SHARD#3"


def earning_claim(books: Books) -> None:
    """Another earning holds the name of the first one."""
    name = json.loads(books.journals()[0][1])["traces"][0]["reserved"]
    books.change(f"NAME#{name}", "NAME", lambda item: item.update(holder=f"{books.rep}.other"))


def without_a_journal(books: Books) -> None:
    """One more earning than there are awards."""
    _, text = books.rows(wallet(books), "EARNING#")[0]
    earning = json.loads(text)
    earning["id"] = f"{books.rep}.zzz"
    books.put(wallet(books), "EARNING#zzz", earning)


def moved(books: Books) -> None:
    """A journal of one wallet lies in another, too."""
    sk, text = books.journals(books.company.reps[1])[0]
    books.put(wallet(books), sk, text)


def dropped(place: int) -> Damage:
    return lambda books: books.drop(wallet(books), books.journals()[place][0])


def in_the_head(**changes: object) -> Damage:
    return lambda books: books.change(wallet(books), "HEAD", lambda head: head.update(changes))


def of_the_balance(**changes: object) -> Damage:
    def damage(books: Books) -> None:
        def change(head: Attributes) -> None:
            head["holdings"]["USD"]["balance"].update(changes)

        books.change(wallet(books), "HEAD", change)

    return damage


DAMAGES: dict[str, tuple[str, Damage]] = {
    "an amount of nothing": ("L2", forged(1, transfer(amount_minor=0))),
    "a negative amount": ("L2", forged(1, transfer(amount_minor=-5))),
    "an amount beyond all limits": ("L2", forged(1, transfer(amount_minor=10**12 + 1))),
    "an account that pays itself": ("L2", forged(5, transfer(credit="available"))),
    "the account of another wallet": ("L2", forged(5, transfer(credit="ind-other/available"))),
    "an account that no wallet has": ("L2", forged(5, transfer(credit="savings"))),
    "no transfers": ("L2", forged(5, lambda journal: journal.update(transfers=[]))),
    "an asset that is none": ("L2", forged(5, transfer(asset="gold"))),
    "more paid than explained": ("L12", forged(1, transfer(amount_minor=99_999))),
    "a balance that does not follow": (
        "L5",
        forged(3, lambda journal: journal["balance_after"]["USD"].update(available=1)),
    ),
    "more held than there is": ("L23", forged(5, transfer(amount_minor=10**9))),
    "an award without a trace": ("L12", forged(1, lambda journal: journal.update(traces=[]))),
    "a trace without consent": ("L12", forged(1, trace(consent_id=None))),
    "a consent that is not there": ("L12", forged(1, trace(consent_id="ptn.prg.7"))),
    "a consent of a later version": ("L12", forged(1, trace(consent_version=9))),
    "a trace of somebody else": ("L12", forged(1, trace(activity_id="ptn.ind-else.prg.1"))),
    "an activity of before the consent": (
        "L12",
        forged(1, trace(occurred_at="2020-01-01T00:00:00+00:00")),
    ),
    "a consent for others": (
        "L12",
        lambda books: consent_of(books, scope="INDIVIDUALS", individual_ids=["ind-else"]),
    ),
    "a consent that was revoked before": (
        "L12",
        lambda books: consent_of(books, revoked_at="2026-01-05T00:00:00+00:00"),
    ),
    "a trace of another claim": ("L14", forged(1, trace(reserved="earning:other"))),
    "a trace without claim": ("L14", forged(1, trace(reserved=None))),
    "a claim that another holds": ("L14", earning_claim),
    "an earning that says more": (
        "L14",
        lambda books: books.change(
            wallet(books), "EARNING#", lambda item: item["trace"].update(amount_minor=99)
        ),
    ),
    "an earning that is gone": (
        "L14",
        lambda books: books.drop(wallet(books), books.rows(wallet(books), "EARNING#")[0][0]),
    ),
    "an earning that cannot be read": ("L14", attribute(wallet, "EARNING#", trace=7)),
    "an earning without a journal": ("L14", without_a_journal),
    "an earning that was taken back, it says": (
        "L4",
        attribute(wallet, "EARNING#", reversed_minor=5),
    ),
    "a reversal of what is no earning": ("L4", forged(4, transfer(earning_id="ind.none"))),
    "a payout that is open again": ("L7", attribute(wallet, "PAYOUT#", status="REQUESTED")),
    "a payout of another amount": ("L7", forged(6, transfer(amount_minor=999))),
    "a payout settled twice": (
        "L7",
        forged(8, lambda journal: journal["cause"].update(payout="ind.none")),
    ),
    "more held than requested": ("L6", attribute(wallet, "PAYOUT#", status="REQUESTED")),
    "the first journal missing": ("L15", dropped(0)),
    "a journal missing": ("L15", dropped(4)),
    "the last journal missing": ("L15", dropped(-1)),
    "a journal of another wallet": ("L15", moved),
    "a number twice": ("L15", forged(5, lambda journal: journal.update(sequence=4))),
    "a head before the last journal": ("L15", in_the_head(sequence=9)),
    "a head of another hash": ("L16", in_the_head(head_hash="f" * 64)),
    "a head of another balance": ("L5", of_the_balance(available=1)),
    "a head that is gone": ("L5", lambda books: books.drop(wallet(books), "HEAD")),
    "a head that cannot be read": ("L5", attribute(wallet, "HEAD", sequence="many")),
    "balances that do not sum to zero": ("L1", of_the_balance(available=1)),
    "a budget with more in it": ("L13", attribute(shard, "SHARD", **{"n:USD": 10**6})),
    "a budget below zero": ("L13", attribute(shard, "SHARD", **{"n:USD": -1})),
    "a budget's part that is gone": ("L13", lambda books: books.drop(shard(books), "SHARD")),
    "a wallet that is not listed": (
        "L13",
        lambda books: books.drop("LIST#wallets", books.rep),
    ),
    "a list that says another wallet": ("L5", attribute(lambda _: "LIST#wallets", "ind", ref="x")),
    "a list that cannot be read": ("L5", attribute(lambda _: "LIST#wallets", "ind", ref=7)),
    "a company that counts more": ("L24", counted("n:earned:USD", 1)),
    "a company that counts what nobody earned": ("L24", counted("n:company:EUR", 1)),
    "a company that cannot be read": ("L24", counted("n:earned:USD", "x")),  # type: ignore[arg-type]
    "a person that counts more": (
        "L24",
        lambda books: books.change(
            f"PARTNER#{books.company.id}#PERSON#{books.rep}",
            "PROGRESS#",
            lambda item: item.update({"n:earned:USD": 1}),
        ),
    ),
}


@pytest.mark.parametrize(("invariant", "damage"), DAMAGES.values(), ids=DAMAGES)
def test_verification_finds(books: Books, invariant: str, damage: Damage) -> None:
    """Also what was forged with all its hashes made anew, which the chain alone would not tell."""
    damage(books)
    assert invariant in books.invariants()


def test_a_later_revocation_takes_nothing_from_what_was_earned(sqlite_engine: SqliteEngine) -> None:
    """Only what is earned after it would be wrong (L12)."""
    world = World(TableStore(sqlite_engine))
    company, program = told(world)
    world.wait()
    consent.revoke_consent(
        world.portal, world.ask(company.executive), consent_id=f"{company.id}.{program}.1"
    )
    assert [] == findings(world.store)


def test_earnings_that_swap_what_is_pending_are_found_and_named(
    sqlite_engine: SqliteEngine, tmp_path: Path
) -> None:
    """Both are of one amount, so that every sum is as it should be (L5)."""
    world = World(TableStore(sqlite_engine))
    define(world, "DEMO")
    company, program = world.ready(
        Rule("demo", "Demo", Level.INDIVIDUAL, "USD", Overlay("DEMO", 5_000))
    )
    won, waits = (world.approved(company, program) for _ in range(2))
    for deal in (won, waits):
        world.record(company, program, "DEMO", deal.id, deal_id=deal.id)
    world.wait()
    world.win(won)
    assert [] == findings(world.store)
    books = Books(
        TableStore(sqlite_engine), tmp_path / "portal.sqlite", company, program, company.rep
    )
    names = set()
    for sk, text in books.rows(wallet(books), "EARNING#"):
        earning = json.loads(text)
        names.add(earning["id"])
        books.put(wallet(books), sk, {**earning, "pending": not earning["pending"]})

    found = findings(books.store)

    assert 2 == len(names)
    assert {"L5"} == {finding.invariant for finding in found}
    texts = {finding.text for finding in found}
    for name in names:
        assert f"The earning {name} is pending or not otherwise than its journals." in texts
        assert f"The earning {name} is pending, or has a lot, but not one of the two." in texts


def test_a_finding_says_which_invariant_where_and_what(books: Books) -> None:
    sk, text = books.journals()[2]
    books.put(f"WALLET#{books.rep}", sk, text.replace(b"15000", b"15001", 1))
    first = findings(books.store)[0]
    assert f"L16 wallet {books.rep} journal 3 at {sk}: Its hash is not that of its content." == str(
        first
    )


def test_a_ledger_on_dynamodb_is_verified_too(ministack: str) -> None:
    """And a changed attribute is found there as well."""
    engine = table_of_another_time("verified", ministack)
    world = World(TableStore(engine))
    company, _ = told(world)
    assert [] == findings(world.store)
    _, (page,) = engine.read([], [Query(f"WALLET#{company.rep}", "JOURNAL#", limit=3)])
    key, _ = page.rows[2]
    connection = engine._connected()
    connection.dispatch(
        "UpdateItem",
        {
            "TableName": "verified",
            "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
            "UpdateExpression": "SET kind = :kind",
            "ExpressionAttributeValues": {":kind": {"N": "0.5"}},
        },
    )
    named = [(found.invariant, found.place) for found in findings(world.store)]
    assert ("L16", key.sk) in named
    engine.close()
