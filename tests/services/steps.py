"""Steps on the main path that several test files take."""

from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.consent import ConsentFile, Whom
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.plans import Rule
from portal_api.services import consent, programs
from tests.services.world import Company, World

TRAINING = Rule("training", "Training", Level.INDIVIDUAL, "POINTS", Flat("TRAINING", 50))


def define(world: World, code: str = "TRAINING", *, review: bool = False) -> None:
    programs.define_behavior(
        world.portal,
        world.manage(),
        code=code,
        name="Training completed",
        stage=ProcessStage.ENABLEMENT,
        five_c=FiveC.CAPACITY,
        review_needed=review,
    )


def ask_for_consent(
    world: World, company: Company, program: str, who: str, *people: str
) -> ConsentFile:
    return consent.request_consent(
        world.portal, world.ask(who), partner_id=company.id, program_id=program, whom=Whom(people)
    ).file
