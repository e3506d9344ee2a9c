"""Claims in the gateway's wire form become a subject, or nothing does."""

from typing import Any

import pytest

from portal_api.auth import Caller, array_claim, caller_of
from tests.api import CLIENT_ID, event_of, jwt_of

PERSON = "ind-06dqr0840v2yg7046f5x"


def event_with(**changed: str | None) -> dict[str, Any]:
    event = event_of(PERSON)
    event["requestContext"]["authorizer"] = {"jwt": jwt_of(PERSON, **changed)}
    return event


def test_the_user_name_of_an_access_token_is_the_subject() -> None:
    assert Caller(PERSON, ("sellers",)) == caller_of(event_of(PERSON), {CLIENT_ID})


@pytest.mark.parametrize(
    "changed",
    [
        {"token_use": "id"},
        {"token_use": None},
        {"client_id": "somebody-elses"},
        {"client_id": None},
        {"client_id": None, "aud": CLIENT_ID},
        {"username": None},
        {"username": ""},
        {"username": "mara@fernhill.example"},
        {"username": "ind-a.ind-b"},
        {"username": "ind-a#b"},
        {"username": "ind-" + "a" * 61},
        {"username": f"{PERSON}\n"},
    ],
)
def test_another_token_has_no_caller(changed: dict[str, str | None]) -> None:
    """An id token passes the gateway, for it looks at ``aud`` too; here is where it ends."""
    assert caller_of(event_with(**changed), {CLIENT_ID}) is None


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"authorizer": None},
        {"authorizer": {}},
        {"authorizer": {"jwt": None}},
        {"authorizer": {"jwt": {"claims": None}}},
        {"authorizer": {"jwt": {"claims": "token_use=access"}}},
        {"authorizer": {"lambda": {"username": PERSON, "token_use": "access"}}},
        {"authorizer": {"jwt": {"claims": {"token_use": "access", "username": [PERSON]}}}},
    ],
)
def test_without_the_authorizers_claims_there_is_no_caller(context: dict[str, Any]) -> None:
    assert caller_of({"requestContext": context}, {CLIENT_ID}) is None


def test_a_header_makes_nobody_a_caller() -> None:
    """Only the authorizer's claims count, and nothing that a client sends beside its token."""
    event = event_of(None)
    event["headers"] |= {"username": PERSON, "x-amzn-oidc-identity": PERSON}
    assert caller_of(event, {CLIENT_ID}) is None


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("[sellers admins]", ("sellers", "admins")),
        ("[sellers]", ("sellers",)),
        ("[]", ()),
        ("sellers", ("sellers",)),
        ("", ()),
    ],
)
def test_arrays_arrive_as_text_in_brackets(text: str, members: tuple[str, ...]) -> None:
    assert members == array_claim(text)
