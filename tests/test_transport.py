"""What is none of ours is refused before GraphQL: by body, size, method, path, type and origin."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal_api import transport
from portal_api.services.use_case import Portal
from tests.api import ORIGIN, event_of, send
from tests.portals import ADMIN, OK, error_of, opened


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """A portal with two of the vendor's people."""
    with opened(tmp_path) as portal:
        yield portal


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"x"',
        b"true",
        b"[]",
        b"[" + OK + b"]",
        b"{}",
        b"query { __typename }",
        OK[:-1],
        OK + b"x",
        OK + OK,
        b"\xef\xbb\xbf" + OK,
        OK.decode().encode("utf-16"),
        b'{"query":"{ __typename \xff }"}',
        b'{"query":"{ __typename }","unknown":"\xff"}',
        b'{"query":"\\ud800"}',
        b'{"query":null}',
        b'{"query":5}',
        b'{"query":["{ __typename }"]}',
        b'{"query":""}',
        b'{"query":" \\n"}',
        b'{"query":"{ __typename }","variables":[]}',
        b'{"query":"{ __typename }","variables":"{}"}',
        b'{"query":"{ __typename }","variables":5}',
        b'{"query":"{ __typename }","operationName":5}',
        b'{"query":"{ __typename }","operationName":{}}',
        b'{"query":"{ __typename }","variables":{"a":NaN}}',
        b'{"query":"{ __typename }","variables":{"a":-Infinity}}',
        b'{"query":"{ __typename }","unknown":NaN}',
        b'{"query":"{ __typename }","variables":{"a":1e999}}',
        b'{"query":"{ __typename }","variables":{"a":' + b"9" * 5_000 + b"}}",
        b'{"query":"{ __typename }","variables":{"a":-' + b"9" * 60 + b"}}",
        b'{"query":"{ __typename }","variables":{"a":' + b"[" * 51 + b"]" * 51 + b"}}",
        b'{"query":"{ __typename }","variables":' + b'{"a":' * 3_000 + b"1" + b"}" * 3_000 + b"}",
        b'{"query":"{ __typename }","unknown":' + b"[" * 3_000 + b"]" * 3_000 + b"}",
        b"[" * 3_000 + b"]" * 3_000,
        b"[" * 200_000,
        b'{"query":"' + b"a" * 70_000 + b'"}',
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_what_is_no_graphql_request_is_a_bad_request(
    portal: Portal, body: bytes, encoded: bool
) -> None:
    """Refused in a moment, and without repeating what was sent."""
    plain = body if encoded else body.decode("utf-8", "surrogateescape")
    send(portal, event_of(ADMIN))  # The schema is built once in a process, not by what is timed.
    started = time.process_time()
    response = send(portal, event_of(ADMIN, body=plain))
    assert (400, "BAD_REQUEST") == error_of(response)
    assert time.process_time() - started < 0.25
    assert len(response["body"]) < 400


def test_what_is_not_base64_is_a_bad_request(portal: Portal) -> None:
    for body in ("%%%", "e30", "e30=\n", "é"):
        event = event_of(ADMIN) | {"body": body, "isBase64Encoded": True}
        assert (400, "BAD_REQUEST") == error_of(send(portal, event)), body


def test_an_event_without_a_body_is_a_bad_request(portal: Portal) -> None:
    event = event_of(ADMIN)
    del event["body"]
    assert (400, "BAD_REQUEST") == error_of(send(portal, event))


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_over_the_limit_is_too_large(portal: Portal, encoded: bool) -> None:
    limit = transport.MAX_BODY_BYTES
    largest = OK + b" " * (limit - len(OK))
    for body, status in ((largest, 200), (largest + b" ", 413), (largest * 8, 413)):
        event = event_of(ADMIN, body=body if encoded else body.decode())
        response = send(portal, event)
        assert status == response["statusCode"]
        if status == 413:
            assert (413, "BODY_TOO_LARGE") == error_of(response)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_not_allowed(portal: Portal, method: str) -> None:
    event = event_of(ADMIN) | {"rawQueryString": "query=%7B__typename%7D"}
    event["requestContext"]["http"]["method"] = method
    response = send(portal, event)
    assert (405, "METHOD_NOT_ALLOWED") == error_of(response)
    assert "POST" == response["headers"]["allow"]


@pytest.mark.parametrize("path", ["/", "/graphql/", "/graphiql", "/graphql/x", "/prod/graphql"])
def test_another_path_is_not_found(portal: Portal, path: str) -> None:
    event = event_of(ADMIN)
    event["requestContext"]["http"]["path"] = path
    assert (404, "NOT_FOUND") == error_of(send(portal, event))


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ('application/json;charset="UTF-8"', 200),
        ("application/json; charset=latin-1", 415),
        ("application/graphql", 415),
        ("text/plain", 415),
        ("text/plain; application/json", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
        (None, 415),
    ],
)
def test_only_json_is_taken(portal: Portal, content_type: str | None, status: int) -> None:
    event = event_of(ADMIN)
    del event["headers"]["content-type"]
    if content_type is not None:
        event["headers"]["Content-Type"] = content_type
    response = send(portal, event)
    assert status == response["statusCode"]
    if status == 415:
        assert (415, "UNSUPPORTED_MEDIA_TYPE") == error_of(response)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        (ORIGIN, 200),
        ("https://elsewhere.example", 403),
        ("https://portal.example.elsewhere.example", 403),
        ("null", 403),
    ],
)
def test_a_page_of_another_site_is_refused(portal: Portal, origin: str | None, status: int) -> None:
    event = event_of(ADMIN)
    if origin is not None:
        event["headers"]["origin"] = origin
    assert status == send(portal, event)["statusCode"]
