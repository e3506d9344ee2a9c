"""The environment is read in one place, completely, and without defaults for production."""

import pathlib

import pytest

from portal_api.settings import (
    DynamoPlace,
    Settings,
    SettingsError,
    SqlitePlace,
    from_environment,
    on_lambda,
)

PRODUCTION = {
    "PORTAL_STAGE": "prod",
    "PORTAL_TABLE": "portal",
    "AWS_REGION": "eu-central-1",
    "PORTAL_TOKEN_CLIENT_IDS": "web, phone",
    "PORTAL_ALLOWED_ORIGINS": "https://portal.example",
}


def test_a_complete_environment_is_read() -> None:
    expected = Settings(
        "prod",
        DynamoPlace("portal", "eu-central-1"),
        frozenset({"web", "phone"}),
        frozenset({"https://portal.example"}),
    )
    assert expected == from_environment(PRODUCTION)


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        from_environment({})
    said = {problem.split(" ", 1)[0] for problem in caught.value.problems}
    assert {"PORTAL_STAGE", "PORTAL_TABLE", "PORTAL_REGION", "PORTAL_TOKEN_CLIENT_IDS"} == said


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PORTAL_STAGE": "Prod!"}, "PORTAL_STAGE"),
        ({"PORTAL_TOKEN_CLIENT_IDS": " , "}, "PORTAL_TOKEN_CLIENT_IDS"),
        ({"PORTAL_ENDPOINT_URL": "localhost:8000"}, "PORTAL_ENDPOINT_URL"),
        ({"PORTAL_ALLOWED_ORIGINS": "*"}, "PORTAL_ALLOWED_ORIGINS"),
        ({"PORTAL_ALLOWED_ORIGINS": "http://portal.example"}, "PORTAL_ALLOWED_ORIGINS"),
        ({"PORTAL_ALLOWED_ORIGINS": "https://portal.example/"}, "PORTAL_ALLOWED_ORIGINS"),
        ({"PORTAL_STORE": "x.sqlite"}, "PORTAL_STORE"),
    ],
)
def test_what_cannot_be_used_is_named(changed: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_environment(PRODUCTION | changed)
    assert [named] == [problem.split(" ", 1)[0] for problem in caught.value.problems]


def test_a_file_is_a_store_only_outside_of_lambda() -> None:
    """What a function writes to its own disk is gone with it, and shared with nobody."""
    local = {
        "PORTAL_STAGE": "dev",
        "PORTAL_STORE": "x.sqlite",
        "PORTAL_TOKEN_CLIENT_IDS": "web",
    }
    assert SqlitePlace(pathlib.Path("x.sqlite")) == from_environment(local).place
    with pytest.raises(SettingsError, match="PORTAL_STORE is for development"):
        from_environment(local | {"AWS_LAMBDA_FUNCTION_NAME": "portal"})


def test_lambda_is_known_by_either_of_its_variables() -> None:
    assert not on_lambda({})
    assert on_lambda({"AWS_LAMBDA_FUNCTION_NAME": "portal"})
    assert on_lambda({"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"})
