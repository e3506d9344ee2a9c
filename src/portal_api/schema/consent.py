"""Consents, the requests for them, enrollments; and the mutations of executives and individuals."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from portal_api.domain import consent, programs
from portal_api.domain.errors import (
    AlreadyEnrolled,
    CompanyWideConsentRequired,
    ConsentAlreadyRequested,
    ConsentNotActive,
    NotEligible,
    NotEnrolled,
    SelfStartNotAllowed,
)
from portal_api.domain.partners import STAFF_ROLES
from portal_api.schema.access import Audience, declared, may_see
from portal_api.schema.context import Info
from portal_api.schema.enums import ConsentScope, Payee
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, encoded, pair
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find
from portal_api.schema.programs import Program, program_of
from portal_api.schema.scalars import Amount, AmountInput, amount_of
from portal_api.services import consent as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import One

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None
_People = list[Annotated["Individual", strawberry.lazy("portal_api.schema.partners")]]


@declared(*_COMPANY, Audience.OWNER)
@strawberry.type(description="A partner executive's dated permission that individuals may earn.")
class Consent:
    """A consent."""

    id: strawberry.ID = strawberry.field(description="Names it, for revoking and in every earning.")
    scope: ConsentScope = strawberry.field(
        description="The whole company, or the individuals named."
    )
    terms_version: int = strawberry.field(description="The version of the terms it covers.")
    granted_at: datetime = strawberry.field(description="When it was granted.")
    valid_from: datetime = strawberry.field(description="Covers what occurs from here on.")
    valid_to: datetime | None = strawberry.field(
        description="Up to but without this instant; open if null."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was revoked, forward only.")
    historical: bool = strawberry.field(description="Declared by an administrator's import.")
    active: bool = strawberry.field(description="Whether it is in force now.")
    caps: list[Amount] = strawberry.field(description="What each person earns under it at most.")
    payee: Payee = strawberry.field(description="To whom what is earned under it is sent.")
    file: strawberry.Private[consent.ConsentFile]
    record: strawberry.Private[consent.Consent]

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
        description="Whom it names; empty for the whole company. Staff sees itself among them only."
    )
    async def individuals(self, info: Info) -> _People:
        """The people."""
        viewer, named = await info.context.viewer(), self.record.individual_ids
        if not may_see(ConsentGranted, viewer.audiences(self.file.partner_id, None)):
            named = tuple(person for person in named if person == viewer.id)
        return await _people(info, self.file.partner_id, named)


@declared(*_COMPANY)
@strawberry.type(description="A wish that the executive consents, waiting for an answer.")
class ConsentRequest:
    """A request."""

    requested_at: datetime = strawberry.field(description="Since when it waits.")
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

    @strawberry.field(description="For whom; empty for the whole company.")
    async def individuals(self, info: Info) -> _People:
        """The people."""
        return await _people(info, self.file.partner_id, self.record.individual_ids)


@declared(Audience.OWNER, Audience.VENDOR)
@strawberry.type(description="An individual's acceptance of a program's terms.")
class Enrollment:
    """An enrollment."""

    enrolled_at: datetime = strawberry.field(description="Activities earn from here on.")
    withdrawn_at: datetime | None = strawberry.field(description="When the person left it.")
    terms_version: int = strawberry.field(description="The version that was accepted.")
    consented: bool = strawberry.field(description="Whether a consent covers this person now.")
    record: strawberry.Private[consent.Enrollment]

    @strawberry.field(description="The program.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.program_id)

    @classmethod
    def of(
        cls,
        record: consent.Enrollment,
        file: consent.ConsentFile | None,
        program: programs.Program | None,
        now: datetime,
    ) -> "Enrollment":
        """The enrollment as shown."""
        terms = program.terms_version if program else record.terms_version
        covered = file is not None and file.covering(record.individual_id, now, terms) is not None
        return cls(
            enrolled_at=record.enrolled_at,
            withdrawn_at=record.withdrawn_at,
            terms_version=record.terms_version,
            consented=covered,
            record=record,
        )


def consents_of(file: consent.ConsentFile, now: datetime) -> list[Consent]:
    """The consents of a file as shown."""
    return [
        Consent(
            id=strawberry.ID(encoded("Consent", f"{file.id}.{record.number}")),
            scope=record.scope,
            terms_version=record.terms_version,
            granted_at=record.granted_at,
            valid_from=record.valid_from,
            valid_to=record.valid_to,
            revoked_at=record.revoked_at,
            historical=record.historical,
            active=record.active_at(now),
            caps=[amount_of(cap.asset, cap.amount_minor) for cap in record.caps],
            payee=record.payee,
            file=file,
            record=record,
        )
        for record in file.consents
    ]


def requests_of(file: consent.ConsentFile) -> list[ConsentRequest]:
    """The requests of a file that wait for an answer."""
    return [
        ConsentRequest(requested_at=record.requested_at, file=file, record=record)
        for record in file.waiting()
    ]


async def _people(info: Info, partner_id: str, individual_ids: tuple[str, ...]) -> _People:
    found = await asyncio.gather(
        *(find(info, "Individual", f"{partner_id}.{person}") for person in individual_ids)
    )
    return [person for person in found if person is not None]


@strawberry.input(description="A wish that a partner's executive consents.")
class RequestConsentInput(MutationInput):
    """A request."""

    partner_id: strawberry.ID = strawberry.field(description="The partner.")
    program_id: strawberry.ID = strawberry.field(description="The program.")
    individual_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="For whom; empty: the whole company, or a rep for itself."
    )


@strawberry.input(description="An executive's permission.")
class GrantConsentInput(MutationInput):
    """A consent."""

    partner_id: strawberry.ID = strawberry.field(description="The executive's own partner.")
    program_id: strawberry.ID = strawberry.field(description="The program.")
    individual_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Whom it covers; empty: the whole company."
    )
    valid_to: datetime | None = strawberry.field(
        default=None, description="When it ends; open if left out."
    )
    caps: list[AmountInput] = strawberry.field(
        default_factory=list,
        description="How much each person may earn under it at most, up to five, one per asset.",
    )
    payee: Payee = strawberry.field(
        default=Payee.INDIVIDUAL, description="To whom what is earned under it is sent, for good."
    )


@strawberry.input(description="A consent to end.")
class RevokeConsentInput(MutationInput):
    """A revocation."""

    consent_id: strawberry.ID = strawberry.field(description="The consent.")


@strawberry.input(description="Acceptance of a program's terms, for oneself.")
class EnrollInput(MutationInput):
    """An enrollment."""

    partner_id: strawberry.ID = strawberry.field(description="Your partner.")
    program_id: strawberry.ID = strawberry.field(description="The program.")
    terms_version: int = strawberry.field(description="The version of its terms that you accept.")


@strawberry.input(description="A program to leave.")
class EndEnrollmentInput(MutationInput):
    """The end of an enrollment."""

    partner_id: strawberry.ID = strawberry.field(description="Your partner.")
    program_id: strawberry.ID = strawberry.field(description="The program.")


@declared(*_COMPANY, Audience.COLLEAGUE)
@strawberry.type(description="The executive has the request.")
class ConsentRequested:
    """Success."""

    requested_at: datetime = strawberry.field(description="When it was made.")


@declared(*_COMPANY)
@strawberry.type(description="The consent is in force.")
class ConsentGranted:
    """Success."""

    consent: Consent = strawberry.field(description="The consent.")


@declared(*_COMPANY)
@strawberry.type(description="The consent has ended; what was earned stays.")
class ConsentRevoked:
    """Success."""

    consent: Consent = strawberry.field(description="The consent.")


@declared(Audience.OWNER)
@strawberry.type(description="The terms are accepted.")
class Enrolled:
    """Success."""

    enrollment: Enrollment = strawberry.field(description="The enrollment.")


@declared(Audience.OWNER)
@strawberry.type(description="The program is left; what was earned stays.")
class EnrollmentEnded:
    """Success."""

    enrollment: Enrollment = strawberry.field(description="The enrollment.")


def _named(individual_ids: list[strawberry.ID], partner_id: str) -> tuple[str, ...]:
    """The ids of people; somebody at another partner stays a stranger to the service."""
    named = (pair(global_id, "Individual", "individualIds") for global_id in individual_ids)
    return tuple(person if ptn == partner_id else f"{ptn}.{person}" for ptn, person in named)


@strawberry.type
class ConsentMutations:
    """Mixed into the root mutation."""

    @mutation(
        result(
            "RequestConsent",
            ConsentRequested,
            SelfStartNotAllowed,
            CompanyWideConsentRequired,
            ConsentAlreadyRequested,
        ),
        MANAGERS | services.EXECUTIVES | STAFF_ROLES,
        "Asks a partner's executive for consent; a rep asks for itself, where its partner's type"
        " lets it.",
    )
    async def request_consent(self, info: Info, input: RequestConsentInput) -> object:
        """A request."""
        partner_id = decoded(input.partner_id, "Partner", "partnerId")
        outcome = perform(
            info,
            services.request_consent,
            input.request_id,
            partner_id=partner_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            individual_ids=_named(input.individual_ids, partner_id),
        )
        await authorized(info, ConsentRequested, partner_id)
        return ConsentRequested(requested_at=outcome.file.requests[outcome.number - 1].requested_at)

    @mutation(
        result("GrantConsent", ConsentGranted, CompanyWideConsentRequired),
        services.EXECUTIVES,
        "Lets a partner's staff earn from now on: the whole company, or the individuals named.",
    )
    async def grant_consent(self, info: Info, input: GrantConsentInput) -> object:
        """A consent."""
        partner_id = decoded(input.partner_id, "Partner", "partnerId")
        outcome = perform(
            info,
            services.grant_consent,
            input.request_id,
            partner_id=partner_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            individual_ids=_named(input.individual_ids, partner_id),
            valid_to=input.valid_to,
            caps=tuple(consent.Cap(*cap.minor("caps")) for cap in input.caps),
            payee=input.payee,
        )
        await authorized(info, ConsentGranted, partner_id)
        shown = consents_of(outcome.file, info.context.portal.clock())
        return ConsentGranted(consent=shown[outcome.number - 1])

    @mutation(
        result("RevokeConsent", ConsentRevoked, ConsentNotActive),
        services.EXECUTIVES,
        "Ends a consent, forward only: what was earned stays.",
    )
    async def revoke_consent(self, info: Info, input: RevokeConsentInput) -> object:
        """A revocation."""
        consent_id = decoded(input.consent_id, "Consent", "consentId")
        outcome = perform(info, services.revoke_consent, input.request_id, consent_id=consent_id)
        await authorized(info, ConsentRevoked, outcome.file.partner_id)
        shown = consents_of(outcome.file, info.context.portal.clock())
        return ConsentRevoked(consent=shown[int(consent_id.rpartition(".")[2]) - 1])

    @mutation(
        result("Enroll", Enrolled, NotEligible, AlreadyEnrolled),
        STAFF_ROLES,
        "Accepts a program's terms for oneself. Earning also needs the executive's consent.",
    )
    async def enroll(self, info: Info, input: EnrollInput) -> object:
        """An enrollment."""
        outcome = perform(
            info,
            services.enroll,
            input.request_id,
            partner_id=decoded(input.partner_id, "Partner", "partnerId"),
            program_id=decoded(input.program_id, "Program", "programId"),
            terms_version=input.terms_version,
        )
        record = outcome.enrollment
        await authorized(info, Enrolled, record.partner_id, record.individual_id)
        return Enrolled(enrollment=await enrollment_of(info, outcome.enrollment))

    @mutation(
        result("EndEnrollment", EnrollmentEnded, NotEnrolled),
        STAFF_ROLES,
        "Leaves a program from now on.",
    )
    async def end_enrollment(self, info: Info, input: EndEnrollmentInput) -> object:
        """The end of an enrollment."""
        outcome = perform(
            info,
            services.end_enrollment,
            input.request_id,
            partner_id=decoded(input.partner_id, "Partner", "partnerId"),
            program_id=decoded(input.program_id, "Program", "programId"),
        )
        record = outcome.enrollment
        await authorized(info, EnrollmentEnded, record.partner_id, record.individual_id)
        return EnrollmentEnded(enrollment=await enrollment_of(info, outcome.enrollment))


async def enrollment_of(info: Info, record: consent.Enrollment) -> Enrollment:
    """One enrollment with whether a consent covers it."""
    file = await info.context.load(
        One(consent.ConsentFile, f"{record.partner_id}.{record.program_id}")
    )
    program = await info.context.load(One(programs.Program, record.program_id))
    return Enrollment.of(record, file, program, info.context.portal.clock())
