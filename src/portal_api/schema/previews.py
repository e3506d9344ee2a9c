"""What something would earn, what a plan would have paid, and paying what was withheld."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import strawberry

from portal_api.domain.activities import Activity as ActivityRecord
from portal_api.domain.errors import (
    InvalidInput,
    NothingWithheld,
    NotPermitted,
    PlanNotPublishable,
)
from portal_api.schema.access import Audience, declared
from portal_api.schema.activities import Activity, Outcome, Recipient, outcomes_of, recipient_of
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.deal_mutations import CreditInput, credits_of
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, pair
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.plans import Plan, PlanDraft, PlanVersion
from portal_api.schema.scalars import Amount, MoneyInput, amount_of
from portal_api.services.deals import DealTerms
from portal_api.services.dry_runs import DryRun as DryRunRecord
from portal_api.services.dry_runs import dry_run
from portal_api.services.partners import MANAGERS
from portal_api.services.previews import DealPreview, preview_activity, preview_deal
from portal_api.services.retries import retry_withheld


@strawberry.input(description="A deal that could be won: one that is there, or one that is not.")
class PreviewDealInput:
    """A deal."""

    deal_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A deal that the person owns or shares; without it, what a new one would be.",
    )
    product: str | None = strawberry.field(default=None, description="Of a new deal: what is sold.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="What it would be won at; of a known deal its estimate."
    )
    credits: list[CreditInput] = strawberry.field(
        default_factory=list, description="Of a new deal: who shares it."
    )
    registered: bool = strawberry.field(
        default=True, description="Whether its registration is approved before it is won."
    )


@strawberry.input(description="One occurrence of a behavior.")
class PreviewActivityInput:
    """An activity."""

    behavior: str = strawberry.field(description="The behavior's code.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it happened; now if left out."
    )
    deal_id: strawberry.ID | None = strawberry.field(
        default=None, description="The deal that it is done for."
    )


@strawberry.input(one_of=True, description="What to preview: a deal on its way, or one activity.")
class PreviewSubjectInput:
    """Exactly one of them."""

    deal: PreviewDealInput | None = strawberry.field(
        default=strawberry.UNSET, description="A deal, registered and won."
    )
    activity: PreviewActivityInput | None = strawberry.field(
        default=strawberry.UNSET, description="An activity."
    )


@declared(Audience.OWNER, Audience.VENDOR)
@strawberry.type(description="What one step would earn.")
class PreviewStep:
    """A step."""

    behavior: str = strawberry.field(
        description="The behavior, such as DEAL_REGISTERED or DEAL_WON."
    )
    outcomes: list[Outcome] = strawberry.field(
        description="What each rule would make of it for the person; for the vendor everybody's."
    )


@declared(Audience.OWNER, Audience.VENDOR)
@strawberry.type(
    description="What something would earn as things stand: decided by what pays, never written."
)
class EarningsPreviewed:
    """Success."""

    steps: list[PreviewStep] = strawberry.field(
        description="The steps that are still to come, in their order."
    )
    total: list[Amount] = strawberry.field(
        description="What would be paid to the person or be pending in all, per asset, net of what"
        " is taken back. What its company, team and colleagues would earn is not in it: the vendor"
        " sees it in the steps."
    )


@declared(Audience.VENDOR)
@strawberry.type(description="One rule and one recipient over the whole history.")
class DryRunLine:
    """A line."""

    rule_code: str = strawberry.field(description="The rule's code.")
    would_pay: Amount = strawberry.field(description="What the plan would have paid.")
    would_withhold: Amount = strawberry.field(description="What it would have withheld.")
    paid: Amount = strawberry.field(description="What a rule of this code has really paid.")
    partner_id: strawberry.Private[str]
    recipient_id: strawberry.Private[str]

    @strawberry.field(description="The person, team or company.")
    async def recipient(self, info: Info) -> Recipient | None:
        """The recipient."""
        return await recipient_of(info, self.partner_id, self.recipient_id)


@declared(Audience.VENDOR)
@strawberry.type(
    description="What a plan would have made of one partner's real history; nothing is written."
)
class DryRun:
    """Success."""

    plan: Plan = strawberry.field(
        description="The version or the draft that was run, as if in force from the first day."
    )
    activities: int = strawberry.field(description="How many activities it judged.")
    would_pay: list[Amount] = strawberry.field(description="In all, per asset.")
    paid: list[Amount] = strawberry.field(description="What was really paid, per asset.")
    lines: list[DryRunLine] = strawberry.field(description="By rule and recipient.")


@strawberry.input(description="An activity of which something was withheld.")
class RetryWithheldInput(MutationInput):
    """A retry."""

    activity_id: strawberry.ID = strawberry.field(description="The activity.")


@declared(Audience.ANYONE)
@strawberry.type(description="What was withheld has been judged again; some of it is paid.")
class WithheldRetried:
    """Success."""

    activity: Activity = strawberry.field(description="The activity, with its outcomes now.")


_PreviewResult: Any = result("PreviewEarnings", EarningsPreviewed)
_DryRunResult: Any = result("DryRun", DryRun, PlanNotPublishable)


@strawberry.type
class PreviewQueries:
    """Mixed into the root query."""

    @strawberry.field(
        graphql_type=_PreviewResult,
        description="What a deal or an activity that is not there yet would earn a seller, by the"
        " function that pays; a seller asks for itself, the vendor for anybody.",
    )
    async def preview_earnings(
        self,
        info: Info,
        program_id: Annotated[strawberry.ID, strawberry.argument(description="The program.")],
        subject: Annotated[
            PreviewSubjectInput, strawberry.argument(description="What would happen.")
        ],
        individual_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="For whom; yourself if left out."),
        ] = None,
    ) -> object:
        """A preview."""
        viewer = await info.context.viewer()
        if individual_id is None:
            partner_id, person_id = viewer.partner_id or "none", viewer.id
        else:
            partner_id, person_id = pair(individual_id, "Individual", "individualId")
        asked: dict[str, Any] = {
            "partner_id": partner_id,
            "individual_id": person_id,
            "program_id": decoded(program_id, "Program", "programId"),
        }
        portal = info.context.portal
        if subject.deal:
            steps = preview_deal(portal, viewer, asked=_deal_of(subject.deal, partner_id), **asked)
        elif subject.activity:
            steps = preview_activity(
                portal,
                viewer,
                behavior=subject.activity.behavior,
                occurred_at=subject.activity.occurred_at,
                deal_id=_decoded_deal(subject.activity.deal_id),
                **asked,
            )
        else:
            raise InvalidInput("A preview is of a deal or of an activity.", "subject")
        everybody = Audience.VENDOR in viewer.audiences(partner_id, person_id)
        return _previewed(steps, person_id, everybody)

    @strawberry.field(
        graphql_type=_DryRunResult,
        description="Runs a program's draft, or a published version, over a partner's real history:"
        " what it would have paid, against what was paid. For: ADMIN, CHANNEL_MANAGER.",
        metadata=counted(20),
    )
    async def dry_run(
        self,
        info: Info,
        program_id: Annotated[strawberry.ID, strawberry.argument(description="The program.")],
        partner_id: Annotated[strawberry.ID, strawberry.argument(description="The partner.")],
        number: Annotated[
            int | None,
            strawberry.argument(description="A published version; the draft if left out."),
        ] = None,
    ) -> object:
        """A dry run."""
        viewer = await info.context.viewer()
        if viewer.role not in MANAGERS:
            raise NotPermitted("Your role may not do this.", tuple(sorted(MANAGERS)))
        ran = dry_run(
            info.context.portal,
            program_id=decoded(program_id, "Program", "programId"),
            partner_id=decoded(partner_id, "Partner", "partnerId"),
            number=number,
        )
        return _ran(ran)


@strawberry.type
class RetryMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("RetryWithheld", WithheldRetried, NothingWithheld),
        MANAGERS,
        "Pays what was withheld of an activity, as far as its rules pay it now: after a budget was"
        " refilled, say. Nothing else ever does.",
    )
    async def retry_withheld(self, info: Info, input: RetryWithheldInput) -> object:
        """A retry."""
        activity_id = decoded(input.activity_id, "Activity", "activityId")
        outcome = perform(info, retry_withheld, input.request_id, activity_id=activity_id)
        info.context.prime(*outcome.earnings)
        record = outcome.activity
        audiences = await authorized(info, Activity, record.partner_id, record.individual_id)
        return WithheldRetried(activity=Activity.of(record, audiences))


def _deal_of(asked: PreviewDealInput, partner_id: str) -> DealPreview:
    """What the service previews; raises ``InvalidInput``."""
    amount = asked.amount.minor("amount") if asked.amount else None
    if asked.deal_id is not None:
        if asked.product is not None or asked.credits:
            raise InvalidInput("A known deal has its product and its credits.", "subject")
        return DealPreview(
            deal_id=_decoded_deal(asked.deal_id),
            amount_minor=amount,
            currency=asked.amount.currency_code if asked.amount else None,
            registered=asked.registered,
        )
    if asked.product is None or asked.amount is None or amount is None:
        raise InvalidInput("A new deal has a product and an amount.", "subject")
    shares = credits_of(asked.credits, partner_id)
    terms = DealTerms(None, asked.product, amount, asked.amount.currency_code, credits=shares)
    return DealPreview(terms=terms, registered=asked.registered)


def _decoded_deal(deal_id: strawberry.ID | None) -> str | None:
    return None if deal_id is None else decoded(deal_id, "Deal", "dealId")


def _previewed(
    steps: Iterable[ActivityRecord], person_id: str, everybody: bool
) -> EarningsPreviewed:
    """The preview as shown, of one person's outcomes or of everybody's; its total is of one."""
    shown, sums = [], Counter[str]()
    for step in steps:
        outcomes = outcomes_of(step, None if everybody else person_id)
        for one in outcomes:
            if one.record.recipient_id == person_id:
                sums[one.record.asset] += one.record.net_minor
        shown.append(PreviewStep(behavior=step.behavior, outcomes=outcomes))
    return EarningsPreviewed(steps=shown, total=_amounts(sums))


def _ran(ran: DryRunRecord) -> DryRun:
    """The dry run as shown."""
    would, paid = Counter[str](), Counter[str]()
    for line in ran.lines:
        would[line.asset] += line.would_pay_minor
        paid[line.asset] += line.paid_minor
    return DryRun(
        plan=PlanDraft.of(ran.draft, ran.program)
        if ran.draft is not None
        else PlanVersion.of(ran.plan, ran.program),
        activities=ran.activities,
        would_pay=_amounts(would),
        paid=_amounts(paid),
        lines=[
            DryRunLine(
                rule_code=line.rule_code,
                would_pay=amount_of(line.asset, line.would_pay_minor),
                would_withhold=amount_of(line.asset, line.would_withhold_minor),
                paid=amount_of(line.asset, line.paid_minor),
                partner_id=ran.partner_id,
                recipient_id=line.recipient_id,
            )
            for line in ran.lines
        ],
    )


def _amounts(sums: Counter[str]) -> list[Amount]:
    return [amount_of(asset, amount) for asset, amount in sorted(sums.items())]
