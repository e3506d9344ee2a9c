"""The commands of the ledger: what is due, its proof, and files that prove it elsewhere."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Never

import typer

from portal_api import app as composition
from portal_api.cli.places import (
    FAILED,
    Endpoint,
    Region,
    StoreFile,
    TableName,
    fail,
    opened_at,
    place_of,
)
from portal_api.cli.screen import Screen
from portal_api.domain.money import to_text
from portal_api.services.due_series import run_all
from portal_api.services.export import NoWallet, export
from portal_api.services.export_lines import NotAnExport
from portal_api.services.store import StoreUnavailable
from portal_api.services.use_case import Portal
from portal_api.services.verify import LedgerSummary, Step, Walked, verify
from portal_api.services.verify_reading import Finding
from portal_api.storage import export_files


def series_command(
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Do what is due by now, step by step: team awards, ends of holds, expiry of points.

    Running it again, or twice at once, does nothing twice.
    """
    opened = opened_at(place_of(store, table, region, endpoint_url), writing=False)
    try:
        ran = run_all(Portal(opened, composition.system_clock, composition.new_id))
    finally:
        opened.close()
    for one in ran:
        if one.problem is None:
            typer.echo(f"{one.count} {one.done}")
    problems = " ".join(one.problem for one in ran if one.problem is not None)
    if problems:
        fail(f"The series stopped: {problems} Run it again to finish it.")


def verify_command(
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
    export_file: Annotated[
        Path | None,
        typer.Option("--export", help="An exported ledger, in place of a store.", dir_okay=False),
    ] = None,
    replay: Annotated[
        bool, typer.Option(help="Recompute every earning from its inputs too.")
    ] = True,
) -> None:
    """Prove the ledger from what is stored; every finding is told, and the exit code is 1.

    A file of `portal-api export` is proved without any store. Nobody should write meanwhile.
    """
    if export_file is not None:
        if store or table or region or endpoint_url:
            raise typer.BadParameter("Say --export FILE, or where the store is, but not both.")
        _verify_export(export_file, replay)
    opened = opened_at(place_of(store, table, region, endpoint_url), writing=False)
    try:
        _verify(verify(opened, replay, composition.system_clock()))
    except StoreUnavailable as problem:
        fail(f"The store cannot be read: {problem}")
    finally:
        opened.close()


def export_command(
    file: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)],
    wallet: Annotated[
        list[str] | None, typer.Option(help="The wallet of this person or company; repeatable.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole ledger.")] = False,
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Write a ledger, or some wallets of it, into a file that can be verified anywhere.

    One line of JSON for each stored item. An export of single wallets is for their owners: nothing
    in it tells of other people. Nobody should write meanwhile.
    """
    if bool(wallet) is everything:
        raise typer.BadParameter("Say --wallet ID, once or more often, or --all.")
    opened = opened_at(place_of(store, table, region, endpoint_url), writing=False)
    part, lines = file.with_name(f"{file.name}.part"), 0
    try:
        with Screen(None) as screen, part.open("w", encoding="utf-8", newline="\n") as written:
            for line in export(opened, composition.system_clock(), wallet or None):
                written.write(line)
                lines += 1
                screen.progress("lines", lines, None, "")
        part.replace(file)
    except NoWallet as problem:
        fail(str(problem))
    except OSError as problem:
        fail(f"{problem.filename}: {problem.strerror}")
    except StoreUnavailable as problem:
        fail(f"The store cannot be read: {problem}")
    finally:
        part.unlink(missing_ok=True)
        opened.close()
    typer.echo(f"{lines} lines")


def _verify_export(path: Path, replay: bool) -> Never:
    """Verifies a file, its lines first."""
    try:
        with export_files.opened(path) as (file, store):
            manifest = file.manifest
            steps = verify(store, replay, manifest.at, manifest.scope)
            _verify(steps, file.load())
    except NotAnExport as problem:
        fail(str(problem))
    except OSError as problem:
        fail(f"{problem.filename}: {problem.strerror}")


def _verify(steps: Iterator[Step], lines: Iterable[Finding | None] = ()) -> Never:
    """Tells what the lines of a file and the ledger in it come to, and ends the command."""
    summary: LedgerSummary | None = None
    started, bad_lines = time.monotonic(), 0
    with Screen(None) as screen:
        for found in lines:
            if found is not None:
                bad_lines += 1
                screen.line(str(found))
        for step in steps:
            match step:
                case Walked(wallets, journals):
                    screen.progress("wallets", wallets, None, f"{journals} journals")
                case LedgerSummary():
                    summary = replace(step, findings=step.findings + bad_lines)
                case finding:
                    screen.line(str(finding))
    if summary is not None:
        _tell_ledger(summary, time.monotonic() - started)
    raise typer.Exit(FAILED if summary is None or summary.findings else 0)


def _tell_ledger(summary: LedgerSummary, seconds: float) -> None:
    journals, transfers = summary.journals, summary.transfers
    typer.echo(f"{summary.wallets} wallets, {journals} journals, {transfers} transfers")
    for asset, parts in summary.totals.items():
        shown = ", ".join(
            f"{name} {to_text(minor, asset)}" for name, minor in parts.items() if minor
        )
        typer.echo(f"  {asset}: {shown}")
    if summary.replayed:
        typer.echo(f"  {summary.replayed} earnings recomputed from their inputs")
    for text in summary.unchecked:
        typer.echo(f"  not checked: {text}")
    result = f"{summary.findings} findings" if summary.findings else "nothing wrong"
    typer.echo(f"{result}, in {seconds:.1f} s")
