"""What to pay for next: what closing a gap takes and costs in a quarter."""

from dataclasses import replace

import pytest

from portal_api.domain.insights.market import Incentive, Market
from portal_api.domain.insights.next_incentive import NextIncentives, Suggestion, suggest
from portal_api.domain.insights.profile import profile
from portal_api.domain.insights.ranking import Cohort, rank
from portal_api.domain.weeks import DID, WON_MINOR
from tests.insights.hand_made import company, market, person
from tests.insights.test_profile import VISIT, WEEKS, four_and_twelve, house, told


def suggested(asked: Market) -> NextIncentives:
    """The suggestions for its companies."""
    ranking = rank(asked, asked.companies, "partners")
    return suggest(asked, told(asked), ranking, asked.companies)


def test_what_is_missing_is_what_the_others_would_do_more_in_a_quarter() -> None:
    """Twelve with one rep each do 0.2 a week less 0.6: 12 x 0.4 x 13 = 62.4, at 5.00 each."""
    asked = replace(market(*four_and_twelve([6], [2])), prices={VISIT: 5_00})
    found = suggested(asked)
    assert (Suggestion(VISIT, False, 12, 62, 5_00, 310_00),) == found.suggestions
    assert found.sufficient
    assert 13 == found.basis.thresholds["quarter_weeks"]


def test_who_does_enough_or_has_left_misses_nothing() -> None:
    """One does more than the top; of one with two, who did nothing, one has left.

    All was done in the last week, by 18 people of 19: the top's rate is for the same weeks.
    """
    leaver = house("leaver", 0, 0, 0)
    gone = replace(leaver.people[1], employed=(0, WEEKS - 1))
    asked = market(
        *four_and_twelve([6], [2]),
        house("diligent", 1, 9),
        replace(leaver, people=(leaver.people[0], gone)),
    )
    (found,) = suggested(asked).suggestions
    done = 4 * 6 + 12 * 2 + 9
    top = done / (19 * WEEKS - 1) + (6 - done / 18) / WEEKS
    assert (13, round(13 * (12 * (top - 0.2) + top))) == (found.parties, found.missing)


def test_who_has_moved_is_one_of_the_others_where_it_does_not_sell() -> None:
    """TOP at its first company, where it sold, and nothing at the second, with the same id."""
    people = [
        replace(
            person(
                {WON_MINOR: [sales] * WEEKS, DID + VISIT: [did] * WEEKS}, took_part=[True] * WEEKS
            ),
            id=f"p{place}",
        )
        for place, (sales, did) in enumerate([(9, 3)] * 4 + [(1, 1)] * 11 + [(0, 0)])
    ]
    moved = replace(people[-1], id="p0")
    first, second = (
        company("first", *people[:-1]),
        company("second", moved, replace(people[4], id="other")),
    )
    asked = market(first, second)
    ranking = rank(asked, asked.people, "people")
    assert 4 == sum(one.cohort is Cohort.TOP for one in ranking.standings)
    found = profile(asked, asked.people, ranking, "people")
    assert (4, 13) == (found.n_top, found.n_others)
    (suggestion,) = suggest(asked, found, ranking, asked.people).suggestions
    assert 13 == suggestion.parties


def test_without_a_price_there_is_no_cost() -> None:
    """No rule pays for it yet: what one costs is for the channel manager to say."""
    (found,) = suggested(market(*four_and_twelve([6], [2]))).suggestions
    assert (None, None) == (found.price_minor, found.cost_minor)


@pytest.mark.parametrize(("ends", "paid"), [(None, True), (WEEKS, True), (WEEKS - 1, False)])
def test_what_is_paid_for_already_is_marked(ends: int | None, paid: bool) -> None:
    """An incentive that runs is; one that ended is not."""
    incentive = Incentive(VISIT, 0, 0, ends, ("visits",))
    asked = market(*four_and_twelve([6], [2]), incentives=[incentive])
    (found,) = suggested(asked).suggestions
    assert paid == found.paid_already


def test_nothing_is_suggested_without_a_gap_or_on_too_little() -> None:
    """No gap is an answer; too few partners are none."""
    alike, few = (
        suggested(market(*companies))
        for companies in (four_and_twelve([2], [2]), four_and_twelve([6], [2])[:7])
    )
    assert ((), True) == (alike.suggestions, alike.sufficient)
    assert ((), False) == (few.suggestions, few.sufficient)
