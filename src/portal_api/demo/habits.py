"""What a channel manager should find in the demo: habits that last, and money that is wasted.

Three programs run for the same eight weeks, between eight weeks before and eight after. Seven
companies take part and five do not. What is done for the first stays when it ends; what is done for
the second does not; what the third pays for was done all the time. Beside them one company sells
most in every month, its first seller and those of others hold more appointments, a silver company
joins in as a whole, and at a platinum one a single person does nearly everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from portal_api.demo import consenting, world
from portal_api.demo.opening import define_behavior, open_program
from portal_api.demo.programs import ProgramSketch, terms_of
from portal_api.demo.selling import Sale, sell
from portal_api.demo.teller import House, Teller
from portal_api.demo.working import record
from portal_api.demo.world import day
from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Segment
from portal_api.domain.plans import Rule
from portal_api.domain.programs import IncentiveClass

PLANNING: Final = "Account planning"
WEBINARS: Final = "Webinar season"
QUOTES: Final = "Quote bonus"
PLAN, WEBINAR, QUOTE = "ACCOUNT_PLAN_AGREED", "WEBINAR_HELD", "QUOTE_SENT"

_ZONE = ZoneInfo("Europe/Berlin")
BEGINS, STOPS = day(1, 12), day(6, 28)
"""When what is counted begins, and when it stops."""
STARTS, ENDS = (datetime(2026, *on, tzinfo=_ZONE).astimezone(UTC) for on in ((3, 9), (5, 4)))
"""The Mondays, in the programs' own calendar, on which these start and end."""
_WEEK = timedelta(days=7)

_BEHAVIORS = (
    BehaviorType(
        *(PLAN, "Account plan agreed", ProcessStage.OPPORTUNITY_MANAGEMENT, FiveC.COMMITMENT)
    ),
    BehaviorType(WEBINAR, "Webinar held", ProcessStage.DEMAND_GENERATION, FiveC.COVERAGE),
    BehaviorType(QUOTE, "Quote sent", ProcessStage.OPPORTUNITY_MANAGEMENT, FiveC.CONTRIBUTION),
)


def _program(
    behavior: str, name: str, words: str, amount_minor: int, lasting: IncentiveClass
) -> ProgramSketch:
    terms = terms_of(name, words, STARTS, Segment())
    rule = Rule(
        *(behavior.lower().replace("_", "-"), name, Level.INDIVIDUAL, "USD"),
        Flat(behavior, amount_minor),
    )
    return ProgramSketch(
        replace(terms, ends_at=ENDS, incentive_class=lasting), (rule,), (), (("USD", 20_000_00),)
    )


_PROGRAMS = {
    PLAN: _program(
        *(PLAN, PLANNING, "Eight weeks of planning accounts together, to become a habit."),
        100_00,
        IncentiveClass.HABIT_FORMING,
    ),
    WEBINAR: _program(
        *(WEBINAR, WEBINARS, "Eight weeks of webinars, to find customers now."),
        150_00,
        IncentiveClass.TACTICAL,
    ),
    QUOTE: _program(
        *(QUOTE, QUOTES, "Eight weeks in which each quote is paid for."),
        25_00,
        IncentiveClass.TACTICAL,
    ),
}

JOINED_IN: Final = world.JUNIPER
"""The silver company whose whole staff plans accounts."""
STAR_AT: Final = world.LARKSPUR
"""The platinum company whose first seller holds nearly all of its webinars."""
BEST: Final = world.KESTREL
"""Whose first seller wins a large deal every other week."""

_TAKE_PART = (
    *(world.KESTREL, world.ALDERBROOK, world.GLASSWATER, world.LARKSPUR, world.HIGHMERE),
    *(world.EASTFOLD, world.JUNIPER),
)
_DILIGENT = (world.KESTREL, world.LARKSPUR, world.ALDERBROOK, world.GLASSWATER, world.HIGHMERE)
"""Whose first sellers hold an appointment every other week, beside what chance has them do."""


@dataclass(frozen=True, slots=True)
class _Habit:
    """How often a company does something in a fortnight: before, while it is paid for, and after.

    ``people``: how many of its staff do it in turn.
    """

    before: int
    during: int
    after: int
    people: int = 4


_USUAL = {PLAN: _Habit(1, 3, 3), WEBINAR: _Habit(0, 1, 0)}
_QUOTING = (_Habit(3, 4, 3), _Habit(4, 3, 4), _Habit(3, 3, 3), _Habit(5, 5, 4))
"""Companies are not alike in it, whoever pays."""
_SPECIAL = {
    (JOINED_IN, PLAN): _Habit(1, 5, 4),
    (STAR_AT, WEBINAR): _Habit(0, 5, 0, people=1),
}
_OTHERS = {PLAN: _Habit(1, 1, 1), WEBINAR: _Habit(0, 0, 0)}


def plan(teller: Teller) -> None:
    """Plans the three programs, who takes part, and what everybody does."""
    for one in _BEHAVIORS:
        teller.at(BEGINS - _WEEK, partial(define_behavior, teller, one))
    for sketch in _PROGRAMS.values():
        teller.at(STARTS - _WEEK, partial(open_program, teller, sketch))
    for name in _TAKE_PART:
        house = teller.house(name)
        for sketch in _PROGRAMS.values():
            about = consenting.About(house, sketch.terms.name)
            teller.at(STARTS - timedelta(days=3), partial(consenting.consent_all, teller, about))
            for person in house.staff:
                joins = partial(consenting.enroll, teller, about, person.id)
                teller.at(STARTS - timedelta(days=2), joins)
    numbers = count(1)
    for index, house in enumerate(teller.houses):
        habits = _USUAL if house.sketch.name in _TAKE_PART else _OTHERS
        quoting = _QUOTING[index % len(_QUOTING)]
        for behavior, usual in {**habits, QUOTE: quoting}.items():
            habit = _SPECIAL.get((house.sketch.name, behavior), usual)
            for done, place in _days(habit, index % 2):
                told = partial(_do, teller, house, place, behavior, f"habit-{next(numbers):05}")
                teller.at(done, partial(told, done))
    for name in _DILIGENT:
        for week in range(1, 24, 2):
            done = BEGINS + week * _WEEK + timedelta(days=2, hours=13)
            event = f"habit-{next(numbers):05}"
            house = teller.house(name)
            teller.at(done, partial(_do, teller, house, 0, world.APPOINTMENT, event, done))
    _plan_sales(teller)


def _days(habit: _Habit, late: int) -> Iterator[tuple[datetime, int]]:
    """When it is done and by which place of the staff: evenly over each fortnight, in turn.

    ``late``: 1 where the fortnight's first is done in its second week.
    """
    turn = count()
    for start, end, often in (
        (BEGINS, STARTS, habit.before),
        (STARTS, ENDS, habit.during),
        (ENDS, STOPS, habit.after),
    ):
        fortnight = start
        while fortnight < end:
            for number in range(often):
                # Ten working days, from Monday on, each at eleven.
                working = (number * 10 // often + 5 * late) % 10
                days = working + 2 * (working // 5)
                yield fortnight + timedelta(days=days, hours=11), next(turn) % habit.people
            fortnight += 2 * _WEEK


def _do(
    teller: Teller, house: House, place: int, behavior: str, event: str, done: datetime
) -> None:
    """It is recorded in the program that pays for it while that runs, else where nothing does."""
    sketch = _PROGRAMS.get(behavior)
    paid = sketch is not None and STARTS <= done < ENDS
    program = sketch.terms.name if sketch is not None and paid else world.ENABLEMENT
    record(teller, house, house.staff[place], program, behavior, event, done)


def _plan_sales(teller: Teller) -> None:
    """The best seller's deals: registered, approved two days later and won after a fortnight."""
    house = teller.house(BEST)
    for number in range(12):
        on = BEGINS + number * 2 * _WEEK + timedelta(hours=10)
        customer = f"Summit Works {number + 1}"
        amount = (60 + 3 * (number % 4)) * 1_000_00
        sale = Sale(house, house.reps[0], world.GROWTH, amount, "USD", customer, "Beacon 900")
        teller.at(on, partial(sell, teller, sale, on + timedelta(days=2), on + 2 * _WEEK))
