"""The demo's first weeks: people, partners, programs, goals, consents and enrollments."""

from datetime import datetime, timedelta
from functools import partial

from portal_api.demo import world
from portal_api.demo.programs import (
    ENABLEMENT_2,
    GROWTH_DRAFT,
    LICENSING_REFILL,
    PROGRAMS,
    QUARTERS,
    SPRING,
    YEAR,
    ProgramSketch,
)
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import PartnerSketch, day
from portal_api.domain.activities import BehaviorType
from portal_api.domain.consent import Cap
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import Employment, Individual, Role, Tier
from portal_api.domain.programs import Program
from portal_api.services import consent, goals, partners, plans, programs
from portal_api.services.store import One

_YEAR_OF_A_REP = {
    Tier.BRONZE: 90_000_00,
    Tier.SILVER: 140_000_00,
    Tier.GOLD: 330_000_00,
    Tier.PLATINUM: 360_000_00,
}
"""Each rep's goal for the year by its partner's tier, minor units; a stretch is a quarter more."""

_ASKING = 2
"""How many reps of a selective partner ask for themselves; at Fernhill it is all of them."""

_ENROLLED_AT_EASTFOLD = 1
"""So few of a consenting partner's staff enrolled: the others' work is withheld."""

_SPRINT_OF_A_REP = 20_000_00
"""What a rep sells in the sprint where it does not aim at more."""

_CAPS = {(world.IVORYGATE, world.SOLUTIONS): (Cap("USD", 1_000_00),)}
"""How much each person may earn, where its executive limits that."""

_PAYEES = {(world.GLASSWATER, world.GROWTH): Payee.PARTNER}
"""Where the executive has chosen that what is earned is sent to the company."""


def plan(teller: Teller) -> None:
    """Opens the portal at once, and plans what follows in the weeks after."""
    _vendor(teller)
    for sketch in world.PARTNERS:
        teller.houses.append(_house(teller, sketch))
    for behavior in world.BEHAVIORS:
        _define(teller, behavior)
    for program_sketch in PROGRAMS:
        program = _program(teller, program_sketch)
        teller.programs[program.name] = program
    teller.at(day(6, 1), partial(_refill, teller))
    for house in teller.houses:
        teller.at(day(1, 5, hour=8), partial(_set_goals, teller, house))
        _plan_consent(teller, house)
    teller.at(day(3, 26, hour=8), partial(_set_goals_of_the_sprint, teller))
    teller.at(day(5, 4, hour=8), partial(_improve_enablement, teller))
    teller.at(day(6, 26, hour=8), partial(_draft_growth, teller))


def _vendor(teller: Teller) -> None:
    """The first administrator, and whom it adds."""
    employment = Employment(None, Role.ADMIN, teller.now)
    name = world.ADMIN.name
    administrator = Individual(
        world.ADMINISTRATOR, name, world.email_of(name, "vendor"), (employment,)
    )
    want = One(Individual, administrator.id)
    if teller.portal.store.read([want])[want] is None:
        teller.portal.store.commit(partners.individual_writes(administrator))
    for name, role in world.VENDOR_PEOPLE:
        added = partners.add_individual(
            teller.portal,
            teller.ask(world.ADMINISTRATOR),
            name=name,
            email=world.email_of(name, "vendor"),
            role=role,
            partner_id=None,
            team_id=None,
        ).individual
        if role is Role.SERVICE:
            teller.service = added.id
        else:
            teller.managers.append(added.id)


def _house(teller: Teller, sketch: PartnerSketch) -> House:
    """A partner, its executive and four who earn, in two teams."""
    partner = partners.add_partner(
        teller.portal,
        teller.ask(world.ADMINISTRATOR),
        name=sketch.name,
        partner_type=sketch.type,
        tier=sketch.tier,
        region=sketch.region,
        team_names=sketch.teams,
    ).partner
    people: list[Individual] = []
    for place, usual_role in enumerate(world.STAFF_OF_EACH):
        number = len(teller.houses) * len(world.STAFF_OF_EACH) + place
        engineer = usual_role is Role.SALES_ENGINEER
        role = Role.MARKETER if engineer and sketch.name in world.MARKETING_AT else usual_role
        name = world.name_of(sketch.name, place, number)
        added = partners.add_individual(
            teller.portal,
            teller.ask(world.ADMINISTRATOR),
            name=name,
            email=world.email_of(name, sketch.name),
            role=role,
            partner_id=partner.id,
            team_id=None if place == 0 else partner.teams[place % 2].id,
        )
        people.append(added.individual)
    return House(sketch, partner, people[0], tuple(people[1:]))


def _program(teller: Teller, sketch: ProgramSketch) -> Program:
    """A program with its plan in force and its budget."""
    by, portal = teller.managers[0], teller.portal
    program = programs.create_program(portal, teller.ask(by), terms=sketch.terms).program
    content = plans.PlanContent(
        sketch.rules, sketch.goals, sketch.terms.starts_at, sketch.point_value, sketch.expire_months
    )
    plans.publish_plan(portal, teller.ask(by), program_id=program.id, content=content)
    for asset, amount_minor in sketch.budget:
        programs.fund_program(
            portal, teller.ask(by), program_id=program.id, asset=asset, amount_minor=amount_minor
        )
    return program


def _refill(teller: Teller) -> None:
    asset, amount_minor = LICENSING_REFILL
    programs.fund_program(
        teller.portal,
        teller.ask(teller.managers[0]),
        program_id=teller.programs[world.LICENSING].id,
        asset=asset,
        amount_minor=amount_minor,
    )


def _set_goals(teller: Teller, house: House) -> None:
    """Year and quarters for every rep; a team has the sum of its reps, the partner that of all."""
    if not teller.programs[world.GROWTH].segment.admits_partner(house.partner, teller.now):
        return
    each = _YEAR_OF_A_REP[house.sketch.tier]
    team_of = {rep.id: rep.employments[-1].team_id for rep in house.reps}
    parties = [(Level.PARTNER, house.partner.id, each * len(house.reps))]
    for team in house.partner.teams:
        members = sum(team.id == team_id for team_id in team_of.values())
        parties += [(Level.TEAM, team.id, each * members)] if members else []
    parties += [(Level.INDIVIDUAL, rep_id, each) for rep_id in team_of]
    windows = ((YEAR, 1), *((quarter, 4) for quarter in QUARTERS))
    for level, party_id, of_the_year in parties:
        for goal_code, parts in windows:
            _set_goal(teller, house, level, party_id, world.GROWTH, goal_code, of_the_year // parts)


def _set_goals_of_the_sprint(teller: Teller) -> None:
    """At Fernhill: its first rep aims at twice as much as the others."""
    house = teller.house(world.FERNHILL)
    first, *others = house.reps
    goal_of = {first.id: 2 * _SPRINT_OF_A_REP, **{rep.id: _SPRINT_OF_A_REP for rep in others}}
    _set_goal(
        *(teller, house, Level.PARTNER, house.partner.id),
        *(world.SPRINT, SPRING, sum(goal_of.values())),
    )
    for team in house.partner.teams:
        goal = sum(goal_of[rep.id] for rep in house.reps if rep.employments[-1].team_id == team.id)
        _set_goal(teller, house, Level.TEAM, team.id, world.SPRINT, SPRING, goal)
    for rep_id, goal in goal_of.items():
        _set_goal(teller, house, Level.INDIVIDUAL, rep_id, world.SPRINT, SPRING, goal)


def _set_goal(
    teller: Teller,
    house: House,
    level: Level,
    party_id: str,
    program_name: str,
    goal_code: str,
    goal: int,
) -> None:
    """A goal, with a stretch goal that is a quarter more."""
    program = teller.programs[program_name]
    goals.set_goal(
        teller.portal,
        teller.ask(teller.managers[0]),
        partner_id=house.partner.id,
        program_id=program.id,
        level=level,
        party_id=party_id,
        goal_code=goal_code,
        goal=goal,
        stretch=goal * 5 // 4,
        currency=program.currency,
    )


def _define(teller: Teller, behavior: BehaviorType) -> None:
    programs.define_behavior(
        teller.portal,
        teller.ask(teller.managers[0]),
        code=behavior.code,
        name=behavior.name,
        stage=behavior.stage,
        five_c=behavior.five_c,
        review_needed=behavior.review_needed,
        evidence_needed=behavior.evidence_needed,
        claim_within_days=behavior.claim_within_days,
    )


def _improve_enablement(teller: Teller) -> None:
    """A new behavior, and a second plan version that pays for it: drafted, then published."""
    _define(teller, world.NEW_BEHAVIOR)
    program_id, by = teller.programs[world.ENABLEMENT].id, teller.managers[0]
    plans.draft_plan(
        teller.portal, teller.ask(by), program_id=program_id, number=2, content=ENABLEMENT_2
    )
    plans.publish_draft(teller.portal, teller.ask(by), program_id=program_id, number=2)


def _draft_growth(teller: Teller) -> None:
    plans.draft_plan(
        teller.portal,
        teller.ask(teller.managers[0]),
        program_id=teller.programs[world.GROWTH].id,
        number=2,
        content=GROWTH_DRAFT,
    )


def _plan_consent(teller: Teller, house: House) -> None:
    """When the executive is asked and answers, for which programs, and who enrolls then."""
    name = house.sketch.name
    if name == world.DOVECOTE:
        for rep, on in zip(house.reps[:2], (day(2, 10), day(3, 17)), strict=True):
            at = teller.office_hours(on)
            teller.at(at, partial(_request, teller, house, rep.id, world.GROWTH, (rep.id,)))
        return
    if name == world.NORRLAND:
        at = teller.office_hours(day(2, 3))
        teller.at(at, partial(_request, teller, house, teller.managers[1], world.GROWTH, ()))
        return
    if not house.sketch.consent:
        return
    named: tuple[str, ...] = ()
    if house.sketch.consent == "INDIVIDUALS":
        asking = house.reps if name == world.FERNHILL else house.reps[:_ASKING]
        named = tuple(rep.id for rep in asking)
        for rep in asking:
            asked = teller.office_hours(day(1, 6))
            teller.at(asked, partial(_request, teller, house, rep.id, world.GROWTH, (rep.id,)))
    for program_name, on in (
        (world.GROWTH, day(1, house.sketch.consent_day)),
        (world.ENABLEMENT, day(1, house.sketch.consent_day + 7)),
        (world.LICENSING, day(3, 3)),
        (world.SOLUTIONS, day(3, 2)),
        (world.SPRINT, day(3, 25)),
    ):
        program = teller.programs[program_name]
        if program.segment.admits_partner(house.partner, teller.now):
            granted = teller.office_hours(on)
            teller.at(granted, partial(_grant, teller, house, program_name, named))
            _plan_enrollments(teller, house, program_name, granted)
    if name == world.HIGHMERE:
        teller.at(teller.office_hours(day(4, 15)), partial(_revoke, teller, house, world.GROWTH))


def _plan_enrollments(teller: Teller, house: House, program_name: str, granted: datetime) -> None:
    staff = house.staff
    if house.sketch.name == world.EASTFOLD:
        staff = staff[:_ENROLLED_AT_EASTFOLD]
    for person in staff:
        delay = timedelta(days=0 if person.name == world.MARA.name else teller.random.randrange(9))
        at = max(granted, teller.office_hours(granted + delay))
        teller.at(
            at + timedelta(minutes=30), partial(_enroll, teller, house, person.id, program_name)
        )


def _request(
    teller: Teller, house: House, by: str, program_name: str, individual_ids: tuple[str, ...]
) -> None:
    consent.request_consent(
        teller.portal,
        teller.ask(by),
        partner_id=house.partner.id,
        program_id=teller.programs[program_name].id,
        individual_ids=individual_ids,
    )


def _grant(teller: Teller, house: House, program_name: str, named: tuple[str, ...]) -> None:
    consent.grant_consent(
        teller.portal,
        teller.ask(house.executive.id),
        partner_id=house.partner.id,
        program_id=teller.programs[program_name].id,
        individual_ids=named,
        valid_to=None,
        caps=_CAPS.get((house.sketch.name, program_name), ()),
        payee=_PAYEES.get((house.sketch.name, program_name), Payee.INDIVIDUAL),
    )


def _revoke(teller: Teller, house: House, program_name: str) -> None:
    program = teller.programs[program_name]
    consent.revoke_consent(
        teller.portal,
        teller.ask(house.executive.id),
        consent_id=f"{house.partner.id}.{program.id}.1",
    )


def _enroll(teller: Teller, house: House, person_id: str, program_name: str) -> None:
    program = teller.programs[program_name]
    consent.enroll(
        teller.portal,
        teller.ask(person_id),
        partner_id=house.partner.id,
        program_id=program.id,
        terms_version=program.terms_version,
    )
