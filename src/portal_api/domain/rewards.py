"""What an activity earns: rules, plan versions, facts, and the one function that decides pay.

``earned`` pays, previews and replays: it is pure, so the same facts always give the same verdicts.
"""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from portal_api.domain.activities import Activity, WithheldReason
from portal_api.domain.consent import Consent, ConsentFile, Enrollment
from portal_api.domain.deals import Deal
from portal_api.domain.goals import GoalDefinition, Level, Measure, Progress, Target
from portal_api.domain.partners import EVERYONE, STAFF_ROLES, Partner, Role, Segment
from portal_api.domain.programs import Program
from portal_api.domain.records import canonical, plain

_CODE = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True, slots=True)
class Part:
    """What a mechanic pays now, in minor units of the rule's asset; 0 is a part that is nothing.

    ``once_per`` names what can be paid only once per rule and recipient; ``of_minor`` the whole
    that this is a part of; ``because`` the arithmetic in words.
    """

    amount_minor: int
    once_per: str
    step: str
    because: str
    of_minor: int | None = None


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What a mechanic takes back of an earlier earning: positive minor units."""

    earning_id: str
    step: str
    amount_minor: int
    because: str


class Mechanic(ABC):
    """A way of paying: a frozen dataclass of parameters, defined by one module in ``mechanics``."""

    kind: ClassVar[str]
    rate_of_deal: ClassVar[bool] = False
    """Whether it pays a rate of the deal's amount, and so in the program's currency only."""

    @abstractmethod
    def parts(self, rule: "Rule", facts: "Facts") -> tuple[Part | TakeBack, ...]:
        """What this activity earns under ``rule``; nothing when the rule does not concern it."""

    @abstractmethod
    def behaviors(self) -> frozenset[str]:
        """The behaviors that it pays for."""

    def problems(self, plan: "PlanVersion") -> tuple[str, ...]:
        """What is wrong with the parameters, for the person who publishes the plan."""
        return ()

    def still_pays(self, rule: "Rule", ahead: "Ahead") -> int:
        """What it would still pay, in minor units of its asset, on the way to ``ahead.reach``."""
        return 0

    def watched(self, rule: "Rule", facts: "Facts") -> tuple[str, ...]:
        """The counters of the rule's level that ``parts`` decides on.

        They are checked at commit.
        """
        return ()


@dataclass(frozen=True, slots=True)
class Rule:
    """When this happens, this mechanic pays, to this level, in this asset, within this segment."""

    code: str
    name: str
    level: Level
    asset: str
    mechanic: Mechanic
    segment: Segment = EVERYONE


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """Immutable rules and goals of a program.

    In force from ``effective_from`` until the next version. ``hash`` is over the canonical content,
    so that an earning can name exactly what paid it.
    """

    id: str
    program_id: str
    number: int
    effective_from: datetime
    rules: tuple[Rule, ...]
    goals: tuple[GoalDefinition, ...]
    published_at: datetime
    published_by: str
    hash: str = ""

    def content_hash(self) -> str:
        """SHA-256 over the rules, the goals and their start, in hexadecimal."""
        content = [plain(self.effective_from), plain(self.rules), plain(self.goals)]
        return hashlib.sha256(canonical(content)).hexdigest()

    def problems(self) -> tuple[str, ...]:
        """Why this plan cannot be published, one sentence each."""
        found = [problem for rule in self.rules for problem in rule.mechanic.problems(self)]
        for what, codes in (
            ("rule", [rule.code for rule in self.rules]),
            ("goal", [goal.code for goal in self.goals]),
        ):
            found += [
                f"The {what} code {code} is used twice."
                for code in sorted(set(codes))
                if codes.count(code) > 1
            ]
        coded = [*(rule.code for rule in self.rules), *(goal.code for goal in self.goals)]
        found += [
            f"{code[:60]!r} is no code: 1 to 60 of A-Z a-z 0-9 . _ -"
            for code in coded
            if not _CODE.fullmatch(code)
        ]
        found += [
            f"Rule {rule.code} pays a team, which no rule can yet."
            for rule in self.rules
            if rule.level is Level.TEAM
        ]
        found += [
            f"Goal {goal.code} ends before it starts."
            for goal in self.goals
            if goal.ends_at <= goal.starts_at
        ]
        found += [
            f"Goal {goal.code} names a behavior if it is a BEHAVIOR_COUNT, and else none."
            for goal in self.goals
            if (goal.measure is Measure.BEHAVIOR_COUNT) != bool(goal.behavior)
        ]
        names = [(rule.code, rule.name) for rule in self.rules]
        names += [(goal.code, goal.name) for goal in self.goals]
        found += [
            f"{code[:60]!r} has no name of 1 to 200 printable characters."
            for code, name in names
            if not (name.strip() and name.isprintable() and len(name) <= 200)
        ]
        found += [
            f"Rule {rule.code} is for a role that does not earn."
            for rule in self.rules
            if not STAFF_ROLES.issuperset(rule.segment.roles)
        ]
        if not self.rules:
            found.append("A plan has at least one rule.")
        return tuple(found)


def plan_at(plans: tuple[PlanVersion, ...], instant: datetime) -> PlanVersion | None:
    """The version in force at ``instant``: the last to start, of equal starts the highest number.

    Before the first one, the first: its rules say what is withheld as out of window.
    """
    in_force = [plan for plan in plans if plan.effective_from <= instant]
    if in_force:
        return max(in_force, key=lambda plan: (plan.effective_from, plan.number))
    return min(plans, key=lambda plan: (plan.effective_from, -plan.number), default=None)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A goal, a party's target and progress, and how far the measure is imagined to rise."""

    goal: GoalDefinition
    target: Target
    progress: Progress
    reach: int

    @property
    def missing(self) -> int:
        """How much of the measure is missing to the reach."""
        return max(0, self.reach - self.progress.count(f"goal:{self.goal.code}"))


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a decision about one activity needs.

    ``progress`` is that before the activity; ``employed``: the person works at the partner then or
    now, and did not leave.
    """

    program: Program
    plan: PlanVersion
    partner: Partner
    role: Role
    employed: bool
    activity: Activity
    deal: Deal | None
    consents: ConsentFile | None
    enrollment: Enrollment | None
    progress: Mapping[Level, Progress]
    targets: Mapping[Level, Mapping[str, Target]]


@dataclass(frozen=True, slots=True)
class Award:
    """A part that is paid to ``recipient``, and the consent that allows it (none for a partner)."""

    rule: Rule
    part: Part
    recipient: str
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class Withheld:
    """A part that is not paid, and why."""

    rule: Rule
    part: Part
    reason: WithheldReason


@dataclass(frozen=True, slots=True)
class Reversed:
    """A part of an earlier earning that is taken back."""

    rule: Rule
    take_back: TakeBack


def earned(facts: Facts) -> tuple[Award | Withheld | Reversed, ...]:
    """What every rule of the plan makes of the activity, in the plan's order."""
    verdicts: list[Award | Withheld | Reversed] = []
    for rule in facts.plan.rules:
        for part in rule.mechanic.parts(rule, facts):
            if isinstance(part, TakeBack):
                verdicts.append(Reversed(rule, part))
                continue
            verdicts.append(_judged(rule, part, facts))
    return tuple(verdicts)


def _judged(rule: Rule, part: Part, facts: Facts) -> Award | Withheld:
    """The part as an award, or withheld for the first reason that applies."""
    activity, at = facts.activity, facts.activity.occurred_at
    if not facts.program.open_at(at) or at < facts.plan.effective_from:
        return Withheld(rule, part, WithheldReason.OUT_OF_WINDOW)
    for segment in (facts.program.segment, rule.segment):
        if not segment.admits_partner(facts.partner, at) or not segment.admits_role(facts.role):
            return Withheld(rule, part, WithheldReason.OUT_OF_SEGMENT)
    if rule.level is Level.PARTNER:
        return Award(rule, part, facts.partner.id, None)
    if not facts.employed:
        return Withheld(rule, part, WithheldReason.NOT_EMPLOYED)
    terms = facts.program.terms_version
    consent = facts.consents.covering(activity.individual_id, at, terms) if facts.consents else None
    if consent is None:
        return Withheld(rule, part, WithheldReason.NO_CONSENT)
    if facts.enrollment is None or not facts.enrollment.covers(at):
        return Withheld(rule, part, WithheldReason.NOT_ENROLLED)
    return Award(rule, part, activity.individual_id, consent)
