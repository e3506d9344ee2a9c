"""Every program's budget and accounts, held against the transfers of all wallets; L13 and L24."""

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from portal_api.domain.finance import Move, MoveSum, accounts_of
from portal_api.domain.holdings import Column, Moves, budget_of, program_in
from portal_api.domain.programs import Program, ProgramShard, shards_of
from portal_api.domain.records import stamp
from portal_api.services.store import Many, One, Store, Unreadable, of_shard, of_vendor
from portal_api.services.verify_reading import Answers, Finding, records
from portal_api.services.verify_wallet import Totals

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far the clocks of two servers may be apart, one that funds and one that pays."""
_MOVES_AT_ONCE: Final = 25
"""Of each part: all of them are read side by side."""
_COLUMNS: Final = frozenset(column.value for column in Column)


def program_findings(
    store: Store, totals: Totals, left: Counter[tuple[str, str]]
) -> Iterator[Finding]:
    """What is wrong with any program; ``left`` is filled with budgets by program and asset."""
    programs = {named for account, _ in totals.accounts if (named := program_in(account))}
    for program in records(store, Many(Program, of_vendor())):
        if isinstance(program, Unreadable):
            yield Finding("L13", str(program))
        else:
            programs.add(program.id)
    for program_id in sorted(programs):
        yield from _budget(store, program_id, totals, left)
        yield from _Accounts(store, program_id, totals.moves).findings()


def _budget(
    store: Store, program_id: str, totals: Totals, left: Counter[tuple[str, str]]
) -> Iterator[Finding]:
    """A program's shards against the transfers of its budget."""
    shards = [One(ProgramShard, shard_id) for shard_id in shards_of(program_id)]
    answers, account = Answers(store, shards), budget_of(program_id)
    assets = {asset for name, asset in totals.accounts if name == account}
    for want in shards:
        shard = answers[want]
        if shard is None:
            yield Finding("L13", f"The budget's part {want.id} is missing or damaged.")
            continue
        for asset in shard.assets:
            assets.add(asset)
            left[program_id, asset] += shard.left(asset)
            if shard.left(asset) < 0:
                yield Finding("L13", f"The budget's part {want.id} is {shard.left(asset)} {asset}.")
    for asset in sorted(assets):
        stored, moved = left[program_id, asset], totals.accounts[account, asset]
        if stored != moved:
            text = f"The budget of {program_id} holds {stored} {asset}, by its journals {moved}."
            yield Finding("L13", text)


@dataclass
class _Part:
    """One of the parts that a program's moves are kept in, summed in the order of time."""

    shard_id: str
    sums: Iterator[MoveSum | Unreadable]
    next_sum: MoveSum | Unreadable | None = None
    amounts: Counter[str] = field(default_factory=Counter)

    def before(self, at: datetime | None) -> Iterator[Finding]:
        """The sums that were made of what is before an instant (none: all others)."""
        while self.next_sum is not None:
            if isinstance(self.next_sum, Unreadable):
                yield Finding("L24", str(self.next_sum))
            elif at is not None and self.next_sum.before > at:
                return
            elif _nonzero(self.next_sum.amounts) != _nonzero(self.amounts):
                text = f"The sum {self.next_sum.id} is not that of the moves before it."
                yield Finding("L24", text)
            self.next_sum = next(self.sums, None)


@dataclass
class _Accounts:
    """A program's accounts as its moves make them, one after the other in all of its parts."""

    store: Store
    program_id: str
    moves: Moves | None
    summed: Counter[str] = field(default_factory=Counter)
    _short_since: dict[str, datetime] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Moves and their sums against each other, and against the journals."""
        parts = [self._part(shard_id) for shard_id in shards_of(self.program_id)]
        damaged: list[Unreadable] = []
        streams = [self._moves(part, damaged) for part in parts]
        last: datetime | None = None
        for part, move in heapq.merge(*streams, key=lambda pair: _own(pair[1])):
            yield from part.before(move.at)
            part.amounts.update(move.amounts)
            yield from self._moved(move)
            last = move.at
        for part in parts:
            yield from part.before(None)
        yield from (Finding("L24", str(damage)) for damage in damaged)
        if last is not None:
            yield from self._short(last + 2 * _CLOCKS_DIFFER)
        if self.moves is not None and not damaged:
            yield from self._compared(self.moves)

    def _part(self, shard_id: str) -> _Part:
        sums = records(self.store, Many(MoveSum, of_shard(shard_id)))
        return _Part(shard_id, sums, next(sums, None))

    def _moves(self, part: _Part, damaged: list[Unreadable]) -> Iterator[tuple[_Part, Move]]:
        for move in records(self.store, Many(Move, of_shard(part.shard_id)), _MOVES_AT_ONCE):
            if isinstance(move, Unreadable):
                damaged.append(move)
            elif _whole(move):
                yield part, move
            else:
                damaged.append(Unreadable(move.id, ""))

    def _moved(self, move: Move) -> Iterator[Finding]:
        """The budget at this commit: short for longer than clocks differ is overspent."""
        yield from self._short(move.at)
        self.summed.update(move.amounts)
        for asset, accounts in accounts_of([self.summed]).items():
            if accounts.budget_minor >= 0:
                self._short_since.pop(asset, None)
            else:
                self._short_since.setdefault(asset, move.at)

    def _short(self, at: datetime) -> Iterator[Finding]:
        for asset, since in list(self._short_since.items()):
            if at - since > _CLOCKS_DIFFER:
                text = f"More {asset} than there was of {self.program_id} was paid on {since}."
                yield Finding("L13", text)
                # Told once, however long it lasts.
                self._short_since[asset] = datetime.max.replace(tzinfo=since.tzinfo)

    def _compared(self, moves: Moves) -> Iterator[Finding]:
        journals = {
            column: amount
            for (program_id, column), amount in moves.items()
            if program_id == self.program_id and amount
        }
        stored = _nonzero(self.summed)
        for column in sorted(journals.keys() | stored.keys()):
            told, moved = stored.get(column, 0), journals.get(column, 0)
            if told != moved:
                text = (
                    f"The moves of {self.program_id} sum to {told} of {column}, journals {moved}."
                )
                yield Finding("L24", text)


def _whole(move: Move) -> bool:
    """Whether a move is of the instant that its id says, and of columns that there are."""
    at = move.at.tzinfo is not None and _own(move).startswith(f"{stamp(move.at)}-")
    return at and all(name.partition(":")[0] in _COLUMNS for name in move.amounts)


def _own(move: Move) -> str:
    """A move's own part of its id: when it was recorded, and its journal."""
    return move.id.rpartition(".")[2]


def _nonzero(amounts: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount}
