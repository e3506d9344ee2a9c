"""Overlay: a behavior's amount is pending until its deal is won, then available.

Worked example: 100.00 for PROOF_OF_CONCEPT, within 90 days. Held on a deal, it is 100.00 pending;
available when that deal is won up to 90 days later; cancelled when it is lost, or won on day 91.
Once for each person and deal. Reported after the win though held before it: available at once. A
returned deal takes it back.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from portal_api.domain import awards
from portal_api.domain.activities import DEAL_CHANGES, DEAL_LOST, DEAL_RETURNED, DEAL_WON
from portal_api.domain.cases import Case, DealTold
from portal_api.domain.deals import DealStage
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, to_text
from portal_api.domain.plans import (
    Ahead,
    Free,
    Mechanic,
    Move,
    Part,
    PlanVersion,
    Rule,
    all_back,
)

LONGEST_DAYS = 3_660


@dataclass(frozen=True)
class Overlay(Mechanic):
    """``amount_minor`` for ``behavior`` on a deal, if the deal is won within ``within_days``."""

    kind: ClassVar[str] = "overlay"
    behavior: Annotated[str, "The code of the behavior that it pays for."]
    amount_minor: Annotated[int, "What it pays, once for each person and deal."]
    within_days: Annotated[int, "In how many days the deal must be won; 0: at any time."] = 0

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """Pending with the behavior; available, cancelled or taken back with its deal."""
        deal = case.deal
        if deal is None:
            return ()
        if case.behavior == self.behavior:
            return self._first(rule, plan, deal, case)
        if case.behavior == DEAL_WON:
            return self._on_winning(rule, deal, case)
        if case.behavior in (DEAL_LOST, DEAL_RETURNED):
            told = "lost" if case.behavior == DEAL_LOST else "returned"
            return all_back(case, f"The deal was {told}.")
        return ()

    def _first(self, rule: Rule, plan: PlanVersion, deal: DealTold, case: Case) -> tuple[Move, ...]:
        """The behavior itself, once, while the deal can be won or when it led to the sale."""
        if case.paid:
            return ()
        if deal.stage is DealStage.OPEN:
            because = self.words(rule, plan, deal.currency)
            return (self._part(case, deal, because, pending=True),)
        if deal.stage is DealStage.WON and self._leads(case.occurred_at, deal):
            because = f"{self._told(rule)} for {self.behavior}, which led to a sale."
            return (self._part(case, deal, because),)
        return ()

    def _on_winning(self, rule: Rule, deal: DealTold, case: Case) -> tuple[Move, ...]:
        """What waited is available or too late; what a loss cancelled is earned after all."""
        if not case.paid or deal.stage is not DealStage.WON:
            return ()
        if not self._led(deal):
            return all_back(case, f"The deal was not won{self._deadline()}.")
        because = f"{self._told(rule)} for {self.behavior}: its deal is won."
        waiting = tuple(
            Free(award.earning_id or "", award.step, award.amount_minor, because)
            for award in case.paid
            if award.pending and award.amount_minor
        )
        if waiting or any(award.amount_minor for award in case.paid):
            return waiting
        left = self.amount_minor - awards.reversed_by_hand(case.paid)
        return (replace(self._part(case, deal, because), amount_minor=left),) if left > 0 else ()

    def _part(self, case: Case, deal: DealTold, because: str, pending: bool = False) -> Part:
        return Part(self.amount_minor, deal.turn, self.behavior, because, pending=pending)

    def _led(self, deal: DealTold) -> bool:
        """Whether the behavior led to the sale when the person did it first."""
        return any(
            did.behavior == self.behavior and self._leads(did.occurred_at, deal)
            for did in deal.history
        )

    def _leads(self, occurred_at: datetime, deal: DealTold) -> bool:
        """Whether what was done then came before the sale, and the sale soon enough."""
        if deal.closed_at is None or occurred_at >= deal.closed_at:
            return False
        return not self.within_days or deal.closed_at <= occurred_at + timedelta(self.within_days)

    def _told(self, rule: Rule) -> str:
        return f"{to_text(self.amount_minor, rule.asset)} {rule.asset}"

    def _deadline(self) -> str:
        return f" within {self.within_days} days" if self.within_days else ""

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """The amount, what it is for, and what it waits for."""
        told = f"{self._told(rule)} for {self.behavior}"
        return f"{told}, available once its deal is won{self._deadline()}."

    def behaviors(self) -> frozenset[str]:
        """The one behavior."""
        return frozenset({self.behavior})

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """The behavior, and however its deal ends."""
        return frozenset({self.behavior, DEAL_WON, DEAL_LOST, DEAL_RETURNED})

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """An amount that cannot be paid, or a behavior that is the deal's own."""
        found = []
        if not 0 < self.amount_minor <= LARGEST_AMOUNT_MINOR:
            found.append("An overlay is larger than zero and at most 10^12 minor units.")
        if not 0 <= self.within_days <= LONGEST_DAYS:
            found.append(f"An overlay waits for up to {LONGEST_DAYS} days.")
        if self.behavior in DEAL_CHANGES:
            found.append("An overlay pays for what somebody does for a deal, not for its changes.")
        return tuple(found)

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """The amount for each occurrence that is missing, where the goal counts this behavior.

        As if every deal was won in time.
        """
        return ahead.times(self.behavior) * self.amount_minor
