"""What all progress must come to, by what was recorded: goals, bonuses, registrations, sales.

It is told of all activities at a partner, each person's together, and never of what was counted:
counters that say otherwise are wrong. Everything is of the moment at which it was recorded: a plan
that was published later, and a team that somebody was put in later, change nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from portal_api.domain.activities import (
    DEAL_REGISTERED,
    DEAL_RETURNED,
    DEAL_WON,
    Activity,
    Outcome,
    OutcomeStatus,
)
from portal_api.domain.goals import (
    COMPANY,
    GoalDefinition,
    Level,
    Measure,
    bonus_counter,
    goal_counter,
    party_of,
)
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.money import split
from portal_api.domain.plans import PlanVersion, plan_at

Added = tuple[str, str, int]
"""A party, as progress names it, a counter, and what is added to it."""

COUNTED = ("goal:", "bonus:", "deals", "won")
"""The counters that are folded, or how they begin."""

TeamOf = Callable[[str, datetime, datetime], str | None]
"""The team of a person at an instant, as it was known when something was recorded."""


@dataclass
class GoalFold:
    """What one person's activities in one program at a partner add to anybody's counters.

    ``plans`` are all versions of the program's plan. It keeps little, however many there are: the
    returns, and the first certification for each goal of people.
    """

    plans: tuple[PlanVersion, ...]
    team_of: TeamOf
    _returns: dict[str, list[Activity]] = field(default_factory=dict)
    _certified: dict[str, Activity] = field(default_factory=dict)

    def add(self, activity: Activity) -> Iterator[Added]:
        """What one activity adds, in any order; of returns and certifications later."""
        if activity.behavior == DEAL_RETURNED:
            self._returns.setdefault(activity.deal_id or "", []).append(activity)
        else:
            yield from self._done(activity, activity.occurred_at)
        if activity.behavior == DEAL_WON:
            yield from self._sale(activity, activity.occurred_at, 1)
        for outcome in activity.outcomes:
            yield from self._bonus(activity, outcome, 1)
        for goal in self._goals(activity, activity.occurred_at):
            known = self._certified.get(goal.code)
            if goal.may_certify(activity) and (
                known is None or _order(activity, goal) < _order(known, goal)
            ):
                self._certified[goal.code] = activity

    def end(self, again: Callable[[], Iterable[Activity]]) -> Iterator[Added]:
        """What is known once all were added; ``again``: all of them once more."""
        for code, activity in self._certified.items():
            at = activity.occurred_at
            for party in self._own(activity, activity.individual_id, at):
                yield party, goal_counter(code), 1
        sales: dict[str, list[Activity]] = {}
        for activity in again() if self._returns else ():
            if activity.behavior == DEAL_WON and activity.deal_id in self._returns:
                sales.setdefault(activity.deal_id, []).append(activity)
        for deal_id, returns in self._returns.items():
            # A deal is won, returned, won again: each return is of its own sale, as of then.
            for sale, returned in zip(
                sorted(sales.get(deal_id, ()), key=_in_time),
                sorted(returns, key=_in_time),
                strict=False,
            ):
                yield from self._undone(sale, returned)

    def _undone(self, sale: Activity, returned: Activity) -> Iterator[Added]:
        """A return takes off its sale; bonuses that were withheld with it can be reached anew."""
        yield from self._sale(returned, sale.occurred_at, -1)
        yield from self._done(returned, sale.occurred_at)
        for outcome in sale.outcomes:
            if outcome.status is OutcomeStatus.WITHHELD:
                yield from self._bonus(sale, outcome, -1)

    def _sale(self, activity: Activity, sold_at: datetime, sign: int) -> Iterator[Added]:
        """A sale, or its return with the opposite sign: as of the sale."""
        goals = [
            goal
            for goal in self._goals(activity, sold_at)
            if goal.measure is Measure.WON_REVENUE and goal.starts_at <= sold_at < goal.ends_at
        ]
        shares = activity.deal_shares or ((activity.individual_id, 1),)
        amount = activity.deal_amount_minor or 0
        parts = split(amount, [weight for _, weight in shares])
        for (person, _), part in zip(shares, parts, strict=True):
            parties = self._own(activity, person, sold_at)
            yield from _revenue(goals, parties[: len(parties) - 1], sign * part)
        yield from _revenue(goals, (COMPANY,), sign * amount)
        for party in self._own(activity, activity.individual_id, sold_at):
            yield party, "won", sign

    def _done(self, activity: Activity, as_of: datetime) -> Iterator[Added]:
        """Registrations and behaviors, which are somebody's own doing."""
        at = activity.occurred_at
        counters = ["deals"] if activity.behavior == DEAL_REGISTERED else []
        counters += [
            goal_counter(goal.code)
            for goal in self._goals(activity, as_of)
            if goal.starts_at <= at < goal.ends_at and _counts(goal, activity)
        ]
        if counters:
            for party in self._own(activity, activity.individual_id, as_of):
                yield from ((party, counter, 1) for counter in counters)

    def _bonus(self, activity: Activity, outcome: Outcome, sign: int) -> Iterator[Added]:
        """A bonus that it has decided, paid or withheld."""
        plan = self._plan(activity, activity.occurred_at)
        rule = plan.rule(outcome.rule_code) if plan is not None else None
        if rule is not None and isinstance(rule.mechanic, GoalBonus):
            party = party_of(rule.level, outcome.recipient_id)
            yield party, bonus_counter(rule.key, outcome.step), sign

    def _goals(self, activity: Activity, at: datetime) -> tuple[GoalDefinition, ...]:
        plan = self._plan(activity, at)
        return plan.goals if plan is not None else ()

    def _plan(self, activity: Activity, at: datetime) -> PlanVersion | None:
        """The version that was in force, of those that were known."""
        known = tuple(plan for plan in self.plans if plan.published_at <= activity.recorded_at)
        return plan_at(known, at)

    def _own(self, activity: Activity, person: str, at: datetime) -> tuple[str, ...]:
        """The person, its team of then, and last the company.

        An activity has kept the team: a change of it may begin before what was recorded first.
        """
        kept = dict(activity.teams)
        if person in kept:
            team = kept[person] or None
        else:
            team = self.team_of(person, at, activity.recorded_at)
        teams = (party_of(Level.TEAM, team),) if team is not None else ()
        return party_of(Level.INDIVIDUAL, person), *teams, COMPANY


def _counts(goal: GoalDefinition, activity: Activity) -> bool:
    """Whether each activity of the behavior is one more."""
    if goal.measure is Measure.DEALS_REGISTERED:
        return activity.behavior == DEAL_REGISTERED
    return goal.measure is Measure.BEHAVIOR_COUNT and goal.behavior == activity.behavior


def _order(activity: Activity, goal: GoalDefinition) -> tuple[bool, datetime, str]:
    """The one that says that it was counted comes first, then what was recorded first."""
    return goal.code not in activity.certifies, activity.recorded_at, activity.id


def _in_time(activity: Activity) -> tuple[datetime, datetime, str]:
    return activity.occurred_at, activity.recorded_at, activity.id


def _revenue(
    goals: Iterable[GoalDefinition], parties: Iterable[str], amount: int
) -> Iterator[Added]:
    counters = [goal_counter(goal.code) for goal in goals]
    for party in parties:
        yield from ((party, counter, amount) for counter in (*counters, "won_minor"))
