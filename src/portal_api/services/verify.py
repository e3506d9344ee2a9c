"""Proving the ledger from what is stored, journal by journal, in memory that does not grow.

The invariants, by their ids:

* L1: per asset, the sum over all accounts is zero.
* L2: transfers are from 1 to 10^12 minor units, between two accounts that may be there.
* L4: what was taken back of an earning is what it says, and never more than it was.
* L5: stored balances are the fold of the transfers. L23: no account passes its floor on the way.
* L6, L7: what is held is the sum of the open payouts, and each is resolved once.
* L12: an individual's earning names a consent that covered it. L14: it was paid once.
* L13: a program's budget is the fold of its transfers, and never below zero.
* L15, L16: a wallet's journals are numbered without gap, and chained by their hashes.
* L18: an earning comes out again from its inputs and its plan (where that is asked for).
* L24: the counters of what was earned are the fold of the journals.

Nobody should write meanwhile: sums that are compared are read one after the other.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from portal_api.domain.goals import Progress
from portal_api.domain.ledger import VENDOR_FUNDING, VENDOR_PAID, budget_of
from portal_api.domain.programs import Program, ProgramShard, shards_of
from portal_api.services.store import (
    Many,
    One,
    Store,
    StoreUnavailable,
    Unreadable,
    of_partner,
    of_vendor,
)
from portal_api.services.verify_reading import Answers, Finding, listed, records
from portal_api.services.verify_replay import Replays
from portal_api.services.verify_wallet import OWN_ACCOUNTS, Fold, WalletWalk

_BUDGET = budget_of("")


@dataclass(frozen=True, slots=True)
class Walked:
    """How far the walk is."""

    wallets: int
    journals: int


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """What was walked, and per asset the balances over all wallets, budgets and the vendor.

    ``totals`` maps asset to account kind to minor units; each asset's sum is zero. ``replayed`` is
    the number of earnings that were recomputed.
    """

    wallets: int
    journals: int
    transfers: int
    replayed: int
    findings: int
    totals: Mapping[str, Mapping[str, int]]


@dataclass
class _Sums:
    """Budgets as their shards hold them, by program and asset."""

    stored: Counter[tuple[str, str]] = field(default_factory=Counter)


def verify(store: Store, replay: bool = False) -> Iterator[Finding | Walked | LedgerSummary]:
    """Walks the whole ledger: every finding, how far it is, and a summary at the end.

    ``replay`` recomputes every earning from its inputs besides (L18).
    """
    found = 0
    fold, sums = Fold(), _Sums()
    replays = Replays(store) if replay else None
    for step in _steps(store, fold, sums, replays):
        found += isinstance(step, Finding)
        yield step
    totals = _totals(fold, sums)
    for asset, parts in totals.items():
        if sum(parts.values()):
            found += 1
            yield Finding(
                "L1", f"All accounts of {asset} sum to {sum(parts.values())}, not to zero."
            )
    again = replays.count if replays else 0
    yield LedgerSummary(fold.wallets, fold.journals, fold.transfers, again, found, totals)


def _steps(
    store: Store, fold: Fold, sums: _Sums, replays: Replays | None
) -> Iterator[Finding | Walked]:
    for entry in listed(store, "wallets"):
        if isinstance(entry, Unreadable):
            yield Finding("L5", f"The list of wallets is damaged: {entry}")
            continue
        wallet_id, ref = entry
        if wallet_id != ref:
            yield Finding("L5", f"The list of wallets says {ref} here.", wallet_id)
        try:
            yield from WalletWalk(store, fold, wallet_id, replays).findings()
        except StoreUnavailable as failure:
            yield Finding("L5", f"The wallet cannot be read to its end: {failure}", wallet_id)
        yield Walked(fold.wallets, fold.journals)
    yield from _budgets(store, fold, sums)
    yield from _partners(store, fold)


def _budgets(store: Store, fold: Fold, sums: _Sums) -> Iterator[Finding]:
    """Every program's shards against the transfers of its budget; L13."""
    programs = {account.removeprefix(_BUDGET) for account, _ in fold.accounts if _BUDGET in account}
    for program in records(store, Many(Program, of_vendor())):
        if isinstance(program, Unreadable):
            yield Finding("L13", str(program))
        else:
            programs.add(program.id)
    for program_id in sorted(programs):
        shards = [One(ProgramShard, shard_id) for shard_id in shards_of(program_id)]
        answers = Answers(store, shards)
        assets = {asset for account, asset in fold.accounts if account == budget_of(program_id)}
        for want in shards:
            shard = answers[want]
            if shard is None:
                yield Finding("L13", f"The budget's part {want.id} is missing or damaged.")
                continue
            for asset in shard.assets:
                left = shard.left(asset)
                assets.add(asset)
                sums.stored[program_id, asset] += left
                if left < 0:
                    yield Finding("L13", f"The budget's part {want.id} is {left} {asset}.")
        for asset in sorted(assets):
            stored, moved = (
                sums.stored[program_id, asset],
                fold.accounts[budget_of(program_id), asset],
            )
            if stored != moved:
                text = (
                    f"The budget of {program_id} holds {stored} {asset}, by its journals {moved}."
                )
                yield Finding("L13", text)


def _partners(store: Store, fold: Fold) -> Iterator[Finding]:
    """Every partner's counters of what it and its people earned; L24."""
    left = Counter(fold.earned)
    for entry in listed(store, "partners"):
        if isinstance(entry, Unreadable):
            yield Finding("L24", f"The list of partners is damaged: {entry}")
            continue
        for progress in records(store, Many(Progress, of_partner(entry[0]))):
            if isinstance(progress, Unreadable):
                yield Finding("L24", str(progress))
            elif progress.id.endswith(".partner"):
                counted = {
                    counter: amount
                    for counter, amount in progress.counters.items()
                    if counter.startswith(("earned:", "company:"))
                }
                earned = {counter for progress_id, counter in left if progress_id == progress.id}
                for counter in sorted(earned | counted.keys()):
                    amount = left.pop((progress.id, counter), 0)
                    if counted.get(counter, 0) != amount:
                        yield _miscounted(progress.id, counter, counted.get(counter, 0), amount)
    for (progress_id, counter), amount in left.items():
        if amount:
            yield _miscounted(progress_id, counter, 0, amount)


def _miscounted(progress_id: str, counter: str, counted: int, amount: int) -> Finding:
    text = f"{progress_id} counts {counted} of {counter}, the journals {amount}."
    return Finding("L24", text)


def _totals(fold: Fold, sums: _Sums) -> dict[str, dict[str, int]]:
    """Per asset what is stored, and the vendor's accounts, which are only ever derived."""
    assets = sorted({asset for _, asset in (*fold.accounts, *fold.stored, *sums.stored)})
    totals: dict[str, dict[str, int]] = {}
    for asset in assets:
        parts = {
            account: fold.accounts[account, asset] for account in (VENDOR_FUNDING, VENDOR_PAID)
        }
        parts["budget"] = sum(left for (_, what), left in sums.stored.items() if what == asset)
        parts |= {account: fold.stored[account, asset] for account in OWN_ACCOUNTS}
        totals[asset] = parts
    return totals
