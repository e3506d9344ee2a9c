"""What was corrected by hand: the corrections of an earning, and adjustments of a wallet."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import adjustments, earnings
from portal_api.schema.access import Audience, declared, may_see, narrow
from portal_api.schema.context import Info
from portal_api.schema.enums import AdjustmentStatus, CorrectionKind, Role
from portal_api.schema.nodes import find, finder
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.programs import Program, program_of
from portal_api.schema.scalars import Amount, amount_of
from portal_api.services.adjustments import OPEN_ADJUSTMENTS
from portal_api.services.store import Listed, Many, One, of_wallet

if TYPE_CHECKING:
    from portal_api.schema.ledger import Earning
    from portal_api.schema.partners import Individual, Partner

OWN = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)
VENDOR = Audience.VENDOR


@declared(*OWN)
@strawberry.type(description="An adjustment by hand: posted once a second person has approved it.")
class Adjustment(relay.Node):
    """An adjustment."""

    id: relay.NodeID[str]
    status: AdjustmentStatus = strawberry.field(
        description="PROPOSED, then APPROVED or REJECTED, once. Only APPROVED moves anything."
    )
    amount: Amount = strawberry.field(
        description="What the wallet gets; less than zero is taken from it."
    )
    reason: str = strawberry.field(description="Why.")
    proposed_at: datetime = strawberry.field(description="When it was proposed.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[adjustments.Adjustment]

    @strawberry.field(description="The program whose budget pays it, or gets it back.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.program_id)

    @strawberry.field(description="The earning that it adds to, if it is one.")
    async def earning(
        self, info: Info
    ) -> Annotated["Earning", strawberry.lazy("portal_api.schema.ledger")] | None:
        """The earning."""
        earning_id = self.record.earning_id
        found: Earning | None = await find(info, "Earning", earning_id) if earning_id else None
        return found

    @strawberry.field(
        description="Whose wallet it is; null where it is the company's, or the person has left."
    )
    async def individual(
        self, info: Info
    ) -> Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None:
        """The person."""
        if self.record.company:
            return None
        own = f"{self.record.partner_id}.{self.record.wallet_id}"
        found: Individual | None = await find(info, "Individual", own)
        return found

    @strawberry.field(
        description="The company whose it is, or where the person worked for whom it is; null to"
        " somebody who has moved to another partner since."
    )
    async def partner(
        self, info: Info
    ) -> Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None:
        """The partner."""
        found: Partner | None = await find(info, "Partner", self.record.partner_id)
        return found

    @narrow(VENDOR, description="Who proposed it.")
    async def proposed_by(
        self, info: Info
    ) -> Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None:
        """One of the vendor's people."""
        found: Individual | None = await find(
            info, "Individual", f"vendor.{self.record.proposed_by}"
        )
        return found

    @narrow(VENDOR, description="Who approved or rejected it: somebody else, if it is approved.")
    async def decided_by(
        self, info: Info
    ) -> Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None:
        """One of the vendor's people."""
        by = self.record.decided_by
        found: Individual | None = await find(info, "Individual", f"vendor.{by}") if by else None
        return found

    @narrow(VENDOR, description="Why it was rejected.")
    def note(self) -> str | None:
        """The reason."""
        return self.record.note

    @classmethod
    def of(cls, record: adjustments.Adjustment, audiences: frozenset[Audience]) -> "Adjustment":
        """The adjustment as shown."""
        return cls(
            id=record.id,
            status=record.status,
            amount=amount_of(record.asset, record.amount_minor),
            reason=record.reason,
            proposed_at=record.proposed_at,
            decided_at=record.decided_at,
            audiences=audiences,
            record=record,
        )


@declared(*OWN)
@strawberry.type(description="What somebody at the vendor changed of an earning, and why.")
class Correction:
    """A correction."""

    kind: CorrectionKind = strawberry.field(description="A reversal, or an adjustment.")
    amount: Amount = strawberry.field(
        description="What the earning's owner got; less than zero was taken back."
    )
    reason: str = strawberry.field(description="Why.")
    role: Role = strawberry.field(description="The role of whoever did or approved it.")
    corrected_at: datetime = strawberry.field(description="When.")
    adjustment_id: strawberry.Private[str | None]

    @strawberry.field(description="The adjustment, where it is one.")
    async def adjustment(self, info: Info) -> Adjustment | None:
        """The adjustment."""
        return await _adjustment(info, self.adjustment_id) if self.adjustment_id else None

    @classmethod
    def of(cls, asset: str, record: earnings.Correction) -> "Correction":
        """A correction of an earning in that asset as shown."""
        return cls(
            kind=record.kind,
            amount=amount_of(asset, record.amount_minor),
            reason=record.reason,
            role=record.role,
            corrected_at=record.corrected_at,
            adjustment_id=record.adjustment_id,
        )


async def audiences_of(info: Info, partner_id: str, wallet_id: str) -> frozenset[Audience]:
    """What the viewer is to something of a wallet; a person's goes with the person."""
    viewer = await info.context.viewer()
    company = wallet_id == partner_id
    return viewer.audiences(partner_id if company else None, None if company else wallet_id)


async def visible(info: Info, record: adjustments.Adjustment | None) -> Adjustment | None:
    """An adjustment, where the viewer may see it.

    Its person may, the vendor, and executives for the company's.
    """
    if record is None:
        return None
    audiences = await audiences_of(info, record.partner_id, record.wallet_id)
    return Adjustment.of(record, audiences) if may_see(Adjustment, audiences) else None


async def adjustments_of(
    info: Info, wallet_id: str, first: int, after: str | None
) -> relay.Connection[Adjustment]:
    """A wallet's adjustments, newest first."""
    size, mark = checked(first, after)
    scope = of_wallet(wallet_id)
    want = Many(adjustments.Adjustment, scope, first=size, after=mark, newest_first=True)
    page = await info.context.load(want)
    nodes = [await visible(info, record) for record in page.records]
    return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@strawberry.type
class AdjustmentLists:
    """Mixed into the viewer."""

    @narrow(VENDOR, description="Adjustments that wait for a second person, oldest first.")
    async def open_adjustments(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[Adjustment] | None:
        """The queue."""
        size, mark = checked(first, after)
        page = await info.context.load(Listed(OPEN_ADJUSTMENTS, size, mark, newest_first=False))
        records = await info.context.load_all(
            [One(adjustments.Adjustment, adjustment_id) for adjustment_id in page.ids]
        )
        nodes = [await visible(info, record) for record in records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@finder("Adjustment")
async def _adjustment(info: Info, record_id: str) -> Adjustment | None:
    return await visible(info, await info.context.load(One(adjustments.Adjustment, record_id)))
