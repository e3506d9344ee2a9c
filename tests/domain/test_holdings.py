"""Holdings: four balances, the lots behind them, what leaves first, and which program owes what."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from portal_api.domain.earnings import Earning, EarningStatus, Maturity
from portal_api.domain.finance import accounts_of
from portal_api.domain.holdings import (
    AVAILABLE,
    HELD,
    OWN_ACCOUNTS,
    PENDING,
    RECEIVABLE,
    VENDOR_EXPIRED,
    VENDOR_PAID,
    Balance,
    Column,
    Debt,
    Holding,
    Lot,
    LotName,
    Moves,
    Payee,
    Transfer,
    budget_of,
    columns_of,
    due,
    program_moves,
)
from portal_api.domain.ledger import (
    GENESIS,
    JournalKind,
    award_transfers,
    content,
    content_hash,
    expiry_transfers,
    lot_of,
    post,
    take_back_transfers,
)
from portal_api.domain.money import LARGEST_AMOUNT_MINOR
from tests.domain.lives import ASSET, PROGRAMS, Life, lived, lives
from tests.domain.wallets import DAY, EMPTY, JANUARY, T0, a_holding, a_trace

FEBRUARY = LotName("2026-02", "g", Payee.INDIVIDUAL)
SOON = LotName("2026-03", "g", Payee.INDIVIDUAL, T0 + 90 * DAY)
SOONER = LotName("2026-03", "g", Payee.INDIVIDUAL, T0 + 60 * DAY)
PARTNER_S = LotName("2025-12", "g", Payee.PARTNER)
OTHER = LotName("2026-01", "h", Payee.INDIVIDUAL)


def after(holding: Holding, *transfers: Transfer) -> tuple[Holding, Moves]:
    """A holding after some transfers, and what they moved between programs."""
    moves = Moves()
    for transfer in transfers:
        holding, more = holding.after(transfer)
        moves.update(more)
    return holding, moves


def into(lot: LotName, amount: int) -> Transfer:
    return Transfer(budget_of(lot.program_id), AVAILABLE, "USD", amount, "ann.1", lot)


def moved(
    debit: str,
    credit: str,
    amount: int,
    payee: Payee | None = Payee.INDIVIDUAL,
    lot: LotName | None = None,
) -> Transfer:
    return Transfer(debit, credit, "USD", amount, payee=payee, lot=lot)


@pytest.mark.parametrize(
    ("amount", "left"),
    [
        (4, {SOONER: 6, SOON: 10, JANUARY: 10, FEBRUARY: 10, PARTNER_S: 10}),
        (14, {SOONER: 0, SOON: 6, JANUARY: 10, FEBRUARY: 10, PARTNER_S: 10}),
        (24, {SOONER: 0, SOON: 0, JANUARY: 6, FEBRUARY: 10, PARTNER_S: 10}),
        (40, {SOONER: 0, SOON: 0, JANUARY: 0, FEBRUARY: 0, PARTNER_S: 10}),
    ],
)
def test_what_expires_first_is_paid_first_and_then_the_oldest_of_the_payee(
    amount: int, left: dict[LotName, int]
) -> None:
    """Domain rule 6.4: lots leave in their order, not in that in which they came."""
    full, _ = after(
        Holding(), *(into(lot, 10) for lot in (PARTNER_S, FEBRUARY, SOON, JANUARY, SOONER))
    )

    held, _ = full.after(moved(AVAILABLE, HELD, amount))

    assert left == {lot.name: lot.left for lot in held.lots}
    assert [SOONER, SOON, PARTNER_S, JANUARY, FEBRUARY] == [lot.name for lot in held.lots]
    assert 40 - amount == held.left_for(Payee.INDIVIDUAL)


def test_a_payout_that_failed_gives_back_what_would_have_been_paid_last() -> None:
    """15 are held of both lots; the 10 that fail are 5 of February and 5 of January."""
    full, _ = after(Holding(), into(JANUARY, 10), into(FEBRUARY, 10))
    held, _ = after(full, moved(AVAILABLE, HELD, 5), moved(AVAILABLE, HELD, 10))

    failed, _ = held.after(moved(HELD, AVAILABLE, 10))

    assert (Lot(JANUARY, 10, left=5, held=5), Lot(FEBRUARY, 10, left=10)) == failed.lots


def test_a_payout_takes_nothing_of_what_goes_to_another_payee() -> None:
    full, _ = after(Holding(), into(JANUARY, 10), into(PARTNER_S, 10))

    with pytest.raises(ValueError, match="lots"):
        full.after(moved(AVAILABLE, HELD, 11))
    held, _ = full.after(moved(AVAILABLE, HELD, 10, Payee.PARTNER))
    with pytest.raises(ValueError, match="lots"):
        held.after(moved(HELD, VENDOR_PAID, 10, Payee.INDIVIDUAL))


def test_what_is_taken_back_leaves_its_own_lot_first_and_then_the_others_in_their_order() -> None:
    """Program g takes 25 back of February, which has 10; 10 of h and 5 of g make up for it."""
    full, _ = after(Holding(), into(OTHER, 10), into(JANUARY, 10), into(FEBRUARY, 10))

    back, moves = full.after(Transfer(AVAILABLE, budget_of("g"), "USD", 25, "ann.1", FEBRUARY))

    assert {JANUARY: 0, OTHER: 5, FEBRUARY: 0} == {lot.name: lot.left for lot in back.lots}
    assert Lot(JANUARY, 10, out=10, cleared=10) == back.lot(JANUARY)
    assert Lot(FEBRUARY, 10, cleared=10) == back.lot(FEBRUARY)
    assert {("g", Column.OFFSET): 10 - 15, ("h", Column.OFFSET): 5} == moves


def test_the_oldest_debt_is_repaid_first_whoever_s_money_repays_it() -> None:
    """The party owes g 5 and then h 5; 7 of h repay it: g gets 5 of h's money, h its own 2."""
    owing, _ = after(
        Holding(),
        moved(RECEIVABLE, budget_of("g"), 5),
        moved(RECEIVABLE, budget_of("h"), 5),
        into(OTHER, 7),
    )

    repaid, moves = owing.after(moved(AVAILABLE, RECEIVABLE, 7))

    assert (Debt("h", 3),) == repaid.debts
    assert ({("h", Column.OFFSET): 7 - 2, ("g", Column.OFFSET): -5}) == moves
    assert (Lot(OTHER, 7, out=7, cleared=7),) == repaid.lots


def test_debts_to_one_program_in_a_row_are_one() -> None:
    """However often something is taken back, a wallet does not grow by it."""
    owing, _ = after(Holding(), *(moved(RECEIVABLE, budget_of(one), 5) for one in "ggghg"))

    assert (Debt("g", 15), Debt("h", 5), Debt("g", 5)) == owing.debts


def test_what_is_held_does_not_expire_and_what_expired_is_not_paid() -> None:
    full, _ = after(Holding(), into(SOON, 10), moved(AVAILABLE, HELD, 4))
    at = SOON.expires_at
    assert at is not None

    assert () == due(full.lots, at - DAY)
    assert (Lot(SOON, 10, left=6, held=4),) == due(full.lots, at)
    gone, moves = full.after(moved(AVAILABLE, VENDOR_EXPIRED, 6, None, SOON))
    assert (Lot(SOON, 10, held=4, expired=6),) == gone.lots
    assert {("g", Column.EXPIRED): 6} == moves
    assert () == due(gone.lots, at)
    assert Lot(SOON, 10, left=4, expired=6) == gone.after(moved(HELD, AVAILABLE, 4))[0].lot(SOON)


@pytest.mark.parametrize(
    ("transfer", "told"),
    [
        (Transfer(budget_of("g"), AVAILABLE, "USD", 1), "of a lot"),
        (Transfer(PENDING, AVAILABLE, "USD", 1), "of a lot"),
        (Transfer(AVAILABLE, VENDOR_EXPIRED, "USD", 1), "of a lot"),
        (Transfer(AVAILABLE, VENDOR_EXPIRED, "USD", 11, lot=JANUARY), "less is left"),
        (Transfer(AVAILABLE, VENDOR_EXPIRED, "USD", 1, lot=FEBRUARY), "less is left"),
        (Transfer(AVAILABLE, HELD, "USD", 11, payee=Payee.INDIVIDUAL), "the lots"),
        (Transfer(HELD, AVAILABLE, "USD", 6, payee=Payee.INDIVIDUAL), "limit"),
        (Transfer(HELD, VENDOR_PAID, "USD", 6, payee=Payee.INDIVIDUAL), "limit"),
        (Transfer(AVAILABLE, RECEIVABLE, "USD", 1), "limit"),
        (Transfer(VENDOR_EXPIRED, budget_of("g"), "USD", 1), "of a lot"),
        (Transfer(VENDOR_EXPIRED, budget_of("g"), "USD", 1, lot=JANUARY), "has expired"),
    ],
)
def test_a_transfer_that_no_lot_can_bear_is_refused(transfer: Transfer, told: str) -> None:
    full, _ = after(a_holding(available=10, held=5, pending=1), into(PARTNER_S, 1))

    with pytest.raises(ValueError, match=told):
        full.after(transfer)


@pytest.mark.parametrize(
    ("lot", "kept"),
    [
        (Lot(JANUARY, 5, out=5), False),
        (Lot(JANUARY, 5), False),
        (Lot(JANUARY, 5, left=1, out=4), True),
        (Lot(JANUARY, 5, held=1, out=4), True),
        (Lot(JANUARY, 5, expired=1, out=4), True),
        (Lot(FEBRUARY, 5, out=5), True),
    ],
)
def test_a_lot_is_kept_while_something_can_be_told_of_it(lot: Lot, kept: bool) -> None:
    """Nothing comes into a lot of a month that is over; what expired tells so for good."""
    pruned = Holding(lots=(lot,)).closed_before("2026-02")

    assert ((lot,) if kept else ()) == pruned.lots


@pytest.mark.parametrize(
    ("debit", "credit", "column", "adjusted"),
    [
        ("vendor:funding", "budget:g", {Column.FUNDED: 5}, None),
        ("budget:g", PENDING, {Column.EARNED: 5}, {Column.ADJUSTED: 5}),
        ("budget:g", AVAILABLE, {Column.EARNED: 5}, {Column.ADJUSTED: 5}),
        (PENDING, "budget:g", {Column.REVERSED: 5}, {Column.ADJUSTED: -5}),
        (AVAILABLE, "budget:g", {Column.REVERSED: 5}, {Column.ADJUSTED: -5}),
        (RECEIVABLE, "budget:g", {Column.REVERSED: 5}, {Column.ADJUSTED: -5}),
        (PENDING, AVAILABLE, {Column.RELEASED: 5}, None),
        (HELD, VENDOR_PAID, {Column.PAID: 5}, None),
        (AVAILABLE, VENDOR_EXPIRED, {Column.EXPIRED: 5}, None),
        (VENDOR_EXPIRED, "budget:g", {Column.REVERSED: 5, Column.EXPIRED: -5}, None),
        (AVAILABLE, HELD, {}, None),
        (HELD, AVAILABLE, {}, None),
        (AVAILABLE, RECEIVABLE, {}, None),
    ],
)
def test_what_a_transfer_is_to_a_statement(
    debit: str,
    credit: str,
    column: dict[Column, int],
    adjusted: dict[Column, int] | None,
) -> None:
    """The program that a budget account names is told the same; other programs by the lots."""
    transfer = Transfer(debit, credit, "USD", 5)
    named = "budget:g" in (debit, credit)

    assert column == columns_of(transfer)
    assert (column if adjusted is None else adjusted) == columns_of(transfer, adjusts=True)
    assert ({("g", name): n for name, n in column.items()} if named else {}) == program_moves(
        transfer
    )


def lot_problems(life: Life) -> list[str]:
    """Where a holding and the model of single units differ; nothing is left out of a lot."""
    holding, model, found = life.holding, life.model, []
    names = {unit.lot for unit in model.units} | {lot.name for lot in holding.lots}
    month = f"{life.wallet.recorded_at or life.now:%Y-%m}"
    for name in names:
        states = Counter(unit.state for unit in model.units if unit.lot == name)
        lot = next((lot for lot in holding.lots if lot.name == name), None)
        if lot is None:
            open_still = states["left"] + states["held"] + states["expired"]
            found += [f"{name} is missing"] if open_still or name.month >= month else []
            continue
        told = (lot.received, lot.left, lot.held, lot.out, lot.expired)
        expected = (
            states.total(),
            states["left"],
            states["held"],
            states["out"],
            states["expired"],
        )
        found += [f"{name} is {told} and not {expected}"] if told != expected else []
    return found


@settings(max_examples=120)
@given(steps=lives)
def test_lots_balances_and_debts_are_those_of_single_units_after_every_step(
    steps: list[tuple[str, int, int]],
) -> None:
    """Invariants L5, L6 and L23; and what is paid, expires and is repaid, unit by unit."""
    life = Life()
    for step in steps:
        life.do(*step)

        own, holding = life.holding.balance, life.holding
        assert [] == lot_problems(life)
        assert sum(lot.left for lot in holding.lots) == own.available
        assert sum(lot.held for lot in holding.lots) == own.held
        assert sum(debt.amount_minor for debt in holding.debts) == -own.receivable
        assert len(life.model.pending) == own.pending
        assert life.model.owed == [
            debt.program_id for debt in holding.debts for _ in range(debt.amount_minor)
        ]
        assert 0 <= min(own.pending, own.available, own.held)
        assert 0 == own.available or 0 == own.receivable
        assert sorted(holding.lots, key=lambda lot: lot.name.order) == list(holding.lots)


@settings(max_examples=80)
@given(steps=lives)
def test_what_is_left_out_of_a_holding_tells_nothing_more(
    steps: list[tuple[str, int, int]],
) -> None:
    """With every lot kept, the balances, the open lots and every earning's status are the same."""
    life = lived(steps)

    full, kept = life.full, life.holding
    assert full.balance == kept.balance
    assert full.debts == kept.debts
    told = {lot for lot in full.lots if (lot.open or lot.expired) and not kept.forgot(lot.name)}
    assert told <= set(kept.lots) <= set(full.lots)
    for earning in life.earnings:
        known, status = earning.status(full), earning.status(kept)
        either = known in (EarningStatus.PAID, EarningStatus.EXPIRED)
        assert status is known or (status is EarningStatus.ENDED and either)


def test_a_lot_is_forgotten_three_years_after_it_expired() -> None:
    """Not while anything of it is there; and one that never was is not told apart any more."""
    old, young = (
        LotName("2026-01", "g", Payee.INDIVIDUAL, datetime(2026, month, 1, tzinfo=UTC))
        for month in (2, 4)
    )
    ended, held = Lot(old, 5, out=4, expired=1), Lot(old, 5, held=4, expired=1)
    later = Lot(young, 5, expired=5)
    full = Holding(lots=(ended, later))

    assert full is full.forgetting("2029-02")
    kept = full.forgetting("2029-03")

    assert (later,) == kept.lots
    assert datetime(2026, 3, 1, tzinfo=UTC) == kept.forgotten
    assert [True, False, False] == [kept.forgot(name) for name in (old, young, JANUARY)]
    assert not full.forgot(old)
    assert (held,) == Holding(lots=(held,)).forgetting("2035-01").lots


def test_a_wallet_in_which_points_expire_every_month_does_not_grow_for_good() -> None:
    """Ten years of them are as large as four; a take-back of old points forgets nothing midway."""
    wallet, sizes, lots, now = EMPTY, list[int](), list[LotName](), T0
    for month in range(120):
        year, number = 2026 + month // 12, month % 12 + 1
        now = datetime(year, number, 3, tzinfo=UTC)
        trace = a_trace(10, month + 1, maturity=Maturity(expire_months=1))
        for kind, transfers in (
            (JournalKind.EXPIRY, expiry_transfers(wallet, now)),
            (JournalKind.REWARD, award_transfers(wallet, trace, now)),
        ):
            if transfers:
                wallet = post(wallet, kind, transfers, {}, now).wallet
        lots.append(lot_of(wallet, trace, now))
        sizes.append(len(wallet.holding("USD").lots))
    now += 1_500 * DAY
    oldest = wallet.holding("USD").lots[0].name
    earning = Earning("ann.1", "ann", a_trace(10), now, lot=oldest, lot_end=10)
    back = post(wallet, JournalKind.REVERSAL, take_back_transfers(wallet, earning, 10), {}, now)

    assert sizes[48] == sizes[-1] < 40
    assert 0 == back.wallet.holding("USD").lot(oldest).expired
    assert 0 == back.wallet.balance("USD").receivable
    first = Earning("ann.1", "ann", a_trace(10), now, lot=lots[0], lot_end=10)
    assert EarningStatus.ENDED is first.status(wallet.holding("USD"))


def test_a_lot_of_more_than_a_transfer_takes_expires_in_several() -> None:
    lot = Lot(SOON, 3 * LARGEST_AMOUNT_MINOR, left=2 * LARGEST_AMOUNT_MINOR + 5)
    wallet = replace(EMPTY, holdings={"USD": Holding(Balance(available=lot.left), (lot,))})
    now = T0 + 100 * DAY

    transfers = expiry_transfers(wallet, now)
    expired = post(wallet, JournalKind.EXPIRY, transfers, {}, now).wallet

    assert [LARGEST_AMOUNT_MINOR, LARGEST_AMOUNT_MINOR, 5] == [
        transfer.amount_minor for transfer in transfers
    ]
    assert Balance() == expired.balance("USD")
    assert (Lot(SOON, lot.received, expired=lot.left),) == expired.holding("USD").lots


@settings(max_examples=120)
@given(steps=lives)
def test_what_programs_owe_is_all_that_a_wallet_has(steps: list[tuple[str, int, int]]) -> None:
    """Each program owes what is left of its money, less what is owed to it; all, the whole."""
    life = lived(steps)

    own = life.holding.balance
    accounts = {
        program: accounts_of(
            {name: n} for (whose, name), n in life.moves.items() if whose == program
        ).get(ASSET)
        for program in PROGRAMS
    }
    assert {column: n for column, n in life.model.columns.items() if n} == {
        (program, column): n
        for program, found in accounts.items()
        for column, n in (found.columns.items() if found else ())
        if n
    }
    owed = {program: found.liability_minor if found else 0 for program, found in accounts.items()}
    assert {program: life.model.owned_of(program) for program in PROGRAMS} == owed
    assert own.total == sum(owed.values())
    assert 0 == sum(found.sum(Column.OFFSET) for found in accounts.values() if found)


@settings(max_examples=80)
@given(steps=lives)
def test_whatever_happens_the_books_balance_and_the_chain_verifies(
    steps: list[tuple[str, int, int]],
) -> None:
    """Invariants L1, L5, L15 and L16 over any history of one wallet."""
    life = lived(steps)

    accounts, previous = Counter[str](), GENESIS
    for sequence, journal in enumerate(life.journals, 1):
        assert (sequence, previous) == (journal.sequence, journal.previous_hash)
        assert journal.hash == content_hash(content(journal))
        previous = journal.hash
        for transfer in journal.transfers:
            accounts[transfer.debit] -= transfer.amount_minor
            accounts[transfer.credit] += transfer.amount_minor
    own = life.holding.balance
    assert previous == life.wallet.head_hash
    assert 0 == sum(accounts.values())
    assert [accounts[name] for name in OWN_ACCOUNTS] == [
        own.pending,
        own.available,
        own.held,
        own.receivable,
    ]
