"""The schedules' function: what becomes due by itself is done, series by series."""

import functools
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from portal_api import app, logs, metrics, settings
from portal_api.services import due_series
from portal_api.services.use_case import Portal


class SeriesUnfinished(Exception):
    """Something is left: Lambda runs the function again, and so does the next schedule."""


_log = logging.getLogger(__name__)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, int]:
    """Runs the series that the schedule names, ``{"series": [name, …]}``; how many each did.

    It may be killed, and run twice at once. Raises ``SeriesUnfinished`` once all of them have had
    their turn, and ``ValueError`` for a series that there is not.
    """
    return run(_portal(), event["series"])


def run(portal: Portal, names: Sequence[str]) -> dict[str, int]:
    """The same on any portal."""
    if unknown := sorted(set(names).difference(due_series.NAMES)):
        raise ValueError(f"There are no series {unknown}.")
    ran = due_series.run_all(portal, names)
    for one in ran:
        # Not why: a message may quote a value. `portal-api series` tells it to who asks.
        told = {"series": one.name, "done": one.count, "unfinished": one.problem is not None}
        _log.info("series", extra=told)
    left = [one.name for one in ran if one.problem is not None]
    metrics.count(metrics.SERIES_RUN, len(ran) - len(left))
    metrics.count(metrics.SERIES_UNFINISHED, len(left))
    if left:
        raise SeriesUnfinished(", ".join(left))
    return {one.name: one.count for one in ran}


@functools.cache
def _portal() -> Portal:
    known = settings.for_store()
    logs.logger(known.stage)
    return app.portal_at(known.place)
