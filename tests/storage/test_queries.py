"""The contract's queries: ranges, order and pages, the same on every engine."""

from typing import Any

import pytest

from portal_api.storage.table import Engine, Key, Page, PutIfAbsent, Query
from tests.storage.items import page

ALPHABET = ["A", "A#1", "A#2", "A#2#x", "A#3", "B#1", "B#2", "a", "é", "\uffff", "😀"]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Give a partition of known sort keys between two others."""
    keys = [Key("P", sk) for sk in reversed(ALPHABET)]
    engine.write([PutIfAbsent(key, {"sk_": key.sk}) for key in keys])
    engine.write([PutIfAbsent(Key("O", "A#1"), {}), PutIfAbsent(Key("Q", "A#1"), {})])
    return engine


QUERY_CASES: list[tuple[dict[str, Any], list[str], bool]] = [
    ({}, ALPHABET, False),
    ({"descending": True}, ALPHABET[::-1], False),
    ({"prefix": "A#"}, ["A#1", "A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "descending": True}, ["A#3", "A#2#x", "A#2", "A#1"], False),
    ({"prefix": "A#2"}, ["A#2", "A#2#x"], False),
    ({"prefix": "C"}, [], False),
    ({"low": "A#2"}, ALPHABET[2:], False),
    ({"high": "A#2"}, ALPHABET[:3], False),
    ({"low": "A#2", "high": "B#1"}, ["A#2", "A#2#x", "A#3", "B#1"], False),
    ({"low": "B#1", "high": "A#2"}, [], False),
    ({"prefix": "A#", "low": "A#2", "high": "Z"}, ["A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "low": "0", "high": "A#2"}, ["A#1", "A#2"], False),
    ({"prefix": "A#", "low": "B"}, [], False),
    ({"prefix": "A#", "high": "A"}, [], False),
    ({"limit": 1}, ["A"], True),
    ({"limit": 10}, ALPHABET[:10], True),
    ({"limit": 11}, ALPHABET, False),
    ({"limit": 12}, ALPHABET, False),
    ({"limit": 2, "descending": True}, ["😀", "\uffff"], True),
    ({"prefix": "A#", "limit": 4}, ["A#1", "A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "limit": 3}, ["A#1", "A#2", "A#2#x"], True),
    ({"prefix": "A#", "after": "A#1"}, ["A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "after": "A#10"}, ["A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "after": "A#1", "limit": 2}, ["A#2", "A#2#x"], True),
    ({"prefix": "A#", "after": "A#2", "descending": True}, ["A#1"], False),
    ({"prefix": "A#", "after": "A#3"}, [], False),
    ({"prefix": "A#", "after": "A#1", "descending": True}, [], False),
    ({"prefix": "A#", "after": ""}, ["A#1", "A#2", "A#2#x", "A#3"], False),
    ({"prefix": "A#", "after": "", "descending": True}, [], False),
    ({"prefix": "A#", "after": "Z"}, [], False),
    ({"prefix": "A#", "after": "Z", "descending": True}, ["A#3", "A#2#x", "A#2", "A#1"], False),
    ({"low": "A#2", "high": "B#1", "after": "B#1"}, [], False),
    ({"low": "A#2", "high": "B#1", "after": "A"}, ["A#2", "A#2#x", "A#3", "B#1"], False),
    ({"low": "A#2", "high": "B#1", "after": "A#2", "descending": True}, [], False),
]


@pytest.mark.parametrize(("arguments", "expected", "more"), QUERY_CASES)
def test_a_query_gives_its_range_in_order(
    filled: Engine, arguments: dict[str, Any], expected: list[str], more: bool
) -> None:
    """Sort keys are in the order of their UTF-8 bytes, and a page knows whether it is the last."""
    found = page(filled, Query("P", **arguments))
    rows = tuple((Key("P", sk), {"sk_": sk}) for sk in expected)
    assert Page(rows, more) == found


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 4])
def test_a_range_can_be_read_page_by_page(filled: Engine, descending: bool, limit: int) -> None:
    seen: list[str] = []
    more, after = True, None
    while more:
        found = page(filled, Query("P", descending=descending, limit=limit, after=after))
        seen += [key.sk for key, _ in found.rows]
        after, more = seen[-1], found.more
    assert (ALPHABET[::-1] if descending else ALPHABET) == seen


@pytest.mark.parametrize("query", [Query(""), Query("P", limit=0), Query("P", prefix="x" * 1021)])
def test_a_senseless_query_is_refused(missing: Engine, query: Query) -> None:
    with pytest.raises(ValueError, match=r"."):
        missing.read([], [query])
