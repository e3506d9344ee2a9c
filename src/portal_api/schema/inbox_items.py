"""The items of an inbox as a portal shows them: one type for each thing that they are about."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from portal_api.domain import inbox
from portal_api.domain.inbox import InboxKind
from portal_api.schema.access import Audience, declared
from portal_api.schema.consent import Consent, ConsentRequest
from portal_api.schema.context import Info
from portal_api.schema.describing import described
from portal_api.schema.disputes import Dispute
from portal_api.schema.goals import Goal
from portal_api.schema.nodes import find
from portal_api.schema.objections import Objection
from portal_api.schema.programs import Program
from portal_api.schema.scalars import Amount

if TYPE_CHECKING:
    from portal_api.schema.ledger import Earning

_TOLD = inbox.TOLD_FOR.days

described(
    InboxKind,
    "What an item of an inbox tells.",
    CONSENT_REQUESTED="To an executive: consent is asked for. New again with each reminder.",
    CONSENT_ENDING=f"To an executive: a consent ends within {_TOLD} days and is not renewed.",
    CONSENT_ENDED=f"A consent ended within the last {_TOLD} days and was not renewed; to the staff"
    " where nothing else covers the person.",
    TERMS_CHANGED="To an executive: the program has new terms, which a consent in force is not for."
    " Renew it.",
    OBJECTION_ANSWERED="To an executive: the vendor has answered an objection. Until it is"
    " resolved.",
    EARNING_AVAILABLE=f"To the staff: something was earned or released in the last {_TOLD} days.",
    GOAL_NEAR=f"To the staff: {inbox.NEAR_PERCENT} % or more of a goal is attained.",
    GOAL_REACHED="To the staff: a goal that is still running is reached.",
    EXPIRING_SOON=f"To the staff: something available expires within {_TOLD} days.",
    CONSENT_GRANTED=f"To the staff: a consent covers the person since the last {_TOLD} days.",
    CONSENT_DECLINED=f"To the staff: consent was declined in the last {_TOLD} days.",
    TERMS_TO_ACCEPT="To the staff: a program has new terms, and pays once they are accepted.",
    DISPUTE_ANSWERED=f"To the staff: a dispute was answered in the last {_TOLD} days.",
    CLAIMS_TO_REVIEW="To the vendor: claims wait for a decision.",
    REGISTRATIONS_TO_DECIDE="To the vendor: deal registrations wait for a decision.",
    EXTENSIONS_TO_DECIDE="To the vendor: deals' owners wait for a longer protection.",
    DISPUTES_TO_ANSWER="To the vendor: disputes wait for an answer.",
    DISPUTES_OVERDUE="To the vendor: disputes should have been answered by now.",
    ADJUSTMENTS_TO_APPROVE="To the vendor: adjustments wait for a second person.",
    OBJECTIONS_TO_ANSWER="To the vendor: partners' objections wait for an answer.",
    PAYOUTS_TO_BATCH="To the vendor: payouts wait for a batch.",
    BUDGET_LOW="To the vendor: most of a program's budget is used. Until it is funded.",
)


@declared(Audience.OWNER)
@strawberry.interface(description="Something to know or to do; each type says what it is about.")
class InboxItem:
    """An item."""

    kind: InboxKind = strawberry.field(description="What it tells.")
    since: datetime = strawberry.field(description="Since when; the inbox is in this order.")
    text: str = strawberry.field(description="It in a sentence, for people.")
    is_new: bool = strawberry.field(description="Whether it is later than what was marked as seen.")


@declared(Audience.OWNER)
@strawberry.type(description="An item about a request for consent.")
class InboxConsentRequest(InboxItem):
    """About a request."""

    request: ConsentRequest = strawberry.field(description="The request, and its reminders.")


@declared(Audience.OWNER)
@strawberry.type(description="An item about a consent.")
class InboxConsent(InboxItem):
    """About a consent."""

    consent: Consent = strawberry.field(description="The consent.")


@declared(Audience.OWNER)
@strawberry.type(description="An item about a program.")
class InboxProgram(InboxItem):
    """About a program."""

    program: Program = strawberry.field(description="The program.")


@declared(Audience.OWNER)
@strawberry.type(description="An item about an objection.")
class InboxObjection(InboxItem):
    """About an objection."""

    objection: Objection = strawberry.field(description="The objection.")


@declared(Audience.OWNER)
@strawberry.type(description="An item about a dispute.")
class InboxDispute(InboxItem):
    """About a dispute."""

    dispute: Dispute = strawberry.field(description="The dispute.")


@declared(Audience.OWNER)
@strawberry.type(description="An item about a goal.")
class InboxGoal(InboxItem):
    """About a goal."""

    goal: Goal = strawberry.field(description="The goal, with what it pays.")


@declared(Audience.OWNER)
@strawberry.type(description="An item about an earning that became available.")
class InboxEarning(InboxItem):
    """About an earning."""

    amount: Amount = strawberry.field(description="How much of it.")
    earning_id: strawberry.Private[str]

    @strawberry.field(description="The earning, with why it was earned.")
    async def earning(
        self, info: Info
    ) -> Annotated["Earning", strawberry.lazy("portal_api.schema.ledger")] | None:
        """The earning."""
        found: Earning | None = await find(info, "Earning", self.earning_id)
        return found


@declared(Audience.OWNER)
@strawberry.type(description="An item about something that expires.")
class InboxExpiry(InboxItem):
    """About an amount."""

    amount: Amount = strawberry.field(description="How much.")
    expires_at: datetime = strawberry.field(
        description="It can be used until just before this instant."
    )


@declared(Audience.OWNER)
@strawberry.type(description="An item about things that wait for somebody at the vendor.")
class InboxQueue(InboxItem):
    """About a queue."""

    count: int = strawberry.field(description="How many wait: those that were counted.")
    more: bool = strawberry.field(description="Whether there are more than were counted.")


@declared(Audience.OWNER)
@strawberry.type(description="An item about a program's budget.")
class InboxBudget(InboxItem):
    """About a budget."""

    program: Program = strawberry.field(description="The program.")
    left: Amount = strawberry.field(description="What is left.")
    funded: Amount = strawberry.field(description="What was ever put in.")


ITEMS = (
    InboxConsentRequest,
    InboxConsent,
    InboxProgram,
    InboxObjection,
    InboxDispute,
    InboxGoal,
    InboxEarning,
    InboxExpiry,
    InboxQueue,
    InboxBudget,
)
"""The types that an item can have: the schema is told of them, since nothing else leads there."""
