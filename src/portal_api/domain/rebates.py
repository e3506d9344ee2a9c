"""Rebates of a company: what they depend on besides the sale, and whether one can accrue and why.

A program can require that the company takes part, as a whole, in a program for individuals. Then no
rebate accrues for a sale at an instant without it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal_api.domain.activities import DEAL_RETURNED, DEAL_WON
from portal_api.domain.cases import PeriodTold
from portal_api.domain.consent import Consent, ConsentFile
from portal_api.domain.deals import Deal
from portal_api.domain.errors import InvalidInput
from portal_api.domain.goals import LARGEST_TARGET, Progress
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.partners import Partner
from portal_api.domain.periods import (
    FIRST_YEAR,
    LAST_YEAR,
    begins_at,
    can_be_told,
    is_of_months,
    months_in,
    period_of,
    year_before,
)
from portal_api.domain.plans import Period, PlanVersion, Rule, plan_at
from portal_api.domain.programs import Program

MOST_BASELINES = 200
"""How many periods the vendor may declare for one partner in one program."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a company won in a period before the program counted it, as the vendor declares it."""

    period: str
    amount_minor: int
    declared_by: str
    declared_at: datetime


@dataclass(frozen=True, slots=True)
class RebateBaselines:
    """All that was declared of one partner in one program; ``id`` names both."""

    id: str
    partner_id: str
    program_id: str
    baselines: tuple[Baseline, ...] = ()
    version: int = 0

    def amount(self, period: str) -> int | None:
        """What was declared of a period."""
        return next((one.amount_minor for one in self.baselines if one.period == period), None)

    def declaring(self, program: Program, declared: Baseline) -> "RebateBaselines":
        """The same with one more, or with another amount of that period.

        Raises ``InvalidInput`` for a period that the program counts itself, and for no period.
        """
        if not can_be_told(declared.period):
            text = "A period is a month M2025-03, quarter Q2025-1, half-year H2025-1 or year Y2025"
            text += f", of {FIRST_YEAR} to {LAST_YEAR}."
            raise InvalidInput(text, "period")
        if counts_all_of(program, declared.period):
            raise InvalidInput("The program counts this period itself.", "period")
        if not 0 < declared.amount_minor <= LARGEST_TARGET:
            raise InvalidInput("What was won is more than zero.", "amount")
        others = tuple(one for one in self.baselines if one.period != declared.period)
        if len(others) >= MOST_BASELINES:
            raise InvalidInput(f"At most {MOST_BASELINES} periods are declared.", "period")
        return replace(self, baselines=(*others, declared))


class ParticipationStatus(StrEnum):
    """Whether a company takes part as a whole at an instant, or what is in the way of that."""

    NOT_REQUIRED = "NOT_REQUIRED"
    TAKES_PART = "TAKES_PART"
    NEVER_GRANTED = "NEVER_GRANTED"
    NOT_COMPANY_WIDE = "NOT_COMPANY_WIDE"
    NOT_YET = "NOT_YET"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    OLD_TERMS = "OLD_TERMS"


@dataclass(frozen=True, slots=True)
class Taking:
    """Where a company's participation stands at an instant.

    ``consent`` is the one that covers it, or comes next to that; ``since`` is when that was
    revoked, has expired, or begins.
    """

    status: ParticipationStatus
    consent: Consent | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Participation:
    """The program in which a company must take part, and what it has granted there."""

    program: Program
    consents: ConsentFile | None

    def consent_at(self, instant: datetime) -> Consent | None:
        """The consent of the whole company that was in force, in the terms in force then."""
        terms = self.program.terms_at(instant)
        return self.consents.participation_at(instant, terms) if self.consents else None

    def at(self, instant: datetime) -> Taking:
        """Whether the company takes part at an instant, or why not."""
        covering = self.consent_at(instant)
        if covering is not None:
            return Taking(ParticipationStatus.TAKES_PART, covering, covering.valid_from)
        consents = self.consents.consents if self.consents else ()
        if not consents:
            return Taking(ParticipationStatus.NEVER_GRANTED)
        whole = [consent for consent in consents if consent.whom.everybody]
        if not whole:
            return Taking(ParticipationStatus.NOT_COMPANY_WIDE, consents[-1])
        for consent in whole:
            if consent.active_at(instant):
                return Taking(ParticipationStatus.OLD_TERMS, consent)
        ended = [(end, one) for one in whole if (end := one.ended_at(instant)) and end <= instant]
        if ended:
            end, consent = max(ended, key=lambda pair: pair[0])
            revoked = end == consent.revoked_at
            status = ParticipationStatus.REVOKED if revoked else ParticipationStatus.EXPIRED
            return Taking(status, consent, end)
        first = min(whole, key=lambda consent: consent.valid_from)
        return Taking(ParticipationStatus.NOT_YET, first, first.valid_from)


@dataclass(frozen=True, slots=True)
class RebateFacts:
    """What rebates depend on besides the sale.

    ``participation`` is none where the program requires none.
    """

    participation: Participation | None = None
    baselines: RebateBaselines | None = None


NO_REBATE = RebateFacts()
"""What any other rule depends on."""


def revenue_counted(program: Program, activity_behavior: str, deal: Deal | None) -> dict[str, int]:
    """What a sale adds to a company's revenue of its month, or its return takes off it.

    Counted of every won deal, so that the next year has something to grow from.
    """
    sign = {DEAL_WON: 1, DEAL_RETURNED: -1}.get(activity_behavior, 0)
    if deal is None or deal.closed_at is None or not sign or not deal.amount_minor:
        return {}
    month = period_of(Period.MONTH, deal.closed_at, program.time_zone)
    return {_revenue(month): sign * deal.amount_minor}


def counts_all_of(program: Program, period: str) -> bool:
    """Whether the program was there for all of a period, so that it has counted the revenue."""
    return begins_at(period, program.time_zone) >= program.starts_at


def period_told(
    rule: Rule,
    program: Program,
    instant: datetime,
    progress: Progress,
    baselines: RebateBaselines | None,
) -> PeriodTold | None:
    """The period of a sale at an instant, as the rule's mechanic is told of it.

    The year before is what the program has counted of all that was won or, where it was not there
    for all of that period, what the vendor has declared.
    """
    period = rule.mechanic.by_period
    if period is None:
        return None
    name = period_of(period, instant, program.time_zone)
    if not rule.mechanic.grows:
        return PeriodTold(name)
    before = year_before(name)
    if counts_all_of(program, before):
        return PeriodTold(name, won_in(progress, before))
    amount = baselines.amount(before) if baselines is not None else None
    return PeriodTold(name, amount, declared=amount is not None)


def relied_on(rule: Rule, period: PeriodTold) -> tuple[str, ...]:
    """The company's counters that a sale in the period is judged by."""
    months = months_in(year_before(period.name)) if rule.mechanic.grows else ()
    return (*rule.mechanic.counters(rule, period.name), *map(_revenue, months))


def won_in(progress: Progress, period: str) -> int:
    """All that a company has won in such a period, or in the program's whole time."""
    if not is_of_months(period):
        return progress.count("won_minor")
    return sum(progress.count(_revenue(month)) for month in months_in(period))


def _revenue(month: str) -> str:
    """The counter of all that was won in a month."""
    return f"revenue:{month}"


class RebateCheck(StrEnum):
    """What a rebate needs, in the order in which it is told."""

    PROGRAM_OPEN = "PROGRAM_OPEN"
    PARTNER_TYPE = "PARTNER_TYPE"
    REGION = "REGION"
    BUSINESS_MODEL = "BUSINESS_MODEL"
    STRATEGY = "STRATEGY"
    TIER = "TIER"
    REBATE_RULE = "REBATE_RULE"
    PARTICIPATION = "PARTICIPATION"


@dataclass(frozen=True, slots=True)
class RebateStanding:
    """One rebate rule at an instant: how much counts in its period, and which band is reached.

    ``band`` counts from 0. ``next_start_minor`` is where the next band begins, if there is one.
    ``overpaid_minor``, of the rule's asset, is what was paid beyond what all revenue is worth.
    """

    rule: Rule
    period: PeriodTold
    revenue_minor: int
    band: int
    rate_bps: int
    next_start_minor: int | None
    overpaid_minor: int

    @property
    def missing_minor(self) -> int | None:
        """How much revenue is missing to the next band."""
        start = self.next_start_minor
        return None if start is None else start - self.revenue_minor


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a sale at an instant accrues a rebate, with all that this depends on.

    As things stand now: what was granted, published and counted by now.
    """

    at: datetime
    holds: Mapping[RebateCheck, bool]
    required: Program | None
    participation: Taking
    plan: PlanVersion | None
    standings: tuple[RebateStanding, ...]

    @property
    def eligible(self) -> bool:
        """Whether nothing is in the way."""
        return all(self.holds.values())


def eligibility(
    program: Program,
    plans: tuple[PlanVersion, ...],
    partner: Partner,
    progress: Progress,
    facts: RebateFacts,
    at: datetime,
) -> Eligibility:
    """Whether a sale of the partner at an instant accrues a rebate in the program, and why."""
    published = plan_at(plans, at)
    plan = published if published is not None and published.effective_from <= at else None
    rules = tuple(
        rule
        for rule in (plan.rules if plan else ())
        if rule.mechanic.of_participation and not rule.shadow
    )
    admitted = tuple(rule for rule in rules if rule.segment.admits_partner(partner, at))
    required = facts.participation
    taking = required.at(at) if required else Taking(ParticipationStatus.NOT_REQUIRED)
    fine = (ParticipationStatus.NOT_REQUIRED, ParticipationStatus.TAKES_PART)
    holds = {
        RebateCheck.PROGRAM_OPEN: program.open_at(at),
        **_of_partner(program, partner, at),
        RebateCheck.REBATE_RULE: bool(admitted),
        RebateCheck.PARTICIPATION: taking.status in fine,
    }
    standings = _standings(admitted, program, progress, facts.baselines, at)
    return Eligibility(
        at, holds, required.program if required else None, taking, plan, tuple(standings)
    )


def _of_partner(program: Program, partner: Partner, at: datetime) -> dict[RebateCheck, bool]:
    """Whether the program's segment lets the company through, by what it asks for."""
    segment = program.segment
    return {
        RebateCheck.PARTNER_TYPE: not segment.types or partner.type in segment.types,
        RebateCheck.REGION: not segment.regions or partner.region in segment.regions,
        RebateCheck.BUSINESS_MODEL: not segment.business_models
        or partner.business_model in segment.business_models,
        RebateCheck.STRATEGY: not segment.strategies or partner.strategy in segment.strategies,
        RebateCheck.TIER: not segment.tiers or partner.tier_at(at) in segment.tiers,
    }


def _standings(
    rules: tuple[Rule, ...],
    program: Program,
    progress: Progress,
    baselines: RebateBaselines | None,
    at: datetime,
) -> Iterator[RebateStanding]:
    for rule in rules:
        period = period_told(rule, program, at, progress, baselines)
        if not isinstance(rule.mechanic, Rebate) or period is None:
            continue
        scale = rule.mechanic.scale(period)
        revenue, _, over = map(progress.count, rule.mechanic.counters(rule, period.name))
        band = scale.band_at(revenue)
        later = scale.starts[band + 1 : band + 2]
        yield RebateStanding(
            rule=rule,
            period=period,
            revenue_minor=revenue,
            band=band,
            rate_bps=scale.rate_at(revenue),
            next_start_minor=later[0] if later else None,
            overpaid_minor=over,
        )
