"""The portal as its callers meet it: API Gateway events with claims, through the handler.

    portal = Portal(store, clock, new_id)
    answer = call(portal, "ind-…", "query { viewer { … } }", {"first": 10})

``call`` is for what should work: it fails on any other HTTP status than 200. ``send`` takes an
event as ``event_of`` makes it, with whatever a test changes in it, and gives what API Gateway gets.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from portal_api import handler
from portal_api.app import create_app
from portal_api.services.use_case import Portal

CLIENT_ID = "4lk8tests0client0id0"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Tests"
ORIGIN = "https://portal.example"
REQUEST_ID = "JKJaXmPLvHcESHA="


def entry_of(portal: Portal) -> handler.Entry:
    """The Lambda entry over a portal's store, clock and ids; it can serve any number of events."""
    graphql = create_app(portal.store, portal.clock, portal.new_id)
    return handler.entry_of("test", graphql, {CLIENT_ID}, {ORIGIN})


def call(
    portal: Portal, person_id: str, query: str, variables: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What GraphQL answers to a person: ``{"data": …}``, and ``errors`` where there are some."""
    response = send(portal, event_of(person_id, query, variables))
    assert 200 == response["statusCode"], response
    answer = body_of(response)
    answer.pop("extensions", None)  # What it costs: the same for everybody.
    return answer


def send(portal: Portal, event: dict[str, Any]) -> dict[str, Any]:
    """What the function hands back to API Gateway."""
    return entry_of(portal)(event)


def body_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's body, which is always a JSON object."""
    body = response["body"]
    content = json.loads(base64.b64decode(body) if response.get("isBase64Encoded") else body)
    assert isinstance(content, dict)
    return content


def event_of(
    person_id: str | None,
    query: str = "{ __typename }",
    variables: Mapping[str, Any] | None = None,
    *,
    body: str | bytes | None = None,
    encoded: bool = False,
) -> dict[str, Any]:
    """An event of an HTTP API, payload format 2.0, as API Gateway sends it to a function.

    ``body`` replaces the one made of query and variables; bytes and ``encoded`` go in base64.
    """
    content = json.dumps({"query": query, "variables": variables}) if body is None else body
    if encoded or isinstance(content, bytes):
        raw = content if isinstance(content, bytes) else content.encode()
        content, encoded = base64.b64encode(raw).decode(), True
    authorizer = {} if person_id is None else {"authorizer": {"jwt": jwt_of(person_id)}}
    return {
        "version": "2.0",
        "routeKey": "POST /graphql",
        "rawPath": "/graphql",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "authorization": "Bearer the.gateway.checked",
            "content-length": str(len(content)),
            "content-type": "application/json",
            "host": "abcdef1234.execute-api.us-east-1.amazonaws.com",
            "user-agent": "tests",
            "x-amzn-trace-id": "Root=1-67a0c5e6-3f1d2b8a9c4e7f0011223344",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdef1234",
            **authorizer,
            "domainName": "abcdef1234.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "abcdef1234",
            "http": {
                "method": "POST",
                "path": "/graphql",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "tests",
            },
            "requestId": REQUEST_ID,
            "routeKey": "POST /graphql",
            "stage": "$default",
            "time": "22/Nov/2026:10:00:00 +0000",
            "timeEpoch": 1795341600000,
        },
        "body": content,
        "isBase64Encoded": encoded,
    }


def jwt_of(person_id: str, **changed: str | None) -> dict[str, Any]:
    """The authorizer's part for an access token of Cognito, as the gateway sends it: all text."""
    claims: dict[str, str | None] = {
        "auth_time": "1795341500",
        "client_id": CLIENT_ID,
        "cognito:groups": "[SALES_REP]",
        "event_id": "8f6c2d4e-5a1b-4c3d-9e8f-7a6b5c4d3e2f",
        "exp": "1795345100",
        "iat": "1795341500",
        "iss": ISSUER,
        "jti": "0c1d2e3f-4a5b-6c7d-8e9f-0a1b2c3d4e5f",
        "origin_jti": "1d2e3f4a-5b6c-7d8e-9f0a-1b2c3d4e5f60",
        "scope": "portal/api",
        "sub": "b1c2d3e4-f5a6-4789-8abc-def012345678",
        "token_use": "access",
        "username": person_id,
        "version": "2",
        **changed,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return {"claims": kept, "scopes": None}
