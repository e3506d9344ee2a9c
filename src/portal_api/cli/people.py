"""A person's own data as a file, for the person who asks for them."""

from pathlib import Path
from typing import Annotated

import typer

from portal_api import app as composition
from portal_api.cli.places import Endpoint, Region, StoreFile, TableName, fail, opened_at, place_of
from portal_api.domain.partners import Individual
from portal_api.services.personal_data import document
from portal_api.services.store import One, StoreUnavailable, Unreadable


def export_person_command(
    person: Annotated[str, typer.Argument(help="The person's user name.")],
    file: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)],
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Write all that is kept about a person into a file, and nothing of other people.

    One line of JSON for each record: profile, ledger, earnings, payouts, statements, and of each
    partner enrollments, consents that name the person, deals, activities and claims.
    """
    opened = opened_at(place_of(store, table, region, endpoint_url), writing=False)
    part, lines = file.with_name(f"{file.name}.part"), 0
    try:
        want = One(Individual, person)
        found = opened.read([want])[want]
        if found is None:
            fail(f"There is nobody with the user name {person}.")
        with part.open("w", encoding="utf-8", newline="\n") as written:
            for line in document(opened, composition.system_clock(), found):
                written.write(line)
                lines += 1
        part.replace(file)
    except OSError as problem:
        fail(f"{problem.filename}: {problem.strerror}")
    except (StoreUnavailable, Unreadable) as problem:
        fail(f"The store cannot be read: {problem}")
    finally:
        part.unlink(missing_ok=True)
        opened.close()
    typer.echo(f"{lines} lines")
