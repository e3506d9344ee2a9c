"""An earning of a person, for the tests of what corrects it."""

from datetime import UTC, datetime

from portal_api.domain.earnings import Earning, Maturity, Trace
from portal_api.domain.holdings import LotName, Payee

T0 = datetime(2026, 3, 5, tzinfo=UTC)
TRACE = Trace(
    earning_id="ann.2",
    program_id="g",
    plan_number=1,
    plan_hash="-",
    rule_code="r",
    rule_name="R",
    step="S",
    behavior="B",
    activity_id="p.ann.g.3",
    occurred_at=T0,
    asset="USD",
    amount_minor=700,
    because="-",
    consent_id="p.g.1",
    payee=Payee.PARTNER,
    maturity=Maturity(expire_months=1),
)
LOT = LotName("2026-03", "g", Payee.PARTNER)
EARNING = Earning("ann.2", "ann", TRACE, T0, lot=LOT, lot_end=700)
