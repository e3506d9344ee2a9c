"""Each mechanic's worked example, number by number, and the laws that hold for all numbers."""

import importlib
import pkgutil
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal_api.domain import mechanics, money, rewards
from portal_api.domain.activities import DEAL_LOST, DEAL_REGISTERED, DEAL_WON
from portal_api.domain.deals import Deal
from portal_api.domain.goals import GoalDefinition, Level, Measure, Progress, Target
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GOAL, STRETCH, GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.rewards import Ahead, Award, Mechanic, Reversed, Withheld
from tests.domain.facts import (
    DAY,
    DEAL,
    T0,
    a_plan,
    a_rule,
    an_activity,
    facts_of,
    lived_through,
    pays,
    verdict_on,
    with_award,
)

MODULES = [module.name for module in pkgutil.iter_modules(mechanics.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_every_mechanic_tells_a_worked_example_and_has_a_test_of_it(name: str) -> None:
    """A mechanic NAME is tested by ``test_NAME_pays_its_worked_example`` in this file."""
    module = importlib.import_module(f"{mechanics.__name__}.{name}")

    assert "Worked example" in (module.__doc__ or "")
    assert f"test_{name}_pays_its_worked_example" in globals()


def test_every_module_defines_one_mechanic_with_a_kind_of_its_own() -> None:
    defined = [kind.__module__.rpartition(".")[2] for kind in mechanics.MECHANICS.values()]

    assert MODULES == sorted(defined)
    assert {name: kind.kind for name, kind in mechanics.MECHANICS.items()} == {
        name: name for name in mechanics.MECHANICS
    }


def test_flat_pays_its_worked_example() -> None:
    """50 points for a training: three earn 150, and the same one twice has one name."""
    rule = a_rule(Flat("TRAINING_COMPLETED", 50), asset=money.POINTS)
    plan = a_plan(rule)
    verdicts = [
        verdict
        for own in ("1", "2", "3", "3")
        for verdict in rewards.earned(facts_of(plan, an_activity("TRAINING_COMPLETED", own=own)))
    ]
    awards = [verdict for verdict in verdicts if isinstance(verdict, Award)]

    assert [50, 50, 50, 50] == [award.part.amount_minor for award in awards]
    assert 3 == len({(award.part.once_per, award.part.step) for award in awards})
    assert "50 POINTS for each TRAINING_COMPLETED." == awards[0].part.because
    assert verdict_on(rule, "DEMO_GIVEN") is None


def registered(rule_of: MilestoneSplit, deal: Deal) -> Deal:
    """The deal after its approved registration was paid."""
    paid = pays(verdict_on(a_rule(rule_of), DEAL_REGISTERED, deal))
    return with_award(deal, paid) if paid else deal


def won_at(rule_of: MilestoneSplit, deal: Deal, amount_minor: int) -> int:
    """What winning pays at a final amount, or takes back as a negative amount."""
    return pays(verdict_on(a_rule(rule_of), DEAL_WON, replace(deal, amount_minor=amount_minor)))


def test_milestone_split_pays_its_worked_example() -> None:
    """3 % of 30,000.00 is 900.00: 150.00 and 750.00; other final amounts settle on winning."""
    split = MilestoneSplit(300)
    on_approval = verdict_on(a_rule(split), DEAL_REGISTERED, DEAL)
    deal = registered(split, DEAL)
    at_3_000 = verdict_on(a_rule(split), DEAL_WON, replace(deal, amount_minor=300_000))

    assert isinstance(on_approval, Award)
    assert (15_000, 90_000) == (on_approval.part.amount_minor, on_approval.part.of_minor)
    assert on_approval.part.because == (
        "3 % of 30000.00 USD is 900.00 USD, divided 1 : 5 over approved registration and winning:"
        " 150.00 now."
    )
    assert 75_000 == won_at(split, deal, 3_000_000)
    assert 57_000 == won_at(split, deal, 2_400_000)
    assert -6_000 == won_at(split, deal, 300_000)
    assert isinstance(at_3_000, Reversed)
    assert "ann.1" == at_3_000.take_back.earning_id
    assert 75_000 == won_at(split, DEAL, 3_000_000)
    assert verdict_on(a_rule(split), DEAL_LOST, deal) is None
    assert -15_000 == pays(verdict_on(a_rule(replace(split, keep_on_loss=False)), DEAL_LOST, deal))


def test_a_won_deal_at_which_all_is_paid_already_pays_nothing_more() -> None:
    split = MilestoneSplit(300)

    assert (
        verdict_on(a_rule(split), DEAL_WON, replace(registered(split, DEAL), amount_minor=500_000))
        is None
    )


def test_what_was_taken_back_before_is_not_taken_back_on_a_loss() -> None:
    split = MilestoneSplit(300, keep_on_loss=False)

    assert verdict_on(a_rule(split), DEAL_LOST, with_award(DEAL, 0)) is None


def test_what_another_rule_or_another_asset_paid_is_not_settled() -> None:
    split = MilestoneSplit(300)

    assert 75_000 == won_at(split, with_award(DEAL, 15_000, rule_code="other"), 3_000_000)
    assert 75_000 == won_at(split, with_award(DEAL, 15_000, asset="EUR"), 3_000_000)


def test_a_milestone_split_has_nothing_to_do_with_activities_without_a_deal() -> None:
    assert verdict_on(a_rule(MilestoneSplit(300)), DEAL_WON) is None


splits = st.builds(
    MilestoneSplit,
    rate_bps=st.integers(1, 10_000),
    registration_weight=st.integers(0, 1_000),
    winning_weight=st.integers(1, 1_000),
)
deal_amounts = st.integers(0, 10**12)


@given(split=splits, estimate=deal_amounts, final=deal_amounts)
def test_milestones_sum_to_the_pot_of_the_final_amount_when_the_registration_was_paid(
    split: MilestoneSplit, estimate: int, final: int
) -> None:
    """Invariant L17 and domain rule 4.3, to the minor unit, whatever the estimate was."""
    deal = registered(split, replace(DEAL, amount_minor=estimate))
    assume(deal.awards)

    paid = sum(award.amount_minor for award in deal.awards) + won_at(split, deal, final)

    assert money.of_rate(final, split.rate_bps) == paid


@given(split=splits, final=deal_amounts)
def test_without_a_paid_registration_winning_pays_its_own_part_only(
    split: MilestoneSplit, final: int
) -> None:
    pot = money.of_rate(final, split.rate_bps)
    weights = (split.registration_weight, split.winning_weight)

    assert money.split(pot, weights)[1] == won_at(split, DEAL, final)


QUARTER = GoalDefinition("Q", "Quarter", Measure.WON_REVENUE, T0, T0 + 90 * DAY)
BONUS = GoalBonus("Q", 50_000, 30_000)
TARGETS = {level: {"Q": Target(10_000_000, 12_000_000)} for level in Level}


def bonuses(
    progress_minor: int, *deals: int, level: Level = Level.INDIVIDUAL, bonus: GoalBonus = BONUS
) -> list[list[tuple[str, int]]]:
    """The steps and amounts that each won deal pays, one deal after the other."""
    plan = a_plan(a_rule(bonus, level), goals=(QUARTER,))
    progress = {each: Progress(each, {"goal:Q": progress_minor}) for each in Level}
    found = []
    for amount_minor in deals:
        deal = replace(DEAL, amount_minor=amount_minor)
        facts = facts_of(plan, an_activity(DEAL_WON), deal, progress=progress, targets=TARGETS)
        verdicts = rewards.earned(facts)
        found.append(
            [
                (verdict.part.step, pays(verdict))
                for verdict in verdicts
                if isinstance(verdict, Award)
            ]
        )
        progress = lived_through(facts, verdicts)
    return found


def test_goal_bonus_pays_its_worked_example() -> None:
    """Goal 100,000.00 with 500.00, stretch 120,000.00 with 300.00 more; each once."""
    assert [[(GOAL, 50_000)], [(STRETCH, 30_000)]] == bonuses(9_500_000, 1_000_000, 2_000_000)
    assert [[(GOAL, 50_000), (STRETCH, 30_000)]] == bonuses(0, 13_000_000)
    assert [[], [(GOAL, 50_000)], [], [(STRETCH, 30_000)], []] == bonuses(
        0, 9_999_999, 1, 1_999_999, 1, 9_999_999
    )


@given(
    deals=st.lists(st.integers(0, 5_000_000), max_size=10),
    level=st.sampled_from([Level.INDIVIDUAL, Level.PARTNER]),
)
def test_each_bonus_is_paid_once_exactly_by_the_deal_that_reaches_it(
    deals: list[int], level: Level
) -> None:
    found = bonuses(0, *deals, level=level)

    for step, target, amount in ((GOAL, 10_000_000, 50_000), (STRETCH, 12_000_000, 30_000)):
        reached = [number for number in range(len(deals)) if sum(deals[: number + 1]) >= target]
        paid = [
            (number, pay) for number, steps in enumerate(found) for at, pay in steps if at == step
        ]
        assert [(number, amount) for number in reached[:1]] == paid


def test_a_bonus_looks_at_the_progress_of_its_own_level() -> None:
    plan = a_plan(a_rule(BONUS, Level.PARTNER), goals=(QUARTER,))
    facts = facts_of(plan, an_activity(DEAL_WON), DEAL, targets=TARGETS)
    alone = {**facts.progress, Level.INDIVIDUAL: Progress("i", {"goal:Q": 11_000_000})}
    company = {**facts.progress, Level.PARTNER: Progress("p", {"goal:Q": 8_000_000})}

    assert () == rewards.earned(replace(facts, progress=alone))
    assert ["p"] == [
        verdict.recipient
        for verdict in rewards.earned(replace(facts, progress=company))
        if isinstance(verdict, Award)
    ]


def test_no_bonus_without_a_target_or_for_what_the_goal_does_not_count() -> None:
    rule = a_rule(BONUS)
    plan = a_plan(rule, goals=(QUARTER,))
    reached = {level: Progress(level, {"goal:Q": 99_000_000}) for level in Level}

    def found(behavior: str, targets: dict[Level, dict[str, Target]]) -> int:
        facts = facts_of(plan, an_activity(behavior), DEAL, progress=reached, targets=targets)
        return len(rewards.earned(facts))

    assert [0, 0, 2] == [
        found(DEAL_WON, {}),
        found(DEAL_REGISTERED, TARGETS),
        found(DEAL_WON, TARGETS),
    ]


@pytest.mark.parametrize(
    ("bonus", "decided", "watched"),
    [
        (BONUS, (), ("goal:Q", "bonus:rule:GOAL", "bonus:rule:STRETCH")),
        (BONUS, (GOAL,), ("goal:Q", "bonus:rule:GOAL", "bonus:rule:STRETCH")),
        (BONUS, (GOAL, STRETCH), ()),
        (GoalBonus("Q", 50_000), (), ("goal:Q", "bonus:rule:GOAL")),
        (GoalBonus("Q", 50_000), (GOAL,), ()),
    ],
)
def test_a_goal_is_watched_at_commit_until_all_that_it_pays_is_decided(
    bonus: GoalBonus, decided: tuple[str, ...], watched: tuple[str, ...]
) -> None:
    """Watching more than that would make every deal of a partner wait for every other."""
    rule = a_rule(bonus)
    counters = {f"bonus:rule:{step}": 1 for step in decided}
    facts = facts_of(
        a_plan(rule, goals=(QUARTER,)),
        an_activity(DEAL_WON),
        DEAL,
        progress={Level.INDIVIDUAL: Progress("i", counters)},
        targets=TARGETS,
    )

    assert watched == bonus.watched(rule, facts)


@pytest.mark.parametrize(
    ("mechanic", "goal", "progress", "reach", "expected"),
    [
        (
            Flat("DEMO", 50),
            replace(QUARTER, measure=Measure.BEHAVIOR_COUNT, behavior="DEMO"),
            7,
            10,
            150,
        ),
        (
            Flat("DEMO", 50),
            replace(QUARTER, measure=Measure.BEHAVIOR_COUNT, behavior="CALL"),
            7,
            10,
            0,
        ),
        (Flat("DEMO", 50), QUARTER, 7, 10, 0),
        (MilestoneSplit(300), QUARTER, 1_000_000, 4_000_000, 90_000),
        (MilestoneSplit(300), QUARTER, 5_000_000, 4_000_000, 0),
        (MilestoneSplit(300), replace(QUARTER, measure=Measure.DEALS_REGISTERED), 1, 4, 0),
        (BONUS, QUARTER, 0, 9_999_999, 0),
        (BONUS, QUARTER, 0, 10_000_000, 50_000),
        (BONUS, QUARTER, 0, 12_000_000, 80_000),
        (BONUS, replace(QUARTER, code="H"), 0, 12_000_000, 0),
    ],
)
def test_what_is_still_to_be_earned_on_the_way_to_a_goal(
    mechanic: Mechanic, goal: GoalDefinition, progress: int, reach: int, expected: int
) -> None:
    ahead = Ahead(
        goal, Target(10_000_000, 12_000_000), Progress("i", {f"goal:{goal.code}": progress}), reach
    )

    assert expected == mechanic.still_pays(a_rule(mechanic), ahead)


def test_a_bonus_that_was_decided_is_not_promised_again() -> None:
    progress = Progress("i", {"goal:Q": 11_000_000, "bonus:rule:GOAL": 1})
    ahead = Ahead(QUARTER, Target(10_000_000, 12_000_000), progress, 12_000_000)

    assert 30_000 == BONUS.still_pays(a_rule(BONUS), ahead)


def test_a_withheld_bonus_is_a_verdict_too() -> None:
    """So that it is decided once, and not paid by the next deal after the reason has gone."""
    plan = a_plan(a_rule(BONUS), goals=(QUARTER,))
    deal = replace(DEAL, amount_minor=10_000_000)
    facts = facts_of(plan, an_activity(DEAL_WON), deal, targets=TARGETS, consents=None)

    verdicts = rewards.earned(facts)
    after = lived_through(facts, verdicts)

    assert [Withheld] == [type(verdict) for verdict in verdicts]
    again = rewards.earned(
        facts_of(plan, an_activity(DEAL_WON), DEAL, progress=after, targets=TARGETS)
    )
    assert [STRETCH] == [verdict.part.step for verdict in again if isinstance(verdict, Award)]
    assert 1 == len(again)
