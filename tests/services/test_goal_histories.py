"""Random histories: progress and bonuses are what was recorded, whatever order it arrived in."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from portal_api.domain.deals import Credit, Deal, DealStage
from portal_api.domain.goals import GoalDefinition, Level, Measure
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.plans import Rule
from portal_api.services import deal_changes, plans
from portal_api.services.due_series import DUE, run_all
from tests.services.aiming import TwoTeams
from tests.services.importing import findings
from tests.services.recounting import check_weeks
from tests.services.steps import define
from tests.services.test_certified_people import CERTIFIED, COURSES, train
from tests.services.world import DAY, MILESTONES, QUARTER, START, World

REVENUE = replace(QUARTER, code="R")
REGISTERED = GoalDefinition("D", "Deals", Measure.DEALS_REGISTERED, START, START + 90 * DAY)
GOALS = (REVENUE, REGISTERED, CERTIFIED, COURSES)
BONUSES = tuple(
    Rule(f"{level}-{goal}", "Bonus", level, "USD", GoalBonus(goal, 700, 300))
    for level in Level
    for goal in ("R", "Q")
)


@dataclass
class History:
    """Two teams over some weeks of anything that changes progress."""

    dice: random.Random
    teams: TwoTeams
    deals: list[Deal] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.teams.world

    def anybody(self) -> str:
        return self.dice.choice(self.teams.company.reps)

    def step(self) -> None:
        """One thing, at a moment of its own."""
        steps: list[Callable[[], None]] = [
            self.train,
            self.register,
            self.register,
            self.win,
            self.win,
            self.give_back,
            self.move,
        ]
        self.dice.choice(steps)()
        self.world.wait(self.dice.randrange(1, 3))

    def train(self) -> None:
        train(self.teams, self.anybody(), self.dice.randrange(3))

    def move(self) -> None:
        place = self.dice.choice((self.teams.team, self.teams.other, None))
        self.teams.move(self.anybody(), place)

    def register(self) -> None:
        """Approved, and sometimes two people's."""
        owner, other = self.dice.sample(self.teams.company.reps, 2)
        shared = (Credit(owner, 2), Credit(other, 1)) if self.dice.random() < 0.4 else ()
        deal = self.world.register(
            self.teams.company, self.teams.program, 10_001, rep=owner, credits=shared
        )
        self.deals.append(self.world.approve(deal).deal)

    def one(self, *stages: DealStage) -> int | None:
        """A deal in one of these stages."""
        found = [n for n, deal in enumerate(self.deals) if deal.stage in stages]
        return self.dice.choice(found) if found else None

    def win(self) -> None:
        """One that is open, or was returned and is opened again."""
        number = self.one(DealStage.OPEN, DealStage.RETURNED)
        if number is None:
            return
        deal, manage = self.deals[number], self.world.manage
        if deal.stage is DealStage.RETURNED:
            if deal.reopened == 2:
                return
            deal = deal_changes.reopen_deal(
                self.world.portal, manage(), deal_id=deal.id, occurred_at=None
            ).deal
        opened_at = deal.reopened_at or deal.approved_at or START
        late = max(opened_at, self.world.now - self.dice.randrange(4) * DAY)
        amount = self.dice.randrange(1, 30_001)
        self.deals[number] = self.world.win(deal, amount, occurred_at=late).deal

    def give_back(self) -> None:
        number = self.one(DealStage.WON)
        if number is not None:
            self.deals[number] = deal_changes.return_deal(
                self.world.portal,
                self.world.manage(),
                deal_id=self.deals[number].id,
                occurred_at=None,
            ).deal


def lived(world: World, seed: int, steps: int) -> TwoTeams:
    """A history in a program whose plan and budget change in its midst."""
    define(world)
    dice = random.Random(seed)
    budget = {"USD": dice.choice((1_500, 1_000_000))}
    program = world.program(MILESTONES, *BONUSES, goals=GOALS, budget=budget)
    teams = TwoTeams.of(world, program)
    ann, bob, cat, dan = teams.company.reps
    for code, scale, unit in (("R", 10_000, "USD"), ("Q", 1, None)):
        tree = [
            teams.target(party, scale * goal, scale * goal, unit)
            for party, goal in (
                (teams.company.id, 4),
                (teams.team, 2),
                (teams.other, 1),
                (ann, 1),
                (bob, 1),
                (cat, 1),
                (dan, 1),
            )
        ]
        teams.cascade(*tree, code=code)
    history = History(dice, teams)
    for number in range(steps):
        if number == steps // 2:
            content = plans.PlanContent((MILESTONES, *BONUSES[2:]), (REVENUE, CERTIFIED))
            plans.publish_plan(world.portal, world.manage(), program_id=program, content=content)
        history.step()
    run_all(world.portal, DUE)
    return teams


@pytest.mark.parametrize("seed", range(12))
def test_progress_is_what_was_recorded(quick_world: World, seed: int) -> None:
    """Every counter of goals and bonuses at three levels, as counted from the activities."""
    teams = lived(quick_world, seed, 40)
    assert [] == findings(quick_world.store)
    check_weeks(quick_world.store, teams.company.id, teams.company.reps, teams.program)
    assert teams.counted(CERTIFIED)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_progress_is_what_was_recorded_over_a_long_time(quick_world: World, seed: int) -> None:
    lived(quick_world, seed, 150)
    assert [] == findings(quick_world.store)
