"""The mutations that change partners: their profile, their tiers and their teams."""

from datetime import datetime

import strawberry

from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import PartnerType, Tier
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, pair
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.partners import Partner, Team, team_of, visible
from portal_api.schema.profiles import BusinessModel, SalesStrategy
from portal_api.services import directory as services
from portal_api.services.partners import MANAGERS


@strawberry.input(description="What of a partner changes; what is left out stays.")
class UpdatePartnerInput(MutationInput):
    """A change."""

    partner_id: strawberry.ID = strawberry.field(description="The partner.")
    name: str | None = strawberry.field(default=None, description="For people.")
    region: str | None = strawberry.field(default=None, description="Its region.")
    type: PartnerType | None = strawberry.field(
        default=None, description="How it sells; only an administrator changes it."
    )
    business_model: BusinessModel | None = strawberry.field(
        default=None, description="What it lives on."
    )
    strategy: SalesStrategy | None = strawberry.field(
        default=None, description="How it goes about its market."
    )


@strawberry.input(description="A tier for a partner.")
class AssignTierInput(MutationInput):
    """A tier."""

    partner_id: strawberry.ID = strawberry.field(description="The partner.")
    tier: Tier = strawberry.field(description="The tier.")
    valid_from: datetime | None = strawberry.field(
        default=None,
        description="From when on: a time to come, or now where left out. What occurs before is"
        " judged by the tier of then.",
    )


@strawberry.input(description="A new team.")
class AddTeamInput(MutationInput):
    """A team."""

    partner_id: strawberry.ID = strawberry.field(description="The partner.")
    name: str = strawberry.field(description="A name that no other team of it has.")


@strawberry.input(description="A team's new name.")
class RenameTeamInput(MutationInput):
    """A name."""

    team_id: strawberry.ID = strawberry.field(description="The team.")
    name: str = strawberry.field(description="A name that no other team of its partner has.")


@declared(Audience.ANYONE)
@strawberry.type(description="The partner is as it was wished.")
class PartnerUpdated:
    """Success."""

    partner: Partner | None = strawberry.field(description="The partner.")


@declared(Audience.ANYONE)
@strawberry.type(description="The partner has the tier, or will have it.")
class TierAssigned:
    """Success."""

    partner: Partner | None = strawberry.field(description="The partner.")


@declared(Audience.ANYONE)
@strawberry.type(description="The partner has one team more.")
class TeamAdded:
    """Success."""

    team: Team | None = strawberry.field(description="The team.")
    partner: Partner | None = strawberry.field(description="The partner.")


@declared(Audience.ANYONE)
@strawberry.type(description="The team has its new name, and is the same team.")
class TeamRenamed:
    """Success."""

    team: Team | None = strawberry.field(description="The team.")


@strawberry.type
class PartnerChangeMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("UpdatePartner", PartnerUpdated),
        MANAGERS,
        "Changes a partner's profile from now on: segments look at the partner as it is then.",
    )
    async def update_partner(self, info: Info, input: UpdatePartnerInput) -> object:
        """A change."""
        outcome = perform(
            info,
            services.update_partner,
            input.request_id,
            partner_id=decoded(input.partner_id, "Partner", "partnerId"),
            name=input.name,
            region=input.region,
            partner_type=input.type,
            business_model=input.business_model,
            strategy=input.strategy,
        )
        return PartnerUpdated(partner=await visible(info, outcome.partner))

    @mutation(
        result("AssignTier", TierAssigned),
        MANAGERS,
        "Gives a partner a tier from now or a later instant on; former ones stay on record.",
    )
    async def assign_tier(self, info: Info, input: AssignTierInput) -> object:
        """A tier."""
        outcome = perform(
            info,
            services.assign_tier,
            input.request_id,
            partner_id=decoded(input.partner_id, "Partner", "partnerId"),
            tier=input.tier,
            valid_from=input.valid_from,
        )
        return TierAssigned(partner=await visible(info, outcome.partner))

    @mutation(result("AddTeam", TeamAdded), MANAGERS, "Adds a team to a partner.")
    async def add_team(self, info: Info, input: AddTeamInput) -> object:
        """A team."""
        outcome = perform(
            info,
            services.add_team,
            input.request_id,
            partner_id=decoded(input.partner_id, "Partner", "partnerId"),
            name=input.name,
        )
        shown = await visible(info, outcome.partner)
        named = [team for team in outcome.partner.teams if team.name == input.name.strip()]
        team = team_of(outcome.partner, named[-1], shown.audiences) if shown and named else None
        return TeamAdded(team=team, partner=shown)

    @mutation(result("RenameTeam", TeamRenamed), MANAGERS, "Gives a team another name.")
    async def rename_team(self, info: Info, input: RenameTeamInput) -> object:
        """A name."""
        partner_id, team_id = pair(input.team_id, "Team", "teamId")
        outcome = perform(
            info,
            services.rename_team,
            input.request_id,
            partner_id=partner_id,
            team_id=team_id,
            name=input.name,
        )
        shown = await visible(info, outcome.partner)
        teams = await shown.teams(info) if shown is not None else []
        return TeamRenamed(team=next((team for team in teams if team.team_id == team_id), None))
