"""Goals at three levels through the API: cascades that sum up, progress, and what is earned."""

from typing import Any

import pytest

from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.schema.client import Client, Person, usd
from tests.schema.planning import TRAINING, create, paying, publish_plan
from tests.schema.test_round_trips import CountingEngine
from tests.services.world import DAY, World

VALUE = "money { amount } count"
AMOUNTS = "{ money { amount currencyCode } points }"
GOAL = f"""goal {{ code level goal {{ {VALUE} }} stretch {{ {VALUE} }} progress {{ {VALUE} }}
    attainment projected {{ {VALUE} }} projectedAttainment
    earnings {{ now {AMOUNTS} atGoal {AMOUNTS} atStretch {AMOUNTS} }} }}"""
BRANCH = f"""partyId name parentId goalBelow {{ {VALUE} }} stretchBelow {{ {VALUE} }}
    goalOverAssigned {{ {VALUE} }} stretchOverAssigned {{ {VALUE} }} addsUp {GOAL}"""
TREE = f"""code measure company {{ {BRANCH} }} teams {{ {BRANCH} }}
    individuals(first: $first, after: $after) {{
        pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {BRANCH} }} }} }}"""
BRANCHES = f"company {{ {BRANCH} }} teams {{ {BRANCH} }}"
SCREEN = f"""query($id: ID!, $code: String, $first: Int! = 20, $after: String) {{
    node(id: $id) {{ ... on Partner {{ goalTrees(goalCode: $code) {{ {TREE} }} }} }} }}"""
SHORT = """... on GoalsCascaded { tree { code company { addsUp } } }
    ... on GoalsDoNotAddUp { partyId stretch sumBelow expected difference }
    ... on InvalidInput { field } ... on NotFound { field }"""

BONUSES = (
    paying("bonus", {"goalBonus": {"goal": "Q", "atGoal": "500.00", "atStretch": "300.00"}}),
    paying("team", {"goalBonus": {"goal": "Q", "atGoal": "90.00"}}, level="TEAM"),
)


class Aiming:
    """A partner with two teams of two and three reps, in a program that pays for reaching goals."""

    def __init__(self, client: Client, bonus: bool = True) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        client.behavior(self.manager)
        self.program = create(client, self.manager)
        self.partner = client.partner(teamNames=["Field", "Inside"])
        teams = client.query(
            self.manager,
            "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }",
            id=self.partner,
        )["node"]["teams"]
        self.field, self.inside = (team["id"] for team in teams)
        window = {
            "startsAt": client.world.now.isoformat(),
            "endsAt": (client.world.now + 100 * DAY).isoformat(),
        }
        published = publish_plan(
            client,
            self.manager,
            self.program,
            paying("sales", {"percentOfDeal": {"rateBps": 300}}),
            *(BONUSES if bonus else ()),
            paying(
                "company",
                {
                    "tiered": {
                        "goal": "Q",
                        "bands": [
                            {"start": 0, "rateBps": 100},
                            {"start": 20_000_000, "rateBps": 200},
                        ],
                    }
                },
                level="PARTNER",
            ),
            paying("trained", TRAINING, assetCode="POINTS"),
            goals=[
                {"code": "Q", "name": "Quarter", "measure": "WON_REVENUE", **window},
                {
                    "code": "P",
                    "name": "People",
                    "measure": "CERTIFIED_PEOPLE",
                    "behavior": "TRAINING",
                    **window,
                },
            ],
        )
        assert "PlanPublished" == published["__typename"], published
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.reps = [
            client.person("SALES_REP", self.partner, team)
            for team in (self.field, self.field, self.inside, self.inside, self.inside)
        ]
        client.consent(self.executive, self.partner, self.program)
        for rep in self.reps:
            client.enroll(rep, self.partner, self.program)
        client.world.wait()

    def cascade(
        self,
        *targets: tuple[str, str, str],
        over: tuple[tuple[str, str, str], ...] = (),
        by: Person | None = None,
        equally: bool = False,
        **changed: Any,
    ) -> dict[str, Any]:
        """All targets of the quarter, in dollars."""
        wish: dict[str, Any] = {
            "programId": self.program,
            "partnerId": self.partner,
            "goalCode": "Q",
            "targets": [self.target(*one) for one in targets],
            "overAssigned": [self.target(*one) for one in over],
            "divideEqually": equally,
        }
        return self.client.do(by or self.manager, "cascadeGoals", SHORT, **wish | changed)

    @staticmethod
    def target(party: str, goal: str, stretch: str) -> dict[str, Any]:
        return {
            "partyId": party,
            "goal": {"money": usd(goal)},
            "stretch": {"money": usd(stretch)},
        }

    def tree(self) -> list[tuple[str, str, str]]:
        """300,000.00: of each rep 60,000.00, and 20,000.00 that are assigned beyond it."""
        people = [(rep.id, "64000.00", "80000.00") for rep in self.reps]
        return [
            (self.partner, "300000.00", "400000.00"),
            (self.field, "128000.00", "160000.00"),
            (self.inside, "192000.00", "240000.00"),
            *people,
        ]

    def beyond(self) -> tuple[tuple[str, str, str], ...]:
        return ((self.partner, "20000.00", "0.00"),)

    def sell(self, rep: Person, amount: str) -> None:
        deal = self.client.register(rep, self.program, amount)
        self.client.world.wait()
        won = self.client.win(self.manager, deal, amount)
        assert "DealWon" == won["__typename"], won

    def screen(self, who: Person, code: str = "Q", **page: Any) -> dict[str, Any]:
        """The goal at its three levels, in one query."""
        trees = self.client.query(who, SCREEN, id=self.partner, code=code, **page)["node"]
        (tree,) = trees["goalTrees"]
        found: dict[str, Any] = tree
        return found

    def individual(self, rep: Person, code: str = "Q") -> dict[str, Any]:
        """A rep's own goal, as itself."""
        own = GOAL.replace("goal {", "goals {", 1)
        found = self.client.query(rep, f"{{ viewer {{ individual {{ {own} }} }} }}")
        goals = found["viewer"]["individual"]["goals"]
        (goal,) = [goal for goal in goals if goal["code"] == code]
        shown: dict[str, Any] = goal
        return shown


@pytest.fixture
def aiming(client: Client) -> Aiming:
    return Aiming(client)


def money(amount: str) -> dict[str, Any]:
    return {"money": {"amount": amount}, "count": None}


def count(number: int) -> dict[str, Any]:
    return {"money": None, "count": number}


def dollars(earnings: dict[str, Any]) -> list[str]:
    """What is earned now, at goal and at stretch, in dollars."""
    found = []
    for point in ("now", "atGoal", "atStretch"):
        amounts = [one["money"]["amount"] for one in earnings[point] if one["money"]]
        found.append(amounts[0] if amounts else "0.00")
    return found


def test_C23_one_query_shows_a_goal_at_three_levels_with_its_sums_and_what_is_earned(
    aiming: Aiming,
) -> None:
    """The vendor: each target, the sums below it, over-assignment declared, earnings at each."""
    set_up = aiming.cascade(*aiming.tree(), over=aiming.beyond())
    assert set_up["tree"]["company"]["addsUp"] is True
    aiming.sell(aiming.reps[0], "50000.00")

    tree = aiming.screen(aiming.manager)

    company, (field, inside) = tree["company"], tree["teams"]
    assert ("Northwind", None, True) == (
        company["name"],
        company["parentId"],
        company["addsUp"],
    )
    assert [money(one) for one in ("320000.00", "400000.00", "20000.00", "0.00")] == [
        company[name]
        for name in ("goalBelow", "stretchBelow", "goalOverAssigned", "stretchOverAssigned")
    ]
    assert [(money("300000.00"), money("50000.00"), "16.6")] == [
        (one["goal"], one["progress"], one["attainment"]) for one in (company["goal"],)
    ]
    # 1 % of 50,000.00; then 1 % up to 200,000.00 and 2 % from there.
    assert ["500.00", "4000.00", "6000.00"] == dollars(company["goal"]["earnings"])
    assert [("Field", True), ("Inside", True)] == sorted(
        (one["name"], one["addsUp"]) for one in (field, inside)
    )
    by_name = {one["name"]: one for one in (field, inside)}
    # Its members' 1,500.00, and the team's own bonus.
    assert ["1500.00", "1590.00", "1590.00"] == dollars(by_name["Field"]["goal"]["earnings"])
    people = {edge["node"]["partyId"]: edge["node"] for edge in tree["individuals"]["edges"]}
    first = people[aiming.reps[0].id]
    assert (aiming.field, None) == (first["parentId"], first["addsUp"])
    # 3 % of 50,000.00; of 14,000.00 more and the bonus; of 30,000.00 more and both bonuses.
    assert ["1500.00", "2420.00", "3200.00"] == dollars(first["goal"]["earnings"])
    assert 5 == len(people)


def test_C23_an_executive_sees_all_progress_and_nobody_s_earnings(aiming: Aiming) -> None:
    """A team's earnings where they tell of at least three people each; a rep sees its own goal."""
    aiming.cascade(*aiming.tree(), over=aiming.beyond())
    first, *_ = aiming.reps
    aiming.sell(first, "50000.00")

    tree = aiming.screen(aiming.executive)

    assert ["500.00", "4000.00", "6000.00"] == dollars(tree["company"]["goal"]["earnings"])
    assert [None, None] == [team["goal"]["earnings"] for team in tree["teams"]]
    people = {edge["node"]["partyId"]: edge["node"] for edge in tree["individuals"]["edges"]}
    assert money("50000.00") == people[first.id]["goal"]["progress"]
    assert [None] * 5 == [one["goal"]["earnings"] for one in people.values()]
    assert ["1500.00", "2420.00", "3200.00"] == dollars(aiming.individual(first)["earnings"])
    seen = aiming.client.query(first, SCREEN, id=aiming.partner, first=1)["node"]
    assert seen["goalTrees"] is None
    stranger = aiming.client.person("PARTNER_EXECUTIVE", aiming.client.partner())
    assert aiming.client.query(stranger, SCREEN, id=aiming.partner)["node"] is None


def test_C23_people_are_read_page_by_page(aiming: Aiming) -> None:
    aiming.cascade(*aiming.tree(), over=aiming.beyond())
    seen: list[str] = []
    after: str | None = None
    pages = []
    for _ in range(3):
        page = aiming.screen(aiming.executive, first=2, after=after)["individuals"]
        seen += [edge["node"]["partyId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        pages.append(page["pageInfo"]["hasNextPage"])
    assert [True, True, False] == pages
    assert {rep.id for rep in aiming.reps} == set(seen)
    assert 5 == len(seen)


def test_C24_progress_goes_beyond_the_goal_and_each_bonus_is_paid_once(aiming: Aiming) -> None:
    """At the goal, at the stretch goal, and never again; 1 of 100 days has passed, then 11."""
    aiming.cascade(*aiming.tree(), over=aiming.beyond())
    rep = aiming.reps[0]
    earned = []
    for amount in ("64000.00", "16000.00", "8000.00"):
        aiming.sell(rep, amount)
        earned.append(dollars(aiming.individual(rep)["earnings"])[0])

    goal = aiming.individual(rep)

    # 1,920.00 and 500.00; 480.00 and 300.00; 240.00.
    assert ["2420.00", "3200.00", "3440.00"] == earned
    assert (money("88000.00"), "137.5") == (goal["progress"], goal["attainment"])
    # 88,000.00 in 4 of 100 days.
    assert (money("2200000.00"), "3437.5") == (goal["projected"], goal["projectedAttainment"])
    assert ["3440.00"] * 3 == dollars(goal["earnings"])
    aiming.client.world.wait(6)
    assert money("880000.00") == aiming.individual(rep)["projected"]


def test_C24_people_are_certified_once_and_counted_at_three_levels(aiming: Aiming) -> None:
    """Seven courses of three people are three certified people of four."""
    answer = aiming.cascade(
        goalCode="P",
        targets=[
            {"partyId": party, "goal": {"count": goal}, "stretch": {"count": stretch}}
            for party, goal, stretch in (
                (aiming.partner, 4, 5),
                (aiming.field, 2, 2),
                (aiming.inside, 2, 3),
            )
        ],
    )
    assert "GoalsCascaded" == answer["__typename"], answer
    first, _, third, fourth, _ = aiming.reps
    for number_of, rep in enumerate((first, first, third, fourth, third, first, fourth)):
        aiming.client.record(rep, rep, aiming.program, f"course-{number_of}")

    tree = aiming.screen(aiming.manager, "P")

    assert ("CERTIFIED_PEOPLE", count(3), "75.0") == (
        tree["measure"],
        tree["company"]["goal"]["progress"],
        tree["company"]["goal"]["attainment"],
    )
    assert [("Field", count(1)), ("Inside", count(2))] == sorted(
        (one["name"], one["goal"]["progress"]) for one in tree["teams"]
    )


def test_N10_goals_that_do_not_add_up_are_refused_with_the_difference(aiming: Aiming) -> None:
    """Whose, by how much; a declared over-assignment makes them add up; setGoal breaks nothing."""
    refused = aiming.cascade(*aiming.tree())

    assert ("GOALS_DO_NOT_ADD_UP", aiming.partner, False) == (
        refused["code"],
        refused["partyId"],
        refused["stretch"],
    )
    assert ("320000.00", "300000.00", "20000.00") == (
        refused["sumBelow"],
        refused["expected"],
        refused["difference"],
    )
    assert "GoalsCascaded" == aiming.cascade(*aiming.tree(), over=aiming.beyond())["__typename"]
    for party in (aiming.partner, aiming.inside, aiming.reps[0].id):
        answer = aiming.client.do(
            aiming.manager,
            "setGoal",
            "... on GoalsDoNotAddUp { partyId }",
            programId=aiming.program,
            goalCode="Q",
            **aiming.target(party, "64000.01", "500000.00"),
        )
        assert "GoalsDoNotAddUp" == answer["__typename"], answer
    assert aiming.screen(aiming.executive)["company"]["addsUp"] is True


def test_N10_a_retried_cascade_answers_the_same_and_writes_nothing(aiming: Aiming) -> None:
    request = aiming.client.request_id()
    wish = {
        "programId": aiming.program,
        "partnerId": aiming.partner,
        "goalCode": "Q",
        "targets": [aiming.target(*one) for one in aiming.tree()],
        "overAssigned": [aiming.target(*one) for one in aiming.beyond()],
    }
    answers = [
        aiming.client.do(aiming.manager, "cascadeGoals", SHORT, again=request, **wish)
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert "GoalsCascaded" == answers[0]["__typename"]


@pytest.mark.parametrize("kind", ["partner", "team", "person"])
def test_what_is_another_partner_s_is_not_found(quick_client: Client, kind: str) -> None:
    aiming = Aiming(quick_client)
    other = quick_client.partner()
    team = quick_client.query(
        quick_client.admin,
        "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }",
        id=other,
    )["node"]["teams"][0]["id"]
    person = quick_client.person("SALES_REP", other)
    party = {"partner": other, "team": team, "person": person.id}[kind]

    answer = aiming.cascade((party, "1.00", "1.00"))

    assert ("NotFound", "targets") == (answer["__typename"], answer["field"])


def test_all_trees_cost_one_round_trip_and_their_people_one_more(
    sqlite_engine: SqliteEngine,
) -> None:
    """After who asks the partner, with company and teams; then all people of a page."""
    counting = CountingEngine(sqlite_engine)
    aiming = Aiming(Client(World(TableStore(counting))))
    aiming.cascade(*aiming.tree(), over=aiming.beyond())
    people = "individuals { edges { node { addsUp } } }"

    waves = []
    for asked in ("", f"goalTrees {{ {BRANCHES} }}", f"goalTrees {{ {BRANCHES} {people} }}"):
        counting.waves.clear()
        aiming.client.query(aiming.executive, f"{{ viewer {{ partner {{ name {asked} }} }} }}")
        waves.append(len(counting.waves))

    assert [2, 2, 3] == waves
