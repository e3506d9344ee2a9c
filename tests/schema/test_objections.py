"""Objections: what keeps a partner from consenting, as its executive and the vendor see it."""

from typing import Any

from tests.schema.client import Client, Person

OBJECTION = """id category text status notedByVendor answer
    program { id } partner { id } raisedBy { id } answeredBy { id }"""
OWN = f"""query($status: ObjectionStatus) {{ viewer {{ partner {{
    objections(status: $status) {{ edges {{ node {{ {OBJECTION} }} }} }} }} }} }}"""
COUNTS = """query($id: ID!) { node(id: $id) { ... on Program {
    objectionsByCategory { category open answered resolved } } } }"""
OF_PROGRAM = """query($id: ID!, $status: ObjectionStatus! = OPEN, $first: Int! = 20,
        $after: String) { node(id: $id) { ... on Program {
    objections(status: $status, first: $first, after: $after) {
        edges { node { id } } pageInfo { hasNextPage endCursor } } } } }"""
QUEUE = "{ viewer { openObjections(first: 100) { edges { node { id } } } } }"


def raise_one(
    client: Client, who: Person, partner: str, program: str, category: str = "TAX_OR_PAYROLL"
) -> dict[str, Any]:
    told = f"... on ObjectionRaised {{ objection {{ {OBJECTION} }} }}"
    wish = {"partnerId": partner, "programId": program, "category": category}
    answer = client.do(who, "raiseObjection", told, **wish, text="Who pays the wage tax?")
    objection: dict[str, Any] = answer["objection"]
    return objection


def own(client: Client, who: Person, **given: Any) -> list[dict[str, Any]]:
    """A company's objections as its executive sees them."""
    edges = client.query(who, OWN, **given)["viewer"]["partner"]["objections"]["edges"]
    return [edge["node"] for edge in edges]


def test_C22_an_objection_is_recorded_answered_and_resolved(client: Client) -> None:
    """By partner and program; the vendor sees what waits, and what a program is objected to for."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive = client.person("PARTNER_EXECUTIVE", partner)
    program = client.program(manager)
    raised = raise_one(client, executive, partner, program)
    noted = raise_one(client, manager, partner, program, "ADMINISTRATION")
    queue = client.query(manager, QUEUE)["viewer"]["openObjections"]["edges"]
    answered = client.do(
        manager,
        "answerObjection",
        f"... on ObjectionAnswered {{ objection {{ {OBJECTION} }} }}",
        objectionId=raised["id"],
        answer="We do.",
    )["objection"]
    again = client.do(
        manager,
        "answerObjection",
        "... on ObjectionNotOpen { status }",
        objectionId=raised["id"],
        answer="We do.",
    )
    seen = own(client, executive)
    waiting = own(client, executive, status="OPEN")
    resolved = client.do(
        executive,
        "resolveObjection",
        "... on ObjectionResolved { objection { status } }",
        objectionId=raised["id"],
    )

    expected = ("OPEN", False, program, partner, executive.id)
    about = (raised["program"]["id"], raised["partner"]["id"], raised["raisedBy"]["id"])
    assert expected == (raised["status"], raised["notedByVendor"], *about)
    assert True is noted["notedByVendor"]
    assert {raised["id"], noted["id"]} <= {edge["node"]["id"] for edge in queue}
    assert ("ANSWERED", "We do.", manager.id) == (
        answered["status"],
        answered["answer"],
        answered["answeredBy"]["id"],
    )
    assert ("ObjectionNotOpen", "ANSWERED") == (again["__typename"], again["status"])
    # Newest first; the company is not told who of the vendor's people noted and answered it.
    assert [
        {**noted, "raisedBy": None, "answeredBy": None},
        {**answered, "answeredBy": None},
    ] == seen
    assert [noted["id"]] == [one["id"] for one in waiting]
    assert "RESOLVED" == resolved["objection"]["status"]
    assert [
        {"category": "TAX_OR_PAYROLL", "open": 0, "answered": 0, "resolved": 1},
        {"category": "ADMINISTRATION", "open": 1, "answered": 0, "resolved": 0},
    ] == client.query(manager, COUNTS, id=program)["node"]["objectionsByCategory"]


def test_objections_are_for_the_companys_executives_and_the_vendor(quick_client: Client) -> None:
    """Neither its staff nor another partner's executive sees one, or how many there are."""
    client = quick_client
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive, rep = (client.person(role, partner) for role in ("PARTNER_EXECUTIVE", "SALES_REP"))
    rival = client.person("PARTNER_EXECUTIVE", client.partner())
    program = client.program(manager)
    raised = raise_one(client, executive, partner, program)
    document = "query($id: ID!) { node(id: $id) { id } }"
    lists = "{ viewer { openObjections { edges { node { id } } } } }"

    for who in (rep, rival):
        assert None is client.query(who, document, id=raised["id"])["node"]
        assert None is client.query(who, lists)["viewer"]["openObjections"]
        assert None is client.query(who, COUNTS, id=program)["node"]["objectionsByCategory"]
    assert None is client.query(rep, OWN)["viewer"]["partner"]["objections"]
    assert [] == own(client, rival)
    wish = {"partnerId": partner, "programId": program, "category": "OTHER", "text": "No."}
    refused = [client.do(who, "raiseObjection", "", **wish)["__typename"] for who in (rep, rival)]
    assert ["NotPermitted", "NotFound"] == refused


def test_the_categories_with_the_most_objections_come_first(quick_client: Client) -> None:
    """Those without any are not told of."""
    client = quick_client
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    program, other = client.program(manager), client.program(manager)
    for category in ("OTHER", "FAIRNESS", "FAIRNESS"):
        raise_one(client, manager, partner, program, category)
    raise_one(client, manager, partner, other, "OTHER")

    found = client.query(manager, COUNTS, id=program)["node"]["objectionsByCategory"]

    assert [("FAIRNESS", 2), ("OTHER", 1)] == [(one["category"], one["open"]) for one in found]


def test_C22_the_vendor_reads_the_objections_to_a_program_page_by_page(client: Client) -> None:
    """Those that stand so, of all partners; nobody else reads them there."""
    manager = client.person("CHANNEL_MANAGER")
    program, other = client.program(manager), client.program(manager)
    partners = [client.partner() for _ in range(2)]
    raised = [
        raise_one(client, manager, partner, program)["id"] for partner in (*partners, partners[0])
    ]
    raise_one(client, manager, partners[0], other)
    answer = {"objectionId": raised[1], "answer": "We do."}
    client.do(manager, "answerObjection", "", **answer)

    def page(who: Person, **given: Any) -> Any:
        return client.query(who, OF_PROGRAM, id=program, **given)["node"]["objections"]

    def ids(found: Any) -> list[str]:
        return [edge["node"]["id"] for edge in found["edges"]]

    first = page(manager, first=1)
    second = page(manager, first=1, after=first["pageInfo"]["endCursor"])
    assert ([True, False], [raised[0], raised[2]]) == (
        [one["pageInfo"]["hasNextPage"] for one in (first, second)],
        [*ids(first), *ids(second)],
    )
    assert [raised[1]] == ids(page(manager, status="ANSWERED"))
    assert [] == ids(page(manager, status="RESOLVED"))
    executive = client.person("PARTNER_EXECUTIVE", partners[0])
    assert None is page(executive)
