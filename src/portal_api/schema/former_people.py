"""Who has left a partner: not its people any more, and still named by what they did there."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import relay

from portal_api.domain import partners
from portal_api.domain.directory import is_named
from portal_api.domain.people import standing
from portal_api.schema.access import Audience, declared, may_see, narrow
from portal_api.schema.context import Info
from portal_api.schema.enums import PersonStatus, Role
from portal_api.schema.filters import searched
from portal_api.schema.ids import encoded
from portal_api.schema.nodes import finder
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.scanning import BOUND, scan
from portal_api.services.partners import former_of, has_worked
from portal_api.services.store import One
from portal_api.services.use_case import VENDOR

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)

_Search = Annotated[
    str,
    strawberry.argument(description="Each word of it begins a word of the name of then."),
]


@declared(*_COMPANY)
@strawberry.type(description="Somebody who has left, as of the last employment there.")
class FormerIndividual(relay.Node):
    """A leaver or mover."""

    id: relay.NodeID[str]
    individual_id: strawberry.ID = strawberry.field(
        description="Names the person in mutations, until it works elsewhere; it is no node now."
    )
    name: str = strawberry.field(description="What it was called when it left.")
    role: Role = strawberry.field(description="What it did last.")
    employed_from: datetime = strawberry.field(description="Since when it did that.")
    employed_to: datetime | None = strawberry.field(description="Until when.")
    audiences: strawberry.Private[frozenset[Audience]]
    record: strawberry.Private[partners.Individual]

    @narrow(Audience.VENDOR, description="Whether it may act where it works now, or was erased.")
    def status(self) -> PersonStatus | None:
        """The status."""
        return self.record.status


def former_at(
    record: partners.Individual, partner_id: str | None, audiences: frozenset[Audience]
) -> FormerIndividual:
    """Somebody who has worked there, as shown."""
    own_id = f"{partner_id or VENDOR}.{record.id}"
    last = _last_at(record, partner_id)
    return FormerIndividual(
        id=own_id,
        individual_id=strawberry.ID(encoded("Individual", own_id)),
        name=_name_at(record, partner_id),
        role=last.role,
        employed_from=last.valid_from,
        employed_to=last.valid_to,
        audiences=audiences,
        record=record,
    )


def _last_at(record: partners.Individual, partner_id: str | None) -> partners.Employment:
    return [one for one in record.employments if one.partner_id == partner_id][-1]


def _name_at(record: partners.Individual, partner_id: str | None) -> str:
    """The name as the partner knew it: what came later is not its to know."""
    return _last_at(record, partner_id).name or record.name


@strawberry.type
class FormerPeople:
    """Mixed into Partner."""

    record: strawberry.Private[Any]

    @narrow(*_COMPANY, description=f"Who has left it and not come back.{BOUND}")
    async def former_individuals(
        self, info: Info, search: _Search = "", first: First = PAGE, after: After = None
    ) -> relay.Connection[FormerIndividual] | None:
        """The leavers and movers."""
        size, mark = checked(first, after)
        partner_id: str = self.record.id
        looked_for = searched(search)

        def wished(person: partners.Individual) -> bool:
            return is_named(looked_for, _name_at(person, partner_id))

        found = await scan(info, former_of(partner_id), partners.Individual, wished, size, mark)
        audiences = (await info.context.viewer()).audiences(partner_id, None)
        nodes = [one and former_at(one, partner_id, audiences) for one in found.records]
        return connection(nodes, found.cursors, found.more)  # type: ignore[no-any-return]


@finder("FormerIndividual")
async def _former(info: Info, record_id: str) -> FormerIndividual | None:
    where, _, individual_id = record_id.partition(".")
    person = await info.context.load(One(partners.Individual, individual_id))
    partner_id = None if where == VENDOR else where
    audiences = (await info.context.viewer()).audiences(partner_id, None)
    if person is None or not has_worked(person, partner_id):
        return None
    if not may_see(FormerIndividual, audiences):
        return None
    employment = standing(person, info.context.portal.clock())
    if employment is not None and employment.partner_id == partner_id:
        return None
    return former_at(person, partner_id, audiences)
