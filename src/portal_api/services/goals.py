"""Goals: targets set by channel managers and executives.

Executives set those of their own company's teams and people.
"""

from dataclasses import dataclass

from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted
from portal_api.domain.goals import GoalSheet, Level, Measure, checked_target, party_of
from portal_api.domain.partners import Individual, Partner, Role
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.domain.writes import Save
from portal_api.services.partners import MANAGERS, employer
from portal_api.services.store import Many, One, of_program
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class GoalSet:
    """The target is set."""

    sheet: GoalSheet


def set_goal(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    program_id: str,
    level: Level,
    party_id: str,
    goal_code: str,
    goal: int,
    stretch: int,
    currency: str | None,
) -> GoalSet:
    """Sets goal and stretch goal of a partner, team or individual, in the goal's own unit.

    ``currency`` is that of a goal of revenue, and none where it counts.
    """
    partner_want, program_want = One(Partner, partner_id), One(Program, program_id)
    plans_want = Many(PlanVersion, of_program(program_id))
    sheet_want = One(GoalSheet, f"{partner_id}.{program_id}")
    person_want = One(Individual, party_id)

    def decide(s: Situation) -> Decision[GoalSet]:
        partner = s.found[partner_want]
        if partner is None or s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("partyId")
        if s.viewer.partner_id is not None and level is Level.PARTNER:
            raise NotPermitted("The company's goal is set by the vendor.", tuple(sorted(MANAGERS)))
        person = s.found[person_want]
        known = {
            Level.PARTNER: party_id == partner_id,
            Level.TEAM: party_id in {team.id for team in partner.teams},
            Level.INDIVIDUAL: person is not None and employer(person, s.now) == partner_id,
        }
        if not known[level]:
            raise NotFound.of("partyId")
        program, plans = s.found[program_want], s.found[plans_want].records
        if program is None:
            raise NotFound.of("programId")
        measures = {goal.code: goal.measure for plan in plans for goal in plan.goals}
        if goal_code not in measures:
            raise NotFound.of("goalCode")
        unit = program.currency if measures[goal_code] is Measure.WON_REVENUE else None
        if currency != unit:
            raise InvalidInput(f"This goal is {unit or 'a count'}.", "goal")
        sheet = s.found[sheet_want] or GoalSheet(sheet_want.id, partner_id, program_id)
        changed = sheet.with_target(
            party_of(level, party_id), goal_code, checked_target(goal, stretch)
        )
        return Decision(GoalSet(changed), (Save(changed),), sheet.id, partner_id)

    arguments = {
        "partner": partner_id,
        "program": program_id,
        "party": party_of(level, party_id),
        "goal": [goal_code, goal, stretch, currency],
    }
    wants = (partner_want, program_want, plans_want, sheet_want, person_want)
    roles = MANAGERS | {Role.PARTNER_EXECUTIVE}
    return perform(portal, ask, "setGoal", arguments, roles, wants, decide, GoalSet)
