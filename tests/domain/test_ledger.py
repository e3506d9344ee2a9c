"""The ledger: balanced transfers, floors, a chain of hashes, earnings undone at most once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import ledger, payouts
from portal_api.domain.errors import InsufficientBalance, PayoutNotOpen
from portal_api.domain.ledger import (
    AVAILABLE,
    GENESIS,
    HELD,
    MAX_TRANSFERS,
    PENDING,
    RECEIVABLE,
    VENDOR_FUNDING,
    VENDOR_PAID,
    Balance,
    Earning,
    EarningStatus,
    Journal,
    JournalKind,
    Trace,
    Transfer,
    Wallet,
)
from portal_api.domain.money import LARGEST_AMOUNT_MINOR
from portal_api.domain.payouts import Payout, PayoutStatus

T0 = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
BUDGET = ledger.budget_of("g")
EMPTY = Wallet("ann")


def a_trace(amount_minor: int, number: int = 1, asset: str = "USD") -> Trace:
    return Trace(
        earning_id=f"ann.{number}",
        program_id="g",
        plan_number=1,
        plan_hash="0",
        rule_code="deals",
        rule_name="Deals",
        step="DEAL_WON",
        behavior="DEAL_WON",
        activity_id="p.ann.g.1",
        occurred_at=T0,
        asset=asset,
        amount_minor=amount_minor,
        because="It was won.",
    )


def an_earning(amount_minor: int, number: int = 1) -> Earning:
    trace = a_trace(amount_minor, number)
    return Earning(trace.earning_id, "ann", trace, T0)


def holding(**balances: int) -> Wallet:
    return replace(EMPTY, balances={"USD": Balance(**balances)})


def posted(wallet: Wallet, *transfers: Transfer) -> Wallet:
    return ledger.post(wallet, JournalKind.REWARD, transfers, {}, T0)[0]


def awarded(wallet: Wallet, amount_minor: int) -> Wallet:
    return posted(wallet, *ledger.award_transfers(wallet, a_trace(amount_minor)))


def test_a_posted_transfer_moves_its_amount_and_changes_nothing_else() -> None:
    wallet = replace(
        holding(available=10), balances={"USD": Balance(available=10), "EUR": Balance(1)}
    )

    after = posted(
        wallet, Transfer(BUDGET, AVAILABLE, "USD", 5), Transfer(AVAILABLE, HELD, "USD", 7)
    )

    assert {"USD": Balance(available=8, held=7), "EUR": Balance(1)} == after.balances
    assert Balance() == after.balance("JPY")


@pytest.mark.parametrize(
    "transfer",
    [
        Transfer(AVAILABLE, HELD, "USD", 11),
        Transfer(HELD, AVAILABLE, "USD", 1),
        Transfer(PENDING, AVAILABLE, "USD", 1),
        Transfer(AVAILABLE, RECEIVABLE, "USD", 1),  # Nothing is owed that could be repaid.
        Transfer(AVAILABLE, HELD, "EUR", 1),
    ],
)
def test_no_account_passes_its_limit(transfer: Transfer) -> None:
    """Invariants L6 and L23: below zero is only what is owed, and explicitly so."""
    with pytest.raises(ValueError, match="limit"):
        posted(holding(available=10), transfer)


def test_a_floor_holds_after_every_single_transfer_not_only_at_the_end() -> None:
    with pytest.raises(ValueError, match="limit"):
        posted(EMPTY, Transfer(AVAILABLE, HELD, "USD", 5), Transfer(BUDGET, AVAILABLE, "USD", 5))


@pytest.mark.parametrize("amount", [0, -1, LARGEST_AMOUNT_MINOR + 1])
def test_a_transfer_moves_a_positive_amount_of_at_most_10_to_the_12(amount: int) -> None:
    """Invariant L2."""
    with pytest.raises(ValueError, match="10\\^12"):
        posted(EMPTY, Transfer(BUDGET, AVAILABLE, "USD", amount))


def test_a_transfer_has_two_different_accounts() -> None:
    with pytest.raises(ValueError, match="two accounts"):
        posted(holding(available=10), Transfer(AVAILABLE, AVAILABLE, "USD", 1))


@pytest.mark.parametrize("count", [0, MAX_TRANSFERS + 1])
def test_a_journal_has_1_to_50_transfers(count: int) -> None:
    with pytest.raises(ValueError, match="50"):
        posted(EMPTY, *[Transfer(BUDGET, AVAILABLE, "USD", 1)] * count)


def test_a_journal_follows_its_wallet_s_head_and_the_wallet_its_journal() -> None:
    """Invariants L15 and L16: sequence without gap, each journal naming the hash before it."""
    transfer = Transfer(BUDGET, AVAILABLE, "USD", 5, "ann.1")
    cause = {"actor": "boss"}
    first, one = ledger.post(EMPTY, JournalKind.REWARD, (transfer,), cause, T0, (a_trace(5),))
    second, two = ledger.post(first, JournalKind.REWARD, (transfer,), cause, T0 + DAY)

    assert ("ann.1", 1, GENESIS, T0) == (one.id, one.sequence, one.previous_hash, one.recorded_at)
    assert ("ann.2", 2, one.hash, T0 + DAY) == (
        two.id,
        two.sequence,
        two.previous_hash,
        two.recorded_at,
    )
    assert (2, two.hash, T0 + DAY) == (second.sequence, second.head_hash, second.recorded_at)
    assert {"USD": Balance(available=10)} == second.balances == two.balance_after


def test_a_clock_that_goes_back_does_not_put_a_journal_before_its_predecessor() -> None:
    """Fault F14: the key of a journal is its recorded time, then its sequence."""
    transfer = Transfer(BUDGET, AVAILABLE, "USD", 5)
    first, _ = ledger.post(EMPTY, JournalKind.REWARD, (transfer,), {}, T0)
    second, two = ledger.post(first, JournalKind.REWARD, (transfer,), {}, T0 - DAY)

    assert T0 == two.recorded_at == second.recorded_at


OTHER_CONTENT: list[dict[str, Any]] = [
    {"id": "bob.1"},
    {"wallet_id": "bob"},
    {"sequence": 2},
    {"recorded_at": T0 + timedelta(microseconds=1)},
    {"kind": JournalKind.FUNDING},
    {"transfers": (Transfer(BUDGET, AVAILABLE, "USD", 6, "ann.1"),)},
    {"transfers": (Transfer(BUDGET, HELD, "USD", 5, "ann.1"),)},
    {"transfers": (Transfer(BUDGET, AVAILABLE, "EUR", 5, "ann.1"),)},
    {"transfers": (Transfer(BUDGET, AVAILABLE, "USD", 5, "ann.2"),)},
    {"transfers": (Transfer(BUDGET, AVAILABLE, "USD", 5),)},
    {"balance_after": {"USD": Balance(available=6)}},
    {"cause": {"actor": "eve"}},
    {"traces": ()},
    {"traces": (a_trace(6),)},
    {"previous_hash": "1" * 64},
]


@pytest.mark.parametrize("change", OTHER_CONTENT)
def test_any_other_content_has_another_hash(change: dict[str, Any]) -> None:
    transfer = Transfer(BUDGET, AVAILABLE, "USD", 5, "ann.1")
    _, journal = ledger.post(
        EMPTY, JournalKind.REWARD, (transfer,), {"actor": "boss"}, T0, (a_trace(5),)
    )
    changed = replace(journal, **change)

    assert journal.hash == ledger.content_hash(ledger.content(journal))
    assert journal != changed
    assert journal.hash != ledger.content_hash(ledger.content(changed))


def test_the_hash_covers_every_field_of_a_journal_but_itself() -> None:
    covered = {name for change in OTHER_CONTENT for name in change}

    assert set(Journal.__dataclass_fields__) - {"hash"} == covered
    _, journal = ledger.post(
        EMPTY, JournalKind.REWARD, (Transfer(BUDGET, AVAILABLE, "USD", 5),), {}, T0
    )
    assert covered == set(ledger.content(journal))


@pytest.mark.parametrize(
    ("owed", "amount", "available", "still_owed"),
    [(0, 100, 100, 0), (-60, 100, 40, 0), (-100, 100, 0, 0), (-150, 100, 0, -50)],
)
def test_an_award_repays_what_is_owed_first(
    owed: int, amount: int, available: int, still_owed: int
) -> None:
    """Domain rule 6.5: a receivable is repaid by later earnings."""
    after = awarded(holding(receivable=owed), amount)

    assert Balance(available=available, receivable=still_owed) == after.balance("USD")


def test_a_debt_in_one_asset_is_not_repaid_in_another() -> None:
    wallet = replace(EMPTY, balances={"EUR": Balance(receivable=-50)})

    after = awarded(wallet, 100)

    assert Balance(available=100) == after.balance("USD")
    assert Balance(receivable=-50) == after.balance("EUR")


@pytest.mark.parametrize(
    ("available", "back", "left", "owed"),
    [(100, 40, 60, 0), (100, 100, 0, 0), (30, 100, 0, -70), (0, 100, 0, -100)],
)
def test_what_is_taken_back_comes_from_available_and_the_rest_is_owed(
    available: int, back: int, left: int, owed: int
) -> None:
    """Invariant L23: no balance below its floor; the shortfall is an explicit receivable."""
    wallet = holding(available=available, held=7)

    after = posted(wallet, *ledger.take_back_transfers(wallet, an_earning(100), back))

    assert Balance(available=left, held=7, receivable=owed) == after.balance("USD")


def test_an_earning_is_reversed_in_parts_up_to_what_it_was_and_no_further() -> None:
    """Invariant L4: full reversal at most once, partial reversals at most the original."""
    part = ledger.take_back(an_earning(100), 60)
    whole = ledger.take_back(part, 40)

    assert (60, EarningStatus.AVAILABLE) == (part.reversed_minor, part.status)
    assert (100, EarningStatus.REVERSED) == (whole.reversed_minor, whole.status)
    for earning, amount in ((an_earning(100), 101), (part, 41), (whole, 1), (part, 0), (part, -1)):
        with pytest.raises(ValueError, match="exceeds"):
            ledger.take_back(earning, amount)


@pytest.mark.parametrize(("owed", "available", "still_owed"), [(0, 70, 0), (-100, 0, -30)])
def test_what_is_pending_repays_nothing_before_it_is_released_and_then_what_is_left_of_it(
    owed: int, available: int, still_owed: int
) -> None:
    """100 pending, of which 30 are taken back: from pending, whatever else is there."""
    wallet, pending = holding(receivable=owed), replace(an_earning(100), pending=True)
    waiting = posted(wallet, *ledger.award_transfers(wallet, pending.trace, pending=True))
    less = posted(waiting, *ledger.take_back_transfers(waiting, pending, 30))
    after = posted(less, *ledger.release_transfers(less, ledger.take_back(pending, 30)))

    assert Balance(pending=100, receivable=owed) == waiting.balance("USD")
    assert Balance(pending=70, receivable=owed) == less.balance("USD")
    assert Balance(available=available, receivable=still_owed) == after.balance("USD")


def test_a_pending_earning_is_released_once_or_cancelled() -> None:
    pending = replace(an_earning(100), pending=True)
    free = ledger.release(pending)
    cancelled = ledger.take_back(pending, 100)

    assert [EarningStatus.PENDING, EarningStatus.AVAILABLE, EarningStatus.CANCELLED] == [
        earning.status for earning in (pending, free, cancelled)
    ]
    with pytest.raises(ValueError, match="pending"):
        ledger.release(free)


@pytest.mark.parametrize(("amount", "enough"), [(10, True), (11, False)])
def test_only_what_is_available_is_sufficient(amount: int, enough: bool) -> None:
    wallet = holding(pending=100, available=10, held=100)

    if enough:
        ledger.sufficient(wallet, "USD", amount)
        return
    with pytest.raises(InsufficientBalance) as refused:
        ledger.sufficient(wallet, "USD", amount)
    assert ("USD", 10) == (refused.value.asset, refused.value.available_minor)


@pytest.mark.parametrize(
    ("paid", "status", "kind", "to"),
    [
        (True, PayoutStatus.SETTLED, JournalKind.PAYOUT_SETTLED, VENDOR_PAID),
        (False, PayoutStatus.FAILED, JournalKind.PAYOUT_RELEASED, AVAILABLE),
    ],
)
def test_a_payout_is_held_and_then_settled_or_released_once(
    paid: bool, status: PayoutStatus, kind: JournalKind, to: str
) -> None:
    """Invariant L7."""
    payout = Payout("ann.1", "ann", "p", "USD", 10, T0)

    resolved, resolved_kind, transfers = payouts.resolve(payout, paid, "bank-1", T0 + DAY)

    assert (Transfer(AVAILABLE, HELD, "USD", 10),) == payouts.hold_transfers(payout)
    assert replace(payout, status=status, resolved_at=T0 + DAY, reference="bank-1") == resolved
    assert (kind, (Transfer(HELD, to, "USD", 10),)) == (resolved_kind, transfers)
    for again in (True, False):
        with pytest.raises(PayoutNotOpen) as refused:
            payouts.resolve(resolved, again, "bank-2", T0 + DAY)
        assert status == refused.value.status


steps = st.lists(
    st.tuples(
        st.sampled_from(["award", "back", "hold", "settle", "release"]), st.integers(1, 1_000)
    ),
    max_size=30,
)


@given(steps=steps)
def test_whatever_happens_the_books_balance_the_floors_hold_and_the_chain_verifies(
    steps: list[tuple[str, int]],
) -> None:
    """Invariants L1, L5, L6, L15, L16 and L23 over any history of one wallet."""
    wallet, chain, earnings = EMPTY, list[Journal](), list[Earning]()
    for number, (step, amount) in enumerate(steps):
        own = wallet.balance("USD")
        transfers: tuple[Transfer, ...] = ()
        if step == "award":
            earnings.append(an_earning(amount, number))
            transfers = ledger.award_transfers(wallet, earnings[-1].trace)
        elif step == "back" and earnings:
            earning = earnings.pop()
            back = min(amount, earning.trace.amount_minor)
            transfers = ledger.take_back_transfers(wallet, ledger.take_back(earning, back), back)
        elif step == "hold" and own.available:
            transfers = (Transfer(AVAILABLE, HELD, "USD", min(amount, own.available)),)
        elif own.held:
            to = VENDOR_PAID if step == "settle" else AVAILABLE
            transfers = (Transfer(HELD, to, "USD", min(amount, own.held)),)
        if transfers:
            wallet, journal = ledger.post(wallet, JournalKind.REWARD, transfers, {}, T0)
            chain.append(journal)

    accounts = {VENDOR_FUNDING: 0}
    previous = GENESIS
    for sequence, journal in enumerate(chain, 1):
        assert (sequence, previous) == (journal.sequence, journal.previous_hash)
        assert journal.hash == ledger.content_hash(ledger.content(journal))
        previous = journal.hash
        for transfer in journal.transfers:
            for account, sign in ((transfer.debit, -1), (transfer.credit, 1)):
                accounts[account] = accounts.get(account, 0) + sign * transfer.amount_minor
    own = wallet.balance("USD")
    assert previous == wallet.head_hash
    assert 0 == sum(accounts.values())
    assert (
        Balance(
            accounts.get(PENDING, 0),
            accounts.get(AVAILABLE, 0),
            accounts.get(HELD, 0),
            accounts.get(RECEIVABLE, 0),
        )
        == own
    )
    assert 0 <= min(own.pending, own.available, own.held)
    assert 0 >= own.receivable
