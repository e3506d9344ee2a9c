"""The audit log as a file."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from portal_api.cli.places import Endpoint, Region, StoreFile, TableName, fail, opened_at, place_of
from portal_api.cli.screen import Screen
from portal_api.domain.cells import csv_text
from portal_api.domain.partners import Partner
from portal_api.services import audit
from portal_api.services.store import One, Store, StoreUnavailable, Unreadable

_INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]


def export_audit_command(
    file: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)],
    partner: Annotated[
        str | None, typer.Option(help="What concerns this partner, by its id; else everything.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=_INSTANTS, help="From this day or instant on, UTC."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", formats=_INSTANTS, help="Up to but without this, UTC."),
    ] = None,
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Write the audit log into a CSV file: who changed what, when, and by which request.

    The vendor's own records come first, then each partner's, all oldest first.
    """
    wanted = audit.Wanted(partner_id=partner, since=_utc(since), until=_utc(until))
    opened = opened_at(place_of(store, table, region, endpoint_url), writing=False)
    part, records = file.with_name(f"{file.name}.part"), 0
    try:
        if partner is not None and not _there(opened, partner):
            fail(f"There is no partner {partner}.")
        with Screen(None) as screen, part.open("w", encoding="utf-8", newline="") as written:
            for text, rows in _parts(opened, wanted):
                written.write(text)
                records += rows
                screen.progress("records", records, None, "")
        part.replace(file)
    except OSError as problem:
        fail(f"{problem.filename}: {problem.strerror}")
    except (StoreUnavailable, Unreadable) as problem:
        fail(f"The store cannot be read: {problem}")
    finally:
        part.unlink(missing_ok=True)
        opened.close()
    typer.echo(f"{records} records")


def _parts(store: Store, wanted: audit.Wanted) -> Iterator[tuple[str, int]]:
    """The file in parts, the header in the first alone, and how many records each has."""
    header = csv_text(audit.COLUMNS, ())
    yield header, 0
    after: str | None = None
    while True:
        page = audit.page(store, wanted, after)
        rows = audit.rows(store, page.records)
        yield csv_text(audit.COLUMNS, rows).removeprefix(header), len(rows)
        after = page.next
        if after is None:
            return


def _there(store: Store, partner_id: str) -> bool:
    want = One(Partner, partner_id)
    return store.read([want])[want] is not None


def _utc(instant: datetime | None) -> datetime | None:
    return instant.replace(tzinfo=UTC) if instant is not None else None
