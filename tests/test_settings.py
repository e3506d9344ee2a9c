"""The environment is read in one place, completely, and without defaults for production."""

import pathlib

import pytest

from portal_api.settings import (
    DynamoPlace,
    Settings,
    SettingsError,
    SqlitePlace,
    StoreSettings,
    StreamSettings,
    WebhookSettings,
    for_store,
    for_stream,
    for_webhooks,
    from_environment,
    on_lambda,
    stage_on_lambda,
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
    assert {"PORTAL_STAGE", "PORTAL_TABLE", "AWS_REGION", "PORTAL_TOKEN_CLIENT_IDS"} == said


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


def test_the_other_functions_read_no_more_than_they_need() -> None:
    """A function without a bus, or without app clients, is not asked for them."""
    place = DynamoPlace("portal", "eu-central-1")
    of_store = {name: PRODUCTION[name] for name in ("PORTAL_STAGE", "PORTAL_TABLE", "AWS_REGION")}
    assert StoreSettings("prod", place) == for_store(of_store)
    assert WebhookSettings("prod", place) == for_webhooks(of_store)
    bus = {"PORTAL_STAGE": "prod", "PORTAL_EVENT_BUS": "portal-events"}
    assert StreamSettings("prod", "portal-events") == for_stream(bus)
    for read in (for_store, for_webhooks, for_stream):
        with pytest.raises(SettingsError, match="PORTAL_STAGE is missing"):
            read({})
    with pytest.raises(SettingsError, match="PORTAL_EVENT_BUS is missing"):
        for_stream(of_store)


@pytest.mark.parametrize(
    ("stage", "origins", "said"),
    [
        ("prod", "http://127.0.0.1:9000", "for development only"),
        ("dev", "127.0.0.1:9000", "no origin"),
        ("dev", "http://127.0.0.1:9000/path", "no origin"),
    ],
)
def test_private_receivers_are_for_development(stage: str, origins: str, said: str) -> None:
    changed = {"PORTAL_STAGE": stage, "PORTAL_WEBHOOK_PRIVATE_ORIGINS": origins}
    for read in (for_webhooks, from_environment):
        with pytest.raises(SettingsError, match=said):
            read(PRODUCTION | changed)


def test_private_receivers_are_named_one_by_one() -> None:
    changed = {
        "PORTAL_STAGE": "dev",
        "PORTAL_WEBHOOK_PRIVATE_ORIGINS": "http://127.0.0.1:9000,http://10.0.0.7",
    }
    expected = {"http://127.0.0.1:9000", "http://10.0.0.7"}
    assert expected == for_webhooks(PRODUCTION | changed).private_origins
    assert expected == from_environment(PRODUCTION | changed).private_origins
    assert (
        frozenset()
        == for_webhooks(PRODUCTION | {"PORTAL_WEBHOOK_PRIVATE_ORIGINS": ""}).private_origins
    )


def test_the_stage_is_told_in_aws_only() -> None:
    """So a test or a developer's portal emits no metrics."""
    assert stage_on_lambda(PRODUCTION) is None
    assert "prod" == stage_on_lambda(PRODUCTION | {"AWS_LAMBDA_FUNCTION_NAME": "api"})
