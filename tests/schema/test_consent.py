"""Consent as executives, reps and the vendor live it through the API, on both engines."""

import itertools
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from graphql import GraphQLObjectType

from portal_api.domain.earnings import Earning
from portal_api.domain.ledger import Wallet
from portal_api.schema import build_schema
from portal_api.schema.ids import split
from portal_api.services.consent_dates import tell_due
from portal_api.services.store import Many, of_wallet
from tests.schema.client import Client, Person, results, usd
from tests.schema.wishes import Wish, id_paths
from tests.services.world import DAY

SCHEMA = build_schema()
REQUEST = """id status reason requestedAt answeredAt remindersSent lastRemindedAt expiresAt
    requestedBy { id } answeredBy { id } individuals { id } teams { name } program { name } """
CONSENT = """id scope roles termsVersion validFrom validTo coversFrom revokedAt active payee
    teams { id } individuals { id } renews { id } program { name } """
ASKED = f"... on ConsentRequested {{ consentRequest {{ {REQUEST} }} }}"
GRANTED = f"... on ConsentGranted {{ consent {{ {CONSENT} }} }}"
OWN = f"""query($status: ConsentRequestStatus) {{ viewer {{ individual {{
    consentRequests(status: $status) {{ {REQUEST} }} }} }} }}"""
COMPANY = f"""query($status: ConsentRequestStatus = PENDING) {{ viewer {{ partner {{
    participationPolicy consents {{ {CONSENT} }}
    consentRequests(status: $status) {{ {REQUEST} }} }} }} }}"""


def shown(at: datetime) -> str:
    """An instant as the schema shows it."""
    return at.isoformat().replace("+00:00", "Z")


class House:
    """A partner with its executive and a rep, and a funded program."""

    def __init__(self, client: Client, kind: str = "VAR", **program: Any) -> None:
        self.client = client
        self.manager, self.partner = client.person("CHANNEL_MANAGER"), client.partner(kind)
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.rep = client.person("SALES_REP", self.partner)
        self.program = client.program(self.manager, **program)

    def ask(self, who: Person, **given: Any) -> dict[str, Any]:
        return self.client.do(who, "requestConsent", ASKED, **self._here(), **given)

    def grant(self, **given: Any) -> dict[str, Any]:
        return self.client.do(self.executive, "grantConsent", GRANTED, **self._here(), **given)

    def decline(self, request: str, reason: str = "Not now.") -> dict[str, Any]:
        told = f"... on ConsentRequestDeclined {{ consentRequest {{ {REQUEST} }} }}"
        return self.client.do(
            self.executive,
            "declineConsentRequest",
            told,
            consentRequestId=request,
            reason=reason,
        )

    def train(self, event: str, rep: Person | None = None) -> tuple[str, str | None]:
        """What a training earns now: status and reason."""
        who = rep or self.rep
        (outcome,) = self.client.record(who, who, self.program, event)["activity"]["outcomes"]
        return outcome["status"], outcome["reason"]

    def own(self, who: Person | None = None, status: str | None = None) -> list[dict[str, Any]]:
        """A person's own requests."""
        found = self.client.query(who or self.rep, OWN, status=status)
        requests: list[dict[str, Any]] = found["viewer"]["individual"]["consentRequests"]
        return requests

    def company(self, **given: Any) -> dict[str, Any]:
        """What the executive sees."""
        found: dict[str, Any] = self.client.query(self.executive, COMPANY, **given)
        seen: dict[str, Any] = found["viewer"]["partner"]
        return seen

    def _here(self) -> dict[str, str]:
        return {"partnerId": self.partner, "programId": self.program}


def test_C17_nothing_is_earned_before_a_consent_and_nothing_after_its_end(client: Client) -> None:
    """WITHHELD with the reason, then paid, then WITHHELD again; what was earned stays."""
    house = House(client)
    client.enroll(house.rep, house.partner, house.program)
    steps = [house.train("1")]
    client.world.wait()
    granted = house.grant()
    steps.append(house.train("2"))
    client.world.wait()
    revoked = client.do(
        house.executive,
        "revokeConsent",
        f"... on ConsentRevoked {{ consent {{ {CONSENT} }} }}",
        consentId=granted["consent"]["id"],
    )
    steps.append(house.train("3"))

    none = ("WITHHELD", "NO_CONSENT")
    assert [none, ("AWARDED", None), none] == steps
    assert (True, False) == (granted["consent"]["active"], revoked["consent"]["active"])
    query = "{ viewer { individual { balances { available { points } } } } }"
    (balance,) = client.query(house.rep, query)["viewer"]["individual"]["balances"]
    assert 50 == balance["available"]["points"]


def test_C17_a_consent_is_for_a_company_for_teams_or_for_people_and_for_roles(
    client: Client,
) -> None:
    """Who is in the team and has the role when it acts; each is paid or not by that."""
    house = House(client)
    team = client.query(house.rep, "{ viewer { individual { team { id } } } }")
    north = team["viewer"]["individual"]["team"]["id"]
    engineer = client.person("SALES_ENGINEER", house.partner)
    for who in (house.rep, engineer):
        client.enroll(who, house.partner, house.program)
    granted = house.grant(teamIds=[north], roles=["SALES_REP"])["consent"]

    earned = [house.train("1"), house.train("2", engineer)]
    named = house.grant(individualIds=[engineer.id])["consent"]
    earned.append(house.train("3", engineer))

    assert [("AWARDED", None), ("WITHHELD", "NO_CONSENT"), ("AWARDED", None)] == earned
    assert ("TEAMS", ["SALES_REP"], [{"id": north}], []) == (
        granted["scope"],
        granted["roles"],
        granted["teams"],
        granted["individuals"],
    )
    assert ("INDIVIDUALS", [{"id": engineer.id}]) == (named["scope"], named["individuals"])
    assert 2 == len(house.company()["consents"])


def test_C17_a_consent_begins_later_ends_and_is_renewed(client: Client) -> None:
    """In force from ``validFrom`` to ``validTo``; the renewed one from then on."""
    house, world = House(client), client.world
    client.enroll(house.rep, house.partner, house.program)
    start, end = world.now + 7 * DAY, world.now + 40 * DAY
    given = house.grant(validFrom=start.isoformat(), validTo=end.isoformat())["consent"]
    earned = [(given["active"], house.train("1"))]
    world.now = start
    earned.append((house.company()["consents"][0]["active"], house.train("2")))
    renewed = client.do(
        house.executive,
        "renewConsent",
        f"... on ConsentRenewed {{ consent {{ {CONSENT} }} }}",
        consentId=given["id"],
    )["consent"]
    world.now = end
    earned.append((house.company()["consents"][1]["active"], house.train("3")))
    backdated = house.grant(validFrom=(world.now - timedelta(days=1)).isoformat())

    none, paid = ("WITHHELD", "NO_CONSENT"), ("AWARDED", None)
    assert [(False, none), (True, paid), (True, paid)] == earned
    assert ({"id": given["id"]}, given["validTo"], None) == (
        renewed["renews"],
        renewed["validFrom"],
        renewed["validTo"],
    )
    assert "InvalidInput" == backdated["__typename"]


def test_C17_a_renewal_that_has_not_begun_is_revoked_with_what_it_continues(
    client: Client,
) -> None:
    """The executive that ends a consent does not find it going on a week later."""
    house, world = House(client), client.world
    given = house.grant(validTo=(world.now + timedelta(days=7)).isoformat())["consent"]
    renewed = client.do(
        house.executive,
        "renewConsent",
        "... on ConsentRenewed { consent { id } }",
        consentId=given["id"],
    )["consent"]
    world.wait()
    revoked = client.do(
        house.executive,
        "revokeConsent",
        "... on ConsentRevoked { consent { id revokedAt } renewals { id revokedAt active } }",
        consentId=given["id"],
    )
    at = shown(world.now)
    world.now += timedelta(days=8)

    assert {"id": given["id"], "revokedAt": at} == revoked["consent"]
    assert [{"id": renewed["id"], "revokedAt": at, "active": False}] == revoked["renewals"]
    assert ("WITHHELD", "NO_CONSENT") == house.train("1")


def test_C17_a_first_consent_to_a_retroactive_program_pays_what_was_withheld(
    client: Client,
) -> None:
    """With the grant: the outcome of the activity and the balance tell it at once."""
    house = House(client, retroactive=True)
    client.enroll(house.rep, house.partner, house.program)
    since = client.world.now
    withheld = house.train("1")
    client.world.wait()
    refused = house.grant(coversFrom=since.isoformat(), payee="PARTNER")
    granted = house.grant(coversFrom=since.isoformat())["consent"]
    again = house.grant(coversFrom=since.isoformat())

    assert ("WITHHELD", "NO_CONSENT") == withheld
    assert ("NotRetroactive", "NotRetroactive") == (refused["__typename"], again["__typename"])
    assert (shown(since), shown(client.world.now)) == (granted["coversFrom"], granted["validFrom"])
    query = """{ viewer { individual {
        activities { edges { node { outcomes { status amount { points } } } } }
        earnings { edges { node { amount { points } } } } } } }"""
    seen = client.query(house.rep, query)["viewer"]["individual"]
    outcome = {"status": "AWARDED", "amount": {"points": 50}}
    assert [{"node": {"outcomes": [outcome]}}] == seen["activities"]["edges"]
    assert [{"node": {"amount": {"points": 50}}}] == seen["earnings"]["edges"]


@pytest.mark.parametrize("kind", ["DMR", "LAR"])
def test_C18_company_wide_partners_consent_as_a_whole_and_no_rep_starts_it(
    client: Client, kind: str
) -> None:
    """The rep is refused with the reason; the manager asks, the executive answers for all."""
    house = House(client, kind)

    refused = house.ask(house.rep)
    single = house.grant(individualIds=[house.rep.id])
    asked = house.ask(house.manager)["consentRequest"]
    seen = house.company()
    granted = house.grant()["consent"]

    assert ("SelfStartNotAllowed", "CompanyWideConsentRequired") == (
        refused["__typename"],
        single["__typename"],
    )
    assert kind in refused["message"]
    assert ("COMPANY_WIDE", [asked]) == (seen["participationPolicy"], seen["consentRequests"])
    assert ("PENDING", None, []) == (asked["status"], asked["requestedBy"], asked["individuals"])
    assert "COMPANY" == granted["scope"]
    after = house.company(status=None)
    assert ["GRANTED"] == [one["status"] for one in after["consentRequests"]]


def test_C18_a_rep_of_a_selective_partner_asks_and_reads_the_answer(client: Client) -> None:
    """PENDING to both, then DECLINED with the reason; asked again, the same request: GRANTED."""
    house = House(client)

    asked = house.ask(house.rep)["consentRequest"]
    waiting = house.own()
    (seen,) = house.company()["consentRequests"]
    client.world.wait()
    declined = house.decline(asked["id"], "Not before April.")["consentRequest"]
    answered = house.own()
    nothing = house.company()["consentRequests"]
    again = house.ask(house.rep)["consentRequest"]
    house.grant(individualIds=[house.rep.id])

    assert [asked] == waiting == [seen]
    assert ("PENDING", None, {"id": house.rep.id}, [{"id": house.rep.id}]) == (
        asked["status"],
        asked["reason"],
        asked["requestedBy"],
        asked["individuals"],
    )
    assert [declined] == answered
    assert ("DECLINED", "Not before April.", {"id": house.executive.id}) == (
        declined["status"],
        declined["reason"],
        declined["answeredBy"],
    )
    assert [] == nothing
    assert (asked["id"], "PENDING") == (again["id"], again["status"])
    assert [(again["id"], "GRANTED")] == [(one["id"], one["status"]) for one in house.own()]
    assert [again["id"]] == [one["id"] for one in house.own(status="GRANTED")]


def test_C18_a_request_is_reminded_of_withdrawn_and_expires(client: Client) -> None:
    house, world = House(client), client.world
    other = client.person("SALES_REP", house.partner)
    asked = house.ask(house.rep)["consentRequest"]
    mine = house.ask(other)["consentRequest"]
    told = "... on ConsentRequestWithdrawn { consentRequest { status } }"
    strange = client.do(house.rep, "withdrawConsentRequest", told, consentRequestId=mine["id"])
    withdrawn = client.do(other, "withdrawConsentRequest", told, consentRequestId=mine["id"])
    asked_at = world.now
    for days in (7, 14, 28, 59):
        world.now = asked_at + days * DAY
        tell_due(world.portal)
    (reminded,) = house.own()
    world.now = asked_at + 60 * DAY
    tell_due(world.portal)
    (expired,) = house.own()

    assert ("NotFound", "WITHDRAWN") == (
        strange["__typename"],
        withdrawn["consentRequest"]["status"],
    )
    assert asked["expiresAt"] == shown(world.now)
    assert ("PENDING", 3, shown(asked_at + 28 * DAY)) == (
        reminded["status"],
        reminded["remindersSent"],
        reminded["lastRemindedAt"],
    )
    assert ("EXPIRED", 3) == (expired["status"], expired["remindersSent"])


def test_C18_the_policy_of_a_type_is_data_that_an_administrator_sets(client: Client) -> None:
    """A default until then; what was granted before stands."""
    house = House(client)
    query = "{ participationPolicies { partnerType policy default } }"
    before = client.query(house.rep, query)["participationPolicies"]
    house.grant(individualIds=[house.rep.id])

    answer = client.do(
        client.admin,
        "setParticipationPolicy",
        "... on ParticipationPolicySet { participation { partnerType policy default } }",
        partnerType="VAR",
        policy="COMPANY_WIDE",
    )
    refused, seen = house.ask(house.rep), house.company()
    after = client.query(house.rep, query)["participationPolicies"]

    policies = {one["partnerType"]: one["policy"] for one in before}
    wide = {kind for kind, policy in policies.items() if policy == "COMPANY_WIDE"}
    assert ({"DMR", "LAR"}, 7) == (wide, len(policies))
    assert all(one["default"] for one in before)
    assert {"partnerType": "VAR", "policy": "COMPANY_WIDE", "default": False} == answer[
        "participation"
    ]
    assert [answer["participation"]] == [one for one in after if not one["default"]]
    assert "SelfStartNotAllowed" == refused["__typename"]
    assert ("COMPANY_WIDE", [True]) == (
        seen["participationPolicy"],
        [one["active"] for one in seen["consents"]],
    )


class Earned:
    """A rep that has earned 150.00 and 50 points as its own, and asked for 10.00 of it."""

    def __init__(self, client: Client) -> None:
        self.client, self.house = client, House(client)
        house = self.house
        self.rep = house.rep
        self.consent = house.grant()["consent"]["id"]
        client.enroll(self.rep, house.partner, house.program)
        client.world.wait()
        self.deal = client.register(self.rep, house.program)
        client.approve(house.manager, self.deal)
        told = "... on ActivityRecorded { activity { id } }"
        self.activity = client.do(
            self.rep,
            "recordActivity",
            told,
            individualId=self.rep.id,
            programId=house.program,
            behavior="TRAINING",
            sourceEventId="1",
        )["activity"]["id"]
        self.payout = client.do(
            self.rep,
            "requestPayout",
            "... on PayoutRequested { payout { id } }",
            amount={"money": usd("100.00")},
        )["payout"]["id"]

    def kept(self) -> tuple[Any, ...]:
        """The rep's wallet with its chain's head, and all its earnings, as they are stored."""
        world, rep = self.client.world, self.rep.user_name
        want = Many(Earning, of_wallet(rep))
        return world.load(Wallet, rep), world.store.read([want])[want].records

    def earning(self) -> str:
        query = "{ viewer { individual { earnings { edges { node { id } } } } } }"
        seen = self.client.query(self.rep, query)["viewer"]["individual"]["earnings"]["edges"]
        found: str = seen[0]["node"]["id"]
        return found


def test_C19_no_consent_given_later_moves_what_an_individual_has_earned(client: Client) -> None:
    """The payee of what is earned from then on changes; of what was, nobody changes it."""
    earned = Earned(client)
    house, before = earned.house, earned.kept()

    client.do(house.executive, "revokeConsent", "", consentId=earned.consent)
    house.grant(payee="PARTNER")
    after = earned.kept()
    wishes: tuple[dict[str, Any], ...] = (
        {"partyId": earned.rep.id},
        {"partyId": earned.rep.id, "payee": "PARTNER"},
        {"partyId": house.partner},
        {"company": True},
        {},
    )
    amount = {"money": usd("50.00")}
    attempts = [
        client.do(house.executive, "requestPayout", "", amount=amount, **wish) for wish in wishes
    ]
    cancelled = client.do(house.executive, "cancelPayout", "", payoutId=earned.payout)
    own = client.do(
        earned.rep,
        "requestPayout",
        "... on PayoutRequested { payout { amount { money { amount } } } }",
        amount=amount,
    )

    assert before == after
    refused = {"NotPermitted", "NotFound", "InsufficientBalance", "InvalidInput"}
    assert {one["__typename"] for one in (*attempts, cancelled)} <= refused
    assert "50.00" == own["payout"]["amount"]["money"]["amount"]


LAST = ("revokeConsent", "changeEmployment", "endEmployment")
"""What an executive may do to what comes later: tried after all else, which it would prevent."""


def test_C19_whatever_an_executive_a_colleague_or_another_company_does_it_stays(
    quick_client: Client,
) -> None:
    """Every mutation that there is, with everything that names the rep and what it has."""
    client, earned = quick_client, Earned(quick_client)
    house = earned.house
    abroad = client.partner()
    others = (
        house.executive,
        client.person("SALES_REP", house.partner),
        client.person("PARTNER_EXECUTIVE", abroad),
    )
    ids = {
        "Partner": house.partner,
        "Individual": earned.rep.id,
        "Program": house.program,
        "Deal": earned.deal,
        "Activity": earned.activity,
        "Consent": earned.consent,
        "Payout": earned.payout,
        "Earning": earned.earning(),
    }
    before = earned.kept()
    mutations = SCHEMA._schema.mutation_type
    assert isinstance(mutations, GraphQLObjectType)
    names = sorted(mutations.fields, key=lambda name: (name in LAST, LAST.count(name), name))
    answered: set[tuple[str, str]] = set()
    for name in names:
        arguments = mutations.fields[name].args
        for of, every in itertools.product(("Individual", "Partner"), (True, False)):
            paths = id_paths(arguments) if every else ()
            given = {path: _fitting(path[-1], of, ids) for path in paths}
            needed = partial(_fitting, of=of, ids=ids)
            wish = Wish(arguments, given, needed).made()["input"]
            del wish["requestId"]
            for who in others:
                answer = client.do(who, name, "", **wish)
                answered.add((name, answer["__typename"]))
                assert before == earned.kept(), (name, wish, answer)

    done = {name for name, kind in answered if kind not in _REFUSALS}
    assert {"revokeConsent", "endEmployment", "grantConsent"} <= done, "the attempts were real"


_REFUSALS = {
    name
    for name in SCHEMA._schema.type_map
    if any(
        one.name == "Refusal" for one in getattr(SCHEMA._schema.type_map[name], "interfaces", ())
    )
}


def _fitting(name: str, of: str, ids: dict[str, str]) -> str:
    """The id of the rep's that an argument of that name is for."""
    if name in ("partyId", "walletId", "ownerId"):
        return ids[of]
    kind = name.removesuffix("Ids").removesuffix("Id")
    return ids.get(kind[0].upper() + kind[1:], ids["Individual"])


def test_N1_every_individual_earning_names_the_consent_that_allowed_it(client: Client) -> None:
    """Its id and version, in force at the activity's instant, explained to who earned it."""
    house = House(client)
    client.enroll(house.rep, house.partner, house.program)
    granted = house.grant(payee="PARTNER")["consent"]
    client.world.wait()
    deal = client.register(house.rep, house.program)
    approved = client.approve(house.manager, deal)

    explained = """query($id: ID!) { node(id: $id) { ... on Earning { explain {
        consent { id validFrom payee active } } } } }"""
    ids = "{ viewer { individual { earnings { edges { node { id } } } } } }"
    seen = client.query(house.rep, ids)
    (edge,) = seen["viewer"]["individual"]["earnings"]["edges"]
    found = client.query(house.rep, explained, id=edge["node"]["id"])["node"]["explain"]

    assert [("AWARDED", "150.00", None)] == results(approved)
    assert {
        "id": granted["id"],
        "validFrom": granted["validFrom"],
        "payee": "PARTNER",
        "active": True,
    } == found["consent"]
    earning = client.world.load(Earning, split(edge["node"]["id"])[1])
    assert earning is not None
    assert split(granted["id"])[1] == earning.trace.consent_id
    assert 1 == earning.trace.consent_version


def test_terms_change_by_versions_that_everybody_reads(client: Client) -> None:
    """The next version needs consent and acceptance anew; the former text is kept."""
    house, world = House(client), client.world
    client.enroll(house.rep, house.partner, house.program)
    house.grant()
    world.wait()
    paid = house.train("1")
    query = """query($id: ID!) { node(id: $id) { ... on Program { termsVersion terms
        disclosesAmounts retroactive participationIn { id }
        termsVersions { version terms disclosesAmounts inForceFrom inForceTo } } } }"""

    updated = client.do(
        house.manager,
        "updateTerms",
        "... on TermsUpdated { program { termsVersion disclosesAmounts } }",
        programId=house.program,
        terms="Sell very honestly.",
        disclosesAmounts=True,
    )
    world.wait()
    withheld = house.train("2")
    seen = client.query(house.rep, query, id=house.program)["node"]

    assert ("AWARDED", None) == paid
    assert ("WITHHELD", "NO_CONSENT") == withheld
    assert {"termsVersion": 2, "disclosesAmounts": True} == updated["program"]
    since = shown(world.now - DAY)
    assert [
        (1, "Sell honestly.", False, None, since),
        (2, "Sell very honestly.", True, since, None),
    ] == [tuple(one.values()) for one in seen["termsVersions"]]
    assert (2, "Sell very honestly.", False, None) == (
        seen["termsVersion"],
        seen["terms"],
        seen["retroactive"],
        seen["participationIn"],
    )


def test_a_program_names_the_one_in_which_a_company_must_take_part(quick_client: Client) -> None:
    client = quick_client
    house = House(client)
    rebate = client.program(house.manager, participationInId=house.program, name="Rebate")
    query = "query($id: ID!) { node(id: $id) { ... on Program { participationIn { id } } } }"

    for who in (house.manager, house.rep):
        seen = client.query(who, query, id=rebate)["node"]
        assert {"id": house.program} == seen["participationIn"]


def test_colleagues_see_no_requests_of_each_other_and_no_consents(quick_client: Client) -> None:
    """A rep has its own; the lists of its company are its executive's and the vendor's."""
    client = quick_client
    house = House(client)
    other = client.person("SALES_REP", house.partner)
    house.ask(house.rep)

    seen = client.query(other, COMPANY)["viewer"]["partner"]

    assert (None, None) == (seen["consents"], seen["consentRequests"])
    assert [] == house.own(other)
    by_id = "query($id: ID!) { node(id: $id) { ... on Individual { consentRequests { id } } } }"
    for who, expected in ((other, None), (house.executive, None), (house.manager, 1)):
        found = client.query(who, by_id, id=house.rep.id)["node"]["consentRequests"]
        assert expected == (found and len(found))


def test_earlier_enrollments_are_shown(quick_client: Client) -> None:
    client, house = quick_client, House(quick_client)
    client.enroll(house.rep, house.partner, house.program)
    first_day = client.world.now
    client.world.wait(2)
    client.do(house.rep, "endEnrollment", "", partnerId=house.partner, programId=house.program)
    client.world.wait()
    client.enroll(house.rep, house.partner, house.program)

    query = """{ viewer { individual { enrollments {
        enrolledAt earlier { enrolledAt withdrawnAt termsVersion } } } } }"""
    (seen,) = client.query(house.rep, query)["viewer"]["individual"]["enrollments"]
    assert shown(client.world.now) == seen["enrolledAt"]
    assert [
        {
            "enrolledAt": shown(first_day),
            "withdrawnAt": shown(first_day + 2 * DAY),
            "termsVersion": 1,
        }
    ] == seen["earlier"]
