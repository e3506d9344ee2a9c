"""Habits in the insight: what lasts after an incentive, and whether a whole staff does it."""

from collections.abc import Sequence

import strawberry

from portal_api.domain.goals import SMALLEST_GROUP, Level, tells_of_nobody
from portal_api.domain.insights import breadth, durability
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.behaviors import Behavior
from portal_api.schema.costs import counted
from portal_api.schema.insight_enums import BreadthVerdict, DurabilityVerdict, Flag
from portal_api.schema.insight_parts import (
    COMPANY,
    FEW,
    PER_WEEK,
    PERCENT,
    Basis,
    Estimate,
    Shown,
    milli,
    percent,
    share,
)
from portal_api.schema.insight_profile import MOST_BEHAVIORS
from portal_api.schema.scalars import Decimal


@declared(*COMPANY)
@strawberry.type(
    description="A behavior before, during and after its incentive, in three equal windows."
)
class Durability:
    """A behavior's durability."""

    behavior: Behavior = strawberry.field(description="The behavior.")
    weeks: int = strawberry.field(
        description="How long each of the three windows is; 0 where there is none."
    )
    before: Decimal = strawberry.field(
        description=f"How often it was done before it was paid for, {PER_WEEK}."
    )
    during: Decimal = strawberry.field(description="While it was paid for.")
    after: Decimal = strawberry.field(
        description="After that; 0.000 also where there is no week after it yet: then `left` is"
        " null."
    )
    lift: Estimate | None = strawberry.field(
        description="During less before, a week: what the incentive brought. Null where it cannot"
        " be told."
    )
    left: Estimate | None = strawberry.field(
        description="After less before, a week: what is left of it. Null where it cannot be told."
    )
    kept: Decimal | None = strawberry.field(
        description=f"How much of the lift is left, {PERCENT}; null where no lift is seen."
    )
    verdict: DurabilityVerdict = strawberry.field(description="What it comes to.")

    @classmethod
    def of(cls, found: durability.Durability, shown: Shown) -> "Durability":
        """The durability as shown."""
        return cls(
            behavior=shown.behaviors[found.behavior],
            weeks=found.weeks,
            before=milli(found.before_milli),
            during=milli(found.during_milli),
            after=milli(found.after_milli),
            lift=Estimate.of(found.lift_milli, 3),
            left=Estimate.of(found.left_milli, 3),
            kept=share(found.kept_bps),
            verdict=found.verdict,
        )


@declared(*COMPANY)
@strawberry.type(
    description="What became of each behavior once it was not paid for any more. What is sustained"
    " can be left alone; what was a spike is paid for as long as it is wanted, or differently."
)
class DurabilityReport:
    """Durability, behavior by behavior."""

    basis: Basis = strawberry.field(description="What it stands on.")
    behaviors: list[Durability] = strawberry.field(
        description="The behaviors that are, or were, paid for, in the order in which that began; a"
        " behavior may have been paid for several times. To an executive those of which each window"
        f" tells of at least {SMALLEST_GROUP} of its people, or of nothing done.",
        metadata=counted(items=MOST_BEHAVIORS),
    )

    @classmethod
    def of(
        cls, found: Sequence[durability.Durability], basis: Basis, shown: Shown
    ) -> "DurabilityReport":
        """The report as shown."""
        return cls(basis=basis, behaviors=[Durability.of(one, shown) for one in found])


def told_to_executives(
    found: Sequence[durability.Durability],
) -> tuple[durability.Durability, ...]:
    """Of a company's durability what tells of nobody: what each window has is of at least three."""
    return tuple(
        one for one in found if one.level is Level.PARTNER and one.people >= SMALLEST_GROUP
    )


@declared(*COMPANY)
@strawberry.type(description="How a behavior is spread over the staff of a partner.")
class BehaviorBreadth:
    """A behavior's breadth."""

    behavior: Behavior = strawberry.field(description="The behavior.")
    staff: int = strawberry.field(description="How many people worked there for most of the time.")
    doing: int | None = strawberry.field(
        description="How many of them do it: in two different weeks or more, for one try is no"
        f" habit. {FEW}"
    )
    doing_share: Estimate | None = strawberry.field(
        description=f"The share of the staff that does it, {PERCENT}. {FEW}"
    )
    occurrences: int | None = strawberry.field(description=f"How often the staff did it. {FEW}")
    verdict: BreadthVerdict | None = strawberry.field(
        description=f"Whether all do it, or the stars. {FEW}"
    )
    audiences: strawberry.Private[frozenset[Audience]]
    found: strawberry.Private[breadth.Breadth]

    @classmethod
    def of(
        cls, found: breadth.Breadth, shown: Shown, audiences: frozenset[Audience]
    ) -> "BehaviorBreadth":
        """The breadth as shown to whoever is ``audiences`` to the partner."""
        everything = Audience.VENDOR in audiences
        told = everything or tells_of_nobody(found.doing, found.staff - found.doing)
        # Who did it once does not do it, and would be told of alone.
        some = told and (everything or found.doing > 0 or not found.occurrences)
        return cls(
            behavior=shown.behaviors[found.behavior],
            staff=found.staff,
            doing=found.doing if told else None,
            doing_share=Estimate.of(found.doing_bps, 2) if told else None,
            occurrences=found.occurrences if some else None,
            verdict=found.verdict if told else None,
            audiences=audiences,
            found=found,
        )

    @narrow(
        Audience.VENDOR,
        description=f"How much of it the person who does most has done, {PERCENT}.",
    )
    def top_one(self) -> Decimal | None:
        """The share of one."""
        return percent(self.found.top_one_bps)

    @narrow(
        Audience.VENDOR,
        description=f"How much of it the two who do most have done together, {PERCENT}.",
    )
    def top_two(self) -> Decimal | None:
        """The share of two."""
        return percent(self.found.top_two_bps)

    @narrow(
        Audience.VENDOR,
        description="What to do about it, by the partner's tier, too; null also for nothing.",
    )
    def flag(self) -> Flag | None:
        """The flag."""
        return self.found.flag


@declared(*COMPANY)
@strawberry.type(
    description="Whether a whole organization does what is paid for, or only its stars."
)
class BreadthReport:
    """Breadth, behavior by behavior."""

    basis: Basis | None = strawberry.field(description="What it stands on.")
    behaviors: list[BehaviorBreadth] = strawberry.field(
        description="The behaviors that are, or were, paid for.",
        metadata=counted(items=MOST_BEHAVIORS),
    )

    @classmethod
    def of(
        cls,
        found: Sequence[breadth.Breadth],
        basis: Basis | None,
        shown: Shown,
        audiences: frozenset[Audience],
    ) -> "BreadthReport":
        """The report as shown."""
        behaviors = [BehaviorBreadth.of(one, shown, audiences) for one in found]
        return cls(basis=basis, behaviors=behaviors)
