"""People and activities as CSV, a page at a time along the lists that are there: nothing scans."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain.activities import Activity
from portal_api.domain.cells import csv_text
from portal_api.domain.partners import Individual, Partner
from portal_api.services.bulk_imports import (
    ACTIVITIES,
    PEOPLE,
    TOLD_OF_ACTIVITIES,
    TOLD_OF_PEOPLE,
)
from portal_api.services.partners import former_of, members_of
from portal_api.services.row_imports import as_it_is
from portal_api.services.store import Listed, Many, One, Store, of_person

PEOPLE_AT_ONCE = 500
"""The people of one page."""
MEMBERS_AT_ONCE, ACTIVITIES_OF_EACH = 20, 50
"""A page of activities looks at so many people, and at so many activities of each of them."""

_FORMER = "~"
"""The marks of a page of activities of people who have left begin with it."""

WriteId = Callable[[str, str], str]
"""How a file names what has an id, by its kind."""


@dataclass(frozen=True, slots=True)
class CsvPage:
    """Part of an export: its rows under the header, and from where the next part goes on."""

    csv: str
    rows: int
    next: str | None


def people_csv(
    store: Store,
    partner: Partner,
    now: datetime,
    after: str | None = None,
    write_id: WriteId = as_it_is,
) -> CsvPage:
    """Whoever works for a partner now, in the columns of an import and with what it does not say.

    Two waves.
    """
    listed = Listed(members_of(partner.id), PEOPLE_AT_ONCE, after, newest_first=False)
    members = store.read([listed])[listed]
    wants = [One(Individual, member) for member in members.ids]
    found = store.read(wants)
    people = [person for want in wants if (person := found[want]) is not None]
    rows = [
        row for person in people if (row := _person_row(person, partner, now, write_id)) is not None
    ]
    text = csv_text((*PEOPLE, *TOLD_OF_PEOPLE), rows)
    return CsvPage(text, len(rows), members.cursors[-1] if members.more else None)


def _person_row(
    person: Individual, partner: Partner, now: datetime, write_id: WriteId
) -> tuple[str | None, ...] | None:
    """A person's row; none for who left."""
    employment = person.employment_at(now)
    if employment is None or employment.partner_id != partner.id:
        return None
    teams = {team.id: team.name for team in partner.teams}
    return (
        person.external_id,
        person.name,
        person.email,
        write_id("Partner", partner.id),
        teams.get(employment.team_id or ""),
        employment.role.value,
        _instant(employment.valid_from),
        write_id("Individual", f"{partner.id}.{person.id}"),
        person.status.value,
    )


def activities_csv(
    store: Store,
    partner_id: str,
    program_id: str | None = None,
    after: str | None = None,
    write_id: WriteId = as_it_is,
) -> CsvPage:
    """The activities of a partner's people, person by person, oldest first; of one program or all.

    First of those who work there, then of those who have left. Four waves at most, whatever there
    is. ``after`` is where the page before said to go on.
    """
    mark = after or ""
    former = mark.startswith(_FORMER)
    name = former_of(partner_id) if former else members_of(partner_id)
    page = _of_list(store, partner_id, name, program_id, mark.removeprefix(_FORMER), write_id)
    if former:
        return page if page.next is None else replace(page, next=_FORMER + page.next)
    if page.next is None:
        left = Listed(former_of(partner_id), first=1)
        return replace(page, next=_FORMER) if store.read([left])[left].ids else page
    return page


def _of_list(
    store: Store,
    partner_id: str,
    name: str,
    program_id: str | None,
    after: str,
    write_id: WriteId,
) -> CsvPage:
    """A page of the activities of the people of one list."""
    member, _, mark = after.partition("#")
    of_first = _slice(store, partner_id, member, mark) if mark else None
    if of_first is not None and of_first.next is not None:
        return _page(of_first.found, of_first.next, program_id, write_id)
    begun = of_first.found if of_first is not None else ()
    listed = Listed(name, MEMBERS_AT_ONCE, member or None, newest_first=False)
    members = store.read([listed])[listed]
    wants = {
        one: Many(Activity, of_person(partner_id, one), first=ACTIVITIES_OF_EACH)
        for one in members.ids
    }
    answers = store.read(list(wants.values()))
    found = list(begun)
    for cursor, want in zip(members.cursors, wants.values(), strict=True):
        found += answers[want].records
        if answers[want].more:
            return _page(found, f"{cursor}#{answers[want].cursors[-1]}", program_id, write_id)
    return _page(found, members.cursors[-1] if members.more else None, program_id, write_id)


@dataclass(frozen=True, slots=True)
class _Rest:
    """More activities of the person at whom the page before ended, and where to go on with it."""

    found: tuple[Activity, ...]
    next: str | None


def _slice(store: Store, partner_id: str, member: str, mark: str) -> _Rest:
    most = MEMBERS_AT_ONCE * ACTIVITIES_OF_EACH
    want = Many(Activity, of_person(partner_id, member), first=most, after=mark)
    page = store.read([want])[want]
    return _Rest(page.records, f"{member}#{page.cursors[-1]}" if page.more else None)


def _page(
    found: Sequence[Activity], after: str | None, program_id: str | None, write_id: WriteId
) -> CsvPage:
    kept = [one for one in found if program_id in (None, one.program_id)]
    rows = [_activity_row(activity, write_id) for activity in kept]
    return CsvPage(csv_text((*ACTIVITIES, *TOLD_OF_ACTIVITIES), rows), len(rows), after)


def _activity_row(activity: Activity, write_id: WriteId) -> tuple[str | None, ...]:
    return (
        activity.source,
        activity.source_event_id,
        write_id("Individual", f"{activity.partner_id}.{activity.individual_id}"),
        write_id("Program", activity.program_id),
        activity.behavior,
        _instant(activity.occurred_at),
        write_id("Activity", activity.id),
        _instant(activity.recorded_at),
        write_id("Deal", activity.deal_id) if activity.deal_id else None,
        " ".join(
            ":".join(filter(None, (one.rule_code, one.status.value, one.reason)))
            for one in activity.outcomes
        ),
    )


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
