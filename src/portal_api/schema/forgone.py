"""What people went without for want of consent, and amounts that a program's terms disclose."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import goals, partners, programs
from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.consent_previews import ever_forgone, forgone_in, forgone_told
from portal_api.domain.eligibility import known_to
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.ids import decoded
from portal_api.schema.nodes import find
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.profiles import Named
from portal_api.schema.programs import Program
from portal_api.schema.scalars import Amount, amount_of
from portal_api.services.enrollment import enrolled_list
from portal_api.services.loads import Loads
from portal_api.services.store import Listed, Many, One, Want, of_partner, of_person

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")]
_EARNED = "earned:"
_GROSS = (
    " As it was when it was withheld: before caps, and before anything of it would have been taken"
    " back by returned deals. What was paid afterwards is not in it; told to an executive, it is,"
    " so that no payment tells what one person went without."
)


@declared(*_COMPANY, Audience.OWNER)
@strawberry.type(
    description="What was withheld in one program only because no consent covered the person."
    + _GROSS
)
class ForgoneEarnings:
    """Forgone earnings."""

    program: Program = strawberry.field(description="The program.")
    amounts: list[Amount] | None = strawberry.field(
        description="By asset. To an executive those of which at least three people went without"
        " something, with what was paid afterwards; null where that is none of them, and where a"
        " retroactive program's terms disclose each person's amounts or ever did."
    )


@declared(*_COMPANY)
@strawberry.type(description="What a person has earned in a program whose terms disclose it.")
class DisclosedAmounts:
    """A person's amounts."""

    amounts: list[Amount] = strawberry.field(
        description="Earned in this program, per asset, net of what was taken back."
    )
    partner_id: strawberry.Private[str]
    person: strawberry.Private[str]

    @strawberry.field(description="The person.")
    async def individual(self, info: Info) -> _Person | None:
        """The person."""
        found: Individual | None = await find(
            info, "Individual", f"{self.partner_id}.{self.person}"
        )
        return found


Disclosed = relay.Connection[DisclosedAmounts]  # type: ignore[type-var]


@strawberry.type
class CompanyForgone:
    """Mixed into a partner."""

    record: strawberry.Private[partners.Partner | Named]

    @narrow(
        *_COMPANY,
        description="What its people, also those who have left, would have earned and did not for"
        " want of consent, in each program where they ever went without something." + _GROSS,
    )
    async def forgone_earnings(self, info: Info) -> list[ForgoneEarnings] | None:
        """By program."""
        counted, catalogue, viewer = await asyncio.gather(
            info.context.load(Many(goals.Progress, of_partner(self.record.id))),
            info.context.catalogue(),
            info.context.viewer(),
        )
        everything = viewer.partner_id is None
        own = [one for one in counted.records if one.id.split(".", 2)[2] == goals.COMPANY]
        return [
            ForgoneEarnings(
                program=Program.of(program, viewer.audiences(None, None)),
                amounts=amounts_of(forgone_in(one) if everything else forgone_told(one, program)),
            )
            for one in own
            if ever_forgone(one)
            for program in [catalogue.programs[one.id.split(".")[1]]]
        ]

    @narrow(
        *_COMPANY,
        description="What each enrolled person has earned in a program, where its terms in force"
        " say that the company's executives see it: of those who have accepted these terms. Null"
        " where they do not say so, and for what is no program or none for you. A page can hold"
        " fewer people than asked for.",
    )
    async def disclosed_amounts(
        self,
        info: Info,
        program_id: Annotated[strawberry.ID, strawberry.argument(description="The program.")],
        first: First = PAGE,
        after: After = None,
    ) -> Disclosed | None:
        """A page of people."""
        size, mark = checked(first, after)
        own_id = decoded(program_id, "Program", "programId")
        listed = Listed(enrolled_list(self.record.id, own_id), size, mark, newest_first=False)
        (asked, partner, file, page), viewer = await asyncio.gather(
            asyncio.gather(
                info.context.load(One(programs.Program, own_id)),
                info.context.load(One(partners.Partner, self.record.id)),
                info.context.load(One(ConsentFile, f"{self.record.id}.{own_id}")),
                info.context.load(listed),
            ),
            info.context.viewer(),
        )
        now, part = info.context.portal.clock(), file or page.ids or None
        program = known_to(viewer, asked, partner, now, part)
        if program is None or not program.discloses_amounts:
            return None
        loads = [Loads(self.record.id, person, program.id) for person in page.ids]
        found = await asyncio.gather(*(_disclosed(info, program, one) for one in loads))
        return connection(found, page.cursors, page.more)  # type: ignore[no-any-return]


@strawberry.type
class OwnForgone:
    """Mixed into a person."""

    record: strawberry.Private[partners.Individual]
    employment: strawberry.Private[partners.Employment]

    @narrow(
        Audience.OWNER,
        Audience.VENDOR,
        description="What it would have earned at its partner and did not for want of consent, in"
        " each program where it went without something." + _GROSS,
    )
    async def forgone_earnings(self, info: Info) -> list[ForgoneEarnings] | None:
        """By program."""
        partner_id = self.employment.partner_id
        if partner_id is None:
            return []
        counted, catalogue, viewer = await asyncio.gather(
            info.context.load(Many(goals.Progress, of_person(partner_id, self.record.id))),
            info.context.catalogue(),
            info.context.viewer(),
        )
        return [
            ForgoneEarnings(
                program=Program.of(program, viewer.audiences(None, None)),
                amounts=amounts_of(forgone_in(one)),
            )
            for one in counted.records
            if forgone_in(one)
            for program in [catalogue.programs[one.id.split(".")[1]]]
        ]


async def _disclosed(
    info: Info, program: programs.Program, loads: Loads
) -> DisclosedAmounts | None:
    """One person's amounts, where it has accepted that they are seen."""
    wants: tuple[Want[object], ...] = (loads.enrollment, loads.own_progress, loads.individual)
    await info.context.load_all(wants)
    enrollment: Enrollment | None = await info.context.load(loads.enrollment)
    progress = await info.context.load(loads.own_progress)
    if enrollment is None or enrollment.terms_version < program.terms_version:
        return None
    earned = {
        name.removeprefix(_EARNED): amount
        for name, amount in (progress.counters.items() if progress is not None else ())
        if name.startswith(_EARNED)
    }
    return DisclosedAmounts(
        amounts=amounts_of(earned) or [],
        partner_id=loads.partner_id,
        person=loads.individual_id,
    )


def amounts_of(sums: Mapping[str, int] | None) -> list[Amount] | None:
    """Amounts as shown, by asset; null for what may not be told."""
    if sums is None:
        return None
    return [amount_of(asset, amount) for asset, amount in sorted(sums.items())]
