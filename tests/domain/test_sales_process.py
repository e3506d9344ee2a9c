"""What is amiss with a sales process, under what is in force for a partner type and tier."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from portal_api.domain.activities import DEAL_REGISTERED, DEAL_RETURNED, DEAL_WON, ProcessStage
from portal_api.domain.goals import Level, Measure
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.partners import PartnerType, Segment, Tier
from portal_api.domain.plans import PlanVersion, Rule
from portal_api.domain.programs import Program
from portal_api.domain.sales_process import (
    FROM_DEMAND_TO_CLOSE,
    Gap,
    GapCode,
    InForce,
    JourneyStage,
    ProcessStep,
    SalesProcess,
    admits_kind,
    gaps,
    in_force,
    incentives,
    process_ids,
    rewarded,
)
from tests.domain.facts import DAY, PROGRAM, QUARTER, T0, a_plan, a_rule

VAR, GOLD = PartnerType.VAR, Tier.GOLD
NOW = T0 + DAY
DEALS = a_rule(MilestoneSplit(300), code="deals")
STEPS = (
    ProcessStep("event", "Event", ProcessStage.DEMAND_GENERATION, JourneyStage.UNAWARE, ("EVENT",)),
    ProcessStep(
        "call", "Call", ProcessStage.LEAD_MANAGEMENT, JourneyStage.PROBLEM_AWARE, ("CALL",)
    ),
    ProcessStep(
        "proof", "Proof", ProcessStage.OPPORTUNITY_MANAGEMENT, JourneyStage.EVALUATION, ("PROOF",)
    ),
    ProcessStep(
        "register",
        "Register",
        ProcessStage.DEAL_REGISTRATION,
        JourneyStage.EVALUATION,
        (DEAL_REGISTERED,),
    ),
    ProcessStep("close", "Close", ProcessStage.CLOSING, JourneyStage.DECISION, (DEAL_WON,)),
)
ALL_PAID = (DEALS, *(a_rule(Flat(code, 1), code=code) for code in ("EVENT", "CALL", "PROOF")))


def a_process(*steps: ProcessStep) -> SalesProcess:
    return SalesProcess("VAR.ANY", VAR, None, steps or STEPS, T0, "boss")


def changed(code: str, **changes: object) -> SalesProcess:
    """The process with one step changed."""
    steps = (replace(one, **changes) if one.code == code else one for one in STEPS)  # type: ignore[arg-type]
    return a_process(*steps)


def running(
    *rules: Rule, program: Program = PROGRAM, admits: Callable[[Segment], bool] | None = None
) -> tuple[InForce, ...]:
    """What is in force where one program's plan has these rules."""
    plans = {program.id: (a_plan(*rules, goals=(QUARTER,)),)}
    return in_force((program,), plans, admits or admits_kind(VAR, GOLD), NOW)


def told(process: SalesProcess, *rules: Rule) -> list[tuple[GapCode, str | None]]:
    """Each gap with the step that it is of."""
    return [(gap.code, gap.step) for gap in gaps(process, running(*rules))]


def test_a_process_that_is_aligned_and_paid_has_no_gap() -> None:
    assert () == gaps(a_process(), running(*ALL_PAID))


def test_steps_that_nobody_is_paid_for_are_told_from_the_close_backwards() -> None:
    expected = [(GapCode.NO_INCENTIVE, code) for code in ("proof", "call", "event")]
    assert expected == told(a_process(), DEALS)


def test_a_step_without_a_journey_stage_is_misaligned() -> None:
    process = changed("proof", journey=None)
    assert [(GapCode.NO_JOURNEY_STAGE, "proof")] == told(process, *ALL_PAID)


def test_a_step_in_which_the_customer_is_less_far_than_before_goes_back() -> None:
    """Measured by the furthest stage before it, also behind a step that is misaligned."""
    back = changed("register", journey=JourneyStage.UNAWARE)
    assert [(GapCode.JOURNEY_GOES_BACK, "register")] == told(back, *ALL_PAID)
    unaligned = replace(STEPS[3], journey=None)
    behind = a_process(*STEPS[:3], unaligned, replace(STEPS[4], journey=JourneyStage.UNAWARE))
    expected = [(GapCode.JOURNEY_GOES_BACK, "close"), (GapCode.NO_JOURNEY_STAGE, "register")]
    assert expected == told(behind, *ALL_PAID)


def test_what_is_meant_to_be_paid_and_is_not_is_a_gap_of_a_step_that_pays_something_else() -> None:
    process = changed("call", behaviors=("CALL", "VISIT"), incentive_points=("CALL", "VISIT"))
    (gap,) = gaps(process, running(*ALL_PAID))
    assert (GapCode.INCENTIVE_POINT_NOT_PAID, "call", "VISIT") == (gap.code, gap.step, gap.behavior)


@pytest.mark.parametrize("stage", FROM_DEMAND_TO_CLOSE)
def test_a_stage_between_demand_and_close_that_no_step_is_in_is_named(stage: ProcessStage) -> None:
    process = a_process(*(step for step in STEPS if step.stage is not stage))
    found = gaps(process, running(*ALL_PAID))
    assert [(GapCode.STAGE_NOT_COVERED, stage)] == [(gap.code, gap.stage) for gap in found]


def test_a_program_whose_plan_does_not_pay_registration_is_named() -> None:
    """The plan's own warning, over the rules that count here."""
    registered = a_rule(Flat(DEAL_REGISTERED, 1), segment=Segment(types=(PartnerType.MSP,)))
    won = a_rule(Flat(DEAL_WON, 1), code="won")
    found = gaps(a_process(*STEPS[4:]), running(registered, won))
    assert [(GapCode.REGISTRATION_NOT_PAID, PROGRAM.id)] == [
        (gap.code, gap.program_id) for gap in found if gap.code is not GapCode.STAGE_NOT_COVERED
    ]


def test_nothing_in_force_leaves_every_step_unpaid() -> None:
    assert [GapCode.NO_INCENTIVE] * 5 == [gap.code for gap in gaps(a_process(), ())]


@pytest.mark.parametrize(
    "program",
    [
        replace(PROGRAM, segment=Segment(types=(PartnerType.MSP,))),
        replace(PROGRAM, segment=Segment(tiers=(Tier.SILVER,))),
        replace(PROGRAM, starts_at=NOW + DAY),
        replace(PROGRAM, ends_at=NOW),
    ],
    ids=["another type", "another tier", "to come", "over"],
)
def test_a_program_that_is_not_for_them_now_pays_nothing(program: Program) -> None:
    assert () == running(DEALS, program=program)


@pytest.mark.parametrize(
    "rule",
    [
        replace(DEALS, shadow=True),
        replace(DEALS, segment=Segment(types=(PartnerType.MSP,))),
        replace(DEALS, segment=Segment(tiers=(Tier.PLATINUM,))),
    ],
    ids=["a shadow", "another type", "another tier"],
)
def test_a_rule_that_pays_them_nothing_does_not_count(rule: Rule) -> None:
    assert [()] == [offer.rules for offer in running(rule)]


def test_without_a_tier_what_pays_any_tier_counts() -> None:
    program = replace(PROGRAM, segment=Segment(tiers=(Tier.PLATINUM,)))
    assert 1 == len(running(DEALS, program=program, admits=admits_kind(VAR, None)))


def test_a_plan_that_is_not_in_force_yet_pays_nothing() -> None:
    plans = {PROGRAM.id: (a_plan(DEALS, effective_from=NOW + DAY),)}
    assert () == in_force((PROGRAM,), plans, admits_kind(VAR, GOLD), NOW)
    assert () == in_force((PROGRAM,), {}, admits_kind(VAR, GOLD), NOW)


def test_a_goal_pays_for_what_it_counts_and_never_for_a_return() -> None:
    """A bonus has no behavior of its own."""
    bonus = a_rule(GoalBonus("Q", 100), level=Level.PARTNER)
    calls = replace(QUARTER, measure=Measure.BEHAVIOR_COUNT, behavior="CALL")
    plans: list[PlanVersion] = [a_plan(bonus, goals=(goal,)) for goal in (QUARTER, calls)]
    assert [{DEAL_WON}, {"CALL"}] == [rewarded(bonus, plan) for plan in plans]
    assert DEAL_RETURNED in QUARTER.counts


def test_an_incentive_is_a_program_and_its_rule() -> None:
    (found,) = incentives(DEAL_WON, running(*ALL_PAID))
    assert (PROGRAM, DEALS) == (found.program, found.rule)
    assert () == incentives("OTHER", running(*ALL_PAID))


def test_a_tiers_own_process_comes_before_that_of_its_type() -> None:
    assert ("VAR.GOLD", "VAR.ANY") == process_ids(VAR, GOLD)
    assert ("VAR.ANY",) == process_ids(VAR, None)


def test_a_gap_is_a_sentence_too() -> None:
    expected = Gap(
        GapCode.NO_INCENTIVE,
        "Close: no rule in force pays for anything that is done in it.",
        "close",
    )
    assert expected == gaps(a_process(), ())[0]
