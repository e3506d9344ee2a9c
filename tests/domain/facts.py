"""Facts for the tests of the one function that decides pay, every one of them easy to change."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portal_api.domain import rewards
from portal_api.domain.activities import Activity
from portal_api.domain.awards import DealAward
from portal_api.domain.cases import Inputs
from portal_api.domain.consent import Consent, ConsentFile, ConsentScope, Enrollment
from portal_api.domain.deals import Credit, Deal, DealStage
from portal_api.domain.earnings import Trace
from portal_api.domain.goals import GoalDefinition, Level, Measure, Part, Progress, Target
from portal_api.domain.partners import Partner, PartnerType, Role, Segment, Tier, TierAssignment
from portal_api.domain.plans import Mechanic, PlanVersion, Rule
from portal_api.domain.programs import Program
from portal_api.domain.rewards import Award, Facts, Recipient, Released, Reversed, Verdict, Withheld

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PARTNER = Partner("p", "Partner", PartnerType.VAR, (TierAssignment(Tier.GOLD, T0),), "EMEA")
PROGRAM = Program("g", "Program", "-", Segment(), T0, T0 + 365 * DAY, "UTC", "USD", "-")
CONSENTS = ConsentFile(
    "p.g", "p", "g", (Consent(1, ConsentScope.COMPANY, (), 1, "boss", T0, T0),), version=1
)
ENROLLMENT = Enrollment("p.ann.g", "p", "ann", "g", 1, T0, version=1)
DEAL = Deal("p.ann.g.1", "p", "ann", "g", "Acme", "Pro", 3_000_000, "USD", T0)
WON = replace(DEAL, stage=DealStage.WON, closed_at=T0 + DAY)
SHARED = (Credit("ann", 60), Credit("bob", 40))
QUARTER = GoalDefinition("Q", "Quarter", Measure.WON_REVENUE, T0, T0 + 90 * DAY)
TARGETS = {"Q": Target(10_000_000, 12_000_000)}


def a_rule(mechanic: Mechanic, level: Level = Level.INDIVIDUAL, **changes: Any) -> Rule:
    return replace(Rule("rule", "Rule", level, "USD", mechanic), **changes)


def a_plan(*rules: Rule, **changes: Any) -> PlanVersion:
    return replace(PlanVersion("g.1", "g", 1, T0, rules, (), T0, "boss"), **changes)


def an_activity(behavior: str, at: datetime = T0 + DAY, own: str = "2") -> Activity:
    return Activity(f"p.ann.g.{own}", "p", "ann", "g", behavior, at, at, "deal", own)


def facts_of(
    plan: PlanVersion, activity: Activity, deal: Deal | None = None, **changes: Any
) -> Facts:
    return replace(Facts(PROGRAM, plan, PARTNER, activity, deal, CONSENTS), **changes)


def a_recipient(level: Level = Level.INDIVIDUAL, **changes: Any) -> Recipient:
    recipient = Recipient(
        id={Level.INDIVIDUAL: "ann", Level.TEAM: "north", Level.PARTNER: "p"}[level],
        level=level,
        role=Role.SALES_REP,
        employed=True,
        enrollment=ENROLLMENT,
        progress=Progress("-"),
        targets={},
        part=Part(),
    )
    return replace(recipient, **changes)


def verdicts_on(
    rule: Rule, behavior: str, deal: Deal | None = None, at: datetime = T0 + DAY, **changes: Any
) -> tuple[Verdict, ...]:
    """What a rule makes of an activity; ``changes`` are of the facts or of the recipient."""
    mine = {field.name for field in fields(Recipient)} & changes.keys()
    recipient = a_recipient(rule.level, **{name: changes.pop(name) for name in mine})
    facts = facts_of(a_plan(rule, goals=(QUARTER,)), an_activity(behavior, at), deal, **changes)
    return rewards.earned(facts.plan.rule(rule.code) or rule, facts, recipient)


def verdict_on(
    rule: Rule, behavior: str, deal: Deal | None = None, **changes: Any
) -> Verdict | None:
    """The one thing that a rule makes of an activity; none where it does not concern it."""
    found = verdicts_on(rule, behavior, deal, **changes)
    assert len(found) <= 1
    return found[0] if found else None


def pays(verdict: Verdict | None) -> int:
    """What a verdict pays, or takes back as a negative amount."""
    match verdict:
        case Award():
            return verdict.part.amount_minor
        case Reversed():
            return -verdict.take_back.amount_minor
        case Withheld() | Released() | None:
            return 0


def with_award(deal: Deal, amount_minor: int, **changes: Any) -> Deal:
    """The deal after a rule's step has paid on it."""
    award = DealAward("rule", "DEAL_REGISTERED", "ann.1", "USD", amount_minor, "ann")
    return replace(deal, awards=(*deal.awards, replace(award, **changes)))


def trace_of(plan: PlanVersion, activity: Activity, award: Award, inputs: Inputs) -> Trace:
    """What an earning keeps of its award."""
    return Trace(
        earning_id="ann.1",
        program_id=plan.program_id,
        plan_number=plan.number,
        plan_hash=plan.hash,
        rule_code=award.rule.code,
        rule_name=award.rule.name,
        step=award.part.step,
        behavior=activity.behavior,
        activity_id=activity.id,
        occurred_at=activity.occurred_at,
        asset=award.rule.asset,
        amount_minor=award.part.amount_minor,
        because=award.part.because,
        of_minor=award.part.of_minor,
        inputs=inputs,
    )
