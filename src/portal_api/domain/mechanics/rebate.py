"""Rebate: a rate of what a company wins in a period, by band; it has to take part in a program.

Worked example: by quarter, 1 % up to 100,000.00 won in it, 3 % from there. Deals won at 80,000.00
and 60,000.00, marginal: 800.00, then 200.00 + 1,200.00 = 1,400.00; in all 2,200.00. Retrospective:
800.00, then 3 % of all 140,000.00 less what was paid, 4,200.00 - 800.00 = 3,400.00. A deal of
60,000.00 in the next quarter begins anew: 600.00. With ``growth`` bands start at basis points of
what was won in the same period of the year before: 1 % up to as much as then, 3 % from 10,000 on.
Where that was 100,000.00, the same is paid; where it is not known, the first band's rate.

Each sale accrues its part at once, to the company. The revenue is that of the sales that it pays
for: what was sold at an instant without participation accrues nothing, and counts for no band. The
revenue of the year before is all that was won, as counted or, before the program, declared.

A returned deal gives back exactly what it was paid, and its revenue is off its own period. Where it
had lifted other sales of that, they were paid too much: the next sales, of whatever period, pay so
much less. Worked example: of the retrospective sales above the first is returned. It gives back
800.00, so that 3,400.00 stay for 60,000.00, which are worth 600.00; 2,800.00 are too much. A next
sale of 40,000.00 makes it 100,000.00, worth 3,000.00: that is 2,400.00 more, less 2,400.00 of what
was too much, so nothing. A sale of 60,000.00 in the next quarter is worth 600.00 and pays 200.00.
So what was paid is always what the revenue of all periods is worth and what was paid too much (less
than zero: too little). With ``growth`` a return rates what is left of its period by what is known
then of the year before.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from portal_api.domain import bands
from portal_api.domain.accruals import Account, counters_of
from portal_api.domain.activities import DEAL_RETURNED, DEAL_WON
from portal_api.domain.bands import Banded, Scale
from portal_api.domain.cases import Case, PeriodTold
from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Level, Measure
from portal_api.domain.money import paid_as, to_text
from portal_api.domain.plans import Ahead, Mechanic, Move, Period, PlanVersion, Rule

_NAMES = {
    Period.MONTH: "month",
    Period.QUARTER: "quarter",
    Period.HALF_YEAR: "half-year",
    Period.YEAR: "year",
    Period.PROGRAM: "program",
}
"""The periods that a rebate is of, in words."""


@dataclass(frozen=True, slots=True)
class Band:
    """A rate from a revenue on, up to the next band."""

    start: Annotated[
        int,
        "From here on: minor units of the program's currency or, with growth, basis points of the"
        " revenue of the year before.",
    ]
    rate_bps: Annotated[int, "The rate of the revenue, in basis points."]


@dataclass(frozen=True)
class Rebate(Mechanic):
    """The ``bands`` of what a company wins in each ``period``."""

    kind: ClassVar[str] = "rebate"
    levels: ClassVar[frozenset[Level]] = frozenset({Level.PARTNER})
    rate_of_deal: ClassVar[bool] = True
    of_participation: ClassVar[bool] = True
    period: Annotated[
        Period,
        "In which time the revenue counts together, by the program's calendar: MONTH, QUARTER,"
        " HALF_YEAR, YEAR or PROGRAM.",
    ]
    bands: Annotated[tuple[Band, ...], "The bands; the first starts at 0."]
    retrospective: Annotated[
        bool, "Whether the band that is reached counts for all revenue of the period."
    ] = False
    growth: Annotated[
        bool,
        "Whether bands start at basis points of the revenue of the same period of the year before:"
        " 10000 is as much as then.",
    ] = False

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """The sale's part, or all of it back with its return."""
        deal, period = case.deal, case.inputs.period
        if deal is None or period is None or case.behavior not in self.fires_on(plan):
            return ()
        account = self._account(rule, plan, period)
        if case.behavior == DEAL_RETURNED:
            return account.returned(case, deal)
        if deal.stage is not DealStage.WON or not deal.amount_minor:
            return ()
        added, why = deal.share(deal.amount_minor), self._why(period, deal.currency)
        return (account.sale(case, deal, added, why),)

    def scale(self, period: PeriodTold) -> Scale:
        """The bands in minor units of revenue, in that period."""
        given = self._given
        if not self.growth:
            return given
        before = period.before_minor or 0
        if before <= 0:
            return Scale(given.starts[:1], given.rates_bps[:1])
        return replace(given, starts=tuple(bands.of_share(before, one) for one in given.starts))

    @property
    def _given(self) -> Scale:
        """The bands as they were given."""
        return Scale(
            tuple(band.start for band in self.bands), tuple(band.rate_bps for band in self.bands)
        )

    def _account(self, rule: Rule, plan: PlanVersion, period: PeriodTold) -> Account:
        counters = self.counters(rule, period.name)
        banded = Banded(rule, plan, self.scale(period), counters, self.retrospective)
        return Account(banded, *counters, anew=self.growth)

    def _why(self, period: PeriodTold, currency: str) -> str:
        """The period, and what its bands are of, in words."""
        if not self.growth:
            return f" Period {period.name}."
        if (period.before_minor or 0) <= 0:
            return (
                f" Period {period.name}: of the year before no revenue is known, so the first"
                " band's rate is for all of it."
            )
        told = "declared" if period.declared else "won"
        then = f"{to_text(period.before_minor or 0, currency)} {currency}"
        return f" Period {period.name}: the bands are of the {then} {told} for the year before."

    @property
    def by_period(self) -> Period | None:
        """Its own."""
        return self.period

    @property
    def grows(self) -> bool:
        """Whether its bands are of the year before."""
        return self.growth

    def counters(self, rule: Rule, period: str | None = None) -> tuple[str, str, str]:
        """Of each period the revenue paid for and its worth; of all what was paid beyond that."""
        return counters_of(rule.key, period)

    def goes_on(self, before: Mechanic) -> bool:
        """Its counters go on with the same bands of the same periods only."""
        return self == before

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """Each band with its rate, and whether the last one counts for all."""
        of = " of what was won in the same one of the year before" if self.growth else ""
        unit = None if self.growth else currency
        offers = bands.offered(self._given, unit, self.retrospective, of)
        what = f"Of what the company wins in a {_NAMES.get(self.period, self.period)}"
        return f"{what}{paid_as(rule.asset, currency)}: {offers}"

    def behaviors(self) -> frozenset[str]:
        """The sale."""
        return frozenset({DEAL_WON})

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """The sale and its return."""
        return frozenset({DEAL_WON, DEAL_RETURNED})

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """Bands without order, or a period that is too short or has no year before."""
        found = [*bands.problems(self._given.starts, self._given.rates_bps)]
        if self.period not in _NAMES:
            found.append("A rebate is of a month, a quarter, a half-year, a year or the program.")
        if self.growth and self.period is Period.PROGRAM:
            found.append("A program's whole time has no year before: let growth be of a year.")
        return tuple(found)

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """What the revenue that is missing pays, won in the period that is now."""
        if ahead.goal.measure is not Measure.WON_REVENUE or ahead.period is None:
            return 0
        account = self._account(rule, plan, ahead.period)
        return account.pays(ahead.progress.counters, ahead.missing)
