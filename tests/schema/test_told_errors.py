"""The errors beside an answer: few, quickly made, and never in the place of what was written."""

from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError

from portal_api.schema import waves
from portal_api.schema.errors import MOST_ERRORS, bound
from portal_api.services.store import StoreUnavailable
from portal_api.services.use_case import Unauthenticated
from tests.api import body_of, entry_of, event_of
from tests.schema.client import Client
from tests.untouched import quickest

LINES = "\n" * 61_000


def wrong(fields: int) -> str:
    """So many fields that fail, each of them alone."""
    return " ".join(f'a{n}: deals(first: 1, after: "x") {{ __typename }}' for n in range(fields))


def listed(fields: int) -> str:
    """All partners' fields that fail, so many of each."""
    return f"{{ viewer {{ partners(first: 100) {{ edges {{ node {{ {wrong(fields)} }} }} }} }} }}"


def test_a_few_errors_stand_beside_the_answer_with_their_paths(quick_client: Client) -> None:
    """One for each field that is missing; where it stands in the text says its path."""
    quick_client.partner()
    answer = quick_client.answer(quick_client.admin, listed(MOST_ERRORS))
    (edge,) = answer["data"]["viewer"]["partners"]["edges"]
    assert {f"a{n}": None for n in range(MOST_ERRORS)} == edge["node"]
    place = ["viewer", "partners", "edges", 0, "node"]
    assert [[*place, f"a{n}"] for n in range(MOST_ERRORS)] == [
        error["path"] for error in answer["errors"]
    ]
    assert {"BAD_CURSOR"} == {error["extensions"]["code"] for error in answer["errors"]}
    assert not any("locations" in error for error in answer["errors"])


def test_a_query_with_more_errors_is_refused_with_one(quick_client: Client) -> None:
    """Nobody reads them all, and an answer is not made of them."""
    quick_client.partner()
    answer = quick_client.answer(quick_client.admin, listed(MOST_ERRORS + 1))
    (error,) = answer["errors"]
    assert (None, "BAD_CURSOR") == (answer["data"], error["extensions"]["code"])


def test_the_errors_of_a_long_document_are_made_at_once(quick_client: Client) -> None:
    """Each would look for its line and column among all lines: 290 of them for seconds."""
    for _ in range(10):
        quick_client.partner()
    entry = entry_of(quick_client.world.portal)

    def seconds(document: str) -> float:
        event = event_of(quick_client.admin.user_name, document)
        response, taken = quickest(lambda: entry(event))
        assert 1 == len(body_of(response)["errors"])
        return taken

    assert seconds(LINES + listed(29)) < 2 * seconds(listed(29)) + 0.05


def test_a_refused_document_says_where_it_is_wrong(quick_client: Client) -> None:
    """Line and column, of what is wrong in several places the first ones."""
    answer = quick_client.answer(quick_client.admin, "{ viewer {\n  rolle } }")
    assert [{"line": 2, "column": 3}] == answer["errors"][0]["locations"]
    answer = quick_client.answer(quick_client.admin, f"{{ node({'id: 1 ' * 100}) {{ id }} }}")
    assert MOST_ERRORS == len(answer["errors"][0]["locations"])


def added(client: Client, selection: str) -> dict[str, Any]:
    """The answer to a new partner, of which a selection is asked."""
    document = f"""mutation($i: AddPartnerInput!) {{ addPartner(input: $i) {{ __typename
        ... on PartnerAdded {{ partner {{ name {selection} }} }} }} }}"""
    wish = {"name": "Fernhill", "type": "VAR", "tier": "GOLD", "region": "EMEA", "teamNames": []}
    return client.answer(client.admin, document, i={"requestId": client.request_id(), **wish})


def test_what_a_mutation_has_written_is_told_beside_any_errors(quick_client: Client) -> None:
    """Of which no more are told than of a query."""
    answer = added(quick_client, wrong(25))
    assert "Fernhill" == answer["data"]["addPartner"]["partner"]["name"]
    assert MOST_ERRORS == len(answer["errors"])


def test_only_a_query_is_stopped_by_how_much_it_reads(
    quick_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a whole, with one error. What a mutation has written is told, whatever that reads."""
    for _ in range(3):
        quick_client.partner()
    monkeypatch.setattr(waves, "MOST", 4)
    asked = "deals { edges { cursor } } payouts { edges { cursor } }"
    document = f"{{ viewer {{ partners {{ edges {{ node {{ name {asked} }} }} }} }} }}"
    answer = quick_client.answer(quick_client.admin, document)
    (error,) = answer["errors"]
    assert (None, "TOO_COSTLY") == (answer["data"], error["extensions"]["code"])
    written = added(quick_client, f"{asked} objections {{ edges {{ cursor }} }}")
    assert "errors" not in written
    assert {"edges": []} == written["data"]["addPartner"]["partner"]["objections"]


def errors(*originals: Exception) -> ExecutionResult:
    """What was executed, with a failed field for each of these."""
    made = [GraphQLError(str(one), original_error=one) for one in originals]
    return ExecutionResult({"a": 1}, made)


def told(result: ExecutionResult) -> list[type]:
    """What the errors that are left were made of."""
    return [type(error.original_error) for error in result.errors or ()]


def test_the_gravest_error_is_the_one_that_is_left() -> None:
    """Who may not act is told nothing else; ours come before those of a document."""
    theirs = [GraphQLError("theirs")] * MOST_ERRORS
    for grave in (Unauthenticated(), StoreUnavailable(), OSError()):
        result = errors(*theirs, grave)
        bound(result, writes=False)
        assert (None, [type(grave)]) == (result.data, told(result))
        result = errors(*theirs, grave)
        bound(result, writes=True)
        assert ({"a": 1}, type(grave)) == (result.data, told(result)[0])
        assert MOST_ERRORS == len(told(result))
    result = errors(GraphQLError("theirs"), OSError(), Unauthenticated())
    bound(result, writes=False)
    assert (None, [Unauthenticated]) == (result.data, told(result))
    result = errors(GraphQLError("theirs"), OSError())
    bound(result, writes=False)
    assert ({"a": 1}, [OSError, GraphQLError]) == (result.data, told(result))
