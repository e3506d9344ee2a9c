"""The demo's corrections: what was paid is given back, disputes and adjustments."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from portal_api.demo import paying, world
from portal_api.demo.scenes import Scene
from portal_api.demo.teller import Teller
from portal_api.demo.world import day
from portal_api.domain.earnings import Earning
from portal_api.domain.partners import Individual
from portal_api.services import adjustments, disputes
from portal_api.services.store import Many, of_wallet

_MORE_MINOR = 300_00
"""What was missing of Mara's sale at the higher rate."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one of the managers, by its place, wants adjusted, and what the other makes of it."""

    person: Individual
    program: str
    asset: str
    amount_minor: int
    reason: str
    decided: datetime | None = None
    note: str = ""
    by: int = 0


def plan(teller: Teller) -> None:
    """Plans all of them; the deals of the disputes are those of the scenes."""
    _clawbacks(teller)
    _disputes(teller)
    mara, second, _ = teller.house(world.FERNHILL).reps
    for on, wish in (
        (
            day(6, 11),
            _Wish(
                *(mara, world.ENABLEMENT, "POINTS", 40, "A workshop that nobody recorded."),
                decided=day(6, 12),
            ),
        ),
        (
            day(6, 17),
            _Wish(
                *(mara, world.GROWTH, "POINTS", -50, "A training was recorded twice."),
                decided=day(6, 18),
                note="They are two trainings on two days.",
            ),
        ),
        (
            day(6, 29),
            _Wish(
                *(second, world.GROWTH, "USD", 50_00, "A thank-you for the reference visit."),
                by=1,
            ),
        ),
    ):
        teller.at(on + timedelta(hours=9), partial(_adjust, teller, wish))


def _clawbacks(teller: Teller) -> None:
    """Two deals are given back when all was paid already: one person repays it, one owes it."""
    repaid, owing = (teller.house(name) for name in (world.LARKSPUR, world.HIGHMERE))
    seller = repaid.reps[-1]
    first = Scene(teller, repaid, seller, world.SOLUTIONS, "Birchwood Labs")
    first.registered(day(3, 24, hour=10)).approved(day(3, 26, hour=10)).won(day(4, 7, hour=10))
    teller.at(day(5, 4, hour=10), partial(paying.pay_out, teller, seller, "PAID", whole=True))
    first.returned(day(5, 11, hour=10))
    second = Scene(teller, repaid, seller, world.SOLUTIONS, "Clearwater Rail")
    second.registered(day(4, 20, hour=10)).approved(day(4, 22, hour=10))
    second.won(day(5, 19, hour=10), 60_000_00)
    debtor = owing.reps[-1]
    third = Scene(teller, owing, debtor, world.SOLUTIONS, "Dunlin Ports")
    third.registered(day(4, 8, hour=10)).approved(day(4, 10, hour=10)).won(day(4, 21, hour=10))
    teller.at(day(6, 2, hour=10), partial(paying.pay_out, teller, debtor, "PAID", whole=True))
    third.returned(day(6, 22, hour=10))


def _disputes(teller: Teller) -> None:
    """Mara disputes three earnings: one answer is yes, one is no, and one is owed still."""
    for on, program, customer, rule, reason, answer in (
        (
            *(day(6, 3, hour=10), world.SOLUTIONS, "Redgate Dairy", "sales"),
            "I had sent the registration by mail two weeks before the sale.",
            partial(_accept, teller),
        ),
        (
            *(day(6, 4, hour=10), world.SOLUTIONS, "Pinewood Press", "sales"),
            "It was registered before the sale.",
            partial(_reject, teller),
        ),
        (
            *(day(6, 26, hour=10), world.GROWTH, "Willow Academy", "deals"),
            "We had agreed on 70 : 30.",
            None,
        ),
    ):
        opened = partial(_dispute, teller, program, customer, rule, reason, answer)
        teller.at(on, opened)


def _dispute(
    teller: Teller,
    program: str,
    customer: str,
    rule: str,
    reason: str,
    answer: Callable[[str], None] | None,
) -> None:
    """Mara's dispute of what a rule paid last on a deal of hers."""
    mara = teller.house(world.FERNHILL).reps[0]
    ask, want = teller.ask(mara.id), Many(Earning, of_wallet(mara.id))
    deal_id = teller.deals[mara.id, program, customer]
    of_deal = [
        one
        for one in teller.portal.store.read([want])[want].records
        if (one.trace.deal_id, one.trace.rule_code) == (deal_id, rule)
    ]
    dispute = disputes.open_dispute(
        teller.portal, ask, earning_id=of_deal[-1].id, reason=reason
    ).dispute
    if answer is not None:
        teller.at(teller.now + timedelta(days=5), partial(answer, dispute.id))


def _accept(teller: Teller, dispute_id: str) -> None:
    accepted = disputes.accept_dispute(
        teller.portal,
        teller.ask(teller.managers[0]),
        dispute_id=dispute_id,
        amount_minor=_MORE_MINOR,
        answer="The mail is there: 3 % of 30000.00 USD, of which 2 % were paid.",
    )
    approve = partial(_decide, teller, accepted.adjustment.id, teller.managers[1], "")
    teller.at(teller.now + timedelta(days=1), approve)


def _reject(teller: Teller, dispute_id: str) -> None:
    disputes.reject_dispute(
        teller.portal,
        teller.ask(teller.managers[0]),
        dispute_id=dispute_id,
        answer="It was approved only after the sale, and so it counts from then.",
    )


def _adjust(teller: Teller, wish: _Wish) -> None:
    proposer, other = teller.managers[wish.by], teller.managers[1 - wish.by]
    adjustment = adjustments.propose_adjustment(
        teller.portal,
        teller.ask(proposer),
        partner_id=wish.person.employments[-1].partner_id or "",
        wallet_id=wish.person.id,
        program_id=teller.programs[wish.program].id,
        asset=wish.asset,
        amount_minor=wish.amount_minor,
        reason=wish.reason,
    ).adjustment
    if wish.decided is not None:
        decide = partial(_decide, teller, adjustment.id, other, wish.note)
        teller.at(wish.decided + timedelta(hours=9), decide)


def _decide(teller: Teller, adjustment_id: str, by: str, note: str) -> None:
    """Approves an adjustment, unless there is a note against it."""
    ask = teller.ask(by)
    if note:
        adjustments.reject_adjustment(teller.portal, ask, adjustment_id=adjustment_id, reason=note)
    else:
        adjustments.approve_adjustment(teller.portal, ask, adjustment_id=adjustment_id)
