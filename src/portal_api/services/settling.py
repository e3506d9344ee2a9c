"""One verdict's effect on the state of a use case: awarded, withheld, released, taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from portal_api.domain import rewards
from portal_api.domain.activities import Outcome, OutcomeStatus, WithheldReason
from portal_api.domain.awards import DealAward, Forgone
from portal_api.domain.consent import Consent, ConsentFile, Who
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Earning, Trace
from portal_api.domain.goals import Level, party_of
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import Employment
from portal_api.domain.plans import Free, Part, Rule, TakeBack
from portal_api.domain.programs import Program
from portal_api.domain.rewards import Award, Facts, Released, Reversed, Verdict, Withheld
from portal_api.domain.teams import TeamAward, in_equal_shares
from portal_api.services.budget import Budget
from portal_api.services.counters import Counters
from portal_api.services.loads import Loads
from portal_api.services.members import Member, Standing
from portal_api.services.postings import Postings
from portal_api.services.rebates import Rebating
from portal_api.services.store import Listed
from portal_api.services.use_case import Situation


@dataclass
class Books:
    """What a use case pays from and counts in, in one program at one partner.

    ``enrolled``: the people who are enrolled, where they are known; else they are read.
    """

    situation: Situation
    loads: Loads
    program: Program
    consents: ConsentFile | None
    postings: Postings
    counters: Counters
    budget: Budget
    team_awards: list[TeamAward] = field(default_factory=list)
    enrolled: tuple[Member, ...] | None = None

    @cached_property
    def rebating(self) -> Rebating:
        """What rebates depend on besides; nothing is read where there is none."""
        return Rebating(self.situation, self.program, self.loads.partner_id)


@dataclass
class Settling:
    """One verdict's effect on the books and on the deal.

    ``again``: it was withheld before.
    """

    books: Books
    facts: Facts
    who: Standing
    deal: Deal | None
    again: bool

    def outcome_of(self, verdict: Verdict) -> Outcome:
        """What became of it."""
        if isinstance(verdict, Award):
            return self._award(verdict)
        if isinstance(verdict, Withheld):
            return self._withhold(verdict, verdict.reason)
        if isinstance(verdict, Released):
            return self._release(verdict)
        return self._take_back(verdict)

    def _award(self, verdict: Award) -> Outcome:
        rule, part, books = verdict.rule, verdict.part, self.books
        if rule.shadow:
            self._count(rule, verdict, shadow=True)
            self._note_paid(verdict, None)
            return self._told(verdict, OutcomeStatus.SHADOW)
        trace = self._trace(verdict)
        if rule.level is Level.TEAM:
            award = self._team_award(verdict, trace)
            if award is None:
                return self._withhold(verdict, WithheldReason.NOT_ENROLLED)
            self._count(rule, verdict)
            books.team_awards.append(award)
            return self._told(verdict, OutcomeStatus.SHARED, team_award_id=award.id)
        if books.postings.closed(verdict.recipient_id):
            return self._withhold(verdict, WithheldReason.ACCOUNT_CLOSED)
        if not books.budget.draw(verdict.recipient_id, rule.asset, part.amount_minor):
            return self._withhold(verdict, WithheldReason.BUDGET_EXHAUSTED)
        self._count(rule, verdict)
        earning_id = None
        if part.amount_minor:
            earning_id = books.postings.award(verdict.recipient_id, trace, part.pending).id
            books.counters.pay(self.who.parties, rule.level, rule.asset, part.amount_minor)
        self._note_paid(verdict, earning_id)
        status = OutcomeStatus.PENDING if part.pending else OutcomeStatus.AWARDED
        return self._told(verdict, status, earning_id=earning_id)

    def _note_paid(self, verdict: Award, earning_id: str | None) -> None:
        if self.deal is None or verdict.rule.level is Level.TEAM:
            return  # A team is nobody whom a change of the deal could pay or take from.
        paid = self._on_deal(self.deal, verdict, earning_id)
        self.deal = replace(self.deal, awards=(*self.deal.awards, paid))

    def _on_deal(self, deal: Deal, verdict: Award | Withheld, earning_id: str | None) -> DealAward:
        """The part as a deal keeps it."""
        part, rule = verdict.part, verdict.rule
        return DealAward(
            rule_code=rule.code,
            step=part.step,
            earning_id=earning_id,
            asset=rule.asset,
            amount_minor=part.amount_minor,
            recipient_id=verdict.recipient_id,
            pending=part.pending,
            shadow=rule.shadow,
            plan_number=self.facts.plan.number,
            turn=deal.reopened,
        )

    def _team_award(self, verdict: Award, trace: Trace) -> TeamAward | None:
        """Who shares in what a team has earned: who was in it and takes part; none: nobody."""
        books, partner_id = self.books, self.books.loads.partner_id
        known = books.enrolled if books.enrolled is not None else self._enrolled()
        of_team = (partner_id, verdict.recipient_id)
        members = [one.individual.id for one in known if self._shares(one, of_team)]
        if not members:
            return None
        return TeamAward(
            id=f"{partner_id}.{books.program.id}.{books.situation.portal.new_id()}",
            partner_id=partner_id,
            program_id=books.program.id,
            team_id=verdict.recipient_id,
            trace=trace,
            once_per=verdict.part.once_per,
            shares=in_equal_shares(verdict.part.amount_minor, tuple(members)),
        )

    def _shares(self, one: Member, of_team: tuple[str, str]) -> bool:
        """Whether somebody was in the team then and enrolled, or by a consent that looks back."""
        program, file = self.books.program, self.books.consents
        at = self.facts.activity.occurred_at
        terms = program.terms_at(at)
        employment = one.individual.employment_at(at)
        if employment is None or (employment.partner_id, employment.team_id) != of_team:
            return False
        if one.enrolled(at, terms) or file is None:
            return one.enrolled(at, terms)
        who = Who(one.individual.id, employment.team_id, employment.role)
        return any(
            consent.looks_back(at)
            and one.enrolled(consent.valid_from, program.terms_at(consent.valid_from))
            for consent in file.all_covering(who, at, terms)
        )

    def _enrolled(self) -> tuple[Member, ...]:
        """Everybody who is enrolled in the program at the partner."""
        books = self.books
        store = books.situation.portal.store
        listed = Listed(f"{books.loads.partner_id}.{books.program.id}.enrolled")
        loads = [
            replace(books.loads, individual_id=one) for one in store.read([listed])[listed].ids
        ]
        found = store.read([want for one in loads for want in (one.individual, one.enrollment)])
        members = []
        for one in loads:
            person = found[one.individual]
            if person is not None:
                members.append(Member(person, found[one.enrollment], one))
        return tuple(members)

    def _take_back(self, verdict: Reversed) -> Outcome:
        """Part of an earlier earning back into the budget."""
        rule, back, books = verdict.rule, verdict.take_back, self.books
        takes = back.amount_minor and not rule.shadow
        if takes and not books.postings.gives_back(verdict.recipient_id):
            reason, earning_id = WithheldReason.ACCOUNT_CLOSED, back.earning_id
            return self._told(verdict, OutcomeStatus.WITHHELD, reason, earning_id)
        books.counters.add(self.who.parties[rule.level], back.counts)
        if not takes:
            self._note_less(verdict)
            status = OutcomeStatus.SHADOW if rule.shadow else OutcomeStatus.TAKEN_BACK
            return replace(self._told(verdict, status), amount_minor=-back.amount_minor)
        earning = books.postings.earning(back.earning_id, self._likely())
        take_back(books, self.who.parties, rule, earning, back.amount_minor)
        self._note_less(verdict)
        status = OutcomeStatus.CANCELLED if earning.pending else OutcomeStatus.TAKEN_BACK
        return self._told(verdict, status, earning_id=earning.id)

    def _note_less(self, verdict: Reversed) -> None:
        """The deal's award, less what was taken back; a shadow's by its step."""
        if self.deal is None:
            return
        back, awards, left = verdict.take_back, [], verdict.take_back.amount_minor
        for award in self.deal.awards:
            same = (award.rule_code, award.recipient_id, award.step, award.earning_id or "") == (
                verdict.rule.code,
                verdict.recipient_id,
                back.step,
                back.earning_id,
            )
            less = min(left, award.amount_minor) if same else 0
            left -= less
            awards.append(replace(award, amount_minor=award.amount_minor - less))
        self.deal = replace(self.deal, awards=tuple(awards))

    def _release(self, verdict: Released) -> Outcome:
        """What was pending becomes available."""
        free, books = verdict.free, self.books
        status = OutcomeStatus.SHADOW
        if not verdict.rule.shadow:
            earning = books.postings.earning(free.earning_id, self._likely())
            books.postings.free(earning, self.facts.activity.occurred_at)
            status = OutcomeStatus.RELEASED
        if self.deal is not None:
            awards = tuple(
                replace(award, pending=False)
                if (award.earning_id or "", award.rule_code) == (free.earning_id, verdict.rule.code)
                and award.recipient_id == verdict.recipient_id
                else award
                for award in self.deal.awards
            )
            self.deal = replace(self.deal, awards=awards)
        return self._told(verdict, status, earning_id=free.earning_id or None)

    def _likely(self) -> tuple[str | None, ...]:
        return tuple(award.earning_id for award in self.deal.awards) if self.deal else ()

    def _count(self, rule: Rule, verdict: Award, shadow: bool = False) -> None:
        """What the award uses of limits and caps; a shadow rule uses no cap of anybody."""
        decides = verdict.part.decides
        counts = {
            name: amount
            for name, amount in verdict.counts.items()
            if name != decides and not (shadow and name.startswith("under:"))
        }
        self.books.counters.add(self.who.parties[rule.level], counts)
        self._decide(rule, decides, missed=False)

    def _withhold(self, verdict: Award | Withheld, reason: WithheldReason) -> Outcome:
        """Nothing is paid; it is decided all the same."""
        if reason is WithheldReason.NO_CONSENT and not self.again:
            self._forgo(verdict)
        self._decide(verdict.rule, verdict.part.decides, missed=True)
        return self._told(verdict, OutcomeStatus.WITHHELD, reason=reason)

    def _forgo(self, verdict: Award | Withheld) -> None:
        """Somebody goes without it for want of consent; its deal keeps that, where there is one."""
        rule, activity = verdict.rule, self.facts.activity
        forgo(self.books, self.who.parties, rule, verdict.part.amount_minor)
        if self.deal is not None and not rule.shadow and verdict.part.amount_minor:
            would_be = self._on_deal(self.deal, verdict, None)
            one = Forgone(activity.id, activity.behavior, would_be)
            self.deal = replace(self.deal, forgone=(*self.deal.forgone, one))

    def _decide(self, rule: Rule, counter: str | None, missed: bool) -> None:
        """A bonus is decided once, paid or withheld; the deal keeps what its sale has missed."""
        if counter is None:
            return
        progress_id = self.who.parties[rule.level]
        if not self.again:
            self.books.counters.add(progress_id, {counter: 1})
        if self.deal is not None:
            others = tuple(one for one in self.deal.missed if one != (progress_id, counter))
            kept = (*others, (progress_id, counter)) if missed else others
            self.deal = replace(self.deal, missed=kept)

    def _told(
        self,
        verdict: Verdict,
        status: OutcomeStatus,
        reason: WithheldReason | None = None,
        earning_id: str | None = None,
        team_award_id: str | None = None,
    ) -> Outcome:
        move = _move_of(verdict)
        return Outcome(
            rule_code=verdict.rule.code,
            status=status,
            asset=verdict.rule.asset,
            amount_minor=move.amount_minor,
            because=move.because,
            recipient_id=verdict.recipient_id,
            step=move.step,
            reason=reason,
            earning_id=earning_id,
            team_award_id=team_award_id,
        )

    def _trace(self, verdict: Award) -> Trace:
        """What explains the earning, frozen."""
        rule, part, consent = verdict.rule, verdict.part, verdict.consent
        activity, plan, books = self.facts.activity, self.facts.plan, self.books
        trace = Trace(
            earning_id=f"{verdict.recipient_id}.{books.situation.portal.new_id()}",
            program_id=books.program.id,
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
            reserved=earning_name(books.loads, verdict.recipient_id, rule, part.once_per)
            + f":{part.step}",
            inputs=verdict.inputs,
            payee=Payee.PARTNER if rule.level is Level.PARTNER else Payee.INDIVIDUAL,
            maturity=plan.maturity(rule, books.program.time_zone),
        )
        trace = books.rebating.explained(trace, rule)
        return allowed_by(trace, books.consents, consent, self.who.employment)


def forgo(books: Books, parties: Mapping[Level, str], rule: Rule, amount_minor: int) -> None:
    """What the staff goes without for want of consent."""
    if not rule.shadow:
        books.counters.forgo(parties, rule.asset, amount_minor)


def take_back(
    books: Books, parties: dict[Level, str], rule: Rule, earning: Earning, amount_minor: int
) -> None:
    """Part of an earning back into the budget, and out of all that it counted for.

    ``parties`` are the ids of its person's progress; it counted for the team of then.
    """
    books.postings.take_back(earning, amount_minor)
    books.budget.give_back(earning.wallet_id, rule.asset, amount_minor)
    books.counters.pay(_counted_in(parties, earning.trace), rule.level, rule.asset, -amount_minor)
    whole = amount_minor == earning.left_minor
    consent = _consent_in(books.consents, earning.trace)
    cap = rewards.cap_counter(books.consents, consent, rule.asset)
    freed = rewards.used(
        rule, earning.trace.occurred_at, books.program, cap, -amount_minor, -int(whole)
    )
    books.counters.add(parties[rule.level], freed)


def _counted_in(parties: Mapping[Level, str], trace: Trace) -> Mapping[Level, str]:
    """The progress that an earning counted in, of a person who may be in another team by now."""
    if trace.role is None:
        return parties  # A company's, or one that was made before it kept the team.
    prefix = parties[Level.PARTNER].rpartition(".")[0]
    team = {Level.TEAM: f"{prefix}.{party_of(Level.TEAM, trace.team_id or '')}"}
    own: dict[Level, str] = {
        level: party for level, party in parties.items() if level is not Level.TEAM
    }
    return own | team if trace.team_id is not None else own


def allowed_by(
    trace: Trace, file: ConsentFile | None, consent: Consent | None, employment: Employment
) -> Trace:
    """The trace with the consent that allows the earning of somebody; a company's needs none."""
    if file is None or consent is None:
        return trace
    return replace(
        trace,
        consent_id=f"{file.id}.{consent.number}",
        consent_version=file.version,
        payee=consent.payee,
        role=employment.role,
        team_id=employment.team_id,
    )


def earning_name(loads: Loads, wallet_id: str, rule: Rule, once_per: str) -> str:
    """The name that an earning holds; the partner is in it: a mover's goals are each partner's."""
    return f"earning:{loads.partner_id}:{wallet_id}:{loads.program_id}:{rule.code}:{once_per}"


def _move_of(verdict: Verdict) -> Part | TakeBack | Free:
    if isinstance(verdict, Reversed):
        return verdict.take_back
    return verdict.free if isinstance(verdict, Released) else verdict.part


def _consent_in(file: ConsentFile | None, trace: Trace) -> Consent | None:
    """The consent that an earlier earning names, with its cap."""
    number = (trace.consent_id or "").rpartition(".")[2]
    if file is None or not number.isdecimal() or not 1 <= int(number) <= len(file.consents):
        return None
    return file.consents[int(number) - 1]
