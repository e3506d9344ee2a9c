"""Team awards: each member's share is paid, or withheld, in a transaction of its own.

A series that may be killed after any share and is finished by running it again: a share is decided
once, under its award's version and its own earning's name.
"""

from dataclasses import replace

from portal_api.domain import rewards
from portal_api.domain.activities import Activity, Outcome, OutcomeStatus, WithheldReason
from portal_api.domain.cases import Inputs
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Trace
from portal_api.domain.goals import Level
from portal_api.domain.goals import Part as Standing
from portal_api.domain.money import to_text
from portal_api.domain.partners import Employment
from portal_api.domain.plans import Part
from portal_api.domain.rewards import Award, Facts, Recipient
from portal_api.domain.teams import TeamAward, TeamShare
from portal_api.domain.writes import Delist, Save, Write
from portal_api.services.loads import Loads
from portal_api.services.members import Member, parties_of
from portal_api.services.rewards import OPEN_AWARDS, Settlement, settlement_of
from portal_api.services.series import UNFINISHED, Step, StepFailed, each, step
from portal_api.services.settling import Books, allowed_by, earning_name, forgo
from portal_api.services.store import Listed, One, Unreadable, Want
from portal_api.services.use_case import Portal, Situation

SHARES_AT_ONCE = 20
"""So many are paid within the request that earned them; the others by the next run."""


def pay_team_awards(portal: Portal, activity: Activity) -> None:
    """Pays what an activity has earned teams; what cannot be paid now waits for the next run."""
    for outcome in activity.outcomes:
        if outcome.team_award_id is not None:
            try:
                pay_shares(portal, outcome.team_award_id, SHARES_AT_ONCE)
            except (StepFailed, Unreadable):
                continue
            except UNFINISHED:
                return


def pay_open_awards(portal: Portal) -> int:
    """Finishes every team award that waits; says how many there were.

    One that cannot be finished now keeps no other waiting. Raises ``StoreUnavailable`` at the end
    where there is one.
    """
    listed = Listed(OPEN_AWARDS, newest_first=False)
    ids = portal.store.read([listed])[listed].ids

    def paid(award_id: str) -> int:
        pay_shares(portal, award_id)
        return 1

    return each(ids, paid, f"{{left}} of {len(ids)} team awards are not finished.")


def pay_shares(portal: Portal, award_id: str, at_most: int | None = None) -> None:
    """Pays, or withholds, the shares that wait; ``at_most`` so many of them.

    A share that cannot be paid as things are keeps none of the others waiting: that is raised at
    the end, as ``StepFailed`` or ``Unreadable``. Raises ``StoreUnavailable`` at once.
    """
    want = One(TeamAward, award_id)
    award = portal.store.read([want])[want]
    failed: StepFailed | Unreadable | None = None
    for share in award.waiting[:at_most] if award else ():
        try:
            _pay(portal, award_id, share.individual_id)
        except (StepFailed, Unreadable) as problem:
            failed = failed or problem
    if failed is not None:
        raise failed


def _pay(portal: Portal, award_id: str, individual_id: str) -> None:
    """One share, unless it was decided meanwhile."""
    want = One(TeamAward, award_id)
    partner_id, program_id, _ = award_id.split(".")
    loads = Loads(partner_id, individual_id, program_id)

    def decide(s: Situation) -> Step | None:
        award = s.found[want]
        waiting = award.waiting if award is not None else ()
        share = next((one for one in waiting if one.individual_id == individual_id), None)
        if award is None or share is None:
            return None
        outcome, settlement = _decided(s, loads, award, share)
        decided = award.decided(individual_id, outcome)
        writes: list[Write] = [Save(decided), *settlement.writes(award.trace.activity_id)]
        if not decided.waiting:
            writes.append(Delist(OPEN_AWARDS, award_id))
        kind = "TeamSharePaid" if outcome.earning_id else "TeamShareWithheld"
        return Step(kind, award_id, partner_id, tuple(writes))

    step(portal, f"series:team-award:{award_id}:{individual_id}", [want, *loads.wants()], decide)


def _decided(
    situation: Situation, loads: Loads, award: TeamAward, share: TeamShare
) -> tuple[Outcome, Settlement]:
    """What becomes of a share, and what must be made true for it."""
    settlement = settlement_of(situation, loads)
    trace = award.trace
    told = Outcome(
        rule_code=trace.rule_code,
        status=OutcomeStatus.WITHHELD,
        asset=trace.asset,
        amount_minor=share.amount_minor,
        because=_because(trace),
        recipient_id=share.individual_id,
        step=trace.step,
        reason=WithheldReason.OUT_OF_WINDOW,
    )
    facts = _facts(settlement, trace)
    rule = facts.plan.rule(trace.rule_code) if facts else None
    if facts is None or rule is None:
        return told, settlement
    member = settlement.members[share.individual_id]
    placed = member.employment(trace.occurred_at, situation.now)
    if placed is None:
        return replace(told, reason=WithheldReason.NOT_EMPLOYED), settlement
    parties = parties_of(member.loads, placed[0])
    # Judged as the person's own, but for the limits, which are the team's.
    rule = replace(rule, level=Level.INDIVIDUAL, limits=())
    recipient = _recipient(settlement, member, placed, parties)
    verdict = rewards.judged(rule, _part(award, share), _inputs(award, share), facts, recipient)
    member.asked = True
    caps = rewards.watched_limits(rule, facts, recipient)
    settlement.books.counters.watch(parties[Level.INDIVIDUAL], caps)
    books = settlement.books
    if isinstance(verdict, Award):
        decided = _paid(books, award, placed[0], parties, verdict, told)
    else:
        decided = replace(told, reason=getattr(verdict, "reason", None))
    forgone = decided.reason is WithheldReason.NO_CONSENT
    if forgone and not (share.forgone or share.late):
        forgo(books, parties, rule, share.amount_minor)
    elif share.forgone or share.late:
        late = share.amount_minor * (share.forgone - forgone)
        books.counters.pay_late(parties, rule.asset, late)
    return decided, settlement


def _facts(settlement: Settlement, trace: Trace) -> Facts | None:
    """What earned the award: its activity, deal and plan version; none where one is not there."""
    activity_want, deal_want = One(Activity, trace.activity_id), One(Deal, trace.deal_id or "none")
    wants: list[Want[object]] = [activity_want, *((deal_want,) if trace.deal_id else ())]
    found = settlement.situation.portal.store.read(wants)
    activity = found[activity_want]
    plans = [plan for plan in settlement.plans if plan.number == trace.plan_number]
    if activity is None or not plans:
        return None
    return Facts(
        program=settlement.program,
        plan=plans[0],
        partner=settlement.partner,
        activity=activity,
        deal=found[deal_want] if trace.deal_id else None,
        consents=settlement.books.consents,
    )


def _recipient(
    settlement: Settlement,
    member: Member,
    placed: tuple[Employment, bool],
    parties: dict[Level, str],
) -> Recipient:
    employment, employed = placed
    return Recipient(
        id=member.individual.id,
        level=Level.INDIVIDUAL,
        role=employment.role,
        employed=employed,
        enrollment=member.enrollment,
        progress=settlement.books.counters.progress(parties[Level.INDIVIDUAL]),
        targets={},
        part=Standing(),
        team_id=employment.team_id,
    )


def _part(award: TeamAward, share: TeamShare) -> Part:
    """The share as a rule's part; a person gets one of each team, also after it has moved."""
    trace = award.trace
    return Part(
        share.amount_minor,
        f"{award.team_id}:{award.once_per}",
        trace.step,
        _because(trace),
        of_minor=trace.amount_minor,
    )


def _because(trace: Trace) -> str:
    """The share in words; the team's own arithmetic tells a colleague's deal and sales."""
    whole = f"{to_text(trace.amount_minor, trace.asset)} {trace.asset}"
    return f"An equal share of {whole} that the team has earned: {trace.rule_name}."


def _inputs(award: TeamAward, share: TeamShare) -> Inputs:
    """What the award was decided from, and the member's place in it."""
    members = [one.individual_id for one in award.shares]
    place = members.index(share.individual_id)
    return replace(award.trace.inputs or Inputs(), shared=(len(members), place))


def _paid(
    books: Books,
    award: TeamAward,
    employment: Employment,
    parties: dict[Level, str],
    verdict: Award,
    told: Outcome,
) -> Outcome:
    """The share as an earning of the member, where the budget has it."""
    rule, part, person = verdict.rule, verdict.part, verdict.recipient_id
    if books.postings.closed(person):
        return replace(told, reason=WithheldReason.ACCOUNT_CLOSED)
    if not books.budget.draw(person, rule.asset, part.amount_minor):
        return replace(told, reason=WithheldReason.BUDGET_EXHAUSTED)
    if not part.amount_minor:
        return replace(told, status=OutcomeStatus.AWARDED, reason=None)
    trace = replace(
        award.trace,
        earning_id=f"{person}.{books.situation.portal.new_id()}",
        amount_minor=part.amount_minor,
        of_minor=part.of_minor,
        because=part.because,
        reserved=f"{earning_name(books.loads, person, rule, part.once_per)}:{part.step}",
        inputs=verdict.inputs,
    )
    trace = allowed_by(trace, books.consents, verdict.consent, employment)
    earning = books.postings.award(person, trace, pending=False)
    books.counters.pay(parties, Level.INDIVIDUAL, rule.asset, part.amount_minor)
    books.counters.add(parties[Level.INDIVIDUAL], verdict.counts)
    return replace(told, status=OutcomeStatus.AWARDED, reason=None, earning_id=earning.id)
