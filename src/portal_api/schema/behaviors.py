"""Behaviors, as portals read them."""

import strawberry

from portal_api.domain import activities
from portal_api.schema.access import Audience, declared
from portal_api.schema.enums import FiveC, ProcessStage


@declared(Audience.ANYONE)
@strawberry.type(description="A kind of activity: behaviors are data, a new one needs no release.")
class Behavior:
    """A behavior type."""

    code: str = strawberry.field(description="Its unique code, such as TRAINING_COMPLETED.")
    name: str = strawberry.field(description="For people.")
    stage: ProcessStage = strawberry.field(
        description="The step of the sales process it belongs to."
    )
    five_c: FiveC = strawberry.field(description="What it adds to.")
    review_needed: bool = strawberry.field(
        description="Whether what a person claims is reviewed before it counts."
    )
    evidence_needed: bool = strawberry.field(
        description="Whether a claim needs an invoice or a serial number."
    )
    claim_within_days: int | None = strawberry.field(
        description="How many days after it occurred it may be claimed; null: always."
    )
    level: int | None = strawberry.field(
        description="The level of the training that it is, such as 1 for a first one; null: none."
    )

    @classmethod
    def of(cls, record: activities.BehaviorType) -> "Behavior":
        """The behavior as shown."""
        return cls(
            code=record.code,
            name=record.name,
            stage=record.stage,
            five_c=record.five_c,
            review_needed=record.review_needed,
            evidence_needed=record.evidence_needed,
            claim_within_days=record.claim_within_days,
            level=record.level,
        )
