"""The demo's sales processes: of one type of partners, and of one of its tiers."""

from functools import partial
from typing import Final

from portal_api.demo import world
from portal_api.demo.teller import Teller
from portal_api.demo.world import day
from portal_api.domain.activities import DEAL_CREDITED, DEAL_REGISTERED, DEAL_WON, ProcessStage
from portal_api.domain.partners import PartnerType, Tier
from portal_api.domain.sales_process import JourneyStage, ProcessStep
from portal_api.services import sales_process

_GOLD: Final = (
    ProcessStep(
        *("event", "Be found", ProcessStage.DEMAND_GENERATION, JourneyStage.UNAWARE),
        (world.EVENT,),
        friction="An event costs a month's budget before it brings the first lead.",
        incentive_points=(world.EVENT,),
    ),
    ProcessStep(
        *("follow-up", "Follow up", ProcessStage.LEAD_MANAGEMENT, JourneyStage.PROBLEM_AWARE),
        (world.LEAD,),
        friction="Leads wait for days while current customers call.",
        incentive_points=(world.LEAD,),
    ),
    ProcessStep(
        *("meet", "Meet", ProcessStage.OPPORTUNITY_MANAGEMENT, JourneyStage.SOLUTION_SEEKING),
        (world.APPOINTMENT, world.WORKSHOP),
        incentive_points=(world.APPOINTMENT,),
    ),
    ProcessStep(
        *("prove", "Prove", ProcessStage.OPPORTUNITY_MANAGEMENT, JourneyStage.EVALUATION),
        (world.PROOF,),
        friction="An engineer is away from paid projects for a week.",
        incentive_points=(world.PROOF,),
    ),
    ProcessStep(
        *("register", "Register", ProcessStage.DEAL_REGISTRATION, JourneyStage.EVALUATION),
        (DEAL_REGISTERED,),
        incentive_points=(DEAL_REGISTERED,),
    ),
    ProcessStep(
        *("close", "Close", ProcessStage.CLOSING, JourneyStage.DECISION),
        (DEAL_WON,),
        incentive_points=(DEAL_WON,),
    ),
    ProcessStep(
        *("renew", "Renew", ProcessStage.CLOSING, JourneyStage.RENEWAL),
        (world.RENEWAL,),
        incentive_points=(world.RENEWAL,),
    ),
)

_USUAL: Final = (
    ProcessStep(
        *("follow-up", "Follow up", ProcessStage.LEAD_MANAGEMENT, JourneyStage.PROBLEM_AWARE),
        (world.LEAD,),
        incentive_points=(world.LEAD,),
    ),
    # Nobody knows where the customer stands then.
    ProcessStep(
        *("register", "Register", ProcessStage.DEAL_REGISTRATION, None),
        (DEAL_REGISTERED,),
        incentive_points=(DEAL_REGISTERED,),
    ),
    ProcessStep(
        *("offer", "Write the offer", ProcessStage.OPPORTUNITY_MANAGEMENT, JourneyStage.DECISION),
        friction="Each offer is approved three times.",
    ),
    # The customer is said to evaluate when it has decided already.
    ProcessStep(
        *("close", "Close", ProcessStage.CLOSING, JourneyStage.EVALUATION),
        (DEAL_WON, DEAL_CREDITED),
        incentive_points=(DEAL_WON, DEAL_CREDITED),
    ),
)
"""As it is found often: read backwards from the close it has one gap of each kind."""


def plan(teller: Teller) -> None:
    """Plans the definitions, once all behaviors are there."""
    for tier, steps in ((None, _USUAL), (Tier.GOLD, _GOLD)):
        teller.at(day(5, 6, hour=9), partial(_define, teller, tier, steps))


def _define(teller: Teller, tier: Tier | None, steps: tuple[ProcessStep, ...]) -> None:
    sales_process.define_sales_process(
        teller.portal,
        teller.ask(teller.managers[0]),
        partner_type=PartnerType.VAR,
        tier=tier,
        steps=steps,
    )
