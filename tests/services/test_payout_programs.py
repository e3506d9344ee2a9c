"""Money of however many programs is paid out: what waits can always be settled."""

import pytest

from portal_api.domain import payouts as rules
from portal_api.domain.errors import InsufficientBalance, InvalidInput
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance, Holding, Lot, LotName, Payee
from portal_api.domain.ledger import Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.payouts import PROGRAMS_MAX, Payout, at_once
from portal_api.domain.plans import Rule
from portal_api.services import batches, payouts
from portal_api.services.settlements import import_settlements
from tests.services.steps import define
from tests.services.world import Company, World

TRAINING = Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", 100))


def earning_in(world: World, count: int) -> tuple[Company, list[str]]:
    """A rep who has 1.00 of each of so many programs."""
    define(world)
    company = world.company()
    programs = [world.program(TRAINING) for _ in range(count)]
    for program in programs:
        world.consent(company, program)
        world.enroll(company, program)
        world.record(company, program, "TRAINING", program)
    return company, programs


def resolve(world: World, payout: Payout, *, paid: bool) -> None:
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=paid, reference="bank"
    )


def most(world: World, rep: str, amount: int) -> int:
    """How much can be asked for, as the refusal of so much tells."""
    with pytest.raises(InsufficientBalance) as refused:
        world.pay_out(rep, amount)
    return refused.value.available_minor


def test_a_payout_of_very_many_programs_goes_in_parts_that_can_be_settled(
    quick_world: World,
) -> None:
    """Whatever is held can be settled, in a batch and at the end of a month, too."""
    world = quick_world
    company, programs = earning_in(world, PROGRAMS_MAX + 5)
    rep, every = company.rep, PROGRAMS_MAX * 100

    assert every == most(world, rep, every + 1) == most(world, rep, every + 500)
    failed = world.pay_out(rep, every).payout
    assert 0 == most(world, rep, 1)
    resolve(world, failed, paid=False)
    assert Balance(available=every + 500) == world.balance(rep)
    first = world.pay_out(rep, every).payout
    batches.create_payout_batch(world.portal, world.manage(), asset="USD")
    world.wait(60)
    resolve(world, first, paid=True)
    resolve(world, world.pay_out(rep, 500).payout, paid=True)

    assert Balance() == world.balance(rep)
    assert [] == world.audit_all(programs, company.parties)


def test_what_other_payouts_hold_counts_since_it_is_what_is_paid_first(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that wait are of three programs together, in whatever order they are settled."""
    monkeypatch.setattr(rules, "PROGRAMS_MAX", 3)
    world = quick_world
    company, programs = earning_in(world, 5)
    one, two = (world.pay_out(company.rep, amount).payout for amount in (150, 100))

    assert 50 == most(world, company.rep, 51)
    resolve(world, two, paid=True)
    assert 150 == most(world, company.rep, 151)
    three = world.pay_out(company.rep, 150).payout
    for payout in (three, one):
        resolve(world, payout, paid=True)

    assert Balance(available=100) == world.balance(company.rep)
    assert [] == world.audit_all(programs, company.parties)


def test_lots_of_one_program_and_of_another_payee_are_no_more_programs() -> None:
    """Months of one program are one; what is for the company is another payout's."""
    months = [f"2026-{month:02}" for month in range(1, 13)]
    lots = [Lot(LotName(month, "prg-1", Payee.INDIVIDUAL), 1, left=1) for month in months]
    others = [Lot(LotName("2026-01", f"prg-{n}", Payee.PARTNER), 1, held=1) for n in range(200)]
    holding = Holding(Balance(available=12, held=200), (*lots, *others))

    assert 12 == at_once(holding, Payee.INDIVIDUAL)
    assert 0 == at_once(Holding(), Payee.INDIVIDUAL)


def test_a_row_that_cannot_be_recorded_is_told_with_that_reason(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if more could be held: it is not the row's fault, the payout waits, the rest goes in."""
    monkeypatch.setattr(rules, "PROGRAMS_MAX", 200)
    world = quick_world
    company, programs = earning_in(world, 100)
    large = world.pay_out(company.rep, 9_900).payout
    other, program = world.ready(
        Rule("o", "O", Level.INDIVIDUAL, "USD", Flat("DEAL_REGISTERED", 70))
    )
    world.approved(other, program)
    small = world.pay_out(other.rep, 70).payout
    with pytest.raises(InvalidInput) as refused:
        resolve(world, large, paid=True)
    rows = (f"{large.id},PAID,TX-1", f"{small.id},PAID,TX-2", f"{small.id}0,PAID,TX-3")
    content = "\n".join(("payout_id,status,reference", *rows))
    file = import_settlements(world.portal, world.manage(), content=content).file

    codes = [(one.line, one.code.value) for one in file.problems]
    assert [(2, "NOT_RECORDED"), (4, "UNKNOWN_PAYOUT")] == codes
    assert refused.value.message == file.problems[0].text
    assert 1 == file.settled
    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    assert 9_900 == wallet.balance("USD").held
    assert [] == world.audit_all(programs, company.parties)
