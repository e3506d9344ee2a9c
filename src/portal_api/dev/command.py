"""What `portal-api dev` does: prepares a store, says who to be and what to ask, and serves."""

import contextlib
import errno
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from portal_api import app
from portal_api.dev import portal as local
from portal_api.dev.portal import LocalPortal
from portal_api.services.store import Store
from portal_api.settings import DynamoPlace, Place, SqlitePlace, pretend_credentials

DEFAULT_PLACE: Final = SqlitePlace(Path(".portal/demo.sqlite"))


class CannotServe(Exception):
    """What was asked for cannot be served; the message says why."""


def run(place: Place, port: int, *, fresh: bool = False) -> None:
    """Serves the portal on a store until it is interrupted; ``fresh`` empties a file before.

    Raises ``CannotServe`` and ``StoreUnavailable``.
    """
    console = Console(soft_wrap=True, highlight=False)
    try:
        listening = local.listener(port)
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        raise CannotServe(f"Port {port} is taken; choose another with --port.") from None
    with listening:
        if fresh:
            _forget(place)
        if isinstance(place, DynamoPlace) and place.endpoint_url:
            pretend_credentials()
        with contextlib.closing(app.open_store(place, create=True)) as store:
            portal = _prepared(store, listening.getsockname()[1], console)
            _introduce(portal, console)
            # Ctrl + C is how this ends.
            with contextlib.suppress(KeyboardInterrupt), portal.telling():
                local.server_of(portal).run(sockets=[listening])


def _forget(place: Place) -> None:
    """Removes a store's file, and what SQLite keeps beside it."""
    if not isinstance(place, SqlitePlace):
        raise CannotServe("--fresh is for a file; delete a table yourself.")
    for suffix in ("", "-wal", "-shm"):
        place.path.with_name(place.path.name + suffix).unlink(missing_ok=True)


def _prepared(store: Store, port: int, console: Console) -> LocalPortal:
    """The portal with its demo, told behind a bar on a terminal."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Telling the demo's half year", total=None)
        return local.local_portal(
            store, port, lambda done, known: progress.update(bar, completed=done, total=known)
        )


def _introduce(portal: LocalPortal, console: Console) -> None:
    """Says where the portal is, who to be, and what to ask."""
    console.print(
        f"\n[bold]{portal.url}[/]  a page to try everything; {portal.url}/graphql for tools"
    )
    console.print("\nWho to be:\n")
    for person in portal.main:
        where = f"{person.role} at {person.partner or 'the vendor'}"
        console.print(f"{person.name:16} {where:41} {person.about}", markup=False)
    console.print("\nTheir tokens, for a shell; they end with this process:\n")
    for person in portal.main:
        token = portal.token_of(person.name)
        console.print(f"{local.variable_of(person.name)}={token}", markup=False)
    console.print("\nWhat to ask:")
    for example in portal.examples():
        console.print(f"\n# {example.title} ({example.person})", markup=False)
        console.print(portal.curl(example), markup=False)
    console.print("\nEnds with Ctrl + C.\n")
