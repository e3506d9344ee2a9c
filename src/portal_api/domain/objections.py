"""Objections: what a partner has against a program, and the vendor's answer to it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain.errors import NotPermitted, ObjectionNotOpen
from portal_api.domain.partners import Role


class ObjectionCategory(StrEnum):
    """What an objection is about."""

    CONFLICTS_WITH_OWN_PLAN = "CONFLICTS_WITH_OWN_PLAN"
    TAX_OR_PAYROLL = "TAX_OR_PAYROLL"
    ADMINISTRATION = "ADMINISTRATION"
    LEGAL_OR_COMPLIANCE = "LEGAL_OR_COMPLIANCE"
    FAIRNESS = "FAIRNESS"
    NOT_WORTH_IT = "NOT_WORTH_IT"
    OTHER = "OTHER"


class ObjectionStatus(StrEnum):
    """Where an objection stands."""

    OPEN = "OPEN"
    ANSWERED = "ANSWERED"
    RESOLVED = "RESOLVED"


@dataclass(frozen=True, slots=True)
class Objection:
    """What keeps a partner from consenting. ``id`` names partner and itself.

    ``noted``: somebody at the vendor wrote down what the partner said.
    """

    id: str
    partner_id: str
    program_id: str
    category: ObjectionCategory
    text: str
    raised_by: str
    raised_at: datetime
    noted: bool = False
    status: ObjectionStatus = ObjectionStatus.OPEN
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    version: int = 0


def answered(objection: Objection, answer: str, by: str, at: datetime) -> Objection:
    """The objection with the vendor's answer; raises ``ObjectionNotOpen``."""
    if objection.status is not ObjectionStatus.OPEN:
        raise _not_open(objection)
    return replace(
        objection,
        status=ObjectionStatus.ANSWERED,
        answer=answer,
        answered_by=by,
        answered_at=at,
    )


def resolved(objection: Objection, by: str, by_vendor: bool, at: datetime) -> Objection:
    """The objection put aside; by the vendor not before it has answered.

    Raises ``ObjectionNotOpen`` and ``NotPermitted``.
    """
    if objection.status is ObjectionStatus.RESOLVED:
        raise _not_open(objection)
    if by_vendor and objection.status is ObjectionStatus.OPEN:
        raise NotPermitted(
            "The vendor answers an objection before it resolves it.", (Role.PARTNER_EXECUTIVE,)
        )
    return replace(objection, status=ObjectionStatus.RESOLVED, resolved_by=by, resolved_at=at)


def _not_open(objection: Objection) -> ObjectionNotOpen:
    status = objection.status
    return ObjectionNotOpen(f"The objection is {status.lower()} already.", status)
