"""Payouts: requested by whoever owns the wallet, and held at once.

The vendor then settles or releases them.
"""

from dataclasses import dataclass

from portal_api.domain import ledger, money, payouts
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.domain.partners import STAFF_ROLES, Role
from portal_api.domain.payouts import Payout
from portal_api.domain.writes import Delist, Enlist, Save
from portal_api.services.partners import MANAGERS, required
from portal_api.services.postings import posting
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

OPEN_PAYOUTS = "payouts.open"
"""The vendor's list of payouts that are not resolved."""


@dataclass(frozen=True, slots=True)
class PayoutRequested:
    """The amount is set aside."""

    payout: Payout
    wallet: Wallet


@dataclass(frozen=True, slots=True)
class PayoutResolved:
    """The payout is settled, or has failed and is available again."""

    payout: Payout
    wallet: Wallet


def request_payout(
    portal: Portal, ask: Ask, *, wallet_id: str, asset: str, amount_minor: int
) -> PayoutRequested:
    """Asks for an amount of one's own wallet; an executive asks for the company's."""
    want = One(Wallet, wallet_id)

    def decide(s: Situation) -> Decision[PayoutRequested]:
        executive = s.viewer.role is Role.PARTNER_EXECUTIVE
        if wallet_id != s.viewer.id and not (executive and wallet_id == s.viewer.partner_id):
            raise NotFound.of("company")
        if not money.is_asset(asset) or not 0 < amount_minor <= money.LARGEST_AMOUNT_MINOR:
            raise InvalidInput("A payout is more than zero of an asset.", "amount")
        wallet = s.found[want] or Wallet(wallet_id)
        ledger.sufficient(wallet, asset, amount_minor)
        payout_id = f"{wallet_id}.{portal.new_id()}"
        payout = Payout(payout_id, wallet_id, s.viewer.partner_id, asset, amount_minor, s.now)
        cause = s.cause(payout=payout.id)
        held, journal = ledger.post(
            wallet, JournalKind.PAYOUT_HELD, payouts.hold_transfers(payout), cause, s.now
        )
        listed = Enlist(OPEN_PAYOUTS, payout_id.rpartition(".")[2], payout.id)
        writes = (Save(payout), listed, *posting(held, journal))
        return Decision(PayoutRequested(payout, held), writes, payout.id, s.viewer.partner_id)

    arguments = {"wallet": wallet_id, "asset": asset, "amount": amount_minor}
    roles = STAFF_ROLES | {Role.PARTNER_EXECUTIVE}
    return perform(portal, ask, "requestPayout", arguments, roles, (want,), decide, PayoutRequested)


def resolve_payout(
    portal: Portal, ask: Ask, *, payout_id: str, paid: bool, reference: str
) -> PayoutResolved:
    """Settles a payout under the payment's reference, or releases it for a reason."""
    payout_want, wallet_want = One(Payout, payout_id), One(Wallet, payout_id.partition(".")[0])

    def decide(s: Situation) -> Decision[PayoutResolved]:
        payout, wallet = s.found[payout_want], s.found[wallet_want]
        if payout is None or wallet is None:
            raise NotFound.of("payoutId")
        told = required("reference", reference)
        resolved, kind, transfers = payouts.resolve(payout, paid, told, s.now)
        posted, journal = ledger.post(wallet, kind, transfers, s.cause(payout=payout.id), s.now)
        delisted = Delist(OPEN_PAYOUTS, payout_id.rpartition(".")[2])
        writes = (Save(resolved), delisted, *posting(posted, journal))
        return Decision(PayoutResolved(resolved, posted), writes, payout.id, payout.partner_id)

    arguments = {"payout": payout_id, "paid": paid, "reference": reference}
    wants = (payout_want, wallet_want)
    roles = MANAGERS | {Role.SERVICE}
    return perform(portal, ask, "resolvePayout", arguments, roles, wants, decide, PayoutResolved)
