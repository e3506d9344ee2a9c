"""Flat: a fixed amount each time a behavior occurs.

Worked example: 50 points for TRAINING_COMPLETED. Three trainings of one person earn 50 each, 150
in all; the same training reported twice is one activity and earns once. 250.00 for DEAL_WON on a
deal that two people share 60 : 40: 150.00 and 100.00, taken back when the deal is returned.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain import awards
from portal_api.domain.activities import (
    DEAL_AMOUNT_CHANGED,
    DEAL_CHANGES,
    DEAL_CREDITED,
    DEAL_RETURNED,
    DEAL_WON,
)
from portal_api.domain.cases import Case, DealTold
from portal_api.domain.deals import DealStage
from portal_api.domain.goals import Level
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, to_text
from portal_api.domain.plans import Ahead, Mechanic, Move, Part, PlanVersion, Rule, all_back


@dataclass(frozen=True)
class Flat(Mechanic):
    """``amount_minor`` of the rule's asset for every activity of ``behavior``."""

    kind: ClassVar[str] = "flat"
    levels: ClassVar[frozenset[Level]] = frozenset(Level)
    behavior: Annotated[str, "The code of the behavior that it pays for."]
    amount_minor: Annotated[int, "What it pays each time."]

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """The amount, once for each activity of the behavior."""
        deal = case.deal
        because = self.words(rule, plan, "")
        if deal is not None and case.behavior == DEAL_RETURNED and self.behavior == DEAL_WON:
            return all_back(case, "The deal was returned.")
        if case.behavior != self.behavior:
            return ()
        if deal is None or self.behavior not in DEAL_CHANGES:
            return (Part(self.amount_minor, case.activity_id, self.behavior, because),)
        if not deal.concerned or (self.behavior == DEAL_WON and not _is_new(deal, case)):
            return ()
        share = deal.share(self.amount_minor)
        whole = None if share == self.amount_minor else self.amount_minor
        return (Part(share, case.activity_id, self.behavior, because, whole),)

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """The amount and what it is for."""
        return f"{to_text(self.amount_minor, rule.asset)} {rule.asset} for each {self.behavior}."

    def behaviors(self) -> frozenset[str]:
        """The one behavior."""
        return frozenset({self.behavior})

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """The behavior, and the return of what was won."""
        returned = {DEAL_RETURNED} if self.behavior == DEAL_WON else set()
        return frozenset({self.behavior, *returned})

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """An amount that no transfer can move, or what anybody could do over and over."""
        found = []
        if not 0 < self.amount_minor <= LARGEST_AMOUNT_MINOR:
            found.append("A flat amount is larger than zero and at most 10^12 minor units.")
        if self.behavior in (DEAL_AMOUNT_CHANGED, DEAL_CREDITED):
            found.append(f"{self.behavior} can be repeated at will, so nothing is paid for it.")
        return tuple(found)

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """The amount for each occurrence that is missing, where the goal counts this behavior."""
        return ahead.times(self.behavior) * self.amount_minor


def _is_new(deal: DealTold, case: Case) -> bool:
    """Whether the sale stands and is not paid: a withheld one is judged again, also much later."""
    return deal.stage is DealStage.WON and not awards.given(case.paid)
