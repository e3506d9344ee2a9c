"""The five C's: every number with its n, exact on markets made by hand."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.insights.five_cs import Scorecard, Thresholds, scorecards
from portal_api.domain.insights.market import Company, Market
from tests.insights.hand_made import Counts, company, market, person
from tests.insights.plants_five_cs import EXPERT, RENEWAL, TRAINING

DEMO = BehaviorType("DEMO", "Demo", ProcessStage.OPPORTUNITY_MANAGEMENT, FiveC.COVERAGE)
BEHAVIORS = (TRAINING, EXPERT, RENEWAL, DEMO)
ALL = [True] * 8


def of(*people: Counts) -> Company:
    """A partner of these people, all there for the eight weeks."""
    return company("a", *(person(one, took_part=ALL) for one in people))


def asked(*companies: Company) -> Market:
    return market(*companies, behaviors=BEHAVIORS)


def card(*companies: Company, thresholds: Thresholds | None = None) -> Scorecard:
    """The first partner's."""
    return scorecards(asked(*companies), thresholds).companies[0]


def week(number: int, count: int = 1) -> list[int]:
    """So many in one of the eight weeks."""
    return [count * (at == number) for at in range(8)]


def test_contribution_is_the_share_of_all_partners_sales() -> None:
    own, other = of({"won_minor": week(1, 300_00)}), of({"won_minor": week(2, 900_00)})
    found = card(own, other)
    assert (300_00, 2_500) == (found.sales_minor, found.sales_share_bps)


def test_capacity_counts_who_is_active_and_certified_of_who_is_there_at_the_end() -> None:
    trained = person({"did:TRAINING": week(0)}, took_part=ALL)
    selling = person({"did:DEMO": week(1)}, took_part=ALL)
    idle = person({}, took_part=ALL)
    left = person({"did:TRAINING": week(0)}, took_part=ALL, employed=(0, 6))
    found = card(company("a", trained, selling, idle, left))
    assert (3, 2, 1) == (found.staff, found.active, found.certified)


def test_depth_is_the_level_reached_and_not_the_count_of_trainings() -> None:
    many = {"did:TRAINING": [3] * 8}
    deep = {"did:TRAINING": week(0), "did:EXPERT": week(1)}
    assert (1_000, 2_000) == (
        card(of(many)).training_level_milli,
        card(of(many, deep)).training_level_milli,
    )


def test_who_was_certified_before_the_window_still_is_and_is_not_active() -> None:
    found = card(of({"did:TRAINING": week(0)}), thresholds=Thresholds(window_weeks=4))
    assert (1, 0) == (found.certified, found.active)


def test_coverage_is_stages_with_activity_and_products_sold() -> None:
    """Changes of deals are behaviors of registration and closing; a returned product is none."""
    own = of(
        {
            "did:DEMO": week(1),
            "did:DEAL_SUBMITTED": week(1),
            "did:DEAL_REGISTERED": week(2),
            "did:GONE_FROM_THE_CATALOGUE": week(2),
            "product:Switch": week(3, 2),
            "product:Router": [0, 1, 0, -1, 0, 0, 0, 0],
        }
    )
    found = card(own, of({"product:Firewall": week(0)}))
    assert (2, 4) == (found.stages, found.stages_of)
    assert (1, 2) == (found.products, found.products_of)


@pytest.mark.parametrize(
    ("counts", "window", "expected"),
    [
        ({"did:DEMO": week(5)}, 8, (1, 3, 3_333)),
        ({"did:DEMO": [1] * 8}, 8, (8, 8, 10_000)),
        ({"did:DEMO": [1, 0, 0, 0, 0, 0, 1, 0]}, 4, (1, 4, 2_500)),
        ({}, 8, (0, 8, 0)),
        ({"did:DEMO": week(0)}, 4, (0, 4, 0)),
    ],
    ids=["since the first", "always", "known before the window", "never", "long ago"],
)
def test_commitment_is_weeks_with_activity_of_those_since_the_first(
    counts: Counts, window: int, expected: tuple[int, int, int]
) -> None:
    found = card(of(counts), thresholds=Thresholds(window_weeks=window))
    assert expected == (found.active_weeks, found.weeks, found.commitment_bps)


def test_commitment_is_also_the_share_of_sales_registered_before() -> None:
    found = card(of({"won": week(1, 8), "won_registered": week(1, 6)}))
    assert (6, 8, 7_500) == (found.registered_before, found.won, found.registered_before_bps)


def test_consumption_is_what_the_customers_take_up_for_each_deal_won() -> None:
    found = card(of({"won": week(1, 8), "did:RENEWAL": week(4, 2), "did:DEMO": week(4, 9)}))
    assert (2, 250) == (found.consumed, found.consumed_per_won_milli)


def test_what_has_nothing_to_be_divided_by_is_none() -> None:
    gone = company("a", person({}, took_part=ALL, employed=(0, 2)))
    found = card(gone)
    assert (None, None, None, None) == (
        found.sales_share_bps,
        found.training_level_milli,
        found.registered_before_bps,
        found.consumed_per_won_milli,
    )


def test_only_the_last_weeks_count() -> None:
    counts = {"won": week(0, 5), "won_minor": week(0, 500), "did:RENEWAL": week(0)}
    found = card(of(counts), thresholds=Thresholds(window_weeks=4))
    assert (0, 0, 0) == (found.won, found.sales_minor, found.consumed)


def test_a_market_without_partners_or_weeks_has_no_scorecards_or_empty_ones() -> None:
    assert () == scorecards(market(weeks=8)).companies
    nothing = replace(asked(company("a", person({}, took_part=[]))), weeks=0)
    (found,) = scorecards(nothing).companies
    assert (0, 0, None) == (found.staff, found.weeks, found.commitment_bps)


def test_the_order_of_partners_does_not_matter() -> None:
    both = (
        replace(of({"won_minor": week(1, 300_00), "product:Switch": week(1)}), id="a"),
        replace(of({"did:DEMO": week(2)}), id="b"),
    )
    assert scorecards(asked(*both)).companies == scorecards(asked(*both[::-1])).companies[::-1]
