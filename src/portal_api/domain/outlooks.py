"""Outlooks: what a party was paid, and what a plan's rules still pay on the way to a goal.

What is missing is taken as if it came now, in what each rule pays for: revenue in deals of the
party alone, not registered before and registered in time where that pays more, none of which
reaches the cap of a single deal; behaviors each in an activity of its own. Consent, participation,
enrollment and budget are taken to be there, and a consent's cap is not counted. Left out is a rule
for named products, since what is missing need not be of them; a rule that follows another goal; and
what depends on the number of deals, where the goal counts revenue. What a rule's limits leave room
for until the end of the goal's window bounds what it pays.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal_api.domain import rebates, rewards
from portal_api.domain.goals import GoalDefinition, Level, Progress, Target
from portal_api.domain.partners import Partner, Role
from portal_api.domain.plans import Ahead, PlanVersion, Rule
from portal_api.domain.programs import Program
from portal_api.domain.rebates import RebateBaselines

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A party in a program now. ``role`` is that of a person, ``plan`` the version in force.

    ``baselines``: what the vendor has declared of a company.
    """

    program: Program
    plan: PlanVersion | None
    partner: Partner | None
    level: Level
    role: Role | None
    progress: Progress
    now: datetime
    baselines: RebateBaselines | None = None

    def earned(self) -> dict[str, int]:
        """What it was paid in the program, net of what was taken back, by asset."""
        return self.progress.by_asset("company:" if self.level is Level.PARTNER else "earned:")

    def earned_at(self, goal: GoalDefinition, target: Target, reach: int) -> dict[str, int]:
        """The same, with what the rules still pay on the way to ``reach``."""
        sums = self.earned()
        until = min(goal.ends_at, self.program.ends_at)
        if self.plan is None or self.now >= until:
            return sums
        for rule in self.plan.rules:
            if self._concerns(rule):
                more = self._still_pays(rule, self.plan, (goal, target, reach), until)
                sums[rule.asset] = sums.get(rule.asset, 0) + more
        return sums

    def _concerns(self, rule: Rule) -> bool:
        """Whether the rule pays this party, whatever is sold."""
        if rule.level is not self.level or rule.shadow or rule.segment.products:
            return False
        for segment in (self.program.segment, rule.segment):
            if self.partner is not None and not segment.admits_partner(self.partner, self.now):
                return False
            if self.role is not None and not segment.admits_role(self.role):
                return False
        return True

    def _still_pays(
        self,
        rule: Rule,
        plan: PlanVersion,
        aim: tuple[GoalDefinition, Target, int],
        until: datetime,
    ) -> int:
        goal, target, reach = aim
        times: list[int] = []
        amounts: list[int] = []
        for limit in rule.limits:
            counters = self._counters(replace(rule, limits=(limit,)), until)
            for prefix, most, room in (
                ("count:", limit.count, times),
                ("amount:", limit.amount_minor, amounts),
            ):
                if most is not None:
                    names = (name for name in counters if name.startswith(prefix))
                    room.append(sum(max(0, most - self.progress.count(name)) for name in names))
        now = max(self.now, self.program.starts_at)
        period = rebates.period_told(rule, self.program, now, self.progress, self.baselines)
        ahead = Ahead(goal, target, self.progress, reach, min(times, default=None), period)
        return min([rule.mechanic.still_pays(rule, plan, ahead), *amounts])

    def _counters(self, rule: Rule, until: datetime) -> frozenset[str]:
        """The counters of a rule's limits in every period that is still to come."""
        at, names = max(self.now, self.program.starts_at), set[str]()
        while at < until:
            names |= rewards.used(rule, at, self.program, None, 0, 0).keys()
            at += _DAY
        last = until - timedelta(microseconds=1)
        return frozenset(names | rewards.used(rule, last, self.program, None, 0, 0).keys())
