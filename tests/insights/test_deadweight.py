"""What is paid for what would be done anyway: exact on markets made by hand, and its laws."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain.insights.deadweight import (
    Baseline,
    Deadweight,
    DeadweightVerdict,
    Money,
    Thresholds,
    deadweight,
)
from portal_api.domain.insights.market import Company, Incentive, Market, Series, summed
from portal_api.domain.partners import PartnerType
from tests.insights.hand_made import company, market, person
from tests.insights.planted import drawn
from tests.insights.plants_deadweight import DEMO, PAID_DEMO, lifted, sketch

BEFORE, LAST_YEAR = Baseline.BEFORE, Baseline.LAST_YEAR
MATCHED, DIFFERENCE = Baseline.MATCHED, Baseline.DIFFERENCE_IN_DIFFERENCES
INSUFFICIENT = DeadweightVerdict.INSUFFICIENT_DATA


def by(baseline: Baseline, asked: Market, thresholds: Thresholds | None = None) -> Deadweight:
    """The first incentive by a baseline."""
    answer = deadweight(asked, thresholds)
    return next(one for one in answer.incentives if one.baseline is baseline)


def share(one: Deadweight) -> int:
    assert one.anyway_share_bps is not None
    return one.anyway_share_bps.value


def predicted(one: Deadweight) -> int:
    assert one.predicted is not None
    return one.predicted.value


def doing(
    before: int,
    during: int,
    *,
    name: str,
    part: bool = True,
    weeks: int = 8,
    kind: PartnerType = PartnerType.VAR,
) -> Company:
    """A partner of one person, with the same counts in each week before and since the middle."""
    half = weeks // 2
    did = [before] * half + [during] * half
    paid = [0] * half + [during * 50_00 * part] * half
    counts = {f"did:{DEMO}": did, PAID_DEMO: paid}
    return company(name, person(counts, took_part=[part] * weeks), kind=kind)


def incentive(starts: int = 4, ends: int | None = None) -> Incentive:
    return Incentive(DEMO, starts, starts, ends, ("demos",))


def paid_market(*companies: Company) -> Market:
    return market(*companies, incentives=[incentive()])


FOUR = tuple(doing(1, 2, name=f"a{number}") for number in range(4))


def test_the_rate_before_times_the_weeks_is_predicted_and_its_share_of_the_money_told() -> None:
    found = by(BEFORE, paid_market(*FOUR))
    assert (4, 0, 32) == (found.n_participants, found.n_others, found.actual)
    assert (16, 5_000) == (predicted(found), share(found))
    (money,) = found.money
    assert ("USD", 1600_00, 800_00) == (money.asset, money.paid_minor, money.anyway_minor)
    assert found.anyway_share_bps is not None
    low, high = found.anyway_share_bps.ends
    assert (16 * low, 16 * high) == (money.anyway_low_minor, money.anyway_high_minor)
    assert DeadweightVerdict.UNCLEAR is found.verdict


def test_who_did_it_as_often_before_is_paid_for_nothing_new() -> None:
    found = by(BEFORE, paid_market(*(doing(40, 40, name=f"a{number}") for number in range(8))))
    assert (10_000, DeadweightVerdict.MOSTLY_DEADWEIGHT) == (share(found), found.verdict)
    (money,) = found.money
    assert money.paid_minor == money.anyway_minor == money.anyway_high_minor


def test_more_expected_than_done_is_all_of_it_and_never_more() -> None:
    found = by(BEFORE, paid_market(*(doing(3, 1, name=f"a{number}") for number in range(4))))
    assert (48, 10_000) == (predicted(found), share(found))
    assert (800_00,) == tuple(one.anyway_minor for one in found.money)


def test_the_others_change_is_added_for_each_of_the_staff_and_week() -> None:
    others = [doing(2, 5, name=f"b{number}", part=False) for number in range(3)]
    found = by(DIFFERENCE, paid_market(*(doing(1, 8, name=f"a{x}") for x in range(4)), *others))
    assert (4, 3) == (found.n_participants, found.n_others)
    assert (4 * 4 * (1 + 3), 5_000) == (predicted(found), share(found))


def test_a_match_is_of_the_same_type_and_near_before_and_what_differs_is_corrected() -> None:
    """The others do twice what they did before, so 4 a week is expected of who did 2 before."""
    others = [
        doing(rate, 2 * rate, name=f"b{rate}", part=False) for rate in (1, 3, 5)
    ]  # Their line: during = 2 * before.
    stranger = doing(2, 9, name="c", part=False, kind=PartnerType.DMR)
    alone = doing(40, 40, name="z")
    taking_part = [doing(2, 8, name=f"a{number}") for number in range(4)]
    asked = paid_market(*taking_part, *others, stranger, alone)
    found = by(MATCHED, asked, Thresholds(caliper_bps=10_000, neighbours=3))
    assert (4, 3) == (found.n_participants, found.n_others)
    assert (4 * 4 * 4, 4 * 4 * 8) == (predicted(found), found.actual)


def test_only_the_nearest_are_matched() -> None:
    others = [doing(1, 4, name=f"b{number}", part=False) for number in range(3)]
    far = [doing(2, 90, name=f"c{number}", part=False) for number in range(3)]
    asked = paid_market(*FOUR, *others, *far)
    found = by(MATCHED, asked, Thresholds(caliper_bps=100_000))
    assert (3, 4 * 4 * 4) == (found.n_others, predicted(found))


def test_last_year_is_the_same_weeks_of_the_year_before() -> None:
    season = [3 if week % 52 < 4 else 0 for week in range(56)]
    companies = [
        company(f"a{number}", person({f"did:{DEMO}": season}, took_part=[True] * 56))
        for number in range(4)
    ]
    asked = market(*companies, incentives=[incentive(52)])
    assert (48, 10_000) == (predicted(by(LAST_YEAR, asked)), share(by(LAST_YEAR, asked)))
    assert 0 == share(by(BEFORE, asked))
    without = market(*companies, incentives=[incentive(51)])
    assert INSUFFICIENT is by(LAST_YEAR, without).verdict


def test_who_joined_later_is_expected_to_do_what_its_colleagues_did() -> None:
    weeks = 8
    old = person({f"did:{DEMO}": [1] * 4 + [2] * 4}, took_part=[True] * weeks)
    new = person({f"did:{DEMO}": [0] * 4 + [2] * 4}, took_part=[True] * weeks, employed=(4, 8))
    companies = [company(f"a{number}", old, new) for number in range(4)]
    found = by(BEFORE, paid_market(*companies))
    assert (4 * (4 + 4), 4 * 16) == (predicted(found), found.actual)


def test_only_weeks_in_which_someone_took_part_count() -> None:
    did = {f"did:{DEMO}": [1] * 4 + [2] * 4}
    half = [False] * 6 + [True] * 2
    companies = [company(f"a{number}", person(did, took_part=half)) for number in range(4)]
    found = by(BEFORE, paid_market(*companies))
    assert (4 * 2, 4 * 4) == (predicted(found), found.actual)


def test_an_incentive_is_looked_at_in_its_first_weeks() -> None:
    companies = [doing(1, 2, name=f"a{number}", weeks=80) for number in range(4)]
    asked = market(*companies, incentives=[incentive(40)])
    found = by(BEFORE, asked)
    assert (4 * 26 * 2, 4 * 26) == (found.actual, predicted(found))
    assert (4 * 26 * 100_00,) == tuple(one.paid_minor for one in found.money)


def test_weeks_in_which_the_behavior_was_paid_already_are_not_before() -> None:
    """Paid in weeks 4 to 8 at 9 a week, then not at 1, then again: before are the four unpaid."""
    did = {f"did:{DEMO}": [5] * 4 + [9] * 4 + [1] * 4 + [2] * 12}
    companies = [company(f"a{x}", person(did, took_part=[True] * 24)) for x in range(4)]
    asked = market(*companies, incentives=[incentive(12), incentive(4, 8)])
    assert 5_000 == share(by(BEFORE, asked))
    joined = market(*companies, incentives=[incentive(12), incentive(4, 10)])
    assert INSUFFICIENT is by(BEFORE, joined).verdict


@pytest.mark.parametrize(
    "asked",
    [
        market(*(one for one in FOUR), incentives=[incentive(5)]),
        market(*(one for one in FOUR), incentives=[incentive(3)]),
        market(*(one for one in FOUR), incentives=[incentive(9)]),
        paid_market(*FOUR[:2]),
        paid_market(*(doing(1, 0, name=f"a{number}") for number in range(4))),
        market(incentives=[incentive()], weeks=8),
        market(incentives=[incentive(0)], weeks=0),
    ],
    ids=["3 weeks paid", "3 before", "not yet", "2 partners", "never done", "nobody", "no weeks"],
)
def test_too_little_is_no_answer(asked: Market) -> None:
    for one in deadweight(asked).incentives:
        assert (INSUFFICIENT, None, None, ()) == (
            one.verdict,
            one.predicted,
            one.anyway_share_bps,
            one.money,
        )


def test_without_others_there_is_no_comparison_with_them() -> None:
    asked = paid_market(*FOUR)
    assert [INSUFFICIENT] * 2 == [by(one, asked).verdict for one in (MATCHED, DIFFERENCE)]


def test_no_incentive_no_answer_about_one() -> None:
    assert () == deadweight(market(*FOUR)).incentives


def test_of_a_rule_that_pays_for_several_behaviors_each_has_what_was_paid_for_it() -> None:
    """However often each was done: a registration is paid less than the sale."""
    counts = {
        f"did:{DEMO}": [3] * 8,
        "did:LEAD": [1] * 8,
        f"paid:both:{DEMO}:POINTS": [0] * 4 + [2] * 4,
        "paid:both:LEAD:POINTS": [0] * 4 + [10, 10, 10, 11],
        "paid:other:LEAD:POINTS": [7] * 8,
    }
    companies = [company(f"a{x}", person(counts, took_part=[True] * 8)) for x in range(4)]
    both = [Incentive(one, 4, 4, None, ("both",)) for one in (DEMO, "LEAD")]
    answer = deadweight(market(*companies, incentives=both))
    paid = {
        one.behavior: one.money[0].paid_minor for one in answer.incentives if one.baseline is BEFORE
    }
    assert {DEMO: 4 * 8, "LEAD": 4 * 41} == paid


def test_money_is_of_those_who_are_judged_and_the_total_of_all() -> None:
    """A partner that no other is near is not matched: its money is in the total alone."""
    others = [doing(1, 2, name=f"b{number}", part=False) for number in range(4)]
    far = doing(30, 31, name="far")
    asked = paid_market(*FOUR, far, *others)
    found = {one.baseline: one for one in deadweight(asked).incentives}
    everybody, total = found[BEFORE].money[0], 4 * (4 * 2 + 31) * 50_00
    assert (total, total) == (everybody.paid_minor, everybody.total_minor)
    (matched,) = found[MATCHED].money
    assert 4 == found[MATCHED].n_participants
    assert (4 * 4 * 2 * 50_00, total) == (matched.paid_minor, matched.total_minor)


def test_what_a_consent_that_reaches_back_pays_is_in_the_total_and_not_judged() -> None:
    """They take part from the seventh week on, and were paid for the fifth and sixth afterwards."""
    counts = {f"did:{DEMO}": [1] * 4 + [2] * 4, PAID_DEMO: [0] * 4 + [100_00] * 4}
    part = [False] * 6 + [True] * 2
    companies = [company(f"a{number}", person(counts, took_part=part)) for number in range(4)]
    (money,) = by(BEFORE, paid_market(*companies)).money
    assert (4 * 200_00, 4 * 400_00) == (money.paid_minor, money.total_minor)


def test_who_no_rule_of_it_is_for_does_not_take_part_and_is_compared_with() -> None:
    """All consented to the program; the incentive's rules are for four of them."""
    others = [doing(1, 2, name=f"b{number}") for number in range(3)]
    admitted = frozenset(one.id for one in FOUR)
    four = replace(incentive(), admitted=admitted)
    found = by(DIFFERENCE, market(*FOUR, *others, incentives=[four]))
    assert (4, 3) == (found.n_participants, found.n_others)


def test_where_only_the_partner_is_paid_all_of_its_staff_take_part() -> None:
    four = [doing(1, 2, name=f"a{number}", part=False) for number in range(4)]
    paid = replace(incentive(), pays_people=False, pays_company=True)
    found = by(BEFORE, market(*four, incentives=[paid]))
    assert (4, 32) == (found.n_participants, found.actual)


def test_weeks_are_compared_in_which_the_same_else_pays() -> None:
    """Another program pays from the tenth week on: eight before, and four since."""
    companies = [doing(1, 2, name=f"a{number}", weeks=16) for number in range(4)]
    asked = replace(market(*companies, incentives=[incentive(8)]), weeks=16)
    alone = by(BEFORE, replace(asked, paid_elsewhere={DEMO: ((12, 16),)}))
    assert (4 * 4 * 2, 5_000) == (alone.actual, share(alone))
    joined = by(BEFORE, replace(asked, paid_elsewhere={DEMO: ((6, 16),)}))
    assert INSUFFICIENT is joined.verdict
    other = by(BEFORE, replace(asked, paid_elsewhere={"LEAD": ((6, 16),)}))
    assert 4 * 8 * 2 == other.actual


def test_where_nobody_varies_chance_alone_decides() -> None:
    """Exactly one a week throughout: what Poisson counts exclude is excluded, and no more."""
    companies = [doing(1, 1, name=f"a{number}", weeks=52) for number in range(9)]
    asked = market(*companies, incentives=[incentive(26)])
    found = by(BEFORE, asked)
    assert (234, 234) == (found.actual, predicted(found))
    assert DeadweightVerdict.MOSTLY_DEADWEIGHT is found.verdict


def test_who_changed_otherwise_before_is_not_compared_by_the_difference() -> None:
    """They rose before it already, and the others did not: no parallel trends."""
    rising = [1] * 13 + [4] * 13 + [8] * 26
    level = [2] * 52
    part = [False] * 26 + [True] * 26
    risers = [
        company(f"a{x}", person({f"did:{DEMO}": [one + x % 2 for one in rising]}, took_part=part))
        for x in range(6)
    ]
    others = [
        company(
            f"b{x}", person({f"did:{DEMO}": [one + x for one in level]}, took_part=[False] * 52)
        )
        for x in range(6)
    ]
    asked = market(*risers, *others, incentives=[incentive(26)])
    found = by(DIFFERENCE, asked)
    assert (DeadweightVerdict.UNCLEAR, False) == (found.verdict, found.parallel)
    assert by(BEFORE, asked).parallel is None


def test_where_more_was_taken_back_than_paid_there_is_no_money_to_divert() -> None:
    did = {f"did:{DEMO}": [1] * 4 + [2] * 4}
    counts = did | {
        PAID_DEMO: [0] * 4 + [50, 50, -200, 50],
        f"paid:demos:{DEMO}:POINTS": [0] * 7 + [8],
    }
    companies = [company(f"a{x}", person(counts, took_part=[True] * 8)) for x in range(4)]
    found = by(BEFORE, paid_market(*companies))
    assert [("POINTS", 32, 16)] == [(x.asset, x.paid_minor, x.anyway_minor) for x in found.money]


def test_what_is_planted_is_in_all_intervals_at_once_in_95_of_100_markets() -> None:
    """Half of it would have been done anyway, in uneven counts of few partners."""
    planted = sketch(lifted(0.3, 0.6), companies=14, people=2, clustered=0.5)
    missed = 0
    for seed in range(100):
        answers = deadweight(drawn(planted, seed)).incentives
        told = [(one.predicted, one.actual / 2) for one in answers]
        missed += any(one and not one.ends[0] <= true <= one.ends[1] for one, true in told)
    assert missed <= 5


markets = st.builds(
    lambda seed, rate, people, taking_part: drawn(
        replace(
            sketch(lifted(rate, 2 * rate), starts=6, companies=8, people=people, weeks=14),
            took_part=lambda company, _week: company < taking_part,
            incentives=(
                Incentive(DEMO, 6, 6, None, ("demos", "bonus")),
                Incentive("LEAD", 5, 6, 12, ("demos",)),
            ),
            rates={DEMO: lifted(rate, 2 * rate), "LEAD": lifted(0.2, 0.2)},
            paid={PAID_DEMO: (DEMO, 33), f"paid:bonus:{DEMO}:POINTS": ("LEAD", 7)},
        ),
        seed,
    ),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.2, 1.0, 3.0]),
    st.integers(1, 3),
    st.integers(0, 8),
)


def paid_by_rules(asked: Market, asset: str) -> int:
    whole = summed(asked.weeks, (one.series for one in asked.companies))
    return sum(whole.total(counter) for counter in whole.counts if counter.endswith(f":{asset}"))


def money_of(answers: Sequence[Deadweight], baseline: Baseline) -> list[Money]:
    return [money for one in answers if one.baseline is baseline for money in one.money]


@settings(max_examples=25, deadline=None)
@given(markets, st.randoms(use_true_random=False))
def test_money_told_is_never_more_than_was_paid_and_order_does_not_matter(
    asked: Market, chance: Random
) -> None:
    answers = deadweight(asked).incentives
    for baseline in Baseline:
        told = money_of(answers, baseline)
        for asset in ("USD", "POINTS"):
            paid = sum(one.paid_minor for one in told if one.asset == asset)
            assert paid <= paid_by_rules(asked, asset)
        for one in told:
            assert 0 <= one.anyway_low_minor <= one.anyway_minor
            assert one.anyway_minor <= one.anyway_high_minor <= one.paid_minor
    shuffled = list(asked.companies)
    chance.shuffle(shuffled)
    assert answers == deadweight(replace(asked, companies=tuple(shuffled))).incentives


def scaled(asked: Market, times: int) -> Market:
    """The same market, in which everything was paid so many times."""

    def of(series: Series) -> Series:
        return Series(
            series.weeks,
            {
                counter: tuple(one * times for one in each) if counter.startswith("paid:") else each
                for counter, each in series.counts.items()
            },
        )

    def company_of(one: Company) -> Company:
        people = tuple(replace(each, series=of(each.series)) for each in one.people)
        return replace(one, people=people, series=of(one.series))

    return replace(asked, companies=tuple(company_of(one) for one in asked.companies))


@settings(max_examples=15, deadline=None)
@given(markets, st.sampled_from([10_000, 30_000]))
def test_paying_so_many_times_as_much_is_so_many_times_the_money(asked: Market, times: int) -> None:
    """Within the rounding of the share."""
    once, often = (deadweight(one).incentives for one in (asked, scaled(asked, times)))
    for one, other in zip(once, often, strict=True):
        assert replace(one, money=()) == replace(other, money=())
        for money, more in zip(one.money, other.money, strict=True):
            assert times * money.paid_minor == more.paid_minor
            assert abs(times * money.anyway_minor - more.anyway_minor) <= times
