"""Enrollment: individuals accept a program's terms, and leave it."""

from dataclasses import dataclass

from portal_api.domain.activities import WithheldReason
from portal_api.domain.consent import Enrollment
from portal_api.domain.eligibility import known_to
from portal_api.domain.errors import (
    AlreadyEnrolled,
    InvalidInput,
    NotEligible,
    NotEnrolled,
    NotFound,
)
from portal_api.domain.partners import STAFF_ROLES, Partner
from portal_api.domain.programs import Program
from portal_api.domain.writes import Delist, Enlist, Save, Write
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The person has accepted the program's terms."""

    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class EnrollmentEnded:
    """The person left the program; what was earned stays."""

    enrollment: Enrollment


def enrolled_list(partner_id: str, program_id: str) -> str:
    """The list of the people of a partner who are enrolled in a program."""
    return f"{partner_id}.{program_id}.enrolled"


def enroll(
    portal: Portal, ask: Ask, *, partner_id: str, program_id: str, terms_version: int
) -> Enrolled:
    """Accepts a program's terms for oneself; earning still needs the executive's consent.

    The terms must be those in force: whoever accepted earlier ones accepts the new ones likewise.
    """
    partner_want, program_want = One(Partner, partner_id), One(Program, program_id)
    want = One(Enrollment, f"{partner_id}.{ask.subject}.{program_id}")

    def decide(s: Situation) -> Decision[Enrolled]:
        partner, known = s.found[partner_want], s.found[want]
        if partner is None or s.viewer.partner_id != partner.id:
            raise NotFound.of("partnerId")
        program = known_to(s.viewer, s.found[program_want], partner, s.now, known)
        if program is None:
            raise NotFound.of("programId")
        _eligible(s, partner, program)
        if terms_version != program.terms_version:
            raise InvalidInput(
                f"The terms in force are version {program.terms_version}.", "termsVersion"
            )
        if known is None:
            enrollment = Enrollment(
                want.id, partner.id, s.viewer.id, program.id, terms_version, s.now
            )
        elif known.withdrawn_at is None and known.terms_version == terms_version:
            raise AlreadyEnrolled("You are enrolled already.", known.enrolled_at.isoformat())
        else:
            enrollment = known.again(terms_version, s.now)
        writes: tuple[Write, ...] = (Save(enrollment),)
        if known is None or known.withdrawn_at is not None:
            name = enrolled_list(partner.id, program.id)
            writes = (*writes, Enlist(name, s.viewer.id, s.viewer.id))
        return Decision(Enrolled(enrollment), writes, want.id, partner.id)

    arguments = {"partner": partner_id, "program": program_id, "terms": terms_version}
    wants = (partner_want, program_want, want)
    return perform(portal, ask, "enroll", arguments, STAFF_ROLES, wants, decide, Enrolled)


def end_enrollment(
    portal: Portal, ask: Ask, *, partner_id: str, program_id: str
) -> EnrollmentEnded:
    """Leaves a program from now on."""
    want = One(Enrollment, f"{partner_id}.{ask.subject}.{program_id}")

    def decide(s: Situation) -> Decision[EnrollmentEnded]:
        known = s.found[want]
        if known is None or known.withdrawn_at is not None or s.viewer.partner_id != partner_id:
            raise NotEnrolled("You are not enrolled in this program.", program_id)
        ended = known.ended(s.now)
        delisted = Delist(enrolled_list(partner_id, program_id), s.viewer.id)
        return Decision(EnrollmentEnded(ended), (Save(ended), delisted), want.id, partner_id)

    arguments = {"partner": partner_id, "program": program_id}
    return perform(
        portal, ask, "endEnrollment", arguments, STAFF_ROLES, (want,), decide, EnrollmentEnded
    )


def _eligible(s: Situation, partner: Partner, program: Program) -> None:
    """Raises ``NotEligible`` for who is outside the program's window or segment."""
    if s.now >= program.ends_at:
        raise NotEligible("The program has ended.", WithheldReason.OUT_OF_WINDOW)
    segment = program.segment
    if not segment.admits_partner(partner, s.now) or not segment.admits_role(s.viewer.role):
        raise NotEligible(
            "The program is not for your company or role.", WithheldReason.OUT_OF_SEGMENT
        )
