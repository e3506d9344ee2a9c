"""How a node of each kind is found and shown, by kind: nouns lead to each other without imports."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from portal_api.schema.context import Info

Finder = Callable[[Info, str], Awaitable[Any]]
OneFinder = TypeVar("OneFinder", bound=Finder)

_FINDERS: dict[str, Finder] = {}


def finder(kind: str) -> Callable[[OneFinder], OneFinder]:
    """Declares how a node of a kind is found by its id, as far as the viewer may see it."""

    def declare(find_one: OneFinder) -> OneFinder:
        _FINDERS[kind] = find_one
        return find_one

    return declare


def known(kind: str) -> bool:
    """Whether nodes of the kind can be found by their ids."""
    return kind in _FINDERS


async def find(info: Info, kind: str, record_id: str) -> Any:
    """The node, or none where it is not there or not the viewer's to see."""
    found = _FINDERS.get(kind)
    return await found(info, record_id) if found else None
