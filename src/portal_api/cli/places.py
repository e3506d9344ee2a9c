"""Where a command finds its store, and how it fails."""

from pathlib import Path
from typing import Annotated, Never

import boto3
import typer

from portal_api import app as composition
from portal_api.settings import DynamoPlace, Place, SqlitePlace
from portal_api.storage.store import TableStore
from portal_api.storage.table import StorageFailure

FAILED = 1

StoreFile = Annotated[
    Path | None, typer.Option("--store", help="A file of the embedded store.", dir_okay=False)
]
TableName = Annotated[str | None, typer.Option("--table", help="A DynamoDB table.")]
Region = Annotated[
    str | None,
    typer.Option("--region", help="The table's AWS region.", show_default="the profile's"),
]
Endpoint = Annotated[
    str | None, typer.Option("--endpoint-url", help="Another DynamoDB than the region's.")
]


def place_of(
    store: Path | None, table: str | None, region: str | None, endpoint_url: str | None
) -> Place:
    """Where the options say that the store is."""
    if store is not None and not (table or region or endpoint_url):
        return SqlitePlace(store)
    if store is not None or not table:
        raise typer.BadParameter(
            "Say --store FILE, or --table NAME with --region or --endpoint-url."
        )
    known = region or boto3.Session().region_name or (endpoint_url and "us-east-1")
    if not known:
        raise typer.BadParameter("Say --region, or choose one in the AWS profile.")
    return DynamoPlace(table, known, endpoint_url)


def opened_at(place: Place, *, writing: bool) -> TableStore:
    """The store; what is missing is made where that is a file or a local server, before writing."""
    local = isinstance(place, SqlitePlace) or place.endpoint_url is not None
    try:
        return composition.open_store(place, create=writing and local)
    except (StorageFailure, OSError) as problem:
        fail(f"The store cannot be opened: {problem}")


def fail(text: str) -> Never:
    """Says why on the error stream, and ends the command."""
    typer.echo(text, err=True)
    raise typer.Exit(FAILED)
