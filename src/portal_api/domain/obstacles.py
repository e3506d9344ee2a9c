"""Obstacles: why a behavior of a program is not done, and what the vendor did about it.

Objections are against consenting to a program; obstacles are in the way of one behavior in it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from portal_api.domain.errors import ObstacleNotOpen
from portal_api.domain.partners import STAFF_ROLES, Role

SEVERAL = 3
"""What fewer people of a company report is not told to its executives, not even that it is."""


class ObstacleKind(StrEnum):
    """Why somebody does not do it: something is in the way, or it is not worth it to them."""

    FRICTION = "FRICTION"
    MOTIVATION = "MOTIVATION"


class ObstacleStatus(StrEnum):
    """Where a report stands."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class ObstacleReport:
    """Why a behavior is not done at a partner. ``id`` names partner, reporter, program and itself.

    ``role`` is the reporter's then: one of the partner's people, or of the vendor's who was told.
    ``reported_on`` is the day of it in the program's time zone. ``answer`` is what the vendor tells
    the reporter when it closes the report.
    """

    id: str
    partner_id: str
    program_id: str
    behavior: str
    kind: ObstacleKind
    text: str
    reported_by: str
    role: Role
    reported_at: datetime
    reported_on: date
    status: ObstacleStatus = ObstacleStatus.OPEN
    answer: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    version: int = 0

    @property
    def of_staff(self) -> bool:
        """Whether one of the partner's people made it who is none of its executives."""
        return self.role in STAFF_ROLES


@dataclass(frozen=True, slots=True)
class Intervention:
    """What the vendor did about a behavior of a program. ``id`` names program and itself.

    It never changes: another one ``corrects`` it, which then counts in its place. ``partner_id``
    is where it was done; none: everywhere. ``answers`` are the ids of the reports that it is about.
    ``started_on`` is a day of the program's calendar.
    """

    id: str
    program_id: str
    behavior: str
    text: str
    started_on: date
    recorded_by: str
    recorded_at: datetime
    partner_id: str | None = None
    answers: tuple[str, ...] = ()
    corrects: str | None = None

    def is_since(self, report: ObstacleReport) -> bool:
        """Whether it was done about what a report tells: by name, or there and not before it."""
        if report.behavior != self.behavior or self.partner_id not in (None, report.partner_id):
            return False
        return report.id in self.answers or self.started_on >= report.reported_on


def closed(report: ObstacleReport, answer: str, by: str, at: datetime) -> ObstacleReport:
    """The report closed with the vendor's answer; raises ``ObstacleNotOpen``."""
    if report.closed_at is not None:
        raise ObstacleNotOpen("The report is closed already.", report.closed_at.isoformat())
    return replace(report, status=ObstacleStatus.CLOSED, answer=answer, closed_by=by, closed_at=at)
