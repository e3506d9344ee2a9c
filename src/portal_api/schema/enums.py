"""The domain's enums as the schema shows them: the same classes, told to Strawberry."""

import strawberry

from portal_api.domain.activities import FiveC, OutcomeStatus, ProcessStage, WithheldReason
from portal_api.domain.consent import ConsentScope
from portal_api.domain.deals import DealStage, RegistrationStatus
from portal_api.domain.goals import Level, Measure
from portal_api.domain.ledger import EarningStatus
from portal_api.domain.partners import ParticipationPolicy, PartnerType, PersonStatus, Role, Tier
from portal_api.domain.payouts import PayoutStatus

__all__ = [
    "ConsentScope",
    "DealStage",
    "EarningStatus",
    "FiveC",
    "Level",
    "Measure",
    "OutcomeStatus",
    "ParticipationPolicy",
    "PartnerType",
    "PayoutStatus",
    "PersonStatus",
    "ProcessStage",
    "RegistrationStatus",
    "Role",
    "Tier",
    "WithheldReason",
]

strawberry.enum(
    PartnerType, description="How a partner sells; each type has a participation policy."
)
strawberry.enum(
    ParticipationPolicy,
    description="COMPANY_WIDE: one consent for the whole company, never started by a rep."
    " SELECTIVE: also person by person.",
)
strawberry.enum(Tier, description="A partner's earned standing, lowest first.")
strawberry.enum(Role, description="What a person does, at a partner or at the vendor.")
strawberry.enum(PersonStatus, description="Whether a person may act.")
strawberry.enum(ConsentScope, description="Whom a consent covers.")
strawberry.enum(
    RegistrationStatus, description="Where the request to have a deal recognized stands."
)
strawberry.enum(DealStage, description="How the opportunity itself goes.")
strawberry.enum(
    ProcessStage, description="The step of the sales process that a behavior belongs to."
)
strawberry.enum(
    FiveC, description="What a behavior adds to: one of the five C's of a partner's worth."
)
strawberry.enum(OutcomeStatus, description="What a rule made of an activity.")
strawberry.enum(
    WithheldReason,
    description="Why a rule that would have paid did not, in the order in which it is looked for.",
)
strawberry.enum(Level, description="For whom a goal counts, and to whom a rule pays.")
strawberry.enum(Measure, description="What a goal counts.")
strawberry.enum(EarningStatus, description="Where an earning stands.")
strawberry.enum(PayoutStatus, description="Where a payout stands.")
