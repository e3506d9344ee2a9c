"""Goals as a portal shows them.

Target, stretch, progress, projection, and what is earned at each.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import strawberry

from portal_api.domain import goals, programs
from portal_api.domain.goals import GoalSheet, Progress
from portal_api.domain.plans import Ahead, PlanVersion, plan_at
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import Level, Measure
from portal_api.schema.programs import Program
from portal_api.schema.scalars import Amount, BigInt, Decimal, Money, amount_of, money_of
from portal_api.services.store import Many, of_partner, of_person

_OWN = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)


@declared(*_OWN)
@strawberry.type(description="A goal's value: money for WON_REVENUE, a count for all else.")
class GoalValue:
    """A value of a measure."""

    money: Money | None = strawberry.field(description="Where the measure is revenue.")
    count: BigInt | None = strawberry.field(description="Where it counts.")


@declared(*_OWN)
@strawberry.type(
    description="What a party earns in the program: now, at the goal, at the stretch goal."
)
class GoalEarnings:
    """Earnings at three points."""

    now: list[Amount] = strawberry.field(
        description="Paid so far in this program, net of what was taken back."
    )
    at_goal: list[Amount] = strawberry.field(
        description="The same, plus what the plan's rules still pay on the way to the goal."
    )
    at_stretch: list[Amount] = strawberry.field(description="The same, to the stretch goal.")


@declared(*_OWN)
@strawberry.type(description="Here is your goal, here is your stretch goal, here is what you earn.")
class Goal:
    """A party's goal."""

    code: str = strawberry.field(description="The code in the plan.")
    name: str = strawberry.field(description="For people.")
    level: Level = strawberry.field(description="Whose goal it is.")
    measure: Measure = strawberry.field(description="What it counts.")
    starts_at: datetime = strawberry.field(description="Counts from here on.")
    ends_at: datetime = strawberry.field(description="Up to but without this instant.")
    goal: GoalValue = strawberry.field(description="The goal.")
    stretch: GoalValue = strawberry.field(description="The stretch goal.")
    progress: GoalValue = strawberry.field(description="Where it stands; over 100 % is possible.")
    attainment: Decimal = strawberry.field(
        description='Progress by goal, in percent, such as "112.5".'
    )
    projected: GoalValue = strawberry.field(description="What the present pace reaches by the end.")
    projected_attainment: Decimal = strawberry.field(
        description="The projection by the goal, in percent."
    )
    earnings: GoalEarnings | None = strawberry.field(
        description="What is earned now, at goal and at stretch. Null for an executive where it is"
        " a person's, and where it would tell what fewer than three people of a team earned."
    )
    program: Program = strawberry.field(description="The program it belongs to.")


async def goals_of(info: Info, partner_id: str, level: goals.Level, party_id: str) -> list[Goal]:
    """A party's goals in every program in which it has one."""
    context = info.context
    individual = level is goals.Level.INDIVIDUAL
    scope = of_person(partner_id, party_id) if individual else of_partner(partner_id)
    sheets, counted, catalogue, viewer = await asyncio.gather(
        context.load(Many(GoalSheet, of_partner(partner_id))),
        context.load(Many(Progress, scope)),
        context.catalogue(),
        context.viewer(),
    )
    party = goals.party_of(level, party_id)
    progress = {record.id: record for record in counted.records}
    audiences = viewer.audiences(partner_id, party_id if individual else None)
    return [
        _goal(definition, target, standing, program, audiences)
        for sheet in sheets.records
        for program in [catalogue.programs[sheet.program_id]]
        for standing in [
            _Standing(
                level,
                _may_be_told(level, audiences, sheet.id, counted.records),
                progress.get(f"{sheet.id}.{party}") or Progress(f"{sheet.id}.{party}"),
                plan_at(catalogue.plans.get(program.id, ()), context.portal.clock()),
                context.portal.clock(),
            )
        ]
        for code, target in sheet.targets.get(party, {}).items()
        for definition in [standing.definition(code)]
        if definition is not None
    ]


def _may_be_told(
    level: goals.Level,
    audiences: frozenset[Audience],
    sheet_id: str,
    progress: tuple[Progress, ...],
) -> bool:
    """Whether a viewer who is ``audiences`` to a party may see what it earned.

    A team's only where no part of the company's total is one or two people's (domain section 2.6).
    """
    if level is goals.Level.PARTNER or Audience.VENDOR in audiences:
        return True
    if level is goals.Level.INDIVIDUAL:
        return Audience.OWNER in audiences
    company = Progress("")
    teams = []
    for record in progress:
        if record.id == f"{sheet_id}.{goals.party_of(goals.Level.PARTNER, '')}":
            company = record
        elif record.id.startswith(f"{sheet_id}.team."):
            teams.append(record)
    earners = [name for name in company.counters if name.startswith("earners:")]
    return all(
        goals.tells_of_nobody(*parts, company.count(name) - sum(parts))
        for name in earners
        for parts in [[team.count(name) for team in teams]]
    )


@dataclass(frozen=True, slots=True)
class _Standing:
    """A party's counters in one program, under the plan in force."""

    level: goals.Level
    told: bool
    progress: Progress
    plan: PlanVersion | None
    now: datetime

    def definition(self, code: str) -> goals.GoalDefinition | None:
        """What the plan says of a goal."""
        definitions = self.plan.goals if self.plan else ()
        return next((goal for goal in definitions if goal.code == code), None)

    def earned(self) -> dict[str, int]:
        """What the party was paid in the program, per asset."""
        prefix = "company:" if self.level is goals.Level.PARTNER else "earned:"
        return {
            name.removeprefix(prefix): amount
            for name, amount in self.progress.counters.items()
            if name.startswith(prefix)
        }

    def earned_at(
        self, definition: goals.GoalDefinition, target: goals.Target, reach: int
    ) -> dict[str, int]:
        """The same, with what the rules still pay on the way to ``reach``."""
        sums = self.earned()
        ahead = Ahead(definition, target, self.progress, reach)
        if self.plan is None:
            return sums
        for rule in self.plan.rules:
            if rule.level is self.level and not rule.shadow:
                more = rule.mechanic.still_pays(rule, self.plan, ahead)
                sums[rule.asset] = sums.get(rule.asset, 0) + more
        return sums


def _goal(
    definition: goals.GoalDefinition,
    target: goals.Target,
    standing: _Standing,
    program: programs.Program,
    audiences: frozenset[Audience],
) -> Goal:
    """One goal as shown."""
    reached = standing.progress.count(f"goal:{definition.code}")
    projected = goals.projected(reached, definition, standing.now)

    def value(amount: int) -> GoalValue:
        if definition.measure is goals.Measure.WON_REVENUE:
            return GoalValue(money=money_of(program.currency, amount), count=None)
        return GoalValue(money=None, count=BigInt(amount))

    return Goal(
        code=definition.code,
        name=definition.name,
        level=standing.level,
        measure=definition.measure,
        starts_at=definition.starts_at,
        ends_at=definition.ends_at,
        goal=value(target.goal),
        stretch=value(target.stretch),
        progress=value(reached),
        attainment=_percent(reached, target.goal),
        projected=value(projected),
        projected_attainment=_percent(projected, target.goal),
        earnings=GoalEarnings(
            now=_amounts(standing.earned()),
            at_goal=_amounts(standing.earned_at(definition, target, target.goal)),
            at_stretch=_amounts(standing.earned_at(definition, target, target.stretch)),
        )
        if standing.told
        else None,
        program=Program.of(program, audiences),
    )


def _percent(part: int, whole: int) -> Decimal:
    """Percent with one digit, rounded down."""
    tenths = part * 1000 // whole
    return Decimal(f"{tenths // 10}.{tenths % 10}")


def _amounts(sums: dict[str, int]) -> list[Amount]:
    return [amount_of(asset, amount) for asset, amount in sorted(sums.items())]
