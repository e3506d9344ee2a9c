"""Cascades: all targets of a goal at one partner, set in one write."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal_api.domain import cascades
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.goals import COMPANY, NOTHING, GoalSheet, Level, Target, party_of
from portal_api.domain.partners import STAFF_ROLES, Individual, PersonStatus
from portal_api.domain.writes import Save
from portal_api.services.goals import (
    SETTERS,
    GoalAt,
    GoalWants,
    check_company,
    goal_at,
    parent_of,
)
from portal_api.services.store import Listed, One, Want
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class GoalsCascaded:
    """The targets are set, and no others of that goal are."""

    sheet: GoalSheet


@dataclass(frozen=True, slots=True)
class PartyTarget:
    """Goal and stretch goal of a partner, a team or a person, or what is assigned beyond them.

    ``currency`` is that of money, and none of a count.
    """

    level: Level
    party_id: str
    goal: int
    stretch: int
    currency: str | None

    @property
    def party(self) -> str:
        """As a goal sheet names it."""
        return party_of(self.level, self.party_id)


def cascade_goals(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    program_id: str,
    goal_code: str,
    targets: tuple[PartyTarget, ...],
    over_assigned: tuple[PartyTarget, ...] = (),
    divide_equally: bool = False,
) -> GoalsCascaded:
    """Sets all targets of a goal: those that are not named are none any more.

    The company's stays as it is where it is not named; an executive cannot name it. A person's
    counts below the team that the person is in now. ``over_assigned`` declares what is assigned
    below a company or team beyond its own target. ``divide_equally`` divides the company's, with
    what is assigned beyond it, between its people. Raises ``GoalsDoNotAddUp``, and ``NotPermitted``
    for an executive where people are paid by their targets of the goal.
    """
    wants = GoalWants.of(partner_id, program_id)
    people = [one.party_id for one in targets if one.level is Level.INDIVIDUAL]
    person_wants = [One(Individual, person) for person in dict.fromkeys(people)]
    if len(targets) > cascades.MAX_AT_ONCE:
        raise InvalidInput(f"At most {cascades.MAX_AT_ONCE:,} targets.", "targets")

    def decide(s: Situation) -> Decision[GoalsCascaded]:
        goal = goal_at(s, wants, goal_code, "partnerId")
        given = _targets(s, goal, targets)
        if COMPANY not in given and (kept := goal.sheet.target(COMPANY, goal_code)) is not None:
            given[COMPANY] = kept
        over = _over(goal, over_assigned)
        if divide_equally:
            parents = _staff(s, goal)
            given |= _divided(goal, given, parents, over)
        else:
            parents = {
                want.id: parent_of(s.found[want], goal, s, "targets") for want in person_wants
            }
        changed = cascades.cascaded(goal.sheet, goal_code, given, parents, over)
        cascades.check(changed, goal_code, goal.currency)
        return Decision(GoalsCascaded(changed), (Save(changed),), changed.id, partner_id)

    arguments = {
        "partner": partner_id,
        "program": program_id,
        "goal": goal_code,
        "targets": targets,
        "over": over_assigned,
        "divide": divide_equally,
    }
    reads: list[Want[object]] = [*wants.all(), *person_wants]
    return perform(portal, ask, "cascadeGoals", arguments, SETTERS, reads, decide, GoalsCascaded)


def _targets(s: Situation, goal: GoalAt, targets: tuple[PartyTarget, ...]) -> dict[str, Target]:
    """The targets by party; people are looked for later. Raises ``InvalidInput``, ``NotFound``."""
    found: dict[str, Target] = {}
    for one in targets:
        _check(goal, one, "targets")
        if one.level is Level.PARTNER:
            check_company(s)
        if one.party in found:
            raise InvalidInput("Everybody has one target.", "targets")
        found[one.party] = goal.target(one.level, one.goal, one.stretch)
    return found


def _over(goal: GoalAt, over_assigned: tuple[PartyTarget, ...]) -> dict[str, Target]:
    """What is assigned beyond a company's or a team's target, by party."""
    found: dict[str, Target] = {}
    for one in over_assigned:
        _check(goal, one, "overAssigned")
        if one.level is Level.INDIVIDUAL or one.party in found:
            text = "A company or a team is named once, with what is assigned beyond its target."
            raise InvalidInput(text, "overAssigned")
        found[one.party] = Target(one.goal, one.stretch)
    return found


def _check(goal: GoalAt, one: PartyTarget, field: str) -> None:
    """Raises for the partner or team of somebody else, and for another unit."""
    known = {
        Level.PARTNER: one.party_id == goal.partner.id,
        Level.TEAM: one.party_id in {team.id for team in goal.partner.teams},
        Level.INDIVIDUAL: True,
    }
    if not known[one.level]:
        raise NotFound.of(field)
    if one.currency != goal.currency:
        raise InvalidInput(f"This goal is {goal.currency or 'a count'}.", field)


def _divided(
    goal: GoalAt,
    given: Mapping[str, Target],
    parents: Mapping[str, str],
    over: Mapping[str, Target],
) -> dict[str, Target]:
    """The company's target in equal parts; raises ``InvalidInput`` where others are named."""
    if set(given) != {COMPANY} or not set(over) <= {COMPANY}:
        text = "What is divided equally is the company's target, and no other is named."
        raise InvalidInput(text, "divideEqually")
    found = cascades.divided(given[COMPANY] + over.get(COMPANY, NOTHING), parents)
    return {
        party: goal.target(
            Level.TEAM if party in parents.values() else Level.INDIVIDUAL,
            target.goal,
            target.stretch,
        )
        for party, target in found.items()
    }


def _staff(s: Situation, goal: GoalAt) -> dict[str, str]:
    """The partner's people who can earn in the program, each with the party it counts below."""
    store, listed = s.portal.store, Listed(f"{goal.partner.id}.members")
    wants = [One(Individual, person) for person in store.read([listed])[listed].ids]
    found, parents = store.read(wants) if wants else None, dict[str, str]()
    for want in wants:
        person = found[want] if found is not None else None
        employment = person.employment_at(s.now) if person is not None else None
        if person is None or employment is None or employment.partner_id != goal.partner.id:
            continue
        role = employment.role
        sells = role in STAFF_ROLES and goal.program.segment.admits_role(role)
        if sells and person.status is PersonStatus.ACTIVE:
            parents[person.id] = parent_of(person, goal, s, "targets")
    return parents
