"""The demo's payouts: a minimum, some alone and some in batches, and what the bank says of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from portal_api.demo.teller import Teller
from portal_api.demo.world import day
from portal_api.domain.holdings import Payee
from portal_api.domain.ledger import Wallet
from portal_api.domain.partners import Individual
from portal_api.domain.payouts import Payout
from portal_api.services import batches, payouts, settlements
from portal_api.services.store import Listed, Many, One, of_wallet

MINIMUM_MINOR = 25_00
"""The least that is paid out at once, in each currency."""

_ASSET = "USD"
_ASKING = 6
"""The first reps of so many partners ask for payouts; not all of them have something."""
_ALONE = ((day(6, 9), "PAID"), (day(6, 16), "FAILED"), (day(6, 29), ""))
"""When they ask, and what becomes of each by itself; in the end they wait."""
_TO_THE_BANK = day(5, 12)
_NOT_YET_THERE = day(6, 23)
_CLOSED = "The account was closed."
_FAILS = 1
"""The second payout of the batch that goes to the bank cannot be paid."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What somebody asks for now: nothing, where the amount is zero."""

    amount_minor: int = 0
    payee: Payee = Payee.INDIVIDUAL


def plan(teller: Teller) -> None:
    """Plans the minimum, the payouts, two batches, and the bank's answer to the first."""
    for asset in ("USD", "EUR"):
        teller.at(day(1, 5, hour=9), partial(_set_minimum, teller, asset))
    for on, result in _ALONE:
        _plan_round(teller, on, result)
    for on in (_TO_THE_BANK, _NOT_YET_THERE):
        _plan_round(teller, on, "")
        batched = on + timedelta(days=3, hours=11)
        teller.at(batched, partial(_batch, teller, answered=on == _TO_THE_BANK))
    teller.at(day(6, 30, hour=9), partial(_cancel_last, teller))


def _plan_round(teller: Teller, on: datetime, result: str) -> None:
    """One after the other asks for half of what it has, in whole units."""
    for place, house in enumerate(teller.houses[:_ASKING]):
        at = on + timedelta(hours=9, minutes=place)
        teller.at(at, partial(pay_out, teller, house.reps[0], result))


def pay_out(teller: Teller, person: Individual, result: str, *, whole: bool = False) -> None:
    """Half of what somebody has, or all; what is asked for is PAID or FAILED three days later."""
    ask = teller.ask(person.id)
    wish = _wish(teller, person, whole=whole)
    if wish.amount_minor < MINIMUM_MINOR:
        return
    payout = payouts.request_payout(
        teller.portal,
        ask,
        wallet_id=person.id,
        asset=_ASSET,
        amount_minor=wish.amount_minor,
        payee_of_own=wish.payee,
    ).payout
    if result:
        resolve = partial(_resolve, teller, payout.id, paid=result == "PAID")
        teller.at(teller.now + timedelta(days=3), resolve)


def _wish(teller: Teller, person: Individual, *, whole: bool) -> _Wish:
    """What to ask for now: what was asked for, where a telling that was killed came further."""
    payouts_want, wallet_want = Many(Payout, of_wallet(person.id)), One(Wallet, person.id)
    found = teller.portal.store.read([payouts_want, wallet_want])
    for one in found[payouts_want].records:
        if one.requested_at == teller.now:
            return _Wish(one.amount_minor, one.payee)
    wallet = found[wallet_want]
    if wallet is None or (wallet.recorded_at is not None and wallet.recorded_at > teller.now):
        return _Wish()
    holding = wallet.holding(_ASSET)
    payee = max(Payee, key=holding.left_for)
    left = holding.left_for(payee)
    return _Wish(left if whole else left // 2 // 100 * 100, payee)


def _set_minimum(teller: Teller, asset: str) -> None:
    payouts.set_payout_minimum(
        teller.portal, teller.ask(teller.managers[0]), asset=asset, minimum_minor=MINIMUM_MINOR
    )


def _resolve(teller: Teller, payout_id: str, *, paid: bool) -> None:
    payouts.resolve_payout(
        teller.portal,
        teller.ask(teller.managers[0]),
        payout_id=payout_id,
        paid=paid,
        reference=f"PAY-{payout_id[-6:].upper()}" if paid else _CLOSED,
    )


def _batch(teller: Teller, *, answered: bool) -> None:
    """All open payouts in a batch; ``answered``: the bank tells of it four days later."""
    batch = batches.create_payout_batch(
        teller.portal, teller.ask(teller.managers[0]), asset=_ASSET
    ).batch
    batches.set_payout_batch_reference(
        teller.portal,
        teller.ask(teller.managers[0]),
        batch_id=batch.id,
        reference=f"BANK-{teller.now:%Y%m%d}",
    )
    if answered:
        teller.at(teller.now + timedelta(days=4), partial(_settle, teller, batch.id))


def _settle(teller: Teller, batch_id: str) -> None:
    """The bank's file: all are paid but one."""
    listed = Listed(batches.payouts_in(batch_id), newest_first=False)
    ids = teller.portal.store.read([listed])[listed].ids
    rows = (
        f"{payout_id},FAILED,{_CLOSED}"
        if place == _FAILS
        else f"{payout_id},PAID,BANK-{place + 1:04}"
        for place, payout_id in enumerate(ids)
    )
    content = "\n".join(("payout_id,status,reference", *rows, ""))
    settlements.import_settlements(
        teller.portal, teller.ask(teller.managers[1]), content=content, seconds=None
    )


def _cancel_last(teller: Teller) -> None:
    """Mara takes back what she has asked for the day before."""
    mara = teller.houses[0].reps[0]
    ask, want = teller.ask(mara.id), Many(Payout, of_wallet(mara.id))
    last = teller.portal.store.read([want])[want].records[-1]
    payouts.cancel_payout(teller.portal, ask, payout_id=last.id)
