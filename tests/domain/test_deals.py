"""Deals: registration and stage are two fields; credit, history, protection, what comes after."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import deals
from portal_api.domain.activities import DEAL_REGISTERED
from portal_api.domain.awards import DealAward
from portal_api.domain.cases import told
from portal_api.domain.deals import (
    Credit,
    Deal,
    DealStage,
    Did,
    Extension,
    RegistrationStatus,
)
from portal_api.domain.errors import (
    DealConflict,
    DealNotClosed,
    DealNotOpen,
    ExtensionNotRequested,
    InvalidInput,
    Refusal,
    RegistrationDecided,
)

T0 = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
SUBMITTED = Deal("p.ann.g.1", "p", "ann", "g", "Acme", "Pro", 100, "USD", T0)
UNTIL = T0 + 90 * DAY
APPROVED = deals.approve(SUBMITTED, T0 + DAY, UNTIL)
REJECTED = deals.reject(SUBMITTED, "known")
WON = deals.win(APPROVED, 90, T0 + 2 * DAY)
LOST = deals.lose(APPROVED, T0 + 2 * DAY)
WON_UNREGISTERED = deals.win(SUBMITTED, 90, T0 + 2 * DAY)
LOST_UNREGISTERED = deals.lose(SUBMITTED, T0 + 2 * DAY)
RETURNED = deals.take_return(WON, T0 + 3 * DAY)
REOPENED = deals.reopen(RETURNED, T0 + 4 * DAY)


def test_each_change_touches_its_own_fields_only() -> None:
    approved, rejected = RegistrationStatus.APPROVED, RegistrationStatus.REJECTED
    won, lost, closed = DealStage.WON, DealStage.LOST, T0 + 2 * DAY

    assert APPROVED == replace(
        SUBMITTED,
        registration=approved,
        approved_at=T0 + DAY,
        protected_until=UNTIL,
        registered_for=("ann",),
        history=(Did(DEAL_REGISTERED, "ann", T0 + DAY),),
    )
    assert replace(SUBMITTED, registration=rejected, rejection_reason="known") == REJECTED
    assert replace(APPROVED, stage=won, closed_at=closed, amount_minor=90) == WON
    assert replace(APPROVED, stage=lost, closed_at=closed) == LOST
    assert replace(SUBMITTED, stage=won, closed_at=closed, amount_minor=90) == WON_UNREGISTERED
    assert replace(WON, stage=DealStage.RETURNED, returned_at=T0 + 3 * DAY) == RETURNED
    opened = replace(WON, stage=DealStage.OPEN, closed_at=None, protected_until=None, reopened=1)
    opened = replace(opened, reopened_at=T0 + 4 * DAY)
    assert opened == REOPENED


ATTEMPTS: dict[str, Callable[[Deal, datetime], Deal]] = {
    "approve": lambda deal, at: deals.approve(deal, at, None),
    "reject": lambda deal, at: deals.reject(deal, "late"),
    "win": lambda deal, at: deals.win(deal, 1, at),
    "lose": deals.lose,
    "amount": lambda deal, at: deals.change_amount(deal, 5),
    "credit": lambda deal, at: deals.divide(deal, ()),
    "return": deals.take_return,
    "reopen": deals.reopen,
}


@pytest.mark.parametrize(
    ("deal", "allowed"),
    [
        (SUBMITTED, {"approve", "reject", "win", "lose", "amount", "credit"}),
        (APPROVED, {"win", "lose", "amount", "credit"}),
        (REJECTED, {"win", "lose", "amount", "credit"}),
        (WON, {"return"}),
        (LOST, {"reopen"}),
        (WON_UNREGISTERED, {"approve", "return"}),
        (LOST_UNREGISTERED, {"reopen"}),
        (RETURNED, {"reopen"}),
        (REOPENED, {"win", "lose", "amount", "credit"}),
    ],
)
def test_what_can_become_of_a_deal_in_each_of_its_states(deal: Deal, allowed: set[str]) -> None:
    """A sale that was not registered can be recognized late; what else is closed cannot."""
    found, at = set(), T0 + 5 * DAY
    for name, attempt in ATTEMPTS.items():
        with contextlib.suppress(RegistrationDecided, DealNotOpen, DealNotClosed):
            attempt(deal, at)
            found.add(name)

    assert allowed == found


def test_a_refusal_tells_what_stands() -> None:
    with pytest.raises(RegistrationDecided) as decided:
        deals.approve(REJECTED, T0, None)
    with pytest.raises(DealNotOpen) as closed:
        deals.win(LOST, 1, T0 + 3 * DAY)

    assert RegistrationStatus.REJECTED == decided.value.status
    assert DealStage.LOST == closed.value.stage


@pytest.mark.parametrize(
    ("deal", "earliest"),
    [
        (SUBMITTED, T0),
        (APPROVED, T0 + DAY),
        (REJECTED, T0),
        (REOPENED, T0 + 4 * DAY),
        (deals.reopen(LOST_UNREGISTERED, T0 + 3 * DAY), T0 + 3 * DAY),
    ],
)
def test_a_deal_closes_at_its_registration_or_reopening_at_the_earliest(
    deal: Deal, earliest: datetime
) -> None:
    too_early = earliest - timedelta(microseconds=1)

    with pytest.raises(InvalidInput):
        deals.win(deal, 1, too_early)
    with pytest.raises(InvalidInput):
        deals.lose(deal, too_early)

    assert earliest == deals.win(deal, 1, earliest).closed_at


def test_a_deal_is_reopened_twice_at_most() -> None:
    deal = LOST
    for number in range(1, deals.MAX_REOPENED + 1):
        deal = deals.reopen(deal, T0 + 3 * DAY)
        assert number == deal.reopened
        deal = deals.lose(deal, T0 + 3 * DAY)

    with pytest.raises(InvalidInput):
        deals.reopen(deal, T0 + 3 * DAY)


@pytest.mark.parametrize(
    ("name", "deal", "at"),
    [
        ("approve", SUBMITTED, T0 - DAY),
        ("return", WON, T0 + DAY),
        ("reopen", LOST, T0 + DAY),
        ("reopen", RETURNED, T0 + 2 * DAY),
    ],
)
def test_nothing_happens_to_a_deal_before_what_it_follows(
    name: str, deal: Deal, at: datetime
) -> None:
    with pytest.raises(InvalidInput):
        ATTEMPTS[name](deal, at)


ANN, BOB, CYD, DAN = (Credit(person, 1) for person in ("ann", "bob", "cyd", "dan"))


@pytest.mark.parametrize(
    "shares",
    [
        (ANN, ANN),
        (Credit("ann", 0),),
        (Credit("ann", -1), BOB),
        (Credit("ann", 1_000_001),),
        (ANN, BOB, CYD, DAN),
        (BOB, CYD, DAN),  # The owner is one of them, also without credit.
    ],
)
def test_credit_that_divides_nothing_or_too_finely_is_refused(shares: tuple[Credit, ...]) -> None:
    with pytest.raises(InvalidInput):
        deals.divide(SUBMITTED, shares)


def test_credit_has_one_order_and_without_it_all_is_the_owner_s() -> None:
    shared = deals.divide(SUBMITTED, (CYD, Credit("bob", 5), ANN))

    assert (Credit("bob", 5), ANN, CYD) == shared.credited
    assert (ANN,) == deals.divide(shared, ()).credited


def test_who_was_paid_or_did_something_or_owns_it_stays_one_of_its_people() -> None:
    paid = DealAward("rule", "DEAL_REGISTERED", None, "USD", 0, "bob")
    company = replace(paid, recipient_id="p")
    deal = deals.divide(replace(SUBMITTED, awards=(paid, company)), (CYD,))

    assert ("ann", "cyd", "bob") == deal.people
    assert [True, False] == [deal.admits(person) for person in ("bob", "dan")]
    with pytest.raises(InvalidInput):
        deal.with_did("DEMO", "dan", T0)


@given(people=st.lists(st.sampled_from(["ann", "bob", "cyd", "dan", "eve"]), max_size=6))
def test_a_deal_admits_just_those_whose_behavior_it_would_take(people: list[str]) -> None:
    deal = SUBMITTED
    for person in people:
        admitted, taken = deal.admits(person), False
        with contextlib.suppress(InvalidInput):
            deal, taken = deal.with_did("DEMO", person, T0), True
        assert admitted == taken


def test_the_history_has_of_each_person_what_it_did_first() -> None:
    deal = SUBMITTED.with_did("DEMO", "ann", T0 + DAY).with_did("DEMO", "bob", T0)
    later, earlier = (
        deal.with_did("DEMO", "ann", T0 + DAY + moved * timedelta(hours=1)) for moved in (1, -1)
    )

    assert deal == later
    assert {Did("DEMO", "ann", T0 + timedelta(hours=23)), Did("DEMO", "bob", T0)} == {
        *earlier.history
    }


@given(
    whole=st.integers(0, 10**12),
    weights=st.lists(st.integers(1, 1_000_000), min_size=1, max_size=3),
)
def test_what_is_told_to_all_people_of_a_deal_sums_to_the_whole(
    whole: int, weights: list[int]
) -> None:
    people = ("ann", "bob", "cyd")
    deal = deals.divide(SUBMITTED, tuple(map(Credit, people, weights)))
    shares = [told(deal, person, whole=False).share(whole) for person in people]

    assert whole == sum(shares)
    assert [person in people[: len(weights)] for person in people] == [
        told(deal, person, whole=False).concerned for person in people
    ]
    assert whole == told(deal, "p", whole=True).share(whole)


@pytest.mark.parametrize(
    ("deal", "days", "protected", "status"),
    [
        (SUBMITTED, 0, False, RegistrationStatus.SUBMITTED),
        (APPROVED, 1, True, RegistrationStatus.APPROVED),
        (APPROVED, 89, True, RegistrationStatus.APPROVED),
        (APPROVED, 90, False, RegistrationStatus.EXPIRED),
        (WON, 99, False, RegistrationStatus.APPROVED),
        (LOST, 3, False, RegistrationStatus.APPROVED),
        (REJECTED, 99, False, RegistrationStatus.REJECTED),
        (deals.approve(WON_UNREGISTERED, T0 + DAY, None), 9, False, RegistrationStatus.APPROVED),
    ],
)
def test_only_an_approved_open_deal_is_protected_and_only_for_its_time(
    deal: Deal, days: int, protected: bool, status: RegistrationStatus
) -> None:
    at = T0 + days * DAY

    assert (protected, status) == (deal.protected_at(at), deal.registration_at(at))


def test_the_first_that_was_approved_keeps_others_out_while_it_is_protected() -> None:
    """Domain rule 3.3."""
    with pytest.raises(DealConflict):
        deals.check_free(APPROVED, "p.bob.g.9", T0 + 5 * DAY)
    for holder, at in ((None, T0), (APPROVED, UNTIL), (LOST, T0 + 5 * DAY)):
        deals.check_free(holder, "p.bob.g.9", at)
    deals.check_free(APPROVED, APPROVED.id, T0 + 5 * DAY)


@pytest.mark.parametrize(
    ("customer", "product", "same"),
    [
        ("ACME, Inc.", "pro", True),
        (" acme inc ", "Pro!", True),
        ("Acme_Inc", "Pro", True),
        ("Acme Incorporated", "Pro", False),
        ("Acme", "Inc Pro", False),
    ],
)
def test_a_customer_and_product_are_the_same_however_they_are_written(
    customer: str, product: str, same: bool
) -> None:
    known = deals.protection_id("g", "Acme Inc", "Pro")

    assert same is (known == deals.protection_id("g", customer, product))
    assert known != deals.protection_id("h", "Acme Inc", "Pro")


def wish(days: int) -> Extension:
    return Extension(UNTIL + days * DAY, "They decide in spring.", "ann", T0 + 2 * DAY)


def test_a_protection_is_extended_as_asked_or_left_as_it_is() -> None:
    asked, at = deals.request_extension(APPROVED, wish(30)), T0 + 3 * DAY

    assert replace(APPROVED, protected_until=UNTIL + 30 * DAY) == deals.decide_extension(
        asked, granted=True, at=at
    )
    assert APPROVED == deals.decide_extension(asked, granted=False, at=at)
    for granted in (True, False):
        with pytest.raises(ExtensionNotRequested):
            deals.decide_extension(APPROVED, granted, at)


def test_an_extension_whose_time_has_passed_can_only_be_declined() -> None:
    asked, passed = deals.request_extension(APPROVED, wish(30)), UNTIL + 30 * DAY
    just_before = passed - timedelta(microseconds=1)

    assert passed == deals.decide_extension(asked, granted=True, at=just_before).protected_until
    assert APPROVED == deals.decide_extension(asked, granted=False, at=passed)
    with pytest.raises(InvalidInput):
        deals.decide_extension(asked, granted=True, at=passed)


def test_a_protection_that_has_ended_is_extended_into_the_future_only() -> None:
    late = replace(wish(30), requested_at=UNTIL + 30 * DAY)
    just_before = replace(late, requested_at=late.until - timedelta(microseconds=1))

    assert just_before == deals.request_extension(APPROVED, just_before).extension
    with pytest.raises(InvalidInput):
        deals.request_extension(APPROVED, late)


@pytest.mark.parametrize(
    ("deal", "days", "refused"),
    [
        (APPROVED, 0, InvalidInput),
        (APPROVED, 367, InvalidInput),
        (SUBMITTED, 30, InvalidInput),
        (REJECTED, 30, InvalidInput),
        (deals.approve(SUBMITTED, T0 + DAY, None), 30, InvalidInput),
        (REOPENED, 30, InvalidInput),  # Whoever opens a deal again has no protection to extend.
        (WON, 30, DealNotOpen),
    ],
)
def test_only_a_protection_can_be_extended_and_by_a_year_at_most(
    deal: Deal, days: int, refused: type[Refusal]
) -> None:
    with pytest.raises(refused):
        deals.request_extension(deal, wish(days))
