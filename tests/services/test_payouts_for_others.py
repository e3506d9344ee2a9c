"""The vendor asks for a payout in a party's place: nobody's money is stuck for good."""

from dataclasses import replace

import pytest

from portal_api.domain.errors import InsufficientBalance, InvalidInput, NotFound, NotPermitted
from portal_api.domain.events import Event
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance, Payee
from portal_api.domain.ledger import JournalKind
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Employment, Individual, PersonStatus, Role
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.domain.plans import Rule
from portal_api.domain.tax import StaffPaid, staff_paid_id
from portal_api.domain.writes import Save
from portal_api.services import enrollment, payouts
from portal_api.services.use_case import Ask
from portal_api.services.wallets import close_wallet
from tests.services.world import MILESTONES, Company, World

COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_REGISTERED", 900))


def ask_for(
    world: World,
    company: Company,
    wallet: str,
    amount: int,
    *,
    payee: Payee = Payee.INDIVIDUAL,
    of: str | None = None,
    ask: Ask | None = None,
) -> Payout:
    """A payout that the administrator asks for in a party's place."""
    return payouts.request_payout(
        world.portal,
        ask or world.manage(),
        wallet_id=wallet,
        asset="USD",
        amount_minor=amount,
        payee_of_own=payee,
        partner_id=company.id,
        payee_company_id=of,
    ).payout


def settle(world: World, payout: Payout, *, paid: bool = True) -> None:
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=paid, reference="bank"
    )


def move(world: World, rep: str, to: Company | None = None) -> None:
    """The person leaves its partner now, for another one or for none."""
    person = world.load(Individual, rep)
    assert person is not None
    ended = replace(person.employments[-1], valid_to=world.now)
    employed: tuple[Employment, ...] = (*person.employments[:-1], ended)
    if to is not None:
        team = to.partner.teams[0].id
        employed += (Employment(to.id, ended.role, world.now, team_id=team),)
    world.store.commit([Save(replace(person, employments=employed))])
    world.wait()


def counted(world: World, company: Company, year: int = 2026) -> dict[str, int]:
    """What was sent to a company for its people in a year."""
    found = world.load(StaffPaid, staff_paid_id(company.id, year))
    return dict(found.counters) if found is not None else {}


def rebuilt(world: World, *people: str) -> dict[str, int]:
    """The same from the journals, as ``StaffPaid`` says: by company and year, of US dollars."""
    sums: dict[str, int] = {}
    for person in people:
        for journal in world.journals(person):
            payout = world.load(Payout, journal.cause.get("payout", ""))
            if payout is None or journal.kind is not JournalKind.PAYOUT_SETTLED:
                continue
            if payout.payee is Payee.PARTNER and payout.payee_id != person:
                name = staff_paid_id(payout.payee_id, journal.recorded_at.year)
                sums[name] = sums.get(name, 0) + payout.amount_minor
    return sums


def test_a_leaver_is_paid_and_its_wallet_can_be_closed(world: World) -> None:
    """Payout and event say who has asked; it is under the leaver's last partner."""
    company, program = world.ready()
    world.approved(company, program)
    move(world, company.rep)
    payout = ask_for(world, company, company.rep, 15_000)
    settle(world, payout)
    close_wallet(
        world.portal,
        world.manage(),
        partner_id=company.id,
        party_id=company.rep,
        reason="Has left.",
    )

    stored = world.load(Payout, payout.id)
    assert stored is not None
    assert (PayoutStatus.SETTLED, company.rep, company.id, world.admin, True) == (
        stored.status,
        stored.payee_id,
        stored.partner_id,
        stored.requested_by,
        stored.by_vendor,
    )
    held = next(one for one in world.journals(company.rep) if one.kind is JournalKind.PAYOUT_HELD)
    event = world.load(Event, held.cause["event"])
    assert event is not None
    assert (world.admin, payout.id) == (event.actor_id, event.subject_id)
    assert event.id.startswith(f"{company.id}.")
    assert Balance() == world.balance(company.rep)
    assert {} == counted(world, company)
    assert [] == world.audit(program, company.parties)


def test_a_mover_s_money_goes_to_the_company_for_which_it_was_earned(world: World) -> None:
    """The balance does not tell which: the vendor names it, and no other than an employer."""
    old, new, strange = world.company(), world.company(), world.company()
    program = world.program()
    for company in (old, new):
        world.consent(company, program, payee=Payee.PARTNER)
    world.enroll(old, program)
    world.approved(old, program)
    rep = old.rep
    move(world, rep, new)
    enrollment.enroll(
        world.portal, world.ask(rep), partner_id=new.id, program_id=program, terms_version=1
    )

    with pytest.raises(InvalidInput) as own:
        world.pay_out(rep, 1, payee=Payee.PARTNER)
    with pytest.raises(InvalidInput) as unnamed:
        ask_for(world, new, rep, 1, payee=Payee.PARTNER)
    with pytest.raises(NotFound) as unknown:
        ask_for(world, new, rep, 1, payee=Payee.PARTNER, of=strange.id)
    first = ask_for(world, new, rep, 10_000, payee=Payee.PARTNER, of=old.id)
    second = ask_for(world, old, rep, 5_000, payee=Payee.PARTNER, of=new.id)
    for payout in (first, second):
        settle(world, payout)

    told = ["payee", "payeeCompanyId", "payeeCompanyId"]
    assert told == [one.value.field for one in (own, unnamed, unknown)]
    assert [old.id, new.id] == [first.payee_id, second.payee_id]
    assert ({"USD": 10_000}, {"USD": 5_000}) == (counted(world, old), counted(world, new))
    assert {f"{old.id}.2026": 10_000, f"{new.id}.2026": 5_000} == rebuilt(world, rep)
    assert [] == world.audit(program, (*old.parties, *new.parties))


def test_what_a_mover_has_earned_for_itself_is_under_its_last_partner(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    new = world.company()
    world.approved(company, program)
    move(world, company.rep, new)

    payout = ask_for(world, company, company.rep, 15_000)

    assert (company.rep, new.id) == (payout.payee_id, payout.partner_id)


def test_the_vendor_asks_for_a_company_and_for_the_suspended(quick_world: World) -> None:
    """A company's goes to the company, whatever payee is named; its owner can take it back."""
    world = quick_world
    company, program = world.ready(MILESTONES, COMPANY)
    world.approved(company, program)
    person = world.load(Individual, company.rep)
    assert person is not None
    world.store.commit([Save(replace(person, status=PersonStatus.SUSPENDED))])

    theirs = ask_for(world, company, company.id, 900)
    own = ask_for(world, company, company.rep, 100)
    payouts.cancel_payout(world.portal, world.ask(company.executive), payout_id=theirs.id)

    assert (Payee.PARTNER, company.id, company.id) == (
        theirs.payee,
        theirs.payee_id,
        theirs.partner_id,
    )
    assert (Payee.INDIVIDUAL, company.rep) == (own.payee, own.payee_id)
    assert Balance(available=900) == world.balance(company.id)


def test_a_person_that_asks_is_on_its_own_payout(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    world.approved(company, program)

    payout = world.pay_out(company.rep, 1).payout

    assert (company.rep, False) == (payout.requested_by, payout.by_vendor)


def test_the_vendor_s_requests_are_of_parties_that_there_are(quick_world: World) -> None:
    """And a manager with a wallet of its own does not pay itself."""
    world = quick_world
    company, program = world.ready()
    world.approved(company, program)
    other, rep = world.company(), company.rep
    manager = world.colleague()
    person = world.load(Individual, manager)
    assert person is not None
    before = Employment(company.id, Role.SALES_REP, person.employments[0].valid_from)
    world.store.commit([Save(replace(person, employments=(before, *person.employments)))])

    def refused(company: Company, wallet: str, **named: object) -> tuple[str, str]:
        with pytest.raises((NotFound, InvalidInput)) as caught:
            ask_for(world, company, wallet, 1, **named)  # type: ignore[arg-type]
        return type(caught.value).__name__, str(getattr(caught.value, "field", ""))

    assert [
        ("NotFound", "partyId"),
        ("NotFound", "partyId"),
        ("NotFound", "partyId"),
        ("NotFound", "partyId"),
        ("InvalidInput", "payeeCompanyId"),
        ("InvalidInput", "payeeCompanyId"),
        ("InvalidInput", "partyId"),
    ] == [
        refused(other, rep),
        refused(company, "ind-0"),
        refused(other, company.id),
        refused(company, world.admin, ask=world.ask(manager)),
        refused(company, rep, of=company.id),
        refused(company, company.id, of=other.id),
        refused(company, manager, ask=world.ask(manager)),
    ]
    with pytest.raises(InvalidInput) as unnamed:
        world.pay_out(world.admin, 1, wallet=rep)
    with pytest.raises(InsufficientBalance):
        ask_for(world, company, company.id, 1)
    assert "partyId" == unnamed.value.field
    assert Balance(available=15_000) == world.balance(rep)


def test_nobody_else_asks_in_another_s_place_nor_names_a_company(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready(reps=2)
    world.approved(company, program)
    ann, bob = company.reps
    service = world.colleague(Role.SERVICE)

    for who in (bob, company.executive):
        with pytest.raises(NotFound) as refused:
            ask_for(world, company, ann, 1, ask=world.ask(who))
        assert "partyId" == refused.value.field
    with pytest.raises(InvalidInput) as named:
        ask_for(world, company, ann, 1, of=company.id, ask=world.ask(ann))
    with pytest.raises(NotPermitted):
        ask_for(world, company, ann, 1, ask=world.ask(service))

    assert "payeeCompanyId" == named.value.field
    assert Balance(available=15_000) == world.balance(ann)


def test_what_a_company_was_sent_for_its_people_is_counted_when_it_is_settled(
    world: World,
) -> None:
    """By year and asset; not what has failed, what is a person's, nor the company's own."""
    company = world.company(reps=2)
    mine, theirs = world.program(MILESTONES, COMPANY, days=800), world.program(days=800)
    world.consent(company, mine)
    world.consent(company, theirs, payee=Payee.PARTNER)
    for program in (mine, theirs):
        world.enroll(company, program)
    ann, bob = company.reps
    for rep in (ann, bob):
        world.approved(company, theirs, rep=rep)
    world.approved(company, mine)
    world.wait(300)

    def pay(who: str, amount: int, *, paid: bool = True, payee: Payee = Payee.PARTNER) -> None:
        settle(world, world.pay_out(who, amount, payee=payee).payout, paid=paid)

    pay(ann, 100)
    pay(bob, 20)
    pay(bob, 3, paid=False)
    pay(ann, 7, payee=Payee.INDIVIDUAL)
    settle(world, world.pay_out(company.executive, 900, wallet=company.id).payout)
    year = world.now.year
    world.wait(400)
    pay(bob, 5_000)

    assert ({"USD": 120}, {"USD": 5_000}) == (
        counted(world, company, year),
        counted(world, company, year + 1),
    )
    assert {f"{company.id}.{year}": 120, f"{company.id}.{year + 1}": 5_000} == rebuilt(
        world, *company.parties
    )
