"""Adjustments: proposed with a reason, and posted once a second person has approved them."""

from dataclasses import dataclass, replace

from portal_api.domain import adjustments, disputes, earnings, ledger, money
from portal_api.domain.adjustments import Adjustment, Ground
from portal_api.domain.consent import ConsentFile, Who
from portal_api.domain.disputes import Dispute
from portal_api.domain.earnings import Correction, CorrectionKind, Earning
from portal_api.domain.errors import BudgetExhausted, InvalidInput, NotFound
from portal_api.domain.goals import Level, Progress, party_of
from portal_api.domain.holdings import Transfer
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.programs import Program, ProgramShard, shard_of, shards_of
from portal_api.domain.records import stamp
from portal_api.domain.writes import Delist, Enlist, Save, Unchanged, Write
from portal_api.services.budget import Budget, low_budget
from portal_api.services.partners import MANAGERS, has_worked, required
from portal_api.services.postings import posting
from portal_api.services.store import Found, Many, One, Want, of_wallet
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

OPEN_ADJUSTMENTS = "adjustments.open"
"""The vendor's list of adjustments that wait for a second person."""
OPEN_DISPUTES = "disputes.open"
"""The vendor's list of disputes that wait for an answer, in the order of when it is due."""


@dataclass(frozen=True, slots=True)
class AdjustmentProposed:
    """The adjustment waits for a second person."""

    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class AdjustmentApproved:
    """The amount is posted."""

    adjustment: Adjustment
    wallet: Wallet


@dataclass(frozen=True, slots=True)
class AdjustmentRejected:
    """Nothing is posted; the dispute that it was to settle is open again."""

    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants adjusted: a signed amount for the wallet of a partner or its person."""

    partner_id: str
    wallet_id: str
    program_id: str
    asset: str
    amount_minor: int
    reason: str
    earning_id: str | None = None


def propose_adjustment(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    wallet_id: str,
    program_id: str,
    asset: str,
    amount_minor: int,
    reason: str,
    earning_id: str | None = None,
) -> AdjustmentProposed:
    """Proposes an adjustment; nothing is posted before somebody else approves it.

    Raises ``AccountClosed`` and ``SecondPersonRequired``, and ``ExceedsEarning`` where it takes
    more than the program has paid the wallet.
    """
    reason = required("reason", reason, 500)
    wish = Wish(partner_id, wallet_id, program_id, asset, amount_minor, reason, earning_id)
    partner_want, program_want = One(Partner, wish.partner_id), One(Program, wish.program_id)
    person_want, wallet_want = One(Individual, wish.wallet_id), One(Wallet, wish.wallet_id)
    earning_want = One(Earning, wish.earning_id or "none")
    wants: tuple[Want[object], ...] = (
        partner_want,
        program_want,
        person_want,
        wallet_want,
        earning_want,
    )

    def decide(s: Situation) -> Decision[AdjustmentProposed]:
        partner, person, earning = s.found[partner_want], s.found[person_want], None
        if partner is None or (wish.wallet_id != partner.id and not has_worked(person, partner.id)):
            raise NotFound.of("partyId")
        if s.found[program_want] is None:
            raise NotFound.of("programId")
        if wish.earning_id is not None:
            earning = s.found[earning_want]
            if earning is None:
                raise NotFound.of("earningId")
        ledger.not_closed(s.found[wallet_want] or Wallet(wish.wallet_id))
        adjustment, writes = proposed(s, wish, earning)
        _check_funded(s, adjustment)
        if adjustment.amount_minor < 0:
            _check_paid(s, adjustment)
        return Decision(AdjustmentProposed(adjustment), writes, adjustment.id, partner.id)

    return perform(
        portal,
        ask,
        "proposeAdjustment",
        {"wish": wish},
        MANAGERS,
        wants,
        decide,
        AdjustmentProposed,
    )


def proposed(
    s: Situation, wish: Wish, earning: Earning | None
) -> tuple[Adjustment, tuple[Write, ...]]:
    """An adjustment that waits, and what makes it so; raises as ``propose_adjustment`` does."""
    own = s.portal.new_id()
    wished = Adjustment(
        id=f"{wish.wallet_id}.{own}",
        wallet_id=wish.wallet_id,
        partner_id=wish.partner_id,
        program_id=wish.program_id,
        asset=wish.asset,
        amount_minor=wish.amount_minor,
        reason=wish.reason,
        earning_id=wish.earning_id,
        proposed_by=s.viewer.id,
        proposed_at=s.now,
    )
    adjustment = adjustments.propose(wished, earning)
    return adjustment, (Save(adjustment), Enlist(OPEN_ADJUSTMENTS, own, adjustment.id))


def approve_adjustment(portal: Portal, ask: Ask, *, adjustment_id: str) -> AdjustmentApproved:
    """Posts an adjustment that somebody else has proposed.

    A positive one draws the program's budget, and for a person needs a consent; a negative one
    takes no more than the program has paid the wallet. Raises ``AdjustmentDecided``,
    ``SecondPersonRequired``, ``AccountClosed``, ``NotEligible``, ``BudgetExhausted`` and
    ``ExceedsEarning``.
    """
    want = One(Adjustment, adjustment_id)
    wallet_want = One(Wallet, adjustment_id.partition(".")[0])

    def decide(s: Situation) -> Decision[AdjustmentApproved]:
        adjustment = s.found[want]
        if adjustment is None:
            raise NotFound.of("adjustmentId")
        approved = adjustments.decide(adjustment, True, s.viewer.id, s.now)
        wallet = s.found[wallet_want] or Wallet(adjustment.wallet_id)
        ledger.not_closed(wallet)
        paying = _Paying(s, approved, wallet)
        transfers = paying.transfers()
        cause = s.cause(
            adjustment.partner_id,
            program=adjustment.program_id,
            adjustment=adjustment.id,
            reason=adjustment.reason,
            **({"earning": adjustment.earning_id} if adjustment.earning_id else {}),
        )
        posted = ledger.post(wallet, JournalKind.ADJUSTMENT, transfers, cause, s.now)
        writes = (*paying.writes(), *posting(posted))
        outcome = AdjustmentApproved(paying.adjustment, posted.wallet)
        return Decision(outcome, writes, adjustment.id, adjustment.partner_id)

    arguments = {"adjustment": adjustment_id}
    wants = (want, wallet_want)
    return perform(
        portal, ask, "approveAdjustment", arguments, MANAGERS, wants, decide, AdjustmentApproved
    )


def reject_adjustment(
    portal: Portal, ask: Ask, *, adjustment_id: str, reason: str
) -> AdjustmentRejected:
    """Leaves the wallet as it is, for a reason; its proposer may do that, too.

    A dispute that had proposed it is open again. Raises ``AdjustmentDecided``.
    """
    reason, want = required("reason", reason, 500), One(Adjustment, adjustment_id)

    def decide(s: Situation) -> Decision[AdjustmentRejected]:
        adjustment = s.found[want]
        if adjustment is None:
            raise NotFound.of("adjustmentId")
        rejected = adjustments.decide(adjustment, False, s.viewer.id, s.now, reason)
        writes = (Save(rejected), _delisted(rejected), *_reopened(s, rejected))
        outcome = AdjustmentRejected(rejected)
        return Decision(outcome, writes, adjustment.id, adjustment.partner_id)

    arguments = {"adjustment": adjustment_id, "reason": reason}
    return perform(
        portal, ask, "rejectAdjustment", arguments, MANAGERS, (want,), decide, AdjustmentRejected
    )


def listed(dispute: Dispute) -> Enlist:
    """A dispute's place on the list of those that wait, by when an answer is due."""
    return Enlist(OPEN_DISPUTES, f"{stamp(dispute.due_at)}#{dispute.id}", dispute.id)


def _check_funded(s: Situation, adjustment: Adjustment) -> None:
    """Raises ``InvalidInput`` for an asset that the program was never funded in."""
    wants = [One(ProgramShard, shard_id) for shard_id in shards_of(adjustment.program_id)]
    found = s.portal.store.read(wants)
    shards = [shard for want in wants if (shard := found[want]) is not None]
    if not any(shard.funded(adjustment.asset) for shard in shards):
        raise InvalidInput(f"The program was never funded in {adjustment.asset}.", "amount")


def _check_paid(s: Situation, adjustment: Adjustment) -> None:
    """Raises ``ExceedsEarning`` where more is taken than the program has paid the wallet.

    Read behind the wallet, whose version says at commit that nothing was paid or taken meanwhile.
    """
    level = Level.PARTNER if adjustment.company else Level.INDIVIDUAL
    party = party_of(level, adjustment.wallet_id)
    progress = One(Progress, f"{adjustment.partner_id}.{adjustment.program_id}.{party}")
    others = Many(Adjustment, of_wallet(adjustment.wallet_id))
    found = s.portal.store.read([progress, others])
    paid = adjustments.paid_of(adjustment, found[progress], found[others].records)
    adjustments.check_paid(adjustment, paid)


def _delisted(adjustment: Adjustment) -> Delist:
    return Delist(OPEN_ADJUSTMENTS, adjustment.id.rpartition(".")[2])


def _reopened(s: Situation, adjustment: Adjustment) -> tuple[Write, ...]:
    """The dispute that had proposed it, open again and on its list; none: nothing."""
    if adjustment.earning_id is None:
        return ()
    want = One(Dispute, adjustment.earning_id)
    dispute = s.portal.store.read([want])[want]
    if dispute is None:
        return ()
    again = disputes.reopen(dispute, adjustment.id)
    return () if again == dispute else (Save(again), listed(again))


class _Paying:
    """What approving an adjustment reads, in one wave more, and must make true."""

    def __init__(self, s: Situation, adjustment: Adjustment, wallet: Wallet) -> None:
        self.situation, self.adjustment, self.wallet = s, adjustment, wallet
        self._program = One(Program, adjustment.program_id)
        self._shard = One(ProgramShard, shard_of(adjustment.program_id, adjustment.wallet_id))
        self._file = One(ConsentFile, f"{adjustment.partner_id}.{adjustment.program_id}")
        self._earning = One(Earning, adjustment.earning_id or "none")
        self._person = One(Individual, adjustment.wallet_id)
        wants: list[Want[object]] = [self._program, self._shard, self._file]
        wants += [self._earning, self._person]
        self._found: Found = s.portal.store.read(wants)
        program, shard = self._found[self._program], self._found[self._shard]
        if program is None or shard is None:
            raise NotFound.of("adjustmentId")
        self._budget = Budget(s.portal.store, program, {shard.id: shard})
        self._terms = program.terms_version
        self._relied_on: list[Write] = []

    def transfers(self) -> tuple[Transfer, ...]:
        """What moves: with it the budget is drawn, or gets it back.

        Raises ``NotEligible``, ``BudgetExhausted`` and ``ExceedsEarning``.
        """
        adjustment, earning, now = self.adjustment, self._found[self._earning], self.situation.now
        asset, amount = adjustment.asset, adjustment.amount_minor
        if amount < 0:
            _check_paid(self.situation, adjustment)
            self._budget.give_back(adjustment.wallet_id, asset, -amount)
            return adjustments.taken_transfers(adjustment, self.wallet)
        ground = self._ground(earning)
        if not self._budget.draw(adjustment.wallet_id, asset, amount):
            left = self._budget.left(asset)
            raise BudgetExhausted(f"{money.to_text(left, asset)} {asset} is left.", asset, left)
        self.adjustment = replace(adjustment, consent_id=ground.consent_id)
        return adjustments.paid_transfers(adjustment, self.wallet, ground, earning, now)

    def _ground(self, earning: Earning | None) -> Ground:
        """By what consent it is paid: a consent of now, and the employment, must last till then."""
        file, person = self._found[self._file], self._found[self._person]
        adjustment, now = self.adjustment, self.situation.now
        employment = person.employment_at(now) if person is not None else None
        who = None
        if employment is not None and employment.partner_id == adjustment.partner_id:
            who = Who(adjustment.wallet_id, employment.team_id, employment.role)
        ground = adjustments.ground_of(adjustment, earning, file, self._terms, now, who)
        if file is not None and person is not None and ground.found:
            self._relied_on += [Unchanged(file), Unchanged(person)]
        return ground

    def writes(self) -> list[Write]:
        """All but the journal."""
        writes: list[Write] = [Save(self.adjustment), _delisted(self.adjustment)]
        earning = self._found[self._earning]
        if earning is not None:
            writes.append(Save(earnings.corrected(earning, self._correction())))
        writes += self._relied_on
        writes += low_budget(self.situation, self._budget)
        return writes + self._budget.writes([self.adjustment.wallet_id])

    def _correction(self) -> Correction:
        adjustment, s = self.adjustment, self.situation
        kind = CorrectionKind.ADJUSTMENT
        amount, reason, own = adjustment.amount_minor, adjustment.reason, adjustment.id
        return Correction(kind, amount, reason, s.viewer.role, s.now, own)
