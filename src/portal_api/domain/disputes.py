"""Disputes: the owner of one earning says that it is wrong, and is owed an answer."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal_api.domain.earnings import Earning
from portal_api.domain.errors import (
    AlreadyDisputed,
    DisputeNotOpen,
    DisputeTooLate,
    SecondPersonRequired,
)

ANSWER_DAYS = 30
"""In how many days a dispute is to be answered."""


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Dispute:
    """The dispute of one earning. ``id`` is the earning's.

    Accepted, it has proposed the adjustment ``adjustment_id``; if that is rejected it is open
    again, and still to be answered by ``due_at``.
    """

    id: str
    wallet_id: str
    partner_id: str
    reason: str
    opened_by: str
    opened_at: datetime
    due_at: datetime
    status: DisputeStatus = DisputeStatus.OPEN
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    adjustment_id: str | None = None
    version: int = 0

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been answered by now."""
        return self.status is DisputeStatus.OPEN and now > self.due_at


def check_open(earning: Earning, before: Dispute | None, days: int, now: datetime) -> None:
    """Raises ``AlreadyDisputed``, and ``DisputeTooLate`` after so many days."""
    if before is not None:
        raise AlreadyDisputed(
            f"This earning was disputed before: that is {before.status.lower()}.", before.status
        )
    deadline = earning.recorded_at + timedelta(days=days)
    if now > deadline:
        raise DisputeTooLate(f"An earning is disputed within {days} days.", deadline.isoformat())


def open_dispute(earning: Earning, partner_id: str, reason: str, by: str, at: datetime) -> Dispute:
    """The dispute of an earning of somebody at the partner, or of the partner itself."""
    return Dispute(
        id=earning.id,
        wallet_id=earning.wallet_id,
        partner_id=partner_id,
        reason=reason,
        opened_by=by,
        opened_at=at,
        due_at=at + timedelta(days=ANSWER_DAYS),
    )


def accept(dispute: Dispute, adjustment_id: str, answer: str, by: str, at: datetime) -> Dispute:
    """The dispute accepted, with the adjustment that it proposes.

    Raises ``DisputeNotOpen`` and ``SecondPersonRequired``.
    """
    accepted = _answered(dispute, DisputeStatus.ACCEPTED, answer, by, at)
    return replace(accepted, adjustment_id=adjustment_id)


def reject(dispute: Dispute, answer: str, by: str, at: datetime) -> Dispute:
    """The dispute rejected, with the reason; raises as ``accept`` does."""
    return _answered(dispute, DisputeStatus.REJECTED, answer, by, at)


def reopen(dispute: Dispute, adjustment_id: str) -> Dispute:
    """The dispute once an adjustment was rejected: open again, if it was its own."""
    if dispute.adjustment_id != adjustment_id:
        return dispute
    return replace(
        dispute,
        status=DisputeStatus.OPEN,
        answer=None,
        answered_by=None,
        answered_at=None,
        adjustment_id=None,
    )


def _answered(
    dispute: Dispute, status: DisputeStatus, answer: str, by: str, at: datetime
) -> Dispute:
    if dispute.status is not DisputeStatus.OPEN:
        raise DisputeNotOpen(f"The dispute is {dispute.status.lower()} already.", dispute.status)
    if by == dispute.wallet_id:
        raise SecondPersonRequired("Somebody else answers your dispute.")
    return replace(dispute, status=status, answer=answer, answered_by=by, answered_at=at)
