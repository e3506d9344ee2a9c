"""What a request costs: waves to the store, and items that two awards would fight for."""

from collections.abc import Callable

import pytest

from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.consent import Whom
from portal_api.domain.errors import RegistrationDecided
from portal_api.domain.goals import Level
from portal_api.domain.granting import Terms
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.plans import Rule
from portal_api.services import consent, deals, enrollment, programs
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Key
from tests.services.stores import CountingEngine
from tests.services.world import MILESTONES, QUARTER, Company, World, awarded, outcomes_of

TRAINING = Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", 50))
BONUS = Rule("bonus", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000, 30_000))
COMPANY_BONUS = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000))
STRICT = Rule("strict", "Strict", Level.INDIVIDUAL, "USD", MilestoneSplit(300, keep_on_loss=False))


@pytest.fixture
def counting(sqlite_engine: SqliteEngine) -> CountingEngine:
    return CountingEngine(sqlite_engine)


@pytest.fixture
def portal(quick_world: World, counting: CountingEngine) -> Portal:
    """The same portal, counted."""
    return quick_world.on(TableStore(counting))


def rewarding(world: World, *rules: Rule) -> tuple[Company, str]:
    """A company that is about to reach its goals, in a program that pays at every step."""
    programs.define_behavior(
        world.portal,
        world.manage(),
        code="TRAINING",
        name="Training",
        stage=ProcessStage.ENABLEMENT,
        five_c=FiveC.CAPACITY,
        review_needed=False,
    )
    company = world.company()
    program = world.program(*rules, goals=(QUARTER,))
    world.consent(company, program)
    world.enroll(company, program)
    world.target(company, program, company.rep, 1, 2)
    world.target(company, program, company.id, 1, 2, Level.PARTNER)
    return company, program


def test_a_rewarded_mutation_costs_one_wave_of_reads_and_one_write(
    quick_world: World, counting: CountingEngine, portal: Portal
) -> None:
    """The lookups of viewer, consent, budget and every wallet included."""
    world = quick_world
    company, program = rewarding(world, MILESTONES, TRAINING, BONUS, COMPANY_BONUS)
    deal = world.register(company, program, portal=portal)
    costs = {"register": counting.waves}
    counting.forget()
    approval = deals.approve_deal(portal, world.manage(), deal_id=deal.id)
    costs["approve"] = counting.waves
    counting.forget()
    win = world.win(deal, portal=portal)
    costs["win"] = counting.waves
    counting.forget()
    recorded = world.record(company, program, "TRAINING", "1", portal=portal)
    costs["record"] = counting.waves
    counting.forget()
    world.pay_out(company.rep, 1, portal=portal)
    costs["payout"] = counting.waves

    assert dict.fromkeys(("register", "approve", "win", "record", "payout"), "RW") == costs
    assert [awarded(15_000)] == outcomes_of(approval.activity)
    assert [awarded(amount) for amount in (75_000, 50_000, 30_000, 200_000)] == outcomes_of(
        win.activity
    )
    assert [awarded(50)] == outcomes_of(recorded.activity)


def test_what_pays_nothing_and_what_is_refused_costs_no_more(
    quick_world: World, counting: CountingEngine, portal: Portal
) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    deal = world.register(company, program)
    deals.approve_deal(portal, world.manage(), deal_id=deal.id)
    withheld_costs = counting.waves
    counting.forget()
    with pytest.raises(RegistrationDecided):
        deals.approve_deal(portal, world.manage(), deal_id=deal.id)

    assert "RW" == withheld_costs
    assert "RW" == counting.waves


def short(world: World, portal: Portal) -> None:
    """An award for which the person's own shard is short."""
    company = world.company()
    program = world.program(budget={"USD": 15_000})
    world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    deals.approve_deal(portal, world.manage(), deal_id=deal.id)


def back(world: World, portal: Portal) -> None:
    """A loss that takes back what was paid: which earning that is, only the deal tells."""
    company, program = world.ready(STRICT)
    deal = world.approved(company, program)
    deals.lose_deal(portal, world.manage(), deal_id=deal.id, occurred_at=None)


def twice(world: World, portal: Portal) -> None:
    """A request that was answered before: its records are read as they are now."""
    company, program = world.ready()
    world.approved(company, program)
    ask = world.ask(company.rep)
    world.pay_out(company.rep, 1, ask=ask)
    world.pay_out(company.rep, 1, ask=ask, portal=portal)


@pytest.mark.parametrize(("case", "waves"), [(short, "RRW"), (back, "RRW"), (twice, "RR")])
def test_the_rare_cases_cost_one_wave_more_and_say_why(
    quick_world: World,
    counting: CountingEngine,
    portal: Portal,
    case: Callable[[World, Portal], None],
    waves: str,
) -> None:
    case(quick_world, portal)

    assert waves == counting.waves


def test_consent_and_enrollment_cost_two_as_well(
    quick_world: World, counting: CountingEngine, portal: Portal
) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    consent.grant_consent(
        portal,
        world.ask(company.executive),
        partner_id=company.id,
        program_id=program,
        terms=Terms(whom=Whom((company.rep,))),
    )
    granted = counting.waves
    enrollment.enroll(
        portal, world.ask(company.rep), partner_id=company.id, program_id=program, terms_version=1
    )

    assert "RW" == granted
    assert "RWRW" == counting.waves


def keys_of_a_win(world: World, program: str, counting: CountingEngine, portal: Portal) -> set[Key]:
    """Every item that the transaction of one award touches."""
    company = world.company()
    world.consent(company, program)
    world.enroll(company, program)
    world.target(company, program, company.rep, 1, 2)
    deal = world.approved(company, program)
    counting.forget()
    world.win(deal, portal=portal)
    (written,) = counting.written
    return {op.key for op in written}


def test_two_awards_to_different_partners_touch_nothing_together_but_perhaps_one_budget_shard(
    quick_world: World, counting: CountingEngine, portal: Portal
) -> None:
    """Serialization is per party and per partner, never per program: checks conflict too."""
    program = quick_world.program(MILESTONES, BONUS, goals=(QUARTER,))

    sets = [keys_of_a_win(quick_world, program, counting, portal) for _ in range(8)]

    common = [one & other for number, one in enumerate(sets) for other in sets[:number]]
    assert 28 == len(common)
    assert [] == [
        keys
        for keys in common
        if len(keys) > 1 or any(not key.pk.startswith(f"PROGRAM#{program}#SHARD#") for key in keys)
    ]


def test_an_award_is_about_a_dozen_items(
    quick_world: World, counting: CountingEngine, portal: Portal
) -> None:
    """For one recipient, they are what it costs on DynamoDB."""
    world = quick_world
    company, program = world.ready()
    world.approved(company, program)
    deal = world.register(company, program)
    deals.approve_deal(portal, world.manage(), deal_id=deal.id)
    ((*operations,),) = counting.written

    assert 19 >= len(operations)
