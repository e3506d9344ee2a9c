"""Programs, plans and behaviors: created, published and funded by channel managers."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal_api.domain import ledger, money
from portal_api.domain.activities import DEAL_BEHAVIORS, BehaviorType, FiveC, ProcessStage
from portal_api.domain.errors import InvalidInput, NotFound, PlanNotPublishable
from portal_api.domain.goals import GoalDefinition
from portal_api.domain.ledger import JournalKind, Transfer, Wallet
from portal_api.domain.partners import STAFF_ROLES, Segment
from portal_api.domain.programs import BUDGET_SHARDS, Program, ProgramShard, shards_of
from portal_api.domain.rewards import PlanVersion, Rule
from portal_api.domain.writes import Count, Create, Save, Write
from portal_api.services.partners import MANAGERS, required
from portal_api.services.rewards import posting
from portal_api.services.store import Many, One, of_program, of_vendor
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

MAX_GOALS = 20
MAX_RULES = 12
"""The worst case, every rule paying two bonuses at once: 24 earnings with their claims, 16 shards
and 15 more are within the 100 items of a transaction; 48 transfers within the 50 of a journal."""


@dataclass(frozen=True, slots=True)
class BehaviorDefined:
    """The behavior is in the catalogue."""

    behavior: BehaviorType


@dataclass(frozen=True, slots=True)
class ProgramCreated:
    """The program is there, with no plan and no budget yet."""

    program: Program


@dataclass(frozen=True, slots=True)
class PlanPublished:
    """The plan version is published and never changes."""

    program: Program
    plan: PlanVersion


@dataclass(frozen=True, slots=True)
class ProgramFunded:
    """The budget has grown."""

    program: Program


@dataclass(frozen=True, slots=True)
class ProgramTerms:
    """What a new program is made of."""

    name: str
    description: str
    segment: Segment
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    currency: str
    terms: str


def define_behavior(
    portal: Portal,
    ask: Ask,
    *,
    code: str,
    name: str,
    stage: ProcessStage,
    five_c: FiveC,
    review_needed: bool,
) -> BehaviorDefined:
    """Adds a kind of activity, or changes its name and classes."""
    want = One(BehaviorType, code)

    def decide(s: Situation) -> Decision[BehaviorDefined]:
        if (
            not code.isascii()
            or not code.replace("_", "").isalnum()
            or code != code.upper()
            or len(code) > 60
        ):
            raise InvalidInput(
                "A behavior code is capital letters, digits and underscores.", "code"
            )
        if code in {behavior.code for behavior in DEAL_BEHAVIORS}:
            raise InvalidInput("This code belongs to the changes of a deal.", "code")
        known = s.found[want]
        version = known.version if known else 0
        behavior = BehaviorType(code, required("name", name), stage, five_c, review_needed, version)
        return Decision(BehaviorDefined(behavior), (Save(behavior),), code)

    arguments = {"code": code, "name": name, "stage": stage, "c": five_c, "review": review_needed}
    return perform(
        portal, ask, "defineBehavior", arguments, MANAGERS, (want,), decide, BehaviorDefined
    )


def create_program(portal: Portal, ask: Ask, *, terms: ProgramTerms) -> ProgramCreated:
    """Creates a program and the items over which its budget will be spread."""

    def decide(_: Situation) -> Decision[ProgramCreated]:
        program = new_program(f"prg-{portal.new_id()}", terms)
        return Decision(ProgramCreated(program), program_writes(program), program.id)

    return perform(
        portal, ask, "createProgram", {"terms": terms}, MANAGERS, (), decide, ProgramCreated
    )


def new_program(program_id: str, terms: ProgramTerms) -> Program:
    """A program of checked terms; raises ``InvalidInput``."""
    if terms.ends_at <= terms.starts_at:
        raise InvalidInput("A program ends after it starts.", "endsAt")
    if not money.is_currency(terms.currency):
        raise InvalidInput("A currency is an ISO 4217 code such as USD.", "currencyCode")
    if not STAFF_ROLES.issuperset(terms.segment.roles):
        raise InvalidInput("A program is for roles that earn.", "segment")
    try:
        ZoneInfo(terms.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # A folder or a long name is an OSError.
        raise InvalidInput(
            "A time zone is an IANA name such as Europe/Berlin.", "timeZone"
        ) from None
    return Program(
        id=program_id,
        name=required("name", terms.name),
        description=required("description", terms.description, 2_000, lines=True),
        segment=terms.segment,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        time_zone=terms.time_zone,
        currency=terms.currency,
        terms=required("terms", terms.terms, 20_000, lines=True),
    )


def program_writes(program: Program) -> tuple[Write, ...]:
    """The program and all shards under its next version: they change together or not at all."""
    shards = (ProgramShard(shard_id, version=program.version) for shard_id in shards_of(program.id))
    return Save(program), *(Save(shard) for shard in shards)


def publish_plan(
    portal: Portal,
    ask: Ask,
    *,
    program_id: str,
    effective_from: datetime | None,
    rules: tuple[Rule, ...],
    goals: tuple[GoalDefinition, ...],
) -> PlanPublished:
    """Publishes the next version of a program's plan.

    From its program's start or from an instant to come. Refused with every problem that it has at
    once.
    """
    program_want, plans_want = One(Program, program_id), Many(PlanVersion, of_program(program_id))
    behaviors_want = Many(BehaviorType, of_vendor())

    def decide(s: Situation) -> Decision[PlanPublished]:
        program = s.found[program_want]
        if program is None:
            raise NotFound.of("programId")
        plans = s.found[plans_want].records
        starts = effective_from or max(s.now, program.starts_at)
        if starts < s.now and (plans or starts != program.starts_at):
            raise InvalidInput(
                "A plan starts now or later; only the first may start with its program.",
                "effectiveFrom",
            )
        known = {found.code for found in (*DEAL_BEHAVIORS, *s.found[behaviors_want].records)}
        _check_behaviors(rules, goals, known)
        _check_goals(goals, plans)
        plan = new_plan(program, len(plans) + 1, starts, rules, goals, s.viewer.id, s.now)
        published = replace(program, plan_number=plan.number)
        writes = (*program_writes(published), Create(plan))
        return Decision(PlanPublished(published, plan), writes, plan.id)

    arguments = {"program": program_id, "from": effective_from, "rules": rules, "goals": goals}
    wants = (program_want, plans_want, behaviors_want)
    return perform(portal, ask, "publishPlan", arguments, MANAGERS, wants, decide, PlanPublished)


def _check_behaviors(
    rules: tuple[Rule, ...], goals: tuple[GoalDefinition, ...], known: AbstractSet[str]
) -> None:
    """Raises ``PlanNotPublishable`` for a behavior that is not defined: it would never happen."""
    named = {goal.behavior for goal in goals if goal.behavior}
    named |= {behavior for rule in rules for behavior in rule.mechanic.behaviors()}
    unknown = sorted(named - known)
    if unknown:
        problems = tuple(f"{behavior!r} is no behavior of the catalogue." for behavior in unknown)
        raise PlanNotPublishable("The plan cannot be published.", problems)


def _check_goals(goals: tuple[GoalDefinition, ...], plans: tuple[PlanVersion, ...]) -> None:
    """Raises ``PlanNotPublishable`` where a goal's counter would go on with something else."""
    before = [goal for plan in plans for goal in plan.goals]
    problems = tuple(
        f"Goal {goal.code} counted something else in an earlier version: give it another code."
        for goal in goals
        if any(goal.code == known.code and not goal.counts_as(known) for known in before)
    )
    if problems:
        raise PlanNotPublishable("The plan cannot be published.", problems)


def new_plan(
    program: Program,
    number: int,
    effective_from: datetime,
    rules: tuple[Rule, ...],
    goals: tuple[GoalDefinition, ...],
    by: str,
    at: datetime,
) -> PlanVersion:
    """A plan version with its hash; raises ``PlanNotPublishable``."""
    plan = PlanVersion(
        id=f"{program.id}.{number}",
        program_id=program.id,
        number=number,
        effective_from=effective_from,
        rules=rules,
        goals=goals,
        published_at=at,
        published_by=by,
    )
    problems = [*plan.problems()]
    problems += [
        f"Rule {rule.code}: {rule.asset!r} is no asset."
        for rule in rules
        if not money.is_asset(rule.asset)
    ]
    problems += [
        f"Rule {rule.code} pays a rate of the deal, so in {program.currency} only."
        for rule in rules
        if rule.mechanic.rate_of_deal and rule.asset != program.currency
    ]
    if len(rules) > MAX_RULES or len(goals) > MAX_GOALS:
        problems.append(f"A plan has at most {MAX_RULES} rules and {MAX_GOALS} goals.")
    if problems:
        raise PlanNotPublishable("The plan cannot be published.", tuple(problems))
    return replace(plan, hash=plan.content_hash())


def fund_program(
    portal: Portal, ask: Ask, *, program_id: str, asset: str, amount_minor: int
) -> ProgramFunded:
    """Adds to a program's budget, spread evenly over its shards."""
    program_want, wallet_want = One(Program, program_id), One(Wallet, program_id)

    def decide(s: Situation) -> Decision[ProgramFunded]:
        program = s.found[program_want]
        if program is None:
            raise NotFound.of("programId")
        if not money.is_asset(asset):
            raise InvalidInput("An asset is POINTS or an ISO 4217 currency code.", "amount")
        if not 0 < amount_minor <= money.LARGEST_AMOUNT_MINOR:
            raise InvalidInput("A budget grows by more than zero.", "amount")
        wallet = s.found[wallet_want] or Wallet(program_id)
        writes = funding_writes(
            program, wallet, asset, amount_minor, s.cause(program=program_id), s.now
        )
        return Decision(ProgramFunded(program), writes, program_id)

    arguments = {"program": program_id, "asset": asset, "amount": amount_minor}
    wants = (program_want, wallet_want)
    return perform(portal, ask, "fundProgram", arguments, MANAGERS, wants, decide, ProgramFunded)


def funding_writes(
    program: Program,
    wallet: Wallet,
    asset: str,
    amount_minor: int,
    cause: dict[str, str],
    now: datetime,
) -> tuple[Write, ...]:
    """The funding's journal, in the program's own chain, and each shard's part."""
    transfer = Transfer(ledger.VENDOR_FUNDING, ledger.budget_of(program.id), asset, amount_minor)
    posted, journal = ledger.post(wallet, JournalKind.FUNDING, (transfer,), cause, now)
    parts = money.split(amount_minor, (1,) * BUDGET_SHARDS)
    counts = (
        Count(ProgramShard(shard_id), {asset: part})
        for shard_id, part in zip(shards_of(program.id), parts, strict=True)
        if part
    )
    return *posting(posted, journal), *counts
