"""Whom and what the demo is about: invented partners, people, behaviors, programs and plans."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.goals import GoalDefinition, Level, Measure
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.money import POINTS
from portal_api.domain.partners import PartnerType, Role, Segment, Tier
from portal_api.domain.rewards import Rule
from portal_api.services.programs import ProgramTerms

ADMINISTRATOR: Final = "ind-administrator"
"""The id of the demo's first administrator, whom no one can have added."""

GROWTH: Final = "Growth"
ENABLEMENT: Final = "Enablement points"
LICENSING: Final = "Licensing drive"

YEAR: Final = "Y2026"
QUARTERS: Final = ("Q2", "Q4")
TRAININGS: Final = "TRAININGS"


def day(month: int, number: int, year: int = 2026, hour: int = 0) -> datetime:
    """An instant of the demo's calendar, which is in UTC."""
    return datetime(year, month, number, hour, tzinfo=UTC)


TOLD_FROM, TOLD_TO = day(1, 2), day(7, 1)
"""What the demo tells happened between these."""

PROGRAMS_END: Final = day(1, 1, 2028)
"""Long after, so that whoever tries the demo can still earn."""


@dataclass(frozen=True, slots=True)
class PartnerSketch:
    """A partner to add, and which of its people its executive lets earn from which day on.

    ``consent`` is COMPANY, the names of the individuals, or nobody; ``busy`` is its share of deals.
    """

    name: str
    type: PartnerType
    tier: Tier
    region: str
    teams: tuple[str, str]
    consent: str = "COMPANY"
    consent_day: int = 9
    busy: int = 2


_DMR, _LAR, _VAR = PartnerType.DMR, PartnerType.LAR, PartnerType.VAR
_SI, _MSP = PartnerType.SYSTEMS_INTEGRATOR, PartnerType.MSP
_VOLUME, _DISTRIBUTOR = PartnerType.VOLUME_RESELLER, PartnerType.DISTRIBUTOR
_SALES = ("Commercial", "Public sector")
_FIELD = ("Field", "Inside sales")

FERNHILL: Final = "Fernhill Systems"
DOVECOTE: Final = "Dovecote Consulting"
BRIGHTMOOR: Final = "Brightmoor Direct"
HIGHMERE: Final = "Highmere Managed Services"
NORRLAND: Final = "Norrland Licensing"
EASTFOLD: Final = "Eastfold Cloud"
JUNIPER: Final = "Juniper Distribution"

PARTNERS: Final = (
    PartnerSketch(FERNHILL, _VAR, Tier.GOLD, "EMEA", _SALES, "INDIVIDUALS", 8, busy=5),
    PartnerSketch("Kestrel Direct", _DMR, Tier.PLATINUM, "AMER", _FIELD, consent_day=12, busy=4),
    PartnerSketch(BRIGHTMOOR, _DMR, Tier.SILVER, "EMEA", _FIELD, consent=""),
    PartnerSketch("Alderbrook Licensing", _LAR, Tier.GOLD, "EMEA", _SALES, busy=3),
    PartnerSketch(NORRLAND, _LAR, Tier.PLATINUM, "EMEA", _SALES, consent="", busy=1),
    PartnerSketch("Glasswater Volume", _VOLUME, Tier.GOLD, "AMER", _FIELD, busy=3),
    PartnerSketch("Ivorygate Networks", _VAR, Tier.BRONZE, "AMER", _SALES, "INDIVIDUALS", 20),
    PartnerSketch(
        "Larkspur Integration", _SI, Tier.PLATINUM, "APAC", _SALES, consent_day=7, busy=4
    ),
    PartnerSketch(DOVECOTE, _SI, Tier.SILVER, "EMEA", _FIELD, consent=""),
    PartnerSketch(HIGHMERE, _MSP, Tier.GOLD, "APAC", _SALES, consent_day=13, busy=3),
    PartnerSketch(EASTFOLD, _MSP, Tier.BRONZE, "LATAM", _FIELD, consent_day=15),
    PartnerSketch(JUNIPER, _DISTRIBUTOR, Tier.SILVER, "AMER", _FIELD, busy=1),
)

STAFF_OF_EACH: Final = (
    Role.PARTNER_EXECUTIVE,
    Role.SALES_REP,
    Role.SALES_REP,
    Role.SALES_REP,
    Role.SALES_ENGINEER,
)
MARKETING_AT: Final = frozenset({"Kestrel Direct", "Larkspur Integration", JUNIPER})
"""Where the fifth person is a marketer and not an engineer."""


@dataclass(frozen=True, slots=True)
class Character:
    """A person to sign in as, and what there is to see."""

    name: str
    about: str


MARA: Final = Character(
    "Mara Lindholm", "A rep whose executive consented: deals, earnings, goals and payouts."
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
RENEWAL = "RENEWAL_SIGNED"

BEHAVIORS: Final = (
    (LEAD, "Lead followed up", ProcessStage.LEAD_MANAGEMENT, FiveC.COMMITMENT, False),
    (APPOINTMENT, "Appointment held", ProcessStage.OPPORTUNITY_MANAGEMENT, FiveC.COMMITMENT, False),
    (PROOF, "Proof of concept", ProcessStage.OPPORTUNITY_MANAGEMENT, FiveC.CAPACITY, False),
    (TRAINING, "Training completed", ProcessStage.ENABLEMENT, FiveC.CAPACITY, True),
    (ADVANCED, "Advanced training completed", ProcessStage.ENABLEMENT, FiveC.CAPACITY, True),
    (EVENT, "Demand generation event", ProcessStage.DEMAND_GENERATION, FiveC.COVERAGE, False),
    (RENEWAL, "Renewal signed", ProcessStage.CLOSING, FiveC.CONSUMPTION, False),
)
"""Code, name, stage of the sales process, C, and whether the person itself cannot record it."""

POINTS_FOR: Final = {LEAD: 10, APPOINTMENT: 20, PROOF: 80, ADVANCED: 150, EVENT: 100, RENEWAL: 60}

_TERMS = "You earn for what you do while you are enrolled and your company's consent is in force."
_INDIVIDUAL = Level.INDIVIDUAL
_NEW_YEAR = day(1, 1, 2027)


@dataclass(frozen=True, slots=True)
class ProgramSketch:
    """A program to create, its plan, and its budget by asset in minor units."""

    terms: ProgramTerms
    rules: tuple[Rule, ...]
    goals: tuple[GoalDefinition, ...]
    budget: tuple[tuple[str, int], ...]


def _terms(
    name: str, description: str, starts_at: datetime, segment: Segment, currency: str
) -> ProgramTerms:
    return ProgramTerms(
        name, description, segment, starts_at, PROGRAMS_END, "Europe/Berlin", currency, _TERMS
    )


PROGRAMS: Final = (
    ProgramSketch(
        _terms(
            GROWTH,
            "Registering deals and winning them, with goals for the year.",
            day(1, 1),
            Segment(types=tuple(kind for kind in PartnerType if kind is not _DISTRIBUTOR)),
            "USD",
        ),
        (
            Rule("deals", "Deals registered and won", _INDIVIDUAL, "USD", MilestoneSplit(300)),
            Rule("training", "Trainings", _INDIVIDUAL, POINTS, Flat(TRAINING, 50)),
            Rule("year-bonus", "Your year", _INDIVIDUAL, "USD", GoalBonus(YEAR, 500_00, 300_00)),
            *(
                Rule(
                    *(f"company-{goal.lower()}", f"Your company's {goal}", Level.PARTNER, "USD"),
                    GoalBonus(goal, 2_000_00, 1_000_00),
                )
                for goal in QUARTERS
            ),
        ),
        (
            GoalDefinition("Q2", "Second quarter", Measure.WON_REVENUE, day(4, 1), day(7, 1)),
            GoalDefinition("Q4", "Fourth quarter", Measure.WON_REVENUE, day(10, 1), _NEW_YEAR),
            GoalDefinition(YEAR, "Year 2026", Measure.WON_REVENUE, day(1, 1), _NEW_YEAR),
        ),
        (("USD", 250_000_00), (POINTS, 100_000)),
    ),
    ProgramSketch(
        _terms(
            ENABLEMENT,
            "Points for the work that leads to sales.",
            day(2, 1),
            Segment(),
            "USD",
        ),
        tuple(
            Rule(code.lower().replace("_", "-"), name, _INDIVIDUAL, POINTS, Flat(code, points))
            for code, name, *_ in BEHAVIORS
            if (points := POINTS_FOR.get(code))
        ),
        (
            GoalDefinition(
                *(TRAININGS, "Advanced trainings", Measure.BEHAVIOR_COUNT),
                *(day(2, 1), _NEW_YEAR, ADVANCED),
            ),
        ),
        ((POINTS, 60_000),),
    ),
    ProgramSketch(
        _terms(
            LICENSING,
            "For direct marketers and large account resellers; a lost deal pays nothing.",
            day(3, 1),
            Segment(types=(_DMR, _LAR)),
            "EUR",
        ),
        (
            Rule(
                *("licences", "Licence deals", _INDIVIDUAL, "EUR"),
                MilestoneSplit(150, 1, 2, keep_on_loss=False),
            ),
        ),
        (GoalDefinition("H1", "First half", Measure.WON_REVENUE, day(3, 1), day(7, 1)),),
        (("EUR", 800_00),),
    ),
)

LICENSING_REFILL: Final = ("EUR", 60_000_00)
"""Added when the year's half is nearly over: before, some of its deals find the budget empty."""

PRODUCTS: Final = ("Lantern Fleet", "Lantern Go", "Beacon 900", "Kestrel Plus", "Kestrel Max")
CUSTOMERS: Final = (
    *("Alder Foods", "Bramble Freight", "Cobalt Optics", "Drift Textiles", "Ember Energy"),
    *("Foundry Nine", "Granite Hotels", "Harbour Health", "Indigo Air", "Jetty Marine"),
    *("Keystone Schools", "Lumen Media", "Meridian Rail", "Nimbus Insurance", "Orchard Retail"),
)


def email_of(name: str, partner_name: str) -> str:
    """An address that can never receive anything."""
    first, *rest = name.lower().split()
    return f"{'.'.join((first, *rest))}@{partner_name.lower().replace(' ', '-')}.example"


def name_of(partner_name: str, place: int, number: int) -> str:
    """The name of the person at a partner's place, who is the ``number``th of all."""
    invented = f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {LAST_NAMES[number % len(LAST_NAMES)]}"
    return CAST_AT.get((partner_name, place), invented)
