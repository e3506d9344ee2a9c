"""The first administrator, whom no administrator can have added."""

import hashlib
from dataclasses import dataclass

from portal_api.domain.access import viewer_of
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.domain.writes import Reserve
from portal_api.services.partners import checked_address, ever_at, individual_writes, required
from portal_api.services.series import Step, step
from portal_api.services.store import One
from portal_api.services.use_case import VENDOR, Portal, Situation


class AlreadyAdministrated(Exception):
    """Somebody else is an administrator who may act, and adds whoever else is to be one."""


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """The administrator, and whether it was not there before."""

    individual: Individual
    added: bool


def first_administrator(portal: Portal, *, name: str, email: str) -> FirstAdministrator:
    """Adds an administrator where none may act: at the start, or when all are locked out.

    One who has this address is answered and not changed, so that it can be run again. The portal
    itself is the actor of the event. Raises ``AlreadyAdministrated``, ``InvalidInput``,
    ``StoreUnavailable``, ``Unreadable`` and ``StepFailed``.
    """
    called, address = required("name", name), checked_address(email)
    person: Individual | None = None

    def decide(s: Situation) -> Step | None:
        nonlocal person
        ever = _administrators(s)
        acting = [one for one in ever if _acts(one, s)]
        same = [one for one in acting if one.email.casefold() == address.casefold()]
        if acting and not same:
            raise AlreadyAdministrated
        employment = Employment(None, Role.ADMIN, s.now)
        new = Individual(f"ind-{portal.new_id()}", called, address, (employment,))
        person = same[0] if same else new
        if same:
            return None
        # Of two at once, who have seen the same administrators, one takes the name.
        seen = hashlib.sha256(" ".join(one.id for one in ever).encode()).hexdigest()[:32]
        writes = (*individual_writes(new), Reserve(f"administrator-after:{seen}", new.id))
        return Step("IndividualAdded", new.id, None, writes)

    added = step(portal, "series:first-administrator", (), decide)
    assert person is not None  # noqa: S101 - Either branch has named it.
    return FirstAdministrator(person, added)


def _administrators(s: Situation) -> list[Individual]:
    """Everybody who is or was an administrator, in the order of their ids."""
    wants = [One(Individual, person) for person in sorted(ever_at(s.portal.store, VENDOR))]
    found = s.portal.store.read(wants)
    people = [one for want in wants if (one := found[want]) is not None]
    return [one for one in people if any(held.role is Role.ADMIN for held in one.employments)]


def _acts(person: Individual, s: Situation) -> bool:
    """Whether it may act as an administrator now."""
    viewer = viewer_of(person, s.now)
    return viewer is not None and viewer.role is Role.ADMIN
