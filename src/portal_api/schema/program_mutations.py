"""The mutations that create and fund programs, and define behaviors."""

from datetime import datetime

import strawberry

from portal_api.domain.programs import DISPUTE_DAYS, PROTECTION_DAYS
from portal_api.schema.access import Audience, declared
from portal_api.schema.behaviors import Behavior
from portal_api.schema.context import Info
from portal_api.schema.enums import FiveC, IncentiveClass, ProcessStage
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.programs import Program
from portal_api.schema.scalars import AmountInput
from portal_api.schema.segments import SegmentInput
from portal_api.services import programs as services
from portal_api.services.partners import MANAGERS

_ALL = frozenset({Audience.ANYONE, Audience.VENDOR})
_FOR_GOOD = (
    " Once any version of its terms discloses what each person earns, executives are told no totals"
    " of its staff and teams any more (staffEarned, a team's goal earnings): less what they know of"
    " some, these would tell of who did not agree."
)


@strawberry.input(description="A new kind of activity.")
class DefineBehaviorInput(MutationInput):
    """A behavior."""

    code: str = strawberry.field(description="Capital letters, digits and underscores.")
    name: str = strawberry.field(description="For people.")
    stage: ProcessStage = strawberry.field(description="The step of the sales process.")
    five_c: FiveC = strawberry.field(description="What it adds to.")
    review_needed: bool = strawberry.field(
        default=True, description="Whether what a person claims is reviewed before it counts."
    )
    evidence_needed: bool = strawberry.field(
        default=False, description="Whether a claim needs an invoice or a serial number."
    )
    claim_within_days: int | None = strawberry.field(
        default=None,
        description="How many days after it occurred it may be claimed, 1 to"
        f" {services.LONGEST_CLAIM_DAYS}; left out: always.",
    )
    level: int | None = strawberry.field(
        default=None,
        description="The level of the training that it is, 1 for the first to"
        f" {services.HIGHEST_LEVEL}; left out: it is no training.",
    )


@strawberry.input(description="A new program.")
class CreateProgramInput(MutationInput):
    """A program."""

    name: str = strawberry.field(description="For people.")
    description: str = strawberry.field(description="What it is about.")
    starts_at: datetime = strawberry.field(description="Activities earn from here on.")
    ends_at: datetime = strawberry.field(description="Up to but without this instant.")
    currency_code: str = strawberry.field(description="The currency of its deals, ISO 4217.")
    terms: str = strawberry.field(description="What an individual accepts by enrolling.")
    time_zone: str = strawberry.field(default="UTC", description="IANA name.")
    segment: SegmentInput = strawberry.field(
        default_factory=SegmentInput, description="Whom it is for."
    )
    protection_days: int = strawberry.field(
        default=PROTECTION_DAYS,
        description="How many days an approved deal is protected against others' registrations, 1"
        f" to {services.LONGEST_PROTECTION_DAYS}.",
    )
    incentive_class: IncentiveClass = strawberry.field(
        default=IncentiveClass.HABIT_FORMING,
        description="What it wants of people: something soon, or a habit.",
    )
    dispute_days: int = strawberry.field(
        default=DISPUTE_DAYS,
        description="How many days after it was recorded an earning can be disputed, 1 to"
        f" {services.LONGEST_DISPUTE_DAYS}.",
    )
    retroactive: bool = strawberry.field(
        default=False,
        description="Whether a first consent may also pay what was withheld for want of it before.",
    )
    discloses_amounts: bool = strawberry.field(
        default=False,
        description="Whether the terms say that a company's executive sees what each person earns.",
    )
    participation_in_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The program in which a company must take part as a whole for its rebate to"
        " accrue.",
    )


@strawberry.input(
    description="The next version of a program's terms, for all that occurs from now on."
)
class UpdateTermsInput(MutationInput):
    """New terms."""

    program_id: strawberry.ID = strawberry.field(description="The program.")
    terms: str = strawberry.field(description="What an individual accepts by enrolling.")
    discloses_amounts: bool = strawberry.field(
        description="Whether the terms say that a company's executive sees what each person earns."
    )


@strawberry.input(description="More budget for a program.")
class FundProgramInput(MutationInput):
    """A funding."""

    program_id: strawberry.ID = strawberry.field(description="The program.")
    amount: AmountInput = strawberry.field(description="How much more, of which asset.")


@declared(Audience.ANYONE)
@strawberry.type(description="The behavior is in the catalogue.")
class BehaviorDefined:
    """Success."""

    behavior: Behavior = strawberry.field(description="The behavior.")


@declared(Audience.ANYONE)
@strawberry.type(description="The program is there, without plan and budget yet.")
class ProgramCreated:
    """Success."""

    program: Program = strawberry.field(description="The program.")


@declared(Audience.ANYONE)
@strawberry.type(description="The budget has grown.")
class ProgramFunded:
    """Success."""

    program: Program = strawberry.field(description="The program, with its budget.")


@declared(Audience.ANYONE)
@strawberry.type(description="The terms are in force, as the program's next version.")
class TermsUpdated:
    """Success."""

    program: Program = strawberry.field(description="The program, with its terms.")


@strawberry.type
class ProgramMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("DefineBehavior", BehaviorDefined),
        MANAGERS,
        "Adds a kind of activity to the catalogue, or changes its name and classes.",
    )
    async def define_behavior(self, info: Info, input: DefineBehaviorInput) -> object:
        """A new behavior."""
        outcome = perform(
            info,
            services.define_behavior,
            input.request_id,
            code=input.code,
            name=input.name,
            stage=input.stage,
            five_c=input.five_c,
            review_needed=input.review_needed,
            evidence_needed=input.evidence_needed,
            claim_within_days=input.claim_within_days,
            level=input.level,
        )
        return BehaviorDefined(behavior=Behavior.of(outcome.behavior))

    @mutation(result("CreateProgram", ProgramCreated), MANAGERS, "Creates a program." + _FOR_GOOD)
    async def create_program(self, info: Info, input: CreateProgramInput) -> object:
        """A new program."""
        required_id = input.participation_in_id
        terms = services.ProgramTerms(
            name=input.name,
            description=input.description,
            segment=input.segment.record(),
            starts_at=input.starts_at,
            ends_at=input.ends_at,
            time_zone=input.time_zone,
            currency=input.currency_code,
            terms=input.terms,
            protection_days=input.protection_days,
            incentive_class=input.incentive_class,
            dispute_days=input.dispute_days,
            retroactive=input.retroactive,
            discloses_amounts=input.discloses_amounts,
            participation_in=None
            if required_id is None
            else decoded(required_id, "Program", "participationInId"),
        )
        outcome = perform(info, services.create_program, input.request_id, terms=terms)
        return ProgramCreated(program=Program.of(outcome.program, _ALL))

    @mutation(
        result("UpdateTerms", TermsUpdated),
        MANAGERS,
        "Replaces a program's terms from now on; the former ones are kept. Before anything that"
        " occurs from now on earns, executives consent again and individuals accept again."
        + _FOR_GOOD,
    )
    async def update_terms(self, info: Info, input: UpdateTermsInput) -> object:
        """New terms."""
        outcome = perform(
            info,
            services.update_terms,
            input.request_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            terms=input.terms,
            discloses_amounts=input.discloses_amounts,
        )
        return TermsUpdated(program=Program.of(outcome.program, _ALL))

    @mutation(result("FundProgram", ProgramFunded), MANAGERS, "Adds to a program's budget.")
    async def fund_program(self, info: Info, input: FundProgramInput) -> object:
        """More budget."""
        asset, amount_minor = input.amount.minor("amount")
        outcome = perform(
            info,
            services.fund_program,
            input.request_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            asset=asset,
            amount_minor=amount_minor,
        )
        return ProgramFunded(program=Program.of(outcome.program, _ALL))
