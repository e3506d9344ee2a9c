"""An API Gateway HTTP API on this machine: checks tokens, makes events, asks the function."""

import base64
import re
import secrets
from collections.abc import Callable, Container, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from portal_api.auth import SCOPE
from portal_api.dev.tokens import Issuer
from portal_api.transport import PATH

Function = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""The function behind the gateway: an event in, an answer out."""

HOST: Final = "127.0.0.1"
_LOCAL_ORIGIN: Final = r"http://(localhost|127\.0\.0\.1)(:\d{1,5})?"
_MAX_BODY_BYTES: Final = 10 * 1024 * 1024  # Of an HTTP API; the portal's own limit is far below.


class LocalOrigins(Container[str]):
    """Every site on this machine."""

    def __contains__(self, origin: object) -> bool:
        """Whether it is one."""
        return isinstance(origin, str) and re.fullmatch(_LOCAL_ORIGIN, origin) is not None


def gateway(function: Function, issuer: Issuer, page: Callable[[], str]) -> Starlette:
    """The gateway before a function; ``page`` is what a browser gets at its root.

    The page holds tokens, so nothing but this machine's own names is answered.
    """

    async def graphql(request: Request) -> Response:
        content = await request.body()
        if len(content) > _MAX_BODY_BYTES:
            return JSONResponse({"message": "Request Entity Too Large"}, 413)
        claims = issuer.claims_of(request.headers.get("authorization"))
        if claims is None:
            return JSONResponse({"message": "Unauthorized"}, 401, {"www-authenticate": "Bearer"})
        answer = await run_in_threadpool(function, event_of(request, content, claims))
        body = answer["body"]
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        return Response(content, answer["statusCode"], answer["headers"])

    async def root(_: Request) -> Response:
        return HTMLResponse(page(), headers={"cache-control": "no-store"})

    return Starlette(
        routes=[Route(PATH, graphql, methods=["GET", "POST", "PUT"]), Route("/", root)],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(
                CORSMiddleware,
                allow_origin_regex=_LOCAL_ORIGIN,
                allow_methods=["POST"],
                allow_headers=["authorization", "content-type"],
            ),
        ],
    )


def event_of(request: Request, content: bytes, claims: Mapping[str, str]) -> dict[str, Any]:
    """The event that an HTTP API makes of a request, payload format 2.0."""
    now = datetime.now(UTC)  # noqa: TID251 - As the gateway does it.
    body, encoded = _body(content)
    host = request.headers.get("host", "")
    client = request.client.host if request.client else HOST
    return {
        "version": "2.0",
        "routeKey": f"POST {PATH}",
        "rawPath": request.url.path,
        "rawQueryString": request.url.query,
        "headers": dict(request.headers),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "authorizer": {"jwt": {"claims": dict(claims), "scopes": [SCOPE]}},
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": request.method,
                "path": request.url.path,
                "protocol": "HTTP/1.1",
                "sourceIp": client,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": secrets.token_urlsafe(11),
            "routeKey": f"POST {PATH}",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def _body(content: bytes) -> tuple[str, bool]:
    """The body as text, or in base64 where it is none."""
    try:
        return content.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(content).decode(), True
