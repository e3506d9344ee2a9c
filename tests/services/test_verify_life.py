"""Verification of a ledger in which everything has happened, damaged in each of its parts."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal_api.services.verify import LedgerSummary, verify
from portal_api.services.verify_reading import Finding
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.books import (
    Attributes,
    Books,
    Damage,
    attribute,
    consent_of,
    counted,
    forged,
    wallet,
)
from tests.services.importing import findings
from tests.services.lives import Life
from tests.services.world import World


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Give the books of a whole life, of which tests damage a copy, too."""
    path = tmp_path_factory.mktemp("life") / "portal.sqlite"
    engine = SqliteEngine(path, durable=False)
    engine.create()
    life = Life.of(World(TableStore(engine)))
    life.all()
    assert [] == findings(life.world.store)
    engine.close()
    return Books(life.world.store, path, life.company, life.program, life.company.rep)  # type: ignore[arg-type]


@pytest.fixture
def life(lived: Books, tmp_path: Path) -> Iterator[Books]:
    path = tmp_path / "life.sqlite"
    shutil.copy(lived.path, path)
    engine = SqliteEngine(path, durable=False)
    yield replace(lived, store=TableStore(engine), path=path)
    engine.close()


def first_of(prefix: str, **changes: object) -> Damage:
    """The first item of the wallet whose key begins so."""
    return attribute(wallet, prefix, **changes)


def in_the_earning(number: int, **changes: object) -> Damage:
    def damage(books: Books) -> None:
        sk, text = books.rows(wallet(books), "EARNING#")[number]
        books.put(wallet(books), sk, json.loads(text) | changes)

    return damage


def in_the_first(sk: str, change: Callable[[Attributes], object]) -> Damage:
    return lambda books: books.change(wallet(books), sk, change)


def in_a_part(sk: str, **changes: object) -> Damage:
    """The first item of that kind in any part of the program's accounts."""

    def damage(books: Books) -> None:
        for number in range(16):
            place = f"PROGRAM#{books.program}#SHARD#{number}"
            for found, text in books.rows(place, sk)[:1]:
                books.put(place, found, json.loads(text) | changes)
                return

    return damage


def of_the_company(sk: str, change: Callable[[Attributes], object]) -> Damage:
    return lambda books: books.change(f"PARTNER#{books.company.id}", sk, change)


def of_the_team(counter: str, amount: int) -> Damage:
    def damage(books: Books) -> None:
        team = f"PROGRESS#{books.program}#team."
        change = {counter: amount}
        books.change(f"PARTNER#{books.company.id}", team, lambda item: item.update(change))

    return damage


def in_another_team(books: Books) -> None:
    """All of it counts for a team that there is not, or not any more."""

    def change(item: Attributes) -> None:
        (name,) = (one for one in item if one.startswith("n:among:") and one.endswith(":USD"))
        item["n:among:team-other:USD"] = item.pop(name)

    own = f"PARTNER#{books.company.id}#PERSON#{books.rep}"
    books.change(own, f"PROGRESS#{books.program}", change)


def events_gone(books: Books) -> None:
    _, text = books.journals()[3]
    partner, _, own = json.loads(text)["cause"]["event"].partition(".")
    books.drop(f"EVENTS#{partner}", f"EVENT#{own}")


def cut_off(books: Books) -> None:
    """The end of the chain is cut off, and the head made to fit: nothing in the chain tells."""
    (_, text), (last, _) = books.journals()[-2:]
    journal = json.loads(text)
    books.drop(wallet(books), last)
    changes = {"sequence": journal["sequence"], "head_hash": journal["hash"]}
    books.change(wallet(books), "HEAD", lambda head: head.update(changes))


LIVED: dict[str, tuple[str, Damage]] = {
    "a statement of another sum": (
        "L24",
        in_the_first("STATEMENT#", lambda item: item["sums"]["USD"].update(EARNED=1)),
    ),
    "a statement that opens otherwise": (
        "L24",
        first_of("STATEMENT#", opening={"USD": {"available": 1}}),
    ),
    "a statement of another last journal": ("L3", first_of("STATEMENT#", head_hash="f" * 64)),
    "a statement that is gone": (
        "L24",
        lambda books: books.drop(wallet(books), books.rows(wallet(books), "STATEMENT#")[0][0]),
    ),
    "a statement too many": (
        "L24",
        lambda books: books.put(
            wallet(books),
            "STATEMENT#2030-01",
            json.loads(books.rows(wallet(books), "STATEMENT#")[0][1]) | {"month": "2030-01"},
        ),
    ),
    "another month so far": (
        "L24",
        in_the_first("HEAD", lambda head: head["month"].update(first_sequence=1)),
    ),
    "a lot with more left": (
        "L5",
        in_the_first("HEAD", lambda head: head["holdings"]["USD"]["lots"][0].update(left=7)),
    ),
    "a debt that is none": (
        "L5",
        in_the_first(
            "HEAD",
            lambda head: head["holdings"]["USD"].update(
                debts=[{"program_id": "p", "amount_minor": 1}]
            ),
        ),
    ),
    "an earning at another place in its lot": ("L5", in_the_earning(0, lot_end=1)),
    "an earning without its lot": ("L5", in_the_earning(0, lot=None)),
    "an earning of another wallet": ("L14", in_the_earning(0, wallet_id="ind-other")),
    "more taken back than it was": ("L4", in_the_earning(0, reversed_minor=10**9)),
    "points that were there before their hold ended": (
        "L5",
        forged(9, lambda journal: journal.update(recorded_at="2026-01-10T09:00:00+00:00")),
    ),
    "points for another payee": (
        "L5",
        forged(9, lambda item: item["transfers"][0]["lot"].update(payee="PARTNER")),
    ),
    "a release of another lot": (
        "L5",
        forged(9, lambda item: item["transfers"][0]["lot"].update(month="2026-02")),
    ),
    "an adjustment that was rejected": ("L4", first_of("ADJUSTMENT#", status="REJECTED")),
    "an adjustment of one person": (
        "L4",
        in_the_first("ADJUSTMENT#", lambda item: item.update(decided_by=item["proposed_by"])),
    ),
    "an adjustment of more": ("L4", first_of("ADJUSTMENT#", amount_minor=701)),
    "an adjustment that is gone": (
        "L4",
        lambda books: books.drop(wallet(books), books.rows(wallet(books), "ADJUSTMENT#")[0][0]),
    ),
    "an adjustment without consent": ("L12", first_of("ADJUSTMENT#", consent_id=None)),
    "a payout for another payee": ("L7", first_of("PAYOUT#", payee="PARTNER")),
    "a consent for another payee": ("L12", lambda books: consent_of(books, payee="PARTNER")),
    "a move of another amount": ("L24", in_a_part("MOVE#", amounts={"EARNED:USD": 1})),
    "a move of a column that is none": ("L24", in_a_part("MOVE#", amounts={"GIVEN:USD": 1})),
    "a move at another time": ("L24", in_a_part("MOVE#", at="2026-01-05T09:00:00")),
    "a sum of another amount": ("L24", in_a_part("SUM#", amounts={"EARNED:USD": 1})),
    "a team's award of another whole": (
        "L17",
        of_the_company("TEAMAWARD#", lambda item: item["trace"].update(amount_minor=99)),
    ),
    "a team's share of another amount": (
        "L17",
        of_the_company("TEAMAWARD#", lambda item: item["shares"][0].update(amount_minor=99)),
    ),
    "a team's share that is no earning": (
        "L17",
        of_the_company(
            "TEAMAWARD#", lambda item: item["shares"][0]["outcome"].update(earning_id="ind.none")
        ),
    ),
    "a company that counts more earners": ("L24", counted("n:earners:USD", 9)),
    "a company that counts more earners of no team": ("L24", counted("n:teamless:USD", 1)),
    "a team that counts fewer earners": ("L24", of_the_team("n:earners:USD", 1)),
    "a team that counts earners of what nobody earned": ("L24", of_the_team("n:earners:EUR", 1)),
    "a person that counts in another team": ("L24", in_another_team),
    "an event that is gone": ("L11", events_gone),
    "a chain that is cut off": ("L24", cut_off),
    "a journal of somebody else": (
        "L11",
        forged(3, lambda item: item["cause"].update(actor="ind-other")),
    ),
    "a journal without cause": ("L11", forged(3, lambda item: item.update(cause={}))),
    "a journal of a time without zone": (
        "L3",
        forged(3, lambda item: item.update(recorded_at="2026-01-05T09:00:00")),
    ),
}


@pytest.mark.parametrize(("invariant", "damage"), LIVED.values(), ids=LIVED)
def test_verification_of_a_life_finds(life: Books, invariant: str, damage: Damage) -> None:
    """Statements, lots, adjustments, programs' accounts, team awards, events."""
    damage(life)
    assert invariant in life.invariants()


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_flipped_in_a_life_does_not_stop_verification(life: Books, seed: int) -> None:
    """Any byte of any item: the walk comes to its end, whatever it makes of that item."""
    dice = random.Random(seed)
    pk, sk, text = dice.choice(life.everything())
    flipped = bytearray(text)
    flipped[dice.randrange(len(text))] ^= 1 << dice.randrange(8)
    life.put(pk, sk, bytes(flipped))
    *_, summary = verify(life.store)
    assert isinstance(summary, LedgerSummary)


def test_answers_may_be_forgotten_after_90_days(life: Books) -> None:
    """And not before: their requests could be repeated (L11)."""
    for pk, sk, _ in life.everything():
        if pk.startswith("REQUEST#"):
            life.drop(pk, sk)
    later, now = (datetime(2026, month, 20, tzinfo=UTC) for month in (9, 4))

    def missing(at: datetime) -> set[int | None]:
        steps = verify(life.store, now=at)
        found = [step for step in steps if isinstance(step, Finding)]
        assert {"L11"} >= {finding.invariant for finding in found}
        return {finding.sequence for finding in found if finding.wallet_id == life.rep}

    assert set() == missing(later)
    assert {15, 20, 23} <= missing(now)
    assert not {1, 9, 28} & missing(now)


def test_many_damaged_records_are_all_named(life: Books) -> None:
    """One by one, though only their sums are compared at first (L4)."""
    names = set()
    for sk, text in life.rows(wallet(life), "EARNING#"):
        earning = json.loads(text)
        names.add(earning["id"])
        more = earning["reversed_minor"] + 1
        life.put(wallet(life), sk, earning | {"reversed_minor": more})
    told = [finding.text for finding in findings(life.store) if finding.invariant == "L4"]
    assert len(names) > 5
    for name in names:
        said = f"Of the earning {name} the journals took 1 less back than it says."
        assert 1 == told.count(said)
