"""Payouts are requested by who owns the wallet, resolved by the vendor, never of what is owed."""

import pytest

from portal_api.domain.errors import InsufficientBalance, InvalidInput, NotFound, NotPermitted
from portal_api.domain.ledger import Balance, EarningStatus
from portal_api.domain.payouts import PayoutStatus
from portal_api.services import payouts
from portal_api.services.store import Listed
from tests.services.world import World, awarded, outcomes_of, taken_back


def test_what_was_paid_out_already_is_owed_and_repaid_by_later_earnings(world: World) -> None:
    """Domain rule 6.5 and invariant L23."""
    company, program = world.ready()
    deal = world.approved(company, program)
    payout = world.pay_out(company.rep, 12_000).payout
    win = world.win(deal, 300_000)
    owed = world.balance(company.rep)
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=True, reference="bank-1"
    )
    with pytest.raises(InsufficientBalance):
        world.pay_out(company.rep, 1)
    later = world.approve(world.register(company, program))

    assert [taken_back(6_000)] == outcomes_of(win.activity)
    assert [(6_000, EarningStatus.AVAILABLE)] == [
        (earning.reversed_minor, earning.status) for earning in win.earnings
    ]
    assert Balance(held=12_000, receivable=-3_000) == owed
    assert [awarded(15_000)] == outcomes_of(later.activity)
    assert Balance(available=12_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_a_payout_is_on_the_vendor_s_list_until_it_is_resolved(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    world.approved(company, program)
    first, second = (world.pay_out(company.rep, amount).payout for amount in (1_000, 2_000))
    want = Listed(payouts.OPEN_PAYOUTS)
    waiting = world.store.read([want])[want].ids
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=first.id, paid=True, reference="bank-1"
    )

    assert (second.id, first.id) == waiting
    assert (second.id,) == world.store.read([want])[want].ids


def test_a_payout_that_fails_is_available_again(world: World) -> None:
    company, program = world.ready()
    world.approved(company, program)
    payout = world.pay_out(company.rep, 10_000).payout
    held = world.balance(company.rep)

    failed = payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=False, reference="no account"
    )

    assert Balance(available=5_000, held=10_000) == held
    assert PayoutStatus.FAILED is failed.payout.status
    assert Balance(available=15_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_what_is_owed_is_not_paid_out_when_a_payout_has_failed(quick_world: World) -> None:
    """Domain rule 6.5: it was held while it was taken back, so it is available and owed at once."""
    world = quick_world
    company, program = world.ready()
    deal = world.approved(company, program)
    payout = world.pay_out(company.rep, 15_000).payout
    world.win(deal, 300_000)
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=False, reference="closed"
    )

    with pytest.raises(InsufficientBalance) as refused:
        world.pay_out(company.rep, 9_001)
    world.pay_out(company.rep, 9_000)

    assert 9_000 == refused.value.available_minor
    assert Balance(available=6_000, held=9_000, receivable=-6_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1, 10**39])
def test_a_payout_of_no_amount_is_refused(quick_world: World, amount: int) -> None:
    company, program = quick_world.ready()
    quick_world.approved(company, program)

    with pytest.raises(InvalidInput):
        quick_world.pay_out(company.rep, amount)

    assert Balance(available=15_000) == quick_world.balance(company.rep)


def test_nobody_pays_out_of_another_s_wallet(quick_world: World) -> None:
    company, program = quick_world.ready(reps=2)
    quick_world.approved(company, program)
    ann, bob = company.reps

    for who, wallet in ((bob, ann), (company.executive, ann), (ann, company.id), (ann, program)):
        with pytest.raises(NotFound):
            quick_world.pay_out(who, 1, wallet=wallet)
    with pytest.raises(NotPermitted):
        quick_world.pay_out(quick_world.admin, 1, wallet=ann)

    assert Balance(available=15_000) == quick_world.balance(ann)
