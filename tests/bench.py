"""What it costs to use a wallet as it grows: ``make bench`` prints it and writes it to a file.

``python -m tests.bench build/bench.md`` takes about a minute.
"""

import logging
import sys
import tempfile
from pathlib import Path

from portal_api.storage.sqlite import SqliteEngine
from tests.services.costs import compare, shown

FEW, MANY, ROUNDS = 10, 100_000, 30


def main(path: Path) -> None:
    """Measures, prints the table, and writes it to ``path``."""
    logging.disable()  # Each request is logged: a line for each would bury the table.
    with tempfile.TemporaryDirectory() as folder:
        engine = SqliteEngine(Path(folder) / "bench.sqlite", durable=False)
        engine.create()
        table = shown(compare(engine, FEW, MANY, ROUNDS), FEW, MANY)
        engine.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(table, "utf-8")
    sys.stdout.write(f"{table}\nWritten to {path}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
