"""A rep with money to ask for, and what the tests of repeated requests look at."""

from dataclasses import replace

from portal_api.domain.events import Event
from portal_api.domain.partners import Individual, Role
from portal_api.domain.payouts import Payout
from portal_api.domain.writes import Save
from portal_api.services.store import Many, of_events, of_wallet
from tests.services.world import Company, World


def a_rep_with_150(world: World) -> tuple[World, Company]:
    """A company whose rep has earned 150.00."""
    company, program = world.ready()
    world.approved(company, program)
    return world, company


def events(world: World, partner: str) -> list[tuple[str, str, str, str]]:
    want = Many(Event, of_events(partner))
    return [
        (event.kind, event.subject_id, event.actor_id, event.request_id)
        for event in world.store.read([want])[want].records
    ]


def payouts_of(world: World, wallet: str) -> list[Payout]:
    want = Many(Payout, of_wallet(wallet))
    return list(world.store.read([want])[want].records)


def employ(world: World, person_id: str, partner: str | None, role: Role) -> None:
    """The person's employment ends and another begins."""
    person = world.load(Individual, person_id)
    assert person is not None
    before = replace(person.employments[-1], valid_to=world.now)
    after = replace(
        person.employments[-1], partner_id=partner, role=role, valid_from=world.now, team_id=None
    )
    world.store.commit([Save(replace(person, employments=(before, after)))])
