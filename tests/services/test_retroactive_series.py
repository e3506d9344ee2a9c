"""The payment of what is past is killed, raced and revoked: each activity is paid once or not."""

from collections.abc import Callable

import pytest

from portal_api.domain.activities import Activity
from portal_api.services import consent
from portal_api.services.due_series import run_all
from portal_api.services.retries import retry_withheld
from portal_api.services.retroactive import AT_ONCE, LOOKING_BACK, pay_looking_back
from portal_api.services.store import One, StoreUnavailable
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.consenting import (
    available,
    findings,
    forgone,
    granted,
    listed,
    revoked,
)
from tests.services.past import BACK, TEAM, a_past, activities, after_commits, killed, points
from tests.services.racing import Together
from tests.services.steps import TRAINING, define
from tests.services.stores import (
    FaultyStore,
    Killed,
    first,
    in_parallel,
    killed_after,
    killed_before,
    lost_after,
)
from tests.services.world import (
    World,
    awarded,
    outcomes_of,
)


@pytest.mark.parametrize("fault", [killed_before, killed_after, lost_after])
@pytest.mark.parametrize("commits", range(1, 12))
def test_killed_after_any_transaction_it_is_finished_by_the_next_run(
    quick_world: World, commits: int, fault: Callable[[Callable[[], None]], None]
) -> None:
    """Two people's trainings and a team's shares; the grant itself is the first transaction."""
    world = quick_world
    company, program = a_past(world, TRAINING, TEAM, trainings=1)
    portal = world.on(FaultyStore(world.store, *after_commits(commits, fault)))
    ask = world.ask(company.executive)

    def grant(through: object) -> None:
        consent.grant_consent(
            through,  # type: ignore[arg-type]
            ask,
            partner_id=company.id,
            program_id=program,
            terms=BACK,
        )

    try:
        grant(portal)
    except Killed:
        grant(world.portal)
    run_all(world.portal)
    run_all(world.portal)

    assert [50, 50] == points(world, company)
    assert [100, 100] == available(world, company.reps)
    assert [0, 0, 0, 0] == forgone(world, company, program)
    assert [0, 0, 0, 0] == forgone(world, company, program, "POINTS")
    assert [] == listed(world, LOOKING_BACK, company)
    assert [] == world.audit(program, company.parties)
    assert [] == findings(world)


def test_on_each_engine_a_run_that_was_killed_is_finished(lonely_engine: Engine) -> None:
    world = World(TableStore(lonely_engine))
    company, program = a_past(world)
    with pytest.raises(Killed):
        granted(world, company, program, BACK, killed(world, 3))
    with pytest.raises(Killed):
        pay_looking_back(killed(world, 2))

    assert 200 == sum(points(world, company))
    assert 2 == pay_looking_back(world.portal)
    assert [150, 150] == points(world, company)
    assert [] == findings(world)


def test_two_runs_at_once_pay_everything_once(lonely_engine: Engine) -> None:
    world = World(TableStore(lonely_engine))
    company, program = a_past(world, TRAINING, TEAM, trainings=2)
    with pytest.raises(Killed):
        granted(world, company, program, BACK, killed(world))
    portal = world.on(Together(world.store, 2))

    counts = in_parallel(*[lambda: pay_looking_back(portal)] * 2)

    assert [True, True] == [isinstance(count, int) for count in counts]
    run_all(world.portal)
    assert [100, 100] == points(world, company)
    assert [200, 200] == available(world, company.reps)
    assert [0, 0, 0, 0] == forgone(world, company, program, "POINTS")
    assert [] == listed(world, LOOKING_BACK, company)
    assert [] == findings(world)


def test_with_the_consent_revoked_in_the_middle_nothing_more_is_paid(world: World) -> None:
    """Invariant of each payment: the consent is not revoked at commit."""
    company, program = a_past(world, reps=1, trainings=5)
    dying = killed(world, 3)
    with pytest.raises(Killed):
        granted(world, company, program, BACK, dying)
    assert [100] == points(world, company)

    revoked(world, company, f"{company.id}.{program}.1")
    pay_looking_back(world.portal)
    pay_looking_back(world.portal)

    assert [100] == points(world, company)
    assert [150, 1, 150] == forgone(world, company, program, "POINTS")
    assert [] == listed(world, LOOKING_BACK, company)
    assert [] == world.audit(program, company.parties)


def test_a_revocation_that_gets_in_before_a_payment_prevents_it(world: World) -> None:
    """Decided under the consent, and revoked before that is committed."""
    company, program = a_past(world, reps=1, trainings=2)
    with pytest.raises(Killed):
        granted(world, company, program, BACK, killed(world))
    change = first(lambda: revoked(world, company, f"{company.id}.{program}.1"))

    assert 0 == pay_looking_back(world.on(FaultyStore(world.store, change)))
    assert [0] == points(world, company)


def test_a_manager_s_retry_at_the_same_time_pays_nothing_twice(world: World) -> None:
    company, program = a_past(world, reps=1, trainings=1)
    with pytest.raises(Killed):
        granted(world, company, program, BACK, killed(world))
    (activity,) = activities(world, company, company.rep)
    portal = world.on(Together(world.store, 2))

    in_parallel(
        lambda: pay_looking_back(portal),
        lambda: retry_withheld(portal, world.manage(), activity_id=activity.id),
    )
    run_all(world.portal)

    assert [50] == points(world, company)
    assert [0, 0, 0] == forgone(world, company, program, "POINTS")


def test_many_are_paid_by_the_series_and_the_first_with_the_grant(quick_world: World) -> None:
    world = quick_world
    company, program = a_past(world, reps=1, trainings=AT_ONCE + 5)

    granted(world, company, program, BACK)
    at_once, waits = points(world, company), listed(world, LOOKING_BACK, company)
    paid = pay_looking_back(world.portal)

    assert [50 * AT_ONCE] == at_once
    assert 1 == len(waits)
    assert 5 == paid
    assert [50 * (AT_ONCE + 5)] == points(world, company)
    assert [] == listed(world, LOOKING_BACK, company)


def test_of_many_people_the_first_are_paid_with_the_grant(quick_world: World) -> None:
    world = quick_world
    company, program = a_past(world, reps=30, trainings=1)

    granted(world, company, program, BACK)
    at_once = sum(points(world, company))
    paid = pay_looking_back(world.portal)

    assert (50 * AT_ONCE, 30 - AT_ONCE) == (at_once, paid)
    assert [50] * 30 == points(world, company)


def test_a_grant_is_answered_though_nothing_can_be_paid_now(quick_world: World) -> None:
    """What it lets be paid waits for the series."""
    world = quick_world
    company, program = a_past(world, reps=1)

    def unavailable(_: Callable[[], None]) -> None:
        raise StoreUnavailable

    faults = [lambda commit: commit(), unavailable]
    given = granted(world, company, program, BACK, world.on(FaultyStore(world.store, *faults)))

    assert [0] == points(world, company)
    assert [given] == listed(world, LOOKING_BACK, company)
    assert 3 == pay_looking_back(world.portal)


def test_one_that_cannot_be_finished_keeps_no_other_waiting(quick_world: World) -> None:
    world = quick_world
    define(world)
    pasts = []
    for _ in range(2):
        company = world.company()
        program = world.program(TRAINING, budget={"POINTS": 1_000}, retroactive=True)
        world.enroll(company, program)
        world.record(company, program, "TRAINING", "1")
        pasts.append((company, program))
    world.wait()
    for company, program in pasts:
        with pytest.raises(Killed):
            granted(
                world,
                company,
                program,
                BACK,
                killed(world),
            )

    def unavailable(_: Callable[[], None]) -> None:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        pay_looking_back(world.on(FaultyStore(world.store, unavailable)))
    paid = [points(world, company) for company, _ in pasts]
    assert [[0], [50]] == sorted(paid)
    assert 1 == pay_looking_back(world.portal)
    want = One(Activity, activities(world, pasts[0][0], pasts[0][0].rep)[0].id)
    kept = world.store.read([want])[want]
    assert [awarded(50)] == outcomes_of(kept) if kept else False
