"""Claims with their proof, the queue of those in review, and the mutations that decide them."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import relay

from portal_api.domain import claims
from portal_api.domain.access import Audience
from portal_api.domain.earnings import Earning as EarningRecord
from portal_api.domain.errors import ClaimDecided, ClaimTooLate, EvidenceAlreadyUsed, OwnClaim
from portal_api.domain.partners import STAFF_ROLES
from portal_api.schema.access import declared, may_see, narrow
from portal_api.schema.activities import OWN, Activity
from portal_api.schema.context import Info
from portal_api.schema.deal_parts import Person, person_of
from portal_api.schema.deals import Deal
from portal_api.schema.enums import ClaimStatus, EvidenceKind, RejectionCode, Role
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, pair
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find, finder
from portal_api.schema.paging import PAGE, checked, connection
from portal_api.schema.programs import Program, program_of
from portal_api.services import claims as services
from portal_api.services.deals import DEAL_RECORDERS
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Listed, Many, One, of_person


@declared(*OWN)
@strawberry.type(description="What a claim is proved with.")
class Proof:
    """A proof."""

    file_reference: str | None = strawberry.field(
        description="Names a document that is kept elsewhere."
    )
    invoice: str | None = strawberry.field(description="An invoice's number.")
    serials: list[str] = strawberry.field(description="Serial numbers of what was sold.")


@declared(Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(
    description="An activity that somebody asserts. Its proof is its person's and the vendor's."
)
class Claim(relay.Node):
    """A claim."""

    id: relay.NodeID[str]
    behavior: str = strawberry.field(description="The behavior's code.")
    role: Role = strawberry.field(
        description="The claimant's role then: evidence proves one claim of each role."
    )
    occurred_at: datetime = strawberry.field(description="When it is said to have happened.")
    submitted_at: datetime = strawberry.field(description="When it was claimed.")
    status: ClaimStatus = strawberry.field(description="Where the claim stands.")
    review_by: datetime = strawberry.field(description="Until when it is to be decided.")
    overdue: bool = strawberry.field(description="Whether that has passed, and it still waits.")
    decided_at: datetime | None = strawberry.field(
        description="When it was approved or rejected; at once where no review was needed."
    )
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[claims.Claim]

    @strawberry.field(description="Whose claim it is; null for a person who has left the company.")
    async def individual(self, info: Info) -> Person:
        """The claimant."""
        return await person_of(info, self.record.partner_id, self.record.individual_id)

    @strawberry.field(description="The program it is claimed under.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.program_id)

    @strawberry.field(description="The deal that it was done for.")
    async def deal(self, info: Info) -> Deal | None:
        """The deal."""
        deal_id = self.record.deal_id
        found: Deal | None = await find(info, "Deal", deal_id) if deal_id else None
        return found

    @strawberry.field(description="What it became, once it is approved.")
    async def activity(self, info: Info) -> Activity | None:
        """The activity."""
        activity_id = self.record.activity_id
        found: Activity | None = await find(info, "Activity", activity_id) if activity_id else None
        return found

    @narrow(*OWN, description="What it is proved with.")
    def proof(self) -> Proof | None:
        """The proof."""
        proof = self.record.proof
        return Proof(
            file_reference=proof.file_reference,
            invoice=proof.invoice,
            serials=list(proof.serials),
        )

    @narrow(*OWN, description="Why it was rejected, as a code.")
    def rejection_code(self) -> RejectionCode | None:
        """The code."""
        return self.record.rejection_code

    @narrow(*OWN, description="Why it was rejected, in words.")
    def rejection_reason(self) -> str | None:
        """The reason."""
        return self.record.rejection_reason

    @narrow(
        Audience.VENDOR,
        description="The kind of its evidence that looks like another claim's of the same role: but"
        " for case, spaces and punctuation, or with two neighboring digits swapped.",
    )
    def near(self) -> EvidenceKind | None:
        """The kind."""
        return self.record.near

    @narrow(Audience.VENDOR, description="The claim whose evidence that looks like.")
    async def similar_claim(self, info: Info) -> "Claim | None":
        """The other claim."""
        near_id = self.record.near_id
        found: Claim | None = await find(info, "Claim", near_id) if near_id else None
        return found

    @classmethod
    def of(cls, record: claims.Claim, audiences: frozenset[Audience], now: datetime) -> "Claim":
        """The claim as shown."""
        return cls(
            id=record.id,
            behavior=record.behavior,
            role=record.role,
            occurred_at=record.occurred_at,
            submitted_at=record.submitted_at,
            status=record.status,
            review_by=record.review_by,
            overdue=record.overdue(now),
            decided_at=record.decided_at,
            audiences=audiences,
            record=record,
        )


async def visible(info: Info, record: claims.Claim | None) -> Claim | None:
    """A claim, where the viewer may see it."""
    if record is None:
        return None
    viewer = await info.context.viewer()
    audiences = viewer.audiences(record.partner_id, record.individual_id)
    if not may_see(Claim, audiences):
        return None
    return Claim.of(record, audiences, info.context.portal.clock())


async def claims_of(
    info: Info, partner_id: str | None, individual_id: str, first: int, after: str | None
) -> object:
    """A person's claims at a partner, newest first."""
    size, mark = checked(first, after)
    scope = of_person(partner_id or "none", individual_id)
    want = Many(claims.Claim, scope, first=size, after=mark, newest_first=True)
    page = await info.context.load(want)
    nodes = [await visible(info, record) for record in page.records]
    return connection(nodes, page.cursors, page.more)


async def claims_in_review(info: Info, first: int = PAGE, after: str | None = None) -> object:
    """The claims that wait for a decision, oldest first."""
    size, mark = checked(first, after)
    listed = Listed(services.CLAIMS_IN_REVIEW, size, mark, newest_first=False)
    page = await info.context.load(listed)
    records = await info.context.load_all([One(claims.Claim, claim_id) for claim_id in page.ids])
    nodes = [await visible(info, record) for record in records]
    return connection(nodes, page.cursors, page.more)


@strawberry.input(
    description="What proves a claim: a file, an invoice or a serial number at least."
)
class ProofInput:
    """A proof."""

    file_reference: str | None = strawberry.field(
        default=None, description="Names a document that is kept elsewhere."
    )
    invoice: str | None = strawberry.field(default=None, description="An invoice's number.")
    serials: list[str] = strawberry.field(
        default_factory=list,
        description=f"Serial numbers of what was sold, {claims.MAX_SERIALS} at most.",
    )


@strawberry.input(description="An activity with its proof.")
class SubmitClaimInput(MutationInput):
    """A claim."""

    program_id: strawberry.ID = strawberry.field(description="The program to claim it under.")
    behavior: str = strawberry.field(description="The behavior's code.")
    proof: ProofInput = strawberry.field(description="What proves it.")
    individual_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who did it; yourself if left out."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it happened; now if left out."
    )
    deal_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The deal that it was done for, of the same company and program.",
    )


@strawberry.input(description="A claim to approve.")
class ApproveClaimInput(MutationInput):
    """An approval."""

    claim_id: strawberry.ID = strawberry.field(description="The claim.")


@strawberry.input(description="A claim to reject.")
class RejectClaimInput(MutationInput):
    """A rejection."""

    claim_id: strawberry.ID = strawberry.field(description="The claim.")
    code: RejectionCode = strawberry.field(description="Why, as a code.")
    reason: str = strawberry.field(description="Why, for the claimant to read.")


@declared(Audience.ANYONE)
@strawberry.type(description="The claim waits for its review, or was approved at once.")
class ClaimSubmitted:
    """Success."""

    claim: Claim = strawberry.field(description="The claim.")
    activity: Activity | None = strawberry.field(
        description="What it became, where it was approved at once."
    )


@declared(Audience.VENDOR)
@strawberry.type(description="The claim is approved; its outcomes say what it earned or why not.")
class ClaimApproved:
    """Success."""

    claim: Claim = strawberry.field(description="The claim.")
    activity: Activity = strawberry.field(description="What it became.")


@declared(Audience.VENDOR)
@strawberry.type(description="The claim is rejected; its evidence can prove a corrected one.")
class ClaimRejected:
    """Success."""

    claim: Claim = strawberry.field(description="The claim.")


@strawberry.type
class ClaimMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("SubmitClaim", ClaimSubmitted, ClaimTooLate, EvidenceAlreadyUsed),
        DEAL_RECORDERS | STAFF_ROLES,
        "Claims an activity with proof. It is approved and rewarded at once, unless its behavior"
        " needs a review or its evidence looks like another claim's.",
    )
    async def submit_claim(self, info: Info, input: SubmitClaimInput) -> object:
        """A new claim."""
        if input.individual_id is None:
            viewer = await info.context.viewer()
            partner_id, individual_id = viewer.partner_id or "none", viewer.id
        else:
            partner_id, individual_id = pair(input.individual_id, "Individual", "individualId")
        given = input.proof
        outcome = perform(
            info,
            services.submit_claim,
            input.request_id,
            partner_id=partner_id,
            individual_id=individual_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            behavior=input.behavior,
            occurred_at=input.occurred_at,
            proof=claims.Proof(given.file_reference, given.invoice, tuple(given.serials)),
            deal_id=None if input.deal_id is None else decoded(input.deal_id, "Deal", "dealId"),
        )
        claim = await _shown(info, outcome.claim, *outcome.earnings)
        shown: Any = [Activity.of(activity, claim.audiences) for activity in outcome.activities]
        return ClaimSubmitted(claim=claim, activity=shown[0] if shown else None)

    @mutation(
        result("ApproveClaim", ClaimApproved, ClaimDecided, OwnClaim),
        MANAGERS,
        "Approves somebody else's claim: it becomes an activity, and is rewarded.",
    )
    async def approve_claim(self, info: Info, input: ApproveClaimInput) -> object:
        """An approval."""
        claim_id = decoded(input.claim_id, "Claim", "claimId")
        outcome = perform(info, services.approve_claim, input.request_id, claim_id=claim_id)
        claim = await _shown(info, outcome.claim, *outcome.earnings)
        activity: Any = Activity.of(outcome.activity, claim.audiences)
        return ClaimApproved(claim=claim, activity=activity)

    @mutation(
        result("RejectClaim", ClaimRejected, ClaimDecided, OwnClaim),
        MANAGERS,
        "Rejects somebody else's claim with a reason; a corrected one can be made.",
    )
    async def reject_claim(self, info: Info, input: RejectClaimInput) -> object:
        """A rejection."""
        outcome = perform(
            info,
            services.reject_claim,
            input.request_id,
            claim_id=decoded(input.claim_id, "Claim", "claimId"),
            code=input.code,
            reason=input.reason,
        )
        return ClaimRejected(claim=await _shown(info, outcome.claim))


async def _shown(info: Info, record: claims.Claim, *earnings: EarningRecord) -> Claim:
    """A claim as it was just written; that need not be read again."""
    info.context.prime(record, *earnings)
    audiences = await authorized(info, Claim, record.partner_id, record.individual_id)
    return Claim.of(record, audiences, info.context.portal.clock())


@finder("Claim")
async def _claim(info: Info, record_id: str) -> Claim | None:
    return await visible(info, await info.context.load(One(claims.Claim, record_id)))
