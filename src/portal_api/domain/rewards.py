"""What an activity earns: the one function that decides pay.

``earned`` pays, previews, runs dry and retries: it is pure, so the same facts always give the same
verdicts. An earning is recomputed by ``replayed``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain import rebates
from portal_api.domain.activities import DEAL_REGISTERED, Activity, WithheldReason
from portal_api.domain.cases import Case, Inputs, Measured, PeriodTold, told
from portal_api.domain.consent import Consent, ConsentFile, Enrollment, Who
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Trace
from portal_api.domain.goals import Level, Part, Progress, Target, bonus_counter
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, split
from portal_api.domain.partners import Partner, Role
from portal_api.domain.periods import period_of
from portal_api.domain.plans import Free, Move, PlanVersion, Rule, TakeBack
from portal_api.domain.plans import Part as Pay
from portal_api.domain.programs import Program
from portal_api.domain.rebates import NO_REBATE, RebateFacts


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision about one activity needs, whoever it is made for.

    ``counted_already``: the activity is in the progress, since it is judged again. ``since``: from
    when the version in force is; ``plan`` may be an earlier one, that has begun to pay on the deal.
    ``rebate``: what the rule depends on besides, where it pays a rebate.
    """

    program: Program
    plan: PlanVersion
    partner: Partner
    activity: Activity
    deal: Deal | None
    consents: ConsentFile | None
    counted_already: bool = False
    since: datetime | None = None
    rebate: RebateFacts = NO_REBATE

    @property
    def participation(self) -> Consent | None:
        """The consent by which the company takes part where its rebates require that."""
        required, at = self.rebate.participation, self.activity.occurred_at
        return required.consent_at(at) if required is not None else None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who may be paid: the partner, a team or a person, with what counts for it.

    ``progress`` is that before the activity; ``employed``: the person worked at the partner when it
    acted. ``role`` and ``team_id`` are the person's, when it acted.
    """

    id: str
    level: Level
    role: Role
    employed: bool
    enrollment: Enrollment | None
    progress: Progress
    targets: Mapping[str, Target]
    part: Part
    team_id: str | None = None

    @property
    def who(self) -> Who:
        """The person as a consent knows it."""
        return Who(self.id, self.team_id, self.role)


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
    period = _period(rule, facts, recipient)
    counters = rule.mechanic.counters(rule, period.name if period else None)
    kept = {name: recipient.progress.count(name) for name in counters}
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
            period=period,
        )
    return Case(
        activity_id=activity.id,
        behavior=activity.behavior,
        occurred_at=activity.occurred_at,
        recipient_id=recipient.id,
        inputs=inputs,
    )


def _period(rule: Rule, facts: Facts, recipient: Recipient) -> PeriodTold | None:
    """The period of the deal's sale, where the rule counts by periods."""
    if facts.deal is None or facts.deal.closed_at is None:
        return None
    sold_at, baselines = facts.deal.closed_at, facts.rebate.baselines
    return rebates.period_told(rule, facts.program, sold_at, recipient.progress, baselines)


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


def taken_back(rule: Rule, facts: Facts, recipient: Recipient) -> tuple[TakeBack, ...]:
    """What one rule takes back of the recipient by the activity."""
    moves = rule.mechanic.parts(rule, facts.plan, case_of(rule, facts, recipient))
    return tuple(move for move in moves if isinstance(move, TakeBack))


def undecided(recipient: Recipient, rule: Rule, step: str) -> Recipient:
    """The recipient as before a bonus was decided, where this is one."""
    decided = bonus_counter(rule.key, step)
    if not recipient.progress.count(decided):
        return recipient
    return replace(recipient, progress=recipient.progress.plus({decided: -1}))


def watched(rule: Rule, facts: Facts, recipient: Recipient) -> tuple[str, ...]:
    """The recipient's counters that ``earned`` decides on: they must be the same at commit."""
    if facts.activity.behavior not in rule.mechanic.fires_on(facts.plan):
        return ()
    found = list(watched_limits(rule, facts, recipient))
    if rule.mechanic.follows is None and rule.mechanic.by_period is None:
        return tuple(found)
    case = case_of(rule, facts, recipient)
    if case.inputs.period is not None:
        found += rebates.relied_on(rule, case.inputs.period)
    if case.inputs.measured is not None and not rule.mechanic.settled(case):
        found += [f"goal:{case.inputs.measured.goal}", *rule.mechanic.counters(rule)]
    return tuple(found)


def watched_limits(rule: Rule, facts: Facts, recipient: Recipient) -> tuple[str, ...]:
    """The counters of the rule's limits and of the caps of the recipient's consents."""
    names = dict.fromkeys(used(rule, facts.activity.occurred_at, facts.program, None, 0, 0))
    person = recipient.level is Level.INDIVIDUAL
    for consent in consents_of(facts, recipient.who) if person else ():
        cap = cap_counter(facts.consents, consent, rule.asset)
        names |= dict.fromkeys((cap,) if cap is not None else ())
    return tuple(names)


def consents_of(facts: Facts, who: Who) -> tuple[Consent, ...]:
    """The consents that let a person earn for the activity."""
    at = facts.activity.occurred_at
    terms = facts.program.terms_at(at)
    return facts.consents.all_covering(who, at, terms) if facts.consents else ()


def cap_counter(file: ConsentFile | None, consent: Consent | None, asset: str) -> str | None:
    """The counter of what a person has earned of an asset under a consent that caps it."""
    if file is None or consent is None or consent.cap(asset) is None:
        return None
    return f"under:{file.cap_number(consent)}:{asset}"


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
    reason, consent = _why_not(rule, facts, recipient), None
    if reason is None:
        reason, consent = _allowed(rule, move, facts, recipient)
    if reason is not None:
        return Withheld(rule, move, recipient.id, reason)
    counts = {**move.counts, **{name: 1 for name in (move.decides,) if name}}
    cap = cap_counter(facts.consents, consent, rule.asset)
    at, paid = facts.activity.occurred_at, move.amount_minor
    counts |= used(rule, at, facts.program, cap, paid, int(paid > 0))
    return Award(rule, move, recipient.id, consent, inputs, counts)


def _allowed(
    rule: Rule, move: Pay, facts: Facts, recipient: Recipient
) -> tuple[WithheldReason | None, Consent | None]:
    """The first consent that allows the part and has room for it, or why the first one does not.

    A company and a team need none.
    """
    consents: tuple[Consent | None, ...] = (None,)
    if recipient.level is Level.INDIVIDUAL:
        consents = consents_of(facts, recipient.who)
    first: WithheldReason | None = None
    for consent in consents:
        reason = _not_enrolled(consent, facts, recipient)
        reason = reason or _spent(rule, move, facts, recipient, consent)
        if reason is None:
            return None, consent
        first = first or reason
    return first or WithheldReason.NO_CONSENT, None


def _not_enrolled(
    consent: Consent | None, facts: Facts, recipient: Recipient
) -> WithheldReason | None:
    """Whether the person had not accepted the terms; of what is paid afterwards, by the consent."""
    if consent is None:
        return None
    at, enrollment = facts.activity.occurred_at, recipient.enrollment
    accepted_at = consent.valid_from if consent.looks_back(at) else at
    terms = facts.program.terms_at(accepted_at)
    covered = enrollment is not None and enrollment.covers(accepted_at, terms)
    return None if covered else WithheldReason.NOT_ENROLLED


def _why_not(rule: Rule, facts: Facts, recipient: Recipient) -> WithheldReason | None:
    """Why the rule does not pay this recipient for this activity, whoever has consented."""
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
        required = rule.mechanic.of_participation and facts.program.participation_in is not None
        missing = required and facts.participation is None
        return WithheldReason.NO_PARTICIPATION if missing else None
    return None if recipient.employed else WithheldReason.NOT_EMPLOYED


def _spent(
    rule: Rule, part: Pay, facts: Facts, recipient: Recipient, consent: Consent | None
) -> WithheldReason | None:
    """Whether a limit of the rule or the cap of the consent leaves no room; never in part."""
    progress = recipient.progress
    if part.amount_minor > LARGEST_AMOUNT_MINOR:
        return WithheldReason.LIMIT_REACHED
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
    earned_under = progress.count(cap_counter(facts.consents, consent, rule.asset) or "")
    return WithheldReason.CAP_REACHED if earned_under + part.amount_minor > cap else None


def used(
    rule: Rule,
    at: datetime,
    program: Program,
    cap: str | None,
    amount_minor: int,
    count: int,
) -> dict[str, int]:
    """What an award for an activity at ``at`` adds to the counters of limits and of a ``cap``."""
    added: dict[str, int] = {}
    for limit in rule.limits:
        period = period_of(limit.period, at, program.time_zone)
        if limit.count is not None:
            added[f"count:{_limited(rule)}:{period}"] = count
        if limit.amount_minor is not None:
            added[f"amount:{_limited(rule)}:{period}"] = amount_minor
    if cap is not None:
        added[cap] = amount_minor
    return added


def _limited(rule: Rule) -> str:
    """The rule as its limits count it: what a shadow notes leaves room when it pays at last."""
    return f"{rule.code}:shadow" if rule.shadow else rule.code
