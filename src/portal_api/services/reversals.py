"""Reversals: somebody at the vendor takes back an earning, or a part of it, for a reason."""

from dataclasses import dataclass, replace

from portal_api.domain import awards, earnings, ledger, money
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Correction, CorrectionKind, Earning
from portal_api.domain.errors import ExceedsEarning, InvalidInput, NotFound
from portal_api.domain.goals import Level
from portal_api.domain.ledger import JournalKind
from portal_api.domain.partners import Role
from portal_api.domain.plans import Rule
from portal_api.domain.writes import Save, Write
from portal_api.services.loads import loads_of
from portal_api.services.members import parties_of
from portal_api.services.partners import MANAGERS, required
from portal_api.services.rewards import Settlement, settlement_of
from portal_api.services.settling import take_back
from portal_api.services.store import One, Want
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class EarningReversed:
    """An amount was taken back of the earning; what had left the wallet is owed."""

    earning: Earning
    amount_minor: int


def reverse_earning(
    portal: Portal,
    ask: Ask,
    *,
    earning_id: str,
    amount_minor: int | None,
    reason: str,
    asset: str | None = None,
) -> EarningReversed:
    """Takes back so much of an earning, or (None) all that is left of it; its owner sees why.

    ``asset`` is what the amount was given in. Raises ``ExceedsEarning``, and ``AccountClosed``
    where the wallet is closed and who asks is no administrator. What was reversed is not paid
    again, whatever becomes of its deal; only another sale of the deal pays as a sale.
    """
    reason, want = required("reason", reason, 500), One(Earning, earning_id)

    def decide(s: Situation) -> Decision[EarningReversed]:
        earning = s.found[want]
        if earning is None:
            raise NotFound.of("earningId")
        amount = _checked(earning, amount_minor, asset)
        correction = Correction(CorrectionKind.REVERSAL, -amount, reason, s.viewer.role, s.now)
        corrected = earnings.corrected(earning, correction)
        settlement, deal = _settlement(s, earning)
        if s.viewer.role is not Role.ADMIN:
            ledger.not_closed(settlement.books.postings.wallets[earning.wallet_id])
        rule, parties = _ruled(settlement, earning)
        take_back(settlement.books, parties, rule, corrected, amount)
        saved: list[Write] = []
        if deal is not None:
            saved.append(
                Save(replace(deal, awards=awards.reverse(deal.awards, earning_id, amount)))
            )
        cause = {"earning": earning_id, "reason": reason}
        writes = settlement.writes(earning.trace.activity_id, JournalKind.REVERSAL, **cause)
        (less,) = settlement.earnings()
        outcome = EarningReversed(less, amount)
        return Decision(outcome, (*saved, *writes), earning_id, settlement.partner.id)

    arguments = {"earning": earning_id, "amount": amount_minor, "asset": asset, "reason": reason}
    return perform(
        portal, ask, "reverseEarning", arguments, MANAGERS, (want,), decide, EarningReversed
    )


def _checked(earning: Earning, amount_minor: int | None, asset: str | None) -> int:
    """How much is taken back; raises ``InvalidInput`` and ``ExceedsEarning``."""
    own, left = earning.trace.asset, earning.left_minor
    if asset not in (None, own):
        raise InvalidInput(f"The earning is in {own}.", "amount")
    if amount_minor is not None and amount_minor <= 0:
        raise InvalidInput("What is taken back is more than zero.", "amount")
    if left <= 0 or (amount_minor is not None and amount_minor > left):
        raise ExceedsEarning(f"{money.to_text(left, own)} {own} is left of it.", own, left)
    return left if amount_minor is None else amount_minor


def _settlement(s: Situation, earning: Earning) -> tuple[Settlement, Deal | None]:
    """What is paid in the earning's program at its partner, and its deal: one wave more.

    A person's is that of the person, who need not have done the activity: a team's share.
    """
    loads = loads_of(earning.trace.activity_id, "earningId")
    if earning.wallet_id != loads.partner_id:
        loads = replace(loads, individual_id=earning.wallet_id)
    deal_want = One(Deal, earning.trace.deal_id or "none")
    wants: tuple[Want[object], ...] = (deal_want, *loads.wants())
    found = s.portal.store.read(wants)
    settlement = settlement_of(replace(s, found=found), loads, "earningId")
    return settlement, found[deal_want]


def _ruled(settlement: Settlement, earning: Earning) -> tuple[Rule, dict[Level, str]]:
    """The rule that paid the earning, and the progress that it counted in.

    A team's share was counted as its member's own, and in none of the rule's limits.
    """
    trace, loads = earning.trace, settlement.books.loads
    plan = next(plan for plan in settlement.plans if plan.number == trace.plan_number)
    rule = plan.rule(trace.rule_code)
    member = settlement.members[loads.individual_id]
    placed = member.employment(trace.occurred_at, settlement.situation.now)
    if rule is None or placed is None:
        raise NotFound.of("earningId")
    if rule.level is Level.TEAM:
        rule = replace(rule, level=Level.INDIVIDUAL, limits=())
    return rule, parties_of(loads, placed[0])
