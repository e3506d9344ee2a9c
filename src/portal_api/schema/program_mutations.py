"""The mutations that create, publish and fund programs, and define behaviors."""

from datetime import datetime

import strawberry

from portal_api.domain import goals, partners, rewards
from portal_api.domain.errors import PlanNotPublishable
from portal_api.schema import mechanics
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import FiveC, Level, Measure, PartnerType, ProcessStage, Role, Tier
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mechanics import MechanicInput
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.programs import Behavior, PlanVersion, Program
from portal_api.schema.scalars import AmountInput
from portal_api.services import programs as services
from portal_api.services.partners import MANAGERS

_ALL = frozenset({Audience.ANYONE, Audience.VENDOR})


@strawberry.input(
    description="A filter of partners and people; an empty list lets everything through."
)
class SegmentInput:
    """Whom something is for."""

    types: list[PartnerType] = strawberry.field(default_factory=list, description="Partner types.")
    tiers: list[Tier] = strawberry.field(default_factory=list, description="Tiers.")
    regions: list[str] = strawberry.field(default_factory=list, description="Regions.")
    roles: list[Role] = strawberry.field(
        default_factory=list, description="Roles; empty: every role that earns."
    )

    def record(self) -> partners.Segment:
        """The segment."""
        return partners.Segment(
            tuple(self.types), tuple(self.tiers), tuple(self.regions), tuple(self.roles)
        )


@strawberry.input(description="What a goal counts, and when.")
class GoalDefinitionInput:
    """A goal's definition."""

    code: str = strawberry.field(description="Unique within the plan, such as Q1-REVENUE.")
    name: str = strawberry.field(description="For people.")
    measure: Measure = strawberry.field(description="What it counts.")
    starts_at: datetime = strawberry.field(description="From here on.")
    ends_at: datetime = strawberry.field(description="Up to but without this instant.")
    behavior: str | None = strawberry.field(default=None, description="For BEHAVIOR_COUNT: which.")

    def record(self) -> goals.GoalDefinition:
        """The definition."""
        return goals.GoalDefinition(
            self.code, self.name, self.measure, self.starts_at, self.ends_at, self.behavior
        )


@strawberry.input(
    description="When a behavior happens, a mechanic pays, to a level, within a segment."
)
class RuleInput:
    """A rule."""

    code: str = strawberry.field(description="Unique within the plan; an earning names it.")
    name: str = strawberry.field(description="For people.")
    level: Level = strawberry.field(description="PARTNER or INDIVIDUAL.")
    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    mechanic: MechanicInput = strawberry.field(description="How it pays.")
    segment: SegmentInput = strawberry.field(
        default_factory=SegmentInput, description="Whom it is for, within the program's segment."
    )

    def record(self) -> rewards.Rule:
        """The rule."""
        mechanic = mechanics.mechanic_of(self.mechanic, self.asset_code)
        return rewards.Rule(
            self.code, self.name, self.level, self.asset_code, mechanic, self.segment.record()
        )


@strawberry.input(description="A new kind of activity.")
class DefineBehaviorInput(MutationInput):
    """A behavior."""

    code: str = strawberry.field(description="Capital letters, digits and underscores.")
    name: str = strawberry.field(description="For people.")
    stage: ProcessStage = strawberry.field(description="The step of the sales process.")
    five_c: FiveC = strawberry.field(description="What it adds to.")
    review_needed: bool = strawberry.field(
        default=True, description="Whether only the vendor or an integration may record it."
    )


@strawberry.input(description="A new program.")
class CreateProgramInput(MutationInput):
    """A program."""

    name: str = strawberry.field(description="For people.")
    description: str = strawberry.field(description="What it is about.")
    starts_at: datetime = strawberry.field(description="Activities earn from here on.")
    ends_at: datetime = strawberry.field(description="Up to but without this instant.")
    currency_code: str = strawberry.field(description="The currency of its deals, ISO 4217.")
    terms: str = strawberry.field(description="What an individual accepts by enrolling.")
    time_zone: str = strawberry.field(default="UTC", description="IANA name.")
    segment: SegmentInput = strawberry.field(
        default_factory=SegmentInput, description="Whom it is for."
    )


@strawberry.input(description="The next version of a program's plan.")
class PublishPlanInput(MutationInput):
    """A plan."""

    program_id: strawberry.ID = strawberry.field(description="The program.")
    rules: list[RuleInput] = strawberry.field(description=f"1 to {services.MAX_RULES} rules.")
    goals: list[GoalDefinitionInput] = strawberry.field(
        default_factory=list, description=f"What can be aimed at, up to {services.MAX_GOALS}."
    )
    effective_from: datetime | None = strawberry.field(
        default=None,
        description="Now or later; the first version may start with its program. Left out: now, or"
        " the program's start if that is later.",
    )


@strawberry.input(description="More budget for a program.")
class FundProgramInput(MutationInput):
    """A funding."""

    program_id: strawberry.ID = strawberry.field(description="The program.")
    amount: AmountInput = strawberry.field(description="How much more, of which asset.")


@declared(Audience.ANYONE)
@strawberry.type(description="The behavior is in the catalogue.")
class BehaviorDefined:
    """Success."""

    behavior: Behavior = strawberry.field(description="The behavior.")


@declared(Audience.ANYONE)
@strawberry.type(description="The program is there, without plan and budget yet.")
class ProgramCreated:
    """Success."""

    program: Program = strawberry.field(description="The program.")


@declared(Audience.ANYONE)
@strawberry.type(description="The plan version is published and never changes.")
class PlanPublished:
    """Success."""

    program: Program = strawberry.field(description="The program.")
    plan: PlanVersion = strawberry.field(description="The version.")


@declared(Audience.ANYONE)
@strawberry.type(description="The budget has grown.")
class ProgramFunded:
    """Success."""

    program: Program = strawberry.field(description="The program, with its budget.")


@strawberry.type
class ProgramMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("DefineBehavior", BehaviorDefined),
        MANAGERS,
        "Adds a kind of activity to the catalogue, or changes its name and classes.",
    )
    async def define_behavior(self, info: Info, input: DefineBehaviorInput) -> object:
        """A new behavior."""
        outcome = perform(
            info,
            services.define_behavior,
            input.request_id,
            code=input.code,
            name=input.name,
            stage=input.stage,
            five_c=input.five_c,
            review_needed=input.review_needed,
        )
        return BehaviorDefined(behavior=Behavior.of(outcome.behavior))

    @mutation(result("CreateProgram", ProgramCreated), MANAGERS, "Creates a program.")
    async def create_program(self, info: Info, input: CreateProgramInput) -> object:
        """A new program."""
        terms = services.ProgramTerms(
            name=input.name,
            description=input.description,
            segment=input.segment.record(),
            starts_at=input.starts_at,
            ends_at=input.ends_at,
            time_zone=input.time_zone,
            currency=input.currency_code,
            terms=input.terms,
        )
        outcome = perform(info, services.create_program, input.request_id, terms=terms)
        return ProgramCreated(program=Program.of(outcome.program, _ALL))

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
            effective_from=input.effective_from,
            rules=tuple(rule.record() for rule in input.rules),
            goals=tuple(goal.record() for goal in input.goals),
        )
        return PlanPublished(
            program=Program.of(outcome.program, _ALL), plan=PlanVersion.of(outcome.plan)
        )

    @mutation(result("FundProgram", ProgramFunded), MANAGERS, "Adds to a program's budget.")
    async def fund_program(self, info: Info, input: FundProgramInput) -> object:
        """More budget."""
        asset, amount_minor = input.amount.minor("amount")
        outcome = perform(
            info,
            services.fund_program,
            input.request_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            asset=asset,
            amount_minor=amount_minor,
        )
        return ProgramFunded(program=Program.of(outcome.program, _ALL))
