"""The ledger: balanced transfers, floors, a chain of hashes, and what repays a debt first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal_api.domain import ledger, payouts
from portal_api.domain.earnings import take_back
from portal_api.domain.errors import InsufficientBalance, PayoutNotOpen
from portal_api.domain.holdings import (
    AVAILABLE,
    HELD,
    PENDING,
    RECEIVABLE,
    VENDOR_PAID,
    Balance,
    Holding,
    Lot,
    LotName,
    Payee,
    Transfer,
)
from portal_api.domain.ledger import GENESIS, MAX_TRANSFERS, Journal, JournalKind
from portal_api.domain.money import LARGEST_AMOUNT_MINOR
from portal_api.domain.payouts import Payout, PayoutStatus
from tests.domain.wallets import (
    DAY,
    EMPTY,
    JANUARY,
    T0,
    a_holding,
    a_trace,
    a_wallet,
    an_earning,
    awarded,
    paid_in,
    posted,
)


def test_a_posted_transfer_moves_its_amount_and_changes_nothing_else() -> None:
    holdings = {"USD": a_holding(available=10), "EUR": a_holding(pending=1)}

    after = posted(
        replace(EMPTY, holdings=holdings),
        paid_in(5),
        Transfer(AVAILABLE, HELD, "USD", 7, payee=Payee.INDIVIDUAL),
    )

    assert {"USD": Balance(available=8, held=7), "EUR": Balance(1)} == after.balances
    assert holdings["EUR"] == after.holding("EUR")
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
        posted(a_wallet(available=10), transfer)


def test_a_floor_holds_after_every_single_transfer_not_only_at_the_end() -> None:
    with pytest.raises(ValueError, match="limit"):
        posted(EMPTY, Transfer(AVAILABLE, HELD, "USD", 5), paid_in(5))


@pytest.mark.parametrize("amount", [0, -1, LARGEST_AMOUNT_MINOR + 1])
def test_a_transfer_moves_a_positive_amount_of_at_most_10_to_the_12(amount: int) -> None:
    """Invariant L2."""
    with pytest.raises(ValueError, match="10\\^12"):
        posted(EMPTY, paid_in(amount))


def test_a_transfer_has_two_different_accounts() -> None:
    with pytest.raises(ValueError, match="two accounts"):
        posted(a_wallet(available=10), Transfer(AVAILABLE, AVAILABLE, "USD", 1))


@pytest.mark.parametrize("count", [0, MAX_TRANSFERS + 1])
def test_a_journal_has_1_to_50_transfers(count: int) -> None:
    with pytest.raises(ValueError, match="50"):
        posted(EMPTY, *[paid_in(1)] * count)


def test_a_journal_follows_its_wallet_s_head_and_the_wallet_its_journal() -> None:
    """Invariants L15 and L16: sequence without gap, each journal naming the hash before it."""
    transfer, cause = paid_in(5), {"actor": "boss"}
    first = ledger.post(EMPTY, JournalKind.REWARD, (transfer,), cause, T0, (a_trace(5),))
    second = ledger.post(first.wallet, JournalKind.REWARD, (transfer,), cause, T0 + DAY)

    one, two, head = first.journal, second.journal, second.wallet
    assert ("ann.1", 1, GENESIS, T0) == (one.id, one.sequence, one.previous_hash, one.recorded_at)
    assert ("ann.2", 2, one.hash, T0 + DAY) == (
        two.id,
        two.sequence,
        two.previous_hash,
        two.recorded_at,
    )
    assert (2, two.hash, T0 + DAY) == (head.sequence, head.head_hash, head.recorded_at)
    assert {"USD": Balance(available=10)} == head.balances == two.balance_after


def test_a_clock_that_goes_back_does_not_put_a_journal_before_its_predecessor() -> None:
    """Fault F14: the key of a journal is its recorded time, then its sequence."""
    first = ledger.post(EMPTY, JournalKind.REWARD, (paid_in(5),), {}, T0)
    second = ledger.post(first.wallet, JournalKind.REWARD, (paid_in(5),), {}, T0 - DAY)

    assert T0 == second.journal.recorded_at == second.wallet.recorded_at


OTHER_CONTENT: list[dict[str, Any]] = [
    {"id": "bob.1"},
    {"wallet_id": "bob"},
    {"sequence": 2},
    {"recorded_at": T0 + timedelta(microseconds=1)},
    {"kind": JournalKind.FUNDING},
    *(
        {"transfers": (replace(paid_in(5), **change),)}
        for change in (
            {"debit": "budget:h"},
            {"credit": HELD},
            {"asset": "EUR"},
            {"amount_minor": 6},
            {"earning_id": "ann.2"},
            {"earning_id": None},
            {"lot": None},
            {"lot": replace(JANUARY, month="2026-02")},
            {"lot": replace(JANUARY, program_id="h")},
            {"lot": replace(JANUARY, payee=Payee.PARTNER)},
            {"lot": replace(JANUARY, expires_at=T0)},
            {"payee": Payee.PARTNER},
        )
    ),
    {"balance_after": {"USD": Balance(available=6)}},
    {"cause": {"actor": "eve"}},
    {"traces": ()},
    {"traces": (a_trace(6),)},
    {"previous_hash": "1" * 64},
]


@pytest.mark.parametrize("change", OTHER_CONTENT)
def test_any_other_content_has_another_hash(change: dict[str, Any]) -> None:
    journal = ledger.post(
        EMPTY, JournalKind.REWARD, (paid_in(5),), {"actor": "boss"}, T0, (a_trace(5),)
    ).journal
    changed = replace(journal, **change)

    assert journal.hash == ledger.content_hash(ledger.content(journal))
    assert journal != changed
    assert journal.hash != ledger.content_hash(ledger.content(changed))


def test_the_hash_covers_every_field_of_a_journal_and_of_its_transfers_but_itself() -> None:
    covered = {name for change in OTHER_CONTENT for name in change}
    (before,) = (paid_in(5),)
    of_transfers = {
        name
        for change in OTHER_CONTENT
        for transfer in change.get("transfers", ())
        for name in Transfer.__dataclass_fields__
        if getattr(transfer, name) != getattr(before, name)
    }

    assert set(Journal.__dataclass_fields__) - {"hash"} == covered
    assert set(Transfer.__dataclass_fields__) == of_transfers
    journal = ledger.post(EMPTY, JournalKind.REWARD, (paid_in(5),), {}, T0).journal
    assert covered == set(ledger.content(journal))


@pytest.mark.parametrize(
    ("owed", "amount", "available", "still_owed"),
    [(0, 100, 100, 0), (-60, 100, 40, 0), (-100, 100, 0, 0), (-150, 100, 0, -50)],
)
def test_an_award_repays_what_is_owed_first(
    owed: int, amount: int, available: int, still_owed: int
) -> None:
    """Domain rule 6.5: a receivable is repaid by later earnings."""
    after = awarded(a_wallet(receivable=owed), amount)

    assert Balance(available=available, receivable=still_owed) == after.balance("USD")


def test_a_debt_in_one_asset_is_not_repaid_in_another() -> None:
    after = awarded(a_wallet("EUR", receivable=-50), 100)

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
    wallet = a_wallet(available=available, held=7)

    after = posted(wallet, *ledger.take_back_transfers(wallet, an_earning(100), back))

    assert Balance(available=left, held=7, receivable=owed) == after.balance("USD")


@pytest.mark.parametrize(
    ("left", "expired", "elsewhere", "back", "available", "owed"),
    [
        (0, 100, 0, 100, 0, 0),
        (0, 100, 50, 100, 50, 0),
        (20, 80, 50, 60, 50, 0),
        (20, 30, 50, 100, 0, 0),
        (20, 30, 40, 100, 0, -10),
    ],
)
def test_what_has_expired_is_taken_back_without_costing_anybody_anything(
    left: int, expired: int, elsewhere: int, back: int, available: int, owed: int
) -> None:
    """It was never paid, so nothing else makes up for it: what is left first, then that."""
    own = Lot(JANUARY, 100, left=left, expired=expired, out=100 - left - expired)
    other = Lot(replace(JANUARY, month="2026-02"), elsewhere, left=elsewhere)
    holding = Holding(Balance(available=left + elsewhere), (own, other))
    wallet = replace(EMPTY, holdings={"USD": holding})

    after = posted(wallet, *ledger.take_back_transfers(wallet, an_earning(100), back))

    assert Balance(available=available, receivable=owed) == after.balance("USD")
    assert max(0, expired - max(0, back - left)) == after.holding("USD").lot(JANUARY).expired


@pytest.mark.parametrize(("owed", "available", "still_owed"), [(0, 70, 0), (-100, 0, -30)])
def test_what_is_pending_repays_nothing_before_it_is_released_and_then_what_is_left_of_it(
    owed: int, available: int, still_owed: int
) -> None:
    """100 pending, of which 30 are taken back: from pending, whatever else is there."""
    wallet, pending = a_wallet(receivable=owed), an_earning(100, pending=True)
    waiting = posted(wallet, *ledger.award_transfers(wallet, pending.trace, T0, pending=True))
    less = posted(waiting, *ledger.take_back_transfers(waiting, pending, 30))
    after = posted(less, *ledger.release_transfers(less, take_back(pending, 30), T0))

    assert Balance(pending=100, receivable=owed) == waiting.balance("USD")
    assert Balance(pending=70, receivable=owed) == less.balance("USD")
    assert Balance(available=available, receivable=still_owed) == after.balance("USD")


def test_a_pending_earning_is_released_once() -> None:
    pending = an_earning(100, pending=True)
    waiting = posted(EMPTY, *ledger.award_transfers(EMPTY, pending.trace, T0, pending=True))
    free = posted(waiting, *ledger.release_transfers(waiting, pending, T0))

    with pytest.raises(ValueError, match="limit"):
        posted(free, *ledger.release_transfers(free, pending, T0))


@pytest.mark.parametrize(("amount", "enough"), [(10, True), (11, False)])
def test_only_what_is_available_is_sufficient(amount: int, enough: bool) -> None:
    wallet = a_wallet(pending=100, available=10, held=100)

    if enough:
        ledger.sufficient(wallet, "USD", amount, Payee.INDIVIDUAL)
        return
    with pytest.raises(InsufficientBalance) as refused:
        ledger.sufficient(wallet, "USD", amount, Payee.INDIVIDUAL)
    assert ("USD", 10) == (refused.value.asset, refused.value.available_minor)


def test_what_goes_to_another_payee_is_not_sufficient() -> None:
    """The payee was chosen at consent, and no payout changes it."""
    partner_s = LotName("2026-01", "g", Payee.PARTNER)
    wallet = posted(EMPTY, paid_in(10), paid_in(3, partner_s))

    ledger.sufficient(wallet, "USD", 3, Payee.PARTNER)
    with pytest.raises(InsufficientBalance) as refused:
        ledger.sufficient(wallet, "USD", 4, Payee.PARTNER)
    assert 3 == refused.value.available_minor


@pytest.mark.parametrize(
    ("paid", "status", "kind", "to"),
    [
        (True, PayoutStatus.SETTLED, JournalKind.PAYOUT_SETTLED, VENDOR_PAID),
        (False, PayoutStatus.FAILED, JournalKind.PAYOUT_RELEASED, AVAILABLE),
    ],
)
@pytest.mark.parametrize("payee", Payee)
def test_a_payout_is_held_and_then_settled_or_released_once(
    paid: bool, status: PayoutStatus, kind: JournalKind, to: str, payee: Payee
) -> None:
    """Invariant L7."""
    payout = Payout("ann.1", "ann", "p", "USD", 10, T0, payee=payee)
    wallet = a_wallet(held=10)

    resolved, resolved_kind, transfers = payouts.resolve(payout, wallet, paid, "bank-1", T0 + DAY)

    assert (Transfer(AVAILABLE, HELD, "USD", 10, payee=payee),) == payouts.hold_transfers(payout)
    assert replace(payout, status=status, resolved_at=T0 + DAY, reference="bank-1") == resolved
    assert (kind, (Transfer(HELD, to, "USD", 10, payee=payee),)) == (resolved_kind, transfers)
    for again in (True, False):
        with pytest.raises(PayoutNotOpen) as refused:
            payouts.resolve(resolved, wallet, again, "bank-2", T0 + DAY)
        assert status == refused.value.status


@pytest.mark.parametrize(
    ("owed", "available", "still_owed"), [(0, 10, 0), (-4, 6, 0), (-10, 0, 0), (-25, 0, -15)]
)
def test_a_payout_that_failed_repays_what_came_to_be_owed_meanwhile(
    owed: int, available: int, still_owed: int
) -> None:
    """Invariant L23: nothing is available while something is owed."""
    wallet = a_wallet(held=10, receivable=owed)
    payout = Payout("ann.1", "ann", "p", "USD", 10, T0)

    _, _, transfers = payouts.resolve(payout, wallet, False, "Closed account", T0 + DAY)

    after = posted(wallet, *transfers).balance("USD")
    assert Balance(available=available, receivable=still_owed) == after
