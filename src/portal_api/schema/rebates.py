"""Rebates: whether a company's sale accrues one at an instant, and why; and what was won before."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import strawberry

from portal_api.domain import partners, programs, rebates
from portal_api.domain.cases import PeriodTold
from portal_api.domain.consent import ConsentFile
from portal_api.domain.eligibility import known_to
from portal_api.domain.goals import COMPANY, Progress
from portal_api.schema.access import Audience, declared, may_see
from portal_api.schema.consent import Consent, consents_of
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.plans import PlanVersion, Rule
from portal_api.schema.programs import Program, program_of
from portal_api.schema.rebate_enums import ParticipationStatus, RebateCheck
from portal_api.schema.scalars import Amount, Money, MoneyInput, amount_of, money_of
from portal_api.services import rebates as services
from portal_api.services.partners import MANAGERS
from portal_api.services.store import Many, One, of_partner

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_FORM = "M2025-03 for a month, Q2025-1 for a quarter, H2025-1 for a half-year, Y2025 for a year"


@declared(*_COMPANY)
@strawberry.type(description="One thing that a rebate needs, and whether it is there.")
class RebateReason:
    """A reason."""

    check: RebateCheck = strawberry.field(description="What is needed.")
    holds: bool = strawberry.field(description="Whether it is there at the instant.")
    message: str = strawberry.field(description="A sentence for people.")


@declared(*_COMPANY)
@strawberry.type(
    description="The company's participation in the program that is required for its rebate."
)
class RebateParticipation:
    """A participation."""

    status: ParticipationStatus = strawberry.field(description="Where it stands at the instant.")
    program: Program | None = strawberry.field(
        description="The program required; null where none is, or it is not for you."
    )
    consent: Consent | None = strawberry.field(
        description="The consent that covers the instant or, where none does, the one that came"
        " next to it; null where there is none."
    )
    since: datetime | None = strawberry.field(
        description="When that consent began, or will begin; had been revoked, or had ended."
    )


@declared(*_COMPANY)
@strawberry.type(description="Where a company stands in the bands of a rebate, counted by now.")
class RebateStanding:
    """One rule."""

    rule: Rule = strawberry.field(description="The rule, with its bands.")
    period: str = strawberry.field(
        description=f"The period of the instant by the program's calendar: {_FORM}, P for the"
        " program."
    )
    revenue: Money = strawberry.field(
        description="What was won in the period and counts for the bands: of instants with"
        " participation only, net of returns."
    )
    year_before: Money | None = strawberry.field(
        description="What was won in the same period of the year before; null where the bands do"
        " not depend on it or nothing is known: then the first band's rate is for all."
    )
    year_before_declared: bool = strawberry.field(
        description="Whether the vendor has declared it, since the program was not there to count."
    )
    band: int = strawberry.field(description="The band that is reached, from 1.")
    rate_bps: int = strawberry.field(description="Its rate, in basis points.")
    next_band_from: Money | None = strawberry.field(
        description="The revenue from which the next band's rate is paid; null in the last one."
    )
    missing: Money | None = strawberry.field(description="How much is missing to that.")
    overpaid: Amount = strawberry.field(
        description="What was paid so far beyond what the revenue of all periods is worth, since"
        " returned deals had lifted others: the next sales, of whatever period, pay so much less."
        " Less than zero: so much more."
    )


@declared(*_COMPANY)
@strawberry.type(
    description="Whether a sale of a company at an instant accrues a rebate, and why. Of an instant"
    " in the past as it was, of one to come as things stand now."
)
class RebateEligibility:
    """An eligibility."""

    as_of: datetime = strawberry.field(description="The instant.")
    eligible: bool = strawberry.field(description="Whether all of the reasons hold.")
    reasons: list[RebateReason] = strawberry.field(
        description="All that a rebate needs, whether it is there or not, in this order."
    )
    program: Program = strawberry.field(description="The program that pays the rebate.")
    plan: PlanVersion | None = strawberry.field(
        description="The version of its plan in force at the instant."
    )
    participation: RebateParticipation = strawberry.field(
        description="The company's participation where it is required."
    )
    standings: list[RebateStanding] = strawberry.field(
        description="Each rebate of the plan that is for the company, and where it stands in it."
    )


@declared(Audience.OWNER, *_COMPANY)
@strawberry.type(description="The period of a sale, as its rebate was told of it.")
class ExplainedPeriod:
    """A period."""

    name: str = strawberry.field(description=f"{_FORM}, P for the program.")
    year_before: Money | None = strawberry.field(
        description="What was won in the same period of the year before, where it was asked for and"
        " known."
    )
    year_before_declared: bool = strawberry.field(description="Whether the vendor declared that.")

    @classmethod
    def of(cls, record: PeriodTold, currency: str) -> "ExplainedPeriod":
        """The period as shown."""
        return cls(
            name=record.name,
            year_before=_money(currency, record.before_minor),
            year_before_declared=record.declared,
        )


@declared(Audience.VENDOR)
@strawberry.type(description="What a company won in a period, as the vendor declares it.")
class RebateBaseline:
    """A baseline."""

    period: str = strawberry.field(description=f"{_FORM}.")
    amount: Money = strawberry.field(description="What was won in it.")
    declared_at: datetime = strawberry.field(description="When it was declared.")


@strawberry.input(
    description="What a company won in a period in which the program was not there to count it."
)
class DeclareRebateBaselineInput(MutationInput):
    """A declaration."""

    partner_id: strawberry.ID = strawberry.field(description="The company.")
    program_id: strawberry.ID = strawberry.field(description="The program that pays the rebate.")
    period: str = strawberry.field(description=f"{_FORM}.")
    amount: MoneyInput = strawberry.field(
        description="What was won in it, in the program's currency."
    )


@declared(Audience.VENDOR)
@strawberry.type(description="Growth in the year after that period is measured by it from now on.")
class RebateBaselineDeclared:
    """Success."""

    baselines: list[RebateBaseline] = strawberry.field(
        description="All that is declared of the company in the program."
    )


@strawberry.type
class RebateMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("DeclareRebateBaseline", RebateBaselineDeclared),
        MANAGERS,
        "Declares what a company won in a period before the program was there to count it, or"
        " corrects that. What has accrued by then stays as it is; a return rates what is left of"
        " its period by what is known then.",
    )
    async def declare_rebate_baseline(
        self, info: Info, input: DeclareRebateBaselineInput
    ) -> object:
        """A declaration."""
        outcome = perform(
            info,
            services.declare_rebate_baseline,
            input.request_id,
            partner_id=decoded(input.partner_id, "Partner", "partnerId"),
            program_id=decoded(input.program_id, "Program", "programId"),
            period=input.period,
            amount_minor=input.amount.minor("amount"),
            currency=input.amount.currency_code,
        )
        await authorized(info, RebateBaseline, outcome.baselines.partner_id)
        currency = input.amount.currency_code
        return RebateBaselineDeclared(
            baselines=[
                RebateBaseline(
                    period=one.period,
                    amount=money_of(currency, one.amount_minor),
                    declared_at=one.declared_at,
                )
                for one in outcome.baselines.baselines
            ]
        )


@strawberry.type
class RebateQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="Whether a company's sale accrues a rebate in a program at an instant, and why."
        " Null where there is no such partner or program, or you are none of: vendor, the"
        " company's executive.",
        metadata=counted(10),
    )
    async def rebate_eligibility(
        self,
        info: Info,
        partner_id: Annotated[strawberry.ID, strawberry.argument(description="The company.")],
        program_id: Annotated[
            strawberry.ID, strawberry.argument(description="The program that pays the rebate.")
        ],
        as_of: Annotated[
            datetime | None, strawberry.argument(description="The instant; left out: now.")
        ] = None,
    ) -> RebateEligibility | None:
        """The eligibility."""
        context, viewer = info.context, await info.context.viewer()
        company = decoded(partner_id, "Partner", "partnerId")
        in_program = decoded(program_id, "Program", "programId")
        if not may_see(RebateEligibility, viewer.audiences(company, None)):
            return None
        catalogue, partner, files, progress, baselines = await asyncio.gather(
            context.catalogue(),
            context.load(One(partners.Partner, company)),
            context.load(Many(ConsentFile, of_partner(company))),
            context.load(One(Progress, f"{company}.{in_program}.{COMPANY}")),
            context.load(One(rebates.RebateBaselines, f"{company}.{in_program}")),
        )
        now, file_of = context.portal.clock(), {one.program_id: one for one in files.records}
        asked, parts = catalogue.programs.get(in_program), (progress, file_of.get(in_program))
        program = known_to(viewer, asked, partner, now, *parts)
        if partner is None or program is None:
            return None
        required = catalogue.programs.get(program.participation_in or "")
        file = file_of.get(required.id) if required else None
        found = rebates.eligibility(
            program,
            catalogue.plans.get(in_program, ()),
            partner,
            progress or Progress(f"{company}.{in_program}.{COMPANY}"),
            rebates.RebateFacts(
                rebates.Participation(required, file) if required else None, baselines
            ),
            as_of or now,
        )
        if known_to(viewer, required, partner, now, file) is None:
            found = replace(found, required=None)  # That it is needed is told, and not what it is.
        participation = await _participation(info, found, file)
        shown = Program.of(program, viewer.audiences(None, None))
        return _shown(found, program, shown, participation)


async def _participation(
    info: Info, found: rebates.Eligibility, file: ConsentFile | None
) -> RebateParticipation:
    """The participation as shown, with the consent that it is about."""
    taking, consent = found.participation, None
    if file is not None and taking.consent is not None:
        shown = consents_of(file, info.context.portal.clock())
        consent = shown[taking.consent.number - 1]
    required = found.required
    return RebateParticipation(
        status=taking.status,
        program=await program_of(info, required.id) if required else None,
        consent=consent,
        since=taking.since,
    )


def _shown(
    found: rebates.Eligibility,
    program: programs.Program,
    shown: Program,
    participation: RebateParticipation,
) -> RebateEligibility:
    return RebateEligibility(
        as_of=found.at,
        eligible=found.eligible,
        reasons=[
            RebateReason(check=check, holds=holds, message=_told(check, holds, found, program))
            for check, holds in found.holds.items()
        ],
        program=shown,
        plan=PlanVersion.of(found.plan, program) if found.plan else None,
        participation=participation,
        standings=[_standing(one, found, program) for one in found.standings],
    )


def _standing(
    record: rebates.RebateStanding, found: rebates.Eligibility, program: programs.Program
) -> RebateStanding:
    plan: Any = found.plan  # Where a rule stands somewhere, there is one.
    currency = program.currency
    return RebateStanding(
        rule=Rule.of(record.rule, plan, program),
        period=record.period.name,
        revenue=money_of(currency, record.revenue_minor),
        year_before=_money(currency, record.period.before_minor),
        year_before_declared=record.period.declared,
        band=record.band + 1,
        rate_bps=record.rate_bps,
        next_band_from=_money(currency, record.next_start_minor),
        missing=_money(currency, record.missing_minor),
        overpaid=amount_of(record.rule.asset, record.overpaid_minor),
    )


def _money(currency: str, amount_minor: int | None) -> Money | None:
    return None if amount_minor is None else money_of(currency, amount_minor)


_WORDS = {
    RebateCheck.PROGRAM_OPEN: ("The program is open.", "The program is not open."),
    RebateCheck.PARTNER_TYPE: (
        "The program is for partners of this type.",
        "The program is for partners of other types.",
    ),
    RebateCheck.REGION: (
        "The program is for partners of this region.",
        "The program is for partners of other regions.",
    ),
    RebateCheck.BUSINESS_MODEL: (
        "The program is for partners of this business model.",
        "The program is for partners of other business models.",
    ),
    RebateCheck.STRATEGY: (
        "The program is for partners of this sales strategy.",
        "The program is for partners of other sales strategies.",
    ),
    RebateCheck.TIER: (
        "The program is for partners of the tier held then.",
        "The program is for partners of other tiers than the one held then.",
    ),
    RebateCheck.REBATE_RULE: (
        "The plan in force pays the company a rebate.",
        "No plan in force pays the company a rebate.",
    ),
}
_PARTICIPATION = {
    ParticipationStatus.NOT_REQUIRED: "No participation is required.",
    ParticipationStatus.TAKES_PART: "The company takes part in {program}, since {since}.",
    ParticipationStatus.NEVER_GRANTED: "The company has consented to nothing in {program}.",
    ParticipationStatus.NOT_COMPANY_WIDE: (
        "The company has consented in {program} for some of its people only."
    ),
    ParticipationStatus.NOT_YET: "The company takes part in {program} from {since} on only.",
    ParticipationStatus.REVOKED: "The company's consent in {program} was revoked on {since}.",
    ParticipationStatus.EXPIRED: "The company's consent in {program} ended on {since}.",
    ParticipationStatus.OLD_TERMS: (
        "The company's consent in {program} is for terms that were replaced."
    ),
}


def _told(
    check: RebateCheck, holds: bool, found: rebates.Eligibility, program: programs.Program
) -> str:
    """What a check came to, in words; instants are in the program's time zone."""
    if check is not RebateCheck.PARTICIPATION:
        return _WORDS[check][0 if holds else 1]
    since = found.participation.since
    at = f"{since.astimezone(ZoneInfo(program.time_zone)):%Y-%m-%d at %H:%M}" if since else ""
    name = found.required.name if found.required else "a program that is not for it"
    return _PARTICIPATION[found.participation.status].format(
        program=name, since=f"{at} ({program.time_zone})"
    )
