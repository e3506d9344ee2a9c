"""Plans, published or being written, as portals read them: rules, goals, and warnings."""

import asyncio
from datetime import datetime

import strawberry

from portal_api.domain import activities, goals, plan_checks, plans, programs
from portal_api.domain.money import to_text
from portal_api.schema import mechanics
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import Level, Measure, Period, PlanStatus, PlanWarningCode
from portal_api.schema.mechanics import MechanicUnion
from portal_api.schema.scalars import BigInt, Decimal, Money, money_of
from portal_api.schema.segments import Segment, segment_of
from portal_api.services import plans as services
from portal_api.services.store import Many, of_program, of_vendor


@declared(Audience.ANYONE)
@strawberry.type(description="What a goal of a plan counts, and when.")
class GoalDefinition:
    """A goal's definition."""

    code: str = strawberry.field(description="Unique within the plan.")
    name: str = strawberry.field(description="For people.")
    measure: Measure = strawberry.field(description="What it counts.")
    behavior: str | None = strawberry.field(description="The behavior that BEHAVIOR_COUNT counts.")
    starts_at: datetime = strawberry.field(description="From here on.")
    ends_at: datetime = strawberry.field(description="Up to but without this instant.")

    @classmethod
    def of(cls, record: goals.GoalDefinition) -> "GoalDefinition":
        """The definition as shown."""
        return cls(
            code=record.code,
            name=record.name,
            measure=record.measure,
            behavior=record.behavior,
            starts_at=record.starts_at,
            ends_at=record.ends_at,
        )


@declared(Audience.ANYONE)
@strawberry.type(
    description="How much a rule pays one recipient at most in a period. What would go beyond it is"
    " withheld whole, as LIMIT_REACHED."
)
class Limit:
    """A limit of a rule."""

    period: Period = strawberry.field(description="The time over which it counts.")
    count: BigInt | None = strawberry.field(description="How many times at most; null: any number.")
    amount: Decimal | None = strawberry.field(
        description="How much in all at most, in major units of the rule's asset; null: any amount."
    )


@declared(Audience.ANYONE)
@strawberry.type(
    description="When a behavior happens, a mechanic pays, to a level, within a segment and limits."
)
class Rule:
    """A rule of a plan."""

    code: str = strawberry.field(description="Unique within the plan.")
    name: str = strawberry.field(description="For people.")
    level: Level = strawberry.field(
        description="PARTNER pays the company's wallet, INDIVIDUAL the person's, TEAM in equal"
        " shares to its enrolled members."
    )
    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    segment: Segment = strawberry.field(description="Whom it is for, within the program's segment.")
    mechanic: MechanicUnion = strawberry.field(description="How it pays.")
    limits: list[Limit] = strawberry.field(description="What one recipient is paid at most.")
    shadow: bool = strawberry.field(
        description="Whether it pays nothing and only records what it would pay, for the vendor."
    )
    hold_days: int = strawberry.field(
        description="How many days what it pays stays pending, from when it was earned, or from"
        " when its deal was won where it waits for that."
    )

    words: str = strawberry.field(
        description="What it offers, in a sentence or two for whom it pays."
    )

    @classmethod
    def of(cls, record: plans.Rule, plan: plans.PlanVersion, program: programs.Program) -> "Rule":
        """A rule of that plan as shown."""
        return cls(
            code=record.code,
            name=record.name,
            level=record.level,
            asset_code=record.asset,
            segment=segment_of(record.segment),
            mechanic=mechanics.shown(record),
            limits=[_limit(limit, record.asset) for limit in record.limits],
            shadow=record.shadow,
            hold_days=record.hold_days,
            words=record.mechanic.words(record, plan, program.currency),
        )


def _limit(record: plans.Limit, asset: str) -> Limit:
    count, most = record.count, record.amount_minor
    return Limit(
        period=record.period,
        count=None if count is None else BigInt(count),
        amount=None if most is None else Decimal(to_text(most, asset)),
    )


@declared(Audience.ANYONE)
@strawberry.type(description="What points are worth: one scale for points and money.")
class PointValue:
    """The value of points."""

    points: BigInt = strawberry.field(description="So many points …")
    amount: Money = strawberry.field(description="… are worth this much.")


@declared(Audience.ANYONE)
@strawberry.type(description="What a plan can be published with, and should not.")
class PlanWarning:
    """A warning."""

    code: PlanWarningCode = strawberry.field(description="What it is about, for programs.")
    message: str = strawberry.field(description="A sentence for people.")


@declared(Audience.ANYONE)
@strawberry.interface(description="A program's rules and goals, published or being written.")
class Plan:
    """What versions and drafts share; ``record`` is the version that it is or would be."""

    record: strawberry.Private[plans.PlanVersion]
    program: strawberry.Private[programs.Program]

    @strawberry.field(description="1, 2, 3 … within the program.")
    def number(self) -> int:
        """The version's number."""
        return self.record.number

    @strawberry.field(description="Its rules, in order; shadow rules for the vendor only.")
    async def rules(self, info: Info) -> list[Rule]:
        """The rules that the viewer may see."""
        viewer = await info.context.viewer()
        everything = Audience.VENDOR in viewer.audiences(None, None)
        return [
            Rule.of(rule, self.record, self.program)
            for rule in self.record.rules
            if everything or not rule.shadow
        ]

    @strawberry.field(description="What can be aimed at.")
    def goals(self) -> list[GoalDefinition]:
        """The goals."""
        return [GoalDefinition.of(goal) for goal in self.record.goals]

    @strawberry.field(
        description="What points are worth in the program's currency, where the plan says it: rules"
        " that pay a rate of a deal can pay points by it."
    )
    def point_value(self) -> PointValue | None:
        """The points' value."""
        value = self.record.point_value
        if value is None:
            return None
        amount = money_of(self.program.currency, value.amount_minor)
        return PointValue(points=BigInt(value.points), amount=amount)

    @strawberry.field(
        description="After how many months points expire: those that became available in a month"
        " at the end of the month so many later, in the program's time zone. Null: never. Money"
        " never expires."
    )
    def points_expire_after_months(self) -> int | None:
        """The months."""
        return self.record.expire_months

    @strawberry.field(
        description="What its author should think about; nothing of it forbids publishing."
    )
    def warnings(self) -> list[PlanWarning]:
        """The warnings."""
        found = plan_checks.warnings(self.record)
        return [PlanWarning(code=warning.code, message=warning.message) for warning in found]

    @strawberry.field(
        description="The items of the largest transaction under it, of"
        f" {plan_checks.MAX_ITEMS}: the worst case of rules that pay for the same behavior."
    )
    def most_items(self) -> int:
        """The largest transaction."""
        return plan_checks.most_items(self.record)


@declared(Audience.ANYONE)
@strawberry.type(description="An immutable version of a program's rules and goals.")
class PlanVersion(Plan):
    """A published plan."""

    effective_from: datetime = strawberry.field(
        description="Judges activities that occur from here on."
    )
    hash: str = strawberry.field(
        description="SHA-256 of its canonical content; every earning names it."
    )
    published_at: datetime = strawberry.field(description="When it was published.")

    @classmethod
    def of(cls, record: plans.PlanVersion, program: programs.Program) -> "PlanVersion":
        """The plan as shown."""
        return cls(
            record=record,
            program=program,
            effective_from=record.effective_from,
            hash=record.hash,
            published_at=record.published_at,
        )

    @strawberry.field(description="PUBLISHED, or SUPERSEDED once a later version is in force.")
    async def status(self, info: Info) -> PlanStatus:
        """Where it stands now."""
        found = await info.context.load(Many(plans.PlanVersion, of_program(self.program.id)))
        now, own = info.context.portal.clock(), self.record
        superseded = any(
            other.effective_from <= now
            and (other.effective_from, other.number) > (own.effective_from, own.number)
            for other in found.records
        )
        return PlanStatus.SUPERSEDED if superseded else PlanStatus.PUBLISHED


@declared(Audience.VENDOR)
@strawberry.type(
    description="The next version of a program's rules and goals while it is being written. It"
    " judges nothing."
)
class PlanDraft(Plan):
    """A plan that is not published."""

    effective_from: datetime | None = strawberry.field(
        description="From when on it is to judge; null: from its publication."
    )
    saved_at: datetime = strawberry.field(description="When it was changed last.")

    @classmethod
    def of(cls, record: plans.PlanDraft, program: programs.Program) -> "PlanDraft":
        """The draft as shown."""
        return cls(
            record=services.version_of(record, program),
            program=program,
            effective_from=record.effective_from,
            saved_at=record.saved_at,
        )

    @strawberry.field(description="DRAFT.")
    def status(self) -> PlanStatus:
        """Where it stands."""
        return PlanStatus.DRAFT

    @strawberry.field(
        description="Why it could not be published as it is, one sentence each; none: it could."
    )
    async def problems(self, info: Info) -> list[str]:
        """The problems."""
        published, behaviors = await asyncio.gather(
            info.context.load(Many(plans.PlanVersion, of_program(self.program.id))),
            info.context.load(Many(activities.BehaviorType, of_vendor())),
        )
        known = services.codes_of(behaviors.records)
        return list(services.problems_of(self.record, self.program, published.records, known))
