"""What cannot be refreshed is told of and keeps nothing else waiting; nothing old is shown on."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from portal_api.domain.events import Event
from portal_api.domain.goals import Level
from portal_api.domain.insights.answers import answers
from portal_api.domain.insights.kept import CompanyInsight, ProgramInsight
from portal_api.domain.insights.market import Incentive, Market
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Individual, Partner, Segment, Tier
from portal_api.domain.plans import Rule
from portal_api.domain.weeks import WeekCounts, week_id
from portal_api.domain.writes import Save
from portal_api.services import directory, insights, plans, programs
from portal_api.services import market as building
from portal_api.services.insights import refresh
from portal_api.services.market import markets
from portal_api.services.store import Many, StoreUnavailable, of_events
from portal_api.storage.items import item_of
from portal_api.storage.keys import key_of
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Delete, Engine, Item, Key, PutIfAbsent
from tests.insights.planted import Sketch, drawn, steady
from tests.insights.test_market import TRAINING, behaviors
from tests.insights.test_refresh import item_bytes
from tests.services.stores import Killed
from tests.services.world import DAY, START, Company, World

WEEK = 7 * DAY


def ready(world: World, companies: int = 2) -> tuple[str, list[Company]]:
    """A program that pays for trainings, and partners that trained in two weeks."""
    behaviors(world, "TRAINING")
    program = world.program(TRAINING)
    houses = [world.company() for _ in range(companies)]
    for week in range(2):
        for house in houses:
            world.record(house, program, "TRAINING", f"{house.id}-{week}")
        world.wait(7)
    return program, houses


def kept(world: World, program: str, house: Company) -> CompanyInsight | None:
    """What is kept of a partner."""
    return world.load(CompanyInsight, f"{program}.{house.id}")


def told_of(world: World) -> list[str]:
    """The programs that events of a refresh are of."""
    want = Many(Event, of_events(None))
    events = world.store.read([want])[want].records
    return [one.subject_id for one in events if one.kind == "InsightRefreshed"]


def test_a_program_that_begins_without_a_plan_is_refreshed_and_keeps_no_other_waiting(
    quick_world: World,
) -> None:
    """It has paid for nothing yet."""
    world = quick_world
    program, _ = ready(world)
    bare = programs.create_program(
        world.portal,
        world.manage(),
        terms=programs.ProgramTerms(
            name="Bare",
            description="Without a plan.",
            segment=Segment(),
            starts_at=world.now,
            ends_at=world.now + 90 * DAY,
            time_zone="UTC",
            currency="USD",
            terms="Be fair.",
        ),
    ).program.id
    world.wait(14)
    assert 2 == refresh(world.portal)
    assert {program, bare} == set(told_of(world))


@pytest.mark.parametrize("failure", [ZeroDivisionError, IndexError, TypeError, ValueError])
@pytest.mark.parametrize("place", ["of", "add", "market"])
def test_a_market_that_cannot_be_built_keeps_no_other_waiting(
    quick_world: World, monkeypatch: pytest.MonkeyPatch, failure: type[Exception], place: str
) -> None:
    """At whatever step it fails."""
    world = quick_world
    program, _ = ready(world)
    other = world.program(TRAINING)
    world.wait(14)
    whole = getattr(building._Building, place)

    def failing(first: object, *more: object) -> object:
        if other in (getattr(first, "id", ""), getattr(getattr(first, "program", 0), "id", "")):
            raise failure("this one")
        return whole(first, *more)

    wrapped = staticmethod(failing) if place == "of" else failing
    monkeypatch.setattr(building._Building, place, wrapped)
    with pytest.raises(StoreUnavailable, match=f"of 1 programs .* of 1 others is.*{other}.*this"):
        refresh(world.portal)
    assert [program] == told_of(world)


def _no_partner(house: Company, _program: str) -> tuple[Key, Item]:
    return key_of(Partner, house.id), {"version": 1, "tiers": 7}


def _no_person(house: Company, _program: str) -> tuple[Key, Item]:
    return key_of(Individual, house.rep), {"version": 1, "employments": "none"}


def _no_counters(house: Company, program: str) -> tuple[Key, Item]:
    own = week_id(house.id, date(2026, 1, 5), program, "ind", None)
    return key_of(WeekCounts, own), {"n:did:TRAINING": "often"}


def _no_week(house: Company, program: str) -> tuple[Key, Item]:
    return Key(f"PARTNER#{house.id}#WEEKS", f"WEEK#0000-99-99#{program}#ind#"), {"won": 1}


def _no_place(house: Company, _program: str) -> tuple[Key, Item]:
    return Key(f"PARTNER#{house.id}#WEEKS", "WEEK#2026"), {"won": 1}


@pytest.mark.parametrize("damage", [_no_partner, _no_person, _no_counters, _no_week, _no_place])
def test_a_damaged_record_of_a_partner_keeps_no_other_partner_and_no_program_waiting(
    quick_world: World,
    sqlite_engine: SqliteEngine,
    damage: Callable[[Company, str], tuple[Key, Item]],
) -> None:
    """The partner is left out, its place is told, and nothing old is told of it as if new."""
    world = quick_world
    program, (house, other) = ready(world)
    refresh(world.portal)
    key, item = damage(house, program)
    sqlite_engine.write([Delete(key)])
    sqlite_engine.write([PutIfAbsent(key, item)])
    world.record(other, program, "TRAINING", "more")
    world.wait(7)
    with pytest.raises(StoreUnavailable, match=re.escape(key.sk.removeprefix("WEEK#")[:4])):
        refresh(world.portal)
    insight = world.load(ProgramInsight, program)
    assert insight is not None
    assert world.now == insight.as_of
    assert [other.id] == [one.party_id for one in insight.ranking.standings]
    left_out = kept(world, program, house)
    assert left_out is not None
    assert left_out.gone
    again = kept(world, program, other)
    assert again is not None
    assert world.now == again.as_of


def test_a_refresh_begins_with_what_was_refreshed_longest_ago(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that one that is killed each time comes to every program, and keeps what is done."""
    world = quick_world
    ready(world)
    for _ in range(2):
        world.program(TRAINING)
    world.wait(14)
    done: list[str] = []

    def killing(market: Market, *more: object) -> object:
        if len(done) % 2:
            done.append("killed")
            raise Killed
        done.append(market.program_id)
        return answers(market, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(insights, "answers", killing)
    for _ in range(4):
        world.wait(1)
        with pytest.raises(Killed):
            refresh(world.portal)
    refreshed = done[::2]
    assert 3 == len(set(refreshed[:3]))
    assert refreshed[0] == refreshed[3]


def test_a_program_says_when_it_was_refreshed_last_also_where_nothing_changed(
    quick_world: World,
) -> None:
    """Once a day, without an event and without writing its partners again."""
    world = quick_world
    program, (house, _) = ready(world)
    refresh(world.portal)
    first = world.now
    world.now += timedelta(hours=23)
    assert 0 == refresh(world.portal)
    early = world.load(ProgramInsight, program)
    assert early is not None
    assert first == early.as_of
    world.now += timedelta(hours=1)
    assert 0 == refresh(world.portal)
    insight, company = world.load(ProgramInsight, program), kept(world, program, house)
    assert insight is not None
    assert company is not None
    assert (world.now, first) == (insight.as_of, company.as_of)
    assert [program] == told_of(world)
    world.record(house, program, "TRAINING", "more")
    world.wait(7)
    assert 1 == refresh(world.portal)
    assert [program, program] == told_of(world)


def test_a_partner_that_is_not_in_the_market_any_more_is_told_nothing(
    lonely_engine: Engine,
) -> None:
    """Until it is in it again."""
    world = World(TableStore(lonely_engine))
    behaviors(world, "TRAINING")
    program = world.program(TRAINING, segment=Segment(tiers=(Tier.GOLD,)), days=200)
    stays, goes = world.company(), world.company()
    world.wait(14)
    refresh(world.portal)
    for tier, gone in ((Tier.SILVER, True), (Tier.GOLD, False)):
        directory.assign_tier(
            world.portal, world.manage(), partner_id=goes.id, tier=tier, valid_from=world.now
        )
        world.wait(1)
        refresh(world.portal)
        own, other = kept(world, program, goes), kept(world, program, stays)
        assert own is not None
        assert other is not None
        assert (gone, False) == (own.gone, other.gone)
        assert not (gone and (own.people or own.durability or own.missing or own.breadth))
        version = own.version
        refresh(world.portal)
        again = kept(world, program, goes)
        assert again is not None
        assert version == again.version


def test_of_many_incentives_the_latest_are_judged_and_the_others_counted(
    quick_world: World,
) -> None:
    """Those that run first; in the weeks of the others the behavior counts as paid for."""
    world = quick_world
    number = building.MOST_INCENTIVES + 5
    codes = [f"B{one:03}" for one in range(number)]
    behaviors(world, *codes)
    rules = [Rule(code, code, Level.INDIVIDUAL, "USD", Flat(code, 50)) for code in codes]
    program = world.program(*rules[:5], days=300)
    world.company()
    half = 5 + building.MOST_INCENTIVES // 2
    for after, some in ((2, rules[5:half]), (4, rules[half:])):
        plan = plans.PlanContent(tuple(some), (), START + after * WEEK)
        plans.publish_plan(world.portal, world.manage(), program_id=program, content=plan)
    world.now = START + 8 * WEEK
    (market,) = markets(world.store, world.now)
    assert set(codes[5:]) == {one.behavior for one in market.incentives}
    assert 5 == market.left_out
    assert set(codes[:5]) == set(market.paid_elsewhere)
    refresh(world.portal)
    insight = world.load(ProgramInsight, program)
    assert insight is not None
    assert 5 == insight.left_out


def test_the_answers_about_as_many_incentives_as_are_judged_fit_into_an_item(
    quick_world: World,
) -> None:
    """With room for a third more."""
    most = building.MOST_INCENTIVES
    paid = tuple(Incentive(f"CALL-{one:02}", 20, 20, None, ("calls",)) for one in range(most))
    rates = {one.behavior: steady(1.0) for one in paid}
    sketch = Sketch(rates, companies=30, people=3, weeks=40, incentives=paid)
    told = answers(replace(drawn(sketch, 1), program_id="prg-many"), (), ())
    quick_world.store.commit([Save(told.program)])
    size = item_bytes(item_of(told.program))
    print(f"ProgramInsight of {most} incentives: {size} bytes")  # noqa: T201
    assert size < 300_000
