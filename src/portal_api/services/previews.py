"""What something would earn: decided by the function that pays, and never written."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal_api.domain import deals
from portal_api.domain.access import Viewer
from portal_api.domain.activities import (
    DEAL_REGISTERED,
    DEAL_SUBMITTED,
    DEAL_WON,
    Activity,
    BehaviorType,
)
from portal_api.domain.deals import Deal, DealStage, RegistrationStatus
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.partners import VENDOR_ROLES
from portal_api.services.activities import for_deal
from portal_api.services.deals import (
    DealTerms,
    checked_amount,
    checked_instant,
    new_deal,
    owner_of,
    recorded,
)
from portal_api.services.known import check_known
from portal_api.services.loads import Loads
from portal_api.services.retrying import retried
from portal_api.services.rewards import Settlement, settlement_of
from portal_api.services.store import One, Want
from portal_api.services.use_case import Portal, Situation

_PREVIEW = "preview"
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DealPreview:
    """A deal that is not there yet, or one that the person has a share of, and how it would go.

    ``amount_minor`` is what it would be won at, in ``currency``; the estimate where it is not told.
    """

    deal_id: str | None = None
    terms: DealTerms | None = None
    amount_minor: int | None = None
    currency: str | None = None
    registered: bool = True


def preview_deal(
    portal: Portal,
    viewer: Viewer,
    *,
    partner_id: str,
    individual_id: str,
    program_id: str,
    asked: DealPreview,
) -> tuple[Activity, ...]:
    """What submitting a deal, approving its registration and winning it would earn now, by step.

    Only the steps that are still to come, with what each makes for everybody. Raises ``NotFound``
    and ``InvalidInput``.
    """
    _check_asker(viewer, partner_id, individual_id)
    if asked.deal_id is not None:
        return _known(portal, viewer, asked.deal_id, (partner_id, individual_id, program_id), asked)
    if asked.terms is None:
        raise InvalidInput("A preview is of a deal, or of what it would be.", "deal")
    loads = Loads(partner_id, individual_id, program_id)
    # Before anything is read for the people that they name.
    terms = replace(asked.terms, credits=deals.checked_credits(asked.terms.credits))

    def attempt() -> tuple[Activity, ...]:
        s = _situation(portal, viewer, loads.wants())
        check_known(s, loads)
        return _from_the_start(s, loads, terms, asked)

    return retried(attempt)


def _known(
    portal: Portal, viewer: Viewer, deal_id: str, whose: tuple[str, str, str], asked: DealPreview
) -> tuple[Activity, ...]:
    """The steps of a deal that the person owns or is credited with: they are its owner's."""
    partner_id, individual_id, program_id = whose
    at_partner, owner_id, in_program = owner_of(deal_id)
    if (at_partner, in_program) != (partner_id, program_id):
        raise NotFound.of("dealId")
    loads, deal_want = Loads(partner_id, owner_id, program_id), One(Deal, deal_id)

    def attempt() -> tuple[Activity, ...]:
        s = _situation(portal, viewer, (deal_want, *loads.wants()))
        deal = s.found[deal_want]
        sharing = {credit.individual_id for credit in deal.credited} if deal else set()
        if deal is None or individual_id not in {deal.owner_id, *sharing}:
            raise NotFound.of("dealId")
        settlement = settlement_of(s, loads, "individualId", deal.people)
        return _to_the_end(settlement, deal, asked)

    return retried(attempt)


def _from_the_start(
    s: Situation, loads: Loads, terms: DealTerms, asked: DealPreview
) -> tuple[Activity, ...]:
    """The steps of a deal that is not there."""
    people = tuple(credit.individual_id for credit in terms.credits)
    settlement = settlement_of(s, loads, "individualId", people)
    if terms.currency != settlement.program.currency:
        raise InvalidInput(f"The program's deals are in {settlement.program.currency}.", "amount")
    deal = new_deal(f"{loads.prefix}.{s.portal.new_id()}", terms, s.now)
    submitted, deal = recorded(settlement, deal, DEAL_SUBMITTED, s.now)
    return submitted, *_to_the_end(settlement, deal, asked)


def _to_the_end(settlement: Settlement, deal: Deal, asked: DealPreview) -> tuple[Activity, ...]:
    """The steps that a deal has before it."""
    if asked.currency not in (None, deal.currency):
        raise InvalidInput(f"The deal's amount is in {deal.currency}.", "amount")
    now, steps = settlement.situation.now, []
    decidable = deal.stage in (DealStage.OPEN, DealStage.WON)
    if asked.registered and decidable and deal.registration is RegistrationStatus.SUBMITTED:
        approved = deals.approve(deal, now, None)
        activity, deal = recorded(settlement, approved, DEAL_REGISTERED, now)
        steps.append(activity)
    if deal.stage is DealStage.OPEN:
        amount_minor = deal.amount_minor if asked.amount_minor is None else asked.amount_minor
        # Winning comes after registering: no clock is so exact that both are one instant.
        at = now + _INSTANT if steps else now
        won = deals.win(deal, checked_amount(amount_minor), at)
        activity, _ = recorded(settlement, won, DEAL_WON, at)
        steps.append(activity)
    return tuple(steps)


def preview_activity(
    portal: Portal,
    viewer: Viewer,
    *,
    partner_id: str,
    individual_id: str,
    program_id: str,
    behavior: str,
    occurred_at: datetime | None,
    deal_id: str | None,
) -> tuple[Activity, ...]:
    """What one occurrence of a behavior would earn; raises ``NotFound`` and ``InvalidInput``."""
    _check_asker(viewer, partner_id, individual_id)
    loads = Loads(partner_id, individual_id, program_id)
    behavior_want, deal_want = One(BehaviorType, behavior), One(Deal, deal_id or "none")
    wants = (behavior_want, *loads.wants(), *((deal_want,) if deal_id else ()))

    def attempt() -> tuple[Activity, ...]:
        s = _situation(portal, viewer, wants)
        check_known(s, loads)
        settlement = settlement_of(s, loads)
        if s.found[behavior_want] is None:
            raise NotFound.of("behavior")
        activity = Activity(
            id=f"{loads.prefix}.{portal.new_id()}",
            partner_id=partner_id,
            individual_id=individual_id,
            program_id=program_id,
            behavior=behavior,
            occurred_at=checked_instant(occurred_at, s.now),
            recorded_at=s.now,
            source=_PREVIEW,
            source_event_id=_PREVIEW,
            deal_id=deal_id,
        )
        deal = s.found[deal_want] if deal_id else None
        judged, _ = settlement.record(activity, for_deal(deal, loads, activity))
        return (judged,)

    return retried(attempt)


def _situation(portal: Portal, viewer: Viewer, wants: tuple[Want[object], ...]) -> Situation:
    return Situation(portal, viewer, portal.store.read(wants), portal.clock(), _PREVIEW)


def _check_asker(viewer: Viewer, partner_id: str, individual_id: str) -> None:
    """One previews for oneself, and the vendor for anybody; raises ``NotFound``."""
    oneself = (viewer.partner_id, viewer.id) == (partner_id, individual_id)
    if viewer.role not in VENDOR_ROLES and not oneself:
        raise NotFound.of("individualId")
