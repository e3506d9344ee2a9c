"""Where a long command tells what it does."""

import time
from pathlib import Path
from typing import Self, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES = 3.0


class Screen:
    """Where a long command tells what it does: a bar on a terminal, plain lines otherwise.

    With a report file, notes go there and not to the screen.
    """

    def __init__(self, report: Path | None) -> None:
        self._console = Console(soft_wrap=True, highlight=False, markup=False)
        self._bar: Progress | None = None
        self._path = report
        self._file: TextIO | None = None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._path.open("w", encoding="utf-8")
        if self._console.is_terminal:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
            self._bar = Progress(
                *columns, TimeRemainingColumn(), console=self._console, transient=True
            )
            self._bar.start()
            self._bar.add_task("", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._file is not None:
            self._file.close()

    def progress(self, what: str, done: int, whole: int | None, more: str) -> None:
        """How far it is; a plain line only now and then, and at the end."""
        if self._bar is not None:
            task = self._bar.task_ids[0]
            self._bar.update(task, completed=done, total=whole, description=f"{what} {more}")
            return
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN_LINES and done != whole:
            return
        self._last = now
        of = f" of {whole}, {100 * done // max(whole, 1)} %" if whole else ""
        typer.echo(f"{what} {done}{of}{more and f', {more}'}")

    def note(self, text: str) -> None:
        """One thing that is to be said of a line of a file."""
        if self._file is None:
            self.line(text)
        else:
            self._file.write(f"{text}\n")

    def line(self, text: str) -> None:
        """One line."""
        if self._bar is not None:
            self._console.print(text)
        else:
            typer.echo(text)
