"""Claims through the API: who claims, who decides, who sees what, and what is paid."""

from datetime import timedelta
from typing import Any

import pytest

from portal_api.schema.ids import encoded
from tests.schema.client import Client, Person

QUEUE = """query($first: Int! = 20, $after: String) { viewer {
    claimsToReview(first: $first, after: $after) { pageInfo { hasNextPage endCursor }
        edges { node { id status near overdue reviewBy similarClaim { id }
                       individual { id } proof { invoice } } } } } }"""
SHOWN = "claim { id status rejectionCode rejectionReason decidedAt }"
PAID = "activity { occurredAt outcomes { status amount { points } } }"
FIFTY = [{"status": "AWARDED", "amount": {"points": 50}}]


class Cast:
    """A company in a program that pays 50 points for a training that is claimed with proof."""

    def __init__(self, client: Client, **behavior: Any) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        self.partner = client.partner()
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.rep, self.colleague = (client.person("SALES_REP", self.partner) for _ in range(2))
        self.engineer = client.person("SALES_ENGINEER", self.partner)
        self.program = client.program(self.manager)
        client.behavior(self.manager, **{"evidenceNeeded": True, **behavior})
        client.consent(self.executive, self.partner, self.program)
        for person in (self.rep, self.colleague, self.engineer):
            client.enroll(person, self.partner, self.program)

    def claim(self, who: Person, invoice: str | None, **given: Any) -> dict[str, Any]:
        return self.client.claim(who, self.program, invoice, **given)

    def approve(self, who: Person, claim: str) -> dict[str, Any]:
        told = f"... on ClaimApproved {{ {SHOWN} {PAID} }}"
        return self.client.do(who, "approveClaim", told, claimId=claim)

    def reject(self, who: Person, claim: str) -> dict[str, Any]:
        told = f"... on ClaimRejected {{ {SHOWN} }}"
        given = {"claimId": claim, "code": "UNREADABLE_PROOF", "reason": "Too dark."}
        return self.client.do(who, "rejectClaim", told, **given)

    def queue(self, **page: Any) -> list[dict[str, Any]]:
        """The claims of this company's people that wait: the queue is the whole vendor's."""
        found = self.client.query(self.manager, QUEUE, **page)["viewer"]["claimsToReview"]
        people = {self.rep.id, self.colleague.id, self.engineer.id}
        nodes = [edge["node"] for edge in found["edges"]]
        return [node for node in nodes if node["individual"]["id"] in people]

    def points(self, who: Person) -> int:
        document = "{ viewer { individual { balances { assetCode available { points } } } } }"
        balances = self.client.query(who, document)["viewer"]["individual"]["balances"]
        return sum(one["available"]["points"] for one in balances if one["assetCode"] == "POINTS")


def test_S1_claims_with_proof_are_paid_once_a_manager_approves_them(client: Client) -> None:
    """Submitted, seen in the queue with its proof, approved as of when it occurred."""
    cast = Cast(client, review=True)
    occurred_at = client.world.now.isoformat()
    client.world.wait()

    claimed = cast.claim(cast.rep, "INV-1", occurredAt=occurred_at)

    assert ("IN_REVIEW", None) == (claimed["claim"]["status"], claimed["activity"])
    assert 0 == cast.points(cast.rep)
    (waiting,) = cast.queue()
    assert (claimed["claim"]["id"], cast.rep.id, "INV-1", False) == (
        waiting["id"],
        waiting["individual"]["id"],
        waiting["proof"]["invoice"],
        waiting["overdue"],
    )
    approved = cast.approve(cast.manager, waiting["id"])
    assert "APPROVED" == approved["claim"]["status"]
    assert FIFTY == approved["activity"]["outcomes"]
    assert occurred_at.replace("+00:00", "Z") == approved["activity"]["occurredAt"]
    assert [] == cast.queue()
    assert "ClaimDecided" == cast.approve(cast.manager, waiting["id"])["__typename"]
    assert 50 == cast.points(cast.rep)


def test_S1_claims_with_proof_need_no_review_where_their_behavior_says_so(
    quick_client: Client,
) -> None:
    """Approved and paid in the same request; the same request again pays nothing more."""
    cast = Cast(quick_client)
    again = quick_client.request_id()

    answers = [cast.claim(cast.rep, " INV-1 ", again=again) for _ in range(2)]

    assert answers[0] == answers[1]
    assert ("APPROVED", {"invoice": "INV-1", "serials": []}) == (
        answers[0]["claim"]["status"],
        answers[0]["claim"]["proof"],
    )
    assert ("claim", FIFTY) == (
        answers[0]["activity"]["source"],
        answers[0]["activity"]["outcomes"],
    )
    assert 50 == cast.points(cast.rep)


def test_S1_claims_with_proof_are_rejected_with_a_code_and_a_reason_and_made_again(
    client: Client,
) -> None:
    """The claimant reads why, and claims the same sale again."""
    cast = Cast(client, review=True)
    claim = cast.claim(cast.rep, "INV-1")["claim"]["id"]

    rejected = cast.reject(cast.manager, claim)

    assert ("REJECTED", "UNREADABLE_PROOF", "Too dark.") == (
        rejected["claim"]["status"],
        rejected["claim"]["rejectionCode"],
        rejected["claim"]["rejectionReason"],
    )
    mine = """{ viewer { individual { claims { edges { node {
        id rejectionCode rejectionReason activity { id } } } } } } }"""
    (edge,) = client.query(cast.rep, mine)["viewer"]["individual"]["claims"]["edges"]
    told = {"id": claim, "rejectionCode": "UNREADABLE_PROOF", "rejectionReason": "Too dark."}
    assert told | {"activity": None} == edge["node"]
    second = cast.claim(cast.rep, "INV-1")["claim"]["id"]
    assert FIFTY == cast.approve(cast.manager, second)["activity"]["outcomes"]


def test_S1_claims_with_proof_have_a_deadline_and_so_has_their_review(quick_client: Client) -> None:
    """Claimed within 10 days, decided within 14: the queue says what is overdue, oldest first."""
    cast = Cast(quick_client, review=True, claimWithinDays=10)
    world = quick_client.world
    first = cast.claim(cast.rep, "INV-1")["claim"]
    assert (world.now + timedelta(days=14)).isoformat().replace("+00:00", "Z") == first["reviewBy"]
    world.wait(10)
    occurred_at = (world.now - timedelta(days=11)).isoformat()
    late = cast.claim(cast.rep, "INV-22", occurredAt=occurred_at)
    deadline = (world.now - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert ("ClaimTooLate", deadline) == (late["__typename"], late["deadline"])
    second = cast.claim(cast.rep, "INV-22")["claim"]
    world.wait(5)

    assert [(first["id"], True), (second["id"], False)] == [
        (one["id"], one["overdue"]) for one in cast.queue()
    ]
    assert [first["id"]] == [one["id"] for one in cast.queue(first=1)]


def test_S1_claims_with_proof_are_decided_by_somebody_else(quick_client: Client) -> None:
    """A manager who submitted it for a rep does not approve it; another one does."""
    cast = Cast(quick_client, review=True)
    claim = cast.claim(cast.manager, "INV-1", individualId=cast.rep.id)["claim"]["id"]

    assert "OwnClaim" == cast.approve(cast.manager, claim)["__typename"]
    assert "OwnClaim" == cast.reject(cast.manager, claim)["__typename"]
    assert "NotPermitted" == cast.approve(cast.executive, claim)["__typename"]
    assert FIFTY == cast.approve(quick_client.admin, claim)["activity"]["outcomes"]


@pytest.mark.parametrize("proof", [{}, {"fileReference": "scan.pdf"}, {"invoice": " "}])
def test_S1_claims_with_proof_need_an_invoice_or_serial_where_the_behavior_says_so(
    quick_client: Client, proof: dict[str, Any]
) -> None:
    """What proves nothing is invalid input; a serial number is as good as an invoice."""
    cast = Cast(quick_client)

    assert "InvalidInput" == cast.claim(cast.rep, None, proof=proof)["__typename"]
    serial = {"serials": ["SN-1", "SN-3"]}
    assert FIFTY == cast.claim(cast.rep, None, proof=serial)["activity"]["outcomes"]


def test_S2_evidence_proves_one_claim_of_each_role(client: Client) -> None:
    """A colleague's second claim of the invoice is refused; the engineer's own is paid."""
    cast = Cast(client)
    assert FIFTY == cast.claim(cast.rep, "INV-1")["activity"]["outcomes"]

    refused = cast.claim(cast.colleague, "INV-1")

    assert ("EvidenceAlreadyUsed", "INV-1") == (refused["__typename"], refused["evidence"])
    assert "Robin" not in refused["message"]
    assert FIFTY == cast.claim(cast.engineer, "INV-1")["activity"]["outcomes"]
    assert [50, 0, 50] == [cast.points(who) for who in (cast.rep, cast.colleague, cast.engineer)]


def test_S2_evidence_that_is_nearly_the_same_is_held_and_only_the_vendor_is_told_why(
    client: Client,
) -> None:
    """Case, space and two swapped digits; the reviewer sees which claim it looks like."""
    cast = Cast(client)
    first = cast.claim(cast.rep, "INV-2043")["claim"]["id"]

    held = [cast.claim(cast.colleague, written) for written in ("inv 2043", "INV-2034")]

    for one in held:
        assert ("IN_REVIEW", None, None) == (
            one["claim"]["status"],
            one["claim"]["near"],
            one["activity"],
        )
    assert [("INVOICE", first), ("INVOICE", first)] == [
        (one["near"], one["similarClaim"]["id"]) for one in cast.queue()
    ]
    assert 0 == cast.points(cast.colleague)
    assert FIFTY == cast.approve(cast.manager, held[1]["claim"]["id"])["activity"]["outcomes"]


def test_a_claim_is_seen_by_its_person_and_the_vendor_and_without_proof_by_the_executive(
    quick_client: Client,
) -> None:
    """A colleague and another company see nothing of it, and the queue is the vendor's."""
    cast = Cast(quick_client, review=True)
    claim = cast.claim(cast.rep, "INV-1")["claim"]["id"]
    cast.reject(cast.manager, claim)
    stranger = quick_client.person("PARTNER_EXECUTIVE", quick_client.partner())
    document = """query($id: ID!) { node(id: $id) { ... on Claim {
        behavior status proof { invoice } rejectionReason program { id } } } }"""

    def seen(who: Person) -> dict[str, Any] | None:
        found: dict[str, Any] | None = quick_client.query(who, document, id=claim)["node"]
        return found

    shown = {"behavior": "TRAINING", "status": "REJECTED", "program": {"id": cast.program}}
    full = shown | {"proof": {"invoice": "INV-1"}, "rejectionReason": "Too dark."}
    assert full == seen(cast.rep) == seen(cast.manager)
    assert shown | {"proof": None, "rejectionReason": None} == seen(cast.executive)
    assert seen(cast.colleague) is None
    assert seen(stranger) is None
    for who in (cast.rep, cast.executive):
        assert quick_client.query(who, QUEUE)["viewer"]["claimsToReview"] is None
    theirs = (
        "query($id: ID!) { node(id: $id) { ... on Individual { claims { edges { cursor } } } } }"
    )
    assert quick_client.query(cast.colleague, theirs, id=cast.rep.id)["node"]["claims"] is None
    assert quick_client.query(cast.executive, theirs, id=cast.rep.id)["node"]["claims"]["edges"]


def test_a_claim_for_a_deal_leads_to_it(quick_client: Client) -> None:
    """The deal's own company and program only."""
    cast = Cast(quick_client)
    deal = quick_client.register(cast.rep, cast.program)

    claimed = cast.claim(cast.rep, "INV-1", dealId=deal)["claim"]["id"]

    document = """query($id: ID!) { node(id: $id) { ... on Claim {
        deal { id } activity { deal { id } } } } }"""
    found = quick_client.query(cast.rep, document, id=claimed)["node"]
    assert {"deal": {"id": deal}, "activity": {"deal": {"id": deal}}} == found
    nothing = encoded("Deal", "ptn-0.ind-0.prg-0.0")
    assert "NotFound" == cast.claim(cast.rep, "INV-3", dealId=nothing)["__typename"]
