"""The mutations on partners and people."""

import strawberry

from portal_api.domain.errors import AlreadyErased, InvalidInput
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import PartnerType, Role, Tier
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, pair
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.partners import Individual, Partner, visible, visible_person
from portal_api.schema.profiles import BusinessModel, SalesStrategy
from portal_api.services import partners as services


@strawberry.input(description="A new partner.")
class AddPartnerInput(MutationInput):
    """A partner."""

    name: str = strawberry.field(description="For people.")
    type: PartnerType = strawberry.field(description="How it sells.")
    tier: Tier = strawberry.field(description="Its tier from now on.")
    region: str = strawberry.field(description="Its region.")
    team_names: list[str] = strawberry.field(
        default_factory=list, description="Its teams, each with a name of its own."
    )
    business_model: BusinessModel | None = strawberry.field(
        default=None, description="What it lives on."
    )
    strategy: SalesStrategy | None = strawberry.field(
        default=None, description="How it goes about its market."
    )
    external_id: str | None = strawberry.field(
        default=None,
        description="What another system calls it: the one that is there by it is answered, and"
        " not changed.",
    )


@strawberry.input(description="A new person.")
class AddIndividualInput(MutationInput):
    """A person."""

    name: str = strawberry.field(description="For people.")
    email: str = strawberry.field(description="Its e-mail address.")
    role: Role = strawberry.field(description="What it does.")
    partner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its partner; left out for the vendor's people."
    )
    team_id: strawberry.ID | None = strawberry.field(default=None, description="Its team.")


@strawberry.input(description="A person to suspend.")
class SuspendIndividualInput(MutationInput):
    """A suspension."""

    individual_id: strawberry.ID = strawberry.field(description="The person.")


@declared(Audience.ANYONE)
@strawberry.type(description="The partner is there.")
class PartnerAdded:
    """Success."""

    partner: Partner | None = strawberry.field(description="The partner.")


@declared(Audience.ANYONE)
@strawberry.type(description="The person is there.")
class IndividualAdded:
    """Success."""

    individual: Individual | None = strawberry.field(description="The person.")
    user_name: str = strawberry.field(description="The user name to sign in with.")


@declared(Audience.ANYONE)
@strawberry.type(description="The person cannot act from now on.")
class IndividualSuspended:
    """Success."""

    individual: Individual | None = strawberry.field(description="The person.")


@strawberry.type
class PartnerMutations:
    """Mixed into the root mutation."""

    @mutation(result("AddPartner", PartnerAdded), services.MANAGERS, "Adds a partner.")
    async def add_partner(self, info: Info, input: AddPartnerInput) -> object:
        """A new partner."""
        outcome = perform(
            info,
            services.add_partner,
            input.request_id,
            name=input.name,
            partner_type=input.type,
            tier=input.tier,
            region=input.region,
            team_names=tuple(input.team_names),
            profile=services.Profile(input.business_model, input.strategy, input.external_id),
        )
        return PartnerAdded(partner=await visible(info, outcome.partner))

    @mutation(
        result("AddIndividual", IndividualAdded),
        services.MANAGERS,
        "Adds a person at a partner; an administrator also adds the vendor's people.",
    )
    async def add_individual(self, info: Info, input: AddIndividualInput) -> object:
        """A new person."""
        at, named = input.partner_id, input.team_id
        partner_id = None if at is None else decoded(at, "Partner", "partnerId")
        team = None if named is None else pair(named, "Team", "teamId")
        if team is not None and team[0] != partner_id:
            raise InvalidInput("The team belongs to another partner.", "teamId")
        outcome = perform(
            info,
            services.add_individual,
            input.request_id,
            name=input.name,
            email=input.email,
            role=input.role,
            partner_id=partner_id,
            team_id=team[1] if team else None,
        )
        person = outcome.individual
        shown = await visible_person(info, partner_id, person)
        return IndividualAdded(individual=shown, user_name=person.id)

    @mutation(
        result("SuspendIndividual", IndividualSuspended, AlreadyErased),
        services.MANAGERS,
        "Stops a person from acting, from its next request on.",
    )
    async def suspend_individual(self, info: Info, input: SuspendIndividualInput) -> object:
        """A suspension."""
        _, individual_id = pair(input.individual_id, "Individual", "individualId")
        outcome = perform(
            info, services.suspend_individual, input.request_id, individual_id=individual_id
        )
        partner_id = services.employer(outcome.individual, info.context.portal.clock())
        return IndividualSuspended(
            individual=await visible_person(info, partner_id, outcome.individual)
        )
