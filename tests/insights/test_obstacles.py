"""Obstacles in the insight: whom a trend counts, in which weeks, and what is advised."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from portal_api.domain.insights.market import Company, Incentive, Market, Person, Series
from portal_api.domain.insights.obstacles import (
    Advice,
    BehaviorObstacles,
    Obstacles,
    Thresholds,
    Trend,
    TrendVerdict,
    answer,
)
from portal_api.domain.obstacles import (
    Intervention,
    ObstacleKind,
    ObstacleReport,
    closed,
)
from portal_api.domain.partners import PartnerType, Role
from portal_api.domain.programs import IncentiveClass
from portal_api.domain.weeks import DID
from tests.insights.planted import FIRST_WEEK
from tests.insights.plants_obstacles import BEHAVIOR, done_in

WEEKS = 30
MIDDLE = 15
NOW = datetime(2026, 1, 5, tzinfo=UTC)
FRICTION, MOTIVATION = ObstacleKind
LOW, HIGH = (2, 4, 3), (9, 11, 10)
"""What is done in a week, in turn."""


def person(
    number: int, before: tuple[int, ...], after: tuple[int, ...], employed: tuple[int, int]
) -> Person:
    """Somebody who does it as often as told, until the middle and since."""
    counts = tuple(
        (before if week <= MIDDLE else after)[week % 3] if employed[0] <= week < employed[1] else 0
        for week in range(WEEKS)
    )
    return Person(
        id=f"ind-{number}",
        role=Role.SALES_REP,
        team_id=None,
        employed=employed,
        took_part=(True,) * WEEKS,
        series=Series(WEEKS, {DID + BEHAVIOR: counts}),
    )


def market(*companies: tuple[Person, ...], incentives: tuple[Incentive, ...] = ()) -> Market:
    return Market(
        program_id="prg",
        currency="USD",
        incentive_class=IncentiveClass.TACTICAL,
        first_week=FIRST_WEEK,
        weeks=WEEKS,
        as_of=NOW,
        companies=tuple(
            Company(
                id=f"ptn-{number:03}",
                type=PartnerType.VAR,
                tier=None,
                region="EMEA",
                took_part=(True,) * WEEKS,
                people=people,
                teams=(),
                series=Series(WEEKS),
            )
            for number, people in enumerate(companies)
        ),
        behaviors={},
        incentives=incentives,
    )


def steadily(before: tuple[int, ...], after: tuple[int, ...]) -> Market:
    """One company with one person, who is always there."""
    return market((person(1, before, after, (0, WEEKS)),))


def report(
    kind: ObstacleKind = FRICTION, week: int = 10, number: int = 1, partner: int = 0
) -> ObstacleReport:
    on = FIRST_WEEK + timedelta(weeks=week)
    return ObstacleReport(
        id=f"ptn-{partner:03}.ind.prg.{number}",
        partner_id=f"ptn-{partner:03}",
        program_id="prg",
        behavior=BEHAVIOR,
        kind=kind,
        text="Three pages.",
        reported_by=f"ind-{number}",
        role=Role.SALES_REP,
        reported_at=datetime.combine(on, datetime.min.time(), UTC),
        reported_on=on,
    )


def is_closed(one: ObstacleReport) -> ObstacleReport:
    return closed(one, "One page.", "ind-vendor", NOW)


def only(found: Obstacles) -> BehaviorObstacles:
    (one,) = found.behaviors
    return one


def trend(of: Market, done: Intervention, *others: Intervention, **given: int) -> Trend:
    """The trend after an intervention, among others."""
    found = only(answer(of, (), (done, *others), Thresholds(**given)))
    return next(one for one in found.trends if one.intervention_id == done.id)


def test_a_trend_has_equal_windows_without_the_week_in_which_it_began() -> None:
    """Domain rule 7.9; what began on a Monday has that week in its window."""
    of = steadily(LOW, HIGH)
    on_wednesday = trend(of, done_in(MIDDLE))
    monday = replace(done_in(MIDDLE + 1), started_on=of.day(MIDDLE + 1))
    on_monday = trend(of, monday)

    # 7 to 14 and 16 to 23; 8 to 15 and 16 to 23: in eight weeks two of the three come thrice.
    counts = [of.people[0].series.did(BEHAVIOR)[start : start + 8] for start in (7, 8, 16)]
    expected = [round(sum(one) * 1000 / 8) for one in counts]
    assert (8, True, TrendVerdict.IMPROVED, expected[0], expected[2]) == (
        *(on_wednesday.weeks, on_wednesday.settled, on_wednesday.verdict),
        *(on_wednesday.before_milli, on_wednesday.after_milli),
    )
    assert (8, expected[1], expected[2]) == (
        *(on_monday.weeks, on_monday.before_milli),
        on_monday.after_milli,
    )
    assert on_wednesday.change_milli is not None
    assert 0 < on_wednesday.change_milli.ends[0] < expected[2] - expected[0]


@pytest.mark.parametrize(
    ("week", "weeks", "verdict", "settled"),
    [
        (3, 0, TrendVerdict.INSUFFICIENT_DATA, True),
        (4, 4, TrendVerdict.NO_CHANGE, True),
        (20, 8, TrendVerdict.NO_CHANGE, True),
        (22, 7, TrendVerdict.NO_CHANGE, False),
        (25, 4, TrendVerdict.NO_CHANGE, False),
        (26, 0, TrendVerdict.TOO_EARLY, False),
        (29, 0, TrendVerdict.TOO_EARLY, False),
        (40, 0, TrendVerdict.TOO_EARLY, False),
        (-3, 0, TrendVerdict.INSUFFICIENT_DATA, True),
    ],
)
def test_a_window_has_four_to_eight_weeks_on_both_sides(
    week: int, weeks: int, verdict: TrendVerdict, settled: bool
) -> None:
    """Too few before it are never more; too few after it will be."""
    found = trend(steadily(LOW, LOW), done_in(week))
    assert (weeks, verdict, settled) == (found.weeks, found.verdict, found.settled)


def test_a_trend_counts_who_was_there_all_the_time() -> None:
    """Neither newcomers nor who has left make a trend; nor does another partner."""
    there, new, gone = (
        person(1, LOW, LOW, (0, WEEKS)),
        person(2, LOW, HIGH, (MIDDLE, WEEKS)),
        person(3, HIGH, LOW, (0, MIDDLE + 3)),
    )
    of = market((there, new, gone), (person(4, LOW, HIGH, (0, WEEKS)),))
    at_home = trend(of, done_in(MIDDLE, partner=0))
    everywhere = trend(of, done_in(MIDDLE))
    assert (1, TrendVerdict.NO_CHANGE) == (at_home.people, at_home.verdict)
    assert (2, TrendVerdict.IMPROVED) == (everywhere.people, everywhere.verdict)
    assert 0 == trend(of, done_in(MIDDLE, partner=7)).people


def test_other_interventions_in_the_same_weeks_are_counted_where_they_overlap() -> None:
    """And each more makes the interval of every one of them wider (Bonferroni)."""
    of = steadily(LOW, HIGH)
    done = done_in(MIDDLE)
    others = [
        done_in(MIDDLE - 3, number=1),
        done_in(MIDDLE + 3, partner=0, number=2),
        done_in(MIDDLE - 10, number=3),
        replace(done_in(MIDDLE, number=4), behavior="OTHER"),
    ]
    alone, among = trend(of, done), answer(of, (), [done, *others])
    together = next(
        one
        for behavior in among.behaviors
        for one in behavior.trends
        if one.intervention_id == done.id
    )
    assert (0, 2) == (alone.others, together.others)
    assert alone.change_milli is not None
    assert together.change_milli is not None
    assert (9_500, 9_900) == (alone.change_milli.level_bps, together.change_milli.level_bps)
    assert together.change_milli.ends[0] < alone.change_milli.ends[0]
    at_another = trend(of, done_in(MIDDLE, partner=0), done_in(MIDDLE, partner=1, number=5))
    assert 0 == at_another.others


def test_what_was_corrected_is_not_told() -> None:
    """The correction is told in its place, as if the first had not been recorded."""
    of, wrong = steadily(LOW, HIGH), done_in(MIDDLE - 5)
    right = replace(done_in(MIDDLE, number=1), corrects=wrong.id)
    (told,) = only(answer(of, (), (wrong, right))).trends
    assert (right.id, 0, 9_500) == (
        *(told.intervention_id, told.others),
        told.change_milli and told.change_milli.level_bps,
    )


def test_the_last_interventions_are_told() -> None:
    """An answer has an end, however much is done over the years."""
    of, done = steadily(LOW, HIGH), [done_in(5 + number, number=number) for number in range(3)]
    told = only(answer(of, (), done, Thresholds(interventions=2))).trends
    assert [one.id for one in done[1:]] == [one.intervention_id for one in told]


def test_what_is_hardly_done_is_not_judged() -> None:
    """By default ten in both windows are needed; before the window is full, it is too early."""
    of = steadily((0, 0, 1), (1, 0, 1))
    late, early = trend(of, done_in(MIDDLE)), trend(of, done_in(23))
    judged = trend(of, done_in(MIDDLE), occurrences=2)
    assert (TrendVerdict.INSUFFICIENT_DATA, None, 8) == (
        *(late.verdict, late.change_milli),
        late.weeks,
    )
    assert TrendVerdict.TOO_EARLY is early.verdict
    assert TrendVerdict.NO_CHANGE is judged.verdict


OPEN, OPEN_MOTIVATION = report(), report(MOTIVATION, number=2)
CLOSED, UNMOVED = is_closed(OPEN), is_closed(OPEN_MOTIVATION)
HELPED, IN_VAIN = steadily(LOW, HIGH), steadily(LOW, LOW)
RARE = steadily((0, 0, 1), (0, 1, 0))
DONE, RECENT = done_in(MIDDLE), done_in(23)


@pytest.mark.parametrize(
    ("of", "reports", "done", "advice"),
    [
        (HELPED, [OPEN], [], Advice.FIX_FIRST),
        (HELPED, [OPEN, OPEN_MOTIVATION], [], Advice.FIX_FIRST),
        (HELPED, [report(week=MIDDLE + 1)], [DONE], Advice.FIX_FIRST),
        (HELPED, [report(partner=1)], [replace(DONE, partner_id="ptn-000")], Advice.FIX_FIRST),
        (IN_VAIN, [OPEN], [DONE], Advice.FIX_FIRST),
        (steadily(HIGH, LOW), [OPEN], [DONE], Advice.FIX_FIRST),
        (HELPED, [OPEN], [RECENT], Advice.WATCH),
        (IN_VAIN, [OPEN], [DONE, RECENT], Advice.WATCH),
        (IN_VAIN, [CLOSED], [done_in(27)], Advice.WATCH),
        (IN_VAIN, [CLOSED, OPEN_MOTIVATION], [RECENT], Advice.WATCH),
        (HELPED, [OPEN_MOTIVATION], [], Advice.INCENT),
        (IN_VAIN, [CLOSED], [DONE], Advice.INCENT),
        (HELPED, [CLOSED, OPEN_MOTIVATION], [DONE], Advice.INCENT),
        (HELPED, [CLOSED], [DONE], Advice.SOLVED),
        (HELPED, [OPEN], [DONE], Advice.SOLVED),
        (RARE, [CLOSED], [DONE], Advice.INSUFFICIENT_DATA),
        (RARE, [OPEN, OPEN_MOTIVATION], [DONE], Advice.INSUFFICIENT_DATA),
        (HELPED, [CLOSED, UNMOVED], [], Advice.NOTHING_REPORTED),
    ],
)
def test_the_advice_is_to_fix_first_then_to_watch_then_to_incent(
    of: Market,
    reports: list[ObstacleReport],
    done: list[Intervention],
    advice: Advice,
) -> None:
    """Nobody is paid for what something keeps them from, nor before a fix could show."""
    assert advice is only(answer(of, reports, done)).advice


def test_a_report_that_is_named_is_answered_whenever_it_was_made() -> None:
    """Somebody may report today what was fixed last week, and be told so."""
    late = report(week=MIDDLE + 1)
    named = replace(DONE, answers=(late.id,))
    found = [only(answer(HELPED, [late], [one])).unanswered for one in (DONE, named)]
    assert [1, 0] == found


def test_one_persons_many_reports_count_once() -> None:
    """At each partner, whether they are open or closed."""
    many = [replace(report(MOTIVATION), id=f"{number}") for number in range(9)]
    many += [is_closed(replace(many[0], id="closed")), report(MOTIVATION, partner=1)]
    found = only(answer(HELPED, [*many, report(), report(number=2)], []))
    assert (2, 2, 2, 2, 2) == (
        *(found.open_friction, found.friction, found.unanswered),
        *(found.open_motivation, found.motivation),
    )


def test_what_was_done_too_long_ago_to_be_told_still_answers_its_report() -> None:
    """The next interventions leave it answered; what came of it is known no more."""
    late = [replace(done_in(MIDDLE + 9, number=2 + n), behavior="ANOTHER") for n in range(2)]
    named = replace(DONE, started_on=OPEN.reported_on - timedelta(weeks=1), answers=(OPEN.id,))
    found = answer(HELPED, [OPEN], [named, *late], Thresholds(interventions=2))
    (own,) = (one for one in found.behaviors if one.behavior == BEHAVIOR)
    assert (0, 1, (), Advice.INSUFFICIENT_DATA) == (
        *(own.unanswered, own.open_friction),
        *(own.trends, own.advice),
    )


def test_reports_are_counted_by_kind_and_the_most_urgent_behavior_is_first() -> None:
    """Also told are the behaviors that the program pays for and nobody complains of."""
    incentives = (Incentive("PAID", 4, 5, None, ("r",)), Incentive("OVER", 4, 5, 9, ("r",)))
    of = replace(HELPED, incentives=incentives)
    other = replace(OPEN_MOTIVATION, behavior="ANOTHER")
    found = answer(of, [other, OPEN, CLOSED, OPEN_MOTIVATION], [])

    assert [
        (BEHAVIOR, Advice.FIX_FIRST, False),
        ("ANOTHER", Advice.INCENT, False),
        ("OVER", Advice.NOTHING_REPORTED, False),
        ("PAID", Advice.NOTHING_REPORTED, True),
    ] == [(one.behavior, one.advice, one.paid) for one in found.behaviors]
    first = found.behaviors[0]
    assert (1, 1, 1, 1, 1) == (
        *(first.open_friction, first.friction, first.unanswered),
        *(first.open_motivation, first.motivation),
    )
    assert (4, "reports", FIRST_WEEK, date(2025, 8, 4)) == (
        *(found.basis.n, found.basis.n_of),
        *(found.basis.starts_on, found.basis.ends_on),
    )
