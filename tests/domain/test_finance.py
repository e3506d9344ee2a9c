"""A program's accounts: what is left of its budget and what it owes, from moves and their sums."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import ledger
from portal_api.domain.finance import Accounts, accounts_of, added, move_of
from portal_api.domain.holdings import Column
from portal_api.domain.ledger import JournalKind
from portal_api.domain.programs import shards_of
from tests.domain.wallets import EMPTY, T0, paid_in

amounts = st.dictionaries(
    st.builds("{}:{}".format, st.sampled_from(Column), st.sampled_from(["USD", "EUR", "POINTS"])),
    st.integers(-(10**12), 10**12),
)


@pytest.mark.parametrize(
    ("column", "budget", "liability"),
    [
        (Column.FUNDED, 7, 0),
        (Column.EARNED, -7, 7),
        (Column.ADJUSTED, -7, 7),
        (Column.REVERSED, 7, -7),
        (Column.PAID, 0, -7),
        (Column.EXPIRED, 0, -7),
        (Column.OFFSET, 0, -7),
        (Column.RELEASED, 0, 0),
    ],
)
def test_each_column_changes_the_budget_and_what_is_owed(
    column: Column, budget: int, liability: int
) -> None:
    accounts = Accounts({column: 7})

    assert (budget, liability) == (accounts.budget_minor, accounts.liability_minor)


def test_a_program_s_accounts_are_told_by_asset() -> None:
    """Funded 1,000.00; earned 300.00, of which 100.00 were paid and 50.00 taken back."""
    found = accounts_of(
        [
            {"FUNDED:USD": 1_000_00},
            {"EARNED:USD": 200_00, "EARNED:POINTS": 5},
            {"EARNED:USD": 100_00},
            {"PAID:USD": 100_00},
            {"REVERSED:USD": 50_00},
        ]
    )

    assert ["POINTS", "USD"] == list(found)
    assert (750_00, 150_00) == (found["USD"].budget_minor, found["USD"].liability_minor)
    assert (-5, 5) == (found["POINTS"].budget_minor, found["POINTS"].liability_minor)


def test_nothing_moved_is_no_account() -> None:
    assert {} == accounts_of([])


@given(moves=st.lists(amounts, max_size=12), seed=st.integers(0, 99), cut=st.integers(0, 12))
def test_accounts_are_the_same_in_any_order_and_from_any_sums(
    moves: list[dict[str, int]], seed: int, cut: int
) -> None:
    """A sum up to an instant with the moves behind it tells what all moves tell."""
    mixed = random.Random(seed).sample(moves, len(moves))
    summed: dict[str, int] = {}
    for move in moves[:cut]:
        for name, amount in move.items():
            summed[name] = summed.get(name, 0) + amount

    assert accounts_of(moves) == accounts_of(mixed) == accounts_of([summed, *moves[cut:]])


@given(parts=st.lists(st.lists(amounts, max_size=4), max_size=4))
def test_several_programs_together_are_the_sum_of_each(parts: list[list[dict[str, int]]]) -> None:
    together = added(accounts_of(part) for part in parts)

    assert together == accounts_of(move for part in parts for move in part)


def test_a_move_lies_in_the_part_of_its_wallet_in_the_order_of_time() -> None:
    first = ledger.post(EMPTY, JournalKind.REWARD, (paid_in(5),), {}, T0)
    second = ledger.post(
        first.wallet, JournalKind.REWARD, (paid_in(5),), {}, T0 + timedelta(microseconds=1)
    )

    one, two = (move_of("g", posting.journal, {"EARNED:USD": 5}) for posting in (first, second))

    assert one.id.rpartition(".")[0] == two.id.rpartition(".")[0]
    assert one.id.rpartition(".")[0] in shards_of("g")
    assert one.id < two.id
    assert (T0, {"EARNED:USD": 5}) == (one.at, one.amounts)
