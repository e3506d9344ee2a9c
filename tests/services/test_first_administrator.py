"""The first administrator: added where nobody may act as one, and only then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal_api.domain.errors import InvalidInput
from portal_api.domain.events import Event
from portal_api.domain.partners import Role
from portal_api.services import partners
from portal_api.services.first_administrator import (
    AlreadyAdministrated,
    first_administrator,
)
from portal_api.services.store import Many, of_events
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.stores import FaultyStore, in_parallel, lost_after
from tests.services.world import START, World

ADA = {"name": "Ada", "email": "ada@example.com"}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """Give a portal with nobody in it."""
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    engine.create()
    numbers = iter(range(10**6))
    yield Portal(TableStore(engine), lambda: START, lambda: f"{next(numbers):020}")
    engine.close()


def test_an_empty_portal_gets_an_administrator_and_an_event_by_the_portal_itself(
    portal: Portal,
) -> None:
    made = first_administrator(portal, **ADA)
    assert made.added
    assert (Role.ADMIN, None) == (
        made.individual.employments[0].role,
        made.individual.employments[0].partner_id,
    )
    want = Many(Event, of_events(None))
    (told,) = portal.store.read([want])[want].records
    assert ("IndividualAdded", made.individual.id, "system") == (
        told.kind,
        told.subject_id,
        told.actor_id,
    )


def test_it_adds_the_others_as_any_administrator(portal: Portal) -> None:
    world = World(portal.store)
    world.admin = first_administrator(portal, **ADA | {"email": "ada@vendor.example"}).individual.id
    assert world.company().id


def test_the_same_again_changes_nothing(portal: Portal) -> None:
    first = first_administrator(portal, **ADA)
    again = first_administrator(portal, name="Another", email="ADA@example.com")
    assert (first.individual.id, "Ada") == (again.individual.id, again.individual.name)
    assert not again.added


def test_another_one_is_the_administrators_to_add(portal: Portal) -> None:
    first_administrator(portal, **ADA)
    with pytest.raises(AlreadyAdministrated):
        first_administrator(portal, name="Bea", email="bea@example.com")


def test_of_two_at_once_one_is_the_first(portal: Portal) -> None:
    others = [
        lambda: first_administrator(portal, **ADA),
        lambda: first_administrator(portal, name="Bea", email="bea@example.com"),
    ]
    results = in_parallel(*others)
    assert ["AlreadyAdministrated", "FirstAdministrator"] == sorted(
        type(one).__name__ for one in results
    )


def test_an_answer_that_was_lost_adds_no_second(portal: Portal) -> None:
    faulty = Portal(FaultyStore(portal.store, lost_after), portal.clock, portal.new_id)
    made = first_administrator(faulty, **ADA)
    want = Many(Event, of_events(None))
    (told,) = portal.store.read([want])[want].records
    assert made.individual.id == told.subject_id


def test_where_all_are_locked_out_there_is_a_next_one(portal: Portal) -> None:
    """A suspended administrator cannot add anybody; who may write the table can."""
    world = World(portal.store)
    partners.suspend_individual(world.portal, world.manage(), individual_id=world.admin)
    made = first_administrator(portal, **ADA)
    assert made.added
    assert world.admin != made.individual.id
    with pytest.raises(AlreadyAdministrated):
        first_administrator(portal, name="Bea", email="bea@example.com")


@pytest.mark.parametrize("wrong", [{"name": " "}, {"email": "nobody"}])
def test_nonsense_is_refused_before_anything_is_written(
    portal: Portal, wrong: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput):
        first_administrator(portal, **ADA | wrong)
