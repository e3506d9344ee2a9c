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
    """A kind of activity. ``review_needed``: the person itself cannot record it as done."""

    code: str
    name: str
    stage: ProcessStage
    five_c: FiveC
    review_needed: bool = False
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

_REGISTRATION, _CLOSING = ProcessStage.DEAL_REGISTRATION, ProcessStage.CLOSING
DEAL_BEHAVIORS = (
    BehaviorType(
        DEAL_SUBMITTED, "Deal registration submitted", _REGISTRATION, FiveC.COMMITMENT, True
    ),
    BehaviorType(
        DEAL_REGISTERED, "Deal registration approved", _REGISTRATION, FiveC.COMMITMENT, True
    ),
    BehaviorType(
        DEAL_REJECTED, "Deal registration rejected", _REGISTRATION, FiveC.COMMITMENT, True
    ),
    BehaviorType(DEAL_WON, "Deal won", _CLOSING, FiveC.CONTRIBUTION, True),
    BehaviorType(DEAL_LOST, "Deal lost", _CLOSING, FiveC.CONTRIBUTION, True),
)
"""The behaviors that changes of a deal are; only those changes record them."""


class OutcomeStatus(StrEnum):
    """What a rule made of an activity."""

    AWARDED = "AWARDED"
    WITHHELD = "WITHHELD"
    TAKEN_BACK = "TAKEN_BACK"


class WithheldReason(StrEnum):
    """Why a rule that would have paid did not, in the order in which it is looked for."""

    OUT_OF_WINDOW = "OUT_OF_WINDOW"
    OUT_OF_SEGMENT = "OUT_OF_SEGMENT"
    NOT_EMPLOYED = "NOT_EMPLOYED"
    NO_CONSENT = "NO_CONSENT"
    NOT_ENROLLED = "NOT_ENROLLED"
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule's result.

    ``amount_minor`` is what was paid, would have been paid, or was taken back.
    """

    rule_code: str
    status: OutcomeStatus
    asset: str
    amount_minor: int
    because: str
    reason: WithheldReason | None = None
    earning_id: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """One occurrence of a behavior. ``id`` names partner, individual, program and itself."""

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
    outcomes: tuple[Outcome, ...] = ()
