"""Which partners and people a list is asked for."""

from typing import Annotated

import strawberry

from portal_api.domain.directory import PartnerFilter, PeopleFilter
from portal_api.domain.errors import InvalidInput
from portal_api.domain.partners import Segment
from portal_api.schema.enums import PartnerType, PersonStatus, Role, Tier
from portal_api.schema.ids import pair
from portal_api.schema.profiles import BusinessModel, SalesStrategy

_SEARCH = (
    'Each word of it begins a word of the name, whatever the case: "and mar" finds Mara Anderson.'
)
LONGEST_SEARCH = 200


@strawberry.input(description="Which partners; what is left out or empty lets every one through.")
class PartnerFilterInput:
    """A filter."""

    search: str = strawberry.field(default="", description=_SEARCH)
    types: list[PartnerType] = strawberry.field(default_factory=list, description="Of these types.")
    tiers: list[Tier] = strawberry.field(
        default_factory=list, description="With one of these tiers now."
    )
    regions: list[str] = strawberry.field(
        default_factory=list, description="Of these regions, as they are written."
    )
    business_models: list[BusinessModel] = strawberry.field(
        default_factory=list, description="That live on one of these."
    )
    strategies: list[SalesStrategy] = strawberry.field(
        default_factory=list, description="That go about their market in one of these ways."
    )

    def record(self) -> PartnerFilter:
        """The filter."""
        segment = Segment(
            types=tuple(self.types),
            tiers=tuple(self.tiers),
            regions=tuple(self.regions),
            business_models=tuple(self.business_models),
            strategies=tuple(self.strategies),
        )
        return PartnerFilter(searched(self.search), segment)


@strawberry.input(
    description="Which of a partner's people; what is left out or empty lets every one through."
)
class IndividualFilterInput:
    """A filter."""

    search: str = strawberry.field(default="", description=_SEARCH)
    roles: list[Role] = strawberry.field(default_factory=list, description="In these roles now.")
    team_id: strawberry.ID | None = strawberry.field(default=None, description="Of this team now.")
    status: PersonStatus | None = strawberry.field(
        default=None, description="That may act, or may not."
    )

    def record(self, partner_id: str) -> PeopleFilter:
        """The filter; raises ``InvalidInput`` for another partner's team."""
        team = pair(self.team_id, "Team", "teamId") if self.team_id is not None else None
        if team is not None and team[0] != partner_id:
            raise InvalidInput("The team belongs to another partner.", "teamId")
        search = searched(self.search)
        return PeopleFilter(search, tuple(self.roles), team[1] if team else None, self.status)


def searched(search: str) -> str:
    """What is looked for; raises ``InvalidInput`` where that is too long."""
    if len(search) > LONGEST_SEARCH:
        raise InvalidInput(f"A search has at most {LONGEST_SEARCH} characters.", "search")
    return search


PartnersWished = Annotated[
    PartnerFilterInput | None, strawberry.argument(description="Which; all where left out.")
]
PeopleWished = Annotated[
    IndividualFilterInput | None, strawberry.argument(description="Which; all where left out.")
]
