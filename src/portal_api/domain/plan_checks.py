"""What is to be said of a plan before it is published: problems, warnings, and its largest case."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum, auto

from portal_api.domain.activities import (
    DEAL_CHANGES,
    DEAL_EXTENDED,
    DEAL_LOST,
    DEAL_REGISTERED,
    DEAL_RETURNED,
    DEAL_SUBMITTED,
    DEAL_WON,
)
from portal_api.domain.deals import MAX_PEOPLE
from portal_api.domain.goals import OF_BEHAVIOR, Level, Measure
from portal_api.domain.ledger import MAX_TRANSFERS
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, POINTS, is_asset
from portal_api.domain.partners import STAFF_ROLES
from portal_api.domain.plans import Limit, Period, PlanVersion, Rule
from portal_api.domain.programs import BUDGET_SHARDS, Program

MAX_RULES = 30
LONGEST_HOLD_DAYS = 366
LONGEST_LIFE_MONTHS = 120
MAX_GOALS = 20
MAX_ITEMS = 100
"""What one transaction takes."""
MAX_COUNTERS = 2_000
"""Of one party's limits: with their names some 100 KB, of the 400 that an item may have."""

MOST_POINTS_PER_MINOR = 100

_CODE = re.compile(r"[A-Za-z0-9._-]{1,60}")
_DAYS = {
    Period.DAY: 1,
    Period.WEEK: 7,
    Period.MONTH: 28,
    Period.QUARTER: 90,
    Period.HALF_YEAR: 181,
    Period.YEAR: 365,
}


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


def most_items(plan: PlanVersion, earlier: Sequence[PlanVersion] = ()) -> int:
    """The items that the largest transaction under the plan writes or checks.

    For each behavior: every rule that fires on it has as many moves as it can, for as many people
    as a deal can have, and the budget is drawn from every shard. The rules that an ``earlier``
    version had and the plan has not may still end what they have begun on open deals.
    """
    versions = (plan, *earlier)
    lasting = _Lasting(
        frozenset(rule.code for version in versions for rule in version.rules if rule.hold_days),
        any(version.expire_months for version in versions),
    )
    return max((_items_on(on, lasting) for on in _all(plan, earlier)), default=0)


class _Kind(Enum):
    """How a rule begins and ends something on a deal."""

    WAITING = auto()
    SPLIT = auto()
    SALE = auto()


@dataclass(frozen=True, slots=True)
class _On:
    """The rules that one behavior concerns: those of the plan, and those of earlier versions.

    Of those the ``gone``, which the plan has not, and which only end what they have begun on a
    deal. It may wait under every version; but a split's part is begun by one version at a time, and
    a sale is judged by one alone, so that of either the largest version is enough.
    """

    behavior: str
    firing: Mapping[_Kind, tuple[Rule, ...]]
    waiting: tuple[Rule, ...]
    versions: tuple[Mapping[_Kind, tuple[Rule, ...]], ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules of it, in the plan or gone."""
        own = (rule for rules in self.firing.values() for rule in rules)
        then = (rule for kinds in self.versions for rules in kinds.values() for rule in rules)
        return (*own, *then)

    def largest(self, cost: Callable[[Rule, bool], int]) -> int:
        """The largest sum of the rules' costs, of which each is told whether its rule is gone."""
        own = {kind: sum(cost(rule, False) for rule in self.firing[kind]) for kind in _Kind}
        gone = {
            kind: max(
                (sum(cost(rule, True) for rule in one[kind]) for one in self.versions), default=0
            )
            for kind in (_Kind.SPLIT, _Kind.SALE)
        }
        waiting = own[_Kind.WAITING] + sum(cost(rule, True) for rule in self.waiting)
        splits = own[_Kind.SPLIT] + gone[_Kind.SPLIT]
        return waiting + splits + max(own[_Kind.SALE], gone[_Kind.SALE])


_BESIDE = {
    DEAL_SUBMITTED: 4,
    DEAL_REGISTERED: 5,
    DEAL_EXTENDED: 4,
    DEAL_WON: 1 + MAX_PEOPLE,
    DEAL_RETURNED: 2 + MAX_PEOPLE,
}
"""Lists, names, what protects and the people's weeks that a change of a deal touches; others 3."""

_ENDS = {
    _Kind.WAITING: frozenset({DEAL_WON, DEAL_LOST, DEAL_RETURNED}),
    _Kind.SPLIT: frozenset({DEAL_WON, DEAL_LOST, DEAL_RETURNED}),
    _Kind.SALE: frozenset({DEAL_RETURNED}),
}
"""On what a rule that is gone ends what it has begun."""


def _kind(rule: Rule, plan: PlanVersion) -> _Kind:
    """What is lost with its deal has waited for it, and began with it or with something done."""
    if DEAL_LOST not in rule.mechanic.fires_on(plan) or not rule.mechanic.behaviors():
        return _Kind.SALE
    return _Kind.SPLIT if rule.mechanic.behaviors() <= DEAL_CHANGES else _Kind.WAITING


def _all(plan: PlanVersion, earlier: Sequence[PlanVersion]) -> Iterator[_On]:
    """Each behavior that anything fires on, with its rules; shadows pay and take back nothing."""
    versions = (plan, *earlier)
    firing = {code for one in versions for rule in one.rules for code in _fires(rule, one)}
    return (_on(plan, earlier, behavior) for behavior in sorted(firing))


def _on(plan: PlanVersion, earlier: Sequence[PlanVersion], behavior: str) -> _On:
    own = [rule for rule in plan.rules if behavior in _fires(rule, plan)]
    codes = {rule.code for rule in own}
    gone = [
        _by_kind(
            version,
            (
                rule
                for rule in version.rules
                if rule.code not in codes
                and rule.mechanic.behaviors()
                and behavior in _fires(rule, version) & _ENDS[_kind(rule, version)]
            ),
        )
        for version in earlier
    ]
    waiting = {rule.code: rule for kinds in gone for rule in kinds[_Kind.WAITING]}
    return _On(behavior, _by_kind(plan, own), tuple(waiting.values()), tuple(gone))


def _fires(rule: Rule, plan: PlanVersion) -> frozenset[str]:
    return frozenset() if rule.shadow else rule.mechanic.fires_on(plan)


def _by_kind(plan: PlanVersion, rules: Iterable[Rule]) -> dict[_Kind, tuple[Rule, ...]]:
    found = tuple(rules)
    return {kind: tuple(rule for rule in found if _kind(rule, plan) is kind) for kind in _Kind}


@dataclass(frozen=True, slots=True)
class _Lasting:
    """The codes of rules whose earnings may be held, and whether points expire."""

    held: frozenset[str]
    expires: bool

    def items_of(self, rule: Rule, ends: bool) -> int:
        """The items of a rule's earnings for one recipient; ``ends``: it only takes back."""
        moves = (rule.mechanic.items_at_most + 1) // 2
        listed = moves if rule.code in self.held else 0
        return (moves if ends else rule.mechanic.items_at_most) + listed

    def of_wallet(self, rules: Iterable[Rule], level: Level) -> int:
        """Wallet, journal, statement, places in the lists of wallets and of lots that expire."""
        assets = {rule.asset for rule in rules if rule.level is level}
        return 4 + (self.expires and POINTS in assets) if assets else 0


def _items_on(on: _On, lasting: _Lasting) -> int:
    """The items of the largest transaction on one behavior.

    Activity, deal, answer, event, consents, what moved in the program, that the budget is low;
    lists, names and weeks; the partner's and its teams' progress; then each person's and each
    earning's own; a claim has the names of its proof. Only a deal that an executive registers has a
    viewer besides, of all that a partner's people do.
    """
    people = MAX_PEOPLE if on.behavior in DEAL_CHANGES else 1
    recipients = {Level.INDIVIDUAL: people, Level.PARTNER: 1, Level.TEAM: people}
    earnings = on.largest(lambda rule, gone: lasting.items_of(rule, gone) * recipients[rule.level])
    company = lasting.of_wallet(on.rules, Level.PARTNER)
    own = lasting.of_wallet(on.rules, Level.INDIVIDUAL)
    persons = people * (own + 3) if own else people  # Progress, enrollment and they themselves.
    claim = 0 if on.behavior in DEAL_CHANGES else 20
    # What a rebate relies on: the required program, its consents, and what was declared.
    rebate = any(
        rule.mechanic.of_participation and on.behavior in rule.mechanic.behaviors()
        for rule in on.rules
    )
    rebates = 3 if rebate else 0
    viewer = int(on.behavior == DEAL_SUBMITTED)
    known = 7 + _BESIDE.get(on.behavior, 3) + viewer + 1 + people + persons + company
    return known + BUDGET_SHARDS + earnings + claim + rebates


def most_transfers(plan: PlanVersion, earlier: Sequence[PlanVersion] = ()) -> int:
    """The transfers of the largest journal under the plan: one wallet, one behavior.

    Also of what rules of ``earlier`` versions end on a deal that they have begun. Of the three that
    each move takes at most, one is of what has expired: only points do, where any version says so.
    """
    expires = any(version.expire_months for version in (plan, *earlier))

    def of(level: Level) -> Callable[[Rule, bool], int]:
        def cost(rule: Rule, _gone: bool) -> int:
            most = rule.mechanic.transfers_at_most if rule.level is level else 0
            return most if expires and rule.asset == POINTS else most * 2 // 3

        return cost

    return max((on.largest(of(level)) for on in _all(plan, earlier) for level in Level), default=0)


def problems(
    plan: PlanVersion, program: Program, earlier: Sequence[PlanVersion] = ()
) -> tuple[str, ...]:
    """Why this plan cannot be published after all ``earlier`` versions, one sentence each."""
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
    if plan.expire_months is not None and not 0 < plan.expire_months <= LONGEST_LIFE_MONTHS:
        found.append(f"Points stay for 1 to {LONGEST_LIFE_MONTHS} months.")
    if not plan.rules:
        found.append("A plan has at least one rule.")
    if len(plan.rules) > MAX_RULES or len(plan.goals) > MAX_GOALS:
        found.append(f"A plan has at most {MAX_RULES} rules and {MAX_GOALS} goals.")
    transfers = most_transfers(plan, earlier)
    if transfers > MAX_TRANSFERS:
        found.append(
            f"One activity could make {transfers} transfers in one wallet, and a journal"
            f" takes {MAX_TRANSFERS}: let fewer rules pay for the same behavior."
        )
    items = most_items(plan, earlier)
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
        if (goal.measure in OF_BEHAVIOR) != bool(goal.behavior):
            yield (
                f"Goal {goal.code} names a behavior if it is a BEHAVIOR_COUNT or counts"
                " CERTIFIED_PEOPLE, and else none."
            )
        if goal.measure is Measure.CERTIFIED_PEOPLE and goal.behavior in DEAL_CHANGES:
            yield f"Goal {goal.code} counts people by a change of a deal, which certifies nobody."


def _rule(rule: Rule, plan: PlanVersion, program: Program) -> Iterator[str]:
    if rule.level not in rule.mechanic.levels:
        whom = "an individual" if rule.level is Level.INDIVIDUAL else f"a {rule.level.lower()}"
        yield f"Rule {rule.code} pays {whom}, which its mechanic cannot."
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
    if not 0 <= rule.hold_days <= LONGEST_HOLD_DAYS:
        yield f"Rule {rule.code} holds what it pays for 0 to {LONGEST_HOLD_DAYS} days."
    for limit in rule.limits:
        if not _limits(limit):
            yield f"Rule {rule.code}: a limit is a count or an amount larger than zero."


def _limits(limit: Limit) -> bool:
    given = [most for most in (limit.count, limit.amount_minor) if most is not None]
    return bool(given) and all(0 < most <= 10**15 for most in given)


def _counters(plan: PlanVersion, program: Program) -> int:
    """How many counters limits and rebates can make for one party, over the program's window."""
    window = program.ends_at - program.starts_at
    periods = [limit.period for rule in plan.rules for limit in rule.limits]
    periods += [by for rule in plan.rules if (by := rule.mechanic.by_period) is not None]
    return sum(
        2 * (window // timedelta(days=_DAYS[period]) + 2) for period in periods if period in _DAYS
    )
