"""Durability: three equal windows, whose behavior they are, and what may not be guessed."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain.goals import Level
from portal_api.domain.insights.durability import (
    Durability,
    DurabilityVerdict,
    Thresholds,
    durability,
    overall,
)
from portal_api.domain.insights.market import Incentive, Market, Person, Series, Team
from tests.insights.hand_made import company, market, person
from tests.insights.planted import Sketch, drawn, steady
from tests.insights.plants_durability import PAID, SPIKE, SUSTAINED, sketch, steps

UP_AND_DOWN = (1, 3, 2, 2, 1, 3, 2, 2)
"""Eight weeks of two a week."""


def eight(before: int, during: int, after: int) -> list[int]:
    """Three times eight weeks, of twice so many a week each."""
    return [count * times for times in (before, during, after) for count in UP_AND_DOWN]


PAID_8 = Incentive("DEMO", 8, 8, 16, ("demos",))


def rep(counts: list[int], employed: tuple[int, int] | None = None, name: str = "p") -> Person:
    always = [True] * len(counts)
    return replace(
        person({"did:DEMO": counts}, took_part=always, employed=employed), id=name, team_id="t"
    )


def one(
    counts: list[int], incentive: Incentive = PAID_8, level: Level = Level.PARTNER
) -> Durability:
    """What became of one company of one person."""
    asked = market(company("a", rep(counts)), incentives=[incentive])
    (found,) = durability(asked, Level.PARTNER).parties
    return found


def test_rates_lift_and_what_is_left_are_plain_arithmetic() -> None:
    """2, 20 and 12 a week: a lift of 18, of which 10 are left, five ninths."""
    found = one(eight(1, 10, 6))
    assert (8, 2_000, 20_000, 12_000) == (
        *(found.weeks, found.before_milli, found.during_milli, found.after_milli),
    )
    assert found.lift_milli
    assert found.left_milli
    assert (18_000, 10_000, 5_556) == (
        *(found.lift_milli.value, found.left_milli.value, found.kept_bps),
    )
    assert DurabilityVerdict.PARTIAL is found.verdict


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        (eight(1, 10, 10), "SUSTAINED"),
        (eight(1, 10, 20), "SUSTAINED"),
        (eight(1, 10, 1), "SPIKE"),
        (eight(1, 10, 0), "SPIKE"),
        (eight(1, 10, 5), "PARTIAL"),
        (eight(4, 4, 4), "NO_EFFECT"),
        (eight(4, 1, 4), "NO_EFFECT"),
        (eight(0, 0, 0), "INSUFFICIENT_DATA"),
    ],
)
def test_each_verdict_has_its_rates(counts: list[int], verdict: str) -> None:
    assert verdict == one(counts).verdict


def test_a_lift_that_a_few_weeks_could_hide_is_no_proof_of_none() -> None:
    """1 a week before and 2 during it, of four weeks: neither a lift is seen, nor its absence."""
    counts = [1, 1, 1, 1, 2, 1, 3, 2, 1, 1, 1, 1]
    found = one(counts, Incentive("DEMO", 4, 4, 8, ("demos",)))
    assert found.lift_milli
    assert not found.lift_milli.above_zero
    assert 1_000 < (found.lift_milli.high or 0)
    assert DurabilityVerdict.INSUFFICIENT_DATA is found.verdict


def test_what_is_left_is_not_guessed_from_a_wide_interval() -> None:
    """Half of the lift by the numbers, but of weeks so uneven that it may be none or all of it."""
    counts = [0] * 8 + [4, 5, 6, 5, 4, 6, 5, 5] + [0, 8, 0, 4, 0, 0, 8, 0]
    found = one(counts)
    assert 5_000 == found.kept_bps
    assert DurabilityVerdict.INSUFFICIENT_DATA is found.verdict


@pytest.mark.parametrize(("ends", "seen"), [(None, 0), (24, 0), (22, 2)])
def test_an_incentive_that_runs_or_has_just_ended_has_a_lift_and_no_verdict(
    ends: int | None, seen: int
) -> None:
    found = one(eight(1, 10, 10), Incentive("DEMO", 8, 8, ends, ("demos",)))
    assert (8, 20_000, bool(seen)) == (found.weeks, found.during_milli, found.after_milli > 0)
    assert found.lift_milli
    assert found.lift_milli.above_zero
    assert (None, None) == (found.left_milli, found.kept_bps)
    assert DurabilityVerdict.INSUFFICIENT_DATA is found.verdict


def test_fewer_than_four_weeks_before_it_tell_nothing() -> None:
    found = one(eight(1, 10, 10), Incentive("DEMO", 3, 3, 16, ("demos",)))
    assert (3, None, DurabilityVerdict.INSUFFICIENT_DATA) == (
        *(found.weeks, found.lift_milli, found.verdict),
    )


def test_fewer_than_ten_occurrences_tell_nothing() -> None:
    rare = [0] * 8 + [1, 1, 1, 1, 1, 1, 1, 1] + [0] * 8
    assert DurabilityVerdict.INSUFFICIENT_DATA is one(rare).verdict
    asked = market(company("a", rep(rare)), incentives=[PAID_8])
    (found,) = durability(asked, Level.PARTNER, Thresholds(occurrences=8)).parties
    assert DurabilityVerdict.SPIKE is found.verdict


def test_thresholds_decide_and_are_told() -> None:
    asked = market(company("a", rep(eight(1, 10, 7))), incentives=[PAID_8])
    found = durability(asked, Level.PARTNER, Thresholds(sustained_bps=6_000))
    assert DurabilityVerdict.SUSTAINED is found.parties[0].verdict
    assert 6_000 == found.basis.thresholds["sustained_bps"]
    assert (1, "partners") == (found.basis.n, found.basis.n_of)
    assert (asked.day(0), asked.day(24)) == (found.basis.starts_on, found.basis.ends_on)


def test_who_took_no_part_is_not_in_the_answer() -> None:
    """Half of the incentive's weeks are enough; fewer are not."""
    half = [week >= 12 for week in range(24)]
    less = [week >= 13 for week in range(24)]
    counts = eight(1, 10, 10)
    companies = [
        company(name, person({"did:DEMO": counts}, took_part=part))
        for name, part in (("all", [True] * 24), ("half", half), ("less", less))
    ]
    asked = market(*companies, incentives=[PAID_8])
    assert ["all", "half"] == [found.party_id for found in durability(asked, Level.PARTNER).parties]
    (together,) = overall(asked).parties
    assert (4_000, 40_000) == (together.before_milli, together.during_milli)
    assert ("", 2) == (together.party_id, overall(asked).basis.n)


def test_people_who_were_hired_make_no_lift() -> None:
    """Three who do what the first one always did come with the incentive, and stay."""
    steady, hired = eight(4, 4, 4), eight(0, 4, 4)
    came = [rep(hired, (8, 24), f"p{at}") for at in range(3)]
    asked = market(company("a", rep(steady), *came), incentives=[PAID_8])
    (found,) = durability(asked, Level.PARTNER).parties
    assert found.lift_milli
    assert 0 == found.lift_milli.value
    assert found.before_milli == found.during_milli == found.after_milli
    assert DurabilityVerdict.NO_EFFECT is found.verdict


def test_a_person_is_looked_at_only_while_there() -> None:
    """Of who came three weeks before it, or left while it ran, nothing is said."""
    counts = eight(1, 10, 10)
    people = [
        rep(counts, (0, 24), "stayed"),
        rep([0] * 5 + counts[5:], (5, 24), "came"),
        rep(counts[:14] + [0] * 10, (0, 14), "left"),
    ]
    asked = market(company("a", *people), incentives=[PAID_8])
    found = {each.party_id: each for each in durability(asked, Level.INDIVIDUAL).parties}
    assert DurabilityVerdict.SUSTAINED is found["stayed"].verdict
    assert (3, "INSUFFICIENT_DATA") == (found["came"].weeks, found["came"].verdict)
    assert (6, "INSUFFICIENT_DATA") == (found["left"].weeks, found["left"].verdict)
    assert "a" == found["left"].partner_id


def test_teams_of_one_name_are_told_apart_by_their_company() -> None:
    found = durability(drawn(SUSTAINED, 0), Level.TEAM).parties
    assert 24 == len({(each.partner_id, each.party_id) for each in found})


def test_each_incentive_of_a_behavior_is_judged_in_the_order_they_began() -> None:
    again = Incentive("DEMO", 24, 24, None, ("demos",))
    counts = [*eight(1, 10, 1), *UP_AND_DOWN]
    asked = market(company("a", rep(counts)), incentives=[again, PAID_8])
    assert [DurabilityVerdict.SPIKE, DurabilityVerdict.INSUFFICIENT_DATA] == [
        found.verdict for found in durability(asked, Level.PARTNER).parties
    ]


@pytest.mark.parametrize("level", list(Level))
def test_an_empty_market_has_an_empty_answer(level: Level) -> None:
    for asked in (market(), market(incentives=[PAID_8]), replace(drawn(SPIKE, 0), incentives=())):
        assert () == durability(asked, level).parties
        assert () == overall(asked).parties


def _shuffled(asked: Market, seed: int) -> Market:
    chance = Random(seed)
    companies = [
        replace(each, people=tuple(chance.sample(each.people, len(each.people))))
        for each in asked.companies
    ]
    return replace(asked, companies=tuple(chance.sample(companies, len(companies))))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_000), st.sampled_from(Level))
def test_verdicts_do_not_depend_on_the_order_of_companies_and_people(
    seed: int, level: Level
) -> None:
    asked = drawn(sketch(steps(0.5, 1.5, 1.0), companies=4), seed)
    found = durability(asked, level).parties
    again = durability(_shuffled(asked, seed), level).parties
    assert set(found) == set(again)
    assert overall(asked) == overall(_shuffled(asked, seed))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000))
def test_an_idle_company_changes_nobody_elses_answer(seed: int) -> None:
    """It has too few occurrences to be judged, so that it takes no certainty from the others."""
    asked = drawn(sketch(steps(0.5, 1.5, 1.0), companies=4), seed)
    idle = company("idle", person({}, took_part=[True] * 39))
    more = replace(asked, companies=(idle, *asked.companies))
    found = durability(more, Level.PARTNER).parties
    assert durability(asked, Level.PARTNER).parties == found[1:]
    assert DurabilityVerdict.INSUFFICIENT_DATA is found[0].verdict


def test_more_judged_companies_make_all_intervals_wider() -> None:
    """Four times the same three, so that nothing else differs."""
    fewer = replace(drawn(SUSTAINED, 3), companies=drawn(SUSTAINED, 3).companies[:3])
    copies = [replace(each, id=f"{each.id}-{at}") for at in range(4) for each in fewer.companies]
    asked = replace(fewer, companies=tuple(copies))
    (one_of_12, one_of_3) = (
        durability(each, Level.PARTNER).parties[0].lift_milli for each in (asked, fewer)
    )
    assert one_of_12
    assert one_of_3
    assert (9_958, 9_833) == (one_of_12.level_bps, one_of_3.level_bps)
    assert PAID.behavior == durability(asked, Level.PARTNER).parties[0].behavior


SPANS = ((13, 26), (27, 45))


def twice_paid(week: int) -> float:
    """Three times as often while either pays, and not else."""
    return 3.0 if any(start <= week < end for start, end in SPANS) else 1.0


TWICE_PAID = Sketch(
    {"DEMO": lambda _company, _person, week: twice_paid(week)},
    weeks=60,
    incentives=tuple(Incentive("DEMO", start, start, end, ("r",)) for start, end in SPANS),
)


def test_weeks_in_which_another_incentive_pays_are_no_window() -> None:
    """Else the first would be sustained, and the second without effect."""
    found = overall(drawn(TWICE_PAID, 1)).parties
    assert [DurabilityVerdict.INSUFFICIENT_DATA] * 2 == [each.verdict for each in found]
    alone = replace(drawn(TWICE_PAID, 1), incentives=TWICE_PAID.incentives[:1])
    assert DurabilityVerdict.SUSTAINED is overall(alone).parties[0].verdict


@pytest.mark.parametrize("at", [0, 1])
def test_weeks_in_which_another_program_pays_are_no_window(at: int) -> None:
    asked = replace(
        drawn(TWICE_PAID, 1),
        incentives=(TWICE_PAID.incentives[at],),
        paid_elsewhere={"DEMO": (SPANS[1 - at],)},
    )
    assert DurabilityVerdict.INSUFFICIENT_DATA is overall(asked).parties[0].verdict


def test_only_companies_that_the_rules_are_for_are_looked_at() -> None:
    asked = drawn(SUSTAINED, 1)
    some = frozenset(each.id for each in asked.companies[:4])
    few = replace(asked, incentives=(replace(PAID, admitted=some),))
    assert some == {each.party_id for each in durability(few, Level.PARTNER).parties}
    assert some == {each.partner_id for each in durability(few, Level.INDIVIDUAL).parties}
    assert 4 == overall(few).basis.n


@pytest.mark.parametrize(("company_only", "people"), [(True, 48), (False, 0)])
def test_what_pays_a_company_is_for_all_of_its_staff(company_only: bool, people: int) -> None:
    """Nobody is enrolled: where people are paid, none of them takes part."""
    rule = replace(PAID, pays_people=not company_only, pays_company=company_only)
    sketched = replace(SUSTAINED, incentives=(rule,), took_part=lambda _company, _week: False)
    asked = drawn(sketched, 1)
    assert people == len(durability(asked, Level.INDIVIDUAL).parties)
    assert (12 if company_only else 0) == len(durability(asked, Level.PARTNER).parties)


def test_a_team_between_which_people_moved_is_not_judged() -> None:
    """Half of team t0 is in t1 since week 20: nobody does more, and yet both seem to change."""
    asked = drawn(sketch(steady(2.0), companies=1, people=8), 1)
    (firm,) = asked.companies
    movers = [each for each in firm.people if each.team_id == "t0"][:2]

    def counts(team: Team) -> Team:
        (key,) = team.series.counts
        moved = [sum(each.series.of(key)[week] for each in movers) for week in range(39)]
        sign = -1 if team.id == "t0" else 1
        own = tuple(
            count + sign * (more if week >= 20 else 0)
            for week, (count, more) in enumerate(zip(team.series.of(key), moved, strict=True))
        )
        return replace(team, series=Series(39, {key: own}))

    people = tuple(replace(each, team_id="t1") if each in movers else each for each in firm.people)
    teams = tuple(
        counts(replace(each, series=Series(39, {"did:DEMO": each.series.did("DEMO")})))
        for each in firm.teams
    )
    moved = replace(asked, companies=(replace(firm, people=people, teams=teams),))
    found = durability(moved, Level.TEAM).parties
    assert [DurabilityVerdict.INSUFFICIENT_DATA] * 2 == [each.verdict for each in found]
    stayed = durability(asked, Level.TEAM).parties
    assert [DurabilityVerdict.NO_EFFECT] * 2 == [each.verdict for each in stayed]
