"""People through the API: teams and roles, leavers and movers, and what is kept about them."""

import json
from datetime import datetime
from typing import Any

import pytest

from tests.api import event_of, send
from tests.schema.client import Client, Person, usd

EMPLOYED = "... on EmploymentChanged { individual { id role team { name } partner { id } } }"
LEFT = """... on EmploymentEnded { former {
    id individualId name role employedFrom employedTo status } }"""
HOME = "{ viewer { role individual { id } partner { id name individuals { edges { cursor } } } } }"


class House:
    """A partner with an executive and a rep who has earned 150.00 in a program."""

    def __init__(self, client: Client) -> None:
        self.client, self.manager = client, client.person("CHANNEL_MANAGER")
        self.partner = client.partner()
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.rep = client.person("SALES_REP", self.partner)
        self.program = client.program(self.manager)
        client.consent(self.executive, self.partner, self.program)
        client.enroll(self.rep, self.partner, self.program)
        client.world.wait()
        self.deal = client.register(self.rep, self.program)
        client.approve(self.manager, self.deal)

    def people(self, who: Person, field: str = "individuals") -> list[str] | None:
        """The people of the partner that somebody sees, or those who were."""
        document = "query($id: ID!) { node(id: $id) { ... on Partner { %s { edges { node {"
        document = document % field + " name id } } } } } }"
        node = self.client.query(who, document, id=self.partner)["node"]
        return node and node[field] and [edge["node"]["name"] for edge in node[field]["edges"]]

    def status(self, who: Person) -> int:
        """How the edge answers somebody: 401 for who is nobody any more."""
        response = send(self.client.world.portal, event_of(who.user_name, HOME))
        return int(response["statusCode"])

    def end(self, who: Person, person: Person, **given: Any) -> dict[str, Any]:
        return self.client.do(who, "endEmployment", LEFT, individualId=person.id, **given)


def test_C16_a_leaver_is_out_at_once_and_keeps_what_it_earned(client: Client) -> None:
    """Its own token answers nothing any more; its deal pays the company and nobody else."""
    house = House(client)
    since = client.world.now
    client.world.wait()
    left = house.end(house.executive, house.rep)["former"]

    assert ("Robin Reyes", "SALES_REP", None) == (left["name"], left["role"], left["status"])
    assert house.rep.id == left["individualId"]
    assert client.world.now == datetime.fromisoformat(left["employedTo"])
    assert datetime.fromisoformat(left["employedFrom"]) < since
    assert 401 == house.status(house.rep)
    assert (["Robin Reyes"], ["Robin Reyes"]) == (
        house.people(house.executive),
        house.people(house.manager, "formerIndividuals"),
    )
    seen = client.query(
        house.executive,
        "query($id: ID!, $was: ID!) { node(id: $id) { id } was: node(id: $was) { id } }",
        id=house.rep.id,
        was=left["id"],
    )
    assert (None, {"id": left["id"]}) == (seen["node"], seen["was"])
    client.world.wait()
    won = client.win(house.manager, house.deal)
    by_rule = {one["ruleCode"]: one["reason"] for one in won["activity"]["outcomes"]}
    assert ("NOT_EMPLOYED", None) == (by_rule["deals"], by_rule["company"])
    paid = client.do(
        house.manager,
        "requestPayout",
        "... on PayoutRequested { payout { amount { money { amount } } } }",
        amount={"money": usd("150.00")},
        partyId=house.rep.id,
    )
    assert "PayoutRequested" == paid["__typename"], paid


def test_C16_a_mover_reads_the_new_company_only(client: Client) -> None:
    """The old one's ids lead it nowhere, and its own old id leads nobody to it."""
    house = House(client)
    new = client.partner(name="Contoso")
    team = client.query(
        house.manager,
        "query($id: ID!) { node(id: $id) { ... on Partner { teams { id name } } } }",
        id=new,
    )["node"]["teams"][0]
    moved = client.do(
        house.manager,
        "changeEmployment",
        EMPLOYED,
        individualId=house.rep.id,
        partnerId=new,
        teamId=team["id"],
        role="MARKETER",
    )["individual"]

    assert ("MARKETER", team["name"], new) == (
        moved["role"],
        moved["team"]["name"],
        moved["partner"]["id"],
    )
    assert moved["id"] != house.rep.id
    home = client.query(house.rep, HOME)["viewer"]
    assert (new, moved["id"]) == (home["partner"]["id"], home["individual"]["id"])
    ids = [house.partner, house.deal, house.rep.id, house.executive.id]
    document = "query($id: ID!) { node(id: $id) { id } }"
    assert [None] * 4 == [client.query(house.rep, document, id=one)["node"] for one in ids]
    assert client.query(house.manager, document, id=house.rep.id)["node"] is None
    refused = house.end(house.executive, house.rep)
    assert "NotFound" == refused["__typename"]
    balances = "{ viewer { individual { balances { available { money { amount } } } } } }"
    own = client.query(house.rep, balances)["viewer"]["individual"]["balances"]
    assert ["150.00"] == [one["available"]["money"]["amount"] for one in own]
    back = client.do(
        house.manager,
        "changeEmployment",
        EMPLOYED,
        individualId=moved["id"],
        partnerId=house.partner,
    )["individual"]
    assert (house.rep.id, None) == (back["id"], back["team"])


def test_C16_a_promoted_rep_keeps_its_earnings_and_earns_no_more(client: Client) -> None:
    """Its enrollments end; as an executive it sees totals, and consents."""
    house = House(client)
    client.world.wait()
    promoted = client.do(
        house.manager,
        "changeEmployment",
        EMPLOYED,
        individualId=house.rep.id,
        role="PARTNER_EXECUTIVE",
    )["individual"]
    assert ("PARTNER_EXECUTIVE", "Field") == (promoted["role"], promoted["team"]["name"])
    document = """{ viewer { role individual { earnings { edges { node { status } } }
        enrollments { endedAt: __typename } } } }"""
    seen = client.query(house.rep, document)["viewer"]
    assert "PARTNER_EXECUTIVE" == seen["role"]
    assert ["AVAILABLE"] == [
        edge["node"]["status"] for edge in seen["individual"]["earnings"]["edges"]
    ]
    client.world.wait()
    won = client.win(house.manager, house.deal)
    by_rule = {one["ruleCode"]: one["reason"] for one in won["activity"]["outcomes"]}
    assert "OUT_OF_SEGMENT" == by_rule["deals"]


def test_an_executive_changes_team_and_role_of_its_staff_within_the_staff(
    quick_client: Client,
) -> None:
    house = House(quick_client)
    made = quick_client.do(
        house.manager,
        "addTeam",
        "... on TeamAdded { team { id name } partner { teams { name } } }",
        partnerId=house.partner,
        name="Inside sales",
    )
    assert ["Field", "Inside sales"] == [team["name"] for team in made["partner"]["teams"]]

    def place(who: Person, person: Person, **given: Any) -> dict[str, Any]:
        wish = {"individualId": person.id, **given}
        return quick_client.do(who, "changeEmployment", EMPLOYED, **wish)

    placed = place(house.executive, house.rep, teamId=made["team"]["id"], role="SALES_ENGINEER")
    assert ("SALES_ENGINEER", "Inside sales") == (
        placed["individual"]["role"],
        placed["individual"]["team"]["name"],
    )
    out = place(house.executive, house.rep, teamId=None)["individual"]
    assert ("SALES_ENGINEER", None) == (out["role"], out["team"])
    for refused in (
        place(house.executive, house.rep, role="PARTNER_EXECUTIVE"),
        place(house.executive, house.executive, role="SALES_REP"),
        place(house.rep, house.rep, role="MARKETER"),
    ):
        assert "NotPermitted" == refused["__typename"]
    other = quick_client.partner(name="Contoso")
    assert "NotFound" == place(house.executive, house.rep, partnerId=other)["__typename"]
    theirs = quick_client.person("SALES_REP", other)
    assert "NotFound" == place(house.executive, theirs, role="MARKETER")["__typename"]


def test_an_answer_is_the_same_when_its_request_is_repeated(quick_client: Client) -> None:
    """Also after the person has come back: it is told as of its last day or as it works now."""
    house = House(quick_client)
    again = quick_client.request_id()
    first = house.end(house.manager, house.rep, again=again)
    assert first == house.end(house.manager, house.rep, again=again)


def test_a_name_and_an_address_are_changed_and_a_suspension_ended(quick_client: Client) -> None:
    """The person is found by its whole address, whatever the case, by the vendor only."""
    client = quick_client
    house = House(client)
    told = "... on IndividualUpdated { individual { name email } }"
    changed = client.do(
        house.manager,
        "updateIndividual",
        told,
        individualId=house.rep.id,
        name="Robin Royce",
        email="Royce@partner.example",
    )
    assert {"name": "Robin Royce", "email": "Royce@partner.example"} == changed["individual"]
    document = 'query { viewer { individuals(email: "royce@PARTNER.example") { id name } } }'
    found = client.query(house.manager, document)["viewer"]["individuals"]
    assert [{"id": house.rep.id, "name": "Robin Royce"}] == found
    assert client.query(house.executive, document)["viewer"]["individuals"] is None
    client.do(house.manager, "suspendIndividual", "", individualId=house.rep.id)
    assert 401 == house.status(house.rep)
    told = "... on IndividualReinstated { individual { status } }"
    active = client.do(house.manager, "reinstateIndividual", told, individualId=house.rep.id)
    assert {"status": "ACTIVE"} == active["individual"]
    assert 200 == house.status(house.rep)


PERSONAL = """query($id: ID!, $after: String) {
    personalData(individualId: $id, after: $after) { lines next complete } }"""


def _personal(client: Client, who: Person, person: str) -> list[dict[str, Any]] | None:
    page = client.query(who, PERSONAL, id=person)["personalData"]
    assert page is None or page["complete"]
    return page and [json.loads(line) for line in page["lines"]]


def test_a_person_takes_its_own_data_and_nobody_else_s(client: Client) -> None:
    """An administrator has them for the person who asks; a channel manager and others do not."""
    house = House(client)
    own = _personal(client, house.rep, house.rep.id)
    assert own is not None
    kinds = [one.get("kind") for one in own]
    assert {"Individual", "Deal", "Activity", "Earning", "Journal", "Enrollment"} <= set(kinds)
    profile = own[1]["record"]
    assert ("Robin Reyes", "robin@partner.example") == (profile["name"], profile["email"])
    assert own[1:] == (_personal(client, client.admin, house.rep.id) or [])[1:]
    other = client.person("SALES_REP", house.partner)
    for who in (house.executive, house.manager, other):
        assert _personal(client, who, house.rep.id) is None


def test_personal_data_are_asked_for_once_a_document(quick_client: Client) -> None:
    document = """query($id: ID!) { personalData(individualId: $id) { next }
        again: personalData(individualId: $id) { next } }"""
    rep = quick_client.person("SALES_REP", quick_client.partner())
    answer = quick_client.answer(rep, document, id=rep.id)
    assert "personalData at most once" in answer["errors"][0]["message"]


ERASED = """... on IndividualErased { former { individualId name status } }
    ... on ErasureNotPossible { reasons }"""


def test_an_erased_person_has_no_name_and_its_ledger_stays(client: Client) -> None:
    """Only once it has left and its wallet is empty; the deals that it owned have no owner then."""
    house = House(client)
    wish = {"individualId": house.rep.id}
    working = client.do(client.admin, "eraseIndividual", ERASED, **wish)
    assert ("ErasureNotPossible", 2) == (working["__typename"], len(working["reasons"]))
    house.end(house.manager, house.rep)
    told = "... on PayoutRequested { payout { id } }"
    amount = {"money": usd("150.00")}
    payout = client.do(house.manager, "requestPayout", told, amount=amount, partyId=house.rep.id)[
        "payout"
    ]["id"]
    settle = {"payoutId": payout, "paid": True, "reference": "bank"}
    assert "NotPermitted" == client.do(house.manager, "eraseIndividual", "", **wish)["__typename"]
    settled = client.do(client.admin, "resolvePayout", "", **settle)
    assert "PayoutResolved" == settled["__typename"], settled
    verify = "query($id: ID!) { verifyLedger(partyId: $id) { headHash checked findings { text } } }"
    before = client.query(client.admin, verify, id=house.rep.id)
    erased = client.do(client.admin, "eraseIndividual", ERASED, **wish)["former"]
    assert {
        "individualId": house.rep.id,
        "name": "Erased person",
        "status": "ERASED",
    } == erased
    assert before == client.query(client.admin, verify, id=house.rep.id)
    assert ["Erased person"] == house.people(client.admin, "formerIndividuals")
    found = _personal(client, client.admin, house.rep.id)
    assert found is not None
    assert "Robin" not in json.dumps(found)
    assert "robin@" not in json.dumps(found)


def test_a_former_person_is_told_to_its_own_company_and_to_the_vendor(
    quick_client: Client,
) -> None:
    client = quick_client
    house = House(client)
    rival = client.person("PARTNER_EXECUTIVE", client.partner(name="Rival"))
    colleague = client.person("SALES_REP", house.partner)
    former = house.end(house.manager, house.rep)["former"]["id"]
    document = "query($id: ID!) { node(id: $id) { ... on FormerIndividual { name } } }"
    seen = {
        name: client.query(who, document, id=former)["node"] is not None
        for name, who in (
            ("manager", house.manager),
            ("executive", house.executive),
            ("colleague", colleague),
            ("rival", rival),
        )
    }
    assert {"manager": True, "executive": True, "colleague": False, "rival": False} == seen
    assert house.people(colleague, "formerIndividuals") is None


@pytest.mark.parametrize("search", ["", "rob", "REY", "rey rob", "obin", "rob x", "***"])
def test_former_people_are_searched_by_the_words_of_their_name(
    quick_client: Client, search: str
) -> None:
    client = quick_client
    house = House(client)
    house.end(house.manager, house.rep)
    document = """query($id: ID!, $search: String!) { node(id: $id) { ... on Partner {
        formerIndividuals(search: $search) { edges { node { name } } } } } }"""
    found = client.query(house.manager, document, id=house.partner, search=search)
    names = [edge["node"]["name"] for edge in found["node"]["formerIndividuals"]["edges"]]
    assert names == (["Robin Reyes"] if search not in ("obin", "rob x", "***") else [])


def test_a_search_of_former_people_has_a_bound(quick_client: Client) -> None:
    """As that of people has."""
    house = House(quick_client)
    document = """query($id: ID!, $search: String!) { node(id: $id) { ... on Partner {
        formerIndividuals(search: $search) { edges { node { name } } } } } }"""
    given = {"id": house.partner, "search": "x" * 201}
    answer = quick_client.answer(house.executive, document, **given)
    assert "INVALID_INPUT" == answer["errors"][0]["extensions"]["code"]


def test_C16_a_former_company_does_not_learn_a_later_name(client: Client) -> None:
    """Neither by looking at the person, nor by searching."""
    house = House(client)
    new = client.partner(name="New")
    client.do(house.manager, "updateIndividual", "", individualId=house.rep.id, name="Robin Roe")
    client.world.wait()
    wish = {"individualId": house.rep.id, "partnerId": new}
    moved = client.do(house.manager, "changeEmployment", EMPLOYED, **wish)["individual"]["id"]
    client.do(house.manager, "updateIndividual", "", individualId=moved, name="Robin Smith")
    document = """query($id: ID!, $search: String!) { node(id: $id) { ... on Partner {
        formerIndividuals(search: $search) { edges { node { name } } } } } }"""

    def found(search: str, who: Person = house.executive) -> list[str]:
        node = client.query(who, document, id=house.partner, search=search)["node"]
        return [edge["node"]["name"] for edge in node["formerIndividuals"]["edges"]]

    assert ["Robin Roe"] == found("") == found("roe") == found("", house.manager)
    assert [] == found("smith")


PLACES = """query($id: ID!) { node(id: $id) { ... on Individual { employments {
    role employedFrom employedTo partnerName teamName partner { id } } } } }"""


def test_C16_where_a_person_has_worked_is_its_own_and_the_vendors_to_read(client: Client) -> None:
    """An executive reads of its own company's places, and a colleague of none."""
    house = House(client)
    began, new = client.world.now, client.partner(name="New")
    executive = client.person("PARTNER_EXECUTIVE", new)
    colleague = client.person("MARKETER", new)
    client.world.wait()
    change = {"individualId": house.rep.id, "role": "MARKETER"}
    client.do(house.executive, "changeEmployment", EMPLOYED, **change)
    promoted = client.world.now
    client.world.wait()
    wish = {"individualId": house.rep.id, "partnerId": new, "role": "SALES_REP"}
    moved = client.do(house.manager, "changeEmployment", EMPLOYED, **wish)["individual"]["id"]

    def places(who: Person) -> Any:
        return client.query(who, PLACES, id=moved)["node"]["employments"]

    own = places(house.rep)
    assert [("SALES_REP", False), ("MARKETER", False), ("SALES_REP", True)] == [
        (one["role"], one["employedTo"] is None) for one in own
    ]
    told = own[1]["employedFrom"], own[1]["employedTo"]
    assert (promoted, client.world.now) == tuple(map(datetime.fromisoformat, told))
    assert began > datetime.fromisoformat(own[0]["employedFrom"])
    assert ["New"] == [one["partnerName"] for one in own[2:]]
    assert own[0]["partnerName"] == own[1]["partnerName"] != "New"
    assert [None, None, new] == [one["partner"] and one["partner"]["id"] for one in own]
    vendors = places(house.manager)
    assert [house.partner, house.partner, new] == [one["partner"]["id"] for one in vendors]
    assert own[2:] == places(executive)
    assert None is places(colleague)
