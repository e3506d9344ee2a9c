"""Deals, of which every change is also an activity.

The registration status and the stage are two fields.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal_api.domain.activities import (
    DEAL_LOST,
    DEAL_REGISTERED,
    DEAL_RETURNED,
    DEAL_WON,
)
from portal_api.domain.awards import DealAward, Forgone
from portal_api.domain.errors import (
    DealConflict,
    DealNotClosed,
    DealNotOpen,
    ExtensionNotRequested,
    InvalidInput,
    RegistrationDecided,
)
from portal_api.domain.records import canonical

MAX_PEOPLE = 3
"""So many people can be credited with a deal, or do something for it that the rules look at."""
MAX_REOPENED = 2
LONGEST_EXTENSION = timedelta(days=366)
LARGEST_WEIGHT = 1_000_000

_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


class RegistrationStatus(StrEnum):
    """Where the request to have a deal recognized stands."""

    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class DealStage(StrEnum):
    """How the opportunity itself goes."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"
    RETURNED = "RETURNED"


@dataclass(frozen=True, slots=True)
class Credit:
    """A person's share of a deal, as an integer weight: 60 and 40, or 3 and 2."""

    individual_id: str
    weight: int


@dataclass(frozen=True, slots=True)
class Did:
    """A behavior for a deal: who did it first when."""

    behavior: str
    individual_id: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Extension:
    """The wish that a deal stays protected until later."""

    until: datetime
    reason: str
    requested_by: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity. ``amount_minor`` is the estimate until it is won, then the final amount.

    ``id`` names partner, owner, program and itself, none of which ever changes. ``credits`` divide
    it between people; none: all of it is its owner's. ``history`` has what people did for it,
    ``registered_for`` who was credited with it when its registration was approved.
    ``missed`` are the bonuses that it reached and that were withheld, each by the progress and the
    counter that says it was decided: once it is returned, they can be reached anew. ``forgone`` is
    what its people go without for want of consent.
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
    protected_until: datetime | None = None
    extension: Extension | None = None
    stage: DealStage = DealStage.OPEN
    closed_at: datetime | None = None
    returned_at: datetime | None = None
    reopened: int = 0
    reopened_at: datetime | None = None
    credits: tuple[Credit, ...] = ()
    history: tuple[Did, ...] = ()
    registered_for: tuple[str, ...] = ()
    awards: tuple[DealAward, ...] = ()
    missed: tuple[tuple[str, str], ...] = ()
    forgone: tuple[Forgone, ...] = ()
    version: int = 0

    @property
    def credited(self) -> tuple[Credit, ...]:
        """Who is credited with it, and how much."""
        return self.credits or (Credit(self.owner_id, 1),)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody whom a change of the deal can pay or take from, the owner first."""
        named = [self.owner_id, *(credit.individual_id for credit in self.credits)]
        named += [award.recipient_id for award in self.awards]
        named += [one.award.recipient_id for one in self.forgone]
        named += [did.individual_id for did in self.history]
        return tuple(person for person in dict.fromkeys(named) if person != self.partner_id)

    def protected_at(self, instant: datetime) -> bool:
        """Whether others cannot register the same customer and product."""
        return (
            self.registration is RegistrationStatus.APPROVED
            and self.stage is DealStage.OPEN
            and self.protected_until is not None
            and instant < self.protected_until
        )

    def registration_at(self, instant: datetime) -> RegistrationStatus:
        """The registration's status; EXPIRED where the protection of an open deal has ended."""
        approved = self.registration is RegistrationStatus.APPROVED
        if not approved or self.stage is not DealStage.OPEN or self.protected_until is None:
            return self.registration
        return self.registration if self.protected_at(instant) else RegistrationStatus.EXPIRED

    def still(self, behavior: str, at: datetime) -> bool:
        """Whether a change that it went through at ``at`` still holds.

        A sale that was returned since, or lost and won again, does not.
        """
        ended = {
            DEAL_WON: (DealStage.WON, self.closed_at),
            DEAL_LOST: (DealStage.LOST, self.closed_at),
            DEAL_RETURNED: (DealStage.RETURNED, self.returned_at),
        }
        return behavior not in ended or ended[behavior] == (self.stage, at)

    def admits(self, individual_id: str) -> bool:
        """Whether somebody takes part in it, or can still come to do so."""
        return individual_id in self.people or len(self.people) < MAX_PEOPLE

    def with_did(self, behavior: str, individual_id: str, at: datetime) -> "Deal":
        """The deal with a behavior in its history: of each person's the first.

        Raises ``InvalidInput`` for one person too many.
        """
        return _few(self.noted(behavior, individual_id, at))

    def noted(self, behavior: str, individual_id: str, at: datetime) -> "Deal":
        """The same for what has happened already, which refuses nobody."""
        before = {(did.behavior, did.individual_id): did for did in self.history}
        known = before.get((behavior, individual_id))
        if known is not None and known.occurred_at <= at:
            return self
        added = Did(behavior, individual_id, at)
        history = (*(did for did in self.history if did is not known), added)
        return replace(self, history=history)


@dataclass(frozen=True, slots=True)
class Protection:
    """Which deal was approved last for a customer and product in a program.

    ``id`` names the program and the two. Whether it still protects is the deal's to say.
    """

    id: str
    deal_id: str
    version: int = 0


def protection_id(program_id: str, end_customer: str, product: str) -> str:
    """The id under which a customer and product are protected.

    Case, spaces and punctuation make no difference.
    """
    names = [
        _NO_LETTER_OR_DIGIT.sub(" ", name.casefold()).strip() or name
        for name in (end_customer, product)
    ]
    return f"{program_id}.{hashlib.sha256(canonical(names)).hexdigest()[:32]}"


def check_free(holder: Deal | None, deal_id: str, at: datetime) -> None:
    """Raises ``DealConflict`` where another deal protects the customer and product."""
    if holder is not None and holder.id != deal_id and holder.protected_at(at):
        raise DealConflict("This customer and product are registered by somebody else already.")


def approve(deal: Deal, at: datetime, protected_until: datetime | None) -> Deal:
    """The deal with its registration approved, also late, when it was won already.

    Raises ``RegistrationDecided`` and ``DealNotOpen``.
    """
    _still_submitted(deal)
    if deal.stage is not DealStage.WON:
        _not_closed(deal)
    if at < deal.submitted_at:
        raise InvalidInput("A registration is not approved before it is submitted.", "occurredAt")
    return replace(recognized(deal, at), protected_until=protected_until)


def recognized(deal: Deal, at: datetime) -> Deal:
    """The deal with an approved registration, which is the owner's doing for all its people."""
    approved = replace(
        deal,
        registration=RegistrationStatus.APPROVED,
        approved_at=at,
        registered_for=tuple(credit.individual_id for credit in deal.credited),
    )
    return approved.noted(DEAL_REGISTERED, deal.owner_id, at)


def reject(deal: Deal, reason: str) -> Deal:
    """The deal with its registration rejected.

    Raises ``RegistrationDecided`` and ``DealNotOpen``.
    """
    _still_submitted(deal)
    _not_closed(deal)
    return replace(deal, registration=RegistrationStatus.REJECTED, rejection_reason=reason)


def win(deal: Deal, amount_minor: int, at: datetime) -> Deal:
    """The deal won at its final amount. A deal that is not registered can be won too.

    Raises ``DealNotOpen``, and ``InvalidInput`` for a closing before the registration.
    """
    _still_open(deal, at)
    # Whoever waited for a longer protection does so no more.
    won = replace(deal, stage=DealStage.WON, closed_at=at, extension=None)
    return replace(won, amount_minor=amount_minor)


def lose(deal: Deal, at: datetime) -> Deal:
    """The deal lost.

    Raises ``DealNotOpen``, and ``InvalidInput`` for a closing before the registration.
    """
    _still_open(deal, at)
    return replace(deal, stage=DealStage.LOST, closed_at=at, extension=None)


def change_amount(deal: Deal, amount_minor: int) -> Deal:
    """The open deal with another estimate; raises ``DealNotOpen``."""
    _not_closed(deal)
    return replace(deal, amount_minor=amount_minor)


def divide(deal: Deal, shares: tuple[Credit, ...]) -> Deal:
    """The open deal divided between people anew.

    Raises ``DealNotOpen``, and ``InvalidInput`` for shares that divide nothing.
    """
    _not_closed(deal)
    return _few(replace(deal, credits=checked_credits(shares)))


def checked_credits(shares: tuple[Credit, ...]) -> tuple[Credit, ...]:
    """Shares that can divide a deal, in one order; raises ``InvalidInput``."""
    people = {credit.individual_id for credit in shares}
    if len(people) != len(shares):
        raise InvalidInput("Everybody is credited once.", "credits")
    if len(people) > MAX_PEOPLE:
        raise InvalidInput(f"At most {MAX_PEOPLE} people take part in one deal.", "credits")
    if not all(0 < credit.weight <= LARGEST_WEIGHT for credit in shares):
        raise InvalidInput("A share is a weight from 1 to a million.", "credits")
    return tuple(sorted(shares, key=lambda credit: (-credit.weight, credit.individual_id)))


def take_return(deal: Deal, at: datetime) -> Deal:
    """The won deal returned; raises ``DealNotClosed``, and ``InvalidInput`` for an early return."""
    if deal.stage is not DealStage.WON:
        raise DealNotClosed("Only a won deal can be returned.", deal.stage)
    if deal.closed_at is not None and at < deal.closed_at:
        raise InvalidInput("A deal is returned after it was won.", "occurredAt")
    return replace(deal, stage=DealStage.RETURNED, returned_at=at)


def reopen(deal: Deal, at: datetime) -> Deal:
    """The lost or returned deal open again, not protected any more.

    Raises ``DealNotClosed`` and ``InvalidInput``.
    """
    if deal.stage not in (DealStage.LOST, DealStage.RETURNED):
        raise DealNotClosed("Only a lost or returned deal can be reopened.", deal.stage)
    if deal.reopened >= MAX_REOPENED:
        raise InvalidInput(f"A deal is reopened at most {MAX_REOPENED} times.", "dealId")
    if at < (deal.returned_at or deal.closed_at or at):
        raise InvalidInput("A deal is reopened after it was closed.", "occurredAt")
    return replace(
        deal,
        stage=DealStage.OPEN,
        closed_at=None,
        returned_at=None,
        protected_until=None,
        reopened=deal.reopened + 1,
        reopened_at=at,
    )


def request_extension(deal: Deal, extension: Extension) -> Deal:
    """The deal with the wish for a longer protection.

    Raises ``DealNotOpen``, and ``InvalidInput`` for a deal that was never protected.
    """
    _not_closed(deal)
    if deal.registration is not RegistrationStatus.APPROVED or deal.protected_until is None:
        raise InvalidInput("This deal is not protected, so nothing is extended.", "dealId")
    if extension.until <= extension.requested_at:
        raise InvalidInput("An extension reaches into the future.", "until")
    if not deal.protected_until < extension.until <= deal.protected_until + LONGEST_EXTENSION:
        raise InvalidInput("An extension is later, and at most by a year.", "until")
    return replace(deal, extension=extension)


def decide_extension(deal: Deal, granted: bool, at: datetime) -> Deal:
    """The deal, which is open, protected for longer or not.

    Raises ``ExtensionNotRequested``, and ``InvalidInput`` where it would have ended by now.
    """
    if deal.extension is None:
        raise ExtensionNotRequested("Nobody waits for an extension of this deal.")
    if granted and deal.extension.until <= at:
        raise InvalidInput("The time that was asked for has passed: decline it.", "dealId")
    until = deal.extension.until if granted else deal.protected_until
    return replace(deal, extension=None, protected_until=until)


def _few(deal: Deal) -> Deal:
    if len(deal.people) > MAX_PEOPLE:
        raise InvalidInput(f"At most {MAX_PEOPLE} people take part in one deal.", "credits")
    return deal


def _still_submitted(deal: Deal) -> None:
    if deal.registration is not RegistrationStatus.SUBMITTED:
        raise RegistrationDecided(
            f"The registration is {deal.registration.lower()} already.", deal.registration
        )


def _not_closed(deal: Deal) -> None:
    if deal.stage is not DealStage.OPEN:
        raise DealNotOpen(f"The deal is {deal.stage.lower()} already.", deal.stage)


def _still_open(deal: Deal, at: datetime) -> None:
    _not_closed(deal)
    if at < (deal.reopened_at or deal.approved_at or deal.submitted_at):
        raise InvalidInput(
            "A deal cannot close before it was registered, or opened again.", "occurredAt"
        )
