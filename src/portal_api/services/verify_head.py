"""A wallet's head and its statements, held against what its journals lead to."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from portal_api.domain.holdings import Column, Holding
from portal_api.domain.ledger import Wallet
from portal_api.domain.statements import Month, Statement, Sums
from portal_api.services.verify_fold import Chain, Months, Problem, Running, nonzero


def head_problems(
    head: Wallet, chain: Chain, running: Running, months: Months
) -> Iterator[Problem]:
    """What is wrong with a wallet's head after its last journal; L5, L15, L16, L19 and L24."""
    if chain.sequence is not None and head.sequence != chain.sequence:
        text = f"The wallet's head is at {head.sequence}, its last journal is {chain.sequence}."
        yield "L15", text
    if chain.hashes is not None and head.head_hash not in chain.hashes:
        yield "L16", "The wallet's head does not name its last journal."
    if running.balances is not None and nonzero(head.balances) != nonzero(running.balances):
        yield "L5", "The wallet's balances are not those after its last journal."
    if running.holdings is not None:
        kept, fold = _with_lots(head.holdings), _with_lots(running.holdings)
        for asset in sorted(kept.keys() | fold.keys()):
            if kept.get(asset) != fold.get(asset):
                yield "L5", f"The wallet's lots and debts of {asset} do not follow."
    for asset, holding in head.holdings.items():
        if not _adds_up(holding):
            yield "L5", f"The wallet's lots and debts of {asset} do not sum to its balances."
    expected = months.running if months.whole else None
    if expected and (head.month is None or _moved(head.month) != _moved(expected)):
        yield "L24", "The wallet's month so far is not what its journals add up to."
    if head.closed_sequence > head.sequence:
        yield "L19", "The wallet was closed after its last journal, it says."


def statement_problems(expected: Statement, stored: Statement | None) -> Iterator[Problem]:
    """A month's frozen statement against the fold of its journals; L3 and L24."""
    if stored is None:
        yield "L24", f"The statement of {expected.month} is missing."
        return
    if stored.head_hash != expected.head_hash:
        yield "L3", f"The statement of {expected.month} names another last journal."
    if _told(stored) != _told(expected):
        yield "L24", f"The statement of {expected.month} is not what its journals add up to."


def _with_lots(holdings: Mapping[str, Holding]) -> dict[str, tuple[object, object]]:
    """Lots and debts of the assets of which there are any."""
    return {
        asset: (holding.lots, holding.debts)
        for asset, holding in holdings.items()
        if holding.lots or holding.debts
    }


def _adds_up(holding: Holding) -> bool:
    """Whether lots and debts sum to the balances that they are behind."""
    balance = holding.balance
    left, held = (sum(lot.left for lot in holding.lots), sum(lot.held for lot in holding.lots))
    owed = sum(debt.amount_minor for debt in holding.debts)
    return (left, held, owed) == (balance.available, balance.held, -balance.receivable)


def _moved(month: Month) -> Month:
    """The month without what is zero in it."""
    return replace(month, opening=nonzero(month.opening), sums=_sums(month.sums))


def _told(statement: Statement) -> Statement:
    """The statement without what is zero in it, and without its hash."""
    return replace(
        statement,
        opening=nonzero(statement.opening),
        closing=nonzero(statement.closing),
        sums=_sums(statement.sums),
        head_hash="",
    )


def _sums(sums: Sums) -> dict[str, dict[Column, int]]:
    moved = {
        asset: {column: amount for column, amount in columns.items() if amount}
        for asset, columns in sums.items()
    }
    return {asset: columns for asset, columns in moved.items() if columns}
