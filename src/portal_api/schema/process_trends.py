"""The trend of a step: how often its behaviors are done at a company, week by week."""

from collections.abc import Sequence
from datetime import date

import strawberry

from portal_api.domain.goals import SMALLEST_GROUP, tells_of_several
from portal_api.domain.trends import first_week, trend
from portal_api.domain.weeks import WeekCounts
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.scalars import BigInt
from portal_api.services.store import Many, of_weeks

MOST_WEEKS = 26
MOST_COUNTED = 5_000
"""So many people's weeks are read for a trend, of all programs and teams."""
READING = 40
"""What a step's trend counts: all steps of a process share one reading, as long as an insight's."""


@declared(Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(description="How often something was done in a week.")
class WeekCount:
    """A count."""

    week: date = strawberry.field(
        description="The week's Monday, by the calendar of the program in which it was recorded."
    )
    count: BigInt | None = strawberry.field(
        description="How often. Null for an executive where one or two people did it, and, where"
        f" nobody did, for a company of which fewer than {SMALLEST_GROUP} people did anything in"
        " the weeks that are asked for."
    )


async def week_counts(
    info: Info, partner_id: str, behaviors: Sequence[str], weeks: int, *, everything: bool
) -> list[WeekCount] | None:
    """The last weeks of a company; none where there is more than may be read for it.

    Without ``everything`` no count tells of one or two people.
    """
    now = info.context.portal.clock()
    since = first_week(now, weeks).isoformat()
    series = await info.context.load(
        Many(WeekCounts, of_weeks(partner_id), MOST_COUNTED, low=since)
    )
    if series.more:
        return None
    found = trend(series.records, behaviors, now, weeks)
    several = [everything or tells_of_several(one.count, one.people, one.seen) for one in found]
    return [
        WeekCount(week=one.monday, count=BigInt(one.count) if told else None)
        for one, told in zip(found, several, strict=True)
    ]
