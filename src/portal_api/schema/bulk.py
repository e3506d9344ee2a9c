"""Files in and out: partners, people and activities as CSV, with a report that names each line."""

from typing import Annotated

import strawberry

from portal_api.domain import import_files
from portal_api.domain.access import Audience as AudienceOf
from portal_api.domain.partners import Partner
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import ImportProblemCode
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, encoded, split
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.services import bulk_exports, bulk_imports, csv_files
from portal_api.services.deals import DEAL_RECORDERS
from portal_api.services.partner_imports import import_partners
from portal_api.services.partners import MANAGERS
from portal_api.services.store import One

_LIMITS = (
    f"At most {csv_files.ROWS_MAX} rows and {csv_files.CONTENT_MAX} characters, a cell at most 200,"
    " the first line naming the columns, one row on each line. A bad row is told with its line, and"
    " the others go in. What is there already is compared and never changed: the same file again"
    " changes nothing, and goes on where an earlier run was cut off."
)


@declared(Audience.VENDOR)
@strawberry.type(description="What is wrong with a line of a file; its row was not used.")
class ImportProblem:
    """A problem."""

    line: int = strawberry.field(description="The line of the file; the header is line 1.")
    code: ImportProblemCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")

    @classmethod
    def of(cls, problem: import_files.Problem) -> "ImportProblem":
        """The problem as shown."""
        return cls(line=problem.line, code=problem.code, message=problem.text)


@declared(Audience.VENDOR)
@strawberry.type(description="What became of a file's rows.")
class ImportReport:
    """A report."""

    imported: int = strawberry.field(description="Rows that went in.")
    unchanged: int = strawberry.field(description="Rows that were there before, just so.")
    problems: list[ImportProblem] = strawberry.field(description="What was not used, by line.")
    next_line: int | None = strawberry.field(
        description="The first line that was not looked at, where there was no more time: send the"
        " same file again. Null where all were."
    )

    @classmethod
    def of(cls, report: csv_files.Report) -> "ImportReport":
        """The report as shown."""
        return cls(
            imported=report.imported,
            unchanged=report.unchanged,
            problems=[ImportProblem.of(one) for one in report.problems],
            next_line=report.next_line,
        )


@declared(Audience.VENDOR)
@strawberry.type(description="The file was looked at, row by row.")
class PartnersImported:
    """Success."""

    report: ImportReport = strawberry.field(description="What became of its rows.")


@declared(Audience.VENDOR)
@strawberry.type(description="The file was looked at, row by row.")
class PeopleImported:
    """Success."""

    report: ImportReport = strawberry.field(description="What became of its rows.")


@declared(Audience.VENDOR)
@strawberry.type(description="The file was looked at, row by row.")
class ActivitiesImported:
    """Success."""

    report: ImportReport = strawberry.field(description="What became of its rows.")


@declared(Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(
    description="Part of an export, as RFC 4180 has it. A cell that a spreadsheet would run as a"
    " formula begins with an apostrophe, which an import takes off again."
)
class CsvPage:
    """A page."""

    csv: str = strawberry.field(description="The header and the rows, each ended by CR LF.")
    rows: int = strawberry.field(description="How many rows it has, which may be none.")
    next: str | None = strawberry.field(description="The cursor of the next page; null at the end.")
    complete: bool = strawberry.field(description="Whether this was the last page.")

    @classmethod
    def of(cls, page: bulk_exports.CsvPage) -> "CsvPage":
        """The page as shown."""
        return cls(csv=page.csv, rows=page.rows, next=page.next, complete=page.next is None)


@strawberry.input(description="A file of partners.")
class ImportPartnersInput(MutationInput):
    """A file."""

    content: str = strawberry.field(
        description="CSV with the columns external_id (what the vendor's own system calls the"
        " partner: unique), name, type (such as VAR), tier (such as GOLD), region, and, where"
        " wished, business_model (such as RESALE), strategy (such as HUNTING) and teams (their"
        f" names, with semicolons between them). {_LIMITS}"
    )


@strawberry.input(description="A file of people.")
class ImportPeopleInput(MutationInput):
    """A file."""

    content: str = strawberry.field(
        description="CSV with the columns external_id (what the partner's own system calls the"
        " person: unique at the partner), name, email, partner (its id or external id), role"
        " (SALES_REP, SALES_ENGINEER, MARKETER or PARTNER_EXECUTIVE), and, where wished, team (its"
        f" name or id) and from (a date or instant; now where empty). {_LIMITS}"
    )


@strawberry.input(description="A file of activities.")
class ImportActivitiesInput(MutationInput):
    """A file."""

    content: str = strawberry.field(
        description="CSV with the columns source (the system that tells of it), source_event_id"
        " (what it calls the event), individual (an id, or an e-mail address that one person has),"
        " program (its id), behavior (its code) and occurred_at (an instant such as"
        f" 2026-03-31T17:00:00Z, or a date: its beginning in UTC). {_LIMITS}"
    )


_After = Annotated[
    str | None, strawberry.argument(description="What the page before told as next.")
]


@strawberry.type
class BulkMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("ImportPartners", PartnersImported),
        MANAGERS,
        "Adds the partners of a CSV file that are not there yet, with their teams. The same request"
        " with the same file goes on where it was cut off, and then tells the same again.",
    )
    async def import_partners(self, info: Info, input: ImportPartnersInput) -> object:
        """A file."""
        report = perform(info, import_partners, input.request_id, content=input.content)
        return PartnersImported(report=ImportReport.of(report))

    @mutation(
        result("ImportPeople", PeopleImported),
        MANAGERS,
        "Adds the people of a CSV file who are not there yet. The same request with the same file"
        " goes on where it was cut off, and then tells the same again.",
    )
    async def import_people(self, info: Info, input: ImportPeopleInput) -> object:
        """A file."""
        report = perform(
            info,
            bulk_imports.import_people,
            input.request_id,
            content=input.content,
            read_id=_own_id,
        )
        return PeopleImported(report=ImportReport.of(report))

    @mutation(
        result("ImportActivities", ActivitiesImported),
        DEAL_RECORDERS,
        "Records the activities of a CSV file that are not there yet, and rewards them. The same"
        " request with the same file goes on where it was cut off, and then tells the same again.",
    )
    async def import_activities(self, info: Info, input: ImportActivitiesInput) -> object:
        """A file."""
        report = perform(
            info,
            bulk_imports.import_activities,
            input.request_id,
            content=input.content,
            read_id=_own_id,
        )
        return ActivitiesImported(report=ImportReport.of(report))


@strawberry.type
class BulkQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="The people who work for a partner now, as CSV: the columns of importPeople,"
        f" and individual and status; at most {bulk_exports.PEOPLE_AT_ONCE} at once. For the"
        " vendor, and executives of the partner; null for all others."
    )
    async def export_people(
        self,
        info: Info,
        partner_id: Annotated[strawberry.ID, strawberry.argument(description="The partner.")],
        after: _After = None,
    ) -> CsvPage | None:
        """The people."""
        own_id = decoded(partner_id, "Partner", "partnerId")
        partner = await info.context.load(One(Partner, own_id))
        viewer = await info.context.viewer()
        may = {AudienceOf.VENDOR, AudienceOf.EXECUTIVE} & viewer.audiences(own_id, None)
        if partner is None or not may:
            return None
        portal = info.context.portal
        page = bulk_exports.people_csv(portal.store, partner, portal.clock(), after, encoded)
        return CsvPage.of(page)

    @strawberry.field(
        description="The activities of a partner's people as CSV, person by person: the columns of"
        " importActivities, and activity, recorded_at, deal and outcomes (rule:status:reason)."
        " Null unless you are: vendor."
    )
    async def export_activities(
        self,
        info: Info,
        partner_id: Annotated[strawberry.ID, strawberry.argument(description="The partner.")],
        program_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of this program only.")
        ] = None,
        after: _After = None,
    ) -> CsvPage | None:
        """The activities."""
        viewer = await info.context.viewer()
        if AudienceOf.VENDOR not in viewer.audiences(None, None):
            return None
        own_id = decoded(partner_id, "Partner", "partnerId")
        program = None if program_id is None else decoded(program_id, "Program", "programId")
        store = info.context.portal.store
        return CsvPage.of(bulk_exports.activities_csv(store, own_id, program, after, encoded))


def _own_id(kind: str, cell: str) -> str:
    """The id that a cell names: as this schema shows it, or as it is stored."""
    named, record_id = split(cell)
    return record_id if named == kind else cell
