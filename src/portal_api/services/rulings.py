"""Which rules judge an activity, each in which version of the plan, and of what deal."""

from dataclasses import dataclass, replace

from portal_api.domain.activities import DEAL_CHANGES, DEAL_REGISTERED, Activity
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.plans import PlanVersion, Rule, plan_at


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule, the version that it is of, and the one in force; if ``gone``, it pays nothing new."""

    rule: Rule
    version: PlanVersion
    in_force: PlanVersion
    gone: bool = False


def rulings(
    plans: tuple[PlanVersion, ...], activity: Activity, deal: Deal | None
) -> tuple[Ruling, ...]:
    """The rules that an activity is judged by, each in the version that judges.

    That is the one in force when it occurred; but what a rule has begun to pay on a deal, it ends
    by the same version, also when a later one has dropped it: then it pays nothing new, and
    releases or takes back what it has paid.
    """
    plan = plan_at(plans, activity.occurred_at)
    if plan is None:
        return ()
    versions = {version.number: version for version in plans}
    begun: dict[tuple[str, bool], PlanVersion] = {}
    for award in deal.awards if deal is not None else ():
        of_rule = (award.rule_code, award.shadow)
        begun.setdefault(of_rule, versions.get(award.plan_number, plan))
    found = []
    for rule in plan.rules:
        version = begun.pop((rule.code, rule.shadow), plan)
        version = plan if rule.shadow else version
        found.append(Ruling(version.rule(rule.code) or rule, version, plan))
    for (code, _), version in begun.items():
        rule_then = version.rule(code)
        if rule_then is not None:
            found.append(Ruling(rule_then, version, plan, gone=True))
    return tuple(found)


def forgone_rulings(plans: tuple[PlanVersion, ...], deal: Deal) -> tuple[Ruling, ...]:
    """The rules by which people went without something on a deal, each in its first version."""
    versions = {version.number: version for version in plans}
    found: dict[str, Ruling] = {}
    for one in deal.forgone:
        plan = versions.get(one.award.plan_number)
        rule = plan.rule(one.award.rule_code) if plan is not None else None
        if plan is not None and rule is not None:
            found.setdefault(rule.code, Ruling(rule, plan, plan))
    return tuple(found.values())


def judged_again(activity: Activity, deal: Deal) -> Deal | None:
    """The deal by which a change of it is judged once more; none where that does not hold any more.

    Nor where it is divided otherwise by now. Until it is won, a registration is paid by no larger
    estimate than the one that was approved: whoever changes the estimate pays itself nothing.
    """
    shares = tuple((credit.individual_id, credit.weight) for credit in deal.credits)
    same = activity.behavior not in DEAL_CHANGES or shares == activity.deal_shares
    if not same or not deal.still(activity.behavior, activity.occurred_at):
        return None
    approved = activity.deal_amount_minor
    registration = activity.behavior == DEAL_REGISTERED and approved is not None
    if not registration or deal.stage is DealStage.WON:
        return deal
    return replace(deal, amount_minor=min(deal.amount_minor, approved or 0))
