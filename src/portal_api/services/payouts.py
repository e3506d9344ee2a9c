"""Payouts: requested by whoever owns the wallet, and held at once.

The vendor then settles or releases them; their owner can take them back before that. The vendor
can also ask in a party's place: of those who have left, or have moved, for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal_api.domain import batches, ledger, money, payouts, tax
from portal_api.domain.batches import BatchTally
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.holdings import Payee
from portal_api.domain.ledger import Journal, JournalKind, Wallet
from portal_api.domain.partners import STAFF_ROLES, Individual, Partner, Role
from portal_api.domain.payouts import Payout, PayoutPolicy
from portal_api.domain.writes import Count, Delist, Enlist, Save, Write
from portal_api.services.maturing import expire_now
from portal_api.services.partners import MANAGERS, required
from portal_api.services.postings import posting
from portal_api.services.series import UNFINISHED
from portal_api.services.store import One, StoreUnavailable, Want
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

OPEN_PAYOUTS = "payouts.open"
"""The vendor's list of payouts that are neither in a batch nor resolved."""
_TRIES = 3
"""A month ends between two of them at most once."""
OWNERS = STAFF_ROLES | {Role.PARTNER_EXECUTIVE}


class _Expired(Exception):
    """Something in the wallet has expired that no run has taken out yet."""


def open_payouts(asset: str) -> str:
    """The name of the list of an asset's open payouts, which batches are made from."""
    return f"{OPEN_PAYOUTS}.{asset}"


def off_open(payout: Payout) -> tuple[Write, ...]:
    """Takes a payout off the lists of open ones."""
    lists = (OPEN_PAYOUTS, open_payouts(payout.asset))
    return tuple(Delist(name, payout.own_id) for name in lists)


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


@dataclass(frozen=True, slots=True)
class PayoutCancelled:
    """The payout is taken back and its amount available again."""

    payout: Payout
    wallet: Wallet


@dataclass(frozen=True, slots=True)
class PayoutMinimumSet:
    """The least that is paid out of an asset is another."""

    policy: PayoutPolicy


def request_payout(
    portal: Portal,
    ask: Ask,
    *,
    wallet_id: str,
    asset: str,
    amount_minor: int,
    payee_of_own: Payee = Payee.INDIVIDUAL,
    partner_id: str | None = None,
    payee_company_id: str | None = None,
) -> PayoutRequested:
    """Asks for an amount of one's own wallet; an executive asks for the company's.

    ``payee_of_own``: to whom what is a person's own is to be sent, by the consents it was earned
    under. The vendor asks in the place of any party, named with a ``partner_id`` of it; it names
    the ``payee_company_id`` where a person has worked for several. What has expired by now is not
    paid out, whether a run has taken it out yet or not: it expires first, in a transaction of its
    own. Raises ``InsufficientBalance`` with what can then be asked for of that payee's.
    """
    want, policy_want = One(Wallet, wallet_id), One(PayoutPolicy, asset)
    whose = _Whose(wallet_id, payee_of_own, partner_id, payee_company_id)

    def decide(s: Situation) -> Decision[PayoutRequested]:
        payee, company_id = whose.sent_to(s)
        if not money.is_asset(asset) or not 0 < amount_minor <= money.LARGEST_AMOUNT_MINOR:
            raise InvalidInput("A payout is more than zero of an asset.", "amount")
        wallet = s.found[want] or Wallet(wallet_id)
        payouts.enough(s.found[policy_want], asset, amount_minor)
        if wallet.closed_at is None and ledger.expiry_transfers(wallet, s.now):
            raise _Expired
        ledger.sufficient(wallet, asset, amount_minor, payee)
        payouts.not_too_many_programs(wallet.holding(asset), asset, amount_minor, payee)
        payout_id = f"{wallet_id}.{portal.new_id()}"
        payout = Payout(
            payout_id,
            wallet_id,
            company_id,
            asset,
            amount_minor,
            s.now,
            payee=payee,
            requested_by=s.viewer.id,
            by_vendor=s.viewer.role in MANAGERS,
        )
        cause = s.cause(company_id, payout=payout.id)
        posted = ledger.post(
            wallet, JournalKind.PAYOUT_HELD, payouts.hold_transfers(payout), cause, s.now
        )
        lists = (OPEN_PAYOUTS, open_payouts(asset))
        listed = (Enlist(name, payout.own_id, payout.id) for name in lists)
        writes = (Save(payout), *listed, *posting(posted))
        outcome = PayoutRequested(payout, posted.wallet)
        return Decision(outcome, writes, payout.id, company_id)

    arguments = {"wallet": wallet_id, "asset": asset, "amount": amount_minor, "payee": payee_of_own}
    named = {"partner": partner_id, "payeeCompany": payee_company_id}
    arguments |= {name: value for name, value in named.items() if value is not None}
    wants: tuple[Want[object], ...] = (want, policy_want, *whose.wants(ask))
    roles = OWNERS | MANAGERS
    for _ in range(_TRIES):
        try:
            return perform(
                portal, ask, "requestPayout", arguments, roles, wants, decide, PayoutRequested
            )
        except _Expired:
            try:
                expire_now(portal, wallet_id)
            except UNFINISHED as problem:
                raise StoreUnavailable("What has expired cannot be taken out now.") from problem
    raise StoreUnavailable("More and more has expired.")


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whose wallet it is, as the request names it, and to whom what is in it shall be sent."""

    wallet_id: str
    payee: Payee
    partner_id: str | None
    payee_company_id: str | None

    def wants(self, ask: Ask) -> tuple[Want[object], ...]:
        """What is to be read of another's wallet: whose that is."""
        own = self.wallet_id == ask.subject
        return () if own else (One(Partner, self.wallet_id), One(Individual, self.wallet_id))

    def sent_to(self, s: Situation) -> tuple[Payee, str | None]:
        """The payee, and the company: the payee itself, or where its person works or has worked.

        Raises ``NotFound`` and ``InvalidInput``.
        """
        if s.viewer.role in MANAGERS:
            return self._by_vendor(s)
        if not _owns(s, self.wallet_id):
            raise NotFound.of("company" if self.wallet_id == s.viewer.partner_id else "partyId")
        if self.payee_company_id is not None:
            raise InvalidInput("The vendor alone names the company.", "payeeCompanyId")
        if self.wallet_id == s.viewer.partner_id:
            return Payee.PARTNER, self.wallet_id
        if self.payee is Payee.PARTNER:
            _check_one_company(s.viewer.person)
        return self.payee, s.viewer.partner_id

    def _by_vendor(self, s: Situation) -> tuple[Payee, str]:
        if self.partner_id is None:
            raise InvalidInput("In whose place: a partner or an individual.", "partyId")
        if self.wallet_id == s.viewer.id:
            raise InvalidInput("Somebody else asks in your place.", "partyId")
        partner = s.found[One(Partner, self.wallet_id)]
        person = s.found[One(Individual, self.wallet_id)]
        if partner is not None and partner.id == self.partner_id:
            if self.payee_company_id not in (None, partner.id):
                raise InvalidInput("What is a company's is sent to itself.", "payeeCompanyId")
            return Payee.PARTNER, partner.id
        employers = _employers(person)
        if self.partner_id not in employers:
            raise NotFound.of("partyId")
        if self.payee is Payee.PARTNER:
            return self.payee, self._company(employers)
        if self.payee_company_id is not None:
            raise InvalidInput("What is for the person is sent to no company.", "payeeCompanyId")
        return self.payee, employers[-1]

    def _company(self, employers: Sequence[str]) -> str:
        """The company for which a person has earned it; a lot of money does not tell."""
        named = self.payee_company_id
        if named is None and len(set(employers)) > 1:
            text = "The person has worked for several companies: name the one."
            raise InvalidInput(text, "payeeCompanyId")
        if named is not None and named not in employers:
            raise NotFound.of("payeeCompanyId")
        return named or employers[-1]


def _owns(s: Situation, wallet_id: str) -> bool:
    """Whether a wallet is the asker's own, or of the company that the asker leads."""
    executive = s.viewer.role is Role.PARTNER_EXECUTIVE
    return wallet_id == s.viewer.id or (executive and wallet_id == s.viewer.partner_id)


def _employers(person: Individual | None) -> tuple[str, ...]:
    """The partners for which a person works or has worked, the last one last."""
    employments = person.employments if person is not None else ()
    return tuple(one.partner_id for one in employments if one.partner_id is not None)


def _check_one_company(person: Individual) -> None:
    """What was earned for a former company is never sent to the present one."""
    if len(set(_employers(person))) > 1:
        text = "You have worked for several companies: ask the vendor to request what is for one."
        raise InvalidInput(text, "payee")


def cancel_payout(portal: Portal, ask: Ask, *, payout_id: str) -> PayoutCancelled:
    """Takes one's own payout back, or as an executive the company's, until it is in a batch."""
    payout_want, wallet_want = One(Payout, payout_id), One(Wallet, payout_id.partition(".")[0])

    def decide(s: Situation) -> Decision[PayoutCancelled]:
        payout, wallet = s.found[payout_want], s.found[wallet_want]
        if payout is None or wallet is None or not _owns(s, payout.wallet_id):
            raise NotFound.of("payoutId")
        cancelled, transfers = payouts.cancel(payout, wallet, s.now)
        cause = s.cause(payout.partner_id, payout=payout.id)
        posted = ledger.post(wallet, JournalKind.PAYOUT_RELEASED, transfers, cause, s.now)
        writes = (Save(cancelled), *off_open(payout), *posting(posted))
        outcome = PayoutCancelled(cancelled, posted.wallet)
        return Decision(outcome, writes, payout.id, payout.partner_id)

    arguments, wants = {"payout": payout_id}, (payout_want, wallet_want)
    return perform(portal, ask, "cancelPayout", arguments, OWNERS, wants, decide, PayoutCancelled)


def resolve_payout(
    portal: Portal, ask: Ask, *, payout_id: str, paid: bool, reference: str
) -> PayoutResolved:
    """Settles a payout under the payment's reference, or releases it for a reason.

    In a batch or not; a batch's tally counts it, and so does the year of the company to which it
    was sent for its person.
    """
    payout_want, wallet_want = One(Payout, payout_id), One(Wallet, payout_id.partition(".")[0])

    def decide(s: Situation) -> Decision[PayoutResolved]:
        payout, wallet = s.found[payout_want], s.found[wallet_want]
        if payout is None or wallet is None:
            raise NotFound.of("payoutId")
        told = required("reference", reference)
        resolved, kind, transfers = payouts.resolve(payout, wallet, paid, told, s.now)
        cause = s.cause(payout.partner_id, payout=payout.id)
        posted = ledger.post(wallet, kind, transfers, cause, s.now)
        counted = _counted_for_tax(resolved, posted.journal)
        writes = (Save(resolved), *_off_lists(resolved), *counted, *posting(posted))
        outcome = PayoutResolved(resolved, posted.wallet)
        return Decision(outcome, writes, payout.id, payout.partner_id)

    arguments = {"payout": payout_id, "paid": paid, "reference": reference}
    wants = (payout_want, wallet_want)
    roles = MANAGERS | {Role.SERVICE}
    return perform(portal, ask, "resolvePayout", arguments, roles, wants, decide, PayoutResolved)


def _off_lists(resolved: Payout) -> Sequence[Write]:
    """A resolved payout waits no longer: where it was in a batch, that one counts it."""
    if resolved.batch_id is None:
        return off_open(resolved)
    return (Count(BatchTally(resolved.batch_id), batches.tallied(resolved)),)


def _counted_for_tax(resolved: Payout, journal: Journal) -> Sequence[Write]:
    """What a company was sent for its people is in no statement of its own."""
    staff = tax.staff_paid(resolved, journal)
    return () if staff is None else (Count(staff, staff.counters),)


def set_payout_minimum(
    portal: Portal, ask: Ask, *, asset: str, minimum_minor: int
) -> PayoutMinimumSet:
    """Says how much of an asset is paid out at least; zero is no minimum."""
    want = One(PayoutPolicy, asset)

    def decide(s: Situation) -> Decision[PayoutMinimumSet]:
        if not money.is_asset(asset) or not 0 <= minimum_minor <= money.LARGEST_AMOUNT_MINOR:
            raise InvalidInput("A minimum is zero or more of an asset.", "minimum")
        known = s.found[want]
        version = known.version if known else 0
        policy = PayoutPolicy(asset, minimum_minor, s.viewer.id, s.now, version)
        return Decision(PayoutMinimumSet(policy), (Save(policy),), asset)

    arguments = {"asset": asset, "minimum": minimum_minor}
    return perform(
        portal, ask, "setPayoutMinimum", arguments, MANAGERS, (want,), decide, PayoutMinimumSet
    )
