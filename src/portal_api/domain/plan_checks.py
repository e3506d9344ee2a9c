"""What is to be said of a plan before it is published: problems, warnings, and its largest case."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from portal_api.domain.activities import DEAL_CHANGES, DEAL_REGISTERED, DEAL_RETURNED
from portal_api.domain.deals import MAX_PEOPLE
from portal_api.domain.goals import Level, Measure
from portal_api.domain.ledger import MAX_TRANSFERS
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, POINTS, is_asset
from portal_api.domain.partners import STAFF_ROLES
from portal_api.domain.plans import Limit, Period, PlanVersion, Rule
from portal_api.domain.programs import BUDGET_SHARDS, Program

MAX_RULES = 30
MAX_GOALS = 20
MAX_ITEMS = 100
"""What one transaction takes."""
MAX_COUNTERS = 2_000
"""Of one party's limits: with their names some 100 KB, of the 400 that an item may have."""

MOST_POINTS_PER_MINOR = 100

_CODE = re.compile(r"[A-Za-z0-9._-]{1,60}")
_DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 28, Period.QUARTER: 90}


class PlanWarningCode(StrEnum):
    """What a plan can be published with, and should not."""

    REGISTRATION_NOT_PAID = "REGISTRATION_NOT_PAID"


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """Something to think about before the plan is in force."""

    code: PlanWarningCode
    message: str


def warnings(plan: PlanVersion) -> tuple[PlanWarning, ...]:
    """What the plan's author should know; a plan should make deal registration worthwhile."""
    paid = {code for rule in plan.rules if not rule.shadow for code in rule.mechanic.behaviors()}
    if DEAL_REGISTERED in paid:
        return ()
    text = "No rule pays for registering deals, so they will be registered late or never."
    return (PlanWarning(PlanWarningCode.REGISTRATION_NOT_PAID, text),)


def most_items(plan: PlanVersion, before: PlanVersion | None = None) -> int:
    """The items that the largest transaction under the plan writes or checks.

    For each behavior: every rule that fires on it has as many moves as it can, for as many people
    as a deal can have, and the budget is drawn from every shard. The rules that ``before`` had and
    the plan has not may still take back what they have paid on open deals.
    """
    codes = {rule.code for rule in plan.rules if not rule.shadow}
    gone = tuple(rule for rule in (before.rules if before else ()) if rule.code not in codes)
    behaviors = {code for rule in plan.rules for code in rule.mechanic.fires_on(plan)}
    return max((_items_on(plan, gone, behavior) for behavior in behaviors), default=0)


def _items_on(plan: PlanVersion, gone: tuple[Rule, ...], behavior: str) -> int:
    """The items of the largest transaction on one behavior.

    Activity, deal, protection, three lists and names, answer, event, viewer, consents, that the
    budget is low; the partner's and its teams' progress; then each person's and each earning's own;
    a claim has the names of its proof.
    """
    people = MAX_PEOPLE if behavior in DEAL_CHANGES else 1
    firing = [
        rule for rule in plan.rules if behavior in rule.mechanic.fires_on(plan) and not rule.shadow
    ]
    recipients = {Level.INDIVIDUAL: people, Level.PARTNER: 1, Level.TEAM: people}
    earnings = sum(rule.mechanic.items_at_most * recipients[rule.level] for rule in firing)
    ending = [
        rule
        for rule in gone
        if behavior in DEAL_CHANGES and not rule.shadow and behavior in rule.mechanic.fires_on(plan)
    ]
    levels = {rule.level for rule in (*firing, *ending)}
    # Wallet, journal and the place in the list of wallets; a person's progress and enrollment too.
    company = 3 if Level.PARTNER in levels else 0
    persons = people * (3 + 2) if Level.INDIVIDUAL in levels else people
    earnings += sum(
        (rule.mechanic.items_at_most + 1) // 2 * recipients[rule.level] for rule in ending
    )
    claim = 0 if behavior in DEAL_CHANGES else 20
    return 11 + 1 + people + persons + company + BUDGET_SHARDS + earnings + claim


def most_transfers(plan: PlanVersion) -> int:
    """The transfers of the largest journal under the plan: one wallet, one behavior."""
    sums: Counter[tuple[str, Level]] = Counter()
    for rule in plan.rules:
        for behavior in () if rule.shadow else rule.mechanic.fires_on(plan):
            sums[behavior, rule.level] += rule.mechanic.transfers_at_most
    return max(sums.values(), default=0)


def problems(
    plan: PlanVersion, program: Program, before: PlanVersion | None = None
) -> tuple[str, ...]:
    """Why this plan cannot be published after the version ``before``, one sentence each."""
    found = [problem for rule in plan.rules for problem in rule.mechanic.problems(plan)]
    found += _names(plan)
    found += _goals(plan)
    for rule in plan.rules:
        found += _rule(rule, plan, program)
    value = plan.point_value
    if value is not None and not (
        0 < value.points <= LARGEST_AMOUNT_MINOR and 0 < value.amount_minor <= LARGEST_AMOUNT_MINOR
    ):
        found.append("Points are worth something: some of them, an amount larger than zero.")
    elif value is not None and value.points > MOST_POINTS_PER_MINOR * value.amount_minor:
        found.append(f"At most {MOST_POINTS_PER_MINOR} points are worth a minor unit.")
    if not plan.rules:
        found.append("A plan has at least one rule.")
    if len(plan.rules) > MAX_RULES or len(plan.goals) > MAX_GOALS:
        found.append(f"A plan has at most {MAX_RULES} rules and {MAX_GOALS} goals.")
    transfers = most_transfers(plan)
    if transfers > MAX_TRANSFERS:
        found.append(
            f"One activity could make {transfers} transfers in one wallet, and a journal"
            f" takes {MAX_TRANSFERS}: let fewer rules pay for the same behavior."
        )
    items = most_items(plan, before)
    if items > MAX_ITEMS:
        found.append(
            f"One activity could write {items} items, and a transaction takes {MAX_ITEMS}: let"
            " fewer rules pay for the same behavior."
        )
    if _counters(plan, program) > MAX_COUNTERS:
        found.append("The limits are of too many periods: limit by longer ones.")
    return tuple(found)


def _names(plan: PlanVersion) -> Iterator[str]:
    for what, codes in (
        ("rule", [rule.code for rule in plan.rules]),
        ("goal", [goal.code for goal in plan.goals]),
    ):
        for code in sorted(set(codes)):
            if codes.count(code) > 1:
                yield f"The {what} code {code} is used twice."
    for code in [*(rule.code for rule in plan.rules), *(goal.code for goal in plan.goals)]:
        if not _CODE.fullmatch(code):
            yield f"{code[:60]!r} is no code: 1 to 60 of A-Z a-z 0-9 . _ -"
    names = [(rule.code, rule.name) for rule in plan.rules]
    for code, name in [*names, *((goal.code, goal.name) for goal in plan.goals)]:
        if not (name.strip() and name.isprintable() and len(name) <= 200):
            yield f"{code[:60]!r} has no name of 1 to 200 printable characters."


def _goals(plan: PlanVersion) -> Iterator[str]:
    for goal in plan.goals:
        if goal.ends_at <= goal.starts_at:
            yield f"Goal {goal.code} ends before it starts."
        if (goal.measure is Measure.BEHAVIOR_COUNT) != bool(goal.behavior):
            yield f"Goal {goal.code} names a behavior if it is a BEHAVIOR_COUNT, and else none."


def _rule(rule: Rule, plan: PlanVersion, program: Program) -> Iterator[str]:
    if rule.level not in rule.mechanic.levels:
        yield f"Rule {rule.code} pays a {rule.level.lower()}, which its mechanic cannot."
    sold = DEAL_RETURNED in rule.mechanic.fires_on(plan) and rule.mechanic.follows is None
    if rule.level is Level.TEAM and sold:
        yield (
            f"Rule {rule.code} pays a team for a sale, of which nothing could be taken back from"
            " its members: let it follow a goal."
        )
    if not STAFF_ROLES.issuperset(rule.segment.roles):
        yield f"Rule {rule.code} is for a role that does not earn."
    if not is_asset(rule.asset):
        yield f"Rule {rule.code}: {rule.asset!r} is no asset."
    valued = rule.asset == POINTS and plan.point_value is not None
    if rule.mechanic.rate_of_deal and rule.asset != program.currency and not valued:
        yield (
            f"Rule {rule.code} pays a rate of the deal, so in {program.currency} only, or in points"
            " that have a value."
        )
    if len({limit.period for limit in rule.limits}) < len(rule.limits):
        yield f"Rule {rule.code} has two limits of the same period."
    for limit in rule.limits:
        if not _limits(limit):
            yield f"Rule {rule.code}: a limit is a count or an amount larger than zero."


def _limits(limit: Limit) -> bool:
    given = [most for most in (limit.count, limit.amount_minor) if most is not None]
    return bool(given) and all(0 < most <= 10**15 for most in given)


def _counters(plan: PlanVersion, program: Program) -> int:
    """How many counters the limits can make for one party, over the program's window."""
    window = program.ends_at - program.starts_at
    return sum(
        2 * (window // timedelta(days=_DAYS[limit.period]) + 2)
        for rule in plan.rules
        for limit in rule.limits
        if limit.period in _DAYS
    )
