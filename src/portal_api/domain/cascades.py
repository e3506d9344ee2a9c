"""Cascades: targets of a company, its teams and its people, which sum up from below.

Below a company are its teams and the people without a team, below a team its members: whoever was
one when the target was set, so that somebody who moves breaks no sum. Wherever a party has a target
and any below it have one, those sum to it, or to it and what is declared as assigned beyond it:
goals and stretch goals each. Worked example: a company of 100,000.00 with 20,000.00 assigned beyond
it has teams of 70,000.00 and 50,000.00; with 69,999.99 and 50,000.00 it is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from portal_api.domain.errors import GoalsDoNotAddUp, InvalidInput
from portal_api.domain.goals import COMPANY, NOTHING, GoalSheet, Level, Target, party_of
from portal_api.domain.money import split, to_text

MAX_TARGETS = 3_000
"""Of one partner in one program: some 110 bytes each, of the 400 KB that an item may have."""
MAX_AT_ONCE = 1_800
"""Of one goal: as many counts as fit into a request of 256 KB; of money it holds some 1,100."""

_TEAM = f"{Level.TEAM.lower()}."


@dataclass(frozen=True, slots=True)
class Below:
    """What is assigned below a party that has targets below it.

    ``expected`` is its own target and what is assigned beyond it; none where it has no target.
    """

    summed: Target
    over: Target
    expected: Target | None

    @property
    def adds_up(self) -> bool:
        """Whether the sum is what is expected; also where nothing is."""
        return self.expected in (None, self.summed)


def below(sheet: GoalSheet, goal: str, party: str) -> Below | None:
    """What is assigned below a company or team; none where nobody below it has a target."""
    found = [sheet.target(child, goal) for child in children(sheet, goal, party)]
    if not found:
        return None
    own, over = sheet.target(party, goal), sheet.over.get(party, {}).get(goal, NOTHING)
    summed = sum((target for target in found if target is not None), NOTHING)
    return Below(summed, over, own + over if own is not None else None)


def children(sheet: GoalSheet, goal: str, party: str) -> tuple[str, ...]:
    """The parties below one that have a target of the goal."""
    people = sheet.members.get(party, {}).get(goal, ())
    named = [party_of(Level.INDIVIDUAL, person) for person in people]
    if party == COMPANY:
        named = [*(one for one in sheet.targets if one.startswith(_TEAM)), *named]
    return tuple(one for one in named if sheet.target(one, goal) is not None)


def teams_of(sheet: GoalSheet, goal: str) -> tuple[str, ...]:
    """The teams that have a target of the goal, or below which somebody has one."""
    named = dict.fromkeys((*sheet.targets, *sheet.members))
    return tuple(
        one
        for one in sorted(named)
        if one.startswith(_TEAM)
        and (sheet.target(one, goal) is not None or children(sheet, goal, one))
    )


def check(sheet: GoalSheet, goal: str, currency: str | None) -> None:
    """Raises ``GoalsDoNotAddUp`` where targets do not sum up to the one above them.

    ``currency`` is that of a goal of revenue.
    """
    if sum(len(of_goals) for of_goals in sheet.targets.values()) > MAX_TARGETS:
        raise InvalidInput(f"A partner has at most {MAX_TARGETS} targets in a program.", "targets")
    for party in (COMPANY, *teams_of(sheet, goal)):
        found = below(sheet, goal, party)
        if found is None or found.expected is None or found.adds_up:
            continue
        stretch = found.summed.goal == found.expected.goal
        summed, expected = (
            (target.stretch if stretch else target.goal)
            for target in (found.summed, found.expected)
        )
        raise _refused(sheet, party, (summed, expected), stretch, currency)


def _refused(
    sheet: GoalSheet, party: str, sums: tuple[int, int], stretch: bool, currency: str | None
) -> GoalsDoNotAddUp:
    summed, expected, difference = (
        to_text(value, currency) if currency else f"{value}" for value in (*sums, sums[0] - sums[1])
    )
    kind = "stretch goals" if stretch else "goals"
    whose, named = "company", f"Partner:{sheet.partner_id}"
    if party != COMPANY:
        whose, named = "team", f"Team:{sheet.partner_id}.{party.removeprefix(_TEAM)}"
    text = (
        f"The {kind} below the {whose} sum to {summed}, and its own with what is declared as"
        f" assigned beyond it is {expected}."
    )
    return GoalsDoNotAddUp(text, named, stretch, summed, expected, difference)


def cascaded(
    sheet: GoalSheet,
    goal: str,
    targets: Mapping[str, Target],
    parents: Mapping[str, str],
    over: Mapping[str, Target],
) -> GoalSheet:
    """The sheet with these targets of a goal and no others, by party.

    ``parents``: whose member each person is. ``over``: what is assigned below a party beyond its
    own target; raises ``InvalidInput`` where that is less than nothing, or of nobody.
    """
    left = sheet.without(goal)
    found = {party: dict(of_goals) for party, of_goals in left.targets.items()}
    for party, target in targets.items():
        found.setdefault(party, {})[goal] = target
    named: dict[str, list[str]] = {}
    for person, parent in parents.items():
        named.setdefault(parent, []).append(person)
    members = {party: dict(of_goals) for party, of_goals in left.members.items()}
    for parent, people in named.items():
        members.setdefault(parent, {})[goal] = tuple(people)
    beyond = {party: dict(of_goals) for party, of_goals in left.over.items()}
    for party, more in over.items():
        beyond.setdefault(party, {})[goal] = more
    changed = replace(left, targets=found, members=members, over=beyond)
    for party, more in over.items():
        if min(more.goal, more.stretch) < 0:
            raise InvalidInput("What is assigned beyond a target is no debt.", "overAssigned")
        if party not in targets or not children(changed, goal, party):
            text = "Only with a target of its own, and targets below it, is more assigned than it."
            raise InvalidInput(text, "overAssigned")
    return changed


def divided(whole: Target, parents: Mapping[str, str]) -> dict[str, Target]:
    """A company's target in equal parts for its people, and for each team the sum of its people's.

    ``parents``: whose member each person is. Parts differ by one unit at most, and sum up exactly.
    Raises ``InvalidInput`` where there is nobody, or somebody would have nothing to aim at.
    """
    people = sorted(parents)
    if not people or whole.goal < len(people):
        text = f"{whole.goal} cannot be divided between {len(people)} people."
        raise InvalidInput(text, "divideEqually")
    targets: dict[str, Target] = {}
    for person, part in zip(people, _equal_parts(whole, len(people)), strict=True):
        targets[party_of(Level.INDIVIDUAL, person)] = part
        parent = parents[person]
        if parent != COMPANY:
            targets[parent] = targets.get(parent, NOTHING) + part
    return targets


def _equal_parts(whole: Target, count: int) -> Iterator[Target]:
    """Each stretch goal is at least its goal: both are rounded up for the same first ones."""
    weights: Sequence[int] = (1,) * count
    for goal, stretch in zip(
        split(whole.goal, weights), split(whole.stretch, weights), strict=True
    ):
        yield Target(goal, stretch)
