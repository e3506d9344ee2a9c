"""The lines of an exported ledger: JSON objects, each marked with a hash over all before it.

The first line is the manifest: what the file is, of which wallets, and as of when. Each line behind
it is one stored item, with its partition (``pk``), its place in it (``sk``) and its attributes; the
last one says how many lines there are. A line's ``mark`` is the hash of the mark before it and of
the line itself, so that whoever reads the file finds a line that was changed, left out or put in.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal_api.domain.records import canonical
from portal_api.services.verify_reading import Scope

FORMAT: Final = "portal-api/ledger"
VERSION: Final = 1
LONGEST_LINE: Final = 2_000_000
"""In bytes: an item of 400 KB, however it is spelled."""
_MARK_DIGITS: Final = 32


class NotAnExport(Exception):
    """The file is no exported ledger that this release can read."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export is of: these wallets (none: the whole ledger), at an instant."""

    at: datetime
    wallets: tuple[str, ...] | None = None

    @property
    def scope(self) -> Scope:
        """What is in it to be verified."""
        return Scope(self.wallets, records=False)

    def line(self) -> dict[str, object]:
        """The manifest as the content of a line."""
        scope = "LEDGER" if self.wallets is None else "WALLETS"
        head: dict[str, object] = {"format": FORMAT, "version": VERSION, "scope": scope}
        wallets = {} if self.wallets is None else {"wallets": list(self.wallets)}
        return {**head, **wallets, "at": self.at.isoformat()}


@dataclass
class Marks:
    """How far a file is written: its last mark, and the number of its lines."""

    mark: str = ""
    count: int = 0

    def line(self, content: Mapping[str, object]) -> str:
        """The next line of the file, with the line's end."""
        self.mark = mark_of(self.mark, content)
        self.count += 1
        return canonical({**content, "mark": self.mark}).decode() + "\n"

    def end(self) -> str:
        """The last line."""
        return self.line({"lines": self.count + 1})


def mark_of(before: str, content: Mapping[str, object]) -> str:
    """The mark of a line's content behind the mark of the line before it."""
    hashed = hashlib.sha256(before.encode() + b"\n" + canonical(content))
    return hashed.hexdigest()[:_MARK_DIGITS]


def content_of(line: bytes) -> dict[str, Any]:
    """The object that a line holds; raises ``ValueError`` for what is no such line."""
    try:
        content = json.loads(line)
    except RecursionError:
        raise ValueError("it is too deep") from None
    if not isinstance(content, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - A value of a file, not of a program.
    if canonical(content) != line.rstrip(b"\n"):
        raise ValueError("it is spelled otherwise than an export is")
    return content


def manifest_of(content: Mapping[str, object]) -> Manifest:
    """The manifest that a line's content is; raises ``NotAnExport``."""
    if content.get("format") != FORMAT:
        raise NotAnExport("The file is no exported ledger.")
    if content.get("version") != VERSION:
        version = str(content.get("version"))[:20]
        raise NotAnExport(f"The file is of version {version}; this release reads {VERSION}.")
    scope, wallets, at = (content.get(name) for name in ("scope", "wallets", "at"))
    try:
        instant = datetime.fromisoformat(str(at))
    except ValueError:
        raise NotAnExport("The file does not say when it was made.") from None
    if instant.tzinfo is None:
        raise NotAnExport("The file does not say when it was made.")
    if scope == "LEDGER" and wallets is None:
        return Manifest(instant)
    ids: list[Any] = wallets if isinstance(wallets, list) else [None]
    if scope == "WALLETS" and all(isinstance(wallet_id, str) for wallet_id in ids):
        return Manifest(instant, tuple(ids))
    raise NotAnExport("The file does not say what it is of.")
