"""A ledger that tells a whole story, and the means to damage what is stored of it."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from portal_api.domain.ledger import GENESIS, content_hash
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.services import payouts
from portal_api.storage.store import TableStore
from tests.services.importing import findings
from tests.services.world import MILESTONES, Company, World

Attributes = dict[str, Any]


@dataclass
class Books:
    """A ledger with awards, a reversal, and payouts in each state, and the means to damage it."""

    store: TableStore
    path: Path
    company: Company
    program: str
    rep: str

    def rows(self, pk: str, sk: str = "") -> list[tuple[str, bytes]]:
        found = self._execute(
            "SELECT sk, CAST(attributes AS BLOB) FROM items WHERE pk = ? ORDER BY sk", pk
        )
        return [row for row in found if row[0].startswith(sk)]

    def everything(self) -> list[tuple[str, str, bytes]]:
        """All items: partition, sort key, attributes."""
        return self._execute("SELECT pk, sk, CAST(attributes AS BLOB) FROM items ORDER BY pk, sk")

    def journals(self, wallet: str | None = None) -> list[tuple[str, bytes]]:
        return self.rows(f"WALLET#{wallet or self.rep}", "JOURNAL#")

    def put(self, pk: str, sk: str, attributes: bytes | Attributes) -> None:
        text = attributes if isinstance(attributes, bytes) else json.dumps(attributes).encode()
        self._execute("INSERT OR REPLACE INTO items VALUES (?, ?, CAST(? AS TEXT))", pk, sk, text)

    def drop(self, pk: str, sk: str) -> None:
        self._execute("DELETE FROM items WHERE pk = ? AND sk = ?", pk, sk)

    def rename(self, pk: str, sk: str, to: bytes) -> None:
        statement = "UPDATE items SET sk = CAST(? AS TEXT) WHERE pk = ? AND sk = ?"
        self._execute(statement, to, pk, sk)

    def change(self, pk: str, sk: str, change: Callable[[Attributes], object]) -> None:
        """Changes the first item of a partition whose sort key starts so."""
        found, text = self.rows(pk, sk)[0]
        attributes = json.loads(text)
        change(attributes)
        self.put(pk, found, attributes)

    def forge(self, number: int, change: Callable[[Attributes], object]) -> None:
        """Changes a journal as a forger would: every hash behind it and the head are made anew."""
        previous = GENESIS
        for sk, text in self.journals():
            attributes = json.loads(text)
            del attributes["hash"]
            if attributes["sequence"] == number:
                change(attributes)
            attributes["previous_hash"] = previous
            previous = attributes["hash"] = content_hash(attributes)
            self.put(f"WALLET#{self.rep}", sk, attributes)
        self.change(f"WALLET#{self.rep}", "HEAD", lambda head: head.update(head_hash=previous))

    def invariants(self) -> set[str]:
        return {finding.invariant for finding in findings(self.store)}

    def _execute(self, statement: str, *values: str | bytes) -> list[Any]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()


Damage = Callable[[Books], object]


def wallet(books: Books) -> str:
    return f"WALLET#{books.rep}"


def progress(books: Books) -> str:
    return f"PROGRESS#{books.program}#partner"


def attribute(pk: Callable[[Books], str], sk: str, **changes: object) -> Damage:
    return lambda books: books.change(pk(books), sk, lambda item: item.update(changes))


def forged(number: int, change: Callable[[Attributes], object]) -> Damage:
    return lambda books: books.forge(number, change)


def counted(name: str, amount: int) -> Damage:
    """The partner's counter of that name says something else."""

    def damage(books: Books) -> None:
        books.change(
            f"PARTNER#{books.company.id}", progress(books), lambda item: item.update({name: amount})
        )

    return damage


def consent_of(books: Books, **changes: object) -> None:
    def change(file: Attributes) -> None:
        file["consents"][0].update(changes)

    books.change(f"PARTNER#{books.company.id}", "CONSENT#", change)


def told(world: World) -> tuple[Company, str]:
    """Ten journals of the first rep: awards (1-3), a reversal (4), payouts (5-9), an award (10)."""
    rule = replace(MILESTONES, mechanic=MilestoneSplit(300, keep_on_loss=False))
    company, program = world.ready(rule, reps=2)
    world.win(world.approved(company, program))
    world.lose(world.approved(company, program))
    for amount, paid in ((1_000, True), (2_000, False), (3_000, None)):
        payout = world.pay_out(company.rep, amount).payout
        if paid is not None:
            payouts.resolve_payout(
                world.portal, world.manage(), payout_id=payout.id, paid=paid, reference="bank"
            )
    world.approved(company, program)
    world.approved(company, program, rep=company.reps[1])
    return company, program
