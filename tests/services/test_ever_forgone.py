"""What people went without is a sum of its own, which no payment afterwards makes less.

What is left of it is that sum less what was paid. Executives are told the first, so that a consent
for one person does not tell what that one went without.
"""

from dataclasses import replace

import pytest

from portal_api.domain.consent import Whom
from portal_api.services.deal_changes import return_deal
from portal_api.services.retries import retry_withheld
from portal_api.services.team_awards import pay_open_awards
from tests.services.consenting import (
    available,
    ever_forgone,
    findings,
    forgone,
    granted,
    revoked,
)
from tests.services.past import BACK, TEAM, a_past, activities, points
from tests.services.steps import TRAINING
from tests.services.world import MILESTONES, Company, World


def sums(
    world: World, company: Company, program: str, asset: str = "USD"
) -> tuple[list[int], list[int]]:
    """All that was ever gone without and what is left of it, once the proof has found no error."""
    assert [] == findings(world)
    ever = ever_forgone(world, company, program, asset)
    return ever, forgone(world, company, program, asset)


def test_a_consent_for_one_person_after_the_other_leaves_the_sum_as_it_was(world: World) -> None:
    company, program = a_past(world)
    before = sums(world, company, program, "POINTS")
    after = []
    for rep in company.reps:
        granted(world, company, program, replace(BACK, whom=Whom((rep,))))
        after.append(sums(world, company, program, "POINTS"))
        world.wait()

    ever = [300, 2, 150, 150]
    assert (ever, ever) == before
    assert [(ever, [150, 1, 0, 150]), (ever, [0, 0, 0, 0])] == after
    assert [150, 150] == points(world, company)


def test_on_a_deal_all_that_was_left_of_it_was_paid_and_stays_in_the_sum(
    quick_world: World,
) -> None:
    """Also where the deal is returned later: then it gives back what it was paid."""
    world = quick_world
    program = world.program(MILESTONES, budget={"USD": 10**9}, retroactive=True)
    company = world.company(reps=1)
    world.enroll(company, program)
    deal = world.approved(company, program)
    world.wait()
    sold = world.win(deal, 3_000_000).deal
    world.wait()
    before = sums(world, company, program)
    granted(world, company, program, BACK)

    assert ([90_000, 1, 90_000],) * 2 == before
    assert ([90_000, 1, 90_000], [0, 0, 0]) == sums(world, company, program)
    assert [90_000] == available(world, company.reps)
    world.wait()
    return_deal(world.portal, world.manage(), deal_id=sold.id, occurred_at=None)
    assert ([90_000, 1, 90_000], [0, 0, 0]) == sums(world, company, program)


def test_a_share_for_which_there_is_no_budget_is_not_withheld_for_consent_any_more(
    quick_world: World,
) -> None:
    """Nor is it once it is paid; and it is again if the consent is gone by then."""
    world = quick_world
    company, program = a_past(world, TEAM, trainings=1, budget=1)
    told = [sums(world, company, program)]
    granted(world, company, program, BACK)
    world.wait()
    told.append(sums(world, company, program))
    first, second = (activities(world, company, rep)[0].id for rep in company.reps)
    world.fund(program, 10_000)
    retry_withheld(world.portal, world.manage(), activity_id=first)
    told.append(sums(world, company, program))
    revoked(world, company, f"{company.id}.{program}.1")
    retry_withheld(world.portal, world.manage(), activity_id=second)
    pay_open_awards(world.portal)
    told.append(sums(world, company, program))

    ever = [200, 2, 100, 100]
    assert [ever] * 4 == [one for one, _ in told]
    assert [ever, [0] * 4, [0] * 4, [100, 2, 50, 50]] == [left for _, left in told]
    assert [50, 50] == available(world, company.reps)


@pytest.mark.parametrize("asset", ["POINTS", "USD"])
def test_a_shadow_is_forgone_by_nobody_before_and_after(quick_world: World, asset: str) -> None:
    world = quick_world
    company, program = a_past(world, replace(TRAINING, shadow=True), trainings=1)
    granted(world, company, program, BACK)
    assert ([0, 0, 0, 0],) * 2 == sums(world, company, program, asset)
