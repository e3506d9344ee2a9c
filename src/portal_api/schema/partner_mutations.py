"""The mutations on partners and people, and the goals set for them."""

import strawberry

from portal_api.domain import goals as domain_goals
from portal_api.domain.errors import InvalidInput
from portal_api.domain.partners import Role as RoleOf
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import PartnerType, Role, Tier
from portal_api.schema.errors import result
from portal_api.schema.goals import Goal, goals_of
from portal_api.schema.ids import decoded, pair, split
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.partners import Individual, Partner, visible, visible_person
from portal_api.schema.scalars import BigInt, MoneyInput
from portal_api.services import goals as goal_services
from portal_api.services import partners as services

_LEVELS = {
    "Partner": domain_goals.Level.PARTNER,
    "Team": domain_goals.Level.TEAM,
    "Individual": domain_goals.Level.INDIVIDUAL,
}


@strawberry.input(description="A new partner.")
class AddPartnerInput(MutationInput):
    """A partner."""

    name: str = strawberry.field(description="For people.")
    type: PartnerType = strawberry.field(description="How it sells.")
    tier: Tier = strawberry.field(description="Its tier from now on.")
    region: str = strawberry.field(description="Its region.")
    team_names: list[str] = strawberry.field(default_factory=list, description="Its teams.")


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


@strawberry.input(
    one_of=True, description="A goal's value: money for WON_REVENUE, a count for all else."
)
class GoalValueInput:
    """A value of a measure."""

    money: MoneyInput | None = strawberry.field(default=strawberry.UNSET, description="Revenue.")
    count: BigInt | None = strawberry.field(default=strawberry.UNSET, description="A count.")

    def number(self, field: str) -> tuple[str | None, int]:
        """The currency, none for a count, and the value in minor units or as counted."""
        if isinstance(self.money, MoneyInput):
            return self.money.currency_code, self.money.minor(field)
        if isinstance(self.count, int):
            return None, self.count
        raise InvalidInput("A goal is money or a count.", field)


@strawberry.input(description="A target of a partner, team or individual.")
class SetGoalInput(MutationInput):
    """A target."""

    program_id: strawberry.ID = strawberry.field(description="The program.")
    party_id: strawberry.ID = strawberry.field(description="A partner, a team or an individual.")
    goal_code: str = strawberry.field(description="A goal of the program's plan.")
    goal: GoalValueInput = strawberry.field(description="The goal.")
    stretch: GoalValueInput = strawberry.field(description="The stretch goal, at least the goal.")


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


@declared(Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(description="The target is set.")
class GoalSet:
    """Success."""

    goals: list[Goal] = strawberry.field(description="All goals of that party.")


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
        )
        return PartnerAdded(partner=await visible(info, outcome.partner))

    @mutation(
        result("AddIndividual", IndividualAdded),
        services.MANAGERS,
        "Adds a person at a partner; an administrator also adds the vendor's people.",
    )
    async def add_individual(self, info: Info, input: AddIndividualInput) -> object:
        """A new person."""
        partner_id = decoded(input.partner_id, "Partner", "partnerId") if input.partner_id else None
        team = pair(input.team_id, "Team", "teamId") if input.team_id else None
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
        result("SuspendIndividual", IndividualSuspended),
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

    @mutation(
        result("SetGoal", GoalSet),
        services.MANAGERS | {RoleOf.PARTNER_EXECUTIVE},
        "Sets goal and stretch goal of a partner, team or individual; an executive for its own"
        " company's teams and people.",
    )
    async def set_goal(self, info: Info, input: SetGoalInput) -> object:
        """A target."""
        kind, named = split(input.party_id)
        if kind not in _LEVELS:
            raise InvalidInput("An id of a Partner, Team or Individual is needed here.", "partyId")
        partner_id, _, party_id = named.partition(".")
        currency, goal = input.goal.number("goal")
        stretch_currency, stretch = input.stretch.number("stretch")
        if stretch_currency != currency:
            raise InvalidInput("The stretch goal is in the unit of the goal.", "stretch")
        outcome = perform(
            info,
            goal_services.set_goal,
            input.request_id,
            partner_id=partner_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            level=_LEVELS[kind],
            party_id=party_id or partner_id,
            goal_code=input.goal_code,
            goal=goal,
            stretch=stretch,
            currency=currency,
        )
        await authorized(info, GoalSet, outcome.sheet.partner_id)
        shown = await goals_of(
            info, outcome.sheet.partner_id, _LEVELS[kind], party_id or partner_id
        )
        return GoalSet(goals=shown)
