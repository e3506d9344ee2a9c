"""A program's objections: how many, by what they are about, and each of them."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import objections, programs
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.nodes import find
from portal_api.schema.objection_enums import ObjectionCategory, ObjectionStatus
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.services.objections import category_in, objection_in, objections_to
from portal_api.services.store import Listed, One

if TYPE_CHECKING:
    from portal_api.schema.objections import Objection

_Objection = Annotated["Objection", strawberry.lazy("portal_api.schema.objections")]
_Status = Annotated[
    ObjectionStatus, strawberry.argument(description="How they stand; left out: they wait.")
]
MOST_COUNTED = 1_000
"""So many objections of one program and status are counted."""


@declared(Audience.VENDOR)
@strawberry.type(description="How many objections of one category a program has.")
class ObjectionCount:
    """A category's counts."""

    category: ObjectionCategory = strawberry.field(description="The category.")
    open: int = strawberry.field(description="How many wait for an answer.")
    answered: int = strawberry.field(description="How many are answered and not put aside.")
    resolved: int = strawberry.field(description="How many are no obstacle any more.")


@strawberry.type
class ProgramObjections:
    """Mixed into a program."""

    record: strawberry.Private[programs.Program]

    @narrow(
        Audience.VENDOR,
        description="What partners have against it, by category, those with the most first; of each"
        f" status the last {MOST_COUNTED} are counted.",
        metadata=counted(10),
    )
    async def objections_by_category(self, info: Info) -> list[ObjectionCount] | None:
        """The counts."""
        listed = await info.context.load_all(
            [
                Listed(objections_to(self.record.id, status), MOST_COUNTED)
                for status in ObjectionStatus
            ]
        )
        counts = {
            status: Counter(map(category_in, page.ids))
            for status, page in zip(ObjectionStatus, listed, strict=True)
        }
        of_category = [
            ObjectionCount(
                category=category,
                open=counts[ObjectionStatus.OPEN][category],
                answered=counts[ObjectionStatus.ANSWERED][category],
                resolved=counts[ObjectionStatus.RESOLVED][category],
            )
            for category in ObjectionCategory
        ]
        found = [one for one in of_category if one.open + one.answered + one.resolved]
        return sorted(found, key=lambda one: -(one.open + one.answered + one.resolved))

    @narrow(
        Audience.VENDOR,
        description="What partners have against it and stands so: partner by partner, each one's"
        " oldest first.",
    )
    async def objections(
        self,
        info: Info,
        status: _Status = ObjectionStatus.OPEN,
        first: First = PAGE,
        after: After = None,
    ) -> relay.Connection[_Objection] | None:
        """The objections."""
        size, mark = checked(first, after)
        listed = Listed(objections_to(self.record.id, status), size, mark, newest_first=False)
        page = await info.context.load(listed)
        own_ids = [objection_in(reference) for reference in page.ids]
        await info.context.load_all([One(objections.Objection, one) for one in own_ids])
        nodes = [await find(info, "Objection", one) for one in own_ids]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]
