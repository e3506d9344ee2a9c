"""Which behaviors a program has paid for, from when to when, and what one more of each costs.

Goal bonuses and rebates are left out: they pay for what is sold, or reached, in a period, and for
no single behavior. So are shadow rules, which pay nobody, and of a deal's changes all but its
registration and its sale.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from portal_api.domain.activities import DEAL_CHANGES, DEAL_REGISTERED, DEAL_WON
from portal_api.domain.goals import Level
from portal_api.domain.insights.calendars import Calendar
from portal_api.domain.insights.market import Incentive
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.money import POINTS
from portal_api.domain.partners import Partner
from portal_api.domain.plans import PlanVersion, Rule, plan_at
from portal_api.domain.programs import Program
from portal_api.domain.sales_process import rewarded

_OF_DEALS = DEAL_CHANGES - {DEAL_REGISTERED, DEAL_WON}


@dataclass(frozen=True, slots=True)
class InForce:
    """A version of a plan, from when up to but without when it was in force in the program."""

    plan: PlanVersion
    since: datetime
    until: datetime


def in_force(program: Program, plans: Sequence[PlanVersion]) -> tuple[InForce, ...]:
    """The versions of a program's plan in order, each with its time within the program's own."""
    starts = sorted({plan.effective_from for plan in plans})
    found = []
    for start, following in pairwise([*starts, program.ends_at]):
        plan = plan_at(tuple(plans), start)
        since, until = max(start, program.starts_at), min(following, program.ends_at)
        if plan is not None and since < until:
            found.append(InForce(plan, since, until))
    return tuple(found)


def spans(program: Program, plans: Sequence[PlanVersion], now: datetime) -> tuple["Span", ...]:
    """The times in which a program pays or has paid for its behaviors, in order of these.

    One for each time without a gap. Left out is what begins later.
    """
    found: dict[str, list[Span]] = {}
    for version in in_force(program, plans):
        if version.since <= now:
            for behavior, rules in sorted(_paid_by(version.plan).items()):
                _extend(found.setdefault(behavior, []), program, behavior, version, rules)
    return tuple(span for behavior in sorted(found) for span in found[behavior])


def prices(
    programs: Iterable[tuple[Program, Sequence[PlanVersion]]],
    now: datetime,
    convert: Callable[[str, int], int | None],
) -> dict[str, int]:
    """What one more of a behavior costs by the flat rules in force: of several programs, the least.

    A program pays by all of its flat rules for the behavior together: a rep and the firm, say. Of
    rules that never pay for the same one, as they are for other tiers or roles, the dearest.
    ``convert`` turns an amount in minor units of a currency into one of the wished for, or into
    none. Points are worth what their plan says. Without a rate or worth of all that it pays, a
    program has no price.
    """
    found: dict[str, int] = {}
    for program, plans in programs:
        plan = plan_at(tuple(plans), now)
        if plan is None or plan.effective_from > now or not program.open_at(now):
            continue
        for behavior, rules in _flat(plan).items():
            told = [(rule, _price(rule, plan, program, convert)) for rule in rules]
            known = [(rule, price) for rule, price in told if price is not None]
            if len(known) == len(told):
                price = _together(known)
                found[behavior] = min(price, found.get(behavior, price))
    return found


def currencies(program: Program, plans: Iterable[PlanVersion]) -> set[str]:
    """In which currencies a program counts sales, or has a price."""
    worths = (
        _worth(rule, plan, program.currency)
        for plan in plans
        for rules in _flat(plan).values()
        for rule in rules
    )
    return {program.currency, *(worth[0] for worth in worths if worth is not None)}


@dataclass(eq=False, slots=True)
class Span:
    """A time without a gap in which a program pays for a behavior, and the versions that do."""

    program: Program
    behavior: str
    since: datetime
    until: datetime
    versions: list[tuple[InForce, tuple[Rule, ...]]] = field(default_factory=list)

    def admits(self, partner: Partner) -> bool:
        """Whether it is for a company, by the tiers that it had: at any time, by any rule.

        Roles and products that a segment names leave no company out.
        """
        return any(
            self.program.segment.admits_partner(partner, at)
            and any(rule.segment.admits_partner(partner, at) for rule in rules)
            for version, rules in self.versions
            for at in _changes(partner, version)
        )

    def incentive(
        self, calendar: Calendar, now: datetime, admitted: frozenset[str] | None = None
    ) -> Incentive | None:
        """In weeks of a calendar; none if it paid in no whole week of it, and does not run.

        Of what began before the first week, ``before`` is 0: there are no weeks before it.
        """
        before, starts = calendar.number(self.since), calendar.next_start(self.since)
        runs = self.until > now
        ends = calendar.weeks if runs else calendar.clipped(calendar.next_start(self.until))
        starts = calendar.clipped(starts)
        if starts >= ends and not runs:
            return None
        levels = {rule.level for rule in self._rules}
        return Incentive(
            behavior=self.behavior,
            before=calendar.clipped(before),
            starts=starts,
            ends=None if runs else ends,
            rules=tuple(sorted({rule.code for rule in self._rules})),
            pays_people=bool(levels - {Level.PARTNER}),
            pays_company=Level.PARTNER in levels,
            admitted=admitted,
        )

    def weeks(self, calendar: Calendar, now: datetime) -> tuple[int, int]:
        """From which week to before which it paid, also in part of a week."""
        runs = self.until > now
        ends = calendar.weeks if runs else calendar.next_start(self.until)
        return calendar.clipped(calendar.number(self.since)), calendar.clipped(ends)

    @property
    def _rules(self) -> Iterator[Rule]:
        return (rule for _, rules in self.versions for rule in rules)


def _changes(partner: Partner, version: InForce) -> Iterator[datetime]:
    """When a company may be let through anew: the start of a version, and of each tier in it."""
    yield version.since
    for one in partner.tiers:
        if version.since < one.valid_from < version.until:
            yield one.valid_from


def _extend(
    spans: list[Span], program: Program, behavior: str, version: InForce, rules: tuple[Rule, ...]
) -> None:
    """Goes on with the last span where there is no gap, or adds one."""
    if not spans or spans[-1].until < version.since:
        spans.append(Span(program, behavior, version.since, version.until))
    spans[-1].until = version.until
    spans[-1].versions.append((version, rules))


def _paid_by(plan: PlanVersion) -> dict[str, tuple[Rule, ...]]:
    """The behaviors that a plan pays for, each with the rules that do."""
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in plan.rules:
        if not rule.shadow and not isinstance(rule.mechanic, GoalBonus | Rebate):
            for behavior in rewarded(rule, plan) - _OF_DEALS:
                found[behavior] = (*found.get(behavior, ()), rule)
    return found


def _flat(plan: PlanVersion) -> dict[str, list[Rule]]:
    """The rules that pay a fixed amount each time, by behavior."""
    found: dict[str, list[Rule]] = {}
    for rule in plan.rules:
        if isinstance(rule.mechanic, Flat) and not rule.shadow:
            found.setdefault(rule.mechanic.behavior, []).append(rule)
    return found


def _price(
    rule: Rule, plan: PlanVersion, program: Program, convert: Callable[[str, int], int | None]
) -> int | None:
    worth = _worth(rule, plan, program.currency)
    return None if worth is None else convert(*worth)


def _worth(rule: Rule, plan: PlanVersion, currency: str) -> tuple[str, int] | None:
    """What a flat rule pays each time: a currency, and an amount in minor units."""
    if not isinstance(rule.mechanic, Flat):
        return None
    amount_minor = rule.mechanic.amount_minor
    if rule.asset != POINTS:
        return rule.asset, amount_minor
    if plan.point_value is None:
        return None
    return currency, plan.point_value.worth(amount_minor)


def _together(priced: Sequence[tuple[Rule, int]]) -> int:
    """The most that rules pay which can pay for the same one."""
    if not priced:
        return 0
    (first, price), rest = priced[0], priced[1:]
    alike = [one for one in rest if _can_meet(first, one[0])]
    with_it = price + _together(alike)
    return with_it if len(alike) == len(rest) else max(with_it, _together(rest))


def _can_meet(one: Rule, other: Rule) -> bool:
    """Whether some activity can be paid by both: no field of their segments keeps them apart."""
    fields = ["types", "tiers", "regions", "products", "business_models", "strategies"]
    if Level.PARTNER not in (one.level, other.level):
        fields.append("roles")
    named = ((getattr(one.segment, name), getattr(other.segment, name)) for name in fields)
    return all(not (ours and theirs) or set(ours) & set(theirs) for ours, theirs in named)
