"""The insight of one partner in a program, its teams and its people."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import partners, programs
from portal_api.domain.consent import ConsentFile
from portal_api.domain.eligibility import known_to
from portal_api.domain.goals import Level
from portal_api.domain.insights import durability
from portal_api.domain.insights.kept import CompanyInsight, ProgramInsight, habits_of
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.ids import decoded
from portal_api.schema.insight_habits import (
    BreadthReport,
    Durability,
    DurabilityReport,
    told_to_executives,
)
from portal_api.schema.insight_parts import (
    AS_OF,
    COMPANY,
    READING,
    Basis,
    Shown,
    known_behaviors,
    paged,
)
from portal_api.schema.insight_profile import MissingBehaviors, PartnerPace
from portal_api.schema.insight_ranking import Standing
from portal_api.schema.insight_sales import PartnerPipeline
from portal_api.schema.insight_scorecard import Scorecard
from portal_api.schema.nodes import find
from portal_api.schema.paging import PAGE, After, First
from portal_api.schema.profiles import Named
from portal_api.services.store import One

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual, Team

_Individual = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")]
_Team = Annotated["Team", strawberry.lazy("portal_api.schema.partners")]


@declared(Audience.VENDOR)
@strawberry.type(description="What became of paid behaviors in one team.")
class TeamInsights:
    """A team's insight."""

    durability: list[Durability] = strawberry.field(description="Behavior by behavior.")
    partner_id: strawberry.Private[str]
    team_id: strawberry.Private[str]

    @strawberry.field(description="The team; null where there is none such any more.")
    async def team(self, info: Info) -> _Team | None:
        """The team."""
        found: Team | None = await find(info, "Team", f"{self.partner_id}.{self.team_id}")
        return found


@declared(Audience.VENDOR)
@strawberry.type(description="One person's place, and what became of its paid behaviors.")
class IndividualInsights:
    """A person's insight."""

    standing: Standing | None = strawberry.field(
        description="Its place among all people of the program's partners."
    )
    durability: list[Durability] = strawberry.field(description="Behavior by behavior.")
    partner_id: strawberry.Private[str]
    person: strawberry.Private[str]

    @strawberry.field(description="The person; null for who has left the partner since.")
    async def individual(self, info: Info) -> _Individual | None:
        """The person."""
        person_id = f"{self.partner_id}.{self.person}"
        found: Individual | None = await find(info, "Individual", person_id)
        return found


# A person's insight is not fetched alone: it is found in that of its partner.
People = relay.Connection[IndividualInsights]  # type: ignore[type-var]


@declared(*COMPANY)
@strawberry.type(
    description="How one partner stands in a program's insight. Its executives see what is of the"
    " company as a whole, and of what its people did no figure behind which one or two of them"
    " stand; what its deals come to it sees as it sees these."
)
class PartnerInsights:
    """A partner's insight."""

    as_of: datetime = strawberry.field(description=AS_OF)
    audiences: strawberry.Private[frozenset[Audience]]
    whose: strawberry.Private[str]
    record: strawberry.Private[CompanyInsight]
    program: strawberry.Private[ProgramInsight]
    shown: strawberry.Private[Shown]

    @property
    def _partner_id(self) -> str:
        return self.record.standing.party_id

    @strawberry.field(description="Its place by sales among the program's partners.")
    def standing(self) -> Standing:
        """The place."""
        basis = Basis.of(self.program.ranking.basis)
        return Standing.of(self.record.standing, basis, self.shown)

    @strawberry.field(
        description="What the top does more, and it does less: the top partners, or the top people"
        " where partners are too few to tell, as the basis says."
    )
    def missing(self) -> MissingBehaviors:
        """What is missing."""
        basis = Basis.of(habits_of(self.program.profile, self.program.people_profile).basis)
        return MissingBehaviors.of(self.record.missing, basis, self.shown, self.audiences)

    @strawberry.field(
        description="Its pace against the top's; null where there is nothing to compare."
    )
    def pace(self) -> PartnerPace | None:
        """The pace."""
        found, staff = self.record.pace, self.record.scorecard.staff
        if found is None:
            return None
        return PartnerPace.of(found, Basis.of(self.program.pace.basis), staff, self.audiences)

    @strawberry.field(description="What became of the company's behaviors after their incentives.")
    def durability(self) -> DurabilityReport:
        """The company's durability."""
        found = self.record.durability
        own = tuple(one for one in found if one.level is Level.PARTNER)
        told = own if Audience.VENDOR in self.audiences else told_to_executives(found)
        return DurabilityReport.of(told, Basis.of(self.program.durability.basis), self.shown)

    @strawberry.field(description="Whether all of its staff does what is paid for, or its stars.")
    def breadth(self) -> BreadthReport:
        """The breadth."""
        basis = self.program.breadth_basis
        shown = None if basis is None else Basis.of(basis)
        return BreadthReport.of(self.record.breadth, shown, self.shown, self.audiences)

    @strawberry.field(
        description="Its five C's: contribution, capacity, coverage, commitment and consumption."
    )
    def scorecard(self) -> Scorecard:
        """The scorecard."""
        basis = self.program.scorecard_basis
        shown = None if basis is None else Basis.of(basis)
        return Scorecard.of(self.record.scorecard, shown, self.shown, self.audiences)

    @strawberry.field(description="Its pipeline and sales before the program and since.")
    def pipeline(self) -> PartnerPipeline:
        """The pipeline."""
        basis = Basis.of(self.program.bottom_line.basis)
        return PartnerPipeline.of(self.record.pipeline, basis, self.shown)

    @narrow(Audience.VENDOR, description="What became of paid behaviors team by team.")
    def teams(self) -> list[TeamInsights] | None:
        """The teams."""
        of_team = _by_party(self.record.durability, Level.TEAM)
        return [
            TeamInsights(
                durability=[Durability.of(one, self.shown) for one in found],
                partner_id=self._partner_id,
                team_id=team,
            )
            for team, found in of_team.items()
        ]

    @narrow(
        Audience.VENDOR,
        description="Its people, who sells most first, each with its place and with what became of"
        " its paid behaviors.",
    )
    def people(self, first: First = PAGE, after: After = None) -> People | None:
        """A page of people."""
        habits = _by_party(self.record.durability, Level.INDIVIDUAL)
        places = {one.party_id: one for one in self.record.people}
        basis = Basis.of(self.program.people_ranking.basis)

        def told(person: str) -> IndividualInsights:
            place = places.get(person)
            return IndividualInsights(
                standing=None
                if place is None
                else Standing.of(place, basis, self.shown, of_person=True),
                durability=[Durability.of(one, self.shown) for one in habits.get(person, ())],
                partner_id=self._partner_id,
                person=person,
            )

        everybody = tuple({**places, **habits})
        return paged(everybody, first, after, told)  # type: ignore[no-any-return]


def _by_party(
    found: tuple[durability.Durability, ...], level: Level
) -> dict[str, list[durability.Durability]]:
    """What is of parties of a level, by their ids."""
    of_party: dict[str, list[durability.Durability]] = {}
    for one in found:
        if one.level is level:
            of_party.setdefault(one.party_id, []).append(one)
    return of_party


@strawberry.type
class CompanyAnswers:
    """Mixed into a partner."""

    record: strawberry.Private[partners.Partner | Named]

    @narrow(
        *COMPANY,
        description="How it stands in a program's insight. Null before the first refresh, while"
        " it is no partner of the program, and for what is no program or none for you.",
        metadata=counted(READING),
    )
    async def insights(
        self,
        info: Info,
        program_id: Annotated[strawberry.ID, strawberry.argument(description="The program.")],
    ) -> PartnerInsights | None:
        """What the last refresh has kept."""
        partner_id = self.record.id
        own_id = decoded(program_id, "Program", "programId")
        insight_id = f"{own_id}.{partner_id}"
        load = info.context.load
        (asked, partner, file, whole), found, behaviors, viewer = await asyncio.gather(
            asyncio.gather(
                load(One(programs.Program, own_id)),
                load(One(partners.Partner, partner_id)),
                load(One(ConsentFile, f"{partner_id}.{own_id}")),
                load(One(ProgramInsight, own_id)),
            ),
            load(One(CompanyInsight, insight_id)),
            known_behaviors(info),
            info.context.viewer(),
        )
        program = known_to(viewer, asked, partner, info.context.portal.clock(), file)
        if program is None or whole is None or found is None or found.gone:
            return None
        return PartnerInsights(
            as_of=whole.as_of,
            audiences=viewer.audiences(partner_id, None),
            whose=insight_id,
            record=found,
            program=whole,
            shown=Shown(behaviors, whole.currency),
        )
