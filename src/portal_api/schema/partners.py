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
from portal_api.schema.consent import Consent, ConsentRequest, Enrollment, consents_of, requests_of
from portal_api.schema.context import Info
from portal_api.schema.corrections import CompanyCorrections, OwnCorrections
from portal_api.schema.enums import ParticipationPolicy, PartnerType, PersonStatus, Role, Tier
from portal_api.schema.goals import Goal, goals_of
from portal_api.schema.nodes import finder
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.programs import Program
from portal_api.schema.scalars import Amount, BigInt, Money, amount_of, money_of
from portal_api.schema.statements import CompanyStatements, OwnStatements
from portal_api.schema.tax import CompanyTax, OwnTax
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

    @narrow(*_COMPANY, description="The team's goals.")
    async def goals(self, info: Info) -> list[Goal] | None:
        """The goals."""
        return await goals_of(info, self.partner_id, goals.Level.TEAM, self.team_id)


@declared(*_COMPANY)
@strawberry.type(description="How a partner takes part in one program.")
class Participation:
    """A partner's numbers in a program."""

    program: Program = strawberry.field(description="The program.")
    enrolled: BigInt = strawberry.field(description="How many of the staff are enrolled now.")
    deals: BigInt = strawberry.field(description="Approved registrations.")
    won: BigInt = strawberry.field(description="Won deals.")
    won_revenue: Money = strawberry.field(description="Their final amounts.")
    company_earned: list[Amount] = strawberry.field(
        description="What the company's wallet was paid."
    )
    staff_earned: list[Amount] | None = strawberry.field(
        description="What the staff was paid together, of each asset that at least three people"
        " have earned; null while there is none."
    )


@declared(Audience.COLLEAGUE, Audience.VENDOR)
@strawberry.type(description="A selling organization.")
class Partner(CompanyStatements, CompanyCorrections, CompanyTax, relay.Node):
    """A partner."""

    id: relay.NodeID[str]
    name: str = strawberry.field(description="For people.")
    type: PartnerType = strawberry.field(description="How it sells.")
    participation_policy: ParticipationPolicy = strawberry.field(
        description="What its type says of consent."
    )
    tier: Tier | None = strawberry.field(description="The tier in force now.")
    region: str = strawberry.field(description="Its region.")
    teams: list[Team] = strawberry.field(description="Its teams.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[partners.Partner]

    @narrow(*_COMPANY, description="Its people.")
    async def individuals(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection["Individual"] | None:
        """The members."""
        size, mark = checked(first, after)
        page = await info.context.load(
            Listed(f"{self.record.id}.members", size, mark, newest_first=False)
        )
        people = await info.context.load_all(
            [One(partners.Individual, person) for person in page.ids]
        )
        nodes = [await visible_person(info, self.record.id, person) for person in people]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]

    @narrow(*_COMPANY, description="Its executives' consents, oldest first per program.")
    async def consents(self, info: Info) -> list[Consent] | None:
        """The consents."""
        files = await self._files(info)
        now = info.context.portal.clock()
        return [shown for file in files for shown in consents_of(file, now)]

    @narrow(*_COMPANY, description="Requests for consent that wait for the executive.")
    async def consent_requests(self, info: Info) -> list[ConsentRequest] | None:
        """The requests."""
        return [shown for file in await self._files(info) for shown in requests_of(file)]

    @narrow(*_COMPANY, description="The company's goals.")
    async def goals(self, info: Info) -> list[Goal] | None:
        """The goals."""
        return await goals_of(info, self.record.id, goals.Level.PARTNER, self.record.id)

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

    @narrow(*_COMPANY, description="Its numbers in each program that it has a part in.")
    async def participation(self, info: Info) -> list[Participation] | None:
        """The numbers."""
        context = info.context
        counted, catalogue, viewer = await asyncio.gather(
            context.load(Many(goals.Progress, of_partner(self.record.id))),
            context.catalogue(),
            context.viewer(),
        )
        own = [record for record in counted.records if record.id.split(".", 2)[2] == "partner"]
        lists = await context.load_all(
            [Listed(f"{record.id.rpartition('.')[0]}.enrolled") for record in own]
        )
        return [
            _participation(
                Program.of(program, viewer.audiences(None, None)), record, len(enrolled.ids)
            )
            for record, enrolled in zip(own, lists, strict=True)
            for program in [catalogue.programs[record.id.split(".")[1]]]
        ]

    async def _files(self, info: Info) -> tuple[consent.ConsentFile, ...]:
        files, _ = await asyncio.gather(
            info.context.load(Many(consent.ConsentFile, of_partner(self.record.id))),
            info.context.catalogue(),
        )
        return files.records


@declared(Audience.COLLEAGUE, Audience.VENDOR, Audience.OWNER)
@strawberry.type(description="A person: at a partner, or at the vendor.")
class Individual(OwnStatements, OwnCorrections, OwnTax, relay.Node):
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
        return await partner_of(info, self.partner_id) if self.partner_id else None

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
                now,
            )
            for record in found.records
        ]

    @narrow(*_OWN, description="Goal, stretch goal, progress and earnings at each, per program.")
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
    viewer = await info.context.viewer()
    audiences = viewer.audiences(record.id, None)
    if not may_see(Partner, audiences):
        return None
    return Partner(
        id=record.id,
        name=record.name,
        type=record.type,
        participation_policy=partners.participation_policy(record.type),
        tier=record.tier_at(info.context.portal.clock()),
        region=record.region,
        teams=[team_of(record, team, audiences) for team in record.teams],
        audiences=audiences,
        record=record,
    )


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


def _participation(program: Program, record: goals.Progress, enrolled: int) -> Participation:
    def sums(prefix: str) -> dict[str, int]:
        return {
            name.removeprefix(prefix): amount
            for name, amount in sorted(record.counters.items())
            if name.startswith(prefix)
        }

    staff = [
        amount_of(asset, amount)
        for asset, amount in sums("earned:").items()
        if record.count(f"earners:{asset}") >= goals.SMALLEST_GROUP
    ]
    return Participation(
        program=program,
        enrolled=BigInt(enrolled),
        deals=BigInt(record.count("deals")),
        won=BigInt(record.count("won")),
        won_revenue=money_of(program.currency_code, record.count("won_minor")),
        company_earned=[amount_of(asset, amount) for asset, amount in sums("company:").items()],
        staff_earned=staff or None,
    )


@finder("Partner")
async def partner_of(info: Info, record_id: str) -> Partner | None:
    """The partner with an id, where the viewer may see it."""
    return await visible(info, await info.context.load(One(partners.Partner, record_id)))


@finder("Team")
async def _team(info: Info, record_id: str) -> Team | None:
    partner_id, _, team_id = record_id.partition(".")
    shown = await partner_of(info, partner_id)
    return next((team for team in shown.teams if team.team_id == team_id), None) if shown else None


@finder("Individual")
async def _individual(info: Info, record_id: str) -> Individual | None:
    partner_id, _, individual_id = record_id.partition(".")
    person = await info.context.load(One(partners.Individual, individual_id))
    return await visible_person(info, None if partner_id == "vendor" else partner_id, person)
