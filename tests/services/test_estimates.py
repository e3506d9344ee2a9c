"""Deals registered for nothing, or for so little that the registration's part is nothing."""

import pytest

from portal_api.domain.activities import WithheldReason
from tests.services.world import World, awarded, outcomes_of, withheld


@pytest.mark.parametrize("estimate_minor", [0, 16, 100])
def test_a_registration_that_was_worth_nothing_counts_when_the_deal_is_won(
    world: World, estimate_minor: int
) -> None:
    """The parts sum to the pot of the final amount, whatever the estimate was."""
    company, program = world.ready()
    world.wait()
    deal = world.approved(company, program, estimate_minor)
    won = world.win(deal, 3_000_000)
    whole = 90_000 - sum(award.amount_minor for award in deal.awards)
    assert [awarded(whole)] == outcomes_of(won.activity)
    assert 90_000 == world.balance(company.rep).available
    assert [] == world.audit(program, company.parties)


def test_a_registration_that_was_withheld_does_not_count_even_if_it_was_worth_nothing(
    world: World,
) -> None:
    """Without consent at the time there was no registration part, of whatever size."""
    company, program = world.company(), world.program()
    world.enroll(company, program)
    world.wait()
    approved = world.approve(world.register(company, program, 0))
    assert [withheld(0, WithheldReason.NO_CONSENT)] == outcomes_of(approved.activity)
    world.consent(company, program)
    world.wait()
    assert [awarded(75_000)] == outcomes_of(world.win(approved.deal, 3_000_000).activity)
