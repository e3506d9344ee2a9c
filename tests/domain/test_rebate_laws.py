"""Rebate for all bands, periods and orders: what parts sum to, and what a return gives back."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Progress
from portal_api.domain.mechanics.rebate import Band, Rebate
from portal_api.domain.money import of_rate, of_ratio
from portal_api.domain.periods import period_of
from portal_api.domain.plans import Period
from portal_api.domain.rebates import Baseline, RebateBaselines, RebateFacts
from tests.domain.facts import DAY, PROGRAM, T0
from tests.domain.rebating import grown, rebate, sold, taking_part


@st.composite
def scales(draw: st.DrawFn) -> Rebate:
    """One to four bands; of all revenue or marginal; rates in any order."""
    starts = sorted(draw(st.sets(st.integers(1, 10_000), max_size=3)))
    rates = draw(st.lists(st.integers(0, 10_000), min_size=4, max_size=4))
    bands = tuple(Band(start, rate) for start, rate in zip([0, *starts], rates, strict=False))
    period = draw(st.sampled_from([Period.MONTH, Period.QUARTER, Period.YEAR, Period.PROGRAM]))
    return Rebate(period, bands, draw(st.booleans()))


def worth(mechanic: Rebate, revenue: int) -> int:
    """What revenue from zero is worth, by the book."""
    starts = [band.start for band in mechanic.bands]
    if mechanic.retrospective:
        rate = [band.rate_bps for band in mechanic.bands if band.start <= revenue][-1]
        return of_rate(revenue, rate)
    ends = [*starts[1:], max(revenue, starts[-1])]
    exact = sum(
        max(0, min(revenue, end) - start) * band.rate_bps
        for start, end, band in zip(starts, ends, mechanic.bands, strict=True)
    )
    return of_ratio(exact, 1, 10_000)


sales = st.lists(
    st.tuples(st.integers(0, 9_000), st.integers(1, 300), st.booleans()), min_size=1, max_size=8
)


@given(mechanic=scales(), deals=sales)
def test_the_parts_of_a_period_sum_to_what_its_covered_revenue_is_worth(
    mechanic: Rebate, deals: list[tuple[int, int, bool]]
) -> None:
    """To the minor unit, however it is divided into sales; unless falling rates paid more."""
    fold = rebate(mechanic)
    fold.program = replace(PROGRAM, participation_in="people")
    revenue: dict[str, int] = {}
    for number, (amount, day, covered) in enumerate(deals):
        fold.now = T0 + day * DAY
        fold.rebate = taking_part((T0, None)) if covered else RebateFacts()
        fold.sell(amount, str(number))
        if not covered or not amount:
            continue
        period = period_of(mechanic.period, fold.now, "UTC")
        revenue[period] = revenue.get(period, 0) + amount

    over = fold.progress["p"].count("over:rule")
    assert over >= 0 if mechanic.retrospective else over == 0
    assert sum(worth(mechanic, total) for total in revenue.values()) == fold.net() - over
    for period, total in revenue.items():
        assert total == fold.progress["p"].count(f"base:rule:{period}")


@dataclass
class Book:
    """What the rule has paid for in each period, kept by hand."""

    mechanic: Rebate
    paid: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """Period, revenue and pay of each deal that was won and not returned."""

    def worth(self) -> int:
        """What the revenue of all periods is worth."""
        revenue: dict[str, int] = {}
        for period, amount, _ in self.paid.values():
            revenue[period] = revenue.get(period, 0) + amount
        return sum(worth(self.mechanic, total) for total in revenue.values())

    def net(self) -> int:
        """What was paid and not given back."""
        return sum(pay for _, _, pay in self.paid.values())

    def pay(self, name: str, at: datetime, revenue: int) -> None:
        """One sale more: what all revenue is worth with it and was not paid so far."""
        period, before = period_of(self.mechanic.period, at, "UTC"), self.net()
        if revenue:
            self.paid[name] = (period, revenue, 0)
            self.paid[name] = (period, revenue, max(0, self.worth() - before))


lives = st.lists(
    st.tuples(
        st.sampled_from(["sell", "sell", "give_back", "reopen"]),
        st.integers(0, 4),
        st.integers(0, 9_000),
        st.booleans(),
        st.integers(0, 40),
    ),
    max_size=15,
)


@given(mechanic=scales(), steps=lives)
def test_what_is_paid_is_what_all_revenue_is_worth_and_what_is_over(
    mechanic: Rebate, steps: list[tuple[str, int, int, bool, int]]
) -> None:
    """In any order of sales and returns; once enough is sold, nothing is over any more."""
    fold, book = rebate(mechanic), Book(mechanic)
    fold.program = replace(PROGRAM, ends_at=T0 + 900 * DAY, participation_in="people")
    for event, number, amount, covered, days in steps:
        fold.now += timedelta(days)
        fold.rebate = taking_part((T0, None)) if covered else RebateFacts()
        name = str(number)
        deal = fold.deals.get(name)
        stage = deal.stage if deal else None
        if event == "sell" and stage in (None, DealStage.OPEN):
            if deal is None:
                fold.sell(amount, name)
            else:
                fold.win(amount, name)
            if covered:
                book.pay(name, fold.now, amount)
        elif event == "give_back" and stage is DealStage.WON:
            fold.give_back(name)
            book.paid.pop(name, None)
        elif event == "reopen" and stage is DealStage.RETURNED and deal and deal.reopened < 2:
            fold.reopen(name)
        progress = fold.progress.get("p", Progress("p"))
        assert book.net() == fold.net() == book.worth() + progress.count("over:rule")
    if all(band.rate_bps for band in mechanic.bands):
        fold.rebate = taking_part((T0, None))
        fold.sell(10**11, "great")
        book.pay("great", fold.now, 10**11)
        assert 0 == fold.progress["p"].count("over:rule")
        assert book.worth() == fold.net()


@given(mechanic=scales(), steps=lives, before=st.integers(1, 9_000))
def test_with_growth_nothing_is_over_once_everything_is_returned(
    mechanic: Rebate, steps: list[tuple[str, int, int, bool, int]], before: int
) -> None:
    """Whatever is declared of the year before in between: nothing is worth anything any more."""
    fold = rebate(replace(mechanic, period=Period.YEAR, growth=True))
    fold.program = replace(PROGRAM, ends_at=T0 + 900 * DAY)
    declared = RebateBaselines("p.g", "p", "g", (Baseline("Y2025", before, "x", T0),))
    for number, (event, _, amount, known, _) in enumerate(steps):
        fold.rebate = RebateFacts(baselines=declared if known else None)
        fold.sell(amount, str(number))
        back = str(number // 2 if number % 3 else number)
        if event == "give_back" and fold.deals[back].stage is DealStage.WON:
            fold.give_back(back)
    counted = fold.progress.get("p", Progress("p"))
    assert fold.net() == counted.count("worth:rule:Y2026") + counted.count("over:rule")
    for name, deal in fold.deals.items():
        if deal.stage is DealStage.WON:
            fold.give_back(name)
    assert 0 == fold.net() == fold.progress.get("p", Progress("p")).count("over:rule")


@given(mechanic=scales(), amounts=st.lists(st.integers(1, 9_000), min_size=1, max_size=8))
def test_growth_pays_as_the_same_bands_of_the_year_before_in_money(
    mechanic: Rebate, amounts: list[int]
) -> None:
    """10,000 basis points of 100.00 are where a band of 100.00 begins."""
    quarterly = replace(mechanic, period=Period.QUARTER)
    growing = replace(quarterly, growth=True)

    assert sold(quarterly, *amounts).paid("p") == grown(growing, 10_000, *amounts).paid("p")
