"""Deals, of which every change is also an activity.

The registration status and the stage are two fields.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain.errors import DealNotOpen, InvalidInput, RegistrationDecided


class RegistrationStatus(StrEnum):
    """Where the request to have a deal recognized stands."""

    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class DealStage(StrEnum):
    """How the opportunity itself goes."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class DealAward:
    """What one rule's step has paid on a deal, net of what was taken back.

    In minor units of ``asset``. A part of nothing has no earning; that it was not withheld counts.
    """

    rule_code: str
    step: str
    earning_id: str | None
    asset: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity. ``amount_minor`` is the estimate until it is won, then the final amount.

    ``id`` names partner, owner, program and itself, none of which ever changes.
    """

    id: str
    partner_id: str
    owner_id: str
    program_id: str
    end_customer: str | None
    product: str
    amount_minor: int
    currency: str
    submitted_at: datetime
    reference: str | None = None
    registration: RegistrationStatus = RegistrationStatus.SUBMITTED
    rejection_reason: str | None = None
    approved_at: datetime | None = None
    stage: DealStage = DealStage.OPEN
    closed_at: datetime | None = None
    awards: tuple[DealAward, ...] = ()
    version: int = 0


def approve(deal: Deal, at: datetime) -> Deal:
    """The deal with its registration approved.

    Raises ``RegistrationDecided`` and ``DealNotOpen``.
    """
    _still_submitted(deal)
    return replace(deal, registration=RegistrationStatus.APPROVED, approved_at=at)


def reject(deal: Deal, reason: str) -> Deal:
    """The deal with its registration rejected.

    Raises ``RegistrationDecided`` and ``DealNotOpen``.
    """
    _still_submitted(deal)
    return replace(deal, registration=RegistrationStatus.REJECTED, rejection_reason=reason)


def win(deal: Deal, amount_minor: int, at: datetime) -> Deal:
    """The deal won at its final amount. A deal that is not registered can be won too.

    Raises ``DealNotOpen``, and ``InvalidInput`` for a closing before the registration.
    """
    _still_open(deal, at)
    return replace(deal, stage=DealStage.WON, closed_at=at, amount_minor=amount_minor)


def lose(deal: Deal, at: datetime) -> Deal:
    """The deal lost.

    Raises ``DealNotOpen``, and ``InvalidInput`` for a closing before the registration.
    """
    _still_open(deal, at)
    return replace(deal, stage=DealStage.LOST, closed_at=at)


def _still_submitted(deal: Deal) -> None:
    if deal.registration is not RegistrationStatus.SUBMITTED:
        raise RegistrationDecided(
            f"The registration is {deal.registration.lower()} already.", deal.registration
        )
    _not_closed(deal)


def _not_closed(deal: Deal) -> None:
    if deal.stage is not DealStage.OPEN:
        raise DealNotOpen(f"The deal is {deal.stage.lower()} already.", deal.stage)


def _still_open(deal: Deal, at: datetime) -> None:
    _not_closed(deal)
    if at < (deal.approved_at or deal.submitted_at):
        raise InvalidInput("A deal cannot close before it was registered.", "occurredAt")
