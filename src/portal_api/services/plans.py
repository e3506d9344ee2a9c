"""Plans: drafted as often as one likes, published once, and never changed afterwards."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain import plan_checks
from portal_api.domain.activities import DEAL_BEHAVIORS, BehaviorType
from portal_api.domain.errors import (
    InvalidInput,
    NotFound,
    PlanAlreadyPublished,
    PlanNotPublishable,
)
from portal_api.domain.goals import GoalDefinition
from portal_api.domain.plans import PlanDraft, PlanVersion, PointValue, Rule
from portal_api.domain.programs import Program
from portal_api.domain.writes import Create, Save, Unchanged, Write
from portal_api.services.partners import MANAGERS
from portal_api.services.programs import program_writes
from portal_api.services.store import Many, One, of_program, of_vendor
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class PlanContent:
    """What a plan says. ``effective_from`` none: from now, or its program's start if later.

    ``currency`` is the one in which the points' value is told; none: the program's.
    """

    rules: tuple[Rule, ...]
    goals: tuple[GoalDefinition, ...]
    effective_from: datetime | None = None
    point_value: PointValue | None = None
    expire_months: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class PlanPublished:
    """The plan version is published and never changes."""

    program: Program
    plan: PlanVersion


@dataclass(frozen=True, slots=True)
class PlanDrafted:
    """The draft is saved; it judges nothing before it is published."""

    program: Program
    draft: PlanDraft


def draft_plan(
    portal: Portal, ask: Ask, *, program_id: str, number: int, content: PlanContent
) -> PlanDrafted:
    """Saves the next version of a plan as a draft, or changes that.

    Raises ``PlanAlreadyPublished`` for the number of a version that is published.
    """
    program_want, draft_want = One(Program, program_id), One(PlanDraft, program_id)

    def decide(s: Situation) -> Decision[PlanDrafted]:
        program = _to_be_drafted(s.found[program_want], number)
        _check_currency(program, content)
        known = s.found[draft_want]
        draft = PlanDraft(
            id=program.id,
            rules=content.rules,
            goals=content.goals,
            effective_from=content.effective_from,
            saved_at=s.now,
            saved_by=s.viewer.id,
            point_value=content.point_value,
            expire_months=content.expire_months,
            version=known.version if known else 0,
        )
        return Decision(PlanDrafted(program, draft), (Save(draft), Unchanged(program)), program.id)

    arguments = {"program": program_id, "number": number, "content": content}
    wants = (program_want, draft_want)
    return perform(portal, ask, "draftPlan", arguments, MANAGERS, wants, decide, PlanDrafted)


def publish_draft(portal: Portal, ask: Ask, *, program_id: str, number: int) -> PlanPublished:
    """Publishes the draft as the version that it is; raises as ``publish_plan`` does."""
    draft_want = One(PlanDraft, program_id)

    def decide(s: Situation) -> Decision[PlanPublished]:
        program = _to_be_drafted(s.found[wants[0]], number)
        draft = s.found[draft_want]
        if draft is None or draft.empty:
            raise NotFound.of("number")
        content = _content_of(draft)
        published, plan, writes = _published(s, program, content)
        emptied = PlanDraft(program.id, (), (), None, s.now, s.viewer.id, version=draft.version)
        outcome = PlanPublished(published, plan)
        return Decision(outcome, (*writes, Save(emptied)), plan.id)

    wants = _wants(program_id)
    arguments = {"program": program_id, "number": number}
    return perform(
        portal,
        ask,
        "publishDraft",
        arguments,
        MANAGERS,
        (*wants, draft_want),
        decide,
        PlanPublished,
    )


def publish_plan(
    portal: Portal, ask: Ask, *, program_id: str, content: PlanContent
) -> PlanPublished:
    """Publishes the next version of a program's plan at once.

    From its program's start or from an instant to come. Refused with every problem that it has at
    once.
    """

    def decide(s: Situation) -> Decision[PlanPublished]:
        program = s.found[wants[0]]
        if program is None:
            raise NotFound.of("programId")
        published, plan, writes = _published(s, program, content)
        return Decision(PlanPublished(published, plan), writes, plan.id)

    wants = _wants(program_id)
    arguments = {"program": program_id, "content": content}
    return perform(portal, ask, "publishPlan", arguments, MANAGERS, wants, decide, PlanPublished)


def _wants(
    program_id: str,
) -> tuple[One[Program], Many[PlanVersion], Many[BehaviorType]]:
    return (
        One(Program, program_id),
        Many(PlanVersion, of_program(program_id)),
        Many(BehaviorType, of_vendor()),
    )


def _to_be_drafted(program: Program | None, number: int) -> Program:
    """The program, where ``number`` is that of its next plan version."""
    if program is None:
        raise NotFound.of("programId")
    following = program.plan_number + 1
    if 0 < number < following:
        raise PlanAlreadyPublished(
            f"Version {number} is published and never changes: draft version {following}.",
            number,
            following,
        )
    if number != following:
        raise InvalidInput(f"The next version is number {following}.", "number")
    return program


def _published(
    s: Situation, program: Program, content: PlanContent
) -> tuple[Program, PlanVersion, tuple[Write, ...]]:
    """The program with the plan as its last, the plan, and what must be made true for both."""
    _, plans_want, behaviors_want = _wants(program.id)
    plans = s.found[plans_want].records
    _check_currency(program, content)
    starts = content.effective_from or max(s.now, program.starts_at)
    if starts < s.now and (plans or starts != program.starts_at):
        raise InvalidInput(
            "A plan starts now or later; only the first may start with its program.",
            "effectiveFrom",
        )
    plan = unpublished(program, len(plans) + 1, starts, content, s.viewer.id, s.now)
    problems = problems_of(plan, program, plans, codes_of(s.found[behaviors_want].records))
    if problems:
        raise PlanNotPublishable("The plan cannot be published.", problems)
    published = replace(program, plan_number=plan.number)
    return published, plan, (*program_writes(published), Create(plan))


def _check_currency(program: Program, content: PlanContent) -> None:
    if content.currency not in (None, program.currency):
        raise InvalidInput(f"Points are worth {program.currency} here.", "pointValue")


def codes_of(defined: tuple[BehaviorType, ...]) -> frozenset[str]:
    """The codes of every behavior that there is: what was defined, and the deals' own."""
    return frozenset(behavior.code for behavior in (*DEAL_BEHAVIORS, *defined))


def problems_of(
    plan: PlanVersion,
    program: Program,
    before: tuple[PlanVersion, ...],
    known: AbstractSet[str],
) -> tuple[str, ...]:
    """Why a plan cannot follow the versions ``before``, one sentence each.

    ``known`` are the codes of the catalogue's behaviors.
    """
    return (
        *_unknown_behaviors(plan, known),
        *_recounted(plan.goals, before),
        *_recoded(plan.rules, before),
        *plan_checks.problems(plan, program, before),
    )


def _unknown_behaviors(plan: PlanVersion, known: AbstractSet[str]) -> Iterable[str]:
    """A behavior that is not defined would never happen."""
    named = {goal.behavior for goal in plan.goals if goal.behavior}
    named |= {behavior for rule in plan.rules for behavior in rule.mechanic.behaviors()}
    return (f"{behavior!r} is no behavior of the catalogue." for behavior in sorted(named - known))


def _recounted(
    goals: tuple[GoalDefinition, ...], plans: tuple[PlanVersion, ...]
) -> tuple[str, ...]:
    """Where a goal's counter would go on with something else."""
    before = [goal for plan in plans for goal in plan.goals]
    return tuple(
        f"Goal {goal.code} counted something else in an earlier version: give it another code."
        for goal in goals
        if any(goal.code == known.code and not goal.counts_as(known) for known in before)
    )


def _recoded(rules: tuple[Rule, ...], plans: tuple[PlanVersion, ...]) -> tuple[str, ...]:
    """Where what a rule has paid would be released or taken back by something else."""
    before = [rule for plan in plans for rule in plan.rules]
    return tuple(
        f"Rule {rule.code} was another mechanic, level or asset in an earlier version: give it"
        " another code."
        for rule in rules
        if any(rule.code == known.code and not rule.goes_on(known) for known in before)
    )


def new_plan(
    program: Program,
    number: int,
    effective_from: datetime,
    content: PlanContent,
    by: str,
    at: datetime,
) -> PlanVersion:
    """A plan version with its hash; raises ``PlanNotPublishable``."""
    plan = unpublished(program, number, effective_from, content, by, at)
    problems = plan_checks.problems(plan, program)
    if problems:
        raise PlanNotPublishable("The plan cannot be published.", problems)
    return plan


def unpublished(
    program: Program,
    number: int,
    effective_from: datetime,
    content: PlanContent,
    by: str,
    at: datetime,
) -> PlanVersion:
    """The version that a content would be, with its hash, whatever is wrong with it."""
    plan = PlanVersion(
        id=f"{program.id}.{number}",
        program_id=program.id,
        number=number,
        effective_from=effective_from,
        rules=content.rules,
        goals=content.goals,
        published_at=at,
        published_by=by,
        point_value=content.point_value,
        expire_months=content.expire_months,
    )
    return replace(plan, hash=plan.content_hash())


def version_of(draft: PlanDraft, program: Program) -> PlanVersion:
    """The next version of the program's plan, as the draft has it so far."""
    content = _content_of(draft)
    starts = draft.effective_from or max(draft.saved_at, program.starts_at)
    number = program.plan_number + 1
    return unpublished(program, number, starts, content, draft.saved_by, draft.saved_at)


def _content_of(draft: PlanDraft) -> PlanContent:
    """What a draft would be published with."""
    return PlanContent(
        draft.rules, draft.goals, draft.effective_from, draft.point_value, draft.expire_months
    )
