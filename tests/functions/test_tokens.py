"""At sign-in only people who may act get a token, with the API's scope and their role."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal_api.domain.partners import Role
from portal_api.functions import tokens
from portal_api.services import partners
from portal_api.services.store import Found, StoreUnavailable
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.functions.counted import metrics_in
from tests.services.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    engine.create()
    yield World(TableStore(engine))
    engine.close()


def event_of(user_name: str) -> dict[str, Any]:
    """What Cognito sends to a trigger of version 2 when somebody signs in."""
    return {
        "version": "2",
        "triggerSource": "TokenGeneration_Authentication",
        "region": "us-east-1",
        "userPoolId": "us-east-1_Tests",
        "userName": user_name,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown", "clientId": "4lk8tests0client0id0"},
        "request": {
            "userAttributes": {"sub": "b1c2d3e4", "cognito:user_status": "CONFIRMED"},
            "groupConfiguration": {"groupsToOverride": ["ADMIN"], "iamRolesToOverride": []},
            "scopes": ["aws.cognito.signin.user.admin"],
        },
        "response": {"claimsAndScopeOverrideDetails": None},
    }


@pytest.mark.parametrize("role", [Role.SALES_REP, Role.PARTNER_EXECUTIVE])
def test_the_group_is_the_role_in_the_store_whatever_the_pool_says(
    world: World, role: Role
) -> None:
    company = world.company()
    person = company.rep if role is Role.SALES_REP else company.executive
    answer = tokens.admitted(world.portal, event_of(person))
    assert event_of(person)["request"] == answer["request"]
    details = answer["response"]["claimsAndScopeOverrideDetails"]
    assert {"scopesToAdd": ["portal/api"]} == details["accessTokenGeneration"]
    assert {"groupsToOverride": [role.value]} == details["groupOverrideDetails"]


@pytest.mark.parametrize("user_name", ["ind-00000000000000000000", "mara", "", "ind-a#b", "ind-A"])
def test_a_stranger_gets_no_token(world: World, user_name: str) -> None:
    with pytest.raises(tokens.NotAdmitted):
        tokens.admitted(world.portal, event_of(user_name))


def test_the_suspended_get_no_token(world: World) -> None:
    rep = world.company().rep
    partners.suspend_individual(world.portal, world.manage(), individual_id=rep)
    with pytest.raises(tokens.NotAdmitted):
        tokens.admitted(world.portal, event_of(rep))


def test_without_the_store_nobody_gets_a_token(world: World) -> None:
    class Down(TableStore):
        def __init__(self) -> None: ...

        def read(self, wants: object) -> Found:
            raise StoreUnavailable("throttled")

    with pytest.raises(StoreUnavailable):
        tokens.admitted(world.on(Down()), event_of(world.company().rep))


@pytest.mark.parametrize(
    ("problem", "counted"),
    [
        (tokens.NotAdmitted("This person may not act."), {}),
        (StoreUnavailable("throttled"), {"StoreUnavailable": 1}),
        (ZeroDivisionError("of mara@example.com"), {"UnexpectedErrors": 1}),
    ],
)
def test_what_operators_are_to_be_told_of_is_counted(
    problem: Exception,
    counted: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """To Lambda each is an error, also that somebody may not act."""

    def opened() -> None:
        raise problem

    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "tokens")
    monkeypatch.setenv("PORTAL_STAGE", "prod")
    monkeypatch.setattr(tokens, "_opened", opened)
    with pytest.raises(type(problem)):
        tokens.handler(event_of("ind-00000000000000000000"), None)
    assert counted == metrics_in(capsys.readouterr().out)
