"""The first that is approved for a customer and product protects them, in any order and race."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal_api.domain.deals import Deal, DealStage, RegistrationStatus
from portal_api.domain.errors import (
    DealConflict,
    DealNotOpen,
    ExtensionNotRequested,
    InvalidInput,
    NotFound,
    RegistrationDecided,
)
from portal_api.services import deal_changes, deals
from portal_api.services.store import Listed
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.racing import Together, approve
from tests.services.stores import CountingEngine, FaultyStore, first, in_parallel
from tests.services.world import DAY, Company, World

ACME = "Acme"


def two_rivals(world: World) -> tuple[list[Company], str, list[Deal]]:
    """Two companies that have both submitted the same customer and product."""
    companies, program = [world.company(), world.company()], world.program()
    submitted = [world.register(company, program, customer=ACME) for company in companies]
    return companies, program, submitted


def seen(world: World, deal: Deal) -> Deal:
    found = world.load(Deal, deal.id)
    assert found is not None
    return found


def protected(world: World, *known: Deal) -> list[bool]:
    return [seen(world, deal).protected_at(world.now) for deal in known]


def extended(
    world: World, deal: Deal, days: int, portal: Portal | None = None
) -> deal_changes.DealExtended:
    """Asked for by its owner, and granted."""
    asked(world, deal, days)
    return deal_changes.approve_extension(portal or world.portal, world.manage(), deal_id=deal.id)


def asked(world: World, deal: Deal, days: int) -> deal_changes.ExtensionRequested:
    return deal_changes.request_extension(
        world.portal,
        world.ask(deal.owner_id),
        deal_id=deal.id,
        until=world.now + timedelta(days=days),
        reason="They are slow.",
    )


def waiting(world: World, deal: Deal, name: str) -> bool:
    listed = Listed(name)
    return deal.id in world.store.read([listed])[listed].ids


def test_of_two_approvals_at_once_for_one_customer_and_product_one_is_made(world: World) -> None:
    """Domain rule 3.3: the transaction decides who was first."""
    _, _, rivals = two_rivals(world)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(*[lambda deal=deal: approve(world, deal.id, portal) for deal in rivals])

    assert {deals.DealApproved, DealConflict} == {type(answer) for answer in answers}
    assert [False, True] == sorted(protected(world, *rivals))
    assert ["APPROVED", "SUBMITTED"] == sorted(seen(world, deal).registration for deal in rivals)


def test_four_approvals_at_once_against_one_that_has_expired_replace_it_once(world: World) -> None:
    """What protects nobody any more is replaced by exactly one."""
    company, program = world.company(), world.program()
    expired = world.approve(world.register(company, program, customer=ACME)).deal
    world.wait(90)
    rivals = [world.register(world.company(), program, customer=ACME) for _ in range(4)]
    portal = world.on(Together(world.store, 4))

    answers = in_parallel(*[lambda deal=deal: approve(world, deal.id, portal) for deal in rivals])

    kinds = sorted(type(answer).__name__ for answer in answers)
    assert ["DealApproved", *["DealConflict"] * 3] == kinds
    assert [False, False, False, True] == sorted(protected(world, *rivals))
    assert [False] == protected(world, expired)


def test_an_approval_before_the_commit_of_another_is_seen(world: World) -> None:
    """The commit finds whoever there is, though nobody was looked for."""
    _, _, (one, other) = two_rivals(world)
    store = FaultyStore(world.store, first(lambda: world.approve(other)))

    with pytest.raises(DealConflict):
        approve(world, one.id, world.on(store))

    assert [False, True] == protected(world, one, other)


def lost(world: World, deal: Deal) -> None:
    world.lose(deal)


def won(world: World, deal: Deal) -> None:
    world.win(deal)


def over(world: World, deal: Deal) -> None:
    world.wait(90)


@pytest.mark.parametrize("end", [lost, won, over])
def test_a_deal_that_is_closed_or_expired_protects_nobody(
    world: World, end: Callable[[World, Deal], None]
) -> None:
    _, _, (one, other) = two_rivals(world)
    world.approve(one)
    with pytest.raises(DealConflict):
        world.approve(other)
    end(world, one)
    world.approve(other)
    assert [False, True] == protected(world, one, other)


def test_a_deal_that_is_lost_before_the_commit_of_another_approval_is_in_nobody_s_way(
    world: World,
) -> None:
    """Decided again after the first conflict, when the holder is found lost."""
    _, _, (one, other) = two_rivals(world)
    world.approve(one)
    store = FaultyStore(world.store, first(lambda: world.lose(one)))

    assert approve(world, other.id, world.on(store)).deal.protected_at(world.now)


def test_an_extension_against_the_approval_of_another_has_a_serial_outcome(world: World) -> None:
    """The protection is over: whoever commits first has the customer, and the other is refused."""
    _, _, (one, other) = two_rivals(world)
    world.approve(one)
    asked(world, one, 120)
    world.wait(90)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        lambda: deal_changes.approve_extension(portal, world.manage(), deal_id=one.id),
        lambda: approve(world, other.id, portal),
    )

    assert 1 == sum(isinstance(answer, DealConflict) for answer in answers)
    assert 1 == sum(
        isinstance(answer, deal_changes.DealExtended | deals.DealApproved) for answer in answers
    )
    assert [False, True] == sorted(protected(world, one, other))


@pytest.mark.parametrize("extension_is_first", [True, False])
def test_either_order_of_an_extension_and_another_approval_ends_with_one_protected(
    world: World, extension_is_first: bool
) -> None:
    _, _, (one, other) = two_rivals(world)
    world.approve(one)
    asked(world, one, 120)
    world.wait(90)

    def extend(portal: Portal) -> object:
        return deal_changes.approve_extension(portal, world.manage(), deal_id=one.id)

    def take(portal: Portal) -> object:
        return approve(world, other.id, portal)

    early, late = (extend, take) if extension_is_first else (take, extend)
    store = FaultyStore(world.store, first(lambda: early(world.portal)))
    with pytest.raises(DealConflict):
        late(world.on(store))

    assert [extension_is_first, not extension_is_first] == protected(world, one, other)


def test_an_extension_keeps_the_customer_for_as_long_as_was_asked(quick_world: World) -> None:
    world = quick_world
    _, _, (one, other) = two_rivals(world)
    world.approve(one)
    until = world.now + timedelta(days=120)
    assert until == extended(world, one, 120).deal.protected_until
    world.now = until - timedelta(microseconds=1)
    with pytest.raises(DealConflict):
        world.approve(other)
    world.now = until
    world.approve(other)
    with pytest.raises(ExtensionNotRequested):
        deal_changes.approve_extension(world.portal, world.manage(), deal_id=one.id)


def test_an_extension_that_is_asked_for_twice_is_the_last_one_asked_for(world: World) -> None:
    """It is on the vendor's list once, and off it once it is decided or the deal is closed."""
    _, _, (one, other) = two_rivals(world)
    world.approve(one)
    asked(world, one, 100)
    asked(world, one, 130)
    assert waiting(world, one, deals.EXTENSIONS)
    granted = deal_changes.approve_extension(world.portal, world.manage(), deal_id=one.id)
    assert world.now + 130 * DAY == granted.deal.protected_until
    assert not waiting(world, one, deals.EXTENSIONS)
    asked(world, one, 140)
    world.lose(one)
    assert not waiting(world, one, deals.EXTENSIONS)
    world.approve(other)


def test_who_asks_for_an_extension_is_the_owner_or_above(quick_world: World) -> None:
    world = quick_world
    company, program = world.company(reps=2), world.program()
    deal = world.approve(world.register(company, program)).deal
    for who in (company.reps[1], world.company().rep, world.company().executive):
        with pytest.raises(NotFound):
            deal_changes.request_extension(
                world.portal,
                world.ask(who),
                deal_id=deal.id,
                until=world.now + 100 * DAY,
                reason="Mine.",
            )


def test_a_reopened_deal_protects_nobody_and_does_not_take_the_customer_back(
    quick_world: World,
) -> None:
    world = quick_world
    _, _, (one, other) = two_rivals(world)
    world.approve(one)
    world.lose(one)
    reopened = deal_changes.reopen_deal(
        world.portal, world.manage(), deal_id=one.id, occurred_at=None
    ).deal
    assert (DealStage.OPEN, None) == (reopened.stage, reopened.protected_until)
    world.approve(other)
    world.win(one)
    assert [False, True] == protected(world, one, other)


def test_a_reopened_deal_cannot_be_closed_before_it_was_opened_again(quick_world: World) -> None:
    """Else a sale would be counted in a window that its own return has left."""
    world = quick_world
    company, program = world.company(), world.program()
    deal = world.approved(company, program)
    world.wait()
    world.win(deal)
    world.wait()
    portal, manage = world.portal, world.manage
    deal_changes.return_deal(portal, manage(), deal_id=deal.id, occurred_at=None)
    returned = world.now
    world.wait(3)
    with pytest.raises(InvalidInput):
        deal_changes.reopen_deal(
            portal, manage(), deal_id=deal.id, occurred_at=returned - timedelta(microseconds=1)
        )
    opened = returned + DAY
    deal_changes.reopen_deal(portal, manage(), deal_id=deal.id, occurred_at=opened)
    early = opened - timedelta(microseconds=1)
    for close in (
        lambda: world.win(deal, occurred_at=early),
        lambda: deals.lose_deal(portal, manage(), deal_id=deal.id, occurred_at=early),
    ):
        with pytest.raises(InvalidInput) as refused:
            close()
        assert "occurredAt" == refused.value.field
    assert opened == world.win(deal, occurred_at=opened).deal.closed_at


def test_a_registration_that_nobody_can_decide_is_off_the_list_of_those_that_wait(
    world: World,
) -> None:
    """Lost undecided; opened again it waits again. What was won can still be approved, late."""
    company, program = world.company(), world.program()
    one, sold = world.register(company, program), world.register(company, program)

    def waits(deal: Deal) -> bool:
        return waiting(world, deal, deals.SUBMITTED_DEALS)

    assert waits(one)
    world.lose(one)
    assert not waits(one)
    with pytest.raises(DealNotOpen):
        world.approve(one)
    deal_changes.reopen_deal(world.portal, world.manage(), deal_id=one.id, occurred_at=None)
    assert waits(one)
    world.approve(one)
    world.win(sold)
    assert (False, True) == (waits(one), waits(sold))
    world.approve(sold)
    assert not waits(sold)
    assert RegistrationStatus.APPROVED is seen(world, sold).registration


def test_another_product_or_program_is_another_matter(quick_world: World) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    world.approve(world.register(company, program, customer=ACME))
    world.approve(world.register(company, program, customer=ACME, product="Other"))
    world.approve(world.register(company, world.program(), customer=ACME))
    with pytest.raises(DealConflict):
        world.register(world.company(), program, customer="  ACME. ", product="product")


def test_an_approval_that_two_send_for_one_deal_is_made_once(world: World) -> None:
    """Its own protection is in nobody's way, and its own second approval is."""
    _, _, (one, _) = two_rivals(world)
    portal = world.on(Together(world.store, 2))
    answers = in_parallel(*[lambda: approve(world, one.id, portal)] * 2)
    assert {deals.DealApproved, RegistrationDecided} == {type(answer) for answer in answers}
    assert [True] == protected(world, one)


def test_approvals_of_different_partners_write_nothing_together_but_perhaps_one_budget_shard(
    quick_world: World, sqlite_engine: SqliteEngine
) -> None:
    """Each customer and product is an item of its own: serialization is never per program."""
    world = quick_world
    program, counting = world.program(), CountingEngine(sqlite_engine)
    portal, sets = world.on(TableStore(counting)), []
    for _ in range(6):
        company = world.company()
        world.consent(company, program)
        world.enroll(company, program)
        deal = world.register(company, program)
        counting.forget()
        approve(world, deal.id, portal)
        assert "RW" == counting.waves
        ((*written,),) = counting.written
        sets.append({op.key for op in written})

    common = [one & other for number, one in enumerate(sets) for other in sets[:number]]

    shards = f"PROGRAM#{program}#SHARD#"
    assert all(len(keys) <= 1 for keys in common)
    assert all(key.pk.startswith(shards) for keys in common for key in keys)
