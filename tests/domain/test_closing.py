"""A closed wallet posts nothing but an administrator's reversal (invariant L19)."""

from dataclasses import replace

import pytest

from portal_api.domain import ledger
from portal_api.domain.errors import AccountClosed, WalletNotEmpty
from portal_api.domain.holdings import RECEIVABLE, Balance, Holding, Transfer, budget_of
from portal_api.domain.ledger import JournalKind, Wallet
from tests.domain.correcting import T0

EMPTY = Wallet("ann", sequence=7, holdings={"USD": Holding(Balance(receivable=-5))})
TAKEN = (Transfer(RECEIVABLE, budget_of("g"), "USD", 5),)


def test_a_wallet_is_closed_once_and_only_when_nothing_is_in_it() -> None:
    """What it owes is owed still; ``closed_sequence`` is that of its last journal."""
    closed = ledger.close(EMPTY, "ada", "Gone.", T0)

    assert (T0, "ada", "Gone.", 7) == (
        closed.closed_at,
        closed.closed_by,
        closed.closed_reason,
        closed.closed_sequence,
    )
    assert EMPTY.balances == closed.balances
    with pytest.raises(AccountClosed):
        ledger.close(closed, "ada", "Gone.", T0)
    for name in ("pending", "available", "held"):
        full = replace(EMPTY, holdings={"EUR": Holding(Balance(**{name: 1}))})
        with pytest.raises(WalletNotEmpty) as refused:
            ledger.close(full, "ada", "Gone.", T0)
        assert ("EUR", 1) == (refused.value.asset, getattr(refused.value, f"{name}_minor"))


@pytest.mark.parametrize("kind", JournalKind)
@pytest.mark.parametrize("by_admin", [True, False])
def test_a_closed_wallet_posts_an_administrator_s_reversal_alone(
    kind: JournalKind, by_admin: bool
) -> None:
    closed = ledger.close(EMPTY, "ada", "Gone.", T0)
    if by_admin and kind is JournalKind.REVERSAL:
        posted = ledger.post(closed, kind, TAKEN, {}, T0, by_admin=by_admin)
        assert Balance(receivable=-10) == posted.wallet.balance("USD")
        return
    with pytest.raises(ValueError, match="closed"):
        ledger.post(closed, kind, TAKEN, {}, T0, by_admin=by_admin)
