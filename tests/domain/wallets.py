"""Wallets, lots, earnings and payouts for the tests of the ledger, every part easy to change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portal_api.domain import ledger
from portal_api.domain.earnings import Earning, Trace
from portal_api.domain.holdings import (
    Balance,
    Debt,
    Holding,
    Lot,
    LotName,
    Payee,
    Transfer,
    budget_of,
)
from portal_api.domain.ledger import JournalKind, Wallet

T0 = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
BUDGET = budget_of("g")
EMPTY = Wallet("ann")
JANUARY = LotName("2026-01", "g", Payee.INDIVIDUAL)


def a_trace(amount_minor: int, number: int = 1, asset: str = "USD", **changes: Any) -> Trace:
    trace = Trace(
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
    return replace(trace, **changes)


def an_earning(amount_minor: int, number: int = 1, **changes: Any) -> Earning:
    """An earning that is available, the only one of its lot; ``pending`` ones have none."""
    trace = a_trace(amount_minor, number)
    lot = None if changes.get("pending") else JANUARY
    earning = Earning(trace.earning_id, "ann", trace, T0, lot=lot, lot_end=amount_minor)
    return replace(earning, **changes)


def a_holding(**balances: int) -> Holding:
    """A holding with these balances: what is there in one lot, what is owed as one debt."""
    balance = Balance(**balances)
    there = balance.available + balance.held
    lot = Lot(JANUARY, received=there, left=balance.available, held=balance.held)
    debt = Debt("g", -balance.receivable)
    return Holding(balance, (lot,) if there else (), (debt,) if balance.receivable else ())


def a_wallet(asset: str = "USD", **balances: int) -> Wallet:
    """A wallet that holds these balances of one asset."""
    return replace(EMPTY, holdings={asset: a_holding(**balances)})


def paid_in(amount_minor: int, lot: LotName = JANUARY, asset: str = "USD") -> Transfer:
    """What a budget pays at once."""
    return Transfer(budget_of(lot.program_id), "available", asset, amount_minor, "ann.1", lot)


def posted(wallet: Wallet, *transfers: Transfer) -> Wallet:
    return ledger.post(wallet, JournalKind.REWARD, transfers, {}, T0).wallet


def awarded(wallet: Wallet, amount_minor: int) -> Wallet:
    return posted(wallet, *ledger.award_transfers(wallet, a_trace(amount_minor), T0))
