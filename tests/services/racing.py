"""What the races start from: a store on which all decide at once, and companies to earn on it."""

import threading
from collections.abc import Sequence

from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.plans import Rule
from portal_api.domain.writes import Write
from portal_api.services import deals, programs
from portal_api.services.store import Store
from portal_api.services.use_case import Portal
from tests.services.stores import FaultyStore
from tests.services.world import Company, World


class Together(FaultyStore):
    """A store on which nobody commits before all have decided, each on the same state."""

    def __init__(self, store: Store, count: int) -> None:
        super().__init__(store)
        self._all_have_decided = threading.Barrier(count, timeout=30)
        self._mine = threading.local()

    def commit(self, writes: Sequence[Write]) -> None:
        if not getattr(self._mine, "has_decided", False):
            self._mine.has_decided = True
            self._all_have_decided.wait()
        super().commit(writes)


def training(amount_minor: int) -> Rule:
    return Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", amount_minor))


def a_trained(
    world: World, amount_minor: int, budget: int, *, companies: int = 1
) -> tuple[str, list[Company]]:
    """A program that pays an amount for a training, and companies that may earn it."""
    programs.define_behavior(
        world.portal,
        world.manage(),
        code="TRAINING",
        name="Training",
        stage=ProcessStage.ENABLEMENT,
        five_c=FiveC.CAPACITY,
        review_needed=False,
    )
    program = world.program(training(amount_minor), budget={"USD": budget})
    found = []
    for _ in range(companies):
        company = world.company()
        world.consent(company, program)
        world.enroll(company, program)
        found.append(company)
    return program, found


def approve(world: World, deal_id: str, portal: Portal) -> deals.DealApproved:
    return deals.approve_deal(portal, world.manage(), deal_id=deal_id)
