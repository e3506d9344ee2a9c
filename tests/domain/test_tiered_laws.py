"""Tiered for all bands, sales and orders: what all parts sum to, and what a return gives back."""

import itertools
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain.deals import MAX_REOPENED, DealStage
from portal_api.domain.goals import Progress
from portal_api.domain.mechanics.tiered import Band, Tiered
from tests.domain.tiers import sold, tiered, value


@st.composite
def scales(draw: st.DrawFn, retrospective: bool) -> Tiered:
    """One to four bands; of all revenue or marginal; rates in any order."""
    starts = sorted(draw(st.sets(st.integers(1, 10_000), max_size=3)))
    rates = draw(st.lists(st.integers(0, 10_000), min_size=4, max_size=4))
    bands = tuple(Band(start, rate) for start, rate in zip([0, *starts], rates, strict=False))
    return Tiered("Q", bands, retrospective)


sales = st.lists(st.integers(0, 9_000), min_size=1, max_size=8)


@given(
    mechanic=scales(retrospective=False),
    amounts=sales,
    withheld=st.sets(st.integers(0, 7)),
    order=st.permutations(range(8)),
)
def test_marginal_parts_sum_to_the_value_of_the_total_for_any_partition(
    mechanic: Tiered, amounts: list[int], withheld: set[int], order: list[int]
) -> None:
    """Also when some sales were withheld and are paid later, in any order."""
    fold = tiered(mechanic)
    for number, amount in enumerate(amounts):
        fold.strangers = frozenset({"ann"} if number in withheld else ())
        fold.sell(amount, str(number))
    fold.strangers = frozenset()
    for number in order:
        fold.retry(str(number))
    paid = [number for number in range(len(amounts)) if number not in withheld]
    paid += [number for number in order if number in withheld and number < len(amounts)]
    sums = [0, *itertools.accumulate(amounts[number] for number in paid)]
    steps = [
        value(mechanic, late) - value(mechanic, early) for early, late in itertools.pairwise(sums)
    ]

    assert tuple(step for step in steps if step) == fold.paid()
    assert value(mechanic, sum(amounts)) == fold.net()


@given(mechanic=scales(retrospective=True), amounts=sales)
def test_of_all_revenue_what_was_paid_is_the_band_s_rate_unless_more_was_paid_ahead(
    mechanic: Tiered, amounts: list[int]
) -> None:
    fold, highest = tiered(mechanic), 0
    for number, amount in enumerate(amounts):
        fold.sell(amount, str(number))
        if amount:  # A sale of nothing is none.
            highest = max(highest, value(mechanic, sum(amounts[: number + 1])))
        assert highest == fold.net()


@given(
    mechanic=scales(retrospective=True) | scales(retrospective=False),
    amounts=sales,
    order=st.permutations(range(8)),
)
def test_each_return_gives_back_exactly_what_its_deal_was_paid_until_nothing_is_left(
    mechanic: Tiered, amounts: list[int], order: list[int]
) -> None:
    """Whatever was sold before or after it, and at which band."""
    fold = sold(mechanic, *amounts)
    for number in (number for number in order if number < len(amounts)):
        before = fold.net()
        was_paid = sum(award.amount_minor for award in fold.deals[str(number)].awards)
        fold.give_back(str(number))
        assert before - was_paid == fold.net()

    assert 0 == fold.net()
    assert {0} >= {fold.progress["ann"].count(name) for name in ("base:rule", "paid:rule")}


@dataclass
class Book:
    """What the rule has paid for so far, kept by hand."""

    mechanic: Tiered
    paid: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Revenue and pay of each deal that was won and not returned."""

    @property
    def base(self) -> int:
        return sum(revenue for revenue, _ in self.paid.values())

    @property
    def net(self) -> int:
        return sum(pay for _, pay in self.paid.values())

    def pay(self, name: str, revenue: int) -> None:
        """One sale more, the next step of the bands or what is due of all and was not paid."""
        after = value(self.mechanic, self.base + revenue)
        if self.mechanic.retrospective:
            due = max(0, after - self.net)
        else:
            due = after - value(self.mechanic, self.base)
        self.paid[name] = (revenue, due if revenue else 0)


lives = st.lists(
    st.tuples(
        st.sampled_from(["sell", "sell", "give_back", "reopen", "win", "retry"]),
        st.integers(0, 4),
        st.integers(0, 9_000),
        st.booleans(),
    ),
    max_size=15,
)


@given(mechanic=scales(retrospective=True) | scales(retrospective=False), steps=lives)
def test_each_sale_pays_by_what_is_paid_for_at_its_time(
    mechanic: Tiered, steps: list[tuple[str, int, int, bool]]
) -> None:
    """In any order of sales, withheld or not, of returns and of deals that are opened again."""
    fold, book = tiered(mechanic), Book(mechanic)
    for event, number, amount, withheld in steps:
        name = str(number)
        stage = fold.deals[name].stage if name in fold.deals else None
        fold.strangers = frozenset({"ann"} if withheld else ())
        sells = (event, stage) in (("sell", None), ("win", DealStage.OPEN))
        match event, stage:
            case "sell", None:
                fold.sell(amount, name)
            case "win", DealStage.OPEN:
                fold.win(amount, name)
            case "give_back", DealStage.WON:
                fold.give_back(name)
                book.paid.pop(name, None)
            case "reopen", DealStage.RETURNED if fold.deals[name].reopened < MAX_REOPENED:
                fold.reopen(name)
            case "retry", DealStage.WON if name not in book.paid and not withheld:
                fold.retry(name)
                book.pay(name, fold.deals[name].amount_minor)
        if sells and not withheld:
            book.pay(name, amount)
        progress = fold.progress.get("ann", Progress("ann"))
        assert (book.net, book.base) == (fold.net(), progress.count("base:rule"))
        assert not mechanic.retrospective or book.net == progress.count("paid:rule")
