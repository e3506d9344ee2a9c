"""Reading for verification: what is damaged is named, and never stops the walk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from portal_api.domain.writes import Record
from portal_api.services.store import Found, Listed, Many, Store, Unreadable, Want

R = TypeVar("R", bound=Record)
T = TypeVar("T")

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Scope:
    """What is there to be verified: the whole store, unless it is an export.

    ``wallets``: only these, with what explains them (none: all). ``records``: with what people did
    and were answered, which an export leaves out.
    """

    wallets: tuple[str, ...] | None = None
    records: bool = True

    @property
    def whole(self) -> bool:
        """Whether all wallets are there, and what is compared over all of them."""
        return self.wallets is None

    def answered(self, actor_id: str) -> bool:
        """Whether the answers to somebody's requests are there."""
        return self.whole or actor_id in (self.wallets or ())


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant of the ledger that does not hold, where, and what is wrong.

    ``wallet_id``, ``place`` (the journal's key in the wallet) and ``sequence`` as far as it is
    about one wallet, and one journal of it.
    """

    invariant: str
    text: str
    wallet_id: str | None = None
    place: str | None = None
    sequence: int | None = None

    def __str__(self) -> str:
        wallet = f" wallet {self.wallet_id}" if self.wallet_id else ""
        number = "" if self.sequence is None else f" {self.sequence}"
        journal = f" journal{number} at {self.place}" if self.place else ""
        return f"{self.invariant}{wallet}{journal}: {self.text}"


class Answers:
    """The answers of one wave; what is damaged is none here, and named in ``damaged``."""

    def __init__(self, store: Store, wants: Sequence[Want[object]]) -> None:
        """Reads all at once, and one by one only where something is damaged."""
        self.damaged: list[str] = []
        self._found: dict[object, Found] = {}
        wants = list(dict.fromkeys(wants))
        try:
            together = store.read(wants)
            self._found = dict.fromkeys(wants, together)
        except (Unreadable, ValueError):  # A ValueError: a damaged id leads to no possible key.
            for want in wants:
                try:
                    self._found[want] = store.read([want])
                except Unreadable as damage:
                    self.damaged.append(damage.place)
                except ValueError:
                    self.damaged.append(str(want))

    def __getitem__(self, want: Want[T]) -> T | None:
        """The answer of one want."""
        found = self._found.get(want)
        return None if found is None else found[want]


def records(store: Store, want: Many[R], at_once: int = _AT_ONCE) -> Iterator[R | Unreadable]:
    """All records of a collection in its order, a slice at a time, and what is damaged."""
    first = at_once
    while True:
        try:
            found = store.read([replace(want, first=first)])[replace(want, first=first)]
        except Unreadable as damage:
            if first == 1:
                yield damage
                want, first = replace(want, after=damage.cursor), at_once
            else:
                first = 1
            continue
        yield from found.records
        if not found.more:
            return
        want = replace(want, after=found.cursors[-1])


def listed(store: Store, name: str) -> Iterator[tuple[str, str] | Unreadable]:
    """All entries of a list, each as its mark and its reference, and what is damaged."""
    first, after = _AT_ONCE, None
    while True:
        want = Listed(name, first, after, newest_first=False)
        try:
            found = store.read([want])[want]
        except Unreadable as damage:
            if first == 1:
                yield damage
                first, after = _AT_ONCE, damage.cursor
            else:
                first = 1
            continue
        yield from zip(found.cursors, found.ids, strict=True)
        if not found.more:
            return
        after = found.cursors[-1]
