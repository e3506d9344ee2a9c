"""Deals: registration and stage are two fields, each decided once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal_api.domain import deals
from portal_api.domain.deals import Deal, DealStage, RegistrationStatus
from portal_api.domain.errors import DealNotOpen, InvalidInput, Refusal, RegistrationDecided

T0 = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
SUBMITTED = Deal("p.ann.g.1", "p", "ann", "g", "Acme", "Pro", 100, "USD", T0)
APPROVED = deals.approve(SUBMITTED, T0 + DAY)
REJECTED = deals.reject(SUBMITTED, "known")
WON = deals.win(APPROVED, 90, T0 + 2 * DAY)
LOST = deals.lose(APPROVED, T0 + 2 * DAY)
WON_UNREGISTERED = deals.win(SUBMITTED, 90, T0 + 2 * DAY)
LOST_UNREGISTERED = deals.lose(SUBMITTED, T0 + 2 * DAY)


def test_each_change_touches_its_own_fields_only() -> None:
    approved, rejected = RegistrationStatus.APPROVED, RegistrationStatus.REJECTED
    won, lost, closed = DealStage.WON, DealStage.LOST, T0 + 2 * DAY

    assert replace(SUBMITTED, registration=approved, approved_at=T0 + DAY) == APPROVED
    assert replace(SUBMITTED, registration=rejected, rejection_reason="known") == REJECTED
    assert replace(APPROVED, stage=won, closed_at=closed, amount_minor=90) == WON
    assert replace(APPROVED, stage=lost, closed_at=closed) == LOST
    assert replace(SUBMITTED, stage=won, closed_at=closed, amount_minor=90) == WON_UNREGISTERED


@pytest.mark.parametrize(
    ("deal", "registration_refused", "closing_refused"),
    [
        (SUBMITTED, None, None),
        (APPROVED, RegistrationDecided, None),
        (REJECTED, RegistrationDecided, None),
        (WON, RegistrationDecided, DealNotOpen),
        (LOST, RegistrationDecided, DealNotOpen),
        (WON_UNREGISTERED, DealNotOpen, DealNotOpen),
        (LOST_UNREGISTERED, DealNotOpen, DealNotOpen),
    ],
)
def test_a_registration_and_a_stage_are_decided_once_and_a_closed_deal_is_not_registered(
    deal: Deal,
    registration_refused: type[Refusal] | None,
    closing_refused: type[Refusal] | None,
) -> None:
    """Else approving after the close would pay a registration that came too late to be one."""
    at = T0 + 3 * DAY
    attempts: tuple[tuple[Callable[[], Deal], type[Refusal] | None], ...] = (
        (lambda: deals.approve(deal, at), registration_refused),
        (lambda: deals.reject(deal, "late"), registration_refused),
        (lambda: deals.win(deal, 1, at), closing_refused),
        (lambda: deals.lose(deal, at), closing_refused),
    )
    found: list[type[Refusal] | None] = []
    for attempt, _ in attempts:
        try:
            attempt()
            found.append(None)
        except Refusal as refusal:
            found.append(type(refusal))

    assert [refused for _, refused in attempts] == found


def test_a_refusal_tells_what_stands() -> None:
    with pytest.raises(RegistrationDecided) as decided:
        deals.approve(REJECTED, T0)
    with pytest.raises(DealNotOpen) as closed:
        deals.win(LOST, 1, T0 + 3 * DAY)

    assert RegistrationStatus.REJECTED == decided.value.status
    assert DealStage.LOST == closed.value.stage


@pytest.mark.parametrize(
    ("deal", "earliest"), [(SUBMITTED, T0), (APPROVED, T0 + DAY), (REJECTED, T0)]
)
def test_a_deal_closes_at_its_registration_at_the_earliest(deal: Deal, earliest: datetime) -> None:
    too_early = earliest - timedelta(microseconds=1)

    with pytest.raises(InvalidInput):
        deals.win(deal, 1, too_early)
    with pytest.raises(InvalidInput):
        deals.lose(deal, too_early)

    assert earliest == deals.win(deal, 1, earliest).closed_at
