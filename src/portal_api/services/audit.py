"""The audit log: every event is a record of who changed what, when, and by which request.

Events lie in partitions, one for each partner and one for the vendor, in the order of time.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import datetime, timedelta
from typing import Final, get_args, get_origin, get_type_hints

from portal_api.domain import ids
from portal_api.domain.activities import Activity, BehaviorType
from portal_api.domain.batches import PayoutBatch
from portal_api.domain.consent import ConsentFile
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Earning
from portal_api.domain.events import Event
from portal_api.domain.goals import GoalSheet, Level, Progress
from portal_api.domain.import_files import ImportFile
from portal_api.domain.ledger import Wallet
from portal_api.domain.participation import TypePolicy
from portal_api.domain.partners import Individual, Partner, Team
from portal_api.domain.payouts import PayoutPolicy
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.domain.sales_process import SalesProcess
from portal_api.domain.settlements import SettlementFile
from portal_api.domain.tax import TaxThreshold
from portal_api.domain.teams import TeamAward
from portal_api.domain.webhooks import Endpoint
from portal_api.services.bulk_exports import WriteId
from portal_api.services.outcomes import outcome_types
from portal_api.services.row_imports import as_it_is
from portal_api.services.store import Listed, Many, One, Slice, Store, of_events
from portal_api.services.use_case import VENDOR, system_viewer

SCANNED_AT_ONCE: Final = 500
"""Of a partition's records so many are looked at for one page, however few of them are wanted."""
PARTNERS_AT_ONCE, RECORDS_OF_EACH = 20, 25
"""A page of all partners' records looks at so many partners, and so many records of each."""
_SLACK: Final = timedelta(minutes=1)
"""An id is made a moment before or after the instant that its record tells."""
PORTAL: Final = system_viewer().id
"""The actor of what nobody asked for."""

COLUMNS: Final = (
    "record",
    "at",
    "kind",
    "actor",
    "actor_name",
    "subject_type",
    "subject",
    "code",
    "program",
    "partner",
    "request_id",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: of a partner (none: the vendor's own, or in an export everybody's), and more.

    ``subject`` is type and id as ``subject_of`` has them. ``since`` is in it, ``until`` is not.
    """

    partner_id: str | None = None
    actor_id: str | None = None
    subject: tuple[str, str] | None = None
    kinds: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def admits(self, event: Event) -> bool:
        """Whether a record is one of them; whose it is was asked of the store."""
        return (
            (self.actor_id is None or event.actor_id == self.actor_id)
            and (not self.kinds or event.kind in self.kinds)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
            and (self.subject is None or subject_of(event).is_called(*self.subject))
        )

    @property
    def scans(self) -> bool:
        """Whether records have to be looked at that are not wanted."""
        return bool(self.actor_id or self.subject or self.kinds)

    def want(
        self, whose: str, first: int, after: str | None, *, newest_first: bool = False
    ) -> Many[Event]:
        """The read of a partner's records (``vendor``: the vendor's) within the bounds of time."""
        return Many(
            Event,
            of_events(whose),
            first,
            after,
            newest_first,
            low=None if self.since is None else ids.first_of(self.since - _SLACK),
            high=None if self.until is None else ids.last_of(self.until + _SLACK),
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """What was changed: its type and id as the schema has them, and its code where it has one."""

    type: str
    id: str
    code: str | None = None

    def is_called(self, type_name: str, record_id: str) -> bool:
        """Whether this type and id lead to it; people are followed from partner to partner."""
        if self.type != type_name:
            return False
        own = (self.id, record_id)
        if type_name == Individual.__name__:
            own = (self.id.rpartition(".")[2], record_id.rpartition(".")[2])
        return own[0] == own[1]


BY_ITSELF: Final[Mapping[str, type]] = {
    "BudgetLow": Program,
    "ConsentExpired": ConsentFile,
    "ConsentExpiring": ConsentFile,
    "ConsentRequestExpired": ConsentFile,
    "ConsentRequestReminded": ConsentFile,
    "DayClosed": Program,
    "DealImported": Deal,
    "DealUpdated": Deal,
    "EarningReleased": Earning,
    "EnrollmentsEnded": Individual,
    "GoalReached": Progress,
    "ImportFileFinished": ImportFile,
    "InboxSeen": Individual,
    "IndividualImported": Individual,
    "InsightRefreshed": Program,
    "LookedBack": ConsentFile,
    "PartnerImported": Partner,
    "PayoutBatchReady": PayoutBatch,
    "PayoutsBatched": PayoutBatch,
    "PlanPublished": PlanVersion,
    "PointsExpired": Wallet,
    "ProgramImported": Program,
    "StretchGoalReached": Progress,
    "SettlementFileFinished": SettlementFile,
    "TeamSharePaid": TeamAward,
    "TeamShareWithheld": TeamAward,
    "TeamSharesReopened": TeamAward,
    "WebhookEndpointDisabled": Endpoint,
    "WithheldPaid": Activity,
}
"""What steps of series and imports are about, and whatever is not its outcome's first record."""
_SHOWN_AS: Final[Mapping[type, str]] = {
    BehaviorType: "Behavior",
    ConsentFile: "Consent",
    Endpoint: "WebhookEndpoint",
    GoalSheet: "Goal",
    PayoutPolicy: "PayoutMinimum",
}
_CODED: Final = (BehaviorType, PayoutPolicy, SalesProcess, TaxThreshold, TypePolicy)


@functools.cache
def kind_of_subject(kind: str) -> type | None:
    """The kind of record that the events of a kind are about.

    A use case's event is called as its outcome, of which the subject is the first record.
    """
    named = BY_ITSELF.get(kind)
    if named is not None:
        return named
    outcome = outcome_types().get(kind)
    for hint in get_type_hints(outcome).values() if outcome is not None else ():
        member = get_args(hint)[0] if get_origin(hint) is tuple else hint
        if isinstance(member, type) and is_dataclass(member):
            return member
    return None


def subject_types(kind: str) -> tuple[str, ...]:
    """What the events of a kind are about, by the names of the schema; most of one type only."""
    found = kind_of_subject(kind)
    if found is Progress:
        return tuple(one.__name__ for one in (Individual, Team, Partner))
    if found is Wallet:
        return tuple(one.__name__ for one in (Individual, Partner))
    if found is PlanVersion:
        return (Program.__name__,)
    return () if found is None else (_SHOWN_AS.get(found, found.__name__),)


def subject_of(event: Event) -> Subject:
    """What a record is about, with the id by which the schema knows it."""
    kind, named = kind_of_subject(event.kind), event.subject_id
    whose = whose_is(event)
    if kind is Wallet:
        kind = Partner if named == whose else Individual
    if kind is Individual:
        return Subject(Individual.__name__, f"{whose}.{named}")
    if kind is Progress:
        return _goal_reached(whose, named)
    if kind is PlanVersion:
        program_id, _, number = named.rpartition(".")
        return Subject(Program.__name__, program_id, number)
    code = named if kind in _CODED else None
    type_name = "" if kind is None else _SHOWN_AS.get(kind, kind.__name__)
    return Subject(type_name, named, code)


def _goal_reached(whose: str, named: str) -> Subject:
    """Who has reached a goal, which the subject names behind its progress, and the goal's code."""
    progress_id, _, code = named.rpartition(":")
    *_, level, party = progress_id.split(".")
    if level == Level.INDIVIDUAL.lower():
        return Subject(Individual.__name__, f"{whose}.{party}", code)
    if level == Level.TEAM.lower():
        return Subject(Team.__name__, f"{whose}.{party}", code)
    return Subject(Partner.__name__, whose, code)


def whose_is(event: Event) -> str:
    """The partner that a record concerns, or ``vendor``."""
    return event.id.partition(".")[0]


def program_of(event: Event) -> str | None:
    """The program that the subject's id names, if it does."""
    return next((part for part in event.subject_id.split(".") if part.startswith("prg-")), None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Records of a slice in their order, none in the place of what is not wanted, and marks."""

    records: tuple[Event | None, ...]
    marks: tuple[str, ...]
    more: bool


def chosen(found: Slice[Event], wanted: Wanted, size: int) -> Chosen:
    """At most ``size`` wanted records of a slice.

    Its last mark is that of the last that was looked at, so that nothing is missed or repeated.
    """
    shown: list[Event | None] = []
    kept = 0
    for event in found.records:
        if kept == size:
            break
        admitted = wanted.admits(event)
        kept += admitted
        shown.append(event if admitted else None)
    more = found.more or len(shown) < len(found.records)
    return Chosen(tuple(shown), found.cursors[: len(shown)], more)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Part of an export: wanted records, if any, and from where the next part goes on."""

    records: tuple[Event, ...]
    next: str | None


def page(store: Store, wanted: Wanted, after: str | None = None) -> AuditPage:
    """Wanted records, oldest first: one partner's, or the vendor's and then each partner's.

    Three waves at most, whatever there is. ``after`` is where the page before said to go on.
    """
    whose, inside, mark = (after or f"{wanted.partner_id or VENDOR}#").partition("#")
    found: list[Event] = []

    def ended(behind: str | None) -> AuditPage:
        return AuditPage(tuple(event for event in found if wanted.admits(event)), behind)

    if inside:
        want = wanted.want(whose, SCANNED_AT_ONCE, mark or None)
        read = store.read([want])[want]
        found += read.records
        if read.more:
            return ended(f"{whose}#{read.cursors[-1]}")
        if wanted.partner_id is not None:
            return ended(None)
    begun = None if whose == VENDOR else whose
    listed = Listed("partners", PARTNERS_AT_ONCE, begun, newest_first=False)
    partners = store.read([listed])[listed]
    wants = [wanted.want(partner_id, RECORDS_OF_EACH, None) for partner_id in partners.ids]
    answers = store.read(wants)
    for partner_id, want in zip(partners.ids, wants, strict=True):
        found += answers[want].records
        if answers[want].more:
            return ended(f"{partner_id}#{answers[want].cursors[-1]}")
    return ended(partners.cursors[-1] if partners.more else None)


def rows(
    store: Store, events: Iterable[Event], write_id: WriteId = as_it_is
) -> list[tuple[str | None, ...]]:
    """Records as rows of ``COLUMNS``, with the actors' present names; one wave."""
    told = tuple(events)
    wants = {event.actor_id: One(Individual, event.actor_id) for event in told}
    found = store.read(list(wants.values()))
    return [_row(event, found[wants[event.actor_id]], write_id) for event in told]


def _row(event: Event, actor: Individual | None, write_id: WriteId) -> tuple[str | None, ...]:
    subject, program_id, whose = subject_of(event), program_of(event), whose_is(event)
    return (
        write_id("AuditRecord", event.id),
        event.at.isoformat().replace("+00:00", "Z"),
        event.kind,
        write_id("Individual", f"{employer_of(actor, event.at)}.{actor.id}") if actor else None,
        name_of(event, actor),
        subject.type,
        write_id(subject.type, subject.id),
        subject.code,
        write_id("Program", program_id) if program_id else None,
        None if whose == VENDOR else write_id("Partner", whose),
        event.request_id,
    )


def name_of(event: Event, actor: Individual | None) -> str | None:
    """What whoever did it is called now; none for somebody who is not there any more."""
    if event.actor_id == PORTAL:
        return system_viewer().person.name
    return actor.name if actor is not None else None


def employer_of(person: Individual, at: datetime) -> str:
    """Where somebody worked at an instant, or last before leaving: a partner, or ``vendor``."""
    employed = [person.employment_at(at), *reversed(person.employments)]
    return next((one.partner_id for one in employed if one is not None), None) or VENDOR
