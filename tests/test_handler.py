"""The Lambda entry takes real event shapes, knows who asks, masks errors and logs no person."""

import base64
import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portal_api import app, handler, logs
from portal_api.services.store import StoreUnavailable
from portal_api.services.use_case import Portal
from portal_api.storage.store import TableStore
from tests.api import REQUEST_ID, body_of, call, entry_of, event_of, send
from tests.portals import ADMIN, NAME, NOW, OK, OTHER, error_of, opened


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """A portal with two of the vendor's people."""
    with opened(tmp_path) as portal:
        yield portal


@pytest.mark.parametrize("encoded", [False, True])
def test_a_query_is_answered(portal: Portal, encoded: bool) -> None:
    """API Gateway sends a body plain or in base64."""
    response = send(portal, event_of(ADMIN, NAME, encoded=encoded))
    assert 200 == response["statusCode"]
    assert {"viewer": {"individual": {"name": "Ada"}}} == body_of(response)["data"]
    assert "application/json" == response["headers"]["content-type"]
    assert "no-store" == response["headers"]["cache-control"]


def test_variables_and_the_operation_name_arrive(portal: Portal) -> None:
    body = {
        "query": "query A { __typename } query B($i: ID!) { node(id: $i) { id } }",
        "operationName": "B",
        "variables": {"i": "x"},
        "extensions": {"persistedQuery": [1]},
        "unknown": None,
    }
    response = send(portal, event_of(ADMIN, body=json.dumps(body)))
    assert {"node": None} == body_of(response)["data"]


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "# nothing",
        "{ nothing }",
        "subscription { nothing }",
        "query($a: Nothing) { viewer { role } }",
        "query A { viewer { role } } query B { viewer { role } }",
    ],
)
def test_a_document_that_cannot_be_run_is_refused_with_code_and_request_id(
    portal: Portal, query: str
) -> None:
    """Also what does not parse, and two operations of which none is named."""
    answer = body_of(send(portal, event_of(ADMIN, query)))
    assert answer["data"] is None
    assert {"code": "BAD_REQUEST", "requestId": REQUEST_ID} == answer["errors"][0]["extensions"]


def test_the_stage_may_stand_before_the_path(portal: Portal) -> None:
    event = event_of(ADMIN)
    event["requestContext"] |= {"stage": "prod"}
    event["requestContext"]["http"]["path"] = "/prod/graphql"
    assert 200 == send(portal, event)["statusCode"]


def test_without_an_access_token_nothing_is_answered(portal: Portal) -> None:
    """The body is not even looked at."""
    for body in (OK.decode(), "null"):
        response = send(portal, event_of(None, body=body))
        assert (401, "UNAUTHENTICATED") == error_of(response)
        assert "Bearer" == response["headers"]["www-authenticate"]


def test_a_token_of_somebody_unknown_is_unauthenticated(portal: Portal) -> None:
    """The token is good, and the store knows nobody of that id who may act."""
    response = send(portal, event_of("ind-nobody", NAME))
    assert 401 == response["statusCode"]
    codes = {error["extensions"]["code"] for error in body_of(response)["errors"]}
    assert {"UNAUTHENTICATED"} == codes


def failing(portal: Portal, error: Exception) -> Portal:
    """The portal on a store that cannot read."""

    class Broken(TableStore):
        def read(self, wants: Any) -> Any:
            raise error

    return Portal(Broken(portal.store._engine), portal.clock, portal.new_id)  # type: ignore[attr-defined]


def test_a_store_that_is_away_asks_to_try_again(portal: Portal) -> None:
    response = send(
        failing(portal, StoreUnavailable("throttled in portal-table")), event_of(ADMIN, NAME)
    )
    (error,) = body_of(response)["errors"]
    assert "TRY_AGAIN" == error["extensions"]["code"]
    assert "portal-table" not in response["body"]


def test_an_unexpected_error_is_masked(portal: Portal) -> None:
    response = send(failing(portal, RuntimeError("secret of Ada")), event_of(ADMIN, NAME))
    assert "secret" not in response["body"]
    (error,) = body_of(response)["errors"]
    assert REQUEST_ID == error["extensions"]["requestId"]


def test_an_error_around_graphql_is_masked_too(portal: Portal, lines: "Lines") -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("secret of Ada")

    entry = handler.Entry(broken, frozenset({"4lk8tests0client0id0"}), frozenset(), lines.logger)
    response = entry(event_of(ADMIN))
    assert 500 == response["statusCode"]
    assert "secret" not in response["body"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("a" * 5_499_998, 200),
        ("a" * 5_499_999, 422),
        ('"' * 2_800_000, 422),  # Lambda hands a body on as a string of JSON.
        ("é" * 800_000, 200),
        ("é" * 1_000_000, 422),
    ],
)
def test_an_answer_that_lambda_cannot_hand_on_says_so(
    lines: "Lines", body: str, status: int
) -> None:
    """Lambda itself would fail without a word of why."""

    async def large(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})

    entry = handler.Entry(large, frozenset({"4lk8tests0client0id0"}), frozenset(), lines.logger)
    response = entry(event_of(ADMIN))
    assert status == response["statusCode"]
    assert len(json.dumps(response)) < 6_000_000
    if status != 200:
        assert (422, "ANSWER_TOO_LARGE") == error_of(response)
        assert "smaller pages" in response["body"]


class Lines:
    """What the logger writes, as records."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.logger = logs.logger("test")
        for known in self.logger.handlers:
            assert isinstance(known, logging.StreamHandler)
            known.setStream(self.stream)

    def written(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The log, kept from the terminal."""
    kept = Lines()
    yield kept
    for known in kept.logger.handlers:
        assert isinstance(known, logging.StreamHandler)
        known.setStream(sys.stdout)


def test_one_line_is_logged_and_names_no_person(portal: Portal, lines: Lines) -> None:
    body = {
        "query": "query Home($m: String) { viewer { individual { name email } } }",
        "operationName": "Home",
        "variables": {"m": "7500.00"},
    }
    send(portal, event_of(ADMIN, body=json.dumps(body)))
    (line,) = lines.written()
    assert "Home" == line["operation"]
    assert 200 == line["status"]
    assert REQUEST_ID == line["correlation_id"]
    assert isinstance(line["duration_ms"], int)
    for secret in ("Ada", "@", ADMIN, "7500", "Bearer", "203.0.113"):
        assert secret not in json.dumps(line)


def test_a_client_cannot_write_into_the_log(portal: Portal, lines: Lines) -> None:
    body = {"query": "{ __typename }", "operationName": "Ada earned 7500.00\n{}"}
    send(portal, event_of(ADMIN, body=json.dumps(body)))
    (line,) = lines.written()
    assert line.get("operation") is None


def test_an_unexpected_error_is_logged_without_its_message(portal: Portal, lines: Lines) -> None:
    """A message may quote a person's data; type and places in the code are enough to find it."""
    send(failing(portal, RuntimeError("secret of Ada")), event_of(ADMIN, NAME))
    text = lines.stream.getvalue()
    assert "secret" not in text
    assert "RuntimeError" in text
    assert REQUEST_ID in text


def test_a_warm_environment_keeps_nothing_of_a_caller(portal: Portal, lines: Lines) -> None:
    entry = entry_of(portal)
    names = []
    for person in (ADMIN, OTHER, ADMIN):
        answer = body_of(entry(event_of(person, NAME)))
        names.append(answer["data"]["viewer"]["individual"]["name"])
        assert 401 == entry(event_of(None, NAME))["statusCode"]
    assert ["Ada", "Otto", "Ada"] == names
    assert {} == entry.logger.thread_safe_get_current_keys()


def test_an_incomplete_environment_is_one_masked_error(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.delenv("PORTAL_STAGE", raising=False)
    handler._opened.cache_clear()
    response = handler.handler(event_of(ADMIN), None)
    assert (500, "INTERNAL") == error_of(response)
    assert "PORTAL" not in response["body"]
    assert "PORTAL_STAGE is missing" in lines.stream.getvalue()


def test_the_function_serves_what_its_environment_names(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_STAGE", "dev")
    monkeypatch.setenv("PORTAL_STORE", str(tmp_path / "portal.sqlite"))
    monkeypatch.setenv("PORTAL_TOKEN_CLIENT_IDS", "4lk8tests0client0id0")
    handler._opened.cache_clear()
    try:
        answer = body_of(handler.handler(event_of(ADMIN, NAME), None))
        assert "Ada" == answer["data"]["viewer"]["individual"]["name"]
    finally:
        handler._opened.cache_clear()


def test_importing_the_handler_touches_nothing() -> None:
    """No environment is read, and nothing random is drawn, before the first request."""
    program = """
import os, random, secrets, sys
before = random.getstate()
def refuse(*_): raise AssertionError("drawn while importing")
secrets.randbits = secrets.token_bytes = secrets.token_hex = refuse
import portal_api.handler
assert portal_api.handler._opened.cache_info().currsize == 0
assert random.getstate() == before
assert "portal_api.dev" not in sys.modules and "jwt" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)


def test_ids_sort_by_time_and_hold_twenty_characters() -> None:
    instants = [NOW, NOW + timedelta(milliseconds=1), NOW + timedelta(days=9_000)]
    bits: Callable[[int], int]
    ids = []
    for bits in (lambda count: 2**count - 1, lambda count: 0):
        makers = [app.id_maker(lambda at=at: at, bits) for at in instants]  # type: ignore[misc]
        ids.append([make() for make in makers])
    highest, lowest = ids
    assert {20} == {len(one) for one in (*highest, *lowest)}
    assert lowest[0] < highest[0] < lowest[1] < highest[1] < lowest[2]
    assert set("0123456789abcdefghjkmnpqrstvwxyz") >= set("".join(highest + lowest))


def test_the_events_body_may_be_any_valid_base64(portal: Portal) -> None:
    body = base64.b64encode(json.dumps({"query": NAME}).encode()).decode()
    event = event_of(ADMIN) | {"body": body, "isBase64Encoded": True}
    assert "Ada" == body_of(send(portal, event))["data"]["viewer"]["individual"]["name"]


def test_call_is_the_short_way_for_other_tests(portal: Portal) -> None:
    expected = {"data": {"viewer": {"individual": {"name": "Otto"}}}}
    assert expected == call(portal, OTHER, NAME)
