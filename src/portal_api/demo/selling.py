"""The demo's deals: registered, decided, won or lost."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from portal_api.demo import world
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.domain.partners import Individual
from portal_api.services import deals
from portal_api.services.deals import DealTerms

_DEALS = 300
_SHARES = {world.LICENSING: 0.42, world.SOLUTIONS: 0.25}
"""How many of the deals that could be in another program than Growth are."""
_REJECTED, _WON, _LOST, _AT_ESTIMATE = 0.08, 0.56, 0.27, 0.5
_SMALLEST, _LARGEST = 25, 850  # Hundreds of the currency: many small deals, few large ones.
_REASONS = (
    "Another partner registered this opportunity before.",
    "The customer does not know of it.",
    "The product is not part of the program.",
)


@dataclass(frozen=True, slots=True)
class Sale:
    """A deal before it is registered."""

    house: House
    owner: Individual
    program: str
    amount_minor: int
    currency: str
    customer: str
    product: str


def plan(teller: Teller) -> None:
    """Plans the registrations, the first two of them by hand."""
    fernhill = teller.house(world.FERNHILL)
    mara = fernhill.reps[0]
    opportunities = teller.random.sample(world.OPPORTUNITIES, _DEALS)
    for on in (day(1, 6, hour=9), day(2, 3, hour=9)):
        # The example of every mechanic: 30,000.00, once before the consent and once after it.
        sale = Sale(fernhill, mara, world.GROWTH, 30_000_00, "USD", *opportunities.pop())
        teller.at(on, partial(_register, teller, sale, on + timedelta(days=2), "WON"))
    weights = [house.sketch.busy for house in teller.houses]
    for opportunity in opportunities:
        (house,) = teller.random.choices(teller.houses, weights)
        _plan_deal(teller, house, opportunity)


def _plan_deal(teller: Teller, house: House, opportunity: tuple[str, str]) -> None:
    """One registration on some day of the half year, what is decided, and how the deal ends."""
    chance = teller.random
    (owner,) = chance.choices(house.reps, (5, 3, 1))
    submitted = teller.office_hours(day(1, 5) + timedelta(days=chance.randrange(175)))
    amount = math.exp(chance.uniform(math.log(_SMALLEST), math.log(_LARGEST)))
    program = _program_of(teller, house, submitted)
    currency = teller.programs[program].currency
    sale = Sale(house, owner, program, round(amount) * 100_00, currency, *opportunity)
    decided = teller.office_hours(submitted + timedelta(days=chance.randint(1, 5)))
    draw = chance.random()
    fate = "REJECTED" if draw < _REJECTED else "OPEN"
    draw = chance.random()
    if fate == "OPEN" and draw < _WON + _LOST:
        fate = "WON" if draw < _WON else "LOST"
    teller.at(submitted, partial(_register, teller, sale, decided, fate))


def _program_of(teller: Teller, house: House, submitted: datetime) -> str:
    """The name of a program that is for this partner: one that has started, or the usual one."""
    for name, share in _SHARES.items():
        program = teller.programs[name]
        admitted = program.segment.admits_partner(house.partner, submitted)
        if admitted and submitted > program.starts_at and teller.random.random() < share:
            return name
    usual = teller.programs[world.GROWTH].segment
    admitted = usual.admits_partner(house.partner, submitted)
    return world.GROWTH if admitted else world.ENABLEMENT


def sell(teller: Teller, sale: Sale, decided: datetime, closed: datetime) -> None:
    """A deal by hand: registered now, approved and won at its estimate on these days."""
    deal_id = _submitted(teller, sale, None)
    teller.at(decided, partial(_approve, teller, deal_id))
    teller.at(closed, partial(_win, teller, deal_id, sale.amount_minor, sale.currency))


def _submitted(teller: Teller, sale: Sale, reference: str | None) -> str:
    """The id of the deal whose registration is submitted."""
    terms = DealTerms(
        end_customer=sale.customer,
        product=sale.product,
        amount_minor=sale.amount_minor,
        currency=sale.currency,
        reference=reference,
    )
    registered = deals.register_deal(
        teller.portal,
        teller.ask(sale.owner.id),
        partner_id=sale.house.partner.id,
        owner_id=sale.owner.id,
        program_id=teller.programs[sale.program].id,
        terms=terms,
    )
    return registered.deal.id


def _register(teller: Teller, sale: Sale, decided: datetime, fate: str) -> None:
    chance = teller.random
    deal_id = _submitted(teller, sale, f"OPP-{chance.randrange(16**6):06X}")
    if fate == "REJECTED":
        teller.at(decided, partial(_reject, teller, deal_id))
        return
    teller.at(decided, partial(_approve, teller, deal_id))
    if fate == "OPEN":
        return
    closed = teller.office_hours(decided + timedelta(days=chance.randint(12, 75)))
    exact = sale.amount_minor == _EXAMPLE and sale.owner.name == world.MARA.name
    final_minor = sale.amount_minor if exact else _negotiated(teller, sale.amount_minor)
    close = partial(_win, teller, deal_id, final_minor, sale.currency)
    teller.at(closed, close if fate == "WON" else partial(_lose, teller, deal_id))


_EXAMPLE = 30_000_00


def _negotiated(teller: Teller, amount_minor: int) -> int:
    """A final amount: mostly the estimate, sometimes up to a fifth less or a tenth more."""
    if teller.random.random() < _AT_ESTIMATE:
        return amount_minor
    return amount_minor * teller.random.randint(80, 110) // 100


def _approve(teller: Teller, deal_id: str) -> None:
    deals.approve_deal(teller.portal, teller.ask(teller.manager()), deal_id=deal_id)


def _reject(teller: Teller, deal_id: str) -> None:
    reason = teller.random.choice(_REASONS)
    deals.reject_deal(teller.portal, teller.ask(teller.manager()), deal_id=deal_id, reason=reason)


def _win(teller: Teller, deal_id: str, amount_minor: int, currency: str) -> None:
    deals.win_deal(
        teller.portal,
        teller.ask(teller.manager()),
        deal_id=deal_id,
        amount_minor=amount_minor,
        currency=currency,
        occurred_at=None,
    )


def _lose(teller: Teller, deal_id: str) -> None:
    ask = teller.ask(teller.manager())
    deals.lose_deal(teller.portal, ask, deal_id=deal_id, occurred_at=None)
