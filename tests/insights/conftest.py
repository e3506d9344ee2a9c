"""The stores of the use cases' tests, for what is built from them and kept in them."""

from tests.services.conftest import (  # noqa: F401 - Fixtures are found by their names here.
    engine,
    lonely_engine,
    ministack_engine,
    quick_world,
    sqlite_engine,
    world,
)
