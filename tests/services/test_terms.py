"""Terms and enrollments over time: what was agreed to when decides, however late it arrives."""

from datetime import timedelta

import pytest

from portal_api.domain.activities import WithheldReason
from portal_api.domain.consent import Enrollment, Whom
from portal_api.domain.errors import AlreadyEnrolled, InvalidInput, NotEnrolled, NotFound
from portal_api.domain.granting import Terms
from portal_api.domain.programs import Program, TermsVersion
from portal_api.services.store import Many, of_program
from tests.services.consenting import (
    accepted,
    file_of,
    findings,
    granted,
    left,
    new_terms,
    placed,
    renewed,
    two_teams,
)
from tests.services.steps import TRAINING, define
from tests.services.stores import FaultyStore, first
from tests.services.world import DAY, START, Company, World, awarded, outcomes_of, withheld

NO_CONSENT, NOT_ENROLLED = WithheldReason.NO_CONSENT, WithheldReason.NOT_ENROLLED
PAID = awarded(50)


def a_rep(world: World) -> tuple[Company, str]:
    """A company that consented and enrolled in a program that pays 50 points for a training."""
    define(world)
    company, program = world.company(reps=2), world.program(TRAINING, budget={"POINTS": 100_000})
    world.consent(company, program)
    world.enroll(company, program)
    world.wait()
    return company, program


def trained(world: World, company: Company, program: str, days: float = 0) -> object:
    """What a training earns that occurred so many days ago."""
    at = world.now - days * DAY
    event = f"training-{world.new_id()}"
    done = world.record(company, program, "TRAINING", event, occurred_at=at)
    (outcome,) = outcomes_of(done.activity)
    return outcome


def test_new_terms_need_consent_and_acceptance_anew(world: World) -> None:
    """Version 1 does not cover version 2; each of the two is needed, in either order."""
    company, program = a_rep(world)
    assert 2 == new_terms(world, program)
    world.wait()
    steps = [trained(world, company, program)]
    granted(world, company, program)
    steps.append(trained(world, company, program))
    accepted(world, company, program, 2)
    steps.append(trained(world, company, program))

    assert [withheld(50, NO_CONSENT), withheld(50, NOT_ENROLLED), PAID] == steps
    assert [] == world.audit(program, company.parties)


def test_a_late_activity_is_judged_in_the_terms_of_its_time(world: World) -> None:
    """Of the first version's time it is paid, also where nobody has agreed to the second."""
    company, program = a_rep(world)
    world.wait(5)
    new_terms(world, program)
    world.wait(5)

    before, after = (trained(world, company, program, days) for days in (6, 4))
    granted(world, company, program)
    accepted(world, company, program, 2)
    again = trained(world, company, program, 6)

    assert (PAID, withheld(50, NO_CONSENT), PAID) == (before, after, again)


def test_between_the_new_terms_and_their_acceptance_nothing_is_earned(quick_world: World) -> None:
    """Also not afterwards: nothing of it is backdated."""
    world = quick_world
    company, program = a_rep(world)
    new_terms(world, program)
    world.wait(2)
    granted(world, company, program)
    world.wait(2)
    accepted(world, company, program, 2)
    world.wait(2)

    found = [trained(world, company, program, days) for days in (1, 3, 5, 6.5)]

    assert [PAID, withheld(50, NOT_ENROLLED), withheld(50, NO_CONSENT), PAID] == found


def test_a_renewed_consent_is_in_the_terms_in_force(quick_world: World) -> None:
    world = quick_world
    company, program = a_rep(world)
    new_terms(world, program)
    renewed(world, company, f"{company.id}.{program}.1")
    accepted(world, company, program, 2)

    first_one, second = file_of(world, company, program).consents
    assert (1, 2, 1) == (first_one.terms_version, second.terms_version, second.renews)
    assert PAID == trained(world, company, program)


def test_every_version_of_the_terms_is_kept(quick_world: World) -> None:
    world = quick_world
    _, program = a_rep(world)
    for day, text in enumerate(("Second.", "Third."), start=1):
        world.now = START + day * DAY
        new_terms(world, program, text)

    want = Many(TermsVersion, of_program(program))
    assert [("Be fair.", START + DAY), ("Second.", START + 2 * DAY)] == [
        (one.terms, one.until) for one in world.store.read([want])[want].records
    ]


def test_terms_that_change_under_an_award_are_those_that_judge_it(world: World) -> None:
    """The award was decided in the former terms, and they are not in force at its commit."""
    company, program = a_rep(world)

    def change() -> None:
        world.now -= timedelta(seconds=1)
        new_terms(world, program)
        world.now += timedelta(seconds=1)

    portal = world.on(FaultyStore(world.store, first(change)))
    done = world.record(company, program, "TRAINING", "1", portal=portal)

    assert [withheld(50, NO_CONSENT)] == outcomes_of(done.activity)


def test_a_consent_is_given_in_the_terms_that_are_in_force_at_its_commit(world: World) -> None:
    define(world)
    company, program = world.company(), world.program(TRAINING, budget={"POINTS": 1_000})
    portal = world.on(FaultyStore(world.store, first(lambda: new_terms(world, program))))

    granted(world, company, program, portal=portal)

    assert [2] == [one.terms_version for one in file_of(world, company, program).consents]


@pytest.mark.parametrize("terms", ["", "  ", "x" * 20_001])
def test_terms_say_something(quick_world: World, terms: str) -> None:
    program = quick_world.program()

    with pytest.raises(InvalidInput):
        new_terms(quick_world, program, terms)
    with pytest.raises(NotFound):
        new_terms(quick_world, "prg-none")


def test_a_program_s_budget_and_plan_outlast_its_terms(quick_world: World) -> None:
    """The shards change their version with the program."""
    world = quick_world
    company, program = a_rep(world)
    new_terms(world, program)
    world.fund(program, 160, "POINTS")

    assert 100_160 == sum(world.budget(program, "POINTS"))
    granted(world, company, program)
    accepted(world, company, program, 2)
    assert PAID == trained(world, company, program)
    assert [] == world.audit(program, company.parties)


def test_leaving_and_coming_back_keeps_every_time_before(world: World) -> None:
    """Days 1 to 3 and 5 to 7: what arrives late of them is paid, and nothing of between."""
    company, program = a_rep(world)
    rep = company.rep
    world.wait(2)
    left(world, company, program, rep)
    world.wait(2)
    accepted(world, company, program, 1, rep)
    world.wait(2)
    left(world, company, program, rep)
    world.wait(2)
    accepted(world, company, program, 1, rep)

    found = [trained(world, company, program, days) for days in (0, 1, 3, 5, 7)]

    expected = [PAID, withheld(50, NOT_ENROLLED), PAID, withheld(50, NOT_ENROLLED), PAID]
    assert expected == found
    kept = world.load(Enrollment, f"{company.id}.{rep}.{program}")
    assert kept is not None
    assert [(START, START + 3 * DAY), (START + 5 * DAY, START + 7 * DAY)] == [
        (one.enrolled_at, one.withdrawn_at) for one in kept.earlier
    ]


def test_who_is_enrolled_enrolls_once_and_who_is_not_leaves_nothing(quick_world: World) -> None:
    world = quick_world
    company, program = a_rep(world)

    with pytest.raises(AlreadyEnrolled):
        accepted(world, company, program, 1, company.rep)
    with pytest.raises(InvalidInput) as refused:
        accepted(world, company, program, 2, company.rep)
    left(world, company, program, company.rep)
    with pytest.raises(NotEnrolled):
        left(world, company, program, company.rep)

    assert "termsVersion" == refused.value.field


def test_a_mover_between_teams_earns_by_the_consent_of_the_team_it_acts_in(world: World) -> None:
    """Also what arrives late of the time before."""
    define(world)
    company, program = world.company(), world.program(TRAINING, budget={"POINTS": 1_000})
    north, south = two_teams(world, company)
    granted(world, company, program, Terms(Whom(team_ids=(north,))))
    world.enroll(company, program)
    world.wait(2)
    placed(world, company, company.rep, south)
    world.wait(2)

    late, now = trained(world, company, program, 3), trained(world, company, program)
    placed(world, company, company.rep, north)
    back = trained(world, company, program)

    assert (PAID, withheld(50, NO_CONSENT), PAID) == (late, now, back)
    assert [] == world.audit(program, company.parties)


def test_an_earning_keeps_the_team_and_role_that_its_consent_covered(quick_world: World) -> None:
    """So that a verification finds nothing after its person has moved on."""
    world = quick_world
    define(world)
    company, program = world.company(), world.program(TRAINING, budget={"POINTS": 1_000})
    north, south = two_teams(world, company)
    granted(world, company, program, Terms(Whom(team_ids=(north,))))
    world.enroll(company, program)
    assert PAID == trained(world, company, program)
    world.wait()
    placed(world, company, company.rep, south)

    assert [] == findings(world)


def test_a_consent_that_begins_later_lets_earn_from_then_on(quick_world: World) -> None:
    world = quick_world
    define(world)
    company, program = world.company(), world.program(TRAINING, budget={"POINTS": 1_000})
    world.enroll(company, program)
    granted(world, company, program, Terms(valid_from=START + 7 * DAY))
    found = [trained(world, company, program)]
    world.now = START + 8 * DAY
    found += [trained(world, company, program, days) for days in (0, 2)]

    assert [withheld(50, NO_CONSENT), PAID, withheld(50, NO_CONSENT)] == found


def test_a_program_names_another_in_which_companies_must_take_part(quick_world: World) -> None:
    world = quick_world
    required = world.program()
    rebate = world.program(participation_in=required)

    with pytest.raises(NotFound) as refused:
        world.program(participation_in="prg-none")

    assert "participationInId" == refused.value.field
    kept = world.load(Program, rebate)
    assert kept is not None
    assert required == kept.participation_in
