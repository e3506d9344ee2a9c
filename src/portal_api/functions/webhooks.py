"""The webhooks' function: endpoints are told of an event of the bus, or of what is due again.

What it logs and counts has no URL, no body and no secret: a delivery's own record says more, to
the administrators who may see it.
"""

import functools
import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

from portal_api import app, logs, metrics, settings
from portal_api.bus import SOURCE
from portal_api.sending import TOTAL_SECONDS, sender
from portal_api.services import deliveries
from portal_api.services.deliveries import Counts, Send
from portal_api.services.use_case import Portal

_RESERVED_SECONDS: Final = TOTAL_SECONDS + 5
"""For the attempt that was begun last, and to write down what came of it."""

_log = logging.getLogger(__name__)


class Context(Protocol):
    """What is asked of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """How long this run may still take."""
        ...


def handler(event: Mapping[str, Any], context: Context) -> dict[str, int]:
    """Handles an event of the bus, or ``{"due": true}`` of the schedule; what came of deliveries.

    It may be killed, and run twice at once. Raises ``StoreUnavailable`` where Lambda is to run it
    again, and ``ValueError`` for anything else than the two.
    """
    portal, send = _parts()
    return run(portal, send, event, context.get_remaining_time_in_millis() / 1000)


def run(
    portal: Portal, send: Send, event: Mapping[str, Any], seconds_left: float
) -> dict[str, int]:
    """The same on any portal, with any way of sending."""
    counts = _done(portal, send, event, seconds_left)
    told = {
        "delivered": counts.delivered,
        "failed": counts.failed,
        "given_up": counts.given_up,
    }
    _log.info("webhooks", extra=told)
    metrics.count(metrics.WEBHOOKS_DELIVERED, counts.delivered)
    metrics.count(metrics.WEBHOOKS_FAILED, counts.failed)
    metrics.count(metrics.WEBHOOKS_GIVEN_UP, counts.given_up)
    return told


def _done(portal: Portal, send: Send, event: Mapping[str, Any], seconds_left: float) -> Counts:
    if event.get("due") is True:
        seconds = min(deliveries.SECONDS, max(0, seconds_left - _RESERVED_SECONDS))
        return deliveries.retry_due(portal, send, seconds=seconds)
    if event.get("source") == SOURCE:
        return deliveries.deliver(portal, event["detail"], send)
    raise ValueError("This is neither an event of the portal nor its schedule.")


@functools.cache
def _parts() -> tuple[Portal, Send]:
    known = settings.for_webhooks()
    logs.logger(known.stage)
    return app.portal_at(known.place), sender(known.private_origins)
