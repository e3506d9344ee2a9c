"""What a refresh of the insight costs: by activities, and by parties and weeks. Counted, and timed.

The weeks are written as recording activities leaves them: each activity is counted by the rule that
the write path uses, and what they come to is added to the items in few commits.
"""

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from portal_api.domain.activities import DEAL_WON, Activity, DealWas
from portal_api.domain.deals import DealStage
from portal_api.domain.weeks import Sums, WeekCounts, add, counted
from portal_api.domain.writes import Count
from portal_api.services.insights import refresh
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.insights.test_market import TRAINING, behaviors
from tests.services.stores import CountingEngine
from tests.services.world import DAY, START, Company, World

BEHAVIORS = ("TRAINING", "DEMO", "CALL", DEAL_WON)
"""What each person does every week, each as often."""
_AT_ONCE = 90


@dataclass(frozen=True)
class Size:
    """A vendor: partners of so many people, over so many weeks, and how often each does each."""

    partners: int
    people: int
    weeks: int
    times: int

    @property
    def activities(self) -> int:
        """How many activities that is."""
        return self.partners * self.people * self.weeks * self.times * len(BEHAVIORS)


@dataclass(frozen=True)
class Cost:
    """What a refresh takes: waves, keys and queries, items and bytes read, processor seconds."""

    waves: str
    asked: int
    items: int
    bytes_read: int
    seconds: float


class Vendor:
    """A vendor of a size, whose insight can be refreshed again and again."""

    def __init__(self, file: Path, size: Size) -> None:
        self._engine = SqliteEngine(file, durable=False)
        self._engine.create()
        self.engine = CountingEngine(self._engine)
        self.world = World(TableStore(self.engine))
        with self.world.store.group():
            behaviors(self.world, *BEHAVIORS[:-1])
            half = size.weeks // 2
            self.program = self.world.program(TRAINING, starts_in=7 * half, days=7 * size.weeks)
            companies = [self.world.company(reps=size.people) for _ in range(size.partners)]
            self.world.wait(7 * half)
            for company in companies[: -(-size.partners // 2)]:
                self.world.consent(company, self.program)
                self.world.enroll(company, self.program)
            for company in companies:
                self._live(company, size)
        self.world.now = START + size.weeks * 7 * DAY

    def _live(self, company: Company, size: Size) -> None:
        sums: Sums = {}
        for activity in _activities(company, self.program, size):
            add(sums, counted(activity, "UTC"))
        writes = [Count(WeekCounts(week), added) for week, added in sums.items()]
        for start in range(0, len(writes), _AT_ONCE):
            self.world.store.commit(writes[start : start + _AT_ONCE])

    def cost(self) -> Cost:
        """What one refresh takes, with nothing new to be kept."""
        self.engine.forget()
        start = time.process_time()
        refresh(self.world.portal)
        seconds = time.process_time() - start
        engine = self.engine
        sizes = (len(json.dumps(item, separators=(",", ":"))) for item in engine.found)
        return Cost(engine.waves, engine.asked, len(engine.found), sum(sizes), seconds)

    def close(self) -> None:
        """Gives the file back."""
        self._engine.close()


def _activities(company: Company, program: str, size: Size) -> Iterator[Activity]:
    """All of a company's people; whoever is further behind sells less."""
    for place, rep in enumerate(company.reps, start=1):
        for week in range(size.weeks):
            at = START + timedelta(weeks=week, days=2)
            for time_ in range(size.times):
                for behavior in BEHAVIORS:
                    own = f"{week:03}{time_:04}{behavior}"
                    sold = behavior == DEAL_WON
                    yield Activity(
                        id=f"{company.id}.{rep}.{program}.{own}",
                        partner_id=company.id,
                        individual_id=rep,
                        program_id=program,
                        behavior=behavior,
                        occurred_at=at,
                        recorded_at=at,
                        source="bench",
                        source_event_id=own,
                        deal_amount_minor=100_000 // place if sold else None,
                        deal_was=_deal(at) if sold else None,
                        teams=((rep, company.partner.teams[0].id),),
                    )


def _deal(at: datetime) -> DealWas:
    return DealWas(DealStage.OPEN, "Product", 100_000, at - 9 * DAY, at - 8 * DAY)


@dataclass(frozen=True)
class Compared:
    """Two vendors' costs: of the last refresh each, and the median of the seconds of all."""

    sizes: tuple[Size, Size]
    costs: tuple[Cost, Cost]
    seconds: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Of the processor's time."""
        return self.seconds[1] / self.seconds[0]


def compare(folder: Path, few: Size, many: Size, rounds: int) -> Compared:
    """Both vendors in turn, again and again, after a first refresh of each."""
    vendors = [Vendor(folder / f"{one.times}.sqlite", one) for one in (few, many)]
    for vendor in vendors:
        vendor.cost()
    costs = [[vendor.cost() for vendor in vendors] for _ in range(rounds)]
    for vendor in vendors:
        vendor.close()
    first, second = (statistics.median(both[place].seconds for both in costs) for place in range(2))
    return Compared((few, many), (costs[-1][0], costs[-1][1]), (first, second))


def shown(found: Compared, large: tuple[Size, Sequence[Cost]]) -> str:
    """The costs as tables in Markdown: by activities, and of a large vendor, first and again."""
    few, many = found.costs
    head = [f"{one.activities:,} activities" for one in found.sizes]
    rows: tuple[tuple[str, float, float], ...] = (
        ("waves", len(few.waves), len(many.waves)),
        ("keys and queries", few.asked, many.asked),
        ("items read", few.items, many.items),
        ("bytes read", few.bytes_read, many.bytes_read),
        ("ms of the processor, median", 1000 * found.seconds[0], 1000 * found.seconds[1]),
    )
    size, costs = large
    lines = [
        f"| the insight refreshed | {head[0]} | {head[1]} | ratio |",
        "|---|---:|---:|---:|",
        *(f"| {name} | {one:,.0f} | {two:,.0f} | {two / one:.3f} |" for name, one, two in rows),
        "",
        f"| {size.partners} partners of {size.people} people, {size.weeks} weeks | first | again |",
        "|---|---:|---:|",
    ]
    numbers = (
        ("waves", [len(one.waves) for one in costs]),
        ("keys and queries", [one.asked for one in costs]),
        ("items read", [one.items for one in costs]),
        ("megabytes read", [round(one.bytes_read / 1e6, 1) for one in costs]),
        ("seconds of the processor", [round(one.seconds, 1) for one in costs]),
    )
    lines += [f"| {name} | {one:,} | {two:,} |" for name, (one, two) in numbers]
    return "\n".join(lines) + "\n"
