"""A budget that gets low is told once, whoever's award it was and whichever shard it came from."""

from portal_api.domain.events import Event
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.plans import Rule
from portal_api.services.store import Many, of_events
from tests.services.steps import define
from tests.services.world import World

FIFTY = Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", 50))


def told(world: World, program: str) -> int:
    want = Many(Event, of_events(None))
    events = world.store.read([want])[want].records
    return sum(one.kind == "BudgetLow" and one.subject_id == program for one in events)


def test_a_budget_of_which_80_percent_is_used_is_told_once_for_each_funding(world: World) -> None:
    """Awards of 50 from 1,600: the 26th leaves 300. More funding and more use tell again."""
    define(world)
    company, program = world.company(reps=2), world.program(FIFTY, budget={"USD": 1_600})
    world.consent(company, program)
    for rep in company.reps:
        world.enroll(company, program, rep)

    def train(number: int) -> None:
        rep = company.reps[number % 2]
        world.record(company, program, "TRAINING", f"{number}", rep=rep)

    heard = []
    for number in range(32):
        train(number)
        heard.append(told(world, program))

    # 1,280 of 1,600 is 80 %: told with the award that passes it or soon after, and never again.
    first = heard.index(1)
    assert first in range(25, 29)
    assert [0] * first + [1] * (32 - first) == heard
    world.fund(program, 1_600)
    assert 1 == told(world, program)
    for number in range(32, 64):
        train(number)
    assert 2 == told(world, program)
    assert [] == world.audit(program, company.parties)


def test_two_budgets_that_get_low_by_one_activity_are_told_in_one_event(world: World) -> None:
    """The event names the program; which budgets are low is to be seen there."""
    define(world)
    large = [
        Rule(asset, asset, Level.INDIVIDUAL, asset, Flat("TRAINING", 1_500))
        for asset in ("EUR", "USD")
    ]
    company = world.company()
    program = world.program(*large, budget={"EUR": 1_600, "USD": 1_600})
    world.consent(company, program)
    world.enroll(company, program)

    done = world.record(company, program, "TRAINING", "1")

    assert 2 == len(done.earnings)
    assert 1 == told(world, program)
    assert [] == world.audit(program, company.parties)
