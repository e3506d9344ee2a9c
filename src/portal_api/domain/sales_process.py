"""How partners of a type and tier sell, step by step, and what is amiss with it.

Read backwards from the close, a map of the process shows its gaps: a step that no customer is in, a
step that nobody is paid for, a part of the way that is not walked at all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain import plan_checks
from portal_api.domain.activities import DEAL_LOST, DEAL_RETURNED, ProcessStage
from portal_api.domain.partners import PartnerType, Segment, Tier
from portal_api.domain.plans import PlanVersion, Rule, plan_at
from portal_api.domain.programs import Program

ANY_TIER = "ANY"
"""Names, in an id, the process of all tiers that have none of their own."""

FROM_DEMAND_TO_CLOSE = (
    ProcessStage.DEMAND_GENERATION,
    ProcessStage.LEAD_MANAGEMENT,
    ProcessStage.OPPORTUNITY_MANAGEMENT,
    ProcessStage.DEAL_REGISTRATION,
    ProcessStage.CLOSING,
)
"""The stages that every process passes, in their order. Enablement goes beside them."""

_NOT_WON = frozenset({DEAL_LOST, DEAL_RETURNED})
"""Nothing is ever paid for these; a goal of revenue counts returns, too."""


class JourneyStage(StrEnum):
    """Where the customer stands in its buyer's journey, in order."""

    UNAWARE = "UNAWARE"
    PROBLEM_AWARE = "PROBLEM_AWARE"
    SOLUTION_SEEKING = "SOLUTION_SEEKING"
    EVALUATION = "EVALUATION"
    DECISION = "DECISION"
    ONBOARDING = "ONBOARDING"
    RENEWAL = "RENEWAL"


class Direction(StrEnum):
    """From which end a process is read."""

    FORWARDS = "FORWARDS"
    BACKWARDS = "BACKWARDS"


@dataclass(frozen=True, slots=True)
class ProcessStep:
    """One step of a process.

    ``journey`` is where the customer stands in it; none: the step is aligned with nothing.
    ``friction`` says what holds people up in it. ``incentive_points`` are those of its behaviors
    that are meant to be paid.
    """

    code: str
    name: str
    stage: ProcessStage
    journey: JourneyStage | None = None
    behaviors: tuple[str, ...] = ()
    friction: str | None = None
    incentive_points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SalesProcess:
    """How partners of a type sell, and of one tier only where one is named."""

    id: str
    partner_type: PartnerType
    tier: Tier | None
    steps: tuple[ProcessStep, ...]
    defined_at: datetime
    defined_by: str
    version: int = 0


def process_id(partner_type: PartnerType, tier: Tier | None) -> str:
    """The id of the process of a type and tier, or of a type's tiers without their own."""
    return f"{partner_type}.{tier or ANY_TIER}"


def process_ids(partner_type: PartnerType, tier: Tier | None) -> tuple[str, ...]:
    """The ids under which a process may be, the first that is there counts: a tier's, the type's.

    Without a tier it is that of the type.
    """
    ids = (process_id(partner_type, tier), process_id(partner_type, None))
    return tuple(dict.fromkeys(ids))


@dataclass(frozen=True, slots=True)
class InForce:
    """A program that is open, the plan in force in it, and those of its rules that count here."""

    program: Program
    plan: PlanVersion
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Incentive:
    """A rule that pays for a behavior."""

    program: Program
    rule: Rule


def in_force(
    programs: Iterable[Program],
    plans: Mapping[str, Sequence[PlanVersion]],
    admits: Callable[[Segment], bool],
    at: datetime,
) -> tuple[InForce, ...]:
    """What is in force at an instant for whom ``admits`` lets through a segment.

    ``plans`` are those published, by program. Shadow rules pay nobody.
    """
    found = []
    for program in programs:
        plan = plan_at(tuple(plans.get(program.id, ())), at)
        if plan is None or plan.effective_from > at or not program.open_at(at):
            continue
        if admits(program.segment):
            rules = tuple(one for one in plan.rules if not one.shadow and admits(one.segment))
            found.append(InForce(program, plan, rules))
    return tuple(found)


def admits_kind(partner_type: PartnerType, tier: Tier | None) -> Callable[[Segment], bool]:
    """Whether a segment lets through some partner of a type and tier; of any tier without one."""

    def admits(segment: Segment) -> bool:
        of_type = not segment.types or partner_type in segment.types
        return of_type and (tier is None or not segment.tiers or tier in segment.tiers)

    return admits


def rewarded(rule: Rule, plan: PlanVersion) -> frozenset[str]:
    """The behaviors that a rule pays for, itself or by the goal that it follows."""
    goal = plan.goal(rule.mechanic.follows)
    counted = goal.counts if goal else frozenset()
    return (rule.mechanic.behaviors() | counted) - _NOT_WON


def incentives(behavior: str, offers: Iterable[InForce]) -> tuple[Incentive, ...]:
    """The rules that pay for a behavior."""
    return tuple(
        Incentive(offer.program, rule)
        for offer in offers
        for rule in offer.rules
        if behavior in rewarded(rule, offer.plan)
    )


class GapCode(StrEnum):
    """What can be amiss with a process."""

    NO_JOURNEY_STAGE = "NO_JOURNEY_STAGE"
    JOURNEY_GOES_BACK = "JOURNEY_GOES_BACK"
    NO_INCENTIVE = "NO_INCENTIVE"
    INCENTIVE_POINT_NOT_PAID = "INCENTIVE_POINT_NOT_PAID"
    STAGE_NOT_COVERED = "STAGE_NOT_COVERED"
    REGISTRATION_NOT_PAID = "REGISTRATION_NOT_PAID"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something amiss: of a step, of a stage that has no step, or of a program."""

    code: GapCode
    message: str
    step: str | None = None
    behavior: str | None = None
    stage: ProcessStage | None = None
    program_id: str | None = None


def gaps(process: SalesProcess, offers: Sequence[InForce]) -> tuple[Gap, ...]:
    """What is amiss with a process under what is in force, read backwards from the close.

    First its steps, then stages that have none, then programs.
    """
    reached = _reached(process)
    found: list[Gap] = []
    for step, before in reversed(list(zip(process.steps, reached, strict=True))):
        found += _of_journey(step, before)
        found += _of_incentives(step, offers)
    covered = {step.stage for step in process.steps}
    found += (
        Gap(GapCode.STAGE_NOT_COVERED, f"No step is in the stage {stage}.", stage=stage)
        for stage in reversed(FROM_DEMAND_TO_CLOSE)
        if stage not in covered
    )
    return (*found, *_of_registration(offers))


def _place(journey: JourneyStage | None) -> int:
    return -1 if journey is None else list(JourneyStage).index(journey)


def _reached(process: SalesProcess) -> list[JourneyStage | None]:
    """How far the customer is before each step: the furthest stage of those before it."""
    found: list[JourneyStage | None] = []
    furthest: JourneyStage | None = None
    for step in process.steps:
        found.append(furthest)
        furthest = max(furthest, step.journey, key=_place)
    return found


def _of_journey(step: ProcessStep, before: JourneyStage | None) -> Iterator[Gap]:
    if step.journey is None:
        told = f"{step.name}: no stage of the buyer's journey goes with it."
        yield Gap(GapCode.NO_JOURNEY_STAGE, told, step.code)
    elif _place(step.journey) < _place(before):
        told = f"{step.name}: the customer is at {before} before it, and at {step.journey} in it."
        yield Gap(GapCode.JOURNEY_GOES_BACK, told, step.code)


def _of_incentives(step: ProcessStep, offers: Sequence[InForce]) -> Iterator[Gap]:
    """No rule pays anything of the step, or, where some is paid, not what is meant to be."""
    paid = {behavior for behavior in step.behaviors if incentives(behavior, offers)}
    if not paid:
        told = f"{step.name}: no rule in force pays for anything that is done in it."
        yield Gap(GapCode.NO_INCENTIVE, told, step.code)
        return
    for behavior in step.incentive_points:
        if behavior not in paid:
            told = f"{step.name}: {behavior} is meant to be paid, and no rule in force pays it."
            yield Gap(GapCode.INCENTIVE_POINT_NOT_PAID, told, step.code, behavior)


def _of_registration(offers: Sequence[InForce]) -> Iterator[Gap]:
    """The programs whose rules, as far as they count here, do not pay deal registration."""
    code = plan_checks.PlanWarningCode.REGISTRATION_NOT_PAID
    for offer in offers:
        for warning in plan_checks.warnings(replace(offer.plan, rules=offer.rules)):
            if warning.code is code:
                told = f"{offer.program.name}: {warning.message}"
                yield Gap(GapCode.REGISTRATION_NOT_PAID, told, program_id=offer.program.id)
