"""Partners, teams and individuals as portals show them: profile, goals, earnings, deals."""

import asyncio
from typing import Any

import strawberry
from strawberry import relay

from portal_api.domain import activities, consent, deals, goals, partners
from portal_api.schema import activities as shown_activities
from portal_api.schema import deals as shown_deals
from portal_api.schema import ledger, payouts
from portal_api.schema.access import Audience, declared, may_see, narrow
from portal_api.schema.claims import Claim, claims_of
from portal_api.schema.consent import CompanyConsents, OwnConsentRequests
from portal_api.schema.context import Info
from portal_api.schema.corrections import CompanyCorrections, OwnCorrections
from portal_api.schema.costs import counted
from portal_api.schema.employments import EmploymentHistory
from portal_api.schema.enrollment import Enrollment
from portal_api.schema.enums import PersonStatus, Role
from portal_api.schema.filters import PeopleWished
from portal_api.schema.forgone import CompanyForgone, OwnForgone
from portal_api.schema.former_people import FormerPeople
from portal_api.schema.goal_trees import CompanyGoals
from portal_api.schema.goals import Goal, goals_of
from portal_api.schema.insight_partner import CompanyAnswers
from portal_api.schema.nodes import finder
from portal_api.schema.objections import CompanyObjections
from portal_api.schema.obstacles import CompanyObstacles, OwnObstacles
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.participation import CompanyParticipation
from portal_api.schema.profiles import Named, PartnerProfile, record_of
from portal_api.schema.sales_process import PartnerProcess
from portal_api.schema.scanning import BOUND, scan
from portal_api.schema.statements import CompanyStatements, OwnStatements
from portal_api.schema.tax import CompanyTax, OwnTax
from portal_api.services.partners import members_of
from portal_api.services.store import Listed, Many, One, of_partner, of_person

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_OWN = (Audience.OWNER, Audience.VENDOR)
Earnings = relay.Connection[ledger.Earning]
Payouts = relay.Connection[payouts.Payout]
Claims = relay.Connection[Claim]
Deals = relay.Connection[shown_deals.Deal]
Activities = relay.Connection[shown_activities.Activity]


@declared(Audience.COLLEAGUE, Audience.VENDOR)
@strawberry.type(description="A team of a partner.")
class Team(relay.Node):
    """A team."""

    id: relay.NodeID[str]
    name: str = strawberry.field(description="For people.")
    audiences: strawberry.Private[frozenset[Audience]]
    partner_id: strawberry.Private[str]
    team_id: strawberry.Private[str]

    @narrow(*_COMPANY, description="The team's goals.", metadata=counted(10))
    async def goals(self, info: Info) -> list[Goal] | None:
        """The goals."""
        return await goals_of(info, self.partner_id, goals.Level.TEAM, self.team_id)


@declared(Audience.COLLEAGUE, Audience.VENDOR)
@strawberry.type(description="A selling organization.")
class Partner(
    CompanyAnswers,
    CompanyConsents,
    CompanyStatements,
    CompanyCorrections,
    CompanyTax,
    CompanyForgone,
    CompanyGoals,
    CompanyObjections,
    CompanyObstacles,
    CompanyParticipation,
    FormerPeople,
    PartnerProcess,
    PartnerProfile,
    relay.Node,
):
    """A partner."""

    id: relay.NodeID[str]
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[partners.Partner | Named]

    @strawberry.field(description="Its teams.")
    async def teams(self, info: Info) -> list[Team]:
        """The teams."""
        record = await record_of(info, self)
        return [team_of(record, team, self.audiences) for team in record.teams]

    @narrow(*_COMPANY, description=f"Its people.{BOUND}")
    async def individuals(
        self, info: Info, filter: PeopleWished = None, first: First = PAGE, after: After = None
    ) -> relay.Connection["Individual"] | None:
        """The members."""
        partner_id, listed = self.record.id, members_of(self.record.id)
        size, mark = checked(first, after)
        if filter is None:
            page = await info.context.load(Listed(listed, size, mark, newest_first=False))
            wants = [One(partners.Individual, person) for person in page.ids]
            people, cursors, more = await info.context.load_all(wants), page.cursors, page.more
        else:
            wished, now = filter.record(partner_id), info.context.portal.clock()

            def admits(person: partners.Individual) -> bool:
                return wished.admits(person, partner_id, now)

            found = await scan(info, listed, partners.Individual, admits, size, mark)
            people, cursors, more = list(found.records), found.cursors, found.more
        nodes = [await visible_person(info, partner_id, person) for person in people]
        return connection(nodes, cursors, more)  # type: ignore[no-any-return]

    @narrow(*_COMPANY, description="The company's own balances.")
    async def balances(self, info: Info) -> list[ledger.Balance] | None:
        """The balances."""
        return await ledger.balances(info, self.record.id)

    @narrow(*_COMPANY, description="The company's own earnings, newest first.")
    async def earnings(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Earnings | None:
        """The earnings."""
        return await ledger.earnings(info, self.record.id, first, after)  # type: ignore[return-value]

    @narrow(*_COMPANY, description="The company's payouts, newest first.")
    async def payouts(self, info: Info, first: First = PAGE, after: After = None) -> Payouts | None:
        """The payouts."""
        return await payouts.payouts_of(info, self.record.id, first, after)  # type: ignore[return-value]

    @narrow(*_COMPANY, description="Its deals, newest first.")
    async def deals(self, info: Info, first: First = PAGE, after: After = None) -> Deals | None:
        """The deals."""
        return await deal_list(info, f"{self.record.id}.deals", first, after)  # type: ignore[return-value]


@declared(Audience.COLLEAGUE, Audience.VENDOR, Audience.OWNER)
@strawberry.type(description="A person: at a partner, or at the vendor.")
class Individual(
    OwnConsentRequests,
    OwnForgone,
    OwnStatements,
    OwnCorrections,
    OwnTax,
    OwnObstacles,
    EmploymentHistory,
    relay.Node,
):
    """A person."""

    id: relay.NodeID[str]
    name: str = strawberry.field(description="For people.")
    role: Role = strawberry.field(description="What it does.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[partners.Individual]
    employment: strawberry.Private[partners.Employment]

    @property
    def partner_id(self) -> str | None:
        """The partner it works for."""
        return self.employment.partner_id

    @strawberry.field(description="Its team, at a partner.")
    async def team(self, info: Info) -> Team | None:
        """The team."""
        if self.partner_id is None or self.employment.team_id is None:
            return None
        return await _team(info, f"{self.partner_id}.{self.employment.team_id}")

    @narrow(*_OWN, Audience.EXECUTIVE, description="Its e-mail address.")
    def email(self) -> str | None:
        """The address."""
        return self.record.email

    @narrow(*_OWN, Audience.EXECUTIVE, description="Whether it may act.")
    def status(self) -> PersonStatus | None:
        """The status."""
        return self.record.status

    @strawberry.field(description="Its partner; none for the vendor's people.")
    async def partner(self, info: Info) -> Partner | None:
        """The partner."""
        return await own_partner(info, self.partner_id)

    @narrow(*_OWN, description="The programs it takes part in.")
    async def enrollments(self, info: Info) -> list[Enrollment] | None:
        """The enrollments."""
        if self.partner_id is None:
            return []
        context = info.context
        found, files, catalogue = await asyncio.gather(
            context.load(Many(consent.Enrollment, of_person(self.partner_id, self.record.id))),
            context.load(Many(consent.ConsentFile, of_partner(self.partner_id))),
            context.catalogue(),
        )
        by_program = {file.program_id: file for file in files.records}
        now = context.portal.clock()
        return [
            Enrollment.of(
                record,
                by_program.get(record.program_id),
                catalogue.programs.get(record.program_id),
                consent.Who(self.record.id, self.employment.team_id, self.employment.role),
                now,
            )
            for record in found.records
        ]

    @narrow(
        *_OWN,
        description="Goal, stretch goal, progress and earnings at each, per program.",
        metadata=counted(10),
    )
    async def goals(self, info: Info) -> list[Goal] | None:
        """The goals."""
        if self.partner_id is None:
            return []
        return await goals_of(info, self.partner_id, goals.Level.INDIVIDUAL, self.record.id)

    @narrow(*_OWN, description="Its balances.")
    async def balances(self, info: Info) -> list[ledger.Balance] | None:
        """The balances."""
        return await ledger.balances(info, self.record.id)

    @narrow(*_OWN, description="Its earnings, newest first, each with its reason.")
    async def earnings(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Earnings | None:
        """The earnings."""
        return await ledger.earnings(info, self.record.id, first, after)  # type: ignore[return-value]

    @narrow(*_OWN, description="Its payouts, newest first.")
    async def payouts(self, info: Info, first: First = PAGE, after: After = None) -> Payouts | None:
        """The payouts."""
        return await payouts.payouts_of(info, self.record.id, first, after)  # type: ignore[return-value]

    @narrow(*_OWN, Audience.EXECUTIVE, description="Its deals, newest first.")
    async def deals(self, info: Info, first: First = PAGE, after: After = None) -> Deals | None:
        """The deals."""
        page = await self._own(info, deals.Deal, first, after)
        nodes = [await shown_deals.visible(info, record) for record in page.records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]

    @narrow(*_OWN, Audience.EXECUTIVE, description="Its activities, newest first.")
    async def activities(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Activities | None:
        """The activities."""
        page = await self._own(info, activities.Activity, first, after)
        nodes = [await shown_activities.visible(info, record) for record in page.records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]

    @narrow(*_OWN, Audience.EXECUTIVE, description="Its claims, newest first.")
    async def claims(self, info: Info, first: First = PAGE, after: After = None) -> Claims | None:
        """The claims."""
        return await claims_of(info, self.partner_id, self.record.id, first, after)  # type: ignore[return-value]

    async def _own(self, info: Info, kind: Any, first: int, after: str | None) -> Any:
        size, mark = checked(first, after)
        scope = of_person(self.partner_id or "none", self.record.id)
        return await info.context.load(Many(kind, scope, first=size, after=mark, newest_first=True))


async def visible(info: Info, record: partners.Partner | None) -> Partner | None:
    """A partner, where the viewer may see it."""
    if record is None:
        return None
    audiences = (await info.context.viewer()).audiences(record.id, None)
    return partner_as(record, audiences) if may_see(Partner, audiences) else None


def partner_as(record: partners.Partner | Named, audiences: frozenset[Audience]) -> Partner:
    """A partner as shown."""
    return Partner(id=record.id, audiences=audiences, record=record)


async def own_partner(info: Info, partner_id: str | None) -> Partner | None:
    """The partner that somebody works for, by its id: it is read with what is asked of it."""
    if partner_id is None:
        return None
    audiences = (await info.context.viewer()).audiences(partner_id, None)
    return partner_as(Named(partner_id), audiences) if may_see(Partner, audiences) else None


def team_of(partner: partners.Partner, team: partners.Team, audiences: frozenset[Audience]) -> Team:
    """A team as shown."""
    return Team(
        id=f"{partner.id}.{team.id}",
        name=team.name,
        audiences=audiences,
        partner_id=partner.id,
        team_id=team.id,
    )


async def visible_person(
    info: Info, partner_id: str | None, record: partners.Individual | None
) -> Individual | None:
    """A person as a member of that partner (none: of the vendor), where the viewer may see it.

    A person who has moved is not seen through its former partner's ids.
    """
    if record is None:
        return None
    viewer = await info.context.viewer()
    employment = record.employment_at(info.context.portal.clock())
    if employment is None or employment.partner_id != partner_id:
        return None
    audiences = viewer.audiences(partner_id, record.id)
    return person_of(record, employment, audiences) if may_see(Individual, audiences) else None


def person_of(
    record: partners.Individual, employment: partners.Employment, audiences: frozenset[Audience]
) -> Individual:
    """A person as shown."""
    return Individual(
        id=f"{employment.partner_id or 'vendor'}.{record.id}",
        name=record.name,
        role=employment.role,
        audiences=audiences,
        record=record,
        employment=employment,
    )


async def deal_list(info: Info, name: str, first: int, after: str | None) -> object:
    """The deals of a list, newest first."""
    size, mark = checked(first, after)
    page = await info.context.load(Listed(name, size, mark))
    records = await info.context.load_all([One(deals.Deal, deal_id) for deal_id in page.ids])
    nodes = [await shown_deals.visible(info, record) for record in records]
    return connection(nodes, page.cursors, page.more)


@finder("Partner")
async def partner_of(info: Info, record_id: str) -> Partner | None:
    """The partner with an id, where the viewer may see it."""
    return await visible(info, await info.context.load(One(partners.Partner, record_id)))


@finder("Team")
async def _team(info: Info, record_id: str) -> Team | None:
    partner_id, _, team_id = record_id.partition(".")
    shown = await partner_of(info, partner_id)
    teams = await shown.teams(info) if shown else []
    return next((team for team in teams if team.team_id == team_id), None)


@finder("Individual")
async def _individual(info: Info, record_id: str) -> Individual | None:
    partner_id, _, individual_id = record_id.partition(".")
    person = await info.context.load(One(partners.Individual, individual_id))
    return await visible_person(info, None if partner_id == "vendor" else partner_id, person)
