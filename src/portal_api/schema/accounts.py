"""A program's accounts as the vendor reads them, in the waves that a whole document shares."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

import strawberry

from portal_api.domain import finance
from portal_api.domain.holdings import Column
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.scalars import Amount, amount_of
from portal_api.services.finance import Reading, reading

T = TypeVar("T")


@declared(Audience.VENDOR)
@strawberry.type(description="What a program has moved of one asset, up to an instant.")
class ProgramAccounts:
    """Accounts of one asset."""

    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 code such as USD.")
    funded: Amount = strawberry.field(description="Put into the budget.")
    earned: Amount = strawberry.field(
        description="Awarded by rules: taken out of the budget, pending or available."
    )
    adjusted: Amount = strawberry.field(description="Given by hand, with a reason.")
    reversed: Amount = strawberry.field(
        description="Taken back of what was earned or given: in the budget again."
    )
    paid: Amount = strawberry.field(description="Sent to people and companies.")
    expired: Amount = strawberry.field(description="Not used in time.")
    offset: Amount = strawberry.field(
        description="Kept of new earnings for what was owed: paid too much before."
    )
    budget: Amount = strawberry.field(
        description="What is left to be awarded: funded − earned − adjusted + reversed."
    )
    liability: Amount = strawberry.field(
        description="What is owed to people and companies: earned + adjusted − reversed − paid"
        " − expired − offset."
    )

    @classmethod
    def of(cls, asset: str, record: finance.Accounts) -> "ProgramAccounts":
        """The accounts as shown."""

        def column(name: Column) -> Amount:
            return amount_of(asset, record.sum(name))

        return cls(
            asset_code=asset,
            funded=column(Column.FUNDED),
            earned=column(Column.EARNED),
            adjusted=column(Column.ADJUSTED),
            reversed=column(Column.REVERSED),
            paid=column(Column.PAID),
            expired=column(Column.EXPIRED),
            offset=column(Column.OFFSET),
            budget=amount_of(asset, record.budget_minor),
            liability=amount_of(asset, record.liability_minor),
        )


def accounts_shown(by_asset: Mapping[str, finance.Accounts]) -> list[ProgramAccounts]:
    """Accounts of all assets."""
    return [ProgramAccounts.of(asset, record) for asset, record in by_asset.items()]


def instant_of(info: Info, as_of: datetime | None) -> datetime:
    """The instant that is asked for: now, where none is named or it is still to come."""
    now = info.context.portal.clock()
    return now if as_of is None else min(as_of, now)


async def accounts_of(info: Info, program_id: str, as_of: datetime | None) -> list[ProgramAccounts]:
    """A program's accounts as of an instant."""
    found = await shared(info, reading([program_id], instant_of(info, as_of)))
    return accounts_shown(found[program_id])


async def shared(info: Info, waves: Reading[T]) -> T:
    """What the reads come to, each wave together with all else that is read then."""
    answers: Sequence[Any] | None = None
    while True:
        try:
            wants = waves.send(cast("Sequence[Any]", answers))
        except StopIteration as end:
            return cast("T", end.value)
        answers = await info.context.load_all(wants)
