"""Goals as a portal shows them.

Target, stretch, progress, projection, and what is earned at each.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import strawberry

from portal_api.domain import goals, programs
from portal_api.domain.consent import Enrollment
from portal_api.domain.goals import GoalSheet, Progress
from portal_api.domain.outlooks import Outlook
from portal_api.domain.partners import Individual, Partner, Role
from portal_api.domain.plans import plan_at
from portal_api.domain.rebates import RebateBaselines
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import Level, Measure
from portal_api.schema.programs import Program
from portal_api.schema.scalars import Amount, BigInt, Decimal, Money, amount_of, money_of
from portal_api.services.store import Many, One, of_partner, of_person

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
        description="The same, plus what the plan's rules still pay on the way to the goal: those"
        " that follow it, those that pay a rate of the revenue that it counts, those that pay for"
        " the behavior that it counts. As if what is missing came now: revenue in deals of the"
        " party alone, registered in time, below the cap of a single deal; consent, enrollment and"
        " budget there, a consent's cap not counted. No more than the rules' limits leave room for"
        " until the goal ends, and nothing once it has. Left out are rules for named products, and"
        " what depends on the number of deals where the goal counts revenue."
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
        description="What is earned now, at goal and at stretch; of a team's goal, what its rules"
        " still pay the whole team. Null for an executive where it is a person's and the program's"
        " terms do not disclose it, or the person has not accepted these terms; and of a team's"
        " where it would tell what fewer than three people earned, or the terms disclose each"
        " person's or ever did."
    )
    program: Program = strawberry.field(description="The program it belongs to.")
    definition: strawberry.Private[goals.GoalDefinition]
    wanted: strawberry.Private[int]
    reached: strawberry.Private[int]


async def goals_of(info: Info, partner_id: str, level: goals.Level, party_id: str) -> list[Goal]:
    """A party's goals in every program in which it has one."""
    context = info.context
    individual = level is goals.Level.INDIVIDUAL
    scope = of_person(partner_id, party_id) if individual else of_partner(partner_id)
    person_want = One(Individual, party_id if individual else context.subject)
    sheets, counted, catalogue, viewer, (partner, person, own), declared_of = await asyncio.gather(
        context.load(Many(GoalSheet, of_partner(partner_id))),
        context.load(Many(Progress, scope)),
        context.catalogue(),
        context.viewer(),
        asyncio.gather(
            context.load(One(Partner, partner_id)),
            context.load(person_want),
            _enrollments(info, partner_id, party_id if individual else None),
        ),
        baselines_of(info, level, partner_id),
    )
    party = goals.party_of(level, party_id)
    progress = {record.id: record for record in counted.records}
    audiences = viewer.audiences(partner_id, party_id if individual else None)
    found: list[Goal] = []
    for sheet in sheets.records:
        program = catalogue.programs[sheet.program_id]
        standing = Standing(
            outlook=Outlook(
                program=program,
                plan=plan_at(catalogue.plans.get(program.id, ()), context.portal.clock()),
                partner=partner,
                level=level,
                role=role_of(person, context.portal.clock()) if individual else None,
                progress=progress.get(f"{sheet.id}.{party}") or Progress(f"{sheet.id}.{party}"),
                now=context.portal.clock(),
                baselines=declared_of.get(program.id),
            ),
            told=may_be_told(level, audiences, program, counted.records, own.get(program.id)),
            shown=Program.of(program, audiences),
        )
        for code, target in sheet.targets.get(party, {}).items():
            definition = standing.definition(code)
            if definition is not None:
                found.append(goal_of(definition, target, standing))
    return found


async def _enrollments(
    info: Info, partner_id: str, individual_id: str | None
) -> dict[str, Enrollment]:
    """Those of a person at a partner, by program."""
    if individual_id is None:
        return {}
    found = await info.context.load(Many(Enrollment, of_person(partner_id, individual_id)))
    return {one.program_id: one for one in found.records}


async def baselines_of(
    info: Info, level: goals.Level, partner_id: str
) -> dict[str, RebateBaselines]:
    """What was declared of a company, by program, for what its rebates still pay."""
    if level is not goals.Level.PARTNER:
        return {}
    found = await info.context.load(Many(RebateBaselines, of_partner(partner_id)))
    return {one.program_id: one for one in found.records}


def has_disclosed(program: programs.Program, enrollment: Enrollment | None) -> bool:
    """Whether a person has accepted that its company's executives see what it earns."""
    accepted = enrollment is not None and enrollment.terms_version >= program.terms_version
    return program.discloses_amounts and accepted


def role_of(person: Individual | None, now: datetime) -> Role | None:
    """What a person does now."""
    employment = person.employment_at(now) if person is not None else None
    return employment.role if employment is not None else None


def may_be_told(
    level: goals.Level,
    audiences: frozenset[Audience],
    program: programs.Program,
    progress: tuple[Progress, ...],
    enrollment: Enrollment | None,
) -> bool:
    """Whether a viewer who is ``audiences`` to a party may see what it earned.

    A person's where the program's terms say so and the person has accepted these, by its
    ``enrollment``; a team's only where no part of the company's total
    is one or two people's, and the terms never said so. ``progress`` is that of the company and its
    teams.
    """
    if level is goals.Level.PARTNER or Audience.VENDOR in audiences:
        return True
    if level is goals.Level.INDIVIDUAL:
        seen = Audience.EXECUTIVE in audiences and has_disclosed(program, enrollment)
        return seen or Audience.OWNER in audiences
    if Audience.EXECUTIVE in audiences and program.ever_disclosed:
        return False  # Less what is known of some of the team it would tell of the others.
    company = Progress("")
    teams = []
    for record in progress:
        _, program_id, party = record.id.split(".", 2)
        if program_id == program.id and party == goals.COMPANY:
            company = record
        elif program_id == program.id and party.startswith("team."):
            teams.append(record)
    return goals.teams_tell_of_nobody(company, teams)


@dataclass(frozen=True, slots=True)
class Standing:
    """A party in one program, as shown; ``told``: the viewer sees what it earns."""

    outlook: Outlook
    told: bool
    shown: Program

    def definition(self, code: str) -> goals.GoalDefinition | None:
        """What the plan in force says of a goal."""
        return self.outlook.plan.goal(code) if self.outlook.plan else None


def value_of(program: programs.Program, measure: goals.Measure, amount: int) -> GoalValue:
    """A value of a measure as shown."""
    if measure is goals.Measure.WON_REVENUE:
        return GoalValue(money=money_of(program.currency, amount), count=None)
    return GoalValue(money=None, count=BigInt(amount))


def goal_of(definition: goals.GoalDefinition, target: goals.Target, standing: Standing) -> Goal:
    """One goal as shown."""
    outlook = standing.outlook
    reached = outlook.progress.count(goals.goal_counter(definition.code))
    projected = goals.projected(reached, definition, outlook.now)
    value = partial(value_of, outlook.program, definition.measure)
    return Goal(
        code=definition.code,
        name=definition.name,
        level=outlook.level,
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
            now=_amounts(outlook.earned()),
            at_goal=_amounts(outlook.earned_at(definition, target, target.goal)),
            at_stretch=_amounts(outlook.earned_at(definition, target, target.stretch)),
        )
        if standing.told
        else None,
        program=standing.shown,
        definition=definition,
        wanted=target.goal,
        reached=reached,
    )


def _percent(part: int, whole: int) -> Decimal:
    """Percent with one digit, rounded down."""
    tenths = part * 1000 // whole
    return Decimal(f"{tenths // 10}.{tenths % 10}")


def _amounts(sums: dict[str, int]) -> list[Amount]:
    return [amount_of(asset, amount) for asset, amount in sorted(sums.items())]
