"""Wallets: closed for good by an administrator, once there is nothing in them."""

from dataclasses import dataclass

from portal_api.domain import ledger
from portal_api.domain.errors import NotFound
from portal_api.domain.ledger import Wallet
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.writes import Enlist, Save, Write
from portal_api.services.partners import ADMINS, employer, has_worked, required
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class WalletClosed:
    """The wallet takes nothing more but what an administrator takes back."""

    wallet: Wallet


def close_wallet(
    portal: Portal, ask: Ask, *, partner_id: str, party_id: str, reason: str
) -> WalletClosed:
    """Closes the wallet of a company, or a person who works or has worked there, for good (L19).

    Raises ``WalletNotEmpty`` while anything is pending, available or held, and ``AccountClosed``.
    What is earned from now on is withheld.
    """
    reason = required("reason", reason, 500)
    partner_want, person_want = One(Partner, partner_id), One(Individual, party_id)
    want = One(Wallet, party_id)

    def decide(s: Situation) -> Decision[WalletClosed]:
        partner, person = s.found[partner_want], s.found[person_want]
        if partner is None or (party_id != partner.id and not has_worked(person, partner.id)):
            raise NotFound.of("partyId")
        wallet = s.found[want] or Wallet(party_id)
        closed = ledger.close(wallet, s.viewer.id, reason, s.now)
        writes: list[Write] = [Save(closed)]
        if wallet.version == 0:
            writes.append(Enlist("wallets", party_id, party_id))
        told = partner.id if person is None else employer(person, s.now)
        return Decision(WalletClosed(closed), tuple(writes), party_id, told)

    arguments = {"partner": partner_id, "party": party_id, "reason": reason}
    wants = (partner_want, person_want, want)
    return perform(portal, ask, "closeWallet", arguments, ADMINS, wants, decide, WalletClosed)
