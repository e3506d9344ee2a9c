"""The Lambda entry: an event of an API Gateway HTTP API in, its answer out.

The app is built once, before the snapshot or else by the first request: neither this nor importing
this module makes anything that is random, dated or authenticated, so two environments from one
snapshot share nothing that they must not.
"""

import asyncio
import functools
import gc
import json
import logging
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

from aws_lambda_powertools import Logger
from mangum import Mangum
from mangum.types import LambdaContext

from portal_api import app, auth, logs, metrics, settings, snapshots, transport
from portal_api.auth import Caller
from portal_api.storage.store import TableStore
from portal_api.transport import Operation, Refused

_HEADERS: Final = {
    "cache-control": "no-store",
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
}
_MAX_ANSWER_BYTES: Final = 5_500_000
"""Of what is handed back; Lambda itself fails, without a word of why, beyond 6 MB."""
_CONTEXT: Final = cast("LambdaContext", None)
"""Mangum hands the context on to the app, which has no use for it."""
_REHEARSAL: Final = """query Rehearsal($skipped: Boolean!) {
  __typename
  viewer @skip(if: $skipped) { individual { name } }
}"""
"""It is parsed, validated and executed like any other, and reads nothing."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One environment's way in. It holds nothing of any request, so callers cannot meet in it."""

    app: app.App
    token_client_ids: Container[str]
    allowed_origins: Container[str]
    logger: Logger

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answers one event and logs one line about it."""
        started = time.monotonic()
        request_id = _request_id(event)
        self.logger.thread_safe_append_keys(correlation_id=request_id)
        try:
            operation_name, answer = self._served(event, request_id)
            self.logger.info(
                "request",
                operation=operation_name,
                status=answer["statusCode"],
                duration_ms=round((time.monotonic() - started) * 1000),
            )
            return answer
        finally:
            self.logger.thread_safe_clear_keys()

    def _served(
        self, event: Mapping[str, Any], request_id: str
    ) -> tuple[str | None, dict[str, Any]]:
        """The operation's name, as far as it is known, and the answer."""
        operation_name: str | None = None
        try:
            transport.check_route(event, self.allowed_origins)
            caller = self._caller(event)
            operation = transport.operation_of(event)
            operation_name = operation.loggable_name
            return operation_name, self._answer(event, operation, caller.subject, request_id)
        except Refused as refused:
            return operation_name, _refusal(refused, request_id)
        except Exception as error:  # noqa: BLE001 - Anything is masked the same.
            _log.error("unexpected error", exc_info=error)
            metrics.count(metrics.UNEXPECTED_ERRORS)
            return operation_name, _masked(request_id)

    def _caller(self, event: Mapping[str, Any]) -> Caller:
        """Whom the token was given to; raises ``Refused``."""
        caller = auth.caller_of(event, self.token_client_ids)
        if caller is None:
            message = "An access token of the portal is needed."
            raise Refused(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", message)
        return caller

    def _answer(
        self, event: Mapping[str, Any], operation: Operation, subject: str, request_id: str
    ) -> dict[str, Any]:
        """What GraphQL answers to a checked request of a known caller."""
        checked = {
            **event,
            "headers": {"content-type": "application/json"},
            "cookies": [],
            "rawQueryString": "",
            "body": operation.body(),
            "isBase64Encoded": False,
            app.CALLER: {"subject": subject, "requestId": request_id},
        }
        # A loop of its own for each request: nothing of a request can go on in the next one.
        with asyncio.Runner() as runner:
            asyncio.set_event_loop(runner.get_loop())
            try:
                # Made here, since without a loop Mangum makes one that nobody closes.
                answer: dict[str, Any] = Mangum(self.app, lifespan="off")(checked, _CONTEXT)
            finally:
                asyncio.set_event_loop(None)
        _check_size(answer)
        return {**answer, "headers": {**answer.get("headers", {}), **_HEADERS}}

    def rehearse(self) -> None:
        """Answers a query of nobody, so that the first real one finds everything in place.

        Raises ``RuntimeError`` where it is not answered.
        """
        http = {"method": "POST", "path": transport.PATH, "sourceIp": "127.0.0.1"}
        event = {"version": "2.0", "rawPath": transport.PATH, "requestContext": {"http": http}}
        operation = Operation(_REHEARSAL, {"skipped": True}, None)
        answer = self._answer(event, operation, "nobody", "rehearsal")
        if json.loads(answer["body"]).get("data") != {"__typename": "Query"}:
            raise RuntimeError("The rehearsal was not answered.")


def _check_size(answer: Mapping[str, Any]) -> None:
    """Raises ``Refused`` where Lambda could not hand the answer on.

    What counts is the body as a string of JSON, in which no character becomes more than six.
    """
    body = answer["body"]
    if len(body) * 6 > _MAX_ANSWER_BYTES and len(json.dumps(body)) > _MAX_ANSWER_BYTES:
        text = (
            f"The answer is larger than {_MAX_ANSWER_BYTES / 1_000_000} MB: ask for smaller pages,"
            " or less in one request. What a mutation has changed stays changed."
        )
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "ANSWER_TOO_LARGE", text)


def entry_of(
    stage: str, graphql: app.App, token_client_ids: Container[str], allowed_origins: Container[str]
) -> Entry:
    """The way in to an app, with this process's logger, whose lines name the ``stage``."""
    return Entry(graphql, token_client_ids, allowed_origins, logs.logger(stage))


@functools.cache
def _opened() -> tuple[Entry, TableStore]:
    """This environment's entry and store, from its settings; raises ``SettingsError``."""
    known = settings.from_environment()
    store = app.open_store(known.place)
    graphql = app.create_app(
        store, app.system_clock, app.new_id, private_origins=known.private_origins
    )
    entry = entry_of(known.stage, graphql, known.token_client_ids, known.allowed_origins)
    return entry, store


def _prepare() -> None:
    """Does beforehand what every first request needs, without network and credentials.

    Raises ``SettingsError`` or ``RuntimeError`` where no request could be answered.
    """
    entry, store = _opened()
    entry.rehearse()
    store.prepare()
    gc.freeze()  # All of this stays: no collection has to look through it again.


snapshots.prepare_by(_prepare)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers one event of an API Gateway HTTP API, payload format 2.0."""
    try:
        entry, _ = _opened()
    except settings.SettingsError as wrong:
        logs.logger("unknown").error(str(wrong))
        metrics.count(metrics.UNEXPECTED_ERRORS)
        return _masked(_request_id(event))
    return entry(event)


def _request_id(event: Mapping[str, Any]) -> str:
    """The gateway's id of this request."""
    context = event.get("requestContext")
    found = context.get("requestId") if isinstance(context, Mapping) else None
    return found if isinstance(found, str) else "unknown"


def _refusal(refused: Refused, request_id: str) -> dict[str, Any]:
    headers = dict(_HEADERS)
    if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = "POST"
    if refused.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    body = transport.error_body(refused.code, refused.message, request_id)
    return {
        "statusCode": int(refused.status),
        "headers": headers,
        "body": body,
        "isBase64Encoded": False,
    }


def _masked(request_id: str) -> dict[str, Any]:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _refusal(Refused(status, "INTERNAL", transport.MASKED), request_id)
