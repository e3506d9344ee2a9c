"""Two clients interleaved request by request: no credit without a consent in force at commit."""

import itertools
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal_api.domain.goals import Level
from portal_api.domain.mechanics.rebate import Band, Rebate
from portal_api.domain.plans import Period, Rule
from portal_api.services import retrying
from portal_api.services.use_case import Portal
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from portal_api.storage.store import TableStore
from portal_api.storage.table import Key
from tests.services.consent_lives import Client, Clock, Judge, Stage, staged
from tests.services.interleaving import InterleavedEngine, RacyEngine, Turns

REQUESTS = 30
"""Of each of the two clients."""
REBATE = Rule(
    "rebate",
    "Rebate",
    Level.PARTNER,
    "USD",
    Rebate(Period.QUARTER, (Band(0, 100), Band(10**6, 300))),
)


@dataclass
class Told:
    """What came of one history."""

    findings: list[str]
    proof: list[Any]
    credits: int
    rebates: int
    faults: list[str]
    committed: int


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return staged(tmp_path_factory.mktemp("stage"), REBATE)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who decides again does so at once: the seed alone orders what happens."""
    monkeypatch.setattr(retrying, "_jitter", lambda _: 0)


def told(
    stage: Stage, folder: Path, seed: int, kind: type[InterleavedEngine] = InterleavedEngine
) -> Told:
    folder.mkdir()
    engine, turns = stage.opened(folder), Turns(seed)
    interleaved, clock = kind(engine, turns), Clock(stage.world.now)
    start = _items(folder / "portal.sqlite")
    ids = itertools.count(1)
    store = TableStore(interleaved)
    portal = Portal(store, clock, lambda: f"{stage.world.number:05}{next(ids):09}x")
    clients = [Client(stage, portal, clock, f"seed{seed}-{one}") for one in ("a", "b")]
    turns.run(*(lambda client=client: client.work(REQUESTS) for client in clients))
    judge = Judge(stage, start)
    findings = list(judge.findings(interleaved.committed))
    proof = [one for one in verify(TableStore(engine)) if isinstance(one, Finding)]
    engine.close()
    return Told(
        findings,
        proof,
        judge.credits,
        judge.rebates,
        interleaved.faults,
        len(interleaved.committed),
    )


def _items(file: Path) -> list[tuple[Key, dict[str, Any]]]:
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT pk, sk, attributes FROM items").fetchall()
    return [(Key(pk, sk), json.loads(attributes)) for pk, sk, attributes in rows]


def test_no_credit_without_consent_however_two_clients_interleave(
    stage: Stage, tmp_path: Path
) -> None:
    """N1 and N2, in 50 histories with conflicts, lost answers and an absent store."""
    histories = [told(stage, tmp_path / str(seed), seed) for seed in range(50)]

    assert [] == [finding for one in histories for finding in one.findings]
    assert [] == [finding for one in histories for finding in one.proof]
    # It was worth looking: they earned, and every fault came up.
    assert sum(one.credits for one in histories) > 100
    assert sum(one.rebates for one in histories) > 20
    assert {"conflict", "lost after", "lost before", "away"} == {
        fault for one in histories for fault in one.faults
    }


def test_the_same_seed_tells_the_same_history(stage: Stage, tmp_path: Path) -> None:
    once, again = (told(stage, tmp_path / name, 7) for name in ("once", "again"))

    assert once == again


def test_a_racy_program_is_caught(stage: Stage, tmp_path: Path) -> None:
    """The control: without the checks at commit, some history credits what it must not."""
    for seed in range(200):
        if told(stage, tmp_path / str(seed), seed, RacyEngine).findings:
            return
    pytest.fail("no history caught a program that looks at nothing again")


@pytest.mark.slow
def test_a_thousand_histories(stage: Stage, tmp_path: Path) -> None:
    for seed in range(1_000, 2_000):
        history = told(stage, tmp_path / str(seed), seed)

        assert ([], []) == (history.findings, history.proof), f"seed {seed}"
