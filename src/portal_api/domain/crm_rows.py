"""The rows of a CRM export: lines to cells, and what cannot be used of them; see ``crm``."""

import csv
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

MAX_FIELD: Final = 200
MAX_LINE: Final = 65_536  # Below the csv module's own limit, which raises.
MAX_QUOTED: Final = 40

_NOT_TEXT: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]",
)


class Reason(StrEnum):
    """Why a row cannot be used."""

    NOT_TEXT = "NOT_TEXT"
    FIELD_TOO_LONG = "FIELD_TOO_LONG"
    BAD_QUOTING = "BAD_QUOTING"
    WRONG_FIELD_COUNT = "WRONG_FIELD_COUNT"
    MISSING_REFERENCE = "MISSING_REFERENCE"
    DUPLICATE_REFERENCE = "DUPLICATE_REFERENCE"
    UNKNOWN_AGENT = "UNKNOWN_AGENT"
    UNKNOWN_PRODUCT = "UNKNOWN_PRODUCT"
    UNKNOWN_STAGE = "UNKNOWN_STAGE"
    NOT_YET_ENGAGED = "NOT_YET_ENGAGED"
    MISSING_DATE = "MISSING_DATE"
    IMPOSSIBLE_DATE = "IMPOSSIBLE_DATE"
    CLOSE_BEFORE_ENGAGE = "CLOSE_BEFORE_ENGAGE"
    MISSING_VALUE = "MISSING_VALUE"
    BAD_VALUE = "BAD_VALUE"
    NEGATIVE_VALUE = "NEGATIVE_VALUE"
    STAGE_CONTRADICTED = "STAGE_CONTRADICTED"


class WarningKind(StrEnum):
    """What is odd about a row or a file, without stopping anything."""

    EXTRA_COLUMN = "EXTRA_COLUMN"
    DUPLICATE_ROW = "DUPLICATE_ROW"
    PRODUCT_SPELLING = "PRODUCT_SPELLING"
    END_CUSTOMER_UNKNOWN = "END_CUSTOMER_UNKNOWN"
    END_CUSTOMER_UNLISTED = "END_CUSTOMER_UNLISTED"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used."""

    file: str
    line: int
    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class RowWarning:
    """Something odd: about a row that goes in, a repeated row that was skipped, or the header."""

    file: str
    line: int
    kind: WarningKind
    text: str


class CrmExportError(ValueError):
    """A file that is no such export at all: its header lacks columns."""

    def __init__(self, file: str, columns: tuple[str, ...], problem: str) -> None:
        """Name the file and the columns it should have had."""
        super().__init__(f"{file}: {problem}: {', '.join(columns)}")
        self.file = file
        self.columns = columns
        self.problem = problem


class Unusable(Exception):
    """Why a row cannot be used: its reason, and a sentence."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True)
class Row:
    """A line's cells, cleaned, in the order that was asked for."""

    line: int
    cells: tuple[str, ...]


def rows(
    file: str,
    lines: Iterable[str],
    columns: tuple[str, ...],
    *,
    optional: Collection[str] = (),
    others_told: bool = True,
) -> Iterator[Row | BadRow | RowWarning]:
    """Each line's cells in the order of ``columns``, or why it cannot be used.

    ``optional`` are those columns that may be missing: their cells are empty then.
    ``others_told``: columns that are not part of the format are ignored with one warning. Raises
    ``CrmExportError`` where the header lacks a column.
    """
    numbered = enumerate(lines, start=1)
    needed = tuple(column for column in columns if column not in optional)
    first = next(numbered, (1, ""))[1].removeprefix("\ufeff")
    header = _header(file, first, columns, needed)
    places = tuple(header.index(column) if column in header else None for column in columns)
    others = [name for name in header if name not in columns]
    if others and others_told:
        text = f"Columns that are not part of the format are ignored: {quoted(', '.join(others))}."
        yield RowWarning(file, 1, WarningKind.EXTRA_COLUMN, text)
    for number, line in numbered:
        if not line.strip("\r\n\t "):
            continue
        try:
            fields = _fields(line)
            if len(fields) != len(header):
                text = (
                    f"The row has {len(fields)} fields, the header {len(header)}: {quoted(line)}."
                )
                raise Unusable(Reason.WRONG_FIELD_COUNT, text)  # noqa: TRY301 - one report for all
            cells = ("" if place is None else _clean(fields[place]) for place in places)
            yield Row(number, tuple(cells))
        except Unusable as refusal:
            yield bad(file, number, refusal)


def _header(file: str, line: str, columns: tuple[str, ...], needed: tuple[str, ...]) -> list[str]:
    try:
        header = [" ".join(name.split()).casefold() for name in _fields(line)]
    except Unusable as refusal:
        raise CrmExportError(file, columns, f"the header cannot be read ({refusal.text})") from None
    if missing := tuple(column for column in needed if column not in header):
        raise CrmExportError(file, missing, "the header lacks columns")
    if twice := tuple(column for column in columns if header.count(column) > 1):
        raise CrmExportError(file, twice, "the header has columns twice")
    return header


def _fields(line: str) -> list[str]:
    line = line.rstrip("\r\n")
    if _NOT_TEXT.search(line):
        raise Unusable(Reason.NOT_TEXT, f"The row holds bytes that are no text: {quoted(line)}.")
    if len(line) > MAX_LINE:
        raise Unusable(Reason.FIELD_TOO_LONG, f"The row is too long: {quoted(line)}.")
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error:
        text = f"The row opens or closes a quote in the wrong place: {quoted(line)}."
        raise Unusable(Reason.BAD_QUOTING, text) from None


def _clean(field: str) -> str:
    """The field as it is compared and kept: absent is the empty string."""
    if len(field) > MAX_FIELD:
        text = f"A field is longer than {MAX_FIELD} characters: {quoted(field)}."
        raise Unusable(Reason.FIELD_TOO_LONG, text)
    text = " ".join(unicodedata.normalize("NFC", field).split())
    return "" if text.casefold() == "null" else text


def fold(text: str) -> str:
    """The text as names are compared: without white space and case."""
    return "".join(text.split()).casefold()


def quoted(text: str) -> str:
    """What a report may quote of a value that came from outside."""
    printable = "".join(character for character in text[:MAX_LINE] if character.isprintable())
    cut = printable if len(printable) <= MAX_QUOTED else f"{printable[: MAX_QUOTED - 1]}…"
    return f'"{cut}"'


def digest(cells: tuple[str, ...]) -> bytes:
    """16 bytes that stand for the cells."""
    return blake2b("\n".join(cells).encode(), digest_size=16).digest()


def need(column: str, cell: str) -> None:
    """Raises ``Unusable`` for an empty cell."""
    if not cell:
        raise Unusable(Reason.MISSING_REFERENCE, f"The column {column} is empty.")


def bad(file: str, line: int, refusal: Unusable) -> BadRow:
    """The report of a row that cannot be used."""
    return BadRow(file, line, refusal.reason, refusal.text)


def repeated(file: str, row: Row) -> RowWarning:
    """The report of a row that says the same again."""
    text = f"The row of {quoted(row.cells[0])} is there before, and is skipped."
    return RowWarning(file, row.line, WarningKind.DUPLICATE_ROW, text)


def contradicted(file: str, row: Row) -> BadRow:
    """The report of a row that says something else than an earlier one."""
    text = f"An earlier row of {quoted(row.cells[0])} says something else."
    return BadRow(file, row.line, Reason.DUPLICATE_REFERENCE, text)
