"""Programs, as portals read them."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import relay

from portal_api.domain import goals, plans, programs
from portal_api.domain.eligibility import disclosed
from portal_api.domain.partners import Partner
from portal_api.domain.programs import ProgramShard, shards_of
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.accounts import ProgramAccounts, accounts_of
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.eligibility import ProgramOffers
from portal_api.schema.enums import IncentiveClass
from portal_api.schema.insight_program import ProgramAnswers
from portal_api.schema.nodes import finder
from portal_api.schema.objection_counts import ProgramObjections
from portal_api.schema.obstacle_lists import ProgramObstacles
from portal_api.schema.plans import PlanDraft, PlanVersion
from portal_api.schema.program_terms import ProgramTerms
from portal_api.schema.scalars import Amount, BigInt, Money, amount_of, money_of
from portal_api.schema.segments import Segment, segment_of
from portal_api.services.store import Listed, Many, One, of_program

VENDOR = Audience.VENDOR


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


@declared(VENDOR)
@strawberry.type(description="How much of a budget is used.")
class BudgetUse:
    """One asset's budget."""

    funded: Amount = strawberry.field(description="What was ever put in.")
    left: Amount = strawberry.field(description="What is left.")
    low: bool = strawberry.field(
        description=f"Whether {programs.LOW_AT_PERCENT} % or more is used; an event told so once."
    )


@declared(Audience.ANYONE)
@strawberry.type(description="A funded container of rules: whom it is for, when, in which terms.")
class Program(
    ProgramTerms, ProgramOffers, ProgramObjections, ProgramObstacles, ProgramAnswers, relay.Node
):
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
    protection_days: int = strawberry.field(
        description="How many days an approved deal is protected against others' registrations."
    )
    incentive_class: IncentiveClass = strawberry.field(
        description="What it wants of people: something soon, or a habit."
    )
    dispute_days: int = strawberry.field(
        description="How many days after it was recorded an earning can be disputed."
    )
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
            protection_days=record.protection_days,
            incentive_class=record.incentive_class,
            dispute_days=record.dispute_days,
            audiences=audiences,
            record=record,
        )

    @strawberry.field(description="The plan version in force now, or the first to come.")
    async def plan(self, info: Info) -> PlanVersion | None:
        """The plan of now."""
        found = await info.context.load(Many(plans.PlanVersion, of_program(self.record.id)))
        plan = plans.plan_at(found.records, info.context.portal.clock())
        return None if plan is None else PlanVersion.of(plan, self.record)

    @strawberry.field(description="Every published version, first to last.")
    async def plans(self, info: Info) -> list[PlanVersion]:
        """The plans."""
        found = await info.context.load(Many(plans.PlanVersion, of_program(self.record.id)))
        return [PlanVersion.of(plan, self.record) for plan in found.records]

    @narrow(VENDOR, description="The next version of the plan, where one is being written.")
    async def draft(self, info: Info) -> PlanDraft | None:
        """The draft."""
        draft = await info.context.load(One(plans.PlanDraft, self.record.id))
        return None if draft is None or draft.empty else PlanDraft.of(draft, self.record)

    @narrow(VENDOR, description="What is left of the budget, per asset.", metadata=counted(20))
    async def budget(self, info: Info) -> list[Amount] | None:
        """The sum over the shards."""
        return [use.left for use in await self._uses(info)]

    @narrow(
        VENDOR,
        description="What was funded of each asset, and whether it is nearly used up.",
        metadata=counted(20),
    )
    async def budget_use(self, info: Info) -> list[BudgetUse] | None:
        """The sum over the shards."""
        return await self._uses(info)

    @narrow(
        VENDOR,
        description="What it has moved up to an instant, per asset, from the journals alone; it"
        " costs the same however much that is.",
        metadata=counted(40),
    )
    async def accounts(
        self,
        info: Info,
        as_of: Annotated[
            datetime | None,
            strawberry.argument(
                description="What was recorded at it counts. Left out, or to come: now."
            ),
        ] = None,
    ) -> list[ProgramAccounts] | None:
        """The accounts."""
        return await accounts_of(info, self.record.id, as_of)

    async def _uses(self, info: Info) -> list[BudgetUse]:
        wants = [One(ProgramShard, shard_id) for shard_id in shards_of(self.record.id)]
        shards = [one for one in await info.context.load_all(wants) if one is not None]
        assets = sorted({asset for shard in shards for asset in shard.assets})
        found = []
        for asset in assets:
            left = sum(shard.left(asset) for shard in shards)
            funded = sum(shard.funded(asset) for shard in shards)
            low = programs.is_low(left, funded)
            use = BudgetUse(funded=amount_of(asset, funded), left=amount_of(asset, left), low=low)
            found.append(use)
        return found

    @narrow(
        VENDOR, description="What it has moved so far, over all partners.", metadata=counted(100)
    )
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
    """A program by its id, for the vendor and for partners that may know of it."""
    viewer = await info.context.viewer()
    record, partner = await asyncio.gather(
        info.context.load(One(programs.Program, record_id)),
        info.context.load(One(Partner, viewer.partner_id or "none")),
    )
    if record is None:
        return None
    at = info.context.portal.clock()
    if viewer.partner_id and not (partner and disclosed(record.segment, partner, at)):
        return None
    return Program.of(record, viewer.audiences(None, None))


async def program_of(info: Info, program_id: str) -> Program | None:
    """The program of something that the viewer sees, whomever it is for by now.

    Whoever has a part in it, by a consent, an enrollment, a deal or an earning, reads on in which
    terms that is, also after its company has left the segment.
    """
    record = await info.context.load(One(programs.Program, program_id))
    viewer = await info.context.viewer()
    return None if record is None else Program.of(record, viewer.audiences(None, None))
