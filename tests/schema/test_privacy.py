"""What an executive is not told: a person's amounts, and totals of fewer than three people."""

from typing import Any

import pytest

from portal_api.domain.goals import tells_of_nobody
from tests.schema.client import Client, Person, usd
from tests.schema.planning import BONUS, MILESTONES, create, paying, publish_plan, year
from tests.schema.selling import Selling

MONEY = "money { amount } points"
EARNED = f"earnings {{ now {{ {MONEY} }} }}"
COMPANY = f"""{{ viewer {{ partner {{
    teams {{ name goals {{ code {EARNED} }} }}
    participation {{ staffEarned {{ {MONEY} }} }} }} }} }}"""


class Company:
    """A partner of two teams, its executive, and a program with goals for its people."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        self.partner = client.partner(teamNames=["North", "South"])
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.program = client.program(self.manager)
        client.consent(self.executive, self.partner, self.program)
        document = "query($id: ID!) { node(id: $id) { ... on Partner { teams { id name } } } }"
        found = client.query(self.manager, document, id=self.partner)["node"]["teams"]
        self.teams = {team["name"]: team["id"] for team in found}

    def earner(self, team: str, *, points: bool = False) -> Person:
        """Somebody of a team who has earned 150.00 or 50 points."""
        rep = self.client.person("SALES_REP", self.partner, self.teams[team])
        self.client.enroll(rep, self.partner, self.program)
        self.client.world.wait()
        if points:
            self.client.record(self.manager, rep, self.program, f"course of {rep.user_name}")
        else:
            self.client.approve(self.manager, self.client.register(rep, self.program))
        return rep

    def without_bonus(self) -> None:
        """Another program, whose goal pays nobody, so that the executive sets it too."""
        self.program = create(self.client, self.manager)
        goals = [year(self.client)]
        publish_plan(
            self.client, self.manager, self.program, paying("deals", MILESTONES), goals=goals
        )
        self.client.consent(self.executive, self.partner, self.program)

    def set_goal(self, who: Person, party: str, selection: str = "", **given: Any) -> Any:
        """A goal and a stretch goal of 1,000.00 unless told otherwise."""
        wish = {"goal": {"money": usd("1000.00")}, "stretch": {"money": usd("1000.00")}} | given
        return self.client.do(
            who,
            "setGoal",
            selection,
            programId=self.program,
            partyId=party,
            goalCode="Y",
            **wish,
        )

    def seen(self) -> tuple[dict[str, Any], Any]:
        """What the executive sees of each team's earnings, and of the whole staff's."""
        shown = self.client.query(self.executive, COMPANY)["viewer"]["partner"]
        teams = {
            team["name"]: [goal["earnings"] and goal["earnings"]["now"] for goal in team["goals"]]
            for team in shown["teams"]
        }
        return teams, shown["participation"][0]["staffEarned"]


def _usd(amount: str) -> list[dict[str, Any]]:
    return [{"money": {"amount": amount}, "points": None}]


def test_an_executive_who_sets_a_goal_is_not_told_what_the_person_earns(
    quick_client: Client,
) -> None:
    """The answer of a mutation tells no more than a query does; the vendor sees it in both."""
    company = Company(quick_client)
    company.without_bonus()
    rep = company.earner("North")
    told = f"... on GoalSet {{ goals {{ code {EARNED} }} }}"

    by_executive = company.set_goal(company.executive, rep.id, told)["goals"]
    by_manager = company.set_goal(company.manager, rep.id, told)["goals"]

    assert [None] == [goal["earnings"] for goal in by_executive]
    assert [_usd("150.00")] == [goal["earnings"]["now"] for goal in by_manager]


def test_a_teams_earnings_are_told_once_no_part_of_the_company_is_one_or_two_people(
    quick_client: Client,
) -> None:
    """Domain rule 2.6: also the rest, since whoever knows the whole can subtract."""
    company = Company(quick_client)
    for team in company.teams.values():
        company.set_goal(company.manager, team)
    for _ in range(2):
        company.earner("North")
    two = company.seen()
    company.earner("North")
    three = company.seen()
    company.earner("South")
    one_of_the_other_team = company.seen()

    assert ({"North": [None], "South": [None]}, None) == two
    assert ({"North": [_usd("450.00")], "South": [[]]}, _usd("450.00")) == three
    assert ({"North": [None], "South": [None]}, _usd("600.00")) == one_of_the_other_team


def test_the_staffs_points_are_not_told_while_one_person_has_earned_some(
    quick_client: Client,
) -> None:
    """Three people who earned money do not hide a fourth one's points: each asset is a total."""
    company = Company(quick_client)
    for _ in range(3):
        company.earner("North")
    company.earner("North", points=True)

    assert _usd("450.00") == company.seen()[1]


def test_who_has_changed_teams_is_one_of_each_in_which_it_has_earned(
    quick_client: Client,
) -> None:
    """Else what a single mover earns in an empty team would be told as that team's."""
    company = Company(quick_client)
    for team in company.teams.values():
        company.set_goal(company.manager, team)
    mover, *_ = (company.earner("North") for _ in range(4))
    place = {"individualId": mover.id, "teamId": company.teams["South"]}
    quick_client.do(company.manager, "changeEmployment", "", **place)
    quick_client.world.wait()
    quick_client.approve(company.manager, quick_client.register(mover, company.program))
    one_in_south = company.seen()
    for _ in range(2):
        company.earner("South")

    assert ({"North": [None], "South": [None]}, _usd("750.00")) == one_in_south
    told = {"North": [_usd("600.00")], "South": [_usd("450.00")]}
    assert (told, _usd("1050.00")) == company.seen()


@pytest.mark.parametrize(
    ("groups", "tellable"),
    [((), True), ((0,), True), ((3, 0), True), ((2,), False), ((3, 1), False), ((4, -1), False)],
)
def test_totals_tell_of_nobody_when_every_group_is_empty_or_of_three(
    groups: tuple[int, ...], tellable: bool
) -> None:
    """Less than none is left where people changed teams: that tells, too."""
    assert tellable is tells_of_nobody(*groups)


@pytest.mark.parametrize(
    ("goal", "field"),
    [
        ({"goal": {"count": 5}, "stretch": {"count": 6}}, "goal"),
        (
            {
                "goal": {"money": {"amount": "1000", "currencyCode": "JPY"}},
                "stretch": {"money": {"amount": "1000", "currencyCode": "JPY"}},
            },
            "goal",
        ),
        ({"stretch": {"count": 200_000}}, "stretch"),
    ],
    ids=["a count", "another currency", "two units"],
)
def test_a_goal_is_in_the_unit_of_what_it_counts(
    quick_client: Client, goal: dict[str, Any], field: str
) -> None:
    """5 is not 0.05 USD, and 1,000 yen are not 10.00 USD."""
    company = Company(quick_client)
    told = "... on InvalidInput { field }"
    refused = company.set_goal(company.manager, company.partner, told, **goal)
    assert ("InvalidInput", field) == (refused["__typename"], refused["field"])


def test_the_companys_own_goal_is_the_vendors_to_set(quick_client: Client) -> None:
    """The executive is told who may."""
    company = Company(quick_client)
    told = "... on NotPermitted { requiredRoles }"
    refused = company.set_goal(company.executive, company.partner, told)
    assert ["ADMIN", "CHANNEL_MANAGER"] == refused["requiredRoles"]


SHARE = f"""
    because ofAmount {{ {MONEY} }} amount {{ {MONEY} }}
    explain {{ words replays inputs {{
      deal {{ amount {{ amount }} }} goal {{ code after {{ money {{ amount }} }} }} joined
      paidBefore {{ step }} counters {{ name }} share {{ members place }} }} }}
"""


@pytest.mark.parametrize("mechanic", ["flat", "goalBonus"])
def test_a_team_share_tells_a_member_nothing_of_the_colleagues_deal_and_sales(
    quick_client: Client, mechanic: str
) -> None:
    """Half of 500.00 is the colleague's too: not why the team has it. The vendor sees why."""
    selling = Selling(quick_client, paying("deals", MILESTONES))
    client, goal = quick_client, year(quick_client)
    made = {"flat": {"behavior": "PROOF", "amount": "500.00"}} | BONUS
    rule = paying("prize", {mechanic: made[mechanic]}, level="TEAM", name="The team's prize")
    publish_plan(client, selling.manager, selling.program, rule, goals=[goal])
    found = client.query(
        selling.manager,
        "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }",
        id=selling.partner,
    )
    wish: dict[str, Any] = {
        "goal": {"money": usd("10000.00")},
        "stretch": {"money": usd("99999.00")},
    }
    party = {"partyId": found["node"]["teams"][0]["id"], "goalCode": "Y"}
    client.do(selling.manager, "setGoal", "", programId=selling.program, **party, **wish)
    client.world.wait()
    deal = selling.register("12345.00")
    if mechanic == "flat":
        selling.prove(deal, "proof")
    else:
        selling.win(deal, "12345.00")
    document = f"""query($id: ID!) {{ node(id: $id) {{ ... on Individual {{
        earnings {{ edges {{ node {{ {SHARE} }} }} }} }} }} }}"""

    def share_as(who: Person) -> dict[str, Any]:
        edges = client.query(who, document, id=selling.colleague.id)["node"]["earnings"]["edges"]
        (edge,) = edges
        share: dict[str, Any] = edge["node"]
        return share

    mine, all_of_it = share_as(selling.colleague), share_as(selling.manager)

    assert "12345" not in str(mine)
    assert (
        "An equal share of 500.00 USD that the team has earned: The team's prize."
        == (mine["because"])
    )
    assert mine["because"] == mine["explain"]["words"][3]
    nothing = dict.fromkeys(("deal", "goal")) | {"joined": False, "paidBefore": [], "counters": []}
    share = mine["explain"]["inputs"].pop("share")
    assert (nothing, 2) == (mine["explain"]["inputs"], share["members"])
    assert True is mine["explain"]["replays"] is all_of_it["explain"]["replays"]
    assert "12345.00" == all_of_it["explain"]["inputs"]["deal"]["amount"]["amount"]
    assert "with a deal of 12345.00 USD" in all_of_it["explain"]["words"][0]
    followed = all_of_it["explain"]["inputs"]["goal"]
    assert (mechanic == "goalBonus") is (followed is not None)
