"""What was withheld before a first consent is paid afterwards: what, to whom, and how much."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import OutcomeStatus
from portal_api.domain.consent import Cap, Whom
from portal_api.domain.errors import InvalidInput, NotRetroactive
from portal_api.domain.goals import Progress
from portal_api.domain.granting import Terms
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import Role
from portal_api.domain.teams import TeamAward
from portal_api.domain.writes import Count
from portal_api.services import deal_changes, people
from portal_api.services.due_series import run_all
from portal_api.services.retroactive import LOOKING_BACK, pay_looking_back
from portal_api.services.store import Many, of_partner
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.consenting import (
    accepted,
    available,
    findings,
    forgone,
    granted,
    left,
    listed,
    new_terms,
    placed,
    revoked,
    told,
    two_teams,
)
from tests.services.past import (
    BACK,
    NO_CONSENT,
    TEAM,
    a_past,
    activities,
    earnings,
    killed,
    points,
)
from tests.services.steps import TRAINING, define
from tests.services.stores import (
    Killed,
)
from tests.services.world import (
    DAY,
    MILESTONES,
    START,
    Company,
    World,
    awarded,
    outcomes_of,
    withheld,
)


def test_a_first_consent_pays_what_was_withheld_before_it(lonely_engine: Engine) -> None:
    """Domain rule 2.5: since ``coversFrom``, once; each earning names the consent."""
    world = World(TableStore(lonely_engine))
    company, program = a_past(world)
    before = forgone(world, company, program, "POINTS")

    given = granted(world, company, program, BACK)

    assert [300, 2, 150, 150] == before
    assert [150, 150] == points(world, company)
    for rep in company.reps:
        assert [[awarded(50)]] * 3 == [outcomes_of(one) for one in activities(world, company, rep)]
        assert {given} == {one.trace.consent_id for one in earnings(world, rep)}
    assert [0, 0, 0, 0] == forgone(world, company, program, "POINTS")
    assert [] == listed(world, LOOKING_BACK, company)
    assert 0 == pay_looking_back(world.portal)
    assert ["WithheldPaid"] * 6 + ["LookedBack"] == told(
        world, company, "WithheldPaid", "LookedBack"
    )
    assert [] == world.audit(program, company.parties)
    assert [] == findings(world)


@pytest.mark.parametrize(("days", "expected"), [(0, 150), (2, 100), (3, 50), (4, 0)])
def test_it_pays_what_occurred_since_it_covers_and_nothing_before(
    quick_world: World, days: int, expected: int
) -> None:
    company, program = a_past(quick_world, reps=1)

    granted(quick_world, company, program, Terms(covers_from=START + days * DAY))

    assert [expected] == points(quick_world, company)
    assert [150 - expected] == forgone(quick_world, company, program, "POINTS")[2:]


def test_a_consent_that_does_not_look_back_pays_nothing_afterwards(quick_world: World) -> None:
    company, program = a_past(quick_world)

    granted(quick_world, company, program)
    run_all(quick_world.portal)

    assert [0, 0] == points(quick_world, company)
    assert [300, 2] == forgone(quick_world, company, program, "POINTS")[:2]


def test_only_a_retroactive_program_looks_back_and_not_before_its_start(
    quick_world: World,
) -> None:
    world = quick_world
    company, program, other = world.company(), world.program(), world.program(retroactive=True)
    world.wait()

    with pytest.raises(NotRetroactive):
        granted(world, company, program, BACK)
    with pytest.raises(InvalidInput) as refused:
        granted(world, company, other, Terms(covers_from=START - DAY))
    granted(world, company, program, Terms(valid_from=world.now, covers_from=world.now))

    assert "coversFrom" == refused.value.field


@pytest.mark.parametrize(
    "terms",
    [replace(BACK, payee=Payee.PARTNER), replace(BACK, valid_from=START + 90 * DAY), BACK],
)
def test_what_is_paid_afterwards_is_the_people_s_and_by_their_first_consent(
    quick_world: World, terms: Terms
) -> None:
    """Domain rule 2.5: payee INDIVIDUAL; none is revoked to be given again for the time between."""
    world = quick_world
    company, program = a_past(world)
    revoked(world, company, granted(world, company, program))

    with pytest.raises(NotRetroactive):
        granted(world, company, program, terms)

    assert [0, 0] == points(world, company)


def test_what_arrives_late_of_the_time_before_is_paid_at_once(quick_world: World) -> None:
    """It occurred in the time that the consent covers, and is recorded after it was given."""
    world = quick_world
    company, program = a_past(world, reps=1, trainings=0)
    world.wait(10)
    granted(world, company, program, BACK)
    world.wait()

    done = world.record(company, program, "TRAINING", "late", occurred_at=START + 5 * DAY)

    assert [awarded(50)] == outcomes_of(done.activity)


def test_who_enrolled_by_then_is_paid_also_for_the_time_before_its_enrollment(
    quick_world: World,
) -> None:
    """Domain rule 2.5: to people enrolled by then, not to those who enroll later or have left."""
    world = quick_world
    define(world)
    company = world.company(reps=4)
    program = world.program(TRAINING, budget={"POINTS": 10_000}, retroactive=True)
    early, late, gone, after = company.reps
    world.enroll(company, program, early, gone)
    for rep in company.reps:
        world.record(company, program, "TRAINING", "1", rep=rep)
    world.wait()
    world.enroll(company, program, late)
    left(world, company, program, gone)
    world.wait()

    granted(world, company, program, BACK)
    world.enroll(company, program, after)
    run_all(world.portal)

    assert [50, 50, 0, 0] == points(world, company)
    assert [100, 2, 0, 0, 50, 50] == forgone(world, company, program, "POINTS")
    (withheld_still,) = activities(world, company, after)
    assert [withheld(50, NO_CONSENT)] == outcomes_of(withheld_still)


def test_whoever_has_left_the_company_is_not_paid_afterwards(quick_world: World) -> None:
    """Its enrollment ended with its employment; what it did stays on record."""
    world = quick_world
    company, program = a_past(world)
    people.end_employment(world.portal, world.manage(), at=company.id, individual_id=company.rep)
    world.wait()

    granted(world, company, program, BACK)

    assert [0, 150] == points(world, company)


def test_whoever_leaves_after_the_consent_is_paid_what_it_was_owed(quick_world: World) -> None:
    world = quick_world
    company, program = a_past(world)
    dying = killed(world, 1)
    with pytest.raises(Killed):
        granted(world, company, program, BACK, dying)
    world.wait()
    people.end_employment(world.portal, world.manage(), at=company.id, individual_id=company.rep)

    assert 6 == pay_looking_back(world.portal)
    assert [150, 150] == points(world, company)


def test_it_looks_back_for_whom_it_covers_by_team_and_role_as_they_were(
    quick_world: World,
) -> None:
    world = quick_world
    company, program = a_past(world, trainings=0)
    north, south = two_teams(world, company)
    mover, other = company.reps
    world.record(company, program, "TRAINING", "1", rep=mover)
    world.wait()
    placed(world, company, mover, south)
    world.record(company, program, "TRAINING", "2", rep=mover)
    placed(world, company, other, south, Role.MARKETER)
    world.wait()
    world.record(company, program, "TRAINING", "3", rep=other)
    world.wait()

    granted(world, company, program, replace(BACK, whom=Whom(team_ids=(north,))))
    by_team = points(world, company)
    granted(
        world,
        company,
        program,
        replace(BACK, whom=Whom(team_ids=(south,), roles=(Role.MARKETER,))),
    )

    assert [50, 0] == by_team
    assert [50, 50] == points(world, company)


def test_another_s_later_first_consent_looks_back_for_that_person(quick_world: World) -> None:
    world = quick_world
    company, program = a_past(world)
    ann, bob = company.reps

    granted(world, company, program, replace(BACK, whom=Whom((ann,))))
    one = points(world, company)
    world.wait()
    granted(world, company, program, replace(BACK, whom=Whom((bob,))))

    assert [150, 0] == one
    assert [150, 150] == points(world, company)
    assert [0, 0, 0, 0] == forgone(world, company, program, "POINTS")


def test_caps_and_the_budget_limit_what_is_paid_afterwards(quick_world: World) -> None:
    """Whole or not at all, in the order in which it occurred."""
    world = quick_world
    company, program = a_past(world, budget=260)

    granted(world, company, program, replace(BACK, caps=(Cap("POINTS", 120),)))
    run_all(world.portal)

    assert [100, 100] == points(world, company)
    assert [100, 2, 50, 50] == forgone(world, company, program, "POINTS")
    other, second = a_past_of_a_small_budget(world)
    assert [100] == points(world, other)
    assert [] == world.audit(program, company.parties)
    assert [] == world.audit(second, other.parties)


def a_past_of_a_small_budget(world: World) -> tuple[Company, str]:
    company = world.company()
    program = world.program(TRAINING, budget={"POINTS": 120}, retroactive=True)
    world.enroll(company, program)
    for number in range(3):
        world.record(company, program, "TRAINING", f"small-{number}")
    world.wait()
    granted(world, company, program, replace(BACK, covers_from=world.now - DAY))
    return company, program


def test_a_deal_s_steps_are_paid_as_if_they_had_been_in_time(quick_world: World) -> None:
    """Registration and winning: 150.00 and 750.00; of one that was won for more, the difference."""
    world = quick_world
    company = world.company(reps=2)
    program = world.program(MILESTONES, retroactive=True)
    world.enroll(company, program)
    deals = [world.approved(company, program, rep=rep) for rep in company.reps]
    world.wait()
    for deal, amount in zip(deals, (3_000_000, 6_000_000), strict=True):
        world.win(deal, amount)
    world.wait()

    granted(world, company, program, BACK)

    assert [90_000, 180_000] == available(world, company.reps)
    found = [outcomes_of(one) for rep in company.reps for one in activities(world, company, rep)]
    paid = [one for outcomes in found for one in outcomes]
    assert {OutcomeStatus.AWARDED} == {status for status, _, _ in paid}
    assert [0, 0, 0, 0] == forgone(world, company, program)
    assert [] == world.audit(program, company.parties)


def test_what_was_returned_before_the_consent_is_not_paid_and_after_it_is_taken_back(
    quick_world: World,
) -> None:
    world = quick_world
    company = world.company(reps=2)
    program = world.program(MILESTONES, retroactive=True)
    world.enroll(company, program)
    deals = [world.approved(company, program, rep=rep) for rep in company.reps]
    world.wait()
    for deal in deals:
        world.win(deal)
    world.wait()

    def returned(deal_id: str) -> None:
        deal_changes.return_deal(world.portal, world.manage(), deal_id=deal_id, occurred_at=None)

    returned(deals[0].id)
    world.wait()
    granted(world, company, program, BACK)
    before, after = available(world, company.reps)
    returned(deals[1].id)

    assert (15_000, 90_000) == (before, after), "the registration's part is kept"
    assert [15_000, 15_000] == available(world, company.reps)
    assert [] == world.audit(program, company.parties)


def test_a_team_s_shares_are_paid_afterwards_to_whom_the_consent_covers(
    lonely_engine: Engine,
) -> None:
    """Who shares in what was fixed then; each share needs its member's consent."""
    world = World(TableStore(lonely_engine))
    company, program = a_past(world, TEAM, reps=2, trainings=1)
    ann, bob = company.reps
    before = forgone(world, company, program)

    granted(world, company, program, replace(BACK, whom=Whom((ann,))))
    one, between = available(world, company.reps), forgone(world, company, program)
    granted(world, company, program, replace(BACK, whom=Whom((bob,))))

    assert [200, 2, 100, 100] == before
    assert [100, 0] == one
    assert [100, 1, 0, 100] == between
    assert [100, 100] == available(world, company.reps)
    assert [0, 0, 0, 0] == forgone(world, company, program)
    want = Many(TeamAward, of_partner(company.id))
    for award in world.store.read([want])[want].records:
        assert [OutcomeStatus.AWARDED] * 2 == [
            share.outcome and share.outcome.status for share in award.shares
        ]
    assert [] == world.audit(program, company.parties)
    assert [] == findings(world)


def test_a_share_that_waits_already_is_let_wait_again_once(quick_world: World) -> None:
    """A run that was killed between one member's share and the next left the award on its list."""
    world = quick_world
    company, program = a_past(world, TEAM, reps=2, trainings=0)
    dying = killed(world, 2)
    with pytest.raises(Killed):
        world.record(company, program, "TRAINING", "1", portal=dying)
    world.wait()

    granted(world, company, program, BACK)
    run_all(world.portal)

    assert [50, 50] == available(world, company.reps)
    assert [0, 0, 0, 0] == forgone(world, company, program)


def test_what_occurred_in_former_terms_is_paid_by_a_consent_in_the_new_ones(
    quick_world: World,
) -> None:
    """Enrolled in the terms that are in force when the consent is given."""
    world = quick_world
    company, program = a_past(world, reps=2)
    new_terms(world, program)
    world.wait()
    accepted(world, company, program, 2, company.rep)
    world.wait()

    granted(world, company, program, BACK)

    assert [150, 0] == points(world, company)


@pytest.mark.parametrize("counter", ["forgone:POINTS", "forgoers:POINTS", "paidafter:POINTS"])
def test_a_counter_of_what_was_forgone_that_is_wrong_is_found(
    quick_world: World, counter: str
) -> None:
    """Invariant L24: it is added up again from all that was recorded."""
    world = quick_world
    company, program = a_past(world)
    granted(world, company, program, replace(BACK, whom=Whom((company.rep,))))
    assert [] == findings(world)
    own = f"{company.id}.{program}.partner"

    world.store.commit([Count(Progress(own), {counter: 1})])

    (found,) = findings(world)
    assert f"{own} counts 1 more of {counter} than was recorded." in found
