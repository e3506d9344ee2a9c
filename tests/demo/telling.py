"""The demo, told into a file: what tests read of it and ask of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal_api.app import id_maker
from portal_api.demo import story, world
from portal_api.domain.partners import Partner
from portal_api.domain.writes import Record
from portal_api.services.partners import former_of, members_of
from portal_api.services.store import Listed, Many, One, of_person
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.api import call
from tests.sharing import laid

AFTERWARDS = datetime(2026, 7, 3, 12, tzinfo=UTC)
"""When it is asked: two days after the half year, with nothing done since."""


@dataclass(frozen=True)
class Told:
    """A store with the demo, its file, and its people."""

    store: TableStore
    path: Path
    people: tuple[story.Person, ...]

    def read(self, want: Any) -> Any:
        """One answer."""
        return self.store.read([want])[want]

    def partners(self) -> list[Partner]:
        """All partners."""
        return [self.read(One(Partner, one)) for one in self.read(Listed("partners")).ids]

    def of_everybody(self, kind: type[Record]) -> list[Any]:
        """The deals or activities of all who work at partners, or have worked there."""
        staff = [
            (partner.id, person_id)
            for partner in self.partners()
            for listed in (members_of(partner.id), former_of(partner.id))
            for person_id in self.read(Listed(listed)).ids
        ]
        wants = [Many(kind, of_person(partner_id, own)) for partner_id, own in staff]
        return [record for want in wants for record in self.read(want).records]

    def person(self, name: str) -> story.Person:
        """The person of that name."""
        return next(one for one in self.people if one.name == name)

    def ask(self, name: str, document: str, **variables: Any) -> Any:
        """What the portal answers to somebody; never an error."""
        portal = Portal(self.store, lambda: AFTERWARDS, lambda: "asked000000000000000")
        answer = call(portal, self.person(name).id, document, variables)
        assert "errors" not in answer, answer
        return answer["data"]


def told(
    path: Path, seed: int = story.SEED, until: datetime = world.TOLD_TO, *, anew: bool = False
) -> Iterator[Told]:
    """The demo in a new file: told once in a test session, or ``anew``."""
    if anew:
        _tell(path, seed, until)
    else:
        lay(path, seed, until)
    engine = SqliteEngine(path, durable=False)
    store = TableStore(engine)
    yield Told(store, path, story.people(store))
    engine.close()


def lay(path: Path, seed: int = story.SEED, until: datetime = world.TOLD_TO) -> None:
    """Puts a file with the demo at ``path``."""
    name = f"demo-{seed}-{until:%Y-%m-%d-%H}.sqlite"
    laid(name, path, lambda file: _tell(file, seed, until))


def _tell(path: Path, seed: int, until: datetime) -> None:
    engine = SqliteEngine(path, durable=False)
    engine.create()
    story.tell(TableStore(engine), id_maker, seed=seed, until=until)
    engine.close()
