"""FastClose: an amount for a deal that is won soon after it was registered.

Worked example: 100.00 within 30 days. Registered on 1 March and won on 31 March: 100.00; won on
1 April: nothing. Of a deal shared 60 : 40, its owner, who registered it, gets 60.00.
A returned deal gives it back.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from portal_api.domain.activities import DEAL_REGISTERED, DEAL_RETURNED, DEAL_WON
from portal_api.domain.cases import Case, DealTold
from portal_api.domain.deals import DealStage
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, to_text
from portal_api.domain.plans import Mechanic, Move, PlanVersion, Rule, all_back, settled

LONGEST_DAYS = 3_660


@dataclass(frozen=True)
class FastClose(Mechanic):
    """``amount_minor`` for a deal won within ``within_days`` of its registration."""

    kind: ClassVar[str] = "fastClose"
    amount_minor: Annotated[int, "What it pays."]
    within_days: Annotated[int, "In how many days of its registration the deal must be won."]

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """The amount when the deal is won in time; nothing of it is left when it is returned."""
        deal = case.deal
        if deal is None or case.behavior not in self.fires_on(plan):
            return ()
        if case.behavior == DEAL_RETURNED:
            return all_back(case, "The deal was returned.")
        if deal.stage is not DealStage.WON or not self._in_time(deal):
            return ()
        because = self.words(rule, plan, deal.currency)
        return settled(case, deal, deal.share(self.amount_minor), because, self.amount_minor)

    def _in_time(self, deal: DealTold) -> bool:
        """Whether the seller's registration came before the sale, and not long before."""
        closed_at, longest = deal.closed_at, timedelta(days=self.within_days)
        return closed_at is not None and any(
            did.behavior == DEAL_REGISTERED
            and did.occurred_at < closed_at <= did.occurred_at + longest
            for did in deal.history
        )

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """The amount and the time."""
        return (
            f"{to_text(self.amount_minor, rule.asset)} {rule.asset} for a deal won within"
            f" {self.within_days} days of its registration."
        )

    def behaviors(self) -> frozenset[str]:
        """The sale, and the registration without which it is not fast."""
        return frozenset({DEAL_WON, DEAL_REGISTERED})

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """The sale and its return."""
        return frozenset({DEAL_WON, DEAL_RETURNED})

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """An amount or a time that cannot be used."""
        found = []
        if not 0 < self.amount_minor <= LARGEST_AMOUNT_MINOR:
            found.append("A fast close pays more than zero and at most 10^12 minor units.")
        if not 0 < self.within_days <= LONGEST_DAYS:
            found.append(f"A fast close is within 1 to {LONGEST_DAYS} days.")
        return tuple(found)
