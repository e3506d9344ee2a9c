"""How every mutation runs: exactly once per request id.

One wave of reads, a pure decision, one commit.
"""

import hashlib
import itertools
import secrets
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from portal_api.domain import errors
from portal_api.domain.access import Viewer, viewer_of
from portal_api.domain.errors import IdempotencyConflict, InvalidInput, NotPermitted, Refusal
from portal_api.domain.events import Answer, Event
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.domain.records import canonical, plain
from portal_api.domain.writes import Create, Save, Unchanged, Write
from portal_api.services.retrying import retried
from portal_api.services.store import (
    Found,
    One,
    Store,
    TooLarge,
    Want,
)

Success_co = TypeVar("Success_co", covariant=True)
Success = TypeVar("Success")

ANSWERS_KEPT = timedelta(days=90)
VENDOR = "vendor"
"""Whose the events are that concern no partner."""


@dataclass(frozen=True)
class Portal:
    """What every use case needs of the world.

    ``random_bytes`` is for secrets, which ids are not. ``private_origins`` may be webhook endpoints
    though they are private: for a developer's own machine.
    """

    store: Store
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    private_origins: Container[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks, under which client-made request id.

    ``recognized`` is told who that turned out to be.
    """

    subject: str
    request_id: str
    recognized: Callable[[Viewer], None] = lambda _: None


class Unauthenticated(Exception):
    """The token's subject is nobody who may act: unknown, suspended or no longer employed."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[Success_co]):
    """What a use case came to.

    Its outcome (a record of records) and what must be made true for it.
    """

    outcome: Success_co
    writes: tuple[Write, ...]
    subject_id: str
    partner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision is made from.

    Who asks, what was found, the instant, and more reads if it must. ``again``: something has
    changed under an earlier try, so that what was taken for granted is to be looked at.
    ``event`` is the own part of the id of the event that tells of it.
    """

    portal: Portal
    viewer: Viewer
    found: Found
    now: datetime
    request_id: str
    again: bool = False
    event: str = ""

    def cause(self, partner_id: str | None, **more: str) -> dict[str, str]:
        """The cause of a journal: who, by which request, told by which event, and what else.

        ``partner_id`` is that of the event, none for the vendor's own.
        """
        event = f"{partner_id or VENDOR}.{self.event}"
        return {"actor": self.viewer.id, "request": self.request_id, "event": event, **more}

    def told(self, kind: str, subject_id: str, partner_id: str | None) -> Event:
        """The event that tells of it."""
        return Event(
            id=f"{partner_id or VENDOR}.{self.event}",
            kind=kind,
            subject_id=subject_id,
            actor_id=self.viewer.id,
            request_id=self.request_id,
            at=self.now,
        )


def answer_id(subject: str, request_id: str) -> str:
    """The id of the answer to somebody's request."""
    return f"{subject}.{hashlib.sha256(request_id.encode()).hexdigest()[:32]}"


def system_viewer() -> Viewer:
    """Who acts in a series that nobody asked for: the portal itself."""
    employment = Employment(None, Role.SERVICE, datetime.min.replace(tzinfo=UTC))
    return Viewer(Individual("system", "Portal", "", (employment,)), employment)


def check_request_id(request_id: str) -> None:
    """Raises ``InvalidInput`` for what cannot be a request id."""
    printable = request_id.isascii() and request_id.isprintable()
    if not printable or not 8 <= len(request_id) <= 100:
        raise InvalidInput("A request id has 8 to 100 printable ASCII characters.", "requestId")


def perform(
    portal: Portal,
    ask: Ask,
    operation: str,
    arguments: Mapping[str, object],
    roles: frozenset[Role],
    wants: Sequence[Want[object]],
    decide: Callable[[Situation], Decision[Success]],
    outcome: type[Success],
) -> Success:
    """Runs one use case to its end, exactly once per caller and request id.

    Loads what ``wants`` names together with the viewer and the stored answer, in one wave; replays
    that answer; otherwise decides and commits with the answer and the event, and decides again from
    a new load when something has changed. Raises a ``Refusal``, ``Unauthenticated`` or
    ``StoreUnavailable``. Refusals of state are stored and replayed, those of input are not.
    """
    check_request_id(ask.request_id)
    asked_hash = hashlib.sha256(canonical([operation, plain(arguments)])).hexdigest()
    person_want = One(Individual, ask.subject)
    answer_want = One(Answer, answer_id(ask.subject, ask.request_id))

    tries = itertools.count()

    def attempt() -> Success | Refusal:
        again = next(tries) > 0
        found = portal.store.read([person_want, answer_want, *wants])
        now = portal.clock()
        viewer = viewer_of(found[person_want], now)
        if viewer is None:
            raise Unauthenticated
        ask.recognized(viewer)
        if viewer.role not in roles:
            raise NotPermitted("Your role may not do this.", tuple(sorted(roles)))
        answer = found[answer_want]
        if answer is not None:
            return _replayed(portal, answer, asked_hash, ask, outcome)
        situation = Situation(
            portal, viewer, found, now, ask.request_id, again, event=portal.new_id()
        )
        stamp = _Stamp(ask, operation, asked_hash, answer_want.id, now)
        result, writes = _decided(situation, decide, stamp)
        try:
            portal.store.commit(writes)
        except TooLarge:
            raise InvalidInput("This would be more than the portal can keep.", "input") from None
        return result

    result = retried(attempt)
    if isinstance(result, Refusal):
        raise result
    return result


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What is stored beside every use case."""

    ask: Ask
    operation: str
    request_hash: str
    answer_id: str
    now: datetime

    def answer(
        self, outcome: str, values: Mapping[str, object], event_id: str | None = None
    ) -> Answer:
        """The answer, kept 90 days."""
        return Answer(
            id=self.answer_id,
            operation=self.operation,
            request_hash=self.request_hash,
            outcome=outcome,
            values=values,
            answered_at=self.now,
            expires_at=int((self.now + ANSWERS_KEPT).timestamp()),
            event_id=event_id,
        )

    def writes(self, situation: Situation, decision: Decision[object]) -> tuple[Write, ...]:
        """The answer, and the event where something changes."""
        kind = type(decision.outcome).__name__
        values = _ids(decision.outcome)
        if not decision.writes:
            return (Create(self.answer(kind, values)),)
        event = situation.told(kind, decision.subject_id, decision.partner_id)
        return Create(self.answer(kind, values, event.id)), Create(event)


def _decided(
    situation: Situation, decide: Callable[[Situation], Decision[Success]], stamp: _Stamp
) -> tuple[Success | Refusal, tuple[Write, ...]]:
    """The outcome or the final refusal, with all that is to be committed for it.

    Raises a refusal that is not final: nothing is stored for it.
    """
    try:
        decision = decide(situation)
    except Refusal as refusal:
        if not refusal.final:
            raise
        return refusal, (Create(stamp.answer(type(refusal).__name__, _values(refusal))),)
    stamped = stamp.writes(situation, decision)
    acting = _still_acting(situation.viewer, decision.writes)
    return decision.outcome, (*decision.writes, *stamped, *acting)


def _still_acting(viewer: Viewer, writes: tuple[Write, ...]) -> tuple[Write, ...]:
    """A partner's person that acts is neither suspended nor moved at commit.

    Not checked of the vendor's: an integration does much at once, and would wait for itself. Nor
    twice, where the decision has relied on the person itself, or changes it.
    """
    if viewer.partner_id is None:
        return ()
    relied_on = (write.record for write in writes if isinstance(write, Save | Unchanged))
    if any(isinstance(one, Individual) and one.id == viewer.id for one in relied_on):
        return ()
    return (Unchanged(viewer.person),)


def _values(refusal: Refusal) -> dict[str, object]:
    """A refusal's fields, to raise it again."""
    named = {field.name: plain(getattr(refusal, field.name)) for field in fields(refusal)}
    return {name: value for name, value in named.items() if value is not None}


def _ids(outcome: object) -> dict[str, object]:
    """The ids of an outcome's records; values that are not records are kept as they are."""

    def kept(value: Any) -> object:
        if isinstance(value, tuple):
            return [kept(item) for item in value]
        return value.id if hasattr(value, "id") else plain(value)

    return {field.name: kept(getattr(outcome, field.name)) for field in fields(outcome)}  # type: ignore[arg-type]


def _replayed(
    portal: Portal, answer: Answer, asked_hash: str, ask: Ask, outcome: type[Success]
) -> Success:
    """The stored answer as the outcome that it was, its records as they are now."""
    if answer.request_hash != asked_hash:
        raise IdempotencyConflict(
            "This request id was used for another request before.", ask.request_id
        )
    refusal = getattr(errors, answer.outcome, None)
    if refusal is not None:
        values = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in answer.values.items()
        }
        raise refusal(**values)
    kinds = {name: kind for name, kind in get_type_hints(outcome).items() if kind is not int}
    wants: dict[tuple[str, str], One[Any]] = {}
    for name, kind in kinds.items():
        member = get_args(kind)[0] if get_origin(kind) is tuple else kind
        stored = answer.values[name]
        for record_id in stored if isinstance(stored, list) else [stored]:
            wants[name, str(record_id)] = One(member, str(record_id))
    found = portal.store.read(tuple(wants.values()))
    restored = {name: value for name, value in answer.values.items() if name not in kinds}
    for name, kind in kinds.items():
        records = tuple(
            found[want] for (field_name, _), want in wants.items() if field_name == name
        )
        restored[name] = records if get_origin(kind) is tuple else records[0]
    return outcome(**restored)
