"""What must be true of one journal by itself: its transfers, what they pay for, its payout."""

from collections import Counter
from collections.abc import Iterator

from portal_api.domain.holdings import (
    AVAILABLE,
    HELD,
    OWN_ACCOUNTS,
    RECEIVABLE,
    VENDOR_EXPIRED,
    VENDOR_FUNDING,
    VENDOR_PAID,
    budget_of,
    program_in,
)
from portal_api.domain.ledger import MAX_TRANSFERS, Journal, JournalKind
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, is_asset
from portal_api.services.verify_fold import Problem

_OTHERS = (VENDOR_FUNDING, VENDOR_PAID, VENDOR_EXPIRED)
_PAYOUTS = {
    JournalKind.PAYOUT_HELD: (AVAILABLE, HELD),
    JournalKind.PAYOUT_SETTLED: (HELD, VENDOR_PAID),
    JournalKind.PAYOUT_RELEASED: (HELD, AVAILABLE),
}


def problems(journal: Journal) -> Iterator[Problem]:
    """Everything that is wrong with a journal alone; L2, L7 and L12."""
    yield from _transfers(journal)
    yield from _payout(journal)
    if journal.kind is not JournalKind.ADJUSTMENT:
        yield from _explained(journal)


def _transfers(journal: Journal) -> Iterator[Problem]:
    if not 0 < len(journal.transfers) <= MAX_TRANSFERS:
        yield "L2", f"It has {len(journal.transfers)} transfers."
    for transfer in journal.transfers:
        if not 0 < transfer.amount_minor <= LARGEST_AMOUNT_MINOR:
            yield "L2", f"It moves {transfer.amount_minor}."
        if transfer.debit == transfer.credit:
            yield "L2", f"It moves from {transfer.debit} to itself."
        if not is_asset(transfer.asset):
            yield "L2", f"It moves {transfer.asset}, which is no asset."
        for account in (transfer.debit, transfer.credit):
            if not program_in(account) and account not in (*OWN_ACCOUNTS, *_OTHERS):
                yield "L2", f"It names the account {account}, which is none of this wallet's."


def _payout(journal: Journal) -> Iterator[Problem]:
    """What is held moves in journals of payouts alone, each in one amount."""
    ends = [(transfer.debit, transfer.credit) for transfer in journal.transfers]
    expected = _PAYOUTS.get(journal.kind)
    if expected is None:
        if any(HELD in pair for pair in ends):
            yield "L7", "It moves what is held, and is of no payout."
        return
    if journal.kind is JournalKind.PAYOUT_RELEASED and ends[1:] == [(AVAILABLE, RECEIVABLE)]:
        ends = ends[:1]  # What is released repays a debt first.
    payout = journal.cause.get("payout", "")
    if ends != [expected]:
        yield "L7", f"The payout {payout} is not held or resolved in one amount."


def _explained(journal: Journal) -> Iterator[Problem]:
    """Exactly what its traces explain is paid out of budgets."""
    paid: Counter[tuple[str | None, str, str]] = Counter()
    traced: Counter[tuple[str | None, str, str]] = Counter()
    for transfer in journal.transfers:
        if program_in(transfer.debit):
            paid[transfer.earning_id, transfer.debit, transfer.asset] += transfer.amount_minor
    for trace in journal.traces:
        traced[trace.earning_id, budget_of(trace.program_id), trace.asset] += trace.amount_minor
    if paid != traced:
        yield "L12", "What it pays out of budgets is not what its traces explain."
