"""What a partner is like: what it lives on, how it sells, and its tiers, also those to come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import strawberry

from portal_api.domain import partners
from portal_api.domain.partners import BusinessModel, SalesStrategy
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.describing import described
from portal_api.schema.enums import PartnerType, Tier
from portal_api.services.store import One, Unreadable

__all__ = ["BusinessModel", "PartnerProfile", "SalesStrategy", "TierAssignment"]

described(
    BusinessModel,
    "What a partner lives on.",
    RESALE="Selling what others make.",
    SERVICES_LED="Projects and consulting, of which products are a part.",
    MANAGED_SERVICES="Running systems for its customers, by subscription.",
    DISTRIBUTION="Supplying other partners.",
    REFERRAL="Bringing customers to others, for a fee.",
)
described(
    SalesStrategy,
    "How a partner goes about its market.",
    HUNTING="By winning new customers.",
    LAND_AND_EXPAND="By a small first sale, and growing with the customer.",
    RENEWALS_LED="By keeping and renewing what its customers have.",
    VERTICAL_FOCUS="By knowing one industry well.",
    TRANSACTIONAL="By volume, price and availability.",
)


@declared(Audience.COLLEAGUE, Audience.VENDOR)
@strawberry.type(description="A tier from an instant on, until the next assignment begins.")
class TierAssignment:
    """A tier."""

    tier: Tier = strawberry.field(description="The tier.")
    valid_from: datetime = strawberry.field(description="From when on; it may be to come.")


@dataclass(frozen=True, slots=True)
class Named:
    """The viewer's own partner, of which no more than its id was needed so far.

    So its record is read with whatever else a screen asks of it, and not before.
    """

    id: str


class OfPartner(Protocol):
    """Whatever is shown of a partner."""

    record: partners.Partner | Named


async def record_of(info: Info, shown: OfPartner) -> partners.Partner:
    """The partner's record: at hand, or read with all else that this tick asks for."""
    if isinstance(shown.record, partners.Partner):
        return shown.record
    found = await info.context.load(One(partners.Partner, shown.record.id))
    if found is None:
        raise Unreadable(f"the partner {shown.record.id}", "")
    return found


@strawberry.type
class PartnerProfile:
    """Mixed into Partner."""

    record: strawberry.Private[partners.Partner | Named]

    @strawberry.field(description="For people.")
    async def name(self, info: Info) -> str:
        """The name."""
        return (await record_of(info, self)).name

    @strawberry.field(description="How it sells.")
    async def type(self, info: Info) -> PartnerType:
        """The type."""
        return (await record_of(info, self)).type

    @strawberry.field(description="The tier in force now.")
    async def tier(self, info: Info) -> Tier | None:
        """The tier."""
        return (await record_of(info, self)).tier_at(info.context.portal.clock())

    @strawberry.field(description="Its region.")
    async def region(self, info: Info) -> str:
        """The region."""
        return (await record_of(info, self)).region

    @strawberry.field(description="What it lives on; null where nobody has said it.")
    async def business_model(self, info: Info) -> BusinessModel | None:
        """The business model."""
        return (await record_of(info, self)).business_model

    @strawberry.field(description="How it goes about its market; null where nobody has said it.")
    async def strategy(self, info: Info) -> SalesStrategy | None:
        """The sales strategy."""
        return (await record_of(info, self)).strategy

    @strawberry.field(description="All its tiers in the order of their start, also those to come.")
    async def tiers(self, info: Info) -> list[TierAssignment]:
        """The history."""
        record = await record_of(info, self)
        return [TierAssignment(tier=one.tier, valid_from=one.valid_from) for one in record.tiers]

    @narrow(Audience.VENDOR, description="What another system of the vendor calls it.")
    async def external_id(self, info: Info) -> str | None:
        """The id there."""
        return (await record_of(info, self)).external_id
