"""The demo's half year, told through the same use cases as everything else; the same for a seed.

Nothing is put into the store past the services, but for the first administrator and the mark that
the telling is complete. Every step has a request id of its own, so a telling that was killed is
finished by telling it again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from portal_api.demo import (
    aiming,
    claiming,
    consenting,
    correcting,
    finance,
    habits,
    hooking,
    importing,
    objecting,
    obstructing,
    opening,
    paying,
    processes,
    rebating,
    scenes,
    selling,
    staffing,
    working,
    world,
)
from portal_api.demo.teller import Teller
from portal_api.domain.partners import Individual, Partner, Role
from portal_api.domain.writes import Reserve
from portal_api.services.due_series import DUE, run_all
from portal_api.services.store import Holder, Listed, One, Store
from portal_api.services.use_case import Portal

IdMaker = Callable[[Callable[[], datetime], Callable[[int], int]], Callable[[], str]]
"""Makes ids from a clock and random bits, as ``app.id_maker`` does."""

SEED = 2026
_TOLD, _UNTIL = "demo:told", "demo:until"
_PARTS = (
    *(opening, aiming, consenting, selling, working, scenes, claiming, paying, finance, correcting),
    *(importing, rebating, staffing, processes, objecting, hooking, habits),
    obstructing,
)
"""In this order: what is drawn by chance depends on it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign in as. ``about`` is there for the main characters."""

    id: str
    name: str
    role: Role
    partner: str | None
    partner_id: str | None
    about: str = ""


def is_told(store: Store) -> bool:
    """Whether the demo is in the store, whole."""
    want = Holder(_TOLD)
    return store.read([want])[want] is not None


def is_missing(store: Store) -> bool:
    """Whether the demo should be told: the store is empty, or a telling was not finished."""
    partners_want, begun_want = Listed("partners", 1), One(Individual, world.ADMINISTRATOR)
    found = store.read([partners_want, begun_want])
    begun = found[begun_want] is not None
    return not is_told(store) and (begun or not found[partners_want].ids)


def tell(
    store: Store,
    id_maker: IdMaker,
    *,
    seed: int = SEED,
    until: datetime = world.TOLD_TO,
    on_step: Callable[[int, int], None] = lambda _done, _known: None,
) -> None:
    """Puts the demo into a store, once; ``on_step`` hears how many steps are done and known of.

    ``until`` is the end of a day: what waits for an answer then has come in the weeks before it. A
    telling that goes on has the end that it had.
    """
    if is_told(store):
        return
    ends = _ends(store, max(until, world.TOLD_TO))
    chance = Random(seed)  # noqa: S311 - A story and not a secret.
    ids = Random(seed)  # noqa: S311 - As above; its own, so that one more id changes no chance.

    def clock() -> datetime:
        return teller.now

    portal = Portal(store, clock, id_maker(clock, ids.getrandbits))
    teller = Teller(portal, chance, ends=ends)
    with store.group():
        for part in _PARTS:
            part.plan(teller)
        _plan_nights(teller)
        teller.run(on_step)
        store.commit([Reserve(_TOLD, f"seed {seed}")])


def _ends(store: Store, until: datetime) -> datetime:
    """When the telling ends: as it was begun, if it was."""
    want = Holder(_UNTIL)
    begun = store.read([want])[want]
    if begun is not None:
        return datetime.fromisoformat(begun)
    store.commit([Reserve(_UNTIL, until.isoformat())])
    return until


def _plan_nights(teller: Teller) -> None:
    """Plans what the portal does by itself: once a week, and before the story ends.

    The insight is asked for at the end only: it depends on nothing that was asked before.
    """
    everything = partial(run_all, teller.portal)
    due = partial(run_all, teller.portal, DUE)
    night = world.day(1, 5, hour=3)
    while night < world.TOLD_TO:
        teller.at(night, due)
        night += timedelta(days=7)
    goes_on = teller.ends > world.TOLD_TO
    teller.at(world.day(6, 30, hour=23), due if goes_on else everything)
    if goes_on:
        for days in (28, 21, 14, 7):
            teller.lately(days, due, hour=3)
        teller.lately(1, everything, hour=23)


def people(store: Store) -> tuple[Person, ...]:
    """Everybody in a store who can be found: the main characters first, then partner by partner."""
    partners_want = Listed("partners", newest_first=False)
    vendor_want = Listed("vendor.members", newest_first=False)
    found = store.read([partners_want, vendor_want])
    vendor = found[vendor_want].ids
    partner_wants = [One(Partner, partner_id) for partner_id in found[partners_want].ids]
    member_wants = [Listed(f"{want.id}.members", newest_first=False) for want in partner_wants]
    listed = store.read([*partner_wants, *member_wants])
    names = {want.id: partner.name for want in partner_wants if (partner := listed[want])}
    members = [person_id for want in member_wants for person_id in listed[want].ids]
    wants = [One(Individual, person_id) for person_id in (*vendor, *members)]
    individuals = store.read(wants)
    everybody = [_person(individual, names) for want in wants if (individual := individuals[want])]
    main = [character.name for character in world.MAIN_CHARACTERS]
    return tuple(
        sorted(everybody, key=lambda one: main.index(one.name) if one.about else len(main))
    )


def _person(individual: Individual, partner_names: dict[str, str]) -> Person:
    employment = individual.employments[-1]
    partner = partner_names.get(employment.partner_id or "")
    about = next((one.about for one in world.MAIN_CHARACTERS if one.name == individual.name), "")
    return Person(
        individual.id, individual.name, employment.role, partner, employment.partner_id, about
    )
