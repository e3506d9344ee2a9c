"""Claims: paid once, their evidence used once per role, and what is like it held for review."""

from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.claims import Claim, ClaimStatus, EvidenceKind, Proof, RejectionCode
from portal_api.domain.deals import Deal
from portal_api.domain.errors import (
    ClaimDecided,
    ClaimTooLate,
    EvidenceAlreadyUsed,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    OwnClaim,
)
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Role
from portal_api.domain.plan_checks import MAX_ITEMS, most_items
from portal_api.domain.plans import PlanVersion, Rule
from portal_api.services import claims, partners, programs
from portal_api.services.claims import ClaimApproved, ClaimSubmitted
from portal_api.services.store import Listed, Many, of_person
from portal_api.services.use_case import Ask, Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.racing import Together
from tests.services.replaying import employ, events
from tests.services.stores import CountingEngine, FaultyStore, first, in_parallel, lost_after
from tests.services.world import DAY, Company, World, awarded, outcomes_of

SOLD = Rule("sold", "Sold", Level.INDIVIDUAL, "USD", Flat("SOLD", 500))


def a_seller(
    world: World,
    *rules: Rule,
    reps: int = 1,
    review: bool = False,
    evidence: bool = True,
    within: int | None = None,
) -> tuple[Company, str]:
    """A company in a program that pays 5.00 for a sale that is claimed."""
    programs.define_behavior(
        world.portal,
        world.manage(),
        code="SOLD",
        name="Sold",
        stage=ProcessStage.CLOSING,
        five_c=FiveC.CONTRIBUTION,
        review_needed=review,
        evidence_needed=evidence,
        claim_within_days=within,
    )
    return world.ready(*(rules or (SOLD,)), reps=reps)


def claim(
    world: World,
    company: Company,
    program: str,
    invoice: str | None,
    *serials: str,
    rep: str | None = None,
    ask: Ask | None = None,
    occurred_at: datetime | None = None,
    deal: str | None = None,
    behavior: str = "SOLD",
    portal: Portal | None = None,
) -> ClaimSubmitted:
    person = rep or company.rep
    return claims.submit_claim(
        portal or world.portal,
        ask or world.ask(person),
        partner_id=company.id,
        individual_id=person,
        program_id=program,
        behavior=behavior,
        occurred_at=occurred_at,
        proof=Proof("scan.pdf", invoice, serials),
        deal_id=deal,
    )


def approve(world: World, found: Claim, ask: Ask | None = None) -> ClaimApproved:
    return claims.approve_claim(world.portal, ask or world.manage(), claim_id=found.id)


def reject(world: World, found: Claim, ask: Ask | None = None) -> Claim:
    return claims.reject_claim(
        world.portal,
        ask or world.manage(),
        claim_id=found.id,
        code=RejectionCode.WRONG_DETAILS,
        reason="The wrong invoice.",
    ).claim


def waiting(world: World, *found: Claim) -> list[str]:
    """Which of these claims wait for a review, oldest first."""
    want = Listed(claims.CLAIMS_IN_REVIEW, newest_first=False)
    ours = {one.id for one in found}
    return [claim_id for claim_id in world.store.read([want])[want].ids if claim_id in ours]


def a_colleague(world: World, company: Company, program: str, role: Role) -> str:
    person = world.person(company.partner, role)
    world.enroll(company, program, person)
    return person


def test_a_claim_that_needs_no_review_is_paid_at_once(world: World) -> None:
    """The activity, its reward and the claim are one transaction; spaces around do not count."""
    company, program = a_seller(world)

    done = claim(world, company, program, "  INV-1 ")

    (activity,) = done.activities
    assert [awarded(500)] == outcomes_of(activity)
    assert ("claim", done.claim.id.rpartition(".")[2]) == (
        activity.source,
        activity.source_event_id,
    )
    assert (ClaimStatus.APPROVED, activity.id, None, "INV-1") == (
        done.claim.status,
        done.claim.activity_id,
        done.claim.decided_by,
        done.claim.proof.invoice,
    )
    assert 500 == world.balance(company.rep).available
    assert replace(done.claim, version=1) == world.load(Claim, done.claim.id)
    assert [] == waiting(world, done.claim)
    assert [] == world.audit(program, company.parties)


def test_a_claim_that_is_reviewed_is_paid_when_it_is_approved_and_once(world: World) -> None:
    """Judged by when it occurred; the second approval is refused and pays nothing."""
    company, program = a_seller(world, review=True)
    occurred_at = world.now
    world.wait()
    submitted = claim(world, company, program, "INV-1", occurred_at=occurred_at)
    assert ((), 0) == (submitted.activities, world.balance(company.rep).available)
    assert [submitted.claim.id] == waiting(world, submitted.claim)
    world.wait()

    done = approve(world, submitted.claim)

    assert [awarded(500)] == outcomes_of(done.activity)
    assert (occurred_at, world.now) == (done.activity.occurred_at, done.activity.recorded_at)
    assert (ClaimStatus.APPROVED, world.admin, done.activity.id) == (
        done.claim.status,
        done.claim.decided_by,
        done.claim.activity_id,
    )
    assert [] == waiting(world, submitted.claim)
    with pytest.raises(ClaimDecided):
        approve(world, submitted.claim)
    with pytest.raises(ClaimDecided):
        reject(world, submitted.claim)
    assert 500 == world.balance(company.rep).available
    assert [] == world.audit(program, company.parties)


def test_the_same_evidence_proves_no_second_claim_of_the_same_role(world: World) -> None:
    """Domain rule 3.2, whoever's claim it was, and nothing of the refused one is written."""
    company, program = a_seller(world, reps=2)
    claim(world, company, program, "INV-1", "SN-1")
    told = events(world, company.id)

    for given in (("INV-1",), ("INV-2", "SN-1"), (None, " SN-1")):
        with pytest.raises(EvidenceAlreadyUsed) as refused:
            claim(world, company, program, *given, rep=company.reps[1])
        assert (given[-1] or "").strip() == refused.value.evidence

    want = Many(Claim, of_person(company.id, company.reps[1]))
    assert () == world.store.read([want])[want].records
    assert told == events(world, company.id)
    # An invoice is no serial number, and what only a refused claim named is free.
    again = claim(world, company, program, "INV-2", "INV-1", rep=company.reps[1])
    assert ClaimStatus.APPROVED == again.claim.status


def test_the_same_evidence_proves_a_claim_of_another_role_and_program(world: World) -> None:
    """The engineer who supported a sale claims it as the rep does who made it."""
    company, program = a_seller(world)
    engineer = a_colleague(world, company, program, Role.SALES_ENGINEER)
    claim(world, company, program, "INV-1")

    done = claim(world, company, program, "inv 1", rep=engineer)

    assert (ClaimStatus.APPROVED, Role.SALES_ENGINEER, None) == (
        done.claim.status,
        done.claim.role,
        done.claim.near,
    )
    assert [500, 500] == [world.balance(who).available for who in (company.rep, engineer)]
    other = world.program(SOLD)
    world.consent(company, other)
    world.enroll(company, other)
    assert ClaimStatus.APPROVED == claim(world, company, other, "INV-1").claim.status


@pytest.mark.parametrize("variant", ["inv-2043", "INV 20 43", "INV2043.", "INV-2034", "INV-0243"])
def test_what_looks_like_another_claim_is_held_for_review(world: World, variant: str) -> None:
    """Case, spaces, dashes, two digits swapped: a person looks at it, nothing is paid before."""
    company, program = a_seller(world)
    one = claim(world, company, program, "INV-2043", "SN-1").claim

    two = claim(world, company, program, variant, "SN-22").claim

    assert (ClaimStatus.IN_REVIEW, EvidenceKind.INVOICE, one.id) == (
        two.status,
        two.near,
        two.near_id,
    )
    assert [two.id] == waiting(world, two)
    assert 500 == world.balance(company.rep).available
    with pytest.raises(EvidenceAlreadyUsed):
        claim(world, company, program, variant)
    # A number of it that is near to nothing is kept from variants all the same.
    assert EvidenceKind.SERIAL == claim(world, company, program, None, "sn22").claim.near
    assert [awarded(500)] == outcomes_of(approve(world, two).activity)
    assert 1_000 == world.balance(company.rep).available


def test_of_two_variants_at_the_same_moment_one_is_held(world: World) -> None:
    """The names are taken in the transaction: the second decides again and sees the first."""
    company, program = a_seller(world, reps=2)
    portal = world.on(Together(world.store, 2))
    written = zip(company.reps, ("INV-2043", "inv 2034"), strict=True)

    answers = in_parallel(
        *[
            partial(claim, world, company, program, invoice, rep=rep, portal=portal)
            for rep, invoice in written
        ]
    )

    found = [one.claim.status for one in answers if isinstance(one, ClaimSubmitted)]
    assert [ClaimStatus.APPROVED, ClaimStatus.IN_REVIEW] == sorted(found)
    assert [0, 500] == sorted(world.balance(rep).available for rep in company.reps)
    assert [] == world.audit(program, company.parties)


def test_of_two_equal_proofs_at_the_same_moment_one_is_refused(world: World) -> None:
    company, program = a_seller(world, reps=2)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        *[
            partial(claim, world, company, program, "INV-1", rep=rep, portal=portal)
            for rep in company.reps
        ]
    )

    assert {ClaimSubmitted, EvidenceAlreadyUsed} == {type(answer) for answer in answers}
    assert [0, 500] == sorted(world.balance(rep).available for rep in company.reps)


def test_a_rejection_frees_what_the_claim_held_and_nothing_else(world: World) -> None:
    """A corrected claim can be made with the same evidence; the first claim's is still taken."""
    company, program = a_seller(world)
    one = claim(world, company, program, "INV-2043").claim
    two = claim(world, company, program, "INV-2034", "SN-1").claim

    rejected = reject(world, two)

    assert (ClaimStatus.REJECTED, RejectionCode.WRONG_DETAILS, "The wrong invoice.") == (
        rejected.status,
        rejected.rejection_code,
        rejected.rejection_reason,
    )
    assert [] == waiting(world, two)
    with pytest.raises(EvidenceAlreadyUsed):
        claim(world, company, program, "INV-2043")
    assert one.id == claim(world, company, program, "inv-2043").claim.near_id
    corrected = claim(world, company, program, "INV-2099", "SN-1")
    assert ClaimStatus.APPROVED == corrected.claim.status
    with pytest.raises(ClaimDecided):
        approve(world, two)
    assert [] == world.audit(program, company.parties)


def test_an_approved_claim_holds_what_a_rejected_one_has_left(world: World) -> None:
    """Else what looks like it would be paid at once, as if nothing of the kind had been."""
    company, program = a_seller(world, review=True)
    one = claim(world, company, program, "INV-2043").claim
    two = claim(world, company, program, "inv 2043").claim
    reject(world, one)

    approved = approve(world, two).claim

    assert (two.near, two.near_id) == (approved.near, approved.near_id)
    assert two.id == claim(world, company, program, "INV2043").claim.near_id


def test_an_approval_meets_a_claim_that_took_the_names_meanwhile(world: World) -> None:
    """It decides again, and approves with what is still free."""
    company, program = a_seller(world, review=True)
    one = claim(world, company, program, "INV-2043").claim
    two = claim(world, company, program, "inv 2043").claim
    reject(world, one)
    meanwhile = first(lambda: claim(world, company, program, "INV2043"))
    portal = world.on(FaultyStore(world.store, meanwhile))

    done = claims.approve_claim(portal, world.manage(), claim_id=two.id)

    assert (ClaimStatus.APPROVED, two.names) == (done.claim.status, done.claim.names)
    assert 500 == world.balance(company.rep).available


def test_nobody_decides_their_own_claim_or_one_that_they_submitted(world: World) -> None:
    """Four eyes; another manager may."""
    company, program = a_seller(world, review=True)
    ask = partial(world.ask, world.admin)
    for_rep = claim(world, company, program, "INV-1", ask=ask()).claim
    assert world.admin == for_rep.submitted_by

    for decide in (approve, reject):
        with pytest.raises(OwnClaim):
            decide(world, for_rep, ask())
    own = claim(world, company, program, "INV-2").claim
    employ(world, company.rep, None, Role.CHANNEL_MANAGER)
    with pytest.raises(OwnClaim):
        approve(world, own, world.ask(company.rep))

    manager = partners.add_individual(
        world.portal,
        world.manage(),
        name="Max",
        email="max@vendor.example",
        role=Role.CHANNEL_MANAGER,
        partner_id=None,
        team_id=None,
    ).individual.id
    assert manager == approve(world, for_rep, world.ask(manager)).claim.decided_by


def test_a_claim_after_its_deadline_is_refused(world: World) -> None:
    company, program = a_seller(world, within=10)
    occurred_at = world.now
    world.wait(10)
    assert claim(world, company, program, "INV-1", occurred_at=occurred_at).activities
    world.wait()

    with pytest.raises(ClaimTooLate) as refused:
        claim(world, company, program, "INV-22", occurred_at=occurred_at)

    assert (occurred_at + 10 * DAY).isoformat() == refused.value.deadline


def test_a_request_again_answers_the_same_and_changes_nothing(world: World) -> None:
    """Claims approved at once, held, refused; approvals and rejections."""
    company, program = a_seller(world)
    rep, told = partial(Ask, company.rep), partial(Ask, world.admin)
    paid = claim(world, company, program, "INV-10", ask=rep("claim-paid"))
    held = claim(world, company, program, "INV-01", ask=rep("claim-held"))
    with pytest.raises(EvidenceAlreadyUsed):
        claim(world, company, program, "INV-10", ask=rep("claim-refused"))
    approved = approve(world, held.claim, told("claim-approved"))
    told_before = events(world, company.id)

    again = claim(world, company, program, "INV-10", ask=rep("claim-paid"))
    assert (paid.claim.id, paid.activities[0].id) == (again.claim.id, again.activities[0].id)
    assert [one.id for one in paid.earnings] == [one.id for one in again.earnings]
    later = claim(world, company, program, "INV-01", ask=rep("claim-held"))
    assert (held.claim.id, ()) == (later.claim.id, later.activities)
    with pytest.raises(EvidenceAlreadyUsed) as refused:
        claim(world, company, program, "INV-10", ask=rep("claim-refused"))
    assert "INV-10" == refused.value.evidence
    second = approve(world, held.claim, told("claim-approved"))
    assert approved.activity.id == second.activity.id
    with pytest.raises(IdempotencyConflict):
        claim(world, company, program, "INV-3", ask=rep("claim-paid"))

    assert told_before == events(world, company.id)
    assert 1_000 == world.balance(company.rep).available


def test_a_claim_whose_answer_was_lost_is_paid_once(world: World) -> None:
    company, program = a_seller(world)
    portal = world.on(FaultyStore(world.store, lost_after))

    done = claim(world, company, program, "INV-1", portal=portal)

    assert ClaimStatus.APPROVED == done.claim.status
    assert 500 == world.balance(company.rep).available


def test_a_claim_for_a_deal_is_in_the_deals_history(world: World) -> None:
    """When it is approved; a deal that is not the partner's is not there."""
    company, program = a_seller(world, review=True)
    deal = world.register(company, program)
    submitted = claim(world, company, program, "INV-1", deal=deal.id).claim
    assert () == getattr(world.load(Deal, deal.id), "history", None)

    done = approve(world, submitted)

    assert (deal.id, 3_000_000) == (done.activity.deal_id, done.activity.deal_amount_minor)
    found = world.load(Deal, deal.id)
    assert found is not None
    assert [("SOLD", company.rep)] == [(did.behavior, did.individual_id) for did in found.history]
    other, _ = world.ready()
    world.consent(other, program)
    with pytest.raises(NotFound) as refused:
        claim(world, other, program, "INV-55", deal=deal.id)
    assert "dealId" == refused.value.field


def test_a_claim_is_refused_to_who_may_not_make_it(quick_world: World) -> None:
    """For a colleague, by an executive, at another partner, of a behavior that is not there."""
    world = quick_world
    company, program = a_seller(world, reps=2)
    other, _ = world.ready()

    with pytest.raises(NotPermitted):
        claim(world, company, program, "INV-1", ask=world.ask(company.reps[1]))
    with pytest.raises(NotPermitted):
        claim(world, company, program, "INV-1", ask=world.ask(company.executive))
    for ask, behavior, field in (
        (world.ask(other.rep), "SOLD", "individualId"),
        (None, "UNKNOWN", "behavior"),
        (None, "DEAL_WON", "behavior"),
    ):
        with pytest.raises(NotFound) as unseen:
            claim(world, company, program, "INV-1", ask=ask, behavior=behavior)
        assert field == unseen.value.field
    found = claim(world, company, program, "INV-1").claim
    for decide in (approve, reject):
        with pytest.raises(NotPermitted):
            decide(world, found, world.ask(company.executive))
    for nothing in ("nonsense", f"{found.id}0"):
        with pytest.raises(NotFound):
            claims.approve_claim(world.portal, world.manage(), claim_id=nothing)


@pytest.mark.parametrize("text", ["", "  ", "x" * 101, "a\x00b", "-"])
def test_a_proof_that_cannot_be_one_is_invalid(quick_world: World, text: str) -> None:
    company, program = a_seller(quick_world)

    for given in ((text,), ("INV-1", text)):
        with pytest.raises(InvalidInput) as refused:
            claim(quick_world, company, program, *given)
        assert "proof" == refused.value.field
    with pytest.raises(InvalidInput):
        claim(quick_world, company, program, None)


def test_the_largest_claim_fits_into_a_transaction(sqlite_engine: SqliteEngine) -> None:
    """Six pieces of evidence with their 18 names, beside all that a plan can pay at once."""
    counting = CountingEngine(sqlite_engine)
    world = World(TableStore(counting))
    rules = [replace(SOLD, code=f"sold-{number}") for number in range(22)]
    company, program = a_seller(world, *rules)
    deal = world.register(company, program)
    longest = ["\ufdfa" * 99 + letter for letter in "abcdef"]
    counting.forget()

    done = claim(world, company, program, *longest, deal=deal.id)

    waves, items = counting.waves, len(counting.written[-1])
    assert ("RRW", 18) == (waves, len(done.claim.names))
    plan = world.load(PlanVersion, f"{program}.1")
    assert plan is not None
    assert items <= most_items(plan) <= MAX_ITEMS < most_items(replace(plan, rules=(SOLD,) * 23))
    assert 22 * 500 == world.balance(company.rep).available
