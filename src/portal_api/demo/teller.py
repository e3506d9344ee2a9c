"""Who tells the demo: a clock that its steps move, a seeded chance, and the cast so far."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from portal_api.demo import world
from portal_api.demo.world import PartnerSketch
from portal_api.domain.partners import Individual, Partner, Role
from portal_api.domain.programs import Program
from portal_api.services.use_case import Ask, Portal

_FRIDAY = 4
_OPENS, _CLOSES = 7 * 60, 17 * 60  # Minutes of a day, in UTC.


@dataclass(frozen=True, slots=True)
class House:
    """A partner of the demo with its people."""

    sketch: PartnerSketch
    partner: Partner
    executive: Individual
    staff: tuple[Individual, ...]

    @property
    def reps(self) -> tuple[Individual, ...]:
        """Those who sell."""
        return tuple(one for one in self.staff if one.employments[-1].role is Role.SALES_REP)


@dataclass
class Teller:
    """The story so far, and the steps that are still to come."""

    portal: Portal
    random: Random
    now: datetime = world.TOLD_FROM
    ends: datetime = world.TOLD_TO
    """When the telling ends, at the end of a day: what waits then has come in the weeks before."""
    managers: list[str] = field(default_factory=list)
    service: str = ""
    houses: list[House] = field(default_factory=list)
    programs: dict[str, Program] = field(default_factory=dict)
    deals: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """The ids of the deals that are told by hand, by owner, program and customer."""
    _steps: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _planned: int = 0
    _asked: int = 0

    def ask(self, subject: str) -> Ask:
        """The next request, of that person, a moment after the last one."""
        self._asked += 1
        self.now += timedelta(milliseconds=1)
        return Ask(subject, f"demo-{self._asked:06}")

    def manager(self) -> str:
        """One of the channel managers."""
        return self.random.choice(self.managers)

    def house(self, name: str) -> House:
        """The partner of that name."""
        return next(house for house in self.houses if house.sketch.name == name)

    def at(self, instant: datetime, step: Callable[[], object]) -> None:
        """Plans a step of the half year, unless that ends before."""
        if instant < world.TOLD_TO:
            self._plan(instant, step)

    def lately(self, days: int, step: Callable[[], object], hour: int = 9) -> None:
        """Plans a step for the day that was so many days before the telling ends."""
        self._plan(self.ago(days, hour), step)

    def ago(self, days: int, hour: int = 9) -> datetime:
        """An instant of the day that was so many days before the end."""
        return self.ends - timedelta(days=days) + timedelta(hours=hour)

    def _plan(self, instant: datetime, step: Callable[[], object]) -> None:
        self._planned += 1
        heapq.heappush(self._steps, (instant, self._planned, step))

    def run(self, on_step: Callable[[int, int], None]) -> None:
        """Takes the steps in the order of time; a step may plan others."""
        taken = 0
        while self._steps:
            instant, _, step = heapq.heappop(self._steps)
            self.now = max(self.now, instant)
            step()
            taken += 1
            on_step(taken, taken + len(self._steps))

    def office_hours(self, on: datetime) -> datetime:
        """Some instant of that day's working hours; of the next Monday's where it is a weekend."""
        if on.weekday() > _FRIDAY:
            on += timedelta(days=7 - on.weekday())
        midnight = on.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(minutes=self.random.randrange(_OPENS, _CLOSES))
