"""What an executive is told of what people went without: of three and more, or of nobody."""

from dataclasses import replace
from typing import Any

import pytest

from portal_api.domain.consent_previews import (
    Covered,
    forgone_in,
    forgone_told,
    late_told,
    summed,
)
from portal_api.domain.goals import Progress
from portal_api.domain.partners import Individual
from tests.domain.facts import PROGRAM


def company(**counted: int) -> Progress:
    """A company's counters, ``USD=(amount)`` and ``people_USD=(how many)``."""
    counters = {
        f"forgoers:{name.removeprefix('people_')}" if "people" in name else f"forgone:{name}": count
        for name, count in counted.items()
    }
    return Progress("ptn-1.prg-1.partner", counters | {"earned:USD": 5, "won": 2})


def person(number: int, **late: int) -> Covered:
    record = Individual(f"ind-{number}", "Robin", "robin@partner.example", ())
    return Covered(record, enrolled=True, already=False, forgone=late, late=late)


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ({}, {}),
        ({"USD": 300, "people_USD": 2}, None),
        ({"USD": 450, "people_USD": 3}, {"USD": 450}),
        ({"USD": 450, "people_USD": 3, "EUR": 1, "people_EUR": 1}, {"USD": 450}),
        # All of it was paid afterwards: nobody is without.
        ({"USD": 0, "people_USD": 0}, {}),
    ],
)
def test_each_asset_of_which_three_people_went_without_is_told(
    counted: dict[str, int], told: dict[str, int] | None
) -> None:
    assert told == forgone_told(company(**counted), PROGRAM)


@pytest.mark.parametrize(
    ("paid", "forgoers", "told"),
    [
        (3, 3, {"USD": 300}),
        (2, 2, None),
        (0, 0, {}),
        (0, 5, None),
        # Of three and three others it would change by one person's amount, once that one enrolls.
        (3, 6, None),
        # Somebody who left went without, too.
        (3, 4, None),
    ],
)
def test_what_would_be_paid_afterwards_is_told_where_nobody_is_left_out(
    paid: int, forgoers: int, told: dict[str, int] | None
) -> None:
    people = [person(number, USD=100) for number in range(paid)]
    whole = company(USD=100 * forgoers, people_USD=forgoers)
    assert told == late_told(whole, PROGRAM, people)


def test_a_payment_afterwards_changes_nothing_that_an_executive_is_told() -> None:
    """But that it is not all still to be paid; whose it is, and the vendor, see what is left."""
    before = company(USD=450, people_USD=3)
    after = before.plus({"paidafter:USD": 200})
    people = [person(1, USD=100), person(2, USD=150)]
    assert {"USD": 450} == forgone_told(before, PROGRAM) == forgone_told(after, PROGRAM)
    assert {"USD": 250} == forgone_in(after)
    assert None is late_told(after, PROGRAM, people)
    paid = after.plus({"paidafter:USD": 250})
    assert ({}, {"USD": 450}, None) == (
        forgone_in(paid),
        forgone_told(paid, PROGRAM),
        late_told(paid, PROGRAM, []),
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"retroactive": True}, {"USD": 450}),
        ({"discloses_amounts": True}, {"USD": 450}),
        ({"retroactive": True, "discloses_amounts": True}, None),
        ({"retroactive": True, "disclosed_before": True}, None),
    ],
)
def test_who_sees_what_each_is_paid_is_not_told_what_all_went_without(
    changes: dict[str, Any], told: dict[str, int] | None
) -> None:
    """Less what the others were paid afterwards it would be what one of them went without."""
    assert told == forgone_told(company(USD=450, people_USD=3), replace(PROGRAM, **changes))


def test_what_was_forgone_is_counted_by_asset_and_never_less_than_nothing() -> None:
    assert {"POINTS": 3, "USD": 7} == forgone_in(company(USD=7, POINTS=3, EUR=-1))
    assert {"EUR": 2, "USD": 3} == summed([{"USD": 1}, {"USD": 2, "EUR": 2}, {"GBP": 0}])
