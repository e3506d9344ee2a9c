"""Where a command finds its table, and with whose credentials it is asked."""

from pathlib import Path

import pytest
import typer
from moto import mock_aws

from portal_api.cli.places import place_of
from portal_api.cli.stacks import deployed
from portal_api.settings import DynamoPlace
from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.table import Key, PutIfAbsent

PROFILE = """[profile operators]
region = eu-central-1
aws_access_key_id = test
aws_secret_access_key = test
"""


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose a profile in the shell, as operators do, and nothing else."""
    config = tmp_path / "config"
    config.write_text(PROFILE)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "operators")


@pytest.mark.usefixtures("profile")
def test_the_region_is_the_profiles_unless_one_is_said() -> None:
    assert DynamoPlace("t", "eu-central-1") == place_of(None, "t", None, None)
    assert DynamoPlace("t", "eu-west-1") == place_of(None, "t", "eu-west-1", None)


def test_without_any_region_it_has_to_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for a local server, to which it makes no difference."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(typer.BadParameter, match="--region"):
        place_of(None, "t", None, None)
    with pytest.raises(typer.BadParameter, match="--region"):
        deployed("portal-dev", None, None)
    assert "us-east-1" == getattr(place_of(None, "t", None, "http://x"), "region", None)


def test_a_tables_requests_are_signed_with_the_profiles_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine has a client of another library, which finds them in the same places."""
    with mock_aws():
        # moto gives the process keys of its own, which would be found first.
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        config = tmp_path / "config"
        config.write_text(PROFILE.replace("= test", "= operators-own"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        monkeypatch.setenv("AWS_PROFILE", "operators")
        engine = DynamoEngine("t", "eu-central-1")
        engine.create()
        engine.write([PutIfAbsent(Key("a", "b"), {"x": 1})])
        assert (({"x": 1},), ()) == engine.read([Key("a", "b")])
        client = engine._connected().client
        assert "operators-own" == client._request_signer._credentials.access_key
        engine.close()
