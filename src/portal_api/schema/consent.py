"""Consents and the requests for them, as executives, the vendor and whoever asked see them."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from portal_api.domain import consent, consent_dates, partners
from portal_api.domain.participation import TypePolicy, policy_of
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.enums import (
    ConsentRequestStatus,
    ConsentScope,
    ParticipationPolicy,
    Payee,
    Role,
)
from portal_api.schema.ids import encoded
from portal_api.schema.nodes import find
from portal_api.schema.profiles import Named, record_of
from portal_api.schema.programs import Program, program_of
from portal_api.schema.scalars import Amount, amount_of
from portal_api.services.store import Many, of_partner, of_vendor

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual, Team

COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_OWN = (Audience.OWNER, Audience.VENDOR)
_Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None
_People = list[Annotated["Individual", strawberry.lazy("portal_api.schema.partners")]]
_Teams = list[Annotated["Team", strawberry.lazy("portal_api.schema.partners")]]


@declared(*COMPANY, Audience.OWNER)
@strawberry.type(
    description="A partner executive's dated permission that individuals may earn. Nothing of it is"
    " backdated, and what is earned under it stays with whoever earned it."
)
class Consent:
    """A consent."""

    id: strawberry.ID = strawberry.field(
        description="Names it, for renewing and revoking, and in every earning. It is no id of"
        " `node`: a consent is read with its partner, an earning, or the inbox."
    )
    scope: ConsentScope = strawberry.field(
        description="The whole company, the teams or the individuals named."
    )
    roles: list[Role] = strawberry.field(
        description="Of these roles only, which people have when they act; empty for all that earn."
    )
    terms_version: int = strawberry.field(
        description="The version of the terms that was agreed to: what occurs in the time of a"
        " later version is not covered."
    )
    granted_at: datetime = strawberry.field(description="When it was granted.")
    valid_from: datetime = strawberry.field(description="In force from here on.")
    valid_to: datetime | None = strawberry.field(
        description="Up to but without this instant; open if null."
    )
    covers_from: datetime = strawberry.field(
        description="Covers what occurs from here on: validFrom or, in a retroactive program,"
        " before it."
    )
    revoked_at: datetime | None = strawberry.field(
        description="When it was revoked, forward only: what was earned stays, and what is pending"
        " matures."
    )
    historical: bool = strawberry.field(description="Declared by an administrator's import.")
    active: bool = strawberry.field(description="Whether it is in force now.")
    caps: list[Amount] = strawberry.field(description="What each person earns under it at most.")
    payee: Payee = strawberry.field(
        description="To whom what is earned under it is sent, for good."
    )
    file: strawberry.Private[consent.ConsentFile]
    record: strawberry.Private[consent.Consent]
    at: strawberry.Private[datetime]

    @strawberry.field(description="The program it is about.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.file.program_id)

    @strawberry.field(
        description="The executive who granted it; null once it has left, or by an import."
    )
    async def granted_by(self, info: Info) -> _Person:
        """The executive."""
        named = await _people(info, self.file.partner_id, (self.record.granted_by,))
        return next(iter(named), None)

    @strawberry.field(
        description="Whom it names, as far as they still work there; empty where it names nobody."
        " Staff sees itself among them only."
    )
    async def individuals(self, info: Info) -> _People:
        """The people."""
        viewer, named = await info.context.viewer(), self.record.individual_ids
        if not viewer.audiences(self.file.partner_id, None).intersection(COMPANY):
            named = tuple(person for person in named if person == viewer.id)
        return await _people(info, self.file.partner_id, named)

    @strawberry.field(
        description="The teams it names: it covers who is in one of them when they act. Empty where"
        " it names none."
    )
    async def teams(self, info: Info) -> _Teams:
        """The teams."""
        return await _teams(info, self.file.partner_id, self.record.team_ids)

    @strawberry.field(description="The consent that it continues; null where it is no renewal.")
    def renews(self) -> "Consent | None":
        """The former one."""
        number = self.record.renews
        return None if number is None else shown_consent(self.file, number, self.at)


@declared(*COMPANY, Audience.OWNER)
@strawberry.type(
    description="A wish that the executive consents. The executive is reminded of it three times,"
    " and it expires where nobody answers."
)
class ConsentRequest:
    """A request."""

    id: strawberry.ID = strawberry.field(
        description="Names it, for declining and withdrawing it: their consentRequestId. It is no"
        " id of `node`: a request is read with its partner, or with whoever made it."
    )
    status: ConsentRequestStatus = strawberry.field(description="What became of it.")
    reason: str | None = strawberry.field(description="Why it was declined.")
    requested_at: datetime = strawberry.field(description="When it was made.")
    answered_at: datetime | None = strawberry.field(
        description="When it was granted, declined or withdrawn, or has expired; null: it waits."
    )
    reminders_sent: int = strawberry.field(
        description="How often the executive was reminded of it."
    )
    last_reminded_at: datetime | None = strawberry.field(
        description="When the executive was reminded of it last."
    )
    expires_at: datetime = strawberry.field(description="When it expires if nobody answers.")
    file: strawberry.Private[consent.ConsentFile]
    record: strawberry.Private[consent.ConsentRequest]

    @strawberry.field(description="The program it is about.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.file.program_id)

    @strawberry.field(description="Who of the company asked; null where the vendor did.")
    async def requested_by(self, info: Info) -> _Person:
        """The asker."""
        asked = (self.record.requested_by,)
        return next(iter(await _people(info, self.file.partner_id, asked)), None)

    @strawberry.field(
        description="Who of the company answered; null where nobody did, or the vendor."
    )
    async def answered_by(self, info: Info) -> _Person:
        """The executive, or who withdrew it."""
        answered = () if self.record.answered_by is None else (self.record.answered_by,)
        return next(iter(await _people(info, self.file.partner_id, answered)), None)

    @strawberry.field(description="For whom; empty for teams and for the whole company.")
    async def individuals(self, info: Info) -> _People:
        """The people."""
        return await _people(info, self.file.partner_id, self.record.individual_ids)

    @strawberry.field(description="For which teams; empty where it names none.")
    async def teams(self, info: Info) -> _Teams:
        """The teams."""
        return await _teams(info, self.file.partner_id, self.record.team_ids)


def shown_consent(file: consent.ConsentFile, number: int, now: datetime) -> Consent:
    """One consent of a file as shown."""
    record = file.consent(number)
    return Consent(
        id=strawberry.ID(encoded("Consent", f"{file.id}.{record.number}")),
        scope=record.scope,
        roles=list(record.roles),
        terms_version=record.terms_version,
        granted_at=record.granted_at,
        valid_from=record.valid_from,
        valid_to=record.valid_to,
        covers_from=record.starts_at,
        revoked_at=record.revoked_at,
        historical=record.historical,
        active=record.active_at(now),
        caps=[amount_of(cap.asset, cap.amount_minor) for cap in record.caps],
        payee=record.payee,
        file=file,
        record=record,
        at=now,
    )


def consents_of(file: consent.ConsentFile, now: datetime) -> list[Consent]:
    """The consents of a file as shown."""
    return [shown_consent(file, record.number, now) for record in file.consents]


def shown_request(file: consent.ConsentFile, number: int) -> ConsentRequest:
    """One request of a file as shown."""
    record = file.request(number)
    return ConsentRequest(
        id=strawberry.ID(encoded("ConsentRequest", f"{file.id}.{record.number}")),
        status=record.status,
        reason=record.reason,
        requested_at=record.requested_at,
        answered_at=record.answered_at,
        reminders_sent=len(record.reminded_at),
        last_reminded_at=record.reminded_at[-1] if record.reminded_at else None,
        expires_at=consent_dates.expires_at(record),
        file=file,
        record=record,
    )


def requests_of(
    file: consent.ConsentFile,
    status: ConsentRequestStatus | None = ConsentRequestStatus.PENDING,
) -> list[ConsentRequest]:
    """The requests of a file of one status, those that wait unless said; none: of any."""
    asked = [one for one in file.requests if status in (None, one.status)]
    asked.sort(key=lambda one: one.requested_at)  # One that was made again has its old number.
    return [shown_request(file, one.number) for one in asked]


_Status = Annotated[
    ConsentRequestStatus | None,
    strawberry.argument(description="Only these; left out: those that wait; null: all."),
]


@strawberry.type
class CompanyConsents:
    """Mixed into Partner."""

    record: strawberry.Private[partners.Partner | Named]

    @strawberry.field(description="What its type says of consent, for what is asked from now on.")
    async def participation_policy(self, info: Info) -> ParticipationPolicy:
        """The policy in force."""
        kept, record = await asyncio.gather(
            info.context.load(Many(TypePolicy, of_vendor())), record_of(info, self)
        )
        return policy_of(record, kept.records)

    @narrow(*COMPANY, description="Its executives' consents, oldest first per program.")
    async def consents(self, info: Info) -> list[Consent] | None:
        """The consents."""
        files, now = await _files(info, self.record.id), info.context.portal.clock()
        return [shown for file in files for shown in consents_of(file, now)]

    @narrow(*COMPANY, description="What its executives are asked to consent to, oldest first.")
    async def consent_requests(
        self, info: Info, status: _Status = ConsentRequestStatus.PENDING
    ) -> list[ConsentRequest] | None:
        """The requests."""
        files = await _files(info, self.record.id)
        return [shown for file in files for shown in requests_of(file, status)]


@strawberry.type
class OwnConsentRequests:
    """Mixed into Individual."""

    record: strawberry.Private[partners.Individual]
    employment: strawberry.Private[partners.Employment]

    @narrow(*_OWN, description="What it has asked its executive to consent to, and the answers.")
    async def consent_requests(
        self,
        info: Info,
        status: Annotated[
            ConsentRequestStatus | None,
            strawberry.argument(description="Only these; left out or null: all."),
        ] = None,
    ) -> list[ConsentRequest] | None:
        """Its own requests."""
        if self.employment.partner_id is None:
            return []
        files = await _files(info, self.employment.partner_id)
        shown = (one for file in files for one in requests_of(file, status))
        return [one for one in shown if one.record.requested_by == self.record.id]


async def _files(info: Info, partner_id: str) -> tuple[consent.ConsentFile, ...]:
    files, _ = await asyncio.gather(
        info.context.load(Many(consent.ConsentFile, of_partner(partner_id))),
        info.context.catalogue(),
    )
    return files.records


async def _people(info: Info, partner_id: str, individual_ids: tuple[str, ...]) -> _People:
    found = await asyncio.gather(
        *(find(info, "Individual", f"{partner_id}.{person}") for person in individual_ids)
    )
    return [person for person in found if person is not None]


async def _teams(info: Info, partner_id: str, team_ids: tuple[str, ...]) -> _Teams:
    found = await asyncio.gather(
        *(find(info, "Team", f"{partner_id}.{team_id}") for team_id in team_ids)
    )
    return [team for team in found if team is not None]
