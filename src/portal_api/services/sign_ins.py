"""Which sign-ins a user pool should have: those of the people who may act, and no others.

Whether somebody may act is asked at each sign-in and each request, so nothing depends on this for
safety: it invites who is new, and tidies up behind who is gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from portal_api.domain.access import viewer_of
from portal_api.domain.partners import Individual, PersonStatus
from portal_api.services.partners import members_of
from portal_api.services.store import Listed, One, Store

_AT_ONCE: Final = 100
_NOWHERE: Final = (".invalid", ".example", ".test")
"""The ends of addresses that reach nobody (RFC 2606), as imports and demos give them."""


class Deed(StrEnum):
    """What is to be done with a sign-in."""

    INVITE = "invite"
    READDRESS = "readdress"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user of the pool; its name is the person's id."""

    user_name: str
    email: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What makes one sign-in right, for a person as it is in the store."""

    deed: Deed
    individual: Individual


def changes(store: Store, now: datetime, known: Mapping[str, SignIn]) -> Iterator[Change]:
    """What makes the sign-ins right, of those in the pool (by user name) and of people without.

    Somebody without an address that reaches anybody is not invited. A user of the pool that is
    nobody in the store is left alone: it gets no token. Who was erased is deleted.
    """
    names = sorted(known)
    for start in range(0, len(names), _AT_ONCE):
        part = names[start : start + _AT_ONCE]
        for person in _people(store, part):
            deed = _deed(person, now, known[person.id])
            if deed is not None:
                yield Change(deed, person)
    for members in _member_pages(store):
        for person in _people(store, [one for one in members if one not in known]):
            if viewer_of(person, now) is not None and not person.email.endswith(_NOWHERE):
                yield Change(Deed.INVITE, person)


def _deed(person: Individual, now: datetime, sign_in: SignIn) -> Deed | None:
    if person.status is PersonStatus.ERASED:
        return Deed.DELETE
    if viewer_of(person, now) is None:
        return Deed.DISABLE if sign_in.enabled else None
    if not sign_in.enabled:
        return Deed.ENABLE
    return Deed.READDRESS if sign_in.email.casefold() != person.email.casefold() else None


def _people(store: Store, ids: list[str]) -> list[Individual]:
    wants = [One(Individual, one) for one in ids]
    found = store.read(wants)
    return [person for want in wants if (person := found[want]) is not None]


def _member_pages(store: Store) -> Iterator[list[str]]:
    """Who works for the vendor, and then for each partner, a page at a time."""
    yield from _pages(store, members_of(None))
    for partners in _pages(store, "partners"):
        for partner_id in partners:
            yield from _pages(store, members_of(partner_id))


def _pages(store: Store, name: str) -> Iterator[list[str]]:
    after: str | None = None
    while True:
        want = Listed(name, _AT_ONCE, after, newest_first=False)
        page = store.read([want])[want]
        yield [*page.ids]
        if not page.more:
            return
        after = page.cursors[-1]
