"""Sales processes as portals read them: step by step, with what pays each and what is amiss."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import strawberry

from portal_api.domain import activities, partners, sales_process
from portal_api.domain.errors import InvalidInput
from portal_api.domain.sales_process import InForce, admits_kind, in_force, process_ids
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.behaviors import Behavior
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.enums import PartnerType, ProcessStage, Tier
from portal_api.schema.errors import result
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.plans import Rule
from portal_api.schema.process_enums import Direction, GapCode, JourneyStage
from portal_api.schema.process_trends import (
    MOST_COUNTED,
    MOST_WEEKS,
    READING,
    WeekCount,
    week_counts,
)
from portal_api.schema.profiles import Named, record_of
from portal_api.schema.programs import Program
from portal_api.services import sales_process as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Many, One, of_vendor

_READERS = (Audience.COLLEAGUE, Audience.VENDOR)

_Weeks = Annotated[int, strawberry.argument(description=f"How many weeks, 1 to {MOST_WEEKS}.")]
_Direction = Annotated[Direction, strawberry.argument(description="From which end to read it.")]


@declared(*_READERS)
@strawberry.type(description="A rule that is in force and pays for a behavior.")
class Incentive:
    """An incentive."""

    program: Program = strawberry.field(description="The program that it is of.")
    rule: Rule = strawberry.field(description="The rule.")


@declared(*_READERS)
@strawberry.type(description="Something that is done in a step, and what pays for it now.")
class StepBehavior:
    """A behavior of a step."""

    behavior: Behavior = strawberry.field(description="The behavior.")
    incentive_point: bool = strawberry.field(description="Whether it is meant to be paid.")
    paid_by: list[Incentive] = strawberry.field(
        description="The rules in force that pay for it, itself or by a goal that counts it; for a"
        " partner's people those of programs that are for their company."
    )


@declared(*_READERS)
@strawberry.type(description="Something amiss with a sales process.")
class ProcessGap:
    """A gap."""

    code: GapCode = strawberry.field(description="What it is, for programs.")
    message: str = strawberry.field(description="A sentence for people.")
    step_code: str | None = strawberry.field(description="The step that it is of, if it is one's.")
    behavior_code: str | None = strawberry.field(
        description="The behavior that is not paid, of INCENTIVE_POINT_NOT_PAID."
    )
    stage: ProcessStage | None = strawberry.field(
        description="The stage that has no step, of STAGE_NOT_COVERED."
    )
    program: Program | None = strawberry.field(description="The program, of REGISTRATION_NOT_PAID.")


@declared(*_READERS)
@strawberry.type(description="One step of a sales process.")
class ProcessStep:
    """A step."""

    code: str = strawberry.field(description="Unique within the process.")
    name: str = strawberry.field(description="For people.")
    stage: ProcessStage = strawberry.field(description="The stage of selling that it is in.")
    journey_stage: JourneyStage | None = strawberry.field(
        description="Where the customer stands in it; null: it is aligned with nothing."
    )
    behaviors: list[StepBehavior] = strawberry.field(
        description="What is done in it, and what pays for that: the incentive that is to remove"
        " its friction."
    )
    friction: str | None = strawberry.field(description="What holds people up in it.")
    gaps: list[ProcessGap] = strawberry.field(description="What is amiss with it.")
    audiences: strawberry.Private[frozenset[Audience]]
    partner_id: strawberry.Private[str | None]

    @narrow(
        Audience.EXECUTIVE,
        Audience.VENDOR,
        description="How often the step's behaviors were recorded at the partner in each of the"
        " last weeks, the present one last: whether its friction gives way to the incentive. Null"
        " also for a process that is not read of one partner, and for a company of so many people"
        f" that there is more than {MOST_COUNTED:,} times a person's week in them: ask for fewer"
        " weeks.",
        metadata=counted(READING),
    )
    async def trend(self, info: Info, weeks: _Weeks = 12) -> list[WeekCount] | None:
        """The trend."""
        if not 1 <= weeks <= MOST_WEEKS:
            raise InvalidInput(f"1 to {MOST_WEEKS} weeks.", "weeks")
        if self.partner_id is None:
            return None
        behaviors = [one.behavior.code for one in self.behaviors]
        everything = Audience.VENDOR in self.audiences
        return await week_counts(info, self.partner_id, behaviors, weeks, everything=everything)


@declared(*_READERS)
@strawberry.type(
    description="How partners of a type, or of one of its tiers, sell: from demand to close, beside"
    " the buyer's journey."
)
class SalesProcess:
    """A process."""

    partner_type: PartnerType = strawberry.field(description="The type that it is for.")
    tier: Tier | None = strawberry.field(
        description="The tier that it is for; null: every tier that has none of its own."
    )
    defined_at: datetime = strawberry.field(description="When it was defined last.")
    steps: list[ProcessStep] = strawberry.field(description="Its steps, in the direction asked.")
    gaps: list[ProcessGap] = strawberry.field(
        description="All that is amiss with it under the rules in force: BACKWARDS from the close"
        " the steps' gaps, then stages without a step, then programs; FORWARDS the other way round."
    )


class _Reader:
    """Shows a process under what is in force for its reader."""

    def __init__(
        self,
        process: sales_process.SalesProcess,
        offers: tuple[InForce, ...],
        behaviors: dict[str, Behavior],
        audiences: frozenset[Audience],
        partner_id: str | None,
    ) -> None:
        self._process, self._offers, self._behaviors = process, offers, behaviors
        self._audiences, self._partner_id = audiences, partner_id
        self._plans = {offer.program.id: offer.plan for offer in offers}
        self._programs = {
            offer.program.id: Program.of(offer.program, audiences) for offer in offers
        }

    def read(self, direction: Direction) -> SalesProcess:
        """All of it."""
        process = self._process
        gaps = [self._gap(gap) for gap in sales_process.gaps(process, self._offers)]
        steps = [self._step(step, gaps) for step in process.steps]
        if direction is Direction.BACKWARDS:
            steps.reverse()
        else:
            gaps.reverse()
        return SalesProcess(
            partner_type=process.partner_type,
            tier=process.tier,
            defined_at=process.defined_at,
            steps=steps,
            gaps=gaps,
        )

    def _step(self, step: sales_process.ProcessStep, gaps: list[ProcessGap]) -> ProcessStep:
        return ProcessStep(
            code=step.code,
            name=step.name,
            stage=step.stage,
            journey_stage=step.journey,
            behaviors=[
                StepBehavior(
                    behavior=self._behaviors[code],
                    incentive_point=code in step.incentive_points,
                    paid_by=self._paid_by(code),
                )
                for code in step.behaviors
            ],
            friction=step.friction,
            gaps=[gap for gap in gaps if gap.step_code == step.code],
            audiences=self._audiences,
            partner_id=self._partner_id,
        )

    def _paid_by(self, behavior: str) -> list[Incentive]:
        return [
            Incentive(
                program=self._programs[one.program.id],
                rule=Rule.of(one.rule, self._plans[one.program.id], one.program),
            )
            for one in sales_process.incentives(behavior, self._offers)
        ]

    def _gap(self, gap: sales_process.Gap) -> ProcessGap:
        return ProcessGap(
            code=gap.code,
            message=gap.message,
            step_code=gap.step,
            behavior_code=gap.behavior,
            stage=gap.stage,
            program=self._programs[gap.program_id] if gap.program_id else None,
        )


async def _process_of(
    info: Info,
    partner_type: partners.PartnerType,
    tier: partners.Tier | None,
    admits: Callable[[partners.Segment], bool],
    direction: Direction,
    partner_id: str | None = None,
) -> SalesProcess | None:
    """The process of a tier, else of the type, under the programs that ``admits`` lets through."""
    wants = [One(sales_process.SalesProcess, one) for one in process_ids(partner_type, tier)]
    found, *_ = await asyncio.gather(info.context.load_all(wants), *_beside(info))
    process = next((one for one in found if one is not None), None)
    if process is None:
        return None
    return await _shown(info, process, admits, direction, partner_id)


def _beside(info: Info) -> tuple[Awaitable[Any], ...]:
    """The reads of what a process is shown with, to be made in its wave."""
    context = info.context
    return context.catalogue(), context.load(Many(activities.BehaviorType, of_vendor()))


async def _shown(
    info: Info,
    process: sales_process.SalesProcess,
    admits: Callable[[partners.Segment], bool],
    direction: Direction,
    partner_id: str | None = None,
) -> SalesProcess:
    """A process as shown to the viewer."""
    catalogue, defined = await asyncio.gather(*_beside(info))
    viewer = await info.context.viewer()
    programs, now = catalogue.programs.values(), info.context.portal.clock()
    offers = in_force(programs, catalogue.plans, admits, now)
    known = (*activities.DEAL_BEHAVIORS, *defined.records)
    behaviors = {one.code: Behavior.of(one) for one in known}
    return _Reader(process, offers, behaviors, viewer.audiences(partner_id, None), partner_id).read(
        direction
    )


@strawberry.type
class PartnerProcess:
    """Mixed into a partner."""

    record: strawberry.Private[partners.Partner | Named]

    @strawberry.field(
        description="How it sells: the process of its type and tier, else of its type, under the"
        " programs that are for it. Null where none is defined.",
        metadata=counted(10),
    )
    async def sales_process(
        self, info: Info, direction: _Direction = Direction.FORWARDS
    ) -> SalesProcess | None:
        """The process."""
        partner, now = await record_of(info, self), info.context.portal.clock()

        def admits(segment: partners.Segment) -> bool:
            return segment.admits_partner(partner, now)

        tier = partner.tier_at(now)
        return await _process_of(info, partner.type, tier, admits, direction, partner.id)


@strawberry.type
class ProcessQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="The process of a partner type and tier, else of the type, under all programs"
        " that are for some partner of them. Null where none is defined, and unless you are:"
        " vendor; others read their partner's own.",
        metadata=counted(10),
    )
    async def sales_process(
        self,
        info: Info,
        partner_type: Annotated[PartnerType, strawberry.argument(description="The type.")],
        tier: Annotated[
            Tier | None,
            strawberry.argument(description="The tier; left out: what is so of any tier counts."),
        ] = None,
        direction: _Direction = Direction.FORWARDS,
    ) -> SalesProcess | None:
        """One process."""
        viewer = await info.context.viewer()
        if Audience.VENDOR not in viewer.audiences(None, None):
            return None
        admits = admits_kind(partner_type, tier)
        return await _process_of(info, partner_type, tier, admits, direction)


@strawberry.input(description="A step of a sales process.")
class ProcessStepInput:
    """A step."""

    code: str = strawberry.field(
        description="Unique within the process: 1 to 60 of A-Z a-z 0-9 . _ -"
    )
    name: str = strawberry.field(description="For people, up to 200 characters.")
    stage: ProcessStage = strawberry.field(description="The stage of selling that it is in.")
    journey_stage: JourneyStage | None = strawberry.field(
        default=None,
        description="Where the customer stands in it; left out: it is aligned with nothing.",
    )
    behaviors: list[str] = strawberry.field(
        default_factory=list,
        description="The codes of what is done in it, of the catalogue or of deals, up to"
        f" {services.MAX_BEHAVIORS}.",
    )
    friction: str | None = strawberry.field(
        default=None,
        description="What holds people up in it, up to"
        f" {services.LONGEST_FRICTION} characters. People of partners of the type read it.",
    )
    incentive_points: list[str] = strawberry.field(
        default_factory=list, description="Which of its behaviors are meant to be paid."
    )

    def record(self) -> sales_process.ProcessStep:
        """The step."""
        return sales_process.ProcessStep(
            code=self.code,
            name=self.name,
            stage=self.stage,
            journey=self.journey_stage,
            behaviors=tuple(self.behaviors),
            friction=self.friction,
            incentive_points=tuple(self.incentive_points),
        )


@strawberry.input(description="How partners of a type sell.")
class DefineSalesProcessInput(MutationInput):
    """A process."""

    partner_type: PartnerType = strawberry.field(description="The type.")
    tier: Tier | None = strawberry.field(
        default=None,
        description="The tier; left out: for every tier of the type that has none of its own.",
    )
    steps: list[ProcessStepInput] = strawberry.field(
        description=f"All of its steps, 1 to {services.MAX_STEPS}, from demand to close."
    )


@declared(Audience.VENDOR)
@strawberry.type(description="The process is there, in place of what it was before.")
class SalesProcessDefined:
    """Success."""

    process: SalesProcess = strawberry.field(
        description="The process as it is now, with its gaps, read backwards."
    )


@strawberry.type
class ProcessMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("DefineSalesProcess", SalesProcessDefined),
        MANAGERS,
        "Says how partners of a type, or of one of its tiers, sell; replaces what was said before.",
    )
    async def define_sales_process(self, info: Info, input: DefineSalesProcessInput) -> object:
        """A process."""
        outcome = perform(
            info,
            services.define_sales_process,
            input.request_id,
            partner_type=input.partner_type,
            tier=input.tier,
            steps=tuple(step.record() for step in input.steps),
        )
        process = outcome.process
        admits = admits_kind(process.partner_type, process.tier)
        shown = await _shown(info, process, admits, Direction.BACKWARDS)
        return SalesProcessDefined(process=shown)
