"""Rewarding: from an activity and what was loaded to all that must be written, each item once."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal_api.domain import awards, goals, rewards
from portal_api.domain.activities import (
    DEAL_LOST,
    DEAL_RETURNED,
    DEAL_WON,
    Activity,
    Outcome,
    OutcomeStatus,
    WithheldReason,
)
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import NotFound
from portal_api.domain.goals import GoalSheet, Level, Part
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.plans import PlanVersion, Rule, plan_at
from portal_api.domain.programs import Program
from portal_api.domain.rebates import revenue_counted
from portal_api.domain.rewards import Award, Facts, Recipient, Verdict, Withheld
from portal_api.domain.writes import Enlist, Save, Unchanged, Write, as_found
from portal_api.services.budget import Budget, low_budget
from portal_api.services.counters import Counters
from portal_api.services.goal_counts import certified, newly_certified, reached
from portal_api.services.loads import Loads
from portal_api.services.members import Member, Standing, of_staff, parts_of, standings
from portal_api.services.postings import Postings
from portal_api.services.rulings import Ruling, forgone_rulings, judged_again, rulings
from portal_api.services.settling import Books, Settling
from portal_api.services.store import Found, Slice, WriteConflict
from portal_api.services.use_case import Situation

OPEN_AWARDS = "awards.open"
"""The list of team awards that wait for somebody's share to be paid."""


@dataclass
class Settlement:
    """What one use case pays and takes back in one program, until it is written.

    Activities are recorded one after the other on the state that the former left; ``writes`` then
    says what must be made true, each item once. Built by ``settlement_of``.
    """

    books: Books
    person_field: str
    plans: tuple[PlanVersion, ...]
    partner: Partner
    members: dict[str, Member]
    sheet: GoalSheet | None
    _activities: list[Activity] = field(default_factory=list)
    _asked_for_consent: bool = False

    @property
    def situation(self) -> Situation:
        """What the use case is decided from."""
        return self.books.situation

    @property
    def program(self) -> Program:
        """The program."""
        return self.books.program

    @property
    def individual(self) -> Individual:
        """Whose activity it is."""
        return self.members[self.books.loads.individual_id].individual

    @property
    def transfers_max(self) -> int:
        """The transfers of the wallet that has most of them so far; one journal takes 50."""
        return self.books.postings.transfers_max

    def earnings(self) -> tuple[Earning, ...]:
        """The earnings that were made or changed."""
        return self.books.postings.earnings()

    def record(self, activity: Activity, deal: Deal | None = None) -> tuple[Activity, Deal | None]:
        """The activity with its outcomes, and the deal with what it was paid."""
        returned = deal is not None and activity.behavior == DEAL_RETURNED
        # A return takes off what its sale has added: as of then, and from whom it was.
        counted_at = deal.closed_at if deal is not None and returned else None
        standing = self._standings(activity, deal, counted_at)
        counting = plan_at(self.plans, counted_at or activity.occurred_at)
        counters = self.books.counters
        parts = newly_certified(parts_of(standing, deal), standing[0], counting, activity, counters)
        outcomes: list[Outcome] = []
        for ruling in rulings(self.plans, activity, deal):
            for who, recipient in self._recipients(ruling.rule, standing, parts):
                made, deal = self._applied(
                    ruling, self._facts(ruling, activity, deal), who, recipient
                )
                outcomes += made
        if deal is not None:
            deal = self._still_forgone(activity, deal, standing, parts)
        if deal is not None and returned:
            for progress_id, decided in deal.missed:
                self.books.counters.add(progress_id, {decided: -1})
            undone = awards.sale_undone(deal.awards, deal.reopened)
            deal = replace(deal, missed=(), awards=undone)
        for progress_id, part in parts.items():
            counted = goals.counted(counting.goals if counting else (), activity, deal, part)
            counters.add(progress_id, counted)
        won = revenue_counted(self.program, activity.behavior, deal)
        counters.add(standing[0].parties[Level.PARTNER], won)
        certifies = parts[standing[0].parties[Level.INDIVIDUAL]].certifies
        teams = tuple((who.member.individual.id, who.employment.team_id or "") for who in standing)
        judged = replace(activity, outcomes=tuple(outcomes), teams=teams)
        recorded = replace(judged, certifies=tuple(sorted(certifies)))
        if deal is not None:
            shares = tuple((credit.individual_id, credit.weight) for credit in deal.credits)
            amount = deal.amount_minor
            recorded = replace(recorded, deal_amount_minor=amount, deal_shares=shares)
        self._activities.append(recorded)
        counters.in_weeks(recorded, self.program.time_zone)
        return recorded, deal

    def retry(
        self,
        activity: Activity,
        deal: Deal | None,
        reasons: frozenset[WithheldReason] = frozenset(WithheldReason),
        levels: tuple[Level, ...] = tuple(Level),
    ) -> tuple[Activity, Deal | None]:
        """The activity judged again where it was withheld; what is withheld still stays so.

        Only what was withheld for one of the ``reasons`` from these ``levels`` is looked at. A
        deal's change that does not hold any more earns nothing (``judged_again``).
        """
        deal = deal if activity.saw_deal else None
        kept = deal
        if deal is not None:
            deal = judged_again(activity, deal)
            if deal is None:
                return activity, kept
        standing = self._standings(activity, deal)
        parts = certified(parts_of(standing, deal), activity.certifies)
        ruled = rulings(self.plans, activity, deal)
        by_code = {one.rule.code: one for one in ruled if not one.gone}
        outcomes = list(activity.outcomes)
        for index, outcome in enumerate(activity.outcomes):
            ruling = by_code.get(outcome.rule_code)
            if outcome.reason not in reasons or ruling is None or ruling.rule.level not in levels:
                continue
            facts = replace(self._facts(ruling, activity, deal), counted_already=True)
            for who, recipient in self._recipients(ruling.rule, standing, parts):
                if recipient.id != outcome.recipient_id:
                    continue
                undecided = rewards.undecided(recipient, ruling.rule, outcome.step)
                made, changed = self._applied(ruling, facts, who, undecided, step=outcome.step)
                if made and made[0].status is not OutcomeStatus.WITHHELD:
                    outcomes[index], deal = made[0], changed
                    if outcome.reason is WithheldReason.NO_CONSENT and not ruling.rule.shadow:
                        outcomes[index], deal = self._late(activity, outcome, made[0], deal, who)
        if deal is not None and kept is not None:
            deal = replace(deal, amount_minor=kept.amount_minor)
        recorded = replace(activity, outcomes=tuple(outcomes))
        self._activities.append(recorded)
        self.books.counters.in_weeks(recorded, self.program.time_zone, before=activity)
        return recorded, deal

    def writes(
        self,
        activity_id: str | None = None,
        kind: JournalKind = JournalKind.REWARD,
        **cause: str,
    ) -> tuple[Write, ...]:
        """Everything that must be made true for what was recorded.

        ``activity_id``: what causes it, where no activity was recorded now. ``kind`` is that of the
        journals, and ``cause`` what more caused them.
        """
        writes: list[Write] = [Save(activity) for activity in self._activities]
        for award in self.books.team_awards:
            writes += [Save(award), Enlist(OPEN_AWARDS, award.id, award.id)]
        if self._asked_for_consent or any(one.asked for one in self.members.values()):
            file = self.books.loads.consents
            writes.append(as_found(file.kind, file.id, self.books.consents))
        for member in self.members.values():
            if member.asked:
                enrollment = member.loads.enrollment
                writes.append(as_found(enrollment.kind, enrollment.id, member.enrollment))
            # Nobody who leaves or moves is paid for, or counted with, what it did after that.
            writes.append(Unchanged(member.individual))
        activity_id = activity_id or self._activities[-1].id
        writes += self.books.postings.writes(
            self.partner.id, kind, program=self.program.id, activity=activity_id, **cause
        )
        writes += low_budget(self.situation, self.books.budget)
        writes += self.books.budget.writes([self.books.loads.individual_id])
        writes += reached(self.situation, self.books.counters, self.sheet, len(writes))
        writes += [*self.books.rebating.writes(), *self.books.counters.writes()]
        return tuple(writes)

    def _late(
        self, activity: Activity, before: Outcome, paid: Outcome, deal: Deal | None, who: Standing
    ) -> tuple[Outcome, Deal | None]:
        """What is paid that somebody went without, with all that was left of it; and its deal."""
        amount = before.amount_minor
        if deal is not None:
            name = (activity.id, before.rule_code, before.recipient_id, before.step)
            amount = sum(one.award.amount_minor for one in deal.forgone if one.name == name)
            deal = replace(deal, forgone=awards.forgone_less(deal.forgone, name))
        self.books.counters.pay_late(who.parties, before.asset, amount)
        return replace(paid, late_minor=amount), deal

    def _still_forgone(
        self, activity: Activity, deal: Deal, standing: tuple[Standing, ...], parts: dict[str, Part]
    ) -> Deal:
        """The deal after a change, with what its people still go without.

        Not what the change would take back, had it been paid; nor, once a sale was returned, what
        is not paid for it afterwards.
        """
        if not deal.forgone or activity.behavior not in (DEAL_WON, DEAL_LOST, DEAL_RETURNED):
            return deal
        left = deal.forgone
        if activity.behavior == DEAL_RETURNED:
            left = tuple(one for one in left if one.behavior != DEAL_WON)
        for ruling in forgone_rulings(self.plans, deal):
            as_paid = replace(deal, awards=(*deal.awards, *awards.as_paid(left)))
            facts = self._facts(ruling, activity, as_paid)
            for _, recipient in self._recipients(ruling.rule, standing, parts):
                for back in rewards.taken_back(ruling.rule, facts, recipient):
                    name = (back.earning_id, ruling.rule.code, recipient.id, back.step)
                    left = awards.forgone_less(left, name, back.amount_minor)
        parties = {who.member.individual.id: who.parties for who in standing}
        still = awards.forgone_by(left)
        for (person, asset), amount in awards.forgone_by(deal.forgone).items():
            self.books.counters.forgo(parties[person], asset, still[person, asset] - amount)
        return replace(deal, forgone=left)

    def _standings(
        self, activity: Activity, deal: Deal | None, at: datetime | None = None
    ) -> tuple[Standing, ...]:
        when = replace(activity, occurred_at=at) if at is not None else activity
        return standings(self.members, when, deal, self.situation.now, self.person_field)

    def _facts(self, ruling: Ruling, activity: Activity, deal: Deal | None) -> Facts:
        return Facts(
            program=self.program,
            plan=ruling.version,
            since=ruling.in_force.effective_from,
            partner=self.partner,
            activity=activity,
            deal=deal,
            consents=self.books.consents,
            rebate=self.books.rebating.facts(ruling.rule, activity),
        )

    def _recipients(
        self, rule: Rule, standing: tuple[Standing, ...], parts: dict[str, Part]
    ) -> Iterator[tuple[Standing, Recipient]]:
        """Whom a rule may pay for an activity, each with what counts for it now.

        A company or a team is judged as its own person, whose activity or deal it is. A team that
        only shares in a deal is moved by a goal alone.
        """
        seen: set[str] = set()
        people = standing if rule.level is not Level.PARTNER else standing[:1]
        for who in people:
            progress_id = who.parties.get(rule.level)
            shares_only = rule.level is Level.TEAM and rule.mechanic.follows is None
            if progress_id is None or progress_id in seen or (shares_only and not who.part.own):
                continue
            seen.add(progress_id)
            ids = {
                Level.INDIVIDUAL: who.member.individual.id,
                Level.TEAM: who.employment.team_id or "",
                Level.PARTNER: self.partner.id,
            }
            yield (
                who,
                Recipient(
                    id=ids[rule.level],
                    level=rule.level,
                    role=who.employment.role,
                    employed=who.employed,
                    enrollment=who.member.enrollment,
                    progress=self.books.counters.progress(progress_id),
                    targets=self._targets(progress_id),
                    part=parts[progress_id],
                    team_id=who.employment.team_id,
                ),
            )

    def _targets(self, progress_id: str) -> Any:
        if self.sheet is None:
            return {}
        return self.sheet.targets.get(progress_id[len(self.sheet.id) + 1 :], {})

    def _applied(
        self,
        ruling: Ruling,
        facts: Facts,
        who: Standing,
        recipient: Recipient,
        step: str | None = None,
    ) -> tuple[list[Outcome], Deal | None]:
        """What one rule makes of the activity for one recipient.

        ``step``: only that one, which was withheld before.
        """
        rule = ruling.rule
        progress_id = who.parties[rule.level]
        self.books.counters.watch(progress_id, rewards.watched(rule, facts, recipient))
        deal, outcomes = facts.deal, []
        for verdict in rewards.earned(rule, facts, recipient):
            if isinstance(verdict, Award | Withheld):
                if ruling.gone or step not in (None, verdict.part.step):
                    continue
            elif step is not None:
                continue
            self._note_asked(verdict, rule, who.member)
            settling = Settling(self.books, facts, who, deal, again=step is not None)
            outcomes.append(settling.outcome_of(verdict))
            deal = settling.deal
        return outcomes, deal

    def _note_asked(self, verdict: Verdict, rule: Rule, member: Member) -> None:
        """What the verdict depends on is to be the same at commit, also where it pays nothing."""
        if rule.level is not Level.INDIVIDUAL:
            return
        reason = verdict.reason if isinstance(verdict, Withheld) else None
        paid = isinstance(verdict, Award)
        late = reason in (WithheldReason.LIMIT_REACHED, WithheldReason.CAP_REACHED)
        member.asked |= paid or late or reason is WithheldReason.NOT_ENROLLED
        self._asked_for_consent |= member.asked or reason is WithheldReason.NO_CONSENT


def settlement_of(
    situation: Situation,
    loads: Loads,
    person_field: str = "individualId",
    people: tuple[str, ...] = (),
) -> Settlement:
    """The settlement from what was loaded; ``person_field``: the argument that names the person.

    ``people`` are others whom it may pay: they are read now, in one wave more. Raises ``NotFound``
    where an id leads to nothing, and ``WriteConflict`` where a plan was published while this was
    read.
    """
    found = situation.found
    partner, program = found[loads.partner], found[loads.program]
    individual = of_staff(found[loads.individual], loads.partner_id)
    if partner is None or individual is None or program is None:
        there = partner is not None and individual is not None
        raise NotFound.of("programId" if there else person_field)
    plans = found[loads.plans].records
    if len(plans) < program.plan_number:
        # The two were read one after the other, and the program's version would not tell.
        raise WriteConflict
    shared: Slice[Any] = found[loads.shared_progress]
    members = {individual.id: Member(individual, found[loads.enrollment], loads)}
    progress = {record.id: record for record in shared.records}
    wallets = {partner.id: found[loads.wallet(partner.id)] or Wallet(partner.id)}
    shards = [found[loads.shard(party)] for party in loads.parties]
    own: list[tuple[Loads, Found]] = [(loads, found)]
    others = [replace(loads, individual_id=person) for person in people if person not in members]
    if others:
        more = situation.portal.store.read([want for one in others for want in one.person_wants()])
        own += [(one, more) for one in others]
    for one, answers in own:
        person = of_staff(answers[one.individual], one.partner_id)
        if person is None:
            raise NotFound.of(person_field if one is loads else "credits")
        members[person.id] = Member(person, answers[one.enrollment], one)
        wallets[person.id] = answers[one.wallet(person.id)] or Wallet(person.id)
        shards.append(answers[one.shard(person.id)])
        counted = answers[one.own_progress]
        if counted is not None:
            progress[counted.id] = counted
    books = Books(
        situation=situation,
        loads=loads,
        program=program,
        consents=found[loads.consents],
        postings=Postings(situation, wallets),
        counters=Counters(progress),
        budget=Budget(
            situation.portal.store,
            program,
            {shard.id: shard for shard in shards if shard is not None},
        ),
    )
    return Settlement(
        books=books,
        person_field=person_field,
        plans=plans,
        partner=partner,
        members=members,
        sheet=found[loads.sheet],
    )
