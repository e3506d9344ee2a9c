"""Deliveries beside each other: no endpoint waits for another one, and none is sent to twice.

An endpoint has a thread of its own, so time here is each thread's own too: who waits ten seconds
for an answer lives ten seconds longer than its run has lasted for the others.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest

from portal_api.domain.events import Event
from portal_api.domain.webhooks import LEASE, PATIENCE, Endpoint
from portal_api.services import deliveries, messages, webhooks
from portal_api.services.deliveries import SECONDS, Counts, Sent
from portal_api.services.store import Many, of_vendor
from portal_api.services.use_case import Portal
from portal_api.services.webhooks import MOST_ENDPOINTS, MOST_REPLAYED
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.hooks import Receivers
from tests.services.hooked import an_endpoint, an_event, delivery_of, due_of, minute, told
from tests.services.stores import FaultyStore, Killed, first, killed_after
from tests.services.world import World

T = TypeVar("T")

TIMEOUT = timedelta(seconds=10)
SLOWLY = timedelta(seconds=9.5)
QUICK = timedelta(milliseconds=100)
MINUTE = timedelta(minutes=1)
HEALTHY, BACK = "https://healthy.example.com/", "https://back.example.com/"
SLOW = "https://slow.example.com/"


@pytest.fixture
def alone(lonely_engine: Engine) -> World:
    """Give a world with a table of its own on each engine in turn: endpoints are everybody's."""
    return World(TableStore(lonely_engine))


class Times:
    """A clock that goes on for who waits, from when the run began; ``last``: as who waited most."""

    def __init__(self, now: datetime) -> None:
        self.begin(now)

    def begin(self, now: datetime) -> None:
        self.began, self.last = now, timedelta()
        self._own, self._turn = threading.local(), threading.Lock()

    def __call__(self) -> datetime:
        return self.began + self._passed

    def begin_own(self) -> None:
        self._own.passed = timedelta()

    def wait(self, time: timedelta) -> None:
        self._own.passed = self._passed + time
        with self._turn:
            self.last = max(self.last, self._passed)

    @property
    def _passed(self) -> timedelta:
        passed: timedelta = getattr(self._own, "passed", timedelta())
        return passed


class Threads(ThreadPoolExecutor):
    """Threads whose every task begins at the beginning: there is always one for it.

    Without this a thread that is free by our clock, and is still waiting by theirs, takes another.
    """

    def __init__(self, times: Times, most: int, name: str) -> None:
        super().__init__(most, name)
        self._times, self._most, self._tasks = times, most, 0

    def submit(self, task: Callable[..., T], /, *given: Any, **named: Any) -> Future[T]:
        self._tasks += 1
        assert self._tasks <= self._most

        def begun() -> T:
            self._times.begin_own()
            return task(*given, **named)

        return super().submit(begun)


@dataclass
class Internet:
    """Receivers by URL, each with how long it takes and what it answers; when they took what."""

    times: Times
    answers: dict[str, tuple[timedelta, Sent]]
    took: dict[str, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        time, sent = self.answers[url]
        self.times.wait(time)
        self.asked[url] += 1
        if sent.status == 200:
            self.took[url].setdefault(headers["webhook-id"], self.times())
        return sent


SILENCE, TAKEN, BROKEN = Sent(None, "There was no answer in time."), Sent(200), Sent(500)


def others() -> dict[str, tuple[timedelta, Sent]]:
    """As many as there can be beside the healthy one and one that comes back."""
    hostile = [(TIMEOUT, SILENCE), (SLOWLY, TAKEN), (QUICK, BROKEN)]
    return {
        f"https://r{number}.example.com/": hostile[number % 3]
        for number in range(MOST_ENDPOINTS - 2)
    }


@dataclass
class Hours:
    """Minutes of a portal: events in each, told of at once, and then a run of the schedule."""

    world: World
    internet: Internet
    portal: Portal
    told_at: dict[str, datetime] = field(default_factory=dict)
    longest: dict[str, timedelta] = field(default_factory=lambda: defaultdict(timedelta))

    @classmethod
    def of(
        cls,
        world: World,
        answers: dict[str, tuple[timedelta, Sent]],
        patch: pytest.MonkeyPatch,
    ) -> "Hours":
        for url in answers:
            an_endpoint(world, url)
        times = Times(world.now)
        patch.setattr(deliveries, "ThreadPoolExecutor", partial(Threads, times))
        return cls(world, Internet(times, answers), replace(world.portal, clock=times))

    def run(self, kind: str, task: Callable[[], Counts]) -> None:
        times = self.internet.times
        times.begin(self.world.now)
        task()
        self.longest[kind] = max(self.longest[kind], times.last)

    def pass_minute(self, events: int) -> None:
        for _ in range(events):
            message = messages.message_of(an_event(self.world))
            self.told_at[f"{message['id']}"] = self.world.now
            self.run("event", lambda: deliveries.deliver(self.portal, message, self.internet))  # noqa: B023
            self.world.now += MINUTE / (events + 1)
        self.run("schedule", lambda: deliveries.retry_due(self.portal, self.internet))
        self.world.now += MINUTE / (events + 1)


def test_nobody_waits_for_what_others_do(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bounds: a healthy one is told at once, one that is back within a minute.

    Eighteen others hang, are slow, or fail at once, all the time. What was due to the one that was
    down comes when it was due again, or in the first minute.
    """
    answers = {**others(), HEALTHY: (QUICK, TAKEN), BACK: (TIMEOUT, SILENCE)}
    hours = Hours.of(quick_world, answers, monkeypatch)
    internet = hours.internet
    for _ in range(8):
        hours.pass_minute(events=2)
    internet.answers[BACK] = (QUICK, TAKEN)
    back, asked = quick_world.now, dict(internet.asked)
    hours.pass_minute(events=2)
    probes = {url: internet.asked[url] - asked[url] for url in others()}
    for _ in range(3):
        hours.pass_minute(events=2)

    late = [internet.took[HEALTHY][one] - at for one, at in hours.told_at.items()]
    assert {QUICK} == set(late)
    since = {one: at for one, at in hours.told_at.items() if at >= back}
    assert 8 == len(since)
    assert all(internet.took[BACK][one] - at <= MINUTE for one, at in since.items())
    # Each run asks one that hangs, or fails, once whether it is back; a slow one is told of both.
    expected = {TIMEOUT: {1}, QUICK: {1}, SLOWLY: {2}}
    for time, counts in expected.items():
        assert counts == {probes[url] for url, (one, _) in others().items() if one == time}
    assert TIMEOUT == hours.longest["event"]
    assert hours.longest["schedule"] <= timedelta(seconds=SECONDS) + TIMEOUT


def test_an_event_waits_for_no_endpoint_that_is_known_to_be_slow(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the functions that tell of events would be used up by one receiver."""
    answers = {SLOW: (SLOWLY, TAKEN), HEALTHY: (QUICK, TAKEN)}
    hours = Hours.of(quick_world, answers, monkeypatch)
    hours.pass_minute(events=1)
    hours.longest.clear()
    hours.pass_minute(events=3)
    assert QUICK == hours.longest["event"]
    assert 4 == len(hours.internet.took[SLOW])
    hours.internet.answers[SLOW] = (QUICK, TAKEN)
    hours.pass_minute(events=1)
    hours.pass_minute(events=1)
    last = max(hours.told_at, key=lambda one: hours.told_at[one])
    assert QUICK == hours.internet.took[SLOW][last] - hours.told_at[last]


def test_a_backlog_is_taken_beside_that_of_a_slow_one(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty each: one run brings the healthy one all, and the slow one what fits into its time."""
    answers = {SLOW: (SLOWLY, TAKEN), HEALTHY: (QUICK, TAKEN)}
    hours = Hours.of(quick_world, answers, monkeypatch)
    events = tuple(an_event(quick_world).id for _ in range(MOST_REPLAYED))
    want = Many(Endpoint, of_vendor())
    for endpoint in quick_world.store.read([want])[want].records:
        webhooks.replay_webhook_events(
            quick_world.portal, quick_world.manage(), endpoint_id=endpoint.id, event_ids=events
        )
    hours.pass_minute(events=0)
    assert {HEALTHY: 30, SLOW: 5} == hours.internet.asked


# --- Runs that are killed, and two at once --------------------------------------------------


def by_event(world: World, event: Event, receivers: Receivers, portal: Portal) -> Counts:
    return told(world, event, receivers, portal)


def by_schedule(_: World, __: Event, receivers: Receivers, portal: Portal) -> Counts:
    return deliveries.retry_due(portal, receivers)


Way = Callable[[World, Event, Receivers, Portal], Counts]
BOTH = pytest.mark.parametrize("way", [by_event, by_schedule])


def due(world: World) -> tuple[Endpoint, Event]:
    """A delivery that is due, and that nobody has begun: its endpoint was down for a while."""
    endpoint = an_endpoint(world)
    told(world, an_event(world), Receivers(status=410))
    webhooks.update_webhook_endpoint(
        world.portal, world.manage(), endpoint_id=endpoint.id, enabled=True
    )
    event = an_event(world)
    webhooks.replay_webhook_events(
        world.portal, world.manage(), endpoint_id=endpoint.id, event_ids=(event.id,)
    )
    return endpoint, event


@BOTH
def test_what_is_killed_between_its_claim_and_its_sending_is_sent_when_the_lease_is_over(
    alone: World, way: Way
) -> None:
    """Nothing was sent, nobody sends it meanwhile, and then somebody does, once."""
    endpoint, event = due(alone)
    receivers = Receivers()
    portal = alone.on(FaultyStore(alone.store, killed_after))
    with pytest.raises(Killed):
        way(alone, event, receivers, portal)
    assert [] == receivers.got
    alone.now += LEASE - timedelta(seconds=1)
    assert Counts() == minute(alone, receivers, 0) + told(alone, event, receivers)
    assert [] == receivers.got
    alone.now += timedelta(seconds=1)
    assert Counts(delivered=1) == way(alone, event, receivers, alone.portal)
    assert (1, 2) == (len(receivers.got), delivery_of(alone, endpoint, event).attempts)
    assert () == due_of(alone, endpoint)


@BOTH
@pytest.mark.parametrize("other_way", [by_event, by_schedule])
def test_of_two_runs_that_claim_at_the_same_moment_one_sends(
    alone: World, way: Way, other_way: Way
) -> None:
    """Both have found it due; the version of what they found decides."""
    endpoint, event = due(alone)
    receivers, other = Receivers(), Receivers()

    def overtaken() -> None:
        assert Counts(delivered=1) == other_way(alone, event, other, alone.portal)

    portal = alone.on(FaultyStore(alone.store, first(overtaken)))
    assert Counts() == way(alone, event, receivers, portal)
    assert (0, 1) == (len(receivers.got), len(other.got))
    assert 1 == delivery_of(alone, endpoint, event).attempts


@BOTH
def test_what_another_run_is_just_sending_is_left_to_it(alone: World, way: Way) -> None:
    """The other has claimed it, and waits for its answer when this one looks."""
    endpoint, event = due(alone)
    receivers = Receivers()

    def meanwhile() -> None:
        assert Counts() == by_event(alone, event, receivers, alone.portal)
        assert Counts() == by_schedule(alone, event, receivers, alone.portal)

    slow = Receivers(first=meanwhile)
    assert Counts(delivered=1) == way(alone, event, slow, alone.portal)
    assert (0, 1) == (len(receivers.got), len(slow.got))
    assert 1 == delivery_of(alone, endpoint, event).attempts


def test_what_waits_at_an_endpoint_that_fails_for_minutes_is_claimed_by_the_schedule(
    alone: World,
) -> None:
    """An event that is told of leaves it alone, and claims nothing."""
    endpoint = an_endpoint(alone)
    told(alone, an_event(alone), Receivers(status=500))
    alone.now += PATIENCE
    event, receivers = an_event(alone), Receivers()
    assert Counts() == told(alone, event, receivers)
    kept = delivery_of(alone, endpoint, event)
    assert (0, alone.now) == (kept.attempts, kept.next_attempt_at)
