"""What a version has begun to pay on a deal it ends; a rule that is dropped pays nothing new."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import OutcomeStatus
from portal_api.domain.deals import Deal
from portal_api.domain.errors import PlanNotPublishable
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.plans import Rule
from portal_api.services import activities, deal_changes, plans
from portal_api.services.retries import retry_withheld
from tests.services.steps import TRAINING, define
from tests.services.world import DAY, MILESTONES, QUARTER, Company, World, awarded, outcomes_of

DEMO = Rule("demo", "Demo", Level.INDIVIDUAL, "USD", Overlay("DEMO", 5_000))
OTHER = replace(QUARTER, code="R")
PERCENT = Rule("percent", "Percent", Level.INDIVIDUAL, "USD", PercentOfDeal(200))


def publish(world: World, program: str, *rules: Rule) -> None:
    content = plans.PlanContent(rules, (QUARTER, OTHER))
    plans.publish_plan(world.portal, world.manage(), program_id=program, content=content)


def at_rate(rate_bps: int) -> Rule:
    return replace(MILESTONES, mechanic=MilestoneSplit(rate_bps))


def paid(world: World, deal: Deal) -> int:
    """What the deal was paid in all."""
    found = world.load(Deal, deal.id)
    assert found is not None
    return sum(award.amount_minor for award in found.awards)


def demo(world: World, company: Company, program: str, deal: Deal) -> None:
    activities.record_activity(
        world.portal,
        world.manage(),
        partner_id=company.id,
        individual_id=company.rep,
        program_id=program,
        behavior="DEMO",
        source="crm",
        source_event_id=deal.id,
        occurred_at=None,
        deal_id=deal.id,
    )


@pytest.mark.parametrize("shadow", [False, True], ids=["dropped", "made a shadow"])
def test_what_waits_under_an_earlier_version_is_released_or_cancelled_with_its_deal(
    world: World,
    shadow: bool,
) -> None:
    """Domain rule 4.3: an overlay is pending until its deal is won or lost, whatever is next."""
    define(world, "DEMO")
    define(world)
    company, program = world.ready(DEMO)
    won, lost = (world.approved(company, program) for _ in range(2))
    demo(world, company, program, won)
    demo(world, company, program, lost)
    assert 10_000 == world.balance(company.rep).pending
    world.wait()
    publish(world, program, TRAINING, *((replace(DEMO, shadow=True),) if shadow else ()))
    world.wait()

    win, loss = world.win(won), world.lose(lost)

    assert [(OutcomeStatus.RELEASED, 5_000, None)] == outcomes_of(win.activity)
    assert [(OutcomeStatus.CANCELLED, 5_000, None)] == outcomes_of(loss.activity)
    assert (0, 5_000) == (
        world.balance(company.rep).pending,
        world.balance(company.rep).available,
    )
    assert [] == world.audit(program, company.parties)


def test_a_return_takes_back_what_a_dropped_rule_has_paid(world: World) -> None:
    define(world)
    company, program = world.ready(PERCENT)
    sold = world.win(world.approved(company, program)).deal
    world.wait()
    publish(world, program, TRAINING)
    world.wait()

    returned = deal_changes.return_deal(
        world.portal, world.manage(), deal_id=sold.id, occurred_at=None
    )

    assert [(OutcomeStatus.TAKEN_BACK, 60_000, None)] == outcomes_of(returned.activity)
    assert 0 == world.balance(company.rep).available


def test_a_dropped_rule_pays_nothing_new(quick_world: World) -> None:
    world = quick_world
    define(world)
    company, program = world.ready(PERCENT)
    deal = world.approved(company, program)
    publish(world, program, replace(PERCENT, code="other"))
    world.wait()

    win = world.win(deal)

    assert [awarded(60_000)] == outcomes_of(win.activity)
    assert ["other"] == [outcome.rule_code for outcome in win.activity.outcomes]


@pytest.mark.parametrize(
    "changed",
    [
        replace(PERCENT, mechanic=Flat("DEAL_WON", 5)),
        replace(PERCENT, level=Level.PARTNER),
        replace(PERCENT, asset="POINTS", mechanic=Flat("DEAL_WON", 5)),
    ],
    ids=["another mechanic", "another level", "another asset"],
)
def test_a_rule_s_code_goes_on_with_the_same_mechanic_level_and_asset(
    quick_world: World, changed: Rule
) -> None:
    """Else what it has paid would be taken back by a stranger."""
    _, program = quick_world.ready(PERCENT)
    publish(quick_world, program, replace(PERCENT, mechanic=PercentOfDeal(300)))

    with pytest.raises(PlanNotPublishable) as refused:
        publish(quick_world, program, changed)

    assert "give it another code" in " ".join(refused.value.problems)


def test_a_rule_s_counters_go_on_with_the_same_goal_and_bands_only(quick_world: World) -> None:
    """What was decided and rated once is not decided and rated again by other numbers."""
    bands = Tiered("Q", (Band(0, 200), Band(1_000, 500)))
    tiered = Rule("tiered", "Tiered", Level.INDIVIDUAL, "USD", bands)
    bonus = Rule("bonus", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 100, 50))
    world = quick_world
    program = world.program(tiered, bonus, goals=(QUARTER, OTHER))
    world.wait()
    publish(world, program, tiered, replace(bonus, mechanic=GoalBonus("Q", 70)))
    for changed in (
        replace(tiered, mechanic=replace(bands, retrospective=True)),
        replace(tiered, mechanic=replace(bands, bands=(Band(0, 200), Band(1_000, 600)))),
        replace(bonus, mechanic=GoalBonus("R", 100, 50)),
    ):
        with pytest.raises(PlanNotPublishable) as refused:
            publish(world, program, changed)
        assert f"Rule {changed.code} was another" in " ".join(refused.value.problems)


@pytest.mark.parametrize("later", [30, 300, 600])
def test_a_deal_is_paid_to_its_end_by_the_version_that_began(world: World, later: int) -> None:
    """3 % at its registration, whatever comes: 150.00 and 750.00, and nothing is taken back."""
    company, program = world.ready()
    deal = world.approved(company, program)
    world.wait()
    publish(world, program, at_rate(later))
    world.wait()

    assert [awarded(75_000)] == outcomes_of(world.win(deal).activity)

    new = world.approved(company, program)
    world.win(new)
    assert [90_000, 300 * later] == [paid(world, deal), paid(world, new)]
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize(("before", "after"), [(30, 300), (300, 30)])
def test_a_late_approval_of_before_another_version_does_not_cut_the_sale(
    quick_world: World, before: int, after: int
) -> None:
    """The sale was paid by the version in force; the registration completes that one's pot."""
    world = quick_world
    company, program = world.ready(at_rate(before))
    deal = world.register(company, program)
    world.wait(2)
    publish(world, program, at_rate(after))
    world.wait()
    assert [awarded(250 * after)] == outcomes_of(world.win(deal).activity)

    late = world.approve(deal, occurred_at=world.now - 2 * DAY)

    assert [awarded(50 * after)] == outcomes_of(late.activity)
    assert 300 * after == paid(world, deal)
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize(("before", "after"), [(30, 300), (300, 30), (300, 300)])
def test_a_withheld_registration_that_is_paid_after_the_sale_is_of_the_sale_s_pot(
    quick_world: World, before: int, after: int
) -> None:
    """Domain rule 4.3: the parts sum to one pot, whichever version was in force at each."""
    world = quick_world
    company, program = world.company(), world.program(at_rate(before), budget={})
    world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    approval = world.approve(deal).activity
    world.fund(program, 1_000_000)
    world.wait()
    publish(world, program, at_rate(after))
    world.wait()
    world.win(deal)

    retried = retry_withheld(world.portal, world.manage(), activity_id=approval.id)

    assert [awarded(50 * after)] == outcomes_of(retried.activity)
    assert 300 * after == paid(world, deal)
    assert [] == world.audit(program, company.parties)
