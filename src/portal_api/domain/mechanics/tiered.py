"""Tiered: a rate of won revenue by attainment band, marginal or retrospective.

Worked example: 2 % up to 100,000.00 won in the goal's window, 5 % from there. Deals won at
80,000.00 and 60,000.00, marginal: 1,600.00, then 400.00 + 2,000.00 = 2,400.00; in all 4,000.00.
Retrospective: 1,600.00, then 5 % of all 140,000.00 less what was paid, 7,000.00 - 1,600.00 =
5,400.00 in one difference. The bands start at amounts of revenue or, ``of_target``, at basis points
of the recipient's goal: 10,000 is 100 %.

Attainment counts the sales that the rule pays for, so that their parts sum to what all of them are
worth together. A returned deal gives back exactly what it was paid. Whatever the retrospective rate
then has paid too much, after a return or a raised goal, is worked off by the next sales.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain.activities import DEAL_RETURNED, DEAL_WON
from portal_api.domain.cases import Case, DealTold
from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Measure, Target
from portal_api.domain.money import percent, to_text
from portal_api.domain.plans import Ahead, Mechanic, Move, Part, PlanVersion, Rule, TakeBack

MAX_BANDS = 10


@dataclass(frozen=True, slots=True)
class Band:
    """A rate from an attainment on, up to the next band."""

    start: Annotated[
        int,
        "From here on: minor units of the program's currency, or basis points of the goal"
        " where the bands are of the target.",
    ]
    rate_bps: Annotated[int, "The rate of the revenue, in basis points."]


@dataclass(frozen=True)
class Tiered(Mechanic):
    """The ``bands`` of the revenue that the goal ``goal`` counts."""

    kind: ClassVar[str] = "tiered"
    rate_of_deal: ClassVar[bool] = True
    goal: Annotated[str, "The code of the plan's goal that counts the revenue."]
    bands: Annotated[tuple[Band, ...], "The bands; the first starts at 0."]
    retrospective: Annotated[
        bool, "Whether the band that is reached counts for all revenue from the first on."
    ] = False
    of_target: Annotated[
        bool, "Whether bands start at basis points of the goal: 10000 is 100 %."
    ] = False

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """The sale's part, or all of it back with its return."""
        deal, measured = case.deal, case.inputs.measured
        if deal is None or measured is None or case.behavior not in self.fires_on(plan):
            return ()
        if case.behavior == DEAL_RETURNED:
            return self._returned(rule, deal, case)
        starts, added = self._starts(measured.target), measured.after - measured.before
        # A sale in another window is none of its business; nor is a withheld one that came back.
        if starts is None or not added or deal.stage is not DealStage.WON:
            return ()
        before = case.count(self.counters(rule)[0])
        base = before + added
        if self.retrospective:
            rate_bps = self._rate_at(starts, base)
            worth = plan.of_rate(rule, base, rate_bps)
            amount = max(0, worth - case.count(self.counters(rule)[1]))
            told = self._told_all(rule, deal, rate_bps, base, worth)
            told += f", {to_text(amount, rule.asset)} now." if amount != worth else "."
        else:
            upto = self._upto(rule, plan, starts, before)
            amount = self._upto(rule, plan, starts, base) - upto
            told = f"{self._told_bands(rule, deal, starts, (before, base), amount)}."
        counts = dict(zip(self.counters(rule), (added, amount), strict=False))
        return (Part(amount, deal.turn, DEAL_WON, told, counts=counts),)

    def _returned(self, rule: Rule, deal: DealTold, case: Case) -> tuple[Move, ...]:
        """What the sale was paid, and its revenue off the attainment; nothing if it was not."""
        told, found = "The deal was returned.", list[Move]()
        revenue = -deal.share(deal.amount_minor)
        for award in case.paid:
            if award.turn != deal.reopened:
                continue
            changed = dict(zip(self.counters(rule), (revenue, -award.given_minor), strict=False))
            earning_id = award.earning_id or ""
            found.append(TakeBack(earning_id, award.step, award.amount_minor, told, changed))
        return tuple(found)

    def _starts(self, target: Target | None) -> tuple[int, ...] | None:
        """Where the bands start, in minor units of revenue."""
        if not self.of_target:
            return tuple(band.start for band in self.bands)
        if target is None:
            return None
        # Rounded up: a band is reached when all of its share of the goal is.
        return tuple(-(-target.goal * band.start // 10_000) for band in self.bands)

    def _rate_at(self, starts: tuple[int, ...], attained: int) -> int:
        """The rate of the highest band that is reached."""
        reached = [
            band.rate_bps
            for start, band in zip(starts, self.bands, strict=True)
            if start <= attained
        ]
        return reached[-1] if reached else 0

    def _pieces(self, starts: tuple[int, ...], low: int, high: int) -> list[tuple[int, int]]:
        """The revenue from ``low`` to ``high`` in each band, with the band's rate."""
        ends = (*starts[1:], max(high, starts[-1]))
        pieces = [
            (min(high, end) - max(low, start), band.rate_bps)
            for start, end, band in zip(starts, ends, self.bands, strict=True)
        ]
        return [(amount, rate_bps) for amount, rate_bps in pieces if amount > 0]

    def _upto(self, rule: Rule, plan: PlanVersion, starts: tuple[int, ...], attained: int) -> int:
        """What all revenue from nothing is worth, rounded once."""
        summed = sum(amount * rate for amount, rate in self._pieces(starts, 0, attained))
        return plan.in_asset(rule, summed, 10_000)

    def _told_all(
        self, rule: Rule, deal: DealTold, rate_bps: int, base: int, due_after: int
    ) -> str:
        return (
            f"{percent(rate_bps)} % of all {to_text(base, deal.currency)} {deal.currency} is"
            f" {to_text(due_after, rule.asset)} {rule.asset}"
        )

    def _told_bands(
        self,
        rule: Rule,
        deal: DealTold,
        starts: tuple[int, ...],
        span: tuple[int, int],
        worth: int,
    ) -> str:
        pieces = [
            f"{percent(rate)} % of {to_text(amount, deal.currency)}"
            for amount, rate in self._pieces(starts, *span)
        ]
        told = " and ".join(pieces) or "0 %"
        return f"{told} {deal.currency} is {to_text(worth, rule.asset)} {rule.asset}"

    @property
    def follows(self) -> str | None:
        """The goal."""
        return self.goal

    def counters(self, rule: Rule) -> tuple[str, ...]:
        """The revenue that it has paid for and, where all of it is rated anew, what it has paid."""
        base, paid = f"base:{rule.key}", f"paid:{rule.key}"
        return (base, paid) if self.retrospective else (base,)

    def goes_on(self, before: Mechanic) -> bool:
        """Its counters go on with the same bands of the same goal only."""
        return self == before

    def behaviors(self) -> frozenset[str]:
        """The sale."""
        return frozenset({DEAL_WON})

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """The sale and its return."""
        return frozenset({DEAL_WON, DEAL_RETURNED})

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """Bands without order, or a goal that does not count revenue."""
        found = []
        goal = plan.goal(self.goal)
        if goal is None or goal.measure is not Measure.WON_REVENUE:
            found.append(f"A tiered rule names {self.goal}, which is no goal of won revenue.")
        starts = [band.start for band in self.bands]
        if not 0 < len(starts) <= MAX_BANDS or starts[0] != 0 or starts != sorted(set(starts)):
            found.append(f"1 to {MAX_BANDS} bands start at 0 and rise.")
        if starts and starts[-1] > 10**15:
            found.append("A band starts at 10^15 at most.")
        if not all(0 <= band.rate_bps <= 10_000 for band in self.bands):
            found.append("A band's rate is from 0 to 10,000 basis points.")
        return tuple(found)

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """What the way from the progress to the reach is worth."""
        starts = self._starts(ahead.target)
        if ahead.goal.code != self.goal or starts is None:
            return 0
        counted = [ahead.progress.count(counter) for counter in self.counters(rule)]
        reach = counted[0] + ahead.missing
        if self.retrospective:
            worth = plan.of_rate(rule, reach, self._rate_at(starts, reach))
            return max(0, worth - counted[1])
        upto = self._upto(rule, plan, starts, counted[0])
        return self._upto(rule, plan, starts, reach) - upto
