"""Partners and their people: added by the vendor's administrators, suspended at once."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted
from portal_api.domain.partners import (
    VENDOR_ROLES,
    Employment,
    Individual,
    Partner,
    PartnerType,
    PersonStatus,
    Role,
    Team,
    Tier,
    TierAssignment,
)
from portal_api.domain.writes import Enlist, Reserve, Save, Write
from portal_api.services.store import Holder, One, Want
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

ADMINS = frozenset({Role.ADMIN})
MANAGERS = frozenset({Role.ADMIN, Role.CHANNEL_MANAGER})

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LINE_BREAKS = str.maketrans("\n\r\t", "   ")


@dataclass(frozen=True, slots=True)
class PartnerAdded:
    """The partner is there."""

    partner: Partner


@dataclass(frozen=True, slots=True)
class IndividualAdded:
    """The person is there; ``individual.id`` is its user name for signing in."""

    individual: Individual


@dataclass(frozen=True, slots=True)
class IndividualSuspended:
    """The person cannot act from now on."""

    individual: Individual


def partner_writes(partner: Partner) -> tuple[Write, ...]:
    """What makes a new partner true."""
    return Save(partner), Enlist("partners", partner.id, partner.id)


def individual_writes(individual: Individual) -> tuple[Write, ...]:
    """What makes a person true who is new, or new at its partner or the vendor: a member of it.

    A new one is also found by its address.
    """
    employer_id = individual.employments[-1].partner_id or "vendor"
    member = Enlist(f"{employer_id}.members", individual.id, individual.id)
    if individual.version:
        return Save(individual), member
    return Save(individual), member, _found_by(individual)


def _found_by(individual: Individual) -> Enlist:
    return Enlist(list_of_email(individual.email), individual.id, individual.id)


def list_of_email(email: str) -> str:
    """The list of the people who have an address, which is not told by the list's name."""
    return f"email.{hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:32]}"


def name_of_person(partner_id: str, external_id: str) -> str:
    """The name that a person has by the id that another system of its partner gave it."""
    return f"person:{partner_id}:{external_id}"


def add_partner(
    portal: Portal,
    ask: Ask,
    *,
    name: str,
    partner_type: PartnerType,
    tier: Tier,
    region: str,
    team_names: tuple[str, ...],
) -> PartnerAdded:
    """Adds a partner with its first tier and its teams."""

    def decide(s: Situation) -> Decision[PartnerAdded]:
        partner = Partner(
            id=f"ptn-{portal.new_id()}",
            name=required("name", name),
            type=partner_type,
            tiers=(TierAssignment(tier, s.now),),
            region=required("region", region),
            teams=tuple(
                Team(f"team-{portal.new_id()}", required("teamNames", team)) for team in team_names
            ),
        )
        return Decision(PartnerAdded(partner), partner_writes(partner), partner.id, partner.id)

    arguments = {
        "name": name,
        "type": partner_type,
        "tier": tier,
        "region": region,
        "teams": team_names,
    }
    return perform(portal, ask, "addPartner", arguments, MANAGERS, (), decide, PartnerAdded)


def add_individual(
    portal: Portal,
    ask: Ask,
    *,
    name: str,
    email: str,
    role: Role,
    partner_id: str | None,
    team_id: str | None,
    external_id: str | None = None,
    valid_from: datetime | None = None,
) -> IndividualAdded:
    """Adds a person at a partner, or at the vendor where no partner is named.

    ``external_id``: what another system of the partner calls it; whoever is there by it is answered
    and not changed. It works there from ``valid_from`` on, or from now.
    """
    partner_want = One(Partner, partner_id or "none")
    holder = Holder(name_of_person(partner_id or "vendor", external_id or "none"))
    named = (holder,) if external_id else ()

    def decide(s: Situation) -> Decision[IndividualAdded]:
        partner = s.found[partner_want]
        if partner_id is not None and partner is None:
            raise NotFound.of("partnerId")
        if (role in VENDOR_ROLES) != (partner_id is None):
            raise InvalidInput("Vendor roles have no partner, and the others have one.", "role")
        _check_may_manage(s, partner_id)
        if team_id is not None and team_id not in {
            team.id for team in (partner.teams if partner else ())
        }:
            raise NotFound.of("teamId")
        if not _EMAIL.fullmatch(email.strip()):
            raise InvalidInput("An e-mail address is a name, an @ and a domain.", "email")
        if external_id and (there := s.found[holder]):
            return Decision(IndividualAdded(_person(portal, there)), (), there, partner_id)
        individual = Individual(
            id=f"ind-{portal.new_id()}",
            name=required("name", name),
            email=required("email", email),
            employments=(Employment(partner_id, role, valid_from or s.now, team_id),),
            external_id=required("externalId", external_id) if external_id else None,
        )
        names = [Reserve(holder.name, individual.id)] if external_id else []
        writes = (*individual_writes(individual), *names)
        return Decision(IndividualAdded(individual), writes, individual.id, partner_id)

    arguments: dict[str, object] = {"name": name, "email": email, "role": role}
    arguments |= {"partner": partner_id, "team": team_id}
    if external_id or valid_from:
        arguments |= {"external": external_id, "from": valid_from}
    wants: tuple[Want[object], ...] = (partner_want, *named)
    return perform(
        portal, ask, "addIndividual", arguments, MANAGERS, wants, decide, IndividualAdded
    )


def _person(portal: Portal, individual_id: str) -> Individual:
    """Somebody whom a name leads to."""
    want = One(Individual, individual_id)
    found = portal.store.read([want])[want]
    if found is None:
        raise NotFound.of("externalId")
    return found


def suspend_individual(portal: Portal, ask: Ask, *, individual_id: str) -> IndividualSuspended:
    """Stops a person from acting, from its next request on."""
    want = One(Individual, individual_id)

    def decide(s: Situation) -> Decision[IndividualSuspended]:
        individual = s.found[want]
        if individual is None:
            raise NotFound.of("individualId")
        suspended = replace(individual, status=PersonStatus.SUSPENDED)
        partner_id = employer(individual, s.now)
        _check_may_manage(s, partner_id)
        return Decision(
            IndividualSuspended(suspended), (Save(suspended),), individual.id, partner_id
        )

    arguments = {"individual": individual_id}
    return perform(
        portal, ask, "suspendIndividual", arguments, MANAGERS, (want,), decide, IndividualSuspended
    )


def _check_may_manage(s: Situation, partner_id: str | None) -> None:
    """Raises ``NotPermitted`` where a channel manager would change the vendor's own people."""
    if partner_id is None and s.viewer.role not in ADMINS:
        raise NotPermitted(
            "Only an administrator adds or suspends the vendor's people.", tuple(sorted(ADMINS))
        )


def employer(individual: Individual, now: datetime) -> str | None:
    """The partner a person works for now."""
    employment = individual.employment_at(now)
    return employment.partner_id if employment else None


def has_worked(person: Individual | None, partner_id: str) -> bool:
    """Whether the person works, or has worked, at the partner."""
    employments = person.employments if person is not None else ()
    return any(one.partner_id == partner_id for one in employments)


def required(field: str, text: str, longest: int = 200, *, lines: bool = False) -> str:
    """A text without the spaces around it; ``lines``: it may have more than one.

    Raises ``InvalidInput`` when nothing is left or too much.
    """
    stripped = text.strip()
    printed = stripped.translate(_LINE_BREAKS) if lines else stripped
    if not stripped or len(stripped) > longest or not printed.isprintable():
        raise InvalidInput(f"1 to {longest} printable characters are needed.", field)
    return stripped
