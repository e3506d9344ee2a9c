"""The demo's claims: approved at once, held, reviewed, rejected and waiting."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from portal_api.demo import world
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.domain.claims import Proof, RejectionCode
from portal_api.domain.partners import Individual
from portal_api.services import claims


@dataclass(frozen=True, slots=True)
class _Claiming:
    """What somebody claims, and what is decided when, if anything is."""

    person: Individual
    program: str
    behavior: str
    proof: Proof
    decided: datetime | None = None
    reason: str = ""


def plan(teller: Teller) -> None:
    """Plans what Mara claims, and a colleague's claim that looks like hers."""
    house = teller.house(world.FERNHILL)
    mara, _, colleague = house.reps
    sale, training = (world.ENABLEMENT, world.SELL_OUT), (world.GROWTH, world.TRAINING)
    for on, claiming in (
        (day(6, 3), _Claiming(mara, *sale, Proof(invoice="INV-20417"))),
        (day(6, 5), _Claiming(colleague, *sale, Proof(invoice="inv 20417"))),
        (
            day(6, 9),
            _Claiming(mara, *training, Proof("certificate-0609.pdf"), day(6, 11, hour=15)),
        ),
        (
            day(6, 16),
            _Claiming(
                *(mara, *training, Proof("certificate-0616.jpg"), day(6, 18, hour=15)),
                "The photo is too dark to read: please send the file itself.",
            ),
        ),
        (day(6, 25), _Claiming(mara, *training, Proof("certificate-0625.pdf"))),
    ):
        teller.at(on.replace(hour=11), partial(_claim, teller, house, claiming))


def _claim(teller: Teller, house: House, claiming: _Claiming) -> None:
    claim = claims.submit_claim(
        teller.portal,
        teller.ask(claiming.person.id),
        partner_id=house.partner.id,
        individual_id=claiming.person.id,
        program_id=teller.programs[claiming.program].id,
        behavior=claiming.behavior,
        occurred_at=None,
        proof=claiming.proof,
    ).claim
    if claiming.decided is not None:
        teller.at(claiming.decided, partial(_decide, teller, claim.id, claiming.reason))


def _decide(teller: Teller, claim_id: str, reason: str) -> None:
    """Approves a claim, unless there is a reason against it."""
    ask = teller.ask(teller.manager())
    if reason:
        claims.reject_claim(
            teller.portal,
            ask,
            claim_id=claim_id,
            code=RejectionCode.UNREADABLE_PROOF,
            reason=reason,
        )
    else:
        claims.approve_claim(teller.portal, ask, claim_id=claim_id)
