"""The demo's activities beside deals: leads, appointments, proofs, events and trainings."""

from datetime import datetime, timedelta
from functools import partial

from portal_api.demo import world
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.domain.partners import Individual, Role
from portal_api.services import activities

_ACTIVITIES = 400
_SHARES = {
    world.LEAD: 30,
    world.APPOINTMENT: 22,
    world.PROOF: 8,
    world.TRAINING: 20,
    world.ADVANCED: 8,
    world.EVENT: 5,
    world.RENEWAL: 7,
}
_RECORDED_BY_THE_LEARNING_SYSTEM = frozenset({world.TRAINING, world.ADVANCED})


def plan(teller: Teller) -> None:
    """Plans what everybody does on some days of the half year."""
    chance = teller.random
    behaviors, shares = tuple(_SHARES), tuple(_SHARES.values())
    weights = [house.sketch.busy + 1 for house in teller.houses]
    for number in range(1, _ACTIVITIES + 1):
        (house,) = chance.choices(teller.houses, weights)
        (behavior,) = chance.choices(behaviors, shares)
        person = _doer(teller, house, behavior)
        done = teller.office_hours(day(1, 12) + timedelta(days=chance.randrange(168)))
        teller.at(done, partial(_record, teller, house, person, behavior, number, done))


def _doer(teller: Teller, house: House, behavior: str) -> Individual:
    """Reps follow leads, engineers prove concepts, marketers hold events; all of them learn."""
    suited = {world.PROOF: Role.SALES_ENGINEER, world.EVENT: Role.MARKETER}.get(behavior)
    able = [one for one in house.staff if one.employments[-1].role is suited]
    return teller.random.choice(able or house.staff)


def _record(
    teller: Teller, house: House, person: Individual, behavior: str, number: int, done: datetime
) -> None:
    learned = behavior in _RECORDED_BY_THE_LEARNING_SYSTEM
    program = world.GROWTH if behavior == world.TRAINING else world.ENABLEMENT
    activities.record_activity(
        teller.portal,
        teller.ask(teller.service if learned else person.id),
        partner_id=house.partner.id,
        individual_id=person.id,
        program_id=teller.programs[program].id,
        behavior=behavior,
        source="learning" if learned else "portal",
        source_event_id=f"{behavior.lower()}-{number:05}",
        occurred_at=done,
    )
