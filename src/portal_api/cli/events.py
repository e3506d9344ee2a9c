"""Events of a span of time, put on the event bus once more."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from portal_api.bus import Bus
from portal_api.cli.places import Endpoint, Region, StoreFile, TableName, fail, opened_at, place_of
from portal_api.services import audit
from portal_api.services.messages import message_of
from portal_api.services.store import StoreUnavailable, Unreadable
from portal_api.settings import DynamoPlace

_INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]


def resend_command(
    since: Annotated[datetime, typer.Option(formats=_INSTANTS, help="From this on, UTC.")],
    until: Annotated[datetime, typer.Option(formats=_INSTANTS, help="Up to, without this, UTC.")],
    bus: Annotated[str, typer.Option(help="The name of the event bus.")],
    partner: Annotated[
        str | None, typer.Option(help="What concerns this partner, by its id; else everything.")
    ] = None,
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Put the events of a span of time on the event bus again, from the table, where all are kept.

    For what the bus has missed. Who already knows an event knows it again by its id, and a webhook
    that was delivered is not delivered again: this can be run twice, and goes over what was done.
    """
    place = place_of(store, table, region, endpoint_url)
    target = Bus(bus)
    if isinstance(place, DynamoPlace):
        target = Bus(bus, place.region, place.endpoint_url)
    wanted = audit.Wanted(
        partner_id=partner, since=since.replace(tzinfo=UTC), until=until.replace(tzinfo=UTC)
    )
    opened = opened_at(place, writing=False)
    sent, after = 0, None
    try:
        while True:
            page = audit.page(opened, wanted, after)
            messages = [message_of(event) for event in page.records]
            taken = target.put(messages)
            sent += taken
            if taken < len(messages):
                fail(f"The bus took {sent} events and then no more. Run it again.")
            after = page.next
            if after is None:
                break
    except (StoreUnavailable, Unreadable) as problem:
        fail(f"The store cannot be read: {problem}")
    finally:
        opened.close()
    typer.echo(f"{sent} events")
