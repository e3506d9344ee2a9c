"""What an activity earns: the reasons in their order, limits and periods, the version in force."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import plans, rewards
from portal_api.domain.activities import WithheldReason
from portal_api.domain.consent import Cap, Consent, ConsentFile, ConsentScope
from portal_api.domain.goals import GoalDefinition, Level, Measure, Progress
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.partners import PartnerType, Role, Segment, Tier, TierAssignment
from portal_api.domain.plans import Limit, Period, PlanVersion, PointValue
from portal_api.domain.rewards import Award, Withheld
from tests.domain.facts import (
    CONSENTS,
    DAY,
    ENROLLMENT,
    PARTNER,
    PROGRAM,
    T0,
    a_plan,
    a_recipient,
    a_rule,
    an_activity,
    facts_of,
    verdict_on,
)

TRAINING = Flat("TRAINING", 50)
FOR_GOLD = Segment(tiers=(Tier.GOLD,))
SILVER = replace(PARTNER, tiers=(TierAssignment(Tier.SILVER, T0),))


def reason_of(verdict: object) -> WithheldReason | None:
    """Why a part was withheld; none where it was paid."""
    if isinstance(verdict, Withheld):
        return verdict.reason
    assert isinstance(verdict, Award)
    return None


def test_the_first_reason_that_applies_is_told_in_the_order_of_the_reasons() -> None:
    """Each repair of the cause that was told brings up the next: the enumeration is the order."""
    limits = (Limit(Period.PROGRAM, count=2),)
    rule = a_rule(TRAINING, segment=FOR_GOLD, limits=limits)
    capped = replace(CONSENTS.consents[0], caps=(Cap("USD", 100),))
    state: dict[str, Any] = {
        "program": replace(PROGRAM, ends_at=T0),
        "partner": SILVER,
        "employed": False,
        "consents": None,
        "enrollment": None,
        "progress": Progress("-", {"count:rule:P": 2, "under:1:USD": 60}),
    }
    told = [reason_of(verdict_on(rule, "TRAINING", **state))]
    for repair in (
        {"program": PROGRAM},
        {"partner": PARTNER},
        {"employed": True},
        {"consents": replace(CONSENTS, consents=(capped,))},
        {"enrollment": ENROLLMENT},
        {"progress": Progress("-", {"count:rule:P": 1, "under:1:USD": 60})},
        {"progress": Progress("-", {"count:rule:P": 1, "under:1:USD": 50})},
    ):
        state |= repair
        told.append(reason_of(verdict_on(rule, "TRAINING", **state)))

    # Only the wallet and the budget themselves can tell, at the draw; and only a rebate needs it.
    late = (WithheldReason.ACCOUNT_CLOSED, WithheldReason.BUDGET_EXHAUSTED)
    others = (*late, WithheldReason.NO_PARTICIPATION)
    assert [reason for reason in WithheldReason if reason not in others] + [None] == told


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"plan": {"effective_from": T0 + DAY}}, None),
        ({"plan": {"effective_from": T0 + 2 * DAY}}, WithheldReason.OUT_OF_WINDOW),
        ({"program": {"starts_at": T0 + DAY}}, None),
        ({"program": {"starts_at": T0 + 2 * DAY}}, WithheldReason.OUT_OF_WINDOW),
        ({"program": {"ends_at": T0 + DAY}}, WithheldReason.OUT_OF_WINDOW),
        (
            {"program": {"segment": Segment(types=(PartnerType.DMR,))}},
            WithheldReason.OUT_OF_SEGMENT,
        ),
        ({"program": {"segment": Segment(regions=("APAC",))}}, WithheldReason.OUT_OF_SEGMENT),
        ({"program": {"segment": Segment(roles=(Role.MARKETER,))}}, WithheldReason.OUT_OF_SEGMENT),
        ({"program": {"segment": Segment(roles=(Role.SALES_REP,))}}, None),
        ({"program": {"terms_version": 2}}, WithheldReason.NO_CONSENT),
        ({"consents": {"consents": ()}}, WithheldReason.NO_CONSENT),
        (
            {"program": {"segment": Segment(products=("Lite",))}},
            WithheldReason.OUT_OF_SEGMENT,
        ),
        ({"enrollment": {"enrolled_at": T0 + 2 * DAY}}, WithheldReason.NOT_ENROLLED),
        ({"enrollment": {"withdrawn_at": T0 + DAY}}, WithheldReason.NOT_ENROLLED),
    ],
)
def test_what_keeps_an_activity_from_earning(
    changes: dict[str, dict[str, Any]], reason: WithheldReason | None
) -> None:
    rule = a_rule(TRAINING)
    facts = facts_of(a_plan(rule), an_activity("TRAINING", T0 + DAY))
    enrolled = replace(ENROLLMENT, **changes.get("enrollment", {}))
    changed = {
        name: replace(getattr(facts, name), **fields)
        for name, fields in changes.items()
        if name != "enrollment"
    }

    (verdict,) = rewards.earned(rule, replace(facts, **changed), a_recipient(enrollment=enrolled))

    assert reason is reason_of(verdict)


@pytest.mark.parametrize(("started", "since", "paid"), [(0, 2, False), (2, 0, True), (2, 1, True)])
def test_what_counts_is_since_when_the_version_in_force_is_not_the_one_that_goes_on(
    started: int, since: int, paid: bool
) -> None:
    """What a rule has begun to pay on a deal it ends by the same version, earlier or later."""
    rule = a_rule(TRAINING)
    plan = a_plan(rule, effective_from=T0 + started * DAY)
    facts = facts_of(plan, an_activity("TRAINING", T0 + DAY), since=T0 + since * DAY)

    (verdict,) = rewards.earned(rule, facts, a_recipient())

    assert (None if paid else WithheldReason.OUT_OF_WINDOW) is reason_of(verdict)


@pytest.mark.parametrize(
    ("partner", "role", "reason"),
    [
        (PARTNER, Role.SALES_REP, None),
        (SILVER, Role.SALES_REP, WithheldReason.OUT_OF_SEGMENT),
        (PARTNER, Role.MARKETER, WithheldReason.OUT_OF_SEGMENT),
        (replace(PARTNER, tiers=()), Role.SALES_REP, WithheldReason.OUT_OF_SEGMENT),
    ],
)
def test_a_rule_on_a_segment_pays_only_there_and_leaves_other_rules_alone(
    partner: Any, role: Role, reason: WithheldReason | None
) -> None:
    """The tier is that of the time of the activity."""
    narrow = a_rule(TRAINING, segment=Segment(tiers=(Tier.GOLD,), roles=(Role.SALES_REP,)))
    wide = a_rule(TRAINING)
    found = [verdict_on(rule, "TRAINING", partner=partner, role=role) for rule in (narrow, wide)]

    assert [reason, None] == [reason_of(verdict) for verdict in found]


def test_a_tier_counts_as_it_was_when_the_activity_occurred() -> None:
    promoted = replace(
        PARTNER,
        tiers=(TierAssignment(Tier.SILVER, T0), TierAssignment(Tier.GOLD, T0 + 10 * DAY)),
    )
    rule = a_rule(TRAINING, segment=FOR_GOLD)

    def reason(at: datetime) -> WithheldReason | None:
        facts = facts_of(a_plan(rule), an_activity("TRAINING", at), partner=promoted)
        (verdict,) = rewards.earned(rule, facts, a_recipient())
        return reason_of(verdict)

    assert WithheldReason.OUT_OF_SEGMENT is reason(T0 + 9 * DAY)
    assert reason(T0 + 10 * DAY) is None


def test_without_named_roles_those_who_earn_are_all_but_executives() -> None:
    found = {
        role: reason_of(verdict_on(a_rule(TRAINING), "TRAINING", role=role))
        for role in (*Role,)
        if role not in {Role.CHANNEL_MANAGER, Role.ADMIN, Role.SERVICE}
    }

    assert {
        Role.SALES_REP: None,
        Role.SALES_ENGINEER: None,
        Role.MARKETER: None,
        Role.PARTNER_EXECUTIVE: WithheldReason.OUT_OF_SEGMENT,
    } == found


def test_an_individual_s_award_names_the_consent_and_a_partner_s_needs_none() -> None:
    """Invariant L12, and domain rule 2.2: consent is about individuals."""
    personal = verdict_on(a_rule(TRAINING), "TRAINING")
    others = [
        verdict_on(
            a_rule(TRAINING, level),
            "TRAINING",
            consents=None,
            enrollment=None,
            employed=False,
        )
        for level in (Level.PARTNER, Level.TEAM)
    ]
    awards = [one for one in (personal, *others) if isinstance(one, Award)]

    assert [("ann", CONSENTS.consents[0]), ("p", None), ("north", None)] == [
        (award.recipient_id, award.consent) for award in awards
    ]


def test_a_consent_for_single_people_pays_only_them() -> None:
    def reason(person: str) -> WithheldReason | None:
        for_one = Consent(1, ConsentScope.INDIVIDUALS, (person,), 1, "boss", T0, T0)
        file = ConsentFile("p.g", "p", "g", (for_one,))
        return reason_of(verdict_on(a_rule(TRAINING), "TRAINING", consents=file))

    assert reason("ann") is None
    assert WithheldReason.NO_CONSENT is reason("bob")


def versions(*days: int) -> tuple[PlanVersion, ...]:
    return tuple(
        a_plan(id=f"g.{number}", number=number, effective_from=T0 + day * DAY)
        for number, day in enumerate(days, 1)
    )


@pytest.mark.parametrize(
    ("starts", "day", "number"),
    [
        ((0,), 0, 1),
        ((0, 10), 9, 1),
        ((0, 10), 10, 2),
        ((0, 10), 99, 2),
        ((0, 10, 5), 7, 3),  # Published last, in force until the one that was announced before.
        ((0, 10, 5), 12, 2),
        ((0, 10, 10), 10, 3),
        ((5,), 0, 1),  # Before the first one: its rules say what is out of window.
        ((5, 3), 0, 2),
        ((5, 5), 0, 2),
        ((), 0, None),
    ],
)
def test_the_plan_in_force_is_the_last_that_started(
    starts: tuple[int, ...], day: int, number: int | None
) -> None:
    """Domain rule 4.1: judged by the version in force when it occurred."""
    found = plans.plan_at(versions(*starts), T0 + day * DAY)

    assert number == (found.number if found else None)


@given(
    starts=st.lists(st.integers(0, 20), max_size=6),
    later=st.integers(0, 20),
    day=st.integers(0, 20),
)
def test_publishing_never_changes_what_was_in_force_before_it_starts(
    starts: list[int], later: int, day: int
) -> None:
    """Domain rule 4.1: nothing earned is recomputed by publishing."""
    before = plans.plan_at(versions(0, *starts), T0 + day * DAY)
    after = plans.plan_at(versions(0, *starts, later), T0 + day * DAY)

    if day < later:
        assert before == after
    else:
        assert after is not None
        assert after.effective_from == max(
            plan.effective_from
            for plan in versions(0, *starts, later)
            if plan.effective_from <= T0 + day * DAY
        )


GOAL = GoalDefinition("Q", "Quarter", Measure.WON_REVENUE, T0, T0 + 90 * DAY)
PLAN = a_plan(
    a_rule(MilestoneSplit(300), code="deals"),
    a_rule(GoalBonus("Q", 50_000, 30_000), code="bonus"),
    goals=(GOAL,),
)


def test_the_hash_of_a_plan_is_the_same_in_every_release() -> None:
    """Every earning names it: the same content spelled otherwise would be another plan."""
    expected = "4d01133b16bfcbdd692b27402c4458f02b1e4140398af9ae4ae84050558e5ceb"

    assert expected == PLAN.content_hash()


@pytest.mark.parametrize(
    "change",
    [
        {"effective_from": T0 + DAY},
        {"goals": ()},
        {"goals": (replace(GOAL, ends_at=T0 + 91 * DAY),)},
        {"goals": (replace(GOAL, measure=Measure.DEALS_REGISTERED),)},
        {"rules": PLAN.rules[:1]},
        {"rules": PLAN.rules[::-1]},
        {"rules": (replace(PLAN.rules[0], mechanic=MilestoneSplit(301)), PLAN.rules[1])},
        {"rules": (replace(PLAN.rules[0], mechanic=MilestoneSplit(300, 1, 6)), PLAN.rules[1])},
        {"rules": (replace(PLAN.rules[0], mechanic=Flat("DEAL_WON", 1)), PLAN.rules[1])},
        {"rules": (replace(PLAN.rules[0], level=Level.PARTNER), PLAN.rules[1])},
        {"rules": (replace(PLAN.rules[0], asset="EUR"), PLAN.rules[1])},
        {"rules": (replace(PLAN.rules[0], segment=FOR_GOLD), PLAN.rules[1])},
        {"rules": (replace(PLAN.rules[0], shadow=True), PLAN.rules[1])},
        {"rules": (replace(PLAN.rules[0], limits=(Limit(Period.DAY, 1),)), PLAN.rules[1])},
        {"point_value": PointValue(100, 100)},
    ],
)
def test_any_other_content_of_a_plan_has_another_hash(change: dict[str, Any]) -> None:
    assert PLAN.content_hash() != replace(PLAN, **change).content_hash()


def test_who_published_a_plan_and_when_is_not_its_content() -> None:
    again = replace(PLAN, published_by="eve", published_at=T0 + DAY, number=2, id="g.2")

    assert PLAN.content_hash() == again.content_hash()
