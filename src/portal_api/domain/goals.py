"""Goals: what is measured in a window, a party's targets and progress, and the pay at each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from portal_api.domain.activities import (
    DEAL_REGISTERED,
    DEAL_RETURNED,
    DEAL_WON,
    Activity,
)
from portal_api.domain.deals import Deal
from portal_api.domain.errors import InvalidInput
from portal_api.domain.money import split


class Level(StrEnum):
    """For whom a goal counts, and to whom a rule pays."""

    PARTNER = "PARTNER"
    TEAM = "TEAM"
    INDIVIDUAL = "INDIVIDUAL"


class Measure(StrEnum):
    """What a goal counts."""

    WON_REVENUE = "WON_REVENUE"
    """Final amounts of won deals, in minor units of the program's currency."""
    DEALS_REGISTERED = "DEALS_REGISTERED"
    BEHAVIOR_COUNT = "BEHAVIOR_COUNT"
    CERTIFIED_PEOPLE = "CERTIFIED_PEOPLE"
    """People who have done the goal's behavior, each once, where it was recorded first."""


OF_BEHAVIOR = frozenset({Measure.BEHAVIOR_COUNT, Measure.CERTIFIED_PEOPLE})
"""The measures that name a behavior."""


LARGEST_TARGET = 10**15
SMALLEST_GROUP = 3
"""An executive sees no total of fewer people (domain section 2.6)."""

COMPANY = "partner"
"""The partner itself, as a goal sheet and a progress name it."""
T = TypeVar("T")
_PERSON = f"{Level.INDIVIDUAL.lower()}."
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class GoalDefinition:
    """What a goal of a plan counts, from ``starts_at`` up to but without ``ends_at``."""

    code: str
    name: str
    measure: Measure
    starts_at: datetime
    ends_at: datetime
    behavior: str | None = None

    def counts_as(self, other: "GoalDefinition") -> bool:
        """Whether both count the same, so that they may share a counter."""
        return replace(self, name=other.name) == other

    @property
    def counts(self) -> frozenset[str]:
        """The behaviors that change it."""
        if self.measure is Measure.WON_REVENUE:
            return frozenset({DEAL_WON, DEAL_RETURNED})
        if self.measure is Measure.DEALS_REGISTERED:
            return frozenset({DEAL_REGISTERED})
        return frozenset({self.behavior} if self.behavior else ())

    def counted(self, activity: Activity, deal: Deal | None, part: "Part") -> int:
        """How much an activity adds to this goal of a party that has ``part`` in it.

        A return takes off what was added, in the window of the sale.
        """
        if activity.behavior not in self.counts:
            return 0
        if self.measure is Measure.CERTIFIED_PEOPLE:
            return int(part.own and self.code in part.certifies)
        if self.measure is Measure.WON_REVENUE:
            if deal is None or deal.closed_at is None or not self._covers(deal.closed_at):
                return 0
            return part.share_minor if activity.behavior == DEAL_WON else -part.share_minor
        return int(part.own and self._covers(activity.occurred_at))

    def added_by(self, activity: Activity, person: str) -> int:
        """How much a recorded activity has added to this goal of a person.

        Of a return as if it was of a sale in the goal's time.
        """
        if activity.behavior not in self.counts:
            return 0
        if self.measure is Measure.CERTIFIED_PEOPLE:
            return int(self.code in activity.certifies)
        if not self._covers(activity.occurred_at):
            return 0
        if self.measure is not Measure.WON_REVENUE:
            return int(activity.individual_id == person)
        shares = activity.deal_shares or ((activity.individual_id, 1),)
        parts = split(activity.deal_amount_minor or 0, [weight for _, weight in shares])
        own = sum(part for (who, _), part in zip(shares, parts, strict=True) if who == person)
        return own if activity.behavior == DEAL_WON else -own

    def may_certify(self, activity: Activity) -> bool:
        """Whether it counts a person for this activity, if it has not counted that person yet."""
        counts_people = self.measure is Measure.CERTIFIED_PEOPLE
        return (
            counts_people
            and activity.behavior in self.counts
            and self._covers(activity.occurred_at)
        )

    def _covers(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at


@dataclass(frozen=True, slots=True)
class Part:
    """A party's part in an activity: its share of the deal, and whether it is its own doing.

    ``certifies`` are the goals of certified people that count the person for the first time.
    """

    share_minor: int = 0
    own: bool = True
    certifies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """A goal and its stretch goal, in the goal's own unit."""

    goal: int
    stretch: int

    def __add__(self, other: "Target") -> "Target":
        """Both summed."""
        return Target(self.goal + other.goal, self.stretch + other.stretch)


NOTHING = Target(0, 0)


@dataclass(frozen=True, slots=True)
class GoalSheet:
    """All targets of one partner in one program, by party and goal code, in one item.

    One item, so that a change of one target is checked against all others in one write. A party is
    ``partner``, ``team.ID`` or ``individual.ID``. ``id`` names partner and program. ``members``:
    the ids of the people whose targets count below a team, or for want of one below the partner, by
    that party and goal code: of the team that a person was in when the target was set. ``over``:
    what is assigned below a party beyond its own target.
    """

    id: str
    partner_id: str
    program_id: str
    targets: Mapping[str, Mapping[str, Target]] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    over: Mapping[str, Mapping[str, Target]] = field(default_factory=dict)
    version: int = 0

    def target(self, party: str, goal: str) -> Target | None:
        """A party's target for a goal of the plan, if one was set."""
        return self.targets.get(party, {}).get(goal)

    def with_target(
        self, party: str, goal: str, target: Target, below: str | None = None
    ) -> "GoalSheet":
        """The sheet with one target set or replaced; ``below``: whose member a person is."""
        changed = {**self.targets.get(party, {}), goal: target}
        targets = {**self.targets, party: changed}
        if below is None:
            return replace(self, targets=targets)
        person = party.removeprefix(_PERSON)
        members = {
            parent: {
                code: tuple(one for one in people if code != goal or one != person)
                for code, people in of_goals.items()
            }
            for parent, of_goals in self.members.items()
        }
        siblings = members.get(below, {})
        joined = {**siblings, goal: (*siblings.get(goal, ()), person)}
        return replace(self, targets=targets, members={**members, below: joined})

    def without(self, goal: str) -> "GoalSheet":
        """The sheet without any target of one goal."""

        def left(by_party: Mapping[str, Mapping[str, T]]) -> dict[str, dict[str, T]]:
            kept = {
                party: {code: value for code, value in of_goals.items() if code != goal}
                for party, of_goals in by_party.items()
            }
            return {party: of_goals for party, of_goals in kept.items() if of_goals}

        return replace(
            self, targets=left(self.targets), members=left(self.members), over=left(self.over)
        )


def party_of(level: Level, party_id: str) -> str:
    """How a goal sheet and a progress name a party of a level.

    ``party_id`` is that of team or person.
    """
    return COMPANY if level is Level.PARTNER else f"{level.lower()}.{party_id}"


@dataclass(frozen=True, slots=True)
class Progress:
    """A party's counters in one program, in one item. ``id`` names partner, program and party.

    ``counters`` only change by addition: ``deals``, ``won``, ``won_minor``; ``earned:ASSET`` (what
    individuals were paid, net of what was taken back) and ``company:ASSET`` (what the partner was),
    in minor units; ``earners:ASSET`` (individuals who were paid, net), of a company also
    ``teamless:ASSET`` (those paid in no team), of a person ``among:TEAM:ASSET`` (what it was paid
    in each); ``goal:CODE``;
    ``reached:CODE`` (the largest target that was told to be reached);
    ``bonus:RULE:STEP`` (1 once decided); what a mechanic keeps for itself; ``count:RULE:PERIOD``
    and ``amount:RULE:PERIOD`` of rules with limits, ``under:CONSENT:ASSET`` of a consent with a
    cap and what renews it, both net.
    """

    id: str
    counters: Mapping[str, int] = field(default_factory=dict)
    version: int = 0

    def count(self, counter: str) -> int:
        """A counter, 0 where nothing was counted yet."""
        return self.counters.get(counter, 0)

    def by_asset(self, prefix: str) -> dict[str, int]:
        """The counters that begin so, such as ``earned:``, by the asset that they end with."""
        return {
            name.removeprefix(prefix): amount
            for name, amount in sorted(self.counters.items())
            if name.startswith(prefix)
        }

    def plus(self, added: Mapping[str, int]) -> "Progress":
        """The progress with these counters added."""
        summed = {counter: self.count(counter) + amount for counter, amount in added.items()}
        return replace(self, counters={**self.counters, **summed})


def tells_of_nobody(*groups: int) -> bool:
    """Whether totals of these groups of people are of enough of them: none is of one or two.

    What is left of a whole is a group too, since whoever sees the other parts can subtract them.
    """
    return all(size == 0 or size >= SMALLEST_GROUP for size in groups)


def tells_of_several(figure: int, people: int, staff: int) -> bool:
    """Whether a sum or rate is of no one or two: of ``people`` who did it, or of all staff if none.

    A figure of nobody known is not told.
    """
    return people >= SMALLEST_GROUP if figure else tells_of_nobody(people or staff)


def teams_tell_of_nobody(company: Progress, teams: Iterable[Progress]) -> bool:
    """Whether what each team of a company was paid tells of no one or two people, in any asset.

    Also by what is left of the company's total: who was paid in no team. Who has changed teams is
    one of both.
    """
    earners = [name for name in company.counters if name.startswith("earners:")]
    known = tuple(teams)
    for name in earners:
        parts = [team.count(name) for team in known]
        teamless = company.count(name.replace("earners:", "teamless:", 1))
        # Who was in none before they were counted is left over.
        if not tells_of_nobody(*parts, max(teamless, company.count(name) - sum(parts))):
            return False
    return True


def counted(
    goals: tuple[GoalDefinition, ...], activity: Activity, deal: Deal | None, part: Part
) -> dict[str, int]:
    """What an activity adds to the counters of a party with that part in it."""
    added = {goal_counter(goal.code): goal.counted(activity, deal, part) for goal in goals}
    added["deals"] = int(part.own and activity.behavior == DEAL_REGISTERED)
    sign = {DEAL_WON: 1, DEAL_RETURNED: -1}.get(activity.behavior, 0)
    if deal is not None and sign:
        added |= {"won": sign * int(part.own), "won_minor": sign * part.share_minor}
    return {counter: amount for counter, amount in added.items() if amount}


def newly_certified(
    goals: tuple[GoalDefinition, ...], activity: Activity, progress: Progress
) -> frozenset[str]:
    """The goals of certified people that this activity counts the person for.

    ``progress`` is the person's own, in which such a goal is 0 or 1: a person counts once, whatever
    arrives when, and for the team in which it did what was recorded first.
    """
    return frozenset(
        goal.code
        for goal in goals
        if goal.may_certify(activity) and not progress.count(goal_counter(goal.code))
    )


def goal_counter(code: str) -> str:
    """The counter of a goal's measure."""
    return f"goal:{code}"


def told_counter(code: str) -> str:
    """The counter of the largest target of a goal that was told to be reached."""
    return f"reached:{code}"


def bonus_counter(rule_code: str, step: str) -> str:
    """The counter that says that a bonus was decided."""
    return f"bonus:{rule_code}:{step}"


def checked_target(goal: int, stretch: int) -> Target:
    """A target whose stretch is at least its goal; raises ``InvalidInput``."""
    if goal <= 0:
        raise InvalidInput("A goal is larger than zero.", "goal")
    if stretch < goal:
        raise InvalidInput("The stretch goal is at least the goal.", "stretch")
    if stretch > LARGEST_TARGET:
        raise InvalidInput("A goal is at most 10^15.", "stretch")
    return Target(goal, stretch)


def projected(progress: int, definition: GoalDefinition, now: datetime) -> int:
    """The progress that the present pace reaches at the window's end.

    progress × window / elapsed.
    """
    window, elapsed = definition.ends_at - definition.starts_at, now - definition.starts_at
    if elapsed >= window:
        return progress
    elapsed_ms = elapsed // _MILLISECOND
    return progress * (window // _MILLISECOND) // elapsed_ms if elapsed_ms > 0 else 0
