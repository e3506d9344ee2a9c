"""A partner's deals, counters and pay in memory, kept as the services keep them.

Every award is recomputed from what its earning would keep, and nothing is taken back twice.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from portal_api.domain import deals, goals, rebates, rewards
from portal_api.domain.activities import (
    DEAL_AMOUNT_CHANGED,
    DEAL_CHANGES,
    DEAL_CREDITED,
    DEAL_LOST,
    DEAL_REGISTERED,
    DEAL_REOPENED,
    DEAL_RETURNED,
    DEAL_SUBMITTED,
    DEAL_WON,
    Activity,
)
from portal_api.domain.awards import DealAward
from portal_api.domain.deals import Credit, Deal
from portal_api.domain.goals import Level, Part, Progress, Target
from portal_api.domain.money import split
from portal_api.domain.plans import PlanVersion, Rule
from portal_api.domain.programs import Program
from portal_api.domain.rebates import RebateFacts
from portal_api.domain.rewards import (
    Award,
    Facts,
    Recipient,
    Released,
    Reversed,
    Verdict,
    Withheld,
)
from tests.domain.facts import CONSENTS, DAY, ENROLLMENT, PARTNER, PROGRAM, T0, a_recipient
from tests.domain.facts import trace_of as kept_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Moved:
    """What one verdict has moved: positive where it was paid, negative where taken back."""

    rule: str
    who: str
    asset: str
    minor: int
    pending: bool = False


@dataclass(frozen=True)
class Waiting:
    """What was withheld for an activity, of a deal if one is named, as it was divided then."""

    verdict: Withheld
    activity: Activity
    name: str | None
    credits: tuple[Credit, ...]


@dataclass
class Fold:
    """A program under one plan; an hour passes with each event that does not say when it was."""

    plan: PlanVersion
    targets: dict[str, dict[str, Target]] = field(default_factory=dict)
    program: Program = PROGRAM
    strangers: frozenset[str] = frozenset()
    """Who is not enrolled."""
    rebate: RebateFacts = field(default_factory=RebateFacts)
    now: datetime = T0 + DAY
    deals: dict[str, Deal] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    reserved: set[tuple[str, str, str, str]] = field(default_factory=set)
    """The names that earnings hold."""
    waiting: list[Waiting] = field(default_factory=list)
    _count: int = 0

    def paid(self, who: str = "ann", rule: str | None = None) -> tuple[int, ...]:
        """What somebody was paid and what was taken back, in order; only of a rule if named."""
        return tuple(
            one.minor
            for one in self.moved
            if one.who == who and one.minor and rule in (None, one.rule)
        )

    def net(self, who: str | None = None) -> int:
        """What somebody has, or everybody, pending included."""
        return sum(one.minor for one in self.moved if who in (None, one.who))

    def pending(self, who: str = "ann") -> int:
        """What waits for a deal to be won."""
        awards = (award for deal in self.deals.values() for award in deal.awards)
        return sum(one.amount_minor for one in awards if one.pending and one.recipient_id == who)

    def submit(
        self,
        amount_minor: int,
        name: str = "d",
        owner: str = "ann",
        credits: tuple[Credit, ...] = (),  # noqa: A002
    ) -> None:
        """A registration."""
        deal = Deal(
            id=f"p.{owner}.g.{name}",
            partner_id="p",
            owner_id=owner,
            program_id="g",
            end_customer=None,
            product="Pro",
            amount_minor=amount_minor,
            currency=self.program.currency,
            submitted_at=self._at(None),
            credits=deals.checked_credits(credits),
        )
        self._changed(name, deal, DEAL_SUBMITTED, self.now)

    def approve(self, name: str = "d", at: datetime | None = None) -> None:
        at = self._at(at)
        self._changed(name, deals.approve(self.deals[name], at, None), DEAL_REGISTERED, at)

    def amount(self, amount_minor: int, name: str = "d") -> None:
        changed = deals.change_amount(self.deals[name], amount_minor)
        self._changed(name, changed, DEAL_AMOUNT_CHANGED, self._at(None))

    def credit(self, *credits: Credit, name: str = "d") -> None:  # noqa: A002
        self._changed(name, deals.divide(self.deals[name], credits), DEAL_CREDITED, self._at(None))

    def win(self, amount_minor: int | None = None, name: str = "d") -> None:
        at, deal = self._at(None), self.deals[name]
        final = deal.amount_minor if amount_minor is None else amount_minor
        self._changed(name, deals.win(deal, final, at), DEAL_WON, at)

    def lose(self, name: str = "d") -> None:
        at = self._at(None)
        self._changed(name, deals.lose(self.deals[name], at), DEAL_LOST, at)

    def give_back(self, name: str = "d") -> None:
        at = self._at(None)
        self._changed(name, deals.take_return(self.deals[name], at), DEAL_RETURNED, at)

    def reopen(self, name: str = "d") -> None:
        at = self._at(None)
        self._changed(name, deals.reopen(self.deals[name], at), DEAL_REOPENED, at)

    def sell(
        self,
        amount_minor: int,
        name: str = "d",
        owner: str = "ann",
        credits: tuple[Credit, ...] = (),  # noqa: A002
    ) -> None:
        """A deal that is submitted and won."""
        self.submit(amount_minor, name, owner, credits)
        self.win(name=name)

    def did(
        self, behavior: str, who: str = "ann", name: str | None = None, at: datetime | None = None
    ) -> None:
        """Somebody did something, for a deal where one is named."""
        at = self._at(at)
        deal = self.deals[name].with_did(behavior, who, at) if name else None
        self._record(behavior, who, name, deal, at)

    def retry(self, name: str | None = None) -> None:
        """What was withheld is judged again, only of a deal if named; what stays so waits on.

        A change of a deal that does not hold any more earns nothing, nor does one of a deal that is
        divided otherwise by now.
        """
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            if name not in (None, one.name) or not self._judged_again(one):
                self.waiting.append(one)

    def _judged_again(self, one: Waiting) -> bool:
        """Whether what was withheld is paid after all."""
        activity, before, who = one.activity, one.verdict, one.verdict.recipient_id
        deal = self.deals[one.name] if one.name else None
        if deal is not None and (
            not deal.still(activity.behavior, activity.occurred_at) or deal.credited != one.credits
        ):
            return False
        decided = {before.part.decides: 1} if before.part.decides else {}
        self._add(who, dict.fromkeys(decided, -1))
        part = _parts((who,), activity.individual_id, deal)[who]
        recipient = self._recipient(before.rule, who, part)
        facts = replace(self._facts(activity, deal), counted_already=True)
        for verdict in rewards.earned(before.rule, facts, recipient):
            if isinstance(verdict, Award) and verdict.part.step == before.part.step:
                deal = self._applied(verdict, activity, deal)
                if one.name is not None and deal is not None:
                    self.deals[one.name] = deal
                return True
        self._add(who, decided)
        return False

    def _at(self, at: datetime | None) -> datetime:
        self.now += HOUR
        return at or self.now

    def _changed(self, name: str, deal: Deal, behavior: str, at: datetime) -> None:
        self._record(behavior, deal.owner_id, name, deal, at)

    def _record(
        self, behavior: str, who: str, name: str | None, deal: Deal | None, at: datetime
    ) -> None:
        self._count += 1
        own = f"p.{who}.g.{self._count}"
        activity = Activity(
            own, "p", who, "g", behavior, at, self.now, "test", own, deal.id if deal else None
        )
        people = deal.people if deal is not None and behavior in DEAL_CHANGES else (who,)
        parts = _parts(people, who, deal)
        for rule in self.plan.rules:
            for party in people if rule.level is Level.INDIVIDUAL else ("p",):
                recipient = self._recipient(rule, party, parts[party])
                for verdict in rewards.earned(rule, self._facts(activity, deal), recipient):
                    deal = self._applied(verdict, activity, deal)
                    if isinstance(verdict, Withheld):
                        credited = deal.credited if deal is not None else ()
                        self.waiting.append(Waiting(verdict, activity, name, credited))
        for party, part in parts.items():
            self._add(party, goals.counted(self.plan.goals, activity, deal, part))
        self._add("p", rebates.revenue_counted(self.program, behavior, deal))
        if name is not None and deal is not None:
            self.deals[name] = deal

    def _facts(self, activity: Activity, deal: Deal | None) -> Facts:
        return Facts(self.program, self.plan, PARTNER, activity, deal, CONSENTS, rebate=self.rebate)

    def _recipient(self, rule: Rule, party: str, part: Part) -> Recipient:
        return a_recipient(
            rule.level,
            id=party,
            enrollment=None if party in self.strangers else ENROLLMENT,
            progress=self.progress.get(party, Progress(party)),
            targets=self.targets.get(party, {}),
            part=part,
        )

    def _add(self, party: str, counts: dict[str, int]) -> None:
        self.progress[party] = self.progress.get(party, Progress(party)).plus(counts)

    def _applied(self, verdict: Verdict, activity: Activity, deal: Deal | None) -> Deal | None:
        """The deal after a verdict, which is noted."""
        self.verdicts.append(verdict)
        rule, who = verdict.rule, verdict.recipient_id
        match verdict:
            case Award():
                return self._awarded(verdict, activity, deal)
            case Reversed():
                back = verdict.take_back
                self._add(who, dict(back.counts))
                self._move(rule, who, -back.amount_minor)
                return _less(deal, verdict)
            case Released():
                assert deal is not None
                of = (verdict.free.earning_id, rule.code, who)
                freed = [
                    replace(one, pending=False)
                    if (one.earning_id or "", one.rule_code, one.recipient_id) == of
                    else one
                    for one in deal.awards
                ]
                return replace(deal, awards=tuple(freed))
            case _:
                if verdict.part.decides:
                    self._add(who, {verdict.part.decides: 1})
                return deal

    def _awarded(self, award: Award, activity: Activity, deal: Deal | None) -> Deal | None:
        rule, part, who = award.rule, award.part, award.recipient_id
        trace = kept_of(self.plan, activity, award, award.inputs)
        assert part == rewards.replayed(self.plan, trace, who)
        assert part.amount_minor >= 0
        self._add(who, dict(award.counts))
        self._move(rule, who, part.amount_minor, part.pending)
        earning_id = None
        if part.amount_minor and not rule.shadow:
            name = (who, rule.code, part.once_per, part.step)
            assert name not in self.reserved
            self.reserved.add(name)
            earning_id = f"{who}.{len(self.moved)}"
        if deal is None:
            return None
        paid = DealAward(
            rule.code,
            part.step,
            earning_id,
            rule.asset,
            part.amount_minor,
            who,
            part.pending,
            rule.shadow,
            self.plan.number,
            deal.reopened,
        )
        return replace(deal, awards=(*deal.awards, paid))

    def _move(self, rule: Rule, who: str, minor: int, pending: bool = False) -> None:
        self.moved.append(Moved(rule.code, who, rule.asset, minor, pending))


def _parts(people: tuple[str, ...], who: str, deal: Deal | None) -> dict[str, Part]:
    """The part of each person and of the partner in an activity."""
    shares: dict[str, int] = {}
    if deal is not None:
        weights = [credit.weight for credit in deal.credited]
        amounts = split(deal.amount_minor, weights)
        shares = {
            credit.individual_id: amount
            for credit, amount in zip(deal.credited, amounts, strict=True)
        }
    parts = {person: Part(shares.get(person, 0), own=person == who) for person in people}
    return {**parts, "p": Part(deal.amount_minor if deal else 0, own=True)}


def _less(deal: Deal | None, verdict: Reversed) -> Deal | None:
    """The deal's awards, less what was taken back: never more than there was."""
    assert deal is not None
    back, awards = verdict.take_back, []
    left = back.amount_minor
    for award in deal.awards:
        same = (award.rule_code, award.recipient_id, award.step, award.earning_id or "") == (
            verdict.rule.code,
            verdict.recipient_id,
            back.step,
            back.earning_id,
        )
        less = min(left, award.amount_minor) if same else 0
        left -= less
        awards.append(replace(award, amount_minor=award.amount_minor - less))
    assert left == 0
    return replace(deal, awards=tuple(awards))
