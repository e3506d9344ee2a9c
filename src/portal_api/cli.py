"""The command line, `portal-api`: each command is one small function."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Never, Self, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from portal_api import app as composition
from portal_api.domain.crm import CrmExportError
from portal_api.domain.errors import Refusal
from portal_api.domain.money import to_minor, to_text
from portal_api.domain.partners import PartnerType, Tier
from portal_api.services.import_frame import ImportTerms
from portal_api.services.import_report import ImportReport, Note, Totals
from portal_api.services.imports import Advance, import_crm
from portal_api.services.store import StoreUnavailable, Unreadable
from portal_api.services.team_awards import pay_open_awards
from portal_api.services.use_case import Portal, Unauthenticated
from portal_api.services.verify import LedgerSummary, Walked, verify
from portal_api.settings import DynamoPlace, Place, SqlitePlace
from portal_api.storage.store import TableStore
from portal_api.storage.table import StorageFailure

FAILED = 1
_SECONDS_BETWEEN_LINES = 3.0

main = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
imports = typer.Typer(no_args_is_help=True, help="Bring data of other systems in.")
main.add_typer(imports, name="import")

_StoreFile = Annotated[
    Path | None, typer.Option("--store", help="A file of the embedded store.", dir_okay=False)
]
_TableName = Annotated[str | None, typer.Option("--table", help="A DynamoDB table.")]
_Region = Annotated[str | None, typer.Option("--region", help="The table's AWS region.")]
_Endpoint = Annotated[
    str | None, typer.Option("--endpoint-url", help="Another DynamoDB than the region's.")
]


@main.callback()
def about() -> None:
    """A portal for channel partner incentives."""


@imports.command("crm")
def import_crm_command(  # noqa: PLR0913, PLR0917 - An option is a parameter.
    folder: Annotated[
        Path, typer.Argument(help="Where the four files of the export are.", file_okay=False)
    ],
    store: _StoreFile = None,
    table: _TableName = None,
    region: _Region = None,
    endpoint_url: _Endpoint = None,
    partner_type: Annotated[
        PartnerType, typer.Option(help="The type of the partners that are made.")
    ] = PartnerType.VAR,
    tier: Annotated[Tier, typer.Option(help="Their tier.")] = Tier.GOLD,
    rate_bps: Annotated[
        int, typer.Option(min=1, max=10_000, help="What a deal pays, in basis points of it.")
    ] = 300,
    consent_from: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="When consent, enrollment and program began.",
            show_default="the year of the first deal",
        ),
    ] = None,
    budget: Annotated[str, typer.Option(help="The program's budget.")] = "1000000.00",
    currency: Annotated[str, typer.Option(help="Of all amounts.")] = "USD",
    time_zone: Annotated[str, typer.Option(help="What a day is, an IANA name.")] = "UTC",
    report: Annotated[
        Path | None,
        typer.Option(help="Write what is to be said of lines here.", show_default="the screen"),
    ] = None,
) -> None:
    """Import a CRM export and reward its deals. Running it again finishes it, or changes nothing.

    Bad rows, conflicts and warnings are told with file and line.
    """
    try:
        budget_minor = to_minor(budget, currency)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--budget") from None
    terms = ImportTerms(
        consent_from=consent_from.date() if consent_from else None,
        partner_type=partner_type,
        tier=tier,
        rate_bps=rate_bps,
        budget_minor=budget_minor,
        currency=currency,
        time_zone=time_zone,
    )
    opened = _opened(_place(store, table, region, endpoint_url), writing=True)
    try:
        with _Screen(report) as screen:
            _import(opened, folder, terms, screen)
    except (CrmExportError, Refusal) as problem:
        _fail(str(problem))
    except OSError as problem:
        _fail(f"{problem.filename}: {problem.strerror}")
    except Unauthenticated:
        _fail("The person in whose name imports are done is suspended.")
    except (StoreUnavailable, Unreadable) as problem:
        _fail(f"The import stopped: {problem} Run it again to finish it.")
    finally:
        opened.close()


@main.command("dev")
def dev_command(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any that is free.")] = 8400,
    store: _StoreFile = None,
    table: _TableName = None,
    region: _Region = None,
    endpoint_url: _Endpoint = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what is in the file, and tell the demo anew.")
    ] = False,
) -> None:
    """Serve the whole portal on this machine, with demo data and tokens for everybody in it."""
    # Imported here, since it refuses to load in AWS, where the other commands are welcome.
    from portal_api.dev import command  # noqa: PLC0415

    named = store or table or region or endpoint_url
    place = _place(store, table, region, endpoint_url) if named else command.DEFAULT_PLACE
    try:
        command.run(place, port, fresh=fresh)
    except command.CannotServe as problem:
        _fail(str(problem))
    except StoreUnavailable as problem:
        _fail(f"The store cannot be used: {problem}")


@main.command("schema")
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
        _fail(f"{file} is not the schema of the code: print it with `make schema`.")
    typer.echo(f"{file} is the schema of the code.")


@main.command("series")
def series_command(
    store: _StoreFile = None,
    table: _TableName = None,
    region: _Region = None,
    endpoint_url: _Endpoint = None,
) -> None:
    """Finish what is paid step by step, one transaction each: team awards that were interrupted.

    Running it again, or twice at once, pays nothing twice.
    """
    opened = _opened(_place(store, table, region, endpoint_url), writing=False)
    try:
        count = pay_open_awards(Portal(opened, composition.system_clock, composition.new_id))
    except (StoreUnavailable, Unreadable) as problem:
        _fail(f"The series stopped: {problem} Run it again to finish it.")
    finally:
        opened.close()
    typer.echo(f"{count} team awards finished")


@main.command("verify")
def verify_command(
    store: _StoreFile = None,
    table: _TableName = None,
    region: _Region = None,
    endpoint_url: _Endpoint = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Recompute every earning from its inputs too.")
    ] = False,
) -> None:
    """Prove the ledger from what is stored; every finding is told, and the exit code is 1."""
    opened = _opened(_place(store, table, region, endpoint_url), writing=False)
    summary: LedgerSummary | None = None
    started = time.monotonic()
    try:
        with _Screen(None) as screen:
            for step in verify(opened, replay):
                match step:
                    case Walked(wallets, journals):
                        screen.progress("wallets", wallets, None, f"{journals} journals")
                    case LedgerSummary():
                        summary = step
                    case finding:
                        screen.line(str(finding))
    except StoreUnavailable as problem:
        _fail(f"The store cannot be read: {problem}")
    finally:
        opened.close()
    if summary is not None:
        _tell_ledger(summary, time.monotonic() - started)
        raise typer.Exit(FAILED if summary.findings else 0)


def _import(store: TableStore, folder: Path, terms: ImportTerms, screen: "_Screen") -> None:
    portal = Portal(store, composition.system_clock, composition.new_id)
    started = time.monotonic()
    done: ImportReport | None = None
    for step in import_crm(portal, _opener(folder), terms):
        match step:
            case Advance(line, lines):
                screen.progress("lines", line, lines, "")
            case ImportReport():
                done = step
            case Note():
                screen.note(str(step))
    if done is not None:
        _tell_import(done, terms.currency, time.monotonic() - started, screen.line)


def _opener(folder: Path) -> Callable[[str], Iterator[str]]:
    """Opens files of an export as its reader wants them: physical lines, bad bytes kept."""

    def lines(name: str) -> Iterator[str]:
        path = folder / name
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            yield from file

    return lines


def _place(
    store: Path | None, table: str | None, region: str | None, endpoint_url: str | None
) -> Place:
    """Where the options say that the store is."""
    if store is not None and not (table or region or endpoint_url):
        return SqlitePlace(store)
    if store is not None or not table:
        raise typer.BadParameter(
            "Say --store FILE, or --table NAME with --region or --endpoint-url."
        )
    if not region and not endpoint_url:
        raise typer.BadParameter("A table has a --region.")
    return DynamoPlace(table, region or "us-east-1", endpoint_url)


def _opened(place: Place, *, writing: bool) -> TableStore:
    """The store; what is missing is made where that is a file or a local server, before writing."""
    local = isinstance(place, SqlitePlace) or place.endpoint_url is not None
    try:
        return composition.open_store(place, create=writing and local)
    except (StorageFailure, OSError) as problem:
        _fail(f"The store cannot be opened: {problem}")


def _fail(text: str) -> Never:
    typer.echo(text, err=True)
    raise typer.Exit(FAILED)


def _tell_import(
    done: ImportReport, currency: str, seconds: float, tell: Callable[[str], None]
) -> None:
    tell(f"{done.rows} rows in {seconds:.1f} s, {done.rows / max(seconds, 0.001):.0f} a second")
    tell(f"  imported {done.imported}, updated {done.updated}, unchanged {done.unchanged}")
    tell(f"  bad {done.bad_rows}, conflicts {done.conflicts}, repeated {done.repeated}")
    if done.bad_entries:
        tell(f"  bad rows of the other files {done.bad_entries}")
    for kind, count in sorted(done.warnings.items()):
        tell(f"  warnings {kind} {count}")
    for reason, count in sorted(done.withheld.items()):
        tell(f"  rewards withheld {reason} {count}")
    for line in _totals_told(done.totals, currency):
        tell(line)


def _totals_told(totals: Totals, currency: str) -> Iterator[str]:
    def money(amount_minor: int) -> str:
        return f"{to_text(amount_minor, currency)} {currency}"

    yield "The portal now shows"
    won = f"{totals.won} won, sales of {money(totals.won_minor)}"
    yield f"  {totals.registered} opportunities, {won}"
    yield f"  {money(totals.earned_minor)} earned:"
    yield f"    {money(totals.earned_on_won_minor)} on won deals"
    yield f"    {money(totals.kept_minor)} for the registration of others"
    if not totals.agree:
        yield "  which is NOT what its deals add up to: run portal-api verify"


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
    result = f"{summary.findings} findings" if summary.findings else "nothing wrong"
    typer.echo(f"{result}, in {seconds:.1f} s")


class _Screen:
    """Where a long command tells what it does: a bar on a terminal, plain lines otherwise.

    With a report file, notes go there and not to the screen.
    """

    def __init__(self, report: Path | None) -> None:
        self._console = Console(soft_wrap=True, highlight=False, markup=False)
        self._bar: Progress | None = None
        self._path = report
        self._file: TextIO | None = None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._path.open("w", encoding="utf-8")
        if self._console.is_terminal:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
            self._bar = Progress(
                *columns, TimeRemainingColumn(), console=self._console, transient=True
            )
            self._bar.start()
            self._bar.add_task("", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._file is not None:
            self._file.close()

    def progress(self, what: str, done: int, whole: int | None, more: str) -> None:
        """How far it is; a plain line only now and then, and at the end."""
        if self._bar is not None:
            task = self._bar.task_ids[0]
            self._bar.update(task, completed=done, total=whole, description=f"{what} {more}")
            return
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN_LINES and done != whole:
            return
        self._last = now
        of = f" of {whole}, {100 * done // max(whole, 1)} %" if whole else ""
        typer.echo(f"{what} {done}{of}{more and f', {more}'}")

    def note(self, text: str) -> None:
        """One thing that is to be said of a line of a file."""
        if self._file is None:
            self.line(text)
        else:
            self._file.write(f"{text}\n")

    def line(self, text: str) -> None:
        """One line."""
        if self._bar is not None:
            self._console.print(text)
        else:
            typer.echo(text)
