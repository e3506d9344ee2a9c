"""The vendor's directory: partners with their profile and tiers, found by what they are; files."""

from datetime import datetime
from typing import Any

import pytest

from portal_api.domain.cells import csv_text
from portal_api.schema import scanning
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.schema.client import Client, Person
from tests.schema.test_round_trips import CountingEngine
from tests.services.world import DAY, World

PROFILE = "id name region type tier businessModel strategy externalId tiers { tier validFrom }"
LIST = """query($filter: PartnerFilterInput, $first: Int!, $after: String) { viewer {
    partners(filter: $filter, first: $first, after: $after) {
      edges { node { name } } pageInfo { hasNextPage endCursor } } } }"""
PEOPLE = """query($id: ID!, $filter: IndividualFilterInput, $first: Int!, $after: String) {
    node(id: $id) { ... on Partner { individuals(filter: $filter, first: $first, after: $after) {
      edges { node { name } } pageInfo { hasNextPage endCursor } } } } }"""
COLUMNS = (
    "external_id",
    "name",
    "type",
    "tier",
    "region",
    "business_model",
    "strategy",
    "teams",
)
REPORT = "... on PartnersImported { report { imported unchanged problems { line code } } }"


def _ours(client: Client) -> str:
    """The region of this test alone: a table can hold the partners of others."""
    return f"Region {client.world.number}"


def _found(client: Client, who: Person, first: int = 100, **wished: Any) -> list[str]:
    """The names of the partners of this test that a filter finds, over all its pages."""
    wished = {"regions": [_ours(client)]} | wished
    names: list[str] = []
    after: str | None = None
    while True:
        page = client.query(who, LIST, filter=wished, first=first, after=after)
        page = page["viewer"]["partners"]
        assert len(page["edges"]) <= first
        names += [edge["node"]["name"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return names
        after = page["pageInfo"]["endCursor"]


def test_C15_a_partner_has_a_profile_and_dated_tiers(client: Client) -> None:
    """A tier to come is told, and is not the tier of now."""
    manager = client.person("CHANNEL_MANAGER")
    partner = client.partner(region=_ours(client), businessModel="RESALE")
    client.world.wait()
    changed = client.do(
        manager,
        "updatePartner",
        f"... on PartnerUpdated {{ partner {{ {PROFILE} }} }}",
        partnerId=partner,
        name="Contoso",
        businessModel="SERVICES_LED",
        strategy="LAND_AND_EXPAND",
    )["partner"]
    assert ("Contoso", "SERVICES_LED", "LAND_AND_EXPAND") == (
        changed["name"],
        changed["businessModel"],
        changed["strategy"],
    )
    later = client.world.now + DAY
    wish = {"partnerId": partner, "tier": "PLATINUM", "validFrom": later.isoformat()}
    told = f"... on TierAssigned {{ partner {{ {PROFILE} }} }} ... on InvalidInput {{ field }}"
    assigned = client.do(manager, "assignTier", told, **wish)["partner"]
    assert ("GOLD", ["GOLD", "PLATINUM"]) == (
        assigned["tier"],
        [one["tier"] for one in assigned["tiers"]],
    )
    assert later == datetime.fromisoformat(assigned["tiers"][1]["validFrom"])
    executive = client.person("PARTNER_EXECUTIVE", partner)
    document = f"{{ viewer {{ partner {{ {PROFILE} }} }} }}"
    client.world.wait()
    assert "PLATINUM" == client.query(executive, document)["viewer"]["partner"]["tier"]
    past = wish | {"validFrom": (client.world.now - DAY).isoformat()}
    assert "validFrom" == client.do(manager, "assignTier", told, **past)["field"]
    wish = {"partnerId": partner, "type": "MSP"}
    assert "NotPermitted" == client.do(manager, "updatePartner", "", **wish)["__typename"]
    assert "PartnerUpdated" == client.do(client.admin, "updatePartner", "", **wish)["__typename"]


def test_C15_a_program_for_a_business_model_is_seen_by_partners_of_it_alone(
    client: Client,
) -> None:
    """As by type, tier and region: no program is for everybody who does not fit it."""
    manager = client.person("CHANNEL_MANAGER")
    segment = {"businessModels": ["MANAGED_SERVICES"], "strategies": ["RENEWALS_LED", "HUNTING"]}
    program = client.program(manager, segment=segment)
    profiles: tuple[dict[str, str], ...] = (
        {"businessModel": "MANAGED_SERVICES", "strategy": "HUNTING"},
        {"businessModel": "MANAGED_SERVICES", "strategy": "TRANSACTIONAL"},
        {"businessModel": "RESALE", "strategy": "HUNTING"},
        {},
    )
    document = """query($id: ID!) { node(id: $id) { ... on Program {
        segment { businessModels strategies } } } }"""
    seen = []
    for profile in profiles:
        executive = client.person("PARTNER_EXECUTIVE", client.partner(**profile))
        seen.append(client.query(executive, document, id=program)["node"])
    assert [{"segment": segment}, None, None, None] == seen


def test_partners_are_found_by_what_they_are_and_by_the_words_of_their_name(
    client: Client,
) -> None:
    """Each word that is looked for begins one of the name, whatever the case."""
    manager, region = client.person("CHANNEL_MANAGER"), _ours(client)
    client.partner(name="North Wind Trading", region=region, businessModel="RESALE")
    client.partner("DMR", name="Nordwind", region=region, tier="SILVER")
    client.partner(name="Contoso", region=region, strategy="HUNTING")
    client.partner(name="Windward", region=f"{region} south")
    everything = ["North Wind Trading", "Nordwind", "Contoso"]
    for wished, expected in (
        ({}, everything),
        ({"search": "WIND"}, ["North Wind Trading"]),
        ({"search": "tra nor"}, ["North Wind Trading"]),
        ({"search": "wind x"}, []),
        ({"search": "no"}, ["North Wind Trading", "Nordwind"]),
        ({"search": " "}, everything),
        ({"search": "-"}, []),
        ({"types": ["DMR", "LAR"]}, ["Nordwind"]),
        ({"tiers": ["GOLD"]}, ["North Wind Trading", "Contoso"]),
        ({"businessModels": ["RESALE"]}, ["North Wind Trading"]),
        ({"strategies": ["HUNTING"], "search": "con"}, ["Contoso"]),
        ({"regions": [f"{region} south"]}, ["Windward"]),
    ):
        for first in (1, 100):
            assert expected == _found(client, manager, first, **wished), wished


@pytest.fixture
def narrow_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page look at four records, two at a time."""
    monkeypatch.setattr(scanning, "AT_ONCE", 2)


@pytest.mark.usefixtures("narrow_scan")
@pytest.mark.parametrize("first", [1, 2, 3, 5])
def test_going_on_misses_and_repeats_nobody_however_little_a_page_looks_at(
    quick_client: Client, first: int
) -> None:
    """Pages may be short or empty on the way; the last one says that there is no more."""
    client, manager = quick_client, quick_client.person("CHANNEL_MANAGER")
    expected = []
    for number in range(13):
        name = f"{'Fit' if number in (4, 5, 6, 11) else 'Other'} {number}"
        client.partner(name=name, region=_ours(client))
        expected += [name] if name.startswith("Fit") else []
    assert expected == _found(client, manager, first, search="fit")


@pytest.mark.usefixtures("narrow_scan")
def test_a_full_page_knows_whether_another_one_follows(quick_client: Client) -> None:
    """Where the rest of what was looked at has no more, and it was all, there is no next page."""
    client, manager = quick_client, quick_client.person("CHANNEL_MANAGER")
    for name in ("Fit", "Other"):
        client.partner(name=name, region=_ours(client))
    wished = {"search": "fit", "regions": [_ours(client)]}
    page = client.query(manager, LIST, filter=wished, first=1)["viewer"]["partners"]
    assert ([{"node": {"name": "Fit"}}], False) == (
        page["edges"],
        page["pageInfo"]["hasNextPage"],
    )


def test_a_cursor_of_one_filter_is_none_of_another(quick_client: Client) -> None:
    client, manager = quick_client, quick_client.person("CHANNEL_MANAGER")
    for _ in range(2):
        client.partner()
    page = client.query(manager, LIST, filter={"types": ["VAR"]}, first=1)["viewer"]["partners"]
    after = page["pageInfo"]["endCursor"]
    answer = client.answer(manager, LIST, filter={"types": ["DMR"]}, first=1, after=after)
    assert "BAD_CURSOR" == answer["errors"][0]["extensions"]["code"]


def test_partners_and_addresses_are_the_vendors_to_look_for(quick_client: Client) -> None:
    executive = quick_client.person("PARTNER_EXECUTIVE", quick_client.partner())
    assert quick_client.query(executive, LIST, filter={}, first=1)["viewer"]["partners"] is None


def test_people_are_found_by_name_role_team_and_status(client: Client) -> None:
    """By the vendor and the company's executive; the rest of the company is not their list."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive = client.person("PARTNER_EXECUTIVE", partner)
    told = "... on TeamAdded { team { id } }"
    team = client.do(manager, "addTeam", told, partnerId=partner, name="Inside")["team"]["id"]
    people = {}
    for name, role in (
        ("Ada Lovelace", "SALES_REP"),
        ("Grace Hopper", "MARKETER"),
        ("Alan Turing", "SALES_REP"),
    ):
        person = people[name] = client.person(role, partner)
        client.do(manager, "updateIndividual", "", individualId=person.id, name=name)
    ada, alan = people["Ada Lovelace"], people["Alan Turing"]
    client.do(manager, "changeEmployment", "", individualId=alan.id, teamId=team)
    client.do(manager, "suspendIndividual", "", individualId=ada.id)

    def found(who: Person, **wished: Any) -> list[str]:
        answer = client.query(who, PEOPLE, id=partner, filter=wished, first=10)
        return [edge["node"]["name"] for edge in answer["node"]["individuals"]["edges"]]

    for who in (manager, executive):
        assert ["Ada Lovelace", "Alan Turing"] == found(who, search="a", roles=["SALES_REP"])
        assert ["Grace Hopper"] == found(who, roles=["MARKETER"])
        assert ["Alan Turing"] == found(who, teamId=team)
        assert ["Ada Lovelace"] == found(who, status="SUSPENDED")
        assert ["Ada Lovelace"] == found(who, search="LOVE")
    elsewhere = client.query(
        manager,
        "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }",
        id=client.partner(),
    )["node"]["teams"][0]["id"]
    wished = {"teamId": elsewhere}
    answer = client.answer(manager, PEOPLE, id=partner, filter=wished, first=10)
    assert "INVALID_INPUT" == answer["errors"][0]["extensions"]["code"]


def test_S18_partners_go_in_once_and_bad_rows_are_told_by_line(client: Client) -> None:
    """With their teams; their people then name them by the same external id."""
    manager, region = client.person("CHANNEL_MANAGER"), _ours(client)
    names = [f"ERP-{client.world.number}-{number}" for number in range(3)]
    rows = [
        (names[0], "Contoso", "VAR", "GOLD", region, "RESALE", "HUNTING", "Field;Inside"),
        (names[1], "Fabrikam", "PIRATE", "GOLD", region, "", "", ""),
        (names[2], "=Litware", "msp", "silver", region, "", "", ""),
    ]
    content = csv_text(COLUMNS, rows)
    for expected in ((2, 0), (0, 2)):
        report = client.do(manager, "importPartners", REPORT, content=content)["report"]
        assert expected == (report["imported"], report["unchanged"])
        assert [{"line": 3, "code": "WRONG_VALUE"}] == report["problems"]
    assert ["Contoso", "=Litware"] == _found(client, manager)
    people = csv_text(
        ("external_id", "name", "email", "partner", "team", "role"),
        [("HR-1", "Ada", f"ada@{client.world.number}.example", names[0], "inside", "SALES_REP")],
    )
    told = "... on PeopleImported { report { imported problems { message } } }"
    report = client.do(manager, "importPeople", told, content=people)["report"]
    assert {"imported": 1, "problems": []} == report
    document = """query($email: String!) { viewer { individuals(email: $email) {
        name team { name } partner { externalId name } } } }"""
    found = client.query(manager, document, email=f"ADA@{client.world.number}.example")
    assert [
        {
            "name": "Ada",
            "team": {"name": "Inside"},
            "partner": {"externalId": names[0], "name": "Contoso"},
        }
    ] == found["viewer"]["individuals"]
    executive = client.person("PARTNER_EXECUTIVE", client.partner())
    refused = client.do(executive, "importPartners", "", content=content)
    assert "NotPermitted" == refused["__typename"]


def test_a_team_is_renamed_and_stays_the_same_team(quick_client: Client) -> None:
    client, manager = quick_client, quick_client.person("CHANNEL_MANAGER")
    partner = client.partner()
    rep = client.person("SALES_REP", partner)
    document = "{ viewer { individual { team { id name } } } }"
    team = client.query(rep, document)["viewer"]["individual"]["team"]
    told = "... on TeamRenamed { team { id name } }"
    renamed = client.do(manager, "renameTeam", told, teamId=team["id"], name="Outside")["team"]
    assert {"id": team["id"], "name": "Outside"} == renamed
    assert renamed == client.query(rep, document)["viewer"]["individual"]["team"]


@pytest.mark.usefixtures("narrow_scan")
def test_a_page_costs_three_round_trips_and_with_a_filter_five_at_most(
    sqlite_engine: SqliteEngine,
) -> None:
    """Who asks, the list, its records; with a filter the last two twice, however many there are."""
    counting = CountingEngine(sqlite_engine)
    client = Client(World(TableStore(counting)))
    manager = client.person("CHANNEL_MANAGER")
    for _ in range(12):
        client.partner()

    def waves(wished: dict[str, Any] | None) -> int:
        counting.waves.clear()
        client.query(manager, LIST, filter=wished, first=100)
        return len(counting.waves)

    assert (3, 5) == (waves(None), waves({"search": "nobody"}))
