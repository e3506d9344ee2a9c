"""A closed wallet takes nothing but what an administrator takes back (invariant L19)."""

import pytest

from portal_api.domain.activities import WithheldReason
from portal_api.domain.deals import Deal
from portal_api.domain.errors import (
    AccountClosed,
    InsufficientBalance,
    NotFound,
    NotPermitted,
    WalletNotEmpty,
)
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.plans import Rule
from portal_api.services import disputes, payouts
from tests.services.correcting import Office, earnings_of, give_back
from tests.services.steps import define
from tests.services.stores import FaultyStore, first
from tests.services.world import Company, World, outcomes_of, taken_back, withheld

TEAM = Rule("team", "Team", Level.TEAM, "USD", Flat("DEMO", 100))


def paid_out(world: World) -> tuple[Company, str, Deal]:
    """A rep whose won deal was paid out in full."""
    company, program = world.ready()
    deal = world.approved(company, program)
    world.win(deal)
    pay_all(world, company)
    return company, program, deal


def pay_all(world: World, company: Company) -> None:
    amount = world.balance(company.rep).available
    payout = world.pay_out(company.rep, amount).payout
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=True, reference="bank-1"
    )


def test_a_wallet_is_closed_once_nothing_is_in_it(world: World) -> None:
    """Neither pending nor available nor held: the refusal says what there is."""
    define(world, "DEMO")
    office = Office.of(world)
    overlay = Rule("demo", "Demo", Level.INDIVIDUAL, "USD", Overlay("DEMO", 500))
    company, program = world.ready(overlay)
    deal = world.register(company, program)
    there = []

    def refused() -> None:
        with pytest.raises(WalletNotEmpty) as refusal:
            office.close(company.rep)
        told = refusal.value
        there.append((told.pending_minor, told.available_minor, told.held_minor))

    world.record(company, program, "DEMO", "1", deal_id=deal.id)
    refused()
    world.wait()
    world.win(deal)
    refused()
    payout = world.pay_out(company.rep, 500).payout
    refused()
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=True, reference="bank-1"
    )
    office.close(company.rep)
    with pytest.raises(AccountClosed) as again:
        office.close(company.rep)

    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    assert [(500, 0, 0), (0, 500, 0), (0, 0, 500)] == there
    assert world.now.isoformat() == again.value.closed_at
    closed = (wallet.closed_at, wallet.closed_by, wallet.closed_reason, wallet.closed_sequence)
    assert (world.now, world.admin, "Gone.", wallet.sequence) == closed
    assert [] == world.audit(program, company.parties)


def test_only_an_administrator_closes_and_only_what_can_have_a_wallet(quick_world: World) -> None:
    """A company's, too, and one that nothing was ever posted to."""
    world = quick_world
    office = Office.of(world)
    company, program = world.ready()

    for who in (office.second, company.executive, company.rep):
        with pytest.raises(NotPermitted):
            office.close(company.rep, by=who)
    for party in (program, "ind-0"):
        with pytest.raises(NotFound):
            office.close(party)
    other = world.company()
    for partner, party in ((other.id, company.rep), (other.id, company.id), (program, company.rep)):
        with pytest.raises(NotFound):
            office.close(party, partner=partner)
    for party in (company.id, company.rep):
        office.close(party)
    with pytest.raises(AccountClosed):
        office.propose(company, program, 1, wallet=company.id)


def test_a_closed_wallet_is_paid_nothing(world: World) -> None:
    """Awards and shares of teams are withheld; payouts and adjustments are refused."""
    define(world, "DEMO")
    office = Office.of(world)
    company, program, _ = paid_out(world)
    team_program = world.program(TEAM)
    world.consent(company, team_program)
    world.enroll(company, team_program)
    adjustment = office.propose(company, program, 10)
    (earning, *_) = earnings_of(world, company.rep)
    dispute = disputes.open_dispute(
        world.portal, world.ask(company.rep), earning_id=earning.id, reason="Too little."
    ).dispute
    before = world.journals(company.rep)
    office.close(company.rep)

    won = world.win(world.register(company, program))
    world.record(company, team_program, "DEMO", "1")
    with pytest.raises(InsufficientBalance):
        world.pay_out(company.rep, 1)
    with pytest.raises(AccountClosed):
        office.propose(company, program, 10)
    with pytest.raises(AccountClosed):
        office.approve(adjustment)
    with pytest.raises(AccountClosed):
        disputes.accept_dispute(
            world.portal, world.manage(), dispute_id=dispute.id, amount_minor=1, answer="Yes."
        )

    assert [withheld(75_000, WithheldReason.ACCOUNT_CLOSED)] == outcomes_of(won.activity)
    assert before == world.journals(company.rep)
    assert Balance() == world.balance(company.rep)
    assert [] == world.audit_all([program, team_program], company.parties)


def test_only_an_administrator_takes_back_from_a_closed_wallet(world: World) -> None:
    """As a reversal, and what is taken back is owed."""
    office = Office.of(world)
    company, program, _ = paid_out(world)
    registration, sale = earnings_of(world, company.rep)
    office.close(company.rep)
    with pytest.raises(AccountClosed):
        office.reverse(sale)
    office.reverse(sale, by=world.admin)

    assert Balance(receivable=-75_000) == world.balance(company.rep)
    journals = world.journals(company.rep)
    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    assert [JournalKind.REVERSAL] == [one.kind for one in journals[wallet.closed_sequence :]]
    assert 15_000 == registration.left_minor
    assert 10_000_000 - 15_000 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def test_a_returned_deal_takes_from_a_closed_wallet_by_an_administrator_only(
    world: World,
) -> None:
    """Else that is withheld: the earning stays, and the administrator can reverse it later."""
    office = Office.of(world)
    company, program, deal = paid_out(world)
    other = world.approved(company, program)
    world.win(other)
    pay_all(world, company)
    office.close(company.rep)
    by_manager = give_back(world, deal.id, by=office.second)
    untouched = world.balance(company.rep)
    by_admin = give_back(world, other.id)
    sale = earnings_of(world, company.rep)[1]
    office.reverse(sale, by=world.admin)

    reason = WithheldReason.ACCOUNT_CLOSED
    assert [withheld(75_000, reason)] == outcomes_of(by_manager.activity)
    assert Balance() == untouched
    assert [taken_back(75_000)] == outcomes_of(by_admin.activity)
    assert Balance(receivable=-150_000) == world.balance(company.rep)
    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    after = world.journals(company.rep)[wallet.closed_sequence :]
    assert [JournalKind.REVERSAL] * 2 == [journal.kind for journal in after]
    assert 10_000_000 - 30_000 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize("award_is_first", [True, False])
def test_closing_against_an_award_has_a_serial_outcome(world: World, award_is_first: bool) -> None:
    office = Office.of(world)
    company, program = world.ready()
    deal = world.register(company, program)

    if award_is_first:
        meanwhile = FaultyStore(world.store, first(lambda: world.approve(deal)))
        with pytest.raises(WalletNotEmpty):
            office.close(company.rep, portal=world.on(meanwhile))
        expected = Balance(available=15_000)
    else:
        meanwhile = FaultyStore(world.store, first(lambda: office.close(company.rep)))
        approved = world.approve(deal, world.on(meanwhile))
        reason = WithheldReason.ACCOUNT_CLOSED
        assert [withheld(15_000, reason)] == outcomes_of(approved.activity)
        expected = Balance()

    assert expected == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)
