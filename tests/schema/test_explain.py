"""Every earning is explained to the person who earned it, from what it kept, and replays."""

from typing import Any

from tests.schema.client import Client, Person, usd
from tests.schema.planning import MILESTONES, paying
from tests.schema.selling import Selling

DEALS = paying("deals", MILESTONES)
POINTS = paying("points", {"flat": {"behavior": "DEAL_WON", "amount": "50"}}, assetCode="POINTS")
COMPANY = paying("company", {"flat": {"behavior": "DEAL_WON", "amount": "10.00"}}, level="PARTNER")
EXPLAIN = """
    ruleCode status worth { amount currencyCode } consentId
    explain {
      words replays
      plan { number hash }
      rule { code mechanic { ... on MilestoneSplitMechanic { rateBps registrationWeight } } }
      inputs {
        deal { amount { amount } stage weights place closedAt history { behavior individualId } }
        paidBefore { step amount { money { amount } } }
        counters { name value } goal { code } share { members }
      }
      consent { id scope validFrom grantedBy { name } individuals { name }
                caps { money { amount } } }
    }
"""


def _explained(client: Client, who: Person, whose: str = "individual") -> list[dict[str, Any]]:
    """The viewer's or its company's earnings, the newest first."""
    document = f"{{ viewer {{ {whose} {{ earnings {{ edges {{ node {{ {EXPLAIN} }} }} }} }} }} }}"
    found = client.query(who, document)["viewer"][whose]["earnings"]["edges"]
    return [edge["node"] for edge in found]


def test_N8_an_earning_is_explained_to_who_earned_it_and_replays(client: Client) -> None:
    """In words: what happened, the rule, the consent, the arithmetic; in fields: the inputs."""
    selling = Selling(client, DEALS, POINTS, pointValue={"points": 100, "amount": usd("10.00")})
    deal = selling.approved(credits=selling.shared(60, 40))
    selling.win(deal)
    selling.do("returnDeal", dealId=deal)

    points, won, registered = _explained(client, selling.rep)
    explained, inputs = won["explain"], won["explain"]["inputs"]
    words = " ".join(explained["words"])

    assert [True] * 3 == [one["explain"]["replays"] for one in (points, won, registered)]
    assert ["REVERSED", "AVAILABLE"] == [won["status"], registered["status"]]
    for told in (
        'It was earned by "Deal won" (DEAL_WON) on 2026-01-07 at 09:00 (UTC), with a deal of 30000',
        'the rule "Deals" (deals) of plan version 1, in force from 2026-01-05 at 09:00 (UTC)',
        explained["plan"]["hash"],
        "Robin Reyes consented on 2026-01-05 at 09:00 (UTC), for the whole company",
        "3 % of 30000.00 USD is 900.00 USD, your share of it 540.00",
        "540.00 due, 90.00 paid before",
        "This earning is 450.00 USD, a part of 540.00 USD.",
        "All of it was taken back.",
    ):
        assert told in words
    rule = {"code": "deals", "mechanic": {"rateBps": 300, "registrationWeight": 1}}
    assert rule == explained["rule"]
    assert ("WON", [60, 40], 0) == tuple(
        inputs["deal"][name] for name in ("stage", "weights", "place")
    )
    did = [(entry["behavior"], entry["individualId"]) for entry in inputs["deal"]["history"]]
    assert [("DEAL_REGISTERED", selling.rep.id)] == did
    paid = [{"step": "DEAL_REGISTERED", "amount": {"money": {"amount": "90.00"}}}]
    assert (paid, []) == (inputs["paidBefore"], registered["explain"]["inputs"]["paidBefore"])
    assert ("COMPANY", won["consentId"]) == (
        explained["consent"]["scope"],
        explained["consent"]["id"],
    )


def test_C9_points_are_shown_with_their_worth_in_money(quick_client: Client) -> None:
    """100 points are 10.00 USD in this plan; half of the 50 points of the sale are its share."""
    rules = {"pointValue": {"points": 100, "amount": usd("10.00")}}
    selling = Selling(quick_client, DEALS, POINTS, **rules)
    selling.win(selling.approved())

    points, won, _ = _explained(quick_client, selling.rep)

    assert {"amount": "5.00", "currencyCode": "USD"} == points["worth"]
    assert "Under that plan version the points are worth 5.00 USD." in points["explain"]["words"]
    assert {"amount": "750.00", "currencyCode": "USD"} == won["worth"]


def test_N8_points_without_a_value_have_no_worth(quick_client: Client) -> None:
    selling = Selling(quick_client, DEALS, POINTS)
    selling.win(selling.approved())
    assert _explained(quick_client, selling.rep)[0]["worth"] is None


def test_N8_a_companys_earning_is_explained_to_its_executive(quick_client: Client) -> None:
    """It needs nobody's consent."""
    selling = Selling(quick_client, DEALS, COMPANY)
    selling.win(selling.approved(credits=selling.shared(60, 40)))

    (earning,) = _explained(quick_client, selling.executive, "partner")

    assert (True, None, None) == (
        earning["explain"]["replays"],
        earning["consentId"],
        earning["explain"]["consent"],
    )
    assert (
        "It is the company's own earning, which needs nobody's consent."
        in (earning["explain"]["words"])
    )


def test_N8_a_consent_shows_its_earner_nobody_else_that_it_names(quick_client: Client) -> None:
    """A consent for two people: each sees itself in it, the executive sees both."""
    selling = Selling(quick_client, DEALS)
    client, document = quick_client, "{ viewer { partner { consents { individuals { name } } } } }"
    client.do(
        selling.executive, "revokeConsent", "", consentId=_consents(client, selling.executive)[0]
    )
    client.consent(
        selling.executive, selling.partner, selling.program, selling.rep, selling.colleague
    )
    client.world.wait()
    selling.approved()

    (earning,) = _explained(client, selling.rep)
    consents = client.query(selling.executive, document)["viewer"]["partner"]["consents"]

    assert 1 == len(earning["explain"]["consent"]["individuals"])
    assert 2 == len(consents[1]["individuals"])


def _consents(client: Client, executive: Person) -> list[str]:
    """The ids of a company's consents."""
    document = "{ viewer { partner { consents { id } } } }"
    found = client.query(executive, document)["viewer"]["partner"]["consents"]
    return [consent["id"] for consent in found]
