"""What an activity earns: the one function that decides pay.

``earned`` pays, previews, runs dry and retries: it is pure, so the same facts always give the same
verdicts. An earning is recomputed by ``replayed``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal_api.domain.activities import DEAL_REGISTERED, Activity, WithheldReason
from portal_api.domain.cases import Case, Inputs, Measured, told
from portal_api.domain.consent import Consent, ConsentFile, Enrollment
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Trace
from portal_api.domain.goals import Level, Part, Progress, Target
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, split
from portal_api.domain.partners import Partner, Role
from portal_api.domain.plans import Free, Move, Period, PlanVersion, Rule, TakeBack
from portal_api.domain.plans import Part as Pay
from portal_api.domain.programs import Program


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision about one activity needs, whoever it is made for.

    ``counted_already``: the activity is in the progress, since it is judged again. ``since``: from
    when the version in force is; ``plan`` may be an earlier one, that has begun to pay on the deal.
    """

    program: Program
    plan: PlanVersion
    partner: Partner
    activity: Activity
    deal: Deal | None
    consents: ConsentFile | None
    counted_already: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who may be paid: the partner, a team or a person, with what counts for it.

    ``progress`` is that before the activity; ``employed``: the person works at the partner then or
    now, and did not leave. ``role`` is the person's.
    """

    id: str
    level: Level
    role: Role
    employed: bool
    enrollment: Enrollment | None
    progress: Progress
    targets: Mapping[str, Target]
    part: Part


@dataclass(frozen=True, slots=True)
class Award:
    """A part that is paid to ``recipient_id``, and the consent that allows it (none: no person)."""

    rule: Rule
    part: Pay
    recipient_id: str
    consent: Consent | None
    inputs: Inputs
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Withheld:
    """A part that is not paid, and why."""

    rule: Rule
    part: Pay
    recipient_id: str
    reason: WithheldReason


@dataclass(frozen=True, slots=True)
class Reversed:
    """A part of an earlier earning that is taken back."""

    rule: Rule
    take_back: TakeBack
    recipient_id: str


@dataclass(frozen=True, slots=True)
class Released:
    """A pending earning that becomes available."""

    rule: Rule
    free: Free
    recipient_id: str


Verdict = Award | Withheld | Reversed | Released


def case_of(rule: Rule, facts: Facts, recipient: Recipient) -> Case:
    """What the rule's mechanic is told."""
    deal, activity = facts.deal, facts.activity
    goal = facts.plan.goal(rule.mechanic.follows)
    measured = None
    if goal is not None:
        added = goal.counted(activity, deal, recipient.part)
        now = recipient.progress.count(f"goal:{goal.code}")
        before = now - added if facts.counted_already else now
        target = recipient.targets.get(goal.code)
        measured = Measured(goal.code, before, before + added, target)
    kept = {name: recipient.progress.count(name) for name in rule.mechanic.counters(rule)}
    if deal is None:
        inputs = Inputs(measured=measured, counters=kept)
    else:
        # What it only noted as a shadow is nothing that it could take back since it pays.
        of_rule = (rule.code, rule.asset, rule.shadow)
        awards = tuple(
            award
            for award in deal.awards
            if (award.rule_code, award.asset, award.shadow) == of_rule
        )
        whole = recipient.level is not Level.INDIVIDUAL
        registered = any(award.step == DEAL_REGISTERED for award in awards)
        inputs = Inputs(
            deal=told(deal, recipient.id, whole),
            paid=tuple(award for award in awards if award.recipient_id == recipient.id),
            joined=registered and not whole and recipient.id not in deal.registered_for,
            measured=measured,
            counters=kept,
        )
    return Case(
        activity_id=activity.id,
        behavior=activity.behavior,
        occurred_at=activity.occurred_at,
        recipient_id=recipient.id,
        inputs=inputs,
    )


def earned(rule: Rule, facts: Facts, recipient: Recipient) -> tuple[Verdict, ...]:
    """What one rule of the plan makes of the activity for one recipient."""
    case = case_of(rule, facts, recipient)
    verdicts: list[Verdict] = []
    for move in rule.mechanic.parts(rule, facts.plan, case):
        verdict = judged(rule, move, case.inputs, facts, recipient)
        if isinstance(verdict, Award):
            # What the first part uses of a limit is not there for the second.
            recipient = replace(recipient, progress=recipient.progress.plus(verdict.counts))
        verdicts.append(verdict)
    return tuple(verdicts)


def watched(rule: Rule, facts: Facts, recipient: Recipient) -> tuple[str, ...]:
    """The recipient's counters that ``earned`` decides on: they must be the same at commit."""
    if facts.activity.behavior not in rule.mechanic.fires_on(facts.plan):
        return ()
    found = list(watched_limits(rule, facts, recipient))
    if rule.mechanic.follows is None:
        return tuple(found)
    case = case_of(rule, facts, recipient)
    if case.inputs.measured is not None and not rule.mechanic.settled(case):
        found += [f"goal:{case.inputs.measured.goal}", *rule.mechanic.counters(rule)]
    return tuple(found)


def watched_limits(rule: Rule, facts: Facts, recipient: Recipient) -> tuple[str, ...]:
    """The counters of the rule's limits and of the cap of the recipient's consent."""
    person = recipient.level is Level.INDIVIDUAL
    consent = consent_of(facts, recipient.id) if person else None
    return tuple(used(rule, facts.activity.occurred_at, facts.program, consent, 0, 0))


def consent_of(facts: Facts, person_id: str) -> Consent | None:
    """The consent that lets a person earn for the activity."""
    at, terms = facts.activity.occurred_at, facts.program.terms_version
    return facts.consents.covering(person_id, at, terms) if facts.consents else None


def under(consent: Consent, asset: str) -> str:
    """The counter of what a person has earned of an asset under a consent."""
    return f"under:{consent.number}:{asset}"


def replayed(plan: PlanVersion, trace: Trace, recipient_id: str) -> Pay | None:
    """The part of an earning again, from nothing but its plan and what it kept.

    None where the plan would not pay it: something was changed (invariant L18).
    """
    rule = plan.rule(trace.rule_code)
    if rule is None or trace.inputs is None:
        return None
    case = Case(
        activity_id=trace.activity_id,
        behavior=trace.behavior,
        occurred_at=trace.occurred_at,
        recipient_id=recipient_id,
        inputs=trace.inputs,
    )
    for move in rule.mechanic.parts(rule, plan, case):
        if isinstance(move, Pay) and move.step == trace.step:
            if trace.inputs.shared is None:
                return move
            members, place = trace.inputs.shared
            share = split(move.amount_minor, (1,) * members)[place]
            return replace(move, amount_minor=share, of_minor=move.amount_minor)
    return None


def judged(rule: Rule, move: Move, inputs: Inputs, facts: Facts, recipient: Recipient) -> Verdict:
    """The move as an award, or withheld for the first reason that applies."""
    if isinstance(move, TakeBack):
        return Reversed(rule, move, recipient.id)
    if isinstance(move, Free):
        return Released(rule, move, recipient.id)
    consent = None
    if recipient.level is Level.INDIVIDUAL:
        consent = consent_of(facts, recipient.id)
    reason = _why_not(rule, facts, recipient, consent)
    if reason is None and move.amount_minor > LARGEST_AMOUNT_MINOR:
        reason = WithheldReason.LIMIT_REACHED
    if reason is None:
        reason = _spent(rule, move, facts, recipient, consent)
    if reason is not None:
        return Withheld(rule, move, recipient.id, reason)
    counts = {**move.counts, **{name: 1 for name in (move.decides,) if name}}
    at = facts.activity.occurred_at
    counts |= used(rule, at, facts.program, consent, move.amount_minor, int(move.amount_minor > 0))
    return Award(rule, move, recipient.id, consent, inputs, counts)


def _why_not(
    rule: Rule, facts: Facts, recipient: Recipient, consent: Consent | None
) -> WithheldReason | None:
    """Why the rule does not pay this recipient for this activity at all."""
    at = facts.activity.occurred_at
    product = facts.deal.product if facts.deal else None
    if not facts.program.open_at(at) or at < (facts.since or facts.plan.effective_from):
        return WithheldReason.OUT_OF_WINDOW
    for segment in (facts.program.segment, rule.segment):
        if (
            not segment.admits_partner(facts.partner, at)
            or not segment.admits_role(recipient.role)
            or not segment.admits_product(product)
        ):
            return WithheldReason.OUT_OF_SEGMENT
    if recipient.level is not Level.INDIVIDUAL:
        return None
    if not recipient.employed:
        return WithheldReason.NOT_EMPLOYED
    if consent is None:
        return WithheldReason.NO_CONSENT
    if recipient.enrollment is None or not recipient.enrollment.covers(at):
        return WithheldReason.NOT_ENROLLED
    return None


def _spent(
    rule: Rule, part: Pay, facts: Facts, recipient: Recipient, consent: Consent | None
) -> WithheldReason | None:
    """Whether a limit of the rule or the cap of the consent leaves no room; never in part."""
    progress = recipient.progress
    for limit in rule.limits:
        period = period_of(limit.period, facts.activity.occurred_at, facts.program.time_zone)
        counted = progress.count(f"count:{_limited(rule)}:{period}") + int(part.amount_minor > 0)
        summed = progress.count(f"amount:{_limited(rule)}:{period}") + part.amount_minor
        if limit.count is not None and counted > limit.count:
            return WithheldReason.LIMIT_REACHED
        if limit.amount_minor is not None and summed > limit.amount_minor:
            return WithheldReason.LIMIT_REACHED
    cap = consent.cap(rule.asset) if consent is not None else None
    if consent is None or cap is None:
        return None
    over = progress.count(under(consent, rule.asset)) + part.amount_minor > cap
    return WithheldReason.CAP_REACHED if over else None


def used(
    rule: Rule,
    at: datetime,
    program: Program,
    consent: Consent | None,
    amount_minor: int,
    count: int,
) -> dict[str, int]:
    """What an award for an activity at ``at`` adds to the counters of limits and of a cap."""
    added: dict[str, int] = {}
    for limit in rule.limits:
        period = period_of(limit.period, at, program.time_zone)
        if limit.count is not None:
            added[f"count:{_limited(rule)}:{period}"] = count
        if limit.amount_minor is not None:
            added[f"amount:{_limited(rule)}:{period}"] = amount_minor
    if consent is not None and consent.cap(rule.asset) is not None:
        added[under(consent, rule.asset)] = amount_minor
    return added


def _limited(rule: Rule) -> str:
    """The rule as its limits count it: what a shadow notes leaves room when it pays at last."""
    return f"{rule.code}:shadow" if rule.shadow else rule.code


def period_of(period: Period, instant: datetime, time_zone: str) -> str:
    """The name of the period that an instant is in, by the program's own calendar.

    Weeks are named by their Monday.
    """
    local = instant.astimezone(ZoneInfo(time_zone)).date()
    match period:
        case Period.DAY:
            return f"D{local.isoformat()}"
        case Period.WEEK:
            return f"W{(local - timedelta(days=local.weekday())).isoformat()}"
        case Period.MONTH:
            return f"M{local.year}-{local.month:02}"
        case Period.QUARTER:
            return f"Q{local.year}-{(local.month - 1) // 3 + 1}"
        case Period.PROGRAM:
            return "P"
