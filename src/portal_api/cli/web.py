"""One request over HTTP, as the commands need it: secure, or to this machine."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

_SECONDS: Final = 35  # API Gateway gives up at 30.
_HERE: Final = {"localhost", "127.0.0.1"}


class NoAnswer(Exception):
    """There was no answer of use; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body; raises ``NoAnswer`` for another than JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise NoAnswer(f"The answer, of status {self.status}, is not JSON.") from None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Sends a body; follows no redirect. Raises ``NoAnswer``."""
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https" and parts.hostname:
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=_SECONDS)
    elif parts.scheme == "http" and parts.hostname in _HERE:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_SECONDS)
    else:
        raise NoAnswer(f"{url} is no https address.")
    try:
        connection.request("POST", parts.path or "/", body, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.read())
    except (OSError, http.client.HTTPException) as problem:
        raise NoAnswer(f"{parts.netloc} does not answer: {problem}") from problem
    finally:
        connection.close()
