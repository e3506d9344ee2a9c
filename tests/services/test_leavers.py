"""What becomes of the deals and the money of somebody who has left its partner."""

from dataclasses import replace

from portal_api.domain.activities import WithheldReason
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Individual
from portal_api.domain.plans import Rule
from portal_api.domain.writes import Save
from tests.services.world import MILESTONES, World, awarded, outcomes_of, withheld

COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 10_000))


def leave(world: World, rep: str) -> None:
    """The rep's employment ends now."""
    person = world.load(Individual, rep)
    assert person is not None
    ended = replace(person.employments[-1], valid_to=world.now)
    world.store.commit([Save(replace(person, employments=(*person.employments[:-1], ended)))])


def test_a_leaver_s_deal_can_be_won_and_pays_the_company_but_not_the_leaver(world: World) -> None:
    """The deal is the company's; what a person earned stays, and nothing is added to it."""
    company, program = world.ready(MILESTONES, COMPANY)
    world.wait()
    deal = world.approved(company, program)
    leave(world, company.rep)
    world.wait()
    won = world.win(deal)
    assert [withheld(75_000, WithheldReason.NOT_EMPLOYED), awarded(10_000)] == outcomes_of(
        won.activity
    )
    assert (15_000, 10_000) == (
        world.balance(company.rep).available,
        world.balance(company.id).available,
    )
    assert [] == world.audit(program, company.parties)


def test_what_occurred_before_the_leaving_is_paid_when_it_is_reported_after_it(
    world: World,
) -> None:
    """An activity is judged by what held when it occurred."""
    company, program = world.ready(MILESTONES)
    world.wait()
    deal, occurred_at = world.approved(company, program), world.now
    world.wait()
    leave(world, company.rep)
    world.wait()
    late = world.win(deal, occurred_at=occurred_at)
    assert [awarded(75_000)] == outcomes_of(late.activity)
