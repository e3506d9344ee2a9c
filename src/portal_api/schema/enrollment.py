"""Enrollments: whoever accepts a program's terms, and leaves it again."""

from datetime import datetime

import strawberry

from portal_api.domain import consent, programs
from portal_api.domain.errors import AlreadyEnrolled, NotEligible, NotEnrolled
from portal_api.domain.partners import STAFF_ROLES
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.programs import Program, program_of
from portal_api.services import enrollment as services
from portal_api.services.store import One

_OWN = (Audience.OWNER, Audience.VENDOR)


@declared(*_OWN)
@strawberry.type(description="A time for which somebody was enrolled before.")
class EarlierEnrollment:
    """A period."""

    enrolled_at: datetime = strawberry.field(description="Activities earned from here on.")
    withdrawn_at: datetime = strawberry.field(
        description="Up to but without this instant: the program was left, or newer terms accepted."
    )
    terms_version: int = strawberry.field(description="The version that was accepted.")


@declared(*_OWN)
@strawberry.type(description="An individual's acceptance of a program's terms.")
class Enrollment:
    """An enrollment."""

    enrolled_at: datetime = strawberry.field(description="Activities earn from here on.")
    withdrawn_at: datetime | None = strawberry.field(description="When the person left it.")
    terms_version: int = strawberry.field(
        description="The version that was accepted: in the time of a later one nothing is earned"
        " before that is accepted likewise."
    )
    consented: bool = strawberry.field(description="Whether a consent covers this person now.")
    earlier: list[EarlierEnrollment] = strawberry.field(
        description="The times before, oldest first: what occurred in them is judged by them."
    )
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
        who: consent.Who,
        now: datetime,
    ) -> "Enrollment":
        """The enrollment as shown."""
        terms = program.terms_version if program else record.terms_version
        covered = file is not None and file.covering(who, now, terms) is not None
        return cls(
            enrolled_at=record.enrolled_at,
            withdrawn_at=record.withdrawn_at,
            terms_version=record.terms_version,
            consented=covered,
            earlier=[
                EarlierEnrollment(
                    enrolled_at=one.enrolled_at,
                    withdrawn_at=one.withdrawn_at,
                    terms_version=one.terms_version,
                )
                for one in record.earlier
            ],
            record=record,
        )


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


@strawberry.type
class EnrollmentMutations:
    """Mixed into the root mutation."""

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
    viewer = await info.context.viewer()
    who = consent.Who(viewer.id, viewer.employment.team_id, viewer.role)
    return Enrollment.of(record, file, program, who, info.context.portal.clock())
