"""The demo's webhook: the vendor's data platform, which took one event and was down for the next.

It was down when that was tried again as well: so it is in a telling that was killed between an
attempt and what came of it.

Nothing is sent: what would be is answered here, and the host is of a domain kept for examples.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from portal_api.demo import world
from portal_api.demo.teller import Teller
from portal_api.domain.events import Event
from portal_api.services import deliveries, webhooks
from portal_api.services.deliveries import Sent
from portal_api.services.messages import message_of
from portal_api.services.store import Many, of_events

URL: Final = "https://hooks.example.com/portal"
_KINDS: Final = ("ConsentGranted", "DealWon", "EarningReleased", "GoalReached")
_LOOKED_AT: Final = 500


def plan(teller: Teller) -> None:
    """Plans the endpoint for the last evening, and what it is told then."""
    teller.lately(1, partial(_create, teller), hour=22)
    teller.lately(1, partial(_again, teller), hour=23)


def _create(teller: Teller) -> None:
    webhooks.create_webhook_endpoint(
        teller.portal,
        teller.ask(world.ADMINISTRATOR),
        url=URL,
        description="The data platform, which keeps the dashboards fresh",
        kinds=_KINDS,
    )
    want = Many(
        Event,
        of_events(teller.house(world.FERNHILL).partner.id),
        _LOOKED_AT,
        newest_first=True,
    )
    newest = teller.portal.store.read([want])[want].records
    wanted = [event for event in newest if event.kind in _KINDS]
    for event, status in zip(reversed(wanted[:2]), (204, 503), strict=True):
        deliveries.deliver(teller.portal, message_of(event), partial(_answered, status))


def _again(teller: Teller) -> None:
    deliveries.retry_due(teller.portal, partial(_answered, 503))


def _answered(status: int, _url: str, _headers: Mapping[str, str], _body: bytes) -> Sent:
    """What a receiver would say."""
    return Sent(status)
