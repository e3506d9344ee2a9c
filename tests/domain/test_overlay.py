"""Overlay: pending until the deal is won, cancelled when it is not, once for person and deal."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain.deals import MAX_REOPENED, DealStage, Did
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.plans import Limit, Period
from portal_api.domain.rewards import Award, Released
from tests.domain.facts import DAY, SHARED, T0, WON, a_plan, a_rule, pays, verdict_on
from tests.domain.fold import Fold

POC = Overlay("POC", 10_000, 90)
MOMENT = timedelta(microseconds=1)


def overlay(mechanic: Overlay = POC, **changes: object) -> Fold:
    """A deal under one overlay rule."""
    fold = Fold(a_plan(replace(a_rule(mechanic), **changes)))  # type: ignore[arg-type]
    fold.submit(3_000_000)
    return fold


def state(fold: Fold, who: str = "ann") -> tuple[int, int]:
    """What somebody has available and pending."""
    return fold.net(who) - fold.pending(who), fold.pending(who)


def test_overlay_pays_its_worked_example() -> None:
    """100.00 within 90 days: pending, then available; cancelled when lost or won on day 91."""
    won, lost, late, returned, reported = (overlay() for _ in range(5))
    for fold in (won, lost, late, returned):
        fold.did("POC", name="d")
        fold.did("POC", name="d")
        assert (0, 10_000) == state(fold)
    for fold in (won, returned):
        fold.win()
        assert (10_000, 0) == state(fold)
    lost.lose()
    late.now += 91 * DAY
    late.win()
    returned.give_back()
    before = reported.now
    reported.win()
    reported.did("POC", name="d", at=before)

    assert [(10_000, 0), (0, 0), (0, 0), (0, 0), (10_000, 0)] == [
        state(fold) for fold in (won, lost, late, returned, reported)
    ]


@pytest.mark.parametrize(
    ("days", "moved", "expected"),
    [
        (90, timedelta(0), 10_000),
        (90, MOMENT, 0),
        (90, -90 * DAY + MOMENT, 10_000),
        (90, -90 * DAY, 0),  # At the very instant of the sale: it did not lead to it.
        (0, 3_000 * DAY, 10_000),
    ],
)
def test_a_behavior_leads_to_a_sale_that_comes_after_it_and_soon_enough(
    days: int, moved: timedelta, expected: int
) -> None:
    closed_at = T0 + 90 * DAY + moved
    sold = replace(WON, closed_at=closed_at, history=(Did("POC", "ann", T0),))
    rule = a_rule(Overlay("POC", 10_000, days))
    reported = verdict_on(rule, "POC", sold, at=T0)

    assert expected == pays(reported)


def test_what_was_done_after_the_sale_is_not_paid_for_what_was_withheld_before_it() -> None:
    fold = overlay()
    fold.strangers = frozenset({"ann"})
    fold.did("POC", name="d")
    fold.strangers = frozenset()
    fold.win()
    fold.did("POC", name="d")

    assert () == fold.paid()


def test_what_is_pending_is_released_once_and_named_as_its_earning() -> None:
    fold = overlay()
    fold.did("POC", name="d")
    fold.win()
    award, released = fold.verdicts

    assert isinstance(award, Award)
    assert isinstance(released, Released)
    assert (True, 10_000) == (award.part.pending, released.free.amount_minor)
    assert fold.deals["d"].awards[0].earning_id == released.free.earning_id


def test_each_person_is_paid_for_its_own_and_the_credit_does_not_matter() -> None:
    fold = Fold(a_plan(a_rule(POC)))
    fold.submit(3_000_000, credits=SHARED)
    fold.did("POC", "cyd", "d")
    fold.did("POC", "bob", "d")
    fold.win()

    assert [(0, 0), (10_000, 0), (10_000, 0)] == [state(fold, who) for who in ("ann", "bob", "cyd")]


def test_a_company_is_paid_once_for_what_its_people_do() -> None:
    fold = overlay(level=Level.PARTNER)
    fold.did("POC", "ann", "d")
    fold.did("POC", "bob", "d")
    fold.win()

    assert (10_000,) == fold.paid("p")


def test_what_a_loss_cancelled_is_earned_when_the_deal_is_won_after_all() -> None:
    fold = overlay()
    fold.did("POC", name="d")
    fold.lose()
    fold.reopen()
    fold.did("POC", name="d")
    assert (0, 0) == state(fold)
    fold.win()

    assert (10_000, -10_000, 10_000) == fold.paid()


def test_a_behavior_without_a_deal_or_on_a_lost_deal_pays_nothing() -> None:
    fold = overlay()
    fold.lose()
    fold.did("POC", name="d")
    fold.did("POC")

    assert [] == fold.verdicts


def test_what_is_pending_uses_up_a_limit() -> None:
    fold = overlay(limits=(Limit(Period.PROGRAM, count=1),))
    fold.submit(1, "e")
    fold.did("POC", name="d")
    fold.did("POC", name="e")

    assert (10_000,) == fold.paid()


@given(
    days=st.sampled_from([0, 1, 90]),
    shadow=st.booleans(),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["did", "win", "lose", "give_back", "reopen"]),
            st.sampled_from(["ann", "bob"]),
            st.integers(0, 60),
        ),
        max_size=14,
    ),
)
def test_in_every_order_of_events_nobody_has_more_than_the_amount_and_none_without_a_sale(
    days: int, shadow: bool, steps: list[tuple[str, str, int]]
) -> None:
    fold = overlay(Overlay("POC", 10_000, days), shadow=shadow)
    for event, who, waited in steps:
        fold.now += waited * DAY
        stage = fold.deals["d"].stage
        reopened = fold.deals["d"].reopened
        match event, stage:
            case "did", _:
                fold.did("POC", who, "d")
            case (("win" | "lose"), DealStage.OPEN):
                getattr(fold, event)()
            case "give_back", DealStage.WON:
                fold.give_back()
            case "reopen", (DealStage.LOST | DealStage.RETURNED) if reopened < MAX_REOPENED:
                fold.reopen()
        stage = fold.deals["d"].stage
        for person in ("ann", "bob"):
            available, pending = state(fold, person)
            assert available + pending in (0, 10_000)
            assert not available or stage is DealStage.WON
            assert not pending or stage is DealStage.OPEN
