"""A store that looks at every commit of the API's tests: is there one audit record per change?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from portal_api.domain.consent import ConsentFile
from portal_api.domain.events import Answer, Event
from portal_api.domain.goals import Progress
from portal_api.domain.insights.kept import CompanyInsight, ProgramInsight
from portal_api.domain.writes import Absent, Count, Create, Save, Unchanged, Write
from portal_api.services.audit import PORTAL, kind_of_subject
from portal_api.services.store import One, Store
from portal_api.services.use_case import answer_id
from tests.services.world import World

BESIDES = {"BudgetLow", "GoalReached", "StretchGoalReached"}
"""Events that tell of what a change has led to, beside the change's own."""
_WITH_MORE = {ConsentFile: ".", Progress: ":"}
"""A subject can be a part of a record: its number or code is behind the record's id."""


class Audited:
    """A store that remembers what is wrong with the audit records of what was committed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.events: list[Event] = []
        self._problems: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, writes: Sequence[Write]) -> None:
        """Commits, then looks."""
        self._store.commit(writes)
        self._problems += _problems(writes)
        self.events += _events(writes)

    def problems(self) -> Iterator[str]:
        """What is wrong with each record, with all of one request, and with what they lead to."""
        yield from self._problems
        # What concerns two partners is told to both: one record, whose ids end alike.
        own = {
            (event.actor_id, event.request_id, _ends(event))
            for event in self.events
            if event.kind not in BESIDES
        }
        asked = Counter((actor_id, request_id) for actor_id, request_id, _ in own)
        # A step that the portal takes by itself may be taken again; a request is answered once.
        yield from (
            f"{count} records of one request: {who}"
            for who, count in asked.items()
            if count > 1 and who[0] != PORTAL
        )
        yield from self._leading_nowhere()

    def _leading_nowhere(self) -> Iterator[str]:
        wants: dict[tuple[str, str], One[Any]] = {}
        for event in self.events:
            kind = kind_of_subject(event.kind)
            if kind is None:
                yield f"What {event.kind} is about is not known."
            else:
                wants[event.kind, event.subject_id] = One(kind, event.subject_id)
        part_of = {
            want: One(want.kind, want.id.rpartition(_WITH_MORE[want.kind])[0])
            for want in wants.values()
            if want.kind in _WITH_MORE
        }
        found = self._store.read([*wants.values(), *part_of.values()])
        for (kind_of_event, subject_id), want in wants.items():
            if found[want] is None and found[part_of.get(want, want)] is None:
                yield f"{kind_of_event} is about {subject_id}, which is not there."


def audited(world: World) -> Audited:
    """Looks at all that is asked of a world's portal from now on."""
    store = Audited(world.store)
    world.portal = replace(world.portal, store=store)
    return store


def _ends(event: Event) -> str:
    return event.id.rpartition(".")[2]


def _events(writes: Sequence[Write]) -> list[Event]:
    return [
        write.record
        for write in writes
        if isinstance(write, Create) and isinstance(write.record, Event)
    ]


def _changes(write: Write) -> bool:
    """Whether it changes anything that is neither an answer nor an event.

    What is kept of a partner's insight comes before the program's, whose event tells of both.
    """
    match write:
        case Create(Answer() | Event()) | Save(CompanyInsight()) | Unchanged() | Absent():
            return False
        case Count(_, added):
            return bool(added)
        case _:
            return True


def _problems(writes: Sequence[Write]) -> Iterator[str]:
    """What is wrong with the audit records of one commit."""
    only = writes[0] if len(writes) == 1 else None
    if isinstance(only, Save) and isinstance(only.record, ProgramInsight):
        return  # Its answers are as before, and refreshed later: tests/insights/ hold it to that.
    own = [event for event in _events(writes) if event.kind not in BESIDES]
    if len({_ends(event) for event in own}) != int(any(map(_changes, writes))):
        yield f"{len(own)} records of one change: {writes}"
        return
    answers = [
        write.record
        for write in writes
        if isinstance(write, Create) and isinstance(write.record, Answer)
    ]
    for event in own:
        if not (event.actor_id and event.subject_id and event.request_id and event.kind):
            yield f"Who, what or by which request is missing: {event}"
        for answer in answers:
            if event.id != answer.event_id and answer.event_id in {one.id for one in own}:
                continue  # The same, told to another partner.
            told = (answer.event_id, answer.id, answer.outcome, answer.answered_at)
            asked = answer_id(event.actor_id, event.request_id)
            if told != (event.id, asked, event.kind, event.at):
                yield f"{answer} is not what {event} tells of"
