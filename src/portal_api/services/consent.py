"""Consent: asked for, granted, declined, renewed and revoked; and the policy of each type."""

from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain import granting
from portal_api.domain.consent import (
    EVERYBODY,
    ConsentFile,
    ConsentRequestStatus,
    Who,
    Whom,
)
from portal_api.domain.eligibility import known_to
from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted, NotRetroactive
from portal_api.domain.granting import Terms
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, is_asset
from portal_api.domain.participation import TypePolicy, policy_of
from portal_api.domain.partners import (
    STAFF_ROLES,
    Individual,
    ParticipationPolicy,
    Partner,
    PartnerType,
    Role,
)
from portal_api.domain.programs import Program
from portal_api.domain.writes import Absent, Enlist, Save, Unchanged, Write
from portal_api.services.consent_dates import due_changes
from portal_api.services.partners import ADMINS, MANAGERS, employer, required
from portal_api.services.retroactive import LOOKING_BACK, pay_at_once
from portal_api.services.store import Many, One, Want, of_vendor
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

EXECUTIVES = frozenset({Role.PARTNER_EXECUTIVE})
MAX_NAMED = 60
MAX_CAPS = 5
MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ConsentRequested:
    """The executive has the request: ``number`` in the file."""

    file: ConsentFile
    number: int


@dataclass(frozen=True, slots=True)
class ConsentRequestDeclined:
    """The executive has said no, with a reason."""

    file: ConsentFile
    number: int


@dataclass(frozen=True, slots=True)
class ConsentRequestWithdrawn:
    """Who has asked does not ask any more."""

    file: ConsentFile
    number: int


@dataclass(frozen=True, slots=True)
class ConsentGranted:
    """The consent is given: ``number`` in the file, to which others may be added."""

    file: ConsentFile
    number: int


@dataclass(frozen=True, slots=True)
class ConsentRenewed:
    """The consent goes on as ``number`` in the file."""

    file: ConsentFile
    number: int


@dataclass(frozen=True, slots=True)
class ConsentRevoked:
    """The consent ended now, and what was to continue it later with it; what was earned stays."""

    file: ConsentFile


@dataclass(frozen=True, slots=True)
class ParticipationPolicySet:
    """The policy of a partner type, for what is asked and granted from now on."""

    policy: TypePolicy


def request_consent(
    portal: Portal, ask: Ask, *, partner_id: str, program_id: str, whom: Whom = EVERYBODY
) -> ConsentRequested:
    """Asks a partner's executive for consent.

    A rep asks for itself, where its partner's type lets it.
    """
    of = FileOf(partner_id, program_id, _in_order(whom))

    def decide(s: Situation) -> Decision[ConsentRequested]:
        checked_whom(of.whom)
        partner, program, file = of.loaded(s)
        own_wish = s.viewer.role in STAFF_ROLES
        asked_for = Whom((s.viewer.id,)) if own_wish and of.whom == EVERYBODY else of.whom
        if own_wish and asked_for != Whom((s.viewer.id,)):
            raise NotPermitted(
                "You can ask for yourself only.", tuple(sorted(MANAGERS | EXECUTIVES))
            )
        _check_open(s, program, "programId")
        asked = granting.request(
            file, partner, of.policy(s), asked_for, s.viewer.id, own_wish, s.now
        )
        (number,) = (one.number for one in asked.waiting() if one.whom == asked_for)
        outcome = ConsentRequested(asked, number)
        writes = (*of.writes(s, asked), *of.policy_stands(s))
        return Decision(outcome, writes, file.id, partner.id)

    roles = MANAGERS | EXECUTIVES | STAFF_ROLES
    return perform(
        portal, ask, "requestConsent", {"of": of}, roles, of.wants(), decide, ConsentRequested
    )


def decline_consent_request(
    portal: Portal, ask: Ask, *, consent_request_id: str, reason: str
) -> ConsentRequestDeclined:
    """Says no to a request, with a reason that whoever asked reads."""
    of, number = _entry(consent_request_id, "consentRequestId")

    def decide(s: Situation) -> Decision[ConsentRequestDeclined]:
        partner, _, file = of.loaded(s)
        why = required("reason", reason, 1_000, lines=True)
        declined = (ConsentRequestStatus.DECLINED, s.viewer.id, s.now, why)
        told = granting.answer(file, number, *declined)
        outcome = ConsentRequestDeclined(told, number)
        return Decision(outcome, of.writes(s, told), file.id, partner.id)

    arguments = {"asked": consent_request_id, "reason": reason}
    name = "declineConsentRequest"
    return perform(
        portal, ask, name, arguments, EXECUTIVES, of.wants(), decide, ConsentRequestDeclined
    )


def withdraw_consent_request(
    portal: Portal, ask: Ask, *, consent_request_id: str
) -> ConsentRequestWithdrawn:
    """Takes a request back: whoever made it, or the vendor."""
    of, number = _entry(consent_request_id, "consentRequestId")

    def decide(s: Situation) -> Decision[ConsentRequestWithdrawn]:
        partner, _, file = of.loaded(s)
        own = file.request(number).requested_by == s.viewer.id
        if s.viewer.role in STAFF_ROLES and not own:
            raise NotFound.of("consentRequestId")
        if s.viewer.role not in MANAGERS and not own:
            raise NotPermitted("Whoever asked withdraws it.", tuple(sorted(MANAGERS)))
        told = granting.answer(file, number, ConsentRequestStatus.WITHDRAWN, s.viewer.id, s.now)
        outcome = ConsentRequestWithdrawn(told, number)
        return Decision(outcome, of.writes(s, told), file.id, partner.id)

    arguments = {"asked": consent_request_id}
    roles, name = MANAGERS | EXECUTIVES | STAFF_ROLES, "withdrawConsentRequest"
    return perform(portal, ask, name, arguments, roles, of.wants(), decide, ConsentRequestWithdrawn)


def grant_consent(
    portal: Portal, ask: Ask, *, partner_id: str, program_id: str, terms: Terms
) -> ConsentGranted:
    """Lets a partner's staff earn: the whole company, teams, or the individuals named.

    A consent that looks back, in a retroactive program, also pays what was withheld before: a
    series (``services/retroactive.py``) that begins with it, and does the first of it at once.
    """
    of = FileOf(partner_id, program_id, _in_order(terms.whom))

    def decide(s: Situation) -> Decision[ConsentGranted]:
        check_terms(terms)
        checked_whom(of.whom)
        _, program, _ = of.loaded(s)
        granted = with_grant(s, of, terms)
        outcome = ConsentGranted(granted, len(granted.consents))
        writes = (*of.writes(s, granted), *of.policy_stands(s), *of.terms_stand(program))
        return Decision(outcome, writes, granted.id, granted.partner_id)

    arguments = {"of": of, "terms": terms}
    done = perform(
        portal, ask, "grantConsent", arguments, EXECUTIVES, of.wants(), decide, ConsentGranted
    )
    if done.file.consent(done.number).covers_from is not None:
        pay_at_once(portal, f"{done.file.id}.{done.number}")
    return done


def with_grant(s: Situation, of: "FileOf", terms: Terms) -> ConsentFile:
    """The file with a consent of these terms: granting it saves that, previewing it does not.

    Raises ``NotFound``, ``CompanyWideConsentRequired``, ``NotRetroactive`` and ``InvalidInput``,
    first of all for a program that has ended.
    """
    partner, program, file = of.loaded(s)
    _check_open(s, program, "programId")
    if terms.covers_from is not None and terms.covers_from != terms.valid_from:
        if not program.retroactive:
            raise NotRetroactive("This program does not pay what occurred before a consent.")
        if terms.covers_from < program.starts_at:
            raise InvalidInput("Nothing is covered before the program starts.", "coversFrom")
    now = (program.terms_version, s.viewer.id, s.now, _asked_for(s, file, of.whom))
    return granting.grant(file, partner, of.policy(s), replace(terms, whom=of.whom), *now)


def renew_consent(
    portal: Portal, ask: Ask, *, consent_id: str, valid_to: datetime | None = None
) -> ConsentRenewed:
    """Continues a consent, in the terms in force: when the former ends, or now."""
    of, number = _entry(consent_id, "consentId")

    def decide(s: Situation) -> Decision[ConsentRenewed]:
        partner, program, file = of.loaded(s)
        _check_open(s, program, "consentId")
        renewed = granting.renew(
            file, number, partner, of.policy(s), program.terms_version, s.viewer.id, s.now, valid_to
        )
        outcome = ConsentRenewed(renewed, len(renewed.consents))
        writes = (*of.writes(s, renewed), *of.policy_stands(s), *of.terms_stand(program))
        return Decision(outcome, writes, file.id, partner.id)

    arguments = {"consent": consent_id, "to": valid_to}
    return perform(
        portal, ask, "renewConsent", arguments, EXECUTIVES, of.wants(), decide, ConsentRenewed
    )


def revoke_consent(portal: Portal, ask: Ask, *, consent_id: str) -> ConsentRevoked:
    """Ends one consent, forward only, and its renewal where that has not begun.

    ``consent_id`` names partner, program and number.
    """
    of, number = _entry(consent_id, "consentId")

    def decide(s: Situation) -> Decision[ConsentRevoked]:
        partner, _, file = of.loaded(s)
        revoked = granting.revoke(file, number, s.viewer.id, s.now)
        return Decision(ConsentRevoked(revoked), of.writes(s, revoked), file.id, partner.id)

    arguments = {"consent": consent_id}
    return perform(
        portal, ask, "revokeConsent", arguments, EXECUTIVES, of.wants(), decide, ConsentRevoked
    )


def set_participation_policy(
    portal: Portal, ask: Ask, *, partner_type: PartnerType, policy: ParticipationPolicy
) -> ParticipationPolicySet:
    """Sets how partners of a type take part; what they have granted before stands."""
    want = One(TypePolicy, partner_type.value)

    def decide(s: Situation) -> Decision[ParticipationPolicySet]:
        known = s.found[want]
        kept = TypePolicy(want.id, policy, known.version if known else 0)
        return Decision(ParticipationPolicySet(kept), (Save(kept),), want.id)

    arguments = {"type": partner_type, "policy": policy}
    name = "setParticipationPolicy"
    return perform(portal, ask, name, arguments, ADMINS, (want,), decide, ParticipationPolicySet)


def check_terms(terms: Terms) -> None:
    """Raises ``InvalidInput`` for caps that cannot be kept, and roles that do not earn."""
    caps = terms.caps
    if len(caps) > MAX_CAPS or len({cap.asset for cap in caps}) < len(caps):
        raise InvalidInput(f"At most {MAX_CAPS} caps, one for each asset.", "caps")
    for cap in caps:
        if not is_asset(cap.asset) or not 0 < cap.amount_minor <= LARGEST_AMOUNT_MINOR:
            raise InvalidInput("A cap is larger than zero, in points or a currency.", "caps")
    if not STAFF_ROLES.issuperset(terms.whom.roles):
        raise InvalidInput("A consent is for roles that earn.", "roles")


def _check_open(s: Situation, program: Program, field: str) -> None:
    """Raises ``InvalidInput`` for a program that has ended: nothing is earned under it any more."""
    if s.now >= program.ends_at:
        raise InvalidInput("The program has ended.", field)


def _asked_for(s: Situation, file: ConsentFile, whom: Whom) -> dict[str, Who]:
    """How those are placed now who are named by requests: read where a consent depends on it."""
    named = {one for asked in file.waiting() for one in asked.individual_ids}
    if not named or not (whom.roles or whom.team_ids):
        return {}
    wants = [One(Individual, one) for one in sorted(named)]
    found, placed = s.portal.store.read(wants), dict[str, Who]()
    for want in wants:
        person = found[want]
        employment = person.employment_at(s.now) if person is not None else None
        if employment is not None and employment.partner_id == file.partner_id:
            placed[want.id] = Who(want.id, employment.team_id, employment.role)
    return placed


def checked_whom(whom: Whom) -> Whom:
    """Everybody named in one order, each once; raises ``InvalidInput``."""
    if whom.individual_ids and whom.team_ids:
        raise InvalidInput("Name teams or individuals, not both.", "teamIds")
    if len(whom.individual_ids) > MAX_NAMED:
        raise InvalidInput(f"At most {MAX_NAMED} people are named at once.", "individualIds")
    if len(whom.team_ids) > MAX_NAMED:
        raise InvalidInput(f"At most {MAX_NAMED} teams are named at once.", "teamIds")
    return _in_order(whom)


def _in_order(whom: Whom) -> Whom:
    individuals, teams = sorted(set(whom.individual_ids)), sorted(set(whom.team_ids))
    return Whom(tuple(individuals), tuple(teams), tuple(sorted(set(whom.roles))))


def _entry(entry_id: str, field: str) -> tuple["FileOf", int]:
    """The file that the id of a consent or a request leads to, and its number there."""
    parts = entry_id.split(".")
    if len(parts) != 3 or not parts[2].isdecimal() or len(parts[2]) > MAX_DIGITS:
        # Looked for all the same, so that this is as slow as what is another partner's.
        return FileOf("none", "none", EVERYBODY, field), 0
    return FileOf(parts[0], parts[1], EVERYBODY, field), int(parts[2])


@dataclass(frozen=True, slots=True)
class FileOf:
    """The consent file of one partner and program, and what is needed to change it."""

    partner_id: str
    program_id: str
    whom: Whom
    named_by: str | None = None
    """The argument that names partner and program together, where there is one."""

    @property
    def file(self) -> One[ConsentFile]:
        """The file itself."""
        return One(ConsentFile, f"{self.partner_id}.{self.program_id}")

    def wants(self) -> tuple[Want[object], ...]:
        """Partner, program, file, policies and everybody named."""
        named = (One(Individual, one) for one in self.whom.individual_ids[:MAX_NAMED])
        partner, program = One(Partner, self.partner_id), One(Program, self.program_id)
        return partner, program, self.file, Many(TypePolicy, of_vendor()), *named

    def loaded(self, s: Situation) -> tuple[Partner, Program, ConsentFile]:
        """What was found, for viewers of the vendor and of that partner; raises ``NotFound``."""
        partner, file = s.found[One(Partner, self.partner_id)], s.found[self.file]
        if partner is None or s.viewer.partner_id not in (None, partner.id):
            raise NotFound.of(self.named_by or "partnerId")
        found = s.found[One(Program, self.program_id)]
        program = known_to(s.viewer, found, partner, s.now, file)
        if program is None:
            raise NotFound.of(self.named_by or "programId")
        for individual_id in self.whom.individual_ids:
            person = s.found[One(Individual, individual_id)]
            if person is None or employer(person, s.now) != partner.id:
                raise NotFound.of("individualIds")
        if not {team.id for team in partner.teams}.issuperset(self.whom.team_ids):
            raise NotFound.of("teamIds")
        return partner, program, file or ConsentFile(self.file.id, partner.id, program.id)

    def policy(self, s: Situation) -> ParticipationPolicy:
        """The policy of the partner's type."""
        partner, _, _ = self.loaded(s)
        return policy_of(partner, s.found[Many(TypePolicy, of_vendor())].records)

    def writes(self, s: Situation, changed: ConsentFile) -> tuple[Write, ...]:
        """The file, and its places in the lists of what becomes due and of what is paid back."""
        _, _, before = self.loaded(s)
        added = changed.consents[len(before.consents) :]
        back = [f"{changed.id}.{one.number}" for one in added if one.covers_from is not None]
        listed = (Enlist(LOOKING_BACK, ref, ref) for ref in back)
        return Save(changed), *due_changes(before, changed), *listed

    def policy_stands(self, s: Situation) -> tuple[Write, ...]:
        """The policy that was looked at is the one in force at commit."""
        partner, _, _ = self.loaded(s)
        for kept in s.found[Many(TypePolicy, of_vendor())].records:
            if kept.id == partner.type:
                return (Unchanged(kept),)
        return (Absent(TypePolicy, partner.type.value),)

    def terms_stand(self, program: Program) -> tuple[Write, ...]:
        """The terms that are agreed to are those in force at commit."""
        return (Unchanged(program),)
