"""People who have worked before anybody consented, in a retroactive program."""

from collections.abc import Callable

from portal_api.domain.activities import Activity, WithheldReason
from portal_api.domain.earnings import Earning
from portal_api.domain.goals import Level
from portal_api.domain.granting import Terms
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.plans import Rule
from portal_api.services.store import Many, of_person, of_wallet
from portal_api.services.use_case import Portal
from tests.services.consenting import (
    available,
)
from tests.services.steps import TRAINING, define
from tests.services.stores import FaultyStore, killed_after
from tests.services.world import (
    START,
    Company,
    World,
)

TEAM = Rule("team", "Team", Level.TEAM, "USD", Flat("TRAINING", 100))
BACK = Terms(covers_from=START)
NO_CONSENT = WithheldReason.NO_CONSENT


def a_past(
    world: World, *rules: Rule, reps: int = 2, trainings: int = 3, budget: int = 10_000_000
) -> tuple[Company, str]:
    """Reps who have enrolled and trained, three times each, before anybody consented."""
    define(world)
    company = world.company(reps=reps)
    money = {"USD": budget, "POINTS": budget}
    program = world.program(*(rules or (TRAINING,)), budget=money, retroactive=True)
    world.enroll(company, program)
    for number in range(trainings):
        world.wait()
        for rep in company.reps:
            world.record(company, program, "TRAINING", f"{number}", rep=rep)
    world.wait()
    return company, program


def activities(world: World, company: Company, rep: str) -> list[Activity]:
    want = Many(Activity, of_person(company.id, rep))
    return list(world.store.read([want])[want].records)


def points(world: World, company: Company) -> list[int]:
    return available(world, company.reps, "POINTS")


def earnings(world: World, party: str) -> list[Earning]:
    want = Many(Earning, of_wallet(party))
    return list(world.store.read([want])[want].records)


def after_commits(
    commits: int, fault: Callable[[Callable[[], None]], None]
) -> list[Callable[[Callable[[], None]], None]]:
    """No fault at the first commits, but this one at the last of them."""
    return [lambda commit: commit()] * (commits - 1) + [fault]


def killed(world: World, commits: int = 1) -> Portal:
    """A portal that dies after so many transactions."""
    return world.on(FaultyStore(world.store, *after_commits(commits, killed_after)))
