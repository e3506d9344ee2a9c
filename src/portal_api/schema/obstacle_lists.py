"""What is in the way in a program, and what was done about it."""

from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import obstacles, programs
from portal_api.schema.access import Audience, narrow
from portal_api.schema.context import Info
from portal_api.schema.nodes import find
from portal_api.schema.obstacle_enums import ObstacleStatus
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.services.obstacles import obstacles_to
from portal_api.services.store import Listed, Many, One, of_program

if TYPE_CHECKING:
    from portal_api.schema.interventions import Intervention
    from portal_api.schema.obstacles import ObstacleReport

_Report = Annotated["ObstacleReport", strawberry.lazy("portal_api.schema.obstacles")]
_Done = Annotated["Intervention", strawberry.lazy("portal_api.schema.interventions")]
_Status = Annotated[
    ObstacleStatus, strawberry.argument(description="How they stand; left out: open.")
]


@strawberry.type
class ProgramObstacles:
    """Mixed into a program."""

    record: strawberry.Private[programs.Program]

    @narrow(
        Audience.VENDOR,
        description="Why its behaviors are not done, as partners' people report it and the vendor"
        " was told, newest first.",
    )
    async def obstacle_reports(
        self,
        info: Info,
        status: _Status = ObstacleStatus.OPEN,
        first: First = PAGE,
        after: After = None,
    ) -> relay.Connection[_Report] | None:
        """The reports."""
        size, mark = checked(first, after)
        page = await info.context.load(Listed(obstacles_to(self.record.id, status), size, mark))
        await info.context.load_all([One(obstacles.ObstacleReport, one) for one in page.ids])
        nodes = [await find(info, "ObstacleReport", one) for one in page.ids]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]

    @narrow(
        Audience.VENDOR,
        description="What the vendor has done about its behaviors, in the order in which it was"
        " recorded, newest first.",
    )
    async def interventions(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> relay.Connection[_Done] | None:
        """The interventions."""
        size, mark = checked(first, after)
        scope = of_program(self.record.id)
        want = Many(obstacles.Intervention, scope, size, mark, newest_first=True)
        page = await info.context.load(want)
        info.context.prime(*page.records)
        nodes = [await find(info, "Intervention", one.id) for one in page.records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]
