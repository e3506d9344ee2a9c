"""Deals: registered by reps, approved or rejected by channel managers, won or lost.

Every change is rewarded.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from portal_api.domain.deals import Credit, Deal, DealStage, Protection, RegistrationStatus
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted, ReferenceAlreadyUsed
from portal_api.domain.money import LARGEST_AMOUNT_MINOR
from portal_api.domain.partners import STAFF_ROLES, Role
from portal_api.domain.programs import Program
from portal_api.domain.weeks import deal_was
from portal_api.domain.writes import (
    Delist,
    Enlist,
    Record,
    Release,
    Reserve,
    Save,
    Unchanged,
    Write,
)
from portal_api.services.known import check_known
from portal_api.services.loads import Loads, loads_of
from portal_api.services.partners import MANAGERS, required
from portal_api.services.rewards import Settlement, settlement_of
from portal_api.services.store import Holder, One, Want
from portal_api.services.team_awards import pay_team_awards
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

DEAL_RECORDERS = MANAGERS | {Role.SERVICE}
SUBMITTED_DEALS = "deals.submitted"
"""The vendor's list of registrations that wait for a decision."""
EXTENSIONS = "deals.extensions"
"""The vendor's list of deals whose owners wait for a longer protection."""


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
    credits: tuple[Credit, ...] = ()


def register_deal(
    portal: Portal, ask: Ask, *, partner_id: str, owner_id: str, program_id: str, terms: DealTerms
) -> DealRegistered:
    """Submits a deal's registration for its owner: oneself, or a member of the partner's staff.

    Refused where another deal protects the customer and product.
    """
    terms = checked_terms(terms)
    loads = Loads(partner_id, owner_id, program_id)
    holder = Holder(reference_name(program_id, terms.reference or ""))
    customer = terms.end_customer or ""
    protection = One(Protection, deals.protection_id(program_id, customer, terms.product))
    wants: tuple[Want[object], ...] = (
        *loads.wants(),
        *((holder,) if terms.reference else ()),
        *((protection,) if customer else ()),
    )

    def decide(s: Situation) -> Decision[DealRegistered]:
        if s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("ownerId")
        others = tuple(credit.individual_id for credit in terms.credits)
        check_known(s, loads)
        settlement = settlement_of(s, loads, "ownerId", others)
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
        if customer:
            deals.check_free(holding_deal(s, s.found[protection]), deal.id, s.now)
        activity, changed = recorded(settlement, deal, DEAL_SUBMITTED, s.now)
        listed = Enlist(SUBMITTED_DEALS, own_part(deal), deal.id)
        writes = (listed, *deal_writes(deal), Save(changed), *settlement.writes())
        outcome = DealRegistered(changed, activity, settlement.earnings())
        return Decision(outcome, writes, deal.id, partner_id)

    arguments = {"partner": partner_id, "owner": owner_id, "program": program_id, "terms": terms}
    roles = DEAL_RECORDERS | STAFF_ROLES | {Role.PARTNER_EXECUTIVE}
    outcome = perform(portal, ask, "registerDeal", arguments, roles, wants, decide, DealRegistered)
    pay_team_awards(portal, outcome.activity)
    return outcome


def approve_deal(
    portal: Portal, ask: Ask, *, deal_id: str, occurred_at: datetime | None = None
) -> DealApproved:
    """Approves a registration: from now on the deal is recognized and protected.

    The first that is approved for a customer and product protects them. A deal that was won already
    is only recognized, late.
    """

    def approved(s: Situation, deal: Deal, at: datetime, program: Program) -> Changing:
        if deal.stage is not DealStage.OPEN or not deal.end_customer:
            return Changing(deals.approve(deal, at, None))
        changed = deals.approve(deal, at, at + timedelta(days=program.protection_days))
        # Whether anybody protects them is known only to their own item: nobody, as a rule.
        return Changing(changed, protecting(s, changed, at, likely_free=not s.again))

    return change(portal, ask, DealApproved, deal_id, {}, approved, DEAL_REGISTERED, occurred_at)


def reject_deal(portal: Portal, ask: Ask, *, deal_id: str, reason: str) -> DealRejected:
    """Rejects a registration, with a reason that the owner sees."""

    def rejected(_s: Situation, deal: Deal, _at: datetime, program: Program) -> Changing:
        changed = deals.reject(deal, required("reason", reason, 500))
        # What was rejected does not keep others from registering under the same reference.
        freed = (Release(reference_name(program.id, deal.reference)),) if deal.reference else ()
        return Changing(changed, freed)

    return change(portal, ask, DealRejected, deal_id, {"reason": reason}, rejected, DEAL_REJECTED)


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

    def won(_s: Situation, deal: Deal, at: datetime, _program: Program) -> Changing:
        if currency != deal.currency:
            raise InvalidInput(f"The deal's amount is in {deal.currency}.", "amount")
        return Changing(deals.win(deal, checked_amount(amount_minor), at))

    arguments = {"amount": amount_minor, "currency": currency}
    return change(portal, ask, DealWon, deal_id, arguments, won, DEAL_WON, occurred_at)


def lose_deal(portal: Portal, ask: Ask, *, deal_id: str, occurred_at: datetime | None) -> DealLost:
    """Records a deal as lost; what its registration paid is kept or taken back as the plan says."""

    def lost(_s: Situation, deal: Deal, at: datetime, _program: Program) -> Changing:
        return Changing(deals.lose(deal, at))

    return change(portal, ask, DealLost, deal_id, {}, lost, DEAL_LOST, occurred_at)


@dataclass(frozen=True, slots=True)
class Changing:
    """A deal after a change, and what else must be made true for it."""

    deal: Deal
    writes: tuple[Write, ...] = ()


def change(
    portal: Portal,
    ask: Ask,
    outcome: type[Changed],
    deal_id: str,
    arguments: dict[str, object],
    changing: Callable[[Situation, Deal, datetime, Program], Changing],
    behavior: str,
    occurred_at: datetime | None = None,
    roles: frozenset[Role] = DEAL_RECORDERS,
    people: tuple[str, ...] = (),
) -> Changed:
    """One change of a deal, as an activity of its owner.

    ``roles`` that are a partner's change their own deals only. ``people`` are credited by it.
    """
    partner_id, owner_id, program_id = owner_of(deal_id)
    loads, want = Loads(partner_id, owner_id, program_id), One(Deal, deal_id)

    def decide(s: Situation) -> Decision[Changed]:
        deal = s.found[want]
        if deal is None or s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("dealId")
        if s.viewer.role in STAFF_ROLES and owner_id != s.viewer.id:
            raise NotFound.of("dealId")
        at = checked_instant(occurred_at, s.now)
        settlement = settlement_of(s, loads, "dealId", (*deal.people, *people))
        made = changing(s, deal, at, settlement.program)
        activity, changed = recorded(settlement, made.deal, behavior, at, deal)
        listed = _listed(deal, changed)
        writes = (*listed, *made.writes, Save(changed), *settlement.writes())
        return Decision(
            outcome(changed, activity, settlement.earnings()), writes, deal.id, partner_id
        )

    asked = {"deal": deal_id, "at": occurred_at, **arguments}
    wants: tuple[Want[object], ...] = (want, *loads.wants())
    done = perform(portal, ask, outcome.__name__, asked, roles, wants, decide, outcome)
    pay_team_awards(portal, done.activity)
    return done


def _listed(before: Deal, after: Deal) -> list[Write]:
    """The vendor's lists of what waits, after a change."""
    writes: list[Write] = []
    if _waits(before) and not _waits(after):
        writes.append(Delist(SUBMITTED_DEALS, own_part(after)))
    elif _waits(after) and not _waits(before):
        writes.append(Enlist(SUBMITTED_DEALS, own_part(after), after.id))
    if before.extension is not None and after.extension is None:
        writes.append(Delist(EXTENSIONS, own_part(after)))
    return writes


def _waits(deal: Deal) -> bool:
    """Whether somebody can decide on its registration; late, where it was won already."""
    decidable = deal.stage in (DealStage.OPEN, DealStage.WON)
    return decidable and deal.registration is RegistrationStatus.SUBMITTED


def holding_deal(s: Situation, protection: Protection | None) -> Deal | None:
    """The deal that was approved last for a customer and product, as it is now."""
    if protection is None:
        return None
    want = One(Deal, protection.deal_id)
    return s.portal.store.read([want])[want]


def protecting(
    s: Situation, deal: Deal, at: datetime, likely_free: bool = False
) -> tuple[Write, ...]:
    """What makes a deal the one that protects its customer and product.

    ``likely_free``: nobody is looked for, since the commit finds whoever there is. Raises
    ``DealConflict`` where another deal does.
    """
    customer = deal.end_customer or ""
    want = One(Protection, deals.protection_id(deal.program_id, customer, deal.product))
    known = None if likely_free else s.portal.store.read([want])[want]
    held = holding_deal(s, known)
    deals.check_free(held, deal.id, at)
    save = Save(Protection(want.id, deal.id, known.version if known else 0))
    return (save, Unchanged(held)) if held is not None and held.id != deal.id else (save,)


def new_deal(deal_id: str, terms: DealTerms, at: datetime) -> Deal:
    """A submitted deal of its terms; raises ``InvalidInput``."""
    partner_id, owner_id, program_id = owner_of(deal_id)
    terms = checked_terms(terms)
    deal = Deal(
        id=deal_id,
        partner_id=partner_id,
        owner_id=owner_id,
        program_id=program_id,
        end_customer=terms.end_customer,
        product=terms.product,
        amount_minor=checked_amount(terms.amount_minor),
        currency=terms.currency,
        submitted_at=at,
        reference=terms.reference,
    )
    return deals.divide(deal, terms.credits)


def checked_terms(terms: DealTerms) -> DealTerms:
    """What can be registered, trimmed; raises ``InvalidInput``."""
    customer, reference = terms.end_customer, terms.reference
    return replace(
        terms,
        end_customer=None if customer is None else required("endCustomer", customer),
        product=required("product", terms.product),
        reference=None if reference is None else required("reference", reference, 100),
        credits=deals.checked_credits(terms.credits),
    )


def deal_writes(deal: Deal) -> tuple[Write, ...]:
    """What a new deal needs beside itself: its partner's list, and its reference claimed."""
    listed = Enlist(f"{deal.partner_id}.deals", own_part(deal), deal.id)
    if deal.reference is None:
        return (listed,)
    return listed, Reserve(reference_name(deal.program_id, deal.reference), deal.id)


def reference_name(program_id: str, reference: str) -> str:
    """The name that only one deal of a program holds for its external reference."""
    return f"deal:{program_id}:{reference}"


def recorded(
    settlement: Settlement, deal: Deal, behavior: str, at: datetime, before: Deal | None = None
) -> tuple[Activity, Deal]:
    """A deal's change as an activity with its outcomes, and the deal with what it was paid."""
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
        source_event_id=f"{deal.id}:{behavior}:{deal.version + 1}",
        deal_id=deal.id,
        deal_was=deal_was(before),
    )
    activity, changed = settlement.record(activity, deal)
    return activity, changed or deal


def owner_of(deal_id: str) -> tuple[str, str, str]:
    """Partner, owner and program that a deal's id names; raises ``NotFound`` for another form."""
    loads = loads_of(deal_id, "dealId")
    return loads.partner_id, loads.individual_id, loads.program_id


def own_part(record: Record) -> str:
    """The part of a deal's or claim's id that is its own, in the order of time."""
    return record.id.rpartition(".")[2]


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
