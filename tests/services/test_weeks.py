"""The weekly series is written with what it counts, read in one query, and proved by the rest."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from portal_api.demo.exports import write_export
from portal_api.domain import weeks
from portal_api.domain.deals import Credit
from portal_api.domain.goals import Level, Progress
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.plans import Rule
from portal_api.domain.programs import Program
from portal_api.domain.weeks import PAID, WON_MINOR, WeekCounts, week_id, week_of
from portal_api.domain.writes import Count
from portal_api.services import deal_changes, retries
from portal_api.services.partners import members_of
from portal_api.services.store import Listed, Many, of_vendor, of_weeks
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.aiming import TwoTeams
from tests.services.importing import findings, run
from tests.services.lives import Life
from tests.services.racing import Together
from tests.services.recounting import check_weeks, series
from tests.services.steps import TRAINING, define
from tests.services.stores import CountingEngine, in_parallel
from tests.services.world import DAY, MILESTONES, Company, World

WEEK = timedelta(weeks=1)


def kept(world: World, company: Company, **bounds: date) -> list[WeekCounts]:
    """A partner's weeks, from ``low`` on up to before ``high``."""
    texts = {name: bound.isoformat() for name, bound in bounds.items()}
    want = Many(WeekCounts, of_weeks(company.id), **texts)  # type: ignore[arg-type]
    return list(world.store.read([want])[want].records)


def test_a_partners_weeks_of_all_people_teams_and_programs_are_one_query(
    lonely_engine: Engine,
) -> None:
    """In the order of weeks, also where the person is in no team; of no other partner."""
    counting = CountingEngine(lonely_engine)
    world = World(TableStore(counting))
    define(world)
    first, second = (world.program(MILESTONES) for _ in range(2))
    teams = TwoTeams.of(world, first)
    company, (ann, _, cat, dan) = teams.company, teams.company.reps
    other = world.company()
    monday = week_of(world.now, "UTC")
    for number, person in enumerate((ann, cat, dan)):
        world.record(company, first, "TRAINING", f"first {number}", rep=person)
    world.wait(7)
    world.record(company, second, "TRAINING", "second", rep=ann)
    world.record(other, second, "TRAINING", "other")
    world.wait(7)
    world.record(company, first, "TRAINING", "third", rep=ann)
    counting.forget()

    found = kept(world, company)
    middle = kept(world, company, low=monday + WEEK, high=monday + 2 * WEEK)

    one = {"did:TRAINING": 1}
    expected = {
        week_id(company.id, monday, first, ann, teams.team): one,
        week_id(company.id, monday, first, cat, teams.other): one,
        week_id(company.id, monday, first, dan, None): one,
        week_id(company.id, monday + WEEK, second, ann, teams.team): one,
        week_id(company.id, monday + 2 * WEEK, first, ann, teams.team): one,
    }
    assert "RR" == counting.waves
    assert expected == {one.id: dict(one.counters) for one in found}
    assert sorted(expected) == [one.id for one in found]
    assert [monday + WEEK] == [one.week for one in middle]
    assert found[0] == world.load(WeekCounts, found[0].id)
    assert [] == findings(world.store)


def test_what_two_count_at_once_is_all_there(world: World) -> None:
    """Additions lose nothing; the same event twice is one."""
    define(world)
    company, program = world.ready(TRAINING)
    world.fund(program, 1_000_000, "POINTS")
    portal = world.on(Together(world.store, 4))

    in_parallel(
        *[
            lambda event=event: world.record(company, program, "TRAINING", event, portal=portal)
            for event in ("one", "two", "three", "three")
        ]
    )

    (week,) = series(world.store, company.id, program)
    assert {"did:TRAINING": 3, "paid:training:TRAINING:POINTS": 150} == dict(week.counters)
    check_weeks(world.store, company.id, company.reps, program)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "UTC"])
def test_what_is_told_of_the_first_instant_of_all_is_recorded_in_the_first_week(
    quick_world: World, zone: str
) -> None:
    """West of Greenwich it has no day; it is of before every program and pays nothing."""
    world = quick_world
    define(world)
    company, program = world.company(), world.program(TRAINING, time_zone=zone)
    first = datetime.min.replace(tzinfo=UTC)

    recorded = world.record(company, program, "TRAINING", "first", occurred_at=first)

    assert {"WITHHELD"} == {one.status for one in recorded.activity.outcomes}
    (week,) = series(world.store, company.id, program)
    assert date.min == week.week
    last = datetime.max.replace(tzinfo=UTC)
    assert date(9999, 12, 27) == week_of(last, zone)
    assert [] == findings(world.store)


def test_what_is_paid_late_counts_in_the_week_in_which_it_was_earned(quick_world: World) -> None:
    """It was withheld for want of budget, and is paid in a later week: then the rest is added."""
    world = quick_world
    company, program = world.company(), world.program(budget={})
    world.consent(company, program)
    world.enroll(company, program)
    withheld = world.approve(world.register(company, program)).activity
    before = [dict(one.counters) for one in series(world.store, company.id, program)]
    world.wait(21)
    world.fund(program, 10_000_000)

    retries.retry_withheld(world.portal, world.manage(), activity_id=withheld.id)

    (after,) = series(world.store, company.id, program)
    paid = {name: amount for name, amount in after.counters.items() if name not in before[0]}
    assert [{**before[0], **paid}] == [after.counters]
    assert [15_000] == list(paid.values())
    check_weeks(world.store, company.id, company.reps, program)
    assert [] == findings(world.store)


def test_what_the_weeks_say_was_paid_is_what_people_and_company_have_earned(
    quick_world: World,
) -> None:
    """By what wallets have: of a sale that is divided, returned and made again."""
    company_rule = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 700))
    world = quick_world
    company, program = world.ready(MILESTONES, company_rule, reps=2)
    ann, bob = company.reps
    deal = world.register(company, program, credits=(Credit(ann, 60), Credit(bob, 40)))
    deal = world.approve(deal).deal
    world.wait(7)
    deal = world.win(deal, 3_000_001).deal
    world.wait(7)
    for change in (deal_changes.return_deal, deal_changes.reopen_deal):
        deal = change(world.portal, world.manage(), deal_id=deal.id, occurred_at=None).deal
    world.wait(7)
    world.win(deal, 2_000_000)

    found = series(world.store, company.id, program)
    sums = Counter[str]()
    revenue = Counter[str]()
    for week in found:
        sums.update(week.counters)
        revenue[week.individual_id] += week.count(WON_MINOR)
    progress = world.load(Progress, f"{company.id}.{program}.partner")
    assert progress is not None
    earned = progress.count("earned:USD") + progress.count("company:USD")
    assert 0 < earned == sum(amount for name, amount in sums.items() if name.startswith(PAID))
    assert {ann: 1_200_000, bob: 800_000} == revenue
    assert (1, 0) == (sums["won"], sums["pipeline"])
    check_weeks(world.store, company.id, company.reps, program)


def test_the_weeks_are_those_of_the_programs_calendar(quick_world: World) -> None:
    """Sunday late in the evening in UTC is Monday in Auckland; it is rebuilt likewise."""
    world = quick_world
    define(world)
    company, program = world.company(), world.program(MILESTONES, time_zone="Pacific/Auckland")
    sunday = world.now + (6 - world.now.weekday()) * DAY
    world.now = sunday.replace(hour=23)

    world.record(company, program, "TRAINING", "late")

    (week,) = series(world.store, company.id, program)
    assert (sunday + DAY).date() == week.week
    assert [] == findings(world.store)


def test_an_import_counts_every_deal_in_its_weeks(quick_world: World, tmp_path: Path) -> None:
    """Deal by deal as the portal has them afterwards; a second run adds nothing."""
    write_export(tmp_path, rows=150, seed=11)
    store = quick_world.store
    for _ in range(2):
        run(store, tmp_path)
    programs, partners = Many(Program, of_vendor()), Listed("partners")
    found = store.read([programs, partners])
    (program,) = found[programs].records

    assert found[partners].ids
    for partner_id in found[partners].ids:
        members = Listed(members_of(partner_id))
        people = store.read([members])[members].ids
        check_weeks(store, partner_id, people, program.id)
    assert [] == findings(store)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("_of_deal", lambda *_: iter(())), ("_after", lambda _, was: was)],
    ids=["no deal counts", "no deal changes"],
)
def test_what_writing_and_rebuilding_count_alike_wrong_is_seen_by_the_deals(
    quick_world: World, monkeypatch: pytest.MonkeyPatch, name: str, wrong: Callable[..., object]
) -> None:
    """The control of the histories: verification alone would not tell."""
    monkeypatch.setattr(weeks, name, wrong)
    life = Life.of(quick_world)
    life.sell()

    assert [] == findings(quick_world.store)
    with pytest.raises(AssertionError):
        check_weeks(quick_world.store, life.company.id, life.company.reps, life.program)


def test_a_week_that_was_changed_and_one_without_any_activity_are_named(
    quick_world: World,
) -> None:
    """Counter by counter; also an empty week."""
    world = quick_world
    define(world)
    company, program = world.ready(TRAINING)
    world.record(company, program, "TRAINING", "one")
    (week,) = series(world.store, company.id, program)
    strange = [
        WeekCounts(week_id(company.id, week.week + more * WEEK, program, company.rep, None))
        for more in (1, 2)
    ]

    world.store.commit([Count(week, {"did:TRAINING": -1, "won": 2})])
    world.store.commit([Count(strange[0], {"won": 1}), Count(strange[1], {"won": 0})])

    assert [
        f"L24: The week {strange[0].id} has no activity.",
        f"L24: The week {strange[1].id} has no activity.",
        f"L24: The week {week.id} counts 1 less of did:TRAINING than was recorded.",
        f"L24: The week {week.id} counts 2 more of won than was recorded.",
    ] == [str(one) for one in findings(world.store)]
