"""An exported ledger as a store: its lines, read one by one into a table, and what is wrong there.

A line that is not what was exported is named and used all the same, as far as it can be: what it
says is then found to contradict the rest.
"""

import contextlib
import itertools
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from portal_api.services.export_lines import (
    LONGEST_LINE,
    Manifest,
    NotAnExport,
    content_of,
    manifest_of,
    mark_of,
)
from portal_api.services.verify_reading import Finding
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine, Key, PutIfAbsent, StorageFailure

INVARIANT: Final = "EXPORT"
_AT_ONCE: Final = 50
_LINE: Final = "\0line"
"""Under which a line's number goes with its content: no name of an item."""


class ExportFile:
    """A file on its way into an engine's empty table; the manifest is read at once.

    Raises ``NotAnExport`` for what is no export, or of another version.
    """

    def __init__(self, file: BinaryIO, engine: Engine) -> None:
        """Reads the first line."""
        self._file, self._engine = file, engine
        self.lines, self._marks, self._ended = 0, {""}, False
        line = file.readline(LONGEST_LINE)
        try:
            content = content_of(line)
        except ValueError:
            raise NotAnExport("The file is no exported ledger.") from None
        self._first_problems = tuple(self._marked(content))
        self.manifest: Manifest = manifest_of(content)
        self.lines = 1

    def load(self) -> Iterator[Finding | None]:
        """Stores all items; says what is wrong with lines, and now and then None: it goes on."""
        yield from map(self._finding, self._first_problems)
        contents = self._contents()
        while batch := list(itertools.islice(contents, _AT_ONCE)):
            found: list[Finding] = []
            with self._engine.group():
                for content in batch:
                    found += [content] if isinstance(content, Finding) else self._used(content)
            yield from found
            yield None
        if not self._ended:
            text = f"The file has {self.lines} lines and no end: the rest of it is missing."
            yield Finding(INVARIANT, text)

    def _contents(self) -> Iterator[dict[str, Any] | Finding]:
        while line := self._file.readline(LONGEST_LINE):
            self.lines += 1
            try:
                content = content_of(line)
            except ValueError as problem:
                self._marks = set()
                yield self._finding(f"it cannot be read: {str(problem)[:100]}.")
                continue
            for text in self._marked(content):
                yield self._finding(text)
            yield {**content, _LINE: self.lines}

    def _used(self, content: dict[str, Any]) -> list[Finding]:
        """One line, stored unless it is the end."""
        number = content.pop(_LINE)
        if self._ended:
            return [self._finding("it is behind the end.", number)]
        if "lines" not in content:
            return [self._finding(text, number) for text in self._stored(content)]
        self._ended = True
        told = content["lines"] == number
        return [] if told else [self._finding("it tells another number of lines.", number)]

    def _marked(self, content: dict[str, Any]) -> Iterator[str]:
        """Whether a line follows the one before it; its mark is taken out."""
        told = content.pop("mark", None)
        computed = {mark_of(before, content) for before in self._marks}
        if not self._marks:
            computed = {str(told)}  # The line before could not be read: this one is taken as it is.
        if told not in computed:
            yield "it was changed, or lines before it were left out or put in."
        self._marks = {*computed, str(told)}

    def _stored(self, content: Mapping[str, Any]) -> Iterator[str]:
        pk, sk, item = (content.get(name) for name in ("pk", "sk", "item"))
        if not (isinstance(pk, str) and isinstance(sk, str) and isinstance(item, dict)):
            yield "it is no item."
            return
        key = Key(pk, sk)
        try:
            ((there,), _) = self._engine.read([key])
            if there is None:
                self._engine.write([PutIfAbsent(key, item)])
            elif there != item:
                yield "another line says something else of the same item."
        except (ValueError, TypeError, StorageFailure) as problem:
            yield f"it cannot be stored: {str(problem)[:100]}."

    def _finding(self, text: str, line: int | None = None) -> Finding:
        return Finding(INVARIANT, f"Line {line or max(self.lines, 1)}: {text}")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[ExportFile, TableStore]]:
    """The file, and the store that it is loaded into: it is gone afterwards.

    Raises ``NotAnExport`` and ``OSError``.
    """
    with tempfile.TemporaryDirectory(prefix="portal-api-") as folder, path.open("rb") as file:
        engine = SqliteEngine(Path(folder) / "export.sqlite", durable=False)
        engine.create()
        try:
            yield ExportFile(file, engine), TableStore(engine)
        finally:
            engine.close()
