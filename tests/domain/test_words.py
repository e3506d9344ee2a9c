"""What each mechanic offers, in words for those whom it pays."""

import pytest

from portal_api.domain.activities import DEAL_REGISTERED, DEAL_WON
from portal_api.domain.mechanics import MECHANICS
from portal_api.domain.mechanics.fast_close import FastClose
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.rebate import Band as RebateBand
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.plans import Mechanic, Period
from tests.domain.facts import QUARTER, a_plan, a_rule

BANDS = (Band(0, 200), Band(10_000_000, 550))
SHARES = (Band(0, 200), Band(8_000, 550))
OFFERS: list[tuple[Mechanic, str, str]] = [
    (Flat("TRAINING", 50), "POINTS", "50 POINTS for each TRAINING."),
    (Flat(DEAL_WON, 25_000), "USD", "250.00 USD for each DEAL_WON."),
    (
        Overlay("PROOF", 10_000, 90),
        "USD",
        "100.00 USD for PROOF, available once its deal is won within 90 days.",
    ),
    (Overlay("PROOF", 10_000), "USD", "100.00 USD for PROOF, available once its deal is won."),
    (
        PercentOfDeal(250, 50_000),
        "USD",
        "2.5 % of each deal that is won, at most 500.00 USD.",
    ),
    (PercentOfDeal(50), "POINTS", "0.5 % of each deal that is won, paid in POINTS."),
    (
        MilestoneSplit(300),
        "USD",
        (
            "3 % of each deal, divided 1 : 5 over approved registration and winning; the first"
            " part is kept when the deal is lost."
        ),
    ),
    (
        MilestoneSplit(300, keep_on_loss=False),
        "POINTS",
        (
            "3 % of each deal, paid in POINTS, divided 1 : 5 over approved registration and"
            " winning; the first part is taken back when the deal is lost."
        ),
    ),
    (MilestoneSplit(300, 0), "USD", "3 % of each deal, once it is won."),
    (
        Uplift((DEAL_REGISTERED, "PROOF"), 200, 300),
        "USD",
        (
            "2 % of each deal that is won, 3 % if DEAL_REGISTERED, PROOF of the same seller"
            " came before the sale."
        ),
    ),
    (
        FastClose(10_000, 30),
        "USD",
        "100.00 USD for a deal won within 30 days of its registration.",
    ),
    (
        GoalBonus("Q", 50_000, 30_000),
        "USD",
        "500.00 USD on reaching the goal Quarter, another 300.00 USD on reaching its stretch goal.",
    ),
    (GoalBonus("Q", 50_000), "USD", "500.00 USD on reaching the goal Quarter."),
    (
        Tiered("Q", BANDS),
        "USD",
        (
            "Of what is won for the goal Quarter: 2 % from 0.00 USD on; 5.5 % from 100000.00 USD"
            " on. Each is for its own band."
        ),
    ),
    (
        Tiered("Q", SHARES, retrospective=True, of_target=True),
        "POINTS",
        (
            "Of what is won for the goal Quarter, paid in POINTS: 2 % from 0 % on; 5.5 % from 80"
            " % on. The rate that is reached is for all of it."
        ),
    ),
    (
        Rebate(Period.QUARTER, (RebateBand(0, 100), RebateBand(10_000_000, 300))),
        "USD",
        (
            "Of what the company wins in a quarter: 1 % from 0.00 USD on; 3 % from 100000.00 USD"
            " on. Each is for its own band."
        ),
    ),
    (
        Rebate(Period.HALF_YEAR, (RebateBand(0, 100), RebateBand(10_500, 300)), True, growth=True),
        "POINTS",
        (
            "Of what the company wins in a half-year, paid in POINTS: 1 % from 0 % on; 3 % from 105"
            " % on of what was won in the same one of the year before. The rate that is reached is"
            " for all of it."
        ),
    ),
]


@pytest.mark.parametrize(("mechanic", "asset", "words"), OFFERS)
def test_a_rule_says_what_it_offers(mechanic: Mechanic, asset: str, words: str) -> None:
    rule = a_rule(mechanic, asset=asset)
    assert words == mechanic.words(rule, a_plan(rule, goals=(QUARTER,)), "USD")


def test_every_mechanic_is_put_in_words_here() -> None:
    assert not MECHANICS.keys() - {mechanic.kind for mechanic, _, _ in OFFERS}
