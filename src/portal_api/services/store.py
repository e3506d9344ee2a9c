"""The store as its users need it: one wave of typed reads, and one commit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, cast

from portal_api.domain.ledger import Journal
from portal_api.domain.writes import Record, Write

R = TypeVar("R", bound=Record)
T_co = TypeVar("T_co", covariant=True)


class Want(Protocol[T_co]):
    """A read that can be asked for; ``Found`` answers it with a ``T_co``."""

    def result_of(self, answer: object) -> T_co:
        """The answer with its type."""
        ...


@dataclass(frozen=True, slots=True)
class One(Generic[R]):
    """The record of a kind with an id, or none."""

    kind: type[R]
    id: str

    def result_of(self, answer: object) -> R | None:
        """The record, typed."""
        return cast("R | None", answer)


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """Records in their order, and whether there are more behind them.

    ``cursors`` has one opaque mark for each record, from which a next slice goes on.
    """

    records: tuple[R, ...]
    cursors: tuple[str, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Many(Generic[R]):
    """The records of a kind that belong to ``of`` (a scope and its ids).

    Oldest first unless ``newest_first``. ``first`` None asks for all, which is only for what is few
    by nature. ``low`` and ``high`` are inclusive bounds of their order, in the form of a cursor.
    """

    kind: type[R]
    of: tuple[str, ...]
    first: int | None = None
    after: str | None = None
    newest_first: bool = False
    low: str | None = None
    high: str | None = None

    def result_of(self, answer: object) -> Slice[R]:
        """The slice, typed."""
        return cast("Slice[R]", answer)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a claimed name, or none."""

    name: str

    def result_of(self, answer: object) -> str | None:
        """The holder, typed."""
        return cast("str | None", answer)


@dataclass(frozen=True, slots=True)
class Listed:
    """A slice of the references in a list, newest first unless told otherwise."""

    name: str
    first: int | None = None
    after: str | None = None
    newest_first: bool = True

    def result_of(self, answer: object) -> "References":
        """The references, typed."""
        return cast("References", answer)


@dataclass(frozen=True, slots=True)
class References:
    """Ids in the order of a list, a mark for each, and whether there are more."""

    ids: tuple[str, ...]
    cursors: tuple[str, ...]
    more: bool


def of_vendor() -> tuple[str, ...]:
    """The scope of what the vendor has few of: programs, plans, behaviors."""
    return ("vendor",)


def of_program(program_id: str) -> tuple[str, ...]:
    """The scope of one program's plans."""
    return ("program", program_id)


def of_partner(partner_id: str) -> tuple[str, ...]:
    """The scope of one partner's consents, goals and progress in all programs."""
    return ("partner", partner_id)


def of_partner_in(partner_id: str, program_id: str) -> tuple[str, ...]:
    """The scope of the progress of a partner and its teams in one program."""
    return ("partner_program", partner_id, program_id)


def of_weeks(partner_id: str) -> tuple[str, ...]:
    """The scope of a partner's weekly series, of all its people, teams and programs.

    In the order of weeks: as ISO dates, ``low`` is the first Monday and ``high`` the one behind the
    last.
    """
    return ("weeks", partner_id)


def of_person(partner_id: str, individual_id: str) -> tuple[str, ...]:
    """The scope of one person's affairs at a partner."""
    return ("person", partner_id, individual_id)


def of_wallet(party_id: str) -> tuple[str, ...]:
    """The scope of one party's earnings and payouts."""
    return ("wallet", party_id)


def of_shard(shard_id: str) -> tuple[str, ...]:
    """The scope of the moves in one part of a program's accounts, and of their sums."""
    return ("shard", *shard_id.split("."))


def of_pair(source: str, target: str) -> tuple[str, ...]:
    """The scope of the exchange rates from one currency to another."""
    return ("pair", source, target)


def of_events(partner_id: str | None) -> tuple[str, ...]:
    """The scope of the events that concern a partner, or the vendor alone."""
    return ("events", partner_id or "vendor")


def of_endpoint(endpoint_id: str) -> tuple[str, ...]:
    """The scope of the deliveries to one webhook endpoint."""
    return ("endpoint", endpoint_id)


T = TypeVar("T")


class Found:
    """The answers of one wave, by what was asked."""

    def __init__(self, answers: Mapping[object, object]) -> None:
        """Answers by their want."""
        self._answers = answers

    def __getitem__(self, want: Want[T]) -> T:
        """The answer of one want."""
        return want.result_of(self._answers[want])


@dataclass(frozen=True, slots=True)
class RawJournal:
    """A journal as it is stored, for verification; none where it cannot be read, or is no journal.

    ``place`` is where it was found, and ``misplaced`` whether its own content leads elsewhere.
    """

    place: str
    attributes: Mapping[str, object] | None = None
    journal: Journal | None = None
    misplaced: bool = False


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it is stored: its place, and its attributes."""

    partition: str
    place: str
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoredSlice:
    """What is stored of what was asked for, a mark for each, and whether there is more."""

    items: tuple[StoredItem, ...]
    cursors: tuple[str, ...]
    more: bool


class Unreadable(Exception):
    """What is stored at ``place`` is damaged; a slice goes on behind it from ``cursor``."""

    def __init__(self, place: str, cursor: str) -> None:
        super().__init__(f"What is stored at {place} cannot be read.")
        self.place = place
        self.cursor = cursor


class WriteConflict(Exception):
    """Something that the decision depended on has changed: load again and decide again."""


class StoreUnavailable(Exception):
    """The store could not do it in time and nothing was written; the caller may try again."""


class OutcomeUnknown(Exception):
    """The answer to a commit was lost: only a read can tell whether it was done."""


class TooLarge(Exception):
    """What was to be written is more than an item or a transaction takes; nothing was."""


class Store(Protocol):
    """What the services need of a database."""

    def read(self, wants: Sequence[Want[object]]) -> Found:
        """Everything asked for, strongly consistent, in one round trip.

        Raises ``StoreUnavailable`` and ``Unreadable``.
        """
        ...

    def commit(self, writes: Sequence[Write]) -> None:
        """All of it in one transaction, or nothing.

        Raises ``WriteConflict``, ``StoreUnavailable``, ``OutcomeUnknown`` and ``TooLarge``.
        """
        ...

    def group(self) -> AbstractContextManager[None]:
        """Commits inside become durable together at its end, where the engine can do that."""
        ...

    def journals(self, wallet_id: str, after: str | None = None) -> Iterator[RawJournal]:
        """A wallet's journals as stored, in the order of their keys; ``after`` is a cursor."""
        ...

    def stored(self, wants: Sequence[Want[object]]) -> Mapping[object, StoredSlice]:
        """By what was asked for, what is stored of it; raises as ``read`` does."""
        ...
