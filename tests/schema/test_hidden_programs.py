"""Programs that are not for a partner: whatever its people ask, they answer as if they never were.

Of the root's arguments ``test_not_found.py`` asks them all; here is what else there is.
"""

from typing import Any

import pytest

from portal_api.schema.ids import encoded, split
from tests.schema.answered import Answers
from tests.schema.client import Client, Person
from tests.schema.planning import MILESTONES, TRAINING, create, paying, publish_plan, year

UNKNOWN = encoded("Program", "prg-00000000000000000000")
REBATE: dict[str, Any] = {"rebate": {"period": "QUARTER", "bands": [{"start": 0, "rateBps": 100}]}}
REFUSED = "__typename ... on Refusal { code message } ... on NotFound { field }"
PREVIEW = f"""query($p: ID!, $g: ID!) {{ previewConsent(consent: {{ partnerId: $p, programId: $g }})
    {{ {REFUSED} ... on ConsentPreviewed {{ notes rebates {{ program {{ id name }} }} }} }} }}"""
BOARD = """query($p: ID!, $g: ID!) { leaderboard(programId: $g, scope: COMPANY, measure: %s,
    goalCode: %s, partnerId: $p) { reason } }"""
ASKED = {
    "amounts": """query($p: ID!, $g: ID!) { node(id: $p) { ... on Partner {
        disclosedAmounts(programId: $g) { edges { node { amounts { points } } } } } } }""",
    "trees": """query($p: ID!, $g: ID!) { node(id: $p) { ... on Partner {
        goalTrees(programId: $g) { code } } } }""",
    "insight": """query($p: ID!, $g: ID!) { node(id: $p) { ... on Partner {
        insights(programId: $g) { asOf } } } }""",
    "rebate": """query($p: ID!, $g: ID!) { rebateEligibility(partnerId: $p, programId: $g) {
        eligible program { name } } }""",
    "program": "query($p: ID!, $g: ID!) { partner: node(id: $p) { id } node(id: $g) { id } }",
    "preview": PREVIEW,
    "board": BOARD % ("DEALS_WON", "null"),
    "board of a goal that is there": BOARD % ("GOAL", '"Y"'),
    "board of a goal that is not": BOARD % ("GOAL", '"NONE"'),
    "deal": f"""query($p: ID!, $g: ID!) {{ partner: node(id: $p) {{ id }}
        previewEarnings(programId: $g, subject: {{ deal: {{ product: "A",
            amount: {{ amount: "1.00", currencyCode: "USD" }} }} }}) {{ {REFUSED} }} }}""",
    "activity": f"""query($p: ID!, $g: ID!) {{ partner: node(id: $p) {{ id }}
        previewEarnings(programId: $g, subject: {{ activity: {{ behavior: "TRAINING" }} }})
            {{ {REFUSED} }} }}""",
}


class Hiding:
    """A partner in EMEA with its people, and a program that is for another region."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        client.behavior(self.manager)
        self.partner = client.partner()
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.rep = client.person("SALES_REP", self.partner)
        self.hidden = self.program("Hidden", segment={"regions": ["APAC"]}, disclosesAmounts=True)
        Answers(split(self.hidden)[1], split(self.partner)[1], ()).keep(client.world.store)

    def program(self, name: str, **given: Any) -> str:
        """A program with something for everybody."""
        program = create(self.client, self.manager, name=name, **given)
        rules = [
            paying("trained", TRAINING, assetCode="POINTS"),
            paying("deals", MILESTONES),
            paying("rebate", REBATE, level="PARTNER"),
        ]
        goals = [year(self.client)]
        published = publish_plan(self.client, self.manager, program, *rules, goals=goals)
        assert "PlanPublished" == published["__typename"], published
        return program

    def region(self, region: str) -> None:
        """The vendor says that the partner is in another region."""
        wish = {"partnerId": self.partner, "region": region}
        assert (
            "PartnerUpdated"
            == self.client.do(self.client.admin, "updatePartner", "", **wish)["__typename"]
        )

    def answers(self, who: Person, program: str) -> dict[str, Any]:
        """What is told of a program, and of its people there."""
        given = {"p": self.partner, "g": program}
        told = {name: self.client.answer(who, one, **given) for name, one in ASKED.items()}
        assert "BAD_REQUEST" not in str(told)
        return told


def test_a_program_that_is_not_for_a_partner_answers_as_if_it_had_never_been(
    client: Client,
) -> None:
    """To its executive and its rep; others take part in it."""
    hiding = Hiding(client)
    there = client.partner(region="APAC")
    others = [client.person("SALES_REP", there) for _ in range(3)]
    for number, rep in enumerate(others):
        client.enroll(rep, there, hiding.hidden)
        wish = {"programId": hiding.hidden, "displayName": f"Rival {number}"}
        client.do(rep, "joinLeaderboard", "", **wish)

    people = (hiding.executive, hiding.rep, hiding.manager)
    *theirs, vendors = (hiding.answers(who, hiding.hidden) for who in people)
    assert theirs == [hiding.answers(who, UNKNOWN) for who in people[:2]]
    name = "board of a goal that is not"
    assert [{"data": {"leaderboard": None}}] * 2 == [told[name] for told in theirs]
    # It is there for the vendor, who is told what is wrong with the question.
    assert "INVALID_INPUT" == vendors[name]["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("name", ["grantConsent", "requestConsent", "raiseObjection", "enroll"])
def test_nothing_is_changed_in_a_program_that_is_not_for_a_partner(
    quick_client: Client, name: str
) -> None:
    hiding = Hiding(quick_client)
    who = hiding.rep if name == "enroll" else hiding.executive
    more: dict[str, dict[str, Any]] = {
        "raiseObjection": {"category": "OTHER", "text": "Why?"},
        "enroll": {"termsVersion": 1},
    }
    given = {"partnerId": hiding.partner, **more.get(name, {})}
    hidden, unknown = (
        quick_client.do(who, name, "... on NotFound { field }", programId=program, **given)
        for program in (hiding.hidden, UNKNOWN)
    )
    assert unknown == hidden
    assert "programId" == hidden["field"]


def test_a_preview_names_no_program_that_is_not_for_the_partner(client: Client) -> None:
    """Of two that pay a rebate for taking part in this one; the vendor is told both."""
    hiding = Hiding(client)
    base = hiding.program("Base")
    for name, region in (("Near", "EMEA"), ("Far", "APAC")):
        hiding.program(name, participationInId=base, segment={"regions": [region]})

    def named(who: Person) -> set[str]:
        given = {"p": hiding.partner, "g": base}
        found = client.query(who, PREVIEW, **given)["previewConsent"]["rebates"]
        return {one["program"]["name"] for one in found}

    assert ({"Near"}, {"Near", "Far"}) == (named(hiding.executive), named(hiding.manager))


def test_a_rebate_does_not_name_the_program_that_it_requires_where_that_is_not_for_the_partner(
    quick_client: Client,
) -> None:
    """That participation is missing is told, and not in what."""
    hiding = Hiding(quick_client)
    rebate = hiding.program("Rebate", participationInId=hiding.hidden)
    document = """query($p: ID!, $g: ID!) { rebateEligibility(partnerId: $p, programId: $g) {
        eligible reasons { check message } participation { status program { name } } } }"""

    def told(who: Person) -> tuple[str, Any]:
        given = {"p": hiding.partner, "g": rebate}
        found = quick_client.query(who, document, **given)["rebateEligibility"]
        (why,) = (one["message"] for one in found["reasons"] if one["check"] == "PARTICIPATION")
        return why, found["participation"]["program"]

    nothing = "The company has consented to nothing in"
    assert (f"{nothing} a program that is not for it.", None) == told(hiding.executive)
    assert (f"{nothing} Hidden.", {"name": "Hidden"}) == told(hiding.manager)


def test_whoever_has_a_part_in_a_program_is_told_why_it_is_not_for_its_company_any_more(
    quick_client: Client,
) -> None:
    """It goes on to exist for a company that has consented, and for who is enrolled."""
    hiding = Hiding(quick_client)
    hiding.region("APAC")
    given = {"partnerId": hiding.partner, "programId": hiding.hidden}
    quick_client.consent(hiding.executive, hiding.partner, hiding.hidden)
    quick_client.enroll(hiding.rep, hiding.partner, hiding.hidden)
    hiding.region("EMEA")

    told = hiding.answers(hiding.executive, hiding.hidden)
    notes = told["preview"]["data"]["previewConsent"]["notes"]
    own: dict[str, Any] = {"edges": [{"node": {"amounts": []}}]}
    assert told["insight"]["data"]["node"]["insights"] is not None
    assert own == told["amounts"]["data"]["node"]["disclosedAmounts"]
    assert False is told["rebate"]["data"]["rebateEligibility"]["eligible"]
    assert "The program is not for the company as it is now: until it is, nobody earns." in notes
    objected = {"category": "OTHER", "text": "Why not?"}
    raised = quick_client.do(hiding.executive, "raiseObjection", "", **given, **objected)
    assert "ObjectionRaised" == raised["__typename"]
    again = quick_client.do(hiding.rep, "enroll", "", **given, termsVersion=1)
    assert "NOT_ELIGIBLE" == again["code"]
    board = hiding.answers(hiding.rep, hiding.hidden)["board"]["data"]["leaderboard"]
    assert {"reason": "NOT_JOINED"} == board
