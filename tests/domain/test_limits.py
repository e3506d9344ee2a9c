"""Limits, caps and periods; points by their value; what is judged again and what is recomputed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import rewards
from portal_api.domain.activities import DEAL_WON, WithheldReason
from portal_api.domain.consent import Cap
from portal_api.domain.goals import Level, Measure, Part, Progress, Target
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.periods import begins_at, months_in, period_of, year_before
from portal_api.domain.plans import Limit, Period, PointValue
from portal_api.domain.rewards import Award, Withheld
from tests.domain.facts import (
    CONSENTS,
    DAY,
    QUARTER,
    T0,
    WON,
    a_plan,
    a_recipient,
    a_rule,
    an_activity,
    facts_of,
    trace_of,
    verdict_on,
)
from tests.domain.fold import Fold

START = datetime(2024, 1, 1, tzinfo=UTC)


def reason_of(verdict: object) -> WithheldReason | None:
    """Why a part was withheld; none where it was paid."""
    return verdict.reason if isinstance(verdict, Withheld) else None


def limited(*limits: Limit, amount_minor: int = 50) -> Fold:
    """A program that pays a training, within limits."""
    return Fold(a_plan(a_rule(Flat("TRAINING", amount_minor), limits=limits)))


@pytest.mark.parametrize(
    ("limit", "days", "paid"),
    [
        (Limit(Period.DAY, count=1), (0, 0, 1), 2),
        (Limit(Period.WEEK, count=2), (0, 1, 2, 7), 3),
        (Limit(Period.MONTH, count=1), (0, 25, 31), 2),
        (Limit(Period.QUARTER, count=1), (0, 80, 95), 2),
        (Limit(Period.PROGRAM, count=2), (0, 100, 200), 2),
        (Limit(Period.PROGRAM, amount_minor=149), (0, 1, 2), 2),
        (Limit(Period.PROGRAM, amount_minor=150), (0, 1, 2, 3), 3),
        (Limit(Period.PROGRAM, amount_minor=49), (0,), 0),
        (Limit(Period.PROGRAM, count=9, amount_minor=50), (0, 1), 1),
    ],
)
def test_a_limit_withholds_whole_awards_and_counts_by_its_own_period(
    limit: Limit, days: tuple[int, ...], paid: int
) -> None:
    fold = limited(limit)
    for day in days:
        fold.did("TRAINING", at=T0 + 4 * DAY + day * DAY)  # A Monday.

    reasons = {reason_of(verdict) for verdict in fold.verdicts}

    assert (50,) * paid == fold.paid()
    assert ({WithheldReason.LIMIT_REACHED} if paid < len(days) else set()) == reasons - {None}


def test_the_strictest_of_several_limits_counts_and_each_recipient_has_its_own() -> None:
    fold = limited(Limit(Period.DAY, count=1), Limit(Period.PROGRAM, count=2))
    for day in range(4):
        fold.did("TRAINING", at=T0 + day * DAY)
        fold.did("TRAINING", "bob", at=T0)

    assert ((50, 50), (50,)) == (fold.paid("ann"), fold.paid("bob"))


def test_a_part_of_nothing_uses_nothing_of_a_limit() -> None:
    """Else what is given back, which has no part of nothing, would not free all that was used."""
    rule = a_rule(MilestoneSplit(300, 0, 1), limits=(Limit(Period.PROGRAM, count=1),))
    fold = Fold(a_plan(rule))
    fold.sell(0, "a")
    fold.sell(1_000, "b")
    fold.sell(0, "c")
    fold.sell(1_000, "d")

    assert (30,) == fold.paid()
    assert 1 == sum(isinstance(verdict, Withheld) for verdict in fold.verdicts)


@pytest.mark.parametrize(
    ("amount_minor", "points", "paid"),
    [(10**12, 1, 10**12), (10**10, 100, 10**12), (10**10 + 1, 100, None), (10**12, 2, None)],
)
def test_what_no_transfer_can_move_is_withheld_as_a_limit(
    amount_minor: int, points: int, paid: int | None
) -> None:
    """Never in part: 100 points for each minor unit of a deal can be more than 10^12."""
    rule = a_rule(PercentOfDeal(10_000), asset="POINTS")
    fold = Fold(a_plan(rule, point_value=PointValue(points, 1)))
    fold.sell(amount_minor)

    assert (() if paid is None else (paid,)) == fold.paid()
    expected = WithheldReason.LIMIT_REACHED if paid is None else None
    assert [expected] == [reason_of(verdict) for verdict in fold.verdicts]


def test_what_is_due_of_all_revenue_is_withheld_too_and_then_counts_for_nothing() -> None:
    """10^12 at 0 %; 100 % of one more than that cannot be moved, so the band is not reached."""
    all_of_it = Tiered("Q", (Band(0, 0), Band(10**12 + 1, 10_000)), retrospective=True)
    fold = Fold(a_plan(a_rule(all_of_it), goals=(QUARTER,)))
    fold.sell(10**12, "a")
    fold.sell(1, "b")

    assert [None, WithheldReason.LIMIT_REACHED] == [reason_of(one) for one in fold.verdicts]
    assert 10**12 == fold.progress["ann"].count("base:rule")


def test_a_consent_s_cap_withholds_whole_awards_across_rules_of_one_asset() -> None:
    consent = replace(CONSENTS.consents[0], caps=(Cap("USD", 120),))
    rules = [a_rule(Flat("TRAINING", 60), code=code) for code in ("a", "b", "c")]
    rules.append(a_rule(Flat("TRAINING", 60), code="d", asset="POINTS"))
    facts = facts_of(a_plan(*rules), an_activity("TRAINING"))
    facts = replace(facts, consents=replace(CONSENTS, consents=(consent,)))
    progress, found = Progress("-"), []
    for rule in rules:
        for verdict in rewards.earned(rule, facts, a_recipient(progress=progress)):
            found.append(reason_of(verdict))
            progress = progress.plus(verdict.counts if isinstance(verdict, Award) else {})

    assert [None, None, WithheldReason.CAP_REACHED, None] == found
    assert 120 == progress.count("under:1:USD")


def test_two_bonuses_of_one_activity_use_up_one_limit_between_them() -> None:
    """What the first part uses is not there for the second."""
    goal = replace(QUARTER, measure=Measure.BEHAVIOR_COUNT, behavior="TRAINING")
    rule = a_rule(GoalBonus("Q", 50, 30), limits=(Limit(Period.PROGRAM, amount_minor=60),))
    plan = a_plan(rule, goals=(goal,))
    fold = Fold(plan, {"ann": {"Q": Target(1, 1)}})
    fold.did("TRAINING")

    assert (50,) == fold.paid()
    assert [None, WithheldReason.LIMIT_REACHED] == [reason_of(one) for one in fold.verdicts]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia"])
@given(minutes=st.integers(0, 4 * 366 * 24 * 60))
def test_a_period_is_that_of_the_program_s_own_calendar(zone: str, minutes: int) -> None:
    instant = START + timedelta(minutes=minutes)
    local = instant.astimezone(ZoneInfo(zone)).date()
    found = {period: period_of(period, instant, zone) for period in Period}
    monday = date.fromisoformat(found[Period.WEEK][1:])

    assert f"D{local.isoformat()}" == found[Period.DAY]
    assert monday.weekday() == 0
    assert monday <= local < monday + timedelta(days=7)
    assert f"M{local:%Y-%m}" == found[Period.MONTH]
    assert f"Q{local.year}-{(local.month + 2) // 3}" == found[Period.QUARTER]
    assert f"H{local.year}-{1 if local.month <= 6 else 2}" == found[Period.HALF_YEAR]
    assert f"Y{local.year}" == found[Period.YEAR]
    assert "P" == found[Period.PROGRAM]
    for period in (Period.MONTH, Period.QUARTER, Period.HALF_YEAR, Period.YEAR):
        name = found[period]
        assert found[Period.MONTH] in months_in(name)
        assert begins_at(name, zone) <= instant
        assert period_of(period, begins_at(name, zone) - timedelta(1), zone) < name
        then = year_before(name)
        assert name == period_of(period, begins_at(name, zone), zone)
        assert then == period_of(period, begins_at(then, zone), zone)
        assert begins_at(name, zone).year - 1 == begins_at(then, zone).year


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        # New York leaves summer time on 1 November 2026 at 06:00 UTC, and enters it on 8 March.
        (datetime(2026, 11, 1, 3, 59, tzinfo=UTC), "D2026-10-31"),
        (datetime(2026, 11, 1, 4, 0, tzinfo=UTC), "D2026-11-01"),
        (datetime(2026, 11, 2, 4, 59, tzinfo=UTC), "D2026-11-01"),
        (datetime(2026, 11, 2, 5, 0, tzinfo=UTC), "D2026-11-02"),
        (datetime(2026, 3, 8, 4, 59, tzinfo=UTC), "D2026-03-07"),
        (datetime(2026, 3, 8, 5, 0, tzinfo=UTC), "D2026-03-08"),
        (datetime(2026, 3, 9, 3, 59, tzinfo=UTC), "D2026-03-08"),
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), "D2026-03-09"),
    ],
)
def test_a_day_of_daylight_saving_has_25_or_23_hours(instant: datetime, day: str) -> None:
    assert day == period_of(Period.DAY, instant, "America/New_York")


def test_what_is_judged_again_does_not_count_itself_twice() -> None:
    """A bonus that was withheld: the sale that reached the goal is in the progress by now."""
    rule = a_rule(GoalBonus("Q", 50_000))
    facts = facts_of(a_plan(rule, goals=(QUARTER,)), an_activity(DEAL_WON), WON)
    targets, part = {"Q": Target(3_000_000, 9_000_000)}, Part(3_000_000)
    progress = Progress("-", {"goal:Q": 3_000_000})
    reached = a_recipient(targets=targets, part=part, progress=progress)

    case = rewards.case_of(rule, replace(facts, counted_already=True), reached)

    assert case.inputs.measured is not None
    assert (0, 3_000_000) == (case.inputs.measured.before, case.inputs.measured.after)


def test_a_member_s_share_of_a_team_s_award_replays_from_the_whole() -> None:
    """Invariant L18: 100 among three is 34, 33 and 33."""
    rule = a_rule(Flat("TRAINING", 100), Level.TEAM)
    plan, activity = a_plan(rule), an_activity("TRAINING")
    (award,) = rewards.earned(rule, facts_of(plan, activity), a_recipient(Level.TEAM))
    assert isinstance(award, Award)

    def share(place: int) -> int | None:
        trace = trace_of(plan, activity, award, replace(award.inputs, shared=(3, place)))
        part = rewards.replayed(plan, trace, "ann")
        return part.amount_minor if part else None

    assert [34, 33, 33] == [share(place) for place in range(3)]


@pytest.mark.parametrize(
    "change", [{"rule_code": "other"}, {"step": "DEMO"}, {"behavior": "DEMO"}, {"inputs": None}]
)
def test_what_the_plan_would_not_pay_does_not_replay(change: dict[str, Any]) -> None:
    rule = a_rule(Flat("TRAINING", 50))
    plan, activity = a_plan(rule), an_activity("TRAINING")
    award = verdict_on(rule, "TRAINING")
    assert isinstance(award, Award)
    trace = trace_of(plan, activity, award, award.inputs)

    assert award.part == rewards.replayed(plan, trace, "ann")
    assert rewards.replayed(plan, replace(trace, **change), "ann") is None


@pytest.mark.parametrize(
    ("points", "amount_minor", "expected"),
    [(100, 100, 90_000), (1, 100, 900), (500, 500, 90_000), (3, 700, 386)],
)
def test_a_rate_of_a_deal_in_points_is_rounded_once_by_their_value(
    points: int, amount_minor: int, expected: int
) -> None:
    """3 % of 30,000.00 is 900.00 in points that have a value: 3 for 7.00 are 385.71, so 386."""
    rule = a_rule(MilestoneSplit(300, 0, 1), asset="POINTS")
    fold = Fold(a_plan(rule, point_value=PointValue(points, amount_minor)))
    fold.sell(3_000_000)

    assert (expected,) == fold.paid()
    assert 500 == PointValue(500, 500).worth(500)
