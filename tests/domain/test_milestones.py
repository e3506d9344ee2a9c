"""Milestones: one pot over registration and winning, whatever happens to a deal on its way."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain import money
from portal_api.domain.activities import DEAL_LOST, DEAL_REGISTERED, DEAL_RETURNED, DEAL_WON
from portal_api.domain.deals import Credit, Deal, DealStage
from portal_api.domain.errors import Refusal
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.rewards import Award
from tests.domain.facts import (
    DAY,
    DEAL,
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


def registered(rule_of: MilestoneSplit, deal: Deal) -> Deal:
    """The deal after its approved registration was paid."""
    paid = pays(verdict_on(a_rule(rule_of), DEAL_REGISTERED, deal))
    return with_award(deal, paid) if paid else deal


def won_at(rule_of: MilestoneSplit, deal: Deal, amount_minor: int) -> int:
    """What winning pays at a final amount, or takes back as a negative amount."""
    won = replace(deal, amount_minor=amount_minor, stage=DealStage.WON, closed_at=T0 + DAY)
    return pays(verdict_on(a_rule(rule_of), DEAL_WON, won))


def test_milestone_split_pays_its_worked_example() -> None:
    """3 % of 30,000.00 is 900.00: 150.00 and 750.00; other final amounts settle on winning."""
    split = MilestoneSplit(300)
    on_approval = verdict_on(a_rule(split), DEAL_REGISTERED, DEAL)
    deal = registered(split, DEAL)
    lost = replace(deal, stage=DealStage.LOST)

    assert isinstance(on_approval, Award)
    assert (15_000, 90_000) == (on_approval.part.amount_minor, on_approval.part.of_minor)
    assert on_approval.part.because == (
        "3 % of 30000.00 USD is 900.00 USD, divided 1 : 5 over approved registration and winning:"
        " 150.00 now."
    )
    assert [75_000, 57_000, -6_000] == [
        won_at(split, deal, amount) for amount in (3_000_000, 2_400_000, 300_000)
    ]
    assert 75_000 == won_at(split, DEAL, 3_000_000)
    assert verdict_on(a_rule(split), DEAL_LOST, lost) is None
    assert -15_000 == pays(verdict_on(a_rule(replace(split, keep_on_loss=False)), DEAL_LOST, lost))


POT = MilestoneSplit(300)


def milestones(split: MilestoneSplit = POT, shadow: bool = False) -> Fold:
    return Fold(a_plan(a_rule(split, shadow=shadow)))


def test_two_people_share_each_milestone() -> None:
    fold = milestones()
    fold.submit(3_000_000, credits=SHARED)
    fold.approve()
    fold.win()

    assert ((9_000, 45_000), (6_000, 30_000)) == (fold.paid("ann"), fold.paid("bob"))


def test_who_is_credited_after_the_registration_gets_the_whole_share_with_the_sale() -> None:
    """Ann was paid 150.00 alone; at 60 : 40 of 900.00 she has 540.00 and Bob 360.00."""
    fold = milestones()
    fold.submit(3_000_000)
    fold.approve()
    fold.credit(*SHARED)
    fold.win()

    assert ((15_000, 39_000), (36_000,)) == (fold.paid("ann"), fold.paid("bob"))


def test_who_is_not_credited_any_more_gives_back_what_the_registration_paid() -> None:
    fold = milestones()
    fold.submit(3_000_000, credits=SHARED)
    fold.approve()
    fold.credit(Credit("ann", 1))
    fold.win()

    assert ((9_000, 81_000), (6_000, -6_000)) == (fold.paid("ann"), fold.paid("bob"))


def test_whose_registration_was_withheld_does_not_get_it_with_the_sale() -> None:
    """A consent or an enrollment that came later covers the sale, not what was before."""
    fold = milestones()
    fold.strangers = frozenset({"bob"})
    fold.submit(3_000_000, credits=SHARED)
    fold.approve()
    fold.strangers = frozenset()
    fold.win()

    assert ((9_000, 45_000), (30_000,)) == (fold.paid("ann"), fold.paid("bob"))


@pytest.mark.parametrize(("keep", "left"), [(True, 15_000), (False, 0)])
def test_a_return_takes_back_the_sale_and_the_registration_as_the_plan_says(
    keep: bool, left: int
) -> None:
    fold = milestones(MilestoneSplit(300, keep_on_loss=keep))
    fold.submit(3_000_000)
    fold.approve()
    fold.win()
    fold.give_back()

    assert left == fold.net()
    fold.reopen()
    fold.win(2_400_000)
    assert 72_000 == fold.net()


def test_a_registration_that_was_approved_late_but_came_before_the_sale_is_paid() -> None:
    fold = milestones()
    fold.submit(3_000_000)
    before = fold.now
    fold.win()
    fold.approve(at=before)

    assert (75_000, 15_000) == fold.paid()


def test_a_registration_after_the_sale_pays_nothing_also_when_it_is_sold_again() -> None:
    fold = milestones()
    fold.sell(3_000_000)
    fold.approve()
    assert (75_000,) == fold.paid()

    fold.give_back()
    fold.reopen()
    fold.win()
    assert (75_000, -75_000, 75_000) == fold.paid()


def test_a_registration_of_a_reopened_deal_is_earned_even_where_its_part_was_nothing() -> None:
    """Registered at an estimate of nothing, or late at a pot of a cent; then won at 30,000.00."""
    anew, late = milestones(), milestones()
    anew.sell(3_000_000)
    late.submit(33)
    before = late.now
    late.win()
    late.approve(at=before)
    for fold in (anew, late):
        fold.give_back()
        fold.reopen()
    anew.amount(0)
    anew.approve()
    for fold in (anew, late):
        fold.win(3_000_000)

    assert [90_000, 90_000] == [anew.net(), late.net()]


@pytest.mark.parametrize(("keep", "expected"), [(True, 15_000), (False, 0)])
def test_a_withheld_registration_of_a_lost_deal_is_paid_where_it_would_be_kept(
    keep: bool, expected: int
) -> None:
    lost = replace(DEAL, stage=DealStage.LOST, closed_at=T0 + 2 * DAY)
    split = MilestoneSplit(300, keep_on_loss=keep)

    assert expected == pays(verdict_on(a_rule(split), DEAL_REGISTERED, lost))


def test_a_won_deal_at_which_all_is_paid_already_pays_nothing_more() -> None:
    split = MilestoneSplit(300)

    assert 0 == won_at(split, registered(split, DEAL), 500_000)


def test_what_another_rule_or_another_asset_or_a_shadow_paid_is_not_settled() -> None:
    split = MilestoneSplit(300)
    registered_deal = replace(DEAL, registered_for=("ann", "bob"))

    assert [75_000] * 4 == [
        won_at(split, with_award(registered_deal, 15_000, **other), 3_000_000)
        for other in (
            {"rule_code": "other"},
            {"asset": "EUR"},
            {"recipient_id": "bob"},
            {"earning_id": None, "shadow": True},
        )
    ]


def test_a_rule_that_pays_since_it_is_no_shadow_takes_nothing_back_that_was_never_paid() -> None:
    noted = with_award(replace(WON, stage=DealStage.RETURNED), 75_000, earning_id=None, shadow=True)

    assert verdict_on(a_rule(MilestoneSplit(300)), DEAL_RETURNED, noted) is None
    assert -75_000 == pays(
        verdict_on(a_rule(MilestoneSplit(300, 0, 1), shadow=True), DEAL_RETURNED, noted)
    )


def test_a_milestone_split_has_nothing_to_do_with_activities_without_a_deal() -> None:
    assert verdict_on(a_rule(MilestoneSplit(300)), DEAL_WON) is None


splits = st.builds(
    MilestoneSplit,
    rate_bps=st.integers(1, 10_000),
    registration_weight=st.integers(0, 1_000),
    winning_weight=st.integers(1, 1_000),
    keep_on_loss=st.booleans(),
)
deal_amounts = st.integers(0, 10**12)
weights = st.lists(st.integers(1, 1_000_000), min_size=1, max_size=3)
kinds = st.sampled_from(
    ["approve", "approve", "credit", "win", "win", "amount", "lose", "give_back", "reopen"]
)
events = st.tuples(kinds, deal_amounts, weights)
PEOPLE = ("ann", "bob", "cyd")


def credited(by: list[int], first: int = 0) -> tuple[Credit, ...]:
    """Credits of one to three people by weights."""
    return tuple(Credit(PEOPLE[(first + at) % 3], weight) for at, weight in enumerate(by))


def live(fold: Fold, event: str, amount_minor: int, by: list[int]) -> None:
    """One event of a deal; what the deal's stage does not allow is refused and does nothing."""
    arguments = {"amount": (amount_minor,), "win": (amount_minor,), "credit": credited(by, sum(by))}
    with contextlib.suppress(Refusal):
        getattr(fold, event)(*arguments.get(event, ()))


def shares_of(split: MilestoneSplit, deal: Deal) -> dict[str, int]:
    """Each person's share of the pot of the deal's amount."""
    pot = money.of_rate(deal.amount_minor, split.rate_bps)
    parts = money.split(pot, [credit.weight for credit in deal.credited])
    people = [credit.individual_id for credit in deal.credited]
    return dict(zip(people, parts, strict=True))


@settings(max_examples=300)
@given(
    split=splits,
    estimate=deal_amounts,
    first=weights,
    lived=st.lists(events, max_size=12),
    level=st.sampled_from([Level.INDIVIDUAL, Level.PARTNER]),
)
def test_milestones_sum_to_the_pot_of_the_final_amount_in_every_order_of_events(
    split: MilestoneSplit,
    estimate: int,
    first: list[int],
    lived: list[tuple[str, int, list[int]]],
    level: Level,
) -> None:
    """Invariant L17 and domain rule 4.3, to the minor unit, for any division between people.

    A registration that was approved only after the sale was never earned, also when the deal is
    returned and won again.
    """
    fold = Fold(a_plan(a_rule(split, level)))
    fold.submit(estimate, credits=credited(first))
    registered = False
    for event, amount_minor, by in lived:
        before = fold.deals["d"]
        live(fold, event, amount_minor, by)
        deal = fold.deals["d"]
        approved = before.approved_at is None and deal.approved_at is not None
        in_time = approved and before.stage is DealStage.OPEN
        registered |= in_time and bool(split.registration_weight)
        shares = shares_of(split, deal) if level is Level.INDIVIDUAL else {"p": 0}
        if deal.stage is DealStage.WON and registered:
            assert money.of_rate(deal.amount_minor, split.rate_bps) == fold.net()
            assert level is Level.PARTNER or shares == {who: fold.net(who) for who in shares}
        elif deal.stage is DealStage.WON and level is Level.INDIVIDUAL:
            steps = (split.registration_weight, split.winning_weight)
            assert {who: money.split(share, steps)[1] for who, share in shares.items()} == {
                who: fold.net(who) for who in shares
            }
        elif deal.stage in (DealStage.LOST, DealStage.RETURNED) and not split.keep_on_loss:
            assert 0 == fold.net()
        assert min(fold.net(who) for who in (*PEOPLE, "p")) >= 0


@given(split=splits, lived=st.lists(events, max_size=12))
def test_a_shadow_notes_what_the_rule_would_pay_and_take_back(
    split: MilestoneSplit, lived: list[tuple[str, int, list[int]]]
) -> None:
    """Its awards have no earnings."""
    folds = milestones(split), milestones(split, shadow=True)
    for fold in folds:
        fold.submit(3_000_000, credits=SHARED)
        for event, amount_minor, by in lived:
            live(fold, event, amount_minor, by)

    assert [one.minor for one in folds[0].moved] == [one.minor for one in folds[1].moved]
    assert set() == folds[1].reserved
