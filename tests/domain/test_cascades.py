"""Cascades: targets that sum up from people to teams to the company, or are refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import cascades
from portal_api.domain.cascades import Below
from portal_api.domain.errors import GoalsDoNotAddUp, InvalidInput
from portal_api.domain.goals import COMPANY, NOTHING, GoalSheet, Target

SHEET = GoalSheet("p.g", "p", "g")
PARENTS = {"ann": "team.a", "bob": "team.a", "cat": "team.b", "dan": COMPANY}
TARGETS = {
    COMPANY: Target(100, 200),
    "team.a": Target(50, 80),
    "team.b": Target(30, 70),
    "individual.ann": Target(20, 40),
    "individual.bob": Target(30, 40),
    "individual.cat": Target(30, 70),
    "individual.dan": Target(20, 50),
}


def cascaded(
    targets: dict[str, Target] | None = None,
    over: dict[str, Target] | None = None,
    sheet: GoalSheet = SHEET,
) -> GoalSheet:
    """The worked tree, or another."""
    named = TARGETS if targets is None else targets
    parents = {who: PARENTS[who] for who in PARENTS if f"individual.{who}" in named}
    return cascades.cascaded(sheet, "Q", named, parents, over or {})


def test_a_tree_that_sums_up_is_accepted_and_told_level_by_level() -> None:
    sheet = cascaded()

    cascades.check(sheet, "Q", "USD")

    assert Below(TARGETS[COMPANY], NOTHING, TARGETS[COMPANY]) == cascades.below(sheet, "Q", COMPANY)
    assert ("team.a", "team.b", "individual.dan") == cascades.children(sheet, "Q", COMPANY)
    assert ("team.a", "team.b") == cascades.teams_of(sheet, "Q")
    assert cascades.below(sheet, "Q", "individual.ann") is None
    assert cascades.below(sheet, "H", COMPANY) is None


@pytest.mark.parametrize(
    ("party", "target", "told"),
    [
        ("individual.ann", Target(21, 40), ("Team:p.a", False, "0.51", "0.50", "0.01")),
        ("individual.ann", Target(20, 39), ("Team:p.a", True, "0.79", "0.80", "-0.01")),
        ("individual.dan", Target(10, 50), ("Partner:p", False, "0.90", "1.00", "-0.10")),
        ("team.b", Target(29, 70), ("Partner:p", False, "0.99", "1.00", "-0.01")),
        (COMPANY, Target(100, 201), ("Partner:p", True, "2.00", "2.01", "-0.01")),
    ],
)
def test_what_does_not_sum_up_is_refused_with_the_difference(
    party: str, target: Target, told: tuple[str, bool, str, str, str]
) -> None:
    """Whose children, goals or stretch goals, and in the unit of the goal."""
    with pytest.raises(GoalsDoNotAddUp) as refused:
        cascades.check(cascaded({**TARGETS, party: target}), "Q", "USD")

    found = refused.value
    assert told == (
        found.party_id,
        found.stretch,
        found.sum_below,
        found.expected,
        found.difference,
    )


def test_a_count_is_told_as_a_count() -> None:
    with pytest.raises(GoalsDoNotAddUp) as refused:
        cascades.check(cascaded({**TARGETS, COMPANY: Target(99, 200)}), "Q", None)

    assert ("100", "99", "1") == (
        refused.value.sum_below,
        refused.value.expected,
        refused.value.difference,
    )


def test_what_is_declared_as_assigned_beyond_a_target_is_expected_below_it() -> None:
    """No more, and no less."""
    over = {COMPANY: Target(10, 0), "team.a": Target(0, 5)}
    targets = {
        **TARGETS,
        "individual.bob": Target(30, 45),
        "individual.dan": Target(30, 50),
    }

    cascades.check(cascaded(targets, over), "Q", "USD")

    for wrong in ({}, {COMPANY: Target(10, 0)}, {**over, COMPANY: Target(11, 0)}):
        with pytest.raises(GoalsDoNotAddUp):
            cascades.check(cascaded(targets, wrong), "Q", "USD")


@pytest.mark.parametrize(
    "over",
    [
        {COMPANY: Target(-1, 0)},
        {COMPANY: Target(0, -1)},
        {"team.c": Target(1, 1)},
        {"individual.ann": Target(1, 1)},
    ],
)
def test_nothing_is_assigned_beyond_what_has_no_target_or_nobody_below(
    over: dict[str, Target],
) -> None:
    with pytest.raises(InvalidInput):
        cascaded(over=over)


def test_a_level_may_be_left_out() -> None:
    """Sums are held against targets that there are: a team without one asks for none."""
    people = {party: TARGETS[party] for party in TARGETS if party.startswith("individual.")}
    for targets in (
        people,
        {"team.a": Target(1, 1), "team.b": Target(9, 9)},
        {COMPANY: Target(5, 5)},
        {COMPANY: Target(20, 50), **people},
    ):
        cascades.check(cascaded(targets), "Q", "USD")


def test_a_cascade_replaces_its_goal_and_no_other() -> None:
    other = cascades.cascaded(SHEET, "H", {COMPANY: Target(1, 2)}, {}, {})
    both = cascaded(over={}, sheet=other)

    again = cascades.cascaded(both, "Q", {COMPANY: Target(7, 7)}, {}, {})

    assert {COMPANY: {"H": Target(1, 2), "Q": Target(7, 7)}} == again.targets
    assert {} == again.members
    assert other == both.without("Q")


def test_who_moves_stays_below_its_old_team_until_its_target_is_set_anew() -> None:
    sheet = cascaded()

    moved = sheet.with_target("individual.ann", "Q", Target(20, 40), "team.b")

    assert ("individual.bob",) == cascades.children(moved, "Q", "team.a")
    assert ("individual.cat", "individual.ann") == cascades.children(moved, "Q", "team.b")
    with pytest.raises(GoalsDoNotAddUp):
        cascades.check(moved, "Q", "USD")


def test_a_sheet_has_an_end() -> None:
    """Below the largest item of a table, with room for names."""
    many = {f"individual.{number}": Target(1, 1) for number in range(cascades.MAX_TARGETS)}
    sheet = replace(SHEET, targets={party: {"Q": target} for party, target in many.items()})
    cascades.check(sheet, "Q", None)

    with pytest.raises(InvalidInput):
        cascades.check(sheet.with_target(COMPANY, "Q", Target(1, 1)), "Q", None)


people = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.sampled_from([COMPANY, "team.a", "team.b", "team.c"]),
    min_size=1,
    max_size=30,
)


amounts = st.integers(0, 10**15)


@given(parents=people, goal=st.integers(30, 10**15), more=amounts, beyond=amounts, further=amounts)
def test_any_equal_division_sums_up(
    parents: dict[str, str], goal: int, more: int, beyond: int, further: int
) -> None:
    """Whatever is divided, between whomever, with whatever is assigned beyond it."""
    whole, over = Target(goal, goal + more), Target(beyond, beyond + further)

    found = cascades.divided(whole + over, parents)

    cascades.check(
        cascades.cascaded(SHEET, "Q", {COMPANY: whole, **found}, parents, {COMPANY: over}),
        "Q",
        "USD",
    )
    shares = [found[f"individual.{person}"] for person in parents]
    for parts in ([one.goal for one in shares], [one.stretch for one in shares]):
        assert 1 >= max(parts) - min(parts)
    assert all(0 < one.goal <= one.stretch for one in found.values())


@pytest.mark.parametrize("parents", [{}, {"ann": COMPANY, "bob": "team.a"}])
def test_a_goal_is_not_divided_between_nobody_or_into_nothing(parents: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        cascades.divided(Target(1, 5), parents)
