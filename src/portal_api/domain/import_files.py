"""Files of rows that are imported: why a line is not used, and what is kept of a file."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ProblemCode(StrEnum):
    """Why a line was not used, in any kind of file.

    Those of how lines are written are named as in ``crm_rows``, those of what was refused as the
    refusals are; what else is refused is NOT_RECORDED.
    """

    MISSING_COLUMN = "MISSING_COLUMN"
    EXTRA_COLUMN = "EXTRA_COLUMN"
    NOT_TEXT = "NOT_TEXT"
    FIELD_TOO_LONG = "FIELD_TOO_LONG"
    BAD_QUOTING = "BAD_QUOTING"
    WRONG_FIELD_COUNT = "WRONG_FIELD_COUNT"
    MISSING_VALUE = "MISSING_VALUE"
    MISSING_REFERENCE = "MISSING_REFERENCE"
    WRONG_VALUE = "WRONG_VALUE"
    WRONG_DATE = "WRONG_DATE"
    BAD_STATUS = "BAD_STATUS"
    AMBIGUOUS = "AMBIGUOUS"
    DUPLICATE_ROW = "DUPLICATE_ROW"
    CONTRADICTING_LINES = "CONTRADICTING_LINES"
    CONTRADICTED = "CONTRADICTED"
    UNKNOWN_PAYOUT = "UNKNOWN_PAYOUT"
    OTHER_STATUS = "OTHER_STATUS"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    NOT_PERMITTED = "NOT_PERMITTED"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    NOT_RECORDED = "NOT_RECORDED"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line, as a code for programs and a sentence for people."""

    line: int
    code: ProblemCode
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}: {self.text}"


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file of partners, people or activities, and what became of it once all of it was imported.

    ``digest`` is the SHA-256 of its text.
    """

    id: str
    digest: str
    imported_by: str
    imported_at: datetime
    finished_at: datetime | None = None
    imported: int = 0
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()
    version: int = 0
