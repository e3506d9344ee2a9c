"""Plans and budgets: what a new version or a refill changes, and what it leaves as it was."""

from dataclasses import replace
from typing import Any

import pytest

from portal_api.domain import ledger
from portal_api.domain.activities import DEAL_REGISTERED
from portal_api.domain.errors import InvalidInput, PlanNotPublishable
from portal_api.domain.goals import Level, Measure
from portal_api.domain.holdings import RECEIVABLE, Transfer, budget_of
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.plan_checks import MAX_ITEMS, most_items
from portal_api.domain.plans import PlanVersion, Rule
from portal_api.services import plans
from portal_api.services.postings import posting
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.steps import TRAINING, define
from tests.services.stores import CountingEngine
from tests.services.world import DAY, MILESTONES, QUARTER, START, World, awarded, outcomes_of


def test_the_plan_in_force_when_it_occurred_pays_whenever_it_arrives(world: World) -> None:
    """Domain rule 4.1: a published version never changes, and a new one does not look back."""
    define(world)
    company = world.company()
    program = world.program(TRAINING, budget={"POINTS": 1_000})
    world.consent(company, program)
    world.enroll(company, program)
    world.wait()
    plans.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        content=plans.PlanContent((replace(TRAINING, mechanic=Flat("TRAINING", 70)),), (), None),
    )
    first = world.record(company, program, "TRAINING", "1", occurred_at=world.now)
    late = world.record(company, program, "TRAINING", "2", occurred_at=world.now - DAY / 2)

    assert [awarded(70)] == outcomes_of(first.activity)
    assert [awarded(50)] == outcomes_of(late.activity)
    assert [2, 1] == [recorded.earnings[0].trace.plan_number for recorded in (first, late)]
    with pytest.raises(InvalidInput):
        plans.publish_plan(
            world.portal,
            world.manage(),
            program_id=program,
            content=plans.PlanContent((TRAINING,), (), world.now - DAY),
        )


@pytest.mark.parametrize(
    ("changes", "published"),
    [
        ({"name": "First quarter"}, True),
        ({"measure": Measure.DEALS_REGISTERED}, False),
        ({"starts_at": START + DAY}, False),
        ({"ends_at": START + 200 * DAY}, False),
    ],
)
def test_a_goal_s_code_goes_on_counting_what_it_counted(
    quick_world: World, changes: dict[str, Any], published: bool
) -> None:
    """Progress is kept by code: deals would be added to cents, and one quarter to the next."""
    world = quick_world
    program = world.program(goals=(QUARTER,))

    def publish() -> plans.PlanPublished:
        return plans.publish_plan(
            world.portal,
            world.manage(),
            program_id=program,
            content=plans.PlanContent((MILESTONES,), (replace(QUARTER, **changes),), None),
        )

    if published:
        assert 2 == publish().plan.number
    else:
        with pytest.raises(PlanNotPublishable):
            publish()


def test_a_refill_of_the_budget_and_a_new_plan_keep_what_is_there(world: World) -> None:
    """The shards change their version with the program, and their counters must survive that."""
    program = world.program(budget={"USD": 1_600})
    world.fund(program, 16)
    plans.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        content=plans.PlanContent((MILESTONES,), (), None),
    )
    world.fund(program, 1)

    assert [102, *[101] * 15] == world.budget(program)
    assert [] == world.audit(program, ())


def test_the_largest_plan_fits_a_transaction_and_a_larger_one_is_not_published(
    quick_world: World,
) -> None:
    """All bonuses at once, drawn from all shards, for somebody who owes: at most 100 items."""
    world = quick_world
    rules = tuple(
        Rule(f"r{number}", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 1_000, 1_000))
        for number in range(4)
    )
    bonuses, debt = 2_000 * len(rules), 10**9
    company = world.company()
    program = world.program(*rules, goals=(QUARTER,), budget={"USD": bonuses})
    world.consent(company, program)
    world.enroll(company, program)
    world.target(company, program, company.rep, 1, 1)
    owed = Transfer(RECEIVABLE, budget_of("another"), "USD", debt)
    indebted = ledger.post(Wallet(company.rep), JournalKind.REWARD, (owed,), {}, world.now)
    world.store.commit(posting(indebted))

    win = world.win(world.approved(company, program))

    assert [awarded(1_000)] * 2 * len(rules) == outcomes_of(win.activity)
    assert [0] * 16 == world.budget(program)
    assert bonuses - debt == world.balance(company.rep).receivable
    assert [] == world.audit(program, company.parties)
    with pytest.raises(PlanNotPublishable):
        world.program(*rules, replace(rules[0], code="more"), goals=(QUARTER,))


def test_what_is_held_and_what_expires_is_counted_before_a_plan_is_published(
    sqlite_engine: SqliteEngine,
) -> None:
    """The places in the lists of what becomes available, and of what expires, are items too."""
    counting = CountingEngine(sqlite_engine)
    world = World(TableStore(counting))
    held = [replace(MILESTONES, code=f"held-{number}", hold_days=30) for number in range(2)]
    points = Rule("points", "Points", Level.INDIVIDUAL, "POINTS", Flat(DEAL_REGISTERED, 5))
    company, program = world.company(), world.program(*held, points, expire_months=12)
    world.fund(program, 1_000, "POINTS")
    world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    counting.forget()

    approval = world.approve(deal)

    plan = world.load(PlanVersion, f"{program}.1")
    assert plan is not None
    assert [awarded(15_000)] * 2 + [awarded(5)] == outcomes_of(approval.activity)
    lists = [op.key.pk for op in counting.written[-1] if op.key.pk.startswith("LIST#")]
    assert (2, 1) == (lists.count("LIST#earnings.due"), lists.count("LIST#lots.expiring"))
    assert len(counting.written[-1]) <= most_items(plan) <= MAX_ITEMS
