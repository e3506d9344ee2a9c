"""Verification needs no more memory for a longer ledger, and finds a single difference in it."""

import tracemalloc
from dataclasses import replace

import pytest

from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.plans import Rule
from portal_api.services.verify import LedgerSummary, verify
from portal_api.services.verify_differences import BUCKETS, Differences
from tests.services.steps import define
from tests.services.world import Company, World

RULE = Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", 100))


def peak(world: World) -> int:
    """The most memory that verifying has taken, in bytes."""
    tracemalloc.start()
    try:
        *findings, summary = (step for step in verify(world.store) if "Walked" not in repr(step))
        assert [] == findings
        assert isinstance(summary, LedgerSummary)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def earn(world: World, company: Company, program: str, first: int, last: int) -> None:
    """Awards of one wallet, each a journal of its own, and a small payout for each tenth."""
    with world.store.group():
        for number in range(first, last):
            world.record(company, program, "TRAINING", f"event {number}")
            if number % 10 == 0:
                world.pay_out(company.rep, 10)


@pytest.mark.slow
def test_memory_does_not_grow_with_journals_earnings_and_open_payouts(quick_world: World) -> None:
    """Five times as many journals of one wallet: less than a quarter more memory."""
    define(quick_world)
    company, program = quick_world.ready(RULE)
    earn(quick_world, company, program, 0, 600)
    peak(quick_world)  # What is imported and kept from now on counts for neither.
    few = peak(quick_world)
    earn(quick_world, company, program, 600, 3_000)
    many = peak(quick_world)
    assert many < 1.25 * few, (few, many)


@pytest.mark.slow
def test_memory_does_not_grow_with_partners(quick_world: World) -> None:
    """Nor with wallets, four times as many: each is forgotten once it is done."""
    define(quick_world)
    program = quick_world.program(replace(RULE, code="own"))

    def earned_by(partners: int) -> None:
        with quick_world.store.group():
            for _ in range(partners):
                company = quick_world.company()
                quick_world.consent(company, program)
                quick_world.enroll(company, program)
                quick_world.record(company, program, "TRAINING", f"event of {company.id}")

    earned_by(400)
    peak(quick_world)
    few = peak(quick_world)
    earned_by(1_200)
    many = peak(quick_world)
    assert many < 1.25 * few, (few, many)


def test_two_sides_that_say_the_same_do_not_differ() -> None:
    """In any order, and in any parts."""
    sides = Differences()
    for number in range(1_000):
        sides.add("taken", f"earning {number}", number)
    for number in reversed(range(1_000)):
        sides.add("taken", f"earning {number}", -1)
        sides.add("taken", f"earning {number}", 1 - number)
    assert not sides.unequal()


def test_a_difference_is_named_by_a_second_walk_with_few_of_the_others_at_hand() -> None:
    """Of 100,000 records two have changed places: their sum is as it was.

    With one key always: by one in 4,096 others both are in one bucket.
    """

    def walk(sides: Differences) -> None:
        for number in range(100_000):
            sides.add("taken", f"earning {number}", number)
            sides.add("taken", f"earning {number}", -{7: 9, 9: 7}.get(number, number))

    first = Differences(b"1" * 16)
    walk(first)
    second = first.narrowed()
    walk(second)
    assert first.unequal()
    assert 2 == len(second.only or ())
    told = [("taken", "earning 7", -2), ("taken", "earning 9", 2)]
    assert told == list(second.named())
    assert 0 == first.left_out(second)


def test_where_all_differ_only_some_are_named_and_the_others_counted() -> None:
    """With one key always: of each 50 others, one leaves a bucket empty."""

    def walk(sides: Differences) -> None:
        for number in range(50_000):
            sides.add("taken", f"earning {number}", 1)

    first = Differences(b"1" * 16)
    walk(first)
    second = first.narrowed()
    walk(second)
    named = len(list(second.named()))
    assert 0 < named <= 10_000
    assert BUCKETS - len(second.only or ()) == first.left_out(second) > 0


def test_other_keys_make_other_sums() -> None:
    """So nobody can prepare records that hide each other."""
    one, other = Differences(b"1" * 16), Differences(b"2" * 16)
    for sides in (one, other):
        sides.add("taken", "earning", 1)
    assert one._sums != other._sums
