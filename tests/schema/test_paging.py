"""Pages: their sizes, their last item, and cursors from elsewhere."""

import base64
from typing import Any

import pytest

from tests.schema.client import Client, Person

DEALS = """query($first: Int!, $after: String) { viewer { individual {
    deals(first: $first, after: $after) {
        edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } } }"""


def _rep_with_deals(client: Client, number: int) -> tuple[Person, list[str]]:
    """A rep, and its deals' ids, newest first."""
    rep = client.person("SALES_REP", client.partner())
    program = client.program(client.person("CHANNEL_MANAGER"))
    return rep, [client.register(rep, program) for _ in range(number)][::-1]


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def test_pages_go_on_to_the_last_item_and_no_further(quick_client: Client) -> None:
    """Every item once, in order; behind the last one there is nothing, and no next page."""
    rep, deals = _rep_with_deals(quick_client, 3)
    seen: list[str] = []
    after, more = None, True
    while more:
        answer = quick_client.query(rep, DEALS, first=2, after=after)
        page: dict[str, Any] = answer["viewer"]["individual"]["deals"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    behind = quick_client.query(rep, DEALS, first=2, after=after)["viewer"]["individual"]["deals"]

    assert deals == seen
    assert {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}} == behind


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "naïve",
        *map(_cursor, ["x", "at:", "at:é", "at:\0", "at:" + "x" * 2_000]),
    ],
)
def test_what_is_no_cursor_is_refused(quick_client: Client, cursor: str) -> None:
    """With a code of its own, whatever a store would say to it."""
    rep, _ = _rep_with_deals(quick_client, 1)
    (error,) = quick_client.answer(rep, DEALS, first=1, after=cursor)["errors"]
    assert "BAD_CURSOR" == error["extensions"]["code"]


@pytest.mark.parametrize("first", [-1, 0, 101])
def test_a_page_that_is_too_small_or_too_large_is_refused(quick_client: Client, first: int) -> None:
    """1 to 100."""
    rep, _ = _rep_with_deals(quick_client, 1)
    (error,) = quick_client.answer(rep, DEALS, first=first)["errors"]
    assert "BAD_PAGE" == error["extensions"]["code"]


def test_a_cursor_of_somebody_elses_list_shows_nothing_of_it(quick_client: Client) -> None:
    """A cursor is a place in a list and never says which list."""
    rep, deals = _rep_with_deals(quick_client, 1)
    other, _ = _rep_with_deals(quick_client, 2)
    page = quick_client.query(other, DEALS, first=1)["viewer"]["individual"]["deals"]
    seen = quick_client.query(rep, DEALS, first=9, after=page["pageInfo"]["endCursor"])
    ids = [edge["node"]["id"] for edge in seen["viewer"]["individual"]["deals"]["edges"]]
    assert set(ids) <= set(deals)
