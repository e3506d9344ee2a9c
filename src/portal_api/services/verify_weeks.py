"""A partner's weekly series, counted again from its activities and held against it; L24."""

from collections.abc import Iterator, Mapping

from portal_api.domain.activities import Activity
from portal_api.domain.weeks import Sums, WeekCounts, add, counted
from portal_api.services.store import Many, Store, Unreadable, of_weeks
from portal_api.services.verify_reading import Finding, records


class Weeks:
    """What one partner's activities come to, week by week."""

    def __init__(self, partner_id: str, time_zones: Mapping[str, str]) -> None:
        """Nothing yet; ``time_zones`` are those of programs, by their ids."""
        self._partner_id, self._time_zones = partner_id, time_zones
        self._sums: Sums = {}

    def add(self, activity: Activity) -> None:
        """One activity; of a program that cannot be read, which is told elsewhere, in UTC."""
        add(self._sums, counted(activity, self._time_zones.get(activity.program_id, "UTC")))

    def findings(self, store: Store) -> Iterator[Finding]:
        """Each counter that differs, and each week that no activity explains."""
        for kept in records(store, Many(WeekCounts, of_weeks(self._partner_id))):
            if isinstance(kept, Unreadable):
                yield Finding("L24", str(kept))
            elif kept.id not in self._sums:
                yield Finding("L24", f"The week {kept.id} has no activity.")
            else:
                add(self._sums, {kept.id: kept.counters}, sign=-1)
        for week, counters in sorted(self._sums.items()):
            for counter, more in sorted(counters.items()):
                if more:
                    told = f"{abs(more)} {'less' if more > 0 else 'more'}"
                    text = f"The week {week} counts {told} of {counter} than was recorded."
                    yield Finding("L24", text)
