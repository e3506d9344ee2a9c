"""What people go without on a deal goes with the deal: nobody forgoes a sale that was undone."""

from dataclasses import replace

import pytest

from portal_api.domain.awards import as_paid, forgone_by
from portal_api.domain.deals import Credit, Deal
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.plans import PlanVersion, Rule
from portal_api.domain.writes import Save
from portal_api.services import deal_changes, plans
from tests.services.consenting import available, findings, forgone, granted, revoked
from tests.services.past import BACK
from tests.services.steps import define
from tests.services.world import MILESTONES, QUARTER, Company, World

LOSSES = replace(MILESTONES, mechanic=MilestoneSplit(300, keep_on_loss=False))


def a_rule(mechanic: object) -> Rule:
    return Rule("rule", "Rule", Level.INDIVIDUAL, "USD", mechanic)  # type: ignore[arg-type]


def unconsented(world: World, *rules: Rule, reps: int = 1) -> tuple[Company, str, Deal]:
    """Reps who are enrolled and a deal that is registered, without anybody's consent."""
    define(world)
    program = world.program(*rules, goals=(QUARTER,), budget={"USD": 10**9}, retroactive=True)
    company = world.company(reps=reps)
    world.enroll(company, program)
    deal = world.approved(company, program)
    world.wait()
    return company, program, deal


def give_back(world: World, deal: Deal) -> Deal:
    returned = deal_changes.return_deal(
        world.portal, world.manage(), deal_id=deal.id, occurred_at=None
    ).deal
    world.wait()
    return returned


def opened(world: World, deal: Deal) -> Deal:
    again = deal_changes.reopen_deal(
        world.portal, world.manage(), deal_id=deal.id, occurred_at=None
    ).deal
    world.wait()
    return again


def won(world: World, deal: Deal, amount_minor: int = 3_000_000) -> Deal:
    sold = world.win(deal, amount_minor).deal
    world.wait()
    return sold


def settled(world: World, company: Company, program: str) -> tuple[int, list[int]]:
    """What was forgone, and what each has once a consent has looked back; all counters are right.

    Nothing is forgone then.
    """
    before = forgone(world, company, program)[0]
    granted(world, company, program, BACK)
    assert [0, 0] == forgone(world, company, program)[:2]
    assert [] == findings(world)
    return before, available(world, company.reps)


@pytest.mark.parametrize(
    ("rule", "on_sale", "after_return"),
    [
        (MILESTONES, 90_000, 15_000),
        (a_rule(PercentOfDeal(100)), 30_000, 0),
        (a_rule(Flat("DEAL_WON", 700)), 700, 0),
        (a_rule(GoalBonus("Q", 500)), 500, 0),
    ],
)
def test_a_returned_sale_is_forgone_no_more_and_a_resale_once(
    quick_world: World, rule: Rule, on_sale: int, after_return: int
) -> None:
    """The company's counter goes with the person's; what is paid late is what was forgone."""
    world = quick_world
    company, program, deal = unconsented(world, rule)
    world.target(company, program, company.rep, 3_000_000, 10**9)
    counted = []
    for turn in range(3):
        deal = won(world, deal)
        counted.append(forgone(world, company, program))
        deal = give_back(world, deal)
        counted.append(forgone(world, company, program))
        if turn < 2:
            deal = opened(world, deal)
    sold = [on_sale, 1, on_sale]
    undone = [after_return, int(after_return > 0), after_return]
    assert [sold, undone] * 3 == counted
    assert [] == findings(world)
    assert (after_return, [after_return]) == settled(world, company, program)


def test_a_return_takes_the_registration_with_it_where_it_is_not_kept(quick_world: World) -> None:
    """Sold again, the sale's part is forgone; paid late, the registration's is paid besides."""
    world = quick_world
    company, program, deal = unconsented(world, LOSSES)
    returned = give_back(world, won(world, deal))
    after = forgone(world, company, program)
    won(world, opened(world, returned))
    assert [0, 0, 0] == after
    assert (75_000, [90_000]) == settled(world, company, program)


def test_what_was_sold_again_is_paid_late_once(quick_world: World) -> None:
    world = quick_world
    company, program, deal = unconsented(world, MILESTONES)
    won(world, opened(world, give_back(world, won(world, deal))), 2_400_000)
    assert (72_000, [72_000]) == settled(world, company, program)


@pytest.mark.parametrize(("rule", "left"), [(MILESTONES, 15_000), (LOSSES, 0)])
def test_a_lost_deal_is_forgone_as_far_as_it_would_be_kept(
    quick_world: World, rule: Rule, left: int
) -> None:
    world = quick_world
    company, program, deal = unconsented(world, rule)
    world.lose(deal)
    world.wait()
    assert (left, [left]) == settled(world, company, program)


@pytest.mark.parametrize(("days", "left"), [(0, 100), (1, 0)])
def test_what_waits_for_a_sale_is_forgone_until_that_is_too_late(
    quick_world: World, days: int, left: int
) -> None:
    """An overlay of somebody else than the deal's owner, whose deal is won a day later, or two."""
    world = quick_world
    company, program, deal = unconsented(
        world, a_rule(Overlay("TRAINING", 100, within_days=days)), reps=2
    )
    world.record(company, program, "TRAINING", "1", rep=company.reps[1], deal_id=deal.id)
    before = forgone(world, company, program)
    world.wait(2)
    won(world, world.load(Deal, deal.id) or deal)
    assert [100, 1, 0, 100] == before
    assert (left, [0, left]) == settled(world, company, program)


def test_an_overlay_of_a_lost_deal_is_forgone_no_more(quick_world: World) -> None:
    """It is paid all the same where the deal is opened again and won."""
    world = quick_world
    company, program, deal = unconsented(world, a_rule(Overlay("TRAINING", 100)))
    world.record(company, program, "TRAINING", "1", deal_id=deal.id)
    world.wait()
    lost = world.lose(world.load(Deal, deal.id) or deal).deal
    world.wait()
    after = forgone(world, company, program)
    won(world, opened(world, lost))
    assert [0, 0, 0] == after
    assert (0, [100]) == settled(world, company, program)


def test_a_smaller_sale_is_what_is_forgone_in_all(quick_world: World) -> None:
    """Of 90.00 in all, not 150.00 of the registration's estimate and 75.00 besides."""
    world = quick_world
    company, program, deal = unconsented(world, MILESTONES)
    won(world, deal, 300_000)
    assert (9_000, [9_000]) == settled(world, company, program)


@pytest.mark.parametrize("amount_minor", [2_400_000, 3_000_000, 6_000_000])
def test_what_was_paid_before_counts_for_what_is_forgone_after(
    quick_world: World, amount_minor: int
) -> None:
    """The registration is paid, the consent revoked: the sale's part is forgone, until a return."""
    world = quick_world
    company, program = world.ready()
    deal = world.approved(company, program)
    world.wait()
    revoked(world, company, f"{company.id}.{program}.1")
    world.wait()
    sold = won(world, deal, amount_minor)
    before = forgone(world, company, program)
    give_back(world, sold)
    part = amount_minor * 3 // 100 - 15_000
    assert ([part, 1, part], [0, 0, 0]) == (before, forgone(world, company, program))
    assert [] == findings(world)


def test_each_of_those_who_share_a_deal_goes_without_its_own_part(quick_world: World) -> None:
    """Also somebody who is credited no more when the deal is lost."""
    world = quick_world
    company, program, _ = unconsented(world, LOSSES, reps=2)
    shares = tuple(Credit(rep, 1) for rep in company.reps)
    deal = world.approve(world.register(company, program, credits=shares)).deal
    own = forgone(world, company, program)
    world.wait()
    mine = deal_changes.credit_deal(
        world.portal, world.manage(), deal_id=deal.id, credits=(Credit(company.rep, 1),)
    ).deal
    world.lose(mine)
    assert [30_000, 2, 22_500, 7_500] == own
    assert [15_000, 1, 15_000, 0] == forgone(world, company, program)
    assert [] == findings(world)


def test_a_rule_that_is_dropped_ends_what_it_was_forgone_by(quick_world: World) -> None:
    """As what it has paid: by the version that would have paid it."""
    world = quick_world
    company, program, deal = unconsented(world, LOSSES)
    plans.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        content=plans.PlanContent((a_rule(Flat("DEAL_WON", 700)),), (QUARTER,), None),
    )
    assert world.load(PlanVersion, f"{program}.2") is not None
    world.wait()
    before = forgone(world, company, program)
    world.lose(deal)
    assert ([15_000, 1, 15_000], [0, 0, 0]) == (before, forgone(world, company, program))
    assert [] == findings(world)


def test_a_shadow_makes_nobody_go_without(quick_world: World) -> None:
    world = quick_world
    company, program, deal = unconsented(world, replace(MILESTONES, shadow=True))
    kept = won(world, deal)
    assert ((), [0, 0, 0]) == (kept.forgone, forgone(world, company, program))


def test_a_deal_that_says_more_or_less_than_its_people_go_without_is_found(
    quick_world: World,
) -> None:
    """Verification holds the counters against deals, and these against what was withheld."""
    world = quick_world
    company, _, deal = unconsented(world, MILESTONES)
    sold = won(world, deal)
    assert 90_000 == sum(forgone_by(sold.forgone).values())
    assert {15_000, 75_000} == {one.amount_minor for one in as_paid(sold.forgone)}
    changed = [sold.forgone[:1], sold.forgone * 2]
    found = []
    for kept in changed:
        stored = world.load(Deal, deal.id) or deal
        world.store.commit([Save(replace(stored, forgone=kept))])
        found.append(findings(world))
    told = f"{company.id}.{deal.program_id}.partner counts 75000 more of forgone:USD"
    assert [True, False] == [any(told in one for one in of_one) for of_one in found]
    assert [] == found[1]
