"""Settlement files: what the bank says became of payouts, row by row.

A file has the columns ``payout_id``, ``status`` (PAID or FAILED) and ``reference``, which is the
payment's, or why it failed; ``amount`` and ``asset`` may be there, and are compared. Lines that say
different things of one payout are all left out: which of them is right is not ours to guess.
"""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from portal_api.domain import crm_rows
from portal_api.domain.crm_rows import BadRow, CrmExportError, Row
from portal_api.domain.import_files import Problem, ProblemCode
from portal_api.domain.money import to_minor, to_text
from portal_api.domain.payouts import Payout, PayoutStatus

ROWS_MAX: Final = 500
CHARACTERS_MAX: Final = 100_000

_COLUMNS: Final = ("payout_id", "status", "reference", "asset", "amount")
_OPTIONAL: Final = ("asset", "amount")
_PAID: Final = {"PAID": True, "FAILED": False}
_PRINTED: Final = 40


@dataclass(frozen=True, slots=True)
class Settled:
    """What a line says: the payout was paid, or was not."""

    line: int
    payout_id: str
    paid: bool
    reference: str
    asset: str = ""
    amount: str = ""

    @property
    def said(self) -> tuple[str, ...]:
        """All but where it stands."""
        return self.payout_id, str(self.paid), self.reference, self.asset, self.amount

    def agrees_with(self, payout: Payout) -> bool:
        """Whether the payout has ended just so before."""
        status = PayoutStatus.SETTLED if self.paid else PayoutStatus.FAILED
        return (payout.status, payout.reference) == (status, self.reference)

    def problem(self, payout: Payout | None) -> Problem | None:
        """Why it cannot be true of the payout that is stored; none where it can."""
        if payout is None:
            code, text = ProblemCode.UNKNOWN_PAYOUT, "There is no such payout."
        elif not self._amount_fits(payout):
            whole = f"{to_text(payout.amount_minor, payout.asset)} {payout.asset}"
            code, text = ProblemCode.WRONG_AMOUNT, f"The payout is of {whole}."
        elif not payout.open and not self.agrees_with(payout):
            ended = f"{payout.status} already"
            told = f", as {payout.reference!r}" if payout.reference else ""
            code, text = ProblemCode.OTHER_STATUS, f"The payout is {ended}{told}."
        else:
            return None
        return Problem(self.line, code, text)

    def _amount_fits(self, payout: Payout) -> bool:
        if self.asset and self.asset != payout.asset:
            return False
        if not self.amount:
            return True
        try:
            return to_minor(self.amount, payout.asset) == payout.amount_minor
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class SettlementFile:
    """A file that was imported, and what became of it once all of it was.

    ``digest`` is the SHA-256 of its text.
    """

    id: str
    digest: str
    imported_by: str
    imported_at: datetime
    finished_at: datetime | None = None
    settled: int = 0
    failed: int = 0
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says, and what of it cannot be used."""

    rows: tuple[Settled, ...]
    problems: tuple[Problem, ...]
    lines: int


@dataclass
class _Reader:
    rows: list[Settled] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0

    def read(self, content: str) -> None:
        numbered = io.StringIO(content, newline=None)
        try:
            for found in crm_rows.rows("settlements", numbered, _COLUMNS, optional=_OPTIONAL):
                match found:
                    case Row(line, cells):
                        self.lines += 1
                        self._row(line, cells)
                    case BadRow():
                        self.lines += 1
                        self._problem(found.line, ProblemCode(found.reason.value), found.text)
                    case _:
                        self._problem(found.line, ProblemCode.EXTRA_COLUMN, found.text)
        except CrmExportError as problem:
            text = f"The first line names the columns {', '.join(problem.columns)}, each once."
            self._problem(1, ProblemCode.MISSING_COLUMN, text)

    def _row(self, line: int, cells: Sequence[str]) -> None:
        payout_id, status, reference, asset, amount = cells
        paid = _PAID.get(status.upper())
        if paid is None:
            text = f"A status is PAID or FAILED, not {status[:_PRINTED]!r}."
            self._problem(line, ProblemCode.BAD_STATUS, text)
        elif not reference:
            text = "The reference is the payment's, or why it failed."
            self._problem(line, ProblemCode.MISSING_REFERENCE, text)
        elif not payout_id:
            self._problem(line, ProblemCode.UNKNOWN_PAYOUT, "The payout is not named.")
        else:
            self.rows.append(Settled(line, payout_id, paid, reference, asset, amount))

    def once(self) -> list[Settled]:
        """The rows of which there is one alone; the first one of those that are all the same."""
        first = {row.payout_id: row for row in reversed(self.rows)}
        said = Counter(payout_id for payout_id, *_ in {row.said for row in self.rows})
        kept = []
        for row in self.rows:
            if said[row.payout_id] > 1:
                text = "Lines of the file say different things of this payout."
                self._problem(row.line, ProblemCode.CONTRADICTING_LINES, text)
            elif first[row.payout_id] is row:
                kept.append(row)
            else:
                text = f"Line {first[row.payout_id].line} says the same."
                self._problem(row.line, ProblemCode.DUPLICATE_ROW, text)
        return kept

    def _problem(self, line: int, code: ProblemCode, text: str) -> None:
        self.problems.append(Problem(line, code, text))


def read_settlements(content: str) -> Reading:
    """What a file says; every line that cannot be used is a problem."""
    reader = _Reader()
    reader.read(content)
    rows = reader.once()
    return Reading(tuple(rows), tuple(reader.problems), reader.lines)
