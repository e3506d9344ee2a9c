"""What the functions beside the API's do on a whole story, for the record of their actions."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from portal_api import app
from portal_api.bus import SOURCE
from portal_api.demo import story
from portal_api.functions import scheduled, tokens, webhooks
from portal_api.services.messages import message_of
from portal_api.services.use_case import Portal
from portal_api.storage.store import TableStore
from tests.conftest import table_of_another_time
from tests.hooks import URL, Receivers
from tests.readme import NOW
from tests.services.hooked import an_endpoint, an_event
from tests.services.stores import FaultyStore, Killed, killed_after
from tests.services.test_team_awards import FLAT, a_team
from tests.services.world import World


@pytest.fixture
def store(ministack: str) -> Iterator[TableStore]:
    engine = table_of_another_time("deeds", ministack)
    yield TableStore(engine)
    engine.close()


def test_the_demos_story(store: TableStore) -> None:
    """Each night its series run; at the end the insight is kept once more, and people sign in."""
    story.tell(store, app.id_maker, until=NOW.replace(hour=0))
    portal = Portal(store, lambda: NOW, app.new_id)
    later = Portal(store, lambda: NOW + timedelta(weeks=1), app.new_id)
    assert scheduled.run(later, ["insights"])["insights"]
    for person in story.people(store)[:3]:
        tokens.admitted(portal, {"userName": person.id})


def test_a_team_whose_pay_was_cut_off(store: TableStore) -> None:
    """The next schedule finishes it."""
    world = World(store)
    company, program = a_team(world, FLAT)
    deal = world.register(company, program)
    with pytest.raises(Killed):
        world.approve(deal, portal=world.on(FaultyStore(store, killed_after)))
    assert 1 == scheduled.run(world.portal, ["team-awards"])["team-awards"]


def test_the_life_of_deliveries(store: TableStore) -> None:
    """One is taken, another is refused again and again until its endpoint is disabled."""
    world, receivers = World(store), Receivers()
    an_endpoint(world)
    an_endpoint(world, "https://down.example.com/")
    receivers.statuses = {URL: 204, "https://down.example.com/": 500}
    for _ in range(2):
        event = {"source": SOURCE, "detail": message_of(an_event(world))}
        assert webhooks.run(world.portal, receivers, event, 60)["delivered"]
    told = dict.fromkeys(("delivered", "failed", "given_up"), 0)
    for _ in range(14 * 24):
        world.now += timedelta(hours=1)
        for what, count in webhooks.run(world.portal, receivers, {"due": True}, 60).items():
            told[what] += count
    assert told["failed"]
    assert told["given_up"]
