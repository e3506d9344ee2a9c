"""Claims: activities that somebody asserts, with proof that serves once per role."""

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal_api.domain.activities import Activity, BehaviorType
from portal_api.domain.errors import ClaimDecided, ClaimTooLate, InvalidInput, OwnClaim
from portal_api.domain.partners import Role

MAX_SERIALS = 5
REVIEW_DAYS = 14


class ClaimStatus(StrEnum):
    """Where a claim stands."""

    IN_REVIEW = "IN_REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class RejectionCode(StrEnum):
    """Why a claim was rejected, for statistics; its reason is for people."""

    MISSING_PROOF = "MISSING_PROOF"
    UNREADABLE_PROOF = "UNREADABLE_PROOF"
    DUPLICATE = "DUPLICATE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    WRONG_DETAILS = "WRONG_DETAILS"
    TOO_LATE = "TOO_LATE"
    SUSPECTED_FRAUD = "SUSPECTED_FRAUD"
    OTHER = "OTHER"


class EvidenceKind(StrEnum):
    """What kind of number identifies a sale."""

    INVOICE = "INVOICE"
    SERIAL = "SERIAL"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A number that proves one claim of a role, as it was written."""

    kind: EvidenceKind
    value: str

    @property
    def near_keys(self) -> tuple[str, str]:
        """What this number has in common with whatever is mistaken for it: one of two keys.

        Only letters and digits count, in any case. Digits are sorted within the pairs of places
        (0, 1), (2, 3), … for the one key and (1, 2), (3, 4), … for the other: two neighbors that
        change places are a pair of one of the two.
        """
        text = unicodedata.normalize("NFKC", self.value).casefold()
        bare = "".join(letter for letter in text if letter.isalnum())
        return _in_pairs(bare, 0), _in_pairs(bare, 1)


def _in_pairs(bare: str, start: int) -> str:
    pairs = (bare[at : at + 2] for at in range(start, len(bare), 2))
    return bare[:start] + "".join(
        "".join(sorted(pair)) if pair.isdecimal() else pair for pair in pairs
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """What a claim is proved with.

    ``file_reference`` names a document that is kept elsewhere; it may prove several claims.
    """

    file_reference: str | None = None
    invoice: str | None = None
    serials: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The numbers that prove one claim of a role only."""
        invoices = (self.invoice,) if self.invoice is not None else ()
        return (
            *(Evidence(EvidenceKind.INVOICE, invoice) for invoice in invoices),
            *(Evidence(EvidenceKind.SERIAL, serial) for serial in self.serials),
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """An activity that is asserted. ``id`` names partner, claimant, program and itself.

    ``role`` is the claimant's when it was submitted. ``names`` are those that its evidence holds.
    ``near``: the kind of evidence that looks like that of the claim ``near_id``; only the reviewer
    is told. A claim that was approved at once was decided by nobody.
    """

    id: str
    partner_id: str
    individual_id: str
    program_id: str
    behavior: str
    role: Role
    occurred_at: datetime
    submitted_at: datetime
    submitted_by: str
    proof: Proof
    review_by: datetime
    deal_id: str | None = None
    status: ClaimStatus = ClaimStatus.IN_REVIEW
    near: EvidenceKind | None = None
    near_id: str | None = None
    names: tuple[str, ...] = ()
    rejection_code: RejectionCode | None = None
    rejection_reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    activity_id: str | None = None
    version: int = 0

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been decided by now."""
        return self.status is ClaimStatus.IN_REVIEW and now > self.review_by

    def activity(self, activity_id: str, recorded_at: datetime) -> Activity:
        """What it asserts, as the activity that it becomes when it is approved."""
        return Activity(
            id=activity_id,
            partner_id=self.partner_id,
            individual_id=self.individual_id,
            program_id=self.program_id,
            behavior=self.behavior,
            occurred_at=self.occurred_at,
            recorded_at=recorded_at,
            source="claim",
            source_event_id=self.id.rpartition(".")[2],
            deal_id=self.deal_id,
        )


def review_by(submitted_at: datetime, days: int = REVIEW_DAYS) -> datetime:
    """Until when a claim is to be decided."""
    return submitted_at + timedelta(days=days)


def check_in_time(behavior: BehaviorType, occurred_at: datetime, now: datetime) -> None:
    """Raises ``ClaimTooLate`` where the behavior could be claimed until before now."""
    if behavior.claim_within_days is None:
        return
    deadline = occurred_at + timedelta(days=behavior.claim_within_days)
    if now > deadline:
        raise ClaimTooLate(
            f"This is claimed within {behavior.claim_within_days} days.", deadline.isoformat()
        )


def check_enough(proof: Proof, behavior: BehaviorType) -> None:
    """Raises ``InvalidInput`` for a proof that proves nothing, or not what the behavior needs."""
    if behavior.evidence_needed and not proof.evidence:
        raise InvalidInput("An invoice or a serial number is needed.", "proof")
    if not proof.evidence and proof.file_reference is None:
        raise InvalidInput("A proof is a file, an invoice or a serial number.", "proof")
    if len(proof.serials) > MAX_SERIALS:
        raise InvalidInput(f"A claim has at most {MAX_SERIALS} serial numbers.", "proof")
    if len(set(proof.serials)) < len(proof.serials):
        raise InvalidInput("Each serial number is given once.", "proof")
    if not all(evidence.near_keys[0] for evidence in proof.evidence):
        raise InvalidInput("An invoice or serial number has a letter or digit.", "proof")


def exact_name(program_id: str, role: Role, evidence: Evidence) -> str:
    """The name that only one claim of a role holds for this number."""
    return f"evidence:{program_id}:{role}:{evidence.kind}:{evidence.value}"


def near_names(program_id: str, role: Role, evidence: Evidence) -> tuple[str, ...]:
    """The names that only one claim of a role holds for all that this number is mistaken for."""
    start = f"near:{program_id}:{role}:{evidence.kind}"
    # One character can become eighteen in its plain form, and a name has its longest.
    hashes = (hashlib.sha256(key.encode()).hexdigest()[:32] for key in evidence.near_keys)
    return tuple(f"{start}:{number}:{digest}" for number, digest in enumerate(hashes, start=1))


def all_names(program_id: str, role: Role, proof: Proof) -> Iterator[tuple[str, Evidence]]:
    """Every name that a proof asks for, each once, with what it is for; exact ones first."""
    names = {exact_name(program_id, role, one): one for one in proof.evidence}
    for evidence in proof.evidence:
        for name in near_names(program_id, role, evidence):
            # Two numbers of one claim may be mistaken for each other: one sale, no duplicate.
            names.setdefault(name, evidence)
    yield from names.items()


def check_undecided(claim: Claim, by: str | None) -> None:
    """Raises ``OwnClaim`` for who is part of it, and ``ClaimDecided``."""
    if by is not None and by in (claim.submitted_by, claim.individual_id):
        raise OwnClaim("Somebody else decides this claim.")
    if claim.status is not ClaimStatus.IN_REVIEW:
        raise ClaimDecided(f"The claim is {claim.status.lower()} already.", claim.status)


def approve(claim: Claim, by: str | None, at: datetime, activity_id: str) -> Claim:
    """The claim approved as an activity, by a reviewer or (none) at once.

    Raises ``OwnClaim`` and ``ClaimDecided``.
    """
    check_undecided(claim, by)
    return replace(
        claim,
        status=ClaimStatus.APPROVED,
        decided_by=by,
        decided_at=at,
        activity_id=activity_id,
    )


def reject(claim: Claim, by: str, at: datetime, code: RejectionCode, reason: str) -> Claim:
    """The claim rejected, holding no name any more; raises ``OwnClaim`` and ``ClaimDecided``."""
    check_undecided(claim, by)
    return replace(
        claim,
        status=ClaimStatus.REJECTED,
        names=(),
        rejection_code=code,
        rejection_reason=reason,
        decided_by=by,
        decided_at=at,
    )
