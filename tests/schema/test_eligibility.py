"""Programs for whom: what each is offered, what is in the way, and which do not exist for them."""

from typing import Any

import pytest

from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.schema.client import Client, Person
from tests.schema.planning import BONUS, MILESTONES, TRAINING, create, paying, publish_plan, year
from tests.services.world import World

OFFER = """program { id name } eligible obstacles tiersNeeded rolesNeeded nextStep
    companyRules { code words } teamRules { code words } individualRules { code words }"""
OFFERS = f"{{ viewer {{ programOffers {{ {OFFER} }} programs {{ name }} }} }}"
COMPANY = paying(
    "rebate", {"percentOfDeal": {"rateBps": 100}}, level="PARTNER", name="The company's percent"
)
PERSON = paying("deals", MILESTONES)


@pytest.fixture
def client(lonely_engine: Engine) -> Client:
    """Give the API on each engine in turn, with no programs but the test's own."""
    return Client(World(TableStore(lonely_engine)))


class Offering:
    """A vendor that makes programs for different partners."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        client.behavior(self.manager)

    def program(self, name: str = "Growth", *rules: dict[str, Any], **given: Any) -> str:
        """A program that pays company and people, or as told; its id."""
        program = create(self.client, self.manager, name=name, **given)
        published = publish_plan(self.client, self.manager, program, *(rules or (PERSON, COMPANY)))
        assert "PlanPublished" == published["__typename"], published
        return program

    def offers(self, who: Person) -> dict[str, Any]:
        """Each program that somebody knows of, by its name."""
        found = self.client.query(who, OFFERS)["viewer"]["programOffers"]
        return {offer["program"]["name"]: offer for offer in found}

    def told(self, who: Person, name: str = "Growth") -> tuple[bool, list[str], str]:
        """Whether somebody earns in a program, what is in the way, and what is next."""
        offer = self.offers(who)[name]
        return offer["eligible"], offer["obstacles"], offer["nextStep"]

    def one(self, who: Person, program: str) -> Any:
        """What one program offers somebody, by the program's id; none where it does not exist."""
        document = f"""query($id: ID!) {{ node(id: $id) {{ ... on Program {{
            offer {{ {OFFER} }} }} }} }}"""
        return self.client.query(who, document, id=program)["node"]

    def audience(self, who: Person, program: str, partner: str) -> Any:
        """What a program offers a partner, as the vendor reads it."""
        document = f"""query($id: ID!, $partner: ID!) {{ node(id: $id) {{ ... on Program {{
            audience(partnerId: $partner) {{ {OFFER} }} }} }} }}"""
        found = self.client.query(who, document, id=program, partner=partner)
        return found["node"]["audience"]


def test_C15_two_partners_see_different_programs(client: Client) -> None:
    """By type, region and tier; a program that cannot be reached does not exist for a partner."""
    offering = Offering(client)
    segments: dict[str, dict[str, Any]] = {
        "All": {},
        "VARs": {"types": ["VAR"]},
        "MSPs": {"types": ["MSP"]},
        "Asia": {"regions": ["APAC"]},
        "Top": {"tiers": ["PLATINUM"]},
        "Beginners": {"tiers": ["BRONZE"]},
    }
    ids = {name: offering.program(name, segment=one) for name, one in segments.items()}
    var = client.person("SALES_REP", client.partner("VAR"))
    msp = client.person("SALES_REP", client.partner("MSP", region="APAC", tier="PLATINUM"))

    def known(who: Person) -> set[str]:
        by_id = {name for name, program in ids.items() if offering.one(who, program) is not None}
        offers = offering.offers(who)
        assert by_id == offers.keys()
        return by_id

    def joined(who: Person) -> set[str]:
        programs = client.query(who, OFFERS)["viewer"]["programs"]
        return {program["name"] for program in programs}

    assert ({"All", "VARs", "Top"}, {"All", "VARs"}) == (known(var), joined(var))
    assert known(msp) == joined(msp) == {"All", "MSPs", "Asia", "Top"}
    top = offering.offers(var)["Top"]
    assert (False, ["PLATINUM"], "NOTHING") == (
        top["eligible"],
        top["tiersNeeded"],
        top["nextStep"],
    )
    assert "TIER" in top["obstacles"]


def test_C15_business_model_and_strategy_are_reasons_too(client: Client) -> None:
    """For whom a program is not, it does not exist; the vendor is told why."""
    offering = Offering(client)
    hunters = offering.program("Hunters", segment={"strategies": ["HUNTING"]})
    services = offering.program("Services", segment={"businessModels": ["MANAGED_SERVICES"]})
    partner = client.partner(businessModel="MANAGED_SERVICES", strategy="RENEWALS_LED")
    rep = client.person("SALES_REP", partner)

    assert ["Services"] == [*offering.offers(rep)]
    assert "STRATEGY" in offering.audience(offering.manager, hunters, partner)["obstacles"]
    judged = offering.audience(offering.manager, services, client.partner())
    assert ["BUSINESS_MODEL", "NO_CONSENT"] == judged["obstacles"]


def test_C15_a_rep_is_told_step_by_step_what_to_do_until_it_earns(client: Client) -> None:
    """And its executive, and the vendor about both of them."""
    offering = Offering(client)
    partner = client.partner()
    rep, executive = (
        client.person("SALES_REP", partner),
        client.person("PARTNER_EXECUTIVE", partner),
    )
    program = offering.program()

    def all_told() -> list[Any]:
        told = [offering.told(rep), offering.told(executive)]
        seen = offering.audience(offering.manager, program, partner)
        assert told[1] == (seen["eligible"], seen["obstacles"], seen["nextStep"])
        own = offering.one(rep, program)["offer"]
        assert told[0] == (own["eligible"], own["obstacles"], own["nextStep"])
        return told

    first = all_told()
    client.enroll(rep, partner, program)
    client.world.wait()
    enrolled = all_told()
    client.do(rep, "requestConsent", "", partnerId=partner, programId=program)
    asked = all_told()
    client.consent(executive, partner, program, rep)
    client.world.wait()
    granted = all_told()

    nothing_done = (False, ["NO_CONSENT", "NOT_ENROLLED"], "ENROLL")
    consent = (False, ["NO_CONSENT"])
    assert [nothing_done, (*consent, "GRANT_CONSENT")] == first
    assert [(*consent, "ASK_FOR_CONSENT"), (*consent, "GRANT_CONSENT")] == enrolled
    assert [(*consent, "WAIT_FOR_EXECUTIVE"), (*consent, "ANSWER_REQUEST")] == asked
    assert [(True, [], "EARNING")] * 2 == granted


def test_C15_a_rep_of_a_company_wide_partner_waits_for_its_executive(client: Client) -> None:
    """It may not ask."""
    offering = Offering(client)
    partner = client.partner("DMR")
    rep = client.person("SALES_REP", partner)
    program = offering.program()
    client.enroll(rep, partner, program)
    client.world.wait()
    assert (False, ["NO_CONSENT"], "WAIT_FOR_EXECUTIVE") == offering.told(rep)


def test_a_program_for_another_role_is_told_with_the_roles(quick_client: Client) -> None:
    offering = Offering(quick_client)
    partner = quick_client.partner()
    rep, marketer = (quick_client.person(role, partner) for role in ("SALES_REP", "MARKETER"))
    offering.program(segment={"roles": ["MARKETER"]})
    offer = offering.offers(rep)["Growth"]
    assert (["MARKETER"], "NOTHING") == (offer["rolesNeeded"], offer["nextStep"])
    assert "ROLE" in offer["obstacles"]
    assert "ENROLL" == offering.told(marketer)[2]


def test_a_program_to_come_is_offered_and_one_that_is_over_is_not(quick_client: Client) -> None:
    offering = Offering(quick_client)
    world = quick_client.world
    rep = quick_client.person("SALES_REP", quick_client.partner())
    offering.program("Soon", startsAt=world.now.replace(month=6).isoformat())
    offering.program("Over", endsAt=world.now.replace(month=2).isoformat())
    planless = create(quick_client, offering.manager, name="Planless")
    world.wait(60)

    assert {"Soon", "Planless"} == offering.offers(rep).keys()
    for name in ("Soon", "Planless"):
        assert "OUT_OF_WINDOW" in offering.told(rep, name)[1]
    assert [] == offering.one(rep, planless)["offer"]["individualRules"]


def words(offer: dict[str, Any]) -> list[list[str]]:
    """What an offer says to company, team and people."""
    sides = ("companyRules", "teamRules", "individualRules")
    return [[rule["words"] for rule in offer[side]] for side in sides]


def test_C21_one_query_shows_the_companys_and_the_reps_side_of_a_program(client: Client) -> None:
    """A rebate on what is sold and what the people earn for it; each role's own, shadows nobody's.

    The executive sees what every role is offered, the vendor what the partner is.
    """
    offering = Offering(client)
    partner = client.partner()
    rep, executive = (
        client.person("SALES_REP", partner),
        client.person("PARTNER_EXECUTIVE", partner),
    )
    prize = paying("prize", BONUS, level="TEAM")
    trained = paying("trained", TRAINING, assetCode="POINTS", segment={"roles": ["MARKETER"]})
    msps = paying("msps", {"percentOfDeal": {"rateBps": 200}}, level="PARTNER")
    rules = [PERSON, COMPANY, prize, trained, msps | {"segment": {"types": ["MSP"]}}]
    program = create(client, offering.manager)
    shadow = paying("shadow", {"percentOfDeal": {"rateBps": 9}}, shadow=True)
    goals = [year(client)]
    publish_plan(client, offering.manager, program, *rules, shadow, goals=goals)

    one_percent = "1 % of each deal that is won."
    split = (
        "3 % of each deal, divided 1 : 5 over approved registration and winning; the first part is"
        " kept when the deal is lost."
    )
    bonus = "500.00 USD on reaching the goal Year, another 300.00 USD on reaching its stretch goal."
    for_reps = [[one_percent], [bonus], [split]]
    for_all = [[one_percent], [bonus], [split, "50 POINTS for each TRAINING."]]
    assert for_reps == words(offering.one(rep, program)["offer"])
    assert for_reps == words(offering.offers(rep)["Growth"])
    assert for_all == words(offering.one(executive, program)["offer"])
    assert for_all == words(offering.audience(offering.manager, program, partner))
    assert offering.one(offering.manager, program)["offer"] is None
    assert {} == offering.offers(offering.manager)


def test_what_a_company_has_a_part_in_stays_readable_through_its_records(
    quick_client: Client,
) -> None:
    """By its id and among the offers the program does not exist; read there, it says why."""
    offering = Offering(quick_client)
    partner = quick_client.partner()
    rep = quick_client.person("SALES_REP", partner)
    program = offering.program(segment={"types": ["MSP"]})
    # The vendor records it for the partner, to whom the program does not exist.
    deal = quick_client.register(offering.manager, program, ownerId=rep.id)

    document = f"""query($id: ID!) {{ node(id: $id) {{ ... on Deal {{
        program {{ name offer {{ {OFFER} }} }} }} }} }}"""
    read = quick_client.query(rep, document, id=deal)["node"]["program"]

    assert "Growth" == read["name"]
    assert ("TYPE", "NOTHING") == (read["offer"]["obstacles"][0], read["offer"]["nextStep"])
    assert offering.one(rep, program) is None
    assert {} == offering.offers(rep)


def test_the_audience_of_a_program_is_the_vendors_to_ask(quick_client: Client) -> None:
    offering = Offering(quick_client)
    partner = quick_client.partner()
    executive = quick_client.person("PARTNER_EXECUTIVE", partner)
    program = offering.program()
    assert offering.audience(executive, program, partner) is None
    assert offering.audience(offering.manager, program, partner) is not None
    nobody = "UGFydG5lcjpwdG4tMA=="
    assert offering.audience(offering.manager, program, nobody) is None


@pytest.mark.parametrize("role", ["SALES_REP", "PARTNER_EXECUTIVE"])
def test_a_company_that_is_paid_alone_needs_no_consent(quick_client: Client, role: str) -> None:
    offering = Offering(quick_client)
    offering.program("Rebate", COMPANY)
    told = offering.told(quick_client.person(role, quick_client.partner()), "Rebate")
    nothing = (False, ["NO_RULE"], "NOTHING")
    assert {"SALES_REP": nothing, "PARTNER_EXECUTIVE": (True, [], "EARNING")}[role] == told


REBATE: dict[str, Any] = {"rebate": {"period": "QUARTER", "bands": [{"start": 0, "rateBps": 100}]}}


def test_C15_a_rebate_that_needs_participation_says_so_until_the_company_takes_part(
    client: Client,
) -> None:
    """As rebateEligibility decides; the executive grants elsewhere, for which a rep waits."""
    offering = Offering(client)
    partner = client.partner()
    rep, executive = (
        client.person("SALES_REP", partner),
        client.person("PARTNER_EXECUTIVE", partner),
    )
    base = offering.program("Base")
    rule = paying("rebate", REBATE, level="PARTNER")
    rebate = offering.program("Rebate", rule, participationInId=base)
    asked = """query($p: ID!, $g: ID!) { rebateEligibility(partnerId: $p, programId: $g) {
        eligible } }"""

    def told() -> list[tuple[bool, list[str], str]]:
        found = client.query(executive, asked, p=partner, g=rebate)["rebateEligibility"]
        company = offering.told(executive, "Rebate")
        seen = offering.audience(offering.manager, rebate, partner)
        own = offering.one(executive, rebate)["offer"]
        assert found["eligible"] is company[0]
        for one in (seen, own):
            assert company == (one["eligible"], one["obstacles"], one["nextStep"])
        return [company, offering.told(rep, "Rebate")]

    document = (
        "query($id: ID!) { node(id: $id) { ... on Program { offer { participationIn { id } } } } }"
    )
    named = client.query(executive, document, id=rebate)["node"]["offer"]["participationIn"]
    listed = "{ viewer { programOffers { program { id } participationIn { id } } } }"
    offers = client.query(rep, listed)["viewer"]["programOffers"]
    nobody = told()
    client.consent(executive, partner, base, rep)
    client.world.wait()
    some = told()
    client.consent(executive, partner, base)
    client.world.wait()

    missing = (False, ["NO_PARTICIPATION"], "TAKE_PART")
    waiting = (False, ["NO_RULE", "NO_PARTICIPATION"], "WAIT_FOR_EXECUTIVE")
    assert [missing, waiting] == nobody == some
    assert [(True, [], "EARNING"), (False, ["NO_RULE"], "NOTHING")] == told()
    assert {"id": base} == named
    by_program = {one["program"]["id"]: one["participationIn"] for one in offers}
    assert {base: None, rebate: {"id": base}} == by_program
