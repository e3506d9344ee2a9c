"""What a consent that looks back, or a retry, pays late: no more than was withheld."""

import pytest

from portal_api.domain.activities import DEAL_REGISTERED, OutcomeStatus
from portal_api.domain.consent import EVERYBODY, Whom
from portal_api.domain.deals import Deal
from portal_api.domain.granting import Terms
from portal_api.domain.programs import Program
from portal_api.domain.teams import TeamAward
from portal_api.services import deal_changes, retries
from portal_api.services.due_series import run_all
from portal_api.services.retroactive import AT_ONCE
from portal_api.services.store import Many, of_partner
from tests.services.consenting import available, findings, forgone, granted, left
from tests.services.past import BACK, TEAM, activities, killed
from tests.services.steps import TRAINING, define
from tests.services.stores import Killed
from tests.services.world import MILESTONES, Company, World

MUCH = 300_000_000


def estimate(world: World, company: Company, deal: Deal, amount_minor: int) -> Deal:
    """The rep's own change of its estimate."""
    return deal_changes.change_deal_amount(
        world.portal,
        world.ask(company.rep),
        deal_id=deal.id,
        amount_minor=amount_minor,
        currency="USD",
    ).deal


def back(world: World, program: str, whom: Whom = EVERYBODY) -> Terms:
    """A consent since the start of a program that did not begin with the world."""
    begun = world.load(Program, program)
    assert begun is not None
    return Terms(whom=whom, covers_from=begun.starts_at)


def registered(world: World, budget: int = 10**9) -> tuple[Company, str, Deal]:
    """A deal of 30,000.00 whose registration was approved before anybody consented."""
    program = world.program(MILESTONES, budget={"USD": budget}, retroactive=True)
    company = world.company()
    world.enroll(company, program)
    deal = world.approved(company, program)
    world.wait()
    return company, program, deal


@pytest.mark.parametrize(("estimated", "paid"), [(MUCH, 15_000), (1_000_000, 5_000)])
def test_a_registration_is_paid_late_by_the_estimate_that_was_approved_at_most(
    quick_world: World, estimated: int, paid: int
) -> None:
    """Who raises it afterwards is paid 150.00 all the same, and keeps no more when it is lost."""
    world = quick_world
    company, program, deal = registered(world)
    estimate(world, company, deal, estimated)
    world.wait()
    granted(world, company, program, BACK)
    kept = world.load(Deal, deal.id)
    assert kept is not None
    assert (estimated, [paid]) == (kept.amount_minor, available(world, company.reps))
    world.lose(kept)
    assert [paid] == available(world, company.reps)
    assert [0, 0, 0] == forgone(world, company, program)
    assert [] == findings(world)


def test_the_parts_of_a_deal_sum_to_its_pot_whatever_was_estimated(quick_world: World) -> None:
    """The sale settles 3 % of the final amount; a registration that is paid after it is of that."""
    world = quick_world
    company, program, deal = registered(world)
    estimate(world, company, deal, MUCH)
    granted(world, company, program, BACK)
    world.wait()
    kept = world.load(Deal, deal.id)
    assert kept is not None
    world.win(kept, 6_000_000)
    late, also, sold = registered(world)
    estimate(world, late, sold, MUCH)
    world.win(world.load(Deal, sold.id) or sold, 6_000_000)
    world.wait()
    granted(world, late, also, back(world, also))
    assert [180_000] == available(world, company.reps) == available(world, late.reps)
    assert [] == findings(world)


def test_a_consent_is_not_waited_for_to_estimate_more(quick_world: World) -> None:
    """Also what is paid by the series, after the grant, is of what was approved."""
    world = quick_world
    define(world)
    program = world.program(
        MILESTONES, TRAINING, budget={"USD": 10**9, "POINTS": 10**6}, retroactive=True
    )
    company = world.company()
    world.enroll(company, program)
    for number in range(AT_ONCE):
        world.record(company, program, "TRAINING", f"{number}")
    world.wait()
    deal = world.approved(company, program)
    world.wait()
    granted(world, company, program, BACK)
    estimate(world, company, deal, MUCH)
    before = available(world, company.reps)
    run_all(world.portal)
    assert ([0], [15_000]) == (before, available(world, company.reps))


def test_a_retry_pays_a_registration_by_the_estimate_that_was_approved(
    quick_world: World,
) -> None:
    """It lacked budget; the estimate was raised meanwhile."""
    world = quick_world
    company, program, deal = registered(world, budget=100)
    granted(world, company, program)
    other = world.approved(company, program)
    world.wait()
    estimate(world, company, other, MUCH)
    world.fund(program, 10**9)
    (short,) = (
        one
        for one in activities(world, company, company.rep)
        if one.behavior == DEAL_REGISTERED and one.deal_id == other.id
    )
    retries.retry_withheld(world.portal, world.manage(), activity_id=short.id)
    assert deal.id != other.id
    assert [15_000] == available(world, company.reps)


def a_team(world: World, *enrolled: int) -> tuple[Company, str]:
    """Two reps of a team that has earned 1.00 before those named enrolled, and one who left."""
    define(world)
    program = world.program(TEAM, budget={"USD": 10**6}, retroactive=True)
    company = world.company(reps=3)
    world.record(company, program, "TRAINING", "1")
    world.wait()
    for number in enrolled:
        world.enroll(company, program, company.reps[number])
    world.wait()
    return company, program


def test_a_team_of_which_nobody_was_enrolled_shares_among_those_who_are_by_the_consent(
    quick_world: World,
) -> None:
    """Each once; who enrolls after the consent has no share, nor who has left the program."""
    world = quick_world
    company, program = a_team(world, 0, 1, 2)
    left(world, company, program, company.reps[2])
    (before,) = activities(world, company, company.rep)
    granted(world, company, program, BACK)
    run_all(world.portal)
    (after,) = activities(world, company, company.rep)
    statuses = [one.outcomes[0].status for one in (before, after)]
    assert [OutcomeStatus.WITHHELD, OutcomeStatus.SHARED] == statuses
    assert [50, 50, 0] == available(world, company.reps)
    assert [] == findings(world)


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_a_team_s_share_that_was_killed_on_its_way_is_paid_once(
    quick_world: World, commits: int
) -> None:
    """The activity, and each share, are transactions of their own."""
    world = quick_world
    company, program = a_team(world, 0, 1)
    with pytest.raises(Killed):
        granted(world, company, program, BACK, portal=killed(world, commits))
    run_all(world.portal)
    run_all(world.portal)
    assert [50, 50, 0] == available(world, company.reps)
    want = Many(TeamAward, of_partner(company.id))
    assert 1 == len(world.store.read([want])[want].records)


def test_a_team_s_past_is_not_paid_without_looking_back(quick_world: World) -> None:
    """Nor to those whom a consent does not cover, or who enrolled after it."""
    world = quick_world
    company, program = a_team(world, 0)
    granted(world, company, program)
    second, late = a_team(world)
    granted(world, second, late, back(world, late))
    world.wait()
    world.enroll(second, late, second.rep)
    run_all(world.portal)
    third, some = a_team(world, 0, 1)
    granted(world, third, some, back(world, some, Whom((third.reps[1],))))
    assert [0, 0, 0] == available(world, company.reps) == available(world, second.reps)
    assert [0, 100, 0] == available(world, third.reps)
