"""The insight is refreshed: the same from what is stored, killed or run twice at once."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from portal_api.domain.events import Event
from portal_api.domain.goals import Level
from portal_api.domain.insights.answers import MOST_EFFECTS, answers
from portal_api.domain.insights.kept import (
    MOST_PEOPLE,
    MOST_STANDINGS,
    CompanyInsight,
    ProgramInsight,
)
from portal_api.domain.insights.market import Incentive, Market
from portal_api.domain.writes import Save, Write
from portal_api.services import due_series, insights
from portal_api.services.insights import refresh
from portal_api.services.market import markets
from portal_api.services.obstacles import told_about
from portal_api.services.store import Many, Store, StoreUnavailable, of_events
from portal_api.storage.items import item_of
from portal_api.storage.store import TableStore
from portal_api.storage.table import ITEM_BYTES_MAX, Engine
from tests.insights.planted import Sketch, drawn, steady
from tests.insights.test_market import TRAINING, behaviors
from tests.services.importing import pass_on
from tests.services.stores import FaultyStore, Killed, in_parallel, killed_after, killed_before
from tests.services.world import World

Fault = Callable[[Callable[[], None]], None]
Kept = tuple[ProgramInsight | None, tuple[CompanyInsight | None, ...]]


class Life:
    """Three partners in two programs, of which one pays for trainings."""

    def __init__(self, world: World) -> None:
        self.world = world
        behaviors(world, "TRAINING")
        self.programs = [world.program(TRAINING), world.program()]
        self.companies = [world.company(reps=2) for _ in range(3)]
        for company in self.companies:
            for program in self.programs:
                world.consent(company, program)
                world.enroll(company, program)
        self.live(6)

    def live(self, weeks: int) -> None:
        """Some weeks in which the first trains and sells most."""
        world = self.world
        for _ in range(weeks):
            for number, company in enumerate(self.companies):
                event = f"{company.id}-{world.now:%j}"
                world.record(company, self.programs[0], "TRAINING", event)
                deal = world.approved(company, self.programs[1], 1_000_00)
                world.win(deal, 3_000_00 - number * 1_000_00)
            world.wait(7)

    def kept(self, program: str) -> Kept:
        """What is kept of a program and its partners, without how often it was written."""
        insight = self.world.load(ProgramInsight, program)
        companies = (
            self.world.load(CompanyInsight, f"{program}.{one.id}") for one in self.companies
        )
        return (
            replace(insight, version=0) if insight else None,
            tuple(replace(one, version=0) if one else None for one in companies),
        )

    @property
    def everything(self) -> list[Kept]:
        """The same of both programs."""
        return [self.kept(program) for program in self.programs]

    def recomputed(self) -> list[Kept]:
        """What a refresh of now should keep, asked of the markets once more."""
        found = {
            market.program_id: answers(market, *told_about(self.world.store, market.program_id))
            for market in markets(self.world.store, self.world.now)
        }
        return [(found[program].program, found[program].companies) for program in self.programs]

    def refreshes(self) -> list[str]:
        """The programs of which an event tells that their insight was refreshed."""
        want = Many(Event, of_events(None))
        events = self.world.store.read([want])[want].records
        return [one.subject_id for one in events if one.kind == "InsightRefreshed"]


def as_of(kept: Sequence[Kept], at: datetime) -> list[Kept]:
    """The same as if refreshed at another instant."""
    return [
        (
            replace(program, as_of=at) if program else None,
            tuple(replace(one, as_of=at) if one else None for one in companies),
        )
        for program, companies in kept
    ]


def test_L24_C36_a_refresh_tells_all_that_is_stored_and_again_the_same(
    lonely_engine: Engine,
) -> None:
    """Of each program and each partner, with the instant; what comes later is in the next one.

    What is the same as before is left as it is; only the program has the instant of the last one.
    """
    world = World(TableStore(lonely_engine))
    life = Life(world)
    assert 2 == refresh(world.portal)
    first, at = life.everything, world.now
    for program, companies in first:
        assert program is not None
        assert [one.id for one in life.companies] == [
            one.party_id for one in program.ranking.standings
        ]
        assert at == program.as_of
        for place, insight in enumerate(companies, start=1):
            assert insight is not None
            assert (place, at) == (insight.standing.rank, insight.as_of)
            assert 2 == len(insight.people)
    assert sorted(life.programs) == sorted(life.refreshes())

    world.now += timedelta(minutes=5)
    assert 0 == refresh(world.portal)
    again = life.everything
    assert [companies for _, companies in first] == [companies for _, companies in again]
    assert first == again
    life.live(1)
    assert 2 == refresh(world.portal)
    assert as_of(first, world.now) != life.everything
    assert {world.now} == {program.as_of for program, _ in life.everything if program}
    assert 4 == len(life.refreshes())


@pytest.mark.parametrize("fault", [killed_before, killed_after])
def test_a_refresh_may_end_at_any_commit_and_the_next_one_finishes_it(
    quick_world: World, fault: Fault
) -> None:
    """Whatever was kept before it died, all is as if it had not."""
    life = Life(quick_world)
    portal = quick_world.portal
    commits = 0
    while True:
        faulty = FaultyStore(portal.store, *[pass_on] * commits, fault)
        try:
            refresh(quick_world.on(faulty))
        except Killed:
            commits += 1
        else:
            break
        expected = life.recomputed()
        refresh(portal)
        assert expected == as_of(life.everything, quick_world.now)
        life.live(1)
    assert commits >= 4


def test_two_refreshes_at_once_come_to_one(lonely_engine: Engine) -> None:
    """On either engine."""
    world = World(TableStore(lonely_engine))
    life = Life(world)
    refresh(world.portal)
    life.live(1)
    expected = life.recomputed()
    done = in_parallel(*[lambda: refresh(world.portal)] * 3)
    assert all(isinstance(one, int) for one in done), done
    assert expected == as_of(life.everything, world.now)


def test_an_earlier_refresh_that_ends_later_changes_nothing(quick_world: World) -> None:
    """It was slow, and all that it knows is in what is kept."""
    life = Life(quick_world)
    early = replace(quick_world.portal, clock=lambda at=quick_world.now: at)  # type: ignore[misc]
    quick_world.wait(7)
    refresh(quick_world.portal)
    kept, events = life.everything, life.refreshes()
    assert 0 == refresh(early)
    assert (kept, events) == (life.everything, life.refreshes())


class _Refusing(FaultyStore):
    """A store that takes nothing about one program."""

    def __init__(self, store: Store, program: str) -> None:
        super().__init__(store)
        self.program = program

    def commit(self, writes: Sequence[Write]) -> None:
        """Commits what is of others."""
        if any(isinstance(one, Save) and self.program in one.record.id for one in writes):
            raise StoreUnavailable("not now")
        super().commit(writes)


def test_a_program_that_cannot_be_done_keeps_no_other_waiting(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told of, whether the store or the arithmetic fails."""
    life = Life(quick_world)
    stuck, other = life.programs
    refusing = quick_world.on(_Refusing(quick_world.store, stuck))
    with pytest.raises(StoreUnavailable, match="of 1 programs is not refreshed, that of 1 others"):
        refresh(refusing)
    assert (None, (None, None, None)) == life.kept(stuck)
    assert None is not life.kept(other)[0]

    def failing(market: Market, *more: object) -> object:
        if market.program_id == other:
            raise ZeroDivisionError("of nothing")
        return answers(market, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(insights, "answers", failing)
    (ran,) = due_series.run_all(quick_world.portal, (due_series.INSIGHTS,))
    assert "of nothing" in (ran.problem or "")
    assert None is not life.kept(stuck)[0]


def test_the_largest_answers_fit_into_an_item(quick_world: World) -> None:
    """More partners than are told of; more people, who are paid for eight behaviors."""
    paid = tuple(Incentive(f"CALL-{number:02}", 20, 20, None, ("calls",)) for number in range(8))

    def rises(_company: int, _person: int, week: int) -> float:
        return 1.0 if week < 20 else 6.0

    rates = {one.behavior: rises for one in paid} | {f"X-{n}": steady(0.1) for n in range(10)}
    for companies, people in ((210, 1), (2, 210)):
        sketch = Sketch(rates, companies=companies, people=people, weeks=40, incentives=paid)
        told = answers(replace(drawn(sketch, 1), program_id=f"prg-{people}"), (), ())
        kept: tuple[ProgramInsight | CompanyInsight, ...] = (told.program, *told.companies)
        for insight in kept[:3]:
            quick_world.store.commit([Save(insight)])
            size = item_bytes(item_of(insight))
            print(f"{type(insight).__name__} of {companies} partners: {size} bytes")  # noqa: T201
            assert size < ITEM_BYTES_MAX * 3 // 4
        assert len(told.program.ranking.standings) == min(companies, MOST_STANDINGS)
        assert len(told.program.people_ranking.standings) == MOST_STANDINGS
        effects = sum(len(one.companies) for one in told.program.consistency.behaviors)
        assert effects <= MOST_EFFECTS
        for one in told.companies:
            assert len(one.people) == min(people, MOST_PEOPLE)
            verdicts = [each.verdict for each in one.durability if each.level is Level.INDIVIDUAL]
            assert verdicts


def item_bytes(value: object) -> int:
    """About what DynamoDB counts: names and texts, up to 21 bytes a number, 4 a list or map."""
    if isinstance(value, dict):
        return 4 + sum(len(name) + 1 + item_bytes(one) for name, one in value.items())
    if isinstance(value, list | tuple):
        return 4 + sum(1 + item_bytes(one) for one in value)
    return len(str(value).encode()) + 1


def test_importing_the_refresh_imports_no_scipy() -> None:
    """The API's bundle has none, and its cold start no second for it."""
    told = (
        "import sys, portal_api.services.due_series;"
        "sys.exit(any(name.startswith(('scipy', 'numpy')) for name in sys.modules))"
    )
    assert 0 == subprocess.run([sys.executable, "-c", told], check=False).returncode
