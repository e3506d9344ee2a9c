"""The bundle for this machine, built once for all tests of a worker that run it."""

import os
import zipfile
from pathlib import Path

import pytest

from infra import bundle
from tests.infra import synth
from tests.infra.synth import Template


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> bundle.Bundle:
    """Give the bundle that this machine and this interpreter can run."""
    target = tmp_path_factory.mktemp("bundle") / "here.zip"
    return bundle.build(target, platform=bundle.THIS_MACHINE, python=bundle.OWN_PYTHON)


@pytest.fixture(scope="session")
def task(built: bundle.Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the same unpacked, as Lambda unpacks it."""
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(built.path) as packed:
        packed.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def templates() -> Path:
    """Give the folder of what the app synthesizes, made once for the sources as they are.

    Without Node there is none: then tests of templates are skipped, but never by CI.
    """
    folder = synth.folder_of_now()
    try:
        synth.synthesized(folder)
    except synth.NodeMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))
    return folder


@pytest.fixture(scope="session")
def dev(templates: Path) -> Template:
    """Give the smaller stage's template."""
    return Template(templates / "dev", "portal-dev")


@pytest.fixture(scope="session")
def paused(templates: Path) -> Template:
    """Give the smaller stage's template while its table is restored."""
    return Template(templates / "dev-paused", "portal-dev")


@pytest.fixture(scope="session")
def prod(templates: Path) -> Template:
    """Give the template of where people are paid."""
    return Template(templates / "prod", "portal-prod")


@pytest.fixture(scope="session")
def edge(templates: Path) -> Template:
    """Give the template of what stands before the API."""
    return Template(templates / "prod", "portal-prod-edge")


@pytest.fixture(scope="session", params=["dev", "prod"])
def template(request: pytest.FixtureRequest) -> Template:
    """Give each stage's template: what holds for both."""
    found: Template = request.getfixturevalue(request.param)
    return found
