"""Files of which each row is a use case of its own, and goes in once, whatever the rows are about.

What is there already is compared and never changed, so that a file can be imported again after any
failure, and a second time changes nothing.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from portal_api.domain.access import viewer_of
from portal_api.domain.crm_rows import quoted
from portal_api.domain.errors import NotPermitted
from portal_api.domain.import_files import ProblemCode
from portal_api.domain.partners import Individual, Role
from portal_api.domain.records import canonical
from portal_api.domain.writes import Record
from portal_api.services.csv_files import Report, Row, Unusable, imported, once, rows
from portal_api.services.import_files import imported_once
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Portal, Unauthenticated, check_request_id

R = TypeVar("R", bound=Record)

ReadId = Callable[[str, str], str]
"""The id that a cell names, by the kind of what it is the id of."""


@dataclass(frozen=True, slots=True)
class FileKind:
    """What rows are about: the use case, who may, the columns, and which of them are needed.

    ``told`` are columns that an export has besides, at which an import does not look. A row with
    the same ``key`` as an earlier one is a problem.
    """

    operation: str
    roles: frozenset[Role]
    columns: Sequence[str]
    needed: Collection[str]
    key: tuple[str, ...]
    told: tuple[str, ...] = ()


def as_it_is(_: str, stored: str) -> str:
    """An id where files name ids as they are stored."""
    return stored


def import_rows(
    portal: Portal,
    ask: Ask,
    kind: FileKind,
    content: str | Iterable[str],
    use: Callable[[Row], bool],
    seconds: float | None,
) -> Report:
    """The report of a file (its text, of limited size, or its lines), each row of which is used.

    That of a text is kept with its request; lines may be of any number. Raises ``InvalidInput``
    for a text that is too large, ``IdempotencyConflict`` for another one under the same request id,
    ``NotPermitted`` and ``Unauthenticated``.
    """

    def all_rows() -> Report:
        found = rows(content, (*kind.columns, *kind.told), kind.needed)
        return imported(once(found, *kind.key), use, seconds)

    if isinstance(content, str):
        return imported_once(portal, ask, kind.operation, kind.roles, content, all_rows)
    _check_may(portal, ask, kind.roles)
    return all_rows()


def read_one(portal: Portal, kind: type[R], record_id: str) -> R | None:
    """The record with an id."""
    want = One(kind, record_id)
    return portal.store.read([want])[want]


def ask_of(ask: Ask, row: Row) -> Ask:
    """The ask of one row: the same row of the same request is the same wish."""
    wish = canonical([ask.request_id, dict(row.values)])
    return Ask(ask.subject, f"row-{hashlib.sha256(wish).hexdigest()[:40]}", ask.recognized)


def contradicted(named: str) -> Unusable:
    """The problem of a row whose own is there, and is not what the row says."""
    text = f"{quoted(named)} is there with other values: not changed."
    return Unusable(ProblemCode.CONTRADICTED, text)


def _check_may(portal: Portal, ask: Ask, roles: frozenset[Role]) -> None:
    """That of a file without a single row, too; raises what ``perform`` does."""
    check_request_id(ask.request_id)
    viewer = viewer_of(read_one(portal, Individual, ask.subject), portal.clock())
    if viewer is None:
        raise Unauthenticated
    ask.recognized(viewer)
    if viewer.role not in roles:
        raise NotPermitted("Your role may not do this.", tuple(sorted(roles)))
