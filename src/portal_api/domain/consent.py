"""Consent that individuals may earn, and their enrollment, as they are kept.

Consent is a partner executive's dated permission; enrollment is an individual's acceptance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import Role

_MOST_PERIODS = 100
"""How often somebody may join and leave a program: an item has room for so many."""


class ConsentScope(StrEnum):
    """Whom a consent covers."""

    COMPANY = "COMPANY"
    TEAMS = "TEAMS"
    INDIVIDUALS = "INDIVIDUALS"


@dataclass(frozen=True, slots=True)
class Who:
    """A person as it is judged: with the team and the role that it had when it acted."""

    individual_id: str
    team_id: str | None
    role: Role


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a consent is about: individuals, teams or, where none is named, the whole company.

    Of ``roles`` only, where some are named. A team's people are those that are in it when they act.
    """

    individual_ids: tuple[str, ...] = ()
    team_ids: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()

    @property
    def scope(self) -> ConsentScope:
        """What is named."""
        if self.individual_ids:
            return ConsentScope.INDIVIDUALS
        return ConsentScope.TEAMS if self.team_ids else ConsentScope.COMPANY

    @property
    def everybody(self) -> bool:
        """Whether it is the whole company, in every role."""
        return self.scope is ConsentScope.COMPANY and not self.roles

    def covers(self, who: Who) -> bool:
        """Whether somebody is among them."""
        if self.roles and who.role not in self.roles:
            return False
        if self.individual_ids:
            return who.individual_id in self.individual_ids
        return not self.team_ids or who.team_id in self.team_ids

    def may_share(self, other: "Whom") -> bool:
        """Whether somebody could be among both; teams and people change, so a doubt is a yes."""
        if self.roles and other.roles and not set(self.roles) & set(other.roles):
            return False
        for name in ("individual_ids", "team_ids"):
            mine, theirs = set(getattr(self, name)), set(getattr(other, name))
            if mine and theirs:
                return bool(mine & theirs)
        return True

    def answers(self, asked: "Whom", people: Mapping[str, Who]) -> bool:
        """Whether a permission for these grants all that was asked for.

        ``people`` are those who are named and work there now, as they are placed.
        """
        if asked.individual_ids:
            placed = [(one, people.get(one)) for one in asked.individual_ids]
            return all(self._names(one) if who is None else self.covers(who) for one, who in placed)
        if self.individual_ids or self.roles:
            return False
        return not self.team_ids or (
            bool(asked.team_ids) and set(asked.team_ids) <= set(self.team_ids)
        )

    def _names(self, individual_id: str) -> bool:
        """Whether somebody is among them, wherever it is placed."""
        unlimited = not self.roles and not self.team_ids
        return unlimited and (not self.individual_ids or individual_id in self.individual_ids)


EVERYBODY = Whom()


@dataclass(frozen=True, slots=True)
class Cap:
    """How much each person may earn of an asset under a consent, in minor units."""

    asset: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Consent:
    """A permission from ``valid_from`` on, or, in a retroactive program, from ``covers_from`` on.

    ``historical``: declared by an administrator's import. ``renews`` is the number of the one that
    it continues. ``warned_at`` and ``expired_at``: when its end was announced, and recorded.
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
    team_ids: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    covers_from: datetime | None = None
    renews: int | None = None
    warned_at: datetime | None = None
    expired_at: datetime | None = None

    @property
    def whom(self) -> Whom:
        """Whom it covers."""
        return Whom(self.individual_ids, self.team_ids, self.roles)

    @property
    def starts_at(self) -> datetime:
        """From when on it covers what occurs."""
        return self.covers_from or self.valid_from

    def looks_back(self, occurred_at: datetime) -> bool:
        """Whether it pays afterwards for an activity at that instant."""
        return self.starts_at <= occurred_at < self.valid_from

    def cap(self, asset: str) -> int | None:
        """The most that a person may earn of an asset under it, if that is limited."""
        return next((cap.amount_minor for cap in self.caps if cap.asset == asset), None)

    def covers(self, who: Who, occurred_at: datetime, terms_version: int) -> bool:
        """Whether it lets this person earn for an activity at that instant, and is not revoked.

        ``terms_version`` is that of the program then: what was agreed to in version 1 does not
        cover version 2. Nobody earns by a permission that it gave itself.
        """
        return (
            self.revoked_at is None
            and self.terms_version >= terms_version
            and self.starts_at <= occurred_at
            and (self.valid_to is None or occurred_at < self.valid_to)
            and self.whom.covers(who)
            and self.granted_by != who.individual_id
        )

    def ended_at(self, now: datetime) -> datetime | None:
        """When it ended, by being revoked or by its date; none while it is or will be in force."""
        if self.revoked_at is not None:
            return self.revoked_at
        return self.valid_to if self.valid_to is not None and self.valid_to <= now else None

    def active_at(self, instant: datetime) -> bool:
        """Whether it is in force at ``instant``."""
        return (
            (self.revoked_at is None or instant < self.revoked_at)
            and self.valid_from <= instant
            and (self.valid_to is None or instant < self.valid_to)
        )


class ConsentRequestStatus(StrEnum):
    """What became of a request."""

    PENDING = "PENDING"
    GRANTED = "GRANTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A wish that the executive consents; nobody named means the whole company.

    ``answer`` is what it was answered, ``answered_by`` by whom, ``reason`` why it was declined;
    ``reminded_at`` the instants at which the executive was reminded.
    """

    number: int
    individual_ids: tuple[str, ...]
    requested_by: str
    requested_at: datetime
    answered_at: datetime | None = None
    team_ids: tuple[str, ...] = ()
    answer: ConsentRequestStatus | None = None
    answered_by: str | None = None
    reason: str | None = None
    reminded_at: tuple[datetime, ...] = ()

    @property
    def whom(self) -> Whom:
        """For whom."""
        return Whom(self.individual_ids, self.team_ids)

    @property
    def status(self) -> ConsentRequestStatus:
        """What became of it so far."""
        if self.answered_at is None:
            return ConsentRequestStatus.PENDING
        return self.answer or ConsentRequestStatus.GRANTED

    def answered(
        self, answer: ConsentRequestStatus, by: str, at: datetime, reason: str | None = None
    ) -> "ConsentRequest":
        """The request with its answer."""
        return replace(self, answered_at=at, answer=answer, answered_by=by, reason=reason)


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

    def covering(self, who: Who, occurred_at: datetime, terms_version: int) -> Consent | None:
        """The first consent that lets this person earn for an activity at that instant."""
        return next(iter(self.all_covering(who, occurred_at, terms_version)), None)

    def all_covering(
        self, who: Who, occurred_at: datetime, terms_version: int
    ) -> tuple[Consent, ...]:
        """Every consent that does, the first that was given first."""
        covers = (one for one in self.consents if one.covers(who, occurred_at, terms_version))
        return tuple(covers)

    def cap_number(self, consent: Consent) -> int:
        """The number under which a consent's caps count: of the one that it goes on from.

        What is renewed does not begin anew.
        """
        while consent.renews is not None:
            consent = self.consents[consent.renews - 1]
        return consent.number

    def participation_at(self, instant: datetime, terms_version: int) -> Consent | None:
        """The consent by which the whole company took part then, in the terms in force then.

        One that was revoked later counts for the instants before.
        """
        for one in self.consents:
            if one.whom.everybody and one.terms_version >= terms_version and one.active_at(instant):
                return one
        return None

    def participates_at(self, instant: datetime, terms_version: int) -> bool:
        """Whether the whole company took part at ``instant``, in the terms in force then."""
        return self.participation_at(instant, terms_version) is not None

    def consent(self, number: int) -> Consent:
        """The consent with a number; raises ``NotFound`` for the argument ``consentId``."""
        if not 1 <= number <= len(self.consents):
            raise NotFound.of("consentId")
        return self.consents[number - 1]

    def request(self, number: int) -> ConsentRequest:
        """The request with a number; raises ``NotFound`` for its id."""
        if not 1 <= number <= len(self.requests):
            raise NotFound.of("consentRequestId")
        return self.requests[number - 1]

    def with_consent(self, changed: Consent) -> "ConsentFile":
        """The file with one consent in its changed form."""
        before, after = self.consents[: changed.number - 1], self.consents[changed.number :]
        return replace(self, consents=(*before, changed, *after))

    def with_request(self, changed: ConsentRequest) -> "ConsentFile":
        """The file with one request in its changed form."""
        before, after = self.requests[: changed.number - 1], self.requests[changed.number :]
        return replace(self, requests=(*before, changed, *after))

    def renewed(self, number: int) -> bool:
        """Whether a consent goes on in another, which is not revoked."""
        return any(one.renews == number and one.revoked_at is None for one in self.consents)

    def waiting(self) -> tuple[ConsentRequest, ...]:
        """The requests that the executive has not answered."""
        return tuple(request for request in self.requests if request.answered_at is None)


@dataclass(frozen=True, slots=True)
class EnrolledFor:
    """A time for which somebody was enrolled before, up to but without ``withdrawn_at``."""

    terms_version: int
    enrolled_at: datetime
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True)
class Enrollment:
    """An individual's acceptance of a program's terms.

    ``id`` names partner, individual and program. ``earlier`` are the times before this one.
    """

    id: str
    partner_id: str
    individual_id: str
    program_id: str
    terms_version: int
    enrolled_at: datetime
    withdrawn_at: datetime | None = None
    version: int = 0
    earlier: tuple[EnrolledFor, ...] = ()

    def covers(self, occurred_at: datetime, terms_version: int) -> bool:
        """Whether the person was enrolled at that instant, in the terms that were in force."""
        now = (self.terms_version, self.enrolled_at, self.withdrawn_at)
        before = ((one.terms_version, one.enrolled_at, one.withdrawn_at) for one in self.earlier)
        return any(
            terms >= terms_version and since <= occurred_at and (to is None or occurred_at < to)
            for terms, since, to in (now, *before)
        )

    def ended(self, at: datetime) -> "Enrollment":
        """The enrollment up to but without ``at``."""
        return replace(self, withdrawn_at=at)

    def again(self, terms_version: int, at: datetime) -> "Enrollment":
        """The enrollment from now on; raises ``InvalidInput`` where it changed too often."""
        if len(self.earlier) >= _MOST_PERIODS:
            raise InvalidInput("You have joined and left this program too often.", "programId")
        ended = self.withdrawn_at or at
        kept = EnrolledFor(self.terms_version, self.enrolled_at, ended)
        return replace(
            self,
            terms_version=terms_version,
            enrolled_at=at,
            withdrawn_at=None,
            earlier=(*self.earlier, kept),
        )
