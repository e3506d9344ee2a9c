"""Deals: registered by reps, approved or rejected by channel managers, won or lost.

Every change is rewarded.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from portal_api.domain import deals
from portal_api.domain.activities import (
    DEAL_LOST,
    DEAL_REGISTERED,
    DEAL_REJECTED,
    DEAL_SUBMITTED,
    DEAL_WON,
    Activity,
)
from portal_api.domain.deals import Deal, RegistrationStatus
from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted, ReferenceAlreadyUsed
from portal_api.domain.ledger import Earning
from portal_api.domain.money import LARGEST_AMOUNT_MINOR
from portal_api.domain.partners import STAFF_ROLES, Role
from portal_api.domain.writes import Claim, Delist, Enlist, Release, Save, Write
from portal_api.services.loads import Loads
from portal_api.services.partners import MANAGERS, required
from portal_api.services.rewards import Settlement, settlement_of
from portal_api.services.store import Holder, One, Want
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

DEAL_RECORDERS = MANAGERS | {Role.SERVICE}
SUBMITTED_DEALS = "deals.submitted"
"""The vendor's list of registrations that wait for a decision."""


@dataclass(frozen=True)
class DealChanged:
    """A deal after a change.

    With the change as an activity with its outcomes, and the earnings it made or cut.
    """

    deal: Deal
    activity: Activity
    earnings: tuple[Earning, ...]


class DealRegistered(DealChanged):
    """The registration is submitted."""


class DealApproved(DealChanged):
    """The registration is approved."""


class DealRejected(DealChanged):
    """The registration is rejected."""


class DealWon(DealChanged):
    """The deal is won."""


class DealLost(DealChanged):
    """The deal is lost."""


Changed = TypeVar("Changed", bound=DealChanged)


@dataclass(frozen=True, slots=True)
class DealTerms:
    """What a registration tells of a deal.

    The amount is the estimate, in the program's currency.
    """

    end_customer: str | None
    product: str
    amount_minor: int
    currency: str
    reference: str | None = None


def register_deal(
    portal: Portal, ask: Ask, *, partner_id: str, owner_id: str, program_id: str, terms: DealTerms
) -> DealRegistered:
    """Submits a deal's registration for its owner: oneself, or a member of the partner's staff."""
    if terms.reference:
        terms = replace(terms, reference=required("reference", terms.reference, 100))
    loads = Loads(partner_id, owner_id, program_id)
    holder = Holder(reference_name(program_id, terms.reference or ""))
    wants: tuple[Want[object], ...] = (*loads.wants(), *((holder,) if terms.reference else ()))

    def decide(s: Situation) -> Decision[DealRegistered]:
        if s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("ownerId")
        settlement = settlement_of(s, loads, "ownerId")
        if s.viewer.role in STAFF_ROLES and owner_id != s.viewer.id:
            raise NotPermitted(
                "You can register your own deals only.", tuple(sorted(DEAL_RECORDERS))
            )
        if terms.currency != settlement.program.currency:
            raise InvalidInput(
                f"The program's deals are in {settlement.program.currency}.", "amount"
            )
        if terms.reference and s.found[holder] is not None:
            raise ReferenceAlreadyUsed(
                "A deal with this reference was registered before.", terms.reference
            )
        deal = new_deal(f"{partner_id}.{owner_id}.{program_id}.{portal.new_id()}", terms, s.now)
        activity, changed = recorded(settlement, deal, DEAL_SUBMITTED, s.now)
        listed = Enlist(SUBMITTED_DEALS, own_part(deal), deal.id)
        writes = (listed, *deal_writes(deal), Save(changed), *settlement.writes())
        outcome = DealRegistered(changed, activity, settlement.earnings())
        return Decision(outcome, writes, deal.id, partner_id)

    arguments = {"partner": partner_id, "owner": owner_id, "program": program_id, "terms": terms}
    roles = DEAL_RECORDERS | STAFF_ROLES | {Role.PARTNER_EXECUTIVE}
    return perform(portal, ask, "registerDeal", arguments, roles, wants, decide, DealRegistered)


def approve_deal(portal: Portal, ask: Ask, *, deal_id: str) -> DealApproved:
    """Approves a registration: from now on the deal is recognized."""
    return _change(
        portal,
        ask,
        DealApproved,
        deal_id,
        {},
        deals.approve,
        DEAL_REGISTERED,
    )


def reject_deal(portal: Portal, ask: Ask, *, deal_id: str, reason: str) -> DealRejected:
    """Rejects a registration, with a reason that the owner sees."""
    return _change(
        portal,
        ask,
        DealRejected,
        deal_id,
        {"reason": reason},
        lambda deal, _: deals.reject(deal, required("reason", reason, 500)),
        DEAL_REJECTED,
    )


def win_deal(
    portal: Portal,
    ask: Ask,
    *,
    deal_id: str,
    amount_minor: int,
    currency: str,
    occurred_at: datetime | None,
) -> DealWon:
    """Records a deal as won at its final amount."""

    def won(deal: Deal, at: datetime) -> Deal:
        if currency != deal.currency:
            raise InvalidInput(f"The deal's amount is in {deal.currency}.", "amount")
        return deals.win(deal, checked_amount(amount_minor), at)

    arguments = {"amount": amount_minor, "currency": currency}
    return _change(portal, ask, DealWon, deal_id, arguments, won, DEAL_WON, occurred_at)


def lose_deal(portal: Portal, ask: Ask, *, deal_id: str, occurred_at: datetime | None) -> DealLost:
    """Records a deal as lost; what its registration paid is kept or taken back as the plan says."""
    return _change(portal, ask, DealLost, deal_id, {}, deals.lose, DEAL_LOST, occurred_at)


def _change(
    portal: Portal,
    ask: Ask,
    outcome: type[Changed],
    deal_id: str,
    arguments: dict[str, object],
    change: Callable[[Deal, datetime], Deal],
    behavior: str,
    occurred_at: datetime | None = None,
) -> Changed:
    """One change of a deal, as an activity of its owner."""
    partner_id, owner_id, program_id = owner_of(deal_id)
    loads, want = Loads(partner_id, owner_id, program_id), One(Deal, deal_id)

    def decide(s: Situation) -> Decision[Changed]:
        deal = s.found[want]
        if deal is None:
            raise NotFound.of("dealId")
        at = checked_instant(occurred_at, s.now)
        settlement = settlement_of(s, loads, "dealId")
        activity, changed = recorded(settlement, change(deal, at), behavior, at)
        waited = deal.registration is RegistrationStatus.SUBMITTED
        delisted = (Delist(SUBMITTED_DEALS, own_part(deal)),) if waited else ()
        # What was rejected does not keep others from registering under the same reference.
        freed = (
            (Release(reference_name(program_id, deal.reference)),)
            if deal.reference and behavior == DEAL_REJECTED
            else ()
        )
        writes = (*delisted, *freed, Save(changed), *settlement.writes())
        return Decision(
            outcome(changed, activity, settlement.earnings()), writes, deal.id, partner_id
        )

    asked = {"deal": deal_id, "at": occurred_at, **arguments}
    wants: tuple[Want[object], ...] = (want, *loads.wants())
    return perform(portal, ask, outcome.__name__, asked, DEAL_RECORDERS, wants, decide, outcome)


def new_deal(deal_id: str, terms: DealTerms, at: datetime) -> Deal:
    """A submitted deal of checked terms; raises ``InvalidInput``."""
    partner_id, owner_id, program_id = owner_of(deal_id)
    return Deal(
        id=deal_id,
        partner_id=partner_id,
        owner_id=owner_id,
        program_id=program_id,
        end_customer=required("endCustomer", terms.end_customer) if terms.end_customer else None,
        product=required("product", terms.product),
        amount_minor=checked_amount(terms.amount_minor),
        currency=terms.currency,
        submitted_at=at,
        reference=required("reference", terms.reference, 100) if terms.reference else None,
    )


def deal_writes(deal: Deal) -> tuple[Write, ...]:
    """What a new deal needs beside itself: its partner's list, and its reference claimed."""
    listed = Enlist(f"{deal.partner_id}.deals", own_part(deal), deal.id)
    if deal.reference is None:
        return (listed,)
    return listed, Claim(reference_name(deal.program_id, deal.reference), deal.id)


def reference_name(program_id: str, reference: str) -> str:
    """The name that only one deal of a program holds for its external reference."""
    return f"deal:{program_id}:{reference}"


def recorded(
    settlement: Settlement, deal: Deal, behavior: str, at: datetime
) -> tuple[Activity, Deal]:
    """The deal's change as an activity, with its outcomes, and the deal with what it was paid."""
    situation = settlement.situation
    prefix = deal.id.rpartition(".")[0]
    activity = Activity(
        id=f"{prefix}.{situation.portal.new_id()}",
        partner_id=deal.partner_id,
        individual_id=deal.owner_id,
        program_id=deal.program_id,
        behavior=behavior,
        occurred_at=at,
        recorded_at=situation.now,
        source="deal",
        source_event_id=f"{deal.id}:{behavior}",
        deal_id=deal.id,
    )
    activity, changed = settlement.record(activity, deal)
    return activity, changed or deal


def owner_of(deal_id: str) -> tuple[str, str, str]:
    """Partner, owner and program that a deal's id names; raises ``NotFound`` for another form."""
    parts = deal_id.split(".")
    if len(parts) != 4:
        raise NotFound.of("dealId")
    return parts[0], parts[1], parts[2]


def own_part(deal: Deal) -> str:
    """The part of a deal's id that is its own, in the order of time."""
    return deal.id.rpartition(".")[2]


def checked_amount(amount_minor: int) -> int:
    """A deal's amount; raises ``InvalidInput`` for what is negative or too large."""
    if not 0 <= amount_minor <= LARGEST_AMOUNT_MINOR:
        raise InvalidInput(
            "A deal's amount is not negative and at most 10^12 minor units.", "amount"
        )
    return amount_minor


def checked_instant(occurred_at: datetime | None, now: datetime) -> datetime:
    """When it happened, now where nothing was said; raises ``InvalidInput`` for what is to come."""
    if occurred_at is not None and occurred_at > now:
        raise InvalidInput("What happens in the future cannot be recorded yet.", "occurredAt")
    return occurred_at or now
