"""Claims in the gateway's wire form become a subject, or nothing does."""

from typing import Any

import pytest

from portal_api.auth import Caller, caller_of
from tests.api import CLIENT_ID, entry_of, event_of, jwt_of
from tests.portals import error_of
from tests.untouched import QUICK, quickest, untouchable

PERSON = "ind-06dqr0840v2yg7046f5x"


def event_with(**changed: str | None) -> dict[str, Any]:
    event = event_of(PERSON)
    event["requestContext"]["authorizer"] = {"jwt": jwt_of(PERSON, **changed)}
    return event


def test_the_user_name_of_an_access_token_is_the_subject() -> None:
    assert Caller(PERSON) == caller_of(event_of(PERSON), {CLIENT_ID})


OTHERS: list[dict[str, str | None]] = [
    {"token_use": "id"},
    {"token_use": None},
    {"client_id": "somebody-elses"},
    {"client_id": None},
    {"client_id": None, "aud": CLIENT_ID},
    {"scope": None},
    {"scope": "openid profile"},
    {"scope": "portal/apis notportal/api"},
    {"username": None},
    {"username": ""},
    {"username": "mara@fernhill.example"},
    {"username": "ind-a.ind-b"},
    {"username": "ind-a#b"},
    {"username": "ind-" + "a" * 61},
    {"username": f"{PERSON}\n"},
    {"username": f"[{PERSON}]"},
    {"username": "ind-" + "é" * 10},
]


@pytest.mark.parametrize("changed", OTHERS)
def test_another_token_has_no_caller(changed: dict[str, str | None]) -> None:
    """Where no scope is demanded an id token passes the gateway, for that looks at ``aud`` too."""
    assert caller_of(event_with(**changed), {CLIENT_ID}) is None


NO_CLAIMS: list[dict[str, Any]] = [
    {},
    {"authorizer": None},
    {"authorizer": {}},
    {"authorizer": {"jwt": None}},
    {"authorizer": {"jwt": {"claims": None}}},
    {"authorizer": {"jwt": {"claims": "token_use=access"}}},
    {"authorizer": {"lambda": {"username": PERSON, "token_use": "access"}}},
    {"authorizer": {"jwt": {"claims": {"token_use": "access", "username": [PERSON]}}}},
    {"authorizer": {"jwt": {"claims": {"token_use": "access", "client_id": [CLIENT_ID]}}}},
    {"authorizer": {"jwt": {"claims": {"token_use": "access", "client_id": {"a": 1}}}}},
]


@pytest.mark.parametrize("context", NO_CLAIMS)
def test_without_the_authorizers_claims_there_is_no_caller(context: dict[str, Any]) -> None:
    assert caller_of({"requestContext": context}, {CLIENT_ID}) is None


def test_a_header_makes_nobody_a_caller() -> None:
    """Only the authorizer's claims count, and nothing that a client sends beside its token."""
    event = event_of(None)
    event["headers"] |= {"username": PERSON, "x-amzn-oidc-identity": PERSON}
    assert caller_of(event, {CLIENT_ID}) is None


@pytest.mark.parametrize("authorizer", [*NO_CLAIMS, *OTHERS])
def test_a_request_of_nobody_is_unauthorized_at_once(authorizer: dict[str, Any]) -> None:
    """Before its body is looked at: 401, how to ask, and nothing that was in the token."""
    event = event_of(None, body="[" * 100_000)
    if authorizer in OTHERS:
        authorizer = {"authorizer": {"jwt": jwt_of(PERSON, **authorizer)}}
    event["requestContext"] |= authorizer
    portal, store = untouchable()
    entry = entry_of(portal)
    response, seconds = quickest(lambda: entry(event))
    assert (401, "UNAUTHENTICATED") == error_of(response)
    assert "Bearer" == response["headers"]["www-authenticate"]
    assert PERSON not in response["body"]
    assert [] == store.touched
    assert seconds < QUICK
