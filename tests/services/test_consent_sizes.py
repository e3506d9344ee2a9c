"""Files of consents that take no more: whatever happens to what is in them still fits."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal_api.domain import granting
from portal_api.domain.consent import (
    EVERYBODY,
    Cap,
    Consent,
    ConsentFile,
    ConsentRequestStatus,
    Whom,
)
from portal_api.domain.consent_dates import REMINDED_AFTER
from portal_api.domain.errors import InvalidInput
from portal_api.domain.granting import Terms
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import STAFF_ROLES, ParticipationPolicy
from portal_api.domain.writes import Save
from portal_api.services.consent_dates import due_changes, tell_due
from portal_api.storage.items import item_of
from portal_api.storage.keys import key_of
from portal_api.storage.table import ITEM_BYTES_MAX, check_item
from tests.services.consenting import revoked
from tests.services.world import DAY, Company, World

SELECTIVE = ParticipationPolicy.SELECTIVE
FIVE = tuple(Cap(asset, 10**12) for asset in ("USD", "EUR", "GBP", "JPY", "POINTS"))
ALL_ROLES = tuple(sorted(STAFF_ROLES))
MOMENT = timedelta(microseconds=7)
"""Instants are as long as they get."""


def holding(file: ConsentFile, model: Consent, count: int) -> ConsentFile:
    """A file of so many consents like one."""
    numbered = (replace(model, number=number) for number in range(1, count + 1))
    return replace(file, consents=tuple(numbered))


def filled(world: World, company: Company, file: ConsentFile, terms: Terms) -> ConsentFile:
    """The file with as many consents of these terms as are granted one after the other."""

    def grant(before: ConsentFile) -> ConsentFile:
        given = (1, company.executive, world.now)
        return granting.grant(before, company.partner, SELECTIVE, terms, *given)

    (model,) = grant(file).consents
    few, many = 0, 2_000
    while many - few > 1:
        count = (few + many) // 2
        try:
            grant(holding(file, model, count))
            few = count
        except InvalidInput:
            many = count
    return grant(holding(file, model, few))


def size_of(file: ConsentFile) -> int:
    """The bytes of the item."""
    return check_item(key_of(ConsentFile, file.id), item_of(file))


@pytest.mark.parametrize(
    "whom",
    [
        Whom(tuple(f"ind-{number:020}" for number in range(60))),
        Whom(("\u00e9" * 40,)),
        Whom((), ("team-00000000000001",), ALL_ROLES),
        EVERYBODY,
    ],
)
@pytest.mark.parametrize("limits", [(), FIVE, tuple(replace(cap, amount_minor=1) for cap in FIVE)])
@pytest.mark.parametrize("asked", [0, 150])
def test_a_full_file_holds_all_that_happens_to_its_entries(
    quick_world: World, whom: Whom, limits: tuple[Cap, ...], asked: int
) -> None:
    """Each is renewed, warned of, revoked and ended; each request reminded of and declined."""
    world = quick_world
    world.now += MOMENT
    company, program = world.company(), world.program()
    file = ConsentFile(f"{company.id}.{program}", company.id, program)
    for number in range(asked):
        one = Whom((f"ind-{number:020}",))
        who = (company.partner, SELECTIVE, one, one.individual_ids[0], False, world.now)
        file = granting.request(file, *who)
    payee = Payee.PARTNER if limits else Payee.INDIVIDUAL
    ends_at = world.now + 400 * DAY if limits else None
    full = filled(world, company, file, Terms(whom, limits, payee, valid_to=ends_at))

    later = replace(
        full,
        consents=tuple(
            replace(
                one,
                renews=one.number,
                warned_at=world.now,
                expired_at=world.now,
                revoked_at=world.now,
                revoked_by=company.executive,
            )
            for one in full.consents
        ),
        requests=tuple(
            replace(one, reminded_at=(world.now,) * len(REMINDED_AFTER)).answered(
                ConsentRequestStatus.DECLINED, company.executive, world.now, "Not now."
            )
            for one in full.requests
        ),
    )
    world.store.commit([Save(later)])
    # Whoever revokes the last one is answered with all of the file, and some more.
    assert 200_000 < size_of(later) < ITEM_BYTES_MAX - 2_000


def test_in_a_full_file_each_consent_is_told_of_and_the_last_one_revoked(
    quick_world: World,
) -> None:
    world = quick_world
    world.now += MOMENT
    company, program = world.company(), world.program()
    empty = ConsentFile(f"{company.id}.{program}", company.id, program)
    terms = Terms(Whom(roles=ALL_ROLES), FIVE, valid_to=world.now + 400 * DAY)
    full = filled(world, company, empty, terms)
    told = [replace(one, warned_at=world.now, expired_at=world.now) for one in full.consents[:-1]]
    file = replace(full, consents=(*told, full.consents[-1]))
    world.store.commit([Save(file), *due_changes(empty, file)])
    world.now += 380 * DAY

    assert 1 == tell_due(world.portal)
    revoked(world, company, f"{file.id}.{len(file.consents)}")

    kept = world.load(ConsentFile, file.id)
    assert kept is not None
    last = kept.consents[-1]
    assert (world.now, world.now) == (last.warned_at, last.revoked_at)
