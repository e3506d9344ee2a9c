"""The schedules' function runs what is due, says what is left, and knows the series by name."""

import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from portal_api import logs
from portal_api.functions import scheduled
from portal_api.services.due_series import NAMES
from portal_api.services.store import Found, Store, StoreUnavailable
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.functions.counted import metrics_in
from tests.services.world import MILESTONES, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    engine.create()
    yield World(TableStore(engine))
    engine.close()


class Down(TableStore):
    """A store that cannot be reached."""

    def __init__(self, _: Store) -> None: ...

    def read(self, wants: object) -> Found:
        raise StoreUnavailable("throttled in portal-table for mara@example.com")


def test_what_is_due_is_done_and_counted(world: World) -> None:
    company, program = world.ready(MILESTONES)
    world.win(world.register(company, program, 3_000_000), 3_000_000)
    world.now += timedelta(days=400)
    ran = scheduled.run(world.portal, ["releases", "finance"])
    assert {"releases", "finance"} == set(ran)
    assert ran["finance"] > 0
    assert {"releases": 0, "finance": 0} == scheduled.run(world.portal, ["releases", "finance"])


def test_a_series_that_there_is_not_is_an_error(world: World) -> None:
    with pytest.raises(ValueError, match="interest"):
        scheduled.run(world.portal, ["releases", "interest"])


def test_what_is_left_fails_the_run_so_that_lambda_repeats_it(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every series has its turn before, and both numbers reach CloudWatch."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "scheduled")
    monkeypatch.setenv("PORTAL_STAGE", "prod")
    portal = world.on(Down(world.store))
    with pytest.raises(scheduled.SeriesUnfinished, match="releases, expiry"):
        scheduled.run(portal, ["releases", "expiry"])
    assert {"SeriesUnfinished": 2} == metrics_in(capsys.readouterr().out)
    scheduled.run(world.portal, list(NAMES))
    assert {"SeriesRun": len(NAMES)} == metrics_in(capsys.readouterr().out)


def test_the_log_names_series_and_nobody(world: World) -> None:
    stream = io.StringIO()
    for known in logs.logger("prod").handlers:
        assert isinstance(known, logging.StreamHandler)
        known.setStream(stream)
    with pytest.raises(scheduled.SeriesUnfinished):
        scheduled.run(world.on(Down(world.store)), ["releases"])
    assert "releases" in stream.getvalue()
    assert "@" not in stream.getvalue()


def test_the_function_works_on_the_store_of_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its schedule's input is all that it is told."""
    path = tmp_path / "portal.sqlite"
    SqliteEngine(path).create()
    monkeypatch.setenv("PORTAL_STAGE", "dev")
    monkeypatch.setenv("PORTAL_STORE", str(path))
    scheduled._portal.cache_clear()
    try:
        assert dict.fromkeys(NAMES, 0) == scheduled.handler({"series": list(NAMES)}, None)
    finally:
        scheduled._portal().store.close()  # type: ignore[attr-defined]
        scheduled._portal.cache_clear()
