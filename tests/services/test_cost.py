"""What it costs to use a wallet does not grow with what is in it."""

import sys
from pathlib import Path

import pytest

from portal_api.storage.sqlite import SqliteEngine
from tests.services.costs import READS, Compared, compare, shown

MORE_DIGITS = 64
"""So many bytes more are no growth: numbers of journals and amounts have more digits."""


def grown(found: list[Compared]) -> list[str]:
    """The uses that cost more with many journals than with few."""
    problems = []
    for one in found:
        if one.few.counts != one.many.counts:
            problems.append(f"{one.use}: {one.few.counts}, and then {one.many.counts}")
        most = max(one.few.bytes_moved * 102 // 100, one.few.bytes_moved + MORE_DIGITS)
        if one.many.bytes_moved > most:
            problems.append(f"{one.use}: {one.few.bytes_moved} bytes, and then more than {most}")
    return problems


def test_every_use_of_a_wallet_costs_the_same_with_10_and_with_2000_journals(
    sqlite_engine: SqliteEngine,
) -> None:
    """Balances, earnings, statements, a balance of the past, an award and a payout."""
    found = compare(sqlite_engine, 10, 2_000, rounds=2)

    assert len(READS) + 3 == len(found)
    assert [] == grown(found)
    # One wave tells who asks, one all else; a statement is behind its wallet, entries behind that.
    assert {"RW", "RR", "RRR", "RRRR"} == {one.many.waves for one in found}


def test_what_reads_all_the_entries_would_be_noticed(sqlite_engine: SqliteEngine) -> None:
    """The control: 5 entries in the month, and then 50."""
    reads = {"all": 'statement(month: "2026-02") { entries(first: 50) { edges { cursor } } }'}

    counts, size = grown(compare(sqlite_engine, 10, 100, rounds=1, reads=reads))

    assert "all: ('RRRR', 4, 8, 0), and then ('RRRR', 4, 53, 0)" == counts
    assert size.startswith("all: ")


@pytest.mark.slow
def test_every_use_of_a_wallet_costs_the_same_with_10_and_with_100000_journals(
    tmp_path: Path,
) -> None:
    """The table is shown with ``-s``."""
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    engine.create()
    found = compare(engine, 10, 100_000, rounds=15)
    engine.close()

    sys.stdout.write("\n" + shown(found, 10, 100_000))
    assert [] == grown(found)
