"""Uplift: a sale pays more if named behaviors of the same seller on the same deal came before it.

Worked example: 2 %, or 3 % if the deal was registered before. A deal won at 30,000.00 pays 900.00
to the seller that registered it before it was won; 600.00 where it was registered later, at the
very instant, never, or by somebody else. Registration itself pays nothing here. A behavior that is
reported late but came before raises the sale when it arrives: 300.00 more.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain import awards
from portal_api.domain.activities import DEAL_CHANGES, DEAL_REGISTERED, DEAL_RETURNED, DEAL_WON
from portal_api.domain.cases import Case, DealTold
from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Measure
from portal_api.domain.money import paid_as, percent, to_text
from portal_api.domain.plans import Ahead, Mechanic, Move, PlanVersion, Rule, all_back, settled


@dataclass(frozen=True)
class Uplift(Mechanic):
    """``uplifted_bps`` of a won deal after all of ``before``, else ``rate_bps``."""

    kind: ClassVar[str] = "uplift"
    rate_of_deal: ClassVar[bool] = True
    before: Annotated[
        tuple[str, ...], "The codes of the behaviors that must all have come before the sale."
    ]
    rate_bps: Annotated[int, "The rate of the deal's amount without them, in basis points."]
    uplifted_bps: Annotated[int, "The rate of the deal's amount with them, in basis points."]

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """What the sale is worth, at once or when the behaviors before it become known."""
        deal = case.deal
        if deal is None or case.behavior not in self.fires_on(plan):
            return ()
        if case.behavior == DEAL_RETURNED:
            return all_back(case, "The deal was returned.")
        late = case.behavior != DEAL_WON
        if deal.stage is not DealStage.WON or deal.closed_at is None:
            return ()
        if late and (not case.paid or case.occurred_at >= deal.closed_at):
            return ()
        missing = [code for code in self.before if not self._came_before(deal, code)]
        if late and missing:
            return ()
        rate_bps = self.rate_bps if missing else self.uplifted_bps
        of_deal = plan.of_rate(rule, deal.amount_minor, rate_bps)
        due = deal.share(of_deal)
        if late and due <= awards.given(case.paid):
            return ()  # One's share of more can be a cent less: it is not taken back.
        because = self._because(rule, deal, rate_bps, of_deal, missing)
        return settled(case, deal, due, because, of_deal)

    def _came_before(self, deal: DealTold, code: str) -> bool:
        closed_at = deal.closed_at
        return closed_at is not None and any(
            did.behavior == code and did.occurred_at < closed_at for did in deal.history
        )

    def _because(
        self, rule: Rule, deal: DealTold, rate_bps: int, of_deal: int, missing: list[str]
    ) -> str:
        amount = f"{to_text(deal.amount_minor, deal.currency)} {deal.currency}"
        share = deal.share(of_deal)
        shared = "" if share == of_deal else f", your share of it {to_text(share, rule.asset)}"
        why = (
            f"no {', '.join(missing)} of the same seller came before the sale"
            if missing
            else f"{', '.join(self.before)} of the same seller came before the sale"
        )
        pays = f"{to_text(of_deal, rule.asset)} {rule.asset}"
        return f"{percent(rate_bps)} % of {amount} is {pays}{shared}: {why}."

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """Both rates, and what makes the difference."""
        return (
            f"{percent(self.rate_bps)} % of each deal that is won{paid_as(rule.asset, currency)},"
            f" {percent(self.uplifted_bps)} % if {', '.join(self.before)} of the same seller came"
            " before the sale."
        )

    def behaviors(self) -> frozenset[str]:
        """The sale, and what makes it worth more."""
        return frozenset({DEAL_WON, *self.before})

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """The sale, its return, and what may be reported late."""
        return self.behaviors() | {DEAL_RETURNED}

    @property
    def transfers_at_most(self) -> int:
        """A return takes back the sale's part and what came late, each in three."""
        return 6

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """Rates that cannot be used, or nothing that raises them."""
        found = []
        if not 0 <= self.rate_bps < self.uplifted_bps <= 10_000:
            found.append(
                "An uplift's rate is not negative, and less than its uplifted rate, which is at"
                " most 10,000 basis points."
            )
        if not 0 < len(self.before) <= 5 or (DEAL_CHANGES - {DEAL_REGISTERED}) & {*self.before}:
            found.append(
                "An uplift names 1 to 5 behaviors that people do for a deal, or DEAL_REGISTERED."
            )
        return tuple(found)

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """The uplifted rate of the revenue that is missing: what can be reached."""
        counts_revenue = ahead.goal.measure is Measure.WON_REVENUE
        return plan.of_rate(rule, ahead.missing, self.uplifted_bps) if counts_revenue else 0
