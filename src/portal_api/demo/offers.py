"""The demo's programs for some only, one that pays afterwards, and the companies' rebate."""

from dataclasses import replace
from typing import Final

from portal_api.demo import world
from portal_api.demo.programs import ProgramSketch, terms_of
from portal_api.demo.world import day
from portal_api.domain.activities import DEAL_REGISTERED
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.rebate import Band, Rebate
from portal_api.domain.money import POINTS
from portal_api.domain.partners import (
    BusinessModel,
    PartnerType,
    Role,
    SalesStrategy,
    Segment,
    Tier,
)
from portal_api.domain.plans import Period, Rule

CLOUD_STARTS: Final = day(4, 1)
"""From when on a first consent to it pays."""

_INDIVIDUAL, _PARTNER = Level.INDIVIDUAL, Level.PARTNER
_VAR, _SI, _MSP = PartnerType.VAR, PartnerType.SYSTEMS_INTEGRATOR, PartnerType.MSP

_CIRCLE = ProgramSketch(
    terms_of(
        world.CIRCLE,
        "For partners that have reached the highest tier.",
        day(4, 1),
        Segment(tiers=(Tier.PLATINUM,)),
    ),
    (
        Rule("renewals", "Renewals", _INDIVIDUAL, "USD", Flat(world.RENEWAL, 40_00)),
        Rule("registrations", "Registrations", _INDIVIDUAL, "USD", Flat(DEAL_REGISTERED, 25_00)),
    ),
    (),
    (("USD", 20_000_00),),
)

_MAKERS = ProgramSketch(
    terms_of(
        world.MAKERS,
        "For the marketers of partners that live on services and know their market.",
        day(4, 1),
        Segment(
            roles=(Role.MARKETER,),
            business_models=(BusinessModel.SERVICES_LED,),
            strategies=(SalesStrategy.LAND_AND_EXPAND, SalesStrategy.VERTICAL_FOCUS),
        ),
    ),
    (Rule("events", "Events that find customers", _INDIVIDUAL, POINTS, Flat(world.EVENT, 200)),),
    (),
    # Five events: after the fourth, 80 % of it is used.
    ((POINTS, 1_000),),
)

_CLOUD = ProgramSketch(
    replace(
        terms_of(
            world.CLOUD,
            "First steps of customers into the cloud. A first consent pays what was done before.",
            CLOUD_STARTS,
            Segment(types=(_VAR, _SI, _MSP), regions=("EMEA", "APAC")),
        ),
        retroactive=True,
    ),
    (
        Rule("visits", "Appointments", _INDIVIDUAL, "USD", Flat(world.APPOINTMENT, 15_00)),
        Rule("proofs", "Proofs of concept", _INDIVIDUAL, "USD", Flat(world.PROOF, 120_00)),
    ),
    (),
    (("USD", 15_000_00),),
)

_REBATE = ProgramSketch(
    terms_of(
        world.REBATE,
        "A rate of what a company wins in a quarter, and more if it grows. Its people take part in"
        " Growth: then both sides earn.",
        day(4, 1),
        Segment(types=(_VAR, _SI, _MSP)),
    ),
    (
        Rule(
            *("quarter", "Rebate of the quarter", _PARTNER, "USD"),
            Rebate(Period.QUARTER, (Band(0, 100), Band(100_000_00, 300))),
        ),
        Rule(
            *("growth", "Rebate for growth", _PARTNER, "USD"),
            Rebate(Period.HALF_YEAR, (Band(0, 0), Band(10_000, 200)), growth=True),
        ),
    ),
    (),
    (("USD", 60_000_00),),
    participation_in=world.GROWTH,
)

OFFERS: Final = (_CIRCLE, _MAKERS, _CLOUD, _REBATE)
