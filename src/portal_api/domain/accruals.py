"""Accruals: banded revenue by period, in which the next sales settle what was paid too much before.

What was paid is always what the revenue of all periods is worth and what was paid beyond that. A
return gives back what its sale was paid, whatever the period loses by it: the difference is paid
too much or too little, and the next sale of any period pays so much less or more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from portal_api.domain import awards
from portal_api.domain.activities import DEAL_WON
from portal_api.domain.bands import Banded
from portal_api.domain.cases import Case, DealTold
from portal_api.domain.money import percent, to_text
from portal_api.domain.plans import Move, Part, TakeBack


def counters_of(rule_key: str, period: str | None) -> tuple[str, str, str]:
    """Of the period the revenue paid for and its worth; of all periods what was paid beyond it."""
    return f"base:{rule_key}:{period}", f"worth:{rule_key}:{period}", f"over:{rule_key}"


@dataclass(frozen=True, slots=True)
class Account:
    """One period of a rule, and the names of its counters.

    ``anew``: the bands can have changed since the sale, so that a return rates all that is left.
    """

    banded: Banded
    base: str
    worth: str
    over: str
    anew: bool

    def rise(self, counted: Mapping[str, int], added: int) -> int:
        """How much more the period is worth with more revenue."""
        before = counted.get(self.base, 0)
        rated = counted.get(self.worth, 0)
        former = rated if self.banded.retrospective else self.banded.of(before)
        return self.banded.of(before + added) - former

    def pays(self, counted: Mapping[str, int], added: int) -> int:
        """What more revenue pays, less what was paid too much before."""
        return max(0, self.rise(counted, added) - counted.get(self.over, 0))

    def sale(self, case: Case, deal: DealTold, added: int, why: str) -> Part:
        """What a sale that adds so much revenue is paid; ``why`` ends the arithmetic in words."""
        counted = case.inputs.counters
        rise, amount = self.rise(counted, added), self.pays(counted, added)
        counts = {self.base: added, self.worth: rise, self.over: amount - rise}
        told = f"{self._told(case, deal, added)}{why}"
        return Part(amount, deal.turn, DEAL_WON, told, counts=counts)

    def returned(self, case: Case, deal: DealTold) -> tuple[Move, ...]:
        """What the sale was paid, and its revenue off its period; nothing if it was not paid."""
        paid = [award for award in case.paid if award.turn == deal.reopened]
        if not paid:
            return ()
        revenue, before = deal.share(deal.amount_minor), case.count(self.base)
        left = before - revenue
        former = case.count(self.worth) if self.anew or not left else self.banded.of(before)
        fall = former - self.banded.of(left)
        # What was reversed by hand is not there to be given back, and is not owed once more.
        over = fall - awards.given(paid)
        told = f"The deal was returned.{self._left_over(over)}"
        counts = {self.base: -revenue, self.worth: -fall, self.over: over}
        return tuple(
            TakeBack(one.earning_id or "", one.step, one.amount_minor, told, counted)
            for one, counted in zip(paid, (counts, *({} for _ in paid[1:])), strict=True)
        )

    def _told(self, case: Case, deal: DealTold, added: int) -> str:
        """The arithmetic of a sale."""
        rule, scale, counted = self.banded.rule, self.banded.scale, case.inputs.counters
        before, over = case.count(self.base), case.count(self.over)
        rise, amount = self.rise(counted, added), self.pays(counted, added)
        whole, told = rise, scale.told(before, before + added, deal.currency)
        if self.banded.retrospective:
            whole, all_of_it = (
                self.banded.of(before + added),
                to_text(before + added, deal.currency),
            )
            told = f"{percent(scale.rate_at(before + added))} % of all {all_of_it} {deal.currency}"
        told += f" is {to_text(whole, rule.asset)} {rule.asset}"
        if over and rise != whole:
            told += f", less {to_text(whole - rise, rule.asset)} that it was worth before"
        if over > 0:
            told += f", less {to_text(over, rule.asset)} that was paid too much before"
        elif over:
            told += f", and {to_text(-over, rule.asset)} that was paid too little before"
        return told + (f", {to_text(amount, rule.asset)} now." if amount != whole else ".")

    def _left_over(self, over: int) -> str:
        """What a return leaves for the next sales, in words."""
        asset = self.banded.rule.asset
        if over > 0:
            return f" {to_text(over, asset)} {asset} paid for others are taken off the next sales."
        return f" {to_text(-over, asset)} {asset} are added to the next sales." if over else ""
