"""Rebates through the API: who may accrue one when, and why; growth, and what explains it."""

import random
from datetime import timedelta
from typing import Any

import pytest

from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.schema.client import Client, Person, results, usd
from tests.schema.planning import create, paying, publish_plan
from tests.services.stores import CountingEngine
from tests.services.world import DAY, World

BANDS = [{"start": 0, "rateBps": 100}, {"start": 10_000_000, "rateBps": 300}]
REBATE = paying("rebate", {"rebate": {"period": "QUARTER", "bands": BANDS}}, level="PARTNER")
ELIGIBILITY = """query($partner: ID!, $program: ID!, $asOf: DateTime) {
  rebateEligibility(partnerId: $partner, programId: $program, asOf: $asOf) {
    asOf eligible program { name } plan { number }
    reasons { check holds message }
    participation { status since program { name } consent { id scope revokedAt } }
    standings { rule { code mechanic { ... on RebateMechanic { period growth } } } period
      revenue { amount } yearBefore { amount } yearBeforeDeclared band rateBps
      nextBandFrom { amount } missing { amount } overpaid { money { amount } points } }
  }
}"""


class Offer:
    """A company, a program for its people, and one whose rebate needs participation in that."""

    def __init__(self, client: Client, *rules: dict[str, Any], **given: Any) -> None:
        self.client = client
        self.manager, self.partner = client.person("CHANNEL_MANAGER"), client.partner()
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.rep = client.person("SALES_REP", self.partner)
        self.people = create(client, self.manager, name="People")
        self.program = create(
            client, self.manager, name="Rebates", participationInId=self.people, **given
        )
        published = publish_plan(client, self.manager, self.program, *(rules or (REBATE,)))
        assert "PlanPublished" == published["__typename"], published
        client.world.wait()

    def sell(self, amount: str = "80000.00") -> list[tuple[str, str, str | None]]:
        """A sale; status, amount and reason of what it accrues. ``last`` is its deal."""
        deal = self.last = self.client.register(self.rep, self.program, amount)
        won = self.client.win(self.manager, deal, amount)
        self.client.world.wait()
        return results(won)

    def consent(self) -> str:
        """The executive's consent of the whole company; its id."""
        answer = self.client.consent(self.executive, self.partner, self.people)
        self.client.world.wait()
        given: str = answer["consent"]["id"]
        return given

    def revoke(self, given: str) -> None:
        answer = self.client.do(self.executive, "revokeConsent", "", consentId=given)
        assert "ConsentRevoked" == answer["__typename"]
        self.client.world.wait()

    def seen(self, who: Person | None = None, days: int | None = None) -> Any:
        """The eligibility as somebody sees it, now or so many days ago (less than 0: to come)."""
        at = self.client.world.now
        as_of = None if days is None else (at - timedelta(days)).isoformat()
        given = {"partner": self.partner, "program": self.program, "asOf": as_of}
        return self.client.query(who or self.executive, ELIGIBILITY, **given)["rebateEligibility"]

    def status(self, days: int | None = None) -> tuple[bool, str]:
        """Whether the executive reads that it is eligible, and how it takes part."""
        seen = self.seen(days=days)
        return seen["eligible"], seen["participation"]["status"]


def test_C20_a_rebate_depends_on_participation_before_and_after_consent(client: Client) -> None:
    """The query says no, the sale is withheld; after the consent yes and paid: 1 % of 80,000.00."""
    offer = Offer(client)
    before, withheld = offer.status(), offer.sell()
    given = offer.consent()
    after, paid = offer.status(), offer.sell()
    seen = offer.seen()

    assert ((False, "NEVER_GRANTED"), (True, "TAKES_PART")) == (before, after)
    assert [("WITHHELD", "800.00", "NO_PARTICIPATION")] == withheld
    assert [("AWARDED", "800.00", None)] == paid
    assert {"id": given, "scope": "COMPANY", "revokedAt": None} == seen["participation"]["consent"]
    assert ["PROGRAM_OPEN", "REBATE_RULE", "PARTICIPATION"] == [
        one["check"]
        for one in seen["reasons"]
        if one["holds"] and one["check"] in ("PROGRAM_OPEN", "REBATE_RULE", "PARTICIPATION")
    ]
    assert seen["reasons"][-1]["message"].startswith("The company takes part in People, since 20")
    assert [
        {
            "rule": {"code": "rebate", "mechanic": {"period": "QUARTER", "growth": False}},
            "period": "Q2026-1",
            "revenue": {"amount": "80000.00"},
            "yearBefore": None,
            "yearBeforeDeclared": False,
            "band": 1,
            "rateBps": 100,
            "nextBandFrom": {"amount": "100000.00"},
            "missing": {"amount": "20000.00"},
            "overpaid": {"money": {"amount": "0.00"}, "points": None},
        }
    ] == seen["standings"]


def test_C20_in_a_period_only_the_revenue_of_covered_instants_counts(client: Client) -> None:
    """80,000.00 covered, 50,000.00 in the lapse, 40,000.00 covered: 800.00 and 200.00 + 600.00."""
    offer = Offer(client)
    given = offer.consent()
    first = offer.sell()
    offer.revoke(given)
    lapse, lapsed = offer.sell("50000.00"), offer.status()
    offer.consent()
    last = offer.sell("40000.00")

    assert [
        [("AWARDED", "800.00", None)],
        [("WITHHELD", "1100.00", "NO_PARTICIPATION")],
        [("AWARDED", "800.00", None)],
    ] == [first, lapse, last]
    assert (False, "REVOKED") == lapsed
    # Days ago: before the consent, under it, in the lapse, and under the second one.
    assert [
        (False, "NOT_YET"),
        (True, "TAKES_PART"),
        (False, "REVOKED"),
        (True, "TAKES_PART"),
        (True, "TAKES_PART"),
    ] == [offer.status(days) for days in (7, 5, 3, 0, -90)]
    assert ["120000.00"] == [one["revenue"]["amount"] for one in offer.seen()["standings"]]
    assert ["0.00"] == [one["revenue"]["amount"] for one in offer.seen(days=-90)["standings"]]


def test_C20_what_a_returned_sale_had_lifted_is_worked_off_and_shown(client: Client) -> None:
    """99,999.99 and 10,000.00 at 3 % of all; the first goes back: 2,200.00 too much are left."""
    bands = {"period": "QUARTER", "bands": BANDS, "retrospective": True}
    offer = Offer(client, paying("rebate", {"rebate": bands}, level="PARTNER"))
    offer.consent()
    offer.sell("99999.99")
    great = offer.last
    lifted = offer.sell("10000.00")
    returned = client.do(offer.manager, "returnDeal", "", dealId=great)
    client.world.wait()
    over = offer.seen()["standings"][0]
    worked_off = offer.sell("30000.00")

    assert "DealReturned" == returned["__typename"]
    assert [("AWARDED", "2300.00", None)] == lifted
    assert ("10000.00", 1) == (over["revenue"]["amount"], over["band"])
    assert {"amount": "2200.00"} == over["overpaid"]["money"]
    assert [("AWARDED", "0.00", None)] == worked_off
    left = offer.seen()["standings"][0]["overpaid"]["money"]
    assert {"amount": "1900.00"} == left


@pytest.mark.parametrize("seed", range(3))
def test_N2_a_rebate_is_paid_while_the_company_takes_part_and_not_otherwise(
    quick_client: Client, seed: int
) -> None:
    """Consents, revocations and sales in any order: each sale as the company stands at it."""
    draw, offer = random.Random(seed), Offer(quick_client)
    given: str | None = None
    for _ in range(14):
        if draw.random() < 0.4:
            if given is None:
                given = offer.consent()
            else:
                offer.revoke(given)
                given = None
            continue
        takes_part = given is not None
        ((status, _, reason),) = offer.sell("1000.00")
        assert ("AWARDED" if takes_part else "WITHHELD") == status
        assert (None if takes_part else "NO_PARTICIPATION") == reason
        assert takes_part is offer.status()[0]


def test_a_rebate_needs_all_else_too_and_each_is_told(quick_client: Client) -> None:
    client = quick_client
    silver = {"tiers": ["PLATINUM"], "types": ["VAR"], "regions": ["EMEA"]}
    offer = Offer(client, segment=silver)
    offer.consent()
    early = client.world.now - 400 * DAY
    seen = offer.seen()
    then = client.query(
        offer.manager,
        ELIGIBILITY,
        partner=offer.partner,
        program=offer.program,
        asOf=early.isoformat(),
    )["rebateEligibility"]

    assert ["TIER"] == [one["check"] for one in seen["reasons"] if not one["holds"]]
    assert not seen["eligible"]
    assert ["PROGRAM_OPEN", "TIER", "REBATE_RULE", "PARTICIPATION"] == [
        one["check"] for one in then["reasons"] if not one["holds"]
    ]
    assert (None, []) == (then["plan"], then["standings"])
    assert all(one["message"] for one in (*seen["reasons"], *then["reasons"]))


@pytest.mark.parametrize("who", ["rep", "rival", "stranger"])
def test_only_the_vendor_and_the_companys_executive_read_it(quick_client: Client, who: str) -> None:
    client = quick_client
    offer = Offer(client)
    rivals = client.partner(name="Rival")
    people = {
        "rep": offer.rep,
        "rival": client.person("PARTNER_EXECUTIVE", rivals),
        "stranger": client.person("SALES_REP", rivals),
    }

    assert offer.seen(people[who]) is None
    assert offer.seen(offer.manager) == offer.seen(offer.executive)


def test_it_is_read_in_two_waves(sqlite_engine: SqliteEngine) -> None:
    """Who asks, then all else at once."""
    counting = CountingEngine(sqlite_engine)
    offer = Offer(Client(World(TableStore(counting))))
    offer.consent()
    offer.sell()
    counting.forget()
    offer.seen()

    assert "RR" == counting.waves


def test_growth_is_declared_and_explained(client: Client) -> None:
    """3 % of all from as much as in the year before: 50,000.00 are declared, 80,000.00 sold."""
    bands = [{"start": 0, "rateBps": 100}, {"start": 10_000, "rateBps": 300}]
    growth = {"period": "QUARTER", "bands": bands, "growth": True, "retrospective": True}
    offer = Offer(client, paying("growth", {"rebate": growth}, level="PARTNER"))
    offer.consent()
    declared = client.do(
        offer.manager,
        "declareRebateBaseline",
        "... on RebateBaselineDeclared { baselines { period amount { amount } } }",
        partnerId=offer.partner,
        programId=offer.program,
        period="Q2025-1",
        amount=usd("50000.00"),
    )
    paid, seen = offer.sell(), offer.seen()["standings"][0]
    explained = """{ viewer { partner { earnings { edges { node { because
        explain { words replays consent { scope }
        inputs { period { name yearBefore { amount } yearBeforeDeclared }
                 counters { name value } } } } } } } } }"""
    edges = client.query(offer.executive, explained)["viewer"]["partner"]["earnings"]["edges"]
    explanation = edges[0]["node"]["explain"]

    assert [{"period": "Q2025-1", "amount": {"amount": "50000.00"}}] == declared["baselines"]
    assert [("AWARDED", "2400.00", None)] == paid
    assert ("50000.00", True, 2, None) == (
        seen["yearBefore"]["amount"],
        seen["yearBeforeDeclared"],
        seen["band"],
        seen["missing"],
    )
    assert {
        "name": "Q2026-1",
        "yearBefore": {"amount": "50000.00"},
        "yearBeforeDeclared": True,
    } == explanation["inputs"]["period"]
    assert (True, {"scope": "COMPANY"}) == (explanation["replays"], explanation["consent"])
    assert (
        "3 % of all 80000.00 USD is 2400.00 USD. Period Q2026-1: the bands are of the 50000.00 USD"
        " declared for the year before."
    ) == edges[0]["node"]["because"]
    assert any("consented on" in one and "the whole company" in one for one in explanation["words"])
