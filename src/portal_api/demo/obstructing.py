"""What is in the way in the demo: a form that was shortened, an app that is new, and no appetite.

Site surveys are paid for by nobody. They were few while each needed a form of three pages, and are
many since it has one. Half a company finds reporting sales a chore: something was done about that a
few days ago. Nobody has looked yet at what keeps events from being held, and somebody does not see
why to learn more.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from typing import Final

from portal_api.demo import world
from portal_api.demo.opening import define_behavior
from portal_api.demo.teller import Teller
from portal_api.demo.working import record
from portal_api.demo.world import day
from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.obstacles import ObstacleKind
from portal_api.services import obstacles

SURVEY: Final = "SITE_SURVEY"
SHORTENED: Final = day(4, 13)
"""The Monday since which the form has one page."""
_BEHAVIOR = BehaviorType(SURVEY, "Site survey", ProcessStage.OPPORTUNITY_MANAGEMENT, FiveC.COVERAGE)
_BEGINS, _ENDS, _WEEK = day(1, 12), day(6, 29), timedelta(days=7)
_SURVEYORS = (world.LARKSPUR, world.GLASSWATER, world.KESTREL, world.HIGHMERE, world.ALDERBROOK)
_FRICTION, _MOTIVATION = ObstacleKind


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """What somebody at a partner's place reports, or the vendor notes (no place)."""

    partner: str
    place: int | None
    behavior: str
    kind: ObstacleKind
    text: str


_FORMS = (
    _Obstacle(
        *(world.LARKSPUR, 0, SURVEY, _FRICTION),
        "The form has three pages, and asks for the customer's address on each.",
    ),
    _Obstacle(
        *(world.GLASSWATER, 1, SURVEY, _FRICTION),
        "It cannot be filled in on a phone, and there is no desk where I survey.",
    ),
)
_SALES_REPORTS = tuple(
    _Obstacle(world.FERNHILL, place, world.SELL_OUT, _FRICTION, text)
    for place, text in (
        (0, "I type off what is printed on the invoice, number by number."),
        (1, "Accounting has the invoices. I get them weeks later, if I ask."),
        (2, "The page forgets what I have typed when I look up a serial number."),
    )
)
_LATE = (
    _Obstacle(
        *(world.HIGHMERE, 1, world.EVENT, _FRICTION),
        "You approve the logo for each event anew. By then the hall is taken.",
    ),
    _Obstacle(
        *(world.LARKSPUR, 2, world.ADVANCED, _MOTIVATION),
        "Two days without customers, for points that buy a mug.",
    ),
    _Obstacle(
        *(world.NORRLAND, None, world.LEAD, _MOTIVATION),
        "Their reps say that our leads do not buy, so they call their own first.",
    ),
)
_REPORTED, _CLOSED = day(3, 30, hour=9), day(6, 15, hour=9)


def plan(teller: Teller) -> None:
    """Plans what is surveyed, what is reported, and what is done about it."""
    teller.at(_BEGINS - _WEEK, partial(define_behavior, teller, _BEHAVIOR))
    _plan_surveys(teller)
    forms: list[str] = []
    for one in _FORMS:
        teller.at(_REPORTED, partial(_report, teller, one, forms))
    teller.at(SHORTENED + timedelta(days=2, hours=9), partial(_shorten, teller, forms))
    teller.at(_CLOSED, partial(_close, teller, forms))
    sales_reports: list[str] = []
    for number, one in enumerate(_SALES_REPORTS):
        teller.lately(25 - number, partial(_report, teller, one, sales_reports))
    teller.lately(10, partial(_equip, teller, sales_reports))
    for one in _LATE:
        teller.lately(16, partial(_report, teller, one, []))


def _plan_surveys(teller: Teller) -> None:
    """One a week and at times two, until the form is short; then four or five."""
    numbers, week = count(1), _BEGINS
    while week < _ENDS:
        often = (4 if week >= SHORTENED else 1) + week.day % 2
        for name in _SURVEYORS[:often]:
            done = week + timedelta(days=week.day % 5, hours=10)
            teller.at(done, partial(_survey, teller, name, f"survey-{next(numbers):05}", done))
        week += _WEEK


def _survey(teller: Teller, name: str, event: str, done: datetime) -> None:
    house = teller.house(name)
    record(teller, house, house.reps[0], world.ENABLEMENT, SURVEY, event, done)


def _report(teller: Teller, one: _Obstacle, told: list[str]) -> None:
    """Reports it, and remembers the report in ``told``."""
    house = teller.house(one.partner)
    who = teller.managers[0] if one.place is None else house.staff[one.place].id
    reported = obstacles.report_obstacle(
        teller.portal,
        teller.ask(who),
        partner_id=house.partner.id,
        program_id=teller.programs[world.ENABLEMENT].id,
        behavior=one.behavior,
        kind=one.kind,
        text=one.text,
    )
    told.append(reported.report.id)


def _close(teller: Teller, reports: list[str]) -> None:
    for one in reports:
        obstacles.close_obstacle(
            *(teller.portal, teller.ask(teller.managers[0])),
            report_id=one,
            answer="The form has one page now, and fits a phone.",
        )


def _shorten(teller: Teller, reports: list[str]) -> None:
    """First with the wrong day, then corrected."""
    wrong = _intervene(
        teller, SURVEY, "One page in place of three.", (SHORTENED + timedelta(days=1)).date()
    )
    _intervene(
        *(teller, SURVEY, "One page in place of three, for phones, too.", SHORTENED.date()),
        answers=tuple(reports),
        corrects=wrong,
    )


def _equip(teller: Teller, reports: list[str]) -> None:
    _intervene(
        *(teller, world.SELL_OUT, "Their phones read invoices.", teller.ago(12).date()),
        partner_id=teller.house(world.FERNHILL).partner.id,
        answers=tuple(reports),
    )


def _intervene(
    teller: Teller,
    behavior: str,
    text: str,
    started_on: date,
    *,
    partner_id: str | None = None,
    answers: tuple[str, ...] = (),
    corrects: str | None = None,
) -> str:
    """Records what was done; its id."""
    return obstacles.record_intervention(
        teller.portal,
        teller.ask(teller.managers[0]),
        program_id=teller.programs[world.ENABLEMENT].id,
        behavior=behavior,
        text=text,
        started_on=started_on,
        partner_id=partner_id,
        answers=answers,
        corrects=corrects,
    ).intervention.id
