"""Deliveries: each event reaches each endpoint that wants it, whatever is killed or down."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from portal_api.domain.events import Event
from portal_api.domain.webhooks import (
    BACKOFF,
    DISABLED_AFTER,
    LEASE,
    PATIENCE,
    Endpoint,
    WebhookDeliveryStatus,
    WebhookDisabledBecause,
)
from portal_api.domain.writes import Enlist
from portal_api.services import deliveries, messages, webhooks
from portal_api.services.audit import subject_of
from portal_api.services.deliveries import Counts
from portal_api.services.store import Many, StoreUnavailable, of_events
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.hooks import Receivers
from tests.services.hooked import (
    an_endpoint,
    an_event,
    deliveries_of,
    delivery_of,
    due_of,
    failing_since,
    minute,
    secret_of,
    sound,
    told,
)
from tests.services.stores import (
    FaultyStore,
    Killed,
    conflicting,
    in_parallel,
    killed_after,
    killed_before,
    lost_after,
    lost_before,
)
from tests.services.world import World

PENDING, DELIVERED, FAILED = WebhookDeliveryStatus
ONE_TAKEN, ONE_FAILED, ONE_GIVEN_UP = (
    Counts(delivered=1),
    Counts(failed=1),
    Counts(given_up=1),
)
BAD = "https://bad.example.com/portal"


@pytest.fixture
def alone(lonely_engine: Engine) -> World:
    """Give a world with a table of its own on each engine in turn: endpoints are everybody's."""
    return World(TableStore(lonely_engine))


@pytest.fixture
def quick(quick_world: World) -> Iterator[World]:
    """Give a world on SQLite, for what does not depend on the engine."""
    yield quick_world
    want = Many(Endpoint, ("vendor",))
    for endpoint in quick_world.store.read([want])[want].records:
        sound(quick_world, endpoint)


def test_an_event_is_sent_signed_to_who_wants_it(alone: World) -> None:
    """With its own id and the thin message; once, though the bus tells of it twice."""
    endpoint, event, receivers = an_endpoint(alone), an_event(alone), Receivers()

    assert ONE_TAKEN == told(alone, event, receivers)
    assert Counts() == told(alone, event, receivers)

    (message,) = receivers.got
    content = message.verified(secret_of(alone, endpoint), alone.now)
    assert {"type", "timestamp", "data"} == set(content)
    assert messages.message_of(event) == content["data"]
    assert (event.kind, message.id) == (content["type"], content["data"]["id"])
    kept = delivery_of(alone, endpoint, event)
    assert (DELIVERED, 1, 204, alone.now) == (
        kept.status,
        kept.attempts,
        kept.last_status,
        kept.delivered_at,
    )
    sound(alone, endpoint)


def test_a_message_id_has_no_full_stop(quick: World) -> None:
    """The convention separates what is signed by them."""
    assert "." not in messages.message_id(an_event(quick).id)


def test_an_endpoint_is_told_of_its_kinds_and_its_partner_alone(quick: World) -> None:
    event = an_event(quick)
    partner_id = event.subject_id
    other = an_event(quick).subject_id
    wanted = {
        "https://a.example.com/": an_endpoint(quick, "https://a.example.com/"),
        "https://b.example.com/": an_endpoint(
            quick, "https://b.example.com/", kinds=("PartnerAdded", "DealWon")
        ),
        "https://c.example.com/": an_endpoint(
            quick, "https://c.example.com/", partner_id=partner_id
        ),
    }
    an_endpoint(quick, "https://d.example.com/", kinds=("DealWon",))
    an_endpoint(quick, "https://e.example.com/", partner_id=other)
    receivers = Receivers()
    assert Counts(delivered=3) == told(quick, event, receivers)
    assert set(wanted) == {message.url for message in receivers.got}


def test_what_nobody_wants_writes_nothing(quick: World) -> None:
    event = an_event(quick)
    store = FaultyStore(quick.store)
    assert Counts() == told(quick, event, Receivers(), quick.on(store))
    assert 0 == store.commits


def test_a_message_that_is_none_is_refused_and_one_of_nothing_is_let_be(quick: World) -> None:
    an_endpoint(quick)
    receivers = Receivers()
    for bad in ({}, {"id": "nonsense"}, {"id": "RGVhbDpwdG4tMQ=="}):
        with pytest.raises(ValueError, match="no message"):
            deliveries.deliver(quick.portal, bad, receivers)
    gone = {"id": messages.message_id("vendor.06dqr084000000000000")}
    assert Counts() == deliveries.deliver(quick.portal, gone, receivers)
    assert [] == receivers.got


def test_a_failed_delivery_is_tried_again_until_it_is_taken(alone: World) -> None:
    """The same id and the same body every time, with a new timestamp and signature."""
    endpoint, event, receivers = an_endpoint(alone), an_event(alone), Receivers(status=503)

    assert ONE_FAILED == told(alone, event, receivers)
    assert alone.now == failing_since(alone, endpoint)
    assert Counts() == deliveries.retry_due(alone.portal, receivers)
    assert ONE_FAILED == minute(alone, receivers)
    receivers.status = 200
    assert Counts() == minute(alone, receivers, 4)
    assert ONE_TAKEN == minute(alone, receivers)
    assert Counts() == minute(alone, receivers, 10_000)

    assert 3 == len(receivers.got)
    assert 1 == len({(message.id, message.body) for message in receivers.got})
    assert 3 == len({message.headers["webhook-signature"] for message in receivers.got})
    kept = delivery_of(alone, endpoint, event)
    assert (DELIVERED, 3, None) == (kept.status, kept.attempts, kept.problem)
    assert failing_since(alone, endpoint) is None
    sound(alone, endpoint)


def test_what_is_never_taken_is_given_up_and_can_still_be_found(quick: World) -> None:
    """Down for a week: ten attempts in about three days, then it waits for a replay."""
    endpoint, event = an_endpoint(quick), an_event(quick)
    receivers = Receivers(status="The connection was refused.")
    counts = told(quick, event, receivers)
    for wait in BACKOFF:
        counts += minute(quick, receivers, wait // timedelta(minutes=1))
    assert Counts(failed=len(BACKOFF), given_up=1) == counts
    assert Counts() == minute(quick, receivers, 10_000)
    kept = delivery_of(quick, endpoint, event)
    assert (FAILED, len(BACKOFF) + 1, None, "The connection was refused.") == (
        kept.status,
        kept.attempts,
        kept.last_status,
        kept.problem,
    )
    assert () == due_of(quick, endpoint)


def test_one_endpoint_that_fails_keeps_no_other_waiting(quick: World) -> None:
    bad, good = an_endpoint(quick, BAD), an_endpoint(quick)
    receivers = Receivers(status=204, statuses={BAD: "There was no answer in time."})
    events = [an_event(quick) for _ in range(3)]
    for event in events:
        assert Counts(delivered=1, failed=1) == told(quick, event, receivers)
    assert {DELIVERED} == {one.status for one in deliveries_of(quick, good)}
    assert {PENDING} == {one.status for one in deliveries_of(quick, bad)}


def test_an_endpoint_that_fails_for_minutes_is_left_to_the_schedule(quick: World) -> None:
    """Otherwise every event would wait for its timeout; nothing is lost by it."""
    endpoint, receivers = an_endpoint(quick), Receivers(status=500)
    told(quick, an_event(quick), receivers)
    quick.now += PATIENCE
    late = an_event(quick)
    assert Counts() == told(quick, late, receivers)
    assert 1 == len(receivers.got)
    kept = delivery_of(quick, endpoint, late)
    assert (PENDING, 0) == (kept.status, kept.attempts)

    receivers.status = 200
    assert Counts(delivered=2) == deliveries.retry_due(quick.portal, receivers)
    assert ONE_TAKEN == told(quick, an_event(quick), receivers)


def test_a_run_leaves_an_endpoint_alone_after_some_failures_on_end(quick: World) -> None:
    """Three; or one, when it has failed for some minutes: then each run asks whether it is back."""
    bad = an_endpoint(quick, BAD)
    receivers = Receivers(status=500)
    for _ in range(6):
        told(quick, an_event(quick), receivers)
    assert Counts(failed=3) == minute(quick, receivers)
    assert Counts(failed=3) == minute(quick, receivers)
    assert Counts(failed=1) == minute(quick, receivers, PATIENCE // timedelta(minutes=1))
    assert Counts(failed=1) == minute(quick, receivers)
    assert {PENDING} == {one.status for one in deliveries_of(quick, bad)}
    receivers.status = 204
    assert Counts(delivered=4) == minute(quick, receivers)


def test_a_long_queue_is_worked_off_page_by_page(quick: World) -> None:
    """All of it in one run, in the order in which it became due."""
    endpoint = an_endpoint(quick)
    events = [an_event(quick) for _ in range(2 * deliveries.AT_ONCE + 5)]
    receivers = Receivers(status=500)
    told(quick, events[0], receivers)
    quick.now += PATIENCE
    for event in events[1:]:
        told(quick, event, receivers)
        quick.now += timedelta(seconds=1)
    receivers.status, receivers.got = 204, []
    assert Counts(delivered=len(events)) == minute(quick, receivers)
    assert [messages.message_id(event.id) for event in events] == [
        message.id for message in receivers.got
    ]
    assert () == due_of(quick, endpoint)


def test_a_run_begins_nothing_when_its_time_is_over(quick: World) -> None:
    endpoint, receivers = an_endpoint(quick), Receivers(status=500)
    for _ in range(3):
        told(quick, an_event(quick), receivers)

    def slow() -> None:
        quick.now += timedelta(seconds=30)

    receivers.status, receivers.first = 200, slow
    assert Counts(delivered=2) == minute(quick, receivers)
    assert 1 == len(due_of(quick, endpoint))


def test_gone_disables_the_endpoint_and_tells_so(alone: World) -> None:
    """Of all that waits the rest is given up without another request."""
    endpoint, receivers = an_endpoint(alone), Receivers(status=500)
    first, second = an_event(alone), an_event(alone)
    told(alone, first, receivers)
    receivers.status = 410
    assert ONE_GIVEN_UP == told(alone, second, receivers)

    kept = alone.load(Endpoint, endpoint.id)
    assert kept is not None
    assert WebhookDisabledBecause.GONE is kept.disabled_because
    want = Many(Event, of_events(None), newest_first=True, first=1)
    (event,) = alone.store.read([want])[want].records
    assert ("WebhookEndpointDisabled", endpoint.id) == (event.kind, event.subject_id)
    assert "WebhookEndpoint" == subject_of(event).type

    sent = len(receivers.got)
    assert Counts() == told(alone, event, receivers)
    assert ONE_GIVEN_UP == minute(alone, receivers)
    assert sent == len(receivers.got)
    assert FAILED is delivery_of(alone, endpoint, first).status
    sound(alone, endpoint)


def test_days_of_nothing_but_failures_disable_the_endpoint(quick: World) -> None:
    endpoint, receivers = an_endpoint(quick), Receivers(status=500)
    told(quick, an_event(quick), receivers)
    quick.now += DISABLED_AFTER - timedelta(minutes=1)
    deliveries.retry_due(quick.portal, receivers)
    assert (quick.load(Endpoint, endpoint.id) or endpoint).enabled
    told(quick, an_event(quick), receivers)
    minute(quick, receivers)
    kept = quick.load(Endpoint, endpoint.id)
    assert kept is not None
    assert WebhookDisabledBecause.FAILING is kept.disabled_because

    webhooks.update_webhook_endpoint(
        quick.portal, quick.manage(), endpoint_id=endpoint.id, enabled=True
    )
    assert failing_since(quick, endpoint) is None
    assert ONE_FAILED == told(quick, an_event(quick), receivers)
    assert (quick.load(Endpoint, endpoint.id) or kept).enabled


def test_a_delivery_is_no_event(quick: World) -> None:
    """Otherwise it would be delivered, and that, too, for ever."""
    an_endpoint(quick)
    event = an_event(quick)
    before = _vendors(quick)
    told(quick, event, Receivers(status=500))
    minute(quick, Receivers())
    assert before == _vendors(quick)


def test_what_tells_of_deliveries_is_never_delivered(quick: World) -> None:
    endpoint, event, receivers = an_endpoint(quick), an_event(quick), Receivers()
    webhooks.replay_webhook_events(
        quick.portal, quick.manage(), endpoint_id=endpoint.id, event_ids=(event.id,)
    )
    webhooks.request_webhook_test(quick.portal, quick.manage(), endpoint_id=endpoint.id)
    replayed, tested = _vendors(quick)[-2:]
    assert ["WebhookEventsReplayed", "WebhookTestRequested"] == [replayed.kind, tested.kind]
    assert Counts() == told(quick, replayed, receivers) + told(quick, tested, receivers)


def _vendors(world: World) -> tuple[Event, ...]:
    want = Many(Event, of_events(None))
    return world.store.read([want])[want].records


def done(commit: Callable[[], None]) -> None:
    """No fault."""
    commit()


Fault = Callable[[Callable[[], None]], None]
FAULTS: list[Fault] = [killed_before, killed_after, lost_before, lost_after, conflicting]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("status", [204, 500])
def test_nothing_is_lost_wherever_a_run_is_killed(
    quick: World, fault: Fault, place: int, status: int
) -> None:
    """An event's delivery has two commits: its beginning, and what came of it.

    The bus tells again of what has not ended well, and the schedule finds what was begun.
    """
    endpoint, event = an_endpoint(quick), an_event(quick)
    receivers = Receivers(status=status)
    portal = quick.on(FaultyStore(quick.store, *[done] * place, fault))
    try:
        told(quick, event, receivers, portal)
    except Killed:
        told(quick, event, receivers)
    receivers.status = 204
    for wait in (LEASE, *BACKOFF):
        minute(quick, receivers, wait // timedelta(minutes=1))
    assert DELIVERED is delivery_of(quick, endpoint, event).status
    assert () == due_of(quick, endpoint)
    assert 1 <= len(receivers.got) <= 3
    assert 1 == len({message.id for message in receivers.got})


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", [0, 1])
def test_nothing_is_lost_wherever_the_schedule_is_killed(
    quick: World, fault: Fault, place: int
) -> None:
    endpoint, event, receivers = an_endpoint(quick), an_event(quick), Receivers(status=500)
    told(quick, event, receivers)
    quick.now += BACKOFF[0]
    receivers.status = 204
    portal = quick.on(FaultyStore(quick.store, *[done] * place, fault))
    with suppress(Killed):
        deliveries.retry_due(portal, receivers)
    for wait in (LEASE, *BACKOFF):
        minute(quick, receivers, wait // timedelta(minutes=1))
    assert DELIVERED is delivery_of(quick, endpoint, event).status
    assert () == due_of(quick, endpoint)


def test_two_runs_at_once_send_once(alone: World) -> None:
    """Who begins the attempt makes it; the other finds that it was begun."""
    endpoint, event, receivers = an_endpoint(alone), an_event(alone), Receivers(status=500)
    both = in_parallel(*[lambda: told(alone, event, receivers)] * 4)
    assert [1, 3] == [both.count(ONE_FAILED), both.count(Counts())]
    alone.now += BACKOFF[0]
    receivers.status = 204
    runs = in_parallel(*[lambda: deliveries.retry_due(alone.portal, receivers)] * 4)
    assert [1, 3] == [runs.count(ONE_TAKEN), runs.count(Counts())]
    assert 2 == len(receivers.got)
    sound(alone, endpoint)


def test_a_success_counts_though_its_lease_was_over(quick: World) -> None:
    """A run was frozen: another has tried meanwhile and failed, but the receiver has it."""
    endpoint, event = an_endpoint(quick), an_event(quick)
    slow, other = Receivers(), Receivers(status=500)

    def frozen() -> None:
        quick.now += LEASE
        assert ONE_FAILED == deliveries.retry_due(quick.portal, other)

    slow.first = frozen
    assert ONE_TAKEN == told(quick, event, slow)
    assert DELIVERED is delivery_of(quick, endpoint, event).status
    assert () == due_of(quick, endpoint)


def test_a_failure_does_not_undo_what_another_run_has_done(quick: World) -> None:
    """The other way round: the frozen one fails after the other has succeeded."""
    endpoint, event = an_endpoint(quick), an_event(quick)
    slow, other = Receivers(status=500), Receivers()

    def frozen() -> None:
        quick.now += LEASE
        assert ONE_TAKEN == deliveries.retry_due(quick.portal, other)

    slow.first = frozen
    told(quick, event, slow)
    assert DELIVERED is delivery_of(quick, endpoint, event).status
    assert () == due_of(quick, endpoint)


def test_a_late_failure_says_nothing_of_an_attempt_that_was_begun_since(quick: World) -> None:
    """Otherwise what is being tried would be due again, or not, by what came before it."""
    endpoint, event = an_endpoint(quick), an_event(quick)

    def die() -> None:
        raise Killed

    def frozen() -> None:
        quick.now += LEASE
        with pytest.raises(Killed):
            deliveries.retry_due(quick.portal, Receivers(first=die))

    told(quick, event, Receivers(status=500, first=frozen))
    kept = delivery_of(quick, endpoint, event)
    assert (2, None, quick.now + LEASE) == (kept.attempts, kept.last_status, kept.next_attempt_at)


def test_an_attempt_that_dies_each_time_is_given_up(quick: World) -> None:
    """A message that kills who sends it would be tried each minute for ever."""
    endpoint, event = an_endpoint(quick), an_event(quick)

    def die() -> None:
        raise Killed

    receivers = Receivers(first=die)
    with pytest.raises(Killed):
        told(quick, event, receivers)
    for _ in BACKOFF:
        with pytest.raises(Killed):
            minute(quick, receivers)
    assert ONE_GIVEN_UP == minute(quick, receivers)
    assert FAILED is delivery_of(quick, endpoint, event).status
    assert len(BACKOFF) + 1 == len(receivers.got)


def test_an_entry_that_leads_nowhere_leaves_the_list(quick: World) -> None:
    """The table forgets deliveries by itself and knows nothing of lists; others are due later."""
    endpoint, event = an_endpoint(quick), an_event(quick)
    told(quick, event, Receivers(status=500))
    name = deliveries.due_list(endpoint.id)
    gone = Enlist(name, "2025#gone", f"{endpoint.id}.vendor.gone")
    former = Enlist(name, "2025#former", f"{endpoint.id}.{event.id}")
    quick.store.commit([gone, former])
    assert 3 == len(due_of(quick, endpoint))
    assert Counts() == minute(quick, Receivers(), 0)
    assert 1 == len(due_of(quick, endpoint))


def test_a_busy_store_is_told_of_and_leaves_nothing_behind(quick: World) -> None:
    """The bus, or the next minute, does it again."""
    endpoint, event, receivers = an_endpoint(quick), an_event(quick), Receivers()

    def busy(_: object) -> None:
        raise StoreUnavailable("busy")

    with pytest.raises(StoreUnavailable):
        told(quick, event, receivers, quick.on(FaultyStore(quick.store, done, busy)))
    quick.now += LEASE
    assert ONE_TAKEN == told(quick, event, receivers)
    assert DELIVERED is delivery_of(quick, endpoint, event).status


def test_all_deliveries_of_an_event_are_begun_in_one_commit(quick: World) -> None:
    """So none is lost between them; each answer has a commit of its own."""
    for number in range(5):
        an_endpoint(quick, f"https://r{number}.example.com/")
    event = an_event(quick)
    store = FaultyStore(quick.store)
    assert Counts(delivered=5) == told(quick, event, Receivers(), quick.on(store))
    assert 6 == store.commits
