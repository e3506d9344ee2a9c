"""What people do: behaviors as data, one activity per occurrence, and what the rules made of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ProcessStage(StrEnum):
    """The step of the sales process that a behavior belongs to."""

    DEMAND_GENERATION = "DEMAND_GENERATION"
    LEAD_MANAGEMENT = "LEAD_MANAGEMENT"
    OPPORTUNITY_MANAGEMENT = "OPPORTUNITY_MANAGEMENT"
    DEAL_REGISTRATION = "DEAL_REGISTRATION"
    CLOSING = "CLOSING"
    ENABLEMENT = "ENABLEMENT"


class FiveC(StrEnum):
    """What a behavior adds to: one of the five C's of a partner's worth."""

    CONTRIBUTION = "CONTRIBUTION"
    CAPACITY = "CAPACITY"
    COVERAGE = "COVERAGE"
    COMMITMENT = "COMMITMENT"
    CONSUMPTION = "CONSUMPTION"


@dataclass(frozen=True, slots=True)
class BehaviorType:
    """A kind of activity.

    ``review_needed``: what a person claims is reviewed before it counts. ``evidence_needed``: a
    claim has an invoice or a serial number. ``claim_within_days``: how long after it occurred it
    may be claimed (none: always). ``level``: of the training that it is, higher ones build on lower
    ones (none: it is no training).
    """

    code: str
    name: str
    stage: ProcessStage
    five_c: FiveC
    review_needed: bool = False
    evidence_needed: bool = False
    claim_within_days: int | None = None
    level: int | None = None
    version: int = 0

    @property
    def id(self) -> str:
        """The code, which is unique."""
        return self.code


DEAL_SUBMITTED = "DEAL_SUBMITTED"
DEAL_REGISTERED = "DEAL_REGISTERED"
DEAL_REJECTED = "DEAL_REJECTED"
DEAL_WON = "DEAL_WON"
DEAL_LOST = "DEAL_LOST"
DEAL_AMOUNT_CHANGED = "DEAL_AMOUNT_CHANGED"
DEAL_CREDITED = "DEAL_CREDITED"
DEAL_EXTENDED = "DEAL_EXTENDED"
DEAL_RETURNED = "DEAL_RETURNED"
DEAL_REOPENED = "DEAL_REOPENED"

_REGISTRATION, _CLOSING = ProcessStage.DEAL_REGISTRATION, ProcessStage.CLOSING
DEAL_BEHAVIORS = tuple(
    BehaviorType(code, name, stage, five_c, review_needed=True)
    for code, name, stage, five_c in (
        (DEAL_SUBMITTED, "Deal registration submitted", _REGISTRATION, FiveC.COMMITMENT),
        (DEAL_REGISTERED, "Deal registration approved", _REGISTRATION, FiveC.COMMITMENT),
        (DEAL_REJECTED, "Deal registration rejected", _REGISTRATION, FiveC.COMMITMENT),
        (DEAL_EXTENDED, "Deal protection extended", _REGISTRATION, FiveC.COMMITMENT),
        (DEAL_AMOUNT_CHANGED, "Deal amount changed", _CLOSING, FiveC.CONTRIBUTION),
        (DEAL_CREDITED, "Deal credit divided", _CLOSING, FiveC.CONTRIBUTION),
        (DEAL_WON, "Deal won", _CLOSING, FiveC.CONTRIBUTION),
        (DEAL_LOST, "Deal lost", _CLOSING, FiveC.CONTRIBUTION),
        (DEAL_RETURNED, "Deal returned", _CLOSING, FiveC.CONTRIBUTION),
        (DEAL_REOPENED, "Deal reopened", _CLOSING, FiveC.CONTRIBUTION),
    )
)
"""The behaviors that changes of a deal are; only those changes record them."""
DEAL_CHANGES = frozenset(behavior.code for behavior in DEAL_BEHAVIORS)


class OutcomeStatus(StrEnum):
    """What a rule made of an activity."""

    AWARDED = "AWARDED"
    PENDING = "PENDING"
    """Awarded, and available once the deal is won."""
    RELEASED = "RELEASED"
    """Pending before, available now."""
    CANCELLED = "CANCELLED"
    """Pending before, nothing now."""
    WITHHELD = "WITHHELD"
    TAKEN_BACK = "TAKEN_BACK"
    SHARED = "SHARED"
    """A team's, to be divided among its members one by one."""
    SHADOW = "SHADOW"
    """What a shadow rule would have awarded."""


class WithheldReason(StrEnum):
    """Why a rule that would have paid did not, in the order in which it is looked for."""

    OUT_OF_WINDOW = "OUT_OF_WINDOW"
    OUT_OF_SEGMENT = "OUT_OF_SEGMENT"
    NOT_EMPLOYED = "NOT_EMPLOYED"
    NO_CONSENT = "NO_CONSENT"
    NOT_ENROLLED = "NOT_ENROLLED"
    NO_PARTICIPATION = "NO_PARTICIPATION"
    LIMIT_REACHED = "LIMIT_REACHED"
    CAP_REACHED = "CAP_REACHED"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule's result for one recipient (a person, a team or the partner).

    ``amount_minor`` is what was paid, would have been paid, was taken back, released or cancelled.
    ``late_minor`` had been withheld for want of consent until this was paid.
    """

    rule_code: str
    status: OutcomeStatus
    asset: str
    amount_minor: int
    because: str
    recipient_id: str
    step: str
    reason: WithheldReason | None = None
    earning_id: str | None = None
    team_award_id: str | None = None
    late_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What it adds to what the recipient is paid or waits for; a shadow's is nothing."""
        if self.status in (OutcomeStatus.AWARDED, OutcomeStatus.PENDING, OutcomeStatus.SHARED):
            return self.amount_minor
        if self.status in (OutcomeStatus.TAKEN_BACK, OutcomeStatus.CANCELLED):
            return -self.amount_minor
        return 0


@dataclass(frozen=True, slots=True)
class DealWas:
    """A deal as it was before a change; ``stage`` is the name of its stage."""

    stage: str
    product: str
    amount_minor: int
    submitted_at: datetime
    approved_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """One occurrence of a behavior. ``id`` names partner, individual, program and itself.

    ``deal_amount_minor`` is the amount that its deal had with it, ``deal_shares`` who was credited.
    ``certifies`` are the codes of the goals of certified people that it has counted its person for.
    ``teams`` are those for which its people were counted then, empty for who was in none.
    ``deal_was`` is the deal before the change that this activity is; none: it changed no deal.
    """

    id: str
    partner_id: str
    individual_id: str
    program_id: str
    behavior: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    source_event_id: str
    deal_id: str | None = None
    deal_amount_minor: int | None = None
    deal_shares: tuple[tuple[str, int], ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    certifies: tuple[str, ...] = ()
    teams: tuple[tuple[str, str], ...] = ()
    deal_was: DealWas | None = None
    version: int = 0

    @property
    def saw_deal(self) -> bool:
        """Whether the rules looked at its deal: not at one that was full without this person."""
        return self.behavior in DEAL_CHANGES or self.deal_amount_minor is not None
