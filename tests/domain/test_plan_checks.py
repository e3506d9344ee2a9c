"""What is said of a plan before it is published: problems, warnings, and its largest case."""

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain import plan_checks
from portal_api.domain.activities import DEAL_REGISTERED, DEAL_WON
from portal_api.domain.deals import MAX_PEOPLE
from portal_api.domain.errors import Refusal
from portal_api.domain.goals import Level, Measure
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.rebate import Band as RebateBand
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.partners import Role, Segment
from portal_api.domain.plan_checks import PlanWarningCode
from portal_api.domain.plans import Limit, Mechanic, Period, PlanVersion, PointValue, Rule
from tests.domain.facts import PROGRAM, QUARTER, a_plan, a_rule
from tests.domain.facts import T0 as START
from tests.domain.fold import Fold

LARGEST = 10**12
TRAINING = Flat("TRAINING", 50)
PLAN = a_plan(
    a_rule(MilestoneSplit(300), code="deals"),
    a_rule(GoalBonus("Q", 50_000, 30_000), code="bonus"),
    goals=(QUARTER,),
)
CALLS = replace(QUARTER, code="C", measure=Measure.BEHAVIOR_COUNT, behavior="CALL")


def only(mechanic: Mechanic, **changes: Any) -> dict[str, Any]:
    """A plan of this one rule, with the goal Q."""
    return {"rules": (a_rule(mechanic, **changes),)}


def many(mechanic: Mechanic, count: int, **changes: Any) -> dict[str, Any]:
    """A plan of so many rules that are alike."""
    return {
        "rules": tuple(a_rule(mechanic, code=f"r{number}", **changes) for number in range(count))
    }


def banded(*bands: tuple[int, int], **changes: Any) -> dict[str, Any]:
    """A plan of one tiered rule."""
    return only(Tiered("Q", tuple(Band(*band) for band in bands), **changes))


def rebate(period: Period, *starts: int, **changes: Any) -> dict[str, Any]:
    """A plan of one rebate."""
    bands = tuple(RebateBand(start, 100) for start in starts)
    return only(Rebate(period, bands, **changes), level=Level.PARTNER)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rules": ()}, "at least one rule"),
        ({"rules": (PLAN.rules[0], PLAN.rules[0])}, "rule code deals is used twice"),
        ({"goals": (QUARTER, QUARTER)}, "goal code Q is used twice"),
        ({"goals": (replace(QUARTER, ends_at=START),)}, "Q ends before it starts"),
        ({"goals": (QUARTER, replace(CALLS, behavior=None))}, "Goal C names a behavior if"),
        ({"goals": (QUARTER, replace(QUARTER, code="C", behavior="CALL"))}, "and else none"),
        ({"goals": ()}, "the goal Q, which the plan does not define"),
        (only(MilestoneSplit(300), level=Level.TEAM), "pays a team"),
        (only(PercentOfDeal(300), level=Level.TEAM), "pays a team"),
        (only(Uplift(("DEMO",), 1, 2), level=Level.TEAM), "pays a team"),
        (only(Flat(DEAL_WON, 50), level=Level.TEAM), "pays a team for a sale"),
        (only(TRAINING, code=""), "is no code"),
        (only(TRAINING, code="a:b"), "'a:b' is no code"),
        (only(TRAINING, code="x" * 61), "is no code"),
        (only(TRAINING, name=" "), "has no name"),
        (only(TRAINING, name="x" * 201), "has no name"),
        (only(TRAINING, asset="usd"), "is no asset"),
        (only(TRAINING, segment=Segment(roles=(Role.ADMIN,))), "a role that does not earn"),
        ({"goals": (QUARTER, replace(QUARTER, code="Q#2"))}, "'Q#2' is no code"),
        (only(Flat("TRAINING", 0)), "flat amount"),
        (only(Flat("TRAINING", LARGEST + 1)), "flat amount"),
        (only(GoalBonus("Q", 0, 1)), "more than zero at the goal"),
        (only(GoalBonus("Q", 1, -1)), "not less than zero at the stretch"),
        (only(GoalBonus("Q", 1, LARGEST + 1)), "at most 10^12"),
        (only(MilestoneSplit(0)), "basis points"),
        (only(MilestoneSplit(10_001)), "basis points"),
        (only(MilestoneSplit(300, -1)), "weights"),
        (only(MilestoneSplit(300, 1, 0)), "winning weighs more than zero"),
        (only(MilestoneSplit(300, 1, 10**7)), "at most a million"),
        (only(PercentOfDeal(0)), "basis points"),
        (only(PercentOfDeal(300, -1)), "cap of a deal"),
        (only(MilestoneSplit(300), asset="EUR"), "so in USD only"),
        (only(Uplift(("DEMO",), 1, 2), asset="POINTS"), "or in points that have a value"),
        (only(Uplift(("DEMO",), 300, 300)), "less than its uplifted rate"),
        (only(Uplift(("DEMO",), -1, 300)), "not negative"),
        (only(Uplift(("DEMO",), 1, 10_001)), "at most 10,000"),
        (only(Uplift((), 1, 2)), "1 to 5 behaviors"),
        (only(Uplift(tuple("ABCDEF"), 1, 2)), "1 to 5 behaviors"),
        (only(Uplift((DEAL_WON,), 1, 2)), "1 to 5 behaviors"),
        (only(Uplift(("DEMO", "DEAL_SUBMITTED"), 1, 2)), "or DEAL_REGISTERED"),
        (only(Overlay("POC", 0)), "overlay is larger than zero"),
        (only(Overlay("POC", 1, -1)), "overlay waits"),
        (only(Overlay("POC", 1, 3_661)), "overlay waits"),
        (only(Overlay(DEAL_WON, 1)), "not for its changes"),
        (only(Tiered("H", (Band(0, 1),))), "H, which is no goal of won revenue"),
        (
            {**only(Tiered("C", (Band(0, 1),))), "goals": (CALLS,)},
            "C, which is no goal of won revenue",
        ),
        (banded(), "1 to 10 bands"),
        (banded((1, 1)), "start at 0"),
        (banded((0, 1), (5, 1), (5, 2)), "and rise"),
        (banded((0, 1), (9, 1), (5, 2)), "and rise"),
        (banded(*((number, 1) for number in range(11))), "1 to 10 bands"),
        (banded((0, 1), (10**15 + 1, 1)), "10^15 at most"),
        (banded((0, -1)), "from 0 to 10,000"),
        (banded((0, 1), (5, 10_001)), "from 0 to 10,000"),
        (rebate(Period.YEAR), "1 to 10 bands"),
        (rebate(Period.YEAR, 1), "start at 0"),
        (rebate(Period.DAY, 0), "A rebate is of a month"),
        (rebate(Period.WEEK, 0), "A rebate is of a month"),
        (rebate(Period.PROGRAM, 0, growth=True), "no year before"),
        (only(Rebate(Period.YEAR, (RebateBand(0, 1),)), level=Level.INDIVIDUAL), "pays an indiv"),
        (only(Rebate(Period.YEAR, (RebateBand(0, 1),)), level=Level.TEAM), "pays a team"),
        (
            only(Rebate(Period.YEAR, (RebateBand(0, 1),)), level=Level.PARTNER, asset="EUR"),
            "so in USD only",
        ),
        ({"point_value": PointValue(0, 1)}, "Points are worth something"),
        ({"point_value": PointValue(1, LARGEST + 1)}, "Points are worth something"),
        ({"point_value": PointValue(101, 1)}, "At most 100 points"),
        ({"point_value": PointValue(LARGEST, LARGEST // 100 - 1)}, "At most 100 points"),
        (only(TRAINING, limits=(Limit(Period.DAY),)), "a count or an amount"),
        (only(TRAINING, limits=(Limit(Period.DAY, 0),)), "larger than zero"),
        (only(TRAINING, limits=(Limit(Period.DAY, 1, 0),)), "larger than zero"),
        (
            only(TRAINING, limits=(Limit(Period.DAY, 1), Limit(Period.DAY, None, 5))),
            "two limits of the same period",
        ),
        (
            {
                "rules": tuple(
                    a_rule(TRAINING, code=f"r{number}", limits=(Limit(Period.DAY, 1),))
                    for number in range(3)
                )
            },
            "limit by longer ones",
        ),
        (
            {
                "rules": tuple(
                    a_rule(Flat(f"B{number}", 1), code=f"r{number}") for number in range(31)
                )
            },
            "at most 30 rules",
        ),
        (
            {"goals": (QUARTER, *(replace(QUARTER, code=f"G{number}") for number in range(20)))},
            "20 goals",
        ),
        (many(MilestoneSplit(300), 6), "a transaction takes 100"),
        (many(MilestoneSplit(300), 7, level=Level.PARTNER), "a journal takes 50"),
        (many(PercentOfDeal(300), 26, level=Level.PARTNER), "a journal takes 50"),
    ],
)
def test_a_plan_that_contradicts_itself_is_told_what_is_wrong(
    changes: dict[str, Any], problem: str
) -> None:
    found = plan_checks.problems(replace(PLAN, **changes), PROGRAM)

    assert {True} == {problem in sentence for sentence in found}


def test_all_problems_are_told_at_once_and_a_good_plan_has_none() -> None:
    rules = (a_rule(Flat("TRAINING", 0)), a_rule(MilestoneSplit(0)))

    assert 3 == len(plan_checks.problems(replace(PLAN, rules=rules), PROGRAM))
    assert () == plan_checks.problems(PLAN, PROGRAM)


@pytest.mark.parametrize(
    "changes",
    [
        only(TRAINING, level=Level.TEAM),
        only(GoalBonus("Q", 1), level=Level.TEAM),
        only(Uplift((DEAL_REGISTERED,), 0, 10_000)),
        only(Overlay("POC", 1)),
        banded(*((number, 0) for number in range(10)), retrospective=True, of_target=True),
        only(GoalBonus("Q", 1), level=Level.TEAM, limits=(Limit(Period.QUARTER, 1),)),
        only(Flat("DEAL_LOST", 50), level=Level.TEAM),
        many(MilestoneSplit(300), 6, level=Level.PARTNER),
        many(MilestoneSplit(300), 20, shadow=True),
        {**only(PercentOfDeal(1), asset="POINTS"), "point_value": PointValue(3, 7)},
        {**only(PercentOfDeal(1), asset="POINTS"), "point_value": PointValue(100, 1)},
        only(TRAINING, asset="POINTS"),
        only(TRAINING, limits=tuple(Limit(period, 1, 1) for period in Period)),
        rebate(Period.PROGRAM, 0, 10**15),
        rebate(Period.MONTH, 0, 10_000, growth=True),
    ],
)
def test_what_is_at_the_edge_but_right_can_be_published(changes: dict[str, Any]) -> None:
    assert () == plan_checks.problems(replace(PLAN, **changes), PROGRAM)


@pytest.mark.parametrize(
    ("rules", "warned"),
    [
        ((a_rule(MilestoneSplit(300)),), False),
        ((a_rule(MilestoneSplit(300, 0, 1)),), True),
        ((a_rule(Flat(DEAL_REGISTERED, 1)),), False),
        ((a_rule(Flat(DEAL_REGISTERED, 1), shadow=True),), True),
        ((a_rule(Uplift((DEAL_REGISTERED,), 1, 2)),), False),
        ((a_rule(PercentOfDeal(300)), a_rule(TRAINING)), True),
    ],
)
def test_a_plan_that_does_not_make_registering_worthwhile_is_warned_about(
    rules: tuple[Rule, ...], warned: bool
) -> None:
    """Domain rule 3.4: it can be published all the same."""
    expected = [PlanWarningCode.REGISTRATION_NOT_PAID] if warned else []

    assert expected == [warning.code for warning in plan_checks.warnings(a_plan(*rules))]


mechanics: st.SearchStrategy[Mechanic] = st.sampled_from(
    [
        TRAINING,
        Flat(DEAL_WON, 1),
        MilestoneSplit(300),
        PercentOfDeal(300),
        Uplift(("TRAINING",), 1, 2),
        Overlay("TRAINING", 1),
        GoalBonus("Q", 1, 1),
        Tiered("Q", (Band(0, 1),)),
        Rebate(Period.YEAR, (RebateBand(0, 1),)),
    ]
)
rules = st.builds(
    lambda mechanic, level, shadow: a_rule(
        mechanic, level if level in mechanic.levels else Level.PARTNER, shadow=shadow
    ),
    mechanics,
    st.sampled_from(Level),
    st.booleans(),
)


@given(first=st.lists(rules, max_size=8), more=st.lists(rules, max_size=4))
def test_a_plan_with_more_rules_never_writes_less(first: list[Rule], more: list[Rule]) -> None:
    """Invariant of the bound: leaving out a rule is always the way back below it."""

    def items(found: list[Rule]) -> int:
        plan: PlanVersion = a_plan(*found, goals=(QUARTER,))
        return plan_checks.most_items(plan)

    assert items(first) <= items(first + more)
    paying = [rule for rule in more if not rule.shadow]
    if paying and first:
        assert items(first) <= items(first + paying) <= items(first + more)


def test_each_further_rule_on_a_sale_costs_its_earnings_for_everybody_credited() -> None:
    one, two = (
        plan_checks.most_items(
            a_plan(*(a_rule(MilestoneSplit(300), code=f"r{number}") for number in range(count)))
        )
        for count in (1, 2)
    )

    assert MilestoneSplit(300).items_at_most * MAX_PEOPLE == two - one


def test_a_rule_that_the_plan_drops_may_still_take_back_from_everybody_credited() -> None:
    """A shadow took nothing; a rule that goes on as a shadow may have paid before.

    Where it alone pays a level, it also takes that level's wallet, journal, statement and place in
    the list.
    """
    sale = a_rule(PercentOfDeal(300), code="sale")
    plan, dropped = a_plan(sale), a_rule(MilestoneSplit(300), code="old")

    def more(before: PlanVersion, after: PlanVersion = plan) -> int:
        return plan_checks.most_items(after, (before,)) - plan_checks.most_items(after)

    cuts = (MilestoneSplit(300).items_at_most + 1) // 2
    assert [0, 0, cuts * MAX_PEOPLE, cuts + 4] == [
        more(plan),
        more(a_plan(replace(dropped, shadow=True))),
        more(a_plan(dropped)),
        more(a_plan(replace(dropped, level=Level.PARTNER))),
    ]
    assert cuts * MAX_PEOPLE == more(a_plan(dropped), a_plan(sale, replace(dropped, shadow=True)))


@pytest.mark.parametrize(
    ("mechanic", "moves"),
    [
        (Flat("DEMO", 1), 1),
        (GoalBonus("Q", 1, 1), 2 * MAX_PEOPLE),
        (PercentOfDeal(300), MAX_PEOPLE),
    ],
)
def test_what_is_held_has_a_place_in_a_list_for_each_earning(
    mechanic: Mechanic, moves: int
) -> None:
    """Also where only the version before has held what is taken back now."""
    rule = a_rule(mechanic)
    held = replace(rule, hold_days=30)

    def items(after: Rule, before: Rule | None = None) -> int:
        earlier = [a_plan(before, goals=(QUARTER,))] if before else []
        return plan_checks.most_items(a_plan(after, goals=(QUARTER,)), earlier)

    assert moves == items(held) - items(rule)
    assert items(held) == items(rule, held)


def test_points_that_expire_have_a_place_in_a_list_for_each_wallet() -> None:
    dollars = a_rule(PercentOfDeal(300))
    points = a_rule(Flat(DEAL_WON, 1), asset="POINTS")
    company = replace(points, level=Level.PARTNER)

    def more(*rules: Rule) -> int:
        lasting = a_plan(*rules)
        return plan_checks.most_items(replace(lasting, expire_months=12)) - (
            plan_checks.most_items(lasting)
        )

    assert [0, MAX_PEOPLE, 1] == [more(dollars), more(dollars, points), more(dollars, company)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), 0),
        ((a_rule(TRAINING),), 2),
        ((a_rule(TRAINING), a_rule(Flat("DEMO", 1))), 2),  # Never both at once.
        ((a_rule(PercentOfDeal(300)), a_rule(Flat(DEAL_WON, 1))), 4),
        ((a_rule(PercentOfDeal(300)), a_rule(Flat(DEAL_WON, 1), Level.PARTNER)), 2),
        ((a_rule(PercentOfDeal(300)), a_rule(Flat(DEAL_WON, 1), shadow=True)), 2),
        ((a_rule(Uplift(("DEMO",), 1, 2)),), 4),
        ((a_rule(GoalBonus("Q", 1, 1)),), 4),
        ((a_rule(MilestoneSplit(300)),), 8),
    ],
)
def test_a_journal_is_of_one_wallet_and_one_behavior(
    rules: tuple[Rule, ...], expected: int
) -> None:
    assert expected == plan_checks.most_transfers(a_plan(*rules, goals=(QUARTER,)))


def test_what_may_have_expired_takes_one_transfer_more_where_points_expire() -> None:
    """Of what is there, of what has expired, and what is owed; money never expires."""
    points = a_rule(MilestoneSplit(300), asset="POINTS")
    plan, dollars = a_plan(points), a_plan(replace(points, asset="USD"))
    expiring = replace(plan, expire_months=12)

    assert [8, 12, 12, 8] == [
        plan_checks.most_transfers(plan),
        plan_checks.most_transfers(expiring),
        plan_checks.most_transfers(plan, [expiring]),
        plan_checks.most_transfers(replace(dollars, expire_months=12)),
    ]


def test_what_rules_of_all_earlier_versions_still_end_is_in_the_same_journal() -> None:
    """An overlay waits under every version, a sale was judged by one, a split is begun by one."""
    now = a_plan(a_rule(Flat(DEAL_WON, 1), code="now"))

    def gone(mechanic: Mechanic, *codes: str) -> PlanVersion:
        return a_plan(*(a_rule(mechanic, code=code) for code in codes))

    overlays = [gone(Overlay("DEMO", 1), *codes) for codes in (("a",), ("b", "c"), ("b",), ())]
    sales = [gone(Flat(DEAL_WON, 1), *codes) for codes in (("d",), ("e", "f"), ("g",))]
    splits = [gone(MilestoneSplit(300), code) for code in ("h", "i")]

    def transfers(*earlier: PlanVersion) -> int:
        return plan_checks.most_transfers(now, earlier)

    assert 2 == transfers()
    assert 2 + 3 * 2 == transfers(*overlays)
    assert 2 * 2 == transfers(*sales)
    assert 2 + 8 == transfers(*splits)
    assert 2 == transfers(gone(GoalBonus("Q", 1, 1), "j"), gone(Flat("DEMO", 1), "k"))
    assert plan_checks.most_items(now, overlays[:1]) < plan_checks.most_items(now, overlays)


@settings(max_examples=200)
@given(
    mechanic=st.sampled_from([MilestoneSplit(300), Uplift(("DEMO",), 200, 300), Flat(DEAL_WON, 9)]),
    keep=st.booleans(),
    lived=st.lists(
        st.tuples(
            st.sampled_from(["approve", "win", "win", "demo", "give_back", "reopen", "lose"]),
            st.integers(0, 10**6),
        ),
        max_size=14,
    ),
)
def test_no_mechanic_moves_more_at_once_than_it_says(
    mechanic: Mechanic, keep: bool, lived: list[tuple[str, int]]
) -> None:
    """Each part and each take-back is one to three transfers: what is there, expired and owed."""
    if isinstance(mechanic, MilestoneSplit):
        mechanic = replace(mechanic, keep_on_loss=keep)
    fold = Fold(a_plan(a_rule(mechanic)))
    fold.submit(1_000_000)
    early = fold.now
    for event, amount_minor in lived:
        before = len(fold.moved)
        with contextlib.suppress(Refusal):
            if event == "demo":
                fold.did("DEMO", name="d", at=early)
            elif event == "win":
                fold.win(amount_minor)
            else:
                getattr(fold, event)()
        assert 3 * (len(fold.moved) - before) <= mechanic.transfers_at_most
