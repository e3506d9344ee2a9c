"""Earnings: rights that rules created, why each is what it is, and where it stands."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal_api.domain.cases import Inputs
from portal_api.domain.errors import InvalidInput
from portal_api.domain.holdings import Holding, LotName, Payee, expiry_of
from portal_api.domain.partners import Role

MAX_CORRECTIONS = 50
"""So often an earning can be corrected by hand: it keeps them all."""


@dataclass(frozen=True, slots=True)
class Maturity:
    """When an earning becomes available, and how long it then stays.

    It is held for ``hold_days`` from when it was earned; what becomes available expires at the end
    of the month ``expire_months`` later (none: never), by the program's calendar.
    """

    hold_days: int = 0
    expire_months: int | None = None
    time_zone: str = "UTC"

    def due_at(self, earned_at: datetime) -> datetime:
        """The end of the hold."""
        return earned_at + timedelta(days=self.hold_days)

    def expires_at(self, available_at: datetime) -> datetime | None:
        """When what becomes available now expires."""
        return expiry_of(available_at, self.expire_months, self.time_zone)


IMMEDIATE = Maturity()


@dataclass(frozen=True, slots=True)
class Trace:
    """Why an earning is what it is, frozen when it was made.

    ``inputs`` replay to its amount (invariant L18). ``reserved`` is the name that the earning
    alone holds, so that it is paid once. ``payee`` is the consent's; ``role`` and ``team_id`` are
    the person's when it acted, by which a consent covers it. ``participation_id`` is the consent by
    which a company took part as a whole at that instant, where its rebates require that.
    """

    earning_id: str
    program_id: str
    plan_number: int
    plan_hash: str
    rule_code: str
    rule_name: str
    step: str
    behavior: str
    activity_id: str
    occurred_at: datetime
    asset: str
    amount_minor: int
    because: str
    of_minor: int | None = None
    deal_id: str | None = None
    consent_id: str | None = None
    consent_version: int | None = None
    reserved: str | None = None
    inputs: Inputs | None = None
    payee: Payee = Payee.INDIVIDUAL
    maturity: Maturity = IMMEDIATE
    role: Role | None = None
    team_id: str | None = None
    participation_id: str | None = None
    participation_version: int | None = None


class EarningStatus(StrEnum):
    """Where an earning stands."""

    PENDING = "PENDING"
    AVAILABLE = "AVAILABLE"
    CANCELLED = "CANCELLED"
    REVERSED = "REVERSED"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"


class CorrectionKind(StrEnum):
    """How somebody at the vendor corrected an earning."""

    REVERSAL = "REVERSAL"
    ADJUSTMENT = "ADJUSTMENT"


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody at the vendor changed, and why; less than zero was taken away.

    ``role`` is theirs, since the earning's owner is told no name. A reversal has no adjustment.
    """

    kind: CorrectionKind
    amount_minor: int
    reason: str
    role: Role
    corrected_at: datetime
    adjustment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Earning:
    """A right that a rule created. ``reversed_minor`` is what was taken back of it so far.

    ``pending``: it waits for its deal to be won or, where ``due_at`` is set, for the end of its
    hold; or did until it was cancelled. ``lot`` is where it became available, and ``lot_end`` what
    the lot had received then, with it. ``corrections`` are those made by hand, oldest first.
    """

    id: str
    wallet_id: str
    trace: Trace
    recorded_at: datetime
    reversed_minor: int = 0
    pending: bool = False
    due_at: datetime | None = None
    lot: LotName | None = None
    lot_end: int = 0
    corrections: tuple[Correction, ...] = ()
    version: int = 0

    @property
    def left_minor(self) -> int:
        """What was not taken back of it."""
        return self.trace.amount_minor - self.reversed_minor

    def status(self, holding: Holding) -> EarningStatus:
        """Where it stands, by what its wallet holds of its asset.

        REVERSED once all of it was taken back, CANCELLED if that was while it was pending. PAID
        once all that came into its lot up to and with it has left the wallet, or nothing is left
        in the lot; EXPIRED where the lot is empty and something of it has expired. ENDED where it
        can have been either, more than three years ago: the wallet does not keep such lots.
        """
        if self.left_minor <= 0:
            return EarningStatus.CANCELLED if self.pending else EarningStatus.REVERSED
        if self.pending or self.lot is None:
            return EarningStatus.PENDING
        if holding.forgot(self.lot):
            return EarningStatus.ENDED
        lot = holding.lot(self.lot)
        if self.lot_end <= max(lot.out, lot.cleared) or (not lot.open and not lot.expired):
            return EarningStatus.PAID
        return EarningStatus.AVAILABLE if lot.open else EarningStatus.EXPIRED


def held_until(trace: Trace, earned_at: datetime, now: datetime) -> datetime | None:
    """The end of the hold, if it is still to come."""
    due_at = trace.maturity.due_at(earned_at)
    return due_at if due_at > now else None


def take_back(earning: Earning, amount_minor: int) -> Earning:
    """The earning with more of it reversed, never more than it was."""
    if not 0 < amount_minor <= earning.left_minor:
        raise ValueError("a reversal is positive and never exceeds the original")
    return replace(earning, reversed_minor=earning.reversed_minor + amount_minor)


def adjusted(earning: Earning) -> int:
    """What it was adjusted by so far, in all."""
    kind = CorrectionKind.ADJUSTMENT
    return sum(one.amount_minor for one in earning.corrections if one.kind is kind)


def corrected(earning: Earning, correction: Correction) -> Earning:
    """The earning that keeps one more correction; raises ``InvalidInput`` for one too many."""
    if len(earning.corrections) >= MAX_CORRECTIONS:
        raise InvalidInput(f"An earning is corrected at most {MAX_CORRECTIONS} times.", "earningId")
    return replace(earning, corrections=(*earning.corrections, correction))
