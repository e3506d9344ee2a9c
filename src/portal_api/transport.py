"""What may reach GraphQL: the request in an event of the gateway, checked before all else.

Everything wrong is refused here with one HTTP status and one error in GraphQL's own shape, without
echoing what was sent. What passes is made anew from its checked parts, so that no header, no
unknown member and no odd encoding of the original goes further.
"""

import base64
import binascii
import json
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec

PATH: Final = "/graphql"
MAX_BODY_BYTES: Final = 256 * 1024
MAX_QUERY_CHARACTERS: Final = 64 * 1024
MAX_DEPTH: Final = 50
MASKED: Final = "Something went wrong on our side."
MAX_INTEGER: Final = 10**40
"""No number of a variable is larger; which numbers a field takes is the schema's to say."""
MAX_ITEMS: Final = 5_000
"""No list of a variable is longer; how long each may be is the schema's to say."""
MAX_MEMBERS: Final = 200
"""No object of a variable has more: no input has half as many, and each unknown one is looked up
among all of the known."""
MAX_VALUES: Final = 20_000
"""So many texts, numbers, lists and objects are in all variables together, at most."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string, also one that does not end, which is then all of the rest: it is read only once."""
_BRACKET = re.compile(rb"[\[\]{}]")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,79}")
_CONTENT_TYPE = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)


class Refused(Exception):
    """The request is not one for GraphQL: a status, and a sentence for who wrote the client."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """A refusal without any part of the request in it."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class _Body(msgspec.Struct, frozen=True):
    """The members that are read; others, such as ``extensions``, are let be."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = msgspec.field(default=None, name="operationName")


@dataclass(frozen=True, slots=True)
class Operation:
    """A checked request: one GraphQL document with its variables."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None

    @property
    def loggable_name(self) -> str | None:
        """The operation's name where it can be one, and not just any text of a client."""
        name = self.operation_name
        return name if name is not None and _NAME.fullmatch(name) else None

    def body(self) -> str:
        """The request's body, made anew."""
        members = {
            "query": self.query,
            "variables": self.variables,
            "operationName": self.operation_name,
        }
        return json.dumps(members)


_decode = msgspec.json.Decoder(_Body).decode


def check_route(event: Mapping[str, Any], allowed_origins: Container[str]) -> None:
    """Raises ``Refused`` unless it is a POST to the one path, from no foreign page."""
    context = event["requestContext"]
    stage = str(context.get("stage", "$default"))
    path = str(context["http"]["path"])
    if path.removeprefix(f"/{stage}") != PATH and path != PATH:
        raise Refused(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"There is nothing here but {PATH}.")
    if context["http"]["method"] != "POST":
        raise Refused(
            HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "GraphQL is asked by POST only."
        )
    origin = _header(event, "origin")
    if origin is not None and origin not in allowed_origins:
        raise Refused(
            HTTPStatus.FORBIDDEN, "FORBIDDEN_ORIGIN", "Pages of this site may not call the portal."
        )


def operation_of(event: Mapping[str, Any]) -> Operation:
    """The operation in an event's body; raises ``Refused``."""
    if not _CONTENT_TYPE.fullmatch((_header(event, "content-type") or "").strip()):
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "The content type is application/json, in UTF-8.",
        )
    return _parsed(_bytes(event))


def error_body(code: str, message: str, request_id: str) -> str:
    """The one shape of every error that is not GraphQL's own."""
    extensions = {"code": code, "requestId": request_id}
    return json.dumps({"errors": [{"message": message, "extensions": extensions}]})


def _bytes(event: Mapping[str, Any]) -> bytes:
    """The body as it was sent."""
    body = event.get("body") or ""
    # In base64 four characters are three bytes: what is too large is refused before decoding.
    if len(body) > MAX_BODY_BYTES * 4 // 3 + 4:
        raise _too_large()
    if event.get("isBase64Encoded"):
        try:
            content = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise _bad("The body is not base64.") from None
    else:
        try:
            content = body.encode()
        except UnicodeEncodeError:
            raise _bad("The body is not UTF-8.") from None
    if len(content) > MAX_BODY_BYTES:
        raise _too_large()
    return content


def _parsed(content: bytes) -> Operation:
    """The body's members, of their types, within the limits."""
    _check_depth(content)
    try:
        content.decode()
        body = _decode(content)
    except UnicodeDecodeError:
        raise _bad("The body is not UTF-8.") from None
    except msgspec.ValidationError as problem:
        raise _bad(f"The body is not a GraphQL request: {_without_values(problem)}.") from None
    except msgspec.DecodeError:
        raise _bad("The body is not JSON.") from None
    if not body.query.strip():
        raise _bad("The query is empty.")
    if len(body.query) > MAX_QUERY_CHARACTERS:
        raise _bad(f"The query is longer than {MAX_QUERY_CHARACTERS} characters.")
    _check_values(body.variables)
    return Operation(body.query, body.variables, body.operation_name)


def _check_depth(content: bytes) -> None:
    """Refuses deep nesting in any member, before a parser could run out of its stack."""
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", content)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise _bad(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _check_values(variables: object) -> None:
    """Refuses more than any field takes, before it is given types; the depth is bounded before."""
    waiting, values = [variables], 0
    while waiting:
        value = waiting.pop()
        values += 1
        if isinstance(value, dict):
            if len(value) > MAX_MEMBERS:
                raise _bad(f"An object in the variables has at most {MAX_MEMBERS} members.")
            waiting.extend(value.values())
        elif isinstance(value, list):
            if len(value) > MAX_ITEMS:
                raise _bad(f"A list in the variables has at most {MAX_ITEMS:,} items.")
            waiting.extend(value)
        elif isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise _bad("A number in the variables is too large.")
        if values + len(waiting) > MAX_VALUES:
            raise _bad(f"The variables hold at most {MAX_VALUES:,} values.")


def _without_values(problem: msgspec.ValidationError) -> str:
    """What msgspec says, which names types and the path to them; keys of a client are not in it."""
    return str(problem).replace("`", "")


def _header(event: Mapping[str, Any], name: str) -> str | None:
    """A header; API Gateway sends their names in lower case, tests and tools not always."""
    headers = event.get("headers") or {}
    return next((str(value) for key, value in headers.items() if key.lower() == name), None)


def _bad(message: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", message)


def _too_large() -> Refused:
    limit = f"The body is larger than {MAX_BODY_BYTES // 1024} KB."
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BODY_TOO_LARGE", limit)
