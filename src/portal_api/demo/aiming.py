"""The demo's goals, each at three levels: of the company, of its teams and of its people."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from portal_api.demo import world
from portal_api.demo.programs import CERTIFIED, COUNTED, QUARTERS, SPRING, TRAININGS, YEAR
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.domain.goals import Level
from portal_api.domain.partners import Tier
from portal_api.services.cascades import PartyTarget, cascade_goals

_YEAR_OF_A_REP = {
    Tier.BRONZE: 90_000_00,
    Tier.SILVER: 140_000_00,
    Tier.GOLD: 330_000_00,
    Tier.PLATINUM: 360_000_00,
}
"""Each rep's goal for the year by its partner's tier, minor units; a stretch is a quarter more."""

_SPRINT_OF_A_REP = 20_000_00
"""What a rep sells in the sprint where it does not aim at more."""

_BEYOND = {world.LARKSPUR: 10}
"""How many percent more than the company's goal of the year its teams are given."""

_TRAININGS = 2
"""How often each of Fernhill's reps aims at being trained; the first of them twice as often."""


def plan(teller: Teller) -> None:
    """Plans when each company is given its goals."""
    for house in teller.houses:
        teller.at(day(1, 5, hour=8), partial(_of_growth, teller, house))
    teller.at(day(1, 29, hour=8), partial(_of_learning, teller))
    teller.at(day(3, 26, hour=8), partial(_of_the_sprint, teller))


def _of_growth(teller: Teller, house: House) -> None:
    """Year and quarters for every rep; a team has the sum of its reps, the partner that of all."""
    if not teller.programs[world.GROWTH].segment.admits_partner(house.partner, teller.now):
        return
    each = _YEAR_OF_A_REP[house.sketch.tier]
    for goal_code, parts in ((YEAR, 1), *((quarter, 4) for quarter in QUARTERS)):
        goal_of = {rep.id: each // parts for rep in house.reps}
        beyond = _BEYOND.get(house.sketch.name, 0) if goal_code == YEAR else 0
        _cascade(teller, house, world.GROWTH, goal_code, goal_of, beyond)


def _of_the_sprint(teller: Teller) -> None:
    """At Fernhill: its first rep aims at twice as much as the others."""
    house = teller.house(world.FERNHILL)
    first, *others = house.reps
    goal_of = {first.id: 2 * _SPRINT_OF_A_REP, **{rep.id: _SPRINT_OF_A_REP for rep in others}}
    _cascade(teller, house, world.SPRINT, SPRING, goal_of)


def _of_learning(teller: Teller) -> None:
    """At Fernhill: how often to be trained, and that each of its people is certified."""
    house = teller.house(world.FERNHILL)
    first, *others = house.reps
    often = {first.id: 2 * _TRAININGS, **{rep.id: _TRAININGS for rep in others}}
    _cascade(teller, house, world.ENABLEMENT, TRAININGS, often)
    certified = {person.id: 1 for person in house.staff}
    _cascade(teller, house, world.ENABLEMENT, CERTIFIED, certified)


def _cascade(
    teller: Teller,
    house: House,
    program_name: str,
    goal_code: str,
    goal_of: Mapping[str, int],
    beyond_percent: int = 0,
) -> None:
    """The goals of all people, summed up; stretch goals of money are a quarter more.

    The company's is less than the sum where something is assigned beyond it.
    """
    program = teller.programs[program_name]
    currency = None if goal_code in COUNTED else program.currency

    def target(level: Level, party_id: str, people: Iterable[str]) -> PartyTarget:
        goals = [goal_of[one] for one in people]
        stretch = sum(goal if goal_code in COUNTED else goal * 5 // 4 for goal in goals)
        return PartyTarget(level, party_id, sum(goals), stretch, currency)

    whole = target(Level.PARTNER, house.partner.id, goal_of)
    goal, stretch = (value * 100 // (100 + beyond_percent) for value in (whole.goal, whole.stretch))
    targets = [replace(whole, goal=goal, stretch=stretch)]
    beyond = replace(whole, goal=whole.goal - goal, stretch=whole.stretch - stretch)
    for team in house.partner.teams:
        members = [
            person.id
            for person in house.staff
            if person.id in goal_of and person.employments[-1].team_id == team.id
        ]
        targets += [target(Level.TEAM, team.id, members)] if members else []
    targets += [target(Level.INDIVIDUAL, person, (person,)) for person in goal_of]
    cascade_goals(
        teller.portal,
        teller.ask(teller.managers[0]),
        partner_id=house.partner.id,
        program_id=program.id,
        goal_code=goal_code,
        targets=tuple(targets),
        over_assigned=(beyond,) if beyond_percent else (),
    )
