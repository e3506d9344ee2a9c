"""Why an earning is what it is: in words, in fields, and recomputed from what it kept."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import strawberry

from portal_api.domain import earnings, plans, programs
from portal_api.domain.activities import DEAL_BEHAVIORS, BehaviorType
from portal_api.domain.cases import DealTold, Inputs, Measured
from portal_api.domain.consent import ConsentFile
from portal_api.domain.earnings import EarningStatus
from portal_api.domain.goals import Measure
from portal_api.domain.ledger import Wallet
from portal_api.domain.money import POINTS, to_text
from portal_api.domain.rewards import replayed
from portal_api.schema.access import Audience, declared
from portal_api.schema.consent import Consent, consents_of
from portal_api.schema.context import Catalogue, Info
from portal_api.schema.deal_parts import DealHistory
from portal_api.schema.enums import ConsentScope, DealStage
from portal_api.schema.goals import GoalValue
from portal_api.schema.plans import PlanVersion, Rule
from portal_api.schema.rebates import ExplainedPeriod
from portal_api.schema.scalars import Amount, BigInt, Money, amount_of, money_of
from portal_api.services.store import One

_READERS = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)
_WHOM = {
    ConsentScope.COMPANY: "the whole company",
    ConsentScope.TEAMS: "the teams that it names",
    ConsentScope.INDIVIDUALS: "the people that it names",
}


@declared(*_READERS)
@strawberry.type(description="A deal as it was after the activity, and your part in it.")
class ExplainedDeal:
    """What a rule was told of a deal."""

    amount: Money = strawberry.field(description="Its amount then.")
    stage: DealStage = strawberry.field(description="Its stage then.")
    closed_at: datetime | None = strawberry.field(description="When it was won or lost.")
    reopened: int = strawberry.field(description="How often it had been opened again.")
    weights: list[int] = strawberry.field(
        description="The weights that divided it between people; empty: all of it counted."
    )
    place: int | None = strawberry.field(
        description="The place of the own weight among them, from 0; null without a share."
    )
    history: list[DealHistory] = strawberry.field(
        description="What the recipient had done for it: of each behavior the first."
    )

    @classmethod
    def of(cls, partner_id: str, record: DealTold) -> "ExplainedDeal":
        """The deal as shown."""
        return cls(
            amount=money_of(record.currency, record.amount_minor),
            stage=record.stage,
            closed_at=record.closed_at,
            reopened=record.reopened,
            weights=list(record.weights),
            place=record.mine,
            history=[DealHistory.of(partner_id, did) for did in record.history],
        )


@declared(*_READERS)
@strawberry.type(description="What the same rule had paid on the deal before.")
class PaidBefore:
    """An earlier payment."""

    step: str = strawberry.field(description="The rule's step.")
    amount: Amount = strawberry.field(description="What was left of it, net of what was taken.")


@declared(*_READERS)
@strawberry.type(description="The goal that the rule follows, around the activity.")
class ExplainedGoal:
    """A progress."""

    code: str = strawberry.field(description="The goal's code in the plan.")
    before: GoalValue = strawberry.field(description="The progress before the activity.")
    after: GoalValue = strawberry.field(description="The progress after it.")
    goal: GoalValue | None = strawberry.field(description="The goal then, if one was set.")
    stretch: GoalValue | None = strawberry.field(description="The stretch goal then.")


@declared(*_READERS)
@strawberry.type(description="A number that the rule keeps for itself.")
class ExplainedCounter:
    """A counter."""

    name: str = strawberry.field(description="What it counts, such as paid:RULE.")
    value: BigInt = strawberry.field(description="Its value before; amounts in minor units.")


@declared(*_READERS)
@strawberry.type(description="A team's amount in equal shares.")
class ExplainedShare:
    """A share."""

    members: int = strawberry.field(description="How many shared in it.")
    place: int = strawberry.field(
        description="Which of them, from 0; the first take what does not divide."
    )


@declared(*_READERS)
@strawberry.type(
    description="All that the rule's mechanic was told: it decided on nothing else. Of a team's"
    " share only the vendor sees more than the share: the deal and the goal are of others."
)
class EarningInputs:
    """The inputs."""

    deal: ExplainedDeal | None = strawberry.field(description="The deal, where it is about one.")
    paid_before: list[PaidBefore] = strawberry.field(
        description="What the rule had paid the recipient on this deal, first to last."
    )
    joined: bool = strawberry.field(
        description="Whether the rule had paid others for the registration before the recipient had"
        " a share of the deal."
    )
    goal: ExplainedGoal | None = strawberry.field(description="The goal, where it follows one.")
    counters: list[ExplainedCounter] = strawberry.field(description="The rule's own counters.")
    share: ExplainedShare | None = strawberry.field(description="The share, where it is a team's.")
    period: ExplainedPeriod | None = strawberry.field(
        description="The period of the sale, where the rule counts by periods."
    )


@declared(*_READERS)
@strawberry.type(
    description="Why an earning is what it is, for who sees it: its earner and the vendor."
)
class EarningExplanation:
    """An explanation."""

    words: list[str] = strawberry.field(
        description="Full sentences, in order: what happened, which rule judged it, who consented,"
        " the arithmetic, and what became of it since."
    )
    plan: PlanVersion | None = strawberry.field(description="The plan version that judged.")
    rule: Rule | None = strawberry.field(
        description="The rule as that version has it, with its mechanic and parameters."
    )
    inputs: EarningInputs | None = strawberry.field(description="What the rule was told.")
    consent: Consent | None = strawberry.field(
        description="The consent that allowed it, as it is now; of a rebate the one by which the"
        " company took part then, where its program requires that. None for another earning of a"
        " company."
    )
    replays: bool = strawberry.field(
        description="Whether plan and inputs give the same amount today: false would mean that"
        " something was changed."
    )


async def explanation_of(info: Info, record: earnings.Earning) -> EarningExplanation:
    """The explanation of an earning that the viewer sees."""
    trace, context = record.trace, info.context
    everything = Audience.VENDOR in (await context.viewer()).audiences(None, None)
    file_id, _, number = (trace.consent_id or trace.participation_id or "").rpartition(".")
    catalogue, behavior, file, wallet = await asyncio.gather(
        context.catalogue(),
        context.load(One(BehaviorType, trace.behavior)),
        context.load(One(ConsentFile, file_id)),
        context.load(One(Wallet, record.wallet_id)),
    )
    plan = plan_of(catalogue, trace)
    program = catalogue.programs[trace.program_id]
    rule = plan.rule(trace.rule_code) if plan is not None else None
    consent = None
    if file is not None and number.isdecimal():
        consent = consents_of(file, context.portal.clock())[int(number) - 1]
    told = _told(trace.inputs, everything)
    status = record.status((wallet or Wallet(record.wallet_id)).holding(trace.asset))
    words = _Words(record, program, plan, told, status)
    named = {code.code: code.name for code in DEAL_BEHAVIORS}
    name = behavior.name if behavior else named.get(trace.behavior, trace.behavior)
    again = replayed(plan, trace, record.wallet_id) if plan is not None else None
    return EarningExplanation(
        words=[
            words.event(name),
            words.judged(),
            words.allowed(consent, await _grantor(info, consent)),
            trace.because,
            words.amount(),
            *words.since(),
            *words.worth(worth_of(catalogue, trace)),
        ],
        plan=None if plan is None else PlanVersion.of(plan, program),
        rule=Rule.of(rule, plan, program) if rule is not None and plan is not None else None,
        inputs=None if told is None else _inputs(trace, told, plan),
        consent=consent,
        replays=again is not None and again.amount_minor == trace.amount_minor,
    )


def plan_of(catalogue: Catalogue, trace: earnings.Trace) -> plans.PlanVersion | None:
    """The plan version that judged."""
    published = catalogue.plans.get(trace.program_id, ())
    return next((plan for plan in published if plan.number == trace.plan_number), None)


def worth_of(catalogue: Catalogue, trace: earnings.Trace) -> Money | None:
    """An earning's amount in money, where it has a value in money."""
    if trace.asset != POINTS:
        return money_of(trace.asset, trace.amount_minor)
    plan = plan_of(catalogue, trace)
    if plan is None or plan.point_value is None:
        return None
    currency = catalogue.programs[trace.program_id].currency
    return money_of(currency, plan.point_value.worth(trace.amount_minor))


async def _grantor(info: Info, consent: Consent | None) -> str | None:
    """The name of who granted a consent, while it works for the company."""
    if consent is None:
        return None
    person = await consent.granted_by(info)
    return None if person is None else person.name


def _told(inputs: Inputs | None, everything: bool) -> Inputs | None:
    """What the viewer may see of the inputs: a team's share keeps a colleague's deal and sales."""
    if inputs is None or inputs.shared is None or everything:
        return inputs
    return Inputs(shared=inputs.shared)


def _inputs(trace: earnings.Trace, record: Inputs, plan: plans.PlanVersion | None) -> EarningInputs:
    """The inputs as shown."""
    partner_id = trace.activity_id.partition(".")[0]
    deal, shared = record.deal, record.shared
    return EarningInputs(
        deal=None if deal is None else ExplainedDeal.of(partner_id, deal),
        paid_before=[
            PaidBefore(step=award.step, amount=amount_of(award.asset, award.amount_minor))
            for award in record.paid
        ],
        joined=record.joined,
        goal=_goal(record.measured, deal, plan) if record.measured is not None else None,
        counters=[
            ExplainedCounter(name=name, value=BigInt(value))
            for name, value in sorted(record.counters.items())
        ],
        share=None if shared is None else ExplainedShare(members=shared[0], place=shared[1]),
        period=ExplainedPeriod.of(record.period, deal.currency) if record.period and deal else None,
    )


def _goal(record: Measured, deal: DealTold | None, plan: plans.PlanVersion | None) -> ExplainedGoal:
    """A goal's progress as shown: revenue is in the deal's currency, which is the program's."""
    definition = plan.goal(record.goal) if plan is not None else None
    revenue = definition is not None and definition.measure is Measure.WON_REVENUE

    def value(amount: int) -> GoalValue:
        if revenue and deal is not None:
            return GoalValue(money=money_of(deal.currency, amount), count=None)
        return GoalValue(money=None, count=BigInt(amount))

    target = record.target
    return ExplainedGoal(
        code=record.goal,
        before=value(record.before),
        after=value(record.after),
        goal=None if target is None else value(target.goal),
        stretch=None if target is None else value(target.stretch),
    )


class _Words:
    """The sentences that explain one earning; instants are in the program's time zone."""

    def __init__(
        self,
        record: earnings.Earning,
        program: programs.Program,
        plan: plans.PlanVersion | None,
        inputs: Inputs | None,
        status: EarningStatus,
    ) -> None:
        self.status = status
        self.record, self.trace, self.inputs = record, record.trace, inputs
        self.program, self.plan = program, plan

    def event(self, name: str) -> str:
        """What happened when, and when that was known."""
        trace, deal = self.trace, self.inputs.deal if self.inputs else None
        about = ""
        if deal is not None:
            about = f", with a deal of {to_text(deal.amount_minor, deal.currency)} {deal.currency}"
        known = self.record.recorded_at
        late = f", and was recorded on {self._at(known)}" if known != trace.occurred_at else ""
        at = self._at(trace.occurred_at)
        return f'It was earned by "{name}" ({trace.behavior}) on {at}{about}{late}.'

    def judged(self) -> str:
        """Which rule of which plan, since when in force."""
        trace = self.trace
        since = f", in force from {self._at(self.plan.effective_from)}" if self.plan else ""
        return (
            f'It was judged by the rule "{trace.rule_name}" ({trace.rule_code}) of plan version'
            f" {trace.plan_number}{since}; the hash of its content is {trace.plan_hash}."
        )

    def allowed(self, consent: Consent | None, by: str | None) -> str:
        """Whose consent, for whom, from when."""
        if consent is None:
            return "It is the company's own earning, which needs nobody's consent."
        whom = _WHOM[consent.scope]
        if consent.roles:
            whom += f" in the roles {', '.join(sorted(consent.roles))}"
        from_ = f"from {self._at(consent.valid_from)} on"
        if consent.covers_from < consent.valid_from:
            from_ += f", and for what occurred since {self._at(consent.covers_from)}"
        if consent.historical:
            who = "An administrator's import declared the consent"
        else:
            who = (
                f"{by or 'An executive of the company'} consented on {self._at(consent.granted_at)}"
            )
        ended = ""
        if consent.revoked_at is not None:
            ended = f" It was revoked on {self._at(consent.revoked_at)}; what was earned stays."
        return f"{who}, for {whom}, {from_}.{ended}"

    def amount(self) -> str:
        """What it comes to."""
        trace, inputs = self.trace, self.inputs
        told = f"This earning is {self._amount(trace.amount_minor)}"
        if inputs is not None and inputs.shared is not None:
            return f"{told}, one of {inputs.shared[0]} equal shares of the team's."
        whole = trace.of_minor
        if whole is not None and whole != trace.amount_minor:
            told += f", a part of {self._amount(whole)}"
        return f"{told}."

    def since(self) -> list[str]:
        """What became of it."""
        match self.status:
            case EarningStatus.PENDING:
                until = "once the deal is won"
                if self.record.due_at is not None:
                    until = f"on {self._at(self.record.due_at)}"
                found = [f"It is pending: it becomes available {until}."]
            case EarningStatus.CANCELLED:
                return ["It was pending, and was cancelled: the deal was lost, or won too late."]
            case EarningStatus.REVERSED:
                return ["All of it was taken back."]
            case EarningStatus.PAID:
                found = ["It was paid out."]
            case EarningStatus.EXPIRED:
                found = ["What was left of it has expired."]
            case EarningStatus.ENDED:
                found = ["It was paid out or has expired, more than three years ago."]
            case _:
                found = []
        if self.record.reversed_minor:
            found.append(f"{self._amount(self.record.reversed_minor)} of it was taken back.")
        return found

    def worth(self, worth: Money | None) -> list[str]:
        """What points are worth."""
        if self.trace.asset != POINTS or worth is None:
            return []
        return [
            f"Under that plan version the points are worth {worth.amount} {worth.currency_code}."
        ]

    def _amount(self, amount_minor: int) -> str:
        return f"{to_text(amount_minor, self.trace.asset)} {self.trace.asset}"

    def _at(self, instant: datetime) -> str:
        local = instant.astimezone(ZoneInfo(self.program.time_zone))
        return f"{local:%Y-%m-%d at %H:%M} ({self.program.time_zone})"
