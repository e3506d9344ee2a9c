"""Statements: a wallet month by month, its entries, and what it held at an instant of the past."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry import relay

from portal_api.domain import holdings, ledger
from portal_api.domain.holdings import Column
from portal_api.domain.statements import Statement as Record
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.adjustments import Adjustment
from portal_api.schema.context import Info
from portal_api.schema.enums import JournalKind, LedgerAccount, StatementStatus
from portal_api.schema.ledger import OWN, Balance, Earning
from portal_api.schema.nodes import find
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.payouts import Payout
from portal_api.schema.scalars import Amount, BigInt, amount_of
from portal_api.services import statements as services
from portal_api.services.store import Many, One, of_wallet

_AUDIENCE = (*OWN, Audience.EXECUTIVE)
_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_A = LedgerAccount
_ACCOUNTS = {
    holdings.PENDING: _A.PENDING,
    holdings.AVAILABLE: _A.AVAILABLE,
    holdings.HELD: _A.HELD,
    holdings.RECEIVABLE: _A.OWED,
    holdings.VENDOR_FUNDING: _A.FUNDING,
    holdings.VENDOR_PAID: _A.PAID,
    holdings.VENDOR_EXPIRED: _A.EXPIRED,
}
_WORDS = {
    (_A.FUNDING, _A.BUDGET): "Funded.",
    (_A.BUDGET, _A.PENDING): "Earned; pending.",
    (_A.BUDGET, _A.AVAILABLE): "Earned; available.",
    (_A.PENDING, _A.AVAILABLE): "Released: what was pending is available.",
    (_A.PENDING, _A.BUDGET): "Taken back while it was pending.",
    (_A.AVAILABLE, _A.BUDGET): "Taken back.",
    (_A.OWED, _A.BUDGET): "Taken back after it was paid: owed.",
    (_A.AVAILABLE, _A.OWED): "Repaid of what was owed.",
    (_A.AVAILABLE, _A.HELD): "Set aside for a payout.",
    (_A.HELD, _A.PAID): "Paid out.",
    (_A.HELD, _A.AVAILABLE): "The payout failed: available again.",
    (_A.AVAILABLE, _A.EXPIRED): "Expired.",
}


@declared(*_AUDIENCE)
@strawberry.type(
    description="What an entry moves: one amount from one account to another. It never changes."
)
class Transfer:
    """A transfer."""

    text: str = strawberry.field(description="What it is, in words.")
    debit: LedgerAccount = strawberry.field(description="Where it takes the amount from.")
    credit: LedgerAccount = strawberry.field(description="Where it puts it.")
    amount: Amount = strawberry.field(description="How much: always more than zero.")
    record: strawberry.Private[holdings.Transfer]

    @classmethod
    def of(cls, record: holdings.Transfer, kind: ledger.JournalKind) -> "Transfer":
        """The transfer as shown."""
        debit, credit = _account(record.debit), _account(record.credit)
        words = _WORDS.get((debit, credit), "Moved.")
        if kind is JournalKind.ADJUSTMENT and _A.BUDGET in (debit, credit):
            words = "Added by a correction." if debit is _A.BUDGET else "Taken by a correction."
        return cls(
            text=words,
            debit=debit,
            credit=credit,
            amount=amount_of(record.asset, record.amount_minor),
            record=record,
        )

    @strawberry.field(description="The earning that it is about, if any.")
    async def earning(self, info: Info) -> Earning | None:
        """The earning."""
        earning_id = self.record.earning_id
        found: Earning | None = await find(info, "Earning", earning_id) if earning_id else None
        return found


@declared(*_AUDIENCE)
@strawberry.type(
    description="An entry of a wallet's ledger. Each holds the hash of the one before it, so that"
    " none can be changed, left out or added later."
)
class LedgerEntry:
    """A journal."""

    sequence: BigInt = strawberry.field(description="1, 2, 3 … within the wallet.")
    kind: JournalKind = strawberry.field(description="What caused it.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    transfers: list[Transfer] = strawberry.field(description="What it moved, in order.")
    balances_after: list[Balance] = strawberry.field(
        description="The wallet's balances after it, one per asset."
    )
    hash: str = strawberry.field(description="SHA-256 of its content, in hexadecimal.")
    previous_hash: str = strawberry.field(
        description="The hash of the entry before it; zeros for the first."
    )
    cause: strawberry.Private[Mapping[str, str]]

    @strawberry.field(description="The payout that it set aside, paid or gave back, if it is one.")
    async def payout(self, info: Info) -> Payout | None:
        """The payout."""
        found: Payout | None = await self._named(info, "Payout")
        return found

    @strawberry.field(description="The adjustment that it posted, if it is one.")
    async def adjustment(self, info: Info) -> Adjustment | None:
        """The adjustment."""
        found: Adjustment | None = await self._named(info, "Adjustment")
        return found

    async def _named(self, info: Info, kind: str) -> Any:
        """What the journal's cause names of a kind, as far as the viewer may see it."""
        named = self.cause.get(kind.lower())
        return await find(info, kind, named) if named else None

    @classmethod
    def of(cls, record: ledger.Journal) -> "LedgerEntry":
        """The journal as shown."""
        return cls(
            sequence=BigInt(record.sequence),
            kind=record.kind,
            recorded_at=record.recorded_at,
            transfers=[Transfer.of(transfer, record.kind) for transfer in record.transfers],
            balances_after=_balances(record.balance_after),
            hash=record.hash,
            previous_hash=record.previous_hash,
            cause=record.cause,
        )


# Neither an entry nor a statement is fetched alone: a wallet's owner finds them in their order.
Entries = relay.Connection[LedgerEntry]  # type: ignore[type-var]


@declared(*_AUDIENCE)
@strawberry.type(
    description="One asset of a statement. All of closing (available, pending and held, less owed)"
    " is all of opening + earned + adjusted - reversed - paid - expired."
)
class StatementLine:
    """An asset's month."""

    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    opening: Balance = strawberry.field(description="What there was when the month began.")
    earned: Amount = strawberry.field(description="What was earned, also where it is pending yet.")
    released: Amount = strawberry.field(
        description="What was pending and became available: it changes no total."
    )
    reversed: Amount = strawberry.field(
        description="What was taken back, whenever it had been earned."
    )
    adjusted: Amount = strawberry.field(
        description="Corrections by hand, less than zero where they took something."
    )
    paid: Amount = strawberry.field(description="What was paid out.")
    paid_to_company: Amount = strawberry.field(
        description="The part of what was paid out that was sent to the company."
    )
    expired: Amount = strawberry.field(description="What was not used in time.")
    closing: Balance = strawberry.field(
        description="What there was when the month ended; while it is OPEN, what there is now."
    )

    @classmethod
    def of(cls, record: Record, asset: str) -> "StatementLine":
        """The line as shown."""

        def summed(name: Column) -> Amount:
            return amount_of(asset, services.column(record, asset, name))

        nothing = holdings.Balance()
        return cls(
            asset_code=asset,
            opening=Balance.past(asset, record.opening.get(asset, nothing)),
            earned=summed(Column.EARNED),
            released=summed(Column.RELEASED),
            reversed=summed(Column.REVERSED),
            adjusted=summed(Column.ADJUSTED),
            paid=summed(Column.PAID),
            paid_to_company=summed(Column.PAID_TO_PARTNER),
            expired=summed(Column.EXPIRED),
            closing=Balance.past(asset, record.closing.get(asset, nothing)),
        )


@declared(*_AUDIENCE)
@strawberry.type(
    description="A wallet's month: a calendar month in UTC, of when its entries were recorded."
)
class Statement:
    """A statement."""

    month: str = strawberry.field(description="Such as 2026-11.")
    status: StatementStatus = strawberry.field(description="Whether it can still change.")
    lines: list[StatementLine] = strawberry.field(
        description="One per asset that the wallet ever had."
    )
    first_sequence: BigInt | None = strawberry.field(
        description="The number of its first entry; null where nothing moved."
    )
    last_sequence: BigInt | None = strawberry.field(
        description="The number of its last entry; null where nothing moved."
    )
    head_hash: str = strawberry.field(
        description="The hash of the last entry up to its end: it proves all entries before it."
        " Zeros before the first."
    )
    wallet_id: strawberry.Private[str]

    @classmethod
    def of(cls, shown: services.Shown) -> "Statement":
        """The statement as shown."""
        record = shown.statement
        return cls(
            month=record.month,
            status=StatementStatus.FROZEN if shown.frozen else StatementStatus.OPEN,
            lines=[StatementLine.of(record, asset) for asset in services.assets_of(record)],
            first_sequence=BigInt(record.first_sequence) if shown.moved else None,
            last_sequence=BigInt(record.last_sequence) if shown.moved else None,
            head_hash=record.head_hash,
            wallet_id=record.wallet_id,
        )

    @property
    def whose(self) -> str:
        """What its list is of, for cursors: it has no id."""
        return f"{self.wallet_id}.{self.month}"

    @strawberry.field(description="Its entries, oldest first.")
    async def entries(self, info: Info, first: First = PAGE, after: After = None) -> Entries:
        """The journals."""
        size, mark = checked(first, after)
        want = services.journals_in(self.wallet_id, self.month, size, mark)
        page = await info.context.load(want)
        nodes = [LedgerEntry.of(record) for record in page.records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


Statements = relay.Connection[Statement]  # type: ignore[type-var]
_Month = Annotated[str, strawberry.argument(description='Which, such as "2026-11", in UTC.')]
_AsOf = Annotated[datetime, strawberry.argument(description="An instant that is not to come.")]
_ONE = "A month, frozen once it has ended; also one in which nothing moved."
_ALL = "The months in which something moved, newest first."
_PAST = (
    "What there was at an instant, by when entries were recorded: with the entries of that instant."
    " Of the past it is not known what expires, and what is the company's."
)


@strawberry.type
class CompanyStatements:
    """Mixed into a partner: the statements of the company's wallet."""

    @narrow(*_COMPANY, description=_ONE)
    async def statement(self, info: Info, month: _Month) -> Statement | None:
        """One month."""
        return await _statement(info, self, month)

    @narrow(*_COMPANY, description=_ALL)
    async def statements(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Statements | None:
        """The months."""
        return await _statements(info, self, first, after)

    @narrow(*_COMPANY, description=_PAST)
    async def balances_as_of(self, info: Info, as_of: _AsOf) -> list[Balance] | None:
        """The balances of then."""
        return await _balances_as_of(info, self, as_of)


@strawberry.type
class OwnStatements:
    """Mixed into a person: the statements of its wallet."""

    @narrow(*OWN, description=_ONE)
    async def statement(self, info: Info, month: _Month) -> Statement | None:
        """One month."""
        return await _statement(info, self, month)

    @narrow(*OWN, description=_ALL)
    async def statements(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Statements | None:
        """The months."""
        return await _statements(info, self, first, after)

    @narrow(*OWN, description=_PAST)
    async def balances_as_of(self, info: Info, as_of: _AsOf) -> list[Balance] | None:
        """The balances of then."""
        return await _balances_as_of(info, self, as_of)


async def _statement(info: Info, party: Any, month: str) -> Statement:
    now, wallet_id = info.context.portal.clock(), party.record.id
    try:
        name = services.month_named(month, now)
    except services.NoMonth as problem:
        raise GraphQLError(str(problem), extensions={"code": "BAD_MONTH"}) from None
    wallet = await info.context.load(One(ledger.Wallet, wallet_id))
    found = None
    if services.is_stored(wallet, name):
        # Read behind the wallet: the journal that has begun its month has stored the one before.
        found = await info.context.load(services.last_until(wallet_id, name))
    return Statement.of(services.statement_in(wallet, wallet_id, name, found, now))


async def _statements(info: Info, party: Any, first: int, after: str | None) -> Statements:
    size, mark = checked(first, after)
    now, wallet_id = info.context.portal.clock(), party.record.id
    wallet = await info.context.load(One(ledger.Wallet, wallet_id))
    last = services.running(wallet, now)
    want = Many(Record, of_wallet(wallet_id), size, mark, newest_first=True)
    page = await info.context.load(want)
    shown = [services.stored(record) for record in page.records]
    cursors, more = page.cursors, page.more
    if last is not None and (mark is None or last.statement.month < mark):
        # The last month is in the wallet, unless a journal has stored it since that was read.
        before = [one for one in shown if one.statement.month < last.statement.month]
        shown = [last, *before][:size]
        cursors = tuple(one.statement.month for one in shown)
        more = more or 1 + len(before) > size
    nodes = [Statement.of(one) for one in shown]
    return connection(nodes, cursors, more)  # type: ignore[no-any-return]


async def _balances_as_of(info: Info, party: Any, as_of: datetime) -> list[Balance]:
    if as_of > info.context.portal.clock():
        text = "This instant is still to come."
        raise GraphQLError(text, extensions={"code": "BAD_INSTANT"})
    found = await info.context.load(services.last_at(party.record.id, as_of))
    return _balances(services.balances_at(found))


def _balances(of: Any) -> list[Balance]:
    return [Balance.past(asset, balance) for asset, balance in sorted(of.items())]


def _account(name: str) -> LedgerAccount:
    return _ACCOUNTS.get(name, LedgerAccount.BUDGET)
