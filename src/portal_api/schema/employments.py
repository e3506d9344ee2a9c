"""Where somebody works and has worked: each place with its dates, as far as that is one's own."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from portal_api.domain import partners
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.enums import Role
from portal_api.schema.nodes import find
from portal_api.services.store import One

if TYPE_CHECKING:
    from portal_api.schema.partners import Partner

_OWN = (Audience.OWNER, Audience.EXECUTIVE, Audience.VENDOR)
_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None


@declared(*_OWN)
@strawberry.type(
    description="A place where somebody works or has worked: a partner, team and role."
)
class Employment:
    """A dated place."""

    role: Role = strawberry.field(description="What the person does or did there.")
    employed_from: datetime = strawberry.field(description="Since when.")
    employed_to: datetime | None = strawberry.field(
        description="Up to but without this instant; null: it goes on."
    )
    record: strawberry.Private[partners.Employment]

    @strawberry.field(description="What the partner is called now; null for the vendor.")
    async def partner_name(self, info: Info) -> str | None:
        """The partner's name."""
        found = await _partner(info, self.record)
        return found.name if found is not None else None

    @strawberry.field(description="What the team is called now; null for none.")
    async def team_name(self, info: Info) -> str | None:
        """The team's name."""
        found = await _partner(info, self.record)
        teams = found.teams if found is not None else ()
        return next((one.name for one in teams if one.id == self.record.team_id), None)

    @strawberry.field(description="The partner; null for the vendor, and where it is not yours.")
    async def partner(self, info: Info) -> _Partner:
        """The partner."""
        if self.record.partner_id is None:
            return None
        found: Partner | None = await find(info, "Partner", self.record.partner_id)
        return found


@strawberry.type
class EmploymentHistory:
    """Mixed into a person."""

    record: strawberry.Private[partners.Individual]
    employment: strawberry.Private[partners.Employment]

    @narrow(
        *_OWN,
        description="Where it works and has worked, oldest first: another team or role is another"
        " place. To an executive its own company's places alone.",
    )
    async def employments(self, info: Info) -> list[Employment] | None:
        """The history."""
        viewer = await info.context.viewer()
        everything = viewer.partner_id is None or viewer.id == self.record.id
        return [
            Employment(
                role=one.role,
                employed_from=one.valid_from,
                employed_to=one.valid_to,
                record=one,
            )
            for one in self.record.employments
            if everything or one.partner_id == viewer.partner_id
            if one.valid_to is None or one.valid_from < one.valid_to
        ]


async def _partner(info: Info, record: partners.Employment) -> partners.Partner | None:
    if record.partner_id is None:
        return None
    return await info.context.load(One(partners.Partner, record.partner_id))
