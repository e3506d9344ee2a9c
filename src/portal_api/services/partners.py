"""Partners and their people: added by the vendor's administrators, suspended at once."""

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
from portal_api.domain.writes import Enlist, Save, Write
from portal_api.services.store import One
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
    """What makes a new person true: also a member of its partner, or of the vendor."""
    employer_id = individual.employments[-1].partner_id or "vendor"
    return Save(individual), Enlist(f"{employer_id}.members", individual.id, individual.id)


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
) -> IndividualAdded:
    """Adds a person at a partner, or at the vendor where no partner is named."""
    partner_want = One(Partner, partner_id or "none")

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
        individual = Individual(
            id=f"ind-{portal.new_id()}",
            name=required("name", name),
            email=required("email", email),
            employments=(Employment(partner_id, role, s.now, team_id),),
        )
        writes = individual_writes(individual)
        return Decision(IndividualAdded(individual), writes, individual.id, partner_id)

    arguments = {"name": name, "email": email, "role": role, "partner": partner_id, "team": team_id}
    return perform(
        portal, ask, "addIndividual", arguments, MANAGERS, (partner_want,), decide, IndividualAdded
    )


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


def required(field: str, text: str, longest: int = 200, *, lines: bool = False) -> str:
    """A text without the spaces around it; ``lines``: it may have more than one.

    Raises ``InvalidInput`` when nothing is left or too much.
    """
    stripped = text.strip()
    printed = stripped.translate(_LINE_BREAKS) if lines else stripped
    if not stripped or len(stripped) > longest or not printed.isprintable():
        raise InvalidInput(f"1 to {longest} printable characters are needed.", field)
    return stripped
