"""What is kept of a file that is imported by one request: its digest, and what became of its rows.

The same request with the same file goes on where it was cut off, and once all rows were looked at
it is told the same again; with another file it is refused.
"""

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from portal_api.domain.import_files import ImportFile
from portal_api.domain.partners import Role
from portal_api.domain.settlements import SettlementFile
from portal_api.domain.writes import Save
from portal_api.services.csv_files import Report, checked
from portal_api.services.series import Step, step
from portal_api.services.store import One, StoreUnavailable
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

F = TypeVar("F", SettlementFile, ImportFile)


@dataclass(frozen=True, slots=True)
class ImportFileReceived:
    """The file is noted; its rows come one by one."""

    file: ImportFile


def imported_once(
    portal: Portal,
    ask: Ask,
    operation: str,
    roles: frozenset[Role],
    content: str,
    use: Callable[[], Report],
) -> Report:
    """What became of a file's rows, which ``use`` puts in, each once, unless all of them are.

    Raises ``InvalidInput`` for a text that is too large, and what ``perform`` raises.
    """
    digest = hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()

    def decide(s: Situation) -> Decision[ImportFileReceived]:
        checked(content)
        file = ImportFile(f"imp-{portal.new_id()}", digest, s.viewer.id, s.now)
        return Decision(ImportFileReceived(file), (Save(file),), file.id)

    arguments = {"content": digest}
    file = perform(portal, ask, operation, arguments, roles, (), decide, ImportFileReceived).file
    if file.finished_at is None:
        report = use()
        if report.next_line is not None:
            return report
        done = replace(
            file,
            imported=report.imported,
            unchanged=report.unchanged,
            problems=report.problems,
        )
        file = finished(portal, "ImportFileFinished", done)
    return Report(file.imported, file.unchanged, file.problems)


def finished(portal: Portal, event: str, done: F) -> F:
    """The file as finished, unless another run of the same request has finished it."""
    want = One(type(done), done.id)
    last = [done]

    def decide(s: Situation) -> Step | None:
        stored = s.found[want]
        if stored is None or stored.finished_at is not None:
            last[0] = stored or done
            return None
        last[0] = replace(done, finished_at=s.now, version=stored.version)
        return Step(event, done.id, None, (Save(last[0]),))

    # Every row has gone in: without the note the same request looks at them all again.
    with contextlib.suppress(StoreUnavailable):
        step(portal, f"series:imports:{done.id}", [want], decide)
    return last[0]
