"""Access tokens as Cognito signs them, and their check as API Gateway's JWT authorizer does it.

The key is made for the process and never leaves it: a restart makes all tokens worthless.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from portal_api.auth import SCOPE

CLIENT_ID: Final = "portal-dev"
LIFETIME: Final = timedelta(hours=12)
_ALGORITHM: Final = "RS256"
_KEY_BITS: Final = 2048
_REQUIRED: Final = ("exp", "iat", "iss", "sub", "token_use")


class Issuer:
    """Signs tokens for anybody, and knows its own again."""

    def __init__(self, url: str) -> None:
        """An issuer named ``url``, with a new key."""
        self.url = url
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        self._key_id = secrets.token_urlsafe(12)

    def token(self, person_id: str, **changed: object) -> str:
        """An access token of a person, from now on; ``changed`` claims are for tests."""
        issued = datetime.now(UTC)  # noqa: TID251 - As a token of Cognito: the real time.
        claims = {
            "auth_time": int(issued.timestamp()),
            "client_id": CLIENT_ID,
            "exp": int((issued + LIFETIME).timestamp()),
            "iat": int(issued.timestamp()),
            "iss": self.url,
            "jti": secrets.token_hex(16),
            "scope": SCOPE,
            "sub": f"dev-{person_id}",
            "token_use": "access",
            "username": person_id,
            "version": 2,
            **changed,
        }
        return jwt.encode(claims, self._key, _ALGORITHM, headers={"kid": self._key_id})

    def claims_of(self, authorization: str | None) -> dict[str, str] | None:
        """The claims of a bearer token in the gateway's form, or none where it would answer 401.

        Like the gateway it looks for the client in ``aud`` or ``client_id``, and does not tell an
        access token from an id token: that is ours to do, behind it.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            if jwt.get_unverified_header(token).get("kid") != self._key_id:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=[_ALGORITHM],
                issuer=self.url,
                options={"require": list(_REQUIRED), "verify_aud": False},
            )
        except jwt.InvalidTokenError:
            return None
        if CLIENT_ID not in (claims.get("aud"), claims.get("client_id")):
            return None
        return {name: _wire(value) for name, value in claims.items()}


def _wire(value: object) -> str:
    """A claim as the gateway hands it over: always text, an array as ``[a b]``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{' '.join(map(_wire, value))}]"
    return str(value)
