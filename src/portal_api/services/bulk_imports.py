"""People and activities from files: each row is a use case of its own, and goes in once.

What is there already is compared and never changed, so that a file can be imported again after any
failure, and a second time changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from portal_api.domain.activities import Activity
from portal_api.domain.crm_rows import quoted
from portal_api.domain.errors import NotFound
from portal_api.domain.import_files import ProblemCode
from portal_api.domain.partners import STAFF_ROLES, Individual, Partner, Role
from portal_api.services.activities import name_of_event, record_activity
from portal_api.services.csv_files import SECONDS_MAX, Report, Row, Unusable, instant
from portal_api.services.deals import DEAL_RECORDERS
from portal_api.services.partners import (
    MANAGERS,
    add_individual,
    list_of_email,
    name_of_partner,
    name_of_person,
)
from portal_api.services.row_imports import (
    FileKind,
    ReadId,
    as_it_is,
    ask_of,
    contradicted,
    import_rows,
    read_one,
)
from portal_api.services.store import Holder, Listed, One
from portal_api.services.use_case import Ask, Portal

PEOPLE: Final = ("external_id", "name", "email", "partner", "team", "role", "from")
_PEOPLE_NEEDED: Final = frozenset({"external_id", "name", "email", "partner", "role"})
ACTIVITIES: Final = (
    "source",
    "source_event_id",
    "individual",
    "program",
    "behavior",
    "occurred_at",
)
TOLD_OF_PEOPLE: Final = ("individual", "status")
"""What an export has beside the columns of an import, which does not look at it."""
TOLD_OF_ACTIVITIES: Final = ("activity", "recorded_at", "deal", "outcomes")
_ROLES: Final = STAFF_ROLES | {Role.PARTNER_EXECUTIVE}

_PEOPLE_FILE: Final = FileKind(
    operation="importPeople",
    roles=MANAGERS,
    columns=PEOPLE,
    needed=_PEOPLE_NEEDED,
    key=("partner", "external_id"),
    told=TOLD_OF_PEOPLE,
)
_ACTIVITIES_FILE: Final = FileKind(
    operation="importActivities",
    roles=DEAL_RECORDERS,
    columns=ACTIVITIES,
    needed=ACTIVITIES,
    key=("program", "individual", "source", "source_event_id"),
    told=TOLD_OF_ACTIVITIES,
)


def import_people(
    portal: Portal,
    ask: Ask,
    *,
    content: str | Iterable[str],
    read_id: ReadId = as_it_is,
    seconds: float | None = SECONDS_MAX,
) -> Report:
    """Adds the people of a file who are not there yet; raises as ``import_rows`` does."""
    use = _People(portal, ask, read_id).use
    return import_rows(portal, ask, _PEOPLE_FILE, content, use, seconds)


def import_activities(
    portal: Portal,
    ask: Ask,
    *,
    content: str | Iterable[str],
    read_id: ReadId = as_it_is,
    seconds: float | None = SECONDS_MAX,
) -> Report:
    """Records the activities of a file that are not there yet, and rewards them.

    Raises as ``import_rows`` does.
    """
    use = _Activities(portal, ask, read_id).use
    return import_rows(portal, ask, _ACTIVITIES_FILE, content, use, seconds)


@dataclass(frozen=True)
class _People:
    """Uses the rows of a file of people; whether a partner is named by its id is found once."""

    portal: Portal
    ask: Ask
    read_id: ReadId
    _partners: dict[str, str] = field(default_factory=dict)

    def use(self, row: Row) -> bool:
        """Adds the person, unless it is there as the row says; raises ``Unusable``."""
        cell = row.values
        role = _role(cell["role"])
        since = instant(row, "from")
        partner_want = One(Partner, self._partner_id(cell["partner"]))
        holder = Holder(name_of_person(partner_want.id, cell["external_id"]))
        found = self.portal.store.read([partner_want, holder])
        partner, there = found[partner_want], found[holder]
        if partner is None:
            raise NotFound.of("partner")
        team_id = self._team_id(partner, cell["team"])
        if there is not None:
            self._compare(row, read_one(self.portal, Individual, there), partner.id, role)
            return False
        add_individual(
            self.portal,
            ask_of(self.ask, row),
            name=cell["name"],
            email=cell["email"],
            role=role,
            partner_id=partner.id,
            team_id=team_id,
            external_id=cell["external_id"],
            valid_from=since,
        )
        return True

    def _partner_id(self, named: str) -> str:
        """The partner that a cell names, by its id or by what another system calls it."""
        if named not in self._partners:
            holder = Holder(name_of_partner(named))
            own_id = self.portal.store.read([holder])[holder]
            self._partners[named] = own_id or self.read_id("Partner", named)
        return self._partners[named]

    def _team_id(self, partner: Partner, named: str) -> str | None:
        """The team of the partner that a cell names, by its name or id."""
        if not named:
            return None
        own = _own(self.read_id("Team", named))
        for team in partner.teams:
            if own == team.id or named.casefold() == team.name.casefold():
                return team.id
        raise NotFound.of("team")

    def _compare(self, row: Row, person: Individual | None, partner_id: str, role: Role) -> None:
        """Raises ``Unusable`` where the person is, and never was, what the row says."""
        said = (row.values["name"], row.values["email"])
        held = {(one.partner_id, one.role) for one in person.employments} if person else set()
        if person is None or said != (person.name, person.email) or (partner_id, role) not in held:
            raise contradicted(row.values["external_id"])


def _own(record_id: str) -> str:
    """The own part of the id of somebody or a team at a partner, which may name the partner."""
    return record_id.rpartition(".")[2]


def _role(text: str) -> Role:
    """A role at a partner; raises ``Unusable``."""
    try:
        role = Role(text.upper())
    except ValueError:
        role = None
    if role not in _ROLES:
        known = ", ".join(sorted(_ROLES))
        raise Unusable(ProblemCode.WRONG_VALUE, f"{quoted(text)} in role is none of {known}.")
    return role


@dataclass(frozen=True)
class _Activities:
    """Uses the rows of a file of activities; whom they name is read once."""

    portal: Portal
    ask: Ask
    read_id: ReadId
    _known: dict[str, Individual] = field(default_factory=dict)

    def use(self, row: Row) -> bool:
        """Records the activity, unless it is there as the row says; raises ``Unusable``."""
        cell = row.values
        if ":" in cell["source"]:
            raise Unusable(ProblemCode.WRONG_VALUE, "The name of a source has no colon.")
        at = instant(row, "occurred_at")
        person = self._person(cell["individual"])
        program_id = self.read_id("Program", cell["program"])
        event = (cell["source"], cell["source_event_id"])
        if self._there(row, name_of_event(program_id, person.id, *event), at):
            return False
        record_activity(
            self.portal,
            ask_of(self.ask, row),
            partner_id=self._partner_of(person, at),
            individual_id=person.id,
            program_id=program_id,
            behavior=cell["behavior"],
            source=cell["source"],
            source_event_id=cell["source_event_id"],
            occurred_at=at,
        )
        return True

    def _there(self, row: Row, event_name: str, at: datetime | None) -> bool:
        """Whether the event is recorded; raises ``Unusable`` where it is another's of that name."""
        holder = Holder(event_name)
        activity_id = self.portal.store.read([holder])[holder]
        if activity_id is None:
            return False
        activity = read_one(self.portal, Activity, activity_id)
        said = (row.values["behavior"], at)
        if activity is None or said != (activity.behavior, activity.occurred_at):
            text = f"{quoted(row.values['source_event_id'])} is recorded with other values."
            raise Unusable(ProblemCode.CONTRADICTED, text)
        return True

    def _person(self, named: str) -> Individual:
        """Whom an id or an e-mail address names; raises ``NotFound`` and ``Unusable``."""
        if named not in self._known:
            person_id = self._by_email(named) if "@" in named else self._by_id(named)
            person = read_one(self.portal, Individual, person_id)
            if person is None:
                raise NotFound.of("individual")
            self._known[named] = person
        return self._known[named]

    def _by_id(self, named: str) -> str:
        return _own(self.read_id("Individual", named))

    def _by_email(self, named: str) -> str:
        listed = Listed(list_of_email(named), first=2)
        ids = self.portal.store.read([listed])[listed].ids
        if not ids:
            raise NotFound.of("individual")
        if len(ids) > 1:
            text = f"Several people have the address {quoted(named)}: name one by its id."
            raise Unusable(ProblemCode.AMBIGUOUS, text)
        return ids[0]

    def _partner_of(self, person: Individual, at: datetime | None) -> str:
        """The partner for which somebody did it: that of then, of now, or the last one."""
        now = self.portal.clock()
        then = person.employment_at(at or now), person.employment_at(now)
        for employment in (*then, *reversed(person.employments)):
            if employment is not None and employment.partner_id is not None:
                return employment.partner_id
        raise NotFound.of("individual")
