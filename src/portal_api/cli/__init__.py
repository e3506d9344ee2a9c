"""The command line, `portal-api`: each command is one small function."""

import typer

from portal_api.cli.audit import export_audit_command
from portal_api.cli.events import resend_command
from portal_api.cli.groups import FirstByDefault
from portal_api.cli.imports import (
    import_activities_command,
    import_crm_command,
    import_partners_command,
    import_people_command,
    import_settlements_command,
)
from portal_api.cli.people import export_person_command
from portal_api.cli.proofs import export_command, series_command, verify_command
from portal_api.cli.serving import dev_command, schema_command
from portal_api.cli.sign_ins import first_admin_command, sign_in_command, sign_ins_command
from portal_api.cli.smoke import smoke_command

main = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
imports = typer.Typer(no_args_is_help=True, help="Bring data of other systems in.")
main.add_typer(imports, name="import")
exports = typer.Typer(
    cls=FirstByDefault, no_args_is_help=True, help="Write a file: the ledger if none is named."
)
main.add_typer(exports, name="export")

events = typer.Typer(no_args_is_help=True, help="What the event bus is told.")
main.add_typer(events, name="events")

imports.command("crm")(import_crm_command)
imports.command("partners")(import_partners_command)
imports.command("people")(import_people_command)
imports.command("activities")(import_activities_command)
imports.command("settlements")(import_settlements_command)
main.command("dev")(dev_command)
main.command("schema")(schema_command)
main.command("series")(series_command)
main.command("verify")(verify_command)
main.command("first-admin")(first_admin_command)
main.command("sign-ins")(sign_ins_command)
main.command("sign-in")(sign_in_command)
main.command("smoke")(smoke_command)
events.command("resend")(resend_command)
exports.command("ledger")(export_command)
exports.command("audit")(export_audit_command)
exports.command("person")(export_person_command)


@main.callback()
def about() -> None:
    """A portal for channel partner incentives."""
