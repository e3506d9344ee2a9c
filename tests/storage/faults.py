"""Faults of DynamoDB and of the way to it, put where botocore would send the requests."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Send = Callable[[str, dict[str, Any]], dict[str, Any]]
Fault = Callable[[Send, str, dict[str, Any]], dict[str, Any]]


def before(error: Exception) -> Fault:
    """Fail instead of sending."""

    def fail(send: Send, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        raise error

    return fail


def after(error: Exception) -> Fault:
    """Send, and lose the answer."""

    def fail(send: Send, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        send(operation, content)
        raise error

    return fail


def answered(code: str, *reasons: str, status: int = 400, message: str = "") -> ClientError:
    response: dict[str, Any] = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
        "CancellationReasons": [{"Code": reason, "Message": message} for reason in reasons],
    }
    return ClientError(response, "TransactWriteItems")  # type: ignore[arg-type]


def cancelled(*reasons: str) -> ClientError:
    return answered("TransactionCanceledException", *reasons)


class Faults:
    """What happens to the next requests; the last fault may go on for ever."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.script: list[Fault] = []
        self.for_ever: Fault | None = None
        self.sent: list[str] = []

    def __call__(self, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        self.sent.append(json.dumps(content))
        fault = self.script.pop(0) if self.script else self.for_ever
        return fault(self.send, operation, content) if fault else self.send(operation, content)
