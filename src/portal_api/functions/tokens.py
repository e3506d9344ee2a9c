"""What Cognito asks before it signs a token: whether this person may act, and as what.

The scope of the API goes into the access tokens of people who may act now, and nobody else gets a
token. The groups are the person's role in the store, whatever the pool says: a front end may show
by them, while the API asks the store again with every request. The trigger is of version 2 (the
first that can change access tokens):
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
"""

import functools
import logging
from typing import Any

from portal_api import app, logs, metrics, settings, snapshots
from portal_api.auth import SCOPE, is_subject
from portal_api.domain.access import Viewer, viewer_of
from portal_api.domain.partners import Individual
from portal_api.services.store import One, StoreUnavailable
from portal_api.services.use_case import Portal
from portal_api.storage.store import TableStore


class NotAdmitted(Exception):
    """Nobody who may act has this user name; Cognito refuses the sign-in with this sentence."""


_log = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers a pre-token-generation event, ``triggerSource`` ``TokenGeneration_…``.

    Raises ``NotAdmitted``, and ``StoreUnavailable``: where nothing is known nobody gets a token.
    All of them are errors to Lambda, so those that operators are to be told of are counted here.
    """
    try:
        portal, _ = _opened()
        return admitted(portal, event)
    except NotAdmitted:
        raise
    except StoreUnavailable:
        metrics.count(metrics.STORE_UNAVAILABLE)
        raise
    except Exception as error:
        _log.error("unexpected error", exc_info=error)
        metrics.count(metrics.UNEXPECTED_ERRORS)
        raise


def admitted(portal: Portal, event: dict[str, Any]) -> dict[str, Any]:
    """The event with the token's scope and group, for a person who may act now."""
    viewer = _viewer(portal, event["userName"])
    if viewer is None:
        _log.info("not admitted")
        raise NotAdmitted("This person may not act.")
    response = {
        "claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": {"scopesToAdd": [SCOPE]},
            "groupOverrideDetails": {"groupsToOverride": [viewer.role.value]},
        }
    }
    return {**event, "response": response}


def _viewer(portal: Portal, user_name: str) -> Viewer | None:
    """Who that is in the store, where it may act."""
    if not is_subject(user_name):
        return None
    want = One(Individual, user_name)
    return viewer_of(portal.store.read([want])[want], portal.clock())


@functools.cache
def _opened() -> tuple[Portal, TableStore]:
    known = settings.for_store()
    logs.logger(known.stage)
    store = app.open_store(known.place)
    return Portal(store, app.system_clock, app.new_id), store


def _prepare() -> None:
    """Loads beforehand what the first sign-in would wait for."""
    _, store = _opened()
    store.prepare()


snapshots.prepare_by(_prepare)
