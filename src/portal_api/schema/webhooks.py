"""Webhook endpoints and what became of each event for them, for the vendor's administrators."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import relay

from portal_api.domain import webhooks
from portal_api.domain.partners import Role
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.audit import AuditRecord
from portal_api.schema.context import Info
from portal_api.schema.nodes import find, finder
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.webhook_kinds import WebhookDeliveryStatus, WebhookDisabledBecause
from portal_api.services.store import Many, One, of_endpoint, of_vendor

if TYPE_CHECKING:
    from portal_api.schema.partners import Partner

SCANNED = 200
_WHO = "administrator"
_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None
_Status = Annotated[
    WebhookDeliveryStatus | None,
    strawberry.argument(
        description=f"Only those. A page looks at {SCANNED} deliveries at most then, so it can be"
        " short or even empty, while pageInfo says that there are more."
    ),
]


@declared(Audience.VENDOR)
@strawberry.type(description="One event for one endpoint. It is kept for 30 days.")
class WebhookDelivery(relay.Node):
    """A delivery."""

    id: relay.NodeID[str]
    kind: str = strawberry.field(description="The event's kind.")
    status: WebhookDeliveryStatus = strawberry.field(
        description="PENDING until the receiver answers 2xx, or it is given up after three days."
    )
    attempts: int = strawberry.field(
        description="How often it was tried since it was made, or replayed last."
    )
    last_attempt_at: datetime | None = strawberry.field(description="When it was tried last.")
    last_status: int | None = strawberry.field(
        description="The HTTP status of the last answer; null where there was none."
    )
    problem: str | None = strawberry.field(description="What was wrong the last time, in words.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is tried next; null once it is not PENDING."
    )
    delivered_at: datetime | None = strawberry.field(description="When it was taken.")
    record: strawberry.Private[webhooks.Delivery]

    @strawberry.field(description="The event; what it is sent with is made from this.")
    async def event(self, info: Info) -> AuditRecord | None:
        """The event."""
        found: AuditRecord | None = await find(info, "AuditRecord", self.record.event_id)
        return found

    @classmethod
    def of(cls, record: webhooks.Delivery) -> "WebhookDelivery":
        """The delivery as shown."""
        return cls(
            id=record.id,
            kind=record.kind,
            status=record.status,
            attempts=record.attempts,
            last_attempt_at=record.last_attempt_at,
            last_status=record.last_status,
            problem=record.problem,
            next_attempt_at=record.next_attempt_at,
            delivered_at=record.delivered_at,
            record=record,
        )


@declared(Audience.VENDOR)
@strawberry.type(description="Where the vendor wants to be told of events, by signed messages.")
class WebhookEndpoint(relay.Node):
    """An endpoint."""

    id: relay.NodeID[str]
    url: str = strawberry.field(description="Where it is.")
    description: str = strawberry.field(description="For people.")
    kinds: list[str] = strawberry.field(
        description="The kinds of events that it is told of; empty: of all, also of later ones."
    )
    enabled: bool = strawberry.field(description="Whether it is told of events.")
    disabled_because: WebhookDisabledBecause | None = strawberry.field(description="Why it is not.")
    created_at: datetime = strawberry.field(description="When it was made.")
    deleted_at: datetime | None = strawberry.field(
        description="When it was deleted: then it is found by its id alone, for some months."
    )
    record: strawberry.Private[webhooks.Endpoint]

    @strawberry.field(
        description="The partner whose events alone it is told of; null: it is told of everybody's"
        " and the vendor's own."
    )
    async def partner(self, info: Info) -> _Partner:
        """The partner."""
        named = self.record.partner_id
        found: Partner | None = await find(info, "Partner", named) if named else None
        return found

    @strawberry.field(
        description="Since when nothing has been taken; null while the last attempt succeeded."
    )
    async def failing_since(self, info: Info) -> datetime | None:
        """An instant."""
        found = await info.context.load(One(webhooks.EndpointHealth, self.record.id))
        return found.failing_since if found is not None else None

    @strawberry.field(
        description="Until when the earlier secret signs beside the current one; null where only"
        " that one does."
    )
    async def earlier_secret_until(self, info: Info) -> datetime | None:
        """An instant."""
        found = await info.context.load(One(webhooks.SigningSecrets, self.record.id))
        until = found.earlier_until if found is not None else None
        return until if until is not None and until > info.context.portal.clock() else None

    @strawberry.field(
        description="What became of events for it in the last 30 days, in the order of the events,"
        " newest first."
    )
    async def deliveries(
        self, info: Info, status: _Status = None, first: First = PAGE, after: After = None
    ) -> relay.Connection[WebhookDelivery]:
        """The deliveries."""
        size, mark = checked(first, after)
        looked_at = size if status is None else SCANNED
        scope = of_endpoint(self.record.id)
        want = Many(webhooks.Delivery, scope, looked_at, mark, newest_first=True)
        read = await info.context.load(want)
        nodes: list[Any] = []
        shown = 0
        for record in read.records:
            if shown == size:
                break
            wished = status in (None, record.status)
            shown += wished
            nodes.append(WebhookDelivery.of(record) if wished else None)
        more = read.more or len(nodes) < len(read.records)
        return connection(nodes, read.cursors[: len(nodes)], more)  # type: ignore[no-any-return]

    @classmethod
    def of(cls, record: webhooks.Endpoint) -> "WebhookEndpoint":
        """The endpoint as shown."""
        return cls(
            id=record.id,
            url=record.url,
            description=record.description,
            kinds=list(record.kinds),
            enabled=record.enabled,
            disabled_because=record.disabled_because,
            created_at=record.created_at,
            deleted_at=record.deleted_at,
            record=record,
        )


@strawberry.type
class WebhookLists:
    """Mixed into the viewer."""

    @narrow(
        Audience.VENDOR,
        description="The endpoints that are told of events, oldest first.",
        unless=_WHO,
    )
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint] | None:
        """The endpoints."""
        if not await _is_for(info):
            return None
        found = await info.context.load(Many(webhooks.Endpoint, of_vendor()))
        return [WebhookEndpoint.of(one) for one in found.records if one.deleted_at is None]


@finder("WebhookEndpoint")
async def _endpoint(info: Info, record_id: str) -> WebhookEndpoint | None:
    found = await info.context.load(One(webhooks.Endpoint, record_id))
    return WebhookEndpoint.of(found) if found is not None and await _is_for(info) else None


@finder("WebhookDelivery")
async def _delivery(info: Info, record_id: str) -> WebhookDelivery | None:
    found = await info.context.load(One(webhooks.Delivery, record_id))
    return WebhookDelivery.of(found) if found is not None and await _is_for(info) else None


async def _is_for(info: Info) -> bool:
    """Whether the viewer may see endpoints at all."""
    viewer = await info.context.viewer()
    return viewer.role is Role.ADMIN
