"""Companies of two teams, and targets for all of their people in one write."""

from dataclasses import dataclass, replace

from portal_api.domain.events import Event
from portal_api.domain.goals import GoalDefinition, GoalSheet, Level, Progress
from portal_api.domain.partners import Individual, Partner, PartnerType, Role, Tier
from portal_api.domain.writes import Save
from portal_api.services import partners
from portal_api.services.cascades import GoalsCascaded, PartyTarget, cascade_goals
from portal_api.services.store import Many, of_events
from portal_api.services.use_case import Portal
from tests.services.world import QUARTER, Company, World


@dataclass(frozen=True)
class TwoTeams:
    """A partner with teams of two and of one, and one rep in no team."""

    world: World
    company: Company
    program: str
    team: str
    other: str

    @classmethod
    def of(cls, world: World, program: str) -> "TwoTeams":
        partner = partners.add_partner(
            world.portal,
            world.manage(),
            name="Partner",
            partner_type=PartnerType.VAR,
            tier=Tier.GOLD,
            region="EMEA",
            team_names=("Field", "Inside"),
        ).partner
        team, other = (team.id for team in partner.teams)
        executive = cls.person(world, partner, team, Role.PARTNER_EXECUTIVE)
        reps = tuple(cls.person(world, partner, place) for place in (team, team, other, None))
        company = Company(partner, executive, reps)
        world.consent(company, program)
        world.enroll(company, program)
        return cls(world, company, program, team, other)

    @staticmethod
    def person(
        world: World, partner: Partner, team: str | None, role: Role = Role.SALES_REP
    ) -> str:
        return partners.add_individual(
            world.portal,
            world.manage(),
            name="Person",
            email=f"{world.new_id()}@partner.example",
            role=role,
            partner_id=partner.id,
            team_id=team,
        ).individual.id

    def move(self, person: str, team: str | None) -> None:
        """From now on, at another moment than what was before."""
        self.world.wait()
        known = self.world.load(Individual, person)
        assert known is not None
        *former, last = known.employments
        ended = replace(last, valid_to=self.world.now)
        now = replace(last, valid_from=self.world.now, team_id=team)
        changed = replace(known, employments=(*former, ended, now))
        self.world.store.commit([Save(changed)])
        self.world.wait()

    def target(
        self, party: str, goal: int, stretch: int, currency: str | None = "USD"
    ) -> PartyTarget:
        """A target of whichever level a party is of."""
        level = Level.TEAM if party in (self.team, self.other) else Level.INDIVIDUAL
        level = Level.PARTNER if party == self.company.id else level
        return PartyTarget(level, party, goal, stretch, currency)

    def tree(self) -> tuple[PartyTarget, ...]:
        """A company of 100 and 200: teams of 50 and 30, and 20 of who is in no team."""
        ann, bob, cat, dan = self.company.reps
        return (
            self.target(self.company.id, 100, 200),
            self.target(self.team, 50, 80),
            self.target(self.other, 30, 70),
            self.target(ann, 20, 40),
            self.target(bob, 30, 40),
            self.target(cat, 30, 70),
            self.target(dan, 20, 50),
        )

    def cascade(
        self,
        *targets: PartyTarget,
        over: tuple[PartyTarget, ...] = (),
        by: str | None = None,
        equally: bool = False,
        code: str = QUARTER.code,
        portal: Portal | None = None,
    ) -> GoalsCascaded:
        return cascade_goals(
            portal or self.world.portal,
            self.world.ask(by or self.world.admin),
            partner_id=self.company.id,
            program_id=self.program,
            goal_code=code,
            targets=targets,
            over_assigned=over,
            divide_equally=equally,
        )

    @property
    def sheet(self) -> GoalSheet:
        """As stored."""
        found = self.world.load(GoalSheet, f"{self.company.id}.{self.program}")
        return found or GoalSheet("", "", "")

    def aimed(self) -> dict[str, tuple[int, int]]:
        """All targets of the quarter."""
        return {
            party: (of_goals[QUARTER.code].goal, of_goals[QUARTER.code].stretch)
            for party, of_goals in self.sheet.targets.items()
            if QUARTER.code in of_goals
        }

    def counted(self, goal: GoalDefinition) -> dict[str, int]:
        """The progress of the company, both teams and everybody, where there is any."""
        parties = ["partner", f"team.{self.team}", f"team.{self.other}"]
        parties += [f"individual.{rep}" for rep in self.company.reps]
        found = {}
        for party in parties:
            progress = self.world.load(Progress, f"{self.company.id}.{self.program}.{party}")
            if progress is not None and progress.count(f"goal:{goal.code}"):
                found[party] = progress.count(f"goal:{goal.code}")
        return found

    def events(self, *kinds: str) -> list[tuple[str, str]]:
        """Kind and subject, without partner and program, of what was told of these kinds."""
        want = Many(Event, of_events(self.company.id))
        found = self.world.store.read([want])[want].records
        before = f"{self.company.id}.{self.program}."
        return [
            (event.kind, event.subject_id.removeprefix(before))
            for event in found
            if event.kind in kinds
        ]
