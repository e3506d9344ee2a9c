"""How a partner takes part in each program: who is enrolled, what is sold, what was paid."""

import asyncio

import strawberry

from portal_api.domain import goals, partners
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.profiles import Named
from portal_api.schema.programs import Program
from portal_api.schema.scalars import Amount, BigInt, Money, amount_of, money_of
from portal_api.services.enrollment import enrolled_list
from portal_api.services.store import Listed, Many, of_partner

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)


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
        " have earned; null while there is none, and where the program's terms disclose each"
        " person's, or ever did: see disclosedAmounts."
    )


@strawberry.type
class CompanyParticipation:
    """Mixed into Partner."""

    record: strawberry.Private[partners.Partner | Named]

    @narrow(
        *_COMPANY,
        description="Its numbers in each program that it has a part in.",
        metadata=counted(40, items=20),
    )
    async def participation(self, info: Info) -> list[Participation] | None:
        """The numbers."""
        context, partner_id = info.context, self.record.id
        catalogue, viewer = await asyncio.gather(context.catalogue(), context.viewer())
        counted, lists = await asyncio.gather(
            context.load(Many(goals.Progress, of_partner(partner_id))),
            context.load_all(
                [Listed(enrolled_list(partner_id, program_id)) for program_id in catalogue.programs]
            ),
        )
        enrolled = {
            program_id: len(found.ids)
            for program_id, found in zip(catalogue.programs, lists, strict=True)
        }
        return [
            _participation(
                Program.of(catalogue.programs[program_id], viewer.audiences(None, None)),
                record,
                enrolled[program_id],
            )
            for record in counted.records
            for _, program_id, party in [record.id.split(".", 2)]
            if party == goals.COMPANY
        ]


def _participation(program: Program, record: goals.Progress, enrolled: int) -> Participation:
    # Less what is told of some people it would tell of the others.
    staff = [
        amount_of(asset, amount)
        for asset, amount in record.by_asset("earned:").items()
        if record.count(f"earners:{asset}") >= goals.SMALLEST_GROUP
        and not program.record.ever_disclosed
    ]
    return Participation(
        program=program,
        enrolled=BigInt(enrolled),
        deals=BigInt(record.count("deals")),
        won=BigInt(record.count("won")),
        won_revenue=money_of(program.currency_code, record.count("won_minor")),
        company_earned=[
            amount_of(asset, amount) for asset, amount in record.by_asset("company:").items()
        ],
        staff_earned=staff or None,
    )
