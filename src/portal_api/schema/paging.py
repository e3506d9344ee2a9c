"""Relay connections over slices: a page of what is asked for, with opaque cursors.

A cursor is a place in one list. It holds a digest of that place, of who was given it, and of the
list: the field, its object, and its arguments other than ``first`` and ``after``. What is given
back by somebody else, for another list or with other filters is refused with BAD_CURSOR before
anything of the list is read. No key is needed for that: whose list is read comes from the query
alone and never from the cursor, so a forged one leads nowhere but into one's own list.
"""

import base64
import binascii
import hashlib
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError, GraphQLObjectType, GraphQLResolveInfo
from strawberry import relay

PAGE = 20
LARGEST_PAGE = 100

_MARK = re.compile(r"[!-~]{1,300}")
_DIGEST_BYTES = 12

LARGEST = "portal_largest_page"


def page_size(what: str, largest: int) -> Any:
    """The argument ``first`` of a list; ``largest`` is what a document's cost allows for."""
    return strawberry.argument(description=f"{what}, 1 to {largest}.", metadata={LARGEST: largest})


First = Annotated[int, page_size("How many", LARGEST_PAGE)]
After = Annotated[str | None, strawberry.argument(description="The cursor behind which to go on.")]


def checked(first: int, after: str | None) -> tuple[int, str | None]:
    """Page size and mark to read from; a clear error for a size that cannot be.

    What a resolver is given as ``after`` is the mark inside the client's cursor: see ``bind``.
    """
    if not 1 <= first <= LARGEST_PAGE:
        raise bad_page(LARGEST_PAGE)
    return first, after


def bad_page(largest: int) -> GraphQLError:
    """What is answered to a page of no items, or of too many."""
    return GraphQLError(f"first is from 1 to {largest}.", extensions={"code": "BAD_PAGE"})


def connection(nodes: Sequence[Any], marks: tuple[str, ...], more: bool) -> Any:
    """A page as a connection, without the nodes (None) that the viewer may not see."""
    return relay.Connection(
        edges=[
            relay.Edge(cursor=mark, node=node)
            for mark, node in zip(marks, nodes, strict=True)
            if node is not None
        ],
        page_info=relay.PageInfo(
            has_next_page=more,
            has_previous_page=False,
            start_cursor=marks[0] if marks else None,
            end_cursor=marks[-1] if marks else None,
        ),
    )


def bad_cursor() -> GraphQLError:
    """What is answered to a cursor that was not given for this list."""
    return GraphQLError("This is not a cursor of this list.", extensions={"code": "BAD_CURSOR"})


def bind(shown: GraphQLObjectType) -> None:
    """Makes every list of a type turn marks into cursors of it, and its cursors into marks.

    A list is a field with an argument ``after``. It answers a connection, or a page with ``next``.
    Resolvers know nothing but marks, so none can forget it.
    """
    for field in shown.fields.values():
        if "after" in field.args and field.resolve is not None:
            field.resolve = _bound(field.resolve)


def _bound(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def resolve_bound(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        of = _List.asked(source, info, given)
        if given.get("after") is not None:
            given["after"] = of.mark(given["after"])
        found = resolve(source, info, **given)
        return _when_found(of, found) if inspect.isawaitable(found) else of.shown(found)

    return resolve_bound


async def _when_found(of: "_List", found: Awaitable[Any]) -> Any:
    return of.shown(await found)


@dataclass(frozen=True, slots=True)
class _List:
    """One list as one viewer has asked for it."""

    name: bytes

    @classmethod
    def asked(cls, source: Any, info: GraphQLResolveInfo[Any], given: dict[str, Any]) -> "_List":
        """The list of a field of an object, which is known by its id, or says ``whose`` it is.

        The root and the viewer have neither: they are the asker's own.
        """
        filters = {
            name: value
            for name, value in given.items()
            if name not in ("first", "after") and value is not None
        }
        whose = getattr(source, "whose", None) or getattr(source, "id", None)
        parent = (info.parent_type.name, whose, info.field_name)
        name = (info.context.subject, *parent, filters)
        return cls(json.dumps(name, sort_keys=True, default=str).encode())

    def mark(self, cursor: str) -> str:
        """The mark inside a cursor of this list; raises BAD_CURSOR for any other text."""
        try:
            told = base64.b64decode(cursor.encode("ascii"), b"-_", validate=True)
            mark = told[_DIGEST_BYTES:].decode("ascii")
        except (ValueError, binascii.Error):
            raise bad_cursor() from None
        if not _MARK.fullmatch(mark) or cursor != self.cursor(mark):
            raise bad_cursor()
        return mark

    def cursor(self, mark: str) -> str:
        """A mark of this list as the viewer has it."""
        place = mark.encode("ascii")
        digest = hashlib.blake2b(self.name + b"\0" + place, digest_size=_DIGEST_BYTES).digest()
        return base64.urlsafe_b64encode(digest + place).decode()

    def shown(self, found: Any) -> Any:
        """A page with cursors in the place of its marks."""
        if isinstance(found, relay.Connection):
            edges = [replace(edge, cursor=self.cursor(edge.cursor)) for edge in found.edges]
            info = found.page_info
            first, last = (
                mark and self.cursor(mark) for mark in (info.start_cursor, info.end_cursor)
            )
            return replace(
                found, edges=edges, page_info=replace(info, start_cursor=first, end_cursor=last)
            )
        following = getattr(found, "next", None)
        return found if following is None else replace(found, next=self.cursor(following))
