"""What the demo's programs pay: their plans, a second version of one, and a draft of another."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from portal_api.demo import world
from portal_api.demo.world import day
from portal_api.domain.activities import DEAL_REGISTERED, DEAL_WON
from portal_api.domain.goals import GoalDefinition, Level, Measure
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.money import POINTS
from portal_api.domain.partners import PartnerType, Segment
from portal_api.domain.plans import Limit, Period, PointValue, Rule
from portal_api.domain.programs import IncentiveClass
from portal_api.services.plans import PlanContent
from portal_api.services.programs import ProgramTerms

YEAR: Final = "Y2026"
QUARTERS: Final = ("Q2", "Q4")
TRAININGS: Final = "TRAININGS"
CERTIFIED: Final = "CERTIFIED"
SPRING: Final = "SPRING"
"""The codes of goals."""
COUNTED: Final = frozenset({TRAININGS, CERTIFIED})
"""Those that count, and are no money."""

PROGRAMS_END: Final = day(1, 1, 2028)
"""Long after, so that whoever tries the demo can still earn."""
SPRINT_STARTS, SPRINT_ENDS = day(4, 1), day(7, 1)

_SHORT_LIFE, _MIDDLE_LIFE, _LONG_LIFE = 4, 10, 14
"""For how many months points stay in the three programs that give some: so different that in every
month from the end of the story on, until August of the next year, some of Mara's expire soon."""
_RETURNABLE_DAYS, _YEAR_DAYS = 14, 365
"""How long sales can be returned, and how long a renewal must last: so long their pay is held."""

_TERMS = "You earn for what you do while you are enrolled and your company's consent is in force."
NEW_TERMS: Final = f"{_TERMS} Licences that your own affiliates use do not count."
"""What the terms of one program become."""
_INDIVIDUAL, _TEAM, _PARTNER = Level.INDIVIDUAL, Level.TEAM, Level.PARTNER
_REVENUE = Measure.WON_REVENUE
_NEW_YEAR = day(1, 1, 2027)
_VAR, _SI, _MSP = PartnerType.VAR, PartnerType.SYSTEMS_INTEGRATOR, PartnerType.MSP


@dataclass(frozen=True, slots=True)
class ProgramSketch:
    """A program to create, its plan, and its budget by asset in minor units."""

    terms: ProgramTerms
    rules: tuple[Rule, ...]
    goals: tuple[GoalDefinition, ...]
    budget: tuple[tuple[str, int], ...]
    point_value: PointValue | None = None
    expire_months: int | None = None
    participation_in: str | None = None
    """The name of the program in which a company must take part for its rebate."""


def terms_of(
    name: str, description: str, starts_at: datetime, segment: Segment, currency: str = "USD"
) -> ProgramTerms:
    """The terms of a program that lasts, in the words of all of them."""
    return ProgramTerms(
        name, description, segment, starts_at, PROGRAMS_END, "Europe/Berlin", currency, _TERMS
    )


_GROWTH = ProgramSketch(
    terms_of(
        world.GROWTH,
        "Registering deals and winning them, with goals for the year.",
        day(1, 1),
        Segment(types=tuple(kind for kind in PartnerType if kind is not PartnerType.DISTRIBUTOR)),
    ),
    (
        Rule("deals", "Deals registered and won", _INDIVIDUAL, "USD", MilestoneSplit(300)),
        Rule("training", "Trainings", _INDIVIDUAL, POINTS, Flat(world.TRAINING, 50)),
        Rule("year-bonus", "Your year", _INDIVIDUAL, "USD", GoalBonus(YEAR, 500_00, 300_00)),
        *(
            Rule(
                *(f"company-{goal.lower()}", f"Your company's {goal}", _PARTNER, "USD"),
                GoalBonus(goal, 2_000_00, 1_000_00),
            )
            for goal in QUARTERS
        ),
    ),
    (
        GoalDefinition("Q2", "Second quarter", _REVENUE, day(4, 1), day(7, 1)),
        GoalDefinition("Q4", "Fourth quarter", _REVENUE, day(10, 1), _NEW_YEAR),
        GoalDefinition(YEAR, "Year 2026", _REVENUE, day(1, 1), _NEW_YEAR),
    ),
    (("USD", 250_000_00), (POINTS, 100_000)),
    expire_months=_MIDDLE_LIFE,
)

GROWTH_DRAFT: Final = PlanContent(
    (
        Rule("deals", "Deals registered and won", _INDIVIDUAL, "USD", MilestoneSplit(350, 1, 4)),
        *_GROWTH.rules[1:],
    ),
    _GROWTH.goals,
    expire_months=_MIDDLE_LIFE,
)
"""What may come next; it waits for somebody to run it over what happened."""

_POINTS_FOR = {
    world.LEAD: 10,
    world.APPOINTMENT: 20,
    world.PROOF: 80,
    world.ADVANCED: 150,
    world.EVENT: 100,
    world.RENEWAL: 60,
    world.SELL_OUT: 30,
}


def _points_for(code: str, name: str, points: int) -> Rule:
    hold_days = _YEAR_DAYS if code == world.RENEWAL else 0
    own = code.lower().replace("_", "-")
    return Rule(own, name, _INDIVIDUAL, POINTS, Flat(code, points), hold_days=hold_days)


_ENABLEMENT = ProgramSketch(
    terms_of(world.ENABLEMENT, "Points for the work that leads to sales.", day(2, 1), Segment()),
    tuple(
        _points_for(behavior.code, behavior.name, _POINTS_FOR[behavior.code])
        for behavior in world.BEHAVIORS
        if behavior.code in _POINTS_FOR
    ),
    (
        GoalDefinition(
            *(TRAININGS, "Advanced trainings", Measure.BEHAVIOR_COUNT),
            *(day(2, 1), PROGRAMS_END, world.ADVANCED),
        ),
        GoalDefinition(
            *(CERTIFIED, "Certified people", Measure.CERTIFIED_PEOPLE),
            *(day(2, 1), PROGRAMS_END, world.ADVANCED),
        ),
    ),
    ((POINTS, 60_000),),
    expire_months=_SHORT_LIFE,
)

ENABLEMENT_2: Final = PlanContent(
    (
        *(
            replace(rule, mechanic=Flat(world.LEAD, 15)) if rule.code == "lead-follow-up" else rule
            for rule in _ENABLEMENT.rules
        ),
        _points_for(world.WORKSHOP, world.NEW_BEHAVIOR.name, 40),
    ),
    _ENABLEMENT.goals,
    expire_months=_SHORT_LIFE,
)
"""More for leads, and something for the behavior that is new then."""

_LICENSING = ProgramSketch(
    terms_of(
        world.LICENSING,
        "For direct marketers and large account resellers; a lost deal pays nothing.",
        day(3, 1),
        Segment(types=(PartnerType.DMR, PartnerType.LAR)),
        "EUR",
    ),
    (
        Rule(
            *("licences", "Licence deals", _INDIVIDUAL, "EUR"),
            MilestoneSplit(150, 1, 2, keep_on_loss=False),
        ),
    ),
    (GoalDefinition("H1", "First half", _REVENUE, day(3, 1), day(7, 1)),),
    (("EUR", 800_00),),
)

LICENSING_REFILL: Final = ("EUR", 60_000_00)
"""Added when the year's half is nearly over: before, some of its deals find the budget empty."""

_SOLUTIONS = ProgramSketch(
    terms_of(
        world.SOLUTIONS,
        "For those who build: proofs of concept, and sales that were registered before.",
        day(3, 1),
        Segment(types=(_VAR, _SI, _MSP)),
    ),
    (
        Rule(
            *("appointments", "Appointments", _INDIVIDUAL, POINTS),
            Flat(world.APPOINTMENT, 20),
            limits=(Limit(Period.WEEK, count=2),),
        ),
        Rule(
            *("proofs", "Proofs of concept that lead to a sale", _INDIVIDUAL, "USD"),
            Overlay(world.PROOF, 150_00, within_days=90),
        ),
        Rule(
            *("sales", "Sales, more if registered before", _INDIVIDUAL, "USD"),
            Uplift((DEAL_REGISTERED,), 200, 300),
            hold_days=_RETURNABLE_DAYS,
        ),
        Rule("sale-points", "Points for sales", _INDIVIDUAL, POINTS, PercentOfDeal(50)),
        Rule(
            *("fleet-spiff", "Cash for each Lantern Fleet", _INDIVIDUAL, "USD"),
            Flat(DEAL_WON, 50_00),
            Segment(products=("Lantern Fleet",)),
        ),
        Rule("company", "Your company's part", _PARTNER, "USD", PercentOfDeal(100, 1_000_00)),
        Rule(
            *("what-if", "If it were 4 % of every sale", _INDIVIDUAL, "USD", PercentOfDeal(400)),
            shadow=True,
        ),
    ),
    (),
    (("USD", 150_000_00), (POINTS, 60_000)),
    PointValue(1, 1_00),
    _LONG_LIFE,
)

_SPRINT = ProgramSketch(
    replace(
        terms_of(
            world.SPRINT,
            "Three months, in which more sales pay more, and a team that reaches its goal a prize.",
            SPRINT_STARTS,
            Segment(types=(_VAR, _SI)),
        ),
        ends_at=SPRINT_ENDS,
        incentive_class=IncentiveClass.TACTICAL,
    ),
    (
        Rule(
            *("bands", "Your sales, more beyond your goal", _INDIVIDUAL, "USD"),
            Tiered(SPRING, (Band(0, 100), Band(10_000, 300)), of_target=True),
        ),
        Rule(
            *("company-bands", "All of your company's sales, by their sum", _PARTNER, "USD"),
            Tiered(SPRING, (Band(0, 100), Band(50_000_00, 200)), retrospective=True),
        ),
        Rule("team-prize", "Your team's goal", _TEAM, "USD", GoalBonus(SPRING, 600_00)),
        Rule(
            *("beacon", "Beacon 900 in EMEA", _INDIVIDUAL, "USD", PercentOfDeal(100, 250_00)),
            Segment(regions=("EMEA",), products=("Beacon 900",)),
        ),
    ),
    (GoalDefinition(SPRING, "Spring 2026", _REVENUE, SPRINT_STARTS, SPRINT_ENDS),),
    (("USD", 40_000_00),),
)

PROGRAMS: Final = (_GROWTH, _ENABLEMENT, _LICENSING, _SOLUTIONS, _SPRINT)
