"""Plans: the rules and goals of a program in immutable versions, and what a mechanic is."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from portal_api.domain import awards
from portal_api.domain.activities import DEAL_REGISTERED
from portal_api.domain.cases import Case, DealTold, PeriodTold
from portal_api.domain.earnings import Maturity
from portal_api.domain.goals import GoalDefinition, Level, Measure, Progress, Target
from portal_api.domain.money import POINTS, of_ratio
from portal_api.domain.partners import EVERYONE, Segment
from portal_api.domain.records import canonical, plain


@dataclass(frozen=True, slots=True)
class Part:
    """What a mechanic pays now, in minor units of the rule's asset; 0 is a part that is nothing.

    ``once_per`` names what can be paid only once per rule and recipient; ``of_minor`` the whole
    that this is a part of; ``because`` the arithmetic in words. ``pending``: available only once
    the deal is won. ``counts`` is added to the recipient's counters when it is paid, ``decides`` is
    the counter that becomes 1 when it is decided, paid or withheld.
    """

    amount_minor: int
    once_per: str
    step: str
    because: str
    of_minor: int | None = None
    pending: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    decides: str | None = None


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What a mechanic takes back of an earlier earning: positive minor units.

    A shadow rule has no earnings: the id is empty.
    """

    earning_id: str
    step: str
    amount_minor: int
    because: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Free:
    """A pending earning that becomes available."""

    earning_id: str
    step: str
    amount_minor: int
    because: str


Move = Part | TakeBack | Free


class Mechanic(ABC):
    """A way of paying: a frozen dataclass of parameters, defined by one module in ``mechanics``."""

    kind: ClassVar[str]
    levels: ClassVar[frozenset[Level]] = frozenset({Level.PARTNER, Level.INDIVIDUAL})
    """The levels it can pay; a team's share is never taken back, so not everything is for teams."""
    rate_of_deal: ClassVar[bool] = False
    """Whether it pays a rate of the deal's amount: in the program's currency, or in points that
    have a value."""
    of_participation: ClassVar[bool] = False
    """Whether it pays only while the company takes part in the program that its own names."""

    @abstractmethod
    def parts(self, rule: "Rule", plan: "PlanVersion", case: Case) -> tuple[Move, ...]:
        """What the case earns under ``rule``; nothing when the rule does not concern it."""

    @abstractmethod
    def words(self, rule: "Rule", plan: "PlanVersion", currency: str) -> str:
        """What it offers in one sentence, as its recipients read it; deals are in ``currency``."""

    @abstractmethod
    def behaviors(self) -> frozenset[str]:
        """The behaviors that it makes worthwhile."""

    def fires_on(self, plan: "PlanVersion") -> frozenset[str]:
        """Every behavior on which it may pay or take back."""
        return self.behaviors()

    @property
    def items_at_most(self) -> int:
        """The items of one case: two for a part (earning and name), one for what it changes."""
        return 2

    @property
    def transfers_at_most(self) -> int:
        """The transfers of one case in one wallet: a part and what then repays a debt.

        Or what is taken back: of what is there, of what has expired, and what is owed.
        """
        return 3

    def goes_on(self, before: "Mechanic") -> bool:
        """Whether a rule with it can follow a rule of the same code in an earlier version."""
        return self.kind == before.kind

    @property
    def follows(self) -> str | None:
        """The code of the goal whose progress it decides on."""
        return None

    @property
    def by_target(self) -> bool:
        """Whether what it pays depends on the recipient's target of that goal."""
        return False

    @property
    def by_period(self) -> "Period | None":
        """The period of its deal's sale that it counts by."""
        return None

    @property
    def grows(self) -> bool:
        """Whether it decides on the revenue of the same period of the year before."""
        return False

    def counters(self, rule: "Rule", period: str | None = None) -> tuple[str, ...]:
        """The recipient's counters that it keeps for itself and decides on, of a period by name."""
        return ()

    def settled(self, case: Case) -> bool:
        """Whether all is decided for good, so that no counter matters any more."""
        return False

    def problems(self, plan: "PlanVersion") -> tuple[str, ...]:
        """What is wrong with the parameters, for the person who publishes the plan."""
        return ()

    def still_pays(self, rule: "Rule", plan: "PlanVersion", ahead: "Ahead") -> int:
        """What it would still pay, in minor units of its asset, on the way to ``ahead.reach``."""
        return 0


class Period(StrEnum):
    """The time over which a limit or a rebate counts, in the program's time zone."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    HALF_YEAR = "HALF_YEAR"
    YEAR = "YEAR"
    PROGRAM = "PROGRAM"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a rule pays one recipient at most in a period, by count or by amount."""

    period: Period
    count: int | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class PointValue:
    """What points are worth: ``points`` of them are ``amount_minor`` of the program's currency."""

    points: int
    amount_minor: int

    def worth(self, points: int) -> int:
        """The worth of points, in minor units of the program's currency."""
        return of_ratio(points, self.amount_minor, self.points)


@dataclass(frozen=True, slots=True)
class Rule:
    """When this happens, this mechanic pays, to this level, in this asset, within this segment.

    A ``shadow`` rule only records what it would pay. What it pays is held for ``hold_days``.
    """

    code: str
    name: str
    level: Level
    asset: str
    mechanic: Mechanic
    segment: Segment = EVERYONE
    limits: tuple[Limit, ...] = ()
    shadow: bool = False
    hold_days: int = 0

    def goes_on(self, before: "Rule") -> bool:
        """Whether it can follow a rule of the same code: paid alike, to the same wallets."""
        alike = (self.level, self.asset) == (before.level, before.asset)
        return alike and self.mechanic.goes_on(before.mechanic)

    @property
    def key(self) -> str:
        """Under what it counts for itself: a shadow uses up nothing of the real rule."""
        return f"{self.code}:shadow" if self.shadow else self.code


_LATER = frozenset({"limits", "shadow", "hold_days"})
_LATER_OF_SEGMENTS = frozenset({"products", "business_models", "strategies"})


def _content_of(rule: Rule) -> dict[str, object]:
    """A rule's plain content, less what was added later to rules and segments and says nothing."""
    content = {
        field.name: plain(getattr(rule, field.name))
        for field in fields(rule)
        if field.name not in _LATER or getattr(rule, field.name)
    }
    segment = {
        field.name: plain(getattr(rule.segment, field.name))
        for field in fields(rule.segment)
        if field.name not in _LATER_OF_SEGMENTS or getattr(rule.segment, field.name)
    }
    return {**content, "segment": segment}


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """Immutable rules and goals of a program.

    In force from ``effective_from`` until the next version. ``hash`` is over the canonical content,
    so that an earning can name exactly what paid it. Points that became available in a month
    expire at the end of the month ``expire_months`` later.
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
    point_value: PointValue | None = None
    expire_months: int | None = None

    def content_hash(self) -> str:
        """SHA-256 over rules, goals, start and the points' value, in hexadecimal.

        What plans could not say at first is left out where it says nothing: the hash of a version
        that is published stays as it is.
        """
        rules = [_content_of(rule) for rule in self.rules]
        content = [plain(self.effective_from), rules, plain(self.goals)]
        content += [plain(self.point_value)] if self.point_value is not None else []
        content += [{"expires": self.expire_months}] if self.expire_months is not None else []
        return hashlib.sha256(canonical(content)).hexdigest()

    def goal(self, code: str | None) -> GoalDefinition | None:
        """The goal with a code."""
        return next((goal for goal in self.goals if goal.code == code), None)

    def pays_people_by(self, code: str) -> bool:
        """Whether what teams or people are paid depends on their targets of a goal."""
        return any(
            rule.level is not Level.PARTNER and rule.mechanic.by_target
            for rule in self.rules
            if rule.mechanic.follows == code
        )

    def rule(self, code: str) -> Rule | None:
        """The rule with a code."""
        return next((rule for rule in self.rules if rule.code == code), None)

    def maturity(self, rule: Rule, time_zone: str) -> Maturity:
        """When what a rule pays becomes available, and when it expires: only points do."""
        expire_months = self.expire_months if rule.asset == POINTS else None
        return Maturity(rule.hold_days, expire_months, time_zone)

    def of_rate(self, rule: Rule, amount_minor: int, rate_bps: int) -> int:
        """A rate of money in the rule's asset, rounded once: points by their value."""
        return self.in_asset(rule, amount_minor * rate_bps, 10_000)

    def in_asset(self, rule: Rule, numerator_minor: int, denominator: int) -> int:
        """A fraction of money in the rule's asset, rounded once: points by their value."""
        if rule.asset == POINTS and self.point_value is not None:
            numerator_minor *= self.point_value.points
            denominator *= self.point_value.amount_minor
        return of_ratio(numerator_minor, 1, denominator)


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """The next version of a program's plan while it is being written. ``id`` is the program's."""

    id: str
    rules: tuple[Rule, ...]
    goals: tuple[GoalDefinition, ...]
    effective_from: datetime | None
    saved_at: datetime
    saved_by: str
    point_value: PointValue | None = None
    expire_months: int | None = None
    version: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing is written: it never was, or it has been published."""
        return not (self.rules or self.goals or self.point_value or self.expire_months)


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
    """A goal, a party's target and progress, and how far the measure is imagined to rise.

    ``at_most``: how often the rule's limits still let it pay (none: any number of times).
    ``period``: the one that a sale would be in now, where the rule counts by periods.
    """

    goal: GoalDefinition
    target: Target
    progress: Progress
    reach: int
    at_most: int | None = None
    period: PeriodTold | None = None

    @property
    def missing(self) -> int:
        """How much of the measure is missing to the reach."""
        return max(0, self.reach - self.progress.count(f"goal:{self.goal.code}"))

    def times(self, behavior: str) -> int:
        """How often the rule would still pay for a behavior: none where the goal counts another."""
        counted = {Measure.DEALS_REGISTERED: DEAL_REGISTERED}
        if counted.get(self.goal.measure, self.goal.behavior) != behavior:
            return 0
        return self.missing if self.at_most is None else min(self.missing, self.at_most)


def all_back(case: Case, because: str) -> tuple[Move, ...]:
    """What takes back all that the recipient was paid and still has, the last first."""
    return tuple(
        TakeBack(award.earning_id or "", award.step, award.amount_minor, because)
        for award in reversed(case.paid)
        if award.amount_minor
    )


def settled(
    case: Case, deal: DealTold, due_minor: int, because: str, of_minor: int | None = None
) -> tuple[Move, ...]:
    """What pays or takes back so that the recipient has ``due_minor`` of the rule on the deal.

    What was paid last is taken back first; what was reversed by hand counts as paid, and is not
    there to be taken. Nothing due and nothing paid is nothing; a due that was never paid is a part,
    also of zero, so that it is known not to be withheld.
    """
    if not case.paid and not deal.concerned:
        return ()
    before = awards.given(case.paid)
    if due_minor > before or (due_minor == before == 0 and not case.paid):
        part = Part(due_minor - before, deal.turn, case.behavior, because, of_minor)
        return (part,)
    found, missing = [], before - due_minor
    for award in reversed(case.paid):
        back = min(missing, award.amount_minor)
        if back:
            found.append(TakeBack(award.earning_id or "", award.step, back, because))
        missing -= min(missing, award.given_minor)
    return tuple(found)
