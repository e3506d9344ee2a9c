"""Three people take part in a deal; what a fourth does for it counts, but not for the deal."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import Activity, OutcomeStatus, WithheldReason
from portal_api.domain.claims import ClaimStatus
from portal_api.domain.deals import Deal
from portal_api.domain.errors import NothingWithheld
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.partners import Segment
from portal_api.domain.plans import Rule
from portal_api.services.dry_runs import dry_run
from portal_api.services.retries import retry_withheld
from tests.services.steps import TRAINING, define
from tests.services.test_claims import SOLD, a_seller, approve, claim
from tests.services.world import Company, World, awarded, outcomes_of, withheld

DEMO = Rule("demo", "Demo", Level.INDIVIDUAL, "USD", Overlay("TRAINING", 5_000))


def a_full_deal(world: World, company: Company, program: str, behavior: str) -> Deal:
    """A deal of the first rep, for which the next two have done something."""
    deal = world.approved(company, program)
    for rep in company.reps[1:3]:
        world.record(company, program, behavior, rep, rep=rep, deal_id=deal.id)
    return seen(world, deal)


def seen(world: World, deal: Deal) -> Deal:
    found = world.load(Deal, deal.id)
    assert found is not None
    return found


def test_what_a_fourth_person_does_for_a_deal_is_recorded_and_the_deal_s_rules_do_not_see_it(
    world: World,
) -> None:
    """The points for the behavior itself are paid; of what waits for the sale nothing."""
    define(world)
    company, program = world.ready(DEMO, TRAINING, reps=4)
    world.fund(program, 1_000, "POINTS")
    deal = a_full_deal(world, company, program, "TRAINING")

    dan = company.reps[3]
    fourth = world.record(company, program, "TRAINING", "4", rep=dan, deal_id=deal.id).activity

    assert [awarded(50)] == outcomes_of(fourth)
    assert (deal.id, None) == (fourth.deal_id, fourth.deal_amount_minor)
    stored = world.load(Activity, fourth.id)
    assert stored is not None
    assert fourth.outcomes == stored.outcomes
    assert deal == seen(world, deal)
    assert company.reps[:3] == deal.people
    world.wait()
    win = world.win(deal)
    assert [(OutcomeStatus.RELEASED, 5_000, None)] * 2 == outcomes_of(win.activity)
    assert [50, 0] == [world.balance(dan, "POINTS").available, world.balance(dan).available]
    assert [] == world.audit(program, company.parties)


def test_who_takes_part_already_can_do_more_for_a_full_deal(quick_world: World) -> None:
    world = quick_world
    define(world)
    define(world, "VISIT")
    company, program = world.ready(DEMO, reps=3)
    deal = a_full_deal(world, company, program, "TRAINING")
    world.record(company, program, "VISIT", "1", rep=company.reps[2], deal_id=deal.id)
    assert ("VISIT", company.reps[2]) in {
        (did.behavior, did.individual_id) for did in seen(world, deal).history
    }


def test_a_retry_of_a_fourth_person_s_activity_does_not_see_the_deal_either(
    quick_world: World,
) -> None:
    """Else a full deal would have four people, more than any transaction was measured for."""
    world = quick_world
    define(world)
    for_product = replace(TRAINING, code="product", segment=Segment(products=("Product",)))
    company = world.company(reps=4)
    program = world.program(TRAINING, for_product, budget={"POINTS": 200})
    world.consent(company, program)
    world.enroll(company, program)
    deal = a_full_deal(world, company, program, "TRAINING")
    fourth = world.record(
        company, program, "TRAINING", "4", rep=company.reps[3], deal_id=deal.id
    ).activity
    short = withheld(50, WithheldReason.BUDGET_EXHAUSTED)
    elsewhere = withheld(50, WithheldReason.OUT_OF_SEGMENT)
    assert [short, elsewhere] == outcomes_of(fourth)
    world.fund(program, 1_000, "POINTS")

    done = retry_withheld(world.portal, world.manage(), activity_id=fourth.id)

    assert [awarded(50), elsewhere] == outcomes_of(done.activity)
    assert deal == seen(world, deal)
    with pytest.raises(NothingWithheld):
        retry_withheld(world.portal, world.manage(), activity_id=fourth.id)
    assert [] == world.audit(program, company.parties)


def test_a_claim_in_review_can_be_approved_for_a_deal_that_is_full_by_now(world: World) -> None:
    """It was refused to nobody when it was submitted, so it is not lost afterwards."""
    company, program = a_seller(world, SOLD, review=True, reps=4)
    deal = world.approved(company, program)
    dan = company.reps[3]
    waits = claim(world, company, program, "INV-4", rep=dan, deal=deal.id).claim
    for rep in company.reps[1:3]:
        approve(world, claim(world, company, program, f"INV-{rep}", rep=rep, deal=deal.id).claim)
    full = seen(world, deal)
    assert company.reps[:3] == full.people

    done = approve(world, waits)

    assert [awarded(500)] == outcomes_of(done.activity)
    assert ClaimStatus.APPROVED == done.claim.status
    assert full == seen(world, deal)
    assert 500 == world.balance(dan).available
    late = claim(world, company, program, "INV-5", rep=dan, deal=deal.id).claim
    assert [awarded(500)] == outcomes_of(approve(world, late).activity)


def test_a_dry_run_sees_a_full_deal_as_it_was_seen(quick_world: World) -> None:
    """What was not looked at for the fourth person is not looked at in the run either."""
    world = quick_world
    define(world)
    company, program = world.ready(DEMO, TRAINING, reps=4)
    world.fund(program, 1_000, "POINTS")
    deal = a_full_deal(world, company, program, "TRAINING")
    world.wait()
    # It happened before all that the others did.
    world.record(
        company,
        program,
        "TRAINING",
        "4",
        rep=company.reps[3],
        occurred_at=deal.submitted_at,
        deal_id=deal.id,
    )
    world.wait()
    world.win(deal)

    done = dry_run(world.portal, program_id=program, partner_id=company.id, number=1)

    assert [] == [line for line in done.lines if line.would_pay_minor != line.paid_minor]
    assert 3 == sum(line.paid_minor == 50 for line in done.lines)
