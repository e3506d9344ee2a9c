"""Obstacles in the insight: what is reported, what came of what was done, and what to do next."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from portal_api.domain.insights import obstacles
from portal_api.schema.access import Audience, declared
from portal_api.schema.behaviors import Behavior
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.insight_parts import PER_WEEK, Basis, Estimate, Shown, milli
from portal_api.schema.nodes import find
from portal_api.schema.obstacle_enums import Advice, TrendVerdict
from portal_api.schema.scalars import Decimal

if TYPE_CHECKING:
    from portal_api.schema.interventions import Intervention

_Done = Annotated["Intervention", strawberry.lazy("portal_api.schema.interventions")] | None
MOST_BEHAVIORS = 20
"""So often what is asked of each behavior counts; few programs want more."""


@declared(Audience.VENDOR)
@strawberry.type(
    description="How often a behavior was done before and after an intervention, by the people who"
    " worked where it was done all the time, together."
)
class InterventionTrend:
    """A trend."""

    started_on: date = strawberry.field(description="Since which day it was done.")
    weeks: int = strawberry.field(
        description="How many weeks before it are compared with as many after it; 0 where there are"
        " too few."
    )
    people: int = strawberry.field(description="How many people are counted.")
    before_per_week: Decimal = strawberry.field(description=f"How often they did it {PER_WEEK}.")
    after_per_week: Decimal = strawberry.field(description="And after it.")
    change: Estimate | None = strawberry.field(
        description="The difference, a week; null where it cannot be told."
    )
    settled: bool = strawberry.field(description="Whether a whole window has passed since.")
    others: int = strawberry.field(
        description="How many other interventions there, about the same behavior, are in these"
        " weeks: then no one can tell which of them it was."
    )
    verdict: TrendVerdict = strawberry.field(description="What became of the behavior.")
    intervention_id: strawberry.Private[str]

    @strawberry.field(description="What was done, and where.")
    async def intervention(self, info: Info) -> _Done:
        """The intervention."""
        found: Intervention | None = await find(info, "Intervention", self.intervention_id)
        return found

    @classmethod
    def of(cls, found: obstacles.Trend) -> "InterventionTrend":
        """The trend as shown."""
        return cls(
            started_on=found.started_on,
            weeks=found.weeks,
            people=found.people,
            before_per_week=milli(found.before_milli),
            after_per_week=milli(found.after_milli),
            change=Estimate.of(found.change_milli, 3),
            settled=found.settled,
            others=found.others,
            verdict=found.verdict,
            intervention_id=found.intervention_id,
        )


@declared(Audience.VENDOR)
@strawberry.type(description="Why one behavior is not done, and what to do about it.")
class BehaviorObstacles:
    """A behavior's obstacles."""

    behavior: Behavior = strawberry.field(description="The behavior.")
    paid: bool = strawberry.field(description="Whether the program pays for it now.")
    open_friction: int = strawberry.field(
        description="How many people have an open report that something is in the way; one person"
        " of the vendor's counts once for each partner."
    )
    friction: int = strawberry.field(
        description="How many have ever reported so, the closed reports included."
    )
    unanswered: int = strawberry.field(
        description="How many have an open one since which nothing was done there."
    )
    open_motivation: int = strawberry.field(
        description="How many have an open report that it is not worth it."
    )
    motivation: int = strawberry.field(
        description="How many have ever reported so, the closed reports included."
    )
    trends: list[InterventionTrend] = strawberry.field(
        description="What was done about it, in order, and what came after each."
    )
    advice: Advice = strawberry.field(description="What to do next.")

    @classmethod
    def of(cls, found: obstacles.BehaviorObstacles, shown: Shown) -> "BehaviorObstacles":
        """The behavior as shown."""
        return cls(
            behavior=shown.behaviors[found.behavior],
            paid=found.paid,
            open_friction=found.open_friction,
            friction=found.friction,
            unanswered=found.unanswered,
            open_motivation=found.open_motivation,
            motivation=found.motivation,
            trends=[InterventionTrend.of(one) for one in found.trends],
            advice=found.advice,
        )


@declared(Audience.VENDOR)
@strawberry.type(
    description="Why behaviors are not done, what was done about it, and whether that helped: fix"
    " first, watch, then incent. The most urgent behaviors come first."
)
class ObstacleInsight:
    """The obstacles of a program."""

    basis: Basis = strawberry.field(description="What it stands on.")
    behaviors: list[BehaviorObstacles] = strawberry.field(
        description="Every behavior that the program pays for, or that was reported or done about.",
        metadata=counted(items=MOST_BEHAVIORS),
    )

    @classmethod
    def of(cls, found: obstacles.Obstacles, shown: Shown) -> "ObstacleInsight":
        """The answer as shown."""
        return cls(
            basis=Basis.of(found.basis),
            behaviors=[BehaviorObstacles.of(one, shown) for one in found.behaviors],
        )
