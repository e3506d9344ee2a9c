"""Programs' accounts as of any instant, and the sums that keep reading them short.

An answer costs two waves, whatever has happened before: the latest sum of each part, and the moves
behind it. ``close_days`` makes the sums, one for each day on which something moved.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from portal_api.domain.finance import Accounts, Move, MoveSum, accounts_of, summed
from portal_api.domain.programs import Program, shards_of
from portal_api.domain.records import stamp
from portal_api.domain.writes import Create
from portal_api.services.series import Step, each, step
from portal_api.services.store import Many, Slice, Store, Want, of_shard, of_vendor
from portal_api.services.use_case import Portal, Situation

T = TypeVar("T")

Reading = Generator[Sequence[Want[Any]], Sequence[Any], T]
"""Reads in waves: it yields what it wants, is sent the answers, and returns what it makes of them.

One that reads the store itself and one that shares the waves of others use the same.
"""

CLOSED_AFTER = timedelta(hours=1)
"""A day is summed so long after its end: what was recorded in it has been committed by then."""
_DAY = timedelta(days=1)
_MOVES_AT_ONCE = 500
_LAST = "~"  # Behind every wallet's id: the bound of all moves of an instant.


def accounts(store: Store, program_id: str, as_of: datetime) -> dict[str, Accounts]:
    """A program's accounts by asset as of an instant; what was recorded at it counts."""
    return run(store, reading([program_id], as_of))[program_id]


def reading(program_ids: Sequence[str], as_of: datetime) -> Reading[dict[str, dict[str, Accounts]]]:
    """The accounts of several programs, by their ids, as ``accounts`` has them.

    Programs are few: each takes 16 short queries in either wave.
    """
    shards = {shard: program_id for program_id in program_ids for shard in shards_of(program_id)}
    sums = yield from _latest_sums(list(shards), as_of)
    parts: dict[str, list[Mapping[str, int]]] = {program_id: [] for program_id in program_ids}
    lows: dict[str, datetime | None] = {}
    for shard, latest in sums.items():
        lows[shard] = None if latest is None else latest.before
        if latest is not None:
            parts[shards[shard]].append(latest.amounts)
    moves = yield from _moves(lows, f"{stamp(as_of)}-{_LAST}")
    for shard, found in moves.items():
        parts[shards[shard]] += [move.amounts for move in found]
    return {program_id: accounts_of(amounts) for program_id, amounts in parts.items()}


def run(store: Store, waves: Reading[T]) -> T:
    """What the reads come to, each wave read from the store."""
    answers: Sequence[Any] | None = None
    while True:
        try:
            wants = waves.send(cast("Sequence[Any]", answers))
        except StopIteration as end:
            return cast("T", end.value)
        found = store.read(wants)
        answers = [found[want] for want in wants]


def _latest_sums(shards: Sequence[str], as_of: datetime) -> Reading[dict[str, MoveSum | None]]:
    """The last sum of each part of what is before an instant at or before ``as_of``."""
    high = stamp(as_of)
    wants = [
        Many(MoveSum, of_shard(shard), first=1, newest_first=True, high=high) for shard in shards
    ]
    answers: Sequence[Slice[MoveSum]] = yield wants
    return {
        shard: answer.records[0] if answer.records else None
        for shard, answer in zip(shards, answers, strict=True)
    }


def _moves(lows: Mapping[str, datetime | None], high: str) -> Reading[dict[str, list[Move]]]:
    """All moves of each part from an instant on (none: the first) up to ``high``."""
    found: dict[str, list[Move]] = {shard: [] for shard in lows}
    marks: dict[str, str | None] = dict.fromkeys(lows)
    while marks:
        wants = [_moves_from(shard, lows[shard], high, after) for shard, after in marks.items()]
        pages: Sequence[Slice[Move]] = yield wants
        read = dict(zip(marks, pages, strict=True))
        for shard, page in read.items():
            found[shard] += page.records
        marks = {shard: page.cursors[-1] for shard, page in read.items() if page.more}
    return found


def _moves_from(
    shard: str, low: datetime | None, high: str, after: str | None, first: int = _MOVES_AT_ONCE
) -> Many[Move]:
    lowest = None if low is None else stamp(low)
    return Many(Move, of_shard(shard), first, after, low=lowest, high=high)


def close_days(portal: Portal) -> int:
    """Sums the moves of every day that ended an hour ago or earlier; how many days of programs.

    One transaction for each program and day with moves, oldest first. A sum is made once, so that
    two runs at once, or a killed one, do no harm. One program that cannot be done now keeps no
    other waiting. Raises ``StoreUnavailable`` at the end where there is one.
    """
    catalogue = Many(Program, of_vendor())
    programs = portal.store.read([catalogue])[catalogue].records
    told = "{left} programs have days that are not summed, {done} days of others are."
    return each(programs, lambda program: sum(1 for _ in _closed(portal, program.id)), told)


def _closed(portal: Portal, program_id: str) -> Iterator[None]:
    """One item for each day of a program that is closed now."""
    while step(portal, f"close-days:{program_id}", (), lambda s: _next_day(s, program_id)):
        yield


def _next_day(s: Situation, program_id: str) -> Step | None:
    """The sums of the first day with moves that is over and not summed; none where there is none.

    Each adds to the one before it, so that the last is of everything.
    """
    store, shards = s.portal.store, shards_of(program_id)
    over = _midnight(s.now - CLOSED_AFTER)
    sums = run(store, _latest_sums(shards, over))
    lows = {shard: latest.before if latest else None for shard, latest in sums.items()}
    first = run(store, _first_moves(lows, over))
    if not first:
        return None
    before = min(_midnight(move.at) for move in first.values()) + _DAY
    due = {shard: lows[shard] for shard, move in first.items() if move.at < before}
    moves = run(store, _moves(due, stamp(before)))
    writes = []
    for shard, found in moves.items():
        latest = sums[shard]
        parts = [latest.amounts] if latest else []
        amounts = summed([*parts, *(move.amounts for move in found)])
        writes.append(Create(MoveSum(f"{shard}.{stamp(before)}", before, amounts)))
    return Step("DayClosed", program_id, None, tuple(writes))


def _first_moves(lows: Mapping[str, datetime | None], over: datetime) -> Reading[dict[str, Move]]:
    """The first move of each part that has one before ``over``."""
    wants = [_moves_from(shard, low, stamp(over), None, first=1) for shard, low in lows.items()]
    pages: Sequence[Slice[Move]] = yield wants
    read = zip(lows, pages, strict=True)
    return {shard: page.records[0] for shard, page in read if page.records}


def _midnight(instant: datetime) -> datetime:
    """The beginning of an instant's day in UTC."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
