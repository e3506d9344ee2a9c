"""Lost answers, conflicts and deaths leave one effect and one answer, and what is stored for it."""

from collections.abc import Callable

import pytest

from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.errors import DealNotOpen, InsufficientBalance
from portal_api.domain.events import Answer
from portal_api.domain.holdings import Balance
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.services.store import Store, StoreUnavailable
from tests.services.replaying import a_rep_with_150, payouts_of
from tests.services.stores import (
    FaultyStore,
    Killed,
    conflicting,
    first,
    killed_after,
    killed_before,
    lost_after,
    lost_before,
)
from tests.services.world import DAY, Company, World


@pytest.fixture
def funded(world: World) -> tuple[World, Company]:
    """A rep with 150.00, on each engine."""
    return a_rep_with_150(world)


@pytest.fixture
def quick(quick_world: World) -> tuple[World, Company]:
    """A rep with 150.00, on SQLite."""
    return a_rep_with_150(quick_world)


@pytest.mark.parametrize(
    "faults",
    [
        (lost_after,),
        (lost_before,),
        (conflicting,),
        (lost_before, conflicting, lost_after),
        (conflicting,) * 5,
    ],
    ids=lambda faults: "-".join(fault.__name__ for fault in faults),
)
def test_lost_answers_and_conflicts_are_resolved_to_one_effect(
    funded: tuple[World, Company], faults: tuple[Callable[[Callable[[], None]], None], ...]
) -> None:
    """Faults F2, F4, F5 and F6: the next load tells whether it was done."""
    world, company = funded
    portal = world.on(FaultyStore(world.store, *faults))

    answer = world.pay_out(company.rep, 1_000, portal=portal)

    assert [answer.payout.id] == [payout.id for payout in payouts_of(world, company.rep)]
    assert 1 == world.kinds(company.rep)[JournalKind.PAYOUT_HELD]
    assert Balance(available=14_000, held=1_000) == world.balance(company.rep)


def test_a_refusal_whose_answer_was_lost_is_the_same_refusal(
    funded: tuple[World, Company],
) -> None:
    world, company = funded
    store = FaultyStore(world.store, lost_after)

    with pytest.raises(InsufficientBalance):
        world.pay_out(company.rep, 20_000, portal=world.on(store))

    assert 1 == store.commits


def test_after_a_conflict_the_decision_is_made_again_on_what_is_there_now(
    funded: tuple[World, Company],
) -> None:
    """Fault F3: the refusal is that of the new state, not of the conflict."""
    world, company = funded
    others = first(lambda: world.pay_out(company.rep, 10_000))

    with pytest.raises(InsufficientBalance) as refused:
        world.pay_out(company.rep, 10_000, portal=world.on(FaultyStore(world.store, others)))

    assert 5_000 == refused.value.available_minor
    assert Balance(available=5_000, held=10_000) == world.balance(company.rep)


def test_a_store_that_never_lets_a_commit_through_ends_with_a_retryable_error(
    quick: tuple[World, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault F1: bounded, and nothing written."""
    world, company = quick
    monkeypatch.setattr("portal_api.services.retrying.SECONDS", 0.05)
    portal = world.on(FaultyStore(world.store, *[conflicting] * 1_000))

    with pytest.raises(StoreUnavailable):
        world.pay_out(company.rep, 1_000, portal=portal)

    assert [] == payouts_of(world, company.rep)


@pytest.mark.parametrize(("fault", "before"), [(killed_before, 0), (killed_after, 1)])
def test_a_death_before_or_after_the_commit_leaves_all_or_nothing_and_the_replay_completes_it(
    funded: tuple[World, Company],
    fault: Callable[[Callable[[], None]], None],
    before: int,
) -> None:
    """Faults F7 and F8: no stuck "in progress", no second effect."""
    world, company = funded
    ask = world.ask(company.rep)
    with pytest.raises(Killed):
        world.pay_out(company.rep, 1_000, ask=ask, portal=world.on(FaultyStore(world.store, fault)))
    left = len(payouts_of(world, company.rep))

    replayed = world.pay_out(company.rep, 1_000, ask=ask)

    assert before == left
    assert [replayed.payout.id] == [payout.id for payout in payouts_of(world, company.rep)]
    assert Balance(available=14_000, held=1_000) == world.balance(company.rep)


def test_what_an_outcome_needs_is_all_stored_with_it(quick: tuple[World, Company]) -> None:
    """The record keeps the request's hash and the ids of the outcome, never a text of it."""
    world, company = quick
    stored: list[Answer] = []

    class Spy(FaultyStore):
        def commit(self, writes: object) -> None:
            assert isinstance(writes, tuple)
            stored.extend(
                write.record for write in writes if isinstance(getattr(write, "record", 0), Answer)
            )
            super().commit(writes)

    spy: Store = Spy(world.store)
    answer = world.pay_out(company.rep, 1_000, portal=world.on(spy))

    assert [{"payout": answer.payout.id, "wallet": company.rep}] == [one.values for one in stored]
    assert [int((world.now + 90 * DAY).timestamp())] == [one.expires_at for one in stored]


def test_an_outcome_is_of_records_that_exist(funded: tuple[World, Company]) -> None:
    """Invariant L10: what was acknowledged is read by the next request, by id."""
    world, company = funded
    program = world.program()
    deal = world.register(company, program)

    with pytest.raises(DealNotOpen):
        world.win(world.lose(deal).deal)

    found = world.load(Deal, deal.id)
    assert found is not None
    assert DealStage.LOST is found.stage
    assert world.load(Wallet, company.rep) is not None
