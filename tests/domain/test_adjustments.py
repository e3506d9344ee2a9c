"""Adjustments: what can be proposed, who decides, and what moves."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portal_api.domain import adjustments, earnings
from portal_api.domain.adjustments import Adjustment, AdjustmentStatus, Ground
from portal_api.domain.consent import Consent, ConsentFile, ConsentScope, Who
from portal_api.domain.earnings import (
    MAX_CORRECTIONS,
    Correction,
    CorrectionKind,
    Earning,
)
from portal_api.domain.errors import (
    AdjustmentDecided,
    ExceedsEarning,
    InvalidInput,
    NotEligible,
    SecondPersonRequired,
)
from portal_api.domain.goals import Progress
from portal_api.domain.holdings import (
    AVAILABLE,
    RECEIVABLE,
    Balance,
    Holding,
    Payee,
    Transfer,
    budget_of,
)
from portal_api.domain.ledger import Wallet
from portal_api.domain.money import LARGEST_AMOUNT_MINOR
from portal_api.domain.partners import Role
from tests.domain.correcting import EARNING, LOT, T0

WISH = Adjustment("ann.1", "ann", "p", "g", "USD", 500, "A fair.", None, "ada", T0)
CONSENT = Consent(1, ConsentScope.COMPANY, (), 1, "boss", T0, T0)
FILE = ConsentFile("p.g", "p", "g", (CONSENT,), version=1)


def wallet(**balance: int) -> Wallet:
    return Wallet("ann", holdings={"USD": Holding(Balance(**balance))})


@pytest.mark.parametrize("amount", [1, -1, LARGEST_AMOUNT_MINOR, -LARGEST_AMOUNT_MINOR])
def test_any_amount_that_a_transfer_can_move_can_be_proposed(amount: int) -> None:
    """Invariant L2."""
    wish = replace(WISH, amount_minor=amount)
    assert wish == adjustments.propose(wish, None)
    if amount > 0:
        assert wish == adjustments.propose(wish, EARNING)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount_minor": 0}, "amount"),
        ({"amount_minor": LARGEST_AMOUNT_MINOR + 1}, "amount"),
        ({"asset": "usd"}, "amount"),
        ({"asset": "EUR"}, "amount"),
        ({"wallet_id": "bob"}, "earningId"),
        ({"partner_id": "q"}, "earningId"),
        ({"program_id": "h"}, "earningId"),
        ({"amount_minor": -1}, "earningId"),
    ],
)
def test_what_is_not_of_the_earning_cannot_be_proposed(
    changed: dict[str, str | int], field: str
) -> None:
    """Wallet, partner, program and asset are the earning's; less of it is a reversal."""
    wish = replace(WISH, **changed)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as refused:
        adjustments.propose(wish, EARNING)
    assert field == refused.value.field


def test_two_people_are_needed_and_neither_is_the_owner() -> None:
    """Four eyes. A rejection may be the proposer's."""
    with pytest.raises(SecondPersonRequired):
        adjustments.propose(replace(WISH, proposed_by="ann"), None)
    for by in ("ada", "ann"):
        with pytest.raises(SecondPersonRequired):
            adjustments.decide(WISH, True, by, T0)
    with pytest.raises(SecondPersonRequired):
        adjustments.decide(WISH, False, "ann", T0)
    approved = adjustments.decide(WISH, True, "ben", T0)
    rejected = adjustments.decide(WISH, False, "ada", T0, "No.")

    assert (AdjustmentStatus.APPROVED, "ben", T0) == (
        approved.status,
        approved.decided_by,
        approved.decided_at,
    )
    assert (AdjustmentStatus.REJECTED, "No.") == (rejected.status, rejected.note)
    for decided in (approved, rejected):
        with pytest.raises(AdjustmentDecided):
            adjustments.decide(decided, True, "cid", T0)


def test_the_ground_of_a_payment_is_a_consent_but_for_a_company() -> None:
    """The earning's own, in force or not, up to what it was; else one that covers the person now.

    For that the person works at the partner now.
    """
    revoked = replace(FILE, consents=(replace(CONSENT, revoked_at=T0),))
    company = replace(WISH, wallet_id="p")

    def ground(
        adjustment: Adjustment,
        earning: Earning | None,
        file: ConsentFile | None,
        employed: bool = True,
    ) -> Ground:
        who = Who(adjustment.wallet_id, None, Role.SALES_REP) if employed else None
        return adjustments.ground_of(adjustment, earning, file, 1, T0, who)

    own, now = Ground(Payee.PARTNER, "p.g.1"), Ground(Payee.INDIVIDUAL, "p.g.1", found=True)
    before = Correction(CorrectionKind.ADJUSTMENT, 200, "-", Role.ADMIN, T0)
    reversal = replace(before, kind=CorrectionKind.REVERSAL, amount_minor=-700)
    adjusted = replace(EARNING, corrections=(before, reversal))
    more = replace(WISH, amount_minor=501)

    assert Ground(Payee.PARTNER) == ground(company, None, None)
    assert [own, own] == [ground(WISH, one, revoked, False) for one in (EARNING, adjusted)]
    assert [now, now] == [ground(WISH, None, FILE), ground(more, adjusted, FILE)]
    for file in (revoked, None):
        with pytest.raises(NotEligible):
            ground(WISH, None, file)
        with pytest.raises(NotEligible):
            ground(more, adjusted, file)
    for earning in (None, replace(EARNING, trace=replace(EARNING.trace, consent_id=None))):
        with pytest.raises(NotEligible):
            ground(WISH, earning, FILE, employed=False)


def test_more_repays_what_is_owed_and_lies_in_the_earning_s_kind_of_lot() -> None:
    """It expires a month later, as the earning would; without one it does not."""
    budget, ground = budget_of("g"), Ground(Payee.PARTNER)
    lot = replace(LOT, expires_at=datetime(2026, 5, 1, tzinfo=UTC))
    owing = wallet(receivable=-200)
    with_earning = adjustments.paid_transfers(WISH, owing, ground, EARNING, T0)
    without = adjustments.paid_transfers(WISH, wallet(), ground, None, T0)

    paid = Transfer(budget, AVAILABLE, "USD", 500, lot=lot)
    assert (paid, Transfer(AVAILABLE, RECEIVABLE, "USD", 200)) == with_earning
    assert (replace(paid, lot=LOT),) == without


def test_less_is_taken_of_what_is_available_and_the_rest_is_owed() -> None:
    """Invariant L23."""
    budget, less = budget_of("g"), replace(WISH, amount_minor=-500)
    taken = adjustments.taken_transfers(less, wallet(available=300))

    assert (
        Transfer(AVAILABLE, budget, "USD", 300),
        Transfer(RECEIVABLE, budget, "USD", 200),
    ) == taken
    assert (Transfer(AVAILABLE, budget, "USD", 500),) == adjustments.taken_transfers(
        less, wallet(available=500)
    )


def test_no_more_is_taken_than_the_program_has_paid_the_wallet() -> None:
    """Earned, net of what was reversed, and adjusted, of just this asset, program and partner."""
    approved = replace(WISH, status=AdjustmentStatus.APPROVED, amount_minor=50)
    others = [
        approved,
        replace(approved, amount_minor=-20),
        replace(WISH, amount_minor=1_000),
        replace(approved, status=AdjustmentStatus.REJECTED, amount_minor=1_000),
        replace(approved, asset="EUR", amount_minor=1_000),
        replace(approved, program_id="h", amount_minor=1_000),
        replace(approved, partner_id="q", amount_minor=1_000),
    ]
    progress = Progress("p.g.individual.ann", {"earned:USD": 100, "company:USD": 7})
    company = replace(WISH, wallet_id="p")

    assert [130, 30, 0] == [
        adjustments.paid_of(WISH, progress, others),
        adjustments.paid_of(WISH, None, others),
        adjustments.paid_of(WISH, None, ()),
    ]
    assert 7 == adjustments.paid_of(company, progress, ())
    adjustments.check_paid(replace(WISH, amount_minor=-130), 130)
    for paid, possible in ((130, 130), (0, 0), (-5, 0)):
        with pytest.raises(ExceedsEarning) as refused:
            adjustments.check_paid(replace(WISH, amount_minor=-131), paid)
        assert ("USD", possible) == (refused.value.asset, refused.value.left_minor)


def test_an_earning_keeps_so_many_corrections() -> None:
    correction = Correction(CorrectionKind.REVERSAL, -1, "-", Role.ADMIN, T0)
    earning = EARNING
    for _ in range(MAX_CORRECTIONS):
        earning = earnings.corrected(earning, correction)

    assert (correction,) * MAX_CORRECTIONS == earning.corrections
    with pytest.raises(InvalidInput):
        earnings.corrected(earning, correction)
