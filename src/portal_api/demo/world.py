"""Whom and what the demo is about: invented partners, people, behaviors, customers and products."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.partners import BusinessModel, PartnerType, Role, SalesStrategy, Tier

ADMINISTRATOR: Final = "ind-administrator"
"""The id of the demo's first administrator, whom no one can have added."""

GROWTH: Final = "Growth"
ENABLEMENT: Final = "Enablement points"
LICENSING: Final = "Licensing drive"
SOLUTIONS: Final = "Solution selling"
SPRINT: Final = "Spring sprint"
CIRCLE: Final = "Platinum circle"
MAKERS: Final = "Market makers"
CLOUD: Final = "Cloud start"
REBATE: Final = "Partner rebate"
"""The names of the programs."""


def day(month: int, number: int, year: int = 2026, hour: int = 0) -> datetime:
    """An instant of the demo's calendar, which is in UTC."""
    return datetime(year, month, number, hour, tzinfo=UTC)


TOLD_FROM, TOLD_TO = day(1, 2), day(7, 1)
"""What the demo tells happened between these, but for what still waits: that is always recent."""


@dataclass(frozen=True, slots=True)
class PartnerSketch:
    """A partner to add, and which of its people its executive lets earn from which day on.

    ``consent`` is COMPANY, the names of the individuals, or nobody; ``busy`` is its share of deals.
    """

    name: str
    type: PartnerType
    tier: Tier
    region: str
    profile: tuple[BusinessModel, SalesStrategy]
    teams: tuple[str, str]
    consent: str = "COMPANY"
    consent_day: int = 9
    busy: int = 2


_DMR, _LAR, _VAR = PartnerType.DMR, PartnerType.LAR, PartnerType.VAR
_SI, _MSP = PartnerType.SYSTEMS_INTEGRATOR, PartnerType.MSP
_VOLUME, _DISTRIBUTOR = PartnerType.VOLUME_RESELLER, PartnerType.DISTRIBUTOR
_MODEL, _STRATEGY = BusinessModel, SalesStrategy
_SALES = ("Commercial", "Public sector")
_FIELD = ("Field", "Inside sales")

FERNHILL: Final = "Fernhill Systems"
KESTREL: Final = "Kestrel Direct"
ALDERBROOK: Final = "Alderbrook Licensing"
DOVECOTE: Final = "Dovecote Consulting"
BRIGHTMOOR: Final = "Brightmoor Direct"
HIGHMERE: Final = "Highmere Managed Services"
NORRLAND: Final = "Norrland Licensing"
EASTFOLD: Final = "Eastfold Cloud"
JUNIPER: Final = "Juniper Distribution"
GLASSWATER: Final = "Glasswater Volume"
IVORYGATE: Final = "Ivorygate Networks"
LARKSPUR: Final = "Larkspur Integration"

_EXPERTS = (_MODEL.SERVICES_LED, _STRATEGY.VERTICAL_FOCUS)
_GROWERS = (_MODEL.SERVICES_LED, _STRATEGY.LAND_AND_EXPAND)
_MOVERS = (_MODEL.RESALE, _STRATEGY.TRANSACTIONAL)
_HUNTERS = (_MODEL.RESALE, _STRATEGY.HUNTING)
_RENEWERS = (_MODEL.RESALE, _STRATEGY.RENEWALS_LED)
_OPERATORS = (_MODEL.MANAGED_SERVICES, _STRATEGY.RENEWALS_LED)
_FINDERS = (_MODEL.REFERRAL, _STRATEGY.HUNTING)
_SUPPLIERS = (_MODEL.DISTRIBUTION, _STRATEGY.TRANSACTIONAL)
_BRONZE, _SILVER, _GOLD, _PLATINUM = Tier

PARTNERS: Final = (
    PartnerSketch(FERNHILL, _VAR, _GOLD, "EMEA", _EXPERTS, _SALES, "INDIVIDUALS", 8, busy=5),
    PartnerSketch(KESTREL, _DMR, _PLATINUM, "AMER", _MOVERS, _FIELD, consent_day=12, busy=4),
    PartnerSketch(BRIGHTMOOR, _DMR, _SILVER, "EMEA", _HUNTERS, _FIELD, consent=""),
    PartnerSketch(ALDERBROOK, _LAR, _GOLD, "EMEA", _RENEWERS, _SALES, busy=3),
    PartnerSketch(NORRLAND, _LAR, _PLATINUM, "EMEA", _RENEWERS, _SALES, consent="", busy=1),
    PartnerSketch(GLASSWATER, _VOLUME, _GOLD, "AMER", _MOVERS, _FIELD, busy=3),
    PartnerSketch(IVORYGATE, _VAR, _BRONZE, "AMER", _HUNTERS, _SALES, "INDIVIDUALS", 20),
    PartnerSketch(LARKSPUR, _SI, _PLATINUM, "APAC", _GROWERS, _SALES, consent_day=7, busy=4),
    PartnerSketch(DOVECOTE, _SI, _SILVER, "EMEA", _EXPERTS, _FIELD, consent=""),
    PartnerSketch(HIGHMERE, _MSP, _GOLD, "APAC", _OPERATORS, _SALES, consent_day=13, busy=3),
    PartnerSketch(EASTFOLD, _MSP, _BRONZE, "LATAM", _FINDERS, _FIELD, consent_day=15),
    PartnerSketch(JUNIPER, _DISTRIBUTOR, _SILVER, "AMER", _SUPPLIERS, _FIELD, busy=1),
)

STAFF_OF_EACH: Final = (
    Role.PARTNER_EXECUTIVE,
    Role.SALES_REP,
    Role.SALES_REP,
    Role.SALES_REP,
    Role.SALES_ENGINEER,
)
MARKETING_AT: Final = frozenset({KESTREL, LARKSPUR, JUNIPER})
"""Where the fifth person is a marketer and not an engineer."""


@dataclass(frozen=True, slots=True)
class Character:
    """A person to sign in as, and what there is to see."""

    name: str
    about: str


MARA: Final = Character(
    "Mara Lindholm", "A rep whose executive consented: deals, earnings, goals, payouts, disputes."
)
ANSELM: Final = Character(
    "Anselm Okafor", "Her executive: who takes part, the company's goal, consent to give or revoke."
)
RUTH: Final = Character(
    "Ruth Castellane", "An executive with requests of two reps to answer: nobody earns there yet."
)
TOBIAS: Final = Character(
    "Tobias Wren", "A rep of a direct marketer without consent: all is withheld, and says why."
)
INES: Final = Character(
    "Ines Valcourt", "A channel manager: approves and closes deals, publishes plans, pays out."
)
ADMIN: Final = Character("Piet Hallam", "The administrator: adds partners and people.")

MAIN_CHARACTERS: Final = (MARA, ANSELM, RUTH, TOBIAS, INES, ADMIN)
ROLES: Final = {
    MARA.name: Role.SALES_REP,
    ANSELM.name: Role.PARTNER_EXECUTIVE,
    RUTH.name: Role.PARTNER_EXECUTIVE,
    TOBIAS.name: Role.SALES_REP,
    INES.name: Role.CHANNEL_MANAGER,
    ADMIN.name: Role.ADMIN,
}
"""What the main characters do."""
CAST_AT: Final = {
    (FERNHILL, 0): ANSELM.name,
    (FERNHILL, 1): MARA.name,
    (DOVECOTE, 0): RUTH.name,
    (BRIGHTMOOR, 1): TOBIAS.name,
}
"""Who has which place among a partner's people."""

VENDOR_PEOPLE: Final = (
    (INES.name, Role.CHANNEL_MANAGER),
    ("Oskar Brandvold", Role.CHANNEL_MANAGER),
    ("Learning system", Role.SERVICE),
)
FIRST_NAMES: Final = (
    *(
        "Aurel",
        "Britta",
        "Caspar",
        "Delia",
        "Emeric",
        "Fenja",
        "Gregor",
        "Hanneke",
        "Ilse",
        "Jonas",
    ),
    *("Katja", "Leander", "Mirela", "Nils", "Odette", "Pavel", "Quentin", "Rosalie", "Stellan"),
    *("Thea", "Ulrik", "Vesna", "Wanda", "Xaver", "Ylva", "Zora"),
)
LAST_NAMES: Final = (
    *("Ashdown", "Bergqvist", "Corrigan", "Dunmore", "Estrada", "Falkner", "Grimaldi", "Hartigan"),
    *("Ivanov", "Jessop", "Kowal", "Lachance", "Moreau", "Nakata", "Obermann", "Pellegrin"),
    *("Quist", "Rosgaard", "Sandoval", "Tamura", "Umber", "Velasco", "Winther"),
)

LEAD, APPOINTMENT, PROOF = "LEAD_FOLLOW_UP", "APPOINTMENT_HELD", "PROOF_OF_CONCEPT"
TRAINING, ADVANCED, EVENT = "TRAINING_COMPLETED", "ADVANCED_TRAINING", "DEMAND_EVENT"
RENEWAL, SELL_OUT, WORKSHOP = "RENEWAL_SIGNED", "SALE_REPORTED", "CUSTOMER_WORKSHOP"

_ENABLEMENT, _OPPORTUNITY = ProcessStage.ENABLEMENT, ProcessStage.OPPORTUNITY_MANAGEMENT
BEHAVIORS: Final = (
    BehaviorType(LEAD, "Lead followed up", ProcessStage.LEAD_MANAGEMENT, FiveC.COMMITMENT),
    BehaviorType(APPOINTMENT, "Appointment held", _OPPORTUNITY, FiveC.COMMITMENT),
    BehaviorType(PROOF, "Proof of concept", _OPPORTUNITY, FiveC.CAPACITY),
    BehaviorType(TRAINING, "Training completed", _ENABLEMENT, FiveC.CAPACITY, True, level=1),
    BehaviorType(
        *(ADVANCED, "Advanced training completed", _ENABLEMENT, FiveC.CAPACITY, True), level=2
    ),
    BehaviorType(EVENT, "Demand generation event", ProcessStage.DEMAND_GENERATION, FiveC.COVERAGE),
    BehaviorType(RENEWAL, "Renewal signed", ProcessStage.CLOSING, FiveC.CONSUMPTION),
    BehaviorType(
        *(SELL_OUT, "Sale reported with its invoice", ProcessStage.CLOSING, FiveC.CONTRIBUTION),
        evidence_needed=True,
        claim_within_days=60,
    ),
)
"""What the catalogue begins with; trainings are recorded by the learning system or reviewed."""

NEW_BEHAVIOR: Final = BehaviorType(WORKSHOP, "Customer workshop", _OPPORTUNITY, FiveC.COVERAGE)
"""Comes into the catalogue when the half year is nearly over."""

PRODUCTS: Final = ("Lantern Fleet", "Lantern Go", "Beacon 900", "Kestrel Plus", "Kestrel Max")
_STEMS: Final = (
    *("Alder", "Bramble", "Cobalt", "Drift", "Ember", "Foundry", "Granite", "Harbour", "Indigo"),
    *("Jetty", "Keystone", "Lumen", "Meridian", "Nimbus", "Orchard"),
)
_TAILS: Final = ("Foods", "Freight", "Optics", "Textiles", "Energy")
OPPORTUNITIES: Final = tuple(
    (f"{stem} {tail}", product) for stem in _STEMS for tail in _TAILS for product in PRODUCTS
)
"""Customers and what they may buy: each is registered once, since an approved deal protects it."""


def email_of(name: str, partner_name: str) -> str:
    """An address that can never receive anything."""
    first, *rest = name.lower().split()
    return f"{'.'.join((first, *rest))}@{partner_name.lower().replace(' ', '-')}.example"


def name_of(partner_name: str, place: int, number: int) -> str:
    """The name of the person at a partner's place, who is the ``number``th of all."""
    invented = f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {LAST_NAMES[number % len(LAST_NAMES)]}"
    return CAST_AT.get((partner_name, place), invented)
