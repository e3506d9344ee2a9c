"""What happens to a deal on its way: its amount, credit and protection change, it comes back."""

from dataclasses import dataclass
from datetime import datetime

from portal_api.domain import deals
from portal_api.domain.activities import (
    DEAL_AMOUNT_CHANGED,
    DEAL_CREDITED,
    DEAL_EXTENDED,
    DEAL_REOPENED,
    DEAL_RETURNED,
)
from portal_api.domain.deals import Credit, Deal, Extension
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.partners import STAFF_ROLES, Role
from portal_api.domain.programs import Program
from portal_api.domain.writes import Delist, Enlist, Save
from portal_api.services.deals import (
    DEAL_RECORDERS,
    EXTENSIONS,
    Changing,
    DealChanged,
    change,
    checked_amount,
    own_part,
    owner_of,
    protecting,
)
from portal_api.services.partners import MANAGERS, required
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

OWNERS = DEAL_RECORDERS | STAFF_ROLES


class DealAmountChanged(DealChanged):
    """The estimate is another."""


class DealCredited(DealChanged):
    """The deal is divided anew."""


class DealExtended(DealChanged):
    """The deal is protected for longer."""


class DealReturned(DealChanged):
    """The deal was returned by the customer."""


class DealReopened(DealChanged):
    """The deal is open again."""


@dataclass(frozen=True, slots=True)
class ExtensionRequested:
    """The vendor has the wish for a longer protection."""

    deal: Deal


@dataclass(frozen=True, slots=True)
class ExtensionDeclined:
    """The protection ends when it did."""

    deal: Deal


def change_deal_amount(
    portal: Portal, ask: Ask, *, deal_id: str, amount_minor: int, currency: str
) -> DealAmountChanged:
    """Changes an open deal's estimate; what was paid is settled with the last step."""

    def changed(_s: Situation, deal: Deal, _at: datetime, _program: Program) -> Changing:
        if currency != deal.currency:
            raise InvalidInput(f"The deal's amount is in {deal.currency}.", "amount")
        return Changing(deals.change_amount(deal, checked_amount(amount_minor)))

    arguments = {"amount": amount_minor, "currency": currency}
    return change(
        portal,
        ask,
        DealAmountChanged,
        deal_id,
        arguments,
        changed,
        DEAL_AMOUNT_CHANGED,
        roles=OWNERS,
    )


def credit_deal(
    portal: Portal,
    ask: Ask,
    *,
    deal_id: str,
    credits: tuple[Credit, ...],  # noqa: A002
) -> DealCredited:
    """Divides an open deal between people; what was paid is settled with the last step.

    Nobody named: all of it is its owner's.
    """

    def divided(_s: Situation, deal: Deal, _at: datetime, _program: Program) -> Changing:
        return Changing(deals.divide(deal, credits))

    people = tuple(credit.individual_id for credit in deals.checked_credits(credits))
    return change(
        portal,
        ask,
        DealCredited,
        deal_id,
        {"credits": credits},
        divided,
        DEAL_CREDITED,
        roles=OWNERS,
        people=people,
    )


def return_deal(
    portal: Portal, ask: Ask, *, deal_id: str, occurred_at: datetime | None
) -> DealReturned:
    """Records a won deal as returned: what it was paid is taken back, as the plan says."""

    def returned(_s: Situation, deal: Deal, at: datetime, _program: Program) -> Changing:
        return Changing(deals.take_return(deal, at))

    return change(portal, ask, DealReturned, deal_id, {}, returned, DEAL_RETURNED, occurred_at)


def reopen_deal(
    portal: Portal, ask: Ask, *, deal_id: str, occurred_at: datetime | None
) -> DealReopened:
    """Opens a lost or returned deal again; what protected it is over."""

    def reopened(_s: Situation, deal: Deal, at: datetime, _program: Program) -> Changing:
        return Changing(deals.reopen(deal, at))

    return change(portal, ask, DealReopened, deal_id, {}, reopened, DEAL_REOPENED, occurred_at)


def request_extension(
    portal: Portal, ask: Ask, *, deal_id: str, until: datetime, reason: str
) -> ExtensionRequested:
    """Asks that a deal stay protected until later; a channel manager decides."""
    reason = required("reason", reason, 500)
    partner_id, owner_id, _ = owner_of(deal_id)
    want = One(Deal, deal_id)

    def decide(s: Situation) -> Decision[ExtensionRequested]:
        deal = s.found[want]
        own = s.viewer.role not in STAFF_ROLES or s.viewer.id == owner_id
        if deal is None or s.viewer.partner_id not in (None, partner_id) or not own:
            raise NotFound.of("dealId")
        wish = Extension(until, reason, s.viewer.id, s.now)
        changed = deals.request_extension(deal, wish)
        waits = (Enlist(EXTENSIONS, own_part(deal), deal.id),) if deal.extension is None else ()
        writes = (Save(changed), *waits)
        return Decision(ExtensionRequested(changed), writes, deal.id, partner_id)

    roles = OWNERS | {Role.PARTNER_EXECUTIVE}
    arguments = {"deal": deal_id, "until": until, "reason": reason}
    return perform(
        portal, ask, "requestExtension", arguments, roles, (want,), decide, ExtensionRequested
    )


def approve_extension(portal: Portal, ask: Ask, *, deal_id: str) -> DealExtended:
    """Protects a deal for as long as was asked.

    Refused where its protection had ended and another deal is protected meanwhile.
    """

    def extended(s: Situation, deal: Deal, at: datetime, _program: Program) -> Changing:
        changed = deals.decide_extension(deal, granted=True, at=at)
        return Changing(changed, protecting(s, changed, at))

    return change(portal, ask, DealExtended, deal_id, {}, extended, DEAL_EXTENDED, roles=MANAGERS)


def decline_extension(portal: Portal, ask: Ask, *, deal_id: str) -> ExtensionDeclined:
    """Leaves a deal's protection as it is."""
    partner_id, _, _ = owner_of(deal_id)
    want = One(Deal, deal_id)

    def decide(s: Situation) -> Decision[ExtensionDeclined]:
        deal = s.found[want]
        if deal is None:
            raise NotFound.of("dealId")
        changed = deals.decide_extension(deal, granted=False, at=s.now)
        writes = (Save(changed), Delist(EXTENSIONS, own_part(deal)))
        return Decision(ExtensionDeclined(changed), writes, deal.id, partner_id)

    return perform(
        portal,
        ask,
        "declineExtension",
        {"deal": deal_id},
        MANAGERS,
        (want,),
        decide,
        ExtensionDeclined,
    )
