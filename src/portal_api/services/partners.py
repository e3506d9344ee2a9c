"""Partners and their people: added by the vendor's managers, suspended at once."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted
from portal_api.domain.partners import (
    VENDOR_ROLES,
    BusinessModel,
    Employment,
    Individual,
    Partner,
    PartnerType,
    PersonStatus,
    Role,
    SalesStrategy,
    Team,
    Tier,
    TierAssignment,
)
from portal_api.domain.people import check_kept
from portal_api.domain.writes import Enlist, Reserve, Save, Write
from portal_api.services.store import Holder, Listed, One, Store, Want
from portal_api.services.use_case import VENDOR, Ask, Decision, Portal, Situation, perform

ADMINS = frozenset({Role.ADMIN})
MANAGERS = frozenset({Role.ADMIN, Role.CHANNEL_MANAGER})
MAX_TEAMS = 200
"""Teams of one partner, all of which are in its one item."""

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
    """What makes a new partner true; by its external id it is there once only."""
    external_id = partner.external_id
    names = (Reserve(name_of_partner(external_id), partner.id),) if external_id else ()
    return Save(partner), Enlist("partners", partner.id, partner.id), *names


def individual_writes(individual: Individual) -> tuple[Write, ...]:
    """What makes a person true who is new, or new at its partner or the vendor: a member of it.

    A new one is also found by its address.
    """
    employer_id = individual.employments[-1].partner_id
    member = Enlist(members_of(employer_id), individual.id, individual.id)
    if individual.version:
        return Save(individual), member
    found_by = Enlist(list_of_email(individual.email), individual.id, individual.id)
    return Save(individual), member, found_by


def members_of(partner_id: str | None) -> str:
    """The list of the people who work for a partner, or (none) the vendor, or will soon."""
    return f"{partner_id or VENDOR}.members"


def former_of(partner_id: str | None) -> str:
    """The list of those who have left it, and have not come back."""
    return f"{partner_id or VENDOR}.former"


def ever_at(store: Store, partner_id: str) -> tuple[str, ...]:
    """Everybody who works or has worked for a partner."""
    lists = [
        Listed(name, newest_first=False) for name in (members_of(partner_id), former_of(partner_id))
    ]
    found = store.read(lists)
    return tuple(dict.fromkeys(person for one in lists for person in found[one].ids))


def list_of_email(email: str) -> str:
    """The list of the people who have an address, which is not told by the list's name."""
    return f"email.{hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:32]}"


def name_of_partner(external_id: str) -> str:
    """The name that a partner has by the id that another system of the vendor gave it."""
    return f"partner:{external_id}"


def name_of_person(partner_id: str, external_id: str) -> str:
    """The name that a person has by the id that another system of its partner gave it."""
    return f"person:{partner_id}:{external_id}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is said of a partner where it is wished; ``external_id`` is another system's."""

    business_model: BusinessModel | None = None
    strategy: SalesStrategy | None = None
    external_id: str | None = None


def add_partner(
    portal: Portal,
    ask: Ask,
    *,
    name: str,
    partner_type: PartnerType,
    tier: Tier,
    region: str,
    team_names: tuple[str, ...],
    profile: Profile | None = None,
) -> PartnerAdded:
    """Adds a partner with its first tier and its teams.

    The one that is there by the external id of its profile is answered and not changed.
    """
    about = profile or Profile()
    external_id = required("externalId", about.external_id) if about.external_id else None
    holder = Holder(name_of_partner(external_id or "none"))
    named = (holder,) if external_id else ()

    def decide(s: Situation) -> Decision[PartnerAdded]:
        if external_id and (there := s.found[holder]):
            return Decision(PartnerAdded(_partner(portal, there)), (), there, there)
        partner = Partner(
            id=f"ptn-{portal.new_id()}",
            name=required("name", name),
            type=partner_type,
            tiers=(TierAssignment(tier, s.now),),
            region=required("region", region),
            teams=_teams(portal, team_names),
            business_model=about.business_model,
            strategy=about.strategy,
            external_id=external_id,
        )
        return Decision(PartnerAdded(partner), partner_writes(partner), partner.id, partner.id)

    arguments: dict[str, object] = {
        "name": name,
        "type": partner_type,
        "tier": tier,
        "region": region,
        "teams": team_names,
    }
    if about != Profile():
        arguments["profile"] = about
    return perform(portal, ask, "addPartner", arguments, MANAGERS, named, decide, PartnerAdded)


def _teams(portal: Portal, names: tuple[str, ...]) -> tuple[Team, ...]:
    """New teams; raises ``InvalidInput`` for too many, and for two of a name."""
    teams: tuple[Team, ...] = ()
    for name in names:
        teams = (*teams, new_team(portal, teams, name, "teamNames"))
    return teams


def new_team(portal: Portal, teams: tuple[Team, ...], name: str, field: str) -> Team:
    """A team beside others of the partner; raises ``InvalidInput`` as ``team_name`` does."""
    if len(teams) >= MAX_TEAMS:
        raise InvalidInput(f"A partner has at most {MAX_TEAMS} teams.", field)
    return Team(f"team-{portal.new_id()}", team_name(teams, name, field))


def team_name(teams: tuple[Team, ...], name: str, field: str) -> str:
    """A name that no other team of the partner has, so that files can name a team by it.

    The case of letters does not tell two apart. Raises ``InvalidInput``.
    """
    wished = required(field, name)
    if wished.casefold() in {team.name.casefold() for team in teams}:
        raise InvalidInput("Another team of the partner has this name.", field)
    return wished


def _partner(portal: Portal, partner_id: str) -> Partner:
    """The one that an external id leads to."""
    want = One(Partner, partner_id)
    found = portal.store.read([want])[want]
    if found is None:
        raise NotFound.of("externalId")
    return found


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
        check_may_manage(s, partner_id)
        if team_id is not None and team_id not in {
            team.id for team in (partner.teams if partner else ())
        }:
            raise NotFound.of("teamId")
        address = checked_address(email)
        if external_id and (there := s.found[holder]):
            return Decision(IndividualAdded(_person(portal, there)), (), there, partner_id)
        individual = Individual(
            id=f"ind-{portal.new_id()}",
            name=required("name", name),
            email=address,
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


def checked_address(email: str) -> str:
    """An e-mail address without the spaces around it; raises ``InvalidInput``."""
    if not _EMAIL.fullmatch(email.strip()):
        raise InvalidInput("An e-mail address is a name, an @ and a domain.", "email")
    return required("email", email)


def _person(portal: Portal, individual_id: str) -> Individual:
    """Somebody whom a name leads to."""
    want = One(Individual, individual_id)
    found = portal.store.read([want])[want]
    if found is None:
        raise NotFound.of("externalId")
    return found


def suspend_individual(portal: Portal, ask: Ask, *, individual_id: str) -> IndividualSuspended:
    """Stops a person from acting, from its next request on; raises ``AlreadyErased``."""
    want = One(Individual, individual_id)

    def decide(s: Situation) -> Decision[IndividualSuspended]:
        individual = s.found[want]
        if individual is None:
            raise NotFound.of("individualId")
        partner_id = employer(individual, s.now)
        check_may_manage(s, partner_id)
        check_kept(individual)
        suspended = replace(individual, status=PersonStatus.SUSPENDED)
        return Decision(
            IndividualSuspended(suspended), (Save(suspended),), individual.id, partner_id
        )

    arguments = {"individual": individual_id}
    return perform(
        portal, ask, "suspendIndividual", arguments, MANAGERS, (want,), decide, IndividualSuspended
    )


def check_may_manage(s: Situation, partner_id: str | None) -> None:
    """Raises ``NotPermitted`` where a channel manager would change the vendor's own people."""
    if partner_id is None and s.viewer.role not in ADMINS:
        raise NotPermitted(
            "Only an administrator decides on the vendor's people.", tuple(sorted(ADMINS))
        )


def employer(individual: Individual, now: datetime) -> str | None:
    """The partner a person works for now."""
    employment = individual.employment_at(now)
    return employment.partner_id if employment else None


def has_worked(person: Individual | None, partner_id: str | None) -> bool:
    """Whether the person works, or has worked, at the partner, or (none) the vendor."""
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
