"""The mutations of webhook endpoints, all of them for the vendor's administrators."""

from collections.abc import Sequence
from typing import Final

import strawberry

from portal_api.domain import webhooks
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.webhooks import WebhookDelivery, WebhookEndpoint
from portal_api.services import webhooks as services
from portal_api.services.partners import ADMINS
from portal_api.services.store import One

_URL: Final = (
    "Where messages are posted: https, without user and fragment, on port 443, 8443 or from 1024"
    f" on, up to {webhooks.LONGEST_URL} characters. It leads to the public internet, at every"
    " attempt; redirects are not followed."
)
_KINDS: Final = "The kinds of events that it is told of, as webhookEventKinds lists them"
_TELLING: Final = (
    'What signs its messages, "whsec_" and base64: keep it. It is told now, and for an hour to who'
    " sends this very request again; later, or once another is made, it is null here, as it is"
    " everywhere else."
)
_MOST_HOURS: Final = int(services.LONGEST_OVERLAP.total_seconds() // 3600)


@strawberry.input(description="A new endpoint for webhooks.")
class CreateWebhookEndpointInput(MutationInput):
    """An endpoint."""

    url: str = strawberry.field(description=_URL)
    description: str = strawberry.field(description="For people, up to 200 characters.")
    kinds: list[str] = strawberry.field(
        default_factory=list, description=f"{_KINDS}; empty or left out: all, also later ones."
    )
    partner_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Only what concerns this partner; left out: everything. It stays so.",
    )


@strawberry.input(description="What of an endpoint changes; what is left out stays.")
class UpdateWebhookEndpointInput(MutationInput):
    """A change."""

    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")
    url: str | None = strawberry.field(default=None, description=_URL)
    description: str | None = strawberry.field(
        default=None, description="For people, up to 200 characters."
    )
    kinds: list[str] | None = strawberry.field(
        default=None, description=f"{_KINDS}; empty: all, also later ones."
    )
    enabled: bool | None = strawberry.field(
        default=None,
        description="Whether it is told of events. What happens while it is not can be replayed.",
    )


@strawberry.input(description="An endpoint to delete.")
class DeleteWebhookEndpointInput(MutationInput):
    """An end."""

    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.input(description="A new secret for an endpoint.")
class RotateWebhookSecretInput(MutationInput):
    """A secret."""

    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")
    overlap_hours: int = strawberry.field(
        default=24,
        description="How long the secret until now signs beside the new one, so that the receiver"
        f" can change over: 0 to {_MOST_HOURS} hours. 0 for one that has leaked.",
    )


@strawberry.input(description="Events to send to an endpoint again.")
class ReplayWebhookEventsInput(MutationInput):
    """Events."""

    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")
    event_ids: list[strawberry.ID] = strawberry.field(
        description=f"The events, 1 to {services.MOST_REPLAYED} ids of AuditRecord, such as the"
        " webhook-id of a message: delivered before or not, of its kinds or not, and older than"
        " the endpoint or not; of its partner, where it has one."
    )


@strawberry.input(description="A test of an endpoint.")
class RequestWebhookTestInput(MutationInput):
    """A test."""

    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.type
class _WithSecret:
    """Mixed into what tells a secret."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")
    request_id: strawberry.Private[str]

    @strawberry.field(description=_TELLING)
    async def secret(self, info: Info) -> str | None:
        """The secret."""
        found = await info.context.load(One(webhooks.SigningSecrets, self.endpoint.record.id))
        ask = info.context.ask(self.request_id)
        return services.shown_secret(found, ask, info.context.portal.clock())


@declared(Audience.VENDOR)
@strawberry.type(description="The endpoint is told of events from now on.")
class WebhookEndpointCreated(_WithSecret):
    """Success."""


@declared(Audience.VENDOR)
@strawberry.type(description="The endpoint is as it was wished.")
class WebhookEndpointUpdated:
    """Success."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")


@declared(Audience.VENDOR)
@strawberry.type(description="The endpoint is told of nothing any more, and its secrets are gone.")
class WebhookEndpointDeleted:
    """Success."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")


@declared(Audience.VENDOR)
@strawberry.type(description="The endpoint has a new secret.")
class WebhookSecretRotated(_WithSecret):
    """Success."""


@declared(Audience.VENDOR)
@strawberry.type(description="The events are sent within a minute or so, each with its own id.")
class WebhookEventsReplayed:
    """Success."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")
    deliveries: list[WebhookDelivery] = strawberry.field(
        description="What is to be sent, in the order asked for."
    )


@declared(Audience.VENDOR)
@strawberry.type(
    description="An event of the kind WebhookTestRequested, about the endpoint itself, is sent to"
    " it alone within a minute or so."
)
class WebhookTestRequested:
    """Success."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")
    delivery: WebhookDelivery | None = strawberry.field(
        description="What is to be sent; null where the request is sent again after 30 days."
    )


@strawberry.type
class WebhookMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("CreateWebhookEndpoint", WebhookEndpointCreated),
        ADMINS,
        "Makes an endpoint, which is told of events from now on.",
    )
    async def create_webhook_endpoint(
        self, info: Info, input: CreateWebhookEndpointInput
    ) -> object:
        """An endpoint."""
        outcome = perform(
            info,
            services.create_webhook_endpoint,
            input.request_id,
            url=input.url,
            description=input.description,
            kinds=tuple(input.kinds),
            partner_id=decoded(input.partner_id, "Partner", "partnerId")
            if input.partner_id is not None
            else None,
        )
        return WebhookEndpointCreated(
            endpoint=WebhookEndpoint.of(outcome.endpoint), request_id=input.request_id
        )

    @mutation(
        result("UpdateWebhookEndpoint", WebhookEndpointUpdated),
        ADMINS,
        "Changes an endpoint, disables it, or enables it again.",
    )
    async def update_webhook_endpoint(
        self, info: Info, input: UpdateWebhookEndpointInput
    ) -> object:
        """A change."""
        outcome = perform(
            info,
            services.update_webhook_endpoint,
            input.request_id,
            endpoint_id=_named(input.endpoint_id),
            url=input.url,
            description=input.description,
            kinds=tuple(input.kinds) if input.kinds is not None else None,
            enabled=input.enabled,
        )
        return WebhookEndpointUpdated(endpoint=WebhookEndpoint.of(outcome.endpoint))

    @mutation(
        result("DeleteWebhookEndpoint", WebhookEndpointDeleted),
        ADMINS,
        "Deletes an endpoint for good, with its secrets; what waits for it is given up.",
    )
    async def delete_webhook_endpoint(
        self, info: Info, input: DeleteWebhookEndpointInput
    ) -> object:
        """An end."""
        outcome = perform(
            info,
            services.delete_webhook_endpoint,
            input.request_id,
            endpoint_id=_named(input.endpoint_id),
        )
        return WebhookEndpointDeleted(endpoint=WebhookEndpoint.of(outcome.endpoint))

    @mutation(
        result("RotateWebhookSecret", WebhookSecretRotated),
        ADMINS,
        "Gives an endpoint a new secret; messages are signed with both for a while.",
    )
    async def rotate_webhook_secret(self, info: Info, input: RotateWebhookSecretInput) -> object:
        """A secret."""
        outcome = perform(
            info,
            services.rotate_webhook_secret,
            input.request_id,
            endpoint_id=_named(input.endpoint_id),
            overlap_hours=input.overlap_hours,
        )
        return WebhookSecretRotated(
            endpoint=WebhookEndpoint.of(outcome.endpoint), request_id=input.request_id
        )

    @mutation(
        result("ReplayWebhookEvents", WebhookEventsReplayed),
        ADMINS,
        "Sends events to an endpoint again, whatever became of them.",
    )
    async def replay_webhook_events(self, info: Info, input: ReplayWebhookEventsInput) -> object:
        """Events."""
        outcome = perform(
            info,
            services.replay_webhook_events,
            input.request_id,
            endpoint_id=_named(input.endpoint_id),
            event_ids=tuple(decoded(one, "AuditRecord", "eventIds") for one in input.event_ids),
        )
        # Of a request that is sent again late some are not kept any more.
        kept: Sequence[webhooks.Delivery | None] = outcome.deliveries
        return WebhookEventsReplayed(
            endpoint=WebhookEndpoint.of(outcome.endpoint),
            deliveries=[WebhookDelivery.of(one) for one in kept if one is not None],
        )

    @mutation(
        result("RequestWebhookTest", WebhookTestRequested),
        ADMINS,
        "Sends an endpoint a test, to see whether its receiver takes messages and signatures.",
    )
    async def request_webhook_test(self, info: Info, input: RequestWebhookTestInput) -> object:
        """A test."""
        outcome = perform(
            info,
            services.request_webhook_test,
            input.request_id,
            endpoint_id=_named(input.endpoint_id),
        )
        delivery: webhooks.Delivery | None = outcome.delivery
        return WebhookTestRequested(
            endpoint=WebhookEndpoint.of(outcome.endpoint),
            delivery=WebhookDelivery.of(delivery) if delivery is not None else None,
        )


def _named(endpoint_id: str) -> str:
    return decoded(endpoint_id, "WebhookEndpoint", "endpointId")
