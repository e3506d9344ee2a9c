"""The demo that the tests of this folder read; none of them changes it."""

from collections.abc import Iterator

import pytest

from tests.demo.telling import Told, told


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The demo, as ``make dev`` tells it."""
    yield from told(tmp_path_factory.mktemp("demo") / "demo.sqlite")
