"""Corrections by hand through the API: reversals, adjustments, disputes; and who sees what."""

import json
from datetime import timedelta
from typing import Any

import pytest

from portal_api.schema.ids import encoded, split
from tests.schema.client import Client, Person, usd
from tests.schema.planning import MILESTONES, paying
from tests.schema.selling import Selling, paid

DEALS = paying("deals", MILESTONES)
COMPANY = paying("company", {"flat": {"behavior": "DEAL_WON", "amount": "40.00"}}) | {
    "level": "PARTNER"
}
AMOUNT = "amount { money { amount } points }"
ADJUSTMENT = f"""adjustment {{ id status reason {AMOUNT} note proposedAt decidedAt program {{ id }}
    earning {{ id }} individual {{ id }} partner {{ id }} proposedBy {{ id }}
    decidedBy {{ id }} }}"""
DISPUTE = f"""dispute {{ id status reason openedAt dueAt overdue answer answeredAt earning {{ id }}
    individual {{ id }} partner {{ id }} answeredBy {{ id }} {ADJUSTMENT} }}"""
EARNING = f"""id status {AMOUNT} reversed {{ money {{ amount }} }} dispute {{ id status answer }}
    corrections {{ kind {AMOUNT} reason role correctedAt adjustment {{ id status }} }}"""
SUCCESSES = {
    "reverseEarning": f"... on EarningReversed {{ earning {{ {EARNING} }} }}",
    "proposeAdjustment": f"... on AdjustmentProposed {{ {ADJUSTMENT} }}",
    "approveAdjustment": f"""... on AdjustmentApproved {{ {ADJUSTMENT}
        balances {{ assetCode available {{ money {{ amount }} }} }} }}""",
    "rejectAdjustment": f"... on AdjustmentRejected {{ {ADJUSTMENT} }}",
    "openDispute": f"... on DisputeOpened {{ {DISPUTE} }}",
    "acceptDispute": f"... on DisputeAccepted {{ {DISPUTE} {ADJUSTMENT} }}",
    "rejectDispute": f"... on DisputeRejected {{ {DISPUTE} }}",
    "closeWallet": "... on WalletClosed { closedAt balances { owed { money { amount } } } }",
}
REFUSED = "... on NotFound { field } ... on InvalidInput { field }"


class Correcting(Selling):
    """A partner whose rep has two earnings and whose company has one; two managers."""

    def __init__(self, client: Client) -> None:
        super().__init__(client, DEALS, COMPANY)
        self.second = client.person("CHANNEL_MANAGER")
        self.rival = client.person("PARTNER_EXECUTIVE", client.partner(name="Rival"))
        self.deal = self.approved()
        self.win(self.deal)
        self.sale, self.registration = self.earnings(self.rep, "individual")
        (self.company_earning,) = self.earnings(self.executive, "partner")

    def earnings(self, who: Person, whose: str) -> list[str]:
        """The ids of somebody's earnings, newest first."""
        asked = f"{{ viewer {{ {whose} {{ earnings {{ edges {{ node {{ id }} }} }} }} }} }}"
        edges = self.client.query(who, asked)["viewer"][whose]["earnings"]["edges"]
        return [edge["node"]["id"] for edge in edges]

    def correct(self, mutation: str, who: Person | None = None, **given: Any) -> dict[str, Any]:
        """One correction, by the channel manager unless told otherwise."""
        told = f"{SUCCESSES[mutation]} {REFUSED}"
        return self.client.do(who or self.manager, mutation, told, **given)

    def propose(self, amount: str = "20.00", party: str | None = None, **given: Any) -> str:
        """An adjustment for the rep that waits; its id."""
        wish = {"programId": self.program, "amount": {"money": usd(amount)}, "reason": "A fair."}
        wish |= {"partyId": party or self.rep.id}
        answer = self.correct("proposeAdjustment", **wish | given)
        assert "AdjustmentProposed" == answer["__typename"], answer
        adjustment: str = answer["adjustment"]["id"]
        return adjustment

    def dispute(self, who: Person | None = None, earning: str | None = None) -> dict[str, Any]:
        """A dispute of the rep's sale."""
        given = {"earningId": earning or self.sale, "reason": "It was\nmore."}
        return self.correct("openDispute", who or self.rep, **given)

    def accept(self, dispute: str) -> dict[str, Any]:
        """A dispute that the channel manager accepts with 30.00."""
        amount, answer = {"money": usd("30.00")}, "You are right."
        return self.correct("acceptDispute", disputeId=dispute, amount=amount, answer=answer)

    def node(self, who: Person, node: str, told: str) -> dict[str, Any] | None:
        """Something with an id, as somebody sees it."""
        document = f"query($id: ID!) {{ node(id: $id) {{ id {told} }} }}"
        found: dict[str, Any] | None = self.client.query(who, document, id=node)["node"]
        return found

    def earning(self, who: Person, earning: str) -> dict[str, Any]:
        """An earning as somebody sees it."""
        found = self.node(who, earning, f"... on Earning {{ {EARNING} }}")
        assert found is not None
        return found

    def listed(self, who: Person, name: str) -> list[str] | None:
        """The ids on one of the vendor's lists."""
        asked = f"{{ viewer {{ {name} {{ edges {{ node {{ id }} }} }} }} }}"
        found = self.client.query(who, asked)["viewer"][name]
        return found and [edge["node"]["id"] for edge in found["edges"]]


def test_S6_an_adjustment_is_posted_by_a_second_person_and_seen_by_its_owner(
    client: Client,
) -> None:
    """20.00 more: proposed by one manager, approved by the other, and it names its earning."""
    shop = Correcting(client)
    adjustment = shop.propose(earningId=shop.sale)
    waiting = shop.listed(shop.second, "openAdjustments") or []
    alone = shop.correct("approveAdjustment", adjustmentId=adjustment)
    before = shop.balance(shop.rep)
    approved = shop.correct("approveAdjustment", shop.second, adjustmentId=adjustment)
    twice = shop.correct("approveAdjustment", shop.second, adjustmentId=adjustment)

    assert adjustment in waiting
    assert adjustment not in (shop.listed(shop.second, "openAdjustments") or [])
    assert ("SecondPersonRequired", "900.00") == (alone["__typename"], before)
    assert "AdjustmentDecided" == twice["__typename"]
    assert [{"assetCode": "USD", "available": {"money": {"amount": "920.00"}}}] == approved[
        "balances"
    ]
    shown = approved["adjustment"]
    assert ("APPROVED", {"id": shop.sale}) == (shown["status"], shown["earning"])
    assert [shop.manager.id, shop.second.id] == [
        shown[name]["id"] for name in ("proposedBy", "decidedBy")
    ]
    (correction,) = shop.earning(shop.rep, shop.sale)["corrections"]
    assert {
        "kind": "ADJUSTMENT",
        "amount": {"money": {"amount": "20.00"}, "points": None},
        "reason": "A fair.",
        "role": "CHANNEL_MANAGER",
        "correctedAt": correction["correctedAt"],
        "adjustment": {"id": adjustment, "status": "APPROVED"},
    } == correction


def test_S6_a_negative_one_takes_and_a_rejected_one_moves_nothing(client: Client) -> None:
    """What is not there is owed; no more than was paid; a company's is its executive's to see."""
    shop = Correcting(client)
    ask = "... on PayoutRequested { payout { id } }"
    client.do(shop.rep, "requestPayout", ask, amount={"money": usd("100.00")})
    wish: dict[str, Any] = {"programId": shop.program, "partyId": shop.rep.id, "reason": "Twice."}
    told = "... on ExceedsEarning { left { money { amount } } } ... on InvalidInput { field }"
    too_much, unfunded, of_earning = (
        client.do(shop.manager, "proposeAdjustment", told, **wish, amount={"money": money}, **more)
        for money, more in (
            (usd("-900.01"), {}),
            ({"amount": "-1.00", "currencyCode": "EUR"}, {}),
            (usd("-1.00"), {"earningId": shop.sale}),
        )
    )
    less = shop.propose("-900.00")
    shop.correct("approveAdjustment", shop.second, adjustmentId=less)
    company = shop.propose("5.00", shop.partner)
    rejected = shop.correct("rejectAdjustment", adjustmentId=company, reason="Not needed.")

    assert "900.00" == too_much["left"]["money"]["amount"]
    assert ["amount", "earningId"] == [one["field"] for one in (unfunded, of_earning)]
    assert ("0.00", "100.00") == tuple(
        shop.balance(shop.rep, name) for name in ("available", "owed")
    )
    note = rejected["adjustment"]["note"]
    assert ("REJECTED", "Not needed.") == (rejected["adjustment"]["status"], note)
    own = "{ viewer { partner { adjustments { edges { node { id status note } } } } } }"
    found = client.query(shop.executive, own)["viewer"]["partner"]["adjustments"]["edges"]
    assert [{"id": company, "status": "REJECTED", "note": None}] == [edge["node"] for edge in found]
    told = "adjustments { edges { node { id amount { money { amount } } } } }"
    mine = f"{{ viewer {{ individual {{ {told} }} }} }}"
    found = client.query(shop.rep, mine)["viewer"]["individual"]["adjustments"]
    amount = {"money": {"amount": "-900.00"}}
    assert [{"id": less, "amount": amount}] == [edge["node"] for edge in found["edges"]]


def test_S6_corrections_of_a_party_are_listed_for_whom_its_wallet_is_to_see(
    client: Client,
) -> None:
    """Its owner, the vendor, and executives for the company's: others get null, and no cursors."""
    shop = Correcting(client)
    mine = shop.dispute()["dispute"]["id"]
    ours = shop.dispute(shop.executive, shop.company_earning)["dispute"]["id"]
    lists = [
        [[mine], [shop.propose("2.00"), shop.propose("1.00")][::-1]],
        [[ours], [shop.propose("3.00", shop.partner)]],
    ]
    document = """query($person: ID!, $partner: ID!) {
        person: node(id: $person) { ... on Individual { ...theirs } }
        partner: node(id: $partner) { ... on Partner { ...ours } } }
      fragment theirs on Individual { disputes { edges { node { id } } }
        adjustments { edges { node { id } } } }
      fragment ours on Partner { disputes { edges { node { id } } }
        adjustments { edges { node { id } } } }"""

    def seen(who: Person) -> list[Any]:
        found = client.query(who, document, person=shop.rep.id, partner=shop.partner)
        return [
            [
                one[name] and [edge["node"]["id"] for edge in one[name]["edges"]]
                for name in ("disputes", "adjustments")
            ]
            for one in (found["person"], found["partner"])
            if one
        ]

    theirs, nothing = lists[0], [None, None]
    assert lists == seen(shop.manager)
    assert [theirs, nothing] == seen(shop.rep)
    assert [nothing, lists[1]] == seen(shop.executive)
    assert [nothing, nothing] == seen(shop.colleague)
    assert [] == seen(shop.rival)


def test_S6_an_entry_names_the_payout_or_the_adjustment_that_caused_it(client: Client) -> None:
    """As far as they are the viewer's to see, like the entry."""
    shop = Correcting(client)
    adjustment = shop.propose()
    shop.correct("approveAdjustment", shop.second, adjustmentId=adjustment)
    ask = "... on PayoutRequested { payout { id } }"
    payout = client.do(shop.rep, "requestPayout", ask, amount={"money": usd("1.00")})["payout"]
    asked = """query($month: String!) { viewer { individual { statement(month: $month) {
        entries { edges { node { kind payout { id } adjustment { id } } } } } } } }"""
    month = f"{client.world.now:%Y-%m}"
    found = client.query(shop.rep, asked, month=month)["viewer"]["individual"]["statement"]

    entries = [edge["node"] for edge in found["entries"]["edges"]]
    assert [
        {"kind": "REWARD", "payout": None, "adjustment": None},
        {"kind": "ADJUSTMENT", "payout": None, "adjustment": {"id": adjustment}},
        {"kind": "PAYOUT_HELD", "payout": payout, "adjustment": None},
    ] == entries[-3:]


def test_S6_a_reversal_takes_back_an_earning_once_and_says_why(client: Client) -> None:
    """A part, then all that is left; and the deal's return gives back no more than that."""
    shop = Correcting(client)
    wish: dict[str, Any] = {"earningId": shop.sale, "reason": "Not their sale."}
    part = shop.correct("reverseEarning", **wish, amount={"money": usd("250.00")})
    balance = shop.balance(shop.rep)
    whole = shop.correct("reverseEarning", **wish)
    again = shop.correct("reverseEarning", **wish)
    returned = shop.do("returnDeal", dealId=shop.deal)

    reversed_amounts = [
        answer["earning"]["reversed"]["money"]["amount"] for answer in (part, whole)
    ]
    assert ["250.00", "750.00"] == reversed_amounts
    assert ("650.00", "150.00") == (balance, shop.balance(shop.rep))
    assert "ExceedsEarning" == again["__typename"]
    assert [("TAKEN_BACK", "40.00")] == paid(returned)
    seen = shop.earning(shop.rep, shop.sale)
    assert ("REVERSED", ["REVERSAL"] * 2) == (
        seen["status"],
        [one["kind"] for one in seen["corrections"]],
    )
    assert ["-250.00", "-500.00"] == [
        one["amount"]["money"]["amount"] for one in seen["corrections"]
    ]
    assert {"Not their sale."} == {one["reason"] for one in seen["corrections"]}


def test_S6_a_closed_wallet_takes_nothing(client: Client) -> None:
    """Only an administrator closes it, empty, and only an administrator takes back of it."""
    shop = Correcting(client)
    wish: dict[str, Any] = {"partyId": shop.rep.id, "reason": "Left."}
    by_manager = shop.correct("closeWallet", **wish)
    full = shop.correct("closeWallet", client.admin, **wish)
    ask = "... on PayoutRequested { payout { id } }"
    payout = client.do(shop.rep, "requestPayout", ask, amount={"money": usd("900.00")})
    settled: dict[str, Any] = {
        "payoutId": payout["payout"]["id"],
        "paid": True,
        "reference": "bank-1",
    }
    client.do(shop.manager, "resolvePayout", "", **settled)
    closed_at = "{ viewer { individual { walletClosedAt } } }"
    before = client.query(shop.rep, closed_at)["viewer"]["individual"]["walletClosedAt"]
    closed = shop.correct("closeWallet", client.admin, **wish)
    shown = client.query(shop.rep, closed_at)["viewer"]["individual"]["walletClosedAt"]
    won = shop.win(shop.approved())
    proposal: dict[str, Any] = {"programId": shop.program, "amount": {"money": usd("1.00")}, **wish}
    refused = shop.correct("proposeAdjustment", **proposal)
    kept = shop.correct("reverseEarning", earningId=shop.sale, reason="Wrong.")
    shop.correct("reverseEarning", client.admin, earningId=shop.sale, reason="Wrong.")

    assert ["NotPermitted", "WalletNotEmpty", "WalletClosed"] == [
        answer["__typename"] for answer in (by_manager, full, closed)
    ]
    assert (None, closed["closedAt"]) == (before, shown)
    assert [("WITHHELD", "750.00"), ("AWARDED", "40.00")] == paid(won)
    assert ["AccountClosed"] * 2 == [answer["__typename"] for answer in (refused, kept)]
    assert "750.00" == shop.balance(shop.rep, "owed")


def test_S7_a_dispute_is_opened_by_the_owner_and_accepted_with_an_adjustment(
    client: Client,
) -> None:
    """In the order of when an answer is due; paid once a second person agrees."""
    shop = Correcting(client)
    opened = shop.dispute()
    client.world.wait()
    later = shop.dispute(shop.executive, shop.company_earning)["dispute"]["id"]
    again = shop.dispute()
    own = opened["dispute"]["id"]
    queue = [one for one in shop.listed(shop.second, "openDisputes") or [] if one in (own, later)]
    wish: dict[str, Any] = {
        "disputeId": own,
        "amount": {"money": usd("30.00")},
        "answer": "You are right.",
    }
    accepted = shop.correct("acceptDispute", **wish)
    adjustment = accepted["adjustment"]["id"]
    shop.correct("approveAdjustment", shop.second, adjustmentId=adjustment)

    due = client.world.now + timedelta(days=29)
    assert ("OPEN", due.isoformat().replace("+00:00", "Z"), False) == tuple(
        opened["dispute"][name] for name in ("status", "dueAt", "overdue")
    )
    assert "It was\nmore." == opened["dispute"]["reason"]
    assert ([own, later], "AlreadyDisputed") == (queue, again["__typename"])
    assert "930.00" == shop.balance(shop.rep)
    seen = shop.earning(shop.rep, shop.sale)
    assert {"id": own, "status": "ACCEPTED", "answer": "You are right."} == seen["dispute"]
    assert [adjustment] == [one["adjustment"]["id"] for one in seen["corrections"]]


def test_S7_a_dispute_is_rejected_with_a_reason_and_open_again_without_its_adjustment(
    client: Client,
) -> None:
    """What is not answered in 30 days is overdue."""
    shop = Correcting(client)
    own = shop.dispute()["dispute"]["id"]
    wish: dict[str, Any] = {
        "disputeId": own,
        "amount": {"money": usd("30.00")},
        "answer": "You are right.",
    }
    accepted = shop.correct("acceptDispute", **wish)
    proposed = {"adjustmentId": accepted["adjustment"]["id"], "reason": "They are not."}
    shop.correct("rejectAdjustment", shop.second, **proposed)
    client.world.wait(31)
    told = "... on Dispute { status overdue answer adjustment { id } }"
    open_again = shop.node(shop.rep, own, told)
    rejected = shop.correct("rejectDispute", disputeId=own, answer="It was less.")

    assert {
        "id": own,
        "status": "OPEN",
        "overdue": True,
        "answer": None,
        "adjustment": None,
    } == open_again
    assert ("REJECTED", "It was less.", False) == tuple(
        rejected["dispute"][name] for name in ("status", "answer", "overdue")
    )
    assert own not in (shop.listed(shop.manager, "openDisputes") or [])
    assert "900.00" == shop.balance(shop.rep)


def test_S7_a_colleague_an_executive_and_a_rival_find_neither_earning_nor_dispute(
    client: Client,
) -> None:
    """A person's is the person's; the company's is its executives'."""
    shop = Correcting(client)
    mine, ours = (
        shop.dispute(who, earning)["dispute"]["id"]
        for who, earning in ((shop.rep, shop.sale), (shop.executive, shop.company_earning))
    )
    my_adjustment, our_adjustment = shop.propose(), shop.propose(party=shop.partner)
    everybody = {
        "rep": shop.rep,
        "colleague": shop.colleague,
        "executive": shop.executive,
        "rival": shop.rival,
        "manager": shop.manager,
    }

    def seeing(node: str) -> set[str]:
        return {name for name, who in everybody.items() if shop.node(who, node, "")}

    assert [{"rep", "manager"}] * 2 == [seeing(node) for node in (mine, my_adjustment)]
    assert [{"executive", "manager"}] * 2 == [seeing(node) for node in (ours, our_adjustment)]
    for who in (shop.colleague, shop.executive, shop.rival):
        answer = shop.dispute(who, shop.registration)
        assert ("NotFound", "earningId") == (answer["__typename"], answer["field"])
    for who in (shop.rep, shop.executive, shop.rival):
        lists = [shop.listed(who, name) for name in ("openAdjustments", "openDisputes")]
        assert [None, None] == lists


def test_S7_the_vendor_s_people_are_no_names_to_a_rep(client: Client) -> None:
    """Neither who answered nor who proposed, approved or noted something."""
    shop = Correcting(client)
    own = shop.dispute()["dispute"]["id"]
    wish: dict[str, Any] = {
        "disputeId": own,
        "amount": {"money": usd("30.00")},
        "answer": "You are right.",
    }
    adjustment = shop.correct("acceptDispute", **wish)["adjustment"]["id"]
    shop.correct("approveAdjustment", shop.second, adjustmentId=adjustment)
    shop.correct("reverseEarning", earningId=shop.sale, reason="A mistake.")
    seen = [
        shop.node(shop.rep, own, f"... on Dispute {{ {_inside(DISPUTE)} }}"),
        shop.node(shop.rep, adjustment, f"... on Adjustment {{ {_inside(ADJUSTMENT)} }}"),
        shop.earning(shop.rep, shop.sale),
    ]

    told = json.dumps(seen)
    for person in (shop.manager, shop.second):
        assert person.id not in told
        assert person.user_name not in told
    hidden = ("proposedBy", "decidedBy", "note")
    assert [None] * 3 == [(seen[1] or {})[name] for name in hidden]
    assert (seen[0] or {})["answeredBy"] is None


def _inside(selection: str) -> str:
    """A selection without its field and braces."""
    return selection.partition("{")[2].rpartition("}")[0]


def test_S7_a_program_says_how_long_its_earnings_can_be_disputed(quick_client: Client) -> None:
    """90 days unless it says otherwise."""
    terms: dict[str, Any] = {
        "name": "Growth",
        "description": "Register early.",
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2027-01-01T00:00:00Z",
        "currencyCode": "USD",
        "terms": "Sell honestly.",
    }
    told = "... on ProgramCreated { program { disputeDays } } ... on InvalidInput { field }"
    answers = [
        quick_client.do(quick_client.admin, "createProgram", told, **terms | given)
        for given in ({}, {"disputeDays": 5}, {"disputeDays": 0})
    ]

    assert [90, 5] == [answer["program"]["disputeDays"] for answer in answers[:2]]
    assert "disputeDays" == answers[2]["field"]


def test_an_answer_that_is_asked_for_again_is_the_same(quick_client: Client) -> None:
    """Invariant L8: nothing is reversed, proposed or approved twice."""
    shop = Correcting(quick_client)
    requests: list[tuple[Person, str, dict[str, Any]]] = [
        (
            shop.manager,
            "reverseEarning",
            {"earningId": shop.sale, "reason": "A mistake.", "amount": {"money": usd("1.00")}},
        ),
        (shop.rep, "openDispute", {"earningId": shop.sale, "reason": "More."}),
        (shop.second, "approveAdjustment", {"adjustmentId": shop.propose()}),
    ]
    for who, mutation, given in requests:
        again = quick_client.request_id()
        told = SUCCESSES[mutation]
        answers = [quick_client.do(who, mutation, told, again=again, **given) for _ in range(2)]
        assert answers[0] == answers[1]
    assert "919.00" == shop.balance(shop.rep)


@pytest.mark.parametrize("kind", ["Team", "Program"])
def test_a_party_is_a_partner_or_a_person(quick_client: Client, kind: str) -> None:
    shop = Correcting(quick_client)
    asked = "{ viewer { partner { teams { id } } } }"
    team = quick_client.query(shop.rep, asked)["viewer"]["partner"]["teams"][0]["id"]
    party = {"Team": team, "Program": shop.program}[kind]
    answer = shop.correct("closeWallet", quick_client.admin, partyId=party, reason="Gone.")
    assert ("InvalidInput", "partyId") == (answer["__typename"], answer["field"])


def test_a_party_is_named_by_its_own_kind_and_partner(quick_client: Client) -> None:
    """A person is none of another partner's, and no company; what is not there is not found."""
    shop = Correcting(quick_client)
    partner, rep = split(shop.partner)[1], split(shop.rep.id)[1].rpartition(".")[2]
    other = split(quick_client.partner())[1]
    wish: dict[str, Any] = {"reason": "Gone."}
    proposal = wish | {"programId": shop.program, "amount": {"money": usd("1.00")}}
    for kind, named in (
        ("Partner", rep),
        ("Individual", f"{partner}.{partner}"),
        ("Individual", f"nowhere.{partner}"),
        ("Individual", f"{other}.{rep}"),
        ("Individual", f"vendor.{rep}"),
    ):
        party: dict[str, Any] = {"partyId": encoded(kind, named)}
        for answer in (
            shop.correct("closeWallet", quick_client.admin, **wish, **party),
            shop.correct("proposeAdjustment", **proposal, **party),
        ):
            assert ("NotFound", "partyId") == (answer["__typename"], answer["field"]), named
