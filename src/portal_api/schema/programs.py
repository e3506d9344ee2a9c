"""Programs, plans, rules and behaviors, as portals read them."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import relay

from portal_api.domain import activities, goals, programs, rewards
from portal_api.domain.partners import Partner
from portal_api.domain.programs import ProgramShard, shards_of
from portal_api.schema import mechanics
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.enums import FiveC, Level, Measure, PartnerType, ProcessStage, Role, Tier
from portal_api.schema.mechanics import MechanicUnion
from portal_api.schema.nodes import finder
from portal_api.schema.scalars import Amount, BigInt, Money, amount_of, money_of
from portal_api.services.store import Listed, Many, One, of_program

VENDOR = Audience.VENDOR


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
        description="Recorded by the vendor or an integration, not by the person itself."
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
        )


@declared(Audience.ANYONE)
@strawberry.type(
    description="A filter of partners and people; an empty list lets everything through."
)
class Segment:
    """Whom something is for."""

    types: list[PartnerType] = strawberry.field(description="Partner types.")
    tiers: list[Tier] = strawberry.field(description="Tiers, as held when an activity occurred.")
    regions: list[str] = strawberry.field(description="Regions.")
    roles: list[Role] = strawberry.field(description="Roles; empty means every role that earns.")


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
    description="When a behavior happens, a mechanic pays, to a level, within a segment."
)
class Rule:
    """A rule of a plan."""

    code: str = strawberry.field(description="Unique within the plan.")
    name: str = strawberry.field(description="For people.")
    level: Level = strawberry.field(
        description="PARTNER pays the company's wallet, INDIVIDUAL the person's."
    )
    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    segment: Segment = strawberry.field(description="Whom it is for, within the program's segment.")
    mechanic: MechanicUnion = strawberry.field(description="How it pays.")


@declared(Audience.ANYONE)
@strawberry.type(description="An immutable version of a program's rules and goals.")
class PlanVersion:
    """A published plan."""

    number: int = strawberry.field(description="1, 2, 3 … within the program.")
    effective_from: datetime = strawberry.field(
        description="Judges activities that occur from here on."
    )
    hash: str = strawberry.field(
        description="SHA-256 of its canonical content; every earning names it."
    )
    published_at: datetime = strawberry.field(description="When it was published.")
    rules: list[Rule] = strawberry.field(description="Its rules, in order.")
    goals: list[GoalDefinition] = strawberry.field(description="What can be aimed at.")

    @classmethod
    def of(cls, record: rewards.PlanVersion) -> "PlanVersion":
        """The plan as shown."""
        return cls(
            number=record.number,
            effective_from=record.effective_from,
            hash=record.hash,
            published_at=record.published_at,
            rules=[
                Rule(
                    code=rule.code,
                    name=rule.name,
                    level=rule.level,
                    asset_code=rule.asset,
                    segment=segment_of(rule.segment),
                    mechanic=mechanics.shown(rule),
                )
                for rule in record.rules
            ],
            goals=[GoalDefinition.of(goal) for goal in record.goals],
        )


@declared(VENDOR)
@strawberry.type(description="What a program has moved so far, over all partners.")
class ProgramTotals:
    """Totals of the kept counters."""

    deals: BigInt = strawberry.field(description="Approved registrations.")
    won: BigInt = strawberry.field(description="Won deals.")
    won_revenue: Money = strawberry.field(description="Their final amounts.")
    earned: list[Amount] = strawberry.field(
        description="What individuals and companies were paid, per asset, net of what was taken"
        " back."
    )


@declared(Audience.ANYONE)
@strawberry.type(description="A funded container of rules: whom it is for, when, in which terms.")
class Program(relay.Node):
    """A program."""

    id: relay.NodeID[str]
    name: str = strawberry.field(description="For people.")
    description: str = strawberry.field(description="What it is about.")
    segment: Segment = strawberry.field(description="Whom it is for.")
    starts_at: datetime = strawberry.field(description="Activities earn from here on.")
    ends_at: datetime = strawberry.field(description="Up to but without this instant.")
    time_zone: str = strawberry.field(description="IANA name; decides what a day is.")
    currency_code: str = strawberry.field(description="The currency of its deals.")
    terms: str = strawberry.field(description="What an individual accepts by enrolling.")
    terms_version: int = strawberry.field(description="The version to accept.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[programs.Program]

    @classmethod
    def of(cls, record: programs.Program, audiences: frozenset[Audience]) -> "Program":
        """The program as shown."""
        return cls(
            id=record.id,
            name=record.name,
            description=record.description,
            segment=segment_of(record.segment),
            starts_at=record.starts_at,
            ends_at=record.ends_at,
            time_zone=record.time_zone,
            currency_code=record.currency,
            terms=record.terms,
            terms_version=record.terms_version,
            audiences=audiences,
            record=record,
        )

    @strawberry.field(description="The plan version in force now, or the first to come.")
    async def plan(self, info: Info) -> PlanVersion | None:
        """The plan of now."""
        plans = await info.context.load(Many(rewards.PlanVersion, of_program(self.record.id)))
        plan = rewards.plan_at(plans.records, info.context.portal.clock())
        return None if plan is None else PlanVersion.of(plan)

    @strawberry.field(description="Every published version, first to last.")
    async def plans(self, info: Info) -> list[PlanVersion]:
        """The plans."""
        plans = await info.context.load(Many(rewards.PlanVersion, of_program(self.record.id)))
        return [PlanVersion.of(plan) for plan in plans.records]

    @narrow(VENDOR, description="What is left of the budget, per asset.")
    async def budget(self, info: Info) -> list[Amount] | None:
        """The sum over the shards."""
        wants = [One(ProgramShard, shard_id) for shard_id in shards_of(self.record.id)]
        shards = await info.context.load_all(wants)
        return _summed([shard.counters for shard in shards if shard is not None])

    @narrow(VENDOR, description="What it has moved so far, over all partners.")
    async def totals(self, info: Info) -> ProgramTotals | None:
        """The sum over the partners' counters."""
        partners = await info.context.load(Listed("partners"))
        wants = [One(goals.Progress, f"{ptn}.{self.record.id}.partner") for ptn in partners.ids]
        found = [
            progress for progress in await info.context.load_all(wants) if progress is not None
        ]
        sums = goals.Progress("")
        for progress in found:
            sums = sums.plus(progress.counters)
        paid = [
            {name.partition(":")[2]: amount}
            for name, amount in sums.counters.items()
            if name.startswith(("earned:", "company:"))
        ]
        return ProgramTotals(
            deals=BigInt(sums.count("deals")),
            won=BigInt(sums.count("won")),
            won_revenue=money_of(self.record.currency, sums.count("won_minor")),
            earned=_summed(paid),
        )


def segment_of(record: Any) -> Segment:
    """A segment as shown."""
    return Segment(
        types=list(record.types),
        tiers=list(record.tiers),
        regions=list(record.regions),
        roles=list(record.roles),
    )


def _summed(parts: list[Any]) -> list[Amount]:
    """Minor units per asset over several mappings."""
    sums: dict[str, int] = {}
    for part in parts:
        for asset, amount in part.items():
            sums[asset] = sums.get(asset, 0) + amount
    return [amount_of(asset, amount) for asset, amount in sorted(sums.items())]


async def visible(info: Info, record: programs.Program | None) -> Program | None:
    """A program for whoever it is for: the vendor, and partners in its segment."""
    if record is None:
        return None
    viewer = await info.context.viewer()
    if viewer.partner_id is not None:
        partner = await info.context.load(One(Partner, viewer.partner_id))
        if partner is None or not record.segment.admits_partner(
            partner, info.context.portal.clock()
        ):
            return None
    return Program.of(record, viewer.audiences(None, None))


@finder("Program")
async def _program(info: Info, record_id: str) -> Program | None:
    return await visible(info, await info.context.load(One(programs.Program, record_id)))


async def program_of(info: Info, program_id: str) -> Program | None:
    """The program of something that the viewer sees."""
    record = await info.context.load(One(programs.Program, program_id))
    viewer = await info.context.viewer()
    return None if record is None else Program.of(record, viewer.audiences(None, None))
