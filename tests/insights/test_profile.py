"""The behavior profile: what the top does more, for each of the staff, and who lacks it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from portal_api.domain.activities import (
    DEAL_REGISTERED,
    DEAL_WON,
    BehaviorType,
    FiveC,
    ProcessStage,
)
from portal_api.domain.insights.market import Company, Market
from portal_api.domain.insights.profile import (
    GapVerdict,
    MissingBehavior,
    Profile,
    Thresholds,
    missing,
    profile,
)
from portal_api.domain.insights.ranking import rank
from portal_api.domain.weeks import DID, WON_MINOR
from tests.insights.hand_made import company, market, person

WEEKS = 10
VISIT, COURSE, ADVANCED = "VISIT", "COURSE", "ADVANCED"
TRAININGS = tuple(
    BehaviorType(code, code.title(), ProcessStage.ENABLEMENT, FiveC.CAPACITY, level=level)
    for code, level in ((COURSE, 1), (ADVANCED, 2))
)


def house(
    name: str, sales: int, *did: int, behavior: str = VISIT, weeks: Sequence[int] = ()
) -> Company:
    """A company with one person for each number, who did that many, and was there so many weeks."""
    people = (
        person(
            {WON_MINOR: [sales] + [0] * (WEEKS - 1), DID + behavior: [0] * (WEEKS - 1) + [count]},
            took_part=[True] * WEEKS,
            employed=(WEEKS - there, WEEKS),
        )
        for count, there in zip(did, weeks or [WEEKS] * len(did), strict=True)
    )
    return company(name, *people)


def told(asked: Market, **thresholds: int) -> Profile:
    """The profile of its companies."""
    ranking = rank(asked, asked.companies, "partners")
    return profile(asked, asked.companies, ranking, "partners", Thresholds(**thresholds))


def four_and_twelve(top: Sequence[int], others: Sequence[int]) -> tuple[Company, ...]:
    """Four companies that sell 100, twelve that sell 1, and what each one of their staff did."""
    return (
        *(house(f"top{place}", 100, *top) for place in range(4)),
        *(house(f"other{place}", 1, *others) for place in range(12)),
    )


def test_the_top_does_more_by_so_much_a_week_for_each_of_its_staff() -> None:
    """Six visits of one rep in ten weeks against two of each: 600 and 200 thousandths."""
    found = told(market(*four_and_twelve([6], [2])))
    (gap,) = found.behaviors
    assert (4, 12, 48) == (found.n_top, found.n_others, gap.occurrences)
    assert (600, 200) == (gap.top_per_week_milli, gap.others_per_week_milli)
    assert gap.frequency_gap_milli is not None
    assert 400 == gap.frequency_gap_milli.value
    assert GapVerdict.TOP_DOES_MORE is gap.verdict
    assert (10_000, 10_000) == (gap.top_adoption_bps, gap.others_adoption_bps)


def test_a_large_company_does_not_do_more_by_being_large() -> None:
    """Three who do two each are no more diligent than one who does two."""
    (gap,) = told(market(*four_and_twelve([2, 2, 2], [2]))).behaviors
    assert (200, 200) == (gap.top_per_week_milli, gap.others_per_week_milli)
    assert GapVerdict.NO_DIFFERENCE is gap.verdict


def test_who_does_less_is_told_as_well() -> None:
    """Nobody at the top does it at all."""
    (gap,) = told(market(*four_and_twelve([0], [2]))).behaviors
    assert GapVerdict.TOP_DOES_LESS is gap.verdict
    assert (0, 10_000) == (gap.top_adoption_bps, gap.others_adoption_bps)
    assert gap.adoption_gap_bps is not None
    assert gap.adoption_gap_bps.below_zero


def test_sales_themselves_are_no_behavior_but_registration_is() -> None:
    """That who sells most wins most is no finding."""
    companies = (
        *(house(f"a{place}", 9, 3, behavior=DEAL_WON) for place in range(8)),
        *(house(f"b{place}", 1, 3, behavior=DEAL_REGISTERED) for place in range(8)),
    )
    assert [DEAL_REGISTERED] == [one.behavior for one in told(market(*companies)).behaviors]


@pytest.mark.parametrize(
    ("companies", "thresholds"),
    [
        (four_and_twelve([6], [2])[1:], {}),
        (four_and_twelve([6], [2])[:7], {}),
        (four_and_twelve([6], [2]), {"occurrences": 49}),
        (four_and_twelve([6], [2]), {"level_bps": 9_999}),
    ],
    ids=["top", "others", "occurrences", "divisions"],
)
def test_too_little_has_no_verdict_and_no_interval(
    companies: tuple[Company, ...], thresholds: Mapping[str, int]
) -> None:
    """Three at the top, three others, too few visits, or too few divisions for so high a level."""
    found = told(market(*companies), **thresholds)
    (gap,) = found.behaviors
    assert GapVerdict.INSUFFICIENT_DATA is gap.verdict
    assert gap.frequency_gap_milli is None
    assert not found.sufficient


def test_the_interval_is_wider_where_top_parties_are_smaller() -> None:
    """The rates of who was there for two weeks are uneven by nature: Welch's is held, too."""
    counts = (3, 5, 4, 6)
    others = tuple(house(f"o{place}", 1, 1 + place % 2) for place in range(12))
    long = tuple(house(f"t{place}", 100, 5 * one) for place, one in enumerate(counts))
    short = tuple(house(f"t{place}", 100, one, weeks=[2]) for place, one in enumerate(counts))
    (alike,), (smaller,) = (told(market(*top, *others)).behaviors for top in (long, short))
    widths = [
        (one.high - one.value, one.value - one.low)
        for one in (alike.frequency_gap_milli, smaller.frequency_gap_milli)
        if one is not None and one.low is not None and one.high is not None
    ]
    assert 2 == len(widths)
    assert all(narrow < wide for narrow, wide in zip(*widths, strict=True))


def test_a_level_is_reached_by_a_training_of_it_or_a_higher_one() -> None:
    """At the top, one of two has done the advanced course; of the others, one of two the first."""
    companies = (
        *(house(f"top{place}", 100, 1, 0, behavior=ADVANCED) for place in range(4)),
        *(house(f"other{place}", 1, 1, 0, behavior=COURSE) for place in range(12)),
    )
    found = told(market(*companies, behaviors=TRAININGS), occurrences=4)
    shares = [(one.level, one.top_reached_bps, one.others_reached_bps) for one in found.training]
    assert [(1, 5_000, 5_000), (2, 5_000, 0)] == shares
    assert [GapVerdict.NO_DIFFERENCE, GapVerdict.TOP_DOES_MORE] == [
        one.verdict for one in found.training
    ]


def test_all_verdicts_of_a_profile_share_one_error() -> None:
    """Two intervals of two behaviors, and two levels: each of the six is at 99.17 %."""
    asked = market(*four_and_twelve([6], [2]), behaviors=TRAININGS)
    trained = replace(
        asked,
        companies=tuple(
            company(
                one.id,
                *one.people,
                person({DID + ADVANCED: [1] * WEEKS}, took_part=[True] * WEEKS),
            )
            for one in asked.companies
        ),
    )
    found = told(trained)
    intervals = [one.frequency_gap_milli for one in found.behaviors]
    intervals += [one.adoption_gap_bps for one in found.behaviors]
    intervals += [one.gap_bps for one in found.training]
    levels = [one.level_bps for one in intervals if one is not None]
    assert [9_917] * 6 == levels


def test_people_are_compared_with_their_colleagues() -> None:
    """In a house that sells a lot everybody visits a lot, the best seller no more than others."""
    people = [
        [
            replace(
                person(
                    {WON_MINOR: [sales] * WEEKS, DID + VISIT: [1 + busy] * WEEKS},
                    took_part=[True] * WEEKS,
                ),
                id=f"{place}-{number}",
            )
            for number, sales in enumerate([50 if busy else 5, 6, 1, 1])
        ]
        for place, busy in enumerate([True] * 5 + [False] * 5)
    ]
    asked = market(*(company(f"p{place}", *own) for place, own in enumerate(people)))
    ranking = rank(asked, asked.people, "people")
    (gap,) = profile(asked, asked.people, ranking, "people").behaviors
    assert gap.top_per_week_milli > gap.others_per_week_milli
    assert GapVerdict.NO_DIFFERENCE is gap.verdict


def test_a_party_lacks_what_the_top_does_more_of_and_it_does_less() -> None:
    """One does none, one a little, one as much as the top."""
    none, little, enough = (house(name, 1, did) for name, did in (("n", 0), ("l", 1), ("e", 9)))
    asked = market(*four_and_twelve([6], [0]), none, little, enough)
    found = told(asked)
    assert (MissingBehavior(VISIT, 0, 600, True, 0, 1),) == missing(found, none, asked)
    assert (MissingBehavior(VISIT, 100, 600, False, 1, 1),) == missing(found, little, asked)
    assert () == missing(found, enough, asked)
    assert () == missing(found, house("gone", 1, 0, weeks=[0]), asked)


def _late(name: str, sales: int, *since: int) -> Company:
    """A company whose people, there since these weeks, visit once a week from the fifth on."""
    people = (
        person(
            {
                WON_MINOR: [sales] * WEEKS,
                DID + VISIT: [int(week >= max(5, start)) for week in range(WEEKS)],
            },
            took_part=[True] * WEEKS,
            employed=(start, WEEKS),
        )
        for start in since
    )
    return company(name, *people)


def test_who_was_hired_after_a_behavior_was_launched_does_not_do_more_of_it() -> None:
    """In the weeks in which it could be done, all do it as often."""
    companies = [
        *(_late(f"top{place}", 100, 0) for place in range(4)),
        *(_late(f"new{place}", 1, 5) for place in range(6)),
        *(_late(f"old{place}", 1, 0) for place in range(6)),
    ]
    (gap,) = told(market(*companies)).behaviors
    assert gap.top_per_week_milli == gap.others_per_week_milli
    assert GapVerdict.NO_DIFFERENCE is gap.verdict


def test_no_difference_is_found_only_where_one_that_matters_is_excluded() -> None:
    """The top may do it twice as often as the others, by the interval: that is no finding."""
    others = [house(f"o{place}", 1, 10 + place % 3) for place in range(12)]
    uneven = [house(f"t{place}", 100, did) for place, did in enumerate((4, 10, 14, 40))]
    even = [house(f"t{place}", 100, did) for place, did in enumerate((10, 12, 11, 12))]
    found = [told(market(*top, *others)) for top in (uneven, even)]
    verdicts = [one.behaviors[0].verdict for one in found]
    assert [GapVerdict.INSUFFICIENT_DATA, GapVerdict.NO_DIFFERENCE] == verdicts
    assert [False, True] == [one.sufficient for one in found]


def test_of_a_profile_of_people_a_company_lacks_what_its_others_do_less_than_others() -> None:
    """Not what its people do less than the top people, for nearly all companies do.

    In each, one sells and visits most; of the others, some visit once a week and some never.
    """
    companies = [
        company(
            f"p{place}",
            *(
                replace(
                    person(
                        {
                            WON_MINOR: [9 if top else 1] * WEEKS,
                            DID + VISIT: [3 if top else did] * WEEKS,
                        },
                        took_part=[True] * WEEKS,
                    ),
                    id=f"{place}-{number}",
                )
                for number, top in enumerate([True, False, False, False])
            ),
        )
        for place, did in enumerate([1, 1, 1, 1, 0, 0])
    ]
    asked = market(*companies)
    ranking = rank(asked, asked.people, "people")
    found = profile(asked, asked.people, ranking, "people")
    lacking = [missing(found, one, asked, ranking.at_top) for one in companies]
    assert [()] * 4 + [(MissingBehavior(VISIT, 0, 3_000, False, 0, 3),)] * 2 == lacking


def test_companies_without_staff_are_left_out() -> None:
    """Nobody there could have done anything."""
    asked = market(*four_and_twelve([6], [2]), house("gone", 1, 0, weeks=[0]))
    assert (16, 12) == (told(asked).basis.n, told(asked).n_others)
