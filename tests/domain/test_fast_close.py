"""FastClose: a deal won soon after its registration, and given back with its return."""

from datetime import timedelta

import pytest

from portal_api.domain.deals import Credit
from portal_api.domain.mechanics.fast_close import FastClose
from portal_api.domain.plans import PlanVersion
from tests.domain.facts import DAY, a_plan, a_rule
from tests.domain.fold import HOUR, Fold

MOMENT = timedelta(microseconds=1)


def plan(mechanic: FastClose | None = None) -> PlanVersion:
    return a_plan(a_rule(mechanic or FastClose(10_000, 30)))


@pytest.mark.parametrize(
    ("after", "expected"),
    [(30 * DAY, 10_000), (30 * DAY + MOMENT, 0), (MOMENT, 10_000)],
    ids=["on the last day", "a moment too late", "at once"],
)
def test_fast_close_pays_its_worked_example(after: timedelta, expected: int) -> None:
    """100.00 within 30 days of the approved registration; an hour passes with each event."""
    fold = Fold(plan())
    fold.submit(3_000_000)
    fold.approve()
    fold.now += after - HOUR

    fold.win()

    assert expected == fold.net()


def test_a_deal_that_was_never_registered_is_not_won_fast() -> None:
    fold = Fold(plan())
    fold.submit(3_000_000)

    fold.win()

    assert 0 == fold.net()


def test_only_who_registered_a_shared_deal_was_fast() -> None:
    """60 : 40: the owner gets its 60.00, the other nothing."""
    fold = Fold(plan())
    fold.submit(3_000_000, credits=(Credit("ann", 60), Credit("bob", 40)))
    fold.approve()

    fold.win()

    assert (6_000, 0) == (fold.net("ann"), fold.net("bob"))


def test_a_returned_deal_gives_it_back_and_can_earn_it_again() -> None:
    fold = Fold(plan())
    fold.submit(3_000_000)
    fold.approve()
    fold.win()

    fold.give_back()
    assert 0 == fold.net()
    fold.reopen()
    fold.win()

    assert 10_000 == fold.net()


@pytest.mark.parametrize("wrong", [FastClose(0, 30), FastClose(10_000, 0), FastClose(5, 3_661)])
def test_amounts_and_times_that_cannot_be_used_are_told(wrong: FastClose) -> None:
    assert 1 == len(wrong.problems(plan(wrong)))
