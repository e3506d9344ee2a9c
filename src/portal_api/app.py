"""The composition root: the GraphQL app made of its parts, and the real clock, ids and stores."""

import functools
import logging
import secrets
from collections.abc import Callable, Container, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, Protocol

import strawberry
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult

from portal_api import metrics, transport
from portal_api.domain import ids
from portal_api.schema import build_schema
from portal_api.schema.context import Context
from portal_api.schema.errors import typed
from portal_api.services.store import Store
from portal_api.services.use_case import Portal
from portal_api.settings import DynamoPlace, Place, SqlitePlace
from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore

Clock = Callable[[], datetime]
NewId = Callable[[], str]

CALLER: Final = "portal.caller"
"""Where the handler leaves ``subject`` and ``requestId`` of whom it has checked, in the event."""

_COUNTED: Final[Mapping[object, str]] = {
    "INTERNAL": metrics.UNEXPECTED_ERRORS,
    "TRY_AGAIN": metrics.STORE_UNAVAILABLE,
}
"""The metric of each code that somebody on call should know of."""
_log = logging.getLogger(__name__)


class App(Protocol):
    """An ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        ...


def create_app(
    store: Store,
    clock: Clock,
    new_id: NewId,
    *,
    introspection: bool = False,
    private_origins: Container[str] = frozenset(),
) -> App:
    """The GraphQL app on a store; behind ``handler``, which checks every request before.

    For development, ``introspection``: the schema answers questions about itself; and
    ``private_origins`` may be webhook endpoints.
    """
    portal = Portal(store, clock, new_id, private_origins=private_origins)
    return _View(_schema(introspection=introspection), portal)


def open_store(place: Place, *, create: bool = False) -> TableStore:
    """The store at a place; ``create`` makes file or table where they are missing."""
    engine: SqliteEngine | DynamoEngine
    match place:
        case SqlitePlace(path):
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            engine = SqliteEngine(path)
        case DynamoPlace(table, region, endpoint_url):
            engine = DynamoEngine(table, region, endpoint_url)
    if create:
        engine.create()
    return TableStore(engine)


def portal_at(place: Place) -> Portal:
    """The portal on the store at a place, with the real clock and new ids."""
    return Portal(open_store(place), system_clock, new_id)


def system_clock() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - This is the clock that is handed in everywhere.


def id_maker(clock: Clock, random_bits: Callable[[int], int]) -> NewId:
    """Makes ids that sort by time: 48 bits of milliseconds and 52 random bits, in 20 characters."""

    def new_id() -> str:
        return ids.timed(clock(), random_bits(ids.MORE_BITS))

    return new_id


new_id = id_maker(system_clock, secrets.randbits)


@functools.cache
def _schema(*, introspection: bool = False) -> strawberry.Schema:
    """The schema, which holds nothing of a request and is therefore one for all apps."""
    return build_schema(introspection=introspection)


def printed_schema() -> str:
    """The schema as SDL."""
    return _schema().as_str() + "\n"


class _View(GraphQL[Context, None]):
    """Strawberry's ASGI view without its page, queries by GET, sockets and plain-text errors."""

    def __init__(self, schema: strawberry.Schema, portal: Portal) -> None:
        super().__init__(
            schema, graphql_ide=None, allow_queries_via_get=False, subscription_protocols=()
        )
        self._portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; whatever goes wrong becomes the one shape of errors."""
        request = Request(scope, receive)
        request_id = _caller(request)["requestId"]
        try:
            response = await self.run(request)
        except HTTPException as refused:
            response = _error(refused.status_code, "BAD_REQUEST", refused.reason, request_id)
        except Exception as error:  # noqa: BLE001 - Anything is masked the same.
            _log.error("unexpected error", exc_info=error)
            metrics.count(metrics.UNEXPECTED_ERRORS)
            status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL"
            response = _error(status, code, transport.MASKED, request_id)
        await response(scope, receive, send)

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,
    ) -> Context:
        """A context of its own for every request."""
        caller = _caller(request)
        return Context(self._portal, caller["subject"], caller["requestId"])

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        """The answer, each of its errors with a code and the request id: also those of syntax.

        What is not answered at all has one error; beside an answer there is one for each field
        that is missing from it, as far as ``errors.bound`` has left them.
        """
        if result.errors:
            request_id = _caller(request)["requestId"]
            errors = [typed(error, request_id) for error in result.errors]
            for error in errors:
                if (counted := _COUNTED.get(_code_of(error.formatted))) is not None:
                    metrics.count(counted)
            result.errors = errors[:1] if result.data is None else errors
        return await super().process_result(request, result)

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """The answer; 401 where the store knows nobody who may act under the token's subject."""
        response = super().create_response(response_data, sub_response)
        told = {} if isinstance(response_data, list) else response_data
        errors = [] if told.get("data") else told.get("errors") or []
        if any(_code_of(error) == "UNAUTHENTICATED" for error in errors):
            response.status_code = HTTPStatus.UNAUTHORIZED
        return response


def _code_of(error: object) -> object:
    """The code of one error of an answer."""
    extensions = error.get("extensions") if isinstance(error, Mapping) else None
    return extensions.get("code") if isinstance(extensions, Mapping) else None


def _caller(request: Request | WebSocket) -> dict[str, str]:
    caller: dict[str, str] = request.scope["aws.event"][CALLER]
    return caller


def _error(status: int, code: str, message: str, request_id: str) -> Response:
    body = transport.error_body(code, message, request_id)
    return Response(body, status, media_type="application/json")
