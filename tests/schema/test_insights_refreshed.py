"""From what people do, week by week, to what the insight says of it, through the API alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from portal_api.domain.insights.kept import CompanyInsight
from portal_api.domain.writes import Save
from portal_api.schema.ids import decoded
from portal_api.services.insights import refresh
from tests.schema.client import Client, Person
from tests.schema.planning import create, paying, publish_plan

WEEKS = 6
"""Before, during and after."""
ASKED = """query($program: ID!, $partner: ID!) {
    program: node(id: $program) { ... on Program { insights { asOf
        durability { basis { n nOf } behaviors { behavior { code } ...habit } }
        ranking { standings { edges { node { rank partner { id } sales { amount } won } } } }
        deadweight { incentives { verdict money { paid { points } } } } } } }
    partner: node(id: $partner) { ... on Partner { insights(programId: $program) { asOf
        standing { rank sales { amount } } durability { behaviors { ...habit } }
        scorecard { capacity { staff active } commitment { registeredBefore won } }
        people { edges { node { individual { id } durability { ...habit } } } } } } } }
    fragment habit on Durability { weeks before during after verdict }"""


class Weeks:
    """A company of three reps who train, and another one that sells more and does nothing else."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        client.behavior(self.manager)
        self.base = create(client, self.manager, name="Base")
        self.program = self._season()
        self.partner, self.other = client.partner(), client.partner(name="Southwind")
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.reps = [client.person("SALES_REP", self.partner) for _ in range(3)]
        self.rival = client.person("SALES_REP", self.other)
        for program in (self.base, self.program):
            publish_plan(
                client, self.manager, program, paying("trained", POINTS, assetCode="POINTS")
            )
        client.consent(self.executive, self.partner, self.program)
        for rep in self.reps:
            client.enroll(rep, self.partner, self.program)
        self.events = 0

    def _season(self) -> str:
        """The program that pays, from the seventh week on and for six."""
        start = self.client.world.now.replace(hour=0) + timedelta(weeks=WEEKS)
        end = start + timedelta(weeks=WEEKS)
        given = {"startsAt": start.isoformat(), "endsAt": end.isoformat()}
        return create(self.client, self.manager, name="Season", **given)

    def live(self, often: int, program: str, weeks: int = WEEKS) -> None:
        """Some weeks in which each rep trains so often."""
        for _ in range(weeks):
            for rep in self.reps:
                for _ in range(often):
                    self._train(rep, program)
            self.client.world.wait(7)

    def _train(self, rep: Person, program: str) -> None:
        self.events += 1
        self.client.record(self.manager, rep, program, f"training-{self.events}")

    def sell(self, rep: Person, amount: str) -> None:
        """A deal that is won on the day after its registration was approved."""
        deal = self.client.register(rep, self.base, amount)
        self.client.approve(self.manager, deal)
        self.client.world.wait(1)
        assert "DealWon" == self.client.win(self.manager, deal, amount)["__typename"]
        self.client.world.wait(-1)

    def told(self, who: Person | None = None) -> Any:
        """What the insight says."""
        given = {"program": self.program, "partner": self.partner}
        return self.client.query(who or self.manager, ASKED, **given)


POINTS: dict[str, Any] = {"flat": {"behavior": "TRAINING", "amount": "50"}}


def test_C31_C36_a_spike_is_told_after_a_refresh_and_the_next_one_tells_what_is_new(
    quick_client: Client,
) -> None:
    """Once a week, four times while it is paid for, then once again; and a sale in between."""
    weeks = Weeks(quick_client)
    assert {"program": {"insights": None}, "partner": {"insights": None}} == weeks.told()
    weeks.live(1, weeks.base)
    weeks.sell(weeks.reps[0], "30000.00")
    weeks.sell(weeks.rival, "40000.00")
    weeks.live(4, weeks.program)
    weeks.live(1, weeks.base)
    refresh(quick_client.world.portal)
    first, at = weeks.told(), quick_client.world.now

    spike = {"weeks": WEEKS, "before": "3.000", "during": "12.000", "after": "3.000"}
    spike["verdict"] = "SPIKE"
    program, partner = first["program"]["insights"], first["partner"]["insights"]
    whole = {"behavior": {"code": "TRAINING"}, **spike}
    assert {"basis": {"n": 1, "nOf": "partners"}, "behaviors": [whole]} == program["durability"]
    assert [spike] == partner["durability"]["behaviors"]
    assert [(1, weeks.other, "40000.00"), (2, weeks.partner, "30000.00")] == [
        (one["node"]["rank"], one["node"]["partner"]["id"], one["node"]["sales"]["amount"])
        for one in program["ranking"]["standings"]["edges"]
    ]
    assert {
        "capacity": {"staff": 3, "active": 3},
        "commitment": {"registeredBefore": 1, "won": 1},
    } == partner["scorecard"]
    people = [one["node"] for one in partner["people"]["edges"]]
    assert {one.id for one in weeks.reps} == {one["individual"]["id"] for one in people}
    assert {"1.000", "4.000"} == {
        one[name]
        for person in people
        for one in person["durability"]
        for name in ("before", "during")
    }
    # One partner is too few to say what of it was paid for nothing.
    verdicts = {one["verdict"] for one in program["deadweight"]["incentives"]}
    assert {"INSUFFICIENT_DATA"} == verdicts

    for _ in range(2):
        weeks.sell(weeks.reps[1], "30000.00")
    weeks.live(1, weeks.base, weeks=1)
    unchanged = weeks.told()
    refresh(quick_client.world.portal)
    second = weeks.told()
    assert first == unchanged
    stamps = [f"{when:%Y-%m-%dT%H:%M:%SZ}" for when in (at, quick_client.world.now)]
    assert stamps == [told["partner"]["insights"]["asOf"] for told in (first, second)]
    assert stamps == [told["program"]["insights"]["asOf"] for told in (first, second)]
    assert {"rank": 1, "sales": {"amount": "90000.00"}} == second["partner"]["insights"]["standing"]

    mine = weeks.told(weeks.executive)
    assert None is mine["program"]["insights"]
    assert None is mine["partner"]["insights"]["people"]
    assert [spike] == mine["partner"]["insights"]["durability"]["behaviors"]


def test_a_day_without_anything_new_changes_only_when_it_was_refreshed(
    quick_client: Client,
) -> None:
    """Answers are of whole weeks. That the refresh runs is shown; a partner's are of then, too."""
    weeks, world = Weeks(quick_client), quick_client.world
    weeks.live(1, weeks.base)
    assert refresh(world.portal)
    first, at = weeks.told(), world.now
    world.now += timedelta(hours=1)
    assert 0 == refresh(world.portal)
    assert first == weeks.told()
    world.now += timedelta(hours=23)
    assert 0 == refresh(world.portal)
    second = weeks.told()
    for whose in ("program", "partner"):
        later = second[whose]["insights"]
        assert f"{world.now:%Y-%m-%dT%H:%M:%SZ}" == later["asOf"]
        assert first[whose]["insights"] == {**later, "asOf": first[whose]["insights"]["asOf"]}
    world.now = at + timedelta(weeks=1)
    assert refresh(world.portal)
    assert first != weeks.told()


def test_a_partner_that_is_not_in_the_market_any_more_is_told_of_no_place(
    quick_client: Client,
) -> None:
    """What is kept of it is of once."""
    weeks, world = Weeks(quick_client), quick_client.world
    weeks.live(1, weeks.base)
    assert refresh(world.portal)
    program = decoded(weeks.program, "Program", "program")
    partner = decoded(weeks.partner, "Partner", "partner")
    kept = world.load(CompanyInsight, f"{program}.{partner}")
    assert kept is not None
    world.store.commit([Save(replace(kept, gone=True))])
    assert None is weeks.told()["partner"]["insights"]
    assert None is not weeks.told()["program"]["insights"]
