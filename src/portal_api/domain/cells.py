"""Cells of files that people open in a spreadsheet: written so that none of them runs."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = frozenset("=+-@\t\r\n\0")
"""What a spreadsheet may take for the beginning of a formula."""
_NUMBER: Final = re.compile("[+-]?[0-9]+([.][0-9]+)?", re.ASCII)


def csv_text(header: Sequence[str], found: Iterable[Sequence[str | int | None]]) -> str:
    """A file of these rows; none is an empty cell, and no cell is a formula to a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_shown("" if cell is None else str(cell)) for cell in row] for row in found)
    return text.getvalue()


def _shown(cell: str) -> str:
    """A cell that no spreadsheet runs; a number is none, whatever its sign."""
    return cell if _NUMBER.fullmatch(cell) else neutral(cell)


def as_stored(cell: str) -> str:
    """A cell without the apostrophe of ``csv_text``, so that what was exported can be imported."""
    return cell[1:] if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def neutral(cell: str) -> str:
    """The cell, behind an apostrophe where it would begin a formula.

    Also behind spaces, which some programs leave out, and in the forms of the same signs, such as
    the full-width ones, that others take for them.
    """
    first = next((sign for sign in cell if not _unseen(sign)), "")
    signs = cell[:1] + unicodedata.normalize("NFKC", first)
    return cell if _FORMULA.isdisjoint(signs) else f"'{cell}"


def _unseen(sign: str) -> bool:
    """Whether a reader may pass over it: white space, control and zero-width characters."""
    return sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"}
