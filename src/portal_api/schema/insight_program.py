"""The insight of a program as a whole: what the last refresh has kept."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import programs
from portal_api.domain.insights import breadth
from portal_api.domain.insights.kept import ProgramInsight
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.behaviors import Behavior
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.insight_enums import BreadthVerdict, Flag
from portal_api.schema.insight_habits import DurabilityReport
from portal_api.schema.insight_money import ConsistencyReport, DeadweightReport
from portal_api.schema.insight_obstacles import ObstacleInsight
from portal_api.schema.insight_parts import AS_OF, READING, Basis, Shown, known_behaviors, paged
from portal_api.schema.insight_profile import BehaviorProfile, NextIncentives, TopPace
from portal_api.schema.insight_ranking import Ranking
from portal_api.schema.insight_sales import BottomLine
from portal_api.schema.nodes import find
from portal_api.schema.paging import PAGE, After, First
from portal_api.services.store import One

if TYPE_CHECKING:
    from portal_api.schema.partners import Partner

_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")]


@declared(Audience.VENDOR)
@strawberry.type(
    description="A partner to invest in, or to talk to, for how its staff does a behavior; more of"
    " it is in the partner's insights."
)
class PartnerFlag:
    """A flag."""

    behavior: Behavior = strawberry.field(description="The behavior.")
    verdict: BreadthVerdict = strawberry.field(description="Whether all do it, or the stars.")
    flag: Flag | None = strawberry.field(description="What to do about it.")
    partner_id: strawberry.Private[str]

    @strawberry.field(description="The partner.")
    async def partner(self, info: Info) -> _Partner | None:
        """The partner."""
        found: Partner | None = await find(info, "Partner", self.partner_id)
        return found


# A flag is not fetched alone: it is found in its program's insight.
Flags = relay.Connection[PartnerFlag]  # type: ignore[type-var]


@declared(Audience.VENDOR)
@strawberry.type(
    description="Which behaviors to pay for, and whether it is working, of one program. What is"
    " done and sold is counted over all programs, in whole weeks that are over. Where there is too"
    " little to tell, it says INSUFFICIENT_DATA and does not guess."
)
class ProgramInsights:
    """A program's insight."""

    as_of: datetime = strawberry.field(description=AS_OF)
    unconverted: list[str] = strawberry.field(
        description="Currencies of sales that no exchange rate is known for: such sales are in no"
        " answer. Set their rates."
    )
    incentives_left_out: int = strawberry.field(
        description="So many incentives are judged no more, since the program has had more than 60:"
        " those that ended first."
    )
    record: strawberry.Private[ProgramInsight]
    shown: strawberry.Private[Shown]

    @property
    def whose(self) -> str:
        """Of what the marks of its lists are."""
        return f"{self.record.id}.flags"

    @strawberry.field(
        description="Whom to invest in and whom to talk to, behavior by behavior, the partner that"
        " sells most first."
    )
    def flags(self, first: First = PAGE, after: After = None) -> Flags:
        """A page of flags."""

        def shown(one: breadth.Breadth) -> PartnerFlag:
            return PartnerFlag(
                behavior=self.shown.behaviors[one.behavior],
                verdict=one.verdict,
                flag=one.flag,
                partner_id=one.partner_id,
            )

        return paged(self.record.flags, first, after, shown)  # type: ignore[no-any-return]

    @strawberry.field(description="Which partners sell most, and who does all the time.")
    def ranking(self) -> Ranking:
        """The partners."""
        whose = f"{self.record.id}.partners"
        return Ranking.of(whose, self.record.ranking, self.shown, people=False)

    @strawberry.field(description="Which people sell most, and who does all the time.")
    def people_ranking(self) -> Ranking:
        """The people."""
        whose = f"{self.record.id}.people"
        return Ranking.of(whose, self.record.people_ranking, self.shown, people=True)

    @strawberry.field(description="What the top partners do and others do not.")
    def profile(self) -> BehaviorProfile:
        """The profile of partners."""
        return BehaviorProfile.of(self.record.profile, self.shown)

    @strawberry.field(description="What the top people do and others do not.")
    def people_profile(self) -> BehaviorProfile:
        """The profile of people."""
        return BehaviorProfile.of(self.record.people_profile, self.shown)

    @strawberry.field(description="What to pay for next.")
    def next_incentives(self) -> NextIncentives:
        """The suggestions."""
        return NextIncentives.of(self.record.next_incentives, self.shown)

    @strawberry.field(
        description="Whether the top rose, too, since the plan began; each partner's pace against"
        " it is in the partner's insights."
    )
    def pace(self) -> TopPace:
        """The pace of the top."""
        return TopPace.of(self.record.pace, self.shown)

    @strawberry.field(
        description="What became of behaviors after their incentives, of all who took part"
        " together; that of each partner, team and person is in the partner's insights."
    )
    def durability(self) -> DurabilityReport:
        """The durability."""
        found = self.record.durability
        return DurabilityReport.of(found.parties, Basis.of(found.basis), self.shown)

    @strawberry.field(description="Whether incentives work alike at all partners.")
    def consistency(self) -> ConsistencyReport:
        """The consistency."""
        return ConsistencyReport.of(self.record.id, self.record.consistency, self.shown)

    @strawberry.field(description="What is paid for what would have been done anyway.")
    def deadweight(self) -> DeadweightReport:
        """The deadweight."""
        return DeadweightReport.of(self.record.deadweight, self.shown)

    @strawberry.field(description="Pipeline, win ratio and sales before the program and since.")
    def bottom_line(self) -> BottomLine:
        """The bottom line."""
        return BottomLine.of(self.record.bottom_line, self.shown)

    @strawberry.field(
        description="Why behaviors are not done: fix what is in the way first, watch what comes of"
        " it, and pay only then."
    )
    def obstacles(self) -> ObstacleInsight:
        """The obstacles."""
        return ObstacleInsight.of(self.record.obstacles, self.shown)


@strawberry.type
class ProgramAnswers:
    """Mixed into a program."""

    record: strawberry.Private[programs.Program]

    @narrow(
        Audience.VENDOR,
        description="Which behaviors to pay for, and whether it is working; null before the first"
        " refresh.",
        metadata=counted(READING),
    )
    async def insights(self, info: Info) -> ProgramInsights | None:
        """What the last refresh has kept."""
        found, behaviors = await asyncio.gather(
            info.context.load(One(ProgramInsight, self.record.id)), known_behaviors(info)
        )
        if found is None:
            return None
        return ProgramInsights(
            as_of=found.as_of,
            unconverted=list(found.unconverted),
            incentives_left_out=found.left_out,
            record=found,
            shown=Shown(behaviors, found.currency),
        )
