"""Adjustments: an amount by hand, with a reason, proposed by one person and approved by another."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain.consent import Consent, ConsentFile, Who
from portal_api.domain.earnings import Earning, adjusted
from portal_api.domain.errors import (
    AdjustmentDecided,
    ExceedsEarning,
    InvalidInput,
    NotEligible,
    SecondPersonRequired,
)
from portal_api.domain.goals import Progress
from portal_api.domain.holdings import AVAILABLE, LotName, Payee, Transfer, budget_of
from portal_api.domain.ledger import Wallet, given_back, repaid
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, is_asset, to_text
from portal_api.domain.statements import month_of

NO_CONSENT = "NO_CONSENT"


class AdjustmentStatus(StrEnum):
    """Where an adjustment stands."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A signed amount of ``asset`` for a wallet, out of a program's budget or back into it.

    ``id`` names wallet and itself. ``partner_id`` is the company, or where the person works.
    ``earning_id`` is what it corrects, if that is one earning. ``note`` says why it was decided so;
    ``consent_id`` is the consent that allows a person to be paid it.
    """

    id: str
    wallet_id: str
    partner_id: str
    program_id: str
    asset: str
    amount_minor: int
    reason: str
    earning_id: str | None
    proposed_by: str
    proposed_at: datetime
    status: AdjustmentStatus = AdjustmentStatus.PROPOSED
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str | None = None
    consent_id: str | None = None
    version: int = 0

    @property
    def company(self) -> bool:
        """Whether the wallet is the company's own."""
        return self.wallet_id == self.partner_id


@dataclass(frozen=True, slots=True)
class Ground:
    """On what ground a wallet can be paid more: to whom it is sent, and by which consent.

    ``found``: the consent is one that covers the person now, so it must not be revoked meanwhile.
    """

    payee: Payee
    consent_id: str | None = None
    found: bool = False


def propose(adjustment: Adjustment, earning: Earning | None) -> Adjustment:
    """The adjustment, which can be proposed; ``earning`` is that which it names, if it gives more.

    Less of an earning is a reversal, which is counted against it. Raises ``InvalidInput`` and
    ``SecondPersonRequired``.
    """
    if not is_asset(adjustment.asset):
        raise InvalidInput("An asset is POINTS or an ISO 4217 currency code.", "amount")
    if not 0 < abs(adjustment.amount_minor) <= LARGEST_AMOUNT_MINOR:
        raise InvalidInput("An adjustment is more or less than zero.", "amount")
    if adjustment.proposed_by == adjustment.wallet_id:
        raise SecondPersonRequired("Somebody else adjusts what is yours.")
    if earning is not None:
        if adjustment.amount_minor < 0:
            raise InvalidInput("An earning is taken back with reverseEarning.", "earningId")
        earned_at = earning.trace.activity_id.partition(".")[0]
        of = (earning.wallet_id, earned_at, earning.trace.program_id)
        if of != (adjustment.wallet_id, adjustment.partner_id, adjustment.program_id):
            raise InvalidInput("The earning is of another wallet or program.", "earningId")
        if earning.trace.asset != adjustment.asset:
            raise InvalidInput(f"The earning is in {earning.trace.asset}.", "amount")
    return adjustment


def decide(
    adjustment: Adjustment, approved: bool, by: str, at: datetime, note: str | None = None
) -> Adjustment:
    """The adjustment approved, by a second person, or rejected.

    Raises ``AdjustmentDecided`` and ``SecondPersonRequired``.
    """
    if adjustment.status is not AdjustmentStatus.PROPOSED:
        raise AdjustmentDecided(
            f"The adjustment is {adjustment.status.lower()} already.", adjustment.status
        )
    if by == adjustment.wallet_id or (approved and by == adjustment.proposed_by):
        raise SecondPersonRequired("Somebody else approves it.")
    status = AdjustmentStatus.APPROVED if approved else AdjustmentStatus.REJECTED
    return replace(adjustment, status=status, decided_by=by, decided_at=at, note=note)


def paid_of(adjustment: Adjustment, progress: Progress | None, others: Iterable[Adjustment]) -> int:
    """What the program has paid the wallet of the asset: earned, not reversed, and adjusted.

    ``others`` are the wallet's adjustments.
    """
    earned = f"{'company' if adjustment.company else 'earned'}:{adjustment.asset}"
    own = (adjustment.partner_id, adjustment.program_id, adjustment.asset)
    return (progress.count(earned) if progress else 0) + sum(
        other.amount_minor
        for other in others
        if other.status is AdjustmentStatus.APPROVED
        and (other.partner_id, other.program_id, other.asset) == own
    )


def check_paid(adjustment: Adjustment, paid_minor: int) -> None:
    """Raises ``ExceedsEarning`` where more would be taken than the program has paid the wallet."""
    possible, asset = max(0, paid_minor), adjustment.asset
    if -adjustment.amount_minor > possible:
        text = f"The program has paid this wallet {to_text(possible, asset)} {asset} in all."
        raise ExceedsEarning(text, asset, possible)


def ground_of(
    adjustment: Adjustment,
    earning: Earning | None,
    file: ConsentFile | None,
    terms_version: int,
    at: datetime,
    who: Who | None,
) -> Ground:
    """On what ground the wallet is paid more.

    A company needs no consent. A person has that of the earning, which stays in force for what was
    earned under it: for corrections of as much as the earning was, in all. Else a consent must
    cover the person now: ``who`` it is at the partner, none where it is not employed there. Raises
    ``NotEligible``.
    """
    if adjustment.company:
        return Ground(Payee.PARTNER)
    allowed = earning is not None and earning.trace.consent_id is not None
    if earning is not None and allowed and _within(adjustment, earning):
        return Ground(earning.trace.payee, earning.trace.consent_id)
    consent: Consent | None = None
    if file is not None and who is not None:
        consent = file.covering(who, at, terms_version)
    if file is None or consent is None:
        text = "No consent of the partner's executive covers this person now."
        if earning is not None:
            text += " Without one, an earning is corrected by as much as it was, in all."
        raise NotEligible(text, NO_CONSENT)
    return Ground(consent.payee, f"{file.id}.{consent.number}", found=True)


def _within(adjustment: Adjustment, earning: Earning) -> bool:
    """Whether all adjustments of an earning, with this one, are no more than it was."""
    return adjusted(earning) + adjustment.amount_minor <= earning.trace.amount_minor


def paid_transfers(
    adjustment: Adjustment, wallet: Wallet, ground: Ground, earning: Earning | None, now: datetime
) -> tuple[Transfer, ...]:
    """What a positive adjustment moves: from the budget to available, and to what is owed.

    It expires as the earning that it corrects would, if that were available now.
    """
    asset, amount, at = adjustment.asset, adjustment.amount_minor, wallet.instant(now)
    expires_at = earning.trace.maturity.expires_at(at) if earning is not None else None
    lot = LotName(month_of(at), adjustment.program_id, ground.payee, expires_at)
    paid = Transfer(budget_of(adjustment.program_id), AVAILABLE, asset, amount, lot=lot)
    return paid, *repaid(wallet, asset, amount)


def taken_transfers(adjustment: Adjustment, wallet: Wallet) -> tuple[Transfer, ...]:
    """What a negative adjustment moves: what is available back to the budget, the rest is owed."""
    amount = -adjustment.amount_minor
    return given_back(wallet, adjustment.program_id, adjustment.asset, amount)
