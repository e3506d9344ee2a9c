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


_BY_HAND = (
    # The sixth month begins on a Monday: of three appointments in one week, two are paid.
    (world.SOLUTIONS, world.APPOINTMENT, day(6, 1), day(6, 1)),
    (world.SOLUTIONS, world.APPOINTMENT, day(6, 2), day(6, 2)),
    (world.SOLUTIONS, world.APPOINTMENT, day(6, 3), day(6, 3)),
    # Under the second version of the plan; then late, so that the first judges; then what is new.
    (world.ENABLEMENT, world.LEAD, day(5, 19), day(5, 19)),
    (world.ENABLEMENT, world.LEAD, day(4, 21), day(5, 20)),
    (world.ENABLEMENT, world.WORKSHOP, day(5, 21), day(5, 21)),
    # Some points each month, so that they expire one month after the other; and what is held.
    *((world.GROWTH, world.TRAINING, day(month, 20), day(month, 20)) for month in range(1, 6)),
    (world.ENABLEMENT, world.LEAD, day(2, 24), day(2, 24)),
    (world.ENABLEMENT, world.LEAD, day(3, 24), day(3, 24)),
    (world.SOLUTIONS, world.APPOINTMENT, day(3, 12), day(3, 12)),
    (world.SOLUTIONS, world.APPOINTMENT, day(5, 14), day(5, 14)),
    (world.ENABLEMENT, world.RENEWAL, day(6, 8), day(6, 8)),
)
"""What Mara does besides: program, behavior, when it was, and when it is told."""


def plan(teller: Teller) -> None:
    """Plans what everybody does on some days of the half year, and what is told by hand."""
    chance = teller.random
    behaviors, shares = tuple(_SHARES), tuple(_SHARES.values())
    weights = [house.sketch.busy + 1 for house in teller.houses]
    for number in range(1, _ACTIVITIES + 1):
        (house,) = chance.choices(teller.houses, weights)
        (behavior,) = chance.choices(behaviors, shares)
        person = _doer(teller, house, behavior)
        done = teller.office_hours(day(1, 12) + timedelta(days=chance.randrange(168)))
        program = world.GROWTH if behavior == world.TRAINING else world.ENABLEMENT
        told = partial(_record, teller, house, person, program, behavior, number, done)
        teller.at(done, told)
    house = teller.house(world.FERNHILL)
    for number, (program, behavior, on, told_on) in enumerate(_BY_HAND, start=_ACTIVITIES + 1):
        done = on.replace(hour=9)
        told = partial(_record, teller, house, house.reps[0], program, behavior, number, done)
        teller.at(told_on.replace(hour=9), told)


def _doer(teller: Teller, house: House, behavior: str) -> Individual:
    """Reps follow leads, engineers prove concepts, marketers hold events; all of them learn."""
    suited = {world.PROOF: Role.SALES_ENGINEER, world.EVENT: Role.MARKETER}.get(behavior)
    able = [one for one in house.staff if one.employments[-1].role is suited]
    return teller.random.choice(able or house.staff)


def _record(
    teller: Teller,
    house: House,
    person: Individual,
    program: str,
    behavior: str,
    number: int,
    done: datetime,
) -> None:
    learned = behavior in _RECORDED_BY_THE_LEARNING_SYSTEM
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
