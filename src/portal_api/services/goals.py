"""Goals: one target, set by a channel manager or an executive.

Executives set those of their own company's teams and people, but for goals by which these are paid:
nobody lowers a target that a bonus of the vendor depends on.
"""

from dataclasses import dataclass

from portal_api.domain import cascades
from portal_api.domain.consent import ConsentFile
from portal_api.domain.eligibility import known_to
from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted
from portal_api.domain.goals import (
    COMPANY,
    GoalSheet,
    Level,
    Measure,
    Target,
    checked_target,
    party_of,
)
from portal_api.domain.partners import Individual, Partner, Role
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.domain.writes import Save
from portal_api.services.partners import MANAGERS, employer
from portal_api.services.store import Many, One, Want, of_program
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

SETTERS = MANAGERS | {Role.PARTNER_EXECUTIVE}


@dataclass(frozen=True, slots=True)
class GoalSet:
    """The target is set."""

    sheet: GoalSheet


@dataclass(frozen=True, slots=True)
class GoalWants:
    """What setting targets of a goal of one partner in one program reads."""

    partner: One[Partner]
    program: One[Program]
    plans: Many[PlanVersion]
    sheet: One[GoalSheet]
    consents: One[ConsentFile]

    @classmethod
    def of(cls, partner_id: str, program_id: str) -> "GoalWants":
        """All of them are known from the ids."""
        return cls(
            One(Partner, partner_id),
            One(Program, program_id),
            Many(PlanVersion, of_program(program_id)),
            One(GoalSheet, f"{partner_id}.{program_id}"),
            One(ConsentFile, f"{partner_id}.{program_id}"),
        )

    def all(self) -> tuple[Want[object], ...]:
        """For one wave."""
        return self.partner, self.program, self.plans, self.sheet, self.consents


@dataclass(frozen=True, slots=True)
class GoalAt:
    """A goal of a program's plan at a partner, as whoever sets targets has it.

    ``currency`` is that of a goal of revenue, and none where it counts.
    """

    partner: Partner
    program: Program
    sheet: GoalSheet
    code: str
    measure: Measure
    currency: str | None

    def target(self, level: Level, goal: int, stretch: int) -> Target:
        """A target that can be reached; raises ``InvalidInput``."""
        if level is Level.INDIVIDUAL and self.measure is Measure.CERTIFIED_PEOPLE and stretch > 1:
            raise InvalidInput("A person is certified once: its goal is 1.", "stretch")
        return checked_target(goal, stretch)


def goal_at(s: Situation, wants: GoalWants, code: str, field: str) -> GoalAt:
    """The goal and its partner, where the viewer may see it; raises ``NotFound``.

    ``field`` is the argument that leads to the partner. Raises ``NotPermitted`` for an executive
    where people are paid by their targets of the goal, in whatever version of the plan.
    """
    partner, sheet = s.found[wants.partner], s.found[wants.sheet]
    if partner is None or s.viewer.partner_id not in (None, partner.id):
        raise NotFound.of(field)
    parts = sheet, s.found[wants.consents]
    program = known_to(s.viewer, s.found[wants.program], partner, s.now, *parts)
    if program is None:
        raise NotFound.of("programId")
    plans = s.found[wants.plans].records
    measures = {goal.code: goal.measure for plan in plans for goal in plan.goals}
    if code not in measures:
        raise NotFound.of("goalCode")
    if s.viewer.partner_id is not None and any(plan.pays_people_by(code) for plan in plans):
        text = "This goal pays bonuses: the vendor sets its targets."
        raise NotPermitted(text, tuple(sorted(MANAGERS)))
    return GoalAt(
        partner=partner,
        program=program,
        sheet=sheet or GoalSheet(wants.sheet.id, partner.id, program.id),
        code=code,
        measure=measures[code],
        currency=program.currency if measures[code] is Measure.WON_REVENUE else None,
    )


def parent_of(person: Individual | None, goal: GoalAt, s: Situation, field: str) -> str:
    """Below which party the target of one of the partner's people is: its team of now.

    Raises ``NotFound`` for anybody else.
    """
    if person is None or employer(person, s.now) != goal.partner.id:
        raise NotFound.of(field)
    employment = person.employment_at(s.now)
    team_id = employment.team_id if employment is not None else None
    return party_of(Level.TEAM, team_id) if team_id is not None else COMPANY


def check_company(s: Situation) -> None:
    """Raises ``NotPermitted`` for an executive: who pays for a goal sets the company's."""
    if s.viewer.partner_id is not None:
        raise NotPermitted("The company's goal is set by the vendor.", tuple(sorted(MANAGERS)))


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

    ``currency`` is that of a goal of revenue, and none where it counts. Raises ``GoalsDoNotAddUp``
    where the targets below a party would not sum to its own: those are changed together.
    """
    wants, person_want = GoalWants.of(partner_id, program_id), One(Individual, party_id)
    party = party_of(level, party_id)

    def decide(s: Situation) -> Decision[GoalSet]:
        partner = s.found[wants.partner]
        if partner is None or s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("partyId")
        if level is Level.PARTNER:
            check_company(s)
        if level is Level.TEAM and party_id not in {team.id for team in partner.teams}:
            raise NotFound.of("partyId")
        if level is Level.PARTNER and party_id != partner_id:
            raise NotFound.of("partyId")
        found = goal_at(s, wants, goal_code, "partyId")
        below = None
        if level is Level.INDIVIDUAL:
            below = parent_of(s.found[person_want], found, s, "partyId")
        if currency != found.currency:
            raise InvalidInput(f"This goal is {found.currency or 'a count'}.", "goal")
        target = found.target(level, goal, stretch)
        changed = found.sheet.with_target(party, goal_code, target, below)
        cascades.check(changed, goal_code, found.currency)
        return Decision(GoalSet(changed), (Save(changed),), changed.id, partner_id)

    arguments = {
        "partner": partner_id,
        "program": program_id,
        "party": party,
        "goal": [goal_code, goal, stretch, currency],
    }
    reads = (*wants.all(), person_want)
    return perform(portal, ask, "setGoal", arguments, SETTERS, reads, decide, GoalSet)
