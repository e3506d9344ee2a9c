"""Whose doing a journal is: its actor, its request and its event; L8, L9, L10, L11 and L19.

A request is answered once, and its answer, its event and its journals commit together. Answers are
kept 90 days; work that nobody asked for (a series, an import) has none.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from portal_api.domain import errors
from portal_api.domain.events import Answer, Event
from portal_api.domain.ledger import Journal, JournalKind, Wallet
from portal_api.domain.partners import Individual, Role
from portal_api.services.outcomes import records_of
from portal_api.services.store import One, Want
from portal_api.services.use_case import ANSWERS_KEPT, answer_id, system_viewer
from portal_api.services.verify_fold import Problem
from portal_api.services.verify_reading import Answers, Scope

_IMPORT = "import-"
_MARGIN = timedelta(days=1)
"""An answer may be forgotten a little before or after its 90 days are over."""


def wants_of(journal: Journal, wallet: Wallet | None) -> Iterator[Want[object]]:
    """What is to be read of whom and what it was caused by."""
    cause = journal.cause
    yield One(Event, cause.get("event", ""))
    yield One(Answer, answer_id(cause.get("actor", ""), cause.get("request", "")))
    if closed(journal, wallet):
        yield One(Individual, cause.get("actor", ""))


def problems(
    journal: Journal,
    wallet: Wallet | None,
    answers: Answers,
    now: datetime | None,
    scope: Scope,
) -> Iterator[Problem]:
    """What is wrong with the cause of one journal; ``now`` None: no answer may be gone."""
    cause = journal.cause
    actor, request, event_id = (cause.get(name, "") for name in ("actor", "request", "event"))
    if not (actor and request and event_id):
        yield "L11", "It does not name actor, request and event."
        return
    event = answers[One(Event, event_id)]
    if event is None:
        yield "L11", f"The event {event_id} is not there: it was not committed with it."
    elif (event.actor_id, event.request_id) != (actor, request):
        yield "L11", f"The event {event_id} tells of another actor or request."
    if closed(journal, wallet):
        yield from _after_closing(journal, answers)
    young = now is None or journal.recorded_at > now - ANSWERS_KEPT + _MARGIN
    if young and scope.answered(actor):
        answer = answers[One(Answer, answer_id(actor, request))]
        yield from _answered(cause, answer, event_id)


def closed(journal: Journal, wallet: Wallet | None) -> bool:
    """Whether a journal came after its wallet was closed."""
    return (
        wallet is not None
        and wallet.closed_at is not None
        and journal.sequence > wallet.closed_sequence
    )


def answer_of(journal: Journal, answers: Answers) -> Answer | None:
    """The answer of the request that has posted a journal."""
    cause = journal.cause
    return answers[One(Answer, answer_id(cause.get("actor", ""), cause.get("request", "")))]


def told_of(answer: Answer) -> tuple[One[Any], ...]:
    """The records that an answer names."""
    return records_of(answer.outcome, answer.values)


def lost(answer: Answer, found: Answers) -> Iterator[Problem]:
    """Records that somebody was told of, and that are not there; L10."""
    for want in told_of(answer):
        if found[want] is None:
            yield "L10", f"{answer.operation} has told of {want.kind.__name__} {want.id}: no more."


def _answered(cause: Mapping[str, str], answer: Answer | None, event_id: str) -> Iterator[Problem]:
    request = cause["request"]
    if answer is None:
        asked = cause["actor"] != system_viewer().id and not request.startswith(_IMPORT)
        if asked:
            yield "L11", f"The answer of the request {request} was not committed with it."
        return
    if getattr(errors, answer.outcome, None) is not None:
        yield "L9", f"The request {request} was refused with {answer.outcome}, and posted this."
    elif answer.event_id not in (None, event_id):
        yield "L8", f"The request {request} has posted more than once: see {answer.event_id}."


def _after_closing(journal: Journal, answers: Answers) -> Iterator[Problem]:
    """After its closing a wallet takes nothing but an administrator's reversal."""
    person = answers[One(Individual, journal.cause["actor"])]
    employment = person.employment_at(journal.recorded_at) if person is not None else None
    if journal.kind is not JournalKind.REVERSAL:
        yield "L19", f"It was posted after the account was closed, and is a {journal.kind}."
    elif employment is None or employment.role is not Role.ADMIN:
        yield "L19", "It was posted after the account was closed, and by no administrator."
