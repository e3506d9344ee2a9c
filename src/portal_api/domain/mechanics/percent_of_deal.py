"""PercentOfDeal: basis points of a won deal's amount, up to a cap for each deal.

Worked example: 2 % of a deal won at 30,000.00 pay 600.00; with a cap of 500.00, 500.00. Shared
60 : 40 they are 300.00 and 200.00. A returned deal gives all of it back; won again, it pays again.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain.activities import DEAL_RETURNED, DEAL_WON
from portal_api.domain.cases import Case
from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Measure
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, paid_as, percent, to_text
from portal_api.domain.plans import Ahead, Mechanic, Move, PlanVersion, Rule, all_back, settled


@dataclass(frozen=True)
class PercentOfDeal(Mechanic):
    """``rate_bps`` basis points of the deal when it is won, at most ``at_most_minor``."""

    kind: ClassVar[str] = "percentOfDeal"
    rate_of_deal: ClassVar[bool] = True
    rate_bps: Annotated[int, "The rate of the deal's amount, in basis points: 200 is 2 %."]
    at_most_minor: Annotated[int, "What one deal pays at most; 0: no cap."] = 0

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """The rate when the deal is won; nothing is left of it when it is returned."""
        deal = case.deal
        if deal is None or case.behavior not in self.fires_on(plan):
            return ()
        if case.behavior == DEAL_RETURNED:
            return all_back(case, "The deal was returned.")
        if deal.stage is not DealStage.WON:
            return ()  # A withheld sale is judged again, also after it was returned.
        of_rate = plan.of_rate(rule, deal.amount_minor, self.rate_bps)
        of_deal = min(of_rate, self.at_most_minor) if self.at_most_minor else of_rate
        amount = f"{to_text(deal.amount_minor, deal.currency)} {deal.currency}"
        told = (
            f"{percent(self.rate_bps)} % of {amount} is {to_text(of_rate, rule.asset)} {rule.asset}"
        )
        if of_deal < of_rate:
            told += f", at most {to_text(of_deal, rule.asset)} for a deal"
        share = deal.share(of_deal)
        if share != of_deal:
            told += f", your share of it {to_text(share, rule.asset)}"
        return settled(case, deal, share, f"{told}.", of_deal)

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """The rate, and the cap."""
        asset = rule.asset
        most = f", at most {to_text(self.at_most_minor, asset)} {asset}"
        cap = most if self.at_most_minor else ""
        return (
            f"{percent(self.rate_bps)} % of each deal that is won{paid_as(asset, currency)}{cap}."
        )

    def behaviors(self) -> frozenset[str]:
        """The sale."""
        return frozenset({DEAL_WON})

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """The sale and its return."""
        return frozenset({DEAL_WON, DEAL_RETURNED})

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """A rate or a cap that cannot be used."""
        found = []
        if not 0 < self.rate_bps <= 10_000:
            found.append("A percentage of a deal is from 1 to 10,000 basis points.")
        if not 0 <= self.at_most_minor <= LARGEST_AMOUNT_MINOR:
            found.append("The cap of a deal is not negative and at most 10^12 minor units.")
        return tuple(found)

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """The rate of the revenue that is missing, as if no deal reached the cap."""
        counts_revenue = ahead.goal.measure is Measure.WON_REVENUE
        return plan.of_rate(rule, ahead.missing, self.rate_bps) if counts_revenue else 0
