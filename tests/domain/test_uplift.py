"""Uplift: what came before the sale raises it, in whatever order it becomes known."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import money
from portal_api.domain.deals import Credit, DealStage, Did
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.rewards import Award, Withheld
from tests.domain.facts import (
    DAY,
    SHARED,
    T0,
    WON,
    a_plan,
    a_rule,
    pays,
    verdict_on,
    with_award,
)
from tests.domain.fold import Fold

REGISTERED = Uplift(("DEAL_REGISTERED",), 200, 300)
PREPARED = Uplift(("DEMO", "PLAN"), 200, 300)
PEOPLE = ("ann", "bob", "cyd")


def uplifted(mechanic: Uplift = REGISTERED, level: Level = Level.INDIVIDUAL) -> Fold:
    return Fold(a_plan(a_rule(mechanic, level)))


def test_uplift_pays_its_worked_example() -> None:
    """30,000.00 at 3 % where it was registered before the sale, else at 2 %; late: 300.00 more."""
    before, never, late, after = uplifted(), uplifted(), uplifted(), uplifted()
    before.submit(3_000_000)
    before.approve()
    before.win()
    never.sell(3_000_000)
    late.submit(3_000_000)
    then = late.now
    late.win()
    late.approve(at=then)
    after.sell(3_000_000)
    after.approve()

    assert [(90_000,), (60_000,), (60_000, 30_000), (60_000,)] == [
        fold.paid() for fold in (before, never, late, after)
    ]


def test_registering_pays_nothing_by_itself() -> None:
    fold = uplifted()
    fold.submit(3_000_000)
    fold.approve()
    fold.lose()

    assert [] == fold.verdicts


def test_the_reason_says_what_came_before_or_did_not() -> None:
    fold = uplifted(PREPARED)
    fold.submit(3_000_000, credits=SHARED)
    fold.did("DEMO", "bob", "d")
    fold.did("PLAN", "bob", "d")
    fold.win()
    told = [verdict.part.because for verdict in fold.verdicts if isinstance(verdict, Award)]

    why = "DEMO, PLAN of the same seller came before the sale."
    assert told == [
        f"2 % of 30000.00 USD is 600.00 USD, your share of it 360.00: no {why}",
        f"3 % of 30000.00 USD is 900.00 USD, your share of it 360.00: {why}",
    ]


@pytest.mark.parametrize(
    ("did", "expected"),
    [
        ((), 60_000),
        ((Did("DEMO", "ann", T0), Did("PLAN", "ann", T0)), 90_000),
        ((Did("DEMO", "ann", T0),), 60_000),
        ((Did("DEMO", "ann", T0), Did("PLAN", "bob", T0)), 60_000),
        ((Did("DEMO", "ann", T0), Did("PLAN", "ann", T0 + DAY)), 60_000),
        ((Did("DEMO", "ann", T0), Did("PLAN", "ann", T0 + 2 * DAY)), 60_000),
    ],
)
def test_all_of_it_must_come_before_the_sale_from_the_same_seller(
    did: tuple[Did, ...], expected: int
) -> None:
    """At the very instant is not before."""
    assert expected == pays(verdict_on(a_rule(PREPARED), "DEAL_WON", replace(WON, history=did)))


def test_for_the_company_it_does_not_matter_who_of_its_people_did_it() -> None:
    did = (Did("DEMO", "ann", T0), Did("PLAN", "bob", T0))
    sold = replace(WON, history=did, credits=SHARED)

    assert 90_000 == pays(verdict_on(a_rule(PREPARED, Level.PARTNER), "DEAL_WON", sold))


SOLD = with_award(replace(WON, history=(Did("DEMO", "ann", T0),)), 60_000, step="DEAL_WON")


@pytest.mark.parametrize(("at", "expected"), [(T0, 30_000), (T0 + DAY, 0), (T0 + 2 * DAY, 0)])
def test_what_is_reported_after_the_sale_only_raises_it_and_only_if_it_came_before(
    at: datetime, expected: int
) -> None:
    found = verdict_on(a_rule(Uplift(("DEMO",), 200, 300)), "DEMO", SOLD, at=at)

    assert expected == pays(found)


def test_a_share_of_more_that_is_a_cent_less_is_not_taken_back() -> None:
    """28 by 1 : 9 : 9 is 2, 13 and 13, but 29 is 1, 14 and 14."""
    fold = uplifted(Uplift(("DEMO",), 28, 29))
    fold.submit(10_000, credits=tuple(map(Credit, PEOPLE, (1, 9, 9))))
    before = fold.now
    fold.win()
    for person in PEOPLE:
        fold.did("DEMO", person, "d", at=before)

    assert [(2,), (13, 1), (13, 1)] == [fold.paid(person) for person in PEOPLE]


def test_what_was_not_paid_for_the_sale_is_not_raised() -> None:
    fold = uplifted(PREPARED)
    fold.strangers = frozenset({"ann"})
    fold.sell(3_000_000)
    fold.strangers = frozenset()
    before = fold.deals["d"].submitted_at
    fold.did("DEMO", name="d", at=before)
    fold.did("PLAN", name="d", at=before)

    assert [Withheld] == [type(verdict) for verdict in fold.verdicts]


def test_a_return_takes_all_of_it_back_and_the_next_sale_pays_it_again() -> None:
    fold = uplifted()
    fold.submit(3_000_000)
    before = fold.now
    fold.win()
    fold.approve(at=before)
    fold.give_back()

    assert (60_000, 30_000, -30_000, -60_000) == fold.paid()
    fold.reopen()
    fold.win(1_000_000)
    assert 30_000 == fold.net()


def test_a_sale_of_nothing_is_raised_by_nothing() -> None:
    fold = uplifted(Uplift(("DEMO",), 0, 300))
    fold.submit(3_000_000, "a")
    fold.submit(0, "b")
    before = fold.now
    for name in ("a", "b"):
        fold.win(name=name)
        fold.did("DEMO", name=name, at=before)
        fold.did("DEMO", name=name, at=before)

    assert (90_000,) == fold.paid()


@given(
    amount=st.integers(0, 10**12),
    weights=st.lists(st.integers(1, 1_000_000), min_size=1, max_size=3),
    rates=st.lists(st.integers(0, 10_000), min_size=2, max_size=2, unique=True),
    prepared=st.sets(st.sampled_from(PEOPLE)),
    late=st.booleans(),
    end=st.sampled_from([None, "give_back"]),
)
def test_each_seller_has_its_share_of_its_own_rate_whatever_the_order(
    amount: int,
    weights: list[int],
    rates: list[int],
    prepared: set[str],
    late: bool,
    end: str | None,
) -> None:
    """To the minor unit: the shares of one rate sum to the rate of the whole.

    What becomes known after the sale only adds to what the sale has paid.
    """
    low, high = sorted(rates)
    fold = uplifted(Uplift(("DEMO",), low, high))
    credits = tuple(map(Credit, PEOPLE, weights))  # noqa: A001
    people = [credit.individual_id for credit in credits]
    prepared &= {*people}
    fold.submit(amount, credits=credits)
    before = fold.now
    if late:
        fold.win()
    for person in sorted(prepared):
        fold.did("DEMO", person, "d", at=before)
    if not late:
        fold.win()
    assert min((one.minor for one in fold.moved), default=0) >= 0
    if end:
        fold.give_back()
    deal = fold.deals["d"]
    shares = {
        rate: dict(
            zip(
                [credit.individual_id for credit in deal.credited],
                money.split(
                    money.of_rate(amount, rate), [credit.weight for credit in deal.credited]
                ),
                strict=True,
            )
        )
        for rate in (low, high)
    }
    stands = deal.stage is DealStage.WON

    due = {person: shares[high if person in prepared else low][person] for person in people}
    if late:
        due = {person: max(due[person], shares[low][person]) for person in people}
    assert {person: due[person] * stands for person in people} == {
        person: fold.net(person) for person in people
    }
    if stands and not late and len(prepared) in (0, len(people)):
        assert money.of_rate(amount, high if prepared else low) == fold.net()
