"""The demo's rebate: a company that takes part, one that left in the middle, and one that did not.

The sales are those of the mechanic's worked example: 80,000.00, then 60,000.00 in one quarter.
"""

from datetime import timedelta
from functools import partial

from portal_api.demo import world
from portal_api.demo.scenes import Scene
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.services import rebates

BEFORE_PERIOD, BEFORE_MINOR = "H2025-1", 100_000_00
"""What Larkspur won in the first half of the year before, as the vendor declares it."""


def plan(teller: Teller) -> None:
    """Plans the declaration and five sales: two accrue, one too, two do not."""
    teller.at(day(4, 2, hour=9), partial(_declare, teller))
    larkspur, highmere, fernhill = (
        teller.house(name) for name in (world.LARKSPUR, world.HIGHMERE, world.FERNHILL)
    )
    _sold(teller, larkspur, "Marlow Shipping", 30, 80_000_00)
    _sold(teller, larkspur, "Nettle Brewing", 64, 60_000_00)
    # It takes part until the middle of April.
    _sold(teller, highmere, "Osprey Marine", 10, 50_000_00)
    _sold(teller, highmere, "Pebble Clinics", 28, 30_000_00)
    # Its executive has consented for some of its people only.
    _sold(teller, fernhill, "Quill Academy", 50, 20_000_00)


def _sold(teller: Teller, house: House, customer: str, on: int, amount_minor: int) -> None:
    """A sale of the second rep on some day of the quarter, registered two days before."""
    won = day(4, 1, hour=10) + timedelta(days=on - 1)
    scene = Scene(teller, house, house.reps[1], world.REBATE, customer)
    scene.registered(won - timedelta(days=2)).approved(won - timedelta(days=1))
    scene.won(won, amount_minor)


def _declare(teller: Teller) -> None:
    program = teller.programs[world.REBATE]
    rebates.declare_rebate_baseline(
        teller.portal,
        teller.ask(teller.managers[0]),
        partner_id=teller.house(world.LARKSPUR).partner.id,
        program_id=program.id,
        period=BEFORE_PERIOD,
        amount_minor=BEFORE_MINOR,
        currency=program.currency,
    )
