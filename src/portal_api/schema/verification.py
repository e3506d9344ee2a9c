"""Proving a wallet: in the portal page by page, and elsewhere from an export of it."""

from typing import Annotated

import strawberry
from graphql import GraphQLError

from portal_api.domain.access import Viewer
from portal_api.schema.access import Audience, declared, may_see
from portal_api.schema.context import Info
from portal_api.schema.ids import split
from portal_api.schema.paging import After, bad_cursor, bad_page, page_size
from portal_api.schema.scalars import BigInt
from portal_api.services.export import BadCursor, LedgerMoved, page
from portal_api.services.verify_page import LARGEST_PAGE, NoSuchPlace, verify_page
from portal_api.services.verify_reading import Finding

_AUDIENCE = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)

Party = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="Whose wallet: a person, a partner, or for the vendor's people a program. Left"
        " out: your own."
    ),
]
Journals = Annotated[int, page_size("How many journals", LARGEST_PAGE)]


@declared(*_AUDIENCE)
@strawberry.type(description="Something in a wallet that is not as it must be.")
class LedgerFinding:
    """A finding."""

    invariant: str = strawberry.field(
        description="What does not hold: L2 amounts, L5 balances, L7 payouts, L12 traces, L15"
        " numbers, L16 hashes, L23 limits of accounts."
    )
    sequence: BigInt | None = strawberry.field(
        description="The number of the journal; null where it is about the wallet itself."
    )
    text: str = strawberry.field(description="What is wrong, in words.")

    @classmethod
    def of(cls, finding: Finding) -> "LedgerFinding":
        """The finding as shown."""
        number = None if finding.sequence is None else BigInt(finding.sequence)
        return cls(invariant=finding.invariant, sequence=number, text=finding.text)


@declared(*_AUDIENCE)
@strawberry.type(
    description="A page of a wallet's journals, checked: their hashes, their chain, their transfers"
    " and the balances after each."
)
class LedgerVerification:
    """A page."""

    checked: int = strawberry.field(description="How many journals were checked.")
    sequence: BigInt = strawberry.field(description="The number of the last one; 0: there is none.")
    head_hash: str | None = strawberry.field(
        description="The hash of the last one. Keep it: as long as that journal has this hash,"
        " nothing up to it was changed."
    )
    findings: list[LedgerFinding] = strawberry.field(
        description="What is wrong; empty where all of the page is as it was committed."
    )
    next: str | None = strawberry.field(description="The cursor of the next page; null at the end.")
    complete: bool = strawberry.field(
        description="Whether this was the last page, and the wallet itself was checked, too."
    )


@declared(*_AUDIENCE)
@strawberry.type(
    description="Some lines of the export of a wallet. All lines of all pages, one behind the"
    " other, are the file that `portal-api verify --export FILE` proves, without the portal."
)
class LedgerExportPage:
    """A page."""

    lines: list[str] = strawberry.field(
        description="Lines of JSON, each with the line feed at its end."
    )
    next: str | None = strawberry.field(description="The cursor of the next page; null at the end.")
    complete: bool = strawberry.field(description="Whether this was the last page.")


@strawberry.type
class VerificationQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="Proves a wallet: one's own, the company's for its executives, any for the"
        " vendor's people. Page by page, since each looks at every byte. Null for a wallet that is"
        " not yours to see."
    )
    async def verify_ledger(
        self, info: Info, party_id: Party = None, first: Journals = 100, after: After = None
    ) -> LedgerVerification | None:
        """One page."""
        wallet_id = _wallet_of(await info.context.viewer(), party_id, LedgerVerification)
        if wallet_id is None:
            return None
        if not 1 <= first <= LARGEST_PAGE:
            raise bad_page(LARGEST_PAGE)
        try:
            done = verify_page(info.context.portal.store, wallet_id, first, after)
        except NoSuchPlace:
            raise bad_cursor() from None
        return LedgerVerification(
            checked=done.checked,
            sequence=BigInt(done.sequence),
            head_hash=done.head_hash,
            findings=[LedgerFinding.of(finding) for finding in done.findings],
            next=done.next,
            complete=done.next is None,
        )

    @strawberry.field(
        description="Exports a wallet, for the same people: its journals, earnings, payouts and"
        " statements with all that explains them, and nothing of other people. Page by page, a"
        " megabyte each. Fails with LEDGER_MOVED where something was posted since the first page:"
        " begin again."
    )
    async def ledger_export(
        self, info: Info, party_id: Party = None, after: After = None
    ) -> LedgerExportPage | None:
        """One page."""
        wallet_id = _wallet_of(await info.context.viewer(), party_id, LedgerExportPage)
        if wallet_id is None:
            return None
        portal = info.context.portal
        try:
            done = page(portal.store, portal.clock(), wallet_id, after)
        except BadCursor:
            raise bad_cursor() from None
        except LedgerMoved:
            text = "Something was posted since the first page: begin again."
            raise GraphQLError(text, extensions={"code": "LEDGER_MOVED"}) from None
        return LedgerExportPage(lines=list(done.lines), next=done.next, complete=done.next is None)


def _wallet_of(viewer: Viewer, party_id: str | None, shown: type) -> str | None:
    """The wallet that is asked for, if the viewer may see it."""
    if party_id is None:
        return viewer.id
    kind, record_id = split(party_id)
    _, at_a_partner, person_id = record_id.rpartition(".")
    match kind:
        case "Individual" if at_a_partner:
            wallet_id, audiences = person_id, viewer.audiences(None, person_id)
        case "Partner":
            wallet_id, audiences = record_id, viewer.audiences(record_id, None)
        case "Program":
            wallet_id, audiences = record_id, viewer.audiences(None, None)
        case _:
            return None
    return wallet_id if may_see(shown, audiences) else None
