"""The mutations that set goals."""

import strawberry

from portal_api.domain import goals as domain_goals
from portal_api.domain.errors import GoalsDoNotAddUp, InvalidInput, NotFound
from portal_api.domain.partners import Partner
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.errors import result
from portal_api.schema.goal_trees import GoalTree, goal_trees_of
from portal_api.schema.goals import Goal, goals_of
from portal_api.schema.ids import decoded, split
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.scalars import BigInt, MoneyInput
from portal_api.services import cascades
from portal_api.services import goals as services
from portal_api.services.store import One

_LEVELS = {
    "Partner": domain_goals.Level.PARTNER,
    "Team": domain_goals.Level.TEAM,
    "Individual": domain_goals.Level.INDIVIDUAL,
}


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


@strawberry.input(description="A party with a value for its goal, and one for its stretch goal.")
class PartyTargetInput:
    """Two values of one party."""

    party_id: strawberry.ID = strawberry.field(description="A partner, a team or an individual.")
    goal: GoalValueInput = strawberry.field(description="Of the goal.")
    stretch: GoalValueInput = strawberry.field(description="Of the stretch goal.")

    def record(self, partner_id: str, field: str) -> cascades.PartyTarget:
        """The values as the service takes them; raises ``InvalidInput`` and ``NotFound``."""
        level, at_partner, party_id = _party(self.party_id, field)
        if at_partner != partner_id:
            raise NotFound.of(field)
        currency, goal = self.goal.number(field)
        stretch_currency, stretch = self.stretch.number(field)
        if stretch_currency != currency:
            raise InvalidInput("The stretch goal is in the unit of the goal.", field)
        return cascades.PartyTarget(level, party_id, goal, stretch, currency)


@strawberry.input(
    description="All targets of a goal at a partner. Wherever a party has a target and any below it"
    " have one, those sum to it and to what is declared as assigned beyond it. Below a company are"
    " its teams and the people without a team, below a team the people who are in it now."
)
class CascadeGoalsInput(MutationInput):
    """A cascade."""

    program_id: strawberry.ID = strawberry.field(description="The program.")
    partner_id: strawberry.ID = strawberry.field(description="The partner.")
    goal_code: str = strawberry.field(description="A goal of the program's plan.")
    targets: list[PartyTargetInput] = strawberry.field(
        default_factory=list,
        description="All targets: whoever is not named has none of this goal any more, but for the"
        " company, whose target stays; an executive cannot name it.",
    )
    over_assigned: list[PartyTargetInput] = strawberry.field(
        default_factory=list,
        description="Of the company or a team: how much more than its own target is assigned right"
        " below it. What is not named is nothing.",
    )
    divide_equally: bool = strawberry.field(
        default=False,
        description="Divides the company's target, with what is assigned beyond it, in equal parts"
        " between all its people who earn in the program; each team gets the sum of its people's."
        " No target is named then but the company's.",
    )


@declared(Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(description="The target is set.")
class GoalSet:
    """Success."""

    goals: list[Goal] = strawberry.field(description="All goals of that party.")


@declared(Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(description="The targets are set, and sum up.")
class GoalsCascaded:
    """Success."""

    tree: GoalTree | None = strawberry.field(
        description="The goal at its three levels; null where the plan in force does not have it."
    )


@strawberry.type
class GoalMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("SetGoal", GoalSet, GoalsDoNotAddUp),
        services.SETTERS,
        "Sets goal and stretch goal of a partner, team or individual; an executive for its own"
        " company's teams and people, unless a rule of the plan pays these by their targets, as a"
        " goal bonus does: then only the vendor sets them. Targets that have to sum to each other"
        " are changed together, by cascadeGoals.",
    )
    async def set_goal(self, info: Info, input: SetGoalInput) -> object:
        """A target."""
        level, partner_id, party_id = _party(input.party_id, "partyId")
        currency, goal = input.goal.number("goal")
        stretch_currency, stretch = input.stretch.number("stretch")
        if stretch_currency != currency:
            raise InvalidInput("The stretch goal is in the unit of the goal.", "stretch")
        outcome = perform(
            info,
            services.set_goal,
            input.request_id,
            partner_id=partner_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            level=level,
            party_id=party_id,
            goal_code=input.goal_code,
            goal=goal,
            stretch=stretch,
            currency=currency,
        )
        await authorized(info, GoalSet, outcome.sheet.partner_id)
        return GoalSet(goals=await goals_of(info, partner_id, level, party_id))

    @mutation(
        result("CascadeGoals", GoalsCascaded, GoalsDoNotAddUp),
        services.SETTERS,
        "Sets all targets of a goal at a partner in one write; an executive those below its own"
        " company's, unless a rule of the plan pays teams or people by their targets, as a goal"
        " bonus does: then only the vendor sets them.",
    )
    async def cascade_goals(self, info: Info, input: CascadeGoalsInput) -> object:
        """A cascade."""
        partner_id = decoded(input.partner_id, "Partner", "partnerId")
        outcome = perform(
            info,
            cascades.cascade_goals,
            input.request_id,
            partner_id=partner_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            goal_code=input.goal_code,
            targets=tuple(one.record(partner_id, "targets") for one in input.targets),
            over_assigned=tuple(
                one.record(partner_id, "overAssigned") for one in input.over_assigned
            ),
            divide_equally=input.divide_equally,
        )
        sheet = outcome.sheet
        await authorized(info, GoalsCascaded, sheet.partner_id)
        partner = await info.context.load(One(Partner, sheet.partner_id))
        if partner is None:
            return GoalsCascaded(tree=None)
        shown = await goal_trees_of(info, partner, sheet.program_id, input.goal_code)
        return GoalsCascaded(tree=shown[0] if shown else None)


def _party(global_id: str, field: str) -> tuple[domain_goals.Level, str, str]:
    """The level, the partner and the party that an id names; raises ``InvalidInput``."""
    kind, named = split(global_id)
    partner_id, _, own = named.partition(".")
    if kind not in _LEVELS or bool(own) is (kind == "Partner"):
        raise InvalidInput("An id of a Partner, Team or Individual is needed here.", field)
    return _LEVELS[kind], partner_id, own or partner_id
