"""Deciding again: while others change what a decision is made from, it is made anew."""

import secrets
from collections.abc import Callable
from typing import TypeVar

import tenacity

from portal_api.services.store import OutcomeUnknown, StoreUnavailable, WriteConflict

T = TypeVar("T")

SECONDS = 12
"""Less than API Gateway waits, with the store's own deadline behind it."""

_FIRST_MILLISECONDS, _LONGEST_MILLISECONDS = 20, 500


def retried(attempt: Callable[[], T]) -> T:
    """The attempt's result; it is made again after a conflict, and when its answer was lost.

    An attempt loads, decides and commits: what it loads tells whether an earlier one was executed.
    Raises ``StoreUnavailable`` when that does not end.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type((WriteConflict, OutcomeUnknown)),
        wait=_jitter,
        stop=tenacity.stop_after_delay(SECONDS),
    )
    try:
        return retrying(attempt)
    except tenacity.RetryError:
        raise StoreUnavailable("too much contention") from None


def _jitter(state: tenacity.RetryCallState) -> float:
    """From nothing to twice the former longest pause, in seconds.

    The system's randomness, so that copies of one memory image do not repeat in step.
    """
    longest = _FIRST_MILLISECONDS * 2 ** min(state.attempt_number - 1, 10)
    return secrets.randbelow(min(longest, _LONGEST_MILLISECONDS)) / 1000
