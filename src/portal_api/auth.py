"""Who a request comes from: the token's claims, as API Gateway's JWT authorizer hands them over.

The authorizer has checked signature, issuer and expiry before. It cannot tell an access token from
an id token, and all that it hands over is text: numbers as digits, arrays as ``"[a b]"``. The
subject is the user name, which is the id of an individual in the store. What that person may do,
and whether it may do anything at all, the store says and never the token.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

_SUBJECT = re.compile(r"ind-[a-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The person that a valid access token was given to, and its groups in the user pool.

    The groups are for whoever runs the pool: what the person may do is the store's to say.
    """

    subject: str
    groups: tuple[str, ...] = ()


def caller_of(event: Mapping[str, Any], client_ids: Container[str]) -> Caller | None:
    """The caller of an event, or none where it has no access token of one of these app clients."""
    claims = _claims(event)
    subject = claims.get("username")
    if claims.get("token_use") != "access" or claims.get("client_id") not in client_ids:
        return None
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        return None
    groups = claims.get("cognito:groups")
    return Caller(subject, array_claim(groups) if isinstance(groups, str) else ())


def array_claim(text: str) -> tuple[str, ...]:
    """The members of an array claim, ``"[a b]"``; other text is its only member."""
    if text.startswith("[") and text.endswith("]"):
        return tuple(text[1:-1].split())
    return (text,) if text else ()


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The authorizer's claims; empty where any step towards them is missing."""
    found: Any = event
    for name in ("requestContext", "authorizer", "jwt", "claims"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
