"""Facts for the tests of the one function that decides pay, every one of them easy to change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portal_api.domain import goals, rewards
from portal_api.domain.activities import Activity
from portal_api.domain.consent import Consent, ConsentFile, ConsentScope, Enrollment
from portal_api.domain.deals import Deal, DealAward
from portal_api.domain.goals import Level, Progress, bonus_counter
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.partners import Partner, PartnerType, Role, Segment, Tier, TierAssignment
from portal_api.domain.programs import Program
from portal_api.domain.rewards import (
    Award,
    Facts,
    Mechanic,
    PlanVersion,
    Reversed,
    Rule,
    Withheld,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PARTNER = Partner("p", "Partner", PartnerType.VAR, (TierAssignment(Tier.GOLD, T0),), "EMEA")
PROGRAM = Program("g", "Program", "-", Segment(), T0, T0 + 365 * DAY, "UTC", "USD", "-")
CONSENTS = ConsentFile(
    "p.g", "p", "g", (Consent(1, ConsentScope.COMPANY, (), 1, "boss", T0, T0),), version=1
)
ENROLLMENT = Enrollment("p.ann.g", "p", "ann", "g", 1, T0, version=1)
DEAL = Deal("p.ann.g.1", "p", "ann", "g", "Acme", "Pro", 3_000_000, "USD", T0)

Verdict = Award | Withheld | Reversed


def a_rule(mechanic: Mechanic, level: Level = Level.INDIVIDUAL, **changes: Any) -> Rule:
    return replace(Rule("rule", "Rule", level, "USD", mechanic), **changes)


def a_plan(*rules: Rule, **changes: Any) -> PlanVersion:
    return replace(PlanVersion("g.1", "g", 1, T0, rules, (), T0, "boss"), **changes)


def an_activity(behavior: str, at: datetime = T0 + DAY, own: str = "2") -> Activity:
    return Activity(f"p.ann.g.{own}", "p", "ann", "g", behavior, at, at, "deal", own)


def facts_of(
    plan: PlanVersion, activity: Activity, deal: Deal | None = None, **changes: Any
) -> Facts:
    facts = Facts(
        program=PROGRAM,
        plan=plan,
        partner=PARTNER,
        employed=True,
        role=Role.SALES_REP,
        activity=activity,
        deal=deal,
        consents=CONSENTS,
        enrollment=ENROLLMENT,
        progress={level: Progress(level) for level in Level},
        targets={},
    )
    return replace(facts, **changes)


def verdict_on(
    rule: Rule, behavior: str, deal: Deal | None = None, **changes: Any
) -> Verdict | None:
    """What the only rule of a plan makes of an activity; none where it does not concern it."""
    found = rewards.earned(facts_of(a_plan(rule), an_activity(behavior), deal, **changes))
    assert len(found) <= 1
    return found[0] if found else None


def pays(verdict: Verdict | None) -> int:
    """What a verdict pays, or takes back as a negative amount."""
    match verdict:
        case Award():
            return verdict.part.amount_minor
        case Reversed():
            return -verdict.take_back.amount_minor
        case _:
            return 0


def with_award(deal: Deal, amount_minor: int, **changes: Any) -> Deal:
    """The deal after a rule's step has paid on it."""
    award = DealAward("rule", "DEAL_REGISTERED", "ann.1", "USD", amount_minor)
    return replace(deal, awards=(*deal.awards, replace(award, **changes)))


def lived_through(facts: Facts, verdicts: tuple[Verdict, ...]) -> dict[Level, Progress]:
    """The progress after an activity: what it counts for, and the bonuses that were decided."""
    added = goals.counted(facts.plan.goals, facts.activity, facts.deal)
    after = {level: progress.plus(added) for level, progress in facts.progress.items()}
    for verdict in verdicts:
        if isinstance(verdict.rule.mechanic, GoalBonus) and not isinstance(verdict, Reversed):
            level = verdict.rule.level
            decided = bonus_counter(verdict.rule.code, verdict.part.step)
            after[level] = after[level].plus({decided: 1})
    return after
