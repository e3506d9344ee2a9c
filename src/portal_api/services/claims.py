"""Claims: submitted with proof, approved at once or by a reviewer, rejected with a reason.

An approved claim is an activity, recorded and rewarded in the same transaction.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain import claims
from portal_api.domain.activities import Activity, BehaviorType
from portal_api.domain.claims import Claim, Evidence, Proof, RejectionCode
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import EvidenceAlreadyUsed, NotFound, NotPermitted
from portal_api.domain.partners import STAFF_ROLES
from portal_api.domain.writes import Delist, Enlist, Release, Reserve, Save, Write
from portal_api.services.activities import for_deal
from portal_api.services.deals import DEAL_RECORDERS, checked_instant, own_part
from portal_api.services.known import check_known
from portal_api.services.loads import Loads, loads_of
from portal_api.services.partners import MANAGERS, required
from portal_api.services.rewards import Settlement, settlement_of
from portal_api.services.store import Holder, One, Want
from portal_api.services.team_awards import pay_team_awards
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

CLAIMS_IN_REVIEW = "claims.review"
"""The vendor's list of claims that wait for a decision."""


@dataclass(frozen=True, slots=True)
class ClaimSubmitted:
    """The claim waits for its review; or it was approved at once, and is an activity."""

    claim: Claim
    activities: tuple[Activity, ...]
    earnings: tuple[Earning, ...]


@dataclass(frozen=True, slots=True)
class ClaimApproved:
    """The claim is an activity, with what the rules made of it."""

    claim: Claim
    activity: Activity
    earnings: tuple[Earning, ...]


@dataclass(frozen=True, slots=True)
class ClaimRejected:
    """The claim is rejected; what proved it can prove a corrected one."""

    claim: Claim


def submit_claim(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    individual_id: str,
    program_id: str,
    behavior: str,
    occurred_at: datetime | None,
    proof: Proof,
    deal_id: str | None = None,
) -> ClaimSubmitted:
    """Asserts an activity of oneself, or as the vendor of somebody, with proof.

    Evidence that another claim of the same role holds is refused; what only looks like it is held
    for review, and so is what the behavior says. Anything else is approved at once.
    """
    proof = checked_proof(proof)
    loads = Loads(partner_id, individual_id, program_id)
    behavior_want, deal_want = One(BehaviorType, behavior), One(Deal, deal_id or "none")

    def decide(s: Situation) -> Decision[ClaimSubmitted]:
        if s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("individualId")
        known_behavior = s.found[behavior_want]
        if known_behavior is None:
            raise NotFound.of("behavior")
        if s.viewer.role in STAFF_ROLES and individual_id != s.viewer.id:
            raise NotPermitted("You can claim for yourself only.", tuple(sorted(DEAL_RECORDERS)))
        at = checked_instant(occurred_at, s.now)
        claims.check_enough(proof, known_behavior)
        claims.check_in_time(known_behavior, at, s.now)
        check_known(s, loads)
        settlement = settlement_of(s, loads)
        placed = settlement.members[individual_id].employment(s.now, s.now)
        if placed is None:
            raise NotFound.of("individualId")
        claim = Claim(
            id=f"{loads.prefix}.{portal.new_id()}",
            partner_id=partner_id,
            individual_id=individual_id,
            program_id=program_id,
            behavior=behavior,
            role=placed[0].role,
            occurred_at=at,
            submitted_at=s.now,
            submitted_by=s.viewer.id,
            proof=proof,
            review_by=claims.review_by(s.now),
            deal_id=deal_id,
        )
        claim = _named(s, claim)
        deal = s.found[deal_want] if deal_id else None
        # Also where it is only to be reviewed: what cannot be of this deal is refused now.
        for_deal(deal, loads, claim.activity(claim.id, s.now))
        names = tuple(Reserve(name, claim.id) for name in claim.names)
        if known_behavior.review_needed or claim.near is not None:
            listed = Enlist(CLAIMS_IN_REVIEW, own_part(claim), claim.id)
            outcome = ClaimSubmitted(claim, (), ())
            return Decision(outcome, (Save(claim), listed, *names), claim.id, partner_id)
        approved, activity, writes = _recorded(settlement, claim, deal, None)
        outcome = ClaimSubmitted(approved, (activity,), settlement.earnings())
        return Decision(outcome, (*names, *writes), claim.id, partner_id)

    arguments = {
        "partner": partner_id,
        "individual": individual_id,
        "program": program_id,
        "behavior": behavior,
        "at": occurred_at,
        "proof": proof,
        "deal": deal_id,
    }
    of_deal = (deal_want,) if deal_id else ()
    wants: tuple[Want[object], ...] = (behavior_want, *of_deal, *loads.wants())
    roles = DEAL_RECORDERS | STAFF_ROLES
    done = perform(portal, ask, "submitClaim", arguments, roles, wants, decide, ClaimSubmitted)
    for activity in done.activities:
        pay_team_awards(portal, activity)
    return done


def approve_claim(portal: Portal, ask: Ask, *, claim_id: str) -> ClaimApproved:
    """Approves somebody else's claim: it becomes an activity, and is rewarded."""
    loads, want = loads_of(claim_id, "claimId"), One(Claim, claim_id)

    def decide(s: Situation) -> Decision[ClaimApproved]:
        claim = s.found[want]
        if claim is None:
            raise NotFound.of("claimId")
        claims.check_undecided(claim, s.viewer.id)
        deal = None
        if claim.deal_id is not None:
            deal_want = One(Deal, claim.deal_id)
            deal = s.portal.store.read([deal_want])[deal_want]
        # What was like it may have been rejected since: then it holds those names from now on.
        named = _named(s, claim) if claim.near is not None else claim
        added = [Reserve(name, claim.id) for name in named.names if name not in claim.names]
        named = replace(named, near=claim.near, near_id=claim.near_id)
        settlement = settlement_of(s, loads, "claimId")
        approved, activity, writes = _recorded(settlement, named, deal, s.viewer.id)
        delisted = Delist(CLAIMS_IN_REVIEW, own_part(claim))
        outcome = ClaimApproved(approved, activity, settlement.earnings())
        return Decision(outcome, (delisted, *added, *writes), claim.id, claim.partner_id)

    arguments = {"claim": claim_id}
    wants: tuple[Want[object], ...] = (want, *loads.wants())
    done = perform(portal, ask, "approveClaim", arguments, MANAGERS, wants, decide, ClaimApproved)
    pay_team_awards(portal, done.activity)
    return done


def reject_claim(
    portal: Portal, ask: Ask, *, claim_id: str, code: RejectionCode, reason: str
) -> ClaimRejected:
    """Rejects somebody else's claim, for a reason that the claimant sees.

    Its evidence can be claimed again.
    """
    reason = required("reason", reason, 500)
    want = One(Claim, claim_id)

    def decide(s: Situation) -> Decision[ClaimRejected]:
        claim = s.found[want]
        if claim is None:
            raise NotFound.of("claimId")
        rejected = claims.reject(claim, s.viewer.id, s.now, code, reason)
        freed = tuple(Release(name) for name in claim.names)
        delisted = Delist(CLAIMS_IN_REVIEW, own_part(claim))
        writes: tuple[Write, ...] = (Save(rejected), delisted, *freed)
        return Decision(ClaimRejected(rejected), writes, claim.id, claim.partner_id)

    arguments = {"claim": claim_id, "code": code, "reason": reason}
    return perform(portal, ask, "rejectClaim", arguments, MANAGERS, (want,), decide, ClaimRejected)


def checked_proof(proof: Proof) -> Proof:
    """The proof as it is kept, without spaces around; raises ``InvalidInput``."""

    def checked(text: str | None) -> str | None:
        return required("proof", text, 100) if text is not None else None

    serials = tuple(required("proof", serial, 100) for serial in proof.serials)
    return Proof(checked(proof.file_reference), checked(proof.invoice), serials)


def _named(s: Situation, claim: Claim) -> Claim:
    """The claim with every name of its proof that nobody else holds, and whom it is near to.

    One wave more, since the role is known only now. Raises ``EvidenceAlreadyUsed``. Another claim
    that takes one of the names meanwhile fails the commit: it is then seen, and held for review.
    """
    names = dict(claims.all_names(claim.program_id, claim.role, claim.proof))
    found = s.portal.store.read([Holder(name) for name in names])
    free: list[str] = []
    near: list[tuple[Evidence, str]] = []
    for name, evidence in names.items():
        holder = found[Holder(name)]
        if holder in (None, claim.id):
            free.append(name)
        elif name == claims.exact_name(claim.program_id, claim.role, evidence):
            raise EvidenceAlreadyUsed(
                "This proved another claim of somebody of the same role.", evidence.value
            )
        else:
            near.append((evidence, holder))
    if not near:
        return replace(claim, names=tuple(free))
    (evidence, holder), *_ = near
    return replace(claim, names=tuple(free), near=evidence.kind, near_id=holder)


def _recorded(
    settlement: Settlement, claim: Claim, deal: Deal | None, by: str | None
) -> tuple[Claim, Activity, tuple[Write, ...]]:
    """The claim approved, its activity with its outcomes, and all that is written for both."""
    situation, loads = settlement.situation, settlement.books.loads
    activity_id = f"{loads.prefix}.{situation.portal.new_id()}"
    approved = claims.approve(claim, by, situation.now, activity_id)
    activity = claim.activity(activity_id, situation.now)
    activity, changed = settlement.record(activity, for_deal(deal, loads, activity))
    saved = (Save(changed),) if changed is not None else ()
    return approved, activity, (Save(approved), *saved, *settlement.writes())
