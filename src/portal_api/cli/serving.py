"""The commands of a developer: the portal on this machine, and its schema."""

from pathlib import Path
from typing import Annotated

import typer

from portal_api import app as composition
from portal_api.cli.places import Endpoint, Region, StoreFile, TableName, fail, place_of
from portal_api.services.store import StoreUnavailable


def dev_command(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any that is free.")] = 8400,
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what is in the file, and tell the demo anew.")
    ] = False,
) -> None:
    """Serve the whole portal on this machine, with demo data and tokens for everybody in it."""
    # Imported here, since it refuses to load in AWS, where the other commands are welcome.
    from portal_api.dev import command  # noqa: PLC0415

    named = store or table or region or endpoint_url
    place = place_of(store, table, region, endpoint_url) if named else command.DEFAULT_PLACE
    try:
        command.run(place, port, fresh=fresh)
    except command.CannotServe as problem:
        fail(str(problem))
    except StoreUnavailable as problem:
        fail(f"The store cannot be used: {problem}")


def schema_command(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the file instead of printing.")
    ] = False,
    file: Annotated[Path, typer.Option(help="The committed schema.")] = Path("schema.graphql"),
) -> None:
    """Print the GraphQL schema, or check that the committed one is the same."""
    printed = composition.printed_schema()
    if not check:
        typer.echo(printed, nl=False)
        return
    if not file.is_file() or file.read_text("utf-8") != printed:
        fail(f"{file} is not the schema of the code: print it with `make schema`.")
    typer.echo(f"{file} is the schema of the code.")
