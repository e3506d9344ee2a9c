"""The demo's activities beside deals: leads, appointments, proofs, events and trainings."""

from datetime import datetime, timedelta
from functools import partial
from itertools import count

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

_ELSEWHERE = (
    # The first was while the company had no tier for it yet.
    (world.GLASSWATER, 0, world.CIRCLE, world.RENEWAL, day(5, 1), day(5, 7)),
    (world.GLASSWATER, 0, world.CIRCLE, world.RENEWAL, day(5, 12), day(5, 12)),
    *(
        (world.LARKSPUR, 3, world.MAKERS, world.EVENT, on, on)
        for on in (day(4, 15), day(4, 29), day(5, 13), day(6, 10))
    ),
    # The first three were before the company consented, which pays them afterwards.
    (world.LARKSPUR, 0, world.CLOUD, world.APPOINTMENT, day(4, 14), day(4, 14)),
    (world.LARKSPUR, 1, world.CLOUD, world.APPOINTMENT, day(4, 22), day(4, 22)),
    (world.LARKSPUR, 2, world.CLOUD, world.PROOF, day(5, 6), day(5, 6)),
    (world.LARKSPUR, 0, world.CLOUD, world.APPOINTMENT, day(6, 3), day(6, 3)),
    # Three of four certificates, and one that is the colleague's first.
    *(
        (world.FERNHILL, place, world.ENABLEMENT, world.ADVANCED, on, on)
        for place, on in ((0, day(2, 20)), (0, day(4, 15)), (0, day(6, 4)), (1, day(5, 28)))
    ),
)
"""What others do: the partner, the place among its staff, and the rest as above."""

_LATELY = (
    # Nobody may earn for these yet: their executive is asked.
    *((place, world.CLOUD, world.APPOINTMENT, days) for place, days in ((0, 20), (1, 18), (2, 13))),
    (3, world.CLOUD, world.PROOF, 12),
    (0, world.ENABLEMENT, world.LEAD, 5),
    (0, world.GROWTH, world.TRAINING, 4),
)
"""What Fernhill's staff does in the last weeks: place, program, behavior, days before the end."""


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
        told = partial(
            record, teller, house, person, program, behavior, _event(behavior, number), done
        )
        teller.at(done, told)
    mine = ((world.FERNHILL, 0, *done) for done in _BY_HAND)
    numbers = count(_ACTIVITIES + 1)
    for partner, place, program, behavior, on, told_on in (*mine, *_ELSEWHERE):
        house, done = teller.house(partner), on.replace(hour=9)
        about = (
            house,
            house.staff[place],
            program,
            behavior,
            _event(behavior, next(numbers)),
            done,
        )
        teller.at(told_on.replace(hour=9), partial(record, teller, *about))
    house = teller.house(world.FERNHILL)
    for place, program, behavior, days in _LATELY:
        about = (
            house,
            house.staff[place],
            program,
            behavior,
            _event(behavior, next(numbers)),
            teller.ago(days),
        )
        teller.lately(days, partial(record, teller, *about))


def _doer(teller: Teller, house: House, behavior: str) -> Individual:
    """Reps follow leads, engineers prove concepts, marketers hold events; all of them learn."""
    suited = {world.PROOF: Role.SALES_ENGINEER, world.EVENT: Role.MARKETER}.get(behavior)
    able = [one for one in house.staff if one.employments[-1].role is suited]
    return teller.random.choice(able or house.staff)


def _event(behavior: str, number: int) -> str:
    return f"{behavior.lower()}-{number:05}"


def record(
    teller: Teller,
    house: House,
    person: Individual,
    program: str,
    behavior: str,
    event: str,
    done: datetime,
) -> None:
    """What somebody has done, told by itself or by the learning system, under that event's id."""
    learned = behavior in _RECORDED_BY_THE_LEARNING_SYSTEM
    activities.record_activity(
        teller.portal,
        teller.ask(teller.service if learned else person.id),
        partner_id=house.partner.id,
        individual_id=person.id,
        program_id=teller.programs[program].id,
        behavior=behavior,
        source="learning" if learned else "portal",
        source_event_id=event,
        occurred_at=done,
    )
