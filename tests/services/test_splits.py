"""Deals that people share: every part sums, nobody is paid twice, and who may not earn is not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal_api.domain.activities import OutcomeStatus, WithheldReason
from portal_api.domain.deals import Credit, Deal
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.goals import Level, Progress
from portal_api.domain.holdings import Balance
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.money import of_rate
from portal_api.domain.plans import Rule
from portal_api.services import deal_changes
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.racing import Together, approve
from tests.services.steps import define
from tests.services.stores import in_parallel
from tests.services.world import MILESTONES, QUARTER, Company, World, outcomes_of

STRICT = replace(MILESTONES, mechanic=MilestoneSplit(300, keep_on_loss=False))
SALE = Rule("sale", "Sale", Level.INDIVIDUAL, "USD", Flat("DEAL_WON", 25_000))
COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 10_000))
BONUS = Rule("bonus", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000))
PERCENT = Rule("percent", "Percent", Level.INDIVIDUAL, "USD", PercentOfDeal(200))


def shared(company: Company, *weights: int) -> tuple[Credit, ...]:
    """The deal divided between the reps by weights."""
    people = zip(company.reps, weights, strict=False)
    return tuple(Credit(rep, weight) for rep, weight in people if weight)


def credit(world: World, deal: Deal, *credits_of: Credit) -> Deal:
    return deal_changes.credit_deal(
        world.portal, world.manage(), deal_id=deal.id, credits=credits_of
    ).deal


def back(world: World, deal: Deal) -> deal_changes.DealReturned:
    return deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)


def available(world: World, company: Company) -> list[int]:
    return [world.balance(rep).available for rep in company.reps]


def findings(world: World) -> list[str]:
    return [str(step) for step in verify(world.store, replay=True) if isinstance(step, Finding)]


def test_a_deal_of_60_and_40_is_paid_60_and_40_at_every_step(world: World) -> None:
    """Capability S15: 900.00 in all, and each revenue and each deal is counted once."""
    company, program = world.ready(MILESTONES, SALE, COMPANY, reps=2)
    deal = world.approve(world.register(company, program, credits=shared(company, 60, 40))).deal
    assert [9_000, 6_000] == available(world, company)
    world.win(deal)

    assert [54_000 + 15_000, 36_000 + 10_000] == available(world, company)
    assert Balance(available=10_000) == world.balance(company.id)
    partner = world.load(Progress, f"{company.id}.{program}.partner")
    own = [world.load(Progress, f"{company.id}.{program}.individual.{rep}") for rep in company.reps]
    assert partner is not None
    assert (1, 1, 3_000_000) == tuple(map(partner.count, ("deals", "won", "won_minor")))
    assert [1_800_000, 1_200_000] == [one.count("won_minor") for one in own if one]
    assert [1, 0] == [one.count("won") for one in own if one]
    assert [] == world.audit(program, company.parties)


def test_100_split_three_ways_is_34_33_33(quick_world: World) -> None:
    """Invariant L17, the largest remainder: ties go to the first."""
    world = quick_world
    company, program = world.ready(replace(SALE, mechanic=Flat("DEAL_WON", 100)), reps=3)
    world.win(world.register(company, program, credits=shared(company, 1, 1, 1)))
    assert [34, 33, 33] == available(world, company)


def test_who_is_credited_after_the_registration_gets_its_share_with_the_sale(
    quick_world: World,
) -> None:
    """150.00 were the owner's; 60 : 40 of 900.00 are 540.00 and 360.00 in the end."""
    world = quick_world
    company, program = world.ready(reps=2)
    deal = credit(world, world.approved(company, program), *shared(company, 60, 40))
    assert [15_000, 0] == available(world, company)
    world.win(deal)
    assert [54_000, 36_000] == available(world, company)


def test_who_is_credited_no_more_gives_back_with_the_sale(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready(reps=2)
    deal = world.approve(world.register(company, program, credits=shared(company, 1, 1))).deal
    assert [7_500, 7_500] == available(world, company)
    win = world.win(credit(world, deal, *shared(company, 0, 1)))
    assert [0, 90_000] == available(world, company)
    assert {
        (company.reps[0], OutcomeStatus.TAKEN_BACK, 7_500),
        (company.reps[1], OutcomeStatus.AWARDED, 82_500),
    } == {(one.recipient_id, one.status, one.amount_minor) for one in win.activity.outcomes}


def test_who_may_not_earn_has_its_share_withheld_and_the_others_do_not_get_it(
    world: World,
) -> None:
    """The share of somebody without consent is nobody else's."""
    company, program = world.company(reps=2), world.program()
    ann, bob = company.reps
    world.consent(company, program, ann)
    world.enroll(company, program)
    deal = world.register(company, program, credits=shared(company, 60, 40))
    approval = world.approve(deal)
    assert {
        (ann, OutcomeStatus.AWARDED, 9_000, None),
        (bob, OutcomeStatus.WITHHELD, 6_000, WithheldReason.NO_CONSENT),
    } == {
        (one.recipient_id, one.status, one.amount_minor, one.reason)
        for one in approval.activity.outcomes
    }
    assert [9_000, 0] == available(world, company)


def test_a_goal_counts_each_person_s_share_of_the_revenue(quick_world: World) -> None:
    """60 % of 30,000.00 reach a goal of 18,000.00, 40 % do not."""
    world = quick_world
    company = world.company(reps=2)
    program = world.program(BONUS, goals=(QUARTER,))
    world.consent(company, program)
    world.enroll(company, program)
    for rep in company.reps:
        world.target(company, program, rep, 1_800_000, 1_800_000)
    world.win(world.register(company, program, credits=shared(company, 60, 40)))
    assert [50_000, 0] == available(world, company)


def test_what_cannot_be_shared_is_refused(quick_world: World) -> None:
    """Twice the same person, nothing, a fourth person, somebody of another company or unknown."""
    world = quick_world
    company, program = world.ready(reps=4)
    ann = company.reps[0]
    for shares in (
        (Credit(ann, 1), Credit(ann, 2)),
        (Credit(ann, 0),),
        (Credit(ann, -1),),
        (Credit(ann, 10**7),),
        shared(company, 1, 1, 1, 1),
    ):
        with pytest.raises(InvalidInput) as refused:
            world.register(company, program, credits=shares)
        assert "credits" == refused.value.field
    for stranger in (world.company().rep, "nobody"):
        with pytest.raises(NotFound):
            world.register(company, program, credits=(Credit(ann, 1), Credit(stranger, 1)))


def test_two_shared_deals_approved_at_once_pay_everybody_once(world: World) -> None:
    """Each transaction posts to both wallets: one of them decides again."""
    company, program = world.ready(reps=2)
    registered = [
        world.register(company, program, credits=shared(company, *weights))
        for weights in ((60, 40), (40, 60))
    ]
    portal = world.on(Together(world.store, 2))
    answers = in_parallel(
        *[lambda deal=deal: approve(world, deal.id, portal) for deal in registered]
    )
    assert [] == [answer for answer in answers if isinstance(answer, Exception)]
    assert [15_000, 15_000] == available(world, company)
    assert [[1, 2], [1, 2]] == [
        [journal.sequence for journal in world.journals(rep)] for rep in company.reps
    ]
    assert [] == world.audit(program, company.parties)


amounts = st.integers(0, 10**9)
weighed = st.lists(st.integers(0, 1_000), min_size=3, max_size=3).filter(any)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    estimate=amounts,
    changed=st.none() | amounts,
    final=amounts,
    weights=weighed,
    again=st.none() | weighed,
    end=st.sampled_from(["won", "returned", "won again"]),
)
def test_any_split_of_any_amounts_sums_exactly(
    sqlite_engine: SqliteEngine,
    estimate: int,
    changed: int | None,
    final: int,
    weights: list[int],
    again: list[int] | None,
    end: str,
) -> None:
    """Capability N7: won it is the pot of the final amount, returned nothing is left anywhere."""
    world = World(TableStore(sqlite_engine))
    company, program = world.ready(STRICT, PERCENT, reps=3)
    world.fund(program, 10**9)
    deal = world.register(company, program, estimate, credits=shared(company, *weights))
    world.approve(deal)
    if changed is not None:
        arguments: dict[str, Any] = {"amount_minor": changed, "currency": "USD"}
        deal_changes.change_deal_amount(world.portal, world.manage(), deal_id=deal.id, **arguments)
    if again is not None:
        credit(world, deal, *shared(company, *again))
    world.win(deal, final)
    if end != "won":
        assert 0 == sum(award.amount_minor for award in back(world, deal).deal.awards)
        assert [0, 0, 0] == available(world, company)
    if end == "won again":
        deal_changes.reopen_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)
        world.win(deal, final)
    if end != "returned":
        percent = of_rate(final, 200)
        # Reopened after all of its registration was taken back, it is one that was registered.
        assert of_rate(final, 300) + percent == sum(available(world, company))
    left = 1_010_000_000 - sum(available(world, company))
    assert left == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def test_a_shared_history_is_proved_by_verify(quick_world: World) -> None:
    """Invariants L1 to L18, the replay of every share included."""
    world = quick_world
    define(world)
    company, program = world.ready(STRICT, PERCENT, SALE, COMPANY, reps=3)
    deal = world.approve(world.register(company, program, credits=shared(company, 7, 2, 1))).deal
    credit(world, deal, *shared(company, 1, 1, 1))
    win = world.win(deal, 2_999_999)
    assert OutcomeStatus.AWARDED in {status for status, _, _ in outcomes_of(win.activity)}
    back(world, deal)
    assert [0, 0, 0] == available(world, company)
    assert [] == findings(world)
