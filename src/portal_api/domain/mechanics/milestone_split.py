"""MilestoneSplit: one pot, a rate of the deal's amount, divided over the steps of the deal.

Worked example: 3 % of a 30,000.00 USD deal is a pot of 900.00, with weights 1 : 5 over approved
registration and winning: 150.00 on approval, 750.00 on winning. Won at 24,000.00 instead, the pot
is 720.00; 150.00 were paid, so winning settles at 570.00. Won at 3,000.00, the pot is 90.00:
nothing is paid on winning and 60.00 of the 150.00 are taken back. A deal won without a paid
registration earns the winning part only: 750.00 of 900.00. On a lost deal the registration part is
kept, or taken back where ``keep_on_loss`` is false; a returned deal gives back its winning part
too. What two people share 60 : 40 is 90.00 and 60.00, then 450.00 and 300.00. Who is credited only
after the registration was paid gets its whole share with the sale.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain import awards
from portal_api.domain.activities import DEAL_LOST, DEAL_REGISTERED, DEAL_RETURNED, DEAL_WON
from portal_api.domain.cases import Case, DealTold
from portal_api.domain.deals import MAX_REOPENED, DealStage
from portal_api.domain.goals import Measure
from portal_api.domain.money import paid_as, percent, split, to_text
from portal_api.domain.plans import Ahead, Mechanic, Move, Part, PlanVersion, Rule, settled

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

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """The registration's part, the winning's with the settlement, or what a loss takes back."""
        deal = case.deal
        if deal is None or case.behavior not in self.fires_on(plan):
            return ()
        of_deal = plan.of_rate(rule, deal.amount_minor, self.rate_bps)
        pot = deal.share(of_deal)
        on_registration, on_winning = split(pot, (self.registration_weight, self.winning_weight))
        registered = case.inputs.joined or any(award.step == DEAL_REGISTERED for award in case.paid)
        due: int | None
        if case.behavior == DEAL_REGISTERED:
            due = self._on_registration(deal, case, on_registration, pot)
        elif case.behavior == DEAL_WON:
            # A withheld sale is judged again, also after it was returned.
            won = deal.stage is DealStage.WON
            due = (pot if registered else on_winning) if won else None
        else:
            due = self._after_the_end(case, on_registration if registered else 0)
        if due is None:
            return ()
        because = self._because(rule, deal, case, of_deal, due)
        paid = awards.given(case.paid)
        if case.behavior == DEAL_REGISTERED and due == paid and deal.concerned and not registered:
            # Of nothing, also on a deal that was sold before: so it is known not to be withheld.
            return (Part(0, deal.turn, DEAL_REGISTERED, because, pot),)
        return settled(case, deal, due, because, pot)

    def _on_registration(
        self, deal: DealTold, case: Case, on_registration: int, pot: int
    ) -> int | None:
        """What is due with the registration: a sale's that came later includes it.

        A deal that ended otherwise by now had it until then, and keeps it or not.
        """
        if not self.registration_weight:
            return None
        if deal.stage is DealStage.OPEN:
            return on_registration
        before = deal.closed_at is not None and case.occurred_at < deal.closed_at
        if not before or (deal.stage is not DealStage.WON and not self.keep_on_loss):
            return None
        sold = deal.stage is DealStage.WON and case.paid
        return pot if sold else on_registration

    def _after_the_end(self, case: Case, on_registration: int) -> int | None:
        """What stays when the deal is lost or returned, never more than there was."""
        if not case.paid or (self.keep_on_loss and case.behavior == DEAL_LOST):
            return None
        paid = awards.given(case.paid)
        return min(paid, on_registration) if self.keep_on_loss else 0

    def _because(self, rule: Rule, deal: DealTold, case: Case, of_deal: int, due: int) -> str:
        share = deal.share(of_deal)
        amount = f"{to_text(deal.amount_minor, deal.currency)} {deal.currency}"
        told = [
            f"{percent(self.rate_bps)} % of {amount} is {to_text(of_deal, rule.asset)} {rule.asset}"
        ]
        if share != of_deal:
            told.append(f"your share of it {to_text(share, rule.asset)}")
        told.append(
            f"divided {self.registration_weight} : {self.winning_weight} over approved"
            " registration and winning"
        )
        paid = awards.given(case.paid)
        if case.behavior == DEAL_REGISTERED and not paid:
            return f"{', '.join(told)}: {to_text(due, rule.asset)} now."
        numbers = f"{to_text(due, rule.asset)} due, {to_text(paid, rule.asset)} paid before"
        ended = {DEAL_LOST: " The deal was lost.", DEAL_RETURNED: " The deal was returned."}
        return f"{', '.join(told)}: {numbers}.{ended.get(case.behavior, '')}"

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """The rate, how it is divided, and what becomes of it when the deal is lost."""
        told = f"{percent(self.rate_bps)} % of each deal{paid_as(rule.asset, currency)}"
        if not self.registration_weight:
            return f"{told}, once it is won."
        lost = "kept" if self.keep_on_loss else "taken back"
        return (
            f"{told}, divided {self.registration_weight} : {self.winning_weight} over approved"
            f" registration and winning; the first part is {lost} when the deal is lost."
        )

    def behaviors(self) -> frozenset[str]:
        """The deal's two milestones."""
        registered = {DEAL_REGISTERED} if self.registration_weight else set()
        return frozenset({DEAL_WON, *registered})

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """The milestones, and what ends the deal otherwise."""
        return frozenset({DEAL_REGISTERED, DEAL_WON, DEAL_LOST, DEAL_RETURNED})

    @property
    def items_at_most(self) -> int:
        """All that it has paid on a deal, which was won again and again, can be cut at once."""
        return 2 + MAX_REOPENED

    @property
    def transfers_at_most(self) -> int:
        """Three for each: what is there, what has expired, and what is owed."""
        return 3 * self.items_at_most

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

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """The rate of the revenue that is missing, registrations included."""
        counts_revenue = ahead.goal.measure is Measure.WON_REVENUE
        return plan.of_rate(rule, ahead.missing, self.rate_bps) if counts_revenue else 0
