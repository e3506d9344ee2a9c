"""Payout batches: every open payout in one batch at most, whatever is killed or races."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from portal_api.domain import batches as rules
from portal_api.domain.batches import BatchStatus, BatchTally, PayoutBatch, status_of
from portal_api.domain.errors import NoOpenPayouts, NotFound, NotPermitted, PayoutNotOpen
from portal_api.domain.holdings import Balance
from portal_api.domain.ledger import JournalKind
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.domain.writes import Enlist, Save
from portal_api.services import batches, payouts
from portal_api.services.payouts import OPEN_PAYOUTS
from portal_api.services.store import Listed, StoreUnavailable
from portal_api.services.use_case import Portal
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.racing import Together
from tests.services.stores import (
    CountingEngine,
    FaultyStore,
    Killed,
    conflicting,
    first,
    in_parallel,
    killed_after,
    killed_before,
    lost_after,
    lost_before,
)
from tests.services.world import Company, World

Fault = Callable[[Callable[[], None]], None]
PARTS = 3
"""How many transactions gather ten payouts, four at once."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that ten payouts are a series."""
    monkeypatch.setattr(batches, "AT_ONCE", 4)


@pytest.fixture
def lonely(lonely_engine: Engine) -> World:
    """Give a world alone in its table: the list of open payouts is the vendor's, not a world's."""
    return World(TableStore(lonely_engine))


def asked(world: World, count: int) -> tuple[Company, str, list[Payout]]:
    """A rep who has asked for so many payouts of growing amounts."""
    company, program = world.ready()
    world.approved(company, program)
    found = []
    for amount in range(1, count + 1):
        world.now += timedelta(seconds=1)
        found.append(world.pay_out(company.rep, amount).payout)
    return company, program, found


def create(world: World, portal: Portal | None = None, asset: str = "USD") -> PayoutBatch:
    return batches.create_payout_batch(portal or world.portal, world.manage(), asset=asset).batch


def listed(world: World, name: str) -> tuple[str, ...]:
    want = Listed(name, newest_first=False)
    return world.store.read([want])[want].ids


def status(world: World, batch_id: str) -> BatchStatus:
    batch = world.load(PayoutBatch, batch_id)
    assert batch is not None
    return status_of(batch, world.load(BatchTally, batch_id) or BatchTally(batch_id))


def check_whole(world: World, batch: PayoutBatch, asked_for: list[Payout]) -> None:
    """The batch has exactly these payouts, each says so, and none is open any more."""
    stored = [world.load(Payout, payout.id) for payout in asked_for]
    assert [(PayoutStatus.BATCHED, batch.id)] * len(asked_for) == [
        (payout.status, payout.batch_id) for payout in stored if payout is not None
    ]
    assert tuple(payout.id for payout in asked_for) == listed(world, batches.payouts_in(batch.id))
    assert (len(asked_for), sum(payout.amount_minor for payout in asked_for)) == (
        batch.count,
        batch.total_minor,
    )
    assert BatchStatus.READY is status(world, batch.id)
    assert () == listed(world, OPEN_PAYOUTS) == listed(world, batches.GATHERING)


def resolve(world: World, payout: Payout, *, paid: bool = True) -> None:
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=paid, reference="bank-1"
    )


def test_a_batch_has_the_open_payouts_of_one_asset_oldest_first(lonely: World) -> None:
    """Sixty of them in three transactions; what was cancelled or settled before is not in it."""
    company, program, found = asked(lonely, 62)
    cancelled, settled, *open_ones = found
    payouts.cancel_payout(lonely.portal, lonely.ask(company.rep), payout_id=cancelled.id)
    resolve(lonely, settled)
    with pytest.raises(NoOpenPayouts):
        create(lonely, asset="EUR")
    counted = FaultyStore(lonely.store)

    batch = create(lonely, lonely.on(counted))

    assert 3 == counted.commits
    check_whole(lonely, batch, open_ones)
    assert batch.id in listed(lonely, batches.BATCHES)
    assert [] == lonely.audit(program, company.parties)
    with pytest.raises(NoOpenPayouts):
        create(lonely)


def test_a_batch_is_limited_and_the_rest_is_for_the_next(
    lonely: World, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "BATCH_MAX", 10)
    _, _, found = asked(lonely, 21)

    one, two = create(lonely), create(lonely)

    assert (10, 10) == (one.count, two.count)
    assert [(one.id, 10), (two.id, 10)] == [
        (batch.id, len(listed(lonely, batches.payouts_in(batch.id)))) for batch in (one, two)
    ]
    assert tuple(payout.id for payout in found[10:20]) == listed(lonely, batches.payouts_in(two.id))


def test_a_batch_takes_only_what_was_requested_before_an_instant(quick_world: World) -> None:
    _, _, found = asked(quick_world, 3)
    batch = batches.create_payout_batch(
        quick_world.portal,
        quick_world.manage(),
        asset="USD",
        before=found[2].requested_at,
    ).batch

    assert (2, 3) == (batch.count, batch.total_minor)
    assert (found[2].id,) == listed(quick_world, OPEN_PAYOUTS)


def test_a_batch_reads_nothing_of_another_asset_and_nothing_behind_its_instant(
    lonely_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wait: its cost is that of what it takes."""
    monkeypatch.setattr(batches, "_PAGE", 2)
    monkeypatch.setattr(batches, "_SKEW", timedelta())
    counting = CountingEngine(lonely_engine)
    world = World(TableStore(counting))
    company, _, found = asked(world, 12)
    for number in range(30):
        payout = Payout(f"{company.rep}.{number:014}", company.rep, company.id, "EUR", 1, world.now)
        entry = Enlist(payouts.open_payouts("EUR"), payout.own_id, payout.id)
        world.store.commit([Save(payout), entry])

    def reads(before: datetime) -> int:
        counting.forget()
        batches.create_payout_batch(world.portal, world.manage(), asset="USD", before=before)
        return counting.waves.count("R")

    world.now += timedelta(hours=1)
    costs = [reads(found[at].requested_at) for at in (2, 4)]

    assert costs[0] == costs[1]
    assert 8 == len(listed(world, payouts.open_payouts("USD")))
    assert 30 == len(listed(world, payouts.open_payouts("EUR")))


def test_payouts_of_another_asset_keep_none_waiting(quick_world: World) -> None:
    """More of them are in front than are read at once."""
    company, _, found = asked(quick_world, 1)
    other = [
        Payout(f"{company.rep}.{number:014}", company.rep, company.id, "EUR", 1, quick_world.now)
        for number in range(130)
    ]
    for payout in other:
        lists = (OPEN_PAYOUTS, payouts.open_payouts(payout.asset))
        entries = [Enlist(name, payout.own_id, payout.id) for name in lists]
        quick_world.store.commit([Save(payout), *entries])
    assert (other[0].id, found[0].id) == listed(quick_world, OPEN_PAYOUTS)[0::130]

    assert 1 == create(quick_world).count
    assert 130 == create(quick_world, asset="EUR").count
    assert (PayoutStatus.BATCHED,) == tuple(
        stored.status for payout in found if (stored := quick_world.load(Payout, payout.id))
    )


@pytest.mark.parametrize("killed", [killed_before, killed_after])
@pytest.mark.parametrize("place", range(PARTS))
@pytest.mark.parametrize("by_series", [True, False])
def test_a_batch_that_was_killed_after_any_transaction_is_completed(
    quick_world: World, few: None, killed: Fault, place: int, by_series: bool
) -> None:
    """By the same request again, or by the series: every payout in one batch, once."""
    world = quick_world
    company, program, found = asked(world, 10)
    again = world.manage()
    portal = world.on(FaultyStore(world.store, *[first(lambda: None)] * place, killed))
    with pytest.raises(Killed):
        batches.create_payout_batch(portal, again, asset="USD")

    if by_series:
        batches.gather_open(world.portal)
    batch = batches.create_payout_batch(world.portal, again, asset="USD").batch

    check_whole(world, batch, found)
    assert (batch.id,) == listed(world, batches.BATCHES)
    assert [] == world.audit(program, company.parties)


def test_a_batch_is_completed_after_a_kill_on_each_engine(lonely: World, few: None) -> None:
    _, _, found = asked(lonely, 6)
    portal = lonely.on(FaultyStore(lonely.store, killed_after))
    with pytest.raises(Killed):
        create(lonely, portal)
    (batch_id,) = listed(lonely, batches.GATHERING)

    assert BatchStatus.GATHERING is status(lonely, batch_id)
    assert (1, 0) == (batches.gather_open(lonely.portal), batches.gather_open(lonely.portal))
    batch = lonely.load(PayoutBatch, batch_id)
    assert batch is not None
    check_whole(lonely, batch, found)


@pytest.mark.parametrize("faults", [(conflicting, lost_before), (lost_after, lost_after)])
def test_lost_answers_put_no_payout_in_twice(quick_world: World, faults: tuple[Fault, ...]) -> None:
    _, _, found = asked(quick_world, 60)

    batch = create(quick_world, quick_world.on(FaultyStore(quick_world.store, *faults, *faults)))

    check_whole(quick_world, batch, found)


def test_a_store_that_fails_on_the_way_leaves_the_rest_to_the_series(
    quick_world: World, few: None
) -> None:
    world = quick_world
    _, _, found = asked(world, 10)

    def down(_: Callable[[], None]) -> None:
        raise StoreUnavailable("down")

    begun = create(world, world.on(FaultyStore(world.store, first(lambda: None), down)))
    with pytest.raises(StoreUnavailable):
        batches.gather_open(world.on(FaultyStore(world.store, down)))

    assert (4, None) == (begun.count, begun.ready_at)
    assert 1 == batches.gather_open(world.portal)
    batch = world.load(PayoutBatch, begun.id)
    assert batch is not None
    check_whole(world, batch, found)


def test_of_two_batches_at_once_no_payout_is_in_both(lonely: World, few: None) -> None:
    """Invariant L7: both have decided on the same open payouts before either commits."""
    company, program, found = asked(lonely, 10)
    portal = lonely.on(Together(lonely.store, 2))

    made = in_parallel(lambda: create(lonely, portal), lambda: create(lonely, portal))

    ids = listed(lonely, batches.BATCHES)
    assert len(ids) == sum(isinstance(one, PayoutBatch) for one in made) in (1, 2)
    assert all(isinstance(one, PayoutBatch | NoOpenPayouts) for one in made), made
    inside = Counter(
        one for batch_id in ids for one in listed(lonely, batches.payouts_in(batch_id))
    )
    assert dict.fromkeys((payout.id for payout in found), 1) == dict(inside)
    stored = [lonely.load(PayoutBatch, batch_id) for batch_id in ids]
    assert 10 == sum(batch.count for batch in stored if batch is not None)
    assert {BatchStatus.READY} == {status(lonely, batch_id) for batch_id in ids}
    assert () == listed(lonely, OPEN_PAYOUTS)
    assert [] == lonely.audit(program, company.parties)


def test_of_a_settlement_and_a_cancellation_at_once_one_is_done(lonely: World) -> None:
    """Invariant L7: the hold resolves once, and the other is told what it is now."""
    company, program, (payout,) = asked(lonely, 1)
    portal = lonely.on(Together(lonely.store, 2))

    settled, cancelled = in_parallel(
        lambda: payouts.resolve_payout(
            portal, lonely.manage(), payout_id=payout.id, paid=True, reference="bank-1"
        ),
        lambda: payouts.cancel_payout(portal, lonely.ask(company.rep), payout_id=payout.id),
    )

    stored = lonely.load(Payout, payout.id)
    assert stored is not None
    if isinstance(settled, PayoutNotOpen):
        assert isinstance(cancelled, payouts.PayoutCancelled)
        assert ("CANCELLED", "CANCELLED") == (settled.status, stored.status)
        assert Balance(available=15_000) == lonely.balance(company.rep)
    else:
        assert isinstance(settled, payouts.PayoutResolved)
        assert isinstance(cancelled, PayoutNotOpen)
        assert ("SETTLED", "SETTLED") == (cancelled.status, stored.status)
        assert Balance(available=14_999) == lonely.balance(company.rep)
    assert [] == lonely.audit(program, company.parties)


def test_of_a_batch_and_a_cancellation_at_once_one_has_the_payout(lonely: World) -> None:
    company, _, (payout,) = asked(lonely, 1)
    portal = lonely.on(Together(lonely.store, 2))

    made, cancelled = in_parallel(
        lambda: create(lonely, portal),
        lambda: payouts.cancel_payout(portal, lonely.ask(company.rep), payout_id=payout.id),
    )

    outcomes = (type(made), type(cancelled))
    assert outcomes in (
        (PayoutBatch, PayoutNotOpen),
        (NoOpenPayouts, payouts.PayoutCancelled),
    ), outcomes


def test_a_batch_is_closed_once_all_of_it_is_settled_or_failed(lonely: World) -> None:
    """What failed is available again; the tally says how many, and how much."""
    company, program, found = asked(lonely, 3)
    batch = create(lonely)
    with pytest.raises(PayoutNotOpen) as refused:
        payouts.cancel_payout(lonely.portal, lonely.ask(company.rep), payout_id=found[0].id)
    resolve(lonely, found[0])
    resolve(lonely, found[1], paid=False)
    before = status(lonely, batch.id)
    with pytest.raises(PayoutNotOpen):
        resolve(lonely, found[1])
    resolve(lonely, found[2])

    assert PayoutStatus.BATCHED == refused.value.status
    assert (BatchStatus.READY, BatchStatus.CLOSED) == (before, status(lonely, batch.id))
    tally = lonely.load(BatchTally, batch.id)
    assert tally is not None
    assert {"SETTLED": 2, "minor:SETTLED": 4, "FAILED": 1, "minor:FAILED": 2} == tally.counters
    assert Balance(available=14_996) == lonely.balance(company.rep)
    kinds = lonely.kinds(company.rep)
    assert (2, 1) == (kinds[JournalKind.PAYOUT_SETTLED], kinds[JournalKind.PAYOUT_RELEASED])
    assert [] == lonely.audit(program, company.parties)


def test_a_batch_may_have_the_bank_s_reference(quick_world: World) -> None:
    world = quick_world
    company, _, _ = asked(world, 1)
    batch = create(world)
    given = {"batch_id": batch.id, "reference": " SEPA-77 "}
    named = batches.set_payout_batch_reference(world.portal, world.manage(), **given).batch

    assert "SEPA-77" == named.reference
    stored = world.load(PayoutBatch, batch.id)
    assert stored is not None
    assert "SEPA-77" == stored.reference
    with pytest.raises(NotFound):
        batches.set_payout_batch_reference(
            world.portal, world.manage(), batch_id="bat-0", reference="x"
        )
    with pytest.raises(NotPermitted):
        batches.create_payout_batch(world.portal, world.ask(company.rep), asset="USD")
