"""Consent that individuals may earn, and their enrollment.

Consent is a partner executive's dated permission; enrollment is an individual's acceptance.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain.errors import (
    CompanyWideConsentRequired,
    ConsentAlreadyRequested,
    ConsentNotActive,
    InvalidInput,
    NotFound,
    SelfStartNotAllowed,
)
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import ParticipationPolicy, Partner, participation_policy

_MOST_KEPT = 6_000
"""Names, and ten for each entry: some 250 KB, of the 400 that an item may have."""


class ConsentScope(StrEnum):
    """Whom a consent covers."""

    COMPANY = "COMPANY"
    INDIVIDUALS = "INDIVIDUALS"


@dataclass(frozen=True, slots=True)
class Cap:
    """How much each person may earn of an asset under a consent, in minor units."""

    asset: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Consent:
    """A permission from ``valid_from`` on.

    ``historical``: declared by an administrator's import.
    """

    number: int
    scope: ConsentScope
    individual_ids: tuple[str, ...]
    terms_version: int
    granted_by: str
    granted_at: datetime
    valid_from: datetime
    valid_to: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    historical: bool = False
    caps: tuple[Cap, ...] = ()
    payee: Payee = Payee.INDIVIDUAL

    def cap(self, asset: str) -> int | None:
        """The most that a person may earn of an asset under it, if that is limited."""
        return next((cap.amount_minor for cap in self.caps if cap.asset == asset), None)

    def covers(self, individual_id: str, occurred_at: datetime, terms_version: int) -> bool:
        """Whether it lets this person earn for an activity at that instant, and is not revoked."""
        return (
            self.revoked_at is None
            and self.terms_version == terms_version
            and self.valid_from <= occurred_at
            and (self.valid_to is None or occurred_at < self.valid_to)
            and (self.scope is ConsentScope.COMPANY or individual_id in self.individual_ids)
        )

    def active_at(self, instant: datetime) -> bool:
        """Whether it is in force at ``instant``."""
        return (
            (self.revoked_at is None or instant < self.revoked_at)
            and self.valid_from <= instant
            and (self.valid_to is None or instant < self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A wish that the executive consents; no ``individual_ids`` means the whole company."""

    number: int
    individual_ids: tuple[str, ...]
    requested_by: str
    requested_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentFile:
    """All that one partner's executives were asked and answered about one program, in one item.

    One item, so that one version check in the paying transaction covers every consent in it.
    ``id`` names partner and program.
    """

    id: str
    partner_id: str
    program_id: str
    consents: tuple[Consent, ...] = ()
    requests: tuple[ConsentRequest, ...] = ()
    version: int = 0

    def covering(
        self, individual_id: str, occurred_at: datetime, terms_version: int
    ) -> Consent | None:
        """The first consent that lets this person earn for an activity at that instant."""
        for consent in self.consents:
            if consent.covers(individual_id, occurred_at, terms_version):
                return consent
        return None

    def waiting(self) -> tuple[ConsentRequest, ...]:
        """The requests that the executive has not answered."""
        return tuple(request for request in self.requests if request.answered_at is None)


@dataclass(frozen=True, slots=True)
class Enrollment:
    """An individual's acceptance of a program's terms.

    ``id`` names partner, individual and program.
    """

    id: str
    partner_id: str
    individual_id: str
    program_id: str
    terms_version: int
    enrolled_at: datetime
    withdrawn_at: datetime | None = None
    version: int = 0

    def covers(self, occurred_at: datetime) -> bool:
        """Whether the person was enrolled at that instant."""
        return self.enrolled_at <= occurred_at and (
            self.withdrawn_at is None or occurred_at < self.withdrawn_at
        )


def request(
    file: ConsentFile,
    partner: Partner,
    individual_ids: tuple[str, ...],
    by: str,
    own_wish: bool,
    at: datetime,
) -> ConsentFile:
    """The file with a request added; ``own_wish``: a member of the partner's staff started it.

    Raises ``SelfStartNotAllowed``, ``CompanyWideConsentRequired`` and ``ConsentAlreadyRequested``.
    """
    if participation_policy(partner.type) is ParticipationPolicy.COMPANY_WIDE:
        if own_wish:
            raise SelfStartNotAllowed(
                f"A {partner.type} decides for the whole company: its executive or your channel"
                " manager starts the request.",
                partner.type,
            )
        _company_wide(partner, individual_ids)
    for earlier in file.waiting():
        if earlier.individual_ids == individual_ids:
            raise ConsentAlreadyRequested(
                "The executive has this request already.", earlier.requested_at.isoformat()
            )
    added = ConsentRequest(len(file.requests) + 1, individual_ids, by, at)
    return _checked(replace(file, requests=(*file.requests, added)))


def grant(
    file: ConsentFile,
    partner: Partner,
    individual_ids: tuple[str, ...],
    terms_version: int,
    by: str,
    at: datetime,
    valid_to: datetime | None = None,
    historical_from: datetime | None = None,
    caps: tuple[Cap, ...] = (),
    payee: Payee = Payee.INDIVIDUAL,
) -> ConsentFile:
    """The file with a consent added, and the requests that it answers marked.

    No ids: the whole company. ``historical_from`` backdates it, as only an administrator's declared
    import may. Raises ``CompanyWideConsentRequired``.
    """
    if participation_policy(partner.type) is ParticipationPolicy.COMPANY_WIDE:
        _company_wide(partner, individual_ids)
    added = Consent(
        number=len(file.consents) + 1,
        scope=ConsentScope.INDIVIDUALS if individual_ids else ConsentScope.COMPANY,
        individual_ids=individual_ids,
        terms_version=terms_version,
        granted_by=by,
        granted_at=at,
        valid_from=historical_from or at,
        valid_to=valid_to,
        historical=historical_from is not None,
        caps=caps,
        payee=payee,
    )
    answered = tuple(
        replace(asked, answered_at=at)
        if asked.answered_at is None
        and (
            not individual_ids
            or (asked.individual_ids and set(asked.individual_ids) <= set(individual_ids))
        )
        else asked
        for asked in file.requests
    )
    return _checked(replace(file, consents=(*file.consents, added), requests=answered))


def revoke(file: ConsentFile, number: int, by: str, at: datetime) -> ConsentFile:
    """The file with one consent revoked, forward only.

    Raises ``NotFound`` and ``ConsentNotActive``.
    """
    if not 1 <= number <= len(file.consents):
        raise NotFound.of("consentId")
    consent = file.consents[number - 1]
    ended = consent.revoked_at or (
        consent.valid_to if consent.valid_to and consent.valid_to <= at else None
    )
    if ended is not None:
        raise ConsentNotActive("This consent has ended already.", ended.isoformat())
    revoked = replace(consent, revoked_at=at, revoked_by=by)
    consents = (*file.consents[: number - 1], revoked, *file.consents[number:])
    return replace(file, consents=consents)


def _checked(file: ConsentFile) -> ConsentFile:
    """The file, which must leave room to revoke all that is in it; raises ``InvalidInput``."""
    named = sum(len(consent.individual_ids) for consent in file.consents)
    named += sum(len(request.individual_ids) for request in file.requests)
    if named + 10 * (len(file.consents) + len(file.requests)) > _MOST_KEPT:
        raise InvalidInput("This partner's consents are too many: grant the company's.", "input")
    return file


def _company_wide(partner: Partner, individual_ids: tuple[str, ...]) -> None:
    if individual_ids:
        raise CompanyWideConsentRequired(
            f"A {partner.type} consents for the whole company, not for single people.", partner.type
        )
