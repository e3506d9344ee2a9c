"""Disputes: opened by who owns an earning, and answered by the vendor in time."""

from dataclasses import dataclass

from portal_api.domain import disputes, ledger
from portal_api.domain.adjustments import Adjustment
from portal_api.domain.disputes import Dispute
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.ledger import Wallet
from portal_api.domain.partners import STAFF_ROLES, Role
from portal_api.domain.programs import DISPUTE_DAYS, Program
from portal_api.domain.writes import Delist, Save
from portal_api.services.adjustments import Wish, listed, proposed
from portal_api.services.loads import loads_of
from portal_api.services.partners import MANAGERS, required
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

OWNERS = STAFF_ROLES | {Role.PARTNER_EXECUTIVE}


@dataclass(frozen=True, slots=True)
class DisputeOpened:
    """The vendor owes an answer."""

    dispute: Dispute


@dataclass(frozen=True, slots=True)
class DisputeAccepted:
    """The dispute is accepted: its adjustment waits for a second person."""

    dispute: Dispute
    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class DisputeRejected:
    """The earning stays as it is."""

    dispute: Dispute


def open_dispute(portal: Portal, ask: Ask, *, earning_id: str, reason: str) -> DisputeOpened:
    """Disputes an earning of one's own, or as an executive the company's: once, and in time.

    Raises ``AlreadyDisputed`` and ``DisputeTooLate``.
    """
    reason = required("reason", reason, 2_000, lines=True)
    earning_want, dispute_want = One(Earning, earning_id), One(Dispute, earning_id)

    def decide(s: Situation) -> Decision[DisputeOpened]:
        earning, executive = s.found[earning_want], s.viewer.role is Role.PARTNER_EXECUTIVE
        mine = {s.viewer.id, s.viewer.partner_id if executive else None}
        if earning is None or earning.wallet_id not in mine:
            raise NotFound.of("earningId")
        program_want = One(Program, earning.trace.program_id)
        program = s.portal.store.read([program_want])[program_want]
        days = program.dispute_days if program is not None else DISPUTE_DAYS
        disputes.check_open(earning, s.found[dispute_want], days, s.now)
        partner_id = loads_of(earning.trace.activity_id, "earningId").partner_id
        opened = disputes.open_dispute(earning, partner_id, reason, s.viewer.id, s.now)
        return Decision(
            DisputeOpened(opened), (Save(opened), listed(opened)), opened.id, partner_id
        )

    arguments = {"earning": earning_id, "reason": reason}
    wants = (earning_want, dispute_want)
    return perform(portal, ask, "openDispute", arguments, OWNERS, wants, decide, DisputeOpened)


def accept_dispute(
    portal: Portal,
    ask: Ask,
    *,
    dispute_id: str,
    amount_minor: int,
    answer: str,
    asset: str | None = None,
) -> DisputeAccepted:
    """Accepts a dispute: so much more is proposed, which a second person is to approve.

    ``asset`` is what the amount was given in. Raises ``DisputeNotOpen``,
    ``SecondPersonRequired`` and ``AccountClosed``.
    """
    answer = required("answer", answer, 500)
    want, earning_want = One(Dispute, dispute_id), One(Earning, dispute_id)
    wallet_want = One(Wallet, dispute_id.partition(".")[0])

    def decide(s: Situation) -> Decision[DisputeAccepted]:
        dispute, earning = s.found[want], s.found[earning_want]
        if dispute is None or earning is None:
            raise NotFound.of("disputeId")
        if amount_minor <= 0:
            raise InvalidInput("Who accepts a dispute gives more than zero.", "amount")
        ledger.not_closed(s.found[wallet_want] or Wallet(dispute.wallet_id))
        wish = Wish(
            partner_id=dispute.partner_id,
            wallet_id=dispute.wallet_id,
            program_id=earning.trace.program_id,
            asset=asset or earning.trace.asset,
            amount_minor=amount_minor,
            reason=answer,
            earning_id=earning.id,
        )
        adjustment, writes = proposed(s, wish, earning)
        accepted = disputes.accept(dispute, adjustment.id, answer, s.viewer.id, s.now)
        outcome = DisputeAccepted(accepted, adjustment)
        writes = (Save(accepted), _delisted(dispute), *writes)
        return Decision(outcome, writes, dispute.id, dispute.partner_id)

    arguments = {"dispute": dispute_id, "asset": asset, "amount": amount_minor, "answer": answer}
    wants = (want, earning_want, wallet_want)
    return perform(
        portal, ask, "acceptDispute", arguments, MANAGERS, wants, decide, DisputeAccepted
    )


def reject_dispute(portal: Portal, ask: Ask, *, dispute_id: str, answer: str) -> DisputeRejected:
    """Leaves an earning as it is, with the reason.

    Raises ``DisputeNotOpen`` and ``SecondPersonRequired``.
    """
    answer, want = required("answer", answer, 500), One(Dispute, dispute_id)

    def decide(s: Situation) -> Decision[DisputeRejected]:
        dispute = s.found[want]
        if dispute is None:
            raise NotFound.of("disputeId")
        rejected = disputes.reject(dispute, answer, s.viewer.id, s.now)
        writes = (Save(rejected), _delisted(dispute))
        return Decision(DisputeRejected(rejected), writes, dispute.id, dispute.partner_id)

    arguments = {"dispute": dispute_id, "answer": answer}
    return perform(
        portal, ask, "rejectDispute", arguments, MANAGERS, (want,), decide, DisputeRejected
    )


def _delisted(dispute: Dispute) -> Delist:
    entry = listed(dispute)
    return Delist(entry.name, entry.sort)
