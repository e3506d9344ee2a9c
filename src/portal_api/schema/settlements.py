"""Settlement files: what the bank says became of payouts."""

import strawberry

from portal_api.domain import settlements
from portal_api.domain.partners import Role
from portal_api.schema.access import Audience, declared
from portal_api.schema.bulk import ImportProblem
from portal_api.schema.context import Info
from portal_api.schema.errors import result
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.services import settlements as services
from portal_api.services.partners import MANAGERS


@declared(Audience.VENDOR)
@strawberry.type(
    description="The rows that can be used are in, each once: sent again, the file changes nothing."
)
class SettlementsImported:
    """Success."""

    settled: int = strawberry.field(description="How many payouts it settled.")
    failed: int = strawberry.field(
        description="How many failed: their amounts are available again."
    )
    unchanged: int = strawberry.field(description="How many had ended just so before.")
    problems: list[ImportProblem] = strawberry.field(
        description="The lines that were not used, and why."
    )
    next_line: int | None = strawberry.field(
        description="The first line that was not looked at, where the portal was too busy or time"
        " was up: send the same again to go on. Null once all of it was."
    )


@strawberry.input(description="What the bank says became of payouts.")
class ImportSettlementsInput(MutationInput):
    """A file."""

    content: str = strawberry.field(
        description="CSV text with the header payout_id,status,reference: a status is PAID or"
        " FAILED, a reference the payment's or why it failed. Columns asset and amount are"
        f" compared where they are there. At most {settlements.ROWS_MAX} rows and"
        f" {settlements.CHARACTERS_MAX} characters."
    )


@strawberry.type
class SettlementMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("ImportSettlements", SettlementsImported),
        MANAGERS | {Role.SERVICE},
        "Settles payouts, or releases them, as a file of the bank says: each row for itself.",
    )
    async def import_settlements(self, info: Info, input: ImportSettlementsInput) -> object:
        """A file."""
        outcome = perform(
            info, services.import_settlements, input.request_id, content=input.content
        )
        file = outcome.file
        return SettlementsImported(
            settled=file.settled,
            failed=file.failed,
            unchanged=file.unchanged,
            problems=[ImportProblem.of(one) for one in file.problems],
            next_line=outcome.next_line,
        )
