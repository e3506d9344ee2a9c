"""What is none of ours is refused before GraphQL: by body, size, method, path, type and origin."""

import json
from collections.abc import Iterator

import pytest

from portal_api import transport
from portal_api.services.use_case import Portal
from tests.api import ORIGIN, entry_of, event_of, send
from tests.portals import ADMIN, OK, error_of
from tests.untouched import QUICK, quickest, untouchable


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A portal in which nothing is read or written, whatever is sent."""
    portal, store = untouchable()
    yield portal
    assert [] == store.touched


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
        b'{"query":"{ __typename }","variables":{"a":[' + b"0," * 5_000 + b"0]}}",
        b'{"query":"{ __typename }","variables":{"a":[' + b"[0,0]," * 2_999 + b"0]"
        b',"b":[' + b"[0,0,0,0]," * 2_999 + b"0]}}",
        b'{"query":"{ __typename }","variables":{"'
        + b'":0,"'.join(map(str.encode, map(str, range(20_001))))
        + b'":0}}',
        b'{"query":"{ __typename }","variables":' + b'{"a":' * 40_000,
        b'"' + b"\\" * 200_000,
        b'{"query":"' + b'\\"' * 120_000,
        b'{"query":"{ __typename }","unknown":"' + b'[\\"' * 80_000,
        b'{"query":"{ __typename }","variables":{"a":{"'
        + b'":0,"'.join(str(number).encode() for number in range(201))
        + b'":0}}}',
    ],
    ids=lambda body: body[:40].decode("latin-1") + f"... {len(body)}",
)
@pytest.mark.parametrize("encoded", [False, True])
def test_what_is_no_graphql_request_is_a_bad_request(
    portal: Portal, body: bytes, encoded: bool
) -> None:
    """Refused in a moment, and without repeating what was sent."""
    plain = body if encoded else body.decode("utf-8", "surrogateescape")
    entry, event = entry_of(portal), event_of(ADMIN, body=plain)
    response, seconds = quickest(lambda: entry(event))
    assert (400, "BAD_REQUEST") == error_of(response)
    assert seconds < QUICK
    assert len(response["body"]) < 400


def test_brackets_in_a_string_are_no_nesting(portal: Portal) -> None:
    """Escaped quotes do not end it."""
    body = json.dumps({"query": "{ __typename }", "unknown": '"[' * 1_000})
    assert 200 == send(portal, event_of(ADMIN, body=body))["statusCode"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json" + " " * 100_000 + "x",
        "application/json;" + " " * 100_000 + "charset",
        "application/json" + " " * 50_000 + ";" + " " * 50_000,
    ],
    ids=["blanks", "blanks before a parameter", "blanks around a semicolon"],
)
def test_a_long_content_type_is_read_at_once(portal: Portal, content_type: str) -> None:
    """Blanks that two parts of the pattern could take are not tried out."""
    event = event_of(ADMIN)
    event["headers"]["content-type"] = content_type
    entry = entry_of(portal)
    response, seconds = quickest(lambda: entry(event))
    assert 415 == response["statusCode"]
    assert seconds < QUICK


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
        entry, event = entry_of(portal), event_of(ADMIN, body=body if encoded else body.decode())
        response, seconds = quickest(lambda: entry(event))  # noqa: B023 - Called at once.
        assert status == response["statusCode"]
        assert seconds < QUICK
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


def test_several_operations_in_one_body_are_refused(portal: Portal) -> None:
    """A batch is an array, of one as of many: each operation is a request of its own."""
    for batch in ([json.loads(OK)], [json.loads(OK)] * 20, []):
        response = send(portal, event_of(ADMIN, body=json.dumps(batch)))
        assert (400, "BAD_REQUEST") == error_of(response)


def test_an_operation_name_of_any_length_is_one_that_is_not_there(portal: Portal) -> None:
    """And is not repeated in the answer."""
    for name in ("Other", "", "x" * 100_000, "__proto__"):
        body = json.dumps({"query": "query Mine { __typename }", "operationName": name})
        response = send(portal, event_of(ADMIN, body=body))
        assert '"data":null' in response["body"].replace(" ", "")
        assert "is not in the document" in response["body"]
        assert len(response["body"]) < 400
