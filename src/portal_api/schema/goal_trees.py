"""Goal trees: a goal of the company, its teams and its people, and whether the targets sum up."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import relay

from portal_api.domain import cascades, goals
from portal_api.domain.consent import Enrollment
from portal_api.domain.goals import COMPANY, GoalDefinition, GoalSheet, Level, Progress
from portal_api.domain.outlooks import Outlook
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.plans import PlanVersion, plan_at
from portal_api.domain.programs import Program as ProgramRecord
from portal_api.domain.rebates import RebateBaselines
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.enums import Measure
from portal_api.schema.goals import (
    Goal,
    GoalValue,
    Standing,
    baselines_of,
    goal_of,
    goals_of,
    may_be_told,
    role_of,
    value_of,
)
from portal_api.schema.ids import decoded, encoded
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.profiles import Named, record_of
from portal_api.schema.programs import Program
from portal_api.services.loads import Loads
from portal_api.services.store import Many, One, of_partner

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_ProgramId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this program.")
]
_GoalCode = Annotated[str | None, strawberry.argument(description="Only the goal with this code.")]


@declared(*_COMPANY)
@strawberry.type(
    description="A company, a team or a person with its target, and the targets below it, which sum"
    " to it and to what is declared as assigned beyond it."
)
class GoalBranch:
    """A party of a goal tree."""

    party_id: strawberry.ID = strawberry.field(description="The partner, the team or the person.")
    name: str | None = strawberry.field(
        description="Its name; null for a person who has left since."
    )
    parent_id: strawberry.ID | None = strawberry.field(
        description="Below which party its target counts: of a person the team that it was in when"
        " the target was set, or the company where it was in none. Null for the company."
    )
    goal: Goal | None = strawberry.field(
        description="Its target, progress and earnings; null where only parties below it have one."
    )
    goal_below: GoalValue | None = strawberry.field(
        description="What the goals right below it sum to; null where there are none."
    )
    stretch_below: GoalValue | None = strawberry.field(description="The same of stretch goals.")
    goal_over_assigned: GoalValue | None = strawberry.field(
        description="What is declared as assigned below it beyond its own goal; null where nobody"
        " below it has a target."
    )
    stretch_over_assigned: GoalValue | None = strawberry.field(
        description="The same of its stretch goal."
    )
    adds_up: bool | None = strawberry.field(
        description="Whether the sums below it are what they have to be; null where nobody below it"
        " has a target, or it has none itself."
    )


@dataclass(frozen=True, slots=True)
class _Tree:
    """A goal at a partner, as stored, and for whom it is shown."""

    sheet: GoalSheet
    definition: GoalDefinition
    program: ProgramRecord
    plan: PlanVersion
    partner: Partner
    progress: tuple[Progress, ...]
    audiences: frozenset[Audience]
    now: datetime
    baselines: RebateBaselines | None = None

    def branch(
        self,
        level: Level,
        party_id: str,
        progress: Progress | None,
        person: Individual | None = None,
        enrollment: Enrollment | None = None,
    ) -> GoalBranch:
        """A party as shown."""
        party, code = goals.party_of(level, party_id), self.definition.code
        target, below = self.sheet.target(party, code), cascades.below(self.sheet, code, party)

        def value(amount: int | None) -> GoalValue | None:
            if amount is None:
                return None
            return value_of(self.program, self.definition.measure, amount)

        standing = self._standing(level, party, progress, person, enrollment)
        return GoalBranch(
            party_id=self._id(party),
            name=self._name(level, party_id, person),
            parent_id=self._parent(level, party_id),
            goal=goal_of(self.definition, target, standing) if target is not None else None,
            goal_below=value(below.summed.goal if below else None),
            stretch_below=value(below.summed.stretch if below else None),
            goal_over_assigned=value(below.over.goal if below else None),
            stretch_over_assigned=value(below.over.stretch if below else None),
            adds_up=below.adds_up if below and below.expected is not None else None,
        )

    def _standing(
        self,
        level: Level,
        party: str,
        progress: Progress | None,
        person: Individual | None,
        enrollment: Enrollment | None,
    ) -> Standing:
        outlook = Outlook(
            program=self.program,
            plan=self.plan,
            partner=self.partner,
            level=level,
            role=role_of(person, self.now),
            progress=progress or Progress(f"{self.sheet.id}.{party}"),
            now=self.now,
            baselines=self.baselines if level is Level.PARTNER else None,
        )
        told = may_be_told(level, self.audiences, self.program, self.progress, enrollment)
        return Standing(outlook, told, Program.of(self.program, self.audiences))

    def _id(self, party: str) -> strawberry.ID:
        if party == COMPANY:
            return strawberry.ID(encoded("Partner", self.partner.id))
        level, _, own = party.partition(".")
        return strawberry.ID(encoded(level.title(), f"{self.partner.id}.{own}"))

    def _name(self, level: Level, party_id: str, person: Individual | None) -> str | None:
        if level is Level.PARTNER:
            return self.partner.name
        if level is Level.TEAM:
            return next((team.name for team in self.partner.teams if team.id == party_id), None)
        employment = person.employment_at(self.now) if person is not None else None
        here = employment is not None and employment.partner_id == self.partner.id
        return person.name if person is not None and here else None

    def _parent(self, level: Level, party_id: str) -> strawberry.ID | None:
        if level is Level.PARTNER:
            return None
        if level is Level.TEAM:
            return self._id(COMPANY)
        for parent, of_goals in self.sheet.members.items():
            if party_id in of_goals.get(self.definition.code, ()):
                return self._id(parent)
        return None

    def counted(self, party: str) -> Progress | None:
        """The progress of the company or a team."""
        wanted = f"{self.sheet.id}.{party}"
        return next((one for one in self.progress if one.id == wanted), None)


# A branch is not fetched alone: it is found in its tree.
Branches = relay.Connection[GoalBranch]  # type: ignore[type-var]


@declared(*_COMPANY)
@strawberry.type(description="A goal at its three levels: company, teams, people.")
class GoalTree:
    """A goal of a plan at one partner."""

    whose: strawberry.Private[str]
    tree: strawberry.Private[_Tree]
    code: str = strawberry.field(description="The code in the plan.")
    name: str = strawberry.field(description="For people.")
    measure: Measure = strawberry.field(description="What it counts.")
    program: Program = strawberry.field(description="The program it belongs to.")

    @strawberry.field(description="The company, with the teams and those without a team below it.")
    def company(self) -> GoalBranch:
        """The company."""
        tree = self.tree
        return tree.branch(Level.PARTNER, tree.partner.id, tree.counted(COMPANY))

    @strawberry.field(description="The teams that have a target, or members who have one.")
    def teams(self) -> list[GoalBranch]:
        """The teams."""
        tree = self.tree
        return [
            tree.branch(Level.TEAM, party.partition(".")[2], tree.counted(party))
            for party in cascades.teams_of(tree.sheet, self.code)
        ]

    @strawberry.field(
        description="The people who have a target. An executive sees their progress, which is the"
        " company's own, and what they earn where the program's terms disclose it: of those who"
        " have accepted these terms."
    )
    async def individuals(self, info: Info, first: First = PAGE, after: After = None) -> Branches:
        """The people, in the order of their ids."""
        size, mark = checked(first, after)
        tree = self.tree
        prefix = goals.party_of(Level.INDIVIDUAL, "")
        people = sorted(
            party.removeprefix(prefix)
            for party, of_goals in tree.sheet.targets.items()
            if party.startswith(prefix) and self.code in of_goals
        )
        left = [person for person in people if mark is None or person > mark]
        page = left[:size]
        progress, records, enrolled = await asyncio.gather(
            info.context.load_all(
                [One(Progress, f"{tree.sheet.id}.{prefix}{person}") for person in page]
            ),
            info.context.load_all([One(Individual, person) for person in page]),
            info.context.load_all([self._enrollment(person) for person in page]),
        )
        nodes = [
            tree.branch(Level.INDIVIDUAL, person, counted, record, enrollment)
            for person, counted, record, enrollment in zip(
                page, progress, records, enrolled, strict=True
            )
        ]
        return connection(nodes, tuple(page), len(left) > size)  # type: ignore[no-any-return]

    def _enrollment(self, person: str) -> One[Enrollment]:
        tree = self.tree
        return Loads(tree.partner.id, person, tree.program.id).enrollment


@strawberry.type
class CompanyGoals:
    """Mixed into a partner: the company's goals, and those of all below it."""

    record: strawberry.Private[Partner | Named]

    @narrow(*_COMPANY, description="The company's goals.", metadata=counted(10))
    async def goals(self, info: Info) -> list[Goal] | None:
        """The goals."""
        partner_id = self.record.id
        return await goals_of(info, partner_id, Level.PARTNER, partner_id)

    @narrow(
        *_COMPANY,
        description="Each goal of its plans for which it has a target, with the targets of company,"
        " teams and people, their progress, and whether they sum up.",
        metadata=counted(15),
    )
    async def goal_trees(
        self, info: Info, program_id: _ProgramId = None, goal_code: _GoalCode = None
    ) -> list[GoalTree] | None:
        """The trees."""
        program = None if program_id is None else decoded(program_id, "Program", "programId")
        partner_id, context = self.record.id, info.context
        # In one wave with the record, where that was not needed before.
        record, *_ = await asyncio.gather(
            record_of(info, self),
            context.load(Many(GoalSheet, of_partner(partner_id))),
            context.load(Many(Progress, of_partner(partner_id))),
            context.catalogue(),
            baselines_of(info, Level.PARTNER, partner_id),
        )
        return await goal_trees_of(info, record, program, goal_code)


async def goal_trees_of(
    info: Info, partner: Partner, program_id: str | None = None, goal_code: str | None = None
) -> list[GoalTree]:
    """The goals for which anybody at a partner has a target, by program, in the order of plans."""
    context = info.context
    sheets, counted, catalogue, viewer, declared_of = await asyncio.gather(
        context.load(Many(GoalSheet, of_partner(partner.id))),
        context.load(Many(Progress, of_partner(partner.id))),
        context.catalogue(),
        context.viewer(),
        baselines_of(info, Level.PARTNER, partner.id),
    )
    audiences, now = viewer.audiences(partner.id, None), context.portal.clock()
    found: list[GoalTree] = []
    for sheet in sheets.records:
        program = catalogue.programs[sheet.program_id]
        plan = plan_at(catalogue.plans.get(program.id, ()), now)
        if plan is None or program_id not in (None, program.id):
            continue
        aimed = {code for of_goals in sheet.targets.values() for code in of_goals}
        for definition in plan.goals:
            if definition.code not in aimed or goal_code not in (None, definition.code):
                continue
            tree = _Tree(
                sheet=sheet,
                definition=definition,
                program=program,
                plan=plan,
                partner=partner,
                progress=counted.records,
                audiences=audiences,
                now=now,
                baselines=declared_of.get(program.id),
            )
            found.append(
                GoalTree(
                    whose=f"{sheet.id}:{definition.code}",
                    tree=tree,
                    code=definition.code,
                    name=definition.name,
                    measure=definition.measure,
                    program=Program.of(program, audiences),
                )
            )
    return found
