"""What people went without for want of consent, added up again from all that was recorded; L24."""

from collections import Counter
from collections.abc import Iterator

from portal_api.domain.activities import Activity, Outcome, WithheldReason
from portal_api.domain.awards import forgone_by
from portal_api.domain.deals import Deal
from portal_api.domain.goals import Level, party_of
from portal_api.domain.plans import PlanVersion, plan_at
from portal_api.domain.teams import TeamAward

COUNTED = ("forgone:", "forgoers:", "paidafter:")
"""How the counters begin that are added up here."""


Sums = Counter[tuple[str, str, str]]
"""By program, person and asset."""


class Forgone:
    """One partner's, by program, person and asset."""

    def __init__(self, partner_id: str) -> None:
        """Nothing yet."""
        self._partner_id = partner_id
        self._sums: Sums = Counter()
        self._of_deals: Sums = Counter()
        self._withheld: Sums = Counter()
        self._late: Sums = Counter()

    def add(self, activity: Activity, plans: tuple[PlanVersion, ...]) -> None:
        """What was withheld of an activity for want of consent, and what of it was paid since."""
        of_deal = activity.deal_id is not None and activity.saw_deal
        plan = plan_at(plans, activity.occurred_at)
        for outcome in activity.outcomes:
            # What a shadow would not pay is forgone by nobody.
            rule = plan.rule(outcome.rule_code) if plan is not None else None
            if rule is None or not rule.shadow:
                self._add(activity.program_id, outcome, self._withheld if of_deal else self._sums)

    def add_deal(self, deal: Deal) -> None:
        """What of it a deal says is still forgone: nothing of a sale that was returned."""
        for (person, asset), amount in forgone_by(deal.forgone).items():
            self._of_deals[deal.program_id, person, asset] += amount

    def add_award(self, award: TeamAward) -> None:
        """Likewise of a team's shares; one that waits again is forgone until it is paid."""
        for share in award.shares:
            if share.forgone or share.late:
                sums = self._sums if share.forgone else self._late
                whose = award.program_id, share.individual_id, award.trace.asset
                sums[whose] += share.amount_minor

    def sums(self) -> Iterator[tuple[str, str, int]]:
        """By the id of a progress and a counter: of each person, of the company, and how many."""
        # No deal keeps more than was withheld on all of them.
        ever = self._sums + (self._of_deals & self._withheld) + self._late
        for (program_id, person, asset), amount in ever.items():
            prefix = f"{self._partner_id}.{program_id}"
            company = f"{prefix}.{party_of(Level.PARTNER, self._partner_id)}"
            late = self._late[program_id, person, asset]
            for party in (f"{prefix}.{party_of(Level.INDIVIDUAL, person)}", company):
                yield party, f"forgone:{asset}", amount
                yield party, f"paidafter:{asset}", late
            yield company, f"forgoers:{asset}", int(amount > 0)

    def _add(self, program_id: str, outcome: Outcome, sums: Sums) -> None:
        whose = program_id, outcome.recipient_id, outcome.asset
        if outcome.reason is WithheldReason.NO_CONSENT:
            sums[whose] += outcome.amount_minor
        self._late[whose] += outcome.late_minor
