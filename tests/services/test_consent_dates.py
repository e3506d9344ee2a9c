"""What becomes due of consents by itself: told in time, once, however the series is run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from portal_api.domain.consent import ConsentRequestStatus, Whom
from portal_api.domain.granting import Terms
from portal_api.services.consent_dates import DUE, tell_due
from portal_api.services.due_series import run_all
from portal_api.services.store import StoreUnavailable
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.consenting import (
    declined,
    file_of,
    granted,
    listed,
    renewed,
    request_of,
    revoked,
    told,
)
from tests.services.racing import Together
from tests.services.steps import ask_for_consent
from tests.services.stores import (
    FaultyStore,
    Killed,
    in_parallel,
    killed_after,
    killed_before,
    lost_after,
)
from tests.services.world import DAY, START, Company, World

REMINDED, GONE = "ConsentRequestReminded", "ConsentRequestExpired"
NEAR, ENDED = "ConsentExpiring", "ConsentExpired"
EXPIRED = ConsentRequestStatus.EXPIRED
MOMENT = timedelta(microseconds=1)


def asked(world: World) -> tuple[Company, str, str]:
    """A company whose rep has asked for consent to a program; the request's id."""
    company, program = world.company(), world.program()
    file = ask_for_consent(world, company, program, company.rep)
    return company, program, f"{file.id}.1"


def ends_in(days: int) -> Terms:
    return Terms(valid_to=START + days * DAY)


def test_an_executive_is_reminded_three_times_and_then_the_request_expires(world: World) -> None:
    """After 7, 14 and 28 days, and 60; each is told once, though the series runs twice a day."""
    company, _, request = asked(world)
    days: dict[str, list[int]] = {REMINDED: [], GONE: []}
    for half_day in range(1, 150):
        world.now = START + half_day * DAY / 2
        before = [len(told(world, company, kind)) for kind in days]
        tell_due(world.portal)
        tell_due(world.portal)
        after = [len(told(world, company, kind)) for kind in days]
        for kind, was, now in zip(days, before, after, strict=True):
            days[kind] += [half_day] * (now - was)

    assert {REMINDED: [14, 28, 56], GONE: [120]} == days
    kept = request_of(world, request)
    assert (EXPIRED, "system", START + 60 * DAY) == (
        kept.status,
        kept.answered_by,
        kept.answered_at,
    )
    assert [7, 14, 28] == [(at - START).days for at in kept.reminded_at]
    assert [] == listed(world, DUE, company)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([6], []),
        ([7], [REMINDED]),
        ([20], [REMINDED]),
        ([20, 27, 28], [REMINDED] * 2),
        ([59], [REMINDED]),
        ([59, 60], [REMINDED, GONE]),
        ([200], [GONE]),
    ],
)
def test_a_series_that_was_late_tells_once_what_it_has_missed(
    quick_world: World, runs: list[int], expected: list[str]
) -> None:
    """Not every reminder at once: nobody is reminded twice of what nobody told it."""
    company, _, _ = asked(quick_world)
    for day in runs:
        quick_world.now = START + day * DAY
        tell_due(quick_world.portal)
        tell_due(quick_world.portal)

    assert expected == told(quick_world, company, REMINDED, GONE)


def test_of_what_was_answered_nobody_is_reminded(quick_world: World) -> None:
    world = quick_world
    company, program, first = asked(world)
    second = ask_for_consent(world, company, program, world.admin)
    assert 1 == len(listed(world, DUE, company)), "a file has one place, whatever is due in it"
    declined(world, company, first)
    assert 1 == len(listed(world, DUE, company))
    granted(world, company, program)
    world.now = START + 100 * DAY

    assert 0 == tell_due(world.portal)

    assert [] == told(world, company, REMINDED, GONE)
    assert [] == listed(world, DUE, company)
    assert 2 == len(second.requests)


def test_two_requests_of_one_program_are_reminded_of_each_in_its_time(quick_world: World) -> None:
    world = quick_world
    company, program, _ = asked(world)
    world.now = START + 3 * DAY
    ask_for_consent(world, company, program, world.admin)

    counts = []
    for day in (7, 10, 14, 17):
        world.now = START + day * DAY
        counts.append(tell_due(world.portal))

    assert [1, 1, 1, 1] == counts
    assert [2, 2] == [len(one.reminded_at) for one in file_of(world, company, program).requests]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(69, []), (70, [NEAR]), (99, [NEAR]), (100, [ENDED]), (300, [ENDED])],
)
def test_the_end_of_a_consent_is_told_thirty_days_before_and_then(
    quick_world: World, days: int, expected: list[str]
) -> None:
    company, program = quick_world.company(), quick_world.program()
    granted(quick_world, company, program, ends_in(100))
    quick_world.now = START + days * DAY
    tell_due(quick_world.portal)
    tell_due(quick_world.portal)

    assert expected == told(quick_world, company, NEAR, ENDED)


def test_both_are_told_in_their_time(world: World) -> None:
    company, program = world.company(), world.program()
    granted(world, company, program, ends_in(100))
    for day in range(60, 110):
        world.now = START + day * DAY
        tell_due(world.portal)

    assert [NEAR, ENDED] == told(world, company, NEAR, ENDED)
    (kept,) = file_of(world, company, program).consents
    assert (START + 70 * DAY, START + 100 * DAY) == (kept.warned_at, kept.expired_at)
    assert [] == listed(world, DUE, company)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda *_: None, [NEAR, ENDED]),
        (revoked, []),
        (renewed, [ENDED]),
    ],
)
def test_what_is_revoked_ends_no_more_and_what_goes_on_is_not_warned_of(
    quick_world: World, change: Callable[[World, Company, str], object], expected: list[str]
) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    given = granted(world, company, program, ends_in(100))
    change(world, company, given)
    for day in (70, 100, 101):
        world.now = START + day * DAY
        tell_due(world.portal)

    assert expected == told(world, company, NEAR, ENDED)


def test_a_renewal_that_is_revoked_lets_the_former_be_warned_of_again(quick_world: World) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    given = granted(world, company, program, ends_in(100))
    revoked(world, company, renewed(world, company, given))
    world.now = START + 70 * DAY

    assert 1 == tell_due(world.portal)
    assert [NEAR] == told(world, company, NEAR, ENDED)


def test_a_consent_for_less_than_thirty_days_ends_without_a_warning(quick_world: World) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    granted(world, company, program, ends_in(20))
    world.now = START + 19 * DAY
    assert 0 == tell_due(world.portal)
    world.now = START + 20 * DAY
    assert 1 == tell_due(world.portal)

    assert [ENDED] == told(world, company, NEAR, ENDED)


def a_busy_world(world: World) -> list[Company]:
    """Three companies, each with a reminder and the end of a consent due after 100 days."""
    companies = [world.company() for _ in range(3)]
    for company in companies:
        program = world.program()
        granted(world, company, program, replace(ends_in(100), whom=Whom((company.rep,))))
        ask_for_consent(world, company, program, world.admin)
    world.now = START + 100 * DAY
    return companies


@pytest.mark.parametrize("fault", [killed_before, killed_after, lost_after])
@pytest.mark.parametrize("commits", range(1, 7))
def test_a_run_that_is_killed_after_any_transaction_is_finished_by_the_next(
    quick_world: World, commits: int, fault: Callable[[Callable[[], None]], None]
) -> None:
    world = quick_world
    companies = a_busy_world(world)

    def done(commit: Callable[[], None]) -> None:
        commit()

    portal = world.on(FaultyStore(world.store, *[done] * (commits - 1), fault))
    try:
        tell_due(portal)
    except Killed:
        tell_due(world.portal)

    assert [[GONE, ENDED]] * 3 == [
        sorted(told(world, one, REMINDED, GONE, NEAR, ENDED), reverse=True) for one in companies
    ]
    assert 0 == tell_due(world.portal)


def test_two_runs_at_once_tell_everything_once(lonely_engine: Engine) -> None:
    world = World(TableStore(lonely_engine))
    companies = a_busy_world(world)
    portal = world.on(Together(world.store, 2))

    counts = in_parallel(*[lambda: tell_due(portal)] * 2)

    assert 6 == sum(count for count in counts if isinstance(count, int))
    for company in companies:
        assert 2 == len(told(world, company, REMINDED, GONE, NEAR, ENDED))


def test_what_cannot_be_told_now_keeps_no_other_waiting(quick_world: World) -> None:
    world = quick_world
    companies = a_busy_world(world)

    def unavailable(_: Callable[[], None]) -> None:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        tell_due(world.on(FaultyStore(world.store, unavailable)))
    counts = [len(told(world, one, GONE, ENDED)) for one in companies]
    assert [0, 2, 2] == sorted(counts)
    assert 2 == tell_due(world.portal)


def test_a_year_of_files_is_read_page_by_page_and_only_what_is_due(quick_world: World) -> None:
    """More than a page of what is due, and more that is not."""
    world = quick_world
    company = world.company()
    programs = [world.program() for _ in range(230)]
    for program in programs[:210]:
        ask_for_consent(world, company, program, company.rep)
    world.now = START + 5 * DAY
    for program in programs[210:]:
        ask_for_consent(world, company, program, company.rep)
    world.now = START + 7 * DAY - MOMENT
    assert 0 == tell_due(world.portal)
    world.now += MOMENT
    assert 210 == tell_due(world.portal)


def test_it_is_one_of_what_is_due_by_itself(quick_world: World) -> None:
    world = quick_world
    asked(world)
    world.now = START + 7 * DAY

    assert (
        1 == {one.done: one.count for one in run_all(world.portal)}["requests and consents told of"]
    )
