"""The stores under the use cases: SQLite in a file, and one table on the local AWS for all."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.conftest import table_of_another_time
from tests.services.world import World

_tables = itertools.count(1)
BOTH = ["sqlite", pytest.param("ministack", marks=pytest.mark.ministack)]


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """Give an empty table in a file."""
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    engine.create()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def ministack_engine(ministack: str) -> Iterator[DynamoEngine]:
    """Give one table for a module's worlds: ids are their own, and a series walks them all."""
    engine = table_of_another_time(f"services-{next(_tables)}", ministack)
    yield engine
    engine.close()


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Give each engine in turn."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture(params=BOTH)
def lonely_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give each engine in turn, with a table that no other test has written to."""
    engine: Engine
    if request.param == "sqlite":
        engine = SqliteEngine(tmp_path / "lonely.sqlite")
        engine.create()
    else:
        endpoint = request.getfixturevalue("ministack")
        engine = table_of_another_time(f"lonely-{next(_tables)}", endpoint)
    yield engine
    engine.close()


@pytest.fixture
def world(engine: Engine) -> World:
    """Give a world on each engine in turn."""
    return World(TableStore(engine))


@pytest.fixture
def quick_world(sqlite_engine: SqliteEngine) -> World:
    """Give a world on SQLite, for what does not depend on the engine."""
    return World(TableStore(sqlite_engine))
