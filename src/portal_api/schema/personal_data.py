"""A person's own data as a file: for the person itself, and for an administrator who is asked."""

from typing import Annotated

import strawberry

from portal_api.domain.partners import Individual, Role
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.ids import pair
from portal_api.schema.paging import After, bad_cursor
from portal_api.services import personal_data as services
from portal_api.services.partners import has_worked
from portal_api.services.store import One
from portal_api.services.use_case import VENDOR


@declared(Audience.OWNER, Audience.VENDOR)
@strawberry.type(
    description="Some lines of what is kept about a person. All lines of all pages, one behind the"
    " other, are a file: the first line says of whom, each other one has the kind of a record, its"
    " place among those of its kind, and the record."
)
class PersonalDataPage:
    """A page."""

    lines: list[str] = strawberry.field(
        description="Lines of JSON, each with the line feed at its end; there may be none."
    )
    next: str | None = strawberry.field(description="The cursor of the next page; null at the end.")
    complete: bool = strawberry.field(description="Whether this was the last page.")


@strawberry.type
class PersonalDataQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="Everything that is kept about a person: profile, employments, ledger,"
        " earnings, payouts, statements, and at each partner enrollments, consents that name it,"
        " deals, activities and claims; nothing of other people. Page by page, about half a"
        " megabyte each. For the person itself, without what it did for former partners, which"
        " tells of their customers; an administrator has that, too. Null for all others."
    )
    async def personal_data(
        self,
        info: Info,
        individual_id: Annotated[strawberry.ID, strawberry.argument(description="The person.")],
        after: After = None,
    ) -> PersonalDataPage | None:
        """One page."""
        at, own_id = pair(individual_id, "Individual", "individualId")
        viewer = await info.context.viewer()
        person = await info.context.load(One(Individual, own_id))
        if person is None or not has_worked(person, None if at == VENDOR else at):
            return None
        if viewer.role is Role.ADMIN:
            partner_ids = services.partners_of(person)
        elif viewer.id == own_id and (viewer.partner_id or VENDOR) == at:
            partner_ids = (viewer.partner_id,) if viewer.partner_id is not None else ()
        else:
            return None
        portal = info.context.portal
        try:
            done = services.page(portal.store, portal.clock(), person, partner_ids, after)
        except services.BadPlace:
            raise bad_cursor() from None
        return PersonalDataPage(lines=list(done.lines), next=done.next, complete=done.next is None)
