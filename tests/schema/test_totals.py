"""No total of fewer than three people reaches an executive, also not as the rest of two others.

Every amount that an executive can be told is in a table that says what it is: a new one fails until
it is there. Those that are sums over people are asked in one document, over random companies, and
held against what each person has earned.
"""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from graphql import get_named_type

from portal_api.domain.access import Audience
from portal_api.domain.activities import Activity, WithheldReason
from portal_api.domain.earnings import Earning
from portal_api.schema import build_schema
from portal_api.schema.ids import encoded, split
from portal_api.services.store import Many, of_person, of_wallet
from tests.schema.client import Client, Person, usd
from tests.schema.matrix import Matrix

MATRIX = Matrix(build_schema(), {})
EXECUTIVE = frozenset({Audience.ANYONE, Audience.COLLEAGUE, Audience.EXECUTIVE})

WALLET = "The company's own wallet: of a person's an executive is no audience."
SALES = "Deals, their revenue and goals of it: the company's own business."
CATALOGUE = "What the vendor or the executive has stated for everybody."
RECEIVED = "What was sent to the company's own account."
DISCLOSED = "By the terms of the program, which the person has accepted."
OWN = "Of the wallet or program that the refused request was about."
TOTAL = "A sum over people: of three or more in each asset, and so is what it leaves of others."
AMOUNTS = {
    WALLET: (
        "Adjustment.amount",
        "Balance.available",
        "Balance.availableForCompany",
        "Balance.held",
        "Balance.owed",
        "Balance.pending",
        "Correction.amount",
        "Earning.amount",
        "Earning.ofAmount",
        "Earning.reversed",
        "Earning.worth",
        "ExpiringAmount.amount",
        "PaidBefore.amount",
        "Participation.companyEarned",
        "Payout.amount",
        "RebateStanding.overpaid",
        "StatementLine.adjusted",
        "StatementLine.earned",
        "StatementLine.expired",
        "StatementLine.paid",
        "StatementLine.paidToCompany",
        "StatementLine.released",
        "StatementLine.reversed",
        "TaxYear.paid",
        "TaxYear.toCompany",
        "Transfer.amount",
    ),
    SALES: (
        "Contribution.sales",
        "Deal.amount",
        "ExplainedDeal.amount",
        "ExplainedPeriod.yearBefore",
        "GoalValue.money",
        "Participation.wonRevenue",
        "PreviewedRebate.counted",
        "PreviewedRebate.missing",
        "PreviewedRebate.notCounted",
        "RebateStanding.missing",
        "RebateStanding.nextBandFrom",
        "RebateStanding.revenue",
        "RebateStanding.yearBefore",
        "SalesWindow.pipelineValue",
        "SalesWindow.sales",
        "SalesWindow.salesPerPartner",
        "Standing.sales",
    ),
    CATALOGUE: (
        "Amount.money",
        "Consent.caps",
        "PayoutPolicy.minimum",
        "PointValue.amount",
        "TaxStanding.threshold",
        "TaxThresholdAmount.amount",
    ),
    RECEIVED: (
        "TaxStanding.missing",
        "TaxStanding.reportable",
        "TaxYear.forStaff",
        "TaxYear.reportable",
    ),
    DISCLOSED: ("DisclosedAmounts.amounts",),
    TOTAL: (
        "ConsentPreviewed.paidAfterwards",
        "ConsentPreviewed.wouldHaveEarned",
        "ForgoneEarnings.amounts",
        "GoalEarnings.atGoal",
        "GoalEarnings.atStretch",
        "GoalEarnings.now",
        "Participation.staffEarned",
    ),
}
"""Every amount that an executive can be told by a query, by what it is."""


def test_every_amount_that_an_executive_can_be_told_is_known() -> None:
    """A new one is put where it belongs; a sum over people is asked below, too."""
    found = {
        f"{kind.name}.{name}"
        for kind in MATRIX.types()
        for name, field in kind.fields.items()
        if get_named_type(field.type).name in ("Amount", "Money")
        and MATRIX.audience(kind.name, name) & EXECUTIVE
    }
    known = [place for places in AMOUNTS.values() for place in places]
    assert sorted(known) == sorted(found)


AMOUNT = "{ money { amount currencyCode } points }"
EARNED = f"earnings {{ now {AMOUNT} atGoal {AMOUNT} atStretch {AMOUNT} }}"
ALL = f"""query($consent: PreviewConsentInput!) {{
  viewer {{ partner {{
    teams {{ id goals {{ {EARNED} }} }}
    participation {{ staffEarned {AMOUNT} }}
    forgoneEarnings {{ amounts {AMOUNT} }}
    goalTrees {{ teams {{ partyId goal {{ {EARNED} }} }}
      individuals {{ edges {{ node {{ goal {{ {EARNED} }} }} }} }} }} }} }}
  previewConsent(consent: $consent) {{ ... on ConsentPreviewed {{
    wouldHaveEarned {AMOUNT} paidAfterwards {AMOUNT} }} }}
}}"""
TEAMS = ("North", "South", "East")
SIZES = ((6, 0, 0), (4, 0, 0), (4, 4, 0), (5, 4, 3), (3, 3, 0), (2, 4, 0), (1, 4, 5), (2, 0, 0))
"""How many people there are in each team at first: what a few more or less of can be told apart."""
Atom = tuple[str, str]
"""A person, and a group in which something was earned: a team, none, or what was forgone."""
EARNINGS = "{ earnings(first: 100) { edges { node { id } } } }"


class Population:
    """A company of random people, who enroll, earn, change teams, and are taken back from."""

    def __init__(self, client: Client, seed: int) -> None:
        self.client, self.random = client, random.Random(seed)
        self.manager = client.person("CHANNEL_MANAGER")
        self.partner = client.partner(teamNames=list(TEAMS))
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.program = client.program(self.manager)
        document = "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }"
        found = client.query(self.manager, document, id=self.partner)["node"]["teams"]
        self.teams = [team["id"] for team in found]
        self.people: list[Person] = []
        self.movers = self.random.choice((0, 1, 1, 3, 4))
        self._events = itertools.count(1)

    def live(self) -> None:
        """Some without consent, then the consent, then all that earns and moves."""
        for team, size in zip(self.teams, self.random.choice(SIZES), strict=True):
            for _ in range(size):
                self._join(team)
        for person in self.people:
            if self.random.random() < 0.4:
                self._train(person)
        self.client.consent(self.executive, self.partner, self.program)
        self.client.world.wait()
        for team in self.teams:
            self._goal(team)
        for person in self.people:
            self._register(person)
        for person in self.random.sample(self.people, min(len(self.people), self.movers)):
            self._move(person)
            self._register(person)
        for _ in range(self.random.choice((0, 1, 4)) if self.people else 0):
            act = self.random.choice((self._train, self._register, self._reverse))
            act(self.random.choice(self.people))
        for person in self.people:
            self._goal(person.id)

    def _join(self, team: str) -> None:
        person = self.client.person("SALES_REP", self.partner, team)
        self.client.enroll(person, self.partner, self.program)
        self.people.append(person)

    def _goal(self, party: str) -> None:
        values: dict[str, Any] = {"goal": {"money": usd("50000.00")}}
        values["stretch"] = {"money": usd("90000.00")}
        wish = {"programId": self.program, "partyId": party, "goalCode": "Y"}
        self.client.do(self.manager, "setGoal", "", **wish, **values)

    def _train(self, person: Person) -> None:
        event = f"course-{next(self._events)}"
        self.client.record(self.manager, person, self.program, event)

    def _register(self, person: Person) -> None:
        self.client.approve(self.manager, self.client.register(person, self.program))

    def _move(self, person: Person) -> None:
        """Into another team, or none."""
        team = self.random.choice([*self.teams, None])
        wish = {"individualId": person.id, "teamId": team}
        moved = self.client.do(self.executive, "changeEmployment", "", **wish)
        assert "EmploymentChanged" == moved["__typename"], moved
        self.client.world.wait()

    def _reverse(self, person: Person) -> None:
        """All of something that the person has earned."""
        earnings = self._earned(person)
        if earnings:
            earning = encoded("Earning", self.random.choice(earnings).id)
            wish = {"earningId": earning, "reason": "It was counted twice."}
            self.client.do(self.manager, "reverseEarning", "", **wish)

    def _earned(self, person: Person) -> list[Earning]:
        want = Many(Earning, of_wallet(person.user_name))
        return list(self.client.world.store.read([want])[want].records)

    def parts(self) -> dict[str, dict[Atom, int]]:
        """What each person has earned in each team, net, and gone without, by asset."""
        found: dict[str, dict[Atom, int]] = defaultdict(lambda: defaultdict(int))
        for person in self.people:
            for one in self._earned(person):
                group = one.trace.team_id or "no team"
                found[one.trace.asset][person.user_name, group] += one.left_minor
            scope = of_person(split(self.partner)[1], person.user_name)
            want = Many(Activity, scope)
            for activity in self.client.world.store.read([want])[want].records:
                for outcome in activity.outcomes:
                    if outcome.reason is WithheldReason.NO_CONSENT:
                        found[outcome.asset][person.user_name, "forgone"] += outcome.amount_minor
        return found

    def shown(self) -> Iterator[tuple[str, str, int]]:
        """What the executive is told: whose total, its asset, and how much in minor units."""
        wish = {"partnerId": self.partner, "programId": self.program}
        told = self.client.query(self.executive, ALL, consent=wish)
        partner, preview = told["viewer"]["partner"], told["previewConsent"]
        for team in partner["teams"]:
            for goal in team["goals"]:
                yield from _told(_team(team["id"]), goal["earnings"])
        for tree in partner["goalTrees"]:
            for branch in tree["teams"]:
                yield from _told(_team(branch["partyId"]), (branch["goal"] or {}).get("earnings"))
            people = [edge["node"]["goal"]["earnings"] for edge in tree["individuals"]["edges"]]
            assert [None] * len(people) == people
        for one in partner["participation"]:
            yield from _amounts("staff", one["staffEarned"])
        for one in partner["forgoneEarnings"]:
            yield from _amounts("forgone", one["amounts"])
        yield from _amounts("forgone", preview["wouldHaveEarned"])
        assert None is preview["paidAfterwards"]


def _team(node_id: str) -> str:
    return split(node_id)[1].partition(".")[2]


def _told(whose: str, earnings: dict[str, Any] | None) -> Iterator[tuple[str, str, int]]:
    """What a team has earned; what its rules still pay is the same for all, whoever they are."""
    if earnings is not None:
        assert earnings["now"] == earnings["atGoal"] == earnings["atStretch"]
        yield from _amounts(whose, earnings["now"])


def _amounts(whose: str, amounts: list[dict[str, Any]] | None) -> Iterator[tuple[str, str, int]]:
    for one in amounts or []:
        money = one["money"]
        asset = money["currencyCode"] if money else "POINTS"
        minor = int(money["amount"].replace(".", "")) if money else int(one["points"])
        yield whose, asset, minor


def _atoms(whose: str, parts: dict[Atom, int]) -> frozenset[Atom]:
    """What a total is the sum of: of each person what it has in each group, where it has some."""
    return frozenset(
        (person, group)
        for (person, group), amount in parts.items()
        if amount and (whose == group or (whose == "staff" and group != "forgone"))
    )


def _differences(totals: set[frozenset[Atom]]) -> Iterator[frozenset[Atom]]:
    """Each total, and what it leaves of others that lie in it and have nothing in common."""
    for whole in totals:
        inside = [one for one in totals if one < whole]
        for number in range(len(inside) + 1):
            for parts in itertools.combinations(inside, number):
                summed = frozenset[Atom]().union(*parts)
                if len(summed) == sum(map(len, parts)):
                    yield whole - summed


SEEDS = range(20)


def test_no_total_and_no_difference_of_totals_is_of_one_or_two_people(
    quick_client: Client,
) -> None:
    """Over random companies; what is shown is right, and there is enough of it to be a test."""
    told: dict[str, int] = defaultdict(int)
    moved = 0
    for seed in SEEDS:
        population = Population(quick_client, seed)
        population.live()
        parts = population.parts()
        totals: dict[str, set[frozenset[Atom]]] = defaultdict(set)
        for whose, asset, minor in population.shown():
            atoms = _atoms(whose, parts[asset])
            assert minor == sum(parts[asset][atom] for atom in atoms), (seed, whose, asset)
            totals[asset].add(atoms)
            team = whose not in ("staff", "forgone")
            told["team" if team else whose] += bool(atoms)
            moved += team and population.movers > 0
        for asset, shown in totals.items():
            for group in _differences(shown):
                people = {person for person, _ in group}
                assert len(people) not in (1, 2), (seed, asset, group)
    assert all(told[whose] > 3 for whose in ("team", "staff", "forgone")), told
    assert moved
