"""Races for a rebate: what it depends on changes before its commit, or at the same time."""

from dataclasses import replace
from functools import partial

from portal_api.domain.activities import OutcomeStatus
from portal_api.services import consent, deal_changes, deals
from tests.services.racing import Together
from tests.services.rebating import (
    GROWTH,
    HOUR,
    NO_PARTICIPATION,
    REBATE,
    declare,
    found_in,
    give_back,
    offering,
    revoke,
    sell,
    update_terms,
    worth,
)
from tests.services.stores import FaultyStore, first, in_parallel
from tests.services.world import World, awarded, outcomes_of, withheld


def test_a_revocation_before_the_commit_is_a_sale_without_participation(world: World) -> None:
    company, people, program = offering(world)
    given = world.consent(company, people)
    meanwhile = first(lambda: revoke(world, company, given))

    sold = sell(world, company, program, portal=world.on(FaultyStore(world.store, meanwhile)))

    assert [withheld(80_000, NO_PARTICIPATION)] == outcomes_of(sold.activity)
    assert [] == found_in(world)


def test_a_consent_that_is_granted_before_the_commit_lets_it_accrue(world: World) -> None:
    """What was not there is checked too."""
    company, people, program = offering(world)
    meanwhile = first(lambda: world.consent(company, people))

    sold = sell(world, company, program, portal=world.on(FaultyStore(world.store, meanwhile)))

    assert [awarded(80_000)] == outcomes_of(sold.activity)


def test_terms_that_change_before_the_commit_count(world: World) -> None:
    """The consent's own item stays as it is: the required program's version tells."""
    company, people, program = offering(world)
    world.consent(company, people)
    meanwhile = first(lambda: update_terms(world, people))

    sold = sell(world, company, program, portal=world.on(FaultyStore(world.store, meanwhile)))

    assert [withheld(80_000, NO_PARTICIPATION)] == outcomes_of(sold.activity)


def test_revoking_against_a_sale_in_parallel_has_a_serial_outcome(world: World) -> None:
    company, people, program = offering(world)
    base = paid = 0
    for _ in range(3):
        given = world.consent(company, people)
        deal = world.register(company, program, 4_000_000)
        world.now += HOUR
        portal = world.on(Together(world.store, 2))

        revoked, won = in_parallel(
            partial(revoke, world, company, given, portal),
            partial(world.win, deal, 4_000_000, portal),
        )

        assert isinstance(revoked, consent.ConsentRevoked)
        assert isinstance(won, deals.DealWon)
        ((status, amount, _),) = outcomes_of(won.activity)
        if status is OutcomeStatus.AWARDED:
            base, paid = base + 4_000_000, paid + amount
        assert worth(base) == paid == world.balance(company.id).available
        world.now += HOUR
    assert [] == found_in(world)


def test_two_sales_at_once_climb_the_bands_one_after_the_other(world: World) -> None:
    company, people, program = offering(world)
    world.consent(company, people)
    sold = [world.register(company, program) for _ in range(2)]
    world.now += HOUR
    portal = world.on(Together(world.store, 2))

    in_parallel(*(partial(world.win, deal, 8_000_000, portal) for deal in sold))

    assert worth(16_000_000) == world.balance(company.id).available
    assert [] == found_in(world)


def test_a_baseline_that_is_declared_before_the_commit_counts(world: World) -> None:
    company, program = world.company(), world.program(GROWTH)
    meanwhile = first(lambda: declare(world, company, program))

    sold = sell(world, company, program, portal=world.on(FaultyStore(world.store, meanwhile)))

    assert [awarded(50_000 + 90_000)] == outcomes_of(sold.activity)


def test_a_sale_that_is_paid_nothing_before_the_commit_of_a_return_counts(world: World) -> None:
    """It moves no money, so that nothing but the counters tells of it."""
    mechanic = replace(REBATE.mechanic, retrospective=True)  # type: ignore[type-var]
    company, program = world.company(), world.program(replace(REBATE, mechanic=mechanic))
    sold = [sell(world, company, program, amount) for amount in (8_000_000, 6_000_000)]
    give_back(world, sold[0].deal)
    third = world.register(company, program, 4_000_000)
    world.now += HOUR
    meanwhile = first(lambda: world.win(third, 4_000_000))

    deal_changes.return_deal(
        world.on(FaultyStore(world.store, meanwhile)),
        world.manage(),
        deal_id=sold[1].deal.id,
        occurred_at=None,
    )
    world.now += HOUR
    sell(world, company, program, 20_000_000)

    assert 24_000_000 * 3 // 100 == world.balance(company.id).available
    assert [] == found_in(world)
