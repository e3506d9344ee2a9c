"""CSV files in and out: rows by column, problems by line, and no formulas in what goes out.

Each line is a row for itself, read by the rules of ``crm_rows``: one that cannot be used, such as
one with an open quote, is named with its line and harms no other.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from portal_api.domain import crm_rows
from portal_api.domain.cells import as_stored
from portal_api.domain.crm_rows import BadRow, CrmExportError, RowWarning, quoted
from portal_api.domain.errors import InvalidInput, Refusal
from portal_api.domain.import_files import Problem, ProblemCode
from portal_api.services.store import StoreUnavailable

ROWS_MAX: Final = 500
CONTENT_MAX: Final = 150_000
"""Characters of one file in one request: less than what the edge takes."""
SECONDS_MAX: Final = 15.0
"""After so long no further row is begun: the gateway waits no longer than 30 seconds."""

_LINE: Final = re.compile("\r\n|\n|\r")
_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(
    _DATE.pattern + "T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_FIRST_YEAR, _LAST_YEAR = 1970, 9900


@dataclass(frozen=True, slots=True)
class Row:
    """A line's cells by column, without spaces around them; what is not there is empty."""

    line: int
    values: Mapping[str, str]


class Unusable(Exception):
    """Why a row cannot be used."""

    def __init__(self, code: ProblemCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file: how many rows went in or were there before, and problems by line.

    ``next_line`` is the first line that was not looked at, where time was up or the store failed:
    the same file again goes on there.
    """

    imported: int
    unchanged: int
    problems: tuple[Problem, ...]
    next_line: int | None = None


def checked(content: str) -> str:
    """The text of a file, when it is none too large for one request; raises ``InvalidInput``."""
    if len(content) > CONTENT_MAX:
        raise InvalidInput(f"A file has at most {CONTENT_MAX} characters.", "content")
    lines = sum(1 for line in _LINE.split(content) if line.strip())
    if lines > ROWS_MAX + 1:
        raise InvalidInput(f"A file has at most {ROWS_MAX} rows.", "content")
    return content


def rows(
    content: str | Iterable[str], columns: Sequence[str], required: Collection[str] = ()
) -> Iterator[Row | Problem]:
    """The rows of a file (its text, or its lines) that has a header, and what is wrong with others.

    ``required`` columns must be in the header and their cells be filled; the other ``columns`` may
    be missing, and more columns are ignored with one problem that names them.
    """
    lines = _LINE.split(content) if isinstance(content, str) else content
    named = tuple(columns)
    optional = [column for column in named if column not in required]
    try:
        for found in crm_rows.rows("", lines, named, optional=optional):
            match found:
                case BadRow():
                    yield Problem(found.line, ProblemCode(found.reason.value), found.text)
                case RowWarning():
                    yield Problem(found.line, ProblemCode(found.kind.value), found.text)
                case _:
                    values = dict(zip(named, map(as_stored, found.cells), strict=True))
                    empty = [
                        column for column in named if column in required and not values[column]
                    ]
                    yield _missing(found.line, empty) if empty else Row(found.line, values)
    except CrmExportError as wrong:
        text = f"{wrong.problem[0].upper()}{wrong.problem[1:]}: {', '.join(wrong.columns)}."
        yield Problem(1, ProblemCode.MISSING_COLUMN, text)


def _missing(line: int, columns: Sequence[str]) -> Problem:
    return Problem(line, ProblemCode.MISSING_VALUE, f"Nothing is in {', '.join(columns)}.")


def once(found: Iterable[Row | Problem], *key: str) -> Iterator[Row | Problem]:
    """The same, with a row of which the ``key`` columns were there before as a problem."""
    seen: dict[tuple[str, ...], int] = {}
    for row in found:
        if isinstance(row, Row):
            before = seen.setdefault(tuple(row.values[column] for column in key), row.line)
            if before != row.line:
                text = f"{' and '.join(key)} are those of line {before}."
                yield Problem(row.line, ProblemCode.DUPLICATE_ROW, text)
                continue
        yield row


def imported(
    found: Iterable[Row | Problem], use: Callable[[Row], bool], seconds: float | None = SECONDS_MAX
) -> Report:
    """The report of a file whose rows are used one after the other.

    ``use`` says whether a row changed anything, and raises ``Unusable`` or a ``Refusal``. No row is
    begun after ``seconds`` (none: all are).
    """
    ends = None if seconds is None else time.monotonic() + seconds
    done = unchanged = 0
    problems: list[Problem] = []
    for row in found:
        if ends is not None and time.monotonic() >= ends:
            return Report(done, unchanged, tuple(problems), row.line)
        if isinstance(row, Problem):
            problems.append(row)
            continue
        try:
            changed = use(row)
        except StoreUnavailable:
            return Report(done, unchanged, tuple(problems), row.line)
        except Unusable as wrong:
            problems.append(Problem(row.line, wrong.code, wrong.text))
        except Refusal as refusal:
            problems.append(Problem(row.line, code_of(refusal), _told(refusal)))
        else:
            done, unchanged = done + changed, unchanged + (not changed)
    return Report(done, unchanged, tuple(problems))


def code_of(refusal: Refusal) -> ProblemCode:
    """A refusal's name as a code: ``NotFound`` is NOT_FOUND; NOT_RECORDED where there is none."""
    name = re.sub("(?<!^)(?=[A-Z])", "_", type(refusal).__name__).upper()
    return ProblemCode.__members__.get(name, ProblemCode.NOT_RECORDED)


def _told(refusal: Refusal) -> str:
    field = getattr(refusal, "field", None)
    return refusal.message if field is None else f"{refusal.message} ({field})"


def instant(row: Row, column: str) -> datetime | None:
    """A cell's instant, ISO 8601 with its offset, or a date: its beginning in UTC; none if empty.

    Raises ``Unusable``.
    """
    text = row.values[column]
    if not text:
        return None
    if _DATE.fullmatch(text) or _INSTANT.fullmatch(text):
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            pass  # There is no such day or hour.
        else:
            # Every time zone and every deadline of such an instant is an instant too.
            if _FIRST_YEAR <= found.year <= _LAST_YEAR:
                return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    raise Unusable(
        ProblemCode.WRONG_DATE,
        f"{quoted(text)} in {column} is no date such as 2026-03-31 or 2026-03-31T17:00:00Z.",
    )
