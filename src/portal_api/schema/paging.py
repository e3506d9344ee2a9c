"""Relay connections over slices: a page of what is asked for, with opaque cursors."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry import relay

PAGE = 20
LARGEST_PAGE = 100

_MARK = re.compile(r"at:([!-~]{1,300})")

First = Annotated[int, strawberry.argument(description=f"How many, 1 to {LARGEST_PAGE}.")]
After = Annotated[str | None, strawberry.argument(description="The cursor behind which to go on.")]


def checked(first: int, after: str | None) -> tuple[int, str | None]:
    """Page size and mark that a client asked for; a clear error for what cannot be."""
    if not 1 <= first <= LARGEST_PAGE:
        raise GraphQLError(f"first is from 1 to {LARGEST_PAGE}.", extensions={"code": "BAD_PAGE"})
    if after is None:
        return first, None
    try:
        mark = _MARK.fullmatch(base64.urlsafe_b64decode(after.encode("ascii")).decode())
    except (ValueError, binascii.Error):
        mark = None
    if mark is None:
        raise GraphQLError("This is not a cursor of this list.", extensions={"code": "BAD_CURSOR"})
    return first, mark[1]


def opaque_of(cursor: str) -> str:
    """A cursor as a client has it."""
    return base64.urlsafe_b64encode(f"at:{cursor}".encode()).decode()


def connection(nodes: Sequence[Any], cursors: tuple[str, ...], more: bool) -> Any:
    """A page as a connection, without the nodes (None) that the viewer may not see."""
    opaque = [opaque_of(cursor) for cursor in cursors]
    return relay.Connection(
        edges=[
            relay.Edge(cursor=mark, node=node)
            for mark, node in zip(opaque, nodes, strict=True)
            if node is not None
        ],
        page_info=relay.PageInfo(
            has_next_page=more,
            has_previous_page=False,
            start_cursor=opaque[0] if opaque else None,
            end_cursor=opaque[-1] if opaque else None,
        ),
    )
