"""Consistency: whose effects are compared, for each of their people, and when they differ."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain.insights.consistency import (
    BehaviorConsistency,
    ConsistencyVerdict,
    Thresholds,
    consistency,
)
from portal_api.domain.insights.market import Company, Incentive, Market
from tests.insights.hand_made import company, market, person
from tests.insights.planted import drawn
from tests.insights.plants_consistency import lifted, sketch

PAID = Incentive("DEMO", 8, 8, 16, ("demos",))
UP_AND_DOWN = (1, 3, 2, 2, 1, 3, 2, 2)


def rising(name: str, times: int, people: int = 1) -> Company:
    """Each of its people does it twice a week, and so many times as often while it is paid for."""
    counts = [one * more for more in (1, times) for one in UP_AND_DOWN]
    return company(name, *[person({"did:DEMO": counts}, took_part=[True] * 16)] * people)


def one(*companies: Company) -> BehaviorConsistency:
    (found,) = consistency(market(*companies, incentives=[PAID])).behaviors
    return found


def test_a_change_is_for_each_of_a_partners_people() -> None:
    """Four times as often everywhere: by one person, by six, by ten is all the same."""
    found = one(*(rising(str(people), 4, people) for people in (1, 2, 6, 10)))
    assert [6_000] * 4 == [each.change_milli for each in found.companies]
    assert (6_000, 0, 10_000, 0) == (
        *(found.mean_milli, found.q_milli, found.p_bps, found.spread_bps),
    )
    assert ConsistencyVerdict.CONSISTENT is found.verdict


def test_unlike_changes_are_flagged_with_their_spread() -> None:
    found = one(*(rising(name, times) for name, times in (("a", 1), ("b", 1), ("c", 9), ("d", 9))))
    assert [0, 0, 16_000, 16_000] == [each.change_milli for each in found.companies]
    assert ConsistencyVerdict.INCONSISTENT is found.verdict
    assert found.spread_bps
    assert found.spread_bps > 5_000


def test_the_spread_needed_is_a_threshold_and_told() -> None:
    companies = [rising(name, times) for name, times in (("a", 1), ("b", 1), ("c", 9), ("d", 9))]
    asked = market(*companies, incentives=[PAID])
    found = consistency(asked, Thresholds(spread_bps=10_000))
    assert ConsistencyVerdict.INCONSISTENT is not found.behaviors[0].verdict
    assert 10_000 == found.basis.thresholds["spread_bps"]
    assert (4, "partners") == (found.basis.n, found.basis.n_of)
    assert (asked.day(0), asked.day(16)) == (found.basis.starts_on, found.basis.ends_on)


def test_fewer_than_four_partners_are_shown_and_not_judged() -> None:
    found = one(*(rising(name, 9) for name in "abc"))
    assert (3, 16_000) == (len(found.companies), found.mean_milli)
    assert (None, None, None, ConsistencyVerdict.INSUFFICIENT_DATA) == (
        *(found.q_milli, found.p_bps, found.spread_bps, found.verdict),
    )


def test_effects_that_are_hardly_known_are_not_called_consistent() -> None:
    """One or two occurrences at each of six partners could hide anything."""
    few = [
        company(f"{at}", person({"did:DEMO": [at % 2, *[0] * 14, 2]}, took_part=[True] * 16))
        for at in range(6)
    ]
    found = one(*few)
    assert found.p_bps
    assert found.p_bps > 500
    assert ConsistencyVerdict.INSUFFICIENT_DATA is found.verdict


def test_who_took_no_part_or_was_not_there_before_it_is_left_out() -> None:
    counts = [one * more for more in (1, 4) for one in UP_AND_DOWN]
    without = company("without", person({"did:DEMO": counts}, took_part=[False] * 16))
    new = company("new", person({"did:DEMO": counts}, took_part=[True] * 16, employed=(5, 16)))
    found = one(*(rising(name, 4) for name in "abcd"), without, new)
    assert ["a", "b", "c", "d"] == [each.partner_id for each in found.companies]


def test_only_partners_that_the_rules_are_for_are_compared() -> None:
    """A segment of four does it four times as often, as it is paid for; all others are not."""
    segment = frozenset("abcd")
    paid = replace(PAID, admitted=segment)
    others = [rising(name, 1) for name in "efghijkl"]
    asked = market(*(rising(name, 4) for name in "abcd"), *others, incentives=[paid])
    (found,) = consistency(asked).behaviors
    assert segment == {each.partner_id for each in found.companies}
    assert ConsistencyVerdict.CONSISTENT is found.verdict


@pytest.mark.parametrize("span", [(0, 6), (12, 30)])
def test_weeks_of_unlike_pay_are_not_compared(span: tuple[int, int]) -> None:
    """Another program pays in most weeks before, or since the middle of the incentive."""
    asked = market(*(rising(name, 4) for name in "abcd"), incentives=[PAID])
    (found,) = consistency(replace(asked, paid_elsewhere={"DEMO": (span,)})).behaviors
    assert () == found.companies


def test_partners_of_which_half_may_do_twice_as_much_are_not_called_consistent() -> None:
    """Six partners that do 0.05 a week: neither a spread is seen, nor that there is none."""
    rare = replace(sketch(lifted(0.05, 0.1, 2), companies=6))
    assert [ConsistencyVerdict.INSUFFICIENT_DATA] * 5 == [
        one.verdict for seed in range(5) for one in _verdicts(drawn(rare, seed))
    ]


def test_a_partner_that_hired_is_no_inconsistency() -> None:
    """Its people all changed alike; only there are more of them since."""
    counts = [one * more for more in (1, 4) for one in UP_AND_DOWN]
    hired = person({"did:DEMO": [0] * 8 + counts[8:]}, took_part=[True] * 16, employed=(8, 16))
    old = person({"did:DEMO": counts}, took_part=[True] * 16)
    found = one(*(rising(name, 4) for name in "abc"), company("d", old, *[hired] * 5))
    assert [6_000] * 4 == [each.change_milli for each in found.companies]


def test_an_incentive_that_runs_is_judged_by_its_last_weeks() -> None:
    """Flagged while it can still be changed."""
    companies = [rising(name, times) for name, times in (("a", 1), ("b", 1), ("c", 9), ("d", 9))]
    runs = Incentive("DEMO", 8, 8, None, ("demos",))
    (found,) = consistency(market(*companies, incentives=[runs])).behaviors
    assert ConsistencyVerdict.INCONSISTENT is found.verdict


@pytest.mark.parametrize(
    ("before", "starts"), [(0, 0), (3, 3), (8, 14)], ids=["no before", "short", "no during"]
)
def test_too_few_weeks_leave_nobody_to_compare(before: int, starts: int) -> None:
    incentive = Incentive("DEMO", before, starts, None, ("demos",))
    asked = market(*(rising(name, 4) for name in "abcd"), incentives=[incentive])
    (found,) = consistency(asked).behaviors
    assert ((), ConsistencyVerdict.INSUFFICIENT_DATA) == (found.companies, found.verdict)


def test_an_empty_market_has_no_effects() -> None:
    assert () == consistency(market()).behaviors
    (found,) = consistency(market(incentives=[PAID])).behaviors
    assert ConsistencyVerdict.INSUFFICIENT_DATA is found.verdict


def _verdicts(asked: Market) -> tuple[BehaviorConsistency, ...]:
    return consistency(asked).behaviors


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_000))
def test_the_answer_does_not_depend_on_the_order_of_companies_and_people(seed: int) -> None:
    asked = drawn(sketch(lifted(0.5, 1.0, 3), 0.5), seed)
    chance = Random(seed)
    companies = [
        replace(each, people=tuple(chance.sample(each.people, len(each.people))))
        for each in asked.companies
    ]
    again = replace(asked, companies=tuple(chance.sample(companies, len(companies))))
    (found,), (other,) = _verdicts(asked), _verdicts(again)
    assert replace(found, companies=()) == replace(other, companies=())
    assert set(found.companies) == set(other.companies)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000))
def test_a_company_that_takes_no_part_changes_nothing(seed: int) -> None:
    asked = drawn(sketch(lifted(0.5, 1.0, 3), 0.5), seed)
    idle = company("idle", person({}, took_part=[False] * asked.weeks))
    assert _verdicts(asked) == _verdicts(replace(asked, companies=(idle, *asked.companies)))


def test_an_idle_incentive_takes_no_certainty_from_another() -> None:
    """What nobody does is not judged, so that it does not count among the verdicts."""
    asked = drawn(sketch(lifted(0.5, 1.0, 3)), 0)
    idle = Incentive("IDLE", 13, 13, 26, ("idle",))
    first, second = _verdicts(replace(asked, incentives=(idle, *asked.incentives)))
    assert _verdicts(asked) == (second,)
    assert ConsistencyVerdict.INSUFFICIENT_DATA is first.verdict
