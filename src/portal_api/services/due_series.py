"""Everything that becomes due by itself, as series that are run again and again."""

from collections.abc import Callable
from dataclasses import dataclass

from portal_api.services.batches import gather_open
from portal_api.services.consent_dates import tell_due
from portal_api.services.finance import close_days
from portal_api.services.maturing import expire_due, release_due
from portal_api.services.retroactive import pay_looking_back
from portal_api.services.series import UNFINISHED
from portal_api.services.team_awards import pay_open_awards
from portal_api.services.use_case import Portal


@dataclass(frozen=True, slots=True)
class Series:
    """One series: what it counts, and the function that runs it and says how many it did.

    A run does all that is due now, may be killed or run twice at once, and raises
    ``StoreUnavailable`` where something is left for the next one.
    """

    done: str
    run: Callable[[Portal], int]


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one series: how many it did, or why something is left for the next run."""

    done: str
    count: int = 0
    problem: str | None = None


SERIES = (
    Series("team awards finished", pay_open_awards),
    Series("payout batches completed", gather_open),
    Series("requests and consents told of", tell_due),
    Series("activities paid afterwards", pay_looking_back),
    Series("earnings released", release_due),
    Series("lots expired", expire_due),
    Series("days of programs closed", close_days),
)
"""In this order: what becomes available comes before what expires."""


def run_all(portal: Portal) -> tuple[Ran, ...]:
    """Runs every series once; one that cannot be finished keeps no other waiting."""
    return tuple(_ran(portal, series) for series in SERIES)


def _ran(portal: Portal, series: Series) -> Ran:
    try:
        return Ran(series.done, series.run(portal))
    except UNFINISHED as problem:
        return Ran(series.done, problem=str(problem))
