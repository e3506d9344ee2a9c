"""What was reversed by hand counts as given: a rule neither pays it again nor takes it back."""

from dataclasses import replace

import pytest

from portal_api.domain import awards
from portal_api.domain.activities import DEAL_LOST, DEAL_REGISTERED, DEAL_RETURNED, DEAL_WON
from portal_api.domain.awards import DealAward
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.plans import Mechanic
from portal_api.domain.rewards import Released, Reversed
from tests.domain.facts import DEAL, WON, a_rule, pays, verdicts_on

REGISTRATION = DealAward("rule", DEAL_REGISTERED, "ann.1", "USD", 15_000, "ann")
SALE = DealAward("rule", DEAL_WON, "ann.2", "USD", 75_000, "ann")
LOST = replace(DEAL, stage=DealStage.LOST)
RETURNED = replace(WON, stage=DealStage.RETURNED)


def test_a_reversal_moves_a_part_of_one_award_only() -> None:
    """What was given stays as it was, however often it is reversed in part."""
    found = awards.reverse((REGISTRATION, SALE), "ann.2", 25_000)
    again = awards.reverse(found, "ann.2", 50_000)

    assert (REGISTRATION, replace(SALE, amount_minor=50_000, reversed_minor=25_000)) == found
    assert (15_000, 75_000) == (awards.given(again) - 75_000, awards.reversed_by_hand(again))


def test_a_returned_sale_takes_along_what_was_reversed_of_it_alone() -> None:
    """Not what was reversed of the registration, or of an earlier sale of the deal."""
    gone = [
        replace(award, amount_minor=0, reversed_minor=1, turn=turn)
        for award, turn in ((REGISTRATION, 1), (SALE, 0), (SALE, 1))
    ]
    left = awards.sale_undone(gone, 1)

    assert [1, 1, 0] == [award.reversed_minor for award in left]


@pytest.mark.parametrize(
    ("mechanic", "behavior", "deal", "paid", "expected"),
    [
        (MilestoneSplit(300), DEAL_WON, WON, ((REGISTRATION, 15_000),), [75_000]),
        (MilestoneSplit(300), DEAL_RETURNED, RETURNED, ((SALE, 75_000),), []),
        (MilestoneSplit(300), DEAL_RETURNED, RETURNED, ((SALE, 70_000),), [-5_000]),
        (
            MilestoneSplit(300),
            DEAL_RETURNED,
            RETURNED,
            ((REGISTRATION, 0), (SALE, 75_000)),
            [],
        ),
        (
            MilestoneSplit(300, keep_on_loss=False),
            DEAL_LOST,
            LOST,
            ((REGISTRATION, 10_000),),
            [-5_000],
        ),
        (Uplift(("DEAL_REGISTERED",), 1, 300), DEAL_WON, WON, ((SALE, 75_000),), []),
        (Flat(DEAL_WON, 75_000), DEAL_WON, WON, ((SALE, 75_000),), []),
        (Overlay("DEMO", 75_000), DEAL_LOST, LOST, ((SALE, 75_000),), []),
    ],
)
def test_no_mechanic_pays_or_takes_back_what_was_reversed(
    mechanic: Mechanic,
    behavior: str,
    deal: Deal,
    paid: tuple[tuple[DealAward, int], ...],
    expected: list[int],
) -> None:
    """Each award with what was reversed of it, and what the mechanic then moves."""
    held = tuple(awards.reverse([award], award.earning_id or "", part)[0] for award, part in paid)
    found = verdicts_on(a_rule(mechanic), behavior, replace(deal, awards=held))

    assert expected == [pays(verdict) for verdict in found if not isinstance(verdict, Released)]
    assert all(verdict.take_back.amount_minor for verdict in found if isinstance(verdict, Reversed))
