"""Breadth: who counts as staff, who as doing it, when stars are more than chance, and the flags."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, permutations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain.goals import Level
from portal_api.domain.insights import breadth as insight
from portal_api.domain.insights.breadth import Breadth, BreadthVerdict, Flag, Thresholds, breadth
from portal_api.domain.insights.durability import DurabilityVerdict, durability
from portal_api.domain.insights.market import Company, Incentive, Market, Person
from portal_api.domain.partners import Tier
from tests.insights.hand_made import company, market, person
from tests.insights.planted import drawn
from tests.insights.plants_breadth import TOP, TWO_STARS, asked, sketch

WEEKS = 10
RUNS = Incentive("DEMO", 0, 0, None, ("demos",))


def rep(*counts: int, employed: tuple[int, int] | None = None) -> Person:
    """Somebody who did it so often in the first weeks, and not after them."""
    each = [*counts, *[0] * (WEEKS - len(counts))]
    return person({"did:DEMO": each}, took_part=[True] * WEEKS, employed=employed)


def of(*people: Person, tier: Tier | None = None) -> Breadth:
    """The breadth of one company of these people."""
    made = market(replace(company("a", *people), tier=tier), incentives=[RUNS])
    (found,) = asked(made).companies
    return found


def test_who_does_it_did_so_in_two_different_weeks() -> None:
    """A single try is no habit, however often on one day."""
    found = of(rep(1, 1), rep(5), rep(0, 3, 2), rep())
    assert (4, 2, 12) == (found.staff, found.doing, found.occurrences)
    assert found.doing_bps
    assert (5_000, 1_500, 8_500) == (
        *(found.doing_bps.value, found.doing_bps.low, found.doing_bps.high),
    )


def test_staff_is_who_worked_there_for_half_of_the_weeks() -> None:
    """Who came late or left early is not, and what they did is in no share."""
    half, late = rep(0, 0, 0, 0, 0, 4, 4, employed=(5, 10)), rep(employed=(6, 10))
    left = rep(9, 9, employed=(0, 4))
    found = of(rep(3, 3), rep(2, 2), rep(1, 1), half, late, left)
    assert (4, 20) == (found.staff, found.occurrences)
    assert (4_000, 7_000) == (found.top_one_bps, found.top_two_bps)


def test_what_a_former_employee_did_elsewhere_is_in_no_share() -> None:
    found = of(*[rep(1, 1)] * 4, rep(1, 1, 0, 0, 0, 0, 50, employed=(0, 6)))
    assert (5, 10) == (found.staff, found.occurrences)


@pytest.mark.parametrize(
    ("people", "verdict"),
    [
        ([rep(*[2] * 10)] * 4, "ORG_WIDE"),
        ([rep(*[2] * 10), rep(*[2] * 10), rep(), rep(), rep()], "STAR_DEPENDENT"),
        ([rep(*[5] * 10), rep(1, 1), rep(1, 1), rep(1, 1), rep(1, 1)], "STAR_DEPENDENT"),
        ([rep(20), rep(20), rep(), rep(), rep()], "BETWEEN"),
        ([rep(1, 1), rep(1, 1), rep(1, 1), rep(1), rep(1), rep(1), rep(1)], "BETWEEN"),
        ([rep(*[2] * 10)] * 3, "INSUFFICIENT_DATA"),
        ([rep(1, 1), rep(1, 1), rep(1, 1), rep(1, 1), rep(1)], "INSUFFICIENT_DATA"),
        ([], "INSUFFICIENT_DATA"),
    ],
    ids=[
        *("all alike", "two do all", "one does most", "two did it in one week", "few have a habit"),
        *("three people", "nine occurrences", "nobody was there for long"),
    ],
)
def test_each_verdict_has_its_spread(people: Sequence[Person], verdict: str) -> None:
    """Two of five who did it twenty times in one week may have done so by chance that week."""
    assert verdict == of(*people, rep(employed=(0, 1))).verdict


weekly = st.lists(st.integers(0, 3), min_size=4, max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(weekly, min_size=2, max_size=3))
def test_the_chance_of_two_is_counted_over_all_ways_to_deal_the_weeks(
    weeks: list[list[int]],
) -> None:
    """Against each of the 24 ways to deal every week's counts to four people, tried one by one."""
    people = sorted(zip(*weeks, strict=True), key=sum, reverse=True)
    together = sum(people[0]) + sum(people[1])
    ways = [
        sum(week[0] + week[1] for week in dealt)
        for dealt in product(*(list(permutations(week)) for week in weeks))
    ]
    expected = 6 * sum(one >= together for one in ways) / len(ways)
    found = insight._Staff(company("a", rep()), RUNS, tuple(people)).chance()
    assert pytest.approx(min(1.0, expected)) == found


def test_a_week_is_dealt_to_those_who_worked_there_in_it() -> None:
    """Of the top two one was alone in the first week: there is no chance in what it did then."""
    people = ((3, 1), (None, 1), (None, 0), (None, 0))
    ways = [sum(pair) for pair in combinations((1, 1, 0, 0), 2)]
    expected = 6 * sum(one >= 2 for one in ways) / len(ways)
    assert pytest.approx(expected) == insight._Staff(company("a", rep()), RUNS, people).chance()


STARS = ([rep(*[4] * 10)] * 2) + ([rep()] * 3)
FALLING = ([rep(*[8] * 5)] * 2) + ([rep()] * 3)
ALL = [rep(*[2] * 10)] * 4


@pytest.mark.parametrize(
    ("people", "tier", "flag"),
    [
        (ALL, Tier.BRONZE, Flag.INVEST),
        (ALL, Tier.SILVER, Flag.INVEST),
        (ALL, Tier.GOLD, None),
        (ALL, None, None),
        (STARS, Tier.BRONZE, None),
        (STARS, Tier.GOLD, None),
        (FALLING, Tier.GOLD, Flag.TALK_TO_LEADERSHIP),
        (FALLING, Tier.PLATINUM, Flag.TALK_TO_LEADERSHIP),
        (FALLING, Tier.SILVER, None),
        (FALLING, None, None),
    ],
)
def test_flags_cross_the_spread_with_the_tier(
    people: Sequence[Person], tier: Tier | None, flag: Flag | None
) -> None:
    assert flag is of(*people, tier=tier).flag


def test_after_an_incentive_its_last_durability_tells_who_reverts() -> None:
    """A spike of an earlier incentive for the same behavior does not count."""
    people = [
        person({"did:DEMO": counts}, took_part=[True] * 40)
        for counts in ([0] * 8 + [9, 8, 9, 8, 9, 8, 9, 8] + [0] * 24, [0] * 40, [0] * 40, [0] * 40)
    ]
    spike = Incentive("DEMO", 8, 8, 16, ("demos",))
    made = market(replace(company("a", *people), tier=Tier.GOLD), incentives=[spike])
    lasted = durability(made, Level.PARTNER)
    assert [DurabilityVerdict.SPIKE] == [one.verdict for one in lasted.parties]
    assert Flag.TALK_TO_LEADERSHIP is breadth(made, lasted).companies[0].flag
    (same,) = lasted.parties
    again = replace(same, verdict=DurabilityVerdict.SUSTAINED)
    for parties, flag in (((same, again), None), ((again, same), Flag.TALK_TO_LEADERSHIP)):
        assert flag is breadth(made, replace(lasted, parties=parties)).companies[0].flag


def test_only_the_last_weeks_are_looked_at_of_a_long_incentive() -> None:
    made = drawn(replace(sketch(TWO_STARS), weeks=52), 1)
    found = asked(made)
    assert (made.day(26), made.day(52)) == (found.basis.starts_on, found.basis.ends_on)
    short = breadth(made, durability(made, Level.PARTNER), Thresholds(most_weeks=8))
    assert made.day(44) == short.basis.starts_on


def test_who_took_no_part_is_not_in_the_answer() -> None:
    def part(company_number: int, _week: int) -> bool:
        return company_number < 5

    found = asked(drawn(replace(sketch(TWO_STARS), took_part=part), 1))
    assert (5, 5) == (len(found.companies), found.basis.n)


@pytest.mark.parametrize(
    "made",
    [market(), market(incentives=[RUNS]), replace(drawn(sketch(TWO_STARS), 0), incentives=())],
    ids=["nothing", "zero weeks", "no incentive"],
)
def test_an_empty_market_has_an_empty_answer(made: Market) -> None:
    assert () == asked(made).companies


def test_an_incentive_that_begins_after_the_last_week_has_no_answer() -> None:
    made = market(company("a", *ALL), incentives=[Incentive("DEMO", 10, 11, None, ("demos",))])
    assert () == asked(made).companies


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1_000))
def test_verdicts_do_not_depend_on_the_order_of_companies_and_people(seed: int) -> None:
    made = drawn(sketch(TWO_STARS, tiers=TOP, clustered=0.5), seed)
    chance = Random(seed)
    companies = [
        replace(one, people=tuple(chance.sample(one.people, len(one.people))))
        for one in made.companies
    ]
    again = replace(made, companies=tuple(chance.sample(companies, len(companies))))
    assert set(asked(made).companies) == set(asked(again).companies)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1_000))
def test_an_idle_company_changes_nobody_elses_answer(seed: int) -> None:
    made = drawn(sketch(TWO_STARS), seed)
    idle: Company = company("idle", *[person({}, took_part=[True] * made.weeks)] * 5)
    found = asked(replace(made, companies=(idle, *made.companies))).companies
    assert asked(made).companies == found[1:]
    assert BreadthVerdict.INSUFFICIENT_DATA is found[0].verdict
