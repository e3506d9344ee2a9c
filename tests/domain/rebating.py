"""Programs of one rebate rule, in memory, and companies that take part in them or do not."""

from dataclasses import replace
from datetime import UTC, datetime

from portal_api.domain.consent import Consent, ConsentFile, ConsentScope
from portal_api.domain.goals import Level, Progress
from portal_api.domain.mechanics.rebate import Band, Rebate
from portal_api.domain.plans import Period
from portal_api.domain.rebates import Participation, RebateFacts
from tests.domain.facts import PROGRAM, QUARTER, a_plan, a_rule
from tests.domain.fold import Fold

BANDS = (Band(0, 100), Band(10_000_000, 300))
MARGINAL = Rebate(Period.QUARTER, BANDS)
OF_ALL = Rebate(Period.QUARTER, BANDS, retrospective=True)
SHARES = (Band(0, 100), Band(10_000, 300))
GROWTH = Rebate(Period.QUARTER, SHARES, growth=True)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
OLD = replace(PROGRAM, starts_at=datetime(2025, 1, 1, tzinfo=UTC))
"""A program that was there all the year before."""
REQUIRED = replace(PROGRAM, id="people", name="People")


def rebate(mechanic: Rebate, **changes: object) -> Fold:
    """A program of one rebate rule."""
    rule = replace(a_rule(mechanic, Level.PARTNER), **changes)  # type: ignore[arg-type]
    return Fold(a_plan(rule, goals=(QUARTER,)))


def sold(mechanic: Rebate, *amounts: int, **changes: object) -> Fold:
    """Sales one after the other in one quarter, named 0, 1, 2 ..."""
    fold = rebate(mechanic, **changes)
    for number, amount_minor in enumerate(amounts):
        fold.sell(amount_minor, str(number))
    return fold


def grown(mechanic: Rebate, before: int, *amounts: int) -> Fold:
    """The same, in a program that has counted so much in the quarter of the year before."""
    fold = rebate(mechanic)
    fold.program = OLD
    fold.progress["p"] = Progress("p", {"revenue:M2025-02": before - 7, "revenue:M2025-03": 7})
    for number, amount_minor in enumerate(amounts):
        fold.sell(amount_minor, str(number))
    return fold


def taking_part(*times: tuple[datetime, datetime | None]) -> RebateFacts:
    """A company that took part as a whole in these times."""
    consents = tuple(
        Consent(number, ConsentScope.COMPANY, (), 1, "boss", begins, begins, revoked_at=ends)
        for number, (begins, ends) in enumerate(times, start=1)
    )
    file = ConsentFile("p.people", "p", "people", consents, version=2)
    return RebateFacts(Participation(REQUIRED, file))
