"""Asking for consent, granting, declining, renewing and revoking it: nothing of it is backdated.

What stands and falls with people: a leaver earns nothing for what occurs after it left, and what it
earned stays its own. A mover is covered by what its new company grants; one that changes teams by
what covers the team that it is in when it acts. Who became an executive earns nothing from then on.
The consents of an executive who left stand, since the company gave them: its next executive may
revoke them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from portal_api.domain.consent import (
    EVERYBODY,
    Cap,
    Consent,
    ConsentFile,
    ConsentRequest,
    ConsentRequestStatus,
    Who,
    Whom,
)
from portal_api.domain.consent_dates import REMINDED_AFTER
from portal_api.domain.errors import (
    CompanyWideConsentRequired,
    ConsentAlreadyRequested,
    ConsentNotActive,
    ConsentRequestAnswered,
    InvalidInput,
    NotRetroactive,
    SelfStartNotAllowed,
)
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import ParticipationPolicy, Partner
from portal_api.domain.records import plain

_MOST_KEPT = 360_000
"""Bytes of all entries, each with all that can still happen to it: an item may have 390,000."""
_MOST_ASKED = 160_000
"""So much of it is for requests."""
_MOST_OF_ONE = 80_000
"""So much of that is for whoever asks, so that nobody keeps others from asking."""

_LAST, _ID, _REASON = datetime.max.replace(tzinfo=UTC), "-" * 60, "-" * 100
"""An instant, an id and a short reason that are as long as any."""

_AGAIN = frozenset(
    {
        ConsentRequestStatus.DECLINED,
        ConsentRequestStatus.WITHDRAWN,
        ConsentRequestStatus.EXPIRED,
    }
)
"""What can be wished for again: the same wish then takes the place of the former."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an executive permits: whom, how much each, to whom it is paid, and when.

    ``valid_from`` none is now. ``covers_from`` is earlier in a retroactive program only.
    ``historical_from`` backdates all of it, as only an administrator's declared import may.
    """

    whom: Whom = EVERYBODY
    caps: tuple[Cap, ...] = ()
    payee: Payee = Payee.INDIVIDUAL
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    covers_from: datetime | None = None
    historical_from: datetime | None = None


def request(
    file: ConsentFile,
    partner: Partner,
    policy: ParticipationPolicy,
    whom: Whom,
    by: str,
    own_wish: bool,
    at: datetime,
) -> ConsentFile:
    """The file with a request that waits; ``own_wish``: a member of the partner's staff started it.

    Who wishes again for what was declined, withdrawn or expired has the same request, which begins
    anew. Raises ``SelfStartNotAllowed``, ``CompanyWideConsentRequired``,
    ``ConsentAlreadyRequested`` and ``InvalidInput``.
    """
    if own_wish and policy is ParticipationPolicy.COMPANY_WIDE:
        raise SelfStartNotAllowed(
            f"A {partner.type} decides for the whole company: its executive or your channel"
            " manager starts the request.",
            partner.type,
        )
    _check_policy(partner, policy, whom)
    for earlier in file.waiting():
        if earlier.whom == whom:
            raise ConsentAlreadyRequested(
                "The executive has this request already.", earlier.requested_at.isoformat()
            )
    number = len(file.requests) + 1
    for former in file.requests:
        if (former.whom, former.requested_by) == (whom, by) and former.status in _AGAIN:
            number = former.number
    added = ConsentRequest(number, whom.individual_ids, by, at, team_ids=whom.team_ids)
    asked = file.with_request(added)
    own = (one for one in asked.requests if one.requested_by == by)
    if _kept(own) > _MOST_OF_ONE or _kept(asked.requests) > _MOST_ASKED:
        raise InvalidInput("The executive has been asked too often about this program.", "input")
    return _checked(asked)


def answer(
    file: ConsentFile,
    number: int,
    status: ConsentRequestStatus,
    by: str,
    at: datetime,
    reason: str | None = None,
) -> ConsentFile:
    """The file with a request declined, withdrawn or expired.

    Raises ``NotFound``, ``ConsentRequestAnswered`` and ``InvalidInput``.
    """
    asked = file.request(number)
    if asked.answered_at is not None:
        raise ConsentRequestAnswered(
            "This request was answered already.", asked.status, asked.answered_at.isoformat()
        )
    return _checked(file.with_request(asked.answered(status, by, at, reason)))


def grant(
    file: ConsentFile,
    partner: Partner,
    policy: ParticipationPolicy,
    terms: Terms,
    terms_version: int,
    by: str,
    at: datetime,
    people: Mapping[str, Who] | None = None,
) -> ConsentFile:
    """The file with a consent added, and the requests that it answers marked.

    ``people``: how those are placed now who are named by the requests that wait. Raises
    ``CompanyWideConsentRequired``, ``NotRetroactive`` and ``InvalidInput``.
    """
    _check_policy(partner, policy, terms.whom)
    valid_from = terms.historical_from or terms.valid_from or at
    if terms.historical_from is None and valid_from < at:
        raise InvalidInput("A consent is not backdated: it begins now or later.", "validFrom")
    if terms.valid_to is not None and terms.valid_to <= valid_from:
        raise InvalidInput("A consent ends after it begins.", "validTo")
    added = Consent(
        number=len(file.consents) + 1,
        scope=terms.whom.scope,
        individual_ids=terms.whom.individual_ids,
        terms_version=terms_version,
        granted_by=by,
        granted_at=at,
        valid_from=valid_from,
        valid_to=terms.valid_to,
        historical=terms.historical_from is not None,
        caps=terms.caps,
        payee=terms.payee,
        team_ids=terms.whom.team_ids,
        roles=terms.whom.roles,
        covers_from=_looking_back(file, terms, valid_from, at),
    )
    requests = tuple(
        asked.answered(ConsentRequestStatus.GRANTED, by, at)
        if asked.answered_at is None and terms.whom.answers(asked.whom, people or {})
        else asked
        for asked in file.requests
    )
    return _checked(replace(file, consents=(*file.consents, added), requests=requests))


def _looking_back(
    file: ConsentFile, terms: Terms, valid_from: datetime, at: datetime
) -> datetime | None:
    """From when on a consent covers what occurred before it, where it does.

    Only the first consent for somebody looks back, so that none is revoked to be given again for
    the time between. Raises ``NotRetroactive``.
    """
    covers_from = terms.covers_from
    if covers_from is None or covers_from == valid_from:
        return None
    if covers_from > valid_from:
        raise InvalidInput("What is covered begins with the consent or before.", "coversFrom")
    if valid_from != at:
        raise NotRetroactive("A consent that looks back begins now.")
    if terms.payee is not Payee.INDIVIDUAL:
        raise NotRetroactive("What is paid afterwards is paid to the individuals.")
    if any(earlier.whom.may_share(terms.whom) for earlier in file.consents):
        raise NotRetroactive("Only the first consent for somebody looks back.")
    return covers_from


def renew(
    file: ConsentFile,
    number: int,
    partner: Partner,
    policy: ParticipationPolicy,
    terms_version: int,
    by: str,
    at: datetime,
    valid_to: datetime | None,
) -> ConsentFile:
    """The file with one consent continued, in the terms in force, for the same people as before.

    It begins when the former ends; now, where that has ended or was given in earlier terms. Raises
    ``NotFound``, ``CompanyWideConsentRequired`` and ``InvalidInput``.
    """
    former = file.consent(number)
    if file.renewed(number):
        raise InvalidInput("This consent goes on in another one already.", "consentId")
    goes_on = former.ended_at(at) is None and former.terms_version == terms_version
    if goes_on and former.valid_to is None:
        raise InvalidInput("This consent has no end that it could be renewed after.", "consentId")
    begins = former.valid_to if goes_on else None
    terms = Terms(former.whom, former.caps, former.payee, begins, valid_to)
    renewed = grant(file, partner, policy, terms, terms_version, by, at)
    return renewed.with_consent(replace(renewed.consents[-1], renews=number))


def revoke(file: ConsentFile, number: int, by: str, at: datetime) -> ConsentFile:
    """The file with one consent revoked, forward only, and with it what is to continue it later.

    A renewal that has begun already is a consent of its own. Raises ``NotFound`` and
    ``ConsentNotActive``.
    """
    consent = file.consent(number)
    ended = consent.ended_at(at)
    if ended is not None:
        raise ConsentNotActive("This consent has ended already.", ended.isoformat())
    revoked = file.with_consent(replace(consent, revoked_at=at, revoked_by=by))
    for later in revoked.consents:
        if later.renews == number and later.revoked_at is None and later.valid_from > at:
            return revoke(revoked, later.number, by, at)
    return revoked


def revoked_with(file: ConsentFile, number: int) -> tuple[Consent, ...]:
    """The renewals that were revoked with a consent, each continuing the one before."""
    consent, found = file.consent(number), list[Consent]()
    for later in file.consents[number:]:
        at = consent.revoked_at
        if later.renews == consent.number and later.revoked_at == at and at is not None:
            consent = later
            found.append(later)
    return tuple(found)


def _checked(file: ConsentFile) -> ConsentFile:
    """The file, which must leave room to revoke all that is in it; raises ``InvalidInput``."""
    if _kept(file.requests) + _kept(file.consents) > _MOST_KEPT:
        raise InvalidInput("This partner's consents are too many: grant the company's.", "input")
    return file


def _kept(entries: Iterable[Consent | ConsentRequest]) -> int:
    """The bytes that entries need at most, whatever happens to them yet."""
    return sum(_bytes(plain(_fullest(entry))) for entry in entries)


def _fullest(entry: Consent | ConsentRequest) -> Consent | ConsentRequest:
    """An entry with all that is noted in it in the course of time."""
    if isinstance(entry, Consent):
        ended = replace(entry, revoked_at=_LAST, revoked_by=_ID, renews=entry.number)
        return replace(ended, warned_at=_LAST, expired_at=_LAST)
    if entry.answered_at is not None:
        return entry
    reminded = replace(entry, reminded_at=(_LAST,) * len(REMINDED_AFTER))
    return reminded.answered(ConsentRequestStatus.WITHDRAWN, _ID, _LAST, _REASON)


def _bytes(value: object) -> int:
    """The bytes of a plain value, at least as many as a table counts."""
    if isinstance(value, str):
        return 1 + len(value.encode())
    if isinstance(value, dict):
        return 4 + sum(len(name) + _bytes(part) for name, part in value.items())
    if isinstance(value, list):
        return 4 + sum(map(_bytes, value))
    return 1 if value is None else 13


def _check_policy(partner: Partner, policy: ParticipationPolicy, whom: Whom) -> None:
    if policy is ParticipationPolicy.COMPANY_WIDE and not whom.everybody:
        raise CompanyWideConsentRequired(
            f"A {partner.type} consents for the whole company, not for some of its people.",
            partner.type,
        )
