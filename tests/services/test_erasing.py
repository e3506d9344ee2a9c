"""Erasing a person: nothing tells who it was, and no balance, sum or hash changes (L25)."""

import json

import pytest

from portal_api.domain.errors import AlreadyErased, ErasureNotPossible, NotFound, NotPermitted
from portal_api.domain.partners import Individual, Partner, PersonStatus, Role
from portal_api.domain.people import ERASED_NAME
from portal_api.services import payouts, people
from portal_api.services.bulk_exports import activities_csv, people_csv
from portal_api.services.erasing import erase_individual
from portal_api.services.export import export
from portal_api.services.partners import (
    add_individual,
    list_of_email,
    name_of_person,
    suspend_individual,
)
from portal_api.services.personal_data import document
from portal_api.services.store import Holder, Listed
from portal_api.services.use_case import Portal
from portal_api.services.verify import LedgerSummary, verify
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.moving import leave, place
from tests.services.stores import FaultyStore, first
from tests.services.world import Company, World

NAME, EMAIL, EXTERNAL = "Zinaida Quux", "zinaida@quux.example", "HR-9917"


def erase(
    world: World, company: Company, person: str, portal: Portal | None = None, by: str | None = None
) -> Individual:
    return erase_individual(
        portal or world.portal,
        world.ask(by or world.admin),
        at=company.id,
        individual_id=person,
    ).individual


def hire(world: World, company: Company) -> str:
    return add_individual(
        world.portal,
        world.manage(),
        name=NAME,
        email=EMAIL,
        role=Role.SALES_REP,
        partner_id=company.id,
        team_id=company.partner.teams[0].id,
        external_id=EXTERNAL,
    ).individual.id


def earned(world: World) -> tuple[Company, str, str]:
    """A company, a program, and somebody who has earned 150.00 there."""
    company, program = world.company(), world.program()
    world.consent(company, program)
    person = hire(world, company)
    world.enroll(company, program, person)
    world.wait()
    world.approved(company, program, rep=person)
    return company, program, person


def pay(world: World, company: Company, person: str) -> None:
    """All of it is sent; the vendor asks for it, since the person may have left."""
    payout = payouts.request_payout(
        world.portal,
        world.manage(),
        wallet_id=person,
        asset="USD",
        amount_minor=15_000,
        partner_id=company.id,
    ).payout
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=True, reference="bank"
    )


def proven(world: World) -> LedgerSummary:
    """What ``verify`` finds, with the sums of everything."""
    *_, summary = verify(world.store)
    assert isinstance(summary, LedgerSummary)
    return summary


def everything_about(world: World, company: Company, person: str) -> str:
    """All that goes out of the portal of a person, in one text."""
    partner, one = world.load(Partner, company.id), world.load(Individual, person)
    assert partner is not None
    assert one is not None
    return "".join(
        (
            people_csv(world.store, partner, world.now).csv,
            activities_csv(world.store, company.id).csv,
            *export(world.store, world.now),
            *export(world.store, world.now, [person]),
            *document(world.store, world.now, one),
        )
    )


def test_L25_erasing_changes_no_balance_sum_or_hash_and_no_export_has_the_name(
    lonely_engine: Engine,
) -> None:
    """Name, address and external id are gone, and free for others; ``verify`` is as before."""
    world = World(TableStore(lonely_engine))
    company, program, person = earned(world)
    leave(world, company, person)
    pay(world, company, person)
    before = (proven(world), world.balance(person), world.journals(person))
    assert EMAIL in everything_about(world, company, person)

    erased = erase(world, company, person)

    assert before == (proven(world), world.balance(person), world.journals(person))
    assert 0 == before[0].findings
    assert [] == world.audit(program, (*company.parties, person))
    assert (ERASED_NAME, "", None, PersonStatus.ERASED) == (
        erased.name,
        erased.email,
        erased.external_id,
        erased.status,
    )
    told = everything_about(world, company, person)
    assert [] == [text for text in (NAME, EMAIL, EXTERNAL) if text in told]
    found = world.store.read([by := Listed(list_of_email(EMAIL)), holder := _holder(company)])
    assert ((), None) == (found[by].ids, found[holder])
    assert person != hire(world, company)


def _holder(company: Company) -> Holder:
    return Holder(name_of_person(company.id, EXTERNAL))


def test_who_works_or_has_something_in_its_wallet_is_not_erased(world: World) -> None:
    """The refusal names each reason; a payout on its way is one, too."""
    company, _, person = earned(world)
    with pytest.raises(ErasureNotPossible) as working:
        erase(world, company, person)
    assert 2 == len(working.value.reasons)
    leave(world, company, person)
    with pytest.raises(ErasureNotPossible) as owed:
        erase(world, company, person)
    assert ("150.00 USD is available in its wallet.",) == owed.value.reasons
    payout = payouts.request_payout(
        world.portal,
        world.manage(),
        wallet_id=person,
        asset="USD",
        amount_minor=15_000,
        partner_id=company.id,
    ).payout
    with pytest.raises(ErasureNotPossible) as held:
        erase(world, company, person)
    assert ("150.00 USD is held for a payout in its wallet.",) == held.value.reasons
    assert payout.wallet_id == person


def test_who_has_earned_meanwhile_is_not_erased(world: World) -> None:
    """An award gets in between decision and commit: what occurred before the leaving is paid."""
    company, program, person = earned(world)
    deal = world.register(company, program, rep=person)
    occurred = world.now
    world.wait()
    leave(world, company, person)
    pay(world, company, person)

    def late() -> None:
        world.approve(deal, occurred_at=occurred)

    portal = world.on(FaultyStore(world.store, first(late)))
    with pytest.raises(ErasureNotPossible):
        erase(world, company, person, portal)
    assert 15_000 == world.balance(person).available


def test_who_never_earned_is_erased_under_all_its_employers(quick_world: World) -> None:
    """The external ids of former employers are released, too."""
    world = quick_world
    old, new = world.company(), world.company()
    person = hire(world, old)
    place(world, old, person, to=new)
    leave(world, new, person)
    erase(world, new, person)
    holder = _holder(old)
    assert world.store.read([holder])[holder] is None
    found = world.load(Individual, person)
    assert found is not None
    assert EXTERNAL not in json.dumps([one.external_id for one in found.employments])
    assert [None, None] == [one.name for one in found.employments]


def test_nothing_about_an_erased_person_changes_any_more(quick_world: World) -> None:
    """It is not reinstated, suspended, taken on, renamed or erased again."""
    world = quick_world
    company = world.company()
    person = hire(world, company)
    leave(world, company, person)
    erase(world, company, person)
    at = {"at": company.id, "individual_id": person}
    with pytest.raises(AlreadyErased):
        people.reinstate_individual(world.portal, world.manage(), **at)
    with pytest.raises(AlreadyErased):
        suspend_individual(world.portal, world.manage(), individual_id=person)
    with pytest.raises(AlreadyErased):
        people.update_individual(world.portal, world.manage(), **at, name="Back")
    with pytest.raises(AlreadyErased):
        place(world, company, person)
    with pytest.raises(AlreadyErased):
        leave(world, company, person)
    with pytest.raises(AlreadyErased):
        erase(world, company, person)


def test_only_an_administrator_erases_and_only_who_was_there(quick_world: World) -> None:
    world = quick_world
    company, other = world.company(), world.company()
    person = hire(world, company)
    leave(world, company, person)
    for by in (world.colleague(), company.executive):
        with pytest.raises(NotPermitted):
            erase(world, company, person, by=by)
    with pytest.raises(NotFound):
        erase(world, other, person)
