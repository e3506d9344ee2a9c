"""Everything that becomes due by itself, as series that are run again and again."""

from collections.abc import Callable, Container
from dataclasses import dataclass

from portal_api.services.batches import gather_open
from portal_api.services.consent_dates import tell_due
from portal_api.services.finance import close_days
from portal_api.services.insights import refresh
from portal_api.services.maturing import expire_due, release_due
from portal_api.services.retroactive import pay_looking_back
from portal_api.services.series import UNFINISHED
from portal_api.services.team_awards import pay_open_awards
from portal_api.services.use_case import Portal


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its name, what it counts, and the function that runs it and says how many it did.

    A run does all that is due now, may be killed or run twice at once, and raises
    ``StoreUnavailable`` where something is left for the next one.
    """

    name: str
    done: str
    run: Callable[[Portal], int]


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one series: how many it did, or why something is left for the next run."""

    name: str
    done: str
    count: int = 0
    problem: str | None = None


SERIES = (
    Series("team-awards", "team awards finished", pay_open_awards),
    Series("payout-batches", "payout batches completed", gather_open),
    Series("consent-dates", "requests and consents told of", tell_due),
    Series("looking-back", "activities paid afterwards", pay_looking_back),
    Series("releases", "earnings released", release_due),
    Series("expiry", "lots expired", expire_due),
    Series("finance", "days of programs closed", close_days),
    Series("insights", "programs' insight refreshed", refresh),
)
"""In this order: what becomes available comes before what expires."""


NAMES = tuple(series.name for series in SERIES)
"""The names of all of them."""
INSIGHTS = "insights"
"""Takes SciPy and seconds, and is never done: each run tells anew what is known by then."""
DUE = tuple(name for name in NAMES if name != INSIGHTS)
"""The names of those that are done once nothing is due."""


def run_all(portal: Portal, names: Container[str] = NAMES) -> tuple[Ran, ...]:
    """Runs every series of these names once; one that cannot be finished keeps no other waiting."""
    return tuple(_ran(portal, series) for series in SERIES if series.name in names)


def _ran(portal: Portal, series: Series) -> Ran:
    try:
        return Ran(series.name, series.done, series.run(portal))
    except UNFINISHED as problem:
        return Ran(series.name, series.done, problem=str(problem))
