"""Programs as offers: for whom they are, what is missing, and what they pay company and people."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from portal_api.domain import programs
from portal_api.domain.access import Viewer
from portal_api.domain.consent import ConsentFile, Enrollment, Who
from portal_api.domain.eligibility import Judgement, Party, disclosed, judged, offered
from portal_api.domain.goals import Level
from portal_api.domain.participation import TypePolicy, policy_of
from portal_api.domain.partners import STAFF_ROLES, Partner
from portal_api.domain.plans import PlanVersion, plan_at
from portal_api.domain.rebates import Participation
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.enums import Role, Tier
from portal_api.schema.ids import decoded
from portal_api.schema.nodes import find
from portal_api.schema.plans import Rule
from portal_api.schema.process_enums import NextStep, Obstacle
from portal_api.services.store import Many, One, of_partner, of_person, of_program, of_vendor

if TYPE_CHECKING:
    from portal_api.schema.programs import Program

_Program = Annotated["Program", strawberry.lazy("portal_api.schema.programs")]


@declared(Audience.ANYONE)
@strawberry.type(
    description="A program as it is offered: to you or, to an executive and the vendor, to the"
    " company and its people."
)
class ProgramOffer:
    """An offer."""

    program: _Program = strawberry.field(description="The program.")
    eligible: bool = strawberry.field(
        description="Whether what is done now earns: nothing is in the way."
    )
    obstacles: list[Obstacle] = strawberry.field(
        description="All that is in the way, and why; empty where nothing is."
    )
    tiers_needed: list[Tier] = strawberry.field(
        description="The tiers that it is for, where TIER is in the way."
    )
    roles_needed: list[Role] = strawberry.field(
        description="The roles that it is for, where ROLE is in the way; none named is every role"
        " that earns."
    )
    next_step: NextStep = strawberry.field(description="What to do next.")
    participation_in: _Program | None = strawberry.field(
        description="The program in which the company must take part as a whole for its rebates"
        " here; null where none is required, or it is not for you."
    )
    company_rules: list[Rule] = strawberry.field(
        description="The company's side: the rules of the plan in force, or the first to come, that"
        " pay the company."
    )
    team_rules: list[Rule] = strawberry.field(
        description="The rules that pay teams, in equal shares to their enrolled members."
    )
    individual_rules: list[Rule] = strawberry.field(
        description="The people's side: the rules that pay them. To one of the staff those for its"
        " own role."
    )


def _offer(
    program: programs.Program,
    shown: "Program",
    plans: tuple[PlanVersion, ...],
    party: Party,
    required: "Program | None",
    info: Info,
) -> ProgramOffer:
    at = info.context.portal.clock()
    judgement: Judgement = judged(program, plans, party, at)
    plan = plan_at(plans, at)
    rules = offered(plan, party.partner, party.role, at)

    def of(level: Level) -> list[Rule]:
        if plan is None:
            return []
        return [Rule.of(rule, plan, program) for rule in rules if rule.level is level]

    return ProgramOffer(
        program=shown,
        eligible=judgement.eligible,
        obstacles=list(judgement.obstacles),
        tiers_needed=list(judgement.tiers),
        roles_needed=list(judgement.roles),
        next_step=judgement.next_step,
        participation_in=required,
        company_rules=of(Level.PARTNER),
        team_rules=of(Level.TEAM),
        individual_rules=of(Level.INDIVIDUAL),
    )


def who_of(viewer: Viewer) -> Who | None:
    """A member of a partner's staff as it is judged; an executive stands for its company."""
    if viewer.role not in STAFF_ROLES:
        return None
    return Who(viewer.id, viewer.employment.team_id, viewer.role)


async def _offer_of(
    info: Info, shown: Any, partner_id: str, who: Who | None
) -> ProgramOffer | None:
    """What one program offers to a partner or one of its people, in one wave of reads."""
    context, program = info.context, shown.record
    person_id = who.individual_id if who else "none"
    (partner, file, enrollment), policies, plans, (participation, required) = await asyncio.gather(
        asyncio.gather(
            context.load(One(Partner, partner_id)),
            context.load(One(ConsentFile, f"{partner_id}.{program.id}")),
            context.load(One(Enrollment, f"{partner_id}.{person_id}.{program.id}")),
        ),
        context.load(Many(TypePolicy, of_vendor())),
        context.load(Many(PlanVersion, of_program(program.id))),
        _required_by(info, program, partner_id),
    )
    if partner is None:
        return None
    policy = policy_of(partner, policies.records)
    party = Party(partner, policy, file, who, enrollment, participation)
    return _offer(program, shown, plans.records, party, required, info)


async def _required_by(
    info: Info, program: programs.Program, partner_id: str
) -> tuple[Participation | None, "Program | None"]:
    """The participation that a program's rebates require of a company, and the program as shown."""
    required_id = program.participation_in
    if required_id is None:
        return None, None
    record, file, shown = await asyncio.gather(
        info.context.load(One(programs.Program, required_id)),
        info.context.load(One(ConsentFile, f"{partner_id}.{required_id}")),
        find(info, "Program", required_id),
    )
    return None if record is None else Participation(record, file), shown


@strawberry.type
class ProgramOffers:
    """Mixed into a program."""

    @strawberry.field(
        description="What it offers you: to an executive, the company. Null for the vendor's people"
        " (see audience).",
        metadata=counted(5),
    )
    async def offer(self, info: Info) -> ProgramOffer | None:
        """The viewer's offer."""
        viewer = await info.context.viewer()
        if viewer.partner_id is None:
            return None
        return await _offer_of(info, self, viewer.partner_id, who_of(viewer))

    @narrow(
        Audience.VENDOR,
        description="What it offers a partner, and what is in the way of it and its people. Null"
        " where there is no such partner.",
        metadata=counted(10),
    )
    async def audience(
        self,
        info: Info,
        partner_id: Annotated[strawberry.ID, strawberry.argument(description="The partner.")],
    ) -> ProgramOffer | None:
        """A partner's offer."""
        return await _offer_of(info, self, decoded(partner_id, "Partner", "partnerId"), None)


@strawberry.type
class OfferList:
    """Mixed into the viewer."""

    @strawberry.field(
        description="Every program that is open or to come and is for your company, or would be"
        " with a higher tier, or for you in another role: what is in the way, and what to do next."
        " Empty for the vendor's people.",
        metadata=counted(100, items=50),
    )
    async def program_offers(self, info: Info) -> list[ProgramOffer]:
        """The offers."""
        context = info.context
        viewer, now = await context.viewer(), context.portal.clock()
        if viewer.partner_id is None:
            return []
        catalogue, partner, files, enrollments, policies = await asyncio.gather(
            context.catalogue(),
            context.load(One(Partner, viewer.partner_id)),
            context.load(Many(ConsentFile, of_partner(viewer.partner_id))),
            context.load(Many(Enrollment, of_person(viewer.partner_id, viewer.id))),
            context.load(Many(TypePolicy, of_vendor())),
        )
        if partner is None:
            return []
        offered_now = [
            program
            for program in catalogue.programs.values()
            if now < program.ends_at and disclosed(program.segment, partner, now)
        ]
        shown = await asyncio.gather(*(find(info, "Program", one.id) for one in offered_now))
        file_of = {file.program_id: file for file in files.records}
        enrollment_of = {one.program_id: one for one in enrollments.records}
        policy, who = policy_of(partner, policies.records), who_of(viewer)
        found = []
        for program, node in zip(offered_now, shown, strict=True):
            own = file_of.get(program.id), who, enrollment_of.get(program.id)
            required = catalogue.programs.get(program.participation_in or "")
            taking = Participation(required, file_of.get(required.id)) if required else None
            named = await find(info, "Program", required.id) if required else None
            party, plans = Party(partner, policy, *own, taking), catalogue.plans.get(program.id, ())
            found.append(_offer(program, node, plans, party, named, info))
        return found
