"""Segments: whom, and for which products, a program or a rule is, as portals read and name them."""

import strawberry

from portal_api.domain import partners
from portal_api.schema.access import Audience, declared
from portal_api.schema.enums import PartnerType, Role, Tier
from portal_api.schema.profiles import BusinessModel, SalesStrategy
from portal_api.services.partners import required


@declared(Audience.ANYONE)
@strawberry.type(
    description="A filter of partners, people and products; an empty list lets everything through."
)
class Segment:
    """Whom something is for."""

    types: list[PartnerType] = strawberry.field(description="Partner types.")
    tiers: list[Tier] = strawberry.field(description="Tiers, as held when an activity occurred.")
    regions: list[str] = strawberry.field(description="Regions.")
    roles: list[Role] = strawberry.field(description="Roles; empty means every role that earns.")
    products: list[str] = strawberry.field(
        description="Promoted products of deals, whatever the case of their letters; what is not"
        " about a deal is for none of them."
    )
    business_models: list[BusinessModel] = strawberry.field(
        description="What partners live on; one that says nothing of it is in none of them."
    )
    strategies: list[SalesStrategy] = strawberry.field(
        description="How partners go about their market, likewise."
    )


@strawberry.input(
    description="A filter of partners, people and products; an empty list lets everything through."
)
class SegmentInput:
    """Whom something is for."""

    types: list[PartnerType] = strawberry.field(default_factory=list, description="Partner types.")
    tiers: list[Tier] = strawberry.field(
        default_factory=list, description="Tiers, as held when an activity occurs."
    )
    regions: list[str] = strawberry.field(default_factory=list, description="Regions.")
    roles: list[Role] = strawberry.field(
        default_factory=list, description="Roles; empty: every role that earns."
    )
    products: list[str] = strawberry.field(
        default_factory=list,
        description="Promoted products of deals, whatever the case of their letters; what is not"
        " about a deal is for none of them.",
    )
    business_models: list[BusinessModel] = strawberry.field(
        default_factory=list,
        description="What partners live on; one that says nothing of it is in none of them.",
    )
    strategies: list[SalesStrategy] = strawberry.field(
        default_factory=list, description="How partners go about their market, likewise."
    )

    def record(self) -> partners.Segment:
        """The segment."""
        return partners.Segment(
            tuple(self.types),
            tuple(self.tiers),
            tuple(required("segment", region) for region in self.regions),
            tuple(self.roles),
            tuple(required("segment", product) for product in self.products),
            tuple(self.business_models),
            tuple(self.strategies),
        )


def segment_of(record: partners.Segment) -> Segment:
    """A segment as shown."""
    return Segment(
        types=list(record.types),
        tiers=list(record.tiers),
        regions=list(record.regions),
        roles=list(record.roles),
        products=list(record.products),
        business_models=list(record.business_models),
        strategies=list(record.strategies),
    )
