"""Who there is, for the vendor: partners by what they are, people by their address."""

from typing import Annotated

import strawberry
from strawberry import relay

from portal_api.domain import partners
from portal_api.schema.access import Audience, narrow
from portal_api.schema.context import Info
from portal_api.schema.filters import PartnersWished
from portal_api.schema.paging import LARGEST_PAGE, PAGE, After, First, checked, connection
from portal_api.schema.partners import Individual, Partner, visible, visible_person
from portal_api.schema.scanning import BOUND, scan
from portal_api.services.partners import employer, list_of_email
from portal_api.services.store import Listed, One


@strawberry.type
class DirectoryLists:
    """Mixed into the viewer."""

    @narrow(Audience.VENDOR, description=f"All partners.{BOUND}")
    async def partners(
        self, info: Info, filter: PartnersWished = None, first: First = PAGE, after: After = None
    ) -> relay.Connection[Partner] | None:
        """The partners."""
        size, mark = checked(first, after)
        if filter is None:
            page = await info.context.load(Listed("partners", size, mark, newest_first=False))
            wants = [One(partners.Partner, partner_id) for partner_id in page.ids]
            records, cursors, more = await info.context.load_all(wants), page.cursors, page.more
        else:
            wished, now = filter.record(), info.context.portal.clock()

            def admits(partner: partners.Partner) -> bool:
                return wished.admits(partner, now)

            found = await scan(info, "partners", partners.Partner, admits, size, mark)
            records, cursors, more = list(found.records), found.cursors, found.more
        nodes = [await visible(info, record) for record in records]
        return connection(nodes, cursors, more)  # type: ignore[no-any-return]

    @narrow(
        Audience.VENDOR,
        description="The people who work anywhere now and have this e-mail address, whatever the"
        f" case; {LARGEST_PAGE} at most.",
    )
    async def individuals(
        self,
        info: Info,
        email: Annotated[str, strawberry.argument(description="The whole address.")],
    ) -> list[Individual] | None:
        """The people."""
        listed = Listed(list_of_email(email), LARGEST_PAGE)
        page = await info.context.load(listed)
        people = await info.context.load_all([One(partners.Individual, one) for one in page.ids])
        now = info.context.portal.clock()
        found = [
            await visible_person(info, employer(person, now), person)
            for person in people
            if person is not None
        ]
        return [person for person in found if person is not None]
