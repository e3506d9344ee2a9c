"""What it costs to use a wallet as it grows, and to refresh the insight: ``make bench`` prints it.

``python -m tests.bench build/bench.md`` writes it to a file, and takes about two minutes.
"""

import logging
import sys
import tempfile
from pathlib import Path

from portal_api.storage.sqlite import SqliteEngine
from tests.insights import costs
from tests.insights.costs import Size, Vendor
from tests.services.costs import compare, shown

FEW, MANY, ROUNDS = 10, 100_000, 30
ONCE, OFTEN, LARGE = Size(5, 5, 10, 1), Size(5, 5, 10, 100), Size(100, 10, 52, 2)


def main(path: Path) -> None:
    """Measures, prints the table, and writes it to ``path``."""
    logging.disable()  # Each request is logged: a line for each would bury the table.
    with tempfile.TemporaryDirectory() as folder:
        engine = SqliteEngine(Path(folder) / "bench.sqlite", durable=False)
        engine.create()
        table = shown(compare(engine, FEW, MANY, ROUNDS), FEW, MANY)
        engine.close()
        table += f"\n{_insight(Path(folder))}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(table, "utf-8")
    sys.stdout.write(f"{table}\nWritten to {path}.\n")


def _insight(folder: Path) -> str:
    """The costs of a refresh: by activities, and of a large vendor."""
    vendor = Vendor(folder / "large.sqlite", LARGE)
    found = [vendor.cost() for _ in range(2)]
    vendor.close()
    return costs.shown(costs.compare(folder, ONCE, OFTEN, ROUNDS), (LARGE, found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
