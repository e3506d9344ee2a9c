"""What a screen and a rewarded mutation cost the store, counted in sequential waves of requests."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Item, Key, Page, Query, Write
from tests.schema.client import CHANGE, Client, Person, usd
from tests.schema.test_story import PHONE
from tests.services.world import World


class CountingEngine:
    """An engine that counts its waves."""

    def __init__(self, engine: SqliteEngine) -> None:
        self.engine = engine
        self.waves: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def read(
        self, gets: Sequence[Key], queries: Sequence[Query] = ()
    ) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
        self.waves.append("read")
        return self.engine.read(gets, queries)

    def write(self, ops: Sequence[Write]) -> None:
        self.waves.append("write")
        self.engine.write(ops)


class Setting:
    """A rep with a goal and two dozen earnings, in a portal whose waves are counted."""

    def __init__(self, engine: SqliteEngine) -> None:
        self.counting = CountingEngine(engine)
        world = World(TableStore(self.counting))
        self.client = client = Client(world)
        self.manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
        executive = client.person("PARTNER_EXECUTIVE", partner)
        self.rep = client.person("SALES_REP", partner)
        self.program = client.program(self.manager)
        client.behavior(self.manager)
        client.consent(executive, partner, self.program)
        client.enroll(self.rep, partner, self.program)
        client.do(
            self.manager,
            "setGoal",
            "",
            programId=self.program,
            partyId=self.rep.id,
            goalCode="Y",
            goal={"money": usd("50000.00")},
            stretch={"money": usd("80000.00")},
        )
        client.world.wait()
        for number in range(24):
            client.record(self.rep, self.rep, self.program, f"course-{number}")

    def waves_of(self, act: Any) -> list[str]:
        """The waves of one request."""
        self.counting.waves.clear()
        act()
        return list(self.counting.waves)


@pytest.fixture
def setting(sqlite_engine: SqliteEngine) -> Setting:
    """Give the setting."""
    return Setting(sqlite_engine)


def test_the_reps_home_screen_costs_two_round_trips(setting: Setting) -> None:
    """Who asks, then all else: profile, enrollments, programs, goals, balances, 20 earnings."""
    screen: dict[str, Any] = {}
    waves = setting.waves_of(lambda: screen.update(setting.client.query(setting.rep, PHONE)))
    assert ["read", "read"] == waves
    assert 20 == len(screen["viewer"]["individual"]["earnings"]["edges"])


def test_what_every_program_offers_costs_two_round_trips(setting: Setting) -> None:
    """Who asks, then programs, plans, partner, consents and enrollments at once; one by its id."""
    client, screen = setting.client, dict[str, Any]()
    for _ in range(3):
        client.program(setting.manager)
    offer = """eligible obstacles nextStep program { name plan { number } }
        companyRules { words } individualRules { words }"""
    all_of_them = f"{{ viewer {{ programOffers {{ {offer} }} }} }}"
    one = f"query($id: ID!) {{ node(id: $id) {{ ... on Program {{ offer {{ {offer} }} }} }} }}"
    by_id: dict[str, Any] = {}

    costs = (
        setting.waves_of(lambda: screen.update(client.query(setting.rep, all_of_them))),
        setting.waves_of(lambda: by_id.update(client.query(setting.rep, one, id=setting.program))),
    )

    assert (["read"] * 2, ["read"] * 3) == costs
    offers = screen["viewer"]["programOffers"]
    assert 4 == len(offers)
    assert by_id["node"]["offer"] in offers
    assert ["EARNING", "ENROLL", "ENROLL", "ENROLL"] == [offer["nextStep"] for offer in offers]


def test_a_partners_sales_process_costs_one_round_trip_more_than_the_partner(
    setting: Setting,
) -> None:
    """Process, programs, plans and behaviors at once."""
    client = setting.client
    steps = [
        {
            "code": f"step-{number}",
            "name": "Train",
            "stage": "ENABLEMENT",
            "behaviors": ["TRAINING"],
        }
        for number in range(3)
    ]
    client.do(setting.manager, "defineSalesProcess", "", partnerType="VAR", steps=steps)
    process = """salesProcess { steps { behaviors { behavior { name } paidBy { program { name }
        rule { words } } } gaps { code } } gaps { code program { name } } }"""
    document = f"{{ viewer {{ partner {{ name {process} }} }} }}"
    assert ["read"] * 3 == setting.waves_of(lambda: client.query(setting.rep, document))


def test_a_rewarded_mutation_costs_one_read_and_one_transaction(setting: Setting) -> None:
    """Approving, winning and recording, with their outcomes in the answer."""
    client, two = setting.client, ["read", "write"]
    deal = client.register(setting.rep, setting.program)
    assert two == setting.waves_of(lambda: client.approve(setting.manager, deal))
    assert two == setting.waves_of(lambda: client.win(setting.manager, deal, "60000.00"))
    assert two == setting.waves_of(
        lambda: client.record(setting.rep, setting.rep, setting.program, "course-last")
    )


def test_a_page_costs_the_same_whatever_its_length(setting: Setting) -> None:
    """1 + a constant, never n: earnings, activities and deals, each with what hangs on it."""
    client = setting.client
    for number in range(6):
        client.approve(
            setting.manager, client.register(setting.rep, setting.program, reference=f"R-{number}")
        )
    document = """
        query($first: Int!) { viewer { individual {
          earnings(first: $first) { edges { node {
            id worth { amount } explain { words replays consent { id } }
            program { name } deal { stage owner { name } } } } }
          activities(first: $first) { edges { node { id outcomes { status } } } }
          deals(first: $first) { edges { node {
            id owner { name team { name } } program { name } earnings { because }
            credits { individual { name } } history { individual { name } } } } }
        } } }"""
    costs = {
        first: len(setting.waves_of(lambda: client.query(setting.rep, document, first=first)))  # noqa: B023
        for first in (1, 6)
    }
    assert costs[1] == costs[6]
    assert 5 >= costs[6]


def test_the_plans_and_drafts_of_any_number_of_programs_cost_one_round_trip_each(
    setting: Setting,
) -> None:
    """Who asks, programs and plans, drafts, and the catalogue for what is wrong with them."""
    client = setting.client
    rules = [
        {
            "code": "r",
            "name": "Registered",
            "level": "INDIVIDUAL",
            "assetCode": "USD",
            "mechanic": {"milestoneSplit": {"rateBps": 300}},
        }
    ]
    document = """{ viewer { programs { plan { status mostItems warnings { code } }
        plans { status } draft { number problems } } } }"""
    for programs in ([setting.program], [client.program(setting.manager) for _ in range(3)]):
        for program in programs:
            wish: dict[str, Any] = {"programId": program, "number": 2, "rules": rules}
            client.do(setting.manager, "draftPlan", "", **wish)
        assert ["read"] * 4 == setting.waves_of(lambda: client.query(setting.manager, document))


def test_the_answer_of_a_mutation_is_the_same_when_replayed(setting: Setting) -> None:
    """The stored answer holds ids: its fields are resolved again."""
    client = setting.client
    deal, again = client.register(setting.rep, setting.program), client.request_id()
    answers = [
        client.do(
            setting.manager,
            "approveDeal",
            f"... on DealApproved {{ {CHANGE} }}",
            again=again,
            dealId=deal,
        )
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert "AWARDED" == answers[0]["activity"]["outcomes"][0]["status"]


def test_a_cold_person_is_a_stranger(setting: Setting) -> None:
    """Nothing of one request serves the next: somebody else reads nothing of the rep."""
    other = setting.client.person("SALES_REP", setting.client.partner())
    setting.client.query(setting.rep, PHONE)
    seen = setting.client.query(replace(other), PHONE)["viewer"]["individual"]
    assert [] == seen["earnings"]["edges"]
    assert isinstance(other, Person)
