"""Flat, milestones and goal bonuses: their worked examples, and the laws for all numbers."""

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import mechanics, money, rewards
from portal_api.domain.activities import DEAL_REGISTERED, DEAL_WON
from portal_api.domain.deals import Credit, DealStage, Did
from portal_api.domain.goals import GoalDefinition, Level, Measure, Part, Progress, Target
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GOAL, STRETCH, GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.plans import Ahead, Mechanic
from portal_api.domain.rewards import Award, Withheld
from tests.domain.facts import (
    QUARTER,
    SHARED,
    T0,
    TARGETS,
    WON,
    a_plan,
    a_recipient,
    a_rule,
    an_activity,
    facts_of,
    verdict_on,
    verdicts_on,
    with_award,
)
from tests.domain.fold import Fold

MODULES = [module.name for module in pkgutil.iter_modules(mechanics.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_every_mechanic_tells_a_worked_example_and_has_a_test_of_it(name: str) -> None:
    """A mechanic NAME is tested by ``test_NAME_pays_its_worked_example`` in this folder."""
    module = importlib.import_module(f"{mechanics.__name__}.{name}")
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]

    assert "Worked example" in (module.__doc__ or "")
    assert any(f"def test_{name}_pays_its_worked_example" in text for text in tests)


def test_every_module_defines_one_mechanic_with_a_kind_of_its_own() -> None:
    defined = [kind.__module__.rpartition(".")[2] for kind in mechanics.MECHANICS.values()]

    assert MODULES == sorted(defined)
    assert {name: kind.kind for name, kind in mechanics.MECHANICS.items()} == {
        name: name for name in mechanics.MECHANICS
    }


def test_flat_pays_its_worked_example() -> None:
    """50 points for a training, three earn 150; 250.00 for a sale, shared 60 : 40."""
    training = Fold(a_plan(a_rule(Flat("TRAINING_COMPLETED", 50), asset=money.POINTS)))
    for _ in range(3):
        training.did("TRAINING_COMPLETED")
    training.did("DEMO_GIVEN")
    sale = Fold(a_plan(a_rule(Flat(DEAL_WON, 25_000))))
    sale.sell(1, credits=SHARED)
    sale.give_back()

    assert (50, 50, 50) == training.paid()
    assert ((15_000, -15_000), (10_000, -10_000)) == (sale.paid("ann"), sale.paid("bob"))


def test_percent_of_deal_pays_its_worked_example() -> None:
    """2 % of 30,000.00 are 600.00; capped at 500.00, shared 60 : 40, 300.00 and 200.00."""

    def sold(at_most_minor: int, credits: tuple[Credit, ...] = ()) -> Fold:  # noqa: A002
        fold = Fold(a_plan(a_rule(PercentOfDeal(200, at_most_minor))))
        fold.sell(3_000_000, credits=credits)
        return fold

    shared = sold(50_000, SHARED)
    shared.give_back()
    shared.reopen()
    shared.win(3_000_000)

    assert ((60_000,), (50_000,)) == (sold(0).paid(), sold(50_000).paid())
    assert ((30_000, -30_000, 30_000), (20_000, -20_000, 20_000)) == (
        shared.paid("ann"),
        shared.paid("bob"),
    )


def test_the_same_activity_twice_has_one_name() -> None:
    verdicts = [
        verdict_on(a_rule(Flat("TRAINING", 50), asset=money.POINTS), "TRAINING") for _ in range(2)
    ]
    awards = [verdict for verdict in verdicts if isinstance(verdict, Award)]

    assert 1 == len({(award.part.once_per, award.part.step) for award in awards})
    assert ["50 POINTS for each TRAINING."] * 2 == [award.part.because for award in awards]


def test_a_flat_amount_for_what_one_did_for_a_deal_is_not_shared() -> None:
    fold = Fold(a_plan(a_rule(Flat("DEMO", 5_000))))
    fold.submit(100, credits=SHARED)
    fold.did("DEMO", "bob", "d")

    assert ((), (5_000,)) == (fold.paid("ann"), fold.paid("bob"))


def test_a_flat_amount_for_a_sale_is_paid_again_once_it_was_given_back() -> None:
    fold = Fold(a_plan(a_rule(Flat(DEAL_WON, 25_000))))
    fold.sell(1)
    fold.give_back()
    fold.reopen()
    fold.win()

    assert (25_000, -25_000, 25_000) == fold.paid()


@pytest.mark.parametrize(
    "mechanic",
    [
        Flat(DEAL_WON, 100),
        MilestoneSplit(300),
        PercentOfDeal(300),
        Uplift(("DEMO",), 200, 300),
        Overlay("DEMO", 100),
        Tiered("Q", (Band(0, 300),)),
    ],
)
@pytest.mark.parametrize("stage", [DealStage.RETURNED, DealStage.OPEN, DealStage.LOST])
def test_a_withheld_sale_that_is_judged_again_pays_nothing_once_it_is_no_sale(
    mechanic: Mechanic, stage: DealStage
) -> None:
    """It is the sale's activity that is judged, on the deal as it is now."""
    did = (Did("DEMO", "ann", T0),)
    sold = with_award(replace(WON, history=did), 0)
    rule, part = a_rule(mechanic), Part(3_000_000)

    assert isinstance(verdict_on(rule, DEAL_WON, sold, part=part), Award)
    assert verdict_on(rule, DEAL_WON, replace(sold, stage=stage), part=part) is None


def test_a_withheld_sale_before_a_return_is_not_paid_beside_the_sale_after_it() -> None:
    again = with_award(replace(WON, reopened=1), 100, step=DEAL_WON)

    for mechanic in (Flat(DEAL_WON, 100), MilestoneSplit(300), PercentOfDeal(250)):
        paid = replace(again.awards[0], amount_minor=75_000)
        assert verdict_on(a_rule(mechanic), DEAL_WON, replace(again, awards=(paid,))) is None


def bonuses(
    progress_minor: int,
    *sales: int,
    level: Level = Level.INDIVIDUAL,
    bonus: GoalBonus = GoalBonus("Q", 50_000, 30_000),  # noqa: B008
) -> list[tuple[int, ...]]:
    """What each won deal pays, one deal after the other."""
    who = a_recipient(level).id
    fold = Fold(a_plan(a_rule(bonus, level), goals=(QUARTER,)), {who: TARGETS})
    fold.progress[who] = Progress(who, {"goal:Q": progress_minor})
    found = []
    for number, amount_minor in enumerate(sales):
        before = len(fold.paid(who))
        fold.sell(amount_minor, f"d{number}")
        found.append(fold.paid(who)[before:])
    return found


BONUS = GoalBonus("Q", 50_000, 30_000)


def test_goal_bonus_pays_its_worked_example() -> None:
    """Goal 100,000.00 with 500.00, stretch 120,000.00 with 300.00 more; each once."""
    assert [(50_000,), (30_000,)] == bonuses(9_500_000, 1_000_000, 2_000_000)
    assert [(50_000, 30_000)] == bonuses(0, 13_000_000)
    assert [(), (50_000,), (), (30_000,), ()] == bonuses(0, 9_999_999, 1, 1_999_999, 1, 9_999_999)


def test_what_was_reached_stays_reached_when_a_deal_is_returned() -> None:
    fold = Fold(a_plan(a_rule(BONUS), goals=(QUARTER,)), {"ann": TARGETS})
    fold.sell(10_000_000, "a")
    fold.give_back("a")
    fold.sell(11_000_000, "b")
    fold.sell(1_000_000, "c")

    assert (50_000, 30_000) == fold.paid()


@given(
    sales=st.lists(st.integers(0, 5_000_000), max_size=10),
    level=st.sampled_from([Level.INDIVIDUAL, Level.PARTNER]),
)
def test_each_bonus_is_paid_once_exactly_by_the_deal_that_reaches_it(
    sales: list[int], level: Level
) -> None:
    found = bonuses(0, *sales, level=level)

    for target, amount in ((10_000_000, 50_000), (12_000_000, 30_000)):
        reached = [number for number in range(len(sales)) if sum(sales[: number + 1]) >= target]
        assert reached[:1] == [number for number, paid in enumerate(found) if amount in paid]


def test_a_bonus_looks_at_the_progress_of_its_own_recipient() -> None:
    def found(progress_minor: int, level: Level) -> list[str]:
        verdicts = verdicts_on(
            a_rule(BONUS, level),
            DEAL_WON,
            WON,
            progress=Progress("-", {"goal:Q": progress_minor}),
            targets=TARGETS,
            part=Part(3_000_000),
        )
        return [one.recipient_id for one in verdicts if isinstance(one, Award)]

    assert ([], ["p"], ["north"]) == (
        found(1_000_000, Level.INDIVIDUAL),
        found(8_000_000, Level.PARTNER),
        found(8_000_000, Level.TEAM),
    )


def test_no_bonus_without_a_target_or_for_what_the_goal_does_not_count() -> None:
    reached = Progress("-", {"goal:Q": 99_000_000})

    def found(behavior: str, targets: dict[str, Target], share_minor: int = 1) -> int:
        part = Part(share_minor)
        found = verdicts_on(
            a_rule(BONUS), behavior, WON, progress=reached, targets=targets, part=part
        )
        return len(found)

    assert [0, 0, 0, 2] == [
        found(DEAL_WON, {}),
        found(DEAL_REGISTERED, TARGETS),
        found(DEAL_WON, TARGETS, share_minor=0),
        found(DEAL_WON, TARGETS),
    ]


@pytest.mark.parametrize(
    ("bonus", "decided", "watched"),
    [
        (BONUS, (), ("goal:Q", "bonus:rule:GOAL", "bonus:rule:STRETCH")),
        (BONUS, (GOAL,), ("goal:Q", "bonus:rule:GOAL", "bonus:rule:STRETCH")),
        (BONUS, (GOAL, STRETCH), ()),
        (GoalBonus("Q", 50_000), (), ("goal:Q", "bonus:rule:GOAL", "bonus:rule:STRETCH")),
        (GoalBonus("Q", 50_000), (GOAL,), ()),
        (GoalBonus("Q", 50_000), (GOAL, STRETCH), ()),
    ],
)
def test_a_goal_is_watched_at_commit_until_all_that_it_pays_is_decided(
    bonus: GoalBonus, decided: tuple[str, ...], watched: tuple[str, ...]
) -> None:
    """Watching more than that would make every deal of a partner wait for every other."""
    rule = a_rule(bonus)
    progress = Progress("-", {f"bonus:rule:{step}": 1 for step in decided})
    facts = facts_of(a_plan(rule, goals=(QUARTER,)), an_activity(DEAL_WON), WON)

    assert watched == rewards.watched(rule, facts, a_recipient(progress=progress, targets=TARGETS))


CALLS = replace(QUARTER, measure=Measure.BEHAVIOR_COUNT, behavior="DEMO")


@pytest.mark.parametrize(
    ("mechanic", "goal", "progress", "reach", "expected"),
    [
        (Flat("DEMO", 50), CALLS, 7, 10, 150),
        (Flat("DEMO", 50), replace(CALLS, behavior="CALL"), 7, 10, 0),
        (Flat("DEMO", 50), QUARTER, 7, 10, 0),
        (Overlay("DEMO", 50), CALLS, 7, 10, 150),
        (Overlay("DEMO", 50), QUARTER, 7, 10, 0),
        (MilestoneSplit(300), QUARTER, 1_000_000, 4_000_000, 90_000),
        (MilestoneSplit(300), QUARTER, 5_000_000, 4_000_000, 0),
        (MilestoneSplit(300), replace(QUARTER, measure=Measure.DEALS_REGISTERED), 1, 4, 0),
        (Uplift(("DEMO",), 200, 300), QUARTER, 1_000_000, 4_000_000, 90_000),
        (Uplift(("DEMO",), 200, 300), CALLS, 1, 4, 0),
        (BONUS, QUARTER, 0, 9_999_999, 0),
        (BONUS, QUARTER, 0, 10_000_000, 50_000),
        (BONUS, QUARTER, 0, 12_000_000, 80_000),
        (BONUS, replace(QUARTER, code="H"), 0, 12_000_000, 0),
    ],
)
def test_what_is_still_to_be_earned_on_the_way_to_a_goal(
    mechanic: Mechanic, goal: GoalDefinition, progress: int, reach: int, expected: int
) -> None:
    counters = Progress("i", {f"goal:{goal.code}": progress})
    ahead = Ahead(goal, Target(10_000_000, 12_000_000), counters, reach)
    rule = a_rule(mechanic)

    assert expected == mechanic.still_pays(rule, a_plan(rule), ahead)


def test_a_bonus_that_was_decided_is_not_promised_again() -> None:
    progress = Progress("i", {"goal:Q": 11_000_000, "bonus:rule:GOAL": 1})
    ahead = Ahead(QUARTER, Target(10_000_000, 12_000_000), progress, 12_000_000)

    assert 30_000 == BONUS.still_pays(a_rule(BONUS), a_plan(), ahead)


def test_a_withheld_bonus_is_decided_too() -> None:
    """So that it is not paid by the next deal after the reason has gone."""
    fold = Fold(a_plan(a_rule(BONUS), goals=(QUARTER,)), {"ann": TARGETS})
    fold.strangers = frozenset({"ann"})
    fold.sell(10_000_000, "a")
    fold.strangers = frozenset()
    fold.sell(2_000_000, "b")

    assert [Withheld, Award] == [type(verdict) for verdict in fold.verdicts]
    assert (30_000,) == fold.paid()


def test_a_shadow_s_bonus_uses_up_nothing_of_the_real_one() -> None:
    """What it only noted is paid by the next sale, once the rule pays."""
    rule = a_rule(BONUS)
    fold = Fold(a_plan(replace(rule, shadow=True), goals=(QUARTER,)), {"ann": TARGETS})
    fold.sell(13_000_000, "a")
    fold.plan = a_plan(rule, goals=(QUARTER,), number=2)
    for name in ("b", "c"):
        fold.sell(1, name)

    noted = [verdict.rule.shadow for verdict in fold.verdicts]
    assert [True, True, False, False] == noted
    assert (50_000, 30_000) * 2 == fold.paid()
    assert set() == set(BONUS.counters(rule)) & set(BONUS.counters(replace(rule, shadow=True)))


def test_a_withheld_bonus_is_paid_when_it_is_judged_again_and_only_once() -> None:
    fold = Fold(a_plan(a_rule(BONUS), goals=(QUARTER,)), {"ann": TARGETS})
    fold.strangers = frozenset({"ann"})
    fold.sell(13_000_000, "a")
    fold.retry()
    fold.sell(1, "b")
    assert () == fold.paid()

    fold.strangers = frozenset()
    fold.retry()
    fold.retry()
    fold.sell(1, "c")
    assert (50_000, 30_000) == fold.paid()


BANDS = (Band(0, 200), Band(5_000, 300))


@pytest.mark.parametrize(
    ("before", "after", "goes_on"),
    [
        (BONUS, replace(BONUS, at_goal_minor=1, at_stretch_minor=0), True),
        (BONUS, replace(BONUS, goal="R"), False),
        (BONUS, Flat("DEMO", 50), False),
        (Flat("DEMO", 50), BONUS, False),
        (Flat("DEMO", 50), Flat("POC", 60), True),
        (MilestoneSplit(300), MilestoneSplit(200, 0), True),
        (MilestoneSplit(300), PercentOfDeal(300), False),
        (Tiered("Q", BANDS), Tiered("Q", BANDS), True),
        (Tiered("Q", BANDS), Tiered("R", BANDS), False),
        (Tiered("Q", BANDS), Tiered("Q", BANDS[:1]), False),
        (Tiered("Q", BANDS), Tiered("Q", BANDS, retrospective=True), False),
        (Tiered("Q", BANDS), Tiered("Q", BANDS, of_target=True), False),
        (Tiered("Q", BANDS), BONUS, False),
    ],
)
def test_a_code_goes_on_only_with_what_its_counters_mean(
    before: Mechanic, after: Mechanic, goes_on: bool
) -> None:
    """Else what was counted by one goal or band would decide on pay by another."""
    assert goes_on is a_rule(after).goes_on(a_rule(before))
    assert not a_rule(after, Level.PARTNER).goes_on(a_rule(before))
    assert not a_rule(after, asset="EUR").goes_on(a_rule(before))
    assert goes_on is a_rule(after).goes_on(a_rule(before, shadow=True))
