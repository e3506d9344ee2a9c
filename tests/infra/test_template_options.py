"""What can be said to the app, and what it refuses."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.portal_infra.options import STAGES, OptionError, kept_in, options_of
from tests.infra import synth

INFRA = synth.REPOSITORY / "infra"


@pytest.fixture
def bundles(tmp_path: Path) -> Mapping[str, str]:
    """Give the paths of bundles that are there."""
    made = {told: tmp_path / file for told, file in synth.BUNDLES.items()}
    for path in made.values():
        path.touch()
    return {told: str(path) for told, path in made.items()}


PROD = {"stage": "prod", "email": "operators@example.com"}
EDGE = {"edge": "true", "apiHost": "a.example.com", "domain": "b.example.com"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "-c stage=dev or prod"),
        ({"stage": "production"}, "-c stage=dev or prod"),
        ({"stage": "dev", "bundle": "/nowhere.zip"}, "nowhere.zip: run `make bundle`"),
        ({"stage": "dev", "insightsBundle": "/nowhere.zip"}, "nowhere.zip: run `make bundle`"),
        ({"stage": "prod"}, "-c origins="),
        ({"stage": "prod", "origins": "https://portal.example.com"}, "-c email="),
        ({**PROD, "origins": "http://portal.example.com"}, "is no origin"),
        ({**PROD, "origins": "http://localhost:5173"}, "is no origin"),
        ({"stage": "dev", "origins": "https://portal.example.com/"}, "is no origin"),
        ({"stage": "dev", "origins": "http://portal.example.com"}, "is no origin"),
        (
            {
                **PROD,
                "origins": "https://portal.example.com",
                "webhookPrivateOrigins": "http://10.0.0.1",
            },
            "no webhook goes to a private address",
        ),
        ({"stage": "dev", "edge": "yes"}, "-c edge=true"),
        ({"stage": "dev", "paused": "yes"}, "-c paused=true"),
        ({"stage": "dev", **EDGE}, "-c certificate="),
    ],
)
def test_what_cannot_be_deployed_is_refused_with_what_to_say_instead(
    said: Mapping[str, str], told: str, bundles: Mapping[str, str]
) -> None:
    with pytest.raises(OptionError, match=told):
        options_of({**bundles, **said}.get)


def test_the_smallest_deployment_needs_a_stage_only(bundles: Mapping[str, str]) -> None:
    found = options_of({"stage": "dev", **bundles}.get)
    assert ("dev", (), None, None, ()) == (
        found.stage,
        found.origins,
        found.email,
        found.edge,
        found.private_origins,
    )


def test_a_stages_file_says_what_holds_at_each_deployment(bundles: Mapping[str, str]) -> None:
    """The example of it is enough for production."""
    kept = kept_in(INFRA / "stages" / "example.json")
    found = options_of({"stage": "prod", **bundles, **kept}.get)
    assert (("https://portal.example.com",), "operators@example.com") == (
        found.origins,
        found.email,
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "cannot be read"),
        ('["origins"]', "is to be an object"),
        ('{"origin": "https://portal.example.com"}', "origins"),
        ('{"stage": "prod"}', "is to be an object"),
        ('{"paused": "true"}', "is to be an object"),  # It ends with the restoring.
    ],
)
def test_a_stages_file_that_is_unclear_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "dev.json").write_text(text, "utf-8")
    with pytest.raises(OptionError, match=told):
        kept_in(tmp_path / "dev.json")


def test_what_is_said_goes_before_what_the_file_says(templates: Path) -> None:
    made = synth.Template(templates / "dev-kept", "portal-dev")
    said = synth.CHANGED["dev-kept"]["email"]
    assert said != synth.KEPT["email"]
    assert said == made.only("AWS::SNS::Subscription")["Endpoint"]
    assert synth.KEPT["origins"] == made.environment_of("api")["PORTAL_ALLOWED_ORIGINS"]


def test_several_sites_are_told_apart_by_commas(bundles: Mapping[str, str]) -> None:
    origins = "https://a.example.com, http://localhost:5173"
    found = options_of({"stage": "dev", **bundles, "origins": origins}.get)
    assert ("https://a.example.com", "http://localhost:5173") == found.origins


def test_production_is_larger_than_development_in_everything() -> None:
    dev, prod = STAGES["dev"], STAGES["prod"]
    for field in fields(dev):
        if field.name != "concurrency":
            assert getattr(dev, field.name) < getattr(prod, field.name), field.name
    assert all(dev.concurrency[name] <= prod.concurrency[name] for name in dev.concurrency)


def test_the_app_ends_with_the_sentence_and_without_a_traceback(
    tmp_path: Path, templates: Path
) -> None:
    with pytest.raises(synth.NotSynthesized) as ended:
        synth.app(tmp_path / "out", {"stage": "test"})
    assert "Name a stage: -c stage=dev or prod." in str(ended.value)
    assert "Traceback" not in str(ended.value)


def test_the_command_line_that_deploys_is_one_and_from_a_public_place() -> None:
    """Version 3 of it was released by mistake. A lock may leave out where packages are."""
    asked = json.loads((INFRA / "package.json").read_text())["devDependencies"]
    assert {"aws-cdk": "2.1148.0"} == asked
    locked = json.loads((INFRA / "package-lock.json").read_text())["packages"]
    packages = {name: one for name, one in locked.items() if name}
    assert ["node_modules/aws-cdk"] == list(packages)
    (cdk,) = packages.values()
    assert "2.1148.0" == cdk["version"]
    assert cdk["integrity"].startswith("sha512-")
    place = cdk.get("resolved", "https://registry.npmjs.org/")
    assert "registry.npmjs.org" == urlsplit(place).hostname
