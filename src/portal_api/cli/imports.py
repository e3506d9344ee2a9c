"""The commands that bring data of other systems in."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from portal_api import app as composition
from portal_api.cli.places import (
    Endpoint,
    Region,
    StoreFile,
    TableName,
    fail,
    opened_at,
    place_of,
)
from portal_api.cli.screen import Screen
from portal_api.domain.crm import CrmExportError
from portal_api.domain.errors import Refusal
from portal_api.domain.money import to_minor, to_text
from portal_api.domain.partners import PartnerType, Tier
from portal_api.services.bulk_imports import import_activities, import_people
from portal_api.services.csv_files import Report
from portal_api.services.import_frame import ImportTerms
from portal_api.services.import_report import ImportReport, Note, Totals
from portal_api.services.imports import Advance, import_crm
from portal_api.services.partner_imports import import_partners
from portal_api.services.settlements import bank_integration, import_settlements
from portal_api.services.store import StoreUnavailable, Unreadable
from portal_api.services.use_case import Ask, Portal, Unauthenticated
from portal_api.settings import Place
from portal_api.storage.store import TableStore

_As = Annotated[
    str, typer.Option("--as", help="In whose name: the user name of one of the vendor's people.")
]


def import_crm_command(  # noqa: PLR0913, PLR0917 - An option is a parameter.
    folder: Annotated[
        Path, typer.Argument(help="Where the four files of the export are.", file_okay=False)
    ],
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
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
    opened = opened_at(place_of(store, table, region, endpoint_url), writing=True)
    try:
        with Screen(report) as screen:
            _import(opened, folder, terms, screen)
    except (CrmExportError, Refusal) as problem:
        fail(str(problem))
    except OSError as problem:
        fail(f"{problem.filename}: {problem.strerror}")
    except Unauthenticated:
        fail("The person in whose name imports are done is suspended.")
    except (StoreUnavailable, Unreadable) as problem:
        fail(f"The import stopped: {problem} Run it again to finish it.")
    finally:
        opened.close()


def import_partners_command(
    file: Annotated[Path, typer.Argument(help="The file.", dir_okay=False)],
    who: _As,
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Add the partners of a CSV file that are not there yet. Running it again changes nothing.

    Columns: external_id, name, type, tier, region, and if wished business_model, strategy and teams
    (with semicolons between them). Bad rows are told with their lines.
    """
    _import_rows(import_partners, file, who, place_of(store, table, region, endpoint_url))


def import_people_command(
    file: Annotated[Path, typer.Argument(help="The file.", dir_okay=False)],
    who: _As,
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Add the people of a CSV file who are not there yet. Running it again changes nothing.

    Columns: external_id, name, email, partner (its id or external id), role, and if wished team and
    from. Bad rows are told with their lines.
    """
    _import_rows(import_people, file, who, place_of(store, table, region, endpoint_url))


def import_activities_command(
    file: Annotated[Path, typer.Argument(help="The file.", dir_okay=False)],
    who: _As,
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Record and reward the activities of a CSV file. Running it again changes nothing.

    Columns: source, source_event_id, individual (an id or an e-mail address), program, behavior,
    occurred_at. Bad rows are told with their lines.
    """
    _import_rows(import_activities, file, who, place_of(store, table, region, endpoint_url))


def import_settlements_command(
    file: Annotated[Path, typer.Argument(help="The bank's file.", dir_okay=False)],
    who: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="In whose name: the user name of one of the vendor's people.",
            show_default="an integration of its own",
        ),
    ] = None,
    store: StoreFile = None,
    table: TableName = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Settle payouts, or release them, as a file of the bank says. Again, it changes nothing.

    Columns: payout_id, status (PAID or FAILED), reference. Bad rows are told with their lines.
    """
    try:
        content = file.read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        fail(f"{problem.filename}: {problem.strerror}")
    opened = opened_at(place_of(store, table, region, endpoint_url), writing=False)
    portal = Portal(opened, composition.system_clock, composition.new_id)
    try:
        ask = Ask(who or bank_integration(portal), f"import-{composition.new_id()}")
        done = import_settlements(portal, ask, content=content, seconds=None)
    except Refusal as problem:
        fail(str(problem))
    except Unauthenticated:
        fail("The person in whose name settlements are imported may not act.")
    except (StoreUnavailable, Unreadable) as problem:
        fail(f"The import stopped: {problem} Run it again to finish it.")
    finally:
        opened.close()
    for one in done.file.problems:
        typer.echo(f"{file.name}:{one.line}: {one.code}: {one.text}")
    told = (done.file.settled, done.file.failed, done.file.unchanged, len(done.file.problems))
    typer.echo("settled {}, failed {}, unchanged {}, problems {}".format(*told))
    if done.next_line is not None:
        fail(f"The import stopped at line {done.next_line}: run it again to finish it.")


def _import(store: TableStore, folder: Path, terms: ImportTerms, screen: Screen) -> None:
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


def _import_rows(importer: Callable[..., Report], file: Path, who: str, place: Place) -> None:
    """Imports a file of any length, and tells what became of its rows."""
    opened = opened_at(place, writing=False)
    portal = Portal(opened, composition.system_clock, composition.new_id)
    ask = Ask(who, f"import-{composition.new_id()}")
    try:
        report = importer(portal, ask, content=_opener(file.parent)(file.name), seconds=None)
    except Refusal as problem:
        fail(str(problem))
    except OSError as problem:
        fail(f"{problem.filename}: {problem.strerror}")
    except Unauthenticated:
        fail(f"{who} may not act.")
    finally:
        opened.close()
    for one in report.problems:
        typer.echo(f"{file.name}:{one.line}: {one.code}: {one.text}")
    problems = len(report.problems)
    typer.echo(f"imported {report.imported}, unchanged {report.unchanged}, problems {problems}")
    if report.next_line is not None:
        fail(f"The import stopped at line {report.next_line}: run it again to finish it.")


def _opener(folder: Path) -> Callable[[str], Iterator[str]]:
    """Opens files of an export as its reader wants them: physical lines, bad bytes kept."""

    def lines(name: str) -> Iterator[str]:
        path = folder / name
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            yield from file

    return lines


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
