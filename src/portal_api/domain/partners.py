"""Who sells: partners, their teams, individuals, and segments of them.

Partners have a type and dated tiers, individuals have dated employment.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PartnerType(StrEnum):
    """How a partner sells; each type has a participation policy."""

    DMR = "DMR"
    LAR = "LAR"
    VOLUME_RESELLER = "VOLUME_RESELLER"
    VAR = "VAR"
    SYSTEMS_INTEGRATOR = "SYSTEMS_INTEGRATOR"
    MSP = "MSP"
    DISTRIBUTOR = "DISTRIBUTOR"


class ParticipationPolicy(StrEnum):
    """Whether a partner takes part as a whole company or person by person."""

    COMPANY_WIDE = "COMPANY_WIDE"
    SELECTIVE = "SELECTIVE"


# Defaults of the domain (section 2.3): direct marketers and large account resellers decide for all.
_COMPANY_WIDE_TYPES = frozenset({PartnerType.DMR, PartnerType.LAR})


def participation_policy(partner_type: PartnerType) -> ParticipationPolicy:
    """The participation policy of a partner type."""
    if partner_type in _COMPANY_WIDE_TYPES:
        return ParticipationPolicy.COMPANY_WIDE
    return ParticipationPolicy.SELECTIVE


class Tier(StrEnum):
    """A partner's earned standing, lowest first."""

    BRONZE = "BRONZE"
    SILVER = "SILVER"
    GOLD = "GOLD"
    PLATINUM = "PLATINUM"


class BusinessModel(StrEnum):
    """What a partner lives on."""

    RESALE = "RESALE"
    SERVICES_LED = "SERVICES_LED"
    MANAGED_SERVICES = "MANAGED_SERVICES"
    DISTRIBUTION = "DISTRIBUTION"
    REFERRAL = "REFERRAL"


class SalesStrategy(StrEnum):
    """How a partner goes about its market."""

    HUNTING = "HUNTING"
    LAND_AND_EXPAND = "LAND_AND_EXPAND"
    RENEWALS_LED = "RENEWALS_LED"
    VERTICAL_FOCUS = "VERTICAL_FOCUS"
    TRANSACTIONAL = "TRANSACTIONAL"


class Role(StrEnum):
    """What a person does, at a partner or at the vendor."""

    SALES_REP = "SALES_REP"
    SALES_ENGINEER = "SALES_ENGINEER"
    MARKETER = "MARKETER"
    PARTNER_EXECUTIVE = "PARTNER_EXECUTIVE"
    CHANNEL_MANAGER = "CHANNEL_MANAGER"
    ADMIN = "ADMIN"
    SERVICE = "SERVICE"


VENDOR_ROLES = frozenset({Role.CHANNEL_MANAGER, Role.ADMIN, Role.SERVICE})
STAFF_ROLES = frozenset({Role.SALES_REP, Role.SALES_ENGINEER, Role.MARKETER})
"""The roles that earn: a partner's people, less its executives."""


@dataclass(frozen=True, slots=True)
class TierAssignment:
    """A tier from an instant on, until the next assignment."""

    tier: Tier
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Team:
    """A team of one partner; ``id`` is unique within the partner."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Partner:
    """A selling organization. ``tiers`` are in order of their start.

    ``external_id`` is what another system of the vendor calls it.
    """

    id: str
    name: str
    type: PartnerType
    tiers: tuple[TierAssignment, ...]
    region: str
    teams: tuple[Team, ...] = ()
    business_model: BusinessModel | None = None
    strategy: SalesStrategy | None = None
    external_id: str | None = None
    version: int = 0

    def tier_at(self, instant: datetime) -> Tier | None:
        """The tier in force at ``instant``, or none before the first assignment."""
        held = [assignment.tier for assignment in self.tiers if assignment.valid_from <= instant]
        return held[-1] if held else None


class PersonStatus(StrEnum):
    """Whether a person may act."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True)
class Employment:
    """A dated link of a person to a partner (none: the vendor), a team and a role.

    ``external_id`` and ``name``: what the partner's own system and its people called the person,
    once it has ended.
    """

    partner_id: str | None
    role: Role
    valid_from: datetime
    team_id: str | None = None
    valid_to: datetime | None = None
    external_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Individual:
    """A person, with employments in order of their start.

    ``id`` is also the user name of its sign-in, ``external_id`` what another system of its present
    or last employer calls it.
    """

    id: str
    name: str
    email: str
    employments: tuple[Employment, ...]
    status: PersonStatus = PersonStatus.ACTIVE
    external_id: str | None = None
    version: int = 0

    def employment_at(self, instant: datetime) -> Employment | None:
        """The employment in force at ``instant``; a leaver has none."""
        for employment in reversed(self.employments):
            if employment.valid_from <= instant and (
                employment.valid_to is None or instant < employment.valid_to
            ):
                return employment
        return None


@dataclass(frozen=True, slots=True)
class Segment:
    """A filter of partners, people and products; an empty field lets everything through."""

    types: tuple[PartnerType, ...] = ()
    tiers: tuple[Tier, ...] = ()
    regions: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    products: tuple[str, ...] = ()
    business_models: tuple[BusinessModel, ...] = ()
    strategies: tuple[SalesStrategy, ...] = ()

    def admits_partner(self, partner: Partner, instant: datetime) -> bool:
        """Whether the partner, with the tier it had at ``instant``, is in the segment."""
        return (
            (not self.types or partner.type in self.types)
            and (not self.tiers or partner.tier_at(instant) in self.tiers)
            and (not self.regions or partner.region in self.regions)
            and (not self.business_models or partner.business_model in self.business_models)
            and (not self.strategies or partner.strategy in self.strategies)
        )

    def admits_role(self, role: Role) -> bool:
        """Whether people of this role are in the segment; without named roles, all who earn are."""
        return role in (self.roles or STAFF_ROLES)

    def admits_product(self, product: str | None) -> bool:
        """Whether what is sold is promoted; what sells nothing is not, where products are named."""
        named = {name.casefold() for name in self.products}
        return not named or (product is not None and product.casefold() in named)


EVERYONE = Segment()
