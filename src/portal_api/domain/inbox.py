"""The inbox: what somebody should know or do, told by the state of everything else.

Nothing is kept of an item: it is there while what it tells of is, and for some days after what has
happened. Only how far a person has read is kept.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal_api.domain.activities import Activity
from portal_api.domain.consent import (
    Consent,
    ConsentFile,
    ConsentRequest,
    ConsentRequestStatus,
    Enrollment,
    Who,
)
from portal_api.domain.disputes import Dispute, DisputeStatus
from portal_api.domain.goals import GoalDefinition
from portal_api.domain.holdings import AVAILABLE, due
from portal_api.domain.ledger import Journal, JournalKind, Wallet
from portal_api.domain.money import POINTS, to_text
from portal_api.domain.objections import Objection, ObjectionStatus
from portal_api.domain.programs import Program

TOLD_FOR = timedelta(days=30)
"""How long an inbox tells of what has happened, and how long before of what will end."""
NEAR_PERCENT = 80
"""From this attainment on a goal is near."""


class InboxKind(StrEnum):
    """What an item of an inbox tells."""

    CONSENT_REQUESTED = "CONSENT_REQUESTED"
    CONSENT_ENDING = "CONSENT_ENDING"
    CONSENT_ENDED = "CONSENT_ENDED"
    TERMS_CHANGED = "TERMS_CHANGED"
    OBJECTION_ANSWERED = "OBJECTION_ANSWERED"
    EARNING_AVAILABLE = "EARNING_AVAILABLE"
    GOAL_NEAR = "GOAL_NEAR"
    GOAL_REACHED = "GOAL_REACHED"
    EXPIRING_SOON = "EXPIRING_SOON"
    CONSENT_GRANTED = "CONSENT_GRANTED"
    CONSENT_DECLINED = "CONSENT_DECLINED"
    TERMS_TO_ACCEPT = "TERMS_TO_ACCEPT"
    DISPUTE_ANSWERED = "DISPUTE_ANSWERED"
    CLAIMS_TO_REVIEW = "CLAIMS_TO_REVIEW"
    REGISTRATIONS_TO_DECIDE = "REGISTRATIONS_TO_DECIDE"
    EXTENSIONS_TO_DECIDE = "EXTENSIONS_TO_DECIDE"
    DISPUTES_TO_ANSWER = "DISPUTES_TO_ANSWER"
    DISPUTES_OVERDUE = "DISPUTES_OVERDUE"
    ADJUSTMENTS_TO_APPROVE = "ADJUSTMENTS_TO_APPROVE"
    OBJECTIONS_TO_ANSWER = "OBJECTIONS_TO_ANSWER"
    PAYOUTS_TO_BATCH = "PAYOUTS_TO_BATCH"
    BUDGET_LOW = "BUDGET_LOW"


@dataclass(frozen=True, slots=True)
class InboxMark:
    """A person has seen what its inbox told up to ``seen_at``. ``id`` is the person's."""

    id: str
    seen_at: datetime
    version: int = 0


@dataclass(frozen=True, slots=True)
class OfConsent:
    """A consent in its file."""

    file: ConsentFile
    consent: Consent


@dataclass(frozen=True, slots=True)
class OfRequest:
    """A request in its file."""

    file: ConsentFile
    request: ConsentRequest


@dataclass(frozen=True, slots=True)
class OfAmount:
    """An amount of an earning, or one that expires."""

    asset: str
    amount_minor: int
    earning_id: str | None = None
    expires_at: datetime | None = None


About = OfConsent | OfRequest | OfAmount | Program | Dispute | Objection


@dataclass(frozen=True, slots=True)
class Item:
    """An item: what it tells since when, in a sentence, and of what."""

    kind: InboxKind
    since: datetime
    text: str
    about: About


def of_executive(
    files: Iterable[ConsentFile],
    programs: dict[str, Program],
    objections: Iterable[Objection],
    now: datetime,
) -> Iterator[Item]:
    """What a company's executives should know or do."""
    for file in files:
        program = programs[file.program_id]
        for asked in file.waiting():
            since = max((asked.requested_at, *asked.reminded_at))
            times = len(asked.reminded_at)
            again = f", reminded {times} {'time' if times == 1 else 'times'}" if times else ""
            text = f"Consent to {program.name} is asked for{again}."
            yield Item(InboxKind.CONSENT_REQUESTED, since, text, OfRequest(file, asked))
        for consent in file.consents:
            yield from _of_consent(file, consent, program, now)
    for one in objections:
        if one.status is ObjectionStatus.ANSWERED and one.answered_at is not None:
            text = f"Your objection to {programs[one.program_id].name} is answered."
            yield Item(InboxKind.OBJECTION_ANSWERED, one.answered_at, text, one)


def _of_consent(
    file: ConsentFile, consent: Consent, program: Program, now: datetime
) -> Iterator[Item]:
    """What is to be known of the end of one consent, and of the terms that it was given in.

    Nothing where it goes on in another one, or another one covers the same people.
    """
    if file.renewed(consent.number) or now >= program.ends_at:
        return
    about, ended, ends = OfConsent(file, consent), consent.ended_at(now), consent.valid_to
    if ended is not None:
        if now - ended <= TOLD_FOR and not _replaced(file, consent, program, now):
            text = f"A consent to {program.name} has ended: what its people do now earns nothing."
            yield Item(InboxKind.CONSENT_ENDED, ended, text, about)
        return
    last = ends is not None and ends < program.ends_at
    if (
        ends is not None
        and last
        and ends - now <= TOLD_FOR
        and not _replaced(file, consent, program, ends)
    ):
        since = max(consent.granted_at, ends - TOLD_FOR)
        text = f"A consent to {program.name} ends on {ends:%Y-%m-%d}: renew it, or let it end."
        yield Item(InboxKind.CONSENT_ENDING, since, text, about)
    later = program.terms_at(now) > consent.terms_version
    if later and consent.active_at(now) and not _replaced(file, consent, program, now):
        text = f"The terms of {program.name} have changed: a consent covers nobody any more."
        yield Item(InboxKind.TERMS_CHANGED, program.terms_since[-1], text, about)


def _replaced(file: ConsentFile, consent: Consent, program: Program, at: datetime) -> bool:
    """Whether another consent, in the terms in force then, is for the same people or for more."""
    terms = program.terms_at(at)
    return any(
        one.active_at(at) and one.terms_version >= terms
        for one in file.consents
        if one.whom == consent.whom or one.whom.answers(consent.whom, {})
    )


def of_person(
    who: Who,
    files: Iterable[ConsentFile],
    programs: dict[str, Program],
    enrollments: Iterable[Enrollment],
    now: datetime,
) -> Iterator[Item]:
    """What somebody of the staff should know of its consents, and which terms to accept."""
    for file in files:
        program = programs[file.program_id]
        yield from _granted(who, file, program, now)
        for asked in file.requests:
            own = asked.requested_by == who.individual_id
            concerned = own or who.individual_id in asked.whom.individual_ids
            declined = asked.status is ConsentRequestStatus.DECLINED and asked.answered_at
            if concerned and declined and now - declined <= TOLD_FOR:
                why = f": {asked.reason}" if own and asked.reason else "."
                text = f"Your executive has declined consent to {program.name}{why}"
                yield Item(InboxKind.CONSENT_DECLINED, declined, text, program)
    for one in enrollments:
        program = programs[one.program_id]
        old = one.withdrawn_at is None and one.terms_version < program.terms_at(now)
        if old and now < program.ends_at:
            text = f"{program.name} has new terms: you earn again once you accept them."
            yield Item(InboxKind.TERMS_TO_ACCEPT, program.terms_since[-1], text, program)


def _granted(who: Who, file: ConsentFile, program: Program, now: datetime) -> Iterator[Item]:
    """The consents that came into force for somebody, or ended, not long ago.

    One that covers nobody now, as after new terms, lets nobody earn.
    """
    terms = program.terms_at(now)
    covered = file.covering(who, now, terms) is not None
    for consent in file.consents:
        if not consent.whom.covers(who) or consent.granted_by == who.individual_id:
            continue
        ended, about = consent.ended_at(now), OfConsent(file, consent)
        if ended is not None:
            if not covered and now - ended <= TOLD_FOR:
                text = f"The consent by which you earned in {program.name} has ended."
                yield Item(InboxKind.CONSENT_ENDED, ended, text, about)
        elif (
            consent.active_at(now)
            and now - consent.valid_from <= TOLD_FOR
            and consent.covers(who, now, terms)
            and now < program.ends_at
        ):
            text = f"Your executive consents: you can earn in {program.name}."
            yield Item(InboxKind.CONSENT_GRANTED, consent.valid_from, text, about)


def became_available(journals: Iterable[Journal], now: datetime) -> Iterator[Item]:
    """What became available in a wallet not long ago, of each earning."""
    for journal in journals:
        if journal.kind not in _MAKES_AVAILABLE or now - journal.recorded_at > TOLD_FOR:
            continue
        summed = Counter[tuple[str, str]]()
        for one in journal.transfers:
            if one.credit == AVAILABLE and one.earning_id is not None:
                summed[one.earning_id, one.asset] += one.amount_minor
        for (earning_id, asset), amount in summed.items():
            text = f"{_amount(asset, amount)} became available."
            about = OfAmount(asset, amount, earning_id=earning_id)
            yield Item(InboxKind.EARNING_AVAILABLE, journal.recorded_at, text, about)


def expires_soon(
    wallet: Wallet | None, journals: Iterable[Journal], now: datetime
) -> Iterator[Item]:
    """What of a wallet expires soon, by day and asset; ``journals`` are the wallet's last ones.

    It is told since it was soon or, of what came later than that, since it came.
    """
    came: dict[tuple[datetime, str], datetime] = {}
    for journal in journals:
        for one in journal.transfers:
            expires = one.lot.expires_at if one.lot is not None else None
            if one.credit == AVAILABLE and expires is not None:
                known = came.get((expires, one.asset), journal.recorded_at)
                came[expires, one.asset] = min(known, journal.recorded_at)
    summed = Counter[tuple[datetime, str]]()
    for asset, holding in wallet.holdings.items() if wallet is not None else ():
        for lot in due(holding.lots, now + TOLD_FOR):
            if lot.name.expires_at is not None and lot.name.expires_at > now:
                summed[lot.name.expires_at, asset] += lot.left
    for (expires_at, asset), amount in summed.items():
        text = f"{_amount(asset, amount)} expire on {expires_at:%Y-%m-%d}: use them before."
        about = OfAmount(asset, amount, expires_at=expires_at)
        soon = expires_at - TOLD_FOR
        since = max(soon, came.get((expires_at, asset), soon))
        yield Item(InboxKind.EXPIRING_SOON, since, text, about)


def risen(
    goal: GoalDefinition, person: str, progress: int, wanted: int, done: Iterable[Activity]
) -> datetime:
    """When somebody's progress to a goal rose to what it has to be, and has been there since.

    ``done`` are its last activities. The goal's start, where none of them is it: it was before, or
    by a colleague's deal.
    """
    for one in sorted(done, key=lambda one: (one.recorded_at, one.id), reverse=True):
        progress -= goal.added_by(one, person)
        if progress < wanted:
            return one.recorded_at
    return goal.starts_at


def answered(disputes: Iterable[Dispute], now: datetime) -> Iterator[Item]:
    """The disputes that were answered not long ago."""
    for dispute in disputes:
        at = dispute.answered_at if dispute.status is not DisputeStatus.OPEN else None
        if at is not None and now - at <= TOLD_FOR:
            text = f"Your dispute is {dispute.status.lower()}: {dispute.answer}"
            yield Item(InboxKind.DISPUTE_ANSWERED, at, text, dispute)


_MAKES_AVAILABLE = frozenset({JournalKind.REWARD, JournalKind.RELEASE, JournalKind.ADJUSTMENT})


def _amount(asset: str, amount_minor: int) -> str:
    return f"{to_text(amount_minor, asset)} {'points' if asset == POINTS else asset}"
