"""Proving the ledger from what is stored, journal by journal, in memory that does not grow.

The invariants, by their ids, and how each is checked:

====  ==============================================================================================
L1    all accounts of an asset, of wallets as stored, of budgets and of the vendor, sum to zero
L2    every transfer moves 1 to 10^12 minor units between two different accounts that may be there
L3    the chain (L15, L16) is whole, and months that have ended name the journals they ended with
L4    what a transfer takes back names an earning of the wallet and its program; over all journals
      it is what the earning says, and never more than it was; an adjustment names its approval
L5    balances, lots, debts, pending earnings and their places in lots are the fold of the transfers
L6    what is held is the sum of the open payouts
L7    each payout is held once, and settled or released once, for one payee and in one amount
L8    the answer of a request names the one event whose journals it has posted
L9    a request that was refused has posted nothing
L10   what a request was told of is there
L11   a journal's event and answer are there, and tell of its actor and request
L12   an individual's earning names a consent that covered it, and is for that consent's payee; a
      rebate the one by which the company took part then, where its program requires that; what is
      paid out of budgets is what traces explain
L13   a budget is the fold of its transfers, no part of it below zero, and it was so at each commit
L14   every award has its earning, every earning its award, and the name that only one may hold
L15   a wallet's journals are numbered without gap
L16   they are chained by hashes over what is stored of them
L17   the shares of a team's award sum to the whole, and each that is paid is an earning
L18   every earning comes out again from its inputs and its plan (unless left out)
L19   what came after a wallet was closed is an administrator's reversal
L23   no account passes its floor, nothing is available while something is owed, and a shortfall of
      what was taken back is a receivable
L24   counters, months, statements, programs' moves and their sums, and the list of what becomes
      available are what the journals come to; progress of goals and weeks are what was recorded
====  ==============================================================================================

Answers are forgotten after 90 days: L8 to L11 look for those of younger journals. L20 to L22 and
L25 are about who sees and does what, and nothing in the store could show them.

Nobody should write meanwhile: sums that are compared are read one after the other.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from portal_api.domain.holdings import OWN_ACCOUNTS, VENDOR_EXPIRED, VENDOR_FUNDING, VENDOR_PAID
from portal_api.services.postings import DUE
from portal_api.services.store import Store, StoreUnavailable, Unreadable
from portal_api.services.verify_goals import goal_findings
from portal_api.services.verify_partners import counted, due_findings, partner_findings
from portal_api.services.verify_programs import program_findings
from portal_api.services.verify_reading import EVERYTHING, Finding, Scope, listed
from portal_api.services.verify_replay import Replays
from portal_api.services.verify_wallet import Reading, Totals, WalletWalk


@dataclass(frozen=True, slots=True)
class Walked:
    """How far the walk is."""

    wallets: int
    journals: int


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """What was walked, and per asset the balances over all wallets, budgets and the vendor.

    ``totals`` maps asset to account kind to minor units; each asset's sum is zero. ``replayed`` is
    the number of earnings that were recomputed, ``unchecked`` says what was not looked at.
    """

    wallets: int
    journals: int
    transfers: int
    replayed: int
    findings: int
    totals: Mapping[str, Mapping[str, int]]
    unchecked: tuple[str, ...] = ()


T = TypeVar("T")

_STOPPED = (StoreUnavailable, Unreadable, ValueError, TypeError, AttributeError, LookupError)
"""What reading on meets in values that no record of ours has, such as instants without zone."""

Step = Finding | Walked | LedgerSummary


def verify(
    store: Store,
    replay: bool = True,
    now: datetime | None = None,
    scope: Scope = EVERYTHING,
) -> Iterator[Step]:
    """Walks the whole ledger: every finding, how far it is, and a summary at the end.

    ``replay`` recomputes every earning from its inputs (L18). ``now`` tells which answers may be
    forgotten; without it, none. ``scope``: what is not there, and therefore not missed.
    """
    found, totals, left = 0, Totals(), Counter[tuple[str, str]]()
    replays = Replays(store, whole=scope.whole) if replay else None
    for step in _steps(Reading(store, now, scope, totals, replays), left):
        found += isinstance(step, Finding)
        yield step
    sums = _sums(totals, left) if scope.whole else _held(totals)
    for asset, parts in sums.items() if scope.whole else ():
        if sum(parts.values()):
            found += 1
            text = f"All accounts of {asset} sum to {sum(parts.values())}, not to zero."
            yield Finding("L1", text)
    yield LedgerSummary(
        wallets=totals.wallets,
        journals=totals.journals,
        transfers=totals.transfers,
        replayed=replays.count if replays else 0,
        findings=found,
        totals=sums,
        unchecked=tuple(_unchecked(scope, replay)),
    )


def _steps(reading: Reading, left: Counter[tuple[str, str]]) -> Iterator[Finding | Walked]:
    yield from _wallets(reading)
    if not reading.scope.whole:
        return
    store, totals = reading.store, reading.totals
    yield from _guarded(program_findings(store, totals, left), "L13", "programs")
    yield from _guarded(partner_findings(store, totals.counters), "L24", "partners")
    yield from _guarded(due_findings(store, DUE, totals.counters), "L24", DUE)
    if reading.scope.records:
        yield from _guarded(goal_findings(store), "L24", "goals")
    if totals.counters.unequal():
        yield from _named(reading)


def _wallets(reading: Reading, *, named: bool = True) -> Iterator[Finding | Walked]:
    """Every wallet that is there; ``named``: what differs in one is named by a second walk."""
    totals = reading.totals
    for wallet_id in _ids(reading):
        if isinstance(wallet_id, Finding):
            yield wallet_id
            continue
        walk = WalletWalk(reading, wallet_id)
        steps = walk.findings() if named else walk.walk()
        for finding in _guarded(steps, "L5", "wallet", wallet_id):
            yield finding or Walked(totals.wallets, totals.journals)
        yield Walked(totals.wallets, totals.journals)


def _guarded(
    steps: Iterator[T], invariant: str, what: str, wallet_id: str | None = None
) -> Iterator[T | Finding]:
    """The steps, and a finding where what is stored is such that they cannot go on."""
    try:
        yield from steps
    except _STOPPED as failure:
        text = f"What is stored of {what} cannot be checked to its end: {failure}"
        yield Finding(invariant, text, wallet_id)


def _ids(reading: Reading) -> Iterator[str | Finding]:
    if reading.scope.wallets is not None:
        yield from reading.scope.wallets
        return
    for entry in listed(reading.store, "wallets"):
        if isinstance(entry, Unreadable):
            yield Finding("L5", f"The list of wallets is damaged: {entry}")
            continue
        wallet_id, ref = entry
        if wallet_id != ref:
            yield Finding("L5", f"The list of wallets says {ref} here.", wallet_id)
        yield wallet_id


def _named(reading: Reading) -> Iterator[Finding | Walked]:
    """What differs over all wallets, by walking them again."""
    first = reading.totals.counters
    second = first.narrowed()
    again = replace(reading, totals=Totals(counters=second), replays=None)
    for step in _wallets(again, named=False):
        if isinstance(step, Walked):
            yield Walked(reading.totals.wallets, reading.totals.journals)
    for _ in partner_findings(reading.store, second):
        pass  # Told before.
    for _ in due_findings(reading.store, DUE, second):
        pass
    told = [counted(*difference) for difference in second.named()]
    yield from told or [Finding("L24", "Counters have changed while they were looked at.")]
    if more := first.left_out(second):
        yield Finding("L24", f"Counters and journals differ in {more} more groups.")


def _sums(totals: Totals, left: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Per asset what is stored, and the vendor's accounts, which are only ever derived."""
    assets = sorted({asset for _, asset in (*totals.accounts, *totals.stored, *left)})
    sums: dict[str, dict[str, int]] = {}
    for asset in assets:
        vendors = (VENDOR_FUNDING, VENDOR_PAID, VENDOR_EXPIRED)
        parts = {account: totals.accounts[account, asset] for account in vendors}
        parts["budget"] = sum(minor for (_, what), minor in left.items() if what == asset)
        parts |= {account: totals.stored[account, asset] for account in OWN_ACCOUNTS}
        sums[asset] = parts
    return sums


def _held(totals: Totals) -> dict[str, dict[str, int]]:
    """Per asset what the wallets hold."""
    assets = sorted({asset for _, asset in totals.stored})
    return {
        asset: {account: totals.stored[account, asset] for account in OWN_ACCOUNTS}
        for asset in assets
    }


def _unchecked(scope: Scope, replay: bool) -> Iterator[str]:
    """What is not checked, for want of what is not there."""
    if not replay:
        yield "L18: no earning was recomputed"
    if not scope.records:
        yield "L10, L24: what people did is not in an export, so no progress is counted again"
    if not scope.whole:
        yield "L1, L13, L17: the vendor's accounts, budgets and teams' awards are not in it"
        yield "L24: nor are counters and programs' accounts"
        yield "L4: nor is who has proposed and approved adjustments"
        yield "L8, L9, L11: nor are the answers to other people's requests"
