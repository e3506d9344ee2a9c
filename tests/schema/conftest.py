"""The API over a world of its own, on each engine in turn."""

import pytest

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
def client(world: World) -> Client:  # noqa: F811
    """Give the API on each engine in turn."""
    return Client(world)


@pytest.fixture
def quick_client(quick_world: World) -> Client:  # noqa: F811
    """Give the API on SQLite, for what does not depend on the engine."""
    return Client(quick_world)
