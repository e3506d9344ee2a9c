"""The mutations that draft and publish plans."""

from datetime import datetime

import strawberry

from portal_api.domain import goals, money, plan_checks, plans
from portal_api.domain.errors import InvalidInput, PlanAlreadyPublished, PlanNotPublishable
from portal_api.schema import mechanics
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import Level, Measure, Period
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mechanics import MechanicInput
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.plans import PlanDraft, PlanVersion
from portal_api.schema.programs import Program
from portal_api.schema.scalars import BigInt, Decimal, MoneyInput
from portal_api.schema.segments import SegmentInput
from portal_api.services import plans as services
from portal_api.services.partners import MANAGERS

_ALL = frozenset({Audience.ANYONE, Audience.VENDOR})


@strawberry.input(description="What a goal counts, and when.")
class GoalDefinitionInput:
    """A goal's definition."""

    code: str = strawberry.field(description="Unique within the plan, such as Q1-REVENUE.")
    name: str = strawberry.field(description="For people.")
    measure: Measure = strawberry.field(description="What it counts.")
    starts_at: datetime = strawberry.field(description="From here on.")
    ends_at: datetime = strawberry.field(description="Up to but without this instant.")
    behavior: str | None = strawberry.field(
        default=None, description="For BEHAVIOR_COUNT and CERTIFIED_PEOPLE: which."
    )

    def record(self) -> goals.GoalDefinition:
        """The definition."""
        return goals.GoalDefinition(
            self.code, self.name, self.measure, self.starts_at, self.ends_at, self.behavior
        )


@strawberry.input(
    description="How much a rule pays one recipient at most in a period: a count, an amount, or"
    " both. What would go beyond it is withheld whole."
)
class LimitInput:
    """A limit."""

    period: Period = strawberry.field(
        description="The time over which it counts; one limit of each."
    )
    count: BigInt | None = strawberry.field(default=None, description="How many times at most.")
    amount: Decimal | None = strawberry.field(
        default=None, description="How much in all at most, in major units of the rule's asset."
    )

    def record(self, asset: str) -> plans.Limit:
        """The limit; raises ``InvalidInput``."""
        try:
            most = None if self.amount is None else money.to_minor(self.amount, asset)
        except ValueError as problem:
            raise InvalidInput(str(problem), "limits") from None
        return plans.Limit(self.period, self.count, most)


@strawberry.input(
    description="When a behavior happens, a mechanic pays, to a level, within a segment and limits."
)
class RuleInput:
    """A rule."""

    code: str = strawberry.field(description="Unique within the plan; an earning names it.")
    name: str = strawberry.field(description="For people.")
    level: Level = strawberry.field(
        description="PARTNER pays the company's wallet, INDIVIDUAL the person's, TEAM in equal"
        " shares to its enrolled members."
    )
    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    mechanic: MechanicInput = strawberry.field(description="How it pays.")
    segment: SegmentInput = strawberry.field(
        default_factory=SegmentInput, description="Whom it is for, within the program's segment."
    )
    limits: list[LimitInput] = strawberry.field(
        default_factory=list, description="What one recipient is paid at most."
    )
    shadow: bool = strawberry.field(
        default=False, description="Whether it pays nothing and only records what it would pay."
    )
    hold_days: int = strawberry.field(
        default=0,
        description="How many days what it pays stays pending, from when it was earned, or from"
        f" when its deal was won where it waits for that: up to {plan_checks.LONGEST_HOLD_DAYS}.",
    )

    def record(self) -> plans.Rule:
        """The rule; raises ``InvalidInput``."""
        return plans.Rule(
            code=self.code,
            name=self.name,
            level=self.level,
            asset=self.asset_code,
            mechanic=mechanics.mechanic_of(self.mechanic, self.asset_code),
            segment=self.segment.record(),
            limits=tuple(limit.record(self.asset_code) for limit in self.limits),
            shadow=self.shadow,
            hold_days=self.hold_days,
        )


@strawberry.input(description="What points are worth: so many points are that much money.")
class PointValueInput:
    """The value of points."""

    points: BigInt = strawberry.field(description="So many points, more than zero …")
    amount: MoneyInput = strawberry.field(
        description="… are worth this much of the program's currency, more than zero."
    )


@strawberry.input
class PlanInput(MutationInput):
    """What a plan says, which publishing and drafting have in common."""

    program_id: strawberry.ID = strawberry.field(description="The program.")
    rules: list[RuleInput] = strawberry.field(description=f"1 to {plan_checks.MAX_RULES} rules.")
    goals: list[GoalDefinitionInput] = strawberry.field(
        default_factory=list, description=f"What can be aimed at, up to {plan_checks.MAX_GOALS}."
    )
    effective_from: datetime | None = strawberry.field(
        default=None,
        description="Now or later; the first version may start with its program. Left out: from its"
        " publication, or the program's start if that is later.",
    )
    point_value: PointValueInput | None = strawberry.field(
        default=None,
        description="What points are worth, where rules of points pay a rate of a deal.",
    )
    points_expire_after_months: int | None = strawberry.field(
        default=None,
        description="Points that became available in a month expire at the end of the month so"
        f" many later: 1 to {plan_checks.LONGEST_LIFE_MONTHS}. Left out: never.",
    )

    def content(self) -> services.PlanContent:
        """The plan's content; raises ``InvalidInput``."""
        given, value = self.point_value, None
        if given is not None:
            value = plans.PointValue(given.points, given.amount.minor("pointValue"))
        return services.PlanContent(
            rules=tuple(rule.record() for rule in self.rules),
            goals=tuple(goal.record() for goal in self.goals),
            effective_from=self.effective_from,
            point_value=value,
            expire_months=self.points_expire_after_months,
            currency=None if given is None else given.amount.currency_code,
        )


@strawberry.input(description="The next version of a program's plan.")
class PublishPlanInput(PlanInput):
    """A plan."""


@strawberry.input(
    description="The next version of a program's plan, to be published later. It replaces the draft"
    " that there is; it may still have problems."
)
class DraftPlanInput(PlanInput):
    """A draft."""

    number: int = strawberry.field(
        description="The version's number: that of the last published version, plus one."
    )


@strawberry.input(description="The draft to publish.")
class PublishDraftInput(MutationInput):
    """A draft's publication."""

    program_id: strawberry.ID = strawberry.field(description="The program.")
    number: int = strawberry.field(description="The draft's number.")


@declared(Audience.ANYONE)
@strawberry.type(description="The plan version is published and never changes.")
class PlanPublished:
    """Success."""

    program: Program = strawberry.field(description="The program.")
    plan: PlanVersion = strawberry.field(description="The version, with its warnings.")


@declared(Audience.VENDOR)
@strawberry.type(description="The draft is saved; it judges nothing before it is published.")
class PlanDrafted:
    """Success."""

    program: Program = strawberry.field(description="The program.")
    draft: PlanDraft = strawberry.field(description="The draft, with its problems and warnings.")


@strawberry.type
class PlanMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("PublishPlan", PlanPublished, PlanNotPublishable),
        MANAGERS,
        "Publishes the next version of a program's rules and goals. Nothing already earned"
        " changes.",
    )
    async def publish_plan(self, info: Info, input: PublishPlanInput) -> object:
        """A new plan version."""
        outcome = perform(
            info,
            services.publish_plan,
            input.request_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            content=input.content(),
        )
        return _published(outcome)

    @mutation(
        result("DraftPlan", PlanDrafted, PlanAlreadyPublished),
        MANAGERS,
        "Saves the next version of a program's rules and goals without publishing it, as often as"
        " you like.",
    )
    async def draft_plan(self, info: Info, input: DraftPlanInput) -> object:
        """A draft."""
        outcome = perform(
            info,
            services.draft_plan,
            input.request_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            number=input.number,
            content=input.content(),
        )
        program = outcome.program
        return PlanDrafted(
            program=Program.of(program, _ALL), draft=PlanDraft.of(outcome.draft, program)
        )

    @mutation(
        result("PublishDraft", PlanPublished, PlanNotPublishable, PlanAlreadyPublished),
        MANAGERS,
        "Publishes the draft as it is saved. Nothing already earned changes.",
    )
    async def publish_draft(self, info: Info, input: PublishDraftInput) -> object:
        """A new plan version."""
        outcome = perform(
            info,
            services.publish_draft,
            input.request_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            number=input.number,
        )
        return _published(outcome)


def _published(outcome: services.PlanPublished) -> PlanPublished:
    program = outcome.program
    return PlanPublished(
        program=Program.of(program, _ALL), plan=PlanVersion.of(outcome.plan, program)
    )
