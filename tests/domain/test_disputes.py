"""Disputes: in time, once for an earning, and answered once unless the answer came to nothing."""

from datetime import timedelta

import pytest

from portal_api.domain import disputes
from portal_api.domain.disputes import Dispute, DisputeStatus
from portal_api.domain.errors import (
    AlreadyDisputed,
    DisputeNotOpen,
    DisputeTooLate,
    SecondPersonRequired,
)
from tests.domain.correcting import EARNING, T0

DAY = timedelta(days=1)
OPEN = disputes.open_dispute(EARNING, "p", "Too little.", "ann", T0)


def test_an_earning_is_disputed_up_to_its_deadline() -> None:
    """90 days after it was recorded, that instant included."""
    disputes.check_open(EARNING, None, 90, T0 + 90 * DAY)
    with pytest.raises(DisputeTooLate) as refused:
        disputes.check_open(EARNING, None, 90, T0 + 90 * DAY + timedelta(microseconds=1))
    assert (T0 + 90 * DAY).isoformat() == refused.value.deadline


def test_an_earning_is_disputed_once() -> None:
    """Also when the dispute was rejected."""
    for before in (OPEN, disputes.reject(OPEN, "No.", "ada", T0)):
        with pytest.raises(AlreadyDisputed) as refused:
            disputes.check_open(EARNING, before, 90, T0)
        assert before.status == refused.value.status


def test_an_answer_is_owed_for_30_days() -> None:
    due_at = T0 + 30 * DAY
    assert (EARNING.id, due_at, DisputeStatus.OPEN) == (OPEN.id, OPEN.due_at, OPEN.status)
    assert not OPEN.overdue(due_at)
    assert OPEN.overdue(due_at + timedelta(microseconds=1))
    assert not disputes.reject(OPEN, "No.", "ada", T0).overdue(due_at + DAY)


def _accepted() -> Dispute:
    return disputes.accept(OPEN, "ann.9", "Yes.", "ada", T0)


def test_it_is_answered_once_and_not_by_its_owner() -> None:
    accepted, rejected = _accepted(), disputes.reject(OPEN, "No.", "ada", T0)

    assert (DisputeStatus.ACCEPTED, "Yes.", "ada", T0, "ann.9") == (
        accepted.status,
        accepted.answer,
        accepted.answered_by,
        accepted.answered_at,
        accepted.adjustment_id,
    )
    assert (DisputeStatus.REJECTED, "No.", None) == (
        rejected.status,
        rejected.answer,
        rejected.adjustment_id,
    )
    for decided in (accepted, rejected):
        with pytest.raises(DisputeNotOpen):
            disputes.reject(decided, "No.", "ada", T0)
    with pytest.raises(SecondPersonRequired):
        disputes.reject(OPEN, "No.", "ann", T0)


def test_it_is_open_again_when_its_own_adjustment_was_rejected() -> None:
    assert OPEN == disputes.reopen(_accepted(), "ann.9")
    assert _accepted() == disputes.reopen(_accepted(), "ann.8")
