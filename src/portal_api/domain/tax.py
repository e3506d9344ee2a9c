"""Tax: from how much a year what was paid to somebody must be reported, as dated data.

A threshold is the vendor's to state, with its source; nothing of any country is in the code. What
was paid in a year is the sum of twelve monthly statements, by the calendar of UTC.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal_api.domain.holdings import Column, Payee
from portal_api.domain.ledger import Journal
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.domain.statements import Month, Statement, month_of


@dataclass(frozen=True, slots=True)
class YearAmount:
    """An amount from a year on, until another one follows; ``source`` says where it stands."""

    from_year: int
    amount_minor: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class TaxThreshold:
    """From how much a year it is reported under a code, such as a form's. ``id`` is the code.

    ``amounts`` are in the order of their years.
    """

    id: str
    name: str
    asset: str
    amounts: tuple[YearAmount, ...]
    version: int = 0

    def in_force(self, year: int) -> YearAmount | None:
        """The amount of a year; none before the first."""
        held = [one for one in self.amounts if one.from_year <= year]
        return held[-1] if held else None


@dataclass(frozen=True, slots=True)
class Paid:
    """What a wallet was paid in a year, by asset; ``to_partner`` of it was sent to a company."""

    paid: Mapping[str, int]
    to_partner: Mapping[str, int]

    def to_person(self, asset: str) -> int:
        """What was sent to the wallet's own person."""
        return self.paid.get(asset, 0) - self.to_partner.get(asset, 0)


@dataclass(frozen=True, slots=True)
class StaffPaid:
    """What was sent to a company in a year out of its people's wallets: ``counters`` by asset.

    ``id`` names company and year. Counted in the transaction that settles, since the company would
    have to look into every wallet else. It follows from the journals: it is the sum over those of
    kind PAYOUT_SETTLED whose payout (in their cause) is sent to a company and out of another wallet
    than the company's own, by ``Payout.payee_id``, the year of ``recorded_at`` and the asset.
    """

    id: str
    counters: Mapping[str, int] = field(default_factory=dict)
    version: int = 0


def staff_paid(payout: Payout, journal: Journal) -> StaffPaid | None:
    """What a resolved payout adds to the year of the company that it was sent to.

    None where it was not paid, or to its wallet's own party: that is in the wallet's statements.
    """
    paid = payout.status is PayoutStatus.SETTLED and payout.payee is Payee.PARTNER
    if not paid or payout.payee_id == payout.wallet_id:
        return None
    year = month_of(journal.recorded_at)[:4]
    return StaffPaid(staff_paid_id(payout.payee_id, year), {payout.asset: payout.amount_minor})


def staff_paid_id(company_id: str, year: int | str) -> str:
    """The id of what was sent to a company in a year for its people."""
    return f"{company_id}.{year:0>4}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is reportable in a year beside the threshold of that year."""

    threshold: TaxThreshold
    amount: YearAmount
    reportable_minor: int

    @property
    def reached(self) -> bool:
        """Whether it must be reported: so much or more was paid."""
        return self.reportable_minor >= self.amount.amount_minor

    @property
    def missing_minor(self) -> int:
        """What may still be paid before it must."""
        return max(0, self.amount.amount_minor - self.reportable_minor)


def months_of(year: int) -> tuple[str, str]:
    """The first and the last month of a year, as statements name them."""
    return f"{year:04}-01", f"{year:04}-12"


def paid_in(year: int, statements: Iterable[Statement], running: Month | None) -> Paid:
    """What the months of a year have paid: those that are frozen, and the one that is not yet."""
    first, last = months_of(year)
    months = {one.month: one.sums for one in statements}
    if running is not None:
        # Frozen while the two were read: then it is among them, and final.
        months.setdefault(running.month, running.sums)
    paid, to_partner = Counter[str](), Counter[str]()
    for month, sums in months.items():
        if first <= month <= last:
            for asset, columns in sums.items():
                paid[asset] += columns.get(Column.PAID, 0)
                to_partner[asset] += columns.get(Column.PAID_TO_PARTNER, 0)
    return Paid(paid, to_partner)


def standings(
    year: int, thresholds: Iterable[TaxThreshold], reportable: Mapping[str, int]
) -> tuple[Standing, ...]:
    """Each threshold that is in force in a year, against what is reportable of its asset."""
    return tuple(
        Standing(threshold, amount, reportable.get(threshold.asset, 0))
        for threshold in thresholds
        if (amount := threshold.in_force(year)) is not None
    )
