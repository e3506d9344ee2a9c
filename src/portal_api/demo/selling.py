"""The demo's deals: registered, decided, won or lost, and what is paid out of them."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from portal_api.demo import world
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.domain.ledger import Wallet
from portal_api.domain.partners import Individual
from portal_api.services import deals, payouts
from portal_api.services.deals import DealTerms
from portal_api.services.store import One

_DEALS = 300
_LICENSING_SHARE = 0.14
_REJECTED, _WON, _LOST, _AT_ESTIMATE = 0.08, 0.56, 0.27, 0.5
_SMALLEST, _LARGEST = 25, 850  # Hundreds of the currency: many small deals, few large ones.
_REASONS = (
    "Another partner registered this opportunity before.",
    "The customer does not know of it.",
    "The product is not part of the program.",
)
_PAYOUTS = (
    (day(5, 12), "SETTLED"),
    (day(6, 9), "SETTLED"),
    (day(6, 16), "FAILED"),
    (day(6, 29), ""),
)


@dataclass(frozen=True, slots=True)
class _Sale:
    """A deal before it is registered."""

    house: House
    owner: Individual
    program: str
    amount_minor: int
    currency: str


def plan(teller: Teller) -> None:
    """Plans the registrations, the first two of them by hand, and the payouts."""
    fernhill = teller.house(world.FERNHILL)
    mara = fernhill.reps[0]
    for on in (day(1, 6, hour=9), day(2, 3, hour=9)):
        # The example of every mechanic: 30,000.00, once before the consent and once after it.
        sale = _Sale(fernhill, mara, world.GROWTH, 30_000_00, "USD")
        teller.at(on, partial(_register, teller, sale, on + timedelta(days=2), "WON"))
    weights = [house.sketch.busy for house in teller.houses]
    for _ in range(_DEALS - 2):
        (house,) = teller.random.choices(teller.houses, weights)
        _plan_deal(teller, house)
    for on, result in _PAYOUTS:
        for house in teller.houses[:6]:
            asker = house.reps[0]
            teller.at(teller.office_hours(on), partial(_pay_out, teller, asker.id, result))


def _plan_deal(teller: Teller, house: House) -> None:
    """One registration on some day of the half year, what is decided, and how the deal ends."""
    chance = teller.random
    (owner,) = chance.choices(house.reps, (5, 3, 1))
    submitted = teller.office_hours(day(1, 5) + timedelta(days=chance.randrange(175)))
    amount = math.exp(chance.uniform(math.log(_SMALLEST), math.log(_LARGEST)))
    licensing = teller.programs[world.LICENSING]
    in_licensing = (
        submitted > licensing.starts_at
        and licensing.segment.admits_partner(house.partner, submitted)
        and chance.random() < _LICENSING_SHARE * len(teller.houses) / 4
    )
    program = world.LICENSING if in_licensing else world.GROWTH
    sale = _Sale(house, owner, program, round(amount) * 100_00, teller.programs[program].currency)
    decided = teller.office_hours(submitted + timedelta(days=chance.randint(1, 5)))
    draw = chance.random()
    fate = "REJECTED" if draw < _REJECTED else "OPEN"
    draw = chance.random()
    if fate == "OPEN" and draw < _WON + _LOST:
        fate = "WON" if draw < _WON else "LOST"
    teller.at(submitted, partial(_register, teller, sale, decided, fate))


def _register(teller: Teller, sale: _Sale, decided: datetime, fate: str) -> None:
    chance = teller.random
    reference = f"OPP-{chance.randrange(16**6):06X}"
    terms = DealTerms(
        end_customer=chance.choice(world.CUSTOMERS),
        product=chance.choice(world.PRODUCTS),
        amount_minor=sale.amount_minor,
        currency=sale.currency,
        reference=reference,
    )
    deal = deals.register_deal(
        teller.portal,
        teller.ask(sale.owner.id),
        partner_id=sale.house.partner.id,
        owner_id=sale.owner.id,
        program_id=teller.programs[sale.program].id,
        terms=terms,
    ).deal
    if fate == "REJECTED":
        teller.at(decided, partial(_reject, teller, deal.id))
        return
    teller.at(decided, partial(_approve, teller, deal.id))
    if fate == "OPEN":
        return
    closed = teller.office_hours(decided + timedelta(days=chance.randint(12, 75)))
    exact = sale.amount_minor == _EXAMPLE and sale.owner.name == world.MARA.name
    final_minor = sale.amount_minor if exact else _negotiated(teller, sale.amount_minor)
    close = partial(_win, teller, deal.id, final_minor, sale.currency)
    teller.at(closed, close if fate == "WON" else partial(_lose, teller, deal.id))


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


def _pay_out(teller: Teller, person_id: str, result: str) -> None:
    """Half of what is available, in whole units, where that is something."""
    want = One(Wallet, person_id)
    wallet = teller.portal.store.read([want])[want] or Wallet(person_id)
    amount_minor = wallet.balance("USD").available // 2 // 100 * 100
    if not amount_minor:
        return
    payout = payouts.request_payout(
        teller.portal,
        teller.ask(person_id),
        wallet_id=person_id,
        asset="USD",
        amount_minor=amount_minor,
    ).payout
    if result:
        resolve = partial(_resolve, teller, payout.id, paid=result == "SETTLED")
        teller.at(teller.office_hours(teller.now + timedelta(days=3)), resolve)


def _resolve(teller: Teller, payout_id: str, *, paid: bool) -> None:
    reference = f"PAY-{teller.random.randrange(16**6):06X}" if paid else "The account was closed."
    payouts.resolve_payout(
        teller.portal,
        teller.ask(teller.manager()),
        payout_id=payout_id,
        paid=paid,
        reference=reference,
    )
