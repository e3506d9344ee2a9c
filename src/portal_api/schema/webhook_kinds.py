"""What webhooks can tell of: every kind of event, in words for who writes a receiver."""

from typing import Final

import strawberry

from portal_api.domain.webhooks import WebhookDeliveryStatus, WebhookDisabledBecause
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.describing import described
from portal_api.services.audit import subject_types
from portal_api.services.event_kinds import event_kinds

__all__ = ["EventKinds", "WebhookDeliveryStatus", "WebhookDisabledBecause"]

described(
    WebhookDeliveryStatus,
    "What became of an event for an endpoint.",
    PENDING="It is to be tried, for the first time or again.",
    DELIVERED="The receiver answered 2xx.",
    FAILED="It was given up; replayWebhookEvents sends it again.",
)
described(
    WebhookDisabledBecause,
    "Why an endpoint is sent nothing.",
    BY_ADMINISTRATOR="An administrator disabled it.",
    GONE="The receiver answered 410 Gone.",
    FAILING="Nothing it was sent for days was taken.",
)

BY_ITSELF: Final = {
    "BudgetLow": "A program's budget has fallen below one of its thresholds.",
    "ConsentExpired": "A consent has ended by its date.",
    "ConsentExpiring": "A consent ends soon: it is time to renew it.",
    "ConsentRequestExpired": "A request for consent was not answered in time.",
    "ConsentRequestReminded": "A request for consent still waits, and was reminded of.",
    "DayClosed": "A day's sums of a program are there, for reports of finance.",
    "DealImported": "A deal has come by an import.",
    "DealUpdated": "A deal was changed by an import.",
    "EarningReleased": "An earning's hold is over: it is available.",
    "EnrollmentsEnded": "A person who left is out of the company's programs.",
    "GoalReached": "A person, a team or a company has reached a goal.",
    "ImportFileFinished": "An imported file is done, to its last row.",
    "IndividualImported": "A person has come by an import.",
    "InsightRefreshed": "A program's insight was computed anew, from all that is recorded by now.",
    "LookedBack": "All that a consent covers from before it was looked at.",
    "PartnerImported": "A partner has come by an import.",
    "PayoutBatchReady": "A batch of payouts is complete: its file can be fetched.",
    "PayoutsBatched": "Some payouts are in a batch that is still gathered.",
    "PointsExpired": "Points have expired that were not used in time.",
    "ProgramImported": "A program has come by an import.",
    "SettlementFileFinished": "The bank's answer is done, to its last row.",
    "StretchGoalReached": "A person, a team or a company has reached a stretch goal.",
    "TeamSharePaid": "A member's share of a team's award was paid.",
    "TeamShareWithheld": "A member's share of a team's award was withheld.",
    "TeamSharesReopened": "Withheld shares of a team's award are judged anew.",
    "WebhookEndpointDisabled": "An endpoint was disabled, since it is gone or failed for days.",
    "WithheldPaid": "What was withheld of an activity was paid afterwards, by a consent.",
}
"""What no mutation answers with; of all else the answer's own description says what it is."""


@declared(Audience.VENDOR)
@strawberry.type(description="A kind of event that an endpoint can be told of.")
class WebhookEventKind:
    """A kind."""

    kind: str = strawberry.field(
        description="As in the type of a message, in AuditRecord.kind and in an endpoint's kinds."
    )
    description: str = strawberry.field(description="What has happened then.")
    subject_types: list[str] = strawberry.field(
        description="What it is about: subjectType of a message is one of these."
    )


@strawberry.type
class EventKinds:
    """Mixed into the viewer."""

    @narrow(
        Audience.VENDOR,
        description="Every kind of event that webhooks can tell of, by name.",
        metadata=counted(20, items=len(event_kinds())),
    )
    def webhook_event_kinds(self, info: Info) -> list[WebhookEventKind] | None:
        """The kinds."""
        return [
            WebhookEventKind(
                kind=kind,
                description=_told(info, kind),
                subject_types=list(subject_types(kind)),
            )
            for kind in sorted(event_kinds())
        ]


def _told(info: Info, kind: str) -> str:
    """What a kind means: as the type is described that its mutation answers."""
    answered = info.schema.get_type_by_name(kind)
    return BY_ITSELF.get(kind) or getattr(answered, "description", None) or ""
