"""Payouts are requested by who owns the wallet, resolved by the vendor, never of what is owed."""

from dataclasses import replace

import pytest

from portal_api.domain.earnings import EarningStatus
from portal_api.domain.errors import (
    BelowMinimumPayout,
    InsufficientBalance,
    InvalidInput,
    NotFound,
    NotPermitted,
    PayoutNotOpen,
)
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance, Payee
from portal_api.domain.ledger import Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Individual, Role
from portal_api.domain.payouts import PayoutPolicy, PayoutStatus
from portal_api.domain.plans import Rule
from portal_api.domain.writes import Save
from portal_api.services import payouts
from portal_api.services.store import Listed
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
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
    assert [(6_000, EarningStatus.PAID)] == [
        (earning.reversed_minor, world.status(earning)) for earning in win.earnings
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


def test_what_is_owed_is_repaid_first_when_a_payout_has_failed(quick_world: World) -> None:
    """Domain rule 6.5: it was held while it was taken back; so nothing is available and owed."""
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
    assert Balance(held=9_000) == world.balance(company.rep)
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
        quick_world.pay_out(quick_world.colleague(Role.SERVICE), 1, wallet=ann)

    assert Balance(available=15_000) == quick_world.balance(ann)


def test_what_is_for_the_company_is_never_sent_to_the_person_nor_the_other_way(
    world: World,
) -> None:
    """Domain rule 2.2: the payee is chosen at consent; each payout says to whom it goes."""
    company = world.company()
    mine, theirs = world.program(), world.program()
    world.consent(company, mine)
    world.consent(company, theirs, payee=Payee.PARTNER)
    for program in (mine, theirs):
        world.enroll(company, program)
    world.approved(company, mine)
    world.approved(company, theirs, 1_000_000)
    rep, available = company.rep, []
    for payee, amount in ((Payee.INDIVIDUAL, 15_001), (Payee.PARTNER, 5_001)):
        with pytest.raises(InsufficientBalance) as refused:
            world.pay_out(rep, amount, payee=payee)
        available.append(refused.value.available_minor)

    to_person = world.pay_out(rep, 15_000).payout
    to_company = world.pay_out(rep, 5_000, payee=Payee.PARTNER).payout

    assert [15_000, 5_000] == available
    assert [(Payee.INDIVIDUAL, rep), (Payee.PARTNER, company.id)] == [
        (payout.payee, payout.payee_id) for payout in (to_person, to_company)
    ]
    payouts.cancel_payout(world.portal, world.ask(rep), payout_id=to_company.id)
    with pytest.raises(InsufficientBalance):
        world.pay_out(rep, 1)
    wallet = world.load(Wallet, rep)
    assert wallet is not None
    assert 5_000 == wallet.holding("USD").left_for(Payee.PARTNER)
    assert [] == world.audit(mine, company.parties)


def test_what_was_earned_for_a_former_company_is_not_sent_to_the_present_one(
    quick_world: World,
) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    world.consent(company, program, payee=Payee.PARTNER)
    world.enroll(company, program)
    world.approved(company, program)
    person, other = world.load(Individual, company.rep), world.company()
    assert person is not None
    moved = replace(person.employments[-1], partner_id=other.id, valid_from=world.now)
    world.store.commit([Save(replace(person, employments=(*person.employments, moved)))])

    with pytest.raises(InvalidInput) as refused:
        world.pay_out(company.rep, 1, payee=Payee.PARTNER)

    assert "payee" == refused.value.field
    assert Balance(available=15_000) == world.balance(company.rep)


def test_a_company_s_own_payouts_are_the_company_s(quick_world: World) -> None:
    world = quick_world
    rule = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_REGISTERED", 900))
    company, program = world.ready(rule)
    world.approved(company, program)
    payout = world.pay_out(company.executive, 900, wallet=company.id).payout

    assert (Payee.PARTNER, company.id) == (payout.payee, payout.payee_id)


def test_less_than_the_minimum_is_not_paid_out(lonely_engine: Engine) -> None:
    """Data by asset: none before it is set, and none again once it is zero."""
    world = World(TableStore(lonely_engine))
    company, program = world.ready()
    world.approved(company, program)

    def set_to(minimum: int, asset: str = "USD") -> PayoutPolicy:
        return payouts.set_payout_minimum(
            world.portal, world.manage(), asset=asset, minimum_minor=minimum
        ).policy

    world.pay_out(company.rep, 1)
    set_to(10**12, "EUR")
    assert 5_000 == set_to(5_000).minimum_minor
    refused = []
    for amount in (4_999, 1):
        with pytest.raises(BelowMinimumPayout) as caught:
            world.pay_out(company.rep, amount)
        refused.append((caught.value.asset, caught.value.minimum_minor))
    world.pay_out(company.rep, 5_000)
    set_to(0)
    world.pay_out(company.rep, 1)

    assert [("USD", 5_000)] * 2 == refused
    assert Balance(available=9_998, held=5_002) == world.balance(company.rep)
    for minimum in (-1, 10**12 + 1):
        with pytest.raises(InvalidInput):
            set_to(minimum)
    with pytest.raises(NotPermitted):
        payouts.set_payout_minimum(
            world.portal, world.ask(company.executive), asset="USD", minimum_minor=1
        )


def test_whoever_asked_takes_a_payout_back_once(world: World) -> None:
    company, program = world.ready(reps=2)
    world.approved(company, program)
    payout = world.pay_out(company.rep, 10_000).payout
    for who in (company.reps[1], company.executive):
        with pytest.raises(NotFound):
            payouts.cancel_payout(world.portal, world.ask(who), payout_id=payout.id)

    cancelled = payouts.cancel_payout(world.portal, world.ask(company.rep), payout_id=payout.id)
    refused = []
    for _ in range(2):
        with pytest.raises(PayoutNotOpen) as caught:
            payouts.cancel_payout(world.portal, world.ask(company.rep), payout_id=payout.id)
        refused.append(caught.value.status)
    with pytest.raises(PayoutNotOpen):
        payouts.resolve_payout(
            world.portal, world.manage(), payout_id=payout.id, paid=True, reference="bank"
        )

    assert PayoutStatus.CANCELLED is cancelled.payout.status
    assert ["CANCELLED"] * 2 == refused
    assert Balance(available=15_000) == world.balance(company.rep)
    want = Listed(payouts.OPEN_PAYOUTS)
    assert payout.id not in world.store.read([want])[want].ids
    assert [] == world.audit(program, company.parties)


def test_what_is_owed_is_repaid_first_when_a_payout_is_cancelled(quick_world: World) -> None:
    """Domain rule 6.5: as when it has failed."""
    world = quick_world
    company, program = world.ready()
    deal = world.approved(company, program)
    payout = world.pay_out(company.rep, 15_000).payout
    world.win(deal, 300_000)
    payouts.cancel_payout(world.portal, world.ask(company.rep), payout_id=payout.id)

    assert Balance(available=9_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)
