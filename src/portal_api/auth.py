"""Who a request comes from: the token's claims, as API Gateway's JWT authorizer hands them over.

The authorizer has checked signature, issuer, expiry and scope before, and is not relied upon for
the scope: it takes an id token where no scope is demanded. All that it hands over is text: numbers
as digits, arrays as ``"[a b]"``. The subject is the user name, which is the id of an individual in
the store. What that person may do, and whether it may do anything at all, the store says and never
the token.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Final

SCOPE: Final = "portal/api"
"""What a token must allow: put into it at sign-in, for people who may act."""
_SUBJECT = re.compile(r"ind-[a-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The person that a valid access token was given to."""

    subject: str


def caller_of(event: Mapping[str, Any], client_ids: Container[str]) -> Caller | None:
    """The caller of an event, or none where it has no access token of one of these app clients."""
    claims = _claims(event)
    subject = claims.get("username")
    client_id = claims.get("client_id")
    if claims.get("token_use") != "access":
        return None
    if not isinstance(client_id, str) or client_id not in client_ids:
        return None
    if SCOPE not in str(claims.get("scope", "")).split():
        return None
    return Caller(subject) if isinstance(subject, str) and is_subject(subject) else None


def is_subject(user_name: str) -> bool:
    """Whether a user name can be the id of an individual."""
    return _SUBJECT.fullmatch(user_name) is not None


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The authorizer's claims; empty where any step towards them is missing."""
    found: Any = event
    for name in ("requestContext", "authorizer", "jwt", "claims"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
