"""One step of a series: a transaction in the portal's own name, that nobody asked for.

A series is larger work cut into such steps. Each decides from what it finds then, so that it can be
killed after any of them, and run again or twice at once, and does nothing twice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from portal_api.domain.errors import Refusal
from portal_api.domain.writes import Create, Write
from portal_api.services.retrying import retried
from portal_api.services.store import (
    OutcomeUnknown,
    StoreUnavailable,
    TooLarge,
    Unreadable,
    Want,
)
from portal_api.services.use_case import Portal, Situation, system_viewer

T = TypeVar("T")


class StepFailed(Exception):
    """A step cannot be done as things are; nothing of it was written, and others go on."""


UNFINISHED = (StoreUnavailable, Unreadable, OutcomeUnknown, StepFailed)
"""Why a step of a series is not done: it is left for the next run and keeps no other waiting."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step came to: the event's kind, subject and partner, and what must be made true."""

    kind: str
    subject_id: str
    partner_id: str | None
    writes: tuple[Write, ...]


def step(
    portal: Portal,
    run: str,
    wants: Sequence[Want[object]],
    decide: Callable[[Situation], Step | None],
) -> bool:
    """Loads, decides and commits with an event; false where nothing was left to do.

    ``run`` names the series and what the step is about. Raises ``StoreUnavailable``, ``Unreadable``
    and, for what would come again however often it is tried, ``StepFailed``.
    """

    def attempt() -> bool:
        found = portal.store.read(wants)
        situation = Situation(
            portal, system_viewer(), found, portal.clock(), run, event=portal.new_id()
        )
        done = decide(situation)
        if done is None:
            return False
        event = situation.told(done.kind, done.subject_id, done.partner_id)
        portal.store.commit([*done.writes, Create(event)])
        return True

    try:
        return retried(attempt)
    except (TooLarge, ValueError, Refusal) as problem:
        raise StepFailed(f"{run}: {problem}") from problem


def each(entries: Iterable[T], do: Callable[[T], int], told: str) -> int:
    """Does every entry, and says how much that was in all.

    One that cannot be done now keeps no other waiting. Raises ``StoreUnavailable`` at the end where
    there is one, with ``told``, which has places for the entries ``{left}`` and for what is
    ``{done}``.
    """
    done, left, failed = 0, 0, list[str]()
    for entry in entries:
        try:
            done += do(entry)
        except UNFINISHED as problem:
            left += 1
            if isinstance(problem, StepFailed):
                failed.append(f"{problem}")
    if left:
        # The first of those that trying again does not help; the next run tells of the others.
        raise StoreUnavailable(" ".join((told.format(left=left, done=done), *failed[:1])))
    return done
