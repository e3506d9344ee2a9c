"""People and activities from files: each row goes in once, and bad ones are told."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from portal_api.domain.activities import Activity
from portal_api.domain.cells import csv_text
from portal_api.domain.errors import IdempotencyConflict, InvalidInput, NotPermitted
from portal_api.domain.partners import Employment, Individual, Partner, Role
from portal_api.domain.writes import Enlist, Save
from portal_api.services.bulk_exports import activities_csv, people_csv
from portal_api.services.bulk_imports import import_activities, import_people
from portal_api.services.csv_files import Report
from portal_api.services.partners import list_of_email, suspend_individual
from portal_api.services.store import Listed, Many, of_person
from portal_api.services.use_case import Portal, Unauthenticated
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.steps import TRAINING, define
from tests.services.stores import (
    CountingEngine,
    FaultyStore,
    Killed,
    in_parallel,
    killed_after,
    killed_before,
    lost_after,
)
from tests.services.world import DAY, Company, World

HEADER = ("external_id", "name", "email", "partner", "team", "role", "from")
EVENTS = ("source", "source_event_id", "individual", "program", "behavior", "occurred_at")


def _people(
    world: World, *people: tuple[str, ...], who: str | None = None, portal: Portal | None = None
) -> Report:
    asked = world.ask(who or world.admin)
    return import_people(portal or world.portal, asked, content=csv_text(HEADER, people))


def _staff(company: Company, number: int = 1, **changed: str) -> tuple[str, ...]:
    row = {
        "external_id": f"HR-{number}",
        "name": f"Person {number}",
        "email": f"p{number}@partner.example",
        "partner": company.id,
        "team": "team",
        "role": "sales_rep",
        "from": "2025-12-01",
    }
    return tuple((row | changed).values())


def _told(report: Report) -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in report.problems]


def _members(world: World, company: Company) -> list[Individual]:
    listed = Listed(f"{company.id}.members", newest_first=False)
    found = (world.load(Individual, one) for one in world.store.read([listed])[listed].ids)
    return [one for one in found if one is not None]


def _named(world: World, company: Company) -> list[str]:
    return sorted(one.external_id for one in _members(world, company) if one.external_id)


def test_a_person_is_added_as_the_row_says(world: World) -> None:
    """Team by name, role in any case, employed since then, found again by both of its names."""
    company = world.company()
    assert Report(1, 0, ()) == _people(world, _staff(company))

    (person,) = [one for one in _members(world, company) if one.external_id]
    (employment,) = person.employments
    assert ("HR-1", "Person 1", "p1@partner.example") == (
        person.external_id,
        person.name,
        person.email,
    )
    assert (Role.SALES_REP, company.partner.teams[0].id) == (employment.role, employment.team_id)
    assert "2025-12-01T00:00:00+00:00" == employment.valid_from.isoformat()
    listed = Listed(list_of_email(" P1@Partner.example "))
    assert person.id in world.store.read([listed])[listed].ids


def test_the_same_file_again_changes_nothing_and_writes_nothing(sqlite_engine: Engine) -> None:
    """Also under another request: what is there is found before anything is tried.

    Only the file and its request are noted.
    """
    counting = CountingEngine(sqlite_engine)
    world = World(TableStore(counting))
    company = world.company()
    rows = [_staff(company, number) for number in range(1, 6)]
    assert Report(5, 0, ()) == _people(world, *rows)
    before = _members(world, company)
    counting.forget()

    assert Report(0, 5, ()) == _people(world, *rows)
    written = {op.key.pk.partition("#")[0] for ops in counting.written for op in ops}
    assert {"IMPORTFILE", "REQUEST", "EVENTS"} == written
    assert before == _members(world, company)


def test_the_same_request_with_the_same_file_is_told_the_same_again(sqlite_engine: Engine) -> None:
    """Once all rows were looked at: also its problems, and nothing is written any more."""
    counting = CountingEngine(sqlite_engine)
    world = World(TableStore(counting))
    company = world.company()
    ask = world.manage()
    content = csv_text(HEADER, [_staff(company, 1), _staff(company, 2, role="ADMIN")])
    report = import_people(world.portal, ask, content=content)
    assert ((1, 0), [(3, "WRONG_VALUE")]) == ((report.imported, report.unchanged), _told(report))
    counting.forget()
    assert report == import_people(world.portal, ask, content=content)
    assert [] == counting.written


def test_a_request_id_is_of_one_file_only(quick_world: World) -> None:
    """Neither of another file, nor of an import of another kind: L8."""
    company, ask = quick_world.company(), quick_world.manage()
    content = csv_text(HEADER, [_staff(company, 1)])
    import_people(quick_world.portal, ask, content=content)
    other = csv_text(HEADER, [_staff(company, 2)])
    with pytest.raises(IdempotencyConflict):
        import_people(quick_world.portal, ask, content=other)
    with pytest.raises(IdempotencyConflict):
        import_activities(quick_world.portal, ask, content=content)
    assert ["HR-1"] == _named(quick_world, company)


@pytest.mark.parametrize("fault", [killed_before, killed_after, lost_after])
@pytest.mark.parametrize("at", range(5))
def test_a_request_that_was_cut_off_goes_on_when_it_is_sent_again(
    quick_world: World, fault: Callable[[Callable[[], None]], None], at: int
) -> None:
    """At any of its commits: the file noted, each row, the file finished."""
    company, ask = quick_world.company(), quick_world.manage()
    content = csv_text(HEADER, [_staff(company, number) for number in range(1, 4)])
    faults = [*[lambda commit: commit()] * at, fault]
    cut = quick_world.on(FaultyStore(quick_world.store, *faults))
    with contextlib.suppress(Killed):
        import_people(cut, ask, content=content)
    report = import_people(quick_world.portal, ask, content=content)
    assert (3, ()) == (report.imported + report.unchanged, report.problems)
    assert report == import_people(quick_world.portal, ask, content=content)
    assert ["HR-1", "HR-2", "HR-3"] == _named(quick_world, company)


def test_a_file_that_there_was_no_time_for_is_not_finished(quick_world: World) -> None:
    """The same request goes on with it."""
    company, ask = quick_world.company(), quick_world.manage()
    content = csv_text(HEADER, [_staff(company, 1)])
    late = import_people(quick_world.portal, ask, content=content, seconds=0)
    assert (0, 2) == (late.imported, late.next_line)
    assert Report(1, 0, ()) == import_people(quick_world.portal, ask, content=content)


def test_bad_rows_are_told_and_the_others_go_in(quick_world: World) -> None:
    """Each with its line; who is there with other values is not changed."""
    company, other = quick_world.company(), quick_world.company()
    _people(quick_world, _staff(company, 1))
    report = _people(
        quick_world,
        _staff(company, 2),
        _staff(company, 1, name="Somebody else"),
        _staff(company, 1, name="Again"),
        _staff(company, 3, email="nowhere"),
        _staff(company, 4, role="ADMIN"),
        _staff(company, 5, partner="ptn-nowhere"),
        _staff(company, 6, team="Night shift"),
        _staff(company, 7, **{"from": "31/12/2025"}),
        _staff(company, 8, name="=HYPERLINK(1)"),
        _staff(company, 9, name="x" * 201),
        _staff(other, 1),
    )
    assert (3, 0) == (report.imported, report.unchanged)
    assert [
        (3, "CONTRADICTED"),
        (4, "DUPLICATE_ROW"),
        (5, "INVALID_INPUT"),
        (6, "WRONG_VALUE"),
        (7, "NOT_FOUND"),
        (8, "NOT_FOUND"),
        (9, "WRONG_DATE"),
        (11, "FIELD_TOO_LONG"),
    ] == _told(report)
    assert ["HR-1", "HR-2", "HR-8"] == _named(quick_world, company)
    names = {one.external_id: one.name for one in _members(quick_world, company)}
    assert ("Person 1", "=HYPERLINK(1)") == (names["HR-1"], names["HR-8"])


def test_whoever_moved_since_is_still_whom_the_row_says(quick_world: World) -> None:
    """An import says who was added, not who is there now."""
    company, other = quick_world.company(), quick_world.company()
    _people(quick_world, _staff(company))
    (person,) = [one for one in _members(quick_world, company) if one.external_id]
    quick_world.wait()
    moved = Employment(other.id, Role.MARKETER, quick_world.now)
    quick_world.store.commit([Save(replace(person, employments=(*person.employments, moved)))])
    assert Report(0, 1, ()) == _people(quick_world, _staff(company))


def test_only_the_vendors_managers_import_people(quick_world: World) -> None:
    """Also a file of nothing; and nobody does who was suspended."""
    company = quick_world.company()
    for who in (company.executive, company.rep):
        with pytest.raises(NotPermitted):
            _people(quick_world, who=who)
    suspend_individual(quick_world.portal, quick_world.manage(), individual_id=company.rep)
    with pytest.raises(Unauthenticated):
        _people(quick_world, who=company.rep)
    with pytest.raises(InvalidInput):
        import_people(quick_world.portal, quick_world.manage(), content="x" * 200_000)


@pytest.mark.parametrize("fault", [killed_before, killed_after, lost_after])
@pytest.mark.parametrize("at", range(3))
def test_an_import_that_was_cut_off_is_finished_by_another(
    quick_world: World, fault: Callable[[Callable[[], None]], None], at: int
) -> None:
    """At any row, before or after its commit: each is there once in the end."""
    company = quick_world.company()
    rows = [_staff(company, number) for number in range(1, 4)]
    faults = [*[lambda commit: commit()] * at, fault]
    with contextlib.suppress(Killed):
        _people(quick_world, *rows, portal=quick_world.on(FaultyStore(quick_world.store, *faults)))
    report = _people(quick_world, *rows)
    assert (3, []) == (report.imported + report.unchanged, _told(report))
    assert ["HR-1", "HR-2", "HR-3"] == _named(quick_world, company)


def test_two_imports_at_once_add_everybody_once(world: World) -> None:
    """The name that a person has holds for one of them; the other finds it."""
    company = world.company()
    rows = [_staff(company, number) for number in range(1, 4)]
    reports = in_parallel(*(lambda: _people(world, *rows) for _ in range(2)))
    assert all(isinstance(one, Report) and not one.problems for one in reports), reports
    assert ["HR-1", "HR-2", "HR-3"] == _named(world, company)


def test_people_are_exported_as_they_are_imported(quick_world: World) -> None:
    """A formula behind an apostrophe, which the import takes off; leavers are left out."""
    company = quick_world.company()
    _people(quick_world, _staff(company, 1, name="=1+1"), _staff(company, 2))
    partner = quick_world.load(Partner, company.id)
    assert partner is not None
    page = people_csv(quick_world.store, partner, quick_world.now)

    assert (4, None) == (page.rows, page.next)
    assert ",'=1+1,p1@partner.example," in page.csv.replace("\r\n", "\n")
    report = import_people(quick_world.portal, quick_world.manage(), content=page.csv)
    assert (0, 2) == (report.imported, report.unchanged)
    assert [(2, "MISSING_VALUE"), (3, "MISSING_VALUE")] == _told(report)  # They have no other name.
    for member in _members(quick_world, company):
        gone = replace(member.employments[0], valid_to=quick_world.now)
        quick_world.store.commit([Save(replace(member, employments=(gone,)))])
    assert 0 == people_csv(quick_world.store, partner, quick_world.now).rows


def _trained(world: World, reps: int = 2) -> tuple[Company, str]:
    define(world)
    program = world.program(TRAINING, budget={"POINTS": 100_000})
    company = world.company(reps=reps)
    world.consent(company, program)
    world.enroll(company, program)
    world.wait(2)
    return company, program


def _event(
    world: World, who: str, program: str, number: int = 1, **changed: str
) -> tuple[str, ...]:
    row = {
        "source": "lms",
        "source_event_id": f"course {number}",
        "individual": who,
        "program": program,
        "behavior": "TRAINING",
        "occurred_at": (world.now - DAY).isoformat(),
    }
    return tuple((row | changed).values())


def _record(world: World, *events: tuple[str, ...], portal: Portal | None = None) -> Report:
    content = csv_text(EVENTS, events)
    return import_activities(portal or world.portal, world.manage(), content=content)


def test_an_activity_is_recorded_and_rewarded_once(world: World) -> None:
    """By the id of the person or its address; also after it was recorded otherwise."""
    company, program = _trained(world)
    one, two = company.reps
    person = world.load(Individual, two)
    assert person is not None
    unique = replace(person, email="two@partner.example")
    listed = Enlist(list_of_email(unique.email), two, two)
    world.store.commit([Save(unique), listed])
    events = [
        _event(world, one, program),
        _event(world, "TWO@partner.example", program),
        _event(world, one, program, 2),
    ]
    assert Report(3, 0, ()) == _record(world, *events)
    assert Report(0, 3, ()) == _record(world, *events)
    known = world.record(company, program, "TRAINING", "course 2", rep=one).activity
    assert world.now - DAY == known.occurred_at
    points = [world.balance(rep, "POINTS").available for rep in company.reps]
    assert [100, 50] == points
    assert [] == world.audit(program, company.parties)


def test_bad_activities_are_told_and_the_others_recorded(quick_world: World) -> None:
    """Of strangers, programs, behaviors and days that are none, and of what is there otherwise."""
    company, program = _trained(quick_world)
    rep = company.rep
    ahead = (quick_world.now + timedelta(hours=1)).isoformat()
    _record(quick_world, _event(quick_world, rep, program, 1))
    report = _record(
        quick_world,
        _event(quick_world, rep, program, 2),
        _event(quick_world, rep, program, 2),
        _event(quick_world, rep, program, 1, occurred_at="2026-01-01"),
        _event(quick_world, "ind-nobody", program, 3),
        _event(quick_world, "nobody@partner.example", program, 4),
        _event(quick_world, "person@partner.example", program, 5),
        _event(quick_world, quick_world.admin, program, 6),
        _event(quick_world, rep, "prg-none", 7),
        _event(quick_world, rep, program, 8, behavior="TYPO"),
        _event(quick_world, rep, program, 9, occurred_at=ahead),
        _event(quick_world, rep, program, 10, occurred_at="yesterday"),
        _event(quick_world, rep, program, 11, source="a:b"),
        _event(quick_world, rep, program, 12, source=""),
        _event(quick_world, rep, program, 13, occurred_at=""),
    )
    assert (1, 0) == (report.imported, report.unchanged)
    assert [
        (3, "DUPLICATE_ROW"),
        (4, "CONTRADICTED"),
        (5, "NOT_FOUND"),
        (6, "NOT_FOUND"),
        (7, "AMBIGUOUS"),
        (8, "NOT_FOUND"),
        (9, "NOT_FOUND"),
        (10, "NOT_FOUND"),
        (11, "INVALID_INPUT"),
        (12, "WRONG_DATE"),
        (13, "WRONG_VALUE"),
        (14, "MISSING_VALUE"),
        (15, "MISSING_VALUE"),
    ] == _told(report)
    assert 100 == quick_world.balance(rep, "POINTS").available


@pytest.mark.parametrize("fault", [killed_before, killed_after])
@pytest.mark.parametrize("at", range(3))
def test_activities_that_were_cut_off_are_paid_once(
    quick_world: World, fault: Callable[[Callable[[], None]], None], at: int
) -> None:
    """The second run pays what the first did not."""
    company, program = _trained(quick_world)
    events = [_event(quick_world, company.rep, program, number) for number in range(3)]
    faults = [*[lambda commit: commit()] * at, fault]
    with pytest.raises(Killed):
        _record(
            quick_world, *events, portal=quick_world.on(FaultyStore(quick_world.store, *faults))
        )
    report = _record(quick_world, *events)
    assert 3 == report.imported + report.unchanged
    assert 150 == quick_world.balance(company.rep, "POINTS").available


def test_activities_are_exported_a_page_at_a_time(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Person by person; every page ends where the next one begins, also within a person's."""
    company, program = _trained(quick_world, reps=5)
    counts = (7, 0, 1, 3, 2)
    events = [
        _event(quick_world, rep, program, number)
        for rep, count in zip(company.reps, counts, strict=True)
        for number in range(count)
    ]
    assert 13 == _record(quick_world, *events).imported
    exports = "portal_api.services.bulk_exports"
    monkeypatch.setattr(f"{exports}.MEMBERS_AT_ONCE", 2)
    monkeypatch.setattr(f"{exports}.ACTIVITIES_OF_EACH", 2)
    found: list[str] = []
    after: str | None = None
    for _ in range(20):
        page = activities_csv(quick_world.store, company.id, after=after)
        found += page.csv.splitlines()[1:]
        after = page.next
        if after is None:
            break
    assert (13, 13, None) == (len(found), len(set(found)), after)
    assert 0 == activities_csv(quick_world.store, company.id, "prg-other").rows
    assert "training:AWARDED" in found[0]
    again = import_activities(
        quick_world.portal,
        quick_world.manage(),
        content=activities_csv(quick_world.store, company.id, program).csv,
    )
    assert (0, ()) == (again.imported, again.problems)
    want = Many(Activity, of_person(company.id, company.rep))
    assert 7 == len(quick_world.store.read([want])[want].records)
