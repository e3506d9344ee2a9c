"""How often behaviors are done at a company, month by month: kept with what is recorded."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

DID = "did:"
"""How the counters of a company begin that say how often a behavior was done in a month (UTC)."""


def did(behavior: str, at: datetime) -> str:
    """The counter of a behavior in the month of an instant."""
    return f"{DID}{behavior}:{at.astimezone(UTC):%Y-%m}"


def trend(
    counted: Iterable[Mapping[str, int]], behaviors: Collection[str], now: datetime, months: int
) -> tuple[tuple[str, int], ...]:
    """How often any of the behaviors was done in each of the last months, the present one last.

    ``counted`` are a company's counters, one mapping for each program.
    """
    year, month = divmod(now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - months, 12)
    found: list[tuple[str, int]] = []
    sums = list(counted)
    for _ in range(months):
        name = f"{year}-{month + 1:02}"
        names = [f"{DID}{behavior}:{name}" for behavior in behaviors]
        found.append((name, sum(one.get(counter, 0) for one in sums for counter in names)))
        year, month = (year, month + 1) if month < 11 else (year + 1, 0)
    return tuple(found)
