"""Rewarding: from an activity and what was loaded to all that must be written, each item once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal_api.domain import goals, ledger, rewards
from portal_api.domain.activities import Activity, Outcome, OutcomeStatus, WithheldReason
from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.deals import Deal, DealAward
from portal_api.domain.errors import NotFound
from portal_api.domain.goals import GoalSheet, Level, party_of
from portal_api.domain.ledger import Earning, JournalKind, Trace, Transfer, Wallet
from portal_api.domain.partners import Employment, Individual, Partner
from portal_api.domain.programs import Program
from portal_api.domain.rewards import Award, Facts, PlanVersion, Reversed, Withheld
from portal_api.domain.writes import (
    Absent,
    Claim,
    Create,
    Enlist,
    Save,
    Unchanged,
    Versioned,
    Write,
)
from portal_api.services.budget import Budget
from portal_api.services.counters import Counters
from portal_api.services.loads import Loads
from portal_api.services.store import One, Slice, WriteConflict
from portal_api.services.use_case import Situation


@dataclass
class Settlement:
    """What one use case pays and takes back for one person in one program, until it is written.

    Activities are recorded one after the other on the state that the former left; ``writes`` then
    says what must be made true, each item once. Built by ``settlement_of``.
    """

    situation: Situation
    person_field: str
    program: Program
    plans: tuple[PlanVersion, ...]
    partner: Partner
    individual: Individual
    loads: Loads
    consents: ConsentFile | None
    enrollment: Enrollment | None
    sheet: GoalSheet | None
    wallets: dict[str, Wallet]
    counters: Counters
    budget: Budget
    _transfers: dict[str, list[Transfer]] = field(default_factory=dict)
    _traces: dict[str, list[Trace]] = field(default_factory=dict)
    _earnings: dict[str, Earning] = field(default_factory=dict)
    _claims: list[Claim] = field(default_factory=list)
    _activities: list[Activity] = field(default_factory=list)
    _asked_for_consent: bool = False
    _asked_for_enrollment: bool = False

    def record(self, activity: Activity, deal: Deal | None = None) -> tuple[Activity, Deal | None]:
        """The activity with its outcomes, and the deal with what it was paid."""
        employment, employed = self._employment(activity.occurred_at)
        plan = rewards.plan_at(self.plans, activity.occurred_at)
        outcomes: list[Outcome] = []
        parties = self._parties(employment)
        if plan is not None:
            facts = Facts(
                program=self.program,
                plan=plan,
                partner=self.partner,
                role=employment.role,
                employed=employed,
                activity=activity,
                deal=deal,
                consents=self.consents,
                enrollment=self.enrollment,
                progress={level: self.counters.progress(party) for level, party in parties.items()},
                targets=self._targets(parties),
            )
            for rule in plan.rules:
                self.counters.watch(parties[rule.level], rule.mechanic.watched(rule, facts))
            for verdict in rewards.earned(facts):
                outcome, deal = self._settle(verdict, plan, activity, deal, parties)
                outcomes.append(outcome)
        counted = goals.counted(plan.goals if plan else (), activity, deal)
        for party in parties.values():
            self.counters.add(party, counted)
        recorded = replace(activity, outcomes=tuple(outcomes))
        self._activities.append(recorded)
        return recorded, deal

    @property
    def transfers_max(self) -> int:
        """The transfers of the wallet that has most of them so far; one journal takes 50."""
        return max(map(len, self._transfers.values()), default=0)

    def earnings(self) -> tuple[Earning, ...]:
        """The earnings that were made or changed."""
        return tuple(self._earnings.values())

    def writes(self) -> tuple[Write, ...]:
        """Everything that must be made true for what was recorded."""
        writes: list[Write] = [Create(activity) for activity in self._activities]
        writes += self._claims
        writes += [Save(earning) for earning in self._earnings.values()]
        if self._asked_for_consent:
            writes.append(_as_loaded(self.loads.consents, self.consents))
        if self._asked_for_enrollment:
            writes.append(_as_loaded(self.loads.enrollment, self.enrollment))
        writes += self._wallet_writes()
        writes += self.budget.writes([self.individual.id])
        writes += self.counters.writes()
        return tuple(writes)

    def _employment(self, instant: datetime) -> tuple[Employment, bool]:
        """The person's employment at this partner, and whether it was employed here then.

        That of the instant, or of now, or for a leaver its last one. Raises ``NotFound`` for
        somebody who never worked here.
        """
        for when in (instant, self.situation.now):
            employment = self.individual.employment_at(when)
            if employment is not None and employment.partner_id == self.partner.id:
                return employment, True
        for employment in reversed(self.individual.employments):
            if employment.partner_id == self.partner.id:
                return employment, False
        raise NotFound.of(self.person_field)

    def _parties(self, employment: Employment) -> dict[Level, str]:
        """The progress ids that an activity counts for, by level."""
        prefix = f"{self.partner.id}.{self.program.id}"
        parties = {
            Level.INDIVIDUAL: f"{prefix}.{party_of(Level.INDIVIDUAL, self.individual.id)}",
            Level.PARTNER: f"{prefix}.{party_of(Level.PARTNER, self.partner.id)}",
        }
        if employment.team_id:
            parties[Level.TEAM] = f"{prefix}.{party_of(Level.TEAM, employment.team_id)}"
        return parties

    def _targets(self, parties: Mapping[Level, str]) -> dict[Level, Mapping[str, goals.Target]]:
        if self.sheet is None:
            return {}
        cut = len(self.sheet.id) + 1
        return {level: self.sheet.targets.get(party[cut:], {}) for level, party in parties.items()}

    def _settle(
        self,
        verdict: Award | Withheld | Reversed,
        plan: PlanVersion,
        activity: Activity,
        deal: Deal | None,
        parties: Mapping[Level, str],
    ) -> tuple[Outcome, Deal | None]:
        """One verdict's effect on the state, as an outcome, and the deal after it."""
        rule = verdict.rule
        if isinstance(verdict, Reversed):
            return self._take_back(verdict, deal, parties)
        part = verdict.part
        self._note_asked(verdict)
        self._note_decided(verdict, parties)
        made = Outcome(
            rule.code, OutcomeStatus.AWARDED, rule.asset, part.amount_minor, part.because
        )
        if isinstance(verdict, Withheld):
            return replace(made, status=OutcomeStatus.WITHHELD, reason=verdict.reason), deal
        if not self.budget.draw(verdict.recipient, rule.asset, part.amount_minor):
            reason = WithheldReason.BUDGET_EXHAUSTED
            return replace(made, status=OutcomeStatus.WITHHELD, reason=reason), deal
        earning_id = None
        if part.amount_minor:
            earning_id = self._award(verdict, plan, activity).id
            self.counters.pay(parties, rule.level, rule.asset, part.amount_minor)
        if deal is not None:
            award = DealAward(rule.code, part.step, earning_id, rule.asset, part.amount_minor)
            deal = replace(deal, awards=(*deal.awards, award))
        return replace(made, earning_id=earning_id), deal

    def _note_asked(self, verdict: Award | Withheld) -> None:
        """What the verdict depends on is to be the same at commit, also where it pays nothing."""
        paid = isinstance(verdict, Award) and verdict.consent is not None
        reason = verdict.reason if isinstance(verdict, Withheld) else None
        self._asked_for_enrollment |= paid or reason is WithheldReason.NOT_ENROLLED
        self._asked_for_consent |= self._asked_for_enrollment or reason is WithheldReason.NO_CONSENT

    def _note_decided(self, verdict: Award | Withheld, parties: Mapping[Level, str]) -> None:
        """A watched bonus is decided once, paid or withheld."""
        party = parties[verdict.rule.level]
        counter = goals.bonus_counter(verdict.rule.code, verdict.part.step)
        if self.counters.watches(party, counter):
            self.counters.add(party, {counter: 1})

    def _award(self, verdict: Award, plan: PlanVersion, activity: Activity) -> Earning:
        """The earning, its claim to be the only one, and its transfers."""
        rule, part, consent = verdict.rule, verdict.part, verdict.consent
        wallet_id = verdict.recipient
        # The partner is in the name: a mover has goals of its own at each of its partners.
        whose = f"{self.partner.id}:{wallet_id}:{self.program.id}"
        name = f"earning:{whose}:{rule.code}:{part.once_per}:{part.step}"
        trace = Trace(
            earning_id=f"{wallet_id}.{self.situation.portal.new_id()}",
            program_id=self.program.id,
            plan_number=plan.number,
            plan_hash=plan.hash,
            rule_code=rule.code,
            rule_name=rule.name,
            step=part.step,
            behavior=activity.behavior,
            activity_id=activity.id,
            occurred_at=activity.occurred_at,
            asset=rule.asset,
            amount_minor=part.amount_minor,
            because=part.because,
            of_minor=part.of_minor,
            deal_id=activity.deal_id,
            claim=name,
        )
        if consent is not None and self.consents is not None:
            trace = replace(
                trace,
                consent_id=f"{self.consents.id}.{consent.number}",
                consent_version=self.consents.version,
            )
        earning = Earning(trace.earning_id, wallet_id, trace, self.situation.now)
        self._earnings[earning.id] = earning
        self._claims.append(Claim(name, earning.id))
        self._traces.setdefault(wallet_id, []).append(trace)
        self._transfer(wallet_id, ledger.award_transfers(self._running(wallet_id), trace))
        return earning

    def _take_back(
        self, verdict: Reversed, deal: Deal | None, parties: Mapping[Level, str]
    ) -> tuple[Outcome, Deal | None]:
        """Part of an earlier earning back into the budget."""
        rule, back = verdict.rule, verdict.take_back
        earning = self._earnings.get(back.earning_id) or self._loaded_earning(back.earning_id)
        asset = earning.trace.asset
        self._earnings[earning.id] = ledger.take_back(earning, back.amount_minor)
        transfers = ledger.take_back_transfers(
            self._running(earning.wallet_id), earning, back.amount_minor
        )
        self._transfer(earning.wallet_id, transfers)
        self.budget.give_back(earning.wallet_id, asset, back.amount_minor)
        self.counters.pay(parties, rule.level, asset, -back.amount_minor)
        if deal is not None:
            awards = tuple(
                replace(award, amount_minor=award.amount_minor - back.amount_minor)
                if award.earning_id == earning.id
                else award
                for award in deal.awards
            )
            deal = replace(deal, awards=awards)
        outcome = Outcome(
            rule.code,
            OutcomeStatus.TAKEN_BACK,
            asset,
            back.amount_minor,
            back.because,
            None,
            earning.id,
        )
        return outcome, deal

    def _loaded_earning(self, earning_id: str) -> Earning:
        want = One(Earning, earning_id)
        earning = self.situation.portal.store.read([want])[want]
        if earning is None:
            raise NotFound.of(self.person_field)
        return earning

    def _running(self, wallet_id: str) -> Wallet:
        """The wallet with the transfers so far, not yet posted."""
        wallet = self.wallets[wallet_id]
        return replace(
            wallet,
            balances=ledger.after(wallet.balances, tuple(self._transfers.get(wallet_id, ()))),
        )

    def _transfer(self, wallet_id: str, transfers: tuple[Transfer, ...]) -> None:
        self._transfers.setdefault(wallet_id, []).extend(transfers)

    def _wallet_writes(self) -> list[Write]:
        writes: list[Write] = []
        for wallet_id, transfers in self._transfers.items():
            wallet = self.wallets[wallet_id]
            cause = self.situation.cause(program=self.program.id, activity=self._activities[-1].id)
            traces = tuple(self._traces.get(wallet_id, ()))
            posted, journal = ledger.post(
                wallet, JournalKind.REWARD, tuple(transfers), cause, self.situation.now, traces
            )
            writes += posting(posted, journal)
        return writes


def _as_loaded(want: One[Any], loaded: Versioned | None) -> Write:
    """What was looked for is still as it was found, or still not there."""
    return Absent(want.kind, want.id) if loaded is None else Unchanged(loaded)


def posting(wallet: Wallet, journal: ledger.Journal) -> list[Write]:
    """A posted journal's writes; a party's first one puts its wallet on the list of wallets."""
    writes: list[Write] = [Save(wallet), Create(journal)]
    if wallet.version == 0:
        writes.append(Enlist("wallets", wallet.id, wallet.id))
    return writes


def settlement_of(
    situation: Situation, loads: Loads, person_field: str = "individualId"
) -> Settlement:
    """The settlement from what was loaded; ``person_field``: the argument that names the person.

    Raises ``NotFound`` where an id leads to nothing, and ``WriteConflict`` where a plan was
    published while this was read.
    """
    found = situation.found
    partner, individual, program = (
        found[loads.partner],
        found[loads.individual],
        found[loads.program],
    )
    if partner is None or individual is None or program is None:
        people = partner is not None and individual is not None
        raise NotFound.of("programId" if people else person_field)
    plans = found[loads.plans].records
    if len(plans) < program.plan_number:
        # The two were read one after the other, and the program's version would not tell.
        raise WriteConflict
    shared: Slice[Any] = found[loads.shared_progress]
    own = found[loads.own_progress]
    progress = {record.id: record for record in (*shared.records, *((own,) if own else ()))}
    shards = (found[loads.shard(party)] for party in loads.parties)
    return Settlement(
        situation=situation,
        person_field=person_field,
        program=program,
        plans=plans,
        partner=partner,
        individual=individual,
        loads=loads,
        consents=found[loads.consents],
        enrollment=found[loads.enrollment],
        sheet=found[loads.sheet],
        wallets={party: found[loads.wallet(party)] or Wallet(party) for party in loads.parties},
        counters=Counters(progress),
        budget=Budget(
            situation.portal.store,
            program,
            {shard.id: shard for shard in shards if shard is not None},
        ),
    )
