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

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from portal_api.domain import bands
from portal_api.domain.activities import DEAL_RETURNED, DEAL_WON
from portal_api.domain.bands import Banded, Scale
from portal_api.domain.cases import Case
from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Measure, Target
from portal_api.domain.money import paid_as
from portal_api.domain.plans import Ahead, Mechanic, Move, PlanVersion, Rule


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
            return bands.returned(case, deal, self.counters(rule))
        scale, added = self._scale(measured.target), measured.after - measured.before
        # A sale in another window is none of its business; nor is a withheld one that came back.
        if scale is None or not added or deal.stage is not DealStage.WON:
            return ()
        return (self._banded(rule, plan, scale).sale(case, deal, added),)

    def _banded(self, rule: Rule, plan: PlanVersion, scale: Scale) -> Banded:
        return Banded(rule, plan, scale, self.counters(rule), self.retrospective)

    def _scale(self, target: Target | None) -> Scale | None:
        """The bands in minor units of revenue."""
        given = self._given
        if not self.of_target:
            return given
        if target is None:
            return None
        starts = tuple(bands.of_share(target.goal, start) for start in given.starts)
        return replace(given, starts=starts)

    @property
    def _given(self) -> Scale:
        """The bands as they were given."""
        return Scale(
            tuple(band.start for band in self.bands), tuple(band.rate_bps for band in self.bands)
        )

    @property
    def follows(self) -> str | None:
        """The goal."""
        return self.goal

    @property
    def by_target(self) -> bool:
        """Where its bands are shares of it."""
        return self.of_target

    def counters(self, rule: Rule, period: str | None = None) -> tuple[str, ...]:
        """The revenue that it has paid for and, where all of it is rated anew, what it has paid."""
        return bands.counters_of(rule.key, self.retrospective)

    def goes_on(self, before: Mechanic) -> bool:
        """Its counters go on with the same bands of the same goal only."""
        return self == before

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """Each band with its rate, and whether the last one counts for all."""
        definition = plan.goal(self.goal)
        what = f"Of what is won for the goal {definition.name if definition else self.goal}"
        unit = None if self.of_target else currency
        offers = bands.offered(self._given, unit, self.retrospective)
        return f"{what}{paid_as(rule.asset, currency)}: {offers}"

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
        return (*found, *bands.problems(self._given.starts, self._given.rates_bps))

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """What the way from the progress to the reach is worth."""
        scale = self._scale(ahead.target)
        if ahead.goal.code != self.goal or scale is None:
            return 0
        return self._banded(rule, plan, scale).worth(ahead.progress.counters, ahead.missing)
