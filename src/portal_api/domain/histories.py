"""A deal's past from its activities: what it was when each of them happened."""

from dataclasses import replace

from portal_api.domain.activities import (
    DEAL_CHANGES,
    DEAL_LOST,
    DEAL_REGISTERED,
    DEAL_REJECTED,
    DEAL_REOPENED,
    DEAL_RETURNED,
    DEAL_WON,
    Activity,
)
from portal_api.domain.deals import Credit, Deal, DealStage, RegistrationStatus, recognized


def as_new(deal: Deal) -> Deal:
    """The deal as it was submitted, with the credit that it has now."""
    return replace(
        deal,
        registration=RegistrationStatus.SUBMITTED,
        rejection_reason=None,
        approved_at=None,
        protected_until=None,
        extension=None,
        stage=DealStage.OPEN,
        closed_at=None,
        returned_at=None,
        reopened=0,
        history=(),
        registered_for=(),
        reopened_at=None,
        awards=(),
        missed=(),
        forgone=(),
    )


def after(deal: Deal, activity: Activity) -> Deal:
    """The deal with one more of its activities; refuses nothing, since it has happened."""
    at, amount_minor = activity.occurred_at, activity.deal_amount_minor
    if amount_minor is not None:
        shares = tuple(Credit(person, weight) for person, weight in activity.deal_shares)
        deal = replace(deal, amount_minor=amount_minor, credits=shares)
    behavior = activity.behavior
    if behavior not in DEAL_CHANGES:
        return deal.noted(behavior, activity.individual_id, at)
    if behavior == DEAL_REGISTERED:
        return recognized(deal, at)
    if behavior == DEAL_REJECTED:
        return replace(deal, registration=RegistrationStatus.REJECTED)
    if behavior in (DEAL_WON, DEAL_LOST):
        stage = DealStage.WON if behavior == DEAL_WON else DealStage.LOST
        return replace(deal, stage=stage, closed_at=at)
    if behavior == DEAL_RETURNED:
        return replace(deal, stage=DealStage.RETURNED, returned_at=at)
    if behavior == DEAL_REOPENED:
        opened = replace(deal, stage=DealStage.OPEN, closed_at=None, returned_at=None)
        return replace(opened, reopened=deal.reopened + 1)
    return deal
