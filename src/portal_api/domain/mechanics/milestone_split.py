"""MilestoneSplit: one pot, a rate of the deal's amount, divided over the steps of the deal.

Worked example: 3 % of a 30,000.00 USD deal is a pot of 900.00, with weights 1 : 5 over approved
registration and winning: 150.00 on approval, 750.00 on winning. Won at 24,000.00 instead, the pot
is 720.00; 150.00 were paid, so winning settles at 570.00. Won at 3,000.00, the pot is 90.00:
nothing is paid on winning and 60.00 of the 150.00 are taken back. A deal won without a paid
registration earns the winning part only: 750.00 of 900.00. On a lost deal the registration part is
kept, or taken back where ``keep_on_loss`` is false.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain.activities import DEAL_LOST, DEAL_REGISTERED, DEAL_WON
from portal_api.domain.deals import Deal, DealAward
from portal_api.domain.goals import Measure
from portal_api.domain.money import of_rate, split, to_text
from portal_api.domain.rewards import Ahead, Facts, Mechanic, Part, PlanVersion, Rule, TakeBack

LARGEST_WEIGHT = 1_000_000


@dataclass(frozen=True)
class MilestoneSplit(Mechanic):
    """``rate_bps`` basis points of the deal, by weights over registration and winning."""

    kind: ClassVar[str] = "milestoneSplit"
    rate_of_deal: ClassVar[bool] = True
    rate_bps: Annotated[int, "The pot's rate of the deal's amount, in basis points: 300 is 3 %."]
    registration_weight: Annotated[int, "The weight of the approved registration."] = 1
    winning_weight: Annotated[int, "The weight of winning."] = 5
    keep_on_loss: Annotated[bool, "Whether a lost deal keeps its registration's part."] = True

    def parts(self, rule: Rule, facts: Facts) -> tuple[Part | TakeBack, ...]:
        """The registration's part, the winning's with the settlement, or what a loss takes back."""
        deal = facts.deal
        if deal is None:
            return ()
        of_rule = (rule.code, rule.asset)
        paid = tuple(award for award in deal.awards if (award.rule_code, award.asset) == of_rule)
        if facts.activity.behavior == DEAL_LOST and not self.keep_on_loss:
            return tuple(
                TakeBack(award.earning_id, award.step, award.amount_minor, "The deal was lost.")
                for award in paid
                if award.amount_minor and award.earning_id
            )
        pot = of_rate(deal.amount_minor, self.rate_bps)
        on_registration, on_winning = split(pot, (self.registration_weight, self.winning_weight))
        if facts.activity.behavior == DEAL_REGISTERED and self.registration_weight:
            because = self._because(rule, deal, pot, f"{to_text(on_registration, rule.asset)} now")
            return (Part(on_registration, deal.id, DEAL_REGISTERED, because, pot),)
        if facts.activity.behavior == DEAL_WON:
            return self._settled(
                rule, deal, paid, pot, on_winning + (on_registration if paid else 0)
            )
        return ()

    def _settled(
        self, rule: Rule, deal: Deal, paid: tuple[DealAward, ...], pot: int, due: int
    ) -> tuple[Part | TakeBack, ...]:
        """What winning pays or takes back so that all parts sum to what is due of the final pot."""
        before = sum(award.amount_minor for award in paid)
        told = f"{to_text(due, rule.asset)} due, {to_text(before, rule.asset)} paid before"
        because = self._because(rule, deal, pot, told)
        if due > before:
            return (Part(due - before, deal.id, DEAL_WON, because, pot),)
        return tuple(
            TakeBack(award.earning_id, award.step, before - due, because)
            for award in paid
            if due < before and award.earning_id
        )

    def _because(self, rule: Rule, deal: Deal, pot: int, told: str) -> str:
        percent = to_text(self.rate_bps, "USD").rstrip("0").rstrip(".")
        return (
            f"{percent} % of {to_text(deal.amount_minor, deal.currency)} {deal.currency} is"
            f" {to_text(pot, rule.asset)} {rule.asset}, divided {self.registration_weight} :"
            f" {self.winning_weight} over approved registration and winning: {told}."
        )

    def behaviors(self) -> frozenset[str]:
        """The deal's two milestones."""
        return frozenset({DEAL_REGISTERED, DEAL_WON})

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """A rate or weights that cannot be used."""
        found = []
        if not 0 < self.rate_bps <= 10_000:
            found.append("A milestone split's rate is from 1 to 10,000 basis points.")
        if self.registration_weight < 0 or self.winning_weight <= 0:
            found.append(
                "A milestone split's weights are not negative, and winning weighs more than zero."
            )
        if max(self.registration_weight, self.winning_weight) > LARGEST_WEIGHT:
            found.append("A milestone split's weights are at most a million.")
        return tuple(found)

    def still_pays(self, rule: Rule, ahead: Ahead) -> int:
        """The rate of the revenue that is missing, registrations included."""
        counts_revenue = ahead.goal.measure is Measure.WON_REVENUE
        return of_rate(ahead.missing, self.rate_bps) if counts_revenue else 0
