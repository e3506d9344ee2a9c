"""Consent and enrollment: asked for, granted and revoked by executives; accepted by individuals."""

from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain import consent
from portal_api.domain.activities import WithheldReason
from portal_api.domain.consent import Cap, ConsentFile, Enrollment
from portal_api.domain.errors import (
    AlreadyEnrolled,
    InvalidInput,
    NotEligible,
    NotEnrolled,
    NotFound,
    NotPermitted,
)
from portal_api.domain.holdings import Payee
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, is_asset
from portal_api.domain.partners import STAFF_ROLES, Individual, Partner, Role
from portal_api.domain.programs import Program
from portal_api.domain.writes import Delist, Enlist, Save, Write
from portal_api.services.partners import MANAGERS, employer
from portal_api.services.store import One, Want
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

EXECUTIVES = frozenset({Role.PARTNER_EXECUTIVE})
MAX_NAMED = 60
MAX_CAPS = 5
MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ConsentRequested:
    """The executive has the request: ``number`` in the file, to which others may be added."""

    file: ConsentFile
    number: int


@dataclass(frozen=True, slots=True)
class ConsentGranted:
    """The consent is in force: ``number`` in the file, to which others may be added."""

    file: ConsentFile
    number: int


@dataclass(frozen=True, slots=True)
class ConsentRevoked:
    """The consent ended now; what was earned stays."""

    file: ConsentFile


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The person has accepted the program's terms."""

    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class EnrollmentEnded:
    """The person left the program; what was earned stays."""

    enrollment: Enrollment


def request_consent(
    portal: Portal, ask: Ask, *, partner_id: str, program_id: str, individual_ids: tuple[str, ...]
) -> ConsentRequested:
    """Asks a partner's executive for consent.

    A rep asks for itself, where its partner's type lets it.
    """
    of = _FileOf(partner_id, program_id, _checked(individual_ids))

    def decide(s: Situation) -> Decision[ConsentRequested]:
        partner, _, file = of.loaded(s)
        own_wish = s.viewer.role in STAFF_ROLES
        named = of.individual_ids or ((s.viewer.id,) if own_wish else ())
        if own_wish and named != (s.viewer.id,):
            raise NotPermitted(
                "You can ask for yourself only.", tuple(sorted(MANAGERS | EXECUTIVES))
            )
        asked = consent.request(file, partner, named, s.viewer.id, own_wish, s.now)
        return Decision(
            ConsentRequested(asked, len(asked.requests)), (Save(asked),), file.id, partner.id
        )

    roles = MANAGERS | EXECUTIVES | STAFF_ROLES
    return perform(
        portal, ask, "requestConsent", {"of": of}, roles, of.wants(), decide, ConsentRequested
    )


def grant_consent(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    program_id: str,
    individual_ids: tuple[str, ...],
    valid_to: datetime | None,
    caps: tuple[Cap, ...] = (),
    payee: Payee = Payee.INDIVIDUAL,
) -> ConsentGranted:
    """Lets a partner's staff earn from now on: the whole company, or the individuals named.

    ``caps`` limit what each of them earns under it; ``payee`` is to whom it is then paid.
    """
    _check_caps(caps)
    of = _FileOf(partner_id, program_id, _checked(individual_ids))

    def decide(s: Situation) -> Decision[ConsentGranted]:
        partner, program, file = of.loaded(s)
        if valid_to is not None and valid_to <= s.now:
            raise InvalidInput("A consent ends after it begins.", "validTo")
        by, terms = s.viewer.id, program.terms_version
        granted = consent.grant(
            file,
            partner,
            of.individual_ids,
            terms,
            by,
            s.now,
            valid_to,
            caps=caps,
            payee=payee,
        )
        return Decision(
            ConsentGranted(granted, len(granted.consents)), (Save(granted),), file.id, partner.id
        )

    arguments = {"of": of, "to": valid_to, "caps": caps, "payee": payee}
    return perform(
        portal, ask, "grantConsent", arguments, EXECUTIVES, of.wants(), decide, ConsentGranted
    )


def revoke_consent(portal: Portal, ask: Ask, *, consent_id: str) -> ConsentRevoked:
    """Ends one consent, forward only. ``consent_id`` names partner, program and number."""
    partner_id, _, rest = consent_id.partition(".")
    program_id, _, number = rest.partition(".")
    of = _FileOf(partner_id, program_id, (), "consentId")

    def decide(s: Situation) -> Decision[ConsentRevoked]:
        partner, _, file = of.loaded(s)
        if not number.isdecimal() or len(number) > MAX_DIGITS:
            raise NotFound.of("consentId")
        revoked = consent.revoke(file, int(number), s.viewer.id, s.now)
        return Decision(ConsentRevoked(revoked), (Save(revoked),), file.id, partner.id)

    arguments = {"consent": consent_id}
    return perform(
        portal, ask, "revokeConsent", arguments, EXECUTIVES, of.wants(), decide, ConsentRevoked
    )


def enroll(
    portal: Portal, ask: Ask, *, partner_id: str, program_id: str, terms_version: int
) -> Enrolled:
    """Accepts a program's terms for oneself; earning still needs the executive's consent."""
    of = _FileOf(partner_id, program_id, ())
    want = One(Enrollment, f"{partner_id}.{ask.subject}.{program_id}")

    def decide(s: Situation) -> Decision[Enrolled]:
        partner, program, _ = of.loaded(s)
        _eligible(s, partner, program)
        if terms_version != program.terms_version:
            raise InvalidInput(
                f"The terms in force are version {program.terms_version}.", "termsVersion"
            )
        known = s.found[want]
        if known and known.withdrawn_at is None and known.terms_version == terms_version:
            raise AlreadyEnrolled("You are enrolled already.", known.enrolled_at.isoformat())
        version = known.version if known else 0
        enrollment = Enrollment(
            want.id, partner.id, s.viewer.id, program.id, terms_version, s.now, version=version
        )
        writes: tuple[Write, ...] = (Save(enrollment),)
        if known is None or known.withdrawn_at is not None:
            listed = Enlist(f"{partner.id}.{program.id}.enrolled", s.viewer.id, s.viewer.id)
            writes = (*writes, listed)
        return Decision(Enrolled(enrollment), writes, want.id, partner.id)

    arguments = {"partner": partner_id, "program": program_id, "terms": terms_version}
    wants = (*of.wants(), want)
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
        ended = replace(known, withdrawn_at=s.now)
        delisted = Delist(f"{partner_id}.{program_id}.enrolled", s.viewer.id)
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


def _check_caps(caps: tuple[Cap, ...]) -> None:
    """Raises ``InvalidInput`` for caps that cannot be kept."""
    if len(caps) > MAX_CAPS or len({cap.asset for cap in caps}) < len(caps):
        raise InvalidInput(f"At most {MAX_CAPS} caps, one for each asset.", "caps")
    for cap in caps:
        if not is_asset(cap.asset) or not 0 < cap.amount_minor <= LARGEST_AMOUNT_MINOR:
            raise InvalidInput("A cap is larger than zero, in points or a currency.", "caps")


def _checked(individual_ids: tuple[str, ...]) -> tuple[str, ...]:
    """The ids in one order, each once."""
    if len(individual_ids) > MAX_NAMED:
        raise InvalidInput(f"At most {MAX_NAMED} people are named at once.", "individualIds")
    return tuple(sorted(set(individual_ids)))


@dataclass(frozen=True, slots=True)
class _FileOf:
    """The consent file of one partner and program, and what is needed to change it."""

    partner_id: str
    program_id: str
    individual_ids: tuple[str, ...]
    named_by: str | None = None
    """The argument that names partner and program together, where there is one."""

    @property
    def file(self) -> One[ConsentFile]:
        """The file itself."""
        return One(ConsentFile, f"{self.partner_id}.{self.program_id}")

    def wants(self) -> tuple[Want[object], ...]:
        """Partner, program, file and everybody named."""
        named = (One(Individual, individual_id) for individual_id in self.individual_ids)
        return One(Partner, self.partner_id), One(Program, self.program_id), self.file, *named

    def loaded(self, s: Situation) -> tuple[Partner, Program, ConsentFile]:
        """What was found, for viewers of the vendor and of that partner; raises ``NotFound``."""
        partner, program = (
            s.found[One(Partner, self.partner_id)],
            s.found[One(Program, self.program_id)],
        )
        if partner is None or s.viewer.partner_id not in (None, partner.id):
            raise NotFound.of(self.named_by or "partnerId")
        if program is None:
            raise NotFound.of(self.named_by or "programId")
        for individual_id in self.individual_ids:
            person = s.found[One(Individual, individual_id)]
            if person is None or employer(person, s.now) != partner.id:
                raise NotFound.of("individualIds")
        empty = ConsentFile(self.file.id, partner.id, program.id)
        return partner, program, s.found[self.file] or empty
