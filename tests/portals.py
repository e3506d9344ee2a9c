"""A portal with two people in it, and the shape of its refusals."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from portal_api.domain.partners import Employment, Individual, Role
from portal_api.services import partners
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.api import REQUEST_ID, body_of

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
ADMIN, OTHER = "ind-admin", "ind-other"
NAME = "{ viewer { individual { name } } }"
OK = b'{"query":"{ __typename }"}'


@contextmanager
def opened(folder: Path) -> Iterator[Portal]:
    """A portal with two of the vendor's people, in a file of that folder."""
    engine = SqliteEngine(folder / "portal.sqlite", durable=False)
    engine.create()
    store = TableStore(engine)
    for person_id, name in ((ADMIN, "Ada"), (OTHER, "Otto")):
        employment = Employment(None, Role.ADMIN, NOW - timedelta(days=1))
        person = Individual(person_id, name, "a@example.com", (employment,))
        store.commit(partners.individual_writes(person))
    numbers = itertools.count(1)
    yield Portal(store, lambda: NOW, lambda: f"{next(numbers):020}")
    engine.close()


def error_of(response: dict[str, Any]) -> tuple[int, str]:
    """Status and code of a refusal, which names the request and has the one shape."""
    (error,) = body_of(response)["errors"]
    assert {"message", "extensions"} == set(error)
    assert REQUEST_ID == error["extensions"]["requestId"]
    assert "application/json" == response["headers"]["content-type"]
    assert "no-store" == response["headers"]["cache-control"]
    return response["statusCode"], error["extensions"]["code"]
