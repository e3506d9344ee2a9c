"""Telling what becomes due of consents: a series over the files that have something to tell."""

from portal_api.domain.consent import ConsentFile
from portal_api.domain.consent_dates import next_due, told
from portal_api.domain.records import stamp
from portal_api.domain.writes import Delist, Enlist, Save, Write
from portal_api.services.series import Step, each, step
from portal_api.services.store import Listed, One
from portal_api.services.use_case import Portal, Situation

DUE = "consents.due"
"""The list of the files in which something becomes due, each at the instant of the first of it."""

_PAGE = 200


def due_changes(before: ConsentFile, after: ConsentFile) -> tuple[Write, ...]:
    """What keeps a file in its place in the list, however much of it has changed."""
    was, now = _entry(before), _entry(after)
    if was == now:
        return ()
    delisted = (Delist(DUE, was),) if was else ()
    return (*delisted, Enlist(DUE, now, after.id)) if now else delisted


def tell_due(portal: Portal) -> int:
    """Reminds of requests that wait, lets them expire, and tells of ends of consents.

    Says how much it told. One file that cannot be told of now keeps no other waiting. Raises
    ``StoreUnavailable`` at the end where there is one.
    """
    now, due, after = stamp(portal.clock()), list[str](), None
    while True:
        listed = Listed(DUE, _PAGE, after, newest_first=False)
        page = portal.store.read([listed])[listed]
        entries = zip(page.ids, page.cursors, strict=True)
        due += [file_id for file_id, entry in entries if entry.partition("#")[0] <= now]
        # In the order of their instants: what follows is not due yet.
        if not page.more or page.cursors[-1].partition("#")[0] > now:
            break
        after = page.cursors[-1]
    of = f"{{left}} of {len(due)} files of consents are not told of."
    return each(due, lambda file_id: _tell_all(portal, file_id), of)


def _tell_all(portal: Portal, file_id: str) -> int:
    """All that is due in one file, each in a transaction of its own; says how much that was."""
    number = 0
    while _tell_next(portal, file_id):
        number += 1
    return number


def _tell_next(portal: Portal, file_id: str) -> bool:
    want = One(ConsentFile, file_id)

    def decide(s: Situation) -> Step | None:
        file = s.found[want]
        due = next_due(file) if file is not None else None
        if file is None or due is None or s.now < due.at:
            return None
        changed, kind = told(file, due, s.viewer.id, s.now)
        writes = (Save(changed), *due_changes(file, changed))
        return Step(kind, f"{file.id}.{due.number}", file.partner_id, writes)

    return step(portal, f"series:consents:{file_id}", [want], decide)


def _entry(file: ConsentFile) -> str | None:
    due = next_due(file)
    return f"{stamp(due.at)}#{file.id}" if due is not None else None
