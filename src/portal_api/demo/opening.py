"""The demo's first day: people, partners, programs and behaviors; and what is added to them."""

from dataclasses import replace
from functools import partial

from portal_api.demo import world
from portal_api.demo.offers import OFFERS
from portal_api.demo.programs import (
    ENABLEMENT_2,
    GROWTH_DRAFT,
    LICENSING_REFILL,
    PROGRAMS,
    ProgramSketch,
)
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import PartnerSketch, day
from portal_api.domain.activities import BehaviorType
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.services import partners, plans, programs
from portal_api.services.store import One


def plan(teller: Teller) -> None:
    """Opens the portal at once, and plans what follows in the weeks after."""
    _vendor(teller)
    for sketch in world.PARTNERS:
        teller.houses.append(_house(teller, sketch))
    for behavior in world.BEHAVIORS:
        define_behavior(teller, behavior)
    for program_sketch in (*PROGRAMS, *OFFERS):
        open_program(teller, program_sketch)
    teller.at(day(6, 1), partial(_refill, teller))
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
        profile=partners.Profile(*sketch.profile),
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


def open_program(teller: Teller, sketch: ProgramSketch) -> None:
    """A program with its plan in force and its budget."""
    by, portal = teller.managers[0], teller.portal
    required = sketch.participation_in
    terms = replace(
        sketch.terms, participation_in=teller.programs[required].id if required else None
    )
    program = programs.create_program(portal, teller.ask(by), terms=terms).program
    content = plans.PlanContent(
        sketch.rules, sketch.goals, sketch.terms.starts_at, sketch.point_value, sketch.expire_months
    )
    plans.publish_plan(portal, teller.ask(by), program_id=program.id, content=content)
    for asset, amount_minor in sketch.budget:
        programs.fund_program(
            portal, teller.ask(by), program_id=program.id, asset=asset, amount_minor=amount_minor
        )
    teller.programs[program.name] = program


def _refill(teller: Teller) -> None:
    asset, amount_minor = LICENSING_REFILL
    programs.fund_program(
        teller.portal,
        teller.ask(teller.managers[0]),
        program_id=teller.programs[world.LICENSING].id,
        asset=asset,
        amount_minor=amount_minor,
    )


def define_behavior(teller: Teller, behavior: BehaviorType) -> None:
    """A behavior in the catalogue."""
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
        level=behavior.level,
    )


def _improve_enablement(teller: Teller) -> None:
    """A new behavior, and a second plan version that pays for it: drafted, then published."""
    define_behavior(teller, world.NEW_BEHAVIOR)
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
