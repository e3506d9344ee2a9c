"""Statements: a month is frozen once, adds up, and nothing lands in it afterwards."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from portal_api.domain import ledger
from portal_api.domain.holdings import (
    AVAILABLE,
    HELD,
    VENDOR_PAID,
    Balance,
    Column,
    Payee,
    Transfer,
)
from portal_api.domain.ledger import JournalKind, Posting, Wallet
from portal_api.domain.statements import Month, Statement, closing_total, month_of
from tests.domain.lives import ASSET, lived, lives
from tests.domain.wallets import EMPTY, paid_in


def at(month: int, day: int = 15, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def posted(wallet: Wallet, now: datetime, *transfers: Transfer) -> Posting:
    return ledger.post(wallet, JournalKind.REWARD, transfers or (paid_in(5),), {}, now)


def test_a_month_is_told_in_utc_of_when_a_journal_was_recorded() -> None:
    assert "2026-01" == month_of(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC))
    assert "2026-02" == month_of(datetime(2026, 2, 1, tzinfo=UTC))


def test_the_first_journal_of_a_later_month_freezes_the_month_before() -> None:
    """January: 5 earned and 3 of them paid. In March 5 more are earned: February has no journal."""
    first = posted(EMPTY, at(1, 1)).wallet
    last = posted(
        first,
        at(1, 31),
        Transfer(AVAILABLE, HELD, "USD", 4, payee=Payee.INDIVIDUAL),
        Transfer(HELD, VENDOR_PAID, "USD", 3, payee=Payee.INDIVIDUAL),
    )
    later = posted(last.wallet, at(3))
    again = posted(later.wallet, at(3, 31))

    assert (None, None, None) == (posted(EMPTY, at(1)).statement, last.statement, again.statement)
    expected = Statement(
        id="ann.2026-01",
        wallet_id="ann",
        month="2026-01",
        opening={},
        closing={"USD": Balance(available=1, held=1)},
        sums={"USD": {Column.EARNED: 5, Column.PAID: 3}},
        first_sequence=1,
        last_sequence=2,
        head_hash=last.journal.hash,
    )
    assert expected == later.statement == ledger.statement_of(last.wallet)
    opening = {"USD": Balance(available=1, held=1)}
    assert Month("2026-03", opening, {"USD": {Column.EARNED: 5}}, 3) == later.wallet.month
    assert Month("2026-03", opening, {"USD": {Column.EARNED: 10}}, 3) == again.wallet.month


def test_a_journal_never_lands_in_a_month_that_is_frozen_also_when_the_clock_goes_back() -> None:
    """Fault F14: it is recorded with the last one, in the month that is open."""
    march = posted(posted(EMPTY, at(1)).wallet, at(3))

    late = posted(march.wallet, at(1, 20))

    assert (at(3), None) == (late.journal.recorded_at, late.statement)
    assert late.wallet.month is not None
    assert ("2026-03", {"USD": {Column.EARNED: 10}}) == (
        late.wallet.month.month,
        late.wallet.month.sums,
    )


def test_december_is_followed_by_january() -> None:
    december = posted(EMPTY, at(12, 31)).wallet

    january = posted(december, at(1, 1, 2027))

    assert january.statement is not None
    assert ("2026-12", "ann.2026-12") == (january.statement.month, january.statement.id)


def test_what_was_never_posted_has_no_statement() -> None:
    assert None is ledger.statement_of(EMPTY)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        (Column.EARNED, 7),
        (Column.ADJUSTED, 7),
        (Column.REVERSED, -7),
        (Column.PAID, -7),
        (Column.EXPIRED, -7),
        (Column.RELEASED, 0),  # From pending to available: it is the party's all the time.
        (Column.FUNDED, 0),
        (Column.PAID_TO_PARTNER, 0),  # Part of what is PAID.
    ],
)
def test_a_month_ends_with_what_it_began_with_and_what_its_columns_say(
    column: Column, change: int
) -> None:
    opening = Balance(pending=1, available=20, held=3, receivable=-4)

    assert 20 + change == closing_total(opening, {column: 7})


@settings(max_examples=120)
@given(steps=lives)
def test_every_month_adds_up_follows_the_month_before_and_is_frozen_once(
    steps: list[tuple[str, int, int]],
) -> None:
    """Domain rule 6.6, over any life of a wallet, with clocks that go back."""
    life = lived(steps)
    running = ledger.statement_of(life.wallet)
    months = [*life.statements, running] if running is not None else []

    assert sorted({one.month for one in months}) == [one.month for one in months]
    sequence = 0
    before: Mapping[str, Balance] = {}
    for month in months:
        own = [one for one in life.journals if month_of(one.recorded_at) == month.month]
        balance = (month.opening.get(ASSET, Balance()), month.closing.get(ASSET, Balance()))
        assert before == month.opening
        assert closing_total(balance[0], month.sums.get(ASSET, {})) == balance[1].total
        assert (sequence + 1, month.last_sequence) == (own[0].sequence, own[-1].sequence)
        assert sequence + 1 == month.first_sequence
        assert (own[-1].hash, own[-1].balance_after) == (month.head_hash, month.closing)
        before, sequence = month.closing, month.last_sequence
    assert len(life.journals) == sequence


@settings(max_examples=120)
@given(steps=lives)
def test_the_columns_of_all_months_are_those_of_the_transfers(
    steps: list[tuple[str, int, int]],
) -> None:
    """What is earned, paid and expired in the months is what programs have earned, paid, lost."""
    life = lived(steps)
    running = ledger.statement_of(life.wallet)
    months = [*life.statements, running] if running is not None else []

    told = {
        column: sum(month.sums.get(ASSET, {}).get(column, 0) for month in months)
        for column in Column
    }
    for column in (Column.EARNED, Column.REVERSED, Column.ADJUSTED, Column.PAID, Column.EXPIRED):
        assert told[column] == sum(
            amount for (_, name), amount in life.moves.items() if name == f"{column}:{ASSET}"
        )
