"""Settlement files: each row settles or fails one payout, in a use case of its own.

A row's request id is derived from what the row says, and what has ended just so before is left
alone: the same file again, another one with the same rows, or a run after a kill change nothing
twice. A file is finished once all its rows were looked at; what became of it is then kept with it.
"""

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from portal_api.domain.errors import InvalidInput, NotFound, PayoutNotOpen
from portal_api.domain.import_files import Problem, ProblemCode
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.domain.payouts import Payout
from portal_api.domain.settlements import (
    CHARACTERS_MAX,
    ROWS_MAX,
    Reading,
    Settled,
    SettlementFile,
    read_settlements,
)
from portal_api.domain.writes import Save
from portal_api.services.import_files import finished
from portal_api.services.import_frame import id_of
from portal_api.services.partners import MANAGERS, individual_writes
from portal_api.services.payouts import resolve_payout
from portal_api.services.series import Step, step
from portal_api.services.store import One, StoreUnavailable
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

SECONDS_MAX: Final = 20.0
"""After so long a call begins no other row: the edge gives up at 30 seconds."""
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class SettlementsImported:
    """What became of a file's rows.

    ``next_line`` is the first that was not looked at, where the store failed or time was up: the
    same file again goes on there.
    """

    file: SettlementFile
    next_line: int | None = None


@dataclass(frozen=True, slots=True)
class SettlementFileReceived:
    """The file is noted; its rows come one by one."""

    file: SettlementFile


def import_settlements(
    portal: Portal,
    ask: Ask,
    *,
    content: str,
    seconds: float | None = SECONDS_MAX,
) -> SettlementsImported:
    """Settles, or releases, what a file of the bank says; bad rows are told with their lines.

    ``seconds``: how long it begins another row, none for as long as it takes.
    """
    digest = hashlib.sha256(content.encode(errors="replace")).hexdigest()
    reading = read_settlements(content) if len(content) <= CHARACTERS_MAX else None

    def decide(s: Situation) -> Decision[SettlementFileReceived]:
        if reading is None or reading.lines > ROWS_MAX:
            text = f"A file has at most {ROWS_MAX} rows and {CHARACTERS_MAX} characters."
            raise InvalidInput(text, "content")
        file = SettlementFile(f"stl-{portal.new_id()}", digest, s.viewer.id, s.now)
        return Decision(SettlementFileReceived(file), (Save(file),), file.id)

    arguments, roles = {"content": digest}, MANAGERS | {Role.SERVICE}
    file = perform(
        portal, ask, "importSettlements", arguments, roles, (), decide, SettlementFileReceived
    ).file
    if file.finished_at is not None or reading is None:
        return SettlementsImported(file)
    ends = math.inf if seconds is None else time.monotonic() + seconds
    run = _Run(portal, ask, reading, ends)
    run.all_rows()
    done = run.report(file)
    if run.next_line is None:
        done = finished(portal, "SettlementFileFinished", done)
    return SettlementsImported(done, run.next_line)


@dataclass
class _Run:
    """One run through a file's rows."""

    portal: Portal
    ask: Ask
    reading: Reading
    ends: float
    settled: int = 0
    failed: int = 0
    unchanged: int = 0
    next_line: int | None = None
    problems: list[Problem] = field(default_factory=list)

    def all_rows(self) -> None:
        """Every row, until the store fails or time is up."""
        self.problems += self.reading.problems
        rows = self.reading.rows
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            line = part[0].line
            try:
                for row, payout in self._stored(part):
                    line = row.line
                    if time.monotonic() > self.ends:
                        self.next_line = line
                        return
                    self._row(row, payout)
            except StoreUnavailable:
                self.next_line = line
                return

    def _stored(self, rows: Sequence[Settled]) -> Iterator[tuple[Settled, Payout | None]]:
        """Rows with their payouts as they were a moment ago."""
        wants = [One(Payout, row.payout_id) for row in rows]
        found = self.portal.store.read(wants)
        yield from ((row, found[want]) for row, want in zip(rows, wants, strict=True))

    def _row(self, row: Settled, payout: Payout | None) -> None:
        problem = row.problem(payout)
        if problem is not None:
            self.problems.append(problem)
        elif payout is not None and row.agrees_with(payout):
            self.unchanged += 1
        else:
            self._settle(row)

    def _settle(self, row: Settled) -> None:
        told = hashlib.sha256("\n".join(row.said).encode(errors="replace")).hexdigest()[:32]
        ask = replace(self.ask, request_id=f"settlement-{told}")
        try:
            resolve_payout(
                self.portal,
                ask,
                payout_id=row.payout_id,
                paid=row.paid,
                reference=row.reference,
            )
        except PayoutNotOpen:
            # Somebody else was faster: what it is now decides, and it stays so.
            want = One(Payout, row.payout_id)
            self._row(row, self.portal.store.read([want])[want])
        except (InvalidInput, NotFound) as refusal:
            self.problems.append(Problem(row.line, _code_of(refusal), refusal.message))
        else:
            self.settled += row.paid
            self.failed += not row.paid

    def report(self, file: SettlementFile) -> SettlementFile:
        """The file with what became of its rows."""
        return replace(
            file,
            settled=self.settled,
            failed=self.failed,
            unchanged=self.unchanged,
            problems=tuple(sorted(self.problems, key=lambda one: one.line)),
        )


def _code_of(refusal: InvalidInput | NotFound) -> ProblemCode:
    """Why a line was not used whose payout could not be resolved.

    But for its reference and its payout nothing in it can be wrong: the rest is not its fault.
    """
    if isinstance(refusal, NotFound):
        return ProblemCode.UNKNOWN_PAYOUT
    told = refusal.field == "reference"
    return ProblemCode.INVALID_INPUT if told else ProblemCode.NOT_RECORDED


def bank_integration(portal: Portal) -> str:
    """The id of the integration in whose name files are imported on the command line."""
    want = One(Individual, id_of("ind", "service", "bank"))

    def decide(s: Situation) -> Step | None:
        if s.found[want] is not None:
            return None
        employed = (Employment(None, Role.SERVICE, s.now),)
        person = Individual(want.id, "Settlement import", f"{want.id}@import.invalid", employed)
        return Step("IndividualImported", person.id, None, individual_writes(person))

    step(portal, "import:settlements", [want], decide)
    return want.id
