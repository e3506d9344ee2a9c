"""What a deal is made of, for the deal itself and for what explains its earnings."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from portal_api.domain import deals
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.ids import encoded
from portal_api.schema.nodes import find

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual

ALL = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)
Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")] | None


async def person_of(info: Info, partner_id: str, individual_id: str) -> Person:
    """A person at the deal's partner; none once it has left."""
    found: Individual | None = await find(info, "Individual", f"{partner_id}.{individual_id}")
    return found


def _id_of(partner_id: str, individual_id: str) -> strawberry.ID:
    return strawberry.ID(encoded("Individual", f"{partner_id}.{individual_id}"))


@declared(*ALL)
@strawberry.type(description="A person's share of a deal.")
class DealCredit:
    """A credit."""

    individual_id: strawberry.ID = strawberry.field(description="The person's id.")
    weight: int = strawberry.field(
        description="The share is this by the sum of all weights: 60 and 40, or 3 and 2."
    )
    partner_id: strawberry.Private[str]
    record: strawberry.Private[deals.Credit]

    @strawberry.field(description="The person; null once it has left the company.")
    async def individual(self, info: Info) -> Person:
        """The person."""
        return await person_of(info, self.partner_id, self.record.individual_id)

    @classmethod
    def of(cls, partner_id: str, record: deals.Credit) -> "DealCredit":
        """The share as shown."""
        return cls(
            individual_id=_id_of(partner_id, record.individual_id),
            weight=record.weight,
            partner_id=partner_id,
            record=record,
        )


@declared(*ALL)
@strawberry.type(description="A behavior that rules look at, and who did it first when.")
class DealHistory:
    """An entry of a deal's history."""

    behavior: str = strawberry.field(description="The behavior's code.")
    individual_id: strawberry.ID = strawberry.field(description="The id of who did it.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    partner_id: strawberry.Private[str]
    record: strawberry.Private[deals.Did]

    @strawberry.field(description="Who did it; null once it has left the company.")
    async def individual(self, info: Info) -> Person:
        """The person."""
        return await person_of(info, self.partner_id, self.record.individual_id)

    @classmethod
    def of(cls, partner_id: str, record: deals.Did) -> "DealHistory":
        """The entry as shown."""
        return cls(
            behavior=record.behavior,
            individual_id=_id_of(partner_id, record.individual_id),
            occurred_at=record.occurred_at,
            partner_id=partner_id,
            record=record,
        )


@declared(*ALL)
@strawberry.type(description="A wish that a deal stays protected until later.")
class DealExtension:
    """An extension that waits for an answer."""

    until: datetime = strawberry.field(description="Until when it is to be protected.")
    reason: str = strawberry.field(description="Why, in the asker's words.")
    requested_at: datetime = strawberry.field(description="Since when it waits.")

    @classmethod
    def of(cls, record: deals.Extension) -> "DealExtension":
        """The wish as shown."""
        return cls(until=record.until, reason=record.reason, requested_at=record.requested_at)
