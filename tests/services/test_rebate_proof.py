"""What is proved of rebates: random histories by the book, and planted lies that are found."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal_api.domain.consent import ConsentFile, Whom
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Earning
from portal_api.domain.granting import Terms
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.programs import Program
from portal_api.domain.writes import Save
from portal_api.services import consent
from portal_api.services.export import export
from portal_api.services.store import Many, of_wallet
from tests.services.rebating import (
    HOUR,
    found_in,
    give_back,
    offering,
    revoke,
    sell,
    update_terms,
    worth,
)
from tests.services.world import Company, World


def stolen(world: World, company: Company, people: str) -> None:
    """The consents as if they had begun a year later."""
    file = world.load(ConsentFile, f"{company.id}.{people}")
    assert file is not None
    later = tuple(replace(one, valid_from=one.valid_from + timedelta(365)) for one in file.consents)
    world.store.commit([Save(replace(file, consents=later))])


def swapped(world: World, company: Company, people: str) -> None:
    """The consents as if they had been given for one of its people."""
    file = world.load(ConsentFile, f"{company.id}.{people}")
    assert file is not None
    few = tuple(replace(one, individual_ids=(company.rep,)) for one in file.consents)
    world.store.commit([Save(replace(file, consents=few))])


def newer(world: World, company: Company, people: str) -> None:
    """The required program's terms as if they had been newer all the time."""
    program = world.load(Program, people)
    assert program is not None
    world.store.commit([Save(replace(program, terms_version=9))])


@pytest.mark.parametrize("planted", [stolen, swapped, newer])
def test_verify_finds_a_rebate_at_an_instant_without_participation(
    quick_world: World, planted: Callable[[World, Company, str], None]
) -> None:
    """Invariant L12."""
    world = quick_world
    company, people, program = offering(world)
    world.consent(company, people)
    sell(world, company, program)
    assert [] == found_in(world)

    planted(world, company, people)

    assert [("L12", company.id)] == [(one.invariant, one.wallet_id) for one in found_in(world)]
    assert "rebate without participation" in found_in(world)[0].text


def test_verify_finds_a_rebate_that_nobody_has_looked_for_participation_of(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = quick_world
    company, _, program = offering(world)
    monkeypatch.setattr(Rebate, "of_participation", False)
    sell(world, company, program)
    monkeypatch.undo()

    assert ["L12"] == [one.invariant for one in found_in(world)]


def test_a_company_s_export_proves_its_rebates(quick_world: World) -> None:
    world = quick_world
    company, people, program = offering(world)
    world.consent(company, people)
    sell(world, company, program)

    lines = list(export(world.store, world.now, [company.id]))

    consents = f"CONSENT#{people}"
    assert any(consents in line for line in lines)
    assert any(f"PROGRAM#{people}" in line for line in lines)


@dataclass
class Book:
    """What was granted, revoked, sold and returned, and what is due by that: kept by hand.

    ``whole`` are the consents of the whole company, as their first and last instants and terms.
    """

    whole: list[list[Any]] = field(default_factory=list)
    terms_since: list[datetime] = field(default_factory=list)
    base: int = 0
    over: int = 0
    """What was paid beyond what the revenue is worth."""
    sold: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Revenue and pay of each deal that accrued and was not returned."""

    def takes_part(self, at: datetime) -> bool:
        terms = 1 + sum(since <= at for since in self.terms_since)
        return any(begins <= at < ends and agreed >= terms for begins, ends, agreed in self.whole)

    def sale(self, deal_id: str, at: datetime, amount: int) -> None:
        if self.takes_part(at):
            rise = worth(self.base + amount) - worth(self.base)
            pay = max(0, rise - self.over)
            self.sold[deal_id] = amount, pay
            self.base, self.over = self.base + amount, self.over + pay - rise

    def back(self, deal_id: str) -> None:
        amount, pay = self.sold.pop(deal_id, (0, 0))
        fall = worth(self.base) - worth(self.base - amount)
        self.base, self.over = self.base - amount, self.over + fall - pay


def history(world: World, seed: int) -> tuple[str, Book]:
    """A company and its book after some random steps; each equals the book at once."""
    draw, book, won, numbers = random.Random(seed), Book(), list[Deal](), list[int]()
    company, people, program = offering(world)

    def grant() -> None:
        whole, later, ends = (draw.random() < odds for odds in (0.7, 0.3, 0.3))
        begins = world.now + draw.randint(1, 9) * HOUR if later else None
        until = world.now + draw.randint(10, 20) * HOUR if ends else None
        whom = Whom() if whole else Whom((company.rep,))
        file = consent.grant_consent(
            world.portal,
            world.ask(company.executive),
            partner_id=company.id,
            program_id=people,
            terms=Terms(whom, valid_from=begins, valid_to=until),
        ).file
        if whole:
            never = datetime.max.replace(tzinfo=UTC)
            terms = 1 + len(book.terms_since)
            book.whole.append([begins or world.now, until or never, terms])
            numbers.append(len(file.consents))

    def end() -> None:
        for index, one in enumerate(book.whole):
            if one[1] > world.now and draw.random() < 0.7:
                revoke(world, company, f"{company.id}.{people}.{numbers[index]}")
                one[1] = world.now

    def renew_terms() -> None:
        update_terms(world, people)
        book.terms_since.append(world.now)

    def sale() -> None:
        amount = draw.randint(1, 6_000_000)
        deal = world.register(company, program, amount)
        sold_at = world.now + draw.randint(0, 5) * HOUR
        world.now = sold_at + draw.randint(0, 5) * HOUR
        won.append(world.win(deal, amount, occurred_at=sold_at).deal)
        book.sale(deal.id, sold_at, amount)

    def back() -> None:
        if won:
            deal = won.pop(draw.randrange(len(won)))
            give_back(world, deal)
            book.back(deal.id)

    for _ in range(16):
        world.now += timedelta(minutes=draw.randint(1, 300))
        draw.choice((grant, grant, end, renew_terms, sale, sale, sale, sale, back))()
        paid = sum(pay for _, pay in book.sold.values())
        assert paid == world.balance(company.id).available, f"seed {seed}"
        assert paid == worth(book.base) + book.over, f"seed {seed}"
    return company.id, book


def test_N2_no_rebate_at_an_instant_without_participation(quick_world: World) -> None:
    """Whatever is granted, revoked, told late and returned: what accrued equals the book."""
    made = 0
    for seed in range(12):
        company_id, book = history(quick_world, seed)
        want = Many(Earning, of_wallet(company_id))
        for one in quick_world.store.read([want])[want].records:
            made += 1
            assert book.takes_part(one.trace.occurred_at)

    assert [] == found_in(quick_world)
    assert made > 20  # It was worth looking.
