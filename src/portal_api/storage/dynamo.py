"""The seam on DynamoDB: a transaction is one TransactWriteItems, a wave its requests in parallel.

PynamoDB defines the table, makes it, and carries the requests. They are built in
``dynamo_requests`` and not by its models, which would reorder a transaction and so blur which
condition failed.

A request is repeated, with full jitter, until the deadline. Each transaction has one token for all
its repetitions, so DynamoDB executes it once even when an answer was lost.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any

import tenacity
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session, get_session
from pynamodb.attributes import TTLAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.constants import PAY_PER_REQUEST_BILLING_MODE, STREAM_NEW_AND_OLD_IMAGE
from pynamodb.exceptions import PynamoDBException, TableError
from pynamodb.models import Model

from portal_api.storage.dynamo_errors import judge
from portal_api.storage.dynamo_requests import (
    Request,
    key_from_wire,
    key_of_request,
    key_to_wire,
    query_request,
    row_from_wire,
    write_request,
)
from portal_api.storage.table import (
    ConditionFailed,
    Item,
    ItemTooLarge,
    Key,
    OutcomeUnknown,
    Page,
    Query,
    StorageFailure,
    Unavailable,
    Write,
    check_reads,
    check_writes,
)

_BATCH = 100  # DynamoDB's limit for one BatchGetItem.
_JITTER_MILLISECONDS = 25
_JITTER_MILLISECONDS_MAX = 1_000


class ItemModel(Model):
    """The one table: its keys, on-demand billing, a stream of old and new images, and no index.

    ``expires_at`` (seconds since 1970) is when DynamoDB may remove an item, up to days later:
    whoever reads an item that expires compares the time itself.
    """

    class Meta:
        """What PynamoDB reads; ``DynamoEngine`` gives the name."""

        table_name = "portal"
        billing_mode = PAY_PER_REQUEST_BILLING_MODE
        stream_view_type = STREAM_NEW_AND_OLD_IMAGE

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires_at = TTLAttribute(null=True)


class _Repeat(Exception):  # It asks for another attempt and never leaves this module.
    pass


class _Request:
    """One request on its way: its last moment to be sent, and what its attempts left behind."""

    def __init__(
        self, operation: str, content: Request, until: float, attempt_seconds: int
    ) -> None:
        self.operation = operation
        self.content = content
        self.unsure = False
        self.renewed = False
        self._last_start = until - attempt_seconds

    def is_late(self, state: tenacity.RetryCallState) -> bool:
        """Say whether another attempt could outlast the deadline."""
        return time.monotonic() + state.upcoming_sleep > self._last_start

    def failure(self, code: str) -> StorageFailure:
        """Give the error to end with; it names no table, key or account."""
        if self.unsure and self.operation == "TransactWriteItems":
            return OutcomeUnknown(f"DynamoDB: {code}; an earlier attempt may have been executed")
        return Unavailable(f"DynamoDB: {code}")


def _jitter(state: tenacity.RetryCallState) -> float:
    # The system's randomness, so that copies of one memory image do not repeat in step.
    longest = _JITTER_MILLISECONDS * 2 ** min(state.attempt_number, 10)
    return secrets.randbelow(min(longest, _JITTER_MILLISECONDS_MAX)) / 1000


class _Connection(Connection):
    """A connection whose client any thread may make with the one session, under our lock."""

    @cached_property
    def session(self) -> Session:
        return get_session()


class DynamoEngine:
    """The table ``table_name``; it needs neither network nor credentials before its first use."""

    def __init__(
        self,
        table_name: str,
        region: str,
        endpoint_url: str | None = None,
        *,
        deadline_seconds: int = 10,
        connect_seconds: int = 1,
        read_seconds: int = 3,
        parallel_max: int = 32,
    ) -> None:
        """Remember where the table is.

        Args:
            table_name: Its name.
            region: Its AWS region.
            endpoint_url: Another server than the region's.
            deadline_seconds: For a whole write or wave, all repetitions and pages included. An
                attempt starts only if it can end before; the first one always does.
            connect_seconds: To connect, in one attempt.
            read_seconds: To wait for an answer, in one attempt.
            parallel_max: Requests of this process at a time; more of them queue.
        """
        self._table_name = table_name
        self._region = region
        self._endpoint_url = endpoint_url
        self._deadline_seconds = deadline_seconds
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._parallel_max = parallel_max
        self._pool = ThreadPoolExecutor(parallel_max, thread_name_prefix="dynamo")
        self._connection: Connection | None = None
        self._connecting = threading.Lock()

    def create(self) -> None:
        """Make the table unless it exists, and wait until it can be used."""
        meta = {
            "table_name": self._table_name,
            "region": self._region,
            "host": self._endpoint_url,
            "connect_timeout_seconds": self._connect_seconds,
        }
        model: type[ItemModel] = type(
            "Table", (ItemModel,), {"Meta": type("Meta", (ItemModel.Meta,), meta)}
        )
        try:
            try:
                # Switching expiry on a second time is an error, and no reason to fail here.
                model.create_table(wait=True, ignore_update_ttl_errors=True)
            except TableError as error:
                if error.cause_response_code != "ResourceInUseException":
                    raise
                model.create_table(wait=True, ignore_update_ttl_errors=True)  # Somebody was faster.
        except PynamoDBException as error:
            code = error.cause_response_code or type(error.cause).__name__
            raise Unavailable(f"DynamoDB: {code}") from error

    def read(
        self, gets: Sequence[Key], queries: Sequence[Query] = ()
    ) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
        """Read one wave, its requests in parallel; see ``Engine.read``."""
        check_reads(gets, queries)
        until = time.monotonic() + self._deadline_seconds
        keys = list(dict.fromkeys(gets))
        items: dict[Key, Item] = {}
        pages = [Page((), more=False)] * len(queries)

        def get(batch: Sequence[Key]) -> None:
            items.update(self._batch_get(batch, until))

        def query(index: int) -> None:
            pages[index] = self._query(queries[index], until)

        tasks = [partial(get, keys[at : at + _BATCH]) for at in range(0, len(keys), _BATCH)]
        tasks += [partial(query, index) for index in range(len(queries))]
        # One of them runs in this thread: most waves are a single request.
        others = [self._pool.submit(task) for task in tasks[1:]]
        for task in tasks[:1]:
            task()
        for other in others:
            other.result()
        return tuple(items.get(key) for key in gets), tuple(pages)

    def write(self, ops: Sequence[Write]) -> None:
        """Execute one transaction; see ``Engine.write``."""
        check_writes(ops)
        if not ops:
            return
        content: Request = {
            "TransactItems": [write_request(self._table_name, op) for op in ops],
            # Made once: whatever the number of attempts, DynamoDB executes them as one.
            "ClientRequestToken": secrets.token_hex(16),
            "ReturnConsumedCapacity": "NONE",
        }
        until = time.monotonic() + self._deadline_seconds
        self._send("TransactWriteItems", content, until)

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        """Do nothing: DynamoDB commits each transaction by itself."""
        yield

    def prepare(self) -> None:
        """Load botocore's descriptions of DynamoDB, which its session keeps for the client.

        The client itself comes later, since it is made with credentials.
        """
        with self._connecting:
            self._connection = connection = self._new_connection()
            connection.session.create_client(
                "dynamodb",
                region_name=self._region,
                endpoint_url=self._endpoint_url,
                config=Config(signature_version=UNSIGNED),
            ).close()

    def close(self) -> None:
        """End the threads and close the connections."""
        self._pool.shutdown()
        if self._connection is not None:
            self._connection.client.close()

    def _batch_get(self, keys: Sequence[Key], until: float) -> dict[Key, Item]:
        items: dict[Key, Item] = {}
        pending = list(keys)

        def ask(request: _Request) -> dict[str, Any]:
            asked = {"Keys": [key_to_wire(key) for key in pending], "ConsistentRead": True}
            request.content["RequestItems"] = {self._table_name: asked}
            answer = self._attempt(request)
            found = answer.get("Responses", {}).get(self._table_name, ())
            items.update(row_from_wire(attributes) for attributes in found)
            left = answer.get("UnprocessedKeys", {}).get(self._table_name, {}).get("Keys", ())
            pending[:] = [key_from_wire(attributes) for attributes in left]
            if pending:
                raise _Repeat("UnprocessedKeys")
            return answer

        content: Request = {"ReturnConsumedCapacity": "NONE"}
        self._repeat(ask, self._request("BatchGetItem", content, until))
        return items

    def _query(self, query: Query, until: float) -> Page:
        request = query_request(self._table_name, query)
        wanted = None if query.limit is None else query.limit + 1  # One more tells whether it ends.
        rows: list[tuple[Key, Item]] = []
        while request is not None:
            if wanted is not None:
                request["Limit"] = wanted - len(rows)
            answer = self._send("Query", request, until)
            rows += [row_from_wire(attributes) for attributes in answer["Items"]]
            last = answer.get("LastEvaluatedKey")
            if not last or (wanted is not None and len(rows) >= wanted):
                break
            request = {**request, "ExclusiveStartKey": last}
        found = tuple(rows[: query.limit])
        return Page(found, more=len(rows) > len(found))

    def _request(self, operation: str, content: Request, until: float) -> _Request:
        return _Request(operation, content, until, self._connect_seconds + self._read_seconds)

    def _send(self, operation: str, content: Request, until: float) -> dict[str, Any]:
        return self._repeat(self._attempt, self._request(operation, content, until))

    def _repeat(
        self, attempt: Callable[[_Request], dict[str, Any]], request: _Request
    ) -> dict[str, Any]:
        retrying = tenacity.Retrying(
            stop=request.is_late,
            wait=_jitter,
            retry=tenacity.retry_if_exception_type(_Repeat),
            reraise=True,
        )
        try:
            return retrying(attempt, request)
        except _Repeat as error:
            raise request.failure(str(error)) from error

    def _attempt(self, request: _Request) -> dict[str, Any]:
        try:
            return self._dispatch(request.operation, request.content)
        except (BotoCoreError, ClientError) as error:
            cause = judge(error)
            match cause.verdict:
                case "condition":
                    raise ConditionFailed(frozenset(cause.positions)) from error
                case "size":
                    member = request.content["TransactItems"][cause.positions[0]]
                    raise ItemTooLarge(key_of_request(member)) from error
                case "mistake":
                    raise ValueError(f"DynamoDB does not take this: {error}") from error
                case "renew" if not request.renewed:
                    request.renewed = True
                    self._connection = None
                case "renew" | "unavailable":
                    raise request.failure(cause.code) from error
                case "unsure" | "again":
                    request.unsure |= cause.verdict == "unsure"
            raise _Repeat(cause.code) from error

    def _dispatch(self, operation: str, content: Request) -> dict[str, Any]:
        answer: dict[str, Any] = self._connected().dispatch(operation, content)
        return answer

    def _connected(self) -> Connection:
        with self._connecting:
            # Another thread may drop it at any moment, to have it made anew.
            connection = self._connection or self._new_connection()
            # Makes the client, which two threads must not do at once.
            _ = connection.client
            self._connection = connection
            return connection

    def _new_connection(self) -> Connection:
        return _Connection(
            region=self._region,
            host=self._endpoint_url,
            connect_timeout_seconds=self._connect_seconds,
            read_timeout_seconds=self._read_seconds,
            # The repetitions are ours: botocore knows neither the deadline nor the reasons.
            retry_configuration={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=self._parallel_max,
        )
