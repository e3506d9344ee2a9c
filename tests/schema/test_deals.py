"""Deals through the API: what they pay whom, who is protected, and who sees what."""

import json
from typing import Any

import pytest

from tests.schema.client import Client, Person, usd
from tests.schema.planning import MILESTONES, paying
from tests.schema.selling import Selling, paid, paid_to

DEALS = paying("deals", MILESTONES)
UPLIFT = paying(
    "sales", {"uplift": {"before": ["DEAL_REGISTERED"], "rateBps": 200, "upliftedBps": 300}}
)
PROOF = paying("proof", {"overlay": {"behavior": "PROOF", "amount": "100.00", "withinDays": 90}})
ACME = {"endCustomer": "Acme Corp.", "product": "Firewall"}
BASE, UPLIFTED = [("AWARDED", "600.00")], [("AWARDED", "900.00")]


def test_C3_registering_before_the_sale_raises_the_sale_and_nothing_else_does(
    client: Client,
) -> None:
    """2 % or 3 % of 30,000.00; an approval that came before and arrives late raises it then."""
    selling = Selling(client, UPLIFT)
    before = selling.win(selling.approved())
    unregistered = selling.register()
    never = selling.win(unregistered)
    client.world.wait()
    late = selling.do("approveDeal", dealId=unregistered)
    forgotten, then = selling.register(), client.world.now.isoformat()
    unknown = selling.win(forgotten)
    remembered = selling.do("approveDeal", dealId=forgotten, occurredAt=then)

    assert (UPLIFTED, BASE) == (paid(before), paid(never))
    assert ("APPROVED", []) == (late["deal"]["registration"], paid(late))
    assert (BASE, [("AWARDED", "300.00")]) == (paid(unknown), paid(remembered))
    assert "2400.00" == selling.balance(selling.rep)


def test_C3_somebody_elses_registration_does_not_raise_a_sellers_reward(client: Client) -> None:
    """The rep registered it and the colleague sold it: the base rate, for the colleague."""
    selling = Selling(client, UPLIFT)
    deal = selling.approved(credits=selling.shared(0, 1))

    assert [(selling.colleague.id, "AWARDED", "600.00")] == paid_to(selling.win(deal))
    assert ("0.00", "600.00") == tuple(map(selling.balance, (selling.rep, selling.colleague)))


def test_C4_milestones_pay_on_approval_and_on_winning_only(client: Client) -> None:
    """3 % of 30,000.00 is 900.00: nothing on submission or rejection, 150.00, then 750.00."""
    selling = Selling(client, DEALS)
    deal, other = selling.register(), selling.register()
    rejected = selling.do("rejectDeal", dealId=other, reason="Known to us.")
    approved = selling.do("approveDeal", dealId=deal)
    won = selling.win(deal)

    assert ("REJECTED", []) == (rejected["deal"]["registration"], paid(rejected))
    assert [("AWARDED", "150.00")] == paid(approved)
    assert [("AWARDED", "750.00")] == paid(won)
    assert "900.00" == selling.balance(selling.rep)


def test_C4_another_estimate_is_settled_with_the_last_step(quick_client: Client) -> None:
    """150.00 of 30,000.00 stay until it is won at 24,000.00: 720.00 in all."""
    selling = Selling(quick_client, DEALS)
    deal = selling.approved()
    changed = selling.do("changeDealAmount", selling.rep, dealId=deal, amount=usd("24000.00"))

    assert ("24000.00", []) == (changed["deal"]["amount"]["amount"], paid(changed))
    assert [("AWARDED", "570.00")] == paid(selling.win(deal, "24000.00"))


def test_C2_a_behavior_for_a_deal_is_pending_until_the_deal_is_decided(client: Client) -> None:
    """Available when its deal is won, cancelled when it is lost."""
    selling = Selling(client, PROOF)
    winner, loser = selling.register(), selling.register()
    proofs = [selling.prove(deal, f"proof of {deal}") for deal in (winner, loser)]
    assert [[("PENDING", "100.00")]] * 2 == [paid(proof) for proof in proofs]
    assert ("200.00", "0.00") == (
        selling.balance(selling.rep, "pending"),
        selling.balance(selling.rep),
    )

    won, lost = selling.win(winner), selling.do("loseDeal", dealId=loser)

    assert [("RELEASED", "100.00")] == paid(won)
    assert [("CANCELLED", "100.00")] == paid(lost)
    assert [("AVAILABLE", "100.00")] == selling.earned(selling.rep, winner)
    assert [("CANCELLED", "100.00")] == selling.earned(selling.rep, loser)
    assert ("0.00", "100.00") == (
        selling.balance(selling.rep, "pending"),
        selling.balance(selling.rep),
    )


def _stranger(client: Client) -> Person:
    return client.person("SALES_REP", client.partner(name="Rival"))


def _registered_by(selling: Selling, who: Person, **given: Any) -> dict[str, Any]:
    wish = {"programId": selling.program, "amount": usd("10.00"), **ACME, **given}
    return selling.do("registerDeal", who, **wish)


def test_S14_a_second_registration_is_refused_and_the_holder_hidden(client: Client) -> None:
    """However the customer is written; both submitted: the second approval is refused instead."""
    selling = Selling(client, DEALS)
    rival = _stranger(client)
    early = _registered_by(selling, rival)["deal"]["id"]
    deal = selling.approved(**ACME)

    again = {"endCustomer": " ACME  corp", "product": "firewall"}
    refused = [_registered_by(selling, rival, **again), selling.do("approveDeal", dealId=early)]

    told = "This customer and product are registered by somebody else already."
    conflict = {"__typename": "DealConflict", "code": "DEAL_CONFLICT", "message": told}
    assert [conflict] * 2 == refused
    assert deal not in json.dumps(refused)
    assert selling.seen(rival, deal) is None
    assert "DealRegistered" == _registered_by(selling, rival, product="Switch")["__typename"]


def test_S14_what_is_no_longer_protected_is_free(client: Client) -> None:
    """90 days after the approval the registration is EXPIRED, and others may register."""
    selling = Selling(client, DEALS)
    rival = _stranger(client)
    deal = selling.approved(**ACME)
    client.world.wait(89)
    assert "APPROVED" == (selling.seen(selling.rep, deal) or {})["registration"]
    assert "DealConflict" == _registered_by(selling, rival)["__typename"]
    client.world.wait()
    assert "EXPIRED" == (selling.seen(selling.rep, deal) or {})["registration"]
    theirs = _registered_by(selling, rival)
    assert "DealApproved" == selling.do("approveDeal", dealId=theirs["deal"]["id"])["__typename"]


QUEUE = "{ viewer { requestedExtensions { edges { node { id } } } } }"


def _queue(selling: Selling, who: Person) -> list[str] | None:
    """The deals that wait for an extension."""
    found = selling.client.query(who, QUEUE)["viewer"]["requestedExtensions"]
    return found and [edge["node"]["id"] for edge in found["edges"]]


def test_S14_an_extension_is_asked_for_by_the_owner_and_granted_by_the_vendor(
    client: Client,
) -> None:
    """It is on the vendor's list meanwhile; the customer stays protected until then."""
    selling = Selling(client, DEALS)
    deal, until = selling.approved(**ACME), selling.in_days(120)
    wish = {"dealId": deal, "until": until, "reason": "Their budget is in May."}
    asked = selling.do("requestExtension", selling.rep, **wish)
    assert "Their budget is in May." == asked["deal"]["extension"]["reason"]
    assert ([deal], None) == (_queue(selling, selling.manager), _queue(selling, selling.rep))

    granted = selling.do("approveExtension", dealId=deal)
    client.world.wait(100)

    assert [] == _queue(selling, selling.manager)
    assert granted["deal"]["extension"] is None
    assert until.replace("+00:00", "Z") == granted["deal"]["protectedUntil"]
    assert "DealConflict" == _registered_by(selling, _stranger(client))["__typename"]


def test_S14_a_declined_extension_and_a_closed_deal_leave_the_list(quick_client: Client) -> None:
    """What was declined can be asked for again; what is closed needs no answer."""
    selling = Selling(quick_client, DEALS)
    deal, other = selling.approved(**ACME), selling.approved(endCustomer="Other")
    for one in (deal, other):
        wish = {"dealId": one, "until": selling.in_days(120), "reason": "Later."}
        selling.do("requestExtension", selling.rep, **wish)
    before = (selling.seen(selling.rep, deal) or {})["protectedUntil"]
    declined = selling.do("declineExtension", dealId=deal)
    selling.win(other)

    assert (None, before) == (
        declined["deal"]["extension"],
        declined["deal"]["protectedUntil"],
    )
    assert [] == _queue(selling, selling.manager)
    assert "ExtensionNotRequested" == selling.do("approveExtension", dealId=deal)["__typename"]


def test_S14_a_protection_that_somebody_else_has_by_now_is_not_given_back(
    quick_client: Client,
) -> None:
    """An extension that comes too late is a conflict; a reopened deal goes on unprotected."""
    selling = Selling(quick_client, DEALS)
    slow, lost = selling.approved(**ACME), selling.approved(endCustomer="Other")
    selling.do("loseDeal", dealId=lost)
    wish = {"dealId": slow, "until": selling.in_days(200), "reason": "Slow."}
    selling.do("requestExtension", selling.rep, **wish)
    rival = _stranger(quick_client)
    taken = _registered_by(selling, rival, endCustomer="Other")["deal"]["id"]
    selling.do("approveDeal", dealId=taken)
    reopened = selling.do("reopenDeal", dealId=lost)
    quick_client.world.wait(90)
    theirs = _registered_by(selling, rival)["deal"]["id"]
    selling.do("approveDeal", dealId=theirs)

    assert "DealConflict" == selling.do("approveExtension", dealId=slow)["__typename"]
    assert ("APPROVED", "OPEN", None) == tuple(
        reopened["deal"][name] for name in ("registration", "stage", "protectedUntil")
    )


def test_S15_two_people_share_one_deal_and_see_only_their_own(client: Client) -> None:
    """60 : 40 of 900.00: 90.00 and 60.00, then 450.00 and 300.00, not a cent more."""
    selling = Selling(client, DEALS)
    both = (selling.rep, selling.colleague)
    deal = selling.register(credits=selling.shared(60, 40))
    approved = selling.do("approveDeal", dealId=deal)
    won = selling.win(deal)

    mine, theirs = (person.id for person in both)
    assert [(mine, "AWARDED", "90.00"), (theirs, "AWARDED", "60.00")] == paid_to(approved)
    assert [(mine, "AWARDED", "450.00"), (theirs, "AWARDED", "300.00")] == paid_to(won)
    assert [["90.00", "450.00"], ["60.00", "300.00"]] == [
        [amount for _, amount in selling.earned(person, deal)] for person in both
    ]
    assert 4 == len(selling.earned(selling.manager, deal))
    assert ["540.00", "360.00"] == [selling.balance(person) for person in both]
    told = "query($id: ID!) { node(id: $id) { ... on Activity { outcomes { because } } } }"
    words = [
        client.query(person, told, id=won["activity"]["id"])["node"]["outcomes"] for person in both
    ]
    assert ["540.00", "360.00"] == [
        word["because"].partition("your share of it ")[2][:6] for (word,) in words
    ]


def test_S15_a_shared_deal_is_seen_by_who_shares_it_and_by_no_other_colleague(
    quick_client: Client,
) -> None:
    """The executive sees who. A share that is taken away shows no more, unless it has earned."""
    selling = Selling(quick_client, DEALS)
    other = quick_client.person("SALES_REP", selling.partner)
    deal = selling.register(credits=selling.shared(60, 40))
    everybody = {
        "rep": selling.rep,
        "colleague": selling.colleague,
        "executive": selling.executive,
        "other": other,
    }

    def seeing() -> set[str]:
        return {name for name, who in everybody.items() if selling.seen(who, deal)}

    shared = seeing()
    alone = selling.do("creditDeal", selling.rep, dealId=deal, credits=[])
    taken_away = seeing()
    selling.do("creditDeal", selling.rep, dealId=deal, credits=selling.shared(60, 40))
    selling.do("approveDeal", dealId=deal)
    selling.do("creditDeal", selling.rep, dealId=deal, credits=[])
    assert {"rep", "colleague", "executive"} == shared == seeing()
    assert {"rep", "executive"} == taken_away
    credit = {"weight": 1, "individualId": selling.rep.id, "individual": {"name": "Robin Reyes"}}
    assert [credit] == alone["deal"]["credits"]
    assert (selling.seen(selling.executive, deal) or {})["earnings"] is None


def test_S15_a_deal_is_not_shared_with_strangers_nor_by_colleagues(quick_client: Client) -> None:
    """The first would not be found, the second does not find the deal; four people are too many."""
    selling = Selling(quick_client, DEALS)
    deal, stranger = selling.register(), _stranger(quick_client)
    shares = [{"individualId": stranger.id, "weight": 1}]
    by_rep = selling.do("creditDeal", selling.rep, dealId=deal, credits=shares)
    wish = {"programId": selling.program, "product": "P", "amount": usd("1.00")}
    registered = selling.do("registerDeal", selling.rep, **wish, credits=shares)
    by_colleague = selling.do("creditDeal", selling.colleague, dealId=deal, credits=[])
    people = [quick_client.person("SALES_REP", selling.partner) for _ in range(3)]
    many = [{"individualId": who.id, "weight": 1} for who in people]
    too_many = selling.do("creditDeal", selling.rep, dealId=deal, credits=many)
    twice = selling.do("creditDeal", selling.rep, dealId=deal, credits=2 * selling.shared(1, 0))

    assert [("NotFound", "credits"), ("NotFound", "credits"), ("NotFound", "dealId")] == [
        (answer["__typename"], answer["field"]) for answer in (by_rep, registered, by_colleague)
    ]
    assert [("InvalidInput", "credits")] * 2 == [
        (answer["__typename"], answer["field"]) for answer in (too_many, twice)
    ]


def test_S15_a_returned_deal_takes_back_and_a_reopened_one_pays_again(client: Client) -> None:
    """From each their winning part; the registration's is kept, as the plan says."""
    selling = Selling(client, DEALS)
    both = (selling.rep, selling.colleague)
    deal = selling.approved(credits=selling.shared(60, 40))
    selling.win(deal)
    returned = selling.do("returnDeal", dealId=deal)
    after_return = [selling.balance(person) for person in both]
    reopened = selling.do("reopenDeal", dealId=deal)
    again = selling.win(deal)

    parts = [("450.00", selling.rep.id), ("300.00", selling.colleague.id)]
    assert [(who, "TAKEN_BACK", amount) for amount, who in parts] == paid_to(returned)
    assert ("RETURNED", ["90.00", "60.00"]) == (returned["deal"]["stage"], after_return)
    assert ("OPEN", 1, []) == (
        reopened["deal"]["stage"],
        reopened["deal"]["reopened"],
        paid(reopened),
    )
    assert [(who, "AWARDED", amount) for amount, who in parts] == paid_to(again)
    assert ["540.00", "360.00"] == [selling.balance(person) for person in both]
    assert [("AVAILABLE", "90.00"), ("REVERSED", "450.00"), ("AVAILABLE", "450.00")] == (
        selling.earned(selling.rep, deal)
    )


def test_S10_a_consents_cap_limits_what_each_person_earns_under_it(client: Client) -> None:
    """200.00 each: 150.00 fit, the 750.00 do not and are withheld whole; the colleague's fit."""
    cap = {"money": usd("200.00")}
    selling = Selling(client, DEALS, caps=[cap])
    deal = selling.approved()
    won = selling.win(deal)
    colleagues = selling.register(credits=selling.shared(0, 1))

    (outcome,) = won["activity"]["outcomes"]
    assert ("WITHHELD", "CAP_REACHED") == (outcome["status"], outcome["reason"])
    assert [(selling.colleague.id, "AWARDED", "150.00")] == paid_to(
        selling.do("approveDeal", dealId=colleagues)
    )
    told = "{ viewer { partner { consents { caps { money { amount } points } } } } }"
    (consent,) = client.query(selling.executive, told)["viewer"]["partner"]["consents"]
    assert [{"money": {"amount": "200.00"}, "points": None}] == consent["caps"]


@pytest.mark.parametrize(
    "caps",
    [
        [{"points": 0}],
        [{"points": 5}, {"points": 6}],
        [
            {"money": {"amount": "1.00", "currencyCode": code}}
            for code in ("AUD", "CAD", "CHF", "EUR", "GBP", "USD")
        ],
    ],
    ids=["nothing", "twice", "six"],
)
def test_S10_caps_that_limit_nothing_are_invalid(
    quick_client: Client, caps: list[dict[str, Any]]
) -> None:
    selling = Selling(quick_client, DEALS)
    given: dict[str, Any] = {"partnerId": selling.partner, "programId": selling.program}
    told = "... on InvalidInput { field }"
    refused = quick_client.do(selling.executive, "grantConsent", told, **given, caps=caps)
    assert ("InvalidInput", "caps") == (refused["__typename"], refused["field"])
