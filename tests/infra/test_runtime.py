"""The bundle answers under Lambda's own runtime client, and copies of a snapshot share nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.api import body_of, event_of
from tests.infra.runtime import (
    ADMIN,
    CREDENTIALS,
    NAME,
    SECONDS,
    started,
    table_with_one_person,
)

API = "portal_api.handler.handler"
KEPT = ("connected", "credentials", "sockets")
"""What an environment has of its own, and no snapshot."""
ADD = """mutation Add($input: AddPartnerInput!) {
  addPartner(input: $input) { ... on PartnerAdded { partner { id } } ... on Refusal { message } }
}"""


@pytest.fixture
def variables(ministack: str, request: pytest.FixtureRequest) -> Mapping[str, str]:
    """What the stack sets, for a table with one person in it."""
    return table_with_one_person(f"runtime-{abs(hash(request.node.nodeid))}", ministack)


def adding(request_id: str) -> dict[str, Any]:
    """An event of a mutation that makes an id."""
    given = {
        "requestId": request_id,
        "name": f"Partner of {request_id}",
        "type": "VAR",
        "tier": "GOLD",
        "region": "EMEA",
    }
    return event_of(ADMIN, ADD, {"input": given})


def added(answer: Any) -> str:
    """The id that an answer to ``adding`` names."""
    partner = body_of(answer)["data"]["addPartner"]["partner"]
    assert isinstance(partner["id"], str)
    return partner["id"]


def name_in(answer: Any) -> str:
    """The name that an answer to ``NAME`` names."""
    name = body_of(answer)["data"]["viewer"]["individual"]["name"]
    assert isinstance(name, str)
    return name


def test_a_query_and_a_mutation_are_answered_by_one_process_that_is_built_once(
    task: Path, variables: Mapping[str, str], tmp_path: Path
) -> None:
    """Nothing is on the path of that process but the bundle and the runtime client."""
    with started(task, API, {**variables, **CREDENTIALS}, tmp_path) as environment:
        asked, changed = (
            environment.invoke(one) for one in (event_of(ADMIN, NAME), adding("a" * 8))
        )
        again = environment.invoke(event_of(ADMIN, NAME))
    assert ["response"] * 3 == [one.how for one in (asked, changed, again)]
    assert "Ada" == name_in(asked.answer) == name_in(again.answer)
    assert added(changed.answer)
    assert [1, 1, 1] == [note["built"] for note in environment.notes("answered")]
    assert 1 == len({note["process"] for note in environment.notes("answered")})


def test_an_event_that_cannot_be_one_is_reported_and_the_environment_goes_on(
    task: Path, variables: Mapping[str, str], tmp_path: Path
) -> None:
    with started(task, API, {**variables, **CREDENTIALS}, tmp_path) as environment:
        failed = environment.invoke(5)
        asked = environment.invoke(event_of(ADMIN, NAME))
    assert ("error", "AttributeError") == (failed.how, failed.answer["errorType"])
    assert "Ada" == name_in(asked.answer)


def test_F21_copies_of_one_snapshot_share_no_id_no_credential_and_no_randomness(
    task: Path, variables: Mapping[str, str], tmp_path: Path
) -> None:
    """Each of them answers a mutation of its own before the other one may go on."""
    with started(
        task, API, variables, tmp_path, copies=2, after_restore=CREDENTIALS
    ) as environment:
        environment.restore()
        answers = environment.invoke_together([adding("first-copy"), adding("second-copy")])
        asked = environment.invoke_together([event_of(ADMIN, NAME)] * 2)
    assert 2 == len({added(one.answer) for one in answers})
    assert ["Ada", "Ada"] == [name_in(one.answer) for one in asked]
    (snapshot,) = environment.notes("snapshot")
    copies, restored = environment.notes("copy"), environment.notes("restored")
    assert 2 == len({copy["process"] for copy in copies})
    assert 1 == len({copy["state"] for copy in copies}), "they were not copies of one memory"
    assert 2 == len({copy["drawn"] for copy in restored})
    assert (0, 0, 0) == tuple(snapshot[what] for what in KEPT)
    assert 1 == snapshot["threads"]
    answered = environment.notes("answered")
    assert {1} == {note["built"] for note in answered}
    assert all(note[what] > 0 for note in answered for what in KEPT), "what was looked for is seen"


def test_F21_the_function_at_sign_in_is_restored_as_well(
    task: Path, variables: Mapping[str, str], tmp_path: Path
) -> None:
    """Its snapshot has no credentials either, and what it answers is of the store of now."""
    name, event = "portal_api.functions.tokens.handler", {"userName": ADMIN}
    with started(
        task, name, variables, tmp_path, copies=2, after_restore=CREDENTIALS
    ) as environment:
        environment.restore()
        answers = environment.invoke_together([event, event])
    groups = [
        one.answer["response"]["claimsAndScopeOverrideDetails"]["groupOverrideDetails"]
        for one in answers
    ]
    assert [{"groupsToOverride": ["ADMIN"]}] * 2 == groups
    (snapshot,) = environment.notes("snapshot")
    assert (0, 0, 0) == tuple(snapshot[what] for what in KEPT)
    assert 2 == len({copy["drawn"] for copy in environment.notes("restored")})


def test_no_version_is_published_that_could_not_answer(task: Path, tmp_path: Path) -> None:
    """The hook before the snapshot fails, and says what is missing."""
    with started(task, API, {"PORTAL_STAGE": "test"}, tmp_path, copies=1) as environment:
        assert 64 == environment.exit_code()
        path, kind, body = environment.reports.get(timeout=SECONDS)
    assert ("init/error", "Runtime.BeforeSnapshotError") == (path, kind)
    assert "PORTAL_TABLE is missing" in body["errorMessage"]


@pytest.mark.parametrize("name", ["scheduled", "stream", "tokens", "webhooks"])
def test_every_other_function_starts(name: str, task: Path, tmp_path: Path) -> None:
    """It takes an event; what it says to one that makes no sense is its own matter."""
    handler = f"portal_api.functions.{name}.handler"
    with started(task, handler, {}, tmp_path) as environment:
        environment.invoke({})
    assert environment.reports.empty()


def test_a_handler_that_is_not_there_is_reported(task: Path, tmp_path: Path) -> None:
    """So the tests above cannot pass for want of a report."""
    with started(task, "portal_api.nothing.handler", {}, tmp_path) as environment:
        assert 1 == environment.exit_code()
        path, kind, _ = environment.reports.get(timeout=SECONDS)
    assert ("init/error", "Runtime.ImportModuleError") == (path, kind)
