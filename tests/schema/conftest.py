"""The API over a world of its own, on each engine in turn."""

from collections.abc import Iterator

import pytest

from tests.schema.audited import audited
from tests.schema.client import Client
from tests.services.conftest import (  # noqa: F401 - Fixtures are found by their names here.
    engine,
    lonely_engine,
    ministack_engine,
    quick_world,
    sqlite_engine,
    world,
)
from tests.services.world import World


@pytest.fixture
def client(world: World) -> Iterator[Client]:  # noqa: F811
    """Give the API on each engine in turn; every change that it makes leaves its audit record."""
    yield from _audited(world)


@pytest.fixture
def quick_client(quick_world: World) -> Iterator[Client]:  # noqa: F811
    """Give the API on SQLite, for what does not depend on the engine; audited as well."""
    yield from _audited(quick_world)


def _audited(world: World) -> Iterator[Client]:  # noqa: F811
    store = audited(world)
    yield Client(world)
    assert [] == list(store.problems())
